//! The part of the verifier that looks at expressions, each once.

use super::Verifier;
use crate::catalog::Effect;
use crate::ir::print::print_expr;
use crate::ir::typing::{natural_type, own_effect, scalar_type, takes};
use crate::ir::{Expr, ExprId};
use crate::scalar::{Arithmetic, Scalar};
use crate::ty::{Kind, Type};

impl Verifier<'_> {
    /// Whether what expressions name is in the plan and the catalog.
    pub(super) fn expr_ids(&mut self) -> bool {
        let functions = self.catalog.functions().count();
        for at in 0..self.plan.exprs.len() {
            let typed = self.plan.exprs.typed(ExprId(at as u32));
            let known = match &typed.expr {
                Expr::Column(column) => (column.0 as usize) < self.plan.columns.len(),
                Expr::Call(function, _) => (function.0 as usize) < functions,
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
                | Expr::Narrow(_) => true,
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
        self.check(self.operands_fit(&typed.expr), || {
            let types: Vec<String> = typed.expr.operands().iter().map(|o| plan.exprs.ty(*o).to_string()).collect();
            format!("it does not take operands of type {}", types.join(", "))
        });
        match plan.exprs.as_constant(id) {
            Some(Scalar::Null) => self.check(typed.ty.nullable, || format!("a null of type {}", typed.ty)),
            Some(value) => {
                let kind = scalar_type(value).kind;
                self.check(kind == typed.ty.kind, || format!("a constant {kind} of type {}", typed.ty));
            }
            None => {
                let natural = natural_type(&typed.expr, &plan.exprs, &plan.columns, catalog);
                if let Some(natural) = natural {
                    let text = || format!("its type is {}, by its operands it is {natural}", typed.ty);
                    self.check(natural == typed.ty, text);
                }
            }
        }
        let own = own_effect(&typed.expr, &plan.exprs, catalog);
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
            Expr::Arithmetic(Arithmetic::Divide, a, b) => ty(a).kind == Kind::Float && ty(b).kind == Kind::Float,
            Expr::Arithmetic(_, a, b) => ty(a).is_numeric() && ty(a).kind == ty(b).kind,
            Expr::Negate(a) => ty(a).is_numeric(),
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
        }
    }
}
