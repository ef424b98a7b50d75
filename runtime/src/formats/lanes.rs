//! Columns of values that have a lane each, for the formats of text that read by column: a quick reading may refuse any
//! cell, and then the format says what the cell means.

use super::csv::quick;
use crate::batch::Column;
use arrow_array::{BooleanArray, Date32Array, Float64Array, Int64Array};
use arrow_buffer::{BooleanBuffer, NullBufferBuilder};
use pipelang_lang::calendar;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Kind;

/// The cells of one column.
pub trait Lanes {
    /// The values and which of them are there. `quick` may refuse any cell; `pick` takes the value out of a scalar.
    fn lanes<T: Copy>(
        &mut self,
        nothing: T,
        quick: impl Fn(&[u8]) -> Option<T>,
        pick: impl Fn(Scalar) -> Option<T>,
    ) -> (Vec<T>, NullBufferBuilder);

    /// The text of a date or time in a cell, which may be quoted.
    fn of_time(raw: &[u8]) -> Option<&[u8]>;
}

/// A column of numbers, truth values, dates or datetimes; nothing of any other kind.
pub fn column<L: Lanes>(cells: &mut L, kind: &Kind) -> Option<Column> {
    Some(match kind {
        Kind::Int => {
            let (values, nulls) = cells.lanes(0, quick::int, |value| match value {
                Scalar::Int(value) => Some(value),
                _ => None,
            });
            Column::Int(Int64Array::new(values.into(), nulls.build()))
        }
        Kind::Float => {
            let (values, nulls) = cells.lanes(0.0, quick::float, |value| match value {
                Scalar::Float(value) => Some(value),
                _ => None,
            });
            Column::Float(Float64Array::new(values.into(), nulls.build()))
        }
        Kind::Bool => {
            let (values, nulls) = cells.lanes(false, quick::bool, |value| match value {
                Scalar::Bool(value) => Some(value),
                _ => None,
            });
            Column::Bool(BooleanArray::new(BooleanBuffer::from(values), nulls.build()))
        }
        Kind::Date => {
            let date = |raw: &[u8]| L::of_time(raw).and_then(calendar::parse_date);
            let (values, nulls) = cells.lanes(0, date, |value| match value {
                Scalar::Date(value) => Some(value),
                _ => None,
            });
            Column::Date(Date32Array::new(values.into(), nulls.build()))
        }
        Kind::DateTime => {
            let time = |raw: &[u8]| L::of_time(raw).and_then(calendar::parse_datetime);
            let (values, nulls) = cells.lanes(0, time, |value| match value {
                Scalar::DateTime(value) => Some(value),
                _ => None,
            });
            Column::of_ints(kind, values.into(), nulls.build())
        }
        Kind::String
        | Kind::Duration
        | Kind::Bytes
        | Kind::Wide
        | Kind::List(_)
        | Kind::Record(_)
        | Kind::Map(_)
        | Kind::Json
        | Kind::Opaque(_)
        | Kind::Null
        | Kind::Unknown => return None,
    })
}
