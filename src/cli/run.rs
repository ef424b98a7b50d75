//! `pipe FILE`, `pipe -e '…'`, `pipe -`: compiles a script and writes what it gives.

use super::arguments::{ScriptArguments, Settings};
use super::progress::Line;
use super::terminal::Terminal;
use super::{Entry, Exit, complain, flags, interruption, print_report, read_script, stats};
use pipelang::{OutputFormat, ParameterWay, Progress, Report, RunSettings, Script, Stats, Style, TableStyle, Tally};
use std::io::{self, IsTerminal, Write};
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
    let ran = match &settings.output {
        None => {
            let default = if std::io::stdout().is_terminal() { OutputFormat::Table } else { OutputFormat::JSONL };
            let style = style(settings, default);
            if let Err(why) = fits_terminal(style.format) {
                complain(&why);
                return Exit::Usage;
            }
            write(&script, settings, &style)
        }
        Some(path) => match settings.format.map(Into::into).or_else(|| OutputFormat::of_path(path)) {
            Some(format) => write_file(&script, settings, path, format),
            None => {
                complain(&format!("`{path}` has no extension that names its format; say it: --format csv"));
                return Exit::Usage;
            }
        },
    };
    if let Some(report) = &ran.failed {
        print_report(report, settings);
    }
    if settings.stats {
        stats::print(&ran, compiled, settings);
    }
    ran.failed.map_or(Exit::Done, |report| Exit::of(&report))
}

/// Says on stderr what reads made null or left out.
fn print_tally(tally: &Tally) {
    for line in tally.lines() {
        let _ = writeln!(io::stderr(), "{line}");
    }
}

/// How results are written to stdout; `default` is the format where none is asked for.
pub fn style(settings: &Settings, default: OutputFormat) -> Style {
    let table = Terminal::stdout(settings.color).table_style();
    Style { format: settings.format.map_or(default, Into::into), table }
}

/// Why a format cannot be shown on stdout.
pub fn fits_terminal(format: OutputFormat) -> Result<(), String> {
    match format {
        OutputFormat::Columns(_) if std::io::stdout().is_terminal() => {
            Err("a file of columns is nothing to look at: write it by `-o FILE`, or into a pipe".to_string())
        }
        OutputFormat::Columns(_) | OutputFormat::Rows(_) | OutputFormat::Table => Ok(()),
    }
}

/// A run that is over.
pub struct Ran {
    /// What the library tells of it.
    pub stats: Stats,
    /// How long it took.
    pub took: Duration,
    /// The counts of rows and bytes that were read.
    pub progress: Progress,
    /// The bytes that were written.
    pub bytes: u64,
    /// Why it failed.
    pub failed: Option<Report>,
}

/// Writes the results of a script to stdout.
pub fn write(script: &Script, settings: &Settings, style: &Style) -> Ran {
    let (started, run) = (Instant::now(), run_settings(settings));
    let mut out = Output::new(Line::start(settings, &run.progress, script.file_bytes()));
    let (stats, result) = script.write(&mut out, style, &run);
    if result.is_err() {
        // What came before the error; if that cannot be written either, the error says enough.
        let _ = out.flush();
    }
    out.end_line();
    if result.is_ok() {
        print_tally(&run.tally);
    }
    Ran { stats, took: started.elapsed(), progress: run.progress, bytes: out.bytes, failed: result.err() }
}

/// Writes them to a file.
fn write_file(script: &Script, settings: &Settings, path: &str, format: OutputFormat) -> Ran {
    let (started, run) = (Instant::now(), run_settings(settings));
    let mut line = Line::start(settings, &run.progress, script.file_bytes());
    let style = Style { format, table: TableStyle { rows: usize::MAX, ..TableStyle::default() } };
    let (stats, result) = script.write_file(path, &style, &run);
    line.end();
    if result.is_ok() {
        print_tally(&run.tally);
    }
    let written = std::fs::metadata(path).ok().filter(|_| result.is_ok());
    let bytes = written.map_or(0, |written| written.len());
    Ran { stats, took: started.elapsed(), progress: run.progress, bytes, failed: result.err() }
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

/// stdout, written in large pieces. On a terminal what comes ends the progress line.
struct Output {
    out: Box<dyn Write + Send>,
    waiting: Vec<u8>,
    line: Line,
    /// Given to the system.
    bytes: u64,
}

impl Output {
    /// How much is written at once.
    const PIECE: usize = 1 << 16;

    fn new(line: Line) -> Output {
        Output { out: unbuffered(), waiting: Vec::with_capacity(Output::PIECE), line, bytes: 0 }
    }

    fn end_line(&mut self) {
        self.line.end();
    }

    fn pass_on(&mut self, bytes: &[u8]) -> io::Result<()> {
        if std::io::stdout().is_terminal() {
            self.line.end();
        }
        self.out.write_all(bytes)?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.waiting.len() + bytes.len() > Output::PIECE {
            self.flush()?;
        }
        match bytes.len() {
            0..Output::PIECE => self.waiting.extend_from_slice(bytes),
            _ => self.pass_on(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        if !waiting.is_empty() {
            self.pass_on(&waiting)?;
        }
        self.waiting = waiting;
        self.waiting.clear();
        self.out.flush()
    }
}

/// stdout, without a buffer where there is a way to that.
fn unbuffered() -> Box<dyn Write + Send> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        if let Ok(fd) = std::io::stdout().as_fd().try_clone_to_owned() {
            return Box::new(std::fs::File::from(fd));
        }
    }
    Box::new(std::io::stdout())
}
