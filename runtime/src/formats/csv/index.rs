//! Where every field of a piece of CSV text ends, found in one pass over the text.
//!
//! A text without quotes and comments, the usual case, is scanned eight bytes at a time for delimiters and newlines;
//! any other field by field. Every record must have the same number of fields; the first that has not ends the index.

use super::dialect::{Dialect, FieldEnd};
use crate::formats::decode::lies_in;
use memchr::memchr;
use std::ops::Range;

/// Why the records end early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// So many fields.
    Fields(usize),
    /// A quote is never closed.
    Unclosed,
}

/// The fields of whole records.
#[derive(Debug, Default)]
pub struct Index {
    /// Where each row begins.
    pub starts: Vec<u32>,
    /// How many fields a row has.
    pub arity: usize,
    /// The first record that breaks a rule, and where it begins.
    pub flaw: Option<(usize, Flaw)>,
    /// How many records with another number of fields were left out.
    pub left_out: u64,
    /// Where each field ends, row by row.
    ends: Vec<u32>,
}

impl Index {
    /// The index of a text of whole records; without `arity` the first record decides it.
    pub fn new(text: &[u8], dialect: &Dialect, arity: Option<usize>) -> Index {
        Index::build(text, dialect, arity, false)
    }

    /// The same without the records that have another number of fields, and those with a byte at one of `bad`.
    pub fn leaving_out(text: &[u8], dialect: &Dialect, arity: usize, bad: &[usize]) -> Index {
        let mut index = Index::build(text, dialect, Some(arity), true);
        if !bad.is_empty() {
            let is_good = |row: &usize| !lies_in(bad, index.starts[*row] as usize, index.row_end(*row));
            let good: Vec<usize> = (0..index.rows()).filter(is_good).collect();
            index.left_out += (index.rows() - good.len()) as u64;
            index.ends = good.iter().flat_map(|row| &index.ends[row * arity..(row + 1) * arity]).copied().collect();
            index.starts = good.iter().map(|row| index.starts[*row]).collect();
        }
        index
    }

    fn build(text: &[u8], dialect: &Dialect, arity: Option<usize>, skips: bool) -> Index {
        assert!(u32::try_from(text.len()).is_ok(), "pieces are cut far below 4 GiB");
        let has = |byte: Option<u8>| byte.is_some_and(|byte| memchr(byte, text).is_some());
        let blank_is_row = dialect.blank_is_row;
        let builder = Builder { text, blank_is_row, skips, arity, start: 0, index: Index::default() };
        if has(dialect.quote) || has(dialect.comment) {
            builder.by_field(dialect)
        } else {
            builder.by_word(dialect.delimiter)
        }
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.starts.len()
    }

    /// Where a field stands in the text.
    #[inline]
    pub fn field(&self, row: usize, column: usize) -> Range<usize> {
        let at = row * self.arity + column;
        let start = if column == 0 { self.starts[row] } else { self.ends[at - 1] + 1 };
        start as usize..self.ends[at] as usize
    }

    /// Where a row ends, its newline left out.
    pub fn row_end(&self, row: usize) -> usize {
        self.ends[(row + 1) * self.arity - 1] as usize
    }

    /// The index of some of the rows.
    pub fn of_rows(&self, rows: &[u32]) -> Index {
        let ends_of = |row: &u32| &self.ends[*row as usize * self.arity..(*row as usize + 1) * self.arity];
        let starts = rows.iter().map(|row| self.starts[*row as usize]).collect();
        let ends = rows.iter().flat_map(ends_of).copied().collect();
        Index { starts, ends, arity: self.arity, ..Index::default() }
    }

    /// Leaves out the rows from `rows` on.
    pub fn truncate(&mut self, rows: usize) {
        self.starts.truncate(rows);
        self.ends.truncate(rows * self.arity);
    }
}

struct Builder<'a> {
    text: &'a [u8],
    blank_is_row: bool,
    /// Whether records with another number of fields are left out, and end nothing.
    skips: bool,
    arity: Option<usize>,
    /// Where the record begins that is being read.
    start: usize,
    index: Index,
}

impl Builder<'_> {
    /// Ends a record whose newline, or the end of the text, is at `end`; false if it is flawed.
    #[inline]
    fn end_record(&mut self, end: usize) -> bool {
        let begun = self.index.starts.len() * self.index.arity;
        let content = if end > self.start && self.text[end - 1] == b'\r' { end - 1 } else { end };
        let fields = self.index.ends.len() - begun + 1;
        let start = std::mem::replace(&mut self.start, end + 1);
        if content == start && fields == 1 && !self.blank_is_row {
            return true;
        }
        let arity = *self.arity.get_or_insert(fields);
        self.index.arity = arity;
        if fields != arity {
            self.index.ends.truncate(begun);
            if self.skips {
                self.index.left_out += 1;
                return true;
            }
            self.index.flaw = Some((start, Flaw::Fields(fields)));
            return false;
        }
        self.index.ends.push(content as u32);
        self.index.starts.push(start as u32);
        true
    }

    /// Ends the last record, which has no newline.
    fn finish(mut self) -> Index {
        if self.start < self.text.len() {
            self.end_record(self.text.len());
        }
        self.index.arity = self.arity.unwrap_or(0);
        self.index
    }

    /// Scans a text in which no quote and no comment stands.
    fn by_word(mut self, delimiter: u8) -> Index {
        let (delimiters, newlines) = (repeat(delimiter), repeat(b'\n'));
        let (words, tail) = self.text.as_chunks::<8>();
        for (at, word) in words.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            let mut found = zero_bytes(word ^ delimiters) | zero_bytes(word ^ newlines);
            while found != 0 {
                let place = at * 8 + found.trailing_zeros() as usize / 8;
                found &= found - 1;
                if self.text[place] != b'\n' {
                    self.index.ends.push(place as u32);
                } else if !self.end_record(place) {
                    return self.flawed();
                }
            }
        }
        for place in self.text.len() - tail.len()..self.text.len() {
            if self.text[place] == delimiter {
                self.index.ends.push(place as u32);
            } else if self.text[place] == b'\n' && !self.end_record(place) {
                return self.flawed();
            }
        }
        self.finish()
    }

    fn by_field(mut self, dialect: &Dialect) -> Index {
        let mut at = 0;
        while at < self.text.len() {
            if at == self.start && dialect.is_comment(self.text, at) {
                at = memchr(b'\n', &self.text[at..]).map_or(self.text.len(), |length| at + length + 1);
                self.start = at;
                continue;
            }
            match dialect.field_end(self.text, at) {
                FieldEnd::Delimiter(end) => {
                    self.index.ends.push(end as u32);
                    at = end + 1;
                }
                FieldEnd::Newline(end) => {
                    at = end + 1;
                    if !self.end_record(end) {
                        return self.flawed();
                    }
                }
                FieldEnd::Text => break,
                FieldEnd::Unclosed => {
                    self.index.ends.truncate(self.index.starts.len() * self.index.arity);
                    self.index.flaw = Some((self.start, Flaw::Unclosed));
                    return self.flawed();
                }
            }
        }
        self.finish()
    }

    fn flawed(mut self) -> Index {
        self.index.arity = self.arity.unwrap_or(0);
        self.index
    }
}

/// A word of eight times that byte.
fn repeat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The top bit of each byte that is zero, and no other (the exact form: no borrow runs into the next byte).
#[inline]
fn zero_bytes(word: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    !(((word & LOW) + LOW) | word | LOW)
}
