//! Looks at the sizes that a Parquet file claims, before a library sets memory aside for them.

use super::damage::{damaged, may_unpack};
use super::delta::Differences;
use super::input::Input;
use super::thrift::{LIST, STRUCTURE, Walker};
use crate::error::RunError;
use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::reader::SerializedPageReader;
use parquet::schema::types::ColumnDescriptor;
use std::sync::Arc;

/// What stands at both ends of a file.
const MAGIC: &[u8] = b"PAR1";
/// The length of the footer and the magic bytes behind it.
const TAIL: u64 = 8;
/// How deep columns may be nested.
const DEEPEST: usize = 64;
/// The encodings of texts whose number stands in the page.
const DELTA_LENGTHS: i64 = 6;
const DELTA_TEXTS: i64 = 7;

/// Looks at the footer of a file.
pub(super) fn check_footer(file: &str, input: &Input) -> Result<(), RunError> {
    let read = |start, length| input.bytes(start, length).map_err(|error| damaged(file, error));
    let length = input.length();
    if length < MAGIC.len() as u64 + TAIL {
        return Err(damaged(file, format!("it has {length} bytes, fewer than the smallest Parquet file")));
    }
    let (head, tail) = (read(0, 4)?, read(length - TAIL, TAIL)?);
    if &tail[4..] == b"PARE" {
        return Err(damaged(file, "its footer is encrypted, which Pipe cannot read"));
    }
    if head != MAGIC {
        return Err(damaged(file, "it does not begin as a Parquet file does, with `PAR1`"));
    }
    if &tail[4..] != MAGIC {
        return Err(damaged(file, "it is cut off, for its footer is missing"));
    }
    let footer = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    if footer > length - TAIL - MAGIC.len() as u64 {
        return Err(damaged(file, format!("its footer says that it has {footer} bytes, and the file has {length}")));
    }
    let bytes = read(length - TAIL - footer, footer)?;
    if footer_makes_sense(&bytes).is_none() {
        return Err(damaged(file, "its footer makes no sense"));
    }
    Ok(())
}

/// Whether all sizes in it are possible and no column is nested too deeply.
fn footer_makes_sense(bytes: &Bytes) -> Option<()> {
    let mut walker = Walker::new(bytes);
    walker.structure(&mut |walker, number, kind| {
        if (number, kind) != (2, LIST) {
            return Some(false);
        }
        // The columns, each before those in it: how many of the open ones are to come.
        let (kind, count) = walker.list()?;
        let mut open: Vec<i64> = Vec::new();
        for _ in 0..count {
            let mut children = 0;
            if kind != STRUCTURE {
                return None;
            }
            walker.structure(&mut |walker, number, _| {
                let is_count = number == 5;
                if is_count {
                    children = walker.int()?;
                }
                Some(is_count)
            })?;
            while open.last() == Some(&0) {
                open.pop();
            }
            if let Some(left) = open.last_mut() {
                *left -= 1;
            }
            open.push(children.max(0));
            if open.len() > DEEPEST {
                return None;
            }
        }
        Some(true)
    })
}

/// Looks at the pages of some columns of a row group.
pub(super) fn check_pages(
    file: &str,
    input: &Input,
    group: &RowGroupMetaData,
    columns: impl Iterator<Item = usize>,
) -> Result<(), RunError> {
    for column in columns {
        let column = group.column(column);
        let Some((start, end)) = range_of(column).filter(|(_, end)| *end <= input.length()) else {
            let place = format!("the column `{}` is not where its footer says", column.column_path().string());
            return Err(damaged(file, place));
        };
        let mut has_delta_texts = false;
        let mut at = start;
        while let Some(page) = page_header(input, at, end) {
            if !may_unpack(page.packed, page.unpacked) {
                let (packed, unpacked) = (page.packed, page.unpacked);
                return Err(damaged(file, format!("a page of {packed} bytes claims to unpack to {unpacked}")));
            }
            has_delta_texts |= matches!(page.encoding, DELTA_LENGTHS | DELTA_TEXTS);
            at = page.end;
        }
        if has_delta_texts {
            check_delta_texts(file, input, group, column)?;
        }
    }
    Ok(())
}

/// Where a column begins and ends, if that is possible.
fn range_of(column: &ColumnChunkMetaData) -> Option<(u64, u64)> {
    let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
    let start = u64::try_from(start).ok()?;
    Some((start, start.checked_add(u64::try_from(column.compressed_size()).ok()?)?))
}

struct PageHeader {
    packed: u64,
    unpacked: u64,
    encoding: i64,
    /// Where the page ends.
    end: u64,
}

/// The head of the page at `at`; none where there is none, or what is there makes no sense: then reading it fails.
fn page_header(input: &Input, at: u64, end: u64) -> Option<PageHeader> {
    // Statistics can make it long.
    [1u64 << 10, 1 << 16, 16 << 20].into_iter().find_map(|most| {
        let bytes = input.bytes(at, most.min(end.checked_sub(at)?)).ok()?;
        let mut walker = Walker::new(&bytes);
        let (mut packed, mut unpacked, mut encoding) = (None, None, -1);
        walker.structure(&mut |walker, number, kind| {
            match (number, kind) {
                (2, _) => unpacked = Some(walker.int()?),
                (3, _) => packed = Some(walker.int()?),
                (5 | 8, STRUCTURE) => {
                    let place = if number == 5 { 2 } else { 4 };
                    walker.structure(&mut |walker, number, _| {
                        if number == place {
                            encoding = walker.int()?;
                        }
                        Some(number == place)
                    })?;
                }
                _ => return Some(false),
            }
            Some(true)
        })?;
        let (packed, unpacked) = (u64::try_from(packed?).ok()?, u64::try_from(unpacked?).ok()?);
        let end = (at + walker.at as u64).checked_add(packed)?;
        Some(PageHeader { packed, unpacked, encoding, end })
    })
}

/// These encodings say again how many values there are, and memory is set aside for so many.
fn check_delta_texts(
    file: &str,
    input: &Input,
    group: &RowGroupMetaData,
    column: &ColumnChunkMetaData,
) -> Result<(), RunError> {
    let check = || {
        let rows = usize::try_from(group.num_rows())?;
        let mut pages = SerializedPageReader::new(Arc::new(input.clone()), column, rows, None)?;
        while let Some(page) = pages.get_next_page()? {
            if !counts_fit(&page, column) {
                return Err(parquet::errors::ParquetError::General("a page says twice how many values it has".into()));
            }
        }
        Ok::<_, parquet::errors::ParquetError>(())
    };
    super::damage::guarded(file, check)
}

/// Where the values of a page begin, behind its levels; none where that is not known.
pub(super) fn values_start(page: &Page, column: &ColumnDescriptor) -> Option<usize> {
    let levels = match page {
        Page::DataPage { buf, def_level_encoding, rep_level_encoding, .. } => {
            let mut at = 0usize;
            let levels = [(column.max_rep_level(), rep_level_encoding), (column.max_def_level(), def_level_encoding)];
            for (_, encoding) in levels.into_iter().filter(|(most, _)| *most > 0) {
                let length = buf.get(at..)?.first_chunk().filter(|_| *encoding == Encoding::RLE)?;
                at = at.checked_add(4)?.checked_add(u32::from_le_bytes(*length) as usize)?;
            }
            at
        }
        Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
            (*def_levels_byte_len as usize).checked_add(*rep_levels_byte_len as usize)?
        }
        Page::DictionaryPage { .. } => return None,
    };
    (levels <= page.buffer().len()).then_some(levels)
}

/// Whether the numbers of values in the data of a page are possible.
fn counts_fit(page: &Page, column: &ColumnChunkMetaData) -> bool {
    let encoding = page.encoding() as i64;
    if !matches!(encoding, DELTA_LENGTHS | DELTA_TEXTS) {
        return true;
    }
    let Some(start) = values_start(page, column.column_descr()) else { return false };
    let (data, most) = (&page.buffer()[start..], u64::from(page.num_values()));
    let fits = |ints: &Differences<'_>| ints.count <= most;
    let Some(first) = Differences::new(data) else { return true };
    let second = || first.end().and_then(|end| Differences::new(data.get(end..)?));
    fits(&first) && (encoding == DELTA_LENGTHS || second().as_ref().is_none_or(fits))
}
