//! Tree to plan: names, types and elaboration in one walk, left to right, without unification. It asks the catalog for
//! functions and reducers and [`Sources`] for schemas; it opens nothing and optimizes nothing.
//!
//! The user's functions and lambdas are inlined, records are taken apart into their fields, and every conversion is
//! spelled out, so that the plan has columns and scalars only. What is wrong is reported and then unknown: an unknown
//! type or row says nothing more.

mod aggregate;
mod build;
mod call;
mod columns;
mod decimal;
mod errors;
mod expr;
mod inline;
mod json;
mod list_stage;
mod lists;
mod narrow;
mod nested;
mod notes;
mod operators;
mod overload;
mod parameter;
mod rows;
mod scope;
mod source;
mod stage;
mod statement;
#[cfg(test)]
mod tests;
mod text;
mod types;
mod unify;

pub use notes::{Meaning, Notes, Place, Rows, Sight, StageNote};
pub use parameter::{ParameterValue, Parameters};
pub use stage::{STAGES, StageDef};

use crate::catalog::{Catalog, Sources};
use crate::diagnostic::{self, Diagnostic};
use crate::ir::{ColumnId, ExprId, NodeId, Plan, SiteId};
use crate::source::Span;
use crate::syntax::ast;
use aggregate::Aggregation;
use scope::{Scope, Scopes};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use types::Alias;

/// The plan of a script, and what is to be said of it, sorted by place. If there is an error among it, the plan is of
/// no use.
pub fn check(
    script: &ast::Script,
    catalog: &Catalog,
    sources: &dyn Sources,
    parameters: &Parameters,
) -> (Plan, Vec<Diagnostic>) {
    let mut checker = Checker::new(catalog, sources, parameters);
    checker.script(script);
    diagnostic::sort(&mut checker.diagnostics);
    (checker.plan, checker.diagnostics)
}

/// What can be found out about a script, with or without errors: for editors and the like. `watched` is the place of a
/// name, of which [`Notes::sight`] says what it could mean.
pub fn notes(
    script: &ast::Script,
    catalog: &Catalog,
    sources: &dyn Sources,
    parameters: &Parameters,
    watched: Option<Span>,
) -> Notes {
    let mut checker = Checker::new(catalog, sources, parameters);
    checker.notes = Some(Notes::watching(watched));
    checker.script(script);
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
    /// The scope of the script after each `let` and `param`, the empty one first: what a function sees.
    script_scopes: Vec<Scope>,
    functions: HashMap<Arc<str>, Definition<'a>>,
    aliases: HashMap<Arc<str>, Alias<'a>>,
    /// The functions that have been inlined somewhere.
    called: HashSet<Arc<str>>,

    // Where the walk is.
    /// How many rows are in scope, those of callers included.
    rows_entered: usize,
    /// What is known not to be null here.
    not_null: Vec<ExprId>,
    /// The functions that are being inlined, outermost first.
    inlining: Vec<Arc<str>>,
    /// The call that the innermost of them was inlined from.
    caller: Option<SiteId>,
    /// The aggregate whose results are being checked, outside its reducers.
    aggregation: Option<Aggregation>,
    /// The name of the stage whose arguments are being checked.
    stage_name: Option<Arc<str>>,
    /// The stream of one value that the expression of a statement is computed from.
    base: Option<NodeId>,

    // What is known of the parts of the plan.
    /// Where each column came from, by column.
    origins: Vec<Option<Origin>>,
    /// Columns that stand for a field of an item of a list: the item, and the field's position.
    item_fields: HashMap<ColumnId, (ColumnId, usize)>,
    /// Columns whose value may fail where it is used.
    unsure: HashSet<ColumnId>,
    sites: HashMap<(Span, Option<SiteId>), SiteId>,
    /// How deep each expression is, by expression.
    depths: Vec<u32>,

    // Budgets.
    steps: usize,
    nesting: usize,
    exhausted: bool,
}

/// A user's function and how many names of the script it sees.
#[derive(Clone, Copy)]
struct Definition<'a> {
    function: &'a ast::Function,
    sees: usize,
}

/// Where a column came from, for second labels.
#[derive(Clone)]
struct Origin {
    span: Span,
    text: String,
}

impl<'a> Checker<'a> {
    fn new(catalog: &'a Catalog, sources: &'a dyn Sources, parameters: &'a Parameters) -> Checker<'a> {
        Checker {
            catalog,
            sources,
            parameters,
            plan: Plan::default(),
            diagnostics: Vec::new(),
            notes: None,
            scopes: Scopes::default(),
            scope: None,
            script_scopes: vec![None],
            functions: HashMap::new(),
            aliases: HashMap::new(),
            called: HashSet::new(),
            rows_entered: 0,
            not_null: Vec::new(),
            inlining: Vec::new(),
            caller: None,
            aggregation: None,
            stage_name: None,
            base: None,
            origins: Vec::new(),
            item_fields: HashMap::new(),
            unsure: HashSet::new(),
            sites: HashMap::new(),
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
