//! The prompt: `pipe` on a terminal. Definitions stay for the session; everything else is run and shown at once.
//!
//! Each entry is compiled together with the definitions so far, as one script, so that the prompt means what a script
//! means. A name that is defined again takes the place of the old one.

mod completer;
mod editor;

use super::arguments::Settings;
use super::terminal::Terminal;
use super::{Exit, built, complain, engine_without_stdin, interruption, print_report, run};
use pipelang::tools::{Part, parts};
use pipelang::{Engine, OutputFormat, Parameters, Report, Script};
use reedline::Signal;
use std::io::IsTerminal as _;

const HELP: &str = "\
Type an expression or a pipeline:  1..5 | derive square = it * it
An entry goes on over several lines while a bracket is open or a line ends in `|` or an operator; one that begins with
`|` goes on with the last pipeline. `let` and `fn` stay; defining a name again replaces it. Tab shows what could stand
at the cursor: stages, columns, functions, files.

  :type EXPR        the type of an expression or a pipeline
  :explain [CODE]   what an error means; without a code, the last one
  :functions        all functions and reducers
  :help             this
  :quit             ends it, as Ctrl-D does

Ctrl-C clears the entry, or stops what is running.
";

/// Runs the prompt until somebody ends it.
pub fn repl(settings: &Settings) -> Exit {
    let mut session = Session::new(settings);
    let context = completer::Context::default();
    let entries = completer::Entries { engine: session.engine.clone(), context: context.clone() };
    let mut editor = editor::editor(Terminal::stdout(settings.color), entries);
    println!("Pipe {}. :help says what there is, Ctrl-D ends it.", env!("CARGO_PKG_VERSION"));
    loop {
        // A terminal that was closed during a run has no end for the editor: it would look for keys for ever.
        if !std::io::stdin().is_terminal() {
            return Exit::Interrupted;
        }
        match editor.read_line(&editor::PipePrompt) {
            Ok(Signal::Success(entry)) => {
                // Here, because a signal at the prompt ends the process at once.
                let _ = editor.sync_history();
                if session.enter(&entry) == Next::Quit {
                    return Exit::Done;
                }
                context.update(&session);
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

/// What stays from entry to entry.
struct Session {
    engine: Engine,
    settings: Settings,
    definitions: Vec<Part>,
    /// The last pipeline, which an entry that begins with `|` goes on with.
    last: String,
    /// The code of the last error.
    last_error: Option<String>,
}

impl Session {
    fn new(settings: &Settings) -> Session {
        Session {
            engine: built(engine_without_stdin(settings)),
            settings: settings.clone(),
            definitions: Vec::new(),
            last: String::new(),
            last_error: None,
        }
    }

    /// The definitions so far as a script.
    fn definitions_text(&self) -> String {
        self.definitions.iter().map(|part| format!("{}\n", part.text)).collect()
    }

    fn enter(&mut self, entry: &str) -> Next {
        let entry = entry.trim();
        if let Some(command) = entry.strip_prefix(':') {
            return self.command(command);
        }
        if entry.is_empty() {
            return Next::Prompt;
        }
        if entry.starts_with('|') && self.last.is_empty() {
            complain("there is no pipeline yet that this could go on with");
            return Next::Prompt;
        }
        let entry = if entry.starts_with('|') { format!("{}\n{entry}", self.last) } else { entry.to_string() };
        let new = parts(&entry);
        let Some((definitions, script)) = self.compile(&entry, &new) else { return Next::Prompt };
        self.definitions = definitions;
        if let Some(pipeline) = new.iter().rev().find(|part| part.defines.is_none()) {
            self.last = pipeline.text.clone();
        }
        if !script.warnings().is_empty() {
            self.print(script.warnings());
        }
        if script.results() > 0 {
            interruption().reset();
            let (_, failed) = run::write(&script, &self.settings, OutputFormat::Table);
            // Nothing is left to stop, so the next signal ends the process.
            interruption().cancel();
            if let Some(report) = failed {
                self.print(&report);
            }
        }
        Next::Prompt
    }

    /// Compiles an entry with the definitions; gives the definitions that there are after it.
    fn compile(&mut self, entry: &str, new: &[Part]) -> Option<(Vec<Part>, Script)> {
        let mut definitions = self.definitions.clone();
        let mut added = Vec::new();
        let mut replaced = false;
        for part in new.iter().filter(|part| part.defines.is_some()) {
            match definitions.iter_mut().find(|old| old.defines == part.defines) {
                Some(old) => {
                    *old = part.clone();
                    replaced = true;
                }
                None => added.push(part.clone()),
            }
        }
        let mut text: String = definitions.iter().map(|part| format!("{}\n", part.text)).collect();
        if replaced {
            let rest = new.iter().filter(|part| part.defines.is_none() || added.contains(part));
            text.extend(rest.map(|part| format!("{}\n", part.text)));
        } else {
            text.push_str(entry);
        }
        match self.engine.script("<prompt>", &text, &Parameters::default()) {
            Ok(script) => {
                definitions.extend(added);
                Some((definitions, script))
            }
            Err(report) => {
                self.print(&report);
                None
            }
        }
    }

    fn print(&mut self, report: &Report) {
        self.last_error = report.code().map(|code| code.to_string());
        print_report(report, &self.settings);
    }

    fn command(&mut self, command: &str) -> Next {
        let (name, argument) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        match (name, argument.trim()) {
            ("quit" | "q" | "exit", _) => return Next::Quit,
            ("help" | "h" | "?", _) => print!("{HELP}"),
            ("functions", _) => print!("{}", super::functions::list(&self.engine)),
            ("type" | "t", "") => complain("`:type` wants an expression"),
            ("type" | "t", entry) => {
                if let Some((_, script)) = self.compile(entry, &parts(entry)) {
                    match script.results() {
                        0 => println!("a definition"),
                        results => println!("{}", script.result_type(results - 1)),
                    }
                }
            }
            ("explain", "") if self.last_error.is_none() => println!("There was no error."),
            ("explain", code) => {
                let code = if code.is_empty() { self.last_error.as_deref().unwrap_or("") } else { code };
                match super::explain::page(code) {
                    Some(page) => print!("{page}"),
                    None => complain(&format!("there is no error code `{code}`")),
                }
            }
            (name, _) => complain(&format!("there is no command `:{name}`; `:help` lists them")),
        }
        Next::Prompt
    }
}
