//! Where fields and records of CSV text end. Everything that cuts, indexes or samples asks here.
//!
//! The grammar is RFC 4180 with the leniency of common readers:
//!
//! - A record ends at a newline outside quotes; a carriage return right before it (or before the end of the file)
//!   belongs to the ending. A lone carriage return is an ordinary character.
//! - A field is quoted if its first character is the quote. In it a doubled quote is one quote. What follows the closing
//!   quote up to the next delimiter is taken as it is: `"a"b"c"` is `ab"c"`.
//! - In a field that does not begin with a quote, quotes are ordinary characters.
//! - A blank line is skipped, except in files of one column, where it is an empty cell: there is no other way to write
//!   one. A line that begins with the comment character is skipped; quotes in it count for nothing.

use memchr::{memchr, memchr2, memrchr};
use std::borrow::Cow;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Between fields; ASCII.
    pub delimiter: u8,
    /// Around fields; none: quotes mean nothing.
    pub quote: Option<u8>,
    /// Begins lines that are skipped.
    pub comment: Option<u8>,
    /// Whether a blank line is a row (files of one column).
    pub blank_is_row: bool,
}

/// How a field ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldEnd {
    /// At the delimiter there.
    Delimiter(usize),
    /// At the newline there, and the record with it.
    Newline(usize),
    /// With the text.
    Text,
    /// With the text, in quotes.
    Unclosed,
}

/// What begins at some place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// A row that ends before the byte there, its newline included.
    Row(usize),
    /// A comment or a blank line that ends before the byte there.
    Skipped(usize),
    /// Something whose end is not in the text.
    Open,
}

impl Dialect {
    /// Any text of lines: nothing but newlines ends a record.
    pub const LINES: Dialect = Dialect { delimiter: b'\n', quote: None, comment: None, blank_is_row: true };

    /// A character that means nothing.
    pub fn filler(&self) -> u8 {
        let is_free = |byte: &u8| *byte != self.delimiter && Some(*byte) != self.quote && Some(*byte) != self.comment;
        [b'?', b'x', b'y', b'z'].into_iter().find(is_free).expect("three of them at most are taken")
    }

    /// Where the field that begins at `start` ends.
    pub fn field_end(&self, text: &[u8], start: usize) -> FieldEnd {
        let mut at = start;
        if let Some(quote) = self.quote
            && text.get(start) == Some(&quote)
        {
            at += 1;
            loop {
                let Some(length) = memchr(quote, &text[at..]) else { return FieldEnd::Unclosed };
                at += length + 1;
                if text.get(at) != Some(&quote) {
                    break;
                }
                at += 1;
            }
        }
        match memchr2(self.delimiter, b'\n', &text[at..]) {
            None => FieldEnd::Text,
            Some(length) if text[at + length] == b'\n' => FieldEnd::Newline(at + length),
            Some(length) => FieldEnd::Delimiter(at + length),
        }
    }

    /// Whether a comment begins at `at`.
    pub fn is_comment(&self, text: &[u8], at: usize) -> bool {
        self.comment.is_some() && text.get(at) == self.comment.as_ref()
    }

    /// What begins at `start`, where a record may begin.
    pub fn record(&self, text: &[u8], start: usize) -> Record {
        let Some(length) = memchr(b'\n', &text[start..]) else { return Record::Open };
        let line = &text[start..start + length];
        let next = start + length + 1;
        if self.is_comment(text, start) {
            return Record::Skipped(next);
        }
        if matches!(line, [] | [b'\r']) {
            return if self.blank_is_row { Record::Row(next) } else { Record::Skipped(next) };
        }
        match self.quote {
            Some(quote) if memchr(quote, line).is_some() => self.quoted_record(text, start),
            _ => Record::Row(next),
        }
    }

    fn quoted_record(&self, text: &[u8], start: usize) -> Record {
        let mut at = start;
        loop {
            match self.field_end(text, at) {
                FieldEnd::Delimiter(end) => at = end + 1,
                FieldEnd::Newline(end) => return Record::Row(end + 1),
                FieldEnd::Text | FieldEnd::Unclosed => return Record::Open,
            }
        }
    }

    /// The end of the last whole record of a text that begins with a record.
    pub fn last_record_end(&self, text: &[u8]) -> Option<usize> {
        let last_newline = memrchr(b'\n', text)?;
        match self.quote {
            Some(quote) if memchr(quote, &text[..last_newline]).is_some() => {}
            _ => return Some(last_newline + 1),
        }
        let mut end = 0;
        while let Record::Row(next) | Record::Skipped(next) = self.record(text, end) {
            end = next;
        }
        (end > 0).then_some(end)
    }

    /// The end of the `rows`-th row of a text that begins with a record.
    pub fn end_of_row(&self, text: &[u8], rows: usize) -> Option<usize> {
        let (mut end, mut seen) = (0, 0);
        while seen < rows {
            match self.record(text, end) {
                Record::Row(next) => (end, seen) = (next, seen + 1),
                Record::Skipped(next) => end = next,
                Record::Open => return None,
            }
        }
        Some(end)
    }

    /// What a field holds, and whether it is quoted. `raw` is a whole field.
    pub fn content<'a>(&self, raw: &'a str) -> (Cow<'a, str>, bool) {
        let Some(quote) = self.quote.map(char::from) else { return (Cow::Borrowed(raw), false) };
        let Some(inside) = raw.strip_prefix(quote) else { return (Cow::Borrowed(raw), false) };
        if let Some(plain) = inside.strip_suffix(quote)
            && !plain.contains(quote)
        {
            return (Cow::Borrowed(plain), true);
        }
        let (mut content, mut rest) = (String::with_capacity(inside.len()), inside);
        while let Some((before, after)) = rest.split_once(quote) {
            content.push_str(before);
            match after.strip_prefix(quote) {
                Some(after) => {
                    content.push(quote);
                    rest = after;
                }
                None => {
                    rest = after;
                    break;
                }
            }
        }
        content.push_str(rest);
        (Cow::Owned(content), true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIALECT: Dialect = Dialect { delimiter: b',', quote: Some(b'"'), comment: Some(b'#'), blank_is_row: false };

    #[test]
    fn contents() {
        for (raw, content, quoted) in [
            ("", "", false),
            ("a\"b", "a\"b", false),
            ("\"\"", "", true),
            ("\"a\"", "a", true),
            ("\"a\"\"b\"", "a\"b", true),
            ("\"\"\"\"", "\"", true),
            ("\"a\"b\"c\"", "ab\"c\"", true),
            ("\"a\" ", "a ", true),
        ] {
            assert_eq!(DIALECT.content(raw), (Cow::Borrowed(content), quoted), "{raw}");
        }
    }

    #[test]
    fn records_end_outside_quotes() {
        assert_eq!(DIALECT.record(b"a,\"b\nc\"\nd", 0), Record::Row(8));
        assert_eq!(DIALECT.record(b"a,\"b\nc\"", 0), Record::Open);
        assert_eq!(DIALECT.record(b"# \"\na", 0), Record::Skipped(4));
        assert_eq!(DIALECT.record(b"\r\na", 0), Record::Skipped(2));
        assert_eq!(DIALECT.last_record_end(b"a\n\"b\nc\n"), Some(2));
        assert_eq!(DIALECT.last_record_end(b"\"a\n\"\"\n"), None);
        assert_eq!(DIALECT.end_of_row(b"a\n\n#\nb\nc\n", 2), Some(7));
    }
}
