//! Arrow in and out: record batches as inputs and as results. A stream of the C interface is an iterator of record batches
//! on either side (`arrow_array::ffi_stream`). Here alone Arrow's types are in signatures.

use crate::host::caught;
use crate::input::{Bindings, Input};
use crate::report::Report;
use crate::row::FromRow;
use crate::run::Run;
use pipelang_lang::codes::{E0507, E0603};
use pipelang_lang::ty::{Field, Schema};
use pipelang_runtime::error::RunError;
use pipelang_runtime::exec::{Encoded, Sink, Stream};
use pipelang_runtime::formats::columnar::host;
use pipelang_runtime::formats::{Parsed, Piece};
use std::fmt::Display;
use std::sync::Arc;

pub use arrow_array::RecordBatch;

/// Record batches as an input, made by [`batches`].
#[derive(Debug)]
pub struct Batches<I>(I);

/// Record batches as an input: a reader of Arrow or Parquet, a stream of the C interface, a list. Columns are found by their
/// names; what the program does not read is not looked at, and numbers and texts are not copied. The next batch is asked for
/// as the program goes on.
///
/// ```
/// use pipelang::arrow::{RecordBatch, batches};
/// use pipelang::{Engine, Field, Schema};
/// use std::sync::Arc;
///
/// let px = Arc::new(arrow_array::Float64Array::from(vec![1.5, 4.0, 2.5])) as arrow_array::ArrayRef;
/// let trades = RecordBatch::try_from_iter([("px", px)]).expect("there is one column");
/// let trade = Schema::new("Trade", vec![Field::of::<f64>("px")]);
/// let program = Engine::default().compile_dyn::<serde_json::Value>(
///     &[("trades", trade)],
///     "double.pipe",
///     "trades | filter px < 3.0 | select double = px * 2",
/// )?;
/// let results = program.run(batches([Ok::<_, String>(trades)])).batches()?;
/// let expected: arrow_array::ArrayRef = Arc::new(arrow_array::Float64Array::from(vec![3.0, 5.0]));
/// assert_eq!(results[0].column(0), &expected);
/// # Ok::<(), pipelang::Report>(())
/// ```
pub fn batches<E: Display, I: IntoIterator<Item = Result<RecordBatch, E>>>(batches: I) -> Batches<I> {
    Batches(batches)
}

impl<'a, In, E, I> Input<'a, In> for Batches<I>
where
    E: Display,
    I: IntoIterator<Item = Result<RecordBatch, E>, IntoIter: Send + 'a>,
{
    fn bind(self, bindings: &mut Bindings<'a>) -> Result<(), Report> {
        if let Some((name, schema)) = bindings.only() {
            bindings.stream(&name, &schema, stream(self.0.into_iter(), name.clone(), schema.clone()));
        }
        Ok(())
    }
}

fn stream<'a, E: Display>(
    mut batches: impl Iterator<Item = Result<RecordBatch, E>> + Send + 'a,
    name: Arc<str>,
    schema: Schema,
) -> Stream<'a> {
    Box::new(move |columns, _, _| {
        let fields: Arc<[Field]> = columns.iter().map(|at| schema.fields[*at].clone()).collect();
        let mut rows = 0;
        Ok(Box::new(move || {
            let told =
                |panic| format!("`{name}` cannot be read: the host panicked when it was asked for more: {panic}");
            let batch =
                caught(|| batches.next()).map_err(|panic| RunError::Outside { code: E0603, message: told(panic) })?;
            let Some(batch) = batch else { return Ok(None) };
            let batch = batch.map_err(|error| outside(&name, &error))?;
            let (name, fields, first) = (name.clone(), fields.clone(), rows);
            rows += batch.num_rows() as u64;
            Ok(Some(Box::new(move || -> Parsed { host::read(&name, &fields, &batch, first) }) as Piece))
        }))
    })
}

/// What the host's reader says.
fn outside(name: &str, error: &dyn Display) -> RunError {
    let message = format!("`{name}` cannot be read: {error}");
    RunError::Outside { code: E0507, message }
}

impl<In, Out: FromRow> Run<'_, In, Out> {
    /// All results as record batches, with all the columns of the program.
    pub fn batches(self) -> Result<Vec<RecordBatch>, Report> {
        let mut all = Vec::new();
        self.for_each_batch(|batch| all.push(batch)).map(|()| all)
    }

    /// Hands the results over as record batches as they come, in order.
    pub fn for_each_batch(self, mut visit: impl FnMut(RecordBatch) + Send) -> Result<(), Report> {
        let (program, tables, settings) = self.prepared()?;
        let (schema, _) = program.result();
        let shape = program.script().plan().statements[0].shape;
        let mut accept = |encoded: Encoded| {
            if let Encoded::Rows(batch) = encoded {
                host::write(schema, shape, &batch)?.into_iter().for_each(&mut visit);
            }
            Ok(())
        };
        let sink = Sink { encode: &Encoded::Rows, accept: &mut accept };
        program.script().run(0, &tables, &settings, sink).map(drop)
    }
}
