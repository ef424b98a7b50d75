//! E0106: operators that say no in one sign, `text !~ pattern`; in Pipe a `not` stands before the whole comparison.

use super::{Tokens, item_start, slice};
use crate::codes::*;
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::Span;
use crate::syntax::token::Token;

/// Puts a `not` before each.
pub(super) fn repair<'s>(text: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len() + 1);
    let mut at = 0;
    while at < tokens.len() {
        let is_operator = matches!(&tokens[at..], [(Token::Not, _), (Token::Tilde, _), ..])
            && out.last().is_some_and(|(last, _)| last.ends_operand());
        if !is_operator {
            out.push(tokens[at].clone());
            at += 1;
            continue;
        }
        let start = comparison_start(&out);
        let (Some((_, first)), (not, tilde)) = (out.get(start), (tokens[at].1, tokens[at + 1].1)) else { break };
        let (first, whole) = (Span { end: first.start, ..*first }, not.to(tilde));
        let operand = slice(text, first.to(out[out.len() - 1].1));
        let mut error = Diagnostic::error(E0106, whole, format!("Pipe has no `{}`", slice(text, whole)));
        error.edits = vec![Edit { span: first, text: "not ".into() }, Edit { span: whole, text: "~".into() }];
        let mut shown = "…".to_string();
        if let Some((Token::String(pattern), place)) = tokens.get(at + 2)
            && let Some(raw) = crate::aliases::raw(pattern)
        {
            error.edits.push(Edit { span: *place, text: raw.clone() });
            shown = raw;
        }
        error.help.push(format!("write `not {operand} ~ {shown}`"));
        diagnostics.push(error);
        out.insert(start, (Token::Not, first));
        out.push((Token::Tilde, tilde));
        at += 2;
    }
    out
}

/// Where the comparison begins whose left operand these tokens end with.
fn comparison_start(tokens: &[(Token, Span)]) -> usize {
    let start = item_start(tokens);
    let mut depth = 0usize;
    for at in (start..tokens.len()).rev() {
        let token = &tokens[at].0;
        if token.closes() {
            depth += 1;
        } else if token.opens() {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && matches!(token, Token::And | Token::Or | Token::Not) {
            return at + 1;
        }
    }
    start
}
