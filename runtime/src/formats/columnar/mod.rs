//! Parquet and Arrow: files that hold columns with types, and say so in their metadata.
//!
//! `types` says what the types are in Pipe, `value` what one value is, and `column` reads many at once; `parquet` and
//! `ipc` take the files apart. `arrays`, `write` and the two writers go the other way. A damaged file is E0507: the
//! libraries are asked under [`damage::guarded`], after `damage` and `pages` have looked at what sizes the file claims;
//! `group` hands them what they would refuse of sound files in another form.

mod arrays;
mod column;
pub mod damage;
mod delta;
pub mod group;
pub mod host;
mod input;
pub mod ipc;
mod pages;
pub mod parquet;
#[cfg(test)]
mod tests;
mod thrift;
mod types;
mod value;
pub mod write;

pub use value::{Misfit, read as read_value};

use super::{MorselSize, Parsed, ScanRequest};
use crate::batch::{Batch, BatchFault, Column, Origin, Records};
use crate::error::{At, CellError, Place, RowError, RowFault, RunError};
use arrow_array::ArrayRef;
use arrow_schema::Fields;
use pipelang_lang::catalog::{Effect, OptionDef, OptionKind, OptionValue, ReadRequest, TableInfo};
use pipelang_lang::codes::{E0206, E0304, E0501, E0508, E0902};
use pipelang_lang::diagnostic::{Diagnostic, did_you_mean};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::{Field, Kind, Schema, Type};
use std::sync::Arc;

/// The option that says what times of nanoseconds are read as.
const NANOSECONDS: &str = "nanoseconds";

/// What times of nanoseconds are in Pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nanoseconds {
    /// A `datetime` or a `duration`, of microseconds.
    Times,
    /// An `int`.
    Ints,
}

impl Nanoseconds {
    fn of<'a>(mut options: impl Iterator<Item = (&'a str, &'a OptionValue)>) -> Nanoseconds {
        match options.any(|(name, _)| name == NANOSECONDS) {
            true => Nanoseconds::Ints,
            false => Nanoseconds::Times,
        }
    }
}

/// What `read` accepts: the files say everything else themselves.
const OPTIONS: &[OptionDef] = &[
    OptionDef { name: "format", kind: OptionKind::String, doc: "The format, where the extension does not tell it." },
    OptionDef {
        name: "with_file",
        kind: OptionKind::Bool,
        doc: "Whether to add a column `file` with the path of each row's file.",
    },
    OptionDef {
        name: NANOSECONDS,
        kind: OptionKind::String,
        doc: "`int` reads times of nanoseconds as ints that count them, since 1970 or since midnight.",
    },
];

/// The most rows of a piece.
const MOST_ROWS: usize = 131_072;

/// The columns of a file as Pipe has them.
#[derive(Debug)]
struct Columns {
    schema: Schema,
    /// Whether a value of them may not fit.
    may_fail: bool,
    /// Those whose values Pipe does not have, which are null in the schema, and what they hold.
    foreign: Vec<(Arc<str>, Arc<str>)>,
}

/// The table of a file whose columns are known, or why there is none.
fn table(
    request: &ReadRequest,
    input: &super::Input,
    format: &'static str,
    columns: impl FnOnce(Nanoseconds) -> Result<Columns, RunError>,
) -> Result<TableInfo, Box<Diagnostic>> {
    for (name, span, value) in &request.options {
        if **name == *NANOSECONDS && *value != OptionValue::Scalar(Scalar::String("int".into())) {
            let message = "`nanoseconds` is \"int\" or not given".to_string();
            return Err(Box::new(Diagnostic::error(E0304, *span, message)));
        }
        if OPTIONS.iter().all(|option| *option.name != **name) {
            let message = format!("the format `{format}` has no option `{name}`");
            let near = did_you_mean(name, OPTIONS.iter().map(|option| option.name));
            let diagnostic = Diagnostic::error(E0206, *span, message);
            return Err(Box::new(match near.first() {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help("the file itself says what its columns are"),
            }));
        }
    }
    if !input.is_file() {
        let message = format!("reading the format `{format}` from `{}` is not there yet", request.path);
        let advice = "write it to a file first: its columns are described at its end";
        return Err(Box::new(Diagnostic::error(E0902, request.span, message).help(advice)));
    }
    let nanoseconds = Nanoseconds::of(request.options.iter().map(|(name, _, value)| (&**name, value)));
    let columns = columns(nanoseconds)
        .map_err(|error| Box::new(Diagnostic::error(error.code(), request.span, error.to_string())))?;
    let effect = if columns.may_fail { Effect::MayFail } else { Effect::Total };
    Ok(TableInfo { foreign: columns.foreign, ..TableInfo::new(format, columns.schema, effect) })
}

/// Fails if the columns of the file are not as they were when the script was compiled.
fn check_unchanged(request: &ScanRequest, fields: &Fields) -> Result<(), RunError> {
    let nanoseconds = Nanoseconds::of(request.options.iter().map(|(name, value)| (&**name, value)));
    let columns = types::columns(&request.path, fields, nanoseconds)?;
    let (found, known) = (&columns.schema.fields, &request.schema.fields);
    let is_known = |(found, known): (&Field, &Field)| {
        found.name == known.name && join(&found.ty, &known.ty).as_ref() == Some(&known.ty)
    };
    if found.len() == known.len() && found.iter().zip(known).all(is_known) {
        return Ok(());
    }
    let message = format!("the columns of `{}` have changed since the script was compiled", request.path);
    Err(RunError::Outside { code: E0508, message })
}

/// The type of a column that is of these types in two files.
fn join(a: &Type, b: &Type) -> Option<Type> {
    let kind = match (&a.kind, &b.kind) {
        (a, b) if a == b => a.clone(),
        (Kind::Null, other) | (other, Kind::Null) => other.clone(),
        (Kind::Int, Kind::Float) | (Kind::Float, Kind::Int) => Kind::Float,
        _ => return None,
    };
    Some(Type { kind, nullable: a.nullable || b.nullable })
}

/// Rows of the first piece of a file, which may be all that is wanted; each of the next has more.
const FIRST_ROWS: usize = 2048;

/// How many rows a piece has, where all the rows have so many bytes.
fn rows_of_piece(morsel: MorselSize, rows: usize, bytes: u64) -> usize {
    match morsel {
        MorselSize::Rows(rows) => rows.max(1),
        // A columnar file is denser than text, and beginning a piece costs more.
        MorselSize::Bytes(wanted) => {
            let fitting = 16 * wanted as u128 * rows as u128 / u128::from(bytes.max(1));
            usize::try_from(fitting).unwrap_or(MOST_ROWS).clamp(1024, MOST_ROWS)
        }
    }
}

/// The columns that a scan wants.
#[derive(Debug)]
struct Wanted {
    file: Arc<str>,
    /// Their positions in the file, ascending.
    positions: Vec<usize>,
    /// For each column that goes out: which of `positions` it is, and what it is called.
    columns: Vec<(usize, Field)>,
}

impl Wanted {
    fn new(request: &ScanRequest) -> Wanted {
        let mut positions = request.columns.clone();
        positions.sort_unstable();
        positions.dedup();
        let column = |position: &usize| {
            let at = positions.binary_search(position).expect("it is one of them");
            (at, request.schema.fields[*position].clone())
        };
        let columns = request.columns.iter().map(column).collect();
        Wanted { file: request.path.clone(), positions, columns }
    }

    /// The same of some of its columns.
    fn of_columns(&self, columns: &[usize]) -> Wanted {
        let position = |at: &usize| self.positions[self.columns[*at].0];
        let mut positions: Vec<usize> = columns.iter().map(position).collect();
        positions.sort_unstable();
        positions.dedup();
        let column = |at: &usize| {
            let place = positions.binary_search(&position(at)).expect("it is one of them");
            (place, self.columns[*at].1.clone())
        };
        let columns = columns.iter().map(column).collect();
        Wanted { file: self.file.clone(), positions, columns }
    }

    /// Rows of these numbers without a value that was read: there are none, or nobody wants a column.
    fn nothing(&self, numbers: Arc<[u64]>) -> Batch {
        let columns = self.columns.iter().map(|(_, field)| Column::from_scalars(&field.ty.kind, &[])).collect();
        let origin = Origin { file: self.file.clone(), records: Records::Numbered(numbers.clone()) };
        Batch { rows: numbers.len(), columns, faults: Vec::new(), origin: Some(origin) }
    }

    /// Rows from the arrays of the wanted positions, and their numbers in the file, from 1.
    fn rows(&self, arrays: &[ArrayRef], numbers: Arc<[u64]>) -> Parsed {
        let mut columns = Vec::with_capacity(self.columns.len());
        let mut faults = Vec::new();
        for (at, (position, field)) in self.columns.iter().enumerate() {
            let (column, misfits) = column::read(&arrays[*position], &field.ty);
            columns.push(column);
            faults.extend(misfits.into_iter().map(|(row, misfit)| BatchFault {
                row: row as u32,
                column: at as u32,
                error: Arc::new(misfit_of(&self.file, &field.name, numbers[row] - 1, misfit)),
            }));
        }
        faults.sort_by_key(|fault| (fault.row, fault.column));
        let rows = numbers.len();
        let origin = Origin { file: self.file.clone(), records: Records::Numbered(numbers) };
        Parsed { batch: Batch { rows, columns, faults, origin: Some(origin) }, error: None, left_out: 0 }
    }
}

/// A value that is none of its column's type; rows count from 0.
pub fn misfit_of(file: &Arc<str>, column: &Arc<str>, row: u64, misfit: Misfit) -> RowError {
    let Misfit { expected, text } = misfit;
    let cell = CellError { code: E0501, column: column.clone(), inside: None, expected, text, inferred: false };
    RowError { fault: RowFault::Cell(cell), place: Some(Place { file: file.clone(), at: At::Row(row + 1) }) }
}

/// What is said when the file cannot be read on.
fn failed(error: RunError) -> Parsed {
    Parsed { batch: Batch::default(), error: Some(error), left_out: 0 }
}
