//! The files that the tees of a statement write. They are put in their places together, when the statement is over: an
//! error anywhere in it leaves what was there before.

use super::target::{TargetFile, format_named};
use super::write::{Joint, RowFormat};
use crate::batch::Batch;
use crate::error::RunError;
use pipelang_lang::ir::{Plan, Shape, Tee};
use pipelang_lang::ty::Schema;
use std::sync::{Mutex, PoisonError};

/// The files that are being written.
#[derive(Default)]
pub struct Tees {
    files: Mutex<Vec<TeeFile>>,
}

/// Names one of them.
#[derive(Clone, Copy, Debug)]
pub struct TeeId(usize);

struct TeeFile {
    file: TargetFile,
    format: RowFormat,
    schema: Schema,
    shape: Shape,
    joint: Joint,
}

impl Tees {
    /// Begins to write the file of a `tee`.
    pub fn begin(&self, tee: &Tee, plan: &Plan) -> Result<TeeId, RunError> {
        let format = format_named(&tee.target.format);
        let format = format.ok_or_else(|| RunError::Internal(format!("no format `{}`", tee.target.format)))?;
        let (schema, shape) = (tee.schema(plan), tee.shape);
        let mut file = TargetFile::create(&tee.target.path)?;
        file.write(&format.head(&schema, shape))?;
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let joint = Joint::new(format, shape);
        files.push(TeeFile { file, format, schema, shape, joint });
        Ok(TeeId(files.len() - 1))
    }

    /// Writes the next rows: the columns are what the `tee` writes of them, without faults.
    pub fn write(&self, id: TeeId, batch: &Batch) -> Result<(), RunError> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let TeeFile { file, format, schema, shape, joint } = &mut files[id.0];
        file.write(joint.next(&format.rows(schema, *shape, batch)))
    }

    /// All files are complete: puts them in their places, in the order in which they were begun.
    pub fn finish(self) -> Result<(), RunError> {
        for TeeFile { mut file, format, shape, .. } in self.files.into_inner().unwrap_or_else(PoisonError::into_inner) {
            file.write(format.tail(shape))?;
            file.finish()?;
        }
        Ok(())
    }
}
