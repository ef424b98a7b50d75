//! All results of a plan as text: statement after statement, in the format that is asked for.
//!
//! Rows are written by the workers that made them, in order; a table is drawn when all its rows are there. What comes
//! before an error is written exactly, also in a table.

use super::pivot::Rows;
use super::{Encoded, Environment, Options, Sink, Stats};
use crate::error::RunError;
use crate::formats::RowsFile;
#[cfg(feature = "columnar")]
use crate::formats::columnar::write::{ColumnFormat, ColumnWriter};
use crate::formats::table::{self, TableRows, TableStyle};
use crate::formats::target::why;
use crate::formats::write::{Joint, OutputFormat, RowFormat, check_types};
use pipelang_lang::codes::E0702;
use pipelang_lang::ir::{Shape, Supply, TableOrigin, Target};
use std::io::{ErrorKind, Write};

/// How results are written.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// The format.
    pub format: OutputFormat,
    /// What tables look like.
    pub table: TableStyle,
}

/// Runs all statements and writes what they give; an empty line stands between two results, where the format wants one.
pub fn write_all(
    env: Environment,
    options: &Options,
    style: &Style,
    out: &mut (dyn Write + Send),
) -> (Stats, Result<(), RunError>) {
    let mut stats = Stats::default();
    if let Err(error) = check_count(env, style.format) {
        return (stats, Err(error));
    }
    let mut shown = 0;
    for (at, statement) in env.plan.statements.iter().enumerate() {
        let result = match &statement.target {
            // What is shown before is out before: the target may be the output itself.
            Some(target) => out.flush().map_err(output_error).and_then(|()| write_file(env, at, options, target)),
            None => {
                shown += 1;
                write_one(env, at, options, style, shown > 1, out)
            }
        };
        match result {
            Ok(more) => stats.add(more),
            Err(error) => return (stats, Err(error)),
        }
    }
    (stats, out.flush().map_err(output_error))
}

/// A file of columns holds one table.
#[cfg(feature = "columnar")]
fn check_count(env: Environment, format: OutputFormat) -> Result<(), RunError> {
    let shown = env.plan.statements.iter().filter(|statement| statement.target.is_none()).count();
    match format.by_columns() {
        Some(_) if shown > 1 => {
            let message = format!("the script shows {shown} results, and a file of columns holds one: `write` them");
            Err(RunError::Outside { code: E0702, message })
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(not(feature = "columnar"))]
fn check_count(_env: Environment, _format: OutputFormat) -> Result<(), RunError> {
    Ok(())
}

fn write_one(
    env: Environment,
    statement: usize,
    options: &Options,
    style: &Style,
    is_later: bool,
    out: &mut (dyn Write + Send),
) -> Result<Stats, RunError> {
    #[cfg(feature = "columnar")]
    if let Some(format) = style.format.by_columns() {
        return write_columns(env, statement, options, format, out);
    }
    let has_blank_lines = style.format.by_rows().is_none_or(RowFormat::has_blank_lines);
    let separator: &[u8] = if is_later && has_blank_lines { b"\n" } else { b"" };
    match style.format.by_rows() {
        Some(format) => write_rows(env, statement, options, format, separator, out),
        None => write_table(env, statement, options, &style.table, separator, out),
    }
}

/// Writes the rows of a statement to its file, which is as before if that fails.
fn write_file(env: Environment, statement: usize, options: &Options, target: &Target) -> Result<Stats, RunError> {
    let (rows, shape) = (Rows::of(env, statement, options)?, env.plan.statements[statement].shape);
    let schema = rows.schema.clone();
    let mut file = RowsFile::create(target, &schema, shape)?;
    let format = file.by_rows();
    let stats = rows.run(Sink {
        encode: &|batch| match format {
            Some(format) => Encoded::Bytes(format.rows(&schema, shape, &batch)),
            None => Encoded::Rows(batch),
        },
        accept: &mut |encoded| match encoded {
            Encoded::Bytes(bytes) => file.write_text(&bytes),
            Encoded::Rows(batch) => file.write(&batch),
            Encoded::Kept { .. } => unreachable!("`encode` gives bytes or rows"),
        },
    })?;
    file.finish()?;
    Ok(stats)
}

fn write_rows(
    env: Environment,
    statement: usize,
    options: &Options,
    format: RowFormat,
    separator: &[u8],
    out: &mut (dyn Write + Send),
) -> Result<Stats, RunError> {
    let (rows, shape) = (Rows::of(env, statement, options)?, env.plan.statements[statement].shape);
    let schema = rows.schema.clone();
    check_types(&schema, format.name())?;
    out.write_all(separator).and_then(|()| out.write_all(&format.head(&schema, shape))).map_err(output_error)?;
    let is_live = env.plan.tables.iter().any(|table| match table.origin {
        TableOrigin::File { supply: Supply::Stdin | Supply::Stream, .. } => true,
        TableOrigin::File { supply: Supply::Files, .. } | TableOrigin::Bound(_) => false,
    });
    let mut joint = Joint::new(format, shape);
    let stats = rows.run(Sink {
        encode: &|batch| Encoded::Bytes(format.rows(&schema, shape, &batch)),
        accept: &mut |encoded| match encoded {
            Encoded::Bytes(bytes) => {
                out.write_all(joint.next(&bytes)).map_err(output_error)?;
                // Nobody knows how long it takes until more comes.
                if is_live { out.flush().map_err(output_error) } else { Ok(()) }
            }
            Encoded::Rows(_) | Encoded::Kept { .. } => unreachable!("`encode` gives bytes"),
        },
    })?;
    out.write_all(format.tail(shape)).map_err(output_error)?;
    Ok(stats)
}

/// Also of what comes before an error a file can be made that can be read.
#[cfg(feature = "columnar")]
fn write_columns(
    env: Environment,
    statement: usize,
    options: &Options,
    format: ColumnFormat,
    out: &mut (dyn Write + Send),
) -> Result<Stats, RunError> {
    let (rows, shape) = (Rows::of(env, statement, options)?, env.plan.statements[statement].shape);
    check_types(&rows.schema, format.name())?;
    let mut writer = ColumnWriter::new(format, (&rows.schema, shape), None, out)?;
    let stats = rows.run(Sink {
        encode: &Encoded::Rows,
        accept: &mut |encoded| match encoded {
            Encoded::Rows(batch) => writer.write(&batch),
            Encoded::Bytes(_) | Encoded::Kept { .. } => unreachable!("`encode` gives rows"),
        },
    });
    let finished = writer.finish();
    let stats = stats?;
    finished.map(|_| stats)
}

/// The bytes of a table that are written without a look whether the run must stop.
const BYTES_BETWEEN_LOOKS: usize = 1 << 16;

fn write_table(
    env: Environment,
    statement: usize,
    options: &Options,
    style: &TableStyle,
    separator: &[u8],
    out: &mut (dyn Write + Send),
) -> Result<Stats, RunError> {
    let (rows, shape) = (Rows::of(env, statement, options)?, env.plan.statements[statement].shape);
    let schema = rows.schema.clone();
    let mut shown = TableRows::new(if shape == Shape::Scalar { usize::MAX } else { style.rows });
    let result = rows.run(Sink {
        encode: &Encoded::Rows,
        accept: &mut |encoded| {
            if let Encoded::Rows(batch) = encoded {
                shown.push(batch);
            }
            Ok(())
        },
    });
    if result.is_ok() || !shown.is_empty() {
        let look = || options.watch.check();
        let text = table::render(&schema, shape, &shown, style, &look)?;
        out.write_all(separator).map_err(output_error)?;
        for (at, piece) in text.as_bytes().chunks(BYTES_BETWEEN_LOOKS).enumerate() {
            if at > 0 {
                look()?;
            }
            out.write_all(piece).map_err(output_error)?;
        }
    }
    result
}

/// A closed pipe is no error of the user's; everything else is E0702.
fn output_error(error: std::io::Error) -> RunError {
    match error.kind() {
        ErrorKind::BrokenPipe => RunError::OutputClosed,
        _ => RunError::Outside { code: E0702, message: format!("the output cannot be written: {}", why(&error)) },
    }
}
