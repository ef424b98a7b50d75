//! The cells of a pivot: which group of the keys has which row for which value.

use crate::batch::keys::Keys;
use crate::batch::{Batch, BatchFault, Column};
use crate::error::RunError;
use crate::index::{Index, chunks};
use crate::limits::Watch;
use crate::spill::ROWS;
use ahash::RandomState;
use arrow_array::Array;
use pipelang_lang::ir::Pivot;
use pipelang_lang::ty::{Field, Schema};
use std::collections::HashMap;
use std::sync::Arc;

/// About how many cells are made at once.
const CELLS: usize = 1 << 18;

/// The values that become columns, in the order of their first appearance.
#[derive(Default)]
pub struct Names {
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, usize, RandomState>,
}

impl Names {
    /// Learns a name; whether it is a new one.
    pub fn learn(&mut self, name: &str) -> bool {
        if self.knows(name) {
            return false;
        }
        let name: Arc<str> = name.into();
        self.numbers.insert(name.clone(), self.names.len());
        self.names.push(name);
        true
    }

    /// Whether it has been learned.
    pub fn knows(&self, name: &str) -> bool {
        self.numbers.contains_key(name)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }
}

/// The name of a row's value.
pub fn name_of<'b>(pivot: &Pivot, batch: &'b Batch, row: usize) -> Result<&'b str, RunError> {
    match &batch.columns[pivot.keys] {
        Column::String(names) if names.is_valid(row) => Ok(names.value(row)),
        _ => Err(RunError::Internal("the name of a pivot's value is no text".into())),
    }
}

/// The columns of a pivot.
pub struct Columns {
    /// What they are called.
    pub fields: Vec<Field>,
    /// Where they stand in the groups: beside the name of a value, if they have one.
    sources: Vec<(usize, Option<usize>)>,
}

impl Columns {
    /// Those of all names.
    pub fn of(pivot: &Pivot, groups: &Schema, names: &Names) -> Columns {
        let (mut fields, mut sources) = (Vec::new(), Vec::new());
        for (at, field) in groups.fields[..pivot.keys].iter().enumerate() {
            fields.push(field.clone());
            sources.push((at, None));
        }
        for (result, at) in (pivot.keys + 1..pivot.width()).step_by(2).enumerate() {
            let ty = &groups.fields[at].ty;
            let ty = ty.clone().or_null_if(groups.fields[at + 1].ty.nullable);
            for (value, name) in names.names.iter().enumerate() {
                fields.push(Field { name: pivot.column_name(result, name), ty: ty.clone() });
                sources.push((at, Some(value)));
            }
        }
        Columns { fields, sources }
    }

    /// The first name that two of them have.
    pub fn twice(&self) -> Option<&str> {
        let mut names = std::collections::HashSet::new();
        self.fields.iter().map(|field| &*field.name).find(|name| !names.insert(*name))
    }
}

/// Where a row stands: its batch, and its place in it.
type At = (u32, u32);

/// A row whose group has another of the same name.
pub struct Twice {
    /// Where it stands.
    pub at: At,
    /// The name.
    pub name: Arc<str>,
}

/// Which group stands where in some batches.
pub struct Cells {
    batches: Vec<Batch>,
    /// The first row of each group of the keys.
    pub groups: Vec<At>,
    /// The row of a group and a name.
    cells: HashMap<(u32, u32), At, RandomState>,
}

impl Cells {
    /// Looks through the batches up to a row whose group has its name already.
    pub fn of(
        pivot: &Pivot,
        names: &Names,
        batches: Vec<Batch>,
        watch: &Watch,
    ) -> Result<(Cells, Option<Twice>), RunError> {
        let hasher = hasher();
        let (mut groups, mut cells) = (Vec::new(), HashMap::with_hasher(hasher.clone()));
        let (mut index, mut known, mut twice) = (Index::with_capacity(0), Keys::default(), None);
        'rows: for (at, batch) in batches.iter().enumerate() {
            let keys = Keys::of(&batch.columns[..pivot.keys], batch.rows, &[]);
            for rows in chunks(batch.rows) {
                watch.check()?;
                index.reserve(rows.len(), &|| watch.check())?;
                let hashes = keys.hashes(rows.clone(), &hasher);
                index.fetch(&hashes);
                for (row, hash) in rows.zip(hashes) {
                    let (key, new, place) = (keys.get(row), groups.len(), (at as u32, row as u32));
                    let group = index.find_or_insert(hash, new, |group| known.get(group) == key).unwrap_or_else(|| {
                        known.push(key);
                        groups.push(place);
                        new
                    });
                    let name = name_of(pivot, batch, row)?;
                    // A name without a number came behind what ended the rows.
                    let Some(number) = names.numbers.get(name) else { break 'rows };
                    if cells.insert((group as u32, *number as u32), place).is_some() {
                        twice = Some(Twice { at: place, name: name.into() });
                        break 'rows;
                    }
                }
            }
        }
        Ok((Cells { batches, groups, cells }, twice))
    }

    /// The rows of the groups, some at a time, each time with the number of the first group.
    pub fn rows<'c>(&'c self, columns: &'c Columns) -> impl Iterator<Item = (usize, Batch)> + 'c {
        let at_once = (CELLS / columns.fields.len().max(1)).clamp(1, ROWS);
        (0..self.groups.len()).step_by(at_once).map(move |first| {
            let last = (first + at_once).min(self.groups.len());
            (first, self.some_rows(columns, first, last))
        })
    }

    fn some_rows(&self, columns: &Columns, first: usize, last: usize) -> Batch {
        let column = |(field, source): (&Field, &(usize, Option<usize>))| {
            let value = |group| {
                let ((batch, row), column) = self.place(group, *source);
                self.batches[batch].columns[column].get(row)
            };
            Column::from_scalars(&field.ty.kind, &(first..last).map(value).collect::<Vec<_>>())
        };
        let pairs = columns.fields.iter().zip(&columns.sources);
        let mut batch = Batch::new(last - first, pairs.map(column).collect());
        if self.batches.iter().any(|batch| !batch.faults.is_empty()) {
            let groups = (first..last).flat_map(|group| columns.sources.iter().enumerate().map(move |of| (group, of)));
            let fault = |(group, (column, source)): (usize, (usize, &(usize, Option<usize>)))| {
                let ((from, row), at) = self.place(group, *source);
                let error = self.batches[from].fault(row, at)?.clone();
                Some(BatchFault { row: (group - first) as u32, column: column as u32, error })
            };
            batch.faults = groups.filter_map(fault).collect();
        }
        batch
    }

    /// Where the value of a column stands: the batch, the row, the column.
    fn place(&self, group: usize, (at, value): (usize, Option<usize>)) -> ((usize, usize), usize) {
        let first = self.groups[group];
        let cell = value.map(|value| self.cells.get(&(group as u32, value as u32)));
        let ((batch, row), column) = match cell {
            None => (first, at),
            Some(None) => (first, at + 1),
            Some(Some(cell)) => (*cell, at),
        };
        ((batch as usize, row as usize), column)
    }
}

/// What finds groups by their keys, here and on disk.
pub fn hasher() -> RandomState {
    RandomState::with_seeds(15, 16, 17, 18)
}
