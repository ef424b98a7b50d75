//! Calls: which function a name means, and which of the catalog's overloads fits.

use super::expr::or_unknown;
use super::inline::First;
use super::module::Use;
use super::operators::{Operand, is_ordered};
use super::scope::{Found, Value};
use super::{Checker, errors};
use crate::aliases;
use crate::catalog::{Effect, FunctionDef, FunctionId, Pattern, ResultType};
use crate::diagnostic::did_you_mean;
use crate::ir::{Expr, ExprId};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, ArgumentValue, Label, Name};
use crate::ty::{Kind, Type};

/// An argument as it is given: with the name of its parameter, if the script says it.
pub(super) type Given<'a> = (Option<&'a Name>, &'a ast::Expr);

/// Functions that the language has and this version has not. A name goes when its row comes.
const NOT_YET: &[&str] = &[
    "slice",
    "split",
    "repeat",
    "pad_left",
    "pad_right",
    "reverse",
    "extract",
    "extract_all",
    "lines",
    "words",
    "chars",
    "title",
    "asin",
    "acos",
    "atan",
    "atan2",
    "clamp",
    "pi",
    "hour",
    "minute",
    "second",
    "week",
    "add_months",
    "add_years",
    "month_start",
    "year_start",
    "bin",
    "datetime",
    "make_date",
    "format_date",
    "from_epoch",
    "epoch",
    "unique",
    "zip",
    "enumerate",
    "flatten",
    "range",
    "keys",
    "values",
    "get",
    "duration",
    "json",
    "hash",
    "md5",
    "sha256",
    "base64",
    "rand",
    "now",
    "today",
    "env",
    "coalesce",
    "if_null",
    "type_of",
    "bit_and",
    "bit_or",
    "bit_xor",
    "shift_left",
    "shift_right",
    "wrapping_add",
    "wrapping_sub",
    "wrapping_mul",
    "wrapping_sum",
    "count_distinct",
    "median",
    "quantile",
    "stddev",
    "variance",
    "corr",
    "covariance",
    "mode",
    "list",
    "set",
    "string_join",
    "arg_min",
    "arg_max",
    "lag",
    "lead",
    "row_number",
    "rank",
    "dense_rank",
    "session",
    "cols",
];

impl<'a> Checker<'a> {
    /// `f(a, b)` and `a.f(b)`.
    pub(super) fn call(
        &mut self,
        path: &'a [Name],
        receiver: Option<&'a ast::Expr>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Value<'a> {
        let [name] = path else {
            let Some(function) = self.function_of_module(path, Use::Function) else { return Value::Unknown };
            return self.call_user(function, receiver.map_or(First::Nothing, First::Receiver), arguments, span);
        };
        let text = &*name.text;
        if let Some(rows) = receiver.filter(|receiver| self.is_dotted_stage(text, receiver))
            && !self.names().functions.contains_key(text)
        {
            return self.dotted_stages(name, rows, arguments, span);
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
            return self.call_user(function, receiver.map_or(First::Nothing, First::Receiver), arguments, span);
        }
        let reducer = self.catalog.reducer_named(text);
        if let (Some(reducer), true) = (reducer, self.aggregation.is_some()) {
            return or_unknown(self.reducer_call(reducer, receiver, arguments, span));
        }
        if !self.catalog.functions_named(text).is_empty() {
            return or_unknown(self.call_given(name, receiver, arguments, span));
        }
        if text == "read" {
            return self.rows_of_read(receiver, arguments, span);
        }
        if text == "iterate" {
            return match self.iterate(receiver, arguments, span) {
                Some(stream) => Value::Stream(stream),
                None => Value::Stream(self.unknown_stream(span)),
            };
        }
        match (reducer, bound) {
            (Some(_), _) => {
                let values = arguments.len() + usize::from(receiver.is_some());
                self.unknown(errors::reducer_outside(name.span, text, self.stage_name.as_deref(), values))
            }
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
        if NOT_YET.contains(&text) {
            return self.unknown(errors::not_yet(span, &format!("the function `{text}`")));
        }
        if aliases::STAGES.contains(&text) {
            return self.unknown(errors::stage_as_function(name.span, text, receiver, arguments, span));
        }
        let catalog = self.catalog;
        let reducers = catalog.reducers().map(|def| def.name).filter(|_| self.aggregation.is_some());
        let users = self.names().functions.keys().map(|name| &**name);
        let known = catalog.functions().map(|def| &*def.name).chain(reducers).chain(users).chain(["read", "iterate"]);
        let near = did_you_mean(text, known);
        let is_case = near.first().is_some_and(|near| near.eq_ignore_ascii_case(text));
        let foreign = match self.name_with_blank(name, arguments, span).filter(|_| receiver.is_none()) {
            None if !is_case => self.foreign_function(name, receiver, arguments, span),
            known => known,
        };
        let error = foreign.unwrap_or_else(|| errors::unknown_function(name.span, text, &near));
        self.report(error);
        // A `read` by another name still says which columns there are.
        match aliases::function(text, 0) {
            Some("read") => self.rows_of_read(receiver, arguments, span),
            Some(_) | None => Value::Unknown,
        }
    }

    fn rows_of_read(&mut self, receiver: Option<&'a ast::Expr>, arguments: &'a [Argument], span: Span) -> Value<'a> {
        match self.read(receiver, arguments, span) {
            Some(stream) => Value::Stream(stream),
            None => Value::Stream(self.unknown_stream(span)),
        }
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
        let call = self.call_catalog(&name.text, span, &operands?)?;
        (!self.is_too_deep(call, span)).then_some(call)
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

    /// The first overload that fits as it is, else the first that fits with ints as floats.
    pub(super) fn call_catalog(
        &mut self,
        name: &str,
        span: Span,
        given: &[(Option<&'a Name>, Operand<'a>)],
    ) -> Option<ExprId> {
        let catalog = self.catalog;
        let candidates = catalog.functions_named(name);
        let arranged: Vec<(FunctionId, Vec<Option<Operand<'a>>>)> =
            candidates.iter().filter_map(|id| Some((*id, arrange(catalog.function(*id), given)?))).collect();
        if arranged.is_empty() {
            let signatures: Vec<String> = candidates.iter().map(|id| catalog.function(*id).signature()).collect();
            let labels: Vec<&Name> = given.iter().filter_map(|(label, _)| *label).collect();
            let parameters = || candidates.iter().flat_map(|id| &catalog.function(*id).parameters);
            let stranger = labels.iter().find(|label| parameters().all(|p| *p.name != *label.text));
            self.report(match stranger {
                Some(label) => {
                    let near = did_you_mean(&label.text, parameters().map(|p| p.name));
                    errors::unknown_option(label.span, name, &label.text, &near)
                }
                None => errors::argument_count(span, name, given.len(), &signatures),
            });
            return None;
        }
        for convert in [false, true] {
            for (id, arguments) in &arranged {
                if (0..arguments.len()).all(|at| self.fits(catalog.function(*id), arguments, at, convert)) {
                    return self.build_call(*id, arguments, span);
                }
            }
        }
        self.report_misfit(name, &arranged);
        None
    }

    /// Names the first argument that does not fit, of the overload that got furthest.
    fn report_misfit(&mut self, name: &str, arranged: &[(FunctionId, Vec<Option<Operand<'a>>>)]) {
        let catalog = self.catalog;
        let first_misfit = |(id, arguments): &(FunctionId, Vec<Option<Operand<'a>>>)| {
            (0..arguments.len()).find(|at| !self.fits(catalog.function(*id), arguments, *at, true))
        };
        let furthest = arranged.iter().max_by_key(|overload| (first_misfit(overload), std::cmp::Reverse(overload.0)));
        let Some((overload, at)) = furthest.and_then(|overload| Some((overload, first_misfit(overload)?))) else {
            return;
        };
        let parameter = &catalog.function(overload.0).parameters[at];
        let Some(operand) = overload.1[at] else { return };
        let wanted = match &parameter.pattern {
            Pattern::Is(kind) => Some(kind.clone()),
            Pattern::Number => Some(Kind::Float),
            Pattern::Ordered | Pattern::Any => None,
        };
        let found = self.ty(operand.id).clone();
        // Whatever it is, it can be made a text; only a text can be read as something else.
        let fix = wanted
            .filter(|wanted| *wanted == Kind::String || found.kind == Kind::String)
            .and_then(|wanted| self.converted(operand.ast, &wanted));
        let signatures: Vec<String> = arranged.iter().map(|(id, _)| catalog.function(*id).signature()).collect();
        let origin = self.origin(operand.id);
        self.report(errors::argument_type(
            operand.ast.span,
            name,
            &parameter.pattern,
            &found,
            &signatures,
            origin,
            fix,
        ));
    }

    /// Whether argument `at` fits its parameter.
    fn fits(&self, def: &FunctionDef, arguments: &[Option<Operand<'a>>], at: usize, convert: bool) -> bool {
        let Some(operand) = arguments[at] else { return true };
        let kind = &self.ty(operand.id).kind;
        let fits = match &def.parameters[at].pattern {
            _ if *kind == Kind::Null => true,
            Pattern::Is(wanted) => kind == wanted || convert && *kind == Kind::Int && *wanted == Kind::Float,
            Pattern::Number => matches!(kind, Kind::Int | Kind::Float),
            Pattern::Ordered => is_ordered(kind),
            Pattern::Any => true,
        };
        fits && (def.result != ResultType::SameAsArguments || self.common_before(def, arguments, at).is_some())
    }

    /// The kind that the number and ordered arguments up to `at` become.
    fn common_before(&self, def: &FunctionDef, arguments: &[Option<Operand<'a>>], at: usize) -> Option<Kind> {
        let mut common = Kind::Null;
        for (parameter, operand) in def.parameters.iter().zip(arguments).take(at + 1) {
            let (Some(operand), Pattern::Number | Pattern::Ordered) = (operand, &parameter.pattern) else { continue };
            let kind = &self.ty(operand.id).kind;
            common = match (&common, kind) {
                (a, b) if a == b => continue,
                (Kind::Null, other) | (other, Kind::Null) => other.clone(),
                (Kind::Int, Kind::Float) | (Kind::Float, Kind::Int) => Kind::Float,
                _ => return None,
            };
        }
        Some(common)
    }

    fn build_call(&mut self, id: FunctionId, operands: &[Option<Operand<'a>>], span: Span) -> Option<ExprId> {
        let catalog = self.catalog;
        let def = catalog.function(id);
        let common = match self.common_before(def, operands, operands.len().saturating_sub(1))? {
            Kind::Null => Kind::Float,
            common => common,
        };
        let mut arguments = Vec::new();
        for (parameter, operand) in def.parameters.iter().zip(operands) {
            let id = match (operand, &parameter.default) {
                (Some(operand), _) => operand.id,
                (None, Some(default)) => self.constant(default.clone()),
                (None, None) => return None,
            };
            arguments.push(match &parameter.pattern {
                Pattern::Is(kind) => self.coerce(id, kind)?,
                Pattern::Number | Pattern::Ordered if def.result == ResultType::SameAsArguments => {
                    self.coerce(id, &common)?
                }
                Pattern::Number | Pattern::Ordered if self.ty(id).kind == Kind::Null => self.coerce(id, &common)?,
                Pattern::Number | Pattern::Ordered | Pattern::Any => id,
            });
        }
        let nullable = def.may_be_null || arguments.iter().any(|argument| self.ty(*argument).nullable);
        let ty = match &def.result {
            ResultType::Is(ty) => ty.clone(),
            ResultType::SameAsArguments => arguments.first().map_or(Type::NULL, |first| self.ty(*first).clone()),
        };
        let (expr, ty) = (Expr::Call(id, arguments.into()), ty.or_null_if(nullable));
        Some(match def.effect {
            Effect::Total => self.add(expr, ty),
            effect => self.add_fallible(expr, ty, span, effect),
        })
    }
}

/// The arguments in the order of the parameters, `None` where the default stands; `None` if they do not match.
fn arrange<'a>(def: &FunctionDef, given: &[(Option<&'a Name>, Operand<'a>)]) -> Option<Vec<Option<Operand<'a>>>> {
    let mut arranged = vec![None; def.parameters.len()];
    for (at, (label, operand)) in given.iter().enumerate() {
        let at = match label {
            Some(label) => def.parameters.iter().position(|parameter| *parameter.name == *label.text)?,
            None => at,
        };
        let place = arranged.get_mut(at)?;
        if place.replace(*operand).is_some() {
            return None;
        }
    }
    let complete = def.parameters.iter().zip(&arranged).all(|(p, argument)| argument.is_some() || p.default.is_some());
    complete.then_some(arranged)
}
