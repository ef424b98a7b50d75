//! Which columns of a file a script names: `on_error` looks at these and no others. It is said in the plan before any rule
//! sees it, so that what is left out and counted does not depend on what is computed.
//!
//! A column is named where an expression mentions it, whether or not anybody wants its value, and where a statement
//! gives it. One that is only carried along, renamed or dropped is not.

use crate::catalog::ReadPolicy;
use crate::ir::{ColumnId, Plan, Stage, TableOrigin};
use std::collections::HashSet;
use std::sync::Arc;

/// Notes in the tables of a plan which columns are named, for those with a policy.
pub(super) fn note(plan: &mut Plan) {
    if plan.tables.iter().all(|table| table.policy() == ReadPolicy::Fail) {
        return;
    }
    let named = named(plan);
    for at in 0..plan.nodes.len() {
        let Stage::Scan { table, columns } = &plan.nodes[at].stage else { continue };
        let table = &mut plan.tables[table.0 as usize];
        if table.policy() == ReadPolicy::Fail {
            continue;
        }
        let is_named = |position: usize| columns.iter().any(|(here, id)| *here == position && named.contains(id));
        let fields = table.schema.fields.iter().enumerate();
        let names = fields.filter(|(position, _)| is_named(*position)).map(|(_, field)| field.name.clone()).collect();
        if let TableOrigin::File { checked, .. } = &mut table.origin {
            *checked = names;
        }
    }
    let tables = plan.tables.clone();
    for subquery in &mut plan.subqueries {
        copy(&tables, Arc::make_mut(&mut subquery.plan));
    }
}

/// The plans of subqueries were taken from this one when it was shorter.
fn copy(tables: &[crate::ir::Table], plan: &mut Plan) {
    let count = plan.tables.len();
    plan.tables.clone_from_slice(&tables[..count]);
    for subquery in &mut plan.subqueries {
        copy(tables, Arc::make_mut(&mut subquery.plan));
    }
}

/// The columns that a plan names.
pub(super) fn named(plan: &Plan) -> HashSet<ColumnId> {
    let roots = plan.statements.iter().map(|statement| statement.node);
    let roots: Vec<_> = roots.chain(plan.subqueries.iter().map(|subquery| subquery.node)).collect();
    let run: HashSet<_> = roots.iter().flat_map(|root| plan.stages_of(*root)).collect();
    let given = roots.iter().flat_map(|root| plan.node(*root).output.iter());
    let mut named: HashSet<ColumnId> = given.map(|field| field.column).collect();
    let mut run: Vec<_> = run.into_iter().collect();
    // What uses a stage comes behind it.
    run.sort_unstable_by_key(|id| std::cmp::Reverse(id.0));
    for id in run {
        let mut stage = plan.node(id).stage.clone();
        stage.for_each_expr(|expr| named.extend(plan.exprs.columns(*expr)));
        match &stage {
            Stage::Join { join, .. } => {
                named.extend(join.left_keys());
                named.extend(join.right_keys());
                let carried: Vec<_> = join.left.iter().chain(&join.right).collect();
                named.extend(
                    carried.iter().filter(|(new, _)| named.contains(new)).map(|(_, old)| *old).collect::<Vec<_>>(),
                );
            }
            Stage::Union { columns, .. } => {
                let carried: Vec<_> = columns.iter().filter(|(new, ..)| named.contains(new)).collect();
                named.extend(carried.iter().flat_map(|(_, first, other)| [*first, *other]));
            }
            Stage::Scan { .. }
            | Stage::Range { .. }
            | Stage::Values { .. }
            | Stage::Iterate { .. }
            | Stage::Filter { .. }
            | Stage::Map { .. }
            | Stage::Aggregate { .. }
            | Stage::Window { .. }
            | Stage::Sort { .. }
            | Stage::TopK { .. }
            | Stage::Slice { .. }
            | Stage::While { .. }
            | Stage::Fold { .. }
            | Stage::Number { .. }
            | Stage::Assert { .. }
            | Stage::Tee { .. }
            | Stage::Unpivot { .. }
            | Stage::Explode { .. } => {}
        }
    }
    named
}
