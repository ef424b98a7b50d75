//! The rows of tables that stand in files, file after file. Each format reads one file and knows nothing of the others; what
//! the table has beside the columns of a file is added here.

use super::expr::{Outcome, Row};
use super::on_error::unbroken;
use super::stages::{AnyRow, Rows};
use super::{Oracle, csv, json, lines};
use crate::error::{Place, RunError};
use crate::formats::csv::open::other_than_utf_8;
use crate::formats::encoding::TextEncoding;
use crate::tally::{Counts, StrayCounts};
use flate2::read::MultiGzDecoder;
use pipelang_lang::catalog::{FILE_COLUMN, TableFile};
use pipelang_lang::codes::E0701;
use pipelang_lang::ir::{ColumnId, Supply, Table, TableOrigin};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Schema;
use std::io::Read;
use std::rc::Rc;
use std::sync::Arc;

/// Where it is counted what is left out of a table.
#[derive(Clone, Default)]
pub(super) struct Counted {
    /// Records that are broken, if they are left out.
    pub broken: Option<Arc<Counts>>,
    /// Keys that are no columns, if they are told.
    pub strays: Option<Arc<StrayCounts>>,
}

impl<'a> Oracle<'a> {
    /// The rows of a table that stands in files. Broken records are left out where they are counted.
    pub(super) fn files(
        self,
        table: &'a Table,
        columns: &[(usize, ColumnId)],
        counted: Counted,
    ) -> Result<Rows<'a>, RunError> {
        let TableOrigin::File { files, .. } = &table.origin else { unreachable!("only files are read here") };
        let Some((first, others)) = files.split_first() else { return self.file(table, columns, counted) };
        let first = self.one_of_several(table, columns, first, counted.clone())?;
        let columns = columns.to_vec();
        let others =
            others.iter().flat_map(move |file| match self.one_of_several(table, &columns, file, counted.clone()) {
                Ok(rows) => rows,
                Err(error) => Box::new(std::iter::once(Err(error))),
            });
        Ok(Box::new(first.chain(others)))
    }

    /// The rows of a file with all columns of the table.
    fn file(self, table: &Table, columns: &[(usize, ColumnId)], counted: Counted) -> Result<Rows<'a>, RunError> {
        let TableOrigin::File { format, path, supply, options, .. } = &table.origin else {
            unreachable!("only files are read here")
        };
        let encoding = TextEncoding::of(options);
        let Counted { broken, strays } = counted;
        Ok(match &**format {
            "csv" => Box::new(unbroken(encoding, csv::rows(self, table, columns)?, broken)),
            "jsonl" => {
                let counted = Counted { broken: None, strays };
                Box::new(unbroken(encoding, json::rows(self, table, columns, false, counted)?, broken))
            }
            "json" => {
                Box::new(unbroken(encoding, json::rows(self, table, columns, true, Counted { broken, strays })?, None))
            }
            "lines" => Box::new(unbroken(encoding, lines::rows(self, path, *supply, encoding)?, broken)),
            #[cfg(feature = "columnar")]
            "parquet" | "arrow" => Box::new(super::columnar::rows(self, table, columns)?),
            other => return Err(RunError::Internal(format!("the oracle cannot read the format `{other}`"))),
        })
    }

    /// All of a text as UTF-8, decompressed.
    pub(super) fn read_text(
        self,
        path: &Arc<str>,
        supply: Supply,
        encoding: TextEncoding,
    ) -> Result<Vec<u8>, RunError> {
        let unread = |error| RunError::Outside { code: E0701, message: format!("`{path}` cannot be read: {error}") };
        let bytes = self.read_whole(path, supply).map_err(unread)?;
        if let Some(other) = other_than_utf_8(&bytes, path).filter(|_| encoding.is_utf_8()) {
            return Err(other);
        }
        let mut text = Vec::new();
        encoding.decoded(Box::new(std::io::Cursor::new(bytes))).read_to_end(&mut text).map_err(unread)?;
        Ok(text)
    }

    /// All of a file, decompressed.
    pub(super) fn read_whole(self, path: &Arc<str>, supply: Supply) -> std::io::Result<Vec<u8>> {
        let mut text = Vec::new();
        let stream =
            self.streams.for_run(supply, path, self.watch).map_err(|error| std::io::Error::other(error.to_string()))?;
        if let Some(stream) = stream {
            stream.take()?.read_to_end(&mut text)?;
            return Ok(text);
        }
        let (bytes, path) = (std::fs::read(&**path)?, path.to_ascii_lowercase());
        if path.ends_with(".gz") {
            MultiGzDecoder::new(&*bytes).read_to_end(&mut text)?;
            return Ok(text);
        }
        #[cfg(feature = "zstd")]
        if path.ends_with(".zst") {
            return zstd::decode_all(&*bytes);
        }
        Ok(bytes)
    }

    /// The rows of a file that may not have all columns of the table.
    fn one_of_several(
        self,
        table: &Table,
        columns: &[(usize, ColumnId)],
        file: &TableFile,
        counted: Counted,
    ) -> Result<Rows<'a>, RunError> {
        let mut alone = table.clone();
        if let TableOrigin::File { path, files, .. } = &mut alone.origin {
            *path = file.path.clone();
            files.clear();
        }
        let field = |name| table.schema.position(name).map(|at| table.schema.fields[at].clone());
        alone.schema = Schema { fields: file.columns.iter().filter_map(|name| field(name)).collect() };
        let (mut own, mut added) = (Vec::new(), Vec::new());
        for (position, column) in columns {
            let field = &table.schema.fields[*position];
            match alone.schema.position(&field.name) {
                Some(here) => own.push((here, *column)),
                // A column that a file has not got may be null, and the one for its path may not.
                None if *field.name == *FILE_COLUMN && !field.ty.nullable => {
                    added.push((*column, Scalar::String(file.path.clone())));
                }
                None => added.push((*column, Scalar::Null)),
            }
        }
        let added = Rc::new(added);
        let rows = self.file(&alone, &own, counted)?;
        Ok(Box::new(rows.map(move |row| {
            let (below, added) = (row?, added.clone());
            Ok(Rc::new(CompletedRow { below, added }) as AnyRow)
        })))
    }
}

/// A row of a file with the columns that the file has not got.
struct CompletedRow<'a> {
    below: AnyRow<'a>,
    added: Rc<Vec<(ColumnId, Scalar)>>,
}

impl Row for CompletedRow<'_> {
    fn column(&self, column: ColumnId) -> Outcome {
        match self.added.iter().find(|(added, _)| *added == column) {
            Some((_, value)) => Ok(value.clone()),
            None => self.below.column(column),
        }
    }

    fn place(&self) -> Option<Place> {
        self.below.place()
    }
}
