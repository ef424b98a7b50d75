//! What a stage `assert` wants to be true.

use super::{ExprId, SiteId};
use std::sync::Arc;

/// What is to hold for every row.
#[derive(Clone, Debug, PartialEq)]
pub struct Assertion {
    /// A `bool` or `bool?`; null counts as false.
    pub predicate: ExprId,
    /// A text to be said where that is not true.
    pub message: Option<ExprId>,
    /// What is shown then, each by its name.
    pub shown: Vec<(Arc<str>, ExprId)>,
    /// Where the condition stands.
    pub site: SiteId,
}

impl Assertion {
    /// Its expressions in the order of evaluation.
    pub fn exprs(&self) -> impl Iterator<Item = ExprId> + '_ {
        let shown = self.shown.iter().map(|(_, expr)| *expr);
        std::iter::once(self.predicate).chain(self.message).chain(shown)
    }

    /// Calls `f` with every expression.
    pub(super) fn for_each_expr(&mut self, f: impl FnMut(&mut ExprId)) {
        let shown = self.shown.iter_mut().map(|(_, expr)| expr);
        std::iter::once(&mut self.predicate).chain(&mut self.message).chain(shown).for_each(f);
    }
}
