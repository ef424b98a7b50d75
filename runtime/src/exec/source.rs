//! The sources of pipelines: each gives morsels, one after the other, and each morsel becomes a batch on the worker that
//! claimed it.

use super::free::free;
use super::parallel::Pool;
use super::passage::Folder;
use super::tables::{self, Chosen, Gather, Opened, Pieces};
use super::{Environment, Options, pipeline};
use crate::batch::{Batch, Column, Records};
use crate::error::RunError;
use crate::formats::{self, Input, MorselSize, Parsed, Piece, ScanRequest, on_error};
use crate::limits::Watch;
use crate::progress::Progress;
use crate::reference::expr::{Evaluator, NoRow};
use crate::spill::{Merge, Rows};
use crate::strided::Strided;
use arrow_array::Int64Array;
use pipelang_lang::catalog::ReadPolicy;
use pipelang_lang::fault::{self, Fault};
use pipelang_lang::ir::{ExprId, Plan, TableId, TableOrigin};
use std::ops::Range;
use std::sync::Arc;

/// Rows of a morsel that is in memory.
pub const MORSEL_ROWS: usize = 65_536;

/// Rows of a morsel of what the host has, which are gathered first: so few stay in the cache of a processor, and their memory
/// is not got from the system each time.
pub const MORSEL_ROWS_OF_HOST: usize = 8_192;

/// The same where a row may have very many values.
pub const MORSEL_ROWS_OF_LISTS: usize = 1_024;

/// Rows of the first morsel of ints, which may be all that is wanted; each of the next has twice as many.
const FIRST_INTS: usize = 1_024;

/// Bytes of a morsel of text.
pub const MORSEL_BYTES: usize = 1 << 20;

/// A piece of a source, small to hand over.
pub enum Morsel {
    /// A piece of a file.
    Piece(Piece),
    /// A range of a bound table.
    Bound(Range<usize>),
    /// Ints: the first and how many.
    Ints(i64, usize),
    /// Rows that are there.
    Batch(Batch),
    /// Rows that are there, and why there are no more.
    Computed(Parsed),
    /// The source failed.
    Failed(RunError),
}

/// A source that is being read.
pub struct Reader<'a> {
    claim: Box<dyn FnMut() -> Option<Morsel> + Send + 'a>,
    /// What all workers do with what is claimed.
    pub load: Arc<Load<'a>>,
    /// Where it reads, if that is a table of the host in memory.
    pub host: Option<HostRows<'a>>,
}

/// A table of the host in memory.
#[derive(Clone)]
pub struct HostRows<'a> {
    name: &'a Arc<str>,
    gather: &'a Gather<'a>,
    columns: Arc<[usize]>,
    #[cfg_attr(not(feature = "jit"), expect(dead_code, reason = "only machine code reads there"))]
    fields: &'a [Option<Strided<'a>>],
}

impl<'a> HostRows<'a> {
    /// Some columns, by their positions among those that are read, of some rows.
    pub fn gather(&self, columns: &[usize], rows: Chosen) -> Batch {
        let columns: Vec<usize> = columns.iter().map(|at| self.columns[*at]).collect();
        let records = match &rows {
            Chosen::All(range) => Records::From(range.start as u64 + 1),
            Chosen::Some(start, rows) => {
                Records::Numbered(rows.iter().map(|row| *start as u64 + u64::from(*row) + 1).collect())
            }
        };
        (self.gather)(&columns, rows).of_input(self.name.clone(), records)
    }

    /// Where a column lies, by its position among those that are read, if it lies anywhere as it is.
    #[cfg(feature = "jit")]
    pub fn field(&self, column: usize) -> Option<Strided<'a>> {
        self.fields[*self.columns.get(column)?]
    }
}

/// Makes rows of a morsel.
pub type Load<'a> = dyn Fn(Morsel) -> Parsed + Send + Sync + 'a;

impl<'a> Reader<'a> {
    /// The next morsel; called by one worker at a time.
    pub fn claim(&mut self) -> Option<Morsel> {
        (self.claim)()
    }

    /// Opens the source of a pipeline. A morsel in memory has `rows` rows; `given` is what an earlier pipeline gave.
    pub fn open(
        env: &Environment<'a>,
        source: &pipeline::Source,
        options: &'a Options,
        rows: usize,
        given: Rows,
    ) -> Result<Reader<'a>, RunError> {
        let mut reader = match source {
            pipeline::Source::Scan { table, columns } => scan(env, *table, columns.clone(), options, rows)?,
            pipeline::Source::Range { start, end } => ints(*start, end.unwrap_or(i64::MAX), rows),
            pipeline::Source::Values { rows: values } => in_memory(constants(env, values, &options.watch), rows),
            pipeline::Source::Iterate(states) => iterate(Folder::new(env, *states, &options.watch)?, rows),
            pipeline::Source::Result(_) => match given {
                Rows::None => in_memory(None, rows),
                Rows::Batches(batches) => given_by(Given { batches, pool: env.pool, watch: &options.watch }, rows),
                Rows::Merge(merge) => on_disk(*merge, rows),
            },
        };
        if !matches!(source, pipeline::Source::Result(_)) {
            reader.count_rows(&options.progress);
        }
        Ok(reader)
    }

    /// Counts the rows that are loaded.
    fn count_rows(&mut self, progress: &Progress) {
        let (load, progress) = (self.load.clone(), progress.clone());
        self.load = Arc::new(move |morsel| {
            let parsed = load(morsel);
            progress.add_rows_read(parsed.batch.rows);
            parsed
        });
    }
}

fn scan<'a>(
    env: &Environment<'a>,
    table: TableId,
    columns: Vec<usize>,
    options: &Options,
    rows: usize,
) -> Result<Reader<'a>, RunError> {
    let plan: &'a Plan = env.plan;
    let table = &plan.tables[table.0 as usize];
    match &table.origin {
        TableOrigin::Bound(name) => {
            let morsel = options.morsel_rows.map_or(MorselSize::Bytes(MORSEL_BYTES), MorselSize::Rows);
            Ok(match tables::open(env, name, &columns, morsel, &options.watch)? {
                Opened::InMemory(all, gather, fields) => {
                    let most = options.morsel_rows.unwrap_or(MORSEL_ROWS_OF_HOST);
                    let host = HostRows { name, gather, columns: columns.into(), fields };
                    let (every, own) = ((0..host.columns.len()).collect::<Vec<_>>(), host.clone());
                    let gather = Box::new(move |range| own.gather(&every, Chosen::All(range)));
                    Reader { host: Some(host), ..bound(all, rows.min(most), gather) }
                }
                Opened::Kept(all, gather) => bound(all, rows, gather),
                Opened::Pieces(pieces) => of_pieces(pieces, options.watch.clone()),
            })
        }
        TableOrigin::File { path, supply, format, options: read_options, inferred, files, checked, telling } => {
            let morsel = options.morsel_rows.map_or(MorselSize::Bytes(MORSEL_BYTES), MorselSize::Rows);
            let request = ScanRequest {
                path: path.clone(),
                input: match env.tables.streams.for_run(*supply, path, &options.watch)? {
                    Some(stream) => Input::take(stream, options.progress.clone()),
                    None => Input::counted(options.progress.clone()),
                }
                .with_longest(options.watch.record_bytes),
                options: read_options.clone(),
                schema: table.schema.clone(),
                columns,
                inferred: *inferred,
                morsel,
                telling: match telling.as_slice() {
                    [] => None,
                    telling => Some((telling.to_vec(), options.tally.begin_strays(table.span, path))),
                },
            };
            let format = formats::by_name(format).ok_or_else(|| RunError::Internal(format!("no format `{format}`")))?;
            let scan = match table.policy() {
                ReadPolicy::Fail => formats::open(format, request, files)?,
                policy => {
                    let counts = options.tally.begin(table.span, path, policy, checked);
                    on_error::open(format, request, files, checked, counts)?
                }
            };
            Ok(of_pieces(scan.0, options.watch.clone()))
        }
    }
}

/// Whether its morsels are those of a table of the host in memory.
pub fn has_small_morsels(env: &Environment, source: &pipeline::Source) -> bool {
    match source {
        pipeline::Source::Scan { table, .. } => match &env.plan.tables[table.0 as usize].origin {
            TableOrigin::Bound(name) => env.tables.is_in_memory(name),
            TableOrigin::File { .. } => false,
        },
        pipeline::Source::Range { .. } | pipeline::Source::Values { .. } => false,
        pipeline::Source::Iterate(_) | pipeline::Source::Result(_) => false,
    }
}

/// A table in memory.
fn bound<'a>(all: usize, rows: usize, gather: Box<dyn Fn(Range<usize>) -> Batch + Send + Sync + 'a>) -> Reader<'a> {
    let mut next = 0;
    Reader {
        claim: Box::new(move || {
            let start = next;
            next = (start + rows).min(all);
            (start < next).then_some(Morsel::Bound(start..next))
        }),
        load: Arc::new(move |morsel| match morsel {
            Morsel::Bound(range) => whole(gather(range)),
            other => load_plain(other),
        }),
        host: None,
    }
}

/// A file, or a stream.
fn of_pieces(mut pieces: Pieces<'_>, watch: Watch) -> Reader<'_> {
    let mut ended = false;
    Reader {
        claim: Box::new(move || {
            if ended {
                return None;
            }
            match pieces() {
                Ok(Some(piece)) => Some(Morsel::Piece(piece)),
                Ok(None) => {
                    ended = true;
                    None
                }
                Err(error) => {
                    ended = true;
                    // Waiting for stdin ends with an error when the run is cancelled.
                    Some(Morsel::Failed(watch.check().err().unwrap_or(error)))
                }
            }
        }),
        load: Arc::new(move |morsel| match morsel {
            Morsel::Piece(piece) => piece.read(),
            other => load_plain(other),
        }),
        host: None,
    }
}

fn ints<'a>(start: i64, end: i64, most: usize) -> Reader<'a> {
    let (mut next, mut rows) = (Some(start), most.min(FIRST_INTS));
    Reader {
        claim: Box::new(move || {
            let first = next.filter(|first| *first <= end)?;
            let left = (end as i128 - first as i128 + 1) as u128;
            let count = left.min(rows as u128) as usize;
            next = first.checked_add(count as i64);
            rows = (rows * 2).min(most);
            Some(Morsel::Ints(first, count))
        }),
        load: Arc::new(|morsel| match morsel {
            Morsel::Ints(first, count) => {
                let values = Int64Array::from_iter_values((0..count as i64).map(|step| first + step));
                whole(Batch::new(count, vec![Column::Int(values)]))
            }
            other => load_plain(other),
        }),
        host: None,
    }
}

/// One value, then as many as there were, unless they are large: nobody waits long for the first, and few are computed that
/// nobody wants.
fn iterate<'a>(mut fold: Folder<'a>, most: usize) -> Reader<'a> {
    let (mut rows, mut given, mut failed) = (1, 0u64, false);
    Reader {
        claim: Box::new(move || {
            if failed {
                return None;
            }
            let (mut values, mut bytes, mut error) = (Vec::with_capacity(rows), 0, None);
            while values.len() < rows && bytes < MORSEL_BYTES && error.is_none() {
                match if given == 0 { Ok(()) } else { fold.step() } {
                    Ok(()) => {
                        bytes += fold.last.share();
                        values.push(fold.last.clone());
                    }
                    Err(first) => error = Some(first),
                }
                given += 1;
            }
            failed = error.is_some();
            rows = (rows * 2).min(most);
            let batch = Batch::new(values.len(), vec![Column::from_scalars(&fold.kind, &values)]);
            Some(Morsel::Computed(Parsed { batch, error, left_out: 0 }))
        }),
        load: Arc::new(load_plain),
        host: None,
    }
}

/// The rows of an earlier pipeline. Whoever stops a run does not wait until all its values are given back one by one.
struct Given<'a> {
    batches: Vec<Batch>,
    pool: &'a Pool,
    watch: &'a Watch,
}

impl Drop for Given<'_> {
    fn drop(&mut self) {
        free(std::mem::take(&mut self.batches), self.pool, self.watch);
    }
}

fn given_by<'a>(given: Given<'a>, rows: usize) -> Reader<'a> {
    let (mut at, mut next) = (0, 0);
    let claim = move || {
        loop {
            let morsel = slice(given.batches.get(at)?, &mut next, rows);
            if morsel.is_some() {
                return morsel;
            }
            (at, next) = (at + 1, 0);
        }
    };
    Reader { claim: Box::new(claim), load: Arc::new(load_plain), host: None }
}

fn in_memory<'a>(batch: Option<Batch>, rows: usize) -> Reader<'a> {
    let mut next = 0;
    let claim = move || slice(batch.as_ref()?, &mut next, rows);
    Reader { claim: Box::new(claim), load: Arc::new(load_plain), host: None }
}

/// The next morsel of a batch.
fn slice(batch: &Batch, next: &mut usize, rows: usize) -> Option<Morsel> {
    let start = *next;
    *next = (start + rows).min(batch.rows);
    let lost = fault::is(Fault::LastMorselLost) && start > 0 && *next - start < rows;
    (start < *next && !lost).then(|| Morsel::Batch(batch.slice(start, *next - start)))
}

fn on_disk<'a>(mut merge: Merge, rows: usize) -> Reader<'a> {
    let mut failed = false;
    Reader {
        claim: Box::new(move || {
            if failed {
                return None;
            }
            let next = merge.next(rows);
            failed = next.is_err();
            next.map(|batch| batch.map(Morsel::Batch)).unwrap_or_else(|error| Some(Morsel::Failed(error)))
        }),
        load: Arc::new(load_plain),
        host: None,
    }
}

fn whole(batch: Batch) -> Parsed {
    Parsed { batch, error: None, left_out: 0 }
}

fn load_plain(morsel: Morsel) -> Parsed {
    match morsel {
        Morsel::Batch(batch) => whole(batch),
        Morsel::Computed(parsed) => parsed,
        Morsel::Failed(error) => Parsed { batch: Batch::default(), error: Some(error), left_out: 0 },
        Morsel::Piece(_) | Morsel::Bound(_) | Morsel::Ints(..) => {
            unreachable!("each source loads its own kind of morsel")
        }
    }
}

/// Constant rows as a batch; what fails is a fault, to be raised on demand.
fn constants(env: &Environment, rows: &[Vec<ExprId>], watch: &Watch) -> Option<Batch> {
    let evaluator = Evaluator::new(env.plan, &env.registry.functions, &env.registry.catalog, watch);
    let first = rows.first()?;
    let results = rows.iter().map(|row| row.iter().map(|expr| evaluator.eval(*expr, &NoRow)).collect()).collect();
    let kinds = first.iter().enumerate().map(|(at, expr)| {
        let others = rows.iter().map(|row| &env.plan.exprs.ty(row[at]).kind);
        let kind = others.clone().find(|kind| **kind != pipelang_lang::ty::Kind::Null);
        kind.unwrap_or(&env.plan.exprs.ty(*expr).kind).clone()
    });
    Some(Batch::of_rows(&kinds.collect::<Vec<_>>(), results, None))
}
