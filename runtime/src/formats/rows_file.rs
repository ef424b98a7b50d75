//! A file of rows that is being written, in whatever format it has.

#[cfg(feature = "columnar")]
use super::columnar::write::{ColumnFormat, ColumnWriter};
use super::target::{CompleteFile, TargetFile, format_named};
use super::write::{Joint, RowFormat, check_types};
use crate::batch::Batch;
use crate::error::RunError;
use pipelang_lang::ir::{Shape, Target};
use pipelang_lang::ty::Schema;

/// Rows on their way to a file, which is put into its place when it is complete.
pub struct RowsFile(To);

enum To {
    Text {
        file: TargetFile,
        format: RowFormat,
        schema: Schema,
        shape: Shape,
        joint: Joint,
    },
    #[cfg(feature = "columnar")]
    Columns(Box<ColumnWriter<TargetFile>>),
}

impl RowsFile {
    /// Begins to write a file of rows of these columns.
    pub fn create(target: &Target, schema: &Schema, shape: Shape) -> Result<RowsFile, RunError> {
        check_types(schema, &target.format)?;
        #[cfg(feature = "columnar")]
        if let Some(format) = ColumnFormat::named(&target.format) {
            let file = TargetFile::create(&target.path)?;
            let writer = ColumnWriter::new(format, (schema, shape), target.compression.as_deref(), file)?;
            return Ok(RowsFile(To::Columns(Box::new(writer))));
        }
        let format = format_named(&target.format);
        let format = format.ok_or_else(|| RunError::Internal(format!("no format `{}`", target.format)))?;
        let mut file = TargetFile::create(&target.path)?;
        file.write(&format.head(schema, shape))?;
        let joint = Joint::new(format, shape);
        Ok(RowsFile(To::Text { file, format, schema: schema.clone(), shape, joint }))
    }

    /// The format, if any piece of it can be made by itself on any thread.
    pub fn by_rows(&self) -> Option<RowFormat> {
        match &self.0 {
            To::Text { format, .. } => Some(*format),
            #[cfg(feature = "columnar")]
            To::Columns(_) => None,
        }
    }

    /// Writes a piece that was made in the format of [`RowsFile::by_rows`].
    pub fn write_text(&mut self, bytes: &[u8]) -> Result<(), RunError> {
        match &mut self.0 {
            To::Text { file, joint, .. } => file.write(joint.next(bytes)),
            #[cfg(feature = "columnar")]
            To::Columns(_) => Err(RunError::Internal("columns are written as columns".into())),
        }
    }

    /// Writes the next rows: their columns are those of the file, without faults.
    pub fn write(&mut self, batch: &Batch) -> Result<(), RunError> {
        match &mut self.0 {
            To::Text { file, format, schema, shape, joint } => {
                file.write(joint.next(&format.rows(schema, *shape, batch)))
            }
            #[cfg(feature = "columnar")]
            To::Columns(writer) => writer.write(batch),
        }
    }

    /// There are no more rows.
    pub fn complete(self) -> Result<CompleteFile, RunError> {
        match self.0 {
            To::Text { mut file, format, shape, .. } => {
                file.write(format.tail(shape))?;
                file.complete()
            }
            #[cfg(feature = "columnar")]
            To::Columns(writer) => writer.finish()?.complete(),
        }
    }

    /// The file is complete: puts it into its place.
    pub fn finish(self) -> Result<(), RunError> {
        self.complete()?.put()
    }
}
