//! The oracle: the meaning of plans, row at a time, obvious and slow. The executors are held to it, and share nothing
//! with it but the arithmetic of `scalar.rs`, the scalar bodies of functions and the meaning of a cell.
//!
//! A plan is run as it is written, without an optimizer: every stage pulls rows from the one before it, a breaker pulls
//! all of them when it is opened, and a column is evaluated when somebody asks a row for it ([`expr`]). So demand, the
//! order of errors and the exact prefix before an error are what they are by construction.

mod assertion;
#[cfg(feature = "columnar")]
mod columnar;
mod csv;
pub mod expr;
mod files;
mod json;
mod lines;
mod nested;
mod on_error;
mod reduce;
mod stages;
mod sum;
mod tables;
#[cfg(test)]
mod tests;
mod window;

use crate::batch::Batch;
use crate::builtins::Functions;
use crate::error::RunError;
use crate::formats::Streams;
use crate::formats::tee::Tees;
use crate::limits::Watch;
use crate::memory::Share;
use crate::tally::Tally;
use expr::{Evaluator, Outcome};
use pipelang_lang::catalog::Catalog;
use pipelang_lang::ir::{NodeId, Plan};
use pipelang_lang::scalar::Scalar;

/// Runs plans row at a time.
#[derive(Clone, Copy)]
pub struct Oracle<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The functions that it calls.
    pub functions: &'a Functions,
    /// Knows the reducers by name.
    pub catalog: &'a Catalog,
    /// The tables that the host binds.
    pub tables: &'a dyn Fn(&str) -> Option<Batch>,
    /// What comes once.
    pub streams: &'a Streams,
    /// Looked at for every row that is read.
    pub watch: &'a Watch,
    /// What reads make null or leave out.
    pub tally: &'a Tally,
    /// The files of the statement's tees.
    pub tees: &'a Tees,
}

impl<'a> Oracle<'a> {
    /// Gives the rows of a node one by one, each as all values of its output. When that fails, what was given is exactly
    /// what precedes the error.
    pub fn run(&self, node: NodeId, give: &mut dyn FnMut(Vec<Scalar>) -> Result<(), RunError>) -> Result<(), RunError> {
        self.run_carried(node, &mut |row| give(row.into_iter().collect::<Result<_, _>>().map_err(RunError::Row)?))
    }

    /// The same, with the values that failed in their places.
    pub fn run_carried(
        &self,
        node: NodeId,
        give: &mut dyn FnMut(Vec<Outcome>) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        // Each stage asks the one before it for its rows.
        const STACK_OF_STAGE: usize = 32 << 10;
        let stack = (512 << 10) + self.plan.nodes.len() * STACK_OF_STAGE;
        stacker::maybe_grow(stack, stack, || {
            let output = &self.plan.node(node).output;
            for row in self.open(node)? {
                let row = row?;
                give(output.iter().map(|field| row.column(field.column)).collect())?;
            }
            Ok(())
        })
    }

    /// Counts a row that is kept, of which these values were computed; fails if that is too much.
    fn hold<'s>(&self, held: &mut Share, values: impl Iterator<Item = &'s Scalar>) -> Result<(), RunError> {
        const OF_ROW: usize = 200;
        held.hold_with(|| (OF_ROW + values.map(Scalar::size).sum::<usize>()) as u64)
    }

    fn evaluator(&self) -> Evaluator<'a> {
        Evaluator::new(self.plan, self.functions, self.catalog, self.watch)
    }
}
