//! A fused run of row-wise stages, as it was cut from the plan.

use pipelang_lang::ir::{Assertion, ColumnId, ExprId, Told};

/// A run of row-wise stages between a source or breaker and the next breaker, slice or sink.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Segment {
    /// The columns of the batches that come in, in order.
    pub inputs: Vec<ColumnId>,
    /// The stages in order.
    pub steps: Vec<Step>,
    /// The columns of the batches that go out, in order.
    pub outputs: Vec<Output>,
    /// If it is counted how many rows do not go out. Then its one filter is that which tells, and it asserts nothing.
    pub told: Option<Told>,
}

/// A row-wise stage.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Keeps the rows for which this is true (null counts as false). Demanded for each row that reaches it.
    Filter(ExprId),
    /// Fails at a row for which this does not hold. It is demanded for each row that reaches it.
    Assert(Assertion),
    /// From here on each of these columns is this expression; it evaluates nothing by itself.
    Define(Vec<(ColumnId, ExprId)>),
}

/// A column that goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its values, over the inputs and definitions.
    pub expr: ExprId,
    /// Whether what comes next demands it for every row: then a failing value ends the run. If not, a failing value goes
    /// out as a fault of the batch.
    pub demanded: bool,
}
