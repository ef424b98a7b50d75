//! Days to `YYYY-MM-DD` and back, by hand: dates are a large part of many files. Checked against jiff over all years.
//!
//! The civil calendar arithmetic is Howard Hinnant's (`chrono`-compatible low-level date algorithms, 2013).

/// The days since 1970-01-01 of a text that is exactly `YYYY-MM-DD` and a day of the calendar.
pub fn parse(text: &[u8]) -> Option<i32> {
    let text: &[u8; 10] = text.try_into().ok()?;
    if text[4] != b'-' || text[7] != b'-' {
        return None;
    }
    let number = |range: std::ops::Range<usize>| {
        text[range].iter().try_fold(0i32, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i32::from(byte - b'0')))
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let exists = (1..=12).contains(&month) && day >= 1 && day <= days_of_month(year, month);
    exists.then(|| days_from_civil(year, month, day))
}

/// Appends a date as ISO 8601. Years outside 0 to 9999, which no file can hold but arithmetic can reach, have a sign.
pub fn write(days: i32, out: &mut Vec<u8>) {
    let (year, month, day) = civil_from_days(days);
    if (0..=9999).contains(&year) {
        let digits = |n: u32| [b'0' + (n / 10 % 10) as u8, b'0' + (n % 10) as u8];
        out.extend(digits(year as u32 / 100));
        out.extend(digits(year as u32 % 100));
        out.push(b'-');
        out.extend(digits(month));
        out.push(b'-');
        out.extend(digits(day));
    } else {
        out.extend(format!("{year:+05}-{month:02}-{day:02}").bytes());
    }
}

fn days_of_month(year: i32, month: i32) -> i32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

fn days_from_civil(year: i32, month: i32, day: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i32) -> (i64, u32, u32) {
    let days = i64::from(days) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(days: i32) -> String {
        let mut out = Vec::new();
        write(days, &mut out);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn every_day_agrees_with_jiff() {
        let epoch = jiff::civil::date(1970, 1, 1);
        let mut day = jiff::civil::date(0, 1, 1);
        loop {
            let days = (day - epoch).get_days();
            let text = day.to_string();
            assert_eq!(parse(text.as_bytes()), Some(days), "{text}");
            assert_eq!(written(days), text);
            match day.tomorrow() {
                Ok(next) => day = next,
                Err(_) => break,
            }
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in
            ["", "2024-02-30", "2023-02-29", "1900-02-29", "2024-13-01", "2024-00-01", "2024-01-00", "2024-1-01"]
        {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        for text in ["2024-01-01 ", "2024/01/01", "+024-01-01", "20240-1-01", "２024-01-1", "2024-01-01T00:00:00Z"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse(b"2000-02-29"), Some(11_016));
    }

    #[test]
    fn far_years_have_a_sign() {
        assert_eq!(written(i32::MAX), "+5881580-07-11");
        assert_eq!(written(-719_529), "-0001-12-31");
    }
}
