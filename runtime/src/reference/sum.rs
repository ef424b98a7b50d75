//! The exact sum of floats in the plainest way: one fixed-point number that is wide enough for every float.
//!
//! A finite float is an integer times 2^-1074, the least positive float, and is below 2^1024. So the sum of fewer than
//! 2^64 floats is an integer of 2,098 + 64 bits in units of 2^-1074, kept here in two's complement and rounded once, to
//! nearest, ties to even.

use pipelang_lang::scalar::canonical;

/// 2,304 bits.
const WORDS: usize = 36;

/// Enough for the product of two sums.
const PRODUCT_WORDS: usize = 80;

/// The bit that stands for 2^-1074 is bit 0.
const LEAST_EXPONENT: i64 = -1074;

/// A sum of floats without any rounding.
#[derive(Clone, Debug)]
pub struct ExactSum {
    /// Little-endian, two's complement.
    words: [u64; WORDS],
    /// The sum of those that are not finite: 0, an infinity or NaN.
    special: f64,
}

impl ExactSum {
    /// The sum of nothing.
    pub fn new() -> ExactSum {
        ExactSum { words: [0; WORDS], special: 0.0 }
    }

    /// Adds a float.
    pub fn add(&mut self, x: f64) {
        if !x.is_finite() {
            self.special += x;
            return;
        }
        let bits = x.to_bits();
        let exponent_field = (bits >> 52) & 0x7ff;
        let fraction = bits & ((1 << 52) - 1);
        // A subnormal has the exponent of the least normal one and no hidden bit.
        let (mantissa, shift) =
            if exponent_field == 0 { (fraction, 0) } else { (fraction | 1 << 52, exponent_field as usize - 1) };
        let mut words = [0; WORDS];
        let wide = u128::from(mantissa) << (shift % 64);
        words[shift / 64] = wide as u64;
        words[shift / 64 + 1] = (wide >> 64) as u64;
        if x.is_sign_negative() {
            words = negated(&words);
        }
        self.words = sum(&self.words, &words);
    }

    /// The nearest float; +0 if the sum is zero.
    pub fn rounded(&self) -> f64 {
        if self.special != 0.0 {
            return canonical(self.special);
        }
        nearest(&self.words, 0)
    }

    /// `count * self - x * y`, rounded once; NaN if anything in it is not finite.
    pub fn scatter(&self, count: u64, x: &ExactSum, y: &ExactSum) -> f64 {
        if [self, x, y].iter().any(|sum| sum.special != 0.0) {
            return canonical(f64::NAN);
        }
        // The product counts in 2^-2148, so the sum is moved there.
        let unit = -LEAST_EXPONENT as usize;
        let mut scale = [0; PRODUCT_WORDS];
        scale[unit / 64] = 1 << (unit % 64);
        let mut counted = [0; PRODUCT_WORDS];
        counted[0] = count;
        let left = product(&product(&extended(&self.words), &counted), &scale);
        let right = product(&extended(&x.words), &extended(&y.words));
        nearest(&sum(&left, &negated(&right)), unit)
    }
}

/// The float that is nearest to a number of which bit `unit` stands for 2^-1074.
fn nearest<const N: usize>(words: &[u64; N], unit: usize) -> f64 {
    let negative = words[N - 1] >> 63 == 1;
    let magnitude = if negative { negated(words) } else { *words };
    let rounded = round(&magnitude, unit);
    if negative { -rounded } else { rounded }
}

/// The same number in more words.
fn extended(words: &[u64; WORDS]) -> [u64; PRODUCT_WORDS] {
    let sign = if words[WORDS - 1] >> 63 == 1 { u64::MAX } else { 0 };
    std::array::from_fn(|at| words.get(at).copied().unwrap_or(sign))
}

/// In two's complement the lowest words of a product are the same with and without signs.
fn product(a: &[u64; PRODUCT_WORDS], b: &[u64; PRODUCT_WORDS]) -> [u64; PRODUCT_WORDS] {
    let mut words = [0u64; PRODUCT_WORDS];
    for (at, x) in a.iter().enumerate().filter(|(_, x)| **x != 0) {
        let mut carry = 0;
        for (word, y) in words[at..].iter_mut().zip(b) {
            let total = u128::from(*x) * u128::from(*y) + u128::from(*word) + carry;
            *word = total as u64;
            carry = total >> 64;
        }
    }
    words
}

fn sum<const N: usize>(a: &[u64; N], b: &[u64; N]) -> [u64; N] {
    let (mut words, mut carry) = ([0; N], 0);
    for at in 0..N {
        let total = u128::from(a[at]) + u128::from(b[at]) + carry;
        words[at] = total as u64;
        carry = total >> 64;
    }
    words
}

fn negated<const N: usize>(a: &[u64; N]) -> [u64; N] {
    let mut one = [0; N];
    one[0] = 1;
    sum(&a.map(|word| !word), &one)
}

fn bit(words: &[u64], at: usize) -> u64 {
    (words[at / 64] >> (at % 64)) & 1
}

/// The float that is nearest to a magnitude, ties to even.
fn round(words: &[u64], unit: usize) -> f64 {
    let Some(top) = (0..words.len() * 64).rev().find(|at| bit(words, *at) == 1) else { return 0.0 };
    // The lowest bit that is kept: 53 bits, or fewer for subnormals.
    let lowest = top.saturating_sub(52).max(unit);
    let mut mantissa = (lowest..=top.max(lowest)).rev().fold(0, |m, at| m << 1 | bit(words, at));
    if lowest > 0 {
        let half = bit(words, lowest - 1) == 1;
        let more = (0..lowest - 1).any(|at| bit(words, at) == 1);
        if half && (more || mantissa & 1 == 1) {
            mantissa += 1;
        }
    }
    // Exact: at most 2^53 times a power of two; too large becomes infinite.
    scaled(mantissa as f64, LEAST_EXPONENT + (lowest - unit) as i64)
}

/// `x * 2^exponent`, in steps that are themselves exact.
fn scaled(mut x: f64, mut exponent: i64) -> f64 {
    while exponent > 0 {
        let step = exponent.min(1000);
        x *= 2f64.powi(step as i32);
        exponent -= step;
    }
    while exponent < 0 {
        // 2^-1074 itself is a float, but 2.powi(-1074) need not be computed exactly; 2^-537 is.
        let step = (-exponent).min(537);
        x *= 1.0 / 2f64.powi(step as i32);
        exponent += step;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(values: &[f64]) -> f64 {
        let mut sum = ExactSum::new();
        values.iter().for_each(|x| sum.add(*x));
        sum.rounded()
    }

    #[test]
    fn sums_are_rounded_once() {
        assert_eq!(exact(&[0.1; 10]), 1.0);
        assert_eq!(exact(&[1e100, 1.0, -1e100]), 1.0);
        assert_eq!(exact(&[f64::MAX, f64::MAX, -f64::MAX]), f64::MAX);
        assert_eq!(exact(&[f64::MAX, f64::MAX]), f64::INFINITY);
        assert_eq!(exact(&[9007199254740992.0, 1.0]), 9007199254740992.0);
        assert_eq!(exact(&[9007199254740992.0, 1.0, 5e-324]), 9007199254740994.0);
        assert_eq!(exact(&[-9007199254740992.0, -1.0, -5e-324]), -9007199254740994.0);
        assert_eq!(exact(&[9007199254740994.0, 1.0]), 9007199254740996.0);
        assert_eq!(exact(&[]).to_bits(), 0.0f64.to_bits());
        assert_eq!(exact(&[-0.0]).to_bits(), 0.0f64.to_bits());
        assert_eq!(exact(&[f64::INFINITY, 1.0]), f64::INFINITY);
        assert!(exact(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
        assert!(exact(&[f64::NAN, f64::INFINITY]).is_nan());
    }

    #[test]
    fn every_float_is_its_own_sum() {
        for x in [5e-324, -5e-324, 2.2250738585072014e-308, 2.225073858507201e-308, f64::MAX, f64::MIN, 1.5, 0.1, 1e308]
        {
            assert_eq!(exact(&[x]), x);
        }
        let mut state = 1u64;
        for _ in 0..10_000 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let x = f64::from_bits(state ^ (state >> 29));
            if x.is_finite() {
                assert_eq!(exact(&[x]), x);
                assert_eq!(exact(&[x, x]), 2.0 * x);
                assert_eq!(exact(&[x, 1.0, -x]), 1.0);
            }
        }
    }

    #[test]
    fn two_floats_sum_as_the_processor_says() {
        let mut state = 7u64;
        let mut next = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            // Exponents near each other, so that rounding happens.
            f64::from_bits((state >> 12) | ((1000 + state % 40) << 52) | (state & (1 << 63)))
        };
        for _ in 0..10_000 {
            let (a, b) = (next(), next());
            assert_eq!(exact(&[a, b]), a + b);
        }
    }
}
