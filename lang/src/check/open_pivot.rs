//! `pivot revenue = sum(x), key: month by region`, without `values:`: as the last stage of a statement. Which columns there
//! are is known when the rows are there, so the plan only groups by the key too, and the statement makes columns of these
//! groups at its end: [`Pivot`].

use super::aggregate::{AggregateResult, unused_name};
use super::rows::descending;
use super::scope::{Row, Stream};
use super::stage::{StageCall, row_after};
use super::{Checker, errors};
use crate::ir::{ColumnId, Expr, ExprId, Fields, NodeId, OutputField, Pivot, Reduction, Shape};
use crate::scalar::Scalar;
use crate::source::Span;
use crate::stages::{self, StageKind};
use crate::syntax::ast::{self, Argument, ExprKind, Label};
use crate::ty::{Kind, Type, spell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// A pivot whose columns are known only at the end.
#[derive(Clone)]
pub(super) struct OpenPivot {
    pub pivot: Pivot,
    /// The name of the stage.
    name: Span,
    key: Span,
    /// The whole stage, and the names of its keys that are columns before it, too.
    stage: Span,
    plain_keys: Vec<Arc<str>>,
}

/// A stage that stands behind such a pivot.
#[derive(Clone, Copy)]
pub(super) struct Behind<'a> {
    pub name: &'a ast::Name,
    pub stage: &'a ast::Stage,
    /// All that stands before it in its pipeline.
    pub before: Span,
}

/// The columns that are defined behind the groups, and how the row calls them.
#[derive(Default)]
struct Columns {
    fields: Fields,
    definitions: Vec<(ColumnId, ExprId)>,
}

impl<'a> Checker<'a> {
    /// The groups of a `pivot` without `values:`. What is known of its rows are the keys behind `by`.
    pub(super) fn open_pivot(
        &mut self,
        call: &StageCall<'a>,
        input: Stream,
        key: &'a ast::Expr,
        results: &[&'a Argument],
        name: Span,
    ) -> Option<Stream> {
        let (mut aggregation, mut keys) = self.pivot_keys(call, &input);
        let by = Fields::from(aggregation.keys.clone());
        let id = self.in_row(&input.row, |c| c.value_of_row(key))?;
        if !self.is_key(id) {
            let ty = self.ty(id).clone();
            self.report_of(&ty.kind, errors::no_order(key.span, &ty));
            return None;
        }
        let value = self.add_column(&unused_name("key".into(), &by), self.ty(id).clone(), None);
        keys.push((value, id));
        self.aggregation = Some(std::mem::take(&mut aggregation));
        let alone = results.len() == 1;
        let mut all: Option<Vec<AggregateResult>> = Some(Vec::new());
        for argument in results {
            let more = self.in_row(&input.row, |c| c.pivot_results(call, argument, alone));
            all = all.zip(more).map(|(all, more)| [all, more].concat());
        }
        let aggregation = self.aggregation.take()?;
        let all = all.filter(|all| !all.is_empty())?;
        let mut columns = Columns { fields: by.clone(), ..Columns::default() };
        let text = self.text_of_key(value, key.span)?;
        self.defined(&mut columns, "name", text);
        let of_nothing = self.of_nothing(&aggregation.reductions);
        for (name, _, id) in &all {
            let empty = self.plan.exprs.substitute((*id)?, &of_nothing);
            self.defined(&mut columns, name, (*id)?);
            self.defined(&mut columns, &format!("{name} of nothing"), empty);
        }
        let names = all.iter().map(|(name, ..)| name.clone());
        let pivot = Pivot {
            keys: by.len(),
            results: if alone && all.len() == 1 { Vec::new() } else { names.collect() },
            site: self.site(key.span),
        };
        let (row_before, known) = (input.row.clone(), input.row.known);
        let mut key_fields = aggregation.keys;
        key_fields.push(OutputField { name: self.plan.column(value).name.clone(), column: value });
        let row = Row { known, ..Row::new(columns.fields, Shape::Table, call.span()) };
        let groups =
            self.reduced(input, keys, key_fields, aggregation.reductions, columns.definitions, row, call.span());
        let keys = call.stage.by.iter().flat_map(|(_, keys)| keys);
        let keys = keys.filter(|key| matches!(key.label, Label::None)).filter_map(Argument::expr);
        let plain_keys = keys.chain([key]).filter_map(plain_name).collect();
        let open = OpenPivot { pivot, name, key: key.span, stage: call.span(), plain_keys };
        self.pivots.insert(groups.node, open);
        let row = Row { known, ..row_after(&row_before, by, Shape::Table, call, None, &[]) };
        Some(Stream { row: Rc::new(row), ..groups })
    }

    fn defined(&mut self, columns: &mut Columns, name: &str, id: ExprId) {
        let name = unused_name(name.into(), &columns.fields);
        let column = self.define(&name, id, None);
        columns.fields.push(OutputField { name, column });
        columns.definitions.push((column, id));
    }

    /// What the column of a value is called.
    fn text_of_key(&mut self, key: ColumnId, span: Span) -> Option<ExprId> {
        let id = self.plan.column_expr(key);
        let text = match self.ty(id).kind {
            Kind::String => id,
            Kind::Null => return Some(self.constant(Scalar::String("null".into()))),
            _ => self.call_by_name("string", vec![id], span)?,
        };
        if !self.ty(text).nullable {
            return Some(text);
        }
        let null = self.constant(Scalar::String("null".into()));
        Some(self.add(Expr::Coalesce(text, null), Type::STRING))
    }

    /// What each reduction is of no rows: 0 if it has to be something, else null.
    fn of_nothing(&mut self, reductions: &[Reduction]) -> HashMap<ColumnId, ExprId> {
        let value = |ty: &Type| match ty.kind {
            _ if ty.nullable => Scalar::Null,
            Kind::Int => Scalar::Int(0),
            Kind::Wide => Scalar::Wide(0),
            Kind::Float => Scalar::Float(0.0),
            Kind::Duration => Scalar::Duration(0),
            _ => Scalar::Null,
        };
        let mut values = HashMap::new();
        for reduction in reductions {
            let ty = self.plan.column(reduction.column).ty.clone();
            values.insert(reduction.column, self.plan.exprs.literal(value(&ty), ty));
        }
        values
    }

    /// Reports that something wants to know the columns.
    pub(super) fn report_open_pivot(&mut self, node: NodeId, behind: Option<Span>) {
        let open = self.pivots.get(&node).cloned().expect("it is asked where there is one");
        self.report(errors::pivot_without_values(open.name, open.key, behind));
    }

    /// The same of a stage behind it. One that sorts by its keys belongs before it: groups and columns come in the order
    /// in which they are met.
    pub(super) fn report_behind_pivot(&mut self, node: NodeId, behind: Behind<'a>) {
        let open = self.pivots.get(&node).cloned().expect("it is asked where there is one");
        let keys = open.sorted_by(behind);
        let error = errors::pivot_without_values(open.name, open.key, Some(behind.name.span));
        self.report(match keys {
            Some(keys) => {
                let is_next = behind.before.source == open.stage.source && behind.before.end == open.stage.end;
                let stages = is_next.then_some((open.stage, behind.stage.span));
                errors::sort_before_pivot(error, &format!("sort {}", keys.join(", ")), stages)
            }
            None => error,
        });
    }

    /// Reports the pivots whose columns something wants to know that is no stage behind them: a join, a union.
    pub(super) fn pivots_are_last(&mut self) {
        let mut wanted: Vec<(NodeId, Span)> = Vec::new();
        for (at, node) in self.plan.nodes.iter().enumerate() {
            let is_written = self.pivots.contains_key(&NodeId(at as u32));
            let pivots = node.stage.inputs().filter(|input| !is_written && self.pivots.contains_key(input));
            wanted.extend(pivots.map(|pivot| (pivot, node.span)));
        }
        for (pivot, span) in wanted {
            self.report_open_pivot(pivot, Some(span));
        }
    }
}

impl OpenPivot {
    /// What a stage sorts by, if these are keys of the pivot that its input has.
    fn sorted_by(&self, behind: Behind) -> Option<Vec<String>> {
        let sorts = stages::named(&behind.name.text).is_some_and(|def| def.kind == StageKind::Sort);
        let arguments = Some(behind.stage.arguments.as_slice()).filter(|keys| sorts && !keys.is_empty())?;
        let key = |argument: &Argument| {
            let (key, is_descending) = descending(argument.expr()?);
            let name = plain_name(key).filter(|name| self.plain_keys.contains(name))?;
            Some(format!("{}{}", if is_descending { "-" } else { "" }, spell(&name)))
        };
        arguments.iter().map(key).collect()
    }
}

fn plain_name(expr: &ast::Expr) -> Option<Arc<str>> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.clone()),
        _ => None,
    }
}
