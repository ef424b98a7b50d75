//! Json: its parts, and values made into it. Records lose the names of their fields in the plan's values, so they are
//! made into maps before a function of the catalog sees them.

use super::operators::Operand;
use super::{Checker, errors};
use crate::ir::{Each, Expr, ExprId};
use crate::scalar::Comparison;
use crate::source::Span;
use crate::ty::{Kind, Type};

impl<'a> Checker<'a> {
    /// A part of a json value by its name or position: null where there is none.
    pub(super) fn json_part(&mut self, json: Operand<'a>, key: Operand<'a>, span: Span) -> Option<ExprId> {
        let kind = &self.ty(key.id).kind;
        if !matches!(kind, Kind::String | Kind::Int) {
            let found = self.ty(key.id).clone();
            self.report(errors::wanted(key.ast.span, "the index of json", &Type::STRING, &found));
            return None;
        }
        let part = self.call_catalog("get", span, &[(None, json), (None, key)])?;
        Some(self.mention(part))
    }

    /// Any value as json: a text becomes a JSON text.
    pub(super) fn json_of(&mut self, id: ExprId, span: Span) -> Option<ExprId> {
        if self.ty(id).kind == Kind::Json {
            return Some(id);
        }
        if let Some(name) = self.ty(id).kind.opaque() {
            let methods = self.catalog.methods(name);
            self.report(errors::opaque_spelled(span, name, &methods));
            return None;
        }
        let Some(function) = self.catalog.functions_named("to_json").first().copied() else {
            self.report(errors::not_yet(span, "json"));
            return None;
        };
        let value = self.with_names(id, span)?;
        Some(self.call_expr(function, vec![value], span))
    }

    /// The same value with maps in the place of records.
    fn with_names(&mut self, id: ExprId, span: Span) -> Option<ExprId> {
        let ty = self.ty(id).clone();
        if !has_record(&ty) {
            return Some(id);
        }
        match &ty.kind {
            Kind::Record(schema) => {
                let mut values = Vec::new();
                for (at, field) in schema.fields.iter().enumerate() {
                    let field = field.ty.clone().or_null_if(ty.nullable);
                    let part = self.add(Expr::Field(id, at as u32), field);
                    values.push(self.json_of(part, span)?);
                }
                let map = self.map_expr(schema.fields.iter().map(|field| field.name.clone()).collect(), values);
                if !ty.nullable {
                    return Some(map);
                }
                let null = self.null_of(&ty);
                let is_null = self.add(Expr::Compare(Comparison::Equal, id, null), Type::BOOL);
                let nothing = self.null_of(&self.ty(map).clone());
                self.if_expr(is_null, nothing, map)
            }
            Kind::List(_) => self.each(Each::Map, id, |c, item| {
                let item = c.plan.column_expr(item);
                c.json_of(item, span)
            }),
            _ => {
                self.report(errors::not_yet(span, "json of a map of records"));
                None
            }
        }
    }
}

/// Whether there is a record in it.
fn has_record(ty: &Type) -> bool {
    matches!(ty.kind, Kind::Record(_)) || ty.kind.parts().any(has_record)
}
