//! The examples of all functions, run as scripts in the oracle: what a script says of nested values needs the checker.

use crate::harness::{Config, Script, registry};
use pipelang_lang::opt::RuleSet;
use pipelang_runtime::exec::Executor;
use pipelang_runtime::formats::write::OutputFormat;

#[test]
fn examples_of_functions_are_true() {
    let config = Config { executor: Executor::Reference, rules: RuleSet::none(), threads: 1, morsel_rows: None };
    let mut faults = Vec::new();
    for example in registry().catalog.functions().flat_map(|function| function.examples) {
        let script =
            Script { name: "example", text: example.source, format: OutputFormat::Jsonl, parameters: Vec::new() };
        let outcome = script.run(&config);
        let found = match outcome.err.find("error[") {
            Some(at) => outcome.err[at + 6..].chars().take(5).collect(),
            None => outcome.out.trim_end().to_string(),
        };
        if found != example.result {
            faults.push(format!("{}\n  is {found}, not {}\n{}", example.source, example.result, outcome.err));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
