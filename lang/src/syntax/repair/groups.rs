//! E0107: grouping as a stage of its own, `group_by k | summarize n = count()`. In Pipe the keys stand behind `by`.

use super::{Tokens, defined_functions, end_of, slice};
use crate::aliases;
use crate::codes::*;
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::Span;
use crate::syntax::token::Token;

/// Names of such a stage.
const GROUPS: [&str; 5] = ["group_by", "groupby", "group", "groupBy", "group-by"];

/// Joins a grouping with the stage behind it that computes, or gives it something to compute.
pub(super) fn repair<'s>(text: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let own = defined_functions(&tokens);
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len() + 8);
    let mut at = 0;
    while at < tokens.len() {
        match grouping(text, &tokens, at).filter(|group| !own.contains(&group.name)) {
            Some(group) => {
                diagnostics.push(group.diagnostic);
                out.extend(group.mended);
                at = group.end;
            }
            None => {
                out.push(tokens[at].clone());
                at += 1;
            }
        }
    }
    out
}

struct Grouping<'s> {
    name: &'s str,
    mended: Tokens<'s>,
    /// The position behind what it replaces.
    end: usize,
    diagnostic: Diagnostic,
}

/// The grouping that begins with the pipe at `at`, if one does.
fn grouping<'s>(text: &'s str, tokens: &[(Token<'s>, Span)], at: usize) -> Option<Grouping<'s>> {
    let [(Token::Pipe, pipe), (Token::Name(name), name_span), ..] = &tokens[at..] else { return None };
    if !GROUPS.contains(name) {
        return None;
    }
    let ends = |token: &Token| matches!(token, Token::Pipe | Token::End);
    let end = end_of(tokens, at + 2, ends);
    let keys = keys(&tokens[at + 2..end]);
    let (first, last) = (keys.first()?, keys.last()?);
    let written = written(text, keys)?;
    let by = (Token::By, first.1);
    let keys_of = |keys: &[(Token<'s>, Span)]| {
        keys.iter().map(|(token, span)| (named(text, token, *span), *span)).collect::<Vec<_>>()
    };
    let whole = name_span.to(last.1).to(tokens[end - 1].1);
    let error = Diagnostic::error(E0107, whole, "grouping is a part of `aggregate`")
        .saying("the keys stand behind `by`, in the stage that computes");
    let mut mended = vec![(Token::Pipe, *pipe)];
    if let [(Token::Pipe, _), (Token::Name(next), next_span), body @ ..] = &tokens[end..]
        && (*next == "aggregate" || aliases::stage(next) == Some("aggregate"))
    {
        let after = end_of(tokens, end + 2, ends);
        let body = &body[..after - end - 2];
        let (_, behind) = body.last()?;
        mended.push((Token::Name("aggregate"), *next_span));
        mended.extend_from_slice(body);
        mended.push(by);
        mended.extend(keys_of(keys));
        let mut diagnostic = error.help(format!("`aggregate … by {written}`"));
        diagnostic.edits.push(Edit { span: Span { end: next_span.end, ..*name_span }, text: "aggregate".into() });
        diagnostic.edits.push(Edit { span: behind.at_end(), text: format!(" by {written}") });
        return Some(Grouping { name, mended, end: after, diagnostic });
    }
    let span = *name_span;
    mended.extend([
        (Token::Name("aggregate"), span),
        (Token::Name("n"), span),
        (Token::Assign, span),
        (Token::Name("count"), span),
        (Token::CallOpen, span),
        (Token::ParenClose, span),
        by,
    ]);
    mended.extend(keys_of(keys));
    let diagnostic = error.fix(whole, format!("aggregate n = count() by {written}"));
    Some(Grouping { name, mended, end, diagnostic })
}

/// The keys without a `by` before them and brackets around them.
pub(super) fn keys<'a, 's>(mut tokens: &'a [(Token<'s>, Span)]) -> &'a [(Token<'s>, Span)] {
    loop {
        tokens = match tokens {
            [(Token::By, _), rest @ ..] => rest,
            [(Token::CallOpen | Token::WrapOpen | Token::ParenOpen | Token::BracketOpen, _), rest @ .., (last, _)]
                if last.closes() =>
            {
                rest
            }
            _ => return tokens,
        }
    }
}

/// The keys as Pipe writes them; texts are names elsewhere.
pub(super) fn written(text: &str, keys: &[(Token, Span)]) -> Option<String> {
    let (first, last) = (keys.first()?, keys.last()?);
    let (mut out, mut at) = (String::new(), first.1.start);
    for (token, span) in keys {
        out.push_str(text.get(at as usize..span.start as usize)?);
        match token {
            Token::String(name) => out.push_str(&spelled(name)),
            _ => out.push_str(slice(text, *span)),
        }
        at = span.end;
    }
    (at == last.1.end).then_some(out)
}

/// A key as Pipe writes it.
pub(super) fn named<'s>(text: &'s str, token: &Token<'s>, span: Span) -> Token<'s> {
    match token {
        // The name stands between the quotes, unless there are escapes in it.
        Token::String(_) => Token::Backtick(slice(text, span).trim_matches(['"', '\''])),
        other => other.clone(),
    }
}

fn spelled(name: &str) -> String {
    let plain =
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_numeric());
    if plain { name.to_string() } else { format!("`{name}`") }
}
