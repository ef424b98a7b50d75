//! The parameters of a script and the values that they are given: on the command line as text, by a host as scalars.

use super::scope::Value;
use super::types::Declared;
use super::{Checker, errors};
use crate::calendar;
use crate::scalar::Scalar;
use crate::source::Span;
use crate::syntax::ast;
use crate::ty::{Kind, Type};
use std::sync::Arc;

/// The values for `param`s, by name.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    /// Name and value; of a name that is given twice the last counts.
    pub values: Vec<(Arc<str>, ParameterValue)>,
}

/// A value for a `param`.
#[derive(Clone, Debug, PartialEq)]
pub enum ParameterValue {
    /// As typed on the command line; read as the parameter's type says.
    Text(String),
    /// A value.
    Scalar(Scalar),
}

impl<N: Into<Arc<str>>> FromIterator<(N, String)> for Parameters {
    /// Parameters as typed on a command line.
    fn from_iter<I: IntoIterator<Item = (N, String)>>(given: I) -> Parameters {
        let values = given.into_iter().map(|(name, text)| (name.into(), ParameterValue::Text(text)));
        Parameters { values: values.collect() }
    }
}

impl Parameters {
    fn get(&self, name: &str) -> Option<&ParameterValue> {
        self.values.iter().rev().find(|(given, _)| &**given == name).map(|(_, value)| value)
    }
}

impl<'a> Checker<'a> {
    /// `param name: type = default`: what it is given, else its default.
    pub(super) fn script_parameter(&mut self, parameter: &'a ast::ScriptParameter) -> Value<'a> {
        let ty = match self.declared(&parameter.ty) {
            Declared::Type(ty) if is_readable(&ty.kind) => ty,
            Declared::Unknown => return Value::Unknown,
            Declared::Type(_) | Declared::Record { .. } | Declared::Stream(_) | Declared::Function | Declared::Any => {
                return self.unknown(errors::not_yet(parameter.ty.span(), "a parameter of this type"));
            }
        };
        let (name, parameters) = (&parameter.name, self.parameters);
        match (parameters.get(&name.text), &parameter.default) {
            (Some(ParameterValue::Text(text)), _) => match read_text(text, &ty.kind) {
                Some(value) => self.typed_constant(value, &ty),
                None => self.unknown(errors::parameter_text(name.span, &name.text, text, &ty)),
            },
            (Some(ParameterValue::Scalar(value)), _) => {
                let id = self.constant(value.clone());
                self.fitting(id, &ty, name.span)
            }
            (None, Some(default)) => match self.scalar(default) {
                Some(id) => self.fitting(id, &ty, default.span),
                None => Value::Unknown,
            },
            (None, None) => self.unknown(errors::parameter_missing(name.span, &name.text, &ty)),
        }
    }

    /// A value as one of the parameter's type.
    fn fitting(&mut self, id: crate::ir::ExprId, ty: &Type, span: Span) -> Value<'a> {
        let found = self.ty(id).clone();
        match self.coerce(id, &ty.kind) {
            Some(id) if ty.nullable || !self.ty(id).nullable => match self.plan.exprs.as_constant(id).cloned() {
                Some(value) => self.typed_constant(value, ty),
                None => Value::Expr(id),
            },
            _ => self.unknown(errors::wanted(span, "this parameter", ty, &found)),
        }
    }

    /// A constant of a parameter's type: nullable only if it is null.
    fn typed_constant(&mut self, value: Scalar, ty: &Type) -> Value<'a> {
        let ty = ty.clone().without_null().or_null_if(value == Scalar::Null);
        Value::Expr(self.plan.exprs.literal(value, ty))
    }

    /// Says which given parameters the script does not have.
    pub(super) fn unknown_parameters(&mut self, script: &ast::Script) {
        let declared: Vec<&str> = script
            .statements
            .iter()
            .filter_map(|statement| match statement {
                ast::Statement::Parameter(parameter) => Some(&*parameter.name.text),
                _ => None,
            })
            .collect();
        for (name, _) in &self.parameters.values {
            if !declared.contains(&&**name) {
                let near = crate::diagnostic::did_you_mean(name, declared.iter().copied());
                self.diagnostics.push(errors::unknown_parameter(name, &near));
            }
        }
    }
}

/// Whether a text on the command line can be read as that kind.
fn is_readable(kind: &Kind) -> bool {
    matches!(kind, Kind::Int | Kind::Float | Kind::Bool | Kind::String | Kind::Date | Kind::DateTime | Kind::Duration)
}

/// The value that a text on the command line is.
fn read_text(text: &str, kind: &Kind) -> Option<Scalar> {
    match kind {
        Kind::Int => text.replace('_', "").parse().ok().map(Scalar::Int),
        Kind::Float => text.replace('_', "").parse().ok().map(Scalar::Float),
        Kind::Bool => text.parse().ok().map(Scalar::Bool),
        Kind::String => Some(Scalar::String(text.into())),
        Kind::Date => calendar::parse_date(text.as_bytes()).map(Scalar::Date),
        Kind::DateTime => calendar::parse_datetime(text.as_bytes()).map(Scalar::DateTime),
        Kind::Duration => calendar::parse_duration(text).map(Scalar::Duration),
        _ => None,
    }
}
