//! THE meaning of a value of an Arrow array: what it is in Pipe, or why it does not fit.
//!
//! Simple on purpose: the oracle reads by it, and so does `column` where it has no quicker way.

use crate::error::TOO_FINE;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrowPrimitiveType};
use arrow_schema::{DataType, TimeUnit};
use pipelang_lang::scalar::{Scalar, canonical};
use pipelang_lang::ty::{Field, Kind, Type};
use std::sync::Arc;

/// A value that is none of its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// What it should be.
    pub expected: &'static str,
    /// What it is.
    pub text: String,
}

const DAY_MILLIS: i64 = 86_400_000;

/// The value at `row`; `ty` is what `types` made of the type of the array, or `float` where that is `int` and another
/// file has floats.
pub fn read(array: &dyn Array, row: usize, ty: &Type) -> Result<Scalar, Misfit> {
    Ok(match (value(array, row, ty)?, &ty.kind) {
        (Scalar::Int(value), Kind::Float) => Scalar::Float(value as f64),
        (value, _) => value,
    })
}

fn value(array: &dyn Array, row: usize, ty: &Type) -> Result<Scalar, Misfit> {
    if ty.kind == Kind::Null || *array.data_type() == DataType::Null || array.is_null(row) {
        return null(ty);
    }
    Ok(match array.data_type() {
        DataType::Boolean => Scalar::Bool(array.as_boolean().value(row)),
        DataType::UInt64 => {
            let value: u64 = of::<UInt64Type>(array, row);
            Scalar::Int(i64::try_from(value).map_err(|_| misfit(ty, value.to_string()))?)
        }
        DataType::Float16 => Scalar::Float(canonical(of::<Float16Type>(array, row).to_f64())),
        DataType::Float32 => Scalar::Float(canonical(f64::from(of::<Float32Type>(array, row)))),
        DataType::Float64 => Scalar::Float(canonical(of::<Float64Type>(array, row))),
        DataType::Decimal32(_, scale) => decimal(of::<Decimal32Type>(array, row), *scale),
        DataType::Decimal64(_, scale) => decimal(of::<Decimal64Type>(array, row), *scale),
        DataType::Decimal128(_, scale) => decimal(of::<Decimal128Type>(array, row), *scale),
        DataType::Decimal256(_, scale) => decimal(of::<Decimal256Type>(array, row), *scale),
        DataType::Utf8 => Scalar::String(array.as_string::<i32>().value(row).into()),
        DataType::LargeUtf8 => Scalar::String(array.as_string::<i64>().value(row).into()),
        DataType::Utf8View => Scalar::String(array.as_string_view().value(row).into()),
        DataType::Binary => Scalar::Bytes(array.as_binary::<i32>().value(row).into()),
        DataType::LargeBinary => Scalar::Bytes(array.as_binary::<i64>().value(row).into()),
        DataType::BinaryView => Scalar::Bytes(array.as_binary_view().value(row).into()),
        DataType::FixedSizeBinary(_) => Scalar::Bytes(array.as_fixed_size_binary().value(row).into()),
        DataType::Date32 => Scalar::Date(of::<Date32Type>(array, row)),
        DataType::Date64 => {
            let millis = of::<Date64Type>(array, row);
            let day = i32::try_from(millis.div_euclid(DAY_MILLIS));
            Scalar::Date(day.map_err(|_| misfit(ty, format!("{millis} ms since 1970-01-01")))?)
        }
        DataType::Timestamp(..) | DataType::Time64(_) | DataType::Duration(_) if ty.kind == Kind::Int => {
            Scalar::Int(count(array, row))
        }
        DataType::Timestamp(unit, _) => Scalar::DateTime(micros(array, row, *unit, ty, " since 1970")?),
        DataType::Time32(unit) | DataType::Time64(unit) => {
            Scalar::Duration(micros(array, row, *unit, ty, " since midnight")?)
        }
        DataType::Duration(unit) => Scalar::Duration(micros(array, row, *unit, ty, "")?),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let key = integer(dictionary.keys(), row).and_then(|key| usize::try_from(key).ok());
            let key = key.filter(|key| *key < dictionary.values().len());
            return read(dictionary.values(), key.ok_or_else(|| misfit(ty, "nothing".into()))?, ty);
        }
        DataType::List(_) => list(&array.as_list::<i32>().value(row), ty)?,
        DataType::LargeList(_) => list(&array.as_list::<i64>().value(row), ty)?,
        DataType::FixedSizeList(..) => list(&array.as_fixed_size_list().value(row), ty)?,
        DataType::ListView(_) => list(&array.as_list_view::<i32>().value(row), ty)?,
        DataType::LargeListView(_) => list(&array.as_list_view::<i64>().value(row), ty)?,
        DataType::Struct(_) => record(array, row, ty)?,
        DataType::Map(..) => map(array, row, ty)?,
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => int(array, row, ty)?,
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => int(array, row, ty)?,
        DataType::Null | DataType::Interval(_) | DataType::Union(..) | DataType::RunEndEncoded(..) => {
            return Err(misfit(ty, "nothing".into()));
        }
    })
}

fn of<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> T::Native {
    array.as_primitive::<T>().value(row)
}

fn int(array: &dyn Array, row: usize, ty: &Type) -> Result<Scalar, Misfit> {
    integer(array, row).map(Scalar::Int).ok_or_else(|| misfit(ty, "nothing".into()))
}

/// The value of an array of ints of at most 64 bits.
fn integer(array: &dyn Array, row: usize) -> Option<i64> {
    Some(match array.data_type() {
        DataType::Int8 => of::<Int8Type>(array, row).into(),
        DataType::Int16 => of::<Int16Type>(array, row).into(),
        DataType::Int32 => of::<Int32Type>(array, row).into(),
        DataType::Int64 => of::<Int64Type>(array, row),
        DataType::UInt8 => of::<UInt8Type>(array, row).into(),
        DataType::UInt16 => of::<UInt16Type>(array, row).into(),
        DataType::UInt32 => of::<UInt32Type>(array, row).into(),
        DataType::UInt64 => i64::try_from(of::<UInt64Type>(array, row)).ok()?,
        _ => return None,
    })
}

/// The nearest double.
fn decimal(unscaled: impl std::fmt::Display, scale: i8) -> Scalar {
    let text = format!("{unscaled}e{}", -i32::from(scale));
    Scalar::Float(fast_float2::parse(text).unwrap_or(f64::NAN))
}

/// The number of units that a time is.
fn count(array: &dyn Array, row: usize) -> i64 {
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => of::<TimestampSecondType>(array, row),
        DataType::Timestamp(TimeUnit::Millisecond, _) => of::<TimestampMillisecondType>(array, row),
        DataType::Timestamp(TimeUnit::Microsecond, _) => of::<TimestampMicrosecondType>(array, row),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => of::<TimestampNanosecondType>(array, row),
        DataType::Duration(TimeUnit::Second) => of::<DurationSecondType>(array, row),
        DataType::Duration(TimeUnit::Millisecond) => of::<DurationMillisecondType>(array, row),
        DataType::Duration(TimeUnit::Microsecond) => of::<DurationMicrosecondType>(array, row),
        DataType::Duration(TimeUnit::Nanosecond) => of::<DurationNanosecondType>(array, row),
        DataType::Time32(TimeUnit::Second) => of::<Time32SecondType>(array, row).into(),
        DataType::Time32(_) => of::<Time32MillisecondType>(array, row).into(),
        DataType::Time64(TimeUnit::Nanosecond) => of::<Time64NanosecondType>(array, row),
        _ => of::<Time64MicrosecondType>(array, row),
    }
}

/// Microseconds, if it is a whole number of them that fits. `since` is what they are counted from.
fn micros(array: &dyn Array, row: usize, unit: TimeUnit, ty: &Type, since: &str) -> Result<i64, Misfit> {
    let count = count(array, row);
    let (micros, name) = match unit {
        TimeUnit::Second => (count.checked_mul(1_000_000), "s"),
        TimeUnit::Millisecond => (count.checked_mul(1000), "ms"),
        TimeUnit::Microsecond => (Some(count), "us"),
        TimeUnit::Nanosecond => ((count % 1000 == 0).then_some(count / 1000), "ns"),
    };
    let too_fine = if unit == TimeUnit::Nanosecond { TOO_FINE } else { "" };
    micros.ok_or_else(|| misfit(ty, format!("{count} {name}{since}{too_fine}")))
}

fn list(items: &dyn Array, ty: &Type) -> Result<Scalar, Misfit> {
    let Kind::List(item) = &ty.kind else { return Err(misfit(ty, "a list".into())) };
    Ok(Scalar::List((0..items.len()).map(|at| read(items, at, item)).collect::<Result<_, _>>()?))
}

fn record(array: &dyn Array, row: usize, ty: &Type) -> Result<Scalar, Misfit> {
    let Kind::Record(schema) = &ty.kind else { return Err(misfit(ty, "a record".into())) };
    let fields = array.as_struct().columns().iter().zip(&schema.fields);
    let value = |(column, field): (&Arc<dyn Array>, &Field)| read(column, row, &field.ty);
    Ok(Scalar::Record(fields.map(value).collect::<Result<_, _>>()?))
}

/// Of equal keys the last value counts, as the format says; it takes the place of the first.
fn map(array: &dyn Array, row: usize, ty: &Type) -> Result<Scalar, Misfit> {
    let Kind::Map(value_type) = &ty.kind else { return Err(misfit(ty, "a map".into())) };
    let entries = array.as_map().value(row);
    let mut found: Vec<(Arc<str>, Scalar)> = Vec::with_capacity(entries.len());
    let mut places = std::collections::HashMap::new();
    for at in 0..entries.len() {
        let Scalar::String(key) = read(entries.column(0), at, &Type::STRING)? else {
            return Err(misfit(&Type::STRING, "null".into()));
        };
        let value = read(entries.column(1), at, value_type)?;
        match places.get(&key) {
            Some(place) => found[*place as usize].1 = value,
            None => {
                places.insert(key.clone(), found.len() as u32);
                found.push((key, value));
            }
        }
    }
    Ok(Scalar::Map(found.into()))
}

fn null(ty: &Type) -> Result<Scalar, Misfit> {
    if ty.nullable { Ok(Scalar::Null) } else { Err(misfit(ty, "null".into())) }
}

fn misfit(ty: &Type, text: String) -> Misfit {
    let expected = match &ty.kind {
        Kind::Bool => "bool",
        Kind::Int => "int",
        Kind::Float => "float",
        Kind::String => "string",
        Kind::Bytes => "text of bytes",
        Kind::Date => "date",
        Kind::DateTime => "datetime",
        Kind::Duration => "duration",
        Kind::List(_) => "list",
        Kind::Record(_) => "record",
        Kind::Map(_) => "map",
        Kind::Wide | Kind::Json | Kind::Opaque(_) | Kind::Null | Kind::Unknown => "value of another type",
    };
    Misfit { expected, text }
}
