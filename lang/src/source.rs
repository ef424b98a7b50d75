//! Source texts and places in them.
//!
//! Every other module names a place by a [`Span`]: a source and a byte range. Nothing here reads a file: texts are
//! handed in by whoever owns them.

use std::sync::Arc;

/// Names one text of a [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A byte range in one source; `start <= end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The text.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of `start..end` in `source`.
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        Span { source, start: start as u32, end: end.max(start) as u32 }
    }

    /// The smallest span that holds both; they must be of one source.
    pub fn to(self, other: Span) -> Span {
        Span { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The empty span at the end.
    pub fn at_end(self) -> Span {
        Span { start: self.end, ..self }
    }

    /// The byte range.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// One text with a name, as shown in reports.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// A path, or a name such as `<command line>`.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
    line_starts: Vec<u32>,
}

impl SourceFile {
    /// Line and column of a byte, both from 1; columns count characters.
    pub fn line_column(&self, byte: usize) -> (usize, usize) {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        let line = self.line_starts.partition_point(|&start| start as usize <= byte);
        let mut start = self.line_starts[line - 1] as usize;
        // A byte order mark is no character of the first line.
        if line == 1 && self.text.starts_with('\u{feff}') {
            start = '\u{feff}'.len_utf8().min(byte);
        }
        (line, self.text[start..byte].chars().count() + 1)
    }
}

/// All texts of one compilation.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// Adds a text.
    pub fn add(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> SourceId {
        let text = text.into();
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at as u32 + 1)).collect();
        self.files.push(SourceFile { name: name.into(), text, line_starts });
        SourceId(self.files.len() as u32 - 1)
    }

    /// All of them, in the order in which they were added.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The text that `id` names; `id` came from [`SourceMap::add`] of this map.
    pub fn get(&self, id: SourceId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The text under a span.
    pub fn snippet(&self, span: Span) -> &str {
        self.get(span.source).text.get(span.range()).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let mut map = SourceMap::default();
        let id = map.add("t", "aä\nö x");
        assert_eq!(map.get(id).line_column(3), (1, 3));
        assert_eq!(map.get(id).line_column(6), (2, 2));
        assert_eq!(map.get(id).line_column(5), (2, 1), "a byte inside a character belongs to it");
        assert_eq!(map.snippet(Span::new(id, 1, 3)), "ä");
        let marked = map.add("t", "\u{feff}ab\nc");
        assert_eq!([0, 3, 4, 6].map(|byte| map.get(marked).line_column(byte)), [(1, 1), (1, 1), (1, 2), (2, 1)]);
    }
}
