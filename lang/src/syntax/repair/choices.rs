//! E0114: choices as other languages write them: `c ? a : b`, `x ?: a`, `a if c else b`, `case when c then a else b end`.

use super::{Tokens, item_start, sql};
use crate::codes::*;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::token::Token;

type Slice<'a, 's> = &'a [(Token<'s>, Span)];

/// Makes an `if` of each.
pub(super) fn repair<'s>(text: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len() + 8);
    let mut at = 0;
    while at < tokens.len() {
        if let Some((place, diagnostic)) = elvis(&tokens[at..], &out) {
            diagnostics.push(diagnostic);
            out.push((Token::Coalesce, place));
            at += 2;
            continue;
        }
        if let Some((open, diagnostic)) = null_safe_index(&tokens[at..], &out) {
            diagnostics.push(diagnostic);
            out.push((Token::IndexOpen, open));
            at += 2;
            continue;
        }
        if let (Token::Name("elif" | "elsif" | "elseif"), Some((Token::BraceClose, _))) = (&tokens[at].0, out.last()) {
            let place = tokens[at].1;
            let error = Diagnostic::error(E0114, place, "Pipe writes `else if`").fix(place, "else if");
            diagnostics.push(error);
            out.extend([(Token::Else, place), (Token::If, place)]);
            at += 1;
            continue;
        }
        let Some(choice) = choice(&tokens, at, &out) else {
            out.push(tokens[at].clone());
            at += 1;
            continue;
        };
        let (Some(first), Some(last)) = (out.get(choice.start).or(tokens.get(at)), tokens.get(choice.end - 1)) else {
            break;
        };
        let span = first.1.to(last.1);
        let message = format!("Pipe has no `{}`; it writes `if`", choice.called);
        let error = Diagnostic::error(E0114, choice.place, message);
        diagnostics.push(match written(text, &choice) {
            Some(fixed) => error.fix(span, fixed),
            None => error.help("`if x > 3 { a } else { b }`"),
        });
        out.truncate(choice.start);
        at = choice.end;
        out.extend(choice.tokens());
    }
    out
}

/// `x ?: 1`, which is `??` here.
fn elvis(tokens: Slice, out: Slice) -> Option<(Span, Diagnostic)> {
    let [(Token::Question, first), (Token::Colon, last), ..] = tokens else { return None };
    let place = first.to(*last);
    let is_one = first.end == last.start && out.last().is_some_and(|(before, _)| before.ends_operand());
    is_one.then(|| (place, Diagnostic::error(E0114, place, "Pipe has no `?:`; it writes `??`").fix(place, "??")))
}

/// `xs?[0]`: an index of null is null in Pipe anyway.
fn null_safe_index(tokens: Slice, out: Slice) -> Option<(Span, Diagnostic)> {
    let [(Token::Question, question), (Token::BracketOpen | Token::IndexOpen, open), ..] = tokens else { return None };
    let (before, last) = out.last()?;
    let touches = last.end == question.start && question.end == open.start;
    // Behind an index the `?` is its own.
    let of_value = before.ends_operand() && !matches!(before, Token::BracketClose);
    let close = super::end_of(tokens, 2, |_| false);
    let is_choice = matches!(tokens.get(close + 1), Some((Token::Colon, _)));
    if !of_value || !touches || is_choice {
        return None;
    }
    let error =
        Diagnostic::error(E0114, *question, "an index of null is null, without a `?` before it").fix(*question, "");
    Some((*open, error.help("behind the index a `?` gives null where there is no such item: `xs[0]?`")))
}

struct Choice<'s> {
    called: &'static str,
    place: Span,
    /// Where it starts in what was copied, and where it ends in the tokens.
    start: usize,
    end: usize,
    /// Conditions with their values.
    cases: Vec<(Tokens<'s>, Tokens<'s>)>,
    otherwise: Tokens<'s>,
}

impl<'s> Choice<'s> {
    fn tokens(self) -> Tokens<'s> {
        let place = self.place;
        let block = |tokens: &mut Tokens<'s>, value: Tokens<'s>| {
            tokens.push((Token::BlockOpen, place));
            tokens.extend(value);
            tokens.push((Token::BraceClose, place));
        };
        let mut tokens = Vec::new();
        for (condition, value) in self.cases {
            tokens.push((Token::If, place));
            tokens.extend(condition);
            block(&mut tokens, value);
            tokens.push((Token::Else, place));
        }
        block(&mut tokens, self.otherwise);
        tokens
    }
}

fn written(text: &str, choice: &Choice) -> Option<String> {
    let mut out = String::new();
    for (condition, value) in &choice.cases {
        out += &format!("if {} {{ {} }} else ", sql::written(text, condition)?, sql::written(text, value)?);
    }
    let otherwise = match choice.otherwise.as_slice() {
        [(Token::Null, _)] => "null".to_string(),
        tokens => sql::written(text, tokens)?,
    };
    Some(out + &format!("{{ {otherwise} }}"))
}

/// The choice whose telling word is at `at`, what stands before it having been copied.
fn choice<'s>(tokens: Slice<'_, 's>, at: usize, out: Slice<'_, 's>) -> Option<Choice<'s>> {
    let (token, place) = &tokens[at];
    let after_operand = out.last().filter(|(last, _)| last.ends_operand());
    match token {
        Token::Question if after_operand.is_some_and(|(_, last)| last.end < place.start) => {
            let colon = stop(tokens, at + 1, |token| *token == Token::Colon);
            if tokens.get(colon)?.0 != Token::Colon {
                return None;
            }
            let end = stop(tokens, colon + 1, |token| *token == Token::Question);
            let start = item_start(out);
            let simple = tokens.get(end).is_none_or(|(next, _)| *next != Token::Question);
            let cases = vec![(out[start..].to_vec(), tokens[at + 1..colon].to_vec())];
            let otherwise = tokens[colon + 1..end].to_vec();
            (simple && !otherwise.is_empty()).then_some(Choice {
                called: "? :",
                place: *place,
                start,
                end,
                cases,
                otherwise,
            })
        }
        Token::If if after_operand.is_none() && tokens.get(at + 1).is_some_and(|(next, _)| next.opens()) => {
            let close = stop_at_close(tokens, at + 2);
            let parts = parts(tokens.get(at + 2..close)?);
            let ends = |next: &Token| {
                next.closes() || matches!(next, Token::Pipe | Token::End | Token::Comma | Token::By | Token::On)
            };
            let [condition, then, otherwise] = parts.as_slice() else { return None };
            tokens.get(close + 1).is_none_or(|(next, _)| ends(next)).then(|| Choice {
                called: "if(a, b, c)",
                place: *place,
                start: out.len(),
                end: close + 1,
                cases: vec![(condition.to_vec(), then.to_vec())],
                otherwise: otherwise.to_vec(),
            })
        }
        Token::If if after_operand.is_some() => {
            let otherwise = stop(tokens, at + 1, |token| *token == Token::Else);
            if tokens.get(otherwise)?.0 != Token::Else {
                return None;
            }
            let end = stop(tokens, otherwise + 1, |_| false);
            let start = item_start(out);
            let cases = vec![(tokens[at + 1..otherwise].to_vec(), out[start..].to_vec())];
            let otherwise = tokens[otherwise + 1..end].to_vec();
            let simple = !otherwise.is_empty() && !cases[0].0.iter().any(|(token, _)| *token == Token::BlockOpen);
            simple.then_some(Choice { called: "a if c else b", place: *place, start, end, cases, otherwise })
        }
        Token::Name(word) if word.eq_ignore_ascii_case("case") && is_word(&tokens.get(at + 1)?.0, "when") => {
            case(tokens, at, *place, out.len())
        }
        _ => None,
    }
}

/// `case when c then a … else b end`
fn case<'s>(tokens: Slice<'_, 's>, at: usize, place: Span, start: usize) -> Option<Choice<'s>> {
    let (mut cases, mut next) = (Vec::new(), at + 1);
    let part = |from: usize, word: &str| {
        let mut depth = 0usize;
        let found = tokens[from..].iter().position(|(token, _)| {
            depth = if token.opens() { depth + 1 } else { depth.saturating_sub(usize::from(token.closes())) };
            depth == 0 && (is_word(token, word) || *token == Token::End)
        })?;
        is_word(&tokens[from + found].0, word).then_some(from + found)
    };
    while is_word(&tokens.get(next)?.0, "when") {
        let then = part(next + 1, "then")?;
        let ends = ["when", "else", "end"].into_iter().filter_map(|word| part(then + 1, word)).min()?;
        cases.push((tokens[next + 1..then].to_vec(), tokens[then + 1..ends].to_vec()));
        next = ends;
    }
    let (otherwise, end) = if is_word(&tokens[next].0, "else") {
        let end = part(next + 1, "end")?;
        (tokens[next + 1..end].to_vec(), end)
    } else {
        (vec![(Token::Null, place)], next)
    };
    Some(Choice { called: "case", place, start, end: end + 1, cases, otherwise })
}

/// The position of the first token from `from` on that `stops`, or that ends an item.
fn stop(tokens: Slice, from: usize, stops: fn(&Token) -> bool) -> usize {
    let mut depth = 0usize;
    for (offset, (token, _)) in tokens[from..].iter().enumerate() {
        let ends = matches!(token, Token::Pipe | Token::End | Token::Comma | Token::By | Token::On | Token::FatArrow);
        if depth == 0 && (token.closes() || ends || stops(token)) {
            return from + offset;
        }
        depth = if token.opens() { depth + 1 } else { depth - usize::from(token.closes()) };
    }
    tokens.len()
}

/// The position of the bracket that closes what `from` is in.
fn stop_at_close(tokens: Slice, from: usize) -> usize {
    super::end_of(tokens, from, |_| false)
}

/// What stands between the commas.
fn parts<'a, 's>(tokens: Slice<'a, 's>) -> Vec<Slice<'a, 's>> {
    let mut depth = 0usize;
    let is_comma = |(token, _): &(Token, Span)| {
        depth = if token.opens() { depth + 1 } else { depth.saturating_sub(usize::from(token.closes())) };
        depth == 0 && *token == Token::Comma
    };
    tokens.split(is_comma).filter(|part| !part.is_empty()).collect()
}

fn is_word(token: &Token, word: &str) -> bool {
    match token {
        Token::Name(name) => name.eq_ignore_ascii_case(word),
        Token::Else => word == "else",
        _ => false,
    }
}
