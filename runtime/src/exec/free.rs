//! Rows that take long to be freed: millions of lists and records, one by one, with looks whether the run must stop.

use super::parallel::Pool;
use crate::batch::Batch;
use crate::limits::Watch;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// After so long what has been freed is gathered.
const BETWEEN_GATHERINGS: Duration = Duration::from_millis(5);

/// Frees batches; behind the caller's back what is left when the run must stop.
pub fn free(mut batches: Vec<Batch>, pool: &Pool, watch: &Watch) {
    let gathered = Cell::new(Instant::now());
    let stop = || {
        if gathered.get().elapsed() >= BETWEEN_GATHERINGS {
            pool.gather_freed();
            gathered.set(Instant::now());
        }
        watch.check().is_err()
    };
    while let Some(last) = batches.last_mut() {
        last.free_until(&stop);
        if watch.check().is_err() {
            return pool.free(batches);
        }
        batches.pop();
    }
}
