//! The functions: rows of tables, a file per group. A row has all there is to know: signature, sentence, executed
//! examples, scalar body, and, where it pays, a body over whole columns. Checker, docs, completion and constant folding
//! see a new row at once.

mod bits;
mod convert;
mod digest;
mod format;
mod json;
mod list;
mod math;
mod outside;
mod random;
mod row;
#[cfg(test)]
mod tests;
mod text;
mod time;

pub use outside::Outside;

use crate::batch::Column;
use arrow_buffer::BooleanBuffer;
use pipelang_lang::catalog::{FunctionDef, FunctionId, ResultType};
use pipelang_lang::scalar::fits;
use pipelang_lang::ty::{Kind, Type};
use std::sync::Arc;

/// What a body over columns gives: the results, and whether a row that counts failed. Rows that do not count, or whose
/// arguments are null, may hold anything; the caller knows which rows are null.
pub struct BatchResult {
    /// One value a row.
    pub column: Column,
    /// Whether any row that counts failed; which one is found out by replaying the batch.
    pub failed: bool,
}

/// Some of the rows of a batch.
pub type Rows = BooleanBuffer;

/// A body over whole columns: the arguments; how many rows there are; which of them count (none: all). A constant
/// argument comes as a column of one row.
pub type BatchBody = Arc<dyn Fn(&[Column], usize, Option<&Rows>) -> BatchResult + Send + Sync>;

/// A body over words, where arguments and result are numbers or bools and nothing but a null gives null: a float by its
/// bits, canonical in the result, a bool as 0 or 1. It gives none if it fails; then the scalar body says why.
pub type WordBody = Arc<dyn Fn(&[u64]) -> Option<u64> + Send + Sync>;

/// The most arguments of a [`WordBody`].
pub const WORD_ARGUMENTS: usize = 6;

/// A function with everything that the executors know of it.
#[derive(Clone)]
pub struct Function {
    /// What scripts see, and the scalar body.
    pub def: FunctionDef,
    /// The body over columns; without one, another body is called row by row.
    pub batch: Option<BatchBody>,
    /// The body over words, if it can have one.
    pub words: Option<WordBody>,
}

/// All functions of an engine; a [`FunctionId`] is a position.
#[derive(Clone, Default)]
pub struct Functions(pub Vec<Function>);

impl Function {
    /// The same, but a result that is larger than a value may be is E0801, also of a function that cannot fail otherwise.
    pub fn checked(mut self) -> Function {
        let ResultType::Is(Type { kind, .. }) = &self.def.result else { return self.checked_always() };
        match kind {
            Kind::Bool | Kind::Int | Kind::Float | Kind::Date | Kind::DateTime | Kind::Duration => {}
            Kind::Wide | Kind::Null | Kind::Unknown | Kind::Opaque(_) => {}
            Kind::String | Kind::Bytes | Kind::List(_) | Kind::Record(_) | Kind::Map(_) | Kind::Json => {
                self = self.checked_always();
            }
        }
        self
    }

    fn checked_always(mut self) -> Function {
        let body = self.def.body;
        self.def.body = Arc::new(move |arguments| body(arguments)?.checked());
        self.batch = self.batch.map(|body| -> BatchBody {
            Arc::new(move |arguments, rows, active| {
                let BatchResult { column, failed } = body(arguments, rows, active);
                // All of them together; a replay looks at each by itself.
                BatchResult { failed: failed || fits(column.size()).is_err(), column }
            })
        });
        self
    }
}

impl Functions {
    /// The function that `id` names.
    pub fn get(&self, id: FunctionId) -> &Function {
        &self.0[id.0 as usize]
    }
}

/// The name of a group, and its rows.
type Group = (&'static str, fn() -> Vec<Function>);

/// The groups in the order in which they are listed.
const GROUPS: &[Group] = &[
    ("convert", convert::rows),
    ("math", math::rows),
    ("math", random::rows),
    ("bits", bits::rows),
    ("text", text::rows),
    ("text", format::rows),
    ("time", time::rows),
    ("lists", list::rows),
    ("json", json::rows),
    ("encodings", digest::rows),
    ("outside", outside::rows),
];

/// Holds the functions with regular expressions to so many bytes for one that is compiled.
pub fn limit_patterns(functions: &mut [Function], bytes: usize) {
    text::limit_patterns(functions, bytes);
}

/// All functions that Pipe brings along.
pub fn functions() -> Functions {
    let group = |(group, rows): &Group| {
        let mut rows = rows();
        rows.iter_mut().for_each(|function| function.def.group = group);
        rows.into_iter().map(Function::checked)
    };
    Functions(GROUPS.iter().flat_map(group).collect())
}
