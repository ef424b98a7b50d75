//! What `on_error` does, a row at a time: each row is asked for every column that the script names, before anybody else
//! sees it.

use super::Oracle;
use super::expr::{Outcome, Row};
use super::files::Counted;
use super::stages::{AnyRow, Rows};
use crate::error::{Place, RunError};
use crate::formats::encoding::TextEncoding;
use crate::tally::Counts;
use pipelang_lang::catalog::ReadPolicy;
use pipelang_lang::codes::{E0502, E0504, E0505};
use pipelang_lang::ir::{ColumnId, Table, TableOrigin};
use pipelang_lang::scalar::Scalar;
use std::rc::Rc;
use std::sync::Arc;

impl<'a> Oracle<'a> {
    /// The rows of a table that stands in files, without what its `read` leaves out.
    pub(super) fn read(self, table: &'a Table, columns: &'a [(usize, ColumnId)]) -> Result<Rows<'a>, RunError> {
        let TableOrigin::File { path, checked, telling, .. } = &table.origin else {
            unreachable!("only files are read here")
        };
        let strays = (!telling.is_empty()).then(|| self.tally.begin_strays(table.span, path));
        let policy = table.policy();
        if policy == ReadPolicy::Fail {
            return self.files(table, columns, Counted { broken: None, strays });
        }
        let counts = self.tally.begin(table.span, path, policy, checked);
        // Columns that are looked at and go nowhere have names that no plan gives.
        let mut columns = columns.to_vec();
        let mut looked_at = Vec::new();
        for position in checked.iter().filter_map(|name| table.schema.position(name)) {
            let known = columns.iter().find(|(here, _)| *here == position).map(|(_, column)| *column);
            looked_at.push(known.unwrap_or_else(|| {
                let column = ColumnId(u32::MAX - position as u32);
                columns.push((position, column));
                column
            }));
        }
        let broken = (policy == ReadPolicy::Skip).then(|| counts.clone());
        let rows = self.files(table, &columns, Counted { broken, strays })?;
        Ok(Box::new(rows.filter_map(move |row| match row {
            Ok(row) => looked_at_row(row, policy, &looked_at, &counts).map(Ok),
            Err(error) => Some(Err(error)),
        })))
    }
}

fn looked_at_row<'a>(
    row: AnyRow<'a>,
    policy: ReadPolicy,
    looked_at: &[ColumnId],
    counts: &Counts,
) -> Option<AnyRow<'a>> {
    let misfits: Vec<usize> = (0..looked_at.len()).filter(|at| row.column(looked_at[*at]).is_err()).collect();
    match (misfits.first(), policy) {
        (None, _) | (_, ReadPolicy::Fail) => Some(row),
        (Some(first), ReadPolicy::Skip) => {
            counts.add(*first, 1);
            None
        }
        (Some(_), ReadPolicy::Null) => {
            misfits.iter().for_each(|at| counts.add(*at, 1));
            let nulls = misfits.iter().map(|at| looked_at[*at]).collect();
            Some(Rc::new(WithNulls { row, nulls }))
        }
    }
}

/// A row some of whose values are null instead of what stands there.
struct WithNulls<'a> {
    row: AnyRow<'a>,
    nulls: Vec<ColumnId>,
}

impl Row for WithNulls<'_> {
    fn column(&self, column: ColumnId) -> Outcome {
        if self.nulls.contains(&column) { Ok(Scalar::Null) } else { self.row.column(column) }
    }

    fn place(&self) -> Option<Place> {
        self.row.place()
    }
}

/// The records of a file, without the broken ones where these are counted. What breaks more than a record stays an error.
pub(super) fn unbroken<T>(
    encoding: TextEncoding,
    records: impl Iterator<Item = Result<T, RunError>>,
    broken: Option<Arc<Counts>>,
) -> impl Iterator<Item = Result<T, RunError>> {
    let records = records.map(move |record| record.map_err(|error| encoding.says(error)));
    records.filter(move |record| match (record, &broken) {
        (Err(RunError::Record { code, .. }), Some(counts)) if [E0502, E0504, E0505].contains(code) => {
            counts.add_records(1);
            false
        }
        _ => true,
    })
}
