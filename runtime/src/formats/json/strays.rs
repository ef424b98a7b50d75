//! Keys that no column has, of records of which a sample says what they are: found in passing, where the index meets a key
//! that it does not know.
//!
//! Inside of the columns a pass without memory only says whether all keys are known there; where they are not,
//! [`fit::strays`] finds which.

use super::index::MISSING;
use super::scan::{self, Span};
use super::{fit, text};
use crate::tally::{StrayCounts, Strays};
use memchr::memchr_iter;
use pipelang_lang::ty::{Kind, Schema, Type};
use std::collections::HashSet;
use std::sync::Arc;

/// Of which keys of a file it is told that they are no columns.
#[derive(Clone, Debug)]
pub struct Telling {
    /// The columns of the table.
    pub columns: HashSet<Arc<str>>,
    /// The columns that are looked into: their slots, names and types.
    pub inside: Vec<(u32, Arc<str>, Type)>,
    /// The file.
    pub file: Arc<str>,
    /// Where it is counted.
    pub counts: Arc<StrayCounts>,
}

/// Whether there can be keys in values of the type that it does not have.
pub fn has_keys(ty: &Type) -> bool {
    matches!(ty.kind, Kind::Record(_)) || ty.kind.parts().any(has_keys)
}

/// What is found in a piece.
pub struct Found<'a> {
    telling: &'a Telling,
    /// The keys of the record at hand that are no columns.
    pub keys: Vec<String>,
    strays: Strays,
    /// The newlines before a byte, carried along.
    newlines: u64,
    counted: usize,
}

impl<'a> Found<'a> {
    /// Nothing yet.
    pub fn new(telling: &'a Telling) -> Found<'a> {
        Found { telling, keys: Vec::new(), strays: Strays::default(), newlines: 0, counted: 0 }
    }

    /// Ends the record that begins at `start` and has the wanted values at these places.
    pub fn end_record(&mut self, text: &str, start: usize, spans: &[Span]) {
        let mut found: Vec<(String, String)> = self.keys.drain(..).map(|key| (key.clone(), key)).collect();
        for (slot, name, ty) in &self.telling.inside {
            let span = spans[*slot as usize];
            if span != MISSING && knows(text.as_bytes(), span.0 as usize, ty).is_none() {
                let value = &text[span.0 as usize..span.1 as usize];
                let node = text::parse(value).expect("indexed values are JSON");
                let mut ways = Vec::new();
                fit::strays(&node, ty, name, &mut ways);
                found.extend(ways.into_iter().map(|way| (way, name.to_string())));
            }
        }
        if found.is_empty() {
            return;
        }
        self.strays.add_record();
        for key in found {
            self.strays.add(&self.telling.file, key, || {
                self.newlines += memchr_iter(b'\n', &text.as_bytes()[self.counted..start]).count() as u64;
                self.counted = start;
                self.newlines
            });
        }
    }

    /// What was found, with lines from 0.
    pub fn finish(self) -> Strays {
        self.strays
    }
}

/// The end of a value all of whose keys its type has; none if it may have others.
fn knows(text: &[u8], at: usize, ty: &Type) -> Option<usize> {
    match (&ty.kind, text.get(at)?) {
        (Kind::Record(schema), b'{') => knows_record(text, at, schema),
        (Kind::List(item), b'[') if has_keys(item) => knows_list(text, at, item),
        _ => scan::value(text, at, 0),
    }
}

fn knows_record(text: &[u8], at: usize, schema: &Schema) -> Option<usize> {
    let (mut next, mut is_known) = (0, true);
    let end = scan::record(text, at, 1, |key, value| {
        let key = &text[key.0 as usize + 1..key.1 as usize - 1];
        let is_it = |field: &&pipelang_lang::ty::Field| field.name.as_bytes() == key;
        // Keys mostly stand in the order in which they came first.
        let field = schema.fields.get(next).filter(is_it).or_else(|| schema.fields.iter().find(is_it));
        next += 1;
        is_known &= match field {
            Some(field) if has_keys(&field.ty) => knows(text, value.0 as usize, &field.ty).is_some(),
            Some(_) => true,
            None => false,
        };
    });
    end.filter(|_| is_known)
}

fn knows_list(text: &[u8], at: usize, item: &Type) -> Option<usize> {
    let mut at = scan::skip_blanks(text, at + 1);
    while text.get(at)? != &b']' {
        at = scan::skip_blanks(text, knows(text, at, item)?);
        if text.get(at)? == &b',' {
            at = scan::skip_blanks(text, at + 1);
        }
    }
    Some(at + 1)
}
