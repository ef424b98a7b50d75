//! `sum`, `wrapping_sum` and `mean`, of ints, floats and durations.
//!
//! Sums are exact: of ints in 128 bits, of floats as in [`super::exact_sum`]. A mean is the exact sum, rounded once to
//! the nearest double, divided by the count as a double (one more rounding); so it does not depend on order either.

use super::accumulator::Accumulator;
use super::exact_sum::ExactSums;
use super::rows::{Rows, mask_block};
use super::{Finished, Frame, Reducer, State, Stop, Weight, same_state};
use crate::batch::{Column, wide_array};
use arrow_array::{Float64Array, Int64Array};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use pipelang_lang::catalog::{Example, ReducerDef, RowOrder};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::{Kind, Type};
use std::any::Any;

/// `sum`
pub const SUM: Reducer = Reducer {
    def: ReducerDef {
        name: "sum",
        doc: "The sum of the values that are not null; 0 if there are none. Exact, and rounded once if it is a float.",
        result: |arguments| match arguments {
            [Type { kind: Kind::Int | Kind::Duration, .. }] => Some(Type::of(Kind::Wide)),
            [Type { kind: Kind::Float, .. }] => Some(Type::FLOAT),
            [ty] if ty.is_unknown() => Some(Type::UNKNOWN),
            _ => None,
        },
        takes: "a number or a duration",
        order: RowOrder::Hidden,
        examples: &[
            Example { source: "[1, 2, null] | sum it", result: "3" },
            Example { source: "[0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1] | sum it", result: "1.0" },
            Example { source: "[90min, 30min] | sum it", result: "\"PT2H\"" },
        ],
        ..ReducerDef::PLAIN
    },
    start: |arguments| Sums::start(arguments, Answer::Sum),
    frame: Some(|arguments| SumFrame::start(arguments, Answer::Sum)),
};

/// `wrapping_sum`
pub const WRAPPING_SUM: Reducer = Reducer {
    def: ReducerDef {
        name: "wrapping_sum",
        doc: "The sum of the ints that are not null, which does not overflow: only its lowest 64 bits count.",
        result: |arguments| match arguments {
            [Type { kind: Kind::Int, .. }] => Some(Type::INT),
            [ty] if ty.is_unknown() => Some(Type::UNKNOWN),
            _ => None,
        },
        takes: "an int",
        order: RowOrder::Hidden,
        examples: &[
            Example { source: "[1, 2, null] | wrapping_sum it", result: "3" },
            Example { source: "[9223372036854775807, 1] | wrapping_sum it", result: "-9223372036854775808" },
        ],
        ..ReducerDef::PLAIN
    },
    start: |arguments| Sums::start(arguments, Answer::Wrapping),
    frame: Some(|arguments| SumFrame::start(arguments, Answer::Wrapping)),
};

/// `mean`
pub const MEAN: Reducer = Reducer {
    def: ReducerDef {
        name: "mean",
        doc: "The arithmetic mean of the values that are not null: their exact sum, rounded to a float, divided by their \
              number; of durations rounded to a microsecond, half to even. With `weight: w` the exact sum of `x * w`, \
              rounded, divided by that of `w`, rounded, over the rows where neither is null.",
        result: |arguments| match arguments {
            [Type { kind: Kind::Duration, .. }] => Some(Type::DURATION.or_null()),
            [ty] if ty.is_numeric() => Some(Type::FLOAT.or_null()),
            [x, w] if x.kind == Kind::Float && w.kind == Kind::Float => Some(Type::FLOAT.or_null()),
            [ty] | [ty, _] | [_, ty] if ty.is_unknown() => Some(Type::UNKNOWN),
            _ => None,
        },
        takes: "a number or a duration",
        weighted: true,
        order: RowOrder::Hidden,
        examples: &[
            Example { source: "[1, 2, null] | mean it", result: "1.5" },
            Example { source: "[{x: 1, w: 3}, {x: 5, w: 1}] | mean x, weight: w", result: "2.0" },
        ],
        ..ReducerDef::PLAIN
    },
    start: |arguments| match arguments {
        [_, _] => super::moments::weighted_mean(),
        _ => Sums::start(arguments, Answer::Mean),
    },
    frame: Some(|arguments| match arguments {
        [_, _] => super::moments::weighted_frame(),
        _ => SumFrame::start(arguments, Answer::Mean),
    }),
};

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Sum,
    Wrapping,
    Mean,
}

/// The state of all three.
struct Sums {
    answer: Answer,
    /// Whether the values are durations.
    of_durations: bool,
    sums: Numbers,
    /// How many values each group has; only of `mean`.
    counts: Vec<u64>,
}

enum Numbers {
    Int(Vec<i128>),
    Float(ExactSums),
}

impl Sums {
    fn start(arguments: &[Type], answer: Answer) -> Box<dyn State> {
        let kind = &arguments[0].kind;
        let sums = match kind {
            Kind::Float => Numbers::Float(ExactSums::default()),
            _ => Numbers::Int(Vec::new()),
        };
        Box::new(Sums { answer, of_durations: *kind == Kind::Duration, sums, counts: Vec::new() })
    }

    fn means(&self) -> Column {
        let validity: NullBuffer = self.counts.iter().map(|count| *count > 0).collect::<Vec<bool>>().into();
        // The sum of nothing is 0, so that a null has no chance to be the NaN 0 / 0.
        let counts = self.counts.iter().map(|count| (*count).max(1));
        let means: Vec<f64> = match &self.sums {
            Numbers::Int(sums) if self.of_durations => {
                let means = sums.iter().zip(counts).map(|(sum, count)| mean_duration(*sum, count));
                return Column::of_ints(&Kind::Duration, means.collect::<Vec<i64>>().into(), Some(validity));
            }
            // `as` rounds to the nearest, ties to even.
            Numbers::Int(sums) => sums.iter().zip(counts).map(|(sum, count)| *sum as f64 / count as f64).collect(),
            Numbers::Float(sums) => sums.totals().iter().zip(counts).map(|(sum, count)| sum / count as f64).collect(),
        };
        Column::Float(Float64Array::new(means.into(), Some(validity)))
    }
}

/// A sum of durations divided by their number, half to even.
fn mean_duration(sum: i128, count: u64) -> i64 {
    let count = i128::from(count);
    let (floor, rest) = (sum.div_euclid(count), sum.rem_euclid(count));
    let round_up = 2 * rest > count || 2 * rest == count && floor & 1 == 1;
    i64::try_from(floor + i128::from(round_up)).expect("a mean is not beyond all values")
}

impl State for Sums {
    fn grow(&mut self, groups: usize) {
        match &mut self.sums {
            Numbers::Int(sums) => sums.resize(groups.max(sums.len()), 0),
            Numbers::Float(sums) => sums.grow(groups),
        }
        if self.answer == Answer::Mean {
            self.counts.resize(groups.max(self.counts.len()), 0);
        }
    }

    fn update(&mut self, arguments: &[Column], groups: &[u32], _ordinals: &[u64], active: Option<&BooleanBuffer>) {
        let [column] = arguments else { unreachable!("sums and means have one argument") };
        let rows = Rows::active(groups.len(), active).with_value(column);
        match (&mut self.sums, column) {
            (Numbers::Int(sums), Column::Int(values)) => add_ints(sums, values.values(), groups, &rows),
            (Numbers::Int(sums), Column::Duration(values)) => add_ints(sums, values.values(), groups, &rows),
            (Numbers::Float(sums), Column::Float(values)) => sums.add_column(values.values(), groups, &rows),
            (_, Column::Null(_)) => {}
            (Numbers::Int(_) | Numbers::Float(_), other) => {
                unreachable!("the checker gives ints, floats or durations throughout, not {other:?}")
            }
        }
        match self.counts.as_mut_slice() {
            [] => {}
            [count] => *count += rows.count() as u64,
            counts => rows.each(|row| counts[groups[row] as usize] += 1),
        }
    }

    fn merge(&mut self, other: &mut dyn State, groups: &[u32], _stop: Stop) {
        let other: &mut Sums = same_state(other);
        match (&mut self.sums, &mut other.sums) {
            (Numbers::Int(mine), Numbers::Int(theirs)) => {
                theirs.iter().zip(groups).for_each(|(sum, group)| mine[*group as usize] += sum);
            }
            (Numbers::Float(mine), Numbers::Float(theirs)) => mine.merge(theirs, groups),
            (Numbers::Int(_) | Numbers::Float(_), _) => unreachable!("states of one reducer have one type"),
        }
        other.counts.iter().zip(groups).for_each(|(count, group)| self.counts[*group as usize] += count);
    }

    fn weight(&self) -> Weight {
        Weight { group: 56, row: 0 }
    }

    fn finish(&mut self, _stop: Stop) -> Finished {
        Ok(match (self.answer, &mut self.sums) {
            (Answer::Mean, _) => self.means(),
            (_, Numbers::Float(sums)) => Column::Float(Float64Array::from(sums.totals())),
            (Answer::Sum, Numbers::Int(sums)) => Column::Wide(wide_array(std::mem::take(sums).into())),
            (Answer::Wrapping, Numbers::Int(sums)) => {
                Column::Int(Int64Array::from_iter_values(sums.iter().map(|sum| *sum as i64)))
            }
        })
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// A frame of any of the three.
struct SumFrame {
    answer: Answer,
    kind: Kind,
    ints: i128,
    floats: Accumulator,
    count: u64,
}

impl SumFrame {
    fn start(arguments: &[Type], answer: Answer) -> Box<dyn Frame> {
        let kind = arguments[0].kind.clone();
        Box::new(SumFrame { answer, kind, ints: 0, floats: Accumulator::default(), count: 0 })
    }
}

impl Frame for SumFrame {
    fn push(&mut self, row: &[Scalar]) {
        match &row[0] {
            Scalar::Int(x) | Scalar::Duration(x) => self.ints += i128::from(*x),
            Scalar::Float(x) => self.floats.add(*x),
            _null => return,
        }
        self.count += 1;
    }

    fn pop(&mut self, row: &[Scalar]) {
        match &row[0] {
            Scalar::Int(x) | Scalar::Duration(x) => self.ints -= i128::from(*x),
            Scalar::Float(x) => self.floats.subtract(*x),
            _null => return,
        }
        self.count -= 1;
    }

    fn value(&self) -> Scalar {
        match (self.answer, &self.kind) {
            (Answer::Mean, _) if self.count == 0 => Scalar::Null,
            (Answer::Mean, Kind::Float) => Scalar::Float(self.floats.total() / self.count as f64),
            (Answer::Mean, Kind::Duration) => Scalar::Duration(mean_duration(self.ints, self.count)),
            (Answer::Mean, _) => Scalar::Float(self.ints as f64 / self.count as f64),
            (Answer::Sum | Answer::Wrapping, Kind::Float) => Scalar::Float(self.floats.total()),
            (Answer::Sum, _) => Scalar::Wide(self.ints),
            (Answer::Wrapping, _) => Scalar::Int(self.ints as i64),
        }
    }
}

/// Adds row `i` to `sums[groups[i]]`, if `rows` has it.
fn add_ints(sums: &mut [i128], values: &[i64], groups: &[u32], rows: &Rows) {
    match (sums, rows) {
        ([sum], Rows::All(_)) => *sum += sum_ints(values),
        ([sum], Rows::Some(bits)) => {
            let mut buffer = [0; 1024];
            let mut words = bits.bit_chunks().iter_padded();
            for block in values.chunks(buffer.len()) {
                mask_block(block, &mut words, &mut buffer, |x, keep| x & keep as i64);
                *sum += sum_ints(&buffer[..block.len()]);
            }
        }
        (sums, Rows::All(_)) => {
            values.iter().zip(groups).for_each(|(x, group)| sums[*group as usize] += i128::from(*x));
        }
        (sums, Rows::Some(_)) => rows.each(|row| sums[groups[row] as usize] += i128::from(values[row])),
    }
}

/// The sum of a column: low and high halves apart, which the vector unit can do.
fn sum_ints(values: &[i64]) -> i128 {
    let mut sum = 0;
    for block in values.chunks(1 << 20) {
        let (mut low, mut high) = (0, 0);
        for x in block {
            // Moved up by 2^63, so that both halves are unsigned.
            let moved = *x as u64 ^ (1 << 63);
            low += moved & 0xffff_ffff;
            high += moved >> 32;
        }
        sum += (i128::from(high) << 32) + i128::from(low) - ((block.len() as i128) << 63);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::batch::Column;
    use pipelang_lang::scalar::Scalar;
    use pipelang_lang::ty::Type;

    #[test]
    fn of_ints_beyond_their_range() {
        let most = Some(i64::MAX);
        assert_eq!(reduce("sum", ints(&[most, most, None])), Scalar::Wide(2 * i128::from(i64::MAX)));
        assert_eq!(reduce("sum", ints(&[Some(i64::MIN), Some(i64::MIN), Some(-1)])), Scalar::Wide(-(1 << 64) - 1));
        assert_eq!(reduce("mean", ints(&[most, most, None])), float(2f64.powi(63)));
        assert_eq!(reduce("mean", ints(&[most, Some(i64::MIN), Some(4)])), float(1.0));
    }

    #[test]
    fn of_floats_exactly() {
        assert_eq!(reduce("sum", floats(&[0.1; 10])), float(1.0));
        assert_eq!(reduce("mean", floats(&[0.1; 10])), float(0.1));
        assert_eq!(reduce("sum", floats(&[1e308, 1.0, 1e308, -1e308, -1e308])), float(1.0));
        assert_eq!(bits(reduce("sum", floats(&[-0.0, -0.0]))), 0);
        assert_eq!(bits(reduce("sum", floats(&[f64::NAN, -f64::NAN, 1.0]))), 0x7ff8_0000_0000_0000);
        assert_eq!(reduce("mean", floats(&[f64::INFINITY, 1.0])), float(f64::INFINITY));
    }

    #[test]
    fn of_nothing() {
        for column in [ints(&[]), ints(&[None, None])] {
            assert_eq!(reduce("sum", column.clone()), Scalar::Wide(0));
            assert_eq!(reduce("mean", column), NULL);
        }
        assert_eq!(bits(reduce("sum", floats(&[]))), 0);
        assert_eq!(reduce("mean", floats(&[])), NULL);
    }

    #[test]
    fn a_column_without_values_may_have_no_type() {
        for (ty, zero) in [(Type::INT, Scalar::Wide(0)), (Type::FLOAT, float(0.0))] {
            let mut state = (reducer("sum").start)(&[ty]);
            state.grow(2);
            state.update(&[Column::Null(3)], &[0, 1, 0], &[0, 1, 2], None);
            assert_eq!(finished(state).get(1), zero);
        }
    }

    #[test]
    fn long_columns_with_nulls() {
        let values: Vec<Option<i64>> =
            (0..5000).map(|i| if i % 7 == 3 { None } else { Some(i64::MAX / 5000 * i - i64::MAX / 3) }).collect();
        let exact: i128 = values.iter().flatten().map(|x| i128::from(*x)).sum();
        for groups in [1, 2] {
            let mut state = (reducer("sum").start)(&[Type::INT.or_null()]);
            state.grow(groups);
            state.update(&[ints(&values)], &vec![0; 5000], &(0..5000).collect::<Vec<_>>(), None);
            state.update(&[ints(&values).slice(3, 4000)], &vec![0; 4000], &(0..4000).collect::<Vec<_>>(), None);
            let again: i128 = values[3..4003].iter().flatten().map(|x| i128::from(*x)).sum();
            assert_eq!(finished(state).get(0), Scalar::Wide(exact + again));
        }
    }
}
