//! Parquet and Arrow read naively: the whole file, all columns, all rows, before the first is given.
//!
//! What a value means comes from [`read_value`], which all readers share.

use super::Oracle;
use super::expr::{Outcome, Row};
use crate::error::{At, Place, RunError};
use crate::formats::columnar::damage::{damaged, guarded};
use crate::formats::columnar::{group, ipc, misfit_of, read_value};
use arrow_array::RecordBatch;
use pipelang_lang::ir::{ColumnId, Table, TableOrigin};
use pipelang_lang::ty::Field;
use std::rc::Rc;
use std::sync::Arc;

/// What the rows of one table share.
struct Shared {
    file: Arc<str>,
    fields: Vec<Field>,
    columns: Vec<(usize, ColumnId)>,
    batches: Vec<RecordBatch>,
}

/// A row of a batch.
struct BatchRow {
    shared: Rc<Shared>,
    batch: usize,
    row: usize,
    /// The number of the row in the file, from 0.
    number: u64,
}

impl Row for BatchRow {
    fn column(&self, column: ColumnId) -> Outcome {
        let here = self.shared.columns.iter().find(|(_, id)| *id == column);
        let (position, _) = *here.expect("the plan's columns come from below");
        let field = &self.shared.fields[position];
        let array = self.shared.batches[self.batch].column(position);
        read_value(array, self.row, &field.ty)
            .map_err(|misfit| Arc::new(misfit_of(&self.shared.file, &field.name, self.number, misfit)))
    }

    fn place(&self) -> Option<Place> {
        Some(Place { file: self.shared.file.clone(), at: At::Row(self.number + 1) })
    }
}

/// The rows of a file.
pub(super) fn rows<'a>(
    oracle: Oracle<'a>,
    table: &Table,
    columns: &[(usize, ColumnId)],
) -> Result<impl Iterator<Item = Result<Rc<dyn Row + 'a>, RunError>> + use<'a>, RunError> {
    let TableOrigin::File { path, format, .. } = &table.origin else { unreachable!("only files are read here") };
    let batches = match &**format {
        "parquet" => parquet(path)?,
        _ => arrow(path)?,
    };
    let fields = table.schema.fields.clone();
    let shared = Rc::new(Shared { file: path.clone(), fields, columns: columns.to_vec(), batches });
    let places: Vec<(usize, usize)> = shared
        .batches
        .iter()
        .enumerate()
        .flat_map(|(batch, rows)| (0..rows.num_rows()).map(move |row| (batch, row)))
        .collect();
    Ok(places.into_iter().zip(0..).map(move |((batch, row), number)| {
        oracle.watch.check()?;
        Ok(Rc::new(BatchRow { shared: shared.clone(), batch, row, number }) as Rc<dyn Row>)
    }))
}

fn parquet(path: &str) -> Result<Vec<RecordBatch>, RunError> {
    let bytes = std::fs::read(path).map_err(|error| damaged(path, error))?;
    guarded(path, || group::read_whole(bytes.into()))
}

fn arrow(path: &str) -> Result<Vec<RecordBatch>, RunError> {
    let mut messages = ipc::Messages::open(path)?;
    let mut decoder = messages.decoder(None);
    std::iter::from_fn(|| messages.batch(&mut decoder).transpose()).collect()
}
