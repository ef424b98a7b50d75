//! Stages that keep rows as they are: `filter sort take skip`.

use super::operators::is_ordered;
use super::scope::{Row, Stream};
use super::stage::StageCall;
use super::{Checker, errors};
use crate::ir::{ExprId, Shape, SortKey, Stage};
use crate::scalar::Comparison;
use crate::syntax::ast::{self, ExprKind, UnaryOperator};
use std::rc::Rc;

/// `filter condition`: what the condition says about null holds for all rows after it.
pub(super) fn filter<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let condition = checker.only_argument(call)?;
    let predicate = checker.in_row(&input.row, |c| c.condition(condition, "filter"));
    let Some(predicate) = predicate else {
        // The rows are the same, whatever is wrong with the condition.
        return Some(input);
    };
    let output = checker.same_rows(input, call.span(), |input| Stage::Filter { input, predicate, told: None });
    let output = narrowed_by(checker, predicate, output);
    Some(checker.fields_as_columns(output, call.span()))
}

/// Rows for which a condition is true: what it says about null is known of them.
pub(super) fn narrowed_by(checker: &mut Checker, predicate: ExprId, mut rows: Stream) -> Stream {
    let facts = checker.facts(predicate, true);
    let is_new = |fact: &ExprId| checker.is_path(*fact) && !rows.row.narrowed.contains(fact);
    let facts: Vec<ExprId> = facts.into_iter().filter(is_new).collect();
    if !facts.is_empty() {
        let mut narrowed = (*rows.row.narrowed).clone();
        narrowed.extend(facts);
        rows.row = Rc::new(Row { narrowed: Rc::new(narrowed), ..(*rows.row).clone() });
    }
    rows
}

/// `sort -key, key`; a stream of single values may be sorted without a key.
pub(super) fn sort<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let arguments = checker.positional(call)?;
    let endless = checker.ends(&input, call);
    if arguments.is_empty() && input.row.shape == Shape::Values {
        let expr = input.row.fields.first().map(|field| checker.plan.column_expr(field.column))?;
        let keys = vec![SortKey { expr, descending: false }];
        return endless.map(|()| checker.same_rows(input, call.span(), |input| Stage::Sort { input, keys }));
    }
    if arguments.is_empty() {
        checker.report(errors::stage_arguments(call.span(), "sort", call.def.signature, 0));
        return Some(input);
    }
    let keys: Vec<Option<SortKey>> = checker.in_row(&input.row, |c| {
        let key = |key| match c.constant_key(descending(key).0) {
            Some(error) => {
                c.report(error);
                None
            }
            None => c.sort_key(key),
        };
        arguments.into_iter().map(key).collect()
    });
    let keys: Option<Vec<SortKey>> = keys.into_iter().collect();
    match (keys, endless) {
        (Some(keys), Some(())) => Some(checker.same_rows(input, call.span(), |input| Stage::Sort { input, keys })),
        (None, _) | (_, None) => Some(Stream { endless: false, ..input }),
    }
}

/// `take count`, `take count by key`
pub(super) fn take<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let Some(count) = checker.count(call) else { return Some(Stream { endless: false, ..input }) };
    if call.stage.by.is_some() {
        return Some(checker.slice_by(call, input, Comparison::Less, count));
    }
    let stage = |input| Stage::Slice { input, skip: 0, take: Some(count.unsigned_abs()) };
    Some(Stream { endless: false, ..checker.same_rows(input, call.span(), stage) })
}

/// `skip count`, `skip count by key`
pub(super) fn skip<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let Some(count) = checker.count(call) else { return Some(input) };
    if call.stage.by.is_some() {
        return Some(checker.slice_by(call, input, Comparison::GreaterOrEqual, count));
    }
    let stage = |input| Stage::Slice { input, skip: count.unsigned_abs(), take: None };
    Some(checker.same_rows(input, call.span(), stage))
}

impl<'a> Checker<'a> {
    /// The number of rows that `take` and `skip` want: an int that is known now and not negative.
    fn count(&mut self, call: &StageCall<'a>) -> Option<i64> {
        let argument = self.only_argument(call)?;
        let id = self.scalar(argument)?;
        let value = self.int_constant(id, argument.span, &format!("`{}`", call.def.name))?;
        if value < 0 {
            self.report(errors::negative_count(argument.span, call.def.name, value));
            return None;
        }
        Some(value)
    }

    /// Reports a stage that needs all rows of a stream that never ends.
    pub(super) fn ends(&mut self, input: &Stream, call: &StageCall<'a>) -> Option<()> {
        if input.endless {
            let name = call.stage.name.last().map_or(call.stage.span, |name| name.span);
            self.report(errors::endless(name, call.def.name, input.row.from));
        }
        (!input.endless).then_some(())
    }

    /// `key` or `-key`: what the minus stands before is of postfix strength or in parentheses (the parser says so where
    /// it is not).
    pub(super) fn sort_key(&mut self, key: &'a ast::Expr) -> Option<SortKey> {
        let (expr, descending) = descending(key);
        let id = self.value_of_row(expr)?;
        let ty = self.ty(id).clone();
        if !is_ordered(&ty.kind) {
            self.report_of(&ty.kind, errors::no_order(expr.span, &ty));
            return None;
        }
        Some(SortKey { expr: id, descending })
    }
}

/// A key without its minus, and whether it has one.
pub(super) fn descending(key: &ast::Expr) -> (&ast::Expr, bool) {
    let mut bare = key;
    while let ExprKind::Parenthesized(inner) = &bare.kind {
        bare = inner;
    }
    match &bare.kind {
        ExprKind::Unary(UnaryOperator::Negate, inner) if is_tight(inner) => (inner, true),
        _ => (bare, false),
    }
}

/// Whether an expression is of postfix strength.
fn is_tight(expr: &ast::Expr) -> bool {
    !matches!(expr.kind, ExprKind::Binary(..) | ExprKind::Unary(..) | ExprKind::Range { .. } | ExprKind::Lambda { .. })
}
