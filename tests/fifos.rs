//! FIFOs and devices as inputs of the command `pipe`: read once, as they come.
#![cfg(unix)]

use crate::cli::{self, Output, command, output_of, pipe};
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::Command;
use std::thread;

fn fifo(folder: &Path, name: &str) -> String {
    let path = cli::path(folder, name);
    assert!(Command::new("mkfifo").arg(&path).status().is_ok_and(|status| status.success()));
    path
}

/// Runs a script while somebody writes into a FIFO that it reads.
fn fed(path: &str, bytes: &[u8], arguments: &[&str]) -> Output {
    let (path, bytes) = (path.to_string(), bytes.to_vec());
    // Who has read enough does not read on.
    let writer = thread::spawn(move || std::fs::write(path, bytes).is_ok());
    let output = pipe(arguments);
    writer.join().expect("the writer ends");
    output
}

#[test]
fn formats_are_named_or_seen() {
    let folder = cli::folder(&[]);
    let (named, plain) = (fifo(folder.path(), "a.csv"), fifo(folder.path(), "plain"));
    for executor in ["reference", "vector", "jit"] {
        let sum = |path: &str, options: &str, text: &str| {
            let script = format!("read({path:?}{options}) | sum x");
            fed(path, text.as_bytes(), &["--executor", executor, "-e", &script]).out
        };
        assert_eq!(sum(&named, "", "x,y\n1,a\n2,b\n"), "3\n");
        assert_eq!(sum(&plain, "", "{\"x\":1}\n{\"x\":2}\n"), "3\n");
        assert_eq!(sum(&plain, ", format: \"tsv\"", "x\n1\n2\n"), "3\n");
        let much: String = (0..50_000).map(|x| format!("{x},some text\n")).collect();
        assert_eq!(sum(&plain, "", &format!("x,y\n{much}")), "1249975000\n");
    }
    let script = format!("lines({plain:?}) | count");
    assert_eq!(fed(&plain, b"a\nb\n", &["-e", &script]).out, "2\n");
    let script = format!("read({plain:?}) | take 1");
    assert_eq!(fed(&plain, "x\n".repeat(200_000).as_bytes(), &["-e", &script]).out, "\"x\"\n");
    // Nobody need write what nobody reads.
    let output = pipe(&["-e", &format!("read({plain:?}, format: \"parquet\") | count")]);
    assert!(output.err.contains("E0902") && output.err.contains("plain` is not there yet"), "{}", output.err);
    let output = fed(&plain, b"x\n1\n2\nq\n", &["-e", &format!("read({plain:?}, schema: {{x: int}}) | sum x")]);
    assert_eq!(output.exit, Some(4));
    assert!(output.err.contains("plain:4: `x` should be an int"), "{}", output.err);
}

#[test]
fn what_comes_once_is_read_once() {
    let folder = cli::folder(&[("a.csv", "x\n1\n")]);
    let path = fifo(folder.path(), "b.csv");
    for script in ["| count\nread(FIFO) | count", "| sort x | join b = read(FIFO) on x", "| count\nlines(FIFO) | count"]
    {
        let script = format!("read({path:?}) {}", script.replace("FIFO", &format!("{path:?}")));
        let output = fed(&path, b"x\n1\n", &["-e", &script]);
        assert_eq!(output.exit, Some(3), "{script}: {}", output.err);
        assert!(output.err.contains("E0409") && output.err.contains("b.csv` can be read only once"), "{}", output.err);
    }
    let pattern = cli::path(folder.path(), "*.csv");
    let output = pipe(&["-e", &format!("read({pattern:?}) | count")]);
    assert_eq!(output.exit, Some(2));
    let why = "b.csv` is no plain file, and is read only where it is named";
    assert!(output.err.contains("E0701") && output.err.contains(why), "{}", output.err);
}

#[test]
fn files_of_the_shell_can_be_read() {
    let read = |arguments: &[&str]| {
        let script = r#"exec "$0" "$@" 3< <(printf 'x\n1\n2\n')"#;
        let mut shell = Command::new("bash");
        shell.args(["-c", script, env!("CARGO_BIN_EXE_pipe")]).args(arguments);
        output_of(shell, "")
    };
    assert_eq!(read(&["-e", "read(\"/dev/fd/3\") | sum int?(it)"]).out, "3\n");
    let refused = read(&["--sandbox", "-e", "read(\"/dev/fd/3\") | sum x"]);
    assert!(refused.err.contains("E0405"), "{}", refused.err);
    assert_eq!(
        read(&["--sandbox", "--allow-read", "/dev/fd/3", "-e", "read(\"/dev/fd/3\") | sum int?(it)"]).out,
        "3\n"
    );
    assert_eq!(cli::pipe_with(&["-e", "read(\"/dev/stdin\", format: \"csv\") | sum x"], "x\n1\n2\n").out, "3\n");
    let nothing = pipe(&["-e", "read(\"/dev/null\", format: \"csv\") | count"]);
    assert!(nothing.err.contains("E0508") && nothing.err.contains("`/dev/null` is empty"), "{}", nothing.err);
}

#[test]
fn rows_go_on_as_they_come_and_who_waits_can_be_interrupted() {
    let folder = cli::folder(&[]);
    let path = fifo(folder.path(), "a.csv");
    let script = format!("read({path:?}, schema: {{id: int}}) | filter id > 1");
    let mut child = command(&["--format", "jsonl", "-e", &script]).spawn().expect("`pipe` starts");
    let mut input = OpenOptions::new().write(true).open(&path).expect("somebody reads");
    let mut output = BufReader::new(child.stdout.take().expect("stdout is piped"));
    let mut line = String::new();
    for id in 2..5 {
        input.write_all(format!("{}{id}\n", if id == 2 { "id\n1\n" } else { "" }).as_bytes()).expect("somebody reads");
        line.clear();
        output.read_line(&mut line).expect("`pipe` writes");
        assert_eq!(line, format!("{{\"id\":{id}}}\n"));
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.is_ok_and(|status| status.success()));
    line.clear();
    output.read_to_string(&mut line).expect("`pipe` writes");
    assert_eq!((child.wait().expect("`pipe` ends").code(), line.as_str()), (Some(130), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_without_an_end_has_too_long_a_record() {
    let output = pipe(&["-e", "read(\"/dev/zero\", format: \"csv\") | count"]);
    assert_eq!(output.exit, Some(5));
    assert!(output.err.contains("E0801") && output.err.contains("longer than 64 MiB"), "{}", output.err);
}
