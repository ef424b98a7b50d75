//! What the rules share to take plans apart and put them together.

use crate::ir::{ColumnId, ExprId, Node, NodeId, Plan, Stage};
use std::collections::HashMap;

/// The fields that all rows of a plan together may have; a plan that would have more without sharing stays as it is.
const MOST_FIELDS: usize = 1 << 20;

/// Gives every statement stages and columns of its own. Whether it could: a plan in which many statements share long
/// pipelines would grow too much.
pub fn unshare(plan: &mut Plan) -> bool {
    let chains: Vec<Vec<NodeId>> = plan.statements.iter().map(|statement| chain(plan, statement.node)).collect();
    let fields: usize = chains.iter().flatten().map(|id| plan.node(*id).output.len() + 1).sum();
    if fields > MOST_FIELDS {
        return false;
    }
    let old = std::mem::take(&mut plan.nodes);
    let mut used = vec![false; old.len()];
    for (at, chain) in chains.into_iter().enumerate() {
        let mut columns = HashMap::new();
        let mut last = None;
        for id in chain {
            let mut node = old[id.0 as usize].clone();
            if std::mem::replace(&mut used[id.0 as usize], true) {
                for column in node.stage.defines() {
                    let definition = plan.column(column).clone();
                    columns.insert(column, plan.add_column(definition.name, definition.ty));
                }
            }
            if !columns.is_empty() {
                rename(plan, &mut node, &columns);
            }
            if let Some(input) = last {
                node.stage = node.stage.with_input(input);
            }
            last = Some(plan.add_node(node));
        }
        plan.statements[at].node = last.expect("a statement has a stage");
    }
    true
}

/// The stages below `root`, from the source down to it.
fn chain(plan: &Plan, root: NodeId) -> Vec<NodeId> {
    let mut chain = vec![root];
    while let Some(input) = plan.node(chain[chain.len() - 1]).stage.input() {
        chain.push(input);
    }
    chain.reverse();
    chain
}

fn rename(plan: &mut Plan, node: &mut Node, columns: &HashMap<ColumnId, ColumnId>) {
    let new = |column: &mut ColumnId| *column = columns.get(column).copied().unwrap_or(*column);
    let exprs: HashMap<ColumnId, ExprId> = columns.iter().map(|(old, new)| (*old, plan.column_expr(*new))).collect();
    node.stage.for_each_expr(|expr| *expr = plan.exprs.substitute(*expr, &exprs));
    match &mut node.stage {
        Stage::Scan { columns, .. } => columns.iter_mut().for_each(|(_, column)| new(column)),
        Stage::Range { column, .. }
        | Stage::Iterate { column, .. }
        | Stage::Fold { column, .. }
        | Stage::Number { column, .. } => new(column),
        Stage::Values { columns, .. } => columns.iter_mut().for_each(new),
        Stage::Map { definitions, .. } => definitions.iter_mut().for_each(|(column, _)| new(column)),
        Stage::Aggregate { keys, reductions, .. } => {
            keys.iter_mut().for_each(|(column, _)| new(column));
            reductions.iter_mut().for_each(|reduction| new(&mut reduction.column));
        }
        Stage::Filter { .. } | Stage::Sort { .. } | Stage::TopK { .. } | Stage::Slice { .. } | Stage::While { .. } => {}
    }
    node.output.iter_mut().for_each(|field| new(&mut field.column));
}

/// Takes stages out that do nothing: their users take the rows from their inputs. Where a statement ends in one, its row
/// is what the user sees; if that is not the row of the input, a projection stays.
pub fn remove(plan: &mut Plan, idle: &[NodeId]) {
    for id in idle {
        let Some(input) = plan.node(*id).stage.input() else { continue };
        let is_root = plan.statements.iter().any(|statement| statement.node == *id);
        if is_root && plan.node(*id).output != plan.node(input).output {
            plan.nodes[id.0 as usize].stage = Stage::Map { input, definitions: Vec::new() };
            continue;
        }
        for statement in plan.statements.iter_mut().filter(|statement| statement.node == *id) {
            statement.node = input;
        }
        for node in &mut plan.nodes {
            if node.stage.input() == Some(*id) {
                node.stage = node.stage.clone().with_input(input);
            }
        }
    }
    renumber(plan);
}

/// Drops stages that no statement uses, and puts inputs before their users.
pub fn renumber(plan: &mut Plan) {
    let old = std::mem::take(&mut plan.nodes);
    let mut nodes: Vec<Option<Node>> = old.into_iter().map(Some).collect();
    let mut new_ids: HashMap<NodeId, NodeId> = HashMap::new();
    for at in 0..plan.statements.len() {
        let mut pending = vec![plan.statements[at].node];
        while let Some(id) = pending.pop() {
            if new_ids.contains_key(&id) {
                continue;
            }
            let slot = &mut nodes[id.0 as usize];
            let input = slot.as_ref().and_then(|node| node.stage.input());
            match input.map(|input| new_ids.get(&input).copied().ok_or(input)) {
                Some(Err(input)) => pending.extend([id, input]),
                ready => {
                    let mut node = slot.take().expect("a stage is moved once");
                    if let Some(Ok(input)) = ready {
                        node.stage = node.stage.with_input(input);
                    }
                    new_ids.insert(id, plan.add_node(node));
                }
            }
        }
        plan.statements[at].node = new_ids[&plan.statements[at].node];
    }
}
