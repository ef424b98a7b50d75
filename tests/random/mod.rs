//! Random programs: well-typed scripts over random tables, run by the oracle and by every executor, under the optimizer
//! and without it, cut in many ways. What comes out must be the same bytes, and so must the report of what went wrong.
//!
//! `cargo test random` runs programs 0 to 1,999. A long run goes on where its ledger ends:
//! `RANDOM_FROM=2000 RANDOM_COUNT=100000 RANDOM_LEDGER=ledger.txt cargo test --release random::long_run -- --ignored --nocapture`
//! One program: `RANDOM_SEED=17 cargo test random::one_program -- --ignored --nocapture`.

mod draw;
mod expressions;
mod functions;
mod joins;
mod many;
mod nested;
mod numbered;
pub mod program;
mod reducers;
pub mod run;
mod shapes;
mod shrink;
mod stages;
mod state;
mod tables;
mod windows;

use crate::harness::registry;
use pipelang_lang::catalog::FunctionDef;
use program::Program;
use run::{Facts, Failure, Place};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Programs of an ordinary test run.
pub const PROGRAMS: u64 = 2000;

/// How many configurations are drawn for a program.
pub const CONFIGURATIONS: usize = 6;

/// What many programs have been seen to do.
#[derive(Default)]
struct Histogram {
    programs: u64,
    with_rows: u64,
    failing: u64,
    features: BTreeMap<String, u64>,
    codes: BTreeMap<String, u64>,
    parallel: u64,
    shared: u64,
}

impl Histogram {
    fn add(&mut self, program: &Program, facts: &Facts) {
        self.programs += 1;
        self.with_rows += u64::from(facts.rows);
        self.failing += u64::from(facts.code.is_some());
        self.parallel += facts.parallel;
        self.shared += facts.shared;
        for feature in &program.features {
            *self.features.entry(feature.clone()).or_default() += 1;
        }
        if let Some(code) = &facts.code {
            *self.codes.entry(code.clone()).or_default() += 1;
        }
    }

    fn percent(&self, count: u64) -> f64 {
        100.0 * count as f64 / self.programs.max(1) as f64
    }

    fn text(&self) -> String {
        let mut text = format!(
            "{} programs: {:.1} % give rows, {:.1} % end in an error\n",
            self.programs,
            self.percent(self.with_rows),
            self.percent(self.failing)
        );
        for (name, count) in self.codes.iter().chain(&self.features) {
            let _ = writeln!(text, "{:7.2} %  {name}", self.percent(*count));
        }
        text
    }

    /// What there is and occurs too rarely.
    fn too_rare(&self) -> Vec<String> {
        let catalog = &registry().catalog;
        // What is written to a file is not compared here.
        let stages = pipelang_lang::stages::STAGES.iter().filter(|stage| stage.name != "write");
        let stages = stages.map(|stage| format!("stage {}", stage.name));
        // Nested values have forms of their own.
        let flat = |function: &&FunctionDef| !matches!(function.group, "lists" | "json");
        let functions = catalog.functions().filter(flat).map(|function| format!("function {}", function.name));
        let reducers = catalog.reducers().map(|reducer| format!("reducer {}", reducer.name));
        let operators = [
            "~", "+", "-", "*", "/", "//", "%", "**", "unary -", "==", "!=", "<", "<=", ">", ">=", "and", "or", "not",
            "??", "in", "not in",
        ];
        let operators = operators.iter().map(|operator| format!("operator {operator}"));
        let forms = nested::FORMS
            .iter()
            .chain(&windows::FORMS)
            .chain(&joins::FORMS)
            .chain(&many::FORMS)
            .map(|form| format!("form {form}"));
        let share = |name: &str| self.percent(self.features.get(name).copied().unwrap_or(0));
        // There are many functions, and a program calls few.
        let rare = functions.filter(|name| share(name) < 0.05);
        stages.chain(forms).chain(reducers).chain(operators).filter(|name| share(name) < 0.5).chain(rare).collect()
    }
}

/// Runs programs `from..to` on two threads and stops after a few failures.
fn run_all(from: u64, to: u64) -> (Histogram, Vec<String>) {
    let (histogram, failures) = (Mutex::new(Histogram::default()), Mutex::new(Vec::new()));
    let next = AtomicU64::new(from);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let place = Place::new();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let enough = failures.lock().expect("nothing panics in here").len() >= 3;
                    if seed >= to || enough {
                        break;
                    }
                    let program = program::program(seed, &registry().catalog);
                    match run::check(&program, &place, &run::configurations(seed, CONFIGURATIONS)) {
                        Ok(facts) => histogram.lock().expect("nothing panics in here").add(&program, &facts),
                        Err(failure) => {
                            let report = report(&program, failure, &place);
                            failures.lock().expect("nothing panics in here").push(report);
                        }
                    }
                }
            });
        }
    });
    let unlocked = "nothing panics in here";
    (histogram.into_inner().expect(unlocked), failures.into_inner().expect(unlocked))
}

/// A failing program, made as small as it will go, with its tables and what came of it.
fn report(program: &Program, failure: Failure, place: &Place) -> String {
    let (small, failure) = shrink::shrink(program.clone(), failure, place);
    let mut text = format!("program {}\n{}", program.seed, small.script("."));
    for table in &small.tables {
        let _ = write!(text, "--- {}\n{}", table.file, String::from_utf8_lossy(&table.text()));
    }
    let _ = write!(text, "{failure}");
    text
}

#[test]
fn programs_agree_everywhere() {
    let (histogram, failures) = run_all(0, PROGRAMS);
    println!("programs 0 to {PROGRAMS}; {}", histogram.text());
    assert!(failures.is_empty(), "{}", failures.join("\n==========\n"));
    let (rows, errors) = (histogram.percent(histogram.with_rows), histogram.percent(histogram.failing));
    assert!(rows >= 60.0, "only {rows} % of the programs give rows");
    assert!((10.0..=30.0).contains(&errors), "{errors} % of the programs fail");
    assert_eq!(histogram.too_rare(), Vec::<String>::new(), "these occur in less than 0.5 % of the programs");
    assert!(
        histogram.shared * 10 >= histogram.parallel * 9,
        "{} of {} runs shared",
        histogram.shared,
        histogram.parallel
    );
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
#[ignore = "a long run, wanted by hand"]
fn long_run() {
    let ledger = std::env::var("RANDOM_LEDGER").unwrap_or_else(|_| "target/random-ledger.txt".into());
    let known = std::fs::read_to_string(&ledger).unwrap_or_default();
    let done = known.lines().filter_map(|line| line.strip_prefix("done to ")?.split(' ').next()?.parse().ok()).max();
    let first = variable("RANDOM_FROM").unwrap_or(0);
    let end = first + variable("RANDOM_COUNT").unwrap_or(10_000);
    let mut from: u64 = done.unwrap_or(first).max(first);
    let mut failed = 0;
    while from < end {
        let to = (from + 500).min(end);
        let (histogram, failures) = run_all(from, to);
        let mut text = String::new();
        for failure in &failures {
            let _ = writeln!(text, "failed:\n{failure}\n");
        }
        let first_line = histogram.text().lines().next().unwrap_or_default().to_string();
        let _ = writeln!(text, "done to {to} with {} failures; {first_line}", failures.len());
        print!("{text}");
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&ledger);
        file.and_then(|mut file| file.write_all(text.as_bytes())).expect("the ledger can be written");
        failed += failures.len();
        from = to;
    }
    assert_eq!(failed, 0, "see {ledger}");
}

#[test]
#[ignore = "one program, wanted by hand"]
fn one_program() {
    let seed = variable("RANDOM_SEED").unwrap_or(0);
    let program = program::program(seed, &registry().catalog);
    let place = Place::new();
    println!("{}", program.script("."));
    match run::check(&program, &place, &run::configurations(seed, CONFIGURATIONS)) {
        Ok(facts) => println!("{facts:?}"),
        Err(failure) => panic!("{}", report(&program, failure, &place)),
    }
}
