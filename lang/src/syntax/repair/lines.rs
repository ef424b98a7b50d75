//! Lines of other languages: a body that is set in behind a `:`, and the arguments of a stage on the line behind it.

use super::{Tokens, end_of, slice};
use crate::codes::E0130;
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::Span;
use crate::stages;
use crate::syntax::token::Token;

/// Puts braces round the bodies, and the arguments where they belong.
pub(super) fn repair<'s>(text: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len());
    // Where a body that has been opened ends.
    let mut body_end = None;
    let mut statement = 0;
    for (at, (token, span)) in tokens.iter().enumerate() {
        if *token == Token::End {
            statement = at + 1;
        }
        if body_end.is_none()
            && let Some(last) = body_behind_colon(text, &tokens, statement, at)
        {
            let place = tokens[last].1;
            diagnostics.push(body_in_braces(text, *span, place));
            out.push((Token::BlockOpen, *span));
            body_end = Some(last);
            continue;
        }
        if *token == Token::End && lacks_arguments(text, &tokens, at) {
            diagnostics.push(arguments_on_next_line(&tokens[at - 1], tokens[at + 1].1, text));
            continue;
        }
        out.push((token.clone(), *span));
        if body_end == Some(at) {
            out.push((Token::BraceClose, span.at_end()));
            body_end = None;
        }
    }
    out
}

/// The last token of the lines that are set in behind the `:` at `at`, if it stands behind the head of a function in the
/// statement that begins at `start`.
fn body_behind_colon(text: &str, tokens: &[(Token, Span)], start: usize, at: usize) -> Option<usize> {
    if tokens[at].0 != Token::Colon {
        return None;
    }
    if tokens[start].0 != Token::Fn || end_of(tokens, start, |token| matches!(token, Token::Colon | Token::End)) != at {
        return None;
    }
    let is_in_body = |place: Span| !begins_line(text, place) || column(text, place) > column(text, tokens[start].1);
    let rest = tokens[at + 1..].iter().enumerate().filter(|(_, (token, _))| *token != Token::End);
    let (_, (_, first)) = rest.clone().next()?;
    if !begins_line(text, *first) {
        return None;
    }
    rest.take_while(|(_, (_, place))| is_in_body(*place)).last().map(|(offset, _)| at + 1 + offset)
}

/// Whether nothing but blanks stands before a place on its line.
fn begins_line(text: &str, place: Span) -> bool {
    let start = place.start as usize;
    text[start - column(text, place)..start].trim().is_empty()
}

/// How many bytes stand before a place on its line.
fn column(text: &str, place: Span) -> usize {
    let before = &text[..place.start as usize];
    before.len() - before.rfind('\n').map_or(0, |line| line + 1)
}

fn body_in_braces(text: &str, colon: Span, last: Span) -> Diagnostic {
    let mut error = Diagnostic::error(E0130, colon, "the body of a function stands in braces")
        .saying("a `{` belongs here")
        .label(last, "the body ends here")
        .help("write `{` in place of the `:`, and `}` behind the last line of the body");
    let before = text[..colon.start as usize].chars().next_back();
    let open = if before.is_some_and(char::is_whitespace) { "{" } else { " {" };
    error.edits.push(Edit { span: colon, text: open.into() });
    error.edits.push(Edit { span: last.at_end(), text: "\n}".into() });
    error
}

/// Whether the line ends at `at` behind the name of a stage, and what could be its argument begins the next one, further
/// in than the line of the stage.
fn lacks_arguments(text: &str, tokens: &[(Token, Span)], at: usize) -> bool {
    let [.., (Token::Pipe, _), (Token::Name(name), stage)] = &tokens[..at] else { return false };
    let Some((next, place)) = tokens.get(at + 1) else { return false };
    let blank = slice(text, Span { start: stage.end, end: place.start, ..*place });
    let line = text[..stage.start as usize].rfind('\n').map_or(0, |line| line + 1);
    let set_in = text[line..].len() - text[line..].trim_start().len();
    stages::named(name).is_some_and(|stage| !stage.takes.alone)
        && (next.starts_operand() || *next == Token::Not)
        && blank.matches('\n').count() == 1
        && blank.trim().is_empty()
        && column(text, *place) > set_in
}

fn arguments_on_next_line((_, stage): &(Token, Span), place: Span, text: &str) -> Diagnostic {
    let name = slice(text, *stage);
    let blank = Span { start: stage.end, end: place.start, ..place };
    let mut error = Diagnostic::error(E0130, *stage, format!("what `{name}` works with begins on its own line"))
        .saying("the line ends here")
        .help("join it with the next line");
    error.edits.push(Edit { span: blank, text: " ".into() });
    error
}
