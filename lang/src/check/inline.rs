//! The user's functions and lambdas: each call is replaced by the body. Those that call themselves are in `recursion.rs`.
//!
//! What a call promises is kept although no call is left: all arguments are evaluated, left to right, before null is
//! looked at, and a null where the parameter takes none gives null without the body.

use super::generic::Letters;
use super::module::Definition;
use super::rows_argument::shown;
use super::scope::{Entry, Stream, Value};
use super::types::Declared;
use super::{Checker, build, errors};
use crate::ir::{Expr, ExprId};
use crate::modules::ModuleId;
use crate::scalar::Comparison;
use crate::source::Span;
use crate::syntax::ast::{self, Argument, Name};
use crate::ty::{Kind, Schema, Type};
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

/// What a call has before the arguments in its parentheses.
pub(super) enum First<'a> {
    Nothing,
    /// The receiver of a method, and whether `?.` stands behind it.
    Receiver(&'a ast::Expr, bool),
    /// The stream before a stage.
    Stream(Stream, Span),
}

/// A parameter of a function, and the module whose types it names.
#[derive(Clone, Copy)]
pub(super) struct Parameter<'a> {
    pub ast: &'a ast::FunctionParameter,
    pub module: ModuleId,
}

/// An argument as it is evaluated: where its value may be null but the parameter takes none, `lifted`.
#[derive(Clone, Copy)]
pub(super) struct Evaluated {
    pub id: ExprId,
    pub lifted: bool,
}

impl<'a> Checker<'a> {
    /// `xs | f a` is `f(xs, a)`.
    pub(super) fn call_as_stage(
        &mut self,
        function: Definition<'a>,
        input: Stream,
        span: Span,
        stage: &'a ast::Stage,
    ) -> Value<'a> {
        let name = &function.function.name;
        for (word, clause) in stage.by.iter().map(|by| (by.0, "by")).chain(stage.on.iter().map(|on| (on.0, "on"))) {
            self.report(errors::no_such_clause(word, &name.text, clause));
        }
        self.call_user(function, First::Stream(input, span), &stage.arguments, stage.span)
    }

    /// A call of a user's function.
    pub(super) fn call_user(
        &mut self,
        definition: Definition<'a>,
        first: First<'a>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Value<'a> {
        let function = definition.function;
        let name = &function.name;
        let (receiver, mut stream) = match first {
            First::Nothing => (None, None),
            First::Receiver(receiver, null_safe) => (Some((receiver, null_safe)), None),
            First::Stream(stream, span) => (None, Some((stream, span))),
        };
        let given = self.given(&name.text, receiver.map(|(receiver, _)| receiver), arguments);
        let Some(given) = given else { return Value::Unknown };
        let shift = usize::from(stream.is_some());
        let labels = given.iter().map(|(label, _)| *label);
        let Some(places) = places(function, std::iter::repeat_n(None, shift).chain(labels)) else {
            let count = given.len() + shift;
            return self.unknown(errors::argument_count(span, &name.text, count, &[signature(function)]));
        };
        let mut evaluated = Vec::new();
        let mut arguments = Vec::new();
        for (at, place) in places.iter().enumerate() {
            let parameter = Parameter { ast: &function.parameters[*place], module: definition.module };
            let (value, span) = match (stream.take(), at.checked_sub(shift).map(|at| given[at].1)) {
                (Some((stream, span)), _) => (Value::Stream(stream), span),
                (None, Some(expr)) => (self.argument(expr, parameter), expr.span),
                (None, None) => continue,
            };
            let value = match (value, receiver) {
                (Value::Expr(id), Some((_, true))) if at == 0 => Value::Expr(self.without_null(id, &mut evaluated)),
                (value, _) => value,
            };
            arguments.push((parameter, value, span));
        }
        self.call_with(definition, arguments, &places, evaluated, span)
    }

    /// A call of a user's function with values that are passed by position.
    pub(super) fn call_with_values(
        &mut self,
        definition: Definition<'a>,
        values: Vec<Value<'a>>,
        span: Span,
    ) -> Value<'a> {
        let function = definition.function;
        let Some(places) = places(function, values.iter().map(|_| None)) else {
            let error = errors::argument_count(span, &function.name.text, values.len(), &[signature(function)]);
            return self.unknown(error);
        };
        let arguments = values.into_iter().zip(&function.parameters).map(|(value, ast)| {
            let parameter = Parameter { ast, module: definition.module };
            (parameter, value, span)
        });
        self.call_with(definition, arguments.collect(), &places, Vec::new(), span)
    }

    /// A call with these arguments, each for the parameter at its place; what has been evaluated for them is known.
    fn call_with(
        &mut self,
        definition: Definition<'a>,
        mut arguments: Vec<(Parameter<'a>, Value<'a>, Span)>,
        places: &[usize],
        mut evaluated: Vec<Evaluated>,
        span: Span,
    ) -> Value<'a> {
        let function = definition.function;
        let name = &function.name;
        let hidden_from_caller: HashSet<Arc<str>> =
            arguments.iter().flat_map(|argument| hidden_in(&argument.1)).collect();
        let letters = self.letters_of(&name.text, &mut arguments);
        let mut values: Vec<Option<Value<'a>>> = vec![None; function.parameters.len()];
        let mut known = letters.is_some();
        let letters = letters.unwrap_or_default();
        for ((parameter, value, span), place) in arguments.into_iter().zip(places) {
            let declared = self.declared_with(&letters, definition.module, &parameter.ast.ty);
            let value = self.pass(value, &declared, span, &name.text, &mut evaluated);
            known &= value.is_some();
            values[*place] = value;
        }
        if !known {
            self.called.insert(name.span);
            return Value::Unknown;
        }
        let values = self.with_defaults(definition, values, &letters);
        if self.is_recursive(definition) {
            return self.call_routine(definition, values, &evaluated, span);
        }
        let result = match self.inlined(definition, values, &letters, span) {
            Value::Stream(stream) => Value::Stream(shown(stream, &hidden_from_caller)),
            result => result,
        };
        self.after_arguments(result, &evaluated, span)
    }

    /// A value as the parameter takes it; what is evaluated for it is noted.
    pub(super) fn pass(
        &mut self,
        value: Value<'a>,
        declared: &Declared,
        span: Span,
        function: &str,
        evaluated: &mut Vec<Evaluated>,
    ) -> Option<Value<'a>> {
        match (declared, value) {
            (_, Value::Unknown) => None,
            (Declared::Any | Declared::Unknown, value) => Some(value),
            (Declared::Stream(row), value) => {
                let stream = self.as_stream(value, span);
                self.pass_stream(stream, row, span, function).map(Value::Stream)
            }
            (Declared::Record { schema, open }, Value::Record(fields)) => {
                self.pass_record(&fields, schema, *open, span, function)
            }
            (Declared::Record { schema, open }, Value::Expr(id)) if matches!(self.ty(id).kind, Kind::Record(_)) => {
                let given = self.without_null(id, evaluated);
                let Kind::Record(own) = self.ty(given).kind.clone() else { return None };
                let fields = self.taken_apart(given, &own);
                self.pass_record(&fields, schema, *open, span, function)
            }
            (Declared::Function, value @ Value::Lambda(_)) => Some(value),
            (Declared::Type(ty), value) => {
                let value = match (value, &ty.kind) {
                    (Value::Record(fields), Kind::Record(schema)) => {
                        self.pass_record(&fields, schema, false, span, function)?
                    }
                    (value, _) => value,
                };
                let given = self.as_scalar(value, span)?;
                let found = self.ty(given).clone();
                let Some(id) = self.coerce(given, &ty.kind) else {
                    let who = format!("`{function}`");
                    self.report(errors::wanted(span, &who, ty, &found));
                    return None;
                };
                let lifted = !ty.nullable && self.ty(id).nullable;
                if lifted || !self.is_sure(given) {
                    evaluated.push(Evaluated { id: given, lifted });
                }
                if !lifted {
                    let ty = self.ty(id).clone().or_null_if(ty.nullable);
                    return Some(Value::Expr(self.with_type(id, ty)));
                }
                let ty = self.ty(id).clone().without_null();
                Some(Value::Expr(self.add(Expr::NonNull(id), ty)))
            }
            (Declared::Record { .. } | Declared::Function, value) => {
                let found = self.type_of(&value);
                self.report(errors::no_record_argument(span, function, &found));
                None
            }
        }
    }

    /// A record that is an argument, as one that is not null: where it is, the call gives null.
    fn without_null(&mut self, id: ExprId, evaluated: &mut Vec<Evaluated>) -> ExprId {
        let lifted = self.ty(id).nullable;
        if lifted || !self.is_sure(id) {
            evaluated.push(Evaluated { id, lifted });
        }
        if !lifted {
            return id;
        }
        let ty = self.ty(id).clone().without_null();
        self.add(Expr::NonNull(id), ty)
    }

    /// A record with the declared fields; others are left out unless the type is open.
    pub(super) fn pass_record(
        &mut self,
        fields: &[(Arc<str>, Value<'a>)],
        schema: &Schema,
        open: bool,
        span: Span,
        function: &str,
    ) -> Option<Value<'a>> {
        let mut passed = Vec::new();
        for field in &schema.fields {
            let Some((_, value)) = fields.iter().find(|given| given.0 == field.name) else {
                let names: Vec<&str> = fields.iter().map(|field| &*field.0).collect();
                self.report(errors::missing_field(span, function, &field.name, &names));
                return None;
            };
            let value = match (value, &field.ty.kind) {
                (Value::Unknown | Value::Stream(_) | Value::Lambda(_), _) | (_, Kind::Unknown) => value.clone(),
                (Value::Record(inner), Kind::Record(schema)) => {
                    self.pass_record(inner, schema, false, span, function)?
                }
                (value, _) => {
                    let given = self.as_scalar(value.clone(), span)?;
                    match self.convert(given, &field.ty) {
                        Some(id) => Value::Expr(id),
                        None => {
                            let found = self.ty(given).clone();
                            let who = format!("the field `{}` of `{function}`", field.name);
                            self.report(errors::wanted(span, &who, &field.ty, &found));
                            return None;
                        }
                    }
                }
            };
            passed.push((field.name.clone(), value));
        }
        let others = fields.iter().filter(|given| open && schema.position(&given.0).is_none());
        passed.extend(others.cloned());
        Some(Value::Record(Rc::new(passed)))
    }

    /// The values of all parameters; a default sees what the function sees and the parameters before it.
    fn with_defaults(
        &mut self,
        definition: Definition<'a>,
        values: Vec<Option<Value<'a>>>,
        letters: &Letters,
    ) -> Vec<Value<'a>> {
        let function = definition.function;
        let mut scope = self.function_scope(definition);
        let mut complete: Vec<Value<'a>> = Vec::new();
        for (parameter, value) in function.parameters.iter().zip(values) {
            let value = match (value, &parameter.default) {
                (Some(value), _) => value,
                (None, Some(default)) => {
                    let declared = self.declared_with(letters, definition.module, &parameter.ty);
                    let value = self.in_scope(scope, |c| c.value(default));
                    let passed = self.pass(value, &declared, default.span, &function.name.text, &mut Vec::new());
                    passed.unwrap_or(Value::Unknown)
                }
                (None, None) => Value::Unknown,
            };
            let (name, span) = (parameter.name.text.clone(), parameter.name.span);
            scope = self.scopes.enter(scope, Entry::Binding { name, span, value: value.clone() });
            complete.push(value);
        }
        complete
    }

    /// What the body of a function sees: the `let`s and `param`s above it that have been reached.
    pub(super) fn function_scope(&self, definition: Definition<'a>) -> super::scope::Scope {
        let scopes = &self.names_of(definition.module).scopes;
        scopes[definition.sees.min(scopes.len() - 1)]
    }

    /// The body of a function with these values for its parameters.
    pub(super) fn inlined(
        &mut self,
        definition: Definition<'a>,
        values: Vec<Value<'a>>,
        letters: &Letters,
        span: Span,
    ) -> Value<'a> {
        let function = definition.function;
        let name = &function.name;
        self.called.insert(name.span);
        if self.inlining.len() >= build::MOST_INLINED {
            if !self.exhausted {
                self.exhaust(errors::inlined_too_deep(span, build::MOST_INLINED));
            }
            return Value::Unknown;
        }
        let site = self.site(span);
        let outside = (self.caller.replace(site), self.aggregation.take(), self.stage_name.take());
        self.inlining.push(name.span);
        let scope = self.function_scope(definition);
        let value = self.in_scope(scope, |c| {
            for (parameter, value) in function.parameters.iter().zip(values) {
                c.bind(&parameter.name.text, parameter.name.span, value);
            }
            let value = c.block(&function.body);
            c.result(definition, letters, value)
        });
        self.inlining.pop();
        (self.caller, self.aggregation, self.stage_name) = outside;
        value
    }

    /// The value of a body as the declared result.
    pub(super) fn result(&mut self, definition: Definition<'a>, letters: &Letters, value: Value<'a>) -> Value<'a> {
        let function = definition.function;
        let Some(result) = &function.result else { return value };
        let declared = self.declared_with(letters, definition.module, result);
        let span = function.body.value.as_ref().map_or(function.body.span, |value| value.span);
        match (&declared, value) {
            (_, Value::Unknown) => Value::Unknown,
            (Declared::Stream(row), value) => {
                let stream = self.as_stream(value, span);
                let rows = self.as_declared_rows(stream, row, span, &function.name.text);
                rows.map_or(Value::Unknown, Value::Stream)
            }
            (declared, value) => self.as_declared(value, declared, &function.name.text, span, result.span()),
        }
    }

    /// The result of a call after its arguments have been evaluated: null if one of them is null that must not be.
    pub(super) fn after_arguments(&mut self, result: Value<'a>, evaluated: &[Evaluated], span: Span) -> Value<'a> {
        let mut arguments: Vec<Evaluated> = Vec::new();
        for argument in evaluated {
            match arguments.iter_mut().find(|other| other.id == argument.id) {
                Some(other) => other.lifted |= argument.lifted,
                None => arguments.push(*argument),
            }
        }
        let lifted = arguments.iter().any(|argument| argument.lifted);
        match result {
            Value::Expr(body) => {
                let ids: Vec<ExprId> = arguments.iter().map(|argument| argument.id).collect();
                if !lifted && self.evaluates_in_order(body, &ids) {
                    return Value::Expr(body);
                }
                let Some(is_null) = self.any_null(&arguments) else { return Value::Expr(body) };
                let then = if lifted { self.null_of(&self.ty(body).clone()) } else { body };
                super::expr::or_unknown(self.if_expr(is_null, then, body))
            }
            Value::Record(fields) => {
                let after = |c: &mut Self, value: &Value<'a>| c.after_arguments(value.clone(), evaluated, span);
                Value::Record(Rc::new(fields.iter().map(|(n, value)| (n.clone(), after(self, value))).collect()))
            }
            Value::Stream(_) if lifted => self.unknown(errors::null_for_stream(span)),
            result => result,
        }
    }

    /// Whether one of the arguments is null, all of them evaluated in order: `or` would not look at the second where
    /// the first is null, but `not a <= b` of two `bool`s is the `or` that does.
    fn any_null(&mut self, arguments: &[Evaluated]) -> Option<ExprId> {
        let mut any = None;
        for argument in arguments {
            let null = self.null_of(&self.ty(argument.id).clone());
            let is_null = self.add(Expr::Compare(Comparison::Equal, argument.id, null), Type::BOOL);
            any = Some(match any {
                None => is_null,
                Some(any) => {
                    let none = self.add(Expr::Not(any), Type::BOOL);
                    self.add(Expr::Compare(Comparison::LessOrEqual, none, is_null), Type::BOOL)
                }
            });
        }
        any
    }

    /// Whether an expression by itself evaluates these in this order before anything else that could fail.
    fn evaluates_in_order(&self, body: ExprId, arguments: &[ExprId]) -> bool {
        let mut next = 0;
        self.evaluates_next(body, arguments, &mut next) && next == arguments.len()
    }

    fn evaluates_next(&self, id: ExprId, arguments: &[ExprId], next: &mut usize) -> bool {
        let argument = arguments.iter().position(|argument| *argument == id);
        if *next == arguments.len() || argument.is_some_and(|at| at < *next) {
            return true;
        }
        if argument == Some(*next) {
            *next += 1;
            return true;
        }
        let expr = self.plan.exprs.get(id);
        let operands = expr.operands();
        let (first, all) = match expr {
            Expr::Column(column) => return !self.unsure.contains(column),
            Expr::And(..) | Expr::Or(..) | Expr::Coalesce(..) | Expr::If(..) => (&operands[..1], false),
            // A body is not evaluated where there is no item.
            _ if !expr.binds().is_empty() => (&operands[..operands.len() - 1], false),
            _ => (&operands[..], true),
        };
        let in_order = first.iter().all(|operand| self.evaluates_next(*operand, arguments, next));
        match argument {
            // An argument may stand inside another one; evaluating that evaluates both.
            Some(at) if in_order && at == *next => {
                *next += 1;
                true
            }
            Some(_) => false,
            None => in_order && (*next == arguments.len() || (all && self.plan.exprs.site(id).is_none())),
        }
    }
}

/// The columns of a stream that its user does not see.
fn hidden_in(value: &Value) -> Vec<Arc<str>> {
    match value {
        Value::Stream(stream) => stream.row.hidden.iter().cloned().collect(),
        Value::Expr(_) | Value::Record(_) | Value::List(_) | Value::Range(_) | Value::Lambda(_) | Value::Unknown => {
            Vec::new()
        }
    }
}

/// For each argument the position of its parameter; `None` if they do not match.
fn places<'a>(function: &ast::Function, labels: impl Iterator<Item = Option<&'a Name>>) -> Option<Vec<usize>> {
    let mut places = Vec::new();
    for (at, label) in labels.enumerate() {
        let place = match label {
            Some(label) => function.parameters.iter().position(|parameter| parameter.name.text == label.text)?,
            None => at,
        };
        if place >= function.parameters.len() || places.contains(&place) {
            return None;
        }
        places.push(place);
    }
    let missing =
        |(at, parameter): (usize, &ast::FunctionParameter)| parameter.default.is_none() && !places.contains(&at);
    (!function.parameters.iter().enumerate().any(missing)).then_some(places)
}

/// `f(a, b, n?)`
fn signature(function: &ast::Function) -> String {
    let name = |parameter: &ast::FunctionParameter| {
        format!("{}{}", parameter.name.text, if parameter.default.is_some() { "?" } else { "" })
    };
    let parameters: Vec<String> = function.parameters.iter().map(name).collect();
    format!("{}({})", function.name.text, parameters.join(", "))
}
