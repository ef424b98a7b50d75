//! Matches brackets over the tokens, before anything is parsed, and says of each opening one what it is.
//!
//! A bracket without a partner is reported with its opener and mended where it was probably meant to close, so that the
//! grammar sees balanced tokens only. What a bracket is follows from what stands before it: a `(` that touches a name
//! is a call, a `{` where an operand is due is a record (language.md, sections 1 and 2).

use super::token::Token;
use crate::aliases;
use crate::codes::*;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::stages::{self, Arguments};

/// How deep brackets and prefix operators may be nested.
pub(super) const NESTING: usize = 256;

/// Whether a stage takes a condition, by its name here or elsewhere.
pub(super) fn takes_condition(stage: &str) -> bool {
    let def = stages::named(aliases::stage(stage).unwrap_or(stage));
    def.is_some_and(|def| def.takes.arguments == Arguments::Condition)
}

/// Balanced tokens, and what was wrong with the brackets.
type Balanced<'s> = (Vec<(Token<'s>, Span)>, Vec<Diagnostic>);

/// The tokens with matched and classified brackets, and what was wrong; `told` is what the lexer reported. Fails where
/// the nesting is too deep.
pub(super) fn balance<'s>(tokens: &[(Token<'s>, Span)], told: &[Diagnostic]) -> Result<Balanced<'s>, Box<Diagnostic>> {
    let partners = partners(tokens)?;
    let mut pass = Pass { tokens, told, out: Vec::new(), open: Vec::new(), head: None, diagnostics: Vec::new() };
    for at in 0..tokens.len() {
        pass.token(at, &partners);
    }
    while pass.open.last().is_some() {
        pass.insert_closer(None);
    }
    Ok((pass.out, pass.diagnostics))
}

/// What is known of a bracket token.
#[derive(Clone, Copy, PartialEq)]
enum Partner {
    /// Not a bracket, or an opener that is never closed, or a closer of nothing.
    None,
    /// The position of its partner.
    At(usize),
    /// A closer of the wrong kind for the opener that it closes.
    Wrong(usize),
}

fn closer_of<'s>(opener: &Token) -> Token<'s> {
    match opener {
        Token::BracketOpen | Token::IndexOpen => Token::BracketClose,
        Token::BraceOpen | Token::BlockOpen => Token::BraceClose,
        Token::HoleOpen => Token::HoleClose,
        _ => Token::ParenClose,
    }
}

/// The partner of each token; fails where the nesting is too deep.
fn partners(tokens: &[(Token, Span)]) -> Result<Vec<Partner>, Box<Diagnostic>> {
    let mut partners = vec![Partner::None; tokens.len()];
    let mut open: Vec<usize> = Vec::new();
    for (at, (token, span)) in tokens.iter().enumerate() {
        if token.opens() {
            open.push(at);
            if open.len() > NESTING {
                return Err(Box::new(too_deep(*span)));
            }
        } else if token.closes() {
            let fits = |&&opener: &&usize| closer_of(&tokens[opener].0) == *token;
            let within = open
                .iter()
                .rev()
                .take_while(|&&opener| tokens[opener].0 != Token::HoleOpen || *token == Token::HoleClose);
            if let Some(&opener) = within.clone().find(fits) {
                open.truncate(open.iter().rposition(|&o| o == opener).unwrap_or(0));
                partners[opener] = Partner::At(at);
                partners[at] = Partner::At(opener);
            } else if let Some(&opener) = within.clone().next() {
                let closed_next = tokens.get(at + 1).is_some_and(|(next, _)| *next == closer_of(&tokens[opener].0));
                if !closed_next {
                    open.pop();
                    partners[opener] = Partner::Wrong(at);
                    partners[at] = Partner::Wrong(opener);
                }
            }
        }
    }
    Ok(partners)
}

/// The error of a nesting that is too deep.
pub(super) fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error(E0801, span, format!("this is nested more than {NESTING} levels deep"))
        .help("give the inner parts names with `let`")
}

struct Open<'s> {
    /// Position of the opener in the output.
    at: usize,
    closer: Token<'s>,
    closed: bool,
    is_block: bool,
}

struct Pass<'a, 's> {
    tokens: &'a [(Token<'s>, Span)],
    told: &'a [Diagnostic],
    out: Vec<(Token<'s>, Span)>,
    open: Vec<Open<'s>>,
    /// The depth at which the head of a function is being read.
    head: Option<usize>,
    diagnostics: Vec<Diagnostic>,
}

impl<'s> Pass<'_, 's> {
    fn token(&mut self, at: usize, partners: &[Partner]) {
        let (token, span) = &self.tokens[at];
        while self.open.last().is_some_and(|open| !open.closed) && self.closes_before(at) {
            self.insert_closer(Some(at));
        }
        if token.opens() {
            self.opener(at, partners[at]);
        } else if token.closes() {
            self.closer(token, *span, partners[at]);
        } else {
            if *token == Token::Fn && self.tokens.get(at + 1).is_some_and(|(next, _)| next.is_name()) {
                self.head = Some(self.open.len());
            }
            self.out.push((token.clone(), *span));
        }
    }

    fn opener(&mut self, at: usize, partner: Partner) {
        let (token, span) = &self.tokens[at];
        let token = match token {
            Token::ParenOpen => self.parenthesis(at, partner),
            Token::BracketOpen if self.touches(*span, Token::ends_operand) => Token::IndexOpen,
            Token::BraceOpen if self.is_block() => Token::BlockOpen,
            other => other.clone(),
        };
        let is_block = token == Token::BlockOpen;
        let closer = closer_of(&token);
        self.open.push(Open { at: self.out.len(), closer, closed: partner != Partner::None, is_block });
        self.out.push((token, *span));
    }

    fn closer(&mut self, token: &Token<'s>, span: Span, partner: Partner) {
        match partner {
            Partner::None => {
                let message = format!("this `{}` closes nothing", bracket(token));
                self.diagnostics.push(Diagnostic::error(E0103, span, message).fix(span, ""));
            }
            Partner::At(_) => {
                self.open.pop();
                self.out.push((token.clone(), span));
            }
            Partner::Wrong(opener) => {
                let Some(open) = self.open.pop() else { return };
                let (opener, opened) = &self.tokens[opener];
                let wanted = bracket(&open.closer);
                let message = format!("this `{}` is closed by `{}`", bracket(opener), bracket(token));
                let diagnostic = Diagnostic::error(E0103, span, message).label(*opened, "opened here");
                self.diagnostics.push(diagnostic.fix(span, wanted));
                self.out.push((open.closer, span));
            }
        }
    }

    /// Whether the innermost open bracket, which is never closed, was probably meant to close before this token.
    fn closes_before(&self, at: usize) -> bool {
        let Some(open) = self.open.last() else { return false };
        let (token, span) = &self.tokens[at];
        if token.closes() {
            return true;
        }
        let after_newline = at > 0 && self.tokens[at - 1].0 == Token::Newline;
        if open.is_block {
            let flush = after_newline && self.tokens[at - 1].1.end == span.start;
            return flush && !token.continues_before() && *token != Token::Newline;
        }
        match token {
            Token::Pipe | Token::End => true,
            Token::Let => after_newline,
            Token::Newline => {
                let next = self.tokens.get(at + 1);
                let (last, _) =
                    self.out.iter().rfind(|(token, _)| *token != Token::Newline).expect("the opener was pushed");
                let goes_on = last.continues_after() || last.opens();
                !goes_on && !next.is_some_and(|(next, _)| next.continues_before() || next.closes())
            }
            _ => false,
        }
    }

    /// Closes the innermost bracket, which has no closer, before the token at `at`.
    fn insert_closer(&mut self, at: Option<usize>) {
        let Some(open) = self.open.pop() else { return };
        let (opener, opened) = self.out[open.at].clone();
        let end =
            self.out.iter().rfind(|(token, _)| *token != Token::Newline).map_or(opened, |(_, span)| *span).at_end();
        // A text that never ends has swallowed the closer: that is one mistake, reported already.
        let swallowed = self.told.iter().any(|told| {
            let place = told.primary.as_ref().map(|primary| primary.span.start);
            told.code == E0105 && place.is_some_and(|place| opened.start < place && place <= end.end)
        });
        if !swallowed {
            let message = format!("this `{}` is never closed", bracket(&opener));
            let mut diagnostic = Diagnostic::error(E0103, opened, message).saying("opened here");
            diagnostic = match at.map(|at| &self.tokens[at]) {
                Some((Token::Pipe, span)) => diagnostic.label(*span, "it should close before this `|`"),
                Some((token, span)) if token.closes() => {
                    diagnostic.label(*span, format!("it should close before this `{}`", bracket(token)))
                }
                _ => diagnostic,
            };
            self.diagnostics.push(diagnostic.fix(end, bracket(&open.closer)));
        }
        // The newline before this token still ends a line.
        let newline = self.out.pop_if(|(token, _)| *token == Token::Newline);
        self.out.push((open.closer, end));
        self.out.extend(newline);
    }

    /// Whether the last token touches what starts at `span`, and is such a one.
    fn touches(&self, span: Span, is: fn(&Token<'s>) -> bool) -> bool {
        self.out.last().is_some_and(|(token, before)| before.end == span.start && is(token))
    }

    fn parenthesis(&self, at: usize, partner: Partner) -> Token<'s> {
        let span = self.tokens[at].1;
        if self.touches(span, Token::is_name) {
            return Token::CallOpen;
        }
        let end = match partner {
            Partner::At(end) | Partner::Wrong(end) => end,
            Partner::None => return Token::ParenOpen,
        };
        let mut behind = self.tokens[end + 1..].iter().map(|(token, _)| token);
        if behind.find(|token| **token != Token::Newline) == Some(&Token::FatArrow) {
            Token::LambdaOpen
        } else if self.stage_name().is_some_and(|name| wraps(&self.tokens[at + 1..end], name)) {
            Token::WrapOpen
        } else {
            Token::ParenOpen
        }
    }

    /// The name of the stage that the tokens so far end with. Inside of a bracket a newline behind it is blank.
    fn stage_name(&self) -> Option<&str> {
        let in_block = self.open.last().is_none_or(|open| open.is_block);
        let mut tokens = self.out.as_slice();
        while let [before @ .., (Token::Newline, _)] = tokens
            && !in_block
        {
            tokens = before;
        }
        stage_name(tokens)
    }

    /// Whether a `{` here begins a block.
    fn is_block(&mut self) -> bool {
        let in_block = self.open.last().is_none_or(|open| open.is_block);
        let Some((last, _)) = self.out.iter().rfind(|(token, _)| *token != Token::Newline) else { return false };
        if self.head == Some(self.open.len()) {
            let is_body = !matches!(last, Token::Arrow | Token::Less);
            if is_body {
                self.head = None;
            }
            return is_body;
        }
        let fresh = in_block && self.out.last().is_some_and(|(token, _)| *token == Token::Newline);
        if fresh || self.stage_name().is_some() {
            return false;
        }
        last.ends_operand() || matches!(last, Token::Else | Token::Range | Token::RangeExclusive)
    }
}

/// The name of the stage that these tokens end with: `| take`, `| geo::near`. Newlines behind `|` and `::` are blank.
pub(super) fn stage_name<'a>(tokens: &'a [(Token, Span)]) -> Option<&'a str> {
    let [before @ .., (last, _)] = tokens else { return None };
    let (name, mut rest) = (last.name()?, before);
    loop {
        while let [before @ .., (Token::Newline, _)] = rest {
            rest = before;
        }
        match rest {
            [.., (Token::Pipe, _)] => return Some(name),
            [before @ .., (earlier, _), (Token::PathSeparator, _)] if earlier.is_name() => rest = before,
            _ => return None,
        }
    }
}

/// Whether a spaced `(` with these tokens in it wraps all arguments of its stage.
fn wraps(inner: &[(Token, Span)], stage: &str) -> bool {
    let mut depth = 0usize;
    let mut tokens = inner.iter().map(|(token, _)| token).filter(|token| **token != Token::Newline).peekable();
    while let Some(token) = tokens.next() {
        match token {
            _ if token.opens() => depth += 1,
            _ if token.closes() => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            Token::Comma => return true,
            Token::Pipe => return false,
            _ if token.is_name() && tokens.peek() == Some(&&Token::Colon) => return true,
            _ if token.is_name() && tokens.peek() == Some(&&Token::Assign) => return !takes_condition(stage),
            _ => {}
        }
    }
    false
}

/// How a bracket is written.
fn bracket(token: &Token) -> &'static str {
    match token {
        Token::ParenClose => ")",
        Token::BracketOpen | Token::IndexOpen => "[",
        Token::BracketClose => "]",
        Token::BraceOpen | Token::BlockOpen | Token::HoleOpen => "{",
        Token::BraceClose | Token::HoleClose => "}",
        _ => "(",
    }
}
