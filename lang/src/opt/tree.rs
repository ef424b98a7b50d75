//! What the rules share to take plans apart and put them together.

use crate::ir::{ColumnId, ExprId, Node, NodeId, OutputField, Plan, Stage};
use std::collections::{HashMap, HashSet};

/// The fields that all rows of a plan together may have; a plan that would have more without sharing stays as it is.
const MOST_FIELDS: usize = 1 << 20;

/// Gives every statement, and every use of a stream in it, stages and columns of its own. Whether it could: a plan in
/// which many uses share long pipelines would grow too much.
pub fn unshare(plan: &mut Plan) -> bool {
    let mut fields: Vec<usize> = Vec::new();
    for node in &plan.nodes {
        let below = node.stage.inputs().map(|input| fields[input.0 as usize]);
        fields.push(below.fold(node.output.len() + 1, usize::saturating_add));
    }
    let statements = plan.statements.iter().map(|statement| fields[statement.node.0 as usize]);
    if statements.fold(0, usize::saturating_add) > MOST_FIELDS {
        return false;
    }
    let old = std::mem::take(&mut plan.nodes);
    let mut used = vec![false; old.len()];
    for at in 0..plan.statements.len() {
        plan.statements[at].node = copy(plan, &old, &mut used, plan.statements[at].node).0;
    }
    true
}

/// What the columns of a copy are called.
type Renamed = HashMap<ColumnId, ColumnId>;

/// Adds the stages of `old` that `root` takes its rows from. What was used before defines new columns.
fn copy(plan: &mut Plan, old: &[Node], used: &mut [bool], root: NodeId) -> (NodeId, Renamed) {
    let mut chain = vec![root];
    while let Some(input) = old[chain[chain.len() - 1].0 as usize].stage.input() {
        chain.push(input);
    }
    let (mut columns, mut last) = (Renamed::new(), root);
    for id in chain.into_iter().rev() {
        let mut node = old[id.0 as usize].clone();
        let other = node.stage.other().map(|other| copy(plan, old, used, other));
        if std::mem::replace(&mut used[id.0 as usize], true) {
            for column in node.stage.defines() {
                let definition = plan.column(column).clone();
                columns.insert(column, plan.add_column(definition.name, definition.ty));
            }
        }
        let of_other = other.as_ref().map(|(_, renamed)| renamed);
        rename(plan, &mut node, &columns, of_other.unwrap_or(&Renamed::new()));
        node.stage = node.stage.with_input(last);
        if let Some((other, _)) = other {
            node.stage = node.stage.with_other(other);
        }
        last = plan.add_node(node);
    }
    (last, columns)
}

fn rename(plan: &mut Plan, node: &mut Node, columns: &Renamed, of_other: &Renamed) {
    if columns.is_empty() && of_other.is_empty() {
        return;
    }
    let new = |column: &mut ColumnId| *column = columns.get(column).copied().unwrap_or(*column);
    let other = |column: &mut ColumnId| *column = of_other.get(column).copied().unwrap_or(*column);
    let exprs: HashMap<ColumnId, ExprId> = columns.iter().map(|(old, new)| (*old, plan.column_expr(*new))).collect();
    node.stage.for_each_expr(|expr| *expr = plan.exprs.substitute(*expr, &exprs));
    match &mut node.stage {
        Stage::Scan { columns, .. } => columns.iter_mut().for_each(|(_, column)| new(column)),
        Stage::Range { column, .. }
        | Stage::Iterate { column, .. }
        | Stage::Fold { column, .. }
        | Stage::Explode { column, .. }
        | Stage::Number { column, .. } => new(column),
        Stage::Unpivot { name, value, .. } => [name, value].into_iter().for_each(new),
        Stage::Values { columns, .. } => columns.iter_mut().for_each(new),
        Stage::Map { definitions, .. } => definitions.iter_mut().for_each(|(column, _)| new(column)),
        Stage::Aggregate { keys, reductions, .. } => {
            keys.iter_mut().for_each(|(column, _)| new(column));
            reductions.iter_mut().for_each(|reduction| new(&mut reduction.column));
        }
        Stage::Window { functions, .. } => functions.iter_mut().for_each(|function| new(&mut function.column)),
        Stage::Union { columns, .. } => {
            for (column, first, second) in columns {
                new(column);
                new(first);
                other(second);
            }
        }
        Stage::Join { join, .. } => {
            join.on.iter_mut().for_each(|on| {
                new(&mut on.left);
                other(&mut on.right);
            });
            join.nearest.iter_mut().for_each(|nearest| {
                new(&mut nearest.left);
                other(&mut nearest.right);
            });
            join.mark.iter_mut().for_each(new);
            for (column, left) in &mut join.left {
                new(column);
                new(left);
            }
            for (column, right) in &mut join.right {
                new(column);
                other(right);
            }
        }
        Stage::Filter { .. }
        | Stage::Assert { .. }
        | Stage::Tee { .. }
        | Stage::Sort { .. }
        | Stage::TopK { .. }
        | Stage::Slice { .. }
        | Stage::While { .. } => {}
    }
    let mut output: Vec<OutputField> = node.output.iter().cloned().collect();
    output.iter_mut().for_each(|field| new(&mut field.column));
    node.output = output.into();
}

/// Takes stages out that do nothing: their users take the rows from their inputs. Where a statement ends in one, its row
/// is what the user sees; if that is not the row of the input, a projection stays.
pub fn remove(plan: &mut Plan, idle: &[NodeId]) {
    let mut idle: HashSet<NodeId> = idle.iter().copied().collect();
    for at in 0..plan.statements.len() {
        let mut root = plan.statements[at].node;
        while let Some(input) = plan.node(root).stage.input().filter(|_| idle.contains(&root)) {
            if plan.node(root).output != plan.node(input).output {
                plan.nodes[root.0 as usize].stage = Stage::Map { input, definitions: Vec::new() };
                idle.remove(&root);
                break;
            }
            root = input;
        }
        plan.statements[at].node = root;
    }
    for at in (0..plan.nodes.len()).filter(|at| !idle.contains(&NodeId(*at as u32))) {
        let [input, other] = [plan.nodes[at].stage.input(), plan.nodes[at].stage.other()].map(|below| {
            std::iter::successors(below, |id| plan.node(*id).stage.input().filter(|_| idle.contains(id))).last()
        });
        let stage = &mut plan.nodes[at].stage;
        if let Some(input) = input.filter(|input| stage.input() != Some(*input)) {
            *stage = stage.clone().with_input(input);
        }
        if let Some(other) = other.filter(|other| stage.other() != Some(*other)) {
            *stage = stage.clone().with_other(other);
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
            let inputs: Vec<NodeId> = slot.iter().flat_map(|node| node.stage.inputs()).collect();
            let missing: Vec<NodeId> = inputs.iter().copied().filter(|input| !new_ids.contains_key(input)).collect();
            if !missing.is_empty() {
                pending.push(id);
                pending.extend(missing);
                continue;
            }
            let mut node = slot.take().expect("a stage is moved once");
            for (at, input) in inputs.iter().map(|input| new_ids[input]).enumerate() {
                node.stage = if at == 0 { node.stage.with_input(input) } else { node.stage.with_other(input) };
            }
            new_ids.insert(id, plan.add_node(node));
        }
        plan.statements[at].node = new_ids[&plan.statements[at].node];
    }
}

/// Whether a node gives no more than `most` rows by what stands right there, definitions aside.
pub fn gives_at_most(plan: &Plan, mut id: NodeId, most: u64) -> bool {
    loop {
        match &plan.node(id).stage {
            Stage::Map { input, .. } => id = *input,
            Stage::Slice { take, .. } => return take.is_some_and(|take| take <= most),
            Stage::TopK { count, .. } => return *count <= most,
            Stage::Values { rows, .. } => return rows.len() as u64 <= most,
            Stage::Aggregate { keys, .. } => return keys.is_empty() && most > 0,
            _others => return false,
        }
    }
}

/// The columns of its input that a stage mentions.
pub fn mentioned(plan: &Plan, stage: &Stage) -> Vec<ColumnId> {
    let mut roots = stage.demands();
    match stage {
        Stage::Map { definitions, .. } => roots.extend(definitions.iter().map(|(_, expr)| *expr)),
        Stage::Unpivot { values, .. } => roots.extend(values.iter().map(|(_, expr)| *expr)),
        _demanded => {}
    }
    let columns = roots.into_iter().flat_map(|root| plan.exprs.columns(root));
    columns.filter(|column| Some(*column) != stage.state()).chain(stage.takes()).collect()
}
