//! Columns made from fields of Rust values.

use super::{Cell, FieldKind, ToCell, Unfit};
use pipelang_lang::scalar::Scalar;
use pipelang_runtime::batch::Column;
use pipelang_runtime::error::{CellError, RowError, RowFault};
use std::sync::Arc;

/// A column being filled with the values of one field.
#[derive(Debug)]
pub struct ColumnBuilder {
    name: Arc<str>,
    column: Column,
    faults: Vec<(u32, Arc<RowError>)>,
}

impl ColumnBuilder {
    /// An empty column.
    pub(crate) fn new(name: &str) -> ColumnBuilder {
        ColumnBuilder { name: name.into(), column: Column::Null(0), faults: Vec::new() }
    }

    /// The column, and the rows whose value is none of Pipe's (a `u64` above the greatest `int`): an error only if
    /// somebody demands it.
    pub(crate) fn finish(self) -> (Column, Vec<(u32, Arc<RowError>)>) {
        (self.column, self.faults)
    }

    /// Takes the values of a field. A column is filled at once: what it had is replaced.
    pub fn extend<'v, T: ToCell + 'v>(&mut self, values: impl ExactSizeIterator<Item = &'v T>) {
        let (name, faults) = (&self.name, &mut self.faults);
        faults.clear();
        // `T` is one type, so that each loop below knows which cells there can be.
        self.column = match T::KIND {
            FieldKind::Int => {
                let mut int = |(row, value): (usize, &'v T)| match value.to_cell() {
                    Cell::Int(x) => Some(x),
                    Cell::Unfit(x) => {
                        faults.push((row as u32, unfit(name, x)));
                        Some(0)
                    }
                    _ => None,
                };
                if T::NULLABLE {
                    Column::Int(values.enumerate().map(int).collect::<Vec<Option<i64>>>().into())
                } else {
                    Column::Int(values.enumerate().map(|it| int(it).unwrap_or(0)).collect::<Vec<i64>>().into())
                }
            }
            FieldKind::Float => {
                let float = |value: &'v T| if let Cell::Float(x) = value.to_cell() { Some(x) } else { None };
                if T::NULLABLE {
                    Column::Float(values.map(float).collect::<Vec<Option<f64>>>().into())
                } else {
                    Column::Float(values.map(|value| float(value).unwrap_or(0.0)).collect::<Vec<f64>>().into())
                }
            }
            FieldKind::Bool => {
                let bool = |value: &'v T| if let Cell::Bool(x) = value.to_cell() { Some(x) } else { None };
                if T::NULLABLE {
                    Column::Bool(values.map(bool).collect::<Vec<Option<bool>>>().into())
                } else {
                    Column::Bool(values.map(|value| bool(value).unwrap_or(false)).collect::<Vec<bool>>().into())
                }
            }
            FieldKind::Any => Column::Null(values.len()),
            FieldKind::Date
            | FieldKind::DateTime
            | FieldKind::Duration
            | FieldKind::List(_)
            | FieldKind::Record(_)
            | FieldKind::Host(_) => {
                let value = |(row, value): (usize, &'v T)| {
                    value.to_cell().scalar().unwrap_or_else(|x| {
                        faults.push((row as u32, unfit(name, x)));
                        Scalar::Null
                    })
                };
                Column::from_scalars(&T::KIND.kind(), &values.enumerate().map(value).collect::<Vec<_>>())
            }
            FieldKind::String => Column::String(
                values.map(|value| if let Cell::String(x) = value.to_cell() { Some(x) } else { None }).collect(),
            ),
        };
    }
}

fn unfit(name: &Arc<str>, value: Unfit) -> Arc<RowError> {
    let (column, expected, text) = (name.clone(), value.expected(), value.to_string());
    let cell = CellError { code: value.code(), column, inside: None, expected, text, inferred: false };
    Arc::new(RowError { fault: RowFault::Cell(cell), place: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_a_fault() {
        let mut builder = ColumnBuilder::new("id");
        builder.extend([1, u64::MAX, 3].iter());
        let (column, faults) = builder.finish();
        assert_eq!((column.len(), column.get(2)), (3, Scalar::Int(3)));
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].0, 1);
    }

    #[test]
    fn options_are_nullable() {
        let mut builder = ColumnBuilder::new("name");
        builder.extend([Some("a"), None].iter());
        let (column, _) = builder.finish();
        assert_eq!((column.get(0), column.get(1)), (Scalar::String("a".into()), Scalar::Null));
    }
}
