//! `sort keys | skip s take n` becomes `top_k s + n by keys | skip s`.
//!
//! **Before**: a sort, any definitions, a slice that ends somewhere. **After**: a top-k that keeps as many rows as the
//! slice looks at, the definitions, and what the slice leaves out at the start; a slice of a top-k makes its bound
//! smaller in the same way. **Legal** always: the first rows of a stable sort are what a top-k gives, and definitions
//! give a row for each row. **Errors**: a top-k demands its keys for every row, as the sort did, and definitions demand
//! nothing.

use super::{Rule, tree};
use crate::catalog::Catalog;
use crate::ir::{NodeId, Plan, Stage};

/// See the module.
pub const RULE: Rule = Rule { name: "top_k", apply };

fn apply(plan: &mut Plan, _catalog: &Catalog) -> bool {
    let (mut changed, mut idle) = (false, Vec::new());
    for at in 0..plan.nodes.len() {
        let Stage::Slice { input, skip, take: Some(take) } = plan.nodes[at].stage else { continue };
        // more rows than there can be: then the sort is what it is
        let Some(needed) = skip.checked_add(take) else { continue };
        let below = below_maps(plan, input);
        let stage = &mut plan.nodes[below.0 as usize].stage;
        match stage {
            Stage::Sort { input, keys } => {
                *stage = Stage::TopK { input: *input, keys: std::mem::take(keys), count: needed };
            }
            Stage::TopK { count, .. } => *count = (*count).min(needed),
            Stage::Scan { .. }
            | Stage::Range { .. }
            | Stage::Values { .. }
            | Stage::Filter { .. }
            | Stage::Map { .. }
            | Stage::Aggregate { .. }
            | Stage::Slice { .. } => continue,
        }
        changed = true;
        if skip == 0 {
            idle.push(NodeId(at as u32));
        } else {
            plan.nodes[at].stage = Stage::Slice { input, skip, take: None };
        }
    }
    tree::remove(plan, &idle);
    changed
}

/// The first stage from `id` to the source that is no definition.
fn below_maps(plan: &Plan, mut id: NodeId) -> NodeId {
    while let Stage::Map { input, .. } = plan.node(id).stage {
        id = input;
    }
    id
}
