//! A million events through a filter, on one thread and on two.

use crate::measure::{contender, race};
use crate::peers::{self, NAME_OF_LUA, ROTO};
use pipelang::{Engine, Executor, Row};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use std::hint::black_box;

const EVENTS: usize = 1_000_000;

#[derive(Row)]
struct Event {
    id: i64,
    status: i64,
    millis: f64,
}

#[derive(Row, Clone, PartialEq, Debug)]
struct Slow {
    id: i64,
    seconds: f64,
}

#[derive(Row, PartialEq, Debug)]
struct Sum {
    seconds: f64,
    n: u64,
}

/// Events in an order that a processor learns, so that it foretells which of them pass.
fn events() -> Vec<Event> {
    events_of(|at| at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33)
}

/// Events in no order that could be learned, as those of the world are: the numbers of splitmix64.
fn random_events() -> Vec<Event> {
    events_of(|at| {
        let x = at.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) >> 33
    })
}

fn events_of(mix: impl Fn(u64) -> u64) -> Vec<Event> {
    let event = |at: u64| Event {
        id: at as i64,
        status: if mix(at).is_multiple_of(50) { 503 } else { 200 },
        millis: (mix(at + 7) % 1000) as f64,
    };
    (0..EVENTS as u64).map(event).collect()
}

fn keep(event: &&Event) -> bool {
    event.status >= 500 || event.millis > 900.0
}

fn slow(event: &Event) -> Slow {
    Slow { id: event.id, seconds: event.millis / 1000.0 }
}

const FILTER: &str = "input | filter status >= 500 or millis > 900 | select id, seconds = millis / 1000";
const SUM: &str = "input | filter status >= 500 or millis > 900 | aggregate seconds = sum(millis / 1000), n = count()";

pub fn run() {
    let events = events();
    let engine = Engine::builder().threads(2).build().expect("nothing clashes");
    let filter = engine.compile::<Event, Slow>("filter.pipe", FILTER).expect("it compiles");
    let sum = engine.compile::<Event, Sum>("sum.pipe", SUM).expect("it compiles");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("there are threads");
    let in_rust: Vec<Slow> = events.iter().filter(keep).map(slow).collect();
    assert_eq!(filter.run(&events).collect().expect("no row fails"), in_rust);
    let run = |executor| filter.run(&events).threads(1).executor(executor).collect().expect("no row fails");
    let mut package =
        peers::roto_runtime().compile(peers::roto_file(ROTO)).map_err(|e| e.to_string()).expect("it compiles");
    let roto = package.get_function::<fn(i64, f64) -> bool>("event").expect("the script has it");
    let lua = peers::lua();
    let in_lua = peers::lua_function(&lua, "event");
    let called = |call: &dyn Fn(&Event) -> bool| events.iter().filter(|it| call(it)).map(slow).collect::<Vec<Slow>>();
    race(
        "1,000,000 events filtered and collected, one thread",
        20,
        1,
        vec![
            contender("Rust", || drop(black_box(events.iter().filter(keep).map(slow).collect::<Vec<Slow>>()))),
            contender("Pipe", || drop(black_box(run(Executor::Auto)))),
            contender("Pipe, native code", || drop(black_box(run(Executor::Jit)))),
            contender("Pipe, an event at a time", || {
                let kept = events.iter().filter_map(|event| filter.call(event).expect("no event fails"));
                drop(black_box(kept.collect::<Vec<Slow>>()));
            }),
            contender("roto, an event at a time", || drop(black_box(called(&|it| roto.call(it.status, it.millis))))),
            contender(NAME_OF_LUA, || {
                drop(black_box(called(&|it| in_lua.call((it.status, it.millis)).unwrap_or(false))));
            }),
        ],
    );
    let random = random_events();
    for (title, events) in [
        ("1,000,000 events filtered and collected, two threads", &events),
        ("the same, events in an order that cannot be learned", &random),
    ] {
        let run = |executor| filter.run(events).threads(2).executor(executor).collect().expect("no row fails");
        let in_rust = || pool.install(|| events.par_iter().filter(keep).map(slow).collect::<Vec<Slow>>());
        assert_eq!(run(Executor::Auto), in_rust());
        race(
            title,
            20,
            1,
            vec![
                contender("Rust and rayon", || drop(black_box(in_rust()))),
                contender("Pipe", || drop(black_box(run(Executor::Auto)))),
                contender("Pipe, native code", || drop(black_box(run(Executor::Jit)))),
            ],
        );
    }
    let kept = |event: &Event| if keep(&event) { (event.millis / 1000.0, 1u64) } else { (0.0, 0) };
    let add = |a: (f64, u64), b: (f64, u64)| (a.0 + b.0, a.1 + b.1);
    race(
        "1,000,000 events filtered and summed, two threads",
        20,
        1,
        vec![
            contender("Rust and rayon", || {
                black_box(pool.install(|| events.par_iter().map(kept).reduce(|| (0.0, 0), add)));
            }),
            contender("Pipe, exact sums", || {
                drop(black_box(sum.run(&events).threads(2).collect().expect("no row fails")));
            }),
        ],
    );
}
