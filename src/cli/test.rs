//! `pipe test FILE…`: runs the tests of scripts. The list of tests goes to stdout, what is wrong with them to stderr.

use super::arguments::Settings;
use super::{Exit, complain, engine, print_report, read_script, run};
use pipelang::{Engine, Report};
use std::io::{ErrorKind, Write};

/// Runs the tests of all files, those whose names contain `filter`.
pub fn test(files: &[String], filter: Option<&str>, settings: &Settings) -> Exit {
    let engine = engine(settings);
    let mut tally = Tally::default();
    for file in files {
        if let Err(exit) = test_file(&engine, file, filter, settings, &mut tally) {
            return exit;
        }
    }
    let Tally { passed, failed, broken } = tally;
    match (passed + failed, broken, filter) {
        (0, Some(exit), _) => return exit,
        (0, None, Some(filter)) => {
            complain(&format!("no test has `{filter}` in its name"));
            return Exit::Usage;
        }
        (_, _, _) => {}
    }
    let tests = if passed + failed == 1 { "test" } else { "tests" };
    let exit = say(&format!("{} {tests}: {passed} passed, {failed} failed", passed + failed));
    exit.or(broken).unwrap_or(if failed > 0 { Exit::Assertion } else { Exit::Done })
}

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    /// What the first script ends with that could not be compiled.
    broken: Option<Exit>,
}

/// Runs the tests of a file; an error ends everything.
fn test_file(
    engine: &Engine,
    file: &str,
    filter: Option<&str>,
    settings: &Settings,
    tally: &mut Tally,
) -> Result<(), Exit> {
    let (name, text) = read_script(file)?;
    let tests = match engine.tests(&name, &text) {
        Ok(tests) => tests,
        Err(report) => {
            print_report(&report, settings);
            tally.broken = tally.broken.or(Some(Exit::of(&report)));
            return Ok(());
        }
    };
    if !tests.warnings().is_empty() {
        print_report(tests.warnings(), settings);
    }
    let run = run::run_settings(settings);
    for (at, test) in tests.names().enumerate().filter(|(_, test)| filter.is_none_or(|part| test.contains(part))) {
        let outcome = tests.run(at, &run);
        let word = if outcome.is_ok() { "ok    " } else { "failed" };
        say(&format!("{word} {name}: {test}")).map_or(Ok(()), Err)?;
        match outcome {
            Ok(()) => tally.passed += 1,
            Err(report) => {
                tally.failed += 1;
                print_report(&report, settings);
                stops(&report).map_or(Ok(()), Err)?;
            }
        }
    }
    Ok(())
}

/// What ends the whole run, because the test is not to blame: an interruption, a bug of ours.
fn stops(report: &Report) -> Option<Exit> {
    Some(Exit::of(report)).filter(|exit| matches!(exit, Exit::Interrupted | Exit::Internal))
}

/// Writes a line to stdout. If that is closed, nobody wants to know more.
fn say(line: &str) -> Option<Exit> {
    let mut out = std::io::stdout();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Ok(()) => None,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Some(Exit::Done),
        Err(error) => {
            complain(&format!("the output cannot be written: {error}"));
            Some(Exit::Usage)
        }
    }
}
