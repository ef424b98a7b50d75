//! What other languages write, told where the checker meets it: their functions, streams with dots and indexes.
//!
//! What shows in the tokens alone is `syntax/repair`'s; the words themselves stand in `aliases.rs`.

use super::forms::{in_form, joined};
use super::operators::spelled;
use super::scope::{Found, Row, Value};
use super::{Checker, errors};
use crate::aliases;
use crate::codes::E0115;
use crate::diagnostic::{Diagnostic, Edit, did_you_mean};
use crate::ir::Shape;
use crate::source::Span;
use crate::stages::{self, Arguments};
use crate::syntax::ast::{self, Argument, ExprKind, Label, Name, RecordItem};
use crate::ty::{Kind, spell};
use std::rc::Rc;
use std::sync::Arc;

/// What other languages keep their functions in.
const LIBRARIES: [&str; 9] = ["np", "numpy", "math", "Math", "pd", "pandas", "pl", "F", "func"];

impl<'a> Checker<'a> {
    /// What Pipe calls a function that other languages have.
    pub(super) fn foreign_function(
        &self,
        name: &'a Name,
        receiver: Option<&'a ast::Expr>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Option<Diagnostic> {
        let plain = arguments.iter().all(|argument| argument.label == Label::None);
        let given: Vec<&ast::Expr> =
            receiver.into_iter().chain(arguments.iter().filter_map(|argument| argument.expr())).collect();
        if let ([ast::Expr { kind: ExprKind::String(column), .. }], true) =
            (given.as_slice(), aliases::is_column(&name.text))
        {
            return Some(errors::column_by_text(name.span, &name.text, span, column));
        }
        let is_text = |expr: Option<&&ast::Expr>| matches!(expr, Some(ast::Expr { kind: ExprKind::String(_), .. }));
        let turned = is_text(given.first()) && !is_text(given.last()) && receiver.is_none() && plain;
        if let Some(form) = aliases::function_of_pattern(&name.text, given.len()).filter(|_| turned) {
            let (edits, shown) = in_form(form, &given, span);
            return Some(errors::function_form(name.span, &name.text, &shown, edits));
        }
        if let Some((edits, shown)) = joined(&name.text, &given, span).filter(|_| plain) {
            return Some(errors::function_form(name.span, &name.text, &shown, edits));
        }
        let Some(meant) = aliases::function(&name.text, given.len()) else {
            return Some(errors::function_advice(name.span, &name.text, aliases::advice(&name.text)?));
        };
        if aliases::places(meant).is_none() {
            let is_reducer = self.catalog.reducer_named(meant).is_some();
            if is_reducer && self.aggregation.is_none() {
                let mut outside = errors::reducer_outside(name.span, meant, self.stage_name.as_ref(), given.len());
                if !outside.edits.is_empty() {
                    outside.edits.push(Edit { span: name.span, text: meant.into() });
                }
                return Some(outside.saying(format!("Pipe calls this `{meant}`")));
            }
            return Some(errors::function_alias(name.span, &name.text, meant));
        }
        plain.then(|| {
            let (edits, shown) = in_form(meant, &given, span);
            errors::function_form(name.span, &name.text, &shown, edits)
        })
    }

    /// E0203: `d.minutes()` of a duration, which is divided by a unit.
    pub(super) fn unit_of_duration(
        &mut self,
        name: &Name,
        receiver: Option<&'a ast::Expr>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Option<Diagnostic> {
        let form = aliases::unit_of_duration(&name.text)?;
        let only = match (receiver, arguments) {
            (Some(receiver), []) => receiver,
            (None, [only]) => only.expr()?,
            _ => return None,
        };
        let said = self.diagnostics.len();
        let value = self.value(only);
        self.diagnostics.truncate(said);
        let is_duration = matches!(value, Value::Expr(id) if self.ty(id).kind == Kind::Duration);
        let (edits, shown) = in_form(form, &[only], span);
        is_duration.then(|| errors::function_form(name.span, &name.text, &shown, edits))
    }

    /// The function of one argument that a word behind a dot means.
    pub(super) fn function_named(&self, name: &str) -> Option<String> {
        let meant = aliases::function(name, 1).filter(|meant| aliases::places(meant).is_none()).unwrap_or(name);
        let mut known = self.catalog.functions_named(meant).iter();
        known.any(|id| self.catalog.function(*id).parameters.len() == 1).then(|| meant.to_string())
    }

    /// A word behind the dot of a list: a function or a reducer, or a field of its items.
    pub(super) fn field_of_list(&self, name: &Name, list: &ast::Expr) -> Diagnostic {
        let reducer = self.catalog.reducer_named(&name.text).map(|id| self.catalog.reducer(id).name.to_string());
        match self.function_named(&name.text).or(reducer) {
            Some(function) => errors::method_without_parentheses(name.span, &function),
            None => errors::field_of_list(name, list),
        }
    }

    /// E0115: rows as the argument of what is a stage: `len(rows)`, `sum(rows)`.
    pub(super) fn rows_as_argument(&self, name: &Name, arguments: &'a [Argument], span: Span) -> Option<Diagnostic> {
        let rows = match arguments {
            [one] if one.label == Label::None => one.expr().filter(|expr| self.is_rows(expr))?,
            _ => return None,
        };
        let stage = match aliases::stage(&name.text) {
            Some(meant) => meant,
            None => self.catalog.reducer_named(&name.text).map(|id| self.catalog.reducer(id).name)?,
        };
        let before = Edit { span: Span { end: rows.span.start, ..span }, text: String::new() };
        let after = Edit { span: Span { start: rows.span.end, ..span }, text: format!(" | {stage}") };
        Some(errors::rows_as_argument(name.span, stage, vec![before, after]))
    }

    /// E0207: `filter Cost Total > 3` reads like a call of `Cost`; the column of several words that is meant.
    pub(super) fn name_with_blank(&self, name: &Name, arguments: &[Argument], span: Span) -> Option<Diagnostic> {
        let row = self.scopes.row(self.scope)?;
        let mut words = vec![name.text.to_string()];
        for argument in arguments {
            match argument.expr().map(|expr| &expr.kind) {
                Some(ExprKind::Name(word)) => words.push(word.to_string()),
                _ => return None,
            }
        }
        let wanted = words.join(" ").to_lowercase();
        let known = row.names().find(|known| known.trim().to_lowercase() == wanted)?;
        Some(errors::name_with_blank(span, known, row.from))
    }

    /// E0207: `total-price` reads like a difference; the column of that name, if it is not one of columns.
    pub(super) fn name_with_hyphen(&self, whole: &ast::Expr, a: &ast::Expr, b: &ast::Expr) -> Option<Diagnostic> {
        let (ExprKind::Name(first), ExprKind::Name(second)) = (&a.kind, &b.kind) else { return None };
        let row = self.scopes.row(self.scope).filter(|_| a.span.end + 1 == b.span.start)?;
        let known = row
            .names()
            .find(|known| known.strip_prefix(&**first).and_then(|rest| rest.strip_prefix('-')) == Some(second))?;
        let both =
            [first, second].into_iter().all(|name| !matches!(self.scopes.look_up(self.scope, name), Found::Nothing(_)));
        (!both).then(|| errors::name_with_hyphen(whole.span, known, row.from))
    }

    /// Whether a call behind a dot is a stage over rows: `rows.filter(…)`, `rows.sum(x)`.
    pub(super) fn is_dotted_stage(&self, name: &str, receiver: &ast::Expr) -> bool {
        let is_word = self.is_stage(name) || aliases::stage(name).is_some() || aliases::is_nothing(name);
        is_word && self.is_rows(base_of(receiver))
    }

    /// Whether it is the name of a stage or reducer of the language.
    pub(super) fn is_stage(&self, name: &str) -> bool {
        stages::named(name).is_some() || self.catalog.reducer_named(name).is_some()
    }

    /// Whether it is the name of a library of another language, and of nothing here.
    pub(super) fn is_library(&self, receiver: &ast::Expr) -> bool {
        let ExprKind::Name(name) = &receiver.kind else { return false };
        LIBRARIES.contains(&&**name)
            && matches!(self.scopes.look_up(self.scope, name), Found::Nothing(_))
            && self.sources.bound(name).is_none()
    }

    /// E0203: `np.where(c, a, b)`, `math.sqrt(x)`: a function of Pipe stands alone.
    pub(super) fn library_call(
        &mut self,
        path: &'a [Name],
        library: &'a ast::Expr,
        arguments: &'a [Argument],
        span: Span,
    ) -> Value<'a> {
        let before = self.diagnostics.len();
        let value = self.call(path, None, arguments, span);
        let dot = Span { end: path.last().map_or(span, |name| name.span).start, ..library.span };
        let edit = Edit { span: dot, text: String::new() };
        let is_of_call = |told: &&mut Diagnostic| {
            let place = told.primary.as_ref().map(|primary| primary.span);
            place == path.last().map(|name| name.span)
        };
        match self.diagnostics[before..].iter_mut().find(is_of_call) {
            Some(told) if !told.edits.iter().any(|edit| edit.span.start <= dot.start) && !told.edits.is_empty() => {
                told.edits.push(edit);
            }
            Some(_) => {}
            None => self.report(errors::library(library.span, edit)),
        }
        value
    }

    fn is_rows(&self, expr: &ast::Expr) -> bool {
        match &expr.kind {
            ExprKind::Parenthesized(inner) => self.is_rows(inner),
            ExprKind::Pipeline { stages, .. } if stages.last().is_some_and(|stage| self.gives_one_value(stage)) => {
                false
            }
            // In a row a pipeline may be over a list.
            ExprKind::Pipeline { source, .. } => self.rows_entered == 0 || self.is_rows(source),
            ExprKind::Call { function, .. } => matches!(function.as_slice(), [name] if &*name.text == "read"),
            ExprKind::Name(name) => match self.scopes.look_up(self.scope, name) {
                Found::Binding(Value::Stream(stream)) => stream.row.shape != Shape::Scalar,
                Found::Binding(_) => false,
                Found::Nothing(_) => self.sources.bound(name).is_some(),
                Found::Column(_) | Found::Both(_) => false,
            },
            _ => false,
        }
    }

    /// Whether a stage makes one value of all rows, of which a dot can go on.
    fn gives_one_value(&self, stage: &ast::Stage) -> bool {
        matches!(stage.name.as_slice(), [name] if &*name.text == "fold" || self.catalog.reducer_named(&name.text).is_some())
    }

    /// E0115: a chain of stages with dots, all of it told once.
    pub(super) fn dotted_stages(
        &mut self,
        name: &'a Name,
        receiver: &'a ast::Expr,
        arguments: &'a [Argument],
        span: Span,
    ) -> Value<'a> {
        let (mut edits, mut shown) = (Vec::new(), Vec::new());
        let (mut name, mut receiver, mut arguments, mut end) = (name, receiver, arguments, span.end);
        loop {
            let dot = Span { start: receiver.span.end, end: name.span.start, ..name.span };
            let meant = aliases::stage(&name.text).filter(|_| !self.is_stage(&name.text));
            if aliases::is_nothing(&name.text) {
                edits.push(Edit { span: Span { end, ..dot }, text: String::new() });
            } else {
                let meant = meant.unwrap_or(&name.text);
                edits.extend(columns_as_texts(meant, arguments));
                edits.push(Edit { span: dot.to(name.span), text: format!(" | {meant}") });
                shown.push(meant.to_string());
            }
            match &receiver.kind {
                ExprKind::Method { receiver: inner, function, arguments: given, .. } if function.len() == 1 => {
                    end = receiver.span.end;
                    (name, receiver, arguments) = (&function[0], inner, given);
                }
                _ => break,
            }
        }
        edits.reverse();
        shown.reverse();
        let before = self.diagnostics.len();
        self.value(receiver);
        if self.diagnostics.len() == before {
            let dot = Span { start: receiver.span.end, end: name.span.end, ..name.span };
            let rows = spelled(receiver).unwrap_or("rows".into());
            let stages = shown.iter().map(|stage| format!(" | {stage} …"));
            self.report(errors::dotted_stages(dot, &format!("{rows}{}", stages.collect::<String>()), edits));
        }
        Value::Unknown
    }

    /// E0115: `rows.column`.
    pub(super) fn field_of_rows(&self, record: &ast::Expr, name: &Name) -> Diagnostic {
        let in_stage = self.scopes.row(self.scope).is_some();
        let dot = Span { start: record.span.end, end: name.span.start, ..name.span };
        let edit = if in_stage {
            Edit { span: record.span.to(dot), text: String::new() }
        } else {
            Edit { span: dot, text: " | select ".into() }
        };
        errors::field_of_rows(record.span.to(name.span), &spell(&name.text), in_stage, edit)
    }

    /// E0115: `orders.id` in a stage, as SQL has it: the column of the row that is meant, where no column and no value of
    /// one row has the name before the dot.
    pub(super) fn qualified_column(&self, record: &ast::Expr, name: &Name) -> Option<Diagnostic> {
        let ExprKind::Name(table) = &record.kind else { return None };
        let row = self.scopes.row(self.scope).filter(|row| row.known)?;
        row.field(&name.text)?;
        let is_table = match self.scopes.look_up(self.scope, table) {
            Found::Binding(value) => matches!(value, Value::List(_)),
            // A typing error in the name of a column that has fields is told as one.
            Found::Nothing(_) => {
                let nested = |known: &&str| {
                    let column = row.field(known).map(|field| &self.plan.column(field.column).ty.kind);
                    matches!(column, Some(Kind::Record(_) | Kind::Json))
                };
                self.sources.bound(table).is_none() && did_you_mean(table, row.names().filter(nested)).is_empty()
            }
            Found::Column(_) | Found::Both(_) => false,
        };
        is_table.then(|| self.field_of_rows(record, name))
    }

    /// E0115: `rows[1:3]` and `rows[::-1]`, which read as `rows.slice(1, 3)` and `rows.reverse()`.
    pub(super) fn slice_of_rows(
        &self,
        name: &Name,
        rows: &ast::Expr,
        arguments: &[Argument],
        span: Span,
    ) -> Option<Diagnostic> {
        let is_known = matches!(&*name.text, "slice" | "reverse") && self.is_rows(rows);
        if !is_known || self.names().functions.contains_key(&*name.text) {
            return None;
        }
        let behind = Span { start: rows.span.end, ..span };
        let is_negative = |argument: &Argument| {
            matches!(argument.expr(), Some(ast::Expr { kind: ExprKind::Unary(ast::UnaryOperator::Negate, _), .. }))
        };
        if &*name.text == "reverse" {
            return Some(errors::rows_from_the_end(behind, "reverse"));
        }
        if matches!(arguments, [from] if is_negative(from)) {
            return Some(errors::rows_from_the_end(behind, "tail"));
        }
        let bound = |argument: &Argument| match argument.expr()?.kind {
            ExprKind::Int(bound) => Some(bound),
            _ => None,
        };
        let stages = match *arguments.iter().map(bound).collect::<Option<Vec<i64>>>().unwrap_or_default() {
            [from] => Some(format!(" | skip {from}")),
            [0, to] => Some(format!(" | take {to}")),
            [from, to] => (from <= to).then(|| format!(" | skip {from} | take {}", to - from)),
            _ => None,
        };
        let shown = stages.as_deref().unwrap_or(" | skip a | take n");
        let shown = format!("{}{shown}", spelled(rows).unwrap_or("rows".into()));
        let edits = stages.map(|text| Edit { span: behind, text }).into_iter().collect();
        Some(errors::index_of_rows(behind, "rows are cut out with `skip` and `take`", &shown, edits))
    }

    /// E0115: `rows[rows.x > 1]`, `rows["x"]`.
    pub(super) fn index_of_rows(
        &mut self,
        rows: &'a ast::Expr,
        row: &Rc<Row>,
        index: &'a ast::Expr,
        span: Span,
    ) -> Diagnostic {
        let before = Span { start: rows.span.end, end: index.span.start, ..span };
        let after = Span { start: index.span.end, end: span.end, ..span };
        if let Some(columns) = names(index) {
            let columns: Vec<String> = columns.iter().map(|name| spell(name)).collect();
            let text = format!(" | select {}", columns.join(", "));
            let edits = vec![Edit { span: before.to(after), text: text.clone() }];
            let shown = format!("{}{text}", spelled(rows).unwrap_or("rows".into()));
            return errors::index_of_rows(before.to(after), "columns are chosen with `select`", &shown, edits);
        }
        let known = self.diagnostics.len();
        self.in_row(row, |c| c.value(index));
        let mut edits = vec![Edit { span: before, text: " | filter ".into() }];
        for told in self.diagnostics.drain(known..).filter(|told| told.code == E0115) {
            edits.extend(told.edits);
        }
        edits.push(Edit { span: after, text: String::new() });
        let shown = format!("{} | filter …", spelled(rows).unwrap_or("rows".into()));
        errors::index_of_rows(before.to(after), "rows are chosen with `filter`", &shown, edits)
    }
}

/// The edits that make the fields of a record arguments of a stage.
pub(super) fn record_as_arguments(expr: &ast::Expr) -> Option<Vec<Edit>> {
    let ExprKind::Record(items) = &expr.kind else { return None };
    let fields: Option<Vec<(&Name, &ast::Expr)>> = items
        .iter()
        .map(|item| match item {
            RecordItem::Field(name, value) => Some((name, value)),
            RecordItem::Short(_) | RecordItem::Spread(_) => None,
        })
        .collect();
    let fields = fields?;
    let (first, last) = (fields.first()?.0.span, fields.last()?.1.span);
    let edit = |start, end, text: &str| Edit { span: Span { start, end, ..expr.span }, text: text.into() };
    let mut edits = vec![edit(expr.span.start, first.start, "")];
    edits.extend(fields.iter().map(|(name, value)| edit(name.span.end, value.span.start, " = ")));
    edits.push(edit(last.end, expr.span.end, ""));
    Some(edits)
}

/// Columns that are given as texts, where the stage wants their names.
fn columns_as_texts(stage: &str, arguments: &[Argument]) -> Vec<Edit> {
    if stages::named(stage).is_none_or(|def| def.takes.arguments != Arguments::Columns) {
        return Vec::new();
    }
    let texts = arguments.iter().rev().filter_map(|argument| match argument.expr() {
        Some(ast::Expr { kind: ExprKind::String(name), span }) => Some(Edit { span: *span, text: spell(name) }),
        _ => None,
    });
    texts.collect()
}

/// What a chain of calls with dots begins with.
fn base_of(mut expr: &ast::Expr) -> &ast::Expr {
    while let ExprKind::Method { receiver, .. } = &expr.kind {
        expr = receiver;
    }
    expr
}

/// The names of columns that an index is made of: a text, or a list of texts.
fn names(index: &ast::Expr) -> Option<Vec<Arc<str>>> {
    match &index.kind {
        ExprKind::String(name) => Some(vec![name.clone()]),
        ExprKind::List(items) => items.iter().map(|item| names(item)?.pop()).collect(),
        _ => None,
    }
}
