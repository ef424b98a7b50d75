//! The parameters of a script on the command line, which stand after its file: `--name value`, `--name=value`. A `bool`
//! is set by `--name` and cleared by `--no-name`; a list has a value for each time that it is given, or is written down,
//! `[1, 2]`.

use super::arguments::Arguments;
use super::{Exit, complain, name, show};
use clap::CommandFactory;
use pipelang::tools::{ParameterHelp, ScriptHelp, script_help};
use pipelang::{ParameterValue, ParameterWay, Parameters};
use std::fmt::Write;

/// The values that the words after the file give to the parameters of a script; `way` is how the user gives them. Where there is nothing to run, because
/// the help was asked for or a word is wrong, that has been said, and this is what to end with.
pub fn of(file: &str, text: &str, words: &[String], way: ParameterWay) -> Result<Parameters, Exit> {
    let about = script_help(text);
    if way == ParameterWay::BehindFile
        && let Some(word) = own_option(words, &about)
    {
        complain(&format!(
            "`{word}` is no parameter of the script but an option of `{0}`, which stands before it: `{0} {word} … {file}`",
            name()
        ));
        return Err(Exit::Usage);
    }
    match read(words, &about) {
        Ok(Given::Parameters(parameters)) => Ok(Parameters { way, ..parameters }),
        Ok(Given::Help) => Err(show(&help(file, &about))),
        Err(text) => {
            complain(&text);
            Err(Exit::Usage)
        }
    }
}

/// A word that would be an option if it stood before the file.
fn own_option<'w>(words: &'w [String], script: &ScriptHelp) -> Option<&'w str> {
    let own = Arguments::command();
    let is_own = |word: &&str| {
        let Some(flag) = word.strip_prefix("--") else { return false };
        let flag = flag.split_once('=').map_or(flag, |(flag, _)| flag);
        let is_known = find(script, &flag.replace('-', "_")).is_some() || flag == "help";
        !is_known && own.get_arguments().any(|argument| argument.get_long() == Some(flag))
    };
    words.iter().map(String::as_str).find(is_own)
}

/// What stands after the file of a script.
enum Given {
    /// Values.
    Parameters(Parameters),
    /// `--help`, unless the script has a parameter of that name.
    Help,
}

/// Reads the words after the file; whether names and values are right is told by the compiler.
fn read(words: &[String], script: &ScriptHelp) -> Result<Given, String> {
    let mut words = words.iter().map(String::as_str).peekable();
    let mut parameters = Parameters::default();
    while let Some(word) = words.next() {
        let flag = word.strip_prefix("--").filter(|name| !name.is_empty());
        if (word == "-h" || word == "--help") && find(script, "help").is_none() {
            return Ok(Given::Help);
        }
        let Some(flag) = flag else {
            return Err(format!("`{word}` is no parameter; they are written `--name value`"));
        };
        let (name, value) = match flag.split_once('=') {
            Some((name, value)) => (name.replace('-', "_"), Some(value)),
            None => (flag.replace('-', "_"), None),
        };
        let (name, value) = match (find(script, &name), value) {
            (_, Some(value)) => (name, value),
            (Some(parameter), None) if is_bool(parameter) => {
                (name, words.next_if(|next| matches!(*next, "true" | "false")).unwrap_or("true"))
            }
            (None, None) if cleared(script, &name).is_some() => (cleared(script, &name).unwrap_or(name), "false"),
            (parameter, None) => match (words.next_if(|next| !next.starts_with("--")), parameter) {
                (Some(value), _) => (name, value),
                (None, Some(parameter)) => return Err(format!("`{word}` wants a value: {}", parameter.ty)),
                // The compiler says that there is no such parameter.
                (None, None) => (name, ""),
            },
        };
        parameters.values.push((name.into(), ParameterValue::Text(value.to_string())));
    }
    Ok(Given::Parameters(parameters))
}

fn find<'a>(script: &'a ScriptHelp, name: &str) -> Option<&'a ParameterHelp> {
    script.parameters.iter().find(|parameter| parameter.name == name)
}

fn is_bool(parameter: &ParameterHelp) -> bool {
    matches!(&*parameter.ty, "bool" | "bool?")
}

/// The `bool` that `no_name` clears.
fn cleared(script: &ScriptHelp, name: &str) -> Option<String> {
    let name = name.strip_prefix("no_")?;
    find(script, name).filter(|parameter| is_bool(parameter)).map(|parameter| parameter.name.clone())
}

/// The help of a script: what it is, how it is called, its parameters.
fn help(file: &str, script: &ScriptHelp) -> String {
    let mut text = String::new();
    if !script.about.is_empty() {
        let _ = writeln!(text, "{}\n", script.about);
    }
    let _ = write!(text, "Usage: {} {file}", name());
    for parameter in script.parameters.iter().filter(|parameter| parameter.default.is_none()) {
        let _ = write!(text, " {}", shown(parameter));
    }
    if script.parameters.iter().any(|parameter| parameter.default.is_some()) {
        text.push_str(" [parameters]");
    }
    text.push('\n');
    if script.parameters.is_empty() {
        text.push_str("\nThis script has no parameters.\n");
        return text;
    }
    text.push_str("\nParameters:\n");
    let flags: Vec<String> = script.parameters.iter().map(shown).collect();
    let width = flags.iter().map(|flag| flag.chars().count()).max().unwrap_or(0);
    for (parameter, flag) in script.parameters.iter().zip(&flags) {
        let mut note = match &parameter.default {
            Some(default) => format!("[default: {default}]"),
            None => "[required]".to_string(),
        };
        if item_of(parameter).is_some() {
            note.push_str(" [once for each value]");
        }
        let lines: Vec<&str> = parameter.doc.lines().collect();
        let (last, first) = lines.split_last().unwrap_or((&"", &[]));
        let mut flag = flag.as_str();
        for line in first {
            let _ = writeln!(text, "  {flag:width$}  {line}");
            flag = "";
        }
        let last = format!("{last} {note}");
        let _ = writeln!(text, "  {flag:width$}  {}", last.trim_start());
    }
    text
}

/// `--year <int>`, `--[no-]verbose`, `--id <int> …`
fn shown(parameter: &ParameterHelp) -> String {
    let name = parameter.name.replace('_', "-");
    match item_of(parameter) {
        _ if is_bool(parameter) => format!("--[no-]{name}"),
        Some(item) => format!("--{name} <{item}> …"),
        None => format!("--{name} <{}>", parameter.ty.trim_end_matches('?')),
    }
}

/// What the items of a list are.
fn item_of(parameter: &ParameterHelp) -> Option<&str> {
    parameter.ty.strip_prefix('[').and_then(|ty| ty.strip_suffix(']'))
}
