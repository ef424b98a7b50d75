//! `pipe fmt`: the canonical layout of a script. The tree stays the same, and every comment is kept.
//!
//! The tree is written as a `document` whose texts are slices of the script, so nothing is spelled anew. A line breaks
//! only where the document has a break, and those stand only where a newline is blank; comments wait for the next one.
//! What is opened with a newline stays open: a bracket whose first item stands on a line of its own, and a pipeline with
//! a stage on a line of its own.

mod document;
mod expr;
mod statement;
mod types;

use super::ast::Name;
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Span};
use document::Document;

/// How far what stands in brackets is indented.
const INDENT: usize = 2;
/// How far a line that goes on is indented.
const CONTINUATION: usize = 4;

/// The canonical layout of a script; what is wrong with it if it cannot be parsed.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let (script, diagnostics) = super::parse(SourceId(0), text);
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    let mut writer = Writer { text, comments: &script.comments, document: Document::default() };
    writer.script(&script);
    Ok(writer.document.lay_out())
}

/// Writes a tree as a document.
struct Writer<'s> {
    text: &'s str,
    /// The comments that are not written yet.
    comments: &'s [Span],
    document: Document<'s>,
}

impl<'s> Writer<'s> {
    fn between(&self, from: u32, to: u32) -> &'s str {
        self.text.get(from as usize..to as usize).unwrap_or("")
    }

    fn has_newline(&self, from: u32, to: u32) -> bool {
        self.between(from, to).contains('\n')
    }

    /// Whether a blank line stands between two places, or between the last comment before `to` and `to`.
    fn has_blank_line(&self, from: u32, to: u32) -> bool {
        let lines = self.between(from, to).split('\n');
        // The lines before the first and behind the last newline have something else on them.
        let inner = lines.clone().count().saturating_sub(2);
        lines.skip(1).take(inner).any(|line| line.trim().is_empty())
    }

    /// The script's own words.
    fn source(&mut self, span: Span) {
        self.document.text(self.text.get(span.range()).unwrap_or(""));
    }

    fn word(&mut self, text: &'static str) {
        self.document.text(text);
    }

    fn path(&mut self, path: &[Name]) {
        for (at, name) in path.iter().enumerate() {
            if at > 0 {
                self.word("::");
            }
            self.source(name.span);
        }
    }

    /// What `write` writes stands on one line if it fits there.
    fn group(&mut self, write: impl FnOnce(&mut Self)) {
        self.document.open();
        write(self);
        self.document.close();
    }

    /// The lines that begin in what `write` writes are moved to the right.
    fn indented(&mut self, columns: usize, write: impl FnOnce(&mut Self)) {
        self.document.indent(columns);
        write(self);
        self.document.dedent(columns);
    }

    /// Takes the next comment before a place, with whether it stands on a line of its own.
    fn next_comment(&mut self, before: u32) -> Option<(Span, bool)> {
        let (first, rest) = self.comments.split_first().filter(|(first, _)| first.start < before)?;
        self.comments = rest;
        let line = self.between(0, first.start).rsplit('\n').next().unwrap_or("");
        let is_own_line = line.trim_start_matches('\u{feff}').trim().is_empty();
        Some((*first, is_own_line))
    }

    fn comment(&mut self, span: Span) {
        self.document.comment(self.text.get(span.range()).unwrap_or("").trim_end());
    }

    /// Writes the comments before a place: the first beside what stands before it if it stood so, the others on lines of
    /// their own. Says whether there were any: then a newline must follow.
    fn comments(&mut self, before: u32) -> bool {
        let mut any = false;
        while let Some((span, is_own_line)) = self.next_comment(before) {
            if any || is_own_line {
                self.document.newline(false);
            } else {
                self.word(" ");
            }
            self.comment(span);
            any = true;
        }
        any
    }

    /// A place where the line may break before what stands at `next`; `flat` stands there if it does not.
    fn break_or(&mut self, flat: &'static str, next: u32) {
        if self.comments(next) {
            self.document.newline(false);
        } else {
            self.document.break_or(flat);
        }
    }

    /// The same, where the line must break if `must`.
    fn break_if(&mut self, must: bool, flat: &'static str, next: u32) {
        if self.comments(next) || must {
            self.document.newline(false);
        } else {
            self.document.break_or(flat);
        }
    }

    /// Items in brackets, all on one line or each on its own with a comma behind it.
    fn list<T>(&mut self, brackets: &Brackets, items: &[T], start: impl Fn(&T) -> u32, write: impl Fn(&mut Self, &T)) {
        self.group(|writer| {
            writer.word(brackets.open);
            writer.document.indent(INDENT);
            for (at, item) in items.iter().enumerate() {
                let must = at == 0 && writer.has_newline(brackets.start, start(item));
                writer.break_if(must, if at > 0 { " " } else { "" }, start(item));
                write(writer, item);
                match at + 1 < items.len() {
                    true => writer.word(","),
                    false => writer.document.if_broken(","),
                }
            }
            let must = writer.comments(brackets.end);
            writer.document.dedent(INDENT);
            match (must, items.is_empty()) {
                (true, _) => writer.document.newline(false),
                (false, true) => {}
                (false, false) => writer.document.break_or(""),
            }
            writer.word(brackets.close);
        });
    }

    /// One thing in brackets, without a comma.
    fn enclosed(&mut self, brackets: &Brackets, first: u32, write: impl FnOnce(&mut Self)) {
        self.group(|writer| {
            writer.word(brackets.open);
            writer.document.indent(INDENT);
            writer.break_if(writer.has_newline(brackets.start, first), "", first);
            write(writer);
            let must = writer.comments(brackets.end);
            writer.document.dedent(INDENT);
            if must {
                writer.document.newline(false);
            } else {
                writer.document.break_or("");
            }
            writer.word(brackets.close);
        });
    }
}

/// A pair of brackets, and where they stand: behind the opening one, at the closing one.
struct Brackets {
    open: &'static str,
    close: &'static str,
    start: u32,
    end: u32,
}

impl Brackets {
    /// Those that a span begins and ends with.
    fn of(span: Span, open: &'static str, close: &'static str) -> Brackets {
        Brackets { open, close, start: span.start + 1, end: span.end.saturating_sub(1) }
    }
}
