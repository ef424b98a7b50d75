//! Pipelines: the table of stages, and how one is looked up and applied.

use super::module::Use;
use super::scope::{Gone, Row, Stream, Value};
use super::{
    Checker, aggregate, assert, columns, describe, errors, explode, join, nest, number, parse, pivot, rows, sample,
    state, union, unpivot, window, write,
};
use crate::aliases;
use crate::diagnostic::did_you_mean;
use crate::ir::{Fields, Shape};
use crate::source::Span;
use crate::syntax::ast::{self, Label};
use crate::ty::Kind;
use std::rc::Rc;
use std::sync::Arc;

/// A stage as scripts see it.
pub struct StageDef {
    /// Its name.
    pub name: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// How it is written.
    pub signature: &'static str,
    /// Whether it takes `by`.
    takes_by: bool,
    check: Check,
}

/// Checks a stage over its input and adds it to the plan; `None` after an error: then nothing is known of its rows.
type Check = for<'c, 'a, 's> fn(&'c mut Checker<'a>, &'s StageCall<'a>, Stream) -> Option<Stream>;

/// The stages that there are.
pub const STAGES: &[StageDef] = &[
    StageDef {
        name: "filter",
        doc: "Keeps the rows for which a condition is true.",
        signature: "filter condition",
        takes_by: false,
        check: rows::filter,
    },
    StageDef {
        name: "derive",
        doc: "Adds columns, or redefines some, from each row.",
        signature: "derive name = value, …",
        takes_by: false,
        check: columns::derive,
    },
    StageDef {
        name: "select",
        doc: "Keeps these columns only, in this order.",
        signature: "select column, name = value, …",
        takes_by: false,
        check: columns::select,
    },
    StageDef {
        name: "drop",
        doc: "Leaves out columns.",
        signature: "drop column, …",
        takes_by: false,
        check: columns::drop,
    },
    StageDef {
        name: "rename",
        doc: "Gives columns other names.",
        signature: "rename new = old, …",
        takes_by: false,
        check: columns::rename,
    },
    StageDef {
        name: "map",
        doc: "Makes each row a value or a record.",
        signature: "map value",
        takes_by: false,
        check: columns::map,
    },
    StageDef {
        name: "flat_map",
        doc: "Makes each row any number of rows: the items of a list.",
        signature: "flat_map list",
        takes_by: false,
        check: explode::flat_map,
    },
    StageDef {
        name: "unpivot",
        doc: "Makes rows of columns: each row once for each of them, with its name and its value.",
        signature: "unpivot [\"column\", …], name: \"name\", value: \"value\"",
        takes_by: false,
        check: unpivot::unpivot,
    },
    StageDef {
        name: "parse",
        doc: "Adds columns from the holes of a template that a text fits.",
        signature: "parse text, \"{name} {size:int}\", on_error: \"skip\"",
        takes_by: false,
        check: parse::parse,
    },
    StageDef {
        name: "explode",
        doc: "Gives each row once for every item of a list; the other columns stay.",
        signature: "explode name = list, keep: true",
        takes_by: false,
        check: explode::explode,
    },
    StageDef {
        name: "aggregate",
        doc: "Computes reducers, for each group if there is a `by`.",
        signature: "aggregate name = reducer(value), … by key, …",
        takes_by: true,
        check: aggregate::aggregate,
    },
    StageDef {
        name: "window",
        doc: "Adds columns, or redefines some, from each row and the others of its group: neighbours, ranks, reducers over \
              the group or a frame of it.",
        signature: "window name = reducer(value, rows: first..last), … by key, … on time",
        takes_by: true,
        check: window::window,
    },
    StageDef {
        name: "sort",
        doc: "Sorts rows; a leading minus sorts descending, and equal rows keep their order.",
        signature: "sort -key, key, …",
        takes_by: false,
        check: rows::sort,
    },
    StageDef {
        name: "take",
        doc: "Gives the first rows and stops; with a `by`, the first of each group.",
        signature: "take count by key, …",
        takes_by: true,
        check: rows::take,
    },
    StageDef {
        name: "skip",
        doc: "Leaves out the first rows; with a `by`, the first of each group.",
        signature: "skip count by key, …",
        takes_by: true,
        check: rows::skip,
    },
    StageDef {
        name: "distinct",
        doc: "Keeps the first of the rows that are the same, or that have the same keys.",
        signature: "distinct by key, …",
        takes_by: true,
        check: number::distinct,
    },
    StageDef {
        name: "join",
        doc: "Puts each row beside the rows of another table that match it.",
        signature: "join table on key, left == right",
        takes_by: false,
        check: join::inner,
    },
    StageDef {
        name: "left_join",
        doc: "The same, and rows without a match stay, with nulls beside them.",
        signature: "left_join table on key, left == right",
        takes_by: false,
        check: join::left,
    },
    StageDef {
        name: "full_join",
        doc: "The same, and behind them come the other table's rows without a match.",
        signature: "full_join table on key, left == right",
        takes_by: false,
        check: join::full,
    },
    StageDef {
        name: "semi_join",
        doc: "Keeps the rows that have a match in another table.",
        signature: "semi_join table on key, left == right",
        takes_by: false,
        check: join::semi,
    },
    StageDef {
        name: "anti_join",
        doc: "Keeps the rows that have no match in another table.",
        signature: "anti_join table on key, left == right",
        takes_by: false,
        check: join::anti,
    },
    StageDef {
        name: "asof_join",
        doc: "Puts each row beside the last row of another table that is not later.",
        signature: "asof_join table on key, time >= its_time, within: 5min",
        takes_by: false,
        check: join::asof,
    },
    StageDef {
        name: "cross_join",
        doc: "Puts each row beside every row of another table.",
        signature: "cross_join table",
        takes_by: false,
        check: join::cross,
    },
    StageDef {
        name: "union",
        doc: "Gives the rows, and behind them those of other tables, by the names of the columns.",
        signature: "union table, …, fill: true",
        takes_by: false,
        check: union::union,
    },
    StageDef {
        name: "sample",
        doc: "Gives some of the rows by chance, the same for the same seed; with a `by`, so many of each group.",
        signature: "sample n: 100, fraction: 0.01, seed: 1 by key, …",
        takes_by: true,
        check: sample::sample,
    },
    StageDef {
        name: "take_while",
        doc: "Gives the rows before the first for which a condition is not true, and stops.",
        signature: "take_while condition",
        takes_by: false,
        check: state::take_while,
    },
    StageDef {
        name: "skip_while",
        doc: "Leaves out the rows before the first for which a condition is not true.",
        signature: "skip_while condition",
        takes_by: false,
        check: state::skip_while,
    },
    StageDef {
        name: "nest",
        doc: "Makes a row of each group, with its rows as a list.",
        signature: "nest name: \"rows\" by key, …",
        takes_by: true,
        check: nest::nest,
    },
    StageDef {
        name: "pivot",
        doc: "Computes reducers for each value of a key, in a column for each.",
        signature: "pivot name = reducer(value), key: column, values: [value, …] by key, …",
        takes_by: true,
        check: pivot::pivot,
    },
    StageDef {
        name: "describe",
        doc: "Says of each column how many values and nulls it has, how many differ, and what they are like.",
        signature: "describe",
        takes_by: false,
        check: describe::describe,
    },
    StageDef {
        name: "assert",
        doc: "Gives all rows, and fails at the first for which a condition is not true.",
        signature: "assert condition, message",
        takes_by: false,
        check: assert::assert,
    },
    StageDef {
        name: "tee",
        doc: "Writes the rows to a file, which is replaced when it is complete, and lets them go on.",
        signature: "tee \"file.csv\", format: \"csv\", compression: \"zstd\"",
        takes_by: false,
        check: write::tee,
    },
    StageDef {
        name: "write",
        doc: "Writes the rows to a file, which is replaced when it is complete.",
        signature: "write \"file.csv\", format: \"csv\", compression: \"zstd\"",
        takes_by: false,
        check: write::write,
    },
    StageDef {
        name: "scan",
        doc: "Carries a state through the rows and gives each state, alone or as a column.",
        signature: "scan name = first, (state, row) => next",
        takes_by: false,
        check: state::scan,
    },
    StageDef {
        name: "fold",
        doc: "Carries a state through the rows and gives the last one.",
        signature: "fold first, (state, row) => next",
        takes_by: false,
        check: state::fold,
    },
];

/// A stage as it stands in the script.
pub(super) struct StageCall<'a> {
    pub stage: &'a ast::Stage,
    pub def: &'static StageDef,
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
            self.report_open_pivot(input.node, Some(name.span));
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
        STAGES.iter().any(|def| def.name == name) || self.catalog.reducer_named(name).is_some()
    }

    /// The stage or reducer of that name.
    fn stage_called(
        &mut self,
        called: &str,
        name: &'a ast::Name,
        stage: &'a ast::Stage,
        input: Stream,
    ) -> Option<Stream> {
        let def = STAGES.iter().find(|def| def.name == called);
        let reducer = self.catalog.reducer_named(called);
        if let (None, Some(reducer), Some((word, keys)), false) = (def, reducer, &stage.by, stage.broken) {
            self.report(errors::reducer_by(self.catalog.reducer(reducer), stage, *word, keys));
            return None;
        }
        if stage.broken || !self.clauses_fit(name, stage, def.is_some_and(|def| def.takes_by)) {
            return None;
        }
        if self.looks_at_all(called, stage.by.is_some()) && !self.has_no_foreign(&input.row) {
            return None;
        }
        let outside = self.stage_name.replace(ast::Name { text: called.into(), span: name.span });
        let output = match (def, reducer) {
            (Some(def), _) => (def.check)(self, &StageCall { stage, def }, input),
            (None, Some(reducer)) => self.reduce_all(reducer, stage, input),
            (None, None) => None,
        };
        self.stage_name = outside;
        output
    }

    /// Whether the stage takes the `by` and `on` that it has.
    fn clauses_fit(&mut self, name: &ast::Name, stage: &'a ast::Stage, takes_by: bool) -> bool {
        let by = stage.by.as_ref().filter(|_| !takes_by);
        if let Some((word, keys)) = by {
            let error = match (&*name.text, stage.arguments.is_empty()) {
                ("sort", true) => errors::sort_by(*word, keys.first().map(|key| key.span)),
                ("derive" | "filter", _) if self.computes_of_rows(&stage.arguments) => errors::by_of_rows(*word, name),
                _ => errors::no_such_clause(*word, &name.text, "by"),
            };
            self.report(error);
        }
        let on = stage.on.as_ref().filter(|_| !join::takes_on(&name.text));
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
        let mut near = did_you_mean(&name.text, stages.chain(reducers).chain(functions));
        let is_case = near.first().is_some_and(|near| near.eq_ignore_ascii_case(&name.text));
        if name.text.is_empty() {
            // That a stage is missing has been said.
            return;
        }
        let error = if aliases::STAGES.contains(&&*name.text) {
            errors::not_yet(name.span, &format!("the stage `{}`", name.text))
        } else if let Some(meant) = meant.or_else(|| aliases::stage(&name.text)).filter(|_| !is_case) {
            errors::stage_alias(name.span, &name.text, meant)
        } else if let Some(advice) = aliases::stage_advice(&name.text).filter(|_| !is_case) {
            errors::stage_advice(name.span, &name.text, advice)
        } else {
            if near.is_empty() {
                near = did_you_mean(&name.text, aliases::STAGES.iter().copied());
            }
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
