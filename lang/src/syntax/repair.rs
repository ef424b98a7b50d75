//! stub
use super::token::Token;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
pub(super) fn repair<'s>(_text: &'s str, _tokens: &mut Vec<(Token<'s>, Span)>) -> Vec<Diagnostic> {
    Vec::new()
}
