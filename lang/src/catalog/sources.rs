//! What is outside of a script, as the checker asks for it: files, the tables of a host, modules.

use super::{Effect, OptionValue};
use crate::codes::{E0405, E0509};
use crate::diagnostic::Diagnostic;
use crate::scalar::Scalar;
use crate::source::Span;
use crate::ty::{Schema, Type, spell};
use std::sync::Arc;

/// What a `read` in the script says.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadRequest {
    /// The path, constant; of stdin [`STDIN`].
    pub path: Arc<str>,
    /// Whether stdin is read, and no file.
    pub stdin: bool,
    /// Where the path stands.
    pub span: Span,
    /// The options with the places of their names.
    pub options: Vec<(Arc<str>, Span, OptionValue)>,
    /// Where another option can be put; none for a bare `stdin`.
    pub room: Option<Room>,
    /// Whether it is one of several files: then it need not have a column that is declared and may be null.
    pub one_of_several: bool,
}

impl ReadRequest {
    /// Offers an option to be added: `encoding: "utf-16"`.
    pub fn offer(&self, diagnostic: Diagnostic, option: &str) -> Diagnostic {
        match self.room {
            Some(Room { span, before, after }) => diagnostic.fix(span, format!("{before}{option}{after}")),
            None => diagnostic.help(format!("say so: read({}, {option})", self.path)),
        }
    }
}

/// A place where an argument can be put, and what it needs before and behind it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// An empty place.
    pub span: Span,
    /// What comes before the argument.
    pub before: &'static str,
    /// What comes behind it.
    pub after: &'static str,
}

/// What scripts call what they are given to read without a path.
pub const STDIN: &str = "stdin";

/// One of the files of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFile {
    /// Its path.
    pub path: Arc<str>,
    /// The names of its columns, in its order. What the table has beside them is null in its rows.
    pub columns: Vec<Arc<str>>,
}

/// The column that says which file a row is from, behind all others, where `with_file: true` asks for it.
pub const FILE_COLUMN: &str = "file";

/// What a `write` in the script says.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteRequest {
    /// The path, constant.
    pub path: Arc<str>,
    /// Where the path stands.
    pub span: Span,
    /// The option `format`, and where it stands.
    pub format: Option<(Arc<str>, Span)>,
    /// The option `compression`, and where it stands.
    pub compression: Option<(Arc<str>, Span)>,
}

/// What is known of a table before its first row is read.
#[derive(Clone, Debug, PartialEq)]
pub struct TableInfo {
    /// The name of the format.
    pub format: &'static str,
    /// Its columns.
    pub schema: Schema,
    /// Whether the types were inferred from a sample (then a misfit offers `schema:`).
    pub inferred: bool,
    /// Whether only a sample says which columns there are: rows may have values under other names.
    pub is_open: bool,
    /// Whether reading a cell of it may fail.
    pub effect: Effect,
    /// The files, where the path is a pattern or rows say which file they are from; none: the path, with all columns.
    pub files: Vec<TableFile>,
    /// Whether its bytes come only once, though it has a path: from a FIFO or a device.
    pub is_stream: bool,
    /// What was found out beside the options of the `read`: the format of what comes once, where none is given.
    pub found: Vec<(Arc<str>, OptionValue)>,
    /// The columns whose values the language does not have, with what they are. In the schema they are null, and nobody
    /// may ask for them.
    pub foreign: Vec<(Arc<str>, Arc<str>)>,
}

impl TableInfo {
    /// A table whose columns are known for sure, of one file that can be read again.
    pub fn new(format: &'static str, schema: Schema, effect: Effect) -> TableInfo {
        TableInfo {
            format,
            schema,
            inferred: false,
            is_open: false,
            effect,
            files: Vec::new(),
            is_stream: false,
            found: Vec::new(),
            foreign: Vec::new(),
        }
    }
}

/// Who knows what is outside of a script: the schemas of files and of tables that a host binds, and the texts of modules.
/// `lang` itself opens nothing.
pub trait Sources {
    /// The table behind `read(…)`; the error is what to tell the user.
    fn describe(&self, request: &ReadRequest) -> Result<TableInfo, Box<Diagnostic>>;

    /// The format in which a file is written; the error says why it is not.
    fn target(&self, request: &WriteRequest) -> Result<&'static str, Box<Diagnostic>> {
        Err(Box::new(no_files(request.span)))
    }

    /// The schema of a table that the host binds by name.
    fn bound(&self, name: &str) -> Option<Schema>;

    /// The record that the host calls by this name: what the rows of a table are, say.
    fn bound_type(&self, _name: &str) -> Option<Schema> {
        None
    }

    /// The value of a name that the host defines, and its type: known in every script, and a column of that name is E0204.
    fn constant(&self, _name: &str) -> Option<(Scalar, Type)> {
        None
    }

    /// Whether scripts may know what time it is.
    fn clock(&self) -> bool {
        false
    }

    /// Whether scripts may read the variables of the environment.
    fn environment(&self) -> bool {
        false
    }

    /// The names of all bound tables.
    fn bound_names(&self) -> Vec<Arc<str>>;

    /// The text of the module of that name, which is a path seen from where the script's own name is; `span` is where it
    /// is imported. A text longer than [`MOST_MODULE_BYTES`] is an error.
    fn module(&self, _name: &str, span: Span) -> Result<String, Box<Diagnostic>> {
        Err(Box::new(no_files(span)))
    }

    /// What two names of one module have in common, for files the path without links.
    fn module_identity(&self, name: &str) -> Arc<str> {
        name.into()
    }
}

/// How long the text of a module may be.
pub const MOST_MODULE_BYTES: u64 = 4 << 20;

/// E0405
fn no_files(span: Span) -> Diagnostic {
    Diagnostic::error(E0405, span, "this program may not read files").help("the host of this script grants no files")
}

/// E0509: a column whose values the language does not have.
pub fn foreign_column(read: Span, name: &str, holds: &str) -> Diagnostic {
    let name = spell(name);
    Diagnostic::error(E0509, read, format!("the column `{name}` holds {holds}, which Pipe does not have"))
        .help(format!("do without it: `| drop {name}`, or name the others: `| select …`"))
}

/// No files, no tables: what a pure expression is compiled against.
#[derive(Clone, Copy, Debug)]
pub struct NoSources;

impl Sources for NoSources {
    fn describe(&self, request: &ReadRequest) -> Result<TableInfo, Box<Diagnostic>> {
        Err(Box::new(no_files(request.span)))
    }

    fn bound(&self, _name: &str) -> Option<Schema> {
        None
    }

    fn bound_names(&self) -> Vec<Arc<str>> {
        Vec::new()
    }
}
