//! The temporary files of a run. They have no name in any folder, so that nothing is left of them however the process ends
//! (on Unix; elsewhere they are removed when they are closed). Thousands may be wanted one after the other, and some file
//! systems take long to make one where others have just been removed: so a file that is empty again serves as another.

use super::unwritten;
use crate::error::RunError;
use crate::memory::Memory;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// A temporary file.
#[derive(Debug)]
pub struct TemporaryFile {
    /// None only while it is dropped.
    file: Option<File>,
    memory: Memory,
}

impl TemporaryFile {
    /// An empty file of a run with this memory.
    pub fn new(memory: &Memory) -> Result<TemporaryFile, RunError> {
        let file = match memory.take_file() {
            Some(file) => file,
            None => tempfile::tempfile().map_err(|error| unwritten(&error))?,
        };
        Ok(TemporaryFile { file: Some(file), memory: memory.clone() })
    }

    fn file(&mut self) -> io::Result<&mut File> {
        self.file.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if let Some(mut file) = self.file.take()
            && file.set_len(0).and_then(|()| file.rewind()).is_ok()
        {
            self.memory.give_file(file);
        }
    }
}

impl Read for TemporaryFile {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.file()?.read(bytes)
    }
}

impl Write for TemporaryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file()?.flush()
    }
}

impl Seek for TemporaryFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file()?.seek(to)
    }
}
