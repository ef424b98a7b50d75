//! JSON: a record a line (`jsonl`), or a document (`json`).
//!
//! `lines` and `document` open files and look at samples of them, `infer` guesses types, `index` finds the wanted values of a piece and
//! `parse` reads them. [`text`] says what JSON is and [`fit`] what a value means in a column.

mod document;
pub mod fit;
mod index;
mod infer;
mod lines;
mod options;
mod parse;
mod scan;
mod strays;
#[cfg(test)]
mod tests;
pub mod text;

pub use document::DOCUMENT;
pub use index::{Stop, no_object, not_json};
pub use lines::LINES;

use super::{Chunk, Parse};
use crate::error::RunError;
use options::JsonOptions;
use parse::{JsonParse, Layout};
use pipelang_lang::catalog::ReadRequest;
use pipelang_lang::codes::E0508;
use pipelang_lang::diagnostic::Diagnostic;
use std::sync::Arc;

/// The way out where nothing says which columns a file has.
pub const SAY_COLUMNS: &str = "say what they are: read(…, schema: {id: int, name: string?})";

/// E0508: nothing says which columns there are.
fn no_records(request: &ReadRequest) -> Box<Diagnostic> {
    let message = format!("`{}` holds no record, so its columns are not known", request.path);
    Box::new(Diagnostic::error(E0508, request.span, message).help(SAY_COLUMNS))
}

/// Why the first record is broken, of which then nothing is known.
fn first_is_broken(path: &Arc<str>, layout: Layout, head: Chunk) -> RunError {
    let parsed = JsonParse::new(path.clone(), true, layout, Vec::new(), &JsonOptions::default()).parse(&head);
    parsed.error.unwrap_or_else(|| RunError::Internal(format!("`{path}` cannot be read")))
}
