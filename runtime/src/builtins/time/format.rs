//! Formats of dates and times, which are those of `strptime` and `strftime`: jiff reads and writes them. What it takes
//! otherwise than the rest of the world is put right here.

use crate::builtins::row::of;
use jiff::fmt::strtime::{BrokenDownTime, Config, PosixCustom};
use jiff::tz::TimeZone;
use jiff::{Error, Timestamp, Zoned, civil};
use pipelang_lang::aliases::date_format;
use pipelang_lang::catalog::{Parameter, TextCheck, Unfit};
use pipelang_lang::ty::Kind;
use std::borrow::Cow;

/// What is written and not read, with what it is made of.
const UNREAD: [(char, Option<&str>); 6] = [
    ('c', Some("%a %b %e %H:%M:%S %Y")),
    ('r', Some("%I:%M:%S %p")),
    ('X', Some("%H:%M:%S")),
    ('x', Some("%m/%d/%y")),
    ('Z', None),
    ('q', None),
];

/// The parameter `format` of what reads.
pub(super) fn read_in() -> Parameter {
    Parameter { check: TextCheck::of(may_be_read), ..of("format", Kind::String) }
}

/// The parameter `format` of what writes.
pub(super) fn written_in() -> Parameter {
    Parameter { check: TextCheck::of(may_be_written), ..of("format", Kind::String) }
}

fn may_be_written(format: &str) -> Result<(), Unfit> {
    if !format.contains('%') {
        let message = "what stands for a part of a date begins with `%`, as in `%Y-%m-%d`".to_string();
        let why = Some("this is the same text for every date".to_string());
        return Err(Unfit { message, why, near: Vec::from_iter(date_format(format)) });
    }
    let example = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let Some(bad) = directives(format).find(|directive| write(&example, directive.text).is_err()) else {
        return Ok(());
    };
    let message = format!("`{}` means nothing in a format such as `%Y-%m-%d`", bad.text);
    Err(Unfit { message, why: None, near: Vec::new() })
}

fn may_be_read(format: &str) -> Result<(), Unfit> {
    may_be_written(format)?;
    let found = directives(format).find_map(|directive| {
        let (_, parts) = *UNREAD.iter().find(|(letter, _)| directive.text.ends_with(*letter))?;
        Some((directive, parts))
    });
    let Some((directive, parts)) = found else { return Ok(()) };
    let is_zone = directive.text.ends_with('Z');
    Err(Unfit {
        message: format!("`{}` can be written, not read", directive.text),
        why: is_zone.then(|| "`%z` reads an offset, `%Q` the name of a zone".to_string()),
        near: parts.map(|parts| directive.replaced(format, parts)).into_iter().collect(),
    })
}

/// A time in a format, as in the locale of C.
pub(super) fn write(time: &Zoned, format: &str) -> Result<String, Error> {
    let mut parts = BrokenDownTime::from(time);
    // Its seconds are the last whole ones before it, before 1970 as well.
    let second = time.timestamp().as_nanosecond().div_euclid(1_000_000_000);
    parts.set_timestamp(Timestamp::from_second(second as i64).ok());
    parts.to_string_with_config(&config(), &*six_digits(format))
}

/// The same of a date, which has no hours.
pub(in crate::builtins) fn write_date(date: civil::Date, format: &str) -> Result<String, Error> {
    BrokenDownTime::from(date).to_string_with_config(&config(), format)
}

fn config() -> Config<PosixCustom> {
    Config::new().custom(PosixCustom::new())
}

/// `%f` is the microseconds in all their digits.
fn six_digits(format: &str) -> Cow<'_, str> {
    if !format.contains("%f") {
        return Cow::Borrowed(format);
    }
    let places: Vec<Directive<'_>> = directives(format).filter(|directive| directive.text == "%f").collect();
    places.iter().rev().fold(Cow::Borrowed(format), |format, place| place.replaced(&format, "%6f").into())
}

/// What is said of a text that is not in a format: offsets are with a colon, or without.
pub(super) fn advice(spelled: &str, format: &str) -> &'static str {
    let other = |directive: Directive<'_>| match directive.text {
        "%z" => Some((directive.replaced(format, "%:z"), "; `%:z` reads an offset with a colon")),
        "%:z" => Some((directive.replaced(format, "%z"), "; `%z` reads an offset without a colon")),
        _ => None,
    };
    let meant = directives(format).find_map(other).filter(|(meant, _)| BrokenDownTime::parse(meant, spelled).is_ok());
    meant.map_or("", |(_, advice)| advice)
}

/// `%d`, `%-d`, `%:z`: a part of a format.
#[derive(Clone, Copy)]
struct Directive<'f> {
    start: usize,
    text: &'f str,
}

impl Directive<'_> {
    /// The format with something else in its place.
    fn replaced(&self, format: &str, by: &str) -> String {
        format!("{}{by}{}", &format[..self.start], &format[self.start + self.text.len()..])
    }
}

fn directives(format: &str) -> impl Iterator<Item = Directive<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + format.get(at..)?.find('%')?;
        let is_flag = |c: char| "-_0^#:.".contains(c) || c.is_ascii_digit();
        let behind = &format[start + 1..];
        let letter = behind.find(|c| !is_flag(c)).unwrap_or(behind.len());
        let length = letter + behind[letter..].chars().next().map_or(0, char::len_utf8);
        at = start + 1 + length;
        Some(Directive { start, text: &format[start..at] })
    })
}
