//! A stream of text as a table whose columns the host has declared: JSON lines, and CSV with a header, in which columns are
//! found by their names and what nobody asks for is passed over.

use super::csv::open::open as open_csv;
use super::csv::options::{CsvOptions, known_type};
use super::{ByteStream, Input, MorselSize, Scan, ScanRequest, by_name};
use crate::error::RunError;
use crate::progress::Progress;
use pipelang_lang::codes::E0508;
use pipelang_lang::ty::{Field, Schema, Type};
use std::sync::Arc;

/// Opens a stream of a format (`csv`, `jsonl`) as the table of that name; `columns` are the positions of those that are
/// wanted.
pub fn open(
    (name, format): (&Arc<str>, &str),
    stream: ByteStream,
    schema: &Schema,
    columns: &[usize],
    morsel: MorselSize,
    record_bytes: Option<usize>,
) -> Result<Scan, RunError> {
    let format = by_name(format).ok_or_else(|| RunError::Internal(format!("no format `{format}`")))?;
    let mut request = ScanRequest {
        path: name.clone(),
        input: Input::take(stream.clone(), Progress::default()).with_longest(record_bytes),
        options: Vec::new(),
        schema: schema.clone(),
        columns: columns.to_vec(),
        inferred: false,
        morsel,
        telling: None,
    };
    if format.def.name == "csv" {
        as_in_header(&mut request, stream)?;
    }
    (format.open)(&request)
}

/// The columns as the header has them.
fn as_in_header(request: &mut ScanRequest, stream: ByteStream) -> Result<(), RunError> {
    let options = CsvOptions::new(&request.path, std::iter::empty());
    let options = options.map_err(|problem| RunError::Internal(problem.message))?;
    let names = open_csv(&request.path, &Input::look(stream), &options, MorselSize::Rows(1))?.names;
    let place = |column: &usize| {
        let field = &request.schema.fields[*column];
        known_type(field).map_err(|(code, message, _)| RunError::Outside { code, message })?;
        let wanted = &field.name;
        let missing = || format!("`{}` has no column `{wanted}`", request.path);
        names
            .iter()
            .position(|name| name == wanted)
            .ok_or_else(|| RunError::Outside { code: E0508, message: missing() })
    };
    let columns = request.columns.iter().map(place).collect::<Result<_, _>>()?;
    let declared = |name: &Arc<str>| {
        let known = request.schema.position(name).map(|at| request.schema.fields[at].clone());
        known.unwrap_or_else(|| Field { name: name.clone(), ty: Type::STRING.or_null() })
    };
    let fields = names.iter().map(declared).collect();
    request.columns = columns;
    request.schema = Schema { fields };
    Ok(())
}
