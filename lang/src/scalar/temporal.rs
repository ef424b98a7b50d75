//! Arithmetic of dates, times and durations: exact microseconds and whole days in UTC. Months and years have no length
//! and are the affair of functions.

use super::{Arithmetic, Fault, Scalar};
use crate::calendar::DAY;
use crate::codes::{E0601, E0602};
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
    match (op, a, b) {
        (_, DateTime(a), Duration(b)) | (_, Duration(b), DateTime(a)) => checked(op, *a, *b, "datetime").map(DateTime),
        (_, DateTime(a), DateTime(b)) => checked(op, *a, *b, "duration").map(Duration),
        (_, Date(a), Date(b)) => {
            let days = i64::from(*a) - i64::from(*b);
            days.checked_mul(DAY).map(Duration).ok_or_else(|| too_large("the time between two dates", "duration"))
        }
        (_, Date(date), Duration(length)) | (_, Duration(length), Date(date)) => shift(op, *date, *length).map(Date),
        (Arithmetic::Divide, Duration(a), Duration(b)) => {
            Ok(Float(super::float_arithmetic(Arithmetic::Divide, *a as f64, *b as f64)))
        }
        (Arithmetic::FloorDivide, Duration(a), Duration(b)) => checked(op, *a, *b, "int").map(Int),
        (_, Duration(a), Duration(b)) | (_, Int(a), Duration(b)) | (_, Duration(a), Int(b)) => {
            checked(op, *a, *b, "duration").map(Duration)
        }
        _ => unreachable!("the checker knows no {} of {a:?} and {b:?}", op.symbol()),
    }
}

/// `-a` of a duration.
pub(super) fn negate(a: i64) -> Result<Scalar, Fault> {
    a.checked_neg().map(Scalar::Duration).ok_or_else(|| too_large("the negative of this duration", "duration"))
}

/// Arithmetic on microseconds and counts, which is that of ints.
fn checked(op: Arithmetic, a: i64, b: i64, result: &str) -> Result<i64, Fault> {
    super::int_arithmetic(op, a, b).map_err(|fault| match fault.code {
        E0602 => Fault::new(E0602, "cannot divide a duration by zero"),
        _ => too_large("this time", result),
    })
}

/// A date some days later or earlier.
fn shift(op: Arithmetic, date: i32, length: i64) -> Result<i32, Fault> {
    if length % DAY != 0 {
        let text = "a date can only be moved by whole days; `datetime(d)` has a time of day";
        return Err(Fault::new(E0602, text));
    }
    let days = if op == Arithmetic::Subtract { -(length / DAY) } else { length / DAY };
    let moved = i64::from(date) + days;
    i32::try_from(moved).map_err(|_| too_large("this time", "date"))
}

fn too_large(what: &str, kind: &str) -> Fault {
    Fault::new(E0601, format!("{what} does not fit into {kind}"))
}

#[cfg(test)]
mod tests {
    use super::super::{arithmetic, negate};
    use super::*;

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
