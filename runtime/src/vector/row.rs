//! Code that runs for one row after the other: registers of the chunk go into its parameters, and its results into
//! registers.

use super::primitive::{mask, write_bits};
use crate::builtins::Functions;
use crate::kernel::frame::{Frame, Lanes, Scalars, Texts};
use crate::kernel::ir::{Instruction, Register, RowOperation};
use crate::kernel::ops::Lane;
use crate::limits::Watch;
use crate::machine::{Place, Stack, Stop};
use arrow_array::builder::StringViewBuilder;
use arrow_buffer::BooleanBuffer;
use pipelang_lang::scalar::Scalar;

/// Executes an operation for the rows that its mask sets.
pub fn run(
    operation: &RowOperation,
    instruction: &Instruction,
    functions: &Functions,
    watch: &Watch,
    frame: &mut Frame,
) {
    let active = mask(frame, instruction.operands[0]);
    let mut stack = std::mem::take(&mut frame.scratch.stack);
    let mut results = Results::new(frame.program.lane(instruction.results[0]), frame.rows);
    let outcome = each_row(operation, instruction, (functions, watch), frame, &active, &mut stack, &mut results);
    stack.clear();
    frame.scratch.stack = stack;
    match outcome {
        Ok(()) => results.store(frame, instruction.results[0], instruction.results[1]),
        Err(Stop::Failed) => frame.failed = true,
        Err(Stop::Ended(error)) => frame.stopped = Some(error),
    }
}

fn each_row(
    operation: &RowOperation,
    instruction: &Instruction,
    (functions, watch): (&Functions, &Watch),
    frame: &Frame,
    active: &BooleanBuffer,
    stack: &mut Stack,
    results: &mut Results,
) -> Result<(), Stop> {
    let machine = &frame.program.machine;
    let parameters = parameters(operation, instruction, frame);
    let result = machine.result(operation.code);
    machine.begin(operation.code, stack);
    let mut held = watch.memory.share(1);
    for row in active.set_indices() {
        parameters.iter().for_each(|parameter| parameter.load(row, stack));
        machine.run(operation.code, stack, functions, watch)?;
        held.hold_with(|| stack.size(result)).map_err(Stop::Ended)?;
        results.set(row, result, stack);
    }
    Ok(())
}

/// A parameter, and the lanes that go into it.
struct Parameter<'a> {
    place: Place,
    lanes: Source<'a>,
    valid: Option<Lanes<'a, u64>>,
}

enum Source<'a> {
    Int(Lanes<'a, i64>),
    Float(Lanes<'a, f64>),
    Date(Lanes<'a, i32>),
    Bool(Lanes<'a, u64>),
    Wide(Lanes<'a, i128>),
    Text(Texts<'a>),
    Value(Scalars<'a>),
}

fn parameters<'a>(operation: &RowOperation, instruction: &Instruction, frame: &'a Frame) -> Vec<Parameter<'a>> {
    let mut registers = instruction.operands[1..].iter().copied();
    let mut next = || registers.next().expect("an operation has the operands that its code wants");
    let machine = &frame.program.machine;
    let parameter = |(place, nullable): (&Place, &bool)| {
        let register = next();
        let valid = nullable.then(|| frame.lanes::<u64>(next()));
        Parameter { place: *place, lanes: source(frame, register), valid }
    };
    machine.parameters(operation.code).iter().zip(&operation.nullable).map(parameter).collect()
}

fn source<'a>(frame: &'a Frame, register: Register) -> Source<'a> {
    match frame.program.lane(register) {
        Lane::Int => Source::Int(frame.lanes(register)),
        Lane::Float => Source::Float(frame.lanes(register)),
        Lane::Date => Source::Date(frame.lanes(register)),
        Lane::Bool => Source::Bool(frame.lanes(register)),
        Lane::Wide => Source::Wide(frame.lanes(register)),
        Lane::Text => Source::Text(frame.texts(register)),
        Lane::Value => Source::Value(frame.scalars(register)),
    }
}

fn lane<T: Copy>(lanes: Lanes<T>, row: usize) -> T {
    match lanes {
        Lanes::Each(lanes) => lanes[row],
        Lanes::All(value) => value,
    }
}

fn bit(lanes: Lanes<u64>, row: usize) -> bool {
    match lanes {
        Lanes::Each(words) => words[row / 64] >> (row % 64) & 1 != 0,
        Lanes::All(word) => word != 0,
    }
}

impl Parameter<'_> {
    /// Puts the value of a row into its place.
    fn load(&self, row: usize, stack: &mut Stack) {
        let is_null = self.valid.is_some_and(|valid| !bit(valid, row));
        match self.lanes {
            Source::Int(lanes) => stack.set_word(self.place, lane(lanes, row) as u64, is_null),
            Source::Float(lanes) => stack.set_word(self.place, lane(lanes, row).to_bits(), is_null),
            Source::Date(lanes) => stack.set_word(self.place, i64::from(lane(lanes, row)) as u64, is_null),
            Source::Bool(lanes) => stack.set_word(self.place, u64::from(bit(lanes, row)), is_null),
            _ if is_null => stack.set_value(self.place, Scalar::Null),
            Source::Wide(lanes) => stack.set_value(self.place, Scalar::Wide(lane(lanes, row))),
            Source::Text(texts) => stack.set_value(self.place, Scalar::String(texts.get(row).into())),
            Source::Value(values) => stack.set_value(self.place, values.get(row).clone()),
        }
    }
}

/// The results of a chunk; of rows that do not count, null.
struct Results {
    lanes: Made,
    valid: Vec<bool>,
}

enum Made {
    Int(Vec<i64>),
    Float(Vec<f64>),
    Date(Vec<i32>),
    Bool(Vec<bool>),
    Wide(Vec<i128>),
    Text(Vec<Scalar>),
    Value(Vec<Scalar>),
}

impl Results {
    fn new(lane: Lane, rows: usize) -> Results {
        let lanes = match lane {
            Lane::Int => Made::Int(vec![0; rows]),
            Lane::Float => Made::Float(vec![0.0; rows]),
            Lane::Date => Made::Date(vec![0; rows]),
            Lane::Bool => Made::Bool(vec![false; rows]),
            Lane::Wide => Made::Wide(vec![0; rows]),
            Lane::Text => Made::Text(vec![Scalar::Null; rows]),
            Lane::Value => Made::Value(vec![Scalar::Null; rows]),
        };
        Results { lanes, valid: vec![false; rows] }
    }

    /// Takes the result of a row.
    fn set(&mut self, row: usize, result: Place, stack: &mut Stack) {
        match result {
            Place::Null => {}
            Place::Word { word, null } => {
                let (bits, is_null) = stack.word(word, null);
                self.valid[row] = !is_null;
                match &mut self.lanes {
                    Made::Int(lanes) => lanes[row] = bits as i64,
                    Made::Float(lanes) => lanes[row] = f64::from_bits(bits),
                    Made::Date(lanes) => lanes[row] = bits as i32,
                    Made::Bool(lanes) => lanes[row] = bits != 0,
                    Made::Wide(_) | Made::Text(_) | Made::Value(_) => unreachable!("no word holds such a value"),
                }
            }
            Place::Value(at) => {
                let value = stack.value(at);
                self.valid[row] = value != Scalar::Null;
                match (&mut self.lanes, value) {
                    (Made::Wide(lanes), Scalar::Wide(sum)) => lanes[row] = sum,
                    (Made::Text(lanes) | Made::Value(lanes), value) => lanes[row] = value,
                    (Made::Wide(_) | Made::Int(_) | Made::Float(_) | Made::Date(_) | Made::Bool(_), _null) => {}
                }
            }
        }
    }

    /// Puts them into registers.
    fn store(self, frame: &mut Frame, lanes: Register, valid: Register) {
        match self.lanes {
            Made::Int(values) => store(frame, lanes, &values),
            Made::Float(values) => store(frame, lanes, &values),
            Made::Date(values) => store(frame, lanes, &values),
            Made::Wide(values) => store(frame, lanes, &values),
            Made::Bool(values) => write_bits(frame, lanes, |_, row| values[row]),
            Made::Value(values) => frame.put_scalars(lanes, values),
            Made::Text(values) => {
                let mut builder = StringViewBuilder::with_capacity(values.len());
                for value in &values {
                    builder.append_value(if let Scalar::String(text) = value { text } else { "" });
                }
                frame.put_texts(lanes, builder.finish());
            }
        }
        write_bits(frame, valid, |_, row| self.valid[row]);
    }
}

fn store<T: crate::kernel::frame::Stored>(frame: &mut Frame, register: Register, values: &[T]) {
    let mut buffer = frame.take::<T>(register);
    buffer[..values.len()].copy_from_slice(values);
    frame.put(register, buffer);
}
