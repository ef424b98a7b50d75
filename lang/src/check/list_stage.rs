//! Pipelines over a list that is a value: `(order.items | filter qty > 2 | map qty)`. The stages are the operations on
//! lists, with the item as the row in scope, and what comes out is a list again.

use super::expr::short_name;
use super::scope::{Row, Value};
use super::{Checker, errors};
use crate::ir::{ColumnId, Each, ExprId, OutputField, Shape};
use crate::source::Span;
use crate::stages;
use crate::syntax::ast::{self, Argument, ArgumentValue, ExprKind, Label, Name};
use crate::ty::Kind;
use std::rc::Rc;
use std::sync::Arc;

/// What the items of a list are to an expression over them.
#[derive(Clone, Copy)]
pub(super) enum ItemScope {
    /// The row that it sees; where the list stands.
    Row(Span),
    /// The parameter of a function that is given to this one.
    Lambda(&'static str),
}

impl<'a> Checker<'a> {
    /// Whether a stage over this value works on a list: on one that is computed, and inside of a stage on any.
    pub(super) fn is_list_source(&self, value: &Value<'a>) -> bool {
        match value {
            Value::Expr(id) => matches!(self.ty(*id).kind, Kind::List(_)),
            Value::List(_) | Value::Range(_) => self.rows_entered > 0,
            Value::Record(_) | Value::Stream(_) | Value::Lambda(_) | Value::Unknown => false,
        }
    }

    /// Whether a pipeline inside of a stage is run once and not for each row: its source is written down and has nothing
    /// of the row, and it has a stage that lists do not have.
    pub(super) fn runs_once(&self, source: &Value<'a>, stages: &[ast::Stage]) -> bool {
        let fits = |stage: &ast::Stage| {
            let is_keyed = stage.by.is_some() || stage.on.is_some();
            matches!(stage.name.as_slice(), [name] if is_of_lists(&name.text)) && !is_keyed
        };
        self.rows_entered > 0
            && matches!(source, Value::List(_) | Value::Range(_))
            && !self.mentions_row(source)
            && !stages.iter().all(fits)
    }

    /// Whether a pipeline outside of stages that starts with a list that is computed works on rows: where its result is
    /// shown, and where it has a stage that lists do not have.
    pub(super) fn is_of_rows(&self, source: ExprId, place: Span, stages: &[ast::Stage]) -> bool {
        let fits = |stage: &ast::Stage| match stage.name.as_slice() {
            _ if stage.by.is_some() || stage.on.is_some() => false,
            [name] => is_of_lists(&name.text) || self.catalog.reducer_named(&name.text).is_some(),
            _ => false,
        };
        self.rows_entered == 0
            && matches!(self.ty(source).kind, Kind::List(_))
            && (self.shown_source == Some(place) || !stages.iter().all(fits))
    }

    fn mentions_row(&self, value: &Value<'a>) -> bool {
        let mentions = |id: &ExprId| !self.plan.exprs.columns(*id).is_empty();
        match value {
            Value::Expr(id) => mentions(id),
            Value::List(items) => items.iter().any(|item| self.mentions_row(item)),
            Value::Record(fields) => fields.iter().any(|(_, value)| self.mentions_row(value)),
            Value::Range(range) => range.start.iter().chain(&range.end).any(mentions),
            Value::Stream(_) | Value::Lambda(_) | Value::Unknown => false,
        }
    }

    /// A stage over a list.
    pub(super) fn list_stage(&mut self, value: Value<'a>, span: Span, stage: &'a ast::Stage) -> Value<'a> {
        let [name] = stage.name.as_slice() else {
            return self.unknown(errors::not_yet(stage.span, "a stage of an imported module over a list"));
        };
        if stage.broken {
            return Value::Unknown;
        }
        if stage.by.is_some() || stage.on.is_some() {
            return self.unknown(errors::not_yet(stage.span, "`by` and `on` over a list"));
        }
        let Some(list) = self.as_scalar(value, span) else { return Value::Unknown };
        let outside = self.stage_name.replace(name.clone());
        let result = self.known_list_stage(name, (list, span), stage);
        self.stage_name = outside;
        let value = super::expr::or_unknown(result);
        self.note_list_stage(stage, list, &value);
        value
    }

    fn known_list_stage(
        &mut self,
        name: &'a Name,
        (list, from): (ExprId, Span),
        stage: &'a ast::Stage,
    ) -> Option<ExprId> {
        match &*name.text {
            "filter" | "take_while" | "skip_while" | "map" | "flat_map" => {
                let each = Each::ALL.into_iter().find(|each| each.name() == &*name.text)?;
                let argument = self.only_list_argument(name, stage)?;
                self.each(each, list, |c, item| c.item_body(each, (item, from), argument))
            }
            "sort" => {
                let keys = self.list_arguments(name, stage)?;
                self.sort_list(list, &keys, from)
            }
            "select" => self.each(Each::Map, list, |c, item| c.item_fields((item, from), stage, name, false)),
            "derive" => self.each(Each::Map, list, |c, item| c.item_fields((item, from), stage, name, true)),
            "take" | "skip" => {
                let argument = self.only_list_argument(name, stage)?;
                let count = self.scalar(argument)?;
                let function = self.catalog.functions_named(&name.text).first().copied();
                match (function, self.coerce(count, &Kind::Int)) {
                    (Some(function), Some(count)) => Some(self.call_expr(function, vec![list, count], stage.span)),
                    (None, _) => {
                        self.report(errors::not_yet(name.span, &format!("`{}` over a list", name.text)));
                        None
                    }
                    (_, None) => {
                        let found = self.ty(count).clone();
                        let who = format!("`{}`", name.text);
                        self.report(errors::wanted(argument.span, &who, &crate::ty::Type::INT, &found));
                        None
                    }
                }
            }
            "fold" | "scan" => {
                let (column, arguments) = self.state_list_arguments(name, stage)?;
                let states = self.fold_list(&name.text, list, &arguments, name.span)?;
                match column {
                    Some(column) => self.beside_items(list, states, column, stage.span),
                    None => Some(states),
                }
            }
            other => {
                if let Some(reducer) = self.catalog.reducer_named(other) {
                    return self.reducer_stage(reducer, (list, from), stage, name);
                }
                if self.is_stage(other) || self.function(other).is_some() {
                    self.report(errors::not_yet(name.span, &format!("`{other}` over a list")));
                } else {
                    self.unknown_stage(name, None);
                }
                None
            }
        }
    }

    /// The body of a stage with one argument.
    fn item_body(&mut self, each: Each, (item, from): (ColumnId, Span), argument: &'a ast::Expr) -> Option<ExprId> {
        let value = self.of_item(item, argument, ItemScope::Row(from));
        self.each_body(each, value, argument)
    }

    /// What an expression gives for an item.
    pub(super) fn of_item(&mut self, item: ColumnId, argument: &'a ast::Expr, scope: ItemScope) -> Value<'a> {
        match scope {
            ItemScope::Lambda(name) => {
                let value = Value::Expr(self.plan.column_expr(item));
                self.apply_to_item(name, argument, value)
            }
            ItemScope::Row(from) => {
                let row = self.item_row(item, from);
                self.in_row(&row, |c| match &argument.kind {
                    ExprKind::Lambda { parameters, body } => {
                        let value = c.row_value(&row);
                        c.apply_to_row(parameters, body, value, argument.span)
                    }
                    _ => c.value(argument),
                })
            }
        }
    }

    /// The record that `select` or `derive` makes of an item.
    fn item_fields(
        &mut self,
        (item, from): (ColumnId, Span),
        stage: &'a ast::Stage,
        name: &'a Name,
        keep: bool,
    ) -> Option<ExprId> {
        let row = self.item_row(item, from);
        let value = self.in_row(&row, |c| c.row_value(&row));
        let mut fields: Vec<(Arc<str>, Value<'a>)> = match value {
            _ if !keep => Vec::new(),
            Value::Record(fields) => fields.to_vec(),
            value => vec![("value".into(), value)],
        };
        let mut given: Vec<(Arc<str>, Span)> = Vec::new();
        let mut known = true;
        for argument in &stage.arguments {
            match self.in_row(&row, |c| c.named_field(name, argument)) {
                Some((new, span, _)) if let Some((_, other)) = given.iter().find(|(name, _)| *name == new) => {
                    self.report(errors::duplicate_column(span, &new, Some(*other)));
                    known = false;
                }
                Some((new, span, value)) => {
                    given.push((new.clone(), span));
                    put(&mut fields, new, value);
                }
                None => known = false,
            }
        }
        if !known {
            return None;
        }
        self.in_row(&row, |c| c.record_value(&fields, stage.span))
    }

    /// The items, each with the state behind it in a column: `scan name = init, …`.
    fn beside_items(&mut self, list: ExprId, states: ExprId, column: &'a Name, span: Span) -> Option<ExprId> {
        let Kind::List(item) = self.ty(list).kind.clone() else { return None };
        let Kind::List(state) = self.ty(states).kind.clone() else { return None };
        let zip = *self.catalog.functions_named("zip").first()?;
        let pairs = self.call_expr(zip, vec![list, states], span);
        self.each(Each::Map, pairs, |c, pair| {
            let pair = c.plan.column_expr(pair);
            let (item_value, state_value) = (c.field_expr(pair, 0, &item), c.field_expr(pair, 1, &state));
            let mut fields = match &item.kind {
                Kind::Record(schema) if !item.nullable => c.taken_apart(item_value, schema),
                _ => vec![("value".into(), Value::Expr(item_value))],
            };
            put(&mut fields, column.text.clone(), Value::Expr(state_value));
            c.record_value(&fields, span)
        })
    }

    /// One argument of `select` or `derive`: its name, where that stands, its value.
    fn named_field(&mut self, stage: &'a Name, argument: &'a Argument) -> Option<(Arc<str>, Span, Value<'a>)> {
        let error = match (&argument.label, &argument.value) {
            (Label::Column(name), ArgumentValue::Expr(expr)) => {
                return Some((name.text.clone(), name.span, self.value(expr)));
            }
            (Label::None, ArgumentValue::Expr(expr)) => match short_name(expr) {
                Some(name) => return Some((name, expr.span, self.value(expr))),
                None => errors::needs_name(expr.span, &format!("a column of `{}`", stage.text), None),
            },
            (Label::Option(name), _) => errors::unknown_option(name.span, &stage.text, &name.text, &[]),
            (Label::None | Label::Column(_), ArgumentValue::Type(_)) => errors::option_type(argument.span, &stage.text),
        };
        self.report(error);
        None
    }

    /// The item as a row: its fields if it is a record that is not null, else the value itself.
    fn item_row(&mut self, item: ColumnId, from: Span) -> Rc<Row> {
        let ty = self.plan.column(item).ty.clone();
        let Kind::Record(schema) = ty.kind.clone() else {
            return Rc::new(Row::new(vec![OutputField { name: "value".into(), column: item }], Shape::Values, from));
        };
        if ty.nullable {
            return Rc::new(Row::new(vec![OutputField { name: "value".into(), column: item }], Shape::Values, from));
        }
        let mut fields = Vec::new();
        for (at, field) in schema.fields.iter().enumerate() {
            // It stands for the field: no expression ever names it.
            let column = self.add_column(&field.name, field.ty.clone(), None);
            self.item_fields.insert(column, (item, at));
            fields.push(OutputField { name: field.name.clone(), column });
        }
        Rc::new(Row::new(fields, Shape::Table, from))
    }

    fn only_list_argument(&mut self, name: &Name, stage: &'a ast::Stage) -> Option<&'a ast::Expr> {
        match self.list_arguments(name, stage)?.as_slice() {
            [one] => Some(one),
            other => {
                let span = other.get(1).map_or(stage.span, |second| second.span);
                self.report(errors::stage_arguments(span, &name.text, &format!("{} …", name.text), other.len()));
                None
            }
        }
    }

    /// The arguments of `fold` or `scan`, and the column that is to hold the states, if it has a name.
    fn state_list_arguments(
        &mut self,
        name: &Name,
        stage: &'a ast::Stage,
    ) -> Option<(Option<&'a Name>, Vec<&'a ast::Expr>)> {
        if let ("scan", [first, others @ ..]) = (&*name.text, stage.arguments.as_slice())
            && let (Label::Column(column), ArgumentValue::Expr(init)) = (&first.label, &first.value)
        {
            let mut arguments = vec![init];
            arguments.extend(self.unlabelled(name, others)?);
            return Some((Some(column), arguments));
        }
        Some((None, self.list_arguments(name, stage)?))
    }

    fn list_arguments(&mut self, name: &Name, stage: &'a ast::Stage) -> Option<Vec<&'a ast::Expr>> {
        self.unlabelled(name, &stage.arguments)
    }

    fn unlabelled(&mut self, name: &Name, given: &'a [Argument]) -> Option<Vec<&'a ast::Expr>> {
        let mut arguments = Vec::new();
        for argument in given {
            match (&argument.label, &argument.value) {
                (Label::None, ArgumentValue::Expr(expr)) => arguments.push(expr),
                (Label::Column(column), _) => {
                    self.report(errors::names_nothing(&name.text, column.span));
                    return None;
                }
                (Label::Option(option), _) => {
                    self.report(errors::unknown_option(option.span, &name.text, &option.text, &[]));
                    return None;
                }
                (Label::None, ArgumentValue::Type(_)) => {
                    self.report(errors::option_type(argument.span, &name.text));
                    return None;
                }
            }
        }
        Some(arguments)
    }
}

/// Puts a field in the place of that of its name, or at the end.
fn put<'a>(fields: &mut Vec<(Arc<str>, Value<'a>)>, name: Arc<str>, value: Value<'a>) {
    match fields.iter_mut().find(|field| field.0 == name) {
        Some(field) => field.1 = value,
        None => fields.push((name, value)),
    }
}

/// Whether lists have the stage of that name, too.
fn is_of_lists(stage: &str) -> bool {
    stages::named(stage).is_some_and(|def| def.of_lists)
}
