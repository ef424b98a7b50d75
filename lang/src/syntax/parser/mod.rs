//! The grammar of `grammar/pipe.ebnf`: one function per production, named alike.
//!
//! The tokens that come in are balanced, and newlines that end nothing are gone, so the grammar never looks around
//! further than one token. Every alternative is told apart by its first two tokens: parsing takes linear time. A fault
//! inside a stage marks that stage as broken and goes on at the next `|`; a fault inside a bracket leaves a hole there.

mod evidence;
mod expr;
mod faults;
mod pattern;
mod stage;
mod statement;
mod types;

use super::ast::{Expr, ExprKind, Name, Statement};
use super::token::Token;
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Span};
use chumsky::input::{Input, MappedInput};
use chumsky::prelude::*;
use faults::{Class, Fault};

/// What the grammar reads.
type Tokens<'t> = MappedInput<'t, Token<'t>, Span, &'t [(Token<'t>, Span)]>;
type Extra<'t> = extra::Err<Fault>;
/// A production.
type Rule<'t, O> = Boxed<'t, 't, Tokens<'t>, O, Extra<'t>>;
/// What a fold of an operator gets.
type Fold<'t, 'b> = chumsky::input::MapExtra<'t, 'b, Tokens<'t>, Extra<'t>>;

impl chumsky::span::Span for Span {
    type Context = SourceId;
    type Offset = u32;

    fn new(source: SourceId, range: std::ops::Range<u32>) -> Self {
        Span { source, start: range.start, end: range.end.max(range.start) }
    }

    fn context(&self) -> SourceId {
        self.source
    }

    fn start(&self) -> u32 {
        self.start
    }

    fn end(&self) -> u32 {
        self.end
    }
}

/// The statements of a script, parsed one by one, and what was wrong; `text` and `comments` are for messages and the docs
/// of parameters.
pub(super) fn script<'t>(
    text: &str,
    comments: &[Span],
    tokens: &'t [(Token<'t>, Span)],
) -> (Vec<Statement>, Vec<Diagnostic>) {
    let rule = statement::statement(statement::docs(text, comments));
    let mut statements = Vec::new();
    let mut diagnostics = Vec::new();
    for slice in split(tokens) {
        let (Some((_, first)), Some((_, last))) = (slice.first(), slice.last()) else { continue };
        let whole = first.to(*last);
        if let Some(too_long) = super::depth::check(slice) {
            diagnostics.push(too_long);
            statements.push(Statement::Error(whole));
            continue;
        }
        let (statement, faults) = rule.parse(slice.split_token_span(last.at_end())).into_output_errors();
        statements.push(statement.unwrap_or(Statement::Error(whole)));
        diagnostics.extend(faults.into_iter().map(|fault| fault.into_diagnostic(text)));
    }
    (statements, diagnostics)
}

/// The statements: what stands between the ends that are in no bracket.
fn split<'t>(tokens: &'t [(Token<'t>, Span)]) -> Vec<&'t [(Token<'t>, Span)]> {
    let mut depth = 0usize;
    let is_end = |(token, _): &(Token, Span)| {
        if token.opens() {
            depth += 1;
        } else if token.closes() {
            depth = depth.saturating_sub(1);
        }
        depth == 0 && *token == Token::End
    };
    tokens.split(is_end).filter(|slice| !slice.is_empty()).collect()
}

/// `NAME`: a name, also one in backticks.
fn name<'t>() -> Rule<'t, Name> {
    select! { Token::Name(text) = e => Name { text: text.into(), span: e.span() },
    Token::Backtick(text) = e => Name { text: text.into(), span: e.span() } }
    .labelled(Class::Name)
    .boxed()
}

/// `path = NAME { "::" NAME }`
fn path<'t>() -> Rule<'t, Vec<Name>> {
    name().separated_by(just(Token::PathSeparator)).at_least(1).collect::<Vec<_>>().boxed()
}

/// `NAME`, where `after` follows it; both are read. Most names are followed by something else, so this fails cheaply.
fn name_before<'t>(after: Token<'t>) -> Rule<'t, Name> {
    custom(move |input| {
        let start = input.cursor();
        let name = input.next_ref().and_then(Token::name);
        let span = input.span_since(&start);
        match name {
            Some(text) if input.peek_ref() == Some(&after) => {
                input.skip();
                Ok(Name { text: text.into(), span })
            }
            Some(_) | None => Err(Fault::unexpected(span)),
        }
    })
    .boxed()
}

/// A token's place.
fn place<'t>(token: Token<'t>) -> Rule<'t, Span> {
    just(token).map_with(|_, e| e.span()).boxed()
}

/// Succeeds, without reading it, before a token that `is` accepts, or at the end of the statement.
fn before<'t>(class: Class, is: fn(&Token<'t>) -> bool) -> Rule<'t, ()> {
    any().filter(is).ignored().or(end()).labelled(class).rewind().boxed()
}

/// Reads up to a token that `stops` accepts, or the end of the bracket or statement; at least one token. Gives its
/// place. Brackets are skipped whole.
fn skip_until<'t>(stops: fn(&Token<'t>) -> bool) -> Rule<'t, Span> {
    let skipped = move |depth: &mut usize, token: &Token<'t>| {
        if *depth == 0 && (token.closes() || stops(token)) {
            return false;
        }
        if token.opens() {
            *depth += 1;
        } else if token.closes() {
            *depth -= 1;
        }
        true
    };
    custom(move |input| {
        let before = input.cursor();
        let mut depth = 0;
        while input.peek_ref().is_some_and(|token| skipped(&mut depth, token)) {
            input.skip();
        }
        if input.cursor().inner() == before.inner() {
            let span = input.span_since(&before);
            return Err(Fault::unexpected(span));
        }
        Ok(input.span_since(&before))
    })
    .boxed()
}

/// Whether a stage ends before this token: the pipeline goes on, or what it stands in ends.
fn ends_stage(token: &Token) -> bool {
    matches!(token, Token::Pipe | Token::End | Token::HoleFormat(_)) || token.closes()
}

/// Whether an item of a bracket ends before this token.
fn ends_item(token: &Token) -> bool {
    matches!(token, Token::Comma | Token::End | Token::HoleFormat(_)) || token.closes()
}

/// An expression that was reported already.
fn hole(span: Span) -> Expr {
    Expr { kind: ExprKind::Error, span }
}

/// `item` inside of a bracket, followed by a comma or the end; a faulty one is skipped and made by `instead`.
fn recovered<'t, O: 't>(item: Rule<'t, O>, instead: fn(Span) -> O) -> Rule<'t, O> {
    item.then_ignore(before(Class::Comma, ends_item))
        .recover_with(via_parser(skip_until(ends_item).map(instead)))
        .boxed()
}
