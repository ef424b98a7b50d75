//! Dates: days of the proleptic Gregorian calendar.

use super::Function;
use super::row::{date, gives, of, over_dates, shows, total};
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
        of_date!("year", "The year of a date.", &[shows!("year(@2024-03-01)", "2024")], |d| civil(d).0),
        of_date!("month", "The month of a date, from 1.", &[shows!("month(@2024-03-01)", "3")], |d| civil(d).1),
        of_date!("day", "The day of the month, from 1.", &[shows!("day(@2024-03-09)", "9")], |d| civil(d).2),
        of_date!(
            "weekday",
            "The day of the week: 1 is Monday, 7 is Sunday.",
            &[shows!("weekday(@2024-03-03)", "7")],
            |d| { (i64::from(d) + 3).rem_euclid(7) + 1 }
        ),
        of_date!("day_of_year", "The day of the year, from 1.", &[shows!("day_of_year(@2024-03-01)", "61")], |d| {
            i64::from(d) - days(civil(d).0, 1, 1) + 1
        }),
    ]
}

/// Year, month and day of a day since 1970-01-01, by the algorithm of Howard Hinnant ("chrono-compatible low-level date
/// algorithms"): eras of 400 years that begin on the first of March.
pub(super) fn civil(day: i32) -> (i64, i64, i64) {
    let shifted = i64::from(day) + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// The day since 1970-01-01 of a date, by the same source.
pub(super) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_inverse() {
        for day in (-800_000..800_000).step_by(37).chain([i32::MIN, i32::MAX]) {
            let (year, month, of_month) = civil(day);
            assert_eq!(days(year, month, of_month), i64::from(day));
        }
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(19_782), (2024, 2, 29));
        assert_eq!(civil(-719_529), (-1, 12, 31));
    }
}
