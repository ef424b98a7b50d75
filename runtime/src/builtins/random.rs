//! Random numbers that are functions of their arguments: `rand(seed, i)` is the i-th of a sequence, whoever asks, in
//! whichever order.
//!
//! The generator is Philox4x32-10: John K. Salmon, Mark A. Moraes, Ron O. Dror, David E. Shaw, "Parallel random numbers: as
//! easy as 1, 2, 3", SC 2011; the test vectors are those of its authors' library Random123. The key is the seed, the counter
//! is `i`, and the number is the first 53 of the 128 bits.

use super::row::{gives, int, of, shows, total};
use super::{BatchResult, Function};
use crate::batch::Column;
use arrow_array::Float64Array;
use arrow_buffer::ScalarBuffer;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::{Kind, Type};

/// The functions of this file.
pub(super) fn rows() -> Vec<Function> {
    let rand = total(
        "rand",
        vec![of("seed", Kind::Int), of("i", Kind::Int)],
        gives(Type::FLOAT),
        "The i-th random number of a seed, at least 0 and less than 1: the same each time.",
        &[shows!("rand(42, 0)", "0.6129598811894158")],
        |arguments| Ok(Scalar::Float(rand(int(&arguments[0]), int(&arguments[1])))),
    );
    vec![rand.over_columns(over_columns)]
}

fn over_columns(arguments: &[Column], rows: usize, _active: Option<&arrow_buffer::BooleanBuffer>) -> BatchResult {
    let (Column::Int(seeds), Column::Int(places)) = (&arguments[0], &arguments[1]) else {
        unreachable!("the checker gives ints")
    };
    let at = |values: &ScalarBuffer<i64>, row: usize| values[if values.len() == rows { row } else { 0 }];
    let values: Vec<f64> = (0..rows).map(|row| rand(at(seeds.values(), row), at(places.values(), row))).collect();
    BatchResult { column: Column::Float(Float64Array::new(ScalarBuffer::from(values), None)), failed: false }
}

fn rand(seed: i64, i: i64) -> f64 {
    let words = |x: i64| [x as u32, (x as u64 >> 32) as u32];
    let [low, high] = words(i);
    let [first, second, ..] = philox([low, high, 0, 0], words(seed));
    let bits = u64::from(first) << 32 | u64::from(second);
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

/// Philox4x32-10.
fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _round in 0..10 {
        let product = |a: u32, b: u32| {
            let product = u64::from(a) * u64::from(b);
            [(product >> 32) as u32, product as u32]
        };
        let [high0, low0] = product(0xd251_1f53, counter[0]);
        let [high1, low1] = product(0xcd9e_8d57, counter[2]);
        counter = [high1 ^ counter[1] ^ key[0], low1, high0 ^ counter[3] ^ key[1], low0];
        key = [key[0].wrapping_add(0x9e37_79b9), key[1].wrapping_add(0xbb67_ae85)];
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_philox() {
        for (counter, key, result) in [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ] {
            assert_eq!(philox(counter, key), result);
        }
    }

    #[test]
    fn numbers_are_spread_evenly() {
        let mut counts = [0; 10];
        (0..10_000).for_each(|i| counts[(rand(7, i) * 10.0) as usize] += 1);
        assert!(counts.iter().all(|count| (900..1100).contains(count)), "{counts:?}");
    }
}
