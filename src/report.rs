//! What went wrong, with the texts that it went wrong in: the one error type of the library.

use pipelang_lang::codes::Code;
use pipelang_lang::diagnostic::{Diagnostic, Severity};
use pipelang_lang::report::{self, RenderOptions};
use pipelang_lang::source::{SourceId, SourceMap, Span};
use std::fmt;
use std::sync::Arc;

/// Errors or warnings as data; [`Display`](fmt::Display) draws them as `pipe` does, without colours.
#[derive(Clone, Debug)]
pub struct Report {
    diagnostics: Vec<Diagnostic>,
    sources: Arc<SourceMap>,
}

impl Report {
    pub(crate) fn new(diagnostics: Vec<Diagnostic>, sources: Arc<SourceMap>) -> Report {
        Report { diagnostics, sources }
    }

    /// A report of one thing that no place in a script is to blame for.
    pub(crate) fn outside(diagnostic: Diagnostic) -> Report {
        Report::new(vec![diagnostic], Arc::default())
    }

    /// What there is to tell, in order.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The texts that the places of the diagnostics are in.
    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// The same where the script was the text `name` behind another, of `before` bytes: places in that are in a text of
    /// their own, and lines are counted from where the script begins.
    pub fn behind(self, before: usize, before_name: &str, name: &str) -> Report {
        let script = SourceId(0);
        if self.diagnostics.iter().all(|diagnostic| diagnostic.primary.is_none()) {
            return self;
        }
        let whole = &self.sources.get(script).text;
        let (head, rest) = whole.split_at(whole.floor_char_boundary(before));
        let mut sources = SourceMap::default();
        sources.add(name, rest);
        for file in &self.sources.files()[1..] {
            sources.add(file.name.clone(), file.text.clone());
        }
        let above = sources.add(before_name, head);
        let moved = |span: &mut Span| {
            if span.source == script && span.range().start >= head.len() {
                *span = Span::new(script, span.range().start - head.len(), span.range().end - head.len());
            } else if span.source == script {
                span.source = above;
            }
        };
        let mut diagnostics = self.diagnostics;
        for diagnostic in &mut diagnostics {
            diagnostic.primary.iter_mut().chain(&mut diagnostic.labels).for_each(|label| moved(&mut label.span));
            diagnostic.edits.iter_mut().for_each(|edit| moved(&mut edit.span));
        }
        Report::new(diagnostics, Arc::new(sources))
    }

    /// The same where the script was a part of a text, behind `before` bytes that nobody wrote, and the part begins `at` bytes
    /// into the text: places are those in the text, and edits of what nobody wrote are left out.
    pub(crate) fn within(self, before: usize, (name, text): (&str, &str), at: usize) -> Report {
        let script = SourceId(0);
        let mut sources = SourceMap::default();
        sources.add(name, text);
        for file in self.sources.files().iter().skip(1) {
            sources.add(file.name.clone(), file.text.clone());
        }
        let moved = |place: usize| (place.max(before) - before + at).min(text.len());
        let is_written = |span: Span| span.range().start >= before && span.range().end - before + at <= text.len();
        let mut diagnostics = self.diagnostics;
        for diagnostic in &mut diagnostics {
            diagnostic.edits.retain(|edit| edit.span.source != script || is_written(edit.span));
            let places = diagnostic.primary.iter_mut().chain(&mut diagnostic.labels).map(|label| &mut label.span);
            for span in places.chain(diagnostic.edits.iter_mut().map(|edit| &mut edit.span)) {
                if span.source == script {
                    *span = Span::new(script, moved(span.range().start), moved(span.range().end));
                }
            }
        }
        Report::new(diagnostics, Arc::new(sources))
    }

    /// The code of the first error, or of the first warning if there is no error; none if there is nothing to tell.
    pub fn code(&self) -> Option<Code> {
        let first = self.diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error);
        first.or(self.diagnostics.first()).map(|diagnostic| diagnostic.code)
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// Drawn for a terminal.
    pub fn render(&self, options: RenderOptions) -> String {
        report::render(&self.diagnostics, &self.sources, options)
    }

    /// A line for each: `top.pipe:2:10: E0201: …`.
    pub fn render_short(&self, options: RenderOptions) -> String {
        report::render_short(&self.diagnostics, &self.sources, options)
    }

    /// A JSON object for each, one a line.
    pub fn render_json(&self) -> String {
        report::render_json(&self.diagnostics, &self.sources)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.render(RenderOptions::default()).trim_end())
    }
}

impl std::error::Error for Report {}
