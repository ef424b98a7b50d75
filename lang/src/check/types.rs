//! Types as they are written to types as they are checked. Aliases stand for what they name and are resolved where
//! they are used.

use super::{Checker, errors};
use crate::aliases;
use crate::diagnostic::did_you_mean;
use crate::source::Span;
use crate::syntax::ast::{self, TypeExpr};
use crate::ty::{Field, Kind, Schema, Type};
use std::sync::Arc;

/// `type Name = …`
#[derive(Clone, Copy)]
pub(super) struct Alias<'a> {
    pub ty: &'a TypeExpr,
    /// While it is being resolved, so that a type that holds itself is found.
    pub open: bool,
}

/// What a type in the script stands for.
#[derive(Clone, Debug)]
pub(super) enum Declared {
    /// Of single values.
    Type(Type),
    /// A record; `open` ends in `..`.
    Record { schema: Schema, open: bool },
    /// `stream<T>` of records, or of single values.
    Stream(Box<Declared>),
    /// `fn(…) -> T`
    Function,
    /// A bare capital letter: whatever is passed.
    Any,
    /// Reported already.
    Unknown,
}

/// The names of the types that are not the user's.
const NAMES: [&str; 9] = ["int", "float", "bool", "string", "bytes", "date", "datetime", "duration", "json"];

impl<'a> Checker<'a> {
    /// What a type stands for.
    pub(super) fn declared(&mut self, ty: &TypeExpr) -> Declared {
        self.deeper(ty.span(), |c| c.declared_of(ty)).unwrap_or(Declared::Unknown)
    }

    fn declared_of(&mut self, ty: &TypeExpr) -> Declared {
        match ty {
            TypeExpr::Error(_) => Declared::Unknown,
            TypeExpr::Named(path, span) => match path.as_slice() {
                [name] => self.named_type(&name.text, *span),
                _ => {
                    self.report(errors::not_yet(*span, "a type of an imported module"));
                    Declared::Unknown
                }
            },
            TypeExpr::Nullable(inner, span) => match self.declared(inner) {
                Declared::Type(ty) => Declared::Type(ty.or_null()),
                Declared::Unknown => Declared::Unknown,
                Declared::Any => Declared::Any,
                Declared::Record { .. } | Declared::Stream(_) | Declared::Function => {
                    self.report(errors::not_yet(*span, "a `?` behind the type of a record, stream or function"));
                    Declared::Unknown
                }
            },
            TypeExpr::List(item, _) => match self.declared(item) {
                Declared::Type(item) => Declared::Type(Type::of(Kind::List(Arc::new(item)))),
                Declared::Record { schema, .. } => {
                    let record = Type::of(Kind::Record(Arc::new(schema)));
                    Declared::Type(Type::of(Kind::List(Arc::new(record))))
                }
                Declared::Any | Declared::Unknown | Declared::Stream(_) | Declared::Function => Declared::Unknown,
            },
            TypeExpr::Record { fields, open, .. } => {
                let schema = self.record_type(fields);
                Declared::Record { schema, open: *open }
            }
            TypeExpr::Generic(name, inner, span) => self.generic_type(name, inner, *span),
            TypeExpr::Function(parameters, result, _) => {
                for ty in parameters.iter().chain([&**result]) {
                    self.declared(ty);
                }
                Declared::Function
            }
        }
    }

    fn named_type(&mut self, name: &Arc<str>, span: Span) -> Declared {
        let kind = match &**name {
            "int" => Kind::Int,
            "float" => Kind::Float,
            "bool" => Kind::Bool,
            "string" => Kind::String,
            "bytes" => Kind::Bytes,
            "date" => Kind::Date,
            "datetime" => Kind::DateTime,
            "duration" => Kind::Duration,
            "json" => Kind::Json,
            _ => return self.alias(name, span),
        };
        Declared::Type(Type::of(kind))
    }

    fn alias(&mut self, name: &Arc<str>, span: Span) -> Declared {
        let Some(alias) = self.aliases.get(name).copied() else {
            if name.len() == 1 && name.chars().all(|c| c.is_ascii_uppercase()) {
                return Declared::Any;
            }
            let near = match aliases::type_name(name) {
                Some(meant) => vec![meant],
                None => did_you_mean(name, NAMES.into_iter().chain(self.aliases.keys().map(|name| &**name))),
            };
            let error = errors::unknown_type(span, name, &near);
            self.report(error);
            return Declared::Unknown;
        };
        if alias.open {
            self.report(errors::not_yet(span, "a type that holds itself"));
            return Declared::Unknown;
        }
        let set_open = |c: &mut Self, open| {
            if let Some(alias) = c.aliases.get_mut(name) {
                alias.open = open;
            }
        };
        set_open(self, true);
        let declared = self.declared(alias.ty);
        set_open(self, false);
        declared
    }

    /// The schema of a record type; a field of an unknown type is left unknown.
    fn record_type(&mut self, fields: &[(ast::Name, TypeExpr)]) -> Schema {
        let mut schema = Schema::default();
        for (name, ty) in fields {
            if schema.position(&name.text).is_some() {
                self.report(errors::duplicate_column(name.span, &name.text));
                continue;
            }
            let ty = match self.declared(ty) {
                Declared::Type(ty) => ty,
                Declared::Record { schema, .. } => Type::of(Kind::Record(Arc::new(schema))),
                Declared::Any | Declared::Unknown => Type::UNKNOWN,
                Declared::Stream(_) | Declared::Function => {
                    self.report(errors::not_yet(ty.span(), "a stream or a function in a record"));
                    Type::UNKNOWN
                }
            };
            schema.fields.push(Field { name: name.text.clone(), ty });
        }
        schema
    }

    fn generic_type(&mut self, name: &ast::Name, inner: &TypeExpr, span: Span) -> Declared {
        let inner = self.declared(inner);
        match (&*name.text, inner) {
            ("stream", inner) => Declared::Stream(Box::new(inner)),
            ("map", Declared::Type(value)) => Declared::Type(Type::of(Kind::Map(Arc::new(value)))),
            ("map", _) => {
                self.report(errors::not_yet(span, "a map of such values"));
                Declared::Unknown
            }
            (other, _) => {
                let near = did_you_mean(other, ["stream", "map"]);
                let error = errors::unknown_type(name.span, other, &near);
                self.report(error);
                Declared::Unknown
            }
        }
    }
}
