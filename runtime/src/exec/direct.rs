//! A function of a few numbers whose whole program is machine code and functions of numbers that it calls: nothing stands
//! between it and its caller but the words that it works on.

use super::single::{FEW, OneRow};
use crate::builtins::{Functions, WORD_ARGUMENTS, WordBody};
use crate::jit::function::{self, ARGUMENTS, CompiledFunction};
use crate::jit::one_row::{self, CompiledRow};
use crate::kernel::ir::{Immediate, Instruction, Place, Program, ProgramOutput, Register, Work};
use crate::kernel::ops::Op;
use crate::vector::single::SingleLeaves;
use pipelang_lang::ty::Kind;

/// A function that is called with words.
pub struct Direct {
    body: Body,
    kind: Number,
}

enum Body {
    /// It is one piece of machine code.
    Whole(CompiledFunction),
    /// It calls functions.
    Steps(Box<Steps>),
}

/// What is done one after the other, on the words of the program's registers.
struct Steps {
    steps: Box<[Step]>,
    /// The machine code between the calls.
    leaves: CompiledRow,
    /// The words before a call: the constants in their places.
    words: [u64; FEW],
    /// The words of inputs, and which argument each is.
    arguments: Box<[(u8, usize)]>,
    result: u8,
    /// The word that says whether there is a result.
    valid: Option<u8>,
}

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
        f.debug_struct("Direct").field("has_calls", &self.has_calls()).field("kind", &self.kind).finish()
    }
}

impl Direct {
    /// The statement as a function of its table's first columns, if it is such a one.
    pub fn new(one: &OneRow, functions: &Functions) -> Option<Direct> {
        let program = one.program()?;
        let (ProgramOutput::Computed { lanes, valid }, None, 1) =
            (*program.outputs.first()?, program.keep, program.outputs.len())
        else {
            return None;
        };
        let kind = match program.kinds[0] {
            Kind::Bool => Number::Bool,
            Kind::Int => Number::Int,
            Kind::Float => Number::Float,
            _ => return None,
        };
        let is_made = |register: Register| matches!(program.place(register), Place::Slot(_));
        if !is_made(lanes) || !valid.is_none_or(is_made) {
            return None;
        }
        let (mut steps, mut arguments) = (Vec::new(), Vec::new());
        for work in &program.work {
            match work {
                Work::Leaf(number, _) => steps.push(Step::Leaf(*number)),
                Work::Primitive(at) => steps.push(Step::Call(call(program, &program.instructions[*at], functions)?)),
                Work::Bind(range) => {
                    for instruction in &program.instructions[range.clone()] {
                        let Immediate::Input(at) = instruction.immediate else { continue };
                        let column = one.column(at as usize);
                        if instruction.op == Op::Valid || column >= ARGUMENTS {
                            return None;
                        }
                        arguments.push((instruction.results[0], column));
                    }
                }
            }
        }
        let body = if let [Step::Leaf(_)] = *steps {
            let leaf = program.leaves().next()?;
            let body = function::Body { leaf, arguments, result: lanes, valid };
            Body::Whole(function::compile(program, &body).ok()?)
        } else {
            Body::Steps(Box::new(Steps {
                steps: steps.into(),
                leaves: one_row::compile(program).ok()?,
                words: one.words()?,
                arguments: arguments.into_iter().map(|(register, argument)| (word(register), argument)).collect(),
                result: word(lanes),
                valid: valid.map(word),
            }))
        };
        Some(Direct { body, kind })
    }

    /// Whether it calls functions.
    pub fn has_calls(&self) -> bool {
        matches!(self.body, Body::Steps(_))
    }

    /// What the result is.
    pub fn kind(&self) -> Number {
        self.kind
    }

    /// The word of the result; none if it is null or fails. As many arguments as the table has columns.
    #[inline]
    pub fn call<const N: usize>(&self, arguments: [u64; N]) -> Option<u64> {
        let mut given = [0; ARGUMENTS];
        given[..N].copy_from_slice(&arguments);
        match &self.body {
            Body::Whole(function) => function.call(given),
            Body::Steps(steps) => steps.run(given),
        }
    }
}

impl Steps {
    fn run(&self, arguments: [u64; ARGUMENTS]) -> Option<u64> {
        let mut words = self.words;
        for (word, argument) in &self.arguments {
            words[usize::from(*word)] = arguments[*argument];
        }
        for step in &self.steps {
            match step {
                Step::Leaf(number) => self.leaves.run(*number, &mut words)?.then_some(())?,
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
