//! A plan cut into pipelines: a source, a fused segment of row-wise stages that every worker runs on its morsels,
//! perhaps passages (slices and what else looks at the order of rows) with further segments behind them that run in order,
//! and an end.
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
    /// A value, and what an expression makes of each value before.
    Iterate(States),
    /// What the pipeline before it gave.
    Previous,
}

/// A state that is carried through rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct States {
    /// The first.
    pub init: ExprId,
    /// The state before, in `next`.
    pub state: ColumnId,
    /// The state behind it.
    pub next: ExprId,
}

/// What happens to the rows at the end of a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// They are the result of the statement.
    Output,
    /// The last state of the fold that is the last tail is the only row that goes on.
    State,
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

/// What looks at rows in their order, and the stages behind it, which run in that order too.
#[derive(Clone, Debug, PartialEq)]
pub struct Tail {
    /// What looks at the rows.
    pub passage: Passage,
    /// What is done with those that go on.
    pub segment: Segment,
}

/// What rows pass in their order.
#[derive(Clone, Debug, PartialEq)]
pub enum Passage {
    /// Leaves out rows, then lets at most so many pass.
    Slice {
        /// Rows that are left out.
        skip: u64,
        /// Rows that go on.
        take: Option<u64>,
    },
    /// Lets rows pass up to the first for which the last column is not true, or from there on; that column does not go on.
    While {
        /// Whether the first rows are left out.
        skip: bool,
    },
    /// Adds a column with the number of each row among those of the same key; the keys are the last columns and do not go on.
    Number {
        /// How many keys.
        keys: usize,
    },
    /// Adds a column with the state behind each row, or lets no row pass.
    Fold {
        /// The state.
        states: States,
        /// The columns of the rows.
        columns: Vec<ColumnId>,
        /// Whether the rows pass.
        all: bool,
    },
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
            Stage::Scan { .. } | Stage::Range { .. } | Stage::Values { .. } | Stage::Iterate { .. } => {
                unreachable!("a source has no input")
            }
            Stage::Filter { predicate, .. } => open.segment.steps.push(Step::Filter(*predicate)),
            Stage::Map { definitions, .. } => {
                open.segment.steps.push(Step::Define(definitions.clone()));
                row.extend(definitions.iter().map(|(column, _)| *column));
            }
            Stage::Slice { skip, take, .. } => {
                row = carried(&row, &live[at]);
                open.pass(plan, &row, &[], Passage::Slice { skip: *skip, take: *take });
            }
            Stage::While { predicate, skip, .. } => {
                row = carried(&row, &live[at]);
                let looks_at = [Output { expr: *predicate, demanded: false }];
                open.pass(plan, &row, &looks_at, Passage::While { skip: *skip });
            }
            Stage::Fold { column, init, state, next, all, .. } => {
                let mut needed = if *all { live[at].clone() } else { HashSet::new() };
                needed.extend(plan.exprs.columns(*next));
                row = carried(&row, &needed);
                let states = States { init: *init, state: *state, next: *next };
                open.pass(plan, &row, &[], Passage::Fold { states, columns: row.clone(), all: *all });
                row.push(*column);
                open.segment.inputs.push(*column);
                if !all {
                    open.segment.inputs.clear();
                    pipelines.push(open.close(Vec::new(), End::State));
                    row = vec![*column];
                    open = Open::new(Source::Previous, row.clone());
                }
            }
            Stage::Number { column, keys, .. } => {
                row = carried(&row, &live[at]);
                let looks_at: Vec<Output> = keys.iter().copied().map(demanded).collect();
                open.pass(plan, &row, &looks_at, Passage::Number { keys: keys.len() });
                row.push(*column);
                open.segment.inputs.push(*column);
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
    finished: Vec<(Segment, Passage)>,
    segment: Segment,
}

impl Open {
    fn new(source: Source, inputs: Vec<ColumnId>) -> Open {
        Open { source, finished: Vec::new(), segment: Segment { inputs, ..Segment::default() } }
    }

    /// Ends the segment: its row, and behind it what the passage looks at, go to the passage, and the row goes on. Where
    /// the passage alone knows for which rows it demands that, it is not demanded here.
    fn pass(&mut self, plan: &Plan, row: &[ColumnId], looks_at: &[Output], passage: Passage) {
        let mut segment = std::mem::take(&mut self.segment);
        let carried = row.iter().map(|column| Output { expr: plan.column_expr(*column), demanded: false });
        segment.outputs = carried.chain(looks_at.iter().copied()).collect();
        self.finished.push((segment, passage));
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
        let Some((first, mut passage)) = segments.next() else {
            return Pipeline { source: self.source, segment: self.segment, tails: Vec::new(), end };
        };
        let mut tails = Vec::new();
        for (segment, next) in segments {
            tails.push(Tail { passage: std::mem::replace(&mut passage, next), segment });
        }
        tails.push(Tail { passage, segment: self.segment });
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
        Stage::Iterate { column, init, state, next } => {
            (Source::Iterate(States { init: *init, state: *state, next: *next }), vec![*column])
        }
        Stage::Filter { .. }
        | Stage::Map { .. }
        | Stage::Aggregate { .. }
        | Stage::Sort { .. }
        | Stage::TopK { .. }
        | Stage::While { .. }
        | Stage::Fold { .. }
        | Stage::Number { .. }
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
        let demanded = stage.demands().into_iter().flat_map(|expr| plan.exprs.columns(expr));
        live.extend(demanded.filter(|column| Some(*column) != stage.state()));
    }
    result
}
