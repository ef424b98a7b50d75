//! Whether the rows of a window come in the order that it demands.

use super::Groups;
use crate::batch::Column;
use crate::batch::keys::Keys;
use crate::error::{RowError, RowFault, RunError};
use crate::limits::Watch;
use pipelang_lang::ir::{Ascending, WindowKind};
use pipelang_lang::scalar::Scalar;
use std::sync::Arc;

/// The ordinals of all rows, as the first of each morsel and how many there are.
#[derive(Clone, Debug, Default)]
pub struct Seen(Vec<(u64, usize)>);

impl Seen {
    /// Those of a morsel.
    pub fn add(&mut self, first: u64, rows: usize) {
        self.0.push((first, rows));
    }

    /// Those that another worker has seen.
    pub fn merge(&mut self, mut other: Seen) {
        self.0.append(&mut other.0);
    }

    /// Puts the morsels in order.
    pub fn sort(&mut self) {
        self.0.sort_unstable();
    }

    /// How many rows stand before that of an ordinal; the morsels are sorted.
    fn position(&self, ordinal: u64) -> u64 {
        let morsel = self.0.partition_point(|(first, _)| *first <= ordinal).saturating_sub(1);
        let before: usize = self.0[..morsel].iter().map(|(_, rows)| rows).sum();
        before as u64 + (ordinal - self.0[morsel].0)
    }
}

/// A row that comes behind a greater one of its group.
pub struct Unordered {
    /// How many rows stand before it, and before the other.
    pub row: u64,
    before: u64,
    ascending: Ascending,
    value: Scalar,
    greater: Scalar,
}

impl Unordered {
    /// What is said of it.
    pub fn error(&self) -> RunError {
        let fault = self.ascending.fault(self.row, &self.value, self.before, &self.greater);
        let fault = RowFault::Expression { site: self.ascending.site, fault };
        RunError::Row(Arc::new(RowError { fault, place: None }))
    }
}

/// The rows that are compared without a look whether the run must stop.
const ROWS_BETWEEN_LOOKS: usize = 8192;

impl Groups {
    /// The first row that comes behind a greater one of its group.
    pub fn first_unordered(&self, seen: &Seen, watch: &Watch) -> Result<Option<Unordered>, RunError> {
        let mut first: Option<(usize, usize, Ascending, &Column)> = None;
        for (ascending, column) in self.wanted_orders() {
            let keys = Keys::of_while(std::slice::from_ref(column), column.len(), &[], &|| watch.check())?;
            for group in self.starts.windows(2) {
                for place in group[0] + 1..group[1] {
                    if place % ROWS_BETWEEN_LOOKS == 0 {
                        watch.check()?;
                    }
                    let (before, row) = (self.row_at(place - 1), self.row_at(place));
                    let is_first = first.as_ref().is_none_or(|(first, ..)| row < *first);
                    if is_first && keys.get(before) > keys.get(row) {
                        first = Some((row, before, ascending, column));
                    }
                }
            }
        }
        Ok(first.map(|(row, before, ascending, column)| Unordered {
            row: seen.position(self.ordinal(row)),
            before: seen.position(self.ordinal(before)),
            ascending,
            value: column.get(row),
            greater: column.get(before),
        }))
    }

    /// What rows are to be sorted by, in the order in which it is demanded.
    fn wanted_orders(&self) -> Vec<(Ascending, &Column)> {
        let mut at = 0;
        let mut wanted = Vec::new();
        for function in &self.layout.functions {
            if let WindowKind::Session { time, .. } = &function.kind {
                wanted.push((*time, &self.demanded[at]));
            }
            at += function.types.len();
        }
        wanted.extend(self.layout.on.map(|on| (on, &self.demanded[at])));
        wanted
    }
}
