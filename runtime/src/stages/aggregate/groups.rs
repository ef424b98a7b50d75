//! The groups of one worker. Where nearly every row has a key of its own, they are in shards by the hash of their keys:
//! what several workers have of a shard is brought together without a look at the other shards, side by side.

use super::grouper::Grouper;
use super::{Keyed, Layout};
use crate::batch::Batch;
use crate::batch::keys::Keys;
use crate::error::RunError;
use crate::limits::Watch;
use crate::memory::Share;
use crate::spill::Rows;
use arrow_array::UInt32Array;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// How many shards there are.
const SHARDS: usize = 16;

/// Groups seem to be many if at most one of so many rows has a key that was met before.
const ROWS_TO_ONE_MET: usize = 512;

/// After so many rows a worker looks whether at least every second had a new key: keys may come in rounds.
const ROWS_OF_LOOK: usize = 1 << 18;

/// Whether the workers of a run keep their groups in shards: the first of them that has enough rows says it for all.
#[derive(Clone, Debug)]
pub struct Sharding {
    many: Arc<OnceLock<AtomicBool>>,
    enough_rows: usize,
}

impl Sharding {
    /// Of one worker, or of more of them: then so many rows may say that there are many groups.
    pub fn new(workers: usize, enough_rows: usize) -> Sharding {
        let many = if workers > 1 { OnceLock::new() } else { OnceLock::from(AtomicBool::new(false)) };
        Sharding { many: Arc::new(many), enough_rows }
    }

    /// Nothing if it is not yet said.
    fn are_many(&self) -> Option<bool> {
        self.many.get().map(|many| many.load(Ordering::Relaxed))
    }
}

/// The groups that one worker has seen, and those of the others that were taken over.
pub struct Groups {
    layout: Arc<Layout>,
    sharding: Sharding,
    /// Rows with their first ordinals, from before it was said whether there are shards.
    waiting: Vec<(u64, Batch)>,
    /// Rows that went to shards.
    rows: usize,
    /// One, or as many as there are.
    shards: Vec<Shard>,
    /// What was taken over.
    others: Vec<Groups>,
}

/// What each worker has of one shard.
pub struct Shard(Vec<Grouper>);

impl Groups {
    /// No groups yet; they may have `share`.
    pub fn new(layout: Layout, share: Share, sharding: Sharding) -> Groups {
        let layout = Arc::new(layout);
        // What may have to go to disk is in one piece.
        let sharding = if layout.keys == 0 || share.is_limited() { Sharding::new(1, 0) } else { sharding };
        let shards = vec![Shard(vec![Grouper::new(layout.clone(), share)])];
        Groups { layout, sharding, waiting: Vec::new(), rows: 0, shards, others: Vec::new() }
    }

    /// Takes rows whose ordinals are `first_ordinal ..`.
    pub fn push(&mut self, first_ordinal: u64, batch: Batch, watch: &Watch) -> Result<(), RunError> {
        self.waiting.push((first_ordinal, batch));
        let waiting: usize = self.waiting.iter().map(|(_, batch)| batch.rows).sum();
        match waiting >= self.sharding.enough_rows || self.sharding.are_many().is_some() {
            true => self.push_waiting(watch),
            false => Ok(()),
        }
    }

    /// Takes the rows that wait. It is said now by them whether there are many groups, if it was not before.
    fn push_waiting(&mut self, watch: &Watch) -> Result<(), RunError> {
        let waiting = std::mem::take(&mut self.waiting);
        self.sharding.many.get_or_init(|| AtomicBool::new(self.seem_many(&waiting)));
        for (first, batch) in waiting {
            match self.sharding.are_many() {
                Some(true) => self.push_to_shards(first, &batch, watch)?,
                Some(false) | None => self.one_shard(watch)?.push(first, &batch, watch)?,
            }
        }
        Ok(())
    }

    /// Whether there are enough rows, with hardly a key twice.
    fn seem_many(&self, waiting: &[(u64, Batch)]) -> bool {
        let rows: usize = waiting.iter().map(|(_, batch)| batch.rows).sum();
        let (mut met, mut again) = (HashSet::new(), 0);
        let mut are_new = |keys: Keys| {
            keys.hashes(0..keys.count(), &super::hasher()).into_iter().all(|hash| {
                again += usize::from(!met.insert(hash));
                again <= rows / ROWS_TO_ONE_MET
            })
        };
        rows >= self.sharding.enough_rows && waiting.iter().all(|(_, batch)| are_new(self.keys(batch)))
    }

    fn keys(&self, batch: &Batch) -> Keys {
        Keys::of(&batch.columns[batch.columns.len() - self.layout.keys..], batch.rows, &[])
    }

    /// All groups in one piece.
    fn one_shard(&mut self, watch: &Watch) -> Result<&mut Grouper, RunError> {
        for Shard(others) in self.shards.drain(1..).collect::<Vec<_>>() {
            self.shards[0].0.extend(others);
        }
        self.shards[0].merge(watch)
    }

    fn push_to_shards(&mut self, first_ordinal: u64, batch: &Batch, watch: &Watch) -> Result<(), RunError> {
        while self.shards.len() < SHARDS {
            self.shards.push(Shard(vec![Grouper::new(self.layout.clone(), Share::unlimited())]));
        }
        let keys = self.keys(batch);
        let mut parts: [Vec<(u32, u64)>; SHARDS] = Default::default();
        for (row, hash) in keys.hashes(0..batch.rows, &super::hasher()).into_iter().enumerate() {
            // Of the lower half of the hash, which no index looks at.
            parts[hash as usize % SHARDS].push((row as u32, hash));
        }
        let sorted = batch.take(&UInt32Array::from_iter_values(parts.iter().flatten().map(|(row, _)| *row)));
        let mut first = 0;
        for (shard, part) in self.shards.iter_mut().zip(parts) {
            let (rows, hashes): (Vec<u32>, Vec<u64>) = part.into_iter().unzip();
            let ordinals = rows.iter().map(|row| first_ordinal + u64::from(*row)).collect();
            let keyed = Keyed { keys: &keys, rows: Some(&rows), hashes: &hashes };
            shard.0[0].push_keyed(ordinals, &sorted.slice(first, rows.len()), &keyed, watch)?;
            first += rows.len();
        }
        let (before, groups) = (self.rows, self.shards.iter().map(|shard| shard.0[0].count()).sum::<usize>());
        self.rows += batch.rows;
        if before < ROWS_OF_LOOK && self.rows >= ROWS_OF_LOOK && groups < self.rows / 2 {
            self.sharding.many.get().inspect(|many| many.store(false, Ordering::Relaxed));
        }
        Ok(())
    }

    /// Takes over what another worker has.
    pub fn merge(&mut self, other: Groups) {
        self.others.push(other);
    }

    /// All shards, each to be made a table of; one if there are not many groups.
    pub fn shards(&mut self, watch: &Watch) -> Result<&mut [Shard], RunError> {
        self.push_waiting(watch)?;
        self.others.iter_mut().try_for_each(|other| other.push_waiting(watch))?;
        for (at, theirs) in self.others.drain(..).flat_map(|other| other.shards.into_iter().enumerate()) {
            match self.shards.get_mut(at) {
                Some(mine) => mine.0.extend(theirs.0),
                None => self.shards.push(theirs),
            }
        }
        if self.sharding.are_many() == Some(false) {
            self.one_shard(watch)?;
        }
        Ok(&mut self.shards)
    }
}

impl Shard {
    /// The groups of all workers.
    fn merge(&mut self, watch: &Watch) -> Result<&mut Grouper, RunError> {
        while let [first, .., last] = self.0.as_mut_slice() {
            first.merge(last, watch)?;
            self.0.pop();
        }
        self.0.first_mut().ok_or_else(|| RunError::Internal("no workers".into()))
    }

    /// The keys, then what was computed; a row for each group. For a shard that is the only one.
    pub fn finish(&mut self, watch: &Watch) -> Result<Rows, RunError> {
        self.merge(watch)?.finish(watch)
    }

    /// The same in memory, with the ordinals of the groups' first rows.
    pub fn table(&mut self, watch: &Watch) -> Result<(Vec<u64>, Batch), RunError> {
        let table = self.merge(watch)?.table(watch)?;
        self.0.clear();
        Ok(table)
    }
}

/// The groups of several shards, which come out in the order of their first rows.
pub struct Tables(Vec<(Vec<u64>, Batch)>);

/// A range of each table: together the groups whose first rows are between two ordinals.
pub struct Piece(Vec<Range<usize>>);

impl Tables {
    /// Of what the shards are.
    pub fn new(tables: Vec<(Vec<u64>, Batch)>) -> Tables {
        Tables(tables)
    }

    /// Pieces of about so many groups, in their order: cut where the longest table says.
    pub fn pieces(&self, groups: usize) -> Vec<Piece> {
        let step = groups.div_ceil(self.0.len().max(1)).max(1);
        let longest = self.0.iter().map(|(ordinals, _)| ordinals).max_by_key(|ordinals| ordinals.len());
        let bounds = longest.into_iter().flat_map(|ordinals| ordinals.iter().skip(step).step_by(step));
        let mut from = vec![0; self.0.len()];
        let piece = |bound: Option<&u64>| {
            let end = |ordinals: &[u64]| bound.map_or(ordinals.len(), |bound| ordinals.partition_point(|o| o < bound));
            let to: Vec<usize> = self.0.iter().map(|(ordinals, _)| end(ordinals)).collect();
            let ranges = from.iter().zip(&to).map(|(from, to)| *from..*to).collect();
            from = to;
            Piece(ranges)
        };
        bounds.map(Some).chain([None]).map(piece).collect()
    }

    /// The rows of a piece.
    pub fn take(&self, piece: &Piece) -> Batch {
        // A table without rows does not even have columns.
        let ranges = || self.0.iter().zip(&piece.0).filter(|(_, range)| !range.is_empty());
        let batches: Vec<Batch> = ranges().map(|((_, batch), range)| batch.slice(range.start, range.len())).collect();
        let ordinals = ranges().flat_map(|((ordinals, _), range)| &ordinals[range.clone()]);
        let mut order: Vec<(u64, u32)> = ordinals.copied().zip(0..).collect();
        // A stable sort finds what is in order already.
        order.sort_by_key(|(ordinal, _)| *ordinal);
        let order = UInt32Array::from_iter_values(order.into_iter().map(|(_, row)| row));
        Batch::concat(&batches).unwrap_or_default().take(&order)
    }
}
