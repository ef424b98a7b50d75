//! `pipe check FILE`: all that is wrong with a script, files' schemas included, without running it.

use super::arguments::Settings;
use super::{Exit, engine, print_report, read_script};
use pipelang::{Parameters, Report};

/// Checks a script.
pub fn check(file: &str, settings: &Settings) -> Exit {
    let (name, text) = match read_script(file) {
        Ok(read) => read,
        Err(exit) => return exit,
    };
    let report: Report = match engine(settings).script(&name, &text, &Parameters::default()) {
        Ok(script) => script.warnings().clone(),
        Err(report) => report,
    };
    if !report.is_empty() {
        print_report(&report, settings);
    }
    Exit::of(&report)
}
