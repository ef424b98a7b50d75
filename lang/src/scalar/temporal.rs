//! Arithmetic of dates, times and durations: exact microseconds and whole days in UTC. Months and years have no length
//! and are the affair of functions.

use super::{Arithmetic, Fault, Scalar, overflow_of};
use crate::calendar::{DAY, spell_date, spell_datetime, spell_duration};
use crate::codes::E0602;
use crate::ty::Kind;

/// The kind of the result; none if there is no such arithmetic.
pub(super) fn arithmetic_kind(op: Arithmetic, a: &Kind, b: &Kind) -> Option<Kind> {
    use Arithmetic::*;
    use Kind::*;
    Some(match (op, a, b) {
        (Add | Subtract, DateTime, Duration) | (Add, Duration, DateTime) => DateTime,
        (Add | Subtract, Date, Duration) | (Add, Duration, Date) => Date,
        (Subtract, DateTime, DateTime) | (Subtract, Date, Date) => Duration,
        (Add | Subtract | Modulo, Duration, Duration) => Duration,
        (Multiply, Int, Duration) | (Multiply | FloorDivide, Duration, Int) => Duration,
        (Divide, Duration, Duration) => Float,
        (FloorDivide, Duration, Duration) => Int,
        _ => return None,
    })
}

/// Arithmetic whose kinds [`arithmetic_kind`] knows; neither value is null.
pub(super) fn arithmetic(op: Arithmetic, a: &Scalar, b: &Scalar) -> Result<Scalar, Fault> {
    use Scalar::*;
    let too_large = |kind: Kind| overflow_of(&kind, format_args!("{} {} {}", spelled(a), op.symbol(), spelled(b)));
    // On microseconds and counts, which is arithmetic of ints.
    let checked = |a: i64, b: i64, kind: Kind| {
        super::int_arithmetic(op, a, b).map_err(|fault| match fault.code {
            E0602 => Fault::new(E0602, "cannot divide a duration by zero"),
            _ => too_large(kind),
        })
    };
    match (op, a, b) {
        (_, DateTime(a), Duration(b)) | (_, Duration(b), DateTime(a)) => checked(*a, *b, Kind::DateTime).map(DateTime),
        (_, DateTime(a), DateTime(b)) => checked(*a, *b, Kind::Duration).map(Duration),
        (_, Date(a), Date(b)) => {
            let days = i64::from(*a) - i64::from(*b);
            days.checked_mul(DAY).map(Duration).ok_or_else(|| too_large(Kind::Duration))
        }
        (_, Date(date), Duration(length)) | (_, Duration(length), Date(date)) => {
            moved(op, *date, *length)?.map(Date).ok_or_else(|| too_large(Kind::Date))
        }
        (Arithmetic::Divide, Duration(a), Duration(b)) => {
            Ok(Float(super::float_arithmetic(Arithmetic::Divide, *a as f64, *b as f64)))
        }
        (Arithmetic::FloorDivide, Duration(a), Duration(b)) => checked(*a, *b, Kind::Int).map(Int),
        (_, Duration(a), Duration(b)) | (_, Int(a), Duration(b)) | (_, Duration(a), Int(b)) => {
            checked(*a, *b, Kind::Duration).map(Duration)
        }
        _ => unreachable!("the checker knows no {} of {a:?} and {b:?}", op.symbol()),
    }
}

/// `-a` of a duration.
pub(super) fn negate(a: i64) -> Result<Scalar, Fault> {
    let negated = a.checked_neg().map(Scalar::Duration);
    negated.ok_or_else(|| overflow_of(&Kind::Duration, format_args!("-({})", spell_duration(a))))
}

/// A date some days later or earlier; none where there is no such date.
fn moved(op: Arithmetic, date: i32, length: i64) -> Result<Option<i32>, Fault> {
    if length % DAY != 0 {
        let text = "a date can only be moved by whole days; `datetime(d)` has a time of day";
        return Err(Fault::new(E0602, text));
    }
    let days = if op == Arithmetic::Subtract { -(length / DAY) } else { length / DAY };
    Ok(i32::try_from(i64::from(date) + days).ok())
}

/// An operand as a message shows it.
fn spelled(operand: &Scalar) -> String {
    match operand {
        Scalar::Date(day) => spell_date(*day),
        Scalar::DateTime(time) => spell_datetime(*time),
        Scalar::Duration(length) => spell_duration(*length),
        Scalar::Int(count) => count.to_string(),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{arithmetic, negate};
    use super::*;
    use crate::codes::E0601;

    #[test]
    fn times_and_durations() {
        use Arithmetic::*;
        use Scalar::*;
        let ok = |op, a, b| arithmetic(op, &a, &b).expect("it has a value");
        assert_eq!(ok(Subtract, DateTime(7), DateTime(9)), Duration(-2));
        assert_eq!(ok(Add, Duration(2), DateTime(7)), DateTime(9));
        assert_eq!(ok(Subtract, Date(3), Date(1)), Duration(2 * DAY));
        assert_eq!(ok(Subtract, Date(3), Duration(DAY)), Date(2));
        assert_eq!(ok(Multiply, Int(3), Duration(2)), Duration(6));
        assert_eq!(ok(FloorDivide, Duration(-7), Int(2)), Duration(-4));
        assert_eq!(ok(Divide, Duration(3), Duration(2)), Float(1.5));
        assert_eq!(ok(Modulo, Duration(-1), Duration(3)), Duration(2));
    }

    #[test]
    fn what_has_no_result() {
        use Scalar::*;
        let code = |op, a, b| arithmetic(op, &a, &b).expect_err("it has no value").code;
        assert_eq!(code(Arithmetic::Add, Date(0), Duration(1)), E0602);
        assert_eq!(code(Arithmetic::FloorDivide, Duration(1), Duration(0)), E0602);
        assert_eq!(code(Arithmetic::Add, DateTime(i64::MAX), Duration(1)), E0601);
        assert_eq!(code(Arithmetic::Add, Date(i32::MAX), Duration(DAY)), E0601);
        assert_eq!(code(Arithmetic::Subtract, Date(i32::MAX), Date(i32::MIN)), E0601);
        assert_eq!(negate(&Duration(i64::MIN)).expect_err("it has no value").code, E0601);
    }
}
