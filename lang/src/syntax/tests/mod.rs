//! Scripts to trees and to errors.

mod print;
mod trees;

use super::ast::Script;
use crate::diagnostic::Diagnostic;
use crate::source::SourceId;

fn parse(text: &str) -> (Script, Vec<Diagnostic>) {
    super::parse(SourceId(0), text)
}

/// The tree of a script without errors, its statements on lines.
#[track_caller]
fn tree(text: &str) -> String {
    let (script, diagnostics) = parse(text);
    assert!(diagnostics.is_empty(), "{text}\n{}", described(text, &diagnostics));
    printed(&script)
}

fn printed(script: &Script) -> String {
    script.statements.iter().map(print::statement).collect::<Vec<_>>().join("\n")
}

/// Each diagnostic on a line: code, place, headline, label, the text with its edits.
fn described(text: &str, diagnostics: &[Diagnostic]) -> String {
    let describe = |diagnostic: &Diagnostic| {
        let primary = diagnostic.primary.as_ref().expect("errors of syntax have a place");
        let line = text[..primary.span.start as usize].matches('\n').count() + 1;
        let said = if primary.text.is_empty() { String::new() } else { format!(" ({})", primary.text) };
        format!("{}:{line} `{}` {}{said}", diagnostic.code, &text[primary.span.range()], diagnostic.message)
    };
    diagnostics.iter().map(describe).collect::<Vec<_>>().join("\n")
}
