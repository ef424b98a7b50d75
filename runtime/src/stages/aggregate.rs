//! Grouping: a ticket for each key, then one columnar update for each reducer. Groups come out in the order in which
//! their first rows stand in the stream, and a key is shown as it stood there.

use crate::batch::keys::Keys;
use crate::batch::{Batch, Column};
use crate::reducers::{Reducers, State};
use ahash::RandomState;
use arrow_array::UInt32Array;
use hashbrown::HashTable;
use pipelang_lang::fault::{self, Fault};
use pipelang_lang::ir::Reduction;
use pipelang_lang::ty::Type;

/// How the columns of a pushed batch are used: for each reduction its condition (if any) and its arguments, then the keys.
#[derive(Clone, Debug)]
pub struct Layout {
    /// What is computed.
    pub reductions: Vec<Reduction>,
    /// The types of each reduction's arguments.
    pub argument_types: Vec<Vec<Type>>,
    /// How many keys there are; without keys there is one group, also of no rows.
    pub keys: usize,
}

/// The groups that one worker has seen.
pub struct Grouper {
    layout: Layout,
    hasher: RandomState,
    tickets: HashTable<u32>,
    keys: Keys,
    first: Vec<u64>,
    shown: Vec<(u32, u32)>,
    parts: Vec<Batch>,
    states: Vec<Box<dyn State>>,
}

impl Grouper {
    /// No groups yet.
    pub fn new(layout: Layout, reducers: &Reducers) -> Grouper {
        let pairs = layout.reductions.iter().zip(&layout.argument_types);
        let states = pairs.map(|(reduction, types)| (reducers.get(reduction.reducer).start)(types)).collect();
        let mut grouper = Grouper {
            layout,
            // What the groups are does not depend on the seeds: they come out in the order of the rows.
            hasher: RandomState::with_seeds(1, 2, 3, 4),
            tickets: HashTable::new(),
            keys: Keys::default(),
            first: Vec::new(),
            shown: Vec::new(),
            parts: Vec::new(),
            states,
        };
        if grouper.layout.keys == 0 {
            grouper.ticket(&[], 0, (0, 0));
            grouper.parts.push(Batch::new(1, Vec::new()));
        }
        grouper
    }

    /// Takes rows whose ordinals are `first_ordinal ..`.
    pub fn push(&mut self, first_ordinal: u64, batch: &Batch) {
        if batch.rows == 0 {
            return;
        }
        let key_columns = &batch.columns[batch.columns.len() - self.layout.keys..];
        let groups = self.tickets_of(first_ordinal, key_columns, batch.rows);
        let ordinals: Vec<u64> = (first_ordinal..).take(batch.rows).collect();
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
            state.update(arguments, &groups, &ordinals, active.as_ref());
        }
    }

    /// The group of each row.
    fn tickets_of(&mut self, first_ordinal: u64, columns: &[Column], rows: usize) -> Vec<u32> {
        if columns.is_empty() {
            return vec![0; rows];
        }
        let keys = Keys::of(columns, rows, &[]);
        let part = self.parts.len() as u32;
        let mut new_rows = Vec::new();
        let groups = (0..rows)
            .map(|row| {
                let known = self.first.len();
                let group = self.ticket(keys.get(row), first_ordinal + row as u64, (part, new_rows.len() as u32));
                if self.first.len() > known {
                    new_rows.push(row as u32);
                }
                group
            })
            .collect();
        let new_rows = UInt32Array::from(new_rows);
        let columns = columns.iter().map(|column| column.take(&new_rows).compact()).collect();
        self.parts.push(Batch::new(new_rows.len(), columns));
        groups
    }

    /// The group of a key, a new one if it was not met before.
    fn ticket(&mut self, key: &[u8], ordinal: u64, shown: (u32, u32)) -> u32 {
        let hash = self.hasher.hash_one(key);
        let (hasher, keys) = (&self.hasher, &self.keys);
        let entry = self.tickets.entry(
            hash,
            |group| keys.get(*group as usize) == key,
            |group| hasher.hash_one(keys.get(*group as usize)),
        );
        match entry {
            hashbrown::hash_table::Entry::Occupied(entry) => *entry.get(),
            hashbrown::hash_table::Entry::Vacant(entry) => {
                let group = self.first.len() as u32;
                entry.insert(group);
                self.keys.push(key);
                self.first.push(ordinal);
                self.shown.push(shown);
                group
            }
        }
    }

    /// Takes over the groups of another worker.
    pub fn merge(&mut self, other: Grouper) {
        let parts = self.parts.len() as u32;
        let groups: Vec<u32> = (0..other.first.len())
            .map(|group| {
                let (part, row) = other.shown[group];
                let shown = (part + parts, row);
                let here = self.ticket(other.keys.get(group), other.first[group], shown) as usize;
                if other.first[group] < self.first[here] && !fault::is(Fault::GroupOrderLost) {
                    self.first[here] = other.first[group];
                    self.shown[here] = shown;
                }
                here as u32
            })
            .collect();
        self.parts.extend(other.parts);
        for (state, mut theirs) in self.states.iter_mut().zip(other.states) {
            state.grow(self.first.len());
            // A worker that had no rows has not grown its states.
            theirs.grow(groups.len());
            state.merge(theirs, &groups);
        }
    }

    /// The keys, then what was computed; a row for each group.
    pub fn finish(mut self) -> Batch {
        let groups = self.first.len();
        let mut order: Vec<u32> = (0..groups as u32).collect();
        order.sort_unstable_by_key(|group| self.first[*group as usize]);
        let mut columns = Vec::new();
        if self.layout.keys > 0 && groups > 0 {
            let starts: Vec<u32> = self
                .parts
                .iter()
                .scan(0, |rows, part| {
                    *rows += part.rows as u32;
                    Some(*rows - part.rows as u32)
                })
                .collect();
            let place = |group: &u32| {
                let (part, row) = self.shown[*group as usize];
                starts[part as usize] + row
            };
            let rows = UInt32Array::from_iter_values(order.iter().map(place));
            columns = Batch::concat(&self.parts).expect("a group has a part").take(&rows).columns;
        } else {
            columns.resize(self.layout.keys, Column::Null(0));
        }
        let order = UInt32Array::from(order);
        for mut state in std::mem::take(&mut self.states) {
            state.grow(groups);
            columns.push(state.finish().take(&order));
        }
        Batch::new(groups, columns)
    }
}
