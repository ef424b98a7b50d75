//! Mistakes that show in the tokens alone: each is reported with a fix and mended, so that the grammar reads what was
//! meant and the checker sees the right columns behind it.
//!
//! Only what other languages or habits suggest is here (errors.md, E0104 to E0116); everything else is the grammar's.

mod braces;
mod calls;
mod choices;
mod clauses;
mod closures;
mod columns;
mod conditions;
mod dots;
mod files;
mod functions;
mod groups;
mod keys;
mod lambdas;
mod lines;
mod negations;
mod over;
mod slices;
mod sql;
mod stages;
mod statements;
mod texts;
mod words;

use super::token::Token;
use crate::codes::*;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// Tokens with their places.
type Tokens<'s> = Vec<(Token<'s>, Span)>;

/// The headline of E0104.
pub(super) const ASSIGN_FOR_EQUAL: &str = "`=` names a value; to compare write `==`";

/// Mends the tokens of `text`.
pub(super) fn repair<'s>(text: &'s str, tokens: Tokens<'s>) -> (Tokens<'s>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let passes = [
        closures::repair,
        lambdas::repair,
        braces::repair,
        conditions::repair,
        missing_stages,
        stages::hyphens,
        functions::repair,
        lines::repair,
        statements::repair,
        files::repair,
        over::repair,
        texts::repair,
        negations::repair,
        choices::repair,
        slices::repair,
        clauses::repair,
        words::repair,
        groups::repair,
        keys::repair,
        dots::repair,
        columns::repair,
        stages::repair,
        reserved_names,
        calls::repair,
    ];
    let mut tokens = tokens;
    for pass in passes {
        tokens = pass(text, tokens, &mut diagnostics);
    }
    (tokens, diagnostics)
}

fn slice(text: &str, span: Span) -> &str {
    text.get(span.range()).unwrap_or("")
}

/// The position of the first token from `at` on that `stops`, or that closes the bracket around `at`, or the end.
fn end_of(tokens: &[(Token, Span)], at: usize, stops: fn(&Token) -> bool) -> usize {
    let mut depth = 0usize;
    for (offset, (token, _)) in tokens[at..].iter().enumerate() {
        if depth == 0 && (token.closes() || stops(token)) {
            return at + offset;
        }
        if token.opens() {
            depth += 1;
        } else if token.closes() {
            depth -= 1;
        }
    }
    tokens.len()
}

/// Where the item that these tokens end with begins: an argument, an entry of a list or record, a value behind `=`.
fn item_start(tokens: &[(Token, Span)]) -> usize {
    let mut depth = 0usize;
    for at in (0..tokens.len()).rev() {
        let token = &tokens[at].0;
        if token.closes() {
            depth += 1;
        } else if depth > 0 {
            depth -= usize::from(token.opens());
        } else {
            let begins = token.opens()
                || matches!(token, Token::Comma | Token::Assign | Token::Colon | Token::FatArrow | Token::End)
                || matches!(token, Token::By | Token::On | Token::Pipe);
            if begins || super::brackets::stage_name(&tokens[..=at]).is_some() {
                return at + 1;
            }
        }
    }
    0
}

/// The functions that the script defines: their names mean nothing else.
fn defined_functions<'s>(tokens: &[(Token<'s>, Span)]) -> Vec<&'s str> {
    let name = |pair: &[(Token<'s>, Span)]| match pair {
        [(Token::Fn, _), (Token::Name(name), _)] => Some(*name),
        _ => None,
    };
    tokens.windows(2).filter_map(name).collect()
}

/// E0110: a `|` with no stage behind it is left out.
fn missing_stages<'s>(_: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let is_empty = |at: usize| {
        let next = tokens.get(at + 1).map(|(token, _)| token);
        tokens[at].0 == Token::Pipe && next.is_none_or(|next| matches!(next, Token::Pipe | Token::End) || next.closes())
    };
    let mut out = Vec::with_capacity(tokens.len());
    for (at, (token, span)) in tokens.iter().enumerate() {
        if is_empty(at) {
            diagnostics.push(Diagnostic::error(E0110, *span, "a stage is missing after this `|`").fix(*span, ""));
        } else {
            out.push((token.clone(), *span));
        }
    }
    out
}

/// E0112: a reserved word where a name is due is read as one in backticks.
fn reserved_names<'s>(text: &'s str, mut tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    for at in 0..tokens.len() {
        let (token, span) = &tokens[at];
        if !token.is_reserved() || !is_name_due(&tokens, at) {
            continue;
        }
        let (span, word) = (*span, slice(text, *span));
        let message = format!("`{word}` is reserved");
        let help = "another name, or backticks around this one".to_string();
        let mut diagnostic = Diagnostic::error(E0112, span, message).fix(span, format!("`{word}`"));
        diagnostic.help[0] = help;
        diagnostics.push(diagnostic);
        tokens[at].0 = Token::Backtick(word);
    }
    tokens
}

fn is_name_due(tokens: &[(Token, Span)], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| &tokens[before].0);
    let next = tokens.get(at + 1).map(|(token, _)| token);
    let is_label = matches!(next, Some(Token::Assign | Token::Colon));
    match before {
        Some(Token::Let | Token::Param | Token::Type | Token::As | Token::PathSeparator) => true,
        Some(Token::Fn) => matches!(next, Some(Token::ParenOpen | Token::CallOpen)),
        Some(Token::Comma | Token::CallOpen | Token::WrapOpen | Token::By | Token::On) => is_label,
        Some(before) if before.is_name() => is_label && super::brackets::stage_name(&tokens[..at]).is_some(),
        _ => false,
    }
}
