//! What does not fit into memory goes to disk: the same bytes come out, whatever the limit, and the counters tell that it
//! was so.

use crate::harness::{Config, Script};
use pipelang::{Engine, Limits, codes};
use pipelang_lang::opt::RuleSet;
use pipelang_runtime::exec::Executor;
use pipelang_runtime::formats::write::OutputFormat;

const ROWS: &str = "1..70000 | map {k: it * 7919 % 70001, v: it % 1000, s: f\"text {it % 60013}\"}";

/// Runs a script with all the memory and with little; how it went with little.
fn same_bytes(rest: &str, memory: u64) -> pipelang_runtime::memory::Spilled {
    let text = format!("let rows = {ROWS}\n{rest}");
    let format = OutputFormat::CSV;
    let script = Script { name: "spill.pipe", text: &text, format, parameters: Vec::new(), stdin: None };
    let ready = script.compile().unwrap();
    let run = |threads, memory| {
        let (executor, rules) = (Executor::Vector, RuleSet::all());
        ready.run(&Config { executor, rules, threads, morsel_rows: Some(500), memory })
    };
    let whole = run(1, None);
    assert!(whole.err.is_empty() && whole.stats.spilled.runs == 0, "{}", whole.err);
    assert!(whole.out.lines().count() > 2, "{rest}");
    let little = run(2, Some(memory));
    assert!(little.out == whole.out && little.err.is_empty(), "{rest}: {}", little.err);
    little.stats.spilled
}

/// What repeats is held once.
#[test]
fn values_that_repeat_are_held_once() {
    let engine = Engine::builder().limits(Limits { memory: Some(4 << 20), ..Limits::none() }).build().unwrap();
    let distinct = |of: &str| engine.eval::<i64>(&format!("1..400_000 | aggregate d = count_distinct({of}) | sum d"));
    assert_eq!(distinct("it % 100").unwrap(), 100);
    assert_eq!(distinct("it").unwrap_err().code(), Some(codes::E0801));
    assert_eq!(
        engine.eval::<i64>("1..400_000 | aggregate d = set(it % 5) by k = it // 7 | sum d.len()").unwrap(),
        285_715
    );
}

#[test]
fn every_operator_writes_runs_and_merges_them_twice() {
    for (rest, memory) in [
        ("rows | sort k, s", 3_000),
        ("rows | aggregate n = count(), t = sum(v) by s", 3_000),
        ("rows | distinct by k | distinct by s | take 50000", 3_000),
        ("rows | take 2 by k % 30011", 3_000),
        ("rows | skip 1 by k % 30011", 3_000),
        ("rows | window before = lag(v), total = sum(v) by k % 30011", 150_000),
        ("rows | take 20000 | join other = rows on s | select k, s, other_k = other.k", 100_000),
        ("rows | pivot sum(k), key: v % 7 by s", 30_000),
    ] {
        let spilled = same_bytes(rest, memory);
        assert!(spilled.runs >= 3 && spilled.merges >= 2, "{rest}: {spilled:?}");
    }
}

#[test]
fn rows_that_are_held_back_come_before_an_error() {
    let text = format!("let rows = {ROWS}\nrows | derive x = 1 // (it_k - 5) | distinct by s, x | select s")
        .replace("it_k", "k");
    let script = Script { name: "e.pipe", text: &text, format: OutputFormat::CSV, parameters: Vec::new(), stdin: None };
    let ready = script.compile().unwrap();
    let run = |memory| {
        let rules = RuleSet::all();
        ready.run(&Config { executor: Executor::Vector, rules, threads: 1, morsel_rows: Some(1000), memory })
    };
    let (whole, little) = (run(None), run(Some(3_000)));
    assert!(whole.err.contains("divide by zero"), "{}", whole.err);
    assert_eq!((whole.out, whole.err), (little.out, little.err));
}
