//! Rows that passages hold back (`numbers.rs`): they go on when no more come, those of a branch before the rows of the next
//! one.

use super::{Encoded, Passages, Path, Ready, Run};
use crate::batch::Batch;
use crate::error::RunError;
use crate::spill::ROWS;
use std::ops::Range;

impl<'a> Run<'a> {
    /// Lets all rows go on that are held back, of the first `branches` branches and behind all branches.
    pub(super) fn drain(
        &self,
        branches: usize,
        passages: &mut Passages,
        encode: &(dyn Fn(Batch) -> Encoded + Sync),
        accept: &mut (dyn FnMut(Encoded) -> Result<(), RunError> + Send),
    ) -> Result<(), RunError> {
        self.drain_branches(branches, passages, encode, accept)?;
        self.drain_passages(None, self.common_passages.clone(), passages, (encode, accept))
    }

    /// The same of the first `branches` branches alone: then others come.
    pub(super) fn drain_branches(
        &self,
        branches: usize,
        passages: &mut Passages,
        encode: &(dyn Fn(Batch) -> Encoded + Sync),
        accept: &mut (dyn FnMut(Encoded) -> Result<(), RunError> + Send),
    ) -> Result<(), RunError> {
        for branch in passages.drained..branches {
            passages.drained = branch + 1;
            let own = self.own[branch].passages.clone();
            self.drain_passages(Some(branch), own, passages, (encode, &mut *accept))?;
        }
        Ok(())
    }

    #[expect(clippy::type_complexity, reason = "what a sink is made of")]
    fn drain_passages(
        &self,
        branch: Option<usize>,
        range: Range<usize>,
        passages: &mut Passages,
        (encode, accept): (
            &(dyn Fn(Batch) -> Encoded + Sync),
            &mut (dyn FnMut(Encoded) -> Result<(), RunError> + Send),
        ),
    ) -> Result<(), RunError> {
        let arrives = branch.map_or(self.failed.is_none(), |branch| self.arrives(branch));
        for at in range.clone() {
            let is_full_behind = branch.is_some() && passages.is_full(self.common_passages.clone());
            if passages.is_full(at + 1..range.end) || is_full_behind {
                return Ok(());
            }
            let Some(mut rows) = passages.held_back(at)? else { continue };
            let path = self.behind(branch, at);
            while let Some(batch) = rows.next(ROWS)? {
                let mut out = Vec::new();
                let passed = self.pass(path, batch, passages, &mut |batch, passages| {
                    if arrives {
                        out.extend(self.end_of_passages(batch, passages, encode));
                    }
                });
                out.into_iter().try_for_each(&mut *accept)?;
                if let Some(error) = passages.unheld.take().or(passed.error) {
                    return Err(error);
                }
                if passed.full {
                    break;
                }
                self.options.watch.check()?;
            }
        }
        Ok(())
    }

    /// What rows go through behind a passage of a branch, or behind one behind all branches.
    fn behind(&self, branch: Option<usize>, at: usize) -> Path<'_, 'a> {
        let links = branch.map_or(&self.common, |branch| &self.own[branch].links);
        let passage = links.iter().position(|link| matches!(link, Ready::Pass(passage) if *passage == at));
        let rest = &links[passage.map_or(links.len(), |passage| passage + 1)..];
        match branch {
            Some(branch) => Path { own: rest, ..self.path(branch) },
            None => Path { own: &[], common: rest },
        }
    }
}
