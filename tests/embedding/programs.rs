//! Programs between types: inputs and results of serde, several inputs, one record at a time, parameters, bytes.

use super::{Id, Trade, code};
use crate::counting::allocations;
use pipelang::{Engine, Field, FieldKind, FieldType, Inputs, Report, Row, Schema, codes};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::io::Cursor;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Deserialize, Debug, PartialEq)]
struct Sum {
    sym: String,
    notional: f64,
    #[serde(default)]
    n: Option<u16>,
}

fn trade(sym: &'static str, px: f64, qty: u32) -> Trade<'static> {
    Trade { sym, px, qty, note: None }
}

#[test]
fn results_are_what_serde_builds() {
    let engine = Engine::default();
    let source = "input | aggregate notional = sum(px * qty), n = count() by sym | sort sym";
    let trades = [trade("B", 1.0, 2), trade("A", 2.0, 3), trade("B", 0.5, 2)];
    let program = engine.compile::<Trade, Sum>("s.pipe", source).unwrap();
    let sums = program.run(&trades).collect().unwrap();
    assert_eq!(sums[1], Sum { sym: "B".into(), notional: 3.0, n: Some(2) });
    let all = engine.compile::<Trade, Value>("s.pipe", source).unwrap().run(&trades).collect().unwrap();
    assert_eq!(all[0], json!({"sym": "A", "notional": 6.0, "n": 1}));
    let missing = engine.compile::<Trade, Sum>("s.pipe", "input | select sym, notional = px").unwrap_err();
    assert_eq!(missing.code(), Some(codes::E0201));
    assert!(missing.to_string().contains("the result has no column `n`, which `Sum` wants"), "{missing}");
    let kind = engine.compile::<Trade, Sum>("s.pipe", "input | select sym = qty, notional = px, n = qty").unwrap_err();
    assert!(kind.to_string().contains("`sym` is int in the result and string in `Sum`"), "{kind}");
    let null = engine.compile::<Trade, Sum>("s.pipe", "input | select sym = note, notional = px, n = qty").unwrap_err();
    assert_eq!(null.code(), Some(codes::E0307));
    let large = engine.compile::<Trade, Sum>("s.pipe", "input | select sym, notional = px, n = 70000").unwrap();
    let report = large.run(&trades).collect().unwrap_err();
    assert!(report.to_string().contains("`n` is 70000, which does not fit into u16"), "{report}");
}

#[derive(Row, Serialize, Deserialize, Debug, PartialEq, Clone)]
#[row(input)]
struct Both {
    id: u64,
    name: Option<String>,
}

#[test]
fn rows_of_serde_and_lines_of_json_are_read() {
    let rows: Vec<Both> = (0..3000).map(|id| Both { id, name: (id % 2 == 0).then(|| format!("n{id}")) }).collect();
    let program = Engine::default().compile::<Both, Both>("b.pipe", "input | filter id != 5").unwrap();
    let expected: Vec<Both> = rows.iter().filter(|row| row.id != 5).cloned().collect();
    assert_eq!(program.run(&rows).collect().unwrap(), expected);
    assert_eq!(program.run(pipelang::rows(&rows)).collect().unwrap(), expected);
    let lines: String = rows.iter().map(|row| serde_json::to_string(row).unwrap() + "\n").collect();
    assert_eq!(program.run(pipelang::jsonl(Cursor::new(lines))).collect().unwrap(), expected);
    let report = program.run(pipelang::jsonl(&b"{\"id\": 1}\n{\"id\": \"x\"}\n"[..])).collect().unwrap_err();
    assert_eq!(report.code(), Some(codes::E0506));
    assert!(report.to_string().contains("input:2"), "{report}");
    assert_eq!(code(program.run(pipelang::jsonl(&b"{"[..])).collect()), codes::E0505);
}

#[test]
fn several_inputs_have_names() {
    let schema = |name| Schema::new(name, vec![Field::of::<String>("sym"), Field::of::<f64>("rate")]);
    let program = Engine::default()
        .compile_dyn::<Value>(
            &[("trades", Trade::schema()), ("rates", schema("rate"))],
            "join.pipe",
            "trades | join rates on sym | select sym, value = px * rate | sort sym",
        )
        .unwrap();
    let trades = [trade("B", 1.0, 2), trade("A", 2.0, 3)];
    let rates = [json!({"sym": "A", "rate": 10}), json!({"sym": "B", "rate": 0.5})];
    let inputs = || Inputs::new().slice("trades", &trades);
    let rows = program.run(inputs().rows("rates", &rates)).collect().unwrap();
    assert_eq!(rows, [json!({"sym": "A", "value": 20.0}), json!({"sym": "B", "value": 0.5})]);
    let report = program.run(inputs()).collect().unwrap_err();
    assert_eq!(report.code(), Some(codes::E0701));
    assert!(report.to_string().contains("the host gave the run no input `rates`"), "{report}");
    let report = program.run(inputs().rows("rates", &rates).slice("trades", &trades)).collect().unwrap_err();
    assert_eq!(report.code(), Some(codes::E0208));
    assert!(report.to_string().contains("the input `trades` is given twice"), "{report}");
    assert_eq!(code(program.run(inputs().rows("other", &rates)).collect()), codes::E0701);
    let wrong = program.run(Inputs::new().slice("trades", &[Id { id: 1, weight: 2 }]).rows("rates", &rates));
    assert_eq!(code(wrong.collect()), codes::E0501);
}

#[test]
fn declared_inputs_are_checked() {
    let engine = Engine::builder().func("fee", |x: f64| x).constant("VAT", 0.25).build().unwrap();
    let some = |field: Field| Schema::new("row", vec![field]);
    let any = Field { name: "a".into(), kind: FieldKind::Any, nullable: false };
    const PAIR: &[(&str, FieldType)] = &[("x", FieldType::of::<i64>()), ("x", FieldType::of::<f64>())];
    let x = || some(Field::of::<i64>("x"));
    let twice = Schema::new("row", vec![Field::of::<i64>("x"), Field::of::<f64>("x")]);
    let pairs = Field { name: "a".into(), kind: FieldKind::Record(PAIR), nullable: false };
    for (inputs, expected, told) in [
        (vec![("t", twice)], codes::E0205, "the input `t` has two columns `x`"),
        (vec![("t", some(pairs))], codes::E0205, "the column `a` of the input `t` holds records with two fields `x`"),
        (vec![("t", x()), ("t", x())], codes::E0208, "the input `t` is declared twice"),
        (vec![("a b", x())], codes::E0112, "the input `a b` has a name that no script can write"),
        (vec![("let", x())], codes::E0112, "the input `let` has a name that no script can write"),
        (vec![("sum", x())], codes::E0208, "the input `sum` has the name of a function"),
        (vec![("upper", x())], codes::E0208, "the input `upper` has the name of a function"),
        (vec![("fee", x())], codes::E0208, "the input `fee` has the name of a function"),
        (vec![("VAT", x())], codes::E0208, "the input `VAT` is a constant of the host"),
        (vec![("t", Schema::new("row", vec![]))], codes::E0406, "the input `t` has no columns"),
        (vec![("t", some(any))], codes::E0301, "the column `a` of the input `t` is declared as `FieldKind::Any`"),
    ] {
        let report = engine.compile_dyn::<Value>(&inputs, "t.pipe", "1..3").unwrap_err();
        assert_eq!(report.code(), Some(expected), "{report}");
        assert!(report.to_string().contains(told), "{report}");
    }
}

#[derive(Row, Debug, PartialEq)]
struct Event {
    px: f64,
    qty: i64,
    weight: Option<i32>,
}

#[derive(Row, Debug, PartialEq)]
struct Alert {
    notional: f64,
    weight: Option<i32>,
    large: bool,
}

const RULE: &str = "input | derive notional = px * qty | filter notional > 100 and qty // 2 > 3 \
                    | select notional, weight, large = notional > 1000";

fn events(count: i64) -> Vec<Event> {
    let event = |at| Event { px: at as f64 * 0.5, qty: at % 100, weight: (at % 3 == 0).then_some(at as i32) };
    (0..count).map(event).collect()
}

#[test]
fn a_call_gives_what_a_run_gives() {
    let program = Engine::default().compile::<Event, Alert>("rule.pipe", RULE).unwrap();
    assert!(program.is_per_event());
    let events = events(2000);
    let called: Vec<Alert> = events.iter().filter_map(|event| program.call(event).unwrap()).collect();
    assert_eq!(called, program.run(&events).collect().unwrap());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(program.call(&events[1999]).unwrap().as_ref(), called.last()));
        }
    });
}

#[test]
fn a_call_with_numbers_allocates_nothing() {
    let program = Engine::default().compile::<Event, Alert>("rule.pipe", RULE).unwrap();
    let events = events(2000);
    program.call(&events[0]).unwrap();
    let before = allocations();
    let kept = events.iter().filter(|event| program.call(event).unwrap().is_some()).count();
    assert_eq!(allocations() - before, 0);
    assert!(kept > 100);
    let fee = Engine::default().scalar::<fn(f64, i64) -> f64>("(px, qty) => px * float(qty) * 0.01").unwrap();
    let before = allocations();
    assert_eq!(fee.call(2.0, 50).unwrap(), 1.0);
    assert_eq!(allocations() - before, 0);
}

#[test]
fn calls_have_texts_functions_and_errors() {
    let engine = Engine::builder().try_func("rate", |sym: &str| sym.parse::<f64>()).build().unwrap();
    let source = "input | filter sym != \"none\" and note == null | select sym = upper(sym), notional = rate(sym) * px, n = qty // (qty - 3)";
    let program = engine.compile::<Trade, Sum>("call.pipe", source).unwrap();
    assert_eq!(program.call(&trade("none", 1.0, 3)).unwrap(), None);
    let sum = program.call(&trade("2e0", 1.5, 4)).unwrap().unwrap();
    assert_eq!(sum, Sum { sym: "2E0".into(), notional: 3.0, n: Some(4) });
    let report = program.call(&trade("x", 1.5, 4)).unwrap_err();
    assert_eq!(report.code(), Some(codes::E0603));
    assert!(report.to_string().contains("call.pipe:1:85"), "{report}");
    assert_eq!(code(program.call(&trade("1", 1.5, 3))), codes::E0602);
    let ids = engine.compile::<Id, Id>("ids.pipe", "input | filter weight > 0").unwrap();
    assert_eq!(code(ids.call(&Id { id: u64::MAX, weight: 1 })), codes::E0501);
    assert_eq!(ids.call(&Id { id: u64::MAX, weight: 0 }).unwrap(), None);
    let sums = engine.compile::<Id, Id>("sums.pipe", "input | sort id").unwrap();
    assert!(!sums.is_per_event());
    assert_eq!(code(sums.call(&Id { id: 1, weight: 1 })), codes::E0301);
}

#[test]
fn functions_are_compiled_for_rust() {
    let engine = Engine::builder().constant("VAT", 0.25).build().unwrap();
    let gross = engine.scalar::<fn(f64) -> f64>("net => net * (1 + VAT)").unwrap();
    assert_eq!(gross.call(4.0).unwrap(), 5.0);
    let quotient = engine.scalar::<fn(i64, i64) -> i64>("(a, b) => a // b").unwrap();
    assert_eq!(quotient.call(7, 2).unwrap(), 3);
    assert_eq!(code(quotient.call(7, 0)), codes::E0602);
    assert_eq!(code(quotient.call(i64::MIN, -1)), codes::E0601);
    let or = engine.scalar::<fn(Option<i64>, i64) -> i64>("(a, b) => a ?? b").unwrap();
    assert_eq!((or.call(None, 3).unwrap(), or.call(Some(1), 3).unwrap()), (3, 1));
    let text = engine.scalar::<fn(String, bool) -> String>("(s, loud) => if loud { upper(s) } else { s }").unwrap();
    assert_eq!(text.call("a".into(), true).unwrap(), "A");
    let is_large = engine.scalar::<fn(f32, u8) -> bool>("(x, n) => x > n").unwrap();
    assert!(is_large.call(2.5, 2).unwrap());
    assert_eq!(code(engine.scalar::<fn(f64) -> i64>("x => x * 2.0")), codes::E0301);
    assert_eq!(code(engine.scalar::<fn(f64) -> f64>("(x, y) => x")), codes::E0130);
    assert_eq!(code(engine.scalar::<fn(f64) -> f64>("x => z")), codes::E0201);
    assert_eq!(code(engine.scalar::<fn(Option<f64>) -> f64>("x => x")), codes::E0307);
}

#[test]
fn functions_of_numbers_give_the_same_with_machine_code_and_without() {
    type Numbers = fn(bool, i64, f64, i64) -> Option<f64>;
    let engines = [Engine::default(), Engine::builder().native_code(false).build().unwrap()];
    let (ints, floats) = ([0, 1, -7, i64::MAX, i64::MIN], [0.0, -0.0, 2.5, f64::NAN, f64::NEG_INFINITY]);
    let (mut values, mut nulls, mut errors) = (0, 0, 0);
    for body in [
        "if sure { x * 2 + float(n) } else { x / float(m) }",
        "float(m)",
        "if n > m or not sure { x } else { null }",
        "float(n // m) + x",
        "float(n * m % 10 - n)",
        "float(floor(x)) + (if sure and n == 1 { -1.5 } else { abs(x) })",
        "(if x < float(n) { x } else { float(m) * x }) - float(n) / (x - float(m)) + x * x * x - float(n) * 0.5 + float(m) * x",
    ] {
        let text = format!("(sure, n, x, m) => {body}");
        let [native, interpreted] = engines.each_ref().map(|engine| engine.scalar::<Numbers>(&text).unwrap());
        for (sure, n, m) in
            [true, false].into_iter().flat_map(|sure| ints.map(|n| ints.map(|m| (sure, n, m)))).flatten()
        {
            for x in floats {
                let result = |function: &pipelang::Function<Numbers>| match function.call(sure, n, x, m) {
                    Ok(value) => Ok(value.map(f64::to_bits)),
                    Err(report) => Err(report.to_string()),
                };
                let (found, expected) = (result(&native), result(&interpreted));
                assert_eq!(found, expected, "{text} of {sure}, {n}, {x}, {m}");
                *match found {
                    Ok(Some(_)) => &mut values,
                    Ok(None) => &mut nulls,
                    Err(_) => &mut errors,
                } += 1;
            }
        }
    }
    assert!(values > 500 && nulls > 50 && errors > 50, "{values} values, {nulls} nulls, {errors} errors");
}

#[test]
fn errors_of_functions_are_told_in_the_text_that_was_written() {
    let engine = Engine::default();
    let compiled = |text: &str| engine.scalar::<fn(f64, f64) -> f64>(text).unwrap_err();
    for (text, expected, place) in [
        ("(x, y) => x + z", codes::E0201, "1:15"),
        ("(x, y) =>\n  x + z", codes::E0201, "2:7"),
        ("(x, y) => (x + y", codes::E0103, "1:11"),
        ("(x, y) => x + y) | take (1", codes::E0103, "1:16"),
        ("(x, y) => x + \"a", codes::E0105, "1:15"),
        ("x x, y => x", codes::E0130, "1:1"),
        ("(x, x) => x", codes::E0208, "1:1"),
        ("(x, by) => x", codes::E0130, "1:1"),
        ("(x) => x", codes::E0130, "1:1"),
    ] {
        let report = compiled(text);
        let told = report.render_short(pipelang::RenderOptions::default());
        assert_eq!(report.code(), Some(expected), "{told}");
        assert!(told.starts_with(&format!("<function>:{place}: ")), "{text}: {told}");
        assert!(!report.to_string().contains("select"), "{report}");
        assert_eq!(report.sources().files()[0].text.as_ref() as &str, text);
    }
    let quotient = engine.scalar::<fn(i64, i64) -> i64>("(a, b) => 1 + a // b # whole").unwrap();
    assert_eq!(quotient.call(7, 2).unwrap(), 4);
    let report = quotient.call(1, 0).unwrap_err();
    assert!(report.to_string().contains("<function>:1:15"), "{report}");
    assert!(!report.to_string().contains("select"), "{report}");
}

#[test]
fn parameters_are_set_by_the_run() {
    let source =
        "param least: int = 5\nparam prefix: string = \"n\"\ninput | filter id >= least | derive name = prefix ?? name";
    let program = Engine::default().compile::<Both, Both>("p.pipe", source).unwrap();
    let rows: Vec<Both> = (0..8).map(|id| Both { id, name: None }).collect();
    assert_eq!(program.run(&rows).collect().unwrap().len(), 3);
    let set = program.run(&rows).param("least", 7).param("prefix", "m").collect().unwrap();
    assert_eq!(set, [Both { id: 7, name: Some("m".into()) }]);
    assert_eq!(code(program.run(&rows).param("least", "7").collect()), codes::E0304);
    assert_eq!(code(program.run(&rows).param("most", 7).collect()), codes::E0705);
}

#[test]
fn parameters_without_a_default_are_given_before_a_run() {
    let engine = Engine::default();
    let source = "param least: int\nparam names: [string] = []\ninput | filter id >= least and name not in names";
    let program = engine.compile::<Both, Both>("p.pipe", source).unwrap();
    assert_eq!(program.manifest().reads[0].1, ["id", "name"]);
    assert!(program.explain().contains("filter"), "{}", program.explain());
    let rows: Vec<Both> = (0..8).map(|id| Both { id, name: Some(format!("n{id}")) }).collect();
    let report = program.run(&rows).collect().unwrap_err();
    assert_eq!(report.code(), Some(codes::E0705));
    assert!(report.to_string().contains("`with_param(\"least\", …)` of the program"), "{report}");
    assert_eq!(code(program.call(&rows[0])), codes::E0705);
    assert_eq!(program.run(&rows).param("least", 6).collect().unwrap().len(), 2);
    let six = program.with_param("least", 6).unwrap();
    assert!(six.is_per_event() && !program.is_per_event());
    assert_eq!(six.call(&rows[5]).unwrap(), None);
    assert_eq!(six.call(&rows[6]).unwrap().unwrap().id, 6);
    assert_eq!(six.run(&rows).param("least", 7).collect().unwrap().len(), 1, "the later value counts");
    let but = six.with_param("names", vec!["n6".to_string()]).unwrap();
    assert_eq!(but.run(&rows).collect().unwrap().iter().map(|row| row.id).collect::<Vec<_>>(), [7]);
    assert_eq!(code(program.with_param("least", "six")), codes::E0304);
    let unknown = program.with_param("leest", 6).unwrap_err();
    assert!(unknown.to_string().contains("did you mean `least`?"), "{unknown}");
    // Of a program that lacks a value the types are checked all the same.
    assert_eq!(code(engine.compile::<Both, Both>("p.pipe", "param x: int\ninput | filter nome == x")), codes::E0201);
    let loaded = engine.load::<Both, Both>(&but.to_bytes()).unwrap();
    assert_eq!(code(loaded.run(&rows).collect()), codes::E0705, "values are not stored");
    assert_eq!(loaded.run(&rows).param("least", 6).collect().unwrap().len(), 2);
}

#[test]
fn programs_are_stored_and_loaded() {
    let engine = Engine::builder().func("fee", |x: f64| x * 0.01).build().unwrap();
    let source = "input | filter px > 1.0 | select notional = fee(px), weight, large = true";
    let bytes = engine.compile::<Event, Alert>("s.pipe", source).unwrap().to_bytes();
    let loaded = engine.load::<Event, Alert>(&bytes).unwrap();
    let event = Event { px: 200.0, qty: 1, weight: None };
    assert_eq!(loaded.call(&event).unwrap(), Some(Alert { notional: 2.0, weight: None, large: true }));
    assert_eq!(code(Engine::default().load::<Event, Alert>(&bytes)), codes::E0203, "it has no such function");
    assert_eq!(code(engine.load::<Id, Alert>(&bytes)), codes::E0201, "other rows");
    let other = String::from_utf8(bytes.clone()).unwrap().replacen("px > 1.0", "px > 2.0", 1).into_bytes();
    assert_eq!(code(engine.load::<Event, Alert>(&other)), codes::E0704);
    for end in 0..bytes.len() {
        assert!(engine.load::<Event, Alert>(&bytes[..end]).is_err() || end + 1 == bytes.len());
    }
    for at in (0..bytes.len()).step_by(7) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x15;
        let _: Result<_, Report> = engine.load::<Event, Alert>(&damaged);
    }
}

#[test]
fn a_manifest_says_what_a_program_needs() {
    let engine = Engine::builder().grant(pipelang::clock::system()).build().unwrap();
    let manifest = |source: &str| engine.compile::<Event, Value>("m.pipe", source).unwrap().manifest();
    let rule = manifest("input | filter px > 1.0 | select n = abs(qty)");
    assert_eq!(rule.reads, [("input".to_string(), vec!["px".to_string(), "qty".to_string()])]);
    assert_eq!(rule.functions.iter().map(String::as_str).collect::<Vec<_>>(), ["abs"]);
    assert!(rule.grants.is_empty() && rule.can_fail && rule.streaming && rule.bounded_memory);
    let sorted = manifest("input | sort px | select px");
    assert!(!sorted.streaming && !sorted.bounded_memory && !sorted.can_fail);
    let top = manifest("input | sort -px | take 3 | select px, at = now()");
    assert!(!top.streaming && top.bounded_memory);
    assert_eq!(top.grants.into_iter().collect::<Vec<_>>(), ["clock"]);
}

/// Each run and call has one of the programs, whole; whoever asks behind a replacement has the new one.
#[test]
fn programs_are_replaced_while_they_are_in_use() {
    const TIMES: u64 = 200;
    let engine = Engine::builder().threads(2).build().unwrap();
    let version = |n: u64| {
        let text = format!("input | filter id % 2 == 0 | derive id = {n}");
        engine.compile::<Both, Both>("live.pipe", &text).unwrap()
    };
    let live = version(0).live();
    let rows: Vec<Both> = (0..100).map(|id| Both { id, name: None }).collect();
    let newest = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut seen = 0;
                while seen < TIMES {
                    let least = newest.load(Ordering::SeqCst);
                    let program = live.get();
                    let found = program.call(&rows[2]).unwrap().unwrap().id;
                    assert!(found >= least.max(seen), "{found} behind {least} and {seen}");
                    assert_eq!(program.call(&rows[1]).unwrap(), None);
                    let all = program.run(&rows).collect().unwrap();
                    assert!(all.len() == 50 && all.iter().all(|row| row.id == found), "{found}: {all:?}");
                    seen = found;
                }
            });
        }
        for n in 1..=TIMES {
            live.replace(version(n));
            newest.store(n, Ordering::SeqCst);
        }
    });
}
