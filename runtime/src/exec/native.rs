//! Loops of machine code (`jit/fused.rs`) for segments over rows of a host. Runs of one plan have them in common: what is made
//! for the first that has many rows is there for the next.

#[cfg(feature = "jit")]
use super::early::{Early, Part};
#[cfg(feature = "jit")]
use crate::jit::fused::{Fused, Half, compile};
#[cfg(feature = "jit")]
use crate::kernel::{Segment, lower};
#[cfg(feature = "jit")]
use pipelang_lang::ir::Plan;
#[cfg(feature = "jit")]
use std::sync::{Arc, Mutex, PoisonError};

/// The loops of a plan, made when they are first wanted.
#[derive(Default)]
pub struct Native {
    /// By segment; no loop where there can be none.
    #[cfg(feature = "jit")]
    made: Mutex<Vec<(Segment, Option<Arc<Fused>>)>>,
}

impl std::fmt::Debug for Native {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Native").finish_non_exhaustive()
    }
}

#[cfg(feature = "jit")]
impl Native {
    /// The loop of a segment; if nobody wanted it before, it is made if it is `worth_it`.
    pub fn get(&self, segment: &Segment, plan: &Plan, worth_it: bool) -> Option<Arc<Fused>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, fused)) = made.iter().find(|(other, _)| other == segment) {
            return fused.clone();
        }
        let fused = if worth_it { make(segment, plan).map(Arc::new) } else { return None };
        made.push((segment.clone(), fused.clone()));
        fused
    }
}

#[cfg(feature = "jit")]
fn make(segment: &Segment, plan: &Plan) -> Option<Fused> {
    let Early { filters, rest } = Early::of(segment, plan)?;
    let program = |part: &Part| lower(&part.segment, plan, &vec![false; part.segment.inputs.len()]);
    let (before, behind) = (program(&filters), program(&rest));
    let filters = Half { program: &before, columns: &filters.columns };
    let rest = Half { program: &behind, columns: &rest.columns };
    compile(filters, rest, segment.inputs.len()).ok()
}

#[cfg(all(test, feature = "jit"))]
mod tests {
    use super::*;
    use crate::batch::{Batch, Column};
    use crate::strided::{InPlace, Strided};
    use crate::vector::Outcome;
    use crate::vector::random::{self, Random};
    use crate::vector::tests::agrees;
    use pipelang_lang::ty::Kind;

    /// Where a column of a batch lies, if it is one of numbers.
    fn field(column: &Column) -> Option<Strided<'_>> {
        let ints = |values| Strided::of(values, |x| Some(InPlace::Int(x)));
        match column {
            Column::Int(array) => ints(array.values()),
            Column::DateTime(array) => ints(array.values()),
            Column::Duration(array) => ints(array.values()),
            Column::Float(array) => Strided::of(array.values(), |x| Some(InPlace::Float(x))),
            _ => None,
        }
    }

    /// The rows that come of random segments, and whether any row fails, are those of an evaluation row by row.
    #[test]
    fn random_loops_agree_with_rows() {
        const NUMBERS: [Kind; 4] = [Kind::Int, Kind::Float, Kind::DateTime, Kind::Duration];
        let (mut made, mut done) = (0, 0);
        for seed in 0..3000 {
            let mut random = Random::new(seed);
            let (mut case, mut batch) = (random::case_over(&mut random, &NUMBERS, true), random::batch(&mut random));
            // The second column of each kind has nulls; the first is as good.
            for pair in batch.columns.chunks_mut(2) {
                pair[1] = pair[0].clone();
            }
            let Some(needed) = needed(&mut case.segment, &case.plan, &batch) else { continue };
            let Some(fused) = make(&case.segment, &case.plan) else { continue };
            let mut stored = vec![vec![0; batch.rows]; fused.outputs.len()];
            let outcome = match fused.run(&needed, batch.rows, &mut stored) {
                Some(passed) => {
                    let outputs = fused.outputs.iter().zip(&stored);
                    let columns = outputs.map(|(kind, words)| Column::of_words(kind, &words[..passed]));
                    Outcome::Done(Batch::new(passed, columns.collect()))
                }
                None => Outcome::Failed,
            };
            let whole = lower(&case.segment, &case.plan, &vec![false; case.segment.inputs.len()]);
            made += 1;
            done += u64::from(agrees(&case, &whole, &batch, &outcome, seed));
        }
        assert!(made > 100 && done > 50, "{made} made, {done} without failure");
    }

    /// Leaves of the segment's inputs those that it needs, and says where they lie; none if not all are numbers.
    fn needed<'b>(segment: &mut Segment, plan: &Plan, batch: &'b Batch) -> Option<Vec<Strided<'b>>> {
        let Early { filters, rest } = Early::of(segment, plan)?;
        let is_needed = |at: &usize| filters.columns.contains(at) || rest.columns.contains(at);
        let columns: Vec<usize> = (0..segment.inputs.len()).filter(is_needed).collect();
        segment.inputs = columns.iter().map(|at| segment.inputs[*at]).collect();
        columns.iter().map(|at| field(&batch.columns[*at])).collect()
    }
}
