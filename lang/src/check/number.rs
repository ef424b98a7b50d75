//! Stages that number rows and keep some by their numbers: `distinct`, `take … by` and `skip … by`. Nothing is held but a
//! number for each key, so that they work on streams without an end.

use super::aggregate::unused_name;
use super::scope::{Row, Stream};
use super::stage::StageCall;
use super::{Checker, errors};
use crate::ir::{ColumnId, Expr, ExprId, Fields, NodeId, OutputField, Stage};
use crate::scalar::Comparison;
use crate::source::Span;
use crate::syntax::ast::{Argument, ArgumentValue, Label};
use crate::ty::Type;
use std::rc::Rc;

/// `distinct`, `distinct by key`: the first row of each.
pub(super) fn distinct<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    if let Some(argument) = call.stage.arguments.first() {
        checker.report(errors::distinct_of(argument.span));
        return Some(input);
    }
    let keys = match &call.stage.by {
        Some(_) => checker.keys(call, &input.row),
        None => checker.whole_row(call, &input.row),
    };
    let Some(keys) = keys else { return Some(input) };
    Some(checker.numbered(input, call.span(), keys, Comparison::Less, 1))
}

impl<'a> Checker<'a> {
    /// `take count by key`, `skip count by key`: the rows whose number in their group compares so with the count.
    pub(super) fn slice_by(
        &mut self,
        call: &StageCall<'a>,
        input: Stream,
        comparison: Comparison,
        count: i64,
    ) -> Stream {
        match self.keys(call, &input.row) {
            Some(keys) => self.numbered(input, call.span(), keys, comparison, count),
            None => input,
        }
    }

    /// What stands behind `by`.
    pub(super) fn keys(&mut self, call: &StageCall<'a>, row: &Rc<Row>) -> Option<Vec<ExprId>> {
        let by = call.stage.by.as_ref().map_or(&[][..], |(_, keys)| keys.as_slice());
        let keys: Vec<Option<ExprId>> = self.in_row(row, |c| by.iter().map(|argument| c.key(argument, "by")).collect());
        keys.into_iter().collect()
    }

    /// A key of `by` or `on`; a name that it is given says nothing where no column becomes of it.
    pub(super) fn key(&mut self, argument: &'a Argument, clause: &str) -> Option<ExprId> {
        let ArgumentValue::Expr(expr) = &argument.value else { return None };
        if let Label::Option(name) = &argument.label {
            self.report(errors::unknown_option(name.span, clause, &name.text, &[]));
            return None;
        }
        let id = self.value_of_row(expr)?;
        if !self.is_key(id) {
            let ty = self.ty(id).clone();
            self.report_of(&ty.kind, errors::no_order(expr.span, &ty));
            return None;
        }
        Some(id)
    }

    /// All columns as keys.
    fn whole_row(&mut self, call: &StageCall<'a>, row: &Row) -> Option<Vec<ExprId>> {
        let span = call.stage.name.last().map_or(call.span(), |name| name.span);
        let mut keys = Vec::new();
        for field in row.fields.iter() {
            let id = self.plan.column_expr(field.column);
            if self.ty(id).is_unknown() {
                return None;
            }
            if !self.is_key(id) {
                let ty = self.ty(id).clone();
                self.report_of(&ty.kind, errors::distinct_without_order(span, &field.name, &ty));
                return None;
            }
            keys.push(id);
        }
        Some(keys)
    }

    /// The rows whose number among those of the same key compares so with `bound`.
    fn numbered(&mut self, input: Stream, span: Span, keys: Vec<ExprId>, comparison: Comparison, bound: i64) -> Stream {
        let fields = input.row.fields.clone();
        let (node, number) = self.number(input.node, span, &fields, keys);
        let (number, bound) = (self.plan.column_expr(number), self.int(bound));
        let predicate = self.add(Expr::Compare(comparison, number, bound), Type::BOOL);
        let node = self.add_node(Stage::Filter { input: node, predicate, told: None }, span, fields);
        Stream { node, ..input }
    }

    /// Adds the number of each row among those of the same key, behind `fields`.
    pub(super) fn number(
        &mut self,
        input: NodeId,
        span: Span,
        fields: &Fields,
        keys: Vec<ExprId>,
    ) -> (NodeId, ColumnId) {
        let name = unused_name("number".into(), fields);
        let column = self.add_column(&name, Type::INT, None);
        let mut output = fields.clone();
        output.push(OutputField { name, column });
        (self.add_node(Stage::Number { input, column, keys }, span, output), column)
    }
}
