//! Rows on disk by the hash of their keys, so that one part of them after the other fits into memory. Where a part does not,
//! its rows are parted again, by other bits of the hash.

use super::run::Run;
use super::{Kinds, Merge, RunWriter, Runs};
use crate::batch::{Batch, Origin};
use crate::error::RunError;
use crate::limits::Watch;
use crate::memory::Memory;

/// Into how many a part is parted that does not fit.
const PARTS_OF_PART: usize = 16;

/// Rows of one level or more of them are of so few keys that parting them again does not help.
pub const DEEPEST: u32 = 4;

/// Rows that are written to parts.
#[derive(Debug)]
pub struct Partitions {
    level: u32,
    parts: Vec<Part>,
    kinds: Kinds,
    memory: Memory,
}

/// The rows of one part: runs in order, and the one that is being written.
#[derive(Debug, Default)]
struct Part {
    done: Vec<Run>,
    open: Option<RunWriter>,
    last: u64,
}

impl Part {
    /// The run in which a row of this ordinal stands behind those before it.
    fn run(&mut self, ordinal: u64, memory: &Memory) -> Result<&mut RunWriter, RunError> {
        if let Some(run) = self.open.take_if(|_| ordinal < self.last) {
            self.done.push(run.finish()?);
        }
        self.last = ordinal;
        match &mut self.open {
            Some(run) => Ok(run),
            none => Ok(none.insert(RunWriter::new(memory)?)),
        }
    }
}

fn parts_of(level: u32, memory: &Memory) -> usize {
    if level == 0 { memory.parts() } else { PARTS_OF_PART }
}

impl Partitions {
    /// No rows. Rows of one part are parted by a deeper level.
    pub fn new(level: u32, memory: &Memory) -> Partitions {
        let parts = (0..parts_of(level, memory)).map(|_| Part::default()).collect();
        Partitions { level, parts, kinds: Kinds::default(), memory: memory.clone() }
    }

    /// Takes some rows of a batch, each with the hash of its keys and its ordinal.
    pub fn write(&mut self, batch: &Batch, rows: impl Iterator<Item = (usize, u64, u64)>) -> Result<(), RunError> {
        self.kinds.learn(batch);
        let batch = &Batch { origin: batch.origin.as_ref().map(Origin::located), ..batch.clone() };
        for (row, hash, ordinal) in rows {
            // Of the lower half of the hash, which no index looks at.
            let before = if self.level == 0 { 0 } else { parts_of(0, &self.memory).ilog2() };
            let deeper = self.level.saturating_sub(1) * PARTS_OF_PART.ilog2();
            let part = (hash >> (before + deeper)) as usize % self.parts.len();
            self.parts[part].run(ordinal, &self.memory)?.write(&[], ordinal, batch, row)?;
        }
        Ok(())
    }

    /// The parts of what several operators wrote that have rows, each in the order of the ordinals.
    pub fn close(all: Vec<Partitions>, watch: &Watch) -> Result<Vec<Merge>, RunError> {
        let parts = Partitions::close_all(all, watch)?.into_iter();
        parts.filter(|runs| !runs.is_empty()).map(Runs::into_merge).collect()
    }

    /// All parts, also those that have no rows: parts of one number have the rows of the same keys.
    pub fn close_all(all: Vec<Partitions>, watch: &Watch) -> Result<Vec<Runs>, RunError> {
        let memory = all.first().map(|first| first.memory.clone()).unwrap_or_default();
        let count = all.first().map_or(0, |first| first.parts.len());
        let mut parts: Vec<Runs> = (0..count).map(|_| Runs::new(&memory, None)).collect();
        for partitions in all {
            for (part, runs) in parts.iter_mut().zip(partitions.parts) {
                part.know(&partitions.kinds);
                runs.done.into_iter().try_for_each(|run| part.add(run, watch))?;
                runs.open.map_or(Ok(()), |run| part.add(run.finish()?, watch))?;
            }
        }
        Ok(parts)
    }
}
