//! `skip a take b | skip c take d` becomes one slice.
//!
//! **Before**: a slice whose rows go straight into another. **After**: one slice that leaves out `a + c` rows and takes
//! the smaller of `d` and what `b` leaves after `c`. **Legal** unless `c` leaves nothing of `b`: then the two pull `b` rows,
//! which may fail, while a slice that takes nothing pulls none. **Errors**: slices demand nothing, and what is left pulls
//! as many rows as the two did.

use super::{Rule, tree};
use crate::catalog::Catalog;
use crate::ir::{Plan, Stage};

/// See the module.
pub const RULE: Rule = Rule { name: "merge_slices", what: "makes one slice of slices that follow each other", apply };

fn apply(plan: &mut Plan, _catalog: &Catalog) -> bool {
    let mut idle = Vec::new();
    for at in 0..plan.nodes.len() {
        let Stage::Slice { input, skip, take } = plan.nodes[at].stage else { continue };
        let Stage::Slice { input: below, skip: first_skip, take: first_take } = plan.node(input).stage else {
            continue;
        };
        let Some(both) = first_skip.checked_add(skip) else { continue };
        if first_take.is_some_and(|first_take| first_take <= skip) {
            continue;
        }
        let left = first_take.map(|first_take| first_take - skip);
        let take = [left, take].into_iter().flatten().min();
        plan.nodes[at].stage = Stage::Slice { input, skip: both, take };
        // What is below takes everything now, until it is removed.
        plan.nodes[input.0 as usize].stage = Stage::Slice { input: below, skip: 0, take: None };
        idle.push(input);
    }
    let changed = !idle.is_empty();
    tree::remove(plan, &idle);
    changed
}
