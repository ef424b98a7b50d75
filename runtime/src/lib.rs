//! Pipe's runtime: plans to results.
//!
//! [`exec`] runs a plan: it cuts it into pipelines, runs their fused segments on batches of rows in the batch interpreter
//! ([`vector`]) or in native code, and hands the rows to the operators of [`stages`]. Functions, reducers and file formats
//! are rows of tables ([`builtins`], [`reducers`], [`formats`]), gathered in a [`Registry`]. [`reference`] is the oracle
//! that all of it must agree with.

pub mod batch;
pub mod builtins;
pub mod error;
pub mod exec;
pub mod formats;
mod index;
#[cfg(feature = "jit")]
pub mod jit;
pub mod json;
pub mod kernel;
pub mod limits;
mod machine;
pub mod memory;
pub mod progress;
pub mod reducers;
pub mod reference;
mod registry;
pub mod spill;
pub mod stages;
pub mod strided;
pub mod tally;
pub mod vector;

pub use registry::Registry;
