//! What is stored and loaded, and what is compiled and dropped: very often.

use super::Id;
use pipelang::{Engine, Executor, Report, codes, live_code_bytes};

/// Numbers that look like chance, the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }
}

/// The bytes with one to four things changed in them.
fn damaged(bytes: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..1 + chance.below(4) {
        let (at, other) = (chance.below(bytes.len()), chance.below(bytes.len()));
        let (start, end) = (at.min(other), at.max(other).min(at.min(other) + 40));
        match chance.below(6) {
            0 => bytes[at] ^= 1 << chance.below(8),
            1 => bytes[at] = b"{}[]()\"'\\,:|0179-+*/.<>=@`~\n\x00\xff"[chance.below(30)],
            2 => drop(bytes.drain(start..end)),
            3 => {
                let part = bytes[start..end].to_vec();
                bytes.splice(at..at, part);
            }
            4 => bytes.swap(at, other),
            _ => bytes.truncate(at.max(20)),
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

#[test]
fn damaged_programs_are_refused() {
    let engine = Engine::builder().func("fee", |x: f64| x * 0.01).build().unwrap();
    let sources = [
        "input | filter weight > 3 and id % 2 == 0 | select id, weight = weight * 2",
        "fn odd(n: int) -> bool { n % 2 == 1 }\ninput | filter odd(id) | sort -id | take 5",
        "input | aggregate weight = max(weight) by id | filter fee(float(id)) < 0.5 | select id, weight = weight ?? 0",
    ];
    let mut chance = Chance(7);
    let (mut loaded, mut refused) = (0, 0);
    for round in 0..if cfg!(debug_assertions) { 1_500 } else { 6_000 } {
        let program = engine.compile::<Id, Id>("stored.pipe", sources[round % sources.len()]).unwrap();
        let bytes = damaged(&program.to_bytes(), &mut chance);
        let result: Result<_, Report> = engine.load::<Id, Id>(&bytes);
        match result {
            // A change in the name or in a comment is none in what the program means.
            Ok(program) => {
                loaded += 1;
                let _ = program.run(&[Id { id: 3, weight: 5 }]).collect();
            }
            Err(report) => {
                refused += 1;
                assert_ne!(report.code(), Some(codes::E0901), "{report}\n{}", String::from_utf8_lossy(&bytes));
            }
        }
    }
    assert!(refused > 10 * loaded, "{loaded} loaded, {refused} refused");
}

#[test]
fn what_is_dropped_is_gone() {
    // No other test makes machine code in this process while this one looks: it runs in one of its own.
    if std::env::var_os("ALONE").is_none() {
        let this = std::env::current_exe().unwrap();
        let arguments = ["--exact", "embedding::lasting::what_is_dropped_is_gone"];
        let output = std::process::Command::new(this).args(arguments).env("ALONE", "1").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    if pipelang::native_code().is_err() {
        return;
    }
    let engine = Engine::default();
    for at in 1..=if cfg!(debug_assertions) { 500 } else { 10_000 } {
        let rule = engine.scalar::<fn(f64) -> f64>(&format!("x => x * {at}.5 + 1.0")).unwrap();
        assert_eq!(rule.call(2.0).unwrap(), f64::from(at) * 2.0 + 2.0);
        assert!(live_code_bytes() > 0 && live_code_bytes() < 10_000, "one rule at a time");
        if at % 100 == 0 {
            let program = engine.compile::<Id, Id>("x.pipe", &format!("input | filter weight > {at}")).unwrap();
            assert_eq!(program.run(&[Id { id: 1, weight: 5 }]).executor(Executor::Jit).collect().unwrap().len(), 0);
        }
    }
    assert_eq!(live_code_bytes(), 0);
}
