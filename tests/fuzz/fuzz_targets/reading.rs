//! Reads bytes as a file of some format: all of it, in small pieces and in large ones, which must give the same rows and
//! the same error.

use pipelang_lang::catalog::{OptionValue, ReadRequest, Sources};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::source::{SourceId, Span};
use pipelang_runtime::batch::Batch;
use pipelang_runtime::formats::{self, ByColumns, ByteStream, FileSources, Input, MorselSize, ScanRequest, Streams};
use pipelang_runtime::progress::Progress;
use std::io::Cursor;

/// How bytes come to a reader.
pub enum From<'a> {
    Memory(&'a [u8]),
    File(&'a str),
}

/// The rows and the error.
type Seen = (Vec<String>, Option<String>);

/// Reads, and compares what is seen. Of several damages of one page of a file of columns the first to be met depends on
/// the pieces.
pub fn read(format: &str, from: From) {
    let small = read_once(format, &from, MorselSize::Rows(2));
    let large = read_once(format, &from, MorselSize::Bytes(1 << 20));
    match from {
        From::File(_) if small.1.is_some() && large.1.is_some() => {
            let (short, long) = if small.0.len() < large.0.len() { (small, large) } else { (large, small) };
            assert!(long.0.starts_with(&short.0), "rows before an error differ");
        }
        From::Memory(_) | From::File(_) => assert_eq!(small, large, "pieces show"),
    }
}

/// What is read of a piece column by column, and of some of its rows, is what is read of all of it.
fn compare(piece: &dyn ByColumns, all: &Batch) {
    let same = |part: &Batch, row: usize, column: usize, (of_row, of_column): (usize, usize)| {
        let [part, all] = [part.outcome(row, column), all.outcome(of_row, of_column)].map(|cell| format!("{cell:?}"));
        assert_eq!(part, all, "row {of_row}, column {of_column}");
    };
    assert_eq!(piece.rows(), all.rows);
    for column in 0..all.columns.len() {
        let part = piece.read(&[column], None).expect("the whole was read");
        (0..all.rows).for_each(|row| same(&part, row, 0, (row, column)));
    }
    let columns: Vec<usize> = (0..all.columns.len()).rev().collect();
    let rows: Vec<u32> = (0..all.rows as u32).filter(|row| row % 3 != 1).collect();
    let part = piece.read(&columns, Some(&rows)).expect("the whole was read");
    assert_eq!(part.rows, rows.len());
    for (row, of_row) in rows.iter().enumerate() {
        columns.iter().enumerate().for_each(|(at, column)| same(&part, row, at, (*of_row as usize, *column)));
    }
}

fn read_once(format: &str, from: &From, morsel: MorselSize) -> Seen {
    let stdin = match from {
        From::Memory(bytes) => Some(ByteStream::new(Cursor::new(bytes.to_vec()), Some(format))),
        From::File(_) => None,
    };
    let sources = FileSources { streams: Streams::of(stdin.clone()), ..FileSources::default() };
    let path = if let From::File(path) = from { *path } else { "stdin" };
    let name = OptionValue::Scalar(Scalar::String(format.into()));
    let span = Span::new(SourceId(0), 0, 0);
    let request = ReadRequest {
        path: path.into(),
        stdin: stdin.is_some(),
        span,
        options: vec![("format".into(), span, name.clone())],
        room: None,
        one_of_several: false,
    };
    let info = match sources.describe(&request) {
        Ok(info) => info,
        Err(diagnostic) => return (Vec::new(), Some(diagnostic.message)),
    };
    let request = ScanRequest {
        path: path.into(),
        input: stdin.map_or(Input::file(), |stdin| Input::take(stdin, Progress::default())),
        options: vec![("format".into(), name)],
        columns: (0..info.schema.fields.len()).collect(),
        schema: info.schema,
        inferred: info.inferred,
        morsel,
        telling: None,
    };
    let mut rows = Vec::new();
    let known = formats::by_name(format).expect("a format");
    let mut scan = match (known.open)(&request) {
        Ok(scan) => scan,
        Err(error) => return (rows, Some(error.to_string())),
    };
    loop {
        match scan.0() {
            Ok(None) => return (rows, None),
            Err(error) => return (rows, Some(error.to_string())),
            Ok(Some(piece)) => {
                let by_columns = piece.by_columns();
                let parsed = piece.read();
                if let (Some(piece), None) = (by_columns, &parsed.error) {
                    compare(&*piece, &parsed.batch);
                }
                for row in 0..parsed.batch.rows {
                    let cell = |at| format!("{:?}", parsed.batch.outcome(row, at));
                    rows.push((0..parsed.batch.columns.len()).map(cell).collect());
                }
                if let Some(error) = parsed.error {
                    return (rows, Some(error.to_string()));
                }
            }
        }
    }
}
