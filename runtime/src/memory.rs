//! What the operators of a run may hold in memory. An operator that has more than its share writes what it holds to disk
//! ([`crate::spill`]); what cannot be written ends the run with E0801.

use crate::error::RunError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
}

impl Memory {
    /// At most so many bytes.
    pub fn of(limit: u64) -> Memory {
        Memory(Some(Arc::new(Counted { limit, spill_at: limit / FINISHING, held: AtomicU64::new(0) })))
    }

    /// Without a limit, but what can be written to disk is written from so many bytes on.
    pub fn spilling_at(bytes: u64) -> Memory {
        Memory(Some(Arc::new(Counted { limit: u64::MAX, spill_at: bytes, held: AtomicU64::new(0) })))
    }

    /// The limit, if there is one.
    pub fn limit(&self) -> Option<u64> {
        self.0.as_ref().map(|counted| counted.limit)
    }

    /// What one of `operators` operators that work side by side may hold before it writes to disk.
    pub fn share(&self, operators: usize) -> Share {
        let counted = self.0.as_ref();
        let left = counted.map(|counted| counted.spill_at.saturating_sub(counted.held.load(Ordering::Relaxed)));
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

    /// Counts `bytes` more; whether that is too much, so that something must go.
    #[must_use]
    pub fn add(&mut self, bytes: u64) -> bool {
        self.count(bytes);
        self.held > self.most
    }

    /// Fails if all operators together hold more than the limit; `what` holds it and cannot be written to disk.
    pub fn check_limit(&self, what: &str) -> Result<(), RunError> {
        match &self.memory.0 {
            Some(counted) if counted.held.load(Ordering::Relaxed) > counted.limit => {
                let mib = counted.limit as f64 / f64::from(1 << 20);
                Err(RunError::Limit(format!("{what} needs more memory than the limit of {mib:.0} MiB")))
            }
            _ => Ok(()),
        }
    }

    /// Counts nothing as held any more.
    pub fn clear(&mut self) {
        if let Some(counted) = &self.memory.0 {
            counted.held.fetch_sub(self.held, Ordering::Relaxed);
        }
        self.held = 0;
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
        assert!(third.add(1) && third.check_limit("a sort").is_err());
    }
}
