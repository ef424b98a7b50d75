//! Dates, instants and lengths of time of jiff and of the standard library.

use super::cell::mismatch;
use super::{Cell, CellMismatch, FieldKind, FromCell, ToCell, Unfit};
use jiff::civil::{self, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, Zoned};
use std::time::{Duration, SystemTime};

const NANOSECONDS: i128 = 1_000;
const EPOCH: civil::Date = date(1970, 1, 1);

/// So many nanoseconds in microseconds, if they are a whole number of them that fits.
fn microseconds(nanoseconds: i128) -> Option<i64> {
    (nanoseconds % NANOSECONDS == 0).then(|| i64::try_from(nanoseconds / NANOSECONDS).ok())?
}

fn datetime(nanoseconds: i128) -> Cell<'static> {
    microseconds(nanoseconds).map_or(Cell::Unfit(Unfit::DateTime(nanoseconds)), Cell::DateTime)
}

fn duration(nanoseconds: i128) -> Cell<'static> {
    microseconds(nanoseconds).map_or(Cell::Unfit(Unfit::Duration(nanoseconds)), Cell::Duration)
}

impl ToCell for civil::Date {
    const KIND: FieldKind = FieldKind::Date;

    fn to_cell(&self) -> Cell<'_> {
        Cell::Date(self.duration_since(EPOCH).as_hours().div_euclid(24) as i32)
    }
}

impl FromCell for civil::Date {
    fn from_cell(cell: Cell<'_>) -> Result<civil::Date, CellMismatch> {
        match cell {
            Cell::Date(day) => {
                let away = Span::new().try_days(day);
                away.and_then(|away| EPOCH.checked_add(away)).or_else(|_| mismatch(cell, "jiff::civil::Date"))
            }
            _ => mismatch(cell, "jiff::civil::Date"),
        }
    }
}

impl ToCell for Timestamp {
    const KIND: FieldKind = FieldKind::DateTime;

    fn to_cell(&self) -> Cell<'_> {
        datetime(self.as_nanosecond())
    }
}

impl FromCell for Timestamp {
    fn from_cell(cell: Cell<'_>) -> Result<Timestamp, CellMismatch> {
        match cell {
            Cell::DateTime(time) => Timestamp::from_microsecond(time).or_else(|_| mismatch(cell, "jiff::Timestamp")),
            _ => mismatch(cell, "jiff::Timestamp"),
        }
    }
}

/// A clock without a zone is read as one in UTC, as the times of files are.
impl ToCell for civil::DateTime {
    const KIND: FieldKind = FieldKind::DateTime;

    fn to_cell(&self) -> Cell<'_> {
        datetime(self.duration_since(EPOCH.to_datetime(civil::Time::midnight())).as_nanos())
    }
}

impl FromCell for civil::DateTime {
    fn from_cell(cell: Cell<'_>) -> Result<civil::DateTime, CellMismatch> {
        let Cell::DateTime(time) = cell else { return mismatch(cell, "jiff::civil::DateTime") };
        let found = EPOCH.to_datetime(civil::Time::midnight()).checked_add(SignedDuration::from_micros(time));
        found.or_else(|_| mismatch(cell, "jiff::civil::DateTime"))
    }
}

/// The instant, without its zone; what comes out is in UTC.
impl ToCell for Zoned {
    const KIND: FieldKind = FieldKind::DateTime;

    fn to_cell(&self) -> Cell<'_> {
        datetime(self.timestamp().as_nanosecond())
    }
}

impl FromCell for Zoned {
    fn from_cell(cell: Cell<'_>) -> Result<Zoned, CellMismatch> {
        match Timestamp::from_cell(cell) {
            Ok(time) => Ok(time.to_zoned(TimeZone::UTC)),
            Err(_) => mismatch(cell, "jiff::Zoned"),
        }
    }
}

impl ToCell for SignedDuration {
    const KIND: FieldKind = FieldKind::Duration;

    fn to_cell(&self) -> Cell<'_> {
        duration(self.as_nanos())
    }
}

impl FromCell for SignedDuration {
    fn from_cell(cell: Cell<'_>) -> Result<SignedDuration, CellMismatch> {
        match cell {
            Cell::Duration(length) => Ok(SignedDuration::from_micros(length)),
            _ => mismatch(cell, "jiff::SignedDuration"),
        }
    }
}

impl ToCell for SystemTime {
    const KIND: FieldKind = FieldKind::DateTime;

    fn to_cell(&self) -> Cell<'_> {
        let since = self.duration_since(SystemTime::UNIX_EPOCH);
        // At most 2^64 seconds, which are no more than 2^94 nanoseconds.
        datetime(since.map_or_else(|before| -(before.duration().as_nanos() as i128), |since| since.as_nanos() as i128))
    }
}

impl FromCell for SystemTime {
    fn from_cell(cell: Cell<'_>) -> Result<SystemTime, CellMismatch> {
        let Cell::DateTime(time) = cell else { return mismatch(cell, "SystemTime") };
        let away = Duration::from_micros(time.unsigned_abs());
        let found = match time < 0 {
            true => SystemTime::UNIX_EPOCH.checked_sub(away),
            false => SystemTime::UNIX_EPOCH.checked_add(away),
        };
        found.map_or_else(|| mismatch(cell, "SystemTime"), Ok)
    }
}

impl ToCell for Duration {
    const KIND: FieldKind = FieldKind::Duration;

    fn to_cell(&self) -> Cell<'_> {
        // At most 2^64 seconds.
        duration(self.as_nanos() as i128)
    }
}

impl FromCell for Duration {
    fn from_cell(cell: Cell<'_>) -> Result<Duration, CellMismatch> {
        match cell {
            Cell::Duration(length) if length >= 0 => Ok(Duration::from_micros(length.unsigned_abs())),
            _ => mismatch(cell, "Duration"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip<T: FromCell + PartialEq + std::fmt::Debug>(value: T, cell: Cell) {
        assert_eq!(value.to_cell(), cell);
        assert_eq!(T::from_cell(cell), Ok(value));
    }

    #[test]
    fn times_go_in_and_come_out() {
        round_trip(date(1970, 1, 2), Cell::Date(1));
        round_trip(date(1969, 12, 31), Cell::Date(-1));
        round_trip(civil::Date::MIN, Cell::Date(-4_371_587));
        round_trip(civil::Date::MAX, Cell::Date(2_932_896));
        round_trip(Timestamp::from_microsecond(-1).unwrap(), Cell::DateTime(-1));
        round_trip(date(1969, 12, 31).at(23, 59, 59, 999_999_000), Cell::DateTime(-1));
        for (least, most) in [
            (civil::DateTime::MIN, -377_705_116_800_000_000),
            (date(9999, 12, 31).at(0, 0, 0, 0), 253_402_214_400_000_000),
        ] {
            round_trip(least, Cell::DateTime(most));
        }
        round_trip(Timestamp::from_microsecond(7).unwrap().to_zoned(TimeZone::UTC), Cell::DateTime(7));
        let zurich = TimeZone::fixed(jiff::tz::offset(2));
        let noon = date(2024, 6, 1).at(12, 0, 0, 0);
        assert_eq!(noon.to_zoned(zurich).unwrap().to_cell(), date(2024, 6, 1).at(10, 0, 0, 0).to_cell());
        round_trip(SystemTime::UNIX_EPOCH - Duration::from_micros(1), Cell::DateTime(-1));
        round_trip(SystemTime::UNIX_EPOCH + Duration::from_secs(1), Cell::DateTime(1_000_000));
        round_trip(SignedDuration::from_micros(i64::MIN), Cell::Duration(i64::MIN));
        round_trip(Duration::from_millis(3), Cell::Duration(3_000));
    }

    #[test]
    fn nothing_is_cut_off() {
        let fine = Timestamp::from_nanosecond(1_001).unwrap();
        assert_eq!(fine.to_cell(), Cell::Unfit(Unfit::DateTime(1_001)));
        assert_eq!(Duration::MAX.to_cell(), Cell::Unfit(Unfit::Duration(Duration::MAX.as_nanos() as i128)));
        assert_eq!(
            Duration::from_cell(Cell::Duration(-1)).unwrap_err().to_string(),
            "-PT0.000001S does not fit into Duration"
        );
        assert!(civil::Date::from_cell(Cell::Date(i32::MAX)).is_err());
        assert!(Timestamp::from_cell(Cell::DateTime(i64::MAX)).is_err());
        assert!(civil::DateTime::from_cell(Cell::DateTime(i64::MAX)).is_err());
        assert!(matches!(civil::DateTime::MAX.to_cell(), Cell::Unfit(Unfit::DateTime(_))));
    }
}
