//! What a program reads, calls, may do and needs, as data: for hosts that decide whether to run it.

use crate::script::Script;
use pipelang_lang::catalog::{Catalog, Effect};
use pipelang_lang::ir::{Expr, ExprId, Plan, Stage, TableOrigin};
use pipelang_runtime::exec::explain;
use std::collections::BTreeSet;

/// What is known of a program without running it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// What it reads, inputs by name and files by path, and which columns of it.
    pub reads: Vec<(String, Vec<String>)>,
    /// The functions that it calls.
    pub functions: BTreeSet<String>,
    /// The grants that it needs: `files`, `clock`, `environment`.
    pub grants: BTreeSet<&'static str>,
    /// Whether a run can fail for what is in the rows.
    pub can_fail: bool,
    /// Whether its first results come before its input has ended.
    pub streaming: bool,
    /// Whether it needs no more memory for a longer input.
    pub bounded_memory: bool,
}

impl Manifest {
    pub(crate) fn of(script: &Script) -> Manifest {
        let (plan, catalog) = (script.plan(), &script.engine().inner().registry.catalog);
        let called = called(plan);
        let holds = explain::holds(plan);
        let reads = explain::reads(plan);
        let mut grants: BTreeSet<&'static str> = called.iter().filter_map(|id| grant_of(plan, catalog, *id)).collect();
        if plan.tables.iter().any(|table| matches!(table.origin, TableOrigin::File { .. })) {
            grants.insert("files");
        }
        let fails = |id: &ExprId| plan.exprs.effect(*id) != Effect::Total;
        Manifest {
            can_fail: called.iter().any(fails) || plan.tables.iter().any(|table| table.effect != Effect::Total),
            functions: called.iter().filter_map(|id| function_of(plan, catalog, *id)).collect(),
            reads,
            grants,
            streaming: holds.streaming,
            bounded_memory: holds.bounded,
        }
    }
}

/// All expressions that the stages of a plan mention.
fn called(plan: &Plan) -> Vec<ExprId> {
    let mut roots = Vec::new();
    for node in &plan.nodes {
        roots.extend(node.stage.demands());
        if let Stage::Map { definitions, .. } = &node.stage {
            roots.extend(definitions.iter().map(|(_, expr)| *expr));
        }
    }
    plan.exprs.postorder(&roots)
}

fn function_of(plan: &Plan, catalog: &Catalog, id: ExprId) -> Option<String> {
    match plan.exprs.get(id) {
        Expr::Call(function, _) => Some(catalog.function(*function).name.to_string()),
        _ => None,
    }
}

fn grant_of(plan: &Plan, catalog: &Catalog, id: ExprId) -> Option<&'static str> {
    let Expr::Call(function, _) = plan.exprs.get(id) else { return None };
    let def = catalog.function(*function);
    match (def.effect, &*def.name) {
        (Effect::Nondeterministic, "env") => Some("environment"),
        (Effect::Nondeterministic, _) => Some("clock"),
        (Effect::Total | Effect::MayFail | Effect::Host, _) => None,
    }
}
