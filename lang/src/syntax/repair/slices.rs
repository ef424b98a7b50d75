//! E0114: slices as Python writes them, `xs[1:3]`; in Pipe they are the function `slice`, and `xs[::-1]` is `reverse`.

use super::{Tokens, end_of, slice};
use crate::codes::*;
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::Span;
use crate::syntax::token::Token;
use std::collections::HashMap;

/// Makes a call of each.
pub(super) fn repair<'s>(text: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len());
    // What stands in place of brackets and colons further on.
    let mut instead: HashMap<usize, Tokens<'s>> = HashMap::new();
    for (at, token) in tokens.iter().enumerate() {
        if let Some(steps) = steps(&tokens, at) {
            diagnostics.push(steps.diagnostic(&tokens));
            instead.extend(steps.calls(&tokens));
        } else if let Some(place) = place(&tokens, at) {
            diagnostics.push(diagnostic(text, &tokens, &place));
            instead.extend(place.calls(&tokens));
        }
        match instead.remove(&at) {
            Some(mended) => out.extend(mended),
            None => out.push(token.clone()),
        }
    }
    out
}

/// The positions of the brackets of a slice with a step, `[a:b:c]`.
struct Steps {
    open: usize,
    close: usize,
    /// Whether it is `[::-1]`.
    turns: bool,
}

fn steps(tokens: &[(Token, Span)], open: usize) -> Option<Steps> {
    if tokens[open].0 != Token::IndexOpen {
        return None;
    }
    let close = end_of(tokens, open + 1, |_| false);
    if tokens.get(close)?.0 != Token::BracketClose {
        return None;
    }
    // `module::name` has a `::` as well.
    let is_name = |at: usize| matches!(tokens[at].0, Token::Name(_) | Token::Backtick(_));
    let mut colons = 0;
    let mut at = open + 1;
    while at < close {
        at = end_of(tokens, at, |token| matches!(token, Token::Colon | Token::PathSeparator));
        colons += match tokens[at].0 {
            Token::Colon => 1,
            Token::PathSeparator if !is_name(at - 1) || !is_name(at + 1) => 2,
            _ => 0,
        };
        at += 1;
    }
    let inside: Vec<&Token> = tokens[open + 1..close].iter().map(|(token, _)| token).collect();
    let turns = matches!(inside[..], [Token::PathSeparator, Token::Minus | Token::LooseMinus, Token::Int(1)]);
    (colons == 2).then_some(Steps { open, close, turns })
}

impl Steps {
    fn diagnostic(&self, tokens: &[(Token, Span)]) -> Diagnostic {
        let whole = tokens[self.open].1.to(tokens[self.close].1);
        if self.turns {
            return Diagnostic::error(E0114, whole, "Pipe has no `[::-1]`; it writes `.reverse()`")
                .fix(whole, ".reverse()");
        }
        Diagnostic::error(E0114, whole, "Pipe has no `[a:b:c]`")
            .help("every second item is `xs.enumerate().filter(p => p.index % 2 == 0).map(p => p.item)`")
    }

    /// The tokens in place of those of the slice: the call of `reverse`, or none.
    fn calls<'s>(&self, tokens: &[(Token<'s>, Span)]) -> Vec<(usize, Tokens<'s>)> {
        let [open, close] = [self.open, self.close].map(|at| tokens[at].1);
        let mut calls: Vec<_> = (self.open..=self.close).map(|at| (at, Tokens::new())).collect();
        if self.turns {
            calls[0].1 = vec![(Token::Dot, open), (Token::Name("reverse"), open), (Token::CallOpen, open)];
            calls[self.close - self.open].1 = vec![(Token::ParenClose, close)];
        }
        calls
    }
}

/// The positions of the brackets and the colon of a slice.
struct Place {
    open: usize,
    colon: usize,
    close: usize,
}

fn place(tokens: &[(Token, Span)], open: usize) -> Option<Place> {
    if tokens[open].0 != Token::IndexOpen {
        return None;
    }
    let is_colon = |token: &Token| *token == Token::Colon;
    let colon = end_of(tokens, open + 1, is_colon);
    if tokens.get(colon)?.0 != Token::Colon {
        return None;
    }
    let close = end_of(tokens, colon + 1, is_colon);
    (tokens.get(close)?.0 == Token::BracketClose).then_some(Place { open, colon, close })
}

impl Place {
    fn has_start(&self) -> bool {
        self.open + 1 < self.colon
    }

    fn has_end(&self) -> bool {
        self.colon + 1 < self.close
    }

    /// The tokens of the call in place of those of the slice.
    fn calls<'s>(&self, tokens: &[(Token<'s>, Span)]) -> [(usize, Tokens<'s>); 3] {
        let [open, colon, close] = [self.open, self.colon, self.close].map(|at| tokens[at].1);
        let head = vec![(Token::Dot, open), (Token::Name("slice"), open), (Token::CallOpen, open)];
        let mut between = Vec::new();
        between.extend((!self.has_start()).then_some((Token::Int(0), colon)));
        between.extend(self.has_end().then_some((Token::Comma, colon)));
        [(self.open, head), (self.colon, between), (self.close, vec![(Token::ParenClose, close)])]
    }
}

fn diagnostic(text: &str, tokens: &[(Token, Span)], place: &Place) -> Diagnostic {
    let [open, colon, close] = [place.open, place.colon, place.close].map(|at| tokens[at].1);
    let bound = |from: usize, to: usize| match &tokens[from..to] {
        [(_, first), .., (_, last)] => slice(text, first.to(*last)),
        [(_, one)] => slice(text, *one),
        [] => "",
    };
    let (start, end) = (bound(place.open + 1, place.colon), bound(place.colon + 1, place.close));
    let start = if start.is_empty() { "0" } else { start };
    let comma = if end.is_empty() { "" } else { ", " };
    let error = Diagnostic::error(E0114, open.to(close), "Pipe has no `[a:b]`; it writes `.slice(a, b)`");
    let mut error = error.help(format!("replace with `.slice({start}{comma}{end})`"));
    let before = tokens[place.colon - 1].1.end;
    let after = tokens[place.colon + 1].1.start;
    let first = if place.has_start() { "" } else { "0" };
    error.edits.push(Edit { span: open, text: ".slice(".into() });
    error.edits.push(Edit { span: Span { start: before, end: after, ..colon }, text: format!("{first}{comma}") });
    error.edits.push(Edit { span: close, text: ")".into() });
    error
}
