//! Windows: all rows are kept as they come, grouped by their keys, and every function makes a column over the rows of each
//! group, in their order. What one function makes of some of the groups is a piece of work by itself.
//!
//! In here a *place* is where a row stands when the groups stand one behind the other, as they were first met.
//!
//! Where the rows are too many for the memory that they may have, they go to disk by the hash of their keys
//! ([`Partitions`]), and the groups of each part are computed by themselves in the end.

mod frame;
mod function;

use crate::batch::keys::Keys;
use crate::batch::{Batch, Column};
use crate::error::{RowError, RowFault, RunError};
use crate::limits::Watch;
use crate::memory::Share;
use crate::reducers::Reducers;
use crate::spill::partitions::DEEPEST;
use crate::spill::{Partitions, ROWS, Rows, Runs};
use ahash::RandomState;
use arrow_array::UInt32Array;
use hashbrown::HashMap;
use pipelang_lang::ir::{Ascending, WindowKind};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::{Kind, Type};
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
    seen: Seen,
    share: Share,
    /// How often the rows that come have been parted.
    level: u32,
    parted: Vec<Partitions>,
}

/// Some rows: their ordinals, which need not follow each other, and their columns.
#[derive(Debug)]
struct Part {
    ordinals: Vec<u64>,
    keys: Keys,
    /// What the functions demand, and what rows are sorted by.
    demanded: Batch,
    carried: Batch,
}

impl Part {
    fn size(&self) -> u64 {
        self.demanded.size() + self.carried.size() + self.keys.size() + (self.ordinals.len() * size_of::<u64>()) as u64
    }

    /// All columns, to be written to disk: the keys as bytes, what is demanded, then what goes on.
    fn whole(self) -> Batch {
        let keys: Vec<Scalar> = self.keys.iter().map(|key| Scalar::Bytes(key.into())).collect();
        let keys = Column::from_scalars(&Kind::Bytes, &keys);
        let mut whole = self.carried;
        let shift = self.demanded.columns.len() as u32 + 1;
        whole.columns.splice(..0, std::iter::once(keys).chain(self.demanded.columns));
        whole.faults.iter_mut().for_each(|fault| fault.column += shift);
        whole
    }
}

/// The ordinals of all rows, as the first of each morsel and how many there are.
#[derive(Clone, Debug, Default)]
struct Seen(Vec<(u64, usize)>);

impl Seen {
    /// How many rows stand before that of an ordinal; the morsels are sorted.
    fn position(&self, ordinal: u64) -> u64 {
        let morsel = self.0.partition_point(|(first, _)| *first <= ordinal).saturating_sub(1);
        let before: usize = self.0[..morsel].iter().map(|(_, rows)| rows).sum();
        before as u64 + (ordinal - self.0[morsel].0)
    }
}

impl Windower {
    /// No rows yet; they may have `share`.
    pub fn new(layout: Layout, share: Share) -> Windower {
        Windower { layout, parts: Vec::new(), seen: Seen::default(), share, level: 0, parted: Vec::new() }
    }

    /// Takes rows whose ordinals are `first_ordinal ..`.
    pub fn push(&mut self, first_ordinal: u64, mut batch: Batch) -> Result<(), RunError> {
        if batch.rows == 0 {
            return Ok(());
        }
        self.seen.0.push((first_ordinal, batch.rows));
        let arguments: usize = self.layout.functions.iter().map(|function| function.types.len()).sum();
        let keys: Vec<Column> = batch.columns.drain(arguments..arguments + self.layout.keys).collect();
        let keys = Keys::of(&keys, batch.rows, &[]);
        batch.columns.iter_mut().for_each(|column| *column = column.compact());
        // What is demanded has no faults any more.
        let (keyed, shift) = (arguments + self.layout.keys, self.layout.keys as u32);
        batch.faults.retain_mut(|fault| {
            let is_carried = fault.column as usize >= keyed;
            fault.column -= if is_carried { shift } else { 0 };
            is_carried
        });
        let ordinals = (first_ordinal..).take(batch.rows).collect();
        let part = self.part(ordinals, keys, batch);
        self.hold(part)
    }

    /// Some rows, of which `batch` has what is demanded and what goes on.
    fn part(&self, ordinals: Vec<u64>, keys: Keys, mut batch: Batch) -> Part {
        let arguments: usize = self.layout.functions.iter().map(|function| function.types.len()).sum();
        let shift = arguments + usize::from(self.layout.on.is_some());
        let mut carried = Batch::new(batch.rows, batch.columns.split_off(shift));
        carried.faults = batch.faults;
        carried.faults.retain_mut(|fault| {
            let at = fault.column.checked_sub(shift as u32);
            fault.column = at.unwrap_or_default();
            at.is_some()
        });
        Part { ordinals, keys, demanded: Batch::new(batch.rows, batch.columns), carried }
    }

    /// The same of what was written to disk.
    fn part_read(&self, ordinals: Vec<u64>, mut batch: Batch) -> Part {
        let column = batch.columns.remove(0);
        batch.faults.iter_mut().for_each(|fault| fault.column -= 1);
        let mut keys = Keys::default();
        for row in 0..batch.rows {
            match column.get(row) {
                Scalar::Bytes(key) => keys.push(&key),
                other => unreachable!("a key is {other:?}"),
            }
        }
        self.part(ordinals, keys, batch)
    }

    fn hold(&mut self, part: Part) -> Result<(), RunError> {
        let too_much = self.share.add(part.size());
        self.parts.push(part);
        match too_much {
            true if self.layout.keys > 0 && self.level < DEEPEST => self.spill(),
            true => self.share.check_limit("one group of a `window`"),
            false => Ok(()),
        }
    }

    /// Writes the rows that are in memory to disk.
    fn spill(&mut self) -> Result<(), RunError> {
        let hasher = RandomState::with_seeds(1, 2, 3, 4);
        if self.parted.is_empty() {
            self.parted.push(Partitions::new(self.level, self.share.memory()));
        }
        let partitions = self.parted.last_mut().expect("there is one");
        for part in self.parts.drain(..) {
            let hashes: Vec<u64> = part.keys.iter().map(|key| hasher.hash_one(key)).collect();
            let ordinals = part.ordinals.clone();
            let rows = hashes.into_iter().zip(ordinals).enumerate();
            partitions.write(&part.whole(), rows.map(|(row, (hash, ordinal))| (row, hash, ordinal)))?;
        }
        self.share.clear();
        Ok(())
    }

    /// Takes over what another worker has seen.
    pub fn merge(&mut self, mut other: Windower) {
        self.parts.append(&mut other.parts);
        self.seen.0.append(&mut other.seen.0);
        self.share.merge(&mut other.share);
        self.parted.append(&mut other.parted);
    }

    /// The error of the first row that is not sorted as it is to be, among those whose ordinals are below `end`.
    pub fn out_of_order(self, end: u64, watch: &Watch) -> Option<RunError> {
        let finished = self.finish_below(end, watch, &mut |_| Ok(Batch::default()));
        finished.err()
    }

    /// The rows with what `compute` makes of their groups. It fails where they are not sorted as they are to be.
    pub fn finish(
        self,
        watch: &Watch,
        compute: &mut dyn FnMut(Groups) -> Result<Batch, RunError>,
    ) -> Result<Rows, RunError> {
        self.finish_below(u64::MAX, watch, compute)
    }

    fn finish_below(
        mut self,
        end: u64,
        watch: &Watch,
        compute: &mut dyn FnMut(Groups) -> Result<Batch, RunError>,
    ) -> Result<Rows, RunError> {
        let mut seen = std::mem::take(&mut self.seen);
        seen.0.sort_unstable();
        if self.parted.is_empty() {
            let Some((_, groups)) = self.close(end, watch)? else { return Ok(Rows::None) };
            if let Some(unordered) = groups.first_unordered(&seen, watch)? {
                return Err(unordered.error());
            }
            return compute(groups).map(Rows::Batch);
        }
        let mut parted = Parted { end, watch, seen, compute, runs: Runs::new(&watch.memory, None), first: None };
        parted.finish(self)?;
        match parted.first {
            Some(unordered) => Err(unordered.error()),
            None => Ok(parted.runs.into_merge()?.into()),
        }
    }

    /// All rows in their groups, and their ordinals; nothing of no rows.
    fn close(mut self, end: u64, watch: &Watch) -> Result<Option<(Vec<u64>, Groups)>, RunError> {
        self.parts.retain(|part| part.ordinals.first().is_some_and(|first| *first < end));
        self.parts.sort_unstable_by_key(|part| part.ordinals[0]);
        let (mut demanded, mut carried, mut keys, mut ordinals) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for part in self.parts {
            demanded.push(part.demanded);
            carried.push(part.carried);
            keys.push(part.keys);
            ordinals.extend(part.ordinals);
        }
        let concat = |parts: &[Batch]| Batch::concat_while(parts, &|| watch.check());
        let (Some(demanded), Some(carried)) = (concat(&demanded)?, concat(&carried)?) else { return Ok(None) };
        let (rows, starts) = grouped(&keys, demanded.rows, watch)?;
        let layout = self.layout;
        let groups = Groups { layout, demanded: demanded.columns, carried, rows, starts, ordinals: ordinals.clone() };
        Ok(Some((ordinals, groups)))
    }
}

/// Groups that are computed part by part.
struct Parted<'a> {
    end: u64,
    watch: &'a Watch,
    seen: Seen,
    compute: &'a mut dyn FnMut(Groups) -> Result<Batch, RunError>,
    runs: Runs,
    /// The first row so far that is not in order.
    first: Option<Unordered>,
}

impl Parted<'_> {
    fn finish(&mut self, mut windower: Windower) -> Result<(), RunError> {
        if windower.parted.is_empty() {
            return self.compute(windower);
        }
        windower.spill()?;
        let (layout, level) = (windower.layout.clone(), windower.level + 1);
        for mut part in Partitions::close(windower.parted, self.watch)? {
            let mut deeper = Windower { level, ..Windower::new(layout.clone(), self.watch.memory.share(1)) };
            while let Some(rows) = part.next_rows(ROWS)? {
                self.watch.check()?;
                let rows = if self.end == u64::MAX { rows } else { rows.below(self.end) };
                deeper.hold(deeper.part_read(rows.ordinals, rows.batch))?;
            }
            self.finish(deeper)?;
        }
        Ok(())
    }

    /// Writes the rows of one part, computed, to a run.
    fn compute(&mut self, windower: Windower) -> Result<(), RunError> {
        let Some((ordinals, groups)) = windower.close(self.end, self.watch)? else { return Ok(()) };
        let unordered = groups.first_unordered(&self.seen, self.watch)?;
        self.first = self.first.take().into_iter().chain(unordered).min_by_key(|unordered| unordered.row);
        if self.first.is_some() {
            return Ok(());
        }
        let batch = (self.compute)(groups)?;
        self.runs.learn(&batch);
        let mut rows: Vec<usize> = (0..batch.rows).collect();
        rows.sort_unstable_by_key(|row| ordinals[*row]);
        let mut run = self.runs.begin()?;
        for row in rows {
            run.write(&[], ordinals[row], &batch, row)?;
        }
        self.runs.add(run.finish()?, self.watch)
    }
}

/// A row that comes behind a greater one of its group.
struct Unordered {
    /// How many rows stand before it, and before the other.
    row: u64,
    before: u64,
    ascending: Ascending,
    value: Scalar,
    greater: Scalar,
}

impl Unordered {
    fn error(&self) -> RunError {
        let fault = self.ascending.fault(self.row, &self.value, self.before, &self.greater);
        let fault = RowFault::Expression { site: self.ascending.site, fault };
        RunError::Row(Arc::new(RowError { fault, place: None }))
    }
}

/// The rows that are grouped without a look whether the run must stop.
const ROWS_BETWEEN_LOOKS: usize = 4096;

/// Rows by group: which row stands at each place, and the place where each group starts, with the end behind the last.
fn grouped(keys: &[Keys], rows: usize, watch: &Watch) -> Result<(Vec<u32>, Vec<usize>), RunError> {
    let mut tickets: HashMap<&[u8], u32, RandomState> = HashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
    let mut group_of = Vec::with_capacity(rows);
    let mut starts = vec![0];
    for (row, key) in keys.iter().flat_map(Keys::iter).enumerate() {
        if row % ROWS_BETWEEN_LOOKS == 0 {
            watch.check()?;
        }
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
    Ok((at_place, starts))
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
    ordinals: Vec<u64>,
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

    /// The first row that comes behind a greater one of its group.
    fn first_unordered(&self, seen: &Seen, watch: &Watch) -> Result<Option<Unordered>, RunError> {
        let mut first: Option<(u32, u32, Ascending, &Column)> = None;
        let ordinal = |row: u32| self.ordinals[row as usize];
        for (ascending, column) in self.wanted_orders() {
            watch.check()?;
            let keys = Keys::of(std::slice::from_ref(column), self.rows.len(), &[]);
            for group in self.starts.windows(2) {
                for pair in self.rows[group[0]..group[1]].windows(2) {
                    let is_first = first.as_ref().is_none_or(|(row, ..)| ordinal(pair[1]) < ordinal(*row));
                    if is_first && keys.get(pair[0] as usize) > keys.get(pair[1] as usize) {
                        first = Some((pair[1], pair[0], ascending, column));
                    }
                }
            }
        }
        Ok(first.map(|(row, before, ascending, column)| Unordered {
            row: seen.position(ordinal(row)),
            before: seen.position(ordinal(before)),
            ascending,
            value: column.get(row as usize),
            greater: column.get(before as usize),
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
