//! What is wrong with the inputs that a host declares; it is looked for before a script is compiled with them.

use super::Wanted;
use crate::builder::{taken_name, unknown_type};
use crate::engine::Inner;
use pipelang_lang::codes::{E0205, E0208, E0301, E0406};
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::ty::{Kind, Schema};
use std::collections::HashSet;

/// What is wrong with the names of the inputs of a program, with their columns, or with the types of those.
pub(crate) fn faults(inputs: &[Wanted], engine: &Inner) -> Vec<Diagnostic> {
    let (catalog, mut seen, mut wrong) = (&engine.registry.catalog, HashSet::new(), Vec::new());
    for Wanted { name, schema, .. } in inputs {
        let is_constant = engine.given.constants.iter().any(|constant| constant.name == *name);
        let taken = match taken_name(name, catalog) {
            None if is_constant => Some((E0208, "is a constant of the host")),
            None if !seen.insert(name) => Some((E0208, "is declared twice")),
            taken => taken,
        };
        wrong.extend(taken.map(|(code, why)| Diagnostic::outside(code, format!("the input `{name}` {why}"))));
        if schema.fields.is_empty() {
            let told = format!("the input `{name}` has no columns, and a row has at least one");
            wrong.push(Diagnostic::outside(E0406, told));
        }
        let told = |what: &str| format!("the input `{name}` has two columns `{what}`");
        wrong.extend(doubled(schema).map(|what| Diagnostic::outside(E0205, told(what))));
        for field in &schema.fields {
            wrong.extend(unfit(&format!("the column `{}` of the input `{name}`", field.name), &field.ty.kind));
            wrong.extend(unknown_type(&field.name, &field.ty.kind, catalog.opaque_types()));
        }
    }
    wrong
}

/// The names that stand in a schema more than once.
fn doubled(schema: &Schema) -> impl Iterator<Item = &str> {
    let mut seen = HashSet::new();
    schema.fields.iter().map(|field| &*field.name).filter(move |name| !seen.insert(*name))
}

/// What no column can hold: values of no known type, and records with two fields of one name.
fn unfit(column: &str, kind: &Kind) -> Option<Diagnostic> {
    match kind {
        Kind::Unknown => {
            let told = format!("{column} is declared as `FieldKind::Any`, and the type of a column is known");
            Some(Diagnostic::outside(E0301, told))
        }
        Kind::Record(schema) if let Some(twice) = doubled(schema).next() => {
            Some(Diagnostic::outside(E0205, format!("{column} holds records with two fields `{twice}`")))
        }
        kind => kind.parts().find_map(|part| unfit(column, &part.kind)),
    }
}
