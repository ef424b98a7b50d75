//! Json: reading and making it, its parts, and the conversions by which a value leaves it. The value is a JSON text
//! without blanks; a JSON null is null.

use super::convert::read_float;
use super::row::{gives, int, like, of, shows, string, text, total};
use super::{Function, convert};
use pipelang_lang::calendar;
use pipelang_lang::catalog::{Example, Pattern};
use pipelang_lang::codes::{E0604, E0801};
use pipelang_lang::scalar::{Fault, Scalar};
use pipelang_lang::ty::{Kind, Type};
use serde_json::Value;

/// The functions of this group.
pub(super) fn rows() -> Vec<Function> {
    let mut rows = made();
    rows.extend(parts());
    rows.extend(conversions());
    rows
}

/// The JSON that an argument is.
fn json(value: &Scalar) -> Value {
    let Scalar::Json(text) = value else { unreachable!("the checker gives json, not {value:?}") };
    serde_json::from_str(text).expect("a json value is a JSON text")
}

/// A JSON value as a value: null is null.
fn scalar(value: &Value) -> Scalar {
    if value.is_null() { Scalar::Null } else { Scalar::Json(value.to_string().into()) }
}

fn made() -> Vec<Function> {
    const READ: &[Example] =
        &[shows!("json(\"[1, 2.50]\")", "[1,2.5]"), shows!("json(\"{\")", "E0604"), shows!("json(\"null\")", "null")];
    let read = |arguments: &[Scalar]| {
        let text = text(&arguments[0]);
        let wrong = |error| Fault::new(E0604, format!("{} is not JSON: {error}", convert::quoted(text)));
        crate::json::read(text).map_err(wrong)
    };
    let [mut json, or_null] = total(
        "json",
        vec![of("s", Kind::String)],
        gives(Type::JSON),
        "The json that a text has; of any other value the json that `to_json` makes.",
        READ,
        read,
    )
    .and_or_null(&[shows!("json?(\"{\")", "null")]);
    json.def.may_be_null = true;
    let to_json = total(
        "to_json",
        vec![like("x", Pattern::Plain)],
        gives(Type::JSON),
        "Any value as json; a text becomes a JSON text.",
        &[
            shows!("to_json({a: [1, 2.5], b: \"x\"})", "{\"a\":[1.0,2.5],\"b\":\"x\"}"),
            shows!("to_json(\"a\")", "\"a\""),
        ],
        |arguments| {
            // The checker has made maps of its records, so that no type is needed for their names.
            let text = crate::json::text(&arguments[0], &Kind::Unknown);
            if depth(&text) > DEEPEST {
                return Err(Fault::new(E0801, format!("this json is nested more than {DEEPEST} deep")));
            }
            Ok(Scalar::Json(text.into()))
        },
    )
    .failing();
    vec![json, or_null, to_json]
}

/// How deep json may be nested; the parser has the same limit.
const DEEPEST: usize = 127;

/// How deep a JSON text is nested.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !quoted => depth -= 1,
            _ => {}
        }
    }
    deepest
}

fn parts() -> Vec<Function> {
    let j = || vec![of("j", Kind::Json)];
    let key = |kind| vec![of("j", Kind::Json), of("key", kind)];
    let mut rows = vec![
        total(
            "get",
            key(Kind::String),
            gives(Type::JSON),
            "A field of json; null where there is none. `j.name` is the same.",
            &[shows!("get(json(\"{\\\"a\\\": [1]}\"), \"a\")", "[1]"), shows!("get(json(\"5\"), \"a\")", "null")],
            |arguments| Ok(json(&arguments[0]).get(text(&arguments[1])).map_or(Scalar::Null, scalar)),
        ),
        total(
            "get",
            key(Kind::Int),
            gives(Type::JSON),
            "An item of json; null where there is none. `j[0]` is the same.",
            &[shows!("get(json(\"[1, 2]\"), -1)", "2"), shows!("get(json(\"[1]\"), 3)", "null")],
            |arguments| {
                let Value::Array(items) = json(&arguments[0]) else { return Ok(Scalar::Null) };
                let at = int(&arguments[1]);
                let at = if at < 0 { at.saturating_add(items.len() as i64) } else { at };
                let item = usize::try_from(at).ok().and_then(|at| items.get(at));
                Ok(item.map_or(Scalar::Null, scalar))
            },
        ),
        total(
            "keys",
            j(),
            gives(Type::list(Type::STRING)),
            "The names of the fields of json; null of what has none.",
            &[shows!("keys(json(\"{\\\"b\\\": 1, \\\"a\\\": 2}\"))", "[\"b\",\"a\"]")],
            |arguments| match json(&arguments[0]) {
                Value::Object(fields) => Ok(Scalar::List(fields.keys().map(string).collect())),
                _ => Ok(Scalar::Null),
            },
        ),
        total(
            "len",
            j(),
            gives(Type::INT),
            "How many items or fields json has; null of what has none.",
            &[shows!("len(json(\"[1, 2]\"))", "2"), shows!("len(json(\"5\"))", "null")],
            |arguments| {
                Ok(match json(&arguments[0]) {
                    Value::Array(items) => Scalar::Int(items.len() as i64),
                    Value::Object(fields) => Scalar::Int(fields.len() as i64),
                    _ => Scalar::Null,
                })
            },
        ),
    ];
    rows.iter_mut().for_each(|function| function.def.may_be_null = true);
    rows.push(total(
        "type_of",
        j(),
        gives(Type::STRING),
        "What json is: `int`, `float`, `string`, `bool`, `list` or `record`.",
        &[shows!("type_of(json(\"2.0\"))", "\"float\"")],
        |arguments| {
            Ok(string(match json(&arguments[0]) {
                Value::Null => "null",
                Value::Bool(_) => "bool",
                Value::Number(number) => {
                    if number.is_f64() {
                        "float"
                    } else {
                        "int"
                    }
                }
                Value::String(_) => "string",
                Value::Array(_) => "list",
                Value::Object(_) => "record",
            }))
        },
    ));
    rows
}

/// Why json has no value of a type.
fn refused(value: &Value, wanted: &str) -> Fault {
    let shown: String = value.to_string().chars().take(60).collect();
    Fault::new(E0604, format!("the json {shown} is not {wanted}"))
}

fn conversions() -> Vec<Function> {
    let row = |name, ty, doc, examples, body| total(name, vec![of("j", Kind::Json)], gives(ty), doc, examples, body);
    let mut rows = Vec::new();
    rows.extend(
        row(
            "int",
            Type::INT,
            "The int that json is: a whole number, or a text that spells one.",
            &[shows!("int(json(\"7\"))", "7"), shows!("int(json(\"7.5\"))", "E0604")],
            |arguments| {
                let value = json(&arguments[0]);
                let whole = |x: f64| (x.fract() == 0.0 && x.abs() < 9e15).then_some(x as i64);
                let int = match &value {
                    Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
                    Value::String(text) => text.trim().parse().ok(),
                    _ => None,
                };
                int.map(Scalar::Int).ok_or_else(|| refused(&value, "an int"))
            },
        )
        .and_or_null(&[shows!("int?(json(\"true\"))", "null")]),
    );
    rows.extend(
        row(
            "float",
            Type::FLOAT,
            "The float that json is: a number, or a text that spells one.",
            &[shows!("float(json(\"7\"))", "7.0"), shows!("float(json(\"[]\"))", "E0604")],
            |arguments| {
                let value = json(&arguments[0]);
                let float = match &value {
                    Value::Number(number) => number.as_f64(),
                    Value::String(text) => read_float(text.trim()),
                    _ => None,
                };
                float.map(Scalar::Float).ok_or_else(|| refused(&value, "a float"))
            },
        )
        .and_or_null(&[shows!("float?(json(\"true\"))", "null")]),
    );
    rows.extend(
        row(
            "bool",
            Type::BOOL,
            "The bool that json is.",
            &[shows!("bool(json(\"true\"))", "true"), shows!("bool(json(\"1\"))", "E0604")],
            |arguments| {
                let value = json(&arguments[0]);
                value.as_bool().map(Scalar::Bool).ok_or_else(|| refused(&value, "a bool"))
            },
        )
        .and_or_null(&[shows!("bool?(json(\"1\"))", "null")]),
    );
    rows.extend(
        row(
            "date",
            Type::DATE,
            "The date that a JSON text spells as `2024-03-01`.",
            &[shows!("date(to_json(\"2024-03-01\"))", "\"2024-03-01\""), shows!("date(json(\"1\"))", "E0604")],
            |arguments| {
                let value = json(&arguments[0]);
                let date = value.as_str().and_then(|text| calendar::parse_date(text.trim().as_bytes()));
                date.map(Scalar::Date).ok_or_else(|| refused(&value, "a date"))
            },
        )
        .and_or_null(&[shows!("date?(json(\"1\"))", "null")]),
    );
    rows.extend(
        row(
            "items",
            Type::list(Type::JSON.or_null()),
            "The list that json is, for `explode` and the functions of lists.",
            &[
                shows!("items(json(\"[1, null]\"))", "[1,null]"),
                shows!("items(json(\"[1, 2]\")).map(x => int(x)).sum()", "3"),
                shows!("items(json(\"{}\"))", "E0604"),
            ],
            |arguments| match json(&arguments[0]) {
                Value::Array(items) => Ok(Scalar::List(items.iter().map(scalar).collect())),
                other => Err(refused(&other, "a list")),
            },
        )
        .and_or_null(&[shows!("items?(json(\"1\"))", "null")]),
    );
    rows.push(row(
        "string",
        Type::STRING,
        "The text that json is; of what is no text, its JSON.",
        &[shows!("string(to_json(\"a\"))", "\"a\""), shows!("string(json(\"[1, 2]\"))", "\"[1,2]\"")],
        |arguments| match json(&arguments[0]) {
            Value::String(text) => Ok(string(text)),
            other => Ok(string(other.to_string())),
        },
    ));
    rows
}
