//! A counter for each key. The keys stand one behind the other in one block of memory: ten million of them are given back
//! at once, where as many by themselves would take a second.

use crate::batch::keys::Keys;
use crate::error::RunError;
use crate::index::{Index, chunks};
use crate::limits::Watch;
use ahash::RandomState;

/// About what a counter takes beside its key.
const OF_KEY: u64 = 48;

/// Counters by key, in the order in which keys are first met.
pub struct Counters {
    keys: Keys,
    counts: Vec<i64>,
    /// By key, positions in both.
    index: Index,
}

impl Counters {
    /// None yet, with room for so many.
    pub fn with_capacity(count: usize) -> Counters {
        let (keys, counts) = (Keys::default(), Vec::with_capacity(count));
        Counters { keys, counts, index: Index::with_capacity(count) }
    }

    /// About how many bytes are taken by one with this key.
    pub fn size(key: &[u8]) -> u64 {
        key.len() as u64 + OF_KEY
    }

    /// Counts keys up, and tells each with the number of times it was met before.
    pub fn count(&mut self, keys: &Keys, watch: &Watch, mut met: impl FnMut(&[u8], i64)) -> Result<(), RunError> {
        for rows in chunks(keys.count()) {
            watch.check()?;
            self.index.reserve(rows.len(), &|| watch.check())?;
            let hashes = keys.hashes(rows.clone(), &hasher());
            self.index.fetch(&hashes);
            for (row, hash) in rows.zip(hashes) {
                let counter = self.counter(keys.get(row), hash);
                met(keys.get(row), *counter);
                *counter += 1;
            }
        }
        Ok(())
    }

    /// Gives the key this count.
    pub fn set(&mut self, key: &[u8], count: i64) {
        *self.counter(key, hasher().hash_one(key)) = count;
    }

    fn counter(&mut self, key: &[u8], hash: u64) -> &mut i64 {
        let (new, known) = (self.counts.len(), &self.keys);
        let at = self.index.find_or_insert(hash, new, |at| known.get(at) == key).unwrap_or_else(|| {
            self.keys.push(key);
            self.counts.push(0);
            new
        });
        &mut self.counts[at]
    }

    /// The keys that have no counter, by their position, each with its hash.
    pub fn unknown(&self, keys: &Keys, watch: &Watch) -> Result<Vec<(usize, u64)>, RunError> {
        let mut unknown = Vec::new();
        for rows in chunks(keys.count()) {
            watch.check()?;
            let hashes = keys.hashes(rows.clone(), &hasher());
            self.index.fetch(&hashes);
            let pairs = rows.zip(hashes);
            unknown.extend(
                pairs.filter(|(row, hash)| self.index.find(*hash, |at| self.keys.get(at) == keys.get(*row)).is_none()),
            );
        }
        Ok(unknown)
    }

    /// Takes out the counters whose count is one of `these`.
    pub fn take_out(&mut self, these: impl Fn(i64) -> bool) -> Counters {
        let count = self.counts.iter().filter(|count| these(**count)).count();
        let mut taken = Counters::with_capacity(count);
        if count == 0 {
            return taken;
        }
        let mut left = Counters::with_capacity(self.counts.len() - count);
        for (key, count) in self.iter() {
            if these(count) { &mut taken } else { &mut left }.set(key, count);
        }
        *self = left;
        taken
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], i64)> {
        self.keys.iter().zip(self.counts.iter().copied())
    }
}

/// What keys are found by, here and in the parts on disk.
pub fn hasher() -> RandomState {
    RandomState::with_seeds(11, 12, 13, 14)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_is_no_longer_there() {
        let texts: [&[u8]; 4] = [b"a", b"b", b"a", b"long"];
        let keys: Keys = texts.into_iter().collect();
        let mut counters = Counters::with_capacity(0);
        let mut before = Vec::new();
        counters.count(&keys, &Watch::default(), |_, count| before.push(count)).unwrap();
        assert_eq!(before, [0, 0, 1, 0]);
        let often = counters.take_out(|count| count > 1);
        assert_eq!(often.iter().collect::<Vec<_>>(), [(&b"a"[..], 2)]);
        assert_eq!(counters.iter().collect::<Vec<_>>(), [(&b"b"[..], 1), (&b"long"[..], 1)]);
        assert_eq!(
            counters.unknown(&keys, &Watch::default()).unwrap().iter().map(|(row, _)| *row).collect::<Vec<_>>(),
            [0, 2]
        );
    }
}
