//! Slices go towards the source, so that what they leave out is neither computed nor read.
//!
//! **Before**: `map … | skip a take b`; `union … | skip a take b`. **After**: `skip a take b | map …`, if it takes few rows;
//! of a union each side gives no more than `take a + b`, and the slice stays.
//!
//! **Legal** past a *map* always: it gives a row for each row and demands nothing. It is done for few rows only, since what
//! stands behind a slice runs in order and not on every worker. Into a *union*: the slice looks at no more than `a + b`
//! rows of either side, and pulls none behind them. Not where rows are run to their end, as an assertion or a `tee` wants
//! it: then those behind them are looked at too. **Errors**: the same rows are pulled from the same stages.

use super::{Rule, tree};
use crate::catalog::Catalog;
use crate::fault::{self, Fault};
use crate::ir::{Node, NodeId, Plan, Stage};

/// See the module.
pub const RULE: Rule = Rule { name: "push_slice", what: "leaves rows out before anything is computed of them", apply };

/// So many rows are few.
const FEW: u64 = 1024;

fn apply(plan: &mut Plan, _catalog: &Catalog) -> bool {
    let mut changed = false;
    for at in (0..plan.nodes.len()).rev() {
        let mut id = NodeId(at as u32);
        while past_map(plan, id) {
            let Some(input) = plan.node(id).stage.input() else { break };
            (id, changed) = (input, true);
        }
    }
    for at in 0..plan.nodes.len() {
        let Stage::Slice { input, skip, take: Some(take) } = plan.nodes[at].stage else { continue };
        let take = if fault::is(Fault::SliceOfSideTooShort) { Some(take) } else { skip.checked_add(take) };
        if let Some(most) = take.filter(|_| !plan.runs_to_its_end(input)) {
            changed |= into_union(plan, input, most);
        }
    }
    if changed {
        tree::renumber(plan);
    }
    changed
}

/// Puts the slice at `id` before the map below it.
fn past_map(plan: &mut Plan, id: NodeId) -> bool {
    let Stage::Slice { input: below, skip, take: Some(take) } = plan.node(id).stage else { return false };
    let is_few = skip.checked_add(take).is_some_and(|rows| rows <= FEW);
    let Stage::Map { input, .. } = &plan.node(below).stage else { return false };
    if !is_few {
        return false;
    }
    let output = plan.node(*input).output.clone();
    let slice =
        Node { stage: Stage::Slice { input: *input, skip, take: Some(take) }, output, span: plan.node(id).span };
    let map = std::mem::replace(&mut plan.nodes[below.0 as usize], slice);
    let upper = &mut plan.nodes[id.0 as usize];
    (upper.stage, upper.span) = (map.stage.with_input(below), map.span);
    true
}

/// Lets each side of a union, if that is what stands below `id`, give no more than `most` rows.
fn into_union(plan: &mut Plan, id: NodeId, most: u64) -> bool {
    match plan.node(id).stage {
        Stage::Map { input, .. } => into_union(plan, input, most),
        Stage::Union { input, other, .. } => {
            let ((input, first), (other, second)) = (bounded(plan, input, most), bounded(plan, other, most));
            let stage = plan.node(id).stage.clone().with_input(input).with_other(other);
            plan.nodes[id.0 as usize].stage = stage;
            first || second
        }
        _ => false,
    }
}

/// The rows of a side, no more than `most` of them; whether that is new.
fn bounded(plan: &mut Plan, side: NodeId, most: u64) -> (NodeId, bool) {
    if into_union(plan, side, most) {
        return (side, true);
    }
    if is_union(plan, side) || tree::gives_at_most(plan, side, most) {
        return (side, false);
    }
    let Node { output, span, .. } = plan.node(side).clone();
    let stage = Stage::Slice { input: side, skip: 0, take: Some(most) };
    (plan.add_node(Node { stage, output, span }), true)
}

/// Whether a node gives the rows of a union, definitions aside.
fn is_union(plan: &Plan, id: NodeId) -> bool {
    match plan.node(id).stage {
        Stage::Map { input, .. } => is_union(plan, input),
        Stage::Union { .. } => true,
        _ => false,
    }
}
