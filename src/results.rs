//! Results as values of Rust: built by the workers that made their rows, and handed over in order.

use crate::row::{CellMismatch, FromRow, ResultBatch};
use pipelang_lang::ty::Schema;
use pipelang_runtime::batch::Batch;
use pipelang_runtime::exec::Encoded;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// What was built of rows that came together: the values before the first that does not fit, and why that does not.
pub(crate) struct Portion<Out> {
    pub(crate) values: Vec<Out>,
    pub(crate) misfit: Option<CellMismatch>,
}

/// Builds values, and keeps them until they are taken in order.
pub(crate) struct Results<'p, Out> {
    /// The columns of the result, and which of them the fields of `Out` are.
    names: &'p Schema,
    columns: &'p [usize],
    kept: Mutex<Kept<Out>>,
}

struct Kept<Out> {
    portions: HashMap<u64, Portion<Out>>,
    next: u64,
}

impl<'p, Out: FromRow> Results<'p, Out> {
    pub(crate) fn new((names, columns): (&'p Schema, &'p [usize])) -> Results<'p, Out> {
        Results { names, columns, kept: Mutex::new(Kept { portions: HashMap::new(), next: 0 }) }
    }

    /// Builds the values of some rows; called by any worker.
    pub(crate) fn build(&self, batch: Batch) -> Encoded {
        let portion = self.portion(&batch);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let number = kept.next;
        kept.next += 1;
        kept.portions.insert(number, portion);
        Encoded::Kept { number, size: batch.size() }
    }

    fn portion(&self, batch: &Batch) -> Portion<Out> {
        let rows = ResultBatch::new(batch, self.columns, self.names);
        if let Some(values) = Out::from_rows(&rows) {
            return Portion { values, misfit: None };
        }
        let (mut values, mut misfit) = (Vec::new(), None);
        for row in rows.rows() {
            match Out::from_row(&row) {
                Ok(value) => values.push(value),
                Err(mismatch) => {
                    misfit = Some(mismatch);
                    break;
                }
            }
        }
        Portion { values, misfit }
    }

    /// What was built under this number.
    pub(crate) fn take(&self, number: u64) -> Portion<Out> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.portions.remove(&number).unwrap_or(Portion { values: Vec::new(), misfit: None })
    }
}
