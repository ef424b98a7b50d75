//! `pipe functions [NAME|GROUP]`: what scripts can use, from the catalog: functions, reducers and stages.

use super::arguments::Settings;
use super::{Exit, complain, engine, show};
use pipelang::{Engine, FunctionInfo, tools};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Lists all, a group, or what has a name.
pub fn functions(what: Option<&str>, names: bool, settings: &Settings) -> Exit {
    let engine = engine(settings);
    let all = engine.functions();
    let Some(what) = what else {
        return show(&if names { names_of(&all) } else { list(&engine) });
    };
    let is_group = all.iter().any(|one| one.group == what);
    let found: Vec<FunctionInfo> =
        all.iter().filter(|one| if is_group { one.group == what } else { one.name == what }).cloned().collect();
    match (found.as_slice(), names) {
        ([], _) => {
            let known = all.iter().flat_map(|one| [one.name.as_str(), one.group]);
            let near = tools::did_you_mean(what, known);
            let hint = near.first().map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            complain(&format!("there is no function, reducer, stage or group called `{what}`{hint}"));
            Exit::Usage
        }
        (found, true) => show(&names_of(found)),
        (found, false) if is_group => show(&lines(found)),
        (found, false) => show(&found.iter().map(page).collect::<Vec<_>>().join("\n")),
    }
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
