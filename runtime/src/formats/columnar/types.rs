//! What the types of Arrow are in Pipe. The table for users, tested entry by entry, is in `docs/types.md`.

use super::{Columns, Nanoseconds};
use crate::error::RunError;
use arrow_schema::{DataType, Field as ArrowField, Fields, TimeUnit};
use pipelang_lang::codes::{E0205, E0508};
use pipelang_lang::ty::{Field, Kind, Schema, Type};
use std::sync::Arc;

/// The columns of a file.
pub(super) fn columns(file: &str, fields: &Fields, nanoseconds: Nanoseconds) -> Result<Columns, RunError> {
    if fields.is_empty() {
        return Err(RunError::Outside { code: E0508, message: format!("`{file}` has no columns") });
    }
    let name = |(at, field): (usize, &Arc<ArrowField>)| -> Arc<str> {
        if field.name().is_empty() { format!("column_{}", at + 1).into() } else { field.name().as_str().into() }
    };
    let names: Vec<Arc<str>> = fields.iter().enumerate().map(name).collect();
    if let Some((first, second)) = same(&names) {
        let message =
            format!("the columns {} and {} of `{file}` are both called `{}`", first + 1, second + 1, names[first]);
        return Err(RunError::Outside { code: E0205, message });
    }
    let mut foreign: Vec<(Arc<str>, Arc<str>)> = Vec::new();
    let typed = |(name, field): (Arc<str>, &Arc<ArrowField>)| {
        let ty = type_of(field, nanoseconds).unwrap_or_else(|what| {
            foreign.push((name.clone(), what.into()));
            Type::NULL
        });
        Field { name, ty }
    };
    let may_fail = fields.iter().any(|field| may_fail(field));
    let fields = names.into_iter().zip(fields).map(typed).collect();
    Ok(Columns { schema: Schema { fields }, may_fail, foreign })
}

/// The positions of two equal names.
fn same(names: &[Arc<str>]) -> Option<(usize, usize)> {
    let mut sorted: Vec<(&Arc<str>, usize)> = names.iter().zip(0..).collect();
    sorted.sort();
    sorted.windows(2).find(|pair| pair[0].0 == pair[1].0).map(|pair| (pair[0].1, pair[1].1))
}

/// The type of a column or field; else what it holds.
fn type_of(field: &ArrowField, nanoseconds: Nanoseconds) -> Result<Type, String> {
    let kind = kind_of(field.data_type(), nanoseconds)?;
    Ok(Type { nullable: field.is_nullable() || kind == Kind::Null, kind })
}

/// What the values of a type are in Pipe; else what they are.
pub(super) fn kind_of(ty: &DataType, nanoseconds: Nanoseconds) -> Result<Kind, String> {
    Ok(match ty {
        DataType::Null => Kind::Null,
        DataType::Boolean => Kind::Bool,
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => Kind::Int,
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => Kind::Int,
        DataType::Float16 | DataType::Float32 | DataType::Float64 => Kind::Float,
        DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => {
            Kind::Float
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Kind::String,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => Kind::Bytes,
        DataType::Date32 | DataType::Date64 => Kind::Date,
        DataType::Timestamp(TimeUnit::Nanosecond, _)
        | DataType::Time64(TimeUnit::Nanosecond)
        | DataType::Duration(TimeUnit::Nanosecond)
            if nanoseconds == Nanoseconds::Ints =>
        {
            Kind::Int
        }
        DataType::Timestamp(..) => Kind::DateTime,
        DataType::Time32(_) | DataType::Time64(_) | DataType::Duration(_) => Kind::Duration,
        DataType::Dictionary(_, values) => kind_of(values, nanoseconds)?,
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => Kind::List(Arc::new(type_of(item, nanoseconds)?)),
        DataType::Struct(fields) => Kind::Record(Arc::new(record_of(fields, nanoseconds)?)),
        DataType::Map(entries, _) => Kind::Map(Arc::new(value_type(entries, nanoseconds)?)),
        DataType::Interval(_) => return Err("intervals of months and days".to_string()),
        DataType::Union(..) => return Err("unions of several types".to_string()),
        DataType::RunEndEncoded(..) => return Err("run-end encoded values".to_string()),
    })
}

fn record_of(fields: &Fields, nanoseconds: Nanoseconds) -> Result<Schema, String> {
    let names: Vec<Arc<str>> = fields.iter().map(|field| field.name().as_str().into()).collect();
    if let Some((first, _)) = same(&names) {
        return Err(format!("records with two fields called `{}`", names[first]));
    }
    let typed = |(name, field): (Arc<str>, &Arc<ArrowField>)| Ok(Field { name, ty: type_of(field, nanoseconds)? });
    Ok(Schema { fields: names.into_iter().zip(fields).map(typed).collect::<Result<_, String>>()? })
}

/// The type of the values of a map, whose keys are texts.
fn value_type(entries: &ArrowField, nanoseconds: Nanoseconds) -> Result<Type, String> {
    let DataType::Struct(pair) = entries.data_type() else { return Err("maps without entries".to_string()) };
    let [key, value] = &pair[..] else { return Err("maps without keys and values".to_string()) };
    match kind_of(key.data_type(), nanoseconds)? {
        Kind::String => type_of(value, nanoseconds),
        other => Err(format!("maps with keys of type `{other}`")),
    }
}

/// Whether a value of the column may be none of its type in Pipe, or null although it must not be.
fn may_fail(field: &ArrowField) -> bool {
    !field.is_nullable() || kind_may_fail(field.data_type())
}

fn kind_may_fail(ty: &DataType) -> bool {
    match ty {
        DataType::UInt64 | DataType::Date64 => true,
        DataType::Timestamp(unit, _) | DataType::Time64(unit) | DataType::Duration(unit) => {
            *unit != TimeUnit::Microsecond
        }
        DataType::Dictionary(_, values) => kind_may_fail(values),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => may_fail(item),
        DataType::Struct(fields) => fields.iter().any(|field| may_fail(field)),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) => pair.iter().any(|field| may_fail(field)),
            _ => true,
        },
        DataType::Null
        | DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::Float16
        | DataType::Float32
        | DataType::Float64
        | DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..)
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_)
        | DataType::Date32
        | DataType::Time32(_)
        | DataType::Interval(_)
        | DataType::Union(..)
        | DataType::RunEndEncoded(..) => false,
    }
}
