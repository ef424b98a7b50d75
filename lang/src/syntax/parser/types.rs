//! Types as they are written.

use super::faults::Class;
use super::{Rule, name, path};
use crate::syntax::ast::TypeExpr;
use crate::syntax::token::Token;
use chumsky::prelude::*;

/// `type = ( path | NAME "<" type ">" | "[" type "]" | record_type | function_type ) [ "?" ]`
pub(super) fn type_expr<'t>() -> Rule<'t, TypeExpr> {
    recursive(|inner| {
        let inner = inner.boxed();
        let generic = name()
            .then(inner.clone().delimited_by(just(Token::Less), just(Token::Greater)))
            .map_with(|(name, of), e| TypeExpr::Generic(name, Box::new(of), e.span()));
        let named = path().map_with(|path, e| TypeExpr::Named(path, e.span()));
        let list = inner
            .clone()
            .delimited_by(just(Token::BracketOpen), just(Token::BracketClose))
            .map_with(|of, e| TypeExpr::List(Box::new(of), e.span()));
        choice((generic, named, list, record_type(inner.clone()), function_type(inner)))
            .labelled(Class::Type)
            .then(just(Token::Question).or_not())
            .map_with(|(ty, nullable), e| match nullable {
                Some(_) => TypeExpr::Nullable(Box::new(ty), e.span()),
                None => ty,
            })
    })
    .boxed()
}

/// `record_type = "{" [ NAME ":" type { "," NAME ":" type } ] [ "," ] [ ".." ] "}"`
fn record_type<'t>(inner: Rule<'t, TypeExpr>) -> Rule<'t, TypeExpr> {
    name()
        .then_ignore(just(Token::Colon))
        .then(inner)
        .separated_by(just(Token::Comma))
        .allow_trailing()
        .collect::<Vec<_>>()
        .then(just(Token::Range).or_not())
        .delimited_by(just(Token::BraceOpen), just(Token::BraceClose))
        .map_with(|(fields, open), e| TypeExpr::Record { fields, open: open.is_some(), span: e.span() })
        .boxed()
}

/// `function_type = "fn" "(" [ type { "," type } ] ")" "->" type`
fn function_type<'t>(inner: Rule<'t, TypeExpr>) -> Rule<'t, TypeExpr> {
    just(Token::Fn)
        .ignore_then(
            inner
                .clone()
                .separated_by(just(Token::Comma))
                .allow_trailing()
                .collect::<Vec<_>>()
                .delimited_by(just(Token::ParenOpen), just(Token::ParenClose)),
        )
        .then_ignore(just(Token::Arrow))
        .then(inner)
        .map_with(|(parameters, result), e| TypeExpr::Function(parameters, Box::new(result), e.span()))
        .boxed()
}
