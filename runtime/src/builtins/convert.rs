//! Conversions. What cannot be converted is a fault; the form with `?` gives null instead.

use super::Function;
use super::row::{date, duration, float, gives, int, of, shows, string, text, time, total};
use pipelang_lang::calendar::{self, SECOND};
use pipelang_lang::codes::E0604;
use pipelang_lang::scalar::{Fault, Scalar, canonical};
use pipelang_lang::ty::{Kind, Type};

/// The functions of this group.
pub(super) fn rows() -> Vec<Function> {
    let mut rows = to_int();
    rows.extend(to_float());
    rows.extend(to_string());
    rows.extend(to_bool());
    rows
}

pub(super) fn fault(value: impl std::fmt::Display, wanted: &str) -> Fault {
    Fault::new(E0604, format!("{value} is not {wanted}"))
}

/// A text as a message shows it.
pub(super) fn quoted(text: &str) -> String {
    if text.chars().count() > 60 {
        format!("{:?} …", text.chars().take(60).collect::<String>())
    } else {
        format!("{text:?}")
    }
}

fn to_int() -> Vec<Function> {
    let x = |kind| vec![of("x", kind)];
    let mut rows = Vec::from(
        total(
            "int",
            x(Kind::String),
            gives(Type::INT),
            "The int that a text spells.",
            &[shows!("int(\" -42\")", "-42"), shows!("int(\"4.5\")", "E0604")],
            |arguments| {
                let s = text(&arguments[0]);
                s.trim().parse().map(Scalar::Int).map_err(|_| fault(quoted(s), "an int"))
            },
        )
        .and_or_null(&[shows!("int?(\"7\")", "7"), shows!("int?(\"x\")", "null")]),
    );
    rows.extend(
        total(
            "int",
            x(Kind::Float),
            gives(Type::INT),
            "The int that is left of a float without its decimals.",
            &[shows!("int(-2.9)", "-2"), shows!("int(1e30)", "E0604")],
            |arguments| {
                let x = float(&arguments[0]).trunc();
                // -2^63 is a float, 2^63 - 1 is not.
                let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&x);
                if fits {
                    Ok(Scalar::Int(x as i64))
                } else {
                    Err(fault(spell_float(float(&arguments[0])), "in the range of int"))
                }
            },
        )
        .and_or_null(&[shows!("int?(2.5)", "2"), shows!("int?(1e30)", "null")]),
    );
    rows.push(total(
        "int",
        x(Kind::Bool),
        gives(Type::INT),
        "1 for true, 0 for false.",
        &[shows!("int(true)", "1")],
        |arguments| Ok(Scalar::Int(i64::from(arguments[0] == Scalar::Bool(true)))),
    ));
    rows.push(total(
        "int",
        x(Kind::Duration),
        gives(Type::INT),
        "The seconds of a duration without their fraction.",
        &[shows!("int(90min)", "5400"), shows!("int(duration(\"-PT1.5S\"))", "-1")],
        |arguments| Ok(Scalar::Int(duration(&arguments[0]) / SECOND)),
    ));
    rows.push(total("int", x(Kind::Int), gives(Type::INT), "The same int.", &[shows!("int(3)", "3")], |arguments| {
        Ok(arguments[0].clone())
    }));
    rows
}

fn to_float() -> Vec<Function> {
    let mut rows = Vec::from(
        total(
            "float",
            vec![of("x", Kind::String)],
            gives(Type::FLOAT),
            "The float that a text spells.",
            &[shows!("float(\"1e3\")", "1000.0"), shows!("float(\"1,5\")", "E0604")],
            |arguments| {
                let s = text(&arguments[0]);
                read_float(s.trim()).map(Scalar::Float).ok_or_else(|| fault(quoted(s), "a float"))
            },
        )
        .and_or_null(&[shows!("float?(\"2.5\")", "2.5"), shows!("float?(\"\")", "null")]),
    );
    rows.push(total(
        "float",
        vec![of("x", Kind::Float)],
        gives(Type::FLOAT),
        "The number as a float; an int becomes the nearest one.",
        &[shows!("float(3)", "3.0")],
        |arguments| Ok(arguments[0].clone()),
    ));
    rows.push(total(
        "float",
        vec![of("x", Kind::Duration)],
        gives(Type::FLOAT),
        "The seconds of a duration.",
        &[shows!("float(1500ms)", "1.5")],
        |arguments| Ok(Scalar::Float(duration(&arguments[0]) as f64 / SECOND as f64)),
    ));
    rows
}

/// As the cells of a file are read: a decimal number that is finite, or `NaN`, `inf`, `-inf`.
pub(super) fn read_float(text: &str) -> Option<f64> {
    match text {
        "NaN" => return Some(canonical(f64::NAN)),
        "inf" => return Some(f64::INFINITY),
        "-inf" => return Some(f64::NEG_INFINITY),
        _ => {}
    }
    let decimal = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
    let number: f64 = if decimal { fast_float2::parse(text).ok()? } else { return None };
    number.is_finite().then_some(number)
}

/// As it is written to files.
pub(super) fn spell_float(x: f64) -> String {
    if x.is_nan() {
        "NaN".into()
    } else if x.is_infinite() {
        if x > 0.0 { "inf".into() } else { "-inf".into() }
    } else {
        zmij::Buffer::new().format_finite(x).into()
    }
}

fn to_string() -> Vec<Function> {
    let row = |kind, examples, body| {
        total(
            "string",
            vec![of("x", kind)],
            gives(Type::STRING),
            "The value as text, as it is written to files.",
            examples,
            body,
        )
    };
    vec![
        row(Kind::String, &[shows!("string(\"a\")", "\"a\"")], |arguments| Ok(arguments[0].clone())),
        row(Kind::Int, &[shows!("string(-5)", "\"-5\"")], |arguments| Ok(string(int(&arguments[0]).to_string()))),
        row(Kind::Float, &[shows!("string(0.5)", "\"0.5\""), shows!("string(sqrt(-1))", "\"NaN\"")], |arguments| {
            Ok(string(spell_float(float(&arguments[0]))))
        }),
        row(Kind::Bool, &[shows!("string(true)", "\"true\"")], |arguments| {
            Ok(string(if arguments[0] == Scalar::Bool(true) { "true" } else { "false" }))
        }),
        row(Kind::Date, &[shows!("string(@2024-03-01)", "\"2024-03-01\"")], |arguments| {
            Ok(string(calendar::spell_date(date(&arguments[0]))))
        }),
        row(Kind::DateTime, &[shows!("string(@2024-03-01T10:00:00Z)", "\"2024-03-01T10:00:00Z\"")], |arguments| {
            Ok(string(calendar::spell_datetime(time(&arguments[0]))))
        }),
        row(Kind::Duration, &[shows!("string(90min)", "\"PT1H30M\"")], |arguments| {
            Ok(string(calendar::spell_duration(duration(&arguments[0]))))
        }),
    ]
}

fn to_bool() -> Vec<Function> {
    let mut rows = Vec::from(
        total(
            "bool",
            vec![of("x", Kind::String)],
            gives(Type::BOOL),
            "The bool that a text spells: `true` or `false`, in small or capital letters.",
            &[shows!("bool(\"TRUE\")", "true"), shows!("bool(\"yes\")", "E0604")],
            |arguments| match text(&arguments[0]).trim() {
                "true" | "True" | "TRUE" => Ok(Scalar::Bool(true)),
                "false" | "False" | "FALSE" => Ok(Scalar::Bool(false)),
                _ => Err(fault(quoted(text(&arguments[0])), "a bool")),
            },
        )
        .and_or_null(&[shows!("bool?(\"false\")", "false"), shows!("bool?(\"0\")", "null")]),
    );
    rows.push(total(
        "bool",
        vec![of("x", Kind::Int)],
        gives(Type::BOOL),
        "Whether an int is not 0.",
        &[shows!("bool(0)", "false")],
        |arguments| Ok(Scalar::Bool(int(&arguments[0]) != 0)),
    ));
    rows.push(total(
        "bool",
        vec![of("x", Kind::Bool)],
        gives(Type::BOOL),
        "The same bool.",
        &[shows!("bool(true)", "true")],
        |arguments| Ok(arguments[0].clone()),
    ));
    rows
}
