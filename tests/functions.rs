//! The examples of all functions, run as scripts in the oracle: what a script says of nested values needs the checker.
//! And whether there is what the language names.

use crate::cli::pipe;
use crate::harness::{Config, Script, registry};
use pipelang_lang::opt::RuleSet;
use pipelang_runtime::exec::Executor;
use pipelang_runtime::formats::write::OutputFormat;

#[test]
fn examples_of_functions_are_true() {
    let config =
        Config { executor: Executor::Reference, rules: RuleSet::none(), threads: 1, morsel_rows: None, memory: None };
    let mut faults = Vec::new();
    for example in registry().catalog.functions().flat_map(|function| function.examples) {
        let script = Script {
            name: "example",
            text: example.source,
            format: OutputFormat::JSONL,
            parameters: Vec::new(),
            stdin: None,
        };
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

/// `names.txt` has what the language names, a group a line, and what of it is missing.
#[test]
fn what_the_language_names_is_there() {
    let text = include_str!("names.txt");
    let lines: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(": ")).collect();
    let words = |wanted: bool| {
        let of_kind = lines.iter().filter(move |(group, _)| (*group == "missing") == wanted);
        of_kind.flat_map(|(_, names)| names.split_whitespace()).collect::<Vec<&str>>()
    };
    let (missing, named) = (words(true), words(false));
    let output = pipe(&["functions", "--names"]);
    let there: Vec<&str> = output.out.lines().collect();
    let absent: Vec<&&str> = named.iter().filter(|name| !there.contains(name) && !missing.contains(name)).collect();
    assert!(absent.is_empty(), "these have gone: {absent:?}");
    let stale: Vec<&&str> = missing.iter().filter(|name| there.contains(name) || !named.contains(name)).collect();
    assert!(stale.is_empty(), "these are not missing any more, or have no group: {stale:?}");
}
