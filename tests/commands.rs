//! The commands that look at scripts rather than run them: `pipe test`, `check`, `schema`, `functions`; and the
//! parameters of a script.

use crate::cli::{folder, path, pipe};

const TESTED: &str = r#"import "lib.pipe"
fn double(x: int) -> int { x * 2 }
test "doubling" { assert_eq(double(2), 4); assert(double(3) == 6, "doubled") }
test "rows" {
  let t = [{a: 1, b: "x"}, {a: 2, b: "y"}]
  assert_eq((t | filter a > 1), [{a: 2, b: "y"}])
  assert_eq((t | filter a > 5 | select a), [])
  assert_eq(1..2, [1.0, 2.0])
  assert_eq((t | sum a), 3.0)
  assert_eq(0.0 / 0.0, lib::not_a_number)
}
"#;

#[test]
fn tests_pass_with_every_executor() {
    let lib = "let not_a_number = 0.0 / 0.0\ntest \"of the module\" { assert(false) }\n";
    let folder = folder(&[("a.pipe", TESTED), ("lib.pipe", lib)]);
    let file = path(folder.path(), "a.pipe");
    let expected = format!("ok     {file}: doubling\nok     {file}: rows\n2 tests: 2 passed, 0 failed\n");
    for options in [vec![], vec!["--executor", "reference"], vec!["--executor", "vector"], vec!["--no-optimize"]] {
        let output = pipe(&[vec!["test", &file], options.clone()].concat());
        assert_eq!((output.exit, &*output.out, &*output.err), (Some(0), &*expected, ""), "{options:?}");
    }
    let some = pipe(&["test", &file, "--filter", "oub"]);
    assert_eq!((some.exit, some.out.lines().last()), (Some(0), Some("1 test: 1 passed, 0 failed")));
    let none = pipe(&["test", &file, "--filter", "nope"]);
    assert_eq!((none.exit, &*none.out, &*none.err), (Some(2), "", "pipe: no test has `nope` in its name\n"));
    let both = pipe(&["test", &file, &path(folder.path(), "lib.pipe")]);
    assert_eq!((both.exit, both.out.lines().last()), (Some(1), Some("3 tests: 2 passed, 1 failed")));
}

#[test]
fn failures_say_what_was_found() {
    let script = r#"let n = 3
test "message" { assert(n > 4, "so small") }
test "rows" { assert_eq([{a: 1}, {a: 2}, {a: 3}], [{a: 1}, {a: 4}]) }
test "length" { assert_eq(1..3, [1, 2]) }
test "run time" { assert_eq(1 // (n - 3), 3); assert(false) }
test "null" { assert(int?("x") == 3) }
test "fine" { assert(true) }
"#;
    let folder = folder(&[("a.pipe", script)]);
    let output = pipe(&["test", "--errors", "short", &path(folder.path(), "a.pipe")]);
    assert_eq!((output.exit, output.out.lines().last()), (Some(1), Some("6 tests: 1 passed, 5 failed")));
    for part in [
        "[E0605]: so small; 3 > 4",
        "[E0605]: these are not equal; row 2 is {\"a\":2}",
        "[E0605]: these are not equal; row 3 is 3",
        "[E0602]: cannot divide by zero: 1 // 0",
        "[E0605]: this does not hold; null == 3",
    ] {
        assert!(output.err.contains(part), "{part}: {}", output.err);
    }
    let drawn = pipe(&["test", &path(folder.path(), "a.pipe")]).err;
    assert!(drawn.contains("row 2 is {\"a\":4}") && drawn.contains("there are 2 rows"), "{drawn}");
}

#[test]
fn scripts_that_are_wrong_are_not_tested() {
    let folder = folder(&[("a.pipe", "test \"x\" { assert(y) }\n"), ("b.pipe", "test \"x\" { assert(true) }\n")]);
    let (wrong, right) = (path(folder.path(), "a.pipe"), path(folder.path(), "b.pipe"));
    let output = pipe(&["test", &wrong]);
    assert_eq!((output.exit, &*output.out), (Some(3), ""));
    assert!(output.err.contains("E0201"), "{}", output.err);
    assert_eq!(pipe(&["test", &wrong, &right]).exit, Some(3), "the other one passes");
    assert_eq!(pipe(&["test", &path(folder.path(), "c.pipe")]).exit, Some(2));
}

const REPORT: &str = r#"#!/usr/bin/env pipe
# The orders of a year.
# Sorted.

# Of which year?
param year: int
# Not before this day,
# and not on it.
param after: date = @2024-01-31
param days: int = 7 * 2
param until: date = after + days * 1d
param verbose: bool = false
param with_total: bool = true
param id: [int] = []
param name: string? = null

year
until
verbose
with_total
id | count
1..days | count
"#;

#[test]
fn parameters_have_types_and_defaults() {
    let folder = folder(&[("a.pipe", REPORT)]);
    let file = path(folder.path(), "a.pipe");
    let out = |arguments: &[&str]| {
        let output = pipe(&[&[&*file], arguments].concat());
        assert_eq!((output.exit, &*output.err), (Some(0), ""), "{arguments:?}");
        output.out.replace('\n', " ")
    };
    assert_eq!(out(&["--year", "2024"]), "2024 \"2024-02-14\" false true 0 14 ");
    let all = [
        "--year=-1_000",
        "--days",
        "1",
        "--after",
        "2024-12-31",
        "--verbose",
        "--no-with-total",
        "--id=1",
        "--id",
        "2",
    ];
    assert_eq!(out(&all), "-1000 \"2025-01-01\" true false 2 1 ");
    assert_eq!(out(&["--verbose", "true", "--year", "1", "--with_total=false"]), "1 \"2024-02-14\" true false 0 14 ");
    for (arguments, part) in [
        (vec![], "the parameter `year` has no value"),
        (vec!["--year", "12x"], "the parameter `year` wants int"),
        (vec!["--year", "12x"], "it was given \"12x\""),
        (vec!["--year", "1", "--id", "1", "--id", "b"], "the parameter `id` wants int"),
        (vec!["--year", "1", "--verbose=yes"], "the parameter `verbose` wants bool"),
        (vec!["--yaer", "1"], "did you mean `--year`?"),
        (vec!["--year"], "`--year` wants a value: int"),
        (vec!["--year", "--verbose"], "`--year` wants a value: int"),
        (vec!["2024"], "`2024` is no parameter"),
        (vec!["--year", "1", "--no-year"], "this script has no parameter `no_year`"),
    ] {
        let output = pipe(&[&[&*file], &*arguments].concat());
        assert_eq!((output.exit, &*output.out), (Some(2), ""), "{arguments:?}: {}", output.err);
        assert!(output.err.contains(part), "{arguments:?}: {}", output.err);
    }
}

#[test]
fn scripts_have_a_help() {
    let folder = folder(&[("a.pipe", REPORT), ("b.pipe", "param help: bool\nhelp\n"), ("c.pipe", "1\n")]);
    let file = path(folder.path(), "a.pipe");
    let help = pipe(&[&file, "--help"]);
    let expected = format!(
        "The orders of a year.\nSorted.\n\nUsage: pipe {file} --year <int> [parameters]\n\nParameters:\n\
         \x20 --year <int>       Of which year? [required]\n\
         \x20 --after <date>     Not before this day,\n\
         \x20                    and not on it. [default: @2024-01-31]\n\
         \x20 --days <int>       [default: 7 * 2]\n\
         \x20 --until <date>     [default: after + days * 1d]\n\
         \x20 --[no-]verbose     [default: false]\n\
         \x20 --[no-]with-total  [default: true]\n\
         \x20 --id <int> …       [default: []]\n\
         \x20 --name <string>    [default: null]\n"
    );
    assert_eq!((help.exit, &*help.out, &*help.err), (Some(0), &*expected, ""));
    assert_eq!(pipe(&[&file, "--year", "1", "-h"]).out, expected);
    assert_eq!(pipe(&[&path(folder.path(), "b.pipe"), "--help"]).out, "true\n", "its own parameter comes first");
    assert!(pipe(&[&path(folder.path(), "c.pipe"), "--help"]).out.ends_with("This script has no parameters.\n"));
}
