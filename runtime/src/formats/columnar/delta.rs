//! Ints that are packed as their differences (`DELTA_BINARY_PACKED`), taken apart and not believed.
//!
//! They come in blocks, each of which says the least of its differences, and of how many bits the rest of each is in every
//! part of it.

use super::thrift::Walker;

/// Some ints that are packed so.
pub(super) struct Differences<'a> {
    bytes: &'a [u8],
    /// How many there are said to be.
    pub count: u64,
    first: i64,
    of_block: u64,
    parts: u64,
    /// Where the first block begins.
    start: usize,
}

/// The differences in a part of a block.
struct Part<'a> {
    least: i64,
    /// How many bits there are of each, from the first of these bytes on.
    width: usize,
    count: usize,
    bytes: &'a [u8],
}

impl<'a> Differences<'a> {
    /// Reads their head.
    pub fn new(bytes: &'a [u8]) -> Option<Differences<'a>> {
        let mut walker = Walker::new(bytes);
        let (of_block, parts, count) = (walker.unsigned()?, walker.unsigned()?, walker.unsigned()?);
        let first = walker.int()?;
        Some(Differences { bytes, count, first, of_block, parts, start: walker.at })
    }

    /// The first so many of them.
    pub fn at_most(self, count: u64) -> Differences<'a> {
        Differences { count: self.count.min(count), ..self }
    }

    /// Where they end; none where they make no sense.
    pub fn end(&self) -> Option<usize> {
        self.walk(|_| ())
    }

    /// Whether one of the numbers that they are made of does not fit into 32 bits.
    pub fn needs_more_than_32_bits(&self) -> Option<bool> {
        let is_long = |number: i64| i32::try_from(number).is_err();
        let mut needs = is_long(self.first);
        self.walk(|part| needs |= is_long(part.least) || part.width > 32)?;
        Some(needs)
    }

    /// Goes over them as ints of 32 bits, in whose width their sums wrap around.
    pub fn unpack(&self, mut visit: impl FnMut(u32)) -> Option<()> {
        let mut value = self.first as u32;
        if self.count > 0 {
            visit(value);
        }
        self.walk(|part| {
            for at in 0..part.count {
                let more = low_bits(part.bytes, at * part.width, part.width);
                value = value.wrapping_add(part.least as u32).wrapping_add(more);
                visit(value);
            }
        })?;
        Some(())
    }

    /// Goes over all parts, and says where they end; none where they make no sense.
    fn walk(&self, mut visit: impl FnMut(Part<'a>)) -> Option<usize> {
        let parts = usize::try_from(self.parts).ok()?;
        let of_part = usize::try_from(self.of_block.checked_div(self.parts)?).ok()?;
        if of_part == 0 || of_part % 8 != 0 {
            return None;
        }
        let mut walker = Walker::new(self.bytes);
        walker.at = self.start;
        let mut left = usize::try_from(self.count).ok()?.saturating_sub(1);
        while left > 0 {
            let least = walker.int()?;
            let widths = self.bytes.get(walker.at..walker.at.checked_add(parts)?)?;
            walker.at += parts;
            for width in widths.iter().copied().map(usize::from) {
                if left == 0 {
                    break;
                }
                let (count, bytes) = (left.min(of_part), self.bytes.get(walker.at..)?);
                // The last part may be cut off behind what is wanted of it.
                if width > 64 || bytes.len() < count.checked_mul(width)?.div_ceil(8) {
                    return None;
                }
                visit(Part { least, width, count, bytes });
                left -= count;
                walker.at = walker.at.checked_add((of_part / 8).checked_mul(width)?)?;
            }
        }
        Some(walker.at)
    }
}

/// The low half of the number of so many bits that begins at a bit; the bits of a byte count from its lowest.
fn low_bits(bytes: &[u8], at: usize, width: usize) -> u32 {
    let rest = &bytes[at / 8..];
    let word = match rest.first_chunk() {
        Some(word) => u64::from_le_bytes(*word),
        None => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    let shifted = (word >> (at % 8)) as u32;
    if width < 32 { shifted & ((1 << width) - 1) } else { shifted }
}
