//! Whatever serde can serialize as an input: records are taken while the program runs, some at a time.

use super::{Bindings, Input};
use crate::host::caught;
use crate::report::Report;
use pipelang_lang::calendar::{parse_date, parse_datetime, parse_duration};
use pipelang_lang::codes::{E0501, E0603};
use pipelang_lang::scalar::{Scalar, canonical};
use pipelang_lang::ty::{Field, Kind, Schema, Type};
use pipelang_runtime::batch::{Batch, Column, Records};
use pipelang_runtime::error::{At, Place, RunError};
use pipelang_runtime::exec::Stream;
use pipelang_runtime::formats::{MorselSize, Parsed, Piece};
use serde_core::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// So many records are taken at once.
const PORTION: usize = 1024;

/// Rows of any type that serde can serialize, made by [`rows`].
#[derive(Debug)]
pub struct Rows<I>(I);

/// Anything that gives what serde can serialize as a record, as an input. It is asked for more as the program goes on,
/// unless that reads its input twice or calls a function that has an effect; so it may have no end.
/// A float that is not finite comes as null, as in JSON.
///
/// ```
/// use pipelang::{Engine, Row};
///
/// #[derive(Row, serde::Serialize)]
/// struct Reading { at: u64, celsius: f64 }
///
/// let endless = (0..).map(|at| Reading { at, celsius: (at % 40) as f64 });
/// let program = Engine::default().compile::<Reading, Reading>("hot.pipe", "input | filter celsius > 37 | take 2")?;
/// let hot = program.run(pipelang::rows(endless)).collect()?;
/// assert_eq!(hot.iter().map(|reading| reading.at).collect::<Vec<_>>(), [38, 39]);
/// # Ok::<(), pipelang::Report>(())
/// ```
pub fn rows<I: IntoIterator<Item: Serialize>>(rows: I) -> Rows<I> {
    Rows(rows)
}

impl<'a, In, I: IntoIterator<Item: Serialize, IntoIter: Send + 'a>> Input<'a, In> for Rows<I> {
    fn bind(self, bindings: &mut Bindings<'a>) -> Result<(), Report> {
        if let Some((name, schema)) = bindings.only() {
            bindings.stream(&name, &schema, stream(&name, self.0.into_iter(), schema.clone()));
        }
        Ok(())
    }
}

/// Records as a table of that name and these columns.
pub(super) fn stream<'a>(
    name: &Arc<str>,
    mut records: impl Iterator<Item: Serialize> + Send + 'a,
    schema: Schema,
) -> Stream<'a> {
    let (name, schema) = (name.clone(), Arc::new(schema));
    Box::new(move |columns, morsel, _| {
        let most = if let MorselSize::Rows(rows) = morsel { rows } else { PORTION };
        let columns: Arc<[usize]> = columns.into();
        let (mut count, mut is_over) = (0, false);
        Ok(Box::new(move || {
            let mut portion: Vec<Result<Value, Broken>> = Vec::new();
            while portion.len() < most && !is_over {
                let next = || records.next().map(serde_json::to_value);
                match caught(next) {
                    Ok(Some(record)) => portion.push(record.map_err(|error| Broken::Unfit(error.to_string()))),
                    Ok(None) => is_over = true,
                    Err(panic) => {
                        is_over = true;
                        portion.push(Err(Broken::Panicked(panic)));
                    }
                }
            }
            if portion.is_empty() {
                return Ok(None);
            }
            let (schema, columns, first) = (schema.clone(), columns.clone(), count + 1);
            count += portion.len() as u64;
            let name = name.clone();
            Ok(Some(Box::new(move || parsed(portion, (name, first), &schema, &columns)) as Piece))
        }))
    })
}

/// Why there is no record.
enum Broken {
    Unfit(String),
    /// The host did, when it was asked for the record.
    Panicked(String),
}

/// The records of an input up to the first that does not fit; record `first` is the first of them.
fn parsed(
    records: Vec<Result<Value, Broken>>,
    (file, first): (Arc<str>, u64),
    schema: &Schema,
    columns: &[usize],
) -> Parsed {
    let mut values: Vec<Vec<Scalar>> = vec![Vec::with_capacity(records.len()); columns.len()];
    let mut error = None;
    let mut rows = 0;
    for record in records {
        match cells(record, schema, columns) {
            Ok(cells) => values.iter_mut().zip(cells).for_each(|(column, cell)| column.push(cell)),
            Err(broken) => {
                let (code, message) = match broken {
                    Broken::Unfit(what) => (E0501, what),
                    Broken::Panicked(panic) => (E0603, format!("the host panicked when it was asked for it: {panic}")),
                };
                let place = Place { file: file.clone(), at: At::Row(first + rows as u64) };
                error = Some(RunError::Record { code, message, place });
                break;
            }
        }
        rows += 1;
    }
    let column = |(at, values): (&usize, &Vec<Scalar>)| Column::from_scalars(&schema.fields[*at].ty.kind, values);
    let batch = Batch::new(rows, columns.iter().zip(&values).map(column).collect());
    Parsed { batch: batch.of_input(file, Records::From(first)), error, left_out: 0 }
}

/// The wanted cells of a record, or what is wrong with it.
fn cells(record: Result<Value, Broken>, schema: &Schema, columns: &[usize]) -> Result<Vec<Scalar>, Broken> {
    let mut record = match record? {
        Value::Object(record) => record,
        other => return Err(Broken::Unfit(format!("{other} is no record"))),
    };
    let mut cell = |at: &usize| {
        let field = &schema.fields[*at];
        let value = record.get_mut(&*field.name).map_or(Value::Null, Value::take);
        let told = |found| format!("`{}` should be {}, but is {found}", field.name, field.ty);
        scalar(value, &field.ty).map_err(|found| Broken::Unfit(told(found)))
    };
    columns.iter().map(&mut cell).collect()
}

/// A value of a type, or the value that is none.
fn scalar(value: Value, ty: &Type) -> Result<Scalar, Value> {
    Ok(match (&value, &ty.kind) {
        (Value::Null, _) if ty.nullable => Scalar::Null,
        (Value::Bool(x), Kind::Bool) => Scalar::Bool(*x),
        (Value::Number(x), Kind::Int) => Scalar::Int(x.as_i64().ok_or(value)?),
        (Value::Number(x), Kind::Float) => Scalar::Float(canonical(x.as_f64().ok_or(value)?)),
        (Value::String(x), Kind::String) => Scalar::String(x.as_str().into()),
        (Value::String(x), Kind::Date) => Scalar::Date(parse_date(x.as_bytes()).ok_or(value)?),
        (Value::String(x), Kind::DateTime) => Scalar::DateTime(parse_datetime(x.as_bytes()).ok_or(value)?),
        (Value::String(x), Kind::Duration) => Scalar::Duration(parse_duration(x).ok_or(value)?),
        (Value::Array(items), Kind::List(item)) => {
            let items = items.iter().map(|value| scalar(value.clone(), item)).collect::<Result<Vec<_>, _>>()?;
            Scalar::List(items.into())
        }
        (Value::Object(fields), Kind::Record(schema)) => {
            let field = |field: &Field| scalar(fields.get(&*field.name).cloned().unwrap_or(Value::Null), &field.ty);
            Scalar::Record(schema.fields.iter().map(field).collect::<Result<Vec<_>, _>>()?.into())
        }
        _ => return Err(value),
    })
}
