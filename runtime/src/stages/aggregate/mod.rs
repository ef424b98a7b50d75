//! Grouping. Groups come out in the order in which their first rows stand in the stream, and a key is shown as it stood
//! there.

mod grouper;
mod groups;

pub use groups::{Groups, Piece, Shard, Sharding, Tables};

use crate::batch::keys::Keys;
use crate::reducers::Start;
use ahash::RandomState;
use pipelang_lang::ir::Reduction;
use pipelang_lang::ty::Type;

/// How the columns of a pushed batch are used: for each reduction its condition (if any) and its arguments, then the keys.
#[derive(Debug)]
pub struct Layout {
    /// What is computed.
    pub reductions: Vec<Reduction>,
    /// What starts the state of each reduction.
    pub starts: Vec<Start>,
    /// The types of each reduction's arguments.
    pub argument_types: Vec<Vec<Type>>,
    /// How many keys there are; without keys there is one group, also of no rows.
    pub keys: usize,
}

/// The keys of the rows of a batch, each with its hash.
struct Keyed<'a> {
    keys: &'a Keys,
    /// Which of the keys are those of the rows; all of them if nothing is said.
    rows: Option<&'a [u32]>,
    hashes: &'a [u64],
}

impl<'a> Keyed<'a> {
    fn get(&self, row: usize) -> (&'a [u8], u64) {
        let key = self.rows.map_or(row, |rows| rows[row] as usize);
        (self.keys.get(key), self.hashes[row])
    }
}

/// What groups there are does not depend on the seeds: they come out in the order of the rows.
fn hasher() -> RandomState {
    RandomState::with_seeds(1, 2, 3, 4)
}
