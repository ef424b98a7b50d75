//! `pipe test FILE…`: runs the tests of scripts. The list of tests goes to stdout, what is wrong with them to stderr.

use super::arguments::Settings;
use super::{Entry, Exit, complain, flags, print_report, read_script, run, write_out};
use pipelang::{Engine, ParameterWay, Report};

/// Runs the tests of all files, those whose names contain `filter`.
pub fn test(entry: &Entry, files: &[String], filter: Option<&str>, words: &[String], settings: &Settings) -> Exit {
    let engine = entry.engine(settings);
    let mut tally = Tally::default();
    for file in files {
        if let Err(exit) = test_file(&engine, file, filter, words, settings, &mut tally) {
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
    let summary = format!("{} {tests}: {passed} passed, {failed} failed\n", passed + failed);
    let exit = write_out(&summary).err().or(broken);
    exit.unwrap_or(if failed > 0 { Exit::Assertion } else { Exit::Done })
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
    words: &[String],
    settings: &Settings,
    tally: &mut Tally,
) -> Result<(), Exit> {
    let (name, text) = read_script(file)?;
    let parameters = flags::of(&name, &text, words, ParameterWay::BehindDashes)?;
    let tests = match engine.tests(&name, &text, &parameters) {
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
        write_out(&format!("{word} {name}: {test}\n"))?;
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
