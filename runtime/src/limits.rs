//! What a run may use, and how it is stopped.

use crate::error::RunError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Stops runs from another thread. Clones share one flag.
#[derive(Clone, Debug, Default)]
pub struct CancelToken {
    own: Arc<AtomicBool>,
    /// Of the token that this one was made of.
    above: Option<Arc<AtomicBool>>,
}

impl CancelToken {
    /// A token that nobody has cancelled.
    pub fn new() -> CancelToken {
        CancelToken::default()
    }

    /// A token of its own that is cancelled with this one too. (One that was made so itself has none below.)
    pub fn below(&self) -> CancelToken {
        CancelToken { own: Arc::default(), above: Some(self.own.clone()) }
    }

    /// Stops every run that has this token, soon.
    pub fn cancel(&self) {
        self.own.store(true, Ordering::Relaxed);
    }

    /// Takes it back, for the next run.
    pub fn reset(&self) {
        self.own.store(false, Ordering::Relaxed);
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.own.load(Ordering::Relaxed) || self.above.as_ref().is_some_and(|above| above.load(Ordering::Relaxed))
    }
}

/// So much of something for all statements and threads of a run.
#[derive(Debug)]
pub struct Budget {
    limit: u64,
    left: AtomicU64,
}

impl Budget {
    /// A budget of which nothing is spent.
    pub fn new(limit: u64) -> Budget {
        Budget { limit, left: AtomicU64::new(limit) }
    }

    /// How much there was.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Takes so much of what is left, or all of it; what was taken.
    pub fn take(&self, wanted: u64) -> u64 {
        let before =
            self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(wanted)));
        before.unwrap_or_else(|left| left).min(wanted)
    }
}

/// What a run is held to; looked at before each chunk of rows and call of a function, and every so often in functions
/// that call themselves.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// Cancelled by somebody else.
    pub cancel: CancelToken,
    /// When it must have ended, and the limit as the user set it.
    pub deadline: Option<(Instant, Duration)>,
    /// How much work it may do.
    pub fuel: Option<Arc<Budget>>,
    /// How often was looked, if somebody counts.
    pub looks: Option<Arc<AtomicU64>>,
}

impl Watch {
    /// Fails if the run must stop.
    pub fn check(&self) -> Result<(), RunError> {
        if let Some(looks) = &self.looks {
            looks.fetch_add(1, Ordering::Relaxed);
        }
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

    /// Fails if the run must stop before so much work.
    pub fn spend(&self, units: u64) -> Result<(), RunError> {
        if let Some(fuel) = self.fuel.as_ref().filter(|fuel| fuel.take(units) < units) {
            return Err(RunError::Limit(format!("the run used up its fuel of {} units", fuel.limit())));
        }
        self.check()
    }
}
