//! Values of streams that stand in an expression of a stage, `x / (xs | sum)`: each is run once, before the statement that
//! mentions it, and then is a constant. What fails in it ends the statement before its first row, as a source that cannot
//! be opened does.

use super::{ColumnId, ExprId, NodeId, Plan, Stage};
use crate::scalar::Scalar;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A stream of one value, mentioned as a column that no stage makes.
#[derive(Clone, Debug)]
pub struct Subquery {
    /// What stands for its value.
    pub column: ColumnId,
    /// The stream, where it was met.
    pub node: NodeId,
    /// A plan whose only statement gives one row with that value.
    pub plan: Arc<Plan>,
}

impl Plan {
    /// The subqueries that a statement mentions, in the order in which they were met.
    pub fn subqueries_of(&self, statement: usize) -> Vec<&Subquery> {
        if self.subqueries.is_empty() {
            return Vec::new();
        }
        let mut mentioned = HashSet::new();
        for id in self.stages_of(self.statements[statement].node) {
            let mut stage = self.node(id).stage.clone();
            stage.for_each_expr(|expr| mentioned.extend(self.exprs.columns(*expr)));
        }
        self.subqueries.iter().filter(|subquery| mentioned.contains(&subquery.column)).collect()
    }

    /// The stages that a node's rows come from, each once, the node among them.
    pub fn stages_of(&self, node: NodeId) -> Vec<NodeId> {
        let mut pending = vec![node];
        let mut met: HashSet<NodeId> = HashSet::from([node]);
        let mut stages = Vec::new();
        while let Some(id) = pending.pop() {
            stages.push(id);
            pending.extend(self.node(id).stage.inputs().filter(|input| met.insert(*input)));
        }
        stages
    }

    /// The plan with these values in place of their columns.
    pub fn with_values(&self, values: &[(ColumnId, Scalar)]) -> Plan {
        let mut plan = self.clone();
        let literals: HashMap<ColumnId, ExprId> = values
            .iter()
            .map(|(column, value)| (*column, plan.exprs.literal(value.clone(), self.column(*column).ty.clone())))
            .collect();
        let exprs = &mut plan.exprs;
        for node in &mut plan.nodes {
            node.stage.for_each_expr(|expr| *expr = exprs.substitute(*expr, &literals));
        }
        plan
    }
}

impl Stage {
    /// Calls `f` with every expression of a stage.
    pub fn for_each_expr(&mut self, mut f: impl FnMut(&mut ExprId)) {
        match self {
            Stage::Scan { .. } | Stage::Range { .. } | Stage::Slice { .. } | Stage::Union { .. } => {}
            Stage::Join { join, .. } => join.nearest.iter_mut().filter_map(|n| n.within.as_mut()).for_each(f),
            Stage::Explode { list, .. } => f(list),
            Stage::Unpivot { values, .. } => values.iter_mut().for_each(|(_, value)| f(value)),
            Stage::Values { rows, .. } => rows.iter_mut().flatten().for_each(f),
            Stage::Filter { predicate, .. } | Stage::While { predicate, .. } => f(predicate),
            Stage::Iterate { init, next, .. } | Stage::Fold { init, next, .. } => {
                f(init);
                f(next);
            }
            Stage::Map { definitions, .. } => definitions.iter_mut().for_each(|(_, expr)| f(expr)),
            Stage::Aggregate { keys, reductions, .. } => {
                for reduction in reductions {
                    reduction.arguments.iter_mut().chain(&mut reduction.condition).for_each(&mut f);
                }
                keys.iter_mut().for_each(|(_, key)| f(key));
            }
            Stage::Window { keys, on, functions, .. } => {
                functions.iter_mut().for_each(|function| function.kind.for_each_expr(&mut f));
                keys.iter_mut().chain(on.iter_mut().map(|on| &mut on.expr)).for_each(f);
            }
            Stage::Number { keys, .. } => keys.iter_mut().for_each(f),
            Stage::Assert { assertion, .. } => assertion.for_each_expr(f),
            Stage::Tee { tee, .. } => tee.fields.iter_mut().for_each(|(_, expr)| f(expr)),
            Stage::Sort { keys, .. } | Stage::TopK { keys, .. } => keys.iter_mut().for_each(|key| f(&mut key.expr)),
        }
    }
}
