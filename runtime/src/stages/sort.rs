//! Sort and top-k: stable, by normalised keys and then by the ordinal of the row. What is too much for the memory that it
//! may have goes to disk as sorted runs, which are merged in the end.

use crate::batch::keys::Keys;
use crate::batch::{Batch, Column};
use crate::error::RunError;
use crate::limits::Watch;
use crate::memory::Share;
use crate::spill::{Merge, Runs};
use arrow_array::UInt32Array;
use pipelang_lang::fault::{self, Fault};
use std::cmp::Ordering;

/// The rows that one worker has seen.
#[derive(Debug)]
pub struct Sorter {
    descending: Vec<bool>,
    limit: Option<usize>,
    parts: Vec<Part>,
    rows: usize,
    /// The last key of as many rows as are wanted: rows behind it are among the first no more.
    bound: Option<Box<[u8]>>,
    share: Share,
    runs: Runs,
    /// Whether all rows of a part come before all of the next.
    parts_follow: bool,
    /// Whether prefixes say all of the keys.
    keys_are_short: bool,
}

#[derive(Debug)]
struct Part {
    keys: Keys,
    ordinals: Vec<u64>,
    /// The least and the greatest ordinal.
    first: u64,
    last: u64,
    batch: Batch,
}

impl Part {
    fn new(keys: Keys, ordinals: Vec<u64>, batch: Batch) -> Part {
        let first = ordinals.iter().min().copied().unwrap_or_default();
        let last = ordinals.iter().max().copied().unwrap_or_default();
        Part { keys, ordinals, first, last, batch }
    }

    /// About how many bytes it takes, those of its entries included.
    fn size(&self) -> u64 {
        self.batch.size() + self.keys.size() + (self.ordinals.len() * (size_of::<u64>() + size_of::<Entry>())) as u64
    }
}

/// The rows that are copied without a look whether the run must stop.
const ROWS_BETWEEN_LOOKS: usize = 4096;

/// Behind all keys of rows, whose first byte is a small tag.
const LAST_KEY: &[u8] = &[u8::MAX];

/// How many bytes of a key stand in the row itself, padded with zeros, which decide most comparisons: no key begins with
/// another, so that shorter keys are known by them.
const PREFIX: usize = 16;

/// Rows that can be gathered; more go to disk.
const MOST_ROWS: usize = u32::MAX as usize;

/// A row, while it is sorted.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    prefix: [u64; PREFIX / 8],
    part: u32,
    row: u32,
}

impl Sorter {
    /// Sorts by the first `descending.len()` columns of what is pushed; those columns do not go on. With a limit only the
    /// first so many rows are kept. More than `share` goes to disk.
    pub fn new(descending: Vec<bool>, limit: Option<u64>, share: Share) -> Sorter {
        let runs = Runs::new(share.memory(), limit);
        let limit = limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
        Sorter {
            descending,
            limit,
            parts: Vec::new(),
            rows: 0,
            bound: None,
            share,
            runs,
            parts_follow: false,
            keys_are_short: false,
        }
    }

    /// Takes rows whose ordinals are `first_ordinal ..`.
    pub fn push(&mut self, first_ordinal: u64, mut batch: Batch, watch: &Watch) -> Result<(), RunError> {
        if batch.rows == 0 {
            return Ok(());
        }
        let mut keys = Keys::of(&batch.columns[..self.descending.len()], batch.rows, &self.descending);
        let mut ordinals: Vec<u64> = (first_ordinal..).take(batch.rows).collect();
        if let Some(bound) = &self.bound {
            let is_before = |row: &u32| keys.get(*row as usize) <= &**bound;
            let before: Vec<u32> = (0..batch.rows as u32).filter(is_before).collect();
            if before.is_empty() {
                return Ok(());
            }
            if before.len() < batch.rows {
                keys = before.iter().map(|row| keys.get(*row as usize)).collect();
                ordinals = before.iter().map(|row| ordinals[*row as usize]).collect();
                batch = batch.take(&UInt32Array::from(before));
            }
        }
        let carried = batch.columns.split_off(self.descending.len());
        let shift = self.descending.len() as u32;
        batch.columns = carried.iter().map(Column::compact).collect();
        // The keys were demanded: what is left of faults is of carried columns.
        batch.faults.retain_mut(|fault| {
            fault.column >= shift && {
                fault.column -= shift;
                true
            }
        });
        batch.origin = None;
        self.rows += batch.rows;
        self.runs.learn(&batch);
        let part = Part::new(keys, ordinals, batch);
        let mut too_much = self.share.add(part.size());
        self.parts.push(part);
        if self.limit.is_some_and(|limit| self.rows / 2 > limit.max(8192)) {
            self.prune(watch)?;
            self.share.clear();
            too_much = self.share.add(self.parts.iter().map(Part::size).sum());
        }
        if too_much || self.rows > MOST_ROWS { self.spill(watch) } else { Ok(()) }
    }

    /// Takes over what another worker has seen.
    pub fn merge(&mut self, mut other: Sorter, watch: &Watch) -> Result<(), RunError> {
        self.parts.append(&mut other.parts);
        self.rows += other.rows;
        self.bound = [self.bound.take(), other.bound].into_iter().flatten().min();
        self.share.merge(&mut other.share);
        self.runs.merge(other.runs, watch)?;
        if self.rows > MOST_ROWS { self.spill(watch) } else { Ok(()) }
    }

    /// Writes what is in memory to disk, in order.
    fn spill(&mut self, watch: &Watch) -> Result<(), RunError> {
        let entries = self.sorted(watch)?;
        let mut run = self.runs.begin()?;
        for (at, entry) in entries.iter().enumerate() {
            if at % ROWS_BETWEEN_LOOKS == 0 {
                watch.check()?;
            }
            let (part, row) = (&self.parts[entry.part as usize], entry.row as usize);
            run.write(part.keys.get(row), part.ordinals[row], &part.batch, row)?;
        }
        self.runs.add(run.finish()?, watch)?;
        self.parts.clear();
        self.rows = 0;
        self.share.clear();
        Ok(())
    }

    /// Forgets the rows whose ordinals are not below `end`; all rows of a batch are, or none.
    pub fn cut(&mut self, end: u64) {
        self.parts.retain(|part| part.ordinals.first().is_some_and(|first| *first < end));
        self.rows = self.parts.iter().map(|part| part.batch.rows).sum();
        self.runs.cut(end);
    }

    /// Whether something is on disk, so that the rows come of [`Sorter::merged`].
    pub fn has_spilled(&self) -> bool {
        !self.runs.is_empty()
    }

    /// All rows in order, where something is on disk; `last` comes behind them.
    pub fn merged(mut self, last: Option<Batch>, watch: &Watch) -> Result<Merge, RunError> {
        if !self.parts.is_empty() {
            self.spill(watch)?;
        }
        if let Some(last) = last {
            self.runs.learn(&last);
            let mut run = self.runs.begin()?;
            for row in 0..last.rows {
                run.write(LAST_KEY, row as u64, &last, row)?;
            }
            self.runs.add(run.finish()?, watch)?;
        }
        self.runs.into_merge()
    }

    /// All rows, in no order.
    pub fn entries(&mut self, watch: &Watch) -> Result<Vec<Entry>, RunError> {
        self.parts.sort_by_key(|part| part.first);
        self.parts_follow = self.parts.windows(2).all(|pair| pair[0].last < pair[1].first);
        self.keys_are_short = self.parts.iter().all(|part| part.keys.longest() <= PREFIX);
        let mut entries = Vec::with_capacity(self.rows);
        for (at, part) in self.parts.iter().enumerate() {
            watch.check()?;
            let entry = |row| Entry { prefix: prefix(part.keys.get(row)), part: at as u32, row: row as u32 };
            entries.extend((0..part.batch.rows).map(entry));
        }
        Ok(entries)
    }

    /// The rows that are wanted, in order.
    fn sorted(&mut self, watch: &Watch) -> Result<Vec<Entry>, RunError> {
        let mut entries = self.entries(watch)?;
        let compare = |a: &Entry, b: &Entry| {
            watch.look();
            self.compare(a, b)
        };
        watch.sorting(|| entries.sort_unstable_by(compare))?;
        self.truncate(&mut entries);
        Ok(entries)
    }

    /// Which of two rows of [`Sorter::entries`] comes first; never equal for two rows.
    #[inline]
    pub fn compare(&self, a: &Entry, b: &Entry) -> Ordering {
        a.prefix.cmp(&b.prefix).then_with(|| self.compare_behind(a, b))
    }

    /// The same of two rows whose keys begin alike.
    fn compare_behind(&self, a: &Entry, b: &Entry) -> Ordering {
        let (x, y) = (&self.parts[a.part as usize], &self.parts[b.part as usize]);
        if !self.keys_are_short {
            let by_key = x.keys.get(a.row as usize).cmp(y.keys.get(b.row as usize));
            if by_key != Ordering::Equal {
                return by_key;
            }
        }
        match fault::is(Fault::SortUnstable) {
            true => Ordering::Equal,
            // Rows of one key stand in their order, also in a part that was sorted.
            false if self.parts_follow || a.part == b.part => (a.part, a.row).cmp(&(b.part, b.row)),
            false => x.ordinals[a.row as usize].cmp(&y.ordinals[b.row as usize]),
        }
    }

    /// Leaves no more entries than are wanted.
    pub fn truncate(&self, entries: &mut Vec<Entry>) {
        entries.truncate(self.limit.unwrap_or(usize::MAX));
    }

    /// The rows of some of [`Sorter::entries`], in their order.
    pub fn take(&self, entries: &[Entry]) -> Batch {
        let parts: Vec<&Batch> = self.parts.iter().map(|part| &part.batch).collect();
        let rows: Vec<(usize, usize)> = entries.iter().map(|entry| (entry.part as usize, entry.row as usize)).collect();
        Batch::interleave(&parts, &rows)
    }

    /// The rows that are in memory, in no order.
    pub fn into_batches(self) -> Vec<Batch> {
        self.parts.into_iter().map(|part| part.batch).collect()
    }

    /// Forgets what cannot be among the first rows any more.
    fn prune(&mut self, watch: &Watch) -> Result<(), RunError> {
        let entries = self.sorted(watch)?;
        let mut keys = Keys::default();
        let mut ordinals = Vec::with_capacity(entries.len());
        for (at, entry) in entries.iter().enumerate() {
            if at % ROWS_BETWEEN_LOOKS == 0 {
                watch.check()?;
            }
            let part = &self.parts[entry.part as usize];
            keys.push(part.keys.get(entry.row as usize));
            ordinals.push(part.ordinals[entry.row as usize]);
        }
        if Some(entries.len()) == self.limit {
            self.bound =
                entries.last().map(|entry| self.parts[entry.part as usize].keys.get(entry.row as usize).into());
        }
        let batch = self.take(&entries);
        self.rows = batch.rows;
        self.parts = vec![Part::new(keys, ordinals, batch)];
        Ok(())
    }
}

/// The first bytes of a key.
fn prefix(key: &[u8]) -> [u64; PREFIX / 8] {
    let mut first = [0; PREFIX];
    let length = key.len().min(PREFIX);
    first[..length].copy_from_slice(&key[..length]);
    let (high, low) = first.split_at(PREFIX / 2);
    [high, low].map(|half| u64::from_be_bytes(half.try_into().expect("half of the bytes")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipelang_lang::scalar::Scalar;
    use pipelang_lang::ty::Kind;

    fn sorted(limit: Option<u64>, batches: &[(u64, Vec<i64>)]) -> Vec<(i64, i64)> {
        let mut sorter = Sorter::new(vec![true], limit, Share::unlimited());
        for (ordinal, values) in batches {
            let keys: Vec<Scalar> = values.iter().map(|v| Scalar::Int(v / 10)).collect();
            let values: Vec<Scalar> = values.iter().map(|v| Scalar::Int(*v)).collect();
            let mut other = Sorter::new(vec![true], limit, Share::unlimited());
            let columns = vec![Column::from_scalars(&Kind::Int, &keys), Column::from_scalars(&Kind::Int, &values)];
            other.push(*ordinal, Batch::new(values.len(), columns), &Watch::default()).expect("there is memory");
            sorter.merge(other, &Watch::default()).expect("there is memory");
        }
        let mut entries = sorter.entries(&Watch::default()).expect("nobody stops it");
        entries.sort_by(|a, b| sorter.compare(a, b));
        sorter.truncate(&mut entries);
        let batch = sorter.take(&entries);
        (0..batch.rows)
            .map(|row| match batch.columns[0].get(row) {
                Scalar::Int(value) => (value / 10, value % 10),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn ties_keep_the_order_of_their_ordinals() {
        let batches = [(100, vec![13, 24, 15]), (0, vec![10, 21, 12])];
        assert_eq!(sorted(None, &batches), [(2, 1), (2, 4), (1, 0), (1, 2), (1, 3), (1, 5)]);
        assert_eq!(sorted(Some(3), &batches), [(2, 1), (2, 4), (1, 0)]);
    }

    #[test]
    fn pruning_keeps_the_first_rows() {
        let mut sorter = Sorter::new(vec![false], Some(2), Share::unlimited());
        for morsel in (0..40u64).rev() {
            let values: Vec<Scalar> = (0..1000).map(|i| Scalar::Int((i * 7919 + morsel as i64) % 1000)).collect();
            let column = Column::from_scalars(&Kind::Int, &values);
            let batch = Batch::new(1000, vec![column.clone(), column]);
            sorter.push(morsel * 1000, batch, &Watch::default()).expect("there is memory");
        }
        assert!(sorter.rows < 40_000, "it has pruned");
        let mut entries = sorter.entries(&Watch::default()).expect("nobody stops it");
        entries.sort_by(|a, b| sorter.compare(a, b));
        sorter.truncate(&mut entries);
        let batch = sorter.take(&entries);
        assert_eq!((batch.rows, batch.columns[0].get(0), batch.columns[0].get(1)), (2, Scalar::Int(0), Scalar::Int(0)));
    }
}
