//! A line on stderr that says how far a run is, from when it takes long: on a terminal only, and never together with
//! results on it, which end the line. It is erased when the run is over, and on Ctrl-C.

use super::arguments::Settings;
use super::terminal;
use pipelang::Progress;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A run that takes no longer has no line.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often it is drawn.
const TICK: Duration = Duration::from_millis(100);
/// How wide the bar itself is.
const BAR: usize = 20;
/// Goes to the start of the line and clears it.
const ERASE: &str = "\r\x1b[K";

/// Whether the line is on the terminal now: of a process there is one.
static DRAWN: AtomicBool = AtomicBool::new(false);

/// The line of a run. Dropping it erases it.
#[derive(Debug)]
pub struct Line(Option<(Sender<()>, JoinHandle<()>)>);

impl Line {
    /// Begins to watch a run of which `total` bytes of files are read, if that is known; draws nothing where nobody looks.
    pub fn start(settings: &Settings, progress: &Progress, total: Option<u64>) -> Line {
        if settings.no_progress || !std::io::stderr().is_terminal() || terminal::is_dumb() {
            return Line(None);
        }
        let (stop, stopped) = channel();
        let (progress, started) = (progress.clone(), Instant::now());
        let thread = std::thread::spawn(move || {
            let mut wait = PATIENCE;
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(wait) {
                wait = TICK;
                let text = text(&progress, total, started.elapsed());
                let width = terminal_size::terminal_size_of(std::io::stderr()).map_or(80, |(width, _)| width.0);
                let shown: String = text.chars().take(usize::from(width).saturating_sub(1)).collect();
                DRAWN.store(true, Ordering::Relaxed);
                let _ = write!(std::io::stderr(), "{ERASE}{shown}");
            }
            erase();
        });
        Line(Some((stop, thread)))
    }

    /// Erases it for good.
    pub fn end(&mut self) {
        if let Some((stop, thread)) = self.0.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.end();
    }
}

/// Clears the line if it is drawn.
pub fn erase() {
    if DRAWN.swap(false, Ordering::Relaxed) {
        let _ = write!(std::io::stderr(), "{ERASE}");
    }
}

/// `━━━━━━━━━──────────── 45%  303 MB of 670 MB, 4.5 M rows, 3 s, 4 s left`
fn text(progress: &Progress, total: Option<u64>, elapsed: Duration) -> String {
    let read = progress.bytes_read();
    let mut parts = Vec::new();
    let mut bar = String::new();
    match total.filter(|total| *total > 0 && read > 0) {
        Some(total) => {
            let share = (read as f64 / total as f64).min(1.0);
            let (done, to_do) = if terminal::has_unicode() { ("━", "─") } else { ("#", "-") };
            let filled = (share * BAR as f64).round() as usize;
            bar = format!("{}{} {:3.0}%  ", done.repeat(filled), to_do.repeat(BAR - filled), share * 100.0);
            parts.push(format!("{} of {}", size(read), size(total.max(read))));
        }
        None if read > 0 => parts.push(size(read)),
        None => {}
    }
    parts.push(format!("{} rows", count(progress.rows_read())));
    parts.push(time(elapsed));
    if let Some(total) = total.filter(|total| *total > read && read > 0) {
        let left = elapsed.mul_f64((total - read) as f64 / read as f64);
        parts.push(format!("{} left", time(left)));
    }
    bar + &parts.join(", ")
}

/// `303 MB`
pub fn size(bytes: u64) -> String {
    match bytes {
        ..1_000 => format!("{bytes} bytes"),
        _ => format!("{}B", scaled(bytes)),
    }
}

/// `4.5 M`
fn count(number: u64) -> String {
    scaled(number).trim_end().to_string()
}

/// Three digits and the prefix of their unit.
fn scaled(number: u64) -> String {
    const PREFIXES: [&str; 6] = ["", "k", "M", "G", "T", "P"];
    let (mut value, mut prefix) = (number as f64, 0);
    while value >= 999.5 && prefix + 1 < PREFIXES.len() {
        value /= 1000.0;
        prefix += 1;
    }
    let digits = if prefix == 0 || value >= 99.95 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    };
    format!("{value:.digits$} {}", PREFIXES[prefix])
}

/// `3 s`, `2 min 5 s`
fn time(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        seconds @ ..60 => format!("{seconds} s"),
        seconds @ ..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits() {
        let shown = [999, 1_000, 1_234, 12_345, 99_949, 123_456, 999_499, 999_500, 670_000_000].map(size);
        let expected =
            ["999 bytes", "1.00 kB", "1.23 kB", "12.3 kB", "99.9 kB", "123 kB", "999 kB", "1.00 MB", "670 MB"];
        assert_eq!(shown, expected);
        assert_eq!([7, 4_500_000].map(count), ["7", "4.50 M"]);
        assert_eq!(
            [3, 125, 7_260].map(|seconds| time(Duration::from_secs(seconds))),
            ["3 s", "2 min 5 s", "2 h 1 min"]
        );
    }
}
