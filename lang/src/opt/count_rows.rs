//! `count(x)` is `count()` where `x` is never null.
//!
//! **Before**: a reducer that counts the rows in which its argument is not null. **After**: without the argument, so that
//! the column need not be read or computed; of a file whose rows alone are wanted no cell is looked at.
//!
//! **Legal** where the argument's type has no null and it cannot fail. **Errors**: the argument was demanded and could not
//! fail; a condition stays.

use super::Rule;
use crate::catalog::Catalog;
use crate::fault::{self, Fault};
use crate::ir::{FallibleColumns, Plan, Reduction, Stage};

/// See the module.
pub const RULE: Rule =
    Rule { name: "count_rows", what: "counts rows without looking at a column that is never null", apply };

fn apply(plan: &mut Plan, catalog: &Catalog) -> bool {
    let fallible = plan.fallible_columns();
    let mut changed = false;
    for at in 0..plan.nodes.len() {
        let mut stage = plan.nodes[at].stage.clone();
        if let Stage::Aggregate { reductions, .. } = &mut stage {
            for reduction in reductions {
                let counts = catalog.reducer(reduction.reducer).counts_rows;
                if counts && is_never_null(plan, reduction, &fallible) {
                    reduction.arguments.clear();
                    changed = true;
                }
            }
        }
        plan.nodes[at].stage = stage;
    }
    changed
}

fn is_never_null(plan: &Plan, reduction: &Reduction, fallible: &FallibleColumns) -> bool {
    let [argument] = reduction.arguments.as_slice() else { return false };
    let is_not_null = !plan.exprs.ty(*argument).nullable || fault::is(Fault::NullsCounted);
    is_not_null && plan.is_total(*argument, fallible)
}
