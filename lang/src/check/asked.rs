//! Calls of functions that ask for what is known only when a run begins: `now()`, `today()`, `env("HOME")`. The host must
//! grant them, and what they are asked is known before the run.

use super::{Checker, errors};
use crate::catalog::Effect;
use crate::ir::{Expr, ExprId};
use crate::source::Span;
use crate::syntax::ast::Name;

impl Checker<'_> {
    /// A call, as it goes into the plan if it asks.
    pub(super) fn asked(&mut self, call: ExprId, name: &Name, span: Span) -> Option<ExprId> {
        let Expr::Call(function, arguments) = self.plan.exprs.get(call).clone() else { return Some(call) };
        if self.catalog.function(function).effect != Effect::Nondeterministic {
            return Some(call);
        }
        let (granted, what) = match &*name.text {
            "env" => (self.sources.environment(), "environment"),
            _ => (self.sources.clock(), "clock"),
        };
        if !granted {
            self.report(errors::not_granted(name.span, what));
            return None;
        }
        let mut known = Vec::new();
        for argument in &arguments {
            match self.constant_value(*argument) {
                Some(_) => {
                    let value = self.evaluate(*argument, span)?;
                    let ty = self.ty(*argument).clone();
                    known.push(self.plan.exprs.literal(value, ty));
                }
                None => {
                    self.report(errors::asked_of_rows(span, &name.text));
                    return None;
                }
            }
        }
        Some(self.call_expr(function, known, span))
    }
}
