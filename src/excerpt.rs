//! The line of a data file that an error is in, read again for its report.
//!
//! It only adds to a report: what cannot be found (a compressed file, a line far down, a file that has changed) is left
//! out.

use pipelang_lang::catalog::STDIN;
use pipelang_lang::diagnostic::{DataPlace, Diagnostic};
use pipelang_runtime::error::{RowFault, RunError};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};

/// No more of a file is read for this.
const FAR: u64 = 256 << 20;
/// No more of a line is shown.
const LONG: usize = 1000;

/// Adds the line, and where in it the cell is if that can be told.
pub(crate) fn add_line(diagnostic: &mut Diagnostic, error: &RunError) {
    // An error in an expression is shown in the script; its line of data would say little.
    if diagnostic.primary.is_some() {
        return;
    }
    let Some(place) = &mut diagnostic.data else { return };
    let Some(line) = line_of(place) else { return };
    let cell = match error {
        RunError::Row(error) => match &error.fault {
            RowFault::Cell(cell) => Some(cell.text.as_str()).filter(|text| !text.is_empty()),
            RowFault::Expression { .. } | RowFault::Assertion { .. } | RowFault::Stopped(_) => None,
        },
        _ => None,
    };
    // A text that stands in the line twice may be another column's.
    let mut found = cell.into_iter().flat_map(|text| line.match_indices(text).map(|(at, text)| at..at + text.len()));
    place.cell = found.next().filter(|_| found.next().is_none());
    place.excerpt = Some(line);
}

fn line_of(place: &DataPlace) -> Option<String> {
    // What came by stdin or a FIFO is gone, and opening one may wait forever.
    if place.file == STDIN || !std::fs::metadata(&place.file).ok()?.is_file() {
        return None;
    }
    let compressed = place.file.ends_with(".gz") || place.file.ends_with(".zst");
    let file = File::open(&place.file).ok().filter(|_| !compressed && !place.counts_rows)?;
    let mut reader = BufReader::with_capacity(1 << 16, file.take(FAR));
    for _ in 1..place.line {
        if reader.skip_until(b'\n').ok()? == 0 {
            return None;
        }
    }
    let mut line = Vec::new();
    reader.take(LONG as u64).read_until(b'\n', &mut line).ok()?;
    let line = String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_string();
    // A text of UTF-16 shows as nothing that can be read.
    (!line.is_empty() && !line.contains('\0')).then_some(line)
}
