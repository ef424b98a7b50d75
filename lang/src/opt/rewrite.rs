//! Puts other expressions in the place of expressions, operands first.

use crate::catalog::Catalog;
use crate::ir::typing::own_effect;
use crate::ir::{ExprId, Plan, TypedExpr};
use std::collections::HashMap;

/// Gives every expression of every stage to `new`, over operands that it has seen already, and puts what that gives in
/// its place. Whether anything has changed.
pub fn rewrite(plan: &mut Plan, catalog: &Catalog, mut new: impl FnMut(&mut Plan, ExprId) -> Option<ExprId>) -> bool {
    let mut done: HashMap<ExprId, ExprId> = HashMap::new();
    let mut changed = false;
    for at in 0..plan.nodes.len() {
        let mut stage = plan.nodes[at].stage.clone();
        stage.for_each_expr(|root| {
            for old in plan.exprs.postorder(&[*root]) {
                if done.contains_key(&old) {
                    continue;
                }
                let typed = plan.exprs.typed(old).clone();
                let expr = typed.expr.map_operands(|operand| done[&operand]);
                let same = if expr == typed.expr {
                    old
                } else {
                    let effect = own_effect(&expr, plan, catalog);
                    plan.exprs.add(TypedExpr { expr, ..typed }, effect)
                };
                let new = new(plan, same).unwrap_or(same);
                done.insert(old, new);
            }
            changed |= done[root] != *root;
            *root = done[root];
        });
        plan.nodes[at].stage = stage;
    }
    changed
}
