//! The ends of pipelines: one operator for each worker, brought together when all rows are through.

use super::free::free;
use super::pipeline::{self, End};
use super::run::Results;
use super::{Environment, Options};
use crate::batch::Batch;
use crate::error::RunError;
use crate::limits::Watch;
use crate::memory::Share;
use crate::spill::Rows;
use crate::stages::aggregate::{self, Groups, Piece, Shard, Sharding, Tables};
use crate::stages::join::{self, Builder, Built, JoinTable, PartedTable, Parter};
use crate::stages::sort::{Entry, Sorter};
use crate::stages::window::{self, Made, Windower};
use pipelang_lang::ir::{Reduction, WindowFunction};
use pipelang_lang::ty::Kind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The least rows that a worker takes at once of a window whose rows are all there.
const ROWS_OF_PIECE: usize = 8192;

/// The rows of a sort that are put into their order without a look whether the run must stop.
const ROWS_OF_GATHERED: usize = 1 << 19;

/// The rows that an operator takes without a look whether the run must stop.
const ROWS_OF_PUSH: usize = 8192;

/// The groups that are put into their order without a look whether the run must stop.
const ROWS_OF_GROUPS: usize = 1 << 16;

/// What a pipeline gives to those behind it.
pub enum Given {
    /// Rows.
    Rows(Rows),
    /// Rows, and why there are no more.
    Broken(Rows, RunError),
    /// Rows that are looked for.
    Table(Arc<JoinTable>),
    /// The same, on disk.
    Parted(Box<PartedTable>),
    /// Rows that look for matches there, and why there are no more.
    Left(Box<Parter>, Option<RunError>),
}

impl Given {
    /// The same rows with an error behind them.
    pub fn broken(self, error: RunError) -> Given {
        match self {
            Given::Rows(rows) => Given::Broken(rows, error),
            Given::Left(rows, None) => Given::Left(rows, Some(error)),
            given @ (Given::Broken(..) | Given::Table(_) | Given::Parted(_) | Given::Left(_, Some(_))) => given,
        }
    }
}

/// The end of a pipeline on one worker.
pub enum Operator {
    Output,
    Group(Groups),
    Sort(Sorter),
    Window(Windower),
    Table(Builder),
    Part(Parter),
    /// Rows in order, and the table that they were joined to.
    Full {
        rows: Sorter,
        table: Option<Arc<JoinTable>>,
        left: Vec<Kind>,
    },
}

impl Operator {
    /// One for each of so many workers.
    pub fn several(
        workers: usize,
        env: &Environment,
        end: &End,
        results: &Results,
        options: &Options,
    ) -> impl Iterator<Item = Operator> {
        let sharding = Sharding::new(workers, options.morsel_rows.unwrap_or(ROWS_OF_PUSH));
        (0..workers).map(move |_| Operator::new(env, end, results, options.watch.memory.share(workers), &sharding))
    }

    /// One that holds no more than `share`.
    fn new(env: &Environment, end: &End, results: &Results, share: Share, sharding: &Sharding) -> Operator {
        match end {
            End::Output | End::State => Operator::Output,
            End::Aggregate(aggregate) => {
                let types =
                    |r: &Reduction| r.arguments.iter().map(|argument| env.plan.exprs.ty(*argument).clone()).collect();
                let layout = aggregate::Layout {
                    argument_types: aggregate.reductions.iter().map(types).collect(),
                    starts: aggregate.reductions.iter().map(|r| env.registry.reducers.get(r.reducer).start).collect(),
                    reductions: aggregate.reductions.clone(),
                    keys: aggregate.keys,
                };
                // Its groups stay while those of the parts on disk are made.
                Operator::Group(Groups::new(layout, share.halved(), sharding.clone()))
            }
            End::Sort { descending, limit } => Operator::Sort(Sorter::new(descending.clone(), *limit, share)),
            End::Kept => Operator::Sort(Sorter::new(Vec::new(), None, share)),
            End::Window(window) => Operator::Window(Windower::new(layout(env, window), share)),
            End::Table(table) => {
                let layout = join::Layout {
                    comparisons: table.comparisons.clone(),
                    nearest: table.nearest,
                    carried: table.carried,
                    unique: table.unique,
                };
                Operator::Table(Builder::new(layout, share))
            }
            End::Part { table, left } => match &results[*table] {
                Ok(Given::Parted(table)) => Operator::Part(table.parter(left)),
                _ => unreachable!("rows are parted only where the table is"),
            },
            End::Full { table, left } => {
                let table = match &results[*table] {
                    Ok(Given::Table(table)) => Some(table.clone()),
                    Ok(_) | Err(_) => None,
                };
                Operator::Full { rows: Sorter::new(Vec::new(), None, share), table, left: left.clone() }
            }
        }
    }

    /// Takes rows whose ordinals are `first_ordinal ..`.
    pub fn push(&mut self, first_ordinal: u64, batch: Batch, watch: &Watch) -> Result<(), RunError> {
        if batch.rows == 0 {
            // What ended at its first row may not even have columns.
            return Ok(());
        }
        if batch.rows <= ROWS_OF_PUSH {
            return self.push_few(first_ordinal, batch, watch);
        }
        for start in (0..batch.rows).step_by(ROWS_OF_PUSH) {
            watch.check()?;
            let few = batch.slice(start, ROWS_OF_PUSH.min(batch.rows - start));
            self.push_few(first_ordinal + start as u64, few, watch)?;
        }
        Ok(())
    }

    fn push_few(&mut self, first_ordinal: u64, batch: Batch, watch: &Watch) -> Result<(), RunError> {
        match self {
            Operator::Output => unreachable!("output is encoded, not pushed"),
            Operator::Group(groups) => groups.push(first_ordinal, batch, watch),
            Operator::Sort(sorter) | Operator::Full { rows: sorter, .. } => sorter.push(first_ordinal, batch, watch),
            Operator::Window(windower) => windower.push(first_ordinal, batch, watch),
            Operator::Table(builder) => builder.push(first_ordinal, batch, watch),
            Operator::Part(parter) => parter.push(first_ordinal, &batch),
        }
    }

    /// Takes over what another worker has.
    pub fn merge(&mut self, other: Operator, watch: &Watch) -> Result<(), RunError> {
        match (self, other) {
            (Operator::Output, Operator::Output) => {}
            (Operator::Group(mine), Operator::Group(theirs)) => mine.merge(theirs),
            (
                Operator::Sort(mine) | Operator::Full { rows: mine, .. },
                Operator::Sort(theirs) | Operator::Full { rows: theirs, .. },
            ) => return mine.merge(theirs, watch),
            (Operator::Window(mine), Operator::Window(theirs)) => mine.merge(theirs),
            (Operator::Table(mine), Operator::Table(theirs)) => mine.merge(theirs),
            (Operator::Part(mine), Operator::Part(theirs)) => mine.merge(theirs),
            (Operator::Output | Operator::Group(_) | Operator::Sort(_) | Operator::Window(_), _)
            | (Operator::Table(_) | Operator::Part(_) | Operator::Full { .. }, _) => {
                unreachable!("all workers have the same operator")
            }
        }
        Ok(())
    }

    /// An error of the operator's own among the rows whose ordinals are below `end`: it comes before the one that ended
    /// the rows.
    pub fn earlier_error(self, end: u64, watch: &Watch) -> Option<RunError> {
        match self {
            Operator::Table(builder) => builder.duplicate(end, watch),
            Operator::Window(windower) => windower.out_of_order(end, watch),
            Operator::Output | Operator::Group(_) | Operator::Sort(_) | Operator::Part(_) | Operator::Full { .. } => {
                None
            }
        }
    }

    /// Forgets the rows whose ordinals are not below `end`, where rows go on in spite of an error: workers take morsels
    /// behind one that failed, too.
    pub fn cut(&mut self, end: u64) {
        match self {
            Operator::Sort(sorter) => sorter.cut(end),
            Operator::Part(parter) => parter.cut(end),
            Operator::Output
            | Operator::Group(_)
            | Operator::Window(_)
            | Operator::Table(_)
            | Operator::Full { .. } => {}
        }
    }

    /// What all rows give.
    pub fn finish(self, env: &Environment, options: &Options) -> Result<Given, RunError> {
        let rows = match self {
            Operator::Output => Rows::None,
            Operator::Group(groups) => gives(env, options, groups, grouped, |_| Vec::new())?,
            Operator::Sort(sorter) if sorter.has_spilled() => sorter.merged(None, &options.watch)?.into(),
            Operator::Sort(sorter) => gives(env, options, sorter, sorted, Sorter::into_batches)?.into(),
            Operator::Window(windower) => gives(env, options, windower, windowed, Windower::into_batches)?,
            Operator::Full { rows, table, left } => {
                let unmatched = table.map(|table| table.unmatched(&left));
                match rows.has_spilled() {
                    true => rows.merged(unmatched, &options.watch)?.into(),
                    false => {
                        let rows = gives(env, options, rows, sorted, Sorter::into_batches)?;
                        rows.into_iter().chain(unmatched).collect::<Vec<_>>().into()
                    }
                }
            }
            Operator::Table(builder) => {
                return Ok(match builder.finish(&options.watch)? {
                    Built::Table(table) => Given::Table(table),
                    Built::Parted(table) => Given::Parted(Box::new(table)),
                });
            }
            Operator::Part(parter) => return Ok(Given::Left(Box::new(parter), None)),
        };
        Ok(Given::Rows(rows))
    }
}

/// What `work` makes of all that an operator holds, which may take long to be freed: with looks what `rest` says is left of
/// it, or behind the caller's back if the run must stop.
fn gives<O: Send + 'static, T>(
    env: &Environment,
    options: &Options,
    mut held: O,
    work: impl FnOnce(&mut O, &Environment, &Options) -> Result<T, RunError>,
    rest: impl FnOnce(O) -> Vec<Batch>,
) -> Result<T, RunError> {
    let made = work(&mut held, env, options);
    match made.is_ok() {
        true => free(rest(held), env.pool, &options.watch),
        false => env.pool.free(held),
    }
    made
}

/// All rows in order.
fn sorted(sorter: &mut Sorter, env: &Environment, options: &Options) -> Result<Vec<Batch>, RunError> {
    let mut entries = sorter.entries(&options.watch)?;
    env.pool.sort(&mut entries, &options.watch, |a, b| sorter.compare(a, b))?;
    sorter.truncate(&mut entries);
    let pieces: Vec<&[Entry]> = entries.chunks(ROWS_OF_GATHERED).collect();
    let take = |piece: &&[Entry]| options.watch.check().map(|()| sorter.take(piece));
    all_made(env, env.pool.map(options.threads, &pieces, take))
}

/// The groups of all workers, in the order of their first rows.
fn grouped(groups: &mut Groups, env: &Environment, options: &Options) -> Result<Rows, RunError> {
    let watch = &options.watch;
    let shards = match groups.shards(watch)? {
        [one] => return one.finish(watch),
        several => several.iter_mut().map(Mutex::new).collect::<Vec<_>>(),
    };
    let table = |shard: &Mutex<&mut Shard>| watch.check().and_then(|()| lock(shard).table(watch));
    let tables = Tables::new(all_made(env, env.pool.map(options.threads, &shards, table))?);
    let pieces = tables.pieces(options.morsel_rows.unwrap_or(ROWS_OF_GROUPS));
    let take = |piece: &Piece| watch.check().map(|()| tables.take(piece));
    let taken = match all_made(env, env.pool.map(options.threads, &pieces, take)) {
        Ok(taken) => taken,
        Err(stopped) => {
            env.pool.free(tables);
            return Err(stopped);
        }
    };
    Ok(taken.into())
}

/// All rows with what the functions of a window make of their groups.
fn windowed(windower: &mut Windower, env: &Environment, options: &Options) -> Result<Rows, RunError> {
    let watch = &options.watch;
    windower.finish(watch, &mut |groups| {
        let pieces = groups.pieces(options.morsel_rows.unwrap_or(ROWS_OF_PIECE));
        let compute = |piece: &window::Piece| groups.compute(piece, &env.registry.reducers, watch);
        let made = groups.made(all_made(env, env.pool.map(options.threads, &pieces, compute))?);
        let parts: Vec<usize> = (0..groups.parts()).collect();
        let finish = |part: &usize| watch.check().map(|()| groups.finish(*part, &made));
        let finished = env.pool.map(options.threads, &parts, finish);
        free(made.into_iter().flat_map(Made::into_batches).collect(), env.pool, watch);
        all_made(env, finished)
    })
}

/// All of them, or the first error; whoever stops a run does not wait until the others are given back one by one.
fn all_made<T: Send + 'static>(env: &Environment, made: Vec<Result<T, RunError>>) -> Result<Vec<T>, RunError> {
    match made.iter().find_map(|made| made.as_ref().err()).cloned() {
        None => Ok(made.into_iter().flatten().collect()),
        Some(error) => {
            env.pool.free(made);
            Err(error)
        }
    }
}

/// What a window has to know of its batches.
fn layout(env: &Environment, window: &pipeline::Window) -> window::Layout {
    let function = |function: &WindowFunction| window::Function {
        kind: function.kind.clone(),
        types: function.kind.demands().iter().map(|expr| env.plan.exprs.ty(*expr).clone()).collect(),
        result: env.plan.column(function.column).ty.clone(),
    };
    window::Layout { functions: window.functions.iter().map(function).collect(), keys: window.keys, on: window.on }
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
