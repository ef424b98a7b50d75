//! Stages that are written as elsewhere: `sort by x desc`, `filter a = 1`, `take 3, by: k`.

use super::{ASSIGN_FOR_EQUAL, Tokens, end_of, slice};
use crate::codes::*;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::brackets::CONDITION_STAGES;
use crate::syntax::token::Token;

/// Names of `sort`, here and elsewhere.
const SORTS: [&str; 4] = ["sort", "order_by", "orderby", "order"];

/// E0104 in conditions, E0108, and `by:`.
pub(super) fn repair<'s>(text: &'s str, mut tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    conditions(&mut tokens, diagnostics);
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len() + 4);
    let mut at = 0;
    while at < tokens.len() {
        out.push(tokens[at].clone());
        at += 1;
        let [.., (Token::Pipe, _), (Token::Name(name), name_span)] = out.as_slice() else {
            if let [.., (Token::Comma, comma), (word @ (Token::By | Token::On), span)] = out.as_slice()
                && let Some((Token::Colon, colon)) = tokens.get(at)
            {
                let (word, span) = (word.clone(), *span);
                diagnostics.push(clause_with_colon(slice(text, span), comma.to(*colon)));
                out.truncate(out.len() - 2);
                out.push((word, span));
                at += 1;
            }
            continue;
        };
        if SORTS.contains(name) {
            let name_span = *name_span;
            let end = end_of(&tokens, at, |token| matches!(token, Token::Pipe | Token::End));
            if let Some((keys, diagnostic)) = sort_keys(text, name_span, &tokens[at..end]) {
                diagnostics.push(diagnostic);
                out.pop();
                out.push((Token::Name("sort"), name_span));
                out.extend(keys);
                at = end;
            }
        }
    }
    out
}

fn clause_with_colon(word: &str, span: Span) -> Diagnostic {
    Diagnostic::error(E0130, span, format!("`{word}` stands without a comma and a colon")).fix(span, format!(" {word}"))
}

/// E0104: directly among the arguments of a condition a `=` can only be meant as `==`.
fn conditions(tokens: &mut Tokens, diagnostics: &mut Vec<Diagnostic>) {
    for at in 0..tokens.len() {
        let [(Token::Pipe, _), (Token::Name(name), _), rest @ ..] = &tokens[at..] else { continue };
        if !CONDITION_STAGES.contains(name) {
            continue;
        }
        let inside = usize::from(matches!(rest.first(), Some((Token::CallOpen | Token::WrapOpen, _))));
        let start = at + 2 + inside;
        let end = end_of(tokens, start, |token| matches!(token, Token::Pipe | Token::End));
        let mut depth = 0usize;
        for (token, span) in &mut tokens[start..end] {
            if token.opens() {
                depth += 1;
            } else if token.closes() {
                depth -= 1;
            } else if depth == 0 && *token == Token::Assign {
                diagnostics.push(Diagnostic::error(E0104, *span, ASSIGN_FOR_EQUAL).fix(*span, "=="));
                *token = Token::Equal;
            }
        }
    }
}

/// The keys of a `sort` as Pipe writes them, where they are written as elsewhere.
fn sort_keys<'s>(text: &'s str, name: Span, keys: &[(Token<'s>, Span)]) -> Option<(Tokens<'s>, Diagnostic)> {
    let by = matches!(keys, [(Token::By, _), _, ..]);
    let spelled = slice(text, name) == "sort";
    let keys = if by { &keys[1..] } else { keys };
    let separated: Vec<_> = split_at_commas(keys);
    if keys.is_empty() || (spelled && !by && !separated.iter().any(|key| direction(key).is_some())) {
        return None;
    }
    let (mut tokens, mut written): (Tokens, Vec<String>) = (Vec::new(), Vec::new());
    for key in separated {
        let descending = direction(key);
        let body = if descending.is_some() { &key[..key.len() - 1] } else { key };
        let (Some((first, start)), Some((_, end))) = (body.first(), body.last()) else { return None };
        let whole = slice(text, start.to(*end));
        let negate = descending == Some(true) && *first != Token::Minus;
        let wrap = negate && !is_postfix(body);
        if let Some((_, comma)) = tokens.last() {
            let comma = comma.at_end();
            tokens.push((Token::Comma, comma));
        }
        let here = Span { end: start.start, ..*start };
        if negate {
            tokens.push((Token::Minus, here));
        }
        tokens.extend(wrap.then_some((Token::ParenOpen, here)));
        tokens.extend(body.iter().cloned());
        tokens.extend(wrap.then_some((Token::ParenClose, end.at_end())));
        written.push(match (negate, wrap) {
            (false, _) => whole.to_string(),
            (true, false) => format!("-{whole}"),
            (true, true) => format!("-({whole})"),
        });
    }
    let end = keys.last().map_or(name, |(_, span)| *span);
    let start = if spelled { keys.first().map_or(name, |(_, span)| *span) } else { name };
    let place = if by { Span { start: name.end, ..name }.to(end) } else { start.to(end) };
    let place = trim_start(text, place);
    let message = "`sort` takes its keys directly, and `-` sorts descending";
    let sort = if spelled { "" } else { "sort " };
    let edit = if spelled { place } else { name.to(end) };
    Some((tokens, Diagnostic::error(E0108, place, message).fix(edit, format!("{sort}{}", written.join(", ")))))
}

fn trim_start(text: &str, span: Span) -> Span {
    let whole = slice(text, span);
    Span { start: span.start + (whole.len() - whole.trim_start().len()) as u32, ..span }
}

fn split_at_commas<'a, 's>(tokens: &'a [(Token<'s>, Span)]) -> Vec<&'a [(Token<'s>, Span)]> {
    let mut depth = 0usize;
    let is_comma = |(token, _): &(Token, Span)| {
        if token.opens() {
            depth += 1;
        } else if token.closes() {
            depth = depth.saturating_sub(1);
        }
        depth == 0 && *token == Token::Comma
    };
    tokens.split(is_comma).collect()
}

/// Whether a key ends in a word for descending, or for ascending.
fn direction(key: &[(Token, Span)]) -> Option<bool> {
    match key {
        [.., (before, _), (Token::Name(word), _)] if before.ends_operand() => {
            match word.to_ascii_lowercase().as_str() {
                "desc" | "descending" => Some(true),
                "asc" | "ascending" => Some(false),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether a minus before these tokens stands before all of them.
fn is_postfix(tokens: &[(Token, Span)]) -> bool {
    let mut depth = 0usize;
    tokens.iter().all(|(token, _)| {
        if token.opens() {
            depth += 1;
        } else if token.closes() {
            depth = depth.saturating_sub(1);
        }
        let is_member = matches!(token, Token::Dot | Token::QuestionDot);
        depth > 0
            || is_member
            || !(token.continues_before() || matches!(token, Token::Minus | Token::Not | Token::Range))
    })
}
