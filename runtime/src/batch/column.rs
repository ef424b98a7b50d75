//! The values of a column, as Arrow arrays where there is a plain one for them.

use super::Values;
use crate::error::RunError;
use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Decimal128Builder, DurationMicrosecondBuilder, Float64Builder, Int64Builder,
    StringViewBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, DurationMicrosecondArray, Float64Array, Int64Array,
    StringViewArray, TimestampMicrosecondArray, UInt32Array,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};
use arrow_select::{filter, interleave, take};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Kind;
use std::sync::Arc;

/// A column of a batch.
#[derive(Clone, Debug)]
pub enum Column {
    /// `bool`
    Bool(BooleanArray),
    /// `int`
    Int(Int64Array),
    /// `float`
    Float(Float64Array),
    /// `string`
    String(StringViewArray),
    /// `date`
    Date(Date32Array),
    /// `datetime`
    DateTime(TimestampMicrosecondArray),
    /// `duration`
    Duration(DurationMicrosecondArray),
    /// A sum of ints before it is checked.
    Wide(Decimal128Array),
    /// Lists, records, maps, JSON or bytes.
    Values(Values),
    /// Nothing but nulls.
    Null(usize),
}

/// Runs an expression with the array inside.
macro_rules! each_array {
    ($column:expr, $array:ident => $value:expr, $length:ident => $null:expr) => {
        match $column {
            Column::Bool($array) => $value,
            Column::Int($array) => $value,
            Column::Float($array) => $value,
            Column::String($array) => $value,
            Column::Date($array) => $value,
            Column::DateTime($array) => $value,
            Column::Duration($array) => $value,
            Column::Wide($array) => $value,
            Column::Values($array) => $value,
            Column::Null($length) => $null,
        }
    };
}

impl Column {
    /// The kind of its values: `json` for all that have no plain Arrow form, nothing where there are only nulls.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Column::Bool(_) => Some(Kind::Bool),
            Column::Int(_) => Some(Kind::Int),
            Column::Float(_) => Some(Kind::Float),
            Column::String(_) => Some(Kind::String),
            Column::Date(_) => Some(Kind::Date),
            Column::DateTime(_) => Some(Kind::DateTime),
            Column::Duration(_) => Some(Kind::Duration),
            Column::Wide(_) => Some(Kind::Wide),
            Column::Values(_) => Some(Kind::Json),
            Column::Null(_) => None,
        }
    }

    /// About how many bytes its values take.
    pub fn size(&self) -> usize {
        let rows = self.len();
        match self {
            Column::Null(_) => 0,
            Column::Bool(_) => rows / 8,
            Column::Date(_) => rows * 4,
            Column::Int(_) | Column::Float(_) | Column::DateTime(_) | Column::Duration(_) => rows * 8,
            Column::Wide(_) => rows * 16,
            Column::String(array) => size_of_texts(array) as usize,
            Column::Values(values) => values.as_slice().iter().map(Scalar::size).sum(),
        }
    }

    /// How many values.
    pub fn len(&self) -> usize {
        each_array!(self, array => array.len(), length => *length)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Which values are there; `None` if all are. (Of a `Null` column: ask [`Column::is_null`].)
    pub fn validity(&self) -> Option<&NullBuffer> {
        each_array!(self, array => array.nulls(), _length => None)
    }

    /// Whether value `row` is null.
    pub fn is_null(&self, row: usize) -> bool {
        each_array!(self, array => array.is_null(row), _length => true)
    }

    /// Whether there is a value of the host in a value.
    pub fn is_opaque(&self, row: usize) -> bool {
        matches!(self, Column::Values(values) if values.value(row).is_opaque())
    }

    /// Whether any value is null.
    pub fn has_nulls(&self) -> bool {
        each_array!(self, array => array.null_count() > 0, length => *length > 0)
    }

    /// The value of a row.
    pub fn get(&self, row: usize) -> Scalar {
        if self.is_null(row) {
            return Scalar::Null;
        }
        match self {
            Column::Bool(array) => Scalar::Bool(array.value(row)),
            Column::Int(array) => Scalar::Int(array.value(row)),
            Column::Float(array) => Scalar::Float(array.value(row)),
            Column::String(array) => Scalar::String(array.value(row).into()),
            Column::Date(array) => Scalar::Date(array.value(row)),
            Column::DateTime(array) => Scalar::DateTime(array.value(row)),
            Column::Duration(array) => Scalar::Duration(array.value(row)),
            Column::Wide(array) => Scalar::Wide(array.value(row)),
            Column::Values(values) => values.value(row).clone(),
            Column::Null(_) => Scalar::Null,
        }
    }

    /// A column of `kind` from single values; each is null or of that kind.
    pub fn from_scalars(kind: &Kind, values: &[Scalar]) -> Column {
        macro_rules! collect {
            ($variant:ident, $array:ident, $scalar:ident) => {
                Column::$variant($array::from_iter(values.iter().map(|value| match value {
                    Scalar::$scalar(x) => Some(x.clone()),
                    _ => None,
                })))
            };
        }
        match kind {
            Kind::Bool => {
                let mut builder = BooleanBuilder::with_capacity(values.len());
                for value in values {
                    builder.append_option(if let Scalar::Bool(b) = value { Some(*b) } else { None });
                }
                Column::Bool(builder.finish())
            }
            Kind::Int => collect!(Int, Int64Array, Int),
            Kind::Float => collect!(Float, Float64Array, Float),
            Kind::Date => collect!(Date, Date32Array, Date),
            Kind::DateTime => collect!(DateTime, TimestampMicrosecondArray, DateTime),
            Kind::Duration => collect!(Duration, DurationMicrosecondArray, Duration),
            Kind::Wide => {
                let values = values.iter().map(|value| if let Scalar::Wide(x) = value { Some(*x) } else { None });
                Column::Wide(wide_array(values.collect::<Decimal128Array>()))
            }
            Kind::String => {
                let mut builder = StringViewBuilder::with_capacity(values.len());
                for value in values {
                    builder.append_option(if let Scalar::String(s) = value { Some(&**s) } else { None });
                }
                Column::String(builder.finish())
            }
            Kind::Null | Kind::Unknown => Column::Null(values.len()),
            Kind::Bytes | Kind::List(_) | Kind::Record(_) | Kind::Map(_) | Kind::Json | Kind::Opaque(_) => {
                Column::Values(Values::new(values.to_vec()))
            }
        }
    }

    /// A column of `kind` (`int`, `float`, `datetime` or `duration`) from 64 bits for each value.
    pub fn of_words(kind: &Kind, words: &[u64]) -> Column {
        match kind {
            Kind::Float => {
                Column::Float(Float64Array::from_iter_values(words.iter().map(|word| f64::from_bits(*word))))
            }
            kind => Column::of_ints(kind, words.iter().map(|word| *word as i64).collect::<Vec<_>>().into(), None),
        }
    }

    /// A column of `kind` (`int`, `datetime` or `duration`) from 64 bits for each value.
    pub fn of_ints(kind: &Kind, values: ScalarBuffer<i64>, nulls: Option<NullBuffer>) -> Column {
        match kind {
            Kind::DateTime => Column::DateTime(TimestampMicrosecondArray::new(values, nulls)),
            Kind::Duration => Column::Duration(DurationMicrosecondArray::new(values, nulls)),
            _ => Column::Int(Int64Array::new(values, nulls)),
        }
    }

    /// Rows `start .. start + length`, without copying.
    pub fn slice(&self, start: usize, length: usize) -> Column {
        match self {
            Column::Bool(array) => Column::Bool(array.slice(start, length)),
            Column::Int(array) => Column::Int(array.slice(start, length)),
            Column::Float(array) => Column::Float(array.slice(start, length)),
            Column::String(array) => Column::String(array.slice(start, length)),
            Column::Date(array) => Column::Date(array.slice(start, length)),
            Column::DateTime(array) => Column::DateTime(array.slice(start, length)),
            Column::Duration(array) => Column::Duration(array.slice(start, length)),
            Column::Wide(array) => Column::Wide(array.slice(start, length)),
            Column::Values(values) => Column::Values(values.slice(start, length)),
            Column::Null(_) => Column::Null(length),
        }
    }

    /// The rows at `rows`, in that order; all are in range, and for a null there is a null.
    pub fn take(&self, rows: &UInt32Array) -> Column {
        match self {
            Column::Null(_) => Column::Null(rows.len()),
            Column::Values(values) => Column::Values(values.rows(rows.iter().map(|row| row.map(|row| row as usize)))),
            _ => Column::of_array(take::take(&*self.array(), rows, None).expect("the rows are in range")),
        }
    }

    /// Rows of several parts, each said by its part and where it is there; the parts are of one kind (or `Null`).
    pub fn interleave(parts: &[&Column], rows: &[(usize, usize)]) -> Column {
        match parts.iter().find(|part| !matches!(part, Column::Null(_))) {
            None => Column::Null(rows.len()),
            Some(Column::Values(_)) => {
                Column::Values(Values::new(rows.iter().map(|(part, row)| parts[*part].get(*row)).collect()))
            }
            // What arrow has for these goes row by row.
            Some(Column::Bool(_)) => {
                Column::Bool(BooleanArray::from_iter(rows.iter().map(|(part, row)| match parts[*part] {
                    Column::Bool(array) => array.is_valid(*row).then(|| array.value(*row)),
                    _ => None,
                })))
            }
            Some(typed) => {
                let null = |length| arrow_array::new_null_array(typed.array().data_type(), length);
                let array = |part: &&Column| if let Column::Null(length) = part { null(*length) } else { part.array() };
                let arrays: Vec<ArrayRef> = parts.iter().map(array).collect();
                let arrays: Vec<&dyn Array> = arrays.iter().map(|array| &**array).collect();
                Column::of_array(interleave::interleave(&arrays, rows).expect("the rows are in their parts"))
            }
        }
    }

    /// The rows for which `mask` is true; it has no nulls.
    pub fn filter(&self, mask: &BooleanArray) -> Column {
        match self {
            Column::Null(_) => Column::Null(mask.true_count()),
            Column::Values(values) => Column::Values(values.rows(mask.values().set_indices().map(Some))),
            _ => Column::of_array(filter::filter(&*self.array(), mask).expect("the mask is as long as the column")),
        }
    }

    /// All rows of all parts, in order; the parts are of one kind (or `Null`).
    pub fn concat(parts: &[&Column]) -> Column {
        Column::concat_while(parts, &|| Ok(())).unwrap_or(Column::Null(0))
    }

    /// The same of very many: before each part `look` says whether to go on.
    pub fn concat_while(parts: &[&Column], look: &dyn Fn() -> Result<(), RunError>) -> Result<Column, RunError> {
        if let [one] = parts {
            return Ok((*one).clone());
        }
        let rows = parts.iter().map(|part| part.len()).sum();
        macro_rules! append {
            ($variant:ident, $builder:expr) => {{
                let mut builder = $builder;
                for part in parts {
                    look()?;
                    match part {
                        Column::$variant(array) => builder.append_array(array),
                        other => (0..other.len()).for_each(|_| builder.append_null()),
                    }
                }
                Column::$variant(builder.finish())
            }};
        }
        Ok(match parts.iter().find(|part| !matches!(part, Column::Null(_))) {
            None => Column::Null(rows),
            Some(Column::Bool(_)) => append!(Bool, BooleanBuilder::with_capacity(rows)),
            Some(Column::Int(_)) => append!(Int, Int64Builder::with_capacity(rows)),
            Some(Column::Float(_)) => append!(Float, Float64Builder::with_capacity(rows)),
            Some(Column::String(_)) => append!(String, StringViewBuilder::with_capacity(rows)),
            Some(Column::Date(_)) => append!(Date, Date32Builder::with_capacity(rows)),
            Some(Column::DateTime(_)) => append!(DateTime, TimestampMicrosecondBuilder::with_capacity(rows)),
            Some(Column::Duration(_)) => append!(Duration, DurationMicrosecondBuilder::with_capacity(rows)),
            Some(Column::Wide(first)) => {
                append!(Wide, Decimal128Builder::with_capacity(rows).with_data_type(first.data_type().clone()))
            }
            Some(Column::Values(_) | Column::Null(_)) => {
                let mut all = Vec::with_capacity(rows);
                for part in parts {
                    look()?;
                    match part {
                        Column::Values(values) => all.extend_from_slice(values.as_slice()),
                        other => all.resize(all.len() + other.len(), Scalar::Null),
                    }
                }
                Column::Values(Values::new(all))
            }
        })
    }

    /// The same values without holding on to buffers of rows that are not here (text is copied, nothing else; not where rows
    /// share it).
    pub fn compact(&self) -> Column {
        match self {
            Column::String(array) if texts_and_buffers(array).0 <= texts_and_buffers(array).1 => {
                Column::String(array.gc())
            }
            Column::Values(values) => Column::Values(values.compact()),
            Column::Bool(_)
            | Column::Int(_)
            | Column::Float(_)
            | Column::Date(_)
            | Column::DateTime(_)
            | Column::Duration(_)
            | Column::Wide(_)
            | Column::String(_)
            | Column::Null(_) => self.clone(),
        }
    }

    /// Of a column of bools: where it is true; null counts as false.
    pub fn truths(&self) -> BooleanBuffer {
        match self {
            Column::Bool(array) => match array.nulls() {
                Some(valid) => array.values() & valid.inner(),
                None => array.values().clone(),
            },
            Column::Int(_)
            | Column::Float(_)
            | Column::String(_)
            | Column::Date(_)
            | Column::DateTime(_)
            | Column::Duration(_)
            | Column::Wide(_)
            | Column::Values(_)
            | Column::Null(_) => BooleanBuffer::new_unset(self.len()),
        }
    }

    /// The column as an Arrow array (shares its buffers).
    fn array(&self) -> ArrayRef {
        match self {
            Column::Bool(array) => Arc::new(array.clone()),
            Column::Int(array) => Arc::new(array.clone()),
            Column::Float(array) => Arc::new(array.clone()),
            Column::String(array) => Arc::new(array.clone()),
            Column::Date(array) => Arc::new(array.clone()),
            Column::DateTime(array) => Arc::new(array.clone()),
            Column::Duration(array) => Arc::new(array.clone()),
            Column::Wide(array) => Arc::new(array.clone()),
            Column::Values(_) => unreachable!("the callers copy such values themselves"),
            Column::Null(length) => Arc::new(arrow_array::NullArray::new(*length)),
        }
    }

    /// The column of an Arrow array of one of our types.
    fn of_array(array: ArrayRef) -> Column {
        let any = array.as_any();
        if let Some(array) = any.downcast_ref::<BooleanArray>() {
            Column::Bool(array.clone())
        } else if let Some(array) = any.downcast_ref::<Int64Array>() {
            Column::Int(array.clone())
        } else if let Some(array) = any.downcast_ref::<Float64Array>() {
            Column::Float(array.clone())
        } else if let Some(array) = any.downcast_ref::<StringViewArray>() {
            Column::String(array.clone())
        } else if let Some(array) = any.downcast_ref::<Date32Array>() {
            Column::Date(array.clone())
        } else if let Some(array) = any.downcast_ref::<TimestampMicrosecondArray>() {
            Column::DateTime(array.clone())
        } else if let Some(array) = any.downcast_ref::<DurationMicrosecondArray>() {
            Column::Duration(array.clone())
        } else if let Some(array) = any.downcast_ref::<Decimal128Array>() {
            Column::Wide(array.clone())
        } else {
            unreachable!("arrow gives back the type that it was given")
        }
    }
}

/// About how many bytes texts take: what rows that are not here have in the same buffers is not theirs.
pub fn size_of_texts(texts: &StringViewArray) -> u64 {
    let (lengths, buffers) = texts_and_buffers(texts);
    (texts.len() * size_of::<u128>()) as u64 + lengths.min(buffers)
}

/// How many bytes all texts have, and the buffers that they stand in, where others may stand too.
fn texts_and_buffers(texts: &StringViewArray) -> (u64, u64) {
    let buffers: usize = texts.data_buffers().iter().map(Buffer::len).sum();
    (texts.lengths().map(u64::from).sum(), buffers as u64)
}

/// An array of sums with the one decimal type that such columns have.
pub fn wide_array(array: Decimal128Array) -> Decimal128Array {
    array.with_precision_and_scale(38, 0).expect("38 digits are allowed")
}
