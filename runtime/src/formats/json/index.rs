//! Where the records of a piece of JSON lines and the wanted values in them stand, found in one pass. Every record is
//! checked, whatever is wanted of it.
//!
//! Records mostly have the same keys in the same order, so each key is first compared with the one that stood at its place
//! in the record before.

use super::document::MORE;
use super::scan::{self, Span};
use super::strays::{Found, Telling};
use super::text::{self, Flaw, Json, Node};
use crate::formats::decode::lies_in;
use crate::formats::names::Spelling;
use crate::tally::Strays;
use memchr::memchr;
use pipelang_lang::codes::{Code, E0504, E0505};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// The place of a value that is missing.
pub const MISSING: Span = (0, 0);

/// The keys that are wanted.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Whether records are objects; else a record is the one value that is wanted.
    pub is_objects: bool,
    /// The slot of each column.
    pub slots: HashMap<Arc<str>, u32>,
    /// How keys are spelled as names of columns.
    pub spelling: Spelling,
    /// How many slots there are.
    pub count: usize,
    /// Of which keys it is told that they are no columns, if of any.
    pub telling: Option<Telling>,
}

/// Why the records end early.
#[derive(Debug)]
pub struct Broken {
    /// Where the record begins.
    pub start: usize,
    /// Which rule it breaks.
    pub code: Code,
    /// How.
    pub message: String,
}

/// The records of a piece.
#[derive(Debug, Default)]
pub struct Index {
    /// Where each record begins.
    pub starts: Vec<u32>,
    /// The wanted values, record by record; of an absent one [`MISSING`].
    pub spans: Vec<Span>,
    /// The first record that is none.
    pub broken: Option<Broken>,
    /// How many records were left out that are none.
    pub left_out: u64,
    /// The keys that are told, with lines from 0.
    pub strays: Strays,
}

impl Index {
    /// The index of some of the records, of each of which so many values are wanted.
    pub fn of_rows(&self, rows: &[u32], wanted: usize) -> Index {
        let spans_of = |row: &u32| &self.spans[*row as usize * wanted..(*row as usize + 1) * wanted];
        let starts = rows.iter().map(|row| self.starts[*row as usize]).collect();
        let spans = rows.iter().flat_map(spans_of).copied().collect();
        Index { starts, spans, ..Index::default() }
    }

    /// The index of whole lines.
    pub fn of_lines(bytes: &[u8], keys: &Keys) -> Index {
        assert!(u32::try_from(bytes.len()).is_ok(), "pieces are cut far below 4 GiB");
        let valid = valid_part(bytes);
        let mut builder = Builder::new(keys);
        let mut start = 0;
        while start < bytes.len() && builder.index.broken.is_none() {
            let end = memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |length| start + length);
            if end > valid.len() {
                let message = UNDECODABLE.to_string();
                builder.index.broken = Some(Broken { start, code: E0504, message });
            } else {
                builder.line(&valid[..end], start);
            }
            start = end + 1;
        }
        builder.finish()
    }

    /// The same without the lines that are no records, or have a byte at one of `bad`. The text is UTF-8.
    pub fn of_good_lines(bytes: &[u8], bad: &[usize], keys: &Keys) -> Index {
        assert!(u32::try_from(bytes.len()).is_ok(), "pieces are cut far below 4 GiB");
        let text = valid_part(bytes);
        let mut builder = Builder::new(keys);
        let mut start = 0;
        while start < text.len() {
            let end = memchr(b'\n', &bytes[start..]).map_or(text.len(), |length| start + length);
            if lies_in(bad, start, end) {
                builder.index.left_out += 1;
            } else {
                builder.line(&text[..end], start);
                builder.index.left_out += u64::from(builder.index.broken.take().is_some());
            }
            start = end + 1;
        }
        builder.finish()
    }

    /// The index of items of a list, or of one value. If it `skips`, items of another sort than the first are left out.
    pub fn of_items(bytes: &[u8], is_list: bool, skips: bool, keys: &Keys) -> Index {
        assert!(u32::try_from(bytes.len()).is_ok(), "pieces are cut far below 4 GiB");
        let valid = valid_part(bytes);
        let mut builder = Builder { skips, ..Builder::new(keys) };
        let goes_on = valid.len() < bytes.len();
        let stop = match builder.items(valid, is_list) {
            Err(stop) => Some(stop.said(goes_on, valid.len())),
            // Behind a comma the piece would end, were it not for bytes that are no text.
            Ok(()) => goes_on.then(|| (valid.len(), E0504, UNDECODABLE.to_string())),
        };
        builder.index.broken = stop.map(|(start, code, message)| Broken { start, code, message });
        builder.finish()
    }

    /// How many records.
    pub fn rows(&self) -> usize {
        self.starts.len()
    }
}

/// Why there is no record.
#[derive(Debug)]
pub enum Stop {
    /// It is no JSON.
    Flaw(Flaw),
    /// It begins there and is no object, though the first one is.
    NoObject(usize, String),
    /// There is one too many.
    More(usize),
}

impl Stop {
    /// Where that is in a document, and what is said of it. The text may go on in bytes that are none.
    pub fn said(self, goes_on: bool, text_ends: usize) -> (usize, Code, String) {
        match self {
            Stop::Flaw(flaw) if goes_on && flaw.seen >= text_ends => (flaw.at, E0504, UNDECODABLE.to_string()),
            Stop::Flaw(flaw) => (flaw.at, E0505, format!("{NOT_JSON}: {}", flaw.message)),
            Stop::NoObject(at, message) => (at, E0505, message),
            Stop::More(at) => (at, E0505, MORE.to_string()),
        }
    }
}

/// A key with its quotes, and its slot if it is wanted.
type Known = (Span, Slot);

/// What a key is to the index.
#[derive(Clone, Copy)]
enum Slot {
    /// The value goes there.
    Wanted(u32),
    /// Nobody wants it.
    Unwanted,
    /// Nobody can want it, and that is told.
    Stray,
}

struct Builder<'a> {
    keys: &'a Keys,
    /// Whether items of another sort are left out.
    skips: bool,
    /// The keys of the record before, by their place in it.
    order: Vec<Known>,
    /// Keys that are told.
    found: Option<Found<'a>>,
    index: Index,
}

impl<'a> Builder<'a> {
    fn new(keys: &'a Keys) -> Builder<'a> {
        let found = keys.telling.as_ref().map(Found::new);
        Builder { keys, skips: false, order: Vec::new(), found, index: Index::default() }
    }

    fn finish(self) -> Index {
        Index { strays: self.found.map(Found::finish).unwrap_or_default(), ..self.index }
    }

    /// Adds the record of the line that begins at `start` and ends with the text.
    fn line(&mut self, text: &str, start: usize) {
        let first = scan::skip_blanks(text.as_bytes(), start);
        if first == text.len() {
            return;
        }
        let broken = match self.record(text, first) {
            Ok(end) => {
                let end = scan::skip_blanks(text.as_bytes(), end);
                if end == text.len() {
                    return self.end_record(text);
                }
                self.take_back();
                let flaw = text::flaw(text, end, "expected the end");
                not_json(&flaw, &text[start..], start)
            }
            Err(Stop::Flaw(flaw)) => not_json(&flaw, &text[start..], start),
            Err(Stop::NoObject(_, message)) => message,
            Err(Stop::More(_)) => unreachable!("a line has one record"),
        };
        self.index.broken = Some(Broken { start, code: E0505, message: broken });
    }

    /// Adds the records of a piece of a list, or the one value, or objects that stand behind each other.
    fn items(&mut self, text: &str, is_list: bool) -> Result<(), Stop> {
        let mut at = scan::skip_blanks(text.as_bytes(), 0);
        loop {
            let end = match self.record(text, at) {
                Err(Stop::NoObject(start, _)) if self.skips => {
                    self.index.left_out += 1;
                    let node = text::value_at(text, start).map_err(Stop::Flaw)?;
                    node.start + node.raw.len()
                }
                end => {
                    let end = end?;
                    self.end_record(text);
                    end
                }
            };
            at = scan::skip_blanks(text.as_bytes(), end);
            match (text.as_bytes().get(at), is_list) {
                (Some(b','), true) => at = scan::skip_blanks(text.as_bytes(), at + 1),
                (Some(b']'), true) | (None, false) => return Ok(()),
                (Some(b'{'), false) if self.keys.is_objects => {}
                (_, true) => return Err(Stop::Flaw(text::flaw(text, at, "expected `,` or `]`"))),
                (Some(_), false) => return Err(Stop::More(at)),
            }
            if at == text.len() {
                return Ok(());
            }
        }
    }

    /// Adds the record that begins at `start`, and gives its end.
    fn record(&mut self, text: &str, start: usize) -> Result<usize, Stop> {
        let spans = self.index.spans.len();
        self.index.spans.resize(spans + self.keys.count, MISSING);
        self.index.starts.push(start as u32);
        if let Some(end) = self.quick(text, start, spans) {
            return Ok(end);
        }
        self.index.spans[spans..].fill(MISSING);
        if let Some(found) = &mut self.found {
            found.keys.clear();
        }
        let end = self.slow(text, start, spans);
        if end.is_err() {
            self.take_back();
        }
        end
    }

    /// Ends the record that was added last, with nothing broken behind it.
    fn end_record(&mut self, text: &str) {
        if let (Some(found), Some(start)) = (&mut self.found, self.index.starts.last()) {
            found.end_record(text, *start as usize, &self.index.spans[self.index.spans.len() - self.keys.count..]);
        }
    }

    /// Leaves out the record that was added last.
    fn take_back(&mut self) {
        if let Some(found) = &mut self.found {
            found.keys.clear();
        }
        self.index.starts.pop();
        self.index.spans.truncate(self.index.starts.len() * self.keys.count);
    }

    /// Finds the wanted values of a record and its end, or gives up.
    fn quick(&mut self, text: &str, start: usize, spans: usize) -> Option<usize> {
        let bytes = text.as_bytes();
        if !self.keys.is_objects {
            let end = scan::value(bytes, start, 0)?;
            if let Some(span) = self.index.spans[spans..].first_mut() {
                *span = (start as u32, end as u32);
            }
            return Some(end);
        }
        if bytes.get(start) != Some(&b'{') {
            return None;
        }
        let (keys, order, places) = (self.keys, &mut self.order, &mut self.index.spans[spans..]);
        let found = &mut self.found;
        let mut at = 0;
        scan::record(bytes, start, 1, |key, value| {
            let name = &bytes[key.0 as usize..key.1 as usize];
            let slot = match order.get(at) {
                Some((known, slot)) if bytes[known.0 as usize..known.1 as usize] == *name => *slot,
                _ => {
                    let slot = keys.slot(&text[key.0 as usize..key.1 as usize]);
                    order.truncate(at);
                    order.push((key, slot));
                    slot
                }
            };
            at += 1;
            match slot {
                Slot::Wanted(slot) => places[slot as usize] = value,
                Slot::Unwanted => {}
                Slot::Stray => {
                    let key = unquoted(&text[key.0 as usize..key.1 as usize]).map(|key| keys.spelling.of(&key));
                    if let Some(found) = found {
                        found.keys.extend(key);
                    }
                }
            }
        })
    }

    /// The same by the plain reader, which says why a record is none.
    fn slow(&mut self, text: &str, start: usize, spans: usize) -> Result<usize, Stop> {
        let node = text::value_at(text, start).map_err(Stop::Flaw)?;
        let places = &mut self.index.spans[spans..];
        match &node.value {
            Json::Record(fields) if self.keys.is_objects => {
                for (key, node) in fields {
                    match self.keys.named(key) {
                        Slot::Wanted(slot) => places[slot as usize] = span(node),
                        Slot::Unwanted => {}
                        Slot::Stray => {
                            if let Some(found) = &mut self.found {
                                found.keys.push(self.keys.spelling.of(key));
                            }
                        }
                    }
                }
            }
            _ if self.keys.is_objects => return Err(Stop::NoObject(start, no_object(&node))),
            _ => places.iter_mut().for_each(|place| *place = span(&node)),
        }
        Ok(node.start + node.raw.len())
    }
}

impl Keys {
    /// The slot of a key.
    fn named(&self, key: &str) -> Slot {
        let spelled = match self.spelling {
            Spelling::AsWritten => Cow::Borrowed(key),
            Spelling::Snake => Cow::Owned(self.spelling.of(key)),
        };
        match (self.slots.get(&*spelled), &self.telling) {
            (Some(slot), _) => Slot::Wanted(*slot),
            (None, Some(telling)) if !telling.columns.contains(&*spelled) => Slot::Stray,
            (None, _) => Slot::Unwanted,
        }
    }

    /// The slot of a key that is given with its quotes.
    fn slot(&self, quoted: &str) -> Slot {
        unquoted(quoted).map_or(Slot::Unwanted, |key| self.named(&key))
    }
}

/// A key that is given with its quotes.
fn unquoted(quoted: &str) -> Option<Cow<'_, str>> {
    let name = &quoted[1..quoted.len() - 1];
    if memchr(b'\\', name.as_bytes()).is_none() {
        return Some(Cow::Borrowed(name));
    }
    match text::parse(quoted).ok()?.value {
        Json::Text(name) => Some(name),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::List(_) | Json::Record(_) => None,
    }
}

fn span(node: &Node) -> Span {
    (node.start as u32, (node.start + node.raw.len()) as u32)
}

/// What is said of a line that is no JSON; `line` begins at `start` of the text that the flaw was found in.
pub fn not_json(flaw: &Flaw, line: &str, start: usize) -> String {
    let column = line[..flaw.at - start].chars().count() + 1;
    format!("{NOT_JSON}: {} at column {column}", flaw.message)
}

/// What is said of a record that is no object, where the others are.
pub fn no_object(node: &Node) -> String {
    format!("this record is {}, not an object as the first one", node.sort())
}

/// What is said of text that is no JSON.
const NOT_JSON: &str = "this record is not JSON";

/// What is said of bytes that are no text.
const UNDECODABLE: &str = "this record is not UTF-8";

/// As much of a piece as is UTF-8.
fn valid_part(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).expect("valid up to there"),
    }
}
