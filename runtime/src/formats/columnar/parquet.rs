//! Parquet: types from the footer, the wanted columns only, and pieces of row groups.

use super::damage::{damaged, guarded};
use super::group::Group;
use super::input::Input;
use super::{FIRST_ROWS, OPTIONS, Wanted, check_unchanged, failed, join, pages, rows_of_piece, table, types};
use crate::batch::Batch;
use crate::error::RunError;
use crate::formats::{self, ByColumns, Format, MorselSize, Parsed, Piece, Scan, ScanRequest, Unread};
use crate::progress::Progress;
use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use arrow_select::concat::concat_batches;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, RowSelector};
use parquet::arrow::{FieldLevels, ProjectionMask, parquet_to_arrow_field_levels};
use parquet::basic::Type as PhysicalType;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use pipelang_lang::catalog::{FormatDef, ReadRequest, TableInfo};
use pipelang_lang::diagnostic::Diagnostic;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The format.
pub const FORMAT: Format =
    Format { def: FormatDef { name: "parquet", extensions: &["parquet"], options: OPTIONS }, infer, open, join };

fn infer(request: &ReadRequest, input: &formats::Input) -> Result<TableInfo, Box<Diagnostic>> {
    table(request, input, "parquet", |nanoseconds| {
        let (_, metadata) = read_footer(&request.path, Input::open(&request.path)?)?;
        types::columns(&request.path, metadata.schema().fields(), nanoseconds)
    })
}

/// The footer of a file.
pub fn read_footer(file: &str, input: Input) -> Result<(Input, ArrowReaderMetadata), RunError> {
    pages::check_footer(file, &input)?;
    let metadata = guarded(file, || {
        let found = ArrowReaderMetadata::load(&input, ArrowReaderOptions::new())?;
        let wanted = as_wanted(&found);
        // Where the library cannot read it so, it is read as it stands there.
        let options = ArrowReaderOptions::new().with_schema(Arc::new(wanted));
        Ok::<_, ParquetError>(ArrowReaderMetadata::try_new(found.metadata().clone(), options).unwrap_or(found))
    })?;
    check_counts(file, metadata.metadata())?;
    Ok((input, metadata))
}

/// The same types, but texts as views, and old timestamps of 96 bits in microseconds: in nanoseconds they would end in
/// the year 2262.
fn as_wanted(found: &ArrowReaderMetadata) -> Schema {
    let old: HashSet<&str> = found
        .parquet_schema()
        .columns()
        .iter()
        .filter(|column| column.physical_type() == PhysicalType::INT96 && column.path().parts().len() == 1)
        .map(|column| column.name())
        .collect();
    let field = |field: &Arc<Field>| {
        let ty = match field.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
            DataType::Dictionary(_, values) if matches!(**values, DataType::Utf8 | DataType::LargeUtf8) => {
                DataType::Utf8View
            }
            DataType::Timestamp(_, zone) if old.contains(field.name().as_str()) => {
                DataType::Timestamp(TimeUnit::Microsecond, zone.clone())
            }
            other => other.clone(),
        };
        field.as_ref().clone().with_data_type(ty)
    };
    let schema = found.schema();
    Schema::new_with_metadata(schema.fields().iter().map(field).collect::<Vec<_>>(), schema.metadata().clone())
}

/// Fails if the footer contradicts itself about how many rows there are.
fn check_counts(file: &str, metadata: &ParquetMetaData) -> Result<(), RunError> {
    let mut all = 0i64;
    for (at, group) in metadata.row_groups().iter().enumerate() {
        let rows = group.num_rows();
        let differs = |column: &&parquet::file::metadata::ColumnChunkMetaData| {
            column.column_descr().max_rep_level() == 0 && column.num_values() != rows
        };
        if let Some(column) = group.columns().iter().find(differs) {
            let (path, values) = (column.column_path(), column.num_values());
            let why = format!("row group {} has {rows} rows, and {values} values in the column {path}", at + 1);
            return Err(damaged(file, why));
        }
        all = all.checked_add(rows).filter(|_| rows >= 0).unwrap_or(-1);
        if all < 0 {
            return Err(damaged(file, "the numbers of rows in its footer are impossible"));
        }
    }
    let said = metadata.file_metadata().num_rows();
    if all != said {
        return Err(damaged(file, format!("its footer says that it has {said} rows, its row groups have {all}")));
    }
    Ok(())
}

/// What all pieces of a scan share.
struct Shared {
    input: Arc<Input>,
    metadata: ArrowReaderMetadata,
    wanted: Wanted,
    /// What has been read so far: all that is wanted, or some of it.
    choices: Mutex<Vec<Arc<Choice>>>,
    /// The row groups and leaves whose pages have been looked at.
    checked: Mutex<HashSet<(usize, usize)>>,
    progress: Progress,
}

/// Some of the columns that a scan wants.
struct Choice {
    /// Which.
    columns: Vec<usize>,
    wanted: Wanted,
    /// The leaves of these columns.
    mask: ProjectionMask,
    /// What arrays are made of them.
    levels: FieldLevels,
}

/// Some rows of a row group.
#[derive(Clone, Copy)]
struct Slice {
    group: usize,
    /// From which row of the group on.
    start: usize,
    rows: usize,
    /// How many rows of the file stand before.
    before: u64,
}

fn open(request: &ScanRequest) -> Result<Scan, RunError> {
    let (input, metadata) = read_footer(&request.path, Input::open(&request.path)?)?;
    check_unchanged(request, metadata.schema().fields())?;
    let shared = Arc::new(Shared {
        input: Arc::new(input),
        metadata,
        wanted: Wanted::new(request),
        choices: Mutex::default(),
        checked: Mutex::default(),
        progress: request.input.progress(),
    });
    let all = shared.choice(&(0..request.columns.len()).collect::<Vec<_>>())?;
    let (morsel, mut next) = (request.morsel, Slice { group: 0, start: 0, rows: 0, before: 0 });
    Ok(Scan(Box::new(move || {
        let Some(slice) = shared.next(&mut next, morsel, &all) else { return Ok(None) };
        Ok(Some(Box::new(Rows { shared: shared.clone(), slice }) as Piece))
    })))
}

/// The rows of a slice.
#[derive(Clone)]
struct Rows {
    shared: Arc<Shared>,
    slice: Slice,
}

impl Unread for Rows {
    fn read(self: Box<Self>) -> Parsed {
        let all: Vec<usize> = (0..self.shared.wanted.columns.len()).collect();
        let rows = ByColumns::read(&*self, &all, None);
        rows.map_or_else(failed, |batch| Parsed { batch, error: None, left_out: 0 })
    }

    fn by_columns(&self) -> Option<Box<dyn ByColumns>> {
        Some(Box::new(self.clone()))
    }
}

impl ByColumns for Rows {
    fn rows(&self) -> usize {
        self.slice.rows
    }

    fn are_few(&self, rows: usize) -> bool {
        // Rows that stand alone are unpacked more slowly than side by side.
        rows * 32 <= self.slice.rows
    }

    fn read(&self, columns: &[usize], rows: Option<&[u32]>) -> Result<Batch, RunError> {
        self.shared.load(self.slice, &*self.shared.choice(columns)?, rows)
    }
}

impl Shared {
    /// The next piece; `at` is the end of the last one.
    fn next(&self, at: &mut Slice, morsel: MorselSize, all: &Choice) -> Option<Slice> {
        loop {
            let group = self.metadata.metadata().row_groups().get(at.group)?;
            let rows = usize::try_from(group.num_rows()).unwrap_or(0);
            at.start += at.rows;
            at.before += at.rows as u64;
            at.rows = rows_of_piece(morsel, rows, self.bytes(group, all)).min(rows - at.start);
            if let MorselSize::Bytes(_) = morsel {
                // Nobody waits long for the first rows.
                at.rows = at.rows.min(FIRST_ROWS.max(3 * at.before as usize));
            }
            if at.rows > 0 {
                if at.start == 0 {
                    self.progress.add_bytes_read(u64::try_from(group.compressed_size()).unwrap_or(0));
                }
                return Some(*at);
            }
            *at = Slice { group: at.group + 1, start: 0, ..*at };
        }
    }

    /// How many bytes some columns of a row group unpack to.
    fn bytes(&self, group: &RowGroupMetaData, choice: &Choice) -> u64 {
        let sizes = self.leaves(choice).map(|leaf| u64::try_from(group.column(leaf).uncompressed_size()).unwrap_or(0));
        sizes.fold(0, u64::saturating_add)
    }

    fn leaves<'c>(&self, choice: &'c Choice) -> impl Iterator<Item = usize> + use<'c> {
        (0..self.metadata.parquet_schema().num_columns()).filter(|leaf| choice.mask.leaf_included(*leaf))
    }

    /// Some of the columns that are wanted; made once.
    fn choice(&self, columns: &[usize]) -> Result<Arc<Choice>, RunError> {
        let mut choices = self.choices.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = choices.iter().find(|choice| choice.columns == columns) {
            return Ok(known.clone());
        }
        let wanted = self.wanted.of_columns(columns);
        let schema = self.metadata.parquet_schema();
        let mask = ProjectionMask::roots(schema, wanted.positions.iter().copied());
        let levels = guarded(&wanted.file, || {
            parquet_to_arrow_field_levels(schema, mask.clone(), Some(self.metadata.schema().fields()))
        })?;
        let choice = Arc::new(Choice { columns: columns.to_vec(), wanted, mask, levels });
        choices.push(choice.clone());
        Ok(choice)
    }

    /// Some columns of a slice, of all its rows or of some.
    fn load(&self, slice: Slice, choice: &Choice, rows: Option<&[u32]>) -> Result<Batch, RunError> {
        let (wanted, count) = (&choice.wanted, rows.map_or(slice.rows, <[u32]>::len));
        let numbers = |row: u64| slice.before + row + 1;
        let numbers: Arc<[u64]> = match rows {
            Some(rows) => rows.iter().map(|row| numbers(u64::from(*row))).collect(),
            None => (0..slice.rows as u64).map(numbers).collect(),
        };
        if wanted.positions.is_empty() || count == 0 {
            return Ok(wanted.nothing(numbers));
        }
        self.check_pages(slice.group, choice)?;
        let read = guarded(&wanted.file, || self.read(slice, choice, rows))?;
        match read.num_rows() == count {
            true => Ok(wanted.rows(read.columns(), numbers).batch),
            false => Err(damaged(&wanted.file, format!("row group {} has fewer rows than it says", slice.group + 1))),
        }
    }

    /// Looks at the pages of some columns of a row group when its first rows are wanted.
    fn check_pages(&self, group: usize, choice: &Choice) -> Result<(), RunError> {
        let checked = || self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        let new: Vec<usize> = self.leaves(choice).filter(|leaf| !checked().contains(&(group, *leaf))).collect();
        if !new.is_empty() {
            let rows = self.metadata.metadata().row_group(group);
            pages::check_pages(&choice.wanted.file, &self.input, rows, new.iter().copied())?;
            checked().extend(new.into_iter().map(|leaf| (group, leaf)));
        }
        Ok(())
    }

    fn read(&self, slice: Slice, choice: &Choice, rows: Option<&[u32]>) -> Result<RecordBatch, ParquetError> {
        let group =
            Group { input: self.input.clone(), metadata: self.metadata.metadata().clone(), number: slice.group };
        let selected = match rows {
            Some(rows) => selectors(slice.start, rows),
            None => vec![RowSelector::skip(slice.start), RowSelector::select(slice.rows)],
        };
        let reader = ParquetRecordBatchReader::try_new_with_row_groups(
            &choice.levels,
            &group,
            slice.rows,
            Some(selected.into()),
        )?;
        let schema = arrow_array::RecordBatchReader::schema(&reader);
        let batches: Vec<RecordBatch> = reader.collect::<Result<_, _>>()?;
        match batches.as_slice() {
            [whole] => Ok(whole.clone()),
            parts => Ok(concat_batches(&schema, parts)?),
        }
    }
}

/// The rows at these places behind `start`, as steps over those that are not wanted.
fn selectors(start: usize, rows: &[u32]) -> Vec<RowSelector> {
    let (mut selectors, mut next) = (Vec::new(), 0);
    for run in rows.chunk_by(|a, b| a + 1 == *b) {
        let first = start + run[0] as usize;
        selectors.extend([RowSelector::skip(first - next), RowSelector::select(run.len())]);
        next = first + run.len();
    }
    selectors
}
