//! Names that a stage makes and that its own arguments use: `derive c = b * 2, d = c + 1`. All arguments see the rows that
//! came in, so what is computed from a result belongs to a stage behind it.

use super::operators::spelled;
use super::scope::Row;
use super::stage::StageCall;
use super::window::is_window_function;
use super::{Checker, errors};
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, ExprKind, Label, Name};
use crate::syntax::nodes::Node;
use crate::ty::spell;
use std::rc::Rc;

/// So many words before and behind one of them may make up a name.
const MOST_WORDS: usize = 10;

/// A stage that names columns, while its arguments are checked.
pub(super) struct Making<'a> {
    stage: &'a ast::Stage,
    called: &'static str,
    /// The argument that is being checked.
    at: usize,
    row: Rc<Row>,
}

impl<'a> Checker<'a> {
    /// Checks the arguments of a stage that names columns, one after the other; the row is in scope.
    pub(super) fn each_argument(
        &mut self,
        call: &StageCall<'a>,
        row: &Rc<Row>,
        mut check: impl FnMut(&mut Self, &'a Argument),
    ) {
        for (at, argument) in call.stage.arguments.iter().enumerate() {
            self.making.push(Making { stage: call.stage, called: call.def.name, at, row: row.clone() });
            self.in_row(row, |c| check(c, argument));
            self.making.pop();
        }
    }

    /// E0201: the stage whose arguments see this row makes a column of that name.
    pub(super) fn made_here(&self, row: &Row, name: &str, span: Span) -> Option<Diagnostic> {
        let making = self.making.last().filter(|making| making.row.from == row.from)?;
        let makes = |argument: &Argument| matches!(&argument.label, Label::Column(made) if &*made.text == name);
        let made = making.stage.arguments.iter().position(makes).filter(|made| *made != making.at)?;
        let edits = self.second_stage(making, made).unwrap_or_default();
        Some(errors::made_here(span, name, making.called, making.stage.arguments[made].span, edits))
    }

    /// Whether arguments call reducers or functions of windows, which see more rows than one.
    pub(super) fn computes_of_rows(&self, arguments: &[Argument]) -> bool {
        let computes = |name: &str| self.catalog.reducer_named(name).is_some() || is_window_function(name);
        arguments.iter().any(|argument| calls(argument, &computes))
    }

    /// Columns of several words, `select US Gross`: the column that bare names beside each other spell, one of which is
    /// the name at `span`.
    pub(super) fn several_words(&self, row: &Row, span: Span) -> Option<Diagnostic> {
        let arguments = &self.making.last()?.stage.arguments;
        let word = |argument: &Argument| match argument.expr().map(|expr| (&expr.kind, expr.span)) {
            Some((ExprKind::Name(word), place)) if argument.label == Label::None => Some((word.clone(), place)),
            _ => None,
        };
        let words: Vec<_> = arguments.iter().map(word).collect();
        let is_here = |place: Span| place.start <= span.start && span.end <= place.end;
        let at = words.iter().position(|word| word.as_ref().is_some_and(|(_, place)| is_here(*place)))?;
        let is_near = |at: &usize| match &words[*at..] {
            [Some((_, one)), Some((_, next)), ..] => one.end + 1 == next.start,
            _ => false,
        };
        let first = (at.saturating_sub(MOST_WORDS)..at).rev().take_while(is_near).last().unwrap_or(at);
        let last = (at..at + MOST_WORDS).take_while(is_near).last().map_or(at, |last| last + 1);
        (first..=at).flat_map(|start| (at.max(start + 1)..=last).map(move |end| start..=end)).find_map(|some| {
            let words: Vec<_> = words[some].iter().flatten().collect();
            let name = words.iter().map(|word| &*word.0).collect::<Vec<_>>().join(" ");
            let known = row.names().find(|known| known.eq_ignore_ascii_case(&name))?;
            Some(errors::name_with_blank(words[0].1.to(words[words.len() - 1].1), known, row.from))
        })
    }

    /// The edits that move an argument and those behind it into a `derive` behind the stage; none where they would mean
    /// something else there.
    fn second_stage(&self, making: &Making<'a>, made: usize) -> Option<Vec<Edit>> {
        let (first, rest) = making.stage.arguments.split_at(making.at);
        let before = first.last().filter(|_| made < making.at)?;
        let fits = rest.iter().all(|argument| self.fits_behind(making, first, argument));
        if !fits || first.iter().any(|argument| self.replaces_column(making, argument)) {
            return None;
        }
        let clauses = clauses(making.stage)?;
        // Only the first of several is moved where the clauses go with it.
        let uses_result = |argument: &Argument| mentions(argument, &|name| made_in(first, name));
        if !clauses.is_empty() && first.iter().any(uses_result) {
            return None;
        }
        let (close, open) = if making.stage.called { (")", "(") } else { ("", " ") };
        let gap = Span { start: before.span.end, end: rest.first()?.span.start, ..before.span };
        let mut edits = vec![Edit { span: gap, text: format!("{close}{clauses} | derive{open}") }];
        if !clauses.is_empty() {
            let words = [&making.stage.by, &making.stage.on].into_iter().flatten().map(|(word, _)| word.start);
            let end = if making.stage.called { words.min()? } else { rest.last()?.span.end };
            edits.push(Edit { span: Span { start: end, end: making.stage.span.end, ..gap }, text: String::new() });
        }
        Some(edits)
    }

    /// Whether an argument means the same in a `derive` behind the stage: it has a name, calls no reducer, and what it
    /// mentions is there.
    fn fits_behind(&self, making: &Making<'a>, first: &[Argument], argument: &Argument) -> bool {
        let keeps_all = matches!(making.called, "derive" | "window");
        let is_key = |name: &str| self.aggregation.as_ref().is_some_and(|aggregation| aggregation.key(name).is_some());
        let is_gone =
            |name: &str| !keeps_all && making.row.field(name).is_some() && !is_key(name) && !made_in(first, name);
        let computes = |name: &str| self.catalog.reducer_named(name).is_some() || is_window_function(name);
        matches!(argument.label, Label::Column(_)) && !mentions(argument, &is_gone) && !calls(argument, &computes)
    }

    /// Whether a column of the row is another one behind the stage.
    fn replaces_column(&self, making: &Making<'a>, argument: &Argument) -> bool {
        matches!(&argument.label, Label::Column(name) if making.row.field(&name.text).is_some())
    }
}

/// The name that an argument gives to a column.
fn made_name(argument: &Argument) -> Option<&str> {
    match &argument.label {
        Label::Column(Name { text, .. }) => Some(text),
        Label::None | Label::Option(_) => match &argument.expr()?.kind {
            ExprKind::Name(name) => Some(name),
            _ => None,
        },
    }
}

fn made_in(arguments: &[Argument], name: &str) -> bool {
    arguments.iter().any(|argument| made_name(argument) == Some(name))
}

/// `by` and `on` as they are written; none if that is not known.
fn clauses(stage: &ast::Stage) -> Option<String> {
    let mut written = String::new();
    for (word, clause) in [("by", &stage.by), ("on", &stage.on)] {
        let Some((_, keys)) = clause else { continue };
        let key = |argument: &Argument| {
            let value = spelled(argument.expr()?)?;
            match &argument.label {
                Label::None => Some(value),
                Label::Column(name) => Some(format!("{} = {value}", spell(&name.text))),
                Label::Option(_) => None,
            }
        };
        let keys: Option<Vec<String>> = keys.iter().map(key).collect();
        written.push_str(&format!(" {word} {}", keys?.join(", ")));
    }
    Some(written)
}

/// Whether a name for which `test` holds is mentioned.
fn mentions(argument: &Argument, test: &dyn Fn(&str) -> bool) -> bool {
    any(argument, &|expr| matches!(&expr.kind, ExprKind::Name(name) if test(name)))
}

/// Whether a function for which `test` holds is called.
fn calls(argument: &Argument, test: &dyn Fn(&str) -> bool) -> bool {
    any(argument, &|expr| match &expr.kind {
        ExprKind::Call { function, .. } | ExprKind::Method { function, .. } => {
            function.last().is_some_and(|name| test(&name.text))
        }
        _ => false,
    })
}

fn any(argument: &Argument, test: &dyn Fn(&ast::Expr) -> bool) -> bool {
    let mut found = false;
    if let Some(expr) = argument.expr() {
        Node::Expr(expr).walk(&mut |node| found |= matches!(node, Node::Expr(expr) if test(expr)));
    }
    found
}
