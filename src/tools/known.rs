//! What is known of a script and of the names in it: what `complete` and `hover` tell, and the columns after every stage.

use crate::engine::Engine;
use pipelang_lang::catalog::{Catalog, FunctionDef};
use pipelang_lang::check::{self, Meaning, Notes, Parameters, Rows, STAGES};
use pipelang_lang::ir::Shape;
use pipelang_lang::source::{SourceId, Span};
use pipelang_lang::syntax;
use pipelang_lang::syntax::ast::{self, Function, Script, Statement, TypeExpr};
use std::ops::Range;

/// A stage with the rows that go out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageRows {
    /// The stage, from its name to its last argument.
    pub range: Range<usize>,
    /// Its name.
    pub name: String,
    /// The columns after it, as names with types; those of single values have no name. Empty where nothing is known.
    pub columns: Vec<(String, String)>,
}

/// The stages of a script in the order in which they stand, with the columns after each; those in the body of a function
/// are as in its first call. A script that is wrong has them up to where it is.
pub fn stages(engine: &Engine, text: &str, parameters: &Parameters) -> Vec<StageRows> {
    let known = Known::new(engine, text, parameters, None);
    let mut stages: Vec<StageRows> = Vec::new();
    for note in &known.notes.stages {
        let range = note.span.range();
        if stages.iter().all(|stage| stage.range != range) {
            let columns = note.output.as_ref().map_or(Vec::new(), columns);
            stages.push(StageRows { range, name: text[note.name.range()].to_string(), columns });
        }
    }
    stages.sort_by_key(|stage| stage.range.start);
    stages
}

/// What a value has as columns: those of a stream, or itself.
fn columns(meaning: &Meaning) -> Vec<(String, String)> {
    match meaning {
        Meaning::Rows(rows) if rows.shape == Shape::Table => {
            rows.schema.fields.iter().map(|field| (field.name.to_string(), field.ty.to_string())).collect()
        }
        Meaning::Rows(Rows { schema, .. }) => {
            schema.fields.iter().map(|field| (String::new(), field.ty.to_string())).collect()
        }
        Meaning::Value(ty) => vec![(String::new(), ty.to_string())],
        Meaning::Function => Vec::new(),
    }
}

/// A script, and what a check says of it.
pub(super) struct Known<'a> {
    pub catalog: &'a Catalog,
    pub text: &'a str,
    pub script: Script,
    pub notes: Notes,
}

/// What is to be told of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct About {
    /// How it is written.
    pub signature: String,
    /// What it does, in a sentence; may be empty.
    pub doc: String,
}

impl<'a> Known<'a> {
    /// Checks a text, whatever is wrong with it; `watched` is the place of the name that [`Notes::sight`] is about.
    pub fn new(engine: &'a Engine, text: &'a str, parameters: &Parameters, watched: Option<Range<usize>>) -> Known<'a> {
        let catalog = &engine.inner().registry.catalog;
        let source = SourceId(0);
        let (script, _) = syntax::parse(source, text);
        let watched = watched.map(|range| Span::new(source, range.start, range.end));
        let notes = check::notes(&script, catalog, &engine.sources(None), parameters, watched);
        Known { catalog, text, script, notes }
    }

    /// The user's functions.
    pub fn functions(&self) -> impl Iterator<Item = &Function> {
        self.script.statements.iter().filter_map(|statement| match statement {
            Statement::Function(function) => Some(function),
            _ => None,
        })
    }

    /// The user's types.
    pub fn aliases(&self) -> impl Iterator<Item = &ast::TypeAlias> {
        self.script.statements.iter().filter_map(|statement| match statement {
            Statement::Type(alias) => Some(alias),
            _ => None,
        })
    }

    /// What there is to tell of a function, from the script or from the catalog; of each that has the name.
    pub fn about_function(&self, name: &str) -> Vec<About> {
        if let Some(function) = self.functions().find(|function| &*function.name.text == name) {
            return vec![self.about_users(function)];
        }
        if name == "read" {
            return vec![about_read()];
        }
        let named = self.catalog.functions_named(name).iter().map(|id| about(self.catalog.function(*id)));
        named.chain(self.about_reducer(name)).collect()
    }

    /// What there is to tell of a stage.
    pub fn about_stage(&self, name: &str) -> Option<About> {
        if let Some(function) = self.functions().find(|function| &*function.name.text == name) {
            return Some(self.about_users(function));
        }
        let stage = STAGES.iter().find(|stage| stage.name == name);
        let stage = stage.map(|stage| About { signature: stage.signature.to_string(), doc: stage.doc.to_string() });
        stage.or_else(|| self.about_reducer(name))
    }

    fn about_reducer(&self, name: &str) -> Option<About> {
        let reducer = self.catalog.reducers().find(|reducer| reducer.name == name)?;
        let arguments = if reducer.arity.1 == 0 { "" } else { "…" };
        Some(About { signature: format!("{name}({arguments})"), doc: reducer.doc.to_string() })
    }

    /// The head of a user's function, and the comment above it.
    pub fn about_users(&self, function: &Function) -> About {
        let (before, rest) = self.text.split_at(function.span.range().start);
        let head = &rest[..function.body.span.range().start.saturating_sub(before.len())];
        let comments =
            before.trim_end_matches([' ', '\t']).lines().rev().map_while(|line| line.trim().strip_prefix('#'));
        let mut comments: Vec<&str> = comments.map(str::trim).collect();
        comments.reverse();
        About { signature: head.split_whitespace().collect::<Vec<_>>().join(" "), doc: comments.join(" ") }
    }
}

/// What there is to tell of a function of the catalog.
pub(super) fn about(def: &FunctionDef) -> About {
    About { signature: def.signature(), doc: def.doc.to_string() }
}

/// The one function that is no row of the catalog.
pub(super) fn about_read() -> About {
    About {
        signature: "read(path, …)".to_string(),
        doc: "Reads a file; its columns are known before it is read.".to_string(),
    }
}

/// Whether a user's function can stand as a stage: its first parameter is a stream.
pub(super) fn is_stage(function: &Function) -> bool {
    let Some(first) = function.parameters.first() else { return false };
    matches!(&first.ty, TypeExpr::Generic(name, _, _) if &*name.text == "stream")
}
