//! Regular expressions: those of the crate `regex`, whose time grows with the text only, whatever the pattern. A compiled
//! pattern may not be larger than [`LARGEST`], or than its engine allows. Each thread compiles a pattern once.

use super::pieces::list;
use crate::batch::{Column, Values};
use crate::builtins::row::{counts, gives, maybe, of, shows, string, text, texts, total};
use crate::builtins::{BatchBody, BatchResult, Function};
use crate::memory::in_bytes;
use arrow_array::{BooleanArray, StringViewArray};
use arrow_buffer::BooleanBuffer;
use pipelang_lang::catalog::{Parameter, TextCheck, Unfit};
use pipelang_lang::codes::E0604;
use pipelang_lang::scalar::{Fault, Scalar, fits};
use pipelang_lang::ty::{Kind, Type};
use regex::{Captures, Regex, RegexBuilder};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

/// The functions of this file.
pub(super) fn rows() -> Vec<Function> {
    vec![matches(), extract(), extract_all(), split(), replace()]
}

/// A text and a regular expression, which is looked at when the script is compiled if it is known then.
fn pattern() -> Vec<Parameter> {
    vec![of("s", Kind::String), Parameter { check: TextCheck::of(check), ..of("pattern", Kind::String) }]
}

fn check(pattern: &str) -> Result<(), Unfit> {
    let message = "this is not a regular expression".to_string();
    compiled(pattern, |_| ()).map_err(|why| Unfit { message, why: Some(why), near: Vec::new() })
}

/// The functions with patterns that are not larger than so many bytes when they are compiled.
pub fn limit(functions: &mut [Function], bytes: usize) {
    let bytes = bytes.min(LARGEST);
    let is_own = |function: &&mut Function| rows().iter().any(|own| own.def.name == function.def.name);
    for function in functions.iter_mut().filter(is_own) {
        for parameter in function.def.parameters.iter_mut().filter(|parameter| parameter.check.is_some()) {
            parameter.check = TextCheck::of(move |pattern| within(bytes, || check(pattern)));
        }
        let body = function.def.body.clone();
        function.def.body = Arc::new(move |arguments| within(bytes, || body(arguments)));
        function.batch = function.batch.take().map(|body| -> BatchBody {
            Arc::new(move |arguments, rows, active| within(bytes, || body(arguments, rows, active)))
        });
    }
}

/// Does something with a smaller bound for what is compiled in it.
fn within<T>(bytes: usize, f: impl FnOnce() -> T) -> T {
    /// Puts the bound back that was there before, after a panic too.
    struct Back(usize);
    impl Drop for Back {
        fn drop(&mut self) {
            MOST.set(self.0);
        }
    }
    let _back = Back(MOST.replace(bytes));
    f()
}

fn matches() -> Function {
    total(
        "matches",
        pattern(),
        gives(Type::BOOL),
        "Whether a regular expression matches anywhere in a text; `s ~ pattern` is the same.",
        &[
            shows!("matches(\"id-042\", r\"^id-\\d+$\")", "true"),
            shows!("matches(\"abc\", r\"\\d\")", "false"),
            shows!("matches(\"abc\", lower(\"(\"))", "E0604"),
        ],
        |arguments| with_regex(arguments, |regex, s| Ok(Scalar::Bool(regex.is_match(s)))),
    )
    .failing()
    .over_columns(|arguments, rows, active| {
        let mut found = vec![false; rows];
        let outcome = each_row(arguments, rows, active, |row, regex, s| {
            found[row] = regex.is_match(s);
            Ok(())
        });
        result(outcome, Column::Bool(BooleanArray::from(found)))
    })
}

fn extract() -> Function {
    let extract = total(
        "extract",
        pattern(),
        gives(Type::STRING),
        "What a regular expression matches first in a text, of that its first group if it has one; null where there is none.",
        &[
            shows!("extract(\"id-042\", r\"\\d+\")", "\"042\""),
            shows!("extract(\"k = v\", r\"(\\w+) = (\\w+)\")", "\"k\""),
            shows!("extract(\"abc\", r\"\\d\")", "null"),
        ],
        |arguments| with_regex(arguments, |regex, s| Ok(first(regex, s).map_or(Scalar::Null, string))),
    );
    maybe(extract).failing().over_columns(|arguments, rows, active| {
        let mut found = vec![None; rows];
        let outcome = each_row(arguments, rows, active, |row, regex, s| {
            found[row] = first(regex, s);
            Ok(())
        });
        result(outcome, Column::String(StringViewArray::from_iter(found)))
    })
}

fn extract_all() -> Function {
    total(
        "extract_all",
        pattern(),
        gives(Type::list(Type::STRING)),
        "All that a regular expression matches in a text, of each match its first group if it has one.",
        &[
            shows!("extract_all(\"1, 22, x\", r\"\\d+\")", "[\"1\",\"22\"]"),
            shows!("extract_all(\"a=1 b=2\", r\"(\\w)=\")", "[\"a\",\"b\"]"),
        ],
        |arguments| with_regex(arguments, all),
    )
    .failing()
    .over_columns(|arguments, rows, active| values(arguments, rows, active, all))
}

fn split() -> Function {
    total(
        "split_regex",
        pattern(),
        gives(Type::list(Type::STRING)),
        "What stands between all that a regular expression matches; `split` with a raw string is the same.",
        &[shows!("split_regex(\"a1b22c\", r\"\\d+\")", "[\"a\",\"b\",\"c\"]")],
        |arguments| with_regex(arguments, |regex, s| list(regex.split(s))),
    )
    .failing()
    .over_columns(|arguments, rows, active| values(arguments, rows, active, |regex, s| list(regex.split(s))))
}

fn replace() -> Function {
    let mut parameters = pattern();
    parameters.push(of("with", Kind::String));
    total(
        "replace_regex",
        parameters,
        gives(Type::STRING),
        "The text with all that a regular expression matches replaced; `$1` is its first group, `${name}` one with a name, `$$` a dollar.",
        &[
            shows!("replace_regex(\"a1b22\", r\"\\d+\", \"#\")", "\"a#b#\""),
            shows!("replace_regex(\"Ada Lovelace\", r\"(\\w+) (\\w+)\", \"$2, $1\")", "\"Lovelace, Ada\""),
        ],
        |arguments| with_regex(arguments, |regex, s| Ok(string(replaced(regex, s, text(&arguments[2]))?))),
    )
    .failing()
    .over_columns(|arguments, rows, active| {
        let with = texts(&arguments[2], rows);
        let (mut made, mut size) = (vec![Cow::Borrowed(""); rows], 0);
        let outcome = each_row(arguments, rows, active, |row, regex, s| {
            made[row] = replaced(regex, s, with(row))?;
            size += made[row].len();
            fits(size)
        });
        result(outcome, Column::String(StringViewArray::from_iter_values(made)))
    })
}

/// The text with all matches replaced, unless that is too large.
fn replaced<'a>(regex: &Regex, s: &'a str, with: &str) -> Result<Cow<'a, str>, Fault> {
    // Each reference to a group is at most as long as its match.
    let references = with.bytes().filter(|byte| *byte == b'$').count();
    let most = |found: usize| with.len().saturating_add(references.saturating_mul(found));
    if fits((s.len() + 1).saturating_mul(with.len()).saturating_add(most(s.len()))).is_ok() {
        return Ok(regex.replace_all(s, with));
    }
    let mut size = s.len();
    let counted = regex.replace_all(s, |captures: &Captures| {
        let mut made = String::new();
        size = size.saturating_add(most(captures.get_match().len()));
        if fits(size).is_ok() {
            captures.expand(with, &mut made);
        }
        made
    });
    fits(size).map(|()| counted)
}

/// The first group of a match, if the pattern has groups, else all of it.
fn part<'a>(captures: &Captures<'a>) -> Option<&'a str> {
    let group = usize::from(captures.len() > 1);
    captures.get(group).map(|found| found.as_str())
}

fn first<'a>(regex: &Regex, s: &'a str) -> Option<&'a str> {
    match regex.captures_len() {
        1 => regex.find(s).map(|found| found.as_str()),
        _ => part(&regex.captures(s)?),
    }
}

fn all(regex: &Regex, s: &str) -> Result<Scalar, Fault> {
    match regex.captures_len() {
        1 => list(regex.find_iter(s).map(|found| found.as_str())),
        _ => list(regex.captures_iter(s).filter_map(|captures| part(&captures))),
    }
}

/// What `f` makes of the regular expression and the text of a call.
fn with_regex(arguments: &[Scalar], f: impl FnOnce(&Regex, &str) -> Result<Scalar, Fault>) -> Result<Scalar, Fault> {
    let pattern = text(&arguments[1]);
    compiled(pattern, |regex| f(regex, text(&arguments[0]))).map_err(|why| not_a_regex(pattern, &why))?
}

/// Hands each row that counts with its regular expression and its text to `f`, until that fails or a pattern is none.
fn each_row<'a>(
    arguments: &'a [Column],
    rows: usize,
    active: Option<&BooleanBuffer>,
    mut f: impl FnMut(usize, &Regex, &'a str) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let (s, pattern) = (texts(&arguments[0], rows), texts(&arguments[1], rows));
    let mut counting = (0..rows).filter(|row| counts(active, *row));
    if arguments[1].len() == 1 {
        let all = |regex: &Regex| counting.try_for_each(|row| f(row, regex, s(row)));
        return compiled(pattern(0), all).map_err(|why| not_a_regex(pattern(0), &why))?;
    }
    counting.try_for_each(|row| {
        compiled(pattern(row), |regex| f(row, regex, s(row))).map_err(|why| not_a_regex(pattern(row), &why))?
    })
}

/// A value of no plain kind for each row that counts.
fn values(
    arguments: &[Column],
    rows: usize,
    active: Option<&BooleanBuffer>,
    f: impl Fn(&Regex, &str) -> Result<Scalar, Fault>,
) -> BatchResult {
    let (mut made, mut size) = (vec![Scalar::Null; rows], 0);
    let outcome = each_row(arguments, rows, active, |row, regex, s| {
        made[row] = f(regex, s)?;
        size += made[row].size();
        fits(size)
    });
    result(outcome, Column::Values(Values::new(made)))
}

fn result(outcome: Result<(), Fault>, column: Column) -> BatchResult {
    BatchResult { column, failed: outcome.is_err() }
}

/// How many regular expressions a thread remembers.
const REMEMBERED: usize = 64;

/// How many bytes a compiled one may take, and as many again what it learns of the texts that it meets.
const LARGEST: usize = 4 << 20;

/// Patterns and what they were compiled to.
type Compiled = HashMap<String, Result<Regex, String>>;

thread_local! {
    /// How many bytes a compiled one may take now, on this thread.
    static MOST: Cell<usize> = const { Cell::new(LARGEST) };
}

/// Does something with a regular expression, which is compiled once a thread (until too many others were). The error says
/// why it is none.
fn compiled<T>(pattern: &str, f: impl FnOnce(&Regex) -> T) -> Result<T, String> {
    thread_local! {
        static COMPILED: RefCell<HashMap<usize, Compiled>> = RefCell::default();
    }
    let most = MOST.get();
    COMPILED.with_borrow_mut(|compiled| {
        let compiled = compiled.entry(most).or_default();
        if !compiled.contains_key(pattern) {
            if compiled.len() >= REMEMBERED {
                compiled.clear();
            }
            let regex = RegexBuilder::new(pattern).size_limit(most).dfa_size_limit(most).build();
            compiled.insert(pattern.to_string(), regex.map_err(|error| why(&error)));
        }
        compiled[pattern].as_ref().map(f).map_err(String::clone)
    })
}

fn not_a_regex(pattern: &str, why: &str) -> Fault {
    Fault::new(E0604, format!("{} is not a regular expression: {why}", crate::builtins::convert::quoted(pattern)))
}

/// Why a pattern is none. Of a wrong one the last line of the library's report; the lines before it draw the pattern.
fn why(error: &regex::Error) -> String {
    if let regex::Error::CompiledTooBig(limit) = error {
        return format!("it is too large; compiled, it may take {}", in_bytes(*limit));
    }
    let text = error.to_string();
    let last = text.lines().last().unwrap_or("");
    last.strip_prefix("error: ").unwrap_or(last).trim_end_matches('.').to_string()
}
