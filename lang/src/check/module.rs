//! The names that each module defines, and what a path such as `geo::near` means.
//!
//! Which module's names are in sight follows from the scope ([`super::scope::Scope`]): the body of a function sees those
//! of the module that it stands in, a lambda those where it was written.

use super::scope::{Found, Scope, Value};
use super::types::Alias;
use super::{Checker, errors};
use crate::aliases;
use crate::diagnostic::did_you_mean;
use crate::modules::{Module, ModuleId};
use crate::source::Span;
use crate::syntax::ast::{self, Name};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What a module defines by name, and what it imports.
pub(super) struct Names<'a> {
    pub functions: HashMap<Arc<str>, Definition<'a>>,
    pub types: HashMap<Arc<str>, Alias<'a>>,
    /// The functions that call themselves, by the places of their names.
    pub recursive: HashSet<Span>,
    /// No module where it could not be loaded.
    imports: HashMap<Arc<str>, Option<ModuleId>>,
    /// The scope after each `let` and `param`, the empty one first: what a function sees.
    pub scopes: Vec<Scope>,
}

/// A user's function, the module that it stands in, and how many names of that it sees. Where its name stands tells it
/// from all others.
#[derive(Clone, Copy)]
pub(super) struct Definition<'a> {
    pub function: &'a ast::Function,
    pub module: ModuleId,
    pub sees: usize,
}

/// What a member of a module is used as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Function,
    Stage,
    Value,
    Type,
}

impl<'a> Names<'a> {
    /// Of a module of which nothing has been looked at but its imports.
    pub fn new(id: ModuleId, module: &Module) -> Names<'a> {
        Names {
            functions: HashMap::new(),
            types: HashMap::new(),
            recursive: HashSet::new(),
            imports: module.imports.iter().map(|(name, module)| (name.text.clone(), *module)).collect(),
            scopes: vec![Scope::empty(id)],
        }
    }

    /// What sees all names of the module.
    pub fn all(&self) -> Scope {
        *self.scopes.last().expect("the empty scope is the first")
    }
}

impl<'a> Checker<'a> {
    /// What the module in sight defines.
    pub(super) fn names(&self) -> &Names<'a> {
        self.names_of(self.scope.module)
    }

    pub(super) fn names_of(&self, module: ModuleId) -> &Names<'a> {
        &self.modules[module.0 as usize]
    }

    pub(super) fn names_mut(&mut self) -> &mut Names<'a> {
        let module = self.scope.module;
        &mut self.modules[module.0 as usize]
    }

    /// A function of the module in sight.
    pub(super) fn function(&self, name: &str) -> Option<Definition<'a>> {
        self.names().functions.get(name).copied()
    }

    /// The function that `geo::near` means; reported if there is none.
    pub(super) fn function_of_module(&mut self, path: &[Name], used: Use) -> Option<Definition<'a>> {
        let (module, name) = self.module_of(path, used)?;
        let function = self.names_of(module).functions.get(&name.text).copied();
        if function.is_none() {
            self.no_such_member(module, path, used);
        }
        function
    }

    /// Whether `geo::near` is a function.
    pub(super) fn is_function_of_module(&self, path: &[Name]) -> bool {
        let [qualifier, name] = path else { return false };
        let module = self.names().imports.get(&qualifier.text).copied().flatten();
        module.is_some_and(|module| self.names_of(module).functions.contains_key(&name.text))
    }

    /// The value of `geo::origin`.
    pub(super) fn value_of_module(&mut self, path: &[Name]) -> Value<'a> {
        let Some((module, name)) = self.module_of(path, Use::Value) else { return Value::Unknown };
        match self.scopes.look_up(self.names_of(module).all(), &name.text) {
            Found::Binding(Value::Expr(id)) => Value::Expr(self.mention(id)),
            Found::Binding(value) => value,
            Found::Column(_) | Found::Both(_) | Found::Nothing(_) => {
                self.no_such_member(module, path, Use::Value);
                Value::Unknown
            }
        }
    }

    /// The type that `geo::Point` means, and its module; reported if there is none.
    pub(super) fn type_of_module(&mut self, path: &[Name]) -> Option<ModuleId> {
        let (module, name) = self.module_of(path, Use::Type)?;
        let is_there = self.names_of(module).types.contains_key(&name.text);
        if !is_there {
            self.no_such_member(module, path, Use::Type);
        }
        is_there.then_some(module)
    }

    /// The module that all but the last name of a path mean, and the last name.
    fn module_of<'n>(&mut self, path: &'n [Name], used: Use) -> Option<(ModuleId, &'n Name)> {
        let [qualifier, inner @ .., name] = path else { return None };
        let names = self.names();
        let Some(module) = names.imports.get(&qualifier.text).copied() else {
            let near = did_you_mean(&qualifier.text, names.imports.keys().map(|name| &**name));
            let mut types = ["int", "float", "bool", "string", "date", "datetime"].into_iter();
            let conversion = types.find(|ty| *ty == &*name.text).or_else(|| aliases::type_name(&name.text));
            let error = match conversion.filter(|_| near.is_empty() && inner.is_empty() && used == Use::Value) {
                Some(function) => errors::conversion(qualifier.span.to(name.span), &qualifier.text, function),
                None => errors::unknown_module(qualifier.span, &qualifier.text, &near),
            };
            self.report(error);
            return None;
        };
        if let Some(inner) = inner.first() {
            self.report(errors::private_import(inner.span, &qualifier.text, &inner.text));
            return None;
        }
        Some((module?, name))
    }

    fn no_such_member(&mut self, module: ModuleId, path: &[Name], used: Use) {
        let [qualifier, .., name] = path else { return };
        let names = self.names_of(module);
        let values = self.scopes.names(names.all());
        let of = |used: Use| -> Vec<&str> {
            match used {
                Use::Function | Use::Stage => names.functions.keys().map(|name| &**name).collect(),
                Use::Value => values.iter().map(|name| &**name).collect(),
                Use::Type => names.types.keys().map(|name| &**name).collect(),
            }
        };
        let mut known = of(used);
        known.sort_unstable();
        let is = [Use::Function, Use::Value, Use::Type].into_iter().find(|other| of(*other).contains(&&*name.text));
        let near = did_you_mean(&name.text, known.iter().copied());
        let error = errors::unknown_member(name.span, used, (&qualifier.text, &name.text), is, &near, &known);
        self.report(error);
    }
}
