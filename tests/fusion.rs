//! A run of row-wise stages is one fused segment: what it costs in buffers does not depend on how many stages there are.

use crate::harness::{Config, Script};
use pipelang_lang::opt::RuleSet;
use pipelang_runtime::exec::Executor;
use pipelang_runtime::formats::write::OutputFormat;

/// A million rows through `stages` derives, each over the one before, two filters among them.
fn script(stages: usize) -> String {
    let derives: String = (1..=stages).map(|n| format!("| derive x{n} = x{} * 3 - value // {n}\n", n - 1)).collect();
    format!(
        "1..1_000_000 | derive x0 = it % 7\n{derives}| filter x{stages} != 1\n| aggregate n = count(), m = max(x{stages})"
    )
}

fn buffers(stages: usize, executor: Executor) -> u64 {
    let text = script(stages);
    let script = Script { name: "fusion", text: &text, format: OutputFormat::Csv, parameters: Vec::new() };
    let outcome = script.run(&Config { executor, rules: RuleSet::all(), threads: 1, morsel_rows: None });
    assert_eq!(outcome.err, "");
    outcome.stats.buffers
}

#[test]
fn buffers_do_not_grow_with_stages() {
    for executor in [Executor::Vector, Executor::Jit] {
        let counts: Vec<u64> = (1..=20).map(|stages| buffers(stages, executor)).collect();
        println!("buffers for a million rows through 1 to 20 stages, {executor:?}: {counts:?}");
        assert!(counts.iter().all(|count| *count == counts[0]), "{executor:?}: {counts:?}");
        assert!(counts[0] < 1000, "{executor:?}: {counts:?}");
    }
}
