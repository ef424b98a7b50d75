//! Pipe's runtime: plans to results.

pub mod batch;
pub mod builtins;
pub mod error;
pub mod formats;
#[cfg(feature = "jit")]
pub mod jit;
pub mod kernel;
pub mod limits;
pub mod reducers;
pub mod vector;
