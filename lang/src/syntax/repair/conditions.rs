//! `sum(x where x > 1)`, `count(where x > 1)`: the condition of a reducer, which is an option of it with a colon.

use super::Tokens;
use crate::codes::E0130;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::brackets::stage_name;
use crate::syntax::token::Token;

/// Makes an option of each.
pub(super) fn repair<'s>(_: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len() + 4);
    // Of each open bracket, whether it is that of a call of a function.
    let mut open: Vec<bool> = Vec::new();
    for (at, (token, span)) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1).map(|(next, _)| next);
        if token.opens() {
            open.push(*token == Token::CallOpen && stage_name(&out).is_none());
        } else if token.closes() {
            open.pop();
        }
        let begins = next.is_some_and(|next| next.starts_operand() || matches!(next, Token::Not | Token::Minus));
        let is_condition = *token == Token::Name("where") && begins && open.last() == Some(&true);
        let insertion = match out.last() {
            Some((before, place)) if is_condition && before.ends_operand() => Some(place.at_end()),
            Some((Token::CallOpen | Token::Comma, _)) if is_condition => None,
            _ => {
                out.push((token.clone(), *span));
                continue;
            }
        };
        let message = "the condition of a reducer is its option `where:`";
        diagnostics.push(match insertion {
            Some(comma) => {
                Diagnostic::error(E0130, *span, message).fix(Span { start: comma.start, ..*span }, ", where:")
            }
            None => Diagnostic::error(E0130, *span, message).fix(*span, "where:"),
        });
        out.extend(insertion.map(|comma| (Token::Comma, comma)));
        out.extend([(token.clone(), *span), (Token::Colon, span.at_end())]);
    }
    out
}
