//! Morsels whose commits may block: somebody takes the results one after the other, and has other things to do.
//!
//! The caller's thread commits; workers claim as long as there is room, and end where there is none. So no thread of the
//! pool ever waits for whoever takes the results, who may use the same pool meanwhile.

use super::{WINDOW, Work, lock, stopping};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

struct Shared<'a, M, O> {
    claim: Mutex<&'a mut (dyn FnMut() -> Option<M> + Send)>,
    work: &'a (dyn Fn(usize, u64, M) -> O + Sync),
    state: Mutex<State<O>>,
    /// Signalled when something was made, and when a worker ends.
    changed: Condvar,
    /// Nothing more is claimed: the caller has seen enough, or a worker has panicked.
    stopped: AtomicBool,
    window: u64,
}

struct State<O> {
    made: BTreeMap<u64, O>,
    claimed: u64,
    committed: u64,
    exhausted: bool,
    /// The numbers of workers that do not run.
    idle: Vec<usize>,
    /// How many have had a morsel.
    used: Vec<bool>,
}

/// Runs all morsels; how many workers had one.
pub fn run<M: Send, O: Send>(pool: &rayon::ThreadPool, threads: usize, work: Work<M, O>) -> usize {
    let state = State {
        made: BTreeMap::new(),
        claimed: 0,
        committed: 0,
        exhausted: false,
        idle: (0..threads).collect(),
        used: vec![false; threads],
    };
    let shared = Shared {
        claim: Mutex::new(work.claim),
        work: work.work,
        state: Mutex::new(state),
        changed: Condvar::new(),
        stopped: AtomicBool::new(false),
        window: WINDOW * threads as u64,
    };
    let shared = &shared;
    let commit = work.commit;
    pool.in_place_scope(|scope| {
        while let Some(made) = shared.next(threads, &|worker| scope.spawn(move |_| shared.worker(worker))) {
            if stopping(&shared.stopped, || commit(made)).is_break() {
                shared.stopped.store(true, Ordering::Release);
            }
        }
    });
    lock(&shared.state).used.iter().filter(|used| **used).count()
}

impl<M: Send, O: Send> Shared<'_, M, O> {
    /// What comes next in order, after starting workers for the room that there is; none at the end.
    fn next(&self, threads: usize, start: &dyn Fn(usize)) -> Option<O> {
        let mut state = lock(&self.state);
        loop {
            if self.stopped.load(Ordering::Acquire) {
                return None;
            }
            let next = state.committed;
            let made = state.made.remove(&next);
            state.committed += u64::from(made.is_some());
            while !state.exhausted && state.claimed - state.committed < self.window {
                let Some(worker) = state.idle.pop() else { break };
                start(worker);
            }
            if made.is_some() {
                return made;
            }
            let at_end = state.exhausted && state.idle.len() == threads && state.claimed == state.committed;
            if at_end {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn worker(&self, worker: usize) {
        let guard = Ended(self, worker);
        while let Some((number, morsel)) = self.claim(worker) {
            let made = stopping(&self.stopped, || (self.work)(worker, number, morsel));
            lock(&self.state).made.insert(number, made);
            self.changed.notify_all();
        }
        drop(guard);
    }

    fn claim(&self, worker: usize) -> Option<(u64, M)> {
        // Numbers are given in the order of the claims.
        let mut claim = lock(&self.claim);
        let has_room = |state: &State<O>| !state.exhausted && state.claimed - state.committed < self.window;
        if self.stopped.load(Ordering::Acquire) || !has_room(&lock(&self.state)) {
            return None;
        }
        let morsel = stopping(&self.stopped, &mut **claim);
        let mut state = lock(&self.state);
        state.exhausted |= morsel.is_none();
        let number = state.claimed;
        state.claimed += u64::from(morsel.is_some());
        state.used[worker] |= morsel.is_some();
        morsel.map(|morsel| (number, morsel))
    }
}

/// Says that a worker has ended, by a panic too.
struct Ended<'s, 'a, M, O>(&'s Shared<'a, M, O>, usize);

impl<M, O> Drop for Ended<'_, '_, M, O> {
    fn drop(&mut self) {
        lock(&self.0.state).idle.push(self.1);
        self.0.changed.notify_all();
    }
}
