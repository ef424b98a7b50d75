//! What is read and given as it comes: inputs without an end, results one after the other.

use super::{Id, code};
use pipelang::{CancelToken, Engine, Executor, Inputs, Report, Row, codes, stdin};
use serde_json::{Value, json};
use std::io::{Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn ids(count: u64) -> Vec<Id> {
    (0..count).map(|id| Id { id, weight: (id % 10) as i32 }).collect()
}

#[derive(Row, Debug, PartialEq)]
struct One {
    x: i64,
}

/// An engine whose function `seen` counts its calls.
fn counting(threads: usize) -> (Engine, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let seen = move |x: i64| {
        counter.fetch_add(1, Ordering::Relaxed);
        x
    };
    (Engine::builder().threads(threads).func("seen", seen).build().unwrap(), calls)
}

#[test]
fn results_come_one_after_the_other() {
    let (engine, calls) = counting(2);
    let program = engine.compile::<(), One>("x.pipe", "1.. | select x = seen(it)").unwrap();
    let mut rows = program.run(&[]).rows();
    let first: Vec<i64> = rows.by_ref().take(3000).map(|row| row.unwrap().x).collect();
    assert_eq!(first, (1..=3000).collect::<Vec<_>>());
    // What is ahead is bounded: nothing is computed any more while nobody takes anything.
    let mut before = 0;
    while before != calls.load(Ordering::Relaxed) {
        before = calls.load(Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(before < 2_000_000, "{before} rows are ahead");
    // While it waits, other runs of the engine have all its threads, and the iterator goes on behind them.
    let other = engine.compile::<Id, Id>("ids.pipe", "input | filter weight > 3 | sort -id").unwrap();
    assert_eq!(other.run(&ids(50_000)).collect().unwrap().len(), 30_000);
    assert_eq!(rows.next().unwrap().unwrap().x, 3001);
    drop(rows);
    let after = calls.load(Ordering::Relaxed);
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(calls.load(Ordering::Relaxed), after, "a run whose rows are dropped has ended");
}

#[test]
fn results_are_the_same_as_all_at_once() {
    let engine = Engine::builder().threads(3).build().unwrap();
    let ids = ids(100_000);
    for source in ["input | filter weight != 3", "input | sort -id | take 1000", "input | skip 10 | take 20_000"] {
        let program = engine.compile::<Id, Id>("x.pipe", source).unwrap();
        let all = program.run(&ids).collect().unwrap();
        for executor in [Executor::Reference, Executor::Vector, Executor::Jit] {
            let rows = program.run(&ids).executor(executor).with_rows(|rows| rows.collect::<Result<Vec<Id>, Report>>());
            assert_eq!(rows.unwrap(), all, "{executor:?}: {source}");
        }
        let some = program.run(&ids).with_rows(|rows| rows.take(5).map(Result::unwrap).collect::<Vec<Id>>());
        assert_eq!(some, all[..5]);
    }
}

#[test]
fn a_token_of_the_host_stops_the_rows_and_is_not_touched() {
    let engine = Engine::builder().threads(2).build().unwrap();
    let program = engine.compile::<(), One>("x.pipe", "1.. | select x = it").unwrap();
    let token = CancelToken::new();
    let mut rows = program.run(&[]).cancel(&token).rows();
    assert_eq!(rows.next().unwrap().unwrap().x, 1);
    drop(rows);
    assert!(!token.is_cancelled());
    let mut rows = program.run(&[]).cancel(&token).rows();
    token.cancel();
    let report = rows.find_map(Result::err).unwrap();
    assert_eq!(report.code(), Some(codes::E0802));
    assert!(rows.next().is_none());
}

/// A stream that gives so many rows, then panics.
struct Broken(usize);

impl Read for Broken {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        assert!(self.0 > 0, "the stream is broken");
        self.0 -= 1;
        let line = b"{\"id\": 1, \"weight\": 2}\n";
        into[..line.len()].copy_from_slice(line);
        Ok(line.len())
    }
}

#[test]
fn a_stream_that_panics_before_a_run_is_an_error_and_the_engine_lives_on() {
    let engine = Engine::builder().grant(stdin::of_format(Broken(1), "jsonl")).build().unwrap();
    let report = engine.eval::<i64>("stdin | count").unwrap_err();
    assert_eq!(report.code(), Some(codes::E0701), "{report}");
    assert_eq!(engine.eval::<i64>("1 + 1").unwrap(), 2);
}

#[test]
fn a_stream_that_panics_in_a_run_ends_it_and_the_engine_lives_on() {
    let engine = Engine::builder().threads(2).build().unwrap();
    let program = engine.compile::<Id, Id>("x.pipe", "input").unwrap();
    for executor in [Executor::Reference, Executor::Vector, Executor::Jit] {
        let run = || program.run(pipelang::jsonl(Broken(3))).executor(executor);
        let streamed = run().rows().collect::<Result<Vec<Id>, Report>>();
        for report in [run().collect().unwrap_err(), streamed.unwrap_err()] {
            assert_eq!(report.code(), Some(codes::E0701), "{report}");
            assert!(report.to_string().contains("its reader panicked: the stream is broken"), "{report}");
        }
    }
    assert_eq!(engine.eval::<i64>("1 + 1").unwrap(), 2);
}

/// Gives three lines, then waits for good.
struct Waiting(&'static [u8]);

impl Read for Waiting {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.0.is_empty() {
            std::thread::park();
        }
        self.0.read(into)
    }
}

#[test]
fn a_reader_that_waits_is_under_limits_and_holds_nobody_up() {
    const LINES: &[u8] = b"{\"id\": 1, \"weight\": 2}\n{\"id\": 2, \"weight\": 2}\n";
    let engine = Engine::builder().threads(4).build().unwrap();
    let program = engine.compile::<Id, Id>("x.pipe", "input").unwrap();
    for executor in [Executor::Reference, Executor::Vector] {
        let run = program.run(pipelang::jsonl(Waiting(LINES))).executor(executor).wall(Duration::from_millis(200));
        assert_eq!(run.collect().unwrap_err().code(), Some(codes::E0801));
    }
    let token = CancelToken::new();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| program.run(pipelang::jsonl(Waiting(LINES))).cancel(&token).collect());
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(engine.eval::<i64>("1..3_000_000 | sum it").unwrap(), 4_500_001_500_000);
        assert!(!waiting.is_finished());
        token.cancel();
        assert_eq!(waiting.join().unwrap().unwrap_err().code(), Some(codes::E0802));
    });
    let mut rows = program.run(pipelang::jsonl(Waiting(LINES))).rows();
    drop(rows.next());
    drop(rows);
}

#[test]
fn a_panic_of_what_a_run_is_given_ends_it() {
    let engine = Engine::builder().threads(2).build().unwrap();
    let program = engine.compile::<Id, Id>("x.pipe", "input").unwrap();
    let many: Vec<Id> = (0..300_000u64).map(|id| Id { id, weight: 1 }).collect();
    let report = program.run(many.as_slice()).for_each(|row| assert!(row.id < 1000, "enough")).unwrap_err();
    assert!(report.to_string().contains("enough"), "{report}");
    let numbers = || (0u64..).inspect(|id| assert!(*id != 5000, "enough")).map(|id| json!({"id": id, "weight": 1}));
    assert!(program.run(pipelang::rows(numbers())).collect().unwrap_err().to_string().contains("enough"));
    let mut seen = 0;
    let error = program.run(pipelang::rows(numbers())).rows().find_map(|row| match row {
        Ok(row) => {
            assert_eq!(row.id, seen, "nothing from behind it comes out");
            seen += 1;
            None
        }
        Err(report) => Some(report),
    });
    assert!(error.unwrap().to_string().contains("enough"));
}

#[test]
fn a_panic_of_a_host_that_is_asked_for_records_is_said_to_be_its() {
    let engine = Engine::builder().threads(2).build().unwrap();
    let program = engine.compile::<Id, Id>("x.pipe", "input").unwrap();
    for executor in [Executor::Reference, Executor::Vector, Executor::Jit] {
        let record = |id| if id == 2000 { panic!("no {id}") } else { json!({"id": id, "weight": 1}) };
        let run = program.run(pipelang::rows((0..3000).map(record))).executor(executor);
        let report = run.collect().unwrap_err();
        assert_eq!(report.code(), Some(codes::E0603), "{report}");
        let told = "input, row 2001: the host panicked when it was asked for it: no 2000";
        assert!(report.to_string().contains(told), "{report}");
        let batches = (0..3).map(|_| -> Result<pipelang::arrow::RecordBatch, String> { panic!("no batch") });
        let report = program.run(pipelang::arrow::batches(batches)).executor(executor).collect().unwrap_err();
        assert_eq!(report.code(), Some(codes::E0603), "{report}");
        assert!(report.to_string().contains("the host panicked when it was asked for more: no batch"), "{report}");
    }
}

#[test]
fn what_is_read_twice_is_under_limits() {
    let engine = Engine::builder().threads(2).build().unwrap();
    let twice = "input | join o = input on id | select id, weight";
    let program = engine.compile::<Id, Id>("x.pipe", twice).unwrap();
    let endless = || pipelang::rows((0u64..).map(|id| json!({"id": id, "weight": id % 7})));
    let report = program.run(endless()).memory(1 << 20).collect().unwrap_err();
    assert_eq!(report.code(), Some(codes::E0801), "{report}");
    let report = program.run(endless()).wall(Duration::from_millis(100)).collect().unwrap_err();
    assert_eq!(report.code(), Some(codes::E0801), "{report}");
    let all = engine.compile::<Id, Id>("y.pipe", "input").unwrap();
    let report =
        all.run(endless()).executor(Executor::Reference).wall(Duration::from_millis(100)).collect().unwrap_err();
    assert_eq!(report.code(), Some(codes::E0801), "{report}");
}

/// Lines without an end.
struct Endless(u64, Vec<u8>);

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.1.is_empty() {
            self.1 = format!("{{\"id\": {}, \"weight\": {}, \"other\": null}}\n", self.0, self.0 % 7).into_bytes();
            self.0 += 1;
        }
        let count = into.len().min(self.1.len());
        into[..count].copy_from_slice(&self.1[..count]);
        self.1.drain(..count);
        Ok(count)
    }
}

#[test]
fn inputs_need_no_end() {
    let engine = Engine::builder().threads(2).build().unwrap();
    let program = engine.compile::<Id, Id>("x.pipe", "input | filter weight == 6 | take 3").unwrap();
    let expected: Vec<Id> = [6, 13, 20].map(|id| Id { id, weight: 6 }).into();
    assert_eq!(program.run(pipelang::jsonl(Endless(0, Vec::new()))).collect().unwrap(), expected);
    let records = (0u64..).map(|id| json!({"id": id, "weight": id % 7}));
    assert_eq!(program.run(pipelang::rows(records)).collect().unwrap(), expected);
    let rows = program.run(pipelang::jsonl(Endless(0, Vec::new()))).rows().collect::<Result<Vec<Id>, Report>>();
    assert_eq!(rows.unwrap(), expected);
}

#[test]
fn csv_is_read_by_the_names_of_its_columns() {
    let program = Engine::default().compile::<Id, Id>("x.pipe", "input | filter weight > 1").unwrap();
    let run = |text: &'static str| program.run(pipelang::csv(text.as_bytes()));
    assert_eq!(run("name,weight,id\nx,1,1\ny,2,2\n").collect().unwrap(), [Id { id: 2, weight: 2 }]);
    let report = run("weight\n1\n").collect().unwrap_err();
    assert_eq!(report.code(), Some(codes::E0508));
    assert!(report.to_string().contains("`input` has no column `id`"), "{report}");
    let rows = run("id,weight\n1,5\n2,x\n").with_rows(|rows| rows.collect::<Vec<Result<Id, Report>>>());
    assert_eq!(rows.len(), 2, "the rows before it come out");
    assert_eq!(rows[1].as_ref().unwrap_err().code(), Some(codes::E0501));
    assert_eq!(code(run("").collect()), codes::E0508);
}

#[test]
fn a_stream_that_is_read_twice_is_kept() {
    let program = Engine::default()
        .compile_dyn::<Value>(
            &[("ids", Id::schema())],
            "x.pipe",
            "ids | join (ids | aggregate most = max(weight) | select weight = most) on weight | select id | sort id",
        )
        .unwrap();
    let text = "id,weight\n1,5\n2,7\n3,7\n";
    let expected = [json!({"id": 2}), json!({"id": 3})];
    let csv = || Inputs::new().csv("ids", Cursor::new(text));
    assert_eq!(program.run(csv()).collect().unwrap(), expected);
    assert_eq!(program.run(csv()).executor(Executor::Reference).collect().unwrap(), expected);
    let lines = "{\"id\": 2, \"weight\": 7}\n{\"id\": 3, \"weight\": 7}\n";
    assert_eq!(program.run(Inputs::new().jsonl("ids", Cursor::new(lines))).collect().unwrap(), expected);
    let broken = "{\"id\": 2, \"weight\": 7}\n{\"id\": ";
    assert!(program.run(Inputs::new().jsonl("ids", Cursor::new(broken))).collect().is_err());
}

/// Fields may be called what they like.
#[derive(Row, Debug, PartialEq, Clone)]
struct Odd {
    rows: i64,
    all: Option<u8>,
    values_0: String,
    row: f32,
}

#[test]
fn results_are_built_by_all_workers_in_order() {
    let odd = |at: i64| Odd {
        rows: at,
        all: (at % 3 != 0).then_some((at % 256) as u8),
        values_0: format!("row {at}"),
        row: at as f32,
    };
    let all: Vec<Odd> = (0..50_000).map(odd).collect();
    let engine = Engine::builder().threads(4).build().unwrap();
    let program = engine.compile::<Odd, Odd>("odd.pipe", "input | filter rows % 7 != 3").unwrap();
    let expected: Vec<Odd> = all.iter().filter(|it| it.rows % 7 != 3).cloned().collect();
    assert!(program.run(&all).collect().unwrap() == expected);
    let one_by_one: Vec<Odd> = program.run(&all).with_rows(|rows| rows.map(Result::unwrap).collect());
    assert!(one_by_one == expected);
    let sorted = engine.compile::<Odd, Odd>("odd.pipe", "input | sort -rows").unwrap();
    assert!(sorted.run(&all).collect().unwrap().iter().rev().eq(&all));
}

#[test]
fn what_does_not_fit_comes_behind_what_does() {
    #[derive(Row, Debug, PartialEq)]
    struct Small {
        n: u16,
    }
    let engine = Engine::builder().threads(4).build().unwrap();
    let program = engine.compile::<(), Small>("small.pipe", "1..1000000 | select n = it").unwrap();
    let mut seen = 0u32;
    let report = program.run(&[]).for_each(|small| seen += u32::from(small.n > 0)).unwrap_err();
    assert_eq!((report.code(), seen), (Some(codes::E0310), u32::from(u16::MAX)));
    assert!(report.to_string().contains("`n` is 65536, which does not fit into u16"), "{report}");
    let (good, bad): (Vec<_>, Vec<_>) = program.run(&[]).rows().partition(Result::is_ok);
    assert_eq!((good.len(), bad.len()), (usize::from(u16::MAX), 1));
}

#[test]
fn cells_of_csv_are_no_lists() {
    #[derive(Row, Debug, PartialEq)]
    struct Sized {
        id: i64,
        sizes: Option<Vec<i64>>,
    }
    let csv = || pipelang::csv("id,sizes\n1,\"[2,3]\"\n".as_bytes());
    let program = Engine::default().compile::<Sized, Sized>("sizes.pipe", "input").unwrap();
    assert_eq!(code(program.run(csv()).collect()), codes::E0902);
    let program = Engine::default().compile::<Sized, One>("sizes.pipe", "input | select x = id").unwrap();
    assert_eq!(program.run(csv()).collect().unwrap(), [One { x: 1 }]);
}

/// All threads of a pool of the host wait for results, and so does one for what it asks for in a function of its own.
#[test]
fn results_are_waited_for_on_threads_of_the_engine() {
    #[derive(Row, serde::Serialize)]
    struct Number {
        id: i64,
    }
    let pool = Arc::new(rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap());
    let first = Engine::builder().pool(pool.clone()).build().unwrap();
    let program = first.compile::<Number, Number>("sort.pipe", "input | sort -id").unwrap();
    let last = move |n: i64| {
        let numbers = (0..20_000 + n).map(|id| Number { id });
        program.run(pipelang::rows(numbers)).rows().next().unwrap().unwrap().id
    };
    let found = pool.broadcast(|worker| last(worker.index() as i64));
    assert_eq!(found, [19_999, 20_000]);
    let second = Engine::builder().pool(pool).func("greatest_of", last).build().unwrap();
    assert_eq!(second.eval::<Vec<i64>>("1..3 | map greatest_of(it)").unwrap(), [20_000, 20_001, 20_002]);
}
