//! Types as they are written to types as they are checked. An alias stands for what it names; that is found out once.

use super::generic::{Letters, is_letter};
use super::scope::Scope;
use super::{Checker, errors};
use crate::aliases;
use crate::diagnostic::did_you_mean;
use crate::modules::ModuleId;
use crate::source::Span;
use crate::syntax::ast::{self, TypeExpr};
use crate::ty::{Field, Kind, Schema, Type};
use std::sync::Arc;

/// `type Name = …`
pub(super) struct Alias<'a> {
    ty: &'a TypeExpr,
    state: State,
}

/// What is known of an alias.
enum State {
    Unresolved,
    /// It is being resolved: who comes across it now is a part of it.
    Open,
    Resolved(Declared),
}

impl<'a> Alias<'a> {
    /// Of a type that has not been looked at.
    pub fn new(ty: &'a TypeExpr) -> Alias<'a> {
        Alias { ty, state: State::Unresolved }
    }
}

/// How many fields a type may have, those of the types in it included.
const MOST_FIELDS: usize = 10_000;

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

/// The names of the types that are Pipe's own.
pub const TYPE_NAMES: [&str; 9] = ["int", "float", "bool", "string", "bytes", "date", "datetime", "duration", "json"];

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
                path => match (self.type_of_module(path), path.last()) {
                    (Some(module), Some(name)) => self.alias_of(module, &name.text, *span),
                    (None, _) | (_, None) => Declared::Unknown,
                },
            },
            TypeExpr::Nullable(inner, span) => match self.declared(inner) {
                Declared::Type(ty) => Declared::Type(ty.or_null()),
                Declared::Unknown => Declared::Unknown,
                Declared::Any => Declared::Any,
                Declared::Record { schema, open: false } => Declared::Type(Type::record(schema).or_null()),
                Declared::Record { .. } | Declared::Stream(_) | Declared::Function => {
                    self.report(errors::not_yet(*span, "a `?` behind the type of an open record, stream or function"));
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
        let types = &self.names().types;
        if types.contains_key(name) {
            return self.alias_of(self.scope.module, name, span);
        }
        if is_letter(name) {
            return match self.letters.get(name).map(|ty| (&ty.kind, ty)) {
                Some((Kind::Record(schema), ty)) if !ty.nullable => {
                    Declared::Record { schema: (**schema).clone(), open: false }
                }
                Some((Kind::Unknown, _)) | None => Declared::Any,
                Some((_, ty)) => Declared::Type(ty.clone()),
            };
        }
        if self.catalog.opaque_types().contains(name) {
            return Declared::Type(Type::of(Kind::Opaque(name.clone())));
        }
        if let Some(schema) = self.sources.bound_type(name) {
            return Declared::Record { schema, open: false };
        }
        let near = match aliases::type_name(name) {
            Some(meant) => vec![meant],
            None => {
                let own = types.keys().chain(self.catalog.opaque_types()).map(|name| &**name);
                did_you_mean(name, TYPE_NAMES.into_iter().chain(own))
            }
        };
        let error = errors::unknown_type(span, name, &near);
        self.report(error);
        Declared::Unknown
    }

    /// What a type that a module defines stands for; `span` is where it is used.
    pub(super) fn alias_of(&mut self, module: ModuleId, name: &Arc<str>, span: Span) -> Declared {
        self.in_scope(Scope::empty(module), |c| {
            let Some(alias) = c.names_mut().types.get_mut(name) else { return Declared::Unknown };
            let ty = alias.ty;
            match std::mem::replace(&mut alias.state, State::Open) {
                State::Resolved(declared) => {
                    alias.state = State::Resolved(declared.clone());
                    return declared;
                }
                State::Open => {
                    c.report(errors::recursive_type(span, name, ty.span()));
                    return Declared::Unknown;
                }
                State::Unresolved => {}
            }
            // The letters in it are no letters of the function that names it.
            let letters = std::mem::take(&mut c.letters);
            let mut declared = c.declared(ty);
            c.letters = letters;
            if !declared.is_smaller(&mut MOST_FIELDS.clone()) {
                c.report(errors::type_too_large(ty.span(), name, MOST_FIELDS));
                declared = Declared::Unknown;
            }
            if let Some(alias) = c.names_mut().types.get_mut(name) {
                alias.state = State::Resolved(declared.clone());
            }
            declared
        })
    }

    /// What a type that is written in a module stands for.
    pub(super) fn declared_in(&mut self, module: ModuleId, ty: &'a TypeExpr) -> Declared {
        self.in_scope(Scope::empty(module), |c| c.declared(ty))
    }

    /// What a type stands for where its letters are known.
    pub(super) fn declared_with(&mut self, letters: &Letters, module: ModuleId, ty: &'a TypeExpr) -> Declared {
        let outside = std::mem::replace(&mut self.letters, letters.clone());
        let declared = self.declared_in(module, ty);
        self.letters = outside;
        declared
    }

    /// The schema of a record type; a field of an unknown type is left unknown.
    fn record_type(&mut self, fields: &[(ast::Name, TypeExpr)]) -> Schema {
        let mut schema = Schema::default();
        for (name, ty) in fields {
            if schema.position(&name.text).is_some() {
                let other = fields.iter().find(|(other, _)| other.text == name.text).map(|(other, _)| other.span);
                self.report(errors::duplicate_column(name.span, &name.text, other));
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
            ("map", Declared::Record { schema, open: false }) => Declared::Type(Type::map(Type::record(schema))),
            ("map", Declared::Unknown) => Declared::Unknown,
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

impl Declared {
    /// Whether it has at most so many fields, those of its types included; `left` says how many more it could have.
    fn is_smaller(&self, left: &mut usize) -> bool {
        match self {
            Declared::Type(ty) => is_smaller(ty, left),
            Declared::Record { schema, .. } => is_schema_smaller(schema, left),
            Declared::Stream(row) => row.is_smaller(left),
            Declared::Function | Declared::Any | Declared::Unknown => true,
        }
    }
}

/// [`Declared::is_smaller`] of a type.
pub(super) fn is_smaller(ty: &Type, left: &mut usize) -> bool {
    match &ty.kind {
        Kind::Record(schema) => is_schema_smaller(schema, left),
        kind => kind.parts().all(|part| is_smaller(part, left)),
    }
}

fn is_schema_smaller(schema: &Schema, left: &mut usize) -> bool {
    schema.fields.iter().all(|field| match left.checked_sub(1) {
        Some(less) => {
            *left = less;
            is_smaller(&field.ty, left)
        }
        None => false,
    })
}
