//! The prompt: `pipe` on a terminal. Definitions stay for the session; everything else is run and shown at once.
//!
//! `session.rs` says what an entry means, `commands.rs` what lines with a colon do; here they are read, run and shown.

mod commands;
mod completer;
mod editor;
mod help;
mod menu;
mod options;
mod session;
mod words;

use super::arguments::Settings;
use super::terminal::Terminal;
use super::{Entry, Exit, complain, interruption, run, stats};
use pipelang::{OutputFormat, TableStyle, codes, tools};
use reedline::Signal;
use session::Session;
use std::io::IsTerminal as _;
use std::time::Instant;

/// Rows of a table that are shown where nobody says how many.
const ROWS: usize = 20;

/// Lines around the rows of a table: what was entered, the names, types and the rule, what is left out, the count, the prompt.
const LINES_AROUND: usize = 8;

/// So few rows are shown on the lowest terminal.
const LEAST_ROWS: usize = 4;

/// Runs the prompt until somebody ends it.
pub fn repl(entry: &Entry, settings: &Settings) -> Exit {
    let mut prompt = Prompt::new(entry, settings);
    let context = completer::Context::default();
    let entries = completer::Entries { engine: prompt.session.engine.clone(), context: context.clone() };
    let mut editor = editor::editor(entry.name, Terminal::stdout(settings.color), entries);
    println!("{} {}: `:help` says what there is, Ctrl-D ends it.", entry.name, entry.version);
    loop {
        // A terminal that was closed during a run has no end for the editor: it would look for keys for ever.
        if !std::io::stdin().is_terminal() {
            return Exit::Interrupted;
        }
        match editor.read_line(&editor::PipePrompt { name: entry.name }) {
            Ok(Signal::Success(entry)) => {
                // Here, because a signal at the prompt ends the process at once.
                let _ = editor.sync_history();
                interruption().reset();
                let next = prompt.enter(&entry);
                // Nothing is left to stop, so the next signal ends the process.
                interruption().cancel();
                if next == Next::Quit {
                    return Exit::Done;
                }
                context.update(&prompt.session);
            }
            Ok(Signal::CtrlD) => return Exit::Done,
            Ok(_) => {}
            Err(error) => {
                complain(&format!("the terminal cannot be read: {error}"));
                return Exit::Usage;
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Prompt,
    Quit,
}

/// The session and how it is shown.
struct Prompt {
    session: Session,
    settings: Settings,
    /// Rows of a table at most, if somebody has said it; else as many as fit.
    rows: Option<usize>,
    /// The code of the last error.
    last_error: Option<String>,
    /// Files that were saved.
    saved: Vec<String>,
}

impl Prompt {
    fn new(entry: &Entry, settings: &Settings) -> Prompt {
        Prompt {
            session: Session::new(entry.engine_of_prompt(settings)),
            settings: settings.clone(),
            rows: None,
            last_error: None,
            saved: Vec::new(),
        }
    }

    fn enter(&mut self, entry: &str) -> Next {
        let entry = entry.trim();
        if entry.starts_with(':') {
            return self.command(entry);
        }
        // What somebody types who has not seen how commands are written.
        if let Some(command) = commands::meant(entry).filter(|_| self.session.definition(entry).is_none()) {
            return self.command(command);
        }
        if entry.starts_with('|') && self.session.last().is_none() {
            complain("there is no result yet that this could go on with");
        } else if self.session.last().is_none() && tools::with_value(entry, session::LAST, "null").is_some() {
            complain("there is no result yet that `_` could be");
        } else if !entry.is_empty() {
            self.run(session::ENTRY, entry);
        }
        Next::Prompt
    }

    /// Compiles an entry, keeps it and shows its results; `name` stands in reports.
    fn run(&mut self, name: &str, entry: &str) {
        if tools::parts(entry).iter().any(|part| part.defines.as_deref() == Some(session::LAST)) {
            return complain("`_` is the last result; what is defined wants another name");
        }
        let started = Instant::now();
        let entry = match self.session.compile(name, entry) {
            Ok(entry) => entry,
            Err(report) => {
                self.print(&report);
                return self.say_what_is_missing();
            }
        };
        let compiled = started.elapsed();
        if !entry.script.warnings().is_empty() {
            self.print(&entry.report(entry.script.warnings().clone()));
        }
        let mut has_run = true;
        if entry.script.results() > 0 {
            let mut style = run::style(&self.settings, OutputFormat::Table);
            style.table = TableStyle { rows: self.rows(), ..style.table };
            if let Err(why) = run::fits_terminal(style.format) {
                return complain(&why);
            }
            let mut ran = run::write(&entry.script, &self.settings, &style);
            // What was stopped can be gone on with: fewer rows of it may be what is wanted.
            let failed = ran.failed.take();
            has_run = failed.as_ref().is_none_or(|report| report.code() == Some(codes::E0802));
            if let Some(report) = failed {
                self.print(&entry.report(report));
            }
            if self.settings.stats {
                stats::print(&ran, compiled, &self.settings);
            }
        }
        let defines = entry.script.results() == 0;
        let tests = if name == session::ENTRY { entry.tests.clone() } else { Vec::new() };
        self.session.keep(entry, has_run);
        if defines {
            self.say_what_is_missing();
        }
        tests.iter().for_each(|test| self.test(test));
    }

    /// Runs a test that has been entered, and says how that went.
    fn test(&mut self, test: &str) {
        match self.session.run_test(test, &run::run_settings(&self.settings)) {
            Ok(Some(name)) => println!("ok     {name}"),
            Ok(None) => {}
            Err(report) => self.print(&report),
        }
    }

    /// How wide the terminal is.
    fn width(&self) -> Option<usize> {
        Terminal::stdout(self.settings.color).width()
    }

    /// Rows of a table at most.
    fn rows(&self) -> usize {
        let fit = || match Terminal::stdout(self.settings.color).height() {
            Some(height) => ROWS.min(height.saturating_sub(LINES_AROUND)).max(LEAST_ROWS),
            None => ROWS,
        };
        self.rows.unwrap_or_else(fit)
    }

    /// Nothing can be run while a parameter has no value.
    fn say_what_is_missing(&self) {
        for name in self.session.missing_parameters() {
            println!("`{name}` has no value yet; give it one: :set {name} …");
        }
    }
}
