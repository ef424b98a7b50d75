//! A script that is formatted stays the same tree with the same comments, and formatting it again changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pipelang_lang::source::SourceId;
use pipelang_lang::syntax::{self, tree};

/// The tree of a script and its comments.
fn content(text: &str) -> (String, Vec<&str>) {
    let (script, _) = syntax::parse(SourceId(0), text);
    let comments = script.comments.iter().map(|span| text[span.range()].trim_end());
    (tree::script(&script), comments.collect())
}

fuzz_target!(|text: &str| {
    let Ok(once) = syntax::format(text) else { return };
    assert_eq!(content(text), content(&once), "{text}\n---\n{once}");
    assert_eq!(syntax::format(&once).as_ref(), Ok(&once), "{text}");
});
