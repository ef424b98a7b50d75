//! What a statement gives, and the columns of it: those of the plan, or, of a pivot, those that its rows turn out to have.
//! Only the formats look at them, so a pivot is no affair of the pipelines; whoever computed its rows, the columns are made
//! of them here.

use super::{Encoded, Environment, Options, Sink, Stats, run};
use crate::batch::keys::Keys;
use crate::batch::{Batch, Column};
use crate::error::{RowError, RowFault, RunError};
use crate::memory::Share;
use pipelang_lang::codes::E0205;
use pipelang_lang::ir::Pivot;
use pipelang_lang::scalar::{Fault, Scalar};
use pipelang_lang::ty::{Field, Schema};
use std::collections::HashMap;
use std::sync::Arc;

/// So many values may become columns.
const MOST_VALUES: usize = 10_000;

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
    batch: Batch,
    error: Option<RunError>,
    stats: Stats,
    /// What the groups took; their cells are in the batch now.
    _held: Share,
}

impl<'a> Rows<'a> {
    /// The rows of a statement. Those of a pivot are computed now.
    pub fn of(env: Environment<'a>, statement: usize, options: &'a Options) -> Result<Rows<'a>, RunError> {
        let schema = env.plan.schema(env.plan.statements[statement].node);
        let mut rows = Rows { env, statement, options, schema, found: None };
        if let Some(pivot) = &env.plan.statements[statement].pivot {
            let (mut groups, mut held) = (Vec::new(), options.watch.memory.share(1));
            let accept = &mut |encoded| {
                if let Encoded::Rows(batch) = encoded {
                    held.hold_with(|| batch.size())?;
                    groups.push(batch);
                }
                Ok(())
            };
            let stats = run(env, statement, options, Sink { encode: &Encoded::Rows, accept })?;
            let (schema, batch, error) = Cells::of(pivot, &groups)?.columns(pivot, &rows.schema, &groups);
            rows.schema = schema;
            rows.found = Some(Found { batch, error, stats, _held: held });
        }
        Ok(rows)
    }

    /// Gives them to a sink.
    pub fn run(self, sink: Sink) -> Result<Stats, RunError> {
        let Some(found) = self.found else { return run(self.env, self.statement, self.options, sink) };
        if found.batch.rows > 0 {
            (sink.accept)((sink.encode)(found.batch))?;
        }
        found.error.map_or(Ok(found.stats), Err)
    }
}

/// Where a row stands: its batch, and its place in it.
type At = (usize, usize);

/// Which group stands where.
#[derive(Default)]
struct Cells {
    /// The names of the values in the order of their first appearance.
    names: Vec<Arc<str>>,
    /// The first row of each group of the keys.
    groups: Vec<At>,
    /// The row of a group and a name.
    cells: HashMap<(usize, usize), At>,
}

impl Cells {
    fn of(pivot: &Pivot, batches: &[Batch]) -> Result<Cells, RunError> {
        let mut cells = Cells::default();
        let mut numbers: HashMap<Box<[u8]>, usize> = HashMap::new();
        let mut names: HashMap<Arc<str>, usize> = HashMap::new();
        for (at, batch) in batches.iter().enumerate() {
            let keys = Keys::of(&batch.columns[..pivot.keys], batch.rows, &[]);
            for row in 0..batch.rows {
                let group = *numbers.entry(keys.get(row).into()).or_insert_with(|| {
                    cells.groups.push((at, row));
                    cells.groups.len() - 1
                });
                let Scalar::String(name) = batch.columns[pivot.keys].get(row) else {
                    return Err(RunError::Internal("the name of a pivot's value is no text".into()));
                };
                let number = *names.entry(name.clone()).or_insert_with(|| {
                    cells.names.push(name.clone());
                    cells.names.len() - 1
                });
                if cells.cells.insert((group, number), (at, row)).is_some() {
                    return Err(same_name(pivot, &name));
                }
            }
            if cells.names.len() > MOST_VALUES {
                return Err(RunError::Limit(format!(
                    "a `pivot` has more than {MOST_VALUES} values that become columns"
                )));
            }
        }
        Ok(cells)
    }

    /// The columns, and the rows up to the first in which a cell fails.
    fn columns(&self, pivot: &Pivot, groups: &Schema, batches: &[Batch]) -> (Schema, Batch, Option<RunError>) {
        // For each column what it is called, and where it stands in the groups: beside the name of a value, if it has one.
        let mut fields = Vec::new();
        let mut sources: Vec<(usize, Option<usize>)> = Vec::new();
        for (at, field) in groups.fields[..pivot.keys].iter().enumerate() {
            fields.push(field.clone());
            sources.push((at, None));
        }
        for (result, at) in (pivot.keys + 1..pivot.width()).step_by(2).enumerate() {
            let ty = &groups.fields[at].ty;
            let ty = ty.clone().or_null_if(groups.fields[at + 1].ty.nullable);
            for (value, name) in self.names.iter().enumerate() {
                fields.push(Field { name: pivot.column_name(result, name), ty: ty.clone() });
                sources.push((at, Some(value)));
            }
        }
        if let Some(error) = twice(pivot, &fields) {
            return (Schema { fields: fields[..pivot.keys].to_vec() }, Batch::default(), Some(error));
        }
        let place = |group: usize, (at, value): (usize, Option<usize>)| match value {
            None => (self.groups[group], at),
            Some(value) => match self.cells.get(&(group, value)) {
                Some(row) => (*row, at),
                None => (self.groups[group], at + 1),
            },
        };
        let fault = |group: usize| {
            sources.iter().find_map(|source| {
                let ((batch, row), column) = place(group, *source);
                batches[batch].fault(row, column)
            })
        };
        let failed = (0..self.groups.len()).find_map(|group| Some((group, fault(group)?)));
        let rows = failed.map_or(self.groups.len(), |(group, _)| group);
        let column = |(field, source): (&Field, &(usize, Option<usize>))| {
            let value = |group| {
                let ((batch, row), column) = place(group, *source);
                batches[batch].columns[column].get(row)
            };
            Column::from_scalars(&field.ty.kind, &(0..rows).map(value).collect::<Vec<_>>())
        };
        let batch = Batch::new(rows, fields.iter().zip(&sources).map(column).collect());
        (Schema { fields }, batch, failed.map(|(_, error)| RunError::Row(error.clone())))
    }
}

/// Why not, if two columns have one name.
fn twice(pivot: &Pivot, fields: &[Field]) -> Option<RunError> {
    let mut names = std::collections::HashSet::new();
    let field = fields.iter().find(|field| !names.insert(&field.name))?;
    Some(same_name(pivot, &field.name))
}

fn same_name(pivot: &Pivot, name: &str) -> RunError {
    let fault = Fault::new(E0205, format!("two columns of this `pivot` would be called `{name}`"));
    let fault = RowFault::Expression { site: pivot.site, fault };
    RunError::Row(Arc::new(RowError { fault, place: None }))
}
