//! E0106: texts put together with an operator, `a || "-" || b`, `a & b` and `a ++ b`; in Pipe they stand in one text with
//! holes. Behind a comparison, as in `a == "x" || b == "y"`, the operator connects conditions and is left alone.

use super::{Tokens, end_of, item_start, slice};
use crate::codes::*;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::token::Token;

type Slice<'a, 's> = &'a [(Token<'s>, Span)];

/// Puts a hole in place of the texts.
pub(super) fn repair<'s>(text: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let width = operator(text, &tokens[at..]);
        let is_text = |token: Option<&(Token, Span)>| {
            token.is_some_and(|(token, _)| matches!(token, Token::String(_) | Token::FormatStart | Token::FormatEnd))
        };
        if width == 2
            && !is_text(out.last())
            && !is_text(tokens.get(at + 2))
            && let Some(end) = lists(text, &tokens, at, &mut out, diagnostics)
        {
            at = end;
            continue;
        }
        let joins_texts = is_text(out.last()) || is_text(tokens.get(at + width));
        if width == 0 || !joins_texts || width == 1 && is_condition(&out[item_start(&out)..]) {
            out.push(tokens[at].clone());
            at += 1;
            continue;
        }
        let start = item_start(&out);
        let end = end_of(&tokens, at, ends);
        let whole: Tokens = out[start..].iter().chain(&tokens[at..end]).cloned().collect();
        let (Some((_, first)), Some((_, last))) = (whole.first(), whole.last()) else { break };
        let span = first.to(*last);
        let error = Diagnostic::error(E0106, span, "texts are put together with `f\"{a}{b}\"`");
        diagnostics.push(error.fix(span, interpolated(text, &whole)));
        out.truncate(start);
        out.push((Token::Faulty, span));
        at = end;
    }
    out
}

/// How many tokens the operator has that texts are put together with elsewhere, and that these tokens begin with.
fn operator(text: &str, tokens: Slice) -> usize {
    match tokens {
        [(Token::Or | Token::And, span), ..] if matches!(slice(text, *span), "||" | "&") => 1,
        [(Token::Plus, first), (Token::Plus, second), ..] if first.end == second.start => 2,
        _ => 0,
    }
}

/// Whether the operands end before a token.
fn ends(token: &Token) -> bool {
    matches!(token, Token::Pipe | Token::End | Token::Comma | Token::By | Token::On) || compares(token)
}

fn compares(token: &Token) -> bool {
    use Token::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual, Tilde};
    matches!(token, Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual | Tilde)
}

/// Whether an operand is true or false, as far as its tokens tell: there is a comparison in it, or in parentheses around it.
fn is_condition(operand: Slice) -> bool {
    let operand = match operand {
        [(Token::ParenOpen, _), inner @ .., (Token::ParenClose, _)] => inner,
        operand => operand,
    };
    let mut depth = 0usize;
    operand.iter().any(|(token, _)| {
        depth = if token.opens() { depth + 1 } else { depth.saturating_sub(usize::from(token.closes())) };
        depth == 0 && (compares(token) || matches!(token, Token::Not | Token::In | Token::NotIn))
    })
}

/// `a ++ b` of what may be lists: gives the position behind it.
fn lists<'s>(
    text: &str,
    tokens: Slice<'_, 's>,
    at: usize,
    out: &mut Tokens<'s>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<usize> {
    let end = end_of(tokens, at, ends);
    let start = item_start(out);
    let (operator, first) = (tokens[at].1.to(tokens[at + 1].1), out.get(start)?.1);
    let ([(Token::BracketOpen, right), ..], true) = (tokens.get(at + 2..end)?, out[start].0 == Token::BracketOpen)
    else {
        let error = Diagnostic::error(E0106, operator, "Pipe has no `++`");
        diagnostics.push(error.help("`f\"{a}{b}\"` for texts, `concat(xs, ys)` for lists"));
        out.truncate(start);
        out.push((Token::Faulty, first.to(tokens[end - 1].1)));
        return Some(end);
    };
    let (left, last) = (first.to(out.last()?.1), tokens[end - 1].1);
    let fixed = format!("concat({}, {})", slice(text, left), slice(text, right.to(last)));
    let error = Diagnostic::error(E0106, operator, "lists are put together with `concat(xs, ys)`");
    diagnostics.push(error.fix(first.to(last), fixed));
    out.truncate(start);
    out.push((Token::Faulty, first.to(last)));
    Some(end)
}

/// What stands between the operators.
fn operands<'a, 's>(text: &str, tokens: Slice<'a, 's>) -> Vec<Slice<'a, 's>> {
    let (mut operands, mut start, mut at) = (Vec::new(), 0, 0);
    let mut depth = 0usize;
    while at < tokens.len() {
        let token = &tokens[at].0;
        depth = if token.opens() { depth + 1 } else { depth.saturating_sub(usize::from(token.closes())) };
        match operator(text, &tokens[at..]) {
            width @ 1.. if depth == 0 => {
                operands.push(&tokens[start..at]);
                at += width;
                start = at;
            }
            _ => at += 1,
        }
    }
    operands.push(&tokens[start..]);
    operands
}

/// One text with the operands as its holes.
fn interpolated(text: &str, tokens: Slice) -> String {
    let mut out = String::from("f\"");
    for operand in operands(text, tokens) {
        match operand {
            [(Token::FormatStart, first), inner @ .., (Token::FormatEnd, last)]
                if !inner.iter().any(|(token, _)| *token == Token::FormatStart) =>
            {
                let whole = slice(text, first.to(*last));
                out += whole.strip_prefix("f\"").and_then(|rest| rest.strip_suffix('"')).unwrap_or(whole);
            }
            [(Token::String(value), _)] => {
                let value = value.replace('{', "{{").replace('}', "}}");
                out.push_str(&value.escape_debug().to_string().replace("\\'", "'"));
            }
            // What stands in a hole is made a text by itself.
            [
                (Token::Name("string" | "str"), _),
                (Token::CallOpen, _),
                (_, first),
                ..,
                (_, last),
                (Token::ParenClose, _),
            ] => {
                out += &format!("{{{}}}", slice(text, first.to(*last)));
            }
            [(Token::Name("string" | "str"), _), (Token::CallOpen, _), (_, one), (Token::ParenClose, _)] => {
                out += &format!("{{{}}}", slice(text, *one));
            }
            [(_, first), .., (_, last)] => out += &format!("{{{}}}", slice(text, first.to(*last))),
            [(_, one)] => out += &format!("{{{}}}", slice(text, *one)),
            [] => {}
        }
    }
    out + "\""
}
