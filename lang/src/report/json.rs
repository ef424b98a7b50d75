//! Diagnostics for machines: one JSON object a line.
//!
//! `{"code", "severity", "message", "primary": {"file", "line", "column", "end_line", "end_column", "start", "end"},
//! "labels": [{…, "text"}], "help": ["…"], "edits": [{"start", "end", "text"}]}`; lines and columns from 1, columns in
//! characters, `start` and `end` in bytes. `primary` is null where no script text is to blame. Errors of a run have
//! the `stage` that they are in, such as `"filter"`, and where rows cause them `data`, which says where in the data:
//! `{"file", "line", "column"}`, of what has no lines `{"file", "row", "column"}`; `column` may be null.

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{SourceMap, Span};
use std::fmt::Write;

/// One JSON object a line, all of them.
pub fn render_json(diagnostics: &[Diagnostic], sources: &SourceMap) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        object(&mut out, diagnostic, sources);
        out.push('\n');
    }
    out
}

fn object(out: &mut String, diagnostic: &Diagnostic, sources: &SourceMap) {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let _ = write!(out, r#"{{"code":"{}","severity":"{severity}","message":"#, diagnostic.code);
    string(out, &diagnostic.message);
    out.push_str(r#","primary":"#);
    match &diagnostic.primary {
        Some(primary) => {
            place(out, primary.span, sources);
            if !primary.text.is_empty() {
                out.push_str(r#","text":"#);
                string(out, &primary.text);
            }
            out.push('}');
        }
        None => out.push_str("null"),
    }
    list(out, "labels", &diagnostic.labels, |out, label| {
        place(out, label.span, sources);
        out.push_str(r#","text":"#);
        string(out, &label.text);
        out.push('}');
    });
    list(out, "help", &diagnostic.help, |out, help| string(out, help));
    list(out, "edits", &diagnostic.edits, |out, edit| {
        let _ = write!(out, r#"{{"start":{},"end":{},"text":"#, edit.span.start, edit.span.end);
        string(out, &edit.text);
        out.push('}');
    });
    if let Some(stage) = &diagnostic.stage {
        out.push_str(r#","stage":"#);
        string(out, stage);
    }
    if let Some(data) = &diagnostic.data {
        out.push_str(r#","data":{"file":"#);
        string(out, &data.file);
        let counted = if data.counts_rows { "row" } else { "line" };
        let _ = write!(out, r#","{counted}":{},"column":"#, data.line);
        match &data.column {
            Some(column) => string(out, column),
            None => out.push_str("null"),
        }
        out.push('}');
    }
    out.push('}');
}

fn list<T>(out: &mut String, name: &str, items: &[T], item: impl Fn(&mut String, &T)) {
    let _ = write!(out, r#","{name}":["#);
    for (at, one) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        item(out, one);
    }
    out.push(']');
}

/// The members of a place; the caller closes the brace.
fn place(out: &mut String, span: Span, sources: &SourceMap) {
    let file = sources.get(span.source);
    let length = file.text.len();
    let (start, end) = ((span.start as usize).min(length), (span.end as usize).min(length));
    let ((line, column), (end_line, end_column)) = (file.line_column(start), file.line_column(end));
    out.push_str(r#"{"file":"#);
    string(out, &file.name);
    let _ = write!(
        out,
        r#","line":{line},"column":{column},"end_line":{end_line},"end_column":{end_column},"start":{start},"end":{end}"#
    );
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
