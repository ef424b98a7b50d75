//! Rows as a table of Markdown: numbers to the right, nulls empty.
//!
//! A cell is one line: `|` and backslashes are escaped, and newlines are `<br>`. Columns are not made equally wide, so that
//! rows can be written as they come.

use super::write::{Value, spell};
use crate::batch::Batch;
use crate::json;
use pipelang_lang::ir::Shape;
use pipelang_lang::ty::Schema;

/// The names and the line below them.
pub fn head(schema: &Schema, shape: Shape) -> Vec<u8> {
    let mut out = Vec::new();
    out.push(b'|');
    for field in &schema.fields {
        out.push(b' ');
        text(if shape == Shape::Table { &field.name } else { "value" }, &mut out);
        out.extend_from_slice(b" |");
    }
    out.extend_from_slice(b"\n|");
    for field in &schema.fields {
        out.extend_from_slice(if field.ty.is_numeric() { b" ---: |" } else { b" --- |" });
    }
    out.push(b'\n');
    out
}

/// The lines of some rows.
pub fn rows(schema: &Schema, batch: &Batch) -> Vec<u8> {
    let mut out = Vec::new();
    for row in 0..batch.rows {
        out.push(b'|');
        for (column, field) in batch.columns.iter().zip(&schema.fields) {
            out.push(b' ');
            match spell(column, row, &mut out) {
                Value::Null | Value::Spelled | Value::Plain => {}
                Value::NotFinite(word) => out.extend_from_slice(word.as_bytes()),
                Value::Text(content) => text(content, &mut out),
                Value::Nested(nested) => text(&json::text(nested, &field.ty.kind), &mut out),
            }
            out.extend_from_slice(b" |");
        }
        out.push(b'\n');
    }
    out
}

fn text(content: &str, out: &mut Vec<u8>) {
    for byte in content.bytes() {
        match byte {
            b'|' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"<br>"),
            b'\r' => {}
            _ => out.push(byte),
        }
    }
}
