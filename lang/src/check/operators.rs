//! Operators: what they take, what they give, and where they may fail.

use super::decimal::Decimal;
use super::scope::{RangeValue, Value};
use super::{Checker, errors};
use crate::calendar::{self, DAY};
use crate::catalog::Effect;
use crate::ir::{Each, Expr, ExprId};
use crate::scalar::{self, Arithmetic, Comparison, Scalar};
use crate::source::Span;
use crate::syntax::ast::{self, BinaryOperator, ExprKind, UnaryOperator};
use crate::ty::{Kind, Type, spell};

/// An operand with the text that it stands for.
#[derive(Clone, Copy)]
pub(super) struct Operand<'a> {
    pub id: ExprId,
    pub ast: &'a ast::Expr,
}

impl<'a> Checker<'a> {
    /// A binary operator. A chain of them leans to the left and may be long, so it is walked, not descended.
    pub(super) fn binary(&mut self, expr: &'a ast::Expr) -> Option<ExprId> {
        let (mut chain, mut left) = (Vec::new(), expr);
        while let ExprKind::Binary(op, _, a, b) = &left.kind {
            if let Some(error) = self.name_with_hyphen(left, a, b) {
                self.report(error);
                return None;
            }
            chain.push((left, *op, &**b));
            left = a;
        }
        let mut result = self.scalar(left);
        let mut decimal = Decimal::of(left);
        for (whole, op, right) in chain.into_iter().rev() {
            decimal = match op {
                BinaryOperator::Arithmetic(op) => decimal.zip(Decimal::of(right)).and_then(|(a, b)| a.combine(op, b)),
                _ => None,
            };
            result = match decimal.and_then(Decimal::to_float) {
                Some(exact) => Some(self.float(exact)),
                None => self.apply(op, result, left, right, whole.span),
            };
            if result.is_some_and(|id| self.is_too_deep(id, whole.span)) {
                return None;
            }
            left = whole;
        }
        result
    }

    /// One operator over a left operand that has been checked and a right one that has not.
    fn apply(
        &mut self,
        op: BinaryOperator,
        left: Option<ExprId>,
        left_ast: &'a ast::Expr,
        right: &'a ast::Expr,
        span: Span,
    ) -> Option<ExprId> {
        let a = |id| Operand { id, ast: left_ast };
        match op {
            BinaryOperator::Arithmetic(op) => {
                let b = self.scalar(right);
                self.arithmetic(op, a(left?), Operand { id: b?, ast: right }, span)
            }
            BinaryOperator::Comparison(op) => {
                let told = self.diagnostics.len();
                let b = self.scalar(right);
                if let (Some(left), None) = (left, b) {
                    self.suggest_text(left, right, told);
                }
                self.compare(op, a(left?), Operand { id: b?, ast: right })
            }
            BinaryOperator::And | BinaryOperator::Or => {
                self.connect(op == BinaryOperator::And, left.map(a), (left_ast, right, span))
            }
            BinaryOperator::Coalesce => {
                let b = self.scalar(right);
                self.coalesce(a(left?), Operand { id: b?, ast: right })
            }
            BinaryOperator::Matches => {
                let b = self.scalar(right);
                self.matches(a(left?), Operand { id: b?, ast: right }, span)
            }
            BinaryOperator::In => self.contained(left.map(a), right),
            BinaryOperator::NotIn => {
                let inside = self.contained(left.map(a), right)?;
                Some(self.add(Expr::Not(inside), Type::BOOL))
            }
        }
    }

    /// `+ - * / // % **`
    fn arithmetic(&mut self, op: Arithmetic, a: Operand<'a>, b: Operand<'a>, span: Span) -> Option<ExprId> {
        let (a_type, b_type) = (self.ty(a.id).clone(), self.ty(b.id).clone());
        let Some((left, right)) = operand_kinds(op, &a_type.kind, &b_type.kind) else {
            let labels = [a, b].map(|operand| self.origin(operand.id));
            let fix = self.arithmetic_fix(op, a, b);
            let hosts = if a_type.kind.opaque().is_some() { &a_type } else { &b_type };
            self.report_of(&hosts.kind, errors::arithmetic_types(op, (a, &a_type), (b, &b_type), labels, fix));
            return None;
        };
        let kind = scalar::arithmetic_kind(op, &left, &right)?;
        let (left, right) = (self.coerce(a.id, &left)?, self.coerce(b.id, &right)?);
        if kind == Kind::Date {
            self.whole_days(op, a, b)?;
        }
        let ty = Type::of(kind).or_null_if(a_type.nullable || b_type.nullable);
        let expr = Expr::Arithmetic(op, left, right);
        Some(match ty.kind {
            Kind::Float => self.add(expr, ty),
            _ => self.add_fallible(expr, ty, span, Effect::MayFail),
        })
    }

    /// Reports a date that is moved by a constant length of time which is not whole days.
    fn whole_days(&mut self, op: Arithmetic, a: Operand<'a>, b: Operand<'a>) -> Option<()> {
        let (date, length) = if self.ty(a.id).kind == Kind::Date { (a, b) } else { (b, a) };
        match self.constant_value(length.id) {
            Some(Ok(Scalar::Duration(microseconds))) if microseconds % DAY != 0 => {
                let fix = self.converted(date.ast, &Kind::DateTime);
                self.report(errors::parts_of_days(op, (date, length), microseconds, fix));
                None
            }
            _ => Some(()),
        }
    }

    /// What makes arithmetic of dates, times and durations right, if that is known.
    fn arithmetic_fix(&self, op: Arithmetic, a: Operand<'a>, b: Operand<'a>) -> Option<(Span, String)> {
        let with_unit = |operand: Operand<'a>, unit: &str| match &operand.ast.kind {
            ExprKind::Int(count) => Some((operand.ast.span, format!("{count}{unit}"))),
            _ => spelled(operand.ast).map(|text| (operand.ast.span, format!("{text} * 1{unit}"))),
        };
        match (op, &self.ty(a.id).kind, &self.ty(b.id).kind) {
            (Arithmetic::Subtract, Kind::Date, Kind::DateTime) => self.converted(a.ast, &Kind::DateTime),
            (Arithmetic::Subtract, Kind::DateTime, Kind::Date) => self.converted(b.ast, &Kind::DateTime),
            (Arithmetic::Add | Arithmetic::Subtract, Kind::Date, Kind::Int) => with_unit(b, "d"),
            (Arithmetic::Add, Kind::Int, Kind::Date) => with_unit(a, "d"),
            (Arithmetic::Add | Arithmetic::Subtract, Kind::DateTime | Kind::Duration, Kind::Int) => with_unit(b, "s"),
            _ => None,
        }
    }

    /// `== != < <= > >=`
    pub(super) fn compare(&mut self, op: Comparison, a: Operand<'a>, b: Operand<'a>) -> Option<ExprId> {
        let (a_type, b_type) = (self.ty(a.id).clone(), self.ty(b.id).clone());
        let Some(kind) = self.common_kind(a.id, b.id) else {
            let labels = [a, b].map(|operand| self.origin(operand.id));
            let fix = self.conversion(a, b).or_else(|| self.conversion(b, a));
            self.report(errors::compare_types((a, &a_type), (b, &b_type), labels, fix));
            return None;
        };
        let kind = if kind == Kind::Null { Kind::Bool } else { kind };
        let with_null = [&a_type, &b_type].iter().any(|ty| ty.kind == Kind::Null);
        if let (Some(name), false) = (kind.opaque(), with_null) {
            let methods = self.catalog.methods(name);
            self.report(errors::opaque_compared(a.ast.span.to(b.ast.span), name, &methods));
            return None;
        }
        if !is_ordered(&kind) && !matches!(op, Comparison::Equal | Comparison::NotEqual) {
            self.report(errors::no_order_of(a.ast.span.to(b.ast.span), op, &Type::of(kind)));
            return None;
        }
        let (Some(left), Some(right)) = (self.coerce(a.id, &kind), self.coerce(b.id, &kind)) else {
            let labels = [a, b].map(|operand| self.origin(operand.id));
            self.report(errors::compare_types((a, &a_type), (b, &b_type), labels, None));
            return None;
        };
        Some(self.add(Expr::Compare(op, left, right), Type::BOOL))
    }

    /// The edit that makes the text of `from` a value of `to`'s type, if one is known.
    pub(super) fn conversion(&self, from: Operand<'a>, to: Operand<'a>) -> Option<(Span, String)> {
        let (found, wanted) = (&self.ty(from.id).kind, &self.ty(to.id).kind);
        match (found, wanted) {
            (Kind::String, _) => {}
            (Kind::Json, _) | (Kind::Date, Kind::DateTime) => return self.converted(from.ast, wanted),
            _ => return None,
        }
        if let Some(Scalar::String(text)) = self.plan.exprs.as_constant(from.id) {
            let literal = match wanted {
                Kind::Int => text.parse::<i64>().ok()?.to_string(),
                Kind::Float => text.parse::<f64>().ok().filter(|x| x.is_finite()).map(|_| text.to_string())?,
                Kind::Date => calendar::parse_date(text.as_bytes()).filter(|_| text.len() == 10).map(date_literal)?,
                Kind::DateTime => calendar::parse_datetime(text.as_bytes()).map(datetime_literal)?,
                Kind::Duration => calendar::parse_duration(text).and_then(duration_literal)?,
                _ => return None,
            };
            return Some((from.ast.span, literal));
        }
        self.converted(from.ast, wanted)
    }

    /// The edit that converts an expression to a kind by calling a function.
    pub(super) fn converted(&self, ast: &ast::Expr, wanted: &Kind) -> Option<(Span, String)> {
        let function = match wanted {
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::Date => "date",
            Kind::DateTime => "datetime",
            Kind::Duration => "duration",
            Kind::String => "string",
            Kind::Bool => "bool",
            _ => return None,
        };
        let known = !self.catalog.functions_named(function).is_empty();
        spelled(ast).filter(|_| known).map(|text| (ast.span, format!("{function}({text})")))
    }

    /// `a ?? b`
    pub(super) fn coalesce(&mut self, a: Operand<'a>, b: Operand<'a>) -> Option<ExprId> {
        let (a_type, b_type) = (self.ty(a.id).clone(), self.ty(b.id).clone());
        let Some((left, right)) = self.unify(a.id, b.id) else {
            self.report(errors::branches("??", (a.ast.span, &a_type), (b.ast.span, &b_type)));
            return None;
        };
        if !a_type.nullable {
            return Some(left);
        }
        let ty = self.ty(right).clone();
        Some(self.add(Expr::Coalesce(left, right), ty))
    }

    /// `text ~ pattern`; false with a null.
    fn matches(&mut self, text: Operand<'a>, pattern: Operand<'a>, span: Span) -> Option<ExprId> {
        let call = self.call_catalog("matches", span, &[(None, text), (None, pattern)])?;
        if !self.ty(call).nullable {
            return Some(call);
        }
        let otherwise = self.bool(false);
        Some(self.add(Expr::Coalesce(call, otherwise), Type::BOOL))
    }

    /// `x in a..b`, `x in [a, b]`; false where `x` is null.
    fn contained(&mut self, left: Option<Operand<'a>>, right: &'a ast::Expr) -> Option<ExprId> {
        let container = self.value(right);
        let left = left?;
        match container {
            Value::Range(range) => self.in_range(left, range, right),
            Value::List(items) => self.in_list(left, &items, right),
            Value::Unknown => None,
            Value::Stream(stream) => self.in_stream(left, stream, right),
            Value::Expr(list) if self.is_column_of_records(list, left) => {
                let values = self.only_field(list, right)?;
                self.in_computed(left, values, right)
            }
            Value::Expr(list) if matches!(self.ty(list).kind, Kind::List(_)) => self.in_computed(left, list, right),
            Value::Expr(_) | Value::Record(_) | Value::Lambda(_) => {
                let is_map = matches!(container, Value::Expr(map) if matches!(self.ty(map).kind, Kind::Map(_)));
                self.report(errors::in_what(right.span, is_map));
                None
            }
        }
    }

    /// Of a list of records with one field: the values of that field.
    fn only_field(&mut self, list: ExprId, right: &'a ast::Expr) -> Option<ExprId> {
        let Kind::List(item) = self.ty(list).kind.clone() else { return None };
        let Kind::Record(schema) = &item.kind else { return None };
        let [field] = schema.fields.as_slice() else {
            self.report(errors::in_table(right.span, schema.fields.len()));
            return None;
        };
        let ty = field.ty.clone().or_null_if(item.nullable);
        self.each(Each::Map, list, |c, item| {
            let item = c.plan.column_expr(item);
            Some(c.add(Expr::Field(item, 0), ty))
        })
    }

    /// Whether a list is a table of one column beside a value that is no record: `x in (t | select k)`.
    fn is_column_of_records(&self, list: ExprId, x: Operand<'a>) -> bool {
        let Kind::List(item) = &self.ty(list).kind else { return false };
        matches!(item.kind, Kind::Record(_)) && !matches!(self.ty(x.id).kind, Kind::Record(_))
    }

    fn in_range(&mut self, x: Operand<'a>, range: RangeValue, right: &'a ast::Expr) -> Option<ExprId> {
        let last = if range.inclusive { Comparison::LessOrEqual } else { Comparison::Less };
        let bound = |id| Operand { id, ast: right };
        let from = range.start.map(|start| self.compare(Comparison::GreaterOrEqual, x, bound(start)));
        let to = range.end.map(|end| self.compare(last, x, bound(end)));
        match (from, to) {
            (Some(from), Some(to)) => {
                let both = Expr::And(from?, to?);
                Some(self.add(both, Type::BOOL))
            }
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => Some(self.bool(true)),
        }
    }

    fn in_list(&mut self, x: Operand<'a>, items: &[Value<'a>], right: &'a ast::Expr) -> Option<ExprId> {
        let mut tests = Vec::new();
        for item in items {
            let id = self.as_scalar(item.clone(), right.span)?;
            if self.ty(id).kind != Kind::Null {
                tests.push(self.compare(Comparison::Equal, x, Operand { id, ast: right })?);
                if self.ty(id).nullable && self.ty(x.id).nullable {
                    let null = self.null_of(&self.ty(x.id).clone());
                    let known = self.add(Expr::Compare(Comparison::NotEqual, x.id, null), Type::BOOL);
                    let test = tests.pop().expect("it was pushed above");
                    tests.push(self.add(Expr::And(known, test), Type::BOOL));
                }
            }
        }
        Some(self.any_of(&tests))
    }

    /// `x in xs` of a list that is a value: false where either is null.
    fn in_computed(&mut self, x: Operand<'a>, list: ExprId, right: &'a ast::Expr) -> Option<ExprId> {
        let list = Operand { id: list, ast: right };
        let call = self.call_catalog("contains", right.span, &[(None, list), (None, x)])?;
        if !self.ty(call).nullable {
            return Some(call);
        }
        let otherwise = self.bool(false);
        Some(self.add(Expr::Coalesce(call, otherwise), Type::BOOL))
    }

    /// The tests joined by `or`, as a balanced tree: a long list must not make a deep expression.
    pub(super) fn any_of(&mut self, tests: &[ExprId]) -> ExprId {
        match tests {
            [] => self.bool(false),
            [one] => *one,
            _ => {
                let (first, rest) = tests.split_at(tests.len() / 2);
                let (first, rest) = (self.any_of(first), self.any_of(rest));
                self.add(Expr::Or(first, rest), Type::BOOL)
            }
        }
    }

    /// `-a`, `not a`
    pub(super) fn unary(&mut self, op: UnaryOperator, inner: &'a ast::Expr, span: Span) -> Option<ExprId> {
        let id = self.scalar(inner)?;
        let ty = self.ty(id).clone();
        match (op, &ty.kind) {
            (UnaryOperator::Negate, Kind::Int) => match self.plan.exprs.as_constant(id) {
                Some(Scalar::Int(value)) if *value != i64::MIN => {
                    Some(self.plan.exprs.literal(Scalar::Int(-value), ty))
                }
                _ => Some(self.add_fallible(Expr::Negate(id), ty, span, Effect::MayFail)),
            },
            (UnaryOperator::Negate, Kind::Duration) => match self.plan.exprs.as_constant(id) {
                Some(Scalar::Duration(value)) if *value != i64::MIN => {
                    Some(self.plan.exprs.literal(Scalar::Duration(-value), ty))
                }
                _ => Some(self.add_fallible(Expr::Negate(id), ty, span, Effect::MayFail)),
            },
            (UnaryOperator::Negate, Kind::Float) => match self.plan.exprs.as_constant(id) {
                Some(Scalar::Float(value)) => Some(self.plan.exprs.literal(Scalar::Float(-value), ty)),
                _ => Some(self.add(Expr::Negate(id), ty)),
            },
            (UnaryOperator::Not, Kind::Bool) if !ty.nullable => {
                self.warn_of_negated_comparison(id, inner, span);
                Some(self.add(Expr::Not(id), Type::BOOL))
            }
            (UnaryOperator::Not, Kind::Bool) => {
                let origin = self.origin(id);
                self.report(errors::null_for_not(inner, origin));
                None
            }
            (UnaryOperator::Not, _) => {
                let origin = self.origin(id);
                self.report(errors::condition_type("not", inner, &ty, origin));
                None
            }
            (UnaryOperator::Negate, _) => {
                self.report(errors::negate_type(span, &ty));
                None
            }
        }
    }
}

/// Whether values of that kind can be compared and sorted.
pub(super) fn is_ordered(kind: &Kind) -> bool {
    match kind {
        Kind::Bool | Kind::Int | Kind::Float | Kind::String | Kind::Date | Kind::DateTime | Kind::Duration => true,
        Kind::Bytes
        | Kind::Wide
        | Kind::List(_)
        | Kind::Record(_)
        | Kind::Map(_)
        | Kind::Json
        | Kind::Opaque(_)
        | Kind::Null
        | Kind::Unknown => false,
    }
}

/// The kinds that the operands of arithmetic become: ints beside floats are floats, `/` is of floats, and null is what
/// fits beside the other.
fn operand_kinds(op: Arithmetic, a: &Kind, b: &Kind) -> Option<(Kind, Kind)> {
    let (a, b) = match (a, b) {
        (Kind::Null, Kind::Null) => (Kind::Int, Kind::Int),
        (Kind::Null, Kind::Int | Kind::Float) => (b.clone(), b.clone()),
        (Kind::Int | Kind::Float, Kind::Null) => (a.clone(), a.clone()),
        (Kind::Null, _) => (fitting(|null| scalar::arithmetic_kind(op, null, b))?, b.clone()),
        (_, Kind::Null) => (a.clone(), fitting(|null| scalar::arithmetic_kind(op, a, null))?),
        (Kind::Int, Kind::Float) | (Kind::Float, Kind::Int) => (Kind::Float, Kind::Float),
        _ => (a.clone(), b.clone()),
    };
    if (&a, &b, op) == (&Kind::Int, &Kind::Int, Arithmetic::Divide) {
        return Some((Kind::Float, Kind::Float));
    }
    scalar::arithmetic_kind(op, &a, &b).map(|_| (a, b))
}

/// The kind that a null beside a date, time or duration becomes.
fn fitting(result: impl Fn(&Kind) -> Option<Kind>) -> Option<Kind> {
    [Kind::Duration, Kind::DateTime, Kind::Date, Kind::Int].into_iter().find(|kind| result(kind).is_some())
}

fn date_literal(day: i32) -> String {
    format!("@{}", calendar::spell_date(day))
}

pub(super) fn datetime_literal(time: i64) -> String {
    format!("@{}", calendar::spell_datetime(time))
}

/// A duration in the largest unit that it is a whole number of.
fn duration_literal(length: i64) -> Option<String> {
    let units = ["w", "d", "h", "min", "s", "ms"].into_iter().filter_map(|name| Some((name, calendar::unit(name)?)));
    let fits = |(_, unit): &(&str, i64)| length >= 0 && length % unit == 0;
    let mut fitting = units.filter(fits);
    if length == 0 { Some("0s".into()) } else { fitting.next().map(|(name, unit)| format!("{}{name}", length / unit)) }
}

/// A short expression as it is written, for fixes: names, fields, literals and calls of them.
pub(super) fn spelled(expr: &ast::Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) => Some(spell(name)),
        ExprKind::It => Some("it".into()),
        ExprKind::Int(value) => Some(value.to_string()),
        ExprKind::Float(_, text) => Some(text.to_string()),
        ExprKind::Date(day) => Some(date_literal(*day)),
        ExprKind::DateTime(time) => Some(datetime_literal(*time)),
        ExprKind::Duration(length) => duration_literal(*length),
        ExprKind::Field { record, name, null_safe } => {
            let dot = if *null_safe { "?." } else { "." };
            spelled(record).map(|record| format!("{record}{dot}{}", spell(&name.text)))
        }
        ExprKind::Parenthesized(inner) => spelled(inner).map(|inner| format!("({inner})")),
        ExprKind::Call { function, arguments } if function.len() == 1 => {
            let arguments: Option<Vec<String>> = arguments.iter().map(|a| a.expr().and_then(spelled)).collect();
            arguments.map(|arguments| format!("{}({})", function[0].text, arguments.join(", ")))
        }
        _ => None,
    }
}
