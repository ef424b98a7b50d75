//! `pipe check FILE…`: all that is wrong with scripts, files' schemas included, without running them. With `--schema`
//! also the columns after every stage.

use super::arguments::{CheckArguments, Settings};
use super::{Entry, Exit, print_report, read_script, write_out};
use pipelang::tools::StageRows;
use pipelang::{Engine, Parameters, tools};
use std::fmt::Write;

/// Checks scripts; ends as the first that is wrong.
pub fn check(entry: &Entry, arguments: &CheckArguments) -> Exit {
    let settings = &arguments.settings;
    let engine = entry.engine(settings);
    let mut exit = Exit::Done;
    let mut one = |name: &str, text: &str| {
        let ended = check_script(&engine, name, text, arguments.schema, settings);
        exit = if exit == Exit::Done { ended } else { exit };
    };
    if let Some(text) = &arguments.eval {
        one("<command line>", text);
    }
    for file in &arguments.files {
        match read_script(file) {
            Ok((name, text)) => one(&name, &text),
            Err(unreadable) => return unreadable,
        }
    }
    exit
}

fn check_script(engine: &Engine, name: &str, text: &str, schema: bool, settings: &Settings) -> Exit {
    if schema {
        let parameters = Parameters { may_be_missing: true, ..Parameters::default() };
        let stages = tools::stages(engine, name, text, &parameters);
        if let Err(exit) = write_out(&columns(name, text, &stages)) {
            return exit;
        }
    }
    let report = engine.check(name, text);
    if !report.is_empty() {
        print_report(&report, settings);
    }
    let wrong = report.diagnostics().iter().any(|diagnostic| diagnostic.is_error());
    match (wrong, Exit::of(&report)) {
        (true, Exit::Internal) => Exit::Internal,
        (true, _) => Exit::Script,
        (false, _) => Exit::Done,
    }
}

/// A line for each stage: `report.pipe:2:3: filter: id: int?, amount: float?`.
fn columns(name: &str, text: &str, stages: &[StageRows]) -> String {
    let mut lines = String::new();
    for stage in stages {
        let before = &text[..stage.range.start];
        let line = before.matches('\n').count() + 1;
        let column = before[before.rfind('\n').map_or(0, |at| at + 1)..].chars().count() + 1;
        let shown = stage.columns.iter().map(|(column, ty)| match &**column {
            "" => ty.clone(),
            column => format!("{column}: {ty}"),
        });
        let shown: Vec<String> = shown.collect();
        let shown = if shown.is_empty() { "not known".to_string() } else { shown.join(", ") };
        let _ = writeln!(lines, "{name}:{line}:{column}: {}: {shown}", stage.name);
    }
    lines
}
