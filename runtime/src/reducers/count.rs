//! `count`, `count_if`, `any` and `all`: rows counted, and those of them for which something holds.
//!
//! A null condition is false. Of no rows, the counts are 0 and `any` and `all` null.

use super::rows::Rows;
use super::{Finished, Frame, Reducer, State, Stop, Weight, same_state};
use crate::batch::Column;
use arrow_array::{BooleanArray, Int64Array};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use pipelang_lang::catalog::{Example, ReducerDef, RowOrder};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::{Kind, Type};
use std::any::Any;

/// `count`
pub const COUNT: Reducer = Reducer {
    def: ReducerDef {
        name: "count",
        doc: "How many rows there are, or, of `count(x)`, how many where x is not null.",
        arity: (0, 1),
        result: |arguments| (arguments.len() <= 1).then_some(Type::INT),
        takes: "nothing or a value",
        order: RowOrder::Hidden,
        counts_rows: true,
        examples: &[
            Example { source: "[3, null, 2] | count", result: "3" },
            Example { source: "[3, null, 2] | count it", result: "2" },
        ],
        ..ReducerDef::PLAIN
    },
    start: |_| Tally::start(Answer::Count),
    frame: Some(|_| TallyFrame::start(Answer::Count)),
};

/// `count_if`
pub const COUNT_IF: Reducer = Reducer {
    def: ReducerDef {
        name: "count_if",
        doc: "For how many rows the condition is true.",
        result: |arguments| of_condition(arguments, Type::INT),
        takes: "a bool",
        order: RowOrder::Hidden,
        examples: &[Example { source: "[3, 1, 2] | count_if it > 1", result: "2" }],
        ..ReducerDef::PLAIN
    },
    start: |_| Tally::start(Answer::CountIf),
    frame: Some(|_| TallyFrame::start(Answer::CountIf)),
};

/// `any`
pub const ANY: Reducer = Reducer {
    def: ReducerDef {
        name: "any",
        doc: "Whether the condition is true for at least one row; null if there are no rows.",
        result: |arguments| of_condition(arguments, Type::BOOL.or_null()),
        takes: "a bool",
        order: RowOrder::Hidden,
        examples: &[Example { source: "[3, 1, 2] | any it > 2", result: "true" }],
        ..ReducerDef::PLAIN
    },
    start: |_| Tally::start(Answer::Any),
    frame: Some(|_| TallyFrame::start(Answer::Any)),
};

/// `all`
pub const ALL: Reducer = Reducer {
    def: ReducerDef {
        name: "all",
        doc: "Whether the condition is true for every row; null if there are no rows.",
        result: |arguments| of_condition(arguments, Type::BOOL.or_null()),
        takes: "a bool",
        order: RowOrder::Hidden,
        examples: &[Example { source: "[3, 1, 2] | all it > 2", result: "false" }],
        ..ReducerDef::PLAIN
    },
    start: |_| Tally::start(Answer::All),
    frame: Some(|_| TallyFrame::start(Answer::All)),
};

fn of_condition(arguments: &[Type], result: Type) -> Option<Type> {
    match arguments {
        [Type { kind: Kind::Bool | Kind::Null | Kind::Unknown, .. }] => Some(result),
        _ => None,
    }
}

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Count,
    CountIf,
    Any,
    All,
}

/// The state of all four.
struct Tally {
    answer: Answer,
    /// The rows of each group; only of `any` and `all`.
    rows: Vec<i64>,
    /// Those that hit.
    hits: Vec<i64>,
}

impl Tally {
    fn start(answer: Answer) -> Box<dyn State> {
        Box::new(Tally { answer, rows: Vec::new(), hits: Vec::new() })
    }

    /// Whether the number of rows is asked for beside the hits.
    fn counts_rows(&self) -> bool {
        matches!(self.answer, Answer::Any | Answer::All)
    }

    fn hits(&self, arguments: &[Column], active: Rows) -> Rows {
        match (self.answer, arguments) {
            (Answer::Count, []) => active,
            (Answer::Count, [column, ..]) => active.with_value(column),
            (Answer::CountIf | Answer::Any | Answer::All, [Column::Bool(condition)]) => {
                active.and(condition.values()).with_value(&arguments[0])
            }
            (Answer::CountIf | Answer::Any | Answer::All, [column @ Column::Null(_)]) => active.with_value(column),
            (Answer::CountIf | Answer::Any | Answer::All, _) => unreachable!("the checker gives one condition"),
        }
    }
}

impl State for Tally {
    fn grow(&mut self, groups: usize) {
        self.hits.resize(groups.max(self.hits.len()), 0);
        if self.counts_rows() {
            self.rows.resize(groups.max(self.rows.len()), 0);
        }
    }

    fn update(&mut self, arguments: &[Column], groups: &[u32], _ordinals: &[u64], active: Option<&BooleanBuffer>) {
        let active = Rows::active(groups.len(), active);
        if self.counts_rows() {
            add_counts(&mut self.rows, groups, &active);
        }
        let hits = self.hits(arguments, active);
        add_counts(&mut self.hits, groups, &hits);
    }

    fn merge(&mut self, other: &mut dyn State, groups: &[u32], _stop: Stop) {
        let other: &mut Tally = same_state(other);
        other.hits.iter().zip(groups).for_each(|(count, group)| self.hits[*group as usize] += count);
        other.rows.iter().zip(groups).for_each(|(count, group)| self.rows[*group as usize] += count);
    }

    fn weight(&self) -> Weight {
        Weight { group: 16, row: 0 }
    }

    fn finish(&mut self, _stop: Stop) -> Finished {
        let is_true: fn((&i64, &i64)) -> bool = match self.answer {
            Answer::Count | Answer::CountIf => {
                return Ok(Column::Int(Int64Array::from(std::mem::take(&mut self.hits))));
            }
            Answer::Any => |(hits, _)| *hits > 0,
            Answer::All => |(hits, rows)| hits == rows,
        };
        let validity: NullBuffer = self.rows.iter().map(|rows| *rows > 0).collect::<Vec<bool>>().into();
        let values: BooleanBuffer = self.hits.iter().zip(&self.rows).map(is_true).collect();
        Ok(Column::Bool(BooleanArray::new(values, Some(validity))))
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// A frame of any of the four.
struct TallyFrame {
    answer: Answer,
    rows: i64,
    hits: i64,
}

impl TallyFrame {
    fn start(answer: Answer) -> Box<dyn Frame> {
        Box::new(TallyFrame { answer, rows: 0, hits: 0 })
    }

    fn count(&mut self, row: &[Scalar], by: i64) {
        let hit = match (self.answer, row.first()) {
            (Answer::Count, value) => value != Some(&Scalar::Null),
            (Answer::CountIf | Answer::Any | Answer::All, value) => value == Some(&Scalar::Bool(true)),
        };
        self.rows += by;
        self.hits += if hit { by } else { 0 };
    }
}

impl Frame for TallyFrame {
    fn push(&mut self, row: &[Scalar]) {
        self.count(row, 1);
    }

    fn pop(&mut self, row: &[Scalar]) {
        self.count(row, -1);
    }

    fn value(&self) -> Scalar {
        match self.answer {
            Answer::Count | Answer::CountIf => Scalar::Int(self.hits),
            Answer::Any | Answer::All if self.rows == 0 => Scalar::Null,
            Answer::Any => Scalar::Bool(self.hits > 0),
            Answer::All => Scalar::Bool(self.hits == self.rows),
        }
    }
}

/// Counts rows by group.
fn add_counts(counts: &mut [i64], groups: &[u32], rows: &Rows) {
    match counts {
        [count] => *count += rows.count() as i64,
        counts => rows.each(|row| counts[groups[row] as usize] += 1),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::batch::Column;

    #[test]
    fn counts() {
        assert_eq!(reduce_rows("count", &[], 3), int(3));
        assert_eq!(reduce("count", ints(&[Some(1), None, Some(2)])), int(2));
        assert_eq!(reduce("count", Column::Null(4)), int(0));
        assert_eq!(reduce("count_if", bools(&[Some(true), None, Some(false), Some(true)])), int(2));
        assert_eq!(reduce("count_if", Column::Null(4)), int(0));
    }

    #[test]
    fn a_null_condition_is_false() {
        assert_eq!(reduce("any", bools(&[None, Some(false)])), boolean(false));
        assert_eq!(reduce("any", bools(&[None, Some(true)])), boolean(true));
        assert_eq!(reduce("all", bools(&[None, Some(true)])), boolean(false));
        assert_eq!(reduce("all", bools(&[Some(true), Some(true)])), boolean(true));
        assert_eq!(reduce("all", Column::Null(1)), boolean(false));
    }
}
