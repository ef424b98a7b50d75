//! The file formats: what each can infer, read and write. A format is one file (or folder) and one line in [`FORMATS`].

mod advice;
pub mod alike;
mod beside;
mod byte_stream;
pub mod cell;
#[cfg(feature = "columnar")]
pub mod columnar;
mod compression;
pub mod csv;
mod decode;
pub mod encoding;
mod files;
pub mod input;
pub mod json;
pub mod jsonl;
mod lanes;
mod lines;
mod md;
pub mod names;
pub mod on_error;
mod rows_file;
mod several;
pub mod sources;
pub mod stream;
mod streams;
pub mod table;
pub mod target;
pub mod tee;
mod text;
pub mod write;

pub use byte_stream::ByteStream;
pub use input::Input;
pub use rows_file::RowsFile;
pub use several::{matching, open};
pub use sources::FileSources;
pub use streams::Streams;

use crate::batch::Batch;
use crate::error::RunError;
use crate::tally::StrayCounts;
use arrow_buffer::Buffer;
use encoding::TextEncoding;
use pipelang_lang::catalog::{FormatDef, OptionValue, ReadRequest, TableInfo};
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::ty::{Schema, Type};
use std::sync::Arc;

/// How much a worker claims at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MorselSize {
    /// About so many bytes of text, cut at a record.
    Bytes(usize),
    /// Exactly so many rows (the tests cut small).
    Rows(usize),
}

/// What a scan is to read.
#[derive(Clone, Debug)]
pub struct ScanRequest {
    /// The path as the script spells it.
    pub path: Arc<str>,
    /// What is to be opened.
    pub input: Input,
    /// The options of the `read`.
    pub options: Vec<(Arc<str>, OptionValue)>,
    /// The columns of the table, as they were known when the script was compiled.
    pub schema: Schema,
    /// The positions of the columns that are wanted, in the order in which they go out.
    pub columns: Vec<usize>,
    /// Whether the types were inferred.
    pub inferred: bool,
    /// How much a worker claims at once.
    pub morsel: MorselSize,
    /// In the values of which columns keys are told that no type has, beside keys that are no columns, and where.
    pub telling: Option<(Vec<Arc<str>>, Arc<StrayCounts>)>,
}

/// A piece of a text, cut at records.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// Whole records.
    pub text: Buffer,
    /// The line of its first byte, from 1.
    pub first_line: u64,
}

/// What a chunk holds: rows, and what is wrong with the record after them, if anything is.
#[derive(Debug)]
pub struct Parsed {
    /// The rows before the broken record. Cells that do not fit are faults.
    pub batch: Batch,
    /// Why the file cannot be read on.
    pub error: Option<RunError>,
    /// How many broken records were left out, where the `read` says so.
    pub left_out: u64,
}

/// A text being read: one worker at a time cuts it, all parse what was cut.
pub trait Cut: Send {
    /// The next piece, in order; none at the end.
    fn next(&mut self) -> Result<Option<Chunk>, RunError>;
}

/// The pure part of reading.
pub trait Parse: Send + Sync {
    /// The rows of a piece.
    fn parse(&self, chunk: &Chunk) -> Parsed;

    /// The same by columns, if what is left out saves work.
    fn by_columns(self: Arc<Self>, _chunk: &Chunk) -> Option<Box<dyn ByColumns>> {
        None
    }
}

/// A piece of a file, which any worker makes rows of.
pub type Piece = Box<dyn Unread>;

/// Rows that have not been read yet.
pub trait Unread: Send {
    /// All of them with all columns.
    fn read(self: Box<Self>) -> Parsed;

    /// The same by columns, if what is left out saves work.
    fn by_columns(&self) -> Option<Box<dyn ByColumns>>;
}

impl<F: FnOnce() -> Parsed + Send + 'static> Unread for F {
    fn read(self: Box<Self>) -> Parsed {
        self()
    }

    fn by_columns(&self) -> Option<Box<dyn ByColumns>> {
        None
    }
}

/// Rows of which only what is wanted is read.
pub trait ByColumns {
    /// How many there are.
    fn rows(&self) -> usize;

    /// Whether so few rows are read faster by themselves than with all others.
    fn are_few(&self, rows: usize) -> bool;

    /// Some of the columns that the scan wants, of all rows or of those at these places, ascending.
    fn read(&self, columns: &[usize], rows: Option<&[u32]>) -> Result<Batch, RunError>;

    /// Why nothing comes behind them, if that is an error, and how many records were left out.
    fn end(&self) -> (Option<RunError>, u64) {
        (None, 0)
    }
}

/// An opened scan: one worker at a time takes the next piece, in order; none at the end.
pub struct Scan(pub Box<dyn FnMut() -> Result<Option<Piece>, RunError> + Send>);

impl Scan {
    /// Of a text that is cut, and whose pieces are parsed; the encoding is what it was before.
    pub fn of_text(mut cut: impl Cut + 'static, parse: impl Parse + 'static, encoding: TextEncoding) -> Scan {
        let parse = Arc::new(parse);
        Scan(Box::new(move || {
            let Some(chunk) = cut.next()? else { return Ok(None) };
            Ok(Some(Box::new(TextPiece { chunk, parse: parse.clone(), encoding }) as Piece))
        }))
    }
}

/// A piece of a text.
struct TextPiece<P> {
    chunk: Chunk,
    parse: Arc<P>,
    encoding: TextEncoding,
}

impl<P: Parse> Unread for TextPiece<P> {
    fn read(self: Box<Self>) -> Parsed {
        let parsed = self.parse.parse(&self.chunk);
        Parsed { error: parsed.error.map(|error| self.encoding.says(error)), ..parsed }
    }

    fn by_columns(&self) -> Option<Box<dyn ByColumns>> {
        if self.encoding.is_utf_8() { self.parse.clone().by_columns(&self.chunk) } else { None }
    }
}

/// A format.
pub struct Format {
    /// What scripts see.
    pub def: FormatDef,
    /// Looks at the file and says what its columns are.
    pub infer: fn(&ReadRequest, &Input) -> Result<TableInfo, Box<Diagnostic>>,
    /// Opens it.
    pub open: fn(&ScanRequest) -> Result<Scan, RunError>,
    /// The type in which columns of one name are read from several files where it is not the same in all; none if there
    /// is none.
    pub join: fn(&Type, &Type) -> Option<Type>,
}

/// All formats.
pub const FORMATS: &[Format] = &[
    csv::FORMAT,
    json::LINES,
    json::DOCUMENT,
    lines::FORMAT,
    #[cfg(feature = "columnar")]
    columnar::parquet::FORMAT,
    #[cfg(feature = "columnar")]
    columnar::ipc::FORMAT,
];

/// All formats.
pub fn formats() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter()
}

/// The format of that name; an extension is a name too (`tsv`).
pub fn by_name(name: &str) -> Option<&'static Format> {
    formats().find(|format| format.def.name == name || format.def.extensions.contains(&name))
}

/// The format that the extension of a path names; that of a compression is looked through.
pub fn by_extension(path: &str) -> Option<&'static Format> {
    let extension = files::extension_of(files::without_compression(path))?;
    formats().find(|format| format.def.extensions.contains(&&*extension))
}
