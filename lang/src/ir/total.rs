//! What cannot fail: expressions by their effects, and columns by where their values come from.

use super::{ColumnId, ExprId, NodeId, Plan, Stage};
use crate::catalog::Effect;
use crate::ty::Kind;
use std::collections::HashSet;

/// The columns whose value, where it is demanded, may fail or differ from time to time.
#[derive(Clone, Debug, Default)]
pub struct FallibleColumns(HashSet<ColumnId>);

impl Plan {
    /// The columns that may fail: cells of a table whose reading may fail (text needs no conversion, so text cannot), and
    /// definitions that may fail or mention such a column. What an aggregate or a window gives has been
    /// demanded already.
    pub fn fallible_columns(&self) -> FallibleColumns {
        let mut fallible = FallibleColumns::default();
        for node in &self.nodes {
            let new: Vec<ColumnId> = match &node.stage {
                Stage::Scan { table, columns } => {
                    let effect = self.tables[table.0 as usize].effect;
                    let fails = |column: &ColumnId| match effect {
                        Effect::Total => false,
                        Effect::MayFail => self.column(*column).ty.kind != Kind::String,
                        Effect::Nondeterministic | Effect::Host => true,
                    };
                    columns.iter().map(|(_, column)| *column).filter(fails).collect()
                }
                Stage::Values { columns, rows } => {
                    let fails = |at: usize| rows.iter().any(|row| !self.is_total(row[at], &fallible));
                    columns.iter().enumerate().filter(|(at, _)| fails(*at)).map(|(_, column)| *column).collect()
                }
                Stage::Map { definitions, .. } => {
                    let fails = |(_, expr): &&(ColumnId, ExprId)| !self.is_total(*expr, &fallible);
                    definitions.iter().filter(fails).map(|(column, _)| *column).collect()
                }
                Stage::Unpivot { value, values, .. } => {
                    let fails = values.iter().any(|(_, expr)| !self.is_total(*expr, &fallible));
                    Vec::from_iter(fails.then_some(*value))
                }
                Stage::Union { columns, .. } => {
                    let fails =
                        |(_, a, b): &&(ColumnId, ColumnId, ColumnId)| fallible.0.contains(a) || fallible.0.contains(b);
                    columns.iter().filter(fails).map(|(column, ..)| *column).collect()
                }
                Stage::Join { join, .. } => {
                    let fails = |(_, old): &&(ColumnId, ColumnId)| fallible.0.contains(old);
                    let fails_mark = join.left_keys().iter().any(|key| fallible.0.contains(key));
                    let mark = join.mark.filter(|_| fails_mark);
                    join.left.iter().chain(&join.right).filter(fails).map(|(column, _)| *column).chain(mark).collect()
                }
                Stage::Range { .. }
                | Stage::Explode { .. }
                | Stage::Iterate { .. }
                | Stage::While { .. }
                | Stage::Fold { .. }
                | Stage::Number { .. }
                | Stage::Assert { .. }
                | Stage::Tee { .. }
                | Stage::Filter { .. }
                | Stage::Aggregate { .. }
                | Stage::Window { .. }
                | Stage::Sort { .. }
                | Stage::TopK { .. }
                | Stage::Slice { .. } => Vec::new(),
            };
            fallible.0.extend(new);
        }
        fallible
    }

    /// Whether all rows of a node can be had without an error, however many are asked for, and nobody sees how many were.
    pub fn never_fails(&self, node: NodeId, fallible: &FallibleColumns) -> bool {
        let is_total = |exprs: &[ExprId]| exprs.iter().all(|expr| self.is_total(*expr, fallible));
        let is_sure = |columns: &[ColumnId]| columns.iter().all(|column| !fallible.0.contains(column));
        self.stages_of(node).into_iter().all(|id| {
            let stage = &self.node(id).stage;
            match stage {
                Stage::Scan { table, .. } => self.tables[table.0 as usize].effect == Effect::Total,
                Stage::Range { end, .. } => end.is_some(),
                Stage::Iterate { .. } | Stage::Assert { .. } | Stage::Tee { .. } => false,
                // What it tells is of all rows.
                Stage::Filter { told: Some(_), .. } => false,
                Stage::Fold { init, .. } => is_total(&[*init]) && is_total(&stage.demands()),
                Stage::Join { join, .. } => {
                    join.unique.is_none() && is_sure(&join.left_keys()) && is_sure(&join.right_keys())
                }
                Stage::Values { .. }
                | Stage::Explode { .. }
                | Stage::Unpivot { .. }
                | Stage::Union { .. }
                | Stage::While { .. }
                | Stage::Number { .. }
                | Stage::Filter { .. }
                | Stage::Map { .. }
                | Stage::Aggregate { .. }
                | Stage::Window { .. }
                | Stage::Sort { .. }
                | Stage::TopK { .. }
                | Stage::Slice { .. } => !stage.wants_order() && is_total(&stage.demands()),
            }
        })
    }

    /// Whether evaluating an expression always gives a value, and the same each time, the columns that it mentions
    /// included.
    pub fn is_total(&self, expr: ExprId, fallible: &FallibleColumns) -> bool {
        self.exprs.effect(expr) == Effect::Total
            && self.exprs.columns(expr).iter().all(|column| !fallible.0.contains(column))
    }
}
