//! Pipelines: how a stage is looked up, checked and applied. What there is to say of each stands in `stages.rs`.

use super::module::Use;
use super::open_pivot::Behind;
use super::scope::{Gone, Row, Stream, Value};
use super::{
    Checker, aggregate, assert, columns, describe, errors, explode, join, nest, number, parse, pivot, rows, sample,
    state, union, unpivot, window, write,
};
use crate::aliases;
use crate::diagnostic::did_you_mean;
use crate::ir::{Fields, Shape};
use crate::source::Span;
use crate::stages::{self, By, STAGES, Sees, StageDef, StageKind};
use crate::syntax::ast::{self, Label};
use crate::ty::Kind;
use std::rc::Rc;
use std::sync::Arc;

/// Checks a stage over its input and adds it to the plan; `None` after an error: then nothing is known of its rows.
type Check = for<'c, 'a, 's> fn(&'c mut Checker<'a>, &'s StageCall<'a>, Stream) -> Option<Stream>;

/// A stage as it stands in the script.
pub(super) struct StageCall<'a> {
    pub stage: &'a ast::Stage,
    pub def: &'static StageDef,
}

/// How a stage is checked.
fn check_of(stage: StageKind) -> Check {
    match stage {
        StageKind::Filter => rows::filter,
        StageKind::Derive => columns::derive,
        StageKind::Select => columns::select,
        StageKind::Drop => columns::drop,
        StageKind::Rename => columns::rename,
        StageKind::Map => columns::map,
        StageKind::Sort => rows::sort,
        StageKind::Take => rows::take,
        StageKind::Skip => rows::skip,
        StageKind::TakeWhile => state::take_while,
        StageKind::SkipWhile => state::skip_while,
        StageKind::Distinct => number::distinct,
        StageKind::Sample => sample::sample,
        StageKind::Aggregate => aggregate::aggregate,
        StageKind::Window => window::window,
        StageKind::Pivot => pivot::pivot,
        StageKind::Unpivot => unpivot::unpivot,
        StageKind::Nest => nest::nest,
        StageKind::Explode => explode::explode,
        StageKind::FlatMap => explode::flat_map,
        StageKind::Parse => parse::parse,
        StageKind::Join => join::inner,
        StageKind::LeftJoin => join::left,
        StageKind::FullJoin => join::full,
        StageKind::SemiJoin => join::semi,
        StageKind::AntiJoin => join::anti,
        StageKind::AsofJoin => join::asof,
        StageKind::CrossJoin => join::cross,
        StageKind::Union => union::union,
        StageKind::Scan => state::scan,
        StageKind::Fold => state::fold,
        StageKind::Assert => assert::assert,
        StageKind::Tee => write::tee,
        StageKind::Write => write::write,
        StageKind::Describe => describe::describe,
    }
}

impl<'a> StageCall<'a> {
    pub fn span(&self) -> Span {
        self.stage.span
    }

    /// Where an option is given, or the stage where it is left out.
    pub fn option_span(&self, name: &str) -> Span {
        let is_it =
            |argument: &&ast::Argument| matches!(&argument.label, Label::Option(option) if *option.text == *name);
        self.stage.arguments.iter().find(is_it).map_or(self.span(), |argument| argument.span)
    }
}

impl<'a> Checker<'a> {
    /// `source | stage | stage`
    pub(super) fn pipeline(&mut self, source: &'a ast::Expr, stages: &'a [ast::Stage]) -> Value<'a> {
        let (aggregation, stage_name) = (self.aggregation.take(), self.stage_name.take());
        let mut span = source.span;
        let base = self.base;
        let mut value = self.source_value(source);
        if self.runs_once(&value, stages) {
            value = Value::Stream(self.as_stream(value, span));
        } else if let Value::Expr(list) = value
            && self.is_of_rows(list, span, stages)
            && (base.is_none() || base == self.base && self.plan.exprs.columns(list).is_empty())
        {
            value = Value::Stream(self.list_as_rows(list, span));
        }
        for stage in stages {
            if self.is_list_source(&value) {
                value = self.deeper(stage.span, |c| c.list_stage(value, span, stage)).unwrap_or(Value::Unknown);
                span = span.to(stage.span);
                continue;
            }
            let input = self.as_stream(value, span);
            value = self.deeper(stage.span, |c| c.stage(input.clone(), span, stage)).unwrap_or(Value::Unknown);
            self.note_stage(stage, &input, &value);
            span = span.to(stage.span);
        }
        self.aggregation = aggregation;
        self.stage_name = stage_name;
        value
    }

    /// What a pipeline starts with; a list that a stream gave is a list like any other.
    fn source_value(&mut self, source: &'a ast::Expr) -> Value<'a> {
        let value = self.value(source);
        let is_list = match &value {
            Value::Stream(stream) if stream.row.shape == Shape::Scalar => {
                let column = stream.row.fields.first().map(|field| self.plan.column(field.column));
                column.is_some_and(|column| matches!(column.ty.kind, Kind::List(_)))
            }
            _ => false,
        };
        if is_list { self.with_parts(value, source.span) } else { value }
    }

    /// One stage over whatever stands before it.
    fn stage(&mut self, input: Stream, span: Span, stage: &'a ast::Stage) -> Value<'a> {
        // What an expression that came to nothing has asked for.
        self.marks.retain(|mark| mark.level <= self.rows_entered);
        let name = match stage.name.as_slice() {
            [name] => name,
            [] => return Value::Unknown,
            path => {
                let Some(function) = self.function_of_module(path, Use::Stage) else { return Value::Unknown };
                return self.call_as_stage(function, input, span, stage);
            }
        };
        if let Some(function) = self.function(&name.text).filter(|_| !stage.broken) {
            return self.call_as_stage(function, input, span, stage);
        }
        if self.pivots.contains_key(&input.node) && &*name.text != "write" {
            self.report_behind_pivot(input.node, Behind { name, stage, before: span });
            return Value::Unknown;
        }
        if self.targets.contains_key(&input.node) {
            return self.unknown(errors::stage_after_write(name.span, &name.text));
        }
        if input.row.shape == Shape::Scalar && input.row.known && !matches!(&*name.text, "write" | "tee") {
            return self.unknown(errors::stage_after_value(name.span, &name.text, span));
        }
        let output = self.known_stage(name, stage, input.clone());
        Value::Stream(output.unwrap_or_else(|| {
            let row = Row { known: false, ..(*input.row).clone() };
            Stream { row: Rc::new(row), ..input }
        }))
    }

    /// A stage of the table, or a reducer.
    fn known_stage(&mut self, name: &'a ast::Name, stage: &'a ast::Stage, input: Stream) -> Option<Stream> {
        if self.is_stage_or_reducer(&name.text) {
            return self.stage_called(&name.text, name, stage, input);
        }
        let meant = aliases::stage(&name.text).filter(|meant| self.is_stage_or_reducer(meant));
        self.unknown_stage(name, meant);
        // What is meant says which columns there are behind it.
        self.stage_called(meant?, name, stage, input)
    }

    fn is_stage_or_reducer(&self, name: &str) -> bool {
        stages::named(name).is_some() || self.catalog.reducer_named(name).is_some()
    }

    /// The stage or reducer of that name.
    fn stage_called(
        &mut self,
        called: &str,
        name: &'a ast::Name,
        stage: &'a ast::Stage,
        input: Stream,
    ) -> Option<Stream> {
        let def = stages::named(called);
        let reducer = self.catalog.reducer_named(called);
        if let (None, Some(reducer), Some((word, keys)), false) = (def, reducer, &stage.by, stage.broken) {
            self.report(errors::reducer_by(self.catalog.reducer(reducer), stage, *word, keys));
            return None;
        }
        if stage.broken || !self.clauses_fit(name, stage, def) {
            return None;
        }
        let sees_all = def.is_some_and(|def| match def.sees {
            Sees::Named => false,
            Sees::KeysOrAll => stage.by.is_none(),
            Sees::All => true,
        });
        if sees_all && !self.has_no_foreign(&input.row) {
            return None;
        }
        let outside = self.stage_name.replace(ast::Name { text: called.into(), span: name.span });
        let output = match (def, reducer) {
            (Some(def), _) => check_of(def.kind)(self, &StageCall { stage, def }, input),
            (None, Some(reducer)) => self.reduce_all(reducer, stage, input),
            (None, None) => None,
        };
        self.stage_name = outside;
        output
    }

    /// Whether the stage takes the `by` and `on` that it has.
    fn clauses_fit(&mut self, name: &ast::Name, stage: &'a ast::Stage, def: Option<&StageDef>) -> bool {
        let takes = def.map(|def| def.takes);
        let by = stage.by.as_ref().filter(|_| takes.is_none_or(|takes| takes.by == By::Never));
        if let Some((word, keys)) = by {
            let error = match (&*name.text, stage.arguments.is_empty()) {
                ("sort", true) => errors::sort_by(*word, keys.first().map(|key| key.span)),
                ("derive" | "filter", _) if self.computes_of_rows(&stage.arguments) => errors::by_of_rows(*word, name),
                _ => errors::no_such_clause(*word, &name.text, "by"),
            };
            self.report(error);
        }
        let on = stage.on.as_ref().filter(|_| takes.is_none_or(|takes| !takes.on));
        if let Some((word, _)) = on {
            self.report(errors::no_such_clause(*word, &name.text, "on"));
        }
        by.is_none() && on.is_none()
    }

    /// Says that there is no such stage, and what is meant.
    pub(super) fn unknown_stage(&mut self, name: &ast::Name, meant: Option<&str>) {
        let stages = STAGES.iter().map(|def| def.name);
        let reducers = self.catalog.reducers().map(|def| def.name);
        let functions = self.names().functions.keys().map(|name| &**name);
        let near = did_you_mean(&name.text, stages.chain(reducers).chain(functions));
        let is_case = near.first().is_some_and(|near| near.eq_ignore_ascii_case(&name.text));
        if name.text.is_empty() {
            // That a stage is missing has been said.
            return;
        }
        let error = if let Some(meant) = meant.or_else(|| aliases::stage(&name.text)).filter(|_| !is_case) {
            errors::stage_alias(name.span, &name.text, meant)
        } else if let Some(advice) = aliases::stage_advice(&name.text).filter(|_| !is_case) {
            errors::stage_advice(name.span, &name.text, advice)
        } else {
            errors::unknown_stage(name.span, &name.text, &near)
        };
        self.report(error);
    }
}

/// How many stages that left out columns are remembered for messages.
const MOST_GONE: usize = 64;

/// The rows after a stage that keeps some columns and makes others: what is gone is remembered for messages.
pub(super) fn row_after(
    input: &Row,
    fields: impl Into<Fields>,
    shape: Shape,
    call: &StageCall,
    add_at: Option<(Span, &'static str)>,
    renamed: &[(Arc<str>, Arc<str>)],
) -> Row {
    let output = Row::new(fields, shape, call.stage.span);
    let mut gone = input.gone.clone();
    let is_gone = |name: &str| output.fields.named(name).is_none() && input.field(name).is_some();
    if input.fields.apart_from(&output.fields).any(|field| is_gone(&field.name)) {
        let remembered = Rc::make_mut(&mut gone);
        if remembered.len() == MOST_GONE {
            remembered.remove(0);
        }
        remembered.push(Rc::new(Gone {
            before: Row { gone: Rc::default(), ..input.clone() },
            stage: call.stage.name.last().map_or(call.stage.span, |name| name.span),
            stage_name: call.def.name.into(),
            renamed: renamed.to_vec(),
            add_at,
            kept: output.fields.clone(),
        }));
    }
    // A column that the code in view has made itself is not hidden, whatever its name was before.
    let same = |name: &str| {
        let [before, after] = [input, &output].map(|row| row.fields.named(name).map(|field| field.column));
        before == after
    };
    let hidden = input.hidden.iter().filter(|name| same(name)).cloned().collect();
    Row { gone, hidden: Rc::new(hidden), ..output }
}
