//! E0119: functions without a name where a stage has the columns by name: `filter(row => row.qty > 2)`,
//! `filter |row| row.qty > 2`, `each {|row| $row.qty * 2}`.

use super::{Tokens, end_of, slice};
use crate::aliases;
use crate::codes::*;
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::Span;
use crate::stages;
use crate::syntax::brackets::stage_name;
use crate::syntax::token::Token;

type Slice<'a, 's> = &'a [(Token<'s>, Span)];

/// Stages whose arguments are expressions over the columns, and never functions.
const COLUMNS: [&str; 4] = ["filter", "sort", "select", "aggregate"];

/// Leaves the head of such a function out, and its parameter.
pub(super) fn repair<'s>(text: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        out.push(tokens[at].clone());
        at += 1;
        if let Some(end) = lambda(text, &tokens, at, &mut out, diagnostics) {
            at = end;
            continue;
        }
        let [before @ .., (Token::Pipe, _), (Token::Name(stage), _)] = out.as_slice() else { continue };
        if before.is_empty() {
            continue;
        }
        let stage = *stage;
        let opened = matches!(tokens.get(at), Some((Token::CallOpen | Token::WrapOpen | Token::ParenOpen, _)));
        let Some(closure) = closure(stage, &tokens, at + usize::from(opened)) else { continue };
        if opened {
            out.push(tokens[at].clone());
        }
        let (body, edits) = without_parameter(&tokens[closure.body..closure.end], closure.parameter);
        // A row that is used whole has a name of its own.
        let has_bare = edits.iter().any(|edit| !edit.text.is_empty());
        let head = tokens[at + usize::from(opened)].1;
        let first = Span { end: tokens[closure.body].1.start, ..head };
        let shown = head.to(tokens[closure.body - 1].1);
        let error = Diagnostic::error(E0119, shown, "a stage has the columns of its row by name");
        let body_text = slice(text, tokens[closure.body].1.to(tokens[closure.end - 1].1));
        let help = match body_as_written(body_text, tokens[closure.body].1.start, &edits) {
            Some(fixed) if has_bare => format!("write `{stage} {fixed}`"),
            _ => "leave this out, and the names before the dots".to_string(),
        };
        let mut diagnostic = error.saying("no function is needed here").help(help);
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
            if next.starts_operand()
                && bar.end <= after.start
                && (is_used(name, &tokens[at + 3..]) || touches(&tokens[at..]) && stages::named(name).is_none()) =>
        {
            (name, at + 3, false)
        }
        [(Token::Name("lambda"), _), (Token::Name(name), _), (Token::Colon, _), ..] if COLUMNS.contains(&meant) => {
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

/// A body with the edits in it, if it is short.
fn body_as_written(body: &str, start: u32, edits: &[Edit]) -> Option<String> {
    let mut out = body.to_string();
    for edit in edits.iter().rev() {
        out.replace_range((edit.span.start - start) as usize..(edit.span.end - start) as usize, &edit.text);
    }
    (out.len() <= 60 && !out.contains('\n')).then_some(out)
}

/// Whether bars touch the name between them, `|x|`, as pipes hardly do.
fn touches(tokens: Slice) -> bool {
    matches!(tokens, [(_, open), (_, name), (_, close), ..] if open.end == name.start && name.end == close.start)
}

/// `xs.map(|x| x * 2)`: the head of a function where a call has its arguments; gives the position behind it.
fn lambda<'s>(
    text: &str,
    tokens: Slice<'_, 's>,
    at: usize,
    out: &mut Tokens<'s>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<usize> {
    let [.., (before, _)] = out.as_slice() else { return None };
    let of_stage = stage_name(&out[..out.len() - 1]).is_some_and(|stage| stage != "fold" && stage != "scan");
    let is_argument = matches!(before, Token::CallOpen | Token::WrapOpen) && !of_stage || *before == Token::Comma;
    let (Token::Pipe, first) = tokens.get(at).filter(|_| is_argument)? else { return None };
    let is_part = |(token, _): &(Token, Span)| matches!(token, Token::Name(_) | Token::Comma);
    let close = at + 1 + tokens[at + 1..].iter().take(20).position(|token| !is_part(token))?;
    let ((Token::Pipe, last), parameters) = (&tokens[close], &tokens[at + 1..close]) else { return None };
    let ([(_, start), ..], [.., (_, end)]) = (parameters, parameters) else { return None };
    let (start, end) = (start.to(*end), *last);
    let whole = first.to(end);
    let several = parameters.len() > 1;
    let names = slice(text, start);
    let fixed = if several { format!("({names}) =>") } else { format!("{names} =>") };
    diagnostics.push(Diagnostic::error(E0119, whole, "Pipe writes a function `x => …`").fix(whole, fixed));
    out.extend(several.then_some((Token::LambdaOpen, *first)));
    out.extend_from_slice(parameters);
    out.extend(several.then_some((Token::ParenClose, end)));
    out.push((Token::FatArrow, end));
    Some(close + 1)
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
