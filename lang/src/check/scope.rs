//! What names mean: values, rows, and the chain of scopes in which a name is looked up.
//!
//! A scope is an index into an arena of entries, each of which knows the entry outside it. So a scope is copied freely
//! (a lambda keeps the scope it was written in), and leaving one is forgetting an index. Nothing here reports.

use super::Checker;
use super::inline::Parameter;
use crate::ir::{ExprId, Fields, NodeId, OutputField, Shape};
use crate::modules::ModuleId;
use crate::source::Span;
use crate::syntax::ast;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

/// What an expression of the script is while it is checked. Records, lists and functions exist only here: the plan has
/// columns.
#[derive(Clone)]
pub(super) enum Value<'a> {
    /// A single value.
    Expr(ExprId),
    /// A record, as its fields.
    Record(Rc<Vec<(Arc<str>, Value<'a>)>>),
    /// Rows.
    Stream(Stream),
    /// The items of a list literal.
    List(Rc<Vec<Value<'a>>>),
    /// `a..b`
    Range(RangeValue),
    /// A lambda with the scope it was written in.
    Lambda(Lambda<'a>),
    /// Reported already.
    Unknown,
}

/// `a..b` with either end missing.
#[derive(Clone, Copy)]
pub(super) struct RangeValue {
    pub start: Option<ExprId>,
    pub end: Option<ExprId>,
    pub inclusive: bool,
}

/// A lambda that has been passed to a user's function.
#[derive(Clone, Copy)]
pub(super) struct Lambda<'a> {
    /// Its parameters; an expression over a row's columns has none, and then the row itself is in scope.
    pub parameters: &'a [ast::Name],
    pub body: &'a ast::Expr,
    pub scope: Scope,
    /// What it was first passed for; nothing for methods of lists.
    pub of: Option<Parameter<'a>>,
}

/// A stream of rows: the last node of its pipeline.
#[derive(Clone)]
pub(super) struct Stream {
    pub node: NodeId,
    pub row: Rc<Row>,
    /// Whether it never ends.
    pub endless: bool,
}

/// What is known of the rows of a stream.
#[derive(Clone)]
pub(super) struct Row {
    pub fields: Fields,
    pub shape: Shape,
    /// False after an error: then every name is silently unknown.
    pub known: bool,
    /// What gave these columns: a `read`, a `select` …
    pub from: Span,
    /// The earlier stages that left out columns, the latest last; so many as may matter.
    pub gone: Rc<Vec<Rc<Gone>>>,
    /// Columns that a `filter` has shown not to be null, as expressions.
    pub narrowed: Rc<Vec<ExprId>>,
    /// Names that the code in view must not see: the undeclared fields of an open `stream<{…, ..}>`.
    pub hidden: Rc<HashSet<Arc<str>>>,
}

/// A stage that left out columns.
pub(super) struct Gone {
    /// The columns that could be seen before it.
    pub before: Row,
    /// Where the stage stands.
    pub stage: Span,
    /// Its name.
    pub stage_name: Arc<str>,
    /// What `rename` calls some of them now: the old name, and the new one.
    pub renamed: Vec<(Arc<str>, Arc<str>)>,
    /// Where a name could be added, and what to write before it.
    pub add_at: Option<(Span, &'static str)>,
    /// What the stage kept.
    pub kept: Fields,
}

impl Row {
    /// The rows of a source.
    pub fn new(fields: impl Into<Fields>, shape: Shape, from: Span) -> Row {
        let (gone, narrowed, hidden) = Default::default();
        Row { fields: fields.into(), shape, known: true, from, gone, narrowed, hidden }
    }

    /// The field of that name, if it can be seen. The column of a stream of single values has no name, it is `it`.
    pub fn field(&self, name: &str) -> Option<&OutputField> {
        if self.shape != Shape::Table || self.hidden.contains(name) {
            return None;
        }
        self.fields.named(name)
    }

    /// The names that can be seen.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| &*field.name).filter(|name| self.field(name).is_some())
    }

    /// The stage, if any, that left out a column of that name, which is not there.
    pub fn gone(&self, name: &str) -> Option<&Gone> {
        self.gone.iter().rev().find(|gone| gone.before.field(name).is_some()).map(|gone| &**gone)
    }
}

/// A scope: the module that the code in it stands in, and an entry of the arena with all outside it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Scope {
    pub module: ModuleId,
    at: Option<u32>,
}

impl Scope {
    /// A scope with nothing in it but what the module defines.
    pub fn empty(module: ModuleId) -> Scope {
        Scope { module, at: None }
    }
}

/// Something that a scope adds to the one outside it.
#[derive(Clone)]
pub(super) enum Entry<'a> {
    /// A name.
    Binding { name: Arc<str>, span: Span, value: Value<'a> },
    /// The row of a stage: what is inside it is inner to the columns, what is outside it is outer.
    Row(Rc<Row>),
}

/// The arena of scopes.
#[derive(Default)]
pub(super) struct Scopes<'a> {
    entries: Vec<Inner<'a>>,
    /// The definitions of modules by name, ascending: a script may have very many, and they are not looked through.
    definitions: HashMap<Arc<str>, Vec<(ModuleId, u32)>>,
}

/// An entry of the arena.
struct Inner<'a> {
    entry: Entry<'a>,
    outside: Option<u32>,
    /// Whether it, and so everything outside it, is a definition of a module.
    is_definition: bool,
}

/// What a name is.
pub(super) enum Found<'a> {
    /// A binding.
    Binding(Value<'a>),
    /// A column of the row.
    Column(OutputField),
    /// A column, and a binding outside the stage, defined at the span.
    Both(Span),
    /// Nothing; the row that was looked into, if there is one.
    Nothing(Option<Rc<Row>>),
}

impl<'a> Scopes<'a> {
    /// The scope with one entry more.
    pub fn enter(&mut self, outside: Scope, entry: Entry<'a>) -> Scope {
        self.entries.push(Inner { entry, outside: outside.at, is_definition: false });
        Scope { at: Some(self.entries.len() as u32 - 1), ..outside }
    }

    /// Makes the innermost entry a definition of its module; so are all outside it.
    pub fn define(&mut self, scope: Scope) {
        let Some(at) = scope.at else { return };
        let inner = &mut self.entries[at as usize];
        if let Entry::Binding { name, .. } = &inner.entry {
            inner.is_definition = true;
            self.definitions.entry(name.clone()).or_default().push((scope.module, at));
        }
    }

    /// From the innermost entry outwards.
    fn walk(&self, scope: Scope) -> impl Iterator<Item = &Inner<'a>> {
        let mut at = scope.at;
        std::iter::from_fn(move || {
            let inner = &self.entries[at? as usize];
            at = inner.outside;
            Some(inner)
        })
    }

    /// The entries of a scope that are no definitions of its module.
    fn walk_inside(&self, scope: Scope) -> impl Iterator<Item = &Entry<'a>> {
        self.walk(scope).take_while(|inner| !inner.is_definition).map(|inner| &inner.entry)
    }

    /// The definition of that name which a scope sees.
    fn definition(&self, scope: Scope, wanted: &str) -> Option<&Entry<'a>> {
        let of_name = self.definitions.get(wanted)?;
        let seen = of_name.iter().rev().find(|(module, at)| *module == scope.module && Some(*at) <= scope.at);
        seen.map(|(_, at)| &self.entries[*at as usize].entry)
    }

    /// The row in scope.
    pub fn row(&self, scope: Scope) -> Option<Rc<Row>> {
        self.walk_inside(scope).find_map(|entry| match entry {
            Entry::Row(row) => Some(row.clone()),
            Entry::Binding { .. } => None,
        })
    }

    /// Inner names first, then the columns of the nearest row, then outer names.
    pub fn look_up(&self, scope: Scope, wanted: &str) -> Found<'a> {
        let mut nearest: Option<Rc<Row>> = None;
        let outermost = std::iter::once_with(|| self.definition(scope, wanted)).flatten();
        for entry in self.walk_inside(scope).chain(outermost) {
            match entry {
                Entry::Row(row) => nearest = nearest.or_else(|| Some(row.clone())),
                Entry::Binding { name, span, value } if &**name == wanted => {
                    return match nearest.and_then(|row| row.field(wanted).cloned()) {
                        Some(_) => Found::Both(*span),
                        None => Found::Binding(value.clone()),
                    };
                }
                Entry::Binding { .. } => {}
            }
        }
        match nearest.as_ref().and_then(|row| row.field(wanted)) {
            Some(field) => Found::Column(field.clone()),
            None => Found::Nothing(nearest),
        }
    }

    /// The nearest row.
    pub fn innermost_row(&self, scope: Scope) -> Option<Rc<Row>> {
        self.walk_inside(scope).find_map(|entry| match entry {
            Entry::Row(row) => Some(row.clone()),
            Entry::Binding { .. } => None,
        })
    }

    /// All bound names in scope with what they are bound to, the nearest first.
    pub fn bindings(&self, scope: Scope) -> Vec<(Arc<str>, Value<'a>)> {
        let binding = |entry: &Entry<'a>| match entry {
            Entry::Binding { name, value, .. } => Some((name.clone(), value.clone())),
            Entry::Row(_) => None,
        };
        self.walk(scope).map(|inner| &inner.entry).filter_map(binding).collect()
    }

    /// All bound names in scope.
    pub fn names(&self, scope: Scope) -> Vec<Arc<str>> {
        self.bindings(scope).into_iter().map(|(name, _)| name).collect()
    }
}

impl<'a> Checker<'a> {
    /// Binds a name in the current scope.
    pub(super) fn bind(&mut self, name: &Arc<str>, span: Span, value: Value<'a>) {
        self.note(span, &value);
        let entry = Entry::Binding { name: name.clone(), span, value };
        self.scope = self.scopes.enter(self.scope, entry);
    }

    /// Runs `body` in another scope.
    pub(super) fn in_scope<T>(&mut self, scope: Scope, body: impl FnOnce(&mut Self) -> T) -> T {
        let outside = std::mem::replace(&mut self.scope, scope);
        let result = body(self);
        self.scope = outside;
        result
    }

    /// Runs `body` where the columns of `row` are in scope.
    pub(super) fn in_row<T>(&mut self, row: &Rc<Row>, body: impl FnOnce(&mut Self) -> T) -> T {
        let scope = self.scopes.enter(self.scope, Entry::Row(row.clone()));
        self.rows_entered += 1;
        let result = self.in_scope(scope, |c| c.knowing(&row.narrowed, body));
        self.rows_entered -= 1;
        result
    }

    /// Runs `body` where these expressions are known not to be null.
    pub(super) fn knowing<T>(&mut self, facts: &[ExprId], body: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.not_null.len();
        self.not_null.extend_from_slice(facts);
        let result = body(self);
        self.not_null.truncate(before);
        result
    }
}
