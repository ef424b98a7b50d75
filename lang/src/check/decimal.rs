//! Exact arithmetic of decimal literals: `0.06 + 0.01` is `0.07`, not the sum of two nearest floats.
//!
//! Only `+ - *` and unary minus of literals, at least one of them with a decimal point; anything else is computed in
//! floats where it runs.

use crate::scalar::Arithmetic;
use crate::syntax::ast::{BinaryOperator, Expr, ExprKind, UnaryOperator};

/// Deeper trees are computed in floats: nobody writes such a constant, and the stack is finite.
const MOST_LEVELS: usize = 32;

/// `digits / 10^scale`; `point` says whether a literal with a decimal point took part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Decimal {
    digits: i128,
    scale: u32,
    point: bool,
}

impl Decimal {
    /// The value of a literal, or of arithmetic of literals.
    pub fn of(expr: &Expr) -> Option<Decimal> {
        Decimal::within(expr, MOST_LEVELS)
    }

    fn within(expr: &Expr, levels: usize) -> Option<Decimal> {
        let levels = levels.checked_sub(1)?;
        match &expr.kind {
            ExprKind::Int(value) => Some(Decimal { digits: i128::from(*value), scale: 0, point: false }),
            ExprKind::Float(_, text) => Decimal::parse(text),
            ExprKind::Parenthesized(inner) => Decimal::within(inner, levels),
            ExprKind::Unary(UnaryOperator::Negate, inner) => {
                Decimal::within(inner, levels).map(|d| Decimal { digits: -d.digits, ..d })
            }
            ExprKind::Binary(BinaryOperator::Arithmetic(op), _, a, b) => {
                Decimal::within(a, levels).zip(Decimal::within(b, levels)).and_then(|(a, b)| a.combine(*op, b))
            }
            _ => None,
        }
    }

    /// `12.50`; not `1e3`.
    fn parse(text: &str) -> Option<Decimal> {
        let text = text.replace('_', "");
        let (whole, fraction) = text.split_once('.')?;
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        Some(Decimal { digits, scale: fraction.len() as u32, point: true })
    }

    /// The exact result, unless it is of ints alone, too long, or not of `+ - *`.
    pub fn combine(self, op: Arithmetic, other: Decimal) -> Option<Decimal> {
        let point = self.point || other.point;
        if !point {
            return None;
        }
        let scale = self.scale.max(other.scale);
        let digits = match op {
            Arithmetic::Add => self.at_scale(scale)?.checked_add(other.at_scale(scale)?)?,
            Arithmetic::Subtract => self.at_scale(scale)?.checked_sub(other.at_scale(scale)?)?,
            Arithmetic::Multiply => {
                let digits = self.digits.checked_mul(other.digits)?;
                return Some(Decimal { digits, scale: self.scale + other.scale, point });
            }
            Arithmetic::Divide | Arithmetic::FloorDivide | Arithmetic::Modulo | Arithmetic::Power => return None,
        };
        Some(Decimal { digits, scale, point })
    }

    fn at_scale(self, scale: u32) -> Option<i128> {
        self.digits.checked_mul(10i128.checked_pow(scale - self.scale)?)
    }

    /// The nearest float, if a decimal point took part.
    pub fn to_float(self) -> Option<f64> {
        // The parser of floats rounds correctly, so this rounds once.
        if self.point { format!("{}e-{}", self.digits, self.scale).parse().ok() } else { None }
    }
}
