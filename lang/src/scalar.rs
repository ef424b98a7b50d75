//! Single values, and THE meaning of arithmetic and comparison.
//!
//! The constant folder and the oracle call these functions; the vector kernels and the JIT are tested against them.
//! What is not here: functions of the catalog (their scalar bodies stand in their rows), and reducers. Dates, times and
//! durations are in `temporal.rs`.

mod size;
mod temporal;

pub use size::{Items, LARGEST, fits, too_large};

use crate::codes::{Code, E0601, E0602};
use crate::opaque::Opaque;
use crate::ty::Kind;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// Null of any type.
    Null,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `float`
    Float(f64),
    /// `string`
    String(Arc<str>),
    /// `bytes`
    Bytes(Arc<[u8]>),
    /// `date`: days since 1970-01-01
    Date(i32),
    /// `datetime`: microseconds since 1970-01-01T00:00:00Z
    DateTime(i64),
    /// `duration`: microseconds
    Duration(i64),
    /// A list.
    List(Arc<[Scalar]>),
    /// A record: its values in the order of the fields of its type.
    Record(Arc<[Scalar]>),
    /// A map: its entries in the order in which they were made; the keys are distinct.
    Map(Arc<[(Arc<str>, Scalar)]>),
    /// `json`: a JSON text without blanks outside of its texts.
    Json(Arc<str>),
    /// An unchecked sum of ints.
    Wide(i128),
    /// A value of a type of the host.
    Opaque(Opaque),
}

impl Scalar {
    /// Whether it is a value of the host, or has one in it.
    pub fn is_opaque(&self) -> bool {
        match self {
            Scalar::Opaque(_) => true,
            Scalar::List(items) | Scalar::Record(items) => items.iter().any(Scalar::is_opaque),
            Scalar::Map(entries) => entries.iter().any(|(_, value)| value.is_opaque()),
            Scalar::Null | Scalar::Bool(_) | Scalar::Int(_) | Scalar::Float(_) | Scalar::String(_) => false,
            Scalar::Bytes(_) | Scalar::Date(_) | Scalar::DateTime(_) | Scalar::Duration(_) => false,
            Scalar::Json(_) | Scalar::Wide(_) => false,
        }
    }
}

/// Why an expression has no value for a row. Plain data, so that every executor can say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// E0601, E0602, E0604 …
    pub code: Code,
    /// What happened, with the values in it: `9 * 9 does not fit into int (64 bits)`.
    pub detail: String,
    /// The same in two words, for the headline, where that is more than the title of the code.
    pub headline: Option<&'static str>,
}

impl Fault {
    /// A fault of `code`.
    pub fn new(code: Code, detail: impl Into<String>) -> Fault {
        Fault { code, detail: detail.into(), headline: None }
    }
}

/// The arithmetic operators on two operands of one numeric kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`: always float
    Divide,
    /// `//`: rounds towards negative infinity
    FloorDivide,
    /// `%`: has the sign of the divisor
    Modulo,
    /// `**`
    Power,
}

impl Arithmetic {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Arithmetic::Add => "+",
            Arithmetic::Subtract => "-",
            Arithmetic::Multiply => "*",
            Arithmetic::Divide => "/",
            Arithmetic::FloorDivide => "//",
            Arithmetic::Modulo => "%",
            Arithmetic::Power => "**",
        }
    }
}

/// The comparison operators; both operands have one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `==`, total: `null == null` is true
    Equal,
    /// `!=`, total
    NotEqual,
    /// `<`, false with a null or NaN
    Less,
    /// `<=`, likewise
    LessOrEqual,
    /// `>`, likewise
    Greater,
    /// `>=`, likewise
    GreaterOrEqual,
}

impl Comparison {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        }
    }
}

/// The kind that arithmetic on these kinds gives; none if there is no such arithmetic. Ints and floats are not mixed: the
/// checker converts them before.
pub fn arithmetic_kind(op: Arithmetic, a: &Kind, b: &Kind) -> Option<Kind> {
    match (a, b) {
        (Kind::Int, Kind::Int) => (op != Arithmetic::Divide).then_some(Kind::Int),
        (Kind::Float, Kind::Float) => Some(Kind::Float),
        _ => temporal::arithmetic_kind(op, a, b),
    }
}

/// Arithmetic on two values whose kinds [`arithmetic_kind`] knows; a null on either side gives null.
pub fn arithmetic(op: Arithmetic, a: &Scalar, b: &Scalar) -> Result<Scalar, Fault> {
    match (a, b) {
        (Scalar::Null, _) | (_, Scalar::Null) => Ok(Scalar::Null),
        (Scalar::Int(a), Scalar::Int(b)) => int_arithmetic(op, *a, *b).map(Scalar::Int),
        (Scalar::Float(a), Scalar::Float(b)) => Ok(Scalar::Float(float_arithmetic(op, *a, *b))),
        _ => temporal::arithmetic(op, a, b),
    }
}

/// `-a` of a number or a duration; null of null.
pub fn negate(a: &Scalar) -> Result<Scalar, Fault> {
    match a {
        Scalar::Int(a) => int_negate(*a).map(Scalar::Int),
        Scalar::Float(a) => Ok(Scalar::Float(canonical(-a))),
        Scalar::Duration(a) => temporal::negate(*a),
        _ => Ok(Scalar::Null),
    }
}

/// Int arithmetic: checked, floor division, a negative exponent is an error. `Divide` has no int form.
pub fn int_arithmetic(op: Arithmetic, a: i64, b: i64) -> Result<i64, Fault> {
    let result = match op {
        Arithmetic::Add => a.checked_add(b),
        Arithmetic::Subtract => a.checked_sub(b),
        Arithmetic::Multiply => a.checked_mul(b),
        Arithmetic::Divide => unreachable!("the checker turns `/` into float division"),
        Arithmetic::FloorDivide | Arithmetic::Modulo if b == 0 => {
            let text = format!("cannot divide by zero: {a} {} 0", op.symbol());
            return Err(Fault::new(E0602, text));
        }
        Arithmetic::FloorDivide => a.checked_div(b).map(|q| if a % b != 0 && (a < 0) != (b < 0) { q - 1 } else { q }),
        Arithmetic::Modulo => Some(floor_modulo(a, b)),
        Arithmetic::Power => match u32::try_from(b) {
            Ok(exponent) => a.checked_pow(exponent),
            Err(_) if b < 0 => {
                return Err(Fault::new(E0602, format!("{a} ** {b}: an int to a negative power is not an int")));
            }
            Err(_) => match a {
                0 | 1 => Some(a),
                -1 => Some(if b % 2 == 0 { 1 } else { -1 }),
                _ => None,
            },
        },
    };
    result.ok_or_else(|| overflow(format!("{a} {} {b}", op.symbol())))
}

/// `a % b` with the sign of `b`; `b != 0`. `MIN % -1` is 0.
pub fn floor_modulo(a: i64, b: i64) -> i64 {
    let r = a.wrapping_rem(b);
    if r != 0 && (r < 0) != (b < 0) { r + b } else { r }
}

/// `-a`, checked.
pub fn int_negate(a: i64) -> Result<i64, Fault> {
    a.checked_neg().ok_or_else(|| overflow(format!("-({a})")))
}

/// The fault of an int that is too large: E0601.
pub fn overflow(what: impl fmt::Display) -> Fault {
    overflow_of(&Kind::Int, what)
}

/// The fault of a value of a kind that is too large: E0601.
pub fn overflow_of(kind: &Kind, what: impl fmt::Display) -> Fault {
    let (headline, bits) = match kind {
        Kind::Int => ("integer overflow", " (64 bits)"),
        Kind::Date => ("date overflow", ""),
        Kind::DateTime => ("datetime overflow", ""),
        Kind::Duration => ("duration overflow", ""),
        _ => ("overflow", ""),
    };
    Fault { headline: Some(headline), ..Fault::new(E0601, format!("{what} does not fit into {kind}{bits}")) }
}

/// Float arithmetic: IEEE; `//` and `%` floor; a NaN that is produced is the positive quiet one.
pub fn float_arithmetic(op: Arithmetic, a: f64, b: f64) -> f64 {
    canonical(match op {
        Arithmetic::Add => a + b,
        Arithmetic::Subtract => a - b,
        Arithmetic::Multiply => a * b,
        Arithmetic::Divide => a / b,
        Arithmetic::FloorDivide => (a / b).floor(),
        Arithmetic::Modulo => float_modulo(a, b),
        Arithmetic::Power => a.powf(b),
    })
}

/// `a % b` with the sign of `b` (as Python's): `fmod`, moved by `b` where the signs differ; a zero result has the sign of `b`.
pub fn float_modulo(a: f64, b: f64) -> f64 {
    let r = a % b;
    if r == 0.0 {
        0.0f64.copysign(b)
    } else if (r < 0.0) != (b < 0.0) {
        r + b
    } else {
        r
    }
}

/// Every NaN becomes the positive quiet one, so that no executor's choice of NaN can be seen.
pub fn canonical(x: f64) -> f64 {
    if x.is_nan() { f64::from_bits(0x7ff8_0000_0000_0000) } else { x }
}

/// A comparison that keeps the rules for null and NaN of `language.md`, section 5. Both have one kind, or are null.
pub fn compare(op: Comparison, a: &Scalar, b: &Scalar) -> bool {
    match op {
        Comparison::Equal => equal(a, b),
        Comparison::NotEqual => !equal(a, b),
        Comparison::Less => order(a, b) == Some(Ordering::Less),
        Comparison::LessOrEqual => matches!(order(a, b), Some(Ordering::Less | Ordering::Equal)),
        Comparison::Greater => order(a, b) == Some(Ordering::Greater),
        Comparison::GreaterOrEqual => matches!(order(a, b), Some(Ordering::Greater | Ordering::Equal)),
    }
}

/// `==`: null equals null; floats by IEEE (NaN equals nothing, -0.0 equals 0.0).
fn equal(a: &Scalar, b: &Scalar) -> bool {
    equal_by(equal, a, b)
}

/// Equality of values whose parts are compared by `same`. Maps are equal if they have the same entries in any order.
fn equal_by(same: fn(&Scalar, &Scalar) -> bool, a: &Scalar, b: &Scalar) -> bool {
    match (a, b) {
        (Scalar::Null, Scalar::Null) => true,
        (Scalar::List(a), Scalar::List(b)) | (Scalar::Record(a), Scalar::Record(b)) => {
            a.len() == b.len() && a.iter().zip(&**b).all(|(a, b)| same(a, b))
        }
        (Scalar::Map(a), Scalar::Map(b)) => {
            let has = |(key, value): &(Arc<str>, Scalar)| b.iter().any(|(k, v)| k == key && same(value, v));
            a.len() == b.len() && a.iter().all(has)
        }
        (Scalar::Json(a), Scalar::Json(b)) => a == b,
        (Scalar::Bytes(a), Scalar::Bytes(b)) => a == b,
        (Scalar::Opaque(a), Scalar::Opaque(b)) => a == b,
        _ => order(a, b) == Some(Ordering::Equal),
    }
}

/// The item of a list at a position, from the end if it is negative; none if there is none.
pub fn item(list: &[Scalar], at: i64) -> Option<&Scalar> {
    let from_end = if at < 0 { list.len() as i64 } else { 0 };
    usize::try_from(at.checked_add(from_end)?).ok().and_then(|at| list.get(at))
}

/// `value[index]` of a list or a map, neither of them null: E0602 where there is nothing.
pub fn index(value: &Scalar, index: &Scalar) -> Result<Scalar, Fault> {
    match (value, index) {
        (Scalar::List(list), Scalar::Int(at)) => item(list, *at).cloned().ok_or_else(|| {
            let items = if list.len() == 1 { "1 item".into() } else { format!("{} items", list.len()) };
            Fault::new(E0602, format!("there is no item {at} in a list of {items}"))
        }),
        (Scalar::Map(entries), Scalar::String(key)) => {
            let found = entries.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone());
            found.ok_or_else(|| Fault::new(E0602, format!("there is no key {key:?} in this map")))
        }
        _ => unreachable!("the checker indexes lists by ints and maps by strings, not {value:?} by {index:?}"),
    }
}

/// The order of two values of one kind; none with null or NaN, and none of what has no order. Text is ordered by its UTF-8 bytes.
pub fn order(a: &Scalar, b: &Scalar) -> Option<Ordering> {
    match (a, b) {
        (Scalar::Bool(a), Scalar::Bool(b)) => Some(a.cmp(b)),
        (Scalar::Int(a), Scalar::Int(b)) => Some(a.cmp(b)),
        (Scalar::Float(a), Scalar::Float(b)) => a.partial_cmp(b),
        (Scalar::String(a), Scalar::String(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
        (Scalar::Date(a), Scalar::Date(b)) => Some(a.cmp(b)),
        (Scalar::DateTime(a), Scalar::DateTime(b)) | (Scalar::Duration(a), Scalar::Duration(b)) => Some(a.cmp(b)),
        (Scalar::Wide(a), Scalar::Wide(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// The order of `sort`: NaN after all numbers, -0.0 as 0.0, nulls last, also when `descending`.
pub fn sort_order(a: &Scalar, b: &Scalar, descending: bool) -> Ordering {
    let rank = |s: &Scalar| match s {
        Scalar::Null => 2,
        Scalar::Float(x) if x.is_nan() => 1,
        _ => 0,
    };
    rank(a).cmp(&rank(b)).then_with(|| {
        let ordering = order(a, b).unwrap_or(Ordering::Equal);
        if descending { ordering.reverse() } else { ordering }
    })
}

/// Whether two values are one key: null is null, NaN is NaN, -0.0 is 0.0.
pub fn same_key(a: &Scalar, b: &Scalar) -> bool {
    match (a, b) {
        (Scalar::Float(x), Scalar::Float(y)) if x.is_nan() && y.is_nan() => true,
        _ => equal_by(same_key, a, b),
    }
}

/// The int that an exact sum is, where it is used: E0601 if it does not fit.
pub fn narrow(sum: i128) -> Result<i64, Fault> {
    i64::try_from(sum).map_err(|_| overflow(format!("the sum {sum}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn int_division_floors() {
        let divide = |a, b| int_arithmetic(Arithmetic::FloorDivide, a, b);
        let modulo = |a, b| int_arithmetic(Arithmetic::Modulo, a, b);
        assert_eq!((divide(7, 2), modulo(7, 2)), (Ok(3), Ok(1)));
        assert_eq!((divide(-7, 2), modulo(-7, 2)), (Ok(-4), Ok(1)));
        assert_eq!((divide(7, -2), modulo(7, -2)), (Ok(-4), Ok(-1)));
        assert_eq!(divide(i64::MIN, -1).unwrap_err().code, E0601);
        assert_eq!(modulo(i64::MIN, -1), Ok(0));
        assert_eq!(divide(1, 0).unwrap_err().code, E0602);
    }

    #[test]
    fn powers() {
        let power = |a, b| int_arithmetic(Arithmetic::Power, a, b);
        assert_eq!(power(2, 62), Ok(1 << 62));
        assert_eq!(power(2, 63).unwrap_err().code, E0601);
        assert_eq!(power(-1, i64::MAX), Ok(-1));
        assert_eq!(power(2, -1).unwrap_err().code, E0602);
    }

    #[test]
    fn comparisons_are_two_valued() {
        use Scalar::*;
        assert!(compare(Comparison::Equal, &Null, &Null));
        assert!(compare(Comparison::NotEqual, &Null, &Int(1)));
        assert!(!compare(Comparison::LessOrEqual, &Null, &Null));
        assert!(!compare(Comparison::Equal, &Float(f64::NAN), &Float(f64::NAN)));
        assert!(compare(Comparison::NotEqual, &Float(f64::NAN), &Float(f64::NAN)));
        assert!(compare(Comparison::Equal, &Float(0.0), &Float(-0.0)));
    }

    #[test]
    fn nulls_sort_last_both_ways() {
        use Scalar::*;
        let mut values = [Null, Float(f64::NAN), Float(1.0), Float(2.0)];
        values.sort_by(|a, b| sort_order(a, b, true));
        assert!(matches!(values, [Float(2.0), Float(1.0), Float(_), Null]));
    }
}
