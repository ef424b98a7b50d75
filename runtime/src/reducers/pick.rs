//! `first` and `last`: the value of the row that comes first or last in the stream, null or not, in whatever order the
//! rows are handed in.

use super::rows::Rows;
use super::slots::Slots;
use super::{Finished, Frame, Reducer, State, Stop, Weight, any_type, same_state};
use crate::batch::Column;
use arrow_buffer::BooleanBuffer;
use pipelang_lang::catalog::{Example, ReducerDef};
use pipelang_lang::fault::{self, Fault};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Type;
use std::any::Any;
use std::collections::VecDeque;

/// `first`
pub const FIRST: Reducer = Reducer {
    def: ReducerDef {
        name: "first",
        doc: "The value of the first row, null if that is null.",
        result: |arguments| any_type(arguments).map(Type::or_null),
        takes_first: true,
        examples: &[Example { source: "[3, 1, 2] | first it", result: "3" }],
        ..ReducerDef::PLAIN
    },
    start: |arguments| Box::new(Picked::new(arguments, End::First)),
    frame: Some(|_| Box::new(PickedFrame { values: VecDeque::new(), end: End::First })),
};

/// `last`
pub const LAST: Reducer = Reducer {
    def: ReducerDef {
        name: "last",
        doc: "The value of the last row, null if that is null.",
        result: |arguments| any_type(arguments).map(Type::or_null),
        examples: &[Example { source: "[3, 1, 2] | last it", result: "2" }],
        ..ReducerDef::PLAIN
    },
    start: |arguments| Box::new(Picked::new(arguments, End::Last)),
    frame: Some(|_| Box::new(PickedFrame { values: VecDeque::new(), end: End::Last })),
};

/// Which end of the stream is wanted.
#[derive(Clone, Copy)]
enum End {
    First,
    Last,
}

/// The rank of a group without rows; a stream of 2^64 - 1 rows has no end.
const NO_ROW: u64 = u64::MAX;

impl End {
    /// The row of the smallest rank is picked.
    #[inline(always)]
    fn rank(self, ordinal: u64) -> u64 {
        match self {
            End::First => ordinal,
            End::Last => (NO_ROW - 1).saturating_sub(ordinal),
        }
    }
}

/// The state of both.
struct Picked {
    values: Slots,
    /// The rank of each value.
    ranks: Vec<u64>,
    end: End,
}

impl Picked {
    fn new(arguments: &[Type], end: End) -> Picked {
        Picked { values: Slots::of(&arguments[0].kind), ranks: Vec::new(), end }
    }
}

impl State for Picked {
    fn grow(&mut self, groups: usize) {
        self.values.grow(groups);
        self.ranks.resize(groups.max(self.ranks.len()), NO_ROW);
    }

    fn update(&mut self, arguments: &[Column], groups: &[u32], ordinals: &[u64], active: Option<&BooleanBuffer>) {
        let [column] = arguments else { unreachable!("`first` and `last` have one argument") };
        let rows = Rows::active(groups.len(), active);
        let Picked { values, ranks, end } = self;
        let mut improved = false;
        rows.each(|row| {
            let (best, rank) = (&mut ranks[groups[row] as usize], end.rank(ordinals[row]));
            improved |= rank < *best;
            *best = rank.min(*best);
        });
        if !improved {
            return;
        }
        // Values are taken in a second pass, so that a group costs one copy a batch.
        rows.each(|row| {
            let group = groups[row] as usize;
            if ranks[group] == end.rank(ordinals[row]) {
                values.set(group, column, row);
            }
        });
    }

    fn merge(&mut self, other: &mut dyn State, groups: &[u32], _stop: Stop) {
        let other: &mut Picked = same_state(other);
        for (at, group) in groups.iter().enumerate() {
            let best = &mut self.ranks[*group as usize];
            if other.ranks[at] < *best || fault::is(Fault::FirstOfAnyWorker) && other.ranks[at] != NO_ROW {
                *best = other.ranks[at];
                self.values.take_over(*group as usize, &mut other.values, at);
            }
        }
    }

    fn weight(&self) -> Weight {
        Weight { group: 48, row: 0 }
    }

    fn finish(&mut self, _stop: Stop) -> Finished {
        Ok(self.values.take().finish())
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// A frame of either.
struct PickedFrame {
    values: VecDeque<Scalar>,
    end: End,
}

impl Frame for PickedFrame {
    fn push(&mut self, row: &[Scalar]) {
        self.values.push_back(row[0].clone());
    }

    fn pop(&mut self, _row: &[Scalar]) {
        self.values.pop_front();
    }

    fn value(&self) -> Scalar {
        let picked = match self.end {
            End::First => self.values.front(),
            End::Last => self.values.back(),
        };
        picked.cloned().unwrap_or(Scalar::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;

    #[test]
    fn nulls_are_values() {
        let column = ints(&[None, Some(2), None]);
        assert_eq!(reduce("first", column.clone()), NULL);
        assert_eq!(reduce("last", column), NULL);
        assert_eq!(reduce("first", ints(&[Some(1), None])), int(1));
        assert_eq!(reduce("last", ints(&[None, Some(1)])), int(1));
    }

    #[test]
    fn of_every_type() {
        assert_eq!(reduce("first", texts(&[Some("x"), Some("y")])), text("x"));
        assert_eq!(reduce("last", texts(&[Some("x"), None, Some("y")])), text("y"));
        assert_eq!(reduce("last", bools(&[Some(false), Some(true)])), boolean(true));
        assert_eq!(bits(reduce("first", floats(&[-0.0, 1.0]))), (-0.0f64).to_bits());
        assert_eq!(reduce("first", dates(&[-1, 2])), date(-1));
        assert_eq!(reduce("last", crate::batch::Column::Null(2)), NULL);
    }
}
