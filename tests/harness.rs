//! Runs a script in a given configuration and keeps everything that a user would see.

use pipelang_lang::Compiled;
use pipelang_lang::check::{ParameterValue, Parameters};
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::ir::Plan;
use pipelang_lang::opt::RuleSet;
use pipelang_lang::report::{self, RenderOptions};
use pipelang_lang::source::SourceMap;
use pipelang_runtime::Registry;
use pipelang_runtime::builtins::Outside;
use pipelang_runtime::exec::output::{self, Style};
use pipelang_runtime::exec::{Environment, Executor, Options, Pool, Stats, Tables};
use pipelang_runtime::formats::alike::alike;
use pipelang_runtime::formats::table::TableStyle;
use pipelang_runtime::formats::write::OutputFormat;
use pipelang_runtime::formats::{ByteStream, FileSources, Streams};
use pipelang_runtime::limits::Watch;
use pipelang_runtime::memory::Memory;
use pipelang_runtime::tally::Tally;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// How a script is run.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who computes.
    pub executor: Executor,
    /// Which rules may rewrite the plan.
    pub rules: RuleSet,
    /// How many workers.
    pub threads: usize,
    /// Rows of a morsel.
    pub morsel_rows: Option<usize>,
    /// How many bytes operators may hold.
    pub memory: Option<u64>,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What was written.
    pub out: String,
    /// The report of what went wrong.
    pub err: String,
    /// How it ran.
    pub stats: Stats,
}

/// A script with what it needs.
#[derive(Clone, Debug)]
pub struct Script<'a> {
    /// The name in reports.
    pub name: &'a str,
    /// The text.
    pub text: &'a str,
    /// The format of its output.
    pub format: OutputFormat,
    /// Values of its parameters.
    pub parameters: Vec<(String, String)>,
    /// The file that it reads as `stdin`.
    pub stdin: Option<String>,
}

/// The tables of the runtime, made once.
pub fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(Registry::builtin)
}

/// Workers.
pub fn pool(threads: usize) -> &'static Pool {
    static POOLS: [OnceLock<Pool>; 2] = [OnceLock::new(), OnceLock::new()];
    POOLS[usize::from(threads > 1)].get_or_init(|| Pool::new(if threads > 1 { 4 } else { 1 }))
}

/// A script that compiles.
pub struct Ready {
    plan: Plan,
    warnings: String,
    sources: SourceMap,
    format: OutputFormat,
    streams: Streams,
}

impl Script<'_> {
    /// Compiles and runs it.
    pub fn run(&self, config: &Config) -> Outcome {
        match self.compile() {
            Ok(ready) => ready.run(config),
            Err(err) => Outcome { err, ..Outcome::default() },
        }
    }

    /// Compiles it, or reports why not.
    pub fn compile(&self) -> Result<Ready, String> {
        let mut sources = SourceMap::default();
        let files = self.files();
        let compiled = self.check(&mut sources, &files).map_err(|diagnostics| render(&diagnostics, &sources))?;
        let warnings = render(&compiled.warnings, &sources);
        Ok(Ready { plan: compiled.plan, warnings, sources, format: self.format, streams: files.streams })
    }

    /// Everything that is said of it before it runs.
    pub fn diagnose(&self) -> Vec<Diagnostic> {
        match self.check(&mut SourceMap::default(), &self.files()) {
            Ok(compiled) => compiled.warnings,
            Err(diagnostics) => diagnostics,
        }
    }

    fn files(&self) -> FileSources {
        let open = |path: &String| ByteStream::new(std::fs::File::open(path).expect("stdin of a case is a file"), None);
        FileSources { streams: Streams::of(self.stdin.as_ref().map(open)), ..FileSources::default() }
    }

    fn check(&self, sources: &mut SourceMap, files: &FileSources) -> Result<Compiled, Vec<Diagnostic>> {
        let catalog = &registry().catalog;
        let value = |(name, value): &(String, String)| (name.as_str().into(), ParameterValue::Text(value.clone()));
        let values = self.parameters.iter().map(value).collect();
        let parameters = Parameters { values, ..Parameters::default() };
        pipelang_lang::compile(sources, self.name, self.text, catalog, files, &parameters)
    }
}

impl Ready {
    /// Optimizes and runs it.
    pub fn run(&self, config: &Config) -> Outcome {
        let registry = registry();
        let plan = pipelang_lang::opt::optimize(self.plan.clone(), &registry.catalog, &config.rules);
        let mut tables = Tables::default();
        tables.streams = self.streams.clone();
        let outside = outside();
        let env = Environment {
            plan: &plan,
            registry,
            tables: &tables,
            pool: pool(config.threads),
            outside: &outside,
            native: None,
        };
        let tally = Tally::default();
        let options = Options {
            executor: config.executor,
            threads: config.threads,
            morsel_rows: config.morsel_rows,
            spread: true,
            watch: Watch {
                deadline: Some((Instant::now() + LIMIT, LIMIT)),
                memory: config.memory.map_or(Memory::default(), Memory::spilling_at),
                ..Watch::default()
            },
            tally: tally.clone(),
            ..Options::default()
        };
        let style = Style { format: self.format, table: TableStyle { rows: 40, width: None, color: false } };
        let mut out = Vec::new();
        let (stats, result) = output::write_all(env, &options, &style, &mut out);
        let mut err = self.warnings.clone();
        match result {
            Ok(()) => tally.lines().iter().for_each(|line| err.push_str(&format!("{line}\n"))),
            Err(error) => {
                let mut diagnostic = error.diagnostic(&plan);
                diagnostic.help.splice(0..0, alike(&plan, &error));
                err.push_str(&render(&[diagnostic], &self.sources));
            }
        }
        Outcome { out: String::from_utf8(out).expect("output is UTF-8"), err, stats }
    }
}

/// The world around every script: one time and two variables, so that results stay the same.
fn outside() -> Outside {
    let variables = [("REGION", "EU"), ("EMPTY", "")].map(|(name, value)| (name.to_string(), value.to_string()));
    // 2024-02-29T23:30:00Z
    Outside { now: Some(1_709_249_400_000_000), variables: Some(Arc::new(variables.into())) }
}

/// No test script takes so long; one that does hangs.
const LIMIT: Duration = Duration::from_secs(900);

fn render(diagnostics: &[Diagnostic], sources: &SourceMap) -> String {
    let options = RenderOptions::default();
    report::render(diagnostics, sources, options)
}
