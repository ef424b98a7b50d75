//! What is told at the end of a run of what it left out, beside what `on_error` of a `read` says: rows that do not fit the
//! template of a `parse`, and keys of a file that are no columns, since a sample did not have them. As for `on_error` it is
//! said in the plan before any rule sees it.
//!
//! Only what is run to its end tells: of the rest, how far it comes is not a property of the script. Keys are told of
//! where whole rows go out, since there nobody has chosen columns: until a `select` or something new is made of them. What
//! is dropped was chosen by its name, and all others go on.

use super::Checker;
use super::named::named;
use crate::ir::{ColumnId, Expr, Join, Node, NodeId, Plan, Stage, TableId, TableOrigin};
use std::collections::HashSet;

/// A node whose rows somebody looks at.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Looked {
    node: NodeId,
    /// At all of them.
    to_the_end: bool,
    /// They go out as they are, with more columns or with less.
    whole: bool,
}

impl Checker<'_> {
    /// Notes in the plan what is told.
    pub(super) fn note_what_is_told(&mut self) {
        if self.open_tables.is_empty() && self.templates.is_empty() {
            return;
        }
        let mut looked = self.nodes_looked_at();
        looked.retain(|looked| looked.to_the_end);
        looked.sort_by_key(|looked| looked.node.0);
        for Looked { node, .. } in &looked {
            if let Stage::Filter { told, .. } = &mut self.plan.nodes[node.0 as usize].stage {
                *told = self.templates.get(node).cloned();
            }
        }
        let is_whole = |looked: &&Looked| looked.whole && self.open_tables.contains(&looked.node);
        let scans: Vec<NodeId> = looked.iter().filter(is_whole).map(|looked| looked.node).collect();
        let named = if scans.is_empty() { HashSet::new() } else { named(&self.plan) };
        for scan in scans {
            let Stage::Scan { table: TableId(table), columns } = &self.plan.nodes[scan.0 as usize].stage else {
                continue;
            };
            let table = &mut self.plan.tables[*table as usize];
            let is_named = |(_, column): &&(usize, ColumnId)| named.contains(column);
            let names = columns.iter().filter(is_named).map(|(at, _)| table.schema.fields[*at].name.clone()).collect();
            if let TableOrigin::File { telling, .. } = &mut table.origin {
                *telling = names;
            }
        }
    }

    /// The nodes that the statements come from, each as all that look at it do.
    fn nodes_looked_at(&self) -> Vec<Looked> {
        let all = |node| Looked { node, to_the_end: true, whole: true };
        let mut pending: Vec<Looked> = self.plan.statements.iter().map(|statement| all(statement.node)).collect();
        let mut met: HashSet<Looked> = pending.iter().copied().collect();
        while let Some(looked) = pending.pop() {
            let node = self.plan.node(looked.node);
            let passing = if self.chosen.contains(&looked.node) { Vec::new() } else { passing(&self.plan, node) };
            let to_the_end = node.stage.is_breaker() || looked.to_the_end && !stops_early(&node.stage);
            let mut inputs: Vec<Looked> = node
                .stage
                .inputs()
                .map(|input| Looked { node: input, to_the_end, whole: looked.whole && passing.contains(&input) })
                .collect();
            if let Stage::Tee { input, .. } = &node.stage {
                inputs.push(all(*input));
            }
            pending.extend(inputs.into_iter().filter(|input| met.insert(*input)));
        }
        met.into_iter().collect()
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
