//! What becomes of targets when writing fails or the process ends: the file that was there stays as it was, or is the new
//! one, and nothing else is left in its folder.

mod ends;
mod limits;
mod streams;
mod writers;

use crate::cli::{self, path};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// What stands in a file before somebody writes to it.
const OLD: &str = "what was there before\n";

/// A folder with an old file of that name.
fn with_old(name: &str) -> (TempDir, String) {
    let folder = cli::folder(&[(name, OLD)]);
    let file = path(folder.path(), name);
    (folder, file)
}

/// The names of what is in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder can be listed");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The file is as it was before, and alone in its folder.
fn assert_untouched(folder: &TempDir, file: &str, why: &str) {
    assert_eq!(fs::read(file).expect("it is there"), OLD.as_bytes(), "{why}");
    assert_eq!(names(folder.path()).len(), 1, "{why}: {:?}", names(folder.path()));
}
