//! Bounds the depth of trees over the tokens, before a tree is made: parsing, walking and dropping a tree recurse.

use super::brackets::{NESTING, too_deep};
use super::token::Token;
use crate::codes::E0801;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// How deep a tree may be, long chains of operators (which lean to the left) included.
pub(super) const DEPTH: usize = 500;

/// What has been counted since the last comma, stage or statement in one bracket.
#[derive(Clone, Copy, Default)]
struct Level {
    /// `and` and `or`, which bind least: each begins a new count of the others.
    logical: usize,
    /// All other operators.
    others: usize,
    /// Operators directly before an operand.
    prefixes: usize,
}

impl Level {
    fn depth(&self) -> usize {
        self.logical + self.others
    }
}

/// E0801 where the tree of this statement would be too deep.
pub(super) fn check(tokens: &[(Token, Span)]) -> Option<Diagnostic> {
    walk(tokens, |nested, depth, span| {
        if nested > NESTING {
            return Some(too_deep(span));
        }
        (depth + nested > DEPTH).then(|| {
            let message = format!("this expression is more than {DEPTH} operators deep");
            Diagnostic::error(E0801, span, message).help("give the parts names with `let`")
        })
    })
}

/// How many brackets and prefix operators are inside one another.
pub(super) fn nesting(tokens: &[(Token, Span)]) -> usize {
    let mut deepest = 0;
    walk(tokens, |nested, _, _| {
        deepest = deepest.max(nested);
        None
    });
    deepest
}

/// Shows behind each token how deep brackets and prefix operators are nested there, and how deep the other operators, until
/// something is said.
fn walk(
    tokens: &[(Token, Span)],
    mut look: impl FnMut(usize, usize, Span) -> Option<Diagnostic>,
) -> Option<Diagnostic> {
    let mut levels = vec![Level::default()];
    let (mut nested, mut depth) = (0, 0);
    let mut operand_is_due = true;
    for (token, span) in tokens {
        let level = levels.last_mut().expect("the outermost level is never closed");
        let before = *level;
        match token {
            _ if token.opens() => {
                // `a[0][0]` leans to the left like a chain of operators.
                level.others += usize::from(*token == Token::IndexOpen);
                depth += usize::from(*token == Token::IndexOpen);
                levels.push(Level::default());
                nested += 1;
            }
            _ if token.closes() => {
                if levels.len() > 1 {
                    let closed = levels.pop().expect("there is more than one level");
                    nested -= 1 + closed.prefixes;
                    depth -= closed.depth();
                }
            }
            Token::Comma | Token::Pipe | Token::End | Token::By | Token::On => *level = Level::default(),
            Token::And | Token::Or => *level = Level { logical: level.logical + 1, ..Level::default() },
            Token::Minus | Token::Not if operand_is_due => level.prefixes += 1,
            _ if counts(token) => *level = Level { others: level.others + 1, prefixes: 0, ..*level },
            _ => level.prefixes = if operand_is_due { level.prefixes } else { 0 },
        }
        if !token.opens() && !token.closes() {
            let after = levels.last().expect("the outermost level is never closed");
            nested = nested + after.prefixes - before.prefixes;
            depth = depth + after.depth() - before.depth();
        }
        if let Some(told) = look(nested, depth, *span) {
            return Some(told);
        }
        operand_is_due = !token.ends_operand();
    }
    None
}

/// Whether a token makes a tree deeper.
fn counts(token: &Token) -> bool {
    use Token::*;
    token.continues_before() && !matches!(token, Pipe | By | On)
        || matches!(token, Minus | Range | RangeExclusive | FatArrow | Arrow | If | Match | Assign)
}
