//! Runs to one stream of rows: by key, then by ordinal.

use super::gather::{Gather, Merged};
use super::run::{Record, Run, RunReader};
use super::{Kinds, ROWS, RunWriter, unread};
use crate::batch::Batch;
use crate::error::RunError;
use crate::limits::Watch;
use crate::memory::Memory;
use arrow_array::UInt32Array;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

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
    levels: Vec<Vec<Run>>,
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

    /// An empty run, to be added.
    pub fn begin(&self) -> Result<RunWriter, RunError> {
        RunWriter::new(&self.memory)
    }

    /// Takes a run that is in order itself.
    pub fn add(&mut self, run: Run, watch: &Watch) -> Result<(), RunError> {
        self.memory.count_run();
        self.add_at(0, run, watch)
    }

    fn add_at(&mut self, level: usize, run: Run, watch: &Watch) -> Result<(), RunError> {
        if self.levels.len() == level {
            self.levels.push(Vec::new());
        }
        self.levels[level].push(run);
        if self.levels[level].len() < FAN_IN {
            return Ok(());
        }
        let full = std::mem::take(&mut self.levels[level]);
        self.memory.count_merge(level as u64 + 1);
        let longer = Merge::open(full, self.kinds.clone(), (self.limit, self.end))?.into_run(&self.memory, watch)?;
        self.add_at(level + 1, longer, watch)
    }

    /// Takes over the runs of another.
    pub fn merge(&mut self, other: Runs, watch: &Watch) -> Result<(), RunError> {
        self.kinds.merge(other.kinds);
        for (level, runs) in other.levels.into_iter().enumerate() {
            self.levels.resize_with(self.levels.len().max(level), Vec::new);
            runs.into_iter().try_for_each(|run| self.add_at(level, run, watch))?;
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
    fn open(runs: Vec<Run>, kinds: Kinds, (limit, end): (Option<u64>, Option<u64>)) -> Result<Merge, RunError> {
        let (limit, end) = (limit.unwrap_or(u64::MAX), end.unwrap_or(u64::MAX));
        let mut runs = runs.into_iter().map(Run::open).collect::<Result<Vec<_>, _>>()?;
        let mut heads = BinaryHeap::with_capacity(runs.len());
        for (run, reader) in runs.iter_mut().enumerate() {
            let mut head = Head { record: Record::default(), run };
            if read_below(end, reader, &mut head.record)? {
                heads.push(head);
            }
        }
        Ok(Merge { heads, runs, kinds, limit, end })
    }

    /// Hands the next row to `take`; whether there was one.
    fn step(&mut self, take: impl FnOnce(&Record, &RunReader) -> Result<(), RunError>) -> Result<bool, RunError> {
        if self.limit == 0 {
            return Ok(false);
        }
        let Some(mut head) = self.heads.peek_mut() else { return Ok(false) };
        self.limit -= 1;
        let run = head.run;
        take(&head.record, &self.runs[run])?;
        if !read_below(self.end, &mut self.runs[run], &mut head.record)? {
            PeekMut::pop(head);
        }
        Ok(true)
    }

    /// The next rows, at most `rows`, and not many more than [`PIECE`] bytes; none at the end.
    pub fn next(&mut self, rows: usize) -> Result<Option<Batch>, RunError> {
        Ok(self.next_rows(rows)?.map(|rows| rows.batch))
    }

    /// The same, with their ordinals.
    pub fn next_rows(&mut self, rows: usize) -> Result<Option<Merged>, RunError> {
        let mut gather = Gather::new(&self.kinds);
        while gather.rows() < rows && gather.bytes < PIECE {
            let add = |record: &Record, run: &RunReader| gather.add(record, run).map_err(|error| unread(&error));
            if !self.step(add)? {
                break;
            }
        }
        Ok(gather.finish())
    }

    fn into_run(mut self, memory: &Memory, watch: &Watch) -> Result<Run, RunError> {
        let mut writer = RunWriter::new(memory)?;
        loop {
            watch.check()?;
            for _ in 0..ROWS {
                if !self.step(|record, run| writer.copy(record, run))? {
                    return writer.finish();
                }
            }
        }
    }
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

/// Reads the next row whose ordinal is below `end`; whether there is one.
fn read_below(end: u64, run: &mut RunReader, record: &mut Record) -> Result<bool, RunError> {
    while run.read(record)? {
        if record.ordinal < end {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The next row of a run; the greatest is the one that comes first.
#[derive(Debug)]
struct Head {
    record: Record,
    run: usize,
}

impl Ord for Head {
    fn cmp(&self, other: &Head) -> Ordering {
        (other.record.key(), other.record.ordinal).cmp(&(self.record.key(), self.record.ordinal))
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
