//! E0107: grouping as a stage of its own, `group_by k | summarize n = count()`. In Pipe the keys stand behind `by`.

use super::{Tokens, defined_functions, end_of, slice};
use crate::aliases;
use crate::codes::*;
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::Span;
use crate::stages::{self, By, StageDef, StageKind};
use crate::syntax::token::Token;

/// Names of such a stage.
const GROUPS: [&str; 5] = ["group_by", "groupby", "group", "groupBy", "group-by"];

/// Joins a grouping with the stage behind it that computes, or gives it something to compute.
pub(super) fn repair<'s>(text: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let own = defined_functions(&tokens);
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len() + 8);
    let mut at = 0;
    while at < tokens.len() {
        match grouping(text, &tokens, at, &own) {
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
    mended: Tokens<'s>,
    /// The position behind what it replaces.
    end: usize,
    diagnostic: Diagnostic,
}

/// The grouping that begins with the pipe at `at`, if one does.
fn grouping<'s>(text: &'s str, tokens: &[(Token<'s>, Span)], at: usize, own: &[&str]) -> Option<Grouping<'s>> {
    let [(Token::Pipe, pipe), (Token::Name(name), place), ..] = &tokens[at..] else { return None };
    if !GROUPS.contains(name) || own.contains(name) {
        return None;
    }
    let end = end_of(tokens, at + 2, ends_stage);
    let keys = keys(&tokens[at + 2..end]);
    let (first, last) = (keys.first()?, keys.last()?);
    let written = written(text, keys)?;
    let whole = place.to(last.1).to(tokens[end - 1].1);
    let behind = stage_behind(text, &tokens[end..], own);
    let computing = behind.as_ref().map_or("aggregate", |behind| behind.stage);
    let error = Diagnostic::error(E0107, whole, format!("grouping is a part of `{computing}`"))
        .saying("the keys stand behind `by`, in the stage that computes");
    let mut mended = vec![(Token::Pipe, *pipe)];
    let (end, diagnostic) = match behind {
        Some(behind) => {
            let edit = |span, text| Edit { span, text };
            let mut diagnostic = error.help(format!("`{} by {written}`", behind.shown));
            diagnostic.edits.push(edit(Span { end: behind.head.end, ..*place }, behind.name));
            diagnostic.edits.extend(behind.open.map(|span| edit(span, "(".to_string())));
            diagnostic.edits.push(edit(behind.tail, format!("{} by {written}", behind.close)));
            mended.extend(behind.mended);
            (end + behind.count, diagnostic)
        }
        None => {
            let [aggregate, n, count] = ["aggregate", "n", "count"].map(|name| (Token::Name(name), *place));
            let [assign, open, close] =
                [Token::Assign, Token::CallOpen, Token::ParenClose].map(|token| (token, *place));
            mended.extend([aggregate, n, assign, count, open, close]);
            (end, error.fix(whole, format!("aggregate n = count() by {written}")))
        }
    };
    mended.push((Token::By, first.1));
    mended.extend(keys.iter().map(|(token, span)| (named(text, token, *span), *span)));
    Some(Grouping { mended, end, diagnostic })
}

fn ends_stage(token: &Token) -> bool {
    matches!(token, Token::Pipe | Token::End)
}

/// A stage behind a grouping, as the stage that takes the keys.
struct Behind<'s> {
    stage: &'static str,
    /// How it begins: `aggregate`, or `aggregate mean` for a reducer alone; and what that stands for.
    name: String,
    head: Span,
    /// Where a `(` belongs.
    open: Option<Span>,
    /// What the keys follow, and what else belongs before them.
    tail: Span,
    close: &'static str,
    /// How a message shows it.
    shown: String,
    mended: Tokens<'s>,
    /// How many tokens it has, with its pipe.
    count: usize,
}

/// The stage that `tokens` begin with, if it computes over groups when it is given the keys.
fn stage_behind<'s>(text: &str, tokens: &[(Token<'s>, Span)], own: &[&str]) -> Option<Behind<'s>> {
    let [(Token::Pipe, _), (Token::Name(name), head), ..] = tokens else { return None };
    if own.contains(name) {
        return None;
    }
    let (count, head) = (end_of(tokens, 2, ends_stage), *head);
    let body = &tokens[2..count];
    let is_of_module = matches!(body, [(Token::Dot, _), ..]);
    if is_of_module || body.iter().any(|(token, _)| *token == Token::By) {
        return None;
    }
    let meant = aliases::stage(name).unwrap_or(name);
    let stage = match stages::named(meant) {
        // What is no stage is a reducer.
        None => return Some(reducer_behind(text, meant, head, body)),
        Some(StageDef { kind: StageKind::Derive, .. }) => "window",
        Some(stage) if stage.takes.by != By::Never => stage.name,
        Some(_) => return None,
    };
    let mut mended = vec![(Token::Name(stage), head)];
    mended.extend_from_slice(body);
    let tail = body.last().map_or(head, |(_, last)| *last).at_end();
    let shown = if body.is_empty() { stage.to_string() } else { format!("{stage} …") };
    Some(Behind { stage, name: stage.to_string(), head, open: None, tail, close: "", shown, mended, count })
}

/// A reducer with its arguments, which are in parentheses or not, as an argument of `aggregate`.
fn reducer_behind<'s>(text: &str, reducer: &'s str, head: Span, body: &[(Token<'s>, Span)]) -> Behind<'s> {
    let arguments = match body {
        [(open, _), inner @ .., _] if open.opens() && end_of(body, 1, |_| false) == body.len() - 1 => inner,
        bare => bare,
    };
    let end = body.last().map_or(head.end, |(_, last)| last.end);
    let [aggregate, result, name] = ["aggregate", "result", reducer].map(|name| (Token::Name(name), head));
    let mut mended = vec![aggregate];
    // Of a plain column the result has a name by itself.
    let is_plain = arguments.len() <= 1;
    if !is_plain {
        mended.extend([result, (Token::Assign, head)]);
    }
    mended.extend([name, (Token::CallOpen, head)]);
    mended.extend_from_slice(arguments);
    mended.push((Token::ParenClose, Span { start: end, end, ..head }));
    let stage = "aggregate";
    let name = format!("{stage} {}{reducer}", if is_plain { "" } else { "result = " });
    let count = body.len() + 2;
    let (Some((_, first)), Some((_, last))) = (arguments.first(), arguments.last()) else {
        let (tail, shown) = (Span { start: head.end, end, ..head }, format!("{name}()"));
        return Behind { stage, name, head, open: None, tail, close: "()", shown, mended, count };
    };
    let open = Some(Span { start: head.end, end: first.start, ..head });
    let tail = Span { start: last.end, end, ..head };
    let shown = format!("{name}({})", slice(text, first.to(*last)));
    Behind { stage, name, head, open, tail, close: ")", shown, mended, count }
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
