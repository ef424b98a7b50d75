//! What a format reads: a file, or what comes once.

use super::encoding::TextEncoding;
use super::{ByteStream, files};
use crate::error::RunError;
use crate::memory::in_bytes;
use crate::progress::Progress;
use std::io::Read;

/// Where the bytes come from, and how long a record of them may be.
#[derive(Clone, Debug)]
pub struct Input {
    from: From,
    longest: usize,
}

#[derive(Clone, Debug)]
enum From {
    File,
    Counted(Progress),
    Look(ByteStream),
    Take(ByteStream, Progress),
}

impl Input {
    /// The file at the path.
    pub fn file() -> Input {
        Input::of(From::File)
    }

    /// The same, whose bytes are counted.
    pub fn counted(progress: Progress) -> Input {
        Input::of(From::Counted(progress))
    }

    /// A stream, to see what it is.
    pub fn look(stream: ByteStream) -> Input {
        Input::of(From::Look(stream))
    }

    /// A stream, to read it; its bytes are counted.
    pub fn take(stream: ByteStream, progress: Progress) -> Input {
        Input::of(From::Take(stream, progress))
    }

    fn of(from: From) -> Input {
        Input { from, longest: LONGEST_RECORD }
    }

    /// With records of at most so many bytes, if that is less.
    pub fn with_longest(self, bytes: Option<usize>) -> Input {
        Input { longest: longest(bytes), ..self }
    }

    /// The most bytes of a record, its newline included.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// The text as UTF-8, decompressed; `path` names it.
    pub fn open_text(&self, path: &str, encoding: TextEncoding) -> Result<Box<dyn Read + Send>, RunError> {
        Ok(encoding.decoded(self.open(path)?))
    }

    /// The bytes, decompressed; `path` names them.
    pub fn open(&self, path: &str) -> Result<Box<dyn Read + Send>, RunError> {
        let opened = match &self.from {
            From::File => files::open(path, None),
            From::Counted(progress) => files::open(path, Some(progress)),
            From::Look(stream) => stream.look(),
            From::Take(stream, progress) => {
                stream.take().map(|stream| Box::new(progress.reading(stream)) as Box<dyn Read + Send>)
            }
        };
        opened.map_err(|error| files::unopened(path, &error))
    }

    /// Where its bytes are counted.
    pub fn progress(&self) -> Progress {
        match &self.from {
            From::Counted(progress) | From::Take(_, progress) => progress.clone(),
            From::File | From::Look(_) => Progress::default(),
        }
    }

    /// Whether more may come at any time, so that nobody waits for a full block.
    pub fn is_live(&self) -> bool {
        !self.is_file()
    }

    /// Whether it has a path that can be opened again.
    pub fn is_file(&self) -> bool {
        matches!(self.from, From::File | From::Counted(_))
    }
}

/// The longest record that anybody reads, its newline included.
pub const LONGEST_RECORD: usize = 64 << 20;

/// The longest record under a limit.
pub fn longest(limit: Option<usize>) -> usize {
    limit.unwrap_or(LONGEST_RECORD).min(LONGEST_RECORD)
}

/// E0801 of a record without an end within so many bytes. Quotes may be why.
pub fn too_long(file: &str, line: u64, longest: usize, has_quotes: bool) -> RunError {
    let why = if has_quotes { "; perhaps a quote in it is never closed" } else { "" };
    RunError::Limit(format!("{file}:{line}: this record is longer than {}{why}", in_bytes(longest)))
}
