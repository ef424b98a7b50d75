//! Values as text in a format: what `f"{x:,.2}"` calls. How a format is written is in `lang/src/format.rs`.

use super::Function;
use super::convert::spell_float;
use super::row::{date, float, gives, int, of, shows, string, text, total};
use super::time::format::write_date;
use pipelang_lang::calendar::{civil, spell_date};
use pipelang_lang::catalog::Example;
use pipelang_lang::codes::E0604;
use pipelang_lang::format::{For, Form, Format};
use pipelang_lang::scalar::{Fault, Scalar};
use pipelang_lang::ty::{Kind, Type};

/// The functions of this group.
pub(super) fn rows() -> Vec<Function> {
    const FLOATS: &[Example] = &[
        shows!("format(1234.5, \",.2\")", "\"1,234.50\""),
        shows!("format(0.125, \".1%\")", "\"12.5%\""),
        shows!("format(1e300, \",\")", "\"1e+300\""),
        shows!("format(1.5, \"x\")", "E0604"),
    ];
    let row = |kind, doc, examples, body| {
        let parameters = vec![of("x", kind), of("format", Kind::String)];
        total("format", parameters, gives(Type::STRING), doc, examples, body).failing()
    };
    vec![
        row(
            Kind::Int,
            "An int as text in a format such as `,` or `05`.",
            &[shows!("format(1234567, \",\")", "\"1,234,567\""), shows!("format(255, \"x\")", "\"ff\"")],
            |arguments| {
                let format = parsed(&arguments[1], For::Int)?;
                Ok(string(format.pad(&format_int(int(&arguments[0]), &format), true)))
            },
        ),
        row(Kind::Float, "A float as text in a format such as `.2` or `.1%`.", FLOATS, |arguments| {
            let format = parsed(&arguments[1], For::Float)?;
            Ok(string(format.pad(&format_float(float(&arguments[0]), &format), true)))
        }),
        row(
            Kind::String,
            "A text in the width of a format such as `>10`.",
            &[shows!("format(\"ab\", \"*^6\")", "\"**ab**\"")],
            |arguments| Ok(string(parsed(&arguments[1], For::Text)?.pad(text(&arguments[0]), false))),
        ),
        row(
            Kind::Bool,
            "A bool in the width of a format such as `>6`.",
            &[shows!("format(true, \">6\")", "\"  true\"")],
            |arguments| {
                let shown = if arguments[0] == Scalar::Bool(true) { "true" } else { "false" };
                Ok(string(parsed(&arguments[1], For::Text)?.pad(shown, false)))
            },
        ),
        row(
            Kind::Date,
            "A date in a format of `strftime`, such as `%d.%m.%Y`.",
            &[shows!("format(@2024-03-01, \"%d.%m.%Y\")", "\"01.03.2024\"")],
            |arguments| format_date(date(&arguments[0]), text(&arguments[1])).map(string),
        ),
    ]
}

fn parsed(format: &Scalar, of: For) -> Result<Format, Fault> {
    let wrong = |why| Fault::new(E0604, format!("{:?} is not a format for this value: {why}", text(format)));
    Format::parse(text(format), of).map_err(wrong)
}

fn format_int(value: i64, format: &Format) -> String {
    let decimals = |digits: String| match format.decimals {
        Some(0) | None => digits,
        Some(count) => format!("{digits}.{}", "0".repeat(count)),
    };
    match format.form {
        Form::Plain => decimals(grouped(value.to_string(), format)),
        Form::Percent => format!("{}%", decimals(grouped((i128::from(value) * 100).to_string(), format))),
        Form::Hexadecimal => format!("{}{:x}", if value < 0 { "-" } else { "" }, value.unsigned_abs()),
        Form::Exponent => format_float(value as f64, format),
    }
}

fn format_float(value: f64, format: &Format) -> String {
    if !value.is_finite() {
        return spell_float(value);
    }
    match (format.form, format.decimals) {
        (Form::Exponent, Some(decimals)) => with_sign(&format!("{value:.decimals$e}")),
        (Form::Exponent, None) => with_sign(&format!("{value:e}")),
        (Form::Percent, Some(decimals)) => format!("{}%", grouped(format!("{:.decimals$}", value * 100.0), format)),
        (Form::Percent, None) => {
            // Ten decimals are more than are meant, and hide that a hundred times 0.07 is 7.000000000000001.
            let digits = format!("{:.10}", value * 100.0);
            format!("{}%", grouped(digits.trim_end_matches('0').trim_end_matches('.').to_string(), format))
        }
        (Form::Plain | Form::Hexadecimal, Some(decimals)) => grouped(format!("{value:.decimals$}"), format),
        (Form::Plain | Form::Hexadecimal, None) => grouped(spell_float(value), format),
    }
}

/// An exponent with its sign, as floats are written elsewhere: `1e+300`.
fn with_sign(number: &str) -> String {
    if number.contains("e-") { number.to_string() } else { number.replace('e', "e+") }
}

/// The digits before the point in groups of three, if the format says so.
fn grouped(number: String, format: &Format) -> String {
    let digits = number.trim_start_matches('-');
    let whole = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    if !format.thousands || whole < 4 {
        return number;
    }
    let mut text = number[..number.len() - digits.len()].to_string();
    for (at, digit) in digits[..whole].char_indices() {
        if at > 0 && (whole - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + &digits[whole..]
}

fn format_date(day: i32, pattern: &str) -> Result<String, Fault> {
    let (year, month, of_month) = civil(day.into());
    let date = i16::try_from(year).ok().and_then(|year| jiff::civil::Date::new(year, month as i8, of_month as i8).ok());
    let wrong = |why: String| Fault::new(E0604, format!("{} in the format {pattern:?}: {why}", spell_date(day)));
    let date = date.ok_or_else(|| wrong("the year has more than four digits".into()))?;
    write_date(date, pattern).map_err(|error| wrong(error.to_string()))
}
