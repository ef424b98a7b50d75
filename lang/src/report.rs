//! What a diagnostic looks like: drawn for a terminal, as a line, as JSON.
//!
//! This is the only file that knows ariadne, and ariadne sees nothing but what [`view`] made safe for it: touched lines
//! only, control characters spelled out, long lines cut to a window, labels inside the text. A data file is never drawn
//! with it; its line is shown by [`data_lines`]. Nothing here decides what a message says.

mod json;
mod view;

pub use json::render_json;

use crate::diagnostic::{DataPlace, Diagnostic, Label, Severity};
use crate::source::{SourceId, SourceMap};
use ariadne::{CharSet, Color, Config, IndexType, LabelAttach, Source};
use std::collections::HashMap;
use std::fmt::Write;
use view::{View, visible};

/// At most so many diagnostics are shown; then their number.
const SHOWN: usize = 20;
/// Marks a file in ariadne's output; [`view`] lets no private-use character of a script through.
const FILE_MARK: char = '\u{e000}';
/// Marks where a label's text begins in ariadne's output.
const TEXT_MARK: char = '\u{e001}';

/// How reports are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenderOptions {
    /// Whether ANSI colours are used.
    pub color: bool,
    /// How wide a line of the script may be; longer ones are cut to a window. At least 40 are used.
    pub width: usize,
    /// Whether everything is spelled in ASCII.
    pub ascii: bool,
    /// The command that explains codes: `pipe`, unless a host has its own.
    pub program: &'static str,
}

impl Default for RenderOptions {
    fn default() -> Self {
        RenderOptions { color: false, width: 120, ascii: false, program: "pipe" }
    }
}

/// Draws diagnostics one after the other, an empty line between them; at most 20, then how many more there are.
///
/// ```
/// use pipelang_lang::{codes, diagnostic::Diagnostic, report, source::{SourceMap, Span}};
/// let mut sources = SourceMap::default();
/// let id = sources.add("report.pipe", "1..5 | tke 3");
/// let diagnostic = Diagnostic::error(codes::E0101, Span::new(id, 7, 10), "there is no stage called `tke`");
/// let text = report::render(&[diagnostic], &sources, report::RenderOptions::default());
/// assert!(text.starts_with("error[E0101]: there is no stage called `tke`\n"));
/// ```
pub fn render(diagnostics: &[Diagnostic], sources: &SourceMap, options: RenderOptions) -> String {
    let mut out = String::new();
    for (at, diagnostic) in diagnostics.iter().take(SHOWN).enumerate() {
        if at > 0 {
            out.push('\n');
        }
        draw(&mut out, diagnostic, sources, options);
    }
    if let Some(line) = rest(diagnostics.len(), options.ascii) {
        out.push('\n');
        out.push_str(&line);
    }
    out
}

/// One line each: `report.pipe:2:10: E0201: there is no column …`; at most 20, then how many more there are.
pub fn render_short(diagnostics: &[Diagnostic], sources: &SourceMap, options: RenderOptions) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics.iter().take(SHOWN) {
        if let Some(primary) = &diagnostic.primary {
            let file = sources.get(primary.span.source);
            let (line, column) = file.line_column(primary.span.start as usize);
            let _ = write!(out, "{}:{line}:{column}: ", visible(&file.name, options.ascii));
        }
        let warning = if diagnostic.is_error() { "" } else { "warning: " };
        let _ = write!(out, "{}: {warning}{}", diagnostic.code, visible(&diagnostic.message, options.ascii));
        if let Some(primary) = diagnostic.primary.as_ref().filter(|primary| !primary.text.is_empty()) {
            let _ = write!(out, "; {}", visible(&primary.text, options.ascii));
        }
        if let Some(data) = diagnostic.data.as_ref().filter(|_| diagnostic.primary.is_some()) {
            let _ = write!(out, " (in {})", data_place(data, options));
        }
        out.push('\n');
    }
    out.extend(rest(diagnostics.len(), options.ascii));
    out
}

fn rest(count: usize, ascii: bool) -> Option<String> {
    let more = count.checked_sub(SHOWN).filter(|more| *more > 0)?;
    Some(format!("{} and {more} more\n", if ascii { "..." } else { "…" }))
}

/// `error[E0201]`
fn kind(diagnostic: &Diagnostic) -> String {
    let word = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    format!("{word}[{}]", diagnostic.code)
}

fn draw(out: &mut String, diagnostic: &Diagnostic, sources: &SourceMap, options: RenderOptions) {
    let tint = match diagnostic.severity {
        Severity::Error => "1;31",
        Severity::Warning => "1;33",
    };
    let headline = paint("1", &visible(&diagnostic.message, options.ascii), options.color);
    let _ = writeln!(out, "{}: {headline}", paint(tint, &kind(diagnostic), options.color));
    let mut foot = foot(diagnostic, options);
    let labels = shown_labels(diagnostic);
    if labels.is_empty() {
        data_lines(out, diagnostic.data.as_ref(), options);
        for line in foot {
            let _ = writeln!(out, "  {line}");
        }
        return;
    }
    let mut drawn = excerpt(&labels, diagnostic.severity, sources, options);
    if let Some(last) = drawn.last_mut()
        && !foot.is_empty()
    {
        last.push(' ');
        last.push_str(&foot.remove(0));
    }
    let margin = drawn.last().map_or(0, |line| plain(line).chars().take_while(|c| !c.is_whitespace()).count());
    for line in drawn {
        let _ = writeln!(out, "{line}");
    }
    for line in foot {
        let _ = writeln!(out, "{:margin$} {line}", "");
    }
}

/// The lines below the excerpt: the place in the data, advice, and where to read more.
fn foot(diagnostic: &Diagnostic, options: RenderOptions) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(data) = diagnostic.data.as_ref().filter(|_| diagnostic.primary.is_some()) {
        lines.push(format!("in {}", data_place(data, options)));
    }
    for (at, help) in diagnostic.help.iter().enumerate() {
        let word = if at == 0 && !diagnostic.edits.is_empty() { "fix:" } else { "help:" };
        for (line_at, line) in help.lines().enumerate() {
            let first = if line_at == 0 { paint("36", word, options.color) } else { " ".repeat(word.len()) };
            lines.push(format!("{first} {}", visible(line, options.ascii)));
        }
    }
    let more = paint("2", &format!("more: {} explain {}", options.program, diagnostic.code), options.color);
    match lines.last_mut() {
        Some(line) if plain(line).chars().count() + 40 <= options.width.max(80) => {
            line.push_str("     ");
            line.push_str(&more);
        }
        Some(_) | None => lines.push(more),
    }
    lines
}

/// The primary label, then the others; those of other files after those of the primary one's, each file from the top.
fn shown_labels(diagnostic: &Diagnostic) -> Vec<(&Label, bool)> {
    let Some(primary) = &diagnostic.primary else { return Vec::new() };
    let others = diagnostic.labels.iter().map(|label| (label, false));
    let mut labels: Vec<(&Label, bool)> = std::iter::once((primary, true)).chain(others).collect();
    labels.sort_by_key(|(label, _)| {
        let span = label.span;
        (span.source != primary.span.source, span.source, span.end.max(span.start), span.start)
    });
    labels
}

/// The lines of the script with their labels, as ariadne draws them, without its headline and its empty lines.
fn excerpt(labels: &[(&Label, bool)], severity: Severity, sources: &SourceMap, options: RenderOptions) -> Vec<String> {
    let mut views: HashMap<SourceId, View> = HashMap::new();
    for (label, _) in labels {
        let source = label.span.source;
        views.entry(source).or_insert_with(|| {
            let spans = labels.iter().filter(|(l, _)| l.span.source == source).map(|(l, primary)| (l.span, *primary));
            View::new(&sources.get(source).text, &spans.collect::<Vec<_>>(), options)
        });
    }
    let locate = |label: &Label| (label.span.source, views[&label.span.source].range(label.span));
    let (primary, _) = labels.iter().find(|(_, primary)| *primary).expect("one of the labels is the primary one");
    let tint = match severity {
        Severity::Error => Color::Red,
        Severity::Warning => Color::Yellow,
    };
    let config = Config::new()
        .with_color(options.color)
        .with_char_set(if options.ascii { CharSet::Ascii } else { CharSet::Unicode })
        .with_index_type(IndexType::Char)
        .with_label_attach(LabelAttach::Middle);
    let kind = ariadne::ReportKind::Custom("", tint);
    let mut report = ariadne::Report::build(kind, locate(primary)).with_config(config);
    for (label, is_primary) in labels {
        let mut text = visible(&label.text, options.ascii);
        if text.is_empty() && labels.iter().any(|(other, _)| other != label && same_line(other, label, sources)) {
            // Among other arrows one that says nothing would look like a mistake.
            text.push_str("here");
        }
        let color = if *is_primary { tint } else { Color::Cyan };
        report
            .add_label(ariadne::Label::new(locate(label)).with_message(format!("{TEXT_MARK}{text}")).with_color(color));
    }
    let mut drawn = Vec::new();
    let cache = Texts(views.iter().map(|(id, view)| (*id, Source::from(view.text.clone()))).collect());
    report.finish().write(cache, &mut drawn).expect("writing to memory does not fail");
    tidy(&String::from_utf8_lossy(&drawn), labels, sources, options)
}

fn same_line(a: &Label, b: &Label, sources: &SourceMap) -> bool {
    let line = |label: &Label| sources.get(label.span.source).line_column(label.span.start as usize).0;
    a.span.source == b.span.source && line(a) == line(b)
}

/// The texts that ariadne sees, under marked names.
struct Texts(HashMap<SourceId, Source<String>>);

impl ariadne::Cache<SourceId> for Texts {
    type Storage = String;

    fn fetch(&mut self, id: &SourceId) -> Result<&Source<String>, impl std::fmt::Debug> {
        self.0.get(id).ok_or("every labelled source has a view")
    }

    fn display<'a>(&self, id: &'a SourceId) -> Option<impl std::fmt::Display + 'a> {
        Some(format!("{FILE_MARK}{}", id.0))
    }
}

/// Leaves out ariadne's headline and empty lines, puts the true place into the frame, and moves the text of a label that
/// is alone on its line up to its underline.
fn tidy(drawn: &str, labels: &[(&Label, bool)], sources: &SourceMap, options: RenderOptions) -> Vec<String> {
    let bars: &[char] = if options.ascii { &['|'] } else { &['│', '┆'] };
    let mut lines: Vec<String> = Vec::new();
    for line in drawn.lines().skip(1) {
        if plain(line).trim_matches(|c: char| c.is_whitespace() || bars.contains(&c)).is_empty() {
            continue;
        }
        let line = line.trim_end();
        if let Some((before, after)) = line.split_once(FILE_MARK) {
            let end = after.find(' ').unwrap_or(after.len());
            lines.push(format!("{before}{}{}", place(&after[..end], labels, sources, options), &after[end..]));
            continue;
        }
        let Some((arrow, text)) = line.split_once(TEXT_MARK) else {
            lines.push(line.to_string());
            continue;
        };
        match lines.last_mut() {
            Some(above) if is_lone_underline(&plain(above), &plain(arrow), options.ascii) => {
                let (joint, dash) = if options.ascii { ('|', "^") } else { ('┬', "─") };
                if text.is_empty()
                    && let Some(at) = above.rfind(joint)
                {
                    // Nothing hangs from it.
                    above.replace_range(at..at + joint.len_utf8(), dash);
                }
                above.push(' ');
                above.push_str(text);
            }
            Some(_) | None => lines.push(format!("{arrow}{text}")),
        }
        if let Some(last) = lines.last_mut() {
            last.truncate(last.trim_end().len());
        }
    }
    lines
}

/// Whether `above` underlines one label only, and `arrow` is the arrow that hangs from it.
fn is_lone_underline(above: &str, arrow: &str, ascii: bool) -> bool {
    let [bar, hook, joint, dash, stem] =
        if ascii { ['|', '`', '|', '^', '-'] } else { ['│', '╰', '┬', '─', '─'] };
    let column = |line: &str, wanted: char| {
        let after_margin = line.split_once(bar)?.1.to_string();
        let mut found = after_margin.chars().enumerate().filter(|(_, c)| *c == wanted);
        let first = found.next()?.0;
        (found.next().is_none()).then_some((first, after_margin))
    };
    let (Some((joint_at, underline)), Some((hook_at, arrow))) = (column(above, joint), column(arrow, hook)) else {
        return false;
    };
    joint_at == hook_at
        && underline.chars().all(|c| c == ' ' || c == joint || c == dash)
        && underline.split_whitespace().count() == 1
        && arrow.chars().all(|c| c == ' ' || c == hook || c == stem)
}

/// `report.pipe:2:10` for the marked number of a source: the place of its first label, or of the primary one.
fn place(mark: &str, labels: &[(&Label, bool)], sources: &SourceMap, options: RenderOptions) -> String {
    let number = mark.split(':').next().and_then(|number| number.parse().ok());
    let here = || labels.iter().filter(|(label, _)| Some(label.span.source.0) == number);
    let Some((label, _)) = here().find(|(_, primary)| *primary).or_else(|| here().next()) else {
        return String::new();
    };
    let file = sources.get(label.span.source);
    let (line, column) = file.line_column(label.span.start as usize);
    format!("{}:{line}:{column}", visible(&file.name, options.ascii))
}

/// `orders.csv:5`, or `orders.parquet, row 5`.
fn data_place(data: &DataPlace, options: RenderOptions) -> String {
    let between = if data.counts_rows { ", row " } else { ":" };
    format!("{}{between}{}", visible(&data.file, options.ascii), data.line)
}

/// The line of a data file with its cell underlined, by hand: data files may be of any size and hold anything.
fn data_lines(out: &mut String, data: Option<&DataPlace>, options: RenderOptions) {
    let Some((data, excerpt)) = data.and_then(|data| Some((data, data.excerpt.as_ref()?))) else { return };
    let window = options.width.max(40).saturating_sub(12);
    let number = data.line.to_string();
    let cell = data.cell.clone().unwrap_or(0..0);
    let (line, cell) = view::data_line(excerpt, cell, window, options.ascii);
    let bar = if options.ascii { '|' } else { '│' };
    let _ = writeln!(out, "  {number} {bar} {line}");
    if !cell.is_empty() {
        let tildes = paint("31", &"~".repeat(cell.len()), options.color);
        let _ = writeln!(out, "  {:width$} {bar} {:start$}{tildes}", "", "", width = number.len(), start = cell.start);
    }
}

fn paint(style: &str, text: &str, color: bool) -> String {
    if color { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_string() }
}

/// The text without ANSI sequences.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\x1b' {
            chars.by_ref().take_while(|c| *c != 'm').for_each(drop);
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests;
