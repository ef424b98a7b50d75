//! From a list of instructions to a program that can be run: what nobody reads is left out, what machine code can be
//! made of is brought together, and registers are given places that are used again as soon as they are free.

use super::ir::{Immediate, Instruction, Place, Program, ProgramOutput, Register, Work};
use super::ops::{Class, Lane, Op};

/// Finishes a program of which inputs, registers, instructions, constants, calls, `keep` and outputs are there.
pub fn finish(program: &mut Program) {
    leave_out_dead(program);
    bring_together(program);
    renumber(program);
    cut(program);
    place(program);
}

fn leave_out_dead(program: &mut Program) {
    let mut live = vec![false; program.registers.len()];
    program.results().for_each(|register| live[register.0 as usize] = true);
    let mut kept: Vec<Instruction> = Vec::with_capacity(program.instructions.len());
    for instruction in std::mem::take(&mut program.instructions).into_iter().rev() {
        let may_fail = match instruction.immediate {
            Immediate::Call(at) => program.calls[at as usize].may_fail,
            Immediate::Row(at) => program.row_operations[at as usize].may_fail,
            Immediate::None | Immediate::Input(_) | Immediate::Constant(_) => instruction.op == Op::Check,
        };
        if may_fail || instruction.results.iter().any(|register| live[register.0 as usize]) {
            instruction.operands.iter().for_each(|register| live[register.0 as usize] = true);
            kept.push(instruction);
        }
    }
    kept.reverse();
    program.instructions = kept;
}

/// Sorts the instructions so that compilable ones stand together: leaf 0, the primitives that need nothing but leaf 0
/// and each other, leaf 1, and so on. The order is free: operations are pure, and a batch fails or does not.
fn bring_together(program: &mut Program) {
    let instructions = std::mem::take(&mut program.instructions);
    let mut level_of: Vec<(usize, bool)> = vec![(0, false); program.registers.len()];
    let mut keyed: Vec<((usize, u8), Instruction)> = Vec::with_capacity(instructions.len());
    for instruction in instructions {
        let bind = instruction.op.info().class == Class::Bind;
        let primitive = !bind && !instruction.is_compilable(&program.registers);
        let after = |register: &Register| {
            let (level, by_primitive) = level_of[register.0 as usize];
            if by_primitive && !primitive { level + 1 } else { level }
        };
        let level = instruction.operands.iter().map(after).max().unwrap_or(0);
        instruction.results.iter().for_each(|register| level_of[register.0 as usize] = (level, primitive));
        let order = if bind { 0 } else { 1 + u8::from(primitive) };
        keyed.push(((level, order), instruction));
    }
    keyed.sort_by_key(|(key, _)| *key);
    program.instructions = keyed.into_iter().map(|(_, instruction)| instruction).collect();
}

/// Numbers the registers in the order in which they are written.
fn renumber(program: &mut Program) {
    let old = std::mem::take(&mut program.registers);
    let mut new = vec![None; old.len()];
    for result in program.instructions.iter().flat_map(|instruction| &instruction.results) {
        new[result.0 as usize] = Some(Register(program.registers.len() as u32));
        program.registers.push(old[result.0 as usize]);
    }
    let rename = |register: &mut Register| {
        *register = new[register.0 as usize].expect("what is read is written");
    };
    for instruction in &mut program.instructions {
        instruction.operands.iter_mut().chain(&mut instruction.results).for_each(rename);
    }
    for output in &mut program.outputs {
        if let ProgramOutput::Computed { lanes, valid } = output {
            std::iter::once(lanes).chain(valid).for_each(rename);
        }
    }
    program.keep.iter_mut().for_each(rename);
}

fn cut(program: &mut Program) {
    let mut leaves = 0;
    for (at, instruction) in program.instructions.iter().enumerate() {
        let next = at + 1;
        if instruction.op.info().class == Class::Bind {
            match program.work.last_mut() {
                Some(Work::Bind(range)) => range.end = next,
                _ => program.work.push(Work::Bind(at..next)),
            }
        } else if instruction.is_compilable(&program.registers) {
            match program.work.last_mut() {
                Some(Work::Leaf(_, range)) => range.end = next,
                _ => {
                    program.work.push(Work::Leaf(leaves, at..next));
                    leaves += 1;
                }
            }
        } else {
            program.work.push(Work::Primitive(at));
        }
    }
}

/// Linear scan: a result is placed before the operands that end here are freed, so that no operation works in place.
fn place(program: &mut Program) {
    let ending = ends(program);
    program.places = vec![Place::Nowhere; program.registers.len()];
    let mut free: [Vec<u32>; Lane::ALL.len()] = Default::default();
    for (instruction, ended) in program.instructions.iter().zip(ending) {
        for result in &instruction.results {
            let lane = program.registers[result.0 as usize];
            // A bitmap of a batch may begin in the middle of a byte, so it is always copied.
            let place = match instruction.immediate {
                Immediate::Input(input) if instruction.op == Op::Input && lane != Lane::Bool => Place::Input(input),
                Immediate::Constant(constant) => Place::Constant(constant),
                _ => Place::Slot(free[lane as usize].pop().unwrap_or_else(|| {
                    program.slots[lane as usize] += 1;
                    program.slots[lane as usize] as u32 - 1
                })),
            };
            program.places[result.0 as usize] = place;
        }
        for register in ended {
            if let Place::Slot(slot) = program.places[register.0 as usize] {
                free[program.registers[register.0 as usize] as usize].push(slot);
            }
        }
    }
}

/// For each instruction, the registers that nobody needs after it. What goes into a leaf is needed until the leaf ends,
/// since machine code loads it when it likes.
fn ends(program: &Program) -> Vec<Vec<Register>> {
    let mut last: Vec<Option<usize>> = vec![None; program.registers.len()];
    let mut born = vec![0; program.registers.len()];
    for (at, instruction) in program.instructions.iter().enumerate() {
        instruction
            .results
            .iter()
            .for_each(|register| (born[register.0 as usize], last[register.0 as usize]) = (at, Some(at)));
        instruction.operands.iter().for_each(|register| last[register.0 as usize] = Some(at));
    }
    for range in program.leaves() {
        for operand in program.instructions[range.clone()].iter().flat_map(|instruction| &instruction.operands) {
            if born[operand.0 as usize] < range.start {
                let last = &mut last[operand.0 as usize];
                *last = (*last).max(Some(range.end - 1));
            }
        }
    }
    program.results().for_each(|register| last[register.0 as usize] = None);
    let mut ends = vec![Vec::new(); program.instructions.len()];
    for (register, at) in last.iter().enumerate() {
        if let Some(at) = at {
            ends[*at].push(Register(register as u32));
        }
    }
    ends
}
