//! The command `pipe` as a process: what it writes where, and what it ends with.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// What a process wrote, and what it ended with.
pub struct Output {
    pub exit: Option<i32>,
    pub out: String,
    pub err: String,
}

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipe"));
    command.args(arguments).env_remove("NO_COLOR").env("LC_ALL", "C.UTF-8");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub fn pipe_with(arguments: &[&str], stdin: &str) -> Output {
    output_of(command(arguments), stdin)
}

/// Runs a program.
pub fn output_of(mut command: Command, stdin: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut input = child.stdin.take().expect("stdin is piped");
    // A process that does not read its stdin may have closed it.
    let _ = input.write_all(stdin.as_bytes());
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Output { exit: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs `pipe`.
pub fn pipe(arguments: &[&str]) -> Output {
    pipe_with(arguments, "")
}

/// A folder with these files.
pub fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

/// The path of a file in a folder.
pub fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().expect("the path is UTF-8").to_string()
}

#[test]
fn scripts_come_from_a_file_an_argument_or_stdin() {
    let folder = folder(&[("a.pipe", "1..3 | filter it > 1\n")]);
    let file = path(folder.path(), "a.pipe");
    for output in [
        pipe(&[&file]),
        pipe(&["run", &file]),
        pipe(&["-e", "1..3 | filter it > 1"]),
        pipe_with(&["-"], "1..3 | filter it > 1"),
        pipe_with(&[], "1..3 | filter it > 1"),
    ] {
        assert_eq!((output.exit, &*output.out, &*output.err), (Some(0), "2\n3\n", ""));
    }
}

#[test]
fn formats() {
    let script = "1..2 | derive half = it / 2\n1 + 1";
    assert_eq!(pipe(&["-e", script]).out, "{\"value\":1,\"half\":0.5}\n{\"value\":2,\"half\":1.0}\n2\n");
    assert_eq!(pipe(&["--format", "csv", "-e", script]).out, "value,half\n1,0.5\n2,1.0\n\nvalue\n2\n");
    let table = pipe(&["--format", "table", "-e", script]);
    assert!(table.out.contains("half") && table.out.contains("\n\n2\n"), "{}", table.out);
}

#[test]
fn exit_codes() {
    let folder = folder(&[("bad.csv", &format!("n\n{}x\n", "1\n".repeat(3000)))]);
    let bad = path(folder.path(), "bad.csv");
    let cell = format!("read({bad:?}, schema: {{n: int}}) | sum n");
    let deep = format!("{}1{}", "(".repeat(300), ")".repeat(300));
    for (arguments, exit, code) in [
        (vec!["-e", "1"], 0, ""),
        (vec!["--no-such-option", "x"], 2, ""),
        (vec!["missing.pipe"], 2, ""),
        (vec!["-e", "1", "extra"], 2, ""),
        (vec!["-e", r#"read("missing.csv")"#], 2, "E0701"),
        (vec!["-e", "1..3 | filter x > 1"], 3, "E0210"),
        (vec!["-e", "let = 1"], 3, "E0130"),
        (vec!["-e", &cell], 4, "E0501"),
        (vec!["-e", "1..3 | derive x = 1 // (it - 2)"], 4, "E0602"),
        (vec!["-e", "1..3 | assert it < 2"], 1, "E0605"),
        (vec!["-e", &deep], 5, "E0801"),
        (vec!["-o", "no/such/folder.csv", "-e", "1"], 2, "E0702"),
        (vec!["-o", "a.xyz", "-e", "1"], 2, "--format"),
    ] {
        let output = pipe(&arguments);
        assert_eq!(output.exit, Some(exit), "{arguments:?}: {}", output.err);
        assert!(output.err.contains(code), "{arguments:?}: {}", output.err);
        assert_eq!(output.err.is_empty(), exit == 0, "{arguments:?}: {}", output.err);
    }
}

#[test]
fn a_cell_that_does_not_fit_is_shown_in_its_line() {
    let folder = folder(&[("a.csv", "id,amount\n1,5\n2,five\n")]);
    let read = format!("read({:?}, schema: {{id: int, amount: int}}) | sum amount", path(folder.path(), "a.csv"));
    let output = pipe(&["-e", &read]);
    assert!(output.err.contains("\n  3 │ 2,five\n    │   ~~~~\n"), "{}", output.err);
}

#[test]
fn rows_before_an_error_are_written() {
    let output = pipe(&["-e", "1..3 | select x = 6 // (it - 2)"]);
    assert_eq!((output.exit, &*output.out), (Some(4), "{\"x\":-6}\n"));
    assert!(output.err.starts_with("error[E0602]"), "{}", output.err);
}

#[test]
fn errors_are_drawn_listed_or_json() {
    let script = "1..5 | filter itt > 1\n1..5 | tke 2";
    let text = pipe(&["-e", script]);
    assert!(text.err.contains("╭─[ <command line>:1:15 ]"), "{}", text.err);
    assert!(!text.err.contains('\x1b'), "a pipe has no colours");
    assert!(pipe(&["--color", "always", "-e", script]).err.contains('\x1b'));
    let short = pipe(&["--errors", "short", "-e", script]);
    let lines: Vec<&str> = short.err.lines().collect();
    assert_eq!(lines.len(), 2, "{}", short.err);
    assert!(lines[0].starts_with("<command line>:1:15: E0210: "), "{}", short.err);
    assert!(lines[1].starts_with("<command line>:2:8: E0101: "), "{}", short.err);
    let json = pipe(&["--errors", "json", "-e", script]);
    let objects: Vec<serde_json::Value> =
        json.err.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    assert_eq!(objects.len(), 2);
    assert_eq!(objects[1]["code"], "E0101");
    assert_eq!(objects[1]["primary"]["line"], 2);
    assert_eq!(objects[1]["edits"][0]["text"], "take");
    assert_eq!((text.exit, short.exit, json.exit), (Some(3), Some(3), Some(3)));
}

#[test]
fn check_lists_errors_and_runs_nothing() {
    let folder = folder(&[("a.pipe", "1..5 | tke 2\n1..5 | filter it == \"a\"\n"), ("b.pipe", "1 // 0 + 1..3\n")]);
    let output = pipe(&["check", &path(folder.path(), "a.pipe")]);
    assert_eq!((output.exit, &*output.out), (Some(3), ""));
    assert!(output.err.contains("error[E0101]") && output.err.contains("error[E0301]"), "{}", output.err);
    let good = pipe_with(&["check", "-"], "1..5 | derive x = 1 // (it - 2)");
    assert_eq!((good.exit, &*good.out, &*good.err), (Some(0), "", ""));
}

#[test]
fn explain_shows_plans_kernels_and_codes() {
    let folder = folder(&[("a.pipe", "1..5 | derive half = it / 2 | filter half > 1.0\n")]);
    let file = path(folder.path(), "a.pipe");
    let plan = pipe(&["explain", &file]);
    assert_eq!((plan.exit, &*plan.err), (Some(0), ""));
    for part in ["plan as written:", "plan optimized:", "pipeline 1: the ints 1..5", "fused segment"] {
        assert!(plan.out.contains(part), "{}", plan.out);
    }
    let plan = pipe(&["explain", "-e", "param n: int\n1..n | filter it > 2", "--", "--n", "5"]);
    assert!(plan.out.contains("pipeline 1: the ints 1..5"), "{}{}", plan.out, plan.err);
    let kernel = pipe(&["explain", &file, "--phase", "kernel"]);
    assert!(kernel.out.contains("pipeline 1, no input has nulls:"), "{}", kernel.out);
    let tree = pipe(&["explain", &file, "--phase", "tree"]);
    assert!(tree.out.starts_with("(.. 1 5) | derive"), "{}", tree.out);
    let tokens = pipe_with(&["explain", "--phase", "tokens", "-"], "1 | nope (");
    assert!(tokens.out.contains("    4..8     Name(\"nope\")"), "{}", tokens.out);
    let page = pipe(&["explain", "E0201"]);
    assert!(page.out.starts_with("E0201: unknown column\n"), "{}", page.out);
    assert!(page.out.contains("\nInstead:\n\n    1..5 | derive half = it / 2 | filter half > 1.0\n"), "{}", page.out);
    assert_eq!(pipe(&["explain", "E9999"]).exit, Some(2));
    let rules = pipe(&["explain", "--rules"]);
    assert!(rules.out.contains("\ntop_k             keeps no more rows of a sort than"), "{}", rules.out);
    for wrong in [&["explain"][..], &["explain", "-e", "1", "--rules"], &["explain", "-e", "1", &file]] {
        assert_eq!(pipe(wrong).exit, Some(2), "{wrong:?}");
    }
}

#[test]
fn parameters_stand_after_the_file() {
    let folder = folder(&[("a.pipe", "param n: int = 5\nparam name: string = \"x\"\n1..n | count\nname\n")]);
    let file = path(folder.path(), "a.pipe");
    assert_eq!(pipe(&[&file]).out, "5\n\"x\"\n");
    assert_eq!(pipe(&[&file, "--n", "7", "--name=a b"]).out, "7\n\"a b\"\n");
    assert_eq!(pipe(&["-e", "param n: int\nn", "--n", "-3"]).out, "-3\n");
    assert_eq!(pipe(&[&file, "--n", "x"]).exit, Some(2));
    assert_eq!(pipe(&[&file, "--m", "1"]).exit, Some(2));
    assert_eq!(pipe(&[&file, "7"]).exit, Some(2));
    let own = pipe(&[&file, "--n", "7", "--format=csv"]);
    assert_eq!((own.exit, own.out.as_str()), (Some(2), ""));
    assert!(own.err.contains("an option of `pipe`, which stands before it"), "{}", own.err);
    let folder = self::folder(&[("b.pipe", "param format: string\nformat\n")]);
    assert_eq!(pipe(&[&path(folder.path(), "b.pipe"), "--format", "csv"]).out, "\"csv\"\n");
}

#[test]
fn every_executor_and_size_gives_the_same() {
    let script =
        "1..100000 | filter it % 7 == 3 | derive x = it * 0.1 | aggregate s = sum(x), n = count() by k = value % 5";
    let expected = pipe(&["--executor", "reference", "-e", script]).out;
    assert_eq!(expected.lines().count(), 5);
    for arguments in [
        vec!["--executor", "vector", "--threads", "1"],
        vec!["--executor", "jit", "--threads", "4", "--morsel-rows", "1000"],
        vec!["--no-optimize", "--morsel-rows", "7001"],
    ] {
        let all: Vec<&str> = arguments.into_iter().chain(["-e", script]).collect();
        assert_eq!(pipe(&all).out, expected, "{all:?}");
    }
    for threads in ["0", "1025", "many"] {
        let refused = pipe(&["--threads", threads, "-e", script]);
        assert_eq!((refused.exit, refused.out.as_str()), (Some(2), ""));
        assert!(refused.err.contains("a number from 1 to 1024"), "{}", refused.err);
    }
    let stats = pipe(&["--stats", "-e", script]);
    assert_eq!(stats.out, expected);
    for part in ["time: ", "in: ", "out: ", " morsels, ", "memory: "] {
        assert!(stats.err.contains(part), "{part}: {}", stats.err);
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut child = command(&["-e", "1..1000000000"]).spawn().expect("`pipe` starts");
    let mut first = [0; 4];
    let mut out = child.stdout.take().expect("stdout is piped");
    out.read_exact(&mut first).expect("there are rows");
    drop(out);
    let output = child.wait_with_output().expect("`pipe` ends");
    assert_eq!((&first, output.status.code()), (b"1\n2\n", Some(0)));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_with_130() {
    let child = command(&["-e", "1.. | filter it < 3"]).spawn().expect("`pipe` starts");
    let mut child = child;
    let mut first = [0; 4];
    // Nothing is written before the buffer is full, so wait for a little while instead.
    drop(child.stdin.take());
    std::thread::sleep(std::time::Duration::from_millis(700));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("`kill` is there");
    assert!(killed.success());
    let mut out = child.stdout.take().expect("stdout is piped");
    out.read_exact(&mut first).expect("what came before is written");
    let mut err = String::new();
    child.stderr.take().expect("stderr is piped").read_to_string(&mut err).expect("UTF-8");
    assert_eq!((&first, child.wait().expect("it ends").code()), (b"1\n2\n", Some(130)));
    assert!(err.contains("error[E0802]"), "{err}");
}

#[test]
fn help_and_wrong_options() {
    let help = pipe(&["--help"]);
    assert_eq!((help.exit, &*help.err), (Some(0), ""));
    assert!(help.out.contains("Usage: pipe") && help.out.contains("--format"), "{}", help.out);
    let wrong = pipe(&["--fromat", "csv", "x.pipe"]);
    assert_eq!((wrong.exit, &*wrong.out), (Some(2), ""));
    assert!(wrong.err.contains("did you mean '--format'?"), "{}", wrong.err);
    assert_eq!(pipe(&["--format", "xml", "x.pipe"]).exit, Some(2));
    assert!(pipe(&["functions"]).out.contains("sqrt("));
}

#[test]
fn scripts_are_formatted_in_place() {
    let (good, bad, broken) = ("1..5 | take 2\n", "1..5|take  2 # two", "let = 1\n");
    let folder = folder(&[("good.pipe", good), ("bad.pipe", bad), ("broken.pipe", broken)]);
    let file = |name: &str| path(folder.path(), name);
    let text = |name: &str| std::fs::read_to_string(file(name)).expect("the file is there");

    let checked = pipe(&["fmt", "--check", &file("good.pipe"), &file("bad.pipe")]);
    assert_eq!((checked.exit, checked.out, checked.err), (Some(1), file("bad.pipe") + "\n", String::new()));
    assert_eq!(text("bad.pipe"), bad);

    let written = pipe(&["fmt", &file("broken.pipe"), &file("bad.pipe"), &file("good.pipe")]);
    assert_eq!((written.exit, &*written.out), (Some(3), ""));
    assert!(written.err.starts_with("error[E0130]"), "{}", written.err);
    assert_eq!(
        (&*text("bad.pipe"), &*text("good.pipe"), &*text("broken.pipe")),
        ("1..5 | take 2 # two\n", good, broken)
    );
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 3, "nothing is left behind");

    assert_eq!(pipe(&["fmt", "--check", &file("bad.pipe")]).exit, Some(0));
    assert_eq!(pipe(&["fmt", "missing.pipe"]).exit, Some(2));
    assert_eq!(pipe(&["fmt"]).exit, Some(2));
    let stdin = pipe_with(&["fmt", "-"], bad);
    assert_eq!((stdin.exit, &*stdin.out, &*stdin.err), (Some(0), "1..5 | take 2 # two\n", ""));
    assert_eq!(pipe_with(&["fmt", "--check", "-"], bad).out, "<stdin>\n");
}

#[test]
fn what_a_read_leaves_out_is_told_on_stderr() {
    let script = |end: &str| {
        let read = "read(\"tests/data/garbage.csv\", schema: {a: int, b: string, c: float}, on_error: \"skip\")";
        pipe(&["--format", "csv", "-e", &format!("{read} | {end}")])
    };
    let done = script("select a");
    assert_eq!((done.exit, &*done.out), (Some(0), "a\n1\n2\n4\n"));
    assert_eq!(done.err, "tests/data/garbage.csv: 1 row was left out (1 in `a`)\n");
    assert_eq!(script("select b").err, "");
    let failed = script("select x = 10 // (a - 2)");
    assert!(failed.exit == Some(4) && !failed.err.contains("left out"), "{}", failed.err);
}
