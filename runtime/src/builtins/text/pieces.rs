//! Parts of a text: from a position to another one, and lists of lines, words and characters.

use crate::builtins::list::span;
use crate::builtins::row::{gives, int, made_values, of, optional, shows, string, text, texts, total};
use crate::builtins::{BatchResult, Function};
use arrow_buffer::BooleanBuffer;
use pipelang_lang::scalar::{Fault, Items, Scalar};
use pipelang_lang::ty::{Kind, Type};

/// A row of a function from a text to parts of it: its scalar body and the same over columns.
macro_rules! of_pieces {
    ($name:literal, $doc:literal, $examples:expr, $f:expr) => {
        total($name, vec![of("s", Kind::String)], gives(Type::list(Type::STRING)), $doc, $examples, |arguments| {
            list($f(text(&arguments[0])))
        })
        .over_columns(|arguments, rows, active| {
            let s = texts(&arguments[0], rows);
            lists(rows, active, |row| $f(s(row)))
        })
    };
}

/// The functions of this file.
pub(super) fn rows() -> Vec<Function> {
    let slice = total(
        "slice",
        vec![of("s", Kind::String), of("from", Kind::Int), optional("to", Kind::Int, Scalar::Int(i64::MAX))],
        gives(Type::STRING),
        "The characters from a position up to, not including, another one; negative positions count from the end.",
        &[shows!("slice(\"Zürich\", 1, 3)", "\"ür\""), shows!("slice(\"abc\", -2)", "\"bc\"")],
        |arguments| {
            let s = text(&arguments[0]);
            let range = span(s.chars().count(), int(&arguments[1]), int(&arguments[2]));
            Ok(string(s.chars().skip(range.start).take(range.len()).collect::<String>()))
        },
    );
    vec![
        slice,
        of_pieces!(
            "lines",
            "The lines of a text without what ends them; `lines(path)`, without a dot, reads a file.",
            &[shows!("\"a\\nb\\r\\n\".lines()", "[\"a\",\"b\"]"), shows!("\"\".lines()", "[]")],
            str::lines
        ),
        of_pieces!(
            "words",
            "The parts of a text between its blanks.",
            &[shows!("words(\" to be,  or not\")", "[\"to\",\"be,\",\"or\",\"not\"]"), shows!("words(\" \")", "[]")],
            str::split_whitespace
        ),
        of_pieces!(
            "chars",
            "The characters (Unicode scalar values) of a text.",
            &[shows!("chars(\"aß😀\")", "[\"a\",\"ß\",\"😀\"]")],
            chars
        ),
    ]
}

/// Each character of a text as a text.
pub(super) fn chars(s: &str) -> impl Iterator<Item = &str> {
    s.char_indices().map(|(at, c)| &s[at..at + c.len_utf8()])
}

/// Texts as a list.
pub(super) fn list<'a>(mut pieces: impl Iterator<Item = &'a str>) -> Result<Scalar, Fault> {
    let mut items = Items::default();
    pieces.try_for_each(|piece| items.push(string(piece)))?;
    Ok(items.take())
}

/// A list of texts for each row that counts.
pub(super) fn lists<'a, I: Iterator<Item = &'a str>>(
    rows: usize,
    active: Option<&BooleanBuffer>,
    f: impl Fn(usize) -> I,
) -> BatchResult {
    made_values(rows, active, |row| list(f(row)))
}
