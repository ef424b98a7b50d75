//! A filter that asks only whether a row has a match becomes a join that keeps the rows that have one, or none.
//!
//! **Before**: `join mark … as m | filter m`, or `filter not m`, where nobody else mentions `m`. **After**: `join semi …`
//! or `join anti …`, which give the same rows in the same order. **Legal** if the left keys cannot fail. **Errors**: the
//! filter demands the mark of every row, and so its keys, as a semi-join does; but where the right rows fail, that is
//! told before any mark is asked for, while a semi-join looks at its keys first.

use super::{Rule, tree};
use crate::catalog::Catalog;
use crate::fault::{self, Fault};
use crate::ir::{ColumnId, Expr, FallibleColumns, JoinKind, Node, NodeId, Plan, Stage};

/// See the module.
pub const RULE: Rule = Rule {
    name: "mark_join",
    what: "makes a semi-join or an anti-join of a filter that asks whether a row has a match",
    apply,
};

fn apply(plan: &mut Plan, _catalog: &Catalog) -> bool {
    let fallible = plan.fallible_columns();
    let mut idle = Vec::new();
    for at in 0..plan.nodes.len() {
        let filter = NodeId(at as u32);
        let Some((below, mark, kind)) = asked_only_here(plan, filter, &fallible) else { continue };
        let node = &mut plan.nodes[below.0 as usize];
        let Stage::Join { join, .. } = &mut node.stage else { continue };
        (join.kind, join.mark) = (kind, None);
        node.output.retain(|field| field.column != mark);
        idle.push(filter);
    }
    let changed = !idle.is_empty();
    tree::remove(plan, &idle);
    changed
}

/// The join below a filter, its mark and what it becomes, if the filter is all that mentions the mark.
fn asked_only_here(plan: &Plan, filter: NodeId, fallible: &FallibleColumns) -> Option<(NodeId, ColumnId, JoinKind)> {
    let Stage::Filter { input, predicate, told: None } = plan.node(filter).stage else { return None };
    let (column, kind) = match *plan.exprs.get(predicate) {
        Expr::Column(column) => (column, JoinKind::Semi),
        Expr::Not(of) => match *plan.exprs.get(of) {
            Expr::Column(column) if fault::is(Fault::MarkNegationLost) => (column, JoinKind::Semi),
            Expr::Column(column) => (column, JoinKind::Anti),
            _ => return None,
        },
        _ => return None,
    };
    let Stage::Join { join, .. } = &plan.node(input).stage else { return None };
    let is_marked = join.mark == Some(column);
    let is_total = join.left_keys().iter().all(|key| plan.is_total(plan.column_expr(*key), fallible));
    let elsewhere = |(at, node): (usize, &Node)| {
        let id = NodeId(at as u32);
        let gives = id != input && node.output.contains(column);
        gives || id != filter && tree::mentioned(plan, &node.stage).contains(&column)
    };
    let is_used = || plan.nodes.iter().enumerate().any(elsewhere);
    (is_marked && is_total && !is_used()).then_some((input, column, kind))
}
