//! A plan cut into pipelines: a source, a fused segment of row-wise stages that every worker runs on its morsels,
//! perhaps slices with further segments behind them that run in order, and an end.
//!
//! Nothing is decided here but where the cuts are and which columns go over them: a column crosses a cut if something
//! behind it mentions the column, and then it is carried, not demanded.

use crate::kernel::{Output, Segment, Step};
use pipelang_lang::ir::{ColumnId, ExprId, NodeId, Plan, Reduction, SortKey, Stage, TableId};
use std::collections::HashSet;

/// Where the rows of a pipeline come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A table: its wanted columns by position.
    Scan {
        /// Which table.
        table: TableId,
        /// Positions in its schema, in the order of the segment's inputs.
        columns: Vec<usize>,
    },
    /// The ints from `start` to `end`.
    Range {
        /// First.
        start: i64,
        /// Last; none is endless.
        end: Option<i64>,
    },
    /// Constant rows.
    Values {
        /// `rows[i][j]`
        rows: Vec<Vec<ExprId>>,
    },
    /// What the pipeline before it gave.
    Previous,
}

/// What happens to the rows at the end of a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// They are the result of the statement.
    Output,
    /// They are grouped.
    Aggregate(Aggregate),
    /// They are sorted; only the first `limit` go on.
    Sort {
        /// Which way each of the first columns sorts.
        descending: Vec<bool>,
        /// `TopK`
        limit: Option<u64>,
    },
}

/// How rows are grouped: the batches have, for each reduction, its condition (if any) and its arguments, then the keys.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// What is computed.
    pub reductions: Vec<Reduction>,
    /// How many keys there are.
    pub keys: usize,
}

/// A slice and the stages behind it, which run in the order of the rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Tail {
    /// Rows that are left out.
    pub skip: u64,
    /// Rows that go on.
    pub take: Option<u64>,
    /// What is done with them.
    pub segment: Segment,
}

/// A part of the plan without a breaker inside.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// Where the rows come from.
    pub source: Source,
    /// What every worker does with its morsels.
    pub segment: Segment,
    /// What is done in order after that.
    pub tails: Vec<Tail>,
    /// What happens to the rows.
    pub end: End,
}

/// Cuts the stages below `root` at its breakers; the pipelines run one after the other.
pub fn cut(plan: &Plan, root: NodeId) -> Vec<Pipeline> {
    let mut chain = vec![root];
    while let Some(input) = plan.node(chain[chain.len() - 1]).stage.input() {
        chain.push(input);
    }
    chain.reverse();
    let wanted: Vec<ColumnId> = plan.node(root).output.iter().map(|field| field.column).collect();
    let live = live_after(plan, &chain, &wanted);

    let mut pipelines = Vec::new();
    let (source, mut row) = source_of(plan, chain[0]);
    let mut open = Open::new(source, row.clone());
    for (at, node) in chain.iter().enumerate().skip(1) {
        match &plan.node(*node).stage {
            Stage::Scan { .. } | Stage::Range { .. } | Stage::Values { .. } => unreachable!("a source has no input"),
            Stage::Filter { predicate, .. } => open.segment.steps.push(Step::Filter(*predicate)),
            Stage::Map { definitions, .. } => {
                open.segment.steps.push(Step::Define(definitions.clone()));
                row.extend(definitions.iter().map(|(column, _)| *column));
            }
            Stage::Slice { skip, take, .. } => {
                row = carried(&row, &live[at]);
                open.slice(plan, &row, *skip, *take);
            }
            Stage::Sort { keys, .. } => {
                row = carried(&row, &live[at]);
                pipelines.push(open.sort(plan, keys, &row, None));
                open = Open::new(Source::Previous, row.clone());
            }
            Stage::TopK { keys, count, .. } => {
                row = carried(&row, &live[at]);
                pipelines.push(open.sort(plan, keys, &row, Some(*count)));
                open = Open::new(Source::Previous, row.clone());
            }
            stage @ Stage::Aggregate { keys, reductions, .. } => {
                let outputs = stage.demands().into_iter().map(demanded).collect();
                let end = End::Aggregate(Aggregate { reductions: reductions.clone(), keys: keys.len() });
                pipelines.push(open.close(outputs, end));
                row = stage.defines();
                open = Open::new(Source::Previous, row.clone());
            }
        }
    }
    let outputs = wanted.iter().map(|column| demanded(plan.column_expr(*column))).collect();
    pipelines.push(open.close(outputs, End::Output));
    pipelines
}

/// A pipeline that has no end yet. `segment` is the one that stages are added to: the last of `finished`'s tails, if a
/// slice has been met.
struct Open {
    source: Source,
    finished: Vec<(Segment, u64, Option<u64>)>,
    segment: Segment,
}

impl Open {
    fn new(source: Source, inputs: Vec<ColumnId>) -> Open {
        Open { source, finished: Vec::new(), segment: Segment { inputs, ..Segment::default() } }
    }

    fn slice(&mut self, plan: &Plan, row: &[ColumnId], skip: u64, take: Option<u64>) {
        let mut segment = std::mem::take(&mut self.segment);
        segment.outputs =
            row.iter().map(|column| Output { expr: plan.column_expr(*column), demanded: false }).collect();
        self.finished.push((segment, skip, take));
        self.segment.inputs = row.to_vec();
    }

    fn sort(self, plan: &Plan, keys: &[SortKey], row: &[ColumnId], limit: Option<u64>) -> Pipeline {
        let carried = row.iter().map(|column| Output { expr: plan.column_expr(*column), demanded: false });
        let outputs = keys.iter().map(|key| demanded(key.expr)).chain(carried).collect();
        self.close(outputs, End::Sort { descending: keys.iter().map(|key| key.descending).collect(), limit })
    }

    fn close(mut self, outputs: Vec<Output>, end: End) -> Pipeline {
        self.segment.outputs = outputs;
        let mut segments = self.finished.into_iter();
        let Some((first, mut skip, mut take)) = segments.next() else {
            return Pipeline { source: self.source, segment: self.segment, tails: Vec::new(), end };
        };
        let mut tails = Vec::new();
        for (segment, next_skip, next_take) in segments {
            tails.push(Tail { skip, take, segment });
            (skip, take) = (next_skip, next_take);
        }
        tails.push(Tail { skip, take, segment: self.segment });
        Pipeline { source: self.source, segment: first, tails, end }
    }
}

fn demanded(expr: ExprId) -> Output {
    Output { expr, demanded: true }
}

/// The columns of the row that are needed later, each once.
fn carried(row: &[ColumnId], live: &HashSet<ColumnId>) -> Vec<ColumnId> {
    let mut seen = HashSet::new();
    row.iter().copied().filter(|column| live.contains(column) && seen.insert(*column)).collect()
}

fn source_of(plan: &Plan, node: NodeId) -> (Source, Vec<ColumnId>) {
    match &plan.node(node).stage {
        Stage::Scan { table, columns } => {
            let source =
                Source::Scan { table: *table, columns: columns.iter().map(|(position, _)| *position).collect() };
            (source, columns.iter().map(|(_, column)| *column).collect())
        }
        Stage::Range { start, end, column } => (Source::Range { start: *start, end: *end }, vec![*column]),
        Stage::Values { columns, rows } => (Source::Values { rows: rows.clone() }, columns.clone()),
        Stage::Filter { .. }
        | Stage::Map { .. }
        | Stage::Aggregate { .. }
        | Stage::Sort { .. }
        | Stage::TopK { .. }
        | Stage::Slice { .. } => unreachable!("a stage without an input is a source"),
    }
}

/// For each stage of the chain, the columns that something behind it mentions. A definition behind it that is live makes
/// what it mentions live.
fn live_after(plan: &Plan, chain: &[NodeId], wanted: &[ColumnId]) -> Vec<HashSet<ColumnId>> {
    let mut live: HashSet<ColumnId> = wanted.iter().copied().collect();
    let mut result = vec![HashSet::new(); chain.len()];
    for (at, node) in chain.iter().enumerate().rev() {
        result[at] = live.clone();
        let stage = &plan.node(*node).stage;
        if let Stage::Map { definitions, .. } = stage {
            let used: Vec<ExprId> =
                definitions.iter().filter(|(column, _)| live.contains(column)).map(|(_, expr)| *expr).collect();
            for (column, _) in definitions {
                live.remove(column);
            }
            live.extend(used.into_iter().flat_map(|expr| plan.exprs.columns(expr)));
        }
        live.extend(stage.demands().into_iter().flat_map(|expr| plan.exprs.columns(expr)));
    }
    result
}
