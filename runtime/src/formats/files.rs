//! Opening files: compression by extension, and what to say when it does not work.

use super::compression::Compression;
use crate::error::RunError;
use crate::progress::Progress;
use pipelang_lang::codes::{E0508, E0701};
use pipelang_lang::diagnostic::did_you_mean;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Whether a file is read through a decoder, by its extension.
pub fn is_compressed(path: &str) -> bool {
    Compression::of(path) != Compression::Plain
}

/// The name of the file without the extension of its compression.
pub fn without_compression(path: &str) -> &str {
    if is_compressed(path) { path.rsplit_once('.').map_or(path, |(stem, _)| stem) } else { path }
}

/// The extension in lower case.
pub fn extension_of(path: &str) -> Option<String> {
    Path::new(path).extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase)
}

/// The text of a file, whose bytes on disk are counted if somebody wants that.
pub fn open(path: &str, progress: Option<&Progress>) -> io::Result<Box<dyn Read + Send>> {
    let file = File::open(path)?;
    let (known, compression) = (file.metadata()?, Compression::of(path));
    if known.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    let text: Box<dyn Read + Send> = match known.is_file() {
        true => Box::new(File::chain(file.try_clone()?, End { file, length: known.len() })),
        false => Box::new(file),
    };
    match progress {
        Some(progress) => compression.decode(progress.reading(text)),
        None => compression.decode(text),
    }
}

/// The end of a file, which was somewhere when it was opened. A file that is cut off meanwhile ends in the middle of
/// something, and that must not be taken for its end.
struct End {
    file: File,
    length: u64,
}

impl Read for End {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        let left = self.file.metadata()?.len();
        // Some systems have files that say more than there is; they say the same now.
        if left < self.length && self.file.stream_position()? < self.length {
            return Err(io::Error::other(Shrunk { before: self.length, after: left }));
        }
        Ok(0)
    }
}

/// A file that has become shorter while it was read.
#[derive(Debug)]
struct Shrunk {
    before: u64,
    after: u64,
}

impl std::error::Error for Shrunk {}

impl fmt::Display for Shrunk {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "it had {} bytes, and has {} now", self.before, self.after)
    }
}

/// How many blocks across a file are looked at.
const BLOCKS: u64 = 8;
/// How long they are.
const BLOCK: usize = 16 << 10;

/// Whole lines from some places of a file that was looked at up to about `from`; none if it cannot be sought.
pub fn lines_across(path: &str, from: u64) -> Vec<Vec<u8>> {
    let Some(mut file) = File::open(path).ok().filter(|_| !is_compressed(path)) else { return Vec::new() };
    let length = file.metadata().ok().filter(|data| data.is_file()).map_or(0, |data| data.len());
    let mut blocks = Vec::new();
    for at in 1..=BLOCKS {
        let place = (length.saturating_mul(at) / BLOCKS).saturating_sub(BLOCK as u64);
        let mut block = Vec::new();
        if place <= from || file.seek(SeekFrom::Start(place)).is_err() {
            continue;
        }
        if (&mut file).take(BLOCK as u64).read_to_end(&mut block).is_err() {
            continue;
        }
        let first = memchr::memchr(b'\n', &block).map_or(block.len(), |newline| newline + 1);
        let last = memchr::memrchr(b'\n', &block).map_or(first, |newline| newline + 1);
        blocks.push(block[first..last.max(first)].to_vec());
    }
    blocks
}

/// What to say when a file cannot be opened.
pub fn unopened(path: &str, error: &io::Error) -> RunError {
    let message = match error.kind() {
        io::ErrorKind::NotFound => format!("there is no file `{path}`"),
        io::ErrorKind::PermissionDenied => format!("`{path}` may not be read"),
        io::ErrorKind::IsADirectory => format!("`{path}` is a folder, not a file"),
        _ => format!("`{path}` cannot be opened: {error}"),
    };
    RunError::Outside { code: E0701, message }
}

/// What to say when a file cannot be read on.
pub fn unreadable(path: &str, error: &io::Error) -> RunError {
    if let Some(shrunk) = error.get_ref().and_then(|error| error.downcast_ref::<Shrunk>()) {
        let message = format!("`{path}` was cut off while it was read: {shrunk}");
        return RunError::Outside { code: E0508, message };
    }
    let message = match error.kind() {
        io::ErrorKind::UnexpectedEof => format!("`{path}` is cut off: its compressed data end too early"),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::Other if is_compressed(path) => {
            format!("`{path}` cannot be decompressed: {error}")
        }
        _ => format!("`{path}` cannot be read on: {error}"),
    };
    RunError::Outside { code: E0701, message }
}

/// The files of the same folder that a path may have meant, spelled as the path is.
pub fn near(path: &str) -> Vec<String> {
    let wanted = Path::new(path);
    let (Some(name), Some(parent)) = (wanted.file_name().and_then(|name| name.to_str()), wanted.parent()) else {
        return Vec::new();
    };
    let folder = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .take(10_000)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    let prefix = &path[..path.len() - name.len()];
    did_you_mean(name, names.iter().map(String::as_str)).into_iter().map(|name| format!("{prefix}{name}")).collect()
}
