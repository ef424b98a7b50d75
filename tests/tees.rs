//! Files that rows are written to on their way: all of them, whole or not at all.

use crate::cli::{folder, path, pipe};
use std::fs;

/// Everything that could make a difference.
const WAYS: [&[&str]; 4] = [&[], &["--executor", "reference"], &["--no-optimize"], &["--threads", "1"]];

/// What a script shows and writes to one file, the same in all ways.
fn shown_and_written(script: impl Fn(&str) -> String) -> (String, String) {
    let mut all = WAYS.map(|options| {
        let folder = folder(&[("out.csv", "old\n")]);
        let file = path(folder.path(), "out.csv");
        let output = pipe(&[options, &["--format", "csv", "--errors", "short", "-e", &script(&file)]].concat());
        let names = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(names, 1, "a temporary file stays");
        (output.out + &output.err, fs::read_to_string(&file).expect("it is there"))
    });
    all.iter().for_each(|one| assert_eq!(*one, all[0]));
    std::mem::take(&mut all[0])
}

#[test]
fn rows_go_on_and_are_written() {
    let (shown, written) = shown_and_written(|file| {
        format!("1..4 | map {{a: it, b: it * 10}} | tee {file:?} | filter a > 2 | select b | sort -b")
    });
    assert_eq!((&*shown, &*written), ("b\n40\n30\n", "a,b\n1,10\n2,20\n3,30\n4,40\n"));
}

#[test]
fn a_stream_is_run_to_its_end() {
    let (shown, written) = shown_and_written(|file| format!("1..5 | tee {file:?} | take 2"));
    assert_eq!((&*shown, &*written), ("value\n1\n2\n", "value\n1\n2\n3\n4\n5\n"));
    let (shown, written) = shown_and_written(|file| format!("1..70_000 | tee {file:?} | take_while it < 1"));
    assert_eq!((&*shown, written.lines().count()), ("value\n", 70_001));
    let (shown, written) = shown_and_written(|file| format!("[8, 9] | union (1..3 | tee {file:?}) | take 1"));
    assert_eq!((&*shown, &*written), ("value\n8\n", "value\n1\n2\n3\n"));
    let (shown, written) = shown_and_written(|file| format!("1..3 | filter it > 5 | tee {file:?} | count"));
    assert_eq!((&*shown, &*written), ("value\n0\n", "value\n"));
}

#[test]
fn an_error_in_the_statement_leaves_the_file_that_was_there() {
    for rest in ["map 6 // (it - 3)", "sort 6 // (it - 5)", "take 1 | map 1 // (it - 1)", "assert it < 5"] {
        let (shown, written) = shown_and_written(|file| format!("1..5 | tee {file:?} | {rest}"));
        assert_eq!((shown.contains(": E06"), &*written), (true, "old\n"), "{rest}: {shown}");
    }
    // It demands all that it writes.
    let (shown, written) = shown_and_written(|file| {
        format!("1..5 | map {{a: it, b: 6 // (it - 3)}} | tee {file:?} | select a | filter a != 3")
    });
    assert_eq!((shown.contains("E0602"), &*written), (true, "old\n"), "{shown}");
    let (shown, written) =
        shown_and_written(|file| format!("let n = (1..3 | tee {file:?} | sum it)\n1..2 | map 1 // (n - 6)"));
    assert_eq!((shown.contains("E0602"), &*written), (true, "old\n"), "{shown}");
}

#[test]
fn an_error_of_a_later_statement_comes_too_late() {
    let (shown, written) = shown_and_written(|file| format!("1..2 | tee {file:?} | count\n1..2 | map 1 // (it - 1)"));
    assert_eq!((shown.contains("E0602"), &*written), (true, "value\n1\n2\n"), "{shown}");
}

#[test]
fn several_tees_and_the_value_of_a_stream() {
    let folder = folder(&[]);
    let [a, b, c] = ["a.jsonl", "b.csv.gz", "c.csv"].map(|name| path(folder.path(), name));
    let script = format!(
        "let seen = 1..3 | tee {a:?}\nlet most = (seen | max it)\nlet other = 2..9 | map {{k: it}} | tee {b:?}\n\
         seen | map {{k: it, most: most}} | join other on k | tee {c:?} | count"
    );
    for options in WAYS {
        let output = pipe(&[options, &["--format", "csv", "-e", &script]].concat());
        assert_eq!((output.exit, &*output.out, &*output.err), (Some(0), "value\n2\n", ""));
        assert_eq!(fs::read_to_string(&a).expect("it is there"), "1\n2\n3\n");
        assert_eq!(fs::read_to_string(&c).expect("it is there"), "k,most\n2,3\n3,3\n");
        assert_eq!(&*pipe(&["--format", "csv", "-e", &format!("read({b:?}) | count")]).out, "value\n8\n");
    }
}

#[test]
fn what_is_no_target_is_told() {
    let short = |script: &str| pipe(&["--errors", "short", "-e", script]).err;
    for (script, said) in [
        ("1..2 | tee \"x.nix\" | count", "E0703"),
        ("1..2 | tee 3", "E0304"),
        ("1..2 | tee", "E0305"),
        ("1.. | tee \"x.csv\" | take 3", "E0403"),
        ("1..2 | tee \"x.csv\", formt: \"csv\"", "E0206"),
        ("1..2 | filter it in ([1] | tee \"x.csv\")", "E0206"),
        ("1..2 | sum it | tee \"nowhere/x.csv\"", "E0702"),
    ] {
        assert!(short(script).contains(said), "{script}: {}", short(script));
    }
}
