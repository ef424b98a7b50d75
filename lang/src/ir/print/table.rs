//! Stages that take the rows of two streams: `union id: int = a & b`, and
//! `join left unique on k == id, x < y nearest t, u within #duration 5 right name: string? = n`.

use super::{Defined, Printer, commas, text};
use crate::ir::{ColumnId, Join, NodeId};
use crate::scalar::Comparison;
use std::collections::HashMap;

/// How comparisons are printed; none is the beginning of one behind it.
pub(in crate::ir) const COMPARISONS: [(Comparison, &str); 6] = [
    (Comparison::Equal, "=="),
    (Comparison::NotEqual, "!="),
    (Comparison::LessOrEqual, "<="),
    (Comparison::Less, "<"),
    (Comparison::GreaterOrEqual, ">="),
    (Comparison::Greater, ">"),
];

pub(super) fn union_text(
    printer: &Printer,
    defined: &Defined,
    columns: &[(ColumnId, ColumnId, ColumnId)],
    other: NodeId,
) -> String {
    let names = names(printer, other);
    let one = |(column, first, of_other): &(ColumnId, ColumnId, ColumnId)| {
        let value = format!("{} & {}", printer.column(*first), name(&names, *of_other));
        typed(printer, defined, *column, &value)
    };
    format!("union {}", commas(columns.iter().map(one))).trim_end().to_string()
}

pub(super) fn join_text(printer: &Printer, defined: &Defined, join: &Join, other: NodeId) -> String {
    let names = names(printer, other);
    let mut out = format!("join {}", join.kind.name());
    if join.unique.is_some() {
        out.push_str(" unique");
    }
    if !join.on.is_empty() {
        let condition = |on: &crate::ir::JoinCondition| {
            let (_, op) = COMPARISONS.iter().find(|(op, _)| *op == on.op).expect("all comparisons are listed");
            format!("{} {op} {}", printer.column(on.left), name(&names, on.right))
        };
        out.push_str(&format!(" on {}", commas(join.on.iter().map(condition))));
    }
    if let Some(nearest) = &join.nearest {
        out.push_str(&format!(" nearest {}, {}", printer.column(nearest.left), name(&names, nearest.right)));
        if let Some(within) = nearest.within {
            out.push_str(&format!(" within {}", printer.expr(within)));
        }
    }
    if !join.right.is_empty() {
        let one = |(new, old): &(ColumnId, ColumnId)| typed(printer, defined, *new, &name(&names, *old));
        out.push_str(&format!(" right {}", commas(join.right.iter().map(one))));
    }
    if let Some(mark) = join.mark {
        out.push_str(&format!(" as {}", defined.label(mark)));
    }
    if !join.left.is_empty() {
        let one = |(new, old): &(ColumnId, ColumnId)| typed(printer, defined, *new, &printer.column(*old));
        out.push_str(&format!(" left {}", commas(join.left.iter().map(one))));
    }
    out
}

/// `id: int = a`
fn typed(printer: &Printer, defined: &Defined, column: ColumnId, value: &str) -> String {
    format!("{}: {} = {value}", defined.label(column), text::ty(&printer.plan.column(column).ty))
}

/// The names of the columns of the other rows.
fn names(printer: &Printer, other: NodeId) -> HashMap<ColumnId, String> {
    let fields = printer.plan.node(other).output.iter().rev();
    fields.map(|field| (field.column, text::name(&field.name))).collect()
}

fn name(names: &HashMap<ColumnId, String>, column: ColumnId) -> String {
    names.get(&column).cloned().unwrap_or_else(|| "#unknown".into())
}
