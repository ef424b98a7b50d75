//! THE meaning of a cell: text, whether it stood in quotes, and a type give a value or a misfit.
//!
//! Simple on purpose: the oracle reads by it, and the readers' fast paths fall back on it and are tested against it.
//! The rules (`language.md`, section 5):
//!
//! - An unquoted empty cell is null in every nullable column. A quoted `""` is empty text. In a `string` column that may
//!   not be null an unquoted empty cell is empty text too; in any other it is a misfit.
//! - In nullable columns other than `string?` an unquoted `NA`, `N/A`, `NULL` or `nan` is null; the option
//!   `null_values` replaces these words.
//! - `bool` is `true`, `True`, `TRUE`, `false`, `False` or `FALSE`.
//! - `int` is digits with an optional sign, within 64 bits.
//! - Where nobody said that a column has numbers, since its type was inferred, a quoted number and one that may be a code
//!   (`007`, `+5`, more than 18 digits) do not fit it: as a number it would not be written back alike.
//! - `float` is a decimal number with an optional sign, fraction and exponent, rounded to the nearest double; one beyond
//!   the range of a double is a misfit. Pipe's own spellings `NaN`, `inf` and `-inf` are read back; other words are not.
//! - `date` is `YYYY-MM-DD`. `datetime` is a date, `T` or a blank, and a time of day to the microsecond, in UTC unless
//!   an offset follows; a date alone is its midnight. `duration` is ISO 8601 (`PT5M`) or as scripts write it (`5min`).
//! - Blanks count: nothing is trimmed.

use crate::error::CellError;
use pipelang_lang::calendar;
use pipelang_lang::codes::E0501;
use pipelang_lang::scalar::{Scalar, canonical};
use pipelang_lang::ty::{Kind, Type};
use std::sync::Arc;

/// The words that mean null unless `null_values` says otherwise.
pub const NULL_WORDS: [&str; 4] = ["NA", "N/A", "NULL", "nan"];

/// [`NULL_WORDS`] as an option holds them.
pub fn default_null_words() -> Vec<Arc<str>> {
    NULL_WORDS.iter().map(|word| Arc::from(*word)).collect()
}

/// The type of a column, and whether it was inferred.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    /// The type.
    pub ty: &'a Type,
    /// Whether nobody declared it.
    pub inferred: bool,
}

/// The value of a cell; none if it does not fit. `text` is what stands inside the quotes, if it was `quoted`.
pub fn read(text: &str, quoted: bool, column: Column, null_words: &[Arc<str>]) -> Option<Scalar> {
    let ty = column.ty;
    if !quoted && ty.nullable {
        let is_null_word = || ty.kind != Kind::String && null_words.iter().any(|word| **word == *text);
        if text.is_empty() || is_null_word() {
            return Some(Scalar::Null);
        }
    }
    if column.inferred && ty.is_numeric() && (quoted || may_be_code(text)) {
        return None;
    }
    match &ty.kind {
        Kind::String => Some(Scalar::String(text.into())),
        Kind::Bool => read_bool(text).map(Scalar::Bool),
        Kind::Int => read_int(text).map(Scalar::Int),
        Kind::Float => read_float(text).map(Scalar::Float),
        Kind::Date => calendar::parse_date(text.as_bytes()).map(Scalar::Date),
        Kind::DateTime => calendar::parse_datetime(text.as_bytes()).map(Scalar::DateTime),
        Kind::Duration => calendar::parse_duration(text).map(Scalar::Duration),
        Kind::Bytes
        | Kind::Wide
        | Kind::List(_)
        | Kind::Record(_)
        | Kind::Map(_)
        | Kind::Json
        | Kind::Opaque(_)
        | Kind::Null
        | Kind::Unknown => None,
    }
}

/// Whether a number would not be written back alike: it may be a code.
pub(super) fn may_be_code(text: &str) -> bool {
    const MOST_DIGITS: usize = 18;
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let whole = digits.iter().take(MOST_DIGITS + 1).take_while(|byte| byte.is_ascii_digit()).count();
    text.starts_with('+') || whole > MOST_DIGITS || has_leading_zero(digits)
}

/// Whether digits without a sign begin with a zero that says nothing.
#[inline]
pub(super) fn has_leading_zero(digits: &[u8]) -> bool {
    matches!(digits, [b'0', b'0'..=b'9', ..])
}

/// Says that a cell does not fit its column.
pub fn misfit(column: &Arc<str>, ty: &Type, text: &str, inferred: bool) -> CellError {
    let expected = match &ty.kind {
        Kind::Bool => "bool",
        Kind::Int => "int",
        Kind::Float => "float",
        Kind::Date => "date",
        Kind::DateTime => "datetime",
        Kind::Duration => "duration",
        Kind::String => "string",
        Kind::Bytes
        | Kind::Wide
        | Kind::List(_)
        | Kind::Record(_)
        | Kind::Map(_)
        | Kind::Json
        | Kind::Opaque(_)
        | Kind::Null
        | Kind::Unknown => "value of another type",
    };
    let (column, text) = (column.clone(), text.to_string());
    CellError { code: E0501, column, inside: None, expected, text, inferred }
}

pub(super) fn read_bool(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

pub(super) fn read_int(text: &str) -> Option<i64> {
    // The standard parser takes exactly an optional sign and digits.
    text.parse().ok()
}

pub(super) fn read_float(text: &str) -> Option<f64> {
    match text {
        "NaN" => return Some(canonical(f64::NAN)),
        "inf" => return Some(f64::INFINITY),
        "-inf" => return Some(f64::NEG_INFINITY),
        _ => {}
    }
    // The library takes words such as `infinity` too.
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
    if !is_decimal {
        return None;
    }
    fast_float2::parse(text).ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(ty: &Type) -> Column<'_> {
        Column { ty, inferred: false }
    }

    fn unquoted(text: &str, ty: Type) -> Option<Scalar> {
        read(text, false, declared(&ty), &default_null_words())
    }

    #[test]
    fn codes_are_no_numbers_where_nobody_says_so() {
        let inferred = |text, quoted, ty: Type| read(text, quoted, Column { ty: &ty, inferred: true }, &[]);
        for text in ["007", "-01", "+5", "1234567890123456789", "00"] {
            assert_eq!(inferred(text, false, Type::INT), None, "{text}");
            assert_eq!(inferred(text, false, Type::FLOAT), None, "{text}");
            assert!(unquoted(text, Type::INT).is_some() && unquoted(text, Type::FLOAT).is_some(), "{text}");
        }
        assert_eq!(inferred("00.5", false, Type::FLOAT), None);
        assert_eq!(inferred("5", true, Type::INT), None);
        assert_eq!(inferred("0", false, Type::INT), Some(Scalar::Int(0)));
        assert_eq!(inferred("-0.25", false, Type::FLOAT), Some(Scalar::Float(-0.25)));
        assert_eq!(inferred("1970-01-02", true, Type::DATE), Some(Scalar::Date(1)));
    }

    #[test]
    fn nulls() {
        for ty in [Type::INT, Type::FLOAT, Type::BOOL, Type::DATE] {
            assert_eq!(unquoted("", ty.clone()), None);
            for word in ["", "NA", "N/A", "NULL", "nan"] {
                assert_eq!(unquoted(word, ty.clone().or_null()), Some(Scalar::Null), "{word}");
            }
            let ty = ty.or_null();
            assert_eq!(read("", true, declared(&ty), &default_null_words()), None);
            assert_eq!(read("NA", false, declared(&ty), &["-".into()]), None);
            assert_eq!(read("-", false, declared(&ty), &["-".into()]), Some(Scalar::Null));
        }
        let text = |text: &str| Some(Scalar::String(text.into()));
        assert_eq!(unquoted("", Type::STRING.or_null()), Some(Scalar::Null));
        assert_eq!(unquoted("", Type::STRING), text(""));
        assert_eq!(unquoted("NA", Type::STRING.or_null()), text("NA"));
        assert_eq!(read("", true, declared(&Type::STRING.or_null()), &default_null_words()), text(""));
    }

    #[test]
    fn ints() {
        for (text, value) in [("0", 0), ("-0", 0), ("+5", 5), ("007", 7), ("-9223372036854775808", i64::MIN)] {
            assert_eq!(unquoted(text, Type::INT), Some(Scalar::Int(value)), "{text}");
        }
        for text in ["9223372036854775808", "1.0", "1e3", " 1", "1 ", "-", "+", "1_000", "0x1", "--1", "١"] {
            assert_eq!(unquoted(text, Type::INT), None, "{text}");
        }
    }

    #[test]
    fn floats() {
        for (text, value) in
            [("1", 1.0), ("-1.5", -1.5), ("+.5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("1E-3", 0.001), ("1e-999", 0.0)]
        {
            assert_eq!(unquoted(text, Type::FLOAT), Some(Scalar::Float(value)), "{text}");
        }
        assert_eq!(unquoted("inf", Type::FLOAT), Some(Scalar::Float(f64::INFINITY)));
        assert_eq!(unquoted("-inf", Type::FLOAT), Some(Scalar::Float(f64::NEG_INFINITY)));
        assert!(matches!(unquoted("NaN", Type::FLOAT.or_null()), Some(Scalar::Float(x)) if x.is_nan()));
        for text in ["nan", "Inf", "infinity", "+inf", "1e999", ".", "-", "e5", "1e", "1e+", "1,5", "0x1p3", "1.2.3"] {
            assert_eq!(unquoted(text, Type::FLOAT), None, "{text}");
        }
    }

    #[test]
    fn bools_and_dates() {
        assert_eq!(unquoted("TRUE", Type::BOOL), Some(Scalar::Bool(true)));
        assert_eq!(unquoted("False", Type::BOOL), Some(Scalar::Bool(false)));
        assert_eq!(unquoted("yes", Type::BOOL), None);
        assert_eq!(unquoted("1970-01-02", Type::DATE), Some(Scalar::Date(1)));
        assert_eq!(unquoted("1970-02-30", Type::DATE), None);
    }
}
