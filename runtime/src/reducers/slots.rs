//! One value of any type for each group: what `min`, `max`, `first` and `last` keep.

use crate::batch::{Column, Values};
use arrow_array::builder::StringViewBuilder;
use arrow_array::{BooleanArray, Date32Array, Float64Array};
use arrow_buffer::NullBuffer;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Kind;

/// What the 64 bits of a value mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// 0 or 1.
    Bool,
    /// The int.
    Int,
    /// The encoding of the float.
    Float,
    /// The days.
    Date,
    /// The microseconds.
    DateTime,
    /// The microseconds.
    Duration,
}

/// Values by group; a new group's is null.
pub enum Slots {
    /// Everything that is not text.
    Bits {
        /// What the bits mean.
        word: Word,
        /// The values.
        bits: Vec<i64>,
        /// Which of them are there.
        present: Vec<bool>,
    },
    /// Texts.
    Text(Vec<Option<Box<str>>>),
    /// Lists, records, maps, JSON or bytes.
    Values(Vec<Scalar>),
    /// Nothing but nulls, for so many groups.
    Null(usize),
}

impl Slots {
    /// No groups; values of `kind`.
    pub fn of(kind: &Kind) -> Slots {
        let bits = |word| Slots::Bits { word, bits: Vec::new(), present: Vec::new() };
        match kind {
            Kind::String => Slots::Text(Vec::new()),
            Kind::Bool => bits(Word::Bool),
            Kind::Int => bits(Word::Int),
            Kind::Float => bits(Word::Float),
            Kind::Date => bits(Word::Date),
            Kind::DateTime => bits(Word::DateTime),
            Kind::Duration => bits(Word::Duration),
            Kind::Null | Kind::Unknown => Slots::Null(0),
            Kind::Bytes | Kind::List(_) | Kind::Record(_) | Kind::Map(_) => Slots::Values(Vec::new()),
            Kind::Json | Kind::Opaque(_) => Slots::Values(Vec::new()),
            Kind::Wide => {
                unreachable!("no reducer takes columns of kind {kind} for now")
            }
        }
    }

    /// Makes room for groups `0 .. groups`.
    pub fn grow(&mut self, groups: usize) {
        match self {
            Slots::Bits { bits, present, .. } if groups > bits.len() => {
                bits.resize(groups, 0);
                present.resize(groups, false);
            }
            Slots::Text(texts) if groups > texts.len() => texts.resize(groups, None),
            Slots::Values(values) if groups > values.len() => values.resize(groups, Scalar::Null),
            Slots::Null(length) => *length = groups.max(*length),
            Slots::Bits { .. } | Slots::Text(_) | Slots::Values(_) => {}
        }
    }

    /// Makes the value of `group` that of a row.
    #[inline]
    pub fn set(&mut self, group: usize, column: &Column, row: usize) {
        let there = !column.is_null(row);
        match self {
            Slots::Bits { bits, present, .. } => {
                bits[group] = if there { word_of(column, row) } else { 0 };
                present[group] = there;
            }
            Slots::Text(texts) => {
                texts[group] = match column {
                    Column::String(values) if there => Some(values.value(row).into()),
                    _ => None,
                }
            }
            Slots::Values(values) => values[group] = column.get(row),
            Slots::Null(_) => {}
        }
    }

    /// Makes the value of `group` that of `from` in `other`, which has the same type and loses it.
    pub fn take_over(&mut self, group: usize, other: &mut Slots, from: usize) {
        match (self, other) {
            (Slots::Bits { bits, present, .. }, Slots::Bits { bits: theirs, present: there, .. }) => {
                (bits[group], present[group]) = (theirs[from], there[from]);
            }
            (Slots::Text(texts), Slots::Text(theirs)) => texts[group] = theirs[from].take(),
            (Slots::Values(values), Slots::Values(theirs)) => {
                values[group] = std::mem::replace(&mut theirs[from], Scalar::Null)
            }
            (Slots::Null(_) | Slots::Bits { .. } | Slots::Text(_) | Slots::Values(_), _) => {}
        }
    }

    /// All of them, behind which there are none.
    pub fn take(&mut self) -> Slots {
        std::mem::replace(self, Slots::Null(0))
    }

    /// The values as a column.
    pub fn finish(self) -> Column {
        match self {
            Slots::Null(length) => Column::Null(length),
            Slots::Values(values) => Column::Values(Values::new(values)),
            Slots::Text(texts) => {
                let mut builder = StringViewBuilder::with_capacity(texts.len());
                texts.iter().for_each(|text| builder.append_option(text.as_deref()));
                Column::String(builder.finish())
            }
            Slots::Bits { word, bits, present } => {
                let validity = Some(NullBuffer::from(present));
                match word {
                    Word::Bool => Column::Bool(BooleanArray::new(bits.iter().map(|x| *x != 0).collect(), validity)),
                    Word::Float => {
                        let values: Vec<f64> = bits.iter().map(|x| f64::from_bits(*x as u64)).collect();
                        Column::Float(Float64Array::new(values.into(), validity))
                    }
                    Word::Date => {
                        let days: Vec<i32> = bits.iter().map(|x| *x as i32).collect();
                        Column::Date(Date32Array::new(days.into(), validity))
                    }
                    Word::Int => Column::of_ints(&Kind::Int, bits.into(), validity),
                    Word::DateTime => Column::of_ints(&Kind::DateTime, bits.into(), validity),
                    Word::Duration => Column::of_ints(&Kind::Duration, bits.into(), validity),
                }
            }
        }
    }
}

/// The bits of a value that is not null and not text.
#[inline]
fn word_of(column: &Column, row: usize) -> i64 {
    match column {
        Column::Bool(values) => i64::from(values.value(row)),
        Column::Int(values) => values.value(row),
        Column::Float(values) => values.value(row).to_bits() as i64,
        Column::Date(values) => i64::from(values.value(row)),
        Column::DateTime(values) => values.value(row),
        Column::Duration(values) => values.value(row),
        Column::String(_) | Column::Wide(_) | Column::Values(_) | Column::Null(_) => {
            unreachable!("the checker gives one type throughout")
        }
    }
}
