//! CSV and TSV: exact by construction, lazy by column.
//!
//! `open` reads the header, `infer` guesses types, `cut` gives pieces of whole records, `index` finds their fields and
//! `parse` reads the wanted ones; `dialect` alone knows where a field ends, and [`cell`](super::cell) what it means.

pub(super) mod cut;
pub(super) mod dialect;
mod index;
pub(super) mod infer;
pub(crate) mod open;
pub(super) mod options;
mod parse;
pub(super) mod quick;
#[cfg(test)]
mod tests;
pub mod write;

pub(crate) use parse::why_ragged;

use super::{Format, Scan, ScanRequest};
use crate::error::RunError;
use options::CsvOptions;
use parse::{CsvParse, Wanted};
use pipelang_lang::catalog::{FormatDef, ReadPolicy};
use pipelang_lang::codes::E0508;

/// The format.
pub const FORMAT: Format = Format {
    def: FormatDef { name: "csv", extensions: &["csv", "tsv"], options: options::OPTIONS },
    infer: infer::infer,
    open,
    join: infer::join,
};

fn open(request: &ScanRequest) -> Result<Scan, RunError> {
    let named = request.options.iter().map(|(name, value)| (&**name, value));
    let options = CsvOptions::new(&request.path, named).map_err(|problem| RunError::Internal(problem.message))?;
    let opened = open::open(&request.path, &request.input, &options, request.morsel)?;
    let known = request.schema.fields.iter().map(|field| &field.name);
    let is_as_known =
        if options.header { opened.names.iter().eq(known) } else { opened.names.len() == request.schema.fields.len() };
    if !is_as_known {
        let message = format!("the columns of `{}` have changed since the script was compiled", request.path);
        return Err(RunError::Outside { code: E0508, message });
    }
    let declared = |name: &str| options.schema.as_ref().is_some_and(|(schema, _)| schema.position(name).is_some());
    let wanted = |position: &usize| {
        let field = &request.schema.fields[*position];
        let inferred = request.inferred && !declared(&field.name);
        Wanted { position: *position, name: field.name.clone(), ty: field.ty.clone(), inferred }
    };
    let mut dialect = options.dialect;
    dialect.blank_is_row = opened.names.len() == 1;
    let parse = CsvParse {
        file: request.path.clone(),
        dialect,
        arity: opened.names.len(),
        rule: if options.header { "the header" } else { "the first record" },
        null_words: options.null_words,
        columns: request.columns.iter().map(wanted).collect(),
        skips: options.policy == ReadPolicy::Skip,
    };
    Ok(Scan::of_text(opened.cutter, parse, options.encoding))
}
