//! Filters that few rows of the host pass: what they do not look at is read of those rows alone, and nobody sees that.

use super::code;
use pipelang::{Engine, Executor, OnError, Row, codes};

const EXECUTORS: [Executor; 4] = [Executor::Reference, Executor::Vector, Executor::Jit, Executor::Auto];

#[derive(Row, Clone)]
struct Line {
    at: u64,
    kind: i64,
    weight: Option<f64>,
    text: Option<String>,
}

#[derive(Row, Debug, PartialEq)]
struct Found {
    at: u64,
    text: Option<String>,
    share: Option<f64>,
}

/// So many that there are several morsels behind the one that shows how few pass.
fn lines() -> Vec<Line> {
    let line = |at: u64| Line {
        at,
        kind: (at % 97) as i64,
        weight: (!at.is_multiple_of(5)).then_some(at as f64),
        text: (!at.is_multiple_of(3)).then(|| format!("a text of line {at}")),
    };
    (0..60_000).map(line).collect()
}

fn engine() -> Engine {
    Engine::builder().threads(3).build().unwrap()
}

/// Compiles it, and runs it everywhere.
fn agree(source: &str, lines: &[Line]) -> Result<Vec<Found>, String> {
    let program = engine().compile::<Line, Found>("few.pipe", source).unwrap();
    let run = |executor| program.run(lines).executor(executor).collect().map_err(|report| report.to_string());
    let [expected, others @ ..] = EXECUTORS.map(run);
    for (other, executor) in others.iter().zip(&EXECUTORS[1..]) {
        assert_eq!(*other, expected, "{executor:?}: {source}");
    }
    expected
}

#[test]
fn few_rows_are_what_they_were() {
    let lines = lines();
    let found = agree("input | filter kind == 96 | select at, text, share = weight / 2", &lines).unwrap();
    assert_eq!(found.len(), 618);
    let share = found.iter().map(|it| it.share).next_back();
    assert_eq!(share, Some(lines.iter().rev().find(|it| it.kind == 96).unwrap().weight.map(|x| x / 2.0)));
    for source in [
        "input | derive twice = kind * 2 | filter twice == 20 | derive share = weight | filter at % 2 == 0 | select at, text, share",
        "input | filter kind == 3 and weight > 100.0 | select at, text = upper(text), share = float(kind) * weight",
        "input | filter kind == 3 | filter text == null | take 7 | select at, text, share = null ?? weight",
        "input | filter kind > 200 | select at, text, share = weight",
        "input | filter kind == 5 | sort -at | select at, text, share = weight",
        "input | filter kind == 5 | aggregate at = count(), text = min(text), share = sum(weight)",
    ] {
        agree(source, &lines).unwrap();
    }
}

#[test]
fn what_fails_is_what_failed() {
    let mut lines = lines();
    // In a row that passes no filter nobody sees it.
    lines[50_000].at = u64::MAX;
    assert_ne!(lines[50_000].kind, 5);
    let source = "input | filter kind == 5 | select at, text, share = weight";
    assert_eq!(agree(source, &lines).unwrap().len(), 619);
    let passing = lines.iter().rposition(|it| it.kind == 5).unwrap();
    lines[passing].at = u64::MAX;
    let error = agree(source, &lines).map(|found| found.len()).unwrap_err();
    assert!(error.contains("18446744073709551615"), "{error}");
    (lines[passing].at, lines[50_000].at) = (59_951, 50_000);
    assert_eq!(passing, 59_951);
    for (source, text) in [
        ("input | filter 10 // (at - 59951) <= 0 and kind == 5 | select at, text, share = weight", "E0602"),
        ("input | filter kind == 5 | select at = at + 1 // (at - 59951) * 0, text, share = weight", "E0602"),
        (
            "input | filter kind == 5 | derive x = 1 // (at - 59951) | filter at < 0 or x < 3 \
             | select at, text, share = weight",
            "E0602",
        ),
        (
            "input | filter kind == 5 | select at, text = string(9_223_372_036_854_765_807 + at), share = weight",
            "E0601",
        ),
    ] {
        let error = agree(source, &lines).map(|found| found.len()).unwrap_err();
        assert!(error.contains(text), "{source}: {error}");
    }
}

#[test]
fn rows_that_fail_are_left_out() {
    let lines = lines();
    let source = "input | filter kind == 5 and 100 // (at % 1000 - 102) != 7 | select at, text, share = weight";
    let program = engine().compile::<Line, Found>("few.pipe", source).unwrap();
    assert_eq!(code(program.run(&lines).collect()), codes::E0602);
    let run = |executor| program.run(&lines).executor(executor).on_error(OnError::Skip).collect().unwrap();
    let expected = run(Executor::Vector);
    assert!(!expected.is_empty() && expected.len() < 619);
    assert_eq!(run(Executor::Jit), expected);
    let fuel = |units| program.run(&lines).on_error(OnError::Skip).fuel(units).collect();
    assert_eq!(code(fuel(30_000)), codes::E0801);
    assert_eq!(fuel(200_000).unwrap(), expected);
}
