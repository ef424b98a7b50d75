//! The arguments of a stage: those that stand alone, and what is said of one that the stage does not take.

use super::operators::spelled;
use super::stage::StageCall;
use super::{Checker, errors};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, ArgumentValue, Label};

impl<'a> Checker<'a> {
    /// The arguments of a stage that takes plain expressions only.
    pub(super) fn positional(&mut self, call: &StageCall<'a>) -> Option<Vec<&'a ast::Expr>> {
        let mut expressions = Some(Vec::new());
        for argument in &call.stage.arguments {
            match (&argument.label, &argument.value, &mut expressions) {
                (Label::None, ArgumentValue::Expr(expr), Some(list)) => list.push(expr),
                (Label::None, ArgumentValue::Expr(_), None) => {}
                (label, _, _) => {
                    self.labelled(call, label, argument);
                    expressions = None;
                }
            }
        }
        expressions
    }

    /// Says that a stage has no such option, or names no columns.
    pub(super) fn labelled(&mut self, call: &StageCall<'a>, label: &Label, argument: &'a Argument) {
        let error = match (label, argument.expr()) {
            (Label::Column(name), Some(_)) => errors::names_nothing(call.def.name, name.span),
            (Label::Option(name), Some(value))
                if ["derive", "select", "aggregate", "rename"].contains(&call.def.name) =>
            {
                errors::option_for_name(name.span, &name.text, call.def.name, value.span)
            }
            (Label::Option(name), value) if call.def.name == "sort" && is_direction(&name.text) => {
                let key = match call.stage.arguments.as_slice() {
                    [Argument { value: ArgumentValue::Expr(key), label: Label::None, .. }, _]
                        if spelled(key).is_some() =>
                    {
                        Some(key.span)
                    }
                    _ => None,
                };
                let is_on = |value: &&ast::Expr| matches!(value.kind, ast::ExprKind::Bool(true));
                let value = value.filter(is_on).filter(|_| !name.text.starts_with("asc"));
                errors::sort_option(name.span, &name.text, key.zip(value.map(|value| value.span)))
            }
            (Label::Option(name), _) => errors::unknown_option(name.span, call.def.name, &name.text, &[]),
            (Label::None | Label::Column(_), _) => errors::option_type(argument.span, call.def.name),
        };
        self.report(error);
    }

    /// The only argument of a stage that takes one.
    pub(super) fn only_argument(&mut self, call: &StageCall<'a>) -> Option<&'a ast::Expr> {
        match self.positional(call)?.as_slice() {
            [one] => Some(one),
            other => {
                let span = other.get(1).map_or(call.stage.span, |second| second.span);
                let error = errors::stage_arguments(span, call.def.name, call.def.signature, other.len());
                self.report(match (decimal_comma(other), other) {
                    (Some(comma), _) => {
                        errors::without_help(error).saying("a decimal number has a point").fix(comma, ".")
                    }
                    (None, [first, rest @ ..]) if let Some(list) = in_without_brackets(first, rest) => {
                        errors::list_without_brackets(list)
                    }
                    (None, [first, second]) if call.def.name == "filter" && !(is_or(first) || is_or(second)) => {
                        let comma = Span { start: first.span.end, end: second.span.start, ..first.span };
                        errors::without_help(error)
                            .saying("conditions stand with `and` between them")
                            .fix(comma, " and ")
                    }
                    (None, _) => error,
                });
                None
            }
        }
    }
}

/// Whether an option of `sort` elsewhere says in which direction.
fn is_direction(option: &str) -> bool {
    ["desc", "descending", "asc", "ascending", "reverse"].contains(&option)
}

/// The items of `x in 1, 2`, which the commas part.
fn in_without_brackets(first: &ast::Expr, rest: &[&ast::Expr]) -> Option<Span> {
    use ast::BinaryOperator::{In, NotIn};
    let ast::ExprKind::Binary(In | NotIn, _, _, item) = &first.kind else { return None };
    let is_literal = |expr: &ast::Expr| match &expr.kind {
        ast::ExprKind::Unary(ast::UnaryOperator::Negate, inner) => spelled(inner).is_some(),
        ast::ExprKind::String(_) => true,
        ast::ExprKind::Name(_) | ast::ExprKind::Field { .. } => false,
        _ => spelled(expr).is_some(),
    };
    // In a text there may be another; a name behind that may be a condition.
    let in_text = matches!(item.kind, ast::ExprKind::String(_));
    let is_item = |expr: &&ast::Expr| is_literal(expr) || !in_text && spelled(expr).is_some();
    let all = is_literal(item) && rest.iter().all(is_item);
    rest.last().filter(|_| all).map(|last| item.span.to(last.span))
}

fn is_or(expr: &ast::Expr) -> bool {
    matches!(expr.kind, ast::ExprKind::Binary(ast::BinaryOperator::Or, ..) | ast::ExprKind::If { .. })
}

/// The comma of `2,5`, where one argument is wanted.
fn decimal_comma(arguments: &[&ast::Expr]) -> Option<Span> {
    let [first, second] = arguments else { return None };
    let mut last: &ast::Expr = first;
    while let ast::ExprKind::Binary(_, _, _, right) = &last.kind {
        last = right;
    }
    let ints = matches!((&last.kind, &second.kind), (ast::ExprKind::Int(_), ast::ExprKind::Int(_)));
    let comma = Span { start: last.span.end, end: second.span.start, ..last.span };
    (ints && comma.end == comma.start + 1).then_some(comma)
}
