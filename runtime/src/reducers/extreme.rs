//! `min` and `max`, of numbers, texts (by their bytes), bools (`false` first), dates, datetimes and durations.
//!
//! Nulls are skipped, and so is NaN unless there is nothing else. `-0.0` and `0.0` are equal to `==`, and which of them
//! is shown must not depend on how the work was cut: `min` takes `-0.0` for the smaller and `max` `0.0` for the larger
//! one, as `minimum` and `maximum` of IEEE 754-2019 do.
//!
//! Everything but text is compared as a 64-bit key, the smallest of which wins: for `max` the bits of the keys are
//! flipped.

use super::rows::Rows;
use super::slots::{Slots, Word};
use super::{Finished, Frame, Reducer, State, Stop, Weight, same_or_null, same_state};
use crate::batch::Column;
use arrow_buffer::BooleanBuffer;
use pipelang_lang::catalog::{Example, ReducerDef, RowOrder};
use pipelang_lang::fault::{self, Fault};
use pipelang_lang::scalar::{Scalar, canonical};
use std::any::Any;
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::Arc;

/// `min`
pub const MIN: Reducer = Reducer {
    def: ReducerDef {
        name: "min",
        doc: "The smallest value that is not null; NaN only if there is nothing else.",
        result: same_or_null,
        takes: "a number, a string, a bool, a date, a datetime or a duration",
        order: RowOrder::ShowsInFloats,
        examples: &[Example { source: "[3, 1, null, 2] | min it", result: "1" }],
        ..ReducerDef::PLAIN
    },
    start: |arguments| Box::new(Extreme { best: Slots::of(&arguments[0].kind), flip: 0 }),
    frame: Some(|_| Box::new(ExtremeFrame { candidates: VecDeque::new(), flip: 0 })),
};

/// `max`
pub const MAX: Reducer = Reducer {
    def: ReducerDef {
        name: "max",
        doc: "The largest value that is not null; NaN only if there is nothing else.",
        result: same_or_null,
        takes: "a number, a string, a bool, a date, a datetime or a duration",
        order: RowOrder::ShowsInFloats,
        examples: &[Example { source: "[3, 1, null, 2] | max it", result: "3" }],
        ..ReducerDef::PLAIN
    },
    start: |arguments| Box::new(Extreme { best: Slots::of(&arguments[0].kind), flip: -1 }),
    frame: Some(|_| Box::new(ExtremeFrame { candidates: VecDeque::new(), flip: -1 })),
};

/// The state of both.
struct Extreme {
    /// The best values so far; what is not text, as keys.
    best: Slots,
    /// What keys are xor-ed with: 0 for `min`, all ones for `max`.
    flip: i64,
}

impl State for Extreme {
    fn grow(&mut self, groups: usize) {
        self.best.grow(groups);
    }

    fn update(&mut self, arguments: &[Column], groups: &[u32], _ordinals: &[u64], active: Option<&BooleanBuffer>) {
        let [column] = arguments else { unreachable!("`min` and `max` have one argument") };
        let rows = Rows::active(groups.len(), active).with_value(column);
        let flip = self.flip;
        match (&mut self.best, column) {
            (Slots::Text(best), Column::String(texts)) => rows.each(|row| {
                keep_text(&mut best[groups[row] as usize], texts.value(row), flip);
            }),
            (Slots::Bits { bits, present, .. }, column) => {
                let mut keys = Keys { bits, present, groups, rows: &rows };
                match column {
                    Column::Int(values) => keys.keep(|row| values.value(row) ^ flip),
                    Column::DateTime(values) => keys.keep(|row| values.value(row) ^ flip),
                    Column::Duration(values) => keys.keep(|row| values.value(row) ^ flip),
                    Column::Float(values) => keys.keep(|row| float_key(values.value(row), flip)),
                    Column::Date(values) => keys.keep(|row| i64::from(values.value(row)) ^ flip),
                    Column::Bool(values) => keys.keep(|row| i64::from(values.value(row)) ^ flip),
                    Column::Null(_) => {}
                    Column::String(_) | Column::Wide(_) | Column::Values(_) => {
                        unreachable!("the checker gives one type throughout")
                    }
                }
            }
            (Slots::Null(_) | Slots::Text(_) | Slots::Values(_), _) => {}
        }
    }

    fn merge(&mut self, other: &mut dyn State, groups: &[u32], _stop: Stop) {
        let other: &mut Extreme = same_state(other);
        match (&mut self.best, &mut other.best) {
            (Slots::Bits { bits, present, .. }, Slots::Bits { bits: keys, present: theirs, .. }) => {
                let rows = Rows::Some(BooleanBuffer::from(theirs.as_slice()));
                Keys { bits, present, groups, rows: &rows }.keep(|row| keys[row]);
            }
            (Slots::Text(best), Slots::Text(texts)) => {
                for (text, group) in texts.iter().zip(groups) {
                    if let Some(text) = text {
                        keep_text(&mut best[*group as usize], text, self.flip);
                    }
                }
            }
            (Slots::Null(_) | Slots::Bits { .. } | Slots::Text(_) | Slots::Values(_), _) => {}
        }
    }

    fn weight(&self) -> Weight {
        Weight { group: 40, row: 0 }
    }

    fn finish(&mut self, _stop: Stop) -> Finished {
        let mut best = self.best.take();
        if let Slots::Bits { word, bits, .. } = &mut best {
            let is_float = *word == Word::Float;
            for key in bits {
                *key = if is_float { float_bits(*key, self.flip) } else { *key ^ self.flip };
            }
        }
        Ok(best.finish())
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// A frame of either: the values that are the best of all that came with them or later. The first of them is the best,
/// and each becomes it when those before it have gone.
struct ExtremeFrame {
    candidates: VecDeque<(FrameKey, Scalar)>,
    flip: i64,
}

/// Smaller for what wins.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum FrameKey {
    Word(i64),
    Text(Arc<str>),
    TextDown(Reverse<Arc<str>>),
}

impl ExtremeFrame {
    /// The key of a value; none of null.
    fn key(&self, value: &Scalar) -> Option<FrameKey> {
        let word = match value {
            Scalar::Null => return None,
            Scalar::Bool(x) => i64::from(*x) ^ self.flip,
            Scalar::Int(x) | Scalar::DateTime(x) | Scalar::Duration(x) => *x ^ self.flip,
            Scalar::Date(x) => i64::from(*x) ^ self.flip,
            Scalar::Float(x) => float_key(*x, self.flip),
            Scalar::String(text) if self.flip == 0 => return Some(FrameKey::Text(text.clone())),
            Scalar::String(text) => return Some(FrameKey::TextDown(Reverse(text.clone()))),
            Scalar::Bytes(_)
            | Scalar::Wide(_)
            | Scalar::List(_)
            | Scalar::Record(_)
            | Scalar::Map(_)
            | Scalar::Json(_)
            | Scalar::Opaque(_) => unreachable!("the checker takes only what has an order"),
        };
        Some(FrameKey::Word(word))
    }
}

impl Frame for ExtremeFrame {
    fn push(&mut self, row: &[Scalar]) {
        let Some(key) = self.key(&row[0]) else { return };
        while self.candidates.back().is_some_and(|(worse, _)| *worse > key) {
            self.candidates.pop_back();
        }
        self.candidates.push_back((key, row[0].clone()));
    }

    fn pop(&mut self, row: &[Scalar]) {
        let key = self.key(&row[0]);
        if self.candidates.front().map(|(best, _)| best) == key.as_ref() {
            self.candidates.pop_front();
        }
    }

    fn value(&self) -> Scalar {
        match self.candidates.front() {
            Some((_, Scalar::Float(x))) => Scalar::Float(canonical(*x)),
            Some((_, value)) => value.clone(),
            None => Scalar::Null,
        }
    }
}

/// Where keys go.
struct Keys<'a> {
    bits: &'a mut [i64],
    present: &'a mut [bool],
    groups: &'a [u32],
    rows: &'a Rows,
}

impl Keys<'_> {
    /// Keeps the smallest key of each group.
    #[inline(always)]
    fn keep(&mut self, key: impl Fn(usize) -> i64) {
        if let ([best], [present]) = (&mut *self.bits, &mut *self.present) {
            // No key but that of a value is as large, or it is the right answer anyway.
            let mut smallest = if *present { *best } else { i64::MAX };
            let mut any = *present;
            self.rows.each(|row| {
                smallest = smallest.min(key(row));
                any = true;
            });
            (*best, *present) = (smallest, any);
            return;
        }
        self.rows.each(|row| {
            let group = self.groups[row] as usize;
            let key = key(row);
            if !self.present[group] || key < self.bits[group] {
                self.bits[group] = key;
                self.present[group] = true;
            }
        });
    }
}

/// Keeps `text` if it is smaller (with a `flip`, larger) than the best so far.
#[inline]
fn keep_text(best: &mut Option<Box<str>>, text: &str, flip: i64) {
    let wins = match best {
        None => true,
        Some(best) if flip == 0 => text.as_bytes() < best.as_bytes(),
        Some(best) => text.as_bytes() > best.as_bytes(),
    };
    if wins {
        *best = Some(text.into());
    }
}

/// The key of a float: smaller for smaller values, the largest there is for NaN.
#[inline(always)]
pub(super) fn float_key(x: f64, flip: i64) -> i64 {
    if x.is_nan() && !fault::is(Fault::NanWins) { i64::MAX } else { ordered(x.to_bits() as i64) ^ flip }
}

/// The encoding of the float that a key stands for.
pub(super) fn float_bits(key: i64, flip: i64) -> i64 {
    if key == i64::MAX { canonical(f64::NAN).to_bits() as i64 } else { ordered(key ^ flip) }
}

/// Turns encodings into ints of the same order, and back: those of negative values run the other way.
#[inline(always)]
fn ordered(bits: i64) -> i64 {
    bits ^ ((bits >> 63) & i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;

    const NAN: f64 = f64::NAN;

    #[test]
    fn of_floats() {
        let (min, max) = ("min", "max");
        assert_eq!(reduce(min, floats(&[2.0, NAN, -1.0, f64::NEG_INFINITY])), float(f64::NEG_INFINITY));
        assert_eq!(reduce(max, floats(&[2.0, -NAN, f64::INFINITY])), float(f64::INFINITY));
        assert_eq!(reduce(max, floats(&[-2.0, NAN, -1.0])), float(-1.0));
        for reducer in [min, max] {
            assert_eq!(bits(reduce(reducer, floats(&[-NAN, NAN]))), 0x7ff8_0000_0000_0000);
        }
        assert_eq!(bits(reduce(min, floats(&[0.0, -0.0, 0.0]))), (-0.0f64).to_bits());
        assert_eq!(bits(reduce(max, floats(&[-0.0, 0.0, -0.0]))), 0);
        assert_eq!(reduce(min, floats(&[5e-324, 1.0])), float(5e-324));
        assert_eq!(reduce(max, floats(&[-5e-324, -1.0])), float(-5e-324));
    }

    #[test]
    fn of_ints_at_their_ends() {
        assert_eq!(reduce("min", ints(&[Some(i64::MAX), None])), int(i64::MAX));
        assert_eq!(reduce("max", ints(&[Some(i64::MIN), None])), int(i64::MIN));
        assert_eq!(reduce("max", ints(&[Some(-1), Some(i64::MAX), Some(0)])), int(i64::MAX));
        assert_eq!(reduce("min", ints(&[Some(-1), Some(i64::MIN), Some(0)])), int(i64::MIN));
        assert_eq!(reduce("min", ints(&[None, None])), NULL);
    }

    #[test]
    fn of_texts_bools_and_dates() {
        let words = texts(&[Some("b"), None, Some("é"), Some("B"), Some("")]);
        assert_eq!(reduce("min", words.clone()), text(""));
        assert_eq!(reduce("max", words), text("é"));
        assert_eq!(reduce("min", bools(&[Some(true), None])), boolean(true));
        assert_eq!(reduce("max", bools(&[Some(true), Some(false)])), boolean(true));
        assert_eq!(reduce("min", dates(&[3, -7, 5])), date(-7));
        assert_eq!(reduce("max", dates(&[3, -7, 5])), date(5));
    }
}
