//! Pieces of CSV text to rows: index the fields, check every record, then read only the columns that are wanted.
//!
//! A fast path may give up on any cell; what the cell means is then said by [`cell::read`]. A cell that does not fit
//! becomes a fault of its row and column; a record that breaks the file's structure ends the rows.

use super::dialect::Dialect;
use super::index::{Flaw, Index};
use crate::batch::{Batch, BatchFault, Column, Origin, Records};
use crate::error::{Place, RowError, RowFault, RunError};
use crate::formats::lanes::{self, Lanes};
use crate::formats::{ByColumns, Chunk, Parse, Parsed, cell, decode};
use arrow_array::StringViewArray;
use arrow_array::builder::make_view;
use arrow_buffer::{Buffer, NullBufferBuilder, ScalarBuffer};
use memchr::memchr_iter;
use pipelang_lang::calendar;
use pipelang_lang::codes::{Code, E0502, E0503, E0504};
use pipelang_lang::fault::{self, Fault};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::{Kind, Type};
use std::borrow::Cow;
use std::sync::Arc;

/// A column that is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its position in the file.
    pub position: usize,
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub ty: Type,
    /// Whether the type was inferred.
    pub inferred: bool,
}

/// How to read the pieces of one file.
#[derive(Clone, Debug)]
pub struct CsvParse {
    /// The file as the script names it.
    pub file: Arc<str>,
    /// Where fields and records end.
    pub dialect: Dialect,
    /// How many fields a record has.
    pub arity: usize,
    /// What says how many fields there are: `the header`.
    pub rule: &'static str,
    /// The words that are null.
    pub null_words: Vec<Arc<str>>,
    /// The columns that go out, in order.
    pub columns: Vec<Wanted>,
    /// Whether records that are ragged or no UTF-8 are left out.
    pub skips: bool,
}

impl Parse for CsvParse {
    fn parse(&self, chunk: &Chunk) -> Parsed {
        let mut records = self.records(chunk);
        let all: Vec<usize> = (0..self.columns.len()).collect();
        let (error, left_out) = (records.error.take(), records.index.left_out);
        Parsed { batch: self.rows(&records, &records.index, &all), error, left_out }
    }

    fn by_columns(self: Arc<Self>, chunk: &Chunk) -> Option<Box<dyn ByColumns>> {
        let records = self.records(chunk);
        Some(Box::new(CsvRows { parse: self, records }))
    }
}

/// The records of a piece, which have been found and checked.
struct CheckedRecords {
    chunk: Chunk,
    index: Index,
    /// How many bytes are UTF-8.
    valid: usize,
    /// Why the file cannot be read on.
    error: Option<RunError>,
}

/// The same with how they are read.
struct CsvRows {
    parse: Arc<CsvParse>,
    records: CheckedRecords,
}

impl ByColumns for CsvRows {
    fn rows(&self) -> usize {
        self.records.index.rows()
    }

    fn are_few(&self, rows: usize) -> bool {
        rows * 2 <= self.rows()
    }

    fn read(&self, columns: &[usize], rows: Option<&[u32]>) -> Result<Batch, RunError> {
        Ok(match rows {
            None => self.parse.rows(&self.records, &self.records.index, columns),
            Some(rows) => self.parse.rows(&self.records, &self.records.index.of_rows(rows), columns),
        })
    }

    fn end(&self) -> (Option<RunError>, u64) {
        (self.records.error.clone(), self.records.index.left_out)
    }
}

impl CsvParse {
    fn records(&self, chunk: &Chunk) -> CheckedRecords {
        let checked = |chunk: Chunk, mut index: Index| {
            let (valid, undecodable) = match std::str::from_utf8(&chunk.text) {
                Ok(text) => (text.len(), None),
                Err(error) => (error.valid_up_to(), Some(error.valid_up_to())),
            };
            let error = self.structure_error(&chunk, &mut index, undecodable);
            CheckedRecords { chunk, index, valid, error }
        };
        let Chunk { text, first_line } = chunk;
        if !self.skips {
            return checked(chunk.clone(), Index::new(text, &self.dialect, Some(self.arity)));
        }
        match decode::filled(text, self.dialect.filler()) {
            None => checked(chunk.clone(), Index::leaving_out(text, &self.dialect, self.arity, &[])),
            Some((text, bad)) => {
                let index = Index::leaving_out(&text, &self.dialect, self.arity, &bad);
                checked(Chunk { text, first_line: *first_line }, index)
            }
        }
    }

    /// Some columns of the rows of an index.
    fn rows(&self, records: &CheckedRecords, index: &Index, columns: &[usize]) -> Batch {
        let chunk = &records.chunk;
        let text = std::str::from_utf8(&chunk.text[..records.valid]).expect("it was looked at");
        let piece = Piece { parse: self, chunk, text, index };
        let mut faults = Vec::new();
        let mut made = Vec::with_capacity(columns.len());
        for (at, column) in columns.iter().enumerate() {
            made.push(piece.column(at, &self.columns[*column], &mut faults));
        }
        faults.sort_by_key(|fault| (fault.row, fault.column));
        let (first_line, text, starts) = (chunk.first_line, chunk.text.clone(), index.starts.as_slice().into());
        let origin = Origin { file: self.file.clone(), records: Records::OfText { first_line, text, starts } };
        Batch { rows: index.rows(), columns: made, faults, origin: Some(origin) }
    }

    /// The first record that cannot be read; the index is cut before it.
    fn structure_error(&self, chunk: &Chunk, index: &mut Index, undecodable: Option<usize>) -> Option<RunError> {
        if let Some(at) = undecodable {
            let rows = (0..index.rows()).find(|row| index.row_end(*row) > at).unwrap_or(index.rows());
            let is_first = rows < index.rows() || index.flaw.is_none_or(|(start, _)| at < start);
            if is_first {
                let start = index.starts.get(rows).map_or(at, |start| at.min(*start as usize));
                index.truncate(rows);
                return Some(self.broken(chunk, start, E0504, "this record is not UTF-8".into()));
            }
        }
        let (start, flaw) = index.flaw?;
        Some(match flaw {
            Flaw::Unclosed => self.broken(chunk, start, E0503, "a quote in this record is never closed".into()),
            Flaw::Fields(count) => {
                let fields = if count == 1 { "field" } else { "fields" };
                let why = why_ragged(&chunk.text[start..], (count, self.arity), self.dialect.delimiter);
                let message = format!("this record has {count} {fields}, {} {}{why}", self.rule, self.arity);
                self.broken(chunk, start, E0502, message)
            }
        })
    }

    fn broken(&self, chunk: &Chunk, start: usize, code: Code, message: String) -> RunError {
        let line = chunk.first_line + memchr_iter(b'\n', &chunk.text[..start]).count() as u64;
        RunError::Record { code, message, place: Place::line(self.file.clone(), line) }
    }
}

/// What may be the matter with a record of another number of fields than there should be, which begins a text.
pub(crate) fn why_ragged(text: &[u8], (count, arity): (usize, usize), delimiter: u8) -> String {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_there = |sign: &char| *sign as u8 != delimiter && line.contains(&(*sign as u8));
    match [';', '\t', '|'].into_iter().find(is_there) {
        // One column in the header, and in the records what stands between fields in other files.
        Some(sign) if arity == 1 => format!("; perhaps {:?} stands between them", sign.to_string()),
        _ if count > arity => "; perhaps a delimiter in a field is not quoted".to_string(),
        _ => String::new(),
    }
}

/// A piece whose fields are known.
struct Piece<'a> {
    parse: &'a CsvParse,
    chunk: &'a Chunk,
    /// The text as far as it is UTF-8, which all rows of the index are.
    text: &'a str,
    index: &'a Index,
}

impl<'a> Piece<'a> {
    fn column(&self, at: usize, wanted: &Wanted, faults: &mut Vec<BatchFault>) -> Column {
        let mut cells = Cells { piece: self, at, wanted, faults, line: self.chunk.first_line, counted: 0 };
        if let Some(column) = lanes::column(&mut cells, &wanted.ty.kind) {
            return column;
        }
        match &wanted.ty.kind {
            Kind::Duration => {
                let duration = |text: &[u8]| std::str::from_utf8(text).ok().and_then(calendar::parse_duration);
                let (values, nulls) = cells.lanes(0, duration, |value| match value {
                    Scalar::Duration(value) => Some(value),
                    _ => None,
                });
                Column::of_ints(&Kind::Duration, values.into(), nulls.build())
            }
            Kind::String => self.strings(wanted),
            Kind::Int
            | Kind::Float
            | Kind::Bool
            | Kind::Date
            | Kind::DateTime
            | Kind::Bytes
            | Kind::Wide
            | Kind::List(_)
            | Kind::Record(_)
            | Kind::Map(_)
            | Kind::Json
            | Kind::Opaque(_)
            | Kind::Null
            | Kind::Unknown => Column::Null(self.index.rows()),
        }
    }

    /// A column of texts: views of the piece, and of a side block for those that had to be unescaped.
    fn strings(&self, wanted: &Wanted) -> Column {
        const PIECE: u32 = 0;
        const SIDE: u32 = 1;
        let rows = self.index.rows();
        let (mut views, mut nulls) = (Vec::with_capacity(rows), NullBufferBuilder::new(rows));
        let mut side: Vec<u8> = Vec::new();
        let mut is_pinned = false;
        for row in 0..rows {
            let range = self.index.field(row, wanted.position);
            let raw = &self.text[range.clone()];
            let is_empty = raw.is_empty() || raw == "\"\"" && fault::is(Fault::QuotedEmptyNull);
            if is_empty && wanted.ty.nullable {
                views.push(0);
                nulls.append_null();
                continue;
            }
            nulls.append_non_null();
            match self.parse.dialect.content(raw) {
                (Cow::Borrowed(content), quoted) => {
                    let start = range.start + usize::from(quoted);
                    is_pinned |= content.len() > INLINE;
                    views.push(make_view(content.as_bytes(), PIECE, start as u32));
                }
                (Cow::Owned(content), _) => {
                    views.push(make_view(content.as_bytes(), SIDE, side.len() as u32));
                    side.extend_from_slice(content.as_bytes());
                    is_pinned |= content.len() > INLINE;
                }
            }
        }
        // Views of up to 12 bytes hold their text themselves: then nothing keeps the piece in memory.
        let blocks = if is_pinned { vec![self.chunk.text.clone(), Buffer::from_vec(side)] } else { Vec::new() };
        let array = StringViewArray::try_new(ScalarBuffer::from(views), blocks, nulls.build());
        Column::String(array.expect("the views lie in the blocks and are UTF-8"))
    }
}

/// The longest text that a view holds itself.
const INLINE: usize = 12;

/// The cells of one column.
struct Cells<'a, 'b> {
    piece: &'b Piece<'a>,
    at: usize,
    wanted: &'b Wanted,
    faults: &'b mut Vec<BatchFault>,
    /// The line at byte `counted`, carried along so that many faults do not count the same newlines again.
    line: u64,
    counted: usize,
}

impl Lanes for Cells<'_, '_> {
    #[inline]
    fn lanes<T: Copy>(
        &mut self,
        nothing: T,
        quick: impl Fn(&[u8]) -> Option<T>,
        pick: impl Fn(Scalar) -> Option<T>,
    ) -> (Vec<T>, NullBufferBuilder) {
        let rows = self.piece.index.rows();
        let (mut values, mut nulls) = (Vec::with_capacity(rows), NullBufferBuilder::new(rows));
        let bytes = self.piece.chunk.text.as_slice();
        let null_words = self.piece.parse.null_words.iter().map(|word| word.as_bytes());
        let quick_null_words: Vec<&[u8]> = null_words.filter(|word| quick(word).is_some()).collect();
        // The other codes are none of the quick numbers.
        let looks_for_codes = self.wanted.inferred && self.wanted.ty.is_numeric();
        for row in 0..rows {
            let field = &bytes[self.piece.index.field(row, self.wanted.position)];
            let is_null_word = !quick_null_words.is_empty() && quick_null_words.contains(&field);
            let may_be_code = looks_for_codes && cell::has_leading_zero(field.strip_prefix(b"-").unwrap_or(field));
            let value = if is_null_word || may_be_code { None } else { quick(field) };
            let value = value.or_else(|| self.slow(row).and_then(&pick));
            values.push(value.unwrap_or(nothing));
            nulls.append(value.is_some() || !self.wanted.ty.nullable);
        }
        (values, nulls)
    }

    fn of_time(raw: &[u8]) -> Option<&[u8]> {
        Some(raw)
    }
}

impl Cells<'_, '_> {
    /// The meaning of a cell; null also where it does not fit, which is noted as a fault.
    #[cold]
    fn slow(&mut self, row: usize) -> Option<Scalar> {
        let piece = self.piece;
        let raw = &piece.text[piece.index.field(row, self.wanted.position)];
        let (text, quoted) = piece.parse.dialect.content(raw);
        let column = cell::Column { ty: &self.wanted.ty, inferred: self.wanted.inferred };
        match cell::read(&text, quoted, column, &piece.parse.null_words) {
            Some(Scalar::Null) => None,
            Some(value) => Some(value),
            None => {
                let start = piece.index.starts[row] as usize;
                self.line += memchr_iter(b'\n', &piece.chunk.text[self.counted..start]).count() as u64;
                self.counted = start;
                let place = Place::line(piece.parse.file.clone(), self.line);
                let misfit = cell::misfit(&self.wanted.name, &self.wanted.ty, &text, self.wanted.inferred);
                let error = Arc::new(RowError { fault: RowFault::Cell(misfit), place: Some(place) });
                self.faults.push(BatchFault { row: row as u32, column: self.at as u32, error });
                None
            }
        }
    }
}
