//! Pipe's language: text to a verified plan. Pure: no IO, no threads, no `unsafe`; the same input gives the same plan.

#![forbid(unsafe_code)]

pub mod aliases;
pub mod calendar;
pub mod catalog;
pub mod check;
pub mod codes;
pub mod diagnostic;
#[doc(hidden)]
pub mod fault;
pub mod format;
pub mod ir;
pub mod modules;
pub mod opaque;
pub mod opt;
pub mod report;
pub mod scalar;
pub mod source;
pub mod stages;
pub mod syntax;
pub mod template;
pub mod ty;

use catalog::{Catalog, Sources};
use check::{Parameters, Tests};
use diagnostic::Diagnostic;
use ir::Plan;
use source::{SourceMap, Span};
use std::sync::Arc;
use syntax::StagePlaces;

/// A script that may be run.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What it does, verified unless parameters may be missing; rules may rewrite it yet ([`opt`]).
    pub plan: Plan,
    /// Its tests, verified likewise.
    pub tests: Tests,
    /// What is probably not as meant.
    pub warnings: Vec<Diagnostic>,
    /// Its stages, for errors of its runs.
    pub stages: StagePlaces,
}

/// The whole compiler: text to a verified plan, or all errors, sorted by place.
///
/// The text is added to `map` under `name`, and those of the modules that it imports, so that reports can show them.
pub fn compile(
    map: &mut SourceMap,
    name: impl Into<Arc<str>>,
    text: &str,
    catalog: &Catalog,
    sources: &dyn Sources,
    parameters: &Parameters,
) -> Result<Compiled, Vec<Diagnostic>> {
    let (modules, diagnostics) = modules::load(map, name, text, sources);
    let checked = check::check(&modules, catalog, sources, parameters);
    let diagnostics = told_once(diagnostics, checked.diagnostics);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(diagnostics);
    }
    // What awaits the value of a parameter has no plan that could run.
    let plans = [&checked.plan, &checked.tests.plan];
    for plan in plans.into_iter().filter(|_| !parameters.may_be_missing) {
        if let Err(faults) = ir::verify::verify(plan, catalog) {
            return Err(faults.into_iter().map(broken_plan).collect());
        }
    }
    let stages = StagePlaces::of(modules.iter().map(|(_, module)| &module.tree));
    Ok(Compiled { plan: checked.plan, tests: checked.tests, warnings: diagnostics, stages })
}

/// What is wrong with a script, which is not run: its parameters need no values.
pub fn diagnose(
    map: &mut SourceMap,
    name: impl Into<Arc<str>>,
    text: &str,
    catalog: &Catalog,
    sources: &dyn Sources,
) -> Vec<Diagnostic> {
    let (modules, diagnostics) = modules::load(map, name, text, sources);
    let parameters = Parameters { may_be_missing: true, ..Parameters::default() };
    told_once(diagnostics, check::check(&modules, catalog, sources, &parameters).diagnostics)
}

/// What the grammar and the checker say, without what follows from something else that is said.
fn told_once(mut syntax: Vec<Diagnostic>, mut checked: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let place = |told: &Diagnostic| told.primary.as_ref().map(|primary| primary.span);
    // What looked like a call to the grammar, the checker may know as a name of two words.
    let start = |told: &Diagnostic| place(told).map(|place| (place.source, place.start));
    syntax.retain(|told| {
        let is_name = |known: &Diagnostic| known.code == codes::E0207 && start(known) == start(told);
        !matches!(told.code, codes::E0113 | codes::E0130) || !checked.iter().any(is_name)
    });
    // What looked like a slice of a list is one of rows.
    syntax.retain(|told| {
        let is_of_rows = |known: &Diagnostic| known.code == codes::E0115 && start(known) == start(told);
        told.code != codes::E0114 || !checked.iter().any(is_of_rows)
    });
    // A reserved word that names an option that there is not.
    syntax.retain(|told| {
        let is_option = |known: &Diagnostic| known.code == codes::E0206 && place(known) == place(told);
        told.code != codes::E0112 || !checked.iter().any(is_option)
    });
    // How an operator is spelled does not matter where another one is meant.
    let is_inside =
        |inner: Span, outer: Span| inner.source == outer.source && outer.start < inner.start && inner.end < outer.end;
    syntax.retain(|told| {
        let is_of_values = |known: &Diagnostic| {
            known.code == codes::E0303
                && place(known).zip(place(told)).is_some_and(|(outer, inner)| is_inside(inner, outer))
        };
        told.code != codes::E0106 || !checked.iter().any(is_of_values)
    });
    // The arms of a `match` that is never closed are not all there.
    checked.retain(|told| {
        let Some(subject) = place(told).filter(|_| told.code == codes::E0309) else { return true };
        let opens_behind = |brace: Span| brace.source == subject.source && brace.start == subject.end + 1;
        !syntax.iter().any(|told| told.code == codes::E0103 && place(told).is_some_and(opens_behind))
    });
    syntax.extend(checked);
    diagnostic::sort(&mut syntax);
    syntax
}

/// A plan that breaks its rules is our bug.
fn broken_plan(fault: String) -> Diagnostic {
    Diagnostic::outside(codes::E0901, "this is a bug in Pipe, not in your script").help(format!("the plan: {fault}"))
}
