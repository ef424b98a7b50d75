//! Building the plan: expressions with their types, sites and conversions, columns with their origin, and the budgets.

use super::scope::{Row, Stream, Value};
use super::types::is_smaller as is_type_smaller;
use super::{Checker, Origin, errors};
use crate::catalog::Effect;
use crate::ir::typing::scalar_type;
use crate::ir::{ColumnId, Expr, ExprId, Fields, Node, NodeId, SiteId, Stage, TypedExpr};
use crate::scalar::Scalar;
use crate::source::Span;
use crate::ty::{Kind, Type};
use std::rc::Rc;
use std::sync::Arc;

/// How many expressions a script may have, those that inlining repeats included.
const MOST_EXPRESSIONS: usize = 1_000_000;
/// How many parts a list or a record may have, those of what stands in it included: names make it grow twofold a line.
const MOST_PARTS: usize = 1_000_000;
/// As [`MOST_PARTS`]; every field is checked by itself wherever the record goes, so there are fewer.
const MOST_PARTS_OF_RECORD: usize = 50_000;
/// How deep the tree of an expression may be.
pub(super) const DEEPEST: u32 = 1_000;
/// How deep the walk may be: what is inlined adds to what is nested.
const DEEPEST_WALK: usize = 800;
/// How deep calls may be inlined in each other.
pub(super) const MOST_INLINED: usize = 256;

impl<'a> Checker<'a> {
    /// Runs `body` one level deeper, unless a budget is used up: then that is reported once, and there is no result.
    pub(super) fn deeper<T>(&mut self, span: Span, body: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.steps += 1;
        if self.exhausted {
            return None;
        }
        if self.steps > MOST_EXPRESSIONS {
            self.exhaust(errors::too_many_expressions(span, MOST_EXPRESSIONS));
            return None;
        }
        if self.nesting > DEEPEST_WALK {
            self.exhaust(errors::too_deep(span));
            return None;
        }
        self.nesting += 1;
        // A host may call from a thread with a small stack.
        let result = stacker::maybe_grow(256 * 1024, 1024 * 1024, || body(self));
        self.nesting -= 1;
        Some(result)
    }

    /// Stops the walk.
    pub(super) fn exhaust(&mut self, diagnostic: crate::diagnostic::Diagnostic) {
        self.exhausted = true;
        self.report(diagnostic);
    }

    /// A list or a record, if it is not too large for what comes after.
    pub(super) fn unless_too_large(&mut self, value: Value<'a>, span: Span) -> Value<'a> {
        let (what, most) = match value {
            Value::Record(_) => ("record", MOST_PARTS_OF_RECORD),
            _ => ("list", MOST_PARTS),
        };
        if self.is_smaller(&value, &mut most.clone()) {
            return value;
        }
        self.unknown(errors::value_too_large(span, what, most))
    }

    /// Whether it has at most so many parts; `left` says how many more it could have.
    fn is_smaller(&self, value: &Value<'a>, left: &mut usize) -> bool {
        let Some(less) = left.checked_sub(1) else { return false };
        *left = less;
        match value {
            Value::Expr(id) => is_type_smaller(self.ty(*id), left),
            Value::Record(fields) => fields.iter().all(|field| self.is_smaller(&field.1, left)),
            Value::List(items) => items.iter().all(|item| self.is_smaller(item, left)),
            Value::Stream(_) | Value::Range(_) | Value::Lambda(_) | Value::Unknown => true,
        }
    }

    /// Adds an expression that cannot itself fail.
    pub(super) fn add(&mut self, expr: Expr, ty: Type) -> ExprId {
        self.add_with(expr, ty, None, Effect::Total)
    }

    /// Adds an expression that may itself fail, at `span`.
    pub(super) fn add_fallible(&mut self, expr: Expr, ty: Type, span: Span, effect: Effect) -> ExprId {
        let site = self.site(span);
        self.add_with(expr, ty, Some(site), effect)
    }

    fn add_with(&mut self, expr: Expr, ty: Type, site: Option<SiteId>, effect: Effect) -> ExprId {
        self.depths.resize(self.plan.exprs.len(), 1);
        let depth = 1 + expr.operands().iter().map(|o| self.depths[o.0 as usize]).max().unwrap_or(0);
        let id = self.plan.exprs.add(TypedExpr { expr, ty, site }, effect);
        if self.depths.len() < self.plan.exprs.len() {
            self.depths.push(depth);
        }
        id
    }

    /// Whether the tree of an expression is too deep for what comes after the checker; reported here.
    pub(super) fn is_too_deep(&mut self, id: ExprId, span: Span) -> bool {
        let too_deep = self.depths.get(id.0 as usize).is_some_and(|depth| *depth > DEEPEST);
        if too_deep && !self.exhausted {
            self.exhaust(errors::too_deep(span));
        }
        too_deep
    }

    /// The site of a place under the current call.
    pub(super) fn site(&mut self, span: Span) -> SiteId {
        let caller = self.caller;
        let plan = &mut self.plan;
        *self.sites.entry((span, caller)).or_insert_with(|| plan.add_site(span, caller))
    }

    /// The type of an expression.
    pub(super) fn ty(&self, id: ExprId) -> &Type {
        self.plan.exprs.ty(id)
    }

    pub(super) fn int(&mut self, value: i64) -> ExprId {
        self.plan.exprs.literal(Scalar::Int(value), Type::INT)
    }

    pub(super) fn float(&mut self, value: f64) -> ExprId {
        self.plan.exprs.literal(Scalar::Float(value), Type::FLOAT)
    }

    pub(super) fn bool(&mut self, value: bool) -> ExprId {
        self.plan.exprs.literal(Scalar::Bool(value), Type::BOOL)
    }

    /// Null as a value of `ty`.
    pub(super) fn null_of(&mut self, ty: &Type) -> ExprId {
        self.plan.exprs.literal(Scalar::Null, ty.clone().or_null())
    }

    /// A constant of the type that it has by itself.
    pub(super) fn constant(&mut self, value: Scalar) -> ExprId {
        let ty = scalar_type(&value).expect("only single values stand in a script or a signature");
        self.plan.exprs.literal(value, ty)
    }

    /// Adds a column with its origin.
    pub(super) fn add_column(&mut self, name: &Arc<str>, ty: Type, origin: Option<(Span, String)>) -> ColumnId {
        let id = self.plan.add_column(name.clone(), ty);
        self.origins.push(origin.map(|(span, text)| Origin { span, text }));
        id
    }

    /// Whether evaluating it cannot fail for any row.
    pub(super) fn is_sure(&self, id: ExprId) -> bool {
        let unsure = |column: &ColumnId| self.unsure.contains(column);
        self.plan.exprs.effect(id) == Effect::Total
            && (self.unsure.is_empty() || !self.plan.exprs.columns(id).iter().any(unsure))
    }

    /// Adds a column that is defined by an expression.
    pub(super) fn define(&mut self, name: &Arc<str>, id: ExprId, origin: Option<(Span, String)>) -> ColumnId {
        let column = self.add_column(name, self.ty(id).clone(), origin);
        if !self.is_sure(id) {
            self.unsure.insert(column);
        }
        column
    }

    /// Where an expression's type came from, if it is a column.
    pub(super) fn origin(&self, id: ExprId) -> Option<(Span, String)> {
        match self.plan.exprs.get(id) {
            Expr::Column(column) => {
                self.origins[column.0 as usize].as_ref().map(|origin| (origin.span, origin.text.clone()))
            }
            Expr::ToFloat(inner) | Expr::NonNull(inner) | Expr::Widen(inner) => self.origin(*inner),
            _ => None,
        }
    }

    /// Adds a node whose rows are `row.fields`.
    pub(super) fn add_node(&mut self, stage: Stage, span: Span, output: impl Into<Fields>) -> NodeId {
        let stage = self.with_marks(stage);
        self.plan.add_node(Node { stage, output: output.into(), span })
    }

    /// A stage that gives the rows of its input, or some of them.
    pub(super) fn same_rows(&mut self, input: Stream, span: Span, stage: impl FnOnce(NodeId) -> Stage) -> Stream {
        let node = self.add_node(stage(input.node), span, input.row.fields.clone());
        Stream { node, ..input }
    }

    /// A stage that gives other rows.
    pub(super) fn other_rows(&mut self, stage: Stage, span: Span, row: Row, endless: bool) -> Stream {
        let node = self.add_node(stage, span, row.fields.clone());
        Stream { node, row: Rc::new(row), endless }
    }

    /// The same value as a float: int is converted, a constant at once. A constant for what may be null keeps that type.
    pub(super) fn as_float(&mut self, id: ExprId) -> ExprId {
        let ty = Type::FLOAT.or_null_if(self.ty(id).nullable);
        match (&self.ty(id).kind, self.plan.exprs.as_constant(id)) {
            (Kind::Float, _) => id,
            (_, Some(Scalar::Int(value))) => self.plan.exprs.literal(Scalar::Float(*value as f64), ty),
            (_, Some(Scalar::Null)) => self.null_of(&Type::FLOAT),
            _ => self.add(Expr::ToFloat(id), ty),
        }
    }

    /// One of two values of one type.
    pub(super) fn if_expr(&mut self, condition: ExprId, then: ExprId, otherwise: ExprId) -> Option<ExprId> {
        let (then, otherwise) = self.unify(then, otherwise)?;
        let ty = self.ty(then).clone().or_null_if(self.ty(otherwise).nullable);
        Some(self.add(Expr::If(condition, then, otherwise), ty))
    }

    /// The value of an expression that is known now. A fault is reported.
    pub(super) fn evaluate(&mut self, id: ExprId, span: Span) -> Option<Scalar> {
        match self.constant_value(id)? {
            Ok(value) => Some(value),
            Err(fault) => {
                self.report(errors::constant_fault(span, fault));
                None
            }
        }
    }

    /// [`Checker::evaluate`] without a report.
    pub(super) fn constant_value(&self, id: ExprId) -> crate::ir::constant::Known {
        self.plan.exprs.known_value(id, self.catalog)
    }
}
