//! A compiled script whose results are written out as text, and what every run has: its settings.

use crate::engine::Engine;
use crate::excerpt;
use crate::grant;
use crate::input::Wanted;
use crate::limits::Limits;
use crate::on_error::OnError;
use crate::report::Report;
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::ir::{Plan, Shape, Stage, Supply, TableOrigin, print};
use pipelang_lang::source::SourceMap;
use pipelang_lang::syntax::StagePlaces;
use pipelang_runtime::builtins::Outside;
use pipelang_runtime::error::RunError;
use pipelang_runtime::exec::native::Native;
use pipelang_runtime::exec::output::{self, Style};
use pipelang_runtime::exec::single::Parts;
use pipelang_runtime::exec::{self, Environment, Executor, Options, Pool, Sink, Stats, Tables};
use pipelang_runtime::formats::alike::alike;
use pipelang_runtime::formats::target::TargetFile;
use pipelang_runtime::limits::{Budget, CancelToken, Looks, Watch};
use pipelang_runtime::progress::Progress;
use pipelang_runtime::tally::Tally;
use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

/// How a script is run. The defaults are right; nothing here changes what comes out.
#[derive(Clone, Debug, Default)]
pub struct RunSettings {
    /// Who computes.
    pub executor: Executor,
    /// Threads at most; 0 is as many as the engine has.
    pub threads: usize,
    /// Rows that a worker takes at once; none is what suits the source.
    pub morsel_rows: Option<usize>,
    /// Stops the run.
    pub cancel: CancelToken,
    /// How long it may take.
    pub wall: Option<Duration>,
    /// How many bytes operators (sorts, groups, joins) may hold before they write to disk; none is no limit.
    pub memory: Option<u64>,
    /// What else it is held to; of what the engine says too, the tighter counts.
    pub limits: Limits,
    /// What happens to a row that fails.
    pub on_error: OnError,
    /// Counts what reads make null or leave out, as their `on_error` says.
    pub tally: Tally,
    /// Counts how far the run is, for whoever shows it.
    pub progress: Progress,
    /// Whether whoever takes the results may take long for each: then no thread of the engine waits for it.
    pub patient: bool,
    /// Whether it is done on the thread that begins it alone: those of the engine may all be waiting for it.
    pub alone: bool,
    /// Counts how often it was looked whether the run must stop, for tests.
    pub looks: Option<Arc<Looks>>,
}

impl RunSettings {
    /// The settings of a run of this script that begins now.
    fn options(&self, script: &Script) -> Options {
        let engine = &script.engine.inner().limits;
        let own = Limits { wall: self.wall, memory: self.memory, ..Limits::none() };
        let limits = engine.tightened(&self.limits).tightened(&own);
        let fewest = |a: usize, b: usize| if a == 0 || b == 0 { a.max(b) } else { a.min(b) };
        Options {
            executor: match self.executor {
                Executor::Jit if !script.engine.inner().native => Executor::Vector,
                executor => executor,
            },
            threads: fewest(self.threads, limits.threads.unwrap_or(0)),
            morsel_rows: self.morsel_rows,
            patient: self.patient,
            watch: Watch { cancel: self.cancel.clone(), looks: self.looks.clone(), ..limits.bounds().begin() },
            rows_out: limits.rows_out.map(|limit| Arc::new(Budget::new(limit))),
            on_error: match &self.on_error {
                OnError::Fail => exec::OnError::Fail,
                OnError::Skip => exec::OnError::Skip,
                OnError::Divert(tell) => {
                    let (script, tell) = (script.clone(), tell.clone());
                    exec::OnError::Divert(Arc::new(move |error| tell(&script.diverted(error))))
                }
            },
            tally: self.tally.clone(),
            progress: self.progress.clone(),
            ..Options::default()
        }
    }
}

/// Which part of the compiler's work [`Script::explain`] shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// The plan as written and as optimized, and its pipelines.
    #[default]
    Plan,
    /// The kernels.
    Kernel,
}

/// A compiled script. It can be run many times, from many threads.
#[derive(Clone, Debug)]
pub struct Script {
    engine: Engine,
    sources: Arc<SourceMap>,
    written: Arc<Plan>,
    native: Arc<Native>,
    plan: Arc<Plan>,
    warnings: Report,
    stages: Arc<StagePlaces>,
}

impl Script {
    pub(crate) fn new(
        engine: Engine,
        sources: SourceMap,
        (written, optimized): (Plan, Plan),
        warnings: Vec<Diagnostic>,
        stages: StagePlaces,
    ) -> Script {
        let sources = Arc::new(sources);
        let warnings = Report::new(warnings, sources.clone());
        Script {
            engine,
            sources,
            written: Arc::new(written),
            plan: Arc::new(optimized),
            native: Arc::default(),
            warnings,
            stages: Arc::new(stages),
        }
    }

    /// What is suspicious about it.
    pub fn warnings(&self) -> &Report {
        &self.warnings
    }

    /// How many results it has: one for each statement that is an expression.
    pub fn results(&self) -> usize {
        self.plan.statements.len()
    }

    /// Whether a result is shown, and not written to a file by the script itself.
    pub fn is_shown(&self, result: usize) -> bool {
        self.plan.statements[result].target.is_none()
    }

    /// The type of a result: `int`, or `stream<{id: int, name: string?}>`.
    pub fn result_type(&self, result: usize) -> String {
        let statement = &self.plan.statements[result];
        let mut schema = self.plan.schema(statement.node);
        if let Some(pivot) = &statement.pivot {
            schema.fields.truncate(pivot.keys);
            let keys = schema.fields.iter().map(|field| format!("{}: {}, ", field.name, field.ty));
            return format!("stream<{{{}..}}>", keys.collect::<String>());
        }
        let first = || schema.fields.first().map_or(String::new(), |field| field.ty.to_string());
        match statement.shape {
            Shape::Scalar => first(),
            Shape::Values => format!("stream<{}>", first()),
            Shape::Table => format!("stream<{schema}>"),
        }
    }

    /// How many bytes the files have that it reads; none if one of them is no plain file.
    pub fn file_bytes(&self) -> Option<u64> {
        let length = |path: &str| std::fs::metadata(path).ok().filter(|known| known.is_file()).map(|known| known.len());
        let lengths = self.plan.tables.iter().map(|table| match &table.origin {
            TableOrigin::Bound(_) => Some(0),
            TableOrigin::File { supply: Supply::Stdin | Supply::Stream, .. } => None,
            TableOrigin::File { path, files, .. } if files.is_empty() => length(path),
            TableOrigin::File { files, .. } => files.iter().map(|file| length(&file.path)).sum(),
        });
        lengths.sum()
    }

    /// Runs it and writes the results, each as soon as its rows are there. What comes before an error is written too.
    /// If the reader of `out` has gone (a closed pipe), the run ends with an empty report.
    pub fn write(
        &self,
        out: &mut (dyn Write + Send),
        style: &Style,
        settings: &RunSettings,
    ) -> (Stats, Result<(), Report>) {
        self.write_with(&self.tables(&[]), out, style, settings)
    }

    /// The same, with tables of the host.
    pub(crate) fn write_with(
        &self,
        tables: &Tables,
        out: &mut (dyn Write + Send),
        style: &Style,
        settings: &RunSettings,
    ) -> (Stats, Result<(), Report>) {
        let outside = self.outside();
        let (stats, result) =
            output::write_all(self.environment(tables, &outside), &settings.options(self), style, out);
        (stats, result.map_err(|error| self.failed(&error)))
    }

    /// The same into a file, compressed if its name says so, which is as it was before if the run fails. What the script
    /// writes itself is another matter, and so are the grants of its engine: this file is the host's.
    pub fn write_file(&self, path: &str, style: &Style, settings: &RunSettings) -> (Stats, Result<(), Report>) {
        let mut file = match TargetFile::create(path) {
            Ok(file) => file,
            Err(error) => return (Stats::default(), Err(self.failed(&error))),
        };
        let (stats, result) = self.write(&mut file, style, settings);
        (stats, result.and_then(|()| file.finish().map_err(|error| self.failed(&error))))
    }

    /// How it is run, and by whom if that executor is asked for.
    pub fn explain(&self, phase: Phase, executor: Executor) -> String {
        let catalog = &self.engine.inner().registry.catalog;
        let mut text = String::new();
        match phase {
            Phase::Plan => {
                let _ = write!(text, "plan as written:\n{}\n", print::print(&self.written, catalog));
                let _ = write!(text, "plan optimized:\n{}\n", print::print(&self.plan, catalog));
                for statement in 0..self.results() {
                    text.push_str(&exec::explain::pipelines(&self.plan, statement, catalog, executor));
                }
            }
            Phase::Kernel => {
                for statement in 0..self.results() {
                    text.push_str(&exec::explain::kernels(&self.plan, statement));
                }
            }
        }
        text
    }

    /// Runs one statement into a sink.
    pub(crate) fn run(
        &self,
        statement: usize,
        tables: &Tables,
        settings: &RunSettings,
        sink: Sink,
    ) -> Result<Stats, Report> {
        let outside = self.outside();
        let alone = settings.alone.then(|| Pool::new(1));
        let environment = self.environment(tables, &outside);
        let environment = Environment { pool: alone.as_ref().unwrap_or(environment.pool), ..environment };
        exec::run(environment, statement, &settings.options(self), sink).map_err(|error| self.failed(&error))
    }

    /// What a run can read beside files, but for the inputs of its program.
    pub(crate) fn tables<'a>(&self, inputs: &[Wanted]) -> Tables<'a> {
        let mut tables = Tables::default();
        tables.streams = self.engine.inner().streams.clone();
        self.engine.inner().given.bind(&mut tables, inputs);
        tables
    }

    /// How often a run of the first statement may read a table of the host.
    pub(crate) fn reads_of(&self, name: &str) -> usize {
        reads_of(&self.plan, name)
    }

    /// What a run that begins now may ask.
    fn outside(&self) -> Outside {
        grant::outside(&self.engine.inner().grants)
    }

    fn environment<'a>(&'a self, tables: &'a Tables<'a>, outside: &'a Outside) -> Environment<'a> {
        let inner = self.engine.inner();
        Environment {
            plan: &self.plan,
            registry: &inner.registry,
            tables,
            pool: &inner.pool,
            outside,
            native: inner.native.then_some(&*self.native),
        }
    }

    /// What a failed run says. Of an output that was closed there is nothing to tell: its reader has seen enough.
    pub(crate) fn failed(&self, error: &RunError) -> Report {
        let diagnostics = match error {
            RunError::OutputClosed => Vec::new(),
            error => {
                let mut diagnostic = self.said(error);
                // First, for it says what is the matter; the other lines say what to do.
                diagnostic.help.splice(0..0, alike(&self.plan, error));
                vec![diagnostic]
            }
        };
        Report::new(diagnostics, self.sources.clone())
    }

    /// What is said of a row that is left out; of others like it there may be very many.
    fn diverted(&self, error: &RunError) -> Report {
        Report::new(vec![self.said(error)], self.sources.clone())
    }

    fn said(&self, error: &RunError) -> Diagnostic {
        let mut diagnostic = error.diagnostic(&self.plan);
        self.stages.name(&mut diagnostic);
        // An input of the host may be called like a file, which nobody has granted then.
        if diagnostic.data.as_ref().is_some_and(|place| self.reads_file(&place.file)) {
            excerpt::add_line(&mut diagnostic, error);
        }
        diagnostic
    }

    fn reads_file(&self, path: &str) -> bool {
        self.plan.tables.iter().any(|table| match &table.origin {
            TableOrigin::Bound(_) => false,
            TableOrigin::File { path: read, files, .. } => {
                **read == *path || files.iter().any(|file| *file.path == *path)
            }
        })
    }

    /// What a record is computed with.
    #[inline]
    pub(crate) fn parts(&self) -> Parts<'_> {
        let inner = self.engine.inner();
        Parts { plan: &self.plan, registry: &inner.registry, bounds: inner.limits.bounds() }
    }

    /// The plan in its printed form.
    pub(crate) fn printed(&self) -> String {
        print::print(&self.written, &self.engine.inner().registry.catalog)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The plan before the rules.
    pub(crate) fn written(&self) -> &Plan {
        &self.written
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(crate) fn sources(&self) -> &Arc<SourceMap> {
        &self.sources
    }
}

fn reads_of(plan: &Plan, name: &str) -> usize {
    let mut uses = vec![0usize; plan.nodes.len()];
    if let Some(statement) = plan.statements.first() {
        uses[statement.node.0 as usize] = 1;
    }
    let mut reads = plan.subqueries.iter().map(|subquery| reads_of(&subquery.plan, name)).sum::<usize>();
    // An input stands before the stage that uses it.
    for at in (0..plan.nodes.len()).rev() {
        let stage = &plan.nodes[at].stage;
        for input in stage.inputs() {
            uses[input.0 as usize] = uses[input.0 as usize].saturating_add(uses[at]);
        }
        let Stage::Scan { table, .. } = stage else { continue };
        if matches!(&plan.tables[table.0 as usize].origin, TableOrigin::Bound(bound) if **bound == *name) {
            reads = reads.saturating_add(uses[at]);
        }
    }
    reads
}

#[cfg(test)]
mod tests {
    use crate::{Engine, Parameters, fs};

    #[test]
    fn only_files_that_are_read_are_looked_at_again() {
        let engine = Engine::builder().grant(fs::read_everything()).build().expect("no functions are added");
        let script = |text: &str| engine.script("x.pipe", text, &Parameters::default()).expect("it is right");
        assert!(script("read(\"tests/data/airports.csv\")").reads_file("tests/data/airports.csv"));
        assert!(!script("read(\"tests/data/airports.csv\")").reads_file("Cargo.toml"));
    }
}
