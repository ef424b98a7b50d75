//! The sources of a pipeline, one after the other: what workers claim.

use super::operator::Given;
use super::pipeline::Source;
use super::run::Results;
use super::source::{HostRows, Load, Morsel, Reader};
use super::{Environment, Options};
use crate::batch::Batch;
use crate::error::RunError;
use crate::formats::{ByColumns, Parsed};
use crate::spill::Rows;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A morsel of a branch.
pub struct Claimed<'a> {
    pub branch: usize,
    /// Whether it says why nothing comes of the branch, and not what its rows are.
    pub last: bool,
    morsel: Morsel,
    load: Option<Arc<Load<'a>>>,
    host: Option<HostRows<'a>>,
}

impl<'a> Claimed<'a> {
    /// The rows, if they are some of a table of the host in memory.
    pub fn host_rows(&self) -> Option<(&HostRows<'a>, Range<usize>)> {
        match &self.morsel {
            Morsel::Bound(range) => Some((self.host.as_ref()?, range.clone())),
            Morsel::Piece(_) | Morsel::Ints(..) | Morsel::Batch(_) | Morsel::Computed(_) | Morsel::Failed(_) => None,
        }
    }

    /// The rows by columns, if they are a piece that can be read so.
    pub fn by_columns(&self) -> Option<Box<dyn ByColumns>> {
        match &self.morsel {
            Morsel::Piece(piece) => piece.by_columns(),
            Morsel::Bound(_) | Morsel::Ints(..) | Morsel::Batch(_) | Morsel::Computed(_) | Morsel::Failed(_) => None,
        }
    }

    /// The rows.
    pub fn load(self) -> Parsed {
        match (self.load, self.morsel) {
            (_, Morsel::Failed(error)) => Parsed { batch: Batch::default(), error: Some(error), left_out: 0 },
            (Some(load), morsel) => load(morsel),
            (None, _) => unreachable!("only a failure has nothing to load"),
        }
    }
}

/// What is still to be claimed.
pub struct Claims<'a, 'r> {
    env: &'a Environment<'a>,
    options: &'a Options,
    sources: Vec<&'a Source>,
    /// Rows of a morsel that is in memory.
    rows: usize,
    /// What earlier pipelines gave to the sources.
    given: Vec<Option<Result<Given, RunError>>>,
    /// Of which branches no more rows are wanted.
    full: &'r [AtomicBool],
    /// Why nothing comes of a branch: said when its source is at its end.
    pub failed: Vec<Option<RunError>>,
    /// Why nothing comes of any.
    pub failed_at_last: Option<RunError>,
    branch: usize,
    open: Option<Reader<'a>>,
    /// What earlier pipelines gave and is at its end: no worker is the last to have it, who could not stop while it is freed.
    past: Vec<Reader<'a>>,
    /// The error behind the rows of the branch that is open.
    behind: Option<RunError>,
    ended: bool,
}

impl<'a, 'r> Claims<'a, 'r> {
    pub fn new(
        env: &'a Environment<'a>,
        options: &'a Options,
        sources: Vec<&'a Source>,
        rows: usize,
        full: &'r [AtomicBool],
        results: &mut Results,
    ) -> Claims<'a, 'r> {
        let take = |source: &&Source| match source {
            Source::Result(at) => Some(std::mem::replace(&mut results[*at], Ok(Given::Rows(Rows::None)))),
            Source::Scan { .. } | Source::Range { .. } | Source::Values { .. } | Source::Iterate(_) => None,
        };
        let given = sources.iter().map(take).collect();
        let failed = sources.iter().map(|_| None).collect();
        let (failed_at_last, open, behind) = (None, None, None);
        Claims {
            env,
            options,
            sources,
            rows,
            given,
            full,
            failed,
            failed_at_last,
            branch: 0,
            open,
            past: Vec::new(),
            behind,
            ended: false,
        }
    }

    /// Frees what earlier pipelines gave, behind the caller's back if the run must stop.
    pub fn close(self) {
        if self.options.watch.check().is_err() {
            self.env.pool.free(self.given);
        }
    }

    /// A breaker that the first rows come from has run in any case, so its error comes up whether or not rows are wanted.
    pub fn begin(&mut self) -> Result<(), RunError> {
        match &self.given[0] {
            Some(Err(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// The errors that come up although no rows are wanted.
    pub fn last_words(&self) -> impl Iterator<Item = &RunError> {
        self.failed.iter().flatten().chain(&self.failed_at_last)
    }

    /// The next morsel.
    pub fn next(&mut self) -> Option<Claimed<'a>> {
        if let Err(error) = self.options.watch.check() {
            return (!std::mem::replace(&mut self.ended, true)).then(|| self.failure(error, true));
        }
        while self.branch < self.sources.len() && !self.ended {
            if !self.full[self.branch].load(Ordering::Acquire) {
                match self.claim() {
                    Ok(Some(claimed)) => return Some(claimed),
                    Ok(None) => {}
                    Err(error) => {
                        self.ended = true;
                        return Some(self.failure(error, false));
                    }
                }
            }
            let past = self.open.take().filter(|_| matches!(self.sources[self.branch], Source::Result(_)));
            self.past.extend(past);
            self.behind = None;
            self.branch += 1;
            if let Some(error) = self.failed[self.branch - 1].take() {
                self.branch -= 1;
                self.ended = true;
                return Some(self.failure(error, true));
            }
        }
        let error = self.failed_at_last.take().filter(|_| !self.ended)?;
        self.branch = 0;
        self.ended = true;
        Some(self.failure(error, true))
    }

    fn failure(&self, error: RunError, last: bool) -> Claimed<'a> {
        Claimed {
            branch: self.branch.min(self.sources.len() - 1),
            last,
            morsel: Morsel::Failed(error),
            load: None,
            host: None,
        }
    }

    /// A morsel of the branch at hand, which is opened if it was not.
    fn claim(&mut self) -> Result<Option<Claimed<'a>>, RunError> {
        let reader = match &mut self.open {
            Some(reader) => reader,
            None => {
                let given = match self.given[self.branch].take() {
                    Some(Ok(Given::Rows(rows))) => rows,
                    Some(Ok(Given::Broken(rows, error))) => {
                        self.behind = Some(error);
                        rows
                    }
                    Some(Err(error)) => return Err(error),
                    Some(Ok(Given::Table(_) | Given::Parted(_) | Given::Left(..))) | None => Rows::None,
                };
                let reader = Reader::open(self.env, self.sources[self.branch], self.options, self.rows, given)?;
                self.open.insert(reader)
            }
        };
        let morsel = reader.claim();
        if let Some(error) = self.behind.take_if(|_| morsel.is_none()) {
            return Err(error);
        }
        let (load, host) = (reader.load.clone(), reader.host.clone());
        Ok(morsel.map(|morsel| Claimed { branch: self.branch, last: false, morsel, load: Some(load), host }))
    }
}
