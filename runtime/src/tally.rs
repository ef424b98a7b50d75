//! What reads made null or left out, as `on_error` says: counted while a run goes on, told at its end.

use pipelang_lang::catalog::ReadPolicy;
use pipelang_lang::source::Span;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The counts of a run; clones are the same. They are those of whole files once the run is done, and those of a run that
/// failed are of no use.
#[derive(Clone, Default)]
pub struct Tally(Arc<Mutex<Vec<Entry>>>);

/// Where a `read` stands in the script, and its counts.
type Entry = (Span, Arc<Counts>);

impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_list().entries(self.reads()).finish()
    }
}

/// What a `read` made null or left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadCount {
    /// The path as the script spells it.
    pub path: Arc<str>,
    /// Whether rows were left out; else values became null.
    pub skips: bool,
    /// How many values of each column became null, or how many rows were left out for their sake: a row for the first of
    /// its columns.
    pub columns: Vec<(Arc<str>, u64)>,
    /// How many records were left out since they are broken.
    pub records: u64,
}

impl Tally {
    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The counts of a `read` that begins. If it has been run before, it gives the same again, which is counted once.
    pub fn begin(&self, read: Span, path: &Arc<str>, policy: ReadPolicy, columns: &[Arc<str>]) -> Arc<Counts> {
        let values = columns.iter().map(|_| AtomicU64::new(0)).collect();
        let (path, columns) = (path.clone(), columns.to_vec());
        let counts = Arc::new(Counts { path, policy, columns, values, records: AtomicU64::new(0) });
        let mut entries = self.entries();
        let is_same =
            |(span, other): &&mut Entry| *span == read && other.path == counts.path && other.columns == counts.columns;
        match entries.iter_mut().find(is_same) {
            Some((_, known)) => *known = counts.clone(),
            None => entries.push((read, counts.clone())),
        }
        counts
    }

    /// What there is to tell, in the order in which the reads stand in the script; a read of which everything fits is not
    /// among it.
    pub fn reads(&self) -> Vec<ReadCount> {
        let mut entries = self.entries().clone();
        entries.sort_by_key(|(span, counts)| (span.source, span.start, counts.path.clone()));
        let told = entries.iter().map(|(_, counts)| counts.told());
        told.filter(|count| count.records > 0 || count.columns.iter().any(|(_, number)| *number > 0)).collect()
    }
}

/// The counts of one `read`, to which all workers add.
#[derive(Debug)]
pub struct Counts {
    path: Arc<str>,
    policy: ReadPolicy,
    columns: Vec<Arc<str>>,
    values: Vec<AtomicU64>,
    records: AtomicU64,
}

impl Counts {
    /// Adds to the count of a column, by its position among those that are looked at.
    pub fn add(&self, column: usize, number: u64) {
        self.values[column].fetch_add(number, Ordering::Relaxed);
    }

    /// Adds broken records.
    pub fn add_records(&self, number: u64) {
        self.records.fetch_add(number, Ordering::Relaxed);
    }

    fn told(&self) -> ReadCount {
        let number = |value: &AtomicU64| value.load(Ordering::Relaxed);
        let columns = self.columns.iter().zip(&self.values).map(|(name, value)| (name.clone(), number(value)));
        ReadCount {
            path: self.path.clone(),
            skips: self.policy == ReadPolicy::Skip,
            columns: columns.filter(|(_, number)| *number > 0).collect(),
            records: number(&self.records),
        }
    }
}

impl ReadCount {
    /// How many values became null, or how many rows were left out.
    pub fn total(&self) -> u64 {
        self.records + self.columns.iter().map(|(_, number)| number).sum::<u64>()
    }
}

impl fmt::Display for ReadCount {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let total = self.total();
        let (noun, verb) = match (self.skips, total) {
            (true, 1) => ("row", "was left out"),
            (true, _) => ("rows", "were left out"),
            (false, 1) => ("value", "was read as null"),
            (false, _) => ("values", "were read as null"),
        };
        let mut reasons: Vec<String> =
            self.columns.iter().map(|(name, number)| format!("{number} in `{name}`")).collect();
        if self.records > 0 {
            reasons.push(format!("{} broken", self.records));
        }
        write!(f, "{}: {total} {noun} {verb} ({})", self.path, reasons.join(", "))
    }
}
