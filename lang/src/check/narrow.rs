//! What a condition says about null: `x != null` makes a `T?` a `T` where the condition holds.
//!
//! Facts are read off the plan's expression, so that it does not matter how the script spelled it. A fact names an
//! expression, and an expression names its value for good (a redefined column is another column), so a fact needs no
//! scope but the region where the condition holds.

use super::Checker;
use crate::ir::{Expr, ExprId};
use crate::scalar::{Comparison, Scalar};

impl<'a> Checker<'a> {
    /// What is not null where `condition` is true (`holds`), or where it is not.
    pub(super) fn facts(&self, condition: ExprId, holds: bool) -> Vec<ExprId> {
        let mut facts = Vec::new();
        let mut open = vec![(condition, holds)];
        while let Some((id, holds)) = open.pop() {
            match *self.plan.exprs.get(id) {
                Expr::And(a, b) if holds => open.extend([(a, true), (b, true)]),
                Expr::Or(a, b) if !holds => open.extend([(a, false), (b, false)]),
                Expr::Not(a) => open.push((a, !holds)),
                Expr::Compare(Comparison::NotEqual, a, b) if holds => facts.extend(self.beside_null(a, b)),
                Expr::Compare(Comparison::Equal, a, b) if !holds => facts.extend(self.beside_null(a, b)),
                _ => {}
            }
        }
        let mut at = 0;
        while let Some(fact) = facts.get(at) {
            // What has a field that is not null is not null itself.
            facts.extend(self.part_of(*fact).filter(|whole| self.ty(*whole).nullable));
            at += 1;
        }
        facts
    }

    /// What a value is a part of.
    fn part_of(&self, id: ExprId) -> Option<ExprId> {
        match self.plan.exprs.get(id) {
            Expr::Field(record, _) => Some(*record),
            Expr::Index { value, .. } => Some(*value),
            _ => None,
        }
    }

    /// Whether an expression names a column or a part of one, so that what is known of it holds for all rows behind.
    pub(super) fn is_path(&self, id: ExprId) -> bool {
        match self.plan.exprs.get(id) {
            Expr::Column(_) => true,
            Expr::NonNull(of) | Expr::Field(of, _) => self.is_path(*of),
            Expr::Index { value, index, .. } => self.is_path(*value) && self.plan.exprs.as_constant(*index).is_some(),
            _ => false,
        }
    }

    /// Whether two expressions name one value: that something on the way is known not to be null makes no difference.
    fn is_same_place(&self, a: ExprId, b: ExprId) -> bool {
        match (self.plan.exprs.get(a), self.plan.exprs.get(b)) {
            _ if a == b => true,
            (Expr::NonNull(a), _) => self.is_same_place(*a, b),
            (_, Expr::NonNull(b)) => self.is_same_place(a, *b),
            (Expr::Field(a, i), Expr::Field(b, j)) => i == j && self.is_same_place(*a, *b),
            (Expr::Index { value: a, index: i, .. }, Expr::Index { value: b, index: j, .. }) => {
                i == j && self.is_same_place(*a, *b)
            }
            _ => false,
        }
    }

    /// The operand that is compared with null.
    fn beside_null(&self, a: ExprId, b: ExprId) -> Option<ExprId> {
        let is_null = |id| self.plan.exprs.as_constant(id) == Some(&Scalar::Null);
        let operand = match (is_null(a), is_null(b)) {
            // An argument may be a constant null, and the function is no worse for it.
            (false, true) | (true, true) => a,
            (true, false) => b,
            (false, false) => return None,
        };
        // The comparison may have converted the value; what the script names is the value before that.
        let named = match self.plan.exprs.get(operand) {
            Expr::ToFloat(inner) => *inner,
            _ => operand,
        };
        self.ty(named).nullable.then_some(named)
    }

    /// A mention of a value: without null where that is known.
    pub(super) fn mention(&mut self, id: ExprId) -> ExprId {
        if self.ty(id).nullable && self.not_null.iter().any(|fact| self.is_same_place(*fact, id)) {
            let ty = self.ty(id).clone().without_null();
            self.add(Expr::NonNull(id), ty)
        } else {
            id
        }
    }
}
