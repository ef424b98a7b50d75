//! Seeded faults: do the random programs find a bug when there is one? `tests/faults.sh` builds everything with
//! `--cfg fault`, and then this test switches on each bug of `lang/src/fault.rs` and runs programs until one differs from
//! the oracle. Which bug is on is a matter of the whole process, so nothing else may run beside this test.

use crate::harness::registry;
use crate::random::program::program;
use crate::random::run::{self, Place};
use crate::random::{CONFIGURATIONS, PROGRAMS};
use pipelang_lang::fault::{self, Fault};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many programs it takes until a fault shows, and how it does. The fault is on while the executors run: the oracle
/// and the compiler's front have none.
fn first(fault: Option<Fault>, place: &Place) -> Option<(u64, String)> {
    let from = std::env::var("FAULT_FROM").ok().and_then(|from| from.parse().ok()).unwrap_or(0);
    (from..from + PROGRAMS).find_map(|seed| {
        let program = program(seed, &registry().catalog);
        let judged = match run::judge(&program, place) {
            Ok(judged) => judged,
            Err(failure) => panic!("program {seed}: {failure}"),
        };
        fault::select(fault);
        let result = catch_unwind(AssertUnwindSafe(|| judged.compare(&run::configurations(seed, CONFIGURATIONS))));
        fault::select(None);
        match result {
            Ok(Ok(_)) => None,
            Ok(Err(failure)) => Some((seed - from + 1, failure.what)),
            Err(_) => Some((seed - from + 1, "a panic".into())),
        }
    })
}

#[test]
fn each_is_found() {
    let place = Place::new();
    let name = |fault: &Fault| format!("{fault:?}");
    let wanted = std::env::var("FAULT").ok();
    if wanted.is_none() {
        assert_eq!(first(None, &place), None, "something is found without a fault");
        println!("without a fault, nothing is found in {PROGRAMS} programs");
    }
    println!("| fault | what goes wrong | programs until found | shown by |\n|---|---|---|---|");
    let mut lost = Vec::new();
    for fault in Fault::ALL.iter().filter(|fault| wanted.as_ref().is_none_or(|wanted| *wanted == name(fault))) {
        match first(Some(*fault), &place) {
            Some((programs, how)) => println!("| {fault:?} | {} | {programs} | {how} |", fault.what()),
            None => lost.push(format!("{fault:?} is not found: {}", fault.what())),
        }
    }
    assert!(lost.is_empty(), "in {PROGRAMS} programs,\n{}", lost.join("\n"));
}
