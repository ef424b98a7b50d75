//! Windows as loops: for each row over all rows of its group.

use super::Oracle;
use super::reduce::{Key, check, compare_keys, key, reduce};
use super::stages::{AddedRow, AnyRow, MovedRow, Rows};
use crate::error::{RowError, RowFault, RunError};
use pipelang_lang::ir::{Ascending, ExprId, Frame, NodeId, WindowFunction, WindowKind};
use pipelang_lang::scalar::{Fault, Scalar, sort_order};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// A row with all that a window demands of it.
struct Member<'a> {
    row: AnyRow<'a>,
    on: Scalar,
    /// For each function the values of its arguments, and whether the row counts.
    arguments: Vec<(Vec<Scalar>, bool)>,
}

/// The rows that a window is over.
struct Group<'m, 'a> {
    members: Vec<&'m Member<'a>>,
    /// By function, what its reducer makes of all of them.
    wholes: HashMap<usize, Scalar>,
    /// By function, the rows in the order of the keys that it ranks by, or one of each key where it counts keys.
    orders: HashMap<usize, Vec<usize>>,
    /// By function, the number of each row's session.
    sessions: HashMap<usize, Vec<i64>>,
}

impl<'m, 'a> Group<'m, 'a> {
    fn new(members: Vec<&'m Member<'a>>) -> Group<'m, 'a> {
        Group { members, wholes: HashMap::new(), orders: HashMap::new(), sessions: HashMap::new() }
    }
}

impl<'a> Oracle<'a> {
    pub(super) fn window(
        self,
        input: NodeId,
        keys: &'a [ExprId],
        on: Option<&'a Ascending>,
        functions: &'a [WindowFunction],
    ) -> Result<Rows<'a>, RunError> {
        let mut members = Vec::new();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut numbers: HashMap<Vec<Key>, usize> = HashMap::new();
        let mut held = self.watch.memory.share(1);
        for (at, row) in self.open(input)?.enumerate() {
            let row = row?;
            let arguments = functions.iter().map(|function| self.arguments(&row, function));
            let arguments = arguments.collect::<Result<Vec<_>, _>>().map_err(RunError::Row)?;
            let values = keys.iter().map(|key| self.evaluator().eval(*key, &*row)).collect::<Result<Vec<_>, _>>();
            let value = on.map_or(Ok(Scalar::Null), |on| self.evaluator().eval(on.expr, &*row));
            let (values, value) = (values.map_err(RunError::Row)?, value.map_err(RunError::Row)?);
            let group = *numbers.entry(values.iter().map(key).collect()).or_insert(groups.len());
            groups.resize(groups.len().max(group + 1), Vec::new());
            self.hold(&mut held, std::iter::once(&value).chain(arguments_of(&arguments)))?;
            let member = Member { row, on: value, arguments };
            if let Some(before) = groups[group].last() {
                in_order(functions, on, (at, &member), (*before, &members[*before]))?;
            }
            groups[group].push(at);
            members.push(member);
        }
        let mut places = vec![(0, 0); members.len()];
        for (group, rows) in groups.iter().enumerate() {
            rows.iter().enumerate().for_each(|(place, row)| places[*row] = (group, place));
        }
        let group = |rows: &Vec<usize>| Group::new(rows.iter().map(|row| &members[*row]).collect());
        let mut groups: Vec<Group> = groups.iter().map(group).collect();
        let mut window = |(row, (group, place)): (usize, &(usize, usize))| {
            self.watch.spend(1)?;
            let below = Rc::new(MovedRow(members[row].row.clone())) as AnyRow;
            functions.iter().enumerate().try_fold(below, |below, (at, function)| {
                let value =
                    self.value_in(at, &function.kind, &mut groups[*group], *place).map_err(RunError::of_limit)?;
                self.hold(&mut held, std::iter::once(&value))?;
                Ok(Rc::new(AddedRow { below, column: function.column, value }) as AnyRow)
            })
        };
        // All of them are made before the first comes out, so that a limit is met before it.
        let rows: Vec<_> = places.iter().enumerate().map(&mut window).collect::<Result<_, RunError>>()?;
        Ok(Box::new(rows.into_iter().map(Ok)))
    }

    /// What a function demands of a row.
    fn arguments(self, row: &AnyRow, function: &WindowFunction) -> Result<(Vec<Scalar>, bool), Arc<RowError>> {
        let evaluator = self.evaluator();
        let (arguments, condition) = match &function.kind {
            WindowKind::Reduce { arguments, condition, .. } => (arguments.clone(), *condition),
            other => (other.demands(), None),
        };
        let counts = condition.map_or(Ok(true), |condition| evaluator.holds(condition, &**row))?;
        let values = arguments.iter().map(|argument| evaluator.eval(*argument, &**row)).collect::<Result<_, _>>()?;
        Ok((values, counts))
    }

    /// The value of function `at` for the row at `place` of its group.
    fn value_in(self, at: usize, kind: &WindowKind, group: &mut Group, place: usize) -> Result<Scalar, Fault> {
        let Group { members, wholes, orders, sessions } = group;
        let arguments = |row: usize| &members[row].arguments[at].0;
        Ok(match kind {
            WindowKind::Neighbour { offset, .. } => {
                let there = place as i128 + i128::from(*offset);
                let there = usize::try_from(there).ok().filter(|there| *there < members.len());
                there.map_or(Scalar::Null, |there| arguments(there)[0].clone())
            }
            WindowKind::RowNumber => Scalar::Int(place as i64 + 1),
            WindowKind::Rank { keys, dense } => {
                let descending: Vec<bool> = keys.iter().map(|key| key.descending).collect();
                let compare = |a: usize, b: usize| compare_keys(arguments(a), arguments(b), &descending);
                let order = orders.entry(at).or_insert_with(|| {
                    let mut rows: Vec<usize> = (0..members.len()).collect();
                    rows.sort_by(|a, b| compare(*a, *b));
                    if *dense {
                        rows.dedup_by(|a, b| compare(*a, *b).is_eq());
                    }
                    rows
                });
                Scalar::Int(1 + order.partition_point(|row| compare(*row, place).is_lt()) as i64)
            }
            WindowKind::Session { gap, .. } => {
                let numbers = sessions.entry(at).or_insert_with(|| {
                    let is_pause = |row: usize| {
                        row > 0 && shifted(&arguments(row)[0], &arguments(row - 1)[0], gap) == Some(Ordering::Greater)
                    };
                    let count = |pauses: &mut i64, row| {
                        *pauses += i64::from(is_pause(row));
                        Some(*pauses + 1)
                    };
                    (0..members.len()).scan(0, count).collect()
                });
                match &arguments(place)[0] {
                    Scalar::Null => Scalar::Null,
                    _ => Scalar::Int(numbers[place]),
                }
            }
            WindowKind::Reduce { frame: Frame::Group, .. } if wholes.contains_key(&at) => wholes[&at].clone(),
            WindowKind::Reduce { reducer, arguments: exprs, frame, .. } => {
                let Some(rows) = rows_of(frame, members, place) else { return Ok(Scalar::Null) };
                let rows = rows.into_iter().map(|row| &members[row].arguments[at]).filter(|(_, counts)| *counts);
                let rows: Vec<Vec<Scalar>> = rows.map(|(values, _)| values.clone()).collect();
                let kinds: Vec<_> = exprs.iter().map(|expr| self.plan.exprs.ty(*expr).kind.clone()).collect();
                let name = self.catalog.reducer(*reducer).name;
                check(name, &rows)?;
                let value = reduce(name, &kinds, &rows);
                if matches!(frame, Frame::Group) {
                    wholes.insert(at, value.clone());
                }
                value
            }
        })
    }
}

fn arguments_of(arguments: &[(Vec<Scalar>, bool)]) -> impl Iterator<Item = &Scalar> {
    arguments.iter().flat_map(|(values, _)| values)
}

/// Whether two rows that follow each other in their group do so in every order that is wanted.
fn in_order(
    functions: &[WindowFunction],
    on: Option<&Ascending>,
    row: (usize, &Member),
    before: (usize, &Member),
) -> Result<(), RunError> {
    let sessions = functions.iter().enumerate().filter_map(|(at, function)| match &function.kind {
        WindowKind::Session { time, .. } => Some((time, &row.1.arguments[at].0[0], &before.1.arguments[at].0[0])),
        _ => None,
    });
    for (ascending, value, earlier) in sessions.chain(on.map(|on| (on, &row.1.on, &before.1.on))) {
        if sort_order(earlier, value, false).is_gt() {
            let fault = ascending.fault(row.0 as u64, value, before.0 as u64, earlier);
            let fault = RowFault::Expression { site: ascending.site, fault };
            return Err(RunError::Row(Arc::new(RowError { fault, place: None })));
        }
    }
    Ok(())
}

/// The rows of a frame; none where it is to be full and is not.
fn rows_of(frame: &Frame, group: &[&Member], place: usize) -> Option<Vec<usize>> {
    let all = 0..group.len();
    match frame {
        Frame::Group => Some(all.collect()),
        Frame::Rows { start, end, full } => {
            let seen = |row: usize| row as i128 - place as i128;
            let within = |row: &usize| {
                start.is_none_or(|start| seen(*row) >= start.into()) && end.is_none_or(|end| seen(*row) <= end.into())
            };
            let is_full = start.is_none_or(|start| seen(0) <= start.into())
                && end.is_none_or(|end| seen(group.len() - 1) >= end.into());
            (is_full || !full).then(|| all.filter(within).collect())
        }
        Frame::Range { start, end, full } => {
            let here = &group[place].on;
            let there = |row: usize, by: &Scalar| shifted(&group[row].on, here, by);
            let within = |row: &usize| {
                let peers = sort_order(&group[*row].on, here, false);
                // What has no distance from here comes behind all that has.
                start.as_ref().is_none_or(|by| there(*row, by).unwrap_or(peers).is_ge())
                    && end.as_ref().is_none_or(|by| there(*row, by).unwrap_or(peers).is_le())
            };
            let reaches = |by: &Option<Scalar>, beyond: fn(Ordering) -> bool| {
                by.as_ref().is_none_or(|by| all.clone().any(|row| there(row, by).is_some_and(beyond)))
            };
            let is_full = reaches(start, Ordering::is_le) && reaches(end, Ordering::is_ge);
            (is_full || !full).then(|| all.clone().filter(within).collect())
        }
    }
}

/// How a value compares with what lies `by` behind another one; none with null or NaN.
fn shifted(value: &Scalar, from: &Scalar, by: &Scalar) -> Option<Ordering> {
    match (value, from, by) {
        (Scalar::Float(value), Scalar::Float(from), Scalar::Float(by)) => value.partial_cmp(&(from + by)),
        _ => Some(whole(value)?.cmp(&(whole(from)? + whole(by)?))),
    }
}

/// A number, or a time in microseconds.
fn whole(value: &Scalar) -> Option<i128> {
    match value {
        Scalar::Int(value) | Scalar::DateTime(value) | Scalar::Duration(value) => Some(i128::from(*value)),
        Scalar::Date(day) => Some(i128::from(*day) * 86_400_000_000),
        _ => None,
    }
}
