//! Calls: which function a name means, and which of the catalog's overloads fits.

use super::expr::or_unknown;
use super::inline::First;
use super::module::Use;
use super::operators::Operand;
use super::scope::{Found, Value};
use super::window::{WINDOW_FUNCTIONS, is_window_function};
use super::{Checker, errors};
use crate::aliases;
use crate::catalog::Parameter;
use crate::diagnostic::{Edit, did_you_mean};
use crate::ir::ExprId;
use crate::ir::typing::accepts;
use crate::scalar::Scalar;
use crate::source::Span;
use crate::stages;
use crate::syntax::ast::{self, Argument, ArgumentValue, ExprKind, Label, Name};
use crate::ty::Kind;

/// An argument as it is given: with the name of its parameter, if the script says it.
pub(super) type Given<'a> = (Option<&'a Name>, &'a ast::Expr);

/// What is called like a function, but is none of the catalog.
pub struct FormDef {
    /// Its name.
    pub name: &'static str,
    /// How it is called.
    pub signature: &'static str,
    /// The group it is listed under.
    pub group: &'static str,
    /// One sentence.
    pub doc: &'static str,
}

/// The forms that there are.
pub const FORMS: [FormDef; 6] = [
    FormDef {
        name: "cols",
        signature: "cols(pattern or type) -> columns",
        group: "columns",
        doc: "The columns whose names match a pattern, or that are of a type, where columns are chosen.",
    },
    FormDef {
        name: "coalesce",
        signature: "coalesce(a: any?, b: any?, …) -> the same",
        group: "null",
        doc: "The first that is not null; those behind it are not evaluated. `a ?? b` is the same.",
    },
    FormDef {
        name: "if_null",
        signature: "if_null(a: any?, b: any?) -> the same",
        group: "null",
        doc: "The second where the first is null; `a ?? b` is the same.",
    },
    FormDef {
        name: "read",
        signature: "read(path, format: …, schema: …, …) -> stream",
        group: "sources",
        doc: "The rows of a file; `pipe schema FILE` prints its columns.",
    },
    FormDef {
        name: "lines",
        signature: "lines(path) -> stream",
        group: "sources",
        doc: "The lines of a file, each a text; those of a text are `s.lines()`.",
    },
    FormDef {
        name: "iterate",
        signature: "iterate(init, x => next) -> stream",
        group: "sources",
        doc: "A value, then what a function makes of the one before, without an end.",
    },
];

impl<'a> Checker<'a> {
    /// `f(a, b)` and `a.f(b)`; `a?.f(b)` does not call where `a` is null.
    pub(super) fn call(
        &mut self,
        path: &'a [Name],
        receiver: Option<(&'a ast::Expr, bool)>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Value<'a> {
        let first = receiver.map_or(First::Nothing, |(receiver, null_safe)| First::Receiver(receiver, null_safe));
        let [name] = path else {
            let Some(function) = self.function_of_module(path, Use::Function) else { return Value::Unknown };
            return self.call_user(function, first, arguments, span);
        };
        let receiver = receiver.map(|(receiver, _)| receiver);
        let text = &*name.text;
        if let Some(library) = receiver.filter(|receiver| self.is_library(receiver)) {
            return self.library_call(path, library, arguments, span);
        }
        if let Some(rows) = receiver.filter(|receiver| self.is_dotted_stage(text, receiver))
            && !self.names().functions.contains_key(text)
        {
            return self.dotted_stages(name, rows, arguments, span);
        }
        if let Some(error) = receiver.and_then(|rows| self.slice_of_rows(name, rows, arguments, span)) {
            return self.unknown(error);
        }
        if receiver.is_none()
            && !self.names().functions.contains_key(text)
            && let Some(error) = self.rows_as_argument(name, arguments, span)
        {
            return self.unknown(error);
        }
        let bound = self.scopes.look_up(self.scope, text);
        if let (Found::Binding(Value::Lambda(lambda)), None) = (&bound, receiver) {
            return self.call_lambda(*lambda, arguments, span);
        }
        if let Some(function) = self.function(text) {
            return self.call_user(function, first, arguments, span);
        }
        if self.is_list_method(text, arguments) {
            return self.list_method(name, receiver, arguments, span);
        }
        let reducer = self.catalog.reducer_named(text);
        if self.in_window() && (reducer.is_some() || is_window_function(text)) {
            return or_unknown(self.window_call(name, receiver, arguments, span));
        }
        if let (Some(reducer), true) = (reducer, self.aggregation.is_some()) {
            return or_unknown(self.reducer_call(reducer, receiver, arguments, span));
        }
        if text == "cols" && receiver.is_none() {
            return self.cols_value(span);
        }
        if matches!(text, "coalesce" | "if_null") {
            return or_unknown(self.coalesce_call(name, receiver, arguments, span));
        }
        if text == "lines" && receiver.is_none() {
            return self.rows_of_read(text, None, arguments, span);
        }
        if !self.catalog.functions_named(text).is_empty() {
            return or_unknown(self.call_given(name, receiver, arguments, span));
        }
        if text == "read" {
            return self.rows_of_read(text, receiver, arguments, span);
        }
        if text == "iterate" {
            return match self.iterate(receiver, arguments, span) {
                Some(stream) => Value::Stream(stream),
                None => Value::Stream(self.unknown_stream(span)),
            };
        }
        if let Some(value) = reducer.and_then(|reducer| self.reducer_method(reducer, receiver, arguments, span)) {
            return value;
        }
        match (reducer, bound) {
            (Some(_), _) => self.reducer_outside(name, receiver, arguments),
            // A parameter that is a function, of a function that nobody calls.
            (None, Found::Binding(Value::Unknown)) => Value::Unknown,
            (None, _) => self.no_such_function(name, receiver, arguments, span),
        }
    }

    fn no_such_function(
        &mut self,
        name: &'a Name,
        receiver: Option<&'a ast::Expr>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Value<'a> {
        let text = &*name.text;
        if is_window_function(text) {
            return self.unknown(errors::window_function_outside(name.span, text, self.stage_name.as_ref()));
        }
        let asserts = text == "assert_eq" || text == "assert" && self.scopes.row(self.scope).is_none();
        if asserts && receiver.is_none() && !arguments.is_empty() {
            return self.unknown(errors::assertion_outside(name.span, text, None));
        }
        if stages::named(text).is_some() {
            return self.unknown(errors::stage_as_function(name.span, text, receiver, arguments, span));
        }
        let of_duration = self.unit_of_duration(name, receiver, arguments, span);
        let catalog = self.catalog;
        let reducers = catalog.reducers().map(|def| def.name).filter(|_| self.aggregation.is_some());
        let users = self.names().functions.keys().map(|name| &**name);
        let known = catalog
            .functions()
            .map(|def| &*def.name)
            .chain(reducers)
            .chain(users)
            .chain(FORMS.iter().map(|form| form.name));
        let known = known.chain(super::lists::METHODS.iter().map(|method| method.0));
        let windows = WINDOW_FUNCTIONS.iter().map(|def| def.name).filter(|_| self.in_window());
        let near = did_you_mean(text, known.chain(windows));
        let is_case = near.first().is_some_and(|near| near.eq_ignore_ascii_case(text));
        let foreign = match self.name_with_blank(name, arguments, span).filter(|_| receiver.is_none()) {
            None if !is_case => of_duration.or_else(|| self.foreign_function(name, receiver, arguments, span)),
            known => known,
        };
        let mut error = foreign.unwrap_or_else(|| errors::unknown_function(name.span, text, &near));
        // `name.str.startswith(…)`
        if let Some(ast::Expr { kind: ExprKind::Field { record, name: accessor, .. }, span }) = receiver
            && matches!(&*accessor.text, "str" | "dt" | "cat")
            && !error.edits.is_empty()
        {
            error.edits.push(Edit { span: Span { start: record.span.end, ..*span }, text: String::new() });
        }
        self.report(error);
        // A `read` by another name still says which columns there are.
        match aliases::function(text, 0) {
            Some("read") => self.rows_of_read("read", receiver, arguments, span),
            Some(_) | None => Value::Unknown,
        }
    }

    fn rows_of_read(
        &mut self,
        name: &str,
        receiver: Option<&'a ast::Expr>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Value<'a> {
        match self.read(name, receiver, arguments, span) {
            Some(stream) => Value::Stream(stream),
            None => Value::Stream(self.unknown_stream(span)),
        }
    }

    /// A reducer where there are no rows to reduce, and no list.
    fn reducer_outside(
        &mut self,
        name: &Name,
        receiver: Option<&'a ast::Expr>,
        arguments: &'a [Argument],
    ) -> Value<'a> {
        let values = arguments.len() + usize::from(receiver.is_some());
        self.unknown(errors::reducer_outside(name.span, &name.text, self.stage_name.as_ref(), values))
    }

    /// A call of a function of the catalog: its arguments, then the call.
    fn call_given(
        &mut self,
        name: &'a Name,
        receiver: Option<&'a ast::Expr>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Option<ExprId> {
        let given = self.given(&name.text, receiver, arguments);
        let mut operands = Some(Vec::new());
        for (label, ast) in given.iter().flatten() {
            match (self.scalar(ast), &mut operands) {
                (Some(id), Some(operands)) => operands.push((*label, Operand { id, ast })),
                (None, _) => operands = None,
                (Some(_), None) => {}
            }
        }
        given?;
        let mut operands = operands?;
        let is_list = |operand: &(_, Operand<'a>)| matches!(self.ty(operand.1.id).kind, Kind::List(_) | Kind::Map(_));
        if self.catalog.reducer_named(&name.text).is_some() && !operands.first().is_some_and(is_list) {
            let error = errors::reducer_outside(name.span, &name.text, self.stage_name.as_ref(), operands.len());
            self.report(error);
            return None;
        }
        let json = matches!((&*name.text, operands.first()), ("json" | "to_json", Some(first))
            if &*name.text == "to_json" || self.ty(first.1.id).kind != Kind::String);
        if let (true, [(_, only)]) = (json, operands.as_slice()) {
            return self.json_of(only.id, only.ast.span);
        }
        let function = self.raw_form(&name.text, &mut operands);
        if let ("float", [(None, only)]) = (function, operands.as_slice())
            && self.ty(only.id).kind == Kind::Int
        {
            // As where an int stands beside a float: no function is called for it.
            return Some(self.as_float(only.id));
        }
        let call = self.call_catalog(function, span, &operands)?;
        let call = self.asked(call, name, span)?;
        (!self.is_too_deep(call, span)).then_some(call)
    }

    /// The function that a call is of: where a pattern is a raw string, it is a regular expression, and that is the affair
    /// of another function.
    fn raw_form(&mut self, name: &'a str, operands: &mut [(Option<&'a Name>, Operand<'a>)]) -> &'a str {
        let catalog = self.catalog;
        let found = catalog.functions_named(name).iter().find_map(|id| {
            let parameters = &catalog.function(*id).parameters;
            let at = parameters.iter().position(|parameter| parameter.raw.is_some())?;
            Some((&parameters[0], at, &parameters[at]))
        });
        let Some((first, at, Parameter { name: pattern, raw: Some(form), .. })) = found else { return name };
        if !operands.first().is_some_and(|(_, operand)| accepts(&first.pattern, &self.ty(operand.id).kind)) {
            return name;
        }
        let labelled = operands.iter().position(|(label, _)| label.is_some_and(|label| *label.text == **pattern));
        let Some((_, operand)) = operands.get_mut(labelled.unwrap_or(at)) else { return name };
        let mut bare = operand.ast;
        while let ExprKind::Parenthesized(inside) = &bare.kind {
            bare = inside;
        }
        let ExprKind::RawString(text) = &bare.kind else { return name };
        operand.id = self.constant(Scalar::String(format!("{}{text}{}", form.before, form.after).into()));
        form.function
    }

    /// `coalesce(a, b, …)`: the first that is not null; those behind it are not evaluated.
    fn coalesce_call(
        &mut self,
        name: &'a Name,
        receiver: Option<&'a ast::Expr>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Option<ExprId> {
        let given = self.given(&name.text, receiver, arguments)?;
        let operands: Vec<Option<Operand<'a>>> =
            given.iter().map(|(_, ast)| self.scalar(ast).map(|id| Operand { id, ast })).collect();
        let operands = operands.into_iter().collect::<Option<Vec<_>>>()?;
        let Some((first, rest)) = operands.split_first().filter(|(_, rest)| !rest.is_empty()) else {
            let signature = format!("{}(a: any?, b: any?, …) -> the same", name.text);
            self.report(errors::argument_count(span, &name.text, given.len(), &[signature]));
            return None;
        };
        rest.iter().try_fold(*first, |a, b| Some(Operand { id: self.coalesce(a, *b)?, ..a })).map(|result| result.id)
    }

    /// The arguments of a call, the receiver first.
    pub(super) fn given(
        &mut self,
        function: &str,
        receiver: Option<&'a ast::Expr>,
        arguments: &'a [Argument],
    ) -> Option<Vec<Given<'a>>> {
        let mut given = Some(Vec::from_iter(receiver.map(|receiver| (None, receiver))));
        for argument in arguments {
            let error = match (&argument.label, &argument.value) {
                (Label::None, ArgumentValue::Expr(expr)) => {
                    given.iter_mut().for_each(|given| given.push((None, expr)));
                    continue;
                }
                (Label::Option(name), ArgumentValue::Expr(expr)) => {
                    given.iter_mut().for_each(|given| given.push((Some(name), expr)));
                    continue;
                }
                (Label::Column(name), ArgumentValue::Expr(_)) => errors::names_nothing(function, name.span),
                (_, ArgumentValue::Type(_)) => errors::option_type(argument.span, function),
            };
            self.report(error);
            given = None;
        }
        given
    }
}
