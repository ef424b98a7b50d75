//! What can go wrong while a plan runs, as data.
//!
//! A [`RowError`] is the fault of one row and may never be raised (see `batch.rs`); a [`RunError`] ends a run. Turning
//! either into a [`Diagnostic`] happens here too, since it needs the plan's places.

use pipelang_lang::catalog::STDIN;
use pipelang_lang::codes::{self, Code};
use pipelang_lang::diagnostic::{DataPlace, Diagnostic};
use pipelang_lang::ir::{Plan, SiteId};
use pipelang_lang::scalar::Fault;
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// Where a row came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file as the script names it.
    pub file: Arc<str>,
    /// Where in it.
    pub at: At,
}

/// Where in a file a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// On which line its record begins, from 1.
    Line(u64),
    /// Which row it is, from 1, where a file has no lines.
    Row(u64),
}

impl Place {
    /// A line of a text.
    pub fn line(file: Arc<str>, line: u64) -> Place {
        Place { file, at: At::Line(line) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.at {
            At::Line(line) => write!(f, "{}:{line}", self.file),
            At::Row(row) => write!(f, "{}, row {row}", self.file),
        }
    }
}

/// What is said of a time of nanoseconds between two microseconds, behind what it is.
pub const TOO_FINE: &str = ", finer than us";

/// A cell that is not a value of its column's type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellError {
    /// E0501; E0506 where JSON has a value of another sort, E0603 where a value of the host panicked.
    pub code: Code,
    /// The column.
    pub column: Arc<str>,
    /// Of a value of JSON the way from the column to it, such as `.age` or `[2]`; none of a cell of plain text.
    pub inside: Option<String>,
    /// The type that was expected.
    pub expected: &'static str,
    /// The raw text.
    pub text: String,
    /// Whether the type was inferred from a sample.
    pub inferred: bool,
}

/// Why a value of a row cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowFault {
    /// An expression failed.
    Expression {
        /// Which.
        site: SiteId,
        /// How.
        fault: Fault,
    },
    /// An assertion does not hold.
    Assertion {
        /// Where it stands.
        site: SiteId,
        /// What the script says of it.
        message: Option<String>,
        /// The values that it looked at.
        values: String,
    },
    /// A cell of a file does not fit.
    Cell(CellError),
    /// The run was stopped while the value was computed.
    Stopped(Box<RunError>),
}

/// The fault of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// What.
    pub fault: RowFault,
    /// Where the row came from, if it came from a file.
    pub place: Option<Place>,
}

impl RowError {
    /// Whether it says something of this row alone: not an assertion, and not that the run was stopped.
    pub fn is_of_the_row(&self) -> bool {
        match self.fault {
            RowFault::Expression { .. } | RowFault::Cell(_) => true,
            RowFault::Assertion { .. } | RowFault::Stopped(_) => false,
        }
    }
}

/// Why a run ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunError {
    /// The first row that failed.
    Row(Arc<RowError>),
    /// A record of a file is broken (E0502, E0503, E0504).
    Record {
        /// Which rule it breaks.
        code: Code,
        /// What is wrong, as a headline.
        message: String,
        /// Where.
        place: Place,
    },
    /// The outside world: a file, the disk (E0701, E0702).
    Outside {
        /// E0701 or E0702.
        code: Code,
        /// What happened, as a headline.
        message: String,
    },
    /// A limit (E0801).
    Limit(String),
    /// Somebody cancelled it (E0802).
    Cancelled,
    /// The reader of the output has gone; not an error for the user.
    OutputClosed,
    /// A bug of ours (E0901).
    Internal(String),
}

impl RunError {
    /// That a value is larger than a value may be, of what has no place in a script.
    pub fn of_limit(fault: Fault) -> RunError {
        RunError::Limit(fault.detail)
    }

    /// Whether the run was made to stop, so that what it has so far is of no use to anybody.
    pub fn is_stop(&self) -> bool {
        match self {
            RunError::Limit(_) | RunError::Cancelled | RunError::OutputClosed => true,
            RunError::Row(error) => match &error.fault {
                RowFault::Stopped(why) => why.is_stop(),
                RowFault::Expression { .. } | RowFault::Assertion { .. } | RowFault::Cell(_) => false,
            },
            RunError::Record { .. } | RunError::Outside { .. } | RunError::Internal(_) => false,
        }
    }

    /// Its code.
    pub fn code(&self) -> Code {
        match self {
            RunError::Row(error) => match &error.fault {
                RowFault::Expression { fault, .. } => fault.code,
                RowFault::Assertion { .. } => codes::E0605,
                RowFault::Cell(cell) => cell.code,
                RowFault::Stopped(why) => why.code(),
            },
            RunError::Record { code, .. } | RunError::Outside { code, .. } => *code,
            RunError::Limit(_) => codes::E0801,
            RunError::Cancelled => codes::E0802,
            RunError::OutputClosed => codes::E0702,
            RunError::Internal(_) => codes::E0901,
        }
    }

    /// What to tell the user.
    pub fn diagnostic(&self, plan: &Plan) -> Diagnostic {
        match self {
            RunError::Row(error) => row_diagnostic(error, plan),
            RunError::Record { code, message, place } => {
                let headline = format!("{place}: {message}");
                let diagnostic = Diagnostic::outside(*code, headline).at_data(data_place(place, None));
                record_ways_out(*code, message, place).into_iter().fold(diagnostic, Diagnostic::help)
            }
            RunError::Outside { code, message } if message.ends_with(IS_UTF_16) => {
                Diagnostic::outside(*code, message.clone()).help("say so where it is read: encoding: \"utf-16\"")
            }
            RunError::Outside { code, message } => Diagnostic::outside(*code, message.clone()),
            RunError::Limit(message) => Diagnostic::outside(codes::E0801, message.clone()),
            RunError::Cancelled => Diagnostic::outside(codes::E0802, "interrupted"),
            RunError::OutputClosed => Diagnostic::outside(codes::E0702, "the output was closed"),
            RunError::Internal(message) => Diagnostic::outside(codes::E0901, message.clone())
                .help("this is a bug in Pipe, not in your script; please report it with the script"),
        }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            RunError::Row(error) => match &error.fault {
                RowFault::Expression { fault, .. } => f.write_str(&fault.detail),
                RowFault::Assertion { message, values, .. } => {
                    write!(f, "{}: {values}", message.as_deref().unwrap_or(DOES_NOT_HOLD))
                }
                RowFault::Cell(cell) => write!(f, "`{}` should be {}: {:?}", cell.column, cell.expected, cell.text),
                RowFault::Stopped(why) => why.fmt(f),
            },
            RunError::Record { message, place, .. } => write!(f, "{place}: {message}"),
            RunError::Outside { message, .. } | RunError::Limit(message) | RunError::Internal(message) => {
                f.write_str(message)
            }
            RunError::Cancelled => f.write_str("interrupted"),
            RunError::OutputClosed => f.write_str("the output was closed"),
        }
    }
}

impl std::error::Error for RunError {}

/// The place as reports have it.
pub fn data_place(place: &Place, column: Option<&str>) -> DataPlace {
    let (number, counts_rows) = match place.at {
        At::Line(line) => (line, false),
        At::Row(row) => (row, true),
    };
    DataPlace {
        file: place.file.to_string(),
        line: number,
        counts_rows,
        column: column.map(str::to_string),
        excerpt: None,
        cell: None,
    }
}

/// What is said of a text that begins with the mark of another encoding.
pub const IS_UTF_16: &str = "it is UTF-16, not UTF-8";

/// What is said of an assertion that says nothing of itself.
const DOES_NOT_HOLD: &str = "this does not hold";

/// From where the place in the script was reached, and where the row stands in a file.
fn at_row(mut diagnostic: Diagnostic, site: SiteId, error: &RowError, plan: &Plan) -> Diagnostic {
    let mut caller = plan.sites[site.0 as usize].caller;
    while let Some(site) = caller {
        let outer = plan.sites[site.0 as usize];
        diagnostic = diagnostic.label(outer.span, "called here");
        caller = outer.caller;
    }
    match &error.place {
        Some(place) => diagnostic.at_data(data_place(place, None)),
        None => diagnostic,
    }
}

fn row_diagnostic(error: &RowError, plan: &Plan) -> Diagnostic {
    match &error.fault {
        RowFault::Expression { site, fault } => {
            let place = plan.sites[site.0 as usize];
            let diagnostic = match fault.code {
                // Many things have no result; each says by itself why.
                codes::E0602 | codes::E0801 => Diagnostic::error(fault.code, place.span, fault.detail.clone()),
                code => {
                    let title = || codes::info(code).map_or("this failed", |info| info.title);
                    let headline = fault.headline.unwrap_or_else(title);
                    let diagnostic = Diagnostic::error(code, place.span, headline).saying(fault.detail.clone());
                    row_help(code, &fault.detail).into_iter().fold(diagnostic, Diagnostic::help)
                }
            };
            at_row(diagnostic, *site, error, plan)
        }
        RowFault::Assertion { site, message, values } => {
            let headline = message.as_deref().unwrap_or(DOES_NOT_HOLD);
            let diagnostic = Diagnostic::error(codes::E0605, plan.sites[site.0 as usize].span, headline);
            let diagnostic = if values.is_empty() { diagnostic } else { diagnostic.saying(values) };
            at_row(diagnostic, *site, error, plan)
        }
        RowFault::Stopped(why) => why.diagnostic(plan),
        RowFault::Cell(cell) => cell_diagnostic(cell, error.place.as_ref()),
    }
}

/// What may be done about a row for which there is no value.
fn row_help(code: Code, detail: &str) -> Option<&'static str> {
    match code {
        codes::E0607 => Some("sort the rows before, by what stands behind `on`: `sort t | window … on t`"),
        codes::E0604 if detail.ends_with("is not a date") => {
            Some("in another form than `2024-03-31` with a format: `date(text, \"%d/%m/%Y\")`")
        }
        codes::E0604 if detail.ends_with("is not a datetime") => {
            Some("in another form with a format: `datetime(text, \"%d/%m/%Y %H:%M\")`")
        }
        _ => None,
    }
}

/// What may be done about a record that is broken.
fn record_ways_out(code: Code, message: &str, place: &Place) -> Option<String> {
    match code {
        codes::E0502 if let Some((_, sign)) = message.split_once("; perhaps \"") => {
            let sign = sign.split('"').next().unwrap_or(";");
            Some(format!("say so: {}", read_with(place, &format!("delimiter: \"{sign}\""))))
        }
        codes::E0502 => Some(format!("leave such records out: {}", read_with(place, "on_error: \"skip\""))),
        codes::E0504 if message.ends_with("UTF-8") => {
            let call = read_with(place, "encoding: \"latin1\"");
            let call = if message.starts_with("this line") { call.replacen("read", "lines", 1) } else { call };
            Some(format!("it may be in another encoding: {call}"))
        }
        _ => None,
    }
}

/// The `read` of a file with an option.
fn read_with(place: &Place, option: &str) -> String {
    let path = if *place.file == *STDIN { STDIN.to_string() } else { format!("{:?}", place.file) };
    format!("read({path}, {option})")
}

fn cell_diagnostic(cell: &CellError, place: Option<&Place>) -> Diagnostic {
    let text: String = cell.text.chars().take(60).collect();
    // A value of JSON has the quotes of its text itself.
    let found = if cell.inside.is_some() { text } else { format!("{text:?}") };
    let at = place.map_or(String::new(), |place| format!("{place}: "));
    let article = if cell.expected == "int" { "an" } else { "a" };
    let expected = format!("{article} {}", cell.expected);
    let inside = cell.inside.as_deref().unwrap_or("");
    let headline = format!("{at}`{}{inside}` should be {expected}, but is {found}", cell.column);
    let mut diagnostic = Diagnostic::outside(cell.code, headline);
    if cell.inferred {
        diagnostic = diagnostic.help(format!("why: every sampled row had {expected} (no type was given)"));
    }
    let name = pipelang_lang::ty::spell(&cell.column);
    let Some(place) = place else { return diagnostic };
    diagnostic = diagnostic.at_data(data_place(place, Some(&cell.column)));
    if matches!(place.at, At::Row(_)) {
        // Files that are no text have types of their own.
        return match cell.text.ends_with(TOO_FINE) {
            true => diagnostic.help(format!("as ints of nanoseconds: {}", read_with(place, "nanoseconds: \"int\""))),
            false => diagnostic,
        };
    }
    let is_nothing = cell.inside.is_some() && matches!(&*cell.text, "null" | "missing");
    diagnostic = match cell.inside {
        Some(_) if is_nothing => diagnostic.help("let it be null: a `?` behind its type"),
        Some(_) => diagnostic
            .help(format!("read it as any JSON: {}", read_with(place, &format!("schema: {{{name}: json?, ..}}")))),
        None => diagnostic
            .help(format!("read it as text: {}", read_with(place, &format!("schema: {{{name}: string, ..}}")))),
    };
    diagnostic
        .help(format!("null and count: {}", read_with(place, "on_error: \"null\"")))
        .help(format!("leave the row out: {}", read_with(place, "on_error: \"skip\"")))
}

/// The message of a panic.
pub fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message")
}
