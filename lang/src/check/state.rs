//! What looks at the rows before: `take_while skip_while fold scan` and the source `iterate`. A state is a column that the
//! stage binds for its expression; its type is that of the first state, made wider where the next one needs it.

use super::scope::{Entry, Row, Stream, Value};
use super::stage::StageCall;
use super::{Checker, errors};
use crate::ir::{ColumnId, Expr, ExprId, NodeId, OutputField, Shape, Stage};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, ArgumentValue, ExprKind, Label, Name};
use crate::ty::Kind;
use std::rc::Rc;
use std::sync::Arc;

/// How `iterate` is written.
const ITERATE: &str = "iterate(first, state => next)";

/// A state: before the first row, in the expression that gives the next, and that expression.
pub(super) struct States {
    pub init: ExprId,
    pub state: ColumnId,
    pub next: ExprId,
}

/// `take_while condition`
pub(super) fn take_while<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let output = while_stage(checker, call, input, false)?;
    Some(Stream { endless: false, ..output })
}

/// `skip_while condition`
pub(super) fn skip_while<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    while_stage(checker, call, input, true)
}

fn while_stage<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream, skip: bool) -> Option<Stream> {
    let condition = checker.only_argument(call)?;
    let predicate = checker.in_row(&input.row, |c| c.condition(condition, call.def.name));
    let Some(predicate) = predicate else { return Some(input) };
    Some(checker.same_rows(input, call.span(), |input| Stage::While { input, predicate, skip }))
}

/// `fold init, (state, row) => next`: the last state.
pub(super) fn fold<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let ends = checker.ends(&input, call);
    let (_, init, next) = checker.state_arguments(call)?;
    let states = checker.row_states(&input.row, init, next, call.def.signature)?;
    ends?;
    let (node, column) = checker.fold_stage(&input, states, &"value".into(), call.span(), false);
    let row = Row::new(vec![OutputField { name: "value".into(), column }], Shape::Scalar, call.span());
    Some(Stream { node, row: Rc::new(row), endless: false })
}

/// `scan init, (state, row) => next`: the states; `scan name = init, …`: a column with the state behind each row.
pub(super) fn scan<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let (name, init, next) = checker.state_arguments(call)?;
    let states = checker.row_states(&input.row, init, next, call.def.signature)?;
    let column_name = name.map_or("value".into(), |name| name.text.clone());
    let (node, column) = checker.fold_stage(&input, states, &column_name, call.span(), true);
    let Some(name) = name else {
        return Some(checker.stream_of_states(node, column, call.span(), input.endless));
    };
    let mut fields = input.row.fields.clone();
    fields.put(OutputField { name: name.text.clone(), column });
    checker.plan.nodes[node.0 as usize].output = fields.clone();
    let row = Row { fields, shape: Shape::Table, ..(*input.row).clone() };
    Some(Stream { node, row: Rc::new(row), endless: input.endless })
}

impl<'a> Checker<'a> {
    /// `iterate(first, state => next)`: an endless stream.
    pub(super) fn iterate(
        &mut self,
        receiver: Option<&'a ast::Expr>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Option<Stream> {
        let given = self.given("iterate", receiver, arguments)?;
        let [(_, first), (_, next)] = given.as_slice() else {
            self.report(errors::argument_count(span, "iterate", given.len(), &[ITERATE.into()]));
            return None;
        };
        let (parameters, body) = self.lambda_of(next, ITERATE)?;
        let [parameter] = parameters else {
            self.report(errors::argument_count(next.span, "this function", parameters.len(), &[ITERATE.into()]));
            return None;
        };
        let init = self.scalar(first)?;
        let states = self.settle(init, first.span, next.span, |c, state| {
            let scope = c.scope;
            c.in_scope(scope, |c| {
                c.bind(&parameter.text, parameter.span, Value::Expr(state));
                c.scalar(body)
            })
        })?;
        let States { init, state, next } = states;
        let ty = self.plan.column(state).ty.clone();
        let column = self.add_column(&"value".into(), ty, Some((span, "the values of this `iterate`".into())));
        let output = vec![OutputField { name: "value".into(), column }];
        let node = self.add_node(Stage::Iterate { column, init, state, next }, span, output);
        Some(self.stream_of_states(node, column, span, true))
    }

    /// `init, (state, row) => next`, and the name before `init` if there is one.
    fn state_arguments(&mut self, call: &StageCall<'a>) -> Option<(Option<&'a Name>, &'a ast::Expr, &'a ast::Expr)> {
        let [first, second] = call.stage.arguments.as_slice() else {
            let count = call.stage.arguments.len();
            self.report(errors::argument_count(call.span(), call.def.name, count, &[call.def.signature.into()]));
            return None;
        };
        let name = match &first.label {
            Label::Column(name) if call.def.name == "scan" => Some(name),
            Label::None => None,
            label @ (Label::Column(_) | Label::Option(_)) => {
                self.labelled(call, label, first);
                return None;
            }
        };
        match (&first.value, &second.label, &second.value) {
            (ArgumentValue::Expr(init), Label::None, ArgumentValue::Expr(next)) => Some((name, init, next)),
            _ => {
                self.labelled(call, &second.label, second);
                None
            }
        }
    }

    /// The parameters and the body of a lambda.
    pub(super) fn lambda_of(&mut self, expr: &'a ast::Expr, signature: &str) -> Option<(&'a [Name], &'a ast::Expr)> {
        if let ExprKind::Lambda { parameters, body } = &expr.kind {
            return Some((parameters, body));
        }
        self.report(errors::wants_lambda(expr.span, signature));
        None
    }

    /// The states of a fold over rows.
    fn row_states(
        &mut self,
        row: &Rc<Row>,
        init: &'a ast::Expr,
        next: &'a ast::Expr,
        signature: &str,
    ) -> Option<States> {
        let first = self.scalar(init);
        let (parameters, body) = self.lambda_of(next, signature)?;
        let [state_name, row_name] = parameters else {
            self.report(errors::argument_count(next.span, "this function", parameters.len(), &[signature.into()]));
            return None;
        };
        self.settle(first?, init.span, next.span, |c, state| {
            c.in_row(row, |c| {
                let value = c.row_value(row);
                for (name, value) in [(state_name, Value::Expr(state)), (row_name, value)] {
                    let entry = Entry::Binding { name: name.text.clone(), span: name.span, value };
                    c.scope = c.scopes.enter(c.scope, entry);
                }
                c.scalar(body)
            })
        })
    }

    /// Finds the type of a state: that of `init`, made wider until what `body` gives for a state fits.
    pub(super) fn settle(
        &mut self,
        mut init: ExprId,
        init_span: Span,
        next_span: Span,
        mut body: impl FnMut(&mut Self, ExprId) -> Option<ExprId>,
    ) -> Option<States> {
        // From int to float, and from there to null.
        for _ in 0..3 {
            let ty = self.ty(init).clone();
            let state = self.add_column(&"state".into(), ty.clone(), Some((init_span, format!("the state is {ty}"))));
            let column = self.plan.column_expr(state);
            let next = body(self, column)?;
            let Some((wide, next)) = self.unify(init, next) else {
                let found = self.ty(next).clone();
                self.report(errors::state_type(next_span, &found, init_span, &ty));
                return None;
            };
            let wide_type = self.ty(wide).clone().or_null_if(self.ty(next).nullable);
            if wide_type == ty || (self.ty(next).fits(&ty) && wide_type.kind == ty.kind) {
                return Some(States { init, state, next });
            }
            init = self.with_type(wide, wide_type);
        }
        None
    }

    /// The value as one of a type that differs only in taking null.
    pub(super) fn with_type(&mut self, id: ExprId, ty: crate::ty::Type) -> ExprId {
        match self.plan.exprs.as_constant(id).cloned() {
            Some(value) => self.plan.exprs.literal(value, ty),
            None if *self.ty(id) == ty => id,
            None => self.add(Expr::Widen(id), ty),
        }
    }

    /// Adds the stage; its rows are the states, and where all are wanted, those of the input too.
    fn fold_stage(
        &mut self,
        input: &Stream,
        states: States,
        name: &Arc<str>,
        span: Span,
        all: bool,
    ) -> (NodeId, ColumnId) {
        let States { init, state, next } = states;
        let ty = self.plan.column(state).ty.clone();
        let column = self.add_column(name, ty.clone(), Some((span, format!("`{name}` is {ty}, the state here"))));
        let output = vec![OutputField { name: name.clone(), column }];
        let stage = Stage::Fold { input: input.node, column, init, state, next, all };
        (self.add_node(stage, span, output), column)
    }

    /// States as rows: records are tables, other values single values.
    pub(super) fn stream_of_states(&mut self, node: NodeId, column: ColumnId, span: Span, endless: bool) -> Stream {
        let fields = self.plan.node(node).output.clone();
        let Kind::Record(schema) = self.plan.column(column).ty.kind.clone() else {
            return Stream { node, row: Rc::new(Row::new(fields, Shape::Values, span)), endless };
        };
        let record = self.plan.column_expr(column);
        let nullable = self.ty(record).nullable;
        let (mut fields, mut definitions) = (Vec::new(), Vec::new());
        for (at, field) in schema.fields.iter().enumerate() {
            let value = self.add(Expr::Field(record, at as u32), field.ty.clone().or_null_if(nullable));
            let defined = self.define(&field.name, value, None);
            fields.push(OutputField { name: field.name.clone(), column: defined });
            definitions.push((defined, value));
        }
        let row = Row::new(fields, Shape::Table, span);
        self.other_rows(Stage::Map { input: node, definitions }, span, row, endless)
    }
}
