//! The reducers as loops over all values of a group. They share nothing with `reducers/` but their names.

use super::sum::ExactSum;
use pipelang_lang::scalar::{Fault, Scalar, canonical, fits, order, sort_order};
use pipelang_lang::ty::Kind;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

/// What a reducer makes of the rows of a group that count: `rows[i]` has the values of its arguments, `kinds` their
/// kinds.
pub fn reduce(name: &str, kinds: &[Kind], rows: &[Vec<Scalar>]) -> Scalar {
    // The values of the first argument, and those that are there.
    let values: Vec<&Scalar> = rows.iter().filter_map(|row| row.first()).collect();
    let present: Vec<&Scalar> = values.iter().copied().filter(|value| **value != Scalar::Null).collect();
    match name {
        "count" if kinds.is_empty() => Scalar::Int(rows.len() as i64),
        "count" => Scalar::Int(present.len() as i64),
        "count_if" => Scalar::Int(values.iter().filter(|value| ***value == Scalar::Bool(true)).count() as i64),
        "count_distinct" => Scalar::Int(distinct(&present).len() as i64),
        "sum" => match kinds[0] {
            Kind::Float => Scalar::Float(float_sum(&present)),
            _ => Scalar::Wide(int_sum(&present)),
        },
        "wrapping_sum" => Scalar::Int(int_sum(&present) as i64),
        "first" => values.first().map_or(Scalar::Null, |value| (*value).clone()),
        "last" => values.last().map_or(Scalar::Null, |value| (*value).clone()),
        "list" if !values.is_empty() => Scalar::List(values.into_iter().cloned().collect()),
        "any" if !values.is_empty() => Scalar::Bool(values.iter().any(|value| **value == Scalar::Bool(true))),
        "all" if !values.is_empty() => Scalar::Bool(values.iter().all(|value| **value == Scalar::Bool(true))),
        "arg_min" => arg(rows, false),
        "arg_max" => arg(rows, true),
        "mean" if kinds.len() == 2 => weighted_mean(rows),
        "stddev" | "variance" | "corr" | "covariance" => moment(name, rows),
        // Of no values there is none.
        _ if present.is_empty() => Scalar::Null,
        // The exact sum is rounded, then divided and rounded again.
        "mean" => match kinds[0] {
            Kind::Float => Scalar::Float(float_sum(&present) / present.len() as f64),
            Kind::Duration => Scalar::Duration(half_to_even(int_sum(&present), present.len() as i128)),
            _ => Scalar::Float(int_sum(&present) as f64 / present.len() as f64),
        },
        "min" => extreme(&present, Ordering::Less),
        "max" => extreme(&present, Ordering::Greater),
        "median" => quantile(&kinds[0], &present, 0.5),
        "quantile" => quantile(&kinds[0], &present, float(&rows[0][1])),
        "set" => Scalar::List(distinct(&present).into_iter().map(|(value, _)| value.clone()).collect()),
        "mode" => {
            let distinct = distinct(&present);
            let most = distinct.iter().map(|(_, count)| *count).max();
            let first = distinct.iter().find(|(_, count)| Some(*count) == most);
            first.map_or(Scalar::Null, |(value, _)| (*value).clone())
        }
        "string_join" => {
            let texts: Vec<String> = present.iter().map(|value| text(value)).collect();
            Scalar::String(texts.join(&text(&rows[0][1])).into())
        }
        _ => unreachable!("the oracle does not know the reducer `{name}`"),
    }
}

/// Fails if what a reducer makes of the rows of a group would be larger than a value may be.
pub fn check(name: &str, rows: &[Vec<Scalar>]) -> Result<(), Fault> {
    let there = |row: &&Vec<Scalar>| row[0] != Scalar::Null;
    fits(match name {
        "list" => rows.iter().flatten().map(Scalar::size).sum(),
        "string_join" => rows.iter().filter(there).flatten().map(Scalar::size).sum(),
        "set" => {
            let present: Vec<&Scalar> = rows.iter().filter(there).map(|row| &row[0]).collect();
            distinct(&present).into_iter().map(|(value, _)| value.size()).sum()
        }
        _ => 0,
    })
}

fn text(value: &Scalar) -> String {
    if let Scalar::String(text) = value { text.to_string() } else { unreachable!("{value:?} is no text") }
}

fn float(value: &Scalar) -> f64 {
    if let Scalar::Float(x) = value { *x } else { unreachable!("{value:?} is no float") }
}

/// A quotient, rounded to the nearest int, half to even.
fn half_to_even(sum: i128, count: i128) -> i64 {
    let down = sum.div_euclid(count);
    let up = match (2 * sum.rem_euclid(count)).cmp(&count) {
        Ordering::Less => false,
        Ordering::Equal => down % 2 != 0,
        Ordering::Greater => true,
    };
    (down + i128::from(up)) as i64
}

/// The values that differ as keys, as first met, with how often each occurs.
fn distinct<'a>(present: &[&'a Scalar]) -> Vec<(&'a Scalar, usize)> {
    let mut places: HashMap<Key, usize> = HashMap::new();
    let mut found: Vec<(&Scalar, usize)> = Vec::new();
    for value in present {
        let place = *places.entry(key(value)).or_insert(found.len());
        match found.get_mut(place) {
            Some((_, count)) => *count += 1,
            None => found.push((value, 1)),
        }
    }
    found
}

/// The first value whose key comes first when keys that are not null are sorted.
fn arg(rows: &[Vec<Scalar>], descending: bool) -> Scalar {
    let mut best: Option<&Vec<Scalar>> = None;
    for row in rows.iter().filter(|row| row[1] != Scalar::Null) {
        if best.is_none_or(|best| sort_order(&row[1], &best[1], descending) == Ordering::Less) {
            best = Some(row);
        }
    }
    best.map_or(Scalar::Null, |row| row[0].clone())
}

///
fn quantile(kind: &Kind, present: &[&Scalar], share: f64) -> Scalar {
    if *kind == Kind::Duration {
        return duration_quantile(present, share);
    }
    let mut sorted: Vec<f64> = present.iter().map(|value| canonical(float(value))).collect();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len() - 1) as f64 * share;
    let (low, on) = (sorted[place as usize], place - place.floor());
    let high = sorted[place.ceil() as usize];
    Scalar::Float(canonical(if low == high || on == 0.0 {
        low
    } else if (high - low).is_finite() {
        low + (high - low) * on
    } else {
        low * (1.0 - on) + high * on
    }))
}

fn duration_quantile(present: &[&Scalar], share: f64) -> Scalar {
    let mut sorted: Vec<i128> = present.iter().map(|value| int_sum(&[value])).collect();
    sorted.sort_unstable();
    let place = (sorted.len() - 1) as f64 * share;
    let (low, high) = (sorted[place as usize], sorted[place.ceil() as usize]);
    let way = (high - low) as f64 * (place - place.floor());
    // Twice as far, so that a half is a whole and what lies off it is on one side or the other.
    let twice = 2 * (low + way.floor() as i128) + i128::from(way.fract() >= 0.5);
    let value = if way.fract() > 0.5 { (twice + 1) / 2 } else { i128::from(half_to_even(twice, 2)) };
    Scalar::Duration(value.min(high) as i64)
}

/// The rows of floats where none is null.
fn complete(rows: &[Vec<Scalar>]) -> Vec<Vec<f64>> {
    let complete = rows.iter().filter(|row| !row.contains(&Scalar::Null));
    complete.map(|row| row.iter().map(float).collect()).collect()
}

/// The exact sum of products, each as the rounded one and what the rounding took away.
fn products(factors: impl Iterator<Item = (f64, f64)>) -> ExactSum {
    let mut sum = ExactSum::new();
    for (a, b) in factors {
        let product = a * b;
        sum.add(product);
        if product.is_finite() {
            sum.add(a.mul_add(b, -product));
        }
    }
    sum
}

fn weighted_mean(rows: &[Vec<Scalar>]) -> Scalar {
    let rows = complete(rows);
    let weights = products(rows.iter().map(|row| (row[1], 1.0)));
    match rows.is_empty() {
        true => Scalar::Null,
        false => {
            Scalar::Float(canonical(products(rows.iter().map(|row| (row[0], row[1]))).rounded() / weights.rounded()))
        }
    }
}

/// `variance`, `stddev`, `covariance` and `corr` of a sample.
fn moment(name: &str, rows: &[Vec<Scalar>]) -> Scalar {
    let rows = complete(rows);
    let count = rows.len() as u64;
    if count < 2 {
        return Scalar::Null;
    }
    // n S(xy) - S(x) S(y)
    let scatter = |x: usize, y: usize| {
        let sum = |at: usize| products(rows.iter().map(|row| (row[at], 1.0)));
        let scatter = products(rows.iter().map(|row| (row[x], row[y]))).scatter(count, &sum(x), &sum(y));
        if x == y && scatter <= 0.0 { 0.0 } else { scatter }
    };
    let pairs = (u128::from(count) * u128::from(count - 1)) as f64;
    Scalar::Float(canonical(match name {
        "variance" => scatter(0, 0) / pairs,
        "stddev" => (scatter(0, 0) / pairs).sqrt(),
        "covariance" => scatter(0, 1) / pairs,
        _ => {
            let (x, y) = (scatter(0, 0), scatter(1, 1));
            let scale = if (x * y).is_normal() { (x * y).sqrt() } else { x.sqrt() * y.sqrt() };
            (scatter(0, 1) / scale).clamp(-1.0, 1.0)
        }
    }))
}

fn int_sum(values: &[&Scalar]) -> i128 {
    let ints = values.iter().map(|value| match value {
        Scalar::Int(x) => i128::from(*x),
        Scalar::Duration(x) => i128::from(*x),
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
    /// `string`, `json`
    String(std::sync::Arc<str>),
    /// `bytes`
    Bytes(std::sync::Arc<[u8]>),
    /// A list, or the values of a record.
    Values(Vec<Key>),
    /// A map, by its keys.
    Map(BTreeMap<std::sync::Arc<str>, Key>),
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
        Scalar::Json(text) => Key::String(text.clone()),
        Scalar::Bytes(bytes) => Key::Bytes(bytes.clone()),
        Scalar::List(values) | Scalar::Record(values) => Key::Values(values.iter().map(key).collect()),
        Scalar::Opaque(_) => Key::Values(Vec::new()),
        Scalar::Map(entries) => Key::Map(entries.iter().map(|(name, value)| (name.clone(), key(value))).collect()),
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
