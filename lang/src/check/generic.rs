//! Types that a call gives: a bare capital letter in the type of a parameter is what the arguments have in its place. All
//! arguments of a call that have a letter become one type.

use super::inline::Parameter;
use super::scope::Value;
use super::unify::common_type;
use super::{Checker, errors};
use crate::ir::Shape;
use crate::source::Span;
use crate::syntax::ast::TypeExpr;
use crate::syntax::nodes::Node;
use crate::ty::{Field, Kind, Schema, Type};
use std::collections::HashMap;
use std::sync::Arc;

/// What the letters of a function are in one call.
pub(super) type Letters = HashMap<Arc<str>, Type>;

/// Whether a name is a letter, unless it is that of a type.
pub(super) fn is_letter(name: &str) -> bool {
    name.len() == 1 && name.chars().all(|c| c.is_ascii_uppercase())
}

/// Letters while they are gathered, each with the argument that it was seen in first.
#[derive(Default)]
struct Gathered {
    letters: HashMap<Arc<str>, (Type, Span)>,
    /// The first letter whose arguments have nothing in common: of which type the earlier ones are, and this one.
    conflict: Option<(Arc<str>, (Type, Span), Type)>,
}

impl<'a> Checker<'a> {
    /// What the letters in the types of parameters are; nothing if two arguments do not go together, which is reported.
    pub(super) fn letters_of(
        &mut self,
        function: &str,
        arguments: &mut [(Parameter<'a>, Value<'a>, Span)],
    ) -> Option<Letters> {
        let mut gathered = Gathered::default();
        for (parameter, value, span) in arguments {
            let ty = &parameter.ast.ty;
            if !has_letter(ty) {
                continue;
            }
            // A list literal has a type once it is one value.
            if let (
                Value::List(_) | Value::Range(_),
                TypeExpr::Named(..) | TypeExpr::Nullable(..) | TypeExpr::List(..),
            ) = (&*value, ty)
            {
                *value = super::expr::or_unknown(self.as_scalar(value.clone(), *span));
            }
            let found = self.type_with_rows(value);
            let types = &self.names_of(parameter.module).types;
            gathered.gather(ty, &found, *span, &|name| is_letter(name) && !types.contains_key(name));
            if let Some((letter, first, found)) = gathered.conflict.take() {
                self.report(errors::letter_conflict(*span, function, &letter, &found, first));
                return None;
            }
        }
        Some(gathered.letters.into_iter().map(|(letter, (ty, _))| (letter, ty)).collect())
    }

    /// The type of a value; of a stream that of its rows.
    fn type_with_rows(&self, value: &Value<'a>) -> Type {
        let Value::Stream(stream) = value else { return self.type_of(value) };
        let field = |field: &crate::ir::OutputField| Field {
            name: field.name.clone(),
            ty: self.plan.column(field.column).ty.clone(),
        };
        match stream.row.shape {
            _ if !stream.row.known => Type::UNKNOWN,
            Shape::Table => Type::record(Schema { fields: stream.row.fields.iter().map(field).collect() }),
            Shape::Values | Shape::Scalar => stream.row.fields.first().map_or(Type::UNKNOWN, |column| field(column).ty),
        }
    }
}

impl Gathered {
    fn gather(&mut self, ty: &TypeExpr, found: &Type, span: Span, is_letter: &dyn Fn(&str) -> bool) {
        match (ty, &found.kind) {
            (_, Kind::Unknown) => {}
            (TypeExpr::Named(path, _), _) => {
                if let [name] = path.as_slice()
                    && is_letter(&name.text)
                {
                    self.letter(&name.text, found, span);
                }
            }
            (TypeExpr::Nullable(_, _), Kind::Null) => {}
            (TypeExpr::Nullable(inner, _), _) => self.gather(inner, &found.clone().without_null(), span, is_letter),
            (TypeExpr::List(inner, _), Kind::List(item)) => self.gather(inner, item, span, is_letter),
            (TypeExpr::Generic(_, inner, _), Kind::Map(value)) => self.gather(inner, value, span, is_letter),
            (TypeExpr::Generic(name, inner, _), _) if &*name.text == "stream" => {
                self.gather(inner, found, span, is_letter);
            }
            (TypeExpr::Record { fields, .. }, Kind::Record(schema)) => {
                for (name, ty) in fields {
                    if let Some(at) = schema.position(&name.text) {
                        self.gather(ty, &schema.fields[at].ty, span, is_letter);
                    }
                }
            }
            (TypeExpr::List(..) | TypeExpr::Generic(..) | TypeExpr::Record { .. }, _) => {}
            (TypeExpr::Function(..) | TypeExpr::Error(_), _) => {}
        }
    }

    fn letter(&mut self, name: &Arc<str>, found: &Type, span: Span) {
        let Some((known, first)) = self.letters.get(name).cloned() else {
            self.letters.insert(name.clone(), (found.clone(), span));
            return;
        };
        match common_type(&known, found) {
            Some(common) => {
                self.letters.insert(name.clone(), (common, first));
            }
            None => self.conflict = self.conflict.take().or(Some((name.clone(), (known, first), found.clone()))),
        }
    }
}

/// Whether a letter stands in a type.
fn has_letter(ty: &TypeExpr) -> bool {
    let mut open = vec![Node::Type(ty)];
    while let Some(node) = open.pop() {
        if let Node::Type(TypeExpr::Named(path, _)) = node
            && path.iter().any(|name| is_letter(&name.text))
        {
            return true;
        }
        open.extend(node.children());
    }
    false
}
