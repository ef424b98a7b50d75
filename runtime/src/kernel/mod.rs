//! The executable form of row-wise stages: a [`Segment`] says what is to be computed, in the plan's expressions; the
//! kernel IR (`ir.rs`) says how, as straight-line, predicated, call-free operations over implicit rows. `lower.rs` turns
//! one into the other. Two executors run it: `vector` and `jit`; what they share, the registers of a chunk of rows, is in
//! `frame.rs`.

mod builder;
mod finish;
pub mod frame;
pub mod ir;
mod lower;
pub mod ops;
mod print;
mod segment;
#[cfg(test)]
mod tests;
mod verify;

pub use ir::{CHUNK, Program};
pub use lower::lower;
pub use print::print;
pub use segment::{Output, Segment, Step};
pub use verify::verify;
