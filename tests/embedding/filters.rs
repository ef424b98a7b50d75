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

#[derive(Row, Clone, Copy)]
struct Reading {
    id: i64,
    level: i32,
    heat: f64,
    at: i64,
}

#[derive(Row, Debug)]
struct Hot {
    id: i64,
    heat: f64,
}

/// So many that it is worth making a loop of machine code for them.
fn readings() -> Vec<Reading> {
    let heat = |id: i64| match id % 101 {
        7 => f64::NAN,
        8 => f64::INFINITY,
        9 => -0.0,
        rest => rest as f64 / 4.0,
    };
    let reading = |id: i64| Reading { id, level: (id % 13) as i32, heat: heat(id), at: id * 7919 % 1009 - 500 };
    (0..120_000).map(reading).collect()
}

/// What a run gives, floats by their bits.
fn hot(source: &str, readings: &[Reading], executor: Executor, threads: usize) -> Result<Vec<(i64, u64)>, String> {
    let program = engine().compile::<Reading, Hot>("hot.pipe", source).unwrap();
    // A second run has what was made for the first.
    let run = |_| program.run(readings).executor(executor).threads(threads).collect();
    let [first, second] = [0, 1].map(run).map(|result| result.map_err(|report| report.to_string()));
    let bits = |hot: Vec<Hot>| hot.iter().map(|hot| (hot.id, hot.heat.to_bits())).collect::<Vec<_>>();
    let (first, second) = (first.map(bits), second.map(bits));
    assert_eq!(first, second, "{source}");
    first
}

#[test]
fn numbers_are_read_where_they_lie() {
    let readings = readings();
    let agree = |source: &str, readings: &[Reading]| {
        let expected = hot(source, readings, Executor::Reference, 1);
        for executor in [Executor::Vector, Executor::Jit, Executor::Auto] {
            for threads in [1, 3] {
                assert_eq!(hot(source, readings, executor, threads), expected, "{executor:?}, {threads}: {source}");
            }
        }
        expected
    };
    for (source, count) in [
        ("input | filter heat > 20 or at == -500 | select id, heat = heat / 3", 25_030),
        ("input | filter heat == 0.0 | select id, heat", 2_378),
        ("input | filter not (heat <= 20) | select id = id * 2 + at, heat", 26_138),
        (
            "input | derive x = at // 7 | filter x % 3 == 0 and heat >= 0 | derive y = x * x | select id = y, heat",
            39_682,
        ),
        ("input | filter at > 10_000 | select id, heat", 0),
        ("input | filter true | select id = at, heat = heat * heat", 120_000),
        ("input | filter level == 3 | select id, heat", 9_231),
        ("input | filter heat > 20 or at == -500 | aggregate id = count(), heat = 0.5 * float(count())", 1),
        ("input | filter at % 2 == 0 | select id, heat = if heat > 5 { heat } else { float(at) }", 60_059),
        ("input | filter at > 400 | sort -at, id | take 5 | select id, heat", 5),
    ] {
        assert_eq!(agree(source, &readings).unwrap().len(), count, "{source}");
    }
    // What no row that passes demands cannot fail; what one demands does, in each of them.
    let fine = "input | filter at != 0 and 10 // at < 3 | select id = 100 // at, heat";
    assert!(agree(fine, &readings).is_ok());
    for (source, code) in [
        ("input | filter 10 // at < 3 | select id, heat", "E0602"),
        ("input | filter at >= 0 | select id = 100 // at, heat", "E0602"),
        ("input | filter at > 490 | select id = id * 9_223_372_036_854_775, heat", "E0601"),
    ] {
        let error = agree(source, &readings).unwrap_err();
        assert!(error.contains(code), "{source}: {error}");
    }
    for few in [0, 1, 63, 8_193] {
        agree("input | filter heat > 20 | select id, heat", &readings[..few]).unwrap();
    }
}

#[derive(Row, Clone, Debug, PartialEq)]
struct Widths {
    a: i8,
    b: u8,
    c: i16,
    d: u16,
    e: i32,
    f: u32,
    g: i64,
    h: f32,
    i: f64,
}

/// Numbers of each width are read where they lie, up to the last of them.
#[test]
fn numbers_of_all_widths_are_what_they_are() {
    let row = |at: i64| Widths {
        a: if at % 2 == 0 { i8::MIN } else { (at % 128) as i8 },
        b: if at % 3 == 0 { u8::MAX } else { (at % 256) as u8 },
        c: if at % 5 == 0 { i16::MIN } else { at as i16 },
        d: if at % 7 == 0 { u16::MAX } else { at as u16 },
        e: if at % 11 == 0 { i32::MIN } else { at as i32 },
        f: if at % 13 == 0 { u32::MAX } else { at as u32 },
        g: if at % 17 == 0 { i64::MIN } else { at },
        h: [at as f32 / 3.0, f32::INFINITY, -0.0, f32::MIN_POSITIVE / 2.0, f32::MAX][at as usize % 5],
        i: at as f64 / 7.0,
    };
    let rows: Vec<Widths> = (0..40_000).map(row).collect();
    type Passes = fn(&Widths) -> bool;
    let passing: [(&str, Passes); 8] = [
        ("a < 0", |it| it.a < 0),
        ("b == 255", |it| it.b == 255),
        ("c == -32_768", |it| it.c == i16::MIN),
        ("d > 40_000", |it| it.d > 40_000),
        ("e < 0 or f > 3_000_000_000", |it| it.e < 0 || it.f > 3_000_000_000),
        ("g == e", |it| it.g == i64::from(it.e)),
        ("h > 1e38", |it| f64::from(it.h) > 1e38),
        ("h == 0.0 and i > 1.0", |it| it.h == 0.0 && it.i > 1.0),
    ];
    for (filter, passes) in passing {
        let program = engine().compile::<Widths, Widths>("widths.pipe", &format!("input | filter {filter}")).unwrap();
        let expected: Vec<Widths> = rows.iter().filter(|row| passes(row)).cloned().collect();
        assert!(!expected.is_empty(), "{filter}");
        for executor in EXECUTORS {
            assert!(program.run(&rows).executor(executor).collect().unwrap() == expected, "{executor:?}: {filter}");
        }
    }
    let source =
        "input | filter g > 100 | select a = a + b, b = 1, c = c - d, d = 2, e = 3, f = 4, g = e * f, h = h * i, i = h";
    let program = engine().compile::<Widths, WideWidths>("widths.pipe", source).unwrap();
    let [expected, others @ ..] = EXECUTORS.map(|executor| program.run(&rows).executor(executor).collect().unwrap());
    others.iter().for_each(|other| assert!(*other == expected));
}

#[derive(Row, Debug, PartialEq)]
struct WideWidths {
    a: i64,
    c: i64,
    g: i64,
    h: f64,
    i: f64,
}

#[test]
fn filters_that_look_at_no_field_are_run() {
    let engine = Engine::builder().optimize(false).build().unwrap();
    let program =
        engine.compile::<Reading, Hot>("hot.pipe", "input | filter 1 + 1 > 1 | aggregate id = count(), heat = 0.5");
    let program = program.unwrap();
    for executor in EXECUTORS {
        assert_eq!(program.run(&readings()).executor(executor).collect().unwrap()[0].id, 120_000);
    }
}
