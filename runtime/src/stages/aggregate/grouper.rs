//! A ticket for each key, then one columnar update for each reducer.
//!
//! Where there are too many groups for the memory that they may have, no new ones are made: rows of other keys go to disk
//! by the hash of their keys ([`Partitions`]), and each part is grouped by itself in the end.

use super::{Keyed, Layout};
use crate::batch::keys::Keys;
use crate::batch::{Batch, Column};
use crate::error::RunError;
use crate::index::{Index, chunks};
use crate::limits::Watch;
use crate::memory::Share;
use crate::reducers::{State, Weight};
use crate::spill::partitions::DEEPEST;
use crate::spill::{Merged, Partitions, ROWS, Rows, Runs};
use arrow_array::UInt32Array;
use pipelang_lang::fault::{self, Fault};
use std::sync::Arc;

/// The groups that are looked up without a look whether the run must stop.
const ROWS_BETWEEN_LOOKS: usize = 4096;

/// Some rows by whether they have a group.
struct SortedOut {
    /// Those that have, each with it.
    here: Vec<(u32, u32)>,
    /// The others, each with the hash of its key and its ordinal.
    others: Vec<(usize, u64, u64)>,
}

/// The groups that one worker has seen.
pub struct Grouper {
    layout: Arc<Layout>,
    tickets: Index,
    keys: Keys,
    first: Vec<u64>,
    shown: Vec<(u32, u32)>,
    parts: Vec<Batch>,
    states: Vec<Box<dyn State>>,
    /// About how many bytes the states keep of what differs among rows.
    kept: u64,
    share: Share,
    /// How often the rows that come have been parted.
    level: u32,
    /// Rows of keys that have no group; once there are some, no new groups are made.
    parted: Vec<Partitions>,
    /// Columns of the table while it is made: whoever is told to stop has them with all else that takes long to be freed.
    made: Vec<Column>,
}

impl Grouper {
    /// No groups yet; they may have `share`.
    pub fn new(layout: Arc<Layout>, share: Share) -> Grouper {
        let states = layout.starts.iter().zip(&layout.argument_types).map(|(start, types)| start(types)).collect();
        let mut grouper = Grouper {
            layout,
            tickets: Index::with_capacity(0),
            keys: Keys::default(),
            first: Vec::new(),
            shown: Vec::new(),
            parts: Vec::new(),
            states,
            kept: 0,
            share,
            level: 0,
            parted: Vec::new(),
            made: Vec::new(),
        };
        if grouper.layout.keys == 0 {
            let no_key: &[u8] = &[];
            grouper.ticket((no_key, super::hasher().hash_one(no_key)), 0, (0, 0));
            grouper.parts.push(Batch::new(1, Vec::new()));
        }
        grouper
    }

    /// How many groups there are.
    pub fn count(&self) -> usize {
        self.first.len()
    }

    /// Takes rows whose ordinals are `first_ordinal ..`.
    pub fn push(&mut self, first_ordinal: u64, batch: &Batch, watch: &Watch) -> Result<(), RunError> {
        // Where groups may have no room, few rows come at once, so that few groups are too many.
        let at_once = if self.share.is_limited() { ROWS } else { batch.rows.max(1) };
        for first in (0..batch.rows).step_by(at_once) {
            let rows = at_once.min(batch.rows - first);
            let ordinals = (first_ordinal + first as u64..).take(rows).collect();
            match rows == batch.rows {
                true => self.push_rows(ordinals, batch, watch)?,
                false => self.push_rows(ordinals, &batch.slice(first, rows), watch)?,
            }
        }
        Ok(())
    }

    fn push_rows(&mut self, ordinals: Vec<u64>, batch: &Batch, watch: &Watch) -> Result<(), RunError> {
        if batch.rows == 0 {
            return Ok(());
        }
        let key_columns = &batch.columns[batch.columns.len() - self.layout.keys..];
        let keys = Keys::of(key_columns, batch.rows, &[]);
        let hashes = keys.hashes(0..batch.rows, &super::hasher());
        self.push_keyed(ordinals, batch, &Keyed { keys: &keys, rows: None, hashes: &hashes }, watch)
    }

    /// Takes rows whose keys are known.
    pub fn push_keyed(
        &mut self,
        ordinals: Vec<u64>,
        batch: &Batch,
        keys: &Keyed,
        watch: &Watch,
    ) -> Result<(), RunError> {
        let key_columns = &batch.columns[batch.columns.len() - self.layout.keys..];
        let known = self.first.len();
        if self.parted.is_empty() {
            let groups = self.tickets_of(&ordinals, key_columns, keys, watch)?;
            self.update(batch, &groups, &ordinals);
        } else {
            let SortedOut { here, others } = self.sort_out(&ordinals, keys);
            let partitions = self.parted.last_mut().expect("it is not empty");
            partitions.write(&Batch { origin: None, ..batch.clone() }, others.into_iter())?;
            self.update_some(batch, &here, &ordinals);
        }
        let growth = self.growth(known, batch);
        let too_much = self.share.add(growth);
        match too_much && self.parted.is_empty() {
            true if self.layout.keys > 0 && self.level < DEEPEST => {
                self.parted.push(Partitions::new(self.level, self.share.memory()))
            }
            true => self.share.check_limit("one group of an `aggregate`")?,
            // Its groups are there, and what they keep of their rows has no other place.
            false => self.share.check_limit("the groups of an `aggregate`")?,
        }
        Ok(())
    }

    /// About how many bytes a batch has added to what is held; there were `known` groups before.
    fn growth(&mut self, known: usize, batch: &Batch) -> u64 {
        const OF_GROUP: u64 = 48;
        let weight = self
            .states
            .iter()
            .map(|state| state.weight())
            .fold(Weight::default(), |a, b| Weight { group: a.group + b.group, row: a.row + b.row });
        let new = (self.first.len() - known) as u64;
        let keys = self.parts.last().filter(|_| new > 0).map_or(0, Batch::size) * 2;
        let of_rows = if weight.row > 0 { batch.size() + batch.rows as u64 * weight.row } else { 0 };
        let before = std::mem::replace(&mut self.kept, self.states.iter().map(|state| state.kept()).sum());
        new * (OF_GROUP + weight.group) + keys + of_rows + self.kept.saturating_sub(before)
    }

    /// Which rows have a group here.
    fn sort_out(&self, ordinals: &[u64], keys: &Keyed) -> SortedOut {
        let (mut here, mut others) = (Vec::new(), Vec::new());
        for rows in chunks(ordinals.len()) {
            self.tickets.fetch(&keys.hashes[rows.clone()]);
            for row in rows {
                let (key, hash) = keys.get(row);
                match self.tickets.find(hash, |group| self.keys.get(group) == key) {
                    Some(group) => here.push((row as u32, group as u32)),
                    None => others.push((row, hash, ordinals[row])),
                }
            }
        }
        SortedOut { here, others }
    }

    /// Takes the rows of a batch that have a group.
    fn update_some(&mut self, batch: &Batch, here: &[(u32, u32)], ordinals: &[u64]) {
        if here.is_empty() {
            return;
        }
        let rows = UInt32Array::from_iter_values(here.iter().map(|(row, _)| *row));
        let groups: Vec<u32> = here.iter().map(|(_, group)| *group).collect();
        let ordinals: Vec<u64> = here.iter().map(|(row, _)| ordinals[*row as usize]).collect();
        self.update(&batch.take(&rows), &groups, &ordinals);
    }

    fn update(&mut self, batch: &Batch, groups: &[u32], ordinals: &[u64]) {
        let mut columns = batch.columns.as_slice();
        for (reduction, state) in self.layout.reductions.iter().zip(&mut self.states) {
            let active = reduction.condition.map(|_| {
                let (condition, rest) = columns.split_first().expect("the segment gives a column for each condition");
                columns = rest;
                condition.truths()
            });
            let (arguments, rest) = columns.split_at(reduction.arguments.len());
            columns = rest;
            state.grow(self.first.len());
            state.update(arguments, groups, ordinals, active.as_ref());
        }
    }

    /// The group of each row.
    fn tickets_of(
        &mut self,
        ordinals: &[u64],
        columns: &[Column],
        keys: &Keyed,
        watch: &Watch,
    ) -> Result<Vec<u32>, RunError> {
        if columns.is_empty() {
            return Ok(vec![0; ordinals.len()]);
        }
        let part = self.parts.len() as u32;
        let (mut groups, mut new_rows) = (Vec::with_capacity(ordinals.len()), Vec::new());
        for rows in chunks(ordinals.len()) {
            self.tickets.reserve(rows.len(), &|| watch.check())?;
            self.tickets.fetch(&keys.hashes[rows.clone()]);
            for row in rows {
                let known = self.first.len();
                groups.push(self.ticket(keys.get(row), ordinals[row], (part, new_rows.len() as u32)));
                if self.first.len() > known {
                    new_rows.push(row as u32);
                }
            }
        }
        if !new_rows.is_empty() {
            let new_rows = UInt32Array::from(new_rows);
            let columns = columns.iter().map(|column| column.take(&new_rows).compact()).collect();
            self.parts.push(Batch::new(new_rows.len(), columns));
        }
        Ok(groups)
    }

    /// The group of a key with its hash, a new one if it was not met before.
    fn ticket(&mut self, (key, hash): (&[u8], u64), ordinal: u64, shown: (u32, u32)) -> u32 {
        let (new, keys) = (self.first.len(), &self.keys);
        let group = self.tickets.find_or_insert(hash, new, |group| keys.get(group) == key).unwrap_or_else(|| {
            self.keys.push(key);
            self.first.push(ordinal);
            self.shown.push(shown);
            new
        });
        group as u32
    }

    /// Takes over the groups of another worker.
    pub fn merge(&mut self, other: &mut Grouper, watch: &Watch) -> Result<(), RunError> {
        self.share.merge(&mut other.share);
        self.parted.append(&mut other.parted);
        let parts = self.parts.len() as u32;
        let mut groups = Vec::with_capacity(other.first.len());
        for theirs in chunks(other.first.len()) {
            watch.check()?;
            self.tickets.reserve(theirs.len(), &|| watch.check())?;
            let hashes = other.keys.hashes(theirs.clone(), &super::hasher());
            self.tickets.fetch(&hashes);
            for (group, hash) in theirs.zip(hashes) {
                let (part, row) = other.shown[group];
                let shown = (part + parts, row);
                let here = self.ticket((other.keys.get(group), hash), other.first[group], shown) as usize;
                if other.first[group] < self.first[here] && !fault::is(Fault::GroupOrderLost) {
                    self.first[here] = other.first[group];
                    self.shown[here] = shown;
                }
                groups.push(here as u32);
            }
        }
        self.parts.append(&mut other.parts);
        for (state, theirs) in self.states.iter_mut().zip(&mut other.states) {
            state.grow(self.first.len());
            // A worker that had no rows has not grown its states.
            theirs.grow(groups.len());
            state.merge(theirs.as_mut(), &groups, &|| watch.check().is_err());
            watch.check()?;
        }
        self.kept = self.states.iter().map(|state| state.kept()).sum();
        Ok(())
    }

    /// The keys, then what was computed; a row for each group.
    pub fn finish(&mut self, watch: &Watch) -> Result<Rows, RunError> {
        if self.parted.is_empty() {
            return Ok(vec![self.table(watch)?.1].into());
        }
        let mut runs = Runs::new(&watch.memory, None);
        self.finish_parted(watch, &mut runs)?;
        Ok(runs.into_merge()?.into())
    }

    /// Writes all groups to runs in the order of their first rows, those that are here and part by part the others.
    fn finish_parted(&mut self, watch: &Watch, runs: &mut Runs) -> Result<(), RunError> {
        let parts = Partitions::close(std::mem::take(&mut self.parted), watch)?;
        let (layout, level) = (self.layout.clone(), self.level + 1);
        let grouper = |share| Grouper { level, ..Grouper::new(layout.clone(), share) };
        if self.level > 0 {
            self.write(watch, runs)?;
            for mut part in parts {
                let mut others = grouper(watch.memory.share(1));
                while let Some(rows) = part.next_rows(ROWS)? {
                    watch.check()?;
                    others.push_rows(rows.ordinals, &rows.batch, watch)?;
                }
                others.finish_parted(watch, runs)?;
            }
            return Ok(());
        }
        // Rows of a group that is here may have been written by a worker that did not have it.
        let mut here = grouper(Share::unlimited());
        for mut part in parts {
            let mut others = grouper(watch.memory.share(1));
            while let Some(rows) = part.next_rows(ROWS)? {
                watch.check()?;
                self.push_sorted_out(rows, &mut here, &mut others, watch)?;
            }
            others.finish_parted(watch, runs)?;
        }
        self.merge(&mut here, watch)?;
        self.write(watch, runs)
    }

    /// Hands rows of groups that are here to `here`, and the others to `others`.
    fn push_sorted_out(
        &self,
        rows: Merged,
        here: &mut Grouper,
        others: &mut Grouper,
        watch: &Watch,
    ) -> Result<(), RunError> {
        let Merged { ordinals, batch } = rows;
        let keys = Keys::of(&batch.columns[batch.columns.len() - self.layout.keys..], batch.rows, &[]);
        let hashes = keys.hashes(0..batch.rows, &super::hasher());
        let sorted = self.sort_out(&ordinals, &Keyed { keys: &keys, rows: None, hashes: &hashes });
        if sorted.here.is_empty() {
            return others.push_rows(ordinals, &batch, watch);
        }
        let push = |rows: Vec<u32>, to: &mut Grouper| {
            let ordinals = rows.iter().map(|row| ordinals[*row as usize]).collect();
            to.push_rows(ordinals, &batch.take(&UInt32Array::from(rows)), watch)
        };
        push(sorted.here.into_iter().map(|(row, _)| row).collect(), here)?;
        push(sorted.others.into_iter().map(|(row, ..)| row as u32).collect(), others)
    }

    /// Writes the groups that are here to a run.
    fn write(&mut self, watch: &Watch, runs: &mut Runs) -> Result<(), RunError> {
        let (ordinals, batch) = self.table(watch)?;
        runs.learn(&batch);
        let mut run = runs.begin()?;
        for (row, ordinal) in ordinals.into_iter().enumerate() {
            if row % ROWS_BETWEEN_LOOKS == 0 {
                watch.check()?;
            }
            run.write(&[], ordinal, &batch, row)?;
        }
        runs.add(run.finish()?, watch)
    }

    /// The groups in order, and the ordinals of their first rows.
    pub fn table(&mut self, watch: &Watch) -> Result<(Vec<u64>, Batch), RunError> {
        let groups = self.first.len();
        let mut order = watch.filled(groups, |group| (self.first[group], group as u32))?;
        self.first.clear();
        watch.sorting(|| {
            order.sort_unstable_by_key(|(first, _)| {
                watch.look();
                *first
            });
        })?;
        if self.layout.keys > 0 && groups > 0 {
            let starts: Vec<u32> = self
                .parts
                .iter()
                .scan(0, |rows, part| {
                    *rows += part.rows as u32;
                    Some(*rows - part.rows as u32)
                })
                .collect();
            let place = |at: usize| {
                let (part, row) = self.shown[order[at].1 as usize];
                starts[part as usize] + row
            };
            let rows = UInt32Array::from(watch.filled(groups, place)?);
            let all = Batch::concat_while(&self.parts, &|| watch.check())?.expect("a group has a part");
            self.parts.clear();
            for column in all.columns {
                watch.check()?;
                self.made.push(column.take(&rows));
            }
        } else {
            self.made.resize(self.layout.keys, Column::Null(0));
        }
        let ordinals = watch.filled(groups, |at| order[at].0)?;
        let order = UInt32Array::from(watch.filled(groups, |at| order[at].1)?);
        self.states.reverse();
        while let Some(state) = self.states.last_mut() {
            watch.check()?;
            state.grow(groups);
            let values = state.finish(&|| watch.check().is_err()).map_err(RunError::of_limit)?;
            let at = self.made.len();
            self.made.push(values);
            watch.check()?;
            self.made[at] = self.made[at].take(&order);
            self.states.pop();
        }
        Ok((ordinals, Batch::new(groups, std::mem::take(&mut self.made))))
    }
}
