//! Fast paths for the common cells. Each either gives exactly what [`cell::read`](crate::formats::cell::read) would, or
//! gives up.

use pipelang_lang::fault::{self, Fault};

/// An int of up to 18 digits with an optional minus.
#[inline]
pub fn int(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > 18 + usize::from(fault::is(Fault::LongIntWraps)) {
        return None;
    }
    let mut number = 0i64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + i64::from(digit);
    }
    Some(if negative { -number } else { number })
}

/// A decimal number of up to 15 digits without an exponent: digits and power of ten are exact doubles, so that one
/// division rounds once (Clinger 1990).
#[inline]
pub fn float(text: &[u8]) -> Option<f64> {
    const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.len() > 16 {
        return None;
    }
    let (mut number, mut count, mut point) = (0u64, 0, None);
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            number = number * 10 + u64::from(digit);
            count += 1;
        } else if *byte == b'.' && point.is_none() {
            point = Some(count);
        } else {
            return None;
        }
    }
    if count == 0 || count > 15 {
        return None;
    }
    let number = number as f64 / POWERS[point.map_or(0, |point| count - point)];
    Some(if negative { -number } else { number })
}

/// `true` or `false`.
#[inline]
pub fn bool(text: &[u8]) -> Option<bool> {
    match text {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::cell;

    #[test]
    fn what_is_quick_is_also_right() {
        let mut state = 1u64;
        let mut random = move |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        for _ in 0..200_000 {
            let text: String = (0..random(20)).map(|_| char::from(b"0123456789012345-.+e"[random(20)])).collect();
            if let Some(value) = int(text.as_bytes()) {
                assert_eq!(Some(value), cell::read_int(&text), "{text}");
            }
            if let Some(value) = float(text.as_bytes()) {
                let meant = cell::read_float(&text).map(f64::to_bits);
                assert_eq!(Some(value.to_bits()), meant, "{text}");
            }
        }
    }
}
