//! JSON documents: a list of records, or one record, or one behind the other with blanks between them, as `jq` writes them.
//!
//! A list is cut between its items by counting brackets, so a document of any size is read a piece at a time; whether it is
//! JSON is said by the parser. Only the head of a document is a sample of it: what stands in its middle cannot be told.

use super::infer::Sample;
use super::lines::{options_of, parse_of};
use super::options::OPTIONS;
use super::parse::Layout;
use super::{first_is_broken, no_records, text};
use crate::error::{Place, RunError};
use crate::formats::csv::cut::Cutter;
use crate::formats::csv::dialect::Dialect;
use crate::formats::csv::infer::report;
use crate::formats::csv::open::skip_byte_order_mark;
use crate::formats::encoding::TextEncoding;
use crate::formats::{Chunk, Cut, Format, Input, MorselSize, Scan, ScanRequest};
use pipelang_lang::catalog::{FormatDef, ReadRequest, TableInfo};
use pipelang_lang::codes::E0505;
use pipelang_lang::diagnostic::Diagnostic;
use std::sync::Arc;

/// The format.
pub const DOCUMENT: Format = Format {
    def: FormatDef { name: "json", extensions: &["json"], options: OPTIONS },
    infer,
    open,
    join: super::infer::join,
};

/// How many records of the head are looked at.
const HEAD: usize = 1000;

/// What is said of a document with something behind its end.
pub const MORE: &str = "something else stands behind the value; values one a line are JSON lines (`jsonl`)";

/// A document of which no record has been read.
struct Opened {
    items: Items,
    layout: Layout,
    /// Whether its records are objects; none if there is no record.
    is_objects: Option<bool>,
}

fn opened(path: &Arc<str>, input: &Input, encoding: TextEncoding, morsel: MorselSize) -> Result<Opened, RunError> {
    let text = input.open_text(path, encoding)?;
    let mut text = Cutter::new(text, path.clone(), Dialect::LINES, morsel).of(input);
    skip_byte_order_mark(&mut text, path, encoding)?;
    let mut first = first_byte(&mut text)?;
    let layout = if first == Some(b'[') { Layout::Items } else { Layout::Value };
    if layout == Layout::Items {
        text.give_out(1);
        first = first_byte(&mut text)?.filter(|byte| *byte != b']');
    }
    let state = if layout == Layout::Items { State::First } else { State::Value };
    let items = Items { text, file: path.clone(), morsel, state };
    Ok(Opened { items, layout, is_objects: first.map(|byte| byte == b'{') })
}

/// The first byte that is no blank, which is then the next.
fn first_byte(text: &mut Cutter) -> Result<Option<u8>, RunError> {
    loop {
        let head = text.peek(1)?;
        let blanks = blanks(head);
        let first = head.get(blanks).copied();
        let is_empty = head.is_empty();
        text.give_out(blanks);
        if first.is_some() || is_empty {
            return Ok(first);
        }
    }
}

/// With how many blanks a text begins.
fn blanks(text: &[u8]) -> usize {
    text.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count()
}

fn infer(request: &ReadRequest, input: &Input) -> Result<TableInfo, Box<Diagnostic>> {
    let options = options_of(request)?;
    let encoding = options.encoding;
    let says = |error: RunError| Box::new(report(encoding.says(error), request));
    let mut sample = Sample::new(true, &options);
    if options.looks() {
        let opened = opened(&request.path, input, encoding, MorselSize::Rows(HEAD)).map_err(says)?;
        match opened.is_objects {
            Some(is_objects) => {
                sample = Sample::new(is_objects, &options);
                look(&request.path, opened, &mut sample).map_err(says)?;
            }
            None if options.schema.is_none() => return Err(no_records(request)),
            None => {}
        }
    }
    sample.table(DOCUMENT.def.name, request, &options)
}

/// Looks at the head.
fn look(path: &Arc<str>, mut opened: Opened, sample: &mut Sample) -> Result<(), RunError> {
    let Some(head) = opened.items.next()? else { return Ok(()) };
    let text = String::from_utf8_lossy(&head.text);
    let mut at = 0;
    while let Ok(node) = text::value_at(&text, at) {
        sample.add(&node);
        at = text::skip_blanks(&text, node.start + node.raw.len());
        match (opened.layout, text.as_bytes().get(at)) {
            (Layout::Items, Some(b',')) => at += 1,
            (Layout::Value, Some(b'{')) => {}
            _ => return Ok(()),
        }
    }
    // The run says so where it comes to a broken record; of the first nothing would be known.
    if at > 0 { Ok(()) } else { Err(first_is_broken(path, opened.layout, head)) }
}

fn open(request: &ScanRequest) -> Result<Scan, RunError> {
    let encoding = TextEncoding::of(&request.options);
    let opened = opened(&request.path, &request.input, encoding, request.morsel)?;
    let parse = parse_of(request, opened.is_objects.unwrap_or(true), opened.layout)?;
    Ok(Scan::of_text(opened.items, parse, encoding))
}

/// How far a document has been cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first item of a list.
    First,
    /// Behind a comma.
    Next,
    /// Before the value that the document is.
    Value,
    /// Behind an object, which another may follow.
    Between,
    /// Behind the list or the value.
    Behind,
}

/// A document being cut.
struct Items {
    text: Cutter,
    file: Arc<str>,
    morsel: MorselSize,
    state: State,
}

/// Where a piece ends, and what stands behind it.
struct End {
    length: usize,
    state: State,
}

impl Cut for Items {
    fn next(&mut self) -> Result<Option<Chunk>, RunError> {
        let first = first_byte(&mut self.text)?;
        match (self.state, first) {
            (State::Behind, None) => return Ok(None),
            (State::Behind, Some(_)) => return Err(self.more()),
            (State::Between, Some(first)) if first != b'{' => return Err(self.more()),
            (State::First, Some(b']')) => {
                self.text.give_out(1);
                self.state = State::Behind;
                return self.next();
            }
            (State::Value | State::Between, None) => return Ok(None),
            // The parser says that a list which ends here does not end.
            (State::First | State::Next, None) => self.state = State::Behind,
            (State::First | State::Next | State::Value | State::Between, Some(_)) => {}
        }
        if self.state == State::Behind {
            return Ok(Some(self.text.give_out(0)));
        }
        let end = self.end()?;
        self.state = end.state;
        Ok(Some(self.text.give_out(end.length)))
    }
}

impl Items {
    /// Finds where the next piece ends, by brackets and commas outside of texts.
    fn end(&mut self) -> Result<End, RunError> {
        let longest = self.text.longest();
        let wanted = match self.morsel {
            MorselSize::Bytes(bytes) => bytes.min(longest),
            MorselSize::Rows(_) => 1,
        };
        let rows = if let MorselSize::Rows(rows) = self.morsel { rows.max(1) } else { usize::MAX };
        let is_list = matches!(self.state, State::First | State::Next);
        let next = if is_list { State::Next } else { State::Between };
        let (mut at, mut depth, mut in_text, mut escaped) = (0, 0usize, false, false);
        // Where the last item begins.
        let (mut items, mut start) = (0, 0);
        loop {
            let held = self.text.peek(wanted.max(at + 1))?;
            if at == held.len() {
                let comma = (start > 0).then_some(start);
                let is_open = comma.is_some_and(|comma| held[comma..].trim_ascii().is_empty());
                return self.end_of_text(at, comma.map(|length| End { length, state: next }), is_open);
            }
            while let Some(byte) = held.get(at) {
                at += 1;
                if at - start > longest {
                    break;
                }
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' => escaped = in_text,
                    b'"' => in_text = !in_text,
                    _ if in_text => {}
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' if depth > 1 => depth -= 1,
                    b'}' | b']' if depth == 1 => {
                        depth = 0;
                        if !is_list {
                            items += 1;
                            let blanks = blanks(&held[at..]);
                            start = at + blanks;
                            let is_full = items == rows || at >= wanted && rows == usize::MAX;
                            if is_full || held.get(start) != Some(&b'{') {
                                return Ok(End { length: at, state: next });
                            }
                            at = start;
                        }
                    }
                    b'}' | b']' => return Ok(End { length: at, state: State::Behind }),
                    b',' if depth == 0 && is_list => {
                        items += 1;
                        start = at;
                        if items == rows || at >= wanted && rows == usize::MAX {
                            return Ok(End { length: at, state: State::Next });
                        }
                    }
                    _ => {}
                }
            }
            if at - start > longest {
                return match start {
                    0 => Err(self.text.too_long()),
                    length => Ok(End { length, state: next }),
                };
            }
        }
    }

    /// The last piece of what could be read, which may be cut off in the middle of an item. Behind a comma another one must
    /// come, and the parser of this piece does not know that none does.
    fn end_of_text(&self, length: usize, whole: Option<End>, is_open: bool) -> Result<End, RunError> {
        match (self.text.failure(), whole) {
            (None, _) => Ok(End { length, state: if is_open { State::Next } else { State::Behind } }),
            (Some(_), Some(whole)) => Ok(whole),
            (Some(failure), None) => Err(failure.clone()),
        }
    }

    /// E0505: the document goes on behind its end.
    fn more(&self) -> RunError {
        let place = Place::line(self.file.clone(), self.text.line());
        RunError::Record { code: E0505, message: MORE.to_string(), place }
    }
}
