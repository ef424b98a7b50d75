//! What nobody uses is neither read, defined nor computed.
//!
//! **Before**: scans, definitions, constant columns and reductions that no stage behind them mentions and no statement
//! gives. **After**: without them; a map that defines nothing is gone, and so is a window that computes
//! nothing.
//!
//! **Legal** for what evaluates nothing unless it is demanded: a column of a scan or of constants, and a definition. An
//! aggregate *demands* its conditions and arguments for every row, so a reduction goes only if none of them can fail,
//! the cells that they read included; its keys stay, for they make the groups. A window demands in the same way, and fails besides where its
//! rows are not sorted as it wants. **Errors**: what goes was not demanded, or
//! could not fail.

use super::{Rule, tree};
use crate::catalog::Catalog;
use crate::fault::{self, Fault};
use crate::ir::{ColumnId, FallibleColumns, NodeId, Phase, Plan, Reduction, Stage, WindowKind};
use std::collections::HashSet;

/// See the module.
pub const RULE: Rule =
    Rule { name: "dead_columns", what: "neither reads nor computes columns that nobody uses", apply };

fn apply(plan: &mut Plan, _catalog: &Catalog) -> bool {
    let fallible = plan.fallible_columns();
    let mut used: Vec<HashSet<ColumnId>> = vec![HashSet::new(); plan.nodes.len()];
    for statement in &plan.statements {
        let output = &plan.node(statement.node).output;
        used[statement.node.0 as usize].extend(output.iter().map(|field| field.column));
    }
    let (mut changed, mut idle) = (false, Vec::new());
    for at in (0..plan.nodes.len()).rev() {
        let mut node = plan.nodes[at].clone();
        let mut columns = std::mem::take(&mut used[at]);
        changed |= prune(plan, &mut node.stage, &columns, &fallible);
        let fields = node.output.len();
        node.output.retain(|field| columns.contains(&field.column));
        changed |= node.output.len() < fields;
        if let Some(other) = node.stage.other() {
            used[other.0 as usize].extend(node.stage.takes_of_other());
        }
        if let Some(input) = node.stage.input() {
            node.stage.defines().iter().for_each(|own| _ = columns.remove(own));
            let mut below = if node.stage.passes_input() { columns } else { HashSet::new() };
            below.extend(tree::mentioned(plan, &node.stage));
            below.extend(std::mem::take(&mut used[input.0 as usize]));
            used[input.0 as usize] = below;
            if is_idle(plan, &node.stage, &fallible) {
                idle.push(NodeId(at as u32));
            }
        }
        plan.nodes[at] = node;
    }
    let stages = plan.nodes.len();
    tree::remove(plan, &idle);
    changed || plan.nodes.len() < stages
}

/// Takes out of a stage what makes columns other than `used`.
fn prune(plan: &Plan, stage: &mut Stage, used: &HashSet<ColumnId>, fallible: &FallibleColumns) -> bool {
    let before = stage.defines().len();
    match stage {
        Stage::Scan { columns, .. } => columns.retain(|(_, column)| used.contains(column)),
        Stage::Values { columns, rows } => {
            for row in rows {
                let mut at = columns.iter();
                row.retain(|_| at.next().is_some_and(|column| used.contains(column)));
            }
            columns.retain(|column| used.contains(column));
        }
        Stage::Map { definitions, .. } => definitions.retain(|(column, _)| used.contains(column)),
        Stage::Union { columns, .. } => columns.retain(|(column, ..)| used.contains(column)),
        Stage::Join { join, .. } => {
            join.left.retain(|(column, _)| used.contains(column));
            join.right.retain(|(column, _)| used.contains(column));
        }
        Stage::Aggregate { reductions, phase: Phase::Single, .. } => {
            reductions.retain(|reduction| used.contains(&reduction.column) || !is_total(plan, reduction, fallible));
        }
        Stage::Window { functions, .. } => {
            functions.retain(|f| used.contains(&f.column) || !is_total_function(plan, &f.kind, fallible));
        }
        Stage::Range { .. }
        | Stage::Explode { .. }
        | Stage::Unpivot { .. }
        | Stage::Iterate { .. }
        | Stage::While { .. }
        | Stage::Fold { .. }
        | Stage::Number { .. }
        | Stage::Assert { .. }
        | Stage::Tee { .. }
        | Stage::Filter { .. }
        | Stage::Aggregate { .. }
        | Stage::Sort { .. }
        | Stage::TopK { .. }
        | Stage::Slice { .. } => {}
    }
    stage.defines().len() < before
}

fn is_total(plan: &Plan, reduction: &Reduction, fallible: &FallibleColumns) -> bool {
    fault::is(Fault::FailingReductionDropped)
        || reduction.arguments.iter().chain(&reduction.condition).all(|expr| plan.is_total(*expr, fallible))
}

fn is_total_function(plan: &Plan, kind: &WindowKind, fallible: &FallibleColumns) -> bool {
    !kind.wants_order() && kind.demands().iter().all(|expr| plan.is_total(*expr, fallible))
}

/// Whether a stage gives the rows that it gets, and demands nothing of them that could fail. A window sees all rows before
/// the first goes on, and those have no place in a file: so it stays where its rows may fail.
fn is_idle(plan: &Plan, stage: &Stage, fallible: &FallibleColumns) -> bool {
    match stage {
        Stage::Map { definitions, .. } => definitions.is_empty(),
        Stage::Window { input, keys, on: None, functions } => {
            functions.is_empty()
                && keys.iter().all(|key| plan.is_total(*key, fallible))
                && plan.never_fails(*input, fallible)
        }
        _ => false,
    }
}
