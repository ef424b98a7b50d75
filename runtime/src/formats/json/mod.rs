//! JSON: a record a line (`jsonl`).
//!
//! `lines` opens files and looks at samples of them, `infer` guesses types, `index` finds the wanted values of a piece and
//! `parse` reads them. [`text`] says what JSON is and [`fit`] what a value means in a column.

pub mod fit;
mod index;
mod infer;
mod lines;
mod options;
mod parse;
mod scan;
#[cfg(test)]
mod tests;
pub mod text;

pub use index::{no_object, not_json};
pub use infer::VALUE;
pub use lines::LINES;
