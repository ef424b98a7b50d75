//! `unpivot ["2000", "2005"], name: "year", value: "amount"`: columns become rows, each with the name of its column.

use super::cols::cols_call;
use super::scope::{Row, Stream};
use super::stage::StageCall;
use super::{Checker, errors};
use crate::ir::{ExprId, OutputField, Shape, Stage};
use crate::scalar::Scalar;
use crate::source::Span;
use crate::syntax::ast::{self, ArgumentValue, ExprKind, Label};
use crate::ty::Type;
use std::sync::Arc;

pub(super) fn unpivot<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let mut columns: Vec<(Arc<str>, Span)> = Vec::new();
    let (mut name, mut value): (Arc<str>, Arc<str>) = ("name".into(), "value".into());
    for argument in &call.stage.arguments {
        match (&argument.label, &argument.value) {
            (Label::Option(option), ArgumentValue::Expr(expr)) if matches!(&*option.text, "name" | "value") => {
                let given = checker.column_label(expr)?;
                if &*option.text == "name" { name = given } else { value = given }
            }
            (Label::Option(option), _) => {
                let near = crate::diagnostic::did_you_mean(&option.text, ["name", "value"]);
                checker.report(errors::unknown_option(option.span, "unpivot", &option.text, &near));
                return None;
            }
            (Label::None, ArgumentValue::Expr(expr)) => columns.extend(checker.unpivoted_columns(&input, expr)?),
            (label @ (Label::None | Label::Column(_)), _) => {
                checker.labelled(call, label, argument);
                return None;
            }
        }
    }
    if columns.is_empty() {
        checker.report(errors::stage_arguments(call.span(), "unpivot", call.def.signature, 0));
        return None;
    }
    checker.unpivoted(call, input, &columns, [name, value])
}

impl<'a> Checker<'a> {
    /// The name of a column, as a text that is known now.
    fn column_label(&mut self, expr: &'a ast::Expr) -> Option<Arc<str>> {
        let id = self.scalar(expr)?;
        match self.constant_value(id) {
            Some(Ok(Scalar::String(name))) => Some(name),
            _ => {
                self.report(errors::wanted(expr.span, "this option", &Type::STRING, &self.ty(id).clone()));
                None
            }
        }
    }

    /// The columns of one argument: their names in a list, or one by itself. Each may be `cols(…)`.
    fn unpivoted_columns(&mut self, input: &Stream, expr: &'a ast::Expr) -> Option<Vec<(Arc<str>, Span)>> {
        let items: Vec<&'a ast::Expr> = match &expr.kind {
            ExprKind::List(items) => items.iter().collect(),
            _ => vec![expr],
        };
        let mut columns = Vec::new();
        for item in items {
            if let Some(arguments) = cols_call(item) {
                let chosen = self.columns_called(&input.row, arguments, item.span);
                if chosen.is_empty() {
                    return None;
                }
                columns.extend(chosen.into_iter().map(|field| (field.name, item.span)));
                continue;
            }
            let name: Arc<str> = match &item.kind {
                ExprKind::Name(name) => name.clone(),
                _ => self.column_label(item)?,
            };
            if input.row.known && input.row.field(&name).is_none() {
                let error = self.no_such_column(&input.row, &name, item.span);
                self.report(error);
                return None;
            }
            columns.push((name, item.span));
        }
        Some(columns)
    }

    fn unpivoted(
        &mut self,
        call: &StageCall<'a>,
        input: Stream,
        columns: &[(Arc<str>, Span)],
        [name, value]: [Arc<str>; 2],
    ) -> Option<Stream> {
        if !input.row.known {
            return None;
        }
        let fields: Vec<OutputField> = columns.iter().filter_map(|(name, _)| input.row.field(name).cloned()).collect();
        let ids: Vec<ExprId> = fields.iter().map(|field| self.plan.column_expr(field.column)).collect();
        let ids = match self.unify_all(&ids) {
            Ok(ids) => ids,
            Err(at) => {
                let [first, other] = [0, at].map(|at| self.ty(ids[at]).clone());
                self.report(errors::unpivot_types(columns[at].1, &columns[at].0, &other, (&columns[0].0, &first)));
                return None;
            }
        };
        let nullable = ids.iter().any(|id| self.ty(*id).nullable);
        let ty = self.ty(ids[0]).clone().or_null_if(nullable);
        let name_column = self.add_column(&name, Type::STRING, None);
        let value_column = self.add_column(&value, ty, None);
        if !ids.iter().all(|id| self.is_sure(*id)) {
            self.unsure.insert(value_column);
        }
        let mut output = input.row.fields.clone();
        output.retain(|field| !columns.iter().any(|(name, _)| *name == field.name));
        for (option, name, column) in [("name", &name, name_column), ("value", &value, value_column)] {
            if let Some(other) = output.named(name) {
                let place = if other.column == name_column {
                    call.option_span("name")
                } else {
                    self.place_of(other.column).unwrap_or(input.row.from)
                };
                self.report(errors::duplicate_column(call.option_span(option), name, Some(place)));
                return None;
            }
            output.push(OutputField { name: name.clone(), column });
        }
        let values = fields.iter().map(|field| field.name.clone()).zip(ids).collect();
        let row = Row { fields: output, shape: Shape::Table, ..(*input.row).clone() };
        let stage = Stage::Unpivot { input: input.node, name: name_column, value: value_column, values };
        Some(self.other_rows(stage, call.span(), row, input.endless))
    }
}
