//! The lines of a text read naively: the whole file in memory, one line when somebody pulls it.

use super::Oracle;
use super::expr::{Outcome, Row};
use crate::error::{Place, RunError};
use crate::formats::encoding::TextEncoding;
use crate::formats::input::{longest, too_long};
use pipelang_lang::codes::E0504;
use pipelang_lang::ir::{ColumnId, Supply};
use pipelang_lang::scalar::Scalar;
use std::rc::Rc;
use std::sync::Arc;

struct LineRow {
    file: Arc<str>,
    number: u64,
    text: Scalar,
}

impl Row for LineRow {
    fn column(&self, _column: ColumnId) -> Outcome {
        Ok(self.text.clone())
    }

    fn place(&self) -> Option<Place> {
        Some(Place::line(self.file.clone(), self.number))
    }
}

/// The rows of a file.
pub(super) fn rows<'a>(
    oracle: Oracle<'a>,
    path: &Arc<str>,
    supply: Supply,
    encoding: TextEncoding,
) -> Result<impl Iterator<Item = Result<Rc<dyn Row + 'a>, RunError>> + use<'a>, RunError> {
    let mut bytes = oracle.read_text(path, supply, encoding)?;
    if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
        bytes.drain(..3);
    }
    let (mut lines, mut line) = (Vec::new(), Vec::new());
    for byte in bytes {
        match byte {
            b'\n' => lines.push(std::mem::take(&mut line)),
            _ => line.push(byte),
        }
    }
    // The last one may have no newline.
    let whole = lines.len() as u64;
    if !line.is_empty() {
        lines.push(line);
    }
    let (file, longest) = (path.clone(), longest(oracle.watch.record_bytes));
    Ok(lines.into_iter().zip(1..).map(move |(mut line, number)| {
        oracle.watch.check()?;
        if line.len() + usize::from(number <= whole) > longest {
            return Err(too_long(&file, number, longest, false));
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        let place = Place::line(file.clone(), number);
        let broken = |_| RunError::Record { code: E0504, message: "this line is not UTF-8".to_string(), place };
        let text = String::from_utf8(line).map_err(broken)?;
        let row = LineRow { file: file.clone(), number, text: Scalar::String(text.into()) };
        Ok(Rc::new(row) as Rc<dyn Row>)
    }))
}
