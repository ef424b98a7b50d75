//! What is known before the first row: the values of expressions without columns. The checker asks for counts, paths and
//! options; the rule `constant_folding` puts what it can into the plan.

use super::{Expr, ExprId, Exprs};
use crate::catalog::{Catalog, Effect};
use crate::scalar::{self, Arithmetic, Fault, Scalar};
use std::collections::HashMap;

/// A value, or why there is none; nothing if that is not known before there are rows.
pub type Known = Option<Result<Scalar, Fault>>;

/// How long a text may be that is computed before the script runs, in bytes: names make one grow twofold a line.
pub const LONGEST_CONSTANT: usize = 64 * 1024;

impl Exprs {
    /// The value of an expression.
    pub fn known_value(&self, root: ExprId, catalog: &Catalog) -> Known {
        let mut known: HashMap<ExprId, Known> = HashMap::new();
        for id in self.postorder(&[root]) {
            let value = self.known_from(id, &known, catalog);
            known.insert(id, value);
        }
        known.remove(&root).flatten()
    }

    /// The value of an expression whose operands have been looked at. A fault counts where the operand is evaluated.
    fn known_from(&self, id: ExprId, known: &HashMap<ExprId, Known>, catalog: &Catalog) -> Known {
        let of = |operand: &ExprId| known.get(operand).cloned().flatten();
        // null counts as false
        let truth = |operand| Some(of(operand)?.map(|value| value == Scalar::Bool(true)));
        let as_bool = |truth: Option<Result<bool, Fault>>| Some(truth?.map(Scalar::Bool));
        match self.get(id) {
            Expr::Literal(literal) => Some(Ok(self.constant(*literal).clone())),
            Expr::And(a, b) => match truth(a)? {
                Ok(true) => as_bool(truth(b)),
                decided => as_bool(Some(decided)),
            },
            Expr::Or(a, b) => match truth(a)? {
                Ok(false) => as_bool(truth(b)),
                decided => as_bool(Some(decided)),
            },
            Expr::If(condition, then, otherwise) => match truth(condition)? {
                Ok(holds) => of(if holds { then } else { otherwise }),
                Err(fault) => Some(Err(fault)),
            },
            Expr::Coalesce(a, b) => match of(a)? {
                Ok(Scalar::Null) => of(b),
                value => Some(value),
            },
            expr => {
                let values: Result<Vec<Scalar>, Fault> = expr.operands().iter().map(of).collect::<Option<_>>()?;
                match values {
                    Ok(values) => compute(expr, &values, catalog),
                    Err(fault) => Some(Err(fault)),
                }
            }
        }
    }
}

/// The value of an operation on constants that evaluates all of its operands; nothing where it is not computed here.
pub fn compute(expr: &Expr, values: &[Scalar], catalog: &Catalog) -> Known {
    let null = values.contains(&Scalar::Null);
    Some(match (expr, values) {
        (Expr::Compare(op, ..), [a, b]) => Ok(Scalar::Bool(scalar::compare(*op, a, b))),
        (Expr::Not(_), [Scalar::Bool(a)]) => Ok(Scalar::Bool(!a)),
        (Expr::NonNull(_), [a]) if !null => Ok(a.clone()),
        (Expr::Arithmetic(..) | Expr::Negate(_) | Expr::ToFloat(_) | Expr::Narrow(_), _) if null => Ok(Scalar::Null),
        // an int is converted before it is divided
        (Expr::Arithmetic(Arithmetic::Divide, ..), [Scalar::Int(_), _]) => return None,
        (Expr::Arithmetic(op, ..), [a, b]) => scalar::arithmetic(*op, a, b),
        (Expr::Negate(_), [a]) => scalar::negate(a),
        (Expr::Widen(_), [a]) => Ok(a.clone()),
        (Expr::List(_), _) => Ok(Scalar::List(values.into())),
        (Expr::Record(..), _) => Ok(Scalar::Record(values.into())),
        (Expr::Map(keys, _), _) => Ok(Scalar::Map(keys.iter().cloned().zip(values.iter().cloned()).collect())),
        (Expr::Field(_, at), [Scalar::Record(fields)]) => Ok(fields.get(*at as usize)?.clone()),
        (Expr::Field(..) | Expr::Index { .. }, _) if null => Ok(Scalar::Null),
        (Expr::Index { or_null, .. }, [value, index]) => match scalar::index(value, index) {
            Err(_) if *or_null => Ok(Scalar::Null),
            value => value,
        },
        (Expr::ToFloat(_), [Scalar::Int(a)]) => Ok(Scalar::Float(*a as f64)),
        (Expr::Narrow(_), [Scalar::Wide(a)]) => scalar::narrow(*a).map(Scalar::Int),
        (Expr::Call(function, _), _) => {
            let function = catalog.function(*function);
            match function.effect {
                Effect::Total | Effect::MayFail if null => Ok(Scalar::Null),
                Effect::Total | Effect::MayFail => match (function.body)(values) {
                    Ok(Scalar::String(text)) if text.len() > LONGEST_CONSTANT => return None,
                    value => value,
                },
                Effect::Nondeterministic | Effect::Host => return None,
            }
        }
        // a literal is known already; the others are decided by one operand; what is left has operands of other kinds
        _ => return None,
    })
}
