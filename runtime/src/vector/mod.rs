//! The batch interpreter: a register machine over chunks of 1024 rows of a batch. Its loops write out of place into
//! buffers that are used again, so that the compiler turns them into vector code and a batch costs as many allocations
//! whatever the number of stages.
//!
//! It also executes what is no loop over lanes (text, functions) and gathers the rows that go out, so the JIT needs to
//! bring only its leaves. It does not know which row failed: the caller replays the batch.

mod loops;
mod output;
mod primitive;
#[cfg(test)]
pub(crate) mod random;
mod row;
pub mod single;
#[cfg(test)]
pub(crate) mod tests;
mod words;

use crate::batch::Batch;
use crate::builtins::Functions;
use crate::error::RunError;
use crate::kernel::frame::{Frame, Held, Leaves};
use crate::kernel::ir::{CHUNK, Program, Work};
use crate::limits::Watch;
use arrow_array::StringViewArray;
use output::Gather;
use std::ops::Range;

pub use crate::kernel::frame::Scratch;

/// What became of a batch.
#[derive(Debug)]
pub enum Outcome {
    /// The rows that are kept; without faults, and with their places in a file only if all were kept.
    Done(Batch),
    /// Something failed, or may have: replay the batch.
    Failed,
}

/// Runs a program over a batch whose columns have nulls only where the program reckons with them. Faults of the batch are
/// not looked at.
pub fn run(
    leaves: &dyn Leaves,
    program: &Program,
    batch: &Batch,
    functions: &Functions,
    scratch: &mut Scratch,
    watch: &Watch,
) -> Result<Outcome, RunError> {
    let mut gather = Gather::new(program, batch, &watch.memory);
    let all = each_chunk(leaves, program, batch, functions, scratch, watch, &mut |frame| gather.add(frame))?;
    Ok(if all { Outcome::Done(gather.finish(scratch)) } else { Outcome::Failed })
}

/// The same, but only the rows that are kept are wanted; none if something failed, or may have.
pub fn passed(
    leaves: &dyn Leaves,
    program: &Program,
    batch: &Batch,
    functions: &Functions,
    scratch: &mut Scratch,
    watch: &Watch,
) -> Result<Option<Vec<u32>>, RunError> {
    let mut rows = Vec::new();
    let all = each_chunk(leaves, program, batch, functions, scratch, watch, &mut |frame| {
        output::add_kept(frame, &mut rows);
        Ok(())
    })?;
    Ok(all.then_some(rows))
}

/// Runs a program over the chunks of a batch; whether nothing failed.
fn each_chunk(
    leaves: &dyn Leaves,
    program: &Program,
    batch: &Batch,
    functions: &Functions,
    scratch: &mut Scratch,
    watch: &Watch,
    done: &mut dyn FnMut(&Frame) -> Result<(), RunError>,
) -> Result<bool, RunError> {
    let reckoned = |(column, input): (&crate::batch::Column, &crate::kernel::ir::Input)| {
        input.nullable || crate::kernel::ops::Lane::of(&input.kind).is_none() || !column.has_nulls()
    };
    debug_assert!(batch.columns.iter().zip(&program.inputs).all(reckoned), "a null where none is reckoned with");
    scratch.reserve(program);
    let no_text = StringViewArray::from_iter_values([""; 0]);
    let mut held = Held::of(&watch.memory, program);
    let mut start = 0;
    while start < batch.rows {
        let rows = CHUNK.min(batch.rows - start);
        watch.spend(rows as u64)?;
        let (failed, stopped, no_text, held) = (false, None, &no_text, &mut held);
        let mut frame = Frame { program, batch, scratch, start, rows, failed, stopped, no_text, held };
        for work in &program.work {
            match work {
                Work::Bind(range) => primitive::bind(range.clone(), &mut frame),
                Work::Leaf(number, range) => leaves.run(*number, range.clone(), &mut frame),
                Work::Primitive(at) => primitive::run(&program.instructions[*at], functions, watch, &mut frame),
            }
            if frame.failed || frame.stopped.is_some() {
                let stopped = frame.stopped;
                scratch.clear();
                return stopped.map_or(Ok(false), Err);
            }
        }
        done(&frame)?;
        start += rows;
    }
    scratch.clear();
    Ok(true)
}

/// Leaves as loops over lanes.
pub struct Interpreted;

impl Leaves for Interpreted {
    fn run(&self, _number: usize, range: Range<usize>, frame: &mut Frame) {
        let program = frame.program;
        for instruction in &program.instructions[range] {
            loops::run(instruction, frame);
            if frame.failed {
                return;
            }
        }
    }
}
