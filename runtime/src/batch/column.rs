//! The values of a column, as Arrow arrays where there is a plain one for them.

use super::Values;
use arrow_array::builder::{BooleanBuilder, StringViewBuilder};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, DurationMicrosecondArray, Float64Array, Int64Array,
    StringViewArray, TimestampMicrosecondArray, UInt32Array,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};
use arrow_select::{concat, filter, take};
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

    /// The rows for which `mask` is true; it has no nulls.
    pub fn filter(&self, mask: &BooleanArray) -> Column {
        match self {
            Column::Null(_) => Column::Null(mask.true_count()),
            Column::Values(values) => Column::Values(values.rows(mask.values().set_indices().map(Some))),
            _ => Column::of_array(filter::filter(&*self.array(), mask).expect("the mask is as long as the column")),
        }
    }

    /// All rows of all parts, in order; the parts are of one kind (or `Null`), and there is at least one.
    pub fn concat(parts: &[&Column]) -> Column {
        let typed = parts.iter().find(|part| !matches!(part, Column::Null(_)));
        let Some(typed) = typed else { return Column::Null(parts.iter().map(|part| part.len()).sum()) };
        if let Column::Values(_) = typed {
            let values = |part: &&Column| match part {
                Column::Values(values) => values.as_slice().to_vec(),
                other => vec![Scalar::Null; other.len()],
            };
            return Column::Values(Values::new(parts.iter().flat_map(values).collect()));
        }
        let arrays: Vec<ArrayRef> = parts
            .iter()
            .map(|part| match part {
                Column::Null(length) => arrow_array::new_null_array(typed.array().data_type(), *length),
                other => other.array(),
            })
            .collect();
        let borrowed: Vec<&dyn Array> = arrays.iter().map(|array| &**array).collect();
        Column::of_array(concat::concat(&borrowed).expect("the parts have one type"))
    }

    /// The same values without holding on to buffers of rows that are not here (text is copied, nothing else).
    pub fn compact(&self) -> Column {
        match self {
            Column::String(array) => Column::String(array.gc()),
            Column::Values(values) => Column::Values(values.compact()),
            Column::Bool(_)
            | Column::Int(_)
            | Column::Float(_)
            | Column::Date(_)
            | Column::DateTime(_)
            | Column::Duration(_)
            | Column::Wide(_)
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
    let lengths: u64 = texts.lengths().map(u64::from).sum();
    let buffers: usize = texts.data_buffers().iter().map(Buffer::len).sum();
    (texts.len() * size_of::<u128>()) as u64 + lengths.min(buffers as u64)
}

/// An array of sums with the one decimal type that such columns have.
pub fn wide_array(array: Decimal128Array) -> Decimal128Array {
    array.with_precision_and_scale(38, 0).expect("38 digits are allowed")
}
