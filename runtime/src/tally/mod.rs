//! What reads made null or left out, as `on_error` says, rows that do not fit a `parse`, and keys that no column has: counted
//! while a run goes on, told at its end.

mod strays;

pub use strays::{Stray, StrayCount, StrayCounts, Strays};

use pipelang_lang::catalog::ReadPolicy;
use pipelang_lang::ir::Told;
use pipelang_lang::source::Span;
use std::cmp::Reverse;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The counts of a run; clones are the same. They are those of whole files once the run is done, and those of a run that
/// failed are of no use.
#[derive(Clone, Default)]
pub struct Tally(Arc<Mutex<Entries>>);

/// The counts of each `read`, with its place in the script.
#[derive(Default)]
struct Entries {
    reads: Vec<(Span, Arc<Counts>)>,
    strays: Vec<(Span, Arc<StrayCounts>)>,
    parses: Vec<(Told, Arc<AtomicU64>)>,
}

impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_list().entries(self.lines()).finish()
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

/// How many rows a `parse` left out since they do not fit its template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseCount {
    /// The template.
    pub template: Arc<str>,
    /// How many.
    pub rows: u64,
}

impl Tally {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The counts of a `read` that begins. If it has been run before, it gives the same again, which is counted once.
    pub fn begin(&self, read: Span, path: &Arc<str>, policy: ReadPolicy, columns: &[Arc<str>]) -> Arc<Counts> {
        let values = columns.iter().map(|_| AtomicU64::new(0)).collect();
        let (path, columns) = (path.clone(), columns.to_vec());
        let counts = Arc::new(Counts { path, policy, columns, values, records: AtomicU64::new(0) });
        let mut entries = self.entries();
        let is_same = |(span, other): &&mut (Span, Arc<Counts>)| {
            *span == read && other.path == counts.path && other.columns == counts.columns
        };
        match entries.reads.iter_mut().find(is_same) {
            Some((_, known)) => *known = counts.clone(),
            None => entries.reads.push((read, counts.clone())),
        }
        counts
    }

    /// What there is to tell, in the order in which the reads stand in the script; a read of which everything fits is not
    /// among it.
    pub fn reads(&self) -> Vec<ReadCount> {
        let mut entries = self.entries().reads.clone();
        entries.sort_by_key(|(span, counts)| (span.source, span.start, counts.path.clone()));
        let told = entries.iter().map(|(_, counts)| counts.told());
        told.filter(|count| count.records > 0 || count.columns.iter().any(|(_, number)| *number > 0)).collect()
    }

    /// The counts of a run of a `read` of which keys are told. Of several runs the one that comes farthest counts: one of
    /// them goes to the end.
    pub fn begin_strays(&self, read: Span, path: &Arc<str>) -> Arc<StrayCounts> {
        let counts = Arc::new(StrayCounts::new(path.clone()));
        let strays = &mut self.entries().strays;
        let is_same = |(span, other): &(Span, Arc<StrayCounts>)| *span == read && other.path() == path;
        let farthest = strays.iter().filter(|entry| is_same(entry)).map(|(_, run)| run.records()).max();
        let is_behind = |run: &Arc<StrayCounts>| Arc::strong_count(run) == 1 && Some(run.records()) < farthest;
        strays.retain(|entry| !is_same(entry) || !is_behind(&entry.1));
        strays.push((read, counts.clone()));
        counts
    }

    /// The reads with records that have keys which no column has, in the order in which they stand in the script.
    pub fn strays(&self) -> Vec<StrayCount> {
        let mut entries = self.entries().strays.clone();
        let place = |(span, run): &(Span, Arc<StrayCounts>)| (span.source, span.start, run.path().clone());
        entries.sort_by_key(|entry| (place(entry), Reverse(entry.1.records())));
        entries.dedup_by_key(|entry| place(entry));
        entries.iter().map(|(_, run)| run.told()).filter(|count| count.records > 0).collect()
    }

    /// The counts of a run of a `parse`. Of several runs the one that comes farthest counts: one of them goes to the end.
    pub fn begin_parse(&self, parse: &Told) -> Arc<AtomicU64> {
        let left_out = Arc::new(AtomicU64::new(0));
        let parses = &mut self.entries().parses;
        let farthest =
            parses.iter().filter(|(told, _)| told == parse).map(|(_, rows)| rows.load(Ordering::Relaxed)).max();
        let is_behind =
            |rows: &Arc<AtomicU64>| Arc::strong_count(rows) == 1 && Some(rows.load(Ordering::Relaxed)) < farthest;
        parses.retain(|(told, rows)| told != parse || !is_behind(rows));
        parses.push((parse.clone(), left_out.clone()));
        left_out
    }

    /// What each `parse` left out, in the order in which they stand in the script.
    pub fn parses(&self) -> Vec<ParseCount> {
        let mut entries: Vec<(Told, u64)> = {
            let entries = self.entries();
            entries.parses.iter().map(|(told, rows)| (told.clone(), rows.load(Ordering::Relaxed))).collect()
        };
        entries.sort_by_key(|(told, rows)| (told.site.0, Reverse(*rows)));
        entries.dedup_by_key(|(told, _)| told.site);
        let told = entries.into_iter().filter(|(_, rows)| *rows > 0);
        told.map(|(told, rows)| ParseCount { template: told.template, rows }).collect()
    }

    /// All that there is to tell, a line each.
    pub fn lines(&self) -> Vec<String> {
        let reads = self.reads().into_iter().map(|read| read.to_string());
        let strays = self.strays().into_iter().map(|strays| strays.to_string());
        reads.chain(strays).chain(self.parses().into_iter().map(|parse| parse.to_string())).collect()
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

impl fmt::Display for ParseCount {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        const MOST: usize = 60;
        let (rows, fit) = if self.rows == 1 { ("row was", "does not fit") } else { ("rows were", "do not fit") };
        let rest = if self.template.chars().nth(MOST).is_some() { "…" } else { "" };
        let template: String = self.template.chars().take(MOST).collect();
        write!(f, "parse {template:?}{rest}: {} {rows} left out, which {fit}", self.rows)
    }
}
