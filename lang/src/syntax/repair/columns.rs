//! Stages whose names or columns are written as elsewhere: `left join t`, `select *`, `select distinct x`, `select -x`,
//! `rename old new`.

use super::{Tokens, end_of, slice};
use crate::codes::*;
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::Span;
use crate::syntax::token::Token;

/// Words before `join` elsewhere, and the stage that is meant.
const JOINS: [(&str, &str); 7] = [
    ("inner", "join"),
    ("left", "left_join"),
    ("full", "full_join"),
    ("outer", "full_join"),
    ("semi", "semi_join"),
    ("anti", "anti_join"),
    ("cross", "cross_join"),
];

/// Mends what stands behind each pipe.
pub(super) fn repair<'s>(text: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let mended = match &tokens[at].0 {
            Token::Pipe if at + 1 < tokens.len() => {
                let end = end_of(&tokens, at + 1, |token| matches!(token, Token::Pipe | Token::End));
                mended(text, &tokens[at + 1..end])
            }
            _ => None,
        };
        out.push(tokens[at].clone());
        at += 1;
        if let Some((length, stage, diagnostic)) = mended {
            diagnostics.push(diagnostic);
            out.extend(stage);
            at += length;
        }
    }
    out
}

/// How many of these tokens, which are a stage, stand for what others; those, and what is said.
fn mended<'s>(text: &'s str, stage: &[(Token<'s>, Span)]) -> Option<(usize, Tokens<'s>, Diagnostic)> {
    match stage {
        [(Token::Name(kind), first), (Token::Name("join"), last), (next, _), ..] if next.is_name() => {
            joined(text, kind, first.to(*last), 2)
        }
        [(Token::Name(kind), first), (Token::Name("outer"), _), (Token::Name("join"), last), ..] => {
            joined(text, kind, first.to(*last), 3)
        }
        [name @ (Token::Name("select"), _), (Token::Star, star), rest @ ..]
            if rest.first().is_none_or(|(next, _)| *next == Token::Comma) =>
        {
            let error = Diagnostic::error(E0114, *star, "all columns of a row are called `it`");
            Some((2, vec![name.clone(), (Token::It, *star)], error.fix(*star, "it")))
        }
        [(Token::Name("select"), place), (Token::Name("distinct"), word), (next, _), ..] if next.is_name() => {
            Some(distinct(*place, *word, &stage[2..]))
        }
        [(Token::Name(name @ ("select" | "drop")), place), keys @ ..] => left_out(name, *place, keys),
        [name @ (Token::Name("rename"), _), (old, first), (new, last)] if old.is_name() && new.is_name() => {
            let message = "`rename` gives a new name with `=`";
            let error = Diagnostic::error(E0114, first.to(*last), message).help("`rename new = old`");
            let column = (old.clone(), *first);
            Some((3, vec![name.clone(), column, (Token::Assign, *last), (Token::Faulty, *last)], error))
        }
        [name @ (Token::Name("rename"), _), (old, first), (Token::Arrow, arrow), (new, last)]
            if old.is_name() && new.is_name() =>
        {
            let fixed = format!("{} = {}", slice(text, *last), slice(text, *first));
            let error = Diagnostic::error(E0114, first.to(*last), "`rename` gives a new name with `=`");
            let tokens = vec![name.clone(), (new.clone(), *last), (Token::Assign, *arrow), (old.clone(), *first)];
            Some((4, tokens, error.fix(first.to(*last), fixed)))
        }
        _ => None,
    }
}

fn joined<'s>(text: &str, kind: &str, whole: Span, length: usize) -> Option<(usize, Tokens<'s>, Diagnostic)> {
    let (_, meant) = JOINS.iter().find(|(word, _)| *word == kind)?;
    let error = Diagnostic::error(E0101, whole, format!("there is no stage called `{}`", slice(text, whole)));
    let error = error.saying(format!("Pipe calls this `{meant}`")).fix(whole, *meant);
    Some((length, vec![(Token::Name(meant), whole)], error))
}

/// `select distinct a, b`, as SQL has it: a stage of its own.
fn distinct<'s>(place: Span, word: Span, columns: &[(Token<'s>, Span)]) -> (usize, Tokens<'s>, Diagnostic) {
    let (first, last) = (columns[0].1, columns[columns.len() - 1].1);
    let mut error = Diagnostic::error(E0114, word, "what is distinct is the matter of a stage of its own")
        .help("write `select … | distinct`");
    error.edits.push(Edit { span: Span { end: first.start, ..word }, text: String::new() });
    error.edits.push(Edit { span: last.at_end(), text: " | distinct".into() });
    let mut tokens = vec![(Token::Name("select"), place)];
    tokens.extend_from_slice(columns);
    tokens.extend([(Token::Pipe, last.at_end()), (Token::Name("distinct"), last.at_end())]);
    (columns.len() + 2, tokens, error)
}

/// `select -a, -b`, `drop -a`: a minus before each column.
fn left_out<'s>(name: &str, place: Span, keys: &[(Token<'s>, Span)]) -> Option<(usize, Tokens<'s>, Diagnostic)> {
    let is_minus = |token: &Token| *token == Token::Minus;
    let of = |key: &[(Token, Span)]| matches!(key, [(minus, _), (column, _)] if is_minus(minus) && column.is_name());
    if !keys.split(|(token, _)| *token == Token::Comma).all(of) {
        return None;
    }
    let (first, last) = (keys.first()?.1, keys.last()?.1);
    let mut error = Diagnostic::error(E0114, first.to(last), "columns are left out with `drop`, without a minus")
        .help("`drop column, other`");
    if name == "select" {
        error.edits.push(Edit { span: place, text: "drop".into() });
    }
    let minuses = keys.iter().filter(|(token, _)| is_minus(token));
    error.edits.extend(minuses.map(|(_, span)| Edit { span: *span, text: String::new() }));
    let mut tokens = vec![(Token::Name("drop"), place)];
    tokens.extend(keys.iter().filter(|(token, _)| !is_minus(token)).cloned());
    Some((keys.len() + 1, tokens, error))
}
