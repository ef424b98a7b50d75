//! Stages that make rows of other columns, one row at a time: `select derive drop rename map`. All of them are `Map`s,
//! and all their arguments see the row that came in.

use super::cols::cols_call;
use super::expr::short_name;
use super::foreign::record_as_arguments;
use super::scope::{Row, Stream, Value};
use super::stage::{StageCall, row_after};
use super::{Checker, errors};
use crate::diagnostic::Diagnostic;
use crate::ir::{ColumnId, Expr, ExprId, Fields, OutputField, Shape, Stage};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, ArgumentValue, ExprKind, Label};
use crate::ty::{Kind, Type};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// The columns of a `Map` while they are gathered.
#[derive(Default)]
pub(super) struct Projection {
    fields: Fields,
    definitions: Vec<(ColumnId, ExprId)>,
    /// The names given by this stage and where, to find one that is given twice.
    given: HashMap<Arc<str>, Span>,
    /// Whether a column has no name: then it may be any that is used behind this stage.
    lacks_name: bool,
}

impl Projection {
    /// The columns of a row, to which others are added.
    pub fn over(row: &Row) -> Projection {
        Projection { fields: row.fields.clone(), ..Projection::default() }
    }

    /// Whether all its columns are there already.
    pub fn defines_nothing(&self) -> bool {
        self.definitions.is_empty()
    }
}

/// `derive name = value`: adds columns; one that is there is redefined in its place.
pub(super) fn derive<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let mut projection = Projection::over(&input.row);
    if call.stage.arguments.is_empty() {
        checker.report(errors::stage_arguments(call.span(), "derive", call.def.signature, 0));
    }
    checker.each_argument(call, &input.row, |c, argument| c.project(call, argument, &mut projection, true));
    Some(checker.map_stage(call, input, projection, Shape::Table, None))
}

/// `select column, name = value`: these and no others.
pub(super) fn select<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let mut projection = Projection::default();
    if call.stage.arguments.is_empty() {
        checker.report(errors::stage_arguments(call.span(), "select", call.def.signature, 0));
        return None;
    }
    checker.each_argument(call, &input.row, |c, argument| c.project(call, argument, &mut projection, false));
    let add_at = Some((call.span().at_end(), ", "));
    let rows = checker.map_stage(call, input, projection, Shape::Table, add_at);
    checker.chosen.insert(rows.node);
    Some(rows)
}

/// `drop column`
pub(super) fn drop<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let mut projection = Projection::over(&input.row);
    for column in checker.positional(call)? {
        if let Some(arguments) = cols_call(column) {
            let chosen = checker.columns_called(&input.row, arguments, column.span);
            projection.fields.retain(|field| !chosen.contains(field));
        } else if let Some(name) = checker.column_name(&input.row, column) {
            projection.fields.retain(|field| field.name != name);
        }
    }
    Some(checker.map_stage(call, input, projection, Shape::Table, None))
}

/// `rename new = old`: the same columns under other names, in their places.
pub(super) fn rename<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let mut fields: Vec<OutputField> = input.row.fields.iter().cloned().collect();
    let mut renamed: Vec<(Arc<str>, Arc<str>)> = Vec::new();
    let mut known = input.row.known;
    for argument in &call.stage.arguments {
        let (Label::Column(new), ArgumentValue::Expr(old)) = (&argument.label, &argument.value) else {
            checker.report(errors::stage_arguments(argument.span, "rename", call.def.signature, 0));
            continue;
        };
        if let Some(turned) = turned(&input.row, new, old) {
            // Behind this stage the columns are as they are meant to be.
            let place = input.row.fields.iter().position(|field| field.name == new.text);
            place.into_iter().for_each(|place| fields[place].name = turned.clone());
            renamed.push((new.text.clone(), turned.clone()));
            checker.report(errors::rename_turned(old.span, (new, &turned), new.span.to(old.span), input.row.from));
            continue;
        }
        let Some(name) = checker.column_name(&input.row, old) else {
            known = false;
            continue;
        };
        let place = input.row.fields.iter().position(|field| field.name == name);
        if let Some(place) = place {
            fields[place].name = new.text.clone();
            renamed.push((name, new.text.clone()));
        }
    }
    let names = || {
        call.stage.arguments.iter().filter_map(|argument| match &argument.label {
            Label::Column(name) => Some(name),
            Label::Option(_) | Label::None => None,
        })
    };
    for (at, new) in names().enumerate() {
        let is_last = names().skip(at + 1).all(|other| other.text != new.text);
        let mut same = fields.iter().zip(input.row.fields.iter()).filter(|(field, _)| field.name == new.text);
        if is_last && same.clone().count() > 1 {
            let renamed = names().take(at).find(|other| other.text == new.text).map(|other| other.span);
            let kept = same.find(|(field, before)| field.name == before.name);
            let place = renamed.or_else(|| checker.place_of(kept?.0.column));
            let other = place.unwrap_or(input.row.from);
            checker.report(errors::duplicate_column(new.span, &new.text, Some(other)));
        }
    }
    let narrowed = input.row.narrowed.clone();
    let row = row_after(&input.row, fields, Shape::Table, call, None, &renamed);
    let row = Row { known, narrowed, from: input.row.from, ..row };
    let stage = Stage::Map { input: input.node, definitions: Vec::new() };
    Some(checker.other_rows(stage, call.span(), row, input.endless))
}

/// The name that `rename old = new` gives to the column that stands before its `=`, none behind it being known.
fn turned(row: &Row, before: &ast::Name, behind: &ast::Expr) -> Option<Arc<str>> {
    let ExprKind::Name(behind) = &behind.kind else { return None };
    let unknown = row.known && row.field(behind).is_none() && row.gone(behind).is_none();
    (unknown && row.field(&before.text).is_some()).then(|| behind.clone())
}

/// `map value`: single values; `map {…}`, and of values that are records: rows.
pub(super) fn map<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let argument = checker.only_argument(call)?;
    let value = checker.in_row(&input.row, |c| match &argument.kind {
        ExprKind::Lambda { parameters, body } => {
            let row = c.row_value(&input.row);
            c.apply_to_row(parameters, body, row, argument.span)
        }
        _ => c.value(argument),
    });
    let mut projection = Projection::default();
    let shape = match value {
        Value::Unknown => return None,
        Value::Record(fields) => {
            for (name, value) in fields.iter() {
                let id = checker.in_row(&input.row, |c| c.as_scalar(value.clone(), argument.span));
                checker.place(&mut projection, name, argument.span, id);
            }
            Shape::Table
        }
        other => {
            let id = checker.in_row(&input.row, |c| c.as_scalar(other, argument.span))?;
            checker.place(&mut projection, &"value".into(), argument.span, Some(id));
            Shape::Values
        }
    };
    let rows = checker.map_stage(call, input, projection, shape, None);
    checker.chosen.insert(rows.node);
    Some(checker.fields_as_columns(rows, call.span()))
}

impl<'a> Checker<'a> {
    /// One argument of `select`, `derive` or `window`.
    pub(super) fn project(
        &mut self,
        call: &StageCall<'a>,
        argument: &'a Argument,
        projection: &mut Projection,
        replace: bool,
    ) {
        let expr = match (&argument.label, &argument.value) {
            (Label::None | Label::Column(_), ArgumentValue::Expr(expr)) => expr,
            (label, _) => return self.labelled(call, label, argument),
        };
        if let Some((name, error)) = self.one_of_several_names(call, argument).filter(|_| replace) {
            error.into_iter().for_each(|error| self.report(error));
            return self.place(projection, name, expr.span, None);
        }
        let name = match &argument.label {
            Label::Column(name) => (name.text.clone(), name.span),
            Label::None | Label::Option(_) => match (short_name(expr).or_else(|| self.result_name(expr)), &expr.kind) {
                (Some(name), _) => (name, expr.span),
                (None, ExprKind::It) => return self.project_row(projection, expr.span),
                (None, _) if !replace && let Some(arguments) = cols_call(expr) => {
                    return self.project_columns(projection, arguments, expr.span);
                }
                (None, _) if let Some(error) = self.quoted_column(expr) => {
                    self.report(error);
                    projection.lacks_name = true;
                    return;
                }
                (None, _) if let Some(edits) = record_as_arguments(expr) => {
                    self.report(errors::record_of_arguments(expr.span, call.def.name, edits));
                    projection.lacks_name = true;
                    return;
                }
                (None, _) => {
                    let before = self.diagnostics.len();
                    let value = self.value(expr);
                    projection.lacks_name = true;
                    // What stands in place of all of it has a name.
                    if self.diagnostics[before..].iter().any(|told| told.edits.iter().any(|e| e.span == expr.span)) {
                        return;
                    }
                    let is_condition = matches!(value, Value::Expr(id) if self.ty(id).kind == Kind::Bool);
                    let alone = call.def.name == "select" && call.stage.arguments.len() == 1;
                    self.report(match call.stage.name.last().filter(|_| alone && is_condition) {
                        Some(name) => errors::select_condition(expr.span, name.span),
                        None => errors::needs_name(expr.span, &format!("a column of `{}`", call.def.name), None),
                    });
                    return;
                }
            },
        };
        match projection.given.get(&name.0) {
            Some(other) => self.report(errors::duplicate_column(name.1, &name.0, Some(*other))),
            None => {
                projection.given.insert(name.0.clone(), name.1);
            }
        }
        let value = self.value(expr);
        let id = self.as_scalar(value, expr.span);
        self.place(projection, &name.0, name.1, id);
    }

    /// The name of an argument that stands before `=` beside others: `derive a, b = pair`; the first is told.
    fn one_of_several_names(
        &mut self,
        call: &StageCall<'a>,
        argument: &'a Argument,
    ) -> Option<(&'a Arc<str>, Option<Diagnostic>)> {
        let row = self.scopes.row(self.scope).filter(|row| row.known)?;
        let new = |argument: &'a Argument| match (&argument.label, argument.expr().map(|expr| &expr.kind)) {
            (Label::None, Some(ExprKind::Name(name))) if row.field(name).is_none() => Some(name),
            _ => None,
        };
        let name = new(argument)?;
        let arguments = &call.stage.arguments;
        let at = arguments.iter().position(|other| std::ptr::eq(other, argument))?;
        let more: Vec<&Arc<str>> = arguments[at..].iter().map_while(new).collect();
        let (Label::Column(last), Some(value)) =
            (&arguments.get(at + more.len())?.label, arguments[at + more.len()].expr())
        else {
            return None;
        };
        if at > 0 && new(&arguments[at - 1]).is_some() {
            return Some((name, None));
        }
        let said = self.diagnostics.len();
        let found = self.value(value);
        self.diagnostics.truncate(said);
        let is_list = matches!(&found, Value::Expr(id) if matches!(self.ty(*id).kind, Kind::List(_)));
        let names: Vec<&str> = more.iter().map(|name| &***name).chain([&*last.text]).collect();
        let place = argument.span.to(last.span);
        Some((name, Some(errors::several_names(place, &names, value, is_list))))
    }

    /// `select it`: all columns.
    fn project_row(&mut self, projection: &mut Projection, span: Span) {
        let Some(row) = self.scopes.row(self.scope) else { return };
        for field in row.fields.iter() {
            match projection.given.get(&field.name) {
                None => {
                    projection.given.insert(field.name.clone(), span);
                    projection.fields.push(field.clone());
                }
                Some(other) => self.report(errors::duplicate_column(span, &field.name, Some(*other))),
            }
        }
    }

    /// `select cols(float)`: those of them that are not there yet.
    fn project_columns(&mut self, projection: &mut Projection, arguments: &'a [Argument], span: Span) {
        let Some(row) = self.scopes.row(self.scope) else { return };
        let fields = self.columns_called(&row, arguments, span);
        projection.lacks_name |= fields.is_empty();
        for field in fields {
            if !projection.fields.iter().any(|known| known.name == field.name) {
                projection.fields.push(field);
            }
        }
    }

    /// Puts a column into a projection: where one of that name stands, else at the end. A plain column is kept as it
    /// is unless it is there already; what is unknown becomes a column of unknown type, so that its name is known.
    fn place(&mut self, projection: &mut Projection, name: &Arc<str>, span: Span, id: Option<ExprId>) {
        let column = match id.and_then(|id| self.plain_column(id)) {
            Some(column) if projection.fields.named(name).is_some_and(|field| field.column == column) => return,
            Some(column) if !projection.fields.contains(column) => column,
            Some(_) | None => {
                let ty = id.map_or(Type::UNKNOWN, |id| self.ty(id).clone());
                let origin = Some((span, format!("`{name}` is {ty}, defined here")));
                match id {
                    Some(id) => {
                        let column = self.define(name, id, origin);
                        projection.definitions.push((column, id));
                        column
                    }
                    None => self.add_column(name, ty, origin),
                }
            }
        };
        projection.fields.put(OutputField { name: name.clone(), column });
    }

    /// The column that an expression is; that it is known not to be null is known of the row as well.
    fn plain_column(&self, id: ExprId) -> Option<ColumnId> {
        match self.plan.exprs.get(id) {
            Expr::Column(column) => Some(*column),
            Expr::NonNull(inner) => match self.plan.exprs.get(*inner) {
                Expr::Column(column) => Some(*column),
                _ => None,
            },
            _ => None,
        }
    }

    /// The name of a column that must be there.
    fn column_name(&mut self, row: &Rc<Row>, expr: &'a ast::Expr) -> Option<Arc<str>> {
        let name = match &expr.kind {
            ExprKind::Name(name) => name.clone(),
            ExprKind::Field { record, name, .. } if matches!(record.kind, ExprKind::It) => name.text.clone(),
            ExprKind::Call { .. } => {
                self.in_row(row, |c| c.value(expr));
                return None;
            }
            ExprKind::Error => return None,
            _ => {
                let quoted = self.in_row(row, |c| c.quoted_column(expr));
                self.report(quoted.unwrap_or_else(|| errors::wants_column(expr.span)));
                return None;
            }
        };
        if !row.known {
            return None;
        }
        if row.field(&name).is_none() {
            let error = self.no_such_column(row, &name, expr.span);
            self.report(error);
            return None;
        }
        Some(name)
    }

    /// Adds a `Map`. Its rows are known if those that came in were.
    pub(super) fn map_stage(
        &mut self,
        call: &StageCall<'a>,
        input: Stream,
        mut projection: Projection,
        shape: Shape,
        add_at: Option<(Span, &'static str)>,
    ) -> Stream {
        let definitions = std::mem::take(&mut projection.definitions);
        let row = projected(call, &input, projection, shape, add_at);
        self.other_rows(Stage::Map { input: input.node, definitions }, call.span(), row, input.endless)
    }

    /// Whether a value can be a key of a group.
    pub(super) fn is_key(&self, id: ExprId) -> bool {
        let kind = &self.ty(id).kind;
        super::operators::is_ordered(kind) || *kind == Kind::Null
    }
}

/// The rows of a projection of some rows.
pub(super) fn projected(
    call: &StageCall,
    input: &Stream,
    projection: Projection,
    shape: Shape,
    add_at: Option<(Span, &'static str)>,
) -> Row {
    let (narrowed, known) = (input.row.narrowed.clone(), input.row.known && !projection.lacks_name);
    let mut row = row_after(&input.row, projection.fields, shape, call, add_at, &[]);
    if matches!(call.def.name, "derive" | "window") {
        // The columns are still those of what stands before it; a derived one says itself where it is from.
        row.from = input.row.from;
    }
    Row { known, narrowed, ..row }
}
