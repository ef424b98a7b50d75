//! Rows of results, as they are read into values of Rust: a row by itself, or all rows of a batch, column after column.

use super::{Cell, CellMismatch, FromCell};
use pipelang_lang::ty;
use pipelang_runtime::batch::{Batch, Column};
use std::fmt;

/// Rows of a result that came together, their columns in the order of the fields that are wanted.
#[derive(Clone, Copy)]
pub struct ResultBatch<'a> {
    batch: &'a Batch,
    columns: &'a [usize],
    names: &'a ty::Schema,
}

impl fmt::Debug for ResultBatch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("ResultBatch").field("rows", &self.len()).field("columns", &self.names.to_string()).finish()
    }
}

impl<'a> ResultBatch<'a> {
    /// Field `i` of its rows is column `columns[i]` of the batch, and `names` are the batch's columns.
    pub(crate) fn new(batch: &'a Batch, columns: &'a [usize], names: &'a ty::Schema) -> ResultBatch<'a> {
        ResultBatch { batch, columns, names }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.batch.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows, one by one.
    pub fn rows(&self) -> impl Iterator<Item = ResultRow<'a>> + use<'a> {
        let ResultBatch { batch, columns, names } = *self;
        (0..batch.rows).map(move |row| ResultRow { cells: Cells::Batch(batch, row), columns, names })
    }

    /// The values of a field, in the order of the rows; none if any of them does not fit.
    pub fn field<T: FromCell>(&self, field: usize) -> Option<Vec<T>> {
        let column = self.columns[field];
        T::from_column(&ResultColumn { column: &self.batch.columns[column], kind: &self.names.fields[column].ty.kind })
    }
}

/// The values of a field in all rows of a [`ResultBatch`].
pub struct ResultColumn<'a> {
    column: &'a Column,
    kind: &'a ty::Kind,
}

impl fmt::Debug for ResultColumn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("ResultColumn").field("kind", &self.kind).field("rows", &self.column.len()).finish()
    }
}

impl<'a> ResultColumn<'a> {
    /// The values.
    pub fn cells(&self) -> impl ExactSizeIterator<Item = Cell<'a>> + use<'a> {
        let ResultColumn { column, kind } = *self;
        (0..column.len()).map(move |row| Cell::at(column, row, kind))
    }

    /// The values, if they are ints and none is null.
    pub fn ints(&self) -> Option<&'a [i64]> {
        match self.column {
            Column::Int(array) if !self.column.has_nulls() => Some(array.values()),
            _ => None,
        }
    }

    /// The values, if they are floats and none is null.
    pub fn floats(&self) -> Option<&'a [f64]> {
        match self.column {
            Column::Float(array) if !self.column.has_nulls() => Some(array.values()),
            _ => None,
        }
    }
}

/// A row of a result, its cells in the order of the fields that are wanted.
pub struct ResultRow<'a> {
    cells: Cells<'a>,
    columns: &'a [usize],
    names: &'a ty::Schema,
}

impl fmt::Debug for ResultRow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("ResultRow").field("columns", &self.names.to_string()).finish()
    }
}

/// Where the cells are.
enum Cells<'a> {
    Batch(&'a Batch, usize),
    One(&'a dyn Shown),
}

/// A row that is in no batch.
pub(crate) trait Shown {
    /// Shows a column.
    fn show(&self, column: usize, kind: &ty::Kind, see: &mut dyn FnMut(Cell<'_>));
}

impl<'a> ResultRow<'a> {
    /// A row by itself; field `i` is its column `columns[i]`, and `names` are all its columns.
    pub(crate) fn of_one(row: &'a dyn Shown, columns: &'a [usize], names: &'a ty::Schema) -> ResultRow<'a> {
        ResultRow { cells: Cells::One(row), columns, names }
    }

    /// The value of a field.
    #[inline]
    pub fn get<T: FromCell>(&self, field: usize) -> Result<T, CellMismatch> {
        match self.with(field, |cell| T::from_cell(cell)) {
            Ok(value) => Ok(value),
            Err(mismatch) => Err(self.named(field, mismatch)),
        }
    }

    #[cold]
    fn named(&self, field: usize, mismatch: CellMismatch) -> CellMismatch {
        let mut column = self.name(field).unwrap_or_default().to_string();
        if !mismatch.column.is_empty() {
            column = format!("{column}.{}", mismatch.column);
        }
        CellMismatch { column, ..mismatch }
    }

    /// The name of a field's column, if there is such a field.
    pub(crate) fn name(&self, field: usize) -> Option<&'a str> {
        self.columns.get(field).map(|column| &*self.names.fields[*column].name)
    }

    /// What `read` makes of a field's cell.
    #[inline]
    pub(crate) fn with<R>(&self, field: usize, read: impl FnOnce(Cell<'_>) -> R) -> R {
        let column = self.columns[field];
        let kind = &self.names.fields[column].ty.kind;
        match self.cells {
            Cells::Batch(batch, row) => read(Cell::at(&batch.columns[column], row, kind)),
            Cells::One(one) => {
                let (mut read, mut result) = (Some(read), None);
                one.show(column, kind, &mut |cell| result = read.take().map(|read| read(cell)));
                result.expect("each column is shown once")
            }
        }
    }
}
