//! What an operator writes to disk when it may hold no more: runs of rows in some order, and the one order that they make
//! together. A run has no name in any folder, so that nothing is left of it however the process ends (on Unix; elsewhere
//! it is removed when it is closed).

mod codec;
mod merge;
pub mod partitions;

pub use merge::{Merge, Merged, Runs};
pub use partitions::Partitions;

use crate::batch::{Batch, Outcome};
use crate::error::{At, Place, RowError, RunError};
use pipelang_lang::codes::E0702;
use pipelang_lang::ty::Kind;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, Write};
use std::sync::Arc;

/// How much of a run is in memory while it is written or read.
const BUFFER: usize = 64 << 10;

/// The tag of a cell that is a fault; codec's tags of values are smaller.
const FAULT: u8 = 255;

/// What stands before the place of a row.
const NO_PLACE: u8 = 0;
const ON_LINE: u8 = 1;
const IN_ROW: u8 = 2;

/// The rows that an operator gives.
#[derive(Debug, Default)]
pub enum Rows {
    /// There are none.
    #[default]
    None,
    /// They are in memory.
    Batch(Batch),
    /// They are on disk.
    Merge(Box<Merge>),
}

impl From<Option<Batch>> for Rows {
    fn from(batch: Option<Batch>) -> Rows {
        batch.map_or(Rows::None, Rows::Batch)
    }
}

impl From<Merge> for Rows {
    fn from(merge: Merge) -> Rows {
        Rows::Merge(Box::new(merge))
    }
}

/// A row of a run.
#[derive(Debug)]
pub struct Row {
    /// What it is ordered by, bytewise.
    pub key: Box<[u8]>,
    /// And then by this.
    pub ordinal: u64,
    /// Where it stands in a file, if that matters.
    pub place: Option<Place>,
    /// Its cells.
    pub cells: Vec<Outcome>,
}

/// Writes a run, row by row, in order.
#[derive(Debug)]
pub struct RunWriter {
    out: BufWriter<File>,
    row: Vec<u8>,
    errors: Vec<Arc<RowError>>,
    files: Vec<Arc<str>>,
    rows: u64,
}

impl RunWriter {
    /// An empty run.
    pub fn new() -> Result<RunWriter, RunError> {
        let file = tempfile::tempfile().map_err(|error| unwritten(&error))?;
        let out = BufWriter::with_capacity(BUFFER, file);
        Ok(RunWriter { out, row: Vec::new(), errors: Vec::new(), files: Vec::new(), rows: 0 })
    }

    /// Writes a row of a batch.
    pub fn write(&mut self, key: &[u8], ordinal: u64, batch: &Batch, row: usize) -> Result<(), RunError> {
        self.begin(key, ordinal, batch.origin.as_ref().and_then(|origin| origin.place(row)).as_ref());
        for column in 0..batch.columns.len() {
            self.cell(&batch.outcome(row, column));
        }
        self.end()
    }

    /// Writes a row that was read from another run.
    pub fn copy(&mut self, row: &Row) -> Result<(), RunError> {
        self.begin(&row.key, row.ordinal, row.place.as_ref());
        row.cells.iter().for_each(|cell| self.cell(cell));
        self.end()
    }

    fn begin(&mut self, key: &[u8], ordinal: u64, place: Option<&Place>) {
        self.row.clear();
        self.row.extend_from_slice(&ordinal.to_le_bytes());
        codec::write_slice(&mut self.row, key);
        let Some(place) = place else { return self.row.push(NO_PLACE) };
        let (tag, at) = match place.at {
            At::Line(line) => (ON_LINE, line),
            At::Row(row) => (IN_ROW, row),
        };
        let known = self.files.iter().position(|file| *file == place.file);
        let file = known.unwrap_or(self.files.len());
        if known.is_none() {
            self.files.push(place.file.clone());
        }
        self.row.push(tag);
        self.row.extend_from_slice(&at.to_le_bytes());
        self.row.extend_from_slice(&(file as u64).to_le_bytes());
    }

    fn cell(&mut self, cell: &Outcome) {
        match cell {
            Ok(value) => codec::write(&mut self.row, value),
            Err(error) => {
                self.row.push(FAULT);
                self.row.extend_from_slice(&(self.errors.len() as u64).to_le_bytes());
                self.errors.push(error.clone());
            }
        }
    }

    fn end(&mut self) -> Result<(), RunError> {
        self.rows += 1;
        let length = (self.row.len() as u64).to_le_bytes();
        self.out.write_all(&length).and_then(|()| self.out.write_all(&self.row)).map_err(|error| unwritten(&error))
    }

    /// The run, to be read.
    pub fn finish(self) -> Result<RunReader, RunError> {
        let mut file = self.out.into_inner().map_err(|error| unwritten(error.error()))?;
        file.rewind().map_err(|error| unread(&error))?;
        let input = BufReader::with_capacity(BUFFER, file);
        Ok(RunReader { input, row: Vec::new(), errors: self.errors, files: self.files, left: self.rows })
    }
}

/// Reads a run, row by row.
#[derive(Debug)]
pub struct RunReader {
    input: BufReader<File>,
    row: Vec<u8>,
    errors: Vec<Arc<RowError>>,
    files: Vec<Arc<str>>,
    left: u64,
}

impl RunReader {
    /// The next row; none at the end.
    pub fn read(&mut self) -> Result<Option<Row>, RunError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        self.read_row().map(Some).map_err(|error| unread(&error))
    }

    fn read_row(&mut self) -> io::Result<Row> {
        let mut length = [0; 8];
        self.input.read_exact(&mut length)?;
        self.row.resize(u64::from_le_bytes(length) as usize, 0);
        self.input.read_exact(&mut self.row)?;
        let mut bytes = self.row.as_slice();
        let ordinal = u64::from_le_bytes(codec::array(&mut bytes)?);
        let key = codec::slice(&mut bytes)?.into();
        let place = match u8::from_le_bytes(codec::array(&mut bytes)?) {
            NO_PLACE => None,
            tag => {
                let at = u64::from_le_bytes(codec::array(&mut bytes)?);
                let file = self.files.get(u64::from_le_bytes(codec::array(&mut bytes)?) as usize);
                let at = if tag == ON_LINE { At::Line(at) } else { At::Row(at) };
                Some(Place { file: file.ok_or(ErrorKind::InvalidData)?.clone(), at })
            }
        };
        let mut cells = Vec::new();
        while let Some(tag) = bytes.first() {
            if *tag == FAULT {
                bytes = &bytes[1..];
                let error = self.errors.get(u64::from_le_bytes(codec::array(&mut bytes)?) as usize);
                cells.push(Err(error.ok_or(ErrorKind::InvalidData)?.clone()));
            } else {
                cells.push(Ok(codec::read(&mut bytes)?));
            }
        }
        Ok(Row { key, ordinal, place, cells })
    }
}

/// The kinds of the columns of batches that go to disk, as far as they are known: a column may have nothing but nulls for
/// a long time.
#[derive(Clone, Debug, Default)]
pub struct Kinds(Vec<Option<Kind>>);

impl Kinds {
    /// Learns from a batch.
    pub fn learn(&mut self, batch: &Batch) {
        self.0.resize(batch.columns.len(), None);
        for (kind, column) in self.0.iter_mut().zip(&batch.columns) {
            *kind = kind.take().or_else(|| column.kind());
        }
    }

    /// Learns from what others know.
    pub fn merge(&mut self, other: Kinds) {
        if self.0.is_empty() {
            return *self = other;
        }
        for (kind, theirs) in self.0.iter_mut().zip(other.0) {
            *kind = kind.take().or(theirs);
        }
    }

    /// The kinds.
    pub fn get(&self) -> Vec<Kind> {
        self.0.iter().map(|kind| kind.clone().unwrap_or(Kind::Null)).collect()
    }
}

fn unwritten(error: &io::Error) -> RunError {
    let folder = std::env::temp_dir();
    let message = format!("what does not fit into memory cannot be written to `{}`: {error}", folder.display());
    RunError::Outside { code: E0702, message }
}

fn unread(error: &io::Error) -> RunError {
    RunError::Outside { code: E0702, message: format!("what was written to disk cannot be read again: {error}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{BatchFault, Column};
    use crate::error::RowFault;
    use crate::memory::Memory;
    use pipelang_lang::codes::E0601;
    use pipelang_lang::ir::SiteId;
    use pipelang_lang::scalar::{Fault, Scalar};

    fn batch(values: &[i64]) -> Batch {
        let scalars: Vec<Scalar> = values.iter().map(|value| Scalar::Int(*value)).collect();
        Batch::new(values.len(), vec![Column::from_scalars(&Kind::Int, &scalars), Column::Null(values.len())])
    }

    fn run(values: &[i64], first: u64) -> RunReader {
        let mut batch = batch(values);
        let fault = RowFault::Expression { site: SiteId(0), fault: Fault::new(E0601, "x") };
        let error = Arc::new(RowError { fault, place: None });
        batch.faults = vec![BatchFault { row: 0, column: 1, error }];
        let mut writer = RunWriter::new().expect("a file");
        for (row, value) in values.iter().enumerate() {
            writer.write(&value.to_be_bytes(), first + row as u64, &batch, row).expect("written");
        }
        writer.finish().expect("a run")
    }

    #[test]
    fn rows_come_back_in_one_order() {
        // More runs than are merged at once.
        let mut runs = Runs::new(&Memory::default(), None);
        runs.learn(&batch(&[1]));
        (0..200).for_each(|at| runs.add(run(&[at, at + 1, 500], at as u64 * 3)).expect("a merge"));
        let mut merge = runs.into_merge().expect("a merge");
        let (mut values, mut faults) = (Vec::new(), 0);
        while let Some(batch) = merge.next(7).expect("rows") {
            assert!(batch.rows <= 7);
            faults += batch.faults.len();
            values.extend((0..batch.rows).map(|row| batch.columns[0].get(row)));
        }
        let mut expected: Vec<i64> = (0..200).flat_map(|at| [at, at + 1, 500]).collect();
        expected.sort();
        assert_eq!(values, expected.into_iter().map(Scalar::Int).collect::<Vec<_>>());
        assert_eq!(faults, 200);
    }
}
