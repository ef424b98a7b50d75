//! Processes that are ended while they write: killed, or interrupted by Ctrl-C, at any time.

use super::{OLD, assert_untouched, names, with_old};
use crate::cli::{command, pipe};
use crate::hostile_files::Chance;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What the names of the written files end with, in turn.
const NAMES: [&str; 5] = ["a.csv", "a.parquet", "a.csv.gz", "a.jsonl.zst", "a.arrow"];

fn script(rows: usize, file: &str) -> String {
    format!("1..{rows} | map {{a: it, s: f\"x{{it * 7919 % 1000003}}\"}} | write {file:?}")
}

fn spawn(script: &str) -> Child {
    command(&["--errors", "short", "--threads", "2", "-e", script]).spawn().expect("`pipe` starts")
}

fn signal(child: &Child, name: &str) {
    let _ = Command::new("kill").args([name, &child.id().to_string()]).status();
}

/// Kills so many processes that write, at random times; how many of them had not finished.
fn killed(rounds: usize, rows: usize) -> usize {
    let mut chance = Chance(rounds as u64);
    let mut unfinished = 0;
    for name in NAMES {
        let (folder, file) = with_old(name);
        let script = script(rows, &file);
        let started = Instant::now();
        assert_eq!(pipe(&["-e", &script]).exit, Some(0));
        let whole_time = started.elapsed();
        let new = fs::read(&file).expect("it is there");
        for round in 0..rounds.div_ceil(NAMES.len()) {
            fs::write(&file, OLD).expect("it is ours");
            let mut child = spawn(&script);
            sleep(whole_time.mul_f64(chance.below(1200) as f64 / 1000.0));
            signal(&child, "-KILL");
            child.wait().expect("it has ended");
            let found = fs::read(&file).expect("it is there");
            assert!(found == OLD.as_bytes() || found == new, "{name}, round {round}: the target is neither");
            unfinished += usize::from(found != new);
            // The next who writes there removes what is left.
            assert_eq!(pipe(&["-e", &format!("1..3 | write {file:?}")]).exit, Some(0));
            assert_eq!(names(folder.path()), [name], "round {round}");
        }
    }
    unfinished
}

#[test]
fn processes_that_are_killed() {
    let unfinished = killed(10, 30_000);
    assert!(unfinished > 0);
}

#[test]
#[ignore = "takes minutes"]
fn processes_that_are_killed_two_hundred_times() {
    let unfinished = killed(200, 100_000);
    println!("200 processes killed, {unfinished} before the end");
}

/// What one process writes is not taken for what another has left.
#[test]
fn two_that_write_into_one_folder() {
    let (folder, file) = with_old("a.csv");
    let other = crate::cli::path(folder.path(), "b.csv");
    let children: Vec<Child> =
        (0..6).map(|n| spawn(&script(20_000, if n % 2 == 0 { &file } else { &other }))).collect();
    for child in children {
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(names(folder.path()), ["a.csv", "b.csv"]);
    let lines = |file: &str| fs::read_to_string(file).expect("it is there").lines().count();
    assert_eq!((lines(&file), lines(&other)), (20_001, 20_001));
}

/// Interrupts so many processes that write, at random times.
fn interrupted(rounds: usize) {
    let mut chance = Chance(rounds as u64);
    for round in 0..rounds {
        let name = NAMES[round % NAMES.len()];
        let (folder, file) = with_old(name);
        let started = Instant::now();
        let child = spawn(&script(1_000_000_000, &file));
        // It writes, and listens.
        while names(folder.path()).len() < 2 {
            assert!(started.elapsed() < Duration::from_secs(60), "{name} is not written");
            sleep(Duration::from_millis(1));
        }
        sleep(Duration::from_millis(chance.below(100) as u64));
        signal(&child, if round % 4 == 3 { "-TERM" } else { "-INT" });
        let ended = Instant::now();
        let output = child.wait_with_output().expect("it ends");
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(130) && err.contains("E0802"), "round {round}: {:?} {err}", output.status);
        assert!(ended.elapsed() < Duration::from_secs(10), "round {round}: it ends after {:?}", ended.elapsed());
        assert_untouched(&folder, &file, &format!("round {round}"));
    }
}

#[test]
fn processes_that_are_interrupted() {
    interrupted(5);
}

#[test]
#[ignore = "takes a minute"]
fn processes_that_are_interrupted_a_hundred_times() {
    interrupted(100);
}

#[test]
fn processes_that_are_interrupted_before_they_write() {
    let (folder, file) = with_old("a.csv");
    for millis in [0, 2, 5, 10, 20] {
        let mut child = spawn(&script(1_000_000_000, &file));
        sleep(Duration::from_millis(millis));
        signal(&child, "-INT");
        let status = child.wait().expect("it ends");
        // Whoever does not listen yet is ended by the signal itself, which a shell calls 130 too.
        assert!(status.code() == Some(130) || status.signal() == Some(2), "{status:?}");
        assert_untouched(&folder, &file, &format!("after {millis} ms"));
    }
}

/// The modes of a terminal are what they were before an interrupted run.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_is_as_it_was_before() {
    let (folder, file) = with_old("a.csv");
    let script = script(1_000_000_000, &file);
    let inner = format!(
        "stty -g > modes_before; \"{}\" -e '{script}' & job=$!; \
         until [ $(ls -A | grep -c tmp) -gt 0 ]; do sleep 0.01; done; \
         kill -INT $job; wait $job; echo $? > status; stty -g > modes_after",
        env!("CARGO_BIN_EXE_pipe"),
    );
    // A job in the background of a script does not hear Ctrl-C unless it says so; `pipe` does.
    let ran = Command::new("script").args(["-qec", &inner, "/dev/null"]).current_dir(folder.path()).output();
    let Ok(output) = ran else { return };
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    assert_eq!(read("status"), "130\n", "{}", String::from_utf8_lossy(&output.stdout));
    assert!(!read("modes_before").is_empty());
    assert_eq!(read("modes_before"), read("modes_after"));
    assert_eq!(read("a.csv"), OLD);
    let left: Vec<String> = names(folder.path()).into_iter().filter(|name| name.ends_with(".tmp")).collect();
    assert!(left.is_empty(), "{left:?}");
}
