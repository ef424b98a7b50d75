//! How long a run goes on behind its limit.

use crate::measure::shown;
use pipelang::{CancelToken, Engine, Row, codes};
use std::sync::Mutex;
use std::time::{Duration, Instant};

#[derive(Row)]
struct Number {
    n: i64,
}

const RUNS: usize = 200;

const SCRIPTS: [(&str, &str); 5] = [
    ("rows without an end", "1.. | filter it < 0 | select n = it"),
    (
        "calls without an end",
        "fn f(n: int, m: int) -> int { if n == 0 { m } else { f(n - 1, m + n) } }\n1.. | derive x = f(9000, it) | filter x < 0 | select n = x",
    ),
    ("a sort", "1..1000000000 | derive k = it * 7919 % 1000003 | sort k | take 1 | select n = k"),
    ("groups", "1..1000000000 | aggregate n = count() by k = it % 1000003 | select n"),
    ("a cross join", "1..1000000 | cross_join (1..1000000 | select b = it) | filter value + b < 0 | select n = b"),
];

pub fn run() {
    let engine = Engine::builder().threads(2).build().expect("nothing clashes");
    println!(
        "\nfrom the limit to the end of the run, {RUNS} runs each\n{:28} {:>12} {:>12} {:>12}",
        "", "median", "p99", "most"
    );
    for (name, script) in SCRIPTS {
        let program = engine.compile::<(), Number>("endless.pipe", script).expect("it compiles");
        let wall = Duration::from_millis(10);
        let late = |_| {
            let start = Instant::now();
            let report = program.run(&[]).wall(wall).collect().err().expect("it has no end");
            assert_eq!(report.code(), Some(codes::E0801));
            start.elapsed().saturating_sub(wall).as_nanos() as f64
        };
        tell(name, (0..RUNS).map(late).collect());
    }
    let program = engine.compile::<(), Number>("endless.pipe", SCRIPTS[0].1).expect("it compiles");
    let late = |_| {
        let (token, cancelled) = (CancelToken::new(), Mutex::new(None));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(5));
                *cancelled.lock().expect("nobody panics") = Some(Instant::now());
                token.cancel();
            });
            program.run(&[]).cancel(&token).collect().err().expect("it has no end");
        });
        let cancelled = cancelled.lock().expect("nobody panics").expect("it was cancelled");
        cancelled.elapsed().as_nanos() as f64
    };
    tell("cancelled from outside", (0..RUNS).map(late).collect());
}

fn tell(name: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |part: f64| shown(times[(times.len() as f64 * part) as usize]);
    println!("{name:28} {:>12} {:>12} {:>12}", at(0.5), at(0.99), shown(times[times.len() - 1]));
}
