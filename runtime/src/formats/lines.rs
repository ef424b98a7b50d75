//! The lines of a text, one a row, in the one column `value`.
//!
//! A newline ends a line, and a carriage return right before it (or before the end of the file) belongs to the ending. The
//! last line needs no newline.

use super::csv::cut::Cutter;
use super::csv::dialect::Dialect;
use super::csv::open::skip_byte_order_mark;
use super::csv::options::OptionProblem;
use super::decode::{self, lies_in};
use super::encoding::{self, TextEncoding};
use super::{Chunk, Format, Input, Parse, Parsed, Scan, ScanRequest, on_error};
use crate::batch::{Batch, Column, Origin, Records};
use crate::error::{Place, RunError};
use arrow_array::StringViewArray;
use arrow_array::builder::make_view;
use arrow_buffer::ScalarBuffer;
use memchr::memchr_iter;
use pipelang_lang::catalog::{
    Effect, FormatDef, ON_ERROR, OptionDef, OptionKind, OptionValue, ReadPolicy, ReadRequest, TableInfo,
};
use pipelang_lang::codes::{E0206, E0304, E0504};
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::{Field, Schema, Type};
use std::ops::Range;
use std::sync::Arc;

/// The format.
pub const FORMAT: Format = Format {
    def: FormatDef { name: "lines", extensions: &[], options: OPTIONS },
    infer,
    open,
    join: |one, _| Some(one.clone()),
};

const OPTIONS: &[OptionDef] = &[
    OptionDef { name: "format", kind: OptionKind::String, doc: "The format, where the extension does not tell it." },
    encoding::OPTION,
    on_error::OPTION,
];

/// What becomes of lines that are no UTF-8.
fn policy_of(request: &ReadRequest) -> Result<ReadPolicy, OptionProblem> {
    let mut policy = ReadPolicy::Fail;
    for (at, (name, _, value)) in request.options.iter().enumerate() {
        let problem = |(code, message, help)| OptionProblem { at, code, message, help };
        match (&**name, value) {
            ("format", OptionValue::Scalar(Scalar::String(format))) if **format == *FORMAT.def.name => {}
            (ON_ERROR, OptionValue::Scalar(Scalar::String(named))) => {
                policy = on_error::named(named).map_err(problem)?
            }
            ("encoding", OptionValue::Scalar(Scalar::String(label))) => {
                TextEncoding::named(label).map_err(problem)?;
            }
            _ => return Err(problem((E0206, format!("`{name}` is no option of lines"), None))),
        }
        if policy == ReadPolicy::Null {
            let message = "a line is a text, which always fits: `null` has nothing to do".to_string();
            return Err(problem((E0304, message, Some("leave out what is no UTF-8: on_error: \"skip\"".into()))));
        }
    }
    Ok(policy)
}

fn infer(request: &ReadRequest, _: &Input) -> Result<TableInfo, Box<Diagnostic>> {
    let policy = policy_of(request).map_err(|problem| Box::new(problem.report(request)))?;
    let fields = vec![Field { name: "value".into(), ty: Type::STRING }];
    let effect = if policy == ReadPolicy::Fail { Effect::Total } else { Effect::MayFail };
    Ok(TableInfo::new(FORMAT.def.name, Schema { fields }, effect))
}

fn open(request: &ScanRequest) -> Result<Scan, RunError> {
    let path = &request.path;
    let encoding = TextEncoding::of(&request.options);
    let text = request.input.open_text(path, encoding)?;
    let mut cutter = Cutter::new(text, path.clone(), Dialect::LINES, request.morsel).of(&request.input);
    skip_byte_order_mark(&mut cutter, path, encoding)?;
    let skips = ReadPolicy::of(&request.options) == ReadPolicy::Skip;
    Ok(Scan::of_text(cutter, Lines { file: path.clone(), columns: request.columns.len(), skips }, encoding))
}

/// Pieces of one file to lines.
struct Lines {
    file: Arc<str>,
    /// How often the one column is wanted.
    columns: usize,
    /// Whether lines that are no UTF-8 are left out.
    skips: bool,
}

impl Parse for Lines {
    fn parse(&self, chunk: &Chunk) -> Parsed {
        let filled = if self.skips { decode::filled(&chunk.text, b'?') } else { None };
        if let Some((text, bad)) = filled {
            return self.parse_without(&Chunk { text, ..*chunk }, &bad);
        }
        self.parse_without(chunk, &[])
    }
}

impl Lines {
    /// The rows of a piece without the lines that have a byte at one of `bad`.
    fn parse_without(&self, chunk: &Chunk, bad: &[usize]) -> Parsed {
        let text = chunk.text.as_slice();
        assert!(u32::try_from(text.len()).is_ok(), "pieces are cut far below 4 GiB");
        let valid = std::str::from_utf8(text).map_or_else(|error| error.valid_up_to(), str::len);
        let mut lines = lines_of(text);
        let all = lines.len();
        lines.retain(|line| !lies_in(bad, line.start, line.end));
        let left_out = (all - lines.len()) as u64;
        let broken = lines.iter().position(|line| line.end > valid);
        let error = broken.map(|row| {
            lines.truncate(row);
            let place = Place::line(self.file.clone(), chunk.first_line + row as u64);
            RunError::Record { code: E0504, message: "this line is not UTF-8".to_string(), place }
        });
        let rows = lines.len();
        let columns = (0..self.columns).map(|_| column(chunk, &lines)).collect();
        let starts = lines.iter().map(|line| line.start as u32).collect();
        let records = Records::OfText { first_line: chunk.first_line, text: chunk.text.clone(), starts };
        let origin = Some(Origin { file: self.file.clone(), records });
        Parsed { batch: Batch { rows, columns, faults: Vec::new(), origin }, error, left_out }
    }
}

/// Where the lines stand without their ends.
fn lines_of(text: &[u8]) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    let last = (!text.is_empty() && !text.ends_with(b"\n")).then_some(text.len());
    for end in memchr_iter(b'\n', text).chain(last) {
        let has_return = text[start..end].ends_with(b"\r");
        lines.push(start..end - usize::from(has_return));
        start = end + 1;
    }
    lines
}

fn column(chunk: &Chunk, lines: &[Range<usize>]) -> Column {
    /// The longest text that a view holds itself; then nothing keeps the piece in memory.
    const INLINE: usize = 12;
    let text = chunk.text.as_slice();
    let views: Vec<u128> = lines.iter().map(|line| make_view(&text[line.clone()], 0, line.start as u32)).collect();
    let is_pinned = lines.iter().any(|line| line.len() > INLINE);
    let blocks = if is_pinned { vec![chunk.text.clone()] } else { Vec::new() };
    let array = StringViewArray::try_new(ScalarBuffer::from(views), blocks, None);
    Column::String(array.expect("the views lie in the piece and are UTF-8"))
}
