//! A kernel for one row: a register is a word or a text, and an instruction is done once. For what handles one event at a
//! time, where even a batch of one row would be dear. It knows neither sums in 128 bits nor nested values.

use crate::builtins::{Functions, WORD_ARGUMENTS};
use crate::kernel::ir::{Call, Immediate, Instruction, Place, Program, ProgramOutput, Register, Work};
use crate::kernel::ops::{Lane, Op};
use crate::limits::{Bounds, Watch};
use pipelang_lang::scalar::{Arithmetic, Scalar, canonical, float_modulo, floor_modulo, int_arithmetic};
use pipelang_lang::ty::Kind;
use std::sync::Arc;

/// A value that comes in or goes out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Null.
    Null,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `float`
    Float(f64),
    /// `string`
    Text(&'a str),
    /// A value of any other kind.
    Other(&'a Scalar),
}

impl<'a> Value<'a> {
    /// The same as a single value.
    pub fn scalar(self) -> Scalar {
        match self {
            Value::Null => Scalar::Null,
            Value::Bool(x) => Scalar::Bool(x),
            Value::Int(x) => Scalar::Int(x),
            Value::Float(x) => Scalar::Float(canonical(x)),
            Value::Text(x) => Scalar::String(x.into()),
            Value::Other(x) => x.clone(),
        }
    }

    /// A single value that lives elsewhere.
    pub fn of(scalar: &'a Scalar) -> Value<'a> {
        match scalar {
            Scalar::Null => Value::Null,
            Scalar::Bool(x) => Value::Bool(*x),
            Scalar::Int(x) => Value::Int(*x),
            Scalar::Float(x) => Value::Float(*x),
            Scalar::String(x) => Value::Text(x),
            other => Value::Other(other),
        }
    }
}

/// A text in a register.
#[derive(Clone, Debug)]
enum Text<'a> {
    Lent(&'a str),
    Made(Arc<str>),
}

impl Text<'_> {
    fn get(&self) -> &str {
        match self {
            Text::Lent(text) => text,
            Text::Made(text) => text,
        }
    }
}

/// A program that one row can be run through.
#[derive(Clone, Debug)]
pub struct Single {
    program: Arc<Program>,
    /// The registers with the constants in their places.
    template: Vec<u64>,
    has_texts: bool,
}

/// Executes the leaves of a program for one row; false if a check failed.
pub trait SingleLeaves {
    /// Executes leaf `number` on the registers; none if it must be interpreted.
    fn run(&self, number: usize, words: &mut [u64]) -> Option<bool>;
}

/// Nobody but the interpreter executes leaves.
pub struct Interpreted;

impl SingleLeaves for Interpreted {
    fn run(&self, _number: usize, _words: &mut [u64]) -> Option<bool> {
        None
    }
}

/// The registers while a row is run.
pub struct Registers<'w, 'a> {
    words: &'w mut [u64],
    texts: Vec<Text<'a>>,
    /// How many bytes its texts took, where functions are called under limits.
    made: u64,
    watch: Option<Watch>,
}

impl Single {
    /// A program made ready, if it is one that can be.
    pub fn new(program: &Arc<Program>) -> Option<Single> {
        let known = |lane: &Lane| lane.is_machine() || *lane == Lane::Text;
        let is_row = |instruction: &Instruction| instruction.op == Op::Row;
        let calls = program.calls.iter().all(|call| Lane::of(&call.result).is_none_or(|lane| known(&lane)));
        if !program.registers.iter().all(known) || program.instructions.iter().any(is_row) || !calls {
            return None;
        }
        let mut template = vec![0; program.registers.len()];
        for (word, place) in template.iter_mut().zip(&program.places) {
            if let Place::Constant(at) = place {
                *word = word_of(&program.constants[*at as usize]).unwrap_or(0);
            }
        }
        let has_texts = program.registers.contains(&Lane::Text);
        Some(Single { program: program.clone(), template, has_texts })
    }

    /// How many words its registers take.
    pub fn words(&self) -> usize {
        self.template.len()
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// What the words are before a row: the constants in their places.
    pub fn template(&self) -> &[u64] {
        &self.template
    }

    /// Runs a row; none if something failed, or may have. `words` begins as [`Single::template`].
    #[inline]
    pub fn run<'w, 'a: 'w>(
        &'a self,
        leaves: &impl SingleLeaves,
        (functions, bounds): (&Functions, Bounds),
        words: &'w mut [u64],
        input: &impl Fn(usize) -> Value<'a>,
    ) -> Option<Registers<'w, 'a>> {
        let words = &mut words[..self.template.len()];
        let texts = if self.has_texts { self.texts() } else { Vec::new() };
        let program = &*self.program;
        // What calls no function takes no time worth a look.
        let is_bounded = !program.calls.is_empty() && bounds != Bounds::default();
        let mut registers = Registers { words, texts, made: 0, watch: is_bounded.then(|| bounds.begin()) };
        for work in &program.work {
            match work {
                Work::Bind(range) => {
                    for instruction in &program.instructions[range.clone()] {
                        registers.bind(instruction, input);
                    }
                }
                Work::Leaf(number, range) => match leaves.run(*number, registers.words) {
                    Some(true) => {}
                    Some(false) => return None,
                    None => {
                        for instruction in &program.instructions[range.clone()] {
                            registers.step(program, instruction, functions)?;
                        }
                    }
                },
                Work::Primitive(at) => registers.step(program, &program.instructions[*at], functions)?,
            }
        }
        Some(registers)
    }

    fn texts(&self) -> Vec<Text<'_>> {
        let constant = |place: &Place| match place {
            Place::Constant(at) => match &self.program.constants[*at as usize] {
                Scalar::String(text) => Text::Lent(text),
                _ => Text::Lent(""),
            },
            Place::Input(_) | Place::Slot(_) | Place::Nowhere => Text::Lent(""),
        };
        self.program.places.iter().map(constant).collect()
    }

    /// Whether the row goes out.
    pub fn keeps(&self, registers: &Registers) -> bool {
        self.program.keep.is_none_or(|keep| registers.word(keep) != 0)
    }

    /// A column of what goes out.
    #[inline]
    pub fn output<'o, 'a: 'o>(
        &'o self,
        at: usize,
        registers: &'o Registers<'_, 'a>,
        input: &impl Fn(usize) -> Value<'a>,
    ) -> Output<'o> {
        match self.program.outputs[at] {
            ProgramOutput::Input(column) => Output::Value(input(column as usize)),
            ProgramOutput::Null => Output::Value(Value::Null),
            ProgramOutput::Computed { valid: Some(valid), .. } if registers.word(valid) == 0 => {
                Output::Value(Value::Null)
            }
            ProgramOutput::Computed { lanes, .. } => match (&self.program.kinds[at], registers.word(lanes)) {
                (Kind::Bool, word) => Output::Value(Value::Bool(word != 0)),
                (Kind::Int, word) => Output::Value(Value::Int(word as i64)),
                (Kind::Float, word) => Output::Value(Value::Float(f64::from_bits(word))),
                (Kind::String, _) => Output::Value(Value::Text(registers.text(lanes))),
                (kind, word) => Output::Made(scalar_of(kind, word)),
            },
        }
    }
}

/// A value that goes out.
pub enum Output<'a> {
    /// One that lies somewhere.
    Value(Value<'a>),
    /// One that was made, such as a date.
    Made(Scalar),
}

/// The word of a value; none if it is no word. Bools are 0 or 1.
fn word_of(value: &Scalar) -> Option<u64> {
    Some(match value {
        Scalar::Bool(x) => u64::from(*x),
        Scalar::Int(x) | Scalar::DateTime(x) | Scalar::Duration(x) => *x as u64,
        Scalar::Float(x) => x.to_bits(),
        Scalar::Date(x) => i64::from(*x) as u64,
        _ => return None,
    })
}

fn scalar_of(kind: &Kind, word: u64) -> Scalar {
    match kind {
        Kind::Bool => Scalar::Bool(word != 0),
        Kind::Int => Scalar::Int(word as i64),
        Kind::Float => Scalar::Float(f64::from_bits(word)),
        Kind::Date => Scalar::Date(word as i32),
        Kind::DateTime => Scalar::DateTime(word as i64),
        Kind::Duration => Scalar::Duration(word as i64),
        _ => Scalar::Null,
    }
}

impl<'a> Registers<'_, 'a> {
    fn word(&self, register: Register) -> u64 {
        self.words[register.0 as usize]
    }

    fn text(&self, register: Register) -> &str {
        self.texts[register.0 as usize].get()
    }

    #[inline]
    fn bind(&mut self, instruction: &Instruction, input: &impl Fn(usize) -> Value<'a>) {
        let Immediate::Input(at) = instruction.immediate else { return };
        let (value, to) = (input(at as usize), instruction.results[0].0 as usize);
        if instruction.op == Op::Valid {
            self.words[to] = u64::from(value != Value::Null);
            return;
        }
        match value {
            Value::Null => {}
            Value::Bool(x) => self.words[to] = u64::from(x),
            Value::Int(x) => self.words[to] = x as u64,
            Value::Float(x) => self.words[to] = x.to_bits(),
            Value::Text(x) => self.texts[to] = Text::Lent(x),
            Value::Other(x) => self.words[to] = word_of(x).unwrap_or(0),
        }
    }

    /// Does an instruction; none if it fails.
    fn step(&mut self, program: &Program, instruction: &Instruction, functions: &Functions) -> Option<()> {
        let operand = |at: usize| self.word(instruction.operands[at]);
        let int = |at: usize| operand(at) as i64;
        let float = |at: usize| f64::from_bits(operand(at));
        let results = &instruction.results;
        let (value, fault) = match instruction.op {
            Op::Input | Op::Valid | Op::Constant | Op::Row | Op::Narrow => (0, false),
            Op::Check => return (operand(0) & operand(1) == 0).then_some(()),
            Op::Call => {
                let Immediate::Call(at) = instruction.immediate else { return None };
                return self.call(&program.calls[at as usize], program, instruction, functions);
            }
            Op::Select if program.lane(results[0]) == Lane::Text => {
                let from = instruction.operands[if operand(0) != 0 { 1 } else { 2 }];
                self.texts[results[0].0 as usize] = self.texts[from.0 as usize].clone();
                return Some(());
            }
            Op::Equal | Op::Less | Op::LessOrEqual => (self.compare(program, instruction), false),
            Op::And => (operand(0) & operand(1), false),
            Op::AndNot => (operand(0) & (operand(1) ^ 1), false),
            Op::Or => (operand(0) | operand(1), false),
            Op::Not => (operand(0) ^ 1, false),
            Op::Select => (if operand(0) != 0 { operand(1) } else { operand(2) }, false),
            Op::ToFloat => ((int(0) as f64).to_bits(), false),
            Op::DateToInt => (operand(0), false),
            Op::IntToDate => (i64::from(int(0) as i32) as u64, int(0) != i64::from(int(0) as i32)),
            Op::FloatNegate => ((-float(0)).to_bits(), false),
            Op::Canonical => (canonical(float(0)).to_bits(), false),
            Op::FloatAdd => ((float(0) + float(1)).to_bits(), false),
            Op::FloatSubtract => ((float(0) - float(1)).to_bits(), false),
            Op::FloatMultiply => ((float(0) * float(1)).to_bits(), false),
            Op::FloatDivide => ((float(0) / float(1)).to_bits(), false),
            Op::FloatFloorDivide => ((float(0) / float(1)).floor().to_bits(), false),
            Op::FloatModulo => (float_modulo(float(0), float(1)).to_bits(), false),
            Op::FloatPower => (float(0).powf(float(1)).to_bits(), false),
            Op::IntNegate => checked(int(0).overflowing_neg()),
            Op::IntAdd => checked(int(0).overflowing_add(int(1))),
            Op::IntSubtract => checked(int(0).overflowing_sub(int(1))),
            Op::IntMultiply => checked(int(0).overflowing_mul(int(1))),
            Op::IntModulo if int(1) == 0 => (0, true),
            Op::IntModulo => (floor_modulo(int(0), int(1)) as u64, false),
            Op::IntFloorDivide => computed(Arithmetic::FloorDivide, int(0), int(1)),
            Op::IntPower => computed(Arithmetic::Power, int(0), int(1)),
        };
        if let Some(result) = results.first() {
            self.words[result.0 as usize] = value;
        }
        if let Some(result) = results.get(1) {
            self.words[result.0 as usize] = u64::from(fault);
        }
        Some(())
    }

    fn compare(&self, program: &Program, instruction: &Instruction) -> u64 {
        fn holds<T: PartialOrd + ?Sized>(op: Op, a: &T, b: &T) -> u64 {
            u64::from(match op {
                Op::Equal => a == b,
                Op::Less => a < b,
                _ => a <= b,
            })
        }
        let (op, a, b) = (instruction.op, instruction.operands[0], instruction.operands[1]);
        match program.lane(a) {
            Lane::Text => holds(op, self.text(a).as_bytes(), self.text(b).as_bytes()),
            Lane::Float => holds(op, &f64::from_bits(self.word(a)), &f64::from_bits(self.word(b))),
            Lane::Date => holds(op, &(self.word(a) as i32), &(self.word(b) as i32)),
            Lane::Int | Lane::Bool | Lane::Wide | Lane::Value => {
                holds(op, &(self.word(a) as i64), &(self.word(b) as i64))
            }
        }
    }

    fn call(&mut self, call: &Call, program: &Program, instruction: &Instruction, functions: &Functions) -> Option<()> {
        let (lanes, valid) = (instruction.results[0], instruction.results[1].0 as usize);
        self.words[valid] = 0;
        if self.word(instruction.operands[0]) == 0 {
            return Some(());
        }
        let function = functions.get(call.function);
        if let Some(body) = &function.words {
            let mut arguments = [0; WORD_ARGUMENTS];
            let given = &instruction.operands[1..];
            arguments.iter_mut().zip(given).for_each(|(word, register)| *word = self.word(*register));
            self.words[lanes.0 as usize] = body(&arguments[..given.len()])?;
            self.words[valid] = 1;
            return self.watch.as_ref().is_none_or(|watch| watch.check().is_ok()).then_some(());
        }
        let argument = |(register, kind): (&Register, &Kind)| match kind {
            Kind::String => Scalar::String(self.text(*register).into()),
            kind => scalar_of(kind, self.word(*register)),
        };
        let mut arguments = instruction.operands[1..].iter().zip(&call.arguments).map(argument);
        let body = &function.def.body;
        let result = match call.arguments.len() {
            count @ 0..=FEW_ARGUMENTS => {
                let few: [Scalar; FEW_ARGUMENTS] = std::array::from_fn(|_| arguments.next().unwrap_or(Scalar::Null));
                body(&few[..count])
            }
            _ => body(&arguments.collect::<Vec<Scalar>>()),
        };
        let result = result.ok()?;
        if let Some(watch) = &self.watch {
            self.made += result.size() as u64;
            watch.check().and_then(|()| watch.memory.check_room(self.made)).ok()?;
        }
        self.words[valid] = u64::from(result != Scalar::Null);
        match (program.lane(lanes), result) {
            (Lane::Text, Scalar::String(text)) => self.texts[lanes.0 as usize] = Text::Made(text),
            (_, result) => self.words[lanes.0 as usize] = word_of(&result).unwrap_or(0),
        }
        Some(())
    }
}

/// So many arguments are not kept on the heap.
const FEW_ARGUMENTS: usize = 4;

fn checked((value, overflows): (i64, bool)) -> (u64, bool) {
    (value as u64, overflows)
}

fn computed(op: Arithmetic, a: i64, b: i64) -> (u64, bool) {
    int_arithmetic(op, a, b).map_or((0, true), |value| (value as u64, false))
}
