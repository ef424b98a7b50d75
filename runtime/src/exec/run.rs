//! One pipeline while it runs: workers claim morsels, take them through the links up to the first passage, and hand the
//! rows to the end; what stands behind a passage runs in order, as rows are committed.

mod drain;
mod links;

use super::claim::{Claimed, Claims};
use super::expand::Expand;
use super::operator::{Given, Operator, lock};
use super::passage::Passages;
use super::pipeline::{self, Branch, End, Expansion, Link, Passage, Pipeline, Source};
use super::segment::Prepared;
use super::source::{self, MORSEL_ROWS, MORSEL_ROWS_OF_HOST, MORSEL_ROWS_OF_LISTS};
use super::staged::is_endless;
use super::{Encoded, Environment, OnError, Options, Sink, Stats, parallel};
use crate::batch::Batch;
use crate::error::RunError;
use crate::formats::tee::Tees;
use crate::memory::Share;
use crate::vector::Scratch;
use links::Path;
use parallel::{Schedule, Work};
use pipelang_lang::fault::{self, Fault};
use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// The ordinal of the first row of a morsel is its number shifted so far: more rows than that none of them has.
const ORDINAL_BITS: u32 = 40;

/// What the pipelines before gave; a failed one's error comes up where its rows would have.
pub type Results = Vec<Result<Given, RunError>>;

/// One pipeline while it runs.
pub struct Run<'a> {
    env: &'a Environment<'a>,
    pipeline: &'a Pipeline,
    options: &'a Options,
    tees: &'a Tees,
    threads: usize,
    own: Vec<Own<'a>>,
    common: Vec<Ready<'a>>,
    /// Why there are no rows behind all branches, if a table is not there.
    failed: Option<RunError>,
    passages: Vec<&'a Passage>,
    common_passages: Range<usize>,
    scratch: Vec<Mutex<Scratch>>,
    operators: Vec<Mutex<Operator>>,
    /// The operator of what comes in order. An operator must see its rows in order, so where workers push the rows of other
    /// branches by themselves it is none of theirs.
    in_order: usize,
}

/// What the rows of a branch go through by themselves.
struct Own<'a> {
    links: Vec<Ready<'a>>,
    passages: Range<usize>,
    /// Why no row comes to the end of them, if a table is not there. Then rows are only demanded so far.
    failed: Option<RunError>,
}

/// A link made ready to run.
enum Ready<'a> {
    Segment(Box<Prepared<'a>>),
    Expand(Expand<'a>),
    /// The passage of that number.
    Pass(usize),
}

/// What a worker made of a morsel.
struct Made {
    branch: usize,
    /// Whether it is the last word of a branch, which counts even if no more rows of it are wanted.
    last: bool,
    /// Rows for what happens in order; none if an operator has taken them.
    rows: Vec<Encoded>,
    /// Why there are no more.
    error: Option<RunError>,
    /// Why some were left out.
    rejected: Vec<RunError>,
    /// What the rows take until they are committed.
    held: Share,
}

/// What came of rows behind a passage.
#[derive(Default)]
struct Passed {
    /// The first that failed.
    error: Option<RunError>,
    /// Whether no further row can pass: then what comes after does not matter.
    full: bool,
}

impl<'a> Run<'a> {
    pub fn new(
        env: &'a Environment<'a>,
        pipeline: &'a Pipeline,
        options: &'a Options,
        tees: &'a Tees,
        results: &Results,
    ) -> Run<'a> {
        // Each value of an `iterate` needs the one before, and none is computed that nobody wants.
        let in_turn = pipeline.branches.iter().any(|branch| matches!(branch.source, Source::Iterate(_)));
        let threads = match options.threads {
            _ if in_turn => 1,
            0 => env.pool.threads(),
            threads => threads.min(env.pool.threads()),
        };
        let mut passages = Vec::new();
        let mut ready = |links: &'a [Link], behind: &'a [Link]| {
            let first = passages.len();
            let (mut ready, mut failed) = (Vec::new(), None);
            for (at, link) in links.iter().enumerate() {
                match link {
                    Link::Segment(segment) => {
                        let wants_places = pipeline::want_places(links[at + 1..].iter().chain(behind), env.plan);
                        ready.push(Ready::Segment(Box::new(Prepared::new(env, segment, options, wants_places))))
                    }
                    Link::Pass(passage) => {
                        ready.push(Ready::Pass(passages.len()));
                        passages.push(passage);
                    }
                    Link::Expand(expansion) => match Expand::new(expansion, results) {
                        Ok(expand) => ready.push(Ready::Expand(expand)),
                        Err(error) => {
                            failed = Some(error);
                            break;
                        }
                    },
                }
            }
            (ready, first..passages.len(), failed)
        };
        let own = pipeline.branches.iter().map(|branch| {
            let (links, passages, failed) = ready(&branch.links, &pipeline.links);
            Own { links, passages, failed }
        });
        let own: Vec<Own> = own.collect();
        let (common, common_passages, failed) = ready(&pipeline.links, &[]);
        let is_mixed =
            common_passages.is_empty() && own.iter().any(|own| own.passages.is_empty()) && !passages.is_empty();
        let operators = threads + usize::from(is_mixed);
        Run {
            env,
            pipeline,
            options,
            tees,
            threads,
            own,
            common,
            failed,
            passages,
            common_passages,
            // One more than there are workers: for what runs in order.
            scratch: (0..=threads).map(|_| Mutex::default()).collect(),
            operators: Operator::several(operators, env, &pipeline.end, results, options).map(Mutex::new).collect(),
            in_order: if is_mixed { threads } else { 0 },
        }
    }

    /// Runs all morsels; what a breaker gives is what later pipelines take up.
    pub fn run(self, results: &mut Results, sink: &mut Sink, stats: &mut Stats) -> Result<Given, RunError> {
        let mut passages =
            Passages::new(self.env, &self.passages, self.options, self.tees, !is_endless(self.pipeline, None))?;
        let full: Vec<AtomicBool> =
            self.own.iter().map(|own| AtomicBool::new(passages.is_full(own.passages.clone()))).collect();
        let sources = self.pipeline.branches.iter().map(|branch| &branch.source).collect();
        let makes_lists = |link: &Link| matches!(link, Link::Expand(Expansion::Explode { .. }));
        let most = if self.pipeline.all_links().any(makes_lists) { MORSEL_ROWS_OF_LISTS } else { MORSEL_ROWS };
        let rows = self.options.morsel_rows.unwrap_or(most).max(1);
        let mut claims = Claims::new(self.env, self.options, sources, rows, &full, results);
        claims.failed = self.own.iter().map(|own| own.failed.clone()).collect();
        claims.failed_at_last = self.failed.clone();
        claims.begin()?;
        if let Some(error) = claims.last_words().next().filter(|_| fault::is(Fault::RightErrorFirst)) {
            return Err(error.clone());
        }
        self.check_tables(&passages)?;
        let nothing_wanted = passages.is_full(self.common_passages.clone()) && claims.last_words().next().is_none();
        let mut error = None;
        let mut committed = 0u64;
        if !nothing_wanted {
            let mut morsels = 0;
            let encode = sink.encode;
            let accept = &mut *sink.accept;
            let workers = parallel::ordered(
                self.env.pool,
                self.threads,
                self.schedule(),
                Work {
                    claim: &mut || {
                        morsels += 1;
                        claims.next()
                    },
                    work: &|worker, number, claimed: Claimed| self.work(worker, number, claimed, encode),
                    commit: &mut |made| {
                        // As workers number what they push: some branches may have no passages.
                        passages.ordinal = committed << ORDINAL_BITS;
                        committed += 1;
                        match self.commit(made, &mut passages, &full, encode, accept) {
                            Ok(flow) => flow,
                            Err(first) => {
                                error = Some(first);
                                if fault::is(Fault::LaterErrorReported) {
                                    ControlFlow::Continue(())
                                } else {
                                    ControlFlow::Break(())
                                }
                            }
                        }
                    },
                },
            )?;
            stats.workers = stats.workers.max(workers);
            if self.pipeline.branches.iter().all(|branch| !matches!(branch.source, Source::Iterate(_))) {
                stats.morsels = stats.morsels.max(morsels);
            }
        }
        if error.is_none() {
            passages.ordinal = committed << ORDINAL_BITS;
            committed += 1;
            error = self.drain(self.own.len(), &mut passages, sink.encode, &mut *sink.accept).err();
        }
        claims.close();
        self.count(stats);
        self.finish(passages, error, committed << ORDINAL_BITS)
    }

    fn schedule(&self) -> Schedule {
        if self.options.patient {
            return Schedule::Patient;
        }
        let is_small = |branch: &Branch| source::has_small_morsels(self.env, &branch.source);
        let more = if self.pipeline.branches.iter().all(is_small) { MORSEL_ROWS / MORSEL_ROWS_OF_HOST } else { 1 };
        Schedule::Eager { window: parallel::WINDOW * more as u64, spread: self.options.spread }
    }

    fn count(&self, stats: &mut Stats) {
        stats.buffers += self.scratch.iter().map(|scratch| lock(scratch).allocated).sum::<u64>();
        for link in self.own.iter().flat_map(|own| &own.links).chain(&self.common) {
            if let Ready::Segment(prepared) = link {
                let (compilable, compiled) = prepared.compiled();
                stats.compilable += compilable;
                stats.compiled += compiled;
                stats.replays += prepared.replays.load(Ordering::Relaxed);
            }
        }
    }

    /// What the rows of a branch go through; nothing behind a table that is not there.
    fn path(&self, branch: usize) -> Path<'_, 'a> {
        let own = &self.own[branch];
        Path { own: &own.links, common: if own.failed.is_some() { &[] } else { &self.common } }
    }

    /// Whether rows of a branch come to the end of the pipeline.
    fn arrives(&self, branch: usize) -> bool {
        self.own[branch].failed.is_none() && self.failed.is_none()
    }

    /// What a worker does with a morsel.
    fn work(&self, worker: usize, number: u64, claimed: Claimed, encode: &(dyn Fn(Batch) -> Encoded + Sync)) -> Made {
        let Claimed { branch, last, .. } = claimed;
        let mut scratch = lock(&self.scratch[worker]);
        let (parsed, path) = self.load(claimed, &mut scratch);
        let held = self.options.watch.memory.share(1);
        let mut made = Made { branch, last, rows: Vec::new(), error: parsed.error, rejected: Vec::new(), held };
        if parsed.batch.rows == 0 && made.error.is_some() {
            // The source failed, and its batch may not even have columns.
            return made;
        }
        let passes = path.in_order().next().is_some();
        let mut operator = lock(&self.operators[worker]);
        let mut ordinal = number << ORDINAL_BITS;
        let (rows, held) = (&mut made.rows, &mut made.held);
        let mut unheld = None;
        let mut keep = |encoded: Encoded| {
            let kept = held.hold_with(|| encoded.size());
            rows.push(encoded);
            kept
        };
        let (_, error) = self.advance(path, parsed.batch, &mut scratch, &mut |batch| {
            let taken = match &mut *operator {
                _ if passes => keep(Encoded::Rows(batch)),
                _ if !self.arrives(branch) => Ok(()),
                Operator::Output if batch.rows > 0 => keep(encode(batch)),
                Operator::Output => Ok(()),
                operator => {
                    let first = ordinal;
                    ordinal += batch.rows as u64;
                    operator.push(first, batch, &self.options.watch)
                }
            };
            unheld = unheld.take().or(taken.err());
            unheld.is_none()
        });
        made.error = unheld.or(error).or(made.error);
        made.rejected = std::mem::take(&mut scratch.rejected);
        made
    }

    /// What is done with it in order.
    fn commit(
        &self,
        made: Made,
        passages: &mut Passages,
        full: &[AtomicBool],
        encode: &(dyn Fn(Batch) -> Encoded + Sync),
        accept: &mut (dyn FnMut(Encoded) -> Result<(), RunError> + Send),
    ) -> Result<ControlFlow<()>, RunError> {
        if full[made.branch].load(Ordering::Acquire) && !made.last {
            return Ok(ControlFlow::Continue(()));
        }
        made.rejected.iter().for_each(|why| self.reject(why));
        self.drain_branches(made.branch, passages, encode, accept)?;
        let path = self.path(made.branch).in_order();
        let (mut passed, mut out) = (Passed::default(), Vec::new());
        for rows in made.rows {
            match rows {
                Encoded::Rows(batch) if path.next().is_some() => {
                    passed = self.pass(path, batch, passages, &mut |batch, passages| {
                        if self.arrives(made.branch) {
                            out.extend(self.end_of_passages(batch, passages, encode));
                        }
                    });
                }
                rows => out.push(rows),
            }
            if passed.full || passed.error.is_some() {
                break;
            }
        }
        std::mem::take(&mut lock(&self.scratch[self.threads]).rejected).iter().for_each(|why| self.reject(why));
        passed.error = passages.unheld.take().or(passed.error);
        let later = made.error.filter(|_| !passed.full);
        let error = if fault::is(Fault::TailErrorLost) { later.or(passed.error) } else { passed.error.or(later) };
        if !fault::is(Fault::PrefixLost) || error.is_none() {
            out.into_iter().try_for_each(&mut *accept)?;
        }
        if let Some(error) = error {
            self.drain(made.branch + 1, passages, encode, accept)?;
            return Err(error);
        }
        full[made.branch].store(passages.is_full(self.own[made.branch].passages.clone()), Ordering::Release);
        self.check_tables(passages)?;
        let nothing_wanted = passages.is_full(self.common_passages.clone());
        let only = self.own.len() == 1 && self.own[0].failed.is_none() && self.failed.is_none();
        match nothing_wanted || (only && full[0].load(Ordering::Acquire)) {
            true => Ok(ControlFlow::Break(())),
            false => Ok(ControlFlow::Continue(())),
        }
    }

    /// Fails for a table that is not there once all rows that could have come to it are through.
    fn check_tables(&self, passages: &Passages) -> Result<(), RunError> {
        let missing = self.failed.as_ref().filter(|_| passages.is_full(self.common_passages.clone()));
        missing.map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Tells why a row was left out.
    fn reject(&self, why: &RunError) {
        if let OnError::Divert(tell) = &self.options.on_error {
            tell(why);
        }
    }

    fn end_of_passages(
        &self,
        batch: Batch,
        passages: &mut Passages,
        encode: &(dyn Fn(Batch) -> Encoded + Sync),
    ) -> Option<Encoded> {
        match &mut *lock(&self.operators[self.in_order]) {
            Operator::Output => (batch.rows > 0).then(|| encode(batch)),
            operator => {
                let first = passages.ordinal;
                passages.ordinal += batch.rows as u64;
                passages.unheld = passages.unheld.take().or(operator.push(first, batch, &self.options.watch).err());
                None
            }
        }
    }

    /// Brings the workers' operators together. `error` is why there are no more rows than those whose ordinals are below
    /// `end`.
    fn finish(self, passages: Passages, error: Option<RunError>, end: u64) -> Result<Given, RunError> {
        let mut operators = self.operators.into_iter().map(|o| o.into_inner().unwrap_or_else(PoisonError::into_inner));
        let Some(mut first) = operators.next() else { return Err(RunError::Internal("no workers".into())) };
        // Whoever stops a run does not wait until its rows are brought together, or given back one by one.
        if let Some(error) = error.as_ref().filter(|error| error.is_stop()) {
            self.env.pool.free(vec![first].into_iter().chain(operators).collect::<Vec<_>>());
            return Err(error.clone());
        }
        if let Some(error) = error {
            operators.try_for_each(|other| first.merge(other, &self.options.watch))?;
            // A table that is not there is missed when the rows are opened, before the first of them.
            let is_missing_table = self.failed.is_some() || self.own[0].failed.is_some();
            if matches!(self.pipeline.end, End::Kept | End::Part { .. }) && !is_missing_table {
                first.cut(end);
                return first.finish(self.env, self.options).map(|given| given.broken(error));
            }
            return Err(first.earlier_error(end, &self.options.watch).unwrap_or(error));
        }
        if self.pipeline.end == End::State {
            return Ok(Given::Rows(passages.last_state().into_iter().collect::<Vec<_>>().into()));
        }
        operators.try_for_each(|other| first.merge(other, &self.options.watch))?;
        first.finish(self.env, self.options)
    }
}
