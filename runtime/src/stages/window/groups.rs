//! All rows of a window in their groups. Columns that go on stay in pieces and are never gathered; what is demanded is, one
//! row behind the other, with looks in between.

use super::function::Span;
use super::made::Made;
use super::{Layout, Ordinals, Part};
use crate::batch::{Batch, Column};
use crate::error::RunError;
use crate::index::{Index, chunks};
use crate::limits::Watch;
use crate::reducers::Reducers;
use ahash::RandomState;
use arrow_array::UInt32Array;
use std::ops::Range;

/// The least rows of a piece that goes on.
const ROWS_OF_PIECE: usize = 1 << 16;

/// The rows that are gathered without a look whether the run must stop.
const ROWS_BETWEEN_LOOKS: usize = 1 << 14;

/// All rows in their groups.
#[derive(Debug)]
pub struct Groups {
    pub(super) layout: Layout,
    parts: Vec<Part>,
    /// Of each of several parts the first row, and the ordinals.
    ordinals: Vec<(usize, Ordinals)>,
    pub(super) demanded: Vec<Column>,
    /// What goes on, each with its first row.
    carried: Vec<(usize, Batch)>,
    /// The row at each place and the place of each row; empty if there is one group, where they are the same.
    rows: Vec<u32>,
    places: Vec<u32>,
    /// The first place of each group, and the end.
    pub(super) starts: Vec<usize>,
}

/// What one function makes of some groups.
#[derive(Clone, Debug)]
pub struct Piece {
    function: usize,
    groups: Range<usize>,
}

impl Groups {
    /// Of rows that are still to be put into them, one part behind the other.
    pub(super) fn new(layout: Layout, parts: Vec<Part>) -> Groups {
        let (ordinals, demanded, carried) = (Vec::new(), Vec::new(), Vec::new());
        Groups { layout, parts, ordinals, demanded, carried, rows: Vec::new(), places: Vec::new(), starts: Vec::new() }
    }

    /// Puts all rows into their groups.
    pub(super) fn close(&mut self, watch: &Watch) -> Result<(), RunError> {
        let rows: usize = self.parts.iter().map(Part::rows).sum();
        if u32::try_from(rows).is_err() {
            return Err(RunError::Limit(format!("a `window` has {rows} rows at once, more than {}", u32::MAX)));
        }
        match self.layout.keys {
            0 => self.starts = vec![0, rows],
            _ => self.group(rows, watch)?,
        }
        self.bring_together(watch)
    }

    fn group(&mut self, rows: usize, watch: &Watch) -> Result<(), RunError> {
        let hasher = RandomState::with_seeds(1, 2, 3, 4);
        let mut tickets = Index::with_capacity(0);
        // Of each group the row that was met first, as a part and a row of it.
        let mut first: Vec<(u32, u32)> = Vec::new();
        self.starts.push(0);
        self.places.reserve_exact(rows);
        for (at, part) in self.parts.iter().enumerate() {
            for some in chunks(part.rows()) {
                watch.check()?;
                tickets.reserve(some.len(), &|| watch.check())?;
                let hashes = part.keys.hashes(some.clone(), &hasher);
                tickets.fetch(&hashes);
                for (row, hash) in some.zip(hashes) {
                    let key = part.keys.get(row);
                    let is_key = |group: usize| {
                        let (part, row) = first[group];
                        self.parts[part as usize].keys.get(row as usize) == key
                    };
                    let group = tickets.find_or_insert(hash, first.len(), is_key).unwrap_or_else(|| {
                        first.push((at as u32, row as u32));
                        self.starts.push(0);
                        first.len() - 1
                    });
                    self.starts[group + 1] += 1;
                    self.places.push(group as u32);
                }
            }
        }
        self.parts.iter_mut().for_each(|part| part.keys = Default::default());
        for group in 1..self.starts.len() {
            self.starts[group] += self.starts[group - 1];
        }
        if self.starts.len() == 2 {
            self.places = Vec::new();
            return Ok(());
        }
        let mut next = self.starts.clone();
        self.rows = vec![0; rows];
        for some in chunks(rows) {
            watch.check()?;
            for row in some {
                let next = &mut next[self.places[row] as usize];
                self.rows[*next] = row as u32;
                self.places[row] = *next as u32;
                *next += 1;
            }
        }
        Ok(())
    }

    /// Makes one of all parts.
    fn bring_together(&mut self, watch: &Watch) -> Result<(), RunError> {
        for column in 0..self.parts[0].demanded.columns.len() {
            let parts: Vec<&Column> = self.parts.iter().map(|part| &part.demanded.columns[column]).collect();
            self.demanded.push(Column::concat_while(&parts, &|| watch.check())?);
        }
        let (mut rows, mut piece) = (0, Vec::new());
        let last = self.parts.len() - 1;
        for (at, part) in self.parts.iter_mut().enumerate() {
            self.ordinals.push((rows, std::mem::replace(&mut part.ordinals, Ordinals::From(0))));
            rows += part.rows();
            part.demanded = Batch::default();
            piece.push(std::mem::take(&mut part.carried));
            let rows_of_piece: usize = piece.iter().map(|batch: &Batch| batch.rows).sum();
            if rows_of_piece >= ROWS_OF_PIECE || at == last {
                watch.check()?;
                self.carried.extend(Batch::concat(&piece).map(|batch| (rows - rows_of_piece, batch)));
                piece.clear();
            }
        }
        self.parts.clear();
        Ok(())
    }

    /// The row at a place.
    pub(super) fn row_at(&self, place: usize) -> usize {
        self.rows.get(place).map_or(place, |row| *row as usize)
    }

    /// The ordinal of a row.
    pub(super) fn ordinal(&self, row: usize) -> u64 {
        let (first, ordinals) = &self.ordinals[self.ordinals.partition_point(|(first, _)| *first <= row) - 1];
        ordinals.get(row - first)
    }

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

    /// What comes of a piece: columns that together have a value for each place of its groups.
    pub fn compute(&self, piece: &Piece, reducers: &Reducers, watch: &Watch) -> Result<Vec<Column>, RunError> {
        let function = &self.layout.functions[piece.function];
        let starts = &self.starts[piece.groups.start..=piece.groups.end];
        let places = starts[0]..starts[starts.len() - 1];
        let first: usize = self.layout.functions[..piece.function].iter().map(|function| function.types.len()).sum();
        let gathered = |column: &Column| self.gathered(column, places.clone(), watch);
        let columns = &self.demanded[first..first + function.types.len()];
        let on = self.layout.on.and_then(|_| self.demanded.last());
        let span = Span {
            function,
            columns: columns.iter().map(gathered).collect::<Result<_, _>>()?,
            on: on.map(gathered).transpose()?,
            starts: starts.iter().map(|start| start - starts[0]).collect(),
        };
        span.compute(reducers, watch)
    }

    /// The values at some places, in their order.
    fn gathered(&self, column: &Column, places: Range<usize>, watch: &Watch) -> Result<Column, RunError> {
        let Some(rows) = self.rows.get(places.clone()) else { return Ok(column.slice(places.start, places.len())) };
        let take = |rows: &[u32]| watch.check().map(|()| column.take(&UInt32Array::from(rows.to_vec())).compact());
        let taken: Vec<Column> = rows.chunks(ROWS_BETWEEN_LOOKS).map(take).collect::<Result<_, _>>()?;
        Column::concat_while(&taken.iter().collect::<Vec<_>>(), &|| watch.check())
    }

    /// What each function made, from what came of all pieces in their order.
    pub fn made(&self, pieces: Vec<Vec<Column>>) -> Vec<Made> {
        let functions = self.layout.functions.len();
        let each = pieces.len() / functions.max(1);
        let mut pieces = pieces.into_iter();
        (0..functions).map(|_| Made::new(pieces.by_ref().take(each).flatten())).collect()
    }

    /// What the functions demanded.
    pub(super) fn into_demanded(self) -> Batch {
        Batch::new(self.starts.last().copied().unwrap_or(0), self.demanded)
    }

    /// In how many parts the rows go on.
    pub fn parts(&self) -> usize {
        self.carried.len()
    }

    /// The rows of a part with their new columns.
    pub fn finish(&self, part: usize, made: &[Made]) -> Batch {
        let (first, mut batch) = self.carried[part].clone();
        let rows = first..first + batch.rows;
        let places: Vec<usize> = match self.places.get(rows.clone()) {
            Some(places) => places.iter().map(|place| *place as usize).collect(),
            None => rows.collect(),
        };
        batch.columns.extend(made.iter().map(|made| made.take(&places)));
        batch
    }
}
