//! Joins whose table did not fit into memory. A pipeline that looks for matches in one is cut there, while it runs: its rows
//! up to the join are parted as the table is, both are joined part by part, and what comes of that is the source of the
//! rest.

use super::operator::Given;
use super::pipeline::{Branch, End, Expansion, Link, Pipeline, Probe, Source};
use super::run::{Results, Run};
use super::{Encoded, Environment, Options, Sink, Stats, Tees};
use crate::error::RunError;
use crate::spill::Rows;
use crate::stages::join::Left;
use std::sync::Arc;

/// The pipeline without joins whose tables are on disk, which have been run.
pub fn without_parted_joins(
    env: &Environment,
    mut pipeline: Pipeline,
    options: &Options,
    tees: &Tees,
    results: &mut Results,
    stats: &mut Stats,
) -> Result<Pipeline, RunError> {
    while let Some((branch, at)) = first_parted(&pipeline, results) {
        let links = branch.map_or(&pipeline.links, |branch| &pipeline.branches[branch].links);
        let Link::Expand(Expansion::Join(probe)) = &links[at] else { break };
        let probe = probe.clone();
        if is_endless(&pipeline, branch) {
            // Its rows cannot be parted, since there is no last one.
            let Some(Given::Parted(table)) = take(results, probe.table) else { break };
            results[probe.table] = table.whole(&options.watch).map(|table| Given::Table(Arc::new(table)));
            continue;
        }
        let left = left_of(&probe, &pipeline.end);
        let before = cut_off(&mut pipeline, branch, at, (probe.table, left.clone()));
        let mut nowhere = Sink { encode: &Encoded::Rows, accept: &mut |_| Ok(()) };
        let given = Run::new(env, &before, options, tees, results).run(results, &mut nowhere, stats);
        let table = take(results, probe.table);
        results[probe.table] = match (given, table) {
            // A full join gives nothing before it has seen all.
            (Ok(Given::Left(_, Some(error))), _) if left.full.is_some() => Err(error),
            (Ok(Given::Left(rows, error)), Some(Given::Parted(table))) => {
                let rows = Rows::from(table.join(&left, *rows, &options.watch)?);
                Ok(match error {
                    Some(error) => Given::Broken(rows, error),
                    None => Given::Rows(rows),
                })
            }
            (Err(error), _) => Err(error),
            (Ok(_), _) => Err(RunError::Internal("a join without its rows".into())),
        };
    }
    Ok(pipeline)
}

/// The first join whose table is on disk, as a branch (none: the links of all branches) and a link.
fn first_parted(pipeline: &Pipeline, results: &Results) -> Option<(Option<usize>, usize)> {
    let is_parted = |link: &Link| match link {
        Link::Expand(Expansion::Join(probe)) => matches!(results[probe.table], Ok(Given::Parted(_))),
        Link::Segment(_) | Link::Pass(_) | Link::Expand(_) => false,
    };
    let own = pipeline.branches.iter().enumerate();
    let mut own = own.filter_map(|(branch, of)| Some((Some(branch), of.links.iter().position(is_parted)?)));
    own.next().or_else(|| Some((None, pipeline.links.iter().position(is_parted)?)))
}

/// Whether there is no last row, of one branch or of any.
pub(super) fn is_endless(pipeline: &Pipeline, branch: Option<usize>) -> bool {
    let endless = |source: &Source| matches!(source, Source::Range { end: None, .. } | Source::Iterate(_));
    let branches = pipeline.branches.iter().enumerate();
    branches.filter(|(at, _)| branch.is_none_or(|branch| branch == *at)).any(|(_, branch)| endless(&branch.source))
}

fn left_of(probe: &Probe, end: &End) -> Left {
    let full = match end {
        End::Full { table, left } if *table == probe.table => Some(left.clone()),
        _ => None,
    };
    Left { kind: probe.kind, carried: probe.carried, nearest: probe.nearest.clone(), full }
}

/// Takes what stands before the join out of a pipeline, which goes on with what the join gives.
fn cut_off(pipeline: &mut Pipeline, branch: Option<usize>, at: usize, (table, left): (usize, Left)) -> Pipeline {
    let source = Source::Result(table);
    if left.full.is_some() {
        // The rows that nothing matched come with the others.
        pipeline.end = End::Kept;
    }
    let end = End::Part { table, left };
    match branch {
        Some(branch) => {
            let branch = &mut pipeline.branches[branch];
            let rest = branch.links.split_off(at + 1);
            branch.links.pop();
            let links = std::mem::replace(&mut branch.links, rest);
            let before = Branch { source: std::mem::replace(&mut branch.source, source), links };
            Pipeline { branches: vec![before], links: Vec::new(), end }
        }
        None => {
            let rest = pipeline.links.split_off(at + 1);
            pipeline.links.pop();
            let links = std::mem::replace(&mut pipeline.links, rest);
            let branches = std::mem::replace(&mut pipeline.branches, vec![Branch { source, links: Vec::new() }]);
            Pipeline { branches, links, end }
        }
    }
}

fn take(results: &mut Results, at: usize) -> Option<Given> {
    std::mem::replace(&mut results[at], Ok(Given::Rows(Rows::None))).ok()
}
