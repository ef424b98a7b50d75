//! What is no loop over lanes: binding bitmaps, text, and functions. A function gets the mask of the rows that count;
//! what it gives for the others nobody looks at.

use super::{loops, row, words};
use crate::batch::{Column, Values, size_of_texts};
use crate::builtins::{BatchResult, Functions};
use crate::error::RunError;
use crate::kernel::frame::{Frame, Lanes, Scalars, Stored, Texts};
use crate::kernel::ir::{Call, Immediate, Instruction, Register};
use crate::kernel::ops::{Lane, Op};
use crate::limits::Watch;
use arrow_array::{
    Array, BooleanArray, Date32Array, Decimal128Array, Float64Array, Scalar as ArrowScalar, StringViewArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, ScalarBuffer};
use arrow_select::zip::zip;
use pipelang_lang::catalog::ScalarBody;
use pipelang_lang::scalar::{Comparison, Scalar, compare};
use pipelang_lang::ty::Kind;
use std::ops::Range;

/// Fills the registers that hold bitmaps of the batch; the others are views.
pub fn bind(range: Range<usize>, frame: &mut Frame) {
    let (program, batch) = (frame.program, frame.batch);
    for instruction in &program.instructions[range] {
        let Immediate::Input(at) = instruction.immediate else { continue };
        let (column, register) = (&batch.columns[at as usize], instruction.results[0]);
        let bits = match (instruction.op, column) {
            (Op::Input, Column::Bool(array)) => Some(array.values()),
            (Op::Input, Column::Null(_)) if program.lane(register) == Lane::Bool => None,
            (Op::Valid, Column::Null(_)) => None,
            (Op::Valid, _) => match column.validity() {
                Some(validity) => Some(validity.inner()),
                None => {
                    fill(frame, register, u64::MAX);
                    continue;
                }
            },
            _ => continue,
        };
        match bits {
            Some(bits) => copy_bits(frame, register, bits),
            None => fill(frame, register, 0),
        }
    }
}

pub(super) fn fill(frame: &mut Frame, register: Register, word: u64) {
    let mut words = frame.take::<u64>(register);
    words.fill(word);
    frame.put(register, words);
}

/// Copies the bits of the chunk so that its first row is the lowest bit.
fn copy_bits(frame: &mut Frame, register: Register, bits: &BooleanBuffer) {
    let mut words = frame.take::<u64>(register);
    let bits = bits.slice(frame.start, frame.rows);
    words.iter_mut().zip(bits.bit_chunks().iter_padded()).for_each(|(word, bits)| *word = bits);
    frame.put(register, words);
}

/// Executes an operation that no machine code is made of.
pub fn run(instruction: &Instruction, functions: &Functions, watch: &Watch, frame: &mut Frame) {
    let holds = |at: usize, lane| instruction.operands.get(at).is_some_and(|r| frame.program.lane(*r) == lane);
    let (text, value) = (|at| holds(at, Lane::Text), |at| holds(at, Lane::Value));
    match (instruction.op, instruction.immediate) {
        (Op::Call, Immediate::Call(at)) => {
            call(&frame.program.calls[at as usize], instruction, functions, watch, frame);
        }
        (Op::Row, Immediate::Row(at)) => {
            row::run(&frame.program.row_operations[at as usize], instruction, functions, watch, frame);
        }
        (Op::Select, _) if value(1) => select_scalars(instruction, frame),
        (Op::Equal, _) if value(0) => equal_scalars(instruction, frame),
        (Op::Select, _) if text(1) => select_text(instruction, frame),
        (Op::Equal, _) if text(0) => equal_text(instruction, frame),
        (Op::Less, _) if text(0) => compare_text(instruction, frame, |a, b| a < b),
        (Op::LessOrEqual, _) if text(0) => compare_text(instruction, frame, |a, b| a <= b),
        _ => loops::run(instruction, frame),
    }
}

pub(super) fn write_bits(frame: &mut Frame, register: Register, bit: impl Fn(&Frame, usize) -> bool) {
    let mut words = frame.take::<u64>(register);
    for (at, word) in words[..frame.words()].iter_mut().enumerate() {
        let rows = at * 64..frame.rows.min(at * 64 + 64);
        *word = rows.rev().fold(0, |word, row| word << 1 | u64::from(bit(frame, row)));
    }
    frame.put(register, words);
}

fn equal_scalars(instruction: &Instruction, frame: &mut Frame) {
    let (a, b) = (instruction.operands[0], instruction.operands[1]);
    write_bits(frame, instruction.results[0], |frame, row| {
        compare(Comparison::Equal, frame.scalars(a).get(row), frame.scalars(b).get(row))
    });
}

fn select_scalars(instruction: &Instruction, frame: &mut Frame) {
    let mask = mask(frame, instruction.operands[0]);
    let (yes, no) = (frame.scalars(instruction.operands[1]), frame.scalars(instruction.operands[2]));
    let one = |row: usize| if mask.value(row) { yes.get(row) } else { no.get(row) };
    let selected = (0..frame.rows).map(|row| one(row).clone()).collect();
    frame.put_scalars(instruction.results[0], selected);
}

fn compare_text(instruction: &Instruction, frame: &mut Frame, holds: impl Fn(&[u8], &[u8]) -> bool) {
    let (a, b) = (instruction.operands[0], instruction.operands[1]);
    write_bits(frame, instruction.results[0], |frame, row| {
        holds(frame.texts(a).get(row).as_bytes(), frame.texts(b).get(row).as_bytes())
    });
}

fn equal_text(instruction: &Instruction, frame: &mut Frame) {
    let (a, b) = (instruction.operands[0], instruction.operands[1]);
    let result = instruction.results[0];
    let short = match (frame.texts(a), frame.texts(b)) {
        (Texts::Each(..), Texts::All(text)) => short_view(text).map(|view| (a, view)),
        (Texts::All(text), Texts::Each(..)) => short_view(text).map(|view| (b, view)),
        _ => None,
    };
    let Some((register, view)) = short else { return compare_text(instruction, frame, |a, b| a == b) };
    write_bits(frame, result, |frame, row| match frame.texts(register) {
        Texts::Each(array, start) => array.views()[start + row] == view,
        Texts::All(_) => false,
    });
}

/// The Arrow view of a text of at most 12 bytes: its length and its bytes, padded with zeros. Equal texts have equal
/// views then.
fn short_view(text: &str) -> Option<u128> {
    if text.len() > 12 {
        return None;
    }
    let mut bytes = [0; 16];
    bytes[0] = text.len() as u8;
    bytes[4..4 + text.len()].copy_from_slice(text.as_bytes());
    Some(u128::from_le_bytes(bytes))
}

fn select_text(instruction: &Instruction, frame: &mut Frame) {
    let mask = BooleanArray::new(mask(frame, instruction.operands[0]), None);
    let array = |register: Register| match frame.texts(register) {
        Texts::Each(array, start) => array.slice(start, frame.rows),
        Texts::All(text) => StringViewArray::from_iter_values([text]),
    };
    let (yes, no) = (array(instruction.operands[1]), array(instruction.operands[2]));
    let one = |register: Register| matches!(frame.texts(register), Texts::All(_));
    let selected = match (one(instruction.operands[1]), one(instruction.operands[2])) {
        (false, false) => zip(&mask, &yes, &no),
        (true, false) => zip(&mask, &ArrowScalar::new(yes), &no),
        (false, true) => zip(&mask, &yes, &ArrowScalar::new(no)),
        (true, true) => zip(&mask, &ArrowScalar::new(yes), &ArrowScalar::new(no)),
    };
    let selected = selected.expect("mask and texts are as long as the chunk");
    let texts = selected.as_any().downcast_ref::<StringViewArray>().expect("texts were selected").clone();
    frame.scratch.allocated += 1;
    frame.put_texts(instruction.results[0], texts);
}

/// A bitmap of the chunk.
pub(super) fn mask(frame: &Frame, register: Register) -> BooleanBuffer {
    match frame.lanes::<u64>(register) {
        Lanes::Each(words) => BooleanBuffer::new(Buffer::from_slice_ref(&words[..frame.words()]), 0, frame.rows),
        Lanes::All(u64::MAX) => BooleanBuffer::new_set(frame.rows),
        Lanes::All(_) => BooleanBuffer::new_unset(frame.rows),
    }
}

fn call(call: &Call, instruction: &Instruction, functions: &Functions, watch: &Watch, frame: &mut Frame) {
    if let Err(stopped) = watch.check() {
        frame.stopped = Some(stopped);
        return;
    }
    if let Some(body) = &functions.get(call.function).words {
        return words::call(body, instruction, watch, frame);
    }
    let (active, arguments) = (instruction.operands[0], &instruction.operands[1..]);
    let active = match frame.lanes::<u64>(active) {
        Lanes::All(u64::MAX) => None,
        Lanes::All(_) | Lanes::Each(_) => Some(mask(frame, active)),
    };
    let none = active.as_ref().is_some_and(|active| active.count_set_bits() == 0);
    let arguments: Vec<Column> =
        arguments.iter().zip(&call.arguments).map(|(register, kind)| column(frame, *register, kind)).collect();
    frame.scratch.allocated += arguments.len() as u64 + 1;
    let function = functions.get(call.function);
    let BatchResult { column, failed } = match &function.batch {
        _ if none => BatchResult { column: Column::Null(frame.rows), failed: false },
        // Of large texts a chunk takes long, and a body over columns does not look whether the run must stop.
        Some(body) if arguments.iter().map(size_of_text).sum::<u64>() < LARGE => {
            body(&arguments, frame.rows, active.as_ref())
        }
        _ => match row_by_row(&arguments, frame.rows, active.as_ref(), (call, &function.def.body), watch) {
            Ok(result) => result,
            Err(stopped) => {
                frame.stopped = Some(stopped);
                return;
            }
        },
    };
    frame.failed |= failed;
    if !frame.failed {
        store(frame, instruction.results[0], instruction.results[1], &column);
    }
}

/// The lanes of a register as a column: of one row if all rows have one value.
fn column(frame: &Frame, register: Register, kind: &Kind) -> Column {
    fn values<T: Stored + arrow_buffer::ArrowNativeType>(frame: &Frame, register: Register) -> ScalarBuffer<T> {
        match frame.lanes::<T>(register) {
            Lanes::Each(values) => ScalarBuffer::from(values[..frame.rows].to_vec()),
            Lanes::All(value) => ScalarBuffer::from(vec![value]),
        }
    }
    match frame.program.lane(register) {
        Lane::Int => Column::of_ints(kind, values(frame, register), None),
        Lane::Float => Column::Float(Float64Array::new(values(frame, register), None)),
        Lane::Date => Column::Date(Date32Array::new(values(frame, register), None)),
        Lane::Wide => Column::Wide(crate::batch::wide_array(Decimal128Array::new(values(frame, register), None))),
        Lane::Bool => Column::Bool(match frame.lanes::<u64>(register) {
            Lanes::Each(_) => BooleanArray::new(mask(frame, register), None),
            Lanes::All(word) => BooleanArray::from(vec![word != 0]),
        }),
        Lane::Value => Column::Values(Values::new(match frame.scalars(register) {
            Scalars::Each(values) => values[..frame.rows].to_vec(),
            Scalars::All(value) => vec![value.clone()],
        })),
        Lane::Text => Column::String(match frame.texts(register) {
            Texts::Each(array, start) => array.slice(start, frame.rows),
            Texts::All(text) => StringViewArray::from_iter_values([text]),
        }),
    }
}

/// From so many bytes of texts on a chunk is large.
const LARGE: u64 = 4 << 20;

fn size_of_text(column: &Column) -> u64 {
    if let Column::String(texts) = column { size_of_texts(texts) } else { 0 }
}

/// How many calls there are at most before it is looked whether the run must stop.
pub(super) const ROWS_BETWEEN_LOOKS: usize = 16;

fn row_by_row(
    arguments: &[Column],
    rows: usize,
    active: Option<&BooleanBuffer>,
    (call, body): (&Call, &ScalarBody),
    watch: &Watch,
) -> Result<BatchResult, RunError> {
    let value = |column: &Column, row: usize| column.get(if column.len() == 1 { 0 } else { row });
    let (mut results, mut failed) = (Vec::with_capacity(rows), false);
    let mut scalars = vec![Scalar::Null; arguments.len()];
    let mut held = watch.memory.share(1);
    let is_large = arguments.iter().map(size_of_text).sum::<u64>() >= LARGE;
    for row in 0..rows {
        if active.is_some_and(|active| !active.value(row)) {
            results.push(Scalar::Null);
            continue;
        }
        if is_large || row % ROWS_BETWEEN_LOOKS == 0 {
            watch.check()?;
        }
        scalars.iter_mut().zip(arguments).for_each(|(scalar, column)| *scalar = value(column, row));
        match body(&scalars) {
            Ok(result) => {
                held.hold_with(|| result.size() as u64)?;
                results.push(result);
            }
            Err(_) => {
                failed = true;
                break;
            }
        }
    }
    results.resize(rows, Scalar::Null);
    Ok(BatchResult { column: Column::from_scalars(&call.result, &results), failed })
}

/// Puts a column of the chunk into registers.
fn store(frame: &mut Frame, lanes: Register, valid: Register, column: &Column) {
    fn copy<T: Stored>(frame: &mut Frame, register: Register, values: &[T]) {
        let mut buffer = frame.take::<T>(register);
        buffer[..values.len()].copy_from_slice(values);
        frame.put(register, buffer);
    }
    match column {
        Column::Int(array) => copy(frame, lanes, array.values()),
        Column::Float(array) => copy(frame, lanes, array.values()),
        Column::Date(array) => copy(frame, lanes, array.values()),
        Column::DateTime(array) => copy(frame, lanes, array.values()),
        Column::Duration(array) => copy(frame, lanes, array.values()),
        Column::Wide(array) => copy(frame, lanes, array.values()),
        Column::Bool(array) => write_bits(frame, lanes, |_, row| array.value(row)),
        Column::String(array) => frame.put_texts(lanes, array.clone()),
        Column::Values(values) => frame.put_scalars(lanes, values.as_slice().to_vec()),
        Column::Null(rows) => match frame.program.lane(lanes) {
            Lane::Text => frame.put_texts(lanes, StringViewArray::from_iter_values(vec![""; *rows])),
            Lane::Value => frame.put_scalars(lanes, vec![Scalar::Null; *rows]),
            Lane::Int | Lane::Float | Lane::Date | Lane::Wide | Lane::Bool => {}
        },
    }
    match column.validity() {
        None => fill(frame, valid, if matches!(column, Column::Null(_)) { 0 } else { u64::MAX }),
        Some(validity) => write_bits(frame, valid, |_, row| validity.is_valid(row)),
    }
}
