//! Exact sums of doubles: the real sum of the values, rounded once to the nearest double (what Python's `fsum` gives).
//! So a sum does not depend on how the work was cut, in which order it was done or by whom, by definition.
//!
//! A sum that is exactly zero, that of nothing and of `-0.0` alone too, is `0.0`. Any NaN, or infinities of both signs,
//! give the positive quiet NaN; infinities of one sign give that infinity. A sum is infinite without an infinity in it
//! only if the real sum rounds to more than the largest double; what overflows on the way does not matter.
//!
//! Three ways, all exact, to the same end:
//! - many groups: a pair of doubles a group whose real sum is the sum so far (Knuth's error-free addition). Where a value
//!   leaves a remainder behind both, the pair moves into the group's [`Accumulator`] and begins anew;
//! - one group: blocks of a column are added as integers in two windows of binary places ([`Window`]), two values at a
//!   time in the vector unit; a block that does not fit into the windows goes to the accumulator value by value;
//! - the accumulator itself.
//!
//! Figures and what was tried besides: `docs/decisions/0008-float-sums.md`.

use super::accumulator::Accumulator;
use super::rows::{Rows, mask_block};
use pipelang_lang::fault::{self, Fault};
use std::hint::black_box;

/// Values that are added at once. The windows have room for the sum of 4,096.
const BLOCK: usize = 1024;
/// Independent sums in the loop over a block; two measured best.
const LANES: usize = 2;
/// Rows whose groups are loaded ahead.
const AHEAD: usize = 64;
/// So many groups do not stay in the first cache.
const FAR: usize = 1 << 12;
/// The place of a group that has no accumulator.
const NOWHERE: u32 = u32::MAX;

/// The exact sums of many groups.
#[derive(Clone, Debug, Default)]
pub struct ExactSums {
    /// For each group two doubles, always finite, whose real sum (with the accumulator's) is the group's.
    pairs: Vec<[f64; 2]>,
    /// Where in `accumulators` a group has its own; empty while none has.
    places: Vec<u32>,
    /// The accumulators of the groups that needed one.
    accumulators: Vec<Accumulator>,
    /// The windows that fitted last; a guess for the next block and nothing else.
    window: Option<Window>,
}

impl ExactSums {
    /// Makes room for groups `0 .. groups`.
    pub fn grow(&mut self, groups: usize) {
        if groups > self.pairs.len() {
            self.pairs.resize(groups, [0.0; 2]);
        }
    }

    /// Adds a column: row `i` to group `groups[i]`, if `rows` has it.
    pub fn add_column(&mut self, values: &[f64], groups: &[u32], rows: &Rows) {
        if fault::is(Fault::SumInexact) {
            return rows.each(|row| self.pairs[groups[row] as usize][0] += values[row]);
        }
        if self.pairs.len() == 1 {
            self.add_to_one(values, rows);
            return;
        }
        match rows {
            Rows::All(_) => {
                for (values, groups) in values.chunks(AHEAD).zip(groups.chunks(AHEAD)) {
                    self.touch(groups);
                    values.iter().zip(groups).for_each(|(x, group)| self.add(*group as usize, *x));
                }
            }
            Rows::Some(_) => rows.each(|row| self.add(groups[row] as usize, values[row])),
        }
    }

    /// Loads the pairs of groups, so that those that are not in the cache come together and not one after the other:
    /// the processor does not see far enough ahead of the additions.
    fn touch(&self, groups: &[u32]) {
        if self.pairs.len() >= FAR {
            black_box(groups.iter().fold(0, |all, group| all ^ self.pairs[*group as usize][0].to_bits()));
        }
    }

    /// Adds one value.
    #[inline]
    pub fn add(&mut self, group: usize, x: f64) {
        let pair = &mut self.pairs[group];
        let (high, error) = two_sum(pair[0], x);
        let (low, remainder) = two_sum(pair[1], error);
        // False for a NaN too, and one comes out wherever something was not finite on the way.
        if remainder == 0.0 {
            *pair = [high, low];
        } else {
            self.begin_anew(group, x);
        }
    }

    /// Adds the sums of `other`: its group `i` to group `groups[i]`.
    pub fn merge(&mut self, other: &mut ExactSums, groups: &[u32]) {
        for (pair, group) in other.pairs.iter().zip(groups) {
            self.add(*group as usize, pair[0]);
            self.add(*group as usize, pair[1]);
        }
        for (place, group) in other.places.iter().zip(groups) {
            if *place != NOWHERE {
                let theirs = std::mem::take(&mut other.accumulators[*place as usize]);
                self.accumulator(*group as usize).merge(theirs);
            }
        }
    }

    /// The sum of a group.
    pub fn total(&self, group: usize) -> f64 {
        let [high, low] = self.pairs[group];
        match self.places.get(group) {
            None | Some(&NOWHERE) => high + low + 0.0,
            Some(_) => self.exact(group).total(),
        }
    }

    /// The sum of a group before it is rounded.
    pub fn exact(&self, group: usize) -> Accumulator {
        let place = self.places.get(group).filter(|place| **place != NOWHERE);
        let mut sum = place.map_or_else(Accumulator::default, |place| self.accumulators[*place as usize].clone());
        self.pairs[group].iter().for_each(|part| sum.add(*part));
        sum
    }

    /// The sums of all groups.
    pub fn totals(&self) -> Vec<f64> {
        (0..self.pairs.len()).map(|group| self.total(group)).collect()
    }

    /// Moves the pair of a group to its accumulator and begins another with `x`.
    #[cold]
    fn begin_anew(&mut self, group: usize, x: f64) {
        let [high, low] = std::mem::take(&mut self.pairs[group]);
        if x.is_finite() {
            self.pairs[group] = [x, 0.0];
        }
        let accumulator = self.accumulator(group);
        accumulator.add(high);
        accumulator.add(low);
        if !x.is_finite() {
            accumulator.add(x);
        }
    }

    fn accumulator(&mut self, group: usize) -> &mut Accumulator {
        if self.places.len() <= group {
            self.places.resize(self.pairs.len(), NOWHERE);
        }
        if self.places[group] == NOWHERE {
            self.places[group] = u32::try_from(self.accumulators.len()).expect("there are fewer than 2^32 groups");
            self.accumulators.push(Accumulator::default());
        }
        &mut self.accumulators[self.places[group] as usize]
    }

    /// Adds a column to group 0.
    fn add_to_one(&mut self, values: &[f64], rows: &Rows) {
        match rows {
            Rows::All(_) => values.chunks(BLOCK).for_each(|block| self.add_block(block)),
            Rows::Some(bits) => {
                let mut buffer = [0.0; BLOCK];
                let mut words = bits.bit_chunks().iter_padded();
                for block in values.chunks(BLOCK) {
                    mask_block(block, &mut words, &mut buffer, |x, keep| f64::from_bits(x.to_bits() & keep));
                    self.add_block(&buffer[..block.len()]);
                }
            }
        }
    }

    fn add_block(&mut self, block: &[f64]) {
        let guess = self.window;
        let added = guess.and_then(|window| window.sum(block).map(|sums| (window, sums))).or_else(|| {
            let fitting = Window::fitting(block);
            self.window = Some(fitting);
            if guess == Some(fitting) { None } else { fitting.sum(block).map(|sums| (fitting, sums)) }
        });
        let accumulator = self.accumulator(0);
        match added {
            Some((window, [upper, lower])) => {
                accumulator.add_at(upper, window.exponent - 1);
                accumulator.add_at(lower, window.exponent - 53);
            }
            None => block.iter().for_each(|x| accumulator.add(*x)),
        }
    }
}

/// Knuth's error-free addition: the rounded sum, and what the rounding took away. Exact unless something overflows or is
/// not finite; then the second is not zero (it may be NaN).
#[inline(always)]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_part = sum - a;
    let a_part = sum - b_part;
    (sum, (a - a_part) + (b - b_part))
}

/// Two adjoining ranges of 52 binary places. A double is cut at their borders by adding 1.5 times a power of two, which
/// leaves the upper part in the low bits of the result's encoding, where parts are added up as integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    /// The biased exponent of the number that cuts the upper part, 53 at least. The values fit if they are below half of
    /// that number's power of two and have no bits below the lower range.
    exponent: usize,
}

impl Window {
    /// The windows that hold the largest value of a block, with three places to spare.
    fn fitting(block: &[f64]) -> Window {
        let largest = block.iter().fold(0, |largest, x| largest.max(x.to_bits() & (u64::MAX >> 1)));
        Window { exponent: ((largest >> 52) as usize + 5).clamp(53, 0x7fe) }
    }

    /// The sums of the upper parts, in 2^(exponent - 1 - 1074), and of the lower parts, in 2^(exponent - 53 - 1074);
    /// `None` if a value does not fit. A block has at most 4,096 values, or the sums could overflow.
    fn sum(self, block: &[f64]) -> Option<[i64; 2]> {
        let upper_cut = f64::from_bits((self.exponent as u64) << 52 | 1 << 51);
        let lower_cut = f64::from_bits((self.exponent as u64 - 52) << 52 | 1 << 51);
        let mut lanes = Lanes { upper: [0; LANES], lower: [0; LANES], exponents: [0; LANES], rest: [0; LANES] };
        let (whole, tail) = block.as_chunks::<LANES>();
        for values in whole {
            for (lane, x) in values.iter().enumerate() {
                lanes.add(lane, *x, upper_cut, lower_cut);
            }
        }
        for x in tail {
            lanes.add(0, *x, upper_cut, lower_cut);
        }
        let or = |lanes: [u64; LANES]| lanes.iter().fold(0, |all, lane| all | lane);
        if or(lanes.exponents) >> 52 != 0 || or(lanes.rest) << 1 != 0 {
            return None;
        }
        let total = |lanes: [u64; LANES], cut: f64| {
            let cuts = cut.to_bits().wrapping_mul(block.len() as u64);
            lanes.iter().fold(0u64, |sum, lane| sum.wrapping_add(*lane)).wrapping_sub(cuts) as i64
        };
        Some([total(lanes.upper, upper_cut), total(lanes.lower, lower_cut)])
    }
}

/// What the loop over a block carries along.
struct Lanes {
    /// Sums of encodings of upper parts, each with the cut in it, modulo 2^64.
    upper: [u64; LANES],
    /// Likewise of lower parts.
    lower: [u64; LANES],
    /// Has a bit from 52 upwards if a value was too large for its cut.
    exponents: [u64; LANES],
    /// Has a bit below 63 if something was left behind the lower part.
    rest: [u64; LANES],
}

impl Lanes {
    #[inline(always)]
    fn add(&mut self, lane: usize, x: f64, upper_cut: f64, lower_cut: f64) {
        let upper = x + upper_cut;
        let below = x - (upper - upper_cut);
        // It is at most half a unit of the upper range, for which the lower cut is always large enough.
        let lower = below + lower_cut;
        let rest = below - (lower - lower_cut);
        self.upper[lane] = self.upper[lane].wrapping_add(upper.to_bits());
        self.lower[lane] = self.lower[lane].wrapping_add(lower.to_bits());
        self.exponents[lane] |= upper.to_bits() ^ upper_cut.to_bits();
        self.rest[lane] |= rest.to_bits();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_buffer::BooleanBuffer;

    /// The oracle: positive and negative values apart, as plain binary numbers with a bool for every bit; the difference
    /// rounded by looking at its bits.
    fn plain_sum(values: &[f64]) -> f64 {
        let mut sums = [vec![false; 2200], vec![false; 2200]];
        for x in values {
            let (exponent, fraction) = (x.to_bits() >> 52 & 0x7ff, x.to_bits() & ((1 << 52) - 1));
            let (significand, place) = if exponent == 0 { (fraction, 0) } else { (fraction | 1 << 52, exponent - 1) };
            let sum = &mut sums[usize::from(*x < 0.0)];
            let mut carry = false;
            for (at, place) in sum[place as usize..].iter_mut().enumerate() {
                let bit = at < 53 && significand >> at & 1 == 1;
                let ones = u8::from(*place) + u8::from(bit) + u8::from(carry);
                (*place, carry) = (ones & 1 == 1, ones > 1);
            }
        }
        let [positive, negative] = sums;
        let is_negative = negative.iter().rev().gt(positive.iter().rev());
        let (large, small) = if is_negative { (negative, positive) } else { (positive, negative) };
        let (mut difference, mut borrow) = (vec![false; 2200], 0);
        for at in 0..2200 {
            let bit = i8::from(large[at]) - i8::from(small[at]) - borrow;
            (difference[at], borrow) = (bit & 1 == 1, i8::from(bit < 0));
        }
        let magnitude = plain_round(&difference);
        if is_negative { -magnitude } else { magnitude }
    }

    fn plain_round(bits: &[bool]) -> f64 {
        let Some(top) = bits.iter().rposition(|bit| *bit) else { return 0.0 };
        let lowest = top.saturating_sub(52);
        let mut significand = 0u64;
        for at in (lowest..=top).rev() {
            significand = significand << 1 | u64::from(bits[at]);
        }
        let half = lowest > 0 && bits[lowest - 1];
        let more = lowest > 1 && bits[..lowest - 1].contains(&true);
        if half && (more || significand & 1 == 1) {
            significand += 1;
        }
        // Both factors are exact, and so is the product, unless it overflows.
        let scale =
            |exponent: i32| if exponent < -1022 { f64::from_bits(1 << (exponent + 1074)) } else { 2f64.powi(exponent) };
        if lowest == 0 { f64::from_bits(significand) } else { significand as f64 * scale(lowest as i32 - 1074) }
    }

    /// A generator of test values (xorshift).
    struct Random(u64);

    impl Random {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }

        fn below(&mut self, limit: usize) -> usize {
            (self.next() % limit as u64) as usize
        }

        /// A finite value with an exponent field in a range.
        fn float(&mut self, exponents: std::ops::Range<u64>) -> f64 {
            let exponent = exponents.start + self.next() % (exponents.end - exponents.start);
            // Some have short significands, as written decimals often do.
            let cut = [0, 0, 20, 40, 52][self.below(5)];
            let fraction = (self.next() & ((1 << 52) - 1)) >> cut << cut;
            f64::from_bits((self.next() & 1) << 63 | exponent << 52 | fraction)
        }

        fn shuffle(&mut self, values: &mut [f64]) {
            for at in (1..values.len()).rev() {
                values.swap(at, self.below(at + 1));
            }
        }
    }

    fn column_sum(values: &[f64], groups: usize) -> ExactSums {
        let mut sums = ExactSums::default();
        sums.grow(groups);
        sums.add_column(values, &vec![groups as u32 - 1; values.len()], &Rows::All(values.len()));
        sums
    }

    /// The sum in many ways, which must agree to the bit: as one group and as one of many, cut and merged in any order.
    fn check(values: &mut [f64], random: &mut Random) {
        let expected = plain_sum(values);
        for round in 0..6 {
            for groups in [1, 2] {
                let whole = column_sum(values, groups).total(groups - 1);
                assert_eq!(whole.to_bits(), expected.to_bits(), "{whole:e} is not {expected:e}: {values:?}");
                let mut merged = column_sum(&[], 2);
                let mut rest: &[f64] = values;
                while !rest.is_empty() {
                    let (piece, more) = rest.split_at(1 + random.below(rest.len()));
                    let into: &[u32] = if groups == 1 { &[1] } else { &[0, 1] };
                    merged.merge(&mut column_sum(piece, groups), into);
                    rest = more;
                }
                assert_eq!(merged.total(1).to_bits(), expected.to_bits(), "round {round}: {values:?}");
                assert_eq!(merged.total(0).to_bits(), 0);
            }
            random.shuffle(values);
        }
    }

    #[test]
    fn of_any_magnitudes() {
        let mut random = Random(88172645463325252);
        let ranges = [0..2047, 0..3, 0..60, 1020..1030, 1000..1090, 900..1023, 2000..2047, 2045..2047, 990..1060];
        for round in 0..400 {
            let range = ranges[round % ranges.len()].clone();
            let length = 1 + random.below(40);
            let mut values: Vec<f64> = (0..length).map(|_| random.float(range.clone())).collect();
            check(&mut values, &mut random);
        }
    }

    #[test]
    fn of_what_cancels() {
        let mut random = Random(1234567);
        for round in 0..200 {
            let half: Vec<f64> = (0..1 + random.below(15)).map(|_| random.float(0..2047)).collect();
            let mut values: Vec<f64> = half.iter().flat_map(|x| [*x, -*x]).collect();
            if round % 4 > 0 {
                values.push(random.float(0..2000));
            }
            random.shuffle(&mut values);
            check(&mut values, &mut random);
        }
    }

    #[test]
    fn of_long_columns() {
        let mut random = Random(99);
        // The last fit into no windows; the others into some, but for a value here and there.
        for (range, odd) in
            [(1020..1035, 1.0), (1000..1040, 1e300), (1..50, 1e-9), (2030..2047, 1e-9), (900..1150, 1.0)]
        {
            let mut values: Vec<f64> = (0..3000).map(|_| random.float(range.clone())).collect();
            values[1500] = odd;
            values[2048] = -0.0;
            let expected = plain_sum(&values);
            for (start, end) in [(0, 3000), (1, 3000), (0, 2999)] {
                let mut rest = column_sum(&values[..start], 1);
                let mut sums = column_sum(&values[start..end], 1);
                sums.merge(&mut rest, &[0]);
                values[end..].iter().for_each(|x| sums.add(0, *x));
                assert_eq!(sums.total(0).to_bits(), expected.to_bits());
            }
            let mask: BooleanBuffer = (0..3000).map(|row| row % 5 != 0).collect();
            let chosen: Vec<f64> = (0..3000).filter(|row| row % 5 != 0).map(|row| values[row]).collect();
            for groups in [1, 2] {
                let mut sums = column_sum(&[], groups);
                sums.add_column(&values, &[0; 3000], &Rows::Some(mask.clone()));
                assert_eq!(sums.total(0).to_bits(), plain_sum(&chosen).to_bits());
            }
        }
    }

    #[test]
    fn the_oracle_rounds_as_hardware_does() {
        let mut random = Random(5);
        for _ in 0..2000 {
            let (a, b) = (random.float(0..2047), random.float(0..2047));
            let near = f64::from_bits(b.to_bits() & !(0x7ff << 52) | a.to_bits() & (0x7ff << 52));
            assert_eq!(plain_sum(&[a, b]).to_bits(), (a + b).to_bits());
            assert_eq!(plain_sum(&[a, near]).to_bits(), (a + near + 0.0).to_bits());
        }
    }

    #[test]
    fn specials_in_any_company() {
        let infinity = f64::INFINITY;
        let nan = 0x7ff8_0000_0000_0000;
        for (odd, expected) in [
            (vec![f64::NAN, 1.0], nan),
            (vec![-f64::NAN, infinity], nan),
            (vec![infinity, -infinity], nan),
            (vec![infinity, infinity, f64::MIN], infinity.to_bits()),
            (vec![-infinity, f64::MAX, f64::MAX], (-infinity).to_bits()),
        ] {
            for groups in [1, 2] {
                let mut values = vec![1.25; 2000];
                values[1100..1100 + odd.len()].copy_from_slice(&odd);
                let mut sums = column_sum(&values, groups);
                assert_eq!(sums.total(groups - 1).to_bits(), expected);
                sums.merge(&mut column_sum(&[1.0, f64::MAX, f64::MAX], groups), &[0, 1][..groups]);
                assert_eq!(sums.total(groups - 1).to_bits(), expected);
            }
        }
    }

    #[test]
    fn a_group_may_stop_being_alone() {
        let mut sums = column_sum(&[0.1; 10], 1);
        sums.grow(3);
        sums.add_column(&[0.1, 1e-320, 0.2], &[0, 1, 0], &Rows::All(3));
        assert_eq!(sums.totals(), [plain_sum(&[[0.1; 11].as_slice(), &[0.2]].concat()), 1e-320, 0.0]);
    }
}
