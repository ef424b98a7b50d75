//! What the operators of a run may hold in memory. An operator that has more than its share writes what it holds to disk
//! ([`crate::spill`]); what cannot be written ends the run with E0801. So do texts and lists that are too much while they
//! are made of rows: those are counted only where there is a limit, since that costs a look at each.

use crate::error::RunError;
use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Bringing an operator's rows together takes as much again twice: a copy of all of them, and the same in their order.
const FINISHING: u64 = 3;

/// The memory of a run. Clones share one count.
#[derive(Clone, Debug, Default)]
pub struct Memory(Option<Arc<Counted>>);

#[derive(Debug)]
struct Counted {
    limit: u64,
    /// What all operators together hold before they write to disk.
    spill_at: u64,
    held: AtomicU64,
    runs: AtomicU64,
    merges: AtomicU64,
    /// Temporary files that are empty.
    files: Mutex<Vec<File>>,
}

/// What operators wrote to disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spilled {
    /// How many runs of rows, those not counted that were made of others.
    pub runs: u64,
    /// How often a row was merged with those of other runs, at most.
    pub merges: u64,
}

impl Memory {
    /// At most so many bytes.
    pub fn of(limit: u64) -> Memory {
        Memory::new(limit, limit / FINISHING)
    }

    /// Without a limit, but what can be written to disk is written from so many bytes on.
    pub fn spilling_at(bytes: u64) -> Memory {
        Memory::new(u64::MAX, bytes)
    }

    fn new(limit: u64, spill_at: u64) -> Memory {
        let (held, runs, merges) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        Memory(Some(Arc::new(Counted { limit, spill_at, held, runs, merges, files: Mutex::default() })))
    }

    /// A temporary file that is empty and open, if there is one.
    pub fn take_file(&self) -> Option<File> {
        self.0.as_ref()?.files.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Keeps a temporary file that is empty and open, to be used again.
    pub fn give_file(&self, file: File) {
        const MOST: usize = 256;
        if let Some(counted) = &self.0 {
            let mut files = counted.files.lock().unwrap_or_else(PoisonError::into_inner);
            if files.len() < MOST {
                files.push(file);
            }
        }
    }

    /// E0801 of `what`, which cannot be written to disk although it should be.
    pub fn exceeded(&self, what: &str) -> RunError {
        over(self.0.as_ref().map_or(u64::MAX, |counted| counted.limit), what)
    }

    /// Counts a run that was written.
    pub fn count_run(&self) {
        if let Some(counted) = &self.0 {
            counted.runs.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts that rows are merged for the time `merges`.
    pub fn count_merge(&self, merges: u64) {
        if let Some(counted) = &self.0 {
            counted.merges.fetch_max(merges, Ordering::Relaxed);
        }
    }

    /// What was written to disk since this was last asked.
    pub fn take_spilled(&self) -> Spilled {
        let take = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
        let taken = |counted: &Arc<Counted>| Spilled { runs: take(&counted.runs), merges: take(&counted.merges) };
        self.0.as_ref().map(taken).unwrap_or_default()
    }

    /// The limit, if there is one.
    pub fn limit(&self) -> Option<u64> {
        self.0.as_ref().map(|counted| counted.limit)
    }

    /// Whether what values take is counted.
    pub fn counts_values(&self) -> bool {
        self.limit().is_some_and(|limit| limit < u64::MAX)
    }

    /// Fails if there is no room for so many bytes beside all that is held.
    pub fn check_room(&self, bytes: u64) -> Result<(), RunError> {
        match &self.0 {
            Some(counted) if counted.held.load(Ordering::Relaxed).saturating_add(bytes) > counted.limit => {
                Err(over(counted.limit, "what the script computes"))
            }
            _ => Ok(()),
        }
    }

    /// Into how many parts rows are parted: a power of two. Each is a file and its buffer, but where there is room for
    /// many, few rows must be parted twice.
    pub fn parts(&self) -> usize {
        const OF_PART: u64 = 256 << 10;
        let spill_at = self.0.as_ref().map_or(0, |counted| counted.spill_at);
        (spill_at / OF_PART).clamp(16, 128).next_power_of_two() as usize
    }

    /// What one of `operators` operators that work side by side may hold before it writes to disk. A quarter of all is there
    /// for them in any case: with nothing, rows would be parted again and again.
    pub fn share(&self, operators: usize) -> Share {
        let counted = self.0.as_ref();
        let left = counted.map(|counted| {
            let left = counted.spill_at.saturating_sub(counted.held.load(Ordering::Relaxed));
            left.max(counted.spill_at / 4)
        });
        let most = left.map_or(u64::MAX, |left| left / operators.max(1) as u64);
        Share { memory: self.clone(), most, held: 0 }
    }
}

/// What one operator holds; given back when it is dropped.
#[derive(Debug)]
pub struct Share {
    memory: Memory,
    most: u64,
    held: u64,
}

impl Share {
    /// A share without a limit.
    pub fn unlimited() -> Share {
        Memory::default().share(1)
    }

    /// A share of half as much: the other half is for what comes while it is held.
    pub fn halved(self) -> Share {
        let most = self.most / 2;
        Share { memory: self.memory.clone(), most, held: 0 }
    }

    /// Whether there is anything that it is a share of.
    pub fn is_limited(&self) -> bool {
        self.memory.0.is_some()
    }

    /// The memory that it is a share of.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Counts `bytes` more; whether that is too much, so that something must go.
    #[must_use]
    pub fn add(&mut self, bytes: u64) -> bool {
        self.count(bytes);
        self.held > self.most
    }

    /// Counts `bytes` of values more, where that is done; fails if that is too much.
    pub fn hold(&mut self, bytes: u64) -> Result<(), RunError> {
        if !self.memory.counts_values() {
            return Ok(());
        }
        self.count(bytes);
        self.memory.check_room(0)
    }

    /// Counts `bytes` of what was held less.
    pub fn release(&mut self, bytes: u64) {
        let bytes = bytes.min(self.held);
        self.held -= bytes;
        if let Some(counted) = &self.memory.0 {
            counted.held.fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    /// The same of what is only measured where it is counted.
    pub fn hold_with(&mut self, bytes: impl FnOnce() -> u64) -> Result<(), RunError> {
        if self.memory.counts_values() { self.hold(bytes()) } else { Ok(()) }
    }

    /// Fails if all operators together hold more than the limit; `what` holds it and cannot be written to disk.
    pub fn check_limit(&self, what: &str) -> Result<(), RunError> {
        match &self.memory.0 {
            Some(counted) if counted.held.load(Ordering::Relaxed) > counted.limit => Err(over(counted.limit, what)),
            _ => Ok(()),
        }
    }

    /// Counts nothing as held any more.
    pub fn clear(&mut self) {
        self.release(self.held);
    }

    /// Takes over what another holds.
    pub fn merge(&mut self, other: &mut Share) {
        let bytes = other.held;
        other.clear();
        self.count(bytes);
    }

    fn count(&mut self, bytes: u64) {
        self.held += bytes;
        if let Some(counted) = &self.memory.0 {
            counted.held.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}

impl Default for Share {
    fn default() -> Share {
        Share::unlimited()
    }
}

/// So many bytes in words: `64 MiB`.
pub fn in_bytes(bytes: usize) -> String {
    match bytes {
        _ if bytes >= 1 << 20 && bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ if bytes >= 1 << 10 && bytes.is_multiple_of(1 << 10) => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} bytes"),
    }
}

/// E0801
fn over(limit: u64, what: &str) -> RunError {
    let limit = in_bytes(usize::try_from(limit).unwrap_or(usize::MAX));
    RunError::Limit(format!("{what} would need more memory than the limit of {limit}"))
}

impl Drop for Share {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_given_back() {
        let memory = Memory::spilling_at(200);
        let mut first = memory.share(2);
        assert!(!first.add(100) && first.add(1));
        let mut second = memory.share(1);
        assert!(!second.add(99) && second.add(1));
        second.merge(&mut first);
        drop(first);
        second.clear();
        assert!(!memory.share(1).add(200));
        assert!(!Share::unlimited().add(u64::MAX));
        let mut third = Memory::of(600).share(1);
        assert!(!third.add(200) && third.add(400) && third.check_limit("a sort").is_ok());
        assert!(third.add(1));
        let told = third.check_limit("a sort").unwrap_err().to_string();
        assert_eq!(told, "a sort would need more memory than the limit of 600 bytes");
    }
}
