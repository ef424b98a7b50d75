//! What the columns of a CSV file are: names from the header, types from a sample or from `schema:`.
//!
//! The sample is the first 1,000 records and, where the file can be sought, some records from blocks across it. It is a
//! guess and nothing depends on it but the types: a later cell that does not fit is an error that names the way out.

use super::index::Index;
use super::open::{Opened, open};
use super::options::CsvOptions;
use crate::error::{IS_UTF_16, RunError, data_place};
use crate::formats::{Cut, Input, MorselSize, cell, decode, files, names};
use pipelang_lang::calendar;
use pipelang_lang::catalog::{Effect, ReadPolicy, ReadRequest, TableInfo};
use pipelang_lang::codes::{E0201, E0205, E0207, E0502, E0508};
use pipelang_lang::diagnostic::{Diagnostic, did_you_mean};
use pipelang_lang::source::Span;
use pipelang_lang::ty::{Field, Kind, Schema, Type};
use std::sync::Arc;

/// How many records of the head are looked at.
const HEAD: usize = 1000;

/// The table behind a `read` of a CSV file.
pub fn infer(request: &ReadRequest, input: &Input) -> Result<TableInfo, Box<Diagnostic>> {
    let named = request.options.iter().map(|(name, _, value)| (&**name, value));
    let options = CsvOptions::new(&request.path, named).map_err(|problem| Box::new(problem.report(request)))?;
    let says = |error: RunError| Box::new(report(options.encoding.says(error), request));
    let opened = open(&request.path, input, &options, MorselSize::Rows(HEAD)).map_err(says)?;
    let Some((declared, is_open)) = &options.schema else {
        let types = sample(&request.path, input, opened, &options).map_err(says)?;
        return Ok(table(types, true, options.policy));
    };
    let option = request.options.iter().find(|(name, ..)| &**name == "schema");
    let span = option.map_or(request.span, |(_, span, _)| *span);
    let names = declared_names(&opened.names, declared, *is_open, &options, request, span)?;
    let is_closed = names.iter().all(|name| declared.position(name).is_some());
    let fields = if is_closed {
        names.iter().map(|name| Field { name: name.clone(), ty: Type::STRING }).collect()
    } else {
        let opened = Opened { names, ..opened };
        sample(&request.path, input, opened, &options).map_err(says)?
    };
    let typed = |field: Field| match declared.position(&field.name) {
        Some(at) => declared.fields[at].clone(),
        None => field,
    };
    Ok(table(fields.into_iter().map(typed).collect(), !is_closed, options.policy))
}

fn table(mut fields: Vec<Field>, inferred: bool, policy: ReadPolicy) -> TableInfo {
    let fits_always = |field: &Field| matches!(field.ty.kind, Kind::String | Kind::Null);
    let may_fail = policy != ReadPolicy::Fail || !fields.iter().all(fits_always);
    if policy == ReadPolicy::Null {
        fields.iter_mut().filter(|field| !fits_always(field)).for_each(|field| field.ty.nullable = true);
    }
    let effect = if may_fail { Effect::MayFail } else { Effect::Total };
    TableInfo { inferred, ..TableInfo::new("csv", Schema { fields }, effect) }
}

/// What cannot be read, said at the `read`.
pub fn report(error: RunError, request: &ReadRequest) -> Diagnostic {
    let is_respelled = request.options.iter().any(|(name, ..)| **name == *names::OPTION.name);
    let diagnostic = Diagnostic::error(error.code(), request.span, error.to_string());
    match error {
        RunError::Record { place, .. } => diagnostic.at_data(data_place(&place, None)),
        RunError::Outside { code: E0205, .. } if is_respelled => {
            diagnostic.help("read it without `names`, and write what is no plain name in backticks")
        }
        RunError::Outside { code: E0508, .. } => diagnostic.help(crate::formats::json::SAY_COLUMNS),
        RunError::Outside { message, .. } if message.ends_with(IS_UTF_16) => {
            request.offer(diagnostic, "encoding: \"utf-16\"")
        }
        _ => diagnostic,
    }
}

/// The names of the columns under a `schema:`, in the order of the file.
fn declared_names(
    names: &[Arc<str>],
    declared: &Schema,
    is_open: bool,
    options: &CsvOptions,
    request: &ReadRequest,
    span: Span,
) -> Result<Vec<Arc<str>>, Box<Diagnostic>> {
    if !options.header {
        let fits = if is_open { declared.fields.len() <= names.len() } else { declared.fields.len() == names.len() };
        if !fits {
            let (many, count) = (declared.fields.len(), names.len());
            let message = format!("the schema has {many} fields, the first record {count}");
            return Err(Box::new(Diagnostic::error(E0502, span, message)));
        }
        let given = declared.fields.iter().map(|field| field.name.clone());
        return Ok(given.chain(names.iter().skip(declared.fields.len()).cloned()).collect());
    }
    for field in &declared.fields {
        let may_be_missing = request.one_of_several && field.ty.nullable;
        if !names.contains(&field.name) && !may_be_missing {
            return Err(Box::new(missing(&field.name, names, request, span)));
        }
    }
    let undeclared: Vec<&str> =
        names.iter().filter(|name| declared.position(name).is_none()).map(|name| &**name).collect();
    if is_open || undeclared.is_empty() {
        return Ok(names.to_vec());
    }
    let message = format!("the schema leaves out columns of the file: {}", list(&undeclared));
    let advice = "name them, or end the schema in `..` to have their types inferred";
    Err(Box::new(Diagnostic::error(E0201, span, message).help(advice)))
}

fn missing(name: &str, names: &[Arc<str>], request: &ReadRequest, span: Span) -> Diagnostic {
    let file = if request.one_of_several { format!("`{}`", request.path) } else { "the file".to_string() };
    let spelled = names.iter().find(|other| other.trim().eq_ignore_ascii_case(name.trim()));
    if let Some(spelled) = spelled {
        let message = format!("{file} spells the column `{name}` as `{spelled}`");
        return Diagnostic::error(E0207, span, message);
    }
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    let diagnostic = Diagnostic::error(E0201, span, format!("{file} has no column `{name}`"));
    if request.one_of_several {
        return diagnostic.help("where it may be null, a file need not have it");
    }
    match did_you_mean(name, names.iter().copied()).first() {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("its columns: {}", list(&names))),
    }
}

fn list(names: &[&str]) -> String {
    let shown = names.iter().take(8).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > 8 { format!("{shown} and {} more", names.len() - 8) } else { shown }
}

/// The columns with the types that a sample of the file suggests.
fn sample(path: &str, input: &Input, mut opened: Opened, options: &CsvOptions) -> Result<Vec<Field>, RunError> {
    let mut dialect = options.dialect;
    dialect.blank_is_row = opened.names.len() == 1;
    let mut guesses = vec![Guess::Nothing; opened.names.len()];
    let mut look = |text: &[u8]| {
        let skips = options.policy == ReadPolicy::Skip;
        let filled = if skips { decode::filled(text, dialect.filler()) } else { None };
        let (text, bad) = filled.as_ref().map_or((text, &[][..]), |(text, bad)| (text.as_slice(), bad));
        let Ok(text) = std::str::from_utf8(text) else { return false };
        let index = match skips {
            false => Index::new(text.as_bytes(), &dialect, Some(guesses.len())),
            true => Index::leaving_out(text.as_bytes(), &dialect, guesses.len(), bad),
        };
        let mut has_newlines = false;
        for row in 0..index.rows() {
            for (column, guess) in guesses.iter_mut().enumerate() {
                let (content, quoted) = dialect.content(&text[index.field(row, column)]);
                has_newlines |= quoted && content.contains('\n');
                *guess = guess.with(classify(&content, quoted, &options.null_words));
            }
        }
        has_newlines
    };
    let mut looked_at = 0;
    let mut has_newlines = false;
    if let Some(chunk) = opened.cutter.next()? {
        has_newlines = look(&chunk.text);
        looked_at = chunk.text.len() as u64;
    }
    // Where fields hold newlines, the middle of a file cannot be told from the middle of a field.
    if !has_newlines && input.is_file() && options.encoding.is_utf_8() {
        for line in
            files::lines_across(path, looked_at).iter().flat_map(|block| block.split_inclusive(|byte| *byte == b'\n'))
        {
            look(line);
        }
    }
    let typed = |(name, guess): (Arc<str>, Guess)| Field { name, ty: guess.ty() };
    Ok(opened.names.into_iter().zip(guesses).map(typed).collect())
}

/// What the cells of a column have in common so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guess {
    Nothing,
    Bool,
    Int,
    Float,
    Date,
    DateTime,
    String,
}

impl Guess {
    fn with(self, other: Guess) -> Guess {
        match (self, other) {
            (Guess::Nothing, guess) | (guess, Guess::Nothing) => guess,
            (Guess::Int, Guess::Float) | (Guess::Float, Guess::Int) => Guess::Float,
            (Guess::Date, Guess::DateTime) | (Guess::DateTime, Guess::Date) => Guess::DateTime,
            (one, other) if one == other => one,
            (_, _) => Guess::String,
        }
    }

    fn ty(self) -> Type {
        match self {
            Guess::Nothing => return Type::NULL,
            Guess::String => Type::STRING,
            Guess::Bool => Type::BOOL,
            Guess::Int => Type::INT,
            Guess::Float => Type::FLOAT,
            Guess::Date => Type::DATE,
            Guess::DateTime => Type::DATETIME,
        }
        .or_null()
    }
}

/// The type in which cells of two types are read: all of them can be read as text.
pub fn join(a: &Type, b: &Type) -> Option<Type> {
    let kind = match (&a.kind, &b.kind) {
        (Kind::Null, Kind::Null) => &Kind::String,
        (Kind::Null, kind) | (kind, Kind::Null) => kind,
        (a, b) if a == b => a,
        (Kind::Int, Kind::Float) | (Kind::Float, Kind::Int) => &Kind::Float,
        (Kind::Date, Kind::DateTime) | (Kind::DateTime, Kind::Date) => &Kind::DateTime,
        (_, _) => &Kind::String,
    };
    Some(Type { kind: kind.clone(), nullable: a.nullable || b.nullable })
}

/// What a cell looks like.
fn classify(text: &str, quoted: bool, null_words: &[Arc<str>]) -> Guess {
    if quoted {
        return Guess::String;
    }
    if text.is_empty() || null_words.iter().any(|word| **word == *text) {
        return Guess::Nothing;
    }
    if calendar::parse_date(text.as_bytes()).is_some() {
        Guess::Date
    } else if calendar::parse_datetime(text.as_bytes()).is_some() {
        Guess::DateTime
    } else if cell::may_be_code(text) {
        Guess::String
    } else if cell::read_int(text).is_some() {
        Guess::Int
    } else if cell::read_float(text).is_some() {
        Guess::Float
    } else if cell::read_bool(text).is_some() {
        Guess::Bool
    } else {
        Guess::String
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_classified() {
        let class = |text| classify(text, false, &cell::default_null_words());
        for text in ["0", "-1", "999999999999999999"] {
            assert_eq!(class(text), Guess::Int, "{text}");
        }
        for text in ["0.5", "-1.5e3", ".5", "NaN", "-inf", "1e-7"] {
            assert_eq!(class(text), Guess::Float, "{text}");
        }
        for text in ["007", "+5", "-01", "1234567890123456789", "00.5", "x", " 1", "2024-01-32", "1,5"] {
            assert_eq!(class(text), Guess::String, "{text}");
        }
        assert_eq!((class("2024-01-31"), class("True")), (Guess::Date, Guess::Bool));
        assert_eq!((class("0001-01-01"), class("+012024-01-31")), (Guess::Date, Guess::Date), "as dates are written");
        assert_eq!((class("2024-01-31 10:00:00"), class("2024-01-31T10:00+01:00")), (Guess::DateTime, Guess::DateTime));
        assert_eq!((class("2024-01-31 25:00:00"), class("PT5M")), (Guess::String, Guess::String));
        assert_eq!((class(""), class("NA"), class("nan")), (Guess::Nothing, Guess::Nothing, Guess::Nothing));
        assert_eq!(classify("1", true, &[]), Guess::String);
    }

    #[test]
    fn guesses_meet() {
        assert_eq!(Guess::Int.with(Guess::Float), Guess::Float);
        assert_eq!(Guess::Int.with(Guess::Nothing), Guess::Int);
        assert_eq!(Guess::Int.with(Guess::Bool), Guess::String);
        assert_eq!(Guess::Date.with(Guess::DateTime), Guess::DateTime);
        assert_eq!(Guess::Nothing.ty(), Type::NULL);
    }
}
