//! Machine code against the batch interpreter and against an evaluation row by row.

use super::*;
use crate::kernel::{lower, print};
use crate::limits::Watch;
use crate::vector::random::{self, Random};
use crate::vector::tests::{agrees, nullable};
use crate::vector::{Interpreted, Outcome, Scratch, Task};

fn random_segments(machine_only: bool, cases: u64) {
    let (mut scratch, mut compiled_cases, mut done) = (Scratch::new(), 0, 0);
    for seed in 0..cases {
        let mut random = Random::new(seed);
        let (case, batch) = (random::case(&mut random, machine_only), random::batch(&mut random));
        let program = Arc::new(lower(&case.segment, &case.plan, &nullable(&batch)));
        let compiled = match compile(&program) {
            Ok(compiled) => compiled,
            Err(why) => {
                assert_eq!(why, "nothing to compile", "{}", print(&program));
                continue;
            }
        };
        compiled_cases += 1;
        assert_eq!(compiled.code_bytes().len(), program.leaves().count());
        let (functions, watch) = (random::functions(), Watch::default());
        let by_machine = Task::new(&compiled, compiled.program(), &functions, &watch).run(&batch, &mut scratch);
        let by_vector = Task::new(&Interpreted, &program, &functions, &watch).run(&batch, &mut scratch);
        let (by_machine, by_vector) = (by_machine.expect("nobody stops it"), by_vector.expect("nobody stops it"));
        assert_eq!(matches!(by_machine, Outcome::Failed), matches!(by_vector, Outcome::Failed), "seed {seed}");
        done += u64::from(agrees(&case, &program, &batch, &by_machine, seed));
    }
    assert!(compiled_cases > cases / 2 && done > cases / 3, "{compiled_cases} compiled, {done} without failure");
}

#[test]
fn random_kernels_agree_with_rows() {
    random_segments(true, 500);
}

#[test]
fn kernels_between_primitives_agree_with_rows() {
    random_segments(false, 500);
}

#[test]
fn machine_code_of_another_program_is_refused() {
    let compiled = |seed| {
        let case = random::case(&mut Random::new(seed), true);
        let program = Arc::new(lower(&case.segment, &case.plan, &[true; random::KINDS.len() * 2]));
        compile(&program).map(|compiled| (compiled, program))
    };
    let mut both = (0..50).filter_map(|seed| compiled(seed).ok());
    let (Some((one, _)), Some((_, other))) = (both.next(), both.next()) else { panic!("some can be compiled") };
    let batch = (0..).map(|seed| random::batch(&mut Random::new(seed))).find(|batch| batch.rows > 0).expect("one");
    let attempt = std::panic::catch_unwind(|| {
        Task::new(&one, &other, &random::functions(), &Watch::default()).run(&batch, &mut Scratch::new()).is_ok()
    });
    assert!(attempt.is_err());
}
