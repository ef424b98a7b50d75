//! Files that are not as they should be. What becomes of each stands in `expected.txt`: what is read of it, and the error;
//! it is the same in every executor, and nothing panics. `BLESS=1` writes the table: read the difference.
//!
//! Files that are large, and those that need a user of their own, are in [`large`].

mod columnar;
mod csv;
mod json;
mod large;
mod packed;
mod paths;

use crate::cli;
use crate::harness::{Config, Outcome, Script};
use pipelang_lang::opt::RuleSet;
use pipelang_runtime::exec::Executor;
use pipelang_runtime::formats::write::OutputFormat;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// A file, and how it is read.
pub struct Hostile {
    /// Its name, which says what is wrong with it.
    name: String,
    /// Further arguments of `read`.
    options: String,
    bytes: Vec<u8>,
}

fn file(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Hostile {
    Hostile { name: name.into(), options: String::new(), bytes: bytes.into() }
}

fn with(options: &str, hostile: Hostile) -> Hostile {
    Hostile { options: format!(", {options}"), ..hostile }
}

/// Numbers that look like chance.
pub struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most.max(1)
    }
}

/// Everybody who reads, with small pieces and with large ones. The oracle takes texts as they are in memory: it has nothing
/// to say of what cannot be read to its end, or not at all.
fn configs(has_oracle: bool) -> Vec<Config> {
    let oracle = has_oracle.then_some((Executor::Reference, 1, None));
    let others = [
        (Executor::Vector, 1, Some(3)),
        (Executor::Vector, 4, Some(3)),
        (Executor::Vector, 4, None),
        (Executor::Jit, 1, None),
        (Executor::Jit, 4, Some(3)),
    ];
    let config = |(executor, threads, morsel_rows)| Config {
        executor,
        rules: RuleSet::all(),
        threads,
        morsel_rows,
        memory: None,
    };
    oracle.into_iter().chain(others).map(config).collect()
}

/// What everybody says of a script, in one line; whoever says something else is an error.
fn outcome(folder: &str, script: &str) -> String {
    let configs = configs([".csv\"", ".tsv\"", ".json\"", ".jsonl\""].iter().any(|end| script.contains(end)));
    let script =
        Script { name: "hostile.pipe", text: script, format: OutputFormat::JSONL, parameters: Vec::new(), stdin: None };
    let told = |outcome: Outcome| line(folder, &outcome);
    let ready = match script.compile() {
        Ok(ready) => ready,
        Err(err) => return told(Outcome { err, ..Outcome::default() }),
    };
    let all: Vec<String> = configs.iter().map(|config| told(ready.run(config))).collect();
    for (config, other) in configs.iter().zip(&all) {
        assert_eq!(*other, all[0], "{config:?}: {}", script.text);
    }
    all[0].clone()
}

/// The rows, or how many there are and their hash, and the headline of the error.
fn line(folder: &str, outcome: &Outcome) -> String {
    let out = &outcome.out;
    let mut line = match out.len() {
        0 => String::new(),
        1..=80 => out.trim_end().replace('\n', " "),
        _ => format!("{} rows {:016x}", out.lines().count(), hash(out)),
    };
    if let Some(error) = outcome.err.lines().next() {
        let _ = write!(line, "{}{error}", if line.is_empty() { "" } else { " then " });
        let known = ["E0205", "E0501", "E0502", "E0503", "E0504", "E0505", "E0506", "E0507", "E0508", "E0701", "E0801"];
        let is_tally = error.contains("keys that are no columns");
        assert!(is_tally || known.iter().any(|code| error.contains(code)), "{error}");
    }
    line.replace(folder, "").escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'").replace("\\\\", "\\")
}

/// FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The table says of each name what comes of it; where nothing of a file is wanted but the number of its rows, the same
/// is wrong with it, or else that stands behind ` # `.
fn check(part: &str, found: &BTreeMap<String, String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile_files/expected").join(format!("{part}.txt"));
    let text: String = found.iter().map(|(name, outcome)| format!("{name}: {outcome}\n")).collect();
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, text).expect("the table can be written");
        return;
    }
    let expected = fs::read_to_string(path).expect("the table is there");
    for (line, wanted) in text.lines().zip(expected.lines()) {
        assert_eq!(line, wanted, "in {part}.txt");
    }
    assert_eq!(text.lines().count(), expected.lines().count(), "{part}.txt has other files");
}

/// Reads files, all columns and none, and compares what comes of it with the table.
fn read_all(part: &str, files: Vec<Hostile>) {
    let folder = cli::folder(&[]);
    let prefix = format!("{}/", folder.path().to_str().expect("the folder is text"));
    let mut found = BTreeMap::new();
    for Hostile { name, options, bytes } in files {
        let path = cli::path(folder.path(), &name);
        fs::write(&path, &bytes).expect("the folder is ours");
        let read = format!("read({path:?}{options})");
        let mut outcome_of_all = outcome(&prefix, &read);
        let count = outcome(&prefix, &format!("{read} | count"));
        let is_alike = |all: &str| error_of(all) == error_of(&count);
        if !is_alike(&outcome_of_all) {
            let _ = write!(outcome_of_all, " # {count}");
        }
        let key = format!("{name}{options}");
        assert!(found.insert(key, outcome_of_all).is_none(), "{name} is there twice");
        fs::remove_file(path).expect("it is ours");
    }
    check(part, &found);
}

fn error_of(outcome: &str) -> Option<&str> {
    outcome.split_once("error[").map(|(_, error)| error)
}

#[test]
fn files_of_csv() {
    read_all("csv", csv::files());
}

#[test]
fn files_of_json() {
    read_all("json", json::files());
}

#[test]
fn files_that_are_packed() {
    read_all("packed", packed::files());
}

#[test]
fn files_of_columns() {
    read_all("columnar", columnar::files());
}
