//! A reducer with its arguments, the same wherever one is called: in `aggregate`, as a last stage, over a list.

use super::window::is_frame_option;
use super::{Checker, errors};
use crate::catalog::{ConstantDef, ReducerDef};
use crate::ir::ExprId;
use crate::source::Span;
use crate::syntax::ast::{self, Argument, ArgumentValue, Label};
use crate::ty::{Kind, Type};

/// The arguments of a reducer as they are written.
pub(super) struct ReducerArguments<'a> {
    /// Evaluated for each row.
    pub values: Vec<&'a ast::Expr>,
    /// The one that is the same for all rows.
    pub constant: Option<&'a ast::Expr>,
    /// `weight:`
    pub weight: Option<&'a ast::Expr>,
    /// `where:`
    pub condition: Option<&'a ast::Expr>,
    /// Whether the first argument is left out: it is the row itself.
    pub of_row: bool,
}

impl<'a> Checker<'a> {
    /// The arguments of a reducer, as many as it takes. Where there is an `element`, a stream's or a list's, it stands for
    /// the first argument of a reducer that is not given one; a `row` does only for a reducer that wants rows.
    pub(super) fn reducer_arguments(
        &mut self,
        def: &ReducerDef,
        receiver: Option<&'a ast::Expr>,
        arguments: impl IntoIterator<Item = &'a Argument>,
        (element, row): (bool, bool),
        span: Span,
    ) -> Option<ReducerArguments<'a>> {
        let mut values = Vec::from_iter(receiver);
        let (mut condition, mut weight, mut fine) = (None, None, true);
        for argument in arguments {
            match self.reducer_option(def, argument) {
                Some((None, value)) => values.push(value),
                Some((Some("where"), value)) => condition = Some(value),
                Some((Some(_weight), value)) => weight = Some(value),
                None => fine = false,
            }
        }
        if !fine {
            return None;
        }
        let (least, most) = def.arity;
        let may_lack = element && (least == 1 || def.constant.is_some()) || (element || row) && def.takes_row;
        let of_row = may_lack && values.len() + 1 == least;
        let given = values.len() + usize::from(of_row);
        if given < least || given > most {
            self.report(errors::reducer_count(span, def.name, def.arity, values.len()));
            return None;
        }
        let constant = if def.constant.is_some() { values.pop() } else { None };
        Some(ReducerArguments { values, constant, weight, condition, of_row })
    }

    /// An argument with the option that it is, if it is one.
    fn reducer_option(&mut self, def: &ReducerDef, argument: &'a Argument) -> Option<(Option<&'a str>, &'a ast::Expr)> {
        let known: &[&str] = if def.weighted { &["where", "weight"] } else { &["where"] };
        let error = match (&argument.label, &argument.value) {
            (Label::None, ArgumentValue::Expr(value)) => return Some((None, value)),
            (Label::Option(option), ArgumentValue::Expr(value)) if known.contains(&&*option.text) => {
                return Some((Some(&option.text), value));
            }
            (Label::Option(option), _) if is_frame_option(&option.text) => {
                errors::frame_outside(option.span, def.name, &option.text, self.stage_name.as_ref())
            }
            (Label::Option(option), _) => errors::unknown_option(option.span, def.name, &option.text, known),
            (Label::Column(column), ArgumentValue::Expr(_)) => errors::names_nothing(def.name, column.span),
            (Label::None | Label::Column(_), ArgumentValue::Type(_)) => errors::option_type(argument.span, def.name),
        };
        self.report(error);
        None
    }

    /// The arguments of a reducer over rows, and its condition, which is checked and evaluated first: where it does not
    /// hold, the arguments are null. `row` is the row itself.
    pub(super) fn reducer_values(
        &mut self,
        def: &ReducerDef,
        given: &ReducerArguments<'a>,
        row: Option<ExprId>,
    ) -> Option<(Vec<ExprId>, Option<ExprId>)> {
        let test = match given.condition {
            Some(condition) => Some(self.condition(condition, "where:")?),
            None => None,
        };
        let facts = test.map_or_else(Vec::new, |test| self.facts(test, true));
        let ids: Vec<Option<ExprId>> = self
            .knowing(&facts, |c| given.values.iter().chain(&given.weight).map(|value| c.value_of_row(value)).collect());
        let mut values: Vec<ExprId> =
            row.filter(|_| given.of_row).map(Some).into_iter().chain(ids).collect::<Option<_>>()?;
        for value in &mut values {
            *value = self.reducer_operand(def, *value, given.weight.is_some());
            if let Some(test) = test {
                let null = self.null_of(&self.ty(*value).clone());
                *value = self.if_expr(test, *value, null)?;
            }
        }
        values.extend(self.reducer_constant(def, given)?);
        Some((values, test))
    }

    /// An argument of the kind that the reducer works with.
    pub(super) fn reducer_operand(&mut self, def: &ReducerDef, value: ExprId, weighted: bool) -> ExprId {
        let numeric = matches!(self.ty(value).kind, Kind::Int | Kind::Null);
        if numeric && (def.in_floats || weighted) { self.as_float(value) } else { value }
    }

    /// The argument that is the same for all rows, if the reducer takes one; none at all if it will not do.
    pub(super) fn reducer_constant(
        &mut self,
        def: &ReducerDef,
        given: &ReducerArguments<'a>,
    ) -> Option<Option<ExprId>> {
        let (Some(ConstantDef { takes, kind, accepts }), Some(ast)) = (&def.constant, given.constant) else {
            return Some(None);
        };
        let id = self.scalar(ast)?;
        let before = self.diagnostics.len();
        let value = match self.coerce(id, kind).filter(|id| self.ty(*id).kind == *kind) {
            Some(id) => self.evaluate(id, ast.span),
            None => None,
        };
        if let Some(value) = value.filter(accepts) {
            return Some(Some(self.constant(value)));
        }
        if self.diagnostics.len() == before && !self.awaits_parameter(id) {
            self.report(errors::reducer_constant(ast.span, def.name, takes));
        }
        None
    }

    /// The type of what a reducer gives; reported if it does not take such arguments.
    pub(super) fn reducer_result(&mut self, def: &ReducerDef, arguments: &[ExprId], span: Span) -> Option<Type> {
        let types: Vec<Type> = arguments.iter().map(|argument| self.ty(*argument).clone()).collect();
        let result = (def.result)(&types);
        if result.is_none() {
            let constants = usize::from(def.constant.is_some());
            self.report_reduced(span, def, &types[..types.len() - constants]);
        }
        result
    }
}
