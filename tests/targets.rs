//! Files that scripts write: whole or not at all, by name and format, and only where the host allows it.

use crate::cli::{folder, path, pipe};
use pipelang::{Engine, Parameters};
use std::fs;

#[test]
fn rows_go_to_files_and_are_not_shown() {
    let folder = folder(&[]);
    let (csv, jsonl) = (path(folder.path(), "out.csv"), path(folder.path(), "rows.ndjson"));
    let script = format!(
        "let t = 1..3 | map {{a: it, s: f\"x{{it}}\"}}\nt | write {csv:?}\n1..2\nt | select a | write {jsonl:?}\n2..2"
    );
    for options in [vec![], vec!["--executor", "reference"], vec!["--no-optimize"], vec!["--threads", "1"]] {
        let output = pipe(&[options, vec!["--format", "csv", "-e", &script]].concat());
        assert_eq!((output.exit, &*output.out, &*output.err), (Some(0), "value\n1\n2\n\nvalue\n2\n", ""));
        assert_eq!(fs::read_to_string(&csv).expect("it is there"), "a,s\n1,x1\n2,x2\n3,x3\n");
        assert_eq!(fs::read_to_string(&jsonl).expect("it is there"), "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n");
    }
    let back = pipe(&["--format", "csv", "-e", &format!("read({csv:?}) | filter a > 1 | sum a")]);
    assert_eq!(&*back.out, "value\n5\n");
}

#[test]
fn a_pivot_is_written_with_the_columns_that_it_turns_out_to_have() {
    let folder = folder(&[]);
    let file = path(folder.path(), "out.jsonl");
    let script = format!("1..4 | pivot sum(it), key: it % 2 by small = it < 3 | write {file:?}");
    for executor in ["vector", "reference"] {
        assert_eq!(pipe(&["--executor", executor, "-e", &script]).exit, Some(0));
        let rows = "{\"small\":true,\"1\":1,\"0\":2}\n{\"small\":false,\"1\":3,\"0\":4}\n";
        assert_eq!(fs::read_to_string(&file).expect("it is there"), rows);
    }
}

#[test]
fn compressed_files_read_back() {
    let folder = folder(&[]);
    for name in ["out.csv.gz", "out.jsonl.gz", "out.tsv.zst", "out.json.zst"] {
        let file = path(folder.path(), name);
        let script = format!("1..100000 | map {{a: it}} | write {file:?}");
        assert_eq!(pipe(&["-e", &script]).exit, Some(0), "{name}");
        let back = pipe(&["--format", "csv", "-e", &format!("read({file:?}) | sum a")]);
        assert_eq!(&*back.out, "value\n5000050000\n", "{name}");
    }
}

#[test]
fn formats_of_text() {
    let folder = folder(&[]);
    let rows = "[{a: 1, s: \"x|y\\tz\"}, {a: null, s: \"\"}]";
    for (name, text) in [
        ("out.tsv", "a\ts\n1\t\"x|y\tz\"\n\t\"\"\n"),
        ("out.json", "[\n{\"a\":1,\"s\":\"x|y\\tz\"},\n{\"a\":null,\"s\":\"\"}\n]\n"),
        ("out.md", "| a | s |\n| ---: | --- |\n| 1 | x\\|y\tz |\n|  |  |\n"),
        ("out.txt", "1\tx|y\tz\n\t\n"),
    ] {
        let file = path(folder.path(), name);
        for options in [vec![], vec!["--executor", "reference"], vec!["--morsel-rows", "1"]] {
            let output = pipe(&[options, vec!["-e", &format!("{rows} | write {file:?}")]].concat());
            assert_eq!((output.exit, &*output.err), (Some(0), ""), "{name}");
            assert_eq!(fs::read_to_string(&file).expect("it is there"), text, "{name}");
        }
        let output = pipe(&["-o", &file, "-e", &format!("{rows} | tee {file:?}")]);
        assert_eq!((output.exit, &*output.out, &*output.err), (Some(0), "", ""), "{name}");
        assert_eq!(fs::read_to_string(&file).expect("it is there"), text, "{name}");
    }
}

#[test]
fn results_go_to_the_file_that_the_command_line_names() {
    let folder = folder(&[("out.csv", "old\n"), ("plain", "old\n")]);
    let file = path(folder.path(), "out.csv");
    assert_eq!(pipe(&["-o", &file, "-e", "1..2\n3..3"]).exit, Some(0));
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "value\n1\n2\n\nvalue\n3\n");
    let failed = pipe(&["-o", &file, "-e", "1..2 | map 1 // (it - 2)"]);
    assert_eq!((failed.exit, &*failed.out), (Some(4), ""), "{}", failed.err);
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "value\n1\n2\n\nvalue\n3\n");
    let plain = path(folder.path(), "plain");
    let unknown = pipe(&["-o", &plain, "-e", "1"]);
    assert!(unknown.exit == Some(2) && unknown.err.contains("--format csv"), "{}", unknown.err);
    assert_eq!(pipe(&["-o", &plain, "--format", "text", "-e", "\"a b\""]).exit, Some(0));
    assert_eq!(fs::read_to_string(&plain).expect("it is there"), "a b\n");
}

#[test]
fn an_error_leaves_the_file_that_was_there() {
    let folder = folder(&[("out.csv", "old\n1\n")]);
    let file = path(folder.path(), "out.csv");
    let output = pipe(&["-e", &format!("1..100000 | map 6 // (it - 99999) | write {file:?}")]);
    assert_eq!((output.exit, output.err.contains("E0602")), (Some(4), true), "{}", output.err);
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "old\n1\n");
    let names: Vec<_> = fs::read_dir(folder.path()).expect("a folder").flatten().map(|e| e.file_name()).collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[cfg(unix)]
#[test]
fn the_mode_and_the_link_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = folder(&[("real.csv", "old\n")]);
    let (real, link) = (path(folder.path(), "real.csv"), path(folder.path(), "link.csv"));
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("it is ours");
    symlink(&real, &link).expect("a link");
    assert_eq!(pipe(&["-e", &format!("1..2 | write {link:?}")]).exit, Some(0));
    assert_eq!(fs::read_to_string(&real).expect("it is there"), "value\n1\n2\n");
    assert_eq!(fs::metadata(&real).expect("it is there").permissions().mode() & 0o777, 0o640);
    assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
}

#[cfg(target_os = "linux")]
#[test]
fn devices_are_written_as_rows_come() {
    let output = pipe(&["-e", "1..3 | write \"/dev/stdout\", format: \"csv\""]);
    assert_eq!((output.exit, &*output.out), (Some(0), "value\n1\n2\n3\n"));
    let full = pipe(&["-e", "1..3 | write \"/dev/full\", format: \"csv\""]);
    assert_eq!((full.exit, full.err.contains("E0702")), (Some(2), true), "{}", full.err);
}

#[test]
fn a_host_grants_files_for_writing() {
    let folder = folder(&[]);
    let file = path(folder.path(), "out.csv");
    let script = format!("1..2 | write {file:?}");
    let compile = |engine: Engine| engine.script("a.pipe", &script, &Parameters::default()).map(|_| ());
    let refused = compile(Engine::builder().grant(pipelang::fs::read_everything()).build().unwrap());
    assert!(refused.expect_err("no grant").to_string().contains("E0405"));
    compile(Engine::builder().grant(pipelang::fs::write_below(folder.path())).build().unwrap()).expect("a grant");
    assert!(!fs::exists(&file).expect("a folder"), "compiling writes nothing");
}

#[test]
fn what_is_no_target_is_told() {
    let short = |script: &str| pipe(&["--errors", "short", "-e", script]).err;
    for (script, said) in [
        ("1..2 | write \"x.parquet\", compression: \"rar\"", "E0304"),
        ("1..2 | write \"x.nix\"", "E0703"),
        ("1..2 | write \"x\"", "E0703"),
        ("1..2 | write 3", "E0304"),
        ("1..2 | write", "E0305"),
        ("1.. | write \"x.csv\"", "E0403"),
        ("1..2 | write \"x.csv\" | take 1", "E0206"),
        ("1..2 | write \"x.csv\", formt: \"csv\"", "E0206"),
        ("1..2 | filter it in ([1] | write \"x.csv\")", "E0206"),
    ] {
        assert!(short(script).contains(said), "{script}: {}", short(script));
    }
}

#[test]
fn a_file_that_the_script_gives_other_columns_is_told_before_it_runs() {
    let folder = folder(&[]);
    for name in ["out.csv", "out.jsonl", "out.json", "out.parquet", "out.arrow"] {
        let file = path(folder.path(), name);
        assert_eq!(pipe(&["-e", &format!("1..3 | map {{a: it}} | write {file:?}")]).exit, Some(0), "{name}");
        for write in ["write", "tee"] {
            let script = |columns: &str| format!("1..3 | map {{{columns}}} | {write} {file:?}\nread({file:?}) | sum a");
            let changed = pipe(&["-e", &script("b: it")]);
            assert_eq!((changed.exit, &*changed.out), (Some(4), ""), "{name}");
            let told = "has other columns now than this script writes into it";
            assert!(changed.err.contains("E0508") && changed.err.contains(told), "{}", changed.err);
            let same = pipe(&["-e", &script("a: it * 2")]);
            assert!(same.out.ends_with("12\n"), "{name}: {} {}", same.out, same.err);
        }
    }
}
