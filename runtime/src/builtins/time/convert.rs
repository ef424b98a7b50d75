//! Dates, times and durations from texts, numbers and each other, and as texts in a format.
//!
//! Formats are those of `strptime` and `strftime`; jiff reads and writes them. ISO 8601 is read by the calendar.

use super::{format, zone};
use crate::builtins::Function;
use crate::builtins::convert::{fault, quoted};
use crate::builtins::row::{date, float, gives, int, of, optional, shows, string, text, time, total};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, civil};
use pipelang_lang::calendar::{self, DAY, SECOND, date_of, days, spell_date};
use pipelang_lang::catalog::{Parameter, TextCheck, Unfit};
use pipelang_lang::codes::E0604;
use pipelang_lang::scalar::{Fault, Scalar, overflow, overflow_of};
use pipelang_lang::ty::{Kind, Type};

/// The functions of this file.
pub(super) fn rows() -> Vec<Function> {
    let mut rows = to_date();
    rows.extend(to_datetime());
    rows.extend(to_duration());
    rows.extend(epochs());
    rows.extend(formats());
    rows
}

fn to_date() -> Vec<Function> {
    let mut rows = Vec::from(
        total(
            "date",
            vec![of("x", Kind::String)],
            gives(Type::DATE),
            "The date that a text spells as `2024-03-01`.",
            &[shows!("date(\"2024-02-29\")", "\"2024-02-29\""), shows!("date(\"2023-02-29\")", "E0604")],
            |arguments| {
                let s = text(&arguments[0]);
                let date = calendar::parse_date(s.trim().as_bytes());
                date.map(Scalar::Date).ok_or_else(|| fault(quoted(s), "a date"))
            },
        )
        .and_or_null(&[shows!("date?(\"1970-01-02\")", "\"1970-01-02\""), shows!("date?(\"1/2/1970\")", "null")]),
    );
    rows.extend(
        total(
            "date",
            vec![of("x", Kind::String), format::read_in()],
            gives(Type::DATE),
            "The date that a text spells in a format of `strptime`, such as `%d.%m.%Y`.",
            &[
                shows!("date(\"1.3.2024\", \"%d.%m.%Y\")", "\"2024-03-01\""),
                shows!("date(\"1.3.24\", \"%Y\")", "E0604"),
            ],
            |arguments| {
                let parsed = civil::Date::strptime(text(&arguments[1]), text(&arguments[0]));
                let parsed = parsed.map_err(|_| not_in_format(arguments, "a date"))?;
                Ok(Scalar::Date(days(parsed.year().into(), parsed.month().into(), parsed.day().into()) as i32))
            },
        )
        .and_or_null(&[
            shows!("date?(\"03/01/24\", \"%m/%d/%y\")", "\"2024-03-01\""),
            shows!("date?(\"x\", \"%m/%d/%y\")", "null"),
        ]),
    );
    rows.push(
        total(
            "date",
            vec![of("t", Kind::DateTime), zone::optional()],
            gives(Type::DATE),
            "The date of a datetime.",
            &[
                shows!("date(@2024-02-29T23:30:00Z)", "\"2024-02-29\""),
                shows!("date(@2024-02-29T23:30:00Z, zone: \"Europe/Berlin\")", "\"2024-03-01\""),
            ],
            date_in_zone,
        )
        .failing(),
    );
    rows.push(total(
        "date",
        vec![of("x", Kind::Date)],
        gives(Type::DATE),
        "The same date.",
        &[shows!("date(@2024-03-01)", "\"2024-03-01\"")],
        |arguments| Ok(arguments[0].clone()),
    ));
    rows.extend(make_date());
    rows
}

fn make_date() -> [Function; 2] {
    total(
        "make_date",
        vec![of("year", Kind::Int), of("month", Kind::Int), of("day", Kind::Int)],
        gives(Type::DATE),
        "The date of a year, a month and a day.",
        &[shows!("make_date(2024, 2, 29)", "\"2024-02-29\""), shows!("make_date(2023, 2, 29)", "E0604")],
        |arguments| {
            let [year, month, day] = [0, 1, 2].map(|at| int(&arguments[at]));
            let date = (year.unsigned_abs() < 10_000_000).then(|| date_of(year, month, day)).flatten();
            date.map(Scalar::Date)
                .ok_or_else(|| Fault::new(E0604, format!("there is no date {year}-{month:02}-{day:02}")))
        },
    )
    .and_or_null(&[shows!("make_date?(2024, 3, 1)", "\"2024-03-01\""), shows!("make_date?(2024, 13, 1)", "null")])
}

fn to_datetime() -> Vec<Function> {
    let mut rows = Vec::from(
        total(
            "datetime",
            vec![of("x", Kind::String)],
            gives(Type::DATETIME),
            "The datetime that a text spells by ISO 8601; in UTC, if it says no offset.",
            &[
                shows!("datetime(\"2024-03-01 10:00:00\")", "\"2024-03-01T10:00:00Z\""),
                shows!("datetime(\"2024-03-01T10:00:00.5+01:00\")", "\"2024-03-01T09:00:00.5Z\""),
                shows!("datetime(\"2024-03-01T25:00:00\")", "E0604"),
            ],
            |arguments| {
                let s = text(&arguments[0]);
                let time = calendar::parse_datetime(s.trim().as_bytes());
                time.map(Scalar::DateTime).ok_or_else(|| no_datetime(s))
            },
        )
        .and_or_null(&[
            shows!("datetime?(\"2024-03-01\")", "\"2024-03-01T00:00:00Z\""),
            shows!("datetime?(\"soon\")", "null"),
        ]),
    );
    rows.extend(
        total(
            "datetime",
            vec![of("x", Kind::String), format::read_in(), zone::optional()],
            gives(Type::DATETIME),
            "The datetime that a text spells in a format of `strptime`; of this zone, if it says no offset.",
            &[
                shows!(
                    "datetime(\"10/Oct/2000:13:55:36 -0700\", \"%d/%b/%Y:%H:%M:%S %z\")",
                    "\"2000-10-10T20:55:36Z\""
                ),
                shows!(
                    "datetime(\"1.7.2024 12:00\", \"%d.%m.%Y %H:%M\", zone: \"Europe/Berlin\")",
                    "\"2024-07-01T10:00:00Z\""
                ),
                shows!("datetime(\"noon\", \"%H:%M\")", "E0604"),
            ],
            |arguments| parse_in_format(arguments).map(Scalar::DateTime),
        )
        .and_or_null(&[
            shows!("datetime?(\"2024-03-01 10\", \"%Y-%m-%d %H\")", "\"2024-03-01T10:00:00Z\""),
            shows!("datetime?(\"soon\", \"%Y-%m-%d %H\")", "null"),
        ]),
    );
    rows.push(
        total(
            "datetime",
            vec![of("d", Kind::Date), zone::optional()],
            gives(Type::DATETIME),
            "The first instant of a date.",
            &[
                shows!("datetime(@2024-03-01)", "\"2024-03-01T00:00:00Z\""),
                shows!("datetime(@2024-07-01, zone: \"Europe/Berlin\")", "\"2024-06-30T22:00:00Z\""),
            ],
            |arguments| {
                let midnight = midnight(date(&arguments[0]))?;
                zone::instant(midnight, &zone::of(&arguments[1])?).map(Scalar::DateTime)
            },
        )
        .failing(),
    );
    rows.push(total(
        "datetime",
        vec![of("x", Kind::DateTime)],
        gives(Type::DATETIME),
        "The same datetime.",
        &[shows!("datetime(@2024-03-01T10:00:00Z)", "\"2024-03-01T10:00:00Z\"")],
        |arguments| Ok(arguments[0].clone()),
    ));
    rows
}

/// The date of a datetime in a zone.
pub(in crate::builtins) fn date_in_zone(arguments: &[Scalar]) -> Result<Scalar, Fault> {
    let local = zone::local(time(&arguments[0]), &zone::of(&arguments[1])?)?;
    Ok(Scalar::Date(local.div_euclid(DAY) as i32))
}

fn midnight(day: i32) -> Result<i64, Fault> {
    let midnight = i64::from(day).checked_mul(DAY);
    midnight.ok_or_else(|| overflow_of(&Kind::DateTime, format_args!("the midnight of {}", spell_date(day))))
}

fn not_in_format(arguments: &[Scalar], wanted: &str) -> Fault {
    let (spelled, pattern) = (text(&arguments[0]), text(&arguments[1]));
    let advice = format::advice(spelled, pattern);
    fault(quoted(spelled), &format!("{wanted} in the format {}{advice}", quoted(pattern)))
}

/// A text that is no datetime, or one that has more digits than there are.
fn no_datetime(spelled: &str) -> Fault {
    let digits = |from: usize| spelled[from..].bytes().take_while(u8::is_ascii_digit).count();
    let (start, end) = match spelled.rfind('.').map(|dot| (dot + 7, dot + 1 + digits(dot + 1))) {
        Some(range) if range.1 > range.0 => range,
        Some(_) | None => return fault(quoted(spelled), "a datetime"),
    };
    let cut = format!("{}{}", &spelled[..start], &spelled[end..]);
    match calendar::parse_datetime(cut.as_bytes()) {
        Some(_) => too_fine(spelled),
        None => fault(quoted(spelled), "a datetime"),
    }
}

fn too_fine(spelled: &str) -> Fault {
    const CUT: &str = r#"a datetime of whole microseconds: `replace(t, r"(\.\d{6})\d+", "$1")` cuts it"#;
    fault(quoted(spelled), CUT)
}

/// The microseconds of a text in a format, in a zone. There is no leap second: the library takes one for the second before.
fn parse_in_format(arguments: &[Scalar]) -> Result<i64, Fault> {
    let spelled = text(&arguments[0]);
    let time = read_in_format(spelled, arguments)?;
    let is_leap = spelled.match_indices("60").any(|(at, sixty)| {
        let before = format!("{}59{}", &spelled[..at], &spelled[at + sixty.len()..]);
        read_in_format(&before, arguments) == Ok(time)
    });
    if is_leap { Err(not_in_format(arguments, "a datetime")) } else { Ok(time) }
}

fn read_in_format(spelled: &str, arguments: &[Scalar]) -> Result<i64, Fault> {
    let wrong = || not_in_format(arguments, "a datetime");
    let parsed = BrokenDownTime::parse(text(&arguments[1]), spelled).map_err(|_| wrong())?;
    // An offset or a number of seconds in the text says more than a zone, and a zone in the text more than that beside it.
    let (timestamp, in_utc) = match parsed.to_timestamp() {
        Ok(timestamp) => (timestamp, true),
        Err(_) if parsed.offset().is_some() => return Err(wrong()),
        Err(_) => (parsed.to_datetime().and_then(|shown| Offset::UTC.to_timestamp(shown)).map_err(|_| wrong())?, false),
    };
    if timestamp.subsec_nanosecond() % 1000 != 0 {
        return Err(too_fine(text(&arguments[0])));
    }
    let time = timestamp.as_microsecond();
    if in_utc {
        return Ok(time);
    }
    let zone = match parsed.iana_time_zone() {
        Some(name) => zone::named(name)?,
        None => zone::of(&arguments[2])?,
    };
    zone::instant(time, &zone)
}

fn to_duration() -> Vec<Function> {
    let mut rows = Vec::from(
        total(
            "duration",
            vec![of("x", Kind::String)],
            gives(Type::DURATION),
            "The duration that a text spells by ISO 8601 or as scripts do.",
            &[
                shows!("duration(\"PT1H30M\")", "\"PT1H30M\""),
                shows!("duration(\"1h 30min\")", "\"PT1H30M\""),
                shows!("duration(\"P1M\")", "E0604"),
            ],
            |arguments| {
                let s = text(&arguments[0]);
                let length = calendar::parse_duration(s.trim());
                length.map(Scalar::Duration).ok_or_else(|| fault(quoted(s), "a duration"))
            },
        )
        .and_or_null(&[shows!("duration?(\"2d\")", "\"P2D\""), shows!("duration?(\"long\")", "null")]),
    );
    rows.push(total(
        "duration",
        vec![of("x", Kind::Duration)],
        gives(Type::DURATION),
        "The same duration.",
        &[shows!("duration(5min)", "\"PT5M\"")],
        |arguments| Ok(arguments[0].clone()),
    ));
    rows
}

/// The parameter `unit` of what counts from 1970.
fn unit() -> Parameter {
    Parameter { check: TextCheck::of(check_unit), ..optional("unit", Kind::String, Scalar::String("s".into())) }
}

fn check_unit(name: &str) -> Result<(), Unfit> {
    match per_second(name) {
        Some(_) => Ok(()),
        None => {
            let message = format!("{name:?} is no unit: \"s\", \"ms\", \"us\" or \"ns\"");
            Err(Unfit { message, why: None, near: Vec::new() })
        }
    }
}

/// How many of a unit are a second.
fn per_second(unit: &str) -> Option<i128> {
    Some(match unit {
        "s" => 1,
        "ms" => 1_000,
        "us" => 1_000_000,
        "ns" => 1_000_000_000,
        _ => return None,
    })
}

fn unit_of(argument: &Scalar) -> Result<i128, Fault> {
    let name = text(argument);
    per_second(name).ok_or_else(|| fault(quoted(name), "\"s\", \"ms\", \"us\" or \"ns\""))
}

fn epochs() -> Vec<Function> {
    let doc =
        "The datetime that is so many seconds, or other units, after 1970-01-01T00:00:00Z, down to the microsecond.";
    let mut rows = Vec::from(
        total(
            "from_epoch",
            vec![of("n", Kind::Int), unit()],
            gives(Type::DATETIME),
            doc,
            &[
                shows!("from_epoch(1709287200)", "\"2024-03-01T10:00:00Z\""),
                shows!("from_epoch(-1, unit: \"ms\")", "\"1969-12-31T23:59:59.999Z\""),
            ],
            |arguments| {
                let (count, per_second) = (int(&arguments[0]), unit_of(&arguments[1])?);
                let time = (i128::from(count) * i128::from(SECOND)).div_euclid(per_second);
                i64::try_from(time).map(Scalar::DateTime).map_err(|_| fault(count, "in the range of datetime"))
            },
        )
        .and_or_null(&[
            shows!("from_epoch?(0)", "\"1970-01-01T00:00:00Z\""),
            shows!("from_epoch?(9223372036854775807)", "null"),
        ]),
    );
    rows.extend(
        total(
            "from_epoch",
            vec![of("n", Kind::Float), unit()],
            gives(Type::DATETIME),
            "The datetime that is so many seconds, or other units, after 1970-01-01T00:00:00Z, to the nearest microsecond.",
            &[
                shows!("from_epoch(1709287200.25)", "\"2024-03-01T10:00:00.25Z\""),
                shows!("from_epoch(1098554253.192844)", "\"2004-10-23T17:57:33.192844Z\""),
            ],
            |arguments| {
                let (count, per_second) = (float(&arguments[0]), unit_of(&arguments[1])?);
                let second = i128::from(SECOND);
                let time = match per_second <= second {
                    true => count * (second / per_second) as f64,
                    false => count / (per_second / second) as f64,
                };
                let time = time.round_ties_even();
                // 2^63 is a float, 2^63 - 1 is not.
                let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&time);
                if fits { Ok(Scalar::DateTime(time as i64)) } else { Err(fault(count, "in the range of datetime")) }
            },
        )
        .and_or_null(&[shows!("from_epoch?(0.5)", "\"1970-01-01T00:00:00.5Z\"")]),
    );
    rows.push(
        total(
            "epoch",
            vec![of("t", Kind::DateTime), unit()],
            gives(Type::INT),
            "How many whole seconds, or other units, a datetime is after 1970-01-01T00:00:00Z.",
            &[
                shows!("epoch(@2024-03-01T10:00:00.75Z)", "1709287200"),
                shows!("epoch(@1969-12-31T23:59:59.999Z, unit: \"ms\")", "-1"),
            ],
            |arguments| {
                let (time, per_second) = (i128::from(time(&arguments[0])), unit_of(&arguments[1])?);
                let count = (time * per_second).div_euclid(i128::from(SECOND));
                i64::try_from(count).map(Scalar::Int).map_err(|_| overflow("this count"))
            },
        )
        .failing(),
    );
    rows
}

fn formats() -> Vec<Function> {
    let doc = "The text of a date or time in a format of `strftime`, such as `%d.%m.%Y`; `%f` is the microseconds.";
    vec![
        total(
            "format_date",
            vec![of("d", Kind::Date), format::written_in()],
            gives(Type::STRING),
            doc,
            &[shows!("format_date(@2024-03-01, \"%d.%m.%Y\")", "\"01.03.2024\"")],
            |arguments| written(midnight(date(&arguments[0]))?, TimeZone::UTC, text(&arguments[1])),
        )
        .failing(),
        total(
            "format_date",
            vec![of("t", Kind::DateTime), format::written_in(), zone::optional()],
            gives(Type::STRING),
            doc,
            &[
                shows!("format_date(@2024-03-01T10:05:00Z, \"%H:%M\")", "\"10:05\""),
                shows!(
                    "format_date(@2024-07-01T10:05:00Z, \"%Y-%m-%d %H:%M %z\", zone: \"Europe/Berlin\")",
                    "\"2024-07-01 12:05 +0200\""
                ),
            ],
            |arguments| written(time(&arguments[0]), zone::of(&arguments[2])?, text(&arguments[1])),
        )
        .failing(),
    ]
}

/// A time in a format, in a zone.
fn written(time: i64, zone: TimeZone, pattern: &str) -> Result<Scalar, Fault> {
    let in_time = || fault(calendar::spell_datetime(time), "in the years -9999 to 9999, which formats can write");
    let timestamp = Timestamp::from_microsecond(time).map_err(|_| in_time())?;
    let text = format::write(&timestamp.to_zoned(zone), pattern);
    text.map(string).map_err(|_| fault(quoted(pattern), "a format, whose parts are such as `%Y`, `%m` and `%d`"))
}
