//! Rows as JSONL: one object a line, or the bare value where rows are single values.
//!
//! How single values are written is said in [`crate::json`].

use super::write::{Value, spell};
use crate::batch::{Batch, Column};
use crate::json;
use pipelang_lang::ir::Shape;
use pipelang_lang::ty::{Kind, Schema};

/// The lines of some rows.
pub fn rows(schema: &Schema, shape: Shape, batch: &Batch) -> Vec<u8> {
    let mut out = Vec::with_capacity(batch.rows * batch.columns.len() * 16);
    let keys: Vec<Vec<u8>> = schema.fields.iter().enumerate().map(|(at, field)| key(at, &field.name)).collect();
    for row in 0..batch.rows {
        record(schema, shape, batch, row, &keys, &mut out);
        out.push(b'\n');
    }
    out
}

/// What comes between two items of a JSON list, and before the first of a piece.
pub const BETWEEN: &[u8] = b",\n";

/// The items of some rows in a JSON list, each with [`BETWEEN`] before it.
pub fn items(schema: &Schema, shape: Shape, batch: &Batch) -> Vec<u8> {
    let mut out = Vec::with_capacity(batch.rows * batch.columns.len() * 16);
    let keys: Vec<Vec<u8>> = schema.fields.iter().enumerate().map(|(at, field)| key(at, &field.name)).collect();
    for row in 0..batch.rows {
        out.extend_from_slice(BETWEEN);
        record(schema, shape, batch, row, &keys, &mut out);
    }
    out
}

fn record(schema: &Schema, shape: Shape, batch: &Batch, row: usize, keys: &[Vec<u8>], out: &mut Vec<u8>) {
    match shape {
        Shape::Table => {
            out.push(b'{');
            for ((key, column), field) in keys.iter().zip(&batch.columns).zip(&schema.fields) {
                out.extend_from_slice(key);
                value(column, row, &field.ty.kind, out);
            }
            out.push(b'}');
        }
        Shape::Values | Shape::Scalar => {
            for (column, field) in batch.columns.iter().zip(&schema.fields) {
                value(column, row, &field.ty.kind, out);
            }
        }
    }
}

/// A key with all that stands between it and the value before.
fn key(at: usize, name: &str) -> Vec<u8> {
    let mut key = Vec::new();
    if at > 0 {
        key.push(b',');
    }
    json::write_text(name, &mut key);
    key.push(b':');
    key
}

fn value(column: &Column, row: usize, kind: &Kind, out: &mut Vec<u8>) {
    let start = out.len();
    match spell(column, row, out) {
        Value::Null | Value::NotFinite(_) => out.extend_from_slice(b"null"),
        Value::Text(content) => json::write_text(content, out),
        Value::Nested(nested) => json::write(nested, kind, out),
        Value::Plain => {}
        Value::Spelled => {
            out.insert(start, b'"');
            out.push(b'"');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipelang_lang::scalar::Scalar;
    use pipelang_lang::ty::{Field, Type};

    #[test]
    fn objects_and_bare_values() {
        let field = |name: &str, ty| Field { name: name.into(), ty };
        let schema = Schema {
            fields: vec![
                field("a \"b\"", Type::STRING),
                field("f", Type::FLOAT),
                field("d", Type::DATE),
                field("ok", Type::BOOL),
            ],
        };
        let columns = vec![
            Column::from_scalars(&Kind::String, &[Scalar::String("x\n\u{1}é".into()), Scalar::Null]),
            Column::from_scalars(&Kind::Float, &[Scalar::Float(1e21), Scalar::Float(f64::NAN)]),
            Column::from_scalars(&Kind::Date, &[Scalar::Date(19_723), Scalar::Null]),
            Column::from_scalars(&Kind::Bool, &[Scalar::Bool(true), Scalar::Bool(false)]),
        ];
        let batch = Batch::new(2, columns);
        let lines = String::from_utf8(rows(&schema, Shape::Table, &batch)).expect("text");
        assert_eq!(
            lines,
            "{\"a \\\"b\\\"\":\"x\\n\\u0001é\",\"f\":1e+21,\"d\":\"2024-01-01\",\"ok\":true}\n\
             {\"a \\\"b\\\"\":null,\"f\":null,\"d\":null,\"ok\":false}\n"
        );
        for line in lines.lines() {
            serde_json::from_str::<serde_json::Value>(line).expect("JSON");
        }
        let single = Batch::new(2, vec![Column::from_scalars(&Kind::Int, &[Scalar::Int(1), Scalar::Null])]);
        assert_eq!(
            rows(&Schema { fields: vec![field("value", Type::INT.or_null())] }, Shape::Values, &single),
            b"1\nnull\n"
        );
    }
}
