//! Pieces of JSON to rows: index the records, then read only the values that are wanted.
//!
//! A fast path may give up on any value; what it means is then said by [`fit`]. A value that does not fit becomes a fault
//! of its row and column; a record that is no JSON ends the rows.

use super::fit;
use super::index::{Index, Keys, MISSING};
use super::options::JsonOptions;
use super::strays::{Telling, has_keys};
use super::text;
use crate::batch::{Batch, BatchFault, Column, Origin, Records};
use crate::error::{Place, RowError, RowFault, RunError};
use crate::formats::lanes::{self, Lanes};
use crate::formats::{ByColumns, Chunk, Parse, Parsed, decode};
use crate::tally::StrayCounts;
use arrow_array::StringViewArray;
use arrow_array::builder::make_view;
use arrow_buffer::{Buffer, NullBufferBuilder, ScalarBuffer};
use memchr::{memchr, memchr_iter};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::{Field, Kind, Type};
use std::sync::Arc;

/// A column that is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its name, which is its key.
    pub name: Arc<str>,
    /// Its type.
    pub ty: Type,
    /// Whether the type was inferred.
    pub inferred: bool,
}

/// Where records stand in a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One a line.
    Lines,
    /// Items of a list, with the commas behind them and the bracket behind the last.
    Items,
    /// One alone.
    Value,
}

/// How to read the pieces of one file.
#[derive(Clone, Debug)]
pub struct JsonParse {
    file: Arc<str>,
    keys: Keys,
    layout: Layout,
    columns: Vec<Wanted>,
    /// Whether broken records are left out.
    skips: bool,
}

impl JsonParse {
    /// How to read the columns of a file whose records are objects, or bare values.
    pub fn new(
        file: Arc<str>,
        is_objects: bool,
        layout: Layout,
        columns: Vec<Wanted>,
        options: &JsonOptions,
    ) -> JsonParse {
        let slots = columns.iter().enumerate().map(|(at, wanted)| (wanted.name.clone(), at as u32)).collect();
        let keys = Keys { is_objects, slots, count: columns.len(), spelling: options.spelling, telling: None };
        JsonParse { file, keys, layout, columns, skips: options.skips() }
    }

    /// The same, and it is told of keys other than `columns`, and of those that no type has inside of `fields`.
    pub fn telling<'f>(
        mut self,
        columns: impl Iterator<Item = Arc<str>>,
        fields: impl Iterator<Item = &'f Field>,
        counts: &Arc<StrayCounts>,
    ) -> JsonParse {
        let keys = &mut self.keys;
        let mut inside = Vec::new();
        for field in fields.filter(|field| has_keys(&field.ty)) {
            let slot = *keys.slots.entry(field.name.clone()).or_insert(keys.count as u32);
            keys.count = keys.count.max(slot as usize + 1);
            inside.push((slot, field.name.clone(), field.ty.clone()));
        }
        let (file, counts) = (self.file.clone(), counts.clone());
        keys.telling = Some(Telling { columns: columns.collect(), inside, file, counts });
        self
    }
}

impl Parse for JsonParse {
    fn parse(&self, chunk: &Chunk) -> Parsed {
        let records = self.records(chunk);
        let all: Vec<usize> = (0..self.columns.len()).collect();
        let (error, left_out) = self.end(&records);
        Parsed { batch: self.rows(&records.chunk, &records.index, &all), error, left_out }
    }

    fn by_columns(self: Arc<Self>, chunk: &Chunk) -> Option<Box<dyn ByColumns>> {
        let records = self.records(chunk);
        Some(Box::new(JsonRows { parse: self, records }))
    }
}

/// The records of a piece, which have been found and checked.
struct CheckedRecords {
    chunk: Chunk,
    index: Index,
}

/// The same with how they are read.
struct JsonRows {
    parse: Arc<JsonParse>,
    records: CheckedRecords,
}

impl ByColumns for JsonRows {
    fn rows(&self) -> usize {
        self.records.index.rows()
    }

    fn are_few(&self, rows: usize) -> bool {
        rows * 2 <= self.rows()
    }

    fn read(&self, columns: &[usize], rows: Option<&[u32]>) -> Result<Batch, RunError> {
        let CheckedRecords { chunk, index } = &self.records;
        Ok(match rows {
            None => self.parse.rows(chunk, index, columns),
            Some(rows) => self.parse.rows(chunk, &index.of_rows(rows, self.parse.keys.count), columns),
        })
    }

    fn end(&self) -> (Option<RunError>, u64) {
        self.parse.end(&self.records)
    }
}

/// What stands for bytes that are no text, in records that are left out.
const FILLER: u8 = b'?';

impl JsonParse {
    fn records(&self, chunk: &Chunk) -> CheckedRecords {
        let CheckedRecords { chunk, mut index } = self.indexed(chunk);
        if let Some(telling) = &self.keys.telling {
            telling.counts.merge(std::mem::take(&mut index.strays).behind(chunk.first_line));
        }
        CheckedRecords { chunk, index }
    }

    fn indexed(&self, chunk: &Chunk) -> CheckedRecords {
        let Chunk { text, first_line } = chunk;
        let index = match self.layout {
            Layout::Lines if self.skips => {
                let filled = decode::filled(text, FILLER);
                let (text, bad) = filled.unwrap_or_else(|| (text.clone(), Vec::new()));
                let index = Index::of_good_lines(&text, &bad, &self.keys);
                return CheckedRecords { chunk: Chunk { text, first_line: *first_line }, index };
            }
            Layout::Lines => Index::of_lines(text, &self.keys),
            Layout::Items => Index::of_items(text, true, self.skips, &self.keys),
            Layout::Value => Index::of_items(text, false, self.skips, &self.keys),
        };
        CheckedRecords { chunk: chunk.clone(), index }
    }

    /// Some columns of the rows of an index.
    fn rows(&self, chunk: &Chunk, index: &Index, columns: &[usize]) -> Batch {
        let mut faults = Vec::new();
        let mut made = Vec::with_capacity(columns.len());
        for (at, slot) in columns.iter().enumerate() {
            let (slot, wanted, faults, line) = (*slot, &self.columns[*slot], &mut faults, chunk.first_line);
            made.push(Cells { parse: self, chunk, index, at, slot, wanted, faults, line, counted: 0 }.column());
        }
        faults.sort_by_key(|fault| (fault.row, fault.column));
        let (first_line, text, starts) = (chunk.first_line, chunk.text.clone(), index.starts.as_slice().into());
        let origin = Origin { file: self.file.clone(), records: Records::OfText { first_line, text, starts } };
        Batch { rows: index.rows(), columns: made, faults, origin: Some(origin) }
    }

    /// Why the file cannot be read on behind the records, and how many were left out.
    fn end(&self, CheckedRecords { chunk, index }: &CheckedRecords) -> (Option<RunError>, u64) {
        let error = index.broken.as_ref().map(|broken| {
            let line = chunk.first_line + memchr_iter(b'\n', &chunk.text[..broken.start]).count() as u64;
            let place = Place::line(self.file.clone(), line);
            RunError::Record { code: broken.code, message: broken.message.clone(), place }
        });
        (error, index.left_out)
    }
}

/// The longest text that a view holds itself.
const INLINE: usize = 12;

/// The values of one column.
struct Cells<'a> {
    parse: &'a JsonParse,
    chunk: &'a Chunk,
    index: &'a Index,
    /// Which of the columns that are read it is.
    at: usize,
    /// Which of the columns that are wanted.
    slot: usize,
    wanted: &'a Wanted,
    faults: &'a mut Vec<BatchFault>,
    /// The line at byte `counted`, carried along so that many faults do not count the same newlines again.
    line: u64,
    counted: usize,
}

impl Lanes for Cells<'_> {
    #[inline]
    fn lanes<T: Copy>(
        &mut self,
        nothing: T,
        quick: impl Fn(&[u8]) -> Option<T>,
        pick: impl Fn(Scalar) -> Option<T>,
    ) -> (Vec<T>, NullBufferBuilder) {
        let rows = self.index.rows();
        let (mut values, mut nulls) = (Vec::with_capacity(rows), NullBufferBuilder::new(rows));
        for row in 0..rows {
            let value = self.raw(row).and_then(&quick).or_else(|| pick(self.slow(row)));
            values.push(value.unwrap_or(nothing));
            nulls.append(value.is_some() || !self.wanted.ty.nullable);
        }
        (values, nulls)
    }

    fn of_time(raw: &[u8]) -> Option<&[u8]> {
        unquoted(raw)
    }
}

impl<'a> Cells<'a> {
    fn column(mut self) -> Column {
        let kind = &self.wanted.ty.kind;
        if let Some(column) = lanes::column(&mut self, kind) {
            return column;
        }
        match kind {
            Kind::String => self.strings(),
            Kind::Duration | Kind::Bytes | Kind::List(_) | Kind::Record(_) | Kind::Map(_) | Kind::Json => {
                let values: Vec<Scalar> = (0..self.index.rows()).map(|row| self.slow(row)).collect();
                Column::from_scalars(kind, &values)
            }
            Kind::Int | Kind::Float | Kind::Bool | Kind::Date | Kind::DateTime => Column::Null(self.index.rows()),
            Kind::Wide | Kind::Opaque(_) | Kind::Null | Kind::Unknown => Column::Null(self.index.rows()),
        }
    }

    /// The text of a value; none where the key is missing.
    #[inline]
    fn raw(&self, row: usize) -> Option<&'a [u8]> {
        let span = self.index.spans[row * self.parse.keys.count + self.slot];
        (span != MISSING).then(|| &self.chunk.text.as_slice()[span.0 as usize..span.1 as usize])
    }

    /// A column of texts: views of the piece, and of a side block for those that had to be unescaped.
    fn strings(&mut self) -> Column {
        const PIECE: u32 = 0;
        const SIDE: u32 = 1;
        let rows = self.index.rows();
        let (mut views, mut nulls) = (Vec::with_capacity(rows), NullBufferBuilder::new(rows));
        let mut side: Vec<u8> = Vec::new();
        let mut is_pinned = false;
        for row in 0..rows {
            let plain = self.raw(row).and_then(unquoted).filter(|content| memchr(b'\\', content).is_none());
            if let Some(content) = plain {
                let start = self.index.spans[row * self.parse.keys.count + self.slot].0 + 1;
                is_pinned |= content.len() > INLINE;
                views.push(make_view(content, PIECE, start));
                nulls.append_non_null();
                continue;
            }
            match self.slow(row) {
                Scalar::String(content) => {
                    views.push(make_view(content.as_bytes(), SIDE, side.len() as u32));
                    side.extend_from_slice(content.as_bytes());
                    is_pinned |= content.len() > INLINE;
                    nulls.append_non_null();
                }
                _ => {
                    views.push(0);
                    nulls.append(!self.wanted.ty.nullable);
                }
            }
        }
        // Views of up to 12 bytes hold their text themselves: then nothing keeps the piece in memory.
        let blocks = if is_pinned { vec![self.chunk.text.clone(), Buffer::from_vec(side)] } else { Vec::new() };
        let array = StringViewArray::try_new(ScalarBuffer::from(views), blocks, nulls.build());
        Column::String(array.expect("the views lie in the blocks and are UTF-8"))
    }

    /// The meaning of a value; null also where it does not fit, which is noted as a fault.
    #[inline(never)]
    fn slow(&mut self, row: usize) -> Scalar {
        let raw = self.raw(row).map(|raw| std::str::from_utf8(raw).expect("indexed records are UTF-8"));
        let node = raw.map(|raw| text::parse(raw).expect("indexed values are JSON"));
        match fit::field(node.as_ref(), &self.wanted.ty) {
            Ok(value) => value,
            Err(misfit) => {
                let start = self.index.starts[row] as usize;
                self.line += memchr_iter(b'\n', &self.chunk.text[self.counted..start]).count() as u64;
                self.counted = start;
                let place = Place::line(self.parse.file.clone(), self.line);
                let cell = misfit.of_column(&self.wanted.name, self.wanted.inferred);
                let error = Arc::new(RowError { fault: RowFault::Cell(cell), place: Some(place) });
                self.faults.push(BatchFault { row: row as u32, column: self.at as u32, error });
                Scalar::Null
            }
        }
    }
}

/// What stands between the quotes of a text.
#[inline]
fn unquoted(raw: &[u8]) -> Option<&[u8]> {
    match raw {
        [b'"', content @ .., b'"'] => Some(content),
        _ => None,
    }
}
