//! Frames: which rows of its group a reducer sees at a row. `rows: -6..0`, `range: -10min..0min`, `full: true`.

use super::super::scope::{RangeValue, Value};
use super::super::{Checker, errors};
use super::function::distance_type;
use crate::ir::{ExprId, Frame};
use crate::scalar::{Scalar, order};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, Label};
use crate::ty::Type;
use std::cmp::Ordering;

impl<'a> Checker<'a> {
    /// The frame that these options make; `on` is what a range is of.
    pub(super) fn frame(&mut self, options: &[&'a Argument], on: Option<Option<ExprId>>) -> Option<Frame> {
        let (mut full, mut bounds) = (None, None);
        for argument in options {
            let (Label::Option(name), Some(expr)) = (&argument.label, argument.expr()) else {
                self.report(errors::option_type(argument.span, "a frame"));
                return None;
            };
            if &*name.text == "full" {
                full = Some((name.span, self.full(expr)?));
            } else if bounds.replace((name, expr)).is_some() {
                self.report(errors::two_frames(name.span));
                return None;
            }
        }
        let is_full = full.is_some_and(|(_, is_full)| is_full);
        match (bounds, full) {
            (None, None) => Some(Frame::Group),
            (None, Some((span, _))) => {
                self.report(errors::full_without_frame(span));
                None
            }
            (Some((name, expr)), _) if &*name.text == "rows" => {
                let (start, end) = self.row_bounds(expr)?;
                Some(Frame::Rows { start, end, full: is_full })
            }
            (Some((name, expr)), _) => {
                let Some(on) = on else {
                    self.report(errors::range_without_on(name.span));
                    return None;
                };
                let (start, end) = self.range_bounds(expr, on?)?;
                Some(Frame::Range { start, end, full: is_full })
            }
        }
    }

    /// `full: true`
    fn full(&mut self, expr: &'a ast::Expr) -> Option<bool> {
        match self.constant_of(expr, "`full`", &Type::BOOL)? {
            Scalar::Bool(full) => Some(full),
            _ => None,
        }
    }

    /// `-6..0`
    fn row_bounds(&mut self, expr: &'a ast::Expr) -> Option<(Option<i64>, Option<i64>)> {
        let range = self.bounds(expr, "rows", "-6..0")?;
        let start = self.row_bound(range.start, expr.span)?;
        let end = self.row_bound(range.end, expr.span)?;
        let end = if range.inclusive { end } else { end.map(|end| end.saturating_sub(1)) };
        if let (Some(first), Some(last)) = (start, end)
            && last < first
        {
            self.report(errors::empty_frame(expr.span));
            return None;
        }
        Some((start, end))
    }

    fn row_bound(&mut self, bound: Option<ExprId>, span: Span) -> Option<Option<i64>> {
        match bound {
            None => Some(None),
            Some(id) => self.int_constant(id, span, "a bound of `rows`").map(Some),
        }
    }

    /// `-10min..0min`
    fn range_bounds(&mut self, expr: &'a ast::Expr, on: ExprId) -> Option<(Option<Scalar>, Option<Scalar>)> {
        let ty = self.ty(on).clone();
        let Some(distance) = distance_type(&ty.kind) else {
            self.report(errors::no_distance(expr.span, "a frame by `range`", &ty));
            return None;
        };
        let example = if distance == Type::DURATION { "-10min..0min" } else { "-10..0" };
        let range = self.bounds(expr, "range", example)?;
        let start = self.range_bound(range.start, expr.span, &distance)?;
        let end = match self.range_bound(range.end, expr.span, &distance)? {
            Some(end) if !range.inclusive => Some(self.just_before(end, expr.span)?),
            end => end,
        };
        if let (Some(first), Some(last)) = (&start, &end)
            && order(last, first) == Some(Ordering::Less)
        {
            self.report(errors::empty_frame(expr.span));
            return None;
        }
        Some((start, end))
    }

    fn range_bound(&mut self, bound: Option<ExprId>, span: Span, distance: &Type) -> Option<Option<Scalar>> {
        let Some(id) = bound else { return Some(None) };
        match self.constant_value_of(id, span, "a bound of `range`", distance)? {
            Scalar::Float(x) if !x.is_finite() => {
                self.report(errors::endless_bound(span));
                None
            }
            value => Some(Some(value)),
        }
    }

    /// The last value before the end of a range that leaves its end out.
    fn just_before(&mut self, end: Scalar, span: Span) -> Option<Scalar> {
        match end {
            Scalar::Int(end) => Some(Scalar::Int(end.saturating_sub(1))),
            Scalar::Duration(end) => Some(Scalar::Duration(end.saturating_sub(1))),
            _ => {
                self.report(errors::open_float_range(span));
                None
            }
        }
    }

    /// The value of an option that is a range.
    fn bounds(&mut self, expr: &'a ast::Expr, option: &str, example: &str) -> Option<RangeValue> {
        match self.value(expr) {
            Value::Range(range) => Some(range),
            Value::Unknown => None,
            _ => {
                self.report(errors::wants_range(expr.span, option, example));
                None
            }
        }
    }

    /// The value of an expression, which is known now and of a type.
    pub(super) fn constant_of(&mut self, expr: &'a ast::Expr, who: &str, ty: &Type) -> Option<Scalar> {
        let id = self.scalar(expr)?;
        self.constant_value_of(id, expr.span, who, ty)
    }

    fn constant_value_of(&mut self, id: ExprId, span: Span, who: &str, ty: &Type) -> Option<Scalar> {
        let found = self.ty(id).clone();
        let Some(id) = self.convert(id, ty) else {
            self.report(errors::wanted(span, who, ty, &found));
            return None;
        };
        let before = self.diagnostics.len();
        let value = self.evaluate(id, span);
        if value.is_none() && self.diagnostics.len() == before && !self.awaits_parameter(id) {
            self.report(errors::not_constant(span, who));
        }
        value
    }
}
