//! Reducers over lists: `xs.median()`, `xs.arg_max(x => x.score)`, `(order.items | sum qty * price)`. Each argument
//! becomes a list with its value for each item, and the reducer makes one value of the lists.

use super::Checker;
use super::list_stage::ItemScope;
use super::reducer::ReducerArguments;
use super::scope::Value;
use crate::catalog::ReducerId;
use crate::ir::typing::{reduced_lists, reduced_types};
use crate::ir::{Each, Expr, ExprId};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, Name};
use crate::ty::Kind;

impl<'a> Checker<'a> {
    /// `xs.sum(x => …)` or `sum(xs, x => …)`, if the first argument is a list; none if it is not.
    pub(super) fn reducer_method(
        &mut self,
        reducer: ReducerId,
        receiver: Option<&'a ast::Expr>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Option<Value<'a>> {
        let (first, rest) = match (receiver, arguments.split_first()) {
            (Some(receiver), _) => (receiver, arguments),
            (None, Some((first, rest))) => (first.expr()?, rest),
            (None, None) => return None,
        };
        let said = self.diagnostics.len();
        let value = self.value(first);
        let is_list = match &value {
            Value::Expr(id) => matches!(self.ty(*id).kind, Kind::List(_)),
            value => matches!(value, Value::List(_) | Value::Range(_)),
        };
        if receiver.is_some() && matches!(value, Value::Unknown) && self.diagnostics.len() > said {
            return Some(Value::Unknown);
        }
        if !is_list {
            self.diagnostics.truncate(said);
            return None;
        }
        let result = self.as_scalar(value, first.span).and_then(|list| {
            let def = self.catalog.reducer(reducer);
            let given = self.reducer_arguments(def, None, rest, (true, true), span)?;
            self.reduce_list(reducer, list, &given, ItemScope::Lambda(def.name), span)
        });
        Some(super::expr::or_unknown(result))
    }

    /// `(xs | sum it * 2)`
    pub(super) fn reducer_stage(
        &mut self,
        reducer: ReducerId,
        (list, from): (ExprId, Span),
        stage: &'a ast::Stage,
        name: &'a Name,
    ) -> Option<ExprId> {
        let def = self.catalog.reducer(reducer);
        let given = self.reducer_arguments(def, None, &stage.arguments, (true, true), stage.span)?;
        self.reduce_list(reducer, list, &given, ItemScope::Row(from), name.span)
    }

    fn reduce_list(
        &mut self,
        reducer: ReducerId,
        list: ExprId,
        given: &ReducerArguments<'a>,
        scope: ItemScope,
        span: Span,
    ) -> Option<ExprId> {
        let catalog = self.catalog;
        let def = catalog.reducer(reducer);
        let list = match given.condition {
            Some(condition) => self.each(Each::Filter, list, |c, item| {
                let value = c.of_item(item, condition, scope);
                c.each_body(Each::Filter, value, condition)
            })?,
            None => list,
        };
        let asked = given.of_row.then_some(None).into_iter().chain(given.values.iter().chain(&given.weight).map(Some));
        let mut operands = Vec::new();
        for ast in asked {
            operands.push(self.each(Each::Map, list, |c, item| {
                let value = match ast {
                    Some(ast) => {
                        let value = c.of_item(item, ast, scope);
                        c.as_scalar(value, ast.span)?
                    }
                    None => c.plan.column_expr(item),
                };
                Some(c.reducer_operand(def, value, given.weight.is_some()))
            })?);
        }
        operands.extend(self.reducer_constant(def, given)?);
        if operands.is_empty() {
            return self.list_length(list, span);
        }
        let types = reduced_types(reducer, &operands, &self.plan, catalog)?;
        if (def.result)(&types).is_none() {
            let lists = reduced_lists(reducer, &operands, catalog).len();
            self.report_reduced(span, def, &types[..lists]);
            return None;
        }
        let summed = operands[0];
        let value = self.add_natural(Expr::Reduce(reducer, operands.into()))?;
        Some(self.narrowed(value, Some(summed), span))
    }

    /// `xs.count()`: how many items there are.
    fn list_length(&mut self, list: ExprId, span: Span) -> Option<ExprId> {
        let function = self.catalog.functions_named("len").iter().copied();
        let ty = self.ty(list).clone();
        let function = function.into_iter().find(|id| crate::ir::typing::takes(self.catalog.function(*id), &[&ty]))?;
        Some(self.call_expr(function, vec![list], span))
    }
}
