//! What a run may use, and how it is stopped.

use crate::error::RunError;
use crate::memory::Memory;
use std::cell::Cell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;
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

/// How often it was looked whether a run must stop, and how long that was not done, for tests.
#[derive(Debug)]
pub struct Looks {
    clock: fn() -> Duration,
    count: AtomicU64,
    longest: AtomicU64,
    /// When each thread has looked last.
    last: Mutex<HashMap<ThreadId, Duration>>,
}

impl Looks {
    /// Looks by a clock that goes on for each thread: one of what a thread does is not held up by what else the machine does.
    pub fn by(clock: fn() -> Duration) -> Looks {
        Looks { clock, count: AtomicU64::default(), longest: AtomicU64::default(), last: Mutex::default() }
    }

    /// How often.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// The longest time between two looks of a thread.
    pub fn longest(&self) -> Duration {
        Duration::from_nanos(self.longest.load(Ordering::Relaxed))
    }

    fn look(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
        let now = (self.clock)();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = last.insert(std::thread::current().id(), now) {
            let between = u64::try_from(now.saturating_sub(before).as_nanos()).unwrap_or(u64::MAX);
            self.longest.fetch_max(between, Ordering::Relaxed);
        }
    }
}

/// How much one piece of work may use, before it begins. Of each, none is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Units of work.
    pub fuel: Option<u64>,
    /// How long it may take.
    pub wall: Option<Duration>,
    /// Bytes of its values and operators.
    pub memory: Option<u64>,
    /// Bytes of a record of a text.
    pub record_bytes: Option<usize>,
}

impl Bounds {
    /// What work that begins now is held to.
    pub fn begin(&self) -> Watch {
        Watch {
            deadline: self.wall.and_then(|limit| Some((Instant::now().checked_add(limit)?, limit))),
            fuel: self.fuel.map(|units| Arc::new(Budget::new(units))),
            memory: self.memory.map_or(Memory::default(), Memory::of),
            record_bytes: self.record_bytes,
            ..Watch::default()
        }
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
    /// What its values and operators may hold.
    pub memory: Memory,
    /// The most bytes of a record that it reads, if fewer than otherwise.
    pub record_bytes: Option<usize>,
    /// Counts the looks, if somebody wants to know.
    pub looks: Option<Arc<Looks>>,
}

impl Watch {
    /// Fails if the run must stop.
    pub fn check(&self) -> Result<(), RunError> {
        if let Some(looks) = &self.looks {
            looks.look();
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

    /// A value for each of very many places.
    pub fn filled<T>(&self, count: usize, mut value: impl FnMut(usize) -> T) -> Result<Vec<T>, RunError> {
        const BETWEEN_LOOKS: usize = 1024;
        let mut values = Vec::with_capacity(count);
        for first in (0..count).step_by(BETWEEN_LOOKS) {
            self.check()?;
            values.extend((first..count.min(first + BETWEEN_LOOKS)).map(&mut value));
        }
        Ok(values)
    }

    /// Runs a sort whose comparisons call [`Watch::look`]. If the run must stop what it sorts is in no order.
    pub fn sorting<T>(&self, sort: impl FnOnce() -> T) -> Result<T, RunError> {
        catch_unwind(AssertUnwindSafe(sort)).or_else(|panic| match self.check() {
            Ok(()) => resume_unwind(panic),
            Err(stopped) => Err(stopped),
        })
    }

    /// Ends [`Watch::sorting`] if the run must stop: a sort has no way out but a panic, here one that is not told. Cheap
    /// enough for each pair of items, since the clock is not asked every time.
    pub fn look(&self) {
        const EVERY: u32 = 4096;
        thread_local!(static ASKED: Cell<u32> = const { Cell::new(0) });
        let asks_clock = self.deadline.is_some() && {
            let asked = ASKED.get().wrapping_add(1);
            ASKED.set(asked);
            asked.is_multiple_of(EVERY)
        };
        if self.cancel.is_cancelled() || asks_clock && self.check().is_err() {
            resume_unwind(Box::new("the run must stop"));
        }
    }
}
