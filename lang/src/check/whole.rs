//! Of which reads whole rows go out: there it is told which keys of a file are no columns, since nobody has chosen columns
//! and a sample did not have them. As for `on_error` it is said in the plan before any rule sees it.
//!
//! A row is whole until a `select` or something new is made of it; what is dropped was chosen by its name, and all others
//! go on. Only a read that is run to its end is told of: of others, how far they come is not a property of the script.

use super::Checker;
use super::named::named;
use crate::ir::{ColumnId, Expr, Join, Node, NodeId, Plan, Stage, Statement, TableId, TableOrigin};
use std::collections::HashSet;

impl Checker<'_> {
    /// Notes in the tables of the plan in the values of which columns keys are told.
    pub(super) fn note_whole_rows(&mut self) {
        if self.open_tables.is_empty() {
            return;
        }
        let tables = self.tables_given_whole();
        let named = if tables.is_empty() { HashSet::new() } else { named(&self.plan) };
        for (table, columns) in tables {
            let table = &mut self.plan.tables[table.0 as usize];
            let is_named = |(_, column): &&(usize, ColumnId)| named.contains(column);
            let names = columns.iter().filter(is_named).map(|(at, _)| table.schema.fields[*at].name.clone()).collect();
            if let TableOrigin::File { telling, .. } = &mut table.origin {
                *telling = names;
            }
        }
    }

    /// The open tables whose rows go out whole, with the columns that are scanned.
    fn tables_given_whole(&self) -> Vec<(TableId, Vec<(usize, ColumnId)>)> {
        let statements = self.plan.statements.iter().map(|statement: &Statement| statement.node);
        let stages = statements.clone().flat_map(|node| self.plan.stages_of(node));
        let tees = stages.filter_map(|id| match &self.plan.node(id).stage {
            Stage::Tee { input, .. } => Some(*input),
            _ => None,
        });
        let mut pending: Vec<(NodeId, bool)> = statements.chain(tees).map(|node| (node, true)).collect();
        let mut met: HashSet<(NodeId, bool)> = pending.iter().copied().collect();
        let mut tables = Vec::new();
        while let Some((id, to_its_end)) = pending.pop() {
            match &self.plan.node(id).stage {
                Stage::Scan { table, columns } if to_its_end && self.open_tables.contains(&id) => {
                    tables.push((*table, columns.clone()));
                }
                _ if self.chosen.contains(&id) => {}
                stage => {
                    let to_its_end = stage.is_breaker() || to_its_end && !stops_early(stage);
                    let inputs = passing(&self.plan, self.plan.node(id)).into_iter().map(|input| (input, to_its_end));
                    pending.extend(inputs.filter(|input| met.insert(*input)));
                }
            }
        }
        tables
    }
}

/// Whether rows of its input may never be looked at.
fn stops_early(stage: &Stage) -> bool {
    matches!(stage, Stage::Slice { take: Some(_), .. } | Stage::While { skip: false, .. })
}

/// The inputs of a stage whose rows go on as they are, with more columns or with less.
fn passing(plan: &Plan, node: &Node) -> Vec<NodeId> {
    match &node.stage {
        Stage::Scan { .. } | Stage::Range { .. } | Stage::Values { .. } | Stage::Iterate { .. } => Vec::new(),
        Stage::Filter { input, .. }
        | Stage::Map { input, .. }
        | Stage::Sort { input, .. }
        | Stage::TopK { input, .. }
        | Stage::Slice { input, .. }
        | Stage::While { input, .. }
        | Stage::Assert { input, .. }
        | Stage::Tee { input, .. }
        | Stage::Number { input, .. }
        | Stage::Window { input, .. } => vec![*input],
        Stage::Explode { input, .. } | Stage::Unpivot { input, .. } | Stage::Fold { input, .. } => {
            let before: HashSet<ColumnId> = plan.node(*input).output.iter().map(|field| field.column).collect();
            let is_carried = node.output.iter().any(|field| before.contains(&field.column));
            is_carried.then_some(*input).into_iter().collect()
        }
        Stage::Aggregate { input, .. } => has_whole_record(plan, node, *input).then_some(*input).into_iter().collect(),
        Stage::Union { input, other, .. } => vec![*input, *other],
        Stage::Join { input, other, join: Join { right, .. } } => match right.is_empty() {
            true => vec![*input],
            false => vec![*input, *other],
        },
    }
}

/// Whether an expression of a stage is a record of all that comes in.
fn has_whole_record(plan: &Plan, node: &Node, input: NodeId) -> bool {
    let mut roots = Vec::new();
    node.stage.clone().for_each_expr(|expr| roots.push(*expr));
    plan.exprs.postorder(&roots).into_iter().any(|id| {
        let Expr::Record(_, values) = plan.exprs.get(id) else { return false };
        let parts: HashSet<ColumnId> = values.iter().flat_map(|value| plan.exprs.columns(*value)).collect();
        plan.node(input).output.iter().all(|field| parts.contains(&field.column))
    })
}
