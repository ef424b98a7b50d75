//! `pipe functions [NAME|GROUP]`: what scripts can use, from the catalog: functions, reducers and stages.

use super::arguments::Settings;
use super::terminal::Terminal;
use super::{Entry, Exit, complain, show};
use pipelang::{Engine, FunctionInfo, tools};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Lists all, a group, or what has a name.
pub fn functions(entry: &Entry, what: Option<&str>, names: bool, settings: &Settings) -> Exit {
    let engine = entry.engine(settings);
    let text = match (what, names) {
        (None, true) => Ok(names_of(&engine.functions())),
        (None, false) => Ok(list(&engine, Terminal::stdout(settings.color).width())),
        (Some(what), true) => found(&engine, what).map(|(group, named)| names_of(&[group, named].concat())),
        (Some(what), false) => about(&engine, what, Terminal::stdout(settings.color).width()),
    };
    match text {
        Ok(text) => show(&text),
        Err(text) => {
            complain(&text);
            Exit::Usage
        }
    }
}

/// What there is to tell of a group and of what has a name, in lines of that width; the error says that there is nothing.
pub fn about(engine: &Engine, what: &str, width: Option<usize>) -> Result<String, String> {
    let (group, named) = found(engine, what)?;
    let mut pages: Vec<String> = named.iter().map(|one| page(one, width)).collect();
    if !group.is_empty() {
        pages.push(lines(&group, width));
    }
    Ok(pages.join("\n"))
}

/// What is in a group of that name, and what has the name.
fn found(engine: &Engine, what: &str) -> Result<(Vec<FunctionInfo>, Vec<FunctionInfo>), String> {
    let all = engine.functions();
    let group: Vec<FunctionInfo> = all.iter().filter(|one| one.group == what).cloned().collect();
    let named: Vec<FunctionInfo> = all.iter().filter(|one| one.name == what).cloned().collect();
    if group.is_empty() && named.is_empty() {
        let known = all.iter().flat_map(|one| [one.name.as_str(), one.group]);
        let near = tools::did_you_mean(what, known);
        let hint = near.first().map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        return Err(format!("there is no function, reducer, stage or group called `{what}`{hint}"));
    }
    Ok((group, named))
}

/// All, by group, a line each; more where the width is known and too small.
pub fn list(engine: &Engine, width: Option<usize>) -> String {
    let all = engine.functions();
    let groups = all.chunk_by(|a, b| a.group == b.group);
    let groups: Vec<String> = groups.map(|group| format!("{}\n{}", group[0].group, lines(group, width))).collect();
    groups.join("\n")
}

fn lines(group: &[FunctionInfo], width: Option<usize>) -> String {
    let mut text = String::new();
    for one in group {
        entry(&mut text, 44, &one.signature, &one.doc, width);
    }
    text
}

/// The least room for a text beside what it is about; with less it stands below.
const LEAST_ROOM: usize = 36;

/// What something is called, and beside it what it is; below it where there is no room, and in several lines of words.
fn entry(text: &mut String, column: usize, name: &str, doc: &str, width: Option<usize>) {
    let left = 2 + column.max(name.chars().count()) + 1;
    let Some(width) = width.filter(|width| left + doc.chars().count() > *width) else {
        let _ = writeln!(text, "  {name:column$} {doc}");
        return;
    };
    let beside = 2 + column + 1;
    let (head, indent) = match left == beside && beside + LEAST_ROOM <= width {
        true => (format!("  {name:column$} "), beside),
        false => (format!("  {name}\n      "), 6),
    };
    let lines = wrapped(doc, width.saturating_sub(indent));
    let _ = writeln!(text, "{head}{}", lines.join(&format!("\n{:indent$}", "")));
}

/// Lines of whole words of that width at most.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut().filter(|line| line.chars().count() + 1 + word.chars().count() <= width) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_string()),
        }
    }
    lines
}

/// Every name once.
fn names_of(all: &[FunctionInfo]) -> String {
    let names: BTreeSet<&str> = all.iter().map(|one| one.name.as_str()).collect();
    names.into_iter().map(|name| format!("{name}\n")).collect()
}

/// A function by itself: how it is written, what it does, its options, and what it gives.
fn page(one: &FunctionInfo, terminal: Option<usize>) -> String {
    let mut text = format!("{}\n", one.signature);
    for line in wrapped(&one.doc, terminal.map_or(usize::MAX, |width| width.saturating_sub(2))) {
        let _ = writeln!(text, "  {line}");
    }
    let column = one.options.iter().map(|(name, _)| name.len() + 1).max().unwrap_or(0);
    for (name, doc) in &one.options {
        entry(&mut text, column, &format!("{name}:"), doc, terminal);
    }
    let width = one.examples.iter().map(|(source, _)| source.chars().count()).max().unwrap_or(0);
    for (source, result) in &one.examples {
        let _ = writeln!(text, "  {source:width$}  # {result}");
    }
    text
}
