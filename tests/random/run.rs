//! Runs a program in the oracle and in other configurations and compares everything that a user would see.

use super::draw::Draw;
use super::program::Program;
use crate::harness::{Config, Outcome, Ready, Script};
use pipelang_lang::opt::{RULES, RuleSet};
use pipelang_runtime::exec::Executor;
use pipelang_runtime::formats::write::OutputFormat;
use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is compared with the oracle.
const EXECUTORS: [Executor; 2] = [Executor::Vector, Executor::Jit];

/// A folder for the files of one program at a time.
pub struct Place(PathBuf);

impl Place {
    pub fn new() -> Place {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("pipe-random-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a temporary folder can be made");
        Place(path)
    }

    fn fill(&self, program: &Program) {
        for table in &program.tables {
            let path = self.0.join(&table.file);
            let mut text = table.text();
            if table.file.ends_with(".gz") {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(&text).expect("memory can be written");
                text = encoder.finish().expect("memory can be written");
            }
            std::fs::write(path, text).expect("a temporary file can be written");
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What is told of a program that runs alike everywhere.
#[derive(Debug, Default)]
pub struct Facts {
    /// Whether it gives rows.
    pub rows: bool,
    /// The code of the error it ends in.
    pub code: Option<String>,
    /// Runs on several threads with more than two morsels, and those of them in which two workers had one.
    pub parallel: u64,
    pub shared: u64,
}

/// A program that does not.
#[derive(Debug)]
pub struct Failure {
    pub what: String,
    /// None if the program does not compile or the oracle itself fails.
    pub config: Option<Box<Config>>,
    oracle: String,
    is: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(f, "--- {} under {:?}\n--- oracle\n{}\n--- is\n{}", self.what, self.config, self.oracle, self.is)
    }
}

fn oracle() -> Config {
    Config { executor: Executor::Reference, rules: RuleSet::none(), threads: 1, morsel_rows: None, memory: None }
}

/// Some configurations of all that there are.
pub fn configurations(seed: u64, count: usize) -> Vec<Config> {
    let mut draw = Draw::new(!seed);
    let mut one = || {
        let rule = RULES[draw.below(RULES.len())].name;
        let rules = match draw.below(8) {
            0..3 => Some(RuleSet::all()),
            3 | 4 => Some(RuleSet::none()),
            5 | 6 => RuleSet::without(rule),
            _ => RuleSet::only(rule),
        };
        Config {
            executor: *draw.pick(&EXECUTORS),
            rules: rules.expect("the rule is in the list"),
            threads: *draw.pick(&[1, 4]),
            morsel_rows: *draw.pick(&[Some(3), None, Some(3), None, Some(1), Some(64)]),
            memory: *draw.pick(&[None, None, None, None, Some(2_000)]),
        }
    };
    (0..count).map(|_| one()).collect()
}

/// A program that compiles, with what the oracle says of it.
pub struct Judged {
    ready: Ready,
    wanted: Outcome,
    facts: Facts,
}

/// Whether a program runs alike in the oracle and in these configurations.
pub fn check(program: &Program, place: &Place, configurations: &[Config]) -> Result<Facts, Failure> {
    judge(program, place)?.compare(configurations)
}

/// Compiles a program and runs it in the oracle.
pub fn judge(program: &Program, place: &Place) -> Result<Judged, Failure> {
    place.fill(program);
    let text = program.script(&place.0.to_string_lossy());
    let script =
        Script { name: "random.pipe", text: &text, format: OutputFormat::CSV, parameters: Vec::new(), stdin: None };
    let nothing = Outcome::default();
    let ready = script.compile().map_err(|error| {
        failure("this does not compile", None, &nothing, &Outcome { err: error, ..Outcome::default() })
    })?;
    let wanted = ready.run(&oracle());
    if is_our_fault(&wanted) {
        return Err(failure("the oracle fails", None, &wanted, &nothing));
    }
    let facts = Facts {
        rows: wanted.out.lines().filter(|line| !line.is_empty()).count() > program.statements.len(),
        code: code_of(&wanted.err),
        ..Facts::default()
    };
    Ok(Judged { ready, wanted, facts })
}

impl Judged {
    /// Runs the program in other configurations.
    pub fn compare(self, configurations: &[Config]) -> Result<Facts, Failure> {
        let Judged { ready, wanted, mut facts } = self;
        for config in configurations {
            let outcome = ready.run(config);
            if outcome.out != wanted.out {
                return Err(failure("another output", Some(config), &wanted, &outcome));
            }
            if outcome.err != wanted.err || is_our_fault(&outcome) {
                return Err(failure("another error", Some(config), &wanted, &outcome));
            }
            if config.executor == Executor::Jit && outcome.stats.compiled < outcome.stats.compilable {
                return Err(failure("kernels that were not compiled", Some(config), &wanted, &outcome));
            }
            if config.threads > 1 && outcome.stats.morsels > 2 {
                facts.parallel += 1;
                facts.shared += u64::from(outcome.stats.workers >= 2);
            }
        }
        Ok(facts)
    }
}

fn failure(what: &str, config: Option<&Config>, oracle: &Outcome, is: &Outcome) -> Failure {
    Failure {
        what: what.to_string(),
        config: config.cloned().map(Box::new),
        oracle: format!("{}{}", oracle.out, oracle.err),
        is: format!("{}{}", is.out, is.err),
    }
}

fn is_our_fault(outcome: &Outcome) -> bool {
    outcome.err.contains("[E09") || outcome.err.contains("[E08")
}

/// The code of the first error in a report.
fn code_of(report: &str) -> Option<String> {
    let (_, rest) = report.split_once("error[")?;
    rest.split_once(']').map(|(code, _)| code.to_string())
}
