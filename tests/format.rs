//! The formatter over everything there is: cases, examples, snippets, random programs, and each of them again with
//! comments and newlines strewn in. The tree stays the same, comments are kept, a second time changes nothing, and lines
//! are no wider than they need be. How it should look is in `tests/layouts.txt`.

use crate::harness::registry;
use crate::random::program;
use crate::snippets;
use crate::tidy::walk;
use pipelang_lang::source::SourceId;
use pipelang_lang::syntax::token::Token;
use pipelang_lang::syntax::{self, lexer, tree};
use std::fs;
use std::path::Path;

const WIDTH: usize = 100;

/// Formats a script and checks what must hold of the result.
fn checked(text: &str) -> Result<String, String> {
    let once = syntax::format(text).map_err(|errors| format!("it has errors: {errors:?}"))?;
    let fault = |what: &str| Err(format!("{what}\n--- script\n{text}\n--- formatted\n{once}\n---"));
    let (before, _) = syntax::parse(SourceId(0), text);
    let (after, errors) = syntax::parse(SourceId(0), &once);
    if let Some(error) = errors.first() {
        return fault(&format!("it has an error now: {} {}", error.code, error.message));
    }
    let (tree_before, tree_after) = (tree::script(&before), tree::script(&after));
    if tree_before != tree_after {
        return fault(&format!("another tree\n{tree_before}\n{tree_after}"));
    }
    let comments = |text: &str, script: &syntax::ast::Script| -> Vec<String> {
        script.comments.iter().map(|span| text[span.range()].trim_end().to_string()).collect()
    };
    if comments(text, &before) != comments(&once, &after) {
        return fault("other comments");
    }
    match syntax::format(&once) {
        Ok(twice) if twice == once => {}
        Ok(twice) => return fault(&format!("a second time gives\n{twice}")),
        Err(_) => return fault("it cannot be formatted again"),
    }
    match once.lines().find(|line| is_too_wide(line)) {
        Some(line) => fault(&format!("this line is too wide:\n{line}")),
        None => Ok(once),
    }
}

/// Whether a line, its comment aside, is too wide and has a place to break: more than one word outside of texts.
fn is_too_wide(line: &str) -> bool {
    let lexed = lexer::lex(SourceId(0), line);
    let code = lexed.comments.first().map_or(line, |comment| line[..comment.start as usize].trim_end());
    if code.chars().count() <= WIDTH {
        return false;
    }
    let longest = lexed.tokens.iter().map(|(_, span)| span.range().len()).max().unwrap_or(0);
    let is_text = lexed.tokens.iter().any(|(token, _)| matches!(token, Token::FormatStart));
    !is_text && longest < 40
}

struct Script {
    name: String,
    text: String,
}

/// All scripts of the repository without errors of syntax.
fn scripts() -> Vec<Script> {
    let files = ["tests/cases", "tests/plans", "examples"].into_iter().flat_map(|folder| walk(Path::new(folder)));
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "pipe"));
    let mut scripts: Vec<Script> = files
        .map(|path| Script { name: path.display().to_string(), text: fs::read_to_string(&path).expect("text") })
        .collect();
    scripts.extend(snippets::all("tests/snippets.txt").into_iter().map(|(name, text)| Script { name, text }));
    scripts.retain(|script| syntax::parse(SourceId(0), &script.text).1.is_empty());
    scripts
}

/// A cheap sequence of numbers.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// The script with comments and newlines strewn between its tokens, where they leave it the same.
fn strewn(text: &str, seed: u64) -> Option<String> {
    let mut dice = Dice(seed * 2 + 0x9e37_79b9_7f4a_7c15);
    let often = 2 + dice.below(12);
    let mut out = String::new();
    let (mut end, mut in_text, mut number) = (0, 0, 0);
    let (script, _) = syntax::parse(SourceId(0), text);
    let tree = tree::script(&script);
    for (token, span) in lexer::lex(SourceId(0), text).tokens {
        out.push_str(&text[end..span.start as usize]);
        end = span.start as usize;
        in_text -= i32::from(token == Token::FormatEnd);
        if in_text == 0 && dice.below(often) == 0 {
            let before = out.len();
            number += 1;
            out.push_str(match dice.below(4) {
                0 => "\n",
                1 => "\n\n",
                2 => " # beside\n",
                _ => "\n  # above\n",
            });
            // Most places take no newline.
            let with = format!("{out}{}", &text[end..]);
            let (script, errors) = syntax::parse(SourceId(0), &with);
            if !errors.is_empty() || tree::script(&script) != tree {
                out.truncate(before);
                number -= 1;
            }
        }
        in_text += i32::from(token == Token::FormatStart);
    }
    out.push_str(&text[end..]);
    (number > 0).then_some(out)
}

#[track_caller]
fn none(faults: Vec<String>) {
    let shown: Vec<&String> = faults.iter().take(3).collect();
    assert!(faults.is_empty(), "{} faults, of which\n{}", faults.len(), shown.into_iter().cloned().collect::<String>());
}

#[test]
fn scripts_stay_the_same() {
    let faults = scripts().into_iter().filter_map(|script| {
        let fault = checked(&script.text).err()?;
        Some(format!("{}: {fault}\n", script.name))
    });
    none(faults.collect());
}

#[test]
fn scripts_with_comments_anywhere_stay_the_same() {
    let mut faults = Vec::new();
    let mut comments = 0;
    for script in scripts().iter().filter(|script| script.text.len() < 3_000) {
        for seed in 0..20 {
            let Some(text) = strewn(&script.text, seed) else { continue };
            comments += text.matches('#').count() - script.text.matches('#').count();
            let fault = checked(&text).err();
            faults.extend(fault.map(|fault| format!("{} with seed {seed}: {fault}\n", script.name)));
        }
    }
    none(faults);
    assert!(comments > 5_000, "only {comments} comments were strewn");
}

#[test]
fn random_programs_stay_the_same() {
    let count = std::env::var("FORMAT_COUNT").ok().and_then(|count| count.parse().ok()).unwrap_or(10_000);
    let check = |seed: u64| {
        let text = program::program(seed, &registry().catalog).script(".");
        let text = if seed.is_multiple_of(50) { strewn(&text, seed).unwrap_or(text) } else { text };
        Some(format!("program {seed}: {}\n", checked(&text).err()?))
    };
    let faults = std::thread::scope(|scope| {
        let halves =
            [0, 1].map(|half| scope.spawn(move || (half..count).step_by(2).filter_map(check).collect::<Vec<_>>()));
        halves.map(|half| half.join().expect("no check panics")).concat()
    });
    none(faults);
}

#[test]
fn layouts_are_as_they_were() {
    let layout = |text: &str| match checked(text) {
        Ok(formatted) => formatted,
        Err(fault) => panic!("{fault}"),
    };
    snippets::hold("tests/layouts.txt", layout);
}

/// Scripts with errors are not touched.
#[test]
fn errors_are_told_instead() {
    for text in ["let = 1", "xs | take 3 4", "(", "f(x"] {
        assert!(syntax::format(text).is_err(), "{text}");
    }
}
