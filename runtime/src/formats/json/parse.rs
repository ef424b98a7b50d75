//! Pieces of JSON to rows: index the records, then read only the values that are wanted.
//!
//! A fast path may give up on any value; what it means is then said by [`fit`]. A value that does not fit becomes a fault
//! of its row and column; a record that is no JSON ends the rows.

use super::fit;
use super::index::{Index, Keys, MISSING};
use super::options::JsonOptions;
use super::text;
use crate::batch::{Batch, BatchFault, Column, Origin, Records};
use crate::error::{Place, RowError, RowFault, RunError};
use crate::formats::lanes::{self, Lanes};
use crate::formats::{Chunk, Parse, Parsed, decode};
use arrow_array::StringViewArray;
use arrow_array::builder::make_view;
use arrow_buffer::{Buffer, NullBufferBuilder, ScalarBuffer};
use memchr::{memchr, memchr_iter};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::{Kind, Type};
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
        let keys = Keys { is_objects, slots, count: columns.len(), spelling: options.spelling };
        JsonParse { file, keys, layout, columns, skips: options.skips() }
    }
}

impl Parse for JsonParse {
    fn parse(&self, chunk: &Chunk) -> Parsed {
        if self.skips && self.layout == Layout::Lines {
            let filled = decode::filled(&chunk.text, FILLER);
            let (text, bad) = filled.unwrap_or_else(|| (chunk.text.clone(), Vec::new()));
            let index = Index::of_good_lines(&text, &bad, &self.keys);
            return self.parse_records(&Chunk { text, ..*chunk }, index);
        }
        let index = match self.layout {
            Layout::Lines => Index::of_lines(&chunk.text, &self.keys),
            Layout::Items => Index::of_items(&chunk.text, true, self.skips, &self.keys),
            Layout::Value => Index::of_items(&chunk.text, false, self.skips, &self.keys),
        };
        self.parse_records(chunk, index)
    }
}

/// What stands for bytes that are no text, in records that are left out.
const FILLER: u8 = b'?';

impl JsonParse {
    /// The rows of a piece whose records are known.
    fn parse_records(&self, chunk: &Chunk, index: Index) -> Parsed {
        let mut faults = Vec::new();
        let mut columns = Vec::with_capacity(self.columns.len());
        for (at, wanted) in self.columns.iter().enumerate() {
            let (faults, line) = (&mut faults, chunk.first_line);
            columns.push(Cells { parse: self, chunk, index: &index, at, wanted, faults, line, counted: 0 }.column());
        }
        faults.sort_by_key(|fault| (fault.row, fault.column));
        let error = index.broken.as_ref().map(|broken| {
            let line = chunk.first_line + memchr_iter(b'\n', &chunk.text[..broken.start]).count() as u64;
            let place = Place::line(self.file.clone(), line);
            RunError::Record { code: broken.code, message: broken.message.clone(), place }
        });
        let (rows, left_out) = (index.rows(), index.left_out);
        let (first_line, text) = (chunk.first_line, chunk.text.clone());
        let records = Records::OfText { first_line, text, starts: index.starts.into() };
        let origin = Origin { file: self.file.clone(), records };
        Parsed { batch: Batch { rows, columns, faults, origin: Some(origin) }, error, left_out }
    }
}

/// The longest text that a view holds itself.
const INLINE: usize = 12;

/// The values of one column.
struct Cells<'a> {
    parse: &'a JsonParse,
    chunk: &'a Chunk,
    index: &'a Index,
    at: usize,
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
        let span = self.index.spans[row * self.parse.columns.len() + self.at];
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
                let start = self.index.spans[row * self.parse.columns.len() + self.at].0 + 1;
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
