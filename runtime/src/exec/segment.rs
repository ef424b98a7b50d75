//! A segment made ready to run: its kernels, lowered when a batch first needs them, in two variants (no input has a null;
//! any input may have one), and compiled if the JIT is asked for.

#[cfg(feature = "jit")]
use super::Executor;
use super::{Environment, OnError, Options, replay};
use crate::batch::Batch;
use crate::error::RunError;
use crate::kernel::{Program, Segment, lower};
use crate::limits::Watch;
use crate::reference::expr::Evaluator;
use crate::vector::{self, Outcome, Scratch};
use pipelang_lang::fault::{self, Fault};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// A segment and its kernels.
pub struct Prepared<'a> {
    env: &'a Environment<'a>,
    segment: &'a Segment,
    #[cfg(feature = "jit")]
    executor: Executor,
    watch: &'a Watch,
    on_error: &'a OnError,
    without_nulls: OnceLock<Kernels>,
    with_nulls: OnceLock<Kernels>,
    /// Batches that a kernel failed on.
    pub replays: AtomicUsize,
}

struct Kernels {
    program: Arc<Program>,
    #[cfg(feature = "jit")]
    compiled: Option<crate::jit::Compiled>,
}

impl<'a> Prepared<'a> {
    /// A segment that nothing has been lowered of.
    pub fn new(env: &'a Environment<'a>, segment: &'a Segment, options: &'a Options) -> Prepared<'a> {
        Prepared {
            env,
            segment,
            #[cfg(feature = "jit")]
            executor: options.executor,
            watch: &options.watch,
            on_error: &options.on_error,
            without_nulls: OnceLock::new(),
            with_nulls: OnceLock::new(),
            replays: AtomicUsize::new(0),
        }
    }

    /// Runs the segment on a batch: the rows that go out, and the error after them.
    pub fn run(&self, batch: &Batch, scratch: &mut Scratch) -> (Batch, Option<RunError>) {
        self.try_run(batch, scratch).unwrap_or_else(|error| (Batch::default(), Some(error)))
    }

    fn try_run(&self, batch: &Batch, scratch: &mut Scratch) -> Result<(Batch, Option<RunError>), RunError> {
        if batch.faults.is_empty() {
            let looked_at = if fault::is(Fault::NullFreeKernel) { 1 } else { batch.columns.len() };
            let has_nulls = batch.columns.iter().take(looked_at).any(|column| column.has_nulls());
            let kernels = if has_nulls { &self.with_nulls } else { &self.without_nulls };
            let kernels = kernels.get_or_init(|| self.lower(has_nulls));
            if let Outcome::Done(batch) = self.execute(kernels, batch, scratch)? {
                return Ok((batch, None));
            }
        }
        self.replays.fetch_add(1, Ordering::Relaxed);
        let evaluator =
            Evaluator::new(self.env.plan, &self.env.registry.functions, &self.env.registry.catalog, self.watch);
        let goes_on = !matches!(self.on_error, OnError::Fail);
        let replayed = replay::replay(evaluator, self.segment, batch, goes_on);
        scratch.rejected.extend(replayed.rejected);
        Ok((replayed.batch, replayed.error))
    }

    fn lower(&self, has_nulls: bool) -> Kernels {
        let nulls = vec![has_nulls; self.segment.inputs.len()];
        let program = Arc::new(lower(self.segment, self.env.plan, &nulls));
        Kernels {
            #[cfg(feature = "jit")]
            compiled: match self.executor {
                // What cannot be compiled runs in the batch interpreter; `Stats` tells.
                Executor::Jit => crate::jit::compile(&program).ok(),
                Executor::Reference | Executor::Vector | Executor::Auto => None,
            },
            program,
        }
    }

    fn execute(&self, kernels: &Kernels, batch: &Batch, scratch: &mut Scratch) -> Result<Outcome, RunError> {
        let functions = &self.env.registry.functions;
        #[cfg(feature = "jit")]
        if let Some(compiled) = &kernels.compiled {
            return vector::run_with(compiled, &kernels.program, batch, functions, scratch, self.watch);
        }
        vector::run(&kernels.program, batch, functions, scratch, self.watch)
    }

    /// How many compilable kernels there are, and how many of them were compiled.
    pub fn compiled(&self) -> (usize, usize) {
        let used = [self.without_nulls.get(), self.with_nulls.get()];
        used.into_iter().flatten().fold((0, 0), |(compilable, compiled), kernels| {
            let runs = kernels.program.leaves().count();
            #[cfg(feature = "jit")]
            let done = kernels.compiled.as_ref().map_or(0, |compiled| compiled.code_bytes().len());
            #[cfg(not(feature = "jit"))]
            let done = 0;
            (compilable + runs, compiled + done)
        })
    }
}
