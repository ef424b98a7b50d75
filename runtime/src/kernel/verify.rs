//! The invariants of a kernel: every register is written once, before it is read; operands and results have the lanes
//! that the table of operations says; what primitives and outputs read has a place.

use super::ir::{Immediate, Instruction, Place, Program, ProgramOutput, Register};
use super::ops::{Lane, Op, Slot};

/// What is wrong with a kernel, if anything is.
pub fn verify(program: &Program) -> Result<(), String> {
    let mut written = vec![false; program.registers.len()];
    for (at, instruction) in program.instructions.iter().enumerate() {
        instruction_is_sound(program, instruction, &mut written)
            .map_err(|why| format!("instruction {at}, {}: {why}", instruction.op.info().name))?;
    }
    for register in program.results() {
        if !written[register.0 as usize] {
            return Err(format!("v{} goes out but is never written", register.0));
        }
        if program.place(register) == Place::Nowhere {
            return Err(format!("v{} goes out but has no place", register.0));
        }
    }
    for output in &program.outputs {
        match output {
            ProgramOutput::Input(at) if *at as usize >= program.inputs.len() => return Err(format!("no input {at}")),
            ProgramOutput::Computed { valid: Some(valid), .. } => is_mask(program, *valid)?,
            ProgramOutput::Input(_) | ProgramOutput::Null | ProgramOutput::Computed { valid: None, .. } => {}
        }
    }
    program.keep.map_or(Ok(()), |keep| is_mask(program, keep))
}

fn is_mask(program: &Program, register: Register) -> Result<(), String> {
    if program.lane(register) == Lane::Bool { Ok(()) } else { Err(format!("v{} is no mask", register.0)) }
}

fn instruction_is_sound(program: &Program, instruction: &Instruction, written: &mut [bool]) -> Result<(), String> {
    let info = instruction.op.info();
    let variadic = matches!(instruction.op, Op::Call | Op::Row);
    let enough = instruction.operands.len() >= info.operands.len();
    if !enough || (!variadic && instruction.operands.len() != info.operands.len()) {
        return Err(format!("{} operands", instruction.operands.len()));
    }
    if instruction.results.len() != info.results.len() {
        return Err(format!("{} results", instruction.results.len()));
    }
    let mut same = None;
    let operands = instruction.operands.iter().zip(info.operands);
    let results = instruction.results.iter().zip(info.results);
    for (register, slot) in operands.chain(results) {
        lane_fits(program, *register, *slot, &mut same)?;
    }
    for operand in &instruction.operands {
        if !written[operand.0 as usize] {
            return Err(format!("v{} is read before it is written", operand.0));
        }
    }
    for result in &instruction.results {
        if std::mem::replace(&mut written[result.0 as usize], true) {
            return Err(format!("v{} is written twice", result.0));
        }
    }
    let known = match (instruction.op, instruction.immediate) {
        (Op::Input | Op::Valid, Immediate::Input(at)) => (at as usize) < program.inputs.len(),
        (Op::Constant, Immediate::Constant(at)) => (at as usize) < program.constants.len(),
        (Op::Call, Immediate::Call(at)) => (at as usize) < program.calls.len(),
        (Op::Row, Immediate::Row(at)) => (at as usize) < program.row_operations.len(),
        (Op::Input | Op::Valid | Op::Constant | Op::Call | Op::Row, _) => false,
        (_, immediate) => immediate == Immediate::None,
    };
    if known { Ok(()) } else { Err(format!("{:?}", instruction.immediate)) }
}

fn lane_fits(program: &Program, register: Register, slot: Slot, same: &mut Option<Lane>) -> Result<(), String> {
    let lane = *program.registers.get(register.0 as usize).ok_or(format!("no v{}", register.0))?;
    let wanted = match slot {
        Slot::Is(wanted) => wanted,
        Slot::Same => *same.get_or_insert(lane),
    };
    if lane == wanted { Ok(()) } else { Err(format!("v{} holds {lane}, not {wanted}", register.0)) }
}
