//! The functions that `window` has besides reducers, and reducers in it.

use super::super::{Checker, errors};
use super::is_frame_option;
use crate::catalog::ReducerId;
use crate::ir::{Ascending, ExprId, SortKey, WindowKind};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, Label, Name};
use crate::ty::{Kind, Type};

/// A function that only `window` has, as scripts see it.
pub struct WindowFunctionDef {
    /// Its name.
    pub name: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// How it is called.
    pub signature: &'static str,
}

/// The functions that only `window` has; reducers come on top.
pub const WINDOW_FUNCTIONS: &[WindowFunctionDef] = &[
    WindowFunctionDef {
        name: "lag",
        doc: "The value of the row before, or of the n-th row before; null where there is none.",
        signature: "lag(value, n: 1)",
    },
    WindowFunctionDef {
        name: "lead",
        doc: "The value of the row behind, or of the n-th row behind; null where there is none.",
        signature: "lead(value, n: 1)",
    },
    WindowFunctionDef {
        name: "row_number",
        doc: "The number of the row, from 1, in the order of the rows.",
        signature: "row_number()",
    },
    WindowFunctionDef {
        name: "rank",
        doc: "The rank of the row by keys as `sort` has them, from 1; equal rows have one rank, and behind them ranks are \
              left out.",
        signature: "rank(-key, key, …)",
    },
    WindowFunctionDef {
        name: "dense_rank",
        doc: "The rank of the row by keys as `sort` has them, from 1; equal rows have one rank, and none is left out.",
        signature: "dense_rank(-key, key, …)",
    },
    WindowFunctionDef {
        name: "session",
        doc: "The number of the row's session, from 1: a pause longer than the gap starts a new one.",
        signature: "session(time, gap: duration)",
    },
];

impl<'a> Checker<'a> {
    /// `sum(x, rows: ..0)`
    pub(super) fn window_reducer(
        &mut self,
        id: ReducerId,
        receiver: Option<&'a ast::Expr>,
        arguments: &'a [Argument],
        span: Span,
        on: Option<Option<ExprId>>,
    ) -> Option<WindowKind> {
        let is_frame = |argument: &&'a Argument| match &argument.label {
            Label::Option(name) => is_frame_option(&name.text),
            Label::None | Label::Column(_) => false,
        };
        let (framing, others): (Vec<&'a Argument>, Vec<&'a Argument>) = arguments.iter().partition(is_frame);
        let catalog = self.catalog;
        let def = catalog.reducer(id);
        let given = self.reducer_arguments(def, receiver, others, (false, false), span);
        let values = given.and_then(|given| self.reducer_values(def, &given, None));
        let frame = self.frame(&framing, on);
        let (arguments, condition) = values?;
        self.reducer_result(def, &arguments, span)?;
        Some(WindowKind::Reduce { reducer: id, arguments, condition, frame: frame? })
    }

    /// A function that only a window has.
    pub(super) fn window_function(
        &mut self,
        name: &'a Name,
        receiver: Option<&'a ast::Expr>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Option<WindowKind> {
        let def = WINDOW_FUNCTIONS.iter().find(|def| def.name == &*name.text)?;
        let (values, setting) = self.window_arguments(def, receiver, arguments)?;
        match (def.name, values.as_slice(), setting) {
            ("lag" | "lead", [value], distance) => self.neighbour(def.name, value, distance),
            ("row_number", [], None) => Some(WindowKind::RowNumber),
            ("rank" | "dense_rank", [_, ..], None) => {
                let keys: Vec<Option<SortKey>> = values.into_iter().map(|key| self.sort_key(key)).collect();
                let keys = keys.into_iter().collect::<Option<_>>()?;
                Some(WindowKind::Rank { keys, dense: def.name == "dense_rank" })
            }
            ("session", [time], Some(gap)) => self.session(time, gap),
            (_, values, _) => {
                let count = values.len() + usize::from(setting.is_some());
                self.report(errors::argument_count(span, def.name, count, &[def.signature.into()]));
                None
            }
        }
    }

    /// The arguments of a function, and apart from them the one that has a name; it may stand behind the first, too.
    fn window_arguments(
        &mut self,
        def: &WindowFunctionDef,
        receiver: Option<&'a ast::Expr>,
        arguments: &'a [Argument],
    ) -> Option<(Vec<&'a ast::Expr>, Option<&'a ast::Expr>)> {
        let option = match def.name {
            "lag" | "lead" => Some("n"),
            "session" => Some("gap"),
            _ => None,
        };
        let (mut values, mut setting) = (Vec::new(), None);
        for (label, expr) in self.given(def.name, receiver, arguments)? {
            match label {
                None => values.push(expr),
                Some(label) if Some(&*label.text) == option => setting = Some(expr),
                Some(label) => {
                    let error = match is_frame_option(&label.text) {
                        true => errors::frame_of_function(label.span, def.name, &label.text),
                        false => errors::unknown_option(label.span, def.name, &label.text, option.as_slice()),
                    };
                    self.report(error);
                    return None;
                }
            }
        }
        if option.is_some() && setting.is_none() && values.len() == 2 {
            setting = values.pop();
        }
        Some((values, setting))
    }

    /// `lag(x, n: 1)`
    fn neighbour(
        &mut self,
        name: &'static str,
        value: &'a ast::Expr,
        distance: Option<&'a ast::Expr>,
    ) -> Option<WindowKind> {
        let value = self.value_of_row(value);
        let distance = match distance {
            None => 1,
            Some(expr) => {
                let id = self.scalar(expr)?;
                let distance = self.int_constant(id, expr.span, &format!("the distance of `{name}`"))?;
                if distance < 0 {
                    self.report(errors::negative_distance(expr.span, name, distance));
                    return None;
                }
                distance
            }
        };
        Some(WindowKind::Neighbour { value: value?, offset: if name == "lag" { -distance } else { distance } })
    }

    /// `session(time, gap: 30min)`
    fn session(&mut self, time: &'a ast::Expr, gap: &'a ast::Expr) -> Option<WindowKind> {
        let id = self.scalar(time)?;
        let ty = self.ty(id).clone();
        let Some(distance) = distance_type(&ty.kind) else {
            self.report(errors::no_distance(time.span, "`session`", &ty));
            return None;
        };
        let gap = self.constant_of(gap, "the gap of `session`", &distance)?;
        Some(WindowKind::Session { time: Ascending { expr: id, site: self.site(time.span) }, gap })
    }
}

/// The type of what lies between two values of a kind, if they are times or numbers.
pub(super) fn distance_type(kind: &Kind) -> Option<Type> {
    match kind {
        Kind::Int => Some(Type::INT),
        Kind::Float => Some(Type::FLOAT),
        Kind::Date | Kind::DateTime | Kind::Duration => Some(Type::DURATION),
        Kind::Bool
        | Kind::String
        | Kind::Bytes
        | Kind::Wide
        | Kind::List(_)
        | Kind::Record(_)
        | Kind::Map(_)
        | Kind::Json
        | Kind::Opaque(_)
        | Kind::Null
        | Kind::Unknown => None,
    }
}
