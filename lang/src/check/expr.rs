//! Expressions, operators and calls aside: literals, names, records, lists, fields and `if`.

use super::scope::{Found, Gone, RangeValue, Row, Stream, Value};
use super::source::LINES;
use super::{Checker, errors};
use crate::catalog::STDIN;
use crate::diagnostic::did_you_mean;
use crate::ir::{ColumnId, Expr, ExprId, NodeId, OutputField, Shape, Subquery, Supply, Table, TableOrigin};
use crate::scalar::Scalar;
use crate::source::Span;
use crate::syntax::ast::{self, Block, ExprKind};
use crate::ty::{Field, Kind, Schema, Type, snake_case, spell};
use std::rc::Rc;
use std::sync::Arc;

/// How many values of streams the stages of a script may mention.
const MOST_SUBQUERIES: usize = 256;

impl<'a> Checker<'a> {
    /// Whatever an expression is.
    pub(super) fn value(&mut self, expr: &'a ast::Expr) -> Value<'a> {
        let value = self.deeper(expr.span, |c| c.value_of(expr)).unwrap_or(Value::Unknown);
        self.note(expr.span, &value);
        value
    }

    fn value_of(&mut self, expr: &'a ast::Expr) -> Value<'a> {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Int(value) => Value::Expr(self.int(*value)),
            ExprKind::Float(value, _) => Value::Expr(self.float(*value)),
            ExprKind::Bool(value) => Value::Expr(self.bool(*value)),
            ExprKind::Null => Value::Expr(self.constant(Scalar::Null)),
            ExprKind::String(text) | ExprKind::RawString(text) => {
                Value::Expr(self.constant(Scalar::String(text.clone())))
            }
            ExprKind::Date(days) => Value::Expr(self.constant(Scalar::Date(*days))),
            ExprKind::DateTime(time) => Value::Expr(self.constant(Scalar::DateTime(*time))),
            ExprKind::Duration(length) => Value::Expr(self.constant(Scalar::Duration(*length))),
            ExprKind::Name(name) => self.name(name, span),
            ExprKind::It => self.it(span),
            ExprKind::List(items) => {
                self.lists.insert(span, items);
                let list = Value::List(Rc::new(items.iter().map(|item| self.value(item)).collect()));
                self.unless_too_large(list, span)
            }
            ExprKind::Record(items) => {
                let record = self.record(items);
                self.unless_too_large(record, span)
            }
            ExprKind::Parenthesized(inner) => self.value(inner),
            ExprKind::Unary(op, inner) => or_unknown(self.unary(*op, inner, span)),
            ExprKind::Binary(..) => or_unknown(self.binary(expr)),
            ExprKind::Range { start, end, inclusive } => {
                let mut end_of = |bound: &'a Option<Box<ast::Expr>>| match bound {
                    Some(bound) => self.scalar(bound).map(Some),
                    None => Some(None),
                };
                match (end_of(start), end_of(end)) {
                    (Some(start), Some(end)) => Value::Range(RangeValue { start, end, inclusive: *inclusive }),
                    (None, _) | (_, None) => Value::Unknown,
                }
            }
            ExprKind::Call { function, arguments } => self.call(function, None, arguments, span),
            ExprKind::Method { receiver, function, arguments, null_safe } => {
                self.call(function, Some((receiver, *null_safe)), arguments, span)
            }
            ExprKind::Field { record, name, null_safe } => self.field(record, name, *null_safe),
            ExprKind::If { condition, then, otherwise } => self.if_value(condition, then, otherwise.as_ref(), span),
            ExprKind::Pipeline { source, stages } => self.pipeline(source, stages),
            ExprKind::Lambda { .. } => self.unknown(errors::lambda_as_value(span)),
            ExprKind::Map(entries) => or_unknown(self.map_value(entries, span)),
            ExprKind::Index { value, index, null_safe } => or_unknown(self.index(value, index, *null_safe, span)),
            ExprKind::Interpolated(fragments) => or_unknown(self.interpolated(fragments, span)),
            ExprKind::Path(path) => self.value_of_module(path),
            ExprKind::Match { subject, arms } => self.match_value(subject, arms, span),
            ExprKind::Error => Value::Unknown,
        }
    }

    /// Reports, and knows nothing.
    pub(super) fn unknown(&mut self, diagnostic: crate::diagnostic::Diagnostic) -> Value<'a> {
        self.report(diagnostic);
        Value::Unknown
    }

    /// An expression where a single value is wanted.
    pub(super) fn scalar(&mut self, expr: &'a ast::Expr) -> Option<ExprId> {
        let value = self.value(expr);
        self.as_scalar(value, expr.span)
    }

    /// A value that must be a single one.
    pub(super) fn as_scalar(&mut self, value: Value<'a>, span: Span) -> Option<ExprId> {
        let error = match value {
            Value::Expr(id) => return (!self.ty(id).is_unknown()).then_some(id),
            Value::Unknown => return None,
            Value::Stream(stream) if stream.row.shape == Shape::Scalar => {
                let id = self.value_of_stream(&stream, span)?;
                return Some(self.mention(id));
            }
            Value::Stream(stream) if !stream.row.known => return None,
            Value::Stream(_) => errors::not_single(span, "a stream"),
            Value::Record(fields) => return self.record_value(&fields, span),
            Value::List(items) => return self.list_value(&items, span),
            Value::Range(range) => return self.range_value(range, span),
            Value::Lambda(_) => errors::lambda_as_value(span),
        };
        self.report(error);
        None
    }

    /// A value whose parts are wanted: that of a stream that has one is a single value.
    pub(super) fn with_parts(&mut self, value: Value<'a>, span: Span) -> Value<'a> {
        match value {
            Value::Stream(stream) if stream.row.shape == Shape::Scalar => {
                or_unknown(self.as_scalar(Value::Stream(stream), span))
            }
            other => other,
        }
    }

    /// The value of a stream that has one, in an expression over it: `(xs | sum x) / 2`. Outside of stages the expression
    /// is computed behind that stream; inside one, and for a second such stream, the value is run once before.
    fn value_of_stream(&mut self, stream: &Stream, span: Span) -> Option<ExprId> {
        if self.rows_entered > 0 || self.base.is_some_and(|base| base != stream.node) {
            return self.subquery(stream, span);
        }
        self.base = Some(stream.node);
        let field = stream.row.fields.first()?;
        let column = field.column;
        let known = !self.plan.column(column).ty.is_unknown();
        known.then(|| self.plan.column_expr(column))
    }

    /// The value of a stream, run once.
    fn subquery(&mut self, stream: &Stream, span: Span) -> Option<ExprId> {
        let field = stream.row.fields.first()?;
        let (name, ty) = (field.name.clone(), self.plan.column(field.column).ty.clone());
        if ty.is_unknown() {
            return None;
        }
        if let Some(known) = self.plan.subqueries.iter().find(|subquery| subquery.node == stream.node) {
            return Some(self.value_of_subquery(known.column, ty));
        }
        if self.plan.subqueries.len() >= MOST_SUBQUERIES {
            self.exhaust(errors::too_many_subqueries(span, MOST_SUBQUERIES));
            return None;
        }
        if self.looks_outside(stream.node) {
            self.report(errors::not_yet(span, "a stream inside a stage that looks at the row of the stage"));
            return None;
        }
        let mut plan = self.plan.clone();
        let (node, shape) = (stream.node, Shape::Scalar);
        plan.statements = vec![crate::ir::Statement { node, shape, target: None, pivot: None, span }];
        let column = self.add_column(&name, ty.clone(), Some((span, "this value is computed once".into())));
        self.plan.subqueries.push(Subquery { column, node: stream.node, plan: Arc::new(plan) });
        Some(self.value_of_subquery(column, ty))
    }

    /// The value, as what no stage takes for a column of its rows.
    fn value_of_subquery(&mut self, column: ColumnId, ty: Type) -> ExprId {
        let value = self.plan.column_expr(column);
        self.add(Expr::Widen(value), ty)
    }

    /// Whether a stage of a stream mentions a column that its own rows do not have.
    pub(super) fn looks_outside(&self, node: NodeId) -> bool {
        for id in self.plan.stages_of(node) {
            let mut stage = self.plan.node(id).stage.clone();
            let input = self.plan.fields_of(stage.input());
            let own = |column: &ColumnId| {
                input.contains(*column) || self.plan.subqueries.iter().any(|subquery| subquery.column == *column)
            };
            let (state, mut outside) = (stage.state(), false);
            stage.for_each_expr(|expr| {
                let mut columns = self.plan.exprs.columns(*expr).into_iter();
                outside |= columns.any(|column| Some(column) != state && !own(&column));
            });
            if outside {
                return true;
            }
        }
        false
    }

    /// A name: inner, column, or outer.
    fn name(&mut self, name: &Arc<str>, span: Span) -> Value<'a> {
        self.note_operand(span);
        if let Some(key) = self.aggregation.as_ref().and_then(|aggregation| aggregation.key(name)) {
            return Value::Expr(self.plan.column_expr(key));
        }
        match self.scopes.look_up(self.scope, name) {
            Found::Binding(Value::Expr(id)) => Value::Expr(self.mention(id)),
            Found::Binding(value) => value,
            Found::Column(field) if self.in_groups() => self.unknown(errors::plain_column(span, &field.name)),
            Found::Column(_) if self.sources.constant(name).is_some() => {
                self.unknown(errors::column_and_constant(span, name))
            }
            Found::Column(field) => self.column(&field),
            Found::Both(outer) => self.unknown(errors::column_and_binding(span, name, outer)),
            Found::Nothing(row) => match (self.sources.constant(name), self.bound_table(name, span)) {
                (Some((value, ty)), _) => Value::Expr(self.plan.exprs.literal(value, ty)),
                (None, Some(stream)) => Value::Stream(stream),
                (None, None) => self.no_such_name(name, span, row),
            },
        }
    }

    /// Whether what is in view is a group, which has many values of a column.
    fn in_groups(&self) -> bool {
        self.aggregation.as_ref().is_some_and(|aggregation| aggregation.window.is_none())
    }

    /// Says that there is no such column or name, unless nothing is known.
    fn no_such_name(&mut self, name: &Arc<str>, span: Span, row: Option<Rc<Row>>) -> Value<'a> {
        let error = match row {
            Some(row) if !row.known || self.is_misspelt_before(&row, name) => return Value::Unknown,
            Some(row) => self.no_such_column(&row, name, span),
            None if &**name == STDIN => return self.stdin(span),
            None => {
                let (bound, tables) = (self.scopes.names(self.scope), self.sources.bound_names());
                let near = did_you_mean(name, bound.iter().chain(&tables).map(|name| &**name));
                let is_function = !self.catalog.functions_named(name).is_empty();
                errors::unknown_name(span, name, &near, is_function)
            }
        };
        self.unknown(error)
    }

    /// Whether the stage that left a column out has one instead that nobody knows and whose name is nearly the same: that was told
    /// there, and what it meant would be here.
    fn is_misspelt_before(&self, row: &Row, name: &str) -> bool {
        let is_meant = |gone: &Gone, other: &OutputField| {
            self.plan.column(other.column).ty.kind == Kind::Unknown
                && gone.before.field(&other.name).is_none()
                && !did_you_mean(&other.name, [name]).is_empty()
        };
        row.gone(name).is_some_and(|gone| gone.kept.iter().any(|other| is_meant(gone, other)))
    }

    /// Why a row has no column of that name.
    pub(super) fn no_such_column(&self, row: &Row, name: &Arc<str>, span: Span) -> crate::diagnostic::Diagnostic {
        if let Some(error) = self.made_here(row, name, span).or_else(|| self.several_words(row, span)) {
            return error;
        }
        if let Some(gone) = row.gone(name) {
            return errors::column_gone(span, name, gone);
        }
        if row.names().next().is_none() {
            return self.no_columns(row, name, span);
        }
        let plain = |text: &str| text.trim().trim_start_matches('\u{feff}').to_lowercase();
        let is_snake = |known: &str| snake_case(known) == **name && spell(known) != *known;
        let surprising = |known: &&str| plain(known) == plain(name) && known.trim() != *known || is_snake(known);
        if let Some(known) = row.names().find(surprising) {
            let read = self.read_of(known).filter(|_| is_snake(known));
            return errors::header_surprise(span, name, known, row.from, read);
        }
        let outer = self.scopes.names(self.scope);
        let near = did_you_mean(name, row.names().chain(outer.iter().map(|name| &**name)));
        let columns: Vec<&str> = row.names().collect();
        errors::unknown_column(span, name, &columns, row.from, &near)
    }

    /// Why the values of a stream are no columns.
    fn no_columns(&self, row: &Row, name: &str, span: Span) -> crate::diagnostic::Diagnostic {
        let field = row.fields.first().map(|field| &self.plan.column(field.column).ty.kind);
        if let Some(Kind::Record(schema)) = field
            && schema.position(name).is_some()
        {
            return errors::no_columns_of_null(span, &spell(name), row.from);
        }
        let is_source = |table: &&Table| table.span == row.from;
        match self.plan.tables.iter().find(is_source).map(|table| &table.origin) {
            Some(TableOrigin::File { path, format, supply, .. })
                if &**format == LINES && matches!(supply, Supply::Stdin | Supply::Stream) =>
            {
                let source = if *supply == Supply::Stdin { path.to_string() } else { format!("{path:?}") };
                errors::no_columns_in_lines(span, row.from, &source)
            }
            _ => errors::no_columns(span, name, row.from, field),
        }
    }

    /// The path of the file that a column of that name is from, if its names could be spelled otherwise.
    fn read_of(&self, column: &str) -> Option<&str> {
        let names = |format: &str| {
            let def = self.catalog.formats().iter().find(|def| def.name == format);
            def.is_some_and(|def| def.options.iter().any(|option| option.name == "names"))
        };
        self.plan.tables.iter().find_map(|table| match &table.origin {
            TableOrigin::File { path, format, options, .. } => {
                let is_free = names(format) && options.iter().all(|(name, _)| &**name != "names");
                (is_free && table.schema.position(column).is_some()).then_some(&**path)
            }
            TableOrigin::Bound(_) => None,
        })
    }

    /// A column of the row, unless its type is unknown.
    pub(super) fn column(&mut self, field: &OutputField) -> Value<'a> {
        if let Some(error) = self.foreign_column(field) {
            return self.unknown(error);
        }
        if let Some((item, at)) = self.item_fields.get(&field.column).copied() {
            let (item, ty) = (self.plan.column_expr(item), self.plan.column(field.column).ty.clone());
            return Value::Expr(self.field_expr(item, at, &ty));
        }
        if self.plan.column(field.column).ty.is_unknown() {
            return Value::Unknown;
        }
        let id = self.plan.column_expr(field.column);
        Value::Expr(self.mention(id))
    }

    /// `it`: the row, or the element of a stream of single values.
    fn it(&mut self, span: Span) -> Value<'a> {
        let Some(row) = self.scopes.row(self.scope) else {
            return self.unknown(errors::it_outside(span));
        };
        if self.in_groups() && row.known {
            return self.unknown(errors::plain_column(span, "it"));
        }
        self.row_value(&row)
    }

    /// The row as a value.
    pub(super) fn row_value(&mut self, row: &Row) -> Value<'a> {
        match row.shape {
            _ if !row.known => Value::Unknown,
            Shape::Values | Shape::Scalar => match row.fields.first() {
                Some(field) => self.column(field),
                None => Value::Unknown,
            },
            Shape::Table => {
                // Also what the code in view does not see by name: it passes through.
                Value::Record(Rc::new(row.fields.iter().map(|f| (f.name.clone(), self.column(f))).collect()))
            }
        }
    }

    /// `a.b`
    fn field(&mut self, record: &'a ast::Expr, name: &'a ast::Name, null_safe: bool) -> Value<'a> {
        self.note_member(record, name.span);
        // `it.b` names a column, so a mistake in it is told with what is known of columns.
        let row = match (&record.kind, self.in_groups()) {
            (ExprKind::It, false) => self.scopes.row(self.scope),
            _ => None,
        };
        if let Some(row) = row.filter(|row| row.known && row.shape == Shape::Table) {
            return match row.field(&name.text) {
                Some(field) => self.column(field),
                None => {
                    let error = self.no_such_column(&row, &name.text, name.span);
                    self.unknown(error)
                }
            };
        }
        if let Some(error) = self.qualified_column(record, name) {
            return self.unknown(error);
        }
        let value = self.value(record);
        match self.with_parts(value, record.span) {
            Value::Record(fields) => match fields.iter().find(|field| field.0 == name.text) {
                Some((_, Value::Expr(id))) => Value::Expr(self.mention(*id)),
                Some((_, value)) => value.clone(),
                None => {
                    let names: Vec<&str> = fields.iter().map(|field| &*field.0).collect();
                    let near = did_you_mean(&name.text, names.iter().copied());
                    self.unknown(errors::unknown_column(name.span, &name.text, &names, record.span, &near))
                }
            },
            Value::Unknown => Value::Unknown,
            Value::Expr(id) => self.field_of(id, record, name, null_safe),
            Value::Stream(stream) if !stream.row.known => Value::Unknown,
            Value::List(_) => {
                let error = self.field_of_list(name, record);
                self.unknown(error)
            }
            Value::Stream(_) => {
                let error = self.field_of_rows(record, name);
                self.unknown(error)
            }
            Value::Range(_) | Value::Lambda(_) => {
                self.unknown(errors::no_record(record.span, &format!("`.{}`", name.text), &Type::UNKNOWN))
            }
        }
    }

    /// `if c { a } else { b }`; of records field by field.
    fn if_value(
        &mut self,
        condition: &'a ast::Expr,
        then: &'a Block,
        otherwise: Option<&'a Block>,
        span: Span,
    ) -> Value<'a> {
        let test = self.condition(condition, "if");
        let (holds, fails) = match test {
            Some(test) => (self.facts(test, true), self.facts(test, false)),
            None => (Vec::new(), Vec::new()),
        };
        let then_value = self.knowing(&holds, |c| c.block(then));
        let Some(otherwise) = otherwise else { return Value::Unknown };
        let else_value = self.knowing(&fails, |c| c.block(otherwise));
        let Some(test) = test else { return Value::Unknown };
        self.choose("if", test, (then_value, value_span(then)), (else_value, value_span(otherwise)), span)
    }

    /// `a` where `test` holds, else `b`: results of `who`.
    pub(super) fn choose(
        &mut self,
        who: &str,
        test: ExprId,
        a: (Value<'a>, Span),
        b: (Value<'a>, Span),
        span: Span,
    ) -> Value<'a> {
        match (a.0, b.0) {
            (Value::Unknown, other) | (other, Value::Unknown) if self.guessing => other,
            (Value::Unknown, _) | (_, Value::Unknown) => Value::Unknown,
            (Value::Record(x), Value::Record(y)) if same_names(&x, &y) => {
                let fields = x.iter().map(|(name, value)| {
                    let other = y.iter().find(|field| field.0 == *name).expect("the names are the same");
                    (name.clone(), self.choose(who, test, (value.clone(), a.1), (other.1.clone(), b.1), span))
                });
                Value::Record(Rc::new(fields.collect()))
            }
            (Value::Expr(x), Value::Expr(y)) => match self.if_expr(test, x, y) {
                Some(id) => or_unknown((!self.is_too_deep(id, span)).then_some(id)),
                None => {
                    let (x, y) = (self.ty(x).clone(), self.ty(y).clone());
                    self.unknown(errors::branches(who, (a.1, &x), (b.1, &y)))
                }
            },
            (x, y) => match (self.as_scalar(x, a.1), self.as_scalar(y, b.1)) {
                (Some(x), Some(y)) => self.choose(who, test, (Value::Expr(x), a.1), (Value::Expr(y), b.1), span),
                (None, _) | (_, None) => Value::Unknown,
            },
        }
    }

    /// `{ let a = …; expression }`
    pub(super) fn block(&mut self, block: &'a Block) -> Value<'a> {
        let outside = self.scope;
        for statement in &block.statements {
            match statement {
                ast::Statement::Let(definition) => {
                    let value = self.value(&definition.value);
                    self.bind(&definition.name.text, definition.name.span, value);
                }
                ast::Statement::Error(_) => {}
                other => self.report(errors::not_yet(other.span(), "this statement in a block")),
            }
        }
        let value = match &block.value {
            Some(value) => self.value(value),
            None => Value::Unknown,
        };
        self.scope = outside;
        value
    }

    /// The type of a value, for messages.
    pub(super) fn type_of(&self, value: &Value<'a>) -> Type {
        match value {
            Value::Expr(id) => self.ty(*id).clone(),
            Value::Record(fields) => {
                let field = |f: &(Arc<str>, Value<'a>)| Field { name: f.0.clone(), ty: self.type_of(&f.1) };
                Type::of(Kind::Record(Arc::new(Schema { fields: fields.iter().map(field).collect() })))
            }
            Value::Stream(_) | Value::List(_) | Value::Range(_) | Value::Lambda(_) | Value::Unknown => Type::UNKNOWN,
        }
    }
}

/// The name that an unnamed column or field takes: that of a name or of the last field of a path.
pub(super) fn short_name(expr: &ast::Expr) -> Option<Arc<str>> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.clone()),
        ExprKind::Field { name, .. } => Some(name.text.clone()),
        ExprKind::Parenthesized(inner) => short_name(inner),
        _ => None,
    }
}

/// The value of an expression, if it has one.
pub(super) fn or_unknown<'a>(id: Option<ExprId>) -> Value<'a> {
    id.map_or(Value::Unknown, Value::Expr)
}

/// What a block's value is blamed at.
fn value_span(block: &Block) -> Span {
    block.value.as_ref().map_or(block.span, |value| value.span)
}

fn same_names(x: &[(Arc<str>, Value)], y: &[(Arc<str>, Value)]) -> bool {
    x.len() == y.len() && x.iter().all(|(name, _)| y.iter().any(|(other, _)| other == name))
}
