//! What the functions of a window make of some groups whose rows stand one behind the other.

use super::Function;
use super::frame::{Measures, frames};
use crate::batch::Column;
use crate::batch::keys::Keys;
use crate::error::RunError;
use crate::limits::Watch;
use crate::reducers::{self, Reducer, Reducers};
use arrow_array::{Int64Array, UInt32Array};
use pipelang_lang::fault::{self, Fault};
use pipelang_lang::ir::{Frame, WindowKind};
use pipelang_lang::scalar::Scalar;
use std::ops::Range;

/// Some groups for one function.
pub struct Span<'a> {
    pub function: &'a Function,
    /// What it demands, by place.
    pub columns: Vec<Column>,
    /// What rows are sorted by.
    pub on: Option<Column>,
    /// The first place of each group, and the end.
    pub starts: Vec<usize>,
}

/// The frames whose values are made without a look whether the run must stop: each may be as large as a value may be.
const ROWS_BETWEEN_LOOKS: usize = 16;

impl Span<'_> {
    /// A value for each place.
    pub fn compute(&self, reducers: &Reducers, watch: &Watch) -> Result<Column, RunError> {
        watch.check()?;
        Ok(match &self.function.kind {
            WindowKind::Neighbour { offset, .. } => self.neighbours(*offset),
            WindowKind::RowNumber => {
                Column::Int(Int64Array::from_iter_values(self.groups().flat_map(|group| 1..=group.len() as i64)))
            }
            WindowKind::Rank { keys, dense } => {
                let descending: Vec<bool> = keys.iter().map(|key| key.descending).collect();
                self.ranks(&descending, *dense, watch)?
            }
            WindowKind::Session { gap, .. } => self.sessions(gap),
            WindowKind::Reduce { reducer, condition, frame, .. } => {
                self.reduced(reducers.get(*reducer), condition.is_some(), frame, watch)?
            }
        })
    }

    fn places(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }

    /// The places of each group.
    fn groups(&self) -> impl Iterator<Item = Range<usize>> {
        self.starts.windows(2).map(|pair| pair[0]..pair[1])
    }

    fn neighbours(&self, offset: i64) -> Column {
        let there = |(place, group): (usize, Range<usize>)| {
            let there = i64::try_from(place).ok()?.checked_add(offset)?;
            let group = if fault::is(Fault::NeighbourOfOtherGroup) { 0..self.places() } else { group };
            usize::try_from(there).ok().filter(|there| group.contains(there)).map(|there| there as u32)
        };
        let places = self.groups().flat_map(|group| group.clone().map(move |place| (place, group.clone())));
        self.columns[0].take(&places.map(there).collect())
    }

    fn ranks(&self, descending: &[bool], dense: bool, watch: &Watch) -> Result<Column, RunError> {
        let keys = Keys::of(&self.columns, self.places(), descending);
        let mut ranks = vec![0; self.places()];
        for group in self.groups() {
            let mut sorted: Vec<usize> = group.collect();
            watch.check()?;
            watch.sorting(|| {
                sorted.sort_unstable_by(|a, b| {
                    watch.look();
                    keys.get(*a).cmp(keys.get(*b))
                });
            })?;
            let (mut rank, mut before) = (0, None);
            for (at, place) in sorted.into_iter().enumerate() {
                if before != Some(keys.get(place)) {
                    rank = if dense || fault::is(Fault::RankDense) { rank + 1 } else { at as i64 + 1 };
                    before = Some(keys.get(place));
                }
                ranks[place] = rank;
            }
        }
        Ok(Column::Int(Int64Array::from(ranks)))
    }

    fn sessions(&self, gap: &Scalar) -> Column {
        let times = &self.columns[0];
        let measures = Measures::of(times);
        let mut numbers: Vec<Option<i64>> = Vec::with_capacity(self.places());
        for group in self.groups() {
            let mut number = 1;
            for place in group.clone() {
                if place > group.start && measures.is_behind(place, place - 1, gap) {
                    number += 1;
                }
                numbers.push((!times.is_null(place)).then_some(number));
            }
        }
        Column::Int(Int64Array::from(numbers))
    }

    /// The value of a reducer; a condition is the first of the columns.
    fn reduced(
        &self,
        reducer: &Reducer,
        has_condition: bool,
        frame: &Frame,
        watch: &Watch,
    ) -> Result<Column, RunError> {
        let at = usize::from(has_condition);
        let (arguments, types) = (&self.columns[at..], &self.function.types[at..]);
        let active = has_condition.then(|| self.columns[0].truths());
        if *frame != Frame::Group {
            let counts = |place: usize| active.as_ref().is_none_or(|active| active.value(place));
            let row = |place: usize| arguments.iter().map(|column| column.get(place)).collect::<Vec<_>>();
            let row = |place: usize| counts(place).then(|| row(place));
            return self.framed(|| reducer.frame(types), frame, row, watch);
        }
        let groups = self.groups().enumerate();
        let groups: Vec<u32> = groups.flat_map(|(group, places)| places.map(move |_| group as u32)).collect();
        let ordinals: Vec<u64> = (0..groups.len() as u64).collect();
        let mut state = (reducer.start)(types);
        state.grow(self.starts.len() - 1);
        state.update(arguments, &groups, &ordinals, active.as_ref());
        let values = state.finish(&|| watch.check().is_err()).map_err(RunError::of_limit)?;
        watch.check()?;
        Ok(values.take(&UInt32Array::from(groups)))
    }

    /// The value of what moves over the frame of each place. It moves forward only, so that every row comes in once and goes
    /// once; `row` gives the arguments of a row that counts.
    fn framed(
        &self,
        start: impl Fn() -> Box<dyn reducers::Frame>,
        frame: &Frame,
        row: impl Fn(usize) -> Option<Vec<Scalar>>,
        watch: &Watch,
    ) -> Result<Column, RunError> {
        let measures = self.on.as_ref().filter(|_| matches!(frame, Frame::Range { .. })).map(Measures::of);
        let mut values = Vec::with_capacity(self.places());
        let mut held = watch.memory.share(1);
        for group in self.groups() {
            let mut moving = start();
            let (mut from, mut to) = (group.start, group.start);
            for seen in frames(frame, group, measures.as_ref()) {
                if values.len() % ROWS_BETWEEN_LOOKS == 0 {
                    watch.check()?;
                }
                (to..seen.places.end).filter_map(&row).for_each(|row| moving.push(&row));
                (from..seen.places.start).filter_map(&row).for_each(|row| moving.pop(&row));
                (from, to) = (seen.places.start, seen.places.end);
                let value = if seen.is_there { moving.checked_value() } else { Ok(Scalar::Null) };
                let value = value.map_err(RunError::of_limit)?;
                held.hold_with(|| value.size() as u64)?;
                values.push(value);
            }
        }
        Ok(Column::from_scalars(&self.function.result.kind, &values))
    }
}
