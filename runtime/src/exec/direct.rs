//! A function of a few numbers whose whole program is machine code and functions of numbers that it calls: nothing stands
//! between it and its caller but the words that it works on.

use super::single::{FEW, OneRow};
use crate::builtins::{Functions, WORD_ARGUMENTS, WordBody};
use crate::kernel::ir::{Immediate, Instruction, Program, ProgramOutput, Register, Work};
use crate::kernel::ops::Op;
use pipelang_lang::ty::Kind;

/// The most arguments of such a function.
const ARGUMENTS: usize = 4;

/// Where the arguments of a function go and its result comes from.
pub struct Direct {
    /// The words of the arguments; of one that nobody reads, a word that is none of a register.
    arguments: [u8; ARGUMENTS],
    /// What is done; nothing if it is one piece of machine code.
    steps: Box<[Step]>,
    result: u8,
    /// The word that says whether there is a result.
    valid: Option<u8>,
    kind: Number,
}

/// A part of such a function.
enum Step {
    /// The machine code of this number.
    Leaf(usize),
    Call(Call),
}

/// A call of a function of numbers.
struct Call {
    body: WordBody,
    /// The word that says whether it is called.
    active: u8,
    arguments: Box<[u8]>,
    result: u8,
    /// The word that says whether there is a result.
    valid: u8,
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

impl std::fmt::Debug for Direct {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Direct").field("steps", &self.steps.len()).field("kind", &self.kind).finish()
    }
}

impl Direct {
    /// The statement as a function of its table's first `count` columns, if it is such a one.
    pub fn new(one: &OneRow, count: usize, functions: &Functions) -> Option<Direct> {
        let program = one.native()?;
        let (ProgramOutput::Computed { lanes, valid }, None) = (*program.outputs.first()?, program.keep) else {
            return None;
        };
        // The last word is nobody's.
        if program.registers.len() >= FEW || count > ARGUMENTS || program.outputs.len() != 1 {
            return None;
        }
        let kind = match program.kinds[0] {
            Kind::Bool => Number::Bool,
            Kind::Int => Number::Int,
            Kind::Float => Number::Float,
            _ => return None,
        };
        let is_made = |instruction: &Instruction| {
            instruction.results.contains(&lanes) && !matches!(instruction.op, Op::Input | Op::Valid | Op::Constant)
        };
        if !program.instructions.iter().any(is_made) {
            return None;
        }
        let mut arguments = [FEW as u8 - 1; ARGUMENTS];
        let mut steps = Vec::new();
        for work in &program.work {
            match work {
                Work::Leaf(number, _) => steps.push(Step::Leaf(*number)),
                Work::Primitive(at) => steps.push(Step::Call(call(program, &program.instructions[*at], functions)?)),
                Work::Bind(range) => {
                    for instruction in &program.instructions[range.clone()] {
                        let Immediate::Input(at) = instruction.immediate else { continue };
                        let argument = arguments.get_mut(one.column(at as usize))?;
                        if instruction.op == Op::Valid || usize::from(*argument) != FEW - 1 {
                            return None;
                        }
                        *argument = word(instruction.results[0]);
                    }
                }
            }
        }
        if let [Step::Leaf(0)] = *steps {
            steps.clear();
        }
        Some(Direct { arguments, steps: steps.into(), result: word(lanes), valid: valid.map(word), kind })
    }

    /// Whether it calls functions.
    pub fn has_calls(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Call(_)))
    }

    /// What the result is.
    pub fn kind(&self) -> Number {
        self.kind
    }

    /// The word of the result; none if it fails or is null. `one` is the statement that this was made of.
    #[inline]
    pub fn call<const N: usize>(&self, one: &OneRow, arguments: [u64; N]) -> Option<u64> {
        let mut words = if self.steps.is_empty() { [0; FEW] } else { one.words()? };
        for (word, at) in arguments.iter().zip(self.arguments) {
            words[usize::from(at)] = *word;
        }
        if self.steps.is_empty() {
            one.run_leaf(0, &mut words)?;
        }
        for step in &self.steps {
            match step {
                Step::Leaf(number) => one.run_leaf(*number, &mut words)?,
                Step::Call(call) => call.run(&mut words)?,
            }
        }
        let is_there = self.valid.is_none_or(|valid| words[usize::from(valid)] != 0);
        is_there.then_some(words[usize::from(self.result)])
    }
}

/// The call that an instruction is, if it is one of a function of numbers.
fn call(program: &Program, instruction: &Instruction, functions: &Functions) -> Option<Call> {
    let (Op::Call, Immediate::Call(at)) = (instruction.op, instruction.immediate) else { return None };
    let body = functions.get(program.calls[at as usize].function).words.clone()?;
    let (active, arguments) = instruction.operands.split_first()?;
    let arguments = arguments.iter().map(|register| word(*register)).collect();
    let (result, valid) = (word(instruction.results[0]), word(instruction.results[1]));
    Some(Call { body, active: word(*active), arguments, result, valid })
}

impl Call {
    #[inline]
    fn run(&self, words: &mut [u64; FEW]) -> Option<()> {
        let is_called = words[usize::from(self.active)] != 0;
        words[usize::from(self.valid)] = u64::from(is_called);
        if is_called {
            let mut given = [0; WORD_ARGUMENTS];
            for (given, at) in given.iter_mut().zip(&self.arguments) {
                *given = words[usize::from(*at)];
            }
            words[usize::from(self.result)] = (self.body)(&given[..self.arguments.len()])?;
        }
        Some(())
    }
}

/// The word of a register; there are few.
fn word(register: Register) -> u8 {
    register.0 as u8
}
