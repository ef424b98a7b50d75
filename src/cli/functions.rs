//! `pipe functions [NAME|GROUP]`: what scripts can use, from the catalog: functions, reducers and stages.

use super::arguments::Settings;
use super::{Entry, Exit, complain, show};
use pipelang::{Engine, FunctionInfo, tools};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Lists all, a group, or what has a name.
pub fn functions(entry: &Entry, what: Option<&str>, names: bool, settings: &Settings) -> Exit {
    let engine = entry.engine(settings);
    let text = match (what, names) {
        (None, true) => Ok(names_of(&engine.functions())),
        (None, false) => Ok(list(&engine)),
        (Some(what), true) => found(&engine, what).map(|(found, _)| names_of(&found)),
        (Some(what), false) => about(&engine, what),
    };
    match text {
        Ok(text) => show(&text),
        Err(text) => {
            complain(&text);
            Exit::Usage
        }
    }
}

/// What there is to tell of a group, or of what has a name; the error says that there is nothing.
pub fn about(engine: &Engine, what: &str) -> Result<String, String> {
    let (found, is_group) = found(engine, what)?;
    Ok(if is_group { lines(&found) } else { found.iter().map(page).collect::<Vec<_>>().join("\n") })
}

/// What is in a group or has a name, and whether it is a group.
fn found(engine: &Engine, what: &str) -> Result<(Vec<FunctionInfo>, bool), String> {
    let all = engine.functions();
    let is_group = all.iter().any(|one| one.group == what);
    let found: Vec<FunctionInfo> =
        all.iter().filter(|one| if is_group { one.group == what } else { one.name == what }).cloned().collect();
    if found.is_empty() {
        let known = all.iter().flat_map(|one| [one.name.as_str(), one.group]);
        let near = tools::did_you_mean(what, known);
        let hint = near.first().map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        return Err(format!("there is no function, reducer, stage or group called `{what}`{hint}"));
    }
    Ok((found, is_group))
}

/// All, by group, a line each.
pub fn list(engine: &Engine) -> String {
    let all = engine.functions();
    let groups: Vec<String> =
        all.chunk_by(|a, b| a.group == b.group).map(|group| format!("{}\n{}", group[0].group, lines(group))).collect();
    groups.join("\n")
}

fn lines(group: &[FunctionInfo]) -> String {
    let mut text = String::new();
    for one in group {
        let _ = writeln!(text, "  {:44} {}", one.signature, one.doc);
    }
    text
}

/// Every name once.
fn names_of(all: &[FunctionInfo]) -> String {
    let names: BTreeSet<&str> = all.iter().map(|one| one.name.as_str()).collect();
    names.into_iter().map(|name| format!("{name}\n")).collect()
}

/// A function by itself: how it is written, what it does, and what it gives.
fn page(one: &FunctionInfo) -> String {
    let mut text = format!("{}\n  {}\n", one.signature, one.doc);
    let width = one.examples.iter().map(|(source, _)| source.chars().count()).max().unwrap_or(0);
    for (source, result) in &one.examples {
        let _ = writeln!(text, "  {source:width$}  # {result}");
    }
    text
}
