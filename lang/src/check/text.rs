//! Texts with holes: `f"{name}: {total:,.2}"` is a call of `concat` over texts, each hole made one by `string` or
//! `format`. What is known is put together at once, so that a path may have holes.

use super::operators::Operand;
use super::{Checker, errors};
use crate::catalog::Effect;
use crate::format::{For, Format};
use crate::ir::constant::LONGEST_CONSTANT;
use crate::ir::typing::resolve;
use crate::ir::{Expr, ExprId};
use crate::scalar::Scalar;
use crate::source::Span;
use crate::syntax::ast::{self, Fragment, Name};
use crate::ty::{Kind, Type};

impl<'a> Checker<'a> {
    /// `f"…"`
    pub(super) fn interpolated(&mut self, fragments: &'a [Fragment], span: Span) -> Option<ExprId> {
        let mut parts = Some(Vec::new());
        for fragment in fragments {
            let part = match fragment {
                Fragment::Text(text) => Some(self.constant(Scalar::String(text.clone()))),
                Fragment::Hole { value, format } => self.hole(value, format.as_ref()),
            };
            match (part, &mut parts) {
                (Some(part), Some(parts)) => parts.push(part),
                (None, _) => parts = None,
                (Some(_), None) => {}
            }
        }
        self.concatenated(parts?, span)
    }

    /// Texts one behind the other.
    fn concatenated(&mut self, parts: Vec<ExprId>, span: Span) -> Option<ExprId> {
        let mut merged: Vec<ExprId> = Vec::new();
        for part in parts {
            let texts = [merged.last().copied(), Some(part)].map(|id| match self.plan.exprs.as_constant(id?) {
                Some(Scalar::String(text)) => Some(text.clone()),
                _ => None,
            });
            match texts {
                [Some(before), Some(text)] if before.len() + text.len() <= LONGEST_CONSTANT => {
                    merged.pop();
                    merged.push(self.constant(Scalar::String(format!("{before}{text}").into())));
                }
                _ => merged.push(part),
            }
        }
        match merged.as_slice() {
            [] => Some(self.constant(Scalar::String("".into()))),
            [one] => Some(*one),
            _ => self.call_by_name("concat", merged, span),
        }
    }

    /// A hole as a text that is never null.
    fn hole(&mut self, value: &'a ast::Expr, format: Option<&'a Name>) -> Option<ExprId> {
        let id = self.scalar(value)?;
        let id = match self.constant_value(id) {
            Some(Ok(known)) if self.plan.exprs.as_constant(id).is_none() => {
                let ty = self.ty(id).clone();
                self.plan.exprs.literal(known, ty)
            }
            _ => id,
        };
        let mut null = "null".to_string();
        let text = match format {
            Some(format) => {
                let (text, width) = self.formatted(Operand { id, ast: value }, format)?;
                null = width.map_or(null, |format| format.pad("null", false));
                text
            }
            None => self.as_text(Operand { id, ast: value })?,
        };
        if !self.ty(text).nullable {
            return Some(text);
        }
        let null = self.constant(Scalar::String(null.into()));
        match self.ty(text).kind {
            Kind::Null => Some(null),
            _ => Some(self.add(Expr::Coalesce(text, null), Type::STRING)),
        }
    }

    /// A value as text, as it is written to files; what is nested as JSON.
    fn as_text(&mut self, value: Operand<'a>) -> Option<ExprId> {
        let span = value.ast.span;
        let id = match self.ty(value.id).kind {
            Kind::String | Kind::Null => return Some(value.id),
            Kind::List(_) | Kind::Record(_) | Kind::Map(_) => self.json_of(value.id, span)?,
            _ => value.id,
        };
        if let Kind::Opaque(name) = &self.ty(id).kind {
            let methods = self.catalog.methods(name);
            if !methods.contains(&"string") {
                self.report(errors::opaque_spelled(span, name, &methods));
                return None;
            }
        }
        let text = self.call_catalog("string", span, &[(None, Operand { id, ..value })])?;
        Some(self.known_call(text))
    }

    /// A value in a format, and the width of that.
    fn formatted(&mut self, value: Operand<'a>, format: &'a Name) -> Option<(ExprId, Option<Format>)> {
        let ty = self.ty(value.id).clone();
        let spec = match ty.kind {
            Kind::Int => Format::parse(&format.text, For::Int),
            Kind::Float => Format::parse(&format.text, For::Float),
            Kind::String | Kind::Bool | Kind::Null => Format::parse(&format.text, For::Text),
            Kind::Date | Kind::DateTime => return Some((self.formatted_date(value, format)?, None)),
            _ => Err(format!("{ty} takes no format; make a text of it first: `string(…)`, `json(…)`")),
        };
        let spec = match spec {
            Ok(spec) => spec,
            Err(why) => {
                self.report_of(&ty.kind, errors::text_format(format.span, &format.text, &why));
                return None;
            }
        };
        if ty.kind == Kind::Null {
            return Some((value.id, Some(spec)));
        }
        let text = self.constant(Scalar::String(format.text.clone()));
        let call = self.call_by_name("format", vec![value.id, text], value.ast.span)?;
        Some((call, Some(spec)))
    }

    /// A date or time in a pattern of `strftime`, which is tried first.
    fn formatted_date(&mut self, value: Operand<'a>, format: &'a Name) -> Option<ExprId> {
        let (name, mut sample) = match self.ty(value.id).kind {
            Kind::Date => ("format", vec![Scalar::Date(0)]),
            _ => ("format_date", vec![Scalar::DateTime(0)]),
        };
        sample.push(Scalar::String(format.text.clone()));
        if name == "format_date" {
            sample.push(Scalar::String("UTC".into()));
        }
        let options: Vec<ExprId> = sample[1..].iter().map(|option| self.constant(option.clone())).collect();
        let arguments = std::iter::once(value.id).chain(options).collect();
        let call = self.call_by_name(name, arguments, value.ast.span)?;
        let Expr::Call(function, _) = self.plan.exprs.get(call) else { return Some(call) };
        match (self.catalog.function(*function).body)(&sample) {
            Ok(_) => Some(call),
            Err(fault) => {
                self.report(errors::text_format(format.span, &format.text, &fault.detail));
                None
            }
        }
    }

    /// A call of the function of that name that takes these as they are.
    pub(super) fn call_by_name(&mut self, name: &str, arguments: Vec<ExprId>, span: Span) -> Option<ExprId> {
        let types: Vec<&Type> = arguments.iter().map(|id| self.ty(*id)).collect();
        if types.iter().any(|ty| ty.is_unknown()) {
            return None;
        }
        let Some(function) = resolve(name, &types, self.catalog) else {
            self.report(errors::not_yet(span, "a text with such a hole"));
            return None;
        };
        let call = self.call_expr(function, arguments, span);
        Some(self.known_call(call))
    }

    /// The value of a call of constants, if it has one.
    fn known_call(&mut self, id: ExprId) -> ExprId {
        let Expr::Call(function, arguments) = self.plan.exprs.get(id) else { return id };
        let def = self.catalog.function(*function);
        let values: Option<Vec<Scalar>> =
            arguments.iter().map(|id| self.plan.exprs.as_constant(*id).cloned()).collect();
        let known = values.filter(|values| def.effect <= Effect::MayFail && !values.contains(&Scalar::Null));
        match known.map(|values| (def.body)(&values)) {
            Some(Ok(value @ Scalar::String(_))) => self.constant(value),
            Some(_) | None => id,
        }
    }
}
