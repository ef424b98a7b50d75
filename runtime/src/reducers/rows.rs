//! Which rows of a column a reducer counts: those that are active and not null.

use crate::batch::Column;
use arrow_buffer::BooleanBuffer;

/// A choice of rows.
pub enum Rows {
    /// All of so many.
    All(usize),
    /// Those whose bit is on.
    Some(BooleanBuffer),
}

impl Rows {
    /// The active ones of `count` rows.
    pub fn active(count: usize, active: Option<&BooleanBuffer>) -> Rows {
        match active {
            None => Rows::All(count),
            Some(bits) => Rows::Some(bits.clone()),
        }
    }

    /// Those where a column is not null.
    pub fn with_value(self, column: &Column) -> Rows {
        if let Column::Null(length) = column {
            return Rows::Some(BooleanBuffer::new_unset(*length));
        }
        match column.validity() {
            Some(validity) if validity.null_count() > 0 => self.and(validity.inner()),
            Some(_) | None => self,
        }
    }

    /// Those where a bit is on too.
    pub fn and(self, bits: &BooleanBuffer) -> Rows {
        match self {
            Rows::All(_) => Rows::Some(bits.clone()),
            Rows::Some(mine) => Rows::Some(&mine & bits),
        }
    }

    /// How many.
    pub fn count(&self) -> usize {
        match self {
            Rows::All(count) => *count,
            Rows::Some(bits) => bits.count_set_bits(),
        }
    }

    /// Calls `take` with each row, in order.
    #[inline(always)]
    pub fn each(&self, mut take: impl FnMut(usize)) {
        match self {
            Rows::All(count) => (0..*count).for_each(take),
            Rows::Some(bits) => {
                for (at, mut word) in bits.bit_chunks().iter_padded().enumerate() {
                    if word == u64::MAX {
                        (at * 64..at * 64 + 64).for_each(&mut take);
                        continue;
                    }
                    while word != 0 {
                        take(at * 64 + word.trailing_zeros() as usize);
                        word &= word - 1;
                    }
                }
            }
        }
    }
}

/// Copies a block with the values of unset rows masked away: `mask` gets a value and all ones or all zeros. `words` gives
/// the bits of the rows by 64; a block that is not the last has a multiple of that.
#[inline(always)]
pub fn mask_block<T: Copy>(
    block: &[T],
    words: &mut impl Iterator<Item = u64>,
    masked: &mut [T],
    mask: impl Fn(T, u64) -> T,
) {
    for (values, masked) in block.chunks(64).zip(masked.chunks_mut(64)) {
        let word = words.next().expect("there is a bit for every row");
        for (bit, (value, masked)) in values.iter().zip(masked).enumerate() {
            *masked = mask(*value, 0u64.wrapping_sub(word >> bit & 1));
        }
    }
}
