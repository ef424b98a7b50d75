//! The driver: runs a statement of a plan, pipeline after pipeline.
//!
//! Workers claim morsels of a pipeline's source, run its segment on them and hand the rows to the end: an operator, a
//! copy for each worker, brought together when all morsels are through; or the output, in order. What a script can see
//! does not depend on how the work was cut: rows are committed in order, the earliest error wins, and the rows before it
//! have gone out.

pub mod explain;
pub mod output;
mod parallel;
mod passage;
mod pipeline;
mod replay;
mod segment;
mod source;

pub use parallel::Pool;
pub use source::{Gather, Tables};

use crate::batch::Batch;
use crate::error::RunError;
use crate::limits::Watch;
use crate::reference::Oracle;
use crate::registry::Registry;
use crate::stages::aggregate::Grouper;
use crate::stages::sort::Sorter;
use crate::stages::window::{Function, Windower};
use crate::stages::{aggregate, window};
use crate::vector::Scratch;
use parallel::Work;
use passage::Passages;
use pipelang_lang::fault::{self, Fault};
use pipelang_lang::ir::{Plan, WindowFunction};
use pipelang_lang::scalar::Scalar;
use pipeline::{End, Pipeline, Source};
use segment::Prepared;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The least rows that a worker takes at once of a window that is complete.
const ROWS_OF_PIECE: usize = 8192;

/// Who computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Executor {
    /// The oracle: a row at a time, the plan as it is.
    Reference,
    /// The batch interpreter.
    Vector,
    /// Native code wherever a kernel can be compiled.
    Jit,
    /// What is best: for now the batch interpreter.
    #[default]
    Auto,
}

/// How a statement is run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Who computes.
    pub executor: Executor,
    /// Workers at most; 0 is as many as the pool has.
    pub threads: usize,
    /// Rows of a morsel; none is the default of each source.
    pub morsel_rows: Option<usize>,
    /// No worker has a second morsel before another has had its first (for tests).
    pub spread: bool,
    /// Cancellation and deadline.
    pub watch: Watch,
}

/// What becomes of result rows on the worker that made them.
pub enum Encoded {
    /// They were written as text.
    Bytes(Vec<u8>),
    /// They go on as they are.
    Rows(Batch),
}

/// Where result rows go.
pub struct Sink<'a> {
    /// Done on any worker.
    pub encode: &'a (dyn Fn(Batch) -> Encoded + Sync),
    /// Done in order.
    pub accept: &'a mut (dyn FnMut(Encoded) -> Result<(), RunError> + Send),
}

/// What is told of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// The greatest number of workers that had a morsel in one pipeline.
    pub workers: usize,
    /// The greatest number of morsels of one pipeline whose work can be shared.
    pub morsels: u64,
    /// Runs of operations that native code could do, in all kernels that ran.
    pub compilable: usize,
    /// How many of them native code did.
    pub compiled: usize,
    /// Batches that were run again row by row.
    pub replays: usize,
    /// Buffers that kernels allocated, those of the batches that went out included.
    pub buffers: u64,
}

impl Stats {
    /// Counts another statement in.
    pub fn add(&mut self, other: Stats) {
        self.workers = self.workers.max(other.workers);
        self.morsels = self.morsels.max(other.morsels);
        self.compilable += other.compilable;
        self.compiled += other.compiled;
        self.replays += other.replays;
        self.buffers += other.buffers;
    }
}

/// What a run works with.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Functions and reducers.
    pub registry: &'a Registry,
    /// Tables that the host binds.
    pub tables: &'a Tables<'a>,
    /// Threads.
    pub pool: &'a Pool,
}

/// Runs a statement. Rows that come before an error have been accepted by the sink.
pub fn run(env: Environment, statement: usize, options: &Options, mut sink: Sink) -> Result<Stats, RunError> {
    let subqueries = env.plan.subqueries_of(statement);
    if !subqueries.is_empty() {
        let mut values = Vec::new();
        for subquery in subqueries {
            values.push((subquery.column, value_of(env, &subquery.plan, options)?));
        }
        let plan = env.plan.with_values(&values);
        return run(Environment { plan: &plan, ..env }, statement, options, sink);
    }
    let run = || match options.executor {
        Executor::Reference => run_reference(&env, statement, options, &mut sink),
        Executor::Vector | Executor::Jit | Executor::Auto => run_pipelines(&env, statement, options, &mut sink),
    };
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    result.unwrap_or_else(|panic| Err(RunError::Internal(parallel::panic_text(&*panic))))
}

/// The value that a plan of one statement gives.
fn value_of(env: Environment, plan: &Plan, options: &Options) -> Result<Scalar, RunError> {
    let mut value = Scalar::Null;
    let sink = Sink {
        encode: &Encoded::Rows,
        accept: &mut |encoded| {
            if let Encoded::Rows(batch) = encoded {
                value = batch.columns[0].get(0);
            }
            Ok(())
        },
    };
    run(Environment { plan, ..env }, 0, options, sink)?;
    Ok(value)
}

fn run_pipelines(env: &Environment, statement: usize, options: &Options, sink: &mut Sink) -> Result<Stats, RunError> {
    let pipelines = pipeline::cut(env.plan, env.plan.statements[statement].node);
    let mut stats = Stats::default();
    let mut previous = None;
    for pipeline in &pipelines {
        previous = Run::new(env, pipeline, options).run(previous, sink, &mut stats)?;
    }
    Ok(stats)
}

/// One pipeline while it runs.
struct Run<'a> {
    env: &'a Environment<'a>,
    pipeline: &'a Pipeline,
    options: &'a Options,
    threads: usize,
    segment: Prepared<'a>,
    tails: Vec<Prepared<'a>>,
    scratch: Vec<Mutex<Scratch>>,
    operators: Vec<Mutex<Operator>>,
}

/// The end of a pipeline on one worker.
enum Operator {
    Output,
    Group(Box<Grouper>),
    Sort(Sorter),
    Window(Windower),
}

/// What a worker made of a morsel.
struct Made {
    /// Rows for what happens in order; none if an operator has taken them.
    rows: Option<Encoded>,
    /// Why there are no more.
    error: Option<RunError>,
}

impl<'a> Run<'a> {
    fn new(env: &'a Environment<'a>, pipeline: &'a Pipeline, options: &'a Options) -> Run<'a> {
        let threads = match (&pipeline.source, options.threads) {
            // Each value needs the one before, and none is computed that nobody wants.
            (Source::Iterate(_), _) => 1,
            (_, 0) => env.pool.threads(),
            (_, threads) => threads.min(env.pool.threads()),
        };
        Run {
            env,
            pipeline,
            options,
            threads,
            segment: Prepared::new(env, &pipeline.segment, options),
            tails: pipeline.tails.iter().map(|tail| Prepared::new(env, &tail.segment, options)).collect(),
            // One more than there are workers: for what runs in order.
            scratch: (0..=threads).map(|_| Mutex::default()).collect(),
            operators: (0..threads).map(|_| Mutex::new(operator(env, &pipeline.end))).collect(),
        }
    }

    /// Runs all morsels; what a breaker gives is the source of the next pipeline.
    fn run(self, previous: Option<Batch>, sink: &mut Sink, stats: &mut Stats) -> Result<Option<Batch>, RunError> {
        let mut passages = Passages::new(self.env, &self.pipeline.tails, &self.options.watch)?;
        let mut error = None;
        if !passages.is_full() {
            let reader = source::Reader::open(self.env, &self.pipeline.source, self.options, previous)?;
            let (mut claim, load) = reader.halves();
            let mut morsels = 0;
            let encode = sink.encode;
            let accept = &mut *sink.accept;
            let workers = parallel::ordered(
                self.env.pool,
                self.threads,
                self.options.spread,
                Work {
                    claim: &mut || {
                        morsels += 1;
                        self.options
                            .watch
                            .check()
                            .map_or_else(|error| Some(source::Morsel::Failed(error)), |()| claim())
                    },
                    work: &|worker, number, morsel| self.work(worker, number, load(morsel), encode),
                    commit: &mut |made| match self.commit(made, &mut passages, encode, accept) {
                        Ok(flow) => flow,
                        Err(first) => {
                            error = Some(first);
                            if fault::is(Fault::LaterErrorReported) {
                                ControlFlow::Continue(())
                            } else {
                                ControlFlow::Break(())
                            }
                        }
                    },
                },
            )?;
            stats.workers = stats.workers.max(workers);
            if !matches!(self.pipeline.source, Source::Iterate(_)) {
                stats.morsels = stats.morsels.max(morsels);
            }
        }
        stats.buffers += self.scratch.iter().map(|scratch| lock(scratch).allocated).sum::<u64>();
        for prepared in self.tails.iter().chain([&self.segment]) {
            let (compilable, compiled) = prepared.compiled();
            stats.compilable += compilable;
            stats.compiled += compiled;
            stats.replays += prepared.replays.load(Ordering::Relaxed);
        }
        match error {
            Some(error) => Err(error),
            None => self.finish(passages),
        }
    }

    /// What a worker does with a morsel.
    fn work(
        &self,
        worker: usize,
        number: u64,
        parsed: crate::formats::Parsed,
        encode: &(dyn Fn(Batch) -> Encoded + Sync),
    ) -> Made {
        if parsed.batch.rows == 0 && parsed.error.is_some() {
            // The source failed, and its batch may not even have columns.
            return Made { rows: None, error: parsed.error };
        }
        let (batch, error) = self.segment.run(&parsed.batch, &mut lock(&self.scratch[worker]));
        let error = error.or(parsed.error);
        if !self.tails.is_empty() {
            return Made { rows: Some(Encoded::Rows(batch)), error };
        }
        let rows = match &mut *lock(&self.operators[worker]) {
            Operator::Output => (batch.rows > 0).then(|| encode(batch)),
            operator => {
                operator.push(number << 32, batch);
                None
            }
        };
        Made { rows, error }
    }

    /// What is done with it in order.
    fn commit(
        &self,
        made: Made,
        passages: &mut Passages,
        encode: &(dyn Fn(Batch) -> Encoded + Sync),
        accept: &mut (dyn FnMut(Encoded) -> Result<(), RunError> + Send),
    ) -> Result<ControlFlow<()>, RunError> {
        let (rows, mut error) = (made.rows, made.error);
        let rows = match rows {
            Some(Encoded::Rows(mut batch)) if !self.tails.is_empty() => {
                for at in 0..self.tails.len() {
                    let passed = passages.apply(at, batch);
                    if passed.full {
                        error = None;
                    }
                    error = passed.error.or(error);
                    let (out, own) = self.tails[at].run(&passed.batch, &mut lock(&self.scratch[self.threads]));
                    error = if fault::is(Fault::TailErrorLost) { error.or(own) } else { own.or(error) };
                    batch = out;
                }
                self.end_of_tails(batch, passages, encode)
            }
            rows => rows,
        };
        let lost = fault::is(Fault::PrefixLost) && error.is_some();
        if let Some(rows) = rows.filter(|_| !lost) {
            accept(rows)?;
        }
        match error {
            Some(error) => Err(error),
            None if passages.is_full() => Ok(ControlFlow::Break(())),
            None => Ok(ControlFlow::Continue(())),
        }
    }

    fn end_of_tails(
        &self,
        batch: Batch,
        passages: &mut Passages,
        encode: &(dyn Fn(Batch) -> Encoded + Sync),
    ) -> Option<Encoded> {
        match &mut *lock(&self.operators[0]) {
            Operator::Output => (batch.rows > 0).then(|| encode(batch)),
            operator => {
                let first = passages.ordinal;
                passages.ordinal += batch.rows as u64;
                operator.push(first, batch);
                None
            }
        }
    }

    /// Brings the workers' operators together.
    fn finish(self, passages: Passages) -> Result<Option<Batch>, RunError> {
        if self.pipeline.end == End::State {
            return Ok(passages.last_state());
        }
        let mut operators = self.operators.into_iter().map(|o| o.into_inner().unwrap_or_else(PoisonError::into_inner));
        let Some(mut first) = operators.next() else { return Ok(None) };
        for other in operators {
            first.merge(other);
        }
        Ok(match first {
            Operator::Output => None,
            Operator::Group(grouper) => Some(grouper.finish()),
            Operator::Sort(sorter) => {
                let mut entries = sorter.entries();
                self.env.pool.sort(&mut entries, |a, b| sorter.compare(a, b));
                sorter.finish(entries)
            }
            Operator::Window(windower) => {
                let Some(groups) = windower.close()? else { return Ok(None) };
                let pieces = groups.pieces(self.options.morsel_rows.unwrap_or(ROWS_OF_PIECE));
                let compute =
                    |piece: &window::Piece| groups.compute(piece, &self.env.registry.reducers, &self.options.watch);
                let made = self.env.pool.map(self.threads, &pieces, compute);
                Some(groups.finish(made.into_iter().collect::<Result<_, _>>()?))
            }
        })
    }
}

fn operator(env: &Environment, end: &End) -> Operator {
    match end {
        End::Output | End::State => Operator::Output,
        End::Aggregate(aggregate) => {
            let types = |r: &pipelang_lang::ir::Reduction| {
                r.arguments.iter().map(|argument| env.plan.exprs.ty(*argument).clone()).collect()
            };
            let layout = aggregate::Layout {
                argument_types: aggregate.reductions.iter().map(types).collect(),
                reductions: aggregate.reductions.clone(),
                keys: aggregate.keys,
            };
            Operator::Group(Box::new(Grouper::new(layout, &env.registry.reducers)))
        }
        End::Window(window) => {
            let function = |function: &WindowFunction| Function {
                kind: function.kind.clone(),
                types: function.kind.demands().iter().map(|expr| env.plan.exprs.ty(*expr).clone()).collect(),
                result: env.plan.column(function.column).ty.clone(),
            };
            let functions = window.functions.iter().map(function).collect();
            Operator::Window(Windower::new(window::Layout { functions, keys: window.keys, on: window.on }))
        }
        End::Sort { descending, limit } => Operator::Sort(Sorter::new(descending.clone(), *limit)),
    }
}

impl Operator {
    fn push(&mut self, first_ordinal: u64, batch: Batch) {
        match self {
            Operator::Output => unreachable!("output is encoded, not pushed"),
            Operator::Group(grouper) => grouper.push(first_ordinal, &batch),
            Operator::Sort(sorter) => sorter.push(first_ordinal, batch),
            Operator::Window(windower) => windower.push(first_ordinal, batch),
        }
    }

    fn merge(&mut self, other: Operator) {
        match (self, other) {
            (Operator::Output, Operator::Output) => {}
            (Operator::Group(mine), Operator::Group(theirs)) => mine.merge(*theirs),
            (Operator::Sort(mine), Operator::Sort(theirs)) => mine.merge(theirs),
            (Operator::Window(mine), Operator::Window(theirs)) => mine.merge(theirs),
            (Operator::Output | Operator::Group(_) | Operator::Sort(_) | Operator::Window(_), _) => {
                unreachable!("all workers have the same operator")
            }
        }
    }
}

fn run_reference(env: &Environment, statement: usize, options: &Options, sink: &mut Sink) -> Result<Stats, RunError> {
    let plan = env.plan;
    let node = plan.statements[statement].node;
    let kinds: Vec<_> = plan.schema(node).fields.into_iter().map(|field| field.ty.kind).collect();
    let mut rows = Vec::new();
    let oracle = Oracle {
        plan,
        functions: &env.registry.functions,
        catalog: &env.registry.catalog,
        tables: &|name| env.tables.whole(name),
        watch: &options.watch,
    };
    let result = oracle.run(node, &mut |row| {
        rows.push(row.into_iter().map(Ok).collect());
        if rows.len() == 1024 {
            let batch = replay::batch_of(&kinds, std::mem::take(&mut rows), None);
            (sink.accept)((sink.encode)(batch))?;
        }
        Ok(())
    });
    if !rows.is_empty() {
        (sink.accept)((sink.encode)(replay::batch_of(&kinds, rows, None)))?;
    }
    result.map(|()| Stats { workers: 1, ..Stats::default() })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
