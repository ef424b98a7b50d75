//! `parse text, "{ip} - {_} {status:int}", on_error: "skip"`: columns from the holes of a template. The stage is a map of
//! calls of `captures`, with a filter before it if texts that do not fit are left out.

use super::aggregate::unused_name;
use super::operators::Operand;
use super::scope::{Row, Stream};
use super::stage::StageCall;
use super::{Checker, errors};
use crate::catalog::FunctionId;
use crate::ir::{ColumnId, Expr, ExprId, Fields, NodeId, OutputField, Shape, Stage, Told};
use crate::scalar::{Comparison, Scalar};
use crate::source::Span;
use crate::syntax::ast::{self, ArgumentValue, ExprKind, Label};
use crate::template::{Hole, Template};
use crate::ty::{Kind, Type};
use std::sync::Arc;

/// What becomes of a text that does not fit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnError {
    Fail,
    Null,
    Skip,
}

/// The types that a hole may have.
const TYPES: [&str; 7] = ["int", "float", "bool", "string", "date", "datetime", "duration"];

pub(super) fn parse<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let (mut given, mut on_error) = (Vec::new(), OnError::Fail);
    for argument in &call.stage.arguments {
        match (&argument.label, &argument.value) {
            (Label::None, ArgumentValue::Expr(expr)) => given.push(expr),
            (Label::Option(name), ArgumentValue::Expr(value)) if &*name.text == "on_error" => {
                on_error = checker.on_error(value)?;
            }
            (Label::Option(name), _) => {
                let near = crate::diagnostic::did_you_mean(&name.text, ["on_error"]);
                checker.report(errors::unknown_option(name.span, "parse", &name.text, &near));
                return None;
            }
            (label @ (Label::None | Label::Column(_)), _) => {
                checker.labelled(call, label, argument);
                return None;
            }
        }
    }
    let [text, template] = given.as_slice() else {
        let count = given.len();
        checker.report(errors::argument_count(call.span(), "parse", count, &[call.def.signature.into()]));
        return None;
    };
    let id = checker.in_row(&input.row, |c| c.scalar(text));
    let holes = checker.template(template);
    let (id, (holes, template_id)) = (id?, holes?);
    let found = checker.ty(id).clone();
    let Some(id) = checker.coerce(id, &Kind::String) else {
        checker.report(errors::wanted(text.span, "`parse`", &Type::STRING, &found));
        return None;
    };
    let parts = checker.captures(id, template_id, on_error, call.span())?;
    let Some(Scalar::String(text_of_template)) = checker.plan.exprs.as_constant(template_id).cloned() else {
        return None;
    };
    checker.parsed(call, input, (parts, text), (&holes, text_of_template), (on_error, template.span))
}

impl<'a> Checker<'a> {
    fn on_error(&mut self, value: &'a ast::Expr) -> Option<OnError> {
        let id = self.scalar(value)?;
        match self.evaluate(id, value.span)? {
            Scalar::String(word) if &*word == "fail" => Some(OnError::Fail),
            Scalar::String(word) if &*word == "null" => Some(OnError::Null),
            Scalar::String(word) if &*word == "skip" => Some(OnError::Skip),
            _ => {
                self.report(errors::no_such_policy(value.span));
                None
            }
        }
    }

    /// The holes of a template that is known now, and the template as an expression.
    fn template(&mut self, expr: &'a ast::Expr) -> Option<(Vec<Hole>, ExprId)> {
        let id = self.scalar(expr)?;
        let Some(Ok(Scalar::String(text))) = self.constant_value(id) else {
            self.report(errors::not_constant(expr.span, "the template of `parse`"));
            return None;
        };
        let template = match Template::parse(&text) {
            Ok(template) => template,
            Err((_, message)) => {
                self.report(errors::no_template(expr.span, &message));
                return None;
            }
        };
        if template.holes.is_empty() {
            let is_regex = matches!(expr.kind, ExprKind::RawString(_)) || text.contains(['\\', '*', '[']);
            self.report(errors::no_hole(expr.span, is_regex));
            return None;
        }
        let holes: Vec<Hole> = template.holes.into_iter().map(|(hole, _)| hole).collect();
        for (at, hole) in holes.iter().enumerate() {
            let Some(name) = &hole.name else { continue };
            if holes[..at].iter().any(|other| other.name.as_ref() == Some(name)) {
                let (first, second) = hole_places(expr, &text, name).unzip();
                self.report(errors::duplicate_column(second.unwrap_or(expr.span), name, first));
                return None;
            }
            if let Some(ty) = hole.ty.as_ref().filter(|ty| !TYPES.contains(&&***ty)) {
                self.report(errors::no_template(expr.span, &format!("`{ty}` is no type of a hole")));
                return None;
            }
        }
        Some((holes, self.constant(Scalar::String(text))))
    }

    /// What the holes take, as a list.
    fn captures(&mut self, text: ExprId, template: ExprId, on_error: OnError, span: Span) -> Option<ExprId> {
        let name = if on_error == OnError::Fail { "captures" } else { "captures?" };
        let function: FunctionId = *self.catalog.functions_named(name).first()?;
        Some(self.call_expr(function, vec![text, template], span))
    }

    /// The rows with a column for each hole.
    fn parsed(
        &mut self,
        call: &StageCall<'a>,
        input: Stream,
        (parts, text): (ExprId, &'a ast::Expr),
        (holes, template): (&[Hole], Arc<str>),
        (on_error, span): (OnError, Span),
    ) -> Option<Stream> {
        let (mut node, mut parts) = (input.node, parts);
        if on_error == OnError::Skip {
            (node, parts) = self.parts_as_column(&input, parts, call.span());
        }
        let mut values: Vec<(Arc<str>, ExprId, bool)> = Vec::new();
        for (at, hole) in holes.iter().enumerate() {
            let Some(name) = &hole.name else { continue };
            let part = self.part(parts, at);
            let value = self.converted_part(hole, Operand { id: part, ast: text }, on_error, span)?;
            values.push((name.clone(), value, hole.or_null));
        }
        if on_error == OnError::Skip {
            let wanted = values.iter().filter(|(.., or_null)| !or_null).map(|(_, value, _)| *value);
            let conditions: Vec<ExprId> = std::iter::once(parts).chain(wanted).collect();
            let mut all: Option<ExprId> = None;
            for value in conditions.into_iter().filter(|value| self.ty(*value).nullable).collect::<Vec<_>>() {
                let null = self.null_of(&self.ty(value).clone());
                let fits = self.add(Expr::Compare(Comparison::NotEqual, value, null), Type::BOOL);
                all = Some(all.map_or(fits, |before| self.add(Expr::And(before, fits), Type::BOOL)));
            }
            if let Some(predicate) = all {
                let filter = Stage::Filter { input: node, predicate, told: None };
                let fields = self.plan.node(node).output.clone();
                node = self.add_node(filter, call.span(), fields);
                let site = self.site(call.span());
                self.templates.insert(node, Told { site, template });
            }
        }
        let mut fields = if input.row.shape == Shape::Table { input.row.fields.clone() } else { Fields::default() };
        let mut definitions: Vec<(ColumnId, ExprId)> = Vec::new();
        for (name, mut value, or_null) in values {
            let ty = self.ty(value).clone();
            if on_error == OnError::Skip && ty.nullable && !or_null {
                value = self.add(Expr::NonNull(value), ty.without_null());
            }
            let ty = self.ty(value).clone();
            let column = self.define(&name, value, Some((span, format!("`{name}` is {ty}, taken here"))));
            definitions.push((column, value));
            fields.put(OutputField { name, column });
        }
        let row = Row { fields, shape: Shape::Table, ..(*input.row).clone() };
        Some(self.other_rows(Stage::Map { input: node, definitions }, call.span(), row, input.endless))
    }

    /// What the holes take as a column of its own, so that what stands behind the filter does not take it again.
    fn parts_as_column(&mut self, input: &Stream, parts: ExprId, span: Span) -> (NodeId, ExprId) {
        let column = self.define(&Arc::from("parts"), parts, None);
        let mut output = input.row.fields.clone();
        output.push(OutputField { name: unused_name("parts".into(), &output), column });
        let node = self.add_node(Stage::Map { input: input.node, definitions: vec![(column, parts)] }, span, output);
        (node, self.plan.column_expr(column))
    }

    /// What one hole takes.
    fn part(&mut self, parts: ExprId, at: usize) -> ExprId {
        let index = self.int(at as i64);
        let part = self.add(Expr::Index { value: parts, index, or_null: true }, Type::STRING.or_null());
        // A text that fits has all parts.
        if self.ty(parts).nullable { part } else { self.add(Expr::NonNull(part), Type::STRING) }
    }

    fn converted_part(&mut self, hole: &Hole, part: Operand<'a>, on_error: OnError, span: Span) -> Option<ExprId> {
        let ty = match &hole.ty {
            Some(ty) if &**ty != "string" => ty,
            _ => return Some(part.id),
        };
        let name = if hole.or_null || on_error != OnError::Fail { format!("{ty}?") } else { ty.to_string() };
        self.call_catalog(&name, span, &[(None, part)])
    }
}

/// The first two holes of a name, where the template is written as it is.
fn hole_places(expr: &ast::Expr, text: &str, name: &str) -> Option<(Span, Span)> {
    let opening = match expr.kind {
        ExprKind::String(_) => 1,
        ExprKind::RawString(_) => 2,
        _ => return None,
    };
    // Behind escapes everything stands elsewhere.
    let is_plain = (expr.span.end - expr.span.start) as usize == text.len() + opening + 1;
    let mut places = text.match_indices('{').filter_map(|(at, _)| {
        let end = at + text[at..].find('}')? + 1;
        let hole = text[at + 1..end - 1].split(':').next()?;
        let start = expr.span.start + (opening + at) as u32;
        (hole.trim() == name).then(|| Span { start, end: start + (end - at) as u32, ..expr.span })
    });
    Some((places.next()?, places.next()?)).filter(|_| is_plain)
}
