//! The files that the tees of a statement write. They are put in their places together, when the statement is over: an
//! error anywhere in it leaves what was there before.

use super::RowsFile;
use super::target::CompleteFile;
use crate::batch::Batch;
use crate::error::RunError;
use pipelang_lang::ir::{Plan, Tee};
use std::sync::{Mutex, PoisonError};

/// The files that are being written.
#[derive(Default)]
pub struct Tees {
    files: Mutex<Vec<RowsFile>>,
}

/// Names one of them.
#[derive(Clone, Copy, Debug)]
pub struct TeeId(usize);

impl Tees {
    /// Begins to write the file of a `tee`.
    pub fn begin(&self, tee: &Tee, plan: &Plan) -> Result<TeeId, RunError> {
        let file = RowsFile::create(&tee.target, &tee.schema(plan), tee.shape)?;
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.push(file);
        Ok(TeeId(files.len() - 1))
    }

    /// Writes the next rows: the columns are what the `tee` writes of them, without faults.
    pub fn write(&self, id: TeeId, batch: &Batch) -> Result<(), RunError> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files[id.0].write(batch)
    }

    /// All files are complete: puts them in their places, in the order in which they were begun, when the last byte of
    /// each is on the disk.
    pub fn finish(self) -> Result<(), RunError> {
        let files = self.files.into_inner().unwrap_or_else(PoisonError::into_inner);
        let complete: Vec<CompleteFile> = files.into_iter().map(RowsFile::complete).collect::<Result<_, _>>()?;
        complete.into_iter().try_for_each(CompleteFile::put)
    }
}
