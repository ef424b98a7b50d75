//! Cuts a stream of CSV text into pieces of whole records, in bounded memory.
//!
//! Pieces end exactly at records, never at a guess: where quotes stand in a block, it is walked from the start of its
//! first record. Only the end of the file may leave a piece with an open record, and the parser says what is wrong with it.

use super::dialect::{Dialect, Record};
use crate::error::RunError;
use crate::formats::input::{self, LONGEST_RECORD};
use crate::formats::{Chunk, Cut, Input, MorselSize, files};
use arrow_buffer::Buffer;
use memchr::{memchr, memchr_iter};
use pipelang_lang::fault::{self, Fault};
use std::io::{self, Read};
use std::sync::Arc;

/// How much is read at once, unless small pieces are wanted.
pub const BLOCK: usize = 1 << 20;

/// How much is asked for at once of a live text.
const LIVE_BLOCK: usize = 64 << 10;

/// A text being cut.
pub struct Cutter {
    input: Box<dyn Read + Send>,
    file: Arc<str>,
    dialect: Dialect,
    morsel: MorselSize,
    block: usize,
    /// Whether what is there is enough, however little.
    is_live: bool,
    longest: usize,
    /// What was read; up to `at` it has been given out.
    held: Buffer,
    at: usize,
    /// The line at `at`.
    line: u64,
    input_has_ended: bool,
    /// Why it has ended before its end: said when all whole records before have been given out.
    failure: Option<RunError>,
}

impl Cutter {
    /// Cuts what `input` gives; `file` names it in errors.
    pub fn new(input: Box<dyn Read + Send>, file: Arc<str>, dialect: Dialect, morsel: MorselSize) -> Cutter {
        let block = block_of(morsel);
        let held = Buffer::from_vec(Vec::<u8>::new());
        let longest = LONGEST_RECORD;
        let (is_live, at, line, input_has_ended, failure) = (false, 0, 1, false, None);
        Cutter { input, file, dialect, morsel, block, is_live, longest, held, at, line, input_has_ended, failure }
    }

    /// The same for what comes of an input: it may limit records, and of a live one no full block is waited for where there
    /// is a whole record.
    pub fn of(self, input: &Input) -> Cutter {
        Cutter { is_live: input.is_live(), longest: input.longest(), ..self }
    }

    /// The most bytes of a record.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// Goes on with other pieces, and with what was learnt about blank lines.
    pub fn go_on(&mut self, morsel: MorselSize, blank_is_row: bool) {
        self.morsel = morsel;
        self.block = block_of(morsel);
        self.dialect.blank_is_row = blank_is_row;
    }

    /// What has been read and not given out, after trying to have `length` bytes of it; an error if there is nothing and
    /// something ought to be.
    pub fn peek(&mut self, length: usize) -> Result<&[u8], RunError> {
        while self.held.len() - self.at < length && !self.input_has_ended {
            self.fill();
        }
        let rest = &self.held.as_slice()[self.at..];
        match &self.failure {
            Some(failure) if rest.is_empty() => Err(failure.clone()),
            _ => Ok(rest),
        }
    }

    /// Why nothing comes behind what [`Cutter::peek`] has shown, if that is not the end.
    pub fn failure(&self) -> Option<&RunError> {
        self.failure.as_ref()
    }

    /// Leaves out bytes that [`Cutter::peek`] has shown and that hold no newline.
    pub fn skip_bytes(&mut self, length: usize) {
        self.at += length;
    }

    /// Leaves out lines; fewer if the text ends before.
    pub fn skip_lines(&mut self, lines: usize) -> Result<(), RunError> {
        for _ in 0..lines {
            loop {
                let rest = &self.held.as_slice()[self.at..];
                match memchr(b'\n', rest) {
                    Some(length) => {
                        self.at += length + 1;
                        self.line += 1;
                        break;
                    }
                    None if self.input_has_ended => {
                        self.at = self.held.len();
                        return self.failure.clone().map_or(Ok(()), Err);
                    }
                    None => {
                        self.at = self.held.len();
                        self.fill();
                    }
                }
            }
        }
        Ok(())
    }

    /// The next row alone (with the skipped lines before it); none at the end.
    pub fn next_row(&mut self) -> Result<Option<Chunk>, RunError> {
        let morsel = std::mem::replace(&mut self.morsel, MorselSize::Rows(1));
        let row = self.next();
        self.morsel = morsel;
        row
    }

    /// Takes back the piece that was given out last.
    pub fn take_back(&mut self, chunk: &Chunk) {
        self.at -= chunk.text.len();
        self.line = chunk.first_line;
    }

    /// How far to cut `rest`, if it holds enough.
    fn cut_point(&self, rest: &[u8]) -> Option<usize> {
        match self.morsel {
            MorselSize::Bytes(_) => self.dialect.last_record_end(rest),
            MorselSize::Rows(rows) if fault::is(Fault::QuotedNewlineCut) => {
                memchr_iter(b'\n', rest).nth(rows.max(1) - 1).map(|end| end + 1)
            }
            MorselSize::Rows(rows) => self.dialect.end_of_row(rest, rows.max(1)).or_else(|| {
                let is_full = rest.len() > self.longest;
                is_full.then(|| self.dialect.last_record_end(rest)).flatten()
            }),
        }
    }

    /// How much of a text of whole records, which may have been held longer than one may be, comes before the first that
    /// is too long.
    fn before_too_long(&self, text: &[u8]) -> usize {
        let mut end = 0;
        while text.len() - end > self.longest {
            match self.dialect.record(text, end) {
                Record::Row(next) | Record::Skipped(next) if next - end <= self.longest => end = next,
                Record::Row(_) | Record::Skipped(_) | Record::Open => return end,
            }
        }
        text.len()
    }

    /// Gives out so many of the bytes that [`Cutter::peek`] has shown.
    pub fn give_out(&mut self, length: usize) -> Chunk {
        let text = self.held.slice_with_length(self.at, length);
        let first_line = self.line;
        self.at += length;
        self.line += memchr_iter(b'\n', &text).count() as u64;
        Chunk { text, first_line }
    }

    /// Reads another block, at least as long as what is left over so that growing a long record costs linear time.
    fn fill(&mut self) {
        let rest = &self.held.as_slice()[self.at..];
        let wanted = self.block.max(rest.len());
        let mut text = Vec::with_capacity(rest.len() + wanted);
        text.extend_from_slice(rest);
        let count = match self.is_live {
            true => self.read_some(&mut text, wanted),
            false => (&mut self.input).take(wanted as u64).read_to_end(&mut text),
        };
        self.input_has_ended = match count {
            Ok(count) if self.is_live => count == 0,
            Ok(count) => count < wanted,
            Err(error) => {
                self.failure = Some(files::unreadable(&self.file, &error));
                true
            }
        };
        self.held = Buffer::from_vec(text);
        self.at = 0;
    }

    /// Reads what is there, which need not be as much as is wanted. Of a record that is long already it reads as much again,
    /// unless the record may end before: so a long one is not copied for every block.
    fn read_some(&mut self, text: &mut Vec<u8>, wanted: usize) -> io::Result<usize> {
        let before = text.len();
        loop {
            let held = text.len();
            text.resize(held + wanted.min(LIVE_BLOCK), 0);
            let count = match self.input.read(&mut text[held..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
                read => read.map(Some),
            };
            text.truncate(held + count.as_ref().map_or(0, |count| count.unwrap_or(0)));
            let is_short = before < LIVE_BLOCK || memchr(b'\n', &text[held..]).is_some();
            let is_enough = is_short || text.len() - before >= before;
            match count? {
                Some(count) if count == 0 || is_enough => return Ok(text.len() - before),
                Some(_) | None => {}
            }
        }
    }

    /// The line of what is given out next.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// A record has no end where it must have one.
    pub fn too_long(&self) -> RunError {
        input::too_long(&self.file, self.line, self.longest, self.dialect.quote.is_some())
    }
}

impl Cut for Cutter {
    fn next(&mut self) -> Result<Option<Chunk>, RunError> {
        loop {
            let rest = &self.held.as_slice()[self.at..];
            if let Some(length) = self.cut_point(rest) {
                return match self.before_too_long(&rest[..length]) {
                    0 => Err(self.too_long()),
                    length => Ok(Some(self.give_out(length))),
                };
            }
            if rest.len() > self.longest {
                return Err(self.too_long());
            }
            if let Some(failure) = &self.failure {
                // The last record may go on behind what could be read.
                let length = self.dialect.last_record_end(rest).ok_or_else(|| failure.clone())?;
                return Ok(Some(self.give_out(length)));
            }
            if self.input_has_ended {
                let length = rest.len();
                let lost = fault::is(Fault::LastRecordLost);
                return Ok((length > 0 && !lost).then(|| self.give_out(length)));
            }
            self.fill();
        }
    }
}

fn block_of(morsel: MorselSize) -> usize {
    match morsel {
        MorselSize::Bytes(bytes) => bytes.clamp(1, LONGEST_RECORD),
        MorselSize::Rows(_) => BLOCK,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_a_record_is_exact() {
        let dialect = Dialect { delimiter: b',', quote: Some(b'"'), comment: None, blank_is_row: false };
        for (length, fits) in [(LONGEST_RECORD, true), (LONGEST_RECORD + 1, false)] {
            for morsel in [MorselSize::Bytes(1 << 20), MorselSize::Rows(3)] {
                let long = std::io::repeat(b'x').take(length as u64 - 1);
                let text = (&b"a,b\n"[..]).chain(long).chain(&b"\n1,2\n"[..]);
                let mut cutter = Cutter::new(Box::new(text), "f".into(), dialect, morsel);
                let (mut whole, mut error) = (0, None);
                while error.is_none() {
                    match cutter.next() {
                        Ok(Some(chunk)) => whole += chunk.text.len(),
                        Ok(None) => break,
                        Err(why) => error = Some(why.to_string()),
                    }
                }
                let why = "f:2: this record is longer than 64 MiB; perhaps a quote in it is never closed";
                let expected = if fits { (length + 8, None) } else { (4, Some(why.to_string())) };
                assert_eq!((whole, error), expected, "{morsel:?}");
            }
        }
    }
}
