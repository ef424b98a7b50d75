//! How far a run is, for whoever shows it. It is counted in passing, by any thread and in no order; results never depend
//! on it. The oracle counts nothing but what it gives.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How far a run is. Clones share their counts.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    bytes_read: AtomicU64,
    rows_read: AtomicU64,
    rows_out: AtomicU64,
}

impl Progress {
    /// Bytes of files that are done with, as they are on disk; of a file of columns also those of columns that nobody
    /// wants.
    pub fn bytes_read(&self) -> u64 {
        self.0.bytes_read.load(Ordering::Relaxed)
    }

    /// Rows of files, tables, lists and ranges.
    pub fn rows_read(&self) -> u64 {
        self.0.rows_read.load(Ordering::Relaxed)
    }

    /// Rows of results.
    pub fn rows_out(&self) -> u64 {
        self.0.rows_out.load(Ordering::Relaxed)
    }

    pub(crate) fn add_bytes_read(&self, bytes: u64) {
        self.0.bytes_read.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn add_rows_read(&self, rows: usize) {
        self.0.rows_read.fetch_add(rows as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_rows_out(&self, rows: usize) {
        self.0.rows_out.fetch_add(rows as u64, Ordering::Relaxed);
    }

    /// A reader whose bytes are counted.
    pub(crate) fn reading<R>(&self, inner: R) -> Counting<R> {
        Counting { inner, progress: self.clone() }
    }
}

/// Counts what is read.
#[derive(Debug)]
pub(crate) struct Counting<R> {
    inner: R,
    progress: Progress,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.progress.add_bytes_read(count as u64);
        Ok(count)
    }
}
