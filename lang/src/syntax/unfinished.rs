//! Whether a text that somebody is typing is finished. It looks at tokens only, so that a mistake never asks for more.

use super::lexer;
use super::token::Token;
use crate::source::SourceId;

/// Whether more must follow: a bracket is open, or the text ends in a `|`, a comma or another token after which a line
/// goes on. Two newlines at the end finish any text.
pub fn is_unfinished(text: &str) -> bool {
    let tokens = lexer::lex(SourceId(0), text).tokens;
    let open = tokens.iter().filter(|(token, _)| token.opens()).count();
    let closed = tokens.iter().filter(|(token, _)| token.closes()).count();
    let last = tokens.iter().rev().find(|(token, _)| !matches!(token, Token::Newline | Token::End));
    !text.ends_with("\n\n") && (open > closed || last.is_some_and(|(token, _)| token.continues_after()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_and_operators_go_on() {
        for text in ["1..5 |", "1..5 | # more", "[1,", "fn f(x: int) {\n", "let a =", "1 +", "f(1,\n2"] {
            assert!(is_unfinished(text), "{text}");
        }
        for text in ["", "1..5", "1..5 | take 2\n", "f(1)]", "\"abc", "1 +\n\n"] {
            assert!(!is_unfinished(text), "{text}");
        }
    }
}
