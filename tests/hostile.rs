//! Scripts that mean harm: each ends in the right error, soon, in every executor, and the engine goes on.

use crate::counting::bytes;
use pipelang::{Engine, Executor, Limits, Looks, Report, Row, codes};
use std::sync::Arc;
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
        let took = started.elapsed();
        assert!(took < Duration::from_secs(20), "{executor:?} took {took:?}: {source}");
        eprintln!("{took:?} {executor:?} {}", &source[..source.len().min(60)]);
        assert_eq!(engine.eval::<i64>("1 + 1").unwrap(), 2, "the engine lives on");
        let gave = |rows: Vec<Out>| panic!("{executor:?} gave {} rows: {source}", rows.len());
        result.map_or_else(|report| report.code().unwrap(), gave)
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
    all(&format!("input | select x = {}1{}", "(".repeat(101), ")".repeat(101)), codes::E0801);
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

/// What comes of bombs by their names; all of them end in E0801.
const BOMBS: &[(&str, &str)] = &[
    ("join_bomb", "input | derive l = range(0, 900000).map(i => s) | select x = len(join(l, s))"),
    (
        "replace",
        "input | derive t = replace(replace(replace(s, \"e\", s), \"e\", s), \"e\", s) | derive t = replace(replace(t, \"e\", s), \"e\", s) | select x = len(t)",
    ),
    (
        "replace_regex",
        "input | derive t = repeat(s, 1000) | derive t = replace(t, r\".\", \"$0$0$0$0\") | derive t = replace(t, r\".\", t) | select x = len(t)",
    ),
    ("repeat", "input | derive t = repeat(s, 100000) | sort t | select x = len(t)"),
    ("padding", "input | derive t = pad_left(s, 9000000000) | select x = len(t)"),
    ("lists", "input | derive l = range(0, 900000).map(i => range(0, 900000)) | select x = len(l)"),
    ("flat", "input | derive l = range(0, 900000).flat_map(i => range(0, 900)) | select x = len(l)"),
    ("pieces", "input | derive l = repeat(s, 500000).chars() | select x = len(l)"),
    ("scan", "input | derive l = range(0, 900000).scan(s, (t, i) => concat(t, s)) | select x = len(l)"),
    ("fold", "input | derive t = range(0, 900000).fold(s, (t, i) => concat(t, s, t)) | select x = len(t)"),
    ("iterate", "iterate(\"x\", s => concat(s, s)) | filter len(it) < 0 | select x = len(it)"),
    ("states", "1..1000000000 | scan \"x\", (t, i) => concat(t, t) | select x = len(it)"),
    (
        "recursion",
        "fn f(n: int, t: string) -> string { if n <= 0 { t } else { concat(f(n - 1, concat(t, \"0123456789\")), \"!\") } }\n\
      input | derive t = f(9999, s) | sort t | select x = len(t)",
    ),
    ("group", "1..1000000000 | aggregate l = list(it) | select x = len(l)"),
    ("groups", "1..1000000000 | aggregate n = count() by it | select x = n"),
    ("window", "1..1000000 | window l = list(it, rows: ..0) | select x = len(l)"),
    ("sort", "1..1000000000 | sort -it | select x = it"),
    ("distinct", "1..1000000000 | map {y: it} | distinct by y | aggregate x = count()"),
    ("cross join", "let t = 1..3000000 | map {y: it}\n1..1000000 | map {x: it} | cross_join t | aggregate x = count()"),
    (
        "cross join without rows",
        "let t = 1..100000 | map {y: it}\n1..1000000 | map {x: it} | cross_join t | filter x < y and y < x | aggregate x = count()",
    ),
    ("join", "let t = 1..1000000000 | map {y: it}\n1..1000000000 | map {x: it} | join t on x == y | select x"),
    ("regexes", "input | derive t = repeat(s, 300000) | filter t ~ r\"(t|e)*(x|s)*(o|m)*\\d\" | select x"),
];

#[test]
fn bombs_end_in_a_limit() {
    let words = [("concat", "concat(t, t)"), ("text", "f\"{t}{t}\""), ("list", "[t, t]"), ("record", "{a: t, b: t}")];
    for (name, word) in words {
        let doubled = format!(" | derive t = {word}").repeat(40);
        let end = if matches!(name, "concat" | "text") { "len(t)" } else { "len(string(to_json(t)))" };
        all(&format!("input | derive t = s{doubled} | select x = {end}"), codes::E0801);
    }
    let between = "x".repeat(100_000);
    let joined = format!("string_join(string(it), \"{between}\")");
    all(&format!("1..1000000000 | aggregate t = {joined} | select x = len(t)"), codes::E0801);
    for (_, bomb) in BOMBS {
        all(bomb, codes::E0801);
    }
}

/// How long this thread has run, whoever else did.
#[cfg(unix)]
fn time_of_this_thread() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// At least every millisecond of work on average; what is made in one piece, as a column or a block of memory, takes longer,
/// but no more than some, however many keys there are.
#[test]
#[cfg(unix)]
fn limits_are_looked_at_in_time() {
    const MOST: Duration = Duration::from_millis(60);
    let in_memory = Engine::builder().threads(1).build().unwrap();
    let limits = Limits { memory: Some(32 << 20), ..Limits::none() };
    let on_disk = Engine::builder().threads(2).limits(limits).build().unwrap();
    for (engine, source) in [
        (
            &in_memory,
            "fn f(n: int) -> int { if n <= 0 { 0 } else { f(n - 1) + n % 7 } }\n\
             1..200000 | derive y = f(it % 50) | filter y >= 0 and sqrt(float(y)) >= 0 | select x = y | sort x | take 1",
        ),
        (&in_memory, "1..6000000 | aggregate n = count() by k = it * 7919 % 3000017 | aggregate x = sum(n)"),
        (&in_memory, "1..6000000 | distinct | aggregate x = count()"),
        (&in_memory, "1..1000000 | sort -(it * 7919 % 1000003) | take 1 | select x = it"),
        (&in_memory, "1..300000 | derive s = f\"{it} {it}\" | aggregate x = max(len(upper(s)))"),
        (
            &in_memory,
            "1..1000000 | derive k = it * 7 | join r = (1..1000000 | derive k = it) on k | aggregate x = count()",
        ),
        (&in_memory, "1..300000 | aggregate l = list(it) by k = it % 3 | explode l | aggregate x = sum(l)"),
        (&in_memory, "1..300000 | derive k = it % 7, o = it % 1009 | window r = rank(o) by k | aggregate x = max(r)"),
        (&in_memory, "1..6000000 | window r = rank(-it) | aggregate x = max(r)"),
        (
            &in_memory,
            "1..6000000 | derive k = it * 7919 % 300007 | window n = row_number() by k | aggregate x = max(n)",
        ),
        (
            &in_memory,
            "1..4000000 | window s = sum(it, rows: ..0), p = lag(it), m = mean(it) | aggregate x = max(s + p)",
        ),
        (
            &in_memory,
            "1..1000000 | window n = count(range: -3..0), l = last(it, range: 0..) on it | aggregate x = max(n + l)",
        ),
        (&on_disk, "1..2000000 | distinct | aggregate x = count()"),
        (&on_disk, "1..600000 | derive k = it % 50021 | window r = rank(-value) by k | aggregate x = sum(r)"),
        (&on_disk, "1..1000000 | aggregate n = count() by it | aggregate x = sum(n)"),
        (&on_disk, "1..600000 | derive k = it * 3 | join r = (1..600000 | derive k = it) on k | aggregate x = count()"),
    ] {
        let program = engine.compile::<(), Out>("looks.pipe", source).unwrap();
        for executor in [Executor::Vector, Executor::Jit] {
            let looks = Arc::new(Looks::by(time_of_this_thread));
            let run = program.run(&[]).executor(executor).wall(Duration::from_secs(3600)).count_looks(&looks);
            let started = Instant::now();
            run.collect().unwrap();
            let between = started.elapsed() / u32::try_from(looks.count()).unwrap();
            eprintln!("{executor:?}: {between:?} between looks, at most {:?}: {source}", looks.longest());
            assert!(between < Duration::from_millis(1), "{executor:?}: {} looks: {source}", looks.count());
            assert!(looks.longest() < MOST, "{executor:?}: {:?} without a look: {source}", looks.longest());
        }
    }
}

#[test]
fn a_call_with_one_record_is_held_to_limits() {
    let engine = |limits| Engine::builder().threads(1).limits(limits).build().unwrap();
    let row = Row1 { x: 1, s: "some text".repeat(1000) };
    let fails = |limits: Limits, source: &str| {
        let program = engine(limits).compile::<Row1, Out>("call.pipe", source).unwrap();
        assert_eq!(program.call(&row).unwrap_err().code(), Some(codes::E0801), "{source}");
    };
    let wall = || Limits { wall: Some(Duration::from_millis(50)), ..Limits::none() };
    let endless = "fn f(n: int) -> int { f(n + 1 - 1) }\ninput | select x = f(x)";
    fails(wall(), endless);
    fails(Limits { fuel: Some(10_000), ..Limits::none() }, endless);
    fails(Limits { fuel: Some(0), ..Limits::none() }, "input | select x = x + 1");
    fails(wall(), "input | select x = range(0, 900000).map(i => len(concat(s, s))).last()");
    let doubled = " | derive s = concat(s, s)".repeat(40);
    fails(Limits::none(), &format!("input{doubled} | select x = len(s)"));
    let doubled = " | derive s = concat(s, s)".repeat(12);
    fails(Limits { memory: Some(1 << 20), ..Limits::none() }, &format!("input{doubled} | select x = len(s)"));
    let program = engine(Limits::untrusted()).compile::<Row1, Out>("call.pipe", "input | select x = x + 1").unwrap();
    assert_eq!(program.call(&row).unwrap().unwrap().x, Some(2));
}

/// Run by the test below in a process of its own.
#[test]
#[ignore = "it measures its process"]
fn memory_comes_back() {
    let resident = |what: &str| -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with(what)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    };
    let round = || BOMBS.iter().take(8).for_each(|(_, bomb)| all(bomb, codes::E0801));
    // The first round also builds what lasts. The threads of an engine end a little behind it.
    round();
    std::thread::sleep(Duration::from_millis(500));
    let first = bytes();
    (0..4).for_each(|_| round());
    let goes_by = Instant::now();
    while bytes() > first + (1 << 20) && goes_by.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let (then, most) = (bytes(), resident("VmHWM"));
    eprintln!("{first} bytes, then {then}; resident: at most {most} MB under a limit of 64 MiB");
    assert!(then < first + (1 << 20), "{first} bytes, then {then}");
    assert!(most < 600, "{most} MB");
}

#[test]
#[cfg(target_os = "linux")]
fn memory_stays_within_bounds_and_comes_back() {
    let test = std::env::current_exe().unwrap();
    let arguments = ["hostile::memory_comes_back", "--exact", "--ignored", "--nocapture"];
    let output = std::process::Command::new(test).args(arguments).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("resident: "), "{told}");
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
