//! A compiled program between Rust types: a slice goes in, values of a struct come out.

use crate::on_error::OnError;
use crate::report::Report;
use crate::row::{Cell, CellMismatch, ColumnBuilder, Field, FromCell, FromRow, ResultRow, Row};
use crate::script::{Phase, RunSettings, Script};
use pipelang_lang::codes::{E0201, E0301, E0307, E0310, E0406, E0902};
use pipelang_lang::diagnostic::{Diagnostic, did_you_mean};
use pipelang_lang::ir::Shape;
use pipelang_lang::ty::{self, Kind};
use pipelang_runtime::batch::{Batch, BatchFault};
use pipelang_runtime::error::RunError;
use pipelang_runtime::exec::output::Style;
use pipelang_runtime::exec::{Encoded, Executor, Sink, Tables};
use pipelang_runtime::formats::table::TableStyle;
use pipelang_runtime::formats::write::OutputFormat;
use pipelang_runtime::limits::CancelToken;
use std::io::Write;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// The name of the input in scripts.
pub(crate) const INPUT: &str = "input";

/// A compiled program: from rows of `In` to rows of `Out`. It can be run many times, from many threads.
pub struct Program<In, Out> {
    script: Script,
    /// For each field of `Out` its column in the result.
    columns: Vec<usize>,
    types: PhantomData<fn(In) -> Out>,
}

impl<In, Out> Clone for Program<In, Out> {
    fn clone(&self) -> Self {
        Program { script: self.script.clone(), columns: self.columns.clone(), types: PhantomData }
    }
}

impl<In, Out> std::fmt::Debug for Program<In, Out> {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Program").field("result", &self.script.result_type(0)).finish()
    }
}

impl<In: Row, Out: FromRow> Program<In, Out> {
    pub(crate) fn new(script: Script) -> Result<Program<In, Out>, Report> {
        let columns = match script.plan().statements.as_slice() {
            [statement] => columns_of::<Out>(&script, statement),
            [] => Err(vec![Diagnostic::outside(E0301, "this program gives no result").help("end it in an expression")]),
            [.., last] => Err(vec![Diagnostic::error(E0902, last.span, "a second result is not there yet here")]),
        };
        match columns {
            Ok(columns) => Ok(Program { script, columns, types: PhantomData }),
            Err(diagnostics) => Err(Report::new(diagnostics, script.sources().clone())),
        }
    }

    /// Starts a run over these rows; it begins when its results are asked for. The slice is read in place, and only the
    /// fields that the program needs.
    pub fn run<'a>(&'a self, input: &'a [In]) -> Run<'a, In, Out> {
        Run { program: self, input, settings: RunSettings::default() }
    }

    /// How it is run: its plan and pipelines.
    pub fn explain(&self) -> String {
        self.script.explain(Phase::Plan, Executor::Auto)
    }

    /// What is suspicious about the program.
    pub fn warnings(&self) -> &Report {
        self.script.warnings()
    }
}

/// For each field of `Out` the column of the result, or why there is none.
fn columns_of<Out: FromRow>(
    script: &Script,
    statement: &pipelang_lang::ir::Statement,
) -> Result<Vec<usize>, Vec<Diagnostic>> {
    if statement.pivot.is_some() {
        let text = "the columns of this `pivot` are not known before it runs, and a program wants to know them";
        return Err(vec![Diagnostic::error(E0406, statement.span, text).help("write `values: [\"a\", \"b\"]`")]);
    }
    let (found, wanted) = (script.plan().schema(statement.node), Out::schema());
    let mut diagnostics = Vec::new();
    let mut columns = Vec::with_capacity(wanted.fields.len());
    for field in &wanted.fields {
        match found.position(&field.name) {
            Some(at) => {
                columns.push(at);
                diagnostics.extend(misfit(&found.fields[at], field, &wanted.name).map(|(code, text)| {
                    Diagnostic::error(code, statement.span, text).saying(format!("the result is {found}"))
                }));
            }
            None => {
                let text = format!("the result has no column `{}`, which `{}` wants", field.name, wanted.name);
                let mut diagnostic =
                    Diagnostic::error(E0201, statement.span, text).saying(format!("the result is {found}"));
                if let Some(near) = did_you_mean(&field.name, found.fields.iter().map(|f| &*f.name)).first() {
                    diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                }
                diagnostics.push(diagnostic);
            }
        }
    }
    if diagnostics.is_empty() { Ok(columns) } else { Err(diagnostics) }
}

/// Why a column cannot be read into a field.
fn misfit(found: &ty::Field, wanted: &Field, owner: &str) -> Option<(pipelang_lang::codes::Code, String)> {
    let kind_fits = found.ty.kind == wanted.kind.kind()
        || matches!((&found.ty.kind, wanted.kind.kind()), (Kind::Int, Kind::Float) | (Kind::Null, _));
    let name = &wanted.name;
    if !kind_fits {
        let kind = wanted.kind;
        return Some((E0301, format!("`{name}` is {} in the result and {kind} in `{owner}`", found.ty)));
    }
    (found.ty.nullable && !wanted.nullable)
        .then(|| (E0307, format!("`{name}` can be null, and is no `Option` in `{owner}`")))
}

/// One run of a [`Program`]: its limits, then its results.
#[must_use = "a run begins when its results are asked for"]
#[derive(Debug)]
pub struct Run<'a, In, Out> {
    program: &'a Program<In, Out>,
    input: &'a [In],
    settings: RunSettings,
}

impl<In: Row + Sync, Out: FromRow + Send> Run<'_, In, Out> {
    /// At most so many threads of those that the engine has.
    pub fn threads(mut self, threads: usize) -> Self {
        self.settings.threads = threads;
        self
    }

    /// It ends with E0801 if it takes longer.
    pub fn wall(mut self, limit: Duration) -> Self {
        self.settings.wall = Some(limit);
        self
    }

    /// At most so many bytes in its stages, or E0801.
    pub fn memory(mut self, bytes: u64) -> Self {
        self.settings.limits.memory = Some(bytes);
        self
    }

    /// At most so much work, or E0801: see [`Limits::fuel`](crate::Limits::fuel).
    pub fn fuel(mut self, units: u64) -> Self {
        self.settings.limits.fuel = Some(units);
        self
    }

    /// At most so many results, and then E0801.
    pub fn rows_out(mut self, rows: u64) -> Self {
        self.settings.limits.rows_out = Some(rows);
        self
    }

    /// What happens to a row that fails.
    pub fn on_error(mut self, on_error: OnError) -> Self {
        self.settings.on_error = on_error;
        self
    }

    /// Counts how often it was looked whether the run must stop, for tests.
    pub fn count_looks(mut self, looks: &Arc<AtomicU64>) -> Self {
        self.settings.looks = Some(looks.clone());
        self
    }

    /// It ends with E0802 when the token is cancelled.
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.settings.cancel = token.clone();
        self
    }

    /// Who computes; the results are the same.
    pub fn executor(mut self, executor: Executor) -> Self {
        self.settings.executor = executor;
        self
    }

    /// All results, or the first error.
    pub fn collect(self) -> Result<Vec<Out>, Report> {
        let mut all = Vec::new();
        self.for_each(|row| all.push(row)).map(|()| all)
    }

    /// The results, and after those that come before it the error. All of them are made first; [`Run::for_each`] hands
    /// them over as they come.
    pub fn rows(self) -> impl Iterator<Item = Result<Out, Report>> {
        let mut all = Vec::new();
        let error = self.for_each(|row| all.push(Ok(row))).err();
        all.into_iter().chain(error.map(Err))
    }

    /// Writes the results as CSV, with all the columns of the program.
    pub fn write_csv(self, out: &mut (dyn Write + Send)) -> Result<(), Report> {
        self.write(OutputFormat::Csv, out)
    }

    /// Writes the results as JSON lines, with all the columns of the program.
    pub fn write_jsonl(self, out: &mut (dyn Write + Send)) -> Result<(), Report> {
        self.write(OutputFormat::Jsonl, out)
    }

    fn write(self, format: OutputFormat, out: &mut (dyn Write + Send)) -> Result<(), Report> {
        let style = Style { format, table: TableStyle::default() };
        self.program.script.write_with(&tables(self.input), out, &style, &self.settings).1
    }

    /// Hands the results over as they come, in order; they may come from any thread, one at a time.
    pub fn for_each(self, mut visit: impl FnMut(Out) + Send) -> Result<(), Report> {
        let (script, columns) = (&self.program.script, &self.program.columns);
        let names = script.plan().schema(script.plan().statements[0].node);
        let mut unreadable: Option<CellMismatch> = None;
        let mut accept = |encoded: Encoded| {
            let Encoded::Rows(batch) = encoded else { return Ok(()) };
            for row in 0..batch.rows {
                match Out::from_row(&ResultRow::new(&batch, row, columns, &names)) {
                    Ok(value) => visit(value),
                    Err(mismatch) => {
                        unreadable = Some(mismatch);
                        // Ends the run; the report below says why.
                        return Err(RunError::OutputClosed);
                    }
                }
            }
            Ok(())
        };
        let tables = tables(self.input);
        let sink = Sink { encode: &Encoded::Rows, accept: &mut accept };
        let result = script.run(0, &tables, &self.settings, sink);
        match unreadable {
            Some(mismatch) => Err(Report::outside(Diagnostic::outside(E0310, mismatch.to_string()))),
            None => result.map(drop),
        }
    }
}

/// The input as the runtime reads it.
fn tables<In: Row + Sync>(input: &[In]) -> Tables<'_> {
    let fields = In::schema().fields;
    let mut tables = Tables::default();
    if fields.is_empty() {
        return tables;
    }
    let schema = In::schema().columns();
    let gather = move |wanted: &[usize], rows: Range<usize>| {
        let count = rows.len();
        let slice = &input[rows];
        let mut faults = Vec::new();
        let columns = wanted.iter().enumerate().map(|(column, field)| {
            let mut builder = ColumnBuilder::new(&fields[*field].name);
            In::append(slice, *field, &mut builder);
            let (filled, failed) = builder.finish();
            faults.extend(failed.into_iter().map(|(row, error)| BatchFault { row, column: column as u32, error }));
            filled
        });
        let mut batch = Batch::new(count, columns.collect());
        faults.sort_by_key(|fault| fault.row);
        batch.faults = faults;
        batch
    };
    tables.bind(INPUT, schema, input.len(), Box::new(gather));
    tables
}

/// The one value that a script gives.
pub(crate) fn value_of<T: FromCell>(script: &Script) -> Result<T, Report> {
    let refuse = |diagnostic| Err(Report::new(vec![diagnostic], script.sources().clone()));
    let [statement] = script.plan().statements.as_slice() else {
        return refuse(Diagnostic::outside(E0301, "one expression is wanted here"));
    };
    let schema = script.plan().schema(statement.node);
    let field = match (statement.shape, schema.fields.as_slice()) {
        (Shape::Scalar, [field]) => field,
        (Shape::Scalar | Shape::Values | Shape::Table, _) => {
            let text = format!("one value is wanted here, and this is {}", script.result_type(0));
            return refuse(Diagnostic::error(E0301, statement.span, text));
        }
    };
    let wanted = Field::of::<T>(&*field.name);
    if let Some((code, _)) = misfit(field, &wanted, "") {
        let null = if wanted.nullable { "?" } else { "" };
        let text = format!("this is {}, and {}{null} is wanted", field.ty, wanted.kind);
        return refuse(Diagnostic::error(code, statement.span, text));
    }
    let mut row = None;
    let mut accept = |encoded: Encoded| {
        if let Encoded::Rows(batch) = encoded {
            row = Some(batch).filter(|batch| batch.rows > 0).or(row.take());
        }
        Ok(())
    };
    script.run(0, &Tables::default(), &RunSettings::default(), Sink { encode: &Encoded::Rows, accept: &mut accept })?;
    match row.map(|batch| T::from_cell(Cell::at(&batch.columns[0], 0))) {
        Some(Ok(value)) => Ok(value),
        Some(Err(mismatch)) => refuse(Diagnostic::error(E0310, statement.span, mismatch.to_string())),
        None => refuse(Diagnostic::outside(pipelang_lang::codes::E0901, "an expression gave no value")),
    }
}
