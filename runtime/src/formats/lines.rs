//! The lines of a text, one a row, in the one column `value`.
//!
//! A newline ends a line, and a carriage return right before it (or before the end of the file) belongs to the ending. The
//! last line needs no newline.

use super::csv::cut::Cutter;
use super::csv::dialect::Dialect;
use super::csv::open::skip_byte_order_mark;
use super::csv::options::OptionProblem;
use super::{Chunk, Format, Input, Parse, Parsed, Scan, ScanRequest};
use crate::batch::{Batch, Column, Origin, Records};
use crate::error::{Place, RunError};
use arrow_array::StringViewArray;
use arrow_array::builder::make_view;
use arrow_buffer::ScalarBuffer;
use memchr::memchr_iter;
use pipelang_lang::catalog::{Effect, FormatDef, OptionDef, OptionKind, OptionValue, ReadRequest, TableInfo};
use pipelang_lang::codes::{E0206, E0504};
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

const OPTIONS: &[OptionDef] =
    &[OptionDef { name: "format", kind: OptionKind::String, doc: "The format, where the extension does not tell it." }];

fn infer(request: &ReadRequest, _: &Input) -> Result<TableInfo, Box<Diagnostic>> {
    let is_known = |name: &str, value: &OptionValue| {
        name == "format" && *value == OptionValue::Scalar(Scalar::String(FORMAT.def.name.into()))
    };
    if let Some(at) = request.options.iter().position(|(name, _, value)| !is_known(name, value)) {
        let message = format!("`{}` is no option of lines", request.options[at].0);
        return Err(Box::new(OptionProblem { at, code: E0206, message, help: None }.report(request)));
    }
    let fields = vec![Field { name: "value".into(), ty: Type::STRING }];
    let (format, schema) = (FORMAT.def.name, Schema { fields });
    Ok(TableInfo { format, schema, inferred: false, effect: Effect::Total, files: Vec::new(), found: Vec::new() })
}

fn open(request: &ScanRequest) -> Result<Scan, RunError> {
    let path = &request.path;
    let text = request.input.open(path)?;
    let mut cutter = Cutter::new(text, path.clone(), Dialect::LINES, request.morsel).live(request.input.is_live());
    skip_byte_order_mark(&mut cutter, path)?;
    Ok(Scan::of_text(cutter, Lines { file: path.clone(), columns: request.columns.len() }))
}

/// Pieces of one file to lines.
struct Lines {
    file: Arc<str>,
    /// How often the one column is wanted.
    columns: usize,
}

impl Parse for Lines {
    fn parse(&self, chunk: &Chunk) -> Parsed {
        let text = chunk.text.as_slice();
        assert!(u32::try_from(text.len()).is_ok(), "pieces are cut far below 4 GiB");
        let valid = std::str::from_utf8(text).map_or_else(|error| error.valid_up_to(), str::len);
        let mut lines = lines_of(text);
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
        Parsed { batch: Batch { rows, columns, faults: Vec::new(), origin }, error }
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
