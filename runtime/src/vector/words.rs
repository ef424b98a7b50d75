//! Functions of numbers, called with the words of each row that counts: no column is made of the arguments, and no value of
//! a result.

use super::primitive::{ROWS_BETWEEN_LOOKS, fill, write_bits};
use crate::builtins::{WORD_ARGUMENTS, WordBody};
use crate::kernel::frame::{Frame, Lanes, Stored};
use crate::kernel::ir::{CHUNK, Instruction, Register};
use crate::kernel::ops::Lane;
use crate::limits::Watch;

/// The lanes of an argument.
enum Argument<'a> {
    Ints(&'a [i64]),
    Floats(&'a [f64]),
    Bits(&'a [u64]),
    All(u64),
}

impl Argument<'_> {
    fn of<'a>(frame: &'a Frame, register: Register) -> Argument<'a> {
        match frame.program.lane(register) {
            Lane::Float => match frame.lanes::<f64>(register) {
                Lanes::Each(lanes) => Argument::Floats(lanes),
                Lanes::All(x) => Argument::All(x.to_bits()),
            },
            Lane::Bool => match frame.lanes::<u64>(register) {
                Lanes::Each(words) => Argument::Bits(words),
                Lanes::All(word) => Argument::All(word & 1),
            },
            Lane::Int => match frame.lanes::<i64>(register) {
                Lanes::Each(lanes) => Argument::Ints(lanes),
                Lanes::All(x) => Argument::All(x as u64),
            },
            Lane::Date | Lane::Text | Lane::Wide | Lane::Value => unreachable!("arguments are numbers or bools"),
        }
    }

    fn word(&self, row: usize) -> u64 {
        match self {
            Argument::Ints(lanes) => lanes[row] as u64,
            Argument::Floats(lanes) => lanes[row].to_bits(),
            Argument::Bits(words) => words[row / 64] >> (row % 64) & 1,
            Argument::All(word) => *word,
        }
    }
}

/// Calls it for the rows of a chunk for which the first operand is set.
pub(super) fn call(body: &WordBody, instruction: &Instruction, watch: &Watch, frame: &mut Frame) {
    let mut results = [0; CHUNK];
    let active = Argument::of(frame, instruction.operands[0]);
    let operands = &instruction.operands[1..];
    let arguments: Vec<Argument> = operands.iter().map(|register| Argument::of(frame, *register)).collect();
    let (mut failed, mut stopped) = (false, None);
    let mut words = [0; WORD_ARGUMENTS];
    let counting = results[..frame.rows].iter_mut().enumerate().filter(|(row, _)| active.word(*row) != 0);
    for (calls, (row, result)) in counting.enumerate() {
        if calls % ROWS_BETWEEN_LOOKS == 0 {
            stopped = watch.check().err();
        }
        words.iter_mut().zip(&arguments).for_each(|(word, argument)| *word = argument.word(row));
        let made = body(&words[..arguments.len()]);
        failed = made.is_none();
        if failed || stopped.is_some() {
            break;
        }
        *result = made.unwrap_or(0);
    }
    frame.failed |= failed;
    if stopped.is_some() {
        frame.stopped = stopped;
    }
    store(frame, instruction.results[0], &results);
    fill(frame, instruction.results[1], u64::MAX);
}

fn store(frame: &mut Frame, register: Register, words: &[u64]) {
    fn lanes<T: Stored>(frame: &mut Frame, register: Register, words: &[u64], lane: impl Fn(u64) -> T) {
        let mut buffer = frame.take::<T>(register);
        buffer.iter_mut().zip(words).for_each(|(to, word)| *to = lane(*word));
        frame.put(register, buffer);
    }
    match frame.program.lane(register) {
        Lane::Float => lanes(frame, register, words, f64::from_bits),
        Lane::Bool => write_bits(frame, register, |_, row| words[row] != 0),
        Lane::Int => lanes(frame, register, words, |word| word as i64),
        Lane::Date | Lane::Text | Lane::Wide | Lane::Value => unreachable!("results are numbers or bools"),
    }
}
