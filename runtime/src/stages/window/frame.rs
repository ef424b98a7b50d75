//! Where the frame of each row of a group starts and ends. Both only move forward from row to row.

use crate::batch::Column;
use arrow_array::Array;
use arrow_buffer::NullBuffer;
use pipelang_lang::fault::{self, Fault};
use pipelang_lang::ir::Frame;
use pipelang_lang::scalar::Scalar;
use std::cmp::Ordering;
use std::ops::Range;

/// The frame of one row.
pub struct Seen {
    /// The places of its rows.
    pub places: Range<usize>,
    /// Whether it has a value: not where it is to be full and is not.
    pub is_there: bool,
}

/// The frames of the rows of a group; `on` is what a range is of.
pub fn frames<'a>(
    frame: &'a Frame,
    group: Range<usize>,
    on: Option<&'a Measures<'a>>,
) -> Box<dyn Iterator<Item = Seen> + 'a> {
    match (frame, on) {
        (Frame::Group, _) => Box::new(group.clone().map(move |_| Seen { places: group.clone(), is_there: true })),
        (Frame::Rows { start, end, full }, _) => {
            Box::new(group.clone().map(move |place| by_rows(place, &group, *start, *end, *full)))
        }
        (Frame::Range { start, end, full }, Some(on)) => {
            Box::new(by_range(group, on, start.as_ref(), end.as_ref(), *full))
        }
        (Frame::Range { .. }, None) => unreachable!("a plan is verified: a range is of something"),
    }
}

fn by_rows(place: usize, group: &Range<usize>, start: Option<i64>, end: Option<i64>, full: bool) -> Seen {
    // Wide enough for any bound.
    let (first, last) = (group.start as i128, group.end as i128);
    let bound = |by: Option<i64>, otherwise: i128| by.map_or(otherwise, |by| place as i128 + i128::from(by));
    let behind = 1 + i128::from(fault::is(Fault::FrameTooLong));
    let (start, end) = (bound(start, first), bound(end, last - 1) + behind);
    let within = |place: i128| place.clamp(first, last) as usize;
    Seen { places: within(start)..within(end), is_there: !full || (start >= first && end <= last) }
}

fn by_range<'a>(
    group: Range<usize>,
    on: &'a Measures<'a>,
    start: Option<&'a Scalar>,
    end: Option<&'a Scalar>,
    full: bool,
) -> impl Iterator<Item = Seen> + 'a {
    let (mut from, mut to) = (group.start, if end.is_some() { group.start } else { group.end });
    let last = group.clone().rev().find(|place| on.has_distance(*place));
    group.clone().map(move |here| {
        if let Some(by) = start {
            while from < group.end && on.compare(from, here, by).is_lt() {
                from += 1;
            }
        }
        if let Some(by) = end {
            while to < group.end && on.compare(to, here, by).is_le() {
                to += 1;
            }
        }
        let reaches = |place: Option<usize>, by: Option<&Scalar>, beyond: fn(Ordering) -> bool| {
            let there = |by| on.has_distance(here) && place.is_some_and(|place| beyond(on.compare(place, here, by)));
            by.is_none_or(there)
        };
        let is_full = || reaches(Some(group.start), start, Ordering::is_le) && reaches(last, end, Ordering::is_ge);
        Seen { places: from..to, is_there: !full || is_full() }
    })
}

/// A column of times or numbers, sorted in each group: its values, and which are there (none: all).
pub enum Measures<'a> {
    /// Ints, or times in microseconds.
    Whole(&'a [i64], Option<&'a NullBuffer>),
    /// Dates, in days.
    Days(&'a [i32], Option<&'a NullBuffer>),
    /// Floats.
    Floats(&'a [f64], Option<&'a NullBuffer>),
    /// Nothing but nulls.
    Nothing,
}

impl Measures<'_> {
    /// The values of a column.
    pub fn of(column: &Column) -> Measures<'_> {
        match column {
            Column::Int(values) => Measures::Whole(values.values(), values.nulls()),
            Column::DateTime(values) => Measures::Whole(values.values(), values.nulls()),
            Column::Duration(values) => Measures::Whole(values.values(), values.nulls()),
            Column::Date(values) => Measures::Days(values.values(), values.nulls()),
            Column::Float(values) => Measures::Floats(values.values(), values.nulls()),
            Column::Bool(_) | Column::String(_) | Column::Wide(_) | Column::Values(_) | Column::Null(_) => {
                Measures::Nothing
            }
        }
    }

    /// An int, or a time in microseconds.
    #[inline(always)]
    fn whole(&self, at: usize) -> Option<i128> {
        match self {
            Measures::Whole(values, there) => is_there(there, at).then(|| i128::from(values[at])),
            Measures::Days(values, there) => is_there(there, at).then(|| i128::from(values[at]) * 86_400_000_000),
            Measures::Floats(..) | Measures::Nothing => None,
        }
    }

    #[inline(always)]
    fn float(&self, at: usize) -> Option<f64> {
        match self {
            Measures::Floats(values, there) => is_there(there, at).then(|| values[at]),
            Measures::Whole(..) | Measures::Days(..) | Measures::Nothing => None,
        }
    }

    /// Whether a value is neither null nor NaN.
    fn has_distance(&self, at: usize) -> bool {
        self.rank(at) == 0
    }

    /// How the value at `at` compares with what lies `by` behind the one at `here`. NaN is behind all numbers and null
    /// behind NaN, and either is near itself only.
    #[inline(always)]
    fn compare(&self, at: usize, here: usize, by: &Scalar) -> Ordering {
        let order = match by {
            Scalar::Int(by) | Scalar::Duration(by) => {
                let both = self.whole(at).zip(self.whole(here));
                both.map(|(at, here)| at.cmp(&(here + i128::from(*by))))
            }
            Scalar::Float(by) => {
                let both = self.float(at).zip(self.float(here));
                both.and_then(|(at, here)| at.partial_cmp(&(here + by)))
            }
            _ => None,
        };
        order.unwrap_or_else(|| self.rank(at).cmp(&self.rank(here)))
    }

    /// Whether the value at `at` is more than `by` behind the one at `before`.
    pub fn is_behind(&self, at: usize, before: usize, by: &Scalar) -> bool {
        self.has_distance(at) && self.has_distance(before) && self.compare(at, before, by).is_gt()
    }

    /// Values, then NaN, then null.
    fn rank(&self, at: usize) -> u8 {
        match self.float(at) {
            Some(value) => u8::from(value.is_nan()),
            None if self.whole(at).is_some() => 0,
            None => 2,
        }
    }
}

#[inline(always)]
fn is_there(there: &Option<&NullBuffer>, at: usize) -> bool {
    there.is_none_or(|there| there.is_valid(at))
}
