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
  assert_eq("a,b".split(","), ["a", "b"])
  assert_eq([{a: 2}], (t | filter a > 1 | select a | list it))
  assert_eq([2, 1, 2].distinct(), (t | map 3 - a | sort -it))
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
fn lists_are_compared_with_rows() {
    for (equation, told) in [
        ("f(2), [2, 3]", "row 2 is 3"),
        ("f(2), []", "there are 0 rows"),
        ("(1..1), f(2)", "this is [2]"),
        ("[{a: f(1)}], (1..1 | map {a: [it + 1]} | list it)", r#"row 1 is {"a":[1]}"#),
        ("f(2), [\"2\"]", "this is stream<string>"),
    ] {
        let text = format!("fn f(n: int) -> [int] {{ [n] }}\ntest \"t\" {{ assert_eq({equation}) }}\n");
        let folder = folder(&[("a.pipe", &text)]);
        let output = pipe(&["test", &path(folder.path(), "a.pipe")]);
        assert!(output.exit != Some(0) && output.err.contains(told), "{}", output.err);
    }
}

#[test]
fn tests_and_explanations_take_parameters() {
    let folder = folder(&[("a.pipe", "param n: int\n1..n | count\ntest \"n\" { assert(n == 7) }\n")]);
    let file = path(folder.path(), "a.pipe");
    let passed = format!("ok     {file}: n\n1 test: 1 passed, 0 failed\n");
    let output = pipe(&["test", &file, "--", "--n", "7"]);
    assert_eq!((output.exit, &*output.out, &*output.err), (Some(0), &*passed, ""));
    assert_eq!(pipe(&["test", &file, "--", "--n=8"]).exit, Some(1));
    let missing = pipe(&["test", &file]);
    assert_eq!(missing.exit, Some(2), "it has no value");
    assert!(missing.err.contains("give it one: `-- --"), "{}", missing.err);
    assert_eq!(pipe(&["test", &file, "--", "7"]).exit, Some(2));
    let output = pipe(&["explain", &file, "--", "--n", "41"]);
    assert!(output.exit == Some(0) && output.out.contains("range value = 1..41"), "{}", output.out);
    let help = pipe(&["explain", &file, "--", "--help"]);
    assert!(help.exit == Some(0) && help.out.contains("--n <int>"), "{}", help.out);
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
        " E0605: so small; 3 > 4",
        " E0605: these are not equal; row 2 is {\"a\":2}",
        " E0605: these are not equal; row 3 is 3",
        " E0602: cannot divide by zero: 1 // 0",
        " E0605: this does not hold; null == 3",
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
         \x20 --id <int> …       [default: []] [once for each value]\n\
         \x20 --name <string>    [default: null]\n"
    );
    assert_eq!((help.exit, &*help.out, &*help.err), (Some(0), &*expected, ""));
    assert_eq!(pipe(&[&file, "--year", "1", "-h"]).out, expected);
    assert_eq!(pipe(&[&path(folder.path(), "b.pipe"), "--help"]).out, "true\n", "its own parameter comes first");
    assert!(pipe(&[&path(folder.path(), "c.pipe"), "--help"]).out.ends_with("This script has no parameters.\n"));
}

#[test]
fn check_needs_no_values_and_shows_columns() {
    let script = "param file: string\nparam least: int\nlet orders = read(\"tests/data/orders.csv\")\n\
                  orders | filter qty > least | aggregate n = count() by region | sort -n\n\
                  read(file) | filter anything == least | take least\n1..least | count\n";
    let folder = folder(&[("a.pipe", script), ("b.pipe", "param n: int\n1..5 | take n | filter it == \"a\"\n")]);
    let (right, wrong) = (path(folder.path(), "a.pipe"), path(folder.path(), "b.pipe"));
    let output = pipe(&["check", &right]);
    assert_eq!((output.exit, &*output.out, &*output.err), (Some(0), "", ""));
    let output = pipe(&["check", "--schema", &right]);
    let lines: Vec<&str> = output.out.lines().map(|line| line.strip_prefix(&*right).expect("the file")).collect();
    let expected = [
        ":3:14: read: id: int?, customer: int?, region: string?, qty: int?, price: float?, day: date?",
        ":4:10: filter: id: int?, customer: int?, region: string?, qty: int?, price: float?, day: date?",
        ":4:31: aggregate: region: string?, n: int",
        ":4:65: sort: region: string?, n: int",
        ":5:1: read: not known",
        ":5:14: filter: not known",
        ":5:41: take: not known",
        ":6:12: count: int",
    ];
    assert_eq!((output.exit, lines, &*output.err), (Some(0), expected.to_vec(), ""));
    let output = pipe(&["check", "--errors", "short", &right, &wrong]);
    assert_eq!(output.exit, Some(3));
    assert!(output.err.starts_with(&format!("{wrong}:2:24: E0301: cannot compare ")), "{}", output.err);
    assert_eq!(pipe(&["check", "-e", "1..5 | count"]).exit, Some(0));
    assert_eq!(pipe(&["check", "-e", "read(\"missing.csv\")"]).exit, Some(3));
    assert_eq!(pipe(&["check", &path(folder.path(), "c.pipe")]).exit, Some(2));
}

#[test]
fn locked_scripts_declare_their_columns() {
    let read = |options: &str| format!("read(\"tests/data/orders.csv\"{options}) | count");
    let inferred = pipe(&["check", "--locked", "--errors", "json", "-e", &read("")]);
    assert_eq!(inferred.exit, Some(3));
    let error: serde_json::Value = serde_json::from_str(&inferred.err).expect("JSON");
    assert_eq!(error["code"], "E0408");
    let edit = &error["edits"][0];
    let mut mended = read("");
    mended.insert_str(edit["start"].as_u64().expect("a place") as usize, edit["text"].as_str().expect("a text"));
    assert_eq!(pipe(&["check", "--locked", "-e", &mended]).exit, Some(0), "{mended}");
    assert_eq!(pipe(&["--locked", "-e", &mended]).out, pipe(&["-e", &read("")]).out);
    let open = pipe(&["--locked", "-e", &read(", schema: {qty: int, ..}")]);
    assert_eq!(open.exit, Some(3));
    assert!(open.err.contains("E0408") && open.err.contains("leaves the others open"), "{}", open.err);
}

#[test]
fn a_declaration_goes_into_the_call_wherever_the_path_stands() {
    for options in ["", "delimiter: \",\""] {
        let script = format!("\"tests/data/orders.csv\".read({options}) | count");
        let inferred = pipe(&["check", "--locked", "--errors", "json", "-e", &script]);
        let error: serde_json::Value = serde_json::from_str(&inferred.err).expect("JSON");
        assert_eq!(error["code"], "E0408");
        let edit = &error["edits"][0];
        let mut mended = script.clone();
        mended.insert_str(edit["start"].as_u64().expect("a place") as usize, edit["text"].as_str().expect("a text"));
        assert_eq!(pipe(&["check", "--locked", "-e", &mended]).exit, Some(0), "{mended}");
    }
}

#[test]
fn schemas_are_types_to_paste() {
    let orders = pipe(&["schema", "tests/data/orders.csv"]);
    let expected = "type Orders = {id: int?, customer: int?, region: string?, qty: int?, price: float?, day: date?}\n";
    assert_eq!((orders.exit, &*orders.out, &*orders.err), (Some(0), expected, ""));
    let named = pipe(&["schema", "tests/data/people.csv", "--name", "Person"]).out;
    assert!(named.starts_with("type Person = {\n  id: int?,\n"), "{named}");
    let script = format!("{named}read(\"tests/data/people.csv\", schema: Person) | count");
    assert_eq!(pipe(&["--locked", "-e", &script]).exit, Some(0));
    assert_eq!(pipe(&["schema", "tests/data/none.csv"]).exit, Some(2));
}

#[test]
fn functions_are_listed_by_group_and_name() {
    let all = pipe(&["functions"]).out;
    for part in ["\nmath\n  abs(", "\nreducers\n", "\nstages\n", "  filter condition "] {
        assert!(all.contains(part), "{part}: {all}");
    }
    let group = pipe(&["functions", "stages"]).out;
    assert!(group.starts_with("  aggregate ") && !group.contains("abs("), "{group}");
    let one = pipe(&["functions", "round"]);
    assert!(one.out.starts_with("round(x: number") && one.out.contains("\n  round(2.5) "), "{}", one.out);
    assert!(one.out.contains("# 3.0\n"), "{}", one.out);
    let window = pipe(&["functions", "window"]).out;
    assert!(window.starts_with("window name = ") && window.contains("\n  rows:  The rows of the frame"), "{window}");
    assert!(window.contains("\n  lag(value, n: 1) "), "{window}");
    let read = pipe(&["functions", "read"]).out;
    assert!(read.contains("\n  delimiter:") && read.contains("\n  on_error:"), "{read}");
    let names = pipe(&["functions", "--names"]).out;
    let mut sorted: Vec<&str> = names.lines().collect();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(names.lines().collect::<Vec<_>>(), sorted);
    assert!(sorted.contains(&"int?") && sorted.contains(&"sum") && sorted.contains(&"filter"), "{names}");
    let none = pipe(&["functions", "rounds"]);
    assert_eq!((none.exit, &*none.out), (Some(2), ""));
    assert!(none.err.contains("did you mean `round`?"), "{}", none.err);
}

#[test]
fn kernels_compute_what_is_the_same_once() {
    let folder = folder(&[(
        "script.pipe",
        "1..9 | derive y = it * 7 | select a = y % 3 + len(string(y)), b = y % 3, c = len(string(value * 7)) | filter b > 0",
    )]);
    let output = pipe(&["explain", "--phase", "kernel", &path(folder.path(), "script.pipe")]);
    let kernel = output.out.split("\n\n").next().expect("there is a kernel");
    for operation in ["int.multiply", "int.modulo", "int.add"] {
        assert_eq!(kernel.matches(operation).count(), 1, "{operation} in {kernel}");
    }
    assert_eq!(kernel.matches("= call").count(), 2, "{kernel}");
}

/// The options of a command, long ones without what behind them stands.
fn options(command: &[&str]) -> Vec<String> {
    let help = pipe(&[command, &["--help"]].concat()).out;
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let words = lines.flat_map(|line| line.split([' ', ',']).filter(|word| word.starts_with("--")));
    words.map(str::to_string).collect()
}

#[test]
fn the_page_of_the_command_line_has_all_commands_and_options() {
    let page = include_str!("../docs/reference/command-line.md");
    let help = pipe(&["--help"]).out;
    let list =
        help.split_once("Commands:\n").and_then(|(_, rest)| rest.split_once("\n\n")).expect("there are commands").0;
    let commands: Vec<&str> = list
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.contains(&"completions") && commands.len() > 9, "{commands:?}");
    let mut known: Vec<String> = options(&[]);
    for command in commands {
        let in_page = [format!("| `{command} "), format!("| `{command}`")].iter().any(|start| page.contains(start));
        assert!(in_page, "the page has no command `{command}`");
        if command != "help" {
            known.extend(options(&[command]));
        }
    }
    for option in &known {
        assert!(page.contains(&format!("`{option}")), "the page has no option `{option}`");
    }
    let told = page
        .lines()
        .filter(|line| line.starts_with('|'))
        .flat_map(|line| line.split(['`', ' ']))
        .filter(|word| word.starts_with("--") && word.len() > 2);
    for word in told {
        let is_known = ["--help", "--version", "--name"].contains(&word) || known.iter().any(|option| option == word);
        assert!(is_known, "there is no option `{word}`");
    }
}
