//! Scripts that mean harm: each ends in the right error, soon, in every executor, and the engine goes on.

use pipelang::{Engine, Executor, Limits, Report, Row, codes};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[derive(Row)]
struct Row1 {
    x: i64,
    s: String,
}

#[derive(Row, Debug)]
struct Out {
    x: Option<i64>,
}

fn engine() -> Engine {
    let limits = Limits { wall: Some(Duration::from_millis(400)), memory: Some(64 << 20), ..Limits::untrusted() };
    Engine::builder()
        .threads(2)
        .limits(limits)
        .try_func("refuse", |x: i64| if x >= 0 { Err::<i64, _>("never") } else { Ok(x) })
        .func("explode", |x: i64| if x >= 0 { panic!("bang") } else { x })
        .build()
        .unwrap()
}

/// What becomes of a script, how long that took at most, and that the engine goes on.
fn ends(source: &str) -> Vec<codes::Code> {
    let engine = engine();
    let rows: Vec<Row1> = (0..100).map(|x| Row1 { x, s: "some text".repeat(8) }).collect();
    let program = match engine.compile::<Row1, Out>("hostile.pipe", source) {
        Ok(program) => program,
        Err(report) => return vec![report.code().unwrap()],
    };
    let run = |executor| {
        let started = Instant::now();
        let result: Result<Vec<Out>, Report> = program.run(&rows).executor(executor).collect();
        assert!(started.elapsed() < Duration::from_secs(20), "{executor:?} took {:?}", started.elapsed());
        assert_eq!(engine.eval::<i64>("1 + 1").unwrap(), 2, "the engine lives on");
        result.map_or_else(|report| report.code().unwrap(), |rows| panic!("{executor:?} gave {} rows", rows.len()))
    };
    [Executor::Reference, Executor::Vector, Executor::Jit].map(run).to_vec()
}

fn all(source: &str, code: codes::Code) {
    let codes = ends(source);
    assert!(codes.iter().all(|found| *found == code), "{source}: {codes:?}");
}

#[test]
fn endless_recursion() {
    all("fn f(n: int) -> int { f(n + 1) + 1 }\ninput | select x = f(x)", codes::E0801);
    all("fn f(n: int) -> int { f(n + 1 - 1) }\ninput | select x = f(x)", codes::E0801);
}

#[test]
fn endless_iteration() {
    all("iterate(1, n => n) | filter it < 0 | select x = it", codes::E0801);
    all("1.. | filter it < 0 | select x = it", codes::E0801);
    all("1.. | take_while it > 0 | filter it < 0 | select x = it", codes::E0801);
    all("1.. | sum it", codes::E0403);
}

#[test]
fn deep_and_long_scripts() {
    all(&format!("input | select x = {}1{}", "(".repeat(100_000), ")".repeat(100_000)), codes::E0801);
    all(&format!("input | select x = {}1", "-".repeat(100_000)), codes::E0801);
    all(&format!("input | select x = {}", "[".repeat(5_000)), codes::E0801);
    all(&format!("input{} | select x", " | sort x".repeat(2_000)), codes::E0801);
    all(&format!("input | select x = len(\"{}\")", "a".repeat(300 << 10)), codes::E0801);
    let chain = "x".to_string() + &" + x".repeat(20_000);
    assert!(ends(&format!("input | select x = {chain} + 9223372036854775807"))[0] != codes::E0901);
}

#[test]
fn long_pipelines() {
    let engine = Engine::builder().threads(2).build().unwrap();
    let rows = [Row1 { x: 1, s: String::new() }];
    // Stages that do not become one: each calls the next.
    for stage in ["filter x != 7 | take 3", "scan 0, (sum, row) => sum + 1 | map {x: it}", "explode x = [x]"] {
        let source = format!("input | select x{} | select x", format!(" | {stage}").repeat(2_000));
        let program = engine.compile::<Row1, Out>("long.pipe", &source).unwrap();
        for executor in [Executor::Reference, Executor::Vector, Executor::Jit] {
            let out: Vec<Out> = program.run(&rows).executor(executor).collect().unwrap();
            assert_eq!(out.iter().map(|row| row.x).collect::<Vec<_>>(), [Some(1)], "{executor:?}");
        }
    }
}

#[test]
fn bombs_of_patterns() {
    let codes = ends("input | filter s ~ r\"(a{1000}){1000}{1000}\" | select x");
    assert!(codes.iter().all(|code| *code != codes::E0901), "{codes:?}");
    let program = engine().compile::<Row1, Out>("p.pipe", "input | filter s ~ r\"^(s*)*$\" | select x").unwrap();
    let rows = [Row1 { x: 1, s: "s".repeat(100_000) + "!" }];
    assert_eq!(program.run(&rows).collect().unwrap().len(), 0, "patterns take time in proportion to the text");
}

#[test]
fn hosts_that_fail_and_numbers_that_do_not() {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    all("input | select x = refuse(x)", codes::E0603);
    all("input | select x = explode(x)", codes::E0603);
    std::panic::set_hook(loud);
    all("input | select x = x // (x - x)", codes::E0602);
    all("input | select x = x % (x - x)", codes::E0602);
    all("input | select x = (x - x - 9223372036854775807 - 1) // (x - x - 1)", codes::E0601);
    all("input | select x = x + 9223372036854775807 | filter x > 0", codes::E0601);
    all("input | aggregate x = sum(x + 9000000000000000000 // 2)", codes::E0601);
}

#[test]
fn limits_are_looked_at_in_time() {
    let engine = Engine::builder().threads(1).build().unwrap();
    let source = "fn f(n: int) -> int { if n <= 0 { 0 } else { f(n - 1) + n % 7 } }\n\
                  1..200000 | derive y = f(it % 50) | filter y >= 0 and sqrt(float(y)) >= 0 | select x = y | sort x | take 1";
    let program = engine.compile::<(), Out>("looks.pipe", source).unwrap();
    for executor in [Executor::Vector, Executor::Jit] {
        let looks = Arc::new(AtomicU64::new(0));
        let started = Instant::now();
        program.run(&[]).executor(executor).count_looks(&looks).collect().unwrap();
        let (took, looks) = (started.elapsed(), looks.load(Ordering::Relaxed));
        let between = took / u32::try_from(looks).unwrap();
        assert!(between < Duration::from_millis(1), "{executor:?}: {looks} looks in {took:?}");
    }
}

#[test]
fn runs_stop_soon_behind_their_limit() {
    let engine = Engine::builder().threads(2).build().unwrap();
    let program = engine.compile::<(), Out>("endless.pipe", "1.. | filter it % 7 == 8 | select x = it").unwrap();
    let wall = Duration::from_millis(30);
    let mut over: Vec<Duration> = (0..20)
        .map(|_| {
            let started = Instant::now();
            assert_eq!(program.run(&[]).wall(wall).collect().unwrap_err().code(), Some(codes::E0801));
            started.elapsed().saturating_sub(wall)
        })
        .collect();
    over.sort();
    assert!(over[10] < Duration::from_millis(100), "{over:?}");
}
