//! `median` and `quantile`: what stands at a place among the values in their order, or between two of them (R-7, as in
//! R, NumPy and DuckDB): at the place `(n - 1) p`, counted from 0, the line from the value before to the one behind.
//!
//! NaN stands behind all numbers, and -0.0 before 0.0, so that the order is total and no cut of the work can show.

use super::extreme::{float_bits, float_key};
use super::rows::Rows;
use super::{Frame, Reducer, State, Weight, same_state};
use crate::batch::Column;
use arrow_array::Float64Array;
use arrow_buffer::BooleanBuffer;
use pipelang_lang::catalog::{ConstantDef, Example, ReducerDef};
use pipelang_lang::scalar::{Scalar, canonical};
use pipelang_lang::ty::{Kind, Type};
use std::any::Any;
use std::collections::BTreeMap;

/// `median`
pub const MEDIAN: Reducer = Reducer {
    def: ReducerDef {
        name: "median",
        doc: "The value in the middle of those that are not null, or half way between the two there, as a float. NaN \
              counts as larger than any number.",
        result: |arguments| match arguments {
            [x] if is_float(x) => Some(Type::FLOAT.or_null()),
            _ => None,
        },
        takes: "a number",
        in_floats: true,
        examples: &[Example { source: "[5, 1, null, 2, 4] | median it", result: "3.0" }],
        ..ReducerDef::PLAIN
    },
    start: |_| Ordered::start(),
    frame: Some(|_| OrderedFrame::start()),
};

/// `quantile`
pub const QUANTILE: Reducer = Reducer {
    def: ReducerDef {
        name: "quantile",
        doc: "The value below which a share of the values that are not null lies, on the line between the two next to \
              that place (R-7), as a float: `quantile(x, 0.5)` is the median.",
        arity: (2, 2),
        result: |arguments| match arguments {
            [x, Type { kind: Kind::Float, .. }] if is_float(x) => Some(Type::FLOAT.or_null()),
            _ => None,
        },
        takes: "a number",
        in_floats: true,
        constant: Some(ConstantDef {
            takes: "a number from 0 to 1",
            kind: Kind::Float,
            accepts: |share| matches!(share, Scalar::Float(share) if (0.0..=1.0).contains(share)),
        }),
        examples: &[Example { source: "[1, 2, 3, 4] | quantile it, 0.25", result: "1.75" }],
        ..ReducerDef::PLAIN
    },
    start: |_| Ordered::start(),
    frame: Some(|_| OrderedFrame::start()),
};

fn is_float(ty: &Type) -> bool {
    matches!(ty.kind, Kind::Float | Kind::Unknown)
}

/// The share that a median is.
const HALF: f64 = 0.5;

/// The rank of a float in their order.
fn float_rank(x: f64) -> i64 {
    float_key(x, 0)
}

/// The float of a rank.
fn float_of(rank: i64) -> f64 {
    f64::from_bits(float_bits(rank, 0) as u64)
}

/// The place of a share among so many values: how many stand before it, and how far on it is from there.
fn place(count: usize, share: f64) -> (usize, f64) {
    let place = (count - 1) as f64 * share;
    (place.floor() as usize, place.fract())
}

/// What stands so far on the way from one value to the next.
fn between(low: f64, high: f64, on: f64) -> f64 {
    let way = high - low;
    let value = if on == 0.0 || low == high {
        low
    } else if way.is_finite() {
        low + way * on
    } else {
        low * (1.0 - on) + high * on
    };
    canonical(value)
}

/// The state of both.
struct Ordered {
    groups: Vec<Vec<f64>>,
    share: f64,
}

impl Ordered {
    fn start() -> Box<dyn State> {
        Box::new(Ordered { groups: Vec::new(), share: HALF })
    }
}

impl State for Ordered {
    fn grow(&mut self, groups: usize) {
        self.groups.resize(groups.max(self.groups.len()), Vec::new());
    }

    fn update(&mut self, arguments: &[Column], groups: &[u32], _ordinals: &[u64], active: Option<&BooleanBuffer>) {
        if let Some(Column::Float(shares)) = arguments.get(1)
            && let Some(share) = shares.values().first()
        {
            self.share = *share;
        }
        let Column::Float(values) = &arguments[0] else { return };
        let rows = Rows::active(groups.len(), active).with_value(&arguments[0]);
        rows.each(|row| self.groups[groups[row] as usize].push(values.value(row)));
    }

    fn merge(&mut self, other: Box<dyn State>, groups: &[u32]) {
        let other: Ordered = same_state(other);
        // One of the two may have seen no rows, and then does not know.
        if other.share != HALF {
            self.share = other.share;
        }
        for (values, group) in other.groups.iter().zip(groups) {
            self.groups[*group as usize].extend(values);
        }
    }

    fn weight(&self) -> Weight {
        Weight { group: 24, row: 16 }
    }

    fn finish(self: Box<Self>) -> Column {
        let value = |mut values: Vec<f64>| {
            if values.is_empty() {
                return None;
            }
            let (before, on) = place(values.len(), self.share);
            let (_, low, above) = values.select_nth_unstable_by_key(before, |x| float_rank(*x));
            let high = above.iter().copied().min_by_key(|x| float_rank(*x)).unwrap_or(*low);
            Some(between(*low, high, on))
        };
        Column::Float(Float64Array::from_iter(self.groups.into_iter().map(value)))
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Ranks of values, each as often as it occurs.
#[derive(Default)]
struct Ranks {
    counts: BTreeMap<i64, usize>,
    count: usize,
}

impl Ranks {
    fn add(&mut self, rank: i64) {
        *self.counts.entry(rank).or_default() += 1;
        self.count += 1;
    }

    /// Takes one away; false if there is none.
    fn remove(&mut self, rank: i64) -> bool {
        let Some(count) = self.counts.get_mut(&rank) else { return false };
        *count -= 1;
        if *count == 0 {
            self.counts.remove(&rank);
        }
        self.count -= 1;
        true
    }

    fn least(&self) -> Option<i64> {
        self.counts.first_key_value().map(|(rank, _)| *rank)
    }

    fn greatest(&self) -> Option<i64> {
        self.counts.last_key_value().map(|(rank, _)| *rank)
    }
}

/// A frame of either: the values up to the place that is asked for, and those behind it. A step moves few of them.
struct OrderedFrame {
    low: Ranks,
    high: Ranks,
    share: f64,
}

impl OrderedFrame {
    fn start() -> Box<dyn Frame> {
        Box::new(OrderedFrame { low: Ranks::default(), high: Ranks::default(), share: HALF })
    }

    /// The rank of the value of a row, if it has one.
    fn rank(&mut self, row: &[Scalar]) -> Option<i64> {
        if let Some(Scalar::Float(share)) = row.get(1) {
            self.share = *share;
        }
        if let Scalar::Float(x) = row[0] { Some(float_rank(x)) } else { None }
    }

    /// Moves values until those up to the place are `low`.
    fn balance(&mut self) {
        let count = self.low.count + self.high.count;
        let wanted = if count == 0 { 0 } else { place(count, self.share).0 + 1 };
        while self.low.count > wanted
            && let Some(rank) = self.low.greatest()
        {
            self.low.remove(rank);
            self.high.add(rank);
        }
        while self.low.count < wanted
            && let Some(rank) = self.high.least()
        {
            self.high.remove(rank);
            self.low.add(rank);
        }
    }
}

impl Frame for OrderedFrame {
    fn push(&mut self, row: &[Scalar]) {
        let Some(rank) = self.rank(row) else { return };
        match self.low.greatest() {
            Some(greatest) if rank <= greatest => self.low.add(rank),
            Some(_) | None => self.high.add(rank),
        }
        self.balance();
    }

    fn pop(&mut self, row: &[Scalar]) {
        let Some(rank) = self.rank(row) else { return };
        if !self.low.remove(rank) {
            self.high.remove(rank);
        }
        self.balance();
    }

    fn value(&self) -> Scalar {
        let Some(low) = self.low.greatest() else { return Scalar::Null };
        let (_, on) = place(self.low.count + self.high.count, self.share);
        let high = self.high.least().unwrap_or(low);
        Scalar::Float(between(float_of(low), float_of(high), on))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::batch::Column;
    use pipelang_lang::ty::Kind;

    fn quantile(values: &[f64], share: f64) -> pipelang_lang::scalar::Scalar {
        let shares = Column::from_scalars(&Kind::Float, &vec![float(share); values.len()]);
        reduce_rows("quantile", &[floats(values), shares], values.len())
    }

    #[test]
    fn on_the_line_between_two_values() {
        assert_eq!(quantile(&[4.0, 1.0, 3.0, 2.0], 0.0), float(1.0));
        assert_eq!(quantile(&[4.0, 1.0, 3.0, 2.0], 0.25), float(1.75));
        assert_eq!(quantile(&[4.0, 1.0, 3.0, 2.0], 1.0), float(4.0));
        assert_eq!(quantile(&[f64::MAX, f64::MIN], 0.5), float(0.0));
        assert_eq!(quantile(&[f64::INFINITY, f64::INFINITY, 1.0], 0.75), float(f64::INFINITY));
        assert_eq!(reduce("median", floats(&[f64::NAN, 1.0, 2.0])), float(2.0));
        assert_eq!(bits(reduce("median", floats(&[f64::NAN, 1.0]))), 0x7ff8_0000_0000_0000);
        assert_eq!(bits(reduce("median", floats(&[0.0, -0.0, 0.0]))), 0);
        assert_eq!(bits(quantile(&[0.0, -0.0], 0.0)), (-0.0f64).to_bits());
    }
}
