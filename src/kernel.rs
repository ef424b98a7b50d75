//! Functions of the host over whole batches: one call computes the results of many rows.
//!
//! A kernel is elementwise: what it gives for a row follows from the arguments of that row alone. The rows whose arguments
//! are null, and those that do not count, are taken out before. How rows are cut into batches is nobody's business, so a
//! kernel that looks beyond its row would give other results on other days; an engine that is asked to
//! ([`EngineBuilder::check_kernels`](crate::EngineBuilder::check_kernels)) finds that out.

use crate::host::{definition, guarded};
use crate::row::FieldKind;
use pipelang_lang::catalog::Effect;
use pipelang_lang::scalar::{Scalar, canonical};
use pipelang_runtime::batch::Column;
use pipelang_runtime::builtins::{BatchResult, Function, Rows};
use pipelang_runtime::kernel::frame::Stored;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The numbers of many rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// `int`
    Ints(Vec<i64>),
    /// `float`
    Floats(Vec<f64>),
}

/// A type that the arguments and results of a kernel may have.
#[diagnostic::on_unimplemented(
    message = "a kernel cannot work on `{Self}`",
    note = "a kernel takes slices of `f64` or `i64` and fills a slice of one of them"
)]
pub trait Number: Copy + Default {
    /// What it is in Pipe.
    const KIND: FieldKind;

    /// The numbers, if they are of this type.
    fn slice(numbers: &Numbers) -> Option<&[Self]>;

    /// As numbers of any type.
    fn numbers(values: Vec<Self>) -> Numbers;
}

impl Number for f64 {
    const KIND: FieldKind = FieldKind::Float;

    fn slice(numbers: &Numbers) -> Option<&[f64]> {
        if let Numbers::Floats(values) = numbers { Some(values) } else { None }
    }

    fn numbers(values: Vec<f64>) -> Numbers {
        Numbers::Floats(values)
    }
}

impl Number for i64 {
    const KIND: FieldKind = FieldKind::Int;

    fn slice(numbers: &Numbers) -> Option<&[i64]> {
        if let Numbers::Ints(values) = numbers { Some(values) } else { None }
    }

    fn numbers(values: Vec<i64>) -> Numbers {
        Numbers::Ints(values)
    }
}

/// A closure over slices: one to four arguments and the slice that it fills, all of one length.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no kernel",
    note = "a kernel is a closure such as `|xs: &[f64], out: &mut [f64]| …` that is `Fn + Send + Sync + 'static`"
)]
pub trait KernelFunction<Types>: Send + Sync + 'static {
    /// The kinds of the arguments.
    fn parameters() -> Vec<FieldKind>;

    /// The kind of the result.
    fn result() -> FieldKind;

    /// Computes some of the rows.
    fn compute(&self, arguments: &[Numbers], rows: Range<usize>) -> Result<Numbers, String>;
}

/// The kernels of so many arguments.
macro_rules! kernels {
    ($(($($argument:ident $at:literal),*);)*) => {$(
        impl<Closure, Result_, $($argument),*> KernelFunction<($($argument,)* Result_)> for Closure
        where
            Closure: Fn($(&[$argument],)* &mut [Result_]) + Send + Sync + 'static,
            Result_: Number,
            $($argument: Number,)*
        {
            fn parameters() -> Vec<FieldKind> {
                vec![$($argument::KIND),*]
            }

            fn result() -> FieldKind {
                Result_::KIND
            }

            fn compute(&self, arguments: &[Numbers], rows: Range<usize>) -> Result<Numbers, String> {
                let mut out = vec![Result_::default(); rows.len()];
                let wrong = || "called with arguments of other types than declared".to_string();
                self($(
                    &arguments.get($at).and_then($argument::slice).ok_or_else(wrong)?[rows.clone()],
                )* &mut out);
                Ok(Result_::numbers(out))
            }
        }
    )*};
}

kernels! {
    (A 0);
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
}

/// The row of the catalog for a kernel. If it is `checked`, each batch is computed again in pieces, and must come out the
/// same.
pub(crate) fn define<Types, F: KernelFunction<Types>>(name: &str, checked: bool, function: Arc<F>) -> Function {
    let kernel = Arc::new(Kernel {
        name: name.into(),
        function,
        checked,
        batches: AtomicU64::new(0),
        is_broken: AtomicBool::new(false),
    });
    let one = kernel.clone();
    let body = move |arguments: &[Scalar]| {
        guarded(&one.name, || {
            if one.is_broken.load(Ordering::Relaxed) {
                return Err("is not elementwise: in pieces, a batch has other results".into());
            }
            let arguments: Vec<Numbers> = arguments.iter().map(single).collect();
            Ok(first(&one.function.compute(&arguments, 0..1)?))
        })
    };
    let def = definition(name, &F::parameters(), (F::result(), false), Effect::MayFail, Arc::new(body));
    let batch = move |arguments: &[Column], rows: usize, active: Option<&Rows>| {
        let counting: Vec<usize> = match active {
            Some(active) => active.set_indices().collect(),
            None => (0..rows).collect(),
        };
        let gathered: Vec<Numbers> = arguments.iter().map(|column| gather(column, &counting)).collect();
        match kernel.run(&gathered, counting.len()) {
            Some(results) => BatchResult { column: scatter(results, &counting, rows), failed: false },
            None => BatchResult { column: Column::Null(rows), failed: true },
        }
    };
    Function { def, batch: Some(Arc::new(batch)), words: None }
}

struct Kernel<F> {
    name: String,
    function: Arc<F>,
    checked: bool,
    /// How many batches were checked.
    batches: AtomicU64,
    /// Whether one of them came out otherwise in pieces.
    is_broken: AtomicBool,
}

impl<F> Kernel<F> {
    /// The results of the rows; none if the batch must be looked at row by row.
    fn run<Types>(&self, arguments: &[Numbers], rows: usize) -> Option<Numbers>
    where
        F: KernelFunction<Types>,
    {
        let compute = |range| guarded(&self.name, || self.function.compute(arguments, range)).ok();
        let whole = compute(0..rows)?;
        if rows > 1 && self.checked {
            let at = split(self.batches.fetch_add(1, Ordering::Relaxed), rows);
            let (left, right) = (compute(0..at)?, compute(at..rows)?);
            if !same(&whole, &left, &right) {
                self.is_broken.store(true, Ordering::Relaxed);
                return None;
            }
        }
        Some(whole)
    }
}

/// Where a batch is cut: anywhere, but the same in each run.
fn split(batch: u64, rows: usize) -> usize {
    let mixed = (batch + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    1 + ((mixed ^ mixed >> 29) % (rows as u64 - 1)) as usize
}

/// Whether the pieces are the same bits as the whole.
fn same(whole: &Numbers, left: &Numbers, right: &Numbers) -> bool {
    match (whole, left, right) {
        (Numbers::Ints(whole), Numbers::Ints(left), Numbers::Ints(right)) => whole.iter().eq(left.iter().chain(right)),
        (Numbers::Floats(whole), Numbers::Floats(left), Numbers::Floats(right)) => {
            let bits = |x: &f64| canonical(*x).to_bits();
            whole.iter().map(bits).eq(left.iter().chain(right).map(bits))
        }
        _ => false,
    }
}

fn single(value: &Scalar) -> Numbers {
    match value {
        Scalar::Int(x) => Numbers::Ints(vec![*x]),
        Scalar::Float(x) => Numbers::Floats(vec![*x]),
        // No argument is of another type, and none is null.
        _ => Numbers::Ints(Vec::new()),
    }
}

fn first(numbers: &Numbers) -> Scalar {
    match numbers {
        Numbers::Ints(values) => values.first().map_or(Scalar::Null, |x| Scalar::Int(*x)),
        Numbers::Floats(values) => values.first().map_or(Scalar::Null, |x| Scalar::Float(canonical(*x))),
    }
}

/// The arguments of the rows that count; a column of one row is a constant.
fn gather(column: &Column, rows: &[usize]) -> Numbers {
    fn of_rows<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
        match values {
            [constant] => vec![*constant; rows.len()],
            values => rows.iter().map(|row| values[*row]).collect(),
        }
    }
    match f64::of_column(column) {
        Some(values) => Numbers::Floats(of_rows(values, rows)),
        None => Numbers::Ints(of_rows(i64::of_column(column).unwrap_or_default(), rows)),
    }
}

/// The results at the rows that count.
fn scatter(results: Numbers, at: &[usize], rows: usize) -> Column {
    fn spread<T: Copy + Default>(values: Vec<T>, at: &[usize], rows: usize) -> Vec<T> {
        if at.len() == rows {
            return values;
        }
        let mut spread = vec![T::default(); rows];
        at.iter().zip(values).for_each(|(row, value)| spread[*row] = value);
        spread
    }
    match results {
        Numbers::Ints(values) => Column::Int(spread(values, at, rows).into()),
        Numbers::Floats(mut values) => {
            values.iter_mut().for_each(|value| *value = canonical(*value));
            Column::Float(spread(values, at, rows).into())
        }
    }
}
