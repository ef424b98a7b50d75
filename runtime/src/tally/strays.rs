//! Keys of records that no column has, where a sample says which columns there are: counted while a run goes on, as what
//! `on_error` leaves out is.
//!
//! The first few are named. Which ones these are does not depend on who found them: they are ordered by their places, and
//! of two in one line by their names.

use pipelang_lang::ty::spell;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many keys are named.
const NAMED: usize = 3;

/// The records of a `read` that have keys which no column has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrayCount {
    /// The path as the script spells it.
    pub path: Arc<str>,
    /// How many records have such keys.
    pub records: u64,
    /// The first of the keys.
    pub keys: Vec<Stray>,
    /// Whether there are others.
    pub has_others: bool,
}

/// A key that no column has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// The key, or the way to it if it is inside of a column: `customer.age`, `items[].price`.
    pub key: String,
    /// The column that it is, or would be, in.
    pub column: String,
    /// The file where it is first.
    pub file: Arc<str>,
    /// The line where the record begins.
    pub line: u64,
}

/// What has been found by a worker, or by all.
#[derive(Debug, Default)]
pub struct Strays {
    records: u64,
    keys: Vec<Stray>,
    has_others: bool,
}

impl Strays {
    /// Adds a record that has such keys.
    pub fn add_record(&mut self) {
        self.records += 1;
    }

    /// Adds a key; `line` is asked for the place unless it is known in an earlier one.
    pub fn add(&mut self, file: &Arc<str>, (key, column): (String, String), line: impl FnOnce() -> u64) {
        if !self.keys.iter().any(|stray| stray.key == key && stray.file == *file) {
            self.insert(Stray { key, column, file: file.clone(), line: line() });
        }
    }

    fn insert(&mut self, stray: Stray) {
        match self.keys.iter_mut().find(|known| known.key == stray.key) {
            Some(known) if (&stray.file, stray.line) < (&known.file, known.line) => *known = stray,
            Some(_) => {}
            None => self.keys.push(stray),
        }
        self.keys.sort_by(|a, b| (&a.file, a.line, &a.key).cmp(&(&b.file, b.line, &b.key)));
        self.has_others |= self.keys.len() > NAMED;
        self.keys.truncate(NAMED);
    }

    /// The same behind so many lines.
    pub fn behind(mut self, lines: u64) -> Strays {
        self.keys.iter_mut().for_each(|stray| stray.line += lines);
        self
    }

    fn merge(&mut self, other: Strays) {
        self.records += other.records;
        self.has_others |= other.has_others;
        other.keys.into_iter().for_each(|stray| self.insert(stray));
    }
}

/// What one run of a `read` finds, to which all workers add.
#[derive(Debug)]
pub struct StrayCounts {
    path: Arc<str>,
    found: Mutex<Strays>,
}

impl StrayCounts {
    pub(super) fn new(path: Arc<str>) -> StrayCounts {
        StrayCounts { path, found: Mutex::default() }
    }

    fn found(&self) -> MutexGuard<'_, Strays> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what a worker found.
    pub fn merge(&self, found: Strays) {
        if found.records > 0 {
            self.found().merge(found);
        }
    }

    pub(super) fn path(&self) -> &Arc<str> {
        &self.path
    }

    pub(super) fn records(&self) -> u64 {
        self.found().records
    }

    pub(super) fn told(&self) -> StrayCount {
        let found = self.found();
        let (keys, has_others) = (found.keys.clone(), found.has_others);
        StrayCount { path: self.path.clone(), records: found.records, keys, has_others }
    }
}

impl fmt::Display for StrayCount {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let records = if self.records == 1 { "record has" } else { "records have" };
        let place = |stray: &Stray| match stray.file == self.path {
            true => format!("line {}", stray.line),
            false => format!("{}:{}", stray.file, stray.line),
        };
        let keys = self.keys.iter().map(|stray| format!("`{}` ({})", shown(&stray.key), place(stray)));
        let others = self.has_others.then(|| "others".to_string());
        let keys: Vec<String> = keys.chain(others).collect();
        let columns = self.keys.iter().map(|stray| &*stray.column);
        let mut columns: Vec<&str> = columns.filter(|column| shown(column) == *column).collect();
        columns.sort_unstable();
        columns.dedup();
        let columns: Vec<String> = columns.iter().map(|column| format!("{}: json?", spell(column))).collect();
        let (path, number, keys, columns) = (&self.path, self.records, keys.join(", "), columns.join(", "));
        write!(f, "{path}: {number} {records} keys that are no columns, since the sample has none of them: {keys}")?;
        if columns.is_empty() { Ok(()) } else { write!(f, "; to read them: schema: {{{columns}, ..}}") }
    }
}

/// A key in a line for eyes: short, and without what is not to be seen.
fn shown(key: &str) -> String {
    const MOST: usize = 40;
    let seen = |c: char| if c.is_control() { c.escape_debug().to_string() } else { c.to_string() };
    let rest = if key.chars().nth(MOST).is_some() { "…" } else { "" };
    key.chars().take(MOST).map(seen).chain([rest.to_string()]).collect()
}
