//! A plan cut into pipelines. A pipeline has a source, or several one after the other if it is a union, links that the rows
//! go through, and an end. The links are fused segments of row-wise stages; between them stand expansions, which make many
//! rows or none of one, and passages, which look at rows in their order. Workers run the links up to the first passage on
//! their morsels; from there on they run in order.
//!
//! What a stage must see all rows of (a sort, a group, the right side of a join) is the end of a pipeline of its own, whose
//! result a later pipeline takes up.
//!
//! Nothing is decided here but where the cuts are and which columns go over them: a column crosses a cut if something
//! behind it mentions the column, and then it is carried, not demanded.

mod cut;

pub use cut::cut;

use crate::kernel::{Output, Segment};
use crate::stages::join::Left;
use pipelang_lang::ir::{
    Ascending, ColumnId, Expr, ExprId, JoinKind, Plan, Reduction, SiteId, TableId, Tee, WindowFunction,
};
use pipelang_lang::scalar::{Comparison, Scalar};
use pipelang_lang::ty::Kind;
use std::sync::Arc;

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
    /// What an earlier pipeline gave.
    Result(usize),
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
    /// The last state of the fold that is the last passage is the only row that goes on.
    State,
    /// They are grouped.
    Aggregate(Aggregate),
    /// All are kept, and get more columns.
    Window(Window),
    /// They are kept for the rows of a later pipeline to find.
    Table(Table),
    /// They have been joined to a table; behind them come its rows that nothing matched, with nulls for the left columns.
    Full {
        /// The pipeline that made the table.
        table: usize,
        /// The kinds of the left columns.
        left: Vec<Kind>,
    },
    /// They are the left rows of a join whose table is on disk.
    Part {
        /// The pipeline that made the table.
        table: usize,
        /// How they look for their matches.
        left: Left,
    },
    /// They are kept in their order, those before an error too: they go on before it comes up.
    Kept,
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

/// What rows get for what they have to do with the others of their group: the batches have, for each function, what it
/// demands, then the keys, then what the rows are sorted by, then the columns that go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// What is computed.
    pub functions: Vec<WindowFunction>,
    /// How many keys there are.
    pub keys: usize,
    /// What the rows are to be sorted by.
    pub on: Option<Ascending>,
}

/// What rows go through.
#[derive(Clone, Debug, PartialEq)]
pub enum Link {
    /// Fused row-wise stages.
    Segment(Segment),
    /// Many rows or none for each.
    Expand(Expansion),
    /// Looks at rows in their order.
    Pass(Passage),
}

/// What makes many rows or none of one. The columns of its rows are those of the segment before it, and behind them what it
/// looks at.
#[derive(Clone, Debug, PartialEq)]
pub enum Expansion {
    /// Each row once for every item of the list in the last column, with the item in its place.
    Explode {
        /// The kind of the items.
        kind: Kind,
        /// Whether a row without items goes on, with null for the item.
        keep: bool,
    },
    /// Each row once for every one of the last columns, with its name and its value in their place.
    Unpivot {
        /// The names of those columns.
        names: Vec<Arc<str>>,
    },
    /// The rows as they are, without their places in files: what a union gives has none, however it is cut.
    Moved,
    /// Each row with the rows of a table that match it.
    Join(Probe),
}

/// How rows look for their matches. Their last columns are the keys that they compare.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// The pipeline that makes the table.
    pub table: usize,
    /// What comes of a match.
    pub kind: JoinKind,
    /// How many columns of the rows go on.
    pub carried: usize,
    /// The comparisons of a left key with a right key, in the order of the keys.
    pub comparisons: Vec<Comparison>,
    /// Whether the last key is what the right row must not be later than, and how much earlier it may be.
    pub nearest: Option<Option<Scalar>>,
}

/// How the rows of a table are kept for those that look for them: the batches have their keys, then what goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The comparisons of the keys; rows are found by those that are equal.
    pub comparisons: Vec<Comparison>,
    /// Whether the last key is ordered, to find the nearest.
    pub nearest: bool,
    /// How many columns go on.
    pub carried: usize,
    /// Whether rows with equal keys are an error, and where.
    pub unique: Option<SiteId>,
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
        /// Whether rows are pulled to the end, those that do not go on too.
        drains: bool,
    },
    /// Lets rows pass up to the first for which the last column is not true, or from there on; that column does not go on.
    While {
        /// Whether the first rows are left out.
        skip: bool,
        /// Whether rows are pulled to the end, those that do not go on too.
        drains: bool,
    },
    /// Adds a column with the number of each row among those of the same key; the keys are the last columns and do not go on.
    Number {
        /// How many keys.
        keys: usize,
        /// Rows with this number or a higher one are dropped by what comes next, and nothing is demanded of them.
        below: Option<i64>,
    },
    /// Writes the last columns, which do not go on, to a file.
    Tee(Tee),
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

/// A source with what its rows go through by themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// Where the rows come from.
    pub source: Source,
    /// What they go through; a segment is the last.
    pub links: Vec<Link>,
}

/// A part of the plan without a breaker inside.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// The sources, one after the other.
    pub branches: Vec<Branch>,
    /// What the rows of all of them go through.
    pub links: Vec<Link>,
    /// What happens to the rows.
    pub end: End,
}

impl Pipeline {
    /// All links, those of the branches first.
    pub fn all_links(&self) -> impl Iterator<Item = &Link> {
        self.branches.iter().flat_map(|branch| &branch.links).chain(&self.links)
    }
}

/// Whether some of these links may fail at a row and then say where it stands.
pub fn want_places<'l>(links: impl Iterator<Item = &'l Link>, plan: &Plan) -> bool {
    let loses_places = |link: &&Link| matches!(link, Link::Expand(Expansion::Moved | Expansion::Join(_)));
    let mut links = links.take_while(|link| !loses_places(link));
    links.any(|link| match link {
        Link::Segment(segment) => {
            let is_column = |output: &Output| matches!(plan.exprs.get(output.expr), Expr::Column(_));
            !segment.steps.is_empty() || !segment.outputs.iter().all(is_column)
        }
        Link::Pass(passage) => matches!(passage, Passage::Fold { .. }),
        Link::Expand(_) => false,
    })
}
