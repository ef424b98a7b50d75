//! Where the numbers of a field lie in rows of a host: machine code loads them from there, and no column is made of them.

use crate::kernel::ops::Lane;
use std::any::Any;
use std::marker::PhantomData;

/// How a number lies in memory. Any bits are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// `i8`
    I8,
    /// `i16`
    I16,
    /// `i32`
    I32,
    /// `i64`
    I64,
    /// `u8`
    U8,
    /// `u16`
    U16,
    /// `u32`
    U32,
    /// `f32`
    F32,
    /// `f64`
    F64,
}

impl Number {
    /// Its lane once it is loaded.
    pub fn lane(self) -> Lane {
        match self {
            Number::I8 | Number::I16 | Number::I32 | Number::I64 | Number::U8 | Number::U16 | Number::U32 => Lane::Int,
            Number::F32 | Number::F64 => Lane::Float,
        }
    }
}

/// A number in a row.
#[derive(Clone, Copy, Debug)]
pub struct InPlace<'a> {
    number: Number,
    address: usize,
    size: usize,
    lent: PhantomData<&'a ()>,
}

/// Tries the types of numbers one after the other.
macro_rules! in_place {
    ($value:expr, $($type:ty: $number:ident)*) => {$(
        if let Some(x) = $value.downcast_ref::<$type>() {
            let address = std::ptr::from_ref(x).addr();
            return Some(InPlace { number: Number::$number, address, size: size_of::<$type>(), lent: PhantomData });
        }
    )*};
}

impl<'a> InPlace<'a> {
    /// A value, if it is a number that is an `int` or a `float` of Pipe whatever its bits are. A `u64` is none: it may be too large.
    #[inline]
    pub fn of(value: &'a dyn Any) -> Option<InPlace<'a>> {
        in_place!(value, i64: I64 f64: F64 i32: I32 u32: U32 f32: F32 i16: I16 u16: U16 i8: I8 u8: U8);
        None
    }
}

/// How the numbers of a field lie in rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// How each of them lies there.
    pub number: Number,
    /// How many bytes behind the beginning of its row.
    pub offset: usize,
    /// How many bytes a row takes.
    pub stride: usize,
}

/// The numbers of a field in the rows of a slice. What it says is true of the slice: in each of `rows` rows, the first of which
/// begins at `start`, such a number lies as `layout` says.
#[derive(Clone, Copy, Debug)]
pub struct Strided<'a> {
    start: usize,
    rows: usize,
    layout: Layout,
    slice: PhantomData<&'a ()>,
}

impl<'a> Strided<'a> {
    /// The numbers that `number` finds in the rows; none if it finds none that lies in the first row itself.
    pub fn of<T>(rows: &'a [T], number: impl Fn(&'a T) -> Option<InPlace<'a>>) -> Option<Strided<'a>> {
        let InPlace { number, address, size, .. } = number(rows.first()?)?;
        let start = rows.as_ptr().expose_provenance();
        let layout = Layout { number, offset: address.checked_sub(start)?, stride: size_of::<T>() };
        let lies_in_row = layout.offset.checked_add(size)? <= layout.stride;
        lies_in_row.then_some(Strided { start, rows: rows.len(), layout, slice: PhantomData })
    }

    /// Those of the rows from one on.
    pub fn from(self, row: usize) -> Strided<'a> {
        assert!(row <= self.rows);
        Strided { start: self.start + row * self.layout.stride, rows: self.rows - row, ..self }
    }

    /// The address of the first row.
    pub fn start(self) -> usize {
        self.start
    }

    /// How many there are.
    pub fn rows(self) -> usize {
        self.rows
    }

    /// How they lie there.
    pub fn layout(self) -> Layout {
        self.layout
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_in_a_row_has_a_place() {
        struct Row {
            a: i32,
            x: f64,
            y: Box<i64>,
        }
        static ELSEWHERE: i64 = 5;
        let rows = [1, 2, 3].map(|a| Row { a, x: 0.5, y: Box::new(7) });
        let x = Strided::of(&rows, |row| InPlace::of(&row.x)).expect("it lies there");
        assert_eq!((x.rows(), x.layout().stride, x.from(2).rows()), (3, size_of::<Row>(), 1));
        assert_eq!(x.from(1).start() + x.layout().offset, std::ptr::from_ref(&rows[1].x).addr());
        assert!(Strided::of(&rows, |row| InPlace::of(&*row.y)).is_none());
        assert!(Strided::of(&rows, |_| InPlace::of(&ELSEWHERE)).is_none());
        assert!(Strided::of(&rows[..0], |row| InPlace::of(&row.x)).is_none());
        let a = Strided::of(&rows, |row| InPlace::of(&row.a)).expect("it lies there");
        assert_eq!((a.layout().number, x.layout().number), (Number::I32, Number::F64));
        assert!(InPlace::of(&rows[0].a.unsigned_abs()).is_some() && InPlace::of(&1u64).is_none());
    }
}
