//! Pipe's language: text to a verified plan. Pure: no IO, no threads, no `unsafe`; the same input gives the same plan.

#![forbid(unsafe_code)]

pub mod calendar;
pub mod catalog;
pub mod check;
pub mod codes;
pub mod diagnostic;
#[doc(hidden)]
pub mod fault;
pub mod ir;
pub mod modules;
pub mod opt;
pub mod report;
pub mod scalar;
pub mod source;
pub mod syntax;
pub mod ty;

use catalog::{Catalog, Sources};
use check::Parameters;
use diagnostic::Diagnostic;
use ir::Plan;
use source::SourceMap;
use std::sync::Arc;

/// A script that may be run.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What it does, verified; rules may rewrite it yet ([`opt`]).
    pub plan: Plan,
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
    let (plan, found) = check::check(&modules, catalog, sources, parameters);
    diagnostics.extend(found);
    diagnostic::sort(&mut diagnostics);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(diagnostics);
    }
    if let Err(faults) = ir::verify::verify(&plan, catalog) {
        return Err(faults.into_iter().map(broken_plan).collect());
    }
    Ok(Compiled { plan, warnings: diagnostics })
}

/// A plan that breaks its rules is our bug.
fn broken_plan(fault: String) -> Diagnostic {
    Diagnostic::outside(codes::E0901, "this is a bug in Pipe, not in your script").help(format!("the plan: {fault}"))
}
