//! What is done about damaged files: the libraries fail for most of them and panic for a few, which is a failure too.

use crate::error::RunError;
use pipelang_lang::codes::E0507;
use std::cell::Cell;
use std::fmt::Display;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

/// No page or buffer of a file may claim to unpack to more than this, unless it is large itself.
const MOST_UNPACKED: u64 = 256 << 20;

/// How many times larger than itself a large one may claim to be.
const MOST_TIMES: u64 = 1024;

/// Whether packed bytes may unpack to so many.
pub(super) fn may_unpack(packed: u64, unpacked: u64) -> bool {
    unpacked <= MOST_UNPACKED.max(packed.saturating_mul(MOST_TIMES))
}

/// What the libraries put before what they have to say.
const PREFIXES: [&str; 8] = [
    "Parquet error: ",
    "Parquet argument error: ",
    "Parser error: ",
    "External: ",
    "External error: ",
    "Arrow: ",
    "EOF: ",
    "Ipc error: ",
];

/// E0507
pub fn damaged(file: &str, why: impl Display) -> RunError {
    let why = why.to_string();
    let mut why = why.as_str();
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| why.strip_prefix(prefix)) {
        why = rest;
    }
    RunError::Outside { code: E0507, message: format!("`{file}` is damaged: {why}") }
}

thread_local! {
    /// Whether a panic on this thread is only the way in which a library says that a file is damaged.
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Does some work on a file in a library; where that fails or panics, the file is damaged.
pub fn guarded<T, E: Display>(file: &str, work: impl FnOnce() -> Result<T, E>) -> Result<T, RunError> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IS_GUARDED.get() {
                before(info);
            }
        }));
    });
    let was_guarded = IS_GUARDED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    IS_GUARDED.set(was_guarded);
    match result {
        Ok(result) => result.map_err(|error| damaged(file, error)),
        Err(_) => Err(damaged(file, "what stands in it contradicts itself")),
    }
}
