//! Calls of functions that ask for what is known only when a run begins, such as `now()`: their arguments are constants,
//! and the run puts the answers in their place before anything is computed.

use super::typing::own_effect;
use super::{Expr, ExprId, Plan, TypedExpr};
use crate::catalog::{Catalog, Effect, FunctionDef};
use crate::scalar::Scalar;

impl Plan {
    /// The plan with the answers of `answer` in place of the calls that ask; nothing if none does. What is not answered
    /// stays as it is.
    pub fn with_answers(
        &self,
        catalog: &Catalog,
        answer: impl Fn(&FunctionDef, &[Scalar]) -> Option<Scalar>,
    ) -> Option<Plan> {
        let ids = || (0..self.exprs.len()).map(|at| ExprId(at as u32));
        let asks = |id: ExprId| match self.exprs.get(id) {
            Expr::Call(function, arguments) if catalog.function(*function).effect == Effect::Nondeterministic => {
                Some((catalog.function(*function), arguments))
            }
            _ => None,
        };
        ids().find(|id| asks(*id).is_some())?;
        let mut plan = self.clone();
        let mut new: Vec<ExprId> = Vec::with_capacity(self.exprs.len());
        // Operands have smaller ids than what uses them.
        for id in ids() {
            let typed = self.exprs.typed(id);
            let answer = asks(id).and_then(|(function, arguments)| {
                let values: Option<Vec<Scalar>> =
                    arguments.iter().map(|a| self.exprs.as_constant(*a).cloned()).collect();
                match values? {
                    values if values.contains(&Scalar::Null) => Some(Scalar::Null),
                    values => answer(function, &values),
                }
            });
            new.push(match answer {
                Some(value) => plan.exprs.literal(value, typed.ty.clone()),
                None => {
                    let expr = typed.expr.map_operands(|operand| new[operand.0 as usize]);
                    let own = own_effect(&expr, &plan, catalog);
                    plan.exprs.add(TypedExpr { expr, ..typed.clone() }, own)
                }
            });
        }
        for node in &mut plan.nodes {
            node.stage.for_each_expr(|expr| *expr = new[expr.0 as usize]);
        }
        for routine in &mut plan.routines {
            routine.body = new[routine.body.0 as usize];
        }
        Some(plan)
    }
}
