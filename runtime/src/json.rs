//! Single values as JSON: the one place that says how. Compact; NaN and infinities are null (JSON has no word for them),
//! dates, datetimes and durations are ISO 8601, bytes are base64 (RFC 4648, with padding), floats are the shortest text
//! that reads back.

use pipelang_lang::calendar;
use pipelang_lang::codes::E0606;
use pipelang_lang::ir::typing::scalar_type;
use pipelang_lang::scalar::{Fault, Scalar};
use pipelang_lang::ty::Kind;

/// Appends a value of a kind. The kind is asked for the names of a record's fields alone.
pub fn write(value: &Scalar, kind: &Kind, out: &mut Vec<u8>) {
    match value {
        Scalar::Null => out.extend_from_slice(b"null"),
        Scalar::Bool(true) => out.extend_from_slice(b"true"),
        Scalar::Bool(false) => out.extend_from_slice(b"false"),
        Scalar::Int(i) => write_int(*i, out),
        Scalar::Wide(sum) => out.extend_from_slice(sum.to_string().as_bytes()),
        Scalar::Float(x) if x.is_finite() => write_float(*x, out),
        Scalar::Float(_) => out.extend_from_slice(b"null"),
        Scalar::String(text) => write_text(text, out),
        Scalar::Bytes(bytes) => {
            out.push(b'"');
            write_base64(bytes, out);
            out.push(b'"');
        }
        Scalar::Date(day) => quoted(out, |out| calendar::write_date((*day).into(), out)),
        Scalar::DateTime(time) => quoted(out, |out| {
            calendar::write_datetime(*time, b'T', out);
            out.push(b'Z');
        }),
        Scalar::Duration(length) => quoted(out, |out| calendar::write_duration(*length, out)),
        Scalar::List(items) => {
            let item = if let Kind::List(item) = kind { &item.kind } else { &Kind::Unknown };
            between(b"[]", items.iter(), out, |value, out| write(value, item, out));
        }
        Scalar::Record(values) => {
            let fields = if let Kind::Record(schema) = kind { &schema.fields[..] } else { &[] };
            between(b"{}", fields.iter().zip(&**values), out, |(field, value), out| {
                entry(&field.name, value, &field.ty.kind, out);
            });
        }
        Scalar::Map(entries) => {
            let item = if let Kind::Map(item) = kind { &item.kind } else { &Kind::Unknown };
            between(b"{}", entries.iter(), out, |(key, value), out| entry(key, value, item, out));
        }
        Scalar::Json(text) => out.extend_from_slice(text.as_bytes()),
        // Only tables for people have such values.
        Scalar::Opaque(value) => write_text(&format!("<{}>", value.type_name()), out),
    }
}

/// Reads a JSON text: null is null, anything else is `json`.
pub fn read(text: &str) -> Result<Scalar, serde_json::Error> {
    let value: serde_json::Value = serde_json::from_str(text)?;
    Ok(if value.is_null() { Scalar::Null } else { Scalar::Json(value.to_string().into()) })
}

/// A value of a kind as JSON.
pub fn text(value: &Scalar, kind: &Kind) -> String {
    let mut out = Vec::new();
    write(value, kind, &mut out);
    String::from_utf8(out).expect("JSON is text")
}

/// The fault of two right rows of a join that have one key and must not.
pub fn duplicate_key(keys: &[Scalar]) -> Fault {
    let spelled = |key: &Scalar| text(key, &scalar_type(key).map_or(Kind::Unknown, |ty| ty.kind));
    let keys: Vec<String> = keys.iter().map(spelled).collect();
    Fault::new(E0606, format!("two rows of the right side have the key {}", keys.join(", ")))
}

/// Appends a text in quotes.
pub fn write_text(content: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, content).expect("text can always be written to memory");
}

/// Appends the digits of an int.
pub fn write_int(number: i64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut rest = number.unsigned_abs();
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[start..]);
}

/// Appends a finite float.
pub fn write_float(number: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
}

fn quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    write(out);
    out.push(b'"');
}

fn entry(key: &str, value: &Scalar, kind: &Kind, out: &mut Vec<u8>) {
    write_text(key, out);
    out.push(b':');
    write(value, kind, out);
}

fn between<T>(brackets: &[u8; 2], items: impl Iterator<Item = T>, out: &mut Vec<u8>, write: impl Fn(T, &mut Vec<u8>)) {
    out.push(brackets[0]);
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(brackets[1]);
}

/// Appends bytes as base64.
pub fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for digit in 0..4 {
            let is_padding = digit > three.len();
            out.push(if is_padding { b'=' } else { DIGITS[(bits >> (18 - 6 * digit) & 63) as usize] });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipelang_lang::ty::{Field, Schema, Type};
    use std::sync::Arc;

    fn written(value: &Scalar, kind: &Kind) -> String {
        let text = text(value, kind);
        serde_json::from_str::<serde_json::Value>(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        text
    }

    #[test]
    fn nested_values() {
        let fields = [("a \"b\"", Type::INT.or_null()), ("l", Type::list(Type::FLOAT))];
        let fields = fields.map(|(name, ty)| Field { name: name.into(), ty });
        let record = Type::record(Schema { fields: fields.to_vec() });
        let list = Scalar::List(Arc::new([1.0, f64::NAN, -0.0, 1e21].map(Scalar::Float)));
        let value = Scalar::Record(Arc::new([Scalar::Null, list]));
        assert_eq!(written(&value, &record.kind), r#"{"a \"b\"":null,"l":[1.0,null,-0.0,1e+21]}"#);
        let map = Scalar::Map(Arc::new([("x\n".into(), value), ("y".into(), Scalar::Null)]));
        let kind = Type::map(record.or_null()).kind;
        assert_eq!(written(&map, &kind), r#"{"x\n":{"a \"b\"":null,"l":[1.0,null,-0.0,1e+21]},"y":null}"#);
        assert_eq!(written(&Scalar::Json(r#"{"a":[1]}"#.into()), &Kind::Json), r#"{"a":[1]}"#);
    }

    #[test]
    fn times_and_bytes() {
        let written = |value| written(&value, &Kind::Unknown);
        assert_eq!(written(Scalar::Date(19_723)), "\"2024-01-01\"");
        assert_eq!(written(Scalar::DateTime(1_500_000)), "\"1970-01-01T00:00:01.5Z\"");
        assert_eq!(written(Scalar::Duration(300_000_000)), "\"PT5M\"");
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            assert_eq!(written(Scalar::Bytes(bytes.as_bytes().into())), format!("{text:?}"));
        }
    }

    #[test]
    fn ints() {
        for number in [0, 7, -1, 10, i64::MAX, i64::MIN] {
            assert_eq!(written(&Scalar::Int(number), &Kind::Int), number.to_string());
        }
    }
}
