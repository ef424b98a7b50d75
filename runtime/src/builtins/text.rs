//! Text. Lengths and positions count Unicode scalar values. A pattern of `replace`, `contains` and the like is plain
//! text; regular expressions are for `matches`.

use super::list::span;
use super::row::{answers, counts, gives, int, ints, of, optional, shows, string, text, texts, total};
use super::{BatchResult, Function};
use crate::batch::Column;
use arrow_buffer::BooleanBuffer;
use pipelang_lang::codes::E0604;
use pipelang_lang::scalar::{Fault, Scalar};
use pipelang_lang::template::Template;
use pipelang_lang::ty::{Kind, Type};
use regex::{Regex, RegexBuilder};
use std::cell::RefCell;
use std::collections::HashMap;

/// The functions of this group.
pub(super) fn rows() -> Vec<Function> {
    let mut rows = whole_texts();
    rows.extend(searches());
    rows.extend(patterns());
    rows.extend(parts());
    rows.extend(captures());
    rows
}

/// What `parse` is made of.
fn captures() -> [Function; 2] {
    total(
        "captures",
        vec![of("s", Kind::String), of("template", Kind::String)],
        gives(Type::list(Type::STRING)),
        "What the holes of a template take of a text, `{_}` among them, each as little as it can; the stage `parse` makes \
         columns of it.",
        &[shows!("captures(\"a-b 7\", \"{x}-{_} {n}\")", "[\"a\",\"b\",\"7\"]"), shows!("captures(\"a\", \"{x}-{y}\")", "E0604")],
        |arguments| {
            let (text, template) = (text(&arguments[0]), text(&arguments[1]));
            let taken = TEMPLATES.with_borrow_mut(|known| {
                if !known.contains_key(template) {
                    known.clear();
                    known.insert(template.into(), Template::parse(template).map_err(|(_, message)| message));
                }
                known[template].as_ref().map(|template| template.take(text)).map_err(String::clone)
            });
            match taken {
                Ok(Some(parts)) => Ok(Scalar::List(parts.into_iter().map(string).collect())),
                Ok(None) => Err(Fault::new(E0604, format!("{} does not fit the template", super::convert::quoted(text)))),
                Err(message) => Err(Fault::new(E0604, format!("this is no template: {message}"))),
            }
        },
    )
    .and_or_null(&[shows!("captures?(\"a\", \"{x}-{y}\")", "null")])
}

thread_local! {
    /// The template that was used last; mostly it is the same for all rows.
    static TEMPLATES: RefCell<HashMap<String, Result<Template, String>>> = RefCell::new(HashMap::new());
}

fn parts() -> Vec<Function> {
    let mut concat = total(
        "concat",
        vec![of("s", Kind::String)],
        gives(Type::STRING),
        "Texts, one behind the other; `f\"{a}{b}\"` is mostly easier to read.",
        &[shows!("concat(\"a\", \"b\", \"c\")", "\"abc\"")],
        |arguments| Ok(string(arguments.iter().map(text).collect::<String>())),
    );
    concat.def.variadic = true;
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
    let reverse = total(
        "reverse",
        vec![of("s", Kind::String)],
        gives(Type::STRING),
        "The characters of a text from its end to its start.",
        &[shows!("reverse(\"abc\")", "\"cba\"")],
        |arguments| Ok(string(text(&arguments[0]).chars().rev().collect::<String>())),
    );
    vec![concat, slice, reverse]
}

fn whole_texts() -> Vec<Function> {
    let s = || vec![of("s", Kind::String)];
    vec![
        total(
            "len",
            s(),
            gives(Type::INT),
            "How many characters (Unicode scalar values) a text has.",
            &[shows!("len(\"Zürich\")", "6")],
            |arguments| Ok(Scalar::Int(length(text(&arguments[0])))),
        )
        .over_columns(|arguments, rows, active| {
            let s = texts(&arguments[0], rows);
            ints(rows, active, |row| length(s(row)))
        }),
        total(
            "lower",
            s(),
            gives(Type::STRING),
            "The text in small letters.",
            &[shows!("lower(\"ÀB\")", "\"àb\"")],
            |arguments| Ok(string(text(&arguments[0]).to_lowercase())),
        ),
        total(
            "upper",
            s(),
            gives(Type::STRING),
            "The text in capital letters.",
            &[shows!("upper(\"straße\")", "\"STRASSE\"")],
            |arguments| Ok(string(text(&arguments[0]).to_uppercase())),
        ),
        total(
            "trim",
            s(),
            gives(Type::STRING),
            "The text without blanks at either end.",
            &[shows!("trim(\"  a b \")", "\"a b\"")],
            |arguments| Ok(string(text(&arguments[0]).trim())),
        ),
        total(
            "trim_start",
            s(),
            gives(Type::STRING),
            "The text without blanks at its start.",
            &[shows!("trim_start(\" a \")", "\"a \"")],
            |arguments| Ok(string(text(&arguments[0]).trim_start())),
        ),
        total(
            "trim_end",
            s(),
            gives(Type::STRING),
            "The text without blanks at its end.",
            &[shows!("trim_end(\" a \")", "\" a\"")],
            |arguments| Ok(string(text(&arguments[0]).trim_end())),
        ),
    ]
}

fn searches() -> Vec<Function> {
    let two = || vec![of("s", Kind::String), of("part", Kind::String)];
    vec![
        total(
            "contains",
            two(),
            gives(Type::BOOL),
            "Whether a text has another one in it.",
            &[shows!("contains(\"pipeline\", \"pel\")", "true")],
            |arguments| Ok(Scalar::Bool(text(&arguments[0]).contains(text(&arguments[1])))),
        )
        .over_columns(contains),
        total(
            "starts_with",
            two(),
            gives(Type::BOOL),
            "Whether a text begins with another one.",
            &[shows!("starts_with(\"pipe\", \"pi\")", "true")],
            |arguments| Ok(Scalar::Bool(text(&arguments[0]).starts_with(text(&arguments[1])))),
        )
        .over_columns(|arguments, rows, active| {
            let (s, part) = (texts(&arguments[0], rows), texts(&arguments[1], rows));
            answers(rows, active, |row| s(row).starts_with(part(row)))
        }),
        total(
            "ends_with",
            two(),
            gives(Type::BOOL),
            "Whether a text ends with another one.",
            &[shows!("ends_with(\"pipe\", \"pi\")", "false")],
            |arguments| Ok(Scalar::Bool(text(&arguments[0]).ends_with(text(&arguments[1])))),
        )
        .over_columns(|arguments, rows, active| {
            let (s, part) = (texts(&arguments[0], rows), texts(&arguments[1], rows));
            answers(rows, active, |row| s(row).ends_with(part(row)))
        }),
    ]
}

fn patterns() -> Vec<Function> {
    vec![
        total(
            "replace",
            vec![of("s", Kind::String), of("part", Kind::String), of("with", Kind::String)],
            gives(Type::STRING),
            "The text with each occurrence of a part replaced.",
            &[
                shows!("replace(\"a-b-c\", \"-\", \"+\")", "\"a+b+c\""),
                shows!("replace(\"abc\", \"\", \"-\")", "\"abc\""),
            ],
            |arguments| {
                let (s, part) = (text(&arguments[0]), text(&arguments[1]));
                Ok(if part.is_empty() { arguments[0].clone() } else { string(s.replace(part, text(&arguments[2]))) })
            },
        ),
        total(
            "matches",
            vec![of("s", Kind::String), of("pattern", Kind::String)],
            gives(Type::BOOL),
            "Whether a regular expression matches anywhere in a text; `s ~ pattern` is the same.",
            &[
                shows!("matches(\"id-042\", r\"^id-\\d+$\")", "true"),
                shows!("matches(\"abc\", r\"\\d\")", "false"),
                shows!("matches(\"abc\", r\"(\")", "E0604"),
            ],
            |arguments| with_regex(text(&arguments[1]), |regex| Scalar::Bool(regex.is_match(text(&arguments[0])))),
        )
        .failing()
        .over_columns(matches),
    ]
}

fn length(text: &str) -> i64 {
    text.chars().count() as i64
}

fn contains(arguments: &[Column], rows: usize, active: Option<&BooleanBuffer>) -> BatchResult {
    let (s, part) = (texts(&arguments[0], rows), texts(&arguments[1], rows));
    if arguments[1].len() == 1 && rows != 1 {
        let finder = memchr::memmem::Finder::new(part(0).as_bytes());
        return answers(rows, active, |row| finder.find(s(row).as_bytes()).is_some());
    }
    answers(rows, active, |row| s(row).contains(part(row)))
}

fn matches(arguments: &[Column], rows: usize, active: Option<&BooleanBuffer>) -> BatchResult {
    let (s, pattern) = (texts(&arguments[0], rows), texts(&arguments[1], rows));
    let failed = |_: Fault| BatchResult { column: Column::Null(rows), failed: true };
    if arguments[1].len() == 1 && rows != 1 {
        return with_regex(pattern(0), |regex| answers(rows, active, |row| regex.is_match(s(row))))
            .unwrap_or_else(failed);
    }
    let one = |row: usize| match counts(active, row) {
        true => with_regex(pattern(row), |regex| regex.is_match(s(row))),
        false => Ok(false),
    };
    match (0..rows).map(one).collect::<Result<Vec<bool>, Fault>>() {
        Ok(found) => BatchResult { column: Column::Bool(found.into()), failed: false },
        Err(fault) => failed(fault),
    }
}

/// How many regular expressions a thread remembers.
const REMEMBERED: usize = 64;

/// How many bytes a compiled one may take.
const LARGEST: usize = 1 << 20;

/// Does something with a regular expression, which is compiled once a thread (until too many others were).
fn with_regex<T>(pattern: &str, f: impl FnOnce(&Regex) -> T) -> Result<T, Fault> {
    thread_local! {
        static COMPILED: RefCell<HashMap<String, Result<Regex, String>>> = RefCell::default();
    }
    COMPILED.with_borrow_mut(|compiled| {
        if !compiled.contains_key(pattern) {
            if compiled.len() >= REMEMBERED {
                compiled.clear();
            }
            let regex = RegexBuilder::new(pattern).size_limit(LARGEST).dfa_size_limit(LARGEST).build();
            compiled.insert(pattern.to_string(), regex.map_err(|error| one_line(&error)));
        }
        match &compiled[pattern] {
            Ok(regex) => Ok(f(regex)),
            Err(why) => Err(Fault::new(E0604, format!("{pattern:?} is not a regular expression: {why}"))),
        }
    })
}

/// The last line of the library's report; the lines before it draw the pattern.
fn one_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or("");
    last.strip_prefix("error: ").unwrap_or(last).trim_end_matches('.').to_string()
}
