//! Joins: the right rows are kept in a table, found by the keys that must be equal; left rows look for their matches.
//!
//! A row with a null among its keys matches nothing. Rows of one key are kept in their order, so matches come in it.
//! What the table has no memory for goes to disk (`parted.rs`).

mod parted;

pub use parted::{Left, PartedTable, Parter};

use crate::batch::keys::Keys;
use crate::batch::{Batch, BatchFault, Column};
use crate::error::{RowError, RowFault, RunError};
use crate::index::{Index, chunks};
use crate::limits::Watch;
use crate::memory::Share;
use crate::spill::Partitions;
use ahash::RandomState;
use arrow_array::UInt32Array;
use pipelang_lang::fault::{self, Fault};
use pipelang_lang::ir::{JoinKind, SiteId};
use pipelang_lang::scalar::{self, Comparison, Scalar};
use pipelang_lang::ty::Kind;
use std::cmp::Ordering;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering as Memory};

/// The right rows that one worker has seen.
pub struct Builder {
    layout: Layout,
    parts: Vec<(u64, Batch)>,
    share: Share,
    parted: Vec<Partitions>,
}

/// What becomes of the right rows.
pub enum Built {
    /// They are in memory.
    Table(Arc<JoinTable>),
    /// They are on disk.
    Parted(PartedTable),
}

/// How the columns of a pushed batch are used: the keys, one for each comparison, the ordered key if there is one, and
/// then what goes on.
#[derive(Clone)]
pub struct Layout {
    /// How the keys compare.
    pub comparisons: Vec<Comparison>,
    /// Whether there is an ordered key.
    pub nearest: bool,
    /// How many columns go on.
    pub carried: usize,
    /// Where rows with equal keys are an error, if they are.
    pub unique: Option<SiteId>,
}

/// The right rows of a join.
pub struct JoinTable {
    layout: Layout,
    /// Their keys, in the order of the comparisons, and the ordered one if there is one.
    keys: Vec<Column>,
    /// What goes on of them, and behind the last a row of nulls.
    rows: Batch,
    count: usize,
    hasher: RandomState,
    /// The first of the rows of a key, by key.
    first: Index,
    equal: Keys,
    /// Behind each row, the next one of its key (or [`END`]); empty while no key has two rows.
    next: Vec<u32>,
    /// By the first row of a key: its rows that have an order, in that order.
    ordered: Vec<Vec<u32>>,
    matched: Vec<AtomicBool>,
}

/// No further row.
const END: u32 = u32::MAX;

impl Layout {
    /// The columns of keys that must be equal, of some that begin with the keys.
    fn equal_keys(&self, keys: &[Column], rows: usize) -> Keys {
        Keys::of(&self.equal_columns(keys), rows, &[])
    }

    fn equal_columns(&self, keys: &[Column]) -> Vec<Column> {
        let keys = self.comparisons.iter().zip(keys).filter(|(comparison, _)| **comparison == Comparison::Equal);
        keys.map(|(_, key)| key.clone()).collect()
    }

    /// Whether rows can be parted by keys.
    fn has_equal(&self) -> bool {
        self.comparisons.contains(&Comparison::Equal)
    }
}

impl Builder {
    /// No rows yet; they may have `share`.
    pub fn new(layout: Layout, share: Share) -> Builder {
        Builder { layout, parts: Vec::new(), share, parted: Vec::new() }
    }

    /// Takes rows whose ordinals are `first_ordinal ..`.
    pub fn push(&mut self, first_ordinal: u64, mut batch: Batch, watch: &Watch) -> Result<(), RunError> {
        if batch.rows == 0 {
            return Ok(());
        }
        batch.columns = batch.columns.iter().map(Column::compact).collect();
        batch.origin = None;
        let too_much = self.share.add(size_in_table(&batch));
        self.parts.push((first_ordinal, batch));
        match too_much {
            true if self.layout.has_equal() => self.spill(watch),
            true => self.share.check_limit("the right side of a join without an `==`"),
            false => Ok(()),
        }
    }

    /// Writes what is in memory to disk.
    fn spill(&mut self, watch: &Watch) -> Result<(), RunError> {
        if self.parted.is_empty() {
            self.parted.push(Partitions::new(0, self.share.memory()));
        }
        let partitions = self.parted.last_mut().expect("there is one");
        for (first, batch) in self.parts.drain(..) {
            watch.check()?;
            parted::write(partitions, &self.layout, &batch, 0, |row| first + row as u64)?;
        }
        self.share.clear();
        Ok(())
    }

    /// Takes over what another worker has seen.
    pub fn merge(&mut self, mut other: Builder) {
        self.parts.append(&mut other.parts);
        self.share.merge(&mut other.share);
        self.parted.append(&mut other.parted);
    }

    /// The error that two of the rows whose ordinals are below `end` have one key, if they must not.
    pub fn duplicate(mut self, end: u64, watch: &Watch) -> Option<RunError> {
        self.layout.unique?;
        if !self.parted.is_empty() {
            let table = self.spill(watch).and_then(|()| PartedTable::new(self.layout, self.parted, watch));
            return table.and_then(|mut table| table.check_unique(end, watch)).err();
        }
        self.parts.retain(|(first, _)| *first < end);
        self.finish(watch).err()
    }

    /// The table.
    pub fn finish(mut self, watch: &Watch) -> Result<Built, RunError> {
        if !self.parted.is_empty() {
            self.spill(watch)?;
            let mut table = PartedTable::new(self.layout, self.parted, watch)?;
            table.check_unique(u64::MAX, watch)?;
            return Ok(Built::Parted(table));
        }
        self.parts.sort_by_key(|(first, _)| *first);
        let parts: Vec<Batch> = self.parts.into_iter().map(|(_, batch)| batch).collect();
        let rows = Batch::concat_while(&parts, &|| watch.check())?;
        drop(parts);
        let table = JoinTable::new(self.layout, rows, watch).map_err(|none| none.error)?;
        Ok(Built::Table(Arc::new(table)))
    }
}

/// About how many bytes a batch takes with what a table holds for each row.
fn size_in_table(batch: &Batch) -> u64 {
    const OF_ROW: u64 = 40;
    batch.size() + batch.rows as u64 * OF_ROW
}

/// Why there is no table.
struct NoTable {
    /// The row whose key another has that must not; none if the run must stop.
    row: Option<usize>,
    error: RunError,
}

impl From<RunError> for NoTable {
    fn from(error: RunError) -> NoTable {
        NoTable { row: None, error }
    }
}

/// The rows that are put into a table without a look whether the run must stop.
const ROWS_BETWEEN_LOOKS: usize = 4096;

impl JoinTable {
    fn new(layout: Layout, batch: Option<Batch>, watch: &Watch) -> Result<JoinTable, NoTable> {
        let key_count = layout.comparisons.len() + usize::from(layout.nearest);
        let no_rows = || Batch::new(0, vec![Column::Null(0); key_count + layout.carried]);
        let mut rows = batch.unwrap_or_else(no_rows);
        let count = rows.rows;
        let carried = rows.columns.split_off(key_count);
        let keys = std::mem::replace(&mut rows.columns, carried);
        // The keys were demanded: what is left of faults is of what goes on.
        for fault in &mut rows.faults {
            fault.column -= key_count as u32;
        }
        for column in &mut rows.columns {
            watch.check()?;
            *column = Column::concat(&[column, &Column::Null(1)]);
        }
        rows.rows = count + 1;
        let mut table = JoinTable {
            equal: Keys::of_while(&layout.equal_columns(&keys), count, &[], &|| watch.check())?,
            layout,
            keys,
            rows,
            count,
            hasher: RandomState::with_seeds(5, 6, 7, 8),
            first: Index::with_capacity_while(count, &|| watch.check())?,
            next: Vec::new(),
            ordered: Vec::new(),
            matched: (0..count).map(|_| AtomicBool::new(false)).collect(),
        };
        table.link(watch)?;
        Ok(table)
    }

    /// Puts every row behind the one before it that has the same key.
    fn link(&mut self, watch: &Watch) -> Result<(), NoTable> {
        let mut last = vec![END; self.count];
        for rows in chunks(self.count) {
            watch.check()?;
            let hashes = self.equal.hashes(rows.clone(), &self.hasher);
            self.first.fetch(&hashes);
            for (row, hash) in rows.zip(hashes) {
                if has_null(&self.keys, row) {
                    continue;
                }
                let (keys, key) = (&self.equal, self.equal.get(row));
                let first = self.first.find_or_insert(hash, row, |other| keys.get(other) == key);
                let Some(first) = first else {
                    last[row] = row as u32;
                    continue;
                };
                if let Some(site) = self.layout.unique.filter(|_| !fault::is(Fault::DuplicatesUnnoticed)) {
                    return Err(NoTable { row: Some(row), error: self.duplicate_key(row, site) });
                }
                self.next.resize(self.count, END);
                self.next[last[first] as usize] = row as u32;
                last[first] = row as u32;
            }
        }
        if self.layout.nearest {
            self.order(watch)?;
        }
        Ok(())
    }

    /// Sorts the rows of each key by the last one, stable; NaN has no place there.
    fn order(&mut self, watch: &Watch) -> Result<(), RunError> {
        let time = self.keys[self.keys.len() - 1].clone();
        let mut ordered = vec![Vec::new(); self.count];
        for (at, first) in self.first.iter().enumerate() {
            if at % ROWS_BETWEEN_LOOKS == 0 {
                watch.check()?;
            }
            let mut rows: Vec<u32> = self.rows_of(first as u32).collect();
            rows.retain(|row| !matches!(time.get(*row as usize), Scalar::Float(x) if x.is_nan()));
            let compare = |a: &u32, b: &u32| {
                watch.look();
                later(&time.get(*a as usize), &time.get(*b as usize))
            };
            watch.sorting(|| rows.sort_by(compare))?;
            ordered[first] = rows;
        }
        self.ordered = ordered;
        Ok(())
    }

    fn duplicate_key(&self, row: usize, site: SiteId) -> RunError {
        let values: Vec<Scalar> = self.keys.iter().map(|key| key.get(row)).collect();
        let fault = crate::json::duplicate_key(&values);
        RunError::Row(Arc::new(RowError { fault: RowFault::Expression { site, fault }, place: None }))
    }

    fn rows_of(&self, first: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(first), |row| self.next.get(*row as usize).copied().filter(|next| *next != END))
    }

    /// What comes of left rows, batch after batch of about `rows` rows, until `give` says that it is enough. Their first
    /// `carried` columns go on, those behind are their keys. It fails if the run must stop.
    pub fn probe(
        &self,
        kind: JoinKind,
        carried: usize,
        nearest: &Option<Option<Scalar>>,
        mut left: Batch,
        (rows, watch): (usize, &Watch),
        give: &mut dyn FnMut(Batch) -> bool,
    ) -> Result<(), RunError> {
        let keys = left.columns.split_off(carried);
        let first = self.first_matches(&keys, &self.layout.equal_keys(&keys, left.rows));
        let probe = Probing { keys: &keys, first, within: nearest.as_ref(), watch };
        if kind == JoinKind::Mark {
            give(self.marked(left, &probe, carried)?);
            return Ok(());
        }
        let (mut from, mut matches) = (Vec::new(), Vec::new());
        for row in 0..left.rows {
            let before = from.len();
            self.matches(row, &probe, |right| {
                if kind == JoinKind::Full && !(fault::is(Fault::MatchForgotten) && from.len() > before) {
                    self.matched[right as usize].store(true, Memory::Relaxed);
                }
                from.push(row as u32);
                matches.push(right);
                !matches!(kind, JoinKind::Semi | JoinKind::Anti)
            })?;
            if fault::is(Fault::MatchesReversed) {
                matches[before..].reverse();
            }
            let found = from.len() > before;
            match (kind, found) {
                (JoinKind::Anti, true) => {
                    from.truncate(before);
                    matches.truncate(before);
                }
                (JoinKind::Left, false) if fault::is(Fault::UnmatchedLost) => {}
                (JoinKind::Anti | JoinKind::Left | JoinKind::Full, false) => {
                    from.push(row as u32);
                    matches.push(self.count as u32);
                }
                (JoinKind::Inner | JoinKind::Semi | JoinKind::Mark, _) | (JoinKind::Left | JoinKind::Full, true) => {}
            }
            if from.len() >= rows || row + 1 == left.rows {
                let out = left.repeated(&std::mem::take(&mut from));
                let matches = UInt32Array::from(std::mem::take(&mut matches));
                let out = match kind {
                    // These choose rows, as a filter does, which keep their places in files.
                    JoinKind::Semi | JoinKind::Anti | JoinKind::Mark => out,
                    JoinKind::Inner | JoinKind::Left | JoinKind::Full => beside(out, self.right(&matches)),
                };
                if !give(out) {
                    break;
                }
            }
        }
        Ok(())
    }

    /// The left rows with a column that says whether they have a match. A key that is a fault makes the mark one.
    fn marked(&self, mut left: Batch, probe: &Probing, carried: usize) -> Result<Batch, RunError> {
        let mark = |row| {
            let mut found = false;
            self.matches(row, probe, |_| {
                found = true;
                false
            })?;
            Ok(Scalar::Bool(found))
        };
        let marks = (0..left.rows).map(mark).collect::<Result<Vec<Scalar>, RunError>>()?;
        left.columns.push(Column::from_scalars(&Kind::Bool, &marks));
        for fault in &mut left.faults {
            fault.column = fault.column.min(carried as u32);
        }
        left.faults.dedup_by_key(|fault| (fault.row, fault.column));
        Ok(left)
    }

    fn right(&self, rows: &UInt32Array) -> Batch {
        self.rows.take(rows)
    }

    /// The first row of the key of each left row, or [`END`].
    fn first_matches(&self, keys: &[Column], equal: &Keys) -> Vec<u32> {
        let find = |row: usize, hash: u64| {
            let key = equal.get(row);
            let first = self.first.find(hash, |other| self.equal.get(other) == key);
            first.filter(|_| !has_null(keys, row)).map_or(END, |first| first as u32)
        };
        let mut first = Vec::with_capacity(equal.count());
        for rows in chunks(equal.count()) {
            let hashes = equal.hashes(rows.clone(), &self.hasher);
            self.first.fetch(&hashes);
            first.extend(rows.zip(hashes).map(|(row, hash)| find(row, hash)));
        }
        first
    }

    /// Calls `found` with each match of a left row, in order, as long as it says so.
    fn matches(&self, row: usize, probe: &Probing, mut found: impl FnMut(u32) -> bool) -> Result<(), RunError> {
        let first = probe.first[row];
        if first == END {
            return Ok(());
        }
        if let Some(within) = probe.within {
            if let Some(nearest) = self.nearest(first, &probe.keys[probe.keys.len() - 1].get(row), within) {
                found(nearest);
            }
            return Ok(());
        }
        for (at, right) in self.rows_of(first).enumerate() {
            if at % ROWS_BETWEEN_LOOKS == ROWS_BETWEEN_LOOKS - 1 {
                probe.watch.spend(ROWS_BETWEEN_LOOKS as u64)?;
            }
            if self.others_hold(row, right as usize, probe.keys) && !found(right) {
                break;
            }
        }
        Ok(())
    }

    /// The last row of a key that is not later than `time`, and not earlier than that by more than `within`.
    fn nearest(&self, first: u32, time: &Scalar, within: &Option<Scalar>) -> Option<u32> {
        let times = &self.keys[self.keys.len() - 1];
        let rows = &self.ordered[first as usize];
        let later =
            rows.partition_point(|row| scalar::compare(Comparison::LessOrEqual, &times.get(*row as usize), time));
        let row = *rows.get(later.checked_sub(1)?)?;
        let within = within.as_ref().filter(|_| !fault::is(Fault::WithinUnchecked));
        within.is_none_or(|within| is_within(&times.get(row as usize), time, within)).then_some(row)
    }

    /// Whether the comparisons other than `==` hold.
    fn others_hold(&self, left: usize, right: usize, keys: &[Column]) -> bool {
        let mut others = self.layout.comparisons.iter().zip(keys.iter().zip(&self.keys));
        others.all(|(comparison, (a, b))| {
            *comparison == Comparison::Equal || scalar::compare(*comparison, &a.get(left), &b.get(right))
        })
    }

    /// The rows that nothing matched, behind nulls of the kinds `left`.
    pub fn unmatched(&self, left: &[Kind]) -> Batch {
        self.unmatched_rows(left).1
    }

    /// The same, with their positions in the table.
    fn unmatched_rows(&self, left: &[Kind]) -> (Vec<u32>, Batch) {
        let rows: Vec<u32> =
            (0..self.count).filter(|row| !self.matched[*row].load(Memory::Relaxed)).map(|row| row as u32).collect();
        let nulls = left.iter().map(|_| Column::Null(rows.len())).collect();
        let batch = beside(Batch::new(rows.len(), nulls), self.right(&UInt32Array::from(rows.clone())));
        (rows, batch)
    }
}

/// The keys of left rows.
struct Probing<'a> {
    keys: &'a [Column],
    /// The first right row of the key of each, or [`END`].
    first: Vec<u32>,
    within: Option<&'a Option<Scalar>>,
    watch: &'a Watch,
}

/// Whether a row has a null among its keys: then it matches nothing.
fn has_null(keys: &[Column], row: usize) -> bool {
    !fault::is(Fault::NullKeysMatch) && keys.iter().any(|key| key.is_null(row))
}

/// Which of two times is later; both are there, and no NaN.
fn later(a: &Scalar, b: &Scalar) -> Ordering {
    scalar::sort_order(a, b, false)
}

/// Whether the earlier of two times is at most `within` before the later.
fn is_within(earlier: &Scalar, later: &Scalar, within: &Scalar) -> bool {
    const DAY: i128 = 86_400_000_000;
    match (earlier, later, within) {
        (Scalar::Int(a), Scalar::Int(b), Scalar::Int(most)) => i128::from(*b) - i128::from(*a) <= i128::from(*most),
        (Scalar::Float(a), Scalar::Float(b), Scalar::Float(most)) => b - a <= *most,
        (Scalar::DateTime(a), Scalar::DateTime(b), Scalar::Duration(most))
        | (Scalar::Duration(a), Scalar::Duration(b), Scalar::Duration(most)) => {
            i128::from(*b) - i128::from(*a) <= i128::from(*most)
        }
        (Scalar::Date(a), Scalar::Date(b), Scalar::Duration(most)) => {
            (i128::from(*b) - i128::from(*a)) * DAY <= i128::from(*most)
        }
        _ => unreachable!("the checker lets only these be joined"),
    }
}

/// Two batches of as many rows, side by side.
fn beside(mut left: Batch, right: Batch) -> Batch {
    let shift = left.columns.len() as u32;
    let faults = right.faults.into_iter().map(|fault| BatchFault { column: fault.column + shift, ..fault });
    left.faults.extend(faults);
    left.faults.sort_by_key(|fault| fault.row);
    left.columns.extend(right.columns);
    left.origin = None;
    left
}
