//! Several files as one table: which files a pattern names, what columns they have together, and reading them one after
//! the other.
//!
//! Columns go together by name: the table has those of the first file, then what each next file has beside them, and where
//! a file has not got a column its rows have null there. The format sees one file at a time and knows nothing of the
//! others.

use super::{ByColumns, Format, Parsed, Piece, Scan, ScanRequest, Unread};
use crate::batch::{Batch, BatchFault, Column};
use crate::error::RunError;
use arrow_array::StringViewArray;
use arrow_array::builder::make_view;
use arrow_buffer::Buffer;
use glob::MatchOptions;
use pipelang_lang::catalog::{FILE_COLUMN, OptionValue, ReadRequest, TableFile, TableInfo, foreign_column};
use pipelang_lang::codes::{E0201, E0205, E0306, E0701};
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::source::Span;
use pipelang_lang::ty::{Field, Kind, Schema, Type};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

/// The files that a pattern such as `data/*.csv` names, in the order of the bytes of their paths; none if the path is no
/// pattern. A file that is called like a pattern is that file.
pub fn matching(path: &str) -> Option<Vec<Arc<str>>> {
    if !path.contains(['*', '?', '[']) || Path::new(path).exists() {
        return None;
    }
    let options = MatchOptions {
        case_sensitive: true,
        // As shells do it: `*` stays in its folder, and what is hidden must be asked for.
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    // What cannot be listed has no files.
    let found = glob::glob_with(path, options).into_iter().flatten().flatten().filter(|path| !path.is_dir());
    let mut files: Vec<Arc<str>> = found.filter_map(|path| Some(path.to_str()?.into())).collect();
    files.sort();
    Some(files)
}

/// The table of all files of a `read`, each of which is described by itself.
pub(super) fn describe(
    request: &ReadRequest,
    files: Option<Vec<Arc<str>>>,
    format: &Format,
    one: &dyn Fn(&ReadRequest) -> Result<TableInfo, Box<Diagnostic>>,
) -> Result<TableInfo, Box<Diagnostic>> {
    let with_file = option(request, "with_file").filter(|(_, value)| is_true(value)).map(|(span, _)| span);
    let is_pattern = files.is_some();
    let paths = files.unwrap_or_else(|| vec![request.path.clone()]);
    if paths.is_empty() {
        let diagnostic = Diagnostic::error(E0701, request.span, format!("no file is called like `{}`", request.path));
        return Err(Box::new(match glob::Pattern::new(&request.path) {
            Ok(_) => diagnostic,
            Err(error) => diagnostic.saying(format!("as a pattern it is wrong: {}", error.msg)),
        }));
    }
    let mut joined: Option<Joined> = None;
    for path in paths {
        let request = ReadRequest { path: path.clone(), one_of_several: is_pattern, ..request.clone() };
        let info = one(&request)?;
        match &mut joined {
            None => joined = Some(Joined::new(path, info)),
            Some(joined) => joined.add(path, info, format, request.span)?,
        }
    }
    let mut info = joined.expect("there is a file").finish(is_pattern, format, request)?;
    if info.is_open {
        // A file may have, behind its sample, what those of others have.
        let all = names(&info.schema);
        info.files.iter_mut().for_each(|file| file.columns.clone_from(&all));
    }
    match with_file {
        Some(span) => add_file_column(&mut info, span)?,
        None if !is_pattern => info.files.clear(),
        None => {}
    }
    Ok(info)
}

fn option<'a>(request: &'a ReadRequest, wanted: &str) -> Option<(Span, &'a OptionValue)> {
    request.options.iter().find(|(name, ..)| &**name == wanted).map(|(_, span, value)| (*span, value))
}

fn is_true(value: &OptionValue) -> bool {
    *value == OptionValue::Scalar(Scalar::Bool(true))
}

fn add_file_column(info: &mut TableInfo, span: Span) -> Result<(), Box<Diagnostic>> {
    if info.schema.position(FILE_COLUMN).is_some() {
        let message = format!("the table has a column `{FILE_COLUMN}` of its own");
        return Err(Box::new(Diagnostic::error(E0205, span, message)));
    }
    info.schema.fields.push(Field { name: FILE_COLUMN.into(), ty: Type::STRING });
    Ok(())
}

/// The columns of the files so far.
struct Joined {
    info: TableInfo,
    /// How many files have each column.
    counts: Vec<usize>,
}

impl Joined {
    fn new(path: Arc<str>, mut info: TableInfo) -> Joined {
        info.files = vec![TableFile { path, columns: names(&info.schema) }];
        Joined { counts: vec![1; info.schema.fields.len()], info }
    }

    fn add(&mut self, path: Arc<str>, more: TableInfo, format: &Format, span: Span) -> Result<(), Box<Diagnostic>> {
        let file = TableFile { path, columns: names(&more.schema) };
        self.info.inferred |= more.inferred;
        self.info.is_open |= more.is_open;
        self.info.effect = self.info.effect.max(more.effect);
        self.info.foreign.extend(more.foreign);
        for field in more.schema.fields {
            let Some(at) = self.info.schema.position(&field.name) else {
                self.info.schema.fields.push(field);
                self.counts.push(1);
                continue;
            };
            let known = &mut self.info.schema.fields[at];
            let joined = (format.join)(&known.ty, &field.ty).ok_or_else(|| {
                let message = format!("`{}` is {} in `{}`, and {} before", field.name, field.ty, file.path, known.ty);
                Box::new(Diagnostic::error(E0306, span, message))
            })?;
            known.ty = joined;
            self.counts[at] += 1;
        }
        self.info.files.push(file);
        Ok(())
    }

    /// The table: what is not in all files may be null, and what is declared stands in one of them.
    fn finish(self, is_pattern: bool, format: &Format, request: &ReadRequest) -> Result<TableInfo, Box<Diagnostic>> {
        let Joined { mut info, counts } = self;
        if let (2.., Some((name, holds))) = (info.files.len(), info.foreign.first()) {
            return Err(Box::new(foreign_column(request.span, name, holds)));
        }
        for (field, count) in info.schema.fields.iter_mut().zip(counts) {
            if field.ty.kind == Kind::Null {
                field.ty = (format.join)(&Type::NULL, &Type::NULL).unwrap_or(Type::NULL).or_null();
            }
            field.ty.nullable |= count < info.files.len();
        }
        if let (true, Some((span, OptionValue::Schema { schema, .. }))) = (is_pattern, option(request, "schema")) {
            let missing = schema.fields.iter().find(|field| info.schema.position(&field.name).is_none());
            if let Some(field) = missing {
                let message = format!("none of the {} files has a column `{}`", info.files.len(), field.name);
                return Err(Box::new(Diagnostic::error(E0201, span, message)));
            }
        }
        Ok(info)
    }
}

fn names(schema: &Schema) -> Vec<Arc<str>> {
    schema.fields.iter().map(|field| field.name.clone()).collect()
}

/// Opens the files of a table, of which one is read at a time; `files` are those of the plan.
pub fn open(format: &'static Format, request: ScanRequest, files: &[TableFile]) -> Result<Scan, RunError> {
    let Some((first, others)) = files.split_first() else { return (format.open)(&request) };
    let mut others: VecDeque<TableFile> = others.iter().cloned().collect();
    let mut open = open_one(format, &request, first)?;
    Ok(Scan(Box::new(move || {
        loop {
            if let Some(piece) = open.0()? {
                return Ok(Some(piece));
            }
            let Some(file) = others.pop_front() else { return Ok(None) };
            open = open_one(format, &request, &file)?;
        }
    })))
}

/// Opens one of several files. The format is asked for what the file has, as the types of the table.
fn open_one(format: &Format, request: &ScanRequest, file: &TableFile) -> Result<Scan, RunError> {
    let field = |name: &Arc<str>| request.schema.position(name).map(|at| request.schema.fields[at].clone());
    let schema = Schema { fields: file.columns.iter().filter_map(field).collect() };
    let (mut wanted, mut slots) = (Vec::new(), Vec::new());
    for at in &request.columns {
        let field = &request.schema.fields[*at];
        let is_last = at + 1 == request.schema.fields.len();
        slots.push(match file.columns.iter().position(|name| *name == field.name) {
            Some(here) => {
                wanted.push(here);
                Slot::Read
            }
            None if is_last && has_file_column(request) => Slot::Path(file.path.clone()),
            None => Slot::Missing(field.ty.kind.clone()),
        });
    }
    let request = ScanRequest { path: file.path.clone(), schema, columns: wanted, ..request.clone() };
    let Scan(mut next) = (format.open)(&request)?;
    let slots: Arc<[Slot]> = slots.into();
    Ok(Scan(Box::new(move || {
        let Some(piece) = next()? else { return Ok(None) };
        let slots = slots.clone();
        Ok(Some(Box::new(Placed { piece, slots })))
    })))
}

fn has_file_column(request: &ScanRequest) -> bool {
    request.options.iter().any(|(name, value)| &**name == "with_file" && is_true(value))
}

/// Where a column of the table comes from.
enum Slot {
    /// The next column that the format reads.
    Read,
    /// The file has not got it.
    Missing(Kind),
    /// It is the path of the file.
    Path(Arc<str>),
}

/// A piece of one file.
struct Placed<P> {
    piece: P,
    slots: Arc<[Slot]>,
}

impl Unread for Placed<Piece> {
    fn read(self: Box<Self>) -> Parsed {
        let mut parsed = self.piece.read();
        placed(&mut parsed.batch, self.slots.iter());
        parsed
    }

    fn by_columns(&self) -> Option<Box<dyn ByColumns>> {
        let piece = self.piece.by_columns()?;
        Some(Box::new(Placed { piece, slots: self.slots.clone() }))
    }
}

impl ByColumns for Placed<Box<dyn ByColumns>> {
    fn rows(&self) -> usize {
        self.piece.rows()
    }

    fn are_few(&self, rows: usize) -> bool {
        self.piece.are_few(rows)
    }

    fn read(&self, columns: &[usize], rows: Option<&[u32]>) -> Result<Batch, RunError> {
        let is_read = |at: &usize| matches!(self.slots[*at], Slot::Read);
        let place = |at: &usize| (0..*at).filter(is_read).count();
        let read: Vec<usize> = columns.iter().filter(|at| is_read(at)).map(place).collect();
        let mut batch = self.piece.read(&read, rows)?;
        placed(&mut batch, columns.iter().map(|at| &self.slots[*at]));
        Ok(batch)
    }

    fn end(&self) -> (Option<RunError>, u64) {
        self.piece.end()
    }
}

/// Puts the columns of one file into their places among those of the table.
fn placed<'s>(batch: &mut Batch, slots: impl Iterator<Item = &'s Slot>) {
    let mut read = std::mem::take(&mut batch.columns).into_iter();
    let mut places = Vec::new();
    for (at, slot) in slots.enumerate() {
        batch.columns.extend(match slot {
            Slot::Read => {
                places.push(at as u32);
                read.next()
            }
            Slot::Missing(kind) => Some(Column::from_scalars(kind, &vec![Scalar::Null; batch.rows])),
            Slot::Path(path) => Some(repeated(path, batch.rows)),
        });
    }
    for BatchFault { column, .. } in &mut batch.faults {
        *column = places[*column as usize];
    }
}

/// The same text in every row, held once.
fn repeated(text: &str, rows: usize) -> Column {
    let view = make_view(text.as_bytes(), 0, 0);
    let array = StringViewArray::try_new(vec![view; rows].into(), vec![Buffer::from(text.as_bytes())], None);
    Column::String(array.expect("the view lies in the block and is UTF-8"))
}
