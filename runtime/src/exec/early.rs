//! Filters over rows of the host before anything else: what they look at is gathered of all rows, and the other fields of
//! those that pass. Else a text that only a result has would be copied for each row that nobody wants. Where all of it is
//! arithmetic of numbers, machine code does both parts in one loop, and nothing is gathered.
//!
//! It is a way to be faster and no other: where anything fails, or most rows pass, a morsel goes the whole way.

use super::segment::Variants;
use crate::kernel::{Segment, Step};
use pipelang_lang::ir::{ColumnId, ExprId, Plan};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A segment in two parts.
pub struct Early {
    /// Filters, whose rows are all that comes of it.
    pub filters: Part,
    /// The rest, over rows that pass.
    pub rest: Part,
}

/// A part of a segment.
pub struct Part {
    pub segment: Segment,
    /// Of each of its inputs, which input of the whole segment it is.
    pub columns: Vec<usize>,
    pub variants: Variants,
}

impl Early {
    /// The parts, if the segment begins with a filter.
    pub fn of(segment: &Segment, plan: &Plan) -> Option<Early> {
        let is_filter = |step: &Step| matches!(step, Step::Filter(_));
        let is_known = |step: &Step| matches!(step, Step::Filter(_) | Step::Define(_));
        let filters = segment.steps.iter().rposition(is_filter)? + 1;
        if !segment.steps.iter().all(is_known) {
            return None;
        }
        let rest: Vec<Step> = segment
            .steps
            .iter()
            .enumerate()
            .filter(|(at, step)| *at >= filters || !is_filter(step))
            .map(|(_, step)| step.clone())
            .collect();
        let before = Segment { steps: segment.steps[..filters].to_vec(), outputs: Vec::new(), ..segment.clone() };
        let (filters, rest) = (part(before, plan), part(Segment { steps: rest, ..segment.clone() }, plan));
        Some(Early { filters, rest })
    }

    /// Whether there are inputs that the filters do not look at.
    pub fn leaves_some(&self) -> bool {
        self.rest.columns.iter().any(|column| !self.filters.columns.contains(column))
    }
}

/// The segment with the inputs alone that it needs.
fn part(mut segment: Segment, plan: &Plan) -> Part {
    let wanted = wanted(&segment, plan);
    let columns: Vec<usize> = (0..segment.inputs.len()).filter(|at| wanted.contains(&segment.inputs[*at])).collect();
    segment.inputs = columns.iter().map(|at| segment.inputs[*at]).collect();
    Part { segment, columns, variants: Variants::default() }
}

/// The columns that its filters and outputs come of.
fn wanted(segment: &Segment, plan: &Plan) -> HashSet<ColumnId> {
    let filters = segment.steps.iter().filter_map(|step| match step {
        Step::Filter(filter) => Some(*filter),
        Step::Assert(_) | Step::Define(_) => None,
    });
    let mut left: Vec<ExprId> = filters.chain(segment.outputs.iter().map(|output| output.expr)).collect();
    let mut wanted = HashSet::new();
    while let Some(expr) = left.pop() {
        for column in plan.exprs.columns(expr) {
            if wanted.insert(column) {
                let defined = segment.steps.iter().filter_map(|step| match step {
                    Step::Define(columns) => columns.iter().find(|(defined, _)| *defined == column),
                    Step::Filter(_) | Step::Assert(_) => None,
                });
                left.extend(defined.map(|(_, expr)| *expr));
            }
        }
    }
    wanted
}

/// How many rows a segment has had, and how many came of them.
#[derive(Default)]
pub struct Passing {
    rows: AtomicUsize,
    passed: AtomicUsize,
}

impl Passing {
    pub fn count(&self, rows: usize, passed: usize) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.passed.fetch_add(passed, Ordering::Relaxed);
    }

    /// Whether less than half of many rows passed.
    pub fn is_rare(&self) -> bool {
        const MANY: usize = 4096;
        let rows = self.rows.load(Ordering::Relaxed);
        rows >= MANY && self.passed.load(Ordering::Relaxed) < rows / 2
    }
}
