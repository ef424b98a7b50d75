//! Text to tree. Parsing never fails: it recovers at the next stage or statement and gives a tree with holes, and
//! everything that was wrong. The only place with logos and chumsky.
//!
//! The way: `lexer` (tokens) → `brackets` (matched and classified) → `layout` (newlines) → `repair` (known mistakes) →
//! `depth` (bounds the tree) → `parser`. Each pass before the grammar reports what it mends, so that one fault gives one
//! error.

pub mod ast;
mod brackets;
mod depth;
mod format;
mod layout;
pub mod lexer;
mod literal;
pub mod nodes;
mod parser;
mod repair;
mod stage_places;
#[cfg(test)]
mod tests;
pub mod token;
pub mod tree;
mod unfinished;

pub use format::format;
pub use stage_places::StagePlaces;
pub use unfinished::is_unfinished;

use crate::codes::*;
use crate::diagnostic::{self, Diagnostic, Edit};
use crate::source::{SourceId, Span};
use std::collections::HashSet;

/// The tokens of a script as the grammar reads them, brackets told apart and words that are keywords where they stand,
/// and its comments: for colours. What is wrong in it is passed over.
pub fn tokens(source: SourceId, text: &str) -> lexer::Lexed<'_> {
    let mut lexed = lexer::lex(source, text);
    if let Ok((tokens, _)) = brackets::balance(&lexed.tokens, &lexed.diagnostics) {
        lexed.tokens = layout::lay_out(text, tokens);
    }
    lexed
}

/// How many brackets and operators before operands stand inside one another in a script; what is wrong in it is passed over.
pub fn nesting(text: &str) -> usize {
    depth::nesting(&tokens(SourceId(0), text).tokens)
}

/// The tree of a script, and everything that is wrong with its syntax, in order of place. Never fails, never panics.
pub fn parse(source: SourceId, text: &str) -> (ast::Script, Vec<Diagnostic>) {
    if u32::try_from(text.len()).is_err() {
        let nowhere = Span::new(source, 0, 0);
        let too_large = Diagnostic::error(E0801, nowhere, "this script is larger than 4 GiB");
        return (ast::Script::unread(nowhere), vec![too_large]);
    }
    let lexed = lexer::lex(source, text);
    let mut diagnostics = lexed.diagnostics;
    let (tokens, unmatched) = match brackets::balance(&lexed.tokens, &diagnostics) {
        Ok(balanced) => balanced,
        Err(too_deep) => {
            diagnostics.push(*too_deep);
            diagnostic::sort(&mut diagnostics);
            let whole = Span::new(source, 0, text.len());
            return (ast::Script::unread(whole), diagnostics);
        }
    };
    diagnostics.extend(unmatched);
    let (tokens, mended) = repair::repair(text, layout::lay_out(text, tokens));
    // What an edit replaces is mended with it.
    diagnostics.retain(|told| !mended.iter().flat_map(|whole| &whole.edits).any(|edit| replaces(edit, told)));
    diagnostics.extend(mended);
    let (statements, faults) = parser::script(text, &lexed.comments, &tokens);
    let causes = Causes::of(&tokens, &diagnostics);
    diagnostics.extend(faults.into_iter().filter(|fault| !causes.explain(fault)));
    diagnostic::sort(&mut diagnostics);
    (ast::Script { statements, comments: lexed.comments }, diagnostics)
}

/// Whether an edit puts something else in place of what is told, and of more than that.
fn replaces(edit: &Edit, told: &Diagnostic) -> bool {
    let within = |place: Span| edit.span.start <= place.start && place.end <= edit.span.end && edit.span != place;
    // What should not be there at all is told all the same.
    let replaced = told.edits.iter().any(|edit| !edit.text.is_empty());
    !edit.text.is_empty() && replaced && told.primary.as_ref().is_some_and(|primary| within(primary.span))
}

/// Where something was mended before the grammar saw it. A fault that the grammar finds in the same stage, or in the same
/// statement if brackets had to be guessed there, is no second mistake.
struct Causes {
    /// Where a stage or statement begins; a statement only.
    stages: Vec<u32>,
    statements: Vec<u32>,
    /// The stages and statements with something mended.
    mended_stages: HashSet<usize>,
    guessed_statements: HashSet<usize>,
}

impl Causes {
    fn of(tokens: &[(token::Token, Span)], diagnostics: &[Diagnostic]) -> Causes {
        let ends = |(token, _): &&(token::Token, Span)| *token == token::Token::End;
        let pipes = |(token, _): &&(token::Token, Span)| matches!(token, token::Token::End | token::Token::Pipe);
        let mut causes = Causes {
            stages: tokens.iter().filter(pipes).map(|(_, span)| span.start).collect(),
            statements: tokens.iter().filter(ends).map(|(_, span)| span.start).collect(),
            mended_stages: HashSet::new(),
            guessed_statements: HashSet::new(),
        };
        for diagnostic in diagnostics {
            let Some(primary) = &diagnostic.primary else { continue };
            causes.mended_stages.insert(count_before(&causes.stages, primary.span.start));
            if diagnostic.code == E0103 {
                causes.guessed_statements.insert(count_before(&causes.statements, primary.span.start));
            }
        }
        causes
    }

    fn explain(&self, fault: &Diagnostic) -> bool {
        let Some(primary) = &fault.primary else { return false };
        let stage = count_before(&self.stages, primary.span.start);
        let statement = count_before(&self.statements, primary.span.start);
        self.guessed_statements.contains(&statement) || (fault.code == E0130 && self.mended_stages.contains(&stage))
    }
}

fn count_before(starts: &[u32], at: u32) -> usize {
    starts.partition_point(|&start| start < at)
}
