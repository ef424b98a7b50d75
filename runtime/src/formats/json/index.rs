//! Where the records of a piece of JSON lines and the wanted values in them stand, found in one pass. Every record is
//! checked, whatever is wanted of it.
//!
//! Records mostly have the same keys in the same order, so each key is first compared with the one that stood at its place
//! in the record before.

use super::scan::{self, Span};
use super::text::{self, Flaw, Json, Node};
use memchr::memchr;
use pipelang_lang::codes::{Code, E0504, E0505};
use std::collections::HashMap;
use std::sync::Arc;

/// The place of a value that is missing.
pub const MISSING: Span = (0, 0);

/// The keys that are wanted.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Whether records are objects; else a record is the one value that is wanted.
    pub is_objects: bool,
    /// The slot of each key.
    pub slots: HashMap<Arc<str>, u32>,
    /// How many slots there are.
    pub count: usize,
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
}

impl Index {
    /// The index of whole lines.
    pub fn of_lines(bytes: &[u8], keys: &Keys) -> Index {
        assert!(u32::try_from(bytes.len()).is_ok(), "pieces are cut far below 4 GiB");
        let valid = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).expect("valid up to there"),
        };
        let mut builder = Builder { keys, order: Vec::new(), index: Index::default() };
        let mut start = 0;
        while start < bytes.len() && builder.index.broken.is_none() {
            let end = memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |length| start + length);
            if end > valid.len() {
                let message = "this record is not UTF-8".to_string();
                builder.index.broken = Some(Broken { start, code: E0504, message });
            } else {
                builder.line(&valid[..end], start);
            }
            start = end + 1;
        }
        builder.index
    }

    /// How many records.
    pub fn rows(&self) -> usize {
        self.starts.len()
    }
}

/// A key with its quotes, and its slot if it is wanted.
type Known = (Span, Option<u32>);

struct Builder<'a> {
    keys: &'a Keys,
    /// The keys of the record before, by their place in it.
    order: Vec<Known>,
    index: Index,
}

impl Builder<'_> {
    /// Adds the record of the line that begins at `start` and ends with the text.
    fn line(&mut self, text: &str, start: usize) {
        let first = scan::skip_blanks(text.as_bytes(), start);
        if first == text.len() {
            return;
        }
        let spans = self.index.spans.len();
        self.index.spans.resize(spans + self.keys.count, MISSING);
        let end = self.quick(text, first, spans);
        if end.is_some_and(|end| scan::skip_blanks(text.as_bytes(), end) == text.len()) {
            self.index.starts.push(start as u32);
            return;
        }
        self.index.spans.truncate(spans);
        self.index.spans.resize(spans + self.keys.count, MISSING);
        match self.slow(text, start, spans) {
            Ok(()) => self.index.starts.push(start as u32),
            Err(message) => {
                self.index.spans.truncate(spans);
                self.index.broken = Some(Broken { start, code: E0505, message });
            }
        }
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
        if bytes[start] != b'{' {
            return None;
        }
        let (keys, order, found) = (self.keys, &mut self.order, &mut self.index.spans[spans..]);
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
            if let Some(slot) = slot {
                found[slot as usize] = value;
            }
        })
    }

    /// The same by the plain reader, which says why a record is none.
    fn slow(&mut self, text: &str, start: usize, spans: usize) -> Result<(), String> {
        let node = text::value_at(text, start).and_then(|node| {
            let end = text::skip_blanks(text, node.start + node.raw.len());
            if end < text.len() { Err(text::flaw(text, end, "expected the end")) } else { Ok(node) }
        });
        let node = node.map_err(|flaw| not_json(&flaw, &text[start..], start))?;
        let found = &mut self.index.spans[spans..];
        match &node.value {
            Json::Record(fields) if self.keys.is_objects => {
                for (key, node) in fields {
                    if let Some(slot) = self.keys.slots.get(key.as_ref()) {
                        found[*slot as usize] = span(node);
                    }
                }
            }
            _ if self.keys.is_objects => return Err(no_object(&node)),
            _ => found.iter_mut().for_each(|place| *place = span(&node)),
        }
        Ok(())
    }
}

impl Keys {
    /// The slot of a key that is given with its quotes.
    fn slot(&self, quoted: &str) -> Option<u32> {
        let name = &quoted[1..quoted.len() - 1];
        if memchr(b'\\', name.as_bytes()).is_none() {
            return self.slots.get(name).copied();
        }
        match text::parse(quoted).ok()?.value {
            Json::Text(name) => self.slots.get(name.as_ref()).copied(),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::List(_) | Json::Record(_) => None,
        }
    }
}

fn span(node: &Node) -> Span {
    (node.start as u32, (node.start + node.raw.len()) as u32)
}

/// What is said of a line that is no JSON; `line` begins at `start` of the text that the flaw was found in.
pub fn not_json(flaw: &Flaw, line: &str, start: usize) -> String {
    let column = line[..flaw.at - start].chars().count() + 1;
    format!("this record is not JSON: {} at column {column}", flaw.message)
}

/// What is said of a record that is no object, where the others are.
pub fn no_object(node: &Node) -> String {
    format!("this record is {}, not an object as the first one", node.sort())
}
