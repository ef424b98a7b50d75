//! Expressions that say the same with less.
//!
//! **Before**: `x + 0`, `x - 0`, `x * 1`, `x // 1`, `x ** 1` of ints; `not not x`, `not (a == b)`, `not (a < b)`; `x and x`,
//! `x or x`, `x ?? x`, `if c { x } else { x }`, `if c { true } else { false }`. **After**: `x`, `a != b`, `a >= b`, `c`.
//!
//! **Legal** where what is left has the same type, and is the same for every value. So there is nothing of floats but what
//! is true of NaN and both zeros, and nothing is reassociated: `x + 0.0` is not `x` for `-0.0`. `not (a < b)` is not
//! `a >= b` where there may be a null or a NaN, for both are false then; `==` and `!=` are total. **Errors**: what goes
//! cannot fail; what stays is evaluated where it was, but for the condition of an `if` between equal values, which must be
//! one that cannot fail.

use super::Rule;
use super::rewrite::rewrite;
use crate::catalog::{Catalog, Effect};
use crate::fault::{self, Fault};
use crate::ir::{Expr, ExprId, FallibleColumns, Plan, TypedExpr};
use crate::scalar::{Arithmetic, Comparison, Scalar};
use crate::ty::{Kind, Type};

/// See the module.
pub const RULE: Rule =
    Rule { name: "identities", what: "says with less what expressions say, where it is true of every value", apply };

fn apply(plan: &mut Plan, catalog: &Catalog) -> bool {
    let fallible = plan.fallible_columns();
    rewrite(plan, catalog, |plan, id| {
        let new = less(plan, &fallible, id)?;
        (plan.exprs.ty(new) == plan.exprs.ty(id)).then_some(new)
    })
}

fn less(plan: &mut Plan, fallible: &FallibleColumns, id: ExprId) -> Option<ExprId> {
    let truth = |id: ExprId| match plan.exprs.as_constant(id) {
        Some(Scalar::Bool(value)) => Some(*value),
        Some(_) | None => None,
    };
    match *plan.exprs.get(id) {
        Expr::Arithmetic(op, a, b) => neutral(plan, op, a, b),
        Expr::Not(of) => negated(plan, of),
        Expr::And(a, b) | Expr::Or(a, b) | Expr::Coalesce(a, b) if a == b => Some(a),
        Expr::If(condition, then, otherwise) => match (truth(then), truth(otherwise)) {
            _ if then == otherwise => plan.is_total(condition, fallible).then_some(then),
            (Some(true), Some(false)) => Some(condition),
            (Some(false), Some(true)) if *plan.exprs.ty(condition) == Type::BOOL => {
                Some(add(plan, Expr::Not(condition)))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The operand that is left of an operation on ints whose other operand changes nothing.
fn neutral(plan: &Plan, op: Arithmetic, a: ExprId, b: ExprId) -> Option<ExprId> {
    let is = |id: ExprId, value: i64| plan.exprs.as_constant(id) == Some(&Scalar::Int(value));
    match op {
        Arithmetic::Add if is(a, 0) => Some(b),
        Arithmetic::Multiply if is(a, 1) => Some(b),
        Arithmetic::Add | Arithmetic::Subtract if is(b, 0) => Some(a),
        Arithmetic::Multiply | Arithmetic::FloorDivide | Arithmetic::Power if is(b, 1) => Some(a),
        Arithmetic::Add
        | Arithmetic::Subtract
        | Arithmetic::Multiply
        | Arithmetic::Divide
        | Arithmetic::FloorDivide
        | Arithmetic::Modulo
        | Arithmetic::Power => None,
    }
}

fn negated(plan: &mut Plan, of: ExprId) -> Option<ExprId> {
    let (op, a, b) = match *plan.exprs.get(of) {
        Expr::Not(inner) => return Some(inner),
        Expr::Compare(op, a, b) => (op, a, b),
        _ => return None,
    };
    let is_ordered = |id: ExprId| match &plan.exprs.ty(id).kind {
        _ if fault::is(Fault::NotLessOfNothing) => true,
        _ if plan.exprs.ty(id).nullable => false,
        Kind::Bool | Kind::Int | Kind::String | Kind::Date | Kind::DateTime | Kind::Duration => true,
        _ => false,
    };
    let op = match op {
        Comparison::Equal => Comparison::NotEqual,
        Comparison::NotEqual => Comparison::Equal,
        _ if !is_ordered(a) || !is_ordered(b) => return None,
        Comparison::Less => Comparison::GreaterOrEqual,
        Comparison::LessOrEqual => Comparison::Greater,
        Comparison::Greater => Comparison::LessOrEqual,
        Comparison::GreaterOrEqual => Comparison::Less,
    };
    Some(add(plan, Expr::Compare(op, a, b)))
}

fn add(plan: &mut Plan, expr: Expr) -> ExprId {
    plan.exprs.add(TypedExpr { expr, ty: Type::BOOL, site: None }, Effect::Total)
}
