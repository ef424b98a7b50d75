//! E0106: texts put together with an operator, `a || "-" || b` and `a & b`; in Pipe they stand in one text with holes.

use super::{Tokens, item_start, slice};
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
        let joins = |at: usize| {
            matches!(tokens[at].0, Token::Or | Token::And) && matches!(slice(text, tokens[at].1), "||" | "&")
        };
        let is_text = |token: Option<&(Token, Span)>| {
            token.is_some_and(|(token, _)| matches!(token, Token::String(_) | Token::FormatStart | Token::FormatEnd))
        };
        if !joins(at) || !(is_text(out.last()) || is_text(tokens.get(at + 1))) {
            out.push(tokens[at].clone());
            at += 1;
            continue;
        }
        let start = item_start(&out);
        let mut end = at;
        let mut depth = 0usize;
        while let Some((token, _)) = tokens.get(end) {
            let ends = matches!(token, Token::Pipe | Token::End | Token::Comma | Token::By | Token::On);
            let compares = matches!(
                token,
                Token::Equal
                    | Token::NotEqual
                    | Token::Less
                    | Token::LessOrEqual
                    | Token::Greater
                    | Token::GreaterOrEqual
            );
            let ends = ends || compares;
            if depth == 0 && (token.closes() || ends) {
                break;
            }
            depth = if token.opens() { depth + 1 } else { depth - usize::from(token.closes()) };
            end += 1;
        }
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

/// One text with the operands as its holes.
fn interpolated(text: &str, tokens: Slice) -> String {
    let mut depth = 0usize;
    let operands = tokens.split(|(token, span)| {
        depth = if token.opens() { depth + 1 } else { depth.saturating_sub(usize::from(token.closes())) };
        depth == 0 && matches!(token, Token::Or | Token::And) && matches!(slice(text, *span), "||" | "&")
    });
    let mut out = String::from("f\"");
    for operand in operands {
        match operand {
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
