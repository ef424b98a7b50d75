//! Functions on lists that take a function: `xs.map(x => x + 1)`, `xs.fold(0, (sum, x) => sum + x)`. Each becomes an
//! expression of the plan with a body over a column that stands for the item.

use super::list_stage::ItemScope;
use super::operators::{Operand, is_ordered};
use super::rows::descending;
use super::scope::{Found, Lambda, Value};
use super::state::States;
use super::{Checker, errors};
use crate::diagnostic::did_you_mean;
use crate::ir::typing::natural_type;
use crate::ir::{ColumnId, Each, Expr, ExprId};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, ExprKind, Name};
use crate::ty::{Kind, Type};
use std::sync::Arc;

/// The functions on lists that take a function, each with an example.
pub(super) const METHODS: [(&str, &str); 8] = [
    ("map", "xs.map(x => x * 2)"),
    ("flat_map", "xs.flat_map(x => [x, x])"),
    ("filter", "xs.filter(x => x > 0)"),
    ("take_while", "xs.take_while(x => x > 0)"),
    ("skip_while", "xs.skip_while(x => x > 0)"),
    ("sort", "xs.sort(x => -x.price)"),
    ("fold", "xs.fold(0, (state, x) => state + x)"),
    ("scan", "xs.scan(0, (state, x) => state + x)"),
];

/// A function that works on items, as it is called.
#[derive(Clone, Copy)]
struct Method {
    name: &'static str,
    example: &'static str,
}

impl<'a> Checker<'a> {
    /// Whether a call is of a function on lists that takes a function; without one, `sort` is a function of the catalog.
    pub(super) fn is_list_method(&self, name: &str, arguments: &[Argument]) -> bool {
        let lambda = |argument: &Argument| argument.expr().is_some_and(|e| matches!(e.kind, ExprKind::Lambda { .. }));
        METHODS.iter().any(|method| method.0 == name) && (name != "sort" || arguments.iter().any(lambda))
    }

    /// `xs.map(x => …)` and `map(xs, x => …)`
    pub(super) fn list_method(
        &mut self,
        name: &'a Name,
        receiver: Option<&'a ast::Expr>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Value<'a> {
        let Some(&(method, example)) = METHODS.iter().find(|method| method.0 == &*name.text) else {
            return Value::Unknown;
        };
        let method = Method { name: method, example };
        let Some(given) = self.given(&name.text, receiver, arguments) else { return Value::Unknown };
        if let Some(label) = given.iter().find_map(|(label, _)| *label) {
            return self.unknown(errors::unknown_option(label.span, &name.text, &label.text, &[]));
        }
        let Some((_, first)) = given.first() else {
            return self.unknown(errors::stage_as_function(name.span, &name.text, receiver, arguments, span));
        };
        let value = self.value(first);
        if matches!(value, Value::Stream(_)) {
            return self.unknown(errors::stage_as_function(name.span, &name.text, receiver, arguments, span));
        }
        let Some(list) = self.list(value, first, &name.text) else { return Value::Unknown };
        let rest: Vec<&'a ast::Expr> = given[1..].iter().map(|given| given.1).collect();
        let result = match Each::ALL.into_iter().find(|each| each.name() == method.name) {
            Some(each) => self.each_method(each, method, list, &rest, name.span),
            None => self.fold_method(method, list, &rest, name.span),
        };
        super::expr::or_unknown(result)
    }

    /// A value as a list; `who` wants one.
    pub(super) fn list(&mut self, value: Value<'a>, expr: &ast::Expr, who: &str) -> Option<ExprId> {
        let error = match value {
            Value::Unknown => return None,
            Value::List(_) | Value::Range(_) => return self.as_scalar(value, expr.span),
            Value::Expr(id) if matches!(self.ty(id).kind, Kind::List(_)) => return Some(id),
            value => errors::no_list(expr, who, &self.type_of(&value)),
        };
        self.report(error);
        None
    }

    fn each_method(
        &mut self,
        each: Each,
        method: Method,
        list: ExprId,
        arguments: &[&'a ast::Expr],
        span: Span,
    ) -> Option<ExprId> {
        let [argument] = arguments else {
            self.report(errors::argument_count(span, method.name, arguments.len() + 1, &[method.example.into()]));
            return None;
        };
        let mut lambda = self.function_argument(argument, method)?;
        let mut each = each;
        if each == Each::Sort {
            (each, lambda.body) = direction(lambda.body);
        }
        self.each(each, list, |c, item| {
            let item = Value::Expr(c.plan.column_expr(item));
            let value = c.apply_lambda(lambda, vec![item], argument.span, method);
            c.each_body(each, value, lambda.body)
        })
    }

    /// What a body gives, as the operation wants it.
    pub(super) fn each_body(&mut self, each: Each, value: Value<'a>, ast: &'a ast::Expr) -> Option<ExprId> {
        let id = self.as_scalar(value, ast.span)?;
        match each {
            Each::Map => Some(id),
            Each::Filter | Each::TakeWhile | Each::SkipWhile => self.as_condition(Operand { id, ast }, each.name()),
            Each::Sort | Each::SortDescending if is_ordered(&self.ty(id).kind) => Some(id),
            Each::Sort | Each::SortDescending => {
                let ty = self.ty(id).clone();
                self.report_of(&ty.kind, errors::no_order(ast.span, &ty));
                None
            }
            Each::FlatMap if matches!(self.ty(id).kind, Kind::List(_)) => Some(id),
            Each::FlatMap => {
                let found = self.ty(id).clone();
                let wanted = Type::list(found.clone());
                self.report(errors::wanted(ast.span, "the function of `flat_map`", &wanted, &found));
                None
            }
        }
    }

    /// An operation over the items of a list; `body` is over the column of the item. A `filter` that shows its items not
    /// to be null gives a list without null.
    pub(super) fn each(
        &mut self,
        each: Each,
        list: ExprId,
        body: impl FnOnce(&mut Self, ColumnId) -> Option<ExprId>,
    ) -> Option<ExprId> {
        let Kind::List(of) = self.ty(list).kind.clone() else { return None };
        let item = self.add_column(&Arc::from("item"), (*of).clone(), None);
        self.rows_entered += 1;
        self.bodies += 1;
        let body = body(self, item);
        self.bodies -= 1;
        self.rows_entered -= 1;
        let body = body?;
        let result = self.add_natural(Expr::Each { each, list, item, body })?;
        let value = self.plan.column_expr(item);
        let narrows = each == Each::Filter && of.nullable && self.facts(body, true).contains(&value);
        if !narrows {
            return Some(result);
        }
        let item = self.add_column(&Arc::from("item"), (*of).clone(), None);
        let value = self.plan.column_expr(item);
        let body = self.add(Expr::NonNull(value), (*of).clone().without_null());
        self.add_natural(Expr::Each { each: Each::Map, list: result, item, body })
    }

    /// Adds an expression that cannot fail with the type that follows from its operands.
    pub(super) fn add_natural(&mut self, expr: Expr) -> Option<ExprId> {
        let ty = natural_type(&expr, &self.plan, self.catalog)?;
        Some(self.add(expr, ty))
    }

    fn fold_method(&mut self, method: Method, list: ExprId, arguments: &[&'a ast::Expr], span: Span) -> Option<ExprId> {
        let [init, argument] = arguments else {
            self.report(errors::argument_count(span, method.name, arguments.len() + 1, &[method.example.into()]));
            return None;
        };
        let lambda = self.function_argument(argument, method)?;
        self.fold(method, list, init, lambda, argument.span)
    }

    /// `fold` and `scan`.
    fn fold(
        &mut self,
        method: Method,
        list: ExprId,
        init: &'a ast::Expr,
        lambda: Lambda<'a>,
        span: Span,
    ) -> Option<ExprId> {
        let Kind::List(of) = self.ty(list).kind.clone() else { return None };
        let first = self.scalar(init)?;
        let mut bound = None;
        let States { init, state, next } = self.settle(first, init.span, lambda.body.span, |c, state| {
            let item = c.add_column(&Arc::from("item"), (*of).clone(), None);
            bound = Some(item);
            let values = [state, c.plan.column_expr(item)].map(Value::Expr);
            c.rows_entered += 1;
            let value = c.apply_lambda(lambda, values.into(), span, method);
            let next = c.as_scalar(value, lambda.body.span);
            c.rows_entered -= 1;
            next
        })?;
        self.add_natural(Expr::Fold { list, init, state, item: bound?, next, scan: method.name == "scan" })
    }

    /// `fold init, (state, x) => next` as a stage over a list.
    pub(super) fn fold_list(
        &mut self,
        name: &str,
        list: ExprId,
        arguments: &[&'a ast::Expr],
        span: Span,
    ) -> Option<ExprId> {
        let &(name, example) = METHODS.iter().find(|method| method.0 == name)?;
        self.fold_method(Method { name, example }, list, arguments, span)
    }

    /// What a function that is given as an argument of a reducer makes of an item.
    pub(super) fn apply_to_item(&mut self, name: &'static str, argument: &'a ast::Expr, item: Value<'a>) -> Value<'a> {
        let method = Method { name, example: "xs.sum(x => x * 2)" };
        match self.function_argument(argument, method) {
            Some(lambda) => self.apply_lambda(lambda, vec![item], argument.span, method),
            None => Value::Unknown,
        }
    }

    /// `(xs | sort -price, name)`; without keys, in the order of the items.
    pub(super) fn sort_list(&mut self, list: ExprId, keys: &[&'a ast::Expr], from: Span) -> Option<ExprId> {
        if keys.is_empty() {
            let Kind::List(item) = self.ty(list).kind.clone() else { return None };
            if !is_ordered(&item.kind) {
                self.report_of(&item.kind, errors::no_order(from, &item));
                return None;
            }
            return self.each(Each::Sort, list, |c, item| Some(c.plan.column_expr(item)));
        }
        // Items of equal keys stay in their order, so that the last key is sorted by first.
        keys.iter().rev().try_fold(list, |list, key| {
            let (each, key) = direction(key);
            self.each(each, list, |c, item| {
                let value = c.of_item(item, key, ItemScope::Row(from));
                c.each_body(each, value, key)
            })
        })
    }

    /// A function that is given as an argument: a lambda, a parameter that is one, or a name.
    fn function_argument(&mut self, argument: &'a ast::Expr, method: Method) -> Option<Lambda<'a>> {
        let found = match &argument.kind {
            ExprKind::Lambda { parameters, body } => Some(Lambda { parameters, body, scope: self.scope, of: None }),
            ExprKind::Name(name) => match self.scopes.look_up(self.scope, name) {
                Found::Binding(Value::Lambda(lambda)) => Some(lambda),
                _ => self.function_as_lambda(argument),
            },
            ExprKind::Path(_) => self.function_as_lambda(argument),
            _ => None,
        };
        if found.is_none() {
            let near = match &argument.kind {
                ExprKind::Name(name) => self.near_functions(name),
                _ => Vec::new(),
            };
            let near: Vec<&str> = near.iter().map(|name| &**name).collect();
            self.report(errors::no_named_function(argument.span, method.example, &near));
        }
        found
    }

    /// The functions whose names are almost that.
    fn near_functions(&self, name: &str) -> Vec<Arc<str>> {
        let users = self.names().functions.keys().map(|name| &**name);
        let near = did_you_mean(name, users.chain(self.catalog.functions().map(|def| &*def.name)));
        near.into_iter().map(Arc::from).collect()
    }

    fn function_as_lambda(&mut self, name: &'a ast::Expr) -> Option<Lambda<'a>> {
        let lambda = Lambda { parameters: &[], body: name, scope: self.scope, of: None };
        self.named_function(name, &|_| false).map(|_| lambda)
    }

    /// What a function gives for these values.
    fn apply_lambda(&mut self, lambda: Lambda<'a>, values: Vec<Value<'a>>, span: Span, method: Method) -> Value<'a> {
        if !lambda.parameters.is_empty() && lambda.parameters.len() != values.len() {
            return self.unknown(errors::lambda_parameters(span, method.name, values.len(), method.example));
        }
        self.applied(lambda, values, span)
    }
}

/// Which way a key sorts, and the key without its minus.
fn direction(key: &ast::Expr) -> (Each, &ast::Expr) {
    match descending(key) {
        (key, true) => (Each::SortDescending, key),
        (key, false) => (Each::Sort, key),
    }
}
