//! `sum` and `mean`, of ints and floats.
//!
//! Sums are exact: of ints in 128 bits, of floats as in [`super::exact_sum`]. A mean is the exact sum, rounded once to
//! the nearest double, divided by the count as a double (one more rounding); so it does not depend on order either.

use super::exact_sum::ExactSums;
use super::rows::{Rows, mask_block};
use super::{Reducer, State, same_state};
use crate::batch::{Column, wide_array};
use arrow_array::{Decimal128Array, Float64Array};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use pipelang_lang::catalog::{Example, ReducerDef};
use pipelang_lang::ty::{Kind, Type};
use std::any::Any;

/// `sum`
pub const SUM: Reducer = Reducer {
    def: ReducerDef {
        name: "sum",
        doc: "The sum of the values that are not null; 0 if there are none. Exact, and rounded once if it is a float.",
        arity: (1, 1),
        result: |arguments| match arguments {
            [Type { kind: Kind::Int, .. }] => Some(Type::of(Kind::Wide)),
            [Type { kind: Kind::Float, .. }] => Some(Type::FLOAT),
            [ty] if ty.is_unknown() => Some(Type::UNKNOWN),
            _ => None,
        },
        takes: "a number",
        examples: &[
            Example { source: "[1, 2, null] | sum it", result: "3" },
            Example { source: "[0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1] | sum it", result: "1.0" },
        ],
    },
    start: |arguments| Box::new(Sums { sums: Numbers::of(arguments), counts: None }),
};

/// `mean`
pub const MEAN: Reducer = Reducer {
    def: ReducerDef {
        name: "mean",
        doc: "The arithmetic mean of the values that are not null: their exact sum, rounded to a float, divided by their \
              number.",
        arity: (1, 1),
        result: |arguments| match arguments {
            [ty] if ty.is_numeric() => Some(Type::FLOAT.or_null()),
            [ty] if ty.is_unknown() => Some(Type::UNKNOWN),
            _ => None,
        },
        takes: "a number",
        examples: &[Example { source: "[1, 2, null] | mean it", result: "1.5" }],
    },
    start: |arguments| Box::new(Sums { sums: Numbers::of(arguments), counts: Some(Vec::new()) }),
};

/// The state of both; `counts` is there for `mean`.
struct Sums {
    sums: Numbers,
    counts: Option<Vec<u64>>,
}

enum Numbers {
    Int(Vec<i128>),
    Float(ExactSums),
}

impl Numbers {
    fn of(arguments: &[Type]) -> Numbers {
        match arguments {
            [Type { kind: Kind::Float, .. }] => Numbers::Float(ExactSums::default()),
            _ => Numbers::Int(Vec::new()),
        }
    }
}

impl State for Sums {
    fn grow(&mut self, groups: usize) {
        match &mut self.sums {
            Numbers::Int(sums) => sums.resize(groups.max(sums.len()), 0),
            Numbers::Float(sums) => sums.grow(groups),
        }
        if let Some(counts) = &mut self.counts {
            counts.resize(groups.max(counts.len()), 0);
        }
    }

    fn update(&mut self, arguments: &[Column], groups: &[u32], _ordinals: &[u64], active: Option<&BooleanBuffer>) {
        let [column] = arguments else { unreachable!("`sum` and `mean` have one argument") };
        let rows = Rows::active(groups.len(), active).with_value(column);
        match (&mut self.sums, column) {
            (Numbers::Int(sums), Column::Int(values)) => add_ints(sums, values.values(), groups, &rows),
            (Numbers::Float(sums), Column::Float(values)) => sums.add_column(values.values(), groups, &rows),
            (_, Column::Null(_)) => {}
            (Numbers::Int(_) | Numbers::Float(_), other) => {
                unreachable!("the checker gives ints or floats throughout, not {other:?}")
            }
        }
        match self.counts.as_deref_mut() {
            None => {}
            Some([count]) => *count += rows.count() as u64,
            Some(counts) => rows.each(|row| counts[groups[row] as usize] += 1),
        }
    }

    fn merge(&mut self, other: Box<dyn State>, groups: &[u32]) {
        let other: Sums = same_state(other);
        match (&mut self.sums, other.sums) {
            (Numbers::Int(mine), Numbers::Int(theirs)) => {
                theirs.iter().zip(groups).for_each(|(sum, group)| mine[*group as usize] += sum);
            }
            (Numbers::Float(mine), Numbers::Float(theirs)) => mine.merge(theirs, groups),
            (Numbers::Int(_) | Numbers::Float(_), _) => unreachable!("states of one reducer have one type"),
        }
        if let (Some(mine), Some(theirs)) = (&mut self.counts, other.counts) {
            theirs.iter().zip(groups).for_each(|(count, group)| mine[*group as usize] += count);
        }
    }

    fn finish(self: Box<Self>) -> Column {
        let Some(counts) = self.counts else {
            return match self.sums {
                Numbers::Int(sums) => Column::Wide(wide_array(Decimal128Array::from(sums))),
                Numbers::Float(sums) => Column::Float(Float64Array::from(sums.totals())),
            };
        };
        let totals: Vec<f64> = match self.sums {
            // `as` rounds to the nearest, ties to even.
            Numbers::Int(sums) => sums.iter().map(|sum| *sum as f64).collect(),
            Numbers::Float(sums) => sums.totals(),
        };
        let validity: NullBuffer = counts.iter().map(|count| *count > 0).collect::<Vec<bool>>().into();
        // The sum of nothing is 0, so that a null has no chance to be the NaN 0 / 0.
        let means =
            totals.iter().zip(&counts).map(|(total, count)| total / (*count).max(1) as f64).collect::<Vec<f64>>();
        Column::Float(Float64Array::new(means.into(), Some(validity)))
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
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
            assert_eq!(state.finish().get(1), zero);
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
            assert_eq!(state.finish().get(0), Scalar::Wide(exact + again));
        }
    }
}
