//! Loops of machine code (`jit/fused.rs`) for segments over rows of a host. Runs of one plan have them in common: what is made
//! for the first that has many rows is there for the next.

#[cfg(feature = "jit")]
use super::early::{Early, Part};
#[cfg(feature = "jit")]
use crate::jit::fused::{Fused, Half, compile};
#[cfg(feature = "jit")]
use crate::kernel::{Segment, lower};
#[cfg(feature = "jit")]
use crate::strided::Layout;
#[cfg(feature = "jit")]
use pipelang_lang::ir::Plan;
#[cfg(feature = "jit")]
use std::sync::{Arc, Mutex, PoisonError};

/// The loops of a plan, made when they are first wanted.
#[derive(Default)]
pub struct Native {
    #[cfg(feature = "jit")]
    made: Mutex<Vec<Made>>,
}

impl std::fmt::Debug for Native {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Native").finish_non_exhaustive()
    }
}

/// The loop of a segment over rows that lie so; no loop where there can be none.
#[cfg(feature = "jit")]
struct Made {
    segment: Segment,
    layouts: Vec<Layout>,
    fused: Option<Arc<Fused>>,
}

#[cfg(feature = "jit")]
impl Native {
    /// The loop of a segment over inputs that lie so; if nobody wanted it before, it is made if it is `worth_it`.
    pub fn get(&self, segment: &Segment, layouts: &[Layout], plan: &Plan, worth_it: bool) -> Option<Arc<Fused>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = made.iter().find(|made| made.segment == *segment && made.layouts == layouts) {
            return found.fused.clone();
        }
        let fused = if worth_it { make(segment, layouts, plan).map(Arc::new) } else { return None };
        made.push(Made { segment: segment.clone(), layouts: layouts.to_vec(), fused: fused.clone() });
        fused
    }
}

#[cfg(feature = "jit")]
fn make(segment: &Segment, layouts: &[Layout], plan: &Plan) -> Option<Fused> {
    let Early { filters, rest } = Early::of(segment, plan)?;
    let program = |part: &Part| lower(&part.segment, plan, &vec![false; part.segment.inputs.len()]);
    let (before, behind) = (program(&filters), program(&rest));
    let filters = Half { program: &before, columns: &filters.columns };
    let rest = Half { program: &behind, columns: &rest.columns };
    compile(filters, rest, layouts).ok()
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

    /// A number of a host, in one of the widths that there are.
    #[derive(Clone, Copy, Default)]
    struct Widths {
        i8: i8,
        u8: u8,
        i16: i16,
        u16: u16,
        i32: i32,
        u32: u32,
        i64: i64,
        f32: f32,
        f64: f64,
    }

    /// Numbers of a host, for each column one.
    type HostRow = [Widths; NUMBERS.len() * 2];

    const NUMBERS: [Kind; 4] = [Kind::Int, Kind::Float, Kind::DateTime, Kind::Duration];

    /// Where a column lies in the rows.
    type Find = Box<dyn for<'r> Fn(&'r [HostRow]) -> Option<Strided<'r>>>;

    /// Puts the numbers of a column into the rows, in some width; the column becomes what they are.
    fn put(rows: &mut [HostRow], place: usize, column: &mut Column, kind: &Kind, width: usize) -> Option<Find> {
        macro_rules! put {
            ($values:expr, $field:ident, $wide:ty, $back:expr) => {{
                let narrowed = rows.iter_mut().zip($values).map(|(row, value)| {
                    row[place].$field = *value as _;
                    $back(<$wide>::from(row[place].$field))
                });
                let words: Vec<u64> = narrowed.collect();
                *column = Column::of_words(kind, &words);
                Some(Box::new(move |rows| Strided::of(rows, |row| InPlace::of(&row[place].$field))))
            }};
        }
        let column_was = column.clone();
        let ints = match &column_was {
            Column::Int(array) => array.values(),
            Column::DateTime(array) => array.values(),
            Column::Duration(array) => array.values(),
            Column::Float(array) if width.is_multiple_of(2) => return put!(array.values(), f64, f64, f64::to_bits),
            Column::Float(array) => return put!(array.values(), f32, f64, f64::to_bits),
            _ => return None,
        };
        let word = |x: i64| x as u64;
        match width {
            0 => put!(ints, i8, i64, word),
            1 => put!(ints, u8, i64, word),
            2 => put!(ints, i16, i64, word),
            3 => put!(ints, u16, i64, word),
            4 => put!(ints, i32, i64, word),
            5 => put!(ints, u32, i64, word),
            _ => put!(ints, i64, i64, word),
        }
    }

    /// The rows that come of random segments, and whether any row fails, are those of an evaluation row by row.
    #[test]
    fn random_loops_agree_with_rows() {
        let (mut made, mut done) = (0, 0);
        for seed in 0..3000 {
            let mut random = Random::new(seed);
            let (mut case, mut batch) = (random::case_over(&mut random, &NUMBERS, true), random::batch(&mut random));
            // The second column of each kind has nulls; the first is as good.
            for pair in batch.columns.chunks_mut(2) {
                pair[1] = pair[0].clone();
            }
            let Some(needed) = needed(&mut case.segment, &case.plan) else { continue };
            let mut rows = vec![HostRow::default(); batch.rows];
            let finds = needed.iter().zip(&case.segment.inputs).enumerate().map(|(place, (at, input))| {
                let kind = &case.plan.column(*input).ty.kind;
                put(&mut rows, place, &mut batch.columns[*at], kind, random.below(9))
            });
            let Some(finds) = finds.collect::<Option<Vec<_>>>() else { continue };
            let Some(fields) = finds.iter().map(|find| find(&rows)).collect::<Option<Vec<_>>>() else { continue };
            let layouts: Vec<Layout> = fields.iter().map(|field| field.layout()).collect();
            let Some(fused) = make(&case.segment, &layouts, &case.plan) else { continue };
            assert!(fused.run(&[], batch.rows, &mut []).is_none(), "other rows are refused");
            let mut stored = vec![vec![0; batch.rows]; fused.outputs.len()];
            let outcome = match fused.run(&fields, batch.rows, &mut stored) {
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

    /// Leaves of the segment's inputs those that it needs, and says which columns they are.
    fn needed(segment: &mut Segment, plan: &Plan) -> Option<Vec<usize>> {
        let Early { filters, rest } = Early::of(segment, plan)?;
        let is_needed = |at: &usize| filters.columns.contains(at) || rest.columns.contains(at);
        let columns: Vec<usize> = (0..segment.inputs.len()).filter(is_needed).collect();
        segment.inputs = columns.iter().map(|at| segment.inputs[*at]).collect();
        Some(columns)
    }
}
