//! What makes many rows, or none, of one: lists that are exploded, tables that are joined.

use super::operator::Given;
use super::pipeline::{Expansion, Probe};
use super::run::Results;
use crate::batch::{Batch, BatchFault, Column};
use crate::error::RunError;
use crate::limits::Watch;
use crate::stages::join::JoinTable;
use arrow_array::UInt32Array;
use pipelang_lang::fault::{self, Fault};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Kind;
use std::sync::Arc;

/// Rows of a batch that goes on, about: one row may make very many.
const ROWS: usize = 16_384;

/// An expansion made ready to run.
pub enum Expand<'a> {
    Explode { kind: &'a Kind, keep: bool },
    Unpivot { names: &'a [Arc<str>] },
    Moved,
    Join { probe: &'a Probe, table: Arc<JoinTable> },
}

impl<'a> Expand<'a> {
    /// The error is why its table is not there.
    pub fn new(expansion: &'a Expansion, results: &Results) -> Result<Expand<'a>, RunError> {
        Ok(match expansion {
            Expansion::Explode { kind, keep } => Expand::Explode { kind, keep: *keep },
            Expansion::Unpivot { names } => Expand::Unpivot { names },
            Expansion::Moved => Expand::Moved,
            Expansion::Join(probe) => match &results[probe.table] {
                Ok(Given::Table(table)) => Expand::Join { probe, table: table.clone() },
                Ok(Given::Rows(_) | Given::Broken(..) | Given::Parted(_) | Given::Left(..)) => {
                    return Err(RunError::Internal("a join without its table".into()));
                }
                Err(error) => return Err(error.clone()),
            },
        })
    }

    /// Gives the rows that come of a batch, batch after batch, until `give` says that it is enough. It fails if the run
    /// must stop.
    pub fn apply(&self, batch: Batch, watch: &Watch, give: &mut dyn FnMut(Batch) -> bool) -> Result<(), RunError> {
        let mut stopped = None;
        let give = &mut |batch: Batch| {
            stopped = watch.spend(batch.rows as u64).err();
            stopped.is_none() && give(batch)
        };
        match self {
            Expand::Explode { kind, keep } => explode(kind, *keep, batch, give),
            Expand::Unpivot { names } => unpivot(names, batch, give),
            Expand::Moved => {
                give(Batch { origin: None, ..batch });
            }
            Expand::Join { probe, table } => {
                table.probe(probe.kind, probe.carried, &probe.nearest, batch, (ROWS, watch), give)?;
            }
        }
        stopped.map_or(Ok(()), Err)
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
        if keep && items.len() == before && !fault::is(Fault::EmptyListsLost) {
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

/// The values are the last columns.
fn unpivot(names: &[Arc<str>], batch: Batch, give: &mut dyn FnMut(Batch) -> bool) {
    let labels: Vec<Scalar> = names.iter().map(|name| Scalar::String(name.clone())).collect();
    let labels = Column::from_scalars(&Kind::String, &labels);
    let most = (ROWS / names.len()).max(1);
    for start in (0..batch.rows).step_by(most) {
        let mut part = batch.slice(start, most.min(batch.rows - start));
        let values = part.columns.split_off(batch.columns.len() - names.len());
        let (rows, count, carried) = (part.rows as u32, names.len() as u32, part.columns.len() as u32);
        let (of_values, of_carried): (Vec<BatchFault>, Vec<BatchFault>) =
            part.faults.into_iter().partition(|fault| fault.column >= carried);
        part.faults = of_carried;
        let each_row: Vec<u32> = (0..rows).flat_map(|row| std::iter::repeat_n(row, names.len())).collect();
        let mut out = part.repeated(&each_row);
        let in_turn = UInt32Array::from_iter_values((0..rows).flat_map(|_| 0..count));
        out.columns.push(labels.take(&in_turn));
        let all = Column::concat(&values.iter().collect::<Vec<_>>());
        let by_row = UInt32Array::from_iter_values((0..rows).flat_map(|row| (0..count).map(move |at| at * rows + row)));
        out.columns.push(all.take(&by_row));
        let moved = |fault: BatchFault| BatchFault {
            row: fault.row * count + (fault.column - carried),
            column: carried + 1,
            ..fault
        };
        let of_values = of_values.into_iter().filter(|_| !fault::is(Fault::UnpivotedFaultsLost));
        out.faults.extend(of_values.map(moved));
        out.faults.sort_by_key(|fault| fault.row);
        if !give(out) {
            return;
        }
    }
}
