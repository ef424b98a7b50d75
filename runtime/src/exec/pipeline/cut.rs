//! Where the cuts are, and which columns go over them.

use super::{Aggregate, Branch, End, Expansion, Link, Passage, Pipeline, Probe, Source, States, Table, Window};
use crate::kernel::{Output, Segment, Step};
use pipelang_lang::fault::{self, Fault};
use pipelang_lang::ir::{ColumnId, Expr, ExprId, Join, JoinKind, NodeId, Plan, SortKey, Stage, Statement, Told};
use pipelang_lang::scalar::{Comparison, Scalar};
use pipelang_lang::ty::Kind;
use std::collections::{HashMap, HashSet};

/// Cuts the stages of a statement into pipelines, which run one after the other; the last gives its rows.
pub fn cut(plan: &Plan, statement: &Statement) -> Vec<Pipeline> {
    let root = statement.node;
    let wanted: Vec<ColumnId> = plan.node(root).output.iter().map(|field| field.column).collect();
    let mut cutter = Cutter { plan, pipelines: Vec::new() };
    let open = cutter.open(root, wanted.iter().copied().collect());
    // A pivot knows which of its cells are demanded.
    let demanded = statement.pivot.is_none();
    let outputs = wanted.iter().map(|column| Output { expr: plan.column_expr(*column), demanded }).collect();
    cutter.pipelines.push(open.close(outputs, End::Output));
    cutter.pipelines
}

struct Cutter<'a> {
    plan: &'a Plan,
    pipelines: Vec<Pipeline>,
}

/// Columns that something behind mentions.
type Live = HashSet<ColumnId>;

impl Cutter<'_> {
    /// The rows of `root`, of which the columns `wanted` are mentioned.
    fn open(&mut self, root: NodeId, wanted: Live) -> Open {
        // The other rows of a stage may again have stages with other rows.
        stacker::maybe_grow(128 * 1024, 1024 * 1024, || self.open_chain(root, wanted))
    }

    fn open_chain(&mut self, root: NodeId, wanted: Live) -> Open {
        let plan = self.plan;
        let mut chain = vec![root];
        while let Some(input) = plan.node(chain[chain.len() - 1]).stage.input() {
            chain.push(input);
        }
        let mut live = live_behind(plan, &chain, wanted);
        let source = chain.pop().expect("there is a root");
        let mut open = source_of(plan, source);
        while let Some(node) = chain.pop() {
            let live = live.remove(&node).unwrap_or_default();
            let next = chain.last().map(|next| &plan.node(*next).stage);
            open = self.stage(open, &plan.node(node).stage, next, live);
        }
        open
    }

    /// The rows behind a stage; `next` is the one that looks at them, and `live` are the columns that something behind it
    /// mentions.
    fn stage(&mut self, mut open: Open, stage: &Stage, next: Option<&Stage>, live: Live) -> Open {
        let plan = self.plan;
        match stage {
            Stage::Scan { .. } | Stage::Range { .. } | Stage::Values { .. } | Stage::Iterate { .. } => {
                unreachable!("a source has no input")
            }
            Stage::Filter { predicate, told, .. } => {
                open.filter(plan, Step::Filter(*predicate), told.clone(), stage.demands(), live);
            }
            Stage::Assert { assertion, .. } => {
                open.filter(plan, Step::Assert(assertion.clone()), None, stage.demands(), live);
            }
            Stage::Map { definitions, .. } => {
                open.segment.steps.push(Step::Define(definitions.clone()));
                open.row.extend(definitions.iter().map(|(column, _)| *column));
            }
            Stage::Slice { input, skip, take } => {
                open.carry(&live);
                let drains = plan.runs_to_its_end(*input);
                open.pass(plan, &[], Passage::Slice { skip: *skip, take: *take, drains });
            }
            Stage::While { input, predicate, skip } => {
                open.carry(&live);
                let looks_at = [Output { expr: *predicate, demanded: false }];
                let drains = plan.runs_to_its_end(*input);
                open.pass(plan, &looks_at, Passage::While { skip: *skip, drains });
            }
            Stage::Fold { column, init, state, next, all, .. } => {
                let mut needed = if *all { live } else { HashSet::new() };
                needed.extend(plan.exprs.columns(*next));
                open.carry(&needed);
                let states = States { init: *init, state: *state, next: *next };
                let columns = open.row.clone();
                open.pass(plan, &[], Passage::Fold { states, columns, all: *all });
                open.add(*column);
                if !all {
                    open.segment.inputs.clear();
                    open = self.breaker(open, Vec::new(), End::State, vec![*column]);
                }
            }
            Stage::Number { column, keys, .. } => {
                open.carry(&live);
                let keys: Vec<Output> = keys.iter().copied().map(demanded).collect();
                let below = next.and_then(|next| bound(plan, *column, next));
                open.pass(plan, &keys, Passage::Number { keys: keys.len(), below });
                open.add(*column);
            }
            Stage::Tee { tee, .. } => {
                open.carry(&live);
                let written: Vec<Output> = tee.exprs().map(demanded).collect();
                open.pass(plan, &written, Passage::Tee(tee.clone()));
            }
            Stage::Sort { keys, .. } => open = self.sort(open, keys, None, &live),
            Stage::TopK { keys, count, .. } => open = self.sort(open, keys, Some(*count), &live),
            Stage::Window { keys, on, functions, .. } => {
                open.carry(&live);
                let row: Vec<ColumnId> = open.row.iter().copied().chain(stage.defines()).collect();
                let outputs = stage.demands().into_iter().map(demanded).chain(carried(plan, &open.row)).collect();
                let end = End::Window(Window { functions: functions.clone(), keys: keys.len(), on: *on });
                open = self.breaker(open, outputs, end, row);
            }
            Stage::Aggregate { keys, reductions, .. } => {
                let outputs = stage.demands().into_iter().map(demanded).collect();
                let end = End::Aggregate(Aggregate { reductions: reductions.clone(), keys: keys.len() });
                open = self.breaker(open, outputs, end, stage.defines());
            }
            Stage::Explode { list, column, keep, .. } => {
                open.carry(&live);
                let Kind::List(item) = &plan.exprs.ty(*list).kind else { unreachable!("only lists are exploded") };
                let expansion = Expansion::Explode { kind: item.kind.clone(), keep: *keep };
                open.expand(plan, vec![demanded(*list)], expansion);
                open.add(*column);
            }
            Stage::Unpivot { name, value, values, .. } => {
                open.carry(&live);
                let looks_at = values.iter().map(|(_, expr)| Output { expr: *expr, demanded: false }).collect();
                let names = values.iter().map(|(name, _)| name.clone()).collect();
                open.expand(plan, looks_at, Expansion::Unpivot { names });
                open.add(*name);
                open.add(*value);
            }
            Stage::Union { other, columns, .. } => {
                let columns: Vec<_> = columns.iter().filter(|(column, ..)| live.contains(column)).copied().collect();
                let other = self.open(*other, columns.iter().map(|(.., other)| *other).collect());
                let [first, second] = [
                    (open, columns.iter().map(|(_, first, _)| *first).collect::<Vec<_>>()),
                    (other, columns.iter().map(|(.., other)| *other).collect()),
                ]
                .map(|(open, row)| self.branches(open, row));
                let row: Vec<ColumnId> = columns.iter().map(|(column, ..)| *column).collect();
                open = Open::new(None, row);
                let (first, second) = if fault::is(Fault::UnionSwapped) { (second, first) } else { (first, second) };
                open.branches = first.into_iter().chain(second).collect();
            }
            Stage::Join { other, join, .. } => open = self.join(open, *other, join, &live),
        }
        open
    }

    /// Ends a pipeline; what it gives has the columns `row`.
    fn breaker(&mut self, open: Open, outputs: Vec<Output>, end: End, row: Vec<ColumnId>) -> Open {
        self.pipelines.push(open.close(outputs, end));
        Open::new(Some(Source::Result(self.pipelines.len() - 1)), row)
    }

    fn sort(&mut self, mut open: Open, keys: &[SortKey], limit: Option<u64>, live: &Live) -> Open {
        open.carry(live);
        let row = open.row.clone();
        let keys_and_row = keys.iter().map(|key| demanded(key.expr)).chain(carried(self.plan, &row)).collect();
        let descending = keys.iter().map(|key| key.descending).collect();
        self.breaker(open, keys_and_row, End::Sort { descending, limit }, row)
    }

    /// The branches of a union's side, each giving the columns `row`.
    fn branches(&mut self, mut open: Open, row: Vec<ColumnId>) -> Vec<Branch> {
        if open.source.is_none() && open.links.iter().any(|link| matches!(link, Link::Pass(_))) {
            // What looks at the order of a union's rows must see all its branches.
            let outputs = carried(self.plan, &row).collect();
            open = self.breaker(open, outputs, End::Kept, row.clone());
        }
        let outputs = carried(self.plan, &row).collect();
        let Pipeline { mut branches, links, .. } = open.close(outputs, End::Output);
        for branch in &mut branches {
            branch.links.extend(links.iter().cloned());
            branch.links.push(Link::Expand(Expansion::Moved));
        }
        branches
    }

    fn join(&mut self, mut open: Open, other: NodeId, join: &Join, live: &Live) -> Open {
        let plan = self.plan;
        let right: Vec<_> = join.right.iter().filter(|(new, _)| live.contains(new)).copied().collect();
        let left: Vec<_> = join.left.iter().filter(|(new, _)| live.contains(new)).copied().collect();
        let wanted = right.iter().map(|(_, old)| *old).chain(join.right_keys()).collect();
        let table = self.table(other, join, wanted, right.iter().map(|(_, old)| *old));
        let mut needed = live.clone();
        needed.extend(left.iter().map(|(_, old)| *old));
        open.carry(&needed);
        if join.kind == JoinKind::Full {
            open.row = left.iter().map(|(_, old)| *old).collect();
        }
        let probe = Probe {
            table,
            kind: join.kind,
            carried: open.row.len(),
            comparisons: join.on.iter().map(|on| on.op).collect(),
            nearest: join.nearest.as_ref().map(|nearest| {
                nearest.within.map(|within| plan.exprs.as_constant(within).expect("it is a constant").clone())
            }),
        };
        let looks_at = |key| Output { expr: plan.column_expr(key), demanded: join.kind != JoinKind::Mark };
        let keys = join.left_keys().into_iter().map(looks_at).collect();
        open.expand(plan, keys, Expansion::Join(probe));
        right.iter().map(|(new, _)| *new).chain(join.mark).for_each(|new| open.add(new));
        if join.kind != JoinKind::Full {
            return open;
        }
        let kinds = left.iter().map(|(_, old)| plan.column(*old).ty.kind.clone()).collect();
        let outputs = carried(plan, &open.row).collect();
        let row = left.iter().chain(&right).map(|(new, _)| *new).collect();
        self.breaker(open, outputs, End::Full { table, left: kinds }, row)
    }

    /// The pipeline that keeps the right rows of a join, with the columns `columns`.
    fn table(&mut self, other: NodeId, join: &Join, wanted: Live, columns: impl Iterator<Item = ColumnId>) -> usize {
        let keys = join.right_keys().into_iter().map(|key| demanded(self.plan.column_expr(key)));
        let columns: Vec<ColumnId> = columns.collect();
        let outputs = keys.chain(carried(self.plan, &columns)).collect();
        let end = End::Table(Table {
            comparisons: join.on.iter().map(|on| on.op).collect(),
            nearest: join.nearest.is_some(),
            carried: columns.len(),
            unique: join.unique,
        });
        let open = self.open(other, wanted);
        self.pipelines.push(open.close(outputs, end));
        self.pipelines.len() - 1
    }
}

/// A pipeline that has no end yet.
struct Open {
    /// The branches of a union; then there is no source.
    branches: Vec<Branch>,
    source: Option<Source>,
    /// What the rows go through before `segment`.
    links: Vec<Link>,
    /// What stages are added to.
    segment: Segment,
    /// The columns that there are.
    row: Vec<ColumnId>,
}

impl Open {
    fn new(source: Option<Source>, row: Vec<ColumnId>) -> Open {
        let segment = Segment { inputs: row.clone(), ..Segment::default() };
        Open { branches: Vec::new(), source, links: Vec::new(), segment, row }
    }

    /// Forgets the columns that nothing behind mentions.
    fn carry(&mut self, live: &Live) {
        let mut seen = HashSet::new();
        self.row.retain(|column| live.contains(column) && seen.insert(*column));
    }

    /// A column that a link has added.
    fn add(&mut self, column: ColumnId) {
        self.row.push(column);
        self.segment.inputs.push(column);
    }

    /// Adds a filter or an assertion. One that tells how many rows it leaves out has a segment with no other, which is ended
    /// before it, or behind it.
    fn filter(&mut self, plan: &Plan, step: Step, told: Option<Told>, looks_at: Vec<ExprId>, mut live: Live) {
        let is_own = self.segment.steps.iter().all(|step| matches!(step, Step::Define(_)));
        if self.segment.told.is_some() || told.is_some() && !is_own {
            live.extend(looks_at.iter().flat_map(|expr| plan.exprs.columns(*expr)));
            self.carry(&live);
            let outputs = carried(plan, &self.row).collect();
            self.links.push(Link::Segment(Segment { outputs, ..std::mem::take(&mut self.segment) }));
            self.segment.inputs = self.row.clone();
        }
        self.segment.steps.push(step);
        self.segment.told = told.or(self.segment.told.take());
    }

    /// Ends the segment: its row, and behind it what the passage looks at, go to the passage, and the row goes on. Where
    /// the passage alone knows for which rows it demands that, it is not demanded here.
    fn pass(&mut self, plan: &Plan, looks_at: &[Output], passage: Passage) {
        self.link(carried(plan, &self.row).chain(looks_at.iter().copied()).collect(), Link::Pass(passage));
    }

    /// The same for an expansion.
    fn expand(&mut self, plan: &Plan, looks_at: Vec<Output>, expansion: Expansion) {
        self.link(carried(plan, &self.row).chain(looks_at).collect(), Link::Expand(expansion));
    }

    fn link(&mut self, outputs: Vec<Output>, link: Link) {
        let segment = Segment { outputs, ..std::mem::take(&mut self.segment) };
        self.links.extend([Link::Segment(segment), link]);
        self.segment.inputs = self.row.clone();
    }

    fn close(self, outputs: Vec<Output>, end: End) -> Pipeline {
        let mut links = self.links;
        links.push(Link::Segment(Segment { outputs, ..self.segment }));
        match self.source {
            Some(source) => Pipeline { branches: vec![Branch { source, links }], links: Vec::new(), end },
            None => Pipeline { branches: self.branches, links, end },
        }
    }
}

fn demanded(expr: ExprId) -> Output {
    Output { expr, demanded: true }
}

fn carried<'a>(plan: &'a Plan, row: &'a [ColumnId]) -> impl Iterator<Item = Output> + 'a {
    row.iter().map(|column| Output { expr: plan.column_expr(*column), demanded: false })
}

fn source_of(plan: &Plan, node: NodeId) -> Open {
    let (source, row) = match &plan.node(node).stage {
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
        | Stage::Window { .. }
        | Stage::Sort { .. }
        | Stage::TopK { .. }
        | Stage::While { .. }
        | Stage::Fold { .. }
        | Stage::Number { .. }
        | Stage::Assert { .. }
        | Stage::Tee { .. }
        | Stage::Slice { .. }
        | Stage::Explode { .. }
        | Stage::Unpivot { .. }
        | Stage::Union { .. }
        | Stage::Join { .. } => unreachable!("a stage without an input is a source"),
    };
    Open::new(Some(source), row)
}

/// The bound that the values of a column must be below, if that is the first that a stage asks of its rows.
fn bound(plan: &Plan, column: ColumnId, stage: &Stage) -> Option<i64> {
    let Stage::Filter { predicate, .. } = stage else { return None };
    let Expr::Compare(Comparison::Less, value, bound) = plan.exprs.get(*predicate) else { return None };
    let (Expr::Column(of), Expr::Literal(bound)) = (plan.exprs.get(*value), plan.exprs.get(*bound)) else {
        return None;
    };
    match plan.exprs.constant(*bound) {
        Scalar::Int(bound) if *of == column => Some(*bound),
        _ => None,
    }
}

/// For each stage of the chain that rows are carried over, the columns that something behind it mentions. A definition
/// behind it that is live makes what it mentions live. `chain` begins with the last stage.
fn live_behind(plan: &Plan, chain: &[NodeId], wanted: Live) -> HashMap<NodeId, Live> {
    let mut live = wanted;
    let mut result = HashMap::new();
    // Where a filter tells what it leaves out, segments end at filters.
    let tells = chain.iter().any(|node| matches!(plan.node(*node).stage, Stage::Filter { told: Some(_), .. }));
    for node in chain {
        let stage = &plan.node(*node).stage;
        match stage {
            Stage::Map { definitions, .. } => {
                let used: Vec<ExprId> =
                    definitions.iter().filter(|(column, _)| live.contains(column)).map(|(_, expr)| *expr).collect();
                for (column, _) in definitions {
                    live.remove(column);
                }
                live.extend(used.into_iter().flat_map(|expr| plan.exprs.columns(expr)));
            }
            Stage::Filter { .. } | Stage::Assert { .. } if tells => _ = result.insert(*node, live.clone()),
            Stage::Filter { .. } | Stage::Assert { .. } | Stage::Aggregate { .. } => {}
            Stage::Scan { .. } | Stage::Range { .. } | Stage::Values { .. } | Stage::Iterate { .. } => {}
            Stage::Window { .. }
            | Stage::Sort { .. }
            | Stage::TopK { .. }
            | Stage::While { .. }
            | Stage::Fold { .. }
            | Stage::Number { .. }
            | Stage::Tee { .. }
            | Stage::Slice { .. }
            | Stage::Explode { .. }
            | Stage::Unpivot { .. }
            | Stage::Union { .. }
            | Stage::Join { .. } => {
                result.insert(*node, live.clone());
            }
        }
        if let Stage::Unpivot { values, .. } = stage {
            live.extend(values.iter().flat_map(|(_, expr)| plan.exprs.columns(*expr)));
        }
        let demanded = stage.demands().into_iter().flat_map(|expr| plan.exprs.columns(expr));
        live.extend(demanded.filter(|column| Some(*column) != stage.state()).chain(stage.takes()));
    }
    result
}
