//! The library in a Rust program.

mod example;
mod filters;
mod host;
mod host_faults;
mod host_types;
mod lasting;
mod nested;
mod programs;
mod runs;
mod streams;

use pipelang::{CancelToken, Engine, Executor, Report, Row, codes};
use std::time::Duration;

#[derive(Row)]
struct Trade<'a> {
    sym: &'a str,
    px: f64,
    qty: u32,
    note: Option<&'a str>,
}

#[derive(Row, Debug, PartialEq)]
struct Total {
    sym: String,
    notional: f64,
    n: u64,
}

fn trades(count: usize) -> Vec<Trade<'static>> {
    let trade = |at: usize| Trade {
        sym: ["AAA", "BBB", "a symbol longer than twelve bytes"][at % 3],
        px: at as f64 * 0.25,
        qty: (at % 10) as u32,
        note: at.is_multiple_of(4).then_some("odd"),
    };
    (0..count).map(trade).collect()
}

const TOTALS: &str = "input | filter qty > 2 | aggregate notional = sum(px * qty), n = count() by sym | sort -notional";

fn total(trades: &[Trade], sym: &str) -> Total {
    let chosen: Vec<&Trade> = trades.iter().filter(|trade| trade.qty > 2 && trade.sym == sym).collect();
    let notional = chosen.iter().map(|trade| trade.px * f64::from(trade.qty)).sum();
    Total { sym: sym.into(), notional, n: chosen.len() as u64 }
}

fn code<T: std::fmt::Debug>(result: Result<T, Report>) -> codes::Code {
    result.unwrap_err().code().expect("a report of an error has a code")
}

#[test]
fn values_are_evaluated() {
    let engine = Engine::default();
    assert_eq!(engine.eval::<f64>("1 + 2").unwrap(), 3.0);
    assert_eq!(engine.eval::<u8>("1..3 | sum it").unwrap(), 6);
    assert_eq!(engine.eval::<String>(r#"upper("abc")"#).unwrap(), "ABC");
    assert_eq!(engine.eval::<Option<i64>>("null").unwrap(), None);
    assert_eq!(code(engine.eval::<u8>("256")), codes::E0310);
    assert_eq!(code(engine.eval::<bool>("1")), codes::E0301);
    assert_eq!(code(engine.eval::<i64>("1..3")), codes::E0301);
    assert_eq!(code(engine.eval::<i64>("let x = 1")), codes::E0301);
    assert_eq!(code(engine.eval::<i64>("1 +")), codes::E0130);
    assert_eq!(code(engine.eval::<i64>("9223372036854775807 + 1")), codes::E0601);
    assert_eq!(code(engine.eval::<i64>(r#"int?("x")"#)), codes::E0307);
}

#[test]
fn rows_go_through_a_program() {
    let trades = trades(200_000);
    let program = Engine::builder().threads(4).build().unwrap().compile::<Trade, Total>("totals.pipe", TOTALS).unwrap();
    let mut expected: Vec<Total> =
        ["AAA", "BBB", "a symbol longer than twelve bytes"].iter().map(|sym| total(&trades, sym)).collect();
    expected.sort_by(|a, b| b.notional.total_cmp(&a.notional));
    for executor in [Executor::Reference, Executor::Vector, Executor::Jit, Executor::Auto] {
        assert_eq!(program.run(&trades).executor(executor).collect().unwrap(), expected, "{executor:?}");
    }
    assert_eq!(program.run(&trades).threads(1).collect().unwrap(), expected);
    assert_eq!(program.run(&trades[..0]).collect().unwrap(), []);
    assert!(program.explain().contains("reads table input, 3 of 4 columns: sym, px, qty"), "{}", program.explain());
}

#[test]
fn one_program_runs_on_many_threads() {
    let trades = trades(1000);
    let program = Engine::default().compile::<Trade, Total>("totals.pipe", TOTALS).unwrap();
    let expected = program.run(&trades).collect().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(program.run(&trades).collect().unwrap(), expected));
        }
    });
}

#[derive(Row, Debug, PartialEq)]
struct Noted {
    note: Option<String>,
    qty: u8,
}

#[test]
fn options_are_nulls_both_ways() {
    let program = Engine::default().compile::<Trade, Noted>("notes.pipe", "input | select note, qty | take 2").unwrap();
    let expected = [Noted { note: Some("odd".into()), qty: 0 }, Noted { note: None, qty: 1 }];
    assert_eq!(program.run(&trades(9)).collect().unwrap(), expected);
}

#[test]
fn results_are_checked_when_compiled() {
    let compile = |text: &str| Engine::default().compile::<Trade, Total>("x.pipe", text).map(|_| ()).unwrap_err();
    let missing = compile("input | select sym, notional = px, m = qty");
    assert_eq!(missing.code(), Some(codes::E0201));
    assert!(missing.to_string().contains("the result has no column `n`, which `Total` wants"), "{missing}");
    let kind = compile("input | select sym = qty, notional = px, n = qty");
    assert!(kind.to_string().contains("`sym` is int in the result and string in `Total`"), "{kind}");
    let null = compile("input | select sym = note, notional = px, n = qty");
    assert_eq!(null.code(), Some(codes::E0307));
    let unknown = compile("input | filter price > 1 | select sym, notional = px, n = qty");
    assert_eq!(unknown.code(), Some(codes::E0201));
    assert_eq!(compile("let x = 1").code(), Some(codes::E0301));
    assert_eq!(compile("other | select sym").code(), Some(codes::E0201));
}

#[test]
fn numbers_that_do_not_fit_are_errors_of_the_run() {
    let program = Engine::default().compile::<Trade, Noted>("x.pipe", "input | select note, qty = qty * 100").unwrap();
    let trades = trades(9);
    let rows: Vec<Result<Noted, Report>> = program.run(&trades).with_rows(|rows| rows.collect());
    assert_eq!(rows.len(), 4, "0, 100 and 200 fit");
    let report = rows[3].as_ref().unwrap_err();
    assert_eq!(report.code(), Some(codes::E0310));
    assert!(report.to_string().contains("`qty` is 300, which does not fit into u8"), "{report}");
}

#[derive(Row, Debug, PartialEq)]
struct Id {
    id: u64,
    weight: i32,
}

#[test]
fn what_is_too_large_fails_where_it_is_used() {
    let ids = [Id { id: 1, weight: 2 }, Id { id: u64::MAX, weight: 3 }];
    let engine = Engine::default();
    let unused = engine.compile::<Id, Id>("x.pipe", "input | select id = 7, weight").unwrap();
    assert_eq!(unused.run(&ids).collect().unwrap()[1], Id { id: 7, weight: 3 });
    let used = engine.compile::<Id, Id>("x.pipe", "input").unwrap();
    for executor in [Executor::Reference, Executor::Vector, Executor::Jit] {
        let report = used.run(&ids).executor(executor).collect().unwrap_err();
        assert_eq!(report.code(), Some(codes::E0501));
        assert!(report.to_string().contains("18446744073709551615"), "{report}");
    }
}

#[test]
fn host_functions_are_called_and_may_fail() {
    let engine = Engine::builder()
        .func("fee", |px: f64, qty: i64| px * qty as f64 * 0.01)
        .try_func("rate", |sym: &str| match sym {
            "AAA" => Ok(2.0),
            other => Err(format!("no rate for {other}")),
        })
        .func("boom", |x: i64| if x > 2 { panic!("{x} is too much") } else { x })
        .func("joined", |a: String, b: bool, c: &str, d: f64| format!("{a} {b} {c} {d}"))
        .func("length", |text: &str| text.len() as i64)
        .build()
        .unwrap();
    assert_eq!(engine.eval::<f64>("fee(200, 3)").unwrap(), 6.0);
    assert_eq!(engine.eval::<String>(r#"joined("a", true, "b", 1)"#).unwrap(), "a true b 1");
    assert_eq!(code(engine.eval::<f64>("fee(1.0)")), codes::E0305);
    assert_eq!(code(engine.eval::<f64>(r#"fee("1", 2)"#)), codes::E0304);

    let source = "input | select sym, notional = rate(sym) * px, n = qty";
    let program = engine.compile::<Trade, Total>("rates.pipe", source).unwrap();
    let report = program.run(&trades(3)).collect().unwrap_err();
    assert_eq!(report.code(), Some(codes::E0603));
    let text = report.to_string();
    assert!(text.contains("rates.pipe:1:32") && text.contains("`rate`: no rate for BBB"), "{text}");

    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let panics = engine.compile::<Trade, Noted>("boom.pipe", "input | select note, qty = boom(qty)").unwrap();
    let report = panics.run(&trades(9)).collect().unwrap_err();
    std::panic::set_hook(quiet);
    assert!(report.to_string().contains("`boom` panicked: 3 is too much"), "{report}");
    assert_eq!(engine.eval::<i64>("boom(1)").unwrap(), 1, "the engine lives on");

    let nulls = engine.compile::<Trade, NoteLength>("null.pipe", "input | select length = length(note)").unwrap();
    let lengths: Vec<Option<i64>> = nulls.run(&trades(2)).collect().unwrap().into_iter().map(|it| it.length).collect();
    assert_eq!(lengths, [Some(3), None], "a null is not handed to the closure");
}

#[derive(Row, Debug)]
struct NoteLength {
    length: Option<i64>,
}

#[test]
fn files_are_read_only_where_granted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.csv");
    std::fs::write(&file, "id,weight\n1,2\n").unwrap();
    let source = format!("read({:?}, schema: {{id: int, weight: int}})", file.to_str().unwrap());
    assert_eq!(code(Engine::default().compile::<(), Id>("a.pipe", &source)), codes::E0405);
    let engine = Engine::builder().grant(pipelang::fs::read_only(folder.path())).build().unwrap();
    let program = engine.compile::<(), Id>("a.pipe", &source).unwrap();
    assert_eq!(program.run(&[]).collect().unwrap(), [Id { id: 1, weight: 2 }]);
    assert_eq!(code(engine.compile::<(), Id>("a.pipe", r#"read("Cargo.toml", format: "csv")"#)), codes::E0405);
}

#[derive(Row, Debug, PartialEq)]
struct Asked {
    time: String,
    region: Option<String>,
}

#[test]
fn the_clock_and_the_environment_are_granted() {
    let source = r#"[1] | select time = string(now()), region = env("REGION")"#;
    assert_eq!(code(Engine::default().compile::<(), Asked>("a.pipe", source)), codes::E0405);
    assert_eq!(code(Engine::default().eval::<bool>("today() > @2024-01-01")), codes::E0405);
    let variables = pipelang::environment::variables([("REGION", "EU")]);
    let one = Engine::builder().grant(variables.clone()).build().unwrap();
    assert_eq!(code(one.compile::<(), Asked>("a.pipe", source)), codes::E0405);
    assert!(!format!("{variables:?}").contains("EU"), "values may be secrets");
    let engine = Engine::builder().grant(variables).grant(pipelang::clock::system()).build().unwrap();
    let program = engine.compile::<(), Asked>("a.pipe", source).unwrap();
    let run = || program.run(&[]).collect().unwrap().remove(0);
    let first = run();
    std::thread::sleep(Duration::from_millis(2));
    let second = run();
    assert!(first.time < second.time, "a program that is run later has a later time");
    assert_eq!(second.region.as_deref(), Some("EU"));
}

#[test]
fn runs_are_stopped() {
    let engine = Engine::builder().threads(2).build().unwrap();
    let endless =
        engine.compile::<(), Id>("endless.pipe", "1.. | filter it < 0 | select id = it, weight = it").unwrap();
    assert_eq!(code(endless.run(&[]).wall(Duration::from_millis(50)).collect()), codes::E0801);
    let token = CancelToken::new();
    std::thread::scope(|scope| {
        let run = scope.spawn(|| code(endless.run(&[]).cancel(&token).collect()));
        std::thread::sleep(Duration::from_millis(50));
        token.cancel();
        assert_eq!(run.join().unwrap(), codes::E0802);
    });
    assert_eq!(engine.eval::<i64>("1 + 1").unwrap(), 2, "the engine lives on");
}

#[test]
fn programs_are_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Engine>();
    shared::<pipelang::Program<Id, Id>>();
    shared::<pipelang::Script>();
    shared::<Report>();
}
