//! Machine code for one row by itself: the leaves of a program as functions over words, without loops.

use super::{Built, Code, build, emit};
use crate::kernel::ir::Program;
use crate::vector::single::SingleLeaves;
use std::sync::Arc;

/// A leaf: the words of all registers, the lane of each at the place of its number; not 0 if a check failed.
type RowFunction = unsafe extern "C" fn(*mut u64) -> i64;

/// A program whose leaves are machine code for one row.
pub struct CompiledRow {
    leaves: Vec<RowFunction>,
    /// How many registers the program has.
    registers: usize,
    _code: Arc<Code>,
}

/// Machine code for all leaves of a program, or why there is none.
pub fn compile(program: &Program) -> Result<CompiledRow, String> {
    let Built { functions, code } = build(program, emit::one_row)?;
    let leaves = functions.into_iter().map(|(address, _)| {
        // SAFETY: the function was declared with the signature of `RowFunction` and its definition is finished.
        unsafe { std::mem::transmute::<*const u8, RowFunction>(address) }
    });
    Ok(CompiledRow { leaves: leaves.collect(), registers: program.registers.len(), _code: code })
}

impl SingleLeaves for CompiledRow {
    #[inline]
    fn run(&self, number: usize, words: &mut [u64]) -> Option<bool> {
        assert!(words.len() >= self.registers, "each register of the program has a word");
        // SAFETY: the function reads and writes words at the places of registers of the program alone, all of which are in
        // `words`, as was just seen.
        let status = unsafe { self.leaves[number](words.as_mut_ptr()) };
        Some(status == 0)
    }
}
