//! A segment made ready to run: its kernels, lowered when a batch first needs them, in two variants (no input has a null;
//! any input may have one), and compiled if the JIT is asked for.

#[cfg(feature = "jit")]
use super::Executor;
use super::early::{Early, Part, Passing};
use super::source::HostRows;
#[cfg(feature = "jit")]
use super::source::MORSEL_ROWS;
use super::tables::Chosen;
use super::{Environment, OnError, Options, replay};
use crate::batch::Batch;
use crate::error::RunError;
use crate::formats::{ByColumns, Parsed};
#[cfg(feature = "jit")]
use crate::jit::fused::Fused;
use crate::kernel::frame::Leaves;
use crate::kernel::{Program, Segment, lower};
use crate::limits::Watch;
use crate::reference::expr::Evaluator;
#[cfg(feature = "jit")]
use crate::strided::Strided;
use crate::vector::{self, Outcome, Scratch};
use pipelang_lang::fault::{self, Fault};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// A segment and its kernels.
pub struct Prepared<'a> {
    env: &'a Environment<'a>,
    segment: &'a Segment,
    #[cfg(feature = "jit")]
    executor: Executor,
    watch: &'a Watch,
    on_error: &'a OnError,
    variants: Variants,
    /// The same in two parts, if that can be, and the watch of the second: its rows have been paid for.
    early: OnceLock<Option<(Early, Watch)>>,
    passing: Passing,
    /// Whether something behind it may say of a row where it stands, which one loop of machine code does not tell.
    wants_places: bool,
    /// Where it is counted how many rows do not go out, if that is told.
    left_out: Option<Arc<AtomicU64>>,
    #[cfg(feature = "jit")]
    fused: OnceLock<Option<Arc<Fused>>>,
    /// Batches that a kernel failed on.
    pub replays: AtomicUsize,
}

/// The kernels of some steps, for batches without nulls and for others.
#[derive(Default)]
pub struct Variants {
    without_nulls: OnceLock<Kernels>,
    with_nulls: OnceLock<Kernels>,
}

struct Kernels {
    program: Arc<Program>,
    #[cfg(feature = "jit")]
    compiled: Option<crate::jit::Compiled>,
}

impl<'a> Prepared<'a> {
    /// A segment that nothing has been lowered of.
    pub fn new(
        env: &'a Environment<'a>,
        segment: &'a Segment,
        options: &'a Options,
        wants_places: bool,
    ) -> Prepared<'a> {
        Prepared {
            env,
            segment,
            #[cfg(feature = "jit")]
            executor: options.executor,
            watch: &options.watch,
            on_error: &options.on_error,
            variants: Variants::default(),
            early: OnceLock::new(),
            passing: Passing::default(),
            wants_places,
            left_out: segment.told.as_ref().map(|told| options.tally.begin_parse(told)),
            #[cfg(feature = "jit")]
            fused: OnceLock::new(),
            replays: AtomicUsize::new(0),
        }
    }

    /// Runs the segment on a batch: the rows that go out, and the error after them.
    pub fn run(&self, batch: &Batch, scratch: &mut Scratch) -> (Batch, Option<RunError>) {
        self.try_run(batch, scratch, self.watch).unwrap_or_else(|error| (Batch::default(), Some(error)))
    }

    fn try_run(
        &self,
        batch: &Batch,
        scratch: &mut Scratch,
        watch: &Watch,
    ) -> Result<(Batch, Option<RunError>), RunError> {
        if batch.faults.is_empty() {
            let kernels = self.kernels(&self.variants, self.segment, batch);
            if let Outcome::Done(made) = self.execute(kernels, batch, scratch, watch)? {
                self.passing.count(batch.rows, made.rows);
                self.count(batch.rows - made.rows);
                return Ok((made, None));
            }
        }
        self.replays.fetch_add(1, Ordering::Relaxed);
        let evaluator =
            Evaluator::new(self.env.plan, &self.env.registry.functions, &self.env.registry.catalog, self.watch);
        let goes_on = !matches!(self.on_error, OnError::Fail);
        let replayed = replay::replay(evaluator, self.segment, batch, goes_on);
        // Of a run that fails nothing is told.
        self.count(batch.rows.saturating_sub(replayed.batch.rows + replayed.rejected.len()));
        scratch.rejected.extend(replayed.rejected);
        Ok((replayed.batch, replayed.error))
    }

    /// Counts rows that did not go out.
    fn count(&self, rows: usize) {
        if let Some(left_out) = &self.left_out {
            left_out.fetch_add(rows as u64, Ordering::Relaxed);
        }
    }

    /// Runs it on rows of the host with its filters first; nothing if that does not pay, or if it must go the whole way since
    /// something fails.
    pub fn run_early(&self, host: &HostRows, rows: Range<usize>, scratch: &mut Scratch) -> Option<Parsed> {
        let fused = if self.wants_places { Ok(None) } else { self.try_fused(host, rows.clone(), scratch) };
        let made = match fused {
            Ok(None) if self.passing.is_rare() => self.try_early(host, rows, scratch),
            made => made,
        };
        let made = made.map(|batch| Some(Parsed { batch: batch?, error: None, left_out: 0 }));
        made.unwrap_or_else(|error| Some(Parsed { batch: Batch::default(), error: Some(error), left_out: 0 }))
    }

    /// The same as one loop of machine code.
    #[cfg(feature = "jit")]
    fn try_fused(&self, host: &HostRows, rows: Range<usize>, scratch: &mut Scratch) -> Result<Option<Batch>, RunError> {
        // While it runs, nobody looks whether the run must stop.
        if rows.len() > MORSEL_ROWS {
            return Ok(None);
        }
        let fields = (0..self.segment.inputs.len()).map(|column| host.field(column));
        let Some(mut fields) = fields.collect::<Option<Vec<Strided>>>() else { return Ok(None) };
        let Some(fused) = self.fused(&fields) else { return Ok(None) };
        fields.iter_mut().for_each(|field| *field = field.from(rows.start));
        let stored = scratch.stored(fused.outputs.len(), rows.len());
        let Some(passed) = fused.run(&fields, rows.len(), stored) else { return Ok(None) };
        self.watch.spend(rows.len() as u64)?;
        self.passing.count(rows.len(), passed);
        let columns = fused
            .outputs
            .iter()
            .zip(stored)
            .map(|(kind, words)| crate::batch::Column::of_words(kind, &words[..passed]));
        Ok(Some(Batch::new(passed, columns.collect())))
    }

    #[cfg(not(feature = "jit"))]
    fn try_fused(&self, _: &HostRows, _: Range<usize>, _: &mut Scratch) -> Result<Option<Batch>, RunError> {
        Ok(None)
    }

    /// That loop, if there is one.
    #[cfg(feature = "jit")]
    fn fused(&self, fields: &[Strided]) -> Option<&Fused> {
        /// So many rows are worth making it for.
        const MANY_ROWS: usize = 100_000;
        let rows = fields.first().map_or(0, |field| field.rows());
        if self.left_out.is_some() {
            return None;
        }
        let worth_it = match self.executor {
            Executor::Jit => true,
            Executor::Auto => rows >= MANY_ROWS,
            Executor::Vector | Executor::Reference => return None,
        };
        let layouts = || fields.iter().map(|field| field.layout()).collect::<Vec<_>>();
        let make = || self.env.native?.get(self.segment, &layouts(), self.env.plan, worth_it);
        self.fused.get_or_init(make).as_deref()
    }

    fn try_early(&self, host: &HostRows, rows: Range<usize>, scratch: &mut Scratch) -> Result<Option<Batch>, RunError> {
        let Some((Early { filters, rest }, watch)) = self.early() else { return Ok(None) };
        let looked_at = host.gather(&filters.columns, Chosen::All(rows.clone()));
        if !looked_at.faults.is_empty() {
            return Ok(None);
        }
        let kernels = self.kernels_of(filters, &looked_at);
        let functions = &self.env.registry.functions;
        let leaves = kernels.leaves();
        let passed = vector::Task::new(leaves, &kernels.program, functions, self.watch).passed(&looked_at, scratch)?;
        let Some(passed) = passed else { return Ok(None) };
        self.passing.count(rows.len(), passed.len());
        let passed = host.gather(&rest.columns, Chosen::Some(rows.start, &passed));
        if !passed.faults.is_empty() {
            return Ok(None);
        }
        match self.execute(self.kernels_of(rest, &passed), &passed, scratch, watch)? {
            Outcome::Done(batch) => Ok(Some(batch)),
            Outcome::Failed => Ok(None),
        }
    }

    /// The segment in two parts, and the watch of the second, if there is something that the first does not look at.
    fn early(&self) -> Option<&(Early, Watch)> {
        let make = || {
            let unpaid = Watch { fuel: None, ..self.watch.clone() };
            Early::of(self.segment, self.env.plan)
                .filter(Early::leaves_some)
                .filter(|_| self.left_out.is_none())
                .map(|early| (early, unpaid))
        };
        self.early.get_or_init(make).as_ref()
    }

    /// Whether it begins with filters that do not look at all that is read.
    pub fn begins_with_filters(&self) -> bool {
        self.early().is_some()
    }

    /// Runs it on a piece of a file. What the filters do not look at is read of few rows if few pass.
    pub fn run_by_columns(&self, piece: &dyn ByColumns, scratch: &mut Scratch) -> Parsed {
        let made = self.try_by_columns(piece, scratch);
        let (batch, own) = made.unwrap_or_else(|error| (Batch::default(), Some(error)));
        let (error, left_out) = piece.end();
        Parsed { batch, error: own.or(error), left_out }
    }

    fn try_by_columns(
        &self,
        piece: &dyn ByColumns,
        scratch: &mut Scratch,
    ) -> Result<(Batch, Option<RunError>), RunError> {
        let Some((Early { filters, rest }, unpaid)) = self.early() else { unreachable!("who asks has looked") };
        let looked_at = piece.read(&filters.columns, None)?;
        let passed = match looked_at.faults.is_empty() {
            true => {
                let kernels = self.kernels_of(filters, &looked_at);
                let (leaves, functions) = (kernels.leaves(), &self.env.registry.functions);
                vector::Task::new(leaves, &kernels.program, functions, self.watch).passed(&looked_at, scratch)?
            }
            false => None,
        };
        let others: Vec<usize> = (0..self.segment.inputs.len()).filter(|at| !filters.columns.contains(at)).collect();
        let whole = || Ok(looked_at.clone().beside(&filters.columns, piece.read(&others, None)?, &others));
        let mut all = None;
        if let Some(passed) = passed {
            let chosen = match piece.are_few(passed.len()) {
                true => piece.read(&rest.columns, Some(&passed))?,
                false => {
                    let wanted = all.insert(whole()?).of_columns(&rest.columns);
                    if passed.len() < wanted.rows { wanted.repeated(&passed) } else { wanted }
                }
            };
            if chosen.faults.is_empty() {
                let kernels = self.kernels_of(rest, &chosen);
                if let Outcome::Done(made) = self.execute(kernels, &chosen, scratch, unpaid)? {
                    return Ok((made, None));
                }
            }
        }
        self.try_run(&all.map_or_else(whole, Ok)?, scratch, unpaid)
    }

    fn kernels_of<'p>(&self, part: &'p Part, batch: &Batch) -> &'p Kernels {
        self.kernels(&part.variants, &part.segment, batch)
    }

    /// The kernels of a segment for a batch.
    fn kernels<'p>(&self, variants: &'p Variants, segment: &Segment, batch: &Batch) -> &'p Kernels {
        let looked_at = if fault::is(Fault::NullFreeKernel) { 1 } else { batch.columns.len() };
        let has_nulls = batch.columns.iter().take(looked_at).any(|column| column.has_nulls());
        let kernels = if has_nulls { &variants.with_nulls } else { &variants.without_nulls };
        kernels.get_or_init(|| self.lower(segment, has_nulls))
    }

    fn lower(&self, segment: &Segment, has_nulls: bool) -> Kernels {
        let nulls = vec![has_nulls; segment.inputs.len()];
        let program = Arc::new(lower(segment, self.env.plan, &nulls));
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

    fn execute(
        &self,
        kernels: &Kernels,
        batch: &Batch,
        scratch: &mut Scratch,
        watch: &Watch,
    ) -> Result<Outcome, RunError> {
        vector::Task::new(kernels.leaves(), &kernels.program, &self.env.registry.functions, watch).run(batch, scratch)
    }

    /// How many compilable kernels there are, and how many of them were compiled.
    pub fn compiled(&self) -> (usize, usize) {
        let early = self.early.get().and_then(Option::as_ref);
        let parts = early.iter().flat_map(|(early, _)| [&early.filters.variants, &early.rest.variants]);
        let used = parts.chain([&self.variants]).flat_map(|it| [it.without_nulls.get(), it.with_nulls.get()]);
        used.flatten().fold((0, 0), |(compilable, compiled), kernels| {
            let runs = kernels.program.leaves().count();
            #[cfg(feature = "jit")]
            let done = kernels.compiled.as_ref().map_or(0, |compiled| compiled.code_bytes().len());
            #[cfg(not(feature = "jit"))]
            let done = 0;
            (compilable + runs, compiled + done)
        })
    }
}

impl Kernels {
    /// Who executes its leaves.
    fn leaves(&self) -> &dyn Leaves {
        #[cfg(feature = "jit")]
        if let Some(compiled) = &self.compiled {
            return compiled;
        }
        &vector::Interpreted
    }
}
