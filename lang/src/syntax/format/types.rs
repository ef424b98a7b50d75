//! Types as they are written.

use super::{Brackets, Writer};
use crate::syntax::ast::{Name, TypeExpr};

impl Writer<'_> {
    pub(super) fn type_expr(&mut self, ty: &TypeExpr) {
        match ty {
            TypeExpr::Named(path, _) => self.path(path),
            TypeExpr::Nullable(inner, _) => {
                self.type_expr(inner);
                self.word("?");
            }
            TypeExpr::List(inner, _) => {
                self.word("[");
                self.type_expr(inner);
                self.word("]");
            }
            TypeExpr::Record { fields, open, span } => {
                let named = fields.iter().map(Some);
                let items: Vec<_> = named.chain(open.then_some(None)).collect();
                let start = |field: &Option<&(Name, TypeExpr)>| match field {
                    Some((name, _)) => name.span.start,
                    None => span.end.saturating_sub(1),
                };
                self.list(&Brackets::of(*span, "{", "}"), &items, start, |writer, field| match field {
                    Some((name, ty)) => {
                        writer.source(name.span);
                        writer.word(": ");
                        writer.type_expr(ty);
                    }
                    None => writer.word(".."),
                });
            }
            TypeExpr::Generic(name, inner, _) => {
                self.source(name.span);
                self.word("<");
                self.type_expr(inner);
                self.word(">");
            }
            TypeExpr::Function(parameters, result, span) => {
                let start = span.start + "fn(".len() as u32;
                let brackets = Brackets { open: "fn(", close: ")", start, end: result.span().start };
                self.list(&brackets, parameters, |ty| ty.span().start, |writer, ty| writer.type_expr(ty));
                self.word(" -> ");
                self.type_expr(result);
            }
            TypeExpr::Error(span) => self.source(*span),
        }
    }
}
