//! The stage `window`: what it computes for each row of a group from the other rows of that group. The rows come out in the
//! order in which they came in, with a column for each function.

use super::{ColumnId, ExprId, SiteId, SortKey, Stage};
use crate::calendar;
use crate::catalog::ReducerId;
use crate::codes::E0607;
use crate::scalar::{Fault, Scalar};
use crate::ty::Type;

/// A column that a window adds.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowFunction {
    /// The column (of type `wide` for a sum of ints).
    pub column: ColumnId,
    /// What its values are.
    pub kind: WindowKind,
}

/// What a function of a window gives for a row. All its expressions are demanded for all rows.
#[derive(Clone, Debug, PartialEq)]
pub enum WindowKind {
    /// The value of the row that stands `offset` rows behind this one (`lead`), or before it if that is below zero (`lag`);
    /// null where there is none.
    Neighbour {
        /// The value.
        value: ExprId,
        /// How far away, and which way.
        offset: i64,
    },
    /// How many rows there are up to this one, itself included.
    RowNumber,
    /// One more than there are rows with smaller keys, in the order of a sort; if `dense`, than there are smaller keys.
    Rank {
        /// The keys, first the most significant.
        keys: Vec<SortKey>,
        /// Whether rows with the same keys count once.
        dense: bool,
    },
    /// The number of the row's session, from 1: a new one starts where the time is more than `gap` behind that of the row
    /// before. A row without a time is in none, and is passed over.
    Session {
        /// The time.
        time: Ascending,
        /// The longest pause within a session: a duration, or a number where times are numbers.
        gap: Scalar,
    },
    /// What a reducer makes of the rows of a frame.
    Reduce {
        /// Which.
        reducer: ReducerId,
        /// Its arguments.
        arguments: Vec<ExprId>,
        /// `where:`
        condition: Option<ExprId>,
        /// The rows.
        frame: Frame,
    },
}

/// A value by which the rows of each group are to be sorted: ascending, NaN behind all numbers, null last. The first row
/// that is not is an error, behind those of what it demands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ascending {
    /// The value.
    pub expr: ExprId,
    /// Where the error is told.
    pub site: SiteId,
}

impl Ascending {
    /// The fault of a row, told by its number from 0 among the rows that came in, which has `value`, while an earlier row of
    /// its group, `before`, has `greater`.
    pub fn fault(&self, row: u64, value: &Scalar, before: u64, greater: &Scalar) -> Fault {
        let (value, greater) = (spelled(value), spelled(greater));
        let (row, before) = (row.saturating_add(1), before.saturating_add(1));
        Fault::new(E0607, format!("row {row} has {value} here, and row {before} before it {greater}"))
    }
}

/// A value that rows may be sorted by, for a message.
fn spelled(value: &Scalar) -> String {
    match value {
        Scalar::Date(day) => calendar::spell_date(*day),
        Scalar::DateTime(time) => calendar::spell_datetime(*time),
        Scalar::Duration(length) => calendar::spell_duration(*length),
        other => super::print::text::scalar(other),
    }
}

/// Which rows of the group a reducer sees at a row. A bound that is missing is the end of the group.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// All.
    Group,
    /// Those that stand at most so many rows before or behind.
    Rows {
        /// The first, seen from the row.
        start: Option<i64>,
        /// The last.
        end: Option<i64>,
        /// Whether there is no value where a bound lies outside of the group.
        full: bool,
    },
    /// Those whose value of `on` is at most so far away. Null and NaN are near themselves only.
    Range {
        /// From where, seen from the row: a duration, or a number where `on` is one.
        start: Option<Scalar>,
        /// To where.
        end: Option<Scalar>,
        /// Whether there is no value where a bound lies outside of the values of the group.
        full: bool,
    },
}

impl WindowKind {
    /// What it demands, in the order of evaluation.
    pub fn demands(&self) -> Vec<ExprId> {
        match self {
            WindowKind::Neighbour { value, .. } => vec![*value],
            WindowKind::RowNumber => Vec::new(),
            WindowKind::Rank { keys, .. } => keys.iter().map(|key| key.expr).collect(),
            WindowKind::Session { time, .. } => vec![time.expr],
            WindowKind::Reduce { arguments, condition, .. } => condition.iter().chain(arguments).copied().collect(),
        }
    }

    /// Calls `f` with each of its expressions.
    pub fn for_each_expr(&mut self, mut f: impl FnMut(&mut ExprId)) {
        match self {
            WindowKind::Neighbour { value, .. } => f(value),
            WindowKind::RowNumber => {}
            WindowKind::Rank { keys, .. } => keys.iter_mut().for_each(|key| f(&mut key.expr)),
            WindowKind::Session { time, .. } => f(&mut time.expr),
            WindowKind::Reduce { arguments, condition, .. } => condition.iter_mut().chain(arguments).for_each(f),
        }
    }

    /// Whether it wants the rows sorted: then it may fail though nothing that it demands does.
    pub fn wants_order(&self) -> bool {
        match self {
            WindowKind::Session { .. } => true,
            WindowKind::Neighbour { .. }
            | WindowKind::RowNumber
            | WindowKind::Rank { .. }
            | WindowKind::Reduce { .. } => false,
        }
    }

    /// The type of its column; of a reducer that of `reduced`, which is what the catalog says.
    pub fn ty(
        &self,
        of: impl Fn(ExprId) -> Type,
        reduced: impl Fn(ReducerId, &[Type]) -> Option<Type>,
    ) -> Option<Type> {
        Some(match self {
            WindowKind::Neighbour { value, .. } => of(*value).or_null(),
            WindowKind::RowNumber | WindowKind::Rank { .. } => Type::INT,
            WindowKind::Session { time, .. } => Type::INT.or_null_if(of(time.expr).nullable),
            WindowKind::Reduce { reducer, arguments, frame, .. } => {
                let types: Vec<Type> = arguments.iter().map(|argument| of(*argument)).collect();
                reduced(*reducer, &types)?.or_null_if(frame.is_full())
            }
        })
    }
}

impl Stage {
    /// Whether it wants its rows sorted: then it may fail though nothing that it demands does.
    pub fn wants_order(&self) -> bool {
        match self {
            Stage::Window { on, functions, .. } => on.is_some() || functions.iter().any(|f| f.kind.wants_order()),
            _ => false,
        }
    }
}

impl Frame {
    /// Whether there is no value where a bound lies outside of the group.
    pub fn is_full(&self) -> bool {
        match self {
            Frame::Group => false,
            Frame::Rows { full, .. } | Frame::Range { full, .. } => *full,
        }
    }
}
