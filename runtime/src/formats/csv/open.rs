//! The beginning of a CSV file: byte order mark, skipped lines, header. Inference and scans begin alike.

use super::cut::Cutter;
use super::index::{Flaw, Index};
use super::options::CsvOptions;
use crate::error::{IS_UTF_16, Place, RunError};
use crate::formats::encoding::TextEncoding;
use crate::formats::names::Spelling;
use crate::formats::{Chunk, Input, MorselSize};
use pipelang_lang::codes::{Code, E0205, E0502, E0503, E0504, E0508};
use std::sync::Arc;

/// A file whose header has been read.
pub struct Opened {
    /// The names of its columns; of a file without a header `column_1` and so on.
    pub names: Vec<Arc<str>>,
    /// Gives the records after the header.
    pub cutter: Cutter,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Opened").field("names", &self.names).finish_non_exhaustive()
    }
}

/// Opens a file and reads its header.
pub fn open(path: &Arc<str>, input: &Input, options: &CsvOptions, morsel: MorselSize) -> Result<Opened, RunError> {
    let text = input.open_text(path, options.encoding)?;
    let mut cutter = Cutter::new(text, path.clone(), options.dialect, morsel).of(input);
    if cutter.peek(1)?.is_empty() {
        return without_record(cutter, options, morsel, format!("`{path}` is empty"));
    }
    skip_byte_order_mark(&mut cutter, path, options.encoding)?;
    cutter.skip_lines(options.skip)?;
    let Some(first) = first_row(&mut cutter, options)? else {
        return without_record(cutter, options, morsel, format!("`{path}` has no header: it holds no record"));
    };
    let names = if options.header {
        header_names(&first, path, options)?
    } else {
        let arity = fields(&first, path, options)?.len();
        cutter.take_back(&first);
        (1..=arity).map(unnamed).collect()
    };
    cutter.go_on(morsel, names.len() == 1);
    Ok(Opened { names, cutter })
}

/// A file in which no record shows what its columns are: a schema says it, or nothing does.
fn without_record(
    mut cutter: Cutter,
    options: &CsvOptions,
    morsel: MorselSize,
    why: String,
) -> Result<Opened, RunError> {
    let Some((declared, _)) = &options.schema else { return Err(RunError::Outside { code: E0508, message: why }) };
    let names: Vec<Arc<str>> = declared.fields.iter().map(|field| field.name.clone()).collect();
    cutter.go_on(morsel, names.len() == 1);
    Ok(Opened { names, cutter })
}

/// The name of a column that has none.
fn unnamed(position: usize) -> Arc<str> {
    format!("column_{position}").into()
}

/// Leaves out the mark that says that the text is UTF-8, and refuses what says to be something else.
pub fn skip_byte_order_mark(cutter: &mut Cutter, path: &str, encoding: TextEncoding) -> Result<(), RunError> {
    if !encoding.is_utf_8() {
        // Its mark is gone.
        return Ok(());
    }
    let head = cutter.peek(4)?;
    if let Some(other) = other_than_utf_8(head, path) {
        return Err(other);
    }
    if head.starts_with(&[0xef, 0xbb, 0xbf]) {
        cutter.skip_bytes(3);
    }
    Ok(())
}

/// Why a text that begins so is something else.
pub fn other_than_utf_8(head: &[u8], path: &str) -> Option<RunError> {
    let message = match head {
        [0xff, 0xfe, ..] => format!("`{path}` begins with the bytes FF FE: {IS_UTF_16}"),
        [0xfe, 0xff, ..] => format!("`{path}` begins with the bytes FE FF: {IS_UTF_16}"),
        [0x1f, 0x8b, ..] => format!("`{path}` is compressed with gzip: its name must end in `.gz`"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => format!("`{path}` is compressed with zstd: its name must end in `.zst`"),
        _ => return None,
    };
    Some(RunError::Outside { code: E0504, message })
}

/// What is said of two names that are the same in another spelling.
pub fn clash(first: &str, second: &str, name: &str) -> String {
    format!("the columns `{first}` and `{second}` are both `{name}` in snake case")
}

/// The first record that is not blank and no comment.
fn first_row(cutter: &mut Cutter, options: &CsvOptions) -> Result<Option<Chunk>, RunError> {
    let Some(chunk) = cutter.next_row()? else { return Ok(None) };
    let index = Index::new(&chunk.text, &options.dialect, None);
    if index.rows() > 0 || index.flaw.is_some() {
        return Ok(Some(chunk));
    }
    if !options.header {
        // Its blank lines are rows if there is one column.
        cutter.take_back(&chunk);
    }
    Ok(None)
}

/// The fields of a piece of one row.
fn fields(chunk: &Chunk, path: &Arc<str>, options: &CsvOptions) -> Result<Vec<String>, RunError> {
    let broken = |code: Code, message: &str, at: usize| {
        let line = chunk.first_line + memchr::memchr_iter(b'\n', &chunk.text[..at]).count() as u64;
        let place = Place::line(path.clone(), line);
        options.encoding.says(RunError::Record { code, message: message.to_string(), place })
    };
    let text = std::str::from_utf8(&chunk.text)
        .map_err(|error| broken(E0504, "this record is not UTF-8", error.valid_up_to()))?;
    let index = Index::new(&chunk.text, &options.dialect, None);
    match index.flaw {
        Some((at, Flaw::Unclosed)) => Err(broken(E0503, "a quote in this record is never closed", at)),
        Some((at, Flaw::Fields(_))) => Err(broken(E0502, "this record has another number of fields", at)),
        None => {
            let field = |at| options.dialect.content(&text[index.field(0, at)]).0.into_owned();
            Ok((0..index.arity).map(field).collect())
        }
    }
}

fn header_names(chunk: &Chunk, path: &Arc<str>, options: &CsvOptions) -> Result<Vec<Arc<str>>, RunError> {
    if chunk.text.contains(&0) {
        let message = format!("`{path}` is no text, for there are zero bytes in its header; or it is UTF-16");
        return Err(RunError::Outside { code: E0504, message });
    }
    let fields = fields(chunk, path, options)?;
    let name = |(at, name): (usize, &String)| match name.is_empty() {
        true => unnamed(at + 1),
        false => options.spelling.of(name).into(),
    };
    let names: Vec<Arc<str>> = fields.iter().enumerate().map(name).collect();
    if names.iter().any(|name| name.contains('\r')) && !chunk.text.ends_with(b"\n") {
        let message = format!("the lines of `{path}` end in a carriage return alone: convert it to newlines");
        return Err(RunError::Outside { code: E0508, message });
    }
    let mut sorted: Vec<(&Arc<str>, usize)> = names.iter().zip(1..).collect();
    sorted.sort();
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let [(name, first), (_, second)] = [pair[0], pair[1]];
        let message = match options.spelling == Spelling::AsWritten || fields[first - 1] == fields[second - 1] {
            true => format!("the columns {first} and {second} of `{path}` are both called `{name}`"),
            false => clash(&fields[first - 1], &fields[second - 1], name),
        };
        return Err(RunError::Outside { code: E0205, message });
    }
    Ok(names)
}
