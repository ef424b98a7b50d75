//! Writing Parquet and Arrow, rows as they come; what is written is complete when `finish` has said so.

use super::arrays;
use crate::batch::Batch;
use crate::error::RunError;
use crate::formats::target::why;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::{ArrowError, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use pipelang_lang::codes::E0702;
use pipelang_lang::ir::Shape;
use pipelang_lang::ty::{Kind, Schema, Type};
use std::io::{self, Write};

/// A row group ends after so many bytes or rows.
const GROUP_BYTES: usize = 32 << 20;
const GROUP_ROWS: usize = 1 << 20;

/// The formats of columns that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnFormat {
    /// Parquet.
    Parquet,
    /// A file of Arrow.
    Arrow,
    /// A stream of Arrow.
    ArrowStream,
}

impl ColumnFormat {
    /// The format of that name or extension.
    pub fn named(name: &str) -> Option<ColumnFormat> {
        match name {
            "parquet" => Some(ColumnFormat::Parquet),
            "arrow" | "feather" | "ipc" => Some(ColumnFormat::Arrow),
            "arrows" => Some(ColumnFormat::ArrowStream),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            ColumnFormat::Parquet => "parquet",
            ColumnFormat::Arrow => "arrow",
            ColumnFormat::ArrowStream => "arrows",
        }
    }

    /// How it may be packed; the first unless something else is said.
    pub fn compressions(self) -> &'static [&'static str] {
        match self {
            ColumnFormat::Parquet => &["zstd", "snappy", "gzip", "lz4", "none"],
            ColumnFormat::Arrow | ColumnFormat::ArrowStream => &["none", "zstd", "lz4"],
        }
    }
}

/// Rows on their way to a file or to the output.
pub struct ColumnWriter<W: Write + Send> {
    schema: SchemaRef,
    types: Vec<Type>,
    to: To<W>,
}

/// An output that can be taken back when all is written; the library would only say that it cannot, and not why.
struct Slot<W>(Option<W>);

impl<W: Write> Slot<W> {
    fn out(&mut self) -> io::Result<&mut W> {
        self.0.as_mut().ok_or_else(|| io::Error::other("it has been taken back"))
    }
}

impl<W: Write> Write for Slot<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out()?.flush()
    }
}

enum To<W: Write + Send> {
    Parquet(Box<ArrowWriter<Slot<W>>>),
    File(Box<FileWriter<W>>),
    Stream(Box<StreamWriter<W>>),
}

impl<W: Write + Send> ColumnWriter<W> {
    /// Begins to write rows of these columns. How they are packed is one of the format's [`ColumnFormat::compressions`].
    pub fn new(
        format: ColumnFormat,
        (schema, shape): (&Schema, Shape),
        compression: Option<&str>,
        out: W,
    ) -> Result<ColumnWriter<W>, RunError> {
        let arrow_schema = arrays::schema_of(schema, shape);
        let types: Vec<Type> = schema.fields.iter().map(|field| field.ty.clone()).collect();
        let to = match format {
            ColumnFormat::Parquet => {
                if let Some(field) = schema.fields.iter().find(|field| has_empty_record(&field.ty.kind)) {
                    let message = format!("`{}` holds a record without fields, which Parquet cannot hold", field.name);
                    return Err(RunError::Outside { code: E0702, message });
                }
                let properties = WriterProperties::builder()
                    .set_compression(parquet_compression(compression))
                    .set_max_row_group_row_count(Some(GROUP_ROWS))
                    .set_max_row_group_bytes(Some(GROUP_BYTES))
                    .build();
                let out = Slot(Some(out));
                let writer = ArrowWriter::try_new(out, arrow_schema.clone(), Some(properties)).map_err(of_parquet)?;
                To::Parquet(Box::new(writer))
            }
            ColumnFormat::Arrow => {
                let writer = FileWriter::try_new_with_options(out, &arrow_schema, arrow_options(compression)?);
                To::File(Box::new(writer.map_err(of_arrow)?))
            }
            ColumnFormat::ArrowStream => {
                let writer = StreamWriter::try_new_with_options(out, &arrow_schema, arrow_options(compression)?);
                To::Stream(Box::new(writer.map_err(of_arrow)?))
            }
        };
        Ok(ColumnWriter { schema: arrow_schema, types, to })
    }

    /// Writes the next rows. The columns of the batch are those of the schema, without faults.
    pub fn write(&mut self, batch: &Batch) -> Result<(), RunError> {
        for rows in arrays::rows(&self.schema, &self.types, batch)? {
            match &mut self.to {
                To::Parquet(writer) => writer.write(&rows).map_err(of_parquet)?,
                To::File(writer) => writer.write(&rows).map_err(of_arrow)?,
                To::Stream(writer) => writer.write(&rows).map_err(of_arrow)?,
            }
        }
        Ok(())
    }

    /// There are no more rows: writes what stands at the end.
    pub fn finish(self) -> Result<W, RunError> {
        match self.to {
            To::Parquet(mut writer) => {
                writer.finish().map_err(of_parquet)?;
                let out = writer.inner_mut().0.take();
                out.ok_or_else(|| RunError::Internal("the output is taken back once".into()))
            }
            To::File(writer) => writer.into_inner().map_err(of_arrow),
            To::Stream(writer) => writer.into_inner().map_err(of_arrow),
        }
    }
}

fn has_empty_record(kind: &Kind) -> bool {
    let is_empty = matches!(kind, Kind::Record(schema) if schema.fields.is_empty());
    is_empty || kind.parts().any(|part| has_empty_record(&part.kind))
}

fn parquet_compression(name: Option<&str>) -> Compression {
    match name {
        Some("none") => Compression::UNCOMPRESSED,
        Some("snappy") => Compression::SNAPPY,
        Some("gzip") => Compression::GZIP(GzipLevel::default()),
        Some("lz4") => Compression::LZ4_RAW,
        _ => Compression::ZSTD(ZstdLevel::default()),
    }
}

fn arrow_options(compression: Option<&str>) -> Result<IpcWriteOptions, RunError> {
    let compression = match compression {
        Some("zstd") => Some(CompressionType::ZSTD),
        Some("lz4") => Some(CompressionType::LZ4_FRAME),
        _ => None,
    };
    IpcWriteOptions::default().try_with_compression(compression).map_err(of_arrow)
}

fn of_parquet(error: ParquetError) -> RunError {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => of_output(&error),
            Err(inner) => unwritten(&inner.to_string()),
        },
        other => unwritten(&other.to_string()),
    }
}

fn of_arrow(error: ArrowError) -> RunError {
    match error {
        ArrowError::IoError(_, error) => of_output(&error),
        other => unwritten(&other.to_string()),
    }
}

/// E0702, or the quiet end where the reader of a pipe has gone.
fn of_output(error: &io::Error) -> RunError {
    match error.kind() {
        io::ErrorKind::BrokenPipe => RunError::OutputClosed,
        _ => unwritten(&why(error)),
    }
}

fn unwritten(why: &str) -> RunError {
    RunError::Outside { code: E0702, message: format!("the output cannot be written: {why}") }
}
