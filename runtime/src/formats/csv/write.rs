//! Rows as CSV, or with tabs between the cells: a header always, `\n` after each record, quotes only where they are needed.
//!
//! Null is an empty cell and empty text is `""`; floats are the shortest text that reads back, `NaN`, `inf` and `-inf`
//! included.

use crate::batch::Batch;
use crate::formats::write::{Value, spell};
use crate::json;
use pipelang_lang::ir::Shape;
use pipelang_lang::ty::Schema;

/// The header. A value that is not a row is under `value`.
pub fn head(schema: &Schema, shape: Shape, delimiter: u8) -> Vec<u8> {
    let mut out = Vec::new();
    match shape {
        Shape::Table => {
            for (at, field) in schema.fields.iter().enumerate() {
                if at > 0 {
                    out.push(delimiter);
                }
                text(&field.name, delimiter, &mut out);
            }
        }
        Shape::Values | Shape::Scalar => out.extend_from_slice(b"value"),
    }
    out.push(b'\n');
    out
}

/// The records of some rows.
pub fn rows(schema: &Schema, batch: &Batch, delimiter: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(batch.rows * batch.columns.len() * 8);
    for row in 0..batch.rows {
        for (at, (column, field)) in batch.columns.iter().zip(&schema.fields).enumerate() {
            if at > 0 {
                out.push(delimiter);
            }
            match spell(column, row, &mut out) {
                Value::Null | Value::Spelled | Value::Plain => {}
                Value::NotFinite(word) => out.extend_from_slice(word.as_bytes()),
                Value::Text(content) => text(content, delimiter, &mut out),
                Value::Nested(nested) => text(&json::text(nested, &field.ty.kind), delimiter, &mut out),
            }
        }
        out.push(b'\n');
    }
    out
}

fn text(content: &str, delimiter: u8, out: &mut Vec<u8>) {
    let is_special = |byte: u8| byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r');
    let needs_quotes = content.is_empty() || content.bytes().any(is_special);
    if !needs_quotes {
        out.extend_from_slice(content.as_bytes());
        return;
    }
    out.push(b'"');
    for (at, part) in content.split('"').enumerate() {
        if at > 0 {
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(part.as_bytes());
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Column;
    use pipelang_lang::scalar::Scalar;
    use pipelang_lang::ty::{Field, Kind, Type};

    #[test]
    fn records() {
        let texts = ["", "plain", "a,b", "say \"x\"", "two\nlines", " NA "];
        let texts: Vec<Scalar> = texts.iter().map(|text| Scalar::String((*text).into())).collect();
        let ints: Vec<Scalar> = (0..6).map(|n| if n == 2 { Scalar::Null } else { Scalar::Int(n) }).collect();
        let floats = [0.5, 1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0].map(Scalar::Float);
        let columns = vec![
            Column::from_scalars(&Kind::String, &texts),
            Column::from_scalars(&Kind::Int, &ints),
            Column::from_scalars(&Kind::Float, &floats),
        ];
        let batch = Batch::new(6, columns);
        let field = |ty| Field { name: "x".into(), ty };
        let schema = Schema { fields: [Type::STRING, Type::INT, Type::FLOAT].map(field).to_vec() };
        let whole = rows(&schema, &batch, b',');
        assert_eq!(
            String::from_utf8(whole.clone()).expect("text"),
            "\"\",0,0.5\nplain,1,1.0\n\"a,b\",,NaN\n\"say \"\"x\"\"\",3,inf\n\"two\nlines\",4,-inf\n NA ,5,-0.0\n"
        );
        let pieces = [rows(&schema, &batch.slice(0, 2), b','), rows(&schema, &batch.slice(2, 4), b',')].concat();
        assert_eq!(whole, pieces);
    }

    #[test]
    fn heads() {
        let field = |name: &str| Field { name: name.into(), ty: Type::INT };
        let schema = Schema { fields: vec![field("a,b"), field("c")] };
        assert_eq!(head(&schema, Shape::Table, b','), b"\"a,b\",c\n");
        assert_eq!(head(&schema, Shape::Scalar, b','), b"value\n");
    }
}
