//! The printed form of a kernel, for `pipe explain --phase kernel` and the tests.

use super::ir::{Immediate, Instruction, Program, ProgramOutput, Register, Work};
use pipelang_lang::calendar;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::spell;
use std::fmt::Write;

/// A kernel as text, one instruction a line.
pub fn print(program: &Program) -> String {
    let mut text = String::new();
    for work in &program.work {
        match work {
            Work::Bind(range) => instructions(&mut text, program, range.clone()),
            Work::Leaf(number, range) => {
                let _ = writeln!(text, "leaf {number}");
                instructions(&mut text, program, range.clone());
            }
            Work::Primitive(at) => {
                text.push_str("primitive\n");
                instructions(&mut text, program, *at..at + 1);
            }
        }
    }
    if let Some(keep) = program.keep {
        let _ = writeln!(text, "keep {}", name(keep));
    }
    for output in &program.outputs {
        let _ = match output {
            ProgramOutput::Input(at) => writeln!(text, "output {}", spell(&program.inputs[*at as usize].name)),
            ProgramOutput::Null => writeln!(text, "output null"),
            ProgramOutput::Computed { lanes, valid: None } => writeln!(text, "output {}", name(*lanes)),
            ProgramOutput::Computed { lanes, valid: Some(valid) } => {
                writeln!(text, "output {} where {}", name(*lanes), name(*valid))
            }
        };
    }
    text
}

fn instructions(text: &mut String, program: &Program, range: std::ops::Range<usize>) {
    for instruction in &program.instructions[range] {
        text.push_str("  ");
        line(text, program, instruction);
        text.push('\n');
    }
}

fn line(text: &mut String, program: &Program, instruction: &Instruction) {
    for (at, result) in instruction.results.iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        let _ = write!(text, "{comma}{}: {}", name(*result), program.lane(*result));
    }
    if !instruction.results.is_empty() {
        text.push_str(" = ");
    }
    text.push_str(instruction.op.info().name);
    match instruction.immediate {
        Immediate::None => {}
        Immediate::Input(at) => {
            let _ = write!(text, " {}", spell(&program.inputs[at as usize].name));
        }
        Immediate::Constant(at) => {
            let _ = write!(text, " {}", constant(&program.constants[at as usize]));
        }
        Immediate::Call(at) => {
            let call = &program.calls[at as usize];
            let fails = if call.may_fail { "!" } else { "" };
            let _ = write!(text, " #{}{fails}", call.function.0);
        }
        Immediate::Row(at) => {
            let operation = &program.row_operations[at as usize];
            let fails = if operation.may_fail { "!" } else { "" };
            let _ = write!(text, " {}{fails}", operation.name);
        }
    }
    for (at, operand) in instruction.operands.iter().enumerate() {
        let comma = if at == 0 { " " } else { ", " };
        let _ = write!(text, "{comma}{}", name(*operand));
    }
}

fn name(register: Register) -> String {
    format!("v{}", register.0)
}

fn constant(value: &Scalar) -> String {
    match value {
        Scalar::Null => "null".into(),
        Scalar::Bool(b) => b.to_string(),
        Scalar::Int(i) => i.to_string(),
        Scalar::Float(x) => format!("{x:?}"),
        Scalar::String(s) => format!("{s:?}"),
        Scalar::Date(d) => format!("day {d}"),
        Scalar::DateTime(time) => calendar::spell_datetime(*time),
        Scalar::Duration(length) => calendar::spell_duration(*length),
        Scalar::Wide(w) => w.to_string(),
        other => format!("{other:?}"),
    }
}
