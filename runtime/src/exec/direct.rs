//! A function of a few numbers whose whole program is one piece of machine code: nothing stands between it and its caller
//! but the words that it works on.

use super::single::{FEW, OneRow};
use crate::kernel::ir::{Immediate, Instruction, ProgramOutput, Work};
use crate::kernel::ops::Op;
use pipelang_lang::ty::Kind;

/// The most arguments of such a function.
const ARGUMENTS: usize = 4;

/// Where the arguments of a function go and its result comes from.
#[derive(Clone, Copy, Debug)]
pub struct Direct {
    /// The words of the arguments; of one that nobody reads, a word that is none of a register.
    arguments: [u8; ARGUMENTS],
    result: u8,
    kind: Number,
}

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// `bool`: 0 or 1.
    Bool,
    /// `int`
    Int,
    /// `float`, by its bits.
    Float,
}

impl Direct {
    /// The statement as a function of its table's first `count` columns, if it is such a one.
    pub fn new(one: &OneRow, count: usize) -> Option<Direct> {
        let program = one.native()?;
        let registers = program.registers.len();
        let (ProgramOutput::Computed { lanes, valid: None }, None) = (*program.outputs.first()?, program.keep) else {
            return None;
        };
        // The last word is nobody's.
        if registers >= FEW || count > ARGUMENTS || program.outputs.len() != 1 || program.leaves().count() != 1 {
            return None;
        }
        let kind = match program.kinds[0] {
            Kind::Bool => Number::Bool,
            Kind::Int => Number::Int,
            Kind::Float => Number::Float,
            _ => return None,
        };
        let made = |instruction: &Instruction| instruction.results.contains(&lanes);
        let in_leaf = program.leaves().any(|range| program.instructions[range].iter().any(made));
        let mut arguments = [FEW as u8 - 1; ARGUMENTS];
        for work in &program.work {
            match work {
                Work::Leaf(..) => {}
                Work::Primitive(_) => return None,
                Work::Bind(range) => {
                    for instruction in &program.instructions[range.clone()] {
                        let Immediate::Input(at) = instruction.immediate else { continue };
                        let argument = arguments.get_mut(one.column(at as usize))?;
                        if instruction.op == Op::Valid || usize::from(*argument) != FEW - 1 {
                            return None;
                        }
                        *argument = instruction.results[0].0 as u8;
                    }
                }
            }
        }
        in_leaf.then_some(Direct { arguments, result: lanes.0 as u8, kind })
    }

    /// What the result is.
    pub fn kind(&self) -> Number {
        self.kind
    }

    /// The word of the result; none if it fails. `one` is the statement that this was made of.
    #[inline]
    pub fn call<const N: usize>(&self, one: &OneRow, arguments: [u64; N]) -> Option<u64> {
        let mut words = [0; FEW];
        for (word, at) in arguments.iter().zip(self.arguments) {
            words[usize::from(at)] = *word;
        }
        one.run_leaf(&mut words)?;
        Some(words[usize::from(self.result)])
    }
}
