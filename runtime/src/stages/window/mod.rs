//! Windows: all rows are kept as they come, grouped by their keys, and every function makes a column over the rows of each
//! group, in their order. What one function makes of some of the groups is a piece of work by itself.
//!
//! In here a *place* is where a row stands when the groups stand one behind the other, as they were first met.

mod frame;
mod function;

use crate::batch::keys::Keys;
use crate::batch::{Batch, Column};
use crate::error::{RowError, RowFault, RunError};
use crate::limits::Watch;
use crate::reducers::Reducers;
use ahash::RandomState;
use arrow_array::UInt32Array;
use hashbrown::HashMap;
use pipelang_lang::ir::{Ascending, WindowKind};
use pipelang_lang::ty::Type;
use std::ops::Range;
use std::sync::Arc;

/// How the columns of a pushed batch are used: for each function what it demands, then the keys, then what rows are sorted
/// by, then what goes on.
#[derive(Clone, Debug)]
pub struct Layout {
    /// What is computed.
    pub functions: Vec<Function>,
    /// How many keys there are; without keys all rows are one group.
    pub keys: usize,
    /// What rows are to be sorted by.
    pub on: Option<Ascending>,
}

/// A function of a window.
#[derive(Clone, Debug)]
pub struct Function {
    /// What it gives.
    pub kind: WindowKind,
    /// The types of what it demands.
    pub types: Vec<Type>,
    /// The type of its column.
    pub result: Type,
}

/// The rows that one worker has seen.
#[derive(Debug)]
pub struct Windower {
    layout: Layout,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    first_ordinal: u64,
    keys: Keys,
    /// What the functions demand, and what rows are sorted by.
    demanded: Batch,
    carried: Batch,
}

impl Windower {
    /// No rows yet.
    pub fn new(layout: Layout) -> Windower {
        Windower { layout, parts: Vec::new() }
    }

    /// Takes rows whose ordinals are `first_ordinal ..`.
    pub fn push(&mut self, first_ordinal: u64, mut batch: Batch) {
        if batch.rows == 0 {
            return;
        }
        let arguments: usize = self.layout.functions.iter().map(|function| function.types.len()).sum();
        let on = usize::from(self.layout.on.is_some());
        let shift = arguments + self.layout.keys + on;
        let carried = batch.columns.split_off(shift);
        let keys: Vec<Column> = batch.columns.drain(arguments..arguments + self.layout.keys).collect();
        let compact = |columns: &[Column]| columns.iter().map(Column::compact).collect();
        let demanded = Batch::new(batch.rows, compact(&batch.columns));
        let mut carried = Batch::new(batch.rows, compact(&carried));
        // What is demanded has no faults any more.
        carried.faults = batch.faults;
        carried.faults.retain_mut(|fault| {
            let at = fault.column.checked_sub(shift as u32);
            fault.column = at.unwrap_or_default();
            at.is_some()
        });
        let keys = Keys::of(&keys, batch.rows, &[]);
        self.parts.push(Part { first_ordinal, keys, demanded, carried });
    }

    /// Takes over what another worker has seen.
    pub fn merge(&mut self, other: Windower) {
        self.parts.extend(other.parts);
    }

    /// The error of the first row that is not sorted as it is to be, among those whose ordinals are below `end`.
    pub fn out_of_order(mut self, end: u64) -> Option<RunError> {
        self.parts.retain(|part| part.first_ordinal < end);
        self.close().err()
    }

    /// All rows in their groups; nothing of no rows. It fails where they are not sorted as they are to be.
    pub fn close(mut self) -> Result<Option<Groups>, RunError> {
        self.parts.sort_unstable_by_key(|part| part.first_ordinal);
        let (mut demanded, mut carried, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        for part in self.parts {
            demanded.push(part.demanded);
            carried.push(part.carried);
            keys.push(part.keys);
        }
        let (Some(demanded), Some(carried)) = (Batch::concat(&demanded), Batch::concat(&carried)) else {
            return Ok(None);
        };
        let (rows, starts) = grouped(&keys, demanded.rows);
        let groups = Groups { layout: self.layout, demanded: demanded.columns, carried, rows, starts };
        groups.check_order()?;
        Ok(Some(groups))
    }
}

/// Rows by group: which row stands at each place, and the place where each group starts, with the end behind the last.
fn grouped(keys: &[Keys], rows: usize) -> (Vec<u32>, Vec<usize>) {
    let mut tickets: HashMap<&[u8], u32, RandomState> = HashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
    let mut group_of = Vec::with_capacity(rows);
    let mut starts = vec![0];
    for key in keys.iter().flat_map(Keys::iter) {
        let next = tickets.len() as u32;
        let group = *tickets.entry(key).or_insert(next) as usize;
        starts.resize(starts.len().max(group + 2), 0);
        starts[group + 1] += 1;
        group_of.push(group);
    }
    for group in 1..starts.len() {
        starts[group] += starts[group - 1];
    }
    let mut next = starts.clone();
    let mut at_place = vec![0; rows];
    for (row, group) in group_of.into_iter().enumerate() {
        at_place[next[group]] = row as u32;
        next[group] += 1;
    }
    (at_place, starts)
}

/// All rows in their groups.
#[derive(Debug)]
pub struct Groups {
    layout: Layout,
    demanded: Vec<Column>,
    carried: Batch,
    /// The row at each place.
    rows: Vec<u32>,
    /// The first place of each group, and the end.
    starts: Vec<usize>,
}

/// What one function makes of some groups.
#[derive(Clone, Debug)]
pub struct Piece {
    function: usize,
    groups: Range<usize>,
}

impl Groups {
    /// The whole work, in pieces of at least so many rows where there are so many; a group is never cut.
    pub fn pieces(&self, least_rows: usize) -> Vec<Piece> {
        let mut spans: Vec<Range<usize>> = Vec::new();
        let mut first = 0;
        for group in 0..self.starts.len() - 1 {
            if self.starts[group + 1] - self.starts[first] >= least_rows || group + 2 == self.starts.len() {
                spans.push(first..group + 1);
                first = group + 1;
            }
        }
        let functions = 0..self.layout.functions.len();
        functions
            .flat_map(|function| spans.iter().map(move |groups| Piece { function, groups: groups.clone() }))
            .collect()
    }

    /// What comes of a piece: a value for each place of its groups.
    pub fn compute(&self, piece: &Piece, reducers: &Reducers, watch: &Watch) -> Result<Column, RunError> {
        let function = &self.layout.functions[piece.function];
        let starts = &self.starts[piece.groups.start..=piece.groups.end];
        let rows = &self.rows[starts[0]..starts[starts.len() - 1]];
        let rows = UInt32Array::from_iter_values(rows.iter().copied());
        let first: usize = self.layout.functions[..piece.function].iter().map(|function| function.types.len()).sum();
        let columns = self.demanded[first..first + function.types.len()].iter().map(|column| column.take(&rows));
        let span = function::Span {
            function,
            columns: columns.collect(),
            on: self.layout.on.and_then(|_| self.demanded.last()).map(|on| on.take(&rows)),
            starts: starts.iter().map(|start| start - starts[0]).collect(),
        };
        span.compute(reducers, watch)
    }

    /// The rows with their new columns, from what came of all pieces in their order.
    pub fn finish(self, made: Vec<Column>) -> Batch {
        let mut batch = self.carried;
        let mut places = vec![0u32; self.rows.len()];
        self.rows.iter().enumerate().for_each(|(place, row)| places[*row as usize] = place as u32);
        let places = UInt32Array::from(places);
        let pieces = made.len() / self.layout.functions.len().max(1);
        let columns = made.chunks(pieces.max(1)).map(|pieces| {
            let column = Column::concat(&pieces.iter().collect::<Vec<_>>());
            if self.starts.len() == 2 { column } else { column.take(&places) }
        });
        batch.columns.extend(columns);
        batch
    }

    /// Finds the first row that comes behind a greater one of its group.
    fn check_order(&self) -> Result<(), RunError> {
        let mut first: Option<(u32, u32, Ascending, &Column)> = None;
        for (ascending, column) in self.wanted_orders() {
            let keys = Keys::of(std::slice::from_ref(column), self.rows.len(), &[]);
            for group in self.starts.windows(2) {
                for pair in self.rows[group[0]..group[1]].windows(2) {
                    let is_first = first.as_ref().is_none_or(|(row, ..)| pair[1] < *row);
                    if is_first && keys.get(pair[0] as usize) > keys.get(pair[1] as usize) {
                        first = Some((pair[1], pair[0], ascending, column));
                    }
                }
            }
        }
        let Some((row, before, ascending, column)) = first else { return Ok(()) };
        let (value, greater) = (column.get(row as usize), column.get(before as usize));
        let fault = ascending.fault(row.into(), &value, before.into(), &greater);
        let fault = RowFault::Expression { site: ascending.site, fault };
        Err(RunError::Row(Arc::new(RowError { fault, place: None })))
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
