//! The groups of a pivot, kept until all names are known. What has no room in memory goes to disk by the hash of the keys:
//! all groups that make one row are in one part, and each part is made into rows by itself.

use super::cells::{Cells, Columns, Names, hasher, name_of};
use super::{Made, same_name};
use crate::batch::Batch;
use crate::batch::keys::Keys;
use crate::error::RunError;
use crate::limits::Watch;
use crate::memory::Share;
use crate::spill::partitions::DEEPEST;
use crate::spill::{Merge, Merged, Partitions, ROWS, Runs};
use pipelang_lang::ir::Pivot;
use pipelang_lang::ty::Schema;
use std::sync::Arc;

/// So many values may become columns.
const MOST_VALUES: usize = 10_000;

/// About what a name takes beside its text.
const OF_NAME: u64 = 64;

/// The groups so far.
pub struct Groups<'a> {
    pivot: &'a Pivot,
    schema: Schema,
    watch: &'a Watch,
    names: Names,
    held_names: Share,
    batches: Vec<Batch>,
    share: Share,
    /// How many have come.
    seen: u64,
    parted: Option<Partitions>,
    has_too_many_names: bool,
}

impl<'a> Groups<'a> {
    /// None yet; they have the columns of `schema`.
    pub fn new(pivot: &'a Pivot, schema: &Schema, watch: &'a Watch) -> Groups<'a> {
        Groups {
            pivot,
            schema: schema.clone(),
            watch,
            names: Names::default(),
            held_names: watch.memory.share(1),
            batches: Vec::new(),
            share: watch.memory.share(1),
            seen: 0,
            parted: None,
            has_too_many_names: false,
        }
    }

    /// Takes some more, in order.
    pub fn add(&mut self, batch: Batch) -> Result<(), RunError> {
        for row in 0..batch.rows {
            let name = name_of(self.pivot, &batch, row)?;
            let size = name.len() as u64 + OF_NAME;
            if self.names.len() == MOST_VALUES && !self.names.knows(name) {
                self.has_too_many_names = true;
                self.keep(batch.slice(0, row))?;
                let message = format!("a `pivot` has more than {MOST_VALUES} values that become columns");
                return Err(RunError::Limit(message));
            }
            if self.names.learn(name) {
                self.held_names.hold(size)?;
            }
        }
        self.keep(batch)
    }

    /// Whether there were more names than columns may be made of.
    pub fn has_too_many_names(&self) -> bool {
        self.has_too_many_names
    }

    fn keep(&mut self, batch: Batch) -> Result<(), RunError> {
        let first = self.seen;
        self.seen += batch.rows as u64;
        if let Some(parted) = &mut self.parted {
            return write(parted, self.pivot, &batch, |row| first + row as u64);
        }
        let too_much = self.share.add(batch.size());
        self.batches.push(batch);
        if too_much {
            let parted = self.parted.insert(Partitions::new(0, &self.watch.memory));
            let mut first = 0;
            for batch in self.batches.drain(..) {
                write(parted, self.pivot, &batch, |row| first + row as u64)?;
                first += batch.rows as u64;
            }
            self.share.clear();
        }
        Ok(())
    }

    /// The columns, why they cannot be, and the rows. Fails where two groups would be one cell.
    pub fn finish(self) -> Result<(Columns, Option<RunError>, Made), RunError> {
        let columns = Columns::of(self.pivot, &self.schema, &self.names);
        let made = match self.parted {
            None => {
                let (cells, twice) = Cells::of(self.pivot, &self.names, self.batches, self.watch)?;
                if let Some(twice) = twice {
                    return Err(same_name(self.pivot, &twice.name));
                }
                Made::Here { cells, _held: self.share }
            }
            Some(parted) => {
                let (pivot, names, columns) = (self.pivot, &self.names, &columns);
                let out = Runs::new(&self.watch.memory, None);
                let mut parts = Parts { pivot, names, columns, watch: self.watch, out, twice: None };
                parts.add(parted, 1)?;
                if let Some((_, name)) = parts.twice {
                    return Err(same_name(pivot, &name));
                }
                Made::OnDisk(Box::new(parts.out.into_merge()?))
            }
        };
        let error = columns.twice().map(|name| same_name(self.pivot, name));
        Ok((columns, error, made))
    }
}

/// Parts that become rows.
struct Parts<'a> {
    pivot: &'a Pivot,
    names: &'a Names,
    columns: &'a Columns,
    watch: &'a Watch,
    out: Runs,
    /// The first group so far that would be one cell with another, and its name.
    twice: Option<(u64, Arc<str>)>,
}

impl Parts<'_> {
    /// Makes rows of all parts; `level` is that of what they would be parted into.
    fn add(&mut self, parted: Partitions, level: u32) -> Result<(), RunError> {
        Partitions::close(vec![parted], self.watch)?.into_iter().try_for_each(|part| self.part(part, level))
    }

    fn part(&mut self, mut rows: Merge, level: u32) -> Result<(), RunError> {
        let mut share = self.watch.memory.share(1);
        let (mut ordinals, mut batches) = (Vec::new(), Vec::new());
        while let Some(read) = rows.next_rows(ROWS)? {
            self.watch.check()?;
            let too_much = share.add(read.batch.size());
            ordinals.push(read.ordinals);
            batches.push(read.batch);
            if too_much && level < DEEPEST {
                let mut deeper = Partitions::new(level, &self.watch.memory);
                for (ordinals, batch) in ordinals.iter().zip(&batches) {
                    write(&mut deeper, self.pivot, batch, |row| ordinals[row])?;
                }
                drop((ordinals, batches, share));
                while let Some(Merged { ordinals, batch }) = rows.next_rows(ROWS)? {
                    self.watch.check()?;
                    write(&mut deeper, self.pivot, &batch, |row| ordinals[row])?;
                }
                return self.add(deeper, level + 1);
            }
            share.check_limit("one row of a `pivot`")?;
        }
        let (cells, twice) = Cells::of(self.pivot, self.names, batches, self.watch)?;
        if let Some(twice) = twice {
            let (batch, row) = twice.at;
            let found = (ordinals[batch as usize][row as usize], twice.name);
            self.twice = self.twice.take().into_iter().chain([found]).min();
        }
        let mut run = self.out.begin()?;
        for (first, batch) in cells.rows(self.columns) {
            self.watch.check()?;
            self.out.learn(&batch);
            for (row, (at, first)) in cells.groups[first..][..batch.rows].iter().enumerate() {
                run.write(&[], ordinals[*at as usize][*first as usize], &batch, row)?;
            }
        }
        self.out.add(run.finish()?, self.watch)
    }
}

/// Writes groups to parts by their keys.
fn write(
    parted: &mut Partitions,
    pivot: &Pivot,
    batch: &Batch,
    ordinal: impl Fn(usize) -> u64,
) -> Result<(), RunError> {
    let keys = Keys::of(&batch.columns[..pivot.keys], batch.rows, &[]);
    parted.write(batch, (0..batch.rows).map(|row| (row, hasher().hash_one(keys.get(row)), ordinal(row))))
}
