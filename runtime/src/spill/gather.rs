//! Rows of runs to columns, a builder for each of them.

use super::Kinds;
use super::codec;
use super::run::{Record, RunReader};
use crate::batch::{Batch, BatchFault, Column, Origin};
use crate::error::Place;
use arrow_array::builder::{
    BooleanBuilder, Date32Builder, DurationMicrosecondBuilder, Float64Builder, Int64Builder, StringViewBuilder,
    TimestampMicrosecondBuilder,
};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Kind;
use std::io;

/// Some rows in order.
#[derive(Debug)]
pub struct Merged {
    /// Their ordinals.
    pub ordinals: Vec<u64>,
    /// Their columns.
    pub batch: Batch,
}

/// Rows on their way from runs to a batch.
pub(super) struct Gather {
    cells: Vec<Cells>,
    faults: Vec<BatchFault>,
    places: Vec<Option<Place>>,
    ordinals: Vec<u64>,
    /// About how many bytes the rows take.
    pub bytes: usize,
}

/// The cells of a column.
enum Cells {
    Bool(BooleanBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
    Date(Date32Builder),
    DateTime(TimestampMicrosecondBuilder),
    Duration(DurationMicrosecondBuilder),
    String(StringViewBuilder),
    /// Of a kind that has no builder.
    Other(Kind, Vec<Scalar>),
}

impl Gather {
    /// No rows yet of columns of these kinds.
    pub fn new(kinds: &Kinds) -> Gather {
        let cells = kinds.get().into_iter().map(Cells::new).collect();
        Gather { cells, faults: Vec::new(), places: Vec::new(), ordinals: Vec::new(), bytes: 0 }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.ordinals.len()
    }

    /// Adds the row of a run.
    pub fn add(&mut self, record: &Record, run: &RunReader) -> io::Result<()> {
        let mut rest = record.rest();
        self.bytes += rest.len();
        self.places.push(run.place(&mut rest)?);
        let row = self.ordinals.len() as u32;
        for (column, cells) in self.cells.iter_mut().enumerate() {
            match run.fault(&mut rest)? {
                Some(error) => {
                    self.faults.push(BatchFault { row, column: column as u32, error: error.clone() });
                    cells.add_null();
                }
                None => cells.add(&mut rest)?,
            }
        }
        self.ordinals.push(record.ordinal);
        Ok(())
    }

    /// The rows, if there are any.
    pub fn finish(self) -> Option<Merged> {
        let Gather { cells, faults, places, ordinals, .. } = self;
        let columns = cells.into_iter().map(Cells::finish).collect();
        let batch = Batch { rows: ordinals.len(), columns, faults, origin: Origin::each(places) };
        (!ordinals.is_empty()).then_some(Merged { ordinals, batch })
    }
}

impl Cells {
    /// There may be thousands of columns and few rows, so that none has room in advance.
    fn new(kind: Kind) -> Cells {
        match kind {
            Kind::Bool => Cells::Bool(BooleanBuilder::with_capacity(0)),
            Kind::Int => Cells::Int(Int64Builder::with_capacity(0)),
            Kind::Float => Cells::Float(Float64Builder::with_capacity(0)),
            Kind::Date => Cells::Date(Date32Builder::with_capacity(0)),
            Kind::DateTime => Cells::DateTime(TimestampMicrosecondBuilder::with_capacity(0)),
            Kind::Duration => Cells::Duration(DurationMicrosecondBuilder::with_capacity(0)),
            Kind::String => Cells::String(StringViewBuilder::with_capacity(0)),
            kind @ (Kind::Wide | Kind::Null | Kind::Unknown | Kind::Bytes | Kind::Json)
            | kind @ (Kind::List(_) | Kind::Record(_) | Kind::Map(_) | Kind::Opaque(_)) => {
                Cells::Other(kind, Vec::new())
            }
        }
    }

    /// Adds the next cell; one of another kind is null.
    fn add(&mut self, bytes: &mut &[u8]) -> io::Result<()> {
        match self {
            Cells::Int(cells) => cells.append_option(codec::read_signed(bytes)?),
            Cells::DateTime(cells) => cells.append_option(codec::read_signed(bytes)?),
            Cells::Duration(cells) => cells.append_option(codec::read_signed(bytes)?),
            Cells::Float(cells) => cells.append_option(codec::read_float(bytes)?),
            Cells::String(cells) => cells.append_option(codec::read_text(bytes)?),
            Cells::Bool(cells) => cells.append_option(match codec::read(bytes)? {
                Scalar::Bool(value) => Some(value),
                _ => None,
            }),
            Cells::Date(cells) => cells.append_option(match codec::read(bytes)? {
                Scalar::Date(value) => Some(value),
                _ => None,
            }),
            Cells::Other(_, cells) => cells.push(codec::read(bytes)?),
        }
        Ok(())
    }

    fn add_null(&mut self) {
        match self {
            Cells::Bool(cells) => cells.append_null(),
            Cells::Int(cells) => cells.append_null(),
            Cells::Float(cells) => cells.append_null(),
            Cells::Date(cells) => cells.append_null(),
            Cells::DateTime(cells) => cells.append_null(),
            Cells::Duration(cells) => cells.append_null(),
            Cells::String(cells) => cells.append_null(),
            Cells::Other(_, cells) => cells.push(Scalar::Null),
        }
    }

    fn finish(self) -> Column {
        match self {
            Cells::Bool(mut cells) => Column::Bool(cells.finish()),
            Cells::Int(mut cells) => Column::Int(cells.finish()),
            Cells::Float(mut cells) => Column::Float(cells.finish()),
            Cells::Date(mut cells) => Column::Date(cells.finish()),
            Cells::DateTime(mut cells) => Column::DateTime(cells.finish()),
            Cells::Duration(mut cells) => Column::Duration(cells.finish()),
            Cells::String(mut cells) => Column::String(cells.finish()),
            Cells::Other(kind, cells) => Column::from_scalars(&kind, &cells),
        }
    }
}
