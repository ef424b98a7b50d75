//! How a row of the tables is written down, and how bodies over columns read their arguments.

use super::{BatchResult, Function};
use crate::batch::{Column, Values};
use arrow_array::builder::StringViewBuilder;
use arrow_array::{Array, BooleanArray, Float64Array, Int64Array};
use arrow_buffer::{BooleanBuffer, ScalarBuffer};
use pipelang_lang::catalog::{Effect, Example, FunctionDef, Parameter, Pattern, ResultType};
use pipelang_lang::scalar::{Fault, Scalar, canonical, fits};
use pipelang_lang::ty::{Kind, Type};
use std::sync::Arc;

/// A scalar body before it is shared.
pub(super) type Body = fn(&[Scalar]) -> Result<Scalar, Fault>;

/// A function that always gives a value.
pub(super) fn total(
    name: &str,
    parameters: Vec<Parameter>,
    result: ResultType,
    doc: &str,
    examples: &'static [Example],
    body: Body,
) -> Function {
    let def = FunctionDef {
        name: name.into(),
        group: "",
        doc: doc.into(),
        parameters,
        variadic: false,
        result,
        may_be_null: false,
        effect: Effect::Total,
        examples,
        body: Arc::new(body),
    };
    Function { def, batch: None, words: None }
}

impl Function {
    /// The same, but it may fail.
    pub(super) fn failing(mut self) -> Function {
        self.def.effect = Effect::MayFail;
        self
    }

    /// The same with a body over columns.
    pub(super) fn over_columns(
        mut self,
        batch: fn(&[Column], usize, Option<&BooleanBuffer>) -> BatchResult,
    ) -> Function {
        self.batch = Some(Arc::new(batch));
        self
    }

    /// It, and `name?`, which gives null where it fails.
    pub(super) fn and_or_null(self, examples: &'static [Example]) -> [Function; 2] {
        let (mut def, body) = (self.def.clone(), self.def.body.clone());
        let doc = self.def.doc.trim_end_matches('.').to_string();
        def.name = format!("{}?", def.name).into();
        def.doc = format!("{doc}; null where that cannot be done.").into();
        def.may_be_null = true;
        def.examples = examples;
        def.effect = Effect::Total;
        def.body = Arc::new(move |arguments| Ok(body(arguments).unwrap_or(Scalar::Null)));
        [self.failing(), Function { def, batch: None, words: None }]
    }
}

/// A function that may give null without a null argument.
pub(super) fn maybe(mut function: Function) -> Function {
    function.def.may_be_null = true;
    function
}

/// A parameter of one kind.
pub(super) fn of(name: &'static str, kind: Kind) -> Parameter {
    like(name, Pattern::Is(kind))
}

/// A parameter with another pattern.
pub(super) fn like(name: &'static str, pattern: Pattern) -> Parameter {
    Parameter::new(name, pattern)
}

/// A parameter that may be left out.
pub(super) fn optional(name: &'static str, kind: Kind, default: Scalar) -> Parameter {
    Parameter { default: Some(default), ..of(name, kind) }
}

/// A result of one type.
pub(super) fn gives(ty: Type) -> ResultType {
    ResultType::Is(ty)
}

/// An example: an expression, and its value as JSON or the code of its error.
macro_rules! shows {
    ($source:literal, $result:literal) => {
        pipelang_lang::catalog::Example { source: $source, result: $result }
    };
}
pub(super) use shows;

/// The int that an argument is.
pub(super) fn int(value: &Scalar) -> i64 {
    if let Scalar::Int(i) = value { *i } else { unreachable!("the checker gives an int, not {value:?}") }
}

/// The float that an argument is.
pub(super) fn float(value: &Scalar) -> f64 {
    if let Scalar::Float(x) = value { *x } else { unreachable!("the checker gives a float, not {value:?}") }
}

/// The text that an argument is.
pub(super) fn text(value: &Scalar) -> &str {
    if let Scalar::String(s) = value { s } else { unreachable!("the checker gives a string, not {value:?}") }
}

/// The date that an argument is.
pub(super) fn date(value: &Scalar) -> i32 {
    if let Scalar::Date(d) = value { *d } else { unreachable!("the checker gives a date, not {value:?}") }
}

/// The microseconds of a datetime that an argument is.
pub(super) fn time(value: &Scalar) -> i64 {
    if let Scalar::DateTime(t) = value { *t } else { unreachable!("the checker gives a datetime, not {value:?}") }
}

/// The microseconds of a duration that an argument is.
pub(super) fn duration(value: &Scalar) -> i64 {
    if let Scalar::Duration(d) = value { *d } else { unreachable!("the checker gives a duration, not {value:?}") }
}

/// A text as a value.
pub(super) fn string(text: impl AsRef<str>) -> Scalar {
    Scalar::String(text.as_ref().into())
}

fn done(column: Column) -> BatchResult {
    BatchResult { column, failed: false }
}

/// A float function over a column; NaN is made the one that can be seen.
pub(super) fn over_floats(arguments: &[Column], rows: usize, f: impl Fn(f64) -> f64) -> BatchResult {
    let Column::Float(array) = &arguments[0] else { unreachable!("the checker gives floats") };
    let values = array.values();
    let f = |x| canonical(f(x));
    let values: Vec<f64> =
        if values.len() == rows { values.iter().map(|x| f(*x)).collect() } else { vec![f(values[0]); rows] };
    done(Column::Float(Float64Array::new(ScalarBuffer::from(values), None)))
}

/// An int function over a column of dates.
pub(super) fn over_dates(arguments: &[Column], rows: usize, f: impl Fn(i32) -> i64) -> BatchResult {
    let Column::Date(array) = &arguments[0] else { unreachable!("the checker gives dates") };
    let values = array.values();
    let values: Vec<i64> =
        if values.len() == rows { values.iter().map(|d| f(*d)).collect() } else { vec![f(values[0]); rows] };
    done(Column::Int(Int64Array::new(ScalarBuffer::from(values), None)))
}

/// An int function over a column of datetimes.
pub(super) fn over_times(arguments: &[Column], rows: usize, f: impl Fn(i64) -> i64) -> BatchResult {
    let Column::DateTime(array) = &arguments[0] else { unreachable!("the checker gives datetimes") };
    let values = array.values();
    let values: Vec<i64> =
        if values.len() == rows { values.iter().map(|t| f(*t)).collect() } else { vec![f(values[0]); rows] };
    done(Column::Int(Int64Array::new(ScalarBuffer::from(values), None)))
}

/// The texts of a column, also of one that stands for all rows.
pub(super) fn texts<'a>(column: &'a Column, rows: usize) -> impl Fn(usize) -> &'a str {
    let Column::String(array) = column else { unreachable!("the checker gives texts") };
    let one = array.len() != rows;
    move |row| array.value(if one { 0 } else { row })
}

/// Whether a row counts.
pub(super) fn counts(active: Option<&BooleanBuffer>, row: usize) -> bool {
    active.is_none_or(|active| active.value(row))
}

/// An answer for each row that counts.
pub(super) fn answers(rows: usize, active: Option<&BooleanBuffer>, f: impl Fn(usize) -> bool) -> BatchResult {
    let bits = BooleanBuffer::collect_bool(rows, |row| counts(active, row) && f(row));
    done(Column::Bool(BooleanArray::new(bits, None)))
}

/// An int for each row that counts.
pub(super) fn ints(rows: usize, active: Option<&BooleanBuffer>, f: impl Fn(usize) -> i64) -> BatchResult {
    let values: Vec<i64> = (0..rows).map(|row| if counts(active, row) { f(row) } else { 0 }).collect();
    done(Column::Int(Int64Array::new(ScalarBuffer::from(values), None)))
}

/// A text for each row that counts; it fails where one does, and where they are too much together.
pub(super) fn made_texts<T: AsRef<str>>(
    rows: usize,
    active: Option<&BooleanBuffer>,
    f: impl Fn(usize) -> Result<T, Fault>,
) -> BatchResult {
    let mut builder = StringViewBuilder::with_capacity(rows);
    let mut made = 0;
    for row in 0..rows {
        if !counts(active, row) {
            builder.append_value("");
            continue;
        }
        let text = f(row).and_then(|text| {
            made += text.as_ref().len();
            fits(made).map(|()| text)
        });
        match text {
            Ok(text) => builder.append_value(text),
            Err(_) => return BatchResult { column: Column::Null(rows), failed: true },
        }
    }
    done(Column::String(builder.finish()))
}

/// A value of no plain kind for each row that counts; it fails where one does, and where they are too much together.
pub(super) fn made_values(
    rows: usize,
    active: Option<&BooleanBuffer>,
    f: impl Fn(usize) -> Result<Scalar, Fault>,
) -> BatchResult {
    let mut values = vec![Scalar::Null; rows];
    let mut made = 0;
    let made = values.iter_mut().enumerate().filter(|(row, _)| counts(active, *row)).try_for_each(|(row, value)| {
        *value = f(row)?;
        made += value.size();
        fits(made)
    });
    BatchResult { column: Column::Values(Values::new(values)), failed: made.is_err() }
}
