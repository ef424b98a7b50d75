//! What is known before the first row is computed before the first row.
//!
//! **Before**: operations on constants; `and`, `or`, `if`, `??` whose deciding operand is a constant; `filter true`.
//! **After**: the constant, or the operand that is left; without the filter.
//!
//! **Legal** for what gives the same value each time. A fold that fails is not made: the operation stays at its site and
//! fails where, and if, it is demanded. An operand is dropped only where it would not have been evaluated (`false and
//! x`), or cannot fail (`x and false`). **Errors** are therefore unchanged. Floats are computed by the functions that
//! compute them at run time, and nothing is reassociated.

use super::rewrite::rewrite;
use super::{Rule, tree};
use crate::catalog::Catalog;
use crate::fault::{self, Fault};
use crate::ir::constant::compute;
use crate::ir::typing::is_of_type;
use crate::ir::{Expr, ExprId, FallibleColumns, Node, NodeId, Plan, Stage};
use crate::scalar::Scalar;
use crate::ty::Type;

/// See the module.
pub const RULE: Rule =
    Rule { name: "constant_folding", what: "computes what is constant before the run, where it cannot fail", apply };

/// The bytes that a text may have which is put into the plan, and the values of a list.
const MOST_BYTES: usize = 4096;

fn size(value: &Scalar) -> usize {
    match value {
        Scalar::String(text) | Scalar::Json(text) => text.len(),
        Scalar::Bytes(bytes) => bytes.len(),
        Scalar::List(values) | Scalar::Record(values) => values.iter().map(|value| 8 + size(value)).sum(),
        Scalar::Map(entries) => entries.iter().map(|(key, value)| 8 + key.len() + size(value)).sum(),
        Scalar::Opaque(value) => value.size(),
        Scalar::Null
        | Scalar::Bool(_)
        | Scalar::Int(_)
        | Scalar::Float(_)
        | Scalar::Date(_)
        | Scalar::DateTime(_)
        | Scalar::Duration(_)
        | Scalar::Wide(_) => 0,
    }
}

fn apply(plan: &mut Plan, catalog: &Catalog) -> bool {
    let fallible = plan.fallible_columns();
    let mut changed = rewrite(plan, catalog, |plan, id| {
        let mut folder = Folder { plan, catalog, fallible: &fallible };
        folder.computed(id).or_else(|| folder.decided(id))
    });
    let is_idle = |node: &Node| match &node.stage {
        Stage::Filter { predicate, .. } => plan.exprs.as_constant(*predicate) == Some(&Scalar::Bool(true)),
        _ => false,
    };
    let nodes = plan.nodes.iter().enumerate();
    let idle: Vec<NodeId> = nodes.filter(|(_, node)| is_idle(node)).map(|(at, _)| NodeId(at as u32)).collect();
    changed |= !idle.is_empty();
    tree::remove(plan, &idle);
    changed
}

struct Folder<'a> {
    plan: &'a mut Plan,
    catalog: &'a Catalog,
    fallible: &'a FallibleColumns,
}

impl Folder<'_> {
    /// The constant that an operation on constants gives.
    fn computed(&mut self, id: ExprId) -> Option<ExprId> {
        let typed = self.plan.exprs.typed(id).clone();
        let operands = typed.expr.operands();
        let values: Option<Vec<Scalar>> = operands.iter().map(|o| self.plan.exprs.as_constant(*o).cloned()).collect();
        let value = match compute(&typed.expr, &values?, self.catalog)? {
            Ok(value) => value,
            Err(_) if fault::is(Fault::FailureFolded) && matches!(typed.expr, Expr::Arithmetic(..)) => Scalar::Int(0),
            Err(_) => return None,
        };
        let fits = size(&value) <= MOST_BYTES && is_of_type(&value, &typed.ty);
        fits.then(|| self.plan.exprs.literal(value, typed.ty))
    }

    /// What is left of an operation whose deciding operand is a constant.
    fn decided(&mut self, id: ExprId) -> Option<ExprId> {
        let typed = self.plan.exprs.typed(id).clone();
        let constant = |id: ExprId| self.plan.exprs.as_constant(id);
        // null counts as false
        let truth = |id: ExprId| constant(id).map(|value| *value == Scalar::Bool(true));
        match typed.expr {
            Expr::And(a, b) => match (truth(a), truth(b)) {
                (Some(false), _) => self.condition(a),
                (Some(true), _) => self.condition(b),
                (None, Some(true)) => self.condition(a),
                (None, Some(false)) if fault::is(Fault::FailingOperandDropped) => self.condition(b),
                (None, Some(false)) if self.plan.is_total(a, self.fallible) => self.condition(b),
                (None, _) => None,
            },
            Expr::Or(a, b) => match (truth(a), truth(b)) {
                (Some(true), _) => self.condition(a),
                (Some(false), _) => self.condition(b),
                (None, Some(false)) => self.condition(a),
                (None, Some(true)) if self.plan.is_total(a, self.fallible) => self.condition(b),
                (None, _) => None,
            },
            Expr::If(condition, then, otherwise) => {
                let taken = if truth(condition)? { then } else { otherwise };
                self.retyped(taken, &typed.ty)
            }
            Expr::Coalesce(a, b) => match constant(a) {
                Some(Scalar::Null) => self.retyped(b, &typed.ty),
                Some(_) => self.retyped(a, &typed.ty),
                None if !self.plan.exprs.ty(a).nullable => self.retyped(a, &typed.ty),
                None => None,
            },
            Expr::Column(_)
            | Expr::Literal(_)
            | Expr::Arithmetic(..)
            | Expr::Negate(_)
            | Expr::Compare(..)
            | Expr::Not(_)
            | Expr::NonNull(_)
            | Expr::ToFloat(_)
            | Expr::Narrow(_)
            | Expr::Widen(_)
            | Expr::Call(..)
            | Expr::Recurse(..)
            | Expr::List(_)
            | Expr::Record(..)
            | Expr::Map(..)
            | Expr::Field(..)
            | Expr::Index { .. }
            | Expr::Reduce(..)
            | Expr::Each { .. }
            | Expr::Fold { .. } => None,
        }
    }

    /// The operand as a `bool`, where null counts as false.
    fn condition(&mut self, id: ExprId) -> Option<ExprId> {
        match self.plan.exprs.as_constant(id) {
            Some(value) => {
                let value = Scalar::Bool(*value == Scalar::Bool(true));
                Some(self.plan.exprs.literal(value, Type::BOOL))
            }
            None => (*self.plan.exprs.ty(id) == Type::BOOL).then_some(id),
        }
    }

    /// The operand, if it has that type; a constant can be given any type that it fits.
    fn retyped(&mut self, id: ExprId, ty: &Type) -> Option<ExprId> {
        match self.plan.exprs.as_constant(id).cloned() {
            Some(value) => Some(self.plan.exprs.literal(value, ty.clone())),
            None => (self.plan.exprs.ty(id) == ty).then_some(id),
        }
    }
}
