//! Values of the host where something else is wanted: what their methods give may be that.

use super::operators::Operand;
use super::scope::Value;
use super::{Checker, errors};
use crate::catalog::{FunctionDef, Pattern, ReducerDef};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::source::Span;
use crate::syntax::ast::Name;
use crate::ty::{Kind, Type};

impl<'a> Checker<'a> {
    /// Reports what is wrong with a value of that kind, and which methods look into it if it is the host's.
    pub(super) fn report_of(&mut self, kind: &Kind, diagnostic: Diagnostic) {
        self.report(match kind.opaque() {
            Some(name) => errors::with_methods(diagnostic, "take", &self.catalog.methods(name)),
            None => diagnostic,
        });
    }

    /// Reports what a reducer does not take.
    pub(super) fn report_reduced(&mut self, span: Span, def: &ReducerDef, types: &[Type]) {
        let diagnostic = errors::reducer_type(span, def.name, def.takes, types);
        match types.iter().find(|ty| ty.kind.opaque().is_some()) {
            Some(ty) => self.report_of(&ty.kind, diagnostic),
            None => self.report(diagnostic),
        }
    }

    /// `price.cents`, where `price` is of the host's type `of`, and there is no function of that name.
    pub(super) fn field_of_opaque(&mut self, of: &str, name: &Name) -> Value<'a> {
        let methods = self.catalog.methods(of);
        let near = did_you_mean(&name.text, methods.iter().copied());
        self.unknown(errors::opaque_field(name, of, &near, &methods))
    }

    /// Reports a value of the host as an argument of a function that takes any value that can be compared or spelled; or
    /// says that it is another one that is wrong.
    pub(super) fn report_opaque_argument(
        &mut self,
        name: &str,
        mut overloads: impl Iterator<Item = &'a FunctionDef>,
        operand: Operand<'a>,
    ) -> bool {
        let kind = self.ty(operand.id).kind.clone();
        let Some(of) = kind.opaque() else { return false };
        let compares = |pattern: &Pattern| match (pattern, &kind) {
            (Pattern::List(items), Kind::List(_)) => **items == Pattern::Plain,
            _ => false,
        };
        let span: Span = operand.ast.span;
        let methods = self.catalog.methods(of);
        let compared = overloads.any(|def| def.parameters.iter().any(|parameter| compares(&parameter.pattern)));
        match (name, compared) {
            ("string", _) => self.report(errors::opaque_spelled(span, of, &methods)),
            (_, true) => self.report(errors::opaque_compared(span, of, &methods)),
            (_, false) => return false,
        }
        true
    }
}
