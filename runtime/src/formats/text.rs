//! Rows as bare text, for other programs: the values of a row with tabs between them, no names, no quotes, nulls empty.
//!
//! Texts are written as they are, whatever is in them.

use super::write::{Value, spell};
use crate::batch::Batch;
use crate::json;
use pipelang_lang::ty::Schema;

/// The lines of some rows.
pub fn rows(schema: &Schema, batch: &Batch) -> Vec<u8> {
    let mut out = Vec::new();
    for row in 0..batch.rows {
        for (at, (column, field)) in batch.columns.iter().zip(&schema.fields).enumerate() {
            if at > 0 {
                out.push(b'\t');
            }
            match spell(column, row, &mut out) {
                Value::Null | Value::Spelled | Value::Plain => {}
                Value::NotFinite(word) => out.extend_from_slice(word.as_bytes()),
                Value::Text(content) => out.extend_from_slice(content.as_bytes()),
                Value::Nested(nested) => json::write(nested, &field.ty.kind, &mut out),
            }
        }
        out.push(b'\n');
    }
    out
}
