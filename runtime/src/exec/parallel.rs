//! Morsels over rayon, in order. The only file that knows rayon, with `parallel/patient.rs`.
//!
//! Workers claim morsels one after the other, work on them side by side, and what they made is committed in the order of
//! the claims. At most `WINDOW` morsels a worker are between claim and commit: back-pressure with counters alone. A
//! worker that may not claim commits what is ready, or yields; only who claims may wait, for a reader. When a commit says stop, nothing more is
//! claimed and what later morsels made is dropped: so `take`, and the earliest error, are the same for any schedule.

mod patient;

use crate::error::{RunError, panic_text};
use crate::limits::Watch;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;
use std::cmp::Ordering as Order;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};

/// Morsels in flight for each worker, where they are not small.
pub const WINDOW: u64 = 4;

/// A pool of threads that a host has already.
pub use rayon::ThreadPool as HostPool;

/// The threads of an engine, started when first needed.
#[derive(Clone, Debug)]
pub struct Pool {
    threads: usize,
    pool: Arc<OnceLock<Option<Arc<HostPool>>>>,
}

impl Pool {
    /// No pool has more: beyond all processors they only wait for each other.
    pub const MOST_THREADS: usize = 1024;

    /// A pool of so many threads, at most [`Pool::MOST_THREADS`]; 0 is as many as there are processors.
    pub fn new(threads: usize) -> Pool {
        let available = || std::thread::available_parallelism().map_or(1, |n| n.get());
        let threads = if threads == 0 { available() } else { threads };
        Pool { threads: threads.min(Pool::MOST_THREADS), pool: Arc::default() }
    }

    /// The threads that a host has already.
    pub fn of(pool: Arc<HostPool>) -> Pool {
        Pool { threads: pool.current_num_threads(), pool: Arc::new(OnceLock::from(Some(pool))) }
    }

    /// How many threads it has, started or not.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// The started pool; none if the system gives no threads, and then everything runs on the caller's.
    fn started(&self) -> Option<&rayon::ThreadPool> {
        let start = || {
            let name = |n| format!("pipe-{n}");
            rayon::ThreadPoolBuilder::new().num_threads(self.threads).thread_name(name).build().ok().map(Arc::new)
        };
        self.pool.get_or_init(start).as_deref()
    }

    /// Whether this is one of its threads.
    pub fn is_here(&self) -> bool {
        self.pool.get().is_some_and(|pool| pool.as_ref().is_some_and(|pool| pool.current_thread_index().is_some()))
    }

    /// Sorts by `compare`, which never says equal of two items. If the run must stop the items are in no order.
    pub fn sort<T: Send>(
        &self,
        items: &mut [T],
        watch: &Watch,
        compare: impl Fn(&T, &T) -> Order + Send + Sync,
    ) -> Result<(), RunError> {
        let compare = |a: &T, b: &T| {
            watch.look();
            compare(a, b)
        };
        watch.sorting(|| match self.started() {
            Some(pool) if items.len() > 10_000 && self.threads > 1 => {
                pool.install(|| items.par_sort_unstable_by(compare));
            }
            _ => items.sort_unstable_by(compare),
        })
    }

    /// Frees what takes long to be freed behind the caller's back, if there are threads for that.
    pub fn free(&self, what: impl Send + 'static) {
        if let Some(Some(pool)) = self.pool.get() {
            // A value of the host may panic when it is dropped.
            pool.spawn(move || {
                let _ = catch_unwind(AssertUnwindSafe(|| drop(what))).map_err(std::mem::forget);
            });
        }
    }

    /// Lets each thread ask for a block that is not small. glibc's `malloc` brings together then what small blocks of that thread's have
    /// been freed, by whomever: left until there are ten million of them it takes a second, in which nobody can stop it.
    pub fn gather_freed(&self) {
        let ask = || drop(std::hint::black_box(Vec::<u8>::with_capacity(4096)));
        ask();
        if let Some(Some(pool)) = self.pool.get() {
            pool.spawn_broadcast(move |_| ask());
        }
    }

    /// What `f` makes of each item, side by side if there are several and `threads` is not 1.
    pub fn map<T: Sync, O: Send>(&self, threads: usize, items: &[T], f: impl Fn(&T) -> O + Send + Sync) -> Vec<O> {
        match self.started() {
            Some(pool) if items.len() > 1 && threads != 1 => pool.install(|| items.par_iter().map(f).collect()),
            _ => items.iter().map(f).collect(),
        }
    }
}

/// What [`ordered`] does with each morsel.
pub struct Work<'a, M, O> {
    /// The next morsel; called by one worker at a time.
    pub claim: &'a mut (dyn FnMut() -> Option<M> + Send),
    /// What is made of it: worker, number of the morsel, morsel.
    pub work: &'a (dyn Fn(usize, u64, M) -> O + Sync),
    /// What is done with that, in the order of the claims; called by one worker at a time.
    pub commit: &'a mut (dyn FnMut(O) -> ControlFlow<()> + Send),
}

/// How workers go about it.
#[derive(Clone, Copy)]
pub enum Schedule {
    /// Whoever is free commits. With `spread`, no worker claims a second morsel before another has claimed its first (for
    /// tests).
    Eager {
        /// Morsels in flight for each worker: where there are more, a worker that the system lets wait for a while keeps the
        /// others at work for longer.
        window: u64,
        /// For tests.
        spread: bool,
    },
    /// Commits may block for long: they are made by the caller's thread (`patient.rs`).
    Patient,
}

/// Runs all morsels on at most `threads` workers and says how many of them had one.
pub fn ordered<M: Send, O: Send>(
    pool: &Pool,
    threads: usize,
    schedule: Schedule,
    work: Work<M, O>,
) -> Result<usize, RunError> {
    let threads = threads.clamp(1, pool.threads());
    let pool = if threads > 1 { pool.started() } else { None };
    let Some(pool) = pool else { return Ok(one_worker(work)) };
    let run = || match schedule {
        Schedule::Eager { window, spread } => eager(pool, threads, (window, spread), work),
        Schedule::Patient => patient::run(pool, threads, work),
    };
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| RunError::Internal(panic_text(&*panic).to_string()))
}

fn eager<M: Send, O: Send>(
    pool: &rayon::ThreadPool,
    threads: usize,
    (window, spread): (u64, bool),
    work: Work<M, O>,
) -> usize {
    let shared = Shared {
        claim: Mutex::new(work.claim),
        claimed: AtomicU64::new(0),
        exhausted: AtomicBool::new(false),
        work: work.work,
        ring: Mutex::new(BTreeMap::new()),
        commit: Mutex::new(work.commit),
        committed: AtomicU64::new(0),
        stopped: AtomicBool::new(false),
        workers: AtomicUsize::new(0),
        window: window * threads as u64,
        spread,
    };
    let shared = &shared;
    pool.scope(|scope| (0..threads).for_each(|worker| scope.spawn(move |_| shared.worker(worker))));
    shared.workers.load(Ordering::Acquire)
}

fn one_worker<M, O>(work: Work<M, O>) -> usize {
    let mut number = 0;
    while let Some(morsel) = (work.claim)() {
        let made = (work.work)(0, number, morsel);
        number += 1;
        if (work.commit)(made).is_break() {
            break;
        }
    }
    usize::from(number > 0)
}

/// What gives the next morsel.
type Claim<'a, M> = &'a mut (dyn FnMut() -> Option<M> + Send);

struct Shared<'a, M, O> {
    claim: Mutex<Claim<'a, M>>,
    claimed: AtomicU64,
    exhausted: AtomicBool,
    work: &'a (dyn Fn(usize, u64, M) -> O + Sync),
    ring: Mutex<BTreeMap<u64, O>>,
    commit: Mutex<&'a mut (dyn FnMut(O) -> ControlFlow<()> + Send)>,
    committed: AtomicU64,
    stopped: AtomicBool,
    workers: AtomicUsize,
    window: u64,
    spread: bool,
}

impl<'a, M: Send, O: Send> Shared<'a, M, O> {
    fn worker(&self, worker: usize) {
        let mut claims = 0;
        let mut waits = 0;
        while !self.stopped.load(Ordering::Acquire) && !self.exhausted.load(Ordering::Acquire) {
            // In this order: what is committed was claimed before.
            let committed = self.committed.load(Ordering::Acquire);
            let in_flight = self.claimed.load(Ordering::Acquire) - committed;
            let alone = self.spread && claims > 0 && self.workers.load(Ordering::Acquire) < 2;
            if in_flight >= self.window || alone {
                self.drain();
                wait(&mut waits);
                continue;
            }
            let Some((number, morsel)) = self.next() else { break };
            if claims == 0 {
                self.workers.fetch_add(1, Ordering::AcqRel);
            }
            (claims, waits) = (claims + 1, 0);
            let made = stopping(&self.stopped, || (self.work)(worker, number, morsel));
            lock(&self.ring).insert(number, made);
            self.drain();
        }
        self.drain();
    }

    fn next(&self) -> Option<(u64, M)> {
        let mut claim = self.turn()?;
        if self.exhausted.load(Ordering::Acquire) || self.stopped.load(Ordering::Acquire) {
            return None;
        }
        match stopping(&self.stopped, &mut **claim) {
            Some(morsel) => Some((self.claimed.fetch_add(1, Ordering::AcqRel), morsel)),
            None => {
                self.exhausted.store(true, Ordering::Release);
                None
            }
        }
    }

    /// The lock under which is claimed; none when nothing is claimed any more. Who claims may wait for a reader: then the others
    /// do what else there is to do for threads of the pool.
    fn turn(&self) -> Option<MutexGuard<'_, Claim<'a, M>>> {
        const WAITS_OF_A_READER: u32 = 200;
        let mut waits = 0;
        loop {
            match self.claim.try_lock() {
                Ok(claim) => return Some(claim),
                Err(TryLockError::Poisoned(claim)) => return Some(claim.into_inner()),
                Err(TryLockError::WouldBlock) if self.stopped.load(Ordering::Acquire) => return None,
                Err(TryLockError::WouldBlock) => {}
            }
            self.drain();
            if waits < WAITS_OF_A_READER || rayon::yield_now() != Some(rayon::Yield::Executed) {
                wait(&mut waits);
            }
        }
    }

    /// Commits what is ready, unless somebody else is at it; who is at it looks again before leaving.
    fn drain(&self) {
        loop {
            let Ok(mut commit) = self.commit.try_lock() else { return };
            while !self.stopped.load(Ordering::Acquire) {
                let Some(made) = lock(&self.ring).remove(&self.committed.load(Ordering::Acquire)) else { break };
                if stopping(&self.stopped, || commit(made)).is_break() {
                    self.stopped.store(true, Ordering::Release);
                }
                self.committed.fetch_add(1, Ordering::AcqRel);
            }
            drop(commit);
            let more = lock(&self.ring).contains_key(&self.committed.load(Ordering::Acquire));
            if !more || self.stopped.load(Ordering::Acquire) {
                return;
            }
        }
    }
}

/// Does what may panic: the others are stopped then, before anyone else has the lock under which it was done. What was claimed,
/// made or committed of the morsel will never be whole.
fn stopping<T>(stopped: &AtomicBool, work: impl FnOnce() -> T) -> T {
    let guard = StopOnPanic(stopped);
    let made = work();
    std::mem::forget(guard);
    made
}

struct StopOnPanic<'a>(&'a AtomicBool);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Gives the processor away; for longer, the longer there is nothing to do.
fn wait(waits: &mut u32) {
    *waits += 1;
    if *waits < 50 { std::thread::yield_now() } else { std::thread::sleep(std::time::Duration::from_micros(50)) }
}

/// A panic elsewhere is reported by rayon; the data behind the lock is not used after one.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(schedule: Schedule, threads: usize, morsels: u64, stop_at: u64) -> (Vec<u64>, usize) {
        let (mut next, mut out) = (0, Vec::new());
        let workers = ordered(
            &Pool::new(4),
            threads,
            schedule,
            Work {
                claim: &mut || {
                    next += 1;
                    (next <= morsels).then_some(next - 1)
                },
                work: &|_, number, morsel: u64| {
                    assert_eq!(number, morsel);
                    std::thread::sleep(std::time::Duration::from_micros((morsel * 7919) % 50));
                    morsel * 2
                },
                commit: &mut |made| {
                    out.push(made);
                    if made == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                },
            },
        );
        (out, workers.expect("nothing panics"))
    }

    #[test]
    fn commits_come_in_order() {
        let spread = Schedule::Eager { window: WINDOW, spread: true };
        for (threads, schedule) in [1, 2, 4].into_iter().flat_map(|n| [(n, spread), (n, Schedule::Patient)]) {
            assert_eq!(run(schedule, threads, 200, u64::MAX).0, (0..200).map(|n| n * 2).collect::<Vec<_>>());
            assert_eq!(run(schedule, threads, 200, 20).0, (0..=10).map(|n| n * 2).collect::<Vec<_>>());
            assert_eq!(run(schedule, threads, 0, 0), (Vec::new(), 0));
        }
        assert!(run(spread, 4, 50, u64::MAX).1 >= 2);
    }

    #[test]
    fn a_panic_ends_a_run_wherever_it_is() {
        for (schedule, place) in [Schedule::Eager { window: WINDOW, spread: false }, Schedule::Patient]
            .into_iter()
            .flat_map(|schedule| ["claim", "work", "commit"].map(|place| (schedule, place)))
        {
            let (committed, result) = panics(schedule, place);
            assert!(matches!(result, Err(RunError::Internal(text)) if text.contains("boom")), "{place}");
            assert!(committed.iter().copied().eq(0..committed.len() as u64), "{place}: {committed:?}");
            assert!(committed.len() <= 1000, "{place}: nothing comes from behind it");
        }
    }

    /// A thousand morsels, then a panic, and no end; what was committed.
    fn panics(schedule: Schedule, place: &str) -> (Vec<u64>, Result<usize, RunError>) {
        let boom = |at: &str, number: u64| assert!(at != place || number != 1000, "boom");
        let (mut claimed, mut committed) = (0, Vec::new());
        let result = ordered(
            &Pool::new(2),
            2,
            schedule,
            Work {
                claim: &mut || {
                    claimed += 1;
                    boom("claim", claimed - 1);
                    Some(())
                },
                work: &|_, number, ()| {
                    boom("work", number);
                    number
                },
                commit: &mut |number| {
                    boom("commit", number);
                    committed.push(number);
                    ControlFlow::Continue(())
                },
            },
        );
        (committed, result)
    }
}
