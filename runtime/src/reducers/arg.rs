//! `arg_min` and `arg_max`: a value of the row that has the least or greatest key. Of several rows the first wins; a null
//! key does not count, NaN does where there is nothing else.

use super::rows::Rows;
use super::slots::Slots;
use super::{Finished, Frame, Reducer, State, Stop, Weight, any_type, same_or_null, same_state};
use crate::batch::Column;
use crate::batch::keys::Keys;
use arrow_buffer::BooleanBuffer;
use pipelang_lang::catalog::{Example, ReducerDef};
use pipelang_lang::scalar::{Scalar, sort_order};
use pipelang_lang::ty::Type;
use std::any::Any;
use std::cmp::Ordering;
use std::collections::VecDeque;

/// `arg_min`
pub const ARG_MIN: Reducer = Reducer {
    def: ReducerDef {
        name: "arg_min",
        doc: "`arg_min(value, key)`: the value of the row with the least key that is not null, the first of several. As \
              a last stage or of a list, `arg_min key` gives the row or item.",
        arity: (2, 2),
        result: value_and_key,
        takes: "a value and a key that has an order",
        takes_row: true,
        examples: &[
            Example { source: "[{name: \"a\", age: 7}, {name: \"b\", age: 5}] | arg_min name, age", result: "\"b\"" },
            Example { source: "[3, 1, 2] | arg_min (it - 2) ** 2", result: "2" },
        ],
        ..ReducerDef::PLAIN
    },
    start: |arguments| Best::start(arguments, false),
    frame: Some(|_| BestFrame::start(false)),
};

/// `arg_max`
pub const ARG_MAX: Reducer = Reducer {
    def: ReducerDef {
        name: "arg_max",
        doc: "`arg_max(value, key)`: the value of the row with the greatest key that is not null, the first of several. \
              As a last stage or of a list, `arg_max key` gives the row or item.",
        arity: (2, 2),
        result: value_and_key,
        takes: "a value and a key that has an order",
        takes_row: true,
        examples: &[
            Example { source: "[{name: \"a\", age: 7}, {name: \"b\", age: 5}] | arg_max name, age", result: "\"a\"" },
            Example { source: "[{id: 1, v: 2}, {id: 2, v: 2}] | arg_max v", result: "{\"id\":1,\"v\":2}" },
        ],
        ..ReducerDef::PLAIN
    },
    start: |arguments| Best::start(arguments, true),
    frame: Some(|_| BestFrame::start(true)),
};

fn value_and_key(arguments: &[Type]) -> Option<Type> {
    let [value, key] = arguments else { return None };
    same_or_null(std::slice::from_ref(key))?;
    any_type(std::slice::from_ref(value)).map(Type::or_null)
}

/// The state of both.
struct Best {
    descending: bool,
    values: Slots,
    /// The best key of each group, in the form in which the smallest bytes win, and the ordinal of its row.
    keys: Vec<Option<(Box<[u8]>, u64)>>,
}

impl Best {
    fn start(arguments: &[Type], descending: bool) -> Box<dyn State> {
        Box::new(Best { descending, values: Slots::of(&arguments[0].kind), keys: Vec::new() })
    }

    /// Whether a key is better than the best of a group; then it is the best.
    fn improves(&mut self, group: usize, key: &[u8], ordinal: u64) -> bool {
        let best = &mut self.keys[group];
        let improves = best.as_ref().is_none_or(|(best, first)| (key, ordinal) < (best, *first));
        if improves {
            *best = Some((key.into(), ordinal));
        }
        improves
    }
}

impl State for Best {
    fn grow(&mut self, groups: usize) {
        self.values.grow(groups);
        self.keys.resize(groups.max(self.keys.len()), None);
    }

    fn update(&mut self, arguments: &[Column], groups: &[u32], ordinals: &[u64], active: Option<&BooleanBuffer>) {
        let [value, key] = arguments else { unreachable!("these reducers have two arguments") };
        let keys = Keys::of(std::slice::from_ref(key), groups.len(), &[self.descending]);
        Rows::active(groups.len(), active).with_value(key).each(|row| {
            let group = groups[row] as usize;
            if self.improves(group, keys.get(row), ordinals[row]) {
                self.values.set(group, value, row);
            }
        });
    }

    fn merge(&mut self, other: &mut dyn State, groups: &[u32], _stop: Stop) {
        let other: &mut Best = same_state(other);
        for (from, best) in std::mem::take(&mut other.keys).into_iter().enumerate() {
            let group = groups[from] as usize;
            if let Some((key, ordinal)) = best
                && self.improves(group, &key, ordinal)
            {
                self.values.take_over(group, &mut other.values, from);
            }
        }
    }

    fn weight(&self) -> Weight {
        Weight { group: 128, row: 0 }
    }

    fn finish(&mut self, _stop: Stop) -> Finished {
        Ok(self.values.take().finish())
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// A frame of either: the rows that are better than all that came later. The first of them is the best, and each becomes
/// it when those before it have gone.
struct BestFrame {
    descending: bool,
    pushed: u64,
    popped: u64,
    candidates: VecDeque<Candidate>,
}

struct Candidate {
    ordinal: u64,
    key: Scalar,
    value: Scalar,
}

impl BestFrame {
    fn start(descending: bool) -> Box<dyn Frame> {
        Box::new(BestFrame { descending, pushed: 0, popped: 0, candidates: VecDeque::new() })
    }
}

impl Frame for BestFrame {
    fn push(&mut self, row: &[Scalar]) {
        let ordinal = self.pushed;
        self.pushed += 1;
        let (value, key) = (row[0].clone(), row[1].clone());
        if key == Scalar::Null {
            return;
        }
        let is_worse = |last: &Candidate| sort_order(&last.key, &key, self.descending) == Ordering::Greater;
        while self.candidates.back().is_some_and(is_worse) {
            self.candidates.pop_back();
        }
        self.candidates.push_back(Candidate { ordinal, key, value });
    }

    fn pop(&mut self, _row: &[Scalar]) {
        if self.candidates.front().is_some_and(|first| first.ordinal == self.popped) {
            self.candidates.pop_front();
        }
        self.popped += 1;
    }

    fn value(&self) -> Scalar {
        self.candidates.front().map_or(Scalar::Null, |first| first.value.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::batch::Column;

    fn both(values: Column, keys: Column) -> [pipelang_lang::scalar::Scalar; 2] {
        let rows = keys.len();
        ["arg_min", "arg_max"].map(|name| reduce_rows(name, &[values.clone(), keys.clone()], rows))
    }

    #[test]
    fn the_first_row_with_the_best_key() {
        let values = ints(&[Some(1), None, Some(3), Some(4)]);
        assert_eq!(both(values.clone(), floats(&[2.0, 2.0, 1.0, 1.0])), [int(3), int(1)]);
        assert_eq!(both(values.clone(), floats(&[1.0, 2.0, f64::NAN, 0.0])), [int(4), NULL]);
        assert_eq!(both(values.clone(), floats(&[0.0, -0.0, 0.0, -0.0])), [int(1), int(1)]);
        assert_eq!(both(values.clone(), texts(&[None, Some("b"), Some("a"), None])), [int(3), NULL]);
        assert_eq!(both(values, ints(&[None; 4])), [NULL, NULL]);
    }
}
