//! Record batches of Arrow in and out, without a copy of their numbers: what readers of Parquet, data frames and the C
//! interface have. For the feature `arrow`.
//!
//! ```text
//! AAA 1299.750
//! BBB 1300.000
//! error[E0501]: the column `px` of `trades` holds Utf8, not float
//!   more: pipe explain E0501
//! ```

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, Float64Array, StringArray};
use pipelang::arrow::{RecordBatch, batches};
use pipelang::{Engine, Field, Schema};
use std::error::Error;
use std::io::Write;
use std::sync::Arc;

/// What some reader gives, a batch at a time.
fn trades(first: usize) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let px: ArrayRef = Arc::new(Float64Array::from_iter_values((first..first + 1000).map(|at| at as f64 / 4.0)));
    let sym: ArrayRef = Arc::new(StringArray::from_iter_values((first..first + 1000).map(|at| ["AAA", "BBB"][at % 2])));
    RecordBatch::try_from_iter([("sym", sym), ("px", px)])
}

pub fn run(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let trade = Schema::new("Trade", vec![Field::of::<String>("sym"), Field::of::<f64>("px")]);
    let program = Engine::default().compile_dyn::<serde_json::Value>(
        &[("trades", trade)],
        "mean.pipe",
        "trades | filter px >= 100 | aggregate mean = mean(px) by sym | sort sym",
    )?;
    for batch in program.run(batches((0..10).map(|at| trades(at * 1000)))).batches()? {
        let (sym, mean) = (batch.column(0).as_string::<i32>(), batch.column(1).as_primitive::<Float64Type>());
        for row in 0..batch.num_rows() {
            writeln!(out, "{} {:.3}", sym.value(row), mean.value(row))?;
        }
    }

    // A column of another type is told, with its name.
    let qty: ArrayRef = Arc::new(StringArray::from(vec!["many"]));
    let wrong = RecordBatch::try_from_iter([("sym", qty.clone()), ("px", qty)]);
    if let Err(report) = program.run(batches([wrong])).batches() {
        writeln!(out, "{report}")?;
    }
    Ok(())
}
