//! Names, constants and types in the printed form. Unlike messages, it quotes what could not be read back.

use crate::calendar;
use crate::scalar::Scalar;
use crate::ty::{Field, Kind, Schema, Type};
use std::fmt::Write;

/// Words that mean something in the printed form; a column of that name stands in backticks.
pub const WORDS: [&str; 22] = [
    "and", "or", "not", "if", "else", "true", "false", "null", "nan", "inf", "by", "on", "from", "where", "desc",
    "partial", "final", "nearest", "within", "left", "right", "as",
];

/// Whether a name needs no backticks.
pub fn plain_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !WORDS.contains(&name)
}

/// A name, in backticks if it needs them.
pub fn name(name: &str) -> String {
    if plain_name(name) { name.to_string() } else { quoted(name, '`') }
}

/// A text in quotes.
pub fn string(text: &str) -> String {
    quoted(text, '"')
}

fn quoted(text: &str, quote: char) -> String {
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => out.extend(['\\', c]),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                write!(out, "\\u{{{:x}}}", c as u32).expect("a String takes everything");
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// A constant of its natural type; a sum says that it is one. What does not tell its type stands behind it:
/// `#const [int] [1, 2]`.
pub fn scalar(value: &Scalar) -> String {
    let all = |values: &[Scalar]| values.iter().map(scalar).collect::<Vec<_>>().join(", ");
    match value {
        Scalar::List(items) => format!("[{}]", all(items)),
        Scalar::Record(values) => format!("{{{}}}", all(values)),
        Scalar::Map(entries) => {
            let entry = |(key, value): &(std::sync::Arc<str>, Scalar)| format!("{}: {}", string(key), scalar(value));
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        Scalar::Json(text) => format!("#json {}", string(text)),
        Scalar::Bytes(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("#bytes {}", string(&digits))
        }
        Scalar::DateTime(us) => format!("#datetime {us}"),
        Scalar::Duration(us) => format!("#duration {us}"),
        Scalar::Null => "null".into(),
        Scalar::Bool(b) => b.to_string(),
        Scalar::Int(i) => i.to_string(),
        Scalar::Float(x) if x.is_nan() => "nan".into(),
        Scalar::Float(x) => format!("{x:?}"),
        Scalar::String(s) => string(s),
        Scalar::Date(days) => date(*days),
        Scalar::Wide(w) => format!("{w}:wide"),
        Scalar::Opaque(value) => format!("#host {}", value.type_name()),
    }
}

/// `@2024-03-01`, or `@days 4000000` where a calendar ends.
fn date(days: i32) -> String {
    match calendar::civil(days.into()).0 {
        0..=9999 => format!("@{}", calendar::spell_date(days)),
        _ => format!("@days {days}"),
    }
}

/// A type.
pub fn ty(ty: &Type) -> String {
    let kind = match &ty.kind {
        Kind::List(item) => format!("[{}]", self::ty(item)),
        Kind::Record(schema) => self::schema(schema, false),
        Kind::Map(value) => format!("map<{}>", self::ty(value)),
        Kind::Opaque(name) => format!("host {name}"),
        Kind::Null => return "null".into(),
        kind @ (Kind::Bool
        | Kind::Int
        | Kind::Float
        | Kind::String
        | Kind::Bytes
        | Kind::Date
        | Kind::DateTime
        | Kind::Duration
        | Kind::Wide
        | Kind::Json
        | Kind::Unknown) => kind.to_string(),
    };
    if ty.nullable { kind + "?" } else { kind }
}

/// A schema; `open` ends it in `..`.
pub fn schema(schema: &Schema, open: bool) -> String {
    let field = |field: &Field| format!("{}: {}", name(&field.name), ty(&field.ty));
    let mut fields: Vec<String> = schema.fields.iter().map(field).collect();
    if open {
        fields.push("..".into());
    }
    format!("{{{}}}", fields.join(", "))
}
