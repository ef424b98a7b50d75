//! Files that are written beside their place and put there when they are complete.
//!
//! A process that is killed leaves such a file behind. Whoever writes one holds a lock on it, which ends with the process
//! whatever becomes of it: a file without one is nobody's, and the next that writes into the same folder removes it.

use std::fs::{self, File, Metadata, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// What the names of such files begin and end with.
const PREFIX: &str = ".pipe-";
const SUFFIX: &str = ".tmp";

/// How often another name is tried: somebody may take a file that is not locked yet for one that was left behind.
const TRIES: usize = 16;

/// A file that is being written, gone unless it is put into its place.
pub(super) struct Beside {
    file: NamedTempFile,
    place: PathBuf,
}

impl Beside {
    /// Begins a file that is to stand at `place`, where a file that is known stands now, or none.
    pub fn new(place: PathBuf, known: Option<&Metadata>) -> io::Result<Beside> {
        let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        remove_left_behind(folder);
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).suffix(SUFFIX);
        #[cfg(unix)]
        if known.is_none() {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        for _ in 0..TRIES {
            // The name of the file that could not be made tells nobody anything.
            let file = builder.tempfile_in(folder).map_err(|error| io::Error::from(error.kind()))?;
            if !is_locked(&file) {
                continue;
            }
            if let Some(known) = known {
                file.as_file().set_permissions(known.permissions())?;
            }
            return Ok(Beside { file, place });
        }
        Err(io::Error::other("the file that is to be written beside it is taken away"))
    }

    /// It is complete: its bytes are on the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.as_file().sync_all()
    }

    /// Puts it into its place.
    pub fn put(self) -> io::Result<()> {
        self.file.persist(self.place).map(|_| ()).map_err(|error| error.error)
    }
}

impl Write for Beside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_file_mut().flush()
    }
}

/// Locks a new file. Where there are no locks nobody removes anything, and it needs none.
fn is_locked(file: &NamedTempFile) -> bool {
    match file.as_file().try_lock() {
        Ok(()) => file.path().exists(),
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => true,
    }
}

/// Removes the files of processes that are no more. What cannot be looked at or removed stays.
fn remove_left_behind(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        if !is_ours || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let path = entry.path();
        if let Ok(file) = File::open(&path)
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(path);
        }
    }
}
