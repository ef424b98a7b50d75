//! Constants where a value of each row is meant: `sort "qty"`, `max("qty")`. They are the same for all rows, so they would
//! sort nothing and be their own maximum.

use super::{Checker, errors};
use crate::diagnostic::Diagnostic;
use crate::ir::ExprId;
use crate::syntax::ast::{self, ExprKind};

impl<'a> Checker<'a> {
    /// A value of each row: an expression, but for a text that is the name of a column.
    pub(super) fn value_of_row(&mut self, expr: &'a ast::Expr) -> Option<ExprId> {
        match self.quoted_column(expr) {
            Some(error) => {
                self.report(error);
                None
            }
            None => self.scalar(expr),
        }
    }

    /// E0304: a text that is the name of a column of the row in scope.
    pub(super) fn quoted_column(&self, expr: &ast::Expr) -> Option<Diagnostic> {
        let ExprKind::String(text) = &bare(expr).kind else { return None };
        let row = self.scopes.row(self.scope)?;
        (row.known && row.field(text).is_some()).then(|| errors::quoted_column(expr.span, text))
    }

    /// E0304: a literal as a key of `sort`.
    pub(super) fn constant_key(&self, expr: &ast::Expr) -> Option<Diagnostic> {
        let is_literal = matches!(
            bare(expr).kind,
            ExprKind::Int(_) | ExprKind::Float(..) | ExprKind::Bool(_) | ExprKind::Null | ExprKind::String(_)
        );
        self.quoted_column(expr).or_else(|| is_literal.then(|| errors::constant_key(expr.span)))
    }
}

fn bare(mut expr: &ast::Expr) -> &ast::Expr {
    while let ExprKind::Parenthesized(inner) = &expr.kind {
        expr = inner;
    }
    expr
}
