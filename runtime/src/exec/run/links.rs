//! The way of rows through the links of a pipeline: by a worker up to the first passage, and from there on in order.

use super::super::claim::Claimed;
use super::super::operator::lock;
use super::super::passage::Passages;
use super::{Passed, Ready, Run};
use crate::batch::Batch;
use crate::error::RunError;
use crate::formats::Parsed;
use crate::vector::Scratch;

/// Each link calls the next, so a long pipeline wants a stack that grows: by so many bytes when fewer than the first are left.
const STACK: (usize, usize) = (128 << 10, 1 << 20);

/// The links that rows still go through.
#[derive(Clone, Copy)]
pub(super) struct Path<'r, 'a> {
    pub(super) own: &'r [Ready<'a>],
    pub(super) common: &'r [Ready<'a>],
}

impl<'r, 'a> Path<'r, 'a> {
    pub(super) fn next(self) -> Option<(&'r Ready<'a>, Path<'r, 'a>)> {
        match self.own.split_first() {
            Some((first, own)) => Some((first, Path { own, ..self })),
            None => self.common.split_first().map(|(first, common)| (first, Path { common, ..self })),
        }
    }

    /// Behind what workers do.
    pub(super) fn in_order(mut self) -> Path<'r, 'a> {
        while let Some((link, rest)) = self.next() {
            if matches!(link, Ready::Pass(_)) {
                break;
            }
            self = rest;
        }
        self
    }
}

impl<'a> Run<'a> {
    /// The rows of a morsel, and what they still go through.
    pub(super) fn load(&self, claimed: Claimed, scratch: &mut Scratch) -> (Parsed, Path<'_, 'a>) {
        let path = self.path(claimed.branch);
        let Some((Ready::Segment(prepared), rest)) = path.next() else { return (claimed.load(), path) };
        if let Some((host, rows)) = claimed.host_rows() {
            let count = rows.len();
            if let Some(parsed) = prepared.run_early(host, rows, scratch) {
                self.options.progress.add_rows_read(count);
                return (parsed, rest);
            }
        } else if prepared.begins_with_filters()
            && let Some(piece) = claimed.by_columns()
        {
            self.options.progress.add_rows_read(piece.rows());
            return (prepared.run_by_columns(&*piece, scratch), rest);
        }
        (claimed.load(), path)
    }

    /// Takes rows through links in order, with passages among them.
    pub(super) fn pass(
        &self,
        path: Path,
        batch: Batch,
        passages: &mut Passages,
        out: &mut dyn FnMut(Batch, &mut Passages),
    ) -> Passed {
        if batch.rows == 0 {
            // What ended at its first row may not even have columns.
            return Passed::default();
        }
        let Some((link, rest)) = path.next() else {
            out(batch, passages);
            return Passed::default();
        };
        stacker::maybe_grow(STACK.0, STACK.1, || match link {
            Ready::Segment(prepared) => {
                let (batch, own) = prepared.run(&batch, &mut lock(&self.scratch[self.threads]));
                let passed = self.pass(rest, batch, passages, out);
                if passed.full || passed.error.is_some() { passed } else { Passed { error: own, full: false } }
            }
            Ready::Pass(at) => {
                let own = passages.apply(*at, batch);
                let passed = self.pass(rest, own.batch, passages, out);
                let is_decided = passed.full || passed.error.is_some();
                if is_decided { passed } else { Passed { error: own.error, full: own.full } }
            }
            Ready::Expand(expand) => {
                let mut passed = Passed::default();
                let watch = &self.options.watch;
                let expanded = expand.apply(batch, watch, &mut |batch| {
                    passed = self.pass(rest, batch, passages, out);
                    !passed.full && passed.error.is_none()
                });
                if !passed.full {
                    passed.error = passed.error.or(expanded.err());
                }
                passed
            }
        })
    }

    /// Takes rows through links up to the first passage, until `out` says that it is enough: whether it wants more, and the
    /// first error, which is behind all rows that came out.
    pub(super) fn advance(
        &self,
        path: Path,
        batch: Batch,
        scratch: &mut Scratch,
        out: &mut dyn FnMut(Batch) -> bool,
    ) -> (bool, Option<RunError>) {
        let Some((link, rest)) = path.next() else { return (out(batch), None) };
        stacker::maybe_grow(STACK.0, STACK.1, || match link {
            Ready::Pass(_) => (out(batch), None),
            Ready::Segment(prepared) => {
                let (batch, own) = prepared.run(&batch, scratch);
                let (goes_on, error) = self.advance(rest, batch, scratch, out);
                (goes_on, error.or(own))
            }
            Ready::Expand(expand) => {
                let (mut goes_on, mut error) = (true, None);
                let expanded = expand.apply(batch, &self.options.watch, &mut |batch| {
                    (goes_on, error) = self.advance(rest, batch, scratch, out);
                    goes_on && error.is_none()
                });
                (goes_on, error.or(expanded.err()))
            }
        })
    }
}
