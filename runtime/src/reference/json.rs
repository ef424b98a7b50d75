//! JSON read naively: the whole file in memory, one record when somebody pulls it.
//!
//! What JSON is comes from [`text`] and what a value means in a column from [`fit`], which all readers share; where
//! records begin and which keys are wanted is said here a second time on purpose.

use super::Oracle;
use super::csv::read_whole;
use super::expr::{Outcome, Row};
use crate::error::{Place, RowError, RowFault, RunError};
use crate::formats::json::{fit, no_object, not_json, text};
use pipelang_lang::catalog::OptionValue;
use pipelang_lang::codes::{E0504, E0505, E0701};
use pipelang_lang::ir::{ColumnId, Table, TableOrigin};
use pipelang_lang::ty::Field;
use std::rc::Rc;
use std::sync::Arc;
use text::Json;

/// What the rows of one table share.
struct Shared {
    file: Arc<str>,
    is_objects: bool,
    /// The fields of the table, and whether the type of each was inferred.
    fields: Vec<(Field, bool)>,
    columns: Vec<(usize, ColumnId)>,
}

/// A record; a value is read when somebody asks for it.
struct RecordRow {
    shared: Rc<Shared>,
    text: String,
    line: u64,
}

impl Row for RecordRow {
    fn column(&self, column: ColumnId) -> Outcome {
        let here = self.shared.columns.iter().find(|(_, id)| *id == column);
        let (position, _) = *here.expect("the plan's columns come from below");
        let (field, inferred) = &self.shared.fields[position];
        let record = text::parse(&self.text).expect("it was looked at when it was pulled");
        let node = if self.shared.is_objects { record.get(&field.name) } else { Some(&record) };
        fit::field(node, &field.ty).map_err(|misfit| {
            let cell = misfit.of_column(&field.name, *inferred);
            Arc::new(RowError { fault: RowFault::Cell(cell), place: self.place() })
        })
    }

    fn place(&self) -> Option<Place> {
        Some(Place::line(self.shared.file.clone(), self.line))
    }
}

/// The rows of a file.
pub(super) fn rows<'a>(
    oracle: Oracle<'a>,
    table: &Table,
    columns: &[(usize, ColumnId)],
) -> Result<impl Iterator<Item = Result<Rc<dyn Row + 'a>, RunError>> + use<'a>, RunError> {
    let TableOrigin::File { path, options, inferred, .. } = &table.origin else {
        unreachable!("only files are read here")
    };
    let mut bytes = read_whole(path)
        .map_err(|error| RunError::Outside { code: E0701, message: format!("`{path}` cannot be read: {error}") })?;
    if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
        bytes.drain(..3);
    }
    let declared = options.iter().find_map(|(_, value)| match value {
        OptionValue::Schema { schema, .. } => Some(schema),
        OptionValue::Scalar(_) | OptionValue::Strings(_) => None,
    });
    let declares = |name: &str| declared.is_some_and(|schema| schema.position(name).is_some());
    let fields = table.schema.fields.iter().map(|field| (field.clone(), *inferred && !declares(&field.name)));
    let shared = Rc::new(Shared {
        file: path.clone(),
        is_objects: bytes.iter().find(|byte| !is_blank(byte)).is_none_or(|byte| *byte == b'{'),
        fields: fields.collect(),
        columns: columns.to_vec(),
    });
    let lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let numbered = lines.into_iter().zip(1..).filter(|(line, _)| !line.iter().all(is_blank));
    Ok(numbered.map(move |(line, number)| {
        oracle.watch.check()?;
        let row = record(line, number, &shared)?;
        Ok(Rc::new(row) as Rc<dyn Row>)
    }))
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn record(line: Vec<u8>, number: u64, shared: &Rc<Shared>) -> Result<RecordRow, RunError> {
    let broken = |code, message| {
        let place = Place::line(shared.file.clone(), number);
        RunError::Record { code, message, place }
    };
    let text = String::from_utf8(line).map_err(|_| broken(E0504, "this record is not UTF-8".to_string()))?;
    match text::parse(&text) {
        Err(flaw) => return Err(broken(E0505, not_json(&flaw, &text, 0))),
        Ok(node) if shared.is_objects && !matches!(node.value, Json::Record(_)) => {
            return Err(broken(E0505, no_object(&node)));
        }
        Ok(_) => {}
    }
    Ok(RecordRow { shared: shared.clone(), text, line: number })
}
