//! Keys as bytes: rows compare as their keys' bytes do, and rows are of one group if the bytes are equal.
//!
//! A value is a tag (0 a value, 1 NaN, 2 null) and then its bytes, most significant first; descending keys have the
//! value's bytes inverted, never the tag, so NaN and null stay last. -0.0 is 0.0. Text is closed by two zero bytes, a zero
//! byte inside it is followed by a one. Lists, records, maps, JSON and bytes have no order: their bytes say only which are
//! equal.

use super::Column;
use crate::error::RunError;
use ahash::RandomState;
use pipelang_lang::fault::{self, Fault};
use pipelang_lang::scalar::Scalar;
use std::ops::Range;

const VALUE: u8 = 0;
const NAN: u8 = 1;
const NULL: u8 = 2;

/// The keys of some rows, one after the other.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    bytes: Vec<u8>,
    ends: Ends,
}

/// Where keys end.
#[derive(Clone, Debug)]
enum Ends {
    /// All of them have this length; so many there are.
    Every { length: usize, count: usize },
    /// Each by itself.
    Each(Vec<usize>),
}

impl Default for Ends {
    fn default() -> Ends {
        Ends::Every { length: 0, count: 0 }
    }
}

impl Ends {
    fn count(&self) -> usize {
        match self {
            Ends::Every { count, .. } => *count,
            Ends::Each(ends) => ends.len(),
        }
    }

    #[inline(always)]
    fn range(&self, row: usize) -> Range<usize> {
        match self {
            Ends::Every { length, .. } => row * length..(row + 1) * length,
            Ends::Each(ends) => (if row == 0 { 0 } else { ends[row - 1] })..ends[row],
        }
    }

    /// Another key ends there.
    fn push(&mut self, end: usize) {
        match self {
            Ends::Every { length, count: 0 } => *self = Ends::Every { length: end.max(*length), count: 1 },
            Ends::Every { length, count } if end == *length * (*count + 1) => *count += 1,
            Ends::Every { length, count } => {
                let ends = (1..=*count).map(|key| key * *length).chain([end]);
                *self = Ends::Each(ends.collect());
            }
            Ends::Each(ends) => ends.push(end),
        }
    }
}

impl Keys {
    /// The keys of all rows of `columns`; `descending` has a flag for each (none: all ascending).
    pub fn of(columns: &[Column], rows: usize, descending: &[bool]) -> Keys {
        Keys::of_while(columns, rows, descending, &|| Ok(())).unwrap_or_default()
    }

    /// The same of very many rows: every so often `look` says whether to go on.
    pub fn of_while(
        columns: &[Column],
        rows: usize,
        descending: &[bool],
        look: &dyn Fn() -> Result<(), RunError>,
    ) -> Result<Keys, RunError> {
        const ROWS_BETWEEN_LOOKS: usize = 8192;
        let mut keys = Keys { bytes: Vec::with_capacity(rows * columns.len() * 9), ends: Ends::default() };
        for row in 0..rows {
            if row % ROWS_BETWEEN_LOOKS == ROWS_BETWEEN_LOOKS - 1 {
                look()?;
            }
            for (at, column) in columns.iter().enumerate() {
                append(&mut keys.bytes, column, row, descending.get(at).copied().unwrap_or(false));
            }
            keys.ends.push(keys.bytes.len());
        }
        Ok(keys)
    }

    /// All keys, in the order of the rows.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.count()).map(|row| self.get(row))
    }

    /// The hashes of the keys of some rows.
    pub fn hashes(&self, rows: Range<usize>, hasher: &RandomState) -> Vec<u64> {
        rows.map(|row| hasher.hash_one(self.get(row))).collect()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.ends.count()
    }

    /// The key of a single value.
    pub fn of_value(value: &Scalar) -> Box<[u8]> {
        let mut bytes = Vec::new();
        append_value(&mut bytes, value);
        bytes.into()
    }

    /// About how many bytes they take.
    pub fn size(&self) -> u64 {
        let ends = match &self.ends {
            Ends::Every { .. } => 0,
            Ends::Each(ends) => ends.len() * size_of::<usize>(),
        };
        (self.bytes.len() + ends) as u64
    }

    /// The length of the longest key.
    pub fn longest(&self) -> usize {
        match &self.ends {
            Ends::Every { length, .. } => *length,
            Ends::Each(ends) => (0..ends.len()).map(|row| self.ends.range(row).len()).max().unwrap_or(0),
        }
    }

    /// The key of a row.
    pub fn get(&self, row: usize) -> &[u8] {
        &self.bytes[self.ends.range(row)]
    }

    /// Adds one key.
    pub fn push(&mut self, key: &[u8]) {
        self.bytes.extend_from_slice(key);
        self.ends.push(self.bytes.len());
    }
}

impl<'k> FromIterator<&'k [u8]> for Keys {
    fn from_iter<I: IntoIterator<Item = &'k [u8]>>(all: I) -> Keys {
        let mut keys = Keys::default();
        all.into_iter().for_each(|key| keys.push(key));
        keys
    }
}

fn append(bytes: &mut Vec<u8>, column: &Column, row: usize, descending: bool) {
    if column.is_null(row) {
        return bytes.push(if descending && fault::is(Fault::NullsFirst) { VALUE } else { NULL });
    }
    let flip = if descending { 0xff } else { 0 };
    match column {
        Column::Bool(array) => bytes.extend([VALUE, u8::from(array.value(row)) ^ flip]),
        Column::Int(array) => append_ordered(bytes, array.value(row) as u64 ^ (1 << 63), descending),
        Column::DateTime(array) => append_ordered(bytes, array.value(row) as u64 ^ (1 << 63), descending),
        Column::Duration(array) => append_ordered(bytes, array.value(row) as u64 ^ (1 << 63), descending),
        Column::Date(array) => append_ordered(bytes, i64::from(array.value(row)) as u64 ^ (1 << 63), descending),
        Column::Float(array) => match array.value(row) {
            x if x.is_nan() && fault::is(Fault::NanKeysDiffer) => bytes.extend([NAN, row as u8]),
            x if x.is_nan() => bytes.push(NAN),
            x => append_ordered(bytes, ordered_bits(x), descending),
        },
        Column::Wide(array) => {
            let ordered = array.value(row) as u128 ^ (1 << 127);
            bytes.push(VALUE);
            bytes.extend(ordered.to_be_bytes().map(|byte| byte ^ flip));
        }
        Column::String(array) => append_text(bytes, array.value(row), flip),
        Column::Values(values) => append_value(bytes, values.value(row)),
        Column::Null(_) => bytes.push(NULL),
    }
}

fn append_text(bytes: &mut Vec<u8>, text: &str, flip: u8) {
    bytes.push(VALUE);
    for byte in text.bytes() {
        bytes.push(byte ^ flip);
        if byte == 0 {
            bytes.push(1 ^ flip);
        }
    }
    bytes.extend([flip, flip]);
}

/// A value of any kind: equal bytes for what is one key.
fn append_value(bytes: &mut Vec<u8>, value: &Scalar) {
    match value {
        Scalar::Null => bytes.push(NULL),
        Scalar::Bool(x) => bytes.extend([VALUE, u8::from(*x)]),
        Scalar::Int(x) | Scalar::DateTime(x) | Scalar::Duration(x) => append_ordered(bytes, *x as u64, false),
        Scalar::Date(x) => append_ordered(bytes, i64::from(*x) as u64, false),
        Scalar::Float(x) if x.is_nan() => bytes.push(NAN),
        Scalar::Float(x) => append_ordered(bytes, ordered_bits(*x), false),
        Scalar::Wide(x) => {
            bytes.push(VALUE);
            bytes.extend(x.to_be_bytes());
        }
        Scalar::String(text) | Scalar::Json(text) => append_text(bytes, text, 0),
        Scalar::Bytes(data) => {
            bytes.push(VALUE);
            bytes.extend((data.len() as u64).to_be_bytes());
            bytes.extend(&**data);
        }
        Scalar::List(items) | Scalar::Record(items) => {
            bytes.push(VALUE);
            bytes.extend((items.len() as u64).to_be_bytes());
            items.iter().for_each(|item| append_value(bytes, item));
        }
        // The checker lets nobody ask for it; if somebody did, each were a key of its own kind.
        Scalar::Opaque(_) => bytes.push(VALUE),
        Scalar::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
            bytes.push(VALUE);
            bytes.extend((entries.len() as u64).to_be_bytes());
            for (key, value) in entries {
                append_text(bytes, key, 0);
                append_value(bytes, value);
            }
        }
    }
}

fn append_ordered(bytes: &mut Vec<u8>, ordered: u64, descending: bool) {
    bytes.push(VALUE);
    bytes.extend((if descending { !ordered } else { ordered }).to_be_bytes());
}

/// Bits that are ordered as the numbers are; both zeros are one.
fn ordered_bits(x: f64) -> u64 {
    let bits = if fault::is(Fault::ZeroKeysDiffer) { x.to_bits() } else { (x + 0.0).to_bits() };
    if bits >> 63 == 1 { !bits } else { bits | (1 << 63) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipelang_lang::scalar::{Scalar, same_key, sort_order};
    use pipelang_lang::ty::Kind;

    /// All pairs of odd values compare as `scalar::sort_order` says.
    #[test]
    fn bytes_are_ordered_as_values_are() {
        let floats = [f64::NEG_INFINITY, -1.5, -0.0, 0.0, 5e-324, 1.0, f64::MAX, f64::INFINITY, f64::NAN];
        let texts = ["", "\0", "\0\0", "a", "a\0", "a\0b", "aa", "ä", "\u{10ffff}"];
        let ints = [i64::MIN, -1, 0, 1, i64::MAX];
        let with_null = |values: Vec<Scalar>| values.into_iter().chain([Scalar::Null]).collect::<Vec<_>>();
        let cases = [
            (Kind::Float, with_null(floats.map(Scalar::Float).to_vec())),
            (Kind::String, with_null(texts.map(|t| Scalar::String(t.into())).to_vec())),
            (Kind::Int, with_null(ints.map(Scalar::Int).to_vec())),
            (Kind::Bool, with_null([false, true].map(Scalar::Bool).to_vec())),
            (Kind::DateTime, with_null(ints.map(Scalar::DateTime).to_vec())),
            (Kind::Duration, with_null(ints.map(Scalar::Duration).to_vec())),
            (Kind::Date, with_null([i32::MIN, -1, 0, i32::MAX].map(Scalar::Date).to_vec())),
            (Kind::Wide, with_null([i128::MIN / 2, -1, 0, 1].map(Scalar::Wide).to_vec())),
        ];
        for (kind, values) in cases {
            let columns = [Column::from_scalars(&kind, &values)];
            for descending in [false, true] {
                let keys = Keys::of(&columns, values.len(), &[descending]);
                for (i, a) in values.iter().enumerate() {
                    for (j, b) in values.iter().enumerate() {
                        assert_eq!(keys.get(i).cmp(keys.get(j)), sort_order(a, b, descending), "{a:?} {b:?}");
                        assert_eq!(keys.get(i) == keys.get(j), same_key(a, b), "{a:?} {b:?}");
                    }
                }
            }
        }
    }
}
