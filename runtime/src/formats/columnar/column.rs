//! Arrow arrays as columns. What is the same, or wider, is taken over as a whole; the rest value by value, as are arrays
//! in which some value does not fit.

use super::value::{self, Misfit};
use crate::batch::Column;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, Float64Array, Int64Array, StringViewArray};
use arrow_schema::{DataType, TimeUnit};
use arrow_select::take::take;
use pipelang_lang::scalar::{Scalar, canonical};
use pipelang_lang::ty::{Kind, Type};

/// The column, and the rows whose value does not fit.
pub(super) fn read(array: &ArrayRef, ty: &Type) -> (Column, Vec<(usize, Misfit)>) {
    if ty.kind == Kind::Null {
        // Also of a type that Pipe does not have: then nobody asks for it.
        return (Column::Null(array.len()), Vec::new());
    }
    let has_forbidden_nulls = !ty.nullable && array.is_nullable();
    if !has_forbidden_nulls && let Some(column) = whole(array, ty) {
        return (column, Vec::new());
    }
    let mut misfits = Vec::new();
    let mut value = |row| {
        value::read(array, row, ty).unwrap_or_else(|misfit| {
            misfits.push((row, misfit));
            Scalar::Null
        })
    };
    let scalars: Vec<Scalar> = (0..array.len()).map(&mut value).collect();
    (Column::from_scalars(&ty.kind, &scalars), misfits)
}

/// The array as a whole; none where it has to be looked at value by value.
fn whole(array: &ArrayRef, ty: &Type) -> Option<Column> {
    if array.data_type().is_integer() && ty.kind != Kind::Int {
        return None;
    }
    Some(match array.data_type() {
        DataType::Null => Column::Null(array.len()),
        DataType::Boolean => Column::Bool(array.as_boolean().clone()),
        DataType::Int8 => ints::<Int8Type>(array),
        DataType::Int16 => ints::<Int16Type>(array),
        DataType::Int32 => ints::<Int32Type>(array),
        DataType::UInt8 => ints::<UInt8Type>(array),
        DataType::UInt16 => ints::<UInt16Type>(array),
        DataType::UInt32 => ints::<UInt32Type>(array),
        DataType::Int64 => Column::Int(array.as_primitive::<Int64Type>().clone()),
        DataType::UInt64 => Column::Int(checked::<UInt64Type>(array, |value| i64::try_from(value).ok())?),
        DataType::Float32 => Column::Float(floats::<Float32Type>(array)),
        DataType::Float64 => Column::Float(floats::<Float64Type>(array)),
        DataType::Utf8 => Column::String(StringViewArray::from(array.as_string::<i32>())),
        DataType::LargeUtf8 => Column::String(StringViewArray::from(array.as_string::<i64>())),
        DataType::Utf8View => Column::String(array.as_string_view().clone()),
        DataType::Date32 => Column::Date(array.as_primitive::<Date32Type>().clone()),
        DataType::Timestamp(unit, _) => {
            let micros = match unit {
                TimeUnit::Second => times::<TimestampSecondType>(array, 1_000_000)?,
                TimeUnit::Millisecond => times::<TimestampMillisecondType>(array, 1000)?,
                TimeUnit::Microsecond => times::<TimestampMicrosecondType>(array, 1)?,
                TimeUnit::Nanosecond if ty.kind == Kind::Int => times::<TimestampNanosecondType>(array, 1)?,
                TimeUnit::Nanosecond => checked::<TimestampNanosecondType>(array, whole_micros)?,
            };
            Column::of_ints(&ty.kind, micros.values().clone(), micros.nulls().cloned())
        }
        DataType::Duration(unit) => {
            let micros = match unit {
                TimeUnit::Second => times::<DurationSecondType>(array, 1_000_000)?,
                TimeUnit::Millisecond => times::<DurationMillisecondType>(array, 1000)?,
                TimeUnit::Microsecond => times::<DurationMicrosecondType>(array, 1)?,
                TimeUnit::Nanosecond if ty.kind == Kind::Int => times::<DurationNanosecondType>(array, 1)?,
                TimeUnit::Nanosecond => checked::<DurationNanosecondType>(array, whole_micros)?,
            };
            Column::of_ints(&ty.kind, micros.values().clone(), micros.nulls().cloned())
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let values = take(dictionary.values(), dictionary.keys(), None).ok()?;
            whole(&values, ty)?
        }
        DataType::Decimal128(_, scale) => Column::Float(decimals(array, *scale)?),
        _ => return None,
    })
}

fn whole_micros(nanos: i64) -> Option<i64> {
    (nanos % 1000 == 0).then_some(nanos / 1000)
}

fn ints<T: ArrowPrimitiveType<Native: Into<i64>>>(array: &ArrayRef) -> Column {
    Column::Int(array.as_primitive::<T>().unary(|value| value.into()))
}

fn floats<T: ArrowPrimitiveType<Native: Into<f64>>>(array: &ArrayRef) -> Float64Array {
    array.as_primitive::<T>().unary(|value| canonical(value.into()))
}

/// All values; none if one does not fit.
fn checked<T: ArrowPrimitiveType>(array: &ArrayRef, value: impl Fn(T::Native) -> Option<i64>) -> Option<Int64Array> {
    array.as_primitive::<T>().try_unary(|given| value(given).ok_or(())).ok()
}

fn times<T: ArrowPrimitiveType<Native = i64>>(array: &ArrayRef, factor: i64) -> Option<Int64Array> {
    match factor {
        1 => Some(Int64Array::new(array.as_primitive::<T>().values().clone(), array.nulls().cloned())),
        _ => checked::<T>(array, |value| value.checked_mul(factor)),
    }
}

/// Decimals whose digits and whose power of ten are doubles, so that their quotient is rounded once.
fn decimals(array: &ArrayRef, scale: i8) -> Option<Float64Array> {
    let power = 10f64.powi(usize::try_from(scale).ok().filter(|scale| *scale <= 22)? as i32);
    let exact = |value: i128| (value.unsigned_abs() < 1 << 53).then(|| value as f64 / power);
    array.as_primitive::<Decimal128Type>().try_unary(|value| exact(value).ok_or(())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::Decimal128Array;
    use std::sync::Arc;

    #[test]
    fn decimals_are_the_nearest_floats() {
        let values = [0, 1, -1, 12_345, 9_007_199_254_740_991, -9_007_199_254_740_991, 30, 7];
        let large = [9_007_199_254_740_993, i128::MAX / 2, i128::MIN / 4];
        for scale in [0i8, 1, 2, 9, 18, 22, 23, 37, -3] {
            for values in [&values[..], &large[..]] {
                let array = Decimal128Array::from(values.to_vec());
                let array: ArrayRef = Arc::new(array.with_precision_and_scale(38, scale).expect("it is allowed"));
                let (column, misfits) = read(&array, &Type::FLOAT);
                assert!(misfits.is_empty());
                for (row, value) in values.iter().enumerate() {
                    let expected: f64 = format!("{value}e{}", -i32::from(scale)).parse().expect("a number");
                    assert_eq!(column.get(row), Scalar::Float(expected), "{value} / 10^{scale}");
                }
            }
        }
    }
}
