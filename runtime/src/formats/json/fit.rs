//! THE meaning of a JSON value in a column: a value and a type give a value of Pipe or a misfit. Simple on purpose, as
//! [`cell`](crate::formats::cell) is for CSV. The rules:
//!
//! - `null` and a missing key are null in a nullable place, and a misfit in any other.
//! - `int` is a number without fraction and exponent, within 64 bits; `float` is any number within a double's range.
//! - `string` is a text, and nothing else is. `date`, `datetime` and `duration` are texts as CSV cells have them, `bytes`
//!   are base64.
//! - A record takes the keys that its type names; others are passed over. Of equal keys the last counts.
//! - `json` takes everything, as the function `json` does.

use super::text::{Json, Node};
use crate::error::CellError;
use crate::formats::cell;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use pipelang_lang::calendar;
use pipelang_lang::codes::{E0501, E0506};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::{Kind, Type};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// Why a value does not fit.
#[derive(Debug)]
pub struct Misfit {
    /// The way from the column to the value: `.customer.age`, `[2]`.
    inside: String,
    expected: &'static str,
    /// The value as it is spelled.
    text: String,
    /// Whether it is of another sort than its column, not only out of its range.
    is_conflict: bool,
}

impl Misfit {
    /// As an error of a column.
    pub fn of_column(self, column: &Arc<str>, inferred: bool) -> CellError {
        CellError {
            code: if self.is_conflict { E0506 } else { E0501 },
            column: column.clone(),
            inside: Some(self.inside),
            expected: self.expected,
            text: self.text,
            inferred,
        }
    }

    fn inside(self, step: &str) -> Misfit {
        Misfit { inside: format!("{step}{}", self.inside), ..self }
    }
}

/// The value of a key, where the record may lack it.
pub fn field(node: Option<&Node>, ty: &Type) -> Result<Scalar, Misfit> {
    match node {
        Some(node) => fit(node, ty),
        None if ty.nullable => Ok(Scalar::Null),
        None => Err(Misfit {
            inside: String::new(),
            expected: word(&ty.kind),
            text: "missing".to_string(),
            is_conflict: false,
        }),
    }
}

/// The value of a JSON value in a place of that type.
pub fn fit(node: &Node, ty: &Type) -> Result<Scalar, Misfit> {
    if ty.nullable && matches!(node.value, Json::Null) {
        return Ok(Scalar::Null);
    }
    let value = match (&ty.kind, &node.value) {
        (Kind::Json, Json::Null) => None,
        (Kind::Json, _) => crate::json::read(node.raw).ok(),
        (Kind::Bool, Json::Bool(value)) => Some(Scalar::Bool(*value)),
        (Kind::Int, Json::Number(text)) => cell::read_int(text).map(Scalar::Int),
        (Kind::Float, Json::Number(text)) => cell::read_float(text).map(Scalar::Float),
        (Kind::String, Json::Text(text)) => Some(Scalar::String(text.as_ref().into())),
        (Kind::Date, Json::Text(text)) => calendar::parse_date(text.as_bytes()).map(Scalar::Date),
        (Kind::DateTime, Json::Text(text)) => calendar::parse_datetime(text.as_bytes()).map(Scalar::DateTime),
        (Kind::Duration, Json::Text(text)) => calendar::parse_duration(text).map(Scalar::Duration),
        (Kind::Bytes, Json::Text(text)) => {
            BASE64_STANDARD.decode(text.as_bytes()).ok().map(|bytes| Scalar::Bytes(bytes.into()))
        }
        (Kind::List(item), Json::List(items)) => return list(items, item),
        (Kind::Record(schema), Json::Record(_)) => {
            let values = schema.fields.iter().map(|wanted| {
                let value = field(node.get(&wanted.name), &wanted.ty);
                value.map_err(|misfit| misfit.inside(&format!(".{}", pipelang_lang::ty::spell(&wanted.name))))
            });
            return Ok(Scalar::Record(values.collect::<Result<_, _>>()?));
        }
        (Kind::Map(item), Json::Record(fields)) => return map(fields, item),
        _ => None,
    };
    value.ok_or_else(|| Misfit {
        inside: String::new(),
        expected: word(&ty.kind),
        text: node.raw.to_string(),
        is_conflict: is_conflict(&ty.kind, &node.value),
    })
}

fn list(items: &[Node], item: &Type) -> Result<Scalar, Misfit> {
    let values =
        items.iter().enumerate().map(|(at, node)| fit(node, item).map_err(|misfit| misfit.inside(&format!("[{at}]"))));
    Ok(Scalar::List(values.collect::<Result<_, _>>()?))
}

fn map(fields: &[(std::borrow::Cow<str>, Node)], item: &Type) -> Result<Scalar, Misfit> {
    let mut entries: Vec<(Arc<str>, Scalar)> = Vec::with_capacity(fields.len());
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(fields.len());
    for (key, node) in fields {
        let value = fit(node, item).map_err(|misfit| misfit.inside(&format!("[{key:?}]")))?;
        match places.entry(key) {
            Entry::Occupied(place) => entries[*place.get()].1 = value,
            Entry::Vacant(place) => {
                place.insert(entries.len());
                entries.push((key.as_ref().into(), value));
            }
        }
    }
    Ok(Scalar::Map(entries.into()))
}

/// The ways to the keys in a value that are passed over, since its type does not name them: `customer.age`,
/// `items[].price`. `way` is that to the value.
pub fn strays(node: &Node, ty: &Type, way: &str, found: &mut Vec<String>) {
    match (&ty.kind, &node.value) {
        (Kind::List(item), Json::List(items)) => {
            items.iter().for_each(|node| strays(node, item, &format!("{way}[]"), found));
        }
        (Kind::Record(schema), Json::Record(fields)) => {
            for (key, node) in fields {
                let way = format!("{way}.{key}");
                match schema.position(key) {
                    Some(at) => strays(node, &schema.fields[at].ty, &way, found),
                    None => found.push(way),
                }
            }
        }
        _ => {}
    }
}

/// Whether values of the kind are of another sort in JSON.
fn is_conflict(kind: &Kind, value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::Bool(_) => !matches!(kind, Kind::Bool),
        Json::Number(_) => !matches!(kind, Kind::Int | Kind::Float | Kind::Json),
        Json::Text(_) => {
            !matches!(kind, Kind::String | Kind::Date | Kind::DateTime | Kind::Duration | Kind::Bytes | Kind::Json)
        }
        Json::List(_) => !matches!(kind, Kind::List(_) | Kind::Json),
        Json::Record(_) => !matches!(kind, Kind::Record(_) | Kind::Map(_) | Kind::Json),
    }
}

fn word(kind: &Kind) -> &'static str {
    match kind {
        Kind::Bool => "bool",
        Kind::Int => "int",
        Kind::Float => "float",
        Kind::String => "string",
        Kind::Bytes => "base64 text",
        Kind::Date => "date",
        Kind::DateTime => "datetime",
        Kind::Duration => "duration",
        Kind::List(_) => "list",
        Kind::Record(_) => "record",
        Kind::Map(_) => "map",
        Kind::Json => "json value",
        Kind::Wide | Kind::Opaque(_) | Kind::Null | Kind::Unknown => "value of another type",
    }
}
