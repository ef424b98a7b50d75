//! A fixed-point number wide enough for every finite double: the place where sums are exact without conditions.
//!
//! It is slow per value (a few nanoseconds) and grows only over the binary places that its values touch, so that a state
//! may have one for each group that needs it. What is added in bulk goes through [`super::exact_sum`], which comes here
//! only with what it cannot hold. After R. Neal, "Fast exact summation using small and large superaccumulators" (2015):
//! digits of 32 bits in signed 64-bit chunks, so that carries can wait.

/// The digits have 32 bits each.
const DIGIT: u32 = 32;
/// The bits of one digit.
const MASK: i64 = (1 << DIGIT) - 1;
/// An addition changes a chunk by less than 2^32, so that after so many of them no chunk can have overflowed.
const MOST_WAITING: u32 = 1 << 29;
/// What a finite double counts in: 2^-1074, as a place.
const LOWEST_EXPONENT: u64 = 1;

/// The exact sum of doubles, infinities and NaN.
#[derive(Clone, Debug, Default)]
pub struct Accumulator {
    /// The digit that `chunks[0]` stands for; digit `d` counts 2^(32 d - 1074).
    first: usize,
    /// Signed digits from `first` upwards.
    chunks: Vec<i64>,
    /// Additions since the carries were last done.
    waiting: u32,
    /// What the finite digits cannot say.
    special: Special,
}

/// How many values that are not finite were added.
#[derive(Clone, Copy, Debug, Default)]
struct Special {
    nan: i64,
    infinity: i64,
    negative_infinity: i64,
}

impl Accumulator {
    /// Adds a value.
    pub fn add(&mut self, x: f64) {
        let bits = x.to_bits();
        let exponent = (bits >> 52) & 0x7ff;
        let fraction = (bits & ((1 << 52) - 1)) as i64;
        if exponent == 0x7ff {
            self.count_special(x, 1);
            return;
        }
        let magnitude = if exponent == 0 { fraction } else { fraction | (1 << 52) };
        let significand = if x.is_sign_negative() { -magnitude } else { magnitude };
        self.add_at(significand, exponent.max(LOWEST_EXPONENT) as usize - 1);
    }

    /// Takes a value away that was added.
    pub fn subtract(&mut self, x: f64) {
        if x.is_finite() { self.add(-x) } else { self.count_special(x, -1) }
    }

    /// Adds `significand` times 2^(`place` - 1074).
    pub fn add_at(&mut self, significand: i64, place: usize) {
        if significand == 0 {
            return;
        }
        let digit = place / DIGIT as usize;
        let shifted = i128::from(significand) << (place % DIGIT as usize);
        let chunks = self.three_chunks(digit);
        chunks[0] += shifted as i64 & MASK;
        chunks[1] += (shifted >> DIGIT) as i64 & MASK;
        chunks[2] += (shifted >> (2 * DIGIT)) as i64;
        self.count_addition();
    }

    /// Adds another sum.
    pub fn merge(&mut self, mut other: Accumulator) {
        other.carry();
        self.special.nan += other.special.nan;
        self.special.infinity += other.special.infinity;
        self.special.negative_infinity += other.special.negative_infinity;
        if other.chunks.is_empty() {
            return;
        }
        self.make_room(other.first, other.first + other.chunks.len());
        let from = other.first - self.first;
        for (mine, theirs) in self.chunks[from..].iter_mut().zip(&other.chunks) {
            *mine += theirs;
        }
        self.count_addition();
    }

    /// The sum, rounded once to the nearest double, ties to even. A sum of zero is `0.0`.
    pub fn total(&self) -> f64 {
        let Special { nan, infinity, negative_infinity } = self.special;
        match (nan > 0, infinity > 0, negative_infinity > 0) {
            (true, _, _) | (_, true, true) => pipelang_lang::scalar::canonical(f64::NAN),
            (_, true, _) => f64::INFINITY,
            (_, _, true) => f64::NEG_INFINITY,
            (false, false, false) => self.finite_total(0),
        }
    }

    /// `count * products - x * y`, exact and rounded once; NaN if anything in it is not finite.
    pub fn scatter(count: u64, products: &Accumulator, x: &Accumulator, y: &Accumulator) -> f64 {
        if [products, x, y].iter().any(|sum| sum.has_special()) {
            return pipelang_lang::scalar::canonical(f64::NAN);
        }
        // A product of two sums counts in 2^-2148: place 1,074 of it stands for 2^-1074.
        const UNIT: usize = 1074;
        let mut scatter = Accumulator::default();
        let mut add = |a: u64, b: u64, negative: bool, place: usize| {
            let product = a * b;
            for (at, part) in [product & MASK as u64, product >> DIGIT].into_iter().enumerate() {
                let part = part as i64;
                scatter.add_at(if negative { -part } else { part }, place + at * DIGIT as usize);
            }
        };
        let (products, negative) = products.magnitude();
        for (place, digit) in products.digits() {
            add(digit, count & MASK as u64, negative, place + UNIT);
            add(digit, count >> DIGIT, negative, place + UNIT + DIGIT as usize);
        }
        let ((x, x_negative), (y, y_negative)) = (x.magnitude(), y.magnitude());
        for (x_place, x_digit) in x.digits() {
            y.digits().for_each(|(place, digit)| add(x_digit, digit, x_negative == y_negative, x_place + place));
        }
        scatter.finite_total(UNIT)
    }

    fn has_special(&self) -> bool {
        let Special { nan, infinity, negative_infinity } = self.special;
        nan > 0 || infinity > 0 || negative_infinity > 0
    }

    /// The digits of a magnitude that are not zero, each with the place of its lowest bit.
    fn digits(&self) -> impl Iterator<Item = (usize, u64)> {
        let digits = self.chunks.iter().enumerate().filter(|(_, chunk)| **chunk != 0);
        digits.map(|(at, chunk)| ((self.first + at) * DIGIT as usize, *chunk as u64))
    }

    /// The three chunks from `digit` upwards.
    fn three_chunks(&mut self, digit: usize) -> &mut [i64] {
        if digit < self.first || digit + 3 > self.first + self.chunks.len() {
            self.make_room(digit, digit + 3);
        }
        let from = digit - self.first;
        &mut self.chunks[from..from + 3]
    }

    /// Makes the digits from `low` to below `high` exist.
    #[cold]
    fn make_room(&mut self, low: usize, high: usize) {
        if self.chunks.is_empty() {
            self.first = low;
        }
        if low < self.first {
            self.chunks.splice(0..0, std::iter::repeat_n(0, self.first - low));
            self.first = low;
        }
        if high > self.first + self.chunks.len() {
            self.chunks.resize(high - self.first, 0);
        }
    }

    fn count_addition(&mut self) {
        self.waiting += 1;
        if self.waiting >= MOST_WAITING {
            self.carry();
        }
    }

    #[cold]
    fn count_special(&mut self, x: f64, by: i64) {
        let Special { nan, infinity, negative_infinity } = &mut self.special;
        *(if x.is_nan() {
            nan
        } else if x > 0.0 {
            infinity
        } else {
            negative_infinity
        }) += by;
    }

    /// Does the waiting carries: then every digit is in `0 ..= MASK`, but for the last, which has the sign and is small.
    fn carry(&mut self) {
        self.waiting = 0;
        let Some(last) = self.chunks.len().checked_sub(1) else { return };
        let mut carry = 0;
        for chunk in &mut self.chunks[..last] {
            let value = *chunk + carry;
            *chunk = value & MASK;
            carry = value >> DIGIT;
        }
        let value = self.chunks[last] + carry;
        if (-MASK..=MASK).contains(&value) {
            self.chunks[last] = value;
        } else {
            self.chunks[last] = value & MASK;
            self.chunks.push(value >> DIGIT);
        }
    }

    /// The nearest double of a sum of numbers that are finite, if place `unit` stands for 2^-1074.
    fn finite_total(&self, unit: usize) -> f64 {
        let (magnitude, is_negative) = self.magnitude();
        let rounded = magnitude.round_magnitude(unit);
        if is_negative { -rounded } else { rounded }
    }

    /// The sum without waiting carries and without its sign, and whether that is a minus.
    fn magnitude(&self) -> (Accumulator, bool) {
        let mut exact = self.clone();
        exact.carry();
        let is_negative = exact.chunks.last().is_some_and(|last| *last < 0);
        if is_negative {
            exact.chunks.iter_mut().for_each(|chunk| *chunk = -*chunk);
            exact.carry();
        }
        (exact, is_negative)
    }

    /// The nearest double of a sum that is not negative and has no waiting carries.
    fn round_magnitude(&self, unit: usize) -> f64 {
        let Some(top) = self.chunks.iter().rposition(|chunk| *chunk != 0) else { return 0.0 };
        let top_digit = self.first + top;
        let top_place = top_digit * DIGIT as usize + self.chunks[top].ilog2() as usize;
        // The lowest bit that is kept: 53 of them, or fewer for what is below all normal numbers.
        let shift = top_place.saturating_sub(52).max(unit);
        if shift - unit >= 0x7fe {
            return f64::INFINITY;
        }
        let significand = self.bits_from(shift) as u64;
        let half = shift > 0 && self.bits_from(shift - 1) & 1 == 1;
        let round_up = half && (significand & 1 == 1 || self.has_bits_below(shift - 1));
        // The significand's own top bit adds one to the exponent, and so does a carry out of the rounding.
        f64::from_bits((((shift - unit) as u64) << 52) + significand + u64::from(round_up))
    }

    /// At least 64 bits of a sum without waiting carries, from `place` upwards.
    fn bits_from(&self, place: usize) -> u128 {
        let digit = place / DIGIT as usize;
        let bits = self.digit(digit) | self.digit(digit + 1) << DIGIT | self.digit(digit + 2) << (2 * DIGIT);
        bits >> (place % DIGIT as usize)
    }

    fn has_bits_below(&self, place: usize) -> bool {
        let digit = place / DIGIT as usize;
        let whole = digit.saturating_sub(self.first).min(self.chunks.len());
        self.chunks[..whole].iter().any(|chunk| *chunk != 0)
            || self.digit(digit) & ((1 << (place % DIGIT as usize)) - 1) != 0
    }

    fn digit(&self, digit: usize) -> u128 {
        let chunk = digit.checked_sub(self.first).and_then(|at| self.chunks.get(at));
        chunk.map_or(0, |chunk| *chunk as u128)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(values: &[f64]) -> f64 {
        let mut accumulator = Accumulator::default();
        values.iter().for_each(|x| accumulator.add(*x));
        accumulator.total()
    }

    #[test]
    fn one_value_is_itself() {
        let tiny = f64::from_bits(1);
        for x in
            [0.0, 1.0, -1.5, 0.1, tiny, -tiny, f64::MIN_POSITIVE, f64::MAX, f64::MIN, 1e-300, 2f64.powi(-1022) - tiny]
        {
            assert_eq!(total(&[x]).to_bits(), x.to_bits(), "{x:e}");
        }
        assert_eq!(total(&[-0.0]).to_bits(), 0);
        assert_eq!(total(&[]).to_bits(), 0);
    }

    #[test]
    fn rounds_half_to_even() {
        let half = 2f64.powi(-53);
        assert_eq!(total(&[1.0, half]), 1.0);
        assert_eq!(total(&[1.0 + 2.0 * half, half]), 1.0 + 4.0 * half);
        assert_eq!(total(&[1.0, half, 1e-300]), 1.0 + 2.0 * half);
        assert_eq!(total(&[-1.0, -half, -1e-300]), -1.0 - 2.0 * half);
        assert_eq!(total(&[1.0, half, -1e-300]), 1.0);
    }

    #[test]
    fn overflows_only_where_the_rounded_sum_does() {
        let half_unit = 2f64.powi(970);
        assert_eq!(total(&[f64::MAX, f64::MAX, f64::MIN]), f64::MAX);
        assert_eq!(total(&[f64::MAX, half_unit]), f64::INFINITY);
        assert_eq!(total(&[f64::MAX, half_unit, -1e-300]), f64::MAX);
        assert_eq!(total(&[f64::MIN, f64::MIN]), f64::NEG_INFINITY);
        assert_eq!(total(&vec![f64::MAX; 100_000]), f64::INFINITY);
    }

    #[test]
    fn carries_run_through_all_digits_and_back() {
        let mut accumulator = Accumulator::default();
        for _ in 0..3 {
            accumulator.add(f64::MAX);
            accumulator.add(-f64::from_bits(1));
            accumulator.carry();
        }
        for _ in 0..3 {
            accumulator.add(f64::MIN);
            accumulator.carry();
        }
        assert_eq!(accumulator.total(), -f64::from_bits(3));
        assert!(accumulator.chunks.len() < 70);
    }

    #[test]
    fn specials_win_over_numbers() {
        assert!(total(&[1.0, f64::NAN, f64::INFINITY]).is_nan());
        assert_eq!(total(&[f64::INFINITY, f64::NEG_INFINITY]).to_bits(), 0x7ff8_0000_0000_0000);
        assert_eq!(total(&[f64::INFINITY, f64::MIN]), f64::INFINITY);
        assert_eq!(total(&[1.0, f64::NEG_INFINITY]), f64::NEG_INFINITY);
    }
}
