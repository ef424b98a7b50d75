//! Of what is decided by the first row, no second one is asked for.
//!
//! **Before**: `aggregate first(x)`, without keys. **After**: `take 1 | aggregate first(x)`; with `where c`, `filter c | take 1 |
//! …`. It is a rule for every reducer whose value is that of the first row.
//!
//! **Legal** where that is all that is computed, and nothing that the rows come through can fail: an aggregate demands
//! its arguments of all rows, and reads a file to its end. **Errors**: there are none in what is no longer asked for.

use super::{Rule, tree};
use crate::catalog::Catalog;
use crate::fault::{self, Fault};
use crate::ir::{FallibleColumns, Node, NodeId, Phase, Plan, Stage};

/// See the module.
pub const RULE: Rule =
    Rule { name: "first_row", what: "asks for no second row where the first decides and nothing can fail", apply };

fn apply(plan: &mut Plan, catalog: &Catalog) -> bool {
    let fallible = plan.fallible_columns();
    let mut changed = false;
    for at in 0..plan.nodes.len() {
        let Some(mut input) = decided_early(plan, catalog, NodeId(at as u32), &fallible) else { continue };
        let Stage::Aggregate { reductions, .. } = &plan.nodes[at].stage else { continue };
        let condition = reductions.first().and_then(|reduction| reduction.condition);
        let Node { output, .. } = plan.node(input).clone();
        let span = plan.nodes[at].span;
        if let Some(predicate) = condition {
            input = plan.add_node(Node {
                stage: Stage::Filter { input, predicate, told: None },
                output: output.clone(),
                span,
            });
        }
        let stage = Stage::Slice { input, skip: 0, take: Some(1) };
        input = plan.add_node(Node { stage, output, span });
        plan.nodes[at].stage = plan.nodes[at].stage.clone().with_input(input);
        changed = true;
    }
    if changed {
        tree::renumber(plan);
    }
    changed
}

/// The rows of which a stage needs only the first, unless they are one already.
fn decided_early(plan: &Plan, catalog: &Catalog, id: NodeId, fallible: &FallibleColumns) -> Option<NodeId> {
    let Stage::Aggregate { input, keys, reductions, phase: Phase::Single } = &plan.node(id).stage else { return None };
    let mut conditions = reductions.iter().map(|reduction| reduction.condition);
    let first = conditions.next()?;
    let early = keys.is_empty()
        && !tree::gives_at_most(plan, *input, 1)
        && conditions.all(|condition| condition == first)
        && reductions.iter().all(|reduction| catalog.reducer(reduction.reducer).takes_first)
        && (plan.never_fails(id, fallible) || fault::is(Fault::FirstRowOfFailing));
    early.then_some(*input)
}
