//! Dates and times moved by the calendar: months and years on, to the start of a month, a year, or an interval.

use super::zone;
use crate::builtins::Function;
use crate::builtins::row::{date, duration, gives, int, of, shows, time, total};
use jiff::tz::TimeZone;
use pipelang_lang::calendar::{DAY, civil, date_of, days_of_month, spell_date, spell_datetime, spell_duration};
use pipelang_lang::catalog::Example;
use pipelang_lang::codes::E0602;
use pipelang_lang::scalar::{Fault, Scalar, overflow_of};
use pipelang_lang::ty::{Kind, Type};

/// The functions of this file.
pub(super) fn rows() -> Vec<Function> {
    let mut rows = additions();
    rows.extend(starts());
    rows.extend(bins());
    rows
}

/// A day moved by the calendar; none where there is no such day.
type Move = fn(day: i32, by: i64) -> Option<i32>;

/// The rows of a function that moves a date, or the date of a datetime, by an int.
macro_rules! adds {
    ($name:literal, $doc:literal, $date:expr, $time:expr, $move:expr) => {
        [
            total($name, vec![of("d", Kind::Date), of("n", Kind::Int)], gives(Type::DATE), $doc, $date, |arguments| {
                let (day, by) = (date(&arguments[0]), int(&arguments[1]));
                let moved = ($move)(day, by).ok_or_else(|| too_far(&spell_date(day), Kind::Date));
                moved.map(Scalar::Date)
            })
            .failing(),
            total(
                $name,
                vec![of("t", Kind::DateTime), of("n", Kind::Int), zone::optional()],
                gives(Type::DATETIME),
                $doc,
                $time,
                |arguments| {
                    let zone = zone::of(&arguments[2])?;
                    moved(time(&arguments[0]), &zone, int(&arguments[1]), $move).map(Scalar::DateTime)
                },
            )
            .failing(),
        ]
    };
}

fn additions() -> Vec<Function> {
    let months: [Function; 2] = adds!(
        "add_months",
        "So many months later; the last day of a month where that month is shorter.",
        &[
            shows!("add_months(@2024-01-31, 1)", "\"2024-02-29\""),
            shows!("add_months(@2024-03-31, -4)", "\"2023-11-30\"")
        ],
        &[
            shows!("add_months(@2024-01-31T10:00:00Z, 1)", "\"2024-02-29T10:00:00Z\""),
            shows!("add_months(@2024-02-29T10:00:00Z, 3, zone: \"Europe/Berlin\")", "\"2024-05-29T09:00:00Z\""),
        ],
        add_months
    );
    let years: [Function; 2] = adds!(
        "add_years",
        "So many years later; the 28th of February where the 29th is not there.",
        &[shows!("add_years(@2024-02-29, 1)", "\"2025-02-28\""), shows!("add_years(@2024-02-29, 10000000)", "E0601")],
        &[shows!("add_years(@2024-02-29T10:00:00Z, -4)", "\"2020-02-29T10:00:00Z\"")],
        |day, by: i64| add_months(day, by.checked_mul(12)?)
    );
    [months, years].concat()
}

fn starts() -> Vec<Function> {
    let month = starts_of(
        "month_start",
        "The first day of the month, or its first instant.",
        [
            &[shows!("month_start(@2024-02-29)", "\"2024-02-01\"")],
            &[
                shows!("month_start(@2024-02-29T10:00:00Z)", "\"2024-02-01T00:00:00Z\""),
                shows!("month_start(@2024-07-15T10:00:00Z, zone: \"Europe/Berlin\")", "\"2024-06-30T22:00:00Z\""),
            ],
        ],
        [|arguments| start_of_date(arguments, month_start), |arguments| start_of_time(arguments, month_start)],
    );
    let year = starts_of(
        "year_start",
        "The first day of the year, or its first instant.",
        [
            &[shows!("year_start(@2024-02-29)", "\"2024-01-01\"")],
            &[shows!("year_start(@2024-02-29T10:00:00Z)", "\"2024-01-01T00:00:00Z\"")],
        ],
        [|arguments| start_of_date(arguments, year_start), |arguments| start_of_time(arguments, year_start)],
    );
    [month, year].concat()
}

type ScalarBody = fn(&[Scalar]) -> Result<Scalar, Fault>;

fn starts_of(
    name: &str,
    doc: &str,
    examples: [&'static [Example]; 2],
    [of_date, of_time]: [ScalarBody; 2],
) -> [Function; 2] {
    [
        total(name, vec![of("d", Kind::Date)], gives(Type::DATE), doc, examples[0], of_date).failing(),
        total(name, vec![of("t", Kind::DateTime), zone::optional()], gives(Type::DATETIME), doc, examples[1], of_time)
            .failing(),
    ]
}

fn start_of_date(arguments: &[Scalar], start: Move) -> Result<Scalar, Fault> {
    let day = date(&arguments[0]);
    start(day, 0).map(Scalar::Date).ok_or_else(|| too_far(&spell_date(day), Kind::Date))
}

fn start_of_time(arguments: &[Scalar], start: Move) -> Result<Scalar, Fault> {
    let (time, zone) = (time(&arguments[0]), zone::of(&arguments[1])?);
    let day = i32::try_from(zone::local(time, &zone)?.div_euclid(DAY)).ok().and_then(|day| start(day, 0));
    let first = day
        .and_then(|day| i64::from(day).checked_mul(DAY))
        .ok_or_else(|| too_far(&spell_datetime(time), Kind::DateTime))?;
    zone::instant(first, &zone).map(Scalar::DateTime)
}

fn bins() -> [Function; 2] {
    let doc = "The start of the interval of this width that it is in; weeks start on Monday, days and shorter intervals \
               at midnight.";
    [
        total(
            "bin",
            vec![of("t", Kind::DateTime), of("width", Kind::Duration), zone::optional()],
            gives(Type::DATETIME),
            doc,
            &[
                shows!("bin(@2024-03-01T10:47:12Z, 15min)", "\"2024-03-01T10:45:00Z\""),
                shows!("bin(@2024-03-01T10:47:12Z, 1w)", "\"2024-02-26T00:00:00Z\""),
                shows!("bin(@2024-07-01T10:47:12Z, 1d, zone: \"America/New_York\")", "\"2024-07-01T04:00:00Z\""),
                shows!("bin(@2024-03-01T10:47:12Z, 0s)", "E0602"),
            ],
            |arguments| {
                let (time, width) = (time(&arguments[0]), width_of(&arguments[1], 1)?);
                bin_in_zone(time, width, &zone::of(&arguments[2])?).map(Scalar::DateTime)
            },
        )
        .failing(),
        total(
            "bin",
            vec![of("d", Kind::Date), of("width", Kind::Duration)],
            gives(Type::DATE),
            doc,
            &[shows!("bin(@2024-03-01, 1w)", "\"2024-02-26\""), shows!("bin(@2024-03-01, 1h)", "E0602")],
            |arguments| {
                let (day, width) = (date(&arguments[0]), width_of(&arguments[1], DAY)?);
                let start = i64::from(day) - past(i128::from(day) * i128::from(DAY), width) / DAY;
                i32::try_from(start).map(Scalar::Date).map_err(|_| too_far(&spell_date(day), Kind::Date))
            },
        )
        .failing(),
    ]
}

/// The width of intervals: positive, and a multiple of `unit`.
fn width_of(argument: &Scalar, unit: i64) -> Result<i64, Fault> {
    let width = duration(argument);
    let why = match () {
        () if width <= 0 => "is not longer than nothing",
        () if width % unit != 0 => "is not a number of whole days",
        () => return Ok(width),
    };
    Err(Fault::new(E0602, format!("an interval of {} {why}", spell_duration(width))))
}

/// How far a time is into its interval. Intervals are counted from 1970-01-01, those of whole weeks from Monday,
/// 1970-01-05.
fn past(time: i128, width: i64) -> i64 {
    let origin = if width % (7 * DAY) == 0 { 4 * DAY } else { 0 };
    (time - i128::from(origin)).rem_euclid(i128::from(width)) as i64
}

fn bin_in_zone(time: i64, width: i64, zone: &TimeZone) -> Result<i64, Fault> {
    let offset = zone::offset(time, zone)?;
    let into = past(i128::from(time) + i128::from(offset), width);
    let start = time.checked_sub(into).ok_or_else(|| too_far(&spell_datetime(time), Kind::DateTime))?;
    if zone::offset(start, zone)? == offset {
        return Ok(start);
    }
    // The clocks were changed since the interval began.
    zone::instant(start + offset, zone)
}

fn add_months(day: i32, by: i64) -> Option<i32> {
    let (year, month, of_month) = civil(day.into());
    let months = (year * 12 + month - 1).checked_add(by)?;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    date_of(year, month, of_month.min(days_of_month(year, month)))
}

fn month_start(day: i32, _by: i64) -> Option<i32> {
    let (year, month, _) = civil(day.into());
    date_of(year, month, 1)
}

fn year_start(day: i32, _by: i64) -> Option<i32> {
    date_of(civil(day.into()).0, 1, 1)
}

/// A datetime whose date is moved in a zone.
fn moved(time: i64, zone: &TimeZone, by: i64, shift: Move) -> Result<i64, Fault> {
    let local = zone::local(time, zone)?;
    let (day, of_day) = (local.div_euclid(DAY), local.rem_euclid(DAY));
    let day = i32::try_from(day).ok().and_then(|day| shift(day, by));
    let moved = day.and_then(|day| i64::try_from(i128::from(day) * i128::from(DAY) + i128::from(of_day)).ok());
    zone::instant(moved.ok_or_else(|| too_far(&spell_datetime(time), Kind::DateTime))?, zone)
}

fn too_far(from: &str, kind: Kind) -> Fault {
    overflow_of(&kind, format_args!("what is asked for, from {from},"))
}
