//! The command line, for `pipe` and for the programs of hosts: see [`Entry`].
//!
//! It uses the library's public API only, and is the only place that prints, exits or looks at the environment. stdout
//! carries data and nothing else.

mod arguments;
mod check;
mod entry;
mod explain;
mod flags;
mod fmt;
mod functions;
mod progress;
mod repl;
mod run;
mod sandbox;
mod schema;
mod shell;
mod stats;
mod terminal;
mod test;

pub use entry::Entry;

use arguments::{Arguments, Command, ErrorFormat, Settings};
use pipelang::{CancelToken, Report, codes};
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use terminal::Terminal;

/// What `pipe` ends with (see `docs/`): the first that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Exit {
    /// All went well.
    Done = 0,
    /// An `assert` or a test of the script failed, or `fmt --check` would change a script.
    Assertion = 1,
    /// The command line, or a file that is not there or cannot be written.
    Usage = 2,
    /// The script is wrong.
    Script = 3,
    /// The data are wrong.
    Data = 4,
    /// A limit was reached.
    Limit = 5,
    /// A bug of ours.
    Internal = 70,
    /// Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// What a report ends with. An empty one is that of a closed output: no error.
    fn of(report: &Report) -> Exit {
        let Some(code) = report.code() else { return Exit::Done };
        if report.diagnostics().iter().all(|diagnostic| !diagnostic.is_error()) {
            return Exit::Done;
        }
        match code {
            codes::E0802 => Exit::Interrupted,
            codes::E0801 => Exit::Limit,
            codes::E0901 => Exit::Internal,
            codes::Code(605) => Exit::Assertion,
            codes::Code(500..=699) => Exit::Data,
            codes::Code(700..=799) => Exit::Usage,
            codes::Code(_) => Exit::Script,
        }
    }
}

/// A limit on the size of files (`ulimit -f`) would end the process, which could then say nothing and leave half a file
/// behind. With anybody listening to the signal, what fails is writing.
fn outlive_limits() {
    #[cfg(unix)]
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Default::default());
}

/// What the program is called in messages: a process has one command line.
static NAME: OnceLock<&'static str> = OnceLock::new();

fn name() -> &'static str {
    NAME.get().copied().unwrap_or("pipe")
}

fn dispatch(entry: &Entry, arguments: Arguments) -> Exit {
    match arguments.command {
        Some(Command::Run(script)) => run::run(entry, &script),
        Some(Command::Check(arguments)) => check::check(entry, &arguments),
        Some(Command::Schema { file, name, settings }) => schema::schema(entry, &file, name.as_deref(), &settings),
        Some(Command::Fmt { files, check, settings }) => fmt::fmt(&files, check, &settings),
        Some(Command::Explain(arguments)) => explain::explain(entry, &arguments),
        Some(Command::Test { files, filter, parameters, settings }) => {
            test::test(entry, &files, filter.as_deref(), &parameters, &settings)
        }
        Some(Command::Functions { what, names, settings }) => {
            functions::functions(entry, what.as_deref(), names, &settings)
        }
        Some(Command::Completions { shell }) => shell::completions(entry, shell),
        Some(Command::Man { command }) => shell::man(entry, command.as_deref()),
        None if arguments.script.is_missing() && std::io::stdin().is_terminal() => {
            repl::repl(entry, &arguments.script.settings)
        }
        None => run::run(entry, &arguments.script),
    }
}

/// A warning: what was asked for cannot be had, and what runs instead.
fn no_native_code(why: &str) -> String {
    format!("warning: no native code: {why}; `--executor vector` runs instead, with the same results")
}

/// Prints a report to stderr as it is asked for.
fn print_report(report: &Report, settings: &Settings) {
    let options = Terminal::stderr(settings.color).render_options();
    let text = match settings.errors {
        ErrorFormat::Text => report.render(options),
        ErrorFormat::Short => report.render_short(options),
        ErrorFormat::Json => report.render_json(),
    };
    let _ = std::io::stderr().write_all(text.as_bytes());
    let is_of_sandbox = settings.sandbox && report.diagnostics().iter().any(|told| told.code == codes::E0405);
    if is_of_sandbox && settings.errors == ErrorFormat::Text {
        complain(
            "in the sandbox a script reads and writes what --allow-read PATH and --allow-write PATH name, and no more",
        );
    }
}

/// Writes to stdout at once. The error is what to end with, for a closed one quietly.
fn write_out(text: &str) -> Result<(), Exit> {
    let mut out = std::io::stdout();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Exit::Done,
        _ => {
            complain(&format!("the output cannot be written: {error}"));
            Exit::Usage
        }
    })
}

/// Writes to stdout, and that is all.
fn show(text: &str) -> Exit {
    write_out(text).err().unwrap_or(Exit::Done)
}

/// Says what is wrong with the command line or a script file.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}: {text}", name());
}

/// Whether the name of a file says that it is no script.
fn is_data(file: &str) -> bool {
    let name = file.trim_end_matches(".gz").trim_end_matches(".zst");
    let extension = std::path::Path::new(name).extension().and_then(|extension| extension.to_str());
    extension
        .is_some_and(|extension| ["csv", "tsv", "json", "jsonl", "ndjson", "parquet", "arrow"].contains(&extension))
}

/// A script's name in reports, and its text: of a file, or of stdin for `-`.
fn read_script(file: &str) -> Result<(String, String), Exit> {
    if is_data(file) {
        complain(&format!("`{file}` is a file of data; a script reads it: -e 'read(\"{file}\") | take 10'"));
        return Err(Exit::Usage);
    }
    let read = if file == "-" { std::io::read_to_string(std::io::stdin()) } else { std::fs::read_to_string(file) };
    let name = if file == "-" { "<stdin>" } else { file };
    read.map(|text| (name.to_string(), text)).map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::NotFound if file.contains(['|', '(']) => {
                format!("there is no file `{file}`; a script on the command line stands behind -e: -e '{file}'")
            }
            std::io::ErrorKind::NotFound => format!("there is no file `{file}`"),
            std::io::ErrorKind::InvalidData => format!("`{name}` is not UTF-8 text"),
            _ => format!("`{name}` cannot be read: {error}"),
        };
        complain(&why);
        Exit::Usage
    })
}

/// The token that Ctrl-C cancels, once somebody listens to it.
static TOKEN: OnceLock<CancelToken> = OnceLock::new();

/// The token that Ctrl-C cancels, and every other signal that asks the process to end. One that comes when the token is
/// cancelled already, because nothing runs or since the run goes on in spite of it, ends the process at once.
fn interruption() -> CancelToken {
    /// A key may be pressed twice by who wants no more than to stop the run.
    const ONE_WISH: Duration = Duration::from_secs(1);
    let make = || {
        let token = CancelToken::new();
        let (cancelled, mut asked) = (token.clone(), None::<Instant>);
        // Without a handler Ctrl-C ends the process, which is what is wanted then.
        let _ = ctrlc::set_handler(move || {
            if !cancelled.is_cancelled() {
                asked = Some(Instant::now());
                cancelled.cancel();
            } else if asked.is_none_or(|asked| asked.elapsed() > ONE_WISH) {
                progress::erase();
                std::process::exit(Exit::Interrupted as i32);
            }
        });
        token
    };
    TOKEN.get_or_init(make).clone()
}
