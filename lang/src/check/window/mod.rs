//! `window name = expression, … by key, … on time`: the plan's `Window` computes the functions, and a `Map` behind it the
//! expressions that the script has around them. Apart from that it is a `derive`.

mod frame;
mod function;

pub use function::{WINDOW_FUNCTIONS, WindowFunctionDef};

use super::aggregate::{Aggregation, unused_name};
use super::columns::{Projection, projected};
use super::scope::{Row, Scope, Stream};
use super::stage::StageCall;
use super::{Checker, errors};
use crate::ir::{Ascending, ExprId, OutputField, Shape, Stage, WindowFunction};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, Name};
use std::rc::Rc;

/// The options that make the frame of a reducer, with what each says.
pub const FRAME_OPTIONS: [(&str, &str); 3] = [
    ("rows", "The rows of the frame, by how far they are from the row: `-6..0`, `..0`."),
    ("range", "The same by how far apart the times are that `on` names: `-10min..0min`."),
    ("full", "Whether it is null until there are as many rows as the frame has."),
];

/// Whether an option is one of them.
pub(super) fn is_frame_option(name: &str) -> bool {
    FRAME_OPTIONS.iter().any(|option| option.0 == name)
}

/// Whether a function is one that only `window` has.
pub(super) fn is_window_function(name: &str) -> bool {
    WINDOW_FUNCTIONS.iter().any(|def| def.name == name)
}

/// A window whose columns are being checked.
pub(super) struct Windowing {
    functions: Vec<WindowFunction>,
    /// What `range:` is of, if anything; nothing is known of it after an error.
    on: Option<Option<ExprId>>,
    /// What its functions see: the row, and nothing that is bound inside the expression around them.
    scope: Scope,
    /// How much of what is known not to be null is known of all rows.
    known: usize,
}

/// `window name = expression, … by key, … on time`
pub(super) fn window<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let ends = checker.ends(&input, call);
    if call.stage.arguments.is_empty() {
        checker.report(errors::stage_arguments(call.span(), "window", call.def.signature, 0));
    }
    let keys = checker.keys(call, &input.row);
    let on = checker.window_order(call, &input.row);
    let ranged = call.stage.on.as_ref().map(|_| on.flatten().map(|on| on.expr));
    let mut projection = Projection::over(&input.row);
    let functions = checker.in_row(&input.row, |c| {
        let (scope, known) = (c.scope, c.not_null.len());
        let window = Windowing { functions: Vec::new(), on: ranged, scope, known };
        c.aggregation = Some(Aggregation::of_window(window));
        c.each_argument(call, &input.row, |c, argument| c.project(call, argument, &mut projection, true));
        c.aggregation.take().and_then(|aggregation| aggregation.window).map(|window| window.functions)
    })?;
    ends?;
    let (Some(keys), Some(on)) = (keys, on) else {
        return Some(checker.map_stage(call, input, projection, Shape::Table, None));
    };
    let mut output = input.row.fields.clone();
    for function in &functions {
        let name = unused_name(checker.plan.column(function.column).name.clone(), &output);
        output.push(OutputField { name, column: function.column });
    }
    let stage = Stage::Window { input: input.node, keys, on, functions };
    let node = checker.add_node(stage, call.span(), output);
    if projection.defines_nothing() {
        // The columns are the functions themselves.
        let row = projected(call, &input, projection, Shape::Table, None);
        checker.plan.nodes[node.0 as usize].output = row.fields.clone();
        return Some(Stream { node, row: Rc::new(row), endless: false });
    }
    Some(checker.map_stage(call, Stream { node, ..input }, projection, Shape::Table, None))
}

impl<'a> Checker<'a> {
    /// What stands behind `on`, if anything; nothing after an error.
    fn window_order(&mut self, call: &StageCall<'a>, row: &Rc<Row>) -> Option<Option<Ascending>> {
        let Some((word, on)) = &call.stage.on else { return Some(None) };
        let [argument] = on.as_slice() else {
            self.report(errors::window_on(*word));
            return None;
        };
        let expr = self.in_row(row, |c| c.key(argument, "on"))?;
        Some(Some(Ascending { expr, site: self.site(argument.span) }))
    }

    /// Whether a window's columns are being checked, outside of its functions.
    pub(super) fn in_window(&self) -> bool {
        self.aggregation.as_ref().is_some_and(|aggregation| aggregation.window.is_some())
    }

    /// A reducer or another function of a window: its column, as an int if it is an exact sum.
    pub(super) fn window_call(
        &mut self,
        name: &'a Name,
        receiver: Option<&'a ast::Expr>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Option<ExprId> {
        let mut window = self.aggregation.take()?.window?;
        // A function is computed for all rows, whatever is known where it stands.
        let known_here = self.not_null.split_off(window.known);
        let outside = self.stage_name.replace(name.clone());
        let made = self.in_scope(window.scope, |c| match c.catalog.reducer_named(&name.text) {
            Some(reducer) => c.window_reducer(reducer, receiver, arguments, span, window.on),
            None => c.window_function(name, receiver, arguments, span),
        });
        self.stage_name = outside;
        self.not_null.extend(known_here);
        let value = made.map(|kind| {
            let summed = kind.demands().last().copied();
            let same = window.functions.iter().find(|function| function.kind == kind);
            let column = same.map(|same| same.column).or_else(|| {
                let catalog = self.catalog;
                let ty = kind.ty(|id| self.ty(id).clone(), |id, types| (catalog.reducer(id).result)(types))?;
                let origin = format!("this `{}` is {ty}", name.text);
                let column = self.add_column(&name.text, ty, Some((span, origin)));
                window.functions.push(WindowFunction { column, kind });
                Some(column)
            });
            let value = self.plan.column_expr(column?);
            Some(self.narrowed(value, summed, span))
        });
        self.aggregation = Some(Aggregation::of_window(window));
        value.flatten()
    }
}
