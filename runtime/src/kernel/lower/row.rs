//! Expressions that are no loops over lanes: their operands, and the columns that their bodies mention, are lanes; the
//! rest is code that runs for each row that counts.
//!
//! A body may not need such a column for every row, and then it is demanded too early. That can only fail the batch for
//! nothing, and the replay puts it right.

use super::super::ir::RowOperation;
use super::{Lowering, MaskId, Value};
use crate::machine::Given;
use pipelang_lang::catalog::Effect;
use pipelang_lang::ir::{Expr, ExprId};
use pipelang_lang::ty::Kind;

/// Whether an expression is lowered to code for single rows.
pub(super) fn is_row_operation(expr: &Expr) -> bool {
    match expr {
        Expr::Recurse(..)
        | Expr::Reduce(..)
        | Expr::List(_)
        | Expr::Record(..)
        | Expr::Map(..)
        | Expr::Field(..)
        | Expr::Index { .. }
        | Expr::Each { .. }
        | Expr::Fold { .. } => true,
        Expr::Column(_)
        | Expr::Literal(_)
        | Expr::Arithmetic(..)
        | Expr::Negate(_)
        | Expr::Compare(..)
        | Expr::And(..)
        | Expr::Or(..)
        | Expr::Not(_)
        | Expr::If(..)
        | Expr::Coalesce(..)
        | Expr::NonNull(_)
        | Expr::ToFloat(_)
        | Expr::Narrow(_)
        | Expr::Widen(_)
        | Expr::Call(..) => false,
    }
}

impl Lowering<'_> {
    /// An expression as code for the rows of a mask.
    pub(super) fn row(&mut self, id: ExprId, name: &'static str, mask: MaskId) -> Value {
        let (mut given, mut operands, mut nullable) = (Vec::new(), Vec::new(), Vec::new());
        for part in self.parts(id) {
            let how = match self.value(part, mask) {
                Value::Null => Given::Null,
                Value::Of { lanes, valid } => {
                    operands.push(self.builder.clean(lanes));
                    operands.extend(valid);
                    nullable.push(valid.is_some());
                    Given::Parameter { nullable: valid.is_some() }
                }
            };
            given.push((part, how));
        }
        let code = self.builder.program.machine.compile(self.plan, id, &given);
        let result = self.plan.exprs.ty(id).kind.clone();
        let may_fail = self.plan.exprs.effect(id) != Effect::Total;
        let active = self.masks[mask].register.unwrap_or_else(|| self.builder.bool(true));
        let is_null = matches!(result, Kind::Null | Kind::Unknown);
        let operation = RowOperation { name, code, nullable, result, may_fail };
        let (lanes, valid) = self.builder.row(operation, active, &operands);
        if is_null { Value::Null } else { Value::Of { lanes, valid: Some(valid) } }
    }

    /// What is evaluated before the code: the operands, and the columns that bodies mention and do not bind. Constants
    /// are part of the code.
    fn parts(&self, id: ExprId) -> Vec<ExprId> {
        let exprs = &self.plan.exprs;
        let expr = exprs.get(id);
        let (bound, mut parts) = (expr.binds(), expr.operands());
        if !bound.is_empty() {
            let body = parts.pop().expect("what binds columns has a body");
            let free = exprs.columns(body).into_iter().filter(|column| !bound.contains(column));
            parts.extend(free.map(|column| self.plan.column_expr(column)));
        }
        parts.retain(|part| exprs.as_constant(*part).is_none());
        let mut distinct: Vec<ExprId> = Vec::with_capacity(parts.len());
        for part in parts {
            if !distinct.contains(&part) {
                distinct.push(part);
            }
        }
        distinct
    }
}
