//! CSV read naively: the whole file in memory, one byte after the other, one record when somebody pulls it.
//!
//! The grammar is that of `formats/csv/dialect.rs`, written down a second time on purpose. What a cell means comes from
//! [`cell`], which all readers share.

use super::Oracle;
use super::expr::{Outcome, Row};
use crate::error::{Place, RowError, RowFault, RunError};
use crate::formats::cell;
use crate::formats::csv::why_ragged;
use crate::formats::encoding::TextEncoding;
use crate::formats::input::{longest, too_long};
use pipelang_lang::catalog::OptionValue;
use pipelang_lang::codes::{Code, E0502, E0503, E0504};
use pipelang_lang::ir::{ColumnId, Table, TableOrigin};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::{Field, Schema};
use std::rc::Rc;
use std::sync::Arc;

/// How a file is written.
struct Dialect {
    header: bool,
    skip: usize,
    delimiter: u8,
    quote: Option<u8>,
    comment: Option<u8>,
    null_words: Vec<Arc<str>>,
    declared: Option<Schema>,
}

impl Dialect {
    fn new(path: &str, options: &[(Arc<str>, OptionValue)]) -> Dialect {
        let option = |wanted: &str| options.iter().find(|(name, _)| &**name == wanted).map(|(_, value)| value);
        let text = |wanted: &str| match option(wanted) {
            Some(OptionValue::Scalar(Scalar::String(text))) => Some(text.clone()),
            _ => None,
        };
        let byte = |wanted: &str, default: Option<u8>| match text(wanted) {
            Some(text) => text.bytes().next(),
            None => default,
        };
        let named_so = path.to_ascii_lowercase().trim_end_matches(".gz").trim_end_matches(".zst").ends_with(".tsv");
        let tabs = named_so || text("format").is_some_and(|format| &*format == "tsv");
        Dialect {
            header: option("header") != Some(&OptionValue::Scalar(Scalar::Bool(false))),
            skip: match option("skip") {
                Some(OptionValue::Scalar(Scalar::Int(lines))) => usize::try_from(*lines).unwrap_or(0),
                _ => 0,
            },
            delimiter: byte("delimiter", None).unwrap_or(if tabs { b'\t' } else { b',' }),
            quote: byte("quote", Some(b'"')),
            comment: byte("comment", None),
            null_words: match option("null_values") {
                Some(OptionValue::Strings(words)) => words.clone(),
                _ => cell::default_null_words(),
            },
            declared: match option("schema") {
                Some(OptionValue::Schema { schema, .. }) => Some(schema.clone()),
                _ => None,
            },
        }
    }
}

/// A field: what it holds, and whether it stood in quotes.
type Content = (Vec<u8>, bool);

/// A record with the line on which it begins; of each field the text, and whether it stood in quotes.
#[derive(Debug)]
struct Record {
    line: u64,
    fields: Vec<(String, bool)>,
}

/// A file whose header has been passed.
struct Reader {
    file: Arc<str>,
    text: Vec<u8>,
    at: usize,
    line: u64,
    dialect: Dialect,
    /// The most bytes of a record.
    longest: usize,
    /// How many fields a record has; before the first record is known, any number.
    arity: Option<usize>,
}

impl Reader {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        if byte == b'\n' {
            self.line += 1;
        }
        Some(byte)
    }

    fn skip_line(&mut self) {
        while self.next().is_some_and(|byte| byte != b'\n') {}
    }

    /// Whether nothing stands before the next newline.
    fn at_blank_line(&self) -> bool {
        matches!(&self.text[self.at..], [b'\n', ..] | [b'\r', b'\n', ..] | [b'\r'])
    }

    fn broken(&self, code: Code, line: u64, message: String) -> RunError {
        RunError::Record { code, message, place: Place::line(self.file.clone(), line) }
    }

    /// The next record; none at the end of the file.
    fn record(&mut self) -> Result<Option<Record>, RunError> {
        loop {
            let is_comment = self.dialect.comment.is_some() && self.peek() == self.dialect.comment;
            if self.peek().is_none() {
                return Ok(None);
            } else if is_comment {
                let (start, line) = (self.at, self.line);
                self.skip_line();
                if std::str::from_utf8(&self.text[start..self.at]).is_err() {
                    return Err(self.broken(E0504, line, "this record is not UTF-8".into()));
                }
            } else if self.at_blank_line() && self.arity != Some(1) {
                self.skip_line();
            } else {
                break;
            }
        }
        let (start, line) = (self.at, self.line);
        let mut fields = Vec::new();
        loop {
            let field = self.field(line);
            if self.at - start > self.longest {
                return Err(too_long(&self.file, line, self.longest, self.dialect.quote.is_some()));
            }
            let (field, is_last) = field?;
            fields.push(field);
            if is_last {
                break;
            }
        }
        let arity = *self.arity.get_or_insert(fields.len());
        if fields.len() != arity {
            let (count, plural) = (fields.len(), if fields.len() == 1 { "" } else { "s" });
            let rule = if self.dialect.header { "the header" } else { "the first record" };
            let why = why_ragged(&self.text[start..], (count, arity), self.dialect.delimiter);
            let message = format!("this record has {count} field{plural}, {rule} {arity}{why}");
            return Err(self.broken(E0502, line, message));
        }
        let decoded = fields.into_iter().map(|(bytes, quoted)| Ok((String::from_utf8(bytes)?, quoted)));
        let decoded: Result<Vec<_>, std::string::FromUtf8Error> = decoded.collect();
        match decoded {
            Ok(fields) => Ok(Some(Record { line, fields })),
            Err(_) => Err(self.broken(E0504, line, "this record is not UTF-8".into())),
        }
    }

    /// The field that begins here, and whether the record ends with it.
    fn field(&mut self, line: u64) -> Result<(Content, bool), RunError> {
        let mut content = Vec::new();
        let quoted = self.dialect.quote.is_some() && self.peek() == self.dialect.quote;
        if quoted {
            self.next();
            loop {
                match self.next() {
                    None => return Err(self.broken(E0503, line, "a quote in this record is never closed".into())),
                    byte if byte == self.dialect.quote => {
                        if self.peek() != self.dialect.quote {
                            break;
                        }
                        content.extend(self.next());
                    }
                    byte => content.extend(byte),
                }
            }
        }
        loop {
            let ends_with_return = matches!(&self.text[self.at..], [b'\r', b'\n', ..] | [b'\r']);
            match self.next() {
                None | Some(b'\n') => return Ok(((content, quoted), true)),
                Some(byte) if byte == self.dialect.delimiter => return Ok(((content, quoted), false)),
                Some(b'\r') if ends_with_return => {}
                Some(byte) => content.push(byte),
            }
        }
    }
}

/// What the rows of one table share.
struct Shared {
    file: Arc<str>,
    null_words: Vec<Arc<str>>,
    /// The fields of the table, and whether the type of each was inferred.
    fields: Vec<(Field, bool)>,
    columns: Vec<(usize, ColumnId)>,
}

/// A record; a cell is read when somebody asks for it.
struct RecordRow {
    shared: Rc<Shared>,
    record: Record,
}

impl Row for RecordRow {
    fn column(&self, column: ColumnId) -> Outcome {
        let here = self.shared.columns.iter().find(|(_, id)| *id == column);
        let (position, _) = *here.expect("the plan's columns come from below");
        let (field, inferred) = &self.shared.fields[position];
        let (text, quoted) = &self.record.fields[position];
        let read = cell::Column { ty: &field.ty, inferred: *inferred };
        cell::read(text, *quoted, read, &self.shared.null_words).ok_or_else(|| {
            let misfit = cell::misfit(&field.name, &field.ty, text, *inferred);
            Arc::new(RowError { fault: RowFault::Cell(misfit), place: self.place() })
        })
    }

    fn place(&self) -> Option<Place> {
        Some(Place::line(self.shared.file.clone(), self.record.line))
    }
}

/// The rows of a file.
pub(super) fn rows<'a>(
    oracle: Oracle<'a>,
    table: &Table,
    columns: &[(usize, ColumnId)],
) -> Result<impl Iterator<Item = Result<Rc<dyn Row + 'a>, RunError>> + use<'a>, RunError> {
    let TableOrigin::File { path, supply, options, inferred, .. } = &table.origin else {
        unreachable!("only files are read here")
    };
    let text = oracle.read_text(path, *supply, TextEncoding::of(options))?;
    let dialect = Dialect::new(path, options);
    let declared = |name: &str| dialect.declared.as_ref().is_some_and(|schema| schema.position(name).is_some());
    let fields = table.schema.fields.iter().map(|field| (field.clone(), *inferred && !declared(&field.name)));
    let shared = Rc::new(Shared {
        file: path.clone(),
        null_words: dialect.null_words.clone(),
        fields: fields.collect(),
        columns: columns.to_vec(),
    });
    let has_mark = text.starts_with(&[0xef, 0xbb, 0xbf]);
    let (at, file, arity) = (if has_mark { 3 } else { 0 }, path.clone(), None);
    let longest = longest(oracle.watch.record_bytes);
    let mut reader = Reader { file, text, at, line: 1, dialect, longest, arity };
    for _ in 0..reader.dialect.skip {
        reader.skip_line();
    }
    if reader.dialect.header {
        reader.record()?;
    } else {
        reader.arity = Some(table.schema.fields.len());
    }
    Ok(std::iter::from_fn(move || {
        if let Err(error) = oracle.watch.spend(1) {
            return Some(Err(error));
        }
        let record = reader.record().transpose()?;
        Some(record.map(|record| Rc::new(RecordRow { shared: shared.clone(), record }) as Rc<dyn Row>))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::input::LONGEST_RECORD;

    fn records(text: &str, options: &[(&str, &str)]) -> (Vec<Record>, Option<RunError>) {
        let options: Vec<_> = options
            .iter()
            .map(|(name, value)| (Arc::from(*name), OptionValue::Scalar(Scalar::String((*value).into()))))
            .collect();
        let dialect = Dialect::new("a.csv", &options);
        let text = text.as_bytes().to_vec();
        let mut reader =
            Reader { file: "a.csv".into(), text, at: 0, line: 1, dialect, longest: LONGEST_RECORD, arity: None };
        let mut found = Vec::new();
        loop {
            match reader.record() {
                Ok(Some(record)) => found.push(record),
                Ok(None) => return (found, None),
                Err(error) => return (found, Some(error)),
            }
        }
    }

    fn contents(text: &str) -> Vec<Vec<String>> {
        let (records, error) = records(text, &[("comment", "#")]);
        assert_eq!(error, None, "{text:?}");
        records.into_iter().map(|record| record.fields.into_iter().map(|(text, _)| text).collect()).collect()
    }

    #[test]
    fn fields() {
        assert_eq!(contents("a,b\r\n\r\n\n# \"\n1,2"), [["a", "b"], ["1", "2"]]);
        assert_eq!(contents("a,\"b\n\"\"c\"\"\"\n"), [["a", "b\n\"c\""]]);
        assert_eq!(contents("\"a\"b\"c\",x\"y\"\n,\r"), [["ab\"c\"", "x\"y\""], ["", ""]]);
        assert_eq!(contents("a\n\nb\n"), [["a"], [""], ["b"]]);
        assert_eq!(contents("a\rb,c\r\n"), [["a\rb", "c"]]);
    }

    #[test]
    fn broken_records_have_their_first_line() {
        let (good, error) = records("a,b\n\"x\ny\",2\n3\n", &[]);
        assert_eq!(good.iter().map(|record| record.line).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(error.expect("too few").to_string(), "a.csv:4: this record has 1 field, the header 2");
        let (_, error) = records("a,b\n1,\"x\ny", &[]);
        assert_eq!(error.expect("unclosed").to_string(), "a.csv:2: a quote in this record is never closed");
    }
}
