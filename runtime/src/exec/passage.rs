//! What rows pass in their order, between segments: slices, and what else looks at the rows before. It runs on one worker
//! at a time, as rows are committed.

use super::numbers::{Numbers, Wanted};
use super::pipeline::{Passage, States};
use super::replay::BatchRow;
use super::{Environment, Options};
use crate::batch::{Batch, Column};
use crate::error::{Place as RowPlace, RunError};
use crate::formats::tee::{TeeId, Tees};
use crate::limits::Watch;
use crate::machine::{CodeId, Given, Machine, Place, Stack, Stop};
use crate::reference::expr::{Evaluator, NoRow, Outcome, Row};
use crate::spill::Merge;
use pipelang_lang::fault::{self, Fault};
use pipelang_lang::ir::ColumnId;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Kind;
use std::ops::Range;

/// How far the passages of a pipeline are.
pub struct Passages<'a> {
    passages: Vec<Progress<'a>>,
    /// The ordinal of the next row behind the last passage.
    pub ordinal: u64,
    /// Why the operator behind them could not hold its rows.
    pub unheld: Option<RunError>,
    /// How many branches hold nothing back any more.
    pub drained: usize,
}

enum Progress<'a> {
    Slice { skip: u64, take: Option<u64>, drains: bool },
    While { skip: bool, over: bool, drains: bool },
    Number(Box<Numbers>),
    Tee { tees: &'a Tees, id: TeeId, columns: usize },
    Fold { fold: Box<Folder<'a>>, columns: &'a [ColumnId], all: bool },
}

/// The rows that passed.
pub struct Passed {
    /// In order.
    pub batch: Batch,
    /// Why there are no more.
    pub error: Option<RunError>,
    /// Whether no further row can pass: then what comes after does not matter.
    pub full: bool,
}

impl<'a> Passages<'a> {
    /// Nothing has passed yet; the first states are computed, and the files of tees are begun. Rows may be held back if
    /// there is a last one.
    pub fn new(
        env: &Environment<'a>,
        passages: &[&'a Passage],
        options: &'a Options,
        tees: &'a Tees,
        may_hold_back: bool,
    ) -> Result<Passages<'a>, RunError> {
        let numbers = passages.iter().filter(|passage| matches!(passage, Passage::Number { .. })).count();
        let progress = |passage: &&'a Passage| {
            Ok(match passage {
                Passage::Slice { skip, take, drains } => Progress::Slice { skip: *skip, take: *take, drains: *drains },
                Passage::While { skip, drains } => Progress::While { skip: *skip, over: false, drains: *drains },
                Passage::Number { keys, below } => {
                    let wanted = Wanted { keys: *keys, below: *below };
                    Progress::Number(Box::new(Numbers::new(wanted, &options.watch, numbers, may_hold_back)))
                }
                Passage::Tee(tee) => Progress::Tee { tees, id: tees.begin(tee, env.plan)?, columns: tee.fields.len() },
                Passage::Fold { states, columns, all } => {
                    Progress::Fold { fold: Box::new(Folder::new(env, *states, &options.watch)?), columns, all: *all }
                }
            })
        };
        let passages = passages.iter().map(progress).collect::<Result<_, _>>()?;
        Ok(Passages { passages, ordinal: 0, unheld: None, drained: 0 })
    }

    /// Whether no further row can pass one of these.
    pub fn is_full(&self, passages: Range<usize>) -> bool {
        self.passages[passages].iter().any(Progress::is_full)
    }

    /// The rows that pass passage `at`.
    pub fn apply(&mut self, at: usize, batch: Batch) -> Passed {
        let passage = &mut self.passages[at];
        let (batch, error) = match passage {
            Progress::Slice { skip, take, .. } => (slice(skip, take, &batch), None),
            Progress::While { skip, over, .. } => pass_while(*skip, over, batch),
            Progress::Number(numbers) => match numbers.add(batch) {
                Ok(batch) => (batch, None),
                Err(error) => (Batch::default(), Some(error)),
            },
            Progress::Tee { tees, id, columns } => write_tee(tees, *id, *columns, batch),
            Progress::Fold { fold, columns, all } => fold.add(columns, batch, *all),
        };
        Passed { batch, error, full: passage.is_full() }
    }

    /// The rows that passage `at` has held back, if any.
    pub fn held_back(&mut self, at: usize) -> Result<Option<Merge>, RunError> {
        match &mut self.passages[at] {
            Progress::Number(numbers) => numbers.finish(),
            Progress::Slice { .. } | Progress::While { .. } | Progress::Tee { .. } | Progress::Fold { .. } => Ok(None),
        }
    }

    /// The state of the last fold, as a batch of one row.
    pub fn last_state(self) -> Option<Batch> {
        match self.passages.into_iter().next_back()? {
            Progress::Fold { fold, .. } => {
                Some(Batch::new(1, vec![Column::from_scalars(&fold.kind, std::slice::from_ref(&fold.last))]))
            }
            Progress::Slice { .. } | Progress::While { .. } | Progress::Number(_) | Progress::Tee { .. } => None,
        }
    }
}

impl Progress<'_> {
    fn is_full(&self) -> bool {
        matches!(
            self,
            Progress::Slice { take: Some(0), drains: false, .. }
                | Progress::While { skip: false, over: true, drains: false }
        )
    }
}

fn slice(skip: &mut u64, take: &mut Option<u64>, batch: &Batch) -> Batch {
    let skipped = (*skip).min(batch.rows as u64);
    *skip -= if fault::is(Fault::SkipTwice) { 0 } else { skipped };
    let rest = batch.rows as u64 - skipped;
    let taken = take.map_or(rest, |take| take.min(rest));
    if let Some(take) = take {
        *take -= taken - u64::from(fault::is(Fault::TakeTooMany) && taken > 0 && taken == rest);
    }
    batch.slice(skipped as usize, taken as usize)
}

/// The condition is the last column. It is demanded up to the first row for which it is not true.
fn pass_while(skip: bool, over: &mut bool, mut batch: Batch) -> (Batch, Option<RunError>) {
    let condition = batch.columns.pop().expect("the segment before gives the condition");
    let at = batch.columns.len();
    let (mut first, mut error) = (0, None);
    if !*over {
        let holds = condition.truths();
        first = (0..batch.rows).find(|row| batch.fault(*row, at).is_some() || !holds.value(*row)).unwrap_or(batch.rows);
        error = (first < batch.rows).then(|| batch.fault(first, at).cloned()).flatten().map(RunError::Row);
        *over = first < batch.rows && error.is_none();
    }
    batch.faults.retain(|fault| fault.column as usize != at);
    let passed = match (skip, &error) {
        (true, None) => batch.slice(first, batch.rows - first),
        (true, Some(_)) => batch.slice(0, 0),
        (false, _) => batch.slice(0, first),
    };
    (passed, error)
}

/// Writes the last columns.
fn write_tee(tees: &Tees, id: TeeId, columns: usize, mut batch: Batch) -> (Batch, Option<RunError>) {
    let written = Batch::new(batch.rows, batch.columns.split_off(batch.columns.len() - columns));
    match tees.write(id, &written) {
        Ok(()) => (batch, None),
        Err(error) => (batch.slice(0, 0), Some(error)),
    }
}

/// A state on its way through rows. What gives the next one is code for single rows; where that fails, the evaluator says
/// what the state is, or why there is none.
pub struct Folder<'a> {
    evaluator: Evaluator<'a>,
    states: States,
    machine: Machine,
    code: CodeId,
    stack: Stack,
    /// The columns that the code wants, each with its place; the state is the last.
    parameters: Vec<(ColumnId, Place)>,
    /// The kind of the state.
    pub kind: Kind,
    /// The state behind the last row.
    pub last: Scalar,
}

impl<'a> Folder<'a> {
    /// The first state.
    pub fn new(env: &Environment<'a>, states: States, watch: &'a Watch) -> Result<Folder<'a>, RunError> {
        let plan = env.plan;
        let evaluator = Evaluator::new(plan, &env.registry.functions, &env.registry.catalog, watch);
        let last = evaluator.eval(states.init, &NoRow).map_err(RunError::Row)?;
        let mut wanted = plan.exprs.columns(states.next);
        wanted.retain(|column| *column != states.state);
        wanted.push(states.state);
        let given = |column: &ColumnId| {
            (plan.column_expr(*column), Given::Parameter { nullable: plan.column(*column).ty.nullable })
        };
        let (mut machine, mut stack) = (Machine::default(), Stack::default());
        let code = machine.compile(plan, states.next, &wanted.iter().map(given).collect::<Vec<_>>());
        machine.begin(code, &mut stack);
        let parameters = wanted.into_iter().zip(machine.parameters(code).iter().copied()).collect();
        let kind = plan.column(states.state).ty.kind.clone();
        Ok(Folder { evaluator, states, machine, code, stack, parameters, kind, last })
    }

    /// Takes a step that no row has a part in.
    pub fn step(&mut self) -> Result<(), RunError> {
        self.step_with(|_| unreachable!("only the state is wanted"), &NoRow)
    }

    /// Takes a step over a row, of which `value` gives the columns that do not fail.
    fn step_with(&mut self, value: impl Fn(ColumnId) -> Scalar, row: &dyn Row) -> Result<(), RunError> {
        let (state, columns) = self.parameters.split_last().expect("the state is wanted");
        for (column, place) in columns {
            self.stack.set(*place, &value(*column));
        }
        self.stack.set(state.1, &self.last);
        let evaluator = &self.evaluator;
        match self.machine.run(self.code, &mut self.stack, evaluator.functions, evaluator.watch()) {
            Ok(()) => self.last = self.stack.get(self.machine.result(self.code), &self.kind),
            Err(Stop::Failed) => self.step_slowly(row)?,
            Err(Stop::Ended(error)) => return Err(error),
        }
        Ok(())
    }

    fn step_slowly(&mut self, row: &dyn Row) -> Result<(), RunError> {
        let row = WithState { row, state: self.states.state, value: &self.last };
        self.last = self.evaluator.eval(self.states.next, &row).map_err(RunError::Row)?;
        Ok(())
    }

    /// Takes the rows of a batch, and gives those before one that fails, each with its state, if they pass.
    fn add(&mut self, inputs: &[ColumnId], batch: Batch, pass: bool) -> (Batch, Option<RunError>) {
        let (mut states, mut error) = (Vec::new(), None);
        let mut held = self.evaluator.watch().memory.share(1);
        for row in 0..batch.rows {
            let place = BatchRow { inputs, batch: &batch, row };
            let value = |column| {
                let at = inputs.iter().position(|input| *input == column).expect("the rows have what the state needs");
                batch.columns[at].get(row)
            };
            let step = if batch.faults.is_empty() { self.step_with(value, &place) } else { self.step_slowly(&place) };
            if let Err(first) = step.and_then(|()| held.hold_with(|| self.last.share() as u64)) {
                error = Some(first);
                break;
            }
            if pass {
                states.push(self.last.clone());
            }
        }
        let mut batch = batch.slice(0, states.len());
        batch.columns.push(Column::from_scalars(&self.kind, &states));
        (batch, error)
    }
}

/// A row with a state.
struct WithState<'r> {
    row: &'r dyn Row,
    state: ColumnId,
    value: &'r Scalar,
}

impl Row for WithState<'_> {
    fn column(&self, column: ColumnId) -> Outcome {
        if column == self.state { Ok(self.value.clone()) } else { self.row.column(column) }
    }

    fn place(&self) -> Option<RowPlace> {
        self.row.place()
    }
}
