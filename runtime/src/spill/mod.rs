//! What an operator writes to disk when it may hold no more: runs of rows in some order, and the one order that they make
//! together.

mod codec;
mod file;
mod gather;
mod merge;
pub mod partitions;
mod run;

pub use gather::Merged;
pub use merge::{Merge, Runs};
pub use partitions::Partitions;
pub use run::RunWriter;

use crate::batch::Batch;
use crate::error::RunError;
use pipelang_lang::codes::E0702;
use pipelang_lang::ty::Kind;
use std::io;

/// How many rows of runs operators read at once.
pub const ROWS: usize = 2048;

/// The rows that an operator gives.
#[derive(Debug, Default)]
pub enum Rows {
    /// There are none.
    #[default]
    None,
    /// They are in memory, in pieces that stand one behind the other.
    Batches(Vec<Batch>),
    /// They are on disk.
    Merge(Box<Merge>),
}

impl From<Vec<Batch>> for Rows {
    fn from(batches: Vec<Batch>) -> Rows {
        Rows::Batches(batches)
    }
}

impl From<Merge> for Rows {
    fn from(merge: Merge) -> Rows {
        Rows::Merge(Box::new(merge))
    }
}

/// The kinds of the columns of batches that go to disk, as far as they are known: a column may have nothing but nulls for
/// a long time.
#[derive(Clone, Debug, Default)]
pub struct Kinds(Vec<Option<Kind>>);

impl Kinds {
    /// Learns from a batch.
    pub fn learn(&mut self, batch: &Batch) {
        self.0.resize(batch.columns.len(), None);
        for (kind, column) in self.0.iter_mut().zip(&batch.columns) {
            *kind = kind.take().or_else(|| column.kind());
        }
    }

    /// Learns from what others know.
    pub fn merge(&mut self, other: Kinds) {
        if self.0.is_empty() {
            return *self = other;
        }
        for (kind, theirs) in self.0.iter_mut().zip(other.0) {
            *kind = kind.take().or(theirs);
        }
    }

    /// The kinds.
    pub fn get(&self) -> Vec<Kind> {
        self.0.iter().map(|kind| kind.clone().unwrap_or(Kind::Null)).collect()
    }
}

fn unwritten(error: &io::Error) -> RunError {
    let folder = std::env::temp_dir();
    let message = format!("what does not fit into memory cannot be written to `{}`: {error}", folder.display());
    RunError::Outside { code: E0702, message }
}

fn unread(error: &io::Error) -> RunError {
    RunError::Outside { code: E0702, message: format!("what was written to disk cannot be read again: {error}") }
}

#[cfg(test)]
mod tests {
    use super::run::Run;
    use super::*;
    use crate::batch::{BatchFault, Column};
    use crate::error::{RowError, RowFault};
    use crate::limits::Watch;
    use crate::memory::Memory;
    use pipelang_lang::codes::E0601;
    use pipelang_lang::ir::SiteId;
    use pipelang_lang::scalar::{Fault, Scalar};
    use std::sync::Arc;

    fn batch(values: &[i64]) -> Batch {
        let scalars: Vec<Scalar> = values.iter().map(|value| Scalar::Int(*value)).collect();
        Batch::new(values.len(), vec![Column::from_scalars(&Kind::Int, &scalars), Column::Null(values.len())])
    }

    fn run(values: &[i64], first: u64) -> Run {
        let mut batch = batch(values);
        let fault = RowFault::Expression { site: SiteId(0), fault: Fault::new(E0601, "x") };
        let error = Arc::new(RowError { fault, place: None });
        batch.faults = vec![BatchFault { row: 0, column: 1, error }];
        let mut writer = RunWriter::new(&Memory::default()).expect("a file");
        for (row, value) in values.iter().enumerate() {
            writer.write(&value.to_be_bytes(), first + row as u64, &batch, row).expect("written");
        }
        writer.finish().expect("a run")
    }

    #[test]
    fn rows_come_back_in_one_order() {
        // More runs than are merged at once.
        let mut runs = Runs::new(&Memory::default(), None);
        runs.learn(&batch(&[1]));
        (0..200).for_each(|at| runs.add(run(&[at, at + 1, 500], at as u64 * 3), &Watch::default()).expect("a merge"));
        let mut merge = runs.into_merge().expect("a merge");
        let (mut values, mut faults) = (Vec::new(), 0);
        while let Some(batch) = merge.next(7).expect("rows") {
            assert!(batch.rows <= 7);
            faults += batch.faults.len();
            values.extend((0..batch.rows).map(|row| batch.columns[0].get(row)));
        }
        let mut expected: Vec<i64> = (0..200).flat_map(|at| [at, at + 1, 500]).collect();
        expected.sort();
        assert_eq!(values, expected.into_iter().map(Scalar::Int).collect::<Vec<_>>());
        assert_eq!(faults, 200);
    }
}
