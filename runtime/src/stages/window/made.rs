//! What a function of a window made: a value for each place, in columns one behind the other.

use crate::batch::{Batch, Column};

/// Of the first of so many places it is known in which column it is; columns of the others are looked for from there.
const NEAR: usize = 8192;

/// All values that a function made.
#[derive(Debug)]
pub struct Made {
    columns: Vec<Column>,
    /// The first place of each column, and the end.
    starts: Vec<usize>,
    near: Vec<u32>,
}

impl Made {
    /// Of columns that stand one behind the other.
    pub fn new(columns: impl Iterator<Item = Column>) -> Made {
        let columns: Vec<Column> = columns.filter(|column| !column.is_empty()).collect();
        let (mut starts, mut near) = (vec![0], Vec::new());
        for (at, column) in columns.iter().enumerate() {
            let end = starts[at] + column.len();
            near.resize(end.div_ceil(NEAR), at as u32);
            starts.push(end);
        }
        Made { columns, starts, near }
    }

    /// All that there is, to be freed.
    pub fn into_batches(self) -> impl Iterator<Item = Batch> {
        self.columns.into_iter().map(|column| Batch::new(column.len(), vec![column]))
    }

    /// The values at some places.
    pub fn take(&self, places: &[usize]) -> Column {
        let column_of = |place: usize| {
            let mut column = self.near[place / NEAR] as usize;
            while self.starts[column + 1] <= place {
                column += 1;
            }
            (column, place - self.starts[column])
        };
        let columns: Vec<&Column> = self.columns.iter().collect();
        Column::interleave(&columns, &places.iter().map(|place| column_of(*place)).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipelang_lang::scalar::Scalar;
    use pipelang_lang::ty::Kind;

    #[test]
    fn values_are_found_in_their_columns() {
        let ints = |values: std::ops::Range<i64>| {
            Column::from_scalars(&Kind::Int, &values.map(Scalar::Int).collect::<Vec<_>>())
        };
        let lengths = [3, 0, 1, 20_000, 8192, 5];
        let mut next = 0;
        let made = Made::new(lengths.into_iter().map(|length| {
            next += length;
            ints(next - length..next)
        }));
        let places: Vec<usize> = (0..next as usize).rev().collect();
        let taken = made.take(&places);
        assert!(places.iter().enumerate().all(|(row, place)| taken.get(row) == Scalar::Int(*place as i64)));
    }
}
