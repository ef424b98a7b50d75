//! How large values are, and how large they may become.
//!
//! A script can double a text or a list with each word of it, and lists share their items, so that one of a few bytes in
//! memory may spell gigabytes. So no value that a script makes is larger than [`LARGEST`], whoever makes it and whether
//! a run has limits or not. What a file has in a cell is another matter.

use super::{Fault, Scalar};
use crate::codes::E0801;
use std::sync::Arc;

/// How many bytes a value takes at most that a script makes, what it shares with others counted each time.
pub const LARGEST: usize = 64 << 20;

/// The fault of a value that would take so many bytes, if that is too much.
pub fn fits(bytes: usize) -> Result<(), Fault> {
    match bytes <= LARGEST {
        true => Ok(()),
        false => Err(too_large()),
    }
}

/// The fault of a value that is too large: E0801.
pub fn too_large() -> Fault {
    Fault::new(E0801, format!("a value would take more than {} MiB, and none may", LARGEST >> 20))
}

impl Scalar {
    /// About how many bytes it takes, what it points to included.
    pub fn size(&self) -> usize {
        size_of::<Scalar>()
            + match self {
                Scalar::String(text) | Scalar::Json(text) => text.len(),
                Scalar::Bytes(bytes) => bytes.len(),
                Scalar::List(items) => match items.first() {
                    // Items are of one kind.
                    Some(first) if first.is_plain() => size_of_val(&**items),
                    _ => items.iter().map(Scalar::size).sum(),
                },
                Scalar::Record(items) => items.iter().map(Scalar::size).sum(),
                Scalar::Map(entries) => {
                    entries.iter().map(|(key, value)| size_of::<Scalar>() + key.len() + value.size()).sum()
                }
                Scalar::Opaque(value) => value.size(),
                Scalar::Null
                | Scalar::Bool(_)
                | Scalar::Int(_)
                | Scalar::Float(_)
                | Scalar::Date(_)
                | Scalar::DateTime(_)
                | Scalar::Duration(_)
                | Scalar::Wide(_) => 0,
            }
    }

    /// The same, divided by how many hold it: so much is counted for each where all are.
    pub fn share(&self) -> usize {
        let holders = match self {
            Scalar::String(text) | Scalar::Json(text) => Arc::strong_count(text),
            Scalar::Bytes(bytes) => Arc::strong_count(bytes),
            Scalar::List(items) | Scalar::Record(items) => Arc::strong_count(items),
            Scalar::Map(entries) => Arc::strong_count(entries),
            Scalar::Opaque(value) => value.holders(),
            _plain => return size_of::<Scalar>(),
        };
        size_of::<Scalar>() + (self.size() - size_of::<Scalar>()) / holders
    }

    /// The value, or the fault of one that is too large.
    pub fn checked(self) -> Result<Scalar, Fault> {
        fits(self.size())?;
        Ok(self)
    }

    /// Whether it points to nothing; null may stand for what does.
    fn is_plain(&self) -> bool {
        match self {
            Scalar::Bool(_)
            | Scalar::Int(_)
            | Scalar::Float(_)
            | Scalar::Date(_)
            | Scalar::DateTime(_)
            | Scalar::Duration(_)
            | Scalar::Wide(_) => true,
            Scalar::Null
            | Scalar::String(_)
            | Scalar::Json(_)
            | Scalar::Bytes(_)
            | Scalar::List(_)
            | Scalar::Record(_)
            | Scalar::Map(_)
            | Scalar::Opaque(_) => false,
        }
    }
}

/// A list in the making that is to be no larger than a value may be.
#[derive(Clone, Debug, Default)]
pub struct Items {
    items: Vec<Scalar>,
    size: usize,
}

impl Items {
    /// Puts a value behind those that are there.
    pub fn push(&mut self, item: Scalar) -> Result<(), Fault> {
        self.size += item.size();
        self.items.push(item);
        fits(self.size)
    }

    /// Puts values behind those that are there.
    pub fn extend(&mut self, items: &[Scalar]) -> Result<(), Fault> {
        self.size += items.iter().map(Scalar::size).sum::<usize>();
        fits(self.size)?;
        self.items.extend_from_slice(items);
        Ok(())
    }

    /// How many bytes they take.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        self.items.clear();
        self.size = 0;
    }

    /// The list of them, after which there are none.
    pub fn take(&mut self) -> Scalar {
        self.size = 0;
        Scalar::List(std::mem::take(&mut self.items).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_counts_each_time() {
        let mut value = Scalar::List(Arc::new([Scalar::Int(1)]));
        let own = size_of::<Scalar>();
        assert_eq!(value.size(), 2 * own);
        let mut doublings = 0;
        loop {
            match Scalar::List(Arc::new([value.clone(), value])).checked() {
                Ok(double) => value = double,
                Err(fault) => break assert_eq!(fault.code, E0801),
            }
            doublings += 1;
        }
        assert!((15..25).contains(&doublings), "{doublings}");
    }
}
