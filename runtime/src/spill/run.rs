//! A run: rows in some order in a temporary file.
//!
//! A row stands there as its length, its ordinal, its key, its place and its cells. While runs are merged rows stay the
//! bytes that they are; only those that leave the merge become columns ([`super::gather`]).

use super::file::TemporaryFile;
use super::{codec, unread, unwritten};
use crate::batch::{Batch, Outcome};
use crate::error::{At, Place, RowError, RunError};
use crate::memory::Memory;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, Write};
use std::ops::Range;
use std::sync::Arc;

/// How much of a run is in memory while it is written or read.
const BUFFER: usize = 16 << 10;

/// The tag of a cell that is a fault; codec's tags of values are smaller.
const FAULT: u8 = 255;

/// What stands before the place of a row.
const NO_PLACE: u8 = 0;
const ON_LINE: u8 = 1;
const IN_ROW: u8 = 2;

/// Writes a run, row by row, in order.
#[derive(Debug)]
pub struct RunWriter {
    memory: Memory,
    out: BufWriter<TemporaryFile>,
    row: Vec<u8>,
    length: Vec<u8>,
    told: Told,
    rows: u64,
}

/// What rows mention by number.
#[derive(Debug, Default)]
struct Told {
    errors: Vec<Arc<RowError>>,
    files: Vec<Arc<str>>,
}

impl RunWriter {
    /// An empty run.
    pub fn new(memory: &Memory) -> Result<RunWriter, RunError> {
        let out = BufWriter::with_capacity(BUFFER, TemporaryFile::new(memory)?);
        Ok(RunWriter {
            memory: memory.clone(),
            out,
            row: Vec::new(),
            length: Vec::new(),
            told: Told::default(),
            rows: 0,
        })
    }

    /// Writes a row of a batch.
    pub fn write(&mut self, key: &[u8], ordinal: u64, batch: &Batch, row: usize) -> Result<(), RunError> {
        if batch.columns.iter().any(|column| column.is_opaque(row)) {
            return Err(self.memory.exceeded("a table with values of the host, which cannot go to disk,"));
        }
        self.begin(key, ordinal, batch.origin.as_ref().and_then(|origin| origin.place(row)).as_ref());
        if batch.faults.is_empty() {
            batch.columns.iter().for_each(|column| codec::write_cell(&mut self.row, column, row));
        } else {
            (0..batch.columns.len()).for_each(|column| self.cell(&batch.outcome(row, column)));
        }
        self.end()
    }

    /// Writes a row that was read from another run.
    pub(super) fn copy(&mut self, record: &Record, run: &RunReader) -> Result<(), RunError> {
        if self.rows == 0 {
            self.told.files.clone_from(&run.told.files);
        }
        if run.told.errors.is_empty() && self.told.files.starts_with(&run.told.files) {
            self.row.clone_from(&record.bytes);
            return self.end();
        }
        let mut rest = record.rest();
        let place = run.place(&mut rest).map_err(|error| unread(&error))?;
        self.begin(record.key(), record.ordinal, place.as_ref());
        while !rest.is_empty() {
            let cell = match run.fault(&mut rest).map_err(|error| unread(&error))? {
                Some(error) => Err(error.clone()),
                None => Ok(codec::read(&mut rest).map_err(|error| unread(&error))?),
            };
            self.cell(&cell);
        }
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
        // The file of the row before is the one of most.
        let known = self.told.files.iter().rposition(|file| *file == place.file);
        let file = known.unwrap_or(self.told.files.len());
        if known.is_none() {
            self.told.files.push(place.file.clone());
        }
        self.row.push(tag);
        codec::write_number(&mut self.row, at);
        codec::write_number(&mut self.row, file as u64);
    }

    fn cell(&mut self, cell: &Outcome) {
        match cell {
            Ok(value) => codec::write(&mut self.row, value),
            Err(error) => {
                self.row.push(FAULT);
                codec::write_number(&mut self.row, self.told.errors.len() as u64);
                self.told.errors.push(error.clone());
            }
        }
    }

    fn end(&mut self) -> Result<(), RunError> {
        self.rows += 1;
        self.length.clear();
        codec::write_number(&mut self.length, self.row.len() as u64);
        let written = self.out.write_all(&self.length).and_then(|()| self.out.write_all(&self.row));
        written.map_err(|error| unwritten(&error))
    }

    /// The run, to be read.
    pub fn finish(self) -> Result<Run, RunError> {
        let file = self.out.into_inner().map_err(|error| unwritten(error.error()))?;
        Ok(Run { file, told: self.told, rows: self.rows })
    }
}

/// A run that is complete.
#[derive(Debug)]
pub struct Run {
    file: TemporaryFile,
    told: Told,
    rows: u64,
}

impl Run {
    /// Reads it from its first row on.
    pub(super) fn open(mut self) -> Result<RunReader, RunError> {
        self.file.rewind().map_err(|error| unread(&error))?;
        Ok(RunReader { input: BufReader::with_capacity(BUFFER, self.file), told: self.told, left: self.rows })
    }
}

/// Reads a run, row by row.
#[derive(Debug)]
pub(super) struct RunReader {
    input: BufReader<TemporaryFile>,
    told: Told,
    left: u64,
}

/// A row of a run, as it stands there.
#[derive(Debug, Default)]
pub(super) struct Record {
    bytes: Vec<u8>,
    /// What it is ordered by behind its key.
    pub ordinal: u64,
    key: Range<usize>,
}

impl Record {
    /// What it is ordered by, bytewise.
    pub fn key(&self) -> &[u8] {
        &self.bytes[self.key.clone()]
    }

    /// Its place and its cells.
    pub fn rest(&self) -> &[u8] {
        &self.bytes[self.key.end..]
    }
}

impl RunReader {
    /// Puts the next row into `record`, unless this is the end.
    pub fn read(&mut self, record: &mut Record) -> Result<bool, RunError> {
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        self.read_row(record).map_err(|error| unread(&error))?;
        Ok(true)
    }

    fn read_row(&mut self, record: &mut Record) -> io::Result<()> {
        let length = codec::read_number(|| {
            let mut byte = [0];
            self.input.read_exact(&mut byte).map(|()| byte[0])
        })?;
        record.bytes.resize(length as usize, 0);
        self.input.read_exact(&mut record.bytes)?;
        let mut bytes = record.bytes.as_slice();
        record.ordinal = u64::from_le_bytes(codec::array(&mut bytes)?);
        let length = codec::slice(&mut bytes)?.len();
        let end = record.bytes.len() - bytes.len();
        record.key = end - length..end;
        Ok(())
    }

    /// Where a row stands in a file, if that is known; `bytes` go on with its cells.
    pub fn place(&self, bytes: &mut &[u8]) -> io::Result<Option<Place>> {
        let tag = u8::from_le_bytes(codec::array(bytes)?);
        if tag == NO_PLACE {
            return Ok(None);
        }
        let at = codec::number(bytes)?;
        let file = self.told.files.get(codec::number(bytes)? as usize);
        let at = if tag == ON_LINE { At::Line(at) } else { At::Row(at) };
        Ok(Some(Place { file: file.ok_or(ErrorKind::InvalidData)?.clone(), at }))
    }

    /// What the next cell is, if it is a fault; `bytes` go on behind that.
    pub fn fault(&self, bytes: &mut &[u8]) -> io::Result<Option<&Arc<RowError>>> {
        let Some((&FAULT, rest)) = bytes.split_first() else { return Ok(None) };
        *bytes = rest;
        let error = self.told.errors.get(codec::number(bytes)? as usize);
        Ok(Some(error.ok_or(ErrorKind::InvalidData)?))
    }
}
