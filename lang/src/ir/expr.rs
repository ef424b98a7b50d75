//! Typed expressions over columns: an arena with `u32` ids, hash-consed, so that equal expressions are one.
//!
//! An expression that can itself fail carries a [`SiteId`], and the site is part of its identity: two failing
//! expressions are one only where they would blame the same place.

use crate::catalog::{Effect, FunctionId};
use crate::scalar::{Arithmetic, Comparison, Scalar};
use crate::source::Span;
use crate::ty::Type;
use std::collections::HashMap;

/// Names an expression of one plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExprId(pub u32);

/// Names a column of one plan, wherever it flows. Never a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnId(pub u32);

/// Names a place in the script that a row may fail at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SiteId(pub u32);

/// Names a constant of one plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LiteralId(pub u32);

/// A place in the script that a row may fail at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    /// The expression.
    pub span: Span,
    /// The call of a user's function that it was inlined from.
    pub caller: Option<SiteId>,
}

/// What an expression computes. Operands of arithmetic and comparison have one kind: conversions are explicit.
///
/// Unless it says otherwise, a null operand gives null. "Counts as false" is said of a null `bool?`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expr {
    /// A column of the row.
    Column(ColumnId),
    /// A constant.
    Literal(LiteralId),
    /// Int or float arithmetic; `Divide` only of floats. Int arithmetic may fail.
    Arithmetic(Arithmetic, ExprId, ExprId),
    /// `-a`; of an int it may fail.
    Negate(ExprId),
    /// Two-valued, never null.
    Compare(Comparison, ExprId, ExprId),
    /// The right operand is evaluated where the left one is true. Null counts as false; never null.
    And(ExprId, ExprId),
    /// The right operand is evaluated where the left one is not true. Null counts as false; never null.
    Or(ExprId, ExprId),
    /// Of a `bool` that is not null.
    Not(ExprId),
    /// Condition (null counts as false), then, otherwise; both of one type.
    If(ExprId, ExprId, ExprId),
    /// The right operand is evaluated where the left one is null.
    Coalesce(ExprId, ExprId),
    /// A value that a `filter` or an `if` has shown not to be null.
    NonNull(ExprId),
    /// Int to float, the one implicit conversion.
    ToFloat(ExprId),
    /// A sum of ints as an int; may fail.
    Narrow(ExprId),
    /// A function of the catalog; arguments are evaluated left to right, then a null among them gives null.
    Call(FunctionId, Box<[ExprId]>),
}

impl Expr {
    /// Its operands in the order in which they are evaluated.
    pub fn operands(&self) -> Vec<ExprId> {
        match self {
            Expr::Column(_) | Expr::Literal(_) => Vec::new(),
            Expr::Arithmetic(_, a, b)
            | Expr::Compare(_, a, b)
            | Expr::And(a, b)
            | Expr::Or(a, b)
            | Expr::Coalesce(a, b) => vec![*a, *b],
            Expr::Negate(a) | Expr::Not(a) | Expr::NonNull(a) | Expr::ToFloat(a) | Expr::Narrow(a) => vec![*a],
            Expr::If(condition, then, otherwise) => vec![*condition, *then, *otherwise],
            Expr::Call(_, arguments) => arguments.to_vec(),
        }
    }

    /// The same with each operand replaced.
    pub fn map_operands(&self, mut f: impl FnMut(ExprId) -> ExprId) -> Expr {
        match self {
            Expr::Column(_) | Expr::Literal(_) => self.clone(),
            Expr::Arithmetic(op, a, b) => Expr::Arithmetic(*op, f(*a), f(*b)),
            Expr::Compare(op, a, b) => Expr::Compare(*op, f(*a), f(*b)),
            Expr::And(a, b) => Expr::And(f(*a), f(*b)),
            Expr::Or(a, b) => Expr::Or(f(*a), f(*b)),
            Expr::Coalesce(a, b) => Expr::Coalesce(f(*a), f(*b)),
            Expr::Negate(a) => Expr::Negate(f(*a)),
            Expr::Not(a) => Expr::Not(f(*a)),
            Expr::NonNull(a) => Expr::NonNull(f(*a)),
            Expr::ToFloat(a) => Expr::ToFloat(f(*a)),
            Expr::Narrow(a) => Expr::Narrow(f(*a)),
            Expr::If(condition, then, otherwise) => Expr::If(f(*condition), f(*then), f(*otherwise)),
            Expr::Call(function, arguments) => Expr::Call(*function, arguments.iter().map(|a| f(*a)).collect()),
        }
    }
}

/// An expression with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TypedExpr {
    /// What it computes.
    pub expr: Expr,
    /// Its type.
    pub ty: Type,
    /// Where it fails, if it itself (not an operand) may.
    pub site: Option<SiteId>,
}

/// All expressions and constants of a plan.
#[derive(Clone, Debug, Default)]
pub struct Exprs {
    nodes: Vec<(TypedExpr, Effect)>,
    ids: HashMap<TypedExpr, ExprId>,
    literals: Vec<Scalar>,
    literal_ids: HashMap<LiteralKey, LiteralId>,
}

/// Constants are one if they are the same bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum LiteralKey {
    Null,
    Bool(bool),
    Int(i64),
    Float(u64),
    String(std::sync::Arc<str>),
    Date(i32),
    Wide(i128),
}

impl Exprs {
    /// Adds an expression, or finds the same one. `own_effect` is what the node does by itself; that of its operands is
    /// added.
    pub fn add(&mut self, expr: TypedExpr, own_effect: Effect) -> ExprId {
        if let Some(id) = self.ids.get(&expr) {
            return *id;
        }
        let effect = expr.expr.operands().iter().map(|o| self.effect(*o)).fold(own_effect, Effect::max);
        let id = ExprId(self.nodes.len() as u32);
        self.nodes.push((expr.clone(), effect));
        self.ids.insert(expr, id);
        id
    }

    /// The id of an expression, if it was added.
    pub fn find(&self, expr: &TypedExpr) -> Option<ExprId> {
        self.ids.get(expr).copied()
    }

    /// Adds a constant of a type.
    pub fn literal(&mut self, value: Scalar, ty: Type) -> ExprId {
        let key = match &value {
            Scalar::Null => LiteralKey::Null,
            Scalar::Bool(b) => LiteralKey::Bool(*b),
            Scalar::Int(i) => LiteralKey::Int(*i),
            Scalar::Float(x) => LiteralKey::Float(x.to_bits()),
            Scalar::String(s) => LiteralKey::String(s.clone()),
            Scalar::Date(d) => LiteralKey::Date(*d),
            Scalar::Wide(w) => LiteralKey::Wide(*w),
        };
        let next = LiteralId(self.literals.len() as u32);
        let id = *self.literal_ids.entry(key).or_insert(next);
        if id == next {
            self.literals.push(value);
        }
        self.add(TypedExpr { expr: Expr::Literal(id), ty, site: None }, Effect::Total)
    }

    /// What `id` computes.
    pub fn get(&self, id: ExprId) -> &Expr {
        &self.nodes[id.0 as usize].0.expr
    }

    /// The whole entry.
    pub fn typed(&self, id: ExprId) -> &TypedExpr {
        &self.nodes[id.0 as usize].0
    }

    /// Its type.
    pub fn ty(&self, id: ExprId) -> &Type {
        &self.nodes[id.0 as usize].0.ty
    }

    /// Where it itself may fail.
    pub fn site(&self, id: ExprId) -> Option<SiteId> {
        self.nodes[id.0 as usize].0.site
    }

    /// What evaluating it may do, its operands included. Columns count as total: whether a cell may fail is the scan's
    /// property ([`super::Plan::is_total`] knows both).
    pub fn effect(&self, id: ExprId) -> Effect {
        self.nodes[id.0 as usize].1
    }

    /// The constant that `id` names.
    pub fn constant(&self, id: LiteralId) -> &Scalar {
        &self.literals[id.0 as usize]
    }

    /// The constant that an expression is, if it is one.
    pub fn as_constant(&self, id: ExprId) -> Option<&Scalar> {
        match self.get(id) {
            Expr::Literal(literal) => Some(self.constant(*literal)),
            _ => None,
        }
    }

    /// How many there are; ids run from 0.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// What these expressions are made of, each once, operands before what uses them. The order follows from their
    /// structure alone.
    pub fn postorder(&self, roots: &[ExprId]) -> Vec<ExprId> {
        let (mut order, mut seen) = (Vec::new(), std::collections::HashSet::new());
        let mut stack: Vec<(ExprId, bool)> = roots.iter().rev().map(|root| (*root, false)).collect();
        while let Some((id, operands_done)) = stack.pop() {
            if operands_done {
                order.push(id);
            } else if seen.insert(id) {
                stack.push((id, true));
                stack.extend(self.get(id).operands().into_iter().rev().map(|operand| (operand, false)));
            }
        }
        order
    }

    /// The expression with some columns replaced by expressions of the same type; what it does not mention is shared.
    pub fn substitute(&mut self, id: ExprId, replace: &HashMap<ColumnId, ExprId>) -> ExprId {
        let mut done: HashMap<ExprId, ExprId> = HashMap::new();
        for old in self.postorder(&[id]) {
            let (typed, effect) = &self.nodes[old.0 as usize];
            let new = match typed.expr {
                Expr::Column(column) => replace.get(&column).copied().unwrap_or(old),
                _ => {
                    let expr = typed.expr.map_operands(|o| done[&o]);
                    let unchanged = expr == typed.expr;
                    let typed = TypedExpr { expr, ..typed.clone() };
                    if unchanged { old } else { self.add(typed, *effect) }
                }
            };
            done.insert(old, new);
        }
        done[&id]
    }

    /// The columns that an expression mentions, each once, in the order in which they are first met.
    pub fn columns(&self, id: ExprId) -> Vec<ColumnId> {
        let (mut found, mut seen) = (Vec::new(), std::collections::HashSet::new());
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            if let Expr::Column(column) = self.get(id) {
                found.push(*column);
            }
            stack.extend(self.get(id).operands().into_iter().rev());
        }
        found
    }
}
