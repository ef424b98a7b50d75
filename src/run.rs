//! One run of a program: what it is held to, then its results.

use crate::on_error::OnError;
use crate::program::{Program, parameter, unreadable};
use crate::report::Report;
use crate::results::Results;
use crate::row::{CellMismatch, FromRow, ToCell};
use crate::rows::{self, ResultRows};
use crate::script::RunSettings;
use pipelang_lang::check::ParameterValue;
use pipelang_runtime::error::RunError;
use pipelang_runtime::exec::output::Style;
use pipelang_runtime::exec::{Encoded, Executor, Pool, Sink, Tables};
#[cfg(feature = "columnar")]
use pipelang_runtime::formats::columnar::write::ColumnFormat;
use pipelang_runtime::formats::table::TableStyle;
use pipelang_runtime::formats::write::OutputFormat;
use pipelang_runtime::limits::{CancelToken, Looks};
use pipelang_runtime::tally::Tally;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

/// One run of a [`Program`]: its limits, then its results.
#[must_use = "a run begins when its results are asked for"]
pub struct Run<'a, In, Out> {
    program: Program<In, Out>,
    tables: Result<Tables<'a>, Report>,
    settings: RunSettings,
    /// Of parameters, by name.
    values: Vec<(Arc<str>, ParameterValue)>,
}

impl<In, Out> std::fmt::Debug for Run<'_, In, Out> {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Run").field("settings", &self.settings).finish()
    }
}

impl<'a, In, Out: FromRow> Run<'a, In, Out> {
    pub(crate) fn new(program: Program<In, Out>, tables: Result<Tables<'a>, Report>) -> Self {
        Run { program, tables, settings: RunSettings::default(), values: Vec::new() }
    }

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

    /// Counts what reads make null or leave out, as their `on_error` says; the counts are there when it is done.
    pub fn tally(mut self, tally: &Tally) -> Self {
        self.settings.tally = tally.clone();
        self
    }

    /// Counts how often it is looked whether the run must stop, for tests.
    pub fn count_looks(mut self, looks: &Arc<Looks>) -> Self {
        self.settings.looks = Some(looks.clone());
        self
    }

    /// It ends with E0802 when the token is cancelled.
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.settings.cancel = token.clone();
        self
    }

    /// Gives a `param` of the script another value. The program is compiled anew for such a run, so that the value is a
    /// constant like any other; [`Program::with_param`] does it once for many.
    pub fn param(mut self, name: &str, value: impl ToCell) -> Self {
        match parameter(name, value) {
            Ok(value) => self.values.push(value),
            Err(report) => self.tables = self.tables.and(Err(report)),
        }
        self
    }

    /// Who computes; the results are the same.
    pub fn executor(mut self, executor: Executor) -> Self {
        self.settings.executor = executor;
        self
    }

    /// All results, or the first error.
    pub fn collect(self) -> Result<Vec<Out>, Report>
    where
        Out: Send,
    {
        let mut all = Vec::new();
        self.for_each_portion(&mut |mut rows| {
            match all.is_empty() {
                true => all = rows,
                false => all.append(&mut rows),
            }
            true
        })?;
        Ok(all)
    }

    /// What `take` makes of the results, as they come: see [`Run::rows`], which this is for inputs that are borrowed.
    ///
    /// ```
    /// use pipelang::{Engine, Row};
    ///
    /// #[derive(Row)]
    /// struct Value { x: i64 }
    ///
    /// let program = Engine::default().compile::<Value, Value>("v.pipe", "input | filter x % 2 == 0")?;
    /// let values: Vec<Value> = (0..100_000).map(|x| Value { x }).collect();
    /// let third = program.run(&values).with_rows(|rows| rows.nth(2)).transpose()?;
    /// assert_eq!(third.map(|value| value.x), Some(4));
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    pub fn with_rows<T>(self, take: impl FnOnce(&mut ResultRows<Out>) -> T) -> T
    where
        In: Sync + Send,
        Out: Send,
    {
        std::thread::scope(|scope| {
            let (feed, mut rows) = rows::pair(self);
            let thread = std::thread::Builder::new().name("pipe-run".into()).spawn_scoped(scope, move || feed.run());
            if let Err(error) = thread {
                rows.fail(&error);
            }
            take(&mut rows)
        })
    }

    /// Writes the results as CSV, with all the columns of the program.
    pub fn write_csv(self, out: &mut (dyn Write + Send)) -> Result<(), Report> {
        self.write(OutputFormat::CSV, out)
    }

    /// Writes the results as JSON lines, with all the columns of the program.
    pub fn write_jsonl(self, out: &mut (dyn Write + Send)) -> Result<(), Report> {
        self.write(OutputFormat::JSONL, out)
    }

    /// Writes the results as a file of Parquet, with all the columns of the program.
    ///
    /// ```
    /// use pipelang::{Engine, Row};
    ///
    /// #[derive(Row, Debug, PartialEq)]
    /// struct Trade { sym: String, px: f64 }
    ///
    /// let program = Engine::default().compile::<Trade, Trade>("dear.pipe", "input | filter px > 2.0")?;
    /// let trades = [Trade { sym: "A".into(), px: 1.5 }, Trade { sym: "B".into(), px: 2.5 }];
    /// let mut file = Vec::new();
    /// program.run(&trades).write_parquet(&mut file)?;
    /// assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    #[cfg(feature = "columnar")]
    pub fn write_parquet(self, out: &mut (dyn Write + Send)) -> Result<(), Report> {
        self.write(OutputFormat::Columns(ColumnFormat::Parquet), out)
    }

    pub(crate) fn settings(&mut self) -> &mut RunSettings {
        &mut self.settings
    }

    fn write(self, format: OutputFormat, out: &mut (dyn Write + Send)) -> Result<(), Report> {
        let style = Style { format, table: TableStyle::default() };
        let (program, tables, settings) = self.prepared()?;
        program.script().write_with(&tables, out, &style, &settings).1
    }

    /// The program with its parameters, and what it reads.
    pub(crate) fn prepared(self) -> Result<(Program<In, Out>, Tables<'a>, RunSettings), Report> {
        Ok((self.program.with_values(self.values)?, self.tables?, self.settings))
    }

    /// The threads of its engine.
    pub(crate) fn pool(&self) -> &Pool {
        &self.program.script().engine().inner().pool
    }

    /// Hands the results over as they come, in order; they may come from any thread, one at a time.
    pub fn for_each(self, mut visit: impl FnMut(Out) + Send) -> Result<(), Report>
    where
        Out: Send,
    {
        self.for_each_portion(&mut |rows| {
            rows.into_iter().for_each(&mut visit);
            true
        })
    }

    /// The same, some at a time, as long as `visit` wants more.
    pub(crate) fn for_each_portion(self, visit: &mut (dyn FnMut(Vec<Out>) -> bool + Send)) -> Result<(), Report>
    where
        Out: Send,
    {
        let (program, tables, settings) = self.prepared()?;
        let results = Results::<Out>::new(program.result());
        let mut misfit: Option<CellMismatch> = None;
        let mut accept = |encoded: Encoded| {
            let Encoded::Kept { number, .. } = encoded else { return Ok(()) };
            let portion = results.take(number);
            let goes_on = portion.values.is_empty() || visit(portion.values);
            misfit = portion.misfit;
            // The report below says why.
            if goes_on && misfit.is_none() { Ok(()) } else { Err(RunError::OutputClosed) }
        };
        let encode = |batch| results.build(batch);
        let result = program.script().run(0, &tables, &settings, Sink { encode: &encode, accept: &mut accept });
        match misfit {
            Some(mismatch) => Err(unreadable(&mismatch)),
            None => result.map(drop),
        }
    }
}

impl<In: Send + Sync + 'static, Out: FromRow + Send + 'static> Run<'static, In, Out> {
    /// The results as they come, and behind those that come before it the error. A few batches at most are ahead of what
    /// was taken; whoever drops the iterator stops the run. While it is there, other runs of the engine go on. For inputs
    /// that are borrowed there is [`Run::with_rows`].
    ///
    /// ```
    /// use pipelang::{Engine, Row};
    ///
    /// #[derive(Row)]
    /// struct Value { x: i64 }
    ///
    /// let endless = Engine::default().compile::<(), Value>("v.pipe", "1.. | select x = it * it")?;
    /// let mut sum = 0;
    /// for value in endless.run(&[]).rows().take(4) {
    ///     sum += value?.x;
    /// }
    /// assert_eq!(sum, 1 + 4 + 9 + 16);
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    ///
    /// Of a slice that does not live as long as the program, this does not compile:
    ///
    /// ```compile_fail
    /// # use pipelang::{Engine, Row};
    /// #[derive(Row)]
    /// struct Value { x: i64 }
    ///
    /// let program = Engine::default().compile::<Value, Value>("v.pipe", "input").unwrap();
    /// let values = vec![Value { x: 1 }];
    /// let rows = program.run(&values).rows();
    /// ```
    pub fn rows(self) -> ResultRows<Out> {
        let (feed, mut rows) = rows::pair(self);
        match std::thread::Builder::new().name("pipe-run".into()).spawn(move || feed.run()) {
            Ok(thread) => rows.thread = Some(thread),
            Err(error) => rows.fail(&error),
        }
        rows
    }
}
