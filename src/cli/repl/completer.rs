//! Completion at the prompt: what `pipelang::tools` says could stand at the cursor of the entry behind the definitions so
//! far, and the files that there are.

use super::commands::{COMMANDS, Takes, command_of, script_start};
use super::options::OPTIONS;
use super::session::{Parameter, Session};
use super::words;
use pipelang::Engine;
use pipelang::tools::{self, Item};
use reedline::{Completer, CompletionResult, Span, Suggestion};
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Files at most that are offered.
const MOST_FILES: usize = 200;

/// The session that entries are completed in; it is kept up to date after each.
#[derive(Clone, Default)]
pub struct Context(Arc<Mutex<Before>>);

/// What stands before an entry: for one that goes on with the last result, and for any other.
#[derive(Default)]
struct Before {
    going_on: String,
    fresh: String,
    definitions: Vec<String>,
    parameters: Vec<Parameter>,
}

impl Context {
    /// Takes over what the session has.
    pub fn update(&self, session: &Session) {
        let definitions = session.names().map(str::to_string).collect();
        let parameters = session.parameters();
        *self.lock() = Before { going_on: session.before("|"), fresh: session.before(""), definitions, parameters };
    }

    fn lock(&self) -> MutexGuard<'_, Before> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text that a piece of a script stands behind.
    fn before(&self, script: &str) -> String {
        let before = self.lock();
        if script.trim_start().starts_with('|') { before.going_on.clone() } else { before.fresh.clone() }
    }
}

/// Completes entries.
pub struct Entries {
    pub engine: Engine,
    pub context: Context,
}

impl Completer for Entries {
    fn complete(&mut self, line: &str, position: usize) -> CompletionResult {
        CompletionResult::fresh(match script_start(line) {
            Some(start) if start <= position && begins_file(&line[..position]) => self.command(&line[..position]),
            Some(start) if start <= position => self.script(line, start, position),
            Some(_) | None => self.command(&line[..position]),
        })
    }
}

impl Entries {
    /// What could stand at a place of a script, which begins at `start` of the line.
    fn script(&self, line: &str, start: usize, position: usize) -> Vec<Suggestion> {
        let before = self.context.before(&line[start..]);
        let text = format!("{before}{}", &line[start..]);
        let found = tools::complete(&self.engine, "<prompt>", &text, before.len() + position - start, &files);
        let in_line = |at: usize| (at + start).saturating_sub(before.len());
        let span = Span { start: in_line(found.replace.start), end: in_line(found.replace.end) };
        found.items.into_iter().map(|item| suggestion(item, span)).collect()
    }

    /// What could stand at the end of a line that begins with a command.
    fn command(&self, line: &str) -> Vec<Suggestion> {
        let last = words::scan(line).pop().filter(|last| last.open.is_some() || !line.ends_with(char::is_whitespace));
        let (word, begun) = last.map_or((line.len(), String::new()), |last| (last.start, last.text));
        let span = Span { start: word, end: line.len() };
        let item = |value: &str, description: &str| Suggestion {
            value: value.to_string(),
            description: (!description.is_empty()).then(|| description.to_string()),
            span,
            append_whitespace: word == 0,
            ..Suggestion::default()
        };
        let definitions = || self.context.lock().definitions.iter().map(|name| item(name, "")).collect::<Vec<_>>();
        let mut found: Vec<Suggestion> = match command_of(line).map(|command| command.takes) {
            _ if word == 0 => COMMANDS.iter().map(|it| item(&format!(":{}", it.name), it.doc)).collect(),
            Some(Takes::File | Takes::ScriptOrFile) => {
                return files(&begun).iter().map(|file| named(file, span)).collect();
            }
            Some(Takes::Setting) => match line[..word].split_whitespace().skip(1).collect::<Vec<_>>().as_slice() {
                [] => {
                    let parameters =
                        self.context.lock().parameters.iter().map(|it| item(&it.name, &it.doc)).collect::<Vec<_>>();
                    OPTIONS.iter().map(|option| item(option.name, option.doc)).chain(parameters).collect()
                }
                [name] => self.values_of(name).iter().map(|value| item(value, "")).collect(),
                _ => Vec::new(),
            },
            Some(Takes::Name) => {
                let all = self.engine.functions();
                let all = all.iter().map(|one| item(&one.name, &format!("{}: {}", one.signature, one.doc)));
                let mut all: Vec<Suggestion> = definitions().into_iter().chain(all).collect();
                let mut seen = HashSet::new();
                all.retain(|one| seen.insert(one.value.clone()));
                all
            }
            Some(Takes::Definition) => definitions(),
            Some(Takes::Nothing | Takes::Code | Takes::Script) | None => Vec::new(),
        };
        found.retain(|suggestion| suggestion.value.starts_with(&begun));
        found
    }

    /// The words that an option or a parameter may be set to.
    fn values_of(&self, name: &str) -> Vec<String> {
        let before = self.context.lock();
        let parameter = before.parameters.iter().find(|parameter| parameter.name == name);
        match (parameter, OPTIONS.iter().find(|option| option.name == name)) {
            (Some(Parameter { ty, .. }), _) if ty.trim_end_matches('?') == "bool" => {
                ["true", "false"].map(str::to_string).to_vec()
            }
            (None, Some(option)) => (option.values)(),
            (Some(_) | None, _) => Vec::new(),
        }
    }
}

/// Whether the only word behind a command that takes a file or a piece of a script can only be meant as a file.
fn begins_file(line: &str) -> bool {
    let takes_file = command_of(line).is_some_and(|command| command.takes == Takes::ScriptOrFile);
    match words::scan(line).as_slice() {
        [_, word] if takes_file && !line.ends_with(char::is_whitespace) => {
            word.open.is_some() || !files(&word.text).is_empty() && (word.text.contains('/') || word.text.contains('.'))
        }
        _ => false,
    }
}

fn suggestion(item: Item, span: Span) -> Suggestion {
    let description = [item.detail, item.doc].into_iter().filter(|text| !text.is_empty());
    let description: Vec<String> = description.collect();
    Suggestion {
        value: item.insert,
        display_override: Some(item.label),
        description: (!description.is_empty()).then(|| description.join(": ")),
        span,
        ..Suggestion::default()
    }
}

/// A file behind a command; what is in a folder is yet to be named, so that its quote stays open.
fn named(file: &str, span: Span) -> Suggestion {
    let mut value = words::spelled(file);
    if file.ends_with('/') && value.ends_with('"') {
        value.pop();
    }
    Suggestion { value, display_override: Some(file.to_string()), span, ..Suggestion::default() }
}

/// The files and folders whose paths begin with a text, folders with a `/` behind.
fn files(begun: &str) -> Vec<String> {
    let (folder, name) = begun.rsplit_once('/').map_or(("", begun), |(folder, name)| (folder, name));
    let prefix = &begun[..begun.len() - name.len()];
    let folder =
        if prefix.is_empty() { Path::new(".") } else { Path::new(if folder.is_empty() { "/" } else { folder }) };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<String> = entries
        .flatten()
        .filter_map(|entry| {
            let found = entry.file_name().into_string().ok()?;
            let hidden = found.starts_with('.') && !name.starts_with('.');
            let behind = if entry.path().is_dir() { "/" } else { "" };
            (found.starts_with(name) && !hidden).then(|| format!("{prefix}{found}{behind}"))
        })
        .collect();
    found.sort();
    found.truncate(MOST_FILES);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_begin_with_what_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("data")).expect("a folder");
        for name in ["dates.csv", "other.csv", ".hidden"] {
            std::fs::write(folder.path().join(name), "").expect("a file");
        }
        let at = |name: &str| format!("{}/{name}", folder.path().display());
        assert_eq!(files(&at("da")), [at("data/"), at("dates.csv")]);
        assert_eq!(files(&at("")), [at("data/"), at("dates.csv"), at("other.csv")]);
        assert_eq!(files(&at("no/such/folder")), Vec::<String>::new());
    }
}
