//! What of the file system a script may touch: nothing, unless the host grants it.

use crate::given::Given;
use crate::grant::{Grant, Kind};
use crate::input::Wanted;
use pipelang_lang::catalog::{ReadRequest, Sources, TableInfo, WriteRequest};
use pipelang_lang::codes::{E0405, E0408};
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::source::{SourceId, Span};
use pipelang_lang::ty::{Schema, Type};
use pipelang_runtime::formats::{self, FileSources, Streams};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Scripts may read a file, or the files below a folder. Symbolic links are followed before it is judged.
pub fn read_only(path: impl Into<PathBuf>) -> Grant {
    Grant(Kind::ReadBelow(path.into()))
}

/// Scripts may read whatever the process may read.
pub fn read_everything() -> Grant {
    Grant(Kind::ReadAll)
}

/// Scripts may write a file, or files below a folder. Symbolic links are followed before it is judged.
pub fn write_below(path: impl Into<PathBuf>) -> Grant {
    Grant(Kind::WriteBelow(path.into()))
}

/// Scripts may write whatever the process may write.
pub fn write_everything() -> Grant {
    Grant(Kind::WriteAll)
}

/// The files that are granted, and the tables that a host binds.
pub(crate) struct HostSources<'a> {
    pub(crate) grants: &'a [Grant],
    pub(crate) streams: &'a Streams,
    /// The most bytes of a record, if fewer than otherwise.
    pub(crate) record_bytes: Option<usize>,
    /// What every script has.
    pub(crate) given: &'a Given,
    /// The tables of this program; they hide those of the engine.
    pub(crate) inputs: &'a [Wanted],
    /// Whether the types of a file's columns must be said.
    pub(crate) locked: bool,
}

impl Sources for HostSources<'_> {
    fn describe(&self, request: &ReadRequest) -> Result<TableInfo, Box<Diagnostic>> {
        let files = if request.stdin { None } else { self.granted_files(request)? };
        let info = self.files().describe_files(request, files)?;
        if self.locked && info.inferred { Err(Box::new(inferred(request, &info))) } else { Ok(info) }
    }

    fn target(&self, request: &WriteRequest) -> Result<&'static str, Box<Diagnostic>> {
        if !self.grants.iter().any(|grant| grant.allows_writing(&request.path)) {
            let help = "the host of this script grants no such file for writing";
            let message = "this program may not write this file";
            return Err(Box::new(Diagnostic::error(E0405, request.span, message).help(help)));
        }
        self.files().target(request)
    }

    fn constant(&self, name: &str) -> Option<(Scalar, Type)> {
        self.given.constant(name).map(|constant| (constant.value.clone(), constant.ty.clone()))
    }

    fn clock(&self) -> bool {
        self.grants.iter().any(|grant| matches!(grant.0, Kind::Clock(_)))
    }

    fn environment(&self) -> bool {
        self.grants.iter().any(|grant| matches!(grant.0, Kind::Environment(_)))
    }

    fn bound(&self, name: &str) -> Option<Schema> {
        self.tables().find(|table| *table.name == *name).map(|table| table.schema.clone())
    }

    fn bound_type(&self, name: &str) -> Option<Schema> {
        self.tables().find(|table| *table.row == *name).map(|table| table.schema.clone())
    }

    fn bound_names(&self) -> Vec<Arc<str>> {
        self.tables().map(|table| table.name.clone()).collect()
    }

    fn module(&self, name: &str, span: Span) -> Result<String, Box<Diagnostic>> {
        self.granted(name, span)?;
        self.files().module(name, span)
    }

    fn module_identity(&self, name: &str) -> Arc<str> {
        match self.granted(name, Span::new(SourceId(0), 0, 0)) {
            Ok(()) => self.files().module_identity(name),
            Err(_) => name.into(),
        }
    }
}

impl HostSources<'_> {
    fn tables(&self) -> impl Iterator<Item = &Wanted> {
        self.inputs.iter().chain(self.given.wanted())
    }

    fn files(&self) -> FileSources {
        FileSources { streams: self.streams.clone(), record_bytes: self.record_bytes }
    }

    /// The files that a pattern names, all of which may be read; none of a plain path, which may be.
    fn granted_files(&self, request: &ReadRequest) -> Result<Option<Vec<Arc<str>>>, Box<Diagnostic>> {
        self.granted(&request.path, request.span)?;
        let files = formats::matching(&request.path);
        files.iter().flatten().try_for_each(|file| self.granted(file, request.span))?;
        Ok(files)
    }

    /// E0405 if a file may not be read.
    fn granted(&self, path: &str, span: Span) -> Result<(), Box<Diagnostic>> {
        if self.grants.iter().any(|grant| grant.allows_reading(path)) {
            return Ok(());
        }
        let granted: Vec<String> = self.grants.iter().filter_map(Grant::files).collect();
        let help = match granted.as_slice() {
            [] => "the host of this script grants no files".to_string(),
            granted => format!("the host of this script grants {}", granted.join(", ")),
        };
        Err(Box::new(Diagnostic::error(E0405, span, "this program may not read this file").help(help)))
    }
}

/// E0408: what a file's columns are was guessed from a sample, and the engine is locked.
fn inferred(request: &ReadRequest, info: &TableInfo) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0408, request.span, "the columns of this file are not declared")
        .saying("their types were inferred from a sample");
    match request.options.iter().find(|(name, ..)| &**name == "schema") {
        Some((_, span, _)) => diagnostic.label(*span, "this leaves the others open, by `..`"),
        None => request.offer(diagnostic, &format!("schema: {}", info.schema)),
    }
}

impl Grant {
    /// Whether scripts may read a file, or all below a folder. What links and `..` lead to is judged.
    ///
    /// ```
    /// let grant = pipelang::fs::read_only("src");
    /// assert!(grant.allows_reading("src/lib.rs") && !grant.allows_reading("src/../Cargo.toml"));
    /// assert!(!grant.allows_writing("src/lib.rs"));
    /// ```
    pub fn allows_reading(&self, path: &str) -> bool {
        match &self.0 {
            Kind::ReadAll => true,
            Kind::ReadBelow(root) => is_below(path, root),
            Kind::WriteAll | Kind::WriteBelow(_) | Kind::Clock(_) | Kind::Environment(_) | Kind::Stdin(_) => false,
        }
    }

    /// Whether scripts may write a file, or all below a folder.
    pub fn allows_writing(&self, path: &str) -> bool {
        match &self.0 {
            Kind::WriteAll => true,
            Kind::WriteBelow(root) => is_below(path, root),
            Kind::ReadAll | Kind::ReadBelow(_) | Kind::Clock(_) | Kind::Environment(_) | Kind::Stdin(_) => false,
        }
    }

    /// The files that it grants, in words.
    fn files(&self) -> Option<String> {
        match &self.0 {
            Kind::ReadAll => Some("all files".to_string()),
            Kind::ReadBelow(root) => Some(format!("`{}`", root.display())),
            Kind::WriteAll => Some("all files for writing".to_string()),
            Kind::WriteBelow(root) => Some(format!("`{}` for writing", root.display())),
            Kind::Clock(_) | Kind::Environment(_) | Kind::Stdin(_) => None,
        }
    }
}

fn is_below(path: &str, root: &Path) -> bool {
    match (real(root), real(Path::new(path))) {
        (Some(root), Some(path)) => path.starts_with(root),
        _ => false,
    }
}

/// The path without links and dots. A file that is not there is judged by its folder, so that asking tells nothing
/// about folders that are not granted; a pattern by the folder that it begins with.
fn real(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok().or_else(|| {
        let is_pattern = |part: &Path| part.to_string_lossy().contains(['*', '?', '[']);
        let whole = path;
        let path = whole.ancestors().find(|part| !part.parent().is_some_and(is_pattern))?;
        if whole.strip_prefix(path).ok()?.components().any(|part| part == Component::ParentDir) {
            return None;
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(folder.canonicalize().ok()?.join(path.file_name()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_below_is_not_granted() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("data");
        std::fs::create_dir(&inner).expect("a folder");
        std::fs::write(inner.join("a.csv"), "x\n1\n").expect("a file");
        std::fs::write(folder.path().join("secret.csv"), "x\n1\n").expect("a file");
        let grant = read_only(&inner);
        let allows = |path: PathBuf| grant.allows_reading(&path.to_string_lossy());
        assert!(allows(inner.join("a.csv")) && allows(inner.join("missing.csv")));
        assert!(!allows(inner.join("../secret.csv")) && !allows(folder.path().join("secret.csv")));
        assert!(!allows(inner.join("../missing/a.csv")));
        assert!(allows(inner.join("*.csv")) && allows(inner.join("**/x/*.csv")) && !allows(inner.join("../*.csv")));
        assert!(!allows(inner.join("*/../../*.csv")));
        assert!(read_everything().allows_reading("anything"));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(folder.path().join("secret.csv"), inner.join("link.csv")).expect("a link");
            assert!(!allows(inner.join("link.csv")));
        }
    }
}
