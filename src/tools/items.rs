//! The lists that completions are made of.

use super::complete::{Callee, Item, ItemKind};
use super::known::{self, About, Known, about, about_read, is_stage};
use crate::given::TYPES as TYPES_OF_HOST;
use pipelang_lang::aliases;
use pipelang_lang::catalog::{FunctionDef, Pattern};
use pipelang_lang::check::{FRAME_OPTIONS, Meaning, Rows, Sight, WINDOW_FUNCTIONS};
use pipelang_lang::diagnostic::did_you_mean;
use pipelang_lang::ir::Shape;
use pipelang_lang::ir::typing::accepts;
use pipelang_lang::stages::{self, STAGES, StageKind};
use pipelang_lang::syntax::ast::Function;
use pipelang_lang::ty::{Kind, Schema, spell};
use std::collections::HashSet;

/// The names of types that are not the user's.
const TYPES: [&str; 11] =
    ["int", "float", "bool", "string", "bytes", "date", "datetime", "duration", "json", "map", "stream"];

/// Words that are an operand, or that one begins with.
const OPERANDS: [&str; 6] = ["true", "false", "null", "not ", "if ", "match "];

/// Words that a statement begins with.
const STATEMENTS: [&str; 6] = ["let ", "fn ", "param ", "type ", "import ", "test "];

/// Those of the items that begin like a word, or if there are none those that have it in them, or else those that are meant
/// by it.
pub(super) fn like(word: &str, mut items: Vec<Item>) -> Vec<Item> {
    let mut seen = HashSet::new();
    items.retain(|item| seen.insert(item.label.clone()));
    let word = word.to_lowercase();
    let (begin, others): (Vec<Item>, Vec<Item>) =
        items.into_iter().partition(|item| item.label.trim_start_matches('`').to_lowercase().starts_with(&word));
    if !begin.is_empty() {
        return begin;
    }
    let (within, others): (Vec<Item>, Vec<Item>) =
        others.into_iter().partition(|item| item.label.to_lowercase().contains(&word));
    if within.is_empty() { meant(&word, &others) } else { within }
}

/// Those that a misspelt name, or one of other languages, means.
fn meant(word: &str, items: &[Item]) -> Vec<Item> {
    let elsewhere = [aliases::stage(word), aliases::function(word, 1)].into_iter().flatten();
    let near = did_you_mean(word, items.iter().map(|item| item.label.as_str()));
    let names: Vec<&str> = elsewhere.chain(near).collect();
    items.iter().filter(|item| names.contains(&item.label.as_str())).cloned().collect()
}

fn item(label: &str, kind: ItemKind, detail: impl ToString, insert: String) -> Item {
    Item { label: label.to_string(), kind, detail: detail.to_string(), doc: String::new(), insert }
}

fn plain(label: &str, kind: ItemKind, detail: impl ToString) -> Item {
    item(label, kind, detail, label.to_string())
}

fn told(label: &str, kind: ItemKind, about: About, insert: String) -> Item {
    Item { label: label.to_string(), kind, detail: about.signature, doc: about.doc, insert }
}

/// A file, in a text.
pub(super) fn file(path: &str) -> Item {
    item(path, ItemKind::File, "", path.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The columns in sight, and `it`.
pub(super) fn columns(sight: &Sight) -> Vec<Item> {
    let Some(Rows { schema, shape, .. }) = &sight.row else { return Vec::new() };
    let mut found = match shape {
        Shape::Table => fields(schema, ItemKind::Column),
        Shape::Values | Shape::Scalar => Vec::new(),
    };
    let it = match (shape, schema.fields.first()) {
        (Shape::Values | Shape::Scalar, Some(field)) => field.ty.to_string(),
        (Shape::Table, _) | (_, None) => schema.to_string(),
    };
    found.push(plain("it", ItemKind::Column, it));
    found
}

fn fields(schema: &Schema, kind: ItemKind) -> Vec<Item> {
    schema.fields.iter().map(|field| plain(&spell(&field.name), kind, &field.ty)).collect()
}

/// What is bound outside of the row, and functions; reducers first where they can be called.
pub(super) fn names(known: &Known, sight: &Sight) -> Vec<Item> {
    let mut found = Vec::new();
    if sight.reduces || matches!(sight.stage.as_deref(), Some("aggregate" | "window")) {
        found.extend(reducers(known, "("));
    }
    if sight.stage.as_deref() == Some("window") {
        found.extend(WINDOW_FUNCTIONS.iter().map(|function| {
            let about = About { signature: function.signature.to_string(), doc: function.doc.to_string() };
            told(function.name, ItemKind::Function, about, format!("{}(", function.name))
        }));
    }
    let bound = sight.names.iter().map(|(name, meaning)| {
        let detail = meaning.as_ref().map_or(String::new(), Meaning::to_string);
        plain(&spell(name), ItemKind::Name, detail)
    });
    found.extend(bound);
    found.extend(given(known, ItemKind::Name));
    found.extend(modules(known));
    found.extend(functions(known, |_| true, |_| true));
    found
}

/// The constants and tables of the host, or the types of their rows.
fn given<'a>(known: &'a Known, kind: ItemKind) -> impl Iterator<Item = Item> + 'a {
    let infos = known.engine.inner().given.infos();
    infos.filter(move |info| (info.group == TYPES_OF_HOST) == (kind == ItemKind::Type)).map(move |info| {
        let insert = info.name.clone();
        told(&info.name, kind, About { signature: info.signature, doc: info.doc }, insert)
    })
}

/// Functions: the user's and those of the catalog that fit.
fn functions(known: &Known, fits: impl Fn(&FunctionDef) -> bool, users_fits: impl Fn(&Function) -> bool) -> Vec<Item> {
    let call = |name: &str, about: About| told(name, ItemKind::Function, about, format!("{name}("));
    let users = known.functions().filter(|function| users_fits(function));
    let users = users.map(|function| call(&function.name.text, known.about_users(function)));
    let given = known.catalog.functions().filter(|def| fits(def)).map(|def| call(&def.name, about(def)));
    let mut given: Vec<Item> = given.chain([call("read", about_read())]).collect();
    given.sort_by(|a, b| a.label.cmp(&b.label));
    users.chain(given).collect()
}

fn reducers<'a>(known: &'a Known, behind: &'a str) -> impl Iterator<Item = Item> + 'a {
    known.catalog.reducers().map(move |def| {
        let arguments = if def.arity.1 == 0 { "" } else { "…" };
        let about = About { signature: format!("{}({arguments})", def.name), doc: def.doc.to_string() };
        told(def.name, ItemKind::Reducer, about, format!("{}{behind}", def.name))
    })
}

fn modules(known: &Known) -> impl Iterator<Item = Item> {
    known.imports().iter().map(|(name, _)| item(&name.text, ItemKind::Module, "", format!("{}::", name.text)))
}

/// Stages: the user's, those of the language, and reducers. One value is written, and no more.
pub(super) fn stages(known: &Known, rows: Option<&Rows>) -> Vec<Item> {
    let is_value = rows.is_some_and(|rows| rows.shape == Shape::Scalar);
    let users = known.functions().filter(|function| is_stage(function)).map(|function| {
        let name = &*function.name.text;
        told(name, ItemKind::Stage, known.about_users(function), format!("{name} "))
    });
    let given = STAGES.iter().filter(|stage| !is_value || matches!(stage.kind, StageKind::Tee | StageKind::Write));
    let given = given.map(|stage| {
        let about = About { signature: stage.signature.to_string(), doc: stage.doc.to_string() };
        told(stage.name, ItemKind::Stage, about, format!("{} ", stage.name))
    });
    let reducers = reducers(known, " ").filter(|_| !is_value);
    users.chain(given).chain(reducers).chain(modules(known)).collect()
}

/// What an imported module gives: functions and types.
pub(super) fn module(known: &Known, name: &str) -> Vec<Item> {
    let Some(tree) = known.imported(name) else { return Vec::new() };
    let functions = known::functions(tree).map(|function| {
        let name = &*function.name.text;
        let (kind, behind) = if is_stage(function) { (ItemKind::Stage, " ") } else { (ItemKind::Function, "(") };
        told(name, kind, known.about_users(function), format!("{name}{behind}"))
    });
    let types = known::aliases(tree).map(|alias| plain(&alias.name.text, ItemKind::Type, ""));
    functions.chain(types).collect()
}

/// What stands before a field of what may be null.
pub(super) const ASKED: &str = "?.";

/// The fields of a value and the functions that take it; those fields that want one are inserted with a `?.`, unless that
/// `is_asked` already.
pub(super) fn members(known: &Known, what: Option<&Meaning>, is_asked: bool) -> Vec<Item> {
    let ty = match what {
        Some(Meaning::Value(ty)) => Some(ty),
        Some(Meaning::Rows(rows)) if rows.shape == Shape::Scalar => rows.schema.fields.first().map(|field| &field.ty),
        Some(Meaning::Rows(_) | Meaning::Function) => return Vec::new(),
        None => None,
    };
    let Some(ty) = ty else { return functions(known, |def| !def.parameters.is_empty(), |_| true) };
    let mut found = match &ty.kind {
        Kind::Record(schema) => fields(schema, ItemKind::Field),
        _ => Vec::new(),
    };
    // Behind a `.` it is an error, if the record may be null.
    if ty.nullable && !is_asked {
        found.iter_mut().for_each(|field| field.insert.insert_str(0, ASKED));
    }
    let takes = |def: &FunctionDef| def.parameters.first().is_some_and(|first| takes(&first.pattern, &ty.kind));
    let users =
        |function: &Function| function.parameters.first().is_some_and(|first| known.may_take(&first.ty, &ty.kind));
    let mut functions = functions(known, takes, users);
    functions.retain(|item| item.label != "read" || ty.kind == Kind::String);
    found.extend(functions);
    found
}

/// The fields of a record, and nothing else.
pub(super) fn fields_of(what: Option<&Meaning>) -> Vec<Item> {
    match what {
        Some(Meaning::Value(ty)) => match &ty.kind {
            Kind::Record(schema) => fields(schema, ItemKind::Field),
            _ => Vec::new(),
        },
        Some(Meaning::Rows(_) | Meaning::Function) | None => Vec::new(),
    }
}

fn takes(pattern: &Pattern, kind: &Kind) -> bool {
    accepts(pattern, kind) || (*pattern == Pattern::Is(Kind::Float) && *kind == Kind::Int)
}

/// The options of a stage or function; in a `window` reducers have more.
pub(super) fn options(known: &Known, callee: &Callee, in_window: bool) -> Vec<Item> {
    let Callee { name: callee, has_first, .. } = *callee;
    let option = |name: &str, detail: String, doc: &str| Item {
        doc: doc.to_string(),
        ..item(&format!("{name}:"), ItemKind::Option, detail, format!("{name}: "))
    };
    let mut found = Vec::new();
    if callee == "read" {
        found.push(option("format", "string".to_string(), "The format, where the name of the file does not tell."));
        let options = known.catalog.formats().iter().flat_map(|format| format.options);
        found.extend(options.map(|def| option(def.name, def.kind.to_string(), def.doc)));
    }
    if let Some(function) = known.functions().find(|function| &*function.name.text == callee) {
        let range = |parameter: &pipelang_lang::syntax::ast::FunctionParameter| parameter.ty.span().range();
        let parameters = function.parameters.iter().skip(usize::from(has_first));
        found.extend(parameters.map(|it| option(&it.name.text, known.text[range(it)].to_string(), "")));
        return found;
    }
    if let Some(stage) = stages::named(callee) {
        found.extend(labels(stage.signature).map(|name| option(name, String::new(), stage.doc)));
    }
    if known.catalog.reducer_named(callee).is_some() {
        found.push(option("where", "bool".to_string(), "Only the rows for which this is true."));
        let framing = FRAME_OPTIONS.iter().filter(|_| in_window);
        found.extend(framing.map(|(name, doc)| option(name, String::new(), doc)));
    }
    if let Some(function) = WINDOW_FUNCTIONS.iter().find(|function| function.name == callee) {
        found.extend(labels(function.signature).map(|name| option(name, String::new(), function.doc)));
    }
    for id in known.catalog.functions_named(callee) {
        let optional = known.catalog.function(*id).parameters.iter().filter(|parameter| parameter.default.is_some());
        found.extend(optional.map(|parameter| option(parameter.name, String::new(), "")));
    }
    found
}

/// The options that a signature names: `n` and `seed` of `sample n: count, seed: number`.
fn labels(signature: &str) -> impl Iterator<Item = &str> {
    signature.split([' ', ',', '(']).filter_map(|word| word.strip_suffix(':')).filter(|word| !word.is_empty())
}

/// Types: the user's, then the others.
pub(super) fn types(known: &Known) -> Vec<Item> {
    let users = known::aliases(known.script())
        .map(|alias| plain(&spell(&alias.name.text), ItemKind::Type, &known.text[alias.ty.span().range()]));
    let own = TYPES.iter().map(|name| plain(name, ItemKind::Type, ""));
    users.chain(given(known, ItemKind::Type)).chain(own).chain(modules(known)).collect()
}

/// Reserved words; `statement` says whether a statement may begin here.
pub(super) fn keywords(statement: bool) -> Vec<Item> {
    let statements = STATEMENTS.iter().filter(|_| statement);
    OPERANDS
        .iter()
        .chain(statements)
        .map(|word| item(word.trim_end(), ItemKind::Keyword, "", word.to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_name_options() {
        assert_eq!(labels("sample n: count, seed: number by key, …").collect::<Vec<_>>(), ["n", "seed"]);
        assert_eq!(labels("take count").count(), 0);
    }
}
