//! The parameters of a script and the values that they are given: on the command line as text, by a host as scalars.

use super::scope::Value;
use super::types::Declared;
use super::{Checker, errors, parameter_text};
use crate::ir::ExprId;
use crate::scalar::Scalar;
use crate::source::Span;
use crate::syntax::ast;
use crate::ty::{Kind, Type};
use std::rc::Rc;
use std::sync::Arc;

/// The values for `param`s, by name.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    /// Name and value; of a name that is given twice the last counts, and where the parameter is a list all of them.
    pub values: Vec<(Arc<str>, ParameterValue)>,
    /// Whether a required one may be missing, because nothing is to be run: then it is some value of its type.
    pub may_be_missing: bool,
    /// How the user gives them, for help.
    pub way: ParameterWay,
}

/// How the user gives values to parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ParameterWay {
    /// Behind the file of the script: `report.pipe --year 2024`.
    #[default]
    BehindFile,
    /// Behind all files: `test report.pipe -- --year 2024`.
    BehindDashes,
    /// At a prompt: `:set year 2024`.
    Prompt,
    /// At a prompt, behind the file of a script: `:load report.pipe --year 2024`.
    Load,
    /// By the program that the script is embedded in.
    Host,
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
        Parameters { values: values.collect(), ..Parameters::default() }
    }
}

impl Parameters {
    /// All values of a name, in order.
    fn all<'p>(&'p self, name: &'p str) -> impl DoubleEndedIterator<Item = &'p ParameterValue> {
        self.values.iter().filter(move |(given, _)| &**given == name).map(|(_, value)| value)
    }

    /// The text with commas that is all that a list is given.
    fn one_text<'p>(&'p self, name: &'p str, item: &Kind) -> Option<&'p str> {
        let mut given = self.all(name);
        match (given.next(), given.next()) {
            (Some(ParameterValue::Text(text)), None) if text.contains(',') => {
                parameter_text::written_list(text, item).is_none().then_some(text)
            }
            _ => None,
        }
    }
}

impl<'a> Checker<'a> {
    /// `param name: type = default`: what it is given, else its default.
    pub(super) fn script_parameter(&mut self, parameter: &'a ast::ScriptParameter) -> Value<'a> {
        let ty = match self.declared(&parameter.ty) {
            Declared::Type(ty) => ty,
            Declared::Unknown => return Value::Unknown,
            Declared::Record { .. } | Declared::Stream(_) | Declared::Function | Declared::Any => {
                return self.unknown(errors::not_yet(parameter.ty.span(), "a parameter of this type"));
            }
        };
        match &ty.kind {
            Kind::List(item) if can_be_given(&item.kind) && !ty.nullable => self.list_parameter(parameter, item),
            kind if can_be_given(kind) => self.single_parameter(parameter, &ty),
            _ => self.unknown(errors::not_yet(parameter.ty.span(), "a parameter of this type")),
        }
    }

    fn single_parameter(&mut self, parameter: &'a ast::ScriptParameter, ty: &Type) -> Value<'a> {
        let parameters = self.parameters;
        match (parameters.all(&parameter.name.text).next_back(), &parameter.default) {
            (Some(given), _) => self.given_value(given, &parameter.name, ty),
            (None, Some(default)) => match self.scalar(default) {
                Some(id) => self.fitting(id, ty, default.span),
                None => Value::Unknown,
            },
            (None, None) => self.missing(parameter, ty),
        }
    }

    /// A list has a value for each time that it is given.
    fn list_parameter(&mut self, parameter: &'a ast::ScriptParameter, item: &Type) -> Value<'a> {
        let (name, parameters) = (&parameter.name, self.parameters);
        let mut items = Vec::new();
        if let Some(text) = parameters.one_text(&name.text, &item.kind) {
            let texts: Vec<&str> = text.split(',').map(|text| text.trim_matches([' ', '[', ']', '"'])).collect();
            let way = parameters.way.list_help(&name.text, &texts, &item.kind);
            let told = errors::one_text_for_list(name.span, &name.text, text, &way);
            // A text may have a comma; nothing else can.
            if item.kind != Kind::String {
                return self.unknown(told);
            }
            self.report(told.as_warning());
        }
        for given in parameters.all(&name.text) {
            for value in values_of(given, &item.kind) {
                items.push(self.given_value(&value, name, item));
            }
        }
        match (parameters.all(&name.text).next(), &parameter.default) {
            (Some(_), _) => Value::List(Rc::new(items)),
            (None, Some(default)) => match self.value(default) {
                Value::List(items) => {
                    let fitted = items.iter().map(|value| match self.as_scalar(value.clone(), default.span) {
                        Some(id) => self.fitting(id, item, default.span),
                        None => Value::Unknown,
                    });
                    Value::List(Rc::new(fitted.collect()))
                }
                Value::Unknown => Value::Unknown,
                other => {
                    let (wanted, found) = (Type::of(Kind::List(Arc::new(item.clone()))), self.type_of(&other));
                    self.unknown(errors::wanted(default.span, "this parameter", &wanted, &found))
                }
            },
            (None, None) => match self.missing(parameter, item) {
                Value::Unknown => Value::Unknown,
                one => Value::List(Rc::new(vec![one])),
            },
        }
    }

    /// A value that was given, as one of the parameter's type.
    fn given_value(&mut self, given: &ParameterValue, name: &ast::Name, ty: &Type) -> Value<'a> {
        match given {
            ParameterValue::Text(text) => match parameter_text::value(text, &ty.kind) {
                Some(value) => self.typed_constant(value, ty),
                None if ty.kind.opaque().is_some() => {
                    self.unknown(errors::parameter_of_host(name.span, &name.text, ty, Some(text)))
                }
                None => self.unknown(errors::parameter_text(name.span, &name.text, text, ty)),
            },
            ParameterValue::Scalar(value) => {
                let id = self.constant(value.clone());
                self.fitting(id, ty, name.span)
            }
        }
    }

    /// A required parameter without a value; where nothing is to be run, some value of the type.
    fn missing(&mut self, parameter: &'a ast::ScriptParameter, ty: &Type) -> Value<'a> {
        if !self.parameters.may_be_missing {
            let written = self.declared(&parameter.ty);
            let ty = if let Declared::Type(ty) = &written { ty } else { ty };
            let ast::Name { text: name, span } = &parameter.name;
            if ty.kind.opaque().is_some() {
                return self.unknown(errors::parameter_of_host(*span, name, ty, None));
            }
            if self.meant.contains(name) {
                return Value::Unknown;
            }
            let way = self.parameters.way.help(name);
            return self.unknown(errors::parameter_missing(*span, name, ty, &way));
        }
        let column = self.add_column(&parameter.name.text, ty.clone(), None);
        self.awaited.insert(column);
        Value::Expr(self.plan.column_expr(column))
    }

    /// Whether a value is known as soon as the parameters have their values.
    pub(super) fn awaits_parameter(&self, id: ExprId) -> bool {
        !self.awaited.is_empty() && self.plan.exprs.columns(id).iter().any(|column| self.awaited.contains(column))
    }

    /// A value as one of the parameter's type; a constant if it is known now.
    fn fitting(&mut self, id: ExprId, ty: &Type, span: Span) -> Value<'a> {
        let found = self.ty(id).clone();
        match self.coerce(id, &ty.kind) {
            Some(id) if ty.nullable || !self.ty(id).nullable => match self.constant_value(id) {
                Some(Ok(value)) => self.typed_constant(value, ty),
                Some(Err(_)) | None => Value::Expr(id),
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
                self.meant.extend(near.iter().map(|name| Arc::from(*name)));
                self.diagnostics.push(errors::unknown_parameter(name, self.parameters.way, &near, &declared));
            }
        }
    }
}

/// Whether a parameter can be of that kind. A text on the command line is none of the host's values; a host has them.
fn can_be_given(kind: &Kind) -> bool {
    let is_spelled = matches!(
        kind,
        Kind::Int | Kind::Float | Kind::Bool | Kind::String | Kind::Date | Kind::DateTime | Kind::Duration
    );
    is_spelled || matches!(kind, Kind::Opaque(_))
}

/// The values that a list has of what it is given once.
fn values_of(given: &ParameterValue, item: &Kind) -> Vec<ParameterValue> {
    match given {
        ParameterValue::Scalar(Scalar::List(values)) => values.iter().cloned().map(ParameterValue::Scalar).collect(),
        ParameterValue::Text(text) => parameter_text::written_list(text, item).unwrap_or_else(|| vec![given.clone()]),
        ParameterValue::Scalar(_) => vec![given.clone()],
    }
}
