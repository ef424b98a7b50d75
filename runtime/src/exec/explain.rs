//! What `pipe explain` says of a statement's execution: its pipelines, what each reads, its fused segments, its end, and
//! the kernels that a segment becomes.

use super::Executor;
use super::pipeline::{self, End, Expansion, Link, Passage, Pipeline, Source};
use crate::kernel::{Segment, Step, lower, print};
use pipelang_lang::catalog::Catalog;
use pipelang_lang::ir::print::print_expr;
use pipelang_lang::ir::{Plan, TableOrigin};
use pipelang_lang::scalar::Scalar;
use std::fmt::Write;

/// The plan with nulls in place of the values of its subqueries, which are known only when they have run.
fn without_subqueries(plan: &Plan) -> Plan {
    let values: Vec<_> = plan.subqueries.iter().map(|subquery| (subquery.column, Scalar::Null)).collect();
    plan.with_values(&values)
}

/// What a plan keeps while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holds {
    /// Whether its first rows come before its sources have ended.
    pub streaming: bool,
    /// Whether what it keeps does not grow with its sources.
    pub bounded: bool,
}

/// What a plan keeps while it runs.
pub fn holds(plan: &Plan) -> Holds {
    let mut holds = Holds { streaming: true, bounded: true };
    for pipeline in plan.statements.iter().flat_map(|statement| pipeline::cut(plan, statement)) {
        let numbers = |link: &Link| matches!(link, Link::Pass(Passage::Number { keys, .. }) if *keys > 0);
        let (streaming, bounded) = match &pipeline.end {
            End::Output => (true, true),
            End::State | End::Sort { limit: Some(_), .. } => (false, true),
            End::Aggregate(aggregate) => (false, aggregate.keys == 0),
            _ => (false, false),
        };
        holds.streaming &= streaming;
        holds.bounded &= bounded && !pipeline.all_links().any(numbers);
    }
    holds
}

/// The tables that a plan reads, by name or path, with the columns of each that it looks at.
pub fn reads(plan: &Plan) -> Vec<(String, Vec<String>)> {
    let mut reads: Vec<(String, Vec<String>)> = Vec::new();
    let pipelines = plan.statements.iter().flat_map(|statement| pipeline::cut(plan, statement));
    for branch in pipelines.flat_map(|pipeline| pipeline.branches) {
        let Source::Scan { table, columns } = &branch.source else { continue };
        let table = &plan.tables[table.0 as usize];
        let name = match &table.origin {
            TableOrigin::Bound(name) => name.to_string(),
            TableOrigin::File { path, .. } => path.to_string(),
        };
        let columns = columns.iter().map(|at| table.schema.fields[*at].name.to_string());
        match reads.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => {
                for column in columns {
                    if !known.contains(&column) {
                        known.push(column);
                    }
                }
            }
            None => reads.push((name, columns.collect())),
        }
    }
    reads
}

/// The pipelines of a statement in words.
pub fn pipelines(plan: &Plan, statement: usize, catalog: &Catalog, executor: Executor) -> String {
    let mut text = String::new();
    let plain = without_subqueries(plan);
    let statement = &plan.statements[statement];
    let (pipelines, lowered) = (pipeline::cut(plan, statement), pipeline::cut(&plain, statement));
    for (at, (pipeline, lowered)) in pipelines.iter().zip(&lowered).enumerate() {
        let _ = write!(text, "pipeline {}:", at + 1);
        let mut in_order = false;
        for branch in &pipeline.branches {
            let _ = writeln!(text, " {}", source(plan, &branch.source));
            let mut own = false;
            links(&mut text, plan, catalog, &branch.links, &mut own);
            in_order |= own;
        }
        if !pipeline.links.is_empty() {
            let _ = writeln!(text, "  the rows of all {} sources, one after the other", pipeline.branches.len());
        }
        links(&mut text, plan, catalog, &pipeline.links, &mut in_order);
        let _ = writeln!(text, "  end: {}", end(&pipeline.end));
        let _ = writeln!(text, "  executor: {}", computed_by(&plain, lowered, executor));
    }
    text
}

/// The kernels of a statement's segments, for batches without nulls and with nulls.
pub fn kernels(plan: &Plan, statement: usize) -> String {
    let mut text = String::new();
    let plan = &without_subqueries(plan);
    for (at, pipeline) in pipeline::cut(plan, &plan.statements[statement]).iter().enumerate() {
        for segment in segments(pipeline) {
            for (nulls, title) in [(false, "no input has nulls"), (true, "inputs may have nulls")] {
                let _ = writeln!(text, "pipeline {}, {title}:", at + 1);
                let program = lower(segment, plan, &vec![nulls; segment.inputs.len()]);
                let _ = writeln!(text, "{}", print(&program));
            }
        }
    }
    text
}

/// Who computes the segments of a pipeline.
fn computed_by(plan: &Plan, pipeline: &Pipeline, executor: Executor) -> String {
    let leaves: usize = segments(pipeline).map(|s| lower(s, plan, &vec![true; s.inputs.len()]).leaves().count()).sum();
    let kernels = format!("{leaves} kernel{}", if leaves == 1 { "" } else { "s" });
    match executor {
        Executor::Reference => "the reference, row by row, over the plan as written".to_string(),
        Executor::Vector | Executor::Auto => format!("vector, the batch interpreter ({kernels})"),
        Executor::Jit => match super::native_code() {
            Ok(()) => format!("jit, native code for {kernels}; vector for the rest"),
            Err(why) => format!("vector, the batch interpreter ({kernels}); no native code: {why}"),
        },
    }
}

fn segments(pipeline: &Pipeline) -> impl Iterator<Item = &Segment> {
    pipeline.all_links().filter_map(|link| match link {
        Link::Segment(segment) => Some(segment),
        Link::Expand(_) | Link::Pass(_) => None,
    })
}

/// What rows go through; `in_order` is whether it has come to what needs their order.
fn links(text: &mut String, plan: &Plan, catalog: &Catalog, links: &[Link], in_order: &mut bool) {
    for link in links {
        match link {
            Link::Segment(link) => {
                segment(text, plan, catalog, link, if *in_order { "in order" } else { "on every worker" });
            }
            Link::Expand(link) => {
                let _ = writeln!(text, "  {}", expansion(link));
            }
            Link::Pass(link) => {
                *in_order = true;
                let _ = writeln!(text, "  {}", passage(plan, catalog, link));
            }
        }
    }
}

fn expansion(expansion: &Expansion) -> String {
    match expansion {
        Expansion::Explode { keep, .. } => {
            let kept = if *keep { ", those without items too" } else { "" };
            format!("explode: each row once for every item of a list{kept} (streams)")
        }
        Expansion::Unpivot { names } => format!("unpivot: each row once for each of {} values (streams)", names.len()),
        Expansion::Moved => "to the rows of the others".to_string(),
        Expansion::Join(probe) => {
            let nearest = if probe.nearest.is_some() { ", the nearest row" } else { "" };
            let keys = probe.comparisons.len();
            format!("{} join with pipeline {} by {keys} keys{nearest} (streams)", probe.kind.name(), probe.table + 1)
        }
    }
}

fn source(plan: &Plan, source: &Source) -> String {
    match source {
        Source::Scan { table, columns } => {
            let table = &plan.tables[table.0 as usize];
            let names: Vec<&str> = columns.iter().map(|at| &*table.schema.fields[*at].name).collect();
            let of = table.schema.fields.len();
            let what = match &table.origin {
                TableOrigin::File { path, format, .. } => format!("{format} \"{path}\""),
                TableOrigin::Bound(name) => format!("table {name}"),
            };
            format!("reads {what}, {} of {of} columns: {}", names.len(), names.join(", "))
        }
        Source::Range { start, end: Some(end) } => format!("the ints {start}..{end}"),
        Source::Range { start, end: None } => format!("the ints {start}.."),
        Source::Values { rows } => format!("{} constant rows", rows.len()),
        Source::Iterate(_) => "values that are computed from each other, in order".to_string(),
        Source::Result(at) => format!("what pipeline {} gave", at + 1),
    }
}

fn segment(text: &mut String, plan: &Plan, catalog: &Catalog, segment: &Segment, how: &str) {
    let _ = writeln!(text, "  fused segment, {how}:");
    for step in &segment.steps {
        match step {
            Step::Filter(predicate) => {
                let _ = writeln!(text, "    filter {}", print_expr(plan, catalog, *predicate));
            }
            Step::Assert(assertion) => {
                let _ = writeln!(text, "    assert {}", print_expr(plan, catalog, assertion.predicate));
            }
            Step::Define(definitions) => {
                for (column, expr) in definitions {
                    let name = &plan.column(*column).name;
                    let _ = writeln!(text, "    {name} = {}", print_expr(plan, catalog, *expr));
                }
            }
        }
    }
    let list = |demanded: bool| {
        let outputs = segment.outputs.iter().filter(|output| output.demanded == demanded);
        outputs.map(|output| print_expr(plan, catalog, output.expr)).collect::<Vec<_>>().join(", ")
    };
    for (title, list) in [("demands", list(true)), ("carries", list(false))] {
        if !list.is_empty() {
            let _ = writeln!(text, "    {title} {list}");
        }
    }
}

fn passage(plan: &Plan, catalog: &Catalog, passage: &Passage) -> String {
    match passage {
        Passage::Slice { skip, take, .. } => {
            format!("slice: skip {skip}, take {}", take.map_or("all".into(), |n| n.to_string()))
        }
        Passage::While { skip: false, .. } => "rows up to the first for which the condition is not true".to_string(),
        Passage::While { skip: true, .. } => "rows from the first on for which the condition is not true".to_string(),
        Passage::Number { keys: 0, .. } => "number of each row".to_string(),
        Passage::Number { keys, .. } => {
            format!("number of each row by {keys} keys (streams, holds one number per key)")
        }
        Passage::Tee(tee) => format!("tee: writes {} to {:?}", count(tee.fields.len(), "column"), tee.target.path),
        Passage::Fold { states, .. } => {
            let (init, next) = (states.init, states.next);
            format!("state: {}, then {}", print_expr(plan, catalog, init), print_expr(plan, catalog, next))
        }
    }
}

fn end(end: &End) -> String {
    match end {
        End::Output => "output".to_string(),
        End::State => "the last state (sees all rows)".to_string(),
        End::Aggregate(aggregate) => {
            format!("aggregate, {} reducers, {} keys (sees all rows)", aggregate.reductions.len(), aggregate.keys)
        }
        End::Window(window) => {
            let by = if window.keys == 0 { String::new() } else { format!(" by {}", count(window.keys, "key")) };
            format!("window, {}{by} (sees all rows)", count(window.functions.len(), "function"))
        }
        End::Table(table) => {
            format!("table by {} keys, to be joined (holds all rows)", table.comparisons.len())
        }
        End::Full { table, .. } => {
            format!("the rows, then those of pipeline {} that nothing matched (sees all rows)", table + 1)
        }
        End::Part { table, .. } => format!("parted, to be joined with pipeline {table}"),
        End::Kept => "kept in order (holds all rows)".to_string(),
        End::Sort { descending, limit: None } => format!("sort by {} keys (sees all rows)", descending.len()),
        End::Sort { descending, limit: Some(limit) } => {
            format!("first {limit} by {} keys (holds {limit} rows a worker)", descending.len())
        }
    }
}

/// `1 key`, `2 keys`
fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
