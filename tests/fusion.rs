//! A run of row-wise stages is one fused segment: what it costs in buffers does not depend on how many stages there are.

use crate::harness::{Config, Script};
use pipelang_lang::opt::RuleSet;
use pipelang_runtime::exec::Executor;
use pipelang_runtime::formats::write::OutputFormat;

/// `rows` rows through `stages` derives, each over the one before, and a filter.
fn script(stages: usize, rows: usize) -> String {
    let derives: String = (1..=stages).map(|n| format!("| derive x{n} = x{} * 3 - value // {n}\n", n - 1)).collect();
    format!("1..{rows} | derive x0 = it % 7\n{derives}| filter x{stages} != 1 | aggregate m = max(x{stages})")
}

fn buffers(stages: usize, rows: usize, executor: Executor) -> u64 {
    let text = script(stages, rows);
    let script = Script { name: "fusion", text: &text, format: OutputFormat::CSV, parameters: Vec::new(), stdin: None };
    let outcome = script.run(&Config { executor, rules: RuleSet::all(), threads: 1, morsel_rows: None, memory: None });
    assert_eq!(outcome.err, "");
    outcome.stats.buffers
}

/// What a worker keeps (registers and constants) is allocated once; what a further million rows cost is counted here.
#[test]
fn buffers_for_a_million_rows_do_not_grow_with_stages() {
    for executor in [Executor::Vector, Executor::Jit] {
        let once = |stages| buffers(stages, 1_000_000, executor);
        let counts: Vec<u64> = (1..=20).map(|stages| buffers(stages, 2_000_000, executor) - once(stages)).collect();
        println!("buffers for a further million rows through 1 to 20 stages, {executor:?}: {counts:?}");
        assert!(counts.iter().all(|count| *count == counts[0]), "{executor:?}: {counts:?}");
        assert!(counts[0] < 100, "{executor:?}: {counts:?}");
        assert!(once(20) < 200, "{executor:?}: what is kept is small");
    }
}
