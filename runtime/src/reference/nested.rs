//! Lists, records and maps for one row, bodies over their items, and functions that call themselves.
//!
//! A body is evaluated anew for each item, over a row that has the item as a column. A call in tail position takes the
//! place of the call that it ends, so that it does not nest.

use super::expr::{Evaluator, Memo, Outcome, Row, is_true};
use super::reduce::{check, reduce};
use crate::error::{Place, RowError, RowFault, RunError};
use pipelang_lang::catalog::ReducerId;
use pipelang_lang::codes::E0801;
use pipelang_lang::ir::typing::reduced_types;
use pipelang_lang::ir::{ColumnId, DEEPEST_CALL, Each, Expr, ExprId, RoutineId};
use pipelang_lang::scalar::{Fault, Items, Scalar, sort_order};
use pipelang_lang::ty::Kind;
use std::sync::Arc;

/// A row with the columns that an expression binds.
struct Bound<'r> {
    below: &'r dyn Row,
    columns: Vec<(ColumnId, Scalar)>,
}

impl Row for Bound<'_> {
    fn column(&self, column: ColumnId) -> Outcome {
        match self.columns.iter().find(|(bound, _)| *bound == column) {
            Some((_, value)) => Ok(value.clone()),
            None => self.below.column(column),
        }
    }

    fn place(&self) -> Option<Place> {
        let mut row = self.below;
        while let Some(below) = row.below() {
            row = below;
        }
        row.place()
    }

    fn below(&self) -> Option<&dyn Row> {
        Some(self.below)
    }
}

/// What an expression in tail position comes to.
enum Tail {
    Value(Scalar),
    Call(RoutineId, Vec<Scalar>),
}

impl Evaluator<'_> {
    /// Fails if the run must stop, or has no room for a value that was made.
    pub(super) fn look(&self, value: &Scalar, row: &dyn Row) -> Result<(), Arc<RowError>> {
        let room = |()| match self.watch.memory.counts_values() {
            true => self.watch.memory.check_room(value.size() as u64),
            false => Ok(()),
        };
        self.watch.check().and_then(room).map_err(|stop| stopped(stop, row))
    }

    /// A body for a row with these columns more.
    fn body(&self, body: ExprId, row: &dyn Row, columns: Vec<(ColumnId, Scalar)>) -> Outcome {
        self.watch.spend(1).map_err(|stop| stopped(stop, row))?;
        self.eval(body, &Bound { below: row, columns })
    }

    /// What becomes of a list by a body.
    pub(super) fn each(&self, each: Each, items: &[Scalar], item: ColumnId, body: ExprId, row: &dyn Row) -> Outcome {
        let gives = |value: &Scalar| self.body(body, row, vec![(item, value.clone())]);
        let holds = |value: &Scalar| gives(value).map(|outcome| is_true(&outcome));
        let too_large = |fault| self.too_large(fault, row);
        Ok(match each {
            Each::Map => {
                let mut made = Items::default();
                for value in items {
                    made.push(gives(value)?).map_err(too_large)?;
                }
                made.take()
            }
            Each::FlatMap => {
                let mut flat = Items::default();
                for value in items {
                    if let Scalar::List(inner) = gives(value)? {
                        flat.extend(&inner).map_err(too_large)?;
                    }
                }
                flat.take()
            }
            Each::Filter => {
                let mut kept = Vec::new();
                for value in items {
                    if holds(value)? {
                        kept.push(value.clone());
                    }
                }
                list(kept)
            }
            Each::TakeWhile => list(items[..self.prefix(items, holds)?].to_vec()),
            Each::SkipWhile => list(items[self.prefix(items, holds)?..].to_vec()),
            Each::Sort | Each::SortDescending => {
                let with_key = |value: &Scalar| Ok((gives(value)?, value.clone()));
                let mut keyed = items.iter().map(with_key).collect::<Result<Vec<_>, Arc<RowError>>>()?;
                keyed.sort_by(|a, b| sort_order(&a.0, &b.0, each == Each::SortDescending));
                list(keyed.into_iter().map(|(_, value)| value).collect())
            }
        })
    }

    /// What a reducer makes of the items of lists, which have one length.
    pub(super) fn reduce(&self, reducer: ReducerId, id: ExprId, operands: &[Scalar]) -> Result<Scalar, Fault> {
        let Some(types) = reduced_types(reducer, &self.plan.exprs.get(id).operands(), self.plan, self.catalog) else {
            unreachable!("the plan was verified")
        };
        let kinds: Vec<Kind> = types.into_iter().map(|ty| ty.kind).collect();
        let def = self.catalog.reducer(reducer);
        let lists = &operands[..operands.len() - usize::from(def.constant.is_some())];
        let length = |list: &Scalar| if let Scalar::List(items) = list { Some(items.len()) } else { None };
        let Some(lengths) = lists.iter().map(length).collect::<Option<Vec<usize>>>() else { return Ok(Scalar::Null) };
        let argument = |at: usize, row: usize| match &operands[at] {
            Scalar::List(items) if at < lists.len() => items[row].clone(),
            constant => constant.clone(),
        };
        let row = |row: usize| (0..operands.len()).map(|at| argument(at, row)).collect();
        let rows = (0..lengths[0]).map(row).collect::<Vec<_>>();
        check(def.name, &rows)?;
        Ok(reduce(def.name, &kinds, &rows))
    }

    /// How many items stand before the first for which `holds` is false.
    fn prefix(
        &self,
        items: &[Scalar],
        holds: impl Fn(&Scalar) -> Result<bool, Arc<RowError>>,
    ) -> Result<usize, Arc<RowError>> {
        for (at, value) in items.iter().enumerate() {
            if !holds(value)? {
                return Ok(at);
            }
        }
        Ok(items.len())
    }

    /// The last state of a fold, the first of which is `init`; with `scan` all of them but the first.
    pub(super) fn fold(
        &self,
        (items, init): (&[Scalar], Scalar),
        bound: (ColumnId, ColumnId),
        next: ExprId,
        scan: bool,
        row: &dyn Row,
    ) -> Outcome {
        let (mut states, mut last) = (Items::default(), init);
        for item in items {
            last = self.body(next, row, vec![(bound.0, last), (bound.1, item.clone())])?;
            if scan {
                states.push(last.clone()).map_err(|fault| self.too_large(fault, row))?;
            }
        }
        Ok(if scan { states.take() } else { last })
    }

    /// That a value is too large, of an operation that cannot fail otherwise and so has no place in the script.
    pub(super) fn too_large(&self, fault: Fault, row: &dyn Row) -> Arc<RowError> {
        stopped(RunError::of_limit(fault), row)
    }

    /// A call of a routine, whose arguments have been evaluated.
    pub(super) fn call(&self, routine: RoutineId, arguments: Vec<Scalar>, call: ExprId, row: &dyn Row) -> Outcome {
        let raise = |fault| Arc::new(RowError { fault, place: row.place() });
        if self.depth >= DEEPEST_CALL {
            let name = &self.plan.routine(routine).name;
            let fault = Fault::new(E0801, format!("`{name}` calls itself more than {DEEPEST_CALL} deep"));
            let site = self.plan.exprs.site(call).expect("an operation that may fail has a site");
            return Err(raise(RowFault::Expression { site, fault }));
        }
        let inner = Evaluator { depth: self.depth + 1, ..*self };
        let (mut routine, mut arguments) = (routine, arguments);
        let mut held = self.watch.memory.share(1);
        loop {
            held.clear();
            let size = || arguments.iter().map(Scalar::share).sum::<usize>() as u64;
            let goes_on = self.watch.spend(1).and_then(|()| held.hold_with(size));
            goes_on.map_err(|stop| stopped(stop, row))?;
            let definition = self.plan.routine(routine);
            let parameters = definition.parameters.iter().copied();
            let refused = |(column, value): (&ColumnId, &Scalar)| {
                *value == Scalar::Null && !self.plan.column(*column).ty.nullable
            };
            if definition.parameters.iter().zip(&arguments).any(refused) {
                return Ok(Scalar::Null);
            }
            let columns = parameters.zip(std::mem::take(&mut arguments)).collect();
            match inner.tail(definition.body, &Bound { below: row, columns }, &mut Memo::new())? {
                Tail::Value(value) => return Ok(value),
                Tail::Call(next, given) => (routine, arguments) = (next, given),
            }
        }
    }

    /// An expression whose value is that of the routine that it ends.
    fn tail(&self, id: ExprId, row: &dyn Row, memo: &mut Memo) -> Result<Tail, Arc<RowError>> {
        if let Some(known) = memo.get(&id) {
            return known.clone().map(Tail::Value);
        }
        match self.plan.exprs.get(id) {
            Expr::If(condition, then, otherwise) => {
                let holds = is_true(&self.eval_shared(*condition, row, memo)?);
                self.tail(if holds { *then } else { *otherwise }, row, memo)
            }
            Expr::Coalesce(a, b) => match self.eval_shared(*a, row, memo)? {
                Scalar::Null => self.tail(*b, row, memo),
                value => Ok(Tail::Value(value)),
            },
            Expr::Widen(a) => self.tail(*a, row, memo),
            Expr::Recurse(routine, arguments) => {
                let arguments = arguments.iter().map(|a| self.eval_shared(*a, row, memo)).collect::<Result<_, _>>()?;
                Ok(Tail::Call(*routine, arguments))
            }
            _value => self.eval_shared(id, row, memo).map(Tail::Value),
        }
    }
}

fn stopped(why: RunError, row: &dyn Row) -> Arc<RowError> {
    Arc::new(RowError { fault: RowFault::Stopped(Box::new(why)), place: row.place() })
}

/// A list of values.
pub(super) fn list(items: Vec<Scalar>) -> Scalar {
    Scalar::List(items.into())
}
