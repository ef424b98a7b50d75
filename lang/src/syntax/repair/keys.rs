//! E0130: keys behind `by` and `on` that are put together as elsewhere, `by a and b`, `by [a, b]`, `by (a, b)`. In Pipe
//! they stand side by side with commas between them.

use super::{Tokens, end_of, slice};
use crate::aliases;
use crate::codes::*;
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::Span;
use crate::stages::{self, By, StageDef};
use crate::syntax::brackets::stage_name;
use crate::syntax::token::Token;

type Slice<'a, 's> = &'a [(Token<'s>, Span)];

/// Puts commas between the keys.
pub(super) fn repair<'s>(text: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        out.push(tokens[at].clone());
        at += 1;
        let is_by = match tokens[at - 1].0 {
            Token::By => true,
            Token::On => false,
            _ => continue,
        };
        // What is wrong with the `by` of a `sort` is told of all its keys.
        if stage_name(&out[..out.len() - 1]).is_some_and(|name| name == "sort" || aliases::stage(name) == Some("sort"))
        {
            continue;
        }
        let ends = |token: &Token| matches!(token, Token::Pipe | Token::End | Token::By | Token::On);
        let end = end_of(&tokens, at, ends);
        // Elsewhere a key needs no name, and `a and b` may be one.
        let needs_names = is_by && stage_of(&out[..out.len() - 1]).is_some_and(|stage| stage.takes.by == By::Columns);
        let Some((keys, diagnostic)) = mended(text, is_by, needs_names, &tokens[at..end]) else { continue };
        diagnostics.push(diagnostic);
        out.extend(keys);
        at = end;
    }
    out
}

/// The stage whose arguments these tokens end in.
fn stage_of(tokens: Slice) -> Option<&'static StageDef> {
    let mut depth = 0usize;
    for (at, (token, _)) in tokens.iter().enumerate().rev() {
        match token {
            Token::Pipe if depth == 0 => {
                return tokens[at + 1..].iter().find_map(|(token, _)| token.name()).and_then(stages::named);
            }
            token if token.closes() => depth += 1,
            token if token.opens() => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

/// The keys as they stand in Pipe, if these are put together in another way.
fn mended<'s>(text: &str, is_by: bool, needs_names: bool, keys: Slice<'_, 's>) -> Option<(Tokens<'s>, Diagnostic)> {
    let called = if is_by { "by" } else { "on" };
    in_brackets(text, called, keys).or_else(|| with_and(text, keys).filter(|_| needs_names))
}

/// `[a, b]`, `(a, b)`: several keys in one pair of brackets.
fn in_brackets<'s>(text: &str, called: &str, keys: Slice<'_, 's>) -> Option<(Tokens<'s>, Diagnostic)> {
    let [(open, first), inner @ .., (close, last)] = keys else { return None };
    let is_list = *open == Token::BracketOpen;
    if !(is_list || matches!(open, Token::ParenOpen | Token::WrapOpen | Token::CallOpen)) || !close.closes() {
        return None;
    }
    // Both belong together, and there are several keys in them.
    if end_of(inner, 0, |_| false) < inner.len() || inner.is_empty() {
        return None;
    }
    let commas = end_of(inner, 0, |token| *token == Token::Comma);
    if commas == inner.len() && !(is_list && inner.len() == 1) {
        return None;
    }
    let written = slice(text, inner[0].1.to(inner[inner.len() - 1].1));
    let whole = first.to(*last);
    let mut error = Diagnostic::error(E0130, whole, format!("the keys of `{called}` stand without brackets"))
        .help(format!("write `{called} {written}`"));
    // What touches the word before it is kept apart from it.
    let before = if text[..first.start as usize].ends_with(char::is_alphanumeric) { " " } else { "" };
    error.edits = vec![Edit { span: *first, text: before.into() }, Edit { span: *last, text: String::new() }];
    Some((inner.to_vec(), error))
}

/// `a and b`: names with a word between them. As one key it would need a name.
fn with_and<'s>(text: &str, keys: Slice<'_, 's>) -> Option<(Tokens<'s>, Diagnostic)> {
    let is_joined = |at: usize| {
        let is_name = |at: usize| keys.get(at).is_some_and(|(token, _)| token.is_name());
        let is_alone = |at: usize| keys.get(at).is_none_or(|(token, _)| matches!(token, Token::And | Token::Comma));
        let before = at.checked_sub(2).is_none_or(is_alone);
        keys[at].0 == Token::And && at > 0 && is_name(at - 1) && before && is_name(at + 1) && is_alone(at + 2)
    };
    let words: Vec<usize> = (0..keys.len()).filter(|at| is_joined(*at)).collect();
    let word = keys[*words.first()?].1;
    let count = keys.iter().filter(|(token, _)| *token == Token::And).count();
    if words.len() < count {
        return None;
    }
    let mut tokens = keys.to_vec();
    let mut edits = Vec::new();
    for at in words {
        let span = Span { start: keys[at - 1].1.end, end: keys[at].1.end, ..keys[at].1 };
        tokens[at].0 = Token::Comma;
        edits.push(Edit { span, text: ",".into() });
    }
    let mut error = Diagnostic::error(E0130, word, "the keys of `by` have commas between them");
    let key =
        |key: Slice| key.first().zip(key.last()).map_or("", |((_, first), (_, last))| slice(text, first.to(*last)));
    let written: Vec<&str> = tokens.split(|(token, _)| *token == Token::Comma).map(key).collect();
    error.help.push(format!("write `by {}`", written.join(", ")));
    error.edits = edits;
    Some((tokens, error))
}
