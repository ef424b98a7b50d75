//! Text as an input: lines of JSON and CSV, read while the program runs.

use super::{Bindings, Input};
use crate::report::Report;
use pipelang_lang::ty::Schema;
use pipelang_runtime::exec::{Pieces, Stream};
use pipelang_runtime::formats::{ByteStream, stream};
use std::io::Read;
use std::sync::Arc;

/// Lines of JSON as an input, made by [`jsonl`].
#[derive(Debug)]
pub struct Jsonl<R>(R);

/// CSV as an input, made by [`csv`].
#[derive(Debug)]
pub struct Csv<R>(R);

/// Lines of JSON as an input: each is an object with the fields of a row. Fields that no column has are passed over, and
/// one that is missing is null. They are read as the program goes on, unless it reads its input twice or calls a function
/// that has an effect; so it may be a socket. What begins as gzip does is decompressed. A thread of its own reads it, so that
/// a run that waits for more can be stopped; the thread stays where it waits.
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

/// CSV with a header as an input, read as the program goes on. Columns are found by their names, and those that no field has
/// are passed over.
///
/// ```
/// use pipelang::{Engine, Row};
///
/// #[derive(Row)]
/// struct Trade { sym: String, qty: i64 }
///
/// let program = Engine::default().compile::<Trade, Trade>("t.pipe", "input | filter qty > 2")?;
/// let trades = program.run(pipelang::csv("qty,px,sym\n2,1.5,A\n3,2.5,B\n".as_bytes())).collect()?;
/// assert_eq!((trades.len(), &*trades[0].sym), (1, "B"));
/// # Ok::<(), pipelang::Report>(())
/// ```
pub fn csv<R: Read>(reader: R) -> Csv<R> {
    Csv(reader)
}

impl<'a, In, R: Read + Send + 'static> Input<'a, In> for Jsonl<R> {
    fn bind(self, bindings: &mut Bindings<'a>) -> Result<(), Report> {
        bind(bindings, "jsonl", self.0)
    }
}

impl<'a, In, R: Read + Send + 'static> Input<'a, In> for Csv<R> {
    fn bind(self, bindings: &mut Bindings<'a>) -> Result<(), Report> {
        bind(bindings, "csv", self.0)
    }
}

fn bind(bindings: &mut Bindings, format: &'static str, reader: impl Read + Send + 'static) -> Result<(), Report> {
    if let Some((name, schema)) = bindings.only() {
        bindings.stream(&name, &schema, stream((&name, format), reader, &schema, bindings.record_bytes));
    }
    Ok(())
}

/// A text of that format as the table of that name.
pub(super) fn stream<'a>(
    (name, format): (&Arc<str>, &'static str),
    reader: impl Read + Send + 'static,
    schema: &Schema,
    record_bytes: Option<usize>,
) -> Stream<'a> {
    let stream = ByteStream::aside(|| Ok(reader), Some(format));
    let (name, schema) = (name.clone(), schema.clone());
    Box::new(move |columns, morsel, watch| {
        stream.watch(watch);
        let scan = stream::open((&name, format), stream, &schema, columns, morsel, record_bytes)?;
        Ok(scan.0 as Pieces<'a>)
    })
}
