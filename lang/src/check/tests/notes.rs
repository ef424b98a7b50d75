//! What a check notes for editors: the rows around every stage, what expressions are, what is in sight at a place.

use super::{Weather, catalog};
use crate::check::{Meaning, Notes, Parameters, Place, notes};
use crate::modules;
use crate::source::{SourceId, SourceMap, Span};

/// The notes of a text; `at` is watched.
fn noted(text: &str, at: Option<&str>) -> (SourceMap, Notes) {
    let mut sources = SourceMap::default();
    let (modules, _) = modules::load(&mut sources, "test", text, &Weather);
    let watched = at.map(|at| {
        let start = text.find(at).expect("the watched name is in the text");
        Span::new(SourceId(0), start, start + at.len())
    });
    let notes = notes(&modules, &catalog(), &Weather, &Parameters::default(), watched);
    (sources, notes)
}

#[test]
fn stages_have_the_rows_that_come_in_and_go_out() {
    let text = "sales | derive twice = qty * 2 | select sku, twice | filter nope > 1 | count";
    let (sources, notes) = noted(text, None);
    let line = |note: &crate::check::StageNote| {
        let output = note.output.as_ref().map_or("?".to_string(), Meaning::to_string);
        format!("{}: {} -> {output}", sources.snippet(note.name), note.input)
    };
    let lines: Vec<String> = notes.stages.iter().map(line).collect();
    let expected = [
        "derive: stream<{sku: string, qty: int, note: string?}> \
         -> stream<{sku: string, qty: int, note: string?, twice: int}>",
        "select: stream<{sku: string, qty: int, note: string?, twice: int}> -> stream<{sku: string, twice: int}>",
        "filter: stream<{sku: string, twice: int}> -> stream<{sku: string, twice: int}>",
        "count: stream<{sku: string, twice: int}> -> int",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn what_is_in_sight_at_a_place() {
    let columns = |notes: &Notes| -> Vec<String> {
        let row = notes.sight.as_ref().and_then(|sight| sight.row.as_ref());
        row.map_or(Vec::new(), |row| row.schema.fields.iter().map(|field| field.name.to_string()).collect())
    };
    for text in [
        "let least = 3\nsales | select sku, qty | filter qty > HERE",
        "let least = 3\nsales | select sku, qty | drop HERE",
        "let least = 3\nsales | select sku, qty | no_such_stage a, HERE",
        "let least = 3\nsales | select sku, qty | derive x = (, HERE",
        "let least = 3\nsales | select sku, qty | aggregate n = count(), HERE by sku",
        "let least = 3\nfn f(xs: stream<{sku: string, qty: int}>) { xs | filter HERE > 1 }",
        "let least = 3\nsales | select sku, qty | HERE",
    ] {
        let (_, notes) = noted(text, Some("HERE"));
        assert_eq!(columns(&notes), ["sku", "qty"], "{text}");
        let sight = notes.sight.expect("the place was reached");
        assert!(sight.names.iter().any(|(name, _)| &**name == "least"), "{text}");
        assert_eq!(sight.place == Place::Stage, text.ends_with("| HERE"), "{text}");
    }
    let (_, notes) = noted("sales | filter sku.HERE", Some("HERE"));
    let sight = notes.sight.expect("the place was reached");
    assert!(matches!(sight.place, Place::Member(Some(what)) if what.to_string() == "string"));
}
