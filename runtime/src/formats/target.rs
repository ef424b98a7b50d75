//! Files that results are written to. A file is written beside its place under another name and put there when it is
//! complete, so that nobody ever sees half of it and an error leaves what was there before. What is no plain file (a pipe,
//! a device) is written as it comes.

use super::compression::{Compression, Encoder};
use super::write::RowFormat;
use crate::error::RunError;
use pipelang_lang::codes::E0702;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The format of that name or extension.
pub fn format_named(name: &str) -> Option<RowFormat> {
    RowFormat::named(&name.to_ascii_lowercase())
}

/// A file that is being written.
pub struct TargetFile {
    path: PathBuf,
    out: Encoder<BufWriter<Place>>,
}

/// Where the bytes go.
enum Place {
    /// Beside the file, until it is complete.
    Beside(NamedTempFile),
    /// What is no plain file.
    Stream(File),
}

impl TargetFile {
    /// Begins to write the file at `path`.
    pub fn create(path: &str) -> Result<TargetFile, RunError> {
        let compression = Compression::of(path);
        let path = Path::new(path);
        let out = Place::of(path).and_then(|place| Encoder::new(compression, BufWriter::new(place)));
        let out = out.map_err(|error| failed(path, &error))?;
        Ok(TargetFile { path: path.to_path_buf(), out })
    }

    /// Writes some bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), RunError> {
        self.out.write_all(bytes).map_err(|error| failed(&self.path, &error))
    }

    /// The file is complete: puts it in its place.
    pub fn finish(self) -> Result<(), RunError> {
        let place = self.out.finish().and_then(|out| out.into_inner().map_err(io::IntoInnerError::into_error));
        place.and_then(|place| place.finish(&self.path)).map_err(|error| failed(&self.path, &error))
    }
}

impl Write for TargetFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Place {
    fn of(path: &Path) -> io::Result<Place> {
        // A link stays a link: what it leads to is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let known = fs::metadata(&path);
        if known.as_ref().is_ok_and(|known| !known.is_file()) {
            return Ok(Place::Stream(File::options().write(true).open(&path)?));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".pipe-").suffix(".tmp");
        #[cfg(unix)]
        if known.is_err() {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let beside = builder.tempfile_in(folder)?;
        if let Ok(known) = known {
            beside.as_file().set_permissions(known.permissions())?;
        }
        Ok(Place::Beside(beside))
    }

    fn finish(self, path: &Path) -> io::Result<()> {
        match self {
            Place::Stream(mut file) => file.flush(),
            Place::Beside(beside) => {
                beside.as_file().sync_all()?;
                let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
                beside.persist(path).map(|_| ()).map_err(|error| error.error)
            }
        }
    }
}

impl Write for Place {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Place::Beside(beside) => beside.as_file_mut().write(bytes),
            Place::Stream(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Place::Beside(beside) => beside.as_file_mut().flush(),
            Place::Stream(file) => file.flush(),
        }
    }
}

/// E0702, or the quiet end where the reader of a pipe has gone.
fn failed(path: &Path, error: &io::Error) -> RunError {
    match error.kind() {
        io::ErrorKind::BrokenPipe => RunError::OutputClosed,
        _ => RunError::Outside { code: E0702, message: format!("`{}` cannot be written: {error}", path.display()) },
    }
}
