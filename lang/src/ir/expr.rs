//! Typed expressions over columns: an arena with `u32` ids, hash-consed, so that equal expressions are one.
//!
//! An expression that can itself fail carries a [`SiteId`], and the site is part of its identity: two failing
//! expressions are one only where they would blame the same place.

use crate::catalog::{Effect, FunctionId, ReducerId};
use crate::opaque::Opaque;
use crate::scalar::{Arithmetic, Comparison, Scalar};
use crate::source::Span;
use crate::ty::Type;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

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

/// Names a routine of one plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoutineId(pub u32);

/// A place in the script that a row may fail at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    /// The expression.
    pub span: Span,
    /// The call of a user's function that it was inlined from.
    pub caller: Option<SiteId>,
}

/// What becomes of a list by a body over its items. The body is evaluated for the items in order; as a condition, null
/// counts as false.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Each {
    /// The list of what the body gives.
    Map,
    /// The items of the lists that the body gives; of a null no items.
    FlatMap,
    /// The items for which the body is true.
    Filter,
    /// The items before the first for which the body is not true; the body is not evaluated behind it.
    TakeWhile,
    /// The items from the first on for which the body is not true; the body is not evaluated behind it.
    SkipWhile,
    /// The items in the order of what the body gives; those of equal keys in the order in which they were.
    Sort,
    /// The same with the greatest key first; NaN and nulls stay last.
    SortDescending,
}

impl Each {
    /// All of them.
    pub const ALL: [Each; 7] =
        [Each::Map, Each::FlatMap, Each::Filter, Each::TakeWhile, Each::SkipWhile, Each::Sort, Each::SortDescending];

    /// As scripts call it.
    pub fn name(self) -> &'static str {
        match self {
            Each::Map => "map",
            Each::FlatMap => "flat_map",
            Each::Filter => "filter",
            Each::TakeWhile => "take_while",
            Each::SkipWhile => "skip_while",
            Each::Sort => "sort",
            Each::SortDescending => "sort_descending",
        }
    }
}

/// What an expression computes. Operands of arithmetic have kinds that [`crate::scalar::arithmetic_kind`] knows, operands of
/// comparison have one kind: conversions are explicit.
///
/// Unless it says otherwise, a null operand gives null. "Counts as false" is said of a null `bool?`.
///
/// A *body* is an expression that is evaluated with columns that the expression around it binds (the item of a list, the
/// state of a fold). Such columns are of no stage; each is bound in one place of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expr {
    /// A column of the row, or one that an expression around it binds.
    Column(ColumnId),
    /// A constant.
    Literal(LiteralId),
    /// Arithmetic of numbers, dates, times and durations. What does not give a float may fail.
    Arithmetic(Arithmetic, ExprId, ExprId),
    /// `-a`; of an int or a duration it may fail.
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
    /// The same value as one of a type that is wider inside: a `[int]` as a `[int?]`.
    Widen(ExprId),
    /// A function of the catalog; arguments are evaluated left to right, then a null among them gives null.
    Call(FunctionId, Box<[ExprId]>),
    /// A function of the script that calls itself: its arguments are evaluated left to right, then a null where the
    /// parameter takes none gives null. It fails where calls nest too deep; a call in tail position does not nest.
    Recurse(RoutineId, Box<[ExprId]>),
    /// A list of its operands, which have one type; itself never null.
    List(Box<[ExprId]>),
    /// A record of its operands under these names; itself never null.
    Record(Box<[Arc<str>]>, Box<[ExprId]>),
    /// A map of these keys, which are distinct, to its operands, which have one type; itself never null.
    Map(Box<[Arc<str>]>, Box<[ExprId]>),
    /// The field of a record at this position.
    Field(ExprId, u32),
    /// An item of a list by its position (from the end, if it is negative), or a value of a map by its key. What is not
    /// there fails, or is null if `or_null`.
    Index {
        /// The list or map.
        value: ExprId,
        /// The position or key.
        index: ExprId,
        /// Whether what is not there is null.
        or_null: bool,
    },
    /// See [`Each`].
    Each {
        /// What becomes of the list.
        each: Each,
        /// The list.
        list: ExprId,
        /// The item, in the body.
        item: ColumnId,
        /// Evaluated for items of the list.
        body: ExprId,
    },
    /// What a reducer of the catalog makes of the items of lists of one length, each an argument for all items, and of
    /// its constant, if it takes one. Null if a list is.
    Reduce(ReducerId, Box<[ExprId]>),
    /// The state after the last item of a list: `init` without any, then what `next` gives for the state before and the
    /// item. A scan is the list of all states but `init`. Null of a null list only; a state may be null.
    Fold {
        /// The list.
        list: ExprId,
        /// The state before the first item.
        init: ExprId,
        /// The state before, in `next`.
        state: ColumnId,
        /// The item, in `next`.
        item: ColumnId,
        /// The state behind an item.
        next: ExprId,
        /// Whether all states are wanted.
        scan: bool,
    },
}

impl Expr {
    /// Its operands and bodies in the order in which they are evaluated; the bodies are last.
    pub fn operands(&self) -> Vec<ExprId> {
        match self {
            Expr::Column(_) | Expr::Literal(_) => Vec::new(),
            Expr::Field(a, _) => vec![*a],
            Expr::Index { value, index, .. } => vec![*value, *index],
            Expr::Each { list, body, .. } => vec![*list, *body],
            Expr::Fold { list, init, next, .. } => vec![*list, *init, *next],
            Expr::Arithmetic(_, a, b)
            | Expr::Compare(_, a, b)
            | Expr::And(a, b)
            | Expr::Or(a, b)
            | Expr::Coalesce(a, b) => vec![*a, *b],
            Expr::Negate(a) | Expr::Not(a) | Expr::NonNull(a) | Expr::ToFloat(a) | Expr::Narrow(a) | Expr::Widen(a) => {
                vec![*a]
            }
            Expr::If(condition, then, otherwise) => vec![*condition, *then, *otherwise],
            Expr::Call(_, operands)
            | Expr::Recurse(_, operands)
            | Expr::Reduce(_, operands)
            | Expr::List(operands)
            | Expr::Record(_, operands)
            | Expr::Map(_, operands) => operands.to_vec(),
        }
    }

    /// The columns that it binds, for its body: the last of its operands.
    pub fn binds(&self) -> Vec<ColumnId> {
        match self {
            Expr::Each { item, .. } => vec![*item],
            Expr::Fold { state, item, .. } => vec![*state, *item],
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
            | Expr::Call(..)
            | Expr::Recurse(..)
            | Expr::Reduce(..)
            | Expr::List(_)
            | Expr::Record(..)
            | Expr::Map(..)
            | Expr::Field(..)
            | Expr::Index { .. } => Vec::new(),
        }
    }

    /// The same with each operand replaced.
    pub fn map_operands(&self, mut f: impl FnMut(ExprId) -> ExprId) -> Expr {
        fn all(operands: &[ExprId], f: impl FnMut(&ExprId) -> ExprId) -> Box<[ExprId]> {
            operands.iter().map(f).collect()
        }
        match self {
            Expr::Call(function, operands) => Expr::Call(*function, all(operands, |o| f(*o))),
            Expr::Recurse(routine, operands) => Expr::Recurse(*routine, all(operands, |o| f(*o))),
            Expr::Reduce(reducer, operands) => Expr::Reduce(*reducer, all(operands, |o| f(*o))),
            Expr::List(operands) => Expr::List(all(operands, |o| f(*o))),
            Expr::Record(names, operands) => Expr::Record(names.clone(), all(operands, |o| f(*o))),
            Expr::Map(keys, operands) => Expr::Map(keys.clone(), all(operands, |o| f(*o))),
            Expr::Field(a, at) => Expr::Field(f(*a), *at),
            Expr::Index { value, index, or_null } => {
                Expr::Index { value: f(*value), index: f(*index), or_null: *or_null }
            }
            Expr::Each { each, list, item, body } => {
                Expr::Each { each: *each, list: f(*list), item: *item, body: f(*body) }
            }
            Expr::Fold { list, init, state, item, next, scan } => {
                Expr::Fold { list: f(*list), init: f(*init), state: *state, item: *item, next: f(*next), scan: *scan }
            }
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
            Expr::Widen(a) => Expr::Widen(f(*a)),
            Expr::If(condition, then, otherwise) => Expr::If(f(*condition), f(*then), f(*otherwise)),
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
    String(Arc<str>),
    Bytes(Arc<[u8]>),
    Date(i32),
    DateTime(i64),
    Duration(i64),
    Wide(i128),
    List(Vec<LiteralKey>),
    Record(Vec<LiteralKey>),
    Map(Vec<(Arc<str>, LiteralKey)>),
    Json(Arc<str>),
    Opaque(Opaque),
}

impl LiteralKey {
    fn of(value: &Scalar) -> LiteralKey {
        let all = |values: &[Scalar]| values.iter().map(LiteralKey::of).collect();
        match value {
            Scalar::Null => LiteralKey::Null,
            Scalar::Bool(b) => LiteralKey::Bool(*b),
            Scalar::Int(i) => LiteralKey::Int(*i),
            Scalar::Float(x) => LiteralKey::Float(x.to_bits()),
            Scalar::String(s) => LiteralKey::String(s.clone()),
            Scalar::Bytes(bytes) => LiteralKey::Bytes(bytes.clone()),
            Scalar::Date(d) => LiteralKey::Date(*d),
            Scalar::DateTime(t) => LiteralKey::DateTime(*t),
            Scalar::Duration(d) => LiteralKey::Duration(*d),
            Scalar::Wide(w) => LiteralKey::Wide(*w),
            Scalar::List(items) => LiteralKey::List(all(items)),
            Scalar::Record(values) => LiteralKey::Record(all(values)),
            Scalar::Map(entries) => {
                LiteralKey::Map(entries.iter().map(|(key, value)| (key.clone(), LiteralKey::of(value))).collect())
            }
            Scalar::Json(text) => LiteralKey::Json(text.clone()),
            Scalar::Opaque(value) => LiteralKey::Opaque(value.clone()),
        }
    }
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
        let key = LiteralKey::of(&value);
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

    /// Whether any of them does something outside of the script.
    pub fn call_host(&self) -> bool {
        self.nodes.iter().any(|(_, effect)| *effect == Effect::Host)
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

    /// The columns that an expression mentions and does not bind, each once, in the order in which they are first met.
    pub fn columns(&self, id: ExprId) -> Vec<ColumnId> {
        let (mut found, mut bound, mut seen) = (Vec::new(), HashSet::new(), HashSet::new());
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            let expr = self.get(id);
            if let Expr::Column(column) = expr {
                found.push(*column);
            }
            bound.extend(expr.binds());
            stack.extend(expr.operands().into_iter().rev());
        }
        found.retain(|column| !bound.contains(column));
        found
    }
}
