//! What dates and times are made of: year, month, hour and so on, as ints.

use super::zone;
use crate::builtins::Function;
use crate::builtins::row::{date, gives, of, over_dates, over_times, shows, time, total};
use pipelang_lang::calendar::{DAY, HOUR, MINUTE, SECOND, civil, days};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::{Kind, Type};

/// The rows of a function of a day: of a date, of a datetime in UTC, and of one in a zone.
macro_rules! of_day {
    ($name:literal, $doc:literal, $date:expr, $time:expr, $zone:expr, $f:expr) => {{
        let of_date = total($name, vec![of("d", Kind::Date)], gives(Type::INT), $doc, $date, |arguments| {
            Ok(Scalar::Int(($f)(i64::from(date(&arguments[0])))))
        })
        .over_columns(|arguments, rows, _| over_dates(arguments, rows, |day| ($f)(i64::from(day))));
        let mut rows = vec![of_date];
        rows.extend(of_time!($name, $doc, $time, $zone, |time: i64| ($f)(time.div_euclid(DAY))));
        rows
    }};
}

/// The rows of a function of a datetime: in UTC, and in a zone.
macro_rules! of_time {
    ($name:literal, $doc:literal, $time:expr, $zone:expr, $f:expr) => {
        [
            total($name, vec![of("t", Kind::DateTime)], gives(Type::INT), $doc, $time, |arguments| {
                Ok(Scalar::Int(($f)(time(&arguments[0]))))
            })
            .over_columns(|arguments, rows, _| over_times(arguments, rows, $f)),
            total(
                $name,
                vec![of("t", Kind::DateTime), zone::parameter()],
                gives(Type::INT),
                $doc,
                $zone,
                |arguments| {
                    let local = zone::local(time(&arguments[0]), &zone::of(&arguments[1])?)?;
                    Ok(Scalar::Int(($f)(local)))
                },
            )
            .failing(),
        ]
    };
}

/// The functions of this file.
pub(super) fn rows() -> Vec<Function> {
    let mut rows = of_date();
    rows.extend(of_clock());
    rows
}

fn of_date() -> Vec<Function> {
    [
        of_day!(
            "year",
            "The year of a date or time.",
            &[shows!("year(@2024-03-01)", "2024")],
            &[shows!("year(@2024-12-31T23:30:00Z)", "2024")],
            &[shows!("year(@2024-12-31T23:30:00Z, zone: \"Europe/Berlin\")", "2025")],
            |day| civil(day).0
        ),
        of_day!(
            "month",
            "The month of a date or time, from 1.",
            &[shows!("month(@2024-03-01)", "3")],
            &[shows!("month(@2024-03-31T23:00:00Z)", "3")],
            &[shows!("month(@2024-03-31T23:00:00Z, zone: \"Europe/Berlin\")", "4")],
            |day| civil(day).1
        ),
        of_day!(
            "day",
            "The day of the month, from 1.",
            &[shows!("day(@2024-03-09)", "9")],
            &[shows!("day(@2024-03-09T23:00:00Z)", "9")],
            &[shows!("day(@2024-03-09T03:00:00Z, zone: \"America/New_York\")", "8")],
            |day| civil(day).2
        ),
        of_day!(
            "weekday",
            "The day of the week: 1 is Monday, 7 is Sunday.",
            &[shows!("weekday(@2024-03-03)", "7")],
            &[shows!("weekday(@2024-03-03T23:00:00Z)", "7")],
            &[shows!("weekday(@2024-03-03T23:00:00Z, zone: \"Asia/Tokyo\")", "1")],
            weekday
        ),
        of_day!(
            "day_of_year",
            "The day of the year, from 1.",
            &[shows!("day_of_year(@2024-03-01)", "61")],
            &[shows!("day_of_year(@2024-03-01T12:00:00Z)", "61")],
            &[shows!("day_of_year(@2024-12-31T23:30:00Z, zone: \"Europe/Berlin\")", "1")],
            day_of_year
        ),
        of_day!(
            "week",
            "The week of the year by ISO 8601: weeks start on Monday, and week 1 has the first Thursday.",
            &[shows!("week(@2024-12-30)", "1"), shows!("week(@2021-01-03)", "53")],
            &[shows!("week(@2024-03-03T23:00:00Z)", "9")],
            &[shows!("week(@2024-03-03T23:00:00Z, zone: \"Asia/Tokyo\")", "10")],
            |day| (day_of_year(day - weekday(day) + 4) - 1) / 7 + 1
        ),
    ]
    .concat()
}

fn of_clock() -> Vec<Function> {
    [
        of_time!(
            "hour",
            "The hour of the day, from 0 to 23.",
            &[shows!("hour(@2024-03-01T10:20:30Z)", "10")],
            &[shows!("hour(@2024-03-01T10:20:30Z, zone: \"Asia/Kolkata\")", "15")],
            |time: i64| time.rem_euclid(DAY) / HOUR
        ),
        of_time!(
            "minute",
            "The minute of the hour, from 0 to 59.",
            &[shows!("minute(@2024-03-01T10:20:30Z)", "20")],
            &[shows!("minute(@2024-03-01T10:20:30Z, zone: \"Asia/Kolkata\")", "50")],
            |time: i64| time.rem_euclid(DAY) / MINUTE % 60
        ),
        of_time!(
            "second",
            "The second of the minute, from 0 to 59, without its fraction.",
            &[shows!("second(@2024-03-01T10:20:30.75Z)", "30")],
            &[shows!("second(@1890-01-01T00:00:00Z, zone: \"Europe/Berlin\")", "28")],
            |time: i64| time.rem_euclid(DAY) / SECOND % 60
        ),
    ]
    .concat()
}

/// 1 is Monday.
pub(super) fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7) + 1
}

fn day_of_year(day: i64) -> i64 {
    day - days(civil(day).0, 1, 1) + 1
}
