//! Types as they are written.

use super::faults::{Class, Fault};
use super::{Rule, name, path};
use crate::syntax::ast::{Name, TypeExpr};
use crate::syntax::token::Token;
use chumsky::prelude::*;

/// `type = ( path | NAME "<" type ">" | list_type | record_type | function_type ) [ "?" ]`
pub(super) fn r#type<'t>() -> Rule<'t, TypeExpr> {
    recursive(|inner| {
        let inner = inner.boxed();
        let generic = name()
            .then(inner.clone().delimited_by(just(Token::Less), just(Token::Greater)))
            .map_with(|(name, of), e| TypeExpr::Generic(name, Box::new(of), e.span()));
        let named = path().map_with(|path, e| TypeExpr::Named(path, e.span()));
        choice((generic, named, list_type(inner.clone()), record_type(inner.clone()), function_type(inner)))
            .labelled(Class::Type)
            .then(just(Token::Question).or_not())
            .map_with(|(ty, nullable), e| match nullable {
                Some(_) => TypeExpr::Nullable(Box::new(ty), e.span()),
                None => ty,
            })
    })
    .boxed()
}

/// `list_type = "[" type "]"`
fn list_type<'t>(inner: Rule<'t, TypeExpr>) -> Rule<'t, TypeExpr> {
    inner
        .delimited_by(just(Token::BracketOpen), just(Token::BracketClose))
        .map_with(|of, e| TypeExpr::List(Box::new(of), e.span()))
        .boxed()
}

/// `record_type = "{" [ ( field_type { "," field_type } [ "," ".." ] | ".." ) [ "," ] ] "}"`
fn record_type<'t>(inner: Rule<'t, TypeExpr>) -> Rule<'t, TypeExpr> {
    choice((just(Token::Range).to(None), field_type(inner).map(Some)))
        .separated_by(just(Token::Comma))
        .allow_trailing()
        .collect::<Vec<_>>()
        .delimited_by(just(Token::BraceOpen), just(Token::BraceClose))
        .try_map(|mut items, span| {
            let open = items.pop_if(|last| last.is_none()).is_some();
            let fields = items.into_iter().collect::<Option<Vec<_>>>().ok_or(Fault::unexpected(span))?;
            Ok(TypeExpr::Record { fields, open, span })
        })
        .boxed()
}

/// `field_type = NAME ":" type`
fn field_type<'t>(inner: Rule<'t, TypeExpr>) -> Rule<'t, (Name, TypeExpr)> {
    name().then_ignore(just(Token::Colon)).then(inner).boxed()
}

/// `function_type = "fn" "(" [ type { "," type } [ "," ] ] ")" "->" type`
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
