//! What happens to a batch on which a kernel failed, or which has faults: it is run again row by row with the reference
//! evaluator, which finds the exact rows before the first error, and that error.

use crate::batch::Batch;
use crate::error::{Place, RowError, RunError};
use crate::kernel::{Segment, Step};
use crate::reference::expr::{Defined, Evaluator, Outcome, Row};
use pipelang_lang::fault::{self, Fault};
use pipelang_lang::ir::ColumnId;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Kind;
use std::rc::Rc;
use std::sync::Arc;

/// Rows that went out, and the error after them, if one was demanded.
pub struct Replayed {
    /// The rows.
    pub batch: Batch,
    /// Why there are no more.
    pub error: Option<RunError>,
    /// Why rows were left out.
    pub rejected: Vec<RunError>,
}

/// Runs a segment on a batch row by row. If it goes on, a row that fails is left out; what the script asserts, and a run
/// that is stopped, end it all the same.
pub fn replay(evaluator: Evaluator, segment: &Segment, batch: &Batch, goes_on: bool) -> Replayed {
    let mut rejected = Vec::new();
    let exprs = &evaluator.plan.exprs;
    let kinds: Vec<Kind> = segment.outputs.iter().map(|output| exprs.ty(output.expr).kind.clone()).collect();
    let (mut rows, mut kept, mut error) = (Vec::new(), Vec::new(), None);
    let mut held = evaluator.watch().memory.share(1);
    for row in 0..batch.rows {
        let below = Rc::new(BatchRow { inputs: &segment.inputs, batch, row });
        match outputs(evaluator, segment, &segment.steps, below) {
            Ok(Some(values)) => {
                let size = || values.iter().flatten().map(Scalar::size).sum::<usize>() as u64;
                error = held.hold_with(size).err();
                if error.is_some() {
                    break;
                }
                rows.push(values);
                kept.push(row);
            }
            Ok(None) => {}
            Err(failed) if goes_on && failed.is_of_the_row() => rejected.push(RunError::Row(failed)),
            Err(first) => {
                error.get_or_insert(RunError::Row(first));
                if !fault::is(Fault::PrefixNotCut) {
                    break;
                }
            }
        }
    }
    let origin = batch.origin.as_ref().map(|origin| origin.of_rows(kept.into_iter()));
    Replayed { batch: Batch::of_rows(&kinds, rows, origin), error, rejected }
}

/// What a segment makes of one row; nothing if a filter drops it.
pub fn one<'a>(
    evaluator: Evaluator<'a>,
    segment: &'a Segment,
    row: Rc<dyn Row + 'a>,
) -> Result<Option<Vec<Outcome>>, Arc<RowError>> {
    outputs(evaluator, segment, &segment.steps, row)
}

/// What goes out for one row; nothing if a filter drops it.
fn outputs<'a>(
    evaluator: Evaluator<'a>,
    segment: &'a Segment,
    steps: &'a [Step],
    row: Rc<dyn Row + 'a>,
) -> Result<Option<Vec<Outcome>>, Arc<RowError>> {
    match steps.split_first() {
        None => {
            let value = |output: &crate::kernel::Output| match evaluator.eval(output.expr, &*row) {
                Err(error) if output.demanded => Err(error),
                outcome => Ok(outcome),
            };
            segment.outputs.iter().map(value).collect::<Result<_, _>>().map(Some)
        }
        Some((Step::Filter(predicate), rest)) => {
            if evaluator.holds(*predicate, &*row)? {
                outputs(evaluator, segment, rest, row)
            } else {
                Ok(None)
            }
        }
        Some((Step::Assert(assertion), rest)) => {
            evaluator.assert(assertion, &*row)?;
            outputs(evaluator, segment, rest, row)
        }
        Some((Step::Define(definitions), rest)) => {
            outputs(evaluator, segment, rest, Rc::new(Defined::new(evaluator, row, definitions)))
        }
    }
}

/// A row of a batch.
pub(super) struct BatchRow<'a> {
    pub inputs: &'a [ColumnId],
    pub batch: &'a Batch,
    pub row: usize,
}

impl Row for BatchRow<'_> {
    fn column(&self, column: ColumnId) -> Outcome {
        let at = self.inputs.iter().position(|input| *input == column).expect("a segment's inputs are all it mentions");
        match self.batch.fault(self.row, at) {
            Some(error) => Err(error.clone()),
            None => Ok(self.batch.columns[at].get(self.row)),
        }
    }

    fn place(&self) -> Option<Place> {
        self.batch.origin.as_ref().and_then(|origin| origin.place(self.row))
    }
}
