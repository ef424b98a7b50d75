//! From text to something that can be called.

use crate::measure::{contender, race};
use crate::peers::{self, LUA, NAME_OF_LUA, ROTO, RUNE};
use pipelang::{Engine, Row};
use std::hint::black_box;

#[derive(Row)]
struct Request {
    path: &'static str,
    status: i64,
    millis: f64,
    bytes: i64,
}

#[derive(Row)]
struct Total {
    kind: String,
    seconds: f64,
    n: u64,
}

const TEN_STAGES: &str = r#"
    input
    | filter status >= 200 and status < 600
    | derive seconds = millis / 1000, kind = if status >= 500 { "server" } else { "other" }
    | filter path != "/health"
    | derive rate = bytes / (seconds + 0.001)
    | drop path
    | filter rate > 10
    | aggregate seconds = sum(seconds), n = count(), most = max(rate) by kind
    | filter n > 0
    | sort -seconds
    | select kind, seconds, n
"#;

const RULE: &str =
    "input | filter status >= 500 or millis > 900 | select kind = \"slow\", seconds = millis / 1000, n = 1";

pub fn run() {
    let (engine, rhai, rune, lua) = (Engine::default(), peers::rhai(), peers::rune(), peers::lua());
    let runtime = peers::roto_runtime();
    let requests: Vec<Request> =
        (0..10).map(|at| Request { path: "/", status: 200, millis: f64::from(at), bytes: 1000 }).collect();
    let ten = || engine.compile::<Request, Total>("ten.pipe", TEN_STAGES).expect("it compiles");
    let rule = || engine.compile::<Request, Total>("rule.pipe", RULE).expect("it compiles");
    race(
        "compiling",
        100,
        1,
        vec![
            contender("Pipe, ten stages", || drop(black_box(ten()))),
            contender("Pipe, ten stages and its run", || drop(black_box(ten().run(&requests).collect()))),
            contender("Pipe, a rule", || drop(black_box(rule()))),
            contender("Pipe, a rule and its call", || drop(black_box(rule().call(&requests[0])))),
            contender("Pipe, a function", || {
                drop(black_box(engine.scalar::<fn(f64, f64) -> bool>("(a, b) => a * 2.0 + b > 1000.0")));
            }),
            contender("roto, three functions", || {
                let mut package =
                    runtime.compile(peers::roto_file(ROTO)).map_err(|e| e.to_string()).expect("it compiles");
                black_box(package.get_function::<fn(f64, f64) -> bool>("rule").is_ok());
            }),
            contender(NAME_OF_LUA, || lua.load(LUA).exec().expect("it runs")),
            contender("rune, three functions", || drop(black_box(peers::rune_unit(&rune.context, RUNE)))),
            contender("rhai, three functions", || {
                drop(black_box(rhai.engine.compile(include_str!("../scripts/rule.rhai"))));
            }),
        ],
    );
}
