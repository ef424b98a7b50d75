//! What is made of exact sums of products: `variance`, `stddev`, `covariance`, `corr` and the weighted mean.
//!
//! A product of two doubles is two doubles again, the rounded product and what the rounding took away (by a fused
//! multiplication and addition); both are summed exactly, so that a result is the same however the work was cut. With
//! S(x) for the exact sum over the n rows where nothing is null:
//! - scatter(x, y) is n S(xy) - S(x) S(y), exact and rounded once, for x = y not below 0;
//! - covariance is scatter(x, y) / (n (n - 1)), variance is covariance(x, x) and stddev its root;
//! - corr is scatter(x, y) / root of (scatter(x, x) scatter(y, y)), held between -1 and 1; the roots are multiplied
//!   where the product under the root is too large or small for a normal double;
//! - the weighted mean is S(xw) / S(w), both rounded before they are divided.
//!
//! What is not finite, products beyond the largest double included, makes the result NaN (the weighted mean is what
//! dividing the two sums gives); a part of a product below the smallest double is lost.

use super::accumulator::Accumulator;
use super::exact_sum::ExactSums;
use super::rows::Rows;
use super::{Finished, Frame, Reducer, State, Stop, Weight, same_state};
use crate::batch::Column;
use arrow_array::Float64Array;
use arrow_buffer::BooleanBuffer;
use pipelang_lang::catalog::{Example, ReducerDef, RowOrder};
use pipelang_lang::scalar::{Scalar, canonical};
use pipelang_lang::ty::{Kind, Type};
use std::any::Any;

/// `variance`
pub const VARIANCE: Reducer = Reducer {
    def: ReducerDef {
        name: "variance",
        doc: "The variance of a sample, of the values that are not null; null for fewer than two of them. It is \
              `(n * sum(x * x) - sum(x) ** 2) / (n * (n - 1))` with exact sums and a numerator that is rounded once.",
        result: |arguments| of_floats(arguments, 1),
        takes: "a number",
        in_floats: true,
        order: RowOrder::Hidden,
        examples: &[Example { source: "[2, 4, 4, 4, 5, 5, 7, 9] | variance it", result: "4.571428571428571" }],
        ..ReducerDef::PLAIN
    },
    start: |_| Moments::start(Answer::Variance),
    frame: Some(|_| MomentsFrame::start(Answer::Variance)),
};

/// `stddev`
pub const STDDEV: Reducer = Reducer {
    def: ReducerDef {
        name: "stddev",
        doc: "The standard deviation of a sample, the square root of `variance`; null for fewer than two values.",
        result: |arguments| of_floats(arguments, 1),
        takes: "a number",
        in_floats: true,
        order: RowOrder::Hidden,
        examples: &[Example { source: "[1, 2, 3, null] | stddev it", result: "1.0" }],
        ..ReducerDef::PLAIN
    },
    start: |_| Moments::start(Answer::Stddev),
    frame: Some(|_| MomentsFrame::start(Answer::Stddev)),
};

/// `corr`
pub const CORR: Reducer = Reducer {
    def: ReducerDef {
        name: "corr",
        doc: "Pearson's correlation of two columns, over the rows where neither is null; null for fewer than two of \
              them, NaN if all values of a column are equal. Of exact sums, as `covariance`.",
        arity: (2, 2),
        result: |arguments| of_floats(arguments, 2),
        takes: "two numbers",
        in_floats: true,
        order: RowOrder::Hidden,
        examples: &[Example { source: "[{x: 1, y: 2}, {x: 2, y: 4}, {x: 3, y: 6}] | corr x, y", result: "1.0" }],
        ..ReducerDef::PLAIN
    },
    start: |_| Moments::start(Answer::Corr),
    frame: Some(|_| MomentsFrame::start(Answer::Corr)),
};

/// `covariance`
pub const COVARIANCE: Reducer = Reducer {
    def: ReducerDef {
        name: "covariance",
        doc: "The covariance of a sample of two columns, over the rows where neither is null; null for fewer than two \
              of them. It is `(n * sum(x * y) - sum(x) * sum(y)) / (n * (n - 1))` with exact sums and a numerator that \
              is rounded once.",
        arity: (2, 2),
        result: |arguments| of_floats(arguments, 2),
        takes: "two numbers",
        in_floats: true,
        order: RowOrder::Hidden,
        examples: &[Example { source: "[{x: 1, y: 2}, {x: 2, y: 4}, {x: 3, y: 6}] | covariance x, y", result: "2.0" }],
        ..ReducerDef::PLAIN
    },
    start: |_| Moments::start(Answer::Covariance),
    frame: Some(|_| MomentsFrame::start(Answer::Covariance)),
};

/// The state of `mean` with a weight: of the values and their weights.
pub fn weighted_mean() -> Box<dyn State> {
    Moments::start(Answer::WeightedMean)
}

/// A frame of `mean` with a weight.
pub fn weighted_frame() -> Box<dyn Frame> {
    MomentsFrame::start(Answer::WeightedMean)
}

fn of_floats(arguments: &[Type], count: usize) -> Option<Type> {
    let fits = |ty: &Type| ty.is_unknown() || ty.kind == Kind::Float;
    (arguments.len() == count && arguments.iter().all(fits)).then(|| Type::FLOAT.or_null())
}

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Variance,
    Stddev,
    Covariance,
    Corr,
    WeightedMean,
}

/// What is summed: an argument, or the product of two, by position.
#[derive(Clone, Copy)]
enum Term {
    Value(usize),
    Product(usize, usize),
}

impl Answer {
    /// The sums that it needs.
    fn terms(self) -> &'static [Term] {
        use Term::{Product, Value};
        match self {
            Answer::Variance | Answer::Stddev => &[Value(0), Product(0, 0)],
            Answer::Covariance => &[Value(0), Value(1), Product(0, 1)],
            Answer::Corr => &[Value(0), Value(1), Product(0, 1), Product(0, 0), Product(1, 1)],
            Answer::WeightedMean => &[Product(0, 1), Value(1)],
        }
    }

    /// Its value of the sums of so many rows.
    fn of(self, count: u64, sums: &[Accumulator]) -> Option<f64> {
        let own = |products, x| match Accumulator::scatter(count, products, x, x) {
            // What was lost below the smallest double; it may be -0.0, too.
            scatter if scatter <= 0.0 => 0.0,
            scatter => scatter,
        };
        let per_pair = |scatter: f64| scatter / (u128::from(count) * u128::from(count - 1)) as f64;
        let value = match (self, sums) {
            (Answer::WeightedMean, [products, weights]) if count > 0 => products.total() / weights.total(),
            _ if count < 2 => return None,
            (Answer::Variance, [x, xx]) => per_pair(own(xx, x)),
            (Answer::Stddev, [x, xx]) => per_pair(own(xx, x)).sqrt(),
            (Answer::Covariance, [x, y, xy]) => per_pair(Accumulator::scatter(count, xy, x, y)),
            (Answer::Corr, [x, y, xy, xx, yy]) => {
                let (a, b) = (own(xx, x), own(yy, y));
                let scale = if (a * b).is_normal() { (a * b).sqrt() } else { a.sqrt() * b.sqrt() };
                (Accumulator::scatter(count, xy, x, y) / scale).clamp(-1.0, 1.0)
            }
            _ => unreachable!("there is a sum for each term"),
        };
        Some(canonical(value))
    }
}

/// A product as two doubles.
fn product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    if product.is_finite() { (product, a.mul_add(b, -product)) } else { (product, 0.0) }
}

/// The state of all of them.
struct Moments {
    answer: Answer,
    /// For each term the sums by group.
    sums: Vec<ExactSums>,
    /// The rows of each group where nothing is null.
    counts: Vec<i64>,
}

impl Moments {
    fn start(answer: Answer) -> Box<dyn State> {
        Box::new(Moments { answer, sums: vec![ExactSums::default(); answer.terms().len()], counts: Vec::new() })
    }
}

impl State for Moments {
    fn grow(&mut self, groups: usize) {
        self.sums.iter_mut().for_each(|sums| sums.grow(groups));
        self.counts.resize(groups.max(self.counts.len()), 0);
    }

    fn update(&mut self, arguments: &[Column], groups: &[u32], _ordinals: &[u64], active: Option<&BooleanBuffer>) {
        let active = Rows::active(groups.len(), active);
        let rows = arguments.iter().fold(active, |rows, column| rows.with_value(column));
        if rows.count() == 0 {
            return;
        }
        rows.each(|row| self.counts[groups[row] as usize] += 1);
        let values = |at: usize| match &arguments[at] {
            Column::Float(values) => values.values(),
            other => unreachable!("the checker gives floats, not {other:?}"),
        };
        for (term, sums) in self.answer.terms().iter().zip(&mut self.sums) {
            match *term {
                Term::Value(at) => sums.add_column(values(at), groups, &rows),
                Term::Product(a, b) => {
                    let pairs = values(a).iter().zip(values(b).iter());
                    let (products, rests): (Vec<f64>, Vec<f64>) = pairs.map(|(a, b)| product(*a, *b)).unzip();
                    sums.add_column(&products, groups, &rows);
                    sums.add_column(&rests, groups, &rows);
                }
            }
        }
    }

    fn merge(&mut self, other: &mut dyn State, groups: &[u32], _stop: Stop) {
        let other: &mut Moments = same_state(other);
        self.sums.iter_mut().zip(&mut other.sums).for_each(|(mine, theirs)| mine.merge(theirs, groups));
        other.counts.iter().zip(groups).for_each(|(count, group)| self.counts[*group as usize] += count);
    }

    fn weight(&self) -> Weight {
        Weight { group: 8 + 48 * self.sums.len() as u64, row: 0 }
    }

    fn finish(&mut self, _stop: Stop) -> Finished {
        let value = |(group, count): (usize, &i64)| {
            let sums: Vec<Accumulator> = self.sums.iter().map(|sums| sums.exact(group)).collect();
            self.answer.of(*count as u64, &sums)
        };
        Ok(Column::Float(Float64Array::from_iter(self.counts.iter().enumerate().map(value))))
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// A frame of any of them.
struct MomentsFrame {
    answer: Answer,
    sums: Vec<Accumulator>,
    count: u64,
}

impl MomentsFrame {
    fn start(answer: Answer) -> Box<dyn Frame> {
        Box::new(MomentsFrame { answer, sums: vec![Accumulator::default(); answer.terms().len()], count: 0 })
    }

    /// Calls `take` with each sum and each double that a row adds to it; false if the row does not count.
    fn each(&mut self, row: &[Scalar], mut take: impl FnMut(&mut Accumulator, f64)) -> bool {
        let value = |scalar: &Scalar| if let Scalar::Float(x) = scalar { Some(*x) } else { None };
        let Some(values) = row.iter().map(value).collect::<Option<Vec<f64>>>() else { return false };
        for (term, sum) in self.answer.terms().iter().zip(&mut self.sums) {
            match *term {
                Term::Value(at) => take(sum, values[at]),
                Term::Product(a, b) => {
                    let (product, rest) = product(values[a], values[b]);
                    take(sum, product);
                    take(sum, rest);
                }
            }
        }
        true
    }
}

impl Frame for MomentsFrame {
    fn push(&mut self, row: &[Scalar]) {
        self.count += u64::from(self.each(row, Accumulator::add));
    }

    fn pop(&mut self, row: &[Scalar]) {
        self.count -= u64::from(self.each(row, Accumulator::subtract));
    }

    fn value(&self) -> Scalar {
        self.answer.of(self.count, &self.sums).map_or(Scalar::Null, Scalar::Float)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::batch::Column;
    use pipelang_lang::scalar::Scalar;
    use pipelang_lang::ty::Kind;

    #[test]
    fn of_values_far_from_zero() {
        let far: Vec<f64> = (1..=3).map(|i| 1e15 + f64::from(i)).collect();
        assert_eq!(reduce("variance", floats(&far)), float(1.0));
        assert_eq!(reduce("stddev", floats(&[0.1; 7])), float(0.0));
        assert!(matches!(reduce("variance", floats(&[1e160, 0.0])), Scalar::Float(x) if x.is_nan()));
        assert_eq!(reduce("variance", floats(&[1.0])), NULL);
    }

    #[test]
    fn of_pairs() {
        let x = floats(&[1.0, 2.0, 3.0, f64::MAX]);
        let y = Column::from_scalars(&Kind::Float, &[float(1.0), float(2.0), float(4.0), NULL]);
        assert_eq!(reduce_rows("covariance", &[x.clone(), y.clone()], 4), float(1.5));
        assert!(matches!(reduce_rows("corr", &[x.clone(), x.clone()], 4), Scalar::Float(x) if x.is_nan()));
        assert_eq!(reduce_rows("corr", &[y.clone(), y.clone()], 4), float(1.0));
        assert_eq!(reduce_rows("mean", &[y.clone(), y], 4), float(3.0));
    }
}
