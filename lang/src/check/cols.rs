//! `cols(r"^\d{4}$")`, `cols(float)`: the columns of a row whose names match a pattern, or that are of a type. Which they
//! are is known when the script is compiled. It stands where several columns may: in `select` and `drop`, in a list of
//! columns, and in a reducer, which is then there once for each of them.

use super::scope::{Row, Value};
use super::{Checker, errors};
use crate::aliases;
use crate::diagnostic::did_you_mean;
use crate::ir::{ExprId, OutputField};
use crate::scalar::Scalar;
use crate::source::Span;
use crate::syntax::ast::{self, Argument, ArgumentValue, ExprKind, Label};
use crate::ty::Kind;

/// The types that columns can be chosen by.
const TYPES: [(&str, Kind); 9] = [
    ("int", Kind::Int),
    ("float", Kind::Float),
    ("bool", Kind::Bool),
    ("string", Kind::String),
    ("bytes", Kind::Bytes),
    ("date", Kind::Date),
    ("datetime", Kind::DateTime),
    ("duration", Kind::Duration),
    ("json", Kind::Json),
];

/// What columns are chosen by.
enum Choice<'p> {
    /// A name that a regular expression matches.
    Pattern(ExprId, &'p str),
    /// A name that has this in it.
    Text(&'p str),
    /// A type, null or not.
    Type(&'p str, Kind),
}

/// The arguments of `cols(…)`, if that is what an expression is.
pub(super) fn cols_call(expr: &ast::Expr) -> Option<&[Argument]> {
    match &expr.kind {
        ExprKind::Call { function, arguments } if matches!(function.as_slice(), [name] if &*name.text == "cols") => {
            Some(arguments)
        }
        ExprKind::Parenthesized(inner) => cols_call(inner),
        _ => None,
    }
}

impl<'a> Checker<'a> {
    /// The columns that `cols(arguments)` stands for, in the order of the row; reports that there are none.
    pub(super) fn columns_called(&mut self, row: &Row, arguments: &'a [Argument], span: Span) -> Vec<OutputField> {
        let mut choices = Vec::new();
        for argument in arguments {
            match self.choice(argument) {
                Some(choice) => choices.push(choice),
                None => return Vec::new(),
            }
        }
        if choices.is_empty() {
            self.report(errors::cols_of_nothing(span));
        }
        if choices.is_empty() || !row.known {
            return Vec::new();
        }
        let mut fields = Vec::new();
        for field in row.fields.iter().filter(|field| row.field(&field.name).is_some()) {
            match choices.iter().map(|choice| self.is_chosen(choice, field, span)).collect::<Option<Vec<bool>>>() {
                Some(chosen) if chosen.contains(&true) => fields.push(field.clone()),
                Some(_) => {}
                None => return Vec::new(),
            }
        }
        if fields.is_empty() {
            self.report(no_columns(row, &choices, span));
        }
        fields
    }

    fn choice(&mut self, argument: &'a Argument) -> Option<Choice<'a>> {
        let expr = match (&argument.label, &argument.value) {
            (Label::None, ArgumentValue::Expr(expr)) => expr,
            (Label::Option(name) | Label::Column(name), _) => {
                self.report(errors::unknown_option(name.span, "cols", &name.text, &[]));
                return None;
            }
            (Label::None, ArgumentValue::Type(_)) => return None,
        };
        match &expr.kind {
            ExprKind::RawString(pattern) => {
                let id = self.constant(Scalar::String(pattern.clone()));
                Some(Choice::Pattern(id, pattern))
            }
            ExprKind::String(text) => Some(Choice::Text(text)),
            ExprKind::Name(name) => {
                let hosts = self.catalog.opaque_types();
                if let Some((known, kind)) = TYPES.iter().find(|(known, _)| **known == **name) {
                    return Some(Choice::Type(known, kind.clone()));
                }
                if hosts.contains(name) {
                    return Some(Choice::Type(name, Kind::Opaque(name.clone())));
                }
                let known = TYPES.iter().map(|(known, _)| *known).chain(hosts.iter().map(|name| &**name));
                let mut near = did_you_mean(name, known);
                near.splice(0..0, aliases::type_name(name));
                self.report(errors::cols_type(expr.span, name, &near));
                None
            }
            _ => {
                self.report(errors::cols_argument(expr.span));
                None
            }
        }
    }

    /// Whether a column is chosen; nothing if that cannot be said, which is reported.
    fn is_chosen(&mut self, choice: &Choice, field: &OutputField, span: Span) -> Option<bool> {
        match choice {
            Choice::Text(text) => Some(field.name.contains(text)),
            Choice::Type(_, kind) => Some(self.plan.column(field.column).ty.kind == *kind),
            Choice::Pattern(pattern, _) => {
                let matches = self.catalog.functions_named("matches").first().copied()?;
                let name = self.constant(Scalar::String(field.name.clone()));
                let call = self.call_expr(matches, vec![name, *pattern], span);
                Some(self.evaluate(call, span)? == Scalar::Bool(true))
            }
        }
    }

    /// `cols(…)` where an expression stands: the column that it is just now, if it is there once for each.
    pub(super) fn cols_value(&mut self, span: Span) -> Value<'a> {
        match self.spread {
            Some(column) => Value::Expr(self.mention(column)),
            None => self.unknown(errors::cols_as_value(span)),
        }
    }
}

/// E0201 with what is near.
fn no_columns(row: &Row, choices: &[Choice], span: Span) -> crate::diagnostic::Diagnostic {
    let columns: Vec<&str> = row.names().collect();
    match choices {
        _ if columns.is_empty() => errors::no_columns(span, "cols", row.from, None),
        [Choice::Type(name, _)] => errors::cols_without_type(span, name, &columns, row.from),
        [Choice::Pattern(_, pattern) | Choice::Text(pattern)] => {
            let letters: String = pattern.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect();
            let near = did_you_mean(&letters, columns.iter().copied());
            errors::cols_without_name(span, pattern, &columns, row.from, &near)
        }
        _ => errors::cols_without_any(span, &columns, row.from),
    }
}
