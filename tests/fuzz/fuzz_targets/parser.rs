//! Texts to trees: no panic, and everything has a place in the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pipelang_lang::source::SourceId;
use pipelang_lang::syntax::{self, tree};

fuzz_target!(|text: &str| {
    let (script, diagnostics) = syntax::parse(SourceId(0), text);
    let _ = tree::script(&script);
    assert!(script.statements.iter().all(|statement| text.get(statement.span().range()).is_some()));
    for diagnostic in &diagnostics {
        let places = diagnostic.primary.iter().chain(&diagnostic.labels).map(|label| label.span);
        let edits = diagnostic.edits.iter().map(|edit| edit.span);
        for span in places.chain(edits) {
            assert!(text.get(span.range()).is_some(), "{diagnostic:?}");
        }
    }
});
