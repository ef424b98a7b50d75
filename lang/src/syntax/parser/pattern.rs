//! Patterns of `match`.

use super::faults::Class;
use super::{Rule, expr, name};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Name, Pattern, UnaryOperator};
use crate::syntax::token::Token;
use chumsky::prelude::*;

/// `pattern = single_pattern { "or" single_pattern }`
pub(super) fn pattern<'t>() -> Rule<'t, Pattern> {
    recursive(|inner| {
        single_pattern(inner.boxed()).separated_by(just(Token::Or)).at_least(1).collect::<Vec<_>>().map_with(
            |mut patterns, e| match patterns.len() {
                1 => patterns.pop().expect("there is one"),
                _ => Pattern::Either(patterns, e.span()),
            },
        )
    })
    .boxed()
}

/// `single_pattern = "_" | NAME | value_pattern | record_pattern`
fn single_pattern<'t>(inner: Rule<'t, Pattern>) -> Rule<'t, Pattern> {
    let anything = select! { Token::Name("_") = e => Pattern::Anything(e.span()) };
    choice((anything, name().map(Pattern::Name), value_pattern(), record_pattern(inner)))
        .labelled(Class::Pattern)
        .boxed()
}

/// `value_pattern = signed [ ( ".." | "..<" ) [ signed ] ] | ( ".." | "..<" ) signed`
fn value_pattern<'t>() -> Rule<'t, Pattern> {
    let range = select! { Token::Range => true, Token::RangeExclusive => false };
    let from = signed().then(range.then(signed().or_not()).or_not()).map_with(|(start, rest), e| match rest {
        None => start,
        Some((inclusive, end)) => range_of(Some(start), end, inclusive, e.span()),
    });
    let to = range.then(signed()).map_with(|(inclusive, end), e| range_of(None, Some(end), inclusive, e.span()));
    choice((from, to)).map(Pattern::Value).boxed()
}

/// `signed = [ "-" ] literal`, but not `it`
fn signed<'t>() -> Rule<'t, Expr> {
    just(Token::Minus)
        .or_not()
        .then(expr::literal().filter(|value| value.kind != ExprKind::It))
        .map_with(|(minus, value), e| match minus {
            Some(_) => Expr { kind: ExprKind::Unary(UnaryOperator::Negate, Box::new(value)), span: e.span() },
            None => value,
        })
        .boxed()
}

fn range_of(start: Option<Expr>, end: Option<Expr>, inclusive: bool, span: Span) -> Expr {
    Expr { kind: ExprKind::Range { start: start.map(Box::new), end: end.map(Box::new), inclusive }, span }
}

/// `record_pattern = "{" [ field_pattern { "," field_pattern } [ "," ] ] "}"`
fn record_pattern<'t>(inner: Rule<'t, Pattern>) -> Rule<'t, Pattern> {
    field_pattern(inner)
        .separated_by(just(Token::Comma))
        .allow_trailing()
        .collect()
        .delimited_by(just(Token::BraceOpen), just(Token::BraceClose))
        .map_with(|fields, e| Pattern::Record(fields, e.span()))
        .boxed()
}

/// `field_pattern = NAME [ ":" pattern ]`
fn field_pattern<'t>(inner: Rule<'t, Pattern>) -> Rule<'t, (Name, Option<Pattern>)> {
    name().then(just(Token::Colon).ignore_then(inner).or_not()).boxed()
}
