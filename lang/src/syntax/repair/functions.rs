//! Functions declared as elsewhere: `def f(x) = x + 1`, `function f(x) { … }`, `fn f x = …`, `let f(x) = …`. In Pipe a
//! declaration begins with `fn`, its parameters stand in parentheses and its body in braces.

use super::{Tokens, end_of, slice};
use crate::codes::*;
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::Span;
use crate::syntax::token::Token;

type Slice<'a, 's> = &'a [(Token<'s>, Span)];

/// Words that begin a function elsewhere.
const FUNCTIONS: [&str; 7] = ["def", "function", "func", "fun", "sub", "proc", "defn"];

/// Mends the declarations, each of them a statement.
pub(super) fn repair<'s>(text: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len() + 8);
    let mut at = 0;
    while at < tokens.len() {
        let end = end_of(&tokens, at, |token| *token == Token::End).max(at + 1);
        match declaration(text, &tokens[at..end]) {
            Some((mended, diagnostic)) => {
                out.extend(mended);
                diagnostics.push(diagnostic);
            }
            None => out.extend_from_slice(&tokens[at..end]),
        }
        if let Some(token) = tokens.get(end) {
            out.push(token.clone());
        }
        at = end + 1;
    }
    out
}

/// A statement as the declaration that was meant, if it is one that Pipe does not have.
fn declaration<'s>(text: &'s str, tokens: Slice<'_, 's>) -> Option<(Tokens<'s>, Diagnostic)> {
    let head = head(text, tokens)?;
    let here = tokens[0].1;
    let mut edits = Vec::from_iter(head.edit);
    let mut out = vec![(Token::Fn, here), head.name];
    let mut wrong = None;
    let mut pass = Pass { text, tokens, out: &mut out, edits: &mut edits, wrong: &mut wrong };
    let is_whole = pass.rest(head.parameters, head.is_sure).is_some();
    let error = match (head.told, wrong.filter(|_| is_whole)) {
        (Some((place, message)), _) => Diagnostic::error(E0114, place, message),
        (None, Some((place, message))) => Diagnostic::error(E0130, place, message),
        (None, None) => return None,
    };
    if !is_whole {
        // The word alone is known.
        out.truncate(2);
        out.extend_from_slice(&tokens[head.parameters..]);
        edits.truncate(1);
        if !head.is_sure {
            return None;
        }
    }
    let error = match written(text, tokens, &edits) {
        Some(fixed) if is_whole => error.help(format!("write `{fixed}`")),
        _ => error.help("write `fn`, and its body in braces: `fn half(x: float) { x / 2 }`"),
    };
    Some((out, Diagnostic { edits, ..error }))
}

/// How a declaration begins.
struct Head<'s> {
    name: (Token<'s>, Span),
    /// The position of its parameters.
    parameters: usize,
    /// What makes it begin as in Pipe, and what is said of that.
    edit: Option<Edit>,
    told: Option<(Span, String)>,
    /// Whether it can be nothing else.
    is_sure: bool,
}

fn head<'s>(text: &str, tokens: Slice<'_, 's>) -> Option<Head<'s>> {
    let told = |place: Span| Some((place, "a function is declared with `fn`".to_string()));
    let is_word =
        |token: &Token| matches!(token, Token::Fn) || matches!(token, Token::Name(word) if FUNCTIONS.contains(word));
    let is_list = |token: &Token| matches!(token, Token::CallOpen | Token::ParenOpen | Token::LambdaOpen);
    Some(match tokens {
        [(Token::Fn, _), name @ (Token::Name(_), _), _, ..] => {
            Head { name: name.clone(), parameters: 2, edit: None, told: None, is_sure: true }
        }
        [(Token::Name(word), place), name @ (Token::Name(_), _), (next, _), ..]
            if FUNCTIONS.contains(word) && (is_list(next) || next.is_name()) =>
        {
            let told = Some((*place, format!("Pipe has no `{word}`; it writes `fn`")));
            let edit = Some(Edit { span: *place, text: "fn".into() });
            Head { name: name.clone(), parameters: 2, edit, told, is_sure: is_list(next) }
        }
        [(Token::Let, place), name @ (Token::Name(_), _), (next, _), ..]
            if is_list(next) || next.is_name() && !matches!(name.0, Token::Name("mut" | "var" | "const")) =>
        {
            let edit = Some(Edit { span: *place, text: "fn".into() });
            Head { name: name.clone(), parameters: 2, edit, told: told(*place), is_sure: is_list(next) }
        }
        [(Token::Let, place), name @ (Token::Name(_), called), (Token::Assign, _), (word, _), (next, list), ..]
            if is_word(word) && is_list(next) =>
        {
            let edit = Edit { span: Span { end: list.start, ..*place }, text: format!("fn {}", slice(text, *called)) };
            Head { name: name.clone(), parameters: 4, edit: Some(edit), told: told(*place), is_sure: true }
        }
        [name @ (Token::Name(_), place), (Token::CallOpen, _), ..] => {
            let close = end_of(tokens, 2, |token| !matches!(token, Token::Name(_) | Token::Comma));
            let [(Token::ParenClose, _), (Token::Assign, _), ..] = tokens.get(close..)? else { return None };
            let edit = Some(Edit { span: Span { end: place.start, ..*place }, text: "fn ".into() });
            Head { name: name.clone(), parameters: 1, edit, told: told(*place), is_sure: false }
        }
        _ => return None,
    })
}

struct Pass<'a, 'b, 's> {
    text: &'s str,
    tokens: Slice<'a, 's>,
    out: &'b mut Tokens<'s>,
    edits: &'b mut Vec<Edit>,
    /// What is wrong behind the name.
    wrong: &'b mut Option<(Span, &'static str)>,
}

impl<'s> Pass<'_, '_, 's> {
    /// Mends what stands behind the name: parameters from `at` on, a type, a body. None if that is something else.
    fn rest(&mut self, at: usize, is_sure: bool) -> Option<()> {
        let behind = match self.tokens.get(at)?.0 {
            Token::CallOpen | Token::ParenOpen | Token::LambdaOpen => self.listed(at)?,
            _ => self.bare(at)?,
        };
        let parameters = &self.tokens[at..behind];
        let body = self.result(behind)?;
        let is_parameter = |token: &Token| token.is_name() && parameters.iter().any(|(other, _)| other == token);
        if !is_sure && !self.tokens[body..].iter().any(|(token, _)| is_parameter(token)) {
            return None;
        }
        self.body(body)
    }

    fn tell(&mut self, place: Span, message: &'static str) {
        self.wrong.get_or_insert((place, message));
    }

    fn copy(&mut self, from: usize, to: usize) {
        self.out.extend_from_slice(&self.tokens[from..to]);
    }

    /// Parameters in parentheses; gives the position behind them.
    fn listed(&mut self, at: usize) -> Option<usize> {
        let close = end_of(self.tokens, at + 1, |_| false);
        self.tokens.get(close)?;
        self.out.push((Token::CallOpen, self.tokens[at].1));
        self.copy(at + 1, close + 1);
        Some(close + 1)
    }

    /// `f x y = …`: parameters without parentheses. They are given a type too, since each needs one where it ends.
    fn bare(&mut self, at: usize) -> Option<usize> {
        let count = self.tokens[at..].iter().take_while(|(token, _)| matches!(token, Token::Name(_))).count();
        if count == 0 || self.tokens.get(at + count)?.0 != Token::Assign {
            return None;
        }
        let mut before = self.tokens[at - 1].1.end;
        for (nth, (token, span)) in self.tokens[at..at + count].iter().enumerate() {
            let (mark, text) = if nth == 0 { (Token::CallOpen, "(") } else { (Token::Comma, ": int, ") };
            let gap = Span { start: before, end: span.start, ..*span };
            self.edits.push(Edit { span: gap, text: text.into() });
            self.out.extend([(mark, gap), (token.clone(), *span), (Token::Colon, gap), (Token::Name("int"), gap)]);
            before = span.end;
        }
        let (first, last) = (self.tokens[at].1, self.tokens[at + count - 1].1);
        self.tell(first.to(last), "the parameters of a function stand in parentheses");
        self.edits.push(Edit { span: last.at_end(), text: ": int)".into() });
        self.out.push((Token::ParenClose, last.at_end()));
        Some(at + count)
    }

    /// `-> T` and `: T`: the type of the result; gives the position of the body.
    fn result(&mut self, at: usize) -> Option<usize> {
        let begins = |token: &Token| matches!(token, Token::Assign | Token::FatArrow | Token::BlockOpen | Token::End);
        let (token, span) = self.tokens.get(at)?;
        match token {
            Token::Arrow => {
                let body = end_of(self.tokens, at, |token| {
                    matches!(token, Token::Assign | Token::FatArrow | Token::BlockOpen | Token::Colon | Token::End)
                });
                self.copy(at, body);
                Some(body)
            }
            Token::Colon => {
                let body = end_of(self.tokens, at + 1, begins);
                let is_type = |(token, _): &(Token, Span)| token.is_name() || *token == Token::Question;
                let ty = self.tokens.get(at + 1..body)?;
                if ty.is_empty() || !ty.iter().all(is_type) || body == self.tokens.len() {
                    return Some(at);
                }
                self.tell(*span, "the type of a result stands behind `->`");
                self.edits.push(Edit { span: *span, text: " ->".into() });
                self.out.push((Token::Arrow, *span));
                self.copy(at + 1, body);
                Some(body)
            }
            _ => Some(at),
        }
    }

    /// `= e`, `=> e` and `: e`: the body.
    fn body(&mut self, at: usize) -> Option<()> {
        let (token, span) = self.tokens.get(at)?;
        if *token == Token::BlockOpen {
            self.copy(at, self.tokens.len());
            return Some(());
        }
        let [(first, place), ..] = self.tokens.get(at + 1..)? else { return None };
        let last = self.tokens.last()?.1;
        let gap = slice(self.text, Span { start: span.end, end: place.start, ..*place });
        if *token == Token::Colon && gap.contains('\n') {
            // Its body is set in.
            self.copy(at, self.tokens.len());
            return Some(());
        }
        if !matches!(token, Token::Assign | Token::FatArrow | Token::Colon) {
            return None;
        }
        self.tell(*span, "the body of a function stands in braces");
        let close = end_of(self.tokens, at + 2, |_| false);
        let in_braces = matches!(first, Token::BraceOpen | Token::BlockOpen) && close + 1 == self.tokens.len();
        let is_record = in_braces && is_record(&self.tokens[at + 2..]);
        if in_braces && !is_record {
            self.edits.push(Edit { span: Span { end: place.start, ..*span }, text: String::new() });
            self.out.push((Token::BlockOpen, *place));
            self.copy(at + 2, self.tokens.len());
            return Some(());
        }
        let blank = if self.text[..span.start as usize].ends_with(' ') { "" } else { " " };
        let behind = if gap.is_empty() { " " } else { "" };
        self.edits.push(Edit { span: *span, text: format!("{blank}{{{behind}") });
        self.edits.push(Edit { span: last.at_end(), text: " }".into() });
        self.out.push((Token::BlockOpen, *span));
        // A `{` is a block behind the head of a function.
        self.out.extend(is_record.then_some((Token::BraceOpen, *place)));
        self.copy(at + 1 + usize::from(is_record), self.tokens.len());
        self.out.push((Token::BraceClose, last.at_end()));
        Some(())
    }
}

/// Whether what follows a `{` are fields.
fn is_record(tokens: Slice) -> bool {
    match tokens {
        [(name, _), (next, _), ..] if name.is_name() => matches!(next, Token::Colon | Token::Comma | Token::BraceClose),
        [(token, _), ..] => matches!(token, Token::Spread | Token::String(_) | Token::BraceClose),
        [] => false,
    }
}

/// The statement with the edits in it, if it is short.
fn written(text: &str, tokens: Slice, edits: &[Edit]) -> Option<String> {
    let whole = tokens.first()?.1.to(tokens.last()?.1);
    let mut out = slice(text, whole).to_string();
    for edit in edits.iter().rev() {
        let range = (edit.span.start - whole.start) as usize..(edit.span.end - whole.start) as usize;
        out.replace_range(range, &edit.text);
    }
    (out.len() <= 80 && !out.contains('\n')).then_some(out)
}
