//! Decides which newlines end a statement, and which words are keywords where they stand (language.md, section 1).
//!
//! Behind this pass an [`Token::End`] always ends a statement or an arm, and the grammar needs no newline rules.

use super::brackets::stage_name;
use super::token::Token;
use crate::source::Span;

/// The tokens without the newlines that are blank.
pub(super) fn lay_out<'s>(text: &'s str, tokens: Vec<(Token<'s>, Span)>) -> Vec<(Token<'s>, Span)> {
    let mut pass = Pass { text, out: Vec::with_capacity(tokens.len()), open: Vec::new(), end: None, in_type: false };
    for (at, (token, span)) in tokens.iter().enumerate() {
        match token {
            Token::Newline | Token::End => pass.end(token, *span),
            _ => pass.token(token, *span, &tokens[at + 1..]),
        }
    }
    pass.out
}

struct Pass<'s> {
    text: &'s str,
    out: Vec<(Token<'s>, Span)>,
    /// The open brackets.
    open: Vec<Token<'s>>,
    /// A newline or `;` since the last token that may end a statement, and whether it is a newline.
    end: Option<(Span, bool)>,
    /// Whether the statement is at its type, where a `>` is no operator: `type A = map<int>`.
    in_type: bool,
}

impl<'s> Pass<'s> {
    fn end(&mut self, token: &Token<'s>, span: Span) {
        let is_newline = *token == Token::Newline;
        let counts = self.open.last().is_none_or(|open| *open == Token::BlockOpen);
        if counts && (self.end.is_none() || !is_newline) {
            self.end = Some((span, is_newline));
        } else if !counts && !is_newline {
            self.out.push((Token::End, span));
        }
    }

    fn at_statement_start(&self) -> bool {
        self.out.last().is_none_or(|(last, _)| matches!(last, Token::End | Token::BlockOpen))
    }

    fn token(&mut self, token: &Token<'s>, span: Span, next: &[(Token<'s>, Span)]) {
        let next_token = next.first().map(|(token, _)| token);
        let ended = self.end.take();
        if let Some((end, is_newline)) = ended.filter(|_| !self.at_statement_start() && !token.closes()) {
            let begins = *token == Token::Let || (*token == Token::Fn && next_token.is_some_and(Token::is_name));
            let closes_type = |last: &Token| self.in_type && *last == Token::Greater;
            let last = self.out.last().is_some_and(|(last, _)| last.continues_after() && !closes_type(last));
            let goes_on = is_newline && (last || token.continues_before());
            if begins || !goes_on {
                self.out.push((Token::End, end));
            }
        }
        if token.opens() {
            self.open.push(token.clone());
        } else if token.closes() {
            self.open.pop();
        }
        let token = self.in_context(token, span, next);
        match token {
            Token::Type | Token::Param => self.in_type = true,
            Token::Assign if self.is_default() => self.in_type = false,
            _ if self.at_statement_start() => self.in_type = false,
            _ => {}
        }
        self.out.push((token, span));
    }

    /// What a token is where it stands.
    fn in_context(&mut self, token: &Token<'s>, span: Span, next: &[(Token<'s>, Span)]) -> Token<'s> {
        // A reserved word in the place of the name is an error that `repair` tells.
        let names = match next {
            [(next, _), (Token::Assign | Token::Colon, _), ..] => next.is_name() || next.is_reserved(),
            _ => next.first().is_some_and(|(next, _)| next.is_name()),
        };
        let texts = next.first().is_some_and(|(next, _)| matches!(next, Token::String(_)));
        match token {
            Token::Name("type") if self.at_statement_start() && names => Token::Type,
            Token::Name("param") if self.at_statement_start() && names => Token::Param,
            Token::Name("import") if self.at_statement_start() && texts => Token::Import,
            Token::Name("test") if self.at_statement_start() && texts => Token::Test,
            Token::Name("as") if matches!(self.out.as_slice(), [.., (Token::Import, _), (Token::String(_), _)]) => {
                Token::As
            }
            Token::Minus if self.is_loose(span, next) => Token::LooseMinus,
            Token::Colon => {
                if self.open.last() == Some(&Token::BraceOpen)
                    && let Some((word, place)) = self.out.last_mut().filter(|(word, _)| word.is_reserved())
                {
                    *word = Token::Name(&self.text[place.range()]);
                }
                Token::Colon
            }
            other => other.clone(),
        }
    }

    /// Whether an `=` here ends the type of a `param`, and does not begin that of a `type`.
    fn is_default(&self) -> bool {
        !matches!(self.out.as_slice(), [.., (Token::Type, _), _])
    }

    /// Whether a minus has a blank on both sides and stands behind the name of a stage.
    fn is_loose(&self, span: Span, next: &[(Token<'s>, Span)]) -> bool {
        let blank_before = self.out.last().is_some_and(|(_, last)| last.end < span.start);
        let blank_after = next.first().is_some_and(|(_, next)| span.end < next.start);
        blank_before && blank_after && stage_name(&self.out).is_some()
    }
}
