//! What `on_error` does with a `read`: values that do not fit become null or take their rows with them, and both are counted.
//!
//! It looks at the columns that the script names ([`TableOrigin::File`](pipelang_lang::ir::TableOrigin::File)), at the
//! read, before any stage, so that the counts do not depend on what is computed. A format gives the values that do not fit
//! as faults, and here they are taken away; broken records it leaves out itself.

use super::{Format, Parsed, Scan, ScanRequest, several};
use crate::batch::Batch;
use crate::error::RunError;
use crate::tally::Counts;
use pipelang_lang::catalog::{ON_ERROR, OptionDef, OptionKind, ReadPolicy, TableFile};
use pipelang_lang::codes::{Code, E0304};
use std::sync::Arc;

/// The option, for every format of text.
pub const OPTION: OptionDef = OptionDef {
    name: ON_ERROR,
    kind: OptionKind::String,
    doc: "What becomes of a value that does not fit: `fail`, `null`, or `skip` for its row.",
};

/// A code, a headline, advice.
pub type Trouble = (Code, String, Option<String>);

/// The policy that an option names.
pub fn named(policy: &str) -> Result<ReadPolicy, Trouble> {
    let message = || (E0304, format!("`on_error` is \"fail\", \"null\" or \"skip\", not {policy:?}"), None);
    ReadPolicy::named(policy).ok_or_else(message)
}

/// Opens the files of a table and counts what is made null or left out of them.
pub fn open(
    format: &'static Format,
    request: ScanRequest,
    files: &[TableFile],
    checked: &[Arc<str>],
    counts: Arc<Counts>,
) -> Result<Scan, RunError> {
    let policy = ReadPolicy::of(&request.options);
    let wanted = request.columns.len();
    let positions = checked.iter().filter_map(|name| request.schema.position(name));
    let mut columns = request.columns.clone();
    let mut places = Vec::with_capacity(checked.len());
    for position in positions {
        places.push(columns.iter().position(|column| *column == position).unwrap_or_else(|| {
            columns.push(position);
            columns.len() - 1
        }));
    }
    let Scan(mut next) = several::open(format, ScanRequest { columns, ..request }, files)?;
    let checks = Arc::new(Checks { policy, wanted, places, counts });
    Ok(Scan(Box::new(move || {
        let Some(piece) = next()? else { return Ok(None) };
        let checks = checks.clone();
        Ok(Some(Box::new(move || checks.apply(piece.read()))))
    })))
}

/// What is looked at in the pieces of a table.
struct Checks {
    policy: ReadPolicy,
    /// How many of the first columns go on.
    wanted: usize,
    /// Where the columns are that are looked at, in the order of the table.
    places: Vec<usize>,
    counts: Arc<Counts>,
}

impl Checks {
    fn apply(&self, mut parsed: Parsed) -> Parsed {
        self.counts.add_records(parsed.left_out);
        match self.policy {
            ReadPolicy::Fail => {}
            ReadPolicy::Null => self.forget(&mut parsed.batch),
            ReadPolicy::Skip => self.leave_out(&mut parsed.batch),
        }
        let wanted = self.wanted;
        parsed.batch.columns.truncate(wanted);
        parsed.batch.faults.retain(|fault| (fault.column as usize) < wanted);
        parsed
    }

    /// The place of a column among those that are looked at.
    fn check_of(&self, column: u32) -> Option<usize> {
        self.places.iter().position(|place| *place == column as usize)
    }

    /// What does not fit is null already where it stands.
    fn forget(&self, batch: &mut Batch) {
        batch.faults.retain(|fault| match self.check_of(fault.column) {
            Some(check) => {
                self.counts.add(check, 1);
                false
            }
            None => true,
        });
    }

    /// A row is left out for the first of its columns that does not fit.
    fn leave_out(&self, batch: &mut Batch) {
        let mut reasons: Vec<(u32, usize)> =
            batch.faults.iter().filter_map(|fault| Some((fault.row, self.check_of(fault.column)?))).collect();
        if reasons.is_empty() {
            return;
        }
        reasons.sort_unstable();
        reasons.dedup_by_key(|(row, _)| *row);
        reasons.iter().for_each(|(_, check)| self.counts.add(*check, 1));
        let mut left_out = reasons.iter().map(|(row, _)| *row).peekable();
        let kept: Vec<u32> = (0..batch.rows as u32).filter(|row| left_out.next_if_eq(row).is_none()).collect();
        *batch = batch.repeated(&kept);
    }
}
