//! Rows as Arrow columns.
//!
//! A [`Batch`] may carry *faults*: values that could not be computed or read and that nobody has demanded yet. They
//! travel with their rows through filters, sorts and slices and are raised only on demand, so that no rewrite of a
//! plan can change which error is seen.

mod column;
pub mod keys;
mod origin;
mod values;

pub use column::{Column, size_of_texts, wide_array};
pub use origin::{Origin, Records};
pub use values::Values;

use crate::error::{RowError, RunError};
use arrow_array::UInt32Array;
use pipelang_lang::fault::{self, Fault};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Kind;
use std::sync::Arc;

/// A value, or why it cannot be had.
pub type Outcome = Result<Scalar, Arc<RowError>>;

/// A value that could not be had and that nobody has demanded yet.
#[derive(Clone, Debug)]
pub struct BatchFault {
    /// The row of the batch.
    pub row: u32,
    /// The column of the batch.
    pub column: u32,
    /// What happened.
    pub error: Arc<RowError>,
}

/// Some rows.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// How many rows; all columns are so long.
    pub rows: usize,
    /// The columns.
    pub columns: Vec<Column>,
    /// Values that are not there, by ascending row. Their places in the columns hold anything.
    pub faults: Vec<BatchFault>,
    /// Where the rows stand in a file, if they come straight from one.
    pub origin: Option<Origin>,
}

impl Batch {
    /// Rows without faults.
    pub fn new(rows: usize, columns: Vec<Column>) -> Batch {
        debug_assert!(columns.iter().all(|column| column.len() == rows));
        Batch { rows, columns, faults: Vec::new(), origin: None }
    }

    /// Rows of single outcomes; those that are errors become faults.
    pub fn of_rows(kinds: &[Kind], rows: Vec<Vec<Outcome>>, origin: Option<Origin>) -> Batch {
        let mut faults = Vec::new();
        let mut columns: Vec<Vec<Scalar>> = kinds.iter().map(|_| Vec::with_capacity(rows.len())).collect();
        let count = rows.len();
        for (row, values) in rows.into_iter().enumerate() {
            for (column, value) in values.into_iter().enumerate() {
                columns[column].push(value.unwrap_or_else(|error| {
                    faults.push(BatchFault { row: row as u32, column: column as u32, error });
                    Scalar::Null
                }));
            }
        }
        let columns = kinds.iter().zip(&columns).map(|(kind, values)| Column::from_scalars(kind, values)).collect();
        Batch { rows: count, columns, faults, origin }
    }

    /// What a value is when somebody demands it.
    pub fn outcome(&self, row: usize, column: usize) -> Outcome {
        match self.fault(row, column) {
            Some(error) => Err(error.clone()),
            None => Ok(self.columns[column].get(row)),
        }
    }

    /// Frees values that nobody else has, one by one, until it is to `stop`.
    pub fn free_until(&mut self, stop: &dyn Fn() -> bool) {
        for column in &mut self.columns {
            if let Column::Values(values) = column {
                values.free_until(stop);
            }
        }
    }

    /// About how many bytes it takes.
    pub fn size(&self) -> u64 {
        const FAULT: usize = 128;
        let columns: usize = self.columns.iter().map(Column::size).sum();
        (columns + self.faults.len() * FAULT) as u64
    }

    /// The error that demanding a value raises, if it is a fault.
    pub fn fault(&self, row: usize, column: usize) -> Option<&Arc<RowError>> {
        self.faults_of(row).find(|fault| fault.column as usize == column).map(|fault| &fault.error)
    }

    /// The faults of a row.
    fn faults_of(&self, row: usize) -> impl Iterator<Item = &BatchFault> {
        let first = self.faults.partition_point(|fault| (fault.row as usize) < row);
        self.faults[first..].iter().take_while(move |fault| fault.row as usize == row)
    }

    /// Whether a column has faults.
    pub fn has_faults(&self, column: usize) -> bool {
        self.faults.iter().any(|fault| fault.column as usize == column)
    }

    /// Rows `start .. start + length`, without copying.
    pub fn slice(&self, start: usize, length: usize) -> Batch {
        let faults = self.faults.iter().filter(|fault| (start..start + length).contains(&(fault.row as usize)));
        Batch {
            rows: length,
            columns: self.columns.iter().map(|column| column.slice(start, length)).collect(),
            faults: faults.map(|fault| BatchFault { row: fault.row - start as u32, ..fault.clone() }).collect(),
            origin: self.origin.as_ref().map(|origin| origin.of_rows(start..start + length)),
        }
    }

    /// The rows at `rows`, in that order; places in files are dropped.
    pub fn take(&self, rows: &UInt32Array) -> Batch {
        let mut faults = Vec::new();
        if !self.faults.is_empty() && !fault::is(Fault::FaultsLost) {
            for (new, old) in rows.values().iter().enumerate() {
                let here = self.faults_of(*old as usize);
                faults.extend(here.map(|fault| BatchFault { row: new as u32, ..fault.clone() }));
            }
        }
        Batch {
            rows: rows.len(),
            columns: self.columns.iter().map(|column| column.take(rows)).collect(),
            faults,
            origin: None,
        }
    }

    /// Rows of several parts, each said by its part and where it is there; places in files are dropped. Of no parts there are
    /// no columns.
    pub fn interleave(parts: &[&Batch], rows: &[(usize, usize)]) -> Batch {
        let mut faults = Vec::new();
        if parts.iter().any(|part| !part.faults.is_empty()) && !fault::is(Fault::FaultsLost) {
            for (new, (part, old)) in rows.iter().enumerate() {
                let here = parts[*part].faults_of(*old);
                faults.extend(here.map(|fault| BatchFault { row: new as u32, ..fault.clone() }));
            }
        }
        let column = |at: usize| {
            let columns: Vec<&Column> = parts.iter().map(|part| &part.columns[at]).collect();
            Column::interleave(&columns, rows)
        };
        let columns = (0..parts.first().map_or(0, |part| part.columns.len())).map(column).collect();
        Batch { rows: rows.len(), columns, faults, origin: None }
    }

    /// The same with their places in files, if they have any.
    pub fn repeated(&self, rows: &[u32]) -> Batch {
        let origin = self.origin.as_ref().map(|origin| origin.of_rows(rows.iter().map(|row| *row as usize)));
        Batch { origin, ..self.take(&UInt32Array::from(rows.to_vec())) }
    }

    /// The same rows with some of the columns, in that order.
    pub fn of_columns(&self, columns: &[usize]) -> Batch {
        let place = |fault: &BatchFault| columns.iter().position(|column| *column == fault.column as usize);
        let moved = |fault: &BatchFault| Some(BatchFault { column: place(fault)? as u32, ..fault.clone() });
        let mut faults: Vec<BatchFault> = self.faults.iter().filter_map(moved).collect();
        faults.sort_by_key(|fault| (fault.row, fault.column));
        let columns = columns.iter().map(|column| self.columns[*column].clone()).collect();
        Batch { rows: self.rows, columns, faults, origin: self.origin.clone() }
    }

    /// The same rows with the columns of another batch too; it is said where each column of both goes.
    pub fn beside(self, places: &[usize], other: Batch, places_of_other: &[usize]) -> Batch {
        let mut columns = vec![Column::Null(0); self.columns.len() + other.columns.len()];
        let mut faults = Vec::with_capacity(self.faults.len() + other.faults.len());
        let (rows, origin) = (self.rows, self.origin.or(other.origin));
        let parts = [(self.columns, self.faults, places), (other.columns, other.faults, places_of_other)];
        for (from, its_faults, places) in parts {
            from.into_iter().zip(places).for_each(|(column, place)| columns[*place] = column);
            let moved = |fault: BatchFault| BatchFault { column: places[fault.column as usize] as u32, ..fault };
            faults.extend(its_faults.into_iter().map(moved));
        }
        faults.sort_by_key(|fault| (fault.row, fault.column));
        Batch { rows, columns, faults, origin }
    }

    /// All rows of all parts in order; the parts have the same columns. Of no parts: `None`.
    pub fn concat(parts: &[Batch]) -> Option<Batch> {
        Batch::concat_while(parts, &|| Ok(())).unwrap_or_default()
    }

    /// The same of very many rows: before each column of a part `look` says whether to go on.
    pub fn concat_while(parts: &[Batch], look: &dyn Fn() -> Result<(), RunError>) -> Result<Option<Batch>, RunError> {
        let Some(first) = parts.first() else { return Ok(None) };
        if parts.len() == 1 {
            return Ok(Some(first.clone()));
        }
        let column =
            |at: usize| Column::concat_while(&parts.iter().map(|part| &part.columns[at]).collect::<Vec<_>>(), look);
        let columns = (0..first.columns.len()).map(column).collect::<Result<_, RunError>>()?;
        let (mut faults, mut rows) = (Vec::new(), 0);
        for part in parts {
            faults.extend(part.faults.iter().map(|f| BatchFault { row: f.row + rows as u32, ..f.clone() }));
            rows += part.rows;
        }
        Ok(Some(Batch { rows, columns, faults, origin: None }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::RowFault;
    use arrow_array::Array;
    use pipelang_lang::codes::E0601;
    use pipelang_lang::ir::SiteId;
    use pipelang_lang::scalar::Fault;

    fn batch() -> Batch {
        let ints: Vec<Scalar> = (0..6).map(Scalar::Int).collect();
        let texts: Vec<Scalar> =
            (0..6).map(|i| if i == 3 { Scalar::Null } else { Scalar::String(format!("text {i}").into()) }).collect();
        let mut batch =
            Batch::new(6, vec![Column::from_scalars(&Kind::Int, &ints), Column::from_scalars(&Kind::String, &texts)]);
        let fault = RowFault::Expression { site: SiteId(0), fault: Fault::new(E0601, "x") };
        let error = Arc::new(RowError { fault, place: None });
        batch.faults = vec![BatchFault { row: 4, column: 0, error }];
        batch
    }

    #[test]
    fn faults_travel_with_their_rows() {
        let taken = batch().take(&UInt32Array::from(vec![5, 4, 3, 4]));
        assert!(taken.fault(1, 0).is_some() && taken.fault(3, 0).is_some());
        assert!(taken.fault(0, 0).is_none() && taken.fault(1, 1).is_none());
        assert_eq!(taken.columns[1].get(2), Scalar::Null);
        let sliced = batch().slice(3, 2);
        assert!(sliced.fault(1, 0).is_some() && sliced.fault(0, 0).is_none());
        let both = Batch::concat(&[sliced, batch()]).expect("two parts");
        assert!(both.fault(1, 0).is_some() && both.fault(6, 0).is_some());
        assert_eq!(both.columns[0].get(7), Scalar::Int(5));
        let (first, second) = (batch(), batch().slice(3, 3));
        let woven = Batch::interleave(&[&first, &second], &[(1, 2), (1, 1), (0, 4), (0, 0), (1, 0)]);
        let faulty: Vec<usize> = (0..5).filter(|row| woven.fault(*row, 0).is_some()).collect();
        assert_eq!(faulty, [1, 2]);
        assert_eq!(woven.columns[0].get(0), Scalar::Int(5));
        assert_eq!(woven.columns[1].get(4), Scalar::Null);
    }

    #[test]
    fn columns_of_all_kinds_are_brought_together_and_woven() {
        type Make = fn(i64) -> Scalar;
        let all: [(Kind, Make); 10] = [
            (Kind::Bool, |x| Scalar::Bool(x % 2 == 0)),
            (Kind::Int, Scalar::Int),
            (Kind::Float, |x| Scalar::Float(x as f64 / 2.0)),
            (Kind::String, |x| Scalar::String(format!("a text of more than a few bytes {x}").into())),
            (Kind::Date, |x| Scalar::Date(x as i32)),
            (Kind::DateTime, Scalar::DateTime),
            (Kind::Duration, Scalar::Duration),
            (Kind::Wide, |x| Scalar::Wide(i128::from(x) << 70)),
            (Kind::Bytes, |x| Scalar::Bytes(x.to_le_bytes().as_slice().into())),
            (Kind::Null, |_| Scalar::Null),
        ];
        for (kind, value) in all {
            let value = |x: i64| if x % 5 == 3 { Scalar::Null } else { value(x) };
            let values: Vec<Scalar> = (0..20).map(value).collect();
            let column = |range: std::ops::Range<usize>| Column::from_scalars(&kind, &values[range]);
            let parts = [&column(0..7), &Column::Null(2), &column(7..8), &column(3..20).slice(5, 12)];
            let whole = Column::concat(&parts);
            let expected = values[..7].iter().chain(&[Scalar::Null, Scalar::Null]).chain(&values[7..]);
            assert!(expected.enumerate().all(|(row, value)| whole.get(row) == *value), "{kind:?}");
            let rows = [(3, 11), (0, 4), (1, 1), (2, 0), (3, 0), (0, 4)];
            let woven = Column::interleave(&parts, &rows);
            let expected = [&values[19], &values[4], &Scalar::Null, &values[7], &values[8], &values[4]];
            assert!(expected.iter().enumerate().all(|(row, value)| woven.get(row) == **value), "{kind:?}");
        }
    }

    #[test]
    fn a_compact_column_is_no_larger_than_what_rows_share() {
        let text = Column::from_scalars(&Kind::String, &[Scalar::String("long ".repeat(2000).into())]);
        let shared = text.take(&UInt32Array::from(vec![0; 1000]));
        let bytes = |column: &Column| match column {
            Column::String(texts) => texts.get_array_memory_size(),
            other => panic!("{other:?}"),
        };
        assert!(bytes(&shared.compact()) < 100_000);
        assert_eq!(shared.compact().get(999), text.get(0));
        let few = Column::from_scalars(&Kind::String, &vec![text.get(0); 1000]).slice(0, 2);
        assert!(bytes(&few.compact()) < 100_000);
    }

    #[test]
    fn null_columns_take_the_type_of_their_neighbours() {
        let ints = Column::from_scalars(&Kind::Int, &[Scalar::Int(1)]);
        let both = Column::concat(&[&Column::Null(2), &ints]);
        assert_eq!((both.get(0), both.get(2)), (Scalar::Null, Scalar::Int(1)));
    }
}
