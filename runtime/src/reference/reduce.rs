//! The reducers as loops over all values of a group. They share nothing with `reducers/` but their names.

use super::sum::ExactSum;
use pipelang_lang::scalar::{Scalar, order, sort_order};
use pipelang_lang::ty::Kind;
use std::cmp::Ordering;

/// What a reducer makes of the rows of a group that count: `rows[i]` has the values of its arguments, `kinds` their
/// kinds.
pub fn reduce(name: &str, kinds: &[Kind], rows: &[Vec<Scalar>]) -> Scalar {
    // The values of the first argument, and those that are there.
    let values: Vec<&Scalar> = rows.iter().filter_map(|row| row.first()).collect();
    let present: Vec<&Scalar> = values.iter().copied().filter(|value| **value != Scalar::Null).collect();
    match name {
        "count" if kinds.is_empty() => Scalar::Int(rows.len() as i64),
        "count" => Scalar::Int(present.len() as i64),
        "sum" => match kinds[0] {
            Kind::Float => Scalar::Float(float_sum(&present)),
            _ => Scalar::Wide(int_sum(&present)),
        },
        "mean" if present.is_empty() => Scalar::Null,
        // The exact sum is rounded, then divided and rounded again.
        "mean" => match kinds[0] {
            Kind::Float => Scalar::Float(float_sum(&present) / present.len() as f64),
            _ => Scalar::Float(int_sum(&present) as f64 / present.len() as f64),
        },
        "min" => extreme(&present, Ordering::Less),
        "max" => extreme(&present, Ordering::Greater),
        "first" => values.first().map_or(Scalar::Null, |value| (*value).clone()),
        "last" => values.last().map_or(Scalar::Null, |value| (*value).clone()),
        "count_if" => Scalar::Int(values.iter().filter(|value| ***value == Scalar::Bool(true)).count() as i64),
        "any" | "all" if values.is_empty() => Scalar::Null,
        "any" => Scalar::Bool(values.iter().any(|value| **value == Scalar::Bool(true))),
        "all" => Scalar::Bool(values.iter().all(|value| **value == Scalar::Bool(true))),
        _ => unreachable!("the oracle does not know the reducer `{name}`"),
    }
}

fn int_sum(values: &[&Scalar]) -> i128 {
    let ints = values.iter().map(|value| match value {
        Scalar::Int(x) => i128::from(*x),
        Scalar::Wide(x) => *x,
        other => unreachable!("the checker sums numbers only, not {other:?}"),
    });
    ints.sum()
}

fn float_sum(values: &[&Scalar]) -> f64 {
    let mut sum = ExactSum::new();
    for value in values {
        match value {
            Scalar::Float(x) => sum.add(*x),
            other => unreachable!("the column is of floats, not {other:?}"),
        }
    }
    sum.rounded()
}

/// The least or greatest. NaN counts only where there is nothing else, and -0.0 is less than 0.0.
fn extreme(present: &[&Scalar], wanted: Ordering) -> Scalar {
    let is_nan = |value: &Scalar| matches!(value, Scalar::Float(x) if x.is_nan());
    let numbers: Vec<&Scalar> = present.iter().copied().filter(|value| !is_nan(value)).collect();
    let Some(mut best) = numbers.first().copied().or(present.first().copied()) else { return Scalar::Null };
    for value in numbers {
        let zeros = match (value, best) {
            (Scalar::Float(a), Scalar::Float(b)) => a.total_cmp(b),
            _ => Ordering::Equal,
        };
        if order(value, best).map(|ordering| ordering.then(zeros)) == Some(wanted) {
            best = value;
        }
    }
    best.clone()
}

/// A key in a form that hashes: equal where `scalar::same_key` says so.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// Null.
    Null,
    /// `bool`
    Bool(bool),
    /// `int`, `date`
    Int(i128),
    /// `float`: the bits, of one NaN and one zero.
    Float(u64),
    /// `string`
    String(std::sync::Arc<str>),
}

/// The key that a value is.
pub fn key(value: &Scalar) -> Key {
    match value {
        Scalar::Null => Key::Null,
        Scalar::Bool(b) => Key::Bool(*b),
        Scalar::Int(i) => Key::Int(i128::from(*i)),
        Scalar::Date(day) => Key::Int(i128::from(*day)),
        Scalar::Wide(sum) => Key::Int(*sum),
        Scalar::Float(x) if x.is_nan() => Key::Float(f64::NAN.to_bits()),
        Scalar::Float(x) if *x == 0.0 => Key::Float(0),
        Scalar::Float(x) => Key::Float(x.to_bits()),
        Scalar::String(text) => Key::String(text.clone()),
        Scalar::DateTime(us) | Scalar::Duration(us) => Key::Int(i128::from(*us)),
        Scalar::Bytes(_) | Scalar::List(_) | Scalar::Record(_) | Scalar::Map(_) | Scalar::Json(_) => {
            unreachable!("the checker takes no such keys")
        }
    }
}

/// The order of two rows by their sort keys.
pub fn compare_keys(a: &[Scalar], b: &[Scalar], descending: &[bool]) -> Ordering {
    let pairs = a.iter().zip(b).zip(descending);
    pairs.map(|((a, b), descending)| sort_order(a, b, *descending)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Scalar::{Float, Int, Null};
    use pipelang_lang::scalar::same_key;

    fn floats(name: &str, values: &[Scalar]) -> Scalar {
        let rows: Vec<Vec<Scalar>> = values.iter().map(|value| vec![value.clone()]).collect();
        reduce(name, &[Kind::Float], &rows)
    }

    #[test]
    fn nulls_and_nan() {
        assert_eq!(floats("min", &[Null, Float(f64::NAN), Float(2.0), Float(1.0)]), Float(1.0));
        assert!(matches!(floats("max", &[Null, Float(f64::NAN)]), Float(x) if x.is_nan()));
        assert!(matches!(floats("min", &[Float(0.0), Float(-0.0)]), Float(x) if x.is_sign_negative()));
        assert_eq!(floats("max", &[Null]), Null);
        assert_eq!(floats("sum", &[Null]), Float(0.0));
        assert_eq!(floats("mean", &[Null]), Null);
        assert_eq!(floats("mean", &[Float(1.0), Null, Float(2.0)]), Float(1.5));
        assert_eq!(floats("first", &[Null, Float(1.0)]), Null);
        assert_eq!(floats("count", &[Null, Float(1.0)]), Int(1));
        assert_eq!(reduce("count", &[], &[vec![], vec![]]), Int(2));
        assert_eq!(reduce("all", &[Kind::Bool], &[vec![Null]]), Scalar::Bool(false));
        assert_eq!(reduce("sum", &[Kind::Int], &[vec![Int(i64::MAX)], vec![Int(1)]]), Scalar::Wide(1 << 63));
    }

    #[test]
    fn keys_are_equal_where_values_are_one_key() {
        let values = [Null, Float(0.0), Float(-0.0), Float(f64::NAN), Float(-f64::NAN), Float(1.0)];
        for a in &values {
            for b in &values {
                assert_eq!(key(a) == key(b), same_key(a, b), "{a:?} {b:?}");
            }
        }
    }
}
