//! Conditions: what is true or false, what `and`, `or` and `not` make of it, and what was meant where it is neither.

use super::operators::{Operand, spelled};
use super::{Checker, errors};
use crate::codes::E0201;
use crate::ir::{Expr, ExprId};
use crate::scalar::Comparison;
use crate::source::Span;
use crate::syntax::ast::{self, BinaryOperator, ExprKind};
use crate::ty::{Kind, Type};

impl<'a> Checker<'a> {
    /// `and`, `or`: the right operand is checked knowing what the left one says where it decides nothing. The two are given
    /// as they are written, with the place of the whole.
    pub(super) fn connect(
        &mut self,
        and: bool,
        left: Option<Operand<'a>>,
        (left_ast, right, span): (&'a ast::Expr, &'a ast::Expr, Span),
    ) -> Option<ExprId> {
        let word = if and { "and" } else { "or" };
        let is_or = |expr: &ast::Expr| matches!(expr.kind, ExprKind::Binary(BinaryOperator::Or, ..));
        match left {
            Some(left) if !and && !self.is_condition(left.id) => return self.either_value(left, right, span),
            // What is wrong with `a or b` is wrong with the rest of `a or b or c`.
            None if !and && is_or(left_ast) => {
                self.scalar(right);
                return None;
            }
            Some(_) | None => {}
        }
        let left = left.and_then(|left| self.as_condition(left, word));
        let facts = left.map_or_else(Vec::new, |left| self.facts(left, and));
        let right = self.knowing(&facts, |c| c.condition(right, word));
        let (left, right) = (left?, right?);
        let expr = if and { Expr::And(left, right) } else { Expr::Or(left, right) };
        Some(self.add(expr, Type::BOOL))
    }

    /// Whether a value is true or false, or null, or nothing is known of it.
    fn is_condition(&self, id: ExprId) -> bool {
        matches!(self.ty(id).kind, Kind::Bool | Kind::Null | Kind::Unknown)
    }

    /// E0303: `x or 0`, whose left operand is neither true nor false. Between two values of one type `??` is meant, or a
    /// text of both.
    fn either_value(&mut self, left: Operand<'a>, right: &'a ast::Expr, span: Span) -> Option<ExprId> {
        let Some(id) = self.scalar(right) else {
            self.as_condition(left, "or");
            return None;
        };
        if self.is_condition(id) || self.common_kind(left.id, id).is_none() {
            self.as_condition(left, "or");
            self.as_condition(Operand { id, ast: right }, "or");
            return None;
        }
        let ty = self.ty(left.id).clone();
        let between = Span { start: left.ast.span.end, end: right.span.start, ..span };
        self.report(errors::either_value(span, between, &ty, (left.ast, right)));
        None
    }

    /// E0201 of a name that a text is compared with, `carrier == UA`: a text stands in quotes.
    pub(super) fn suggest_text(&mut self, text: ExprId, right: &ast::Expr, told: usize) {
        let ExprKind::Name(word) = &right.kind else { return };
        let is_text = self.ty(text).kind == Kind::String;
        let [error] = &mut self.diagnostics[told..] else { return };
        if is_text && error.code == E0201 && error.edits.is_empty() && error.help.is_empty() {
            *error = error.clone().saying("a text stands in quotes").fix(right.span, format!("{word:?}"));
        }
    }

    /// An expression where true or false is wanted; null counts as false. `who` wants it.
    pub(super) fn condition(&mut self, ast: &'a ast::Expr, who: &str) -> Option<ExprId> {
        let id = self.scalar(ast)?;
        self.as_condition(Operand { id, ast }, who)
    }

    /// The same of a value that has been checked.
    pub(super) fn as_condition(&mut self, operand: Operand<'a>, who: &str) -> Option<ExprId> {
        let ty = self.ty(operand.id).clone();
        let condition = self.coerce(operand.id, &Kind::Bool);
        if condition.is_none() {
            let origin = self.origin(operand.id);
            self.report(errors::condition_type(who, operand.ast, &ty, origin));
        }
        condition
    }

    /// E0308: a comparison with null is false, so its negation keeps null.
    pub(super) fn warn_of_negated_comparison(&mut self, id: ExprId, inner: &ast::Expr, span: Span) {
        let Expr::Compare(op, a, b) = *self.plan.exprs.get(id) else { return };
        let opposite = match op {
            Comparison::Less => Comparison::GreaterOrEqual,
            Comparison::LessOrEqual => Comparison::Greater,
            Comparison::Greater => Comparison::LessOrEqual,
            Comparison::GreaterOrEqual => Comparison::Less,
            // These look at null themselves.
            Comparison::Equal | Comparison::NotEqual => return,
        };
        let Some(nullable) = [a, b].into_iter().find(|operand| self.ty(*operand).nullable) else { return };
        let origin = self.origin(nullable);
        let mut bare = inner;
        while let ExprKind::Parenthesized(inside) = &bare.kind {
            bare = inside;
        }
        let written = match &bare.kind {
            ExprKind::Binary(_, _, a, b) => spelled(a).zip(spelled(b)),
            _ => None,
        };
        let fix = written.map(|(a, b)| format!("{a} {} {b}", opposite.symbol()));
        self.report(errors::negated_comparison(span, fix, origin));
    }
}
