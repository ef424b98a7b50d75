//! Files that results are written to. A file is written beside its place and put there when it is complete, so that nobody
//! ever sees half of it and an error leaves what was there before. What is no plain file (a pipe, a device) is written as
//! it comes.

use super::beside::Beside;
use super::compression::{Compression, Encoder};
use super::write::RowFormat;
use crate::error::RunError;
use pipelang_lang::codes::E0702;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The format of that name or extension.
pub fn format_named(name: &str) -> Option<RowFormat> {
    RowFormat::named(&name.to_ascii_lowercase())
}

/// A file that is being written.
pub struct TargetFile {
    path: PathBuf,
    out: Encoder<BufWriter<Place>>,
    /// Whether somebody may be waiting for what is written.
    is_stream: bool,
}

/// A file whose bytes are all on the disk, and which is not in its place yet.
pub struct CompleteFile {
    path: PathBuf,
    place: Place,
}

/// Where the bytes go.
enum Place {
    /// Beside the file, until it is complete.
    Beside(Beside),
    /// What is no plain file.
    Stream(File),
}

impl TargetFile {
    /// Begins to write the file at `path`.
    pub fn create(path: &str) -> Result<TargetFile, RunError> {
        let compression = Compression::of(path);
        let path = Path::new(path);
        let place = Place::of(path).map_err(|error| failed(path, &error))?;
        let is_stream = matches!(place, Place::Stream(_));
        let out = Encoder::new(compression, BufWriter::new(place)).map_err(|error| failed(path, &error))?;
        Ok(TargetFile { path: path.to_path_buf(), out, is_stream })
    }

    /// Writes some bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), RunError> {
        let written = self.out.write_all(bytes);
        let written = if self.is_stream { written.and_then(|()| self.out.flush()) } else { written };
        written.map_err(|error| failed(&self.path, &error))
    }

    /// There are no more bytes.
    pub fn complete(self) -> Result<CompleteFile, RunError> {
        let place = self.out.finish().and_then(|out| out.into_inner().map_err(io::IntoInnerError::into_error));
        let synced = place.and_then(|place| place.sync().map(|()| place));
        match synced {
            Ok(place) => Ok(CompleteFile { path: self.path, place }),
            Err(error) => Err(failed(&self.path, &error)),
        }
    }

    /// The file is complete: puts it in its place.
    pub fn finish(self) -> Result<(), RunError> {
        self.complete()?.put()
    }
}

impl CompleteFile {
    /// Puts it in its place.
    pub fn put(self) -> Result<(), RunError> {
        match self.place {
            Place::Beside(beside) => beside.put().map_err(|error| failed(&self.path, &error)),
            Place::Stream(_) => Ok(()),
        }
    }
}

/// For whoever knows of no files: the errors name it.
impl Write for TargetFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).map_err(|error| named(&self.path, &error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush().map_err(|error| named(&self.path, &error))
    }
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("`{}`: {}", path.display(), why(error)))
}

impl Place {
    fn of(path: &Path) -> io::Result<Place> {
        if let Some(stream) = stream_of_process(path) {
            return Ok(Place::Stream(stream?));
        }
        let path = resolved(path);
        match fs::metadata(&path) {
            Ok(known) if known.is_file() => {
                // What may not be written is not replaced either.
                File::options().append(true).open(&path)?;
                Ok(Place::Beside(Beside::new(path, Some(&known))?))
            }
            Ok(_) => Ok(Place::Stream(File::options().write(true).open(&path)?)),
            Err(_) => Ok(Place::Beside(Beside::new(path, None)?)),
        }
    }

    fn sync(&self) -> io::Result<()> {
        match self {
            Place::Beside(beside) => beside.sync(),
            Place::Stream(_) => Ok(()),
        }
    }
}

/// What the process has open already, whatever stands behind it: a file that its output goes to is not to be replaced.
#[cfg(unix)]
fn stream_of_process(path: &Path) -> Option<io::Result<File>> {
    use std::os::fd::AsFd;
    let is = |names: &[&str]| names.iter().any(|name| path == Path::new(name));
    let of = |fd: io::Result<std::os::fd::OwnedFd>| Some(fd.map(File::from));
    if is(&["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]) {
        return of(io::stdout().as_fd().try_clone_to_owned());
    }
    if is(&["/dev/stderr", "/dev/fd/2", "/proc/self/fd/2"]) {
        return of(io::stderr().as_fd().try_clone_to_owned());
    }
    let is_other = path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd");
    is_other.then(|| File::options().append(true).open(path))
}

#[cfg(not(unix))]
fn stream_of_process(_path: &Path) -> Option<io::Result<File>> {
    None
}

/// Where a path leads. A link stays a link: what it leads to is replaced, also if that is not there yet.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(path) = fs::canonicalize(path) {
        return path;
    }
    match fs::read_link(path) {
        Ok(to) => path.parent().unwrap_or(Path::new("")).join(to),
        Err(_) => path.to_path_buf(),
    }
}

impl Write for Place {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Place::Beside(beside) => beside.write(bytes),
            Place::Stream(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Place::Beside(beside) => beside.flush(),
            Place::Stream(file) => file.flush(),
        }
    }
}

/// E0702, or the quiet end where the reader of a pipe has gone.
fn failed(path: &Path, error: &io::Error) -> RunError {
    match error.kind() {
        io::ErrorKind::BrokenPipe => RunError::OutputClosed,
        _ => RunError::Outside {
            code: E0702,
            message: format!("`{}` cannot be written: {}", path.display(), why(error)),
        },
    }
}

/// Why something cannot be written, in words where there are some.
pub fn why(error: &io::Error) -> String {
    if error.get_ref().is_some() {
        // Somebody has found words already.
        return error.to_string();
    }
    let words = match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full",
        io::ErrorKind::QuotaExceeded => "there is no room left for this user",
        io::ErrorKind::FileTooLarge => "no file may be so large",
        io::ErrorKind::NotFound => "its folder is not there",
        io::ErrorKind::PermissionDenied => "that is not allowed",
        io::ErrorKind::ReadOnlyFilesystem => "nothing may be written there",
        io::ErrorKind::IsADirectory => "it is a folder",
        io::ErrorKind::NotADirectory => "a part of its path is no folder",
        _ => return error.to_string(),
    };
    words.to_string()
}
