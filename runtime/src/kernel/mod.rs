//! The executable form of row-wise stages: a [`Segment`] says what is to be computed, in the plan's expressions; the
//! kernel IR (`ir.rs`) says how, as straight-line, predicated, call-free operations over implicit rows. `lower.rs` turns
//! one into the other. Two executors run it: `vector` and `jit`.

mod segment;

pub use segment::{Output, Segment, Step};
