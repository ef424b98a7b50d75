//! The tables that a host binds by name: rows in memory, gathered a range at a time, and streams, which come once.

use super::Environment;
use super::source::MORSEL_BYTES;
use crate::batch::{Batch, Origin, Records};
use crate::error::RunError;
use crate::formats::{MorselSize, Piece, Streams};
use crate::limits::Watch;
use crate::memory::Share;
use crate::strided::Strided;
use pipelang_lang::ty::Schema;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Some rows of a table of the host.
#[derive(Clone, Debug)]
pub enum Chosen<'r> {
    /// All of a range.
    All(Range<usize>),
    /// Some behind a first one: how far behind it each is, in order.
    Some(usize, &'r [u32]),
}

impl Chosen<'_> {
    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            Chosen::All(range) => range.len(),
            Chosen::Some(_, rows) => rows.len(),
        }
    }
}

/// Gathers the columns at these positions for some rows.
pub type Gather<'a> = Box<dyn Fn(&[usize], Chosen) -> Batch + Send + Sync + 'a>;

/// Gives the pieces of a stream, in order; none at its end.
pub type Pieces<'a> = Box<dyn FnMut() -> Result<Option<Piece>, RunError> + Send + 'a>;

/// Opens a stream, for the columns at these positions; a wait for more of it ends when the run must stop.
pub type Stream<'a> = Box<dyn FnOnce(&[usize], MorselSize, &Watch) -> Result<Pieces<'a>, RunError> + Send + 'a>;

/// The tables that a host binds by name, and what it gives to be read.
#[derive(Default)]
pub struct Tables<'a> {
    bound: HashMap<Arc<str>, Bound<'a>>,
    /// What comes once.
    pub streams: Streams,
}

struct Bound<'a> {
    schema: Schema,
    rows: Rows<'a>,
}

enum Rows<'a> {
    InMemory {
        rows: usize,
        gather: Gather<'a>,
        /// Of each column, where it lies as it is.
        fields: Vec<Option<Strided<'a>>>,
    },
    Stream {
        stream: Box<dyn Once + 'a>,
        is_read_once: bool,
        /// All of it, where it is read more than once.
        kept: OnceLock<Result<Kept, RunError>>,
    },
}

/// All of a stream, and the memory that it is counted with.
struct Kept {
    batch: Batch,
    _held: Share,
}

/// A stream that is opened once and then gives its pieces. (A trait, since what lies behind a lock has one lifetime alone, and
/// tables are lent for shorter ones.)
trait Once: Send + Sync {
    fn open(&self, columns: &[usize], morsel: MorselSize, watch: &Watch) -> Result<(), RunError>;

    fn next(&self) -> Result<Option<Piece>, RunError>;
}

enum State<'a> {
    Closed(Stream<'a>),
    Open(Pieces<'a>),
    Taken,
}

impl Once for Mutex<State<'_>> {
    fn open(&self, columns: &[usize], morsel: MorselSize, watch: &Watch) -> Result<(), RunError> {
        let mut state = self.lock().unwrap_or_else(PoisonError::into_inner);
        let State::Closed(open) = std::mem::replace(&mut *state, State::Taken) else { return Err(taken()) };
        *state = State::Open(open(columns, morsel, watch)?);
        Ok(())
    }

    fn next(&self) -> Result<Option<Piece>, RunError> {
        match &mut *self.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Open(pieces) => pieces(),
            State::Closed(_) | State::Taken => Err(taken()),
        }
    }
}

/// A table that is being read.
pub enum Opened<'a> {
    /// So many rows, which a worker gathers, and where each of their columns lies.
    InMemory(usize, &'a Gather<'a>, &'a [Option<Strided<'a>>]),
    /// So many rows that came in a stream.
    Kept(usize, Box<dyn Fn(Range<usize>) -> Batch + Send + Sync + 'a>),
    /// A stream.
    Pieces(Pieces<'a>),
}

impl<'a> Tables<'a> {
    /// Binds a table of `rows` rows; `gather` is called from many threads.
    pub fn bind(&mut self, name: impl Into<Arc<str>>, schema: Schema, rows: usize, gather: Gather<'a>) {
        let fields = vec![None; schema.fields.len()];
        self.bind_fields(name, schema, rows, gather, fields);
    }

    /// The same, where it is known of columns where they lie.
    pub fn bind_fields(
        &mut self,
        name: impl Into<Arc<str>>,
        schema: Schema,
        rows: usize,
        gather: Gather<'a>,
        fields: Vec<Option<Strided<'a>>>,
    ) {
        self.bound.insert(name.into(), Bound { schema, rows: Rows::InMemory { rows, gather, fields } });
    }

    /// Binds a stream. Unless it is read once, it is read whole before the first of its rows is used.
    pub fn bind_stream(&mut self, name: impl Into<Arc<str>>, schema: Schema, stream: Stream<'a>, is_read_once: bool) {
        let rows =
            Rows::Stream { stream: Box::new(Mutex::new(State::Closed(stream))), is_read_once, kept: OnceLock::new() };
        self.bound.insert(name.into(), Bound { schema, rows });
    }

    /// The columns of a table, if it is bound.
    pub fn schema(&self, name: &str) -> Option<&Schema> {
        self.bound.get(name).map(|table| &table.schema)
    }

    /// Whether the rows of a table are there, and come in no stream.
    pub fn is_in_memory(&self, name: &str) -> bool {
        self.bound.get(name).is_some_and(|table| matches!(table.rows, Rows::InMemory { .. }))
    }

    /// Reads streams whole, for the oracle.
    pub fn keep_streams(&self, watch: &Watch) -> Result<(), RunError> {
        self.bound.values().try_for_each(|table| table.kept(watch).map(drop))
    }

    /// All rows of a table, for the oracle, behind [`Tables::keep_streams`].
    pub fn whole(&self, name: &str) -> Option<Batch> {
        let (name, table) = self.bound.get_key_value(name)?;
        let columns: Vec<usize> = (0..table.schema.fields.len()).collect();
        match &table.rows {
            Rows::InMemory { rows, gather, .. } => {
                Some(gather(&columns, Chosen::All(0..*rows)).of_input(name.clone(), Records::From(1)))
            }
            Rows::Stream { kept, .. } => kept.get()?.as_ref().ok().map(|kept| kept.batch.clone()),
        }
    }
}

/// Opens a table for the columns at these positions.
pub fn open<'a>(
    env: &Environment<'a>,
    name: &str,
    columns: &[usize],
    morsel: MorselSize,
    watch: &Watch,
) -> Result<Opened<'a>, RunError> {
    let tables: &'a Tables<'a> = env.tables;
    let table = tables.bound.get(name);
    let table = table.ok_or_else(|| RunError::Internal(format!("the table `{name}` is not bound")))?;
    match &table.rows {
        Rows::InMemory { rows, gather, fields } => Ok(Opened::InMemory(*rows, gather, fields)),
        Rows::Stream { is_read_once: true, stream, .. } => {
            stream.open(columns, morsel, watch)?;
            Ok(Opened::Pieces(Box::new(|| stream.next())))
        }
        Rows::Stream { .. } => {
            let (batch, columns) = (table.kept(watch)?.ok_or_else(taken)?, columns.to_vec());
            Ok(Opened::Kept(batch.rows, Box::new(move |range| part(batch, &columns, range))))
        }
    }
}

/// Some columns of some rows.
fn part(batch: &Batch, columns: &[usize], range: Range<usize>) -> Batch {
    let all = batch.slice(range.start, range.len());
    let faults = all.faults.iter().filter_map(|fault| {
        let column = columns.iter().position(|column| *column == fault.column as usize)?;
        Some(crate::batch::BatchFault { column: column as u32, ..fault.clone() })
    });
    let faults = faults.collect();
    let columns = columns.iter().map(|column| all.columns[*column].clone()).collect();
    Batch { rows: all.rows, columns, faults, origin: all.origin }
}

fn taken() -> RunError {
    RunError::Internal("a stream comes only once".into())
}

impl Bound<'_> {
    /// All of a stream; nothing of what is in memory anyway.
    fn kept(&self, watch: &Watch) -> Result<Option<&Batch>, RunError> {
        let Rows::Stream { kept, stream, .. } = &self.rows else { return Ok(None) };
        match kept.get_or_init(|| self.read(&**stream, watch)) {
            Ok(kept) => Ok(Some(&kept.batch)),
            Err(error) => Err(error.clone()),
        }
    }

    fn read(&self, stream: &dyn Once, watch: &Watch) -> Result<Kept, RunError> {
        let columns: Vec<usize> = (0..self.schema.fields.len()).collect();
        stream.open(&columns, MorselSize::Bytes(MORSEL_BYTES), watch)?;
        let (mut parts, mut held) = (Vec::new(), watch.memory.share(1));
        let stopped = |error| watch.check().err().unwrap_or(error);
        while let Some(piece) = stream.next().map_err(stopped)? {
            watch.check()?;
            let parsed = piece.read();
            if let Some(error) = parsed.error {
                return Err(error);
            }
            if held.add(parsed.batch.size()) {
                held.check_limit("an input that is read more than once")?;
            }
            parts.push(parsed.batch);
        }
        let none = || {
            let kinds: Vec<_> = self.schema.fields.iter().map(|field| field.ty.kind.clone()).collect();
            Batch::of_rows(&kinds, Vec::new(), None)
        };
        let whole = Batch::concat_while(&parts, &|| watch.check())?.unwrap_or_else(none);
        Ok(Kept { batch: Batch { origin: Origin::of_parts(&parts), ..whole }, _held: held })
    }
}
