//! Numbers.

use super::row::{duration, float, gives, int, like, of, optional, over_floats, shows, total};
use super::{BatchResult, Function};
use crate::batch::Column;
use pipelang_lang::catalog::{Example, Pattern, ResultType};
use pipelang_lang::codes::E0602;
use pipelang_lang::scalar::{self, Fault, Scalar, canonical};
use pipelang_lang::ty::{Kind, Type};
use std::cmp::Ordering;

/// A row of a float function: its scalar body and the same over columns.
macro_rules! of_float {
    ($name:literal, $doc:literal, $examples:expr, $f:expr) => {
        total($name, vec![of("x", Kind::Float)], gives(Type::FLOAT), $doc, $examples, |arguments| {
            Ok(Scalar::Float(canonical(($f)(float(&arguments[0])))))
        })
        .over_columns(|arguments, rows, _| over_floats(arguments, rows, $f))
    };
}

/// A row of a function that leaves ints alone and is a float function otherwise.
macro_rules! of_number {
    ($name:literal, $doc:literal, $examples:expr, $f:expr) => {
        total($name, vec![like("x", Pattern::Number)], ResultType::SameAsArguments, $doc, $examples, |arguments| {
            Ok(match &arguments[0] {
                Scalar::Int(i) => Scalar::Int(*i),
                other => Scalar::Float(canonical(($f)(float(other)))),
            })
        })
        .over_columns(|arguments, rows, _| unless_ints(arguments, rows, $f))
    };
}

/// The functions of this group.
pub(super) fn rows() -> Vec<Function> {
    let mut rows = rounding();
    rows.extend(roots_and_powers());
    rows.extend(comparisons());
    rows
}

fn rounding() -> Vec<Function> {
    const ROUND: &[Example] = &[
        shows!("round(2.5)", "3.0"),
        shows!("round(-2.345, 2)", "-2.35"),
        shows!("round(1250, -2)", "1300"),
        shows!("round(9223372036854775807, -1)", "E0601"),
    ];
    vec![
        total(
            "abs",
            vec![like("x", Pattern::Number)],
            ResultType::SameAsArguments,
            "The size of a number without its sign.",
            &[shows!("abs(-3)", "3"), shows!("abs(-2.5)", "2.5")],
            |arguments| match &arguments[0] {
                Scalar::Int(i) => {
                    i.checked_abs().map(Scalar::Int).ok_or_else(|| scalar::overflow(format_args!("abs({i})")))
                }
                other => Ok(Scalar::Float(canonical(float(other).abs()))),
            },
        )
        .failing(),
        total(
            "abs",
            vec![of("x", Kind::Duration)],
            gives(Type::DURATION),
            "How long a duration is, forwards or backwards.",
            &[shows!("abs(-90min)", "\"PT1H30M\"")],
            |arguments| {
                let length = duration(&arguments[0]);
                let of_both = || scalar::overflow(format_args!("abs({}us)", length));
                length.checked_abs().map(Scalar::Duration).ok_or_else(of_both)
            },
        )
        .failing(),
        total(
            "sign",
            vec![like("x", Pattern::Number)],
            ResultType::SameAsArguments,
            "-1, 0 or 1, as the number is below, at or above zero.",
            &[shows!("sign(-3)", "-1"), shows!("sign(0.5)", "1.0")],
            |arguments| {
                Ok(match &arguments[0] {
                    Scalar::Int(i) => Scalar::Int(i.signum()),
                    other => Scalar::Float(sign(float(other))),
                })
            },
        ),
        of_number!("floor", "The greatest whole number that is not above it.", &[shows!("floor(-2.5)", "-3.0"), shows!("floor(7)", "7")], f64::floor),
        of_number!("ceil", "The least whole number that is not below it.", &[shows!("ceil(2.1)", "3.0")], f64::ceil),
        of_number!("trunc", "The number without what stands behind its point.", &[shows!("trunc(-2.9)", "-2.0")], f64::trunc),
        total(
            "round",
            vec![like("x", Pattern::Number), optional("digits", Kind::Int, Scalar::Int(0))],
            ResultType::SameAsArguments,
            "The nearest number with that many decimals, the greater of two in size; `digits` below zero rounds to tens, hundreds and so on.",
            ROUND,
            |arguments| match &arguments[0] {
                Scalar::Int(i) => round_int(*i, int(&arguments[1])).map(Scalar::Int),
                other => Ok(Scalar::Float(round_float(float(other), int(&arguments[1])))),
            },
        )
        .failing(),
    ]
}

fn roots_and_powers() -> Vec<Function> {
    vec![
        of_float!("sqrt", "The square root; NaN of what is below zero.", &[shows!("sqrt(2.25)", "1.5")], f64::sqrt),
        total(
            "isqrt",
            vec![of("n", Kind::Int)],
            gives(Type::INT),
            "The integer part of the square root of an int that is not below zero.",
            &[shows!("isqrt(17)", "4"), shows!("isqrt(0)", "0"), shows!("isqrt(-1)", "E0602")],
            |arguments| match &arguments[0] {
                Scalar::Int(n) => n
                    .checked_isqrt()
                    .map(Scalar::Int)
                    .ok_or_else(|| Fault::new(E0602, format!("isqrt({n}): {n} has no real square root"))),
                other => unreachable!("the checker passes ints only, not {other:?}"),
            },
        )
        .failing(),
        of_float!("exp", "e to that power.", &[shows!("exp(0)", "1.0")], f64::exp),
        of_float!("ln", "The natural logarithm.", &[shows!("ln(1)", "0.0")], f64::ln),
        of_float!("log10", "The logarithm to base 10.", &[shows!("log10(1000)", "3.0")], f64::log10),
        of_float!("log2", "The logarithm to base 2.", &[shows!("log2(8)", "3.0")], f64::log2),
        of_float!("sin", "The sine of an angle in radians.", &[shows!("sin(0)", "0.0")], f64::sin),
        of_float!("cos", "The cosine of an angle in radians.", &[shows!("cos(0)", "1.0")], f64::cos),
        of_float!("tan", "The tangent of an angle in radians.", &[shows!("tan(0)", "0.0")], f64::tan),
        of_float!(
            "asin",
            "The angle in radians of a sine; NaN beyond -1 and 1.",
            &[shows!("asin(0)", "0.0")],
            f64::asin
        ),
        of_float!(
            "acos",
            "The angle in radians of a cosine; NaN beyond -1 and 1.",
            &[shows!("acos(1)", "0.0")],
            f64::acos
        ),
        of_float!("atan", "The angle in radians of a tangent.", &[shows!("atan(0)", "0.0")], f64::atan),
        total(
            "atan2",
            vec![of("y", Kind::Float), of("x", Kind::Float)],
            gives(Type::FLOAT),
            "The angle in radians, from -pi to pi, between the x axis and the way to the point `(x, y)`.",
            &[shows!("atan2(0, 1)", "0.0"), shows!("atan2(0, -1)", "3.141592653589793")],
            |arguments| Ok(Scalar::Float(canonical(float(&arguments[0]).atan2(float(&arguments[1]))))),
        ),
        total(
            "pi",
            Vec::new(),
            gives(Type::FLOAT),
            "The circumference of a circle by its diameter.",
            &[shows!("pi()", "3.141592653589793")],
            |_| Ok(Scalar::Float(std::f64::consts::PI)),
        ),
        total(
            "pow",
            vec![of("x", Kind::Float), of("exponent", Kind::Float)],
            gives(Type::FLOAT),
            "`x` to a power, in floats; of ints, `x ** n` is exact.",
            &[shows!("pow(2, 0.5)", "1.4142135623730951"), shows!("pow(2, 10)", "1024.0")],
            |arguments| {
                Ok(Scalar::Float(scalar::float_arithmetic(
                    scalar::Arithmetic::Power,
                    float(&arguments[0]),
                    float(&arguments[1]),
                )))
            },
        ),
    ]
}

fn comparisons() -> Vec<Function> {
    let two = || vec![like("a", Pattern::Ordered), like("b", Pattern::Ordered)];
    vec![
        total(
            "least",
            two(),
            ResultType::SameAsArguments,
            "The lesser of two values; a NaN only if both are.",
            &[shows!("least(3, 2)", "2"), shows!("least(1, 2.5)", "1.0"), shows!("least(\"b\", \"a\")", "\"a\"")],
            |arguments| Ok(pick(&arguments[0], &arguments[1], Ordering::Greater)),
        ),
        total(
            "greatest",
            two(),
            ResultType::SameAsArguments,
            "The greater of two values; a NaN only if both are.",
            &[shows!("greatest(3, 2)", "3"), shows!("greatest(@2024-01-01, @2023-12-31)", "\"2024-01-01\"")],
            |arguments| Ok(pick(&arguments[0], &arguments[1], Ordering::Less)),
        ),
        total(
            "clamp",
            vec![like("x", Pattern::Ordered), like("low", Pattern::Ordered), like("high", Pattern::Ordered)],
            ResultType::SameAsArguments,
            "The value, but `low` where it is less and `high` where it is more; where `low` is above `high`, `high`.",
            &[shows!("clamp(12, 0, 10)", "10"), shows!("clamp(-0.5, 0, 10)", "0.0"), shows!("clamp(5, 3, 1)", "1")],
            |arguments| {
                let (x, low, high) = (&arguments[0], &arguments[1], &arguments[2]);
                // A NaN is neither less nor more than anything.
                let raised = if scalar::order(x, low) == Some(Ordering::Less) { low } else { x };
                Ok(if scalar::order(raised, high) == Some(Ordering::Greater) { high } else { raised }.clone())
            },
        ),
        total(
            "is_nan",
            vec![of("x", Kind::Float)],
            gives(Type::BOOL),
            "Whether a float is not a number.",
            &[shows!("is_nan(sqrt(-1))", "true"), shows!("is_nan(1)", "false")],
            |arguments| Ok(Scalar::Bool(float(&arguments[0]).is_nan())),
        ),
    ]
}

fn unless_ints(arguments: &[Column], rows: usize, f: impl Fn(f64) -> f64) -> BatchResult {
    match &arguments[0] {
        ints @ Column::Int(_) if ints.len() == rows => BatchResult { column: ints.clone(), failed: false },
        Column::Int(one) => {
            let values = vec![one.value(0); rows];
            BatchResult { column: Column::Int(values.into()), failed: false }
        }
        _ => over_floats(arguments, rows, f),
    }
}

fn sign(x: f64) -> f64 {
    if x.is_nan() {
        canonical(x)
    } else if x == 0.0 {
        x
    } else {
        x.signum()
    }
}

/// The second value if the order of the first to it is `worse`, or the first is NaN; else the first.
fn pick(a: &Scalar, b: &Scalar, worse: Ordering) -> Scalar {
    let nan = |value: &Scalar| matches!(value, Scalar::Float(x) if x.is_nan());
    let second = nan(a) || scalar::order(a, b) == Some(worse);
    if second { b.clone() } else { a.clone() }
}

fn round_int(x: i64, digits: i64) -> Result<i64, Fault> {
    if digits >= 0 {
        return Ok(x);
    }
    let Some(unit) = u32::try_from(digits.unsigned_abs()).ok().and_then(|power| 10i128.checked_pow(power)) else {
        return Ok(0);
    };
    let (x, size) = (i128::from(x), i128::from(x).abs());
    let rounded = (size + unit / 2) / unit * unit * x.signum();
    i64::try_from(rounded).map_err(|_| scalar::overflow(format_args!("round({x}, {digits})")))
}

/// Rounds the exact value of the float, halves away from zero, then gives the float nearest to that decimal.
fn round_float(x: f64, digits: i64) -> f64 {
    /// From here on every float is a whole number.
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    if x.is_nan() {
        return canonical(x);
    }
    if x.is_infinite() || digits > 22 {
        return x;
    }
    let size = x.abs();
    let rounded = if digits < 0 {
        if digits < -308 {
            return 0f64.copysign(x);
        }
        let unit = power_of_ten(-digits);
        let rest = size % unit;
        if rest >= unit - rest { size - rest + unit } else { size - rest }
    } else {
        let scale = power_of_ten(digits);
        let scaled = size * scale;
        if scaled >= WHOLE {
            return x;
        }
        // What the product lacks of the exact one, which decides where it looks like a half.
        let lacks = size.mul_add(scale, -scaled);
        let whole = scaled.trunc();
        let above_half = scaled - whole - 0.5;
        let up = above_half >= -lacks;
        (if up { whole + 1.0 } else { whole }) / scale
    };
    rounded.copysign(x)
}

/// The float nearest to 10 to a power from 0 to 308 (`powi` says nothing of its last bits).
fn power_of_ten(power: i64) -> f64 {
    if power <= 22 {
        (0..power).fold(1.0, |unit, _| unit * 10.0)
    } else {
        format!("1e{power}").parse().unwrap_or(f64::INFINITY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipelang_lang::codes::E0601;

    #[test]
    fn rounding_is_of_the_exact_value() {
        for (x, digits, wanted) in [
            (2.5, 0, 3.0),
            (-2.5, 0, -3.0),
            (0.49999999999999994, 0, 0.0),
            (2.675, 2, 2.67),
            (1.005, 2, 1.0),
            (0.125, 2, 0.13),
            (1e300, 5, 1e300),
            (1234.5, -2, 1200.0),
            (1250.0, -2, 1300.0),
            (0.1 + 0.2, 10, 0.3),
            (5e-324, 3, 0.0),
        ] {
            assert_eq!(round_float(x, digits), wanted, "round({x}, {digits})");
        }
        assert!(round_float(-0.2, 0).is_sign_negative());
    }

    #[test]
    fn whole_numbers_round_to_tens() {
        assert_eq!(round_int(i64::MIN, -19).map_err(|fault| fault.code), Err(E0601));
        assert_eq!(round_int(4_999_999_999_999_999_999, -19), Ok(0));
        assert_eq!(round_int(-15, -1), Ok(-20));
        assert_eq!(round_int(7, -1000), Ok(0));
    }
}
