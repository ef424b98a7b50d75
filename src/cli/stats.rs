//! `--stats`: how a run went, on stderr when it is over.

use super::arguments::{ExecutorName, Settings};
use super::progress::size;
use super::run::Ran;
use clap::ValueEnum;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

/// Says how a run went.
pub fn print(ran: &Ran, compiled: Duration, settings: &Settings) {
    let _ = std::io::stderr().write_all(text(ran, compiled, settings).as_bytes());
}

fn text(ran: &Ran, compiled: Duration, settings: &Settings) -> String {
    let pipelang::Stats { workers, morsels, compilable, compiled: native, replays, buffers } = ran.stats;
    let progress = &ran.progress;
    let mut text = format!("time: {:.2?} to compile, {:.2?} to run\n", compiled, ran.took);
    let _ = writeln!(text, "in: {} rows, {}", grouped(progress.rows_read()), size(progress.bytes_read()));
    let _ = writeln!(text, "out: {} rows, {}", grouped(progress.rows_out()), size(ran.bytes));
    let executor = match settings.executor {
        // What is best, for now.
        ExecutorName::Auto => ExecutorName::Vector,
        other => other,
    };
    let name = executor.to_possible_value().map_or(String::new(), |value| value.get_name().to_string());
    let _ = writeln!(
        text,
        "work: executor {name}, {workers} workers, {morsels} morsels, {native} of {compilable} kernels native, \
         {replays} batches replayed, {buffers} buffers"
    );
    if let Some(peak) = peak_memory() {
        let _ = writeln!(text, "memory: {} at most", size(peak));
    }
    text
}

/// The most memory that the process has had, in bytes, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// `1_234_567`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap_or_default()).collect();
    groups.join("_")
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_stand_in_groups() {
        assert_eq!([0, 999, 1_000, 12_345_678].map(grouped), ["0", "999", "1_000", "12_345_678"]);
    }
}
