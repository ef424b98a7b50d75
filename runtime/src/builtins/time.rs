//! Dates: days of the proleptic Gregorian calendar.

use super::Function;
use super::row::{date, gives, of, over_dates, shows, total};
use pipelang_lang::calendar::{civil, days};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::{Kind, Type};

/// A row of a function of a date that gives an int.
macro_rules! of_date {
    ($name:literal, $doc:literal, $examples:expr, $f:expr) => {
        total($name, vec![of("d", Kind::Date)], gives(Type::INT), $doc, $examples, |arguments| {
            Ok(Scalar::Int(($f)(date(&arguments[0]))))
        })
        .over_columns(|arguments, rows, _| over_dates(arguments, rows, $f))
    };
}

/// The functions of this group.
pub(super) fn rows() -> Vec<Function> {
    vec![
        of_date!("year", "The year of a date.", &[shows!("year(@2024-03-01)", "2024")], |d: i32| civil(d.into()).0),
        of_date!("month", "The month of a date, from 1.", &[shows!("month(@2024-03-01)", "3")], |d: i32| civil(
            d.into()
        )
        .1),
        of_date!("day", "The day of the month, from 1.", &[shows!("day(@2024-03-09)", "9")], |d: i32| civil(d.into())
            .2),
        of_date!(
            "weekday",
            "The day of the week: 1 is Monday, 7 is Sunday.",
            &[shows!("weekday(@2024-03-03)", "7")],
            |d: i32| { (i64::from(d) + 3).rem_euclid(7) + 1 }
        ),
        of_date!(
            "day_of_year",
            "The day of the year, from 1.",
            &[shows!("day_of_year(@2024-03-01)", "61")],
            |d: i32| { i64::from(d) - days(civil(d.into()).0, 1, 1) + 1 }
        ),
    ]
}
