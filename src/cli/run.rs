//! `pipe FILE`, `pipe -e '…'`, `pipe -`: compiles a script and writes what it gives.

use super::arguments::{ScriptArguments, Settings};
use super::terminal::Terminal;
use super::{Entry, Exit, complain, flags, interruption, print_report, read_script};
use pipelang::{OutputFormat, ParameterWay, Report, RunSettings, Script, Stats, Style, TableStyle, Tally};
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Runs a script.
pub fn run(entry: &Entry, arguments: &ScriptArguments) -> Exit {
    let started = Instant::now();
    let settings = &arguments.settings;
    let (name, text) = match (&arguments.eval, arguments.file()) {
        (Some(text), _) => ("<command line>".to_string(), text.clone()),
        (None, file) => match read_script(file.unwrap_or("-")) {
            Ok(read) => read,
            Err(exit) => return exit,
        },
    };
    let parameters =
        match flags::of(arguments.file().unwrap_or("-e …"), &text, arguments.words(), ParameterWay::BehindFile) {
            Ok(parameters) => parameters,
            Err(exit) => return exit,
        };
    let script = match entry.engine(settings).script(&name, &text, &parameters) {
        Ok(script) => script,
        Err(report) => {
            print_report(&report, settings);
            return Exit::of(&report);
        }
    };
    if !script.warnings().is_empty() {
        print_report(script.warnings(), settings);
    }
    let compiled = started.elapsed();
    let default = if std::io::stdout().is_terminal() { OutputFormat::Table } else { OutputFormat::JSONL };
    let (stats, failed) = match &settings.output {
        None => write(&script, settings, &style(settings, default)),
        Some(path) => match settings.format.map(Into::into).or_else(|| OutputFormat::of_path(path)) {
            Some(format) => {
                let style = Style { format, table: TableStyle { rows: usize::MAX, ..TableStyle::default() } };
                let run = run_settings(settings);
                let (stats, result) = script.write_file(path, &style, &run);
                if result.is_ok() {
                    print_tally(&run.tally);
                }
                (stats, result.err())
            }
            None => {
                complain(&format!("`{path}` has no extension that names its format; say it: --format csv"));
                return Exit::Usage;
            }
        },
    };
    if let Some(report) = &failed {
        print_report(report, settings);
    }
    if settings.stats {
        print_stats(&stats, compiled, started.elapsed() - compiled);
    }
    failed.map_or(Exit::Done, |report| Exit::of(&report))
}

/// Says on stderr how a run went.
pub fn print_stats(stats: &Stats, compiled: Duration, run: Duration) {
    let Stats { workers, morsels, compilable, compiled: native, replays, buffers } = stats;
    let _ = writeln!(
        std::io::stderr(),
        "compiled in {compiled:.2?}, ran in {run:.2?}: {workers} workers, {morsels} morsels, \
         {native} of {compilable} kernels native, {replays} batches replayed, {buffers} buffers"
    );
}

/// Says on stderr what reads made null or left out.
fn print_tally(tally: &Tally) {
    for read in tally.reads() {
        let _ = writeln!(std::io::stderr(), "{read}");
    }
}

/// How results are written to stdout; `default` is the format where none is asked for.
pub fn style(settings: &Settings, default: OutputFormat) -> Style {
    let table = Terminal::stdout(settings.color).table_style();
    Style { format: settings.format.map_or(default, Into::into), table }
}

/// Writes the results of a script to stdout; the report is that of a run that failed.
pub fn write(script: &Script, settings: &Settings, style: &Style) -> (Stats, Option<Report>) {
    let mut out = output();
    let run = run_settings(settings);
    let (stats, result) = script.write(&mut *out, style, &run);
    match &result {
        Ok(()) => print_tally(&run.tally),
        // What came before the error; if that cannot be written either, the error says enough.
        Err(_) => _ = out.flush(),
    }
    (stats, result.err())
}

/// How scripts are run.
pub fn run_settings(settings: &Settings) -> RunSettings {
    RunSettings {
        executor: settings.executor.into(),
        threads: settings.threads.unwrap_or(0),
        morsel_rows: settings.morsel_rows,
        cancel: interruption(),
        memory: settings.memory,
        ..RunSettings::default()
    }
}

/// stdout, written in large pieces.
fn output() -> Box<dyn Write + Send> {
    const PIECE: usize = 1 << 16;
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        if let Ok(fd) = std::io::stdout().as_fd().try_clone_to_owned() {
            return Box::new(BufWriter::with_capacity(PIECE, File::from(fd)));
        }
    }
    Box::new(BufWriter::with_capacity(PIECE, std::io::stdout()))
}
