//! Filters go towards the source, conjunct by conjunct, so that what stands behind sees fewer rows.
//!
//! **Before**: `stage | filter a and b`. **After**: `filter a | stage | filter b`, each conjunct as far as it may go.
//!
//! **Legal**, and why errors are unchanged, where `p` is a conjunct:
//! - `filter a and b` is `filter a | filter b`: `b` is evaluated for a row only where `a` is true, after `a`, either way.
//! - past a *map*, with its definitions put in place of its columns: a map demands nothing, so the same rows demand the
//!   same expressions, sites included, in the same order. Only a definition that differs from time to time must stay
//!   the only one.
//! - past a *sort*, if neither `p` nor a key can fail (cells that are read included): a failing key of a row that `p`
//!   would have taken away is an error, and a failing `p` would be found in another order of rows. What is left is
//!   sorted the same way, for the sort is stable.
//! - past an *aggregate* with keys, if `p` mentions only keys, and neither `p` nor anything that the aggregate demands can
//!   fail. A group has one key, so `p` takes whole groups, and the order in which the others appear stays. Not if `p`
//!   looks at a float key: equal keys (`0.0` and `-0.0`) are then not all the same to `p`. Not without keys: then there
//!   is a row even of no rows.
//! - never past an assertion or a `tee`, for which all rows are demanded.
//! - past a *window* with keys, under the same conditions: `p` takes whole groups, and what a window gives for a row
//!   follows from the row's group alone. Not if the window wants its rows sorted, for it fails where they are not.
//! - past an *explode*, if `p` does not mention the item and neither `p` nor the list can fail: a row without items is
//!   one for which `p` was not asked.
//! - past an *unpivot*, if `p` mentions neither the name nor the value: every row comes out at least once, and asks for
//!   `p` as its first rows do. Only what differs from time to time must be asked as often as before.
//! - past a *union*, into both sides, each with its own columns in place of those of the union, if `p` cannot fail: the rows
//!   of a side may have a place in a file, which an error would tell. Not where a column has another type in one of them.
//! - past a *join* but a full one, if `p` mentions only columns of the left rows and neither `p` nor a left key that the
//!   join demands can fail: what becomes of a left row does not depend on the others. The right rows stay as they are,
//!   so where they fail, they still do, behind the same failures of the left ones.
//! - a filter that tells how many rows it leaves out stays where it is, whole.
//! - never past a slice or a top-k, which count rows, nor past what looks at the rows before or
//!   numbers them; nor past another filter, which
//!   may be its guard.

use super::{Rule, tree};
use crate::catalog::{Catalog, Effect};
use crate::fault::{self, Fault};
use crate::ir::{ColumnId, Expr, ExprId, FallibleColumns, JoinKind, Node, NodeId, Phase, Plan, Stage};
use crate::ty::{Kind, Type};
use std::collections::HashMap;

/// See the module.
pub const RULE: Rule = Rule {
    name: "push_filter",
    what: "moves filters towards the source, each condition as far as errors stay what they are",
    apply,
};

/// How many distinct nodes a predicate may have after its columns were replaced by their definitions; it is there so
/// that a chain of thousands of definitions does not end in one expression.
const MOST_NODES: usize = 500;

fn apply(plan: &mut Plan, _catalog: &Catalog) -> bool {
    let mut changed = split(plan);
    while into_unions(plan) {
        changed = true;
    }
    let fallible = plan.fallible_columns();
    for at in 0..plan.nodes.len() {
        let mut id = NodeId(at as u32);
        while let Stage::Filter { input, predicate, told: None } = plan.node(id).stage {
            let Some(predicate) = below(plan, &fallible, input, predicate) else { break };
            swap(plan, id, input, predicate);
            (id, changed) = (input, true);
        }
    }
    changed
}

/// Makes a filter of every conjunct.
fn split(plan: &mut Plan) -> bool {
    let mut changed = false;
    let mut at = 0;
    while at < plan.nodes.len() {
        while let Stage::Filter { input, predicate, told: None } = plan.nodes[at].stage
            && let Expr::And(a, b) = *plan.exprs.get(predicate)
        {
            let (a, b) = if fault::is(Fault::ConjunctsSwapped) { (b, a) } else { (a, b) };
            let Node { span, .. } = plan.nodes[at];
            let output = plan.node(input).output.clone();
            let first = plan.add_node(Node { stage: Stage::Filter { input, predicate: a, told: None }, output, span });
            plan.nodes[at].stage = Stage::Filter { input: first, predicate: b, told: None };
            changed = true;
        }
        at += 1;
    }
    tree::renumber(plan);
    changed
}

/// The predicate as it would be before the stage `id`, if it may go there.
fn below(plan: &mut Plan, fallible: &FallibleColumns, id: NodeId, predicate: ExprId) -> Option<ExprId> {
    match &plan.node(id).stage {
        Stage::Map { definitions, .. } => {
            let used = plan.exprs.columns(predicate);
            let replace: HashMap<ColumnId, ExprId> =
                definitions.iter().filter(|(column, _)| used.contains(column)).copied().collect();
            let repeatable = replace.values().all(|expr| plan.exprs.effect(*expr) <= Effect::MayFail);
            if !repeatable {
                return None;
            }
            let new = plan.exprs.substitute(predicate, &replace);
            (plan.exprs.postorder(&[new]).len() <= MOST_NODES).then_some(new)
        }
        stage @ Stage::Sort { .. } => {
            let total = plan.is_total(predicate, fallible) && demands_total(plan, stage, fallible);
            total.then_some(predicate)
        }
        stage @ Stage::Aggregate { keys, phase: Phase::Single, .. } => {
            let used = plan.exprs.columns(predicate);
            let is_key = |column: &ColumnId| keys.iter().any(|(key, _)| key == column);
            let legal = !keys.is_empty()
                && used.iter().all(|c| is_key(c) && one_representation(&plan.column(*c).ty))
                && plan.is_total(predicate, fallible)
                && demands_total(plan, stage, fallible);
            let replace = keys.iter().copied().collect();
            legal.then(|| plan.exprs.substitute(predicate, &replace))
        }
        stage @ Stage::Window { keys, .. } => {
            let used = plan.exprs.columns(predicate);
            let is_key = |column: &ColumnId| keys.contains(&plan.column_expr(*column));
            let legal = !keys.is_empty()
                && used.iter().all(|c| is_key(c) && one_representation(&plan.column(*c).ty))
                && plan.is_total(predicate, fallible)
                && !stage.wants_order()
                && demands_total(plan, stage, fallible);
            legal.then_some(predicate)
        }
        stage @ Stage::Explode { column, .. } => {
            let legal = !plan.exprs.columns(predicate).contains(column)
                && plan.is_total(predicate, fallible)
                && demands_total(plan, stage, fallible);
            legal.then_some(predicate)
        }
        Stage::Unpivot { name, value, .. } => {
            let used = plan.exprs.columns(predicate);
            let legal =
                !used.contains(name) && !used.contains(value) && plan.exprs.effect(predicate) <= Effect::MayFail;
            legal.then_some(predicate)
        }
        stage @ Stage::Join { join, .. } => {
            let own = stage.defines();
            let is_total = |key: &ColumnId| plan.is_total(plan.column_expr(*key), fallible);
            let legal = join.kind != JoinKind::Full
                && !plan.exprs.columns(predicate).iter().any(|column| own.contains(column))
                && plan.is_total(predicate, fallible)
                && (join.kind == JoinKind::Mark || join.left_keys().iter().all(is_total));
            legal.then_some(predicate)
        }
        Stage::Scan { .. }
        | Stage::Range { .. }
        | Stage::Values { .. }
        | Stage::Filter { .. }
        | Stage::Aggregate { .. }
        | Stage::TopK { .. }
        | Stage::Iterate { .. }
        | Stage::While { .. }
        | Stage::Fold { .. }
        | Stage::Union { .. }
        | Stage::Number { .. }
        | Stage::Assert { .. }
        | Stage::Tee { .. }
        | Stage::Slice { .. } => None,
    }
}

/// Puts filters that stand right behind a union into both its sides, where that may be.
fn into_unions(plan: &mut Plan) -> bool {
    let (mut idle, fallible) = (Vec::new(), plan.fallible_columns());
    for at in 0..plan.nodes.len() {
        let Stage::Filter { input: union, predicate, told: None } = plan.nodes[at].stage else { continue };
        let Stage::Union { input, other, columns } = plan.node(union).stage.clone() else { continue };
        let used = plan.exprs.columns(predicate);
        let ty = |column: ColumnId| &plan.column(column).ty;
        let is_same = |(column, a, b): &(ColumnId, ColumnId, ColumnId)| ty(*column) == ty(*a) && ty(*column) == ty(*b);
        let is_same = columns.iter().filter(|(column, ..)| used.contains(column)).all(is_same);
        if !is_same || !plan.is_total(predicate, &fallible) {
            continue;
        }
        let span = plan.nodes[at].span;
        let [firsts, others]: [HashMap<ColumnId, ExprId>; 2] = [
            columns.iter().map(|(column, first, _)| (*column, plan.column_expr(*first))).collect(),
            columns.iter().map(|(column, _, other)| (*column, plan.column_expr(*other))).collect(),
        ];
        let union_input = input;
        let [input, other] = [(input, firsts), (other, others)].map(|(input, replace)| {
            if fault::is(Fault::FilterIntoOneSide) && input != union_input {
                return input;
            }
            let predicate = plan.exprs.substitute(predicate, &replace);
            let output = plan.node(input).output.clone();
            plan.add_node(Node { stage: Stage::Filter { input, predicate, told: None }, output, span })
        });
        plan.nodes[union.0 as usize].stage = Stage::Union { input, other, columns };
        idle.push(NodeId(at as u32));
    }
    let changed = !idle.is_empty();
    tree::remove(plan, &idle);
    changed
}

/// Whether nothing that a stage demands can fail.
fn demands_total(plan: &Plan, stage: &Stage, fallible: &FallibleColumns) -> bool {
    fault::is(Fault::FilterPastDemander) || stage.demands().iter().all(|expr| plan.is_total(*expr, fallible))
}

/// Whether values that are one key are the same to every expression.
fn one_representation(ty: &Type) -> bool {
    match &ty.kind {
        Kind::Bool | Kind::Int | Kind::String | Kind::Bytes | Kind::Null => true,
        Kind::Date | Kind::DateTime | Kind::Duration => true,
        Kind::Float | Kind::Wide | Kind::Json | Kind::Unknown => false,
        Kind::List(_) | Kind::Record(_) | Kind::Map(_) | Kind::Opaque(_) => false,
    }
}

/// Puts the filter at `upper` before the stage at `lower`, with its new predicate.
fn swap(plan: &mut Plan, upper: NodeId, lower: NodeId, predicate: ExprId) {
    let (up, low) = (upper.0 as usize, lower.0 as usize);
    let passed = plan.nodes[low].clone();
    let input = passed.stage.input().expect("a filter goes only past a stage that takes rows");
    let output = plan.node(input).output.clone();
    let span = plan.nodes[up].span;
    plan.nodes[low] = Node { stage: Stage::Filter { input, predicate, told: None }, output, span };
    plan.nodes[up].stage = passed.stage.with_input(lower);
    plan.nodes[up].span = passed.span;
}
