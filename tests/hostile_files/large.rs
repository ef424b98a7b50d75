//! Hostile files that are large or unpack to much, each read by a process that may have little memory; and files that
//! change while they are read or that a user may not read.

use super::packed::{gz, zst};
use crate::cli::{Output, command, folder, path, pipe};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

/// Runs `pipe` with at most so many MiB of address space, stacks and native code among them.
#[cfg(unix)]
fn limited(mebibytes: u64, script: &str) -> Output {
    let kibibytes = mebibytes * 1024;
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("ulimit -v {kibibytes}; exec \"$0\" --threads 2 --errors short --format csv -e \"$1\""))
        .args([env!("CARGO_BIN_EXE_pipe"), script])
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Output { exit: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[cfg(unix)]
#[test]
fn bombs_go_off_in_little_memory() {
    let folder = folder(&[]);
    let zeros = vec![0; 4 << 20];
    let newlines = vec![b'\n'; 4 << 20];
    // One gzip member or frame after the other: a gibibyte in the end, of a few kilobytes or megabytes.
    let bomb = |name: &str, piece: Vec<u8>| {
        let mut file = File::create(path(folder.path(), name)).expect("a file");
        (0..256).for_each(|_| file.write_all(&piece).expect("room"));
    };
    for format in ["csv", "jsonl", "json", "parquet", "arrow", "arrows"] {
        bomb(&format!("zeros.{format}.gz"), gz(&zeros));
        bomb(&format!("zeros.{format}.zst"), zst(&zeros));
        for packed in ["gz", "zst"] {
            let file = path(folder.path(), &format!("zeros.{format}.{packed}"));
            let output = limited(900, &format!("read({file:?}) | count"));
            let expected = match format {
                "csv" | "jsonl" | "json" => (5, "E0801"),
                "parquet" => (5, "E0801"),
                _ => (4, "E0507"),
            };
            let found = (output.exit, output.err.contains(expected.1));
            assert_eq!(found, (Some(expected.0), true), "{format}.{packed}: {}{}", output.out, output.err);
        }
    }
    // So many rows are no harm.
    bomb("lines.log.gz", gz(&newlines));
    let file = path(folder.path(), "lines.log.gz");
    let output = limited(700, &format!("read({file:?}, format: \"lines\") | count"));
    assert_eq!((output.exit, &*output.out), (Some(0), "value\n1073741824\n"), "{}", output.err);
}

#[cfg(unix)]
#[test]
fn records_of_any_length_end_at_the_limit() {
    let folder = folder(&[]);
    for (name, before, piece, line) in [
        ("long.csv", "a,b\n1,2\n", "x", 3),
        ("open_quote.csv", "a,b\n1,2\n3,\"", "x\n", 3),
        ("long.log", "a\nb\n", "x", 3),
        ("long.jsonl", "{\"a\":1}\n{\"a\":\"", "x", 2),
        ("long.json", "[{\"a\":1},\n{\"a\":\"", "x", 2),
    ] {
        let file = path(folder.path(), name);
        let mut text = before.to_string();
        text.push_str(&piece.repeat((200 << 20) / piece.len()));
        fs::write(&file, text).expect("room");
        let format = name.rsplit('.').next().expect("an extension").replace("log", "lines");
        let output = limited(900, &format!("read({file:?}, format: {format:?}) | count"));
        assert_eq!(output.exit, Some(5), "{name}: {}", output.err);
        let place = format!("{name}:{line}: this record is longer than 64 MiB");
        assert!(output.err.contains("E0801") && output.err.contains(&place), "{}", output.err);
    }
}

#[cfg(unix)]
#[test]
fn a_hundred_thousand_columns() {
    let names: Vec<String> = (0..100_000).map(|n| format!("c{n}")).collect();
    let values: Vec<String> = (0..100_000).map(|n| n.to_string()).collect();
    let object: Vec<String> = names.iter().zip(&values).map(|(name, value)| format!("{name:?}:{value}")).collect();
    let csv = format!("{}\n{}\n", names.join(","), values.join(","));
    let short = format!("{}\n{}\n", names.join(","), values[1..].join(","));
    let same = format!("{},c5\n{},1\n", names.join(","), values.join(","));
    let folder = folder(&[
        ("wide.csv", &csv),
        ("wide.jsonl", &format!("{{{}}}\n", object.join(","))),
        ("short.csv", &short),
        ("same.csv", &same),
    ]);
    let read = |name: &str, rest: &str| limited(900, &format!("read({:?}){rest}", path(folder.path(), name)));
    for name in ["wide.csv", "wide.jsonl"] {
        assert_eq!(read(name, " | select c99999").out, "c99999\n99999\n", "{name}");
        assert_eq!(read(name, "").out, csv, "{name}");
    }
    let output = read("short.csv", " | count");
    assert!(output.exit == Some(4) && output.err.contains("99999 fields, the header 100000"), "{}", output.err);
    let output = read("same.csv", " | count");
    assert!(output.err.contains("E0205") && output.err.contains("the columns 6 and 100001"), "{}", output.err);
}

#[test]
fn a_file_that_shrinks_while_it_is_read() {
    let rows: String = (0..1_500_000).map(|n| format!("{n},{n}\n")).collect();
    for name in ["shrinks.csv", "shrinks.jsonl", "shrinks.log"] {
        let text = if name.ends_with(".jsonl") {
            (0..1_500_000).map(|n| format!("{{\"a\":{n}}}\n")).collect()
        } else {
            "a,b\n".to_string() + &rows
        };
        let folder = folder(&[(name, &text)]);
        let file = path(folder.path(), name);
        let format = name.rsplit('.').next().expect("an extension").replace("log", "lines");
        let script = format!("read({file:?}, format: {format:?})");
        let mut child =
            command(&["--threads", "1", "--errors", "short", "-e", &script]).spawn().expect("`pipe` starts");
        let mut rows = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut first = String::new();
        rows.read_line(&mut first).expect("a row");
        // It waits, for nobody takes more than what a pipe holds.
        File::options().write(true).open(&file).and_then(|file| file.set_len(12_000_003)).expect("it is ours");
        let mut rest = String::new();
        rows.read_to_string(&mut rest).expect("rows");
        let output = child.wait_with_output().expect("`pipe` ends");
        let err = String::from_utf8_lossy(&output.stderr);
        let is_told = err.contains("E0508") && err.contains("was cut off while it was read");
        assert!(output.status.code() == Some(4) && is_told, "{name}: {err}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let folder = folder(&[("secret.csv", "a\n1\n")]);
    let file = path(folder.path(), "secret.csv");
    let mode = |path: &str, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    mode(&file, 0o000);
    let script = format!("read({file:?})");
    let run = |script: &str| {
        let mut command = command(&["--errors", "short", "-e", script]);
        if File::open(&file).is_ok() {
            // Nothing is forbidden to this user: another one is asked.
            command.uid(65_534);
        }
        command.stdin(Stdio::null()).output()
    };
    mode(folder.path().to_str().expect("the folder is text"), 0o755);
    let Ok(output) = run(&script) else { return };
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && err.contains("E0701") && err.contains("may not be read"), "{err}");
    let output = run(&format!("1..3 | write {file:?}")).expect("it ran before");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && err.contains("E0702"), "{err}");
    mode(&file, 0o644);
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "a\n1\n");
    assert_eq!(pipe(&["--format", "csv", "-e", &script]).out, "a\n1\n");
}
