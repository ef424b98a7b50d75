//! Positions by hash: which row of many has a key. Whoever has the rows says whether two are equal.
//!
//! A slot is one word, the upper half of a hash and a position. So a look costs one line of the cache, rows are compared only
//! where 32 bits of their hashes are equal, and a table that grows needs no rows. Slots stand in the order of their hashes
//! (linear probing from the place that the hash is of 2^32), so a table is copied to one of twice the size from its front to its end.

use crate::error::RunError;
use std::hint::black_box;
use std::ops::Range;

/// Positions below [`Index::MOST`], each with a hash.
#[derive(Debug)]
pub struct Index {
    /// At most two thirds of them are full, unless there are as many as can be.
    slots: Vec<u64>,
    len: usize,
}

/// Ranges of so many rows as are well looked up at once: what is fetched stays in the cache until then.
pub fn chunks(rows: usize) -> impl Iterator<Item = Range<usize>> {
    const AT_ONCE: usize = 1024;
    (0..rows).step_by(AT_ONCE).map(move |first| first..rows.min(first + AT_ONCE))
}

/// No position.
const EMPTY: u64 = u64::MAX;

/// The position in a slot that is full.
fn position(slot: u64) -> usize {
    slot as u32 as usize
}

/// Slots of the smallest table.
const LEAST: usize = 8;

/// Slots of the greatest table, which may fill up but for one.
const GREATEST: usize = 1 << 32;

/// Slots of a table that surely fits into the cache of a processor.
const NEAR: usize = 1 << 15;

/// Says whether to go on.
type Look<'l> = &'l dyn Fn() -> Result<(), RunError>;

/// So many slots have room for so many positions.
fn slots_for(positions: usize) -> usize {
    (positions + positions.div_ceil(2) + 1).clamp(LEAST, GREATEST)
}

impl Index {
    /// No position is as great as this.
    pub const MOST: usize = u32::MAX as usize;

    /// An empty table that has room for so many positions.
    pub fn with_capacity(positions: usize) -> Index {
        Index { slots: vec![EMPTY; slots_for(positions)], len: 0 }
    }

    /// The same for very many: every so often `look` says whether to go on.
    pub fn with_capacity_while(positions: usize, look: Look) -> Result<Index, RunError> {
        Index::of_slots(slots_for(positions), look)
    }

    fn of_slots(slots: usize, look: Look) -> Result<Index, RunError> {
        let slots = slots.min(GREATEST);
        let mut index = Index { slots: Vec::with_capacity(slots), len: 0 };
        while index.slots.len() < slots {
            look()?;
            index.slots.resize(slots.min(index.slots.len() + NEAR), EMPTY);
        }
        Ok(index)
    }

    /// All positions, in no order.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.slots.iter().filter(|slot| **slot != EMPTY).map(|slot| position(*slot))
    }

    /// Loads what these hashes are looked up in: many at once, where a look by itself would wait for the one before it.
    pub fn fetch(&self, hashes: &[u64]) {
        if self.slots.len() > NEAR {
            black_box(hashes.iter().fold(0, |all, hash| all ^ self.slots[self.home(*hash)]));
        }
    }

    /// Makes room for so many more, if there are many already: a large table takes a while to be copied, and every so often
    /// `look` says whether to go on. Small ones grow by themselves.
    pub fn reserve(&mut self, more: usize, look: Look) -> Result<(), RunError> {
        while self.slots.len() > NEAR && self.must_grow(self.len + more) {
            self.grow(look)?;
        }
        Ok(())
    }

    /// The position with this hash that `is_equal` says yes to.
    #[inline]
    pub fn find(&self, hash: u64, is_equal: impl Fn(usize) -> bool) -> Option<usize> {
        self.look(hash, is_equal).ok()
    }

    /// The same; if there is none, `at` is put there.
    #[inline]
    pub fn find_or_insert(&mut self, hash: u64, at: usize, is_equal: impl Fn(usize) -> bool) -> Option<usize> {
        match self.look(hash, is_equal) {
            Ok(found) => Some(found),
            Err(free) => {
                assert!(at < Index::MOST, "there are fewer than 2^32 keys");
                self.slots[free] = hash >> 32 << 32 | at as u64;
                self.len += 1;
                if self.must_grow(self.len) {
                    let _ = self.grow(&|| Ok(()));
                }
                None
            }
        }
    }

    /// The slot where a look begins.
    #[inline]
    fn home(&self, hash: u64) -> usize {
        (((hash >> 32) * self.slots.len() as u64) >> 32) as usize
    }

    /// The position that is wanted, or the free slot where it would stand.
    #[inline]
    fn look(&self, hash: u64, is_equal: impl Fn(usize) -> bool) -> Result<usize, usize> {
        let mut at = self.home(hash);
        loop {
            let slot = self.slots[at];
            if slot == EMPTY {
                return Err(at);
            }
            if slot >> 32 == hash >> 32 && is_equal(position(slot)) {
                return Ok(position(slot));
            }
            at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
        }
    }

    /// Whether so many positions want more slots.
    #[inline]
    fn must_grow(&self, len: usize) -> bool {
        len > self.slots.len() / 3 * 2 && self.slots.len() < GREATEST
    }

    #[cold]
    fn grow(&mut self, look: Look) -> Result<(), RunError> {
        let mut large = Index { len: self.len, ..Index::of_slots(self.slots.len() * 2, look)? };
        for some in self.slots.chunks(NEAR) {
            look()?;
            for slot in some.iter().filter(|slot| **slot != EMPTY) {
                if let Err(free) = large.look(*slot, |_| false) {
                    large.slots[free] = *slot;
                }
            }
        }
        *self = large;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Many keys, few of which have a hash of their own.
    #[test]
    fn keys_are_found_where_they_were_put() {
        let key = |at: usize| at as u64 * 7919;
        let hashes: [fn(u64) -> u64; 3] =
            [|key| key.wrapping_mul(0x9e37_79b9_7f4a_7c15), |key| (key % 5) << 40, |_| u64::MAX];
        for (hash, count) in hashes.into_iter().zip([100_000, 2_000, 500]) {
            let mut index = Index::with_capacity(0);
            for at in 0..count {
                assert_eq!(index.find(hash(key(at)), |other| key(other) == key(at)), None);
                assert_eq!(index.find_or_insert(hash(key(at)), at, |other| key(other) == key(at)), None);
            }
            index.fetch(&[0, u64::MAX]);
            for at in 0..count {
                assert_eq!(index.find_or_insert(hash(key(at)), count, |other| key(other) == key(at)), Some(at));
            }
            let mut all: Vec<usize> = index.iter().collect();
            all.sort_unstable();
            assert_eq!(all, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn room_is_made_before_it_is_wanted_unless_it_is_said_to_stop() {
        let mut index = Index::with_capacity(NEAR);
        let (before, looks) = (index.slots.len(), std::cell::Cell::new(0));
        index.find_or_insert(7 << 40, 0, |_| false);
        assert!(index.reserve(3 * NEAR, &|| Err(RunError::Internal("stop".into()))).is_err());
        assert_eq!(index.slots.len(), before, "nothing has happened");
        let look = || {
            looks.set(looks.get() + 1);
            Ok(())
        };
        index.reserve(3 * NEAR, &look).unwrap();
        assert!(index.slots.len() / 3 * 2 >= 3 * NEAR && looks.get() >= index.slots.len() / NEAR);
        assert_eq!(index.find(7 << 40, |_| true), Some(0));
        let mut small = Index::with_capacity(0);
        small.reserve(3 * NEAR, &look).unwrap();
        assert_eq!(small.slots.len(), LEAST);
    }

    #[test]
    fn what_has_room_does_not_grow() {
        for count in [0, 5, 6, 1000, 98_304] {
            let mut index = Index::with_capacity(count);
            let slots = index.slots.len();
            for at in 0..count {
                index.find_or_insert((at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15), at, |_| false);
            }
            assert_eq!(index.slots.len(), slots, "{count}");
        }
    }
}
