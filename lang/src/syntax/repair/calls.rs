//! Two operands with nothing between them: a call without parentheses, a missing comma, an operator of another language
//! or with a typing error.

use super::{Tokens, defined_functions, end_of, slice};
use crate::codes::*;
use crate::diagnostic::{Diagnostic, Edit, did_you_mean};
use crate::source::Span;
use crate::stages::{self, Arguments};
use crate::syntax::brackets::stage_name;
use crate::syntax::token::Token;

/// The operators that are words.
const WORDS: [&str; 5] = ["and", "or", "in", "by", "on"];

/// E0113 and what is near it.
pub(super) fn repair<'s>(text: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let mut pass = Pass {
        text,
        tokens: &tokens,
        out: Vec::with_capacity(tokens.len() + 8),
        insert: Vec::new(),
        open: Vec::new(),
        touching: None,
    };
    let mut at = 0;
    while at < tokens.len() {
        at = pass.token(at, diagnostics);
    }
    pass.flush(tokens.len());
    pass.out
}

struct Pass<'a, 's> {
    text: &'s str,
    tokens: &'a [(Token<'s>, Span)],
    out: Tokens<'s>,
    /// Tokens to put in before a position; the nearest is last.
    insert: Vec<(usize, Token<'s>)>,
    /// The open brackets.
    open: Vec<Token<'s>>,
    /// What the opening bracket at the next position is, had it touched the name before it.
    touching: Option<Token<'s>>,
}

impl<'s> Pass<'_, 's> {
    /// Puts in what belongs before the token at `at`.
    fn flush(&mut self, at: usize) {
        while self.insert.last().is_some_and(|(before, _)| *before <= at) {
            let Some((_, token)) = self.insert.pop() else { return };
            let here = self.out.last().map_or(self.tokens[0].1, |(_, span)| *span).at_end();
            self.out.push((token, here));
        }
    }

    /// Copies the token at `at` and mends what follows it; gives the next position.
    fn token(&mut self, at: usize, diagnostics: &mut Vec<Diagnostic>) -> usize {
        self.flush(at);
        let planned = self.insert.last().is_some_and(|(before, _)| *before == at + 1);
        let (token, span) = &self.tokens[at];
        if self.begins_definition(at) {
            // Types and the heads of functions have adjacent names of their own.
            let end = end_of(self.tokens, at, |token| matches!(token, Token::Assign | Token::BlockOpen | Token::End));
            let end = end.max(at + 1);
            self.out.extend_from_slice(&self.tokens[at..end]);
            return end;
        }
        if token.opens() {
            self.open.push(token.clone());
        } else if token.closes() {
            self.open.pop();
        }
        self.out.push((self.touching.take().unwrap_or_else(|| token.clone()), *span));
        let Some((next, next_span)) = self.tokens.get(at + 1) else { return at + 1 };
        if self.open.last() == Some(&Token::BracketOpen)
            && !token.is_name()
            && token.ends_operand()
            && is_argument(next)
        {
            let message = "a comma is missing between these";
            diagnostics.push(Diagnostic::error(E0130, span.to(*next_span), message).fix(span.at_end(), ","));
            self.insert.push((at + 1, Token::Comma));
            return at + 1;
        }
        let binds = matches!(self.out.as_slice(), [.., (Token::Let | Token::As, _), _]);
        if planned || binds || !token.is_name() || !is_argument(next) || stage_name(&self.out).is_some() {
            return at + 1;
        }
        self.adjacent(at, diagnostics)
    }

    fn begins_definition(&self, at: usize) -> bool {
        let next_names = self.tokens.get(at + 1).is_some_and(|(next, _)| next.is_name());
        match self.tokens[at].0 {
            Token::Type | Token::Param => true,
            Token::Fn => next_names,
            _ => false,
        }
    }

    /// The name at `at` has been copied, and an operand follows it.
    fn adjacent(&mut self, at: usize, diagnostics: &mut Vec<Diagnostic>) -> usize {
        let (next, next_span) = &self.tokens[at + 1];
        if let Token::Name(word) = next
            && let Some((token, diagnostic)) = self.word_operator(word, *next_span, at)
        {
            diagnostics.push(diagnostic);
            self.out.push((token, *next_span));
            return at + 2;
        }
        if next.is_name() && self.lacks_comma() {
            let name = self.tokens[at].1;
            let message = "a comma is missing between these";
            diagnostics.push(Diagnostic::error(E0130, name.to(*next_span), message).fix(name.at_end(), ","));
            self.insert.push((at + 1, Token::Comma));
            return at + 1;
        }
        if self.is_field() {
            let place = self.tokens[at].1;
            let error = Diagnostic::error(E0130, place, "a `:` is missing behind the name of this field");
            diagnostics.push(error.fix(place.at_end(), ":"));
            self.insert.push((at + 1, Token::Colon));
            return at + 1;
        }
        if let Some(end) = self.word_to_leave_out(at, diagnostics) {
            return end;
        }
        let head = stage_name(&self.out[..self.out.len() - 1]);
        if head.is_some_and(|head| !takes_values(head)) && !next.is_name() && !next.opens() {
            let place = self.tokens[at].1;
            let message = "a comma is missing between these";
            diagnostics.push(Diagnostic::error(E0130, place.to(*next_span), message).fix(place.at_end(), ","));
            self.insert.push((at + 1, Token::Comma));
            return at + 1;
        }
        // What follows another operand is no call; the grammar says what could stand there.
        let before = &self.out[..self.out.len() - 1];
        let follows = before.last().is_some_and(|(last, _)| last.ends_operand()) && stage_name(before).is_none();
        if !follows {
            diagnostics.push(self.call(at));
        }
        at + 1
    }

    /// `echo x`, `from orders`: a word at the beginning of a statement that says what goes without saying.
    fn word_to_leave_out(&mut self, at: usize, diagnostics: &mut Vec<Diagnostic>) -> Option<usize> {
        let ((Token::Name(word), place), (next, next_span)) = (&self.tokens[at], &self.tokens[at + 1]) else {
            return None;
        };
        let starts = self.out.len() == 1 || matches!(self.out[self.out.len() - 2].0, Token::End | Token::BlockOpen);
        let lower = word.to_ascii_lowercase();
        let why = match &*lower {
            "print" | "println" | "echo" | "puts" | "show" | "display" if *next != Token::ParenOpen => {
                "a value on a line of its own is shown"
            }
            "from" if next.is_name() => "a pipeline begins with its table",
            _ => return None,
        };
        if !starts || defined_functions(self.tokens).contains(word) {
            return None;
        }
        let error = Diagnostic::error(E0203, *place, format!("there is no function called `{word}`")).saying(why);
        diagnostics.push(error.fix(Span { end: next_span.start, ..*place }, ""));
        self.out.pop();
        Some(at + 1)
    }

    /// `a AND b`, `a an b`.
    fn word_operator(&self, word: &str, span: Span, at: usize) -> Option<(Token<'s>, Diagnostic)> {
        let operand_follows = self.tokens.get(at + 2).is_some_and(|(after, _)| after.starts_operand());
        let lower = word.to_ascii_lowercase();
        let meant = match WORDS.into_iter().find(|meant| *meant == lower) {
            Some(meant) => meant,
            None if operand_follows => *did_you_mean(word, WORDS).first().filter(|_| word.len() > 1)?,
            None => return None,
        };
        let token = match meant {
            "and" => Token::And,
            "or" => Token::Or,
            "in" => Token::In,
            "by" => Token::By,
            _ => Token::On,
        };
        Some((token, Diagnostic::error(E0106, span, format!("Pipe spells this `{meant}`")).fix(span, meant)))
    }

    /// Whether the name copied last begins an item of a record.
    fn is_field(&self) -> bool {
        let [.., (previous, _), _] = self.out.as_slice() else { return false };
        self.open.last() == Some(&Token::BraceOpen) && matches!(previous, Token::BraceOpen | Token::Comma)
    }

    /// Whether the name copied last is an item of a list of names.
    fn lacks_comma(&self) -> bool {
        let [before @ .., (previous, _), _] = self.out.as_slice() else { return false };
        match previous {
            Token::BracketOpen => true,
            Token::Comma if self.open.last() == Some(&Token::BracketOpen) => true,
            Token::By => true,
            Token::Comma => {
                let mut names = before;
                let mut steps = 0;
                while let [rest @ .., (Token::Comma, _), (name, _)] = names
                    && name.is_name()
                    && steps < 50
                {
                    names = rest;
                    steps += 1;
                }
                let head = names.split_last().map_or(names, |(_, head)| head);
                matches!(head.last(), Some((Token::By, _))) || is_list(head)
            }
            _ => is_list(&self.out[..self.out.len() - 1]),
        }
    }

    /// E0113: what follows the name becomes its arguments.
    fn call(&mut self, at: usize) -> Diagnostic {
        let name = self.tokens[at].1;
        let mut starts = Vec::new();
        let mut end = at + 1;
        if self.is_assertion(at) {
            starts.push(end);
            end = end_of(self.tokens, end, |token| *token == Token::End);
        }
        while !self.is_assertion(at) && self.tokens.get(end).is_some_and(|(token, _)| is_argument(token)) {
            starts.push(end);
            end = self.postfix_end(end);
        }
        if let Some(diagnostic) = self.spaced_bracket(at) {
            return diagnostic;
        }
        let whole = name.to(self.tokens[end - 1].1);
        let places: Vec<Span> = (0..starts.len())
            .map(|nth| {
                let last = starts.get(nth + 1).copied().unwrap_or(end) - 1;
                self.tokens[starts[nth]].1.to(self.tokens[last].1)
            })
            .collect();
        let arguments: Vec<&str> = places.iter().map(|place| slice(self.text, *place)).collect();
        let fixed = format!("{}({})", slice(self.text, name), arguments.join(", "));
        let mut diagnostic = Diagnostic::error(E0113, whole, "a call needs parentheses");
        diagnostic.help.push(format!("replace with `{fixed}`"));
        // The name and the arguments are left alone: they may need mending of their own.
        let mut before = name;
        for (nth, place) in places.iter().enumerate() {
            let text = if nth == 0 { "(" } else { ", " };
            diagnostic
                .edits
                .push(Edit { span: Span { start: before.end, end: place.start, ..name }, text: text.into() });
            before = *place;
        }
        diagnostic.edits.push(Edit { span: before.at_end(), text: ")".into() });
        // Inserted from the end, so that the nearest is last.
        self.insert.push((end, Token::ParenClose));
        self.insert.extend(starts[1..].iter().rev().map(|&start| (start, Token::Comma)));
        self.insert.push((at + 1, Token::CallOpen));
        diagnostic
    }

    /// `assert x == 1` as a statement: all of it is what is asserted.
    fn is_assertion(&self, at: usize) -> bool {
        let before = at.checked_sub(1).map(|before| &self.tokens[before].0);
        matches!(self.tokens[at].0, Token::Name("assert" | "assert_eq"))
            && before.is_none_or(|before| matches!(before, Token::End | Token::BlockOpen))
    }

    /// `f (x)` and `xs [0]`: the bracket touches what it follows.
    fn spaced_bracket(&mut self, at: usize) -> Option<Diagnostic> {
        let (name, (bracket, opened)) = (self.tokens[at].1, &self.tokens[at + 1]);
        let (code, message, touching) = match bracket {
            Token::ParenOpen => (E0113, "the `(` of a call touches its name", Token::CallOpen),
            Token::BracketOpen => (E0130, "the `[` of an index touches what it follows", Token::IndexOpen),
            _ => return None,
        };
        self.touching = Some(touching);
        let fixed = format!("{}{}", slice(self.text, name), slice(self.text, *opened));
        let diagnostic = Diagnostic::error(code, name.to(*opened), message);
        Some(diagnostic.fix(name.to(*opened), fixed))
    }

    /// The position behind the postfix chain that begins at `at`.
    fn postfix_end(&self, at: usize) -> usize {
        let past = |at: usize| match self.tokens.get(at) {
            Some((token, _)) if token.opens() => (end_of(self.tokens, at + 1, |_| false) + 1).min(self.tokens.len()),
            Some((Token::FormatStart, _)) => {
                (end_of(self.tokens, at, |token| *token == Token::FormatEnd) + 1).min(self.tokens.len())
            }
            _ => at + 1,
        };
        let mut end = past(at);
        while let Some((token, _)) = self.tokens.get(end) {
            end = match token {
                Token::CallOpen | Token::IndexOpen => past(end),
                Token::Dot | Token::QuestionDot | Token::PathSeparator => (end + 2).min(self.tokens.len()),
                _ => return end,
            };
        }
        end
    }
}

/// Whether these tokens end with the name of a stage that takes names of columns, so that a comma is what is missing.
fn is_list(tokens: &[(Token, Span)]) -> bool {
    stage_name(tokens).and_then(stages::named).is_some_and(|stage| stage.takes.arguments == Arguments::Columns)
}

/// Whether the argument of a stage is a value, so that a function is what stands before its argument.
fn takes_values(stage: &str) -> bool {
    stages::named(stage).is_some_and(|def| matches!(def.takes.arguments, Arguments::Condition | Arguments::Value))
}

/// Whether a token behind a name begins an argument of it, or behind an item of a list another item.
fn is_argument(token: &Token) -> bool {
    token.starts_operand() && !matches!(token, Token::If | Token::Match | Token::BraceOpen | Token::LambdaOpen)
}
