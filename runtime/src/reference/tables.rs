//! The stages that take the rows of two streams, and those that make many rows of one.

use super::Oracle;
use super::expr::{Outcome, Row};
use super::stages::{AddedRow, AnyRow, Rows};
use crate::error::{Place, RowError, RowFault, RunError};
use crate::json::duplicate_key;
use pipelang_lang::ir::{ColumnId, ExprId, Join, JoinKind, NodeId};
use pipelang_lang::scalar::{Comparison, Scalar, compare, same_key, sort_order};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

impl<'a> Oracle<'a> {
    /// Each row once for every item of its list.
    pub(super) fn explode(self, rows: Rows<'a>, list: ExprId, column: ColumnId, keep: bool) -> Rows<'a> {
        Box::new(rows.flat_map(move |row| -> Rows<'a> {
            let items = row.and_then(|row| {
                let items = match self.evaluator().eval(list, &*row).map_err(RunError::Row)? {
                    Scalar::List(items) => items.to_vec(),
                    _null => Vec::new(),
                };
                let items = if keep && items.is_empty() { vec![Scalar::Null] } else { items };
                Ok((row, items))
            });
            match items {
                Ok((row, items)) => Box::new(
                    items
                        .into_iter()
                        .map(move |value| Ok(Rc::new(AddedRow { below: row.clone(), column, value }) as AnyRow)),
                ),
                Err(error) => Box::new(std::iter::once(Err(error))),
            }
        }))
    }

    /// Each row once for each value.
    pub(super) fn unpivot(
        self,
        rows: Rows<'a>,
        columns: (ColumnId, ColumnId),
        values: &'a [(Arc<str>, ExprId)],
    ) -> Rows<'a> {
        Box::new(rows.flat_map(move |row| -> Rows<'a> {
            match row {
                Ok(below) => Box::new(values.iter().map(move |(name, expr)| {
                    let name = Scalar::String(name.clone());
                    Ok(Rc::new(UnpivotedRow { oracle: self, below: below.clone(), columns, name, value: *expr })
                        as AnyRow)
                })),
                Err(error) => Box::new(std::iter::once(Err(error))),
            }
        }))
    }

    /// The first rows, then the others, which are opened when they are reached.
    pub(super) fn union(
        self,
        input: NodeId,
        other: NodeId,
        columns: &'a [(ColumnId, ColumnId, ColumnId)],
    ) -> Result<Rows<'a>, RunError> {
        let first = columns.iter().map(|(column, first, _)| (*column, *first)).collect();
        let second = columns.iter().map(|(column, _, other)| (*column, *other)).collect();
        let first = renamed(self.open(input)?, first);
        let mut second = Some(second);
        let mut others: Option<Rows<'a>> = None;
        let behind = std::iter::from_fn(move || {
            if let Some(columns) = second.take() {
                match self.open(other) {
                    Ok(rows) => others = Some(renamed(rows, columns)),
                    Err(error) => return Some(Err(error)),
                }
            }
            others.as_mut()?.next()
        });
        Ok(Box::new(first.chain(behind)))
    }

    /// The rows that match. Where the right rows fail, that comes up behind everything that fails on the left.
    pub(super) fn join(self, input: NodeId, other: NodeId, join: &'a Join) -> Result<Rows<'a>, RunError> {
        let left = self.open(input)?;
        let right = match self.right_rows(other, join) {
            Ok(right) => right,
            Err(error) => {
                for row in left {
                    let row = row?;
                    if join.kind != JoinKind::Mark {
                        keys(&*row, &join.left_keys()).map_err(RunError::Row)?;
                    }
                }
                return Err(error);
            }
        };
        let right = Rc::new(right);
        let (before, behind) = (right.clone(), right);
        let joined = left.flat_map(move |row| -> Rows<'a> {
            let found = row.and_then(|row| {
                if join.kind == JoinKind::Mark {
                    return Ok((row, Vec::new()));
                }
                let keys = keys(&*row, &join.left_keys()).map_err(RunError::Row)?;
                Ok((row, matches(join, &keys, &before, self)))
            });
            match found {
                Ok((below, _)) if join.kind == JoinKind::Mark => {
                    let right = before.clone();
                    Box::new(std::iter::once(Ok(Rc::new(MarkedRow { oracle: self, join, below, right }) as AnyRow)))
                }
                Ok((row, found)) => Box::new(of_left_row(join, row, found).into_iter().map(Ok)),
                Err(error) => Box::new(std::iter::once(Err(error))),
            }
        });
        if join.kind != JoinKind::Full {
            return Ok(Box::new(joined));
        }
        // It has read all its input once it is opened.
        let mut rows = joined.collect::<Result<Vec<_>, _>>()?;
        let unmatched = behind.iter().filter(|right| !right.matched.get());
        rows.extend(unmatched.map(|right| joined_row(join, None, Some(right.row.clone()))));
        Ok(Box::new(rows.into_iter().map(Ok)))
    }

    fn right_rows(self, other: NodeId, join: &Join) -> Result<Vec<RightRow<'a>>, RunError> {
        let mut rows: Vec<RightRow> = Vec::new();
        for row in self.open(other)? {
            let row = row?;
            let keys = keys(&*row, &join.right_keys()).map_err(RunError::Row)?;
            let is_same = |other: &RightRow| {
                let equal =
                    join.on.iter().zip(keys.iter().zip(&other.keys)).filter(|(on, _)| on.op == Comparison::Equal);
                !keys.contains(&Scalar::Null)
                    && !other.keys.contains(&Scalar::Null)
                    && equal.into_iter().all(|(_, (a, b))| same_key(a, b))
            };
            if let Some(site) = join.unique.filter(|_| rows.iter().any(is_same)) {
                let fault = RowFault::Expression { site, fault: duplicate_key(&keys) };
                return Err(RunError::Row(Arc::new(RowError { fault, place: None })));
            }
            rows.push(RightRow { keys, row, matched: Cell::new(false) });
        }
        Ok(rows)
    }
}

struct RightRow<'a> {
    keys: Vec<Scalar>,
    row: AnyRow<'a>,
    matched: Cell<bool>,
}

/// The values of these columns, demanded in order.
fn keys(row: &dyn Row, columns: &[ColumnId]) -> Result<Vec<Scalar>, Arc<RowError>> {
    columns.iter().map(|column| row.column(*column)).collect()
}

/// The right rows that match these keys.
fn matches<'a>(join: &Join, left: &[Scalar], right: &[RightRow<'a>], oracle: Oracle) -> Vec<AnyRow<'a>> {
    let holds = |right: &&RightRow| {
        let pairs = || left.iter().zip(&right.keys);
        pairs().all(|(a, b)| *a != Scalar::Null && *b != Scalar::Null)
            && join.on.iter().zip(pairs()).all(|(on, (a, b))| match on.op {
                Comparison::Equal => same_key(a, b),
                op => compare(op, a, b),
            })
    };
    let mut found: Vec<&RightRow> = right.iter().filter(holds).collect();
    if let (Some(nearest), Some(time)) = (&join.nearest, left.last()) {
        let time_of = |right: &RightRow| right.keys[right.keys.len() - 1].clone();
        found.retain(|right| compare(Comparison::LessOrEqual, &time_of(right), time));
        // Of the latest ones the last.
        found.sort_by(|a, b| sort_order(&time_of(a), &time_of(b), false));
        found.drain(..found.len().saturating_sub(1));
        let within = nearest.within.map(|within| oracle.plan.exprs.as_constant(within).expect("it is a constant"));
        found.retain(|right| within.is_none_or(|within| is_within(&time_of(right), time, within)));
    }
    found.iter().for_each(|right| right.matched.set(true));
    found.into_iter().map(|right| right.row.clone()).collect()
}

/// Whether `b` is at most `within` later than `a`.
fn is_within(a: &Scalar, b: &Scalar, within: &Scalar) -> bool {
    let micros = |value: &Scalar| match value {
        Scalar::Int(x) | Scalar::DateTime(x) | Scalar::Duration(x) => i128::from(*x),
        Scalar::Date(days) => i128::from(*days) * 86_400_000_000,
        other => unreachable!("the checker lets no {other:?} be joined by its order"),
    };
    match (a, b, within) {
        (Scalar::Float(a), Scalar::Float(b), Scalar::Float(within)) => b - a <= *within,
        (a, b, within) => micros(b) - micros(a) <= micros(within),
    }
}

/// What comes of a left row and its matches.
fn of_left_row<'a>(join: &'a Join, left: AnyRow<'a>, found: Vec<AnyRow<'a>>) -> Vec<AnyRow<'a>> {
    let both = |right: AnyRow<'a>| joined_row(join, Some(left.clone()), Some(right));
    match (join.kind, found.is_empty()) {
        (JoinKind::Inner, _) | (JoinKind::Left | JoinKind::Full, false) => found.into_iter().map(both).collect(),
        (JoinKind::Left | JoinKind::Full, true) => vec![joined_row(join, Some(left.clone()), None)],
        // These choose rows, as a filter does.
        (JoinKind::Semi, false) | (JoinKind::Anti, true) => vec![left],
        (JoinKind::Semi, true) | (JoinKind::Anti, false) | (JoinKind::Mark, _) => Vec::new(),
    }
}

fn joined_row<'a>(join: &'a Join, left: Option<AnyRow<'a>>, right: Option<AnyRow<'a>>) -> AnyRow<'a> {
    Rc::new(JoinedRow { join, left, right })
}

/// A left row beside a right row; what is not there has nulls.
struct JoinedRow<'a> {
    join: &'a Join,
    left: Option<AnyRow<'a>>,
    right: Option<AnyRow<'a>>,
}

impl Row for JoinedRow<'_> {
    fn column(&self, column: ColumnId) -> Outcome {
        let of = |row: &Option<AnyRow>, column| row.as_ref().map_or(Ok(Scalar::Null), |row| row.column(column));
        let find =
            |columns: &[(ColumnId, ColumnId)]| columns.iter().find(|(new, _)| *new == column).map(|(_, old)| *old);
        match (find(&self.join.right), find(&self.join.left)) {
            (Some(old), _) => of(&self.right, old),
            (None, Some(old)) => of(&self.left, old),
            (None, None) => of(&self.left, column),
        }
    }

    fn place(&self) -> Option<Place> {
        None
    }
}

/// A left row that knows whether it has a match when it is asked.
struct MarkedRow<'a> {
    oracle: Oracle<'a>,
    join: &'a Join,
    below: AnyRow<'a>,
    right: Rc<Vec<RightRow<'a>>>,
}

impl Row for MarkedRow<'_> {
    fn column(&self, column: ColumnId) -> Outcome {
        if Some(column) != self.join.mark {
            return self.below.column(column);
        }
        let keys = keys(&*self.below, &self.join.left_keys())?;
        Ok(Scalar::Bool(!matches(self.join, &keys, &self.right, self.oracle).is_empty()))
    }

    fn place(&self) -> Option<Place> {
        self.below.place()
    }
}

/// A row with one of its values.
struct UnpivotedRow<'a> {
    oracle: Oracle<'a>,
    below: AnyRow<'a>,
    /// The name and the value.
    columns: (ColumnId, ColumnId),
    name: Scalar,
    value: ExprId,
}

impl Row for UnpivotedRow<'_> {
    fn column(&self, column: ColumnId) -> Outcome {
        match column {
            name if name == self.columns.0 => Ok(self.name.clone()),
            value if value == self.columns.1 => self.oracle.evaluator().eval(self.value, &*self.below),
            other => self.below.column(other),
        }
    }

    fn place(&self) -> Option<Place> {
        self.below.place()
    }
}

/// Rows with their columns under other names.
fn renamed<'a>(rows: Rows<'a>, columns: Vec<(ColumnId, ColumnId)>) -> Rows<'a> {
    let columns = Rc::new(columns);
    Box::new(rows.map(move |row| {
        let row = row?;
        Ok(Rc::new(RenamedRow { below: row, columns: columns.clone() }) as AnyRow)
    }))
}

struct RenamedRow<'a> {
    below: AnyRow<'a>,
    columns: Rc<Vec<(ColumnId, ColumnId)>>,
}

impl Row for RenamedRow<'_> {
    fn column(&self, column: ColumnId) -> Outcome {
        let here = self.columns.iter().find(|(new, _)| *new == column);
        self.below.column(here.expect("the plan's columns come from below").1)
    }

    fn place(&self) -> Option<Place> {
        None
    }
}
