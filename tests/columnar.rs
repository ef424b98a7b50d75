//! Parquet files against what DuckDB finds in them: `tests/data/columnar/make.py` asks it, its answers are committed.

use crate::cli::pipe;
use serde_json::Value;
use std::fs;
use std::path::Path;

#[test]
fn files_hold_what_duckdb_finds_in_them() {
    let mut files = 0;
    for entry in fs::read_dir("tests/data/columnar").expect("a folder").flatten() {
        let answer = entry.path();
        if answer.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        let file = answer.with_extension("parquet");
        let script = format!("read({:?})", file.display().to_string());
        for options in [&[][..], &["--morsel-rows", "7"], &["--executor", "reference"]] {
            let output = pipe(&[options, &["--format", "jsonl", "-e", &script]].concat());
            assert_eq!(output.err, "", "{}", file.display());
            compare(&file, &output.out, &fs::read_to_string(&answer).expect("answers are text"));
        }
        files += 1;
    }
    assert!(files >= 12, "{files} files were compared");
}

/// Values of JSON, not spellings: `1e+308` is `1e308`, and the order of the columns is compared too.
fn compare(file: &Path, found: &str, expected: &str) {
    let rows = |text: &str| -> Vec<Value> {
        text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
    };
    let (found, expected) = (rows(found), rows(expected));
    assert_eq!(found.len(), expected.len(), "{}", file.display());
    for (row, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert_eq!(found, expected, "{}, row {}", file.display(), row + 1);
    }
}
