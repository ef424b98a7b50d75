//! Parameters that are functions: what is passed for them, and calls of it. Each call is replaced by the body of the
//! lambda, checked against the type that the parameter declares.

use super::inline::Parameter;
use super::module::{Definition, Use};
use super::operators::Operand;
use super::scope::{Found, Lambda, Row, Value};
use super::types::Declared;
use super::{Checker, errors};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, ExprKind, Name, TypeExpr};
use crate::ty::{Kind, Type};
use std::rc::Rc;

/// A function that is named where a function is wanted.
pub(super) enum Named<'a> {
    /// One of the script.
    Users(Definition<'a>),
    /// One of the catalog.
    Catalogs(&'a str),
}

impl<'a> Checker<'a> {
    /// An argument: a lambda where a function is wanted, else its value.
    pub(super) fn argument(&mut self, expr: &'a ast::Expr, parameter: Parameter<'a>) -> Value<'a> {
        let value = self.lambda_or_value(expr, parameter);
        if let Value::Lambda(lambda) = value {
            self.passed.push(lambda);
        }
        value
    }

    fn lambda_or_value(&mut self, expr: &'a ast::Expr, parameter: Parameter<'a>) -> Value<'a> {
        let TypeExpr::Function(takes, ..) = &parameter.ast.ty else { return self.value(expr) };
        let lambda = |parameters, body, c: &Self| Lambda { parameters, body, scope: c.scope, of: Some(parameter) };
        match &expr.kind {
            ExprKind::Lambda { parameters, body } if parameters.len() == takes.len() => {
                Value::Lambda(lambda(parameters, body, self))
            }
            ExprKind::Lambda { parameters, .. } => {
                let (name, wanted) = (&parameter.ast.name, takes.len());
                self.unknown(errors::other_parameters(expr.span, parameters.len(), name.span, &name.text, wanted))
            }
            // A parameter that is itself a function may be passed on.
            ExprKind::Name(name) => match self.scopes.look_up(self.scope, name) {
                Found::Binding(Value::Lambda(lambda)) => Value::Lambda(lambda),
                _ => Value::Lambda(lambda(&[], expr, self)),
            },
            // Any other expression is one over the columns of the row where it is called, or names a function.
            _ => Value::Lambda(lambda(&[], expr, self)),
        }
    }

    /// A call of a parameter that is a function.
    pub(super) fn call_lambda(&mut self, lambda: Lambda<'a>, arguments: &'a [Argument], span: Span) -> Value<'a> {
        let Some(Parameter { ast: parameter, module }) = lambda.of else { return Value::Unknown };
        let name = &parameter.name.text;
        let TypeExpr::Function(takes, result, _) = &parameter.ty else { return Value::Unknown };
        let Some(given) = self.given(name, None, arguments) else { return Value::Unknown };
        if given.len() != takes.len() {
            let types: Vec<String> = takes.iter().map(|_| "…".to_string()).collect();
            let signature = format!("{name}({})", types.join(", "));
            return self.unknown(errors::argument_count(span, name, given.len(), &[signature]));
        }
        let mut evaluated = Vec::new();
        let mut values = Some(Vec::new());
        for ((_, expr), ty) in given.into_iter().zip(takes) {
            let declared = self.declared_in(module, ty);
            let value = self.value(expr);
            let value = self.pass(value, &declared, expr.span, name, &mut evaluated);
            values = values.zip(value).map(|(mut values, value)| {
                values.push(value);
                values
            });
        }
        let Some(values) = values else { return Value::Unknown };
        let value = self.applied(lambda, values, span);
        let declared = self.declared_in(module, result);
        let value = self.as_declared(value, &declared, name, lambda.body.span, result.span());
        self.after_arguments(value, &evaluated, span)
    }

    /// What a lambda, or a function whose name stands for one, gives for these values.
    pub(super) fn applied(&mut self, lambda: Lambda<'a>, values: Vec<Value<'a>>, span: Span) -> Value<'a> {
        self.applied.insert(lambda.body.span);
        if !lambda.parameters.is_empty() {
            return self.in_scope(lambda.scope, |c| {
                for (name, value) in lambda.parameters.iter().zip(values) {
                    c.bind(&name.text, name.span, value);
                }
                c.value(lambda.body)
            });
        }
        // Whoever wrote it sees all columns of the row where it is called.
        let row = self.scopes.row(self.scope);
        let row = row.map(|row| Rc::new(Row { hidden: Rc::default(), ..(*row).clone() }));
        let is_column = |name: &str| row.as_ref().is_some_and(|row| row.field(name).is_some());
        if let Some(function) = self.in_scope(lambda.scope, |c| c.named_function(lambda.body, &is_column)) {
            return self.call_named(function, lambda.body, values);
        }
        let Some(row) = row else {
            return self.unknown(errors::lambda_without_row(span));
        };
        self.in_scope(lambda.scope, |c| c.in_row(&row, |c| c.value(lambda.body)))
    }

    /// The function that an expression names, unless it names a value.
    pub(super) fn named_function(
        &mut self,
        expr: &'a ast::Expr,
        is_column: &dyn Fn(&str) -> bool,
    ) -> Option<Named<'a>> {
        match &expr.kind {
            ExprKind::Name(name) if !is_column(name) => {
                let is_bound = matches!(self.scopes.look_up(self.scope, name), Found::Binding(_) | Found::Both(_));
                match self.function(name).filter(|_| !is_bound) {
                    Some(definition) => Some(Named::Users(definition)),
                    None if is_bound || self.catalog.functions_named(name).is_empty() => None,
                    None => Some(Named::Catalogs(name)),
                }
            }
            ExprKind::Path(path) if self.is_function_of_module(path) => {
                self.function_of_module(path, Use::Function).map(Named::Users)
            }
            _ => None,
        }
    }

    /// A call of the function that `name` names.
    fn call_named(&mut self, function: Named<'a>, name: &'a ast::Expr, values: Vec<Value<'a>>) -> Value<'a> {
        match function {
            Named::Users(definition) => self.call_with_values(definition, values, name.span),
            Named::Catalogs(function) => {
                let operand = |value| Some((None, Operand { id: self.as_scalar(value, name.span)?, ast: name }));
                let Some(operands) = values.into_iter().map(operand).collect::<Option<Vec<_>>>() else {
                    return Value::Unknown;
                };
                let said = self.diagnostics.len();
                let call = self.call_catalog(function, name.span, &operands);
                // No argument stands in the script that could be changed.
                for diagnostic in &mut self.diagnostics[said..] {
                    diagnostic.help.clear();
                    diagnostic.edits.clear();
                }
                super::expr::or_unknown(call)
            }
        }
    }

    /// The result of a function as the type that is declared for it, `there`.
    pub(super) fn as_declared(
        &mut self,
        value: Value<'a>,
        declared: &Declared,
        function: &str,
        span: Span,
        there: Span,
    ) -> Value<'a> {
        let (wanted, schema) = match declared {
            Declared::Type(ty) => (ty.clone(), None),
            Declared::Record { schema, open } => (Type::record(schema.clone()), Some((schema, *open))),
            Declared::Stream(_) | Declared::Function | Declared::Any | Declared::Unknown => return value,
        };
        if let (Value::Record(fields), Kind::Record(own)) = (&value, &wanted.kind) {
            let (schema, open) = schema.unwrap_or((own, false));
            return self.pass_record(fields, schema, open, span, function).unwrap_or(Value::Unknown);
        }
        let Some(id) = self.as_scalar(value, span) else { return Value::Unknown };
        match self.convert(id, &wanted) {
            Some(id) => match (schema, &self.ty(id).kind) {
                (Some((schema, _)), _) => Value::Record(Rc::new(self.taken_apart(id, schema))),
                (None, _) => Value::Expr(id),
            },
            None => {
                let found = self.ty(id).clone();
                let who = format!("the result of `{function}`");
                self.unknown(errors::wanted(span, &who, &wanted, &found).label(there, "declared here"))
            }
        }
    }

    /// `o => e` over the row.
    pub(super) fn apply_to_row(
        &mut self,
        parameters: &'a [Name],
        body: &'a ast::Expr,
        row: Value<'a>,
        span: Span,
    ) -> Value<'a> {
        let [parameter] = parameters else {
            return self.unknown(errors::argument_count(span, "map", parameters.len(), &["map row => value".into()]));
        };
        let scope = self.scope;
        self.in_scope(scope, |c| {
            c.bind(&parameter.text, parameter.span, row);
            c.value(body)
        })
    }
}
