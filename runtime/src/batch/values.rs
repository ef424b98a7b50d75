//! A column of values that have no plain Arrow form here: lists, records, maps, JSON and bytes, each a [`Scalar`].
//!
//! Slices share the values. Why not Arrow's lists and structs: `docs/decisions/0040-values-in-batches.md`.

use arrow_buffer::NullBuffer;
use pipelang_lang::scalar::Scalar;
use std::sync::Arc;

/// Values of one kind; a null is [`Scalar::Null`], and the validity says the same.
#[derive(Clone, Debug)]
pub struct Values {
    scalars: Arc<[Scalar]>,
    start: usize,
    length: usize,
    validity: Option<NullBuffer>,
}

impl Values {
    /// Values that are there or null.
    pub fn new(scalars: Vec<Scalar>) -> Values {
        let validity = NullBuffer::from_iter(scalars.iter().map(|value| *value != Scalar::Null));
        let validity = Some(validity).filter(|validity| validity.null_count() > 0);
        Values { length: scalars.len(), scalars: scalars.into(), start: 0, validity }
    }

    /// All of them.
    pub fn as_slice(&self) -> &[Scalar] {
        &self.scalars[self.start..self.start + self.length]
    }

    /// Which are there; none if all are.
    pub fn nulls(&self) -> Option<&NullBuffer> {
        self.validity.as_ref()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// How many are null.
    pub fn null_count(&self) -> usize {
        self.validity.as_ref().map_or(0, NullBuffer::null_count)
    }

    /// Whether one is null.
    pub fn is_null(&self, row: usize) -> bool {
        self.value(row) == &Scalar::Null
    }

    /// One of them.
    pub fn value(&self, row: usize) -> &Scalar {
        &self.as_slice()[row]
    }

    /// Those at `start .. start + length`, without copying.
    pub fn slice(&self, start: usize, length: usize) -> Values {
        assert!(start + length <= self.length, "a slice lies in its column");
        let validity = self.validity.as_ref().map(|validity| validity.slice(start, length));
        let validity = validity.filter(|validity| validity.null_count() > 0);
        Values { scalars: self.scalars.clone(), start: self.start + start, length, validity }
    }

    /// Those at some rows, in that order; for nothing there is a null.
    pub fn rows(&self, rows: impl Iterator<Item = Option<usize>>) -> Values {
        let values = self.as_slice();
        Values::new(rows.map(|row| row.map_or(Scalar::Null, |row| values[row].clone())).collect())
    }

    /// Frees them one by one until it is to `stop`, if nobody else has them: all at once takes long where lists are long.
    pub fn free_until(&mut self, stop: &dyn Fn() -> bool) {
        let scalars = Arc::get_mut(&mut self.scalars).unwrap_or_default();
        scalars.iter_mut().take_while(|_| !stop()).for_each(|value| *value = Scalar::Null);
    }

    /// The same values without holding on to others.
    pub fn compact(&self) -> Values {
        if self.length == self.scalars.len() { self.clone() } else { Values::new(self.as_slice().to_vec()) }
    }
}
