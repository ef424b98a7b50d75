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

/// A program with what it takes to run it.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    leaves: &'a dyn Leaves,
    program: &'a Program,
    functions: &'a Functions,
    watch: &'a Watch,
}

impl<'a> Task<'a> {
    /// The program with its leaves, the functions that it calls and what it is held to.
    pub fn new(leaves: &'a dyn Leaves, program: &'a Program, functions: &'a Functions, watch: &'a Watch) -> Task<'a> {
        Task { leaves, program, functions, watch }
    }

    /// Runs it over a batch whose columns have nulls only where the program reckons with them. Faults of the batch are not
    /// looked at.
    pub fn run(self, batch: &Batch, scratch: &mut Scratch) -> Result<Outcome, RunError> {
        let mut gather = Gather::new(self.program, batch, &self.watch.memory);
        let all = self.each_chunk(batch, scratch, &mut |frame| gather.add(frame))?;
        Ok(if all { Outcome::Done(gather.finish(scratch)) } else { Outcome::Failed })
    }

    /// The same, but only the rows that are kept are wanted; none if something failed, or may have.
    pub fn passed(self, batch: &Batch, scratch: &mut Scratch) -> Result<Option<Vec<u32>>, RunError> {
        let mut rows = Vec::new();
        let all = self.each_chunk(batch, scratch, &mut |frame| {
            output::add_kept(frame, &mut rows);
            Ok(())
        })?;
        Ok(all.then_some(rows))
    }

    /// Runs it over the chunks of a batch; whether nothing failed.
    fn each_chunk(
        self,
        batch: &Batch,
        scratch: &mut Scratch,
        done: &mut dyn FnMut(&Frame) -> Result<(), RunError>,
    ) -> Result<bool, RunError> {
        let Task { leaves, program, functions, watch } = self;
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
