//! What a run may use, and how it is stopped.

use crate::error::RunError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Stops runs from another thread. Clones share one flag.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// A token that nobody has cancelled.
    pub fn new() -> CancelToken {
        CancelToken::default()
    }

    /// Stops every run that has this token, soon.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Takes it back, for the next run.
    pub fn reset(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a run is held to; looked at between batches.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// Cancelled by somebody else.
    pub cancel: CancelToken,
    /// When it must have ended, and the limit as the user set it.
    pub deadline: Option<(Instant, Duration)>,
}

impl Watch {
    /// Fails if the run must stop.
    pub fn check(&self) -> Result<(), RunError> {
        if self.cancel.is_cancelled() {
            return Err(RunError::Cancelled);
        }
        match self.deadline {
            Some((deadline, limit)) if Instant::now() > deadline => {
                Err(RunError::Limit(format!("the run took longer than its limit of {limit:?}")))
            }
            _ => Ok(()),
        }
    }
}
