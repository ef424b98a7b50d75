//! The names of what a host adds: which can be taken, and what is said of each.

use super::EngineBuilder;
use crate::given::GivenType;
use crate::program::INPUT;
use pipelang_lang::catalog::{Catalog, FunctionDef};
use pipelang_lang::check::{FORMS, TYPE_NAMES, WINDOW_FUNCTIONS};
use pipelang_lang::codes::{Code, E0112, E0203, E0208, E0301, E0305};
use pipelang_lang::diagnostic::{Diagnostic, did_you_mean};
use pipelang_lang::ty::{Kind, spell};
use pipelang_runtime::Registry;
use std::collections::HashSet;
use std::sync::Arc;

impl EngineBuilder {
    /// Says of what was added what there is to say; or what is wrong.
    pub(super) fn describe_one(&mut self, what: &'static str, doc: &str) -> Option<Diagnostic> {
        let (name, parameters) = match what.split_once('(') {
            Some((name, parameters)) => (name, Some(parameters.trim_end_matches(')'))),
            None => (what, None),
        };
        if let Some(function) = self.functions.iter_mut().find(|function| full_name(&function.def) == name) {
            function.def.doc = doc.into();
            let named = parameters?.split(',').map(str::trim);
            // What stands before the dot of a method needs no name.
            let known = &mut function.def.parameters[usize::from(name.contains('.'))..];
            let named: Vec<&'static str> = named.filter(|name| !name.is_empty()).collect();
            if named.len() != known.len() || named.iter().any(|name| spell(name) != *name) {
                let told = format!("`{what}` is another function than {}", function.def.signature());
                return Some(Diagnostic::outside(E0305, told));
            }
            known.iter_mut().zip(named).for_each(|(parameter, name)| parameter.name = name);
            return None;
        }
        let constants = self.constants.iter_mut().map(|(constant, _)| (&*constant.name, &mut constant.doc));
        let tables = self.tables.iter_mut().map(|table| (&*table.wanted.name, &mut table.doc));
        let types = self.types.iter_mut().map(|ty| (&*ty.name, &mut ty.doc));
        if let Some((_, of_it)) = constants.chain(tables).chain(types).find(|(known, _)| *known == name) {
            *of_it = doc.into();
            return None;
        }
        let known: Vec<String> = self.names().map(|(name, _)| name).collect();
        let near = did_you_mean(name, known.iter().map(String::as_str));
        let hint = near.first().map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        Some(Diagnostic::outside(E0203, format!("`{name}` is described, and was not added{hint}")))
    }

    /// The names of all that was added, as it can be described, and whether each is a method.
    fn names(&self) -> impl Iterator<Item = (String, bool)> {
        let functions = self.functions.iter().map(|it| (full_name(&it.def), it.def.receiver().is_some()));
        let constants = self.constants.iter().map(|(constant, _)| constant.name.to_string());
        let tables = self.tables.iter().map(|table| table.wanted.name.to_string());
        functions.chain(constants.chain(tables).map(|name| (name, false)))
    }

    /// E0208 for each name that is taken, and E0112 for each that is none.
    pub(super) fn clashes(&self) -> Vec<Diagnostic> {
        let own = Registry::builtin().catalog;
        let is_table = |name: &str| self.tables.iter().any(|table| &*table.wanted.name == name);
        let (mut seen, mut wrong) = (HashSet::new(), Vec::new());
        for (full, is_method) in self.names() {
            let name = full.rsplit('.').next().unwrap_or(&full);
            let told = match name {
                name if spell(name) != *name => Some((E0112, "is no name of a function, constant or table")),
                name if is_word(name, &own) => Some((E0208, "is a name of Pipe's own")),
                // The value before the dot says which is meant.
                name if !is_method && !own.functions_named(name).is_empty() => Some((E0208, "is a name of Pipe's own")),
                INPUT if !is_table(name) => Some((E0208, "is the name of the input")),
                _ if !seen.insert(full.clone()) => Some((E0208, "is added twice")),
                _ => None,
            };
            wrong.extend(told.map(|(code, why)| Diagnostic::outside(code, format!("`{full}` {why}"))));
        }
        wrong.extend(self.type_clashes());
        wrong
    }

    /// The same of types; and E0301 for each that somebody mentions and nobody added.
    fn type_clashes(&self) -> Vec<Diagnostic> {
        let (mut seen, mut wrong) = (HashSet::new(), Vec::new());
        for GivenType { name, .. } in &self.types {
            let told = match &**name {
                name if spell(name) != *name => Some((E0112, "is no name of a type")),
                name if name.len() == 1 => Some((E0112, "is one letter, which stands for any type in functions")),
                name if TYPE_NAMES.contains(&name) || ["map", "stream"].contains(&name) => {
                    Some((E0208, "is a name of Pipe's own"))
                }
                name if !seen.insert(name) => Some((E0208, "is added twice")),
                _ => None,
            };
            wrong.extend(told.map(|(code, why)| Diagnostic::outside(code, format!("the type `{name}` {why}"))));
        }
        let functions = self.functions.iter().flat_map(|it| {
            let name = full_name(&it.def);
            it.def.kinds().map(move |kind| (name.clone(), kind)).collect::<Vec<_>>()
        });
        let constants = self.constants.iter().map(|(it, _)| (it.name.to_string(), it.ty.kind.clone()));
        let fields = self.tables.iter().flat_map(|table| &table.wanted.schema.fields);
        let fields = fields.map(|field| (field.name.to_string(), field.ty.kind.clone()));
        let known: Vec<Arc<str>> = self.types.iter().map(|ty| ty.name.clone()).collect();
        for (name, kind) in functions.chain(constants).chain(fields) {
            wrong.extend(unknown_type(&name, &kind, &known));
        }
        wrong
    }
}

/// Whether this is a name of a reducer or of something else that is called. A stage may have the name of a function: it
/// stands where no call can stand.
fn is_word(name: &str, catalog: &Catalog) -> bool {
    let mut words = FORMS.iter().map(|it| it.name).chain(WINDOW_FUNCTIONS.iter().map(|it| it.name));
    catalog.reducer_named(name).is_some() || words.any(|word| word == name)
}

/// Why nothing that scripts read can have this name: E0112 or E0208.
pub(crate) fn taken_name(name: &str, catalog: &Catalog) -> Option<(Code, &'static str)> {
    match name {
        name if spell(name) != *name => Some((E0112, "has a name that no script can write")),
        name if is_word(name, catalog) => Some((E0208, "has the name of a function")),
        // The value before the dot says which method is meant.
        name if catalog.functions_named(name).iter().any(|id| catalog.function(*id).receiver().is_none()) => {
            Some((E0208, "has the name of a function"))
        }
        _ => None,
    }
}

/// E0301 of what has a type of the host in it that is not among those which are known.
pub(crate) fn unknown_type(what: &str, kind: &Kind, known: &[Arc<str>]) -> Option<Diagnostic> {
    let stranger = match kind {
        Kind::Opaque(name) if !known.contains(name) => name,
        kind => return kind.parts().find_map(|part| unknown_type(what, &part.kind, known)),
    };
    let message = format!("`{what}` has values of the type `{stranger}`, which this engine does not know");
    let help = format!("add it to the engine: `.host_type::<{stranger}>(|methods| methods)`");
    Some(Diagnostic::outside(E0301, message).help(help))
}

/// The name of a function, that of a method with its type: `Money.cents`.
fn full_name(def: &FunctionDef) -> String {
    def.receiver().map_or_else(|| def.name.to_string(), |of| format!("{of}.{}", def.name))
}
