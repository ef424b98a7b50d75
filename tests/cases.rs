//! Every script under `tests/cases` (but the modules in folders called `lib`) and every example: once in the oracle, and in every configuration the same bytes.

use crate::harness::{Config, Outcome, Script};
use crate::real;
use crate::tidy::walk;
use pipelang_lang::opt::RuleSet;
use pipelang_runtime::exec::Executor;
use pipelang_runtime::formats::write::OutputFormat;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// A script with its expected output beside it.
pub struct Case {
    /// Where it stands.
    pub path: PathBuf,
    name: String,
    /// What it says.
    pub text: String,
    format: OutputFormat,
    parameters: Vec<(String, String)>,
    stdin: Option<String>,
}

/// All cases, or those whose path has the text of the environment's `CASE` in it.
pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = walk(Path::new("tests/cases"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "pipe"))
        .filter(|path| !path.components().any(|folder| folder.as_os_str() == "lib"))
        .map(|path| {
            let text = fs::read_to_string(&path).expect("cases are text");
            let mut format = OutputFormat::CSV;
            let mut parameters = Vec::new();
            let mut stdin = None;
            for line in text.lines().take_while(|line| line.starts_with('#')) {
                if let Some(name) = line.strip_prefix("# format: ") {
                    format = OutputFormat::named(name).expect("a format that there is");
                }
                if let Some(path) = line.strip_prefix("# stdin: ") {
                    stdin = Some(path.to_string());
                }
                if let Some((name, value)) = line.strip_prefix("# param: ").and_then(|rest| rest.split_once('=')) {
                    parameters.push((name.to_string(), value.to_string()));
                }
            }
            // What is imported is looked for beside the script, so there the name is the whole path.
            let name = if path.starts_with("tests/cases/modules") {
                path.as_os_str()
            } else {
                path.file_name().expect("a file has a name")
            };
            let name = name.to_string_lossy().into_owned();
            Case { name, text, format, parameters, stdin, path }
        })
        .collect();
    if let Ok(only) = std::env::var("CASE") {
        cases.retain(|case| case.path.to_string_lossy().contains(&only));
    }
    cases
}

impl Case {
    fn run(&self, config: &Config) -> Outcome {
        self.with_text(&self.text).run(config)
    }

    /// The script of this case, or another one in its place.
    pub fn with_text<'a>(&'a self, text: &'a str) -> Script<'a> {
        Script {
            name: &self.name,
            text,
            format: self.format,
            parameters: self.parameters.clone(),
            stdin: self.stdin.clone(),
        }
    }

    /// Compares with the expected files, or writes them under `BLESS=1`.
    fn compare(&self, outcome: &Outcome) -> Option<String> {
        if self.path.starts_with("tests/cases/real") {
            return self.compare_with_answer(outcome);
        }
        let bless = std::env::var("BLESS").is_ok_and(|value| value == "1");
        for (extension, actual) in [("out", &outcome.out), ("err", &outcome.err)] {
            let path = self.path.with_extension(extension);
            let expected = fs::read_to_string(&path).unwrap_or_default();
            if *actual == expected {
                continue;
            }
            if !bless {
                return Some(format!("{}:\n--- expected\n{expected}\n--- is\n{actual}", path.display()));
            }
            if actual.is_empty() {
                fs::remove_file(&path).expect("an expected file can be removed");
            } else {
                fs::write(&path, actual).expect("an expected file can be written");
            }
        }
        None
    }

    /// Compares with the answer that DuckDB gave, which nothing here writes.
    fn compare_with_answer(&self, outcome: &Outcome) -> Option<String> {
        let path = self.path.with_extension("out");
        let expected = fs::read_to_string(&path).unwrap_or_default();
        let case = self.path.file_stem().expect("a case has a name").to_string_lossy();
        // How many rows a `parse` leaves out is no fault.
        let fault = match outcome.err.lines().all(|line| line.starts_with("parse ")) {
            true => real::difference(&case, &outcome.out, &expected)?,
            false => outcome.err.clone(),
        };
        Some(format!("{}: {fault}\n--- expected\n{expected}\n--- is\n{}", path.display(), outcome.out))
    }
}

/// All configurations but the oracle's.
fn configurations() -> Vec<Config> {
    let mut all = Vec::new();
    for executor in [Executor::Vector, Executor::Jit] {
        for rules in [RuleSet::all(), RuleSet::none()] {
            for threads in [1, 4] {
                for morsel_rows in [Some(3), None] {
                    all.push(Config { executor, rules, threads, morsel_rows, memory: None });
                }
            }
        }
    }
    // Much that can go to disk goes there: what a few rows take is too much.
    for (threads, morsel_rows, memory) in [(1, Some(3), 2_000), (4, Some(3), 2_000), (4, None, 2_000)] {
        let memory = Some(memory);
        all.push(Config { executor: Executor::Vector, rules: RuleSet::all(), threads, morsel_rows, memory });
    }
    all
}

#[derive(Default)]
struct Tally {
    faults: Vec<String>,
    parallel: usize,
    shared: usize,
}

fn check(case: &Case, tally: &Mutex<Tally>) {
    let oracle = case.run(&Config {
        executor: Executor::Reference,
        rules: RuleSet::none(),
        threads: 1,
        morsel_rows: None,
        memory: None,
    });
    if let Some(fault) = case.compare(&oracle) {
        tally.lock().expect("no case panics").faults.push(fault);
        return;
    }
    // The large real file is parsed sixteen times otherwise: rows by rows only where files are small.
    let large = case.text.contains("flights.csv.gz");
    for config in configurations() {
        if large && config.morsel_rows.is_some() {
            continue;
        }
        let outcome = case.run(&config);
        let mut tally = tally.lock().expect("no case panics");
        if (&outcome.out, &outcome.err) != (&oracle.out, &oracle.err) {
            let path = case.path.display();
            tally.faults.push(format!(
                "{path} differs from the oracle under {config:?}:\n--- oracle\n{}{}\n--- is\n{}{}",
                oracle.out, oracle.err, outcome.out, outcome.err
            ));
            return;
        }
        if config.executor == Executor::Jit && outcome.stats.compiled < outcome.stats.compilable {
            let path = case.path.display();
            tally.faults.push(format!("{path}: kernels were not compiled: {:?}", outcome.stats));
        }
        if config.threads == 4 && outcome.stats.morsels > 2 {
            tally.parallel += 1;
            tally.shared += usize::from(outcome.stats.workers >= 2);
        }
    }
}

#[test]
fn cases_agree_everywhere() {
    let cases = cases();
    assert!(!cases.is_empty(), "no case is called so");
    let tally = Mutex::new(Tally::default());
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    check(case, &tally);
                }
            });
        }
    });
    let tally = tally.into_inner().expect("no case panics");
    println!("{} cases; {} of {} runs on four threads were shared", cases.len(), tally.shared, tally.parallel);
    assert!(tally.faults.is_empty(), "{} faults\n{}", tally.faults.len(), tally.faults.join("\n\n"));
    assert!(tally.shared * 10 >= tally.parallel * 9, "{} of {} runs were shared", tally.shared, tally.parallel);
}

/// The examples are run too, so that they stay right; what they print is checked by cases of the same name.
#[test]
fn examples_run() {
    for path in walk(Path::new("examples")) {
        // The data of TPC-H are made by the program beside its queries, which compares their answers too.
        if path.extension().is_some_and(|extension| extension == "pipe") && !path.starts_with("examples/tpch") {
            let text = fs::read_to_string(&path).expect("examples are text");
            let script =
                Script { name: "example", text: &text, format: OutputFormat::CSV, parameters: Vec::new(), stdin: None };
            let config =
                Config { executor: Executor::Auto, rules: RuleSet::all(), threads: 4, morsel_rows: None, memory: None };
            let outcome = script.run(&config);
            assert_eq!(outcome.err, "", "{}", path.display());
            assert!(!outcome.out.is_empty(), "{}", path.display());
        }
    }
}
