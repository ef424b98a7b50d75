//! The bits of ints, in two's complement, and arithmetic that goes on at the other end of the ints where it does not fit.

use super::row::{gives, int, of, shows, total};
use super::{BatchResult, Function};
use crate::batch::Column;
use arrow_array::Int64Array;
use arrow_buffer::ScalarBuffer;
use pipelang_lang::catalog::Example;
use pipelang_lang::codes::E0602;
use pipelang_lang::scalar::{Fault, Scalar};
use pipelang_lang::ty::{Kind, Type};
use std::ops::{BitAnd, BitOr, BitXor};

/// A row of an int function of two ints: its scalar body and the same over columns.
macro_rules! of_ints {
    ($name:literal, $doc:literal, $examples:expr, $f:expr) => {
        total($name, vec![of("a", Kind::Int), of("b", Kind::Int)], gives(Type::INT), $doc, $examples, |arguments| {
            Ok(Scalar::Int($f(int(&arguments[0]), int(&arguments[1]))))
        })
        .over_columns(|arguments, rows, _| over_ints(arguments, rows, $f))
    };
}

/// The functions of this group.
pub(super) fn rows() -> Vec<Function> {
    vec![
        of_ints!("bit_and", "The bits that both have.", &[shows!("bit_and(12, 10)", "8")], i64::bitand),
        of_ints!("bit_or", "The bits that either has.", &[shows!("bit_or(12, 10)", "14")], i64::bitor),
        of_ints!("bit_xor", "The bits that one of them has.", &[shows!("bit_xor(12, 10)", "6")], i64::bitxor),
        total(
            "bit_not",
            vec![of("a", Kind::Int)],
            gives(Type::INT),
            "The bits that it has not.",
            &[shows!("bit_not(0)", "-1"), shows!("bit_not(5)", "-6")],
            |arguments| Ok(Scalar::Int(!int(&arguments[0]))),
        ),
        total(
            "bit_count",
            vec![of("a", Kind::Int)],
            gives(Type::INT),
            "How many bits are set.",
            &[shows!("bit_count(7)", "3"), shows!("bit_count(-1)", "64")],
            |arguments| Ok(Scalar::Int(int(&arguments[0]).count_ones().into())),
        ),
        shift(
            "shift_left",
            "The bits so many places higher; what goes beyond the highest is lost.",
            &[shows!("shift_left(3, 4)", "48"), shows!("shift_left(1, 64)", "0"), shows!("shift_left(1, -1)", "E0602")],
            |a, by| a.checked_shl(by).unwrap_or(0),
        ),
        shift(
            "shift_right",
            "The bits so many places lower, with the sign kept: halved and rounded down as often.",
            &[
                shows!("shift_right(48, 4)", "3"),
                shows!("shift_right(-5, 1)", "-3"),
                shows!("shift_right(-5, 99)", "-1"),
            ],
            |a, by| a >> by.min(63),
        ),
        of_ints!(
            "wrapping_add",
            "The sum, without what does not fit into 64 bits.",
            &[shows!("wrapping_add(9223372036854775807, 1)", "-9223372036854775808")],
            i64::wrapping_add
        ),
        of_ints!(
            "wrapping_sub",
            "The difference, without what does not fit into 64 bits.",
            &[shows!("wrapping_sub(-9223372036854775807, 2)", "9223372036854775807")],
            i64::wrapping_sub
        ),
        of_ints!(
            "wrapping_mul",
            "The product, without what does not fit into 64 bits.",
            &[shows!("wrapping_mul(6364136223846793005, 3)", "645664597830827399")],
            i64::wrapping_mul
        ),
    ]
}

/// A row of a shift; by less than nothing is an error.
fn shift(name: &'static str, doc: &str, examples: &'static [Example], f: fn(i64, u32) -> i64) -> Function {
    let mut row = total(
        name,
        vec![of("a", Kind::Int), of("places", Kind::Int)],
        gives(Type::INT),
        doc,
        examples,
        |_| unreachable!(),
    );
    row.def.body = std::sync::Arc::new(move |arguments: &[Scalar]| {
        let (a, by) = (int(&arguments[0]), int(&arguments[1]));
        if by < 0 {
            return Err(Fault::new(E0602, format!("{name}({a}, {by}): there is no shift by less than nothing")));
        }
        Ok(Scalar::Int(f(a, u32::try_from(by).unwrap_or(u32::MAX))))
    });
    row.failing()
}

fn over_ints(arguments: &[Column], rows: usize, f: impl Fn(i64, i64) -> i64) -> BatchResult {
    let (Column::Int(a), Column::Int(b)) = (&arguments[0], &arguments[1]) else {
        unreachable!("the checker gives ints")
    };
    let (a, b) = (a.values(), b.values());
    let at = |values: &ScalarBuffer<i64>, row: usize| values[if values.len() == rows { row } else { 0 }];
    let values: Vec<i64> = match (a.len() == rows, b.len() == rows) {
        (true, true) => a.iter().zip(b).map(|(a, b)| f(*a, *b)).collect(),
        _ => (0..rows).map(|row| f(at(a, row), at(b, row))).collect(),
    };
    BatchResult { column: Column::Int(Int64Array::new(ScalarBuffer::from(values), None)), failed: false }
}
