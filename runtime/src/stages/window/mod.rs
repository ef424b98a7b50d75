//! Windows: all rows are kept as they come, grouped by their keys, and every function makes a column over the rows of each
//! group, in their order. What one function makes of some of the groups is a piece of work by itself.
//!
//! In here a *place* is where a row stands when the groups stand one behind the other, as they were first met.
//!
//! Where the rows are too many for the memory that they may have, they go to disk by the hash of their keys
//! ([`Partitions`]), and the groups of each part are computed by themselves in the end.

mod frame;
mod function;
mod groups;
mod made;
mod order;

pub use groups::{Groups, Piece};
pub use made::Made;

use crate::batch::keys::Keys;
use crate::batch::{Batch, Column};
use crate::error::RunError;
use crate::limits::Watch;
use crate::memory::Share;
use crate::spill::partitions::DEEPEST;
use crate::spill::{Partitions, ROWS, Rows, Runs};
use ahash::RandomState;
use order::{Seen, Unordered};
use pipelang_lang::ir::{Ascending, WindowKind};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::{Kind, Type};

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
    /// All of them, in the end: whoever is told to stop has them with all else that takes long to be freed.
    groups: Option<Groups>,
    seen: Seen,
    share: Share,
    /// How often the rows that come have been parted.
    level: u32,
    parted: Vec<Partitions>,
}

/// Some rows.
#[derive(Debug)]
struct Part {
    ordinals: Ordinals,
    keys: Keys,
    /// What the functions demand, and what rows are sorted by.
    demanded: Batch,
    carried: Batch,
}

impl Part {
    fn size(&self) -> u64 {
        self.demanded.size() + self.carried.size() + self.keys.size() + self.ordinals.size()
    }

    fn rows(&self) -> usize {
        self.carried.rows
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

/// Ascending ordinals.
#[derive(Debug)]
enum Ordinals {
    /// This one and those that follow it.
    From(u64),
    /// Some, of which others are elsewhere.
    Each(Vec<u64>),
}

impl Ordinals {
    fn get(&self, row: usize) -> u64 {
        match self {
            Ordinals::From(first) => first + row as u64,
            Ordinals::Each(all) => all[row],
        }
    }

    fn size(&self) -> u64 {
        match self {
            Ordinals::From(_) => 0,
            Ordinals::Each(all) => (all.len() * size_of::<u64>()) as u64,
        }
    }
}

impl Windower {
    /// No rows yet; they may have `share`.
    pub fn new(layout: Layout, share: Share) -> Windower {
        Windower { layout, parts: Vec::new(), groups: None, seen: Seen::default(), share, level: 0, parted: Vec::new() }
    }

    /// Takes rows whose ordinals are `first_ordinal ..`.
    pub fn push(&mut self, first_ordinal: u64, mut batch: Batch, watch: &Watch) -> Result<(), RunError> {
        if batch.rows == 0 {
            return Ok(());
        }
        self.seen.add(first_ordinal, batch.rows);
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
        let part = self.part(Ordinals::From(first_ordinal), keys, batch);
        self.hold(part, watch)
    }

    /// Some rows, of which `batch` has what is demanded and what goes on.
    fn part(&self, ordinals: Ordinals, keys: Keys, mut batch: Batch) -> Part {
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
        self.part(Ordinals::Each(ordinals), keys, batch)
    }

    fn hold(&mut self, part: Part, watch: &Watch) -> Result<(), RunError> {
        let too_much = self.share.add(part.size());
        self.parts.push(part);
        match too_much {
            true if self.layout.keys > 0 && self.level < DEEPEST => self.spill(watch),
            true => self.share.check_limit("one group of a `window`"),
            false => Ok(()),
        }
    }

    /// Writes the rows that are in memory to disk.
    fn spill(&mut self, watch: &Watch) -> Result<(), RunError> {
        let hasher = RandomState::with_seeds(1, 2, 3, 4);
        if self.parted.is_empty() {
            self.parted.push(Partitions::new(self.level, self.share.memory()));
        }
        let partitions = self.parted.last_mut().expect("there is one");
        for part in self.parts.drain(..) {
            watch.check()?;
            let hashes = part.keys.hashes(0..part.rows(), &hasher);
            let ordinals: Vec<u64> = (0..part.rows()).map(|row| part.ordinals.get(row)).collect();
            let rows = hashes.into_iter().zip(ordinals).enumerate();
            partitions.write(&part.whole(), rows.map(|(row, (hash, ordinal))| (row, hash, ordinal)))?;
        }
        self.share.clear();
        Ok(())
    }

    /// Takes over what another worker has seen.
    pub fn merge(&mut self, mut other: Windower) {
        self.parts.append(&mut other.parts);
        self.seen.merge(other.seen);
        self.share.merge(&mut other.share);
        self.parted.append(&mut other.parted);
    }

    /// The error of the first row that is not sorted as it is to be, among those whose ordinals are below `end`.
    pub fn out_of_order(mut self, end: u64, watch: &Watch) -> Option<RunError> {
        let finished = self.finish_below(end, watch, &mut |_| Ok(Vec::new()));
        finished.err()
    }

    /// The rows with what `compute` makes of their groups. It fails where they are not sorted as they are to be.
    pub fn finish(&mut self, watch: &Watch, compute: Compute) -> Result<Rows, RunError> {
        self.finish_below(u64::MAX, watch, compute)
    }

    fn finish_below(&mut self, end: u64, watch: &Watch, compute: Compute) -> Result<Rows, RunError> {
        let mut seen = std::mem::take(&mut self.seen);
        seen.sort();
        if self.parted.is_empty() {
            let Some(groups) = self.close(end, watch)? else { return Ok(Rows::None) };
            if let Some(unordered) = groups.first_unordered(&seen, watch)? {
                return Err(unordered.error());
            }
            return compute(groups).map(Rows::from);
        }
        let mut parted = Parted { end, watch, seen, compute, runs: Runs::new(&watch.memory, None), first: None };
        parted.finish(self)?;
        match parted.first {
            Some(unordered) => Err(unordered.error()),
            None => Ok(parted.runs.into_merge()?.into()),
        }
    }

    /// What the functions demanded, in the end.
    pub fn into_batches(self) -> Vec<Batch> {
        self.groups.map(Groups::into_demanded).into_iter().collect()
    }

    /// All rows in their groups; nothing of no rows.
    fn close(&mut self, end: u64, watch: &Watch) -> Result<Option<&Groups>, RunError> {
        self.parts.retain(|part| part.rows() > 0 && part.ordinals.get(0) < end);
        self.parts.sort_unstable_by_key(|part| part.ordinals.get(0));
        if self.parts.is_empty() {
            return Ok(None);
        }
        let groups = self.groups.insert(Groups::new(self.layout.clone(), std::mem::take(&mut self.parts)));
        groups.close(watch)?;
        Ok(Some(groups))
    }
}

/// Makes the rows of some groups, in their order.
type Compute<'a> = &'a mut dyn FnMut(&Groups) -> Result<Vec<Batch>, RunError>;

/// Groups that are computed part by part.
struct Parted<'a> {
    end: u64,
    watch: &'a Watch,
    seen: Seen,
    compute: Compute<'a>,
    runs: Runs,
    /// The first row so far that is not in order.
    first: Option<Unordered>,
}

impl Parted<'_> {
    fn finish(&mut self, windower: &mut Windower) -> Result<(), RunError> {
        if windower.parted.is_empty() {
            return self.compute(windower);
        }
        windower.spill(self.watch)?;
        let (layout, level) = (windower.layout.clone(), windower.level + 1);
        for mut part in Partitions::close(std::mem::take(&mut windower.parted), self.watch)? {
            let mut deeper = Windower { level, ..Windower::new(layout.clone(), self.watch.memory.share(1)) };
            while let Some(rows) = part.next_rows(ROWS)? {
                self.watch.check()?;
                let rows = if self.end == u64::MAX { rows } else { rows.below(self.end) };
                deeper.hold(deeper.part_read(rows.ordinals, rows.batch), self.watch)?;
            }
            self.finish(&mut deeper)?;
        }
        Ok(())
    }

    /// Writes the rows of one part, computed, to a run.
    fn compute(&mut self, windower: &mut Windower) -> Result<(), RunError> {
        let Some(groups) = windower.close(self.end, self.watch)? else { return Ok(()) };
        let unordered = groups.first_unordered(&self.seen, self.watch)?;
        self.first = self.first.take().into_iter().chain(unordered).min_by_key(|unordered| unordered.row);
        if self.first.is_some() {
            return Ok(());
        }
        let batches = (self.compute)(groups)?;
        let mut run = self.runs.begin()?;
        let mut before = 0;
        for batch in &batches {
            self.runs.learn(batch);
            for row in 0..batch.rows {
                if row % ROWS_BETWEEN_LOOKS == 0 {
                    self.watch.check()?;
                }
                run.write(&[], groups.ordinal(before + row), batch, row)?;
            }
            before += batch.rows;
        }
        self.runs.add(run.finish()?, self.watch)
    }
}

/// The rows that are written without a look whether the run must stop.
const ROWS_BETWEEN_LOOKS: usize = 4096;
