//! What begins with a colon at the prompt.

use super::options;
use super::session::Parameter;
use super::{Next, Prompt, words};
use crate::cli::schema::{definition, type_name};
use crate::cli::{complain, explain, flags, functions, is_data, print_report, read_script};
use pipelang::{ParameterValue, ParameterWay, Phase, Report, tools};
use std::path::Path;

/// What stands behind the name of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// A piece of a script; the last result if there is none.
    Script,
    /// The same, or a file.
    ScriptOrFile,
    /// The name of a function, reducer, stage or group, or of a definition.
    Name,
    /// The name of a definition.
    Definition,
    /// A code of an error.
    Code,
    /// A file.
    File,
    /// An option and its value.
    Setting,
}

/// A command.
pub struct Command {
    /// Without the colon.
    pub name: &'static str,
    /// How its argument is called.
    pub argument: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What it does.
    pub doc: &'static str,
}

/// All commands, in the order in which they are listed.
pub const COMMANDS: [Command; 12] = {
    const fn command(name: &'static str, argument: &'static str, takes: Takes, doc: &'static str) -> Command {
        Command { name, argument, takes, doc }
    }
    [
        command("type", "[SCRIPT]", Takes::Script, "the type of an expression or pipeline"),
        command("schema", "[SCRIPT|FILE]", Takes::ScriptOrFile, "the columns of rows or a file as a `type`"),
        command("plan", "[SCRIPT]", Takes::Script, "how it would be run"),
        command("time", "[SCRIPT]", Takes::Script, "runs it and says how long that took"),
        command("help", "[NAME|GROUP]", Takes::Name, "about a function, stage or group; or this"),
        command("functions", "", Takes::Nothing, "all functions, reducers and stages"),
        command("explain", "[CODE]", Takes::Code, "what an error means; or the last one"),
        command("load", "FILE [--name value …]", Takes::File, "enters a script, with its parameters"),
        command("save", "FILE", Takes::File, "writes definitions and last result as a script"),
        command("forget", "[NAME]", Takes::Definition, "forgets a definition, or everything"),
        command("set", "[NAME [VALUE]]", Takes::Setting, "an option or a parameter, or a list of them"),
        command("quit", "", Takes::Nothing, "ends it, as Ctrl-D does"),
    ]
};

/// The command that a line begins with, by its name or what that begins with.
pub fn command_of(line: &str) -> Option<&'static Command> {
    let name = line.strip_prefix(':')?.split_whitespace().next()?;
    let exact = COMMANDS.iter().find(|command| command.name == name);
    exact.or_else(|| COMMANDS.iter().find(|command| command.name.starts_with(name)))
}

/// The command that is meant by a word of other prompts.
pub fn meant(entry: &str) -> Option<&'static str> {
    match entry {
        "help" | "?" => Some(":help"),
        "quit" | "exit" | "exit()" | "quit()" => Some(":quit"),
        _ => None,
    }
}

/// Where in a line a piece of a script begins: at its start, or behind a command that takes one.
pub fn script_start(line: &str) -> Option<usize> {
    if !line.starts_with(':') {
        return Some(0);
    }
    let end = line.find(char::is_whitespace)?;
    let begin = end + line[end..].len() - line[end..].trim_start().len();
    matches!(command_of(line)?.takes, Takes::Script | Takes::ScriptOrFile).then_some(begin)
}

/// The file that a line is about which begins with a command that takes one or a piece of a script: a file or folder that
/// is there, or what is called like a file of data.
pub fn file_of(line: &str) -> Option<String> {
    let start = script_start(line).filter(|_| command_of(line).is_some_and(|it| it.takes == Takes::ScriptOrFile))?;
    let [file] = words::words(&line[start..]).ok()?.try_into().ok()?;
    let is_called_so = is_data(&file) && !file.contains(['|', '(', '[', '{', '"']);
    (is_called_so || !file.is_empty() && Path::new(&file).exists()).then_some(file)
}

impl Prompt {
    /// Does what a line that begins with a colon says.
    pub fn command(&mut self, line: &str) -> Next {
        let (name, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let argument = argument.trim();
        let Some(command) = command_of(name) else {
            complain(&format!("there is no command `{name}`; `:help` lists them"));
            return Next::Prompt;
        };
        match command.name {
            "quit" => return Next::Quit,
            "help" => self.help(argument),
            "functions" => print!("{}", functions::list(&self.session.engine, self.width())),
            "explain" => self.explain(argument),
            "load" => self.load(argument),
            "save" => self.save(argument),
            "forget" => {
                if let Err(report) = self.session.forget(argument) {
                    self.print(&report);
                }
            }
            "set" => self.set(argument),
            _ => self.about_script(command, argument, file_of(line)),
        }
        Next::Prompt
    }

    /// Commands about a piece of a script.
    fn about_script(&mut self, command: &Command, argument: &str, file: Option<String>) {
        let file = file.filter(|_| self.session.definition(argument).is_none());
        let script = match (argument, self.session.last()) {
            _ if file.is_some() => format!("read({:?})", file.as_deref().unwrap_or_default()),
            ("", None) => return complain(&format!("`:{}` wants an expression or a pipeline", command.name)),
            ("", Some(last)) => last.to_string(),
            (script, _) => script.to_string(),
        };
        if command.name == "time" {
            let before = std::mem::replace(&mut self.settings.stats, true);
            self.run(super::session::ENTRY, &script);
            self.settings.stats = before;
            return;
        }
        let entry = match self.session.compile(super::session::ENTRY, &script) {
            Ok(entry) => entry,
            Err(report) => return self.print(&report),
        };
        let Some(result) = entry.script.results().checked_sub(1) else {
            return complain("this is a definition, and gives nothing");
        };
        match command.name {
            "type" => println!("{}", entry.script.result_type(result)),
            "schema" => {
                let name = file.map_or("Rows".to_string(), |file| type_name(&file));
                print!("{}", definition(&name, &entry.script.result_type(result)));
            }
            _ => print!("{}", entry.script.explain(Phase::Plan, self.settings.executor.into())),
        }
    }

    fn explain(&self, code: &str) {
        let code = if code.is_empty() { self.last_error.as_deref().unwrap_or("") } else { code };
        match explain::page(code) {
            Some(page) => print!("{page}"),
            None if code.is_empty() => println!("There was no error."),
            None => complain(&format!("there is no error code `{code}`")),
        }
    }

    /// Enters a script; the words behind its name are the values of its parameters.
    fn load(&mut self, argument: &str) {
        let (file, words) = match words::words(argument) {
            Ok(words) if words.is_empty() => return complain("`:load` wants the name of a file"),
            Ok(mut words) => (words.remove(0), words),
            Err(why) => return complain(&why),
        };
        // What it says when it fails is said already.
        let Ok((name, text)) = read_script(&file) else { return };
        let Ok(parameters) = flags::of(&file, &text, &words, ParameterWay::Load) else { return };
        self.session.begin_load(parameters.values);
        self.run(&name, &tools::moved_here(&text, &file));
        self.session.end_load();
    }

    fn save(&mut self, argument: &str) {
        let words = match words::words(argument) {
            Ok(words) => words,
            Err(why) => return complain(&why),
        };
        let file = match words.as_slice() {
            [file] => file.as_str(),
            [] => return complain("`:save` wants the name of a file"),
            [_, ..] => return complain(&format!("`:save` wants one file: \"{argument}\" if its name has blanks")),
        };
        let text = away(&self.session.text(), file);
        let text = tools::format(file, &text).unwrap_or(text);
        // A script of somebody else may be the work of a day.
        if Path::new(file).exists() && !self.saved.iter().any(|saved| saved == file) {
            return complain(&format!("there is a file `{file}` already, which this session has not written"));
        }
        match std::fs::write(file, &text) {
            Ok(()) => {
                println!("{file}: {} lines", text.lines().count());
                self.saved.push(file.to_string());
            }
            Err(error) => complain(&format!("`{file}` cannot be written: {error}")),
        }
    }

    fn set(&mut self, argument: &str) {
        let (name, value) = argument.split_once(char::is_whitespace).unwrap_or((argument, ""));
        let name = name.trim_start_matches("--");
        if let Some(parameter) = self.session.parameters().into_iter().find(|parameter| parameter.name == name) {
            return self.set_parameter(parameter, value.trim());
        }
        match options::set(self, name, value.trim()) {
            Ok(said) => print!("{said}"),
            Err(text) => complain(&text),
        }
    }

    /// Gives a parameter a value, or shows the one that it has.
    fn set_parameter(&mut self, parameter: Parameter, value: &str) {
        let Parameter { name, ty, value: now, .. } = parameter;
        if value.is_empty() {
            return println!("{}", now.unwrap_or_else(|| format!("no value yet: {ty}")));
        }
        // A text is given without quotes, and with them where it is empty or has blanks at its ends.
        let text = match words::scan(value).as_slice() {
            [word] if value.starts_with(['"', '\'']) && word.open.is_none() && ty.starts_with("string") => {
                word.text.clone()
            }
            _ => value.to_string(),
        };
        if let Err(report) = self.session.set_parameters(vec![(name.into(), ParameterValue::Text(text))]) {
            self.print(&report);
        }
    }

    /// Prints a report, which `:explain` then is about.
    pub fn print(&mut self, report: &Report) {
        self.last_error = report.code().map(|code| code.to_string());
        print_report(report, &self.settings);
    }
}

/// The text of a script of the current folder as one that stands in a file: its imports lead to where they led.
fn away(text: &str, file: &str) -> String {
    let here = std::env::current_dir().ok();
    let absolute = here.as_deref().and_then(|here| Some((here.to_str()?, here.join(file).to_str()?.to_string())));
    absolute.map_or_else(|| text.to_string(), |(here, to)| tools::moved_to(text, here, &to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_from_scripts() {
        for (line, file) in [
            (":schema nosuch.csv", Some("nosuch.csv")),
            (":schema data/*.csv.gz", Some("data/*.csv.gz")),
            (":schema \"my stocks.csv\"", Some("my stocks.csv")),
            (":sch src/", Some("src/")),
            (":schema", None),
            (":schema w | take 2", None),
            (":schema read(\"a.csv\")", None),
            (":schema a.b", None),
            (":schema \"a", None),
            (":type a.csv", None),
        ] {
            assert_eq!(file_of(line).as_deref(), file, "{line}");
        }
    }
}
