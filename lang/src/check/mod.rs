//! Tree to plan: names, types and elaboration in one walk, left to right, without unification. It asks the catalog for
//! functions and reducers and [`Sources`] for schemas; it opens nothing and optimizes nothing.
//!
//! The user's functions and lambdas are inlined, records are taken apart into their fields, and every conversion is
//! spelled out, so that the plan has columns and scalars only. What is wrong is reported and then unknown: an unknown
//! type or row says nothing more.

mod aggregate;
mod arguments;
mod asked;
mod assert;
mod build;
mod call;
mod cols;
mod columns;
mod condition;
mod decimal;
mod definition;
mod describe;
mod errors;
mod explode;
mod expr;
mod foreign;
mod foreign_columns;
mod forms;
mod generic;
mod inline;
mod join;
mod json;
mod lambda;
mod list_reducer;
mod list_stage;
mod lists;
mod made_here;
mod matching;
mod module;
mod named;
mod narrow;
mod nest;
mod nested;
mod notes;
mod number;
mod opaque;
mod open_pivot;
mod operators;
mod overload;
mod parameter;
mod parameter_text;
mod parse;
mod pivot;
mod quoted_column;
mod recursion;
mod reducer;
mod rows;
mod rows_argument;
mod sample;
mod scope;
mod source;
mod stage;
mod state;
mod statement;
mod stdin;
mod test;
#[cfg(test)]
mod tests;
mod text;
mod told;
mod types;
mod unify;
mod union;
mod unpivot;
mod window;
mod write;

pub use call::{FORMS, FormDef};
pub use notes::{Meaning, Notes, Place, Rows, Sight, StageNote};
pub use parameter::{ParameterValue, ParameterWay, Parameters};
pub use test::{Claim, Test, Tests};
pub use types::TYPE_NAMES;
pub use window::{FRAME_OPTIONS, WINDOW_FUNCTIONS, WindowFunctionDef};

use crate::catalog::{Catalog, Sources};
use crate::diagnostic::{self, Diagnostic};
use crate::ir::{ColumnId, ExprId, NodeId, Plan, SiteId};
use crate::modules::Modules;
use crate::source::Span;
use crate::syntax::ast::Name;
use aggregate::Aggregation;
use module::Names;
use scope::{Lambda, Scope, Scopes};
use std::collections::{HashMap, HashSet};

/// What a check makes of a script.
#[derive(Debug)]
pub struct Checked {
    /// What it does.
    pub plan: Plan,
    /// Its tests.
    pub tests: Tests,
    /// What is to be said of it, sorted by place. If there is an error among it, the plans are of no use.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks a script with all that it imports.
pub fn check(modules: &Modules, catalog: &Catalog, sources: &dyn Sources, parameters: &Parameters) -> Checked {
    let mut checker = Checker::new(modules, catalog, sources, parameters);
    let (plan, tests) = checker.script(modules);
    let mut diagnostics = checker.diagnostics;
    diagnostic::sort(&mut diagnostics);
    Checked { plan, tests, diagnostics }
}

/// What can be found out about a script, with or without errors: for editors and the like. `watched` is the place of a
/// name, of which [`Notes::sight`] says what it could mean.
pub fn notes(
    modules: &Modules,
    catalog: &Catalog,
    sources: &dyn Sources,
    parameters: &Parameters,
    watched: Option<Span>,
) -> Notes {
    let mut checker = Checker::new(modules, catalog, sources, parameters);
    checker.notes = Some(Notes::watching(watched));
    checker.script(modules);
    checker.notes.unwrap_or_default()
}

/// The state of the walk.
struct Checker<'a> {
    catalog: &'a Catalog,
    sources: &'a dyn Sources,
    parameters: &'a Parameters,
    plan: Plan,
    diagnostics: Vec<Diagnostic>,
    /// What is found out besides, if somebody wants to know.
    notes: Option<Notes>,

    // Names.
    scopes: Scopes<'a>,
    scope: Scope,
    /// What each module defines, by module.
    modules: Vec<Names<'a>>,
    /// Parameters whose names somebody who gave one has nearly written, as was told.
    meant: HashSet<std::sync::Arc<str>>,
    /// The functions that have been inlined somewhere, by the places of their names.
    called: HashSet<Span>,
    /// The lambdas that have been passed to functions.
    passed: Vec<Lambda<'a>>,
    /// The bodies of those that have been called somewhere.
    applied: HashSet<Span>,

    // Where the walk is.
    /// How many rows are in scope, those of callers included.
    rows_entered: usize,
    /// How many of them are items of lists.
    bodies: usize,
    /// The joins that expressions of the rows in scope ask for.
    marks: Vec<join::Mark>,
    /// What is known not to be null here.
    not_null: Vec<ExprId>,
    /// The functions that are being inlined, outermost first, by the places of their names.
    inlining: Vec<Span>,
    /// The functions that call themselves and how they are called, by the places of their names; nothing of one that
    /// cannot be called.
    routines: HashMap<Span, Option<recursion::Callable>>,
    /// Whether the type of a body is being guessed: then calls of such functions are unknown, and so passed over.
    guessing: bool,
    /// What the letters in the type that is being resolved stand for.
    letters: generic::Letters,
    /// The call that the innermost of them was inlined from.
    caller: Option<SiteId>,
    /// The aggregate or window whose results are being checked, outside its reducers.
    aggregation: Option<Aggregation>,
    /// The column that `cols(…)` is just now, in what is there once for each.
    spread: Option<ExprId>,
    /// The name of the stage or reducer whose arguments are being checked, where it stands.
    stage_name: Option<Name>,
    /// The stages whose arguments are being checked and that name columns, the innermost last.
    making: Vec<made_here::Making<'a>>,
    /// The stream of one value that the expression of a statement is computed from.
    base: Option<NodeId>,
    /// Columns of files whose values the language does not have: what they hold, and where the file is named.
    foreign: HashMap<ColumnId, (std::sync::Arc<str>, Span)>,
    /// Where the source of the pipeline stands whose result the statement shows.
    shown_source: Option<Span>,

    // What is known of the parts of the plan.
    /// Where each column came from, by column.
    origins: Vec<Option<Origin>>,
    /// Columns that stand for a field of an item of a list: the item, and the field's position.
    item_fields: HashMap<ColumnId, (ColumnId, usize)>,
    /// Columns whose value may fail where it is used.
    unsure: HashSet<ColumnId>,
    /// Columns that stand for parameters without a value, of a script or of a function that is checked by itself.
    awaited: HashSet<ColumnId>,
    sites: HashMap<(Span, Option<SiteId>), SiteId>,
    /// The files that the rows of some nodes are written to.
    targets: HashMap<NodeId, crate::ir::Target>,
    /// The nodes of pivots whose columns are known only at the end.
    pivots: HashMap<NodeId, open_pivot::OpenPivot>,
    /// The scans of tables of which only a sample says which columns there are.
    open_tables: HashSet<NodeId>,
    /// The filters that leave out what does not fit a `parse`, and what is told of that.
    templates: HashMap<NodeId, crate::ir::Told>,
    /// The nodes whose columns the script has chosen, one by one.
    chosen: HashSet<NodeId>,
    /// The items of list literals, by their places.
    lists: HashMap<Span, &'a [crate::syntax::ast::Expr]>,
    /// How many sources the rows of what puts streams together come from.
    source_counts: HashMap<NodeId, usize>,
    /// How deep each expression is, by expression.
    depths: Vec<u32>,

    // Budgets.
    steps: usize,
    nesting: usize,
    exhausted: bool,
}

/// Where a column came from, for second labels.
#[derive(Clone)]
struct Origin {
    span: Span,
    text: String,
}

impl<'a> Checker<'a> {
    fn new(
        modules: &Modules,
        catalog: &'a Catalog,
        sources: &'a dyn Sources,
        parameters: &'a Parameters,
    ) -> Checker<'a> {
        Checker {
            catalog,
            sources,
            parameters,
            plan: Plan::default(),
            diagnostics: Vec::new(),
            notes: None,
            scopes: Scopes::default(),
            scope: Scope::empty(modules.script()),
            modules: modules.iter().map(|(id, module)| Names::new(id, module)).collect(),
            meant: HashSet::new(),
            called: HashSet::new(),
            passed: Vec::new(),
            applied: HashSet::new(),
            rows_entered: 0,
            bodies: 0,
            marks: Vec::new(),
            not_null: Vec::new(),
            inlining: Vec::new(),
            routines: HashMap::new(),
            guessing: false,
            letters: generic::Letters::new(),
            caller: None,
            aggregation: None,
            spread: None,
            stage_name: None,
            making: Vec::new(),
            base: None,
            foreign: HashMap::new(),
            shown_source: None,
            origins: Vec::new(),
            item_fields: HashMap::new(),
            unsure: HashSet::new(),
            awaited: HashSet::new(),
            sites: HashMap::new(),
            targets: HashMap::new(),
            pivots: HashMap::new(),
            open_tables: HashSet::new(),
            templates: HashMap::new(),
            chosen: HashSet::new(),
            lists: HashMap::new(),
            source_counts: HashMap::new(),
            depths: Vec::new(),
            steps: 0,
            nesting: 0,
            exhausted: false,
        }
    }

    /// Reports.
    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}
