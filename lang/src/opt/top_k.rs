//! `sort keys | skip s take n` becomes `top_k s + n by keys | skip s`.
//!
//! **Before**: a sort, any definitions and other slices, a slice that ends somewhere. **After**: a top-k that keeps as
//! many rows as the slices look at, what stood between, and what the slice leaves out at the start; a slice of a top-k
//! makes its bound smaller in the same way. **Legal** always: the first rows of a stable sort are what a top-k gives,
//! and definitions give a row for each row. **Errors**: a top-k demands its keys for every row, as the sort did, and
//! definitions and slices demand nothing.

use super::{Rule, tree};
use crate::catalog::Catalog;
use crate::fault::{self, Fault};
use crate::ir::{NodeId, Plan, Stage};

/// See the module.
pub const RULE: Rule =
    Rule { name: "top_k", what: "keeps no more rows of a sort than a slice behind it looks at", apply };

fn apply(plan: &mut Plan, _catalog: &Catalog) -> bool {
    let (mut changed, mut idle) = (false, Vec::new());
    for at in 0..plan.nodes.len() {
        let Stage::Slice { input, skip, take: Some(take) } = plan.nodes[at].stage else { continue };
        let Some((below, needed)) = skip.checked_add(take).and_then(|needed| sorted_below(plan, input, needed)) else {
            continue;
        };
        let stage = &mut plan.nodes[below.0 as usize].stage;
        match stage {
            Stage::Sort { input, keys } => {
                *stage = Stage::TopK { input: *input, keys: std::mem::take(keys), count: needed };
            }
            Stage::TopK { count, .. } => *count = (*count).min(needed),
            Stage::Scan { .. }
            | Stage::Range { .. }
            | Stage::Values { .. }
            | Stage::Iterate { .. }
            | Stage::While { .. }
            | Stage::Fold { .. }
            | Stage::Explode { .. }
            | Stage::Unpivot { .. }
            | Stage::Union { .. }
            | Stage::Join { .. }
            | Stage::Number { .. }
            | Stage::Assert { .. }
            | Stage::Tee { .. }
            | Stage::Filter { .. }
            | Stage::Map { .. }
            | Stage::Aggregate { .. }
            | Stage::Window { .. }
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

/// The first stage from `id` to the source that is neither a definition nor a slice, and how many rows it must give so
/// that those at `id` are `needed`; none if that is more than can be counted.
fn sorted_below(plan: &Plan, mut id: NodeId, mut needed: u64) -> Option<(NodeId, u64)> {
    loop {
        match plan.node(id).stage {
            Stage::Map { input, .. } => id = input,
            Stage::Slice { input, skip, take } => {
                let skip = if fault::is(Fault::TopKTooShort) { 0 } else { skip };
                (id, needed) = (input, take.unwrap_or(u64::MAX).min(needed).checked_add(skip)?);
            }
            Stage::Scan { .. }
            | Stage::Range { .. }
            | Stage::Values { .. }
            | Stage::Iterate { .. }
            | Stage::While { .. }
            | Stage::Fold { .. }
            | Stage::Explode { .. }
            | Stage::Unpivot { .. }
            | Stage::Union { .. }
            | Stage::Join { .. }
            | Stage::Number { .. }
            | Stage::Assert { .. }
            | Stage::Tee { .. }
            | Stage::Filter { .. }
            | Stage::Aggregate { .. }
            | Stage::Window { .. }
            | Stage::Sort { .. }
            | Stage::TopK { .. } => return Some((id, needed)),
        }
    }
}
