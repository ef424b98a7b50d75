//! E0115: columns with a dot before them, as jq writes them: `select(.age > 3)`, `| .name`, `| .[]`. E0111: `.5`, `5.`.

use super::{Tokens, end_of, slice};
use crate::codes::*;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::brackets::stage_name;
use crate::syntax::token::Token;

/// Leaves out a dot where an operand is due.
pub(super) fn repair<'s>(text: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len() + 2);
    let mut at = 0;
    while at < tokens.len() {
        let (token, span) = &tokens[at];
        let next = tokens.get(at + 1).map(|(token, _)| token);
        let touches = tokens.get(at + 1).is_some_and(|(_, next)| next.start == span.end);
        if *token == Token::Dot
            && let Some((Token::Int(_), int)) = out.last()
            && int.end == span.start
            && !next.is_some_and(Token::is_name)
        {
            // `5.`
            let whole = int.to(*span);
            diagnostics.push(half_a_number(whole, "behind").fix(span.at_end(), "0"));
            out.pop();
            out.push((Token::Float(slice(text, whole)), whole));
            at += 1;
            continue;
        }
        if *token == Token::Dot && is_operand_due(&out) {
            if let Some((Token::Int(_) | Token::Float(_), digits)) = tokens.get(at + 1).filter(|_| touches) {
                // `.5`
                let whole = span.to(*digits);
                let before = Span { end: span.start, ..*span };
                diagnostics.push(half_a_number(whole, "before").fix(before, "0"));
                out.push((Token::Float(slice(text, whole)), whole));
                at += 2;
                continue;
            }
            match (next, out.last()) {
                (Some(Token::BracketOpen | Token::IndexOpen), Some((Token::Pipe, pipe))) if touches => {
                    let end = (end_of(&tokens, at + 2, |_| false) + 1).min(tokens.len());
                    let whole = span.to(tokens[end - 1].1);
                    let error = Diagnostic::error(E0115, whole, "a stage works on each row by itself");
                    diagnostics.push(error.fix(pipe.to(whole), ""));
                    out.pop();
                    at = end;
                    continue;
                }
                (Some(next), Some((Token::Pipe, _))) if next.is_name() => {
                    let error = Diagnostic::error(E0115, *span, "a column is named without a dot");
                    diagnostics.push(error.saying("and chosen with `select`").fix(*span, "select "));
                    out.push((Token::Name("select"), *span));
                }
                (Some(next), _) if next.is_name() => {
                    diagnostics.push(Diagnostic::error(E0115, *span, "a column is named without a dot").fix(*span, ""));
                }
                _ => {
                    let insertion: Span = *span;
                    let error = Diagnostic::error(E0115, insertion, "the row is called `it`, not `.`");
                    diagnostics.push(error.fix(insertion, "it"));
                    out.push((Token::It, insertion));
                }
            }
            at += 1;
            continue;
        }
        out.push(tokens[at].clone());
        at += 1;
    }
    out
}

/// E0111: a number with digits on one side of its point.
fn half_a_number(span: Span, side: &str) -> Diagnostic {
    Diagnostic::error(E0111, span, format!("a number has a digit {side} its point"))
}

/// Whether an operand, or a stage, is due behind these tokens.
fn is_operand_due(tokens: &[(Token, Span)]) -> bool {
    tokens.last().is_some_and(|(last, _)| !last.ends_operand() && *last != Token::End) || stage_name(tokens).is_some()
}
