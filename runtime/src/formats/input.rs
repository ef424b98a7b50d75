//! What a format reads: a file, or what the host gives as stdin.

use super::encoding::TextEncoding;
use super::{Stdin, files};
use crate::error::RunError;
use crate::progress::Progress;
use std::io::Read;

/// Where the bytes come from.
#[derive(Clone, Debug)]
pub enum Input {
    /// The file at the path.
    File,
    /// The same, whose bytes are counted.
    Counted(Progress),
    /// Stdin, to see what it is.
    Look(Stdin),
    /// Stdin, to read it; its bytes are counted.
    Take(Stdin, Progress),
}

impl Input {
    /// The text as UTF-8, decompressed; `path` names it.
    pub fn open_text(&self, path: &str, encoding: TextEncoding) -> Result<Box<dyn Read + Send>, RunError> {
        Ok(encoding.decoded(self.open(path)?))
    }

    /// The bytes, decompressed; `path` names them.
    pub fn open(&self, path: &str) -> Result<Box<dyn Read + Send>, RunError> {
        let opened = match self {
            Input::File => files::open(path, None),
            Input::Counted(progress) => files::open(path, Some(progress)),
            Input::Look(stdin) => stdin.look(),
            Input::Take(stdin, progress) => {
                stdin.take().map(|stream| Box::new(progress.reading(stream)) as Box<dyn Read + Send>)
            }
        };
        opened.map_err(|error| files::unopened(path, &error))
    }

    /// Where its bytes are counted.
    pub fn progress(&self) -> Progress {
        match self {
            Input::Counted(progress) | Input::Take(_, progress) => progress.clone(),
            Input::File | Input::Look(_) => Progress::default(),
        }
    }

    /// Whether more may come at any time, so that nobody waits for a full block.
    pub fn is_live(&self) -> bool {
        !self.is_file()
    }

    /// Whether it has a path that can be opened again.
    pub fn is_file(&self) -> bool {
        matches!(self, Input::File | Input::Counted(_))
    }
}
