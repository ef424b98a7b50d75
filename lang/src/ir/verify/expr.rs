//! The part of the verifier that looks at expressions, each once.

use super::Verifier;
use crate::catalog::{Effect, Pattern};
use crate::ir::print::print_expr;
use crate::ir::typing::{accepts, is_of_type, is_wider, natural_type, own_effect, reduced_types, scalar_type, takes};
use crate::ir::{Each, Expr, ExprId};
use crate::scalar::{Scalar, arithmetic_kind};
use crate::ty::{Kind, Type};

impl Verifier<'_> {
    /// Whether what expressions name is in the plan and the catalog.
    pub(super) fn expr_ids(&mut self) -> bool {
        let (functions, reducers) = (self.catalog.functions().count(), self.catalog.reducers().count());
        for at in 0..self.plan.exprs.len() {
            let typed = self.plan.exprs.typed(ExprId(at as u32));
            let known = match &typed.expr {
                Expr::Column(column) => (column.0 as usize) < self.plan.columns.len(),
                Expr::Call(function, _) => (function.0 as usize) < functions,
                Expr::Recurse(routine, _) => (routine.0 as usize) < self.plan.routines.len(),
                Expr::Reduce(reducer, _) => (reducer.0 as usize) < reducers,
                Expr::Each { .. } | Expr::Fold { .. } => {
                    typed.expr.binds().iter().all(|column| (column.0 as usize) < self.plan.columns.len())
                }
                Expr::Literal(_)
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
                | Expr::List(_)
                | Expr::Record(..)
                | Expr::Map(..)
                | Expr::Field(..)
                | Expr::Index { .. } => true,
            };
            self.check(known, || "an expression names what is not there".into());
            let site = typed.site.is_none_or(|site| (site.0 as usize) < self.plan.sites.len());
            self.check(site, || "an expression has a site that is not there".into());
        }
        self.errors.is_empty()
    }

    /// Checks one expression, its operands aside.
    pub(super) fn expr(&mut self, id: ExprId) {
        let (plan, catalog) = (self.plan, self.catalog);
        let typed = plan.exprs.typed(id);
        let before = self.errors.len();
        self.place.clear();
        self.check(typed.ty.kind != Kind::Unknown, || "it is of type unknown".into());
        let widened = match typed.expr {
            Expr::Widen(a) => is_wider(&typed.ty, plan.exprs.ty(a)),
            _ => true,
        };
        self.check(widened && self.operands_fit(&typed.expr), || {
            let types: Vec<String> = typed.expr.operands().iter().map(|o| plan.exprs.ty(*o).to_string()).collect();
            format!("it does not take operands of type {}", types.join(", "))
        });
        match plan.exprs.as_constant(id) {
            Some(Scalar::Null) => self.check(typed.ty.nullable, || format!("a null of type {}", typed.ty)),
            Some(value) => {
                let found = scalar_type(value).map_or("nested value".into(), |ty| ty.to_string());
                self.check(is_of_type(value, &typed.ty), || format!("a constant {found} of type {}", typed.ty));
            }
            None => {
                let natural = natural_type(&typed.expr, plan, catalog);
                if let Some(natural) = natural {
                    let text = || format!("its type is {}, by its operands it is {natural}", typed.ty);
                    self.check(natural == typed.ty, text);
                }
            }
        }
        let own = own_effect(&typed.expr, plan, catalog);
        let blames = typed.site.is_some();
        match own {
            Effect::Total => self.check(!blames, || "it cannot fail, but has a site".into()),
            Effect::MayFail | Effect::Host => self.check(blames, || "it may fail, but has no site".into()),
            Effect::Nondeterministic => {}
        }
        let operands = typed.expr.operands();
        let effect = operands.iter().map(|o| plan.exprs.effect(*o)).fold(own, Effect::max);
        self.check(plan.exprs.effect(id) >= effect, || "its effect is understated".into());
        if self.errors.len() > before {
            let text = print_expr(plan, catalog, id);
            self.errors[before..].iter_mut().for_each(|error| *error = format!("`{text}`: {error}"));
        }
    }

    /// Whether the operands are of the kinds that the operation takes.
    fn operands_fit(&self, expr: &Expr) -> bool {
        let ty = |id: &ExprId| self.plan.exprs.ty(*id);
        let is_bool = |id: &ExprId| matches!(ty(id).kind, Kind::Bool | Kind::Null);
        let one_kind = |a: &Type, b: &Type| a.kind == b.kind || a.kind == Kind::Null || b.kind == Kind::Null;
        match expr {
            Expr::Column(_) | Expr::Literal(_) => true,
            Expr::Arithmetic(op, a, b) => arithmetic_kind(*op, &ty(a).kind, &ty(b).kind).is_some(),
            Expr::Negate(a) => ty(a).is_numeric() || ty(a).kind == Kind::Duration,
            Expr::Compare(_, a, b) => one_kind(ty(a), ty(b)) && ty(a).kind != Kind::Wide,
            Expr::And(a, b) | Expr::Or(a, b) => is_bool(a) && is_bool(b),
            Expr::Not(a) => *ty(a) == Type::BOOL,
            Expr::If(condition, then, otherwise) => is_bool(condition) && one_kind(ty(then), ty(otherwise)),
            Expr::Coalesce(a, b) => one_kind(ty(a), ty(b)),
            Expr::NonNull(a) => ty(a).kind != Kind::Null,
            Expr::ToFloat(a) => ty(a).kind == Kind::Int,
            Expr::Narrow(a) => ty(a).kind == Kind::Wide,
            Expr::Call(function, arguments) => {
                let types: Vec<&Type> = arguments.iter().map(ty).collect();
                takes(self.catalog.function(*function), &types)
            }
            Expr::Widen(_) => true,
            Expr::Recurse(routine, arguments) => {
                let parameters = &self.plan.routine(*routine).parameters;
                let fits = |(a, p): (&ExprId, &crate::ir::ColumnId)| ty(a).kind == self.plan.column(*p).ty.kind;
                arguments.len() == parameters.len() && arguments.iter().zip(parameters).all(fits)
            }
            Expr::Reduce(reducer, operands) => {
                let constant = match self.catalog.reducer(*reducer).constant {
                    Some(_) => operands.last().is_some_and(|last| self.plan.exprs.as_constant(*last).is_some()),
                    None => true,
                };
                let types = reduced_types(*reducer, operands, self.plan, self.catalog);
                constant && types.is_some_and(|types| (self.catalog.reducer(*reducer).result)(&types).is_some())
            }
            Expr::List(operands) => operands.iter().all(|a| one_kind(ty(a), ty(&operands[0]))),
            Expr::Map(keys, operands) => {
                let distinct: std::collections::HashSet<_> = keys.iter().collect();
                distinct.len() == operands.len()
                    && keys.len() == operands.len()
                    && operands.iter().all(|a| one_kind(ty(a), ty(&operands[0])))
            }
            Expr::Record(names, operands) => {
                let distinct: std::collections::HashSet<_> = names.iter().collect();
                distinct.len() == operands.len() && names.len() == operands.len()
            }
            Expr::Field(a, at) => match &ty(a).kind {
                Kind::Record(schema) => (*at as usize) < schema.fields.len(),
                _ => false,
            },
            Expr::Index { value, index, .. } => {
                matches!((&ty(value).kind, &ty(index).kind), (Kind::List(_), Kind::Int) | (Kind::Map(_), Kind::String))
            }
            Expr::Each { each, list, item, body } => {
                let is_item = matches!(&ty(list).kind, Kind::List(of) if **of == self.plan.column(*item).ty);
                let gives = match each {
                    Each::Map => true,
                    Each::FlatMap => matches!(ty(body).kind, Kind::List(_)),
                    Each::Filter | Each::TakeWhile | Each::SkipWhile => is_bool(body),
                    Each::Sort | Each::SortDescending => accepts(&Pattern::Ordered, &ty(body).kind),
                };
                is_item && gives
            }
            Expr::Fold { list, init, state, item, next, .. } => {
                let state = &self.plan.column(*state).ty;
                let is_item = matches!(&ty(list).kind, Kind::List(of) if **of == self.plan.column(*item).ty);
                is_item && ty(init).fits(state) && ty(next).fits(state)
            }
        }
    }
}
