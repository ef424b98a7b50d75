//! What a statement gives, and the columns of it: those of the plan, or, of a pivot, those that its rows turn out to have.
//! Only the formats look at them, so a pivot is no affair of the pipelines; whoever computed its rows, the columns are made
//! of them here.

mod cells;
mod groups;

use super::{Encoded, Environment, Options, Sink, Stats, run};
use crate::batch::Batch;
use crate::error::{RowError, RowFault, RunError};
use crate::memory::Share;
use crate::spill::{Merge, ROWS};
use cells::{Cells, Columns};
use groups::Groups;
use pipelang_lang::codes::E0205;
use pipelang_lang::ir::Pivot;
use pipelang_lang::scalar::Fault;
use pipelang_lang::ty::Schema;
use std::sync::Arc;

/// The rows of a statement, not yet run but for a pivot.
pub struct Rows<'a> {
    env: Environment<'a>,
    statement: usize,
    options: &'a Options,
    /// Their columns.
    pub schema: Schema,
    found: Option<Found>,
}

/// The rows of a pivot, and what comes behind them.
struct Found {
    columns: Columns,
    made: Made,
    error: Option<RunError>,
    stats: Stats,
}

/// The rows of a pivot. A cell that fails is a fault.
enum Made {
    Here {
        cells: Cells,
        /// What the groups take.
        _held: Share,
    },
    OnDisk(Box<Merge>),
}

impl<'a> Rows<'a> {
    /// The rows of a statement. Those of a pivot are computed now.
    pub fn of(env: Environment<'a>, statement: usize, options: &'a Options) -> Result<Rows<'a>, RunError> {
        let schema = env.plan.schema(env.plan.statements[statement].node);
        let mut rows = Rows { env, statement, options, schema, found: None };
        if let Some(pivot) = &env.plan.statements[statement].pivot {
            let mut groups = Groups::new(pivot, &rows.schema, &options.watch);
            let accept = &mut |encoded| match encoded {
                Encoded::Rows(batch) => groups.add(batch),
                Encoded::Bytes(_) | Encoded::Kept { .. } => Ok(()),
            };
            let ran = run(env, statement, options, Sink { encode: &Encoded::Rows, accept });
            if ran.is_err() && !groups.has_too_many_names() {
                return Err(ran.expect_err("it is an error"));
            }
            let (columns, error, made) = groups.finish()?;
            let mut stats = ran?;
            stats.add(Stats { spilled: options.watch.memory.take_spilled(), ..Stats::default() });
            let fields = if error.is_some() { &columns.fields[..pivot.keys] } else { &columns.fields };
            rows.schema = Schema { fields: fields.to_vec() };
            rows.found = Some(Found { columns, made, error, stats });
        }
        Ok(rows)
    }

    /// Gives them to a sink.
    pub fn run(self, sink: Sink) -> Result<Stats, RunError> {
        let Some(found) = self.found else { return run(self.env, self.statement, self.options, sink) };
        if let Some(error) = found.error {
            return Err(error);
        }
        let mut give = |batch: Batch| {
            let failed = batch.faults.first().map(|fault| (fault.row as usize, RunError::Row(fault.error.clone())));
            let rows = failed.as_ref().map_or(batch.rows, |(row, _)| *row);
            if rows > 0 {
                (sink.accept)((sink.encode)(Batch::new(rows, batch.slice(0, rows).columns)))?;
            }
            failed.map_or(Ok(()), |(_, error)| Err(error))
        };
        match found.made {
            Made::Here { cells, .. } => {
                for (_, batch) in cells.rows(&found.columns) {
                    self.options.watch.check()?;
                    give(batch)?;
                }
            }
            Made::OnDisk(mut rows) => {
                while let Some(batch) = rows.next(ROWS)? {
                    self.options.watch.check()?;
                    give(batch)?;
                }
            }
        }
        Ok(found.stats)
    }
}

fn same_name(pivot: &Pivot, name: &str) -> RunError {
    let fault = Fault::new(E0205, format!("two columns of this `pivot` would be called `{name}`"));
    let fault = RowFault::Expression { site: pivot.site, fault };
    RunError::Row(Arc::new(RowError { fault, place: None }))
}
