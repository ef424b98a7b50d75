//! JSON lines: a record a line, blank lines aside. A raw newline cannot stand in a record, so any newline ends one.
//!
//! The first record says what the file holds: objects, whose keys are the columns, or bare values, which stand in the
//! one column `value`, as Pipe writes them.

use super::infer::Sample;
use super::options::{self, JsonOptions, OPTIONS};
use super::parse::{JsonParse, Layout, Wanted};
use super::{first_is_broken, no_records, text};
use crate::error::RunError;
use crate::formats::csv::cut::Cutter;
use crate::formats::csv::dialect::Dialect;
use crate::formats::csv::infer::report;
use crate::formats::csv::open::skip_byte_order_mark;
use crate::formats::encoding::TextEncoding;
use crate::formats::{Cut, Format, Input, MorselSize, Scan, ScanRequest, files};
use pipelang_lang::catalog::{FormatDef, ReadRequest, TableInfo};
use pipelang_lang::diagnostic::Diagnostic;
use std::sync::Arc;

/// The format.
pub const LINES: Format = Format {
    def: FormatDef { name: "jsonl", extensions: &["jsonl", "ndjson"], options: OPTIONS },
    infer,
    open,
    join: super::infer::join,
};

/// How many records of the head are looked at.
const HEAD: usize = 1000;

/// A file of which no record has been read, and whether its records are objects; none if it has no record.
fn opened(
    path: &Arc<str>,
    input: &Input,
    encoding: TextEncoding,
    morsel: MorselSize,
) -> Result<(Cutter, Option<bool>), RunError> {
    let text = input.open_text(path, encoding)?;
    let mut cutter = Cutter::new(text, path.clone(), Dialect::LINES, morsel).of(input);
    skip_byte_order_mark(&mut cutter, path, encoding)?;
    let mut wanted = 1;
    loop {
        let head = cutter.peek(wanted)?;
        if let Some(first) = head.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
            let is_objects = *first == b'{';
            return Ok((cutter, Some(is_objects)));
        }
        if head.len() < wanted {
            return Ok((cutter, None));
        }
        wanted *= 2;
    }
}

fn infer(request: &ReadRequest, input: &Input) -> Result<TableInfo, Box<Diagnostic>> {
    let options = options_of(request)?;
    let encoding = options.encoding;
    let says = |error: RunError| Box::new(report(encoding.says(error), request));
    let mut sample = Sample::new(true, &options);
    if options.looks() {
        let (cutter, is_objects) = opened(&request.path, input, encoding, MorselSize::Rows(HEAD)).map_err(says)?;
        if let Some(is_objects) = is_objects {
            sample = look(&request.path, input, cutter, is_objects, &options).map_err(says)?;
        } else if options.schema.is_none() {
            return Err(no_records(request));
        }
    }
    sample.table(LINES.def.name, request, &options)
}

/// Looks at the head and at some blocks across the file.
fn look(
    path: &Arc<str>,
    input: &Input,
    mut cutter: Cutter,
    is_objects: bool,
    options: &JsonOptions,
) -> Result<Sample, RunError> {
    let mut sample = Sample::new(is_objects, options);
    let Some(head) = cutter.next()? else { return Ok(sample) };
    let seen = head.text.len() as u64;
    let mut records = 0;
    for line in head.text.split(|byte| *byte == b'\n') {
        let node = std::str::from_utf8(line).ok().map(text::parse);
        match node {
            Some(Ok(node)) => sample.add(&node),
            _ if options.skips() || line.trim_ascii().is_empty() => continue,
            _ if records == 0 => return Err(first_is_broken(path, Layout::Lines, head)),
            // The run says so where it comes to it.
            _ => return Ok(sample),
        }
        records += 1;
    }
    let across =
        if input.is_file() && options.encoding.is_utf_8() { files::lines_across(path, seen) } else { Vec::new() };
    for block in across {
        for line in block.split(|byte| *byte == b'\n') {
            if let Some(Ok(node)) = std::str::from_utf8(line).ok().map(text::parse) {
                sample.add(&node);
            }
        }
    }
    Ok(sample)
}

fn open(request: &ScanRequest) -> Result<Scan, RunError> {
    let encoding = TextEncoding::of(&request.options);
    let (cutter, is_objects) = opened(&request.path, &request.input, encoding, request.morsel)?;
    Ok(Scan::of_text(cutter, parse_of(request, is_objects.unwrap_or(true), Layout::Lines)?, encoding))
}

/// The options of a `read`.
pub fn options_of(request: &ReadRequest) -> Result<JsonOptions, Box<Diagnostic>> {
    let named = request.options.iter().map(|(name, _, value)| (&**name, value));
    options::of(named).map_err(|problem| Box::new(problem.report(request)))
}

/// How the pieces of a file are read.
pub fn parse_of(request: &ScanRequest, is_objects: bool, layout: Layout) -> Result<JsonParse, RunError> {
    let named = request.options.iter().map(|(name, value)| (&**name, value));
    let options = options::of(named).map_err(|problem| RunError::Internal(problem.message))?;
    let is_declared = |name: &str| options.schema.as_ref().is_some_and(|(schema, _)| schema.position(name).is_some());
    let wanted = |position: &usize| {
        let field = &request.schema.fields[*position];
        let inferred = request.inferred && !is_declared(&field.name);
        Wanted { name: field.name.clone(), ty: field.ty.clone(), inferred }
    };
    let columns = request.columns.iter().map(wanted).collect();
    let parse = JsonParse::new(request.path.clone(), is_objects, layout, columns, &options);
    let Some((names, counts)) = &request.telling else { return Ok(parse) };
    let fields = request.schema.fields.iter().filter(|field| names.contains(&field.name) && !is_declared(&field.name));
    Ok(parse.telling(request.schema.fields.iter().map(|field| field.name.clone()), fields, counts))
}
