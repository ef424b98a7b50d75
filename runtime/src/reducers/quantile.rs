//! `median` and `quantile`: what stands at a place among the values in their order, or between two of them (R-7, as in
//! R, NumPy and DuckDB): at the place `(n - 1) p`, counted from 0, the line from the value before to the one behind.
//!
//! NaN stands behind all numbers, and -0.0 before 0.0, so that the order is total and no cut of the work can show. Durations
//! are rounded to microseconds, halves to even.

use super::extreme::{float_bits, float_key};
use super::rows::Rows;
use super::{Finished, Frame, Reducer, State, Stop, Weight, same_state, until};
use crate::batch::Column;
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
        doc: "The value in the middle of those that are not null, or half way between the two there, as a float or a \
              duration. NaN counts as larger than any number.",
        result: |arguments| match arguments {
            [x] => result(x),
            _ => None,
        },
        takes: "a number or a duration",
        in_floats: true,
        examples: &[Example { source: "[5, 1, null, 2, 4] | median it", result: "3.0" }],
        ..ReducerDef::PLAIN
    },
    start: |arguments| Ordered::start(Ranked::of(arguments)),
    frame: Some(|arguments| OrderedFrame::start(Ranked::of(arguments))),
};

/// `quantile`
pub const QUANTILE: Reducer = Reducer {
    def: ReducerDef {
        name: "quantile",
        doc: "The value below which a share of the values that are not null lies, on the line between the two next to \
              that place (R-7), as a float or a duration: `quantile(x, 0.5)` is the median.",
        arity: (2, 2),
        result: |arguments| match arguments {
            [x, Type { kind: Kind::Float, .. }] => result(x),
            _ => None,
        },
        takes: "a number or a duration",
        in_floats: true,
        constant: Some(ConstantDef {
            takes: "a number from 0 to 1",
            kind: Kind::Float,
            accepts: |share| matches!(share, Scalar::Float(share) if (0.0..=1.0).contains(share)),
        }),
        examples: &[Example { source: "[1, 2, 3, 4] | quantile it, 0.25", result: "1.75" }],
        ..ReducerDef::PLAIN
    },
    start: |arguments| Ordered::start(Ranked::of(arguments)),
    frame: Some(|arguments| OrderedFrame::start(Ranked::of(arguments))),
};

/// The type of a value between others of this type, which may be none.
fn result(of: &Type) -> Option<Type> {
    match of.kind {
        Kind::Float | Kind::Unknown => Some(Type::FLOAT.or_null()),
        Kind::Duration => Some(Type::DURATION.or_null()),
        _ => None,
    }
}

/// The share that a median is.
const HALF: f64 = 0.5;

/// What has ranks: ints that are ordered as the values are.
#[derive(Clone, Copy)]
enum Ranked {
    Floats,
    Durations,
}

impl Ranked {
    fn of(arguments: &[Type]) -> Ranked {
        if arguments[0].kind == Kind::Duration { Ranked::Durations } else { Ranked::Floats }
    }

    /// What stands so far on the way from the value of one rank to that of the next.
    fn between(self, low: i64, high: i64, on: f64) -> Scalar {
        match self {
            Ranked::Floats => Scalar::Float(float_between(float_of(low), float_of(high), on)),
            Ranked::Durations => Scalar::Duration(duration_between(low, high, on)),
        }
    }
}

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

fn float_between(low: f64, high: f64, on: f64) -> f64 {
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

fn duration_between(low: i64, high: i64, on: f64) -> i64 {
    let way = (i128::from(high) - i128::from(low)) as f64 * on;
    let (below, rest) = (i128::from(low) + way.floor() as i128, way.fract());
    let round_up = rest > HALF || rest == HALF && below & 1 == 1;
    i64::try_from(below + i128::from(round_up)).map_or(high, |value| value.min(high))
}

/// The state of both.
struct Ordered {
    ranked: Ranked,
    /// The ranks of each group.
    groups: Vec<Vec<i64>>,
    share: f64,
}

impl Ordered {
    fn start(ranked: Ranked) -> Box<dyn State> {
        Box::new(Ordered { ranked, groups: Vec::new(), share: HALF })
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
        let rows = Rows::active(groups.len(), active).with_value(&arguments[0]);
        match &arguments[0] {
            Column::Float(values) => {
                rows.each(|row| self.groups[groups[row] as usize].push(float_rank(values.value(row))))
            }
            Column::Duration(values) => rows.each(|row| self.groups[groups[row] as usize].push(values.value(row))),
            // Of a type without values, or one that the checker refuses.
            _ => {}
        }
    }

    fn merge(&mut self, other: &mut dyn State, groups: &[u32], stop: Stop) {
        let other: &mut Ordered = same_state(other);
        // One of the two may have seen no rows, and then does not know.
        if other.share != HALF {
            self.share = other.share;
        }
        for (values, group) in until(stop, other.groups.iter_mut().zip(groups)) {
            self.groups[*group as usize].append(values);
        }
    }

    fn weight(&self) -> Weight {
        Weight { group: 24, row: 16 }
    }

    fn finish(&mut self, stop: Stop) -> Finished {
        let ends = |ranks: &mut Vec<i64>| {
            if ranks.is_empty() {
                return None;
            }
            let (before, on) = place(ranks.len(), self.share);
            let (_, low, above) = ranks.select_nth_unstable(before);
            let high = above.iter().copied().min().unwrap_or(*low);
            Some((*low, high, on))
        };
        let groups = until(stop, self.groups.iter_mut()).map(ends);
        Ok(match self.ranked {
            Ranked::Floats => {
                let float = |(low, high, on)| float_between(float_of(low), float_of(high), on);
                Column::Float(groups.map(|ends| ends.map(float)).collect())
            }
            Ranked::Durations => {
                let duration = |(low, high, on)| duration_between(low, high, on);
                Column::Duration(groups.map(|ends| ends.map(duration)).collect())
            }
        })
    }

    fn as_any(&mut self) -> &mut dyn Any {
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
    ranked: Ranked,
    low: Ranks,
    high: Ranks,
    share: f64,
}

impl OrderedFrame {
    fn start(ranked: Ranked) -> Box<dyn Frame> {
        Box::new(OrderedFrame { ranked, low: Ranks::default(), high: Ranks::default(), share: HALF })
    }

    /// The rank of the value of a row, if it has one.
    fn rank(&mut self, row: &[Scalar]) -> Option<i64> {
        if let Some(Scalar::Float(share)) = row.get(1) {
            self.share = *share;
        }
        match row[0] {
            Scalar::Float(x) => Some(float_rank(x)),
            Scalar::Duration(x) => Some(x),
            _ => None,
        }
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
        self.ranked.between(low, high, on)
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
