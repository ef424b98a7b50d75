//! Runs to one stream of rows: by key, then by ordinal.

use super::{Kinds, Row, RunReader, RunWriter};
use crate::batch::{Batch, Origin};
use crate::error::RunError;
use crate::memory::Memory;
use arrow_array::UInt32Array;
use pipelang_lang::scalar::Scalar;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// How much of the merged rows is given out at once.
const PIECE: usize = 1 << 20;

/// How many runs are read at once.
const FAN_IN: usize = 64;

/// The rows of some runs in order.
#[derive(Debug)]
pub struct Merge {
    heads: BinaryHeap<Head>,
    runs: Vec<RunReader>,
    kinds: Kinds,
    /// Rows that may still come.
    limit: u64,
    /// Rows from this ordinal on do not come.
    end: u64,
}

/// Runs that become one stream. Whenever there are [`FAN_IN`] of one level they are brought together to one of the next,
/// so that few files are open.
#[derive(Debug, Default)]
pub struct Runs {
    levels: Vec<Vec<RunReader>>,
    kinds: Kinds,
    limit: Option<u64>,
    end: Option<u64>,
    memory: Memory,
}

impl Runs {
    /// No runs of a run with this memory; of their rows the first `limit` are wanted.
    pub fn new(memory: &Memory, limit: Option<u64>) -> Runs {
        Runs { limit, memory: memory.clone(), ..Runs::default() }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// Forgets the rows whose ordinals are not below `end`.
    pub fn cut(&mut self, end: u64) {
        self.end = Some(end);
    }

    /// Learns what kinds the columns of its rows have.
    pub fn learn(&mut self, batch: &Batch) {
        self.kinds.learn(batch);
    }

    /// The same of what others know.
    pub fn know(&mut self, kinds: &Kinds) {
        self.kinds.merge(kinds.clone());
    }

    /// What kinds its columns have, as far as that is known.
    pub fn kinds(&self) -> Kinds {
        self.kinds.clone()
    }

    /// Takes a run that is in order itself.
    pub fn add(&mut self, run: RunReader) -> Result<(), RunError> {
        self.memory.count_run();
        self.add_at(0, run)
    }

    fn add_at(&mut self, level: usize, run: RunReader) -> Result<(), RunError> {
        if self.levels.len() == level {
            self.levels.push(Vec::new());
        }
        self.levels[level].push(run);
        if self.levels[level].len() < FAN_IN {
            return Ok(());
        }
        let full = std::mem::take(&mut self.levels[level]);
        self.memory.count_merge(level as u64 + 1);
        let longer = Merge::open(full, self.kinds.clone(), (self.limit, self.end))?.into_run()?;
        self.add_at(level + 1, longer)
    }

    /// Takes over the runs of another.
    pub fn merge(&mut self, other: Runs) -> Result<(), RunError> {
        self.kinds.merge(other.kinds);
        for (level, runs) in other.levels.into_iter().enumerate() {
            self.levels.resize_with(self.levels.len().max(level), Vec::new);
            runs.into_iter().try_for_each(|run| self.add_at(level, run))?;
        }
        Ok(())
    }

    /// Their rows in order.
    pub fn into_merge(self) -> Result<Merge, RunError> {
        if self.levels.iter().map(Vec::len).sum::<usize>() > 1 {
            self.memory.count_merge(self.levels.len() as u64);
        }
        Merge::open(self.levels.into_iter().flatten().collect(), self.kinds, (self.limit, self.end))
    }
}

impl Merge {
    fn open(runs: Vec<RunReader>, kinds: Kinds, (limit, end): (Option<u64>, Option<u64>)) -> Result<Merge, RunError> {
        let (limit, end) = (limit.unwrap_or(u64::MAX), end.unwrap_or(u64::MAX));
        let mut merge = Merge { heads: BinaryHeap::with_capacity(runs.len()), runs, kinds, limit, end };
        for run in 0..merge.runs.len() {
            merge.advance(run)?;
        }
        Ok(merge)
    }

    fn advance(&mut self, run: usize) -> Result<(), RunError> {
        while let Some(row) = self.runs[run].read()? {
            if row.ordinal < self.end {
                self.heads.push(Head { row, run });
                break;
            }
        }
        Ok(())
    }

    /// The next row.
    pub fn next_row(&mut self) -> Result<Option<Row>, RunError> {
        if self.limit == 0 {
            return Ok(None);
        }
        let Some(Head { row, run }) = self.heads.pop() else { return Ok(None) };
        self.limit -= 1;
        self.advance(run)?;
        Ok(Some(row))
    }

    /// The next rows, at most `rows`, and not many more than [`PIECE`] bytes; none at the end.
    pub fn next(&mut self, rows: usize) -> Result<Option<Batch>, RunError> {
        Ok(self.next_rows(rows)?.map(|rows| rows.batch))
    }

    /// The same, with their ordinals.
    pub fn next_rows(&mut self, rows: usize) -> Result<Option<Merged>, RunError> {
        let (mut ordinals, mut places) = (Vec::new(), Vec::new());
        let (mut cells, mut bytes) = (Vec::new(), 0);
        while cells.len() < rows
            && bytes < PIECE
            && let Some(row) = self.next_row()?
        {
            bytes += row.cells.iter().flatten().map(Scalar::size).sum::<usize>();
            ordinals.push(row.ordinal);
            places.push(row.place);
            cells.push(row.cells);
        }
        if cells.is_empty() {
            return Ok(None);
        }
        Ok(Some(Merged { ordinals, batch: Batch::of_rows(&self.kinds.get(), cells, Origin::each(places)) }))
    }

    fn into_run(mut self) -> Result<RunReader, RunError> {
        let mut writer = RunWriter::new()?;
        while let Some(row) = self.next_row()? {
            writer.copy(&row)?;
        }
        writer.finish()
    }
}

/// Some rows in order.
#[derive(Debug)]
pub struct Merged {
    /// Their ordinals.
    pub ordinals: Vec<u64>,
    /// Their columns.
    pub batch: Batch,
}

impl Merged {
    /// Those whose ordinals are below `end`.
    pub fn below(self, end: u64) -> Merged {
        let kept: Vec<usize> = (0..self.ordinals.len()).filter(|row| self.ordinals[*row] < end).collect();
        let rows = UInt32Array::from_iter_values(kept.iter().map(|row| *row as u32));
        let ordinals = kept.into_iter().map(|row| self.ordinals[row]).collect();
        Merged { ordinals, batch: self.batch.take(&rows) }
    }
}

/// The next row of a run; the greatest is the one that comes first.
#[derive(Debug)]
struct Head {
    row: Row,
    run: usize,
}

impl Ord for Head {
    fn cmp(&self, other: &Head) -> Ordering {
        (&other.row.key, other.row.ordinal).cmp(&(&self.row.key, self.row.ordinal))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Head) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Head) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head {}
