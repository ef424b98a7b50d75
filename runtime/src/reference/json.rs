//! JSON read naively: the whole file in memory, one record when somebody pulls it.
//!
//! What JSON is comes from [`text`] and what a value means in a column from [`fit`], which all readers share; where
//! records begin and which keys are wanted is said here a second time on purpose.

use super::Oracle;
use super::expr::{Outcome, Row};
use super::files::Counted;
use super::stages::{AnyRow, Rows};
use crate::error::{Place, RowError, RowFault, RunError};
use crate::formats::encoding::TextEncoding;
use crate::formats::input::{longest, too_long};
use crate::formats::json::{Stop, fit, no_object, not_json, text};
use crate::formats::names::Spelling;
use crate::tally::{Counts, StrayCounts, Strays};
use pipelang_lang::catalog::OptionValue;
use pipelang_lang::codes::{E0504, E0505};
use pipelang_lang::ir::{ColumnId, Table, TableOrigin};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Field;
use std::rc::Rc;
use std::sync::Arc;
use text::{Json, Node};

/// What the rows of one table share.
struct Shared {
    file: Arc<str>,
    is_objects: bool,
    /// The fields of the table, and whether the type of each was inferred.
    fields: Vec<(Field, bool)>,
    columns: Vec<(usize, ColumnId)>,
    /// How keys are spelled as names of columns.
    spelling: Spelling,
    /// In the values of which columns keys are told, beside those that are no columns, and where.
    telling: Option<(Vec<Arc<str>>, Arc<StrayCounts>)>,
}

impl Shared {
    /// Counts the keys of a record that no column has.
    fn tell(&self, record: &Node, line: u64) {
        let Some((names, counts)) = &self.telling else { return };
        let mut found = Vec::new();
        let mut look = |name: &str, node: &Node| {
            let known = self.fields.iter().find(|(field, _)| *field.name == *name);
            let mut ways = Vec::new();
            match known {
                Some((field, true)) if names.contains(&field.name) => fit::strays(node, &field.ty, name, &mut ways),
                Some(_) => {}
                None => ways.push(name.to_string()),
            }
            found.extend(ways.into_iter().map(|way| (way, name.to_string())));
        };
        match &record.value {
            Json::Record(fields) if self.is_objects => {
                let is_last = |at: usize| {
                    let others = fields[at + 1..].iter();
                    others.map(|(key, _)| key).all(|key| self.spelling.of(key) != self.spelling.of(&fields[at].0))
                };
                let counting = (0..fields.len()).filter(|at| is_last(*at)).map(|at| &fields[at]);
                counting.for_each(|(key, node)| look(&self.spelling.of(key), node));
            }
            _ => self.fields.iter().for_each(|(field, _)| look(&field.name, record)),
        }
        let mut strays = Strays::default();
        if !found.is_empty() {
            strays.add_record();
        }
        found.into_iter().for_each(|key| strays.add(&self.file, key, || line));
        counts.merge(strays);
    }
}

/// A record; a value is read when somebody asks for it.
struct RecordRow {
    shared: Rc<Shared>,
    text: String,
    line: u64,
}

impl Row for RecordRow {
    fn column(&self, column: ColumnId) -> Outcome {
        let here = self.shared.columns.iter().find(|(_, id)| *id == column);
        let (position, _) = *here.expect("the plan's columns come from below");
        let (field, inferred) = &self.shared.fields[position];
        let record = text::parse(&self.text).expect("it was looked at when it was pulled");
        let node = match &record.value {
            Json::Record(fields) if self.shared.is_objects => {
                let mut named = fields.iter().filter(|(key, _)| self.shared.spelling.of(key) == *field.name);
                named.next_back().map(|(_, node)| node)
            }
            _ => Some(&record),
        };
        fit::field(node, &field.ty).map_err(|misfit| {
            let cell = misfit.of_column(&field.name, *inferred);
            Arc::new(RowError { fault: RowFault::Cell(cell), place: self.place() })
        })
    }

    fn place(&self) -> Option<Place> {
        Some(Place::line(self.shared.file.clone(), self.line))
    }
}

/// The rows of a file. Items of a document that are no objects as the first one is are left out where they are counted.
pub(super) fn rows<'a>(
    oracle: Oracle<'a>,
    table: &Table,
    columns: &[(usize, ColumnId)],
    is_document: bool,
    Counted { broken: no_objects, strays }: Counted,
) -> Result<Rows<'a>, RunError> {
    let TableOrigin::File { path, supply, options, inferred, telling, .. } = &table.origin else {
        unreachable!("only files are read here")
    };
    let mut bytes = oracle.read_text(path, *supply, TextEncoding::of(options))?;
    if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
        bytes.drain(..3);
    }
    let declared = options.iter().find_map(|(_, value)| match value {
        OptionValue::Schema { schema, .. } => Some(schema),
        OptionValue::Scalar(_) | OptionValue::Strings(_) => None,
    });
    let is_snake = |(name, value): &(Arc<str>, OptionValue)| {
        &**name == "names" && *value == OptionValue::Scalar(Scalar::String("snake".into()))
    };
    let spelling = if options.iter().any(is_snake) { Spelling::Snake } else { Spelling::AsWritten };
    let declares = |name: &str| declared.is_some_and(|schema| schema.position(name).is_some());
    let fields = table.schema.fields.iter().map(|field| (field.clone(), *inferred && !declares(&field.name)));
    let is_list = is_document && first_of(&bytes) == Some(b'[');
    let start = if is_list { bytes.iter().position(|byte| *byte == b'[').map_or(0, |at| at + 1) } else { 0 };
    let shared = Rc::new(Shared {
        file: path.clone(),
        is_objects: first_of(&bytes[start..]).is_none_or(|byte| byte == b'{' || is_list && byte == b']'),
        fields: fields.collect(),
        columns: columns.to_vec(),
        spelling,
        telling: strays.map(|counts| (telling.clone(), counts)),
    });
    if is_document {
        let (is_first, has_ended) = (true, false);
        let longest = longest(oracle.watch.record_bytes);
        let mut document =
            Document { shared, bytes, at: start, is_list, is_first, stop: None, has_ended, longest, no_objects };
        return Ok(Box::new(std::iter::from_fn(move || match oracle.watch.check() {
            Ok(()) => document.next(),
            Err(error) => Some(Err(error)),
        })));
    }
    let longest = longest(oracle.watch.record_bytes);
    let lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let last = lines.len() as u64;
    let numbered = lines.into_iter().zip(1..).filter(|(line, _)| !line.iter().all(is_blank));
    Ok(Box::new(numbered.map(move |(line, number)| {
        oracle.watch.check()?;
        // The last one has no newline.
        if line.len() + usize::from(number < last) > longest {
            return Err(too_long(&shared.file, number, longest, false));
        }
        let row = record(line, number, &shared)?;
        Ok(Rc::new(row) as AnyRow)
    })))
}

/// The first byte that is no blank.
fn first_of(bytes: &[u8]) -> Option<u8> {
    bytes.iter().find(|byte| !is_blank(byte)).copied()
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn record(line: Vec<u8>, number: u64, shared: &Rc<Shared>) -> Result<RecordRow, RunError> {
    let broken = |code, message| {
        let place = Place::line(shared.file.clone(), number);
        RunError::Record { code, message, place }
    };
    let text = String::from_utf8(line).map_err(|_| broken(E0504, "this record is not UTF-8".to_string()))?;
    match text::parse(&text) {
        Err(flaw) => return Err(broken(E0505, not_json(&flaw, &text, 0))),
        Ok(node) if shared.is_objects && !matches!(node.value, Json::Record(_)) => {
            return Err(broken(E0505, no_object(&node)));
        }
        Ok(node) => shared.tell(&node, number),
    }
    Ok(RecordRow { shared: shared.clone(), text, line: number })
}

/// A list of records, or one record, or objects behind each other.
struct Document {
    shared: Rc<Shared>,
    bytes: Vec<u8>,
    at: usize,
    is_list: bool,
    is_first: bool,
    /// What is wrong behind the record that was given last.
    stop: Option<Stop>,
    has_ended: bool,
    /// The most bytes of an item.
    longest: usize,
    no_objects: Option<Arc<Counts>>,
}

impl Document {
    fn next<'a>(&mut self) -> Option<Result<AnyRow<'a>, RunError>> {
        let text = match std::str::from_utf8(&self.bytes) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&self.bytes[..error.valid_up_to()]).expect("valid up to there"),
        };
        let start = text::skip_blanks(text, self.at);
        let is_end = start == self.bytes.len();
        if self.is_first && self.is_list && text[start..].starts_with(']') {
            (self.at, self.has_ended) = (start + 1, true);
            self.is_first = false;
            return self.next();
        }
        let stop = match self.stop.take() {
            Some(stop) => stop,
            None if self.has_ended || self.is_first && !self.is_list && is_end => {
                if is_end {
                    return None;
                }
                Stop::More(start)
            }
            None => match text::value_at(text, start) {
                Err(flaw) => Stop::Flaw(flaw),
                Ok(node) if self.is_no_object(&node) && self.no_objects.is_none() => {
                    Stop::NoObject(start, no_object(&node))
                }
                Ok(node) => {
                    let is_left_out = self.is_no_object(&node);
                    self.is_first = false;
                    let begin = if self.is_list { self.at } else { start };
                    let end = text::skip_blanks(text, node.start + node.raw.len());
                    match (text.as_bytes().get(end), self.is_list) {
                        (Some(b','), true) => self.at = end + 1,
                        (Some(b']'), true) => (self.at, self.has_ended) = (end + 1, true),
                        (_, true) => self.stop = Some(Stop::Flaw(text::flaw(text, end, "expected `,` or `]`"))),
                        (next, false) => {
                            let goes_on = self.shared.is_objects && next == Some(&b'{');
                            (self.at, self.has_ended) = (node.start + node.raw.len(), !goes_on);
                        }
                    }
                    // With the comma or the bracket behind it, as a line with its newline.
                    if self.at - begin > self.longest {
                        return Some(Err(too_long(&self.shared.file, self.line(begin), self.longest, false)));
                    }
                    let (text, line, shared) = (node.raw.to_string(), self.line(start), self.shared.clone());
                    if let Some(counts) = self.no_objects.as_ref().filter(|_| is_left_out) {
                        counts.add_records(1);
                        return self.next();
                    }
                    self.shared.tell(&node, line);
                    return Some(Ok(Rc::new(RecordRow { shared, text, line }) as AnyRow));
                }
            },
        };
        let (at, code, message) = stop.said(text.len() < self.bytes.len(), text.len());
        let place = Place::line(self.shared.file.clone(), self.line(at));
        Some(Err(RunError::Record { code, message, place }))
    }

    fn is_no_object(&self, node: &Node) -> bool {
        self.shared.is_objects && !matches!(node.value, Json::Record(_))
    }

    fn line(&self, at: usize) -> u64 {
        1 + self.bytes[..at].iter().filter(|byte| **byte == b'\n').count() as u64
    }
}
