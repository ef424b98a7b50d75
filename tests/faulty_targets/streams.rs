//! Targets that are no plain files, outputs whose reader goes, and what stands in an output before an error.

use super::{OLD, names, with_old};
use crate::cli::{command, folder, path, pipe};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn a_reader_that_has_seen_enough() {
    let folder = folder(&[]);
    let file = path(folder.path(), "rows.csv");
    fs::write(&file, "a,b\n".to_string() + &"1,2\n".repeat(500_000)).expect("room");
    let endless = ["1..", "iterate(1, n => n + 1)", "1.. | map {a: it, b: \"x\"} | filter a % 2 == 1"];
    let long = format!("read({file:?})");
    for script in endless.into_iter().chain([&*long]) {
        for format in ["csv", "tsv", "json", "jsonl", "md", "text"] {
            for threads in ["1", "2"] {
                let mut child =
                    command(&["--format", format, "--threads", threads, "-e", script]).spawn().expect("it starts");
                let mut output = BufReader::new(child.stdout.take().expect("stdout is piped"));
                let mut line = String::new();
                output.read_line(&mut line).expect("it writes");
                drop(output);
                let ended = child.wait_with_output().expect("it ends");
                let err = String::from_utf8_lossy(&ended.stderr);
                assert_eq!((ended.status.code(), &*err), (Some(0), ""), "{script}, {format}");
            }
        }
    }
}

#[test]
fn an_output_holds_what_comes_before_an_error() {
    for (threads, executor) in [("1", "reference"), ("1", "vector"), ("2", "vector"), ("2", "jit")] {
        for (format, tail) in [("csv", ""), ("tsv", ""), ("json", "\n]\n"), ("jsonl", ""), ("md", ""), ("text", "")] {
            let run = |script: &str| {
                pipe(&[
                    "--format",
                    format,
                    "--threads",
                    threads,
                    "--executor",
                    executor,
                    "--morsel-rows",
                    "7",
                    "-e",
                    script,
                ])
            };
            for row in [1, 2, 7, 8, 50] {
                let failed = run(&format!("1..60 | map {{a: 6 // (it - {row}), s: f\"x{{it}}\"}}"));
                let whole = run(&format!("1..60 | take {} | map {{a: 6 // (it - {row}), s: f\"x{{it}}\"}}", row - 1));
                assert_eq!((failed.exit, whole.exit), (Some(4), Some(0)), "{format}, row {row}: {}", whole.err);
                let expected = whole.out.strip_suffix(tail).expect("it ends so");
                assert_eq!(failed.out, expected, "{format}, row {row}");
            }
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_output_of_the_process_is_no_file_to_be_replaced() {
    let (folder, file) = with_old("out");
    let script = "1..2\n3..4 | write \"/dev/stdout\", format: \"csv\"\n5..6";
    let shown = "value\n1\n2\nvalue\n3\n4\n\nvalue\n5\n6\n";
    for target in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        let script = script.replace("/dev/stdout", target);
        let run = |out: File| {
            let mut command = command(&["--format", "csv", "-e", &script]);
            command.stdin(Stdio::null()).stdout(out).status().expect("it ends").code()
        };
        assert_eq!(run(File::create(&file).expect("it is ours")), Some(0));
        assert_eq!(fs::read_to_string(&file).expect("it is there"), shown, "{target}");
        fs::write(&file, OLD).expect("it is ours");
        assert_eq!(run(File::options().append(true).open(&file).expect("it is ours")), Some(0));
        assert_eq!(fs::read_to_string(&file).expect("it is there"), format!("{OLD}{shown}"), "{target}");
    }
    assert_eq!(names(folder.path()), ["out"]);
}

fn fifo(path: &str) {
    let made = Command::new("mkfifo").arg(path).status();
    assert!(made.is_ok_and(|status| status.success()));
}

/// What is written to a FIFO can be read at once, and it stays one.
#[test]
fn a_fifo_is_written_as_rows_come() {
    use std::os::unix::fs::FileTypeExt;
    let folder = folder(&[]);
    for stage in ["write", "tee"] {
        let target = path(folder.path(), stage);
        fifo(&target);
        let script = format!(
            "read(stdin, format: \"csv\", schema: {{a: int}}) | {stage} {target:?}, format: \"csv\"{}",
            if stage == "tee" { " | count" } else { "" }
        );
        let mut child = command(&["-e", &script]).spawn().expect("`pipe` starts");
        let mut input = child.stdin.take().expect("stdin is piped");
        input.write_all(b"a\n1\n").expect("it reads");
        let mut rows = BufReader::new(File::open(&target).expect("somebody writes"));
        let mut line = || {
            let mut line = String::new();
            rows.read_line(&mut line).expect("it writes");
            line
        };
        assert_eq!([line(), line()], ["a\n", "1\n"], "{stage}");
        input.write_all(b"2\n").expect("it reads");
        assert_eq!(line(), "2\n", "{stage}");
        drop(input);
        assert_eq!(line(), "", "{stage}");
        assert!(child.wait().expect("it ends").success());
        assert!(fs::metadata(&target).expect("it is there").file_type().is_fifo());
    }
    assert_eq!(names(folder.path()), ["tee", "write"]);
}

/// Somebody reads the first line of a FIFO and goes: that is no error.
#[test]
fn a_fifo_whose_reader_goes() {
    let folder = folder(&[]);
    let target = path(folder.path(), "out");
    fifo(&target);
    let script = format!("1..100000000 | write {target:?}, format: \"csv\"");
    let child = command(&["-e", &script]).spawn().expect("`pipe` starts");
    let mut line = String::new();
    BufReader::new(File::open(&target).expect("somebody writes")).read_line(&mut line).expect("it writes");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((&*line, output.status.code()), ("value\n", Some(0)), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn links_modes_and_files_that_may_not_be_written() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = folder(&[]);
    let (link, file) = (path(folder.path(), "link.csv"), path(folder.path(), "real.csv"));
    symlink("real.csv", &link).expect("a link");
    assert_eq!(pipe(&["-e", &format!("1..2 | write {link:?}")]).exit, Some(0));
    assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "value\n1\n2\n");
    for mode in [0o600, 0o644, 0o755, 0o666] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("it is ours");
        assert_eq!(pipe(&["-e", &format!("1..3 | write {link:?}")]).exit, Some(0));
        assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, mode);
    }
    for (target, why) in [
        (path(folder.path(), "none/out.csv"), "its folder is not there"),
        (path(folder.path(), "real.csv/out.csv"), "a part of its path is no folder"),
    ] {
        let output = pipe(&["--errors", "short", "-e", &format!("1..3 | write {target:?}")]);
        let is_told = output.err.contains("E0702") && output.err.contains(why) && !output.err.contains(".pipe-");
        assert!(output.exit == Some(2) && is_told, "{}", output.err);
    }
    assert_eq!(names(folder.path()), ["link.csv", "real.csv"]);
}

/// Lines that somebody appends to a file are there at once.
#[test]
fn a_log_that_grows() {
    let folder = folder(&[("log.jsonl", &"{\"a\":0}\n".repeat(1000))]);
    let file = path(folder.path(), "log.jsonl");
    let tail = Command::new("tail").args(["-n", "+1", "-f", &file]).stdout(Stdio::piped()).spawn();
    let Ok(mut tail) = tail else { return };
    let mut child = command(&["--format", "jsonl", "-e", "stdin | filter a > 0"]);
    let mut child = child.stdin(tail.stdout.take().expect("stdout is piped")).spawn().expect("`pipe` starts");
    let mut rows = BufReader::new(child.stdout.take().expect("stdout is piped"));
    let mut log = File::options().append(true).open(&file).expect("it is ours");
    let mut fastest = Duration::MAX;
    for n in 1..=20 {
        let started = Instant::now();
        log.write_all(format!("{{\"a\":{n}}}\n").as_bytes()).expect("it is ours");
        let mut line = String::new();
        rows.read_line(&mut line).expect("it writes");
        assert_eq!(line, format!("{{\"a\":{n}}}\n"));
        fastest = fastest.min(started.elapsed());
    }
    assert!(fastest < Duration::from_millis(100), "{fastest:?}");
    tail.kill().expect("it is ours");
    tail.wait().expect("it ends");
    let mut rest = String::new();
    rows.read_to_string(&mut rest).expect("it ends");
    assert_eq!((child.wait().expect("it ends").code(), &*rest), (Some(0), ""));
}
