//! E0115: columns with a dot before them, as jq writes them: `select(.age > 3)`, `| .name`, `| .[]`.

use super::{Tokens, end_of};
use crate::codes::*;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::brackets::stage_name;
use crate::syntax::token::Token;

/// Leaves out a dot where an operand is due.
pub(super) fn repair<'s>(_: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len() + 2);
    let mut at = 0;
    while at < tokens.len() {
        let (token, span) = &tokens[at];
        let next = tokens.get(at + 1).map(|(token, _)| token);
        if *token == Token::Dot && is_operand_due(&out) {
            let touches = tokens.get(at + 1).is_some_and(|(_, next)| next.start == span.end);
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

/// Whether an operand, or a stage, is due behind these tokens.
fn is_operand_due(tokens: &[(Token, Span)]) -> bool {
    tokens.last().is_some_and(|(last, _)| !last.ends_operand() && *last != Token::End) || stage_name(tokens).is_some()
}
