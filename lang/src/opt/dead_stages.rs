//! Stages that give the rows that they get are left out.
//!
//! **Before**: `skip 0`, `take_while true`, `skip_while false`; a sort by constants, and keys of a sort that decide nothing
//! (a constant, or one that stands before); a number, a state or the mark of a join that nobody mentions. **After**: without
//! them.
//!
//! **Legal** for what demands nothing that could fail. A sort by constants stays where its rows may fail, for it sees all of
//! them before the first goes on; so does a join whose other rows may fail, for they are read in any case. **Errors**: there
//! are none.

use super::{Rule, tree};
use crate::catalog::Catalog;
use crate::fault::{self, Fault};
use crate::ir::{ColumnId, ExprId, FallibleColumns, NodeId, Plan, SortKey, Stage};
use crate::scalar::Scalar;
use std::collections::HashSet;

/// See the module.
pub const RULE: Rule =
    Rule { name: "dead_stages", what: "leaves out stages that change no row and cannot fail", apply };

fn apply(plan: &mut Plan, _catalog: &Catalog) -> bool {
    let fallible = plan.fallible_columns();
    let mut changed = false;
    for at in 0..plan.nodes.len() {
        let mut stage = plan.nodes[at].stage.clone();
        if let Stage::Sort { keys, .. } = &mut stage {
            changed |= deciding(plan, keys);
        }
        plan.nodes[at].stage = stage;
    }
    let used = used_columns(plan);
    let is_dead = |id: &NodeId| is_dead(plan, *id, &used, &fallible);
    let dead: Vec<NodeId> = (0..plan.nodes.len()).map(|at| NodeId(at as u32)).filter(is_dead).collect();
    let gone: HashSet<ColumnId> = dead.iter().flat_map(|id| plan.node(*id).stage.defines()).collect();
    if !gone.is_empty() {
        for node in &mut plan.nodes {
            node.output.retain(|field| !gone.contains(&field.column));
        }
    }
    changed |= !dead.is_empty();
    tree::remove(plan, &dead);
    changed
}

/// Takes out the keys that decide nothing. Whether there were some.
fn deciding(plan: &Plan, keys: &mut Vec<SortKey>) -> bool {
    let before = keys.len();
    let mut seen: HashSet<ExprId> = HashSet::new();
    if fault::is(Fault::SortByFirstKeyOnly) {
        keys.truncate(1);
    }
    let first = keys.first().copied();
    keys.retain(|key| plan.exprs.as_constant(key.expr).is_none() && seen.insert(key.expr));
    if keys.is_empty() {
        keys.extend(first);
    }
    keys.len() < before
}

/// All columns that a stage mentions or a statement gives.
fn used_columns(plan: &Plan) -> HashSet<ColumnId> {
    let of_stages = plan
        .nodes
        .iter()
        .flat_map(|node| tree::mentioned(plan, &node.stage).into_iter().chain(node.stage.takes_of_other()));
    let shown = plan.statements.iter().flat_map(|statement| plan.node(statement.node).output.iter());
    of_stages.chain(shown.map(|field| field.column)).collect()
}

fn is_dead(plan: &Plan, id: NodeId, used: &HashSet<ColumnId>, fallible: &FallibleColumns) -> bool {
    let stage = &plan.node(id).stage;
    let is = |expr: ExprId, value: bool| plan.exprs.as_constant(expr) == Some(&Scalar::Bool(value));
    let is_total = |exprs: &[ExprId]| exprs.iter().all(|expr| plan.is_total(*expr, fallible));
    match stage {
        Stage::Slice { skip, take, .. } => *skip == 0 && take.is_none(),
        Stage::While { predicate, skip, .. } => is(*predicate, !skip),
        Stage::Sort { input, keys } => {
            let decides_nothing = keys.iter().all(|key| plan.exprs.as_constant(key.expr).is_some());
            decides_nothing && plan.never_fails(*input, fallible)
        }
        Stage::Number { column, keys, .. } => !used.contains(column) && is_total(keys),
        Stage::Fold { column, init, next, all: true, .. } => !used.contains(column) && is_total(&[*init, *next]),
        Stage::Join { other, join, .. } => {
            join.mark.is_some_and(|mark| !used.contains(&mark))
                && join.unique.is_none()
                && plan.never_fails(*other, fallible)
                && join.right_keys().iter().all(|key| plan.is_total(plan.column_expr(*key), fallible))
        }
        Stage::Scan { .. }
        | Stage::Range { .. }
        | Stage::Values { .. }
        | Stage::Iterate { .. }
        | Stage::Filter { .. }
        | Stage::Map { .. }
        | Stage::Aggregate { .. }
        | Stage::Window { .. }
        | Stage::TopK { .. }
        | Stage::Fold { all: false, .. }
        | Stage::Explode { .. }
        | Stage::Unpivot { .. }
        | Stage::Union { .. }
        | Stage::Assert { .. }
        | Stage::Tee { .. } => false,
    }
}
