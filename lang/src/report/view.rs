//! Texts made safe to draw: what a report shows of a script or a data file.
//!
//! Only lines that a label touches are kept (the others are empty, so that line numbers stay right), every character
//! that could hide or move something is spelled out, and a long line is cut to a window around its labels.

use super::RenderOptions;
use crate::source::Span;
use std::ops::Range;

/// How many columns a tab is.
const TAB: &str = "    ";

/// A script as it is drawn, and where its bytes went.
pub(super) struct View {
    /// The drawn text; as many lines as the script.
    pub(super) text: String,
    /// The touched lines, by ascending start.
    lines: Vec<Line>,
    length: usize,
}

/// A drawn line.
struct Line {
    /// First byte in the script.
    start: usize,
    /// One past its last byte, the line's end left out.
    end: usize,
    /// The first character in the drawn text.
    drawn: usize,
    /// For each character of the line its byte in the script and its first character in the drawn line; then the end.
    stops: Vec<(usize, usize)>,
}

impl View {
    /// The view of `text` for these spans; the flag says which is the primary one.
    pub(super) fn new(text: &str, spans: &[(Span, bool)], options: RenderOptions) -> View {
        let spans: Vec<(Range<usize>, bool)> =
            spans.iter().map(|(span, primary)| (clamp(text, span.range()), *primary)).collect();
        let window = options.width.max(40).saturating_sub(10);
        let mut view = View { text: String::new(), lines: Vec::new(), length: text.len() };
        let (mut start, mut drawn) = (0, 0);
        for line in text.split('\n') {
            let end = start + line.strip_suffix('\r').unwrap_or(line).len();
            let touches = |range: &Range<usize>| {
                (start..=start + line.len()).contains(&range.start) || (start..=end).contains(&last(range))
            };
            let touching: Vec<&(Range<usize>, bool)> = spans.iter().filter(|(range, _)| touches(range)).collect();
            if !touching.is_empty() {
                let focus = focus(&touching, start..end, text, window);
                let (shown, stops) = cut(&text[start..end], start, focus, window, options.ascii);
                // The blank at the end is what a label behind the last character points at.
                view.lines.push(Line { start, end, drawn, stops });
                drawn += shown.chars().count() + 1;
                view.text.push_str(&shown);
                view.text.push(' ');
            }
            view.text.push('\n');
            drawn += 1;
            start += line.len() + 1;
        }
        view
    }

    /// Where a span is in the drawn text, in characters; never empty.
    pub(super) fn range(&self, span: Span) -> Range<usize> {
        let start = (span.start as usize).min(self.length);
        let end = (span.end as usize).clamp(start, self.length);
        let first = self.character(start);
        // The end is looked up by the last byte, so that it stays on its line.
        let end = if end > start { self.after(end - 1) } else { first + 1 };
        first..end.max(first + 1)
    }

    fn line(&self, byte: usize) -> &Line {
        let after = self.lines.partition_point(|line| line.start <= byte);
        &self.lines[after.saturating_sub(1)]
    }

    fn character(&self, byte: usize) -> usize {
        let line = self.line(byte);
        let stop = line.stops.partition_point(|(at, _)| *at <= byte).saturating_sub(1);
        line.drawn + line.stops[stop].1
    }

    /// One past the drawn character that holds the byte, or the end of its line.
    fn after(&self, byte: usize) -> usize {
        let line = self.line(byte);
        let stop = line.stops.partition_point(|(at, _)| *at <= byte.min(line.end.saturating_sub(1)));
        line.drawn + line.stops[stop.min(line.stops.len() - 1)].1
    }
}

/// The range within the text, on character boundaries, without blanks and line ends at its end.
fn clamp(text: &str, range: Range<usize>) -> Range<usize> {
    let floor = |byte: usize| {
        let mut byte = byte.min(text.len());
        while !text.is_char_boundary(byte) {
            byte -= 1;
        }
        byte
    };
    let start = floor(range.start);
    let end = floor(range.end).max(start);
    start..start + text[start..end].trim_end().len()
}

/// The last byte of a range; of an empty one, its place.
fn last(range: &Range<usize>) -> usize {
    range.end.saturating_sub(1).max(range.start)
}

/// What of the line must be seen, in bytes of the script: all labels if they fit, else the primary or first one.
fn focus(touching: &[&(Range<usize>, bool)], line: Range<usize>, text: &str, window: usize) -> Range<usize> {
    let within = |range: &Range<usize>| range.start.clamp(line.start, line.end)..range.end.clamp(line.start, line.end);
    let ranges: Vec<Range<usize>> = touching.iter().map(|(range, _)| within(range)).collect();
    let start = ranges.iter().map(|range| range.start).min().unwrap_or(line.start);
    let end = ranges.iter().map(|range| range.end).max().unwrap_or(line.start);
    if text.get(start..end).is_some_and(|text| text.chars().count() + 2 <= window) {
        return start..end;
    }
    let (range, _) = touching.iter().find(|(_, primary)| *primary).unwrap_or(&touching[0]);
    within(range)
}

/// A line as it is drawn, at most `window` characters of it and the focus among them, and its stops.
fn cut(line: &str, offset: usize, focus: Range<usize>, window: usize, ascii: bool) -> (String, Vec<(usize, usize)>) {
    let pieces: Vec<(usize, String)> =
        line.char_indices().map(|(at, c)| (offset + at, spell(c, ascii).unwrap_or_else(|| c.to_string()))).collect();
    let widths: Vec<usize> = pieces.iter().map(|(_, piece)| piece.chars().count()).collect();
    let (from, to) = if widths.iter().sum::<usize>() <= window {
        (0, pieces.len())
    } else {
        window_of(&pieces, &widths, &focus, window)
    };
    let dots = if ascii { "..." } else { "…" };
    let (mut shown, mut length, mut stops) = (String::new(), 0, Vec::with_capacity(pieces.len() + 1));
    let mut push = |shown: &mut String, text: &str| {
        shown.push_str(text);
        length += text.chars().count();
        length
    };
    let mut at = if from > 0 { push(&mut shown, dots) } else { 0 };
    for (index, (byte, piece)) in pieces.iter().enumerate() {
        stops.push((*byte, if index < from { 0 } else { at }));
        if (from..to).contains(&index) {
            at = push(&mut shown, piece);
        }
    }
    let end = if to < pieces.len() { push(&mut shown, dots) } else { at };
    stops.push((offset + line.len(), end));
    (shown, stops)
}

/// Which pieces are seen: a third of the room that is left stands before the focus.
fn window_of(pieces: &[(usize, String)], widths: &[usize], focus: &Range<usize>, window: usize) -> (usize, usize) {
    let room = window.saturating_sub(6).max(1);
    let first = pieces.partition_point(|(byte, _)| *byte < focus.start).min(pieces.len() - 1);
    let last = pieces.partition_point(|(byte, _)| *byte < focus.end).max(first + 1);
    let wanted: usize = widths[first..last].iter().sum();
    let mut before = room.saturating_sub(wanted) / 3;
    let mut from = first;
    while from > 0 && widths[from - 1] <= before {
        before -= widths[from - 1];
        from -= 1;
    }
    let (mut to, mut used) = (from, 0);
    while to < pieces.len() && used + widths[to] <= room {
        used += widths[to];
        to += 1;
    }
    while from > 0 && to == pieces.len() && used + widths[from - 1] <= room {
        from -= 1;
        used += widths[from];
    }
    (from, to.max(from + 1))
}

/// A text with everything spelled out that could hide or move something; in ASCII if asked.
pub(super) fn visible(text: &str, ascii: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match spell(c, ascii) {
            Some(spelled) => out.push_str(&spelled),
            None => out.push(c),
        }
    }
    out
}

/// A line of data as it is shown, and the characters of its cell.
pub(super) fn data_line(line: &str, cell: Range<usize>, window: usize, ascii: bool) -> (String, Range<usize>) {
    let line = line.lines().next().unwrap_or("");
    let cell = clamp(line, cell);
    let (shown, stops) = cut(line, 0, cell.clone(), window, ascii);
    let character = |byte: usize| stops[stops.partition_point(|(at, _)| *at < byte).min(stops.len() - 1)].1;
    let range = character(cell.start)..character(cell.end);
    (shown, range)
}

/// How a character is spelled that must not be drawn as it is; none for all others.
fn spell(c: char, ascii: bool) -> Option<String> {
    let hides = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{61c}' | '\u{e000}'..='\u{f8ff}');
    match c {
        '\t' => Some(TAB.to_string()),
        '\n' => Some("\\n".to_string()),
        '\r' => Some("\\r".to_string()),
        ' ' => None,
        c if (c as u32) < 0x80 && c.is_control() => Some(format!("\\x{:02x}", c as u32)),
        c if c.is_control() || c.is_whitespace() || hides || (c as u32) >= 0xe0000 => {
            Some(format!("\\u{{{:x}}}", c as u32))
        }
        '…' if ascii => Some("...".to_string()),
        c if ascii && !c.is_ascii() => Some(format!("\\u{{{:x}}}", c as u32)),
        _ => None,
    }
}
