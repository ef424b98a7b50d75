//! The bytes of a file at any place: from the file where it can be sought, else all of them in memory.

use crate::error::RunError;
use crate::formats::files;
use bytes::Bytes;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{ChunkReader, Length};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::Arc;

/// How much of a file that cannot be sought is held in memory: so much, or so many times what it has on disk, but never
/// more than the last. What is in such a file is packed already, and an honest one is not packed much more.
const MUCH_IN_MEMORY: u64 = 256 << 20;
const MOST_TIMES: u64 = 16;
const MOST_IN_MEMORY: u64 = 2 << 30;

/// How much of a file with so many bytes on disk is held in memory.
pub(super) fn most_in_memory(length: u64) -> u64 {
    MUCH_IN_MEMORY.max(length.saturating_mul(MOST_TIMES)).min(MOST_IN_MEMORY)
}

/// Bytes at any place; clones share them, and threads may read at the same time.
#[derive(Clone, Debug)]
pub struct Input {
    from: From,
    length: u64,
}

#[derive(Clone, Debug)]
enum From {
    File(Arc<File>),
    Memory(Bytes),
}

impl Input {
    /// Opens a file. A compressed one, or one that is no plain file, is read into memory.
    pub fn open(path: &str) -> Result<Input, RunError> {
        let unopened = |error| files::unopened(path, &error);
        let known = std::fs::metadata(path).map_err(unopened)?;
        if known.is_file() && !files::is_compressed(path) {
            let file = File::open(path).map_err(unopened)?;
            let length = file.metadata().map_err(unopened)?.len();
            return Ok(Input { from: From::File(Arc::new(file)), length });
        }
        let mut bytes = Vec::new();
        let file = files::open(path, None).map_err(unopened)?;
        let most = most_in_memory(known.len());
        file.take(most + 1).read_to_end(&mut bytes).map_err(|error| files::unreadable(path, &error))?;
        if bytes.len() as u64 > most {
            let message = format!("`{path}` cannot be sought, and unpacks to more than {} MiB", most >> 20);
            return Err(RunError::Limit(message));
        }
        Ok(Input::of(bytes.into()))
    }

    /// Bytes that are in memory.
    pub fn of(bytes: Bytes) -> Input {
        Input { length: bytes.len() as u64, from: From::Memory(bytes) }
    }

    /// How many there are.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Those at `start .. start + length`; nothing is allocated for what is not there.
    pub fn bytes(&self, start: u64, length: u64) -> io::Result<Bytes> {
        let end = start.checked_add(length).filter(|end| *end <= self.length);
        let (Some(end), Ok(count)) = (end, usize::try_from(length)) else {
            let message = format!("it has {} bytes, and {length} bytes from {start} on are wanted", self.length);
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
        };
        match &self.from {
            From::Memory(bytes) => Ok(bytes.slice(start as usize..end as usize)),
            From::File(_) => {
                let mut bytes = vec![0; count];
                Reader { input: self.clone(), at: start }.read_exact(&mut bytes)?;
                Ok(bytes.into())
            }
        }
    }

    /// What stands from `start` on.
    pub fn reader(&self, start: u64) -> BufReader<Reader> {
        BufReader::new(Reader { input: self.clone(), at: start })
    }
}

/// Reads on from a place, without moving anybody else's.
#[derive(Debug)]
pub struct Reader {
    input: Input,
    at: u64,
}

impl Read for Reader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = match &self.input.from {
            From::Memory(bytes) => {
                let rest = bytes.get(self.at as usize..).unwrap_or_default();
                let count = rest.len().min(out.len());
                out[..count].copy_from_slice(&rest[..count]);
                count
            }
            From::File(file) => read_at(file, out, self.at)?,
        };
        self.at += count as u64;
        Ok(count)
    }
}

#[cfg(unix)]
fn read_at(file: &File, out: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, out, at)
}

#[cfg(windows)]
fn read_at(file: &File, out: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, out, at)
}

impl Length for Input {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Input {
    type T = BufReader<Reader>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(self.reader(start))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        self.bytes(start, length as u64).map_err(|error| ParquetError::EOF(error.to_string()))
    }
}
