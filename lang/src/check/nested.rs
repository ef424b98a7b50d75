//! Lists, records, maps and json as values: what a script builds is a record as its fields (or a list as its items) for
//! as long as it can be, and one value of the plan where a column, an item or an operand must hold it.

use super::expr::{or_unknown, short_name};
use super::operators::Operand;
use super::scope::{RangeValue, Value};
use super::{Checker, errors};
use crate::catalog::Effect;
use crate::diagnostic::did_you_mean;
use crate::ir::{Expr, ExprId, Shape};
use crate::scalar::{Arithmetic, Scalar};
use crate::source::Span;
use crate::syntax::ast::{self, RecordItem};
use crate::ty::{Kind, Schema, Type};
use std::rc::Rc;
use std::sync::Arc;

/// The fields of a record, in order.
type Fields<'a> = Rc<Vec<(Arc<str>, Value<'a>)>>;

impl<'a> Checker<'a> {
    /// A record, as its fields, as a single value.
    pub(super) fn record_value(&mut self, fields: &[(Arc<str>, Value<'a>)], span: Span) -> Option<ExprId> {
        let values: Vec<Option<ExprId>> = fields.iter().map(|(_, value)| self.as_scalar(value.clone(), span)).collect();
        let values = values.into_iter().collect::<Option<Vec<_>>>()?;
        Some(self.record_expr(fields.iter().map(|field| field.0.clone()).collect(), values))
    }

    /// Where the first item of a list stands, and that at `at`; twice where the list stands, if it is no literal.
    pub(super) fn items_at(&self, list: Span, at: usize) -> (Span, Span) {
        let item = |at: usize| self.lists.get(&list).and_then(|items| items.get(at)).map_or(list, |item| item.span);
        (item(0), item(at))
    }

    /// The items of a list literal as a single value, brought to one type.
    pub(super) fn list_value(&mut self, items: &[Value<'a>], span: Span) -> Option<ExprId> {
        let ids: Vec<Option<ExprId>> = items.iter().map(|item| self.as_scalar(item.clone(), span)).collect();
        let ids = ids.into_iter().collect::<Option<Vec<_>>>()?;
        match self.unify_all(&ids) {
            Ok(items) => Some(self.list_expr(items)),
            Err(at) => {
                let types = [ids[0], ids[at]].map(|id| self.ty(id).clone());
                self.report(errors::item_types(self.items_at(span, at), &types[0], &types[1]));
                None
            }
        }
    }

    /// A range as the list of its ints.
    pub(super) fn range_value(&mut self, range: RangeValue, span: Span) -> Option<ExprId> {
        let (Some(start), Some(end)) = (range.start, range.end) else {
            self.report(errors::endless_list(span));
            return None;
        };
        for id in [start, end] {
            let ty = self.ty(id).clone();
            if !matches!(ty.kind, Kind::Int | Kind::Null) {
                self.report(errors::wanted(span, "a range as a list", &Type::INT, &ty));
                return None;
            }
        }
        let (start, end) = (self.coerce(start, &Kind::Int)?, self.coerce(end, &Kind::Int)?);
        let end = match (range.inclusive, self.plan.exprs.as_constant(end)) {
            (true, _) => end,
            (false, Some(Scalar::Int(end))) if *end != i64::MIN => {
                let end = end - 1;
                self.int(end)
            }
            (false, _) => {
                let (one, ty) = (self.int(1), self.ty(end).clone());
                let last = Expr::Arithmetic(Arithmetic::Subtract, end, one);
                self.add_fallible(last, ty, span, Effect::MayFail)
            }
        };
        let function = self.catalog.functions_named("range").first().copied()?;
        Some(self.call_expr(function, vec![start, end], span))
    }

    /// `{"US": 1}`
    pub(super) fn map_value(&mut self, entries: &'a [(ast::Expr, ast::Expr)], span: Span) -> Option<ExprId> {
        let (mut keys, mut values): (Vec<Arc<str>>, Vec<Option<ExprId>>) = (Vec::new(), Vec::new());
        let mut places: Vec<Span> = Vec::new();
        for (key, value) in entries {
            let id = self.scalar(value);
            let ast::ExprKind::String(text) = &key.kind else { return None };
            match keys.iter().position(|known| known == text) {
                Some(at) => self.report(errors::same_key(key.span, text, places[at])),
                None => {
                    keys.push(text.clone());
                    values.push(id);
                    places.push(key.span);
                }
            }
        }
        let ids = values.into_iter().collect::<Option<Vec<_>>>()?;
        match self.unify_all(&ids) {
            Ok(values) => Some(self.map_expr(keys, values)),
            Err(at) => {
                let types = [ids[0], ids[at]].map(|id| self.ty(id).clone());
                self.report(errors::value_types(span, &types[0], &types[1]));
                None
            }
        }
    }

    /// `{id: 1, name, ...it}`: later fields win.
    pub(super) fn record(&mut self, items: &'a [RecordItem]) -> Value<'a> {
        let mut fields: Vec<(Arc<str>, Value<'a>)> = Vec::new();
        let mut set = |name: Arc<str>, value: Value<'a>| match fields.iter_mut().find(|field| field.0 == name) {
            Some(field) => field.1 = value,
            None => fields.push((name, value)),
        };
        for item in items {
            match item {
                RecordItem::Field(name, expr) => set(name.text.clone(), self.value(expr)),
                RecordItem::Short(expr) => match short_name(expr) {
                    Some(name) => set(name, self.value(expr)),
                    None => return self.unknown(errors::needs_name(expr.span, "a field of a record", None)),
                },
                RecordItem::Spread(expr) => {
                    let value = self.value(expr);
                    let Some(spread) = self.fields_to_spread(value, expr, "`...`") else { return Value::Unknown };
                    spread.iter().cloned().for_each(|(name, value)| set(name, value));
                }
            }
        }
        Value::Record(Rc::new(fields))
    }

    /// The fields of a record that is not null; `who` wants it.
    pub(super) fn fields_to_spread(&mut self, value: Value<'a>, ast: &ast::Expr, who: &str) -> Option<Fields<'a>> {
        let value = self.with_parts(value, ast.span);
        let found = self.type_of(&value);
        match value {
            Value::Record(fields) => return Some(fields),
            Value::Unknown => return None,
            Value::Expr(id) => match self.ty(id).clone() {
                Type { kind: Kind::Record(schema), nullable: false } => {
                    return Some(Rc::new(self.taken_apart(id, &schema)));
                }
                ty @ Type { kind: Kind::Record(_), nullable: true } => {
                    let wanted = ty.clone().without_null();
                    self.report(errors::wanted(ast.span, who, &wanted, &ty));
                    return None;
                }
                _ => {}
            },
            Value::Stream(_) | Value::List(_) | Value::Range(_) | Value::Lambda(_) => {}
        }
        self.report(errors::no_record(ast.span, who, &found));
        None
    }

    /// A record that is a single value, as its fields.
    pub(super) fn taken_apart(&mut self, id: ExprId, schema: &Schema) -> Vec<(Arc<str>, Value<'a>)> {
        let fields = schema.fields.iter().enumerate();
        fields.map(|(at, field)| (field.name.clone(), Value::Expr(self.field_expr(id, at, &field.ty)))).collect()
    }

    /// A field of a record that is a single value; null of a null.
    pub(super) fn field_expr(&mut self, record: ExprId, at: usize, ty: &Type) -> ExprId {
        let ty = ty.clone().or_null_if(self.ty(record).nullable);
        let id = self.add(Expr::Field(record, at as u32), ty);
        self.mention(id)
    }

    /// `a.b` of a single value.
    pub(super) fn field_of(
        &mut self,
        id: ExprId,
        record: &'a ast::Expr,
        name: &'a ast::Name,
        null_safe: bool,
    ) -> Value<'a> {
        let ty = self.ty(id).clone();
        let dot = Span { start: record.span.end, end: name.span.start, ..name.span };
        match &ty.kind {
            Kind::Record(schema) => match schema.position(&name.text) {
                Some(_) if ty.nullable && !null_safe => {
                    let origin = self.origin(id);
                    self.unknown(errors::null_record(name, dot, record, &ty, origin))
                }
                Some(at) => Value::Expr(self.field_expr(id, at, &schema.fields[at].ty)),
                None => {
                    let names: Vec<&str> = schema.fields.iter().map(|field| &*field.name).collect();
                    let near = did_you_mean(&name.text, names.iter().copied());
                    self.unknown(errors::unknown_field(name, &names, &near))
                }
            },
            Kind::Json => {
                let key = self.constant(Scalar::String(name.text.clone()));
                or_unknown(self.json_part(Operand { id, ast: record }, Operand { id: key, ast: record }, name.span))
            }
            Kind::Map(_) => self.unknown(errors::field_of_map(name, dot)),
            // What is always null has no fields to be wrong about.
            Kind::Null if null_safe => Value::Expr(self.constant(Scalar::Null)),
            Kind::Null => {
                let origin = self.origin(id);
                self.unknown(errors::null_record(name, dot, record, &ty, origin))
            }
            Kind::List(_) => {
                let error = self.field_of_list(name, record);
                self.unknown(error)
            }
            _ if matches!(&*name.text, "str" | "dt" | "cat") => {
                self.unknown(errors::accessor(Span { start: record.span.end, ..name.span }, &name.text))
            }
            kind => match (self.function_named(&name.text), kind) {
                (Some(function), _) => self.unknown(errors::method_without_parentheses(name.span, &function)),
                (None, Kind::Opaque(of)) => self.field_of_opaque(of, name),
                (None, _) => self.unknown(errors::no_record(record.span, &format!("`.{}`", name.text), &ty)),
            },
        }
    }

    /// `value[index]`, `value[index]?`
    pub(super) fn index(
        &mut self,
        of: &'a ast::Expr,
        index: &'a ast::Expr,
        null_safe: bool,
        span: Span,
    ) -> Option<ExprId> {
        let value = self.value(of);
        match &value {
            Value::Stream(stream) if !stream.row.known => return None,
            Value::Stream(stream) if stream.row.shape != Shape::Scalar => {
                let error = match index.kind {
                    ast::ExprKind::Int(_) => errors::not_indexed(of.span, "a stream"),
                    _ => self.index_of_rows(of, &stream.row, index, span),
                };
                self.report(error);
                return None;
            }
            Value::Record(_) => {
                self.report(errors::not_indexed(of.span, "a record"));
                return None;
            }
            _ => {}
        }
        let value = self.as_scalar(value, of.span);
        let at = self.scalar(index);
        let (value, at) = (value?, at?);
        let ty = self.ty(value).clone();
        let (wanted, item) = match &ty.kind {
            Kind::List(item) => (Kind::Int, item),
            Kind::Map(item) => (Kind::String, item),
            Kind::Json => {
                return self.json_part(Operand { id: value, ast: of }, Operand { id: at, ast: index }, span);
            }
            _ => {
                self.report(errors::not_indexed(of.span, &ty.to_string()));
                return None;
            }
        };
        let Some(at) = self.coerce(at, &wanted) else {
            let (what, found) = (if wanted == Kind::Int { "a list" } else { "a map" }, self.ty(at).clone());
            self.report(errors::wanted(index.span, &format!("the index of {what}"), &Type::of(wanted), &found));
            return None;
        };
        if !null_safe {
            self.key_is_known(value, at, index.span)?;
        }
        let item = (**item).clone().or_null_if(null_safe || ty.nullable || self.ty(at).nullable);
        let expr = Expr::Index { value, index: at, or_null: null_safe };
        let id = if null_safe { self.add(expr, item) } else { self.add_fallible(expr, item, span, Effect::MayFail) };
        Some(self.mention(id))
    }

    /// Reports a constant key that a map of the script does not have.
    fn key_is_known(&mut self, map: ExprId, key: ExprId, span: Span) -> Option<()> {
        let (Expr::Map(keys, _), Some(Scalar::String(key))) =
            (self.plan.exprs.get(map), self.plan.exprs.as_constant(key))
        else {
            return Some(());
        };
        if keys.contains(key) {
            return Some(());
        }
        let names: Vec<&str> = keys.iter().map(|key| &**key).collect();
        let near = did_you_mean(key, names.iter().copied());
        let error = errors::unknown_key(span, key, &names, &near);
        self.report(error);
        None
    }
}
