//! Rows are not sorted where nobody sees their order.
//!
//! **Before**: a sort, row-wise stages, and then an aggregate without keys whose reducers give the same for any order, or
//! a join that asks of these rows only whether one matches. **After**: without the sort.
//!
//! **Legal** if neither the keys of the sort nor anything that is demanded behind it can fail: which row fails first is a
//! matter of the order. Not past what counts, numbers or groups rows. Equal floats may differ (0.0 and -0.0), so `min`
//! and `max` of floats give what comes first, and see the order. **Errors**: there are none.

use super::{Rule, tree};
use crate::catalog::{Catalog, RowOrder};
use crate::fault::{self, Fault};
use crate::ir::{FallibleColumns, JoinKind, NodeId, Phase, Plan, Stage};
use crate::ty::Kind;

/// See the module.
pub const RULE: Rule = Rule { name: "unseen_order", what: "does not sort rows whose order nobody sees", apply };

fn apply(plan: &mut Plan, catalog: &Catalog) -> bool {
    let fallible = plan.fallible_columns();
    let nodes = plan.nodes.iter().enumerate();
    let unseen = nodes.filter_map(|(at, _)| blind_to_order(plan, catalog, NodeId(at as u32), &fallible));
    let idle: Vec<NodeId> = unseen.filter_map(|below| sort_below(plan, below, &fallible)).collect();
    tree::remove(plan, &idle);
    !idle.is_empty()
}

/// The rows of a stage's input, or of what stands beside it, that may come in any order.
fn blind_to_order(plan: &Plan, catalog: &Catalog, id: NodeId, fallible: &FallibleColumns) -> Option<NodeId> {
    let stage = &plan.node(id).stage;
    match stage {
        Stage::Aggregate { input, keys, reductions, phase: Phase::Single } if keys.is_empty() => {
            let is_float = |expr| matches!(plan.exprs.ty(expr).kind, Kind::Float | Kind::Json | Kind::Unknown);
            let hides = reductions.iter().all(|reduction| match catalog.reducer(reduction.reducer).order {
                RowOrder::Shows => fault::is(Fault::SeenOrderDropped),
                RowOrder::Hidden => true,
                RowOrder::ShowsInFloats => !reduction.arguments.iter().any(|argument| is_float(*argument)),
            });
            let total = stage.demands().iter().all(|expr| plan.is_total(*expr, fallible));
            (hides && total).then_some(*input)
        }
        Stage::Join { other, join, .. } if matches!(join.kind, JoinKind::Semi | JoinKind::Anti | JoinKind::Mark) => {
            let is_total = |key: &_| plan.is_total(plan.column_expr(*key), fallible);
            (join.unique.is_none() && join.right_keys().iter().all(is_total)).then_some(*other)
        }
        _ => None,
    }
}

/// The sort whose order comes to `id`, if nothing between them could fail or sees it.
fn sort_below(plan: &Plan, mut id: NodeId, fallible: &FallibleColumns) -> Option<NodeId> {
    loop {
        let stage = &plan.node(id).stage;
        if !stage.demands().iter().all(|expr| plan.is_total(*expr, fallible)) {
            return None;
        }
        match stage {
            Stage::Sort { .. } => return Some(id),
            Stage::Filter { input, .. }
            | Stage::Map { input, .. }
            | Stage::Explode { input, .. }
            | Stage::Unpivot { input, .. } => id = *input,
            Stage::Scan { .. }
            | Stage::Range { .. }
            | Stage::Values { .. }
            | Stage::Iterate { .. }
            | Stage::Aggregate { .. }
            | Stage::Window { .. }
            | Stage::TopK { .. }
            | Stage::Slice { .. }
            | Stage::While { .. }
            | Stage::Fold { .. }
            | Stage::Number { .. }
            | Stage::Assert { .. }
            | Stage::Tee { .. }
            | Stage::Union { .. }
            | Stage::Join { .. } => return None,
        }
    }
}
