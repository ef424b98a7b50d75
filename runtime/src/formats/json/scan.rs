//! Passes over JSON values without making anything of them. It either finds what [`text`](super::text) would, or gives up.

use super::text::DEEPEST;

/// A value, by its place in a text.
pub type Span = (u32, u32);

/// What bytes are inside of a text.
const PLAIN: u8 = 0;
const QUOTE: u8 = 1;
const OTHER: u8 = 2;

/// Which bytes end a run of plain ones.
const IN_TEXT: [u8; 256] = {
    let mut table = [PLAIN; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = OTHER;
        byte += 1;
    }
    table[b'"' as usize] = QUOTE;
    table[b'\\' as usize] = OTHER;
    table
};

/// The first byte from `at` that is no blank.
#[inline]
pub fn skip_blanks(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Of eight bytes the highest bit of each that may end a run of plain ones; the lowest of them does. (From "Bit Twiddling
/// Hacks" by S. E. Anderson: a byte that is zero, or less than another.)
#[inline]
fn ends_in(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let less = |word: u64, than: u64| word.wrapping_sub(EACH * than) & !word & (EACH << 7);
    let is = |byte: u8| less(word ^ (EACH * u64::from(byte)), 1);
    less(word, 0x20) | is(b'"') | is(b'\\')
}

/// The end of the text whose quote stands at `at`.
#[inline]
pub fn string(text: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        if let Some(word) = text.get(at..).and_then(<[u8]>::first_chunk) {
            let ends = ends_in(u64::from_le_bytes(*word));
            if ends == 0 {
                at += 8;
                continue;
            }
            at += ends.trailing_zeros() as usize / 8;
        }
        match IN_TEXT[usize::from(*text.get(at)?)] {
            PLAIN => at += 1,
            QUOTE => return Some(at + 1),
            _ => at = escape(text, at)?,
        }
    }
}

/// The end of an escape; it gives up on those of surrogates, which come in pairs.
fn escape(text: &[u8], at: usize) -> Option<usize> {
    match (text[at], text.get(at + 1)?) {
        (b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Some(at + 2),
        (b'\\', b'u') => {
            let digits = text.get(at + 2..at + 6)?;
            let is_surrogate = matches!(digits, [b'd' | b'D', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F', ..]);
            (digits.iter().all(u8::is_ascii_hexdigit) && !is_surrogate).then_some(at + 6)
        }
        _ => None,
    }
}

/// The end of the value that begins at `at`; `depth` values are around it.
pub fn value(text: &[u8], at: usize, depth: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => string(text, at),
        b'-' | b'0'..=b'9' => number(text, at),
        b'{' if depth < DEEPEST => record(text, at, depth + 1, |_, _| {}),
        b'[' if depth < DEEPEST => list(text, at, depth + 1),
        b't' => word(text, at, b"true"),
        b'f' => word(text, at, b"false"),
        b'n' => word(text, at, b"null"),
        _ => None,
    }
}

fn word(text: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    let end = at + word.len();
    let is_longer = text.get(end).is_some_and(u8::is_ascii_alphabetic);
    (text.get(at..end) == Some(word) && !is_longer).then_some(end)
}

#[inline]
fn digits(text: &[u8], at: usize) -> Option<usize> {
    let mut end = at;
    while text.get(end).is_some_and(u8::is_ascii_digit) {
        end += 1;
    }
    (end > at).then_some(end)
}

#[inline]
fn number(text: &[u8], at: usize) -> Option<usize> {
    let first = at + usize::from(text[at] == b'-');
    let mut end = digits(text, first)?;
    if text[first] == b'0' && end > first + 1 {
        return None;
    }
    if text.get(end) == Some(&b'.') {
        end = digits(text, end + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(end) {
        let sign = matches!(text.get(end + 1), Some(b'+' | b'-'));
        end = digits(text, end + 1 + usize::from(sign))?;
    }
    Some(end)
}

fn list(text: &[u8], at: usize, depth: usize) -> Option<usize> {
    let mut at = skip_blanks(text, at + 1);
    if text.get(at) == Some(&b']') {
        return Some(at + 1);
    }
    loop {
        at = skip_blanks(text, value(text, at, depth)?);
        match text.get(at)? {
            b',' => at = skip_blanks(text, at + 1),
            b']' => return Some(at + 1),
            _ => return None,
        }
    }
}

/// The end of the record whose brace stands at `at`; `field` is told of each key (with its quotes) and its value.
#[inline]
pub fn record(text: &[u8], at: usize, depth: usize, mut field: impl FnMut(Span, Span)) -> Option<usize> {
    let mut at = skip_blanks(text, at + 1);
    if text.get(at) == Some(&b'}') {
        return Some(at + 1);
    }
    loop {
        if text.get(at) != Some(&b'"') {
            return None;
        }
        let key_end = string(text, at)?;
        let colon = skip_blanks(text, key_end);
        if text.get(colon) != Some(&b':') {
            return None;
        }
        let start = skip_blanks(text, colon + 1);
        let end = value(text, start, depth)?;
        field((at as u32, key_end as u32), (start as u32, end as u32));
        at = skip_blanks(text, end);
        match text.get(at)? {
            b',' => at = skip_blanks(text, at + 1),
            b'}' => return Some(at + 1),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_that_ends_a_run_is_found() {
        let mut word = 1u64;
        for _ in 0..200_000 {
            word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Bytes near those that are looked for are drawn often.
            let bytes =
                (word ^ word >> 29).to_le_bytes().map(|byte| b"\" \\\x1f\x00]\x20\xa2\x9fabcdef"[byte as usize % 15]);
            let first = bytes.iter().position(|byte| IN_TEXT[usize::from(*byte)] != PLAIN);
            let ends = ends_in(u64::from_le_bytes(bytes));
            assert_eq!(first, (ends != 0).then(|| ends.trailing_zeros() as usize / 8), "{bytes:?}");
        }
    }
}
