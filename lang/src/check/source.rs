//! Where rows come from: files, tables of the host, ranges and literals.

use super::scope::{RangeValue, Row, Stream, Value};
use super::types::Declared;
use super::{Checker, errors};
use crate::aliases;
use crate::catalog::{Effect, OptionKind, OptionValue, ReadRequest, Room, STDIN};
use crate::codes::E0701;
use crate::diagnostic::did_you_mean;
use crate::ir::{
    ColumnId, ExprId, Fields, NodeId, OutputField, Shape, Stage, Supply, Table, TableId, TableOrigin, Target,
};
use crate::scalar::Scalar;
use crate::source::Span;
use crate::syntax::ast::{self, Argument, ArgumentValue, Label};
use crate::ty::{Kind, Schema, Type};
use std::rc::Rc;
use std::sync::Arc;

/// The format whose rows are single values, and the name of the function that reads it.
pub(super) const LINES: &str = "lines";

impl<'a> Checker<'a> {
    /// A value as rows.
    pub(super) fn as_stream(&mut self, value: Value<'a>, span: Span) -> Stream {
        match value {
            Value::Stream(stream) if stream.row.shape != Shape::Scalar => stream,
            Value::Range(range) => self.range(range, span),
            Value::List(items) => self.values(&items, span),
            Value::Unknown => self.unknown_stream(span),
            Value::Stream(stream) => {
                // One value is shown as such; only a stage wants rows.
                stream
            }
            Value::Expr(_) | Value::Record(_) | Value::Lambda(_) => {
                let found = self.type_of(&value);
                self.report(errors::not_a_stream(span, &found));
                self.unknown_stream(span)
            }
        }
    }

    /// Rows of which nothing is known.
    pub(super) fn unknown_stream(&mut self, span: Span) -> Stream {
        let row = Row { known: false, ..Row::new(Fields::default(), Shape::Table, span) };
        self.other_rows(Stage::Values { columns: Vec::new(), rows: Vec::new() }, span, row, false)
    }

    /// A table of these columns and no rows.
    pub(super) fn empty_table(&mut self, schema: &Schema, span: Span) -> Stream {
        let fields = self.fields(schema, span, "");
        let columns = fields.iter().map(|field| field.column).collect();
        let row = Row::new(fields, Shape::Table, span);
        self.other_rows(Stage::Values { columns, rows: Vec::new() }, span, row, false)
    }

    /// A column for each field of a schema.
    fn fields(&mut self, schema: &Schema, span: Span, place: &str) -> Vec<OutputField> {
        let column = |field: &crate::ty::Field| {
            let text = format!("`{}` is {} {place}", field.name, field.ty);
            let column = self.add_column(&field.name, field.ty.clone(), Some((span, text.trim_end().to_string())));
            OutputField { name: field.name.clone(), column }
        };
        schema.fields.iter().map(column).collect()
    }

    /// A scan of all columns of a table.
    fn scan(&mut self, table: Table, shape: Shape, place: &str) -> Stream {
        let (span, fields) = (table.span, self.fields(&table.schema, table.span, place));
        let columns = fields.iter().map(|field| field.column).enumerate().collect();
        if table.effect != Effect::Total {
            self.unsure.extend(fields.iter().map(|field| field.column));
        }
        self.plan.tables.push(table);
        let table = TableId(self.plan.tables.len() as u32 - 1);
        let row = Row::new(fields, shape, span);
        self.other_rows(Stage::Scan { table, columns }, span, row, false)
    }

    /// A table that the host binds.
    pub(super) fn bound_table(&mut self, name: &Arc<str>, span: Span) -> Option<Stream> {
        let schema = self.sources.bound(name)?;
        let origin = TableOrigin::Bound(name.clone());
        let table = Table { origin, schema, effect: Effect::Total, span };
        Some(self.scan(table, Shape::Table, "in this table"))
    }

    /// `a..b` as rows; ints only.
    fn range(&mut self, range: RangeValue, span: Span) -> Stream {
        let Some(start) = range.start else {
            self.report(errors::range_without_start(span));
            return self.unknown_stream(span);
        };
        let start = self.int_constant(start, span, "a range as a source");
        let end = match range.end.map(|end| self.int_constant(end, span, "a range as a source")) {
            None => Some(None),
            Some(Some(end)) if range.inclusive => Some(Some(end)),
            Some(Some(end)) => Some(Some(end.saturating_sub(1))),
            Some(None) => None,
        };
        let (Some(start), Some(end)) = (start, end) else { return self.unknown_stream(span) };
        let column = self.add_column(&Arc::from("value"), Type::INT, None);
        let row = Row::new(vec![OutputField { name: "value".into(), column }], Shape::Values, span);
        // `i64::MIN` excluded as an end leaves nothing, and so does an end before the start.
        let end = if !range.inclusive && end == Some(i64::MIN) { Some(start.saturating_sub(1)) } else { end };
        self.other_rows(Stage::Range { start, end, column }, span, row, end.is_none())
    }

    /// An int that is known now.
    pub(super) fn int_constant(&mut self, id: ExprId, span: Span, who: &str) -> Option<i64> {
        let ty = self.ty(id).clone();
        if ty.kind != Kind::Int {
            self.report(errors::wanted(span, who, &Type::INT, &ty));
            return None;
        }
        let before = self.diagnostics.len();
        match self.evaluate(id, span) {
            Some(Scalar::Int(value)) => Some(value),
            Some(_) | None => {
                if self.diagnostics.len() == before && !self.awaits_parameter(id) {
                    self.report(errors::not_constant(span, who));
                }
                None
            }
        }
    }

    /// The items of a list as rows: of single values or of records with the same fields.
    pub(super) fn values(&mut self, items: &[Value<'a>], span: Span) -> Stream {
        let names: Vec<Arc<str>> = match items.first() {
            Some(Value::Record(fields)) => fields.iter().map(|field| field.0.clone()).collect(),
            _ => Vec::new(),
        };
        let is_table = matches!(items.first(), Some(Value::Record(_)));
        let mut rows = Vec::new();
        for item in items {
            let row = match (item, is_table) {
                (Value::Unknown, _) => return self.unknown_stream(span),
                (Value::Record(fields), true) if has_names(fields, &names) => self.record_row(fields, &names, span),
                (Value::Record(fields), true) => {
                    let others = fields.iter().map(|field| field.0.clone()).collect::<Vec<_>>();
                    self.report(errors::fields_differ(span, rows.len(), &names, &others));
                    None
                }
                (Value::Record(_), false) | (_, true) => {
                    self.report(errors::items_differ(span, "the same fields"));
                    None
                }
                (item, false) => self.as_scalar(item.clone(), span).map(|id| vec![id]),
            };
            match row {
                Some(row) => rows.push(row),
                None => return self.unknown_stream(span),
            }
        }
        let (names, shape) = if is_table { (names, Shape::Table) } else { (vec!["value".into()], Shape::Values) };
        self.constant_rows(names, shape, rows, span).unwrap_or_else(|| self.unknown_stream(span))
    }

    fn record_row(&mut self, fields: &[(Arc<str>, Value<'a>)], names: &[Arc<str>], span: Span) -> Option<Vec<ExprId>> {
        let value = |name: &Arc<str>| fields.iter().find(|field| field.0 == *name).map(|field| field.1.clone());
        let values: Vec<Value<'a>> = names.iter().filter_map(value).collect();
        values.into_iter().map(|value| self.as_scalar(value, span)).collect()
    }

    /// Rows of expressions, each column brought to one type.
    fn constant_rows(
        &mut self,
        names: Vec<Arc<str>>,
        shape: Shape,
        mut rows: Vec<Vec<ExprId>>,
        span: Span,
    ) -> Option<Stream> {
        if rows.iter().flatten().any(|id| !self.plan.exprs.columns(*id).is_empty()) {
            self.report(errors::not_yet(span, "a list of values of a row as a source"));
            return None;
        }
        let mut fields = Vec::new();
        for (at, name) in names.into_iter().enumerate() {
            let ty = self.same_type(&mut rows, at, span)?;
            let column = self.add_column(&name, ty, Some((span, format!("`{name}` comes from here"))));
            if rows.iter().any(|row| !self.is_sure(row[at])) {
                self.unsure.insert(column);
            }
            fields.push(OutputField { name, column });
        }
        let columns: Vec<ColumnId> = fields.iter().map(|field| field.column).collect();
        let row = Row::new(fields, shape, span);
        Some(self.other_rows(Stage::Values { columns, rows }, span, row, false))
    }

    /// Converts the values of a column to one kind.
    fn same_type(&mut self, rows: &mut [Vec<ExprId>], at: usize, span: Span) -> Option<Type> {
        let Some(first) = rows.first().map(|row| row[at]) else { return Some(Type::NULL) };
        let mut common = first;
        for (nth, row) in rows.iter().enumerate() {
            match self.unify(common, row[at]) {
                Some((_, unified)) if self.ty(common).kind != self.ty(unified).kind => common = unified,
                Some(_) => {}
                None => {
                    let types = [common, row[at]].map(|id| self.ty(id).clone());
                    self.report(errors::item_types(self.items_at(span, nth), &types[0], &types[1]));
                    return None;
                }
            }
        }
        let kind = self.ty(common).kind.clone();
        let mut nullable = false;
        for row in rows.iter_mut() {
            row[at] = self.coerce(row[at], &kind)?;
            nullable |= self.ty(row[at]).nullable;
        }
        Some(Type { kind, nullable })
    }

    /// `read(path, option: value)`, and `lines(path)`, which is the same with its format said.
    pub(super) fn read(
        &mut self,
        name: &str,
        receiver: Option<&'a ast::Expr>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Option<Stream> {
        let mut path = receiver;
        let mut options = Some(Vec::new());
        for argument in arguments {
            match (&argument.label, &argument.value) {
                (Label::None, ArgumentValue::Expr(expr)) if path.is_none() => path = Some(expr),
                (Label::Option(name), value) => match (self.option(name, value), &mut options) {
                    (Some(value), Some(options)) => options.push((name.text.clone(), name.span, value)),
                    (None, _) => options = None,
                    (_, None) => {}
                },
                (Label::None | Label::Column(_), _) => {
                    self.report(errors::read_arguments(name, argument.span));
                    options = None;
                }
            }
        }
        let Some(path) = path else {
            self.report(errors::read_arguments(name, span));
            return None;
        };
        let stdin = self.is_stdin(path);
        let text = if stdin { STDIN.into() } else { self.path(name, path)? };
        let mut options = options?;
        if name == LINES {
            options.push(("format".into(), span, OptionValue::Scalar(Scalar::String(LINES.into()))));
        }
        // Behind the path, unless that stands before the call.
        let room = match (receiver, arguments) {
            (None, _) => Room { span: path.span.at_end(), before: ", ", after: "" },
            (Some(_), [first, ..]) => {
                Room { span: Span { end: first.span.start, ..first.span }, before: "", after: ", " }
            }
            (Some(_), []) => {
                Room { span: Span { start: span.end - 1, end: span.end - 1, ..span }, before: "", after: "" }
            }
        };
        let request =
            ReadRequest { path: text, stdin, span: path.span, options, room: Some(room), one_of_several: false };
        self.describe(request, span)
    }

    /// The path of a `read` or `lines`.
    fn path(&mut self, name: &str, path: &'a ast::Expr) -> Option<Arc<str>> {
        let id = self.scalar(path)?;
        let before = self.diagnostics.len();
        if let Some(Scalar::String(text)) = self.evaluate(id, path.span) {
            return Some(text);
        }
        if self.diagnostics.len() == before && !self.awaits_parameter(id) {
            let ty = self.ty(id).clone();
            self.report(errors::path_constant(name, path, &ty));
        }
        None
    }

    /// The rows of a `read`.
    pub(super) fn describe(&mut self, request: ReadRequest, span: Span) -> Option<Stream> {
        let info = match self.sources.describe(&request) {
            Ok(info) => info,
            Err(diagnostic) => {
                let told = match self.write_of(&request.path).filter(|_| diagnostic.code == E0701) {
                    Some(write) => errors::written_here(*diagnostic, self.plan.node(write).span),
                    None => *diagnostic,
                };
                self.report(told);
                return None;
            }
        };
        let is_plain = request.options.is_empty() && info.format != LINES;
        if let Some(write) = self.write_of(&request.path).filter(|write| is_plain && !self.pivots.contains_key(write))
            && let Some(written) = self.other_columns(write, &info.schema)
        {
            let write = self.plan.node(write).span;
            self.report(errors::written_with_other_columns(request.span, &request.path, &written, write));
            return None;
        }
        let origin = TableOrigin::File {
            path: request.path,
            supply: match request.stdin {
                true => Supply::Stdin,
                false if info.is_stream => Supply::Stream,
                false => Supply::Files,
            },
            format: info.format.into(),
            options: request.options.into_iter().map(|(name, _, value)| (name, value)).chain(info.found).collect(),
            inferred: info.inferred,
            files: info.files,
            checked: Vec::new(),
            telling: Vec::new(),
        };
        let place = if info.inferred { "in this file, as its sample says" } else { "in this file" };
        let shape = if info.format == LINES { Shape::Values } else { Shape::Table };
        let rows = self.scan(Table { origin, schema: info.schema, effect: info.effect, span }, shape, place);
        if info.is_open {
            self.open_tables.insert(rows.node);
        }
        for (name, holds) in info.foreign {
            if let Some(field) = rows.row.fields.named(&name) {
                self.foreign.insert(field.column, (holds, request.span));
            }
        }
        Some(rows)
    }

    /// Where the script writes a file before this.
    fn write_of(&self, path: &str) -> Option<NodeId> {
        let is_of = |target: &Target| *target.path == *path;
        let writes = self.targets.iter().filter(|(_, target)| is_of(target)).map(|(node, _)| *node);
        let is_tee = |id: &NodeId| matches!(&self.plan.node(*id).stage, Stage::Tee { tee, .. } if is_of(&tee.target));
        let tees = (0..self.plan.nodes.len() as u32).map(NodeId).filter(is_tee);
        writes.chain(tees).min_by_key(|id| self.plan.node(*id).span.start)
    }

    /// The columns that a `write` gives a file, if they are others than the file has now.
    fn other_columns(&self, write: NodeId, found: &Schema) -> Option<Vec<Arc<str>>> {
        let node = self.plan.node(write);
        let written: Vec<Arc<str>> = match &node.stage {
            Stage::Tee { tee, .. } => tee.fields.iter().map(|(name, _)| name.clone()).collect(),
            _ => node.output.iter().map(|field| field.name.clone()).collect(),
        };
        let is_same = written.len() == found.fields.len() && written.iter().all(|name| found.position(name).is_some());
        (!is_same).then_some(written)
    }

    /// The value of an option of `read`; which of them a format knows is the format's affair.
    fn option(&mut self, name: &ast::Name, value: &'a ArgumentValue) -> Option<OptionValue> {
        let formats = self.catalog.formats();
        let known = || formats.iter().flat_map(|format| format.options);
        let kind = known().find(|option| *option.name == *name.text).map(|option| option.kind);
        if kind.is_none() && &*name.text != "format" {
            let meant = aliases::option(&name.text).filter(|meant| known().any(|option| option.name == *meant));
            let near = match meant {
                Some(meant) => vec![meant],
                None => did_you_mean(&name.text, known().map(|option| option.name).chain(["format"])),
            };
            self.report(errors::unknown_option(name.span, "read", &name.text, &near));
            return None;
        }
        let kind = kind.unwrap_or(OptionKind::String);
        let (given, span) = match value {
            ArgumentValue::Type(ty) => return self.schema_option(ty, kind),
            ArgumentValue::Expr(expr) => (self.value(expr), expr.span),
        };
        let option = match (given, kind) {
            (Value::Unknown, _) => return None,
            (Value::List(items), OptionKind::Strings) => self.texts(&items).map(OptionValue::Strings),
            (Value::Expr(id), _) if self.awaits_parameter(id) => return None,
            (Value::Expr(id), _) => self.evaluate(id, span).and_then(|value| match (value, kind) {
                (value @ Scalar::Bool(_), OptionKind::Bool)
                | (value @ Scalar::Int(_), OptionKind::Int)
                | (value @ Scalar::String(_), OptionKind::String) => Some(OptionValue::Scalar(value)),
                (Scalar::String(text), OptionKind::Strings) => Some(OptionValue::Strings(vec![text])),
                _ => None,
            }),
            _ => None,
        };
        if option.is_none() {
            self.report(errors::option_value(span, &name.text, kind));
        }
        option
    }

    fn texts(&self, items: &Rc<Vec<Value<'a>>>) -> Option<Vec<Arc<str>>> {
        let text = |item: &Value<'a>| match item {
            Value::Expr(id) => match self.plan.exprs.as_constant(*id) {
                Some(Scalar::String(text)) => Some(text.clone()),
                _ => None,
            },
            _ => None,
        };
        items.iter().map(text).collect()
    }

    fn schema_option(&mut self, ty: &ast::TypeExpr, kind: OptionKind) -> Option<OptionValue> {
        match self.declared(ty) {
            Declared::Record { schema, open } if kind == OptionKind::Schema => {
                let known = schema.fields.iter().all(|field| !field.ty.is_unknown());
                known.then_some(OptionValue::Schema { schema, open })
            }
            Declared::Unknown => None,
            Declared::Record { .. } | Declared::Type(_) | Declared::Stream(_) | Declared::Function | Declared::Any => {
                self.report(errors::option_value(ty.span(), "schema", OptionKind::Schema));
                None
            }
        }
    }
}

fn has_names(fields: &[(Arc<str>, Value)], names: &[Arc<str>]) -> bool {
    fields.len() == names.len() && names.iter().all(|name| fields.iter().any(|field| field.0 == *name))
}
