//! What is wrong with a host's own types, in their code and in their names: an error, and never the end of a process.

use super::code;
use pipelang::{Engine, Executor, HostType, Report, Row, codes};

const EXECUTORS: [Executor; 4] = [Executor::Reference, Executor::Vector, Executor::Jit, Executor::Auto];

#[derive(Row, Debug, PartialEq)]
struct Id {
    id: i64,
}

/// A type whose values panic in this or in that.
macro_rules! panicking {
    ($clone:expr, $drop:expr, $size:expr) => {
        #[derive(Debug)]
        struct Bomb(i64);
        impl Clone for Bomb {
            fn clone(&self) -> Bomb {
                assert!(!$clone || self.0 != 7, "no copies");
                Bomb(self.0)
            }
        }
        impl Drop for Bomb {
            fn drop(&mut self) {
                assert!(!$drop || self.0 != 7, "no end");
            }
        }
        impl HostType for Bomb {
            const NAME: &'static str = "Bomb";

            fn size(&self) -> usize {
                assert!(!$size || self.0 != 7, "no size");
                8
            }
        }
        #[derive(Row)]
        struct Event {
            id: i64,
            bomb: Bomb,
        }
        fn engine() -> Engine {
            Engine::builder()
                .threads(4)
                .host_type::<Bomb>(|it| it.method("number", |it: &Bomb| it.0))
                .func("bomb", |number: i64| Bomb(number))
                .build()
                .unwrap()
        }
    };
}

#[test]
fn a_clone_that_panics_is_an_error() {
    panicking!(true, false, false);
    #[derive(Row, Debug)]
    struct Out {
        bomb: Bomb,
    }
    let engine = engine();
    let events: Vec<Event> = (0..20).map(|id| Event { id, bomb: Bomb(id) }).collect();
    for source in ["input | filter bomb.number() >= 0", "input | sort -id | filter bomb.number() >= 0"] {
        let program = engine.compile::<Event, Id>("e.pipe", source).unwrap();
        for executor in EXECUTORS {
            let report = program.run(&events).executor(executor).collect().unwrap_err();
            assert_eq!(report.code(), Some(codes::E0603), "{report}");
            assert!(
                report
                    .to_string()
                    .contains("`bomb` should be a Bomb, but is \"a Bomb that panicked when it was copied")
            );
        }
    }
    let rule = engine.compile::<Event, Out>("e.pipe", "input | filter bomb.number() > 3").unwrap();
    assert_eq!(code(rule.call(&events[7])), codes::E0603);
    assert_eq!(rule.call(&events[8]).unwrap().unwrap().bomb.0, 8);
    assert_eq!(code(engine.eval::<i64>("bomb(7).number()")), codes::E0603);
    assert_eq!(code(engine.scalar::<fn(Bomb) -> i64>("(bomb) => bomb.number()").unwrap().call(Bomb(7))), codes::E0603);
    let of_parameter = engine.compile::<(), Id>("p.pipe", "param b: Bomb = bomb(1)\n[{id: b.number()}]").unwrap();
    assert_eq!(code(of_parameter.run(&[]).param("b", Bomb(7)).collect()), codes::E0310);
    assert_eq!(of_parameter.run(&[]).param("b", Bomb(5)).collect().unwrap(), [Id { id: 5 }]);
    assert_eq!(code(engine.to_builder().constant("SEVEN", Bomb(7)).build()), codes::E0310);
}

#[test]
fn a_size_that_panics_is_an_error() {
    panicking!(false, false, true);
    let engine = engine();
    let events: Vec<Event> = (0..20).map(|id| Event { id, bomb: Bomb(id) }).collect();
    let program = engine.compile::<Event, Id>("e.pipe", "input | filter bomb.number() >= 0").unwrap();
    assert_eq!(code(program.run(&events).collect()), codes::E0603);
    assert_eq!(code(engine.eval::<i64>("bomb(7).number()")), codes::E0603);
}

/// Those that are in scripts are dropped by any thread, in good and in bad times.
#[test]
fn a_drop_that_panics_goes_no_further() {
    panicking!(false, true, false);
    let engine = engine();
    let events: Vec<Event> = (0..20).map(|id| Event { id, bomb: Bomb(id) }).collect();
    for (source, count) in [("bomb.number() >= 0", Some(20)), ("bomb.number() // (id - 15) < 100", None)] {
        let source = format!("input | sort id | filter {source}");
        let program = engine.compile::<Event, Id>("e.pipe", &source).unwrap();
        for executor in EXECUTORS {
            let run = program.run(&events).executor(executor).threads(4).collect();
            match (run, count) {
                (Ok(ids), Some(count)) => assert_eq!(ids.len(), count),
                (result, _) => assert_eq!(code(result), codes::E0602),
            }
        }
    }
    std::mem::forget(events);
}

#[test]
fn a_size_without_an_end_is_an_error() {
    #[derive(Clone)]
    struct Huge;
    impl HostType for Huge {
        const NAME: &'static str = "Huge";

        fn size(&self) -> usize {
            usize::MAX
        }
    }
    let engine = Engine::builder().host_type::<Huge>(|it| it).func("huge", |_: i64| Huge).build().unwrap();
    let code_of = |source: &str, executor: Executor, memory: u64| {
        let program = engine.compile::<(), Id>("huge.pipe", source).unwrap();
        program.run(&[]).executor(executor).memory(memory).collect().err().and_then(|report: Report| report.code())
    };
    let many = "1..20_000 | derive h = huge(it) | sort -value | filter h != null | select id = value";
    let nested = "1..10 | derive hs = [huge(it), huge(it)] | filter len(hs) == 2 | select id = value";
    for executor in EXECUTORS {
        assert_eq!(code_of(many, executor, u64::MAX), None);
        assert_eq!(code_of(nested, executor, u64::MAX), Some(codes::E0801));
        if executor != Executor::Reference {
            assert_eq!(code_of(many, executor, 100 << 20), Some(codes::E0801));
        }
    }
}

/// An engine with a type of that name.
macro_rules! named {
    ($name:literal) => {{
        #[derive(Clone)]
        struct Named;
        impl HostType for Named {
            const NAME: &'static str = $name;
        }
        Engine::builder().host_type::<Named>(|it| it.method("one", |_: &Named| 1)).func("made", |_: i64| Named)
    }};
}

#[test]
fn a_name_that_cannot_be_written_or_is_taken_is_refused() {
    assert_eq!(code(named!("").build()), codes::E0112);
    assert_eq!(code(named!("a b").build()), codes::E0112);
    assert_eq!(code(named!("T").build()), codes::E0112);
    assert_eq!(code(named!("if").build()), codes::E0112);
    assert_eq!(code(named!("null").build()), codes::E0112);
    assert_eq!(code(named!("int").build()), codes::E0208);
    assert_eq!(code(named!("json").build()), codes::E0208);
    assert_eq!(code(named!("map").build()), codes::E0208);
    assert_eq!(code(named!("stream").build()), codes::E0208);
    // Types have names of their own.
    for builder in [named!("Row"), named!("sort"), named!("made"), named!("one"), named!("count")] {
        assert_eq!(builder.build().unwrap().eval::<i64>("made(1).one()").unwrap(), 1);
    }
}

/// What is told of them is the name; that two Rust types have it is seen by whoever gets the wrong one.
#[test]
fn two_types_of_one_name_are_an_error() {
    #[derive(Clone, Debug)]
    struct Other;
    impl HostType for Other {
        const NAME: &'static str = "Twin";
    }
    #[derive(Clone, Debug)]
    struct Twin;
    impl HostType for Twin {
        const NAME: &'static str = "Twin";
    }
    let builder = || Engine::builder().host_type::<Twin>(|it| it.method("one", |_: &Twin| 1));
    assert_eq!(code(builder().host_type::<Other>(|it| it).build()), codes::E0208);
    let engine = builder().func("twin", |_: i64| Twin).func("other", |_: i64| Other).build().unwrap();
    assert_eq!(engine.eval::<i64>("twin(1).one()").unwrap(), 1);
    let told = engine.eval::<i64>("other(1).one()").unwrap_err();
    assert!(told.to_string().contains("`one`: this `Twin` is of another Rust type than the argument"), "{told}");
    assert_eq!(code(engine.eval::<Twin>("other(1)")), codes::E0310);
}
