//! Columns as Arrow arrays, for writing. Types go out as the table in `docs/types.md` says; nothing is narrowed.

use crate::batch::{Batch, Column};
use crate::error::RunError;
use arrow_array::builder::{BinaryBuilder, StringBuilder};
use arrow_array::{Array, ArrayRef, ListArray, MapArray, RecordBatch, StringArray, StructArray, new_null_array};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field as ArrowField, Fields, Schema as ArrowSchema, SchemaRef, TimeUnit};
use pipelang_lang::codes::E0702;
use pipelang_lang::ir::Shape;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::{Kind, Schema, Type};
use std::sync::Arc;

/// The most bytes of text that one array can hold, with room to spare.
const MOST_BYTES: u64 = 1 << 30;

/// The columns of a file; what is not a row is under `value`.
pub(super) fn schema_of(schema: &Schema, shape: Shape) -> SchemaRef {
    let field = |field: &pipelang_lang::ty::Field| {
        let name = if shape == Shape::Table { &field.name } else { "value" };
        field_of(name, &field.ty)
    };
    Arc::new(ArrowSchema::new(schema.fields.iter().map(field).collect::<Vec<_>>()))
}

fn field_of(name: &str, ty: &Type) -> ArrowField {
    ArrowField::new(name, type_of(&ty.kind), ty.nullable)
}

fn type_of(kind: &Kind) -> DataType {
    match kind {
        Kind::Bool => DataType::Boolean,
        Kind::Int => DataType::Int64,
        Kind::Float => DataType::Float64,
        Kind::String | Kind::Json => DataType::Utf8,
        Kind::Bytes => DataType::Binary,
        Kind::Date => DataType::Date32,
        Kind::DateTime => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Kind::Duration => DataType::Duration(TimeUnit::Microsecond),
        Kind::List(item) => DataType::List(Arc::new(field_of("element", item))),
        Kind::Record(schema) => DataType::Struct(fields_of(schema)),
        Kind::Map(value) => DataType::Map(Arc::new(entries_of(value)), false),
        Kind::Null => DataType::Null,
        Kind::Wide | Kind::Opaque(_) | Kind::Unknown => unreachable!("the checker lets no such column be written"),
    }
}

fn fields_of(schema: &Schema) -> Fields {
    schema.fields.iter().map(|field| field_of(&field.name, &field.ty)).collect()
}

fn entries_of(value: &Type) -> ArrowField {
    let pair = vec![ArrowField::new("key", DataType::Utf8, false), field_of("value", value)];
    ArrowField::new("entries", DataType::Struct(pair.into()), false)
}

/// The rows of a batch, in as many parts as their texts need.
pub(super) fn rows(schema: &SchemaRef, types: &[Type], batch: &Batch) -> Result<Vec<RecordBatch>, RunError> {
    let bytes = batch.columns.iter().map(bytes_of).max().unwrap_or(0);
    if bytes > MOST_BYTES {
        if batch.rows < 2 {
            let message = format!("a value of {bytes} bytes is too long for a column of texts");
            return Err(RunError::Outside { code: E0702, message });
        }
        let half = batch.rows / 2;
        let mut parts = rows(schema, types, &batch.slice(0, half))?;
        parts.extend(rows(schema, types, &batch.slice(half, batch.rows - half))?);
        return Ok(parts);
    }
    let arrays: Vec<ArrayRef> = batch.columns.iter().zip(types).map(|(column, ty)| array_of(column, ty)).collect();
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(batch.rows));
    let rows = RecordBatch::try_new_with_options(schema.clone(), arrays, &options);
    rows.map(|rows| vec![rows]).map_err(|error| RunError::Internal(error.to_string()))
}

/// About how many bytes of text a column has.
fn bytes_of(column: &Column) -> u64 {
    match column {
        Column::String(array) => array.lengths().map(u64::from).sum(),
        Column::Values(values) => values.as_slice().iter().map(bytes_of_value).sum(),
        Column::Bool(_)
        | Column::Int(_)
        | Column::Float(_)
        | Column::Date(_)
        | Column::DateTime(_)
        | Column::Duration(_)
        | Column::Wide(_)
        | Column::Null(_) => 0,
    }
}

fn bytes_of_value(value: &Scalar) -> u64 {
    match value {
        Scalar::String(text) | Scalar::Json(text) => text.len() as u64,
        Scalar::Bytes(bytes) => bytes.len() as u64,
        Scalar::List(items) | Scalar::Record(items) => items.iter().map(|item| 4 + bytes_of_value(item)).sum(),
        Scalar::Map(entries) => entries.iter().map(|(key, value)| key.len() as u64 + bytes_of_value(value)).sum(),
        Scalar::Null
        | Scalar::Bool(_)
        | Scalar::Int(_)
        | Scalar::Float(_)
        | Scalar::Date(_)
        | Scalar::DateTime(_)
        | Scalar::Duration(_)
        | Scalar::Wide(_)
        | Scalar::Opaque(_) => 0,
    }
}

fn array_of(column: &Column, ty: &Type) -> ArrayRef {
    match column {
        Column::Bool(array) => Arc::new(array.clone()),
        Column::Int(array) => Arc::new(array.clone()),
        Column::Float(array) => Arc::new(array.clone()),
        Column::String(array) => {
            let mut texts = StringBuilder::with_capacity(array.len(), bytes_of(column) as usize);
            array.iter().for_each(|text| texts.append_option(text));
            Arc::new(texts.finish())
        }
        Column::Date(array) => Arc::new(array.clone()),
        Column::DateTime(array) => Arc::new(array.clone().with_timezone("UTC")),
        Column::Duration(array) => Arc::new(array.clone()),
        Column::Wide(_) => unreachable!("the checker narrows sums before they are written"),
        Column::Values(values) => nested(&values.as_slice().iter().collect::<Vec<_>>(), ty),
        Column::Null(length) => new_null_array(&type_of(&ty.kind), *length),
    }
}

/// An array of single values of a type.
fn nested(values: &[&Scalar], ty: &Type) -> ArrayRef {
    let nulls = || {
        let valid = NullBuffer::from_iter(values.iter().map(|value| **value != Scalar::Null));
        Some(valid).filter(|valid| valid.null_count() > 0)
    };
    match &ty.kind {
        Kind::Bytes => {
            let mut out = BinaryBuilder::new();
            for value in values {
                out.append_option(if let Scalar::Bytes(bytes) = value { Some(bytes) } else { None });
            }
            Arc::new(out.finish())
        }
        Kind::Json | Kind::String => Arc::new(StringArray::from_iter(values.iter().map(|value| match value {
            Scalar::String(text) | Scalar::Json(text) => Some(&**text),
            _ => None,
        }))),
        Kind::List(item) => {
            let items = |value: &&Scalar| if let Scalar::List(items) = value { items.len() } else { 0 };
            let offsets = OffsetBuffer::from_lengths(values.iter().map(items));
            let all: Vec<&Scalar> = values.iter().flat_map(|value| items_of(value)).collect();
            let field = Arc::new(field_of("element", item));
            Arc::new(ListArray::new(field, offsets, nested(&all, item), nulls()))
        }
        Kind::Record(schema) if schema.fields.is_empty() => {
            Arc::new(StructArray::new_empty_fields(values.len(), nulls()))
        }
        Kind::Record(schema) => {
            let field = |(at, field): (usize, &pipelang_lang::ty::Field)| {
                let inner: Vec<&Scalar> = values.iter().map(|value| items_of(value).get(at).unwrap_or(&NULL)).collect();
                nested(&inner, &field.ty)
            };
            let columns = schema.fields.iter().enumerate().map(field).collect();
            Arc::new(StructArray::new(fields_of(schema), columns, nulls()))
        }
        Kind::Map(value_type) => {
            let entries = |value: &'_ &Scalar| if let Scalar::Map(entries) = value { entries.len() } else { 0 };
            let offsets = OffsetBuffer::from_lengths(values.iter().map(entries));
            let (mut keys, mut inner) = (StringBuilder::new(), Vec::new());
            for value in values {
                if let Scalar::Map(entries) = value {
                    for (key, value) in entries.iter() {
                        keys.append_value(key);
                        inner.push(value);
                    }
                }
            }
            let field = entries_of(value_type);
            let DataType::Struct(pair) = field.data_type() else { unreachable!("the entries of a map are pairs") };
            let pairs = StructArray::new(pair.clone(), vec![Arc::new(keys.finish()), nested(&inner, value_type)], None);
            Arc::new(MapArray::new(Arc::new(field), offsets, pairs, nulls(), false))
        }
        Kind::Bool | Kind::Int | Kind::Float | Kind::Date | Kind::DateTime | Kind::Duration | Kind::Null => {
            let values: Vec<Scalar> = values.iter().map(|value| (*value).clone()).collect();
            array_of(&Column::from_scalars(&ty.kind, &values), ty)
        }
        Kind::Wide | Kind::Opaque(_) | Kind::Unknown => unreachable!("the checker lets no such value be written"),
    }
}

const NULL: Scalar = Scalar::Null;

/// The items of a list, or the values of a record.
fn items_of(value: &Scalar) -> &[Scalar] {
    match value {
        Scalar::List(items) | Scalar::Record(items) => items,
        _ => &[],
    }
}
