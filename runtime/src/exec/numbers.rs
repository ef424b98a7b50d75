//! The numbers of rows among those of their key, which `distinct` and `take … by` filter by: one counter for each key. Rows
//! go on as they come, until there are more keys than the memory has room for. From there on all rows go to disk by the
//! hash of their keys, the counters too, and each part is numbered by itself when the last row is there.
//!
//! Rows without an end are numbered in memory alone: nothing of them could go on.

use crate::batch::keys::Keys;
use crate::batch::{Batch, Column};
use crate::error::RunError;
use crate::limits::Watch;
use crate::memory::{Memory, Share};
use crate::spill::partitions::DEEPEST;
use crate::spill::{Merge, Merged, Partitions, RunWriter, Runs};
use ahash::RandomState;
use arrow_array::Int64Array;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Kind;
use std::collections::HashMap;

/// How many rows are read at once.
const ROWS: usize = 8192;

/// About what a counter takes beside its key.
const OF_KEY: u64 = 64;

/// How many rows of each key have passed.
pub struct Numbers {
    /// The last columns are the keys.
    keys: usize,
    passed: HashMap<Box<[u8]>, i64, RandomState>,
    share: Share,
    memory: Memory,
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
    /// No rows yet.
    pub fn new(keys: usize, memory: &Memory, may_part: bool) -> Numbers {
        Numbers::at(may_part.then_some(0), keys, memory)
    }

    fn at(level: Option<u32>, keys: usize, memory: &Memory) -> Numbers {
        Numbers {
            keys,
            passed: HashMap::with_hasher(hasher()),
            share: memory.share(1),
            memory: memory.clone(),
            seen: 0,
            level,
            parted: None,
        }
    }

    /// Puts the number of each row in the place of the keys; no rows if they went to disk.
    pub fn add(&mut self, batch: Batch) -> Result<Batch, RunError> {
        let first = self.seen;
        self.seen += batch.rows as u64;
        match &mut self.parted {
            Some(parted) => {
                write(&mut parted.rows, self.keys, &batch, |row| first + row as u64)?;
                self.number(batch.slice(0, 0))
            }
            None => self.number(batch),
        }
    }

    fn number(&mut self, mut batch: Batch) -> Result<Batch, RunError> {
        let columns = batch.columns.split_off(batch.columns.len() - self.keys);
        let keys = Keys::of(&columns, batch.rows, &[]);
        let mut new = 0;
        let number = |row| {
            let passed = match self.passed.get_mut(keys.get(row)) {
                Some(passed) => passed,
                None => {
                    new += keys.get(row).len() as u64 + OF_KEY;
                    self.passed.entry(keys.get(row).into()).or_insert(0)
                }
            };
            *passed += 1;
            *passed - 1
        };
        batch.columns.push(Column::Int((0..batch.rows).map(number).collect()));
        if self.share.add(new) {
            match self.level {
                Some(level) if level < DEEPEST => self.part(level)?,
                Some(_) | None => self.share.check_limit("the keys of a `distinct` or `take … by`")?,
            }
        }
        Ok(batch)
    }

    /// Writes the counters to disk, where all rows that come go, too.
    fn part(&mut self, level: u32) -> Result<(), RunError> {
        let mut counters = Partitions::new(level, &self.memory);
        let passed: Vec<(Box<[u8]>, i64)> = self.passed.drain().collect();
        for some in passed.chunks(ROWS) {
            let keys: Vec<Scalar> = some.iter().map(|(key, _)| Scalar::Bytes((&**key).into())).collect();
            let counts = Int64Array::from_iter_values(some.iter().map(|(_, count)| *count));
            let batch = Batch::new(some.len(), vec![Column::from_scalars(&Kind::Bytes, &keys), Column::Int(counts)]);
            let hashes = some.iter().enumerate().map(|(row, (key, _))| (row, hasher().hash_one(&**key), 0));
            counters.write(&batch, hashes)?;
        }
        self.passed = HashMap::with_hasher(hasher());
        self.share.clear();
        self.parted = Some(Parted { counters, rows: Partitions::new(level, &self.memory) });
        Ok(())
    }

    /// The rows that went to disk, with their numbers, in their order; nothing if none did.
    pub fn finish(&mut self, watch: &Watch) -> Result<Option<Merge>, RunError> {
        let Some(parted) = self.parted.take() else { return Ok(None) };
        let mut out = Runs::new(&self.memory, None);
        parted.number(self.keys, self.level.unwrap_or(DEEPEST), (&self.memory, watch), &mut out)?;
        out.into_merge().map(Some)
    }
}

impl Parted {
    fn number(
        self,
        keys: usize,
        level: u32,
        (memory, watch): (&Memory, &Watch),
        out: &mut Runs,
    ) -> Result<(), RunError> {
        let (counters, rows) = (Partitions::close_all(vec![self.counters])?, Partitions::close_all(vec![self.rows])?);
        for (counters, rows) in counters.into_iter().zip(rows) {
            let mut numbers = Numbers::at(Some(level + 1), keys, memory);
            let (mut counters, mut rows) = (counters.into_merge()?, rows.into_merge()?);
            while let Some(batch) = counters.next(ROWS)? {
                watch.check()?;
                numbers.know(&batch)?;
            }
            let mut run = RunWriter::new()?;
            while let Some(Merged { ordinals, batch }) = rows.next_rows(ROWS)? {
                watch.check()?;
                if let Some(deeper) = &mut numbers.parted {
                    write(&mut deeper.rows, keys, &batch, |row| ordinals[row])?;
                    continue;
                }
                let batch = numbers.number(batch)?;
                out.learn(&batch);
                (0..batch.rows).try_for_each(|row| run.write(&[], ordinals[row], &batch, row))?;
            }
            out.add(run.finish()?)?;
            if let Some(deeper) = numbers.parted.take() {
                drop(numbers);
                deeper.number(keys, level + 1, (memory, watch), out)?;
            }
        }
        Ok(())
    }
}

impl Numbers {
    /// Takes counters that were written to disk.
    fn know(&mut self, counters: &Batch) -> Result<(), RunError> {
        for row in 0..counters.rows {
            let (Scalar::Bytes(key), Scalar::Int(count)) = (counters.columns[0].get(row), counters.columns[1].get(row))
            else {
                return Err(RunError::Internal("a counter is no number".into()));
            };
            // They had room together with others; a row that comes finds out where there is none.
            let _ = self.share.add(key.len() as u64 + OF_KEY);
            self.passed.insert((&*key).into(), count);
        }
        Ok(())
    }
}

/// Writes rows to parts by their keys.
fn write(parts: &mut Partitions, keys: usize, batch: &Batch, ordinal: impl Fn(usize) -> u64) -> Result<(), RunError> {
    let columns = &batch.columns[batch.columns.len() - keys..];
    let keys = Keys::of(columns, batch.rows, &[]);
    parts.write(batch, (0..batch.rows).map(|row| (row, hasher().hash_one(keys.get(row)), ordinal(row))))
}

fn hasher() -> RandomState {
    RandomState::with_seeds(11, 12, 13, 14)
}
