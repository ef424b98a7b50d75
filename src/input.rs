//! What a program reads: slices of rows in place, lines of JSON, and whatever serde can serialize.

use crate::report::Report;
use crate::row::{ColumnBuilder, Field, Row};
use pipelang_lang::codes::{E0501, E0701, E0901};
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::scalar::{Scalar, canonical};
use pipelang_lang::ty::{Kind, Schema, Type};
use pipelang_runtime::batch::{Batch, BatchFault, Column};
use pipelang_runtime::exec::Tables;
use serde_core::Serialize;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::ops::Range;
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
    pub(crate) wanted: &'a [Wanted],
    pub(crate) tables: Tables<'a>,
}

impl<'a> Bindings<'a> {
    /// The one input of a program that has one.
    fn only(&self) -> Option<(Arc<str>, Schema)> {
        self.wanted.first().map(|table| (table.name.clone(), table.schema.clone()))
    }

    fn slice<T: Row + Sync>(&mut self, name: &Arc<str>, rows: &'a [T]) {
        self.tables.bind(name.clone(), T::schema().columns(), rows.len(), gather(rows));
    }

    fn batch(&mut self, name: Arc<str>, schema: Schema, batch: Batch) {
        let rows = batch.rows;
        let gather = move |wanted: &[usize], rows: Range<usize>| {
            let columns = wanted.iter().map(|at| batch.columns[*at].slice(rows.start, rows.len())).collect();
            Batch::new(rows.len(), columns)
        };
        self.tables.bind(name, schema, rows, Box::new(gather));
    }
}

/// What can be the input of a program over rows of `In`: a slice, [`jsonl`], [`rows`], and of a program with several
/// inputs [`Inputs`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no input of rows of `{In}`",
    note = "inputs are slices of rows, `pipelang::jsonl(reader)` and `pipelang::rows(iterator)`"
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

/// Fills the wanted columns of a range of rows.
fn gather<'a, T: Row + Sync>(input: &'a [T]) -> pipelang_runtime::exec::Gather<'a> {
    let fields = T::schema().fields;
    Box::new(move |wanted: &[usize], rows: Range<usize>| fill(&fields, &input[rows], wanted))
}

/// The wanted columns of some rows, whose fields are `fields`.
pub(crate) fn fill<T: Row>(fields: &[Field], rows: &[T], wanted: &[usize]) -> Batch {
    let mut faults = Vec::new();
    let columns = wanted.iter().enumerate().map(|(column, field)| {
        let mut builder = ColumnBuilder::new(&fields[*field].name);
        T::append(rows, *field, &mut builder);
        let (filled, failed) = builder.finish();
        faults.extend(failed.into_iter().map(|(row, error)| BatchFault { row, column: column as u32, error }));
        filled
    });
    let mut batch = Batch::new(rows.len(), columns.collect());
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
        I: IntoIterator<Item: Serialize> + 'a,
    {
        self.0.push((
            name.to_string(),
            Box::new(move |name, schema, bindings| {
                let batch = batch_of(schema, rows.into_iter().map(json_of))?;
                bindings.batch(name.clone(), schema.clone(), batch);
                Ok(())
            }),
        ));
        self
    }
}

impl<'a, In> Input<'a, In> for Inputs<'a> {
    fn bind(self, bindings: &mut Bindings<'a>) -> Result<(), Report> {
        for (name, bind) in self.0 {
            let wanted = bindings.wanted.iter().find(|table| *table.name == *name).cloned();
            let Wanted { name, schema, .. } = wanted.ok_or_else(|| {
                let text = format!("the program has no input `{name}`");
                Report::outside(Diagnostic::outside(E0701, text))
            })?;
            bind(&name, &schema, bindings)?;
        }
        Ok(())
    }
}

/// Lines of JSON, each an object with the fields of a row; read when a run begins.
#[derive(Debug)]
pub struct Jsonl<R>(R);

/// Lines of JSON as an input: each is an object with the fields of a row. Fields that no column has are passed over, and
/// one that is missing is null.
///
/// ```
/// use pipelang::{Engine, Row};
///
/// #[derive(Row)]
/// struct Trade { sym: String, qty: i64 }
///
/// let program = Engine::default().compile::<Trade, serde_json::Value>("t.pipe", "input | aggregate n = sum(qty) by sym")?;
/// let file = "{\"sym\": \"A\", \"qty\": 2}\n{\"sym\": \"A\", \"qty\": 3}\n";
/// assert_eq!(program.run(pipelang::jsonl(file.as_bytes())).collect()?, [serde_json::json!({"sym": "A", "n": 5})]);
/// # Ok::<(), pipelang::Report>(())
/// ```
pub fn jsonl<R: Read>(reader: R) -> Jsonl<R> {
    Jsonl(reader)
}

impl<'a, In, R: Read> Input<'a, In> for Jsonl<R> {
    fn bind(self, bindings: &mut Bindings<'a>) -> Result<(), Report> {
        let Some((name, schema)) = bindings.only() else { return Ok(()) };
        let lines =
            BufReader::new(self.0).lines().filter(|line| !line.as_ref().is_ok_and(|line| line.trim().is_empty()));
        let rows = lines.map(|line| match line {
            Ok(line) => serde_json::from_str(&line).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        });
        let batch = batch_of(&schema, rows)?;
        bindings.batch(name, schema, batch);
        Ok(())
    }
}

/// Rows of any type that serde can serialize; read when a run begins.
#[derive(Debug)]
pub struct Rows<I>(I);

/// Anything that gives what serde can serialize as a record, as an input.
pub fn rows<I: IntoIterator<Item: Serialize>>(rows: I) -> Rows<I> {
    Rows(rows)
}

impl<'a, In, I: IntoIterator<Item: Serialize>> Input<'a, In> for Rows<I> {
    fn bind(self, bindings: &mut Bindings<'a>) -> Result<(), Report> {
        let Some((name, schema)) = bindings.only() else { return Ok(()) };
        let batch = batch_of(&schema, self.0.into_iter().map(json_of))?;
        bindings.batch(name, schema, batch);
        Ok(())
    }
}

fn json_of(row: impl Serialize) -> Result<Value, String> {
    serde_json::to_value(row).map_err(|error| error.to_string())
}

/// The rows with these columns.
fn batch_of(schema: &Schema, rows: impl Iterator<Item = Result<Value, String>>) -> Result<Batch, Report> {
    let mut columns: Vec<Vec<Scalar>> = schema.fields.iter().map(|_| Vec::new()).collect();
    let mut count = 0;
    for row in rows {
        count += 1;
        let wrong =
            |what: String| Report::outside(Diagnostic::outside(E0501, format!("row {count} of the input: {what}")));
        let mut row = match row.map_err(wrong)? {
            Value::Object(row) => row,
            other => return Err(wrong(format!("{other} is no record"))),
        };
        for (column, field) in columns.iter_mut().zip(&schema.fields) {
            let value = row.remove(&*field.name).unwrap_or(Value::Null);
            let told = |found: Value| wrong(format!("`{}` should be {}, but is {found}", field.name, field.ty));
            column.push(scalar(value, &field.ty).map_err(told)?);
        }
    }
    let columns = columns.iter().zip(&schema.fields);
    Ok(Batch::new(count, columns.map(|(values, field)| Column::from_scalars(&field.ty.kind, values)).collect()))
}

/// A value of a type, or the value that is none.
fn scalar(value: Value, ty: &Type) -> Result<Scalar, Value> {
    Ok(match (&value, &ty.kind) {
        (Value::Null, _) if ty.nullable => Scalar::Null,
        (Value::Bool(x), Kind::Bool) => Scalar::Bool(*x),
        (Value::Number(x), Kind::Int) => Scalar::Int(x.as_i64().ok_or(value)?),
        (Value::Number(x), Kind::Float) => Scalar::Float(canonical(x.as_f64().ok_or(value)?)),
        (Value::String(x), Kind::String) => Scalar::String(x.as_str().into()),
        _ => return Err(value),
    })
}

/// E0901 for what binds nothing.
pub(crate) fn unbound(name: &str) -> Report {
    Report::outside(Diagnostic::outside(E0901, format!("the input `{name}` was not given")))
}
