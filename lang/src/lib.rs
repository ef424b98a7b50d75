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
pub mod opt;
pub mod report;
pub mod scalar;
pub mod source;
pub mod syntax;
pub mod template;
pub mod ty;

use catalog::{Catalog, Sources};
use check::{Parameters, Tests};
use diagnostic::Diagnostic;
use ir::Plan;
use source::SourceMap;
use std::sync::Arc;

/// A script that may be run.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What it does, verified; rules may rewrite it yet ([`opt`]).
    pub plan: Plan,
    /// Its tests, verified likewise.
    pub tests: Tests,
    /// What is probably not as meant.
    pub warnings: Vec<Diagnostic>,
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
    let (modules, mut diagnostics) = modules::load(map, name, text, sources);
    let checked = check::check(&modules, catalog, sources, parameters);
    // What looked like a call to the grammar, the checker may know as a name of two words.
    let at =
        |diagnostic: &Diagnostic| diagnostic.primary.as_ref().map(|primary| (primary.span.source, primary.span.start));
    diagnostics.retain(|told| {
        let is_name = |known: &Diagnostic| known.code == codes::E0207 && at(known) == at(told);
        told.code != codes::E0113 || !checked.diagnostics.iter().any(is_name)
    });
    diagnostics.extend(checked.diagnostics);
    diagnostic::sort(&mut diagnostics);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(diagnostics);
    }
    for plan in [&checked.plan, &checked.tests.plan] {
        if let Err(faults) = ir::verify::verify(plan, catalog) {
            return Err(faults.into_iter().map(broken_plan).collect());
        }
    }
    Ok(Compiled { plan: checked.plan, tests: checked.tests, warnings: diagnostics })
}

/// What is wrong with a script, which is not run: its parameters need no values.
pub fn diagnose(
    map: &mut SourceMap,
    name: impl Into<Arc<str>>,
    text: &str,
    catalog: &Catalog,
    sources: &dyn Sources,
) -> Vec<Diagnostic> {
    let (modules, mut diagnostics) = modules::load(map, name, text, sources);
    let parameters = Parameters { may_be_missing: true, ..Parameters::default() };
    diagnostics.extend(check::check(&modules, catalog, sources, &parameters).diagnostics);
    diagnostic::sort(&mut diagnostics);
    diagnostics
}

/// A plan that breaks its rules is our bug.
fn broken_plan(fault: String) -> Diagnostic {
    Diagnostic::outside(codes::E0901, "this is a bug in Pipe, not in your script").help(format!("the plan: {fault}"))
}
