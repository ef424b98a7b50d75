//! One type for several values: what two types have in common, and the conversions that bring a value there.
//!
//! What differs by null alone is only looked at as a wider type (a `[int]` as a `[int?]`). Otherwise the parts of a list or
//! record are converted, where it is built if the script builds it on the spot (`[1, 2.5]`).

use super::Checker;
use crate::ir::typing::{is_of_type, is_wider};
use crate::ir::{Each, Expr, ExprId};
use crate::scalar::Scalar;
use crate::ty::{Field, Kind, Schema, Type};
use std::sync::Arc;

/// The type of an item of `[]`: there is none. It becomes any other type.
pub(super) const NEVER: Type = Type { kind: Kind::Null, nullable: false };

/// The type that values of both types become.
pub(super) fn common_type(a: &Type, b: &Type) -> Option<Type> {
    let kind = common_kind(&a.kind, &b.kind)?;
    Some(Type { kind, nullable: a.nullable || b.nullable })
}

/// The kind that values of both kinds become: the same, float for int and float, the other for null.
pub(super) fn common_kind(a: &Kind, b: &Kind) -> Option<Kind> {
    Some(match (a, b) {
        (a, b) if a == b => a.clone(),
        (Kind::Int, Kind::Float) | (Kind::Float, Kind::Int) => Kind::Float,
        (Kind::Null, other) | (other, Kind::Null) => other.clone(),
        (Kind::List(a), Kind::List(b)) => Kind::List(Arc::new(common_type(a, b)?)),
        (Kind::Map(a), Kind::Map(b)) => Kind::Map(Arc::new(common_type(a, b)?)),
        (Kind::Record(a), Kind::Record(b)) if a.fields.len() == b.fields.len() => {
            let field = |field: &Field| {
                let other = &b.fields[b.position(&field.name)?];
                Some(Field { name: field.name.clone(), ty: common_type(&field.ty, &other.ty)? })
            };
            Kind::Record(Arc::new(Schema { fields: a.fields.iter().map(field).collect::<Option<_>>()? }))
        }
        _ => return None,
    })
}

impl<'a> Checker<'a> {
    /// The value as one of `kind`, if it is one, or an int where a float is wanted, or null, or a list, record or map
    /// whose parts become those of `kind`.
    pub(super) fn coerce(&mut self, id: ExprId, kind: &Kind) -> Option<ExprId> {
        match (&self.ty(id).kind, kind) {
            (found, wanted) if found == wanted => Some(id),
            (Kind::Int, Kind::Float) => Some(self.as_float(id)),
            (Kind::Null, _) => Some(self.typed_null(id, kind)),
            (Kind::List(_), Kind::List(_)) | (Kind::Record(_), Kind::Record(_)) | (Kind::Map(_), Kind::Map(_)) => {
                self.reshaped(id, kind)
            }
            _ => None,
        }
    }

    /// The value as one of a declared type: null only where the type has it, and as far as its user knows, wherever it does.
    pub(super) fn convert(&mut self, id: ExprId, ty: &Type) -> Option<ExprId> {
        let id = self.coerce(id, &ty.kind)?;
        match (ty.nullable, self.ty(id).nullable) {
            (true, false) => Some(self.with_type(id, ty.clone())),
            (false, true) => None,
            (true, true) | (false, false) => Some(id),
        }
    }

    /// A list, record or map as one of another kind.
    fn reshaped(&mut self, id: ExprId, kind: &Kind) -> Option<ExprId> {
        let ty = Type { kind: kind.clone(), nullable: self.ty(id).nullable };
        if let Some(value) = self.plan.exprs.as_constant(id).filter(|value| is_of_type(value, &ty)) {
            let value = value.clone();
            return Some(self.plan.exprs.literal(value, ty));
        }
        let built = match (self.plan.exprs.get(id).clone(), kind) {
            (Expr::List(items), Kind::List(item)) => {
                let items = items.iter().map(|id| self.convert(*id, item)).collect::<Option<Vec<_>>>()?;
                self.list_expr(items)
            }
            (Expr::Map(keys, values), Kind::Map(value)) => {
                let values = values.iter().map(|id| self.convert(*id, value)).collect::<Option<Vec<_>>>()?;
                self.map_expr(keys.into_vec(), values)
            }
            (Expr::Record(names, values), Kind::Record(schema)) => {
                let field = |field: &Field| {
                    let at = names.iter().position(|name| *name == field.name)?;
                    self.convert(values[at], &field.ty)
                };
                let values = schema.fields.iter().map(field).collect::<Option<Vec<_>>>()?;
                self.record_expr(schema.fields.iter().map(|field| field.name.clone()).collect(), values)
            }
            (Expr::If(condition, then, otherwise), _) => {
                let (then, otherwise) = (self.coerce(then, kind)?, self.coerce(otherwise, kind)?);
                return Some(self.add(Expr::If(condition, then, otherwise), ty));
            }
            _ => id,
        };
        let found = self.ty(built).clone();
        if found == ty {
            return Some(built);
        }
        if is_wider(&ty, &found) {
            return Some(self.add(Expr::Widen(built), ty));
        }
        match (&found.kind, kind) {
            (Kind::List(_), Kind::List(item)) if built == id => {
                let converted = self.each(Each::Map, id, |c, column| {
                    let column = c.plan.column_expr(column);
                    c.convert(column, item)
                })?;
                self.coerce(converted, kind)
            }
            (Kind::Record(from), Kind::Record(schema)) if built == id && !found.nullable => {
                let mut values = Vec::new();
                for field in &schema.fields {
                    let at = from.position(&field.name)?;
                    let value = self.field_expr(id, at, &from.fields[at].ty);
                    values.push(self.convert(value, &field.ty)?);
                }
                let names = schema.fields.iter().map(|field| field.name.clone()).collect();
                let record = self.record_expr(names, values);
                self.coerce(record, kind)
            }
            _ => None,
        }
    }

    /// A value that is always null, as one of `kind`; the conditions in it are kept, for they may fail.
    fn typed_null(&mut self, id: ExprId, kind: &Kind) -> ExprId {
        let ty = Type::of(kind.clone()).or_null();
        match *self.plan.exprs.get(id) {
            Expr::If(condition, then, otherwise) => {
                let (then, otherwise) = (self.typed_null(then, kind), self.typed_null(otherwise, kind));
                self.add(Expr::If(condition, then, otherwise), ty)
            }
            _ => self.null_of(&ty),
        }
    }

    /// The kind that both values become.
    pub(super) fn common_kind(&self, a: ExprId, b: ExprId) -> Option<Kind> {
        common_kind(&self.ty(a).kind, &self.ty(b).kind)
    }

    /// Both as values of one kind.
    pub(super) fn unify(&mut self, a: ExprId, b: ExprId) -> Option<(ExprId, ExprId)> {
        let kind = self.common_kind(a, b)?;
        Some((self.coerce(a, &kind)?, self.coerce(b, &kind)?))
    }

    /// All as values of one kind; the first that does not go with those before it is the error.
    pub(super) fn unify_all(&mut self, ids: &[ExprId]) -> Result<Vec<ExprId>, usize> {
        let mut kind = Kind::Null;
        for (at, id) in ids.iter().enumerate() {
            kind = common_kind(&kind, &self.ty(*id).kind).ok_or(at)?;
        }
        ids.iter().enumerate().map(|(at, id)| self.coerce(*id, &kind).ok_or(at)).collect()
    }

    /// A list of values of one kind.
    pub(super) fn list_expr(&mut self, items: Vec<ExprId>) -> ExprId {
        let ty = Type::list(self.type_of_all(&items));
        if items.is_empty() {
            return self.plan.exprs.literal(Scalar::List(Arc::new([])), ty);
        }
        self.add(Expr::List(items.into()), ty)
    }

    /// A map to values of one kind.
    pub(super) fn map_expr(&mut self, keys: Vec<Arc<str>>, values: Vec<ExprId>) -> ExprId {
        let ty = Type::map(self.type_of_all(&values));
        self.add(Expr::Map(keys.into(), values.into()), ty)
    }

    fn type_of_all(&self, ids: &[ExprId]) -> Type {
        let nullable = ids.iter().any(|id| self.ty(*id).nullable);
        ids.first().map_or(NEVER, |first| self.ty(*first).clone()).or_null_if(nullable)
    }

    /// A record as a single value.
    pub(super) fn record_expr(&mut self, names: Vec<Arc<str>>, values: Vec<ExprId>) -> ExprId {
        let field = |(name, id): (&Arc<str>, &ExprId)| Field { name: name.clone(), ty: self.ty(*id).clone() };
        let schema = Schema { fields: names.iter().zip(&values).map(field).collect() };
        self.add(Expr::Record(names.into(), values.into()), Type::record(schema))
    }
}
