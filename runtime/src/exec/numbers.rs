//! The numbers of rows among those of their key, which `distinct` and `take … by` filter by: one counter for each key. Rows
//! go on as they come, until there are more keys than the memory has room for. From there on rows go to disk by the hash of
//! their keys, and each part is numbered by itself when the last row is there. Where only the first rows of each key are
//! wanted, the keys that have had them stay in memory, and no further row of them goes anywhere; the counters of the
//! others go to disk, too.
//!
//! Rows without an end are numbered in memory alone: nothing of them could go on.

use super::counters::{Counters, hasher};
use crate::batch::keys::Keys;
use crate::batch::{Batch, Column};
use crate::error::RunError;
use crate::limits::Watch;
use crate::memory::Share;
use crate::spill::partitions::DEEPEST;
use crate::spill::{Merge, Merged, Partitions, ROWS, Runs};
use arrow_array::Int64Array;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Kind;

/// What rows are numbered by, and which of them go on.
#[derive(Clone, Copy)]
pub struct Wanted {
    /// So many of the last columns are the keys.
    pub keys: usize,
    /// Rows with this number or a higher one are dropped behind.
    pub below: Option<i64>,
}

impl Wanted {
    /// Whether rows of a key go on of which so many have passed.
    fn has(self, passed: i64) -> bool {
        self.below.is_none_or(|below| passed < below)
    }
}

/// How many rows of each key have passed.
pub struct Numbers {
    wanted: Wanted,
    passed: Counters,
    share: Share,
    watch: Watch,
    /// How many rows have come.
    seen: u64,
    /// How often rows have been parted; none if they must not.
    level: Option<u32>,
    parted: Option<Parted>,
}

/// What has no room in memory.
struct Parted {
    counters: Partitions,
    rows: Partitions,
}

impl Numbers {
    /// No rows yet; one of `operators` that number rows at the same time.
    pub fn new(wanted: Wanted, watch: &Watch, operators: usize, may_part: bool) -> Numbers {
        Numbers { share: watch.memory.share(operators), ..Numbers::at(may_part.then_some(0), wanted, watch) }
    }

    fn at(level: Option<u32>, wanted: Wanted, watch: &Watch) -> Numbers {
        Numbers {
            wanted,
            passed: Counters::with_capacity(0),
            share: watch.memory.share(1),
            watch: watch.clone(),
            seen: 0,
            level,
            parted: None,
        }
    }

    /// Puts the number of each row in the place of the keys; no rows if they went to disk.
    pub fn add(&mut self, batch: Batch) -> Result<Batch, RunError> {
        let first = self.seen;
        self.seen += batch.rows as u64;
        if self.part_rows(&batch, |row| first + row as u64)? {
            return self.number(batch.slice(0, 0));
        }
        self.number(batch)
    }

    /// Writes rows to disk, if that is where they go.
    fn part_rows(&mut self, batch: &Batch, ordinal: impl Fn(usize) -> u64) -> Result<bool, RunError> {
        let Some(parted) = &mut self.parted else { return Ok(false) };
        let keys = Keys::of(&batch.columns[batch.columns.len() - self.wanted.keys..], batch.rows, &[]);
        // What is left in memory has had all the rows that are wanted.
        for some in self.passed.unknown(&keys, &self.watch)?.chunks(ROWS) {
            self.watch.check()?;
            parted.rows.write(batch, some.iter().map(|(row, hash)| (*row, *hash, ordinal(*row))))?;
        }
        Ok(true)
    }

    fn number(&mut self, mut batch: Batch) -> Result<Batch, RunError> {
        let columns = batch.columns.split_off(batch.columns.len() - self.wanted.keys);
        let keys = Keys::of(&columns, batch.rows, &[]);
        let (mut new, mut numbers) = (0, Vec::with_capacity(batch.rows));
        self.passed.count(&keys, &self.watch, |key, passed| {
            new += if passed == 0 { Counters::size(key) } else { 0 };
            numbers.push(passed);
        })?;
        batch.columns.push(Column::Int(numbers.into()));
        if self.share.add(new) && self.parted.is_none() {
            match self.level {
                Some(level) if level < DEEPEST => self.part(level)?,
                Some(_) | None => self.share.check_limit("the keys of a `distinct` or `take … by`")?,
            }
        }
        Ok(batch)
    }

    /// Writes counters to disk, where rows that come go, too.
    fn part(&mut self, level: u32) -> Result<(), RunError> {
        let mut counters = Partitions::new(level, &self.watch.memory);
        let wanted = self.wanted;
        let open = self.passed.take_out(|passed| wanted.has(passed));
        let mut open = open.iter().peekable();
        while open.peek().is_some() {
            self.watch.check()?;
            let some: Vec<(&[u8], i64)> = open.by_ref().take(ROWS).collect();
            self.share.release(some.iter().map(|(key, _)| Counters::size(key)).sum());
            let keys: Vec<Scalar> = some.iter().map(|(key, _)| Scalar::Bytes((*key).into())).collect();
            let counts = Int64Array::from_iter_values(some.iter().map(|(_, count)| *count));
            let batch = Batch::new(some.len(), vec![Column::from_scalars(&Kind::Bytes, &keys), Column::Int(counts)]);
            let hashes = some.iter().enumerate().map(|(row, (key, _))| (row, hasher().hash_one(*key), 0));
            counters.write(&batch, hashes)?;
        }
        self.parted = Some(Parted { counters, rows: Partitions::new(level, &self.watch.memory) });
        Ok(())
    }

    /// The rows that went to disk, with their numbers, in their order; nothing if none did.
    pub fn finish(&mut self) -> Result<Option<Merge>, RunError> {
        let Some(parted) = self.take_parted() else { return Ok(None) };
        let mut out = Runs::new(&self.watch.memory, None);
        parted.number(self.wanted, self.level.unwrap_or(DEEPEST), &self.watch, &mut out)?;
        out.into_merge().map(Some)
    }

    /// What went to disk, if something did; then nothing is left in memory.
    fn take_parted(&mut self) -> Option<Parted> {
        let parted = self.parted.take()?;
        self.passed = Counters::with_capacity(0);
        self.share.clear();
        Some(parted)
    }

    /// Takes counters that were written to disk.
    fn know(&mut self, counters: &Batch) -> Result<(), RunError> {
        for row in 0..counters.rows {
            let (Scalar::Bytes(key), Scalar::Int(count)) = (counters.columns[0].get(row), counters.columns[1].get(row))
            else {
                return Err(RunError::Internal("a counter is no number".into()));
            };
            // They had room together with others; a row that comes finds out where there is none.
            let _ = self.share.add(Counters::size(&key));
            self.passed.set(&key, count);
        }
        Ok(())
    }
}

impl Parted {
    /// Numbers the rows part by part, and writes those that are wanted to runs.
    fn number(self, wanted: Wanted, level: u32, watch: &Watch, out: &mut Runs) -> Result<(), RunError> {
        let (counters, rows) =
            (Partitions::close_all(vec![self.counters], watch)?, Partitions::close_all(vec![self.rows], watch)?);
        for (counters, rows) in counters.into_iter().zip(rows) {
            if rows.is_empty() {
                continue;
            }
            let mut numbers = Numbers::at(Some(level + 1), wanted, watch);
            let (mut counters, mut rows) = (counters.into_merge()?, rows.into_merge()?);
            while let Some(batch) = counters.next(ROWS)? {
                watch.check()?;
                numbers.know(&batch)?;
            }
            let mut run = out.begin()?;
            while let Some(Merged { ordinals, batch }) = rows.next_rows(ROWS)? {
                watch.check()?;
                if numbers.part_rows(&batch, |row| ordinals[row])? {
                    continue;
                }
                let batch = numbers.number(batch)?;
                out.learn(&batch);
                let goes_on = |row: &usize| match batch.columns.last() {
                    Some(Column::Int(numbers)) => wanted.has(numbers.value(*row)),
                    _ => true,
                };
                (0..batch.rows).filter(goes_on).try_for_each(|row| run.write(&[], ordinals[row], &batch, row))?;
            }
            out.add(run.finish()?, watch)?;
            if let Some(deeper) = numbers.take_parted() {
                deeper.number(wanted, level + 1, watch, out)?;
            }
        }
        Ok(())
    }
}
