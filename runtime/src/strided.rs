//! Where the numbers of a field lie in rows of a host: machine code loads them from there, and no column is made of them.

use crate::kernel::ops::Lane;
use std::marker::PhantomData;

/// A number in a row.
#[derive(Clone, Copy, Debug)]
pub enum InPlace<'a> {
    /// An `int`.
    Int(&'a i64),
    /// A `float`.
    Float(&'a f64),
}

/// The numbers of a field in the rows of a slice. What it says is true of the slice: eight bytes lie in each of `rows` rows, a
/// `stride` apart, the first of them at `start`.
#[derive(Clone, Copy, Debug)]
pub struct Strided<'a> {
    start: usize,
    stride: usize,
    rows: usize,
    lane: Lane,
    slice: PhantomData<&'a ()>,
}

impl<'a> Strided<'a> {
    /// The numbers that `number` finds in the rows; none if it finds none that lies in the first row itself.
    pub fn of<T>(rows: &'a [T], number: impl Fn(&'a T) -> Option<InPlace<'a>>) -> Option<Strided<'a>> {
        let (at, lane) = match number(rows.first()?)? {
            InPlace::Int(x) => (std::ptr::from_ref(x).expose_provenance(), Lane::Int),
            InPlace::Float(x) => (std::ptr::from_ref(x).expose_provenance(), Lane::Float),
        };
        let offset = at.checked_sub(rows.as_ptr().expose_provenance())?;
        let lies_in_row = offset.checked_add(size_of::<u64>())? <= size_of::<T>();
        let (stride, rows) = (size_of::<T>(), rows.len());
        lies_in_row.then_some(Strided { start: at, stride, rows, lane, slice: PhantomData })
    }

    /// Those of the rows from one on.
    pub fn from(self, row: usize) -> Strided<'a> {
        assert!(row <= self.rows);
        Strided { start: self.start + row * self.stride, rows: self.rows - row, ..self }
    }

    /// The address of the first, and how far apart they are.
    pub fn place(self) -> [usize; 2] {
        [self.start, self.stride]
    }

    /// How many there are.
    pub fn rows(self) -> usize {
        self.rows
    }

    /// What they are.
    pub fn lane(self) -> Lane {
        self.lane
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
        let x = Strided::of(&rows, |row| Some(InPlace::Float(&row.x))).expect("it lies there");
        assert_eq!((x.rows(), x.place()[1], x.from(2).rows()), (3, size_of::<Row>(), 1));
        assert_eq!(x.from(1).place()[0], std::ptr::from_ref(&rows[1].x).addr());
        assert!(Strided::of(&rows, |row| Some(InPlace::Int(&row.y))).is_none());
        assert!(Strided::of(&rows, |_| Some(InPlace::Int(&ELSEWHERE))).is_none());
        assert!(Strided::of(&rows[..0], |row| Some(InPlace::Float(&row.x))).is_none());
        assert_eq!(rows[0].a, 1);
    }
}
