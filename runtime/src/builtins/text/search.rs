//! Texts in texts: whether one is there, replaced by another one, and what stands between them.

use super::pieces::{list, lists};
use crate::batch::Column;
use crate::builtins::row::{answers, gives, made_texts, of, shows, string, text, texts, total};
use crate::builtins::{BatchResult, Function};
use arrow_buffer::BooleanBuffer;
use pipelang_lang::catalog::{Example, Parameter, RawForm};
use pipelang_lang::scalar::{Fault, Scalar, fits};
use pipelang_lang::ty::{Kind, Type};
use std::borrow::Cow;

/// The functions of this file.
pub(super) fn rows() -> Vec<Function> {
    let mut rows = tests();
    rows.push(replace());
    rows.push(split());
    rows
}

/// A text and a pattern in it. As a regular expression that is the affair of `function`, where it stands between
/// `before` and `after`.
fn pattern(function: &'static str, before: &'static str, after: &'static str) -> Vec<Parameter> {
    let raw = Some(RawForm { function, before, after });
    vec![of("s", Kind::String), Parameter { raw, ..of("pattern", Kind::String) }]
}

fn tests() -> Vec<Function> {
    vec![
        total(
            "contains",
            pattern("matches", "", ""),
            gives(Type::BOOL),
            "Whether a text has another one in it, or something that a raw string matches.",
            &[
                shows!("contains(\"pipeline\", \"pel\")", "true"),
                shows!("contains(\"a.b\", \"...\")", "false"),
                shows!("contains(\"a.b\", r\"...\")", "true"),
            ],
            |arguments| Ok(Scalar::Bool(text(&arguments[0]).contains(text(&arguments[1])))),
        )
        .over_columns(contains),
        total(
            "starts_with",
            pattern("matches", "^(?:", ")"),
            gives(Type::BOOL),
            "Whether a text begins with another one, or with something that a raw string matches.",
            &[
                shows!("starts_with(\"pipe\", \"pi\")", "true"),
                shows!("starts_with(\"pipe\", r\"a|p\")", "true"),
                shows!("starts_with(\"pipe\", r\"i|e\")", "false"),
            ],
            |arguments| Ok(Scalar::Bool(text(&arguments[0]).starts_with(text(&arguments[1])))),
        )
        .over_columns(|arguments, rows, active| {
            let (s, part) = (texts(&arguments[0], rows), texts(&arguments[1], rows));
            answers(rows, active, |row| s(row).starts_with(part(row)))
        }),
        total(
            "ends_with",
            pattern("matches", "(?:", ")$"),
            gives(Type::BOOL),
            "Whether a text ends with another one, or with something that a raw string matches.",
            &[
                shows!("ends_with(\"pipe\", \"pi\")", "false"),
                shows!("ends_with(\"photo.jpeg\", r\"\\.jpe?g\")", "true"),
            ],
            |arguments| Ok(Scalar::Bool(text(&arguments[0]).ends_with(text(&arguments[1])))),
        )
        .over_columns(|arguments, rows, active| {
            let (s, part) = (texts(&arguments[0], rows), texts(&arguments[1], rows));
            answers(rows, active, |row| s(row).ends_with(part(row)))
        }),
    ]
}

fn replace() -> Function {
    let mut parameters = pattern("replace_regex", "", "");
    parameters.push(of("with", Kind::String));
    total(
        "replace",
        parameters,
        gives(Type::STRING),
        "The text with each occurrence of a part replaced, or with all that a raw string matches: `$1` is its first group then.",
        &[
            shows!("replace(\"a-b-c\", \"-\", \"+\")", "\"a+b+c\""),
            shows!("replace(\"abc\", \"\", \"-\")", "\"abc\""),
            shows!("replace(\"3 May, 4 June\", r\"(\\d) (\\w+)\", \"$2 $1\")", "\"May 3, June 4\""),
        ],
        |arguments| Ok(string(replaced(text(&arguments[0]), text(&arguments[1]), text(&arguments[2]))?)),
    )
    .over_columns(|arguments, rows, active| {
        let (s, part) = (texts(&arguments[0], rows), texts(&arguments[1], rows));
        let with = texts(&arguments[2], rows);
        made_texts(rows, active, |row| replaced(s(row), part(row), with(row)))
    })
}

fn replaced<'a>(s: &'a str, part: &str, with: &str) -> Result<Cow<'a, str>, Fault> {
    if part.is_empty() || !s.contains(part) {
        return Ok(Cow::Borrowed(s));
    }
    let grown = |times: usize| s.len() + times * with.len().saturating_sub(part.len());
    // They are counted only where there may be too many.
    if fits(grown(s.len() / part.len())).is_err() {
        fits(grown(s.matches(part).count()))?;
    }
    Ok(Cow::Owned(s.replace(part, with)))
}

fn split() -> Function {
    const SPLIT: &[Example] = &[
        shows!("split(\"a,b,,c\", \",\")", "[\"a\",\"b\",\"\",\"c\"]"),
        shows!("split(\"\", \",\")", "[\"\"]"),
        shows!("split(\"abc\", \"\")", "[\"a\",\"b\",\"c\"]"),
        shows!("split(\"one, two;three\", r\"\\W+\")", "[\"one\",\"two\",\"three\"]"),
    ];
    total(
        "split",
        pattern("split_regex", "", ""),
        gives(Type::list(Type::STRING)),
        "What stands between the occurrences of a separator, or of what a raw string matches; with an empty one, the characters.",
        SPLIT,
        |arguments| list(split_at(text(&arguments[0]), text(&arguments[1]))),
    )
    .over_columns(|arguments, rows, active| {
        let (s, separator) = (texts(&arguments[0], rows), texts(&arguments[1], rows));
        lists(rows, active, |row| split_at(s(row), separator(row)))
    })
}

fn split_at<'a>(s: &'a str, separator: &'a str) -> Box<dyn Iterator<Item = &'a str> + 'a> {
    let mut chars = separator.chars();
    match (chars.next(), chars.next()) {
        (None, _) => Box::new(super::pieces::chars(s)),
        (Some(one), None) => Box::new(s.split(one)),
        (Some(_), Some(_)) => Box::new(s.split(separator)),
    }
}

fn contains(arguments: &[Column], rows: usize, active: Option<&BooleanBuffer>) -> BatchResult {
    let (s, part) = (texts(&arguments[0], rows), texts(&arguments[1], rows));
    if arguments[1].len() == 1 && rows != 1 {
        let finder = memchr::memmem::Finder::new(part(0).as_bytes());
        return answers(rows, active, |row| finder.find(s(row).as_bytes()).is_some());
    }
    answers(rows, active, |row| s(row).contains(part(row)))
}
