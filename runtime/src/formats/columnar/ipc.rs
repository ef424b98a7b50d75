//! Arrow files and streams: the same messages one after the other; a file has a list of them at its end.
//!
//! The messages are found here and handed to the library one by one, so that no size is believed before it is checked.

use super::damage::{damaged, guarded, may_unpack};
use super::input::{Input, most_in_memory};
use super::{OPTIONS, Wanted, check_unchanged, join, rows_of_piece, table, types};
use crate::error::RunError;
use crate::formats::{self, Format, Piece, Scan, ScanRequest, files};
use crate::progress::Progress;
use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::convert::fb_to_schema;
use arrow_ipc::reader::FileDecoder;
use arrow_ipc::{Block, MessageHeader, MetadataVersion, root_as_footer, root_as_message};
use arrow_schema::{ArrowError, SchemaRef};
use pipelang_lang::catalog::{FormatDef, ReadRequest, TableInfo};
use pipelang_lang::diagnostic::Diagnostic;
use std::io::Read;
use std::sync::Arc;

/// The format.
pub const FORMAT: Format = Format {
    def: FormatDef { name: "arrow", extensions: &["arrow", "arrows", "feather", "ipc"], options: OPTIONS },
    infer,
    open,
    join,
};

/// What stands at both ends of a file, and of the version that is no longer written.
const MAGIC: &[u8] = b"ARROW1";
const OLD_MAGIC: &[u8] = b"FEA1";
/// The length of the footer and the magic bytes behind it.
const TAIL: u64 = 10;
/// What stands before a message.
const CONTINUES: [u8; 4] = [0xff; 4];
/// The most rows of a batch; more are no honest number.
const MOST_ROWS: i64 = u32::MAX as i64;

fn infer(request: &ReadRequest, input: &formats::Input) -> Result<TableInfo, Box<Diagnostic>> {
    table(request, input, "arrow", |nanoseconds| {
        types::columns(&request.path, Messages::open(&request.path)?.schema.fields(), nanoseconds)
    })
}

fn open(request: &ScanRequest) -> Result<Scan, RunError> {
    let mut messages = Messages::open(&request.path)?;
    messages.progress = request.input.progress();
    check_unchanged(request, messages.schema.fields())?;
    let wanted = Arc::new(Wanted::new(request));
    let mut batches = messages.decoder(Some(wanted.positions.clone()));
    let morsel = request.morsel;
    // The batch at hand, how much of it has been given, and the number of the first row in the file.
    let (mut batch, mut given, mut first): (Option<RecordBatch>, usize, u64) = (None, 0, 0);
    Ok(Scan(Box::new(move || {
        loop {
            if let Some(rest) = batch.as_ref().filter(|batch| given < batch.num_rows()) {
                let size = rows_of_piece(morsel, rest.num_rows(), rest.get_array_memory_size() as u64);
                let rows = rest.slice(given, size.min(rest.num_rows() - given));
                let (wanted, before) = (wanted.clone(), first);
                given += rows.num_rows();
                first += rows.num_rows() as u64;
                let piece =
                    move || wanted.rows(rows.columns(), (1..=rows.num_rows() as u64).map(|row| before + row).collect());
                return Ok(Some(Box::new(piece) as Piece));
            }
            batch = messages.batch(&mut batches)?;
            given = 0;
            if batch.is_none() {
                return Ok(None);
            }
        }
    })))
}

/// The messages of a file or stream, behind the schema.
pub struct Messages {
    file: Arc<str>,
    /// The columns.
    pub schema: SchemaRef,
    version: MetadataVersion,
    from: From,
    /// Counts their bytes.
    progress: Progress,
}

enum From {
    /// What a file lists: dictionaries, then batches.
    Blocks(Input, std::vec::IntoIter<Block>),
    /// What comes next, and how many bytes of it a message may have.
    Stream(Box<dyn Read + Send>, u64),
}

/// A message with the bytes behind it.
struct Message {
    block: Block,
    bytes: Buffer,
}

impl Messages {
    /// Opens a file or a stream.
    pub fn open(path: &str) -> Result<Messages, RunError> {
        let file: Arc<str> = path.into();
        let mut stream = files::open(path, None).map_err(|error| files::unopened(path, &error))?;
        let head = read_up_to(&file, &mut stream, 8)?;
        if head.starts_with(MAGIC) {
            return Messages::of_file(file, Input::open(path)?);
        }
        if head.starts_with(OLD_MAGIC) {
            return Err(damaged(path, "it is a Feather file of version 1, which is no longer read"));
        }
        let mut messages = Messages {
            file: file.clone(),
            schema: Arc::new(arrow_schema::Schema::empty()),
            version: MetadataVersion::V5,
            from: From::Stream(Box::new(std::io::Cursor::new(head).chain(stream)), longest_message(path)?),
            progress: Progress::default(),
        };
        let first = messages.next()?.ok_or_else(|| damaged(path, "it holds nothing"))?;
        let metadata = metadata_of(&first).ok_or_else(|| damaged(path, "it does not begin with a message"))?;
        let (schema, version) = guarded(path, || {
            let message = root_as_message(metadata).map_err(|_| "its first message makes no sense")?;
            let schema = message.header_as_schema().ok_or("its first message is not that of the columns")?;
            let is_ours = schema.endianness().equals_to_target_endianness();
            is_ours.then(|| (fb_to_schema(schema), message.version())).ok_or("its bytes are in the other order")
        })?;
        Ok(Messages { schema: Arc::new(schema), version, ..messages })
    }

    fn of_file(file: Arc<str>, input: Input) -> Result<Messages, RunError> {
        let read = |start, length| input.bytes(start, length).map_err(|error| damaged(&file, error));
        let length = input.length();
        let tail = read(length.saturating_sub(TAIL), TAIL)?;
        let (size, magic) = tail.split_at(4);
        if magic != MAGIC {
            return Err(damaged(&file, "it is cut off, for its footer is missing"));
        }
        let size = u64::from(u32::from_le_bytes([size[0], size[1], size[2], size[3]]));
        if size > length - TAIL {
            return Err(damaged(&file, format!("its footer says that it has {size} bytes, and the file has {length}")));
        }
        let bytes = read(length - TAIL - size, size)?;
        let (schema, version, blocks) = guarded(&file, || {
            let footer = root_as_footer(&bytes).map_err(|_| "its footer makes no sense")?;
            let schema = footer.schema().ok_or("its footer has no columns")?;
            if !schema.endianness().equals_to_target_endianness() {
                return Err("its bytes are in the other order");
            }
            let blocks: Vec<Block> = footer
                .dictionaries()
                .iter()
                .flatten()
                .chain(footer.recordBatches().iter().flatten())
                .copied()
                .collect();
            Ok((fb_to_schema(schema), footer.version(), blocks))
        })?;
        let from = From::Blocks(input, blocks.into_iter());
        Ok(Messages { file, schema: Arc::new(schema), version, from, progress: Progress::default() })
    }

    /// What makes batches of these messages: of all columns, or of those at some positions, ascending.
    pub fn decoder(&self, positions: Option<Vec<usize>>) -> FileDecoder {
        let decoder = FileDecoder::new(self.schema.clone(), self.version);
        match positions {
            Some(positions) => decoder.with_projection(positions),
            None => decoder,
        }
    }

    /// The next batch; none at the end.
    pub fn batch(&mut self, decoder: &mut FileDecoder) -> Result<Option<RecordBatch>, RunError> {
        while let Some(message) = self.next()? {
            let file = &self.file;
            let kind = check(&message).map_err(|why| damaged(file, why))?;
            if kind == MessageHeader::DictionaryBatch {
                guarded(file, || decoder.read_dictionary(&message.block, &message.bytes))?;
            } else if kind == MessageHeader::RecordBatch {
                let read = || match decoder.read_record_batch(&message.block, &message.bytes)? {
                    Some(batch) => Ok(batch),
                    None => Err(ArrowError::ParseError("a batch in it is none".to_string())),
                };
                return guarded(file, read).map(Some);
            }
        }
        Ok(None)
    }

    fn next(&mut self) -> Result<Option<Message>, RunError> {
        let next = self.read_next();
        if let Ok(Some(message)) = &next {
            self.progress.add_bytes_read(message.bytes.len() as u64);
        }
        next
    }

    fn read_next(&mut self) -> Result<Option<Message>, RunError> {
        let file = &self.file;
        match &mut self.from {
            From::Blocks(input, blocks) => {
                let Some(block) = blocks.next() else { return Ok(None) };
                let parts = (block.offset(), i64::from(block.metaDataLength()), block.bodyLength());
                let (Ok(start), Ok(head), Ok(body)) =
                    (u64::try_from(parts.0), u64::try_from(parts.1), u64::try_from(parts.2))
                else {
                    return Err(damaged(file, "its footer makes no sense"));
                };
                let bytes = input.bytes(start, head.saturating_add(body)).map_err(|error| damaged(file, error))?;
                Ok(Some(Message { block, bytes: Buffer::from(bytes) }))
            }
            From::Stream(stream, most) => next_of_stream(file, stream, *most),
        }
    }
}

/// How many bytes a message may have: those of the file, or what is unpacked of it at most.
fn longest_message(path: &str) -> Result<u64, RunError> {
    let length = std::fs::metadata(path).map_err(|error| files::unopened(path, &error))?.len();
    Ok(if files::is_compressed(path) { most_in_memory(length) } else { length })
}

fn next_of_stream(file: &str, stream: &mut dyn Read, most: u64) -> Result<Option<Message>, RunError> {
    let mut bytes = read_up_to(file, stream, 4)?;
    if bytes == CONTINUES {
        bytes.extend(read_up_to(file, stream, 4)?);
    }
    let cut_off = || damaged(file, "it is cut off in a message");
    let size = match bytes.len() {
        0 => return Ok(None),
        4 | 8 => &bytes[bytes.len() - 4..],
        _ => return Err(cut_off()),
    };
    let size = i32::from_le_bytes([size[0], size[1], size[2], size[3]]);
    if size == 0 {
        return Ok(None);
    }
    let is_possible = |size: &u64| *size <= most;
    let impossible = || damaged(file, "a message in it has an impossible length");
    let size = u64::try_from(size).ok().filter(is_possible).ok_or_else(impossible)?;
    bytes.extend(read_up_to(file, stream, size)?);
    let head = bytes.len();
    let metadata = &bytes[head - (size as usize).min(head)..];
    let body = match root_as_message(metadata) {
        Ok(message) => u64::try_from(message.bodyLength()).ok(),
        Err(_) => None,
    };
    let body = body.ok_or_else(|| damaged(file, "a message in it makes no sense, or is cut off"))?;
    if !is_possible(&body) {
        return Err(damaged(
            file,
            format!("a message in it says that it has {body} bytes, more than the file can have"),
        ));
    }
    let rest = read_up_to(file, stream, body)?;
    if rest.len() as u64 != body {
        return Err(cut_off());
    }
    bytes.extend(rest);
    let head = i32::try_from(head).map_err(|_| cut_off())?;
    Ok(Some(Message { block: Block::new(0, head, body as i64), bytes: Buffer::from_vec(bytes) }))
}

/// So many bytes, or what there is; memory is set aside for what comes, not for what is asked for.
fn read_up_to(file: &str, stream: &mut dyn Read, count: u64) -> Result<Vec<u8>, RunError> {
    let mut bytes = Vec::new();
    stream.take(count).read_to_end(&mut bytes).map_err(|error| files::unreadable(file, &error))?;
    Ok(bytes)
}

/// The part of a message that describes it, without its length.
fn metadata_of(message: &Message) -> Option<&[u8]> {
    let bytes = message.bytes.as_slice();
    let skipped = if bytes.starts_with(&CONTINUES) { 8 } else { 4 };
    bytes.get(skipped..usize::try_from(message.block.metaDataLength()).ok()?)
}

/// What kind of message it is, after a look at the sizes that it claims.
fn check(message: &Message) -> Result<MessageHeader, &'static str> {
    const NONSENSE: &str = "a message in it makes no sense";
    let body = usize::try_from(message.block.metaDataLength()).ok().and_then(|head| message.bytes.get(head..));
    let (metadata, body) = (metadata_of(message).ok_or(NONSENSE)?, body.ok_or(NONSENSE)?);
    let root = root_as_message(metadata).map_err(|_| NONSENSE)?;
    let batch = match root.header_type() {
        MessageHeader::RecordBatch => root.header_as_record_batch(),
        MessageHeader::DictionaryBatch => root.header_as_dictionary_batch().and_then(|dictionary| dictionary.data()),
        other => return Ok(other),
    };
    let batch = batch.ok_or(NONSENSE)?;
    let is_possible = |length: i64| (0..=MOST_ROWS).contains(&length);
    let nodes = batch.nodes();
    if !is_possible(batch.length()) || nodes.iter().flatten().any(|node| !is_possible(node.length())) {
        return Err("a batch in it has an impossible number of rows");
    }
    let mut unpacked = 0u64;
    for buffer in batch.buffers().iter().flatten() {
        let range = usize::try_from(buffer.offset()).ok().zip(usize::try_from(buffer.length()).ok());
        let bytes = range.and_then(|(start, length)| body.get(start..start.checked_add(length)?));
        let bytes = bytes.ok_or("a column in it ends behind the end of its batch")?;
        if batch.compression().is_some()
            && let Some(claimed) = bytes.first_chunk::<8>()
        {
            // -1 says that it is not packed.
            unpacked = unpacked.saturating_add(u64::try_from(i64::from_le_bytes(*claimed)).unwrap_or(0));
        }
    }
    if !may_unpack(body.len() as u64, unpacked) {
        return Err("a batch in it claims to unpack to far more than it has");
    }
    Ok(root.header_type())
}
