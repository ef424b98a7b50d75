//! What a run is held to, and what it does with rows that fail.

use super::{Id, code};
use pipelang::{Engine, Executor, Limits, OnError, Row, Tally, codes};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const EXECUTORS: [Executor; 3] = [Executor::Reference, Executor::Vector, Executor::Jit];

fn ids(count: u64) -> Vec<Id> {
    (0..count).map(|id| Id { id, weight: (id % 10) as i32 }).collect()
}

#[test]
fn fuel_is_counted_in_every_executor() {
    let engine = Engine::builder().threads(2).build().unwrap();
    let rows = engine.compile::<Id, Id>("rows.pipe", "input | filter weight > 3 | select id, weight").unwrap();
    let routine = "fn down(n: int) -> int { if n == 0 { 0 } else { down(n - 1) + 1 } }\n\
                   input | take 20 | select id = down(int(id) % 5000 + 4000), weight";
    let routine = engine.compile::<Id, Id>("routine.pipe", routine).unwrap();
    for executor in EXECUTORS {
        let run = |fuel| rows.run(&ids(20_000)).executor(executor).fuel(fuel).collect();
        assert_eq!(code(run(5_000)), codes::E0801, "{executor:?}");
        assert_eq!(run(100_000).unwrap().len(), 12_000, "{executor:?}");
        let run = |fuel| routine.run(&ids(100)).executor(executor).fuel(fuel).collect();
        assert_eq!(code(run(50_000)), codes::E0801, "{executor:?}");
        assert_eq!(run(100_000_000).unwrap().len(), 20, "{executor:?}");
    }
}

#[test]
fn rows_out_are_counted_and_those_before_come_out() {
    let program = Engine::default().compile::<Id, Id>("rows.pipe", "input | filter weight != 3").unwrap();
    for executor in EXECUTORS {
        let rows: Vec<_> = program.run(&ids(9_000)).executor(executor).rows_out(2_000).with_rows(|rows| rows.collect());
        assert_eq!(rows.len(), 2_001, "{executor:?}");
        let report = rows[2_000].as_ref().unwrap_err();
        assert!(report.to_string().contains("more rows than its limit of 2000"), "{report}");
        assert_eq!(program.run(&ids(100)).executor(executor).rows_out(90).collect().unwrap().len(), 90);
    }
    let mut out = Vec::new();
    let report = program.run(&ids(100)).rows_out(2).write_csv(&mut out).unwrap_err();
    assert_eq!((report.code(), &out[..]), (Some(codes::E0801), &b"id,weight\n0,0\n1,1\n"[..]));
    let mut out = Vec::new();
    program.run(&ids(2)).write_jsonl(&mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "{\"id\":0,\"weight\":0}\n{\"id\":1,\"weight\":1}\n");
}

#[test]
fn distinct_rows_are_held_to_the_memory() {
    let program = Engine::default().compile::<Id, Id>("rows.pipe", "input | distinct").unwrap();
    let report = program.run(&ids(30_000)).executor(Executor::Reference).memory(100 << 10).collect().unwrap_err();
    assert_eq!(report.code(), Some(codes::E0801));
    assert!(report.to_string().contains("than the limit of 100 KiB"), "{report}");
    let few =
        Engine::default().compile::<Id, Id>("rows.pipe", "input | select id = id % 7, weight = 0 | distinct").unwrap();
    assert_eq!(few.run(&ids(3_000)).executor(Executor::Reference).memory(100 << 10).collect().unwrap().len(), 7);
}

#[test]
fn the_nesting_of_an_engine_counts_operators_before_operands() {
    let engine = Engine::builder().limits(Limits { nesting: Some(5), ..Limits::none() }).build().unwrap();
    assert_eq!(engine.eval::<i64>("- - - - -1").unwrap(), -1);
    for deep in ["- - - - - - -1", "((((((1))))))", "-(-(-(1)))"] {
        let report = engine.eval::<i64>(deep).unwrap_err();
        assert_eq!(report.code(), Some(codes::E0801), "{report}");
        assert!(report.to_string().contains("its limit is 5"), "{report}");
    }
    assert!(!engine.eval::<bool>("not not not not not true").unwrap());
    assert_eq!(code(engine.eval::<bool>("not not not not not not true")), codes::E0801);
}

#[test]
fn a_run_tightens_limits_and_never_widens_them() {
    let limits = Limits { fuel: Some(5_000), rows_out: Some(10), threads: Some(1), ..Limits::none() };
    let engine = Engine::builder().limits(limits).build().unwrap();
    let program = engine.compile::<Id, Id>("rows.pipe", "input | filter weight != 3").unwrap();
    assert_eq!(code(program.run(&ids(100)).rows_out(50).collect()), codes::E0801);
    assert_eq!(code(program.run(&ids(100)).rows_out(5).collect()), codes::E0801);
    assert_eq!(program.run(&ids(11)).collect().unwrap().len(), 10);
    assert_eq!(code(engine.eval::<i64>("1..100000 | filter it % 2 == 0 | sum it")), codes::E0801);
    let strict = Engine::builder().limits(Limits { wall: Some(Duration::from_millis(50)), ..Limits::none() });
    let endless = "1.. | filter it < 0 | select id = it, weight = it";
    let program = strict.build().unwrap().compile::<(), Id>("endless.pipe", endless).unwrap();
    assert_eq!(code(program.run(&[]).wall(Duration::from_secs(3600)).collect()), codes::E0801);
}

#[test]
fn scripts_that_are_too_large_do_not_compile() {
    let limits = Limits { source_bytes: Some(100), stages: Some(4), ..Limits::none() };
    let engine = Engine::builder().limits(limits).build().unwrap();
    assert_eq!(engine.eval::<i64>("1..3 | sum it").unwrap(), 6);
    assert_eq!(code(engine.eval::<i64>(&format!("1{}", " + 1".repeat(30)))), codes::E0801);
    let many = "[{a: 1}] | sort a | distinct | sort -a | distinct | sort a | sum a";
    assert_eq!(code(engine.eval::<i64>(many)), codes::E0801);
}

#[test]
fn records_are_not_longer_than_they_may_be() {
    let folder = tempfile::tempdir().unwrap();
    let texts = [("a.csv", "x\n12345678\n1234567890\n1\n"), ("a.jsonl", "{\"x\":1}\n{\"x\":12345}\n{\"x\":1}\n")];
    let lists = [("a.json", "[{\"x\":1},{\"x\":12345},{\"x\":1}]"), ("last.csv", "x\n12345678\n1234567890")];
    let limits = |bytes| Limits { record_bytes: Some(bytes), ..Limits::none() };
    for (name, text) in texts.into_iter().chain(lists) {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        for (bytes, ends) in [(10, Err(codes::E0801)), (11, Err(codes::E0801)), (12, Ok(())), (100 << 20, Ok(()))] {
            let builder = Engine::builder().grant(pipelang::fs::read_only(folder.path())).limits(limits(bytes));
            let source = format!("read({path:?}, schema: {{x: int}}) | select id = x, weight = 1");
            let engine = builder.build().unwrap();
            // The last line has no newline that could be too much.
            let ends =
                if (name, bytes) == ("last.csv", 10) || bytes == 11 && name.ends_with(".csv") { Ok(()) } else { ends };
            let program = engine.compile::<(), Id>("records.pipe", &source);
            for executor in EXECUTORS {
                let ended = program.as_ref().map(|program| program.run(&[]).executor(executor).collect().map(drop));
                let ended = ended.map_err(|report| report.code()).and_then(|ran| ran.map_err(|report| report.code()));
                assert_eq!(ended, ends.map_err(Some), "{name}, {bytes} bytes, {executor:?}");
            }
        }
    }
    let engine = Engine::builder().limits(limits(20)).build().unwrap();
    let program = engine.compile::<Id, Id>("x.pipe", "input").unwrap();
    let line = "{\"id\": 1, \"weight\": 2}\n";
    for executor in EXECUTORS {
        assert_eq!(code(program.run(pipelang::jsonl(line.as_bytes())).executor(executor).collect()), codes::E0801);
    }
}

#[test]
fn patterns_are_not_larger_than_they_may_be() {
    let engine = |bytes| {
        let limits = Limits { regex_bytes: Some(bytes), ..Limits::none() };
        Engine::builder().limits(limits).build().unwrap()
    };
    let known = "matches(\"aaa\", r\"^(a{1,100}b?){1,20}$\")";
    let made = "[{s: \"^(a{1,100}b?){1,20}$\"}] | filter matches(\"aaa\", s) | count";
    assert!(engine(4 << 20).eval::<bool>(known).unwrap());
    assert_eq!(engine(4 << 20).eval::<i64>(made).unwrap(), 1);
    // Another engine may allow what this one does not.
    for (small, large) in [(10 << 10, 1 << 20), (1 << 10, usize::MAX)] {
        let report = engine(small).eval::<bool>(known).unwrap_err();
        assert_eq!(report.code(), Some(codes::E0304), "{report}");
        let most = format!("it may take {} KiB", small >> 10);
        assert!(report.to_string().contains(&most), "{report}");
        assert_eq!(code(engine(small).eval::<i64>(made)), codes::E0604);
        assert!(engine(large).eval::<bool>(known).unwrap());
    }
}

#[derive(Row)]
struct Pair {
    a: i64,
    b: i64,
}

#[derive(Row, Debug, PartialEq)]
struct Quotient {
    a: i64,
    q: i64,
}

#[test]
fn rows_that_fail_are_skipped_or_diverted() {
    let pairs: Vec<Pair> = (0..10_000).map(|a| Pair { a, b: a % 4 }).collect();
    let engine = Engine::builder().threads(3).build().unwrap();
    let program = engine.compile::<Pair, Quotient>("q.pipe", "input | select a, q = a // b").unwrap();
    assert_eq!(code(program.run(&pairs).collect()), codes::E0602);
    let expected: Vec<i64> = (0..10_000).filter(|a| a % 4 != 0).collect();
    for executor in EXECUTORS {
        let skipped = program.run(&pairs).executor(executor).on_error(OnError::Skip).collect().unwrap();
        assert_eq!(skipped.iter().map(|row| row.a).collect::<Vec<_>>(), expected, "{executor:?}");
        let letters = Arc::new(Mutex::new(Vec::new()));
        let dead = letters.clone();
        let divert = OnError::divert(move |report| dead.lock().unwrap().push(report.to_string()));
        let kept = program.run(&pairs).executor(executor).on_error(divert).collect().unwrap();
        assert_eq!(kept, skipped);
        let letters = letters.lock().unwrap();
        assert_eq!(letters.len(), 2_500);
        assert!(letters[0].contains("0 // 0") && letters[2_499].contains("9996 // 0"), "{}", letters[2_499]);
    }
    let sums = engine.compile::<Pair, Quotient>("s.pipe", "input | aggregate a = count(), q = sum(a // b)").unwrap();
    assert_eq!(sums.run(&pairs).on_error(OnError::Skip).collect().unwrap()[0].a, 7_500);
    let asserted = "input | assert a < 5 | select a, q = b";
    let asserted = engine.compile::<Pair, Quotient>("a.pipe", asserted).unwrap();
    assert_eq!(code(asserted.run(&pairs).on_error(OnError::Skip).collect()), codes::E0605);
}

#[test]
fn what_reads_leave_out_is_told_as_data() {
    let engine = Engine::builder().grant(pipelang::fs::read_everything()).build().unwrap();
    let script = "let t = read(\"tests/data/garbage.csv\", schema: {a: int, b: string, c: float}, on_error: \"null\")\n\
                  input | join (t | select c, a) on id == a | select id, weight = int(c ?? 0.0)";
    let program = engine.compile::<Id, Id>("join.pipe", script).unwrap();
    for executor in EXECUTORS {
        let tally = Tally::default();
        let rows = program.run(&ids(9)).executor(executor).tally(&tally).collect().unwrap();
        assert_eq!(rows.len(), 3, "{executor:?}");
        let reads = tally.reads();
        let counts: Vec<_> = reads[0].columns.iter().map(|(name, count)| (&**name, *count)).collect();
        assert_eq!((reads.len(), reads[0].total(), counts), (1, 2, vec![("a", 1), ("c", 1)]), "{executor:?}");
        assert_eq!((&*reads[0].path, reads[0].skips), ("tests/data/garbage.csv", false));
    }
}

#[test]
fn a_file_of_parquet_holds_what_came_out() {
    let path = std::env::temp_dir().join(format!("written-by-a-run-{}.parquet", std::process::id()));
    let program = Engine::default().compile::<Id, Id>("rows.pipe", "input | filter weight != 3").unwrap();
    let mut file = Vec::new();
    program.run(&ids(9_000)).write_parquet(&mut file).unwrap();
    std::fs::write(&path, &file).unwrap();
    let reader = Engine::builder().grant(pipelang::fs::read_only(&path)).build().unwrap();
    let source = format!("read({:?})", path.display().to_string());
    let back = reader.compile::<(), Id>("back.pipe", &source).unwrap().run(&[]).collect().unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(back, program.run(&ids(9_000)).collect().unwrap());
}

#[test]
fn keys_that_no_column_has_are_told_as_data() {
    #[derive(Row, Debug)]
    struct Sold {
        id: Option<i64>,
    }
    let engine = Engine::builder().grant(pipelang::fs::read_everything()).build().unwrap();
    let shop = "read(\"tests/data/strays/shop.json\") | drop at, items";
    for (stage, records) in [("| select id", None), ("| filter id > 1000", Some(5))] {
        let program = engine.compile::<(), Sold>("shop.pipe", &format!("{shop} {stage}")).unwrap();
        for executor in EXECUTORS {
            let tally = Tally::default();
            let rows = program.run(&[]).executor(executor).tally(&tally).collect().unwrap();
            assert_eq!(rows.last().unwrap().id, Some(1012));
            let strays = tally.strays();
            assert_eq!(strays.first().map(|strays| strays.records), records, "{executor:?}");
            for strays in strays {
                let keys: Vec<_> = strays.keys.iter().map(|stray| (&*stray.key, &*stray.column, stray.line)).collect();
                assert_eq!(keys, [("extra", "extra", 1004), ("a", "a", 1009), ("unit price", "unit price", 1009)]);
                assert!(!strays.has_others);
            }
        }
    }
}

/// Several workers keep many groups in shards, unless later rows show that they are not so many.
#[test]
fn groups_are_the_same_however_many_there_are_and_on_any_number_of_threads() {
    let engine = Engine::builder().threads(2).build().unwrap();
    for keys in [3, 100_003, 900_001] {
        let source = format!(
            "1..700000 | map {{value: it, t: f\"{{it // 7}}\"}}\n\
             | aggregate n = count(), sum = sum(value), last = last(t), mean = mean(value / 3), most = mode(t) \
               by k = value * 7919 % {keys}"
        );
        let program = engine.compile::<(), serde_json::Value>("groups.pipe", &source).unwrap();
        let run = |threads| {
            let mut out = Vec::new();
            program.run(&[]).threads(threads).write_csv(&mut out).unwrap();
            out
        };
        let one = run(1);
        assert_eq!(one.iter().filter(|byte| **byte == b'\n').count(), keys.min(700_000) + 1);
        assert!(one == run(2), "{keys} keys");
    }
}

#[test]
fn what_parse_leaves_out_is_told_as_data() {
    let script = "input | derive n = 10 // (id - 3), s = if id % 3 == 0 { \"x\" } else { f\"{id}\" }\n\
                  | filter id < 100 | parse s, \"{a:int}\", on_error: \"skip\" | filter n + a > -9999 | select id, weight = a";
    let program = Engine::default().compile::<Id, Id>("parse.pipe", script).unwrap();
    for executor in EXECUTORS {
        let tally = Tally::default();
        for _ in 0..2 {
            let rows = program.run(&ids(3_000)).executor(executor).tally(&tally).collect().unwrap();
            assert_eq!(rows.len(), 66, "{executor:?}");
        }
        let parses = tally.parses();
        assert_eq!((parses.len(), parses[0].rows, &*parses[0].template), (1, 34, "{a:int}"), "{executor:?}");
        // A row that a later stage fails on was not left out here.
        let tally = Tally::default();
        let script = script.replace("id - 3", "id - 4");
        let program = Engine::default().compile::<Id, Id>("parse.pipe", &script).unwrap();
        let all = ids(3_000);
        let run = program.run(&all).executor(executor).tally(&tally).on_error(OnError::Skip);
        assert_eq!((run.collect().unwrap().len(), tally.parses()[0].rows), (65, 34), "{executor:?}");
    }
}

#[test]
fn errors_of_a_run_name_their_stage() {
    let engine = Engine::builder().threads(2).build().unwrap();
    let stage_of = |script: &str, executor| {
        let program = engine.compile::<Id, Id>("stages.pipe", script).unwrap();
        let report = program.run(&ids(20)).executor(executor).collect().unwrap_err();
        let stage = report.diagnostics()[0].stage().map(str::to_string);
        let json: serde_json::Value = serde_json::from_str(&report.render_json()).unwrap();
        assert_eq!(json["stage"].as_str(), stage.as_deref(), "{script}");
        stage
    };
    let scripts = [
        ("input | filter 12 % (weight - 7) >= 0", "filter"),
        ("input | derive weight = weight % (id - 3) | filter weight > 0", "derive"),
        ("input | aggregate id = 1, weight = sum(weight % (id - 3))", "aggregate"),
        ("fn per(a: int, b: int) -> int { a % b }\ninput | select id, weight = per(weight, id - 3)", "select"),
        (
            "fn own(t: stream<{id: int, weight: int}>) -> stream<{id: int, weight: int}> { t | sort weight % (id - 3) }\ninput | own",
            "sort",
        ),
        ("input | filter id in (1..3 | filter it % (it - 2) == 0)", "filter"),
    ];
    for executor in EXECUTORS {
        for (script, stage) in scripts {
            assert_eq!(stage_of(script, executor).as_deref(), Some(stage), "{script}, {executor:?}");
        }
    }
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    let on_error = OnError::divert(move |report| tell.lock().unwrap().push(report.diagnostics()[0].stage.clone()));
    let program = engine.compile::<Id, Id>("rows.pipe", "input | filter weight % (id - 3) == 0").unwrap();
    program.run(&ids(20)).on_error(on_error).collect().unwrap();
    assert_eq!(*told.lock().unwrap(), [Some("filter".to_string())]);
    let program = engine.compile::<Id, Id>("rows.pipe", "input").unwrap();
    let report = program.run(pipelang::jsonl(&b"{\"id\": 1, \"weight\": \"x\"}"[..])).collect().unwrap_err();
    assert_eq!(report.diagnostics()[0].stage(), None, "no place in the script is to blame");
}

/// What an error says of the data: the input, the row, and whether it is one.
fn row_of(report: &pipelang::Report) -> Option<(String, u64, bool)> {
    let place = report.diagnostics()[0].data.clone()?;
    Some((place.file, place.line, place.counts_rows))
}

#[test]
fn errors_over_rows_of_the_host_say_which_row() {
    let engine = Engine::builder().threads(4).build().unwrap();
    let scripts = [
        "input | filter weight % (id - 30_000) >= 0",
        "input | filter id % 2 == 0 | derive weight = weight % (id - 30_000)",
        // The filter may run as a loop of its own, and few rows pass.
        "input | filter id % 1_000 == 0 | take 100_000 | select id, weight = weight % (id - 30_000)",
        "input | filter id >= 0 | scan 0, (s, row) => 0 * (s + row.weight % (row.id - 30_000)) | select id = it, weight = it",
        "input | aggregate id = 1, weight = sum(weight % (id - 30_000))",
    ];
    let rows = ids(40_000);
    let expected = Some(("input".to_string(), 30_001, true));
    for script in scripts {
        let program = engine.compile::<Id, Id>("rows.pipe", script).unwrap();
        for executor in [Executor::Reference, Executor::Vector, Executor::Jit, Executor::Auto] {
            for threads in [1, 4] {
                let report = program.run(&rows).executor(executor).threads(threads).collect().unwrap_err();
                assert_eq!(row_of(&report), expected, "{script}, {executor:?}, {threads}: {report}");
                assert!(report.to_string().contains("in input, row 30001"), "{report}");
                assert!(report.render_json().contains(r#""data":{"file":"input","row":30001,"column":null}"#));
                let records = rows.iter().map(|row| serde_json::json!({"id": row.id, "weight": row.weight}));
                let streamed = program.run(pipelang::rows(records)).executor(executor).threads(threads);
                assert_eq!(row_of(&streamed.collect().unwrap_err()), expected, "{script}, {executor:?}, {threads}");
            }
        }
    }
}

#[test]
fn what_is_told_of_rows_that_are_left_out_says_which_row() {
    let engine = Engine::builder().threads(4).build().unwrap();
    let program = engine.compile::<Id, Id>("rows.pipe", "input | filter 1 % (id % 9_000 - 7) >= 0").unwrap();
    for executor in EXECUTORS {
        for threads in [1, 4] {
            let told = Arc::new(Mutex::new(Vec::new()));
            let tell = told.clone();
            let on_error = OnError::divert(move |report| tell.lock().unwrap().push(row_of(report).unwrap().1));
            program.run(&ids(30_000)).executor(executor).threads(threads).on_error(on_error).collect().unwrap();
            assert_eq!(*told.lock().unwrap(), [8, 9_008, 18_008, 27_008], "{executor:?}, {threads}");
        }
    }
}

#[test]
fn rows_that_do_not_fit_say_which_they_are() {
    let program = Engine::default().compile::<Id, Id>("rows.pipe", "input | filter weight > 0").unwrap();
    let rows = || [serde_json::json!({"id": 1, "weight": 2}), serde_json::json!({"id": 1, "weight": "x"})];
    for executor in EXECUTORS {
        let report = program.run(pipelang::rows(rows())).executor(executor).collect().unwrap_err();
        assert_eq!(row_of(&report), Some(("input".to_string(), 2, true)), "{executor:?}");
        assert!(report.to_string().contains("input, row 2: `weight` should be int"), "{report}");
    }
    // What is read twice is kept whole, and knows its lines all the same.
    let twice = "input | filter weight % (id - 2) == 0 and id in (input | select id)";
    let program = Engine::default().compile::<Id, Id>("twice.pipe", twice).unwrap();
    let text = "{\"id\": 1, \"weight\": 2}\n\n{\"id\": 2, \"weight\": 2}\n";
    for executor in EXECUTORS {
        let report = program.run(pipelang::jsonl(text.as_bytes())).executor(executor).collect().unwrap_err();
        assert_eq!(row_of(&report), Some(("input".to_string(), 3, false)), "{executor:?}");
    }
    #[derive(Row, Debug)]
    struct Wide {
        id: u64,
    }
    let program = Engine::default().compile::<Wide, Wide>("wide.pipe", "input | filter id > 0").unwrap();
    for executor in EXECUTORS {
        let report = program.run(&[Wide { id: 1 }, Wide { id: u64::MAX }]).executor(executor).collect().unwrap_err();
        let place = report.diagnostics()[0].data.clone().unwrap();
        assert_eq!((place.line, place.counts_rows, place.column.as_deref()), (2, true, Some("id")), "{executor:?}");
    }
}
