//! `assert condition, message`: a row for which the condition is not true ends the run with the values that it looked at.

use super::rows::narrowed_by;
use super::scope::{Row, Stream};
use super::stage::StageCall;
use super::{Checker, errors};
use crate::ir::{Assertion, ExprId, Shape, Stage};
use crate::syntax::ast;
use crate::ty::{Kind, Type};
use std::sync::Arc;

/// `assert condition`, `assert condition, message`: all rows go on, and what the condition says about null holds for them.
pub(super) fn assert<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let ends = checker.ends(&input, call);
    let arguments = checker.positional(call)?;
    let (condition, message) = match arguments.as_slice() {
        [condition] => (*condition, None),
        [condition, message] => (*condition, Some(*message)),
        other => {
            let span = other.get(2).map_or(call.stage.span, |third| third.span);
            let signatures = ["assert condition".to_string(), "assert condition, message".to_string()];
            checker.report(errors::argument_count(span, "assert", other.len(), &signatures));
            return Some(input);
        }
    };
    let predicate = checker.in_row(&input.row, |c| c.condition(condition, "assert"));
    let message = message.map(|message| checker.in_row(&input.row, |c| c.message(message)));
    let (Some(predicate), Some(()), false) = (predicate, ends, message == Some(None)) else {
        return Some(Stream { endless: false, ..input });
    };
    let shown = checker.looked_at(predicate, &input.row);
    let site = checker.site(condition.span);
    let assertion = Assertion { predicate, message: message.flatten(), shown, site };
    let output = checker.same_rows(input, call.span(), |input| Stage::Assert { input, assertion });
    let output = narrowed_by(checker, predicate, output);
    Some(checker.fields_as_columns(output, call.span()))
}

impl<'a> Checker<'a> {
    /// The text that is said where the condition does not hold.
    fn message(&mut self, message: &'a ast::Expr) -> Option<ExprId> {
        let id = self.scalar(message)?;
        let ty = self.ty(id).clone();
        if ty.kind != Kind::String {
            self.report(errors::wanted(message.span, "the message of `assert`", &Type::STRING, &ty));
            return None;
        }
        Some(id)
    }

    /// The columns that a condition looks at, with their names in the row.
    fn looked_at(&self, predicate: ExprId, row: &Row) -> Vec<(Arc<str>, ExprId)> {
        let mentioned = self.plan.exprs.columns(predicate);
        let fields = row.fields.iter().filter(|field| mentioned.contains(&field.column));
        let name = |name: &Arc<str>| if row.shape == Shape::Table { name.clone() } else { "it".into() };
        fields.map(|field| (name(&field.name), self.plan.column_expr(field.column))).collect()
    }
}
