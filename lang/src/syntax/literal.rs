//! What a literal means: numbers, dates, durations and escapes, each from its text alone.
//!
//! A failure says its code and one sentence; where it stands is the lexer's to say.

use super::token::Token;
use crate::calendar;
use crate::codes::{Code, E0111, E0310};

/// Why a literal has no value: the code, the headline, what to do.
pub(super) type Failure = (Code, String, String);

/// The value of what begins with a digit.
pub(super) fn number(text: &str) -> Result<Token<'_>, Failure> {
    let digits_end = text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
    let (digits, rest) = text.split_at(digits_end);
    if digits == "0" && rest.starts_with(['x', 'X']) {
        return hexadecimal(text, &rest[1..]);
    }
    if rest.is_empty() {
        return int(text, &digits.replace('_', ""), 10);
    }
    if rest.starts_with('.') || is_exponent(rest) {
        return decimal(text);
    }
    match calendar::unit(rest) {
        Some(unit) => duration(text, digits, unit),
        None => Err((E0111, format!("`{text}` is not a number"), number_help(digits, rest))),
    }
}

/// What a number with the unit of elsewhere is here: `5m`, `2hrs`, `3k`.
pub(super) fn meant(text: &str) -> Option<String> {
    let suffix = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_');
    let unit = match suffix {
        "k" | "K" => "_000",
        "M" => "_000_000",
        "hr" | "hrs" | "hour" | "hours" => "h",
        "sec" | "secs" | "second" | "seconds" => "s",
        "m" | "mins" | "minute" | "minutes" => "min",
        "days" | "day" => "d",
        "week" | "weeks" => "w",
        _ => return None,
    };
    Some(format!("{}{unit}", &text[..text.len() - suffix.len()]))
}

fn number_help(digits: &str, suffix: &str) -> String {
    match suffix {
        "mo" | "month" | "months" => format!("months differ in length: `add_months(date, {digits})` moves a date"),
        "y" | "yr" | "yrs" | "year" | "years" => {
            format!("years differ in length: `add_years(date, {digits})` moves a date")
        }
        _ => "numbers are written `42`, `1_000`, `0xff`, `3.14` or `1e9`, lengths of time `250ms 30s 5min 2h 1d 1w`"
            .to_string(),
    }
}

fn is_exponent(rest: &str) -> bool {
    let digits = rest.strip_prefix(['e', 'E']).map(|rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
    digits.is_some_and(|digits| digits.starts_with(|c: char| c.is_ascii_digit()))
}

fn hexadecimal<'s>(text: &str, digits: &str) -> Result<Token<'s>, Failure> {
    let digits = digits.replace('_', "");
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        let help = "after `0x` stand the digits 0 to 9 and a to f: `0xff`".to_string();
        return Err((E0111, format!("`{text}` is not a number"), help));
    }
    int(text, &digits, 16)
}

fn int<'s>(text: &str, digits: &str, radix: u32) -> Result<Token<'s>, Failure> {
    i64::from_str_radix(digits, radix).map(Token::Int).map_err(|_| {
        let shown = if text.len() > 30 { "this number".to_string() } else { format!("`{text}`") };
        let help = "the largest int is 9_223_372_036_854_775_807; with a `.0` behind it a number is a float";
        (E0310, format!("{shown} does not fit into int (64 bits)"), help.to_string())
    })
}

/// Whether this is 2^63, which is an int only behind a minus.
pub(super) fn is_beyond_by_one(text: &str) -> bool {
    text.replace('_', "") == "9223372036854775808"
}

fn decimal(text: &str) -> Result<Token<'_>, Failure> {
    match float(text) {
        Some(value) if value.is_finite() => Ok(Token::Float(text)),
        Some(_) => {
            let help = "the largest float is about 1.8e308".to_string();
            Err((E0111, format!("`{text}` is larger than any float"), help))
        }
        None => {
            let dots = text.matches('.').count();
            let help = if dots > 1 { "a number has one `.`" } else { "numbers are written `3.14` or `1e9`" };
            Err((E0111, format!("`{text}` is not a number"), help.to_string()))
        }
    }
}

/// The value of a decimal number as it is written.
pub(super) fn float(text: &str) -> Option<f64> {
    text.replace('_', "").parse().ok()
}

fn duration<'s>(text: &str, digits: &str, unit: i64) -> Result<Token<'s>, Failure> {
    let value = digits.replace('_', "").parse::<i64>().ok().and_then(|count| count.checked_mul(unit));
    value.map(Token::Duration).ok_or_else(|| {
        (E0310, format!("`{text}` is too long a time"), "the longest is about 292_000 years".to_string())
    })
}

/// The value of what begins with `@`.
pub(super) fn date(text: &str) -> Result<Token<'static>, Failure> {
    let body = &text[1..];
    if has_shape(body, "0000-00-00") {
        return calendar::parse_date(body.as_bytes()).map(Token::Date).ok_or_else(|| not_a_date(text));
    }
    let time = body.get(11..).unwrap_or("");
    let clock_end = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(clock_end);
    let (clock, fraction) = clock.split_once('.').map_or((clock, "0"), |(clock, fraction)| (clock, fraction));
    let is_written_well = body.get(..11).is_some_and(|date| has_shape(date, "0000-00-00T"))
        && (has_shape(clock, "00:00:00") || has_shape(clock, "00:00") && !time.contains('.'))
        && !fraction.is_empty()
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
        && (matches!(zone, "" | "Z") || has_shape(&zone[1..], "00:00"));
    if !is_written_well {
        return Err(not_a_date(text));
    }
    // What is finer than microseconds is told apart, so that the message can say so.
    let digits = fraction.len().min(6);
    let coarse = body.replacen(fraction, &fraction[..digits], 1);
    let is_finer = fraction[digits..].bytes().any(|digit| digit != b'0');
    match calendar::parse_datetime(if is_finer { coarse.as_bytes() } else { body.as_bytes() }) {
        Some(_) if is_finer => {
            let help = "a datetime has at most six digits after the seconds".to_string();
            Err((E0310, format!("`{text}` is finer than microseconds"), help))
        }
        Some(time) => Ok(Token::DateTime(time)),
        None => Err(not_a_date(text)),
    }
}

/// Whether a text is written like a sample: digits for digits, everything else the same.
fn has_shape(text: &str, sample: &str) -> bool {
    let alike = |(a, b): (u8, u8)| if b.is_ascii_digit() { a.is_ascii_digit() } else { a == b };
    text.len() == sample.len() && text.bytes().zip(sample.bytes()).all(alike)
}

fn not_a_date(text: &str) -> Failure {
    let shown = if text.len() > 40 { "this" } else { text };
    let help = "dates are written `@2024-12-31`, datetimes `@2024-12-31T10:00:00Z`".to_string();
    (E0111, format!("`{shown}` is not a date"), help)
}

/// What `\` and the text after it stand for, and how many bytes of that text belong to it.
pub(super) fn escape(after: &str) -> Option<(char, usize)> {
    let first = after.chars().next()?;
    Some(match first {
        'n' => ('\n', 1),
        't' => ('\t', 1),
        'r' => ('\r', 1),
        '0' => ('\0', 1),
        '\\' | '"' | '\'' => (first, 1),
        'u' => {
            let digits = after.strip_prefix("u{")?.split_once('}')?.0;
            let value = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() <= 6)?;
            (char::from_u32(value)?, digits.len() + 3)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(number("1_000"), Ok(Token::Int(1000)));
        assert_eq!(number("0xff"), Ok(Token::Int(255)));
        assert_eq!(number("1e9"), Ok(Token::Float("1e9")));
        assert_eq!(number("3.14"), Ok(Token::Float("3.14")));
        assert_eq!(number("5min"), Ok(Token::Duration(300_000_000)));
        for text in ["1.2.3", "0x", "0xg", "1e999", "10k", "1.5h", "5e", "1x2"] {
            assert_eq!(number(text).unwrap_err().0, E0111, "{text}");
        }
        assert_eq!(number("9223372036854775808").unwrap_err().0, E0310);
        assert_eq!(number("99999999999999999999999999").unwrap_err().0, E0310);
        assert_eq!(number("99999999999999w").unwrap_err().0, E0310);
    }

    #[test]
    fn dates() {
        assert_eq!(date("@1970-01-02"), Ok(Token::Date(1)));
        assert_eq!(date("@2024-03-01"), Ok(Token::Date(19783)));
        assert_eq!(date("@1969-12-31"), Ok(Token::Date(-1)));
        assert_eq!(date("@0001-01-01"), Ok(Token::Date(-719162)));
        assert_eq!(date("@1970-01-01T00:00:01Z"), Ok(Token::DateTime(1_000_000)));
        assert_eq!(date("@1970-01-01T01:00:00+01:00"), Ok(Token::DateTime(0)));
        assert_eq!(date("@1970-01-01T00:00:00.5"), Ok(Token::DateTime(500_000)));
        assert_eq!(date("@1970-01-01T00:01"), Ok(Token::DateTime(60_000_000)));
        assert_eq!(date("@1970-01-01T01:00-01:30"), Ok(Token::DateTime(9_000_000_000)));
        let shapes = ["@2024-01-01t10:00", "@2024-01-01T10", "@20240101T100000", "@2024-01-01T10:00z", "@2024-01-01T"];
        let zones = ["@2024-01-01T10:00+01", "@2024-01-01T10:00.5", "@2024-01-01T10:00:00.", "@2024-01-01T10:00+"];
        for text in ["@", "@2024-13-01", "@2024-02-30", "@2024-1-1", "@20240101", "@tomorrow", "@2024-01-01T25:00"]
            .into_iter()
            .chain(shapes)
            .chain(zones)
        {
            assert_eq!(date(text).unwrap_err().0, E0111, "{text}");
        }
        assert_eq!(date("@1970-01-01T00:00:00.0000001Z").unwrap_err().0, E0310);
    }

    #[test]
    fn escapes() {
        assert_eq!(escape("n…"), Some(('\n', 1)));
        assert_eq!(escape("u{1F600}x"), Some(('😀', 8)));
        assert_eq!(escape("u{D800}"), None);
        assert_eq!(escape("d"), None);
        assert_eq!(escape(""), None);
    }
}
