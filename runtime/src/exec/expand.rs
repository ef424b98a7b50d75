//! What makes many rows, or none, of one: lists that are exploded, tables that are joined.

use super::operator::Given;
use super::pipeline::{Expansion, Probe};
use super::run::Results;
use crate::batch::{Batch, Column};
use crate::error::RunError;
use crate::stages::join::JoinTable;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Kind;
use std::sync::Arc;

/// Rows of a batch that goes on, about: one row may make very many.
const ROWS: usize = 16_384;

/// An expansion made ready to run.
pub enum Expand<'a> {
    Explode { kind: &'a Kind, keep: bool },
    Join { probe: &'a Probe, table: Arc<JoinTable> },
}

impl<'a> Expand<'a> {
    /// The error is why its table is not there.
    pub fn new(expansion: &'a Expansion, results: &Results) -> Result<Expand<'a>, RunError> {
        Ok(match expansion {
            Expansion::Explode { kind, keep } => Expand::Explode { kind, keep: *keep },
            Expansion::Join(probe) => match &results[probe.table] {
                Ok(Given::Table(table)) => Expand::Join { probe, table: table.clone() },
                Ok(Given::Rows(_)) => return Err(RunError::Internal("a join without its table".into())),
                Err(error) => return Err(error.clone()),
            },
        })
    }

    /// Gives the rows that come of a batch, batch after batch, until `give` says that it is enough.
    pub fn apply(&self, batch: Batch, give: &mut dyn FnMut(Batch) -> bool) {
        match self {
            Expand::Explode { kind, keep } => explode(kind, *keep, batch, give),
            Expand::Join { probe, table } => table.probe(probe.kind, probe.carried, &probe.nearest, batch, ROWS, give),
        }
    }
}

/// The list is the last column.
fn explode(kind: &Kind, keep: bool, mut batch: Batch, give: &mut dyn FnMut(Batch) -> bool) {
    let lists = batch.columns.pop().expect("the segment before gives the list");
    let (mut rows, mut items) = (Vec::new(), Vec::new());
    for row in 0..batch.rows {
        let before = items.len();
        if let Scalar::List(list) = lists.get(row) {
            items.extend(list.iter().cloned());
        }
        if keep && items.len() == before {
            items.push(Scalar::Null);
        }
        rows.resize(items.len(), row as u32);
        if items.len() >= ROWS || row + 1 == batch.rows {
            let mut out = batch.repeated(&rows);
            out.columns.push(Column::from_scalars(kind, &items));
            rows.clear();
            items.clear();
            if !give(out) {
                return;
            }
        }
    }
}
