//! Expressions that are no loops over lanes, as code that runs for one row at a time: what makes lists, records and maps
//! and looks into them, bodies over their items, and routines. The kernels call it between their leaves; `compile.rs`
//! makes the code, `run.rs` runs it.
//!
//! The code is flat, typed and free of pointers to the plan, so that machine code can be made of it one day. It says
//! that a row failed, never why: the batch is replayed then. It shares nothing with the oracle but the arithmetic of
//! `scalar.rs` and the bodies of functions.

mod call;
mod code;
mod compile;
mod nested;
mod run;
mod values;

pub use code::{CodeId, Place};
pub use compile::Given;
pub use run::{Stack, Stop};

use code::Code;
use pipelang_lang::ir::RoutineId;
use std::collections::HashMap;

/// Code for some expressions of one plan, and for the routines that they call.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    codes: Vec<Code>,
    routines: HashMap<RoutineId, CodeId>,
}

impl Machine {
    /// Where the parameters of some code are to be put, in the order in which they were given.
    pub fn parameters(&self, id: CodeId) -> &[Place] {
        &self.codes[id.0 as usize].parameters
    }

    /// Where the result of some code is.
    pub fn result(&self, id: CodeId) -> Place {
        self.codes[id.0 as usize].result.unwrap_or(Place::Null)
    }

    /// Gets a stack ready to run some code many times.
    pub fn begin(&self, id: CodeId, stack: &mut Stack) {
        stack.begin(&self.codes[id.0 as usize]);
    }
}
