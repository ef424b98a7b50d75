//! Rows on disk by the hash of their keys, so that one part of them after the other fits into memory. Where a part does not,
//! its rows are parted again, by other bits of the hash.

use super::{Kinds, Merge, RunWriter, Runs};
use crate::batch::Batch;
use crate::batch::keys::Keys;
use crate::error::RunError;

/// How many parts there are.
const PARTS: usize = 16;

/// From the bits of a hash that no table looks at.
const FIRST_BIT: u32 = 24;

/// Rows of one level or more of them are of so few keys that parting them again does not help.
pub const DEEPEST: u32 = 8;

/// Rows that are written to parts.
#[derive(Debug)]
pub struct Partitions {
    level: u32,
    parts: Vec<Option<RunWriter>>,
    kinds: Kinds,
}

impl Partitions {
    /// No rows. Rows of one part are parted by a deeper level.
    pub fn new(level: u32) -> Partitions {
        Partitions { level, parts: (0..PARTS).map(|_| None).collect(), kinds: Kinds::default() }
    }

    /// Takes some rows of a batch, each with the hash of its keys. They come in order, as in all of one operator.
    pub fn write(&mut self, batch: &Batch, rows: impl Iterator<Item = (usize, u64, u64)>) -> Result<(), RunError> {
        self.write_rows(batch, rows, &|_| &[])
    }

    /// The same with the keys themselves, by which the rows of a part are ordered then.
    pub fn write_keyed(
        &mut self,
        batch: &Batch,
        keys: &Keys,
        rows: impl Iterator<Item = (usize, u64, u64)>,
    ) -> Result<(), RunError> {
        self.write_rows(batch, rows, &|row| keys.get(row))
    }

    fn write_rows<'k>(
        &mut self,
        batch: &Batch,
        rows: impl Iterator<Item = (usize, u64, u64)>,
        key: &dyn Fn(usize) -> &'k [u8],
    ) -> Result<(), RunError> {
        self.kinds.learn(batch);
        for (row, hash, ordinal) in rows {
            let part = (hash >> (FIRST_BIT + self.level * PARTS.ilog2())) as usize % PARTS;
            let run = match &mut self.parts[part] {
                Some(run) => run,
                empty => empty.insert(RunWriter::new()?),
            };
            run.write(key(row), ordinal, batch, row)?;
        }
        Ok(())
    }

    /// The parts of what several operators wrote, each in the order of the ordinals.
    pub fn close(all: Vec<Partitions>) -> Result<Vec<Merge>, RunError> {
        let mut parts: Vec<Runs> = (0..PARTS).map(|_| Runs::default()).collect();
        for partitions in all {
            for (part, run) in parts.iter_mut().zip(partitions.parts) {
                part.know(&partitions.kinds);
                run.map(|run| part.add(run.finish()?)).transpose()?;
            }
        }
        parts.into_iter().filter(|runs| !runs.is_empty()).map(Runs::into_merge).collect()
    }
}
