//! `stdin` in scripts of the command `pipe`, through real pipes.

use crate::cli::{command, pipe_with};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout};
use std::time::{Duration, Instant};

#[test]
fn formats_are_seen_or_said() {
    let sum = |arguments: &[&str], text: &str| pipe_with(arguments, text).out;
    assert_eq!(sum(&["-e", "stdin | sum x"], "x,y\n1,a\n2,b\n"), "3\n");
    assert_eq!(sum(&["-e", "stdin | sum x"], "x\ty\n1\ta\n2\tb\n"), "3\n");
    assert_eq!(sum(&["-e", "stdin | sum x"], "{\"x\":1}\n{\"x\":2}\n"), "3\n");
    assert_eq!(sum(&["--from", "csv", "-e", "stdin | count"], "{x\n1\n"), "1\n");
    // One column may have a header or not: its first line is never lost.
    assert_eq!(sum(&["-e", "stdin | count"], "1\n2\n3\n"), "3\n");
    assert_eq!(sum(&["-e", "stdin"], "\"hello\"\n"), "\"\\\"hello\\\"\"\n");
    assert_eq!(sum(&["--from", "csv", "-e", "stdin | sum x"], "x\n1\n2\n"), "3\n");
    assert_eq!(sum(&["-e", "read(stdin, schema: {x: int}) | sum x"], "x\n1\n2\n"), "3\n");
    let output = pipe_with(&["-e", "stdin | sum x"], "x\n1\n2\n");
    assert!(output.err.contains("E0210") && output.err.contains("--from csv"), "{}", output.err);
    let output = pipe_with(&["--from", "excel", "-e", "stdin | count"], "x\n1\n");
    assert_eq!(output.exit, Some(2));
    assert!(output.err.contains("E0703"), "{}", output.err);
    let output = pipe_with(&["-e", "stdin | count"], "");
    assert!(output.err.contains("E0508") && output.err.contains("`stdin` is empty"), "{}", output.err);
}

#[test]
fn a_script_from_stdin_leaves_nothing_to_read() {
    let output = pipe_with(&["-"], "stdin | count");
    assert!(output.err.contains("`stdin` is empty"), "{}", output.err);
}

/// A process that reads what somebody writes bit by bit.
struct Tail {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Tail {
    fn new(script: &str) -> Tail {
        let mut child = command(&["--format", "jsonl", "-e", script]).spawn().expect("`pipe` starts");
        let input = child.stdin.take().expect("stdin is piped");
        let output = BufReader::new(child.stdout.take().expect("stdout is piped"));
        Tail { child, input, output }
    }

    fn write(&mut self, text: &str) {
        self.input.write_all(text.as_bytes()).expect("`pipe` reads");
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("`pipe` writes");
        line
    }

    /// The fastest of some answers to a line each: a busy machine makes single ones late.
    fn fastest(&mut self, from: usize) -> Duration {
        let answer = |n: usize| {
            let started = Instant::now();
            self.write(&format!("{n},x\n"));
            assert_eq!(self.line(), format!("{{\"id\":{n},\"name\":\"x\"}}\n"));
            started.elapsed()
        };
        (from..from + 20).map(answer).min().expect("there are some")
    }

    fn end(self) -> (Option<i32>, String) {
        let Tail { child, input, mut output } = self;
        drop(input);
        let mut rest = String::new();
        output.read_to_string(&mut rest).expect("`pipe` writes");
        (child.wait_with_output().expect("`pipe` ends").status.code(), rest)
    }
}

#[test]
fn rows_are_written_as_they_come() {
    let mut tail = Tail::new("read(stdin, format: \"csv\", schema: {id: int, name: string}) | filter id > 1");
    tail.write("id,name\n1,x\n");
    let fastest = tail.fastest(2);
    assert!(fastest < Duration::from_millis(100), "{fastest:?}");
    assert_eq!(tail.end(), (Some(0), String::new()));
}

#[test]
fn what_is_inferred_waits_for_a_thousand_records() {
    let mut tail = Tail::new("stdin | filter id >= 1000");
    tail.write("id,name\n");
    for id in 1..=1000 {
        tail.write(&format!("{id},x\n"));
    }
    assert_eq!(tail.line(), "{\"id\":1000,\"name\":\"x\"}\n");
    let fastest = tail.fastest(1001);
    assert!(fastest < Duration::from_millis(100), "{fastest:?}");
    // A last line may have no end.
    tail.write("2000,y");
    assert_eq!(tail.end(), (Some(0), "{\"id\":2000,\"name\":\"y\"}\n".to_string()));
}

#[cfg(unix)]
#[test]
fn a_run_that_waits_can_be_interrupted() {
    let mut tail = Tail::new("read(stdin, format: \"csv\", schema: {id: int, name: string})");
    tail.write("id,name\n1,x\n");
    tail.line();
    let kill = std::process::Command::new("kill").args(["-INT", &tail.child.id().to_string()]).status();
    assert!(kill.is_ok_and(|status| status.success()));
    let mut rest = String::new();
    tail.output.read_to_string(&mut rest).expect("`pipe` writes");
    assert_eq!(tail.child.wait().expect("`pipe` ends").code(), Some(130));
    drop(tail.input);
}
