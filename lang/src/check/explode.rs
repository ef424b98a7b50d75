//! Stages that make many rows of one: `explode flat_map`.

use super::expr::short_name;
use super::scope::{Row, Stream, Value};
use super::stage::StageCall;
use super::{Checker, errors};
use crate::ir::{ColumnId, Expr, ExprId, Fields, NodeId, OutputField, Shape, Stage};
use crate::source::Span;
use crate::syntax::ast::{self, ArgumentValue, ExprKind, Label};
use crate::ty::{Kind, Type};
use std::rc::Rc;
use std::sync::Arc;

/// `explode name = list`: each row once for every item.
pub(super) fn explode<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let (mut list, mut keep) = (None, false);
    for argument in &call.stage.arguments {
        match (&argument.label, &argument.value) {
            (Label::Option(name), ArgumentValue::Expr(value)) if &*name.text == "keep" => {
                keep = checker.bool_constant(value)?;
            }
            (Label::Option(name), _) => {
                let near = crate::diagnostic::did_you_mean(&name.text, ["keep"]);
                checker.report(errors::unknown_option(name.span, "explode", &name.text, &near));
                return None;
            }
            (Label::None, ArgumentValue::Expr(expr)) if list.is_none() => list = Some((short_name(expr), expr)),
            (Label::Column(name), ArgumentValue::Expr(expr)) if list.is_none() => {
                list = Some((Some(name.text.clone()), expr));
            }
            _ => {
                checker.report(errors::stage_arguments(argument.span, "explode", call.def.signature, 2));
                return None;
            }
        }
    }
    let Some((name, expr)) = list else {
        checker.report(errors::stage_arguments(call.span(), "explode", call.def.signature, 0));
        return None;
    };
    let id = checker.in_row(&input.row, |c| c.value_of_row(expr))?;
    let (node, column) = checker.exploded_list(&input, id, expr, keep, call)?;
    let is_row = matches!(expr.kind, ExprKind::It) && input.row.shape == Shape::Values;
    let Some(name) = name else {
        if !is_row {
            checker.report(errors::needs_name(expr.span, "what is exploded", Some("item")));
            return None;
        }
        return Some(checker.rows_of(node, vec![OutputField { name: "value".into(), column }], Shape::Values, &input));
    };
    let mut fields = input.row.fields.clone();
    fields.put(OutputField { name, column });
    Some(checker.rows_of(node, fields, Shape::Table, &input))
}

/// `flat_map list`: the items of all lists; records become rows.
pub(super) fn flat_map<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let argument = checker.only_argument(call)?;
    let value = checker.in_row(&input.row, |c| match &argument.kind {
        ExprKind::Lambda { parameters, body } => {
            let row = c.row_value(&input.row);
            c.apply_to_row(parameters, body, row, argument.span)
        }
        _ => c.value(argument),
    });
    if matches!(value, Value::Unknown) {
        return None;
    }
    let id = checker.in_row(&input.row, |c| c.as_scalar(value, argument.span))?;
    let (node, column) = checker.exploded_list(&input, id, argument, false, call)?;
    let items = checker.rows_of(node, vec![OutputField { name: "value".into(), column }], Shape::Values, &input);
    Some(checker.fields_as_columns(items, call.span()))
}

impl<'a> Checker<'a> {
    /// The stage that explodes a list, and the column of the items.
    fn exploded_list(
        &mut self,
        input: &Stream,
        list: ExprId,
        expr: &'a ast::Expr,
        keep: bool,
        call: &StageCall<'a>,
    ) -> Option<(NodeId, ColumnId)> {
        let Kind::List(item) = self.ty(list).kind.clone() else {
            let found = self.ty(list).clone();
            self.report(errors::explode_of(expr, call.def.name, &found));
            return None;
        };
        let ty = (*item).clone().or_null_if(keep);
        let column = self.add_column(&Arc::from("value"), ty, Some((expr.span, "the items of this list".into())));
        let stage = Stage::Explode { input: input.node, list, column, keep };
        // The rows are completed by the caller.
        let mut output = self.plan.node(input.node).output.clone();
        output.push(OutputField { name: super::aggregate::unused_name("value".into(), &output), column });
        Some((self.add_node(stage, call.span(), output), column))
    }

    /// The rows of a node that has been added, as these fields.
    fn rows_of(&mut self, node: NodeId, fields: impl Into<Fields>, shape: Shape, input: &Stream) -> Stream {
        let fields = fields.into();
        self.plan.nodes[node.0 as usize].output = fields.clone();
        let row = Row { fields, shape, ..(*input.row).clone() };
        Stream { node, row: Rc::new(row), endless: input.endless }
    }

    /// A list that is computed, as rows.
    pub(super) fn list_as_rows(&mut self, list: ExprId, span: Span) -> Stream {
        let Kind::List(item) = self.ty(list).kind.clone() else { return self.unknown_stream(span) };
        let of_stream = !self.plan.exprs.columns(list).is_empty();
        let input = match self.base.take_if(|_| of_stream) {
            Some(base) => base,
            None => self.row_of_nothing(span),
        };
        let column = self.add_column(&Arc::from("value"), (*item).clone(), None);
        let output = vec![OutputField { name: "value".into(), column }];
        let row = Row::new(output, Shape::Values, span);
        let stage = Stage::Explode { input, list, column, keep: false };
        let rows = self.other_rows(stage, span, row, false);
        self.fields_as_columns(rows, span)
    }

    /// Rows of single values that are records and there: their fields as columns. Other rows stay as they are.
    pub(super) fn fields_as_columns(&mut self, items: Stream, span: Span) -> Stream {
        let (Shape::Values, Some(item)) = (items.row.shape, items.row.fields.first()) else { return items };
        let column = item.column;
        let value = self.plan.column_expr(column);
        let value = self.knowing(&items.row.narrowed.clone(), |c| c.mention(value));
        let Type { kind: Kind::Record(schema), nullable: false } = self.ty(value).clone() else { return items };
        let (mut definitions, mut fields) = (Vec::new(), Vec::new());
        for (at, field) in schema.fields.iter().enumerate() {
            let id = self.add(Expr::Field(value, at as u32), field.ty.clone());
            let column = self.define(&field.name, id, None);
            definitions.push((column, id));
            fields.push(OutputField { name: field.name.clone(), column });
        }
        let row = Row { fields: fields.into(), shape: Shape::Table, ..(*items.row).clone() };
        self.other_rows(Stage::Map { input: items.node, definitions }, span, row, items.endless)
    }
}
