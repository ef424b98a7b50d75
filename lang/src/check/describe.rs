//! `describe`: a row for each column, with its type, how many values and nulls it has, and what they are like. One
//! aggregate computes it all; its only row becomes a list of records, and that the rows.

use super::aggregate::unused_name;
use super::scope::{Stream, Value};
use super::stage::StageCall;
use super::{Checker, errors};
use crate::ir::{ColumnId, Expr, ExprId, Fields, NodeId, OutputField, Phase, Reduction, Shape, Stage};
use crate::scalar::{Comparison, Scalar};
use crate::source::Span;
use crate::ty::{Kind, Type};
use std::rc::Rc;
use std::sync::Arc;

/// `describe`
pub(super) fn describe<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let ends = checker.ends(&input, call);
    if let Some(argument) = call.stage.arguments.first() {
        checker.report(errors::describe_argument(argument.span));
        return None;
    }
    ends?;
    if !input.row.known {
        return None;
    }
    let span = call.span();
    let fields: Vec<OutputField> = match input.row.shape {
        Shape::Table => input.row.fields.iter().filter(|f| input.row.field(&f.name).is_some()).cloned().collect(),
        Shape::Values | Shape::Scalar => input.row.fields.iter().cloned().collect(),
    };
    let mut reductions = Vec::new();
    let records = fields.iter().map(|field| checker.description(field, &mut reductions, span));
    let records: Vec<Value<'a>> = records.collect::<Option<_>>()?;
    let node = checker.reductions(input.node, reductions, span);
    let list = checker.list_value(&Rc::new(records), span)?;
    let Kind::List(item) = checker.ty(list).kind.clone() else { return None };
    let column = checker.add_column(&"row".into(), (*item).clone(), None);
    let output = vec![OutputField { name: "row".into(), column }];
    let node = checker.add_node(Stage::Explode { input: node, list, column, keep: false }, span, output);
    Some(checker.stream_of_states(node, column, span, false))
}

impl<'a> Checker<'a> {
    /// What is said of a column, as a record over reductions that are added.
    fn description(&mut self, field: &OutputField, reductions: &mut Vec<Reduction>, span: Span) -> Option<Value<'a>> {
        let value = self.plan.column_expr(field.column);
        let ty = self.ty(value).clone();
        let null = self.null_of(&ty);
        let is_null = self.add(Expr::Compare(Comparison::Equal, value, null), Type::BOOL);
        let mut reduced = |c: &mut Self, name: &str, arguments: Vec<ExprId>, condition: Option<ExprId>| {
            let reduction = c.reduction_of(name, arguments, condition)?;
            let column = c.plan.column_expr(reduction.column);
            reductions.push(reduction);
            Some(column)
        };
        let count = reduced(self, "count", vec![value], None)?;
        let nulls = reduced(self, "count", Vec::new(), Some(is_null))?;
        // Values of the host are never compared.
        let distinct = reduced(self, "count_distinct", vec![value], None);
        let (least, most) = (reduced(self, "min", vec![value], None), reduced(self, "max", vec![value], None));
        let is_number = matches!(ty.kind, Kind::Int | Kind::Float);
        let number = if is_number { Some(self.as_float(value)) } else { None };
        let mean = number.and_then(|number| reduced(self, "mean", vec![number], None));
        let deviation = number.and_then(|number| reduced(self, "stddev", vec![number], None));
        let least = self.text_or_null(least, span)?;
        let most = self.text_or_null(most, span)?;
        let (no_number, no_count) = (self.null_of(&Type::FLOAT), self.null_of(&Type::INT));
        let name = self.constant(Scalar::String(field.name.clone()));
        let of_type = self.constant(Scalar::String(ty.to_string().into()));
        let fields = [
            ("column", name),
            ("type", of_type),
            ("count", count),
            ("nulls", nulls),
            ("distinct", distinct.unwrap_or(no_count)),
            ("min", least),
            ("max", most),
            ("mean", mean.unwrap_or(no_number)),
            ("stddev", deviation.unwrap_or(no_number)),
        ];
        let fields: Vec<(Arc<str>, Value<'a>)> = fields.map(|(name, id)| (name.into(), Value::Expr(id))).to_vec();
        Some(Value::Record(Rc::new(fields)))
    }

    /// A reduction; none if the reducer does not take such values.
    fn reduction_of(&mut self, name: &str, arguments: Vec<ExprId>, condition: Option<ExprId>) -> Option<Reduction> {
        let reducer = self.catalog.reducer_named(name)?;
        let types: Vec<Type> = arguments.iter().map(|argument| self.ty(*argument).clone()).collect();
        let ty = (self.catalog.reducer(reducer).result)(&types)?;
        let column = self.add_column(&name.into(), ty, None);
        Some(Reduction { column, reducer, arguments, condition })
    }

    /// A value as text.
    fn text_or_null(&mut self, value: Option<ExprId>, span: Span) -> Option<ExprId> {
        let Some(value) = value.filter(|value| self.ty(*value).kind != Kind::Null) else {
            return Some(self.null_of(&Type::STRING));
        };
        let text = match self.ty(value).kind {
            Kind::String => value,
            _ => self.call_by_name("string", vec![value], span)?,
        };
        Some(self.with_type(text, Type::STRING.or_null()))
    }

    /// An aggregate of all rows; its columns have names of their own.
    fn reductions(&mut self, input: NodeId, reductions: Vec<Reduction>, span: Span) -> NodeId {
        let mut output = Fields::default();
        let columns: Vec<ColumnId> = reductions.iter().map(|reduction| reduction.column).collect();
        for column in columns {
            let name = unused_name(self.plan.column(column).name.clone(), &output);
            output.push(OutputField { name, column });
        }
        let stage = Stage::Aggregate { input, keys: Vec::new(), reductions, phase: Phase::Single };
        self.plan.add_node(crate::ir::Node { stage, output, span })
    }
}
