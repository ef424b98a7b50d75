//! The driver: runs a statement of a plan, pipeline after pipeline.
//!
//! Workers claim morsels of a pipeline's source, run its segment on them and hand the rows to the end: an operator, a
//! copy for each worker, brought together when all morsels are through; or the output, in order. What a script can see
//! does not depend on how the work was cut: rows are committed in order, the earliest error wins, and the rows before it
//! have gone out.

mod claim;
mod counters;
#[cfg(feature = "jit")]
pub mod direct;
mod early;
mod expand;
pub mod explain;
mod free;
pub mod native;
mod numbers;
mod operator;
pub mod output;
mod parallel;
mod passage;
mod pipeline;
mod pivot;
mod replay;
mod run;
mod segment;
pub mod single;
mod source;
mod staged;
mod tables;

pub use parallel::{HostPool, Pool};
pub use tables::{Chosen, Gather, Pieces, Stream, Tables};

use crate::batch::Batch;
use crate::builtins::Outside;
use crate::error::{RunError, panic_text};
use crate::formats::tee::Tees;
use crate::limits::{Budget, Watch};
use crate::memory::Spilled;
use crate::progress::Progress;
use crate::reference::Oracle;
use crate::registry::Registry;
use crate::tally::Tally;
use native::Native;
use pipelang_lang::catalog::FunctionDef;
use pipelang_lang::codes;
use pipelang_lang::ir::{Plan, Statement};
use pipelang_lang::scalar::Scalar;
use run::{Results, Run};
use std::sync::Arc;

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

/// Whether there is native code for this machine and in this build; the error says why not. Without it
/// [`Executor::Jit`] runs the batch interpreter, with the same results.
pub fn native_code() -> Result<(), String> {
    #[cfg(feature = "jit")]
    return crate::jit::supported();
    #[cfg(not(feature = "jit"))]
    Err("it is not part of this build".into())
}

/// How many bytes of machine code there are in this process, for tests.
pub fn live_code_bytes() -> usize {
    #[cfg(feature = "jit")]
    return crate::jit::live_code_bytes();
    #[cfg(not(feature = "jit"))]
    0
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
    /// Whether the sink may block for long: then it is called on the thread that began the run, and no thread of the pool
    /// waits for it.
    pub patient: bool,
    /// Cancellation, deadline and fuel.
    pub watch: Watch,
    /// How many rows may come out.
    pub rows_out: Option<Arc<Budget>>,
    /// What happens to a row that fails.
    pub on_error: OnError,
    /// What reads made null or left out.
    pub tally: Tally,
    /// Counts how far the run is.
    pub progress: Progress,
}

/// What happens to a row that fails where its value is demanded.
#[derive(Clone, Default)]
pub enum OnError {
    /// The run ends.
    #[default]
    Fail,
    /// The row is left out.
    Skip,
    /// The row is left out, and somebody is told why, in the order of the rows.
    Divert(Arc<dyn Fn(&RunError) + Send + Sync>),
}

impl std::fmt::Debug for OnError {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(match self {
            OnError::Fail => "Fail",
            OnError::Skip => "Skip",
            OnError::Divert(_) => "Divert",
        })
    }
}

/// What becomes of result rows on the worker that made them.
pub enum Encoded {
    /// They were written as text.
    Bytes(Vec<u8>),
    /// They go on as they are.
    Rows(Batch),
    /// Whoever takes them keeps what it made of them.
    Kept {
        /// Which it is.
        number: u64,
        /// About how many bytes it takes.
        size: u64,
    },
}

impl Encoded {
    /// About how many bytes they take.
    fn size(&self) -> u64 {
        match self {
            Encoded::Bytes(bytes) => bytes.len() as u64,
            Encoded::Rows(batch) => batch.size(),
            Encoded::Kept { size, .. } => *size,
        }
    }
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
    /// What did not fit into memory.
    pub spilled: Spilled,
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
        self.spilled.runs += other.spilled.runs;
        self.spilled.merges = self.spilled.merges.max(other.spilled.merges);
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
    /// What the script may ask: the same for all statements of a run.
    pub outside: &'a Outside,
    /// Machine code that runs of this plan have in common; none for a plan that only this run has, and where none is wanted.
    pub native: Option<&'a Native>,
}

impl<'a> Environment<'a> {
    /// The same for a plan that only this run has.
    fn with_own(self, plan: &'a Plan) -> Environment<'a> {
        Environment { plan, native: None, ..self }
    }
}

/// Runs a statement. Rows that come before an error have been accepted by the sink.
pub fn run(env: Environment, statement: usize, options: &Options, sink: Sink) -> Result<Stats, RunError> {
    let encode = |batch: Batch| {
        options.progress.add_rows_out(batch.rows);
        (sink.encode)(batch)
    };
    let sink = Sink { encode: &encode, accept: sink.accept };
    let Some(budget) = &options.rows_out else { return run_whole(env, statement, options, sink) };
    // Rows are counted in their order, and so written in it.
    let (encode, accept) = (sink.encode, sink.accept);
    let mut counted = |encoded: Encoded| {
        let Encoded::Rows(batch) = encoded else { return accept(encoded) };
        let allowed = budget.take(batch.rows as u64) as usize;
        if allowed == batch.rows {
            return accept(encode(batch));
        }
        if allowed > 0 {
            accept(encode(batch.slice(0, allowed)))?;
        }
        Err(RunError::Limit(format!("the run gave more rows than its limit of {}", budget.limit())))
    };
    run_whole(env, statement, options, Sink { encode: &Encoded::Rows, accept: &mut counted })
}

/// Runs a statement, however many rows it gives.
fn run_whole(env: Environment, statement: usize, options: &Options, sink: Sink) -> Result<Stats, RunError> {
    let tees = Tees::default();
    let stats = run_with(env, statement, options, &tees, sink)?;
    tees.finish()?;
    Ok(stats)
}

/// Runs a statement, whose tees are then complete.
fn run_with(env: Environment, statement: usize, options: &Options, tees: &Tees, sink: Sink) -> Result<Stats, RunError> {
    let answer = |function: &FunctionDef, arguments: &[Scalar]| env.outside.answer(function, arguments);
    match env.plan.with_answers(&env.registry.catalog, answer) {
        Some(plan) => run_answered(env.with_own(&plan), statement, options, tees, sink),
        None => run_answered(env, statement, options, tees, sink),
    }
}

/// Runs a statement of a plan that asks nothing any more.
fn run_answered(
    env: Environment,
    statement: usize,
    options: &Options,
    tees: &Tees,
    mut sink: Sink,
) -> Result<Stats, RunError> {
    let subqueries = env.plan.subqueries_of(statement);
    if !subqueries.is_empty() {
        let mut values = Vec::new();
        for subquery in subqueries {
            values.push((subquery.column, value_of(env, &subquery.plan, options, tees)?));
        }
        let plan = env.plan.with_values(&values);
        return run_answered(env.with_own(&plan), statement, options, tees, sink);
    }
    let executor = match (env.plan.exprs.call_host(), &options.on_error) {
        (false, OnError::Fail) => options.executor,
        // The oracle stops at the first error.
        (false, OnError::Skip | OnError::Divert(_)) => match options.executor {
            Executor::Reference => Executor::Vector,
            other => other,
        },
        // What the host does in order is done a row at a time, once for each.
        (true, OnError::Fail) => Executor::Reference,
        (true, OnError::Skip | OnError::Divert(_)) => {
            let message = "a program that calls the host in order cannot go on behind an error";
            return Err(RunError::Outside { code: codes::E0902, message: message.into() });
        }
    };
    let run = || match executor {
        Executor::Reference => run_reference(&env, statement, options, tees, &mut sink),
        Executor::Vector | Executor::Jit | Executor::Auto => run_pipelines(&env, statement, options, tees, &mut sink),
    };
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    result.unwrap_or_else(|panic| Err(RunError::Internal(panic_text(&*panic).to_string())))
}

/// The value that a plan of one statement gives.
fn value_of(env: Environment, plan: &Plan, options: &Options, tees: &Tees) -> Result<Scalar, RunError> {
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
    run_with(env.with_own(plan), 0, options, tees, sink)?;
    Ok(value)
}

fn run_pipelines(
    env: &Environment,
    statement: usize,
    options: &Options,
    tees: &Tees,
    sink: &mut Sink,
) -> Result<Stats, RunError> {
    let pipelines = pipeline::cut(env.plan, &env.plan.statements[statement]);
    let (mut stats, mut results) = (Stats::default(), Results::new());
    for pipeline in pipelines {
        let staged = staged::without_parted_joins(env, pipeline, options, tees, &mut results, &mut stats);
        let given = staged
            .and_then(|pipeline| Run::new(env, &pipeline, options, tees, &results).run(&mut results, sink, &mut stats));
        results.push(given);
    }
    stats.spilled = options.watch.memory.take_spilled();
    let last = results.pop().expect("a statement has a pipeline").map(|_| stats);
    if last.as_ref().is_err_and(RunError::is_stop) {
        env.pool.free(results);
    }
    last
}

fn run_reference(
    env: &Environment,
    statement: usize,
    options: &Options,
    tees: &Tees,
    sink: &mut Sink,
) -> Result<Stats, RunError> {
    env.tables.keep_streams(&options.watch)?;
    let plan = env.plan;
    let Statement { node, pivot, .. } = &plan.statements[statement];
    let kinds: Vec<_> = plan.schema(*node).fields.into_iter().map(|field| field.ty.kind).collect();
    let mut rows = Vec::new();
    let oracle = Oracle {
        plan,
        functions: &env.registry.functions,
        catalog: &env.registry.catalog,
        tables: &|name| env.tables.whole(name),
        streams: &env.tables.streams,
        watch: &options.watch,
        tally: &options.tally,
        tees,
    };
    let result = oracle.run_carried(*node, &mut |row| {
        let failed = row.iter().find_map(|value| value.as_ref().err()).filter(|_| pivot.is_none());
        if let Some(error) = failed {
            return Err(RunError::Row(error.clone()));
        }
        rows.push(row);
        if rows.len() == 1024 {
            let batch = Batch::of_rows(&kinds, std::mem::take(&mut rows), None);
            (sink.accept)((sink.encode)(batch))?;
        }
        Ok(())
    });
    if !rows.is_empty() {
        (sink.accept)((sink.encode)(Batch::of_rows(&kinds, rows, None)))?;
    }
    result.map(|()| Stats { workers: 1, ..Stats::default() })
}
