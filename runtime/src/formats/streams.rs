//! The streams that scripts read: `stdin`, and whatever has a path but is no plain file.

use super::ByteStream;
use crate::error::RunError;
use crate::limits::Watch;
use pipelang_lang::ir::Supply;
use std::collections::BTreeMap;
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};

/// What comes once. Clones share what has been opened: a script looks at a stream when it is compiled, and reads on when
/// it runs.
#[derive(Clone, Debug, Default)]
pub struct Streams {
    /// What scripts read as `stdin`.
    pub stdin: Option<ByteStream>,
    /// What stands at paths.
    opened: Arc<Mutex<BTreeMap<Arc<str>, ByteStream>>>,
}

impl Streams {
    /// With this as `stdin`.
    pub fn of(stdin: Option<ByteStream>) -> Streams {
        Streams { stdin, opened: Arc::default() }
    }

    /// What stands at a path, to see what it is. It is opened once for everybody who looks before somebody takes it.
    pub fn look(&self, path: &Arc<str>) -> ByteStream {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = opened.get(path).filter(|known| !known.is_taken()) {
            return known.clone();
        }
        let name = path.clone();
        let stream = ByteStream::aside(move || File::open(&*name), None);
        opened.insert(path.clone(), stream.clone());
        stream
    }

    /// What a run reads, which may be stopped while it waits; none of what can be opened again.
    pub fn for_run(&self, supply: Supply, path: &Arc<str>, watch: &Watch) -> Result<Option<ByteStream>, RunError> {
        let opened = || self.opened.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        let stream = match supply {
            Supply::Files => return Ok(None),
            Supply::Stdin => self.stdin.clone(),
            Supply::Stream => opened(),
        };
        let stream = stream.ok_or_else(|| RunError::Internal(format!("`{path}` was not opened")))?;
        stream.watch(watch);
        Ok(Some(stream))
    }
}
