//! Joins whose right side is on disk: the rows of both sides are parted by the keys that must be equal, and one part of
//! both after the other is joined in memory. The rows come out by the ordinals of the left ones, and so in the order in
//! which they would have come at once.

use super::{JoinTable, Layout, size_in_table};
use crate::batch::{Batch, Column};
use crate::error::RunError;
use crate::limits::Watch;
use crate::memory::Memory;
use crate::spill::partitions::DEEPEST;
use crate::spill::{Merge, Merged, Partitions, ROWS, Runs};
use ahash::RandomState;
use arrow_array::Int64Array;
use pipelang_lang::ir::JoinKind;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Kind;

/// Behind all keys of left rows: those are empty.
const LAST_KEY: &[u8] = &[u8::MAX];

/// The right rows of a join, on disk.
pub struct PartedTable {
    layout: Layout,
    parts: Vec<Runs>,
    memory: Memory,
}

/// How left rows look for their matches: their first `carried` columns go on, those behind are their keys.
#[derive(Clone, Debug, PartialEq)]
pub struct Left {
    /// What comes of a match.
    pub kind: JoinKind,
    /// How many columns go on.
    pub carried: usize,
    /// Of an ordered key, how much earlier the match may be.
    pub nearest: Option<Option<Scalar>>,
    /// The kinds of the columns that go on, where right rows without a match come last.
    pub full: Option<Vec<Kind>>,
}

/// The left rows that some workers have seen.
pub struct Parter {
    layout: Layout,
    carried: usize,
    partitions: Vec<Partitions>,
    /// Rows from this ordinal on do not count.
    end: u64,
}

/// Writes rows to parts by their keys, which stand from column `keys` on.
pub(super) fn write(
    partitions: &mut Partitions,
    layout: &Layout,
    batch: &Batch,
    keys: usize,
    ordinal: impl Fn(usize) -> u64,
) -> Result<(), RunError> {
    let hasher = RandomState::with_seeds(7, 8, 9, 10);
    let keys = layout.equal_keys(&batch.columns[keys..], batch.rows);
    partitions.write(batch, (0..batch.rows).map(|row| (row, hasher.hash_one(keys.get(row)), ordinal(row))))
}

impl PartedTable {
    /// What several workers wrote.
    pub(super) fn new(layout: Layout, parted: Vec<Partitions>, watch: &Watch) -> Result<PartedTable, RunError> {
        Ok(PartedTable { layout, parts: Partitions::close_all(parted, watch)?, memory: watch.memory.clone() })
    }

    /// Fails at the first row below `end` that has the key of another, where it must not.
    pub(super) fn check_unique(&mut self, end: u64, watch: &Watch) -> Result<(), RunError> {
        if self.layout.unique.is_none() {
            return Ok(());
        }
        let mut first: Option<(u64, RunError)> = None;
        for part in &mut self.parts {
            let mut copy = part.begin()?;
            let (mut ordinals, mut batches) = (Vec::new(), Vec::new());
            let kinds = part.kinds();
            let mut rows = std::mem::take(part).into_merge()?;
            while let Some(read) = rows.next_rows(ROWS)? {
                watch.check()?;
                for (row, ordinal) in read.ordinals.iter().enumerate() {
                    copy.write(&[], *ordinal, &read.batch, row)?;
                }
                let below = read.below(end);
                ordinals.extend(below.ordinals);
                batches.push(below.batch);
            }
            part.know(&kinds);
            part.add(copy.finish()?, watch)?;
            if let Err(none) = JoinTable::new(self.layout.clone(), Batch::concat(&batches), watch) {
                let Some(row) = none.row else { return Err(none.error) };
                let found = (ordinals[row], none.error);
                first = Some(first.into_iter().chain([found]).min_by_key(|(ordinal, _)| *ordinal).expect("one"));
            }
        }
        first.map_or(Ok(()), |(_, error)| Err(error))
    }

    /// Takes the left rows of one worker.
    pub fn parter(&self, left: &Left) -> Parter {
        Parter {
            layout: self.layout.clone(),
            carried: left.carried,
            partitions: vec![Partitions::new(0, &self.memory)],
            end: u64::MAX,
        }
    }

    /// All rows in memory, whatever there is.
    pub fn whole(self, watch: &Watch) -> Result<JoinTable, RunError> {
        let mut all = Runs::default();
        for part in self.parts {
            all.merge(part, watch)?;
        }
        let (mut rows, mut batches) = (all.into_merge()?, Vec::new());
        while let Some(batch) = rows.next(ROWS)? {
            watch.check()?;
            batches.push(batch);
        }
        JoinTable::new(self.layout, Batch::concat(&batches), watch).map_err(|none| none.error)
    }

    /// The rows that come of the left ones.
    pub fn join(self, left: &Left, rows: Parter, watch: &Watch) -> Result<Merge, RunError> {
        let end = rows.end;
        let mut rows = Partitions::close_all(rows.partitions, watch)?;
        rows.iter_mut().for_each(|part| part.cut(end));
        let mut joined = Joined { left, watch, out: Runs::new(&watch.memory, None) };
        for (left, right) in rows.into_iter().zip(self.parts) {
            joined.part(&self.layout, left, right, 1)?;
        }
        joined.out.into_merge()
    }
}

impl Parter {
    /// Takes rows whose ordinals are `first_ordinal ..`.
    pub fn push(&mut self, first_ordinal: u64, batch: &Batch) -> Result<(), RunError> {
        let partitions = self.partitions.first_mut().expect("its own are the first");
        write(partitions, &self.layout, batch, self.carried, |row| first_ordinal + row as u64)
    }

    /// Forgets the rows whose ordinals are not below `end`.
    pub fn cut(&mut self, end: u64) {
        self.end = end;
    }

    /// Takes over what another worker has seen.
    pub fn merge(&mut self, mut other: Parter) {
        self.partitions.append(&mut other.partitions);
    }
}

/// What has come of the parts so far.
struct Joined<'a> {
    left: &'a Left,
    watch: &'a Watch,
    out: Runs,
}

impl Joined<'_> {
    /// Joins two parts of the same keys; `level` is that of what they would be parted into.
    fn part(&mut self, layout: &Layout, left: Runs, right: Runs, level: u32) -> Result<(), RunError> {
        let mut share = self.watch.memory.share(1);
        let (mut ordinals, mut batches) = (Vec::new(), Vec::new());
        let mut rows = right.into_merge()?;
        while let Some(read) = rows.next_rows(ROWS)? {
            self.watch.check()?;
            let too_much = share.add(size_in_table(&read.batch));
            ordinals.extend(&read.ordinals);
            batches.push(read.batch);
            if too_much && level < DEEPEST {
                return self.deeper(layout, left, (ordinals, batches), rows, level);
            }
            share.check_limit("one key of a join")?;
        }
        let table = JoinTable::new(layout.clone(), Batch::concat(&batches), self.watch).map_err(|none| none.error)?;
        drop(batches);
        self.probe(&table, left.into_merge()?)?;
        match &self.left.full {
            Some(kinds) => self.unmatched(&table, kinds, &ordinals),
            None => Ok(()),
        }
    }

    /// Parts both sides again: `read` of the right one has been read, `rest` has not.
    fn deeper(
        &mut self,
        layout: &Layout,
        left: Runs,
        (ordinals, batches): (Vec<u64>, Vec<Batch>),
        mut rest: Merge,
        level: u32,
    ) -> Result<(), RunError> {
        let mut right = Partitions::new(level, &self.watch.memory);
        let mut first = 0;
        for batch in batches {
            write(&mut right, layout, &batch, 0, |row| ordinals[first + row])?;
            first += batch.rows;
        }
        while let Some(Merged { ordinals, batch }) = rest.next_rows(ROWS)? {
            self.watch.check()?;
            write(&mut right, layout, &batch, 0, |row| ordinals[row])?;
        }
        let (mut rows, mut parted) = (left.into_merge()?, Partitions::new(level, &self.watch.memory));
        while let Some(Merged { ordinals, batch }) = rows.next_rows(ROWS)? {
            self.watch.check()?;
            write(&mut parted, layout, &batch, self.left.carried, |row| ordinals[row])?;
        }
        let (left, right) =
            (Partitions::close_all(vec![parted], self.watch)?, Partitions::close_all(vec![right], self.watch)?);
        left.into_iter().zip(right).try_for_each(|(left, right)| self.part(layout, left, right, level + 1))
    }

    /// Writes what comes of left rows to a run. Their ordinals go through the join as a column behind what goes on.
    fn probe(&mut self, table: &JoinTable, mut left: Merge) -> Result<(), RunError> {
        let Left { kind, carried, nearest, .. } = self.left;
        let (mut run, mut failed) = (self.out.begin()?, None);
        while let Some(Merged { ordinals, mut batch }) = left.next_rows(ROWS)? {
            let column = Column::Int(Int64Array::from_iter_values(ordinals.iter().map(|ordinal| *ordinal as i64)));
            batch.columns.insert(*carried, column);
            let at = *carried as u32;
            batch.faults.iter_mut().filter(|fault| fault.column >= at).for_each(|fault| fault.column += 1);
            table.probe(*kind, carried + 1, nearest, batch, (ROWS, self.watch), &mut |mut out| {
                let ordinals = out.columns.remove(*carried);
                out.faults.iter_mut().filter(|fault| fault.column > at).for_each(|fault| fault.column -= 1);
                self.out.learn(&out);
                let written = (0..out.rows).try_for_each(|row| match ordinals.get(row) {
                    Scalar::Int(ordinal) => run.write(&[], ordinal as u64, &out, row),
                    _ => Ok(()),
                });
                failed = written.err();
                failed.is_none()
            })?;
            if let Some(error) = failed.take() {
                return Err(error);
            }
        }
        self.out.add(run.finish()?, self.watch)
    }

    /// Writes the right rows that nothing matched; they come last, in their order.
    fn unmatched(&mut self, table: &JoinTable, left: &[Kind], ordinals: &[u64]) -> Result<(), RunError> {
        let (rows, batch) = table.unmatched_rows(left);
        self.out.learn(&batch);
        let mut run = self.out.begin()?;
        for (at, row) in rows.into_iter().enumerate() {
            run.write(LAST_KEY, ordinals[row as usize], &batch, at)?;
        }
        self.out.add(run.finish()?, self.watch)
    }
}
