//! `pivot revenue = sum(x), key: month, values: ["jan", "feb"] by region`: an aggregate with a column for each value, over
//! the rows whose key is that value. The values are written down, so the columns are known before anything runs; if they
//! are not, see `open_pivot.rs`.

use super::aggregate::{AggregateResult, Aggregation};
use super::scope::{RangeValue, Stream, Value};
use super::stage::StageCall;
use super::{Checker, errors};
use crate::diagnostic::did_you_mean;
use crate::ir::typing::scalar_type;
use crate::ir::{ColumnId, Expr, ExprId};
use crate::scalar::{Comparison, Scalar};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, ArgumentValue, ExprKind, Label};
use crate::ty::Type;
use std::sync::Arc;

/// How many columns a range of values may become.
const MOST_VALUES: i64 = 10_000;

/// What stands behind `pivot`.
#[derive(Default)]
struct Parts<'a> {
    key: Option<&'a ast::Expr>,
    values: Option<&'a ast::Expr>,
    results: Vec<&'a Argument>,
}

/// A value of the key: what its column is called, where it stands, and when a row has it.
struct Cell {
    name: Arc<str>,
    span: Span,
    condition: ExprId,
}

/// `pivot name = reducer(…), key: column, values: [value, …] by key`
pub(super) fn pivot<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let ends = checker.ends(&input, call);
    let parts = checker.pivot_parts(call)?;
    let span = call.stage.name.last().map_or(call.span(), |name| name.span);
    if parts.results.is_empty() {
        checker.report(errors::stage_arguments(call.span(), "pivot", call.def.signature, 0));
    }
    let Some(key) = parts.key else {
        checker.report(errors::pivot_without_key(span, call.def.signature));
        return None;
    };
    let Some(values) = parts.values else {
        ends?;
        return checker.open_pivot(call, input, key, &parts.results, span);
    };
    let (aggregation, keys) = checker.pivot_keys(call, &input);
    let cells = checker.in_row(&input.row, |c| c.cells(key, values))?;
    checker.aggregation = Some(aggregation);
    let alone = parts.results.len() == 1;
    let mut results = Some(Vec::new());
    for argument in parts.results {
        let columns = checker.in_row(&input.row, |c| c.pivoted(call, argument, &cells, alone));
        results = results.zip(columns).map(|(results, columns)| [results, columns].concat());
    }
    let aggregation = checker.aggregation.take()?;
    let (results, ()) = results.zip(ends)?;
    Some(checker.finish_aggregate(call, input, aggregation, keys, results, (values.span.at_end(), ", ")))
}

impl<'a> Checker<'a> {
    /// What stands behind `by`.
    pub(super) fn pivot_keys(
        &mut self,
        call: &StageCall<'a>,
        input: &Stream,
    ) -> (Aggregation, Vec<(ColumnId, ExprId)>) {
        let (mut aggregation, mut keys) = (Aggregation::default(), Vec::new());
        for argument in call.stage.by.as_ref().map_or(&[][..], |(_, keys)| keys.as_slice()) {
            self.in_row(&input.row, |c| c.group_key(argument, &mut aggregation, &mut keys));
        }
        (aggregation, keys)
    }

    /// The options and the results of a `pivot`.
    fn pivot_parts(&mut self, call: &StageCall<'a>) -> Option<Parts<'a>> {
        let (mut parts, mut fine) = (Parts::default(), true);
        for argument in &call.stage.arguments {
            match (&argument.label, &argument.value) {
                (Label::Option(name), ArgumentValue::Expr(expr)) if &*name.text == "key" => parts.key = Some(expr),
                (Label::Option(name), ArgumentValue::Expr(expr)) if &*name.text == "values" => {
                    parts.values = Some(expr)
                }
                (Label::Option(name), _) => {
                    let near = did_you_mean(&name.text, ["key", "values"]);
                    self.report(errors::unknown_option(name.span, "pivot", &name.text, &near));
                    fine = false;
                }
                (Label::None | Label::Column(_), _) => parts.results.push(argument),
            }
        }
        fine.then_some(parts)
    }

    /// The values of the key. The row is in scope.
    fn cells(&mut self, key: &'a ast::Expr, values: &'a ast::Expr) -> Option<Vec<Cell>> {
        let id = self.value_of_row(key);
        let given = self.pivot_values(values);
        let (id, given) = id.zip(given)?;
        let ty = self.ty(id).clone();
        if !self.is_key(id) {
            self.report_of(&ty.kind, errors::no_order(key.span, &ty));
            return None;
        }
        let mut cells: Vec<Cell> = Vec::new();
        for (value, span) in given {
            let found = self.ty(value).clone();
            let Some((left, right)) = self.unify(id, value) else {
                self.report(errors::pivot_value(span, &found, key.span, &ty));
                return None;
            };
            let name = self.name_of_value(value, span)?;
            if let Some(other) = cells.iter().find(|cell| cell.name == name) {
                self.report(errors::duplicate_column(span, &name, Some(other.span)));
                continue;
            }
            let condition = self.add(Expr::Compare(Comparison::Equal, left, right), Type::BOOL);
            cells.push(Cell { name, span, condition });
        }
        Some(cells)
    }

    /// The constants of a list or a range, with their places.
    fn pivot_values(&mut self, values: &'a ast::Expr) -> Option<Vec<(ExprId, Span)>> {
        let spans: Vec<Span> = match &values.kind {
            ExprKind::List(items) => items.iter().map(|item| item.span).collect(),
            _ => Vec::new(),
        };
        let at = |at: usize| spans.get(at).copied().unwrap_or(values.span);
        let scalars: Vec<Scalar> = match self.value(values) {
            Value::Unknown => return None,
            Value::List(items) => {
                let known = items.iter().enumerate().map(|(index, item)| self.pivot_constant(item, at(index)));
                known.collect::<Option<_>>()?
            }
            Value::Range(range) => self.ints_of(range).unwrap_or_default(),
            Value::Expr(id) => match self.constant_value(id) {
                Some(Ok(Scalar::List(items))) => items.to_vec(),
                Some(_) | None => Vec::new(),
            },
            Value::Record(_) | Value::Stream(_) | Value::Lambda(_) => Vec::new(),
        };
        if scalars.is_empty() {
            self.report(errors::pivot_values(values.span));
            return None;
        }
        let mut ids = Vec::new();
        for (index, value) in scalars.into_iter().enumerate() {
            if scalar_type(&value).is_none() {
                self.report(errors::pivot_values(at(index)));
                return None;
            }
            ids.push((self.constant(value), at(index)));
        }
        Some(ids)
    }

    fn pivot_constant(&mut self, item: &Value<'a>, span: Span) -> Option<Scalar> {
        match item {
            Value::Expr(id) => {
                let before = self.diagnostics.len();
                let value = self.evaluate(*id, span);
                if value.is_none() && self.diagnostics.len() == before && !self.awaits_parameter(*id) {
                    self.report(errors::not_constant(span, "a value of `pivot`"));
                }
                value
            }
            Value::Unknown => None,
            Value::Record(_) | Value::List(_) | Value::Range(_) | Value::Stream(_) | Value::Lambda(_) => {
                self.report(errors::pivot_values(span));
                None
            }
        }
    }

    fn ints_of(&self, range: RangeValue) -> Option<Vec<Scalar>> {
        let int = |id: ExprId| match self.constant_value(id) {
            Some(Ok(Scalar::Int(value))) => Some(value),
            Some(_) | None => None,
        };
        let (start, end) = (int(range.start?)?, int(range.end?)?);
        let last = if range.inclusive { end } else { end.checked_sub(1)? };
        let is_short = last.checked_sub(start).is_some_and(|length| length < MOST_VALUES);
        is_short.then(|| (start..=last).map(Scalar::Int).collect())
    }

    /// The text of a value, which its column is called.
    fn name_of_value(&mut self, value: ExprId, span: Span) -> Option<Arc<str>> {
        let id = match self.plan.exprs.as_constant(value)? {
            Scalar::String(text) => return Some(text.clone()),
            Scalar::Null => return Some("null".into()),
            _other => self.call_by_name("string", vec![value], span)?,
        };
        match self.evaluate(id, span)? {
            Scalar::String(text) => Some(text),
            _other => None,
        }
    }

    /// The results of an argument; one that is alone needs no name.
    pub(super) fn pivot_results(
        &mut self,
        call: &StageCall<'a>,
        argument: &'a Argument,
        alone: bool,
    ) -> Option<Vec<AggregateResult>> {
        match (&argument.label, argument.expr(), alone) {
            (Label::None, Some(expr), true) if !self.is_of_columns(expr) => {
                Some(vec![("".into(), expr.span, self.scalar(expr))])
            }
            _ => self.aggregate_results(call, argument),
        }
    }

    /// A result for each value. Nothing after an error, which is said of the first value alone.
    fn pivoted(
        &mut self,
        call: &StageCall<'a>,
        argument: &'a Argument,
        cells: &[Cell],
        alone: bool,
    ) -> Option<Vec<AggregateResult>> {
        let mut columns = Vec::new();
        for cell in cells {
            self.aggregation.as_mut()?.only = Some(cell.condition);
            let results = self.pivot_results(call, argument, alone)?;
            let alone = alone && results.len() == 1;
            for (name, _, id) in results {
                let name = if alone { cell.name.clone() } else { format!("{name}_{}", cell.name).into() };
                columns.push((name, cell.span, Some(id?)));
            }
        }
        Some(columns)
    }
}
