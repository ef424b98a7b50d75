//! Scripts to trees and to errors.

mod errors;
mod hostile;
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
    super::tree::script(script)
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

/// The text with the edits of a diagnostic applied.
fn fixed(text: &str, diagnostic: &Diagnostic) -> String {
    let mut edits: Vec<_> = diagnostic.edits.iter().collect();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut out = text.to_string();
    for edit in edits.into_iter().rev() {
        out.replace_range(edit.span.range(), &edit.text);
    }
    out
}
