//! Disks that are full and files that may not grow (`ulimit -f`, which needs no small disk): at every size, of every format.

use super::{assert_untouched, names, with_old};
use crate::cli::{Output, command, folder, path, pipe};
use std::fs;
use std::process::{Command, Stdio};

/// The files that are written, whatever their format and compression.
const NAMES: [&str; 12] = [
    "a.csv",
    "a.tsv",
    "a.json",
    "a.jsonl",
    "a.md",
    "a.txt",
    "a.parquet",
    "a.arrow",
    "a.arrows",
    "a.csv.gz",
    "a.jsonl.zst",
    "a.tsv.gz",
];

/// Rows that no format and no compression makes small: more than 40 kB.
const ROWS: &str = "1..3000 | map {a: it, s: f\"{it * 7919 % 1000003}{it * 104729 % 999983}{it * 65537 % 1000033}\"}";

/// Runs `pipe` where no file may have more than so many blocks of 512 bytes.
fn limited(blocks: usize, arguments: &[&str]) -> Output {
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("ulimit -f {blocks}; exec \"$0\" \"$@\""))
        .arg(env!("CARGO_BIN_EXE_pipe"))
        .args(["--errors", "short", "--threads", "1", "--executor", "vector"])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Output { exit: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// What makes a file of the rows.
fn ways(file: &str) -> [Vec<String>; 3] {
    let own = |words: &[&str]| words.iter().map(|word| word.to_string()).collect::<Vec<_>>();
    [
        own(&["-e", &format!("{ROWS} | write {file:?}")]),
        own(&["--format", "csv", "-e", &format!("{ROWS} | tee {file:?} | count")]),
        own(&["-o", file, "-e", ROWS]),
    ]
}

fn full_at(sizes: impl Fn(usize) -> Vec<usize>) -> usize {
    let mut faults = 0;
    for name in NAMES {
        for way in 0..3 {
            let (folder, file) = with_old(name);
            let way = &ways(&file)[way];
            let arguments: Vec<&str> = way.iter().map(String::as_str).collect();
            assert_eq!(limited(10_000, &arguments).exit, Some(0), "{name}");
            let blocks = (fs::metadata(&file).expect("it is there").len() as usize - 1) / 512;
            assert!(blocks > 40, "{name} has {blocks} blocks");
            fs::write(&file, super::OLD).expect("it is ours");
            for size in sizes(blocks) {
                let output = limited(size, &arguments);
                let is_told = output.err.contains("E0702") && output.err.contains(name);
                assert!(output.exit == Some(2) && is_told, "{name}, {size} blocks: {:?} {}", output.exit, output.err);
                assert_untouched(&folder, &file, &format!("{name}, {size} blocks"));
                faults += 1;
            }
        }
    }
    faults
}

#[test]
fn files_that_may_not_grow() {
    let faults = full_at(|blocks| vec![0, blocks / 2, blocks]);
    assert_eq!(faults, 3 * 3 * NAMES.len());
}

/// At every block: some thousands of runs.
#[test]
#[ignore = "takes minutes"]
fn files_that_may_not_grow_at_every_size() {
    let faults = full_at(|blocks| (0..=blocks).collect());
    println!("{faults} faults");
}

#[test]
fn an_output_that_may_not_grow() {
    let folder = folder(&[]);
    for format in ["table", "csv", "tsv", "json", "jsonl", "md", "text", "parquet", "arrow"] {
        let to = path(folder.path(), "out");
        let script = format!("ulimit -f 8; exec \"$0\" --format {format} --errors short -e \"$1\" > \"$2\"");
        let output = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_pipe"), ROWS, &to])
            .stdin(Stdio::null())
            .output()
            .expect("a shell");
        let err = String::from_utf8_lossy(&output.stderr);
        let is_full = fs::metadata(&to).is_ok_and(|known| known.len() <= 8 * 512);
        // A table of so many rows is elided.
        let is_short = format == "table" && output.status.success();
        assert!(is_short || output.status.code() == Some(2) && err.contains("E0702"), "{format}: {err}");
        assert!(is_full, "{format}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_that_is_full() {
    for format in ["csv", "tsv", "json", "jsonl", "md", "text", "parquet", "arrow", "arrows"] {
        for script in [
            format!("{ROWS} | write \"/dev/full\", format: {format:?}"),
            format!("{ROWS} | tee \"/dev/full\", format: {format:?} | count"),
        ] {
            let output = pipe(&["--errors", "short", "-e", &script]);
            let is_told = output.err.contains("E0702") && output.err.contains("the disk is full");
            assert!(output.exit == Some(2) && is_told, "{script}: {}", output.err);
        }
        if format != "arrows" {
            let full = fs::File::options().write(true).open("/dev/full").expect("it is there");
            let mut command = command(&["--format", format, "--errors", "short", "-e", ROWS]);
            let output = command.stdin(Stdio::null()).stdout(full).output().expect("`pipe` ends");
            let err = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.code() == Some(2) && err.contains("E0702"), "{format}: {err}");
        }
    }
}

#[test]
fn files_of_a_statement_are_put_in_their_places_together() {
    // The second file cannot be completed; the first one could.
    let small = "1..3 | map {k: it}";
    for (first, second) in [("a.csv", "b.csv"), ("a.parquet", "b.arrow"), ("a.csv.gz", "b.jsonl.zst")] {
        let (folder, file) = with_old(first);
        let other = path(folder.path(), second);
        let script = format!("{small} | tee {file:?} | cross_join ({ROWS}) | take 3000 | tee {other:?} | count");
        assert_eq!(limited(8, &["-e", &script]).exit, Some(2));
        assert_untouched(&folder, &file, first);
        assert_eq!(pipe(&["-e", &script]).exit, Some(0), "{script}");
        assert_eq!(names(folder.path()), [first, second]);
    }
}

#[test]
fn a_folder_that_is_removed() {
    let folder = folder(&[]);
    let inner = folder.path().join("inner");
    for name in NAMES {
        fs::create_dir(&inner).expect("a folder");
        let file = path(&inner, name);
        // It is written when somebody reads what is shown before.
        let script = format!("stdin | tee {file:?} | count");
        let mut child = command(&["--from", "csv", "--errors", "short", "-e", &script]).spawn().expect("`pipe` starts");
        let mut input = child.stdin.take().expect("stdin is piped");
        std::io::Write::write_all(&mut input, "a,b\n".as_bytes()).expect("it reads");
        for _ in 0..1001 {
            std::io::Write::write_all(&mut input, b"1,2\n").expect("it reads");
        }
        let started = std::time::Instant::now();
        while names(&inner).is_empty() {
            assert!(started.elapsed().as_secs() < 60, "{name} is not written");
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        fs::remove_dir_all(&inner).expect("it is ours");
        drop(input);
        let output = child.wait_with_output().expect("`pipe` ends");
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && err.contains("E0702") && err.contains(name), "{name}: {err}");
        assert!(!inner.exists());
    }
}
