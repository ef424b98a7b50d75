//! The options of `read` for CSV.

use super::dialect::Dialect;
use crate::formats::encoding::{self, TextEncoding};
use crate::formats::names::{self, Spelling};
use crate::formats::on_error::{self, Trouble};
use crate::formats::{cell, files};
use pipelang_lang::catalog::{ON_ERROR, OptionDef, OptionKind, OptionValue, ReadPolicy, ReadRequest};
use pipelang_lang::codes::{Code, E0205, E0206, E0304, E0902};
use pipelang_lang::diagnostic::{Diagnostic, did_you_mean};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::{Field, Kind, Schema};
use std::sync::Arc;

/// What scripts may write.
pub const OPTIONS: &[OptionDef] = &[
    option("format", OptionKind::String, "The format, where the extension does not tell it."),
    option("schema", OptionKind::Schema, "The types of the columns; with `..` at its end the others are inferred."),
    option("header", OptionKind::Bool, "Whether the first record names the columns (it does unless this is `false`)."),
    option("delimiter", OptionKind::String, "What stands between fields: one ASCII character."),
    option("quote", OptionKind::String, "What stands around fields: one ASCII character, or nothing."),
    option("comment", OptionKind::String, "The character that begins lines to be skipped."),
    option("skip", OptionKind::Int, "How many lines to skip before the header."),
    option("null_values", OptionKind::Strings, "The words that are null in columns other than text."),
    encoding::OPTION,
    on_error::OPTION,
    names::OPTION,
    option("with_file", OptionKind::Bool, "Whether to add the column `file`, the path of the file that a row is from."),
];

const fn option(name: &'static str, kind: OptionKind, doc: &'static str) -> OptionDef {
    OptionDef { name, kind, doc }
}

/// How to read a file.
#[derive(Clone, Debug)]
pub struct CsvOptions {
    /// Whether the first record names the columns.
    pub header: bool,
    /// Where fields and records end.
    pub dialect: Dialect,
    /// Lines before the header.
    pub skip: usize,
    /// Words that are null.
    pub null_words: Vec<Arc<str>>,
    /// The declared columns, and whether there may be others.
    pub schema: Option<(Schema, bool)>,
    /// What becomes of what does not fit.
    pub policy: ReadPolicy,
    /// The encoding of the text.
    pub encoding: TextEncoding,
    /// How the names of the columns are spelled.
    pub spelling: Spelling,
}

/// What is wrong with an option.
#[derive(Clone, Debug)]
pub struct OptionProblem {
    /// Its position.
    pub at: usize,
    /// The code.
    pub code: Code,
    /// A headline.
    pub message: String,
    /// Advice.
    pub help: Option<String>,
}

impl OptionProblem {
    /// As an error at the option.
    pub fn report(self, request: &ReadRequest) -> Diagnostic {
        let span = request.options.get(self.at).map_or(request.span, |option| option.1);
        let diagnostic = Diagnostic::error(self.code, span, self.message);
        self.help.into_iter().fold(diagnostic, Diagnostic::help)
    }
}

impl CsvOptions {
    /// The options of a `read` of the file `path`.
    pub fn new<'a>(
        path: &str,
        options: impl Iterator<Item = (&'a str, &'a OptionValue)>,
    ) -> Result<CsvOptions, OptionProblem> {
        let tabs = files::without_compression(path).to_ascii_lowercase().ends_with(".tsv");
        let delimiter = if tabs { b'\t' } else { b',' };
        let dialect = Dialect { delimiter, quote: Some(b'"'), comment: None, blank_is_row: false };
        let null_words = cell::default_null_words();
        let mut read = CsvOptions {
            header: true,
            dialect,
            skip: 0,
            null_words,
            schema: None,
            policy: ReadPolicy::Fail,
            encoding: TextEncoding::default(),
            spelling: Spelling::AsWritten,
        };
        let mut delimiter_is_given = false;
        for (at, (name, value)) in options.enumerate() {
            let problem = |(code, message, help)| OptionProblem { at, code, message, help };
            delimiter_is_given |= name == "delimiter";
            read.set(name, value, delimiter_is_given).map_err(problem)?;
        }
        let clash = read.dialect.quote == Some(read.dialect.delimiter)
            || read.dialect.comment.is_some_and(|c| c == read.dialect.delimiter || Some(c) == read.dialect.quote);
        if clash {
            let message = "delimiter, quote and comment must be different characters".to_string();
            return Err(OptionProblem { at: 0, code: E0304, message, help: None });
        }
        Ok(read)
    }

    fn set(&mut self, name: &str, value: &OptionValue, delimiter_is_given: bool) -> Result<(), Trouble> {
        match (name, value) {
            ("format", OptionValue::Scalar(Scalar::String(format))) => {
                if &**format == "tsv" && !delimiter_is_given {
                    self.dialect.delimiter = b'\t';
                }
            }
            ("header", OptionValue::Scalar(Scalar::Bool(header))) => self.header = *header,
            ("delimiter", OptionValue::Scalar(Scalar::String(text))) => self.dialect.delimiter = character(name, text)?,
            ("quote", OptionValue::Scalar(Scalar::String(text))) if text.is_empty() => self.dialect.quote = None,
            ("quote", OptionValue::Scalar(Scalar::String(text))) => self.dialect.quote = Some(character(name, text)?),
            ("comment", OptionValue::Scalar(Scalar::String(text))) => {
                self.dialect.comment = Some(character(name, text)?);
            }
            ("skip", OptionValue::Scalar(Scalar::Int(lines))) => {
                let message = || (E0304, format!("`skip` is a number of lines, not {lines}"), None);
                self.skip = usize::try_from(*lines).map_err(|_| message())?;
            }
            ("null_values", OptionValue::Strings(words)) => self.null_words = words.clone(),
            ("schema", OptionValue::Schema { schema, open }) => {
                known_types(schema)?;
                self.schema = Some((schema.clone(), *open));
            }
            (ON_ERROR, OptionValue::Scalar(Scalar::String(policy))) => self.policy = on_error::named(policy)?,
            // The column is put behind those of the format.
            ("with_file", OptionValue::Scalar(Scalar::Bool(_))) => {}
            ("encoding", OptionValue::Scalar(Scalar::String(name))) => self.encoding = TextEncoding::named(name)?,
            ("names", OptionValue::Scalar(Scalar::String(spelling))) => self.spelling = Spelling::named(spelling)?,
            _ => return Err(unknown(name)),
        }
        Ok(())
    }
}

fn character(name: &str, text: &str) -> Result<u8, Trouble> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Ok(*byte),
        _ => Err((E0304, format!("`{name}` is one ASCII character, not {text:?}"), None)),
    }
}

/// E0902 of a column whose type no text of a cell can be.
pub(crate) fn known_type(field: &Field) -> Result<(), Trouble> {
    match &field.ty.kind {
        Kind::Bool | Kind::Int | Kind::Float | Kind::String => Ok(()),
        Kind::Date | Kind::DateTime | Kind::Duration => Ok(()),
        Kind::Bytes
        | Kind::Wide
        | Kind::List(_)
        | Kind::Record(_)
        | Kind::Map(_)
        | Kind::Json
        | Kind::Opaque(_)
        | Kind::Null
        | Kind::Unknown => {
            let message = format!("reading a column of type `{}` from CSV is not there yet", field.ty);
            Err((E0902, message, Some(format!("read `{}` as `string` and convert it", field.name))))
        }
    }
}

fn known_types(schema: &Schema) -> Result<(), Trouble> {
    for (at, field) in schema.fields.iter().enumerate() {
        if schema.fields[..at].iter().any(|other| other.name == field.name) {
            return Err((E0205, format!("the schema names `{}` twice", field.name), None));
        }
        known_type(field)?;
    }
    Ok(())
}

fn unknown(name: &str) -> Trouble {
    let Some(option) = OPTIONS.iter().find(|option| option.name == name) else {
        let near = did_you_mean(name, OPTIONS.iter().map(|option| option.name));
        let help = near.first().map(|name| format!("did you mean `{name}`?"));
        return (E0206, format!("CSV has no option `{name}`"), help);
    };
    let wanted = match option.kind {
        OptionKind::Bool => "`true` or `false`",
        OptionKind::Int => "an int",
        OptionKind::String => "a text",
        OptionKind::Strings => "a list of texts",
        OptionKind::Schema => "a type",
    };
    (E0304, format!("the option `{name}` is {wanted}"), None)
}
