//! `union t, u`: the rows of several tables, one after the other, by the names of their columns.

use super::scope::{Row, Stream};
use super::stage::StageCall;
use super::{Checker, errors};
use crate::ir::{OutputField, Shape, Stage};
use crate::source::Span;
use crate::syntax::ast::{self, ArgumentValue, Label};
use crate::ty::Type;
use std::rc::Rc;
use std::sync::Arc;

pub(super) fn union<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let (mut tables, mut fill, mut fine) = (Vec::new(), false, checker.ends(&input, call).is_some());
    for argument in &call.stage.arguments {
        match (&argument.label, &argument.value) {
            (Label::None, ArgumentValue::Expr(expr)) => tables.push(expr),
            (Label::Option(name), ArgumentValue::Expr(value)) if &*name.text == "fill" => {
                fill = checker.bool_constant(value)?;
            }
            (Label::Option(name), _) => {
                let near = crate::diagnostic::did_you_mean(&name.text, ["fill"]);
                checker.report(errors::unknown_option(name.span, "union", &name.text, &near));
                fine = false;
            }
            (label @ (Label::None | Label::Column(_)), _) => {
                checker.labelled(call, label, argument);
                fine = false;
            }
        }
    }
    if tables.is_empty() && fine {
        checker.report(errors::stage_arguments(call.span(), "union", call.def.signature, 0));
        return None;
    }
    let mut rows = input;
    for table in tables {
        let other = checker.table(table, call)?;
        if other.endless && checker.plan.runs_to_its_end(rows.node) {
            checker.report(errors::endless(call.span(), "assert", other.row.from));
            return None;
        }
        rows = checker.both(rows, other, table, fill, call.span())?;
    }
    fine.then_some(rows)
}

/// A column of the rows that are put together: what it is in the first, and in the others.
struct Pair {
    name: Arc<str>,
    first: Option<OutputField>,
    other: Option<OutputField>,
}

impl<'a> Checker<'a> {
    fn both(&mut self, first: Stream, other: Stream, table: &'a ast::Expr, fill: bool, span: Span) -> Option<Stream> {
        if !first.row.known {
            return None;
        }
        let pairs = self.pairs(&first.row, &other.row, table.span, fill)?;
        let (mut firsts, mut others, mut fine) = (Vec::new(), Vec::new(), true);
        for pair in &pairs {
            let value = |c: &mut Self, field: &Option<OutputField>, beside: &Option<OutputField>| match (field, beside)
            {
                (Some(field), _) => c.plan.column_expr(field.column),
                (None, Some(beside)) => c.null_of(&c.plan.column(beside.column).ty.clone()),
                (None, None) => c.null_of(&Type::NULL),
            };
            let (a, b) = (value(self, &pair.first, &pair.other), value(self, &pair.other, &pair.first));
            match self.unify(a, b) {
                Some((a, b)) => {
                    firsts.push(a);
                    others.push(b);
                }
                None => {
                    let types = [a, b].map(|id| self.ty(id).clone());
                    let labels = [a, b].map(|id| self.origin(id));
                    self.report(errors::union_types(table.span, &pair.name, &types, labels));
                    fine = false;
                }
            }
        }
        if !fine {
            return None;
        }
        let (input, firsts) = self.keyed(first.node, firsts, span);
        let (other_node, others) = self.keyed(other.node, others, span);
        let mut fields = Vec::new();
        let mut columns = Vec::new();
        for (pair, (a, b)) in pairs.iter().zip(firsts.into_iter().zip(others)) {
            let types = [a, b].map(|column| self.plan.column(column).ty.clone());
            let ty = types[0].clone().or_null_if(types[1].nullable);
            let origin = self.origins[a.0 as usize].as_ref().map(|origin| (origin.span, origin.text.clone()));
            let column = self.add_column(&pair.name, ty, origin);
            if self.unsure.contains(&a) || self.unsure.contains(&b) {
                self.unsure.insert(column);
            }
            columns.push((column, a, b));
            fields.push(OutputField { name: pair.name.clone(), column });
        }
        let shapes = [first.row.shape, other.row.shape];
        let shape = if shapes == [Shape::Values; 2] { Shape::Values } else { Shape::Table };
        let row = Row { narrowed: Rc::default(), fields: fields.into(), shape, ..(*first.row).clone() };
        let union = self.other_rows(Stage::Union { input, other: other_node, columns }, span, row, false);
        self.limit_sources(union.node, span);
        Some(union)
    }

    /// The columns of two tables by name: in the order of the first, then what only the other has.
    fn pairs(&mut self, first: &Row, other: &Row, span: Span, fill: bool) -> Option<Vec<Pair>> {
        let find = |row: &Row, name: &str| row.fields.iter().find(|field| &*field.name == name).cloned();
        let mut pairs: Vec<Pair> = first
            .fields
            .iter()
            .map(|field| Pair { name: field.name.clone(), first: Some(field.clone()), other: find(other, &field.name) })
            .collect();
        for field in other.fields.iter().filter(|field| find(first, &field.name).is_none()) {
            pairs.push(Pair { name: field.name.clone(), first: None, other: Some(field.clone()) });
        }
        let names = |missing: &dyn Fn(&Pair) -> bool| -> Vec<String> {
            pairs.iter().filter(|pair| missing(pair)).map(|pair| pair.name.to_string()).collect()
        };
        let (not_there, not_here) = (names(&|pair| pair.other.is_none()), names(&|pair| pair.first.is_none()));
        let one_has_more = !not_there.is_empty() || !not_here.is_empty();
        if one_has_more && !fill {
            self.report(errors::union_columns(span, &not_there, &not_here));
            return None;
        }
        Some(pairs)
    }
}
