//! E0113: files named as in a shell, `open flights.csv.gz | take 3`. In Pipe a path is a text, and `read` takes it.

use super::{Tokens, defined_functions, slice};
use crate::aliases;
use crate::codes::*;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::token::Token;

/// Makes a `read` of each at the beginning of a statement.
pub(super) fn repair<'s>(text: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let own = defined_functions(&tokens);
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let begins = out.last().is_none_or(|(last, _)| matches!(last, Token::End | Token::Assign));
        let Some((path, place, end)) = path(text, &tokens[at..]).filter(|_| begins) else {
            out.push(tokens[at].clone());
            at += 1;
            continue;
        };
        let word = tokens[at].1;
        let called = slice(text, word);
        if own.contains(&called) {
            out.push(tokens[at].clone());
            at += 1;
            continue;
        }
        let error = Diagnostic::error(E0113, word.to(place), "a path is a text, and `read` reads the file");
        diagnostics.push(error.fix(word.to(place), format!("read({path:?})")));
        out.extend([
            (Token::Name("read"), word),
            (Token::CallOpen, place),
            (Token::String(path.into()), place),
            (Token::ParenClose, place.at_end()),
        ]);
        at += end;
    }
    out
}

/// The path behind a word that reads a file, as it is written with no text around it; its place, and the position behind
/// it.
fn path<'s>(text: &'s str, tokens: &[(Token<'s>, Span)]) -> Option<(&'s str, Span, usize)> {
    let [(Token::Name(word), _), (_, first), ..] = tokens else { return None };
    if *word != "read" && aliases::function(word, 1) != Some("read") {
        return None;
    }
    // All that touches.
    let mut end = 2;
    while tokens[end - 1].1.end == tokens.get(end).map_or(0, |(_, next)| next.start) && tokens[end].0 != Token::End {
        end += 1;
    }
    let place = first.to(tokens[end - 1].1);
    let path = slice(text, place);
    let is_path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '_' | '-' | '*' | '~');
    let ends = tokens.get(end).is_none_or(|(next, _)| matches!(next, Token::Pipe | Token::End));
    let has_extension = path.rsplit_once('.').is_some_and(|(name, end)| !name.is_empty() && !end.is_empty());
    (ends && has_extension && path.chars().all(is_path)).then_some((path, place, end))
}
