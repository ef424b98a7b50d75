//! What is known of a script and of the names in it: what `complete` and `hover` tell, and the columns after every stage.

use crate::engine::Engine;
use pipelang_lang::catalog::{Catalog, FunctionDef};
use pipelang_lang::check::{self, Meaning, Notes, Parameters, Rows, StageNote, TYPE_NAMES, WINDOW_FUNCTIONS};
use pipelang_lang::ir::Shape;
use pipelang_lang::modules::{self, Module, ModuleId, Modules};
use pipelang_lang::source::{SourceId, SourceMap, Span};
use pipelang_lang::stages;
use pipelang_lang::syntax::ast::{self, Expr, ExprKind, Function, Name, Script, Statement, TypeExpr};
use pipelang_lang::syntax::nodes::Node;
use pipelang_lang::ty::Kind;
use std::collections::HashSet;
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

/// The sources that are called (`read`) and the stages of a script in the order in which they stand, with the columns
/// after each; those in the body of a function are as in its first call. A script that is wrong has them up to where it is.
pub fn stages(engine: &Engine, name: &str, text: &str, parameters: &Parameters) -> Vec<StageRows> {
    let known = Known::new(engine, name, text, parameters, None);
    let of_stage = |note: &StageNote| (note.span, note.name, note.output.as_ref().map_or(Vec::new(), columns));
    let found = known.sources().chain(known.stages().map(of_stage));
    let mut seen = HashSet::new();
    let first = found.filter(|(span, ..)| seen.insert(*span));
    let row = |(span, name, columns): (Span, Span, _)| StageRows {
        range: span.range(),
        name: text[name.range()].to_string(),
        columns,
    };
    let mut stages: Vec<StageRows> = first.map(row).collect();
    stages.sort_by_key(|stage| stage.range.start);
    stages
}

/// What a value has as columns: those of a stream, or itself.
fn columns(meaning: &Meaning) -> Vec<(String, String)> {
    match meaning {
        Meaning::Rows(rows) if !rows.known => Vec::new(),
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
    pub engine: &'a Engine,
    pub catalog: &'a Catalog,
    pub text: &'a str,
    texts: SourceMap,
    modules: Modules,
    pub notes: Notes,
}

/// The text that a script is when it is loaded.
pub(super) const SCRIPT: SourceId = SourceId(0);

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
    pub fn new(
        engine: &'a Engine,
        name: &str,
        text: &'a str,
        parameters: &Parameters,
        watched: Option<Range<usize>>,
    ) -> Known<'a> {
        let catalog = &engine.inner().registry.catalog;
        let sources = engine.sources(&[]);
        let mut texts = SourceMap::default();
        let (modules, _) = modules::load(&mut texts, name, text, &sources);
        let watched = watched.map(|range| Span::new(SCRIPT, range.start, range.end));
        let notes = check::notes(&modules, catalog, &sources, parameters, watched);
        Known { engine, catalog, text, texts, modules, notes }
    }

    fn module(&self, id: ModuleId) -> Option<&Module> {
        self.modules.iter().find(|(known, _)| *known == id).map(|(_, module)| module)
    }

    /// The tree of the script.
    pub fn script(&self) -> &Script {
        &self.module(self.modules.script()).expect("the script is one of the modules").tree
    }

    /// The modules that the script imports, by the names that it gives them.
    pub fn imports(&self) -> &[(Name, Option<ModuleId>)] {
        &self.module(self.modules.script()).expect("the script is one of the modules").imports
    }

    /// The tree of a module that the script imports by this name.
    pub fn imported(&self, name: &str) -> Option<&Script> {
        let (_, module) = self.imports().iter().find(|(given, _)| &*given.text == name)?;
        Some(&self.module((*module)?)?.tree)
    }

    /// The calls of the script itself that give rows: where each stands, the name of its function, its columns.
    fn sources(&self) -> impl Iterator<Item = (Span, Span, Vec<(String, String)>)> {
        let script = self.script();
        let of_script = self.notes.values.iter().filter(|(span, _)| span.source == SCRIPT);
        of_script.filter_map(move |(span, meaning)| {
            let Meaning::Rows(_) = meaning else { return None };
            let name = script.around(span.start).into_iter().find_map(|node| match node {
                Node::Expr(Expr { kind: ExprKind::Call { function, .. }, span: at, .. }) if at == span => {
                    function.last()
                }
                _ => None,
            })?;
            Some((*span, name.span, columns(meaning)))
        })
    }

    /// The stages of the script itself.
    pub fn stages(&self) -> impl Iterator<Item = &StageNote> {
        self.notes.stages.iter().filter(|note| note.span.source == SCRIPT)
    }

    /// The user's functions.
    pub fn functions(&self) -> impl Iterator<Item = &Function> {
        functions(self.script())
    }

    /// Whether a value may be given to a parameter of the script that has this type; what is not known here may be.
    pub fn may_take(&self, ty: &TypeExpr, kind: &Kind) -> bool {
        match ty {
            TypeExpr::Nullable(ty, _) => self.may_take(ty, kind),
            TypeExpr::Named(path, _) => match path.as_slice() {
                [name] if TYPE_NAMES.contains(&&*name.text) => {
                    *kind == Kind::Null
                        || kind.to_string() == *name.text
                        || (*kind == Kind::Int && &*name.text == "float")
                }
                // One that is made of nothing but itself would have no end.
                [name] => aliases(self.script())
                    .find(|alias| alias.name.text == name.text && matches!(alias.ty, TypeExpr::Record { .. }))
                    .is_none_or(|alias| self.may_take(&alias.ty, kind)),
                _ => true,
            },
            TypeExpr::List(item, _) => matches!(kind, Kind::List(of) if self.may_take(item, &of.kind)),
            TypeExpr::Record { fields, .. } => match kind {
                Kind::Record(schema) => fields.iter().all(|(name, ty)| {
                    schema.fields.iter().any(|field| field.name == name.text && self.may_take(ty, &field.ty.kind))
                }),
                _ => false,
            },
            TypeExpr::Generic(name, ..) if &*name.text == "map" => matches!(kind, Kind::Map(_)),
            TypeExpr::Generic(..) => matches!(kind, Kind::List(_)),
            TypeExpr::Function(..) => false,
            TypeExpr::Error(_) => true,
        }
    }

    /// What there is to tell of a function, from the script, a module or the catalog; of each that has the name.
    pub fn about_function(&self, path: &[Name]) -> Vec<About> {
        let name = match path {
            [name] => &*name.text,
            [module, name] => {
                let found =
                    self.imported(&module.text).and_then(|tree| functions(tree).find(|it| it.name.text == name.text));
                return found.map(|function| self.about_users(function)).into_iter().collect();
            }
            _ => return Vec::new(),
        };
        if let Some(function) = self.functions().find(|function| &*function.name.text == name) {
            return vec![self.about_users(function)];
        }
        if name == "read" {
            return vec![about_read()];
        }
        let named = self.catalog.functions_named(name).iter().map(|id| about(self.catalog.function(*id)));
        named.chain(self.about_reducer(name)).chain(about_window_function(name)).collect()
    }

    /// What there is to tell of a stage.
    pub fn about_stage(&self, path: &[Name]) -> Option<About> {
        let [Name { text: name, .. }] = path else { return self.about_function(path).pop() };
        let name = &**name;
        if let Some(function) = self.functions().find(|function| &*function.name.text == name) {
            return Some(self.about_users(function));
        }
        let stage = stages::named(name);
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
        let (before, rest) = self.texts.get(function.span.source).text.split_at(function.span.range().start);
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

/// The functions of a script or module.
pub(super) fn functions(tree: &Script) -> impl Iterator<Item = &Function> {
    tree.statements.iter().filter_map(|statement| match statement {
        Statement::Function(function) => Some(function),
        _ => None,
    })
}

/// The types of a script or module.
pub(super) fn aliases(tree: &Script) -> impl Iterator<Item = &ast::TypeAlias> {
    tree.statements.iter().filter_map(|statement| match statement {
        Statement::Type(alias) => Some(alias),
        _ => None,
    })
}

/// What there is to tell of a function that only `window` has.
fn about_window_function(name: &str) -> Option<About> {
    let function = WINDOW_FUNCTIONS.iter().find(|function| function.name == name)?;
    Some(About { signature: function.signature.to_string(), doc: function.doc.to_string() })
}

/// Whether a user's function can stand as a stage: its first parameter is a stream.
pub(super) fn is_stage(function: &Function) -> bool {
    let Some(first) = function.parameters.first() else { return false };
    matches!(&first.ty, TypeExpr::Generic(name, _, _) if &*name.text == "stream")
}
