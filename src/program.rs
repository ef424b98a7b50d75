//! A compiled program between Rust types: rows of one type go in, values of another come out.

use crate::engine::Engine;
use crate::input::Wanted;
use crate::input::{Bindings, Input, unbound};
use crate::live::Live;
use crate::manifest::Manifest;
use crate::report::Report;
use crate::row::{
    Cell, CellMismatch, Field, FieldKind, FieldType, FromCell, FromRow, ResultRow, Row, Shown, ToCell, Unfit,
};
use crate::run::Run;
use crate::script::{Phase, RunSettings, Script};
use pipelang_lang::check::{ParameterValue, ParameterWay, Parameters};
use pipelang_lang::codes::{E0201, E0301, E0307, E0310, E0406, E0705, E0902};
use pipelang_lang::diagnostic::{Diagnostic, did_you_mean};
use pipelang_lang::ir::Shape;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::{self, Kind, Type};
use pipelang_runtime::batch::Column;
use pipelang_runtime::exec::single::{Given, Made, OneRow};
use pipelang_runtime::exec::{Encoded, Executor, Sink};
use pipelang_runtime::vector::single::{Output, Value};
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

/// The name of the input in scripts.
pub(crate) const INPUT: &str = "input";

/// The inputs of a program by name.
pub(crate) type Inputs = Arc<[Wanted]>;

/// A compiled program: from rows of `In` to rows of `Out`. It can be run many times, from many threads.
pub struct Program<In, Out>(Arc<Inner<In, Out>>);

struct Inner<In, Out> {
    script: Script,
    /// What was compiled: its name and its text.
    name: String,
    text: String,
    inputs: Inputs,
    /// The columns of the result.
    schema: ty::Schema,
    /// For each field of `Out` its column in the result.
    columns: Vec<usize>,
    /// The values that its `param`s have been given, by name.
    values: Vec<(Arc<str>, ParameterValue)>,
    /// Whether one that is required has none, so that nothing can run.
    lacks_values: bool,
    /// The program as one over single records, made when it is first called.
    one: OnceLock<Option<OneRow>>,
    types: PhantomData<fn(In) -> Out>,
}

impl<In, Out> Clone for Program<In, Out> {
    fn clone(&self) -> Self {
        Program(self.0.clone())
    }
}

impl<In, Out> std::fmt::Debug for Program<In, Out> {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Program").field("result", &self.0.script.result_type(0)).finish()
    }
}

impl<In, Out: FromRow> Program<In, Out> {
    /// Compiles a text. A required parameter may have no value yet.
    pub(crate) fn compile(
        engine: &Engine,
        text: (&str, &str),
        inputs: Inputs,
        values: Vec<(Arc<str>, ParameterValue)>,
    ) -> Result<Program<In, Out>, Report> {
        let lacks_values = |told: &Diagnostic| told.code == E0705 && told.is_error();
        match Program::compile_as(engine, text, inputs.clone(), values.clone(), false) {
            Err(report) if report.diagnostics().iter().any(lacks_values) => {
                Program::compile_as(engine, text, inputs, values, true)
            }
            compiled => compiled,
        }
    }

    fn compile_as(
        engine: &Engine,
        (name, text): (&str, &str),
        inputs: Inputs,
        values: Vec<(Arc<str>, ParameterValue)>,
        lacks_values: bool,
    ) -> Result<Program<In, Out>, Report> {
        let parameters = Parameters { values, may_be_missing: lacks_values, way: ParameterWay::Host };
        let script = engine.compile_with(name, text, &parameters, &inputs)?;
        let columns = match script.plan().statements.as_slice() {
            [statement] => columns_of::<Out>(&script, statement),
            [] => Err(vec![Diagnostic::outside(E0301, "this program gives no result").help("end it in an expression")]),
            [.., last] => Err(vec![Diagnostic::error(E0902, last.span, "a second result is not there yet here")]),
        };
        let columns = columns.map_err(|diagnostics| Report::new(diagnostics, script.sources().clone()))?;
        Ok(Program(Arc::new(Inner {
            schema: script.plan().schema(script.plan().statements[0].node),
            script,
            name: name.to_string(),
            text: text.to_string(),
            inputs,
            columns,
            values: parameters.values,
            lacks_values,
            one: OnceLock::new(),
            types: PhantomData,
        })))
    }

    /// The same program with a value for one of its `param`s, compiled anew: the value is a constant like any other, for
    /// every run and call. A `param` without a default has to have one before anything runs.
    ///
    /// ```
    /// use pipelang::{Engine, Row};
    ///
    /// #[derive(Row, Debug, PartialEq)]
    /// struct Event { px: f64 }
    ///
    /// let rule = Engine::default().compile::<Event, Event>("rule.pipe", "param least: float\ninput | filter px >= least")?;
    /// assert!(rule.call(&Event { px: 2.0 }).is_err());
    /// let strict = rule.with_param("least", 3.0)?;
    /// assert_eq!(strict.call(&Event { px: 2.0 })?, None);
    /// assert_eq!(rule.run(&[Event { px: 2.0 }]).param("least", 1.0).collect()?, [Event { px: 2.0 }]);
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    pub fn with_param(&self, name: &str, value: impl ToCell) -> Result<Program<In, Out>, Report> {
        let Inner { script, name: of, text, inputs, values, .. } = &*self.0;
        let values = values.iter().cloned().chain([parameter(name, value)?]).collect();
        Program::compile(script.engine(), (of, text), inputs.clone(), values)
    }

    /// The program of a run: with these values, too, and lacking none.
    pub(crate) fn with_values(self, more: Vec<(Arc<str>, ParameterValue)>) -> Result<Program<In, Out>, Report> {
        if more.is_empty() && !self.0.lacks_values {
            return Ok(self);
        }
        let Inner { script, name, text, inputs, values, .. } = &*self.0;
        let values = values.iter().cloned().chain(more).collect();
        Program::compile_as(script.engine(), (name, text), inputs.clone(), values, false)
    }

    /// Starts a run; it begins when its results are asked for. A slice is read in place, and only the fields that the
    /// program needs; other inputs are read now.
    pub fn run<'a>(&self, input: impl Input<'a, In>) -> Run<'a, In, Out> {
        let script = self.0.script.clone();
        let reads = Box::new(move |name: &str| script.reads_of(name));
        let tables = self.0.script.tables(&self.0.inputs);
        let record_bytes = self.0.script.engine().inner().limits.record_bytes;
        let mut bindings = Bindings { wanted: self.0.inputs.clone(), reads, tables, record_bytes };
        let bound = input.bind(&mut bindings);
        let is_bound = |name: &Arc<str>| bindings.tables.schema(name).is_some();
        let missing = self.0.inputs.iter().find(|table| !is_bound(&table.name)).map(|table| unbound(&table.name));
        let tables = bound.and(missing.map_or(Ok(()), Err)).map(|()| bindings.tables);
        Run::new(self.clone(), tables)
    }

    /// What the program makes of one record: nothing if a `filter` drops it. For programs of `filter`, `derive`, `select`,
    /// `drop`, `rename` and `assert` alone (see [`Program::is_per_event`]); from any number of threads, without a lock,
    /// and without memory of the heap unless there are texts.
    ///
    /// ```
    /// use pipelang::{Engine, Row};
    ///
    /// #[derive(Row)]
    /// struct Event { px: f64, qty: i64 }
    /// #[derive(Row, Debug, PartialEq)]
    /// struct Alert { notional: f64 }
    ///
    /// let rule = Engine::default().compile::<Event, Alert>("rule.pipe", "input | filter qty > 10 | select notional = px * qty")?;
    /// assert_eq!(rule.call(&Event { px: 2.0, qty: 11 })?, Some(Alert { notional: 22.0 }));
    /// assert_eq!(rule.call(&Event { px: 2.0, qty: 10 })?, None);
    /// # Ok::<(), pipelang::Report>(())
    /// ```
    #[inline]
    pub fn call(&self, event: &In) -> Result<Option<Out>, Report>
    where
        In: Row,
    {
        let Inner { script, schema, columns, .. } = &*self.0;
        let one =
            self.one_row().ok_or_else(|| self.clone().with_values(Vec::new()).err().unwrap_or_else(not_per_event))?;
        let take = |made: Made| Out::from_row(&ResultRow::of_one(&One(made), columns, schema));
        match one.run(script.parts(), |field| given(event.cell(field)), take) {
            Ok(Some(Ok(value))) => Ok(Some(value)),
            Ok(None) => Ok(None),
            Ok(Some(Err(mismatch))) => Err(unreadable(&mismatch)),
            Err(error) => Err(script.failed(&error)),
        }
    }

    /// Whether the program looks at one record at a time, so that it can be called with one; not before its parameters have
    /// their values.
    pub fn is_per_event(&self) -> bool {
        self.one_row().is_some()
    }

    fn one_row(&self) -> Option<&OneRow> {
        let new = || OneRow::new(self.0.script.plan(), INPUT, self.0.script.engine().inner().native);
        let make = || if self.0.lacks_values { None } else { new() };
        self.0.one.get_or_init(make).as_ref()
    }

    /// How it is run: its plan and pipelines. While a parameter lacks its value, the plan as it is written.
    pub fn explain(&self) -> String {
        if self.0.lacks_values {
            return format!("plan as written:\n{}\n", self.printed());
        }
        self.0.script.explain(Phase::Plan, Executor::Auto)
    }

    /// What it reads, calls, may do and needs.
    pub fn manifest(&self) -> Manifest {
        Manifest::of(&self.0.script)
    }

    /// The program as bytes, for [`Engine::load`], without values of its parameters.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Inner { script, name, text, inputs, values, .. } = &*self.0;
        let without = || Program::<In, Out>::compile(script.engine(), (name, text), inputs.clone(), Vec::new());
        let without = if values.is_empty() { None } else { without().ok() };
        crate::store::to_bytes(name, text, &without.as_ref().unwrap_or(self).printed())
    }

    /// Its plan as it is printed.
    pub(crate) fn printed(&self) -> String {
        self.0.script.printed()
    }

    /// A place for this program that another one can be put into while it is in use.
    pub fn live(&self) -> Live<In, Out> {
        Live::new(self.clone())
    }

    /// What is suspicious about the program.
    pub fn warnings(&self) -> &Report {
        self.0.script.warnings()
    }

    pub(crate) fn script(&self) -> &Script {
        &self.0.script
    }

    /// The columns of the result, and which of them the fields of `Out` are.
    pub(crate) fn result(&self) -> (&ty::Schema, &[usize]) {
        (&self.0.schema, &self.0.columns)
    }
}

/// A row that was made of one record.
struct One<'r, 'a>(Made<'r, 'a>);

impl Shown for One<'_, '_> {
    #[inline]
    fn show(&self, column: usize, kind: &Kind, see: &mut dyn FnMut(Cell<'_>)) {
        show(self.0.column(column), kind, see);
    }
}

/// Shows a value as a cell.
#[inline]
pub(crate) fn show<R>(output: Output, kind: &Kind, see: impl FnOnce(Cell<'_>) -> R) -> R {
    match output {
        Output::Value(Value::Null) => see(Cell::Null),
        Output::Value(Value::Bool(x)) => see(Cell::Bool(x)),
        Output::Value(Value::Int(x)) => see(Cell::Int(x)),
        Output::Value(Value::Float(x)) => see(Cell::Float(x)),
        Output::Value(Value::Text(x)) => see(Cell::String(x)),
        Output::Value(Value::Other(x)) => see(Cell::of(x, kind)),
        Output::Made(x) => see(Cell::of(&x, kind)),
    }
}

/// A cell of the host as a kernel takes it.
#[inline]
pub(crate) fn given(cell: Cell<'_>) -> Given<'_> {
    Given::Value(match cell {
        Cell::Null => Value::Null,
        Cell::Bool(x) => Value::Bool(x),
        Cell::Int(x) => Value::Int(x),
        Cell::Float(x) => Value::Float(x),
        Cell::String(x) => Value::Text(x),
        Cell::Date(_)
        | Cell::DateTime(_)
        | Cell::Duration(_)
        | Cell::Bytes(_)
        | Cell::Json(_)
        | Cell::Host(_)
        | Cell::Unfit(_)
        | Cell::List(_)
        | Cell::Record(_)
        | Cell::Map(_) => return outside(cell),
    })
}

/// What is no word: those programs go the way of the row evaluator.
#[cold]
fn outside(cell: Cell<'_>) -> Given<'static> {
    match cell.scalar() {
        Ok(value) => Given::Made(value),
        Err(unfit) => Given::Unfit { code: unfit.code(), expected: unfit.expected(), text: unfit.to_string() },
    }
}

/// E0310
pub(crate) fn unreadable(mismatch: &CellMismatch) -> Report {
    Report::outside(Diagnostic::outside(E0310, mismatch.to_string()))
}

/// A value for a parameter.
pub(crate) fn parameter(name: &str, value: impl ToCell) -> Result<(Arc<str>, ParameterValue), Report> {
    match value.to_cell().scalar().map_err(Unfit::told) {
        Ok(value) => Ok((name.into(), ParameterValue::Scalar(value))),
        Err(why) => Err(Report::outside(Diagnostic::outside(E0310, format!("the parameter `{name}`: {why}")))),
    }
}

#[cold]
fn not_per_event() -> Report {
    let diagnostic = Diagnostic::outside(E0301, "this program does not look at one record at a time")
        .help("one that does has `filter`, `derive`, `select` and their like behind `input`, and nothing else");
    Report::outside(diagnostic)
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
    let found = script.plan().schema(statement.node);
    let Some(wanted) = Out::wanted() else {
        let any = |field: &ty::Field| Field { name: field.name.to_string(), kind: FieldKind::Any, nullable: true };
        let wrong = found.fields.iter().filter_map(|field| misfit(field, &any(field), ""));
        let wrong: Vec<Diagnostic> = wrong.map(|(code, text)| Diagnostic::error(code, statement.span, text)).collect();
        return if wrong.is_empty() { Ok((0..found.fields.len()).collect()) } else { Err(wrong) };
    };
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
pub(crate) fn misfit(found: &ty::Field, wanted: &Field, owner: &str) -> Option<(pipelang_lang::codes::Code, String)> {
    let name = &wanted.name;
    if let (FieldKind::Any, Some(opaque)) = (wanted.kind, found.ty.kind.opaque()) {
        return Some((E0301, format!("`{name}` has values of the host's type `{opaque}`, which serde cannot read")));
    }
    if !(FieldType { kind: wanted.kind, nullable: true }).reads(&found.ty) {
        let kind = wanted.kind;
        return Some((E0301, format!("`{name}` is {} in the result and {kind} in `{owner}`", found.ty)));
    }
    (found.ty.nullable && !wanted.nullable)
        .then(|| (E0307, format!("`{name}` can be null, and is no `Option` in `{owner}`")))
}

/// The one value that a script gives; rows are one where a list is wanted.
pub(crate) fn value_of<T: FromCell>(script: &Script) -> Result<T, Report> {
    let refuse = |diagnostic| Err(Report::new(vec![diagnostic], script.sources().clone()));
    let [statement] = script.plan().statements.as_slice() else {
        return refuse(Diagnostic::outside(E0301, "one expression is wanted here"));
    };
    let schema = script.plan().schema(statement.node);
    let takes_rows = matches!(Field::of::<T>("").kind, FieldKind::List(_)) && statement.pivot.is_none();
    let (name, ty) = match (statement.shape, schema.fields.as_slice()) {
        (Shape::Scalar, [field]) => (field.name.clone(), field.ty.clone()),
        (Shape::Values, [field]) if takes_rows => (field.name.clone(), Type::list(field.ty.clone())),
        (Shape::Table, _) if takes_rows => ("rows".into(), Type::list(Type::record(schema))),
        (Shape::Scalar | Shape::Values | Shape::Table, _) => {
            let text = format!("one value is wanted here, and this is {}", script.result_type(0));
            return refuse(Diagnostic::error(E0301, statement.span, text));
        }
    };
    let field = ty::Field { name, ty };
    let wanted = Field::of::<T>(&*field.name);
    if let Some((code, _)) = misfit(&field, &wanted, "") {
        let null = if wanted.nullable { "?" } else { "" };
        let text = format!("this is {}, and {}{null} is wanted", field.ty, wanted.kind);
        return refuse(Diagnostic::error(code, statement.span, text));
    }
    let mut rows = Vec::new();
    let mut accept = |encoded: Encoded| {
        if let Encoded::Rows(batch) = encoded {
            rows.extend((0..batch.rows).map(|row| match statement.shape {
                Shape::Scalar | Shape::Values => batch.columns[0].get(row),
                Shape::Table => Scalar::Record(batch.columns.iter().map(|column| column.get(row)).collect()),
            }));
        }
        Ok(())
    };
    script.run(
        0,
        &script.tables(&[]),
        &RunSettings::default(),
        Sink { encode: &Encoded::Rows, accept: &mut accept },
    )?;
    let value = match statement.shape {
        Shape::Scalar => rows.pop(),
        Shape::Values | Shape::Table => Some(Scalar::List(rows.into())),
    };
    let Some(value) = value else {
        return refuse(Diagnostic::outside(pipelang_lang::codes::E0901, "an expression gave no value"));
    };
    let column = Column::from_scalars(&field.ty.kind, &[value]);
    T::from_cell(Cell::at(&column, 0, &field.ty.kind))
        .or_else(|mismatch| refuse(Diagnostic::error(E0310, statement.span, mismatch.to_string())))
}
