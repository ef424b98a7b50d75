//! What a program reads: slices of rows in place, and, as they come, text and whatever serde can serialize.

pub(crate) mod declared;
mod records;
mod text;

pub use records::{Rows, rows};
pub use text::{Csv, Jsonl, csv, jsonl};

use crate::report::Report;
use crate::row::{ColumnBuilder, Field, Row};
use pipelang_lang::codes::{E0208, E0301, E0501, E0701};
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::ty::Schema;
use pipelang_runtime::batch::{Batch, BatchFault};
use pipelang_runtime::error::RunError;
use pipelang_runtime::exec::{Chosen, Stream, Tables};
use pipelang_runtime::strided::Strided;
use serde_core::Serialize;
use std::collections::HashSet;
use std::io::Read;
use std::sync::Arc;

/// A table that a program reads.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// What the script calls it.
    pub(crate) name: Arc<str>,
    /// What the script may call the type of its rows; empty if it has no name.
    pub(crate) row: Arc<str>,
    /// Its columns.
    pub(crate) schema: Schema,
}

/// The tables that a run reads, while they are bound.
pub struct Bindings<'a> {
    pub(crate) wanted: Arc<[Wanted]>,
    /// How often the program reads a table.
    pub(crate) reads: Box<dyn Fn(&str) -> usize + 'a>,
    pub(crate) tables: Tables<'a>,
    /// The most bytes of a record of a text, if fewer than otherwise.
    pub(crate) record_bytes: Option<usize>,
}

impl<'a> Bindings<'a> {
    /// The one input of a program that has one.
    pub(crate) fn only(&self) -> Option<(Arc<str>, Schema)> {
        self.wanted.first().map(|table| (table.name.clone(), table.schema.clone()))
    }

    fn slice<T: Row + Sync>(&mut self, name: &Arc<str>, rows: &'a [T]) {
        let schema = T::schema().columns();
        let fields = (0..schema.fields.len()).map(|field| Strided::of(rows, |row| row.in_place(field))).collect();
        self.tables.bind_fields(name.clone(), schema, rows.len(), gather(rows), fields);
    }

    pub(crate) fn stream(&mut self, name: &Arc<str>, schema: &Schema, stream: Stream<'a>) {
        let is_read_once = (self.reads)(name) <= 1;
        let (told, known) = (name.clone(), schema.clone());
        let checked: Stream<'a> = Box::new(move |columns, morsel, watch| {
            has_no_opaque(&told, &known, columns)?;
            stream(columns, morsel, watch)
        });
        self.tables.bind_stream(name.clone(), schema.clone(), checked, is_read_once);
    }
}

/// E0301 where a column is wanted of a type of the host, which no text and nothing of serde's has.
fn has_no_opaque(name: &str, schema: &Schema, columns: &[usize]) -> Result<(), RunError> {
    let fields = columns.iter().map(|at| &schema.fields[*at]);
    let opaque = fields.into_iter().find_map(|field| Some((&field.name, field.ty.kind.opaque()?)));
    opaque.map_or(Ok(()), |(field, opaque)| {
        let message = format!("`{field}` is of the host's type `{opaque}`, and what `{name}` is read from has none");
        Err(RunError::Outside { code: E0301, message })
    })
}

/// What can be the input of a program over rows of `In`: a slice, [`jsonl`], [`csv`], [`rows`], and of a program with
/// several inputs [`Inputs`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no input of rows of `{In}`",
    note = "inputs are slices of rows, `pipelang::jsonl(reader)`, `pipelang::csv(reader)` and `pipelang::rows(iterator)`; \
            what they read from is `Send`, and readers borrow nothing"
)]
pub trait Input<'a, In> {
    /// Binds it to the name that the script knows it by.
    fn bind(self, bindings: &mut Bindings<'a>) -> Result<(), Report>;
}

impl<'a, In: Row + Sync> Input<'a, In> for &'a [In] {
    fn bind(self, bindings: &mut Bindings<'a>) -> Result<(), Report> {
        if let Some((name, _)) = bindings.only() {
            bindings.slice(&name, self);
        }
        Ok(())
    }
}

impl<'a, In: Row + Sync> Input<'a, In> for &'a Vec<In> {
    fn bind(self, bindings: &mut Bindings<'a>) -> Result<(), Report> {
        Input::<In>::bind(self.as_slice(), bindings)
    }
}

impl<'a, In: Row + Sync, const N: usize> Input<'a, In> for &'a [In; N] {
    fn bind(self, bindings: &mut Bindings<'a>) -> Result<(), Report> {
        Input::<In>::bind(self.as_slice(), bindings)
    }
}

/// Fills the wanted columns of some rows.
fn gather<'a, T: Row + Sync>(input: &'a [T]) -> pipelang_runtime::exec::Gather<'a> {
    let fields = T::schema().fields;
    Box::new(move |wanted: &[usize], rows: Chosen| fill(&fields, input, wanted, rows))
}

/// The wanted columns of some of the rows, whose fields are `fields`.
pub(crate) fn fill<T: Row>(fields: &[Field], input: &[T], wanted: &[usize], rows: Chosen) -> Batch {
    let mut faults = Vec::new();
    let columns = wanted.iter().enumerate().map(|(column, field)| {
        let mut builder = ColumnBuilder::new(&fields[*field].name);
        match &rows {
            Chosen::All(range) => T::append(input[range.clone()].iter(), *field, &mut builder),
            Chosen::Some(start, rows) => {
                let input = &input[*start..];
                T::append(rows.iter().map(|row| &input[*row as usize]), *field, &mut builder);
            }
        }
        let (filled, failed) = builder.finish();
        faults.extend(failed.into_iter().map(|(row, error)| BatchFault { row, column: column as u32, error }));
        filled
    });
    let mut batch = Batch::new(rows.count(), columns.collect());
    faults.sort_by_key(|fault| fault.row);
    batch.faults = faults;
    batch
}

/// Several inputs by name, for a program of [`Engine::compile_dyn`](crate::Engine::compile_dyn).
#[derive(Default)]
pub struct Inputs<'a>(Vec<(String, Binding<'a>)>);

/// Binds a table of that name and schema.
type Binding<'a> = Box<dyn FnOnce(&Arc<str>, &Schema, &mut Bindings<'a>) -> Result<(), Report> + 'a>;

impl std::fmt::Debug for Inputs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl<'a> Inputs<'a> {
    /// No inputs yet.
    pub fn new() -> Inputs<'a> {
        Inputs::default()
    }

    /// A slice, read in place.
    pub fn slice<T: Row + Sync>(mut self, name: &str, slice: &'a [T]) -> Inputs<'a> {
        self.0.push((
            name.to_string(),
            Box::new(move |name, schema, bindings| {
                let own = T::schema().columns();
                if own != *schema {
                    let text = format!("the input `{name}` was declared as {schema}, and is {own}");
                    return Err(Report::outside(Diagnostic::outside(E0501, text)));
                }
                bindings.slice(name, slice);
                Ok(())
            }),
        ));
        self
    }

    /// Whatever serde can serialize as a record with these fields.
    pub fn rows<I>(mut self, name: &str, rows: I) -> Inputs<'a>
    where
        I: IntoIterator<Item: Serialize, IntoIter: Send + 'a>,
    {
        let rows = rows.into_iter();
        self.0.push((
            name.to_string(),
            Box::new(move |name, schema, bindings| {
                bindings.stream(name, schema, records::stream(name, rows, schema.clone()));
                Ok(())
            }),
        ));
        self
    }

    /// Lines of JSON: see [`jsonl`].
    pub fn jsonl(self, name: &str, reader: impl Read + Send + 'static) -> Inputs<'a> {
        self.text(name, "jsonl", reader)
    }

    /// CSV: see [`csv`].
    pub fn csv(self, name: &str, reader: impl Read + Send + 'static) -> Inputs<'a> {
        self.text(name, "csv", reader)
    }

    fn text(mut self, name: &str, format: &'static str, reader: impl Read + Send + 'static) -> Inputs<'a> {
        self.0.push((
            name.to_string(),
            Box::new(move |name, schema, bindings| {
                bindings.stream(name, schema, text::stream((name, format), reader, schema, bindings.record_bytes));
                Ok(())
            }),
        ));
        self
    }
}

impl<'a, In> Input<'a, In> for Inputs<'a> {
    fn bind(self, bindings: &mut Bindings<'a>) -> Result<(), Report> {
        let mut given = HashSet::new();
        for (name, bind) in self.0 {
            let wanted = bindings.wanted.iter().find(|table| *table.name == *name).cloned();
            let Wanted { name, schema, .. } = wanted.ok_or_else(|| {
                let text = format!("the program has no input `{name}`");
                Report::outside(Diagnostic::outside(E0701, text))
            })?;
            if !given.insert(name.clone()) {
                return Err(Report::outside(Diagnostic::outside(E0208, format!("the input `{name}` is given twice"))));
            }
            bind(&name, &schema, bindings)?;
        }
        Ok(())
    }
}

/// E0701 for an input that the host gave nothing for.
pub(crate) fn unbound(name: &str) -> Report {
    let told = format!("the host gave the run no input `{name}`");
    Report::outside(
        Diagnostic::outside(E0701, told).help("several inputs are given by `pipelang::Inputs`, each by its name"),
    )
}
