//! `aggregate … by …` and reducers as last stages. The plan's `Aggregate` computes the reductions, and a `Map` behind it
//! the expressions that the script has around them.

use super::cols::cols_call;
use super::expr::short_name;
use super::foreign::record_as_arguments;
use super::operators::spelled;
use super::reducer::ReducerArguments;
use super::scope::{Row, Stream};
use super::stage::{StageCall, row_after};
use super::window::{Windowing, is_window_function};
use super::{Checker, errors};
use crate::catalog::{Effect, ReducerId};
use crate::ir::{ColumnId, Expr, ExprId, Fields, OutputField, Phase, Reduction, Shape, Stage};
use crate::scalar::{Arithmetic, Scalar};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, ArgumentValue, ExprKind, Label, Name};
use crate::ty::{Kind, Type};
use std::sync::Arc;

/// An aggregate or a window whose results are being checked. While there is one, a reducer may be called; if it is an
/// aggregate, a column of the row may not be named outside of reducers.
#[derive(Default)]
pub(super) struct Aggregation {
    pub keys: Vec<OutputField>,
    pub reductions: Vec<Reduction>,
    /// What else must be true of a row that counts: it has the value of the column of a `pivot`.
    pub only: Option<ExprId>,
    /// The window, if it is one; it has no keys and reductions.
    pub window: Option<Windowing>,
}

impl Aggregation {
    /// What a window computes.
    pub fn of_window(window: Windowing) -> Aggregation {
        Aggregation { window: Some(window), ..Aggregation::default() }
    }

    /// The column of the key of that name.
    pub fn key(&self, name: &str) -> Option<ColumnId> {
        self.keys.iter().find(|key| &*key.name == name).map(|key| key.column)
    }
}

/// The name of a result, where it stands, and what it is unless that is unknown.
pub(super) type AggregateResult = (Arc<str>, Span, Option<ExprId>);

/// `aggregate name = expression of reducers by key`
pub(super) fn aggregate<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let ends = checker.ends(&input, call);
    let by = call.stage.by.as_ref();
    let add_at = match by.and_then(|(_, keys)| keys.last()) {
        Some(last) => (last.span.at_end(), ", "),
        None => (call.span().at_end(), " by "),
    };
    if call.stage.arguments.is_empty() {
        let keys: Vec<String> =
            by.map_or(Vec::new(), |(_, keys)| keys.iter().filter_map(|key| key.expr().and_then(spelled)).collect());
        checker.report(errors::nothing_to_aggregate(call.span(), &keys.join(", ")));
        return None;
    }
    let mut aggregation = Aggregation::default();
    let mut keys = Vec::new();
    for argument in by.map_or(&[][..], |(_, keys)| keys.as_slice()) {
        checker.in_row(&input.row, |c| c.group_key(argument, &mut aggregation, &mut keys));
    }
    checker.aggregation = Some(aggregation);
    let mut results: Vec<AggregateResult> = Vec::new();
    let mut all_named = true;
    checker.each_argument(call, &input.row, |c, argument| {
        let result = c.aggregate_results(call, argument);
        all_named &= result.is_some();
        results.extend(result.into_iter().flatten());
    });
    let aggregation = checker.aggregation.take()?;
    ends?;
    let output = checker.finish_aggregate(call, input, aggregation, keys, results, add_at);
    // A result without a name may be meant by any name behind it.
    all_named.then_some(output)
}

impl<'a> Checker<'a> {
    /// One argument of `by`.
    pub(super) fn group_key(
        &mut self,
        argument: &'a Argument,
        aggregation: &mut Aggregation,
        keys: &mut Vec<(ColumnId, ExprId)>,
    ) {
        let ArgumentValue::Expr(expr) = &argument.value else { return };
        let name = match &argument.label {
            Label::Column(name) => Some((name.text.clone(), name.span)),
            Label::None => match (&expr.kind, short_name(expr)) {
                (ExprKind::It, _) => Some(("value".into(), expr.span)),
                (_, name) => name.map(|name| (name, expr.span)),
            },
            Label::Option(name) => {
                self.report(errors::unknown_option(name.span, "by", &name.text, &[]));
                return;
            }
        };
        if let (None, Some(error)) = (&name, self.quoted_column(expr)) {
            self.report(error);
            return;
        }
        let id = self.scalar(expr);
        let Some((name, span)) = name else {
            self.report(errors::needs_name(expr.span, "a key of `by`", Some("key")));
            return;
        };
        if let Some(id) = id.filter(|id| !self.is_key(*id)) {
            let ty = self.ty(id).clone();
            self.report_of(&ty.kind, errors::no_order(expr.span, &ty));
        }
        if let Some(other) = aggregation.key(&name) {
            self.report(errors::duplicate_column(span, &name, self.place_of(other)));
            return;
        }
        let ty = id.map_or(Type::UNKNOWN, |id| self.ty(id).clone());
        let origin = format!("`{name}` is {ty}, a key of this group");
        let column = self.add_column(&name, ty, Some((span, origin)));
        keys.extend(id.map(|id| (column, id)));
        aggregation.keys.push(OutputField { name, column });
    }

    /// The results of an argument, one but for `mean(cols(float))`: their names, and their expressions over the columns
    /// of the reductions and keys.
    pub(super) fn aggregate_results(
        &mut self,
        call: &StageCall<'a>,
        argument: &'a Argument,
    ) -> Option<Vec<AggregateResult>> {
        let expr = match (&argument.label, &argument.value) {
            (Label::None | Label::Column(_), ArgumentValue::Expr(expr)) => expr,
            (label, _) => {
                self.labelled(call, label, argument);
                return None;
            }
        };
        if let Some((reducer, columns)) = self.reducer_of_columns(expr) {
            return self.results_for_each(reducer, columns, argument, expr);
        }
        let name = match &argument.label {
            Label::Column(name) => Some((name.text.clone(), name.span)),
            Label::None | Label::Option(_) => self.result_name(expr).map(|name| (name, expr.span)),
        };
        if let (None, Some(edits)) = (&name, record_as_arguments(expr)) {
            self.report(errors::record_of_arguments(expr.span, call.def.name, edits));
            return None;
        }
        let id = self.scalar(expr);
        match name {
            Some((name, span)) => Some(vec![(name, span, id)]),
            None => {
                if id.is_some() {
                    let what = format!("a result of `{}`", call.def.name);
                    self.report(errors::needs_name(expr.span, &what, Some("result")));
                }
                None
            }
        }
    }

    /// Whether it is a reducer of several columns.
    pub(super) fn is_of_columns(&self, expr: &'a ast::Expr) -> bool {
        self.reducer_of_columns(expr).is_some()
    }

    /// The reducer and the `cols(…)` of `mean(cols(float))`.
    fn reducer_of_columns(&self, expr: &'a ast::Expr) -> Option<(&'a str, &'a ast::Expr)> {
        let ExprKind::Call { function, arguments } = &expr.kind else { return None };
        let [function] = function.as_slice() else { return None };
        self.catalog.reducer_named(&function.text)?;
        let columns = arguments.iter().filter_map(Argument::expr).find(|expr| cols_call(expr).is_some())?;
        Some((&function.text, columns))
    }

    /// A result for each of the columns.
    fn results_for_each(
        &mut self,
        reducer: &str,
        columns: &'a ast::Expr,
        argument: &'a Argument,
        expr: &'a ast::Expr,
    ) -> Option<Vec<AggregateResult>> {
        let row = self.scopes.row(self.scope)?;
        let fields = self.columns_called(&row, cols_call(columns)?, columns.span);
        let first = fields.first()?;
        if let Label::Column(name) = &argument.label {
            self.report(errors::cols_named(name.span, &name.text, &format!("{reducer}_{}", first.name)));
        }
        let outside = self.spread;
        let mut results = Vec::new();
        for field in fields {
            self.spread = Some(self.plan.column_expr(field.column));
            results.push((format!("{reducer}_{}", field.name).into(), expr.span, self.scalar(expr)));
        }
        self.spread = outside;
        Some(results)
    }

    /// The name of a result that has none: `count()` is `count`, `sum(x)` is `sum_x`.
    pub(super) fn result_name(&self, expr: &ast::Expr) -> Option<Arc<str>> {
        let ExprKind::Call { function, arguments } = &expr.kind else { return None };
        let [function] = function.as_slice() else { return None };
        let is_result = match self.aggregation.as_ref()?.window {
            Some(_) => is_window_function(&function.text) || self.catalog.reducer_named(&function.text).is_some(),
            None => self.catalog.reducer_named(&function.text).is_some(),
        };
        if !is_result {
            return None;
        }
        let mut values = arguments.iter().filter(|argument| matches!(argument.label, Label::None));
        match (values.next(), values.next()) {
            (None, _) => Some(function.text.clone()),
            (Some(one), None) => {
                let name = one.expr().and_then(short_name)?;
                Some(format!("{}_{name}", function.text).into())
            }
            (Some(_), Some(_)) => None,
        }
    }

    /// The `Aggregate`, and a `Map` if a result is more than a reduction.
    pub(super) fn finish_aggregate(
        &mut self,
        call: &StageCall<'a>,
        input: Stream,
        aggregation: Aggregation,
        keys: Vec<(ColumnId, ExprId)>,
        results: Vec<AggregateResult>,
        add_at: (Span, &'static str),
    ) -> Stream {
        let mut fields = aggregation.keys.clone();
        let (mut taken, mut definitions) = (Vec::new(), Vec::new());
        let reductions = aggregation.reductions;
        for (name, span, id) in results {
            if let Some(other) = fields.iter().find(|field| field.name == name) {
                let other = self.place_of(other.column);
                self.report(errors::duplicate_column(span, &name, other));
                continue;
            }
            let direct = id.and_then(|id| match self.plan.exprs.get(id) {
                Expr::Column(column) if reductions.iter().any(|r| r.column == *column) => Some(*column),
                _ => None,
            });
            let column = match direct.filter(|column| !taken.contains(column)) {
                Some(column) => {
                    self.plan.columns[column.0 as usize].name = name.clone();
                    column
                }
                None => {
                    let column = match id {
                        Some(id) => self.define(&name, id, None),
                        None => self.add_column(&name, Type::UNKNOWN, None),
                    };
                    definitions.extend(id.map(|id| (column, id)));
                    column
                }
            };
            taken.push(column);
            let ty = &self.plan.column(column).ty;
            self.origins[column.0 as usize] =
                Some(super::Origin { span, text: format!("`{name}` is {ty}, computed here") });
            fields.push(OutputField { name, column });
        }
        let row = row_after(&input.row, fields, Shape::Table, call, Some(add_at), &[]);
        let row = Row { known: input.row.known, ..row };
        self.reduced(input, keys, aggregation.keys, reductions, definitions, row, call.span())
    }

    /// Where a column was named.
    pub(super) fn place_of(&self, column: ColumnId) -> Option<Span> {
        self.origins[column.0 as usize].as_ref().map(|origin| origin.span)
    }

    /// The nodes of an aggregate whose rows are `row`.
    #[expect(clippy::too_many_arguments, reason = "the parts of two nodes")]
    pub(super) fn reduced(
        &mut self,
        input: Stream,
        keys: Vec<(ColumnId, ExprId)>,
        key_fields: Vec<OutputField>,
        reductions: Vec<Reduction>,
        definitions: Vec<(ColumnId, ExprId)>,
        row: Row,
        span: Span,
    ) -> Stream {
        let mut output = Fields::from(key_fields);
        for reduction in &reductions {
            let name = self.plan.column(reduction.column).name.clone();
            output.push(OutputField { name: unused_name(name, &output), column: reduction.column });
        }
        let in_order =
            definitions.is_empty() && output.iter().map(|f| f.column).eq(row.fields.iter().map(|f| f.column));
        let stage = Stage::Aggregate { input: input.node, keys, reductions, phase: Phase::Single };
        if in_order {
            return self.other_rows(stage, span, row, false);
        }
        let input = self.add_node(stage, span, output);
        self.other_rows(Stage::Map { input, definitions }, span, row, false)
    }

    /// A call of a reducer in `aggregate`: the column of its reduction, as an int if it is an exact sum.
    pub(super) fn reducer_call(
        &mut self,
        reducer: ReducerId,
        receiver: Option<&'a ast::Expr>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Option<ExprId> {
        let mut aggregation = self.aggregation.take()?;
        let def = self.catalog.reducer(reducer);
        let given = self.reducer_arguments(def, receiver, arguments, (false, false), span);
        let reduction = given.and_then(|given| self.reduction(reducer, &given, None, span));
        let reduction = reduction.and_then(|reduction| self.counted_where(reduction, aggregation.only, span));
        let result = reduction.map(|reduction| {
            let same = aggregation.reductions.iter().find(|other| {
                (other.reducer, &other.arguments, other.condition)
                    == (reduction.reducer, &reduction.arguments, reduction.condition)
            });
            let value = self.reduction_value(same.unwrap_or(&reduction), span);
            if same.is_none() {
                aggregation.reductions.push(reduction);
            }
            value
        });
        self.aggregation = Some(aggregation);
        result
    }

    /// The value of a reduction where it is used.
    fn reduction_value(&mut self, reduction: &Reduction, span: Span) -> ExprId {
        let value = self.plan.column_expr(reduction.column);
        self.narrowed(value, reduction.arguments.first().copied(), span)
    }

    /// What a reducer gives, as an int or a duration if it is an exact sum; `summed` is what was summed.
    pub(super) fn narrowed(&mut self, value: ExprId, summed: Option<ExprId>, span: Span) -> ExprId {
        let Type { kind: Kind::Wide, nullable } = *self.ty(value) else { return value };
        let sum = self.add_fallible(Expr::Narrow(value), Type::INT.or_null_if(nullable), span, Effect::MayFail);
        if summed.is_none_or(|summed| !self.is_of_durations(summed)) {
            return sum;
        }
        let unit = self.constant(Scalar::Duration(1));
        let times = Expr::Arithmetic(Arithmetic::Multiply, sum, unit);
        self.add_fallible(times, Type::DURATION.or_null_if(nullable), span, Effect::MayFail)
    }

    /// Whether values, or the items of a list, are durations.
    fn is_of_durations(&self, summed: ExprId) -> bool {
        match &self.ty(summed).kind {
            Kind::List(item) => item.kind == Kind::Duration,
            kind => *kind == Kind::Duration,
        }
    }

    /// A reduction with a new column. The row is in scope.
    fn reduction(
        &mut self,
        id: ReducerId,
        given: &ReducerArguments<'a>,
        row: Option<ExprId>,
        span: Span,
    ) -> Option<Reduction> {
        let catalog = self.catalog;
        let def = catalog.reducer(id);
        let outside = self.stage_name.replace(Name { text: def.name.into(), span });
        let values = self.reducer_values(def, given, row);
        self.stage_name = outside;
        let (arguments, condition) = values?;
        let ty = self.reducer_result(def, &arguments, span)?;
        let column = self.add_column(&Arc::from(def.name), ty, None);
        Some(Reduction { column, reducer: id, arguments, condition })
    }

    /// The same over the rows for which `only` is true. The arguments are evaluated for all rows.
    fn counted_where(&mut self, reduction: Reduction, only: Option<ExprId>, span: Span) -> Option<Reduction> {
        let Some(only) = only else { return Some(reduction) };
        let def = self.catalog.reducer(reduction.reducer);
        let condition = match reduction.condition {
            Some(condition) => self.add(Expr::And(only, condition), Type::BOOL),
            None => only,
        };
        let mut arguments = reduction.arguments;
        let values = arguments.len() - usize::from(def.constant.is_some());
        for argument in &mut arguments[..values] {
            // Of no rows there is no value.
            let ty = self.ty(*argument).clone().or_null();
            *argument = self.with_type(*argument, ty);
        }
        let ty = self.reducer_result(def, &arguments, span)?;
        let column = self.add_column(&Arc::from(def.name), ty, None);
        Some(Reduction { column, arguments, condition: Some(condition), ..reduction })
    }

    /// A reducer as the last stage: one value.
    pub(super) fn reduce_all(&mut self, reducer: ReducerId, stage: &'a ast::Stage, input: Stream) -> Option<Stream> {
        let name = stage.name.last()?;
        if input.endless {
            self.report(errors::endless(name.span, &name.text, input.row.from));
            return None;
        }
        if let ("first" | "last", [only]) = (&*name.text, stage.arguments.as_slice())
            && let Some(ExprKind::Int(count)) = only.expr().map(|expr| &expr.kind)
        {
            self.report(errors::first_of_constant(name.span, &name.text, *count));
            return None;
        }
        let catalog = self.catalog;
        let is_element = input.row.shape == Shape::Values;
        let def = catalog.reducer(reducer);
        let given = self.reducer_arguments(def, None, &stage.arguments, (is_element, true), stage.span)?;
        let reduction = self.in_row(&input.row, |c| {
            let row = if given.of_row { Some(c.row_as_value(&input.row, stage.span)?) } else { None };
            c.reduction(reducer, &given, row, stage.span)
        })?;
        let column = reduction.column;
        let id = self.reduction_value(&reduction, stage.span);
        let value: Arc<str> = "value".into();
        let (column, definitions) = if self.plan.exprs.get(id) == &Expr::Column(column) {
            self.plan.columns[column.0 as usize].name = value.clone();
            (column, Vec::new())
        } else {
            let column = self.define(&value, id, None);
            (column, vec![(column, id)])
        };
        let row = Row::new(vec![OutputField { name: value, column }], Shape::Scalar, stage.span);
        Some(self.reduced(input, Vec::new(), Vec::new(), vec![reduction], definitions, row, stage.span))
    }

    pub(super) fn row_as_value(&mut self, row: &Row, span: Span) -> Option<ExprId> {
        let value = self.row_value(row);
        self.as_scalar(value, span)
    }
}

/// A name that no field before it has.
pub(super) fn unused_name(name: Arc<str>, fields: &Fields) -> Arc<str> {
    let taken = |name: &str| fields.named(name).is_some();
    if !taken(&name) {
        return name;
    }
    // Thousands may be numbered already: first a number beyond them, then the least between.
    let numbered = |n: usize| format!("{name}_{n}");
    let (mut taken_at, mut free_at) = (1, 2);
    while taken(&numbered(free_at)) {
        (taken_at, free_at) = (free_at, free_at * 2);
    }
    while taken_at + 1 < free_at {
        let between = taken_at.midpoint(free_at);
        if taken(&numbered(between)) { taken_at = between } else { free_at = between }
    }
    numbered(free_at).into()
}
