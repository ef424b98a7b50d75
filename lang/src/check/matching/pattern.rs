//! Patterns against what they are matched with: what is tested, what names are bound to, and what is known where the
//! pattern matches.
//!
//! A pattern looks at what it tests and at nothing else: a name or `_` looks at nothing.

use super::coverage::Cover;
use super::point::Point;
use crate::check::operators::{Operand, is_ordered};
use crate::check::scope::Value;
use crate::check::{Checker, errors};
use crate::diagnostic::did_you_mean;
use crate::ir::{Expr, ExprId};
use crate::scalar::{Comparison, Scalar, negate};
use crate::source::Span;
use crate::syntax::ast::{self, ExprKind, Name, Pattern, UnaryOperator};
use crate::ty::{Kind, Type};
use std::sync::Arc;

/// A pattern that fits its subject.
pub(super) struct Matched<'a> {
    /// Whether a value is like the pattern; nothing where every value is.
    pub test: Option<ExprId>,
    /// What its names are bound to.
    pub bound: Vec<(&'a Name, Value<'a>)>,
    /// What is not null where it matches.
    pub not_null: Vec<ExprId>,
    /// The values that it covers.
    pub cover: Cover,
}

/// What is matched, or a field of it, and where it stands in the script.
#[derive(Clone)]
pub(super) struct Subject<'a> {
    pub value: Value<'a>,
    pub span: Span,
}

/// The fields of a record.
type Fields<'a> = Vec<(Arc<str>, Value<'a>)>;

impl<'a> Checker<'a> {
    /// A pattern; nothing if it does not fit, which is reported.
    pub(super) fn pattern(&mut self, pattern: &'a Pattern, subject: &Subject<'a>) -> Option<Matched<'a>> {
        match pattern {
            Pattern::Anything(_) => Some(always(Vec::new())),
            Pattern::Name(name) => Some(always(vec![(name, subject.value.clone())])),
            Pattern::Value(expr) => self.value_pattern(expr, subject),
            Pattern::Record(fields, span) => self.record_pattern(fields, *span, subject),
            Pattern::Either(patterns, span) => self.either_pattern(patterns, *span, subject),
        }
    }

    /// A literal, a range, or `null`.
    fn value_pattern(&mut self, expr: &'a ast::Expr, subject: &Subject<'a>) -> Option<Matched<'a>> {
        let id = match &subject.value {
            Value::Expr(id) => *id,
            Value::Record(_) if matches!(expr.kind, ExprKind::Null) => {
                let never = Some(self.bool(false));
                return Some(Matched { test: never, cover: Cover::Null, ..always(Vec::new()) });
            }
            Value::Unknown => return None,
            other => {
                let (found, bound) = (self.type_of(other), self.pattern_type(expr)?);
                self.report(errors::pattern_type(expr.span, &bound, subject.span, &found, None));
                return None;
            }
        };
        let (tests, cover) = match &expr.kind {
            ExprKind::Null => {
                let null = self.null_of(&self.ty(id).clone());
                let test = self.add(Expr::Compare(Comparison::Equal, id, null), Type::BOOL);
                return Some(Matched { test: Some(test), cover: Cover::Null, ..always(Vec::new()) });
            }
            ExprKind::Range { start, end, inclusive } => {
                let (from, first) = self.bound(start.as_deref(), Comparison::GreaterOrEqual, id, subject.span)?;
                let last = if *inclusive { Comparison::LessOrEqual } else { Comparison::Less };
                let (to, last) = self.bound(end.as_deref(), last, id, subject.span)?;
                let last = if *inclusive { last.and_then(|last| last.next()) } else { last };
                let is_empty = first.as_ref().zip(last.as_ref()).is_some_and(|(first, last)| last <= first);
                let cover = if is_empty { Cover::Either(Vec::new()) } else { Cover::Range(first, last) };
                (from.into_iter().chain(to).collect(), cover)
            }
            _ => {
                let (test, point) = self.bound(Some(expr), Comparison::Equal, id, subject.span)?;
                (Vec::from_iter(test), Cover::Range(point.clone(), point.and_then(|point| point.next())))
            }
        };
        let not_null = Vec::from_iter(self.ty(id).nullable.then_some(id));
        Some(Matched { test: self.all_of(&tests), not_null, cover, bound: Vec::new() })
    }

    /// The test against a literal of a pattern, and the point that it is.
    fn bound(
        &mut self,
        literal: Option<&'a ast::Expr>,
        op: Comparison,
        subject: ExprId,
        subject_span: Span,
    ) -> Option<(Option<ExprId>, Option<Point>)> {
        let Some(literal) = literal else { return Some((None, None)) };
        if matches!(literal.kind, ExprKind::RawString(_)) {
            self.report(errors::pattern_of_text(literal.span));
            return None;
        }
        let value = self.literal(literal)?;
        let id = self.constant(value);
        let (found, wanted) = (self.ty(id).clone(), self.ty(subject).clone());
        let id = match (&found.kind, &wanted.kind) {
            (Kind::Int, Kind::Float) => self.as_float(id),
            (found, wanted) if found == wanted && is_ordered(wanted) => id,
            (_, Kind::Null) => {
                let never = self.bool(false);
                return Some((Some(never), self.plan.exprs.as_constant(id).and_then(Point::of)));
            }
            _ => {
                let kind = Operand { id: subject, ast: literal };
                let fix = self.conversion(Operand { id, ast: literal }, kind);
                self.report(errors::pattern_type(literal.span, &found, subject_span, &wanted, fix));
                return None;
            }
        };
        let point = self.plan.exprs.as_constant(id).and_then(Point::of);
        let test = self.add(Expr::Compare(op, subject, id), Type::BOOL);
        Some((Some(test), point))
    }

    /// The value of a literal, which may have a minus.
    fn literal(&mut self, expr: &'a ast::Expr) -> Option<Scalar> {
        let (inner, negative) = match &expr.kind {
            ExprKind::Unary(UnaryOperator::Negate, inner) => (&**inner, true),
            _ => (expr, false),
        };
        let id = self.scalar(inner)?;
        let value = self.plan.exprs.as_constant(id)?.clone();
        if !negative {
            return Some(value);
        }
        match negate(&value) {
            Ok(negated) if negated != Scalar::Null => Some(negated),
            _ => {
                let found = self.ty(id).clone();
                self.report(errors::negate_type(expr.span, &found));
                None
            }
        }
    }

    /// The type of a literal or of the ends of a range, for messages.
    fn pattern_type(&mut self, expr: &'a ast::Expr) -> Option<Type> {
        let literal = match &expr.kind {
            ExprKind::Range { start, end, .. } => start.as_deref().or(end.as_deref())?,
            _ => expr,
        };
        let value = self.literal(literal)?;
        let id = self.constant(value);
        Some(self.ty(id).clone())
    }

    /// `{amount, age: 18..}`
    fn record_pattern(
        &mut self,
        patterns: &'a [(Name, Option<Pattern>)],
        span: Span,
        subject: &Subject<'a>,
    ) -> Option<Matched<'a>> {
        let (fields, known) = self.fields_of(subject, span)?;
        let mut tests = Vec::new();
        let mut matched = always(Vec::new());
        let mut covers = Vec::new();
        if let Some(id) = known {
            let null = self.null_of(&self.ty(id).clone());
            tests.push(self.add(Expr::Compare(Comparison::NotEqual, id, null), Type::BOOL));
            matched.not_null.push(id);
        }
        let mut fits = true;
        for (name, inner) in patterns {
            self.note_pattern(&subject.value, name.span);
            let Some(at) = fields.iter().position(|field| field.0 == name.text) else {
                let names: Vec<&str> = fields.iter().map(|field| &*field.0).collect();
                let near = did_you_mean(&name.text, names.iter().copied());
                self.report(errors::unknown_column(name.span, &name.text, &names, subject.span, &near));
                fits = false;
                continue;
            };
            let value = fields[at].1.clone();
            let Some(inner) = inner else {
                matched.bound.push((name, value));
                continue;
            };
            let Some(field) = self.pattern(inner, &Subject { value, span: subject.span }) else {
                fits = false;
                continue;
            };
            tests.extend(field.test);
            matched.bound.extend(field.bound);
            matched.not_null.extend(field.not_null);
            covers.push((at, field.cover));
        }
        matched.test = self.all_of(&tests);
        matched.cover = Cover::Record(covers);
        (fits && self.bound_once(&matched.bound)).then_some(matched)
    }

    /// The fields of a record, and the record itself where it may be null.
    fn fields_of(&mut self, subject: &Subject<'a>, span: Span) -> Option<(Fields<'a>, Option<ExprId>)> {
        let id = match &subject.value {
            Value::Record(fields) => return Some(((**fields).clone(), None)),
            Value::Unknown => return None,
            Value::Expr(id) => *id,
            _ => return self.no_fields(subject, span),
        };
        let ty = self.ty(id).clone();
        let Kind::Record(schema) = &ty.kind else { return self.no_fields(subject, span) };
        let known = if ty.nullable { self.add(Expr::NonNull(id), ty.clone().without_null()) } else { id };
        let fields = schema.fields.iter().enumerate().map(|(at, field)| {
            let value = self.add(Expr::Field(known, at as u32), field.ty.clone());
            (field.name.clone(), Value::Expr(value))
        });
        Some((fields.collect(), ty.nullable.then_some(id)))
    }

    fn no_fields<T>(&mut self, subject: &Subject<'a>, span: Span) -> Option<T> {
        let found = self.type_of(&subject.value);
        self.report(errors::record_pattern(span, subject.span, &found));
        None
    }

    /// Reports names that a pattern binds twice.
    fn bound_once(&mut self, bound: &[(&'a Name, Value<'a>)]) -> bool {
        let mut once = true;
        for (at, (name, _)) in bound.iter().enumerate() {
            if let Some((first, _)) = bound[..at].iter().find(|(first, _)| first.text == name.text) {
                self.report(errors::defined_twice(name.span, &name.text, first.span));
                once = false;
            }
        }
        once
    }

    /// `p or q`
    fn either_pattern(&mut self, patterns: &'a [Pattern], span: Span, subject: &Subject<'a>) -> Option<Matched<'a>> {
        let matched: Vec<Option<Matched<'a>>> = patterns.iter().map(|p| self.pattern(p, subject)).collect();
        let mut matched: Vec<Matched<'a>> = matched.into_iter().collect::<Option<_>>()?;
        let covers = matched.iter_mut().map(|one| std::mem::replace(&mut one.cover, Cover::Any)).collect();
        let tests: Option<Vec<ExprId>> = matched.iter().map(|one| one.test).collect();
        let mut not_null = matched[0].not_null.clone();
        not_null.retain(|id| matched.iter().all(|one| one.not_null.contains(id)));
        let bound = self.bound_by_each(&matched, span)?;
        let test = tests.map(|tests| self.any_of(&tests));
        Some(Matched { test, bound, not_null, cover: Cover::Either(covers) })
    }

    /// What names are bound to that each side of an `or` binds: what the first side that matches gives.
    fn bound_by_each(&mut self, matched: &[Matched<'a>], span: Span) -> Option<Vec<(&'a Name, Value<'a>)>> {
        let missing = |name: &Name, one: &Matched<'a>| !one.bound.iter().any(|(other, _)| other.text == name.text);
        for (name, _) in matched.iter().flat_map(|one| &one.bound) {
            if matched.iter().any(|one| missing(name, one)) {
                self.report(errors::bound_on_one_side(name.span, &name.text, span));
                return None;
            }
        }
        let (last, others) = matched.split_last()?;
        let mut bound = Vec::new();
        for (name, value) in &last.bound {
            let (mut rest, mut rest_span) = (value.clone(), name.span);
            for one in others.iter().rev() {
                let given = one.bound.iter().find(|(other, _)| other.text == name.text);
                let (given_name, given) = given.expect("a name that is missing has been reported").clone();
                rest = match one.test {
                    Some(test) => self.choose("match", test, (given, given_name.span), (rest, rest_span), span),
                    None => given,
                };
                rest_span = given_name.span;
            }
            bound.push((*name, rest));
        }
        Some(bound)
    }

    /// The tests joined by `and`; nothing if there is none.
    fn all_of(&mut self, tests: &[ExprId]) -> Option<ExprId> {
        let (first, rest) = tests.split_first()?;
        Some(rest.iter().fold(*first, |all, test| self.add(Expr::And(all, *test), Type::BOOL)))
    }
}

fn always<'a>(bound: Vec<(&'a Name, Value<'a>)>) -> Matched<'a> {
    Matched { test: None, bound, not_null: Vec::new(), cover: Cover::Any }
}

/// The names that a pattern binds.
pub(super) fn names<'a>(pattern: &'a Pattern, found: &mut Vec<&'a Name>) {
    match pattern {
        Pattern::Anything(_) | Pattern::Value(_) => {}
        Pattern::Name(name) => found.push(name),
        Pattern::Record(fields, _) => {
            for (name, inner) in fields {
                match inner {
                    Some(inner) => names(inner, found),
                    None => found.push(name),
                }
            }
        }
        Pattern::Either(patterns, _) => patterns.iter().for_each(|pattern| names(pattern, found)),
    }
}
