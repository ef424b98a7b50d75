//! One call from Rust: of a function, of a program over one record, and back into the host.

use crate::measure::{contender, race};
use crate::peers::{self, NAME_OF_LUA, ROTO, twice};
use pipelang::{Engine, Row};
use std::hint::black_box;

const CALLS: usize = 20_000;
const ROUNDS: usize = 40;

/// Calls it often with other numbers.
fn often(mut call: impl FnMut(f64) -> bool) {
    let mut count = 0;
    for at in 0..CALLS {
        count += usize::from(call(black_box(at as f64)));
    }
    black_box(count);
}

pub fn scalar() {
    let engine = Engine::default();
    let rule = engine.scalar::<fn(f64, f64) -> bool>("(a, b) => a * 2.0 + b > 1000.0").expect("it compiles");
    let mut package =
        peers::roto_runtime().compile(peers::roto_file(ROTO)).map_err(|e| e.to_string()).expect("it compiles");
    let roto = package.get_function::<fn(f64, f64) -> bool>("rule").expect("the script has it");
    let (rhai, mut rune, lua) = (peers::rhai(), peers::rune(), peers::lua());
    let in_lua = peers::lua_function(&lua, "rule");
    race(
        "a rule of three operations, per call",
        ROUNDS,
        CALLS,
        vec![
            contender("Rust", || often(|x| black_box(x) * 2.0 + black_box(1.5) > 1000.0)),
            contender("Pipe", || often(|x| rule.call(x, 1.5).unwrap_or(false))),
            contender("roto", || often(|x| roto.call(x, 1.5))),
            contender(NAME_OF_LUA, || often(|x| in_lua.call((x, 1.5)).unwrap_or(false))),
            contender("rune", || {
                often(|x| {
                    rune.machine.call(["rule"], (x, 1.5)).ok().and_then(|it| rune::from_value(it).ok()).unwrap_or(false)
                });
            }),
            contender("rhai", || often(|x| rhai.call("rule", (x, 1.5)))),
        ],
    );
}

#[derive(Row)]
struct Numbers {
    status: i64,
    millis: f64,
}

#[derive(Row)]
struct Request {
    path: &'static str,
    status: i64,
    millis: f64,
}

#[derive(Row)]
struct Slow {
    seconds: f64,
}

#[derive(Row)]
struct Which {
    path: String,
    seconds: f64,
}

const NUMBERS: &str = "input | filter status >= 500 or millis > 900 | select seconds = millis / 1000";
const TEXTS: &str =
    r#"input | filter path != "/health" and (status >= 500 or millis > 900) | select seconds = millis / 1000"#;
const OUT: &str =
    r#"input | filter path != "/health" and (status >= 500 or millis > 900) | select path, seconds = millis / 1000"#;

pub fn event() {
    let (native, interpreted) =
        (Engine::default(), Engine::builder().native_code(false).build().expect("nothing clashes"));
    let numbers = native.compile::<Numbers, Slow>("numbers.pipe", NUMBERS).expect("it compiles");
    let texts = native.compile::<Request, Slow>("texts.pipe", TEXTS).expect("it compiles");
    let out = native.compile::<Request, Which>("out.pipe", OUT).expect("it compiles");
    let slow_numbers = interpreted.compile::<Numbers, Slow>("numbers.pipe", NUMBERS).expect("it compiles");
    let slow_texts = interpreted.compile::<Request, Slow>("texts.pipe", TEXTS).expect("it compiles");
    let number = |x: f64| Numbers { status: 200, millis: x % 1000.0 };
    let request =
        |x: f64| Request { path: if x % 2.0 < 1.0 { "/orders" } else { "/health" }, status: 200, millis: x % 1000.0 };
    let in_rust = |it: &Numbers| (it.status >= 500 || it.millis > 900.0).then_some(it.millis / 1000.0);
    race(
        "`call(&event)` of a rule that keeps one event in ten, per call",
        ROUNDS,
        CALLS,
        vec![
            contender("Rust, numbers", || often(|x| in_rust(black_box(&number(x))).is_some())),
            contender("Pipe, numbers", || {
                often(|x| numbers.call(&number(x)).is_ok_and(|it| it.is_some_and(|it| it.seconds > 0.0)))
            }),
            contender("Pipe, a text compared", || {
                often(|x| texts.call(&request(x)).is_ok_and(|it| it.is_some_and(|it| it.seconds > 0.0)))
            }),
            contender("Pipe, a text given out", || {
                often(|x| {
                    out.call(&request(x)).is_ok_and(|it| it.is_some_and(|it| it.seconds > 0.0 && !it.path.is_empty()))
                });
            }),
            contender("Pipe, numbers, no JIT", || {
                often(|x| slow_numbers.call(&number(x)).is_ok_and(|it| it.is_some()))
            }),
            contender("Pipe, a text, no JIT", || often(|x| slow_texts.call(&request(x)).is_ok_and(|it| it.is_some()))),
        ],
    );
}

pub fn host() {
    let engine = Engine::builder().func("twice", twice).build().expect("nothing clashes");
    let through = engine.scalar::<fn(f64) -> f64>("x => twice(x) + 1.0").expect("it compiles");
    let mut package =
        peers::roto_runtime().compile(peers::roto_file(ROTO)).map_err(|e| e.to_string()).expect("it compiles");
    let roto = package.get_function::<fn(f64) -> f64>("through").expect("the script has it");
    let (rhai, mut rune, lua) = (peers::rhai(), peers::rune(), peers::lua());
    let in_lua = peers::lua_function(&lua, "through");
    race(
        "a script that calls a function of the host, per call",
        ROUNDS,
        CALLS,
        vec![
            contender("Rust", || often(|x| twice(x) + 1.0 > 5.0)),
            contender("Pipe", || often(|x| through.call(x).is_ok_and(|it| it > 5.0))),
            contender("roto", || often(|x| roto.call(x) > 5.0)),
            contender(NAME_OF_LUA, || often(|x| in_lua.call::<f64>(x).unwrap_or(0.0) > 5.0)),
            contender("rune", || {
                let call =
                    |x| rune.machine.call(["through"], (x,)).ok().and_then(|it| rune::from_value::<f64>(it).ok());
                let mut call = call;
                often(|x| call(x).unwrap_or(0.0) > 5.0);
            }),
            contender("rhai", || often(|x| rhai.call::<f64>("through", (x,)) > 5.0)),
        ],
    );
}
