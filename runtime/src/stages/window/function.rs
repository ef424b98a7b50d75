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
const FRAMES_BETWEEN_LOOKS: usize = 16;

/// The rows of a column, which is made without a look otherwise.
const ROWS_OF_COLUMN: usize = 1 << 14;

impl Span<'_> {
    /// Columns that together have a value for each place.
    pub fn compute(&self, reducers: &Reducers, watch: &Watch) -> Result<Vec<Column>, RunError> {
        watch.check()?;
        match &self.function.kind {
            WindowKind::Neighbour { offset, .. } => self.neighbours(*offset, watch),
            WindowKind::RowNumber => {
                let mut numbers = self.groups().flat_map(|group| 1..=group.len() as i64);
                self.columns_of(watch, |places| {
                    Column::Int(Int64Array::from_iter_values(numbers.by_ref().take(places.len())))
                })
            }
            WindowKind::Rank { keys, dense } => {
                let descending: Vec<bool> = keys.iter().map(|key| key.descending).collect();
                self.ranks(&descending, *dense, watch)
            }
            WindowKind::Session { gap, .. } => self.sessions(gap, watch),
            WindowKind::Reduce { reducer, condition, frame, .. } => {
                self.reduced(reducers.get(*reducer), condition.is_some(), frame, watch)
            }
        }
    }

    /// What `column` makes of some places after the other.
    fn columns_of(
        &self,
        watch: &Watch,
        mut column: impl FnMut(Range<usize>) -> Column,
    ) -> Result<Vec<Column>, RunError> {
        let some = (0..self.places()).step_by(ROWS_OF_COLUMN);
        let some = some.map(|first| first..self.places().min(first + ROWS_OF_COLUMN));
        some.map(|places| watch.check().map(|()| column(places))).collect()
    }

    fn places(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }

    /// The places of each group.
    fn groups(&self) -> impl Iterator<Item = Range<usize>> {
        self.starts.windows(2).map(|pair| pair[0]..pair[1])
    }

    /// All places, each with its group.
    fn places_in_groups(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        self.groups().flat_map(|group| group.clone().map(move |place| (place, group.clone())))
    }

    fn neighbours(&self, offset: i64, watch: &Watch) -> Result<Vec<Column>, RunError> {
        let there = |(place, group): (usize, Range<usize>)| {
            let there = i64::try_from(place).ok()?.checked_add(offset)?;
            let group = if fault::is(Fault::NeighbourOfOtherGroup) { 0..self.places() } else { group };
            usize::try_from(there).ok().filter(|there| group.contains(there)).map(|there| there as u32)
        };
        let mut all = self.places_in_groups().map(there);
        self.columns_of(watch, |places| self.columns[0].take(&all.by_ref().take(places.len()).collect()).compact())
    }

    fn ranks(&self, descending: &[bool], dense: bool, watch: &Watch) -> Result<Vec<Column>, RunError> {
        let keys = Keys::of_while(&self.columns, self.places(), descending, &|| watch.check())?;
        let mut ranks = vec![0; self.places()];
        for group in self.groups() {
            let mut sorted = watch.filled(group.len(), |at| group.start + at)?;
            watch.sorting(|| {
                sorted.sort_unstable_by(|a, b| {
                    watch.look();
                    keys.get(*a).cmp(keys.get(*b))
                });
            })?;
            let (mut rank, mut before) = (0, None);
            for (at, place) in sorted.into_iter().enumerate() {
                if at % ROWS_OF_COLUMN == ROWS_OF_COLUMN - 1 {
                    watch.check()?;
                }
                if before != Some(keys.get(place)) {
                    rank = if dense || fault::is(Fault::RankDense) { rank + 1 } else { at as i64 + 1 };
                    before = Some(keys.get(place));
                }
                ranks[place] = rank;
            }
        }
        Ok(vec![Column::Int(Int64Array::from(ranks))])
    }

    fn sessions(&self, gap: &Scalar, watch: &Watch) -> Result<Vec<Column>, RunError> {
        let times = &self.columns[0];
        let measures = Measures::of(times);
        let mut number = 1;
        let mut numbers = self.places_in_groups().map(|(place, group)| {
            if place == group.start {
                number = 1;
            } else if measures.is_behind(place, place - 1, gap) {
                number += 1;
            }
            (!times.is_null(place)).then_some(number)
        });
        self.columns_of(watch, |places| Column::Int(Int64Array::from_iter(numbers.by_ref().take(places.len()))))
    }

    /// The value of a reducer; a condition is the first of the columns.
    fn reduced(
        &self,
        reducer: &Reducer,
        has_condition: bool,
        frame: &Frame,
        watch: &Watch,
    ) -> Result<Vec<Column>, RunError> {
        let at = usize::from(has_condition);
        let (arguments, types) = (&self.columns[at..], &self.function.types[at..]);
        let active = has_condition.then(|| self.columns[0].truths());
        if *frame != Frame::Group {
            let counts = |place: usize| active.as_ref().is_none_or(|active| active.value(place));
            let row = |place: usize| arguments.iter().map(|column| column.get(place)).collect::<Vec<_>>();
            let row = |place: usize| counts(place).then(|| row(place));
            return self.framed(|| reducer.frame(types), frame, row, watch);
        }
        let mut all = self.groups().enumerate().flat_map(|(group, places)| places.map(move |_| group as u32));
        let groups = watch.filled(self.places(), |_| all.next().unwrap_or_default())?;
        let mut state = (reducer.start)(types);
        state.grow(self.starts.len() - 1);
        for first in (0..groups.len()).step_by(ROWS_OF_COLUMN) {
            watch.check()?;
            let rows = ROWS_OF_COLUMN.min(groups.len() - first);
            let arguments: Vec<Column> = arguments.iter().map(|column| column.slice(first, rows)).collect();
            let ordinals: Vec<u64> = (first as u64..).take(rows).collect();
            let active = active.as_ref().map(|active| active.slice(first, rows));
            state.update(&arguments, &groups[first..first + rows], &ordinals, active.as_ref());
        }
        let values = state.finish(&|| watch.check().is_err()).map_err(RunError::of_limit)?;
        watch.check()?;
        self.columns_of(watch, |places| values.take(&UInt32Array::from(groups[places].to_vec())))
    }

    /// The value of what moves over the frame of each place. It moves forward only, so that every row comes in once and goes
    /// once; `row` gives the arguments of a row that counts.
    fn framed(
        &self,
        start: impl Fn() -> Box<dyn reducers::Frame>,
        frame: &Frame,
        row: impl Fn(usize) -> Option<Vec<Scalar>>,
        watch: &Watch,
    ) -> Result<Vec<Column>, RunError> {
        let measures = self.on.as_ref().filter(|_| matches!(frame, Frame::Range { .. })).map(Measures::of);
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        let column = |values: &[Scalar]| Column::from_scalars(&self.function.result.kind, values);
        // One frame may have all rows.
        let look_at = |place: usize| if place.is_multiple_of(ROWS_OF_COLUMN) { watch.check() } else { Ok(()) };
        let mut held = watch.memory.share(1);
        for group in self.groups() {
            let mut moving = start();
            let (mut from, mut to) = (group.start, group.start);
            for seen in frames(frame, group, measures.as_ref()) {
                if values.len() % FRAMES_BETWEEN_LOOKS == 0 {
                    watch.check()?;
                }
                for place in to..seen.places.end {
                    look_at(place)?;
                    row(place).inspect(|row| moving.push(row));
                }
                for place in from..seen.places.start {
                    look_at(place)?;
                    row(place).inspect(|row| moving.pop(row));
                }
                (from, to) = (seen.places.start, seen.places.end);
                let value = if seen.is_there { moving.checked_value() } else { Ok(Scalar::Null) };
                let value = value.map_err(RunError::of_limit)?;
                held.hold_with(|| value.size() as u64)?;
                values.push(value);
                if values.len() == ROWS_OF_COLUMN {
                    columns.push(column(&values));
                    values.clear();
                }
            }
        }
        columns.push(column(&values));
        Ok(columns)
    }
}
