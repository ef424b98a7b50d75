//! Joins: which rows match, and what comes of a match. Keys are columns; what the script has in their place is defined by
//! a map before the join, on its side, so that a join mentions no expressions but constants.

use super::{ColumnId, ExprId, SiteId};
use crate::scalar::Comparison;

/// What a join does with the rows of its input (left) and of the other stream (right).
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// What comes of matches, and of rows without one.
    pub kind: JoinKind,
    /// All of them hold for rows that match; without any, all rows match. A null matches nothing; among `==`, NaN is NaN.
    pub on: Vec<JoinCondition>,
    /// Of the rows that match, the one right row that counts.
    pub nearest: Option<Nearest>,
    /// The columns of the left rows under new names: only of a full join, where they may be null.
    pub left: Vec<(ColumnId, ColumnId)>,
    /// The columns of the right rows that go on: new, and as it was.
    pub right: Vec<(ColumnId, ColumnId)>,
    /// Whether the left row has a match, as a column: only of [`JoinKind::Mark`].
    pub mark: Option<ColumnId>,
    /// Where right rows with equal keys are an error, if they are.
    pub unique: Option<SiteId>,
}

/// `left == right`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JoinCondition {
    /// A column of the left row.
    pub left: ColumnId,
    /// How they compare.
    pub op: Comparison,
    /// A column of the right row, of the same kind.
    pub right: ColumnId,
}

/// What comes of matches, and of rows without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// A row for each match.
    Inner,
    /// The same, and the left rows without a match.
    Left,
    /// The same, and behind them the right rows without a match.
    Full,
    /// The left rows that have a match, each once.
    Semi,
    /// The left rows that have none.
    Anti,
    /// All left rows, each once. Of these joins alone the left keys are carried and not demanded: whoever asks for the mark
    /// of a row demands them.
    Mark,
}

/// The last right row (by a column, the latest of equal ones) that is not later than the left row.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest {
    /// A number or a time of the left row.
    pub left: ColumnId,
    /// A number or a time of the right row.
    pub right: ColumnId,
    /// How much earlier it may be, a constant.
    pub within: Option<ExprId>,
}

impl JoinKind {
    /// All of them.
    pub const ALL: [JoinKind; 6] =
        [JoinKind::Inner, JoinKind::Left, JoinKind::Full, JoinKind::Semi, JoinKind::Anti, JoinKind::Mark];

    /// As plans print it.
    pub fn name(self) -> &'static str {
        match self {
            JoinKind::Inner => "inner",
            JoinKind::Left => "left",
            JoinKind::Full => "full",
            JoinKind::Semi => "semi",
            JoinKind::Anti => "anti",
            JoinKind::Mark => "mark",
        }
    }
}

impl Join {
    /// A join that nothing is known of but its kind.
    pub fn new(kind: JoinKind) -> Join {
        let (on, left, right) = Default::default();
        Join { kind, on, nearest: None, left, right, mark: None, unique: None }
    }

    /// The columns that are compared of every left row, in order.
    pub fn left_keys(&self) -> Vec<ColumnId> {
        self.on.iter().map(|on| on.left).chain(self.nearest.iter().map(|nearest| nearest.left)).collect()
    }

    /// The columns that are compared of every right row, in order; they are demanded.
    pub fn right_keys(&self) -> Vec<ColumnId> {
        self.on.iter().map(|on| on.right).chain(self.nearest.iter().map(|nearest| nearest.right)).collect()
    }
}
