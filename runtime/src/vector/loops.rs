//! The loops of the batch interpreter, one for each operation and form of its operands (a lane for each row, or one for
//! all). Written so that LLVM makes vector code of them: no branches, no bounds checks inside, out of place.

use crate::kernel::frame::{Frame, Lanes, Stored};
use crate::kernel::ir::{Instruction, Register};
use crate::kernel::ops::{Lane, Op};
use pipelang_lang::scalar::{Arithmetic, canonical, float_modulo, floor_modulo, int_arithmetic};

/// Executes an operation that is no `call` or `row` and whose lanes are neither text nor values.
pub fn run(instruction: &Instruction, frame: &mut Frame) {
    let (operands, results) = (&instruction.operands[..], &instruction.results[..]);
    match instruction.op {
        Op::Input | Op::Valid | Op::Constant | Op::Call | Op::Row => unreachable!("executed elsewhere"),
        Op::Check => frame.check(operands[0], operands[1]),
        Op::And => words(frame, operands, results[0], |a, b| a & b),
        Op::AndNot => words(frame, operands, results[0], |a, b| a & !b),
        Op::Or => words(frame, operands, results[0], |a, b| a | b),
        Op::Not => words(frame, &[operands[0], operands[0]], results[0], |a, _| !a),
        Op::Select => select(frame, operands, results[0]),
        Op::Equal | Op::Less | Op::LessOrEqual => compare(instruction.op, frame, operands, results[0]),
        Op::ToFloat => unary(frame, operands[0], results[0], |a: i64| a as f64),
        Op::DateToInt => unary(frame, operands[0], results[0], |a: i32| i64::from(a)),
        Op::IntToDate => {
            unary(frame, operands[0], results[0], |a: i64| a as i32);
            bits(frame, &[operands[0], operands[0]], results[1], |a: i64, _| a != i64::from(a as i32));
        }
        Op::FloatNegate => unary(frame, operands[0], results[0], |a: f64| -a),
        Op::Canonical => unary(frame, operands[0], results[0], canonical),
        Op::FloatAdd => binary(frame, operands, results[0], |a: f64, b| a + b),
        Op::FloatSubtract => binary(frame, operands, results[0], |a: f64, b| a - b),
        Op::FloatMultiply => binary(frame, operands, results[0], |a: f64, b| a * b),
        Op::FloatDivide => binary(frame, operands, results[0], |a: f64, b| a / b),
        Op::FloatFloorDivide => binary(frame, operands, results[0], |a: f64, b| (a / b).floor()),
        Op::FloatModulo => binary(frame, operands, results[0], float_modulo),
        Op::FloatPower => binary(frame, operands, results[0], f64::powf),
        Op::Narrow => {
            unary(frame, operands[0], results[0], |a: i128| a as i64);
            bits(frame, &[operands[0], operands[0]], results[1], |a: i128, _| a != i128::from(a as i64));
        }
        Op::IntNegate => {
            unary(frame, operands[0], results[0], i64::wrapping_neg);
            bits(frame, &[operands[0], operands[0]], results[1], |a: i64, _| a == i64::MIN);
        }
        Op::IntAdd => checked(frame, operands, results, i64::wrapping_add, |a, b| {
            let sum = a.wrapping_add(b);
            (a ^ sum) & (b ^ sum) < 0
        }),
        Op::IntSubtract => {
            checked(frame, operands, results, i64::wrapping_sub, |a, b| (a ^ b) & (a ^ a.wrapping_sub(b)) < 0)
        }
        Op::IntMultiply => checked(frame, operands, results, i64::wrapping_mul, |a, b| a.overflowing_mul(b).1),
        Op::IntFloorDivide => {
            checked(frame, operands, results, floor_divide, |a, b| b == 0 || (b == -1 && a == i64::MIN))
        }
        Op::IntModulo => checked(frame, operands, results, modulo, |_, b| b == 0),
        Op::IntPower => {
            let power = |a, b| int_arithmetic(Arithmetic::Power, a, b);
            checked(frame, operands, results, |a, b| power(a, b).unwrap_or(0), |a, b| power(a, b).is_err());
        }
    }
}

fn floor_divide(a: i64, b: i64) -> i64 {
    if b == 0 || (b == -1 && a == i64::MIN) {
        return 0;
    }
    let quotient = a / b;
    if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient }
}

fn modulo(a: i64, b: i64) -> i64 {
    if b == 0 { 0 } else { floor_modulo(a, b) }
}

fn unary<A: Stored, R: Stored>(frame: &mut Frame, a: Register, result: Register, f: impl Fn(A) -> R) {
    let mut buffer = frame.take::<R>(result);
    let out = &mut buffer[..frame.rows];
    match frame.lanes::<A>(a) {
        Lanes::Each(a) => out.iter_mut().zip(a).for_each(|(out, a)| *out = f(*a)),
        Lanes::All(a) => out.fill(f(a)),
    }
    frame.put(result, buffer);
}

fn binary<A: Stored, R: Stored>(frame: &mut Frame, operands: &[Register], result: Register, f: impl Fn(A, A) -> R) {
    let mut buffer = frame.take::<R>(result);
    pairs(&mut buffer[..frame.rows], frame.lanes(operands[0]), frame.lanes(operands[1]), f);
    frame.put(result, buffer);
}

fn pairs<A: Stored, R: Stored>(out: &mut [R], a: Lanes<A>, b: Lanes<A>, f: impl Fn(A, A) -> R) {
    match (a, b) {
        (Lanes::Each(a), Lanes::Each(b)) => out.iter_mut().zip(a).zip(b).for_each(|((out, a), b)| *out = f(*a, *b)),
        (Lanes::Each(a), Lanes::All(b)) => out.iter_mut().zip(a).for_each(|(out, a)| *out = f(*a, b)),
        (Lanes::All(a), Lanes::Each(b)) => out.iter_mut().zip(b).for_each(|(out, b)| *out = f(a, *b)),
        (Lanes::All(a), Lanes::All(b)) => out.fill(f(a, b)),
    }
}

fn words(frame: &mut Frame, operands: &[Register], result: Register, f: impl Fn(u64, u64) -> u64) {
    let mut buffer = frame.take::<u64>(result);
    pairs(&mut buffer[..frame.words()], frame.lanes(operands[0]), frame.lanes(operands[1]), f);
    frame.put(result, buffer);
}

fn checked(
    frame: &mut Frame,
    operands: &[Register],
    results: &[Register],
    value: impl Fn(i64, i64) -> i64,
    fault: impl Fn(i64, i64) -> bool,
) {
    binary(frame, operands, results[0], value);
    bits(frame, operands, results[1], fault);
}

fn bits<A: Stored>(frame: &mut Frame, operands: &[Register], result: Register, f: impl Fn(A, A) -> bool) {
    let mut buffer = frame.take::<u64>(result);
    let (rows, out) = (frame.rows, &mut buffer[..frame.words()]);
    match (frame.lanes::<A>(operands[0]), frame.lanes::<A>(operands[1])) {
        (Lanes::Each(a), Lanes::Each(b)) => {
            let blocks = a[..rows].chunks(64).zip(b[..rows].chunks(64));
            out.iter_mut().zip(blocks).for_each(|(out, (a, b))| *out = pack(a.iter().zip(b).map(|(a, b)| f(*a, *b))));
        }
        (Lanes::Each(a), Lanes::All(b)) => {
            out.iter_mut().zip(a[..rows].chunks(64)).for_each(|(out, a)| *out = pack(a.iter().map(|a| f(*a, b))));
        }
        (Lanes::All(a), Lanes::Each(b)) => {
            out.iter_mut().zip(b[..rows].chunks(64)).for_each(|(out, b)| *out = pack(b.iter().map(|b| f(a, *b))));
        }
        (Lanes::All(a), Lanes::All(b)) => out.fill(if f(a, b) { u64::MAX } else { 0 }),
    }
    frame.put(result, buffer);
}

/// At most 64 bits as a word: bytes first, which vectorises, then eight bytes at a time by a multiplication that brings
/// the lowest bit of byte `i` to bit `56 + i`.
#[inline(always)]
fn pack(bits: impl Iterator<Item = bool>) -> u64 {
    let mut bytes = [0u8; 64];
    bytes.iter_mut().zip(bits).for_each(|(byte, bit)| *byte = u8::from(bit));
    let mut word = 0;
    for (at, eight) in bytes.as_chunks::<8>().0.iter().enumerate() {
        let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        word |= gathered << (8 * at);
    }
    word
}

fn compare(op: Op, frame: &mut Frame, operands: &[Register], result: Register) {
    match frame.program.lane(operands[0]) {
        Lane::Bool => match op {
            Op::Equal => words(frame, operands, result, |a, b| !(a ^ b)),
            Op::Less => words(frame, operands, result, |a, b| !a & b),
            _ => words(frame, operands, result, |a, b| !a | b),
        },
        Lane::Int => ordered::<i64>(op, frame, operands, result),
        Lane::Float => ordered::<f64>(op, frame, operands, result),
        Lane::Date => ordered::<i32>(op, frame, operands, result),
        Lane::Wide => ordered::<i128>(op, frame, operands, result),
        Lane::Text | Lane::Value => unreachable!("text and values are compared elsewhere"),
    }
}

fn ordered<T: Stored + PartialOrd>(op: Op, frame: &mut Frame, operands: &[Register], result: Register) {
    match op {
        Op::Equal => bits(frame, operands, result, |a: T, b: T| a == b),
        Op::Less => bits(frame, operands, result, |a: T, b: T| a < b),
        _ => bits(frame, operands, result, |a: T, b: T| a <= b),
    }
}

fn select(frame: &mut Frame, operands: &[Register], result: Register) {
    match frame.program.lane(result) {
        Lane::Bool => {
            let mut buffer = frame.take::<u64>(result);
            let word = |register: Register, at: usize| match frame.lanes::<u64>(register) {
                Lanes::Each(words) => words[at],
                Lanes::All(word) => word,
            };
            for (at, out) in buffer[..frame.words()].iter_mut().enumerate() {
                let mask = word(operands[0], at);
                *out = (mask & word(operands[1], at)) | (!mask & word(operands[2], at));
            }
            frame.put(result, buffer);
        }
        Lane::Int => blend::<i64>(frame, operands, result),
        Lane::Float => blend::<f64>(frame, operands, result),
        Lane::Date => blend::<i32>(frame, operands, result),
        Lane::Wide => blend::<i128>(frame, operands, result),
        Lane::Text | Lane::Value => unreachable!("text and values are selected elsewhere"),
    }
}

fn blend<T: Stored>(frame: &mut Frame, operands: &[Register], result: Register) {
    let mut buffer = frame.take::<T>(result);
    let rows = frame.rows;
    let (yes, no) = (frame.lanes::<T>(operands[1]), frame.lanes::<T>(operands[2]));
    let mask = frame.lanes::<u64>(operands[0]);
    for (at, out) in buffer[..rows].chunks_mut(64).enumerate() {
        let word = match mask {
            Lanes::Each(words) => words[at],
            Lanes::All(word) => word,
        };
        let block = |lanes: Lanes<'_, T>| -> [T; 64] {
            let mut block = [T::ZERO; 64];
            match lanes {
                Lanes::Each(values) => {
                    let values = &values[at * 64..rows.min(at * 64 + 64)];
                    block[..values.len()].copy_from_slice(values);
                }
                Lanes::All(value) => block.fill(value),
            }
            block
        };
        let (yes, no) = (block(yes), block(no));
        for (lane, out) in out.iter_mut().enumerate() {
            *out = if word >> lane & 1 != 0 { yes[lane] } else { no[lane] };
        }
    }
    frame.put(result, buffer);
}
