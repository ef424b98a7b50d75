//! E0119: functions without a name where a stage has the columns by name: `filter(row => row.qty > 2)`,
//! `filter |row| row.qty > 2`, `each {|row| $row.qty * 2}`.

use super::{Tokens, end_of};
use crate::aliases;
use crate::codes::*;
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::Span;
use crate::syntax::token::Token;

type Slice<'a, 's> = &'a [(Token<'s>, Span)];

/// Stages whose arguments are expressions over the columns, and never functions.
const COLUMNS: [&str; 4] = ["filter", "sort", "select", "aggregate"];

/// Leaves the head of such a function out, and its parameter.
pub(super) fn repair<'s>(_: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        out.push(tokens[at].clone());
        at += 1;
        let [before @ .., (Token::Pipe, _), (Token::Name(stage), _)] = out.as_slice() else { continue };
        if before.is_empty() {
            continue;
        }
        let opened = matches!(tokens.get(at), Some((Token::CallOpen | Token::WrapOpen, _)));
        let Some(closure) = closure(stage, &tokens, at + usize::from(opened)) else { continue };
        if opened {
            out.push(tokens[at].clone());
        }
        let (body, edits) = without_parameter(&tokens[closure.body..closure.end], closure.parameter);
        let head = tokens[at + usize::from(opened)].1;
        let first = Span { end: tokens[closure.body].1.start, ..head };
        let shown = head.to(tokens[closure.body - 1].1);
        let error = Diagnostic::error(E0119, shown, "a stage has the columns of its row by name");
        let mut diagnostic =
            error.saying("no function is needed here").help("leave this out, and the names before the dots");
        diagnostic.edits.push(Edit { span: first, text: String::new() });
        diagnostic.edits.extend(edits);
        if let Some((_, brace)) = tokens.get(closure.end).filter(|_| closure.in_braces) {
            let span = Span { start: tokens[closure.end - 1].1.end, ..*brace };
            diagnostic.edits.push(Edit { span, text: String::new() });
        }
        diagnostics.push(diagnostic);
        out.extend(body);
        at = closure.end + usize::from(closure.in_braces);
    }
    out
}

struct Closure<'s> {
    parameter: &'s str,
    /// Where its body begins, and the position behind it.
    body: usize,
    end: usize,
    in_braces: bool,
}

/// The function that the arguments of a stage begin with.
fn closure<'s>(stage: &str, tokens: Slice<'_, 's>, at: usize) -> Option<Closure<'s>> {
    let meant = aliases::stage(stage).unwrap_or(stage);
    let ends = |token: &Token| matches!(token, Token::Pipe | Token::End);
    let (parameter, body, in_braces) = match tokens.get(at..)? {
        [(Token::BraceOpen | Token::BlockOpen, _), (Token::Pipe, _), (Token::Name(name), _), (Token::Pipe, _), ..] => {
            (name, at + 4, true)
        }
        [(Token::Pipe, _), (Token::Name(name), _), (Token::Pipe, bar), (next, after), ..]
            if next.starts_operand() && is_used(name, &tokens[at + 3..]) && bar.end <= after.start =>
        {
            (name, at + 3, false)
        }
        [(Token::Name(name), _), (Token::FatArrow, _), ..] if COLUMNS.contains(&meant) => (name, at + 2, false),
        [(Token::LambdaOpen, _), (Token::Name(name), _), (Token::ParenClose, _), (Token::FatArrow, _), ..]
            if COLUMNS.contains(&meant) =>
        {
            (name, at + 4, false)
        }
        _ => return None,
    };
    let end = end_of(tokens, body, ends);
    (end > body).then_some(Closure { parameter, body, end, in_braces })
}

/// Whether the next stage uses a name before a dot: then it is a parameter, and no stage.
fn is_used(name: &str, tokens: Slice) -> bool {
    let end = end_of(tokens, 0, |token| matches!(token, Token::Pipe | Token::End));
    tokens[..end].windows(2).any(|pair| matches!(pair, [(Token::Name(used), _), (Token::Dot, _)] if *used == name))
}

/// The body without `row.`, and with `it` for a bare `row`.
fn without_parameter<'s>(body: Slice<'_, 's>, parameter: &str) -> (Tokens<'s>, Vec<Edit>) {
    let (mut out, mut edits) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < body.len() {
        match &body[at..] {
            [(Token::Name(name), span), (Token::Dot, dot), ..] if *name == parameter => {
                edits.push(Edit { span: span.to(*dot), text: String::new() });
                at += 2;
                continue;
            }
            [(Token::Name(name), span), ..] if *name == parameter => {
                edits.push(Edit { span: *span, text: "it".into() });
                out.push((Token::It, *span));
            }
            [token, ..] => out.push(token.clone()),
            [] => {}
        }
        at += 1;
    }
    (out, edits)
}
