//! Functions of the catalog: which of the overloads of a name fits the arguments, and the call with all conversions
//! spelled out.

use super::forms::in_form;
use super::operators::{Operand, datetime_literal, spelled};
use super::unify::{NEVER, common_kind, common_type};
use super::{Checker, errors};
use crate::aliases;
use crate::calendar;
use crate::catalog::{Effect, FunctionDef, FunctionId, Parameter, Pattern, ResultType};
use crate::diagnostic::{Diagnostic, Edit, did_you_mean};
use crate::ir::typing::{accepts, is_wider};
use crate::ir::{Expr, ExprId};
use crate::scalar::Scalar;
use crate::source::Span;
use crate::syntax::ast::{self, Name};
use crate::ty::{Kind, Type};
use std::sync::Arc;

impl<'a> Checker<'a> {
    /// The first overload that fits as it is, else the first that fits with ints as floats.
    pub(super) fn call_catalog(
        &mut self,
        name: &str,
        span: Span,
        given: &[(Option<&'a Name>, Operand<'a>)],
    ) -> Option<ExprId> {
        let catalog = self.catalog;
        let candidates = catalog.functions_named(name);
        let arranged: Vec<(FunctionId, Vec<Option<Operand<'a>>>)> =
            candidates.iter().filter_map(|id| Some((*id, arrange(catalog.function(*id), given)?))).collect();
        if arranged.is_empty() {
            let signatures: Vec<String> = candidates.iter().map(|id| catalog.function(*id).signature()).collect();
            let labels: Vec<&Name> = given.iter().filter_map(|(label, _)| *label).collect();
            let parameters = || candidates.iter().flat_map(|id| &catalog.function(*id).parameters);
            let stranger = labels.iter().find(|label| parameters().all(|p| *p.name != *label.text));
            self.report(match stranger {
                Some(label) => {
                    let near = did_you_mean(&label.text, parameters().map(|p| p.name));
                    errors::unknown_option(label.span, name, &label.text, &near)
                }
                None => other_form(name, span, given)
                    .unwrap_or_else(|| errors::argument_count(span, name, given.len(), &signatures)),
            });
            return None;
        }
        for convert in [false, true] {
            for (id, arguments) in &arranged {
                if (0..arguments.len()).all(|at| self.fits(catalog.function(*id), arguments, at, convert)) {
                    return self.build_call(*id, arguments, span);
                }
            }
        }
        match self.form_of_ints(name, span, given) {
            Some(error) => self.report(error),
            None => self.report_misfit(name, &arranged),
        }
        None
    }

    /// E0305: a call with nothing but ints where a text is wanted, `datetime(2024, 3, 1)`.
    fn form_of_ints(&self, name: &str, span: Span, given: &[(Option<&'a Name>, Operand<'a>)]) -> Option<Diagnostic> {
        if !given.iter().all(|(_, operand)| self.ty(operand.id).kind == Kind::Int) {
            return None;
        }
        let numbers = given.iter().map(|(_, operand)| match self.plan.exprs.as_constant(operand.id) {
            Some(Scalar::Int(number)) => Some(*number),
            _ => None,
        });
        let day = match (name, numbers.collect::<Option<Vec<i64>>>().as_deref()) {
            ("datetime", Some([year, month, day])) => calendar::date_of(*year, *month, *day),
            _ => None,
        };
        let Some(day) = day else { return other_form(name, span, given) };
        let text = datetime_literal(i64::from(day) * calendar::DAY);
        Some(errors::argument_form(span, name, given.len(), &text, vec![Edit { span, text: text.clone() }]))
    }

    /// Names the first argument that does not fit, of the overload that got furthest.
    fn report_misfit(&mut self, name: &str, arranged: &[(FunctionId, Vec<Option<Operand<'a>>>)]) {
        let catalog = self.catalog;
        let first_misfit = |(id, arguments): &(FunctionId, Vec<Option<Operand<'a>>>)| {
            (0..arguments.len()).find(|at| !self.fits(catalog.function(*id), arguments, *at, true))
        };
        let furthest = arranged.iter().max_by_key(|overload| (first_misfit(overload), std::cmp::Reverse(overload.0)));
        let Some((overload, at)) = furthest.and_then(|overload| Some((overload, first_misfit(overload)?))) else {
            return;
        };
        let Some(parameter) = catalog.function(overload.0).parameter(at) else { return };
        let Some(operand) = overload.1[at] else { return };
        let wanted = match &parameter.pattern {
            Pattern::Is(kind) => Some(kind.clone()),
            Pattern::Number => Some(Kind::Float),
            Pattern::Ordered | Pattern::Any | Pattern::Plain => None,
            Pattern::List(_) | Pattern::AnyList | Pattern::Item | Pattern::Map => None,
        };
        let overloads = arranged.iter().map(|(id, _)| catalog.function(*id));
        if self.report_opaque_argument(name, overloads, operand) {
            return;
        }
        let found = self.ty(operand.id).clone();
        // Whatever it is but the host's, it can be made a text; only a text can be read as something else.
        let is_nested = matches!(found.kind, Kind::Record(_) | Kind::List(_) | Kind::Map(_));
        let fix = match wanted.filter(|_| found.kind.opaque().is_none()) {
            Some(Kind::String) if is_nested => {
                spelled(operand.ast).map(|text| (operand.ast.span, format!("to_json({text})")))
            }
            Some(wanted) if wanted == Kind::String || found.kind == Kind::String => {
                self.converted(operand.ast, &wanted)
            }
            _ => None,
        };
        let signatures: Vec<String> = arranged.iter().map(|(id, _)| catalog.function(*id).signature()).collect();
        let origin = self.origin(operand.id);
        let told = (&parameter.pattern, &found, &signatures[..]);
        self.report_of(&found.kind, errors::argument_type(operand.ast.span, name, told, origin, fix));
    }

    /// Whether argument `at` fits its parameter.
    fn fits(&self, def: &FunctionDef, arguments: &[Option<Operand<'a>>], at: usize, convert: bool) -> bool {
        let (Some(operand), Some(parameter)) = (arguments[at], def.parameter(at)) else { return true };
        let ty = self.ty(operand.id);
        let fits = match &parameter.pattern {
            Pattern::Is(wanted) => {
                let same = ty.kind == *wanted || ty.kind == Kind::Null;
                let float = ty.kind == Kind::Int && *wanted == Kind::Float;
                let wider = || is_wider(&Type { kind: wanted.clone(), nullable: ty.nullable }, ty);
                same || convert && (float || wider())
            }
            Pattern::Item => self.item_type(def, arguments, at).is_some(),
            Pattern::List(_) => accepts(&parameter.pattern, &ty.kind) && self.item_type(def, arguments, at).is_some(),
            pattern => accepts(pattern, &ty.kind),
        };
        fits && (def.result != ResultType::SameAsArguments || self.common_before(def, arguments, at).is_some())
    }

    /// The kind that the number and ordered arguments up to `at` become.
    fn common_before(&self, def: &FunctionDef, arguments: &[Option<Operand<'a>>], at: usize) -> Option<Kind> {
        let mut common = Kind::Null;
        for (at, operand) in arguments.iter().enumerate().take(at + 1) {
            let pattern = def.parameter(at).map(|parameter| &parameter.pattern);
            let (Some(operand), Some(Pattern::Number | Pattern::Ordered)) = (operand, pattern) else { continue };
            common = common_kind(&common, &self.ty(operand.id).kind)?;
        }
        Some(common)
    }

    /// The type that the items of the lists among the arguments up to `at` become, and the items given beside them.
    fn item_type(&self, def: &FunctionDef, arguments: &[Option<Operand<'a>>], at: usize) -> Option<Type> {
        let mut common = NEVER;
        for (at, operand) in arguments.iter().enumerate().take(at + 1) {
            let pattern = def.parameter(at).map(|parameter| &parameter.pattern);
            let (Some(operand), Some(pattern)) = (operand, pattern) else { continue };
            common = match (pattern, &self.ty(operand.id).kind) {
                (Pattern::List(_), Kind::List(item)) => common_type(&common, item)?,
                (Pattern::Item, kind) => Type { kind: common_kind(&common.kind, kind)?, ..common },
                _ => common,
            };
        }
        Some(common)
    }

    /// Reports an argument that is known and cannot be meant.
    fn check_argument(&mut self, parameter: &Parameter, operand: Operand<'a>) -> Option<()> {
        let (Some(check), Some(Scalar::String(text))) = (&parameter.check, self.plan.exprs.as_constant(operand.id))
        else {
            return Some(());
        };
        match check.check(text) {
            Ok(()) => Some(()),
            Err(unfit) => {
                self.report(errors::unfit_argument(operand.ast.span, &unfit));
                None
            }
        }
    }

    fn build_call(&mut self, id: FunctionId, operands: &[Option<Operand<'a>>], span: Span) -> Option<ExprId> {
        let catalog = self.catalog;
        let def = catalog.function(id);
        let common = match self.common_before(def, operands, operands.len())? {
            Kind::Null => Kind::Float,
            common => common,
        };
        let item = self.item_type(def, operands, operands.len())?;
        let mut arguments = Vec::new();
        for (at, operand) in operands.iter().enumerate() {
            let parameter = def.parameter(at)?;
            let id = match (operand, &parameter.default) {
                (Some(operand), _) => {
                    self.check_argument(parameter, *operand)?;
                    operand.id
                }
                (None, Some(default)) => self.constant(default.clone()),
                (None, None) => return None,
            };
            let wanted = match &parameter.pattern {
                Pattern::Is(kind) => Some(kind.clone()),
                Pattern::List(_) => Some(Kind::List(Arc::new(item.clone()))),
                Pattern::Item => Some(item.kind.clone()),
                Pattern::Number | Pattern::Ordered if def.result == ResultType::SameAsArguments => Some(common.clone()),
                Pattern::Number | Pattern::Ordered if self.ty(id).kind == Kind::Null => Some(common.clone()),
                Pattern::Number | Pattern::Ordered | Pattern::Any | Pattern::Plain => None,
                Pattern::AnyList | Pattern::Map => None,
            };
            arguments.push(match wanted {
                Some(kind) => match self.coerce(id, &kind) {
                    Some(id) => id,
                    None => {
                        let (wanted, found) = (Type::of(kind), self.ty(id).clone());
                        let span = operand.map_or(span, |operand| operand.ast.span);
                        self.report(errors::wanted(span, &format!("`{}`", def.name), &wanted, &found));
                        return None;
                    }
                },
                None => id,
            });
        }
        Some(self.call_expr(id, arguments, span))
    }

    /// A call of a function with arguments that are as it wants them.
    pub(super) fn call_expr(&mut self, id: FunctionId, arguments: Vec<ExprId>, span: Span) -> ExprId {
        let catalog = self.catalog;
        let def = catalog.function(id);
        let types: Vec<&Type> = arguments.iter().map(|argument| self.ty(*argument)).collect();
        let nullable = def.may_be_null || types.iter().any(|ty| ty.nullable);
        let ty = def.result_of(&types).unwrap_or(Type::NULL).or_null_if(nullable);
        let expr = Expr::Call(id, arguments.into());
        match def.effect {
            Effect::Total => self.add(expr, ty),
            effect => self.add_fallible(expr, ty, span, effect),
        }
    }
}

/// E0305: what a call with so many arguments is elsewhere, as Pipe writes it.
fn other_form<'a>(name: &str, span: Span, given: &[(Option<&'a Name>, Operand<'a>)]) -> Option<Diagnostic> {
    let is_plain = given.iter().all(|(label, _)| label.is_none());
    let form = aliases::function(name, given.len()).filter(|form| is_plain && aliases::places(form).is_some())?;
    let values: Vec<&ast::Expr> = given.iter().map(|(_, operand)| operand.ast).collect();
    let (edits, shown) = in_form(form, &values, span);
    Some(errors::argument_form(span, name, given.len(), &shown, edits))
}

/// The arguments in the order of the parameters, `None` where the default stands; `None` if they do not match.
fn arrange<'a>(def: &FunctionDef, given: &[(Option<&'a Name>, Operand<'a>)]) -> Option<Vec<Option<Operand<'a>>>> {
    let places = if def.variadic { def.parameters.len().max(given.len()) } else { def.parameters.len() };
    let mut arranged = vec![None; places];
    for (at, (label, operand)) in given.iter().enumerate() {
        let at = match label {
            Some(label) => def.parameters.iter().position(|parameter| *parameter.name == *label.text)?,
            None => at,
        };
        let place = arranged.get_mut(at)?;
        if place.replace(*operand).is_some() {
            return None;
        }
    }
    let complete = def.parameters.iter().zip(&arranged).all(|(p, argument)| argument.is_some() || p.default.is_some());
    complete.then_some(arranged)
}
