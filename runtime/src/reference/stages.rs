//! The stages as streams of rows that are pulled one by one.
//!
//! A row-wise stage wraps the rows of the one before it. A breaker has read all its input once it is opened, also where
//! nobody pulls a row from it: what it demands is demanded of every row that reaches it.

use super::Oracle;
use super::expr::{Defined, NoRow, Outcome, Row};
use super::reduce::{Key, check, compare_keys, key, reduce};
use crate::batch::{Batch, Column};
use crate::error::{Place, RowError, RunError};
use pipelang_lang::ir::{ColumnId, ExprId, NodeId, Phase, Reduction, SortKey, Stage, Table, TableOrigin, Tee};
use pipelang_lang::scalar::Scalar;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A row of any kind.
pub(super) type AnyRow<'a> = Rc<dyn Row + 'a>;

/// Rows to be pulled. After an error nobody pulls again.
pub(super) type Rows<'a> = Box<dyn Iterator<Item = Result<AnyRow<'a>, RunError>> + 'a>;

impl<'a> Oracle<'a> {
    /// The rows of a node.
    pub(super) fn open(self, node: NodeId) -> Result<Rows<'a>, RunError> {
        let evaluator = self.evaluator();
        Ok(match &self.plan.node(node).stage {
            Stage::Scan { table, columns } => self.scan(&self.plan.tables[table.0 as usize], columns)?,
            Stage::Range { start, end, column } => self.range(*start, end.unwrap_or(i64::MAX), *column),
            Stage::Values { columns, rows } => Box::new(rows.iter().map(move |row| {
                let definitions = columns.iter().copied().zip(row.iter().copied()).collect();
                Ok(Rc::new(ConstantRow { oracle: self, definitions }) as AnyRow)
            })),
            Stage::Iterate { column, init, state, next } => self.iterate(*column, *init, *state, *next),
            Stage::While { input, predicate, skip } => {
                let rows = self.open(*input)?;
                match skip {
                    true => self.skip_while(rows, *predicate),
                    false => self.take_while(rows, *predicate, self.plan.runs_to_its_end(*input)),
                }
            }
            Stage::Assert { input, assertion } => {
                let rows = self.open(*input)?;
                Box::new(rows.map(move |row| {
                    let row = row?;
                    evaluator.assert(assertion, &*row).map_err(RunError::Row)?;
                    Ok(row)
                }))
            }
            Stage::Tee { input, tee } => self.tee(self.open(*input)?, tee)?,
            Stage::Fold { input, column, init, state, next, all } => {
                let rows = self.open(*input)?;
                let first = evaluator.eval(*init, &NoRow).map_err(RunError::Row)?;
                let mut states = self.states(rows, first.clone(), *column, *state, *next);
                match all {
                    true => states,
                    false => {
                        let last = states.try_fold(first, |_, row| row?.column(*column).map_err(RunError::Row))?;
                        Box::new(std::iter::once(Ok(Rc::new(ValueRow(vec![(*column, last)])) as AnyRow)))
                    }
                }
            }
            Stage::Number { input, column, keys } => self.number(self.open(*input)?, *column, keys),
            Stage::Filter { input, predicate, told } => {
                let rows = self.open(*input)?;
                let left_out = told.as_ref().map(|told| self.tally.begin_parse(told));
                Box::new(rows.filter_map(move |row| match row {
                    Ok(row) => match evaluator.holds(*predicate, &*row) {
                        Ok(true) => Some(Ok(row)),
                        Ok(false) => {
                            left_out.iter().for_each(|left_out| _ = left_out.fetch_add(1, Ordering::Relaxed));
                            None
                        }
                        Err(error) => Some(Err(RunError::Row(error))),
                    },
                    Err(error) => Some(Err(error)),
                }))
            }
            Stage::Map { input, definitions } => {
                let rows = self.open(*input)?;
                Box::new(rows.map(move |row| {
                    let defined = Defined::new(evaluator, row?, definitions);
                    Ok(Rc::new(defined) as AnyRow)
                }))
            }
            Stage::Explode { input, list, column, keep } => self.explode(self.open(*input)?, *list, *column, *keep),
            Stage::Unpivot { input, name, value, values } => self.unpivot(self.open(*input)?, (*name, *value), values),
            Stage::Union { input, other, columns } => self.union(*input, *other, columns)?,
            Stage::Join { input, other, join } => self.join(*input, *other, join)?,
            Stage::Slice { input, skip, take } => {
                let drains = self.plan.runs_to_its_end(*input);
                slice(self.open(*input)?, *skip, take.unwrap_or(u64::MAX), drains)
            }
            Stage::Window { input, keys, on, functions } => self.window(*input, keys, on.as_ref(), functions)?,
            Stage::Sort { input, keys } => self.sort(*input, keys, u64::MAX)?,
            Stage::TopK { input, keys, count } => self.sort(*input, keys, *count)?,
            Stage::Aggregate { input, keys, reductions, phase } => match phase {
                Phase::Single => self.aggregate(*input, keys, reductions)?,
                Phase::Partial | Phase::Final => {
                    return Err(RunError::Internal("the oracle aggregates in one phase only".into()));
                }
            },
        })
    }

    fn scan(self, table: &'a Table, columns: &'a [(usize, ColumnId)]) -> Result<Rows<'a>, RunError> {
        Ok(match &table.origin {
            TableOrigin::File { .. } => self.read(table, columns)?,
            TableOrigin::Bound(name) => {
                let batch = (self.tables)(name);
                let batch = Rc::new(batch.ok_or_else(|| RunError::Internal(format!("no table `{name}` was bound")))?);
                Box::new((0..batch.rows).map(move |row| {
                    self.watch.spend(1)?;
                    Ok(Rc::new(BoundRow { batch: batch.clone(), row, columns }) as AnyRow)
                }))
            }
        })
    }

    fn range(self, start: i64, end: i64, column: ColumnId) -> Rows<'a> {
        Box::new((start..=end).map(move |value| {
            self.watch.spend(1)?;
            Ok(Rc::new(ValueRow(vec![(column, Scalar::Int(value))])) as AnyRow)
        }))
    }

    /// The values of an `iterate`; each is computed when it is pulled.
    fn iterate(self, column: ColumnId, init: ExprId, state: ColumnId, next: ExprId) -> Rows<'a> {
        let mut last: Option<Scalar> = None;
        Box::new(std::iter::from_fn(move || {
            let value = match last.take() {
                None => self.evaluator().eval(init, &NoRow),
                Some(before) => self.evaluator().eval(next, &ValueRow(vec![(state, before)])),
            };
            let row = self.watch.spend(1).and_then(|()| {
                let value = value.map_err(RunError::Row)?;
                last = Some(value.clone());
                Ok(Rc::new(ValueRow(vec![(column, value)])) as AnyRow)
            });
            Some(row)
        }))
    }

    fn take_while(self, mut rows: Rows<'a>, predicate: ExprId, drains: bool) -> Rows<'a> {
        let mut over = false;
        Box::new(std::iter::from_fn(move || {
            if over {
                return None;
            }
            let row = match rows.next()? {
                Ok(row) => row,
                Err(error) => return Some(Err(error)),
            };
            match self.evaluator().holds(predicate, &*row) {
                Ok(true) => Some(Ok(row)),
                Ok(false) => {
                    over = true;
                    rest(&mut rows, drains)
                }
                Err(error) => Some(Err(RunError::Row(error))),
            }
        }))
    }

    fn skip_while(self, rows: Rows<'a>, predicate: ExprId) -> Rows<'a> {
        let mut skipping = true;
        Box::new(rows.filter_map(move |row| {
            let kept = row.and_then(|row| {
                skipping = skipping && self.evaluator().holds(predicate, &*row).map_err(RunError::Row)?;
                Ok((!skipping).then_some(row))
            });
            kept.transpose()
        }))
    }

    /// The rows, each written before it goes on.
    fn tee(self, rows: Rows<'a>, tee: &'a Tee) -> Result<Rows<'a>, RunError> {
        let id = self.tees.begin(tee, self.plan)?;
        Ok(Box::new(rows.map(move |row| {
            let row = row?;
            let value = |expr: ExprId| {
                let value = self.evaluator().eval(expr, &*row)?;
                Ok(Column::from_scalars(&self.plan.exprs.ty(expr).kind, &[value]))
            };
            let columns = tee.exprs().map(value).collect::<Result<_, _>>().map_err(RunError::Row)?;
            self.tees.write(id, &Batch::new(1, columns))?;
            Ok(row)
        })))
    }

    /// The rows with the number of each among those of its key.
    fn number(self, rows: Rows<'a>, column: ColumnId, keys: &'a [ExprId]) -> Rows<'a> {
        let mut passed: HashMap<Vec<Key>, i64> = HashMap::new();
        let mut held = self.watch.memory.share(1);
        Box::new(rows.map(move |row| {
            let row = row?;
            let values = keys.iter().map(|expr| self.evaluator().eval(*expr, &*row)).collect::<Result<Vec<_>, _>>();
            let values = values.map_err(RunError::Row)?;
            let count = passed.entry(values.iter().map(key).collect()).or_default();
            if *count == 0 {
                self.hold(&mut held, values.iter())?;
            }
            *count += 1;
            Ok(Rc::new(AddedRow { below: row, column, value: Scalar::Int(*count - 1) }) as AnyRow)
        }))
    }

    /// The rows with the state behind each.
    fn states(self, rows: Rows<'a>, first: Scalar, column: ColumnId, state: ColumnId, next: ExprId) -> Rows<'a> {
        let mut last = first;
        Box::new(rows.map(move |row| {
            let row = row?;
            let before: AnyRow = Rc::new(AddedRow { below: row.clone(), column: state, value: last.clone() });
            last = self.evaluator().eval(next, &*before).map_err(RunError::Row)?;
            Ok(Rc::new(AddedRow { below: row, column, value: last.clone() }) as AnyRow)
        }))
    }

    fn sort(self, input: NodeId, keys: &'a [SortKey], count: u64) -> Result<Rows<'a>, RunError> {
        let mut sorted: Vec<(Vec<Scalar>, AnyRow<'a>)> = Vec::new();
        let mut held = self.watch.memory.share(1);
        for row in self.open(input)? {
            let row = row?;
            let values = keys.iter().map(|key| self.evaluator().eval(key.expr, &*row)).collect::<Result<Vec<_>, _>>();
            let values = values.map_err(RunError::Row)?;
            self.hold(&mut held, values.iter())?;
            sorted.push((values, row));
        }
        let descending: Vec<bool> = keys.iter().map(|key| key.descending).collect();
        sorted.sort_by(|(a, _), (b, _)| compare_keys(a, b, &descending));
        sorted.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        Ok(Box::new(sorted.into_iter().map(move |(_, row)| {
            let _as_long_as_there_are_rows = &held;
            Ok(Rc::new(MovedRow(row)) as AnyRow)
        })))
    }

    fn aggregate(
        self,
        input: NodeId,
        keys: &'a [(ColumnId, ExprId)],
        reductions: &'a [Reduction],
    ) -> Result<Rows<'a>, RunError> {
        let mut groups: Vec<Group> = Vec::new();
        let mut numbers: HashMap<Vec<Key>, usize> = HashMap::new();
        if keys.is_empty() {
            numbers.insert(Vec::new(), 0);
            groups.push(Group::new(Vec::new(), reductions));
        }
        let mut held = self.watch.memory.share(1);
        for row in self.open(input)? {
            let row = row?;
            let counted = self.counted(&*row, reductions).map_err(RunError::Row)?;
            self.hold(&mut held, counted.iter().flatten().flatten())?;
            let values = keys.iter().map(|(_, key)| self.evaluator().eval(*key, &*row)).collect::<Result<Vec<_>, _>>();
            let values = values.map_err(RunError::Row)?;
            let number = *numbers.entry(values.iter().map(key).collect()).or_insert_with(|| {
                groups.push(Group::new(values, reductions));
                groups.len() - 1
            });
            for (rows, arguments) in groups[number].rows.iter_mut().zip(counted) {
                rows.extend(arguments);
            }
        }
        for (group, reduction) in groups.iter().flat_map(|group| group.rows.iter().zip(reductions)) {
            check(self.catalog.reducer(reduction.reducer).name, group).map_err(RunError::of_limit)?;
        }
        Ok(Box::new(groups.into_iter().map(move |group| {
            let _as_long_as_there_are_groups = &held;
            let keys = keys.iter().map(|(column, _)| *column).zip(group.keys);
            let reduced = reductions.iter().zip(&group.rows).map(|(reduction, rows)| {
                let kinds: Vec<_> = reduction.arguments.iter().map(|a| self.plan.exprs.ty(*a).kind.clone()).collect();
                (reduction.column, reduce(self.catalog.reducer(reduction.reducer).name, &kinds, rows))
            });
            Ok(Rc::new(ValueRow(keys.chain(reduced).collect())) as AnyRow)
        })))
    }

    /// For each reduction the values of its arguments, if the row counts. They are demanded in any case.
    fn counted(self, row: &dyn Row, reductions: &[Reduction]) -> Result<Vec<Option<Vec<Scalar>>>, Arc<RowError>> {
        let evaluator = self.evaluator();
        let one = |reduction: &Reduction| {
            let counts = reduction.condition.map(|condition| evaluator.holds(condition, row)).transpose()?;
            let arguments: Vec<_> =
                reduction.arguments.iter().map(|a| evaluator.eval(*a, row)).collect::<Result<_, _>>()?;
            Ok((counts != Some(false)).then_some(arguments))
        };
        reductions.iter().map(one).collect()
    }
}

/// Pulls all rows that there are, if they are to be looked at; none goes on.
fn rest<'a>(rows: &mut Rows<'a>, drains: bool) -> Option<Result<AnyRow<'a>, RunError>> {
    if drains { rows.find(|row| row.is_err()) } else { None }
}

/// Leaves out `skip` rows, then gives at most `take`, and pulls none after those unless all are to be looked at.
fn slice(mut rows: Rows, skip: u64, take: u64, drains: bool) -> Rows {
    let (mut skip, mut take) = (skip, take);
    Box::new(std::iter::from_fn(move || {
        if take == 0 {
            return rest(&mut rows, drains);
        }
        while skip > 0 {
            skip -= 1;
            if let Err(error) = rows.next()? {
                return Some(Err(error));
            }
        }
        take -= 1;
        rows.next()
    }))
}

/// A group: its key as first seen, and for each reduction the rows that count.
struct Group {
    keys: Vec<Scalar>,
    rows: Vec<Vec<Vec<Scalar>>>,
}

impl Group {
    fn new(keys: Vec<Scalar>, reductions: &[Reduction]) -> Group {
        Group { keys, rows: vec![Vec::new(); reductions.len()] }
    }
}

/// A row of known values.
pub(super) struct ValueRow(pub Vec<(ColumnId, Scalar)>);

impl Row for ValueRow {
    fn column(&self, column: ColumnId) -> Outcome {
        let here = self.0.iter().find(|(id, _)| *id == column);
        Ok(here.expect("the plan's columns come from below").1.clone())
    }

    fn place(&self) -> Option<Place> {
        None
    }
}

/// A row with one value more.
pub(super) struct AddedRow<'a> {
    pub below: AnyRow<'a>,
    pub column: ColumnId,
    pub value: Scalar,
}

impl Row for AddedRow<'_> {
    fn column(&self, column: ColumnId) -> Outcome {
        if column == self.column { Ok(self.value.clone()) } else { self.below.column(column) }
    }

    fn place(&self) -> Option<Place> {
        self.below.place()
    }
}

/// A row of constant expressions.
struct ConstantRow<'a> {
    oracle: Oracle<'a>,
    definitions: Vec<(ColumnId, ExprId)>,
}

impl Row for ConstantRow<'_> {
    fn column(&self, column: ColumnId) -> Outcome {
        let here = self.definitions.iter().find(|(id, _)| *id == column);
        self.oracle.evaluator().eval(here.expect("the plan's columns come from below").1, &NoRow)
    }

    fn place(&self) -> Option<Place> {
        None
    }
}

/// A row of a table that the host binds.
struct BoundRow<'a> {
    batch: Rc<Batch>,
    row: usize,
    columns: &'a [(usize, ColumnId)],
}

impl Row for BoundRow<'_> {
    fn column(&self, column: ColumnId) -> Outcome {
        let here = self.columns.iter().find(|(_, id)| *id == column);
        let (position, _) = *here.expect("the plan's columns come from below");
        match self.batch.fault(self.row, position) {
            Some(error) => Err(error.clone()),
            None => Ok(self.batch.columns[position].get(self.row)),
        }
    }

    fn place(&self) -> Option<Place> {
        self.batch.origin.as_ref().and_then(|origin| origin.place(self.row))
    }
}

/// A row that a breaker has moved: what is evaluated from here on has no place in a file.
pub(super) struct MovedRow<'a>(pub AnyRow<'a>);

impl Row for MovedRow<'_> {
    fn column(&self, column: ColumnId) -> Outcome {
        self.0.column(column)
    }

    fn place(&self) -> Option<Place> {
        None
    }
}
