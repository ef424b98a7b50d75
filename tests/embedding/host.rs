//! What a host adds to its engines.

use super::code;
use pipelang::{Engine, Executor, Report, Row, codes};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

#[derive(Row)]
struct Reading {
    id: i64,
    value: Option<f64>,
}

#[derive(Row, Debug, PartialEq)]
struct Out {
    id: i64,
    value: Option<f64>,
}

fn readings(count: i64) -> Vec<Reading> {
    (0..count).map(|id| Reading { id, value: (id % 5 != 0).then_some(id as f64) }).collect()
}

const EXECUTORS: [Executor; 4] = [Executor::Reference, Executor::Vector, Executor::Jit, Executor::Auto];

/// Runs `test` without the messages of panics.
fn quietly<T>(test: impl FnOnce() -> T) -> T {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = test();
    std::panic::set_hook(loud);
    result
}

#[test]
fn kernels_see_no_nulls_and_no_rows_that_do_not_count() {
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = seen.clone();
    let engine = Engine::builder()
        .kernel("half", move |xs: &[f64], out: &mut [f64]| {
            counter.fetch_add(xs.len(), Ordering::Relaxed);
            out.iter_mut().zip(xs).for_each(|(out, x)| *out = x / 2.0);
        })
        .kernel("scaled", |xs: &[f64], by: &[i64], out: &mut [f64]| {
            (0..out.len()).for_each(|at| out[at] = xs[at] * by[at] as f64);
        })
        .kernel("next", |xs: &[i64], out: &mut [i64]| out.iter_mut().zip(xs).for_each(|(out, x)| *out = x + 1))
        .check_kernels(true)
        .build()
        .unwrap();
    let source = "input | filter id % 3 == 0 | select id = next(id), value = half(value) + scaled(value, 2)";
    let program = engine.compile::<Reading, Out>("half.pipe", source).unwrap();
    let kept: Vec<Reading> = readings(5000).into_iter().filter(|it| it.id % 3 == 0).collect();
    let expected: Vec<Out> = kept.iter().map(|it| Out { id: it.id + 1, value: it.value.map(|x| x * 2.5) }).collect();
    for executor in EXECUTORS {
        assert_eq!(program.run(&readings(5000)).executor(executor).collect().unwrap(), expected, "{executor:?}");
    }
    seen.store(0, Ordering::Relaxed);
    engine.eval::<f64>("[1.0, 2.0] | derive y = half(it) | sum y").unwrap();
    assert!(seen.load(Ordering::Relaxed) > 0);
}

#[test]
fn a_kernel_that_looks_beyond_its_row_is_found() {
    let build = |check| {
        Engine::builder()
            .kernel("ranked", |xs: &[f64], out: &mut [f64]| (0..xs.len()).for_each(|at| out[at] = at as f64))
            .check_kernels(check)
            .build()
            .unwrap()
    };
    let run = |engine: Engine| {
        let program =
            engine.compile::<Reading, Out>("rank.pipe", "input | select id, value = ranked(float(id))").unwrap();
        program.run(&readings(100)).collect()
    };
    assert_eq!(run(build(false)).unwrap()[7].value, Some(7.0));
    let report = run(build(true)).unwrap_err();
    assert_eq!(report.code(), Some(codes::E0603));
    assert!(report.to_string().contains("`ranked`: is not elementwise"), "{report}");
    let unchecked = build(false);
    let checked = unchecked.to_builder().check_kernels(true).build().unwrap();
    assert_eq!(code(run(checked.clone())), codes::E0603);
    assert_eq!(run(unchecked).unwrap()[7].value, Some(7.0), "an engine stays as it was built");
    assert_eq!(run(checked.to_builder().check_kernels(false).build().unwrap()).unwrap()[7].value, Some(7.0));
}

#[test]
fn a_panic_is_an_error_in_every_executor() {
    let engine = Engine::builder()
        .func("one", |id: i64| if id == 70 { panic!("no {id}") } else { id })
        .kernel("many", |ids: &[i64], out: &mut [i64]| {
            out.copy_from_slice(ids);
            assert!(!ids.contains(&70), "no 70");
        })
        .build()
        .unwrap();
    for name in ["one", "many"] {
        let program =
            engine.compile::<Reading, Out>("panic.pipe", &format!("input | select id = {name}(id), value")).unwrap();
        for executor in EXECUTORS {
            let rows: Vec<Result<Out, Report>> =
                quietly(|| program.run(&readings(100)).executor(executor).with_rows(|rows| rows.collect()));
            assert_eq!(rows.len(), 71, "{executor:?}: the rows before it come out");
            let report = rows[70].as_ref().unwrap_err();
            assert_eq!(report.code(), Some(codes::E0603));
            assert!(report.to_string().contains(&format!("`{name}` panicked: no 70")), "{report}");
            assert!(report.to_string().contains("panic.pipe:1:21"), "{report}");
        }
    }
    assert_eq!(engine.eval::<i64>("one(1) + many(2)").unwrap(), 3, "the engine lives on");
}

#[test]
fn effects_keep_their_order_and_happen_once() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let (audit, threads) = (log.clone(), Arc::new(Mutex::new(Vec::new())));
    let used = threads.clone();
    let engine = Engine::builder()
        .threads(4)
        .effect_func("audit", move |id: i64| {
            audit.lock().unwrap().push(id);
            used.lock().unwrap().push(std::thread::current().id());
            id % 2 == 0
        })
        .build()
        .unwrap();
    assert!(log.lock().unwrap().is_empty());
    let source = "input | filter audit(id) | derive twice = audit(id + 1000), unused = audit(-1) \
                  | select id, value = if twice { 1.0 } else { 2.0 } | take 3";
    let program = engine.compile::<Reading, Out>("audit.pipe", source).unwrap();
    for executor in EXECUTORS {
        log.lock().unwrap().clear();
        let rows = program.run(&readings(100_000)).executor(executor).collect().unwrap();
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [0, 2, 4]);
        assert_eq!(*log.lock().unwrap(), [0, 1000, 1, 2, 1002, 3, 4, 1004], "{executor:?}");
    }
    let threads = threads.lock().unwrap();
    assert!(threads.iter().all(|thread| *thread == threads[0]), "all on one thread");
}

#[test]
fn constants_have_their_value_everywhere() {
    let engine = Engine::builder()
        .constant("VAT", 0.25)
        .constant("region", "EU")
        .constant("limit", Some(3))
        .constant("nothing", None::<i64>)
        .build()
        .unwrap();
    assert_eq!(engine.eval::<f64>("100 * (1 + VAT)").unwrap(), 125.0);
    assert_eq!(engine.eval::<String>("lower(region)").unwrap(), "eu");
    assert_eq!(engine.eval::<i64>("1..10 | take limit | sum it").unwrap(), 6);
    assert_eq!(engine.eval::<i64>("nothing ?? limit").unwrap(), 3);
    assert_eq!(engine.eval::<f64>("fn gross(net: float) { net * (1 + VAT) }\ngross(4)").unwrap(), 5.0);
    let report = engine.eval::<f64>("[{VAT: 1.0}] | sum VAT").unwrap_err();
    assert_eq!(report.code(), Some(codes::E0204), "{report}");
    assert_eq!(engine.eval::<f64>("[{VAT: 1.0}] | sum it.VAT").unwrap(), 1.0);
    assert_eq!(code(Engine::default().eval::<f64>("VAT")), codes::E0201);
}

#[test]
fn names_that_clash_are_refused() {
    let x = |x: f64| x;
    let code = |builder: pipelang::EngineBuilder| builder.build().unwrap_err().code().unwrap();
    let start = Engine::builder;
    assert_eq!(code(start().func("round", x)), codes::E0208);
    assert_eq!(code(start().func("sum", x)), codes::E0208);
    assert_eq!(code(start().func("rank", x)), codes::E0208);
    assert_eq!(code(start().func("fee", x).try_func("fee", |x: f64| x.to_string().parse::<f64>())), codes::E0208);
    assert_eq!(code(start().func("fee", x).constant("fee", 1)), codes::E0208);
    assert_eq!(code(start().constant("input", 1)), codes::E0208);
    assert_eq!(code(start().constant("two words", 1)), codes::E0112);
    assert_eq!(code(start().func("by", x)), codes::E0112);
    assert_eq!(code(start().constant("large", u64::MAX)), codes::E0310);
    let report = start().func("round", x).constant("by", 1).build().unwrap_err();
    assert_eq!(report.diagnostics().len(), 2, "all of them are told: {report}");
}

#[test]
fn engines_know_nothing_of_each_other() {
    let one = Engine::builder().func("rate", |x: f64| x * 2.0).constant("NAME", "one").build().unwrap();
    let two = Engine::builder().func("rate", |x: i64| x + 1).constant("NAME", "two").build().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!(one.eval::<f64>("rate(2)").unwrap(), 4.0));
        scope.spawn(|| assert_eq!(two.eval::<i64>("rate(2)").unwrap(), 3));
    });
    assert_eq!(one.eval::<String>("NAME").unwrap() + &two.eval::<String>("NAME").unwrap(), "onetwo");
    assert_eq!(code(Engine::default().eval::<i64>("rate(2)")), codes::E0203);
}

#[derive(pipelang::Row)]
struct Desk {
    desk: &'static str,
    limit: i64,
}

fn desks() -> Vec<Desk> {
    vec![Desk { desk: "fx", limit: 100 }, Desk { desk: "bonds", limit: 200 }]
}

#[test]
fn tables_of_the_engine_are_read_by_all_scripts() {
    let engine = Engine::builder().table("desks", desks()).table("input", desks()).build().unwrap();
    assert_eq!(engine.eval::<i64>("desks | sum limit").unwrap(), 300);
    assert_eq!(code(engine.eval::<i64>("desks | sum amount")), codes::E0201);
    // A program's own input hides a table, and one that is not given is not made up for.
    let own = [Desk { desk: "fx", limit: 1 }];
    let program = engine
        .compile::<Desk, serde_json::Value>(
            "p",
            "input | join other = desks on desk | select desk, limit = other.limit",
        )
        .unwrap();
    assert_eq!(program.run(&own).collect().unwrap(), [serde_json::json!({"desk": "fx", "limit": 100})]);
    assert_eq!(engine.eval::<i64>("input | sum limit").unwrap(), 300);
    for executor in [pipelang::Executor::Reference, pipelang::Executor::Vector] {
        let script = engine.script("s", "desks | sort limit | select desk", &Default::default()).unwrap();
        let (settings, mut out) = (pipelang::RunSettings { executor, ..Default::default() }, Vec::new());
        let style = pipelang::Style { format: pipelang::OutputFormat::CSV, table: Default::default() };
        script.write(&mut out, &style, &settings).1.unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "desk\nfx\nbonds\n");
    }
    assert_eq!(code(Engine::builder().table("desks", desks()).constant("desks", 1).build()), codes::E0208);
}

#[test]
fn descriptions_are_of_what_was_added() {
    let builder = || Engine::builder().func("fee", |x: f64| x).table("desks", desks());
    let engine = builder().describe("fee(price)", "What it costs.").describe("desks", "All desks.").build().unwrap();
    assert_eq!(engine.eval::<f64>("fee(price: 2.0)").unwrap(), 2.0);
    let docs: Vec<String> = engine.functions().into_iter().filter(|it| it.group == "tables").map(|it| it.doc).collect();
    assert_eq!(docs, ["All desks."]);
    assert_eq!(code(builder().describe("fea", "").build()), codes::E0203);
    assert_eq!(code(builder().describe("fee(a, b)", "").build()), codes::E0305);
    let derived = engine.to_builder().func("more", |x: i64| x + 1).revoke_grants().build().unwrap();
    assert_eq!(derived.eval::<f64>("fee(price: 2.0) + float(more((desks | count)))").unwrap(), 5.0);
}

#[derive(Row)]
struct Point {
    n: i64,
    x: Option<f64>,
    is_on: bool,
}

#[derive(Row, Debug, PartialEq)]
struct Made {
    n: i64,
    x: Option<f64>,
    is_on: bool,
}

/// Numbers and bools go to functions as words, whatever calls them; the rows that do not count go to none of them.
#[test]
fn functions_of_numbers_agree_everywhere() {
    let engine = Engine::builder()
        .func("next", |n: i64| u64::try_from(n).unwrap() + 1)
        .func("half", |x: f64| if x == 7.0 { -f64::NAN } else { x / 2.0 })
        .func("both", |a: bool, n: i64, x: f64| a && n as f64 > x)
        .try_func("even", |n: i64| if n % 2 == 0 { Ok(n) } else { Err("it is odd") })
        .build()
        .unwrap();
    let point = |n: i64| Point { n, x: (n % 5 != 0).then_some(n as f64), is_on: n % 3 == 0 };
    let points: Vec<Point> = (0..3000).map(point).collect();
    let source = "input | derive k = if n % 2 == 0 { even(n) } else { n }\n\
                  | select n = next(k), x = half(x), is_on = both(is_on, 1500, x ?? 0.0) or both(true, n, 2999.5)";
    let program = engine.compile::<Point, Made>("made.pipe", source).unwrap();
    let made = |it: &Point| Made {
        n: it.n + 1,
        x: it.x.filter(|x| *x != 7.0).map(|x| x / 2.0),
        is_on: it.is_on && 1500.0 > it.x.unwrap_or(0.0),
    };
    let is_seven = |it: &&Point| it.n == 7;
    for executor in EXECUTORS {
        let mut rows = program.run(&points).executor(executor).collect().unwrap();
        assert!(rows[7].x.take().unwrap().is_nan());
        assert!(rows.iter().eq(points.iter().map(made).collect::<Vec<_>>().iter()), "{executor:?}");
        // The first row that fails is told, and those before it have come.
        let failing = engine.compile::<Point, Made>("odd.pipe", "input | filter even(n * (n // 2000)) >= 0").unwrap();
        let mut count = 0;
        let report = failing.run(&points).executor(executor).for_each(|_| count += 1).unwrap_err();
        assert_eq!((report.code(), count), (Some(codes::E0603), 2001), "{executor:?}: {report}");
        assert!(report.to_string().contains("`even`: it is odd"), "{report}");
    }
    for point in points.iter().filter(|it| !is_seven(it)) {
        assert_eq!(program.call(point).unwrap(), Some(made(point)));
    }
    quietly(|| {
        let negative = engine.compile::<Point, Made>("n.pipe", "input | select n = next(n - 1), x, is_on").unwrap();
        for executor in EXECUTORS {
            assert_eq!(code(negative.run(&points).executor(executor).collect()), codes::E0603);
        }
        assert_eq!(code(negative.call(&points[0])), codes::E0603);
        assert_eq!(negative.call(&points[1]).unwrap().unwrap().n, 1);
    });
}

#[test]
fn functions_have_none_to_six_arguments_of_any_number() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let engine = Engine::builder()
        .func("answer", || 42)
        .func("motto", || "no \u{e9}".to_string())
        .try_func("unlucky", || Err::<i64, _>("out of luck"))
        .effect_func("tick", move || counter.fetch_add(1, Ordering::Relaxed) as i64)
        .func("sum6", |a: i8, b: u16, c: u32, d: f32, e: usize, f: i64| {
            f64::from(a) + f64::from(b) + f64::from(c) + f64::from(d) + e as f64 + f as f64
        })
        .func("half", |x: u8| x / 2)
        .build()
        .unwrap();
    let source = "input | select id = id + answer(), value = sum6(1, id, id, 0.5, id, -3) + float(len(motto()))";
    let program = engine.compile::<Reading, Out>("sum.pipe", source).unwrap();
    let expected: Vec<Out> =
        (0..5000).map(|id| Out { id: id + 42, value: Some(id as f64 * 3.0 - 1.5 + 4.0) }).collect();
    let ticks = engine.compile::<Reading, Out>("ticks.pipe", "input | select id = tick(), value").unwrap();
    let fails = |source: &str| engine.compile::<Reading, Out>("fails.pipe", source).unwrap();
    for executor in EXECUTORS {
        assert_eq!(program.run(&readings(5000)).executor(executor).collect().unwrap(), expected, "{executor:?}");
        calls.store(0, Ordering::Relaxed);
        let ticked = ticks.run(&readings(100)).executor(executor).collect().unwrap();
        assert!(ticked.iter().map(|out| out.id).eq(0..100), "{executor:?}");
        let run = |source: &str| fails(source).run(&readings(5000)).executor(executor).collect().unwrap_err();
        let report = run("input | select id = half(id), value");
        assert_eq!(report.code(), Some(codes::E0603));
        assert!(report.to_string().contains("`half`: 256 does not fit into u8"), "{executor:?}: {report}");
        assert!(run("input | select id = unlucky(), value").to_string().contains("out of luck"), "{executor:?}");
        assert_eq!(fails("input | select id = unlucky(), value").run(&[]).executor(executor).collect().unwrap(), []);
    }
    assert_eq!(program.call(&Reading { id: 1, value: None }).unwrap().unwrap().value, Some(5.5));
    assert_eq!(engine.eval::<i64>("answer()").unwrap(), 42);
    let add = engine.scalar::<fn(i64) -> i64>("x => x + answer()").unwrap();
    assert_eq!(add.call(1).unwrap(), 43);
    let report = engine.eval::<i64>("answer(1)").unwrap_err();
    assert!(report.to_string().contains("answer"), "{report}");
}

#[test]
fn functions_for_rust_call_functions_of_the_host() {
    let engine = Engine::builder()
        .func("half", |x: f64| x / 2.0)
        .func("add", |a: i64, b: i64| a + b)
        .try_func("even", |n: i64| if n % 2 == 0 { Ok(n) } else { Err("it is odd") })
        .func("maybe", |n: i64| (n > 0).then_some(n))
        .build()
        .unwrap();
    let half = engine.scalar::<fn(f64) -> f64>("x => half(half(x) + 2.0) * 2.0").unwrap();
    assert_eq!(half.call(4.0).unwrap(), 4.0);
    let constant = engine.scalar::<fn(i64, i64) -> i64>("(a, b) => add(a, 40) + b").unwrap();
    assert_eq!(constant.call(1, 2).unwrap(), 43);
    let sometimes = engine.scalar::<fn(i64) -> i64>("n => if n > 10 { even(n) } else { n + 1 }").unwrap();
    assert_eq!((sometimes.call(3).unwrap(), sometimes.call(12).unwrap()), (4, 12));
    assert_eq!(code(sometimes.call(13)), codes::E0603);
    let none = engine.scalar::<fn(i64) -> i64>("n => (maybe(n) ?? -1) + 1").unwrap();
    assert_eq!((none.call(-5).unwrap(), none.call(5).unwrap()), (0, 6));
    assert_eq!(code(constant.call(1, i64::MAX)), codes::E0601);
}
