//! A row group as the library is given it: pages of 32-bit ints that it would refuse are unpacked before.
//!
//! Where ints are packed as differences, these wrap around. Some writers, DuckDB among them, take those of 32-bit ints in
//! 64 bits and store what does not fit into 32, which the library takes for damage. All other pages go to it as they are,
//! and so do those that make no sense, for it to say why.

use super::damage::may_unpack;
use super::delta::Differences;
use super::input::Input;
use super::pages;
use arrow_array::RecordBatch;
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, RowGroups};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::basic::{Encoding, Type as PhysicalType};
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::Result;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::SerializedPageReader;
use parquet::schema::types::ColumnDescPtr;
use std::sync::Arc;

/// A row group whose pages the library can read.
pub(super) struct Group {
    pub input: Arc<Input>,
    pub metadata: Arc<ParquetMetaData>,
    pub number: usize,
}

/// All that stands in a file, read with the least code: for the oracle.
pub fn read_whole(bytes: Bytes) -> Result<Vec<RecordBatch>> {
    let input = Arc::new(Input::of(bytes));
    let found = ArrowReaderMetadata::load(&*input, ArrowReaderOptions::new())?;
    let (schema, hint) = (found.parquet_schema(), Some(found.schema().fields()));
    let levels = parquet_to_arrow_field_levels(schema, ProjectionMask::all(), hint)?;
    let mut batches = Vec::new();
    for number in 0..found.metadata().num_row_groups() {
        let group = Group { input: input.clone(), metadata: found.metadata().clone(), number };
        for batch in ParquetRecordBatchReader::try_new_with_row_groups(&levels, &group, 1024, None)? {
            batches.push(batch?);
        }
    }
    Ok(batches)
}

impl Group {
    fn rows(&self) -> &RowGroupMetaData {
        self.metadata.row_group(self.number)
    }
}

impl RowGroups for Group {
    fn num_rows(&self) -> usize {
        usize::try_from(self.rows().num_rows()).unwrap_or(0)
    }

    fn column_chunks(&self, column: usize) -> Result<Box<dyn PageIterator>> {
        let column = self.rows().column(column);
        let pages = SerializedPageReader::new(self.input.clone(), column, self.num_rows(), None)?;
        let pages: Box<dyn PageReader> = match column.column_type() {
            PhysicalType::INT32 => Box::new(Unpacked { pages, column: column.column_descr_ptr() }),
            _ => Box::new(pages),
        };
        Ok(Box::new(Chunk(Some(pages))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(std::iter::once(self.rows()))
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

/// The pages of a column in one row group.
struct Chunk(Option<Box<dyn PageReader>>);

impl Iterator for Chunk {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(Ok)
    }
}

impl PageIterator for Chunk {}

/// Pages of 32-bit ints, unpacked where they are differences.
struct Unpacked {
    pages: SerializedPageReader<Input>,
    column: ColumnDescPtr,
}

impl Iterator for Unpacked {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Unpacked {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        Ok(self.pages.get_next_page()?.map(|page| unpacked(page, &self.column)))
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

fn unpacked(mut page: Page, column: &ColumnDescPtr) -> Page {
    let start = pages::values_start(&page, column);
    if let Page::DataPage { buf, num_values, encoding, .. } | Page::DataPageV2 { buf, num_values, encoding, .. } =
        &mut page
        && *encoding == Encoding::DELTA_BINARY_PACKED
        && let Some(plain) = start.and_then(|start| plain(buf, start, *num_values))
    {
        (*buf, *encoding) = (plain, Encoding::PLAIN);
    }
    page
}

/// The bytes of a page with the values themselves where they are packed from `start` on; none where they need not be.
fn plain(page: &[u8], start: usize, values: u32) -> Option<Bytes> {
    let packed = Differences::new(page.get(start..)?)?.at_most(values.into());
    let size = packed.count.checked_mul(4).filter(|size| may_unpack(page.len() as u64, *size))?;
    if !packed.needs_more_than_32_bits()? {
        return None;
    }
    let mut plain = Vec::with_capacity(start + size as usize);
    plain.extend_from_slice(&page[..start]);
    packed.unpack(|value| plain.extend_from_slice(&value.to_le_bytes()))?;
    Some(plain.into())
}
