//! The calendar, and how dates, times and durations are spelled: days and microseconds to ISO 8601 and back.
//!
//! By hand, since dates are a large part of many files; checked against jiff by the tests. What a text may look like is
//! said once, here, for literals, parameters, files and conversions. Time zones with names are not here: they are the
//! affair of functions.
//!
//! The arithmetic of the civil calendar is Howard Hinnant's ("chrono-compatible low-level date algorithms", 2013): eras of
//! 400 years that begin on the first of March.

/// A second in microseconds.
pub const SECOND: i64 = 1_000_000;
/// A minute in microseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// An hour in microseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// A day in microseconds.
pub const DAY: i64 = 24 * HOUR;

/// Year, month and day of a day since 1970-01-01.
pub fn civil(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// The day since 1970-01-01 of a date that there is, in a year of at most 12 digits.
pub fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// How many days a month has.
pub fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// The day since 1970-01-01, if there is such a date and `date` holds it.
pub fn date_of(year: i64, month: i64, day: i64) -> Option<i32> {
    let exists = (1..=12).contains(&month) && day >= 1 && day <= days_of_month(year, month) && year.abs() < 10_000_000;
    exists.then(|| days(year, month, day)).and_then(|days| i32::try_from(days).ok())
}

/// The days since 1970-01-01 of a text that is exactly `YYYY-MM-DD` and a day of the calendar; a year with more digits, or
/// before 0, has a sign and at least six: `-000044-03-15`.
pub fn parse_date(text: &[u8]) -> Option<i32> {
    match text {
        [b'+' | b'-', ..] => {
            let (date, rest) = split_date(text)?;
            rest.is_empty().then_some(date)
        }
        // The common case, with a length that the compiler knows.
        _ => parse_ten(text.try_into().ok()?),
    }
}

/// `YYYY-MM-DD`
fn parse_ten(text: &[u8; 10]) -> Option<i32> {
    if text[4] != b'-' || text[7] != b'-' {
        return None;
    }
    date_of(number(&text[..4])?, number(&text[5..7])?, number(&text[8..])?)
}

/// A date at the start of a text, and what follows.
fn split_date(text: &[u8]) -> Option<(i32, &[u8])> {
    let Some((sign @ (b'+' | b'-'), rest)) = text.split_first() else {
        let (date, rest) = text.split_first_chunk()?;
        return Some((parse_ten(date)?, rest));
    };
    let (year, rest) = rest.split_at(rest.iter().take_while(|byte| byte.is_ascii_digit()).count());
    let (month_and_day, rest) = rest.split_first_chunk::<6>()?;
    if !(6..=7).contains(&year.len()) || month_and_day[0] != b'-' || month_and_day[3] != b'-' {
        return None;
    }
    let year = if *sign == b'-' { -number(year)? } else { number(year)? };
    Some((date_of(year, number(&month_and_day[1..3])?, number(&month_and_day[4..])?)?, rest))
}

/// The number that digits spell; there are at most 18.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
}

/// The microseconds since 1970-01-01T00:00:00Z of a text: a date, then `T` or a blank and a time of day with or without
/// seconds and their fraction, then `Z`, an offset (`+01:00`, `+0100`, `+01`) or nothing, which is UTC. A date alone is its
/// midnight. What is finer than microseconds does not fit.
pub fn parse_datetime(text: &[u8]) -> Option<i64> {
    let (date, rest) = split_date(text)?;
    let midnight = i64::from(date).checked_mul(DAY);
    let Some((b'T' | b' ', rest)) = rest.split_first() else {
        return if rest.is_empty() { midnight } else { None };
    };
    let (clock, rest) = rest.split_at_checked(5)?;
    let (hour, minute) = (number(&clock[..2])?, number(&clock[3..])?);
    if clock[2] != b':' || hour > 23 || minute > 59 {
        return None;
    }
    let (seconds, rest) = match rest.split_first() {
        Some((b':', rest)) => {
            let whole = number(rest.get(..2)?).filter(|seconds| *seconds < 60)?;
            let (fraction, rest) = split_fraction(&rest[2..])?;
            (whole * SECOND + fraction, rest)
        }
        _ => (0, rest),
    };
    let of_day = hour * HOUR + minute * MINUTE + seconds;
    // In 128 bits, for the first day that there is begins before the first time.
    let time = i128::from(date) * i128::from(DAY) + i128::from(of_day - parse_offset(rest)?);
    i64::try_from(time).ok()
}

/// The microseconds of a fraction of a second at the start of a text, if there is one, and what follows.
fn split_fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.', rest)) = text.split_first() else { return Some((0, text)) };
    let (digits, rest) = rest.split_at(rest.iter().take_while(|byte| byte.is_ascii_digit()).count());
    let (digits, finer) = digits.split_at(digits.len().min(6));
    if digits.is_empty() || finer.iter().any(|digit| *digit != b'0') {
        return None;
    }
    Some((number(digits)? * 10i64.pow(6 - digits.len() as u32), rest))
}

/// What the end of a datetime says of its zone, in microseconds east of Greenwich.
fn parse_offset(text: &[u8]) -> Option<i64> {
    let (sign, rest) = match text {
        [] | [b'Z'] => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match rest {
        [_, _] => (rest, &b"00"[..]),
        [_, _, b':', minutes @ ..] if minutes.len() == 2 => (&rest[..2], minutes),
        [_, _, minutes @ ..] if minutes.len() == 2 => (&rest[..2], minutes),
        _ => return None,
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * HOUR + minutes * MINUTE))
}

/// The microseconds of a duration: ISO 8601 without years and months, which have no length (`PT5M`, `P1DT2H`, `-PT0.5S`),
/// or as scripts write it (`5min`, `1h 30min`).
pub fn parse_duration(text: &str) -> Option<i64> {
    let (negative, body) = match text.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, text),
    };
    let length = match body.strip_prefix('P') {
        Some(body) => iso_length(body)?,
        None => script_length(body)?,
    };
    i64::try_from(if negative { -length } else { length }).ok()
}

fn iso_length(body: &str) -> Option<i128> {
    let (days, time) = match body.split_once('T') {
        Some((days, time)) if !time.is_empty() => (days, time),
        Some(_) => return None,
        None if !body.is_empty() => (body, ""),
        None => return None,
    };
    let days = designated(days, &[('W', 7 * DAY), ('D', DAY)])?;
    Some(days + designated(time, &[('H', HOUR), ('M', MINUTE), ('S', SECOND)])?)
}

/// `2H30M`: counts before letters, each letter at most once and in this order; seconds may have a fraction.
fn designated(mut text: &str, units: &[(char, i64)]) -> Option<i128> {
    let mut sum = 0;
    for (letter, unit) in units {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let Some(rest) = text[end..].strip_prefix(*letter) else { continue };
        let whole = text[..end].find('.').unwrap_or(end);
        let count: i128 = text[..whole].parse().ok().filter(|count| *count < 1 << 64)?;
        let (fraction, left) = split_fraction(&text.as_bytes()[whole..end])?;
        if !left.is_empty() || (whole < end && *unit != SECOND) {
            return None;
        }
        sum += count * i128::from(*unit) + i128::from(fraction);
        text = rest;
    }
    text.is_empty().then_some(sum)
}

/// `1h 30min`: counts before the units of scripts.
fn script_length(text: &str) -> Option<i128> {
    let mut sum: i128 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let end = rest[digits..].find(|c: char| !c.is_ascii_lowercase()).map_or(rest.len(), |end| digits + end);
        let count: i128 = rest[..digits].parse().ok().filter(|count| *count < 1 << 64)?;
        sum = sum.checked_add(count * i128::from(unit(&rest[digits..end])?))?;
        rest = rest[end..].trim_start_matches(' ');
    }
    (!text.is_empty()).then_some(sum)
}

/// How many microseconds a unit of scripts has: `ms s min h d w`.
pub fn unit(name: &str) -> Option<i64> {
    Some(match name {
        "ms" => 1_000,
        "s" => SECOND,
        "min" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        "w" => 7 * DAY,
        _ => return None,
    })
}

/// Appends a date as ISO 8601; years outside 0 to 9999 have a sign and at least six digits.
pub fn write_date(day: i64, out: &mut Vec<u8>) {
    let (year, month, day) = civil(day);
    if (0..=9999).contains(&year) {
        two(year / 100, out);
        two(year % 100, out);
    } else {
        out.extend(format!("{year:+07}").bytes());
    }
    out.push(b'-');
    two(month, out);
    out.push(b'-');
    two(day, out);
}

fn two(number: i64, out: &mut Vec<u8>) {
    out.extend([b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]);
}

/// Appends a datetime: the date, `between`, the time of day with a fraction only if it is not zero. No zone.
pub fn write_datetime(time: i64, between: u8, out: &mut Vec<u8>) {
    write_date(time.div_euclid(DAY), out);
    out.push(between);
    let of_day = time.rem_euclid(DAY);
    two(of_day / HOUR, out);
    out.push(b':');
    two(of_day / MINUTE % 60, out);
    out.push(b':');
    two(of_day / SECOND % 60, out);
    write_fraction((of_day % SECOND) as u64, out);
}

fn write_fraction(microseconds: u64, out: &mut Vec<u8>) {
    if microseconds != 0 {
        let digits = format!("{microseconds:06}");
        out.push(b'.');
        out.extend(digits.trim_end_matches('0').bytes());
    }
}

/// Appends a duration as ISO 8601: `PT5M`, `P1DT2H`, `-PT0.5S`, `PT0S`.
pub fn write_duration(length: i64, out: &mut Vec<u8>) {
    if length < 0 {
        out.push(b'-');
    }
    let length = length.unsigned_abs();
    let (days, of_day) = (length / DAY as u64, length % DAY as u64);
    let (hours, minutes) = (of_day / HOUR as u64, of_day / MINUTE as u64 % 60);
    let seconds = of_day % MINUTE as u64;
    out.push(b'P');
    write_count(days, b'D', out);
    if of_day != 0 || days == 0 {
        out.push(b'T');
        write_count(hours, b'H', out);
        write_count(minutes, b'M', out);
        if seconds != 0 || of_day == 0 {
            out.extend((seconds / SECOND as u64).to_string().bytes());
            write_fraction(seconds % SECOND as u64, out);
            out.push(b'S');
        }
    }
}

fn write_count(count: u64, letter: u8, out: &mut Vec<u8>) {
    if count != 0 {
        out.extend(count.to_string().bytes());
        out.push(letter);
    }
}

/// What one of the writers above appends, as text.
pub fn spelled(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).expect("dates, times and durations are ASCII")
}

/// A date as it goes to files: `2024-03-01`.
pub fn spell_date(day: i32) -> String {
    spelled(|out| write_date(day.into(), out))
}

/// A datetime as it goes to files: `2024-03-01T10:00:00Z`.
pub fn spell_datetime(time: i64) -> String {
    spelled(|out| {
        write_datetime(time, b'T', out);
        out.push(b'Z');
    })
}

/// A duration as it goes to files: `PT5M`.
pub fn spell_duration(length: i64) -> String {
    spelled(|out| write_duration(length, out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(day: i64) -> String {
        spelled(|out| write_date(day, out))
    }

    #[test]
    fn every_day_agrees_with_jiff() {
        let epoch = jiff::civil::date(1970, 1, 1);
        let mut day = jiff::civil::date(0, 1, 1);
        loop {
            let days = (day - epoch).get_days();
            let text = day.to_string();
            assert_eq!(parse_date(text.as_bytes()), Some(days), "{text}");
            assert_eq!(written(days.into()), text);
            match day.tomorrow() {
                Ok(next) => day = next,
                Err(_) => break,
            }
        }
    }

    #[test]
    fn days_and_dates_are_inverse() {
        for day in (-800_000..800_000).step_by(37).chain([i32::MIN, i32::MAX]) {
            let (year, month, of_month) = civil(day.into());
            assert_eq!(date_of(year, month, of_month), Some(day));
            assert_eq!(parse_date(written(day.into()).as_bytes()), Some(day));
        }
        assert_eq!((written(i32::MAX.into()), written(-719_529)), ("+5881580-07-11".into(), "-000001-12-31".into()));
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in
            ["", "2024-02-30", "2023-02-29", "1900-02-29", "2024-13-01", "2024-00-01", "2024-01-00", "2024-1-01"]
        {
            assert_eq!(parse_date(text.as_bytes()), None, "{text}");
        }
        for text in ["2024-01-01 ", "2024/01/01", "+024-01-01", "20240-1-01", "２024-01-1", "2024-01-01T00:00:00Z"] {
            assert_eq!(parse_date(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse_date(b"+9999999-01-01"), None, "beyond 32 bits");
    }

    #[test]
    fn datetimes_agree_with_jiff() {
        for time in [0, -1, 1, DAY, 951_782_400_123_456, -62_167_219_200_000_000, 1_709_286_360_500_000] {
            let text = jiff::Timestamp::from_microsecond(time).expect("in range").to_string();
            assert_eq!(spell_datetime(time), text);
            assert_eq!(parse_datetime(text.as_bytes()), Some(time), "{text}");
        }
        for time in [i64::MIN, i64::MAX] {
            assert_eq!(parse_datetime(spell_datetime(time).as_bytes()), Some(time));
        }
    }

    #[test]
    fn datetimes_in_many_spellings() {
        let ten = 10 * HOUR;
        for (text, time) in [
            ("1970-01-01 10:00:00", ten),
            ("1970-01-01T10:00", ten),
            ("1970-01-01T10:00:00.5Z", ten + SECOND / 2),
            ("1970-01-01T10:00:00.123456000", ten + 123_456),
            ("1970-01-01T10:00:00+01:30", ten - 90 * MINUTE),
            ("1970-01-01 10:00:00-0130", ten + 90 * MINUTE),
            ("1970-01-01 10:00+01", ten - HOUR),
            ("1970-01-02", DAY),
        ] {
            assert_eq!(parse_datetime(text.as_bytes()), Some(time), "{text}");
        }
        for text in [
            "1970-01-01T",
            "1970-01-01T10",
            "1970-01-01t10:00",
            "1970-01-01T24:00",
            "1970-01-01T10:60",
            "1970-01-01T10:00:60",
            "1970-01-01T10:00:00.",
            "1970-01-01T10:00:00.1234567",
            "1970-01-01T10:00:00 ",
            "1970-01-01T10:00:00z",
            "1970-01-01T10:00:00+1",
            "1970-01-01T10:00:00+24:00",
            "1970-01-01T10:00:00+01:0",
            "1970-01-01  10:00:00",
            "+294247-01-10T04:00:54.775808Z",
        ] {
            assert_eq!(parse_datetime(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn durations() {
        for (text, length) in [
            ("PT0S", 0),
            ("PT5M", 5 * MINUTE),
            ("P1DT2H", DAY + 2 * HOUR),
            ("P7D", 7 * DAY),
            ("-PT0.5S", -SECOND / 2),
            ("PT1H0.000001S", HOUR + 1),
            ("P106751991DT4H54.775807S", i64::MAX),
            ("-P106751991DT4H54.775808S", i64::MIN),
        ] {
            assert_eq!(spell_duration(length), text);
            assert_eq!(parse_duration(text), Some(length), "{text}");
        }
        for (text, length) in
            [("P1W", 7 * DAY), ("PT90M", 90 * MINUTE), ("1h 30min", 90 * MINUTE), ("-250ms", -250_000)]
        {
            assert_eq!(parse_duration(text), Some(length), "{text}");
        }
        for text in ["", "-", "P", "PT", "P1Y", "P1M", "PT1.5H", "PT1S1M", "P1DT", "5", "min", "5 min", "1.5h", "--1s"]
        {
            assert_eq!(parse_duration(text), None, "{text}");
        }
        assert_eq!(parse_duration("P106751991DT4H54.775808S"), None);
        assert_eq!(parse_duration("99999999999999999999999999999999999999999w"), None);
    }
}
