//! How many cells of a file fail as the one that ended a run: looked for when it has ended, in the file itself.
//!
//! The file is read again in blocks of so many rows from its first, one column alone, up to the block of the failing row.
//! So the number depends on nothing but the file, whoever ran the script. It only adds to a report: what comes once, what
//! has changed, and what is too far down is left out.

use super::{Input, MorselSize, ScanRequest, by_name, open};
use crate::batch::{Batch, BatchFault};
use crate::error::{At, CellError, Place, RowError, RowFault, RunError};
use pipelang_lang::ir::{Plan, Supply, Table, TableOrigin};

/// So many rows are looked at together.
const BLOCK: usize = 4096;
/// No row further down is looked for.
const FAR: u64 = 1_000_000;
/// So many of them are named.
const NAMED: usize = 2;

/// What to say of other rows of the block that fail as the one of this error, if there are some.
pub fn alike(plan: &Plan, error: &RunError) -> Option<String> {
    let RunError::Row(error) = error else { return None };
    let (RowFault::Cell(cell), Some(place)) = (&error.fault, &error.place) else { return None };
    let (At::Line(at) | At::Row(at)) = place.at;
    let is_plain = std::fs::metadata(&*place.file).is_ok_and(|known| known.is_file());
    if at > FAR || !is_plain {
        return None;
    }
    let mut tables = plan.tables.iter().filter(|table| reads(table, place, cell));
    // Of two tables of one file nobody knows which had the row.
    let table = tables.next().filter(|first| tables.all(|other| other.origin == first.origin))?;
    let numbers = numbers(table, error, cell, place)?;
    let (count, named) = (numbers.len(), numbers.iter().take(NAMED).map(u64::to_string).collect::<Vec<_>>());
    let rows = if count == 1 { "row fails" } else { "rows fail" };
    (count > 0).then(|| format!("at least {count} more {rows} alike (next: {})", named.join(", ")))
}

/// Whether a table has that column of that file.
fn reads(table: &Table, place: &Place, cell: &CellError) -> bool {
    match &table.origin {
        TableOrigin::File { supply: Supply::Files, path, files, .. } => {
            let is_of = *path == place.file && files.is_empty() || files.iter().any(|file| file.path == place.file);
            is_of && table.schema.position(&cell.column).is_some()
        }
        TableOrigin::File { .. } | TableOrigin::Bound(_) => false,
    }
}

/// The lines, or the rows, of the other cells of the block that fail alike.
fn numbers(table: &Table, error: &RowError, cell: &CellError, place: &Place) -> Option<Vec<u64>> {
    let TableOrigin::File { path, format, options, inferred, files, .. } = &table.origin else { return None };
    let files: Vec<_> = files.iter().filter(|file| file.path == place.file).cloned().collect();
    let request = ScanRequest {
        path: path.clone(),
        input: Input::file(),
        options: options.clone(),
        schema: table.schema.clone(),
        columns: vec![table.schema.position(&cell.column)?],
        inferred: *inferred,
        morsel: MorselSize::Rows(BLOCK),
        telling: None,
    };
    let mut scan = open(by_name(format)?, request, &files).ok()?;
    while let Some(piece) = scan.0().ok()? {
        let parsed = piece.read();
        let mut faults = of_cell(&parsed.batch, cell).skip_while(|fault| *fault.error != *error);
        if faults.next().is_some() {
            return Some(faults.filter_map(|fault| number(&fault.error)).collect());
        }
        let last = of_cell(&parsed.batch, cell).filter_map(|fault| number(&fault.error)).last();
        // It is not where it was.
        if parsed.error.is_some() || last.is_some_and(|last| Some(last) > number(error)) {
            return None;
        }
    }
    None
}

/// The cells of a block that do not fit as this one does not.
fn of_cell<'a>(batch: &'a Batch, cell: &'a CellError) -> impl Iterator<Item = &'a BatchFault> {
    batch.faults.iter().filter(move |fault| match &fault.error.fault {
        RowFault::Cell(other) => {
            let CellError { code, column, inside, expected, text: _, inferred: _ } = other;
            (*code, column, inside, *expected) == (cell.code, &cell.column, &cell.inside, cell.expected)
        }
        RowFault::Expression { .. } | RowFault::Assertion { .. } | RowFault::Stopped(_) => false,
    })
}

fn number(error: &RowError) -> Option<u64> {
    error.place.as_ref().map(|place| match place.at {
        At::Line(number) | At::Row(number) => number,
    })
}
