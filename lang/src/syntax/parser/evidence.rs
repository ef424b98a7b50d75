//! What type a parameter without one has, where that is evident from its default or from the body of its function. What
//! could be of several types is not guessed.

use crate::source::Span;
use crate::syntax::lexer;
use crate::syntax::token::Token;

/// How much of the text behind a parameter is looked at.
const MOST_BYTES: usize = 4096;

/// Functions of texts alone.
const OF_TEXTS: [&str; 17] = [
    "upper",
    "lower",
    "title",
    "trim",
    "trim_start",
    "trim_end",
    "split",
    "replace",
    "starts_with",
    "ends_with",
    "pad_left",
    "pad_right",
    "extract",
    "extract_all",
    "matches",
    "lines",
    "words",
];

/// The type of the parameter that stands at `name` without one.
pub(super) fn type_of(text: &str, name: Span) -> Option<&'static str> {
    let parameter = text.get(name.range())?;
    let rest = text.get(name.end as usize..)?;
    let most = (0..=rest.len().min(MOST_BYTES)).rev().find(|at| rest.is_char_boundary(*at))?;
    let lexed = lexer::lex(name.source, &rest[..most]);
    let tokens: Vec<Token> =
        lexed.tokens.into_iter().map(|(token, _)| token).filter(|token| *token != Token::Newline).collect();
    if let [Token::Assign, value, ..] = tokens.as_slice() {
        return literal(value);
    }
    let start = tokens.iter().position(|token| matches!(token, Token::BraceOpen | Token::End | Token::Fn))?;
    let mut found = None;
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        depth = if token.opens() { depth + 1 } else { depth.saturating_sub(usize::from(token.closes())) };
        if depth == 0 {
            break;
        }
        let is_it = *token == Token::Name(parameter) && tokens[at - 1] != Token::Dot;
        let Some(ty) = is_it.then(|| use_of(&tokens, at)).flatten() else { continue };
        if found.is_some_and(|other| other != ty) {
            return None;
        }
        found = Some(ty);
    }
    found
}

/// The type that the parameter at `at` must have for what stands around it.
fn use_of(tokens: &[Token], at: usize) -> Option<&'static str> {
    let before = (at.checked_sub(2).map(|first| &tokens[first]), at.checked_sub(1).map(|last| &tokens[last]));
    let operand = |operator: &Token, other: &Token| match operator {
        Token::Tilde => Some("string"),
        Token::Equal | Token::NotEqual | Token::Less | Token::LessOrEqual | Token::Greater | Token::GreaterOrEqual => {
            literal(other)
        }
        Token::Plus | Token::Minus | Token::Star | Token::Slash | Token::DoubleSlash | Token::Percent => {
            // A date plus a duration is a date, and so is a time.
            literal(other).filter(|ty| matches!(*ty, "int" | "float"))
        }
        _ => None,
    };
    match (before, &tokens[at + 1..]) {
        (_, [Token::Dot, Token::Name(method), Token::ParenOpen, ..]) if OF_TEXTS.contains(method) => Some("string"),
        ((Some(Token::Name(function)), Some(Token::ParenOpen)), _) if OF_TEXTS.contains(function) => Some("string"),
        (_, [operator, other, ..]) if let Some(ty) = operand(operator, other) => Some(ty),
        ((Some(other), Some(operator)), _) if *operator != Token::Tilde => operand(operator, other),
        _ => None,
    }
}

fn literal(token: &Token) -> Option<&'static str> {
    match token {
        Token::Int(_) => Some("int"),
        Token::Float(_) => Some("float"),
        Token::String(_) | Token::RawString(_) => Some("string"),
        Token::Date(_) => Some("date"),
        Token::DateTime(_) => Some("datetime"),
        Token::Duration(_) => Some("duration"),
        Token::True | Token::False => Some("bool"),
        _ => None,
    }
}
