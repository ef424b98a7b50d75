//! What every message must hold: its wording, its edits, its page, and the cases that show it.
//!
//! What a single message says stands in `tests/cases/errors` and `tests/cases/first_hour`; here are the rules for all.

use crate::cases::{Case, cases};
use crate::harness::{Config, Script};
use crate::tidy::walk;
use pipelang_lang::codes::{CODES, E0902};
use pipelang_lang::diagnostic::{Diagnostic, Edit};
use pipelang_lang::opt::RuleSet;
use pipelang_runtime::exec::Executor;
use pipelang_runtime::formats::write::OutputFormat;
use std::fs;
use std::path::Path;

/// How many cases show a code.
const WANTED_CASES: usize = 2;

/// Codes that no case can show, each with the reason and with the files whose tests do.
const SHOWN_ELSEWHERE: &[(&str, &str, &[&str])] = &[
    ("E0408", "is given with `--locked`", &["tests/commands.rs"]),
    ("E0603", "needs a host", &["tests/embedding.rs", "tests/embedding/host.rs"]),
    ("E0702", "needs a full disk", &["tests/faulty_targets/limits.rs"]),
    ("E0802", "needs somebody who interrupts", &["tests/cli.rs", "tests/embedding.rs"]),
    ("E0901", "is a bug of ours, none known", &["tests/hostile.rs", "tests/embedding/lasting.rs"]),
];

/// Pages without an example, each with the reason.
const NO_EXAMPLE: &[(&str, &str)] = &[
    ("E0211", "needs two files"),
    ("E0213", "needs two files"),
    ("E0408", "is given with `--locked`"),
    ("E0409", "needs a stdin"),
    ("E0603", "needs a host"),
    ("E0702", "needs a full disk"),
    ("E0801", "the limits are too far away for an example that can be read"),
    ("E0802", "needs somebody who interrupts"),
    ("E0901", "a bug of ours, none known"),
];

/// Pages whose example has no mended form, each with the reason.
const NOT_MENDED: &[(&str, &str)] = &[
    ("E0212", "needs a file to import"),
    ("E0311", "what holds itself is made in another way"),
    ("E0502", "the file must be mended"),
    ("E0503", "the file must be mended"),
    ("E0505", "the file must be mended"),
    ("E0507", "the file must be mended"),
    ("E0508", "the file must be mended"),
    ("E0509", "the file must be converted"),
    ("E0902", "this version does not have it"),
];

/// Cases whose edits, applied, leave an error, each with the reason.
const EDITS_THAT_LEAVE_AN_ERROR: &[(&str, &str)] =
    &[("first_hour/kql_summarize.pipe", "a result is named after its reducer, and that has another name here")];

#[test]
fn every_code_has_cases() {
    let texts: Vec<String> = walk(Path::new("tests/cases"))
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "err"))
        .map(|path| fs::read_to_string(path).expect("cases are text"))
        .collect();
    let mut faults = Vec::new();
    for info in CODES {
        let code = info.code.to_string();
        let found = texts.iter().filter(|text| text.contains(&format!("[{code}]"))).count();
        let elsewhere = SHOWN_ELSEWHERE.iter().find(|(known, ..)| *known == code);
        match elsewhere {
            None if found < WANTED_CASES => {
                faults.push(format!("{code} ({}) is shown by {found} cases under tests/cases", info.title));
            }
            Some(_) if found >= WANTED_CASES => {
                faults.push(format!("{code} has cases now: take it off SHOWN_ELSEWHERE"));
            }
            Some((_, reason, files)) if tests_with(files, &code) < WANTED_CASES => {
                faults.push(format!("{code} {reason}, but fewer than {WANTED_CASES} tests of {files:?} show it"));
            }
            None | Some(_) => {}
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// How many tests of some files name a code.
fn tests_with(files: &[&str], code: &str) -> usize {
    let tests = |file: &&str| {
        let text = fs::read_to_string(file).expect("the file is there");
        text.split("#[test]").skip(1).filter(|test| test.contains(code)).count()
    };
    files.iter().map(tests).sum()
}

#[test]
fn pages_show_their_code_and_how_to_mend_it() {
    let mut faults = Vec::new();
    for info in CODES {
        let code = info.code.to_string();
        let excused = |list: &[(&str, &str)]| list.iter().any(|(excused, _)| *excused == code);
        if info.example.is_empty() {
            if !excused(NO_EXAMPLE) {
                faults.push(format!("{code} has no example"));
            }
            continue;
        }
        let err = run_page(info.example);
        if excused(NO_EXAMPLE)
            || !err.starts_with(&format!("error[{code}]")) && !err.starts_with(&format!("warning[{code}]"))
        {
            faults.push(format!("{code}: its example gives\n{err}"));
        }
        let err = run_page(info.mended);
        if info.mended.is_empty() != excused(NOT_MENDED) || !err.is_empty() {
            faults.push(format!("{code}: its mended example gives\n{err}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What a script of a page reports; its files are those of the tests.
fn run_page(script: &str) -> String {
    let text = script.replace("read(\"", "read(\"tests/data/");
    let script =
        Script { name: "page.pipe", text: &text, format: OutputFormat::CSV, parameters: Vec::new(), stdin: None };
    let config =
        Config { executor: Executor::Auto, rules: RuleSet::all(), threads: 1, morsel_rows: None, memory: None };
    script.run(&config).err
}

#[test]
fn edits_mend_the_script() {
    let mut faults = Vec::new();
    let mut edited = 0;
    for case in cases() {
        let diagnostics = case.with_text(&case.text).diagnose();
        let name = case.path.display().to_string();
        let excused = EDITS_THAT_LEAVE_AN_ERROR.iter().any(|(path, _)| name.ends_with(path));
        let before = faults.len();
        // What is wrong in a module is mended there.
        let is_here = |one: &&Diagnostic| !one.edits.is_empty() && one.edits.iter().all(|edit| edit.span.source.0 == 0);
        let known: Vec<&Diagnostic> = diagnostics.iter().filter(is_here).collect();
        edited += known.len();
        if let [first, ..] = known.as_slice() {
            faults.extend(unmended(&case, &diagnostics, &[first]));
        }
        if known.len() > 1 {
            faults.extend(unmended(&case, &diagnostics, &known));
        }
        if excused {
            assert!(faults.len() > before, "{name} is mended now: take it off EDITS_THAT_LEAVE_AN_ERROR");
            faults.truncate(before);
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n\n"));
    assert!(edited > 100, "only {edited} errors have edits");
}

/// What is wrong with the script after the edits of `applied`; none if those errors are gone, and no others came. What
/// this version does not have yet may be what an edit leads to.
fn unmended(case: &Case, all: &[Diagnostic], applied: &[&Diagnostic]) -> Option<String> {
    let text = apply(&case.text, applied.iter().flat_map(|diagnostic| &diagnostic.edits));
    let left = case.with_text(&text).diagnose();
    let count = |list: &[Diagnostic], code| list.iter().filter(|diagnostic| diagnostic.code == code).count();
    let gone = applied.iter().all(|one| {
        let mended = applied.iter().filter(|other| other.code == one.code).count();
        count(&left, one.code) + mended <= count(all, one.code)
    });
    let rest: Vec<&Diagnostic> = left.iter().filter(|diagnostic| diagnostic.code != E0902).collect();
    if gone && (rest.is_empty() || applied.len() < all.len()) {
        return None;
    }
    let rest: Vec<String> = rest.iter().map(|one| format!("{}: {}", one.code, one.message)).collect();
    Some(format!("{}: after its edits\n{text}\n{}", case.path.display(), rest.join("\n")))
}

/// The text with edits applied; of those that overlap, the first.
fn apply<'a>(text: &str, edits: impl Iterator<Item = &'a Edit>) -> String {
    let mut edits: Vec<&Edit> = edits.collect();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let (mut out, mut at) = (String::new(), 0);
    for edit in edits {
        if edit.span.range().start >= at {
            out.push_str(&text[at..edit.span.range().start]);
            out.push_str(&edit.text);
            at = edit.span.range().end;
        }
    }
    out.push_str(&text[at..]);
    out
}

/// Words of our own trade, which no message may use.
const OUR_WORDS: &[&str] = &[
    "ast",
    "arrow",
    "rust",
    "token",
    "tokens",
    "expr",
    "parse",
    "parser",
    "lexer",
    "utf8",
    "i64",
    "f64",
    "unwrap",
    "identifier",
    "literal",
    "node",
    "schema mismatch",
];

#[test]
fn headlines_are_short_and_plain() {
    let mut faults = Vec::new();
    for path in walk(Path::new("tests/cases")) {
        if path.extension().is_none_or(|extension| extension != "err") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("cases are text");
        for line in text.lines() {
            let Some((_, headline)) = line.split_once("]: ").filter(|(kind, _)| is_kind(kind)) else { continue };
            let mut says = |what: &str| faults.push(format!("{}: {what}: {headline}", path.display()));
            // A place in a file may be of any length.
            let sentence =
                headline.split_once(": ").filter(|(place, _)| place.contains('/')).map_or(headline, |(_, rest)| rest);
            if sentence.chars().count() > 90 {
                says("longer than 90 characters");
            }
            if headline.ends_with(['.', '!']) && !headline.ends_with("..") {
                says("a full stop at its end");
            }
            if headline.starts_with(|c: char| c.is_uppercase()) && !headline.starts_with("Pipe ") {
                says("begins with a capital");
            }
            let prose = without_code(sentence);
            let mut words = prose.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
            if let Some(word) = words.find(|word| OUR_WORDS.contains(&&**word) || word == "invalid") {
                says(&format!("says `{word}`"));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

/// Whether a line begins like a headline: `error[E0101`.
fn is_kind(text: &str) -> bool {
    let digits = text.strip_prefix("error[E").or_else(|| text.strip_prefix("warning[E"));
    digits.is_some_and(|digits| digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The parts of a headline outside of backticks.
fn without_code(headline: &str) -> String {
    headline.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}
