//! `filter { it > 2 }`, `derive { y = x + 1 }`: braces around the arguments of a stage. In Pipe they make a record, so
//! they are left out where what is in them cannot be one.

use super::{Tokens, defined_functions, end_of};
use crate::codes::E0130;
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::Span;
use crate::syntax::brackets::stage_name;
use crate::syntax::token::Token;

/// Leaves them out.
pub(super) fn repair<'s>(_: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let own = defined_functions(&tokens);
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len());
    let mut closing = Vec::new();
    for (at, (token, span)) in tokens.iter().enumerate() {
        if closing.contains(&at) {
            continue;
        }
        let stage = stage_name(&out).filter(|stage| *token == Token::BraceOpen && !own.contains(stage));
        let close = stage.and_then(|_| around_arguments(&tokens, at));
        let Some(close) = close else {
            out.push((token.clone(), *span));
            continue;
        };
        let (first, last, end) = (tokens[at + 1].1, tokens[close - 1].1, tokens[close].1);
        let mut error = Diagnostic::error(E0130, *span, "the arguments of a stage stand without braces")
            .label(end, "with this one")
            .help("leave them out: in braces there are the fields of a record, `{a: 1}`");
        error.edits.push(Edit { span: Span { end: first.start, ..*span }, text: String::new() });
        error.edits.push(Edit { span: Span { start: last.end, ..end }, text: String::new() });
        diagnostics.push(error);
        closing.push(close);
    }
    out
}

/// Where the brace closes that opens at `at`, if it stands around all arguments of a stage and they are no record.
fn around_arguments(tokens: &[(Token, Span)], at: usize) -> Option<usize> {
    let close = end_of(tokens, at + 1, |_| false);
    let behind = tokens.get(close + 1).map(|(behind, _)| behind);
    let is_all = behind
        .is_none_or(|behind| matches!(behind, Token::Pipe | Token::End | Token::By | Token::On | Token::ParenClose));
    let mut inside = tokens.get(at + 1..close).filter(|inside| is_all && !inside.is_empty())?;
    let mut is_record = true;
    while !inside.is_empty() {
        let end = end_of(inside, 0, |token| *token == Token::Comma);
        let (item, rest) = inside.split_at(end);
        match item {
            // A field, or those of another record: then nothing is certain.
            [_, (Token::Colon, _), ..] | [(Token::Spread, _), ..] => return None,
            // A short field has the name of its last step.
            [(only, _)] => is_record &= only.is_name() || *only == Token::It,
            [.., (dot, _), (last, _)] => {
                is_record &= matches!(dot, Token::Dot | Token::QuestionDot) && last.is_name();
            }
            [] => {}
        }
        inside = rest.get(1..).unwrap_or(&[]);
    }
    (!is_record).then_some(close)
}
