//! The plan: a typed graph of stages, in arenas with `u32` ids. The checker makes it, rules rewrite it, the runtime runs
//! it. It has one printed form (`print.rs`), which can be read back (`read.rs`), and one verifier (`verify.rs`).
//!
//! Columns are named by [`ColumnId`], which is unique in the plan and never a position. A definition (`derive`) evaluates
//! nothing by itself: a column's expression is evaluated for a row where somebody demands it, see
//! [`Plan::demands`]. How that is executed is the runtime's affair.

mod asked;
mod assertion;
pub mod constant;
mod expr;
mod fields;
mod join;
mod other;
mod pivot;
mod plan;
pub mod print;
pub mod read;
mod subquery;
mod tee;
#[cfg(test)]
pub(crate) mod testing;
mod total;
pub mod typing;
pub mod verify;
mod window;

pub use assertion::Assertion;
pub use expr::{ColumnId, Each, Expr, ExprId, Exprs, LiteralId, RoutineId, Site, SiteId, TypedExpr};
pub use fields::Fields;
pub use join::{Join, JoinCondition, JoinKind, Nearest};
pub use pivot::Pivot;
pub use subquery::Subquery;
pub use tee::Tee;
pub use total::FallibleColumns;
pub use window::{Ascending, Frame, WindowFunction, WindowKind};

use crate::catalog::{Effect, OptionValue, ReadPolicy, ReducerId, TableFile};
use crate::source::Span;
use crate::ty::{Schema, Type};
use std::sync::Arc;

/// Names a stage of one plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// Names a table of one plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableId(pub u32);

/// A whole program.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The stages. An input has a smaller id than the stage that uses it.
    pub nodes: Vec<Node>,
    /// The expressions.
    pub exprs: Exprs,
    /// The columns.
    pub columns: Vec<ColumnDef>,
    /// The places that rows may fail at.
    pub sites: Vec<Site>,
    /// The tables that scans read.
    pub tables: Vec<Table>,
    /// The functions that call themselves, by [`RoutineId`].
    pub routines: Vec<Routine>,
    /// The values of streams that expressions of stages mention.
    pub subqueries: Vec<Subquery>,
    /// What is to be done, in order.
    pub statements: Vec<Statement>,
}

/// A column, wherever it flows.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDef {
    /// Its name where it was made (for printing; the name in a row is the row's affair).
    pub name: Arc<str>,
    /// Its type.
    pub ty: Type,
}

/// How deep calls of routines may nest; a call in tail position does not nest.
pub const DEEPEST_CALL: u32 = 10_000;

/// A function of the script that calls itself, and so is not inlined.
#[derive(Clone, Debug, PartialEq)]
pub struct Routine {
    /// Its name.
    pub name: Arc<str>,
    /// Its parameters, as columns of the body.
    pub parameters: Vec<ColumnId>,
    /// The type of the body.
    pub result: Type,
    /// What it gives, over its parameters alone.
    pub body: ExprId,
}

/// A table that a scan reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Where its rows come from.
    pub origin: TableOrigin,
    /// Its columns.
    pub schema: Schema,
    /// Whether reading a cell of it may fail.
    pub effect: Effect,
    /// The `read(…)` or the name in the script.
    pub span: Span,
}

impl Table {
    /// What becomes of values that do not fit.
    pub fn policy(&self) -> ReadPolicy {
        match &self.origin {
            TableOrigin::File { options, .. } => ReadPolicy::of(options),
            TableOrigin::Bound(_) => ReadPolicy::Fail,
        }
    }
}

/// Where the rows of a table come from.
#[derive(Clone, Debug, PartialEq)]
pub enum TableOrigin {
    /// A file.
    File {
        /// The path as the script spells it.
        path: Arc<str>,
        /// Whether it can be opened again.
        supply: Supply,
        /// The name of its format.
        format: Arc<str>,
        /// The options of the `read`.
        options: Vec<(Arc<str>, OptionValue)>,
        /// Whether the types were inferred.
        inferred: bool,
        /// The files, where the path is a pattern or rows say which file they are from; none: the path, with all columns.
        files: Vec<TableFile>,
        /// The columns at which `on_error` looks: those that the script names. None unless it is given.
        checked: Vec<Arc<str>>,
        /// The columns in whose values keys are told that no type has; if there are any, keys of rows that are no columns
        /// are told too. None unless whole rows go out of a table that is known by a sample.
        telling: Vec<Arc<str>>,
    },
    /// A table that the host binds.
    Bound(Arc<str>),
}

/// What the rows that a filter leaves out are told of: they do not fit the template of a `parse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The `parse`, which is counted once however often it is run.
    pub site: SiteId,
    /// Its template.
    pub template: Arc<str>,
}

/// How the bytes of a table come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    /// From files, which can be opened again.
    Files,
    /// From stdin, once.
    Stdin,
    /// From a FIFO or a device at the path, once.
    Stream,
}

/// A field of the rows that a stage gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputField {
    /// Its name in the row.
    pub name: Arc<str>,
    /// The column.
    pub column: ColumnId,
}

/// A stage with the rows that it gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it does.
    pub stage: Stage,
    /// Its rows. Every column is one of the input's or one that the stage defines.
    pub output: Fields,
    /// Where it stands in the script.
    pub span: Span,
}

/// What a stage does: the closed core. Functions, reducers and formats are rows of the catalog instead.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// Reads a table.
    Scan {
        /// Which.
        table: TableId,
        /// Position in the table's schema, and the column it becomes.
        columns: Vec<(usize, ColumnId)>,
    },
    /// The ints from `start` to `end`, both included; without `end` it is endless.
    Range {
        /// First.
        start: i64,
        /// Last.
        end: Option<i64>,
        /// The column.
        column: ColumnId,
    },
    /// Constant rows: `rows[i][j]` is the value of `columns[j]` in row `i`. One row of no columns is where a scalar
    /// statement starts.
    Values {
        /// The columns.
        columns: Vec<ColumnId>,
        /// The rows.
        rows: Vec<Vec<ExprId>>,
    },
    /// `init`, then what `next` gives for the value before, without an end; a value is computed when its row is pulled.
    Iterate {
        /// The column.
        column: ColumnId,
        /// The first value.
        init: ExprId,
        /// The value before, in `next`.
        state: ColumnId,
        /// The value behind it.
        next: ExprId,
    },
    /// Keeps the rows for which `predicate` is true.
    Filter {
        /// Where the rows come from.
        input: NodeId,
        /// A `bool` or `bool?`.
        predicate: ExprId,
        /// If the rows that are left out are counted: of what they are told.
        told: Option<Told>,
    },
    /// Defines columns over each row (`select`, `derive`, `map`); all of them see the row that came in.
    Map {
        /// Where the rows come from.
        input: NodeId,
        /// The new columns.
        definitions: Vec<(ColumnId, ExprId)>,
    },
    /// Groups in order of first appearance; without keys one row, also of no rows.
    Aggregate {
        /// Where the rows come from.
        input: NodeId,
        /// The keys.
        keys: Vec<(ColumnId, ExprId)>,
        /// What is computed for each group.
        reductions: Vec<Reduction>,
        /// The whole or a part of the work.
        phase: Phase,
    },
    /// The rows as they come, with what each has to do with the others of its group.
    Window {
        /// Where the rows come from.
        input: NodeId,
        /// The keys; without keys all rows are one group.
        keys: Vec<ExprId>,
        /// What the rows of a group are to be sorted by.
        on: Option<Ascending>,
        /// What is computed for each row.
        functions: Vec<WindowFunction>,
    },
    /// Stable.
    Sort {
        /// Where the rows come from.
        input: NodeId,
        /// The keys, first the most significant.
        keys: Vec<SortKey>,
    },
    /// The first `count` rows of the stable sort.
    TopK {
        /// Where the rows come from.
        input: NodeId,
        /// The keys.
        keys: Vec<SortKey>,
        /// How many.
        count: u64,
    },
    /// Leaves out `skip` rows, then gives at most `take`.
    Slice {
        /// Where the rows come from.
        input: NodeId,
        /// How many are left out.
        skip: u64,
        /// How many go on.
        take: Option<u64>,
    },
    /// Gives the rows before the first for which `predicate` is not true, and pulls none behind that; or, if it skips,
    /// that row and all behind it, for which it is not evaluated.
    While {
        /// Where the rows come from.
        input: NodeId,
        /// A `bool` or `bool?`; null counts as false.
        predicate: ExprId,
        /// Whether the first rows are left out instead of given.
        skip: bool,
    },
    /// Gives all rows, and fails at the first for which the assertion does not hold. The rows that come to it are all looked
    /// at, however few are taken behind it: [`Plan::runs_to_its_end`].
    Assert {
        /// Where the rows come from.
        input: NodeId,
        /// What is to hold.
        assertion: Assertion,
    },
    /// Gives all rows, and writes them to a file on their way. All rows that come to it are written, however few are taken
    /// behind it: [`Plan::runs_to_its_end`].
    Tee {
        /// Where the rows come from.
        input: NodeId,
        /// What is written, and where.
        tee: Tee,
    },
    /// Adds the number of each row, from 0 in the order of the rows; with keys, its number among those of the same key.
    Number {
        /// Where the rows come from.
        input: NodeId,
        /// The number.
        column: ColumnId,
        /// The keys.
        keys: Vec<ExprId>,
    },
    /// Carries a state through the rows: `init` before the first, then what `next` gives for the state before and the row.
    Fold {
        /// Where the rows come from.
        input: NodeId,
        /// The state behind a row; if not all are wanted, the one row of the last state.
        column: ColumnId,
        /// The state before the first row.
        init: ExprId,
        /// The state before the row, in `next`.
        state: ColumnId,
        /// The state behind the row.
        next: ExprId,
        /// Whether every row goes on, with its state.
        all: bool,
    },
    /// Each row once for every item of a list.
    Explode {
        /// Where the rows come from.
        input: NodeId,
        /// The list.
        list: ExprId,
        /// The item.
        column: ColumnId,
        /// Whether a row whose list is empty or null goes on, with null for the item.
        keep: bool,
    },
    /// Each row once for every one of some values, with the name of the value beside it.
    Unpivot {
        /// Where the rows come from.
        input: NodeId,
        /// The name, a text.
        name: ColumnId,
        /// The value; like any other column, it is evaluated where it is demanded.
        value: ColumnId,
        /// The values, each with its name.
        values: Vec<(Arc<str>, ExprId)>,
    },
    /// The rows of the input, then those of another stream.
    Union {
        /// The first rows.
        input: NodeId,
        /// The rows behind them.
        other: NodeId,
        /// The columns, each with what it is in the first rows and in the others.
        columns: Vec<(ColumnId, ColumnId, ColumnId)>,
    },
    /// Each row with the rows of another stream that match it.
    Join {
        /// The left rows.
        input: NodeId,
        /// The right rows.
        other: NodeId,
        /// What matches, and what comes of it.
        join: Join,
    },
}

/// One reducer of an aggregate.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduction {
    /// The column it becomes (of type `wide` for a sum of ints).
    pub column: ColumnId,
    /// Which.
    pub reducer: ReducerId,
    /// Its arguments.
    pub arguments: Vec<ExprId>,
    /// `where:`
    pub condition: Option<ExprId>,
}

/// Which part of an aggregate is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// All of it.
    Single,
    /// Rows to states.
    Partial,
    /// States to values.
    Final,
}

/// A key of a sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// The key.
    pub expr: ExprId,
    /// Whether great ones come first (nulls are last in any case).
    pub descending: bool,
}

/// What is done with the rows of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The rows.
    pub node: NodeId,
    /// How they are shown.
    pub shape: Shape,
    /// The file that they are written to, if they are not shown.
    pub target: Option<Target>,
    /// Which columns are made of them at the end.
    pub pivot: Option<Pivot>,
    /// The statement in the script.
    pub span: Span,
}

/// A file that rows are written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The path as the script spells it.
    pub path: Arc<str>,
    /// The name of its format.
    pub format: Arc<str>,
    /// How it is packed, where the script says so.
    pub compression: Option<Arc<str>>,
}

/// How the rows of a statement are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A table.
    Table,
    /// A stream of single values: the rows have one column.
    Values,
    /// One value: one row of one column.
    Scalar,
}

impl Stage {
    /// The node whose rows it takes.
    pub fn input(&self) -> Option<NodeId> {
        match self {
            Stage::Scan { .. } | Stage::Range { .. } | Stage::Values { .. } | Stage::Iterate { .. } => None,
            Stage::Filter { input, .. }
            | Stage::While { input, .. }
            | Stage::Fold { input, .. }
            | Stage::Number { input, .. }
            | Stage::Assert { input, .. }
            | Stage::Tee { input, .. }
            | Stage::Map { input, .. }
            | Stage::Aggregate { input, .. }
            | Stage::Window { input, .. }
            | Stage::Sort { input, .. }
            | Stage::TopK { input, .. }
            | Stage::Slice { input, .. }
            | Stage::Explode { input, .. }
            | Stage::Unpivot { input, .. }
            | Stage::Union { input, .. }
            | Stage::Join { input, .. } => Some(*input),
        }
    }

    /// The same stage over another input; a source stays as it is.
    pub fn with_input(mut self, new: NodeId) -> Stage {
        match &mut self {
            Stage::Scan { .. } | Stage::Range { .. } | Stage::Values { .. } | Stage::Iterate { .. } => {}
            Stage::Filter { input, .. }
            | Stage::While { input, .. }
            | Stage::Fold { input, .. }
            | Stage::Number { input, .. }
            | Stage::Assert { input, .. }
            | Stage::Tee { input, .. }
            | Stage::Map { input, .. }
            | Stage::Aggregate { input, .. }
            | Stage::Window { input, .. }
            | Stage::Sort { input, .. }
            | Stage::TopK { input, .. }
            | Stage::Slice { input, .. }
            | Stage::Explode { input, .. }
            | Stage::Unpivot { input, .. }
            | Stage::Union { input, .. }
            | Stage::Join { input, .. } => *input = new,
        }
        self
    }

    /// What it demands of every row of its input that reaches it, in the order of evaluation: as the script has it, left
    /// to right. It may mention the stage's own state. What an assertion says is demanded where it does not hold. A join demands columns: [`Join::left_keys`].
    pub fn demands(&self) -> Vec<ExprId> {
        match self {
            Stage::Scan { .. } | Stage::Range { .. } | Stage::Values { .. } | Stage::Iterate { .. } => Vec::new(),
            Stage::Map { .. }
            | Stage::Slice { .. }
            | Stage::Unpivot { .. }
            | Stage::Union { .. }
            | Stage::Join { .. } => Vec::new(),
            Stage::Explode { list, .. } => vec![*list],
            Stage::Filter { predicate, .. } | Stage::While { predicate, .. } => vec![*predicate],
            Stage::Fold { next, .. } => vec![*next],
            Stage::Number { keys, .. } => keys.clone(),
            Stage::Assert { assertion, .. } => assertion.exprs().collect(),
            Stage::Tee { tee, .. } => tee.exprs().collect(),
            Stage::Aggregate { keys, reductions, .. } => reductions
                .iter()
                .flat_map(|r| r.condition.iter().chain(&r.arguments))
                .copied()
                .chain(keys.iter().map(|(_, key)| *key))
                .collect(),
            Stage::Window { keys, on, functions, .. } => functions
                .iter()
                .flat_map(|function| function.kind.demands())
                .chain(keys.iter().copied())
                .chain(on.iter().map(|on| on.expr))
                .collect(),
            Stage::Sort { keys, .. } | Stage::TopK { keys, .. } => keys.iter().map(|key| key.expr).collect(),
        }
    }

    /// The columns that it makes.
    pub fn defines(&self) -> Vec<ColumnId> {
        match self {
            Stage::Scan { columns, .. } => columns.iter().map(|(_, column)| *column).collect(),
            Stage::Range { column, .. }
            | Stage::Iterate { column, .. }
            | Stage::Fold { column, .. }
            | Stage::Explode { column, .. }
            | Stage::Number { column, .. } => vec![*column],
            Stage::Unpivot { name, value, .. } => vec![*name, *value],
            Stage::Union { columns, .. } => columns.iter().map(|(column, ..)| *column).collect(),
            Stage::Join { join, .. } => {
                join.left.iter().chain(&join.right).map(|(column, _)| *column).chain(join.mark).collect()
            }
            Stage::Values { columns, .. } => columns.clone(),
            Stage::Map { definitions, .. } => definitions.iter().map(|(column, _)| *column).collect(),
            Stage::Aggregate { keys, reductions, .. } => {
                keys.iter().map(|(column, _)| *column).chain(reductions.iter().map(|r| r.column)).collect()
            }
            Stage::Window { functions, .. } => functions.iter().map(|function| function.column).collect(),
            Stage::Filter { .. }
            | Stage::Sort { .. }
            | Stage::TopK { .. }
            | Stage::Slice { .. }
            | Stage::Assert { .. }
            | Stage::Tee { .. }
            | Stage::While { .. } => Vec::new(),
        }
    }

    /// The column that it binds for an expression of its own: the state.
    pub fn state(&self) -> Option<ColumnId> {
        match self {
            Stage::Iterate { state, .. } | Stage::Fold { state, .. } => Some(*state),
            Stage::Scan { .. }
            | Stage::Range { .. }
            | Stage::Values { .. }
            | Stage::Filter { .. }
            | Stage::Map { .. }
            | Stage::Aggregate { .. }
            | Stage::Window { .. }
            | Stage::Sort { .. }
            | Stage::TopK { .. }
            | Stage::Slice { .. }
            | Stage::While { .. }
            | Stage::Explode { .. }
            | Stage::Unpivot { .. }
            | Stage::Union { .. }
            | Stage::Number { .. }
            | Stage::Assert { .. }
            | Stage::Tee { .. }
            | Stage::Join { .. } => None,
        }
    }

    /// Whether it must see all rows before it gives the first.
    pub fn is_breaker(&self) -> bool {
        matches!(
            self,
            Stage::Aggregate { .. }
                | Stage::Window { .. }
                | Stage::Sort { .. }
                | Stage::TopK { .. }
                | Stage::Fold { all: false, .. }
        )
    }
}
