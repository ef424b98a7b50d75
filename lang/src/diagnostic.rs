//! Errors and warnings as data. What they look like is decided in `report.rs` alone.

use crate::codes::Code;
use crate::source::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing runs.
    Error,
    /// It runs, but probably not as meant.
    Warning,
}

/// A place and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// A short phrase in lower case; may be empty.
    pub text: String,
}

/// A replacement that mends the script; several edits of one diagnostic belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced (empty: an insertion).
    pub span: Span,
    /// By what.
    pub text: String,
}

/// Where in a data file something is wrong, and the raw text found there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataPlace {
    /// The file as the script names it.
    pub file: String,
    /// Line, from 1.
    pub line: u64,
    /// Whether that is the number of a row instead, as in files that are no text.
    pub counts_rows: bool,
    /// Name of the column, where one is meant.
    pub column: Option<String>,
    /// The raw line, at most some hundred bytes of it.
    pub excerpt: Option<String>,
    /// Byte range of the cell in `excerpt`.
    pub cell: Option<std::ops::Range<usize>>,
}

/// One thing to tell the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its number, see `codes.rs`.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// The headline: one sentence of at most 90 characters, lower case, without a final stop.
    pub message: String,
    /// The smallest thing to change; none where no script text is to blame.
    pub primary: Option<Label>,
    /// Where the other facts came from.
    pub labels: Vec<Label>,
    /// Lines of advice.
    pub help: Vec<String>,
    /// The edit that the first line of help describes.
    pub edits: Vec<Edit>,
    /// The place in the data, for errors that rows cause.
    pub data: Option<DataPlace>,
    /// The stage that an error of a run is in, as the script spells its name.
    pub stage: Option<String>,
}

impl Diagnostic {
    /// An error at a place in a script.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            primary: Some(Label { span, text: String::new() }),
            labels: Vec::new(),
            help: Vec::new(),
            edits: Vec::new(),
            data: None,
            stage: None,
        }
    }

    /// An error that no place in a script is to blame for.
    pub fn outside(code: Code, message: impl Into<String>) -> Self {
        let nowhere = Span::new(crate::source::SourceId(0), 0, 0);
        Diagnostic { primary: None, ..Diagnostic::error(code, nowhere, message) }
    }

    /// The same as a warning.
    pub fn as_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Says something at the primary span.
    pub fn saying(mut self, text: impl Into<String>) -> Self {
        if let Some(primary) = &mut self.primary {
            primary.text = text.into();
        }
        self
    }

    /// Adds a second place.
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds a line of advice.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Adds an edit, and the line of help that says it: "replace with `…`" or "insert `…`".
    pub fn fix(mut self, span: Span, text: impl Into<String>) -> Self {
        let text = text.into();
        // A name in backticks has its own.
        let shown = match text.trim() {
            name if name.starts_with('`') && name.ends_with('`') => name.to_string(),
            other => format!("`{other}`"),
        };
        self.help.push(match (span.start == span.end, text.is_empty()) {
            (true, _) => format!("insert {shown}"),
            (false, true) => "leave this out".to_string(),
            (false, false) => format!("replace with {shown}"),
        });
        self.edits.push(Edit { span, text });
        self
    }

    /// Names the place in a data file.
    pub fn at_data(mut self, place: DataPlace) -> Self {
        self.data = Some(place);
        self
    }

    /// The stage that an error of a run is in, such as `filter`; none where that is no place in a stage.
    pub fn stage(&self) -> Option<&str> {
        self.stage.as_deref()
    }

    /// Whether it stops the script.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Sorts by place and leaves out exact repetitions.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by_key(|d| d.primary.as_ref().map(|p| (p.span.source, p.span.start, p.span.end)));
    diagnostics.dedup();
}

/// The names in `known` that `wanted` probably meant: the same letters in another case first, then by edit
/// distance up to `max(1, length / 3)`; at most three, best first.
pub fn did_you_mean<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let limit = (wanted.chars().count() / 3).max(1);
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .filter(|name| *name != wanted)
        .filter_map(|name| {
            let distance = if name.to_lowercase() == wanted.to_lowercase() { 0 } else { edit_distance(wanted, name) };
            // Where no letter is the same, any other name of the length is as near.
            let alike = distance == 0 || distance < wanted.chars().count();
            (distance <= limit && alike).then_some((distance, name))
        })
        .collect();
    near.sort();
    near.dedup();
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Edit distance with transpositions of neighbours counted as one (optimal string alignment; Damerau 1964).
pub fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names() {
        assert_eq!(did_you_mean("tke", ["take", "filter", "tee"]), ["take", "tee"]);
        assert_eq!(did_you_mean("WETHER", ["weather", "wether"]), ["wether"]);
        assert_eq!(did_you_mean("Amount", ["amount", "mount"]), ["amount", "mount"]);
        assert!(did_you_mean("region", ["qty", "price"]).is_empty());
        assert_eq!(did_you_mean("abcdef", ["abcdxy", "abcxyz"]), ["abcdxy"], "a third of the letters may differ");
        assert_eq!(did_you_mean("ab", ["aa", "ac", "ad", "ae"]), ["aa", "ac", "ad"], "at most three");
        assert!(did_you_mean("y", ["x", "t"]).is_empty(), "no letter is the same");
        assert_eq!(did_you_mean("Y", ["x", "y"]), ["y"]);
        assert_eq!(edit_distance("form", "from"), 1);
    }
}
