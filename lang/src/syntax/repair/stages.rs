//! Stages that are written as elsewhere: `sort by x desc`, `filter a = 1`, `take 3, by: k`.

use super::{ASSIGN_FOR_EQUAL, Tokens, end_of, slice};
use crate::aliases;
use crate::codes::*;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::brackets::takes_condition;
use crate::syntax::token::Token;

/// Names of `sort` elsewhere that say so by themselves.
const ORDERS: [&str; 3] = ["order_by", "orderby", "order"];

/// E0101: stages with a hyphen in their name, `sort-by x`; that of `group-by` is told where it is mended.
pub(super) fn hyphens<'s>(text: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let Some((name, whole)) = hyphened(text, &tokens[at..]) else {
            out.push(tokens[at].clone());
            at += 1;
            continue;
        };
        let meant = aliases::stage(name);
        if let Some(meant) = meant {
            let error = Diagnostic::error(E0101, whole, format!("there is no stage called `{name}`"));
            diagnostics.push(error.saying(format!("Pipe calls this `{meant}`")).fix(whole, meant));
        }
        out.extend([tokens[at].clone(), (Token::Name(meant.unwrap_or(name)), whole)]);
        at += 4;
    }
    out
}

/// The name of a stage with a hyphen in it, behind the pipe that these tokens begin with.
fn hyphened<'s>(text: &'s str, tokens: &[(Token, Span)]) -> Option<(&'s str, Span)> {
    let [(Token::Pipe, _), (Token::Name(_), first), (Token::Minus, minus), (second, last), ..] = tokens else {
        return None;
    };
    let whole = first.to(*last);
    let name = slice(text, whole);
    let touch = (first.end, minus.end) == (minus.start, last.start);
    let is_word = second.is_name() || *second == Token::By;
    (touch && is_word && (aliases::stage(name).is_some() || name == "group-by")).then_some((name, whole))
}

/// `top 3 by x desc`: the first rows of a sorted table.
fn top<'s>(text: &str, name: Span, rest: &[(Token<'s>, Span)]) -> Option<(Tokens<'s>, Diagnostic)> {
    let [(Token::Int(count), place), by @ (Token::By, _), keys @ ..] = rest else { return None };
    let bare = split_at_commas(keys).iter().all(|key| direction(key).is_none());
    let (first, last) = (keys.first()?.1, keys.last()?.1);
    let whole = name.to(last);
    let (mut tokens, sort) = if bare && !matches!(keys, [(Token::Minus, _), ..]) && is_postfix(keys) {
        let mut tokens = vec![(Token::Minus, first)];
        tokens.extend_from_slice(keys);
        (tokens, format!("-{}", slice(text, first.to(last))))
    } else {
        let sorted = [std::slice::from_ref(by), keys].concat();
        let (tokens, diagnostic) = sort_keys(text, name, "sort", &sorted)?;
        let written = diagnostic.edits.first()?.text.clone();
        (tokens, written)
    };
    tokens.insert(0, (Token::Name("sort"), name));
    let pipe = last.at_end();
    tokens.extend([(Token::Pipe, pipe), (Token::Name("take"), *place), (Token::Int(*count), *place)]);
    let error =
        Diagnostic::error(E0101, name, "there is no stage called `top`").saying("Pipe sorts, then takes the first");
    Some((tokens, error.fix(whole, format!("sort {sort} | take {count}"))))
}

/// E0104 in conditions, E0108, `top`, and `by:`.
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
        let (name, name_span) = (*name, *name_span);
        let end = end_of(&tokens, at, |token| matches!(token, Token::Pipe | Token::End));
        if name == "top"
            && let Some((mended, diagnostic)) = top(text, name_span, &tokens[at..end])
        {
            diagnostics.push(diagnostic);
            out.pop();
            out.extend(mended);
            at = end;
            continue;
        }
        if (name == "sort" || aliases::stage(name) == Some("sort"))
            && let Some((keys, diagnostic)) = sort_keys(text, name_span, name, &tokens[at..end])
        {
            diagnostics.push(diagnostic);
            out.pop();
            out.push((Token::Name("sort"), name_span));
            out.extend(keys);
            at = end;
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
        if !takes_condition(name) {
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
fn sort_keys<'s>(text: &str, name: Span, called: &str, keys: &[(Token<'s>, Span)]) -> Option<(Tokens<'s>, Diagnostic)> {
    let by = matches!(keys, [(Token::By, _), _, ..]);
    let spelled = called == "sort";
    let keys = match keys {
        [(Token::By, _), (Token::Colon, _), keys @ ..] => keys,
        keys => &keys[usize::from(by)..],
    };
    // `arrange(desc(x))`: what stands in the parentheses are the keys.
    let (keys, closed) = match keys {
        [(Token::CallOpen, _), inner @ .., (Token::ParenClose, _)] if !inner.is_empty() => (inner, keys.last()),
        keys => (keys, None),
    };
    let separated: Vec<_> = split_at_commas(keys);
    let says = by
        || ORDERS.contains(&called)
        || separated.iter().any(|key| without_nulls(key).1.is_some() || direction(key).is_some());
    if keys.is_empty() || !says {
        return None;
    }
    let (tokens, written) = written_keys(text, &separated)?;
    let end = closed.or(keys.last()).map_or(name, |(_, span)| *span);
    let start = if closed.is_some() {
        name.at_end()
    } else if spelled {
        keys.first().map_or(name, |(_, span)| *span)
    } else {
        name
    };
    let place = if by { Span { start: name.end, ..name }.to(end) } else { start.to(end) };
    let place = trim_start(text, place);
    let message = "`sort` takes its keys directly, and `-` sorts descending";
    let sort = match (spelled, closed.is_some()) {
        (true, false) => "",
        (true, true) => " ",
        (false, _) => "sort ",
    };
    let edit = if spelled { place } else { name.to(end) };
    Some((tokens, Diagnostic::error(E0108, place, message).fix(edit, format!("{sort}{}", written.join(", ")))))
}

/// The keys with a minus where they sort descending: as tokens, and as they are written.
fn written_keys<'s>(text: &str, keys: &[&[(Token<'s>, Span)]]) -> Option<(Tokens<'s>, Vec<String>)> {
    let (mut tokens, mut written): (Tokens, Vec<String>) = (Vec::new(), Vec::new());
    for &key in keys {
        let (key, nulls) = without_nulls(key);
        let descending = direction(key);
        let body = match key {
            [(Token::Name("desc"), _), (Token::CallOpen, _), body @ .., _] => body,
            [(word, _), body @ ..] if prefix(word, body).is_some() => body,
            [body @ .., _] if descending.is_some() => body,
            key => key,
        };
        let (Some((first, start)), Some((_, end))) = (body.first(), body.last()) else { return None };
        let whole = slice(text, start.to(*end));
        let negate = descending == Some(true) && *first != Token::Minus;
        let wrap = negate && !is_postfix(body);
        if let Some((_, comma)) = tokens.last() {
            let comma = comma.at_end();
            tokens.push((Token::Comma, comma));
        }
        let here = Span { end: start.start, ..*start };
        if nulls == Some(true) {
            // What is false stands before what is true.
            tokens.extend(body.iter().cloned());
            tokens.extend([(Token::NotEqual, here), (Token::Null, here), (Token::Comma, here)]);
            written.push(format!("{whole} != null"));
        }
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
    Some((tokens, written))
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

/// A key without `nulls first` or `nulls last` behind it, and whether they come first. In Pipe they come last.
fn without_nulls<'a, 's>(key: &'a [(Token<'s>, Span)]) -> (&'a [(Token<'s>, Span)], Option<bool>) {
    match key {
        [body @ .., (Token::Name(nulls), _), (Token::Name(place), _)]
            if !body.is_empty() && nulls.eq_ignore_ascii_case("nulls") =>
        {
            match place.to_ascii_lowercase().as_str() {
                "first" => (body, Some(true)),
                "last" => (body, Some(false)),
                _ => (key, None),
            }
        }
        key => (key, None),
    }
}

/// Whether a key ends in a word for descending, or for ascending.
fn direction(key: &[(Token, Span)]) -> Option<bool> {
    match key {
        [(Token::Name("desc"), _), (Token::CallOpen, _), _, .., (Token::ParenClose, _)] => Some(true),
        [(word, _), body @ ..] if let Some(descending) = prefix(word, body) => Some(descending),
        [.., (before, _), (Token::Name(word), _)] if before.ends_operand() => direction_word(word),
        _ => None,
    }
}

/// Whether a word before a key says that it is descending, or ascending.
fn prefix(word: &Token, key: &[(Token, Span)]) -> Option<bool> {
    let (Token::Name(word), [(first, _), ..]) = (word, key) else { return None };
    let is_key = first.is_name() && !matches!(key, [(Token::Name(last), _)] if direction_word(last).is_some());
    direction_word(word).filter(|_| is_key)
}

fn direction_word(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "desc" | "descending" => Some(true),
        "asc" | "ascending" => Some(false),
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
