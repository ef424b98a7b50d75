//! Parquet files against what DuckDB finds in them: `tests/data/columnar/make.py` asks it, its answers are committed.
//! And what is written against what was read.

use crate::cli::{folder, path, pipe};
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

/// What a script shows, as JSON lines.
fn shown(script: &str) -> String {
    let output = pipe(&["--format", "jsonl", "-e", script]);
    assert_eq!(output.err, "", "{script}");
    output.out
}

#[test]
fn written_files_read_back() {
    let folder = folder(&[]);
    for from in ["flat", "nested", "long"] {
        let read = format!("read(\"tests/data/columnar/{from}.parquet\")");
        let expected = shown(&read);
        for (name, options) in [
            ("a.parquet", ""),
            ("b.parquet", ", compression: \"snappy\""),
            ("c.parquet", ", compression: \"none\""),
            ("d.arrow", ""),
            ("e.arrow", ", compression: \"zstd\""),
            ("f.arrows", ", compression: \"lz4\""),
            ("g.feather", ""),
            ("h", ", format: \"parquet\""),
        ] {
            let file = path(folder.path(), name);
            shown(&format!("{read} | write {file:?}{options}"));
            let format = if name == "h" { ", format: \"parquet\"" } else { "" };
            assert_eq!(shown(&format!("read({file:?}{format})")), expected, "{from} as {name}");
        }
    }
}

#[test]
fn orders_are_enriched() {
    let folder = folder(&[
        ("orders.csv", "order,customer_id,amount\n1,7,2.5\n2,9,1.0\n3,8,4.0\n"),
        ("customers.csv", "id,segment\n7,gold\n8,\n"),
    ]);
    let [orders, customers, enriched] =
        ["orders.csv", "customers.csv", "enriched.parquet"].map(|name| path(folder.path(), name));
    let script = format!(
        "let orders = read({orders:?})\nlet customers = read({customers:?})\n\
         orders | left_join customers on customer_id == id, unique: true | derive segment = segment ?? \"unknown\" \
         | write {enriched:?}"
    );
    for options in [&[][..], &["--executor", "reference"], &["--threads", "1"], &["--morsel-rows", "1"]] {
        let output = pipe(&[options, &["-e", &script]].concat());
        assert_eq!((output.exit, &*output.out, &*output.err), (Some(0), "", ""));
        assert_eq!(
            shown(&format!("read({enriched:?}) | select order, segment")),
            "{\"order\":1,\"segment\":\"gold\"}\n{\"order\":2,\"segment\":\"unknown\"}\n\
             {\"order\":3,\"segment\":\"unknown\"}\n"
        );
    }
    let types = pipe(&["schema", &enriched]).out;
    assert!(types.contains("segment: string,") || types.contains("segment: string}"), "{types}");
}

#[test]
fn a_file_of_columns_is_whole_or_not_at_all() {
    let folder = folder(&[("a.parquet", "old")]);
    let file = path(folder.path(), "a.parquet");
    let failed = pipe(&["-e", &format!("1..100000 | map 6 // (it - 99999) | write {file:?}")]);
    assert_eq!((failed.exit, failed.err.contains("E0602")), (Some(4), true), "{}", failed.err);
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "old");
    let empty = pipe(&["-e", &format!("[{{a: {{}}}}] | write {file:?}")]);
    assert!(empty.err.contains("`a` holds a record without fields"), "{}", empty.err);
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "old");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    let teed = pipe(&["--format", "csv", "-e", &format!("1..5 | map {{a: it}} | tee {file:?} | sum a")]);
    assert_eq!((&*teed.out, &*teed.err), ("value\n15\n", ""));
    assert_eq!(shown(&format!("read({file:?}) | sum a")), "15\n");
}

#[test]
fn columns_go_to_the_output() {
    let folder = folder(&[]);
    for (format, name) in [("parquet", "a.parquet"), ("arrow", "a.arrow")] {
        let file = path(folder.path(), name);
        let run = |script: &str| {
            let program = std::process::Command::new(env!("CARGO_BIN_EXE_pipe"))
                .args(["--format", format, "-e", script])
                .output()
                .expect("the program can be started");
            fs::write(&file, &program.stdout).expect("it is ours");
            String::from_utf8_lossy(&program.stderr).into_owned()
        };
        assert_eq!(run("1..5 | map {a: it, s: f\"x{it}\"} | filter a > 3"), "");
        assert_eq!(shown(&format!("read({file:?})")), "{\"a\":4,\"s\":\"x4\"}\n{\"a\":5,\"s\":\"x5\"}\n");
        // What comes before an error can be read.
        assert!(run("1..5 | map 6 // (it - 3)").contains("E0602"));
        assert_eq!(shown(&format!("read({file:?}) | select value")), "{\"value\":-3}\n{\"value\":-6}\n");
        assert!(run("1\n2").contains("the script shows 2 results"));
    }
}

/// Columns that a filter does not look at are read behind it, of few rows alone if few pass, and nobody sees that.
#[test]
fn filters_are_asked_before_the_rest_is_read() {
    let folder = folder(&[]);
    let many = path(folder.path(), "many.parquet");
    shown(&format!(
        "1..20_000 | select id = it, key = it % 100, x = float(it) / 3.0, text = f\"a text of row {{it}}\",
            odd = if it % 3 == 0 {{ null }} else {{ it * 7 }}, list = if it % 5 == 0 {{ [] }} else {{ [it, null, it % 7] }},
            record = {{a: it, b: [f\"{{it}}\"]}}, day = @2024-01-01 + 1d * (it % 400) | write {many:?}"
    ));
    let (misfits, patterns) = ("tests/data/columnar/misfits.parquet", path(folder.path(), "m*.parquet"));
    for (file, stages, fails) in [
        (&*many, "filter id == 19_999", false),
        (&*many, "filter key == 7 and x > 100.0", false),
        (&*many, "filter id in 5000..5300 | select list, record, text", false),
        (&*many, "filter odd == null | derive more = x * 2.0 | filter more > 13_000.0", false),
        (&*many, "filter list.len() == 0 | select id, record, day", false),
        (&*many, "filter day == @2024-03-01 | select text, again = day, list | sort text", false),
        (&*many, "filter key < 50 | select id, text | skip 100 | take 1000", false),
        (&*many, "filter key == 1 | aggregate n = count(), last = last(text) by odd = odd == null", false),
        (&*many, "filter id > 20_000", false),
        (&*many, "filter record.a == 4321", false),
        (&*many, "filter key == 99 | select n = 1 // (id - 12_399), text", true),
        (&*many, "filter 1 // (id - 15_000) == 0 and key == 3 | select text", true),
        (&*many, "filter key == 99 | assert id < 12_000 | select text", true),
        (&*patterns, "filter id == 4 | select text, day", false),
        (misfits, "filter id == 1", false),
        (misfits, "filter id == 2 | select ns", true),
        (misfits, "filter id < 3 | select id, u", false),
        (misfits, "filter u > 0 | select id", true),
    ] {
        let read = match file.contains('*') {
            true => format!("read({file:?}, with_file: true)"),
            false => format!("read({file:?})"),
        };
        let run = |options: &[&str]| {
            let output = pipe(&[options, &["--format", "jsonl", "-e", &format!("{read} | {stages}")]].concat());
            (output.out, output.err)
        };
        let expected = run(&["--executor", "reference"]);
        assert_eq!(!expected.1.is_empty(), fails, "{stages}: {}", expected.1);
        for options in [
            &["--executor", "vector", "--threads", "1"][..],
            &["--executor", "vector", "--threads", "4", "--morsel-rows", "300"],
            &["--executor", "jit", "--threads", "4", "--no-optimize"],
            &["--executor", "jit", "--threads", "1", "--morsel-rows", "3000"],
        ] {
            assert_eq!(run(options), expected, "{stages} {options:?}");
        }
    }
}
