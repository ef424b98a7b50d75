//! 01xx as far as names decide, and 04xx: stages and reducers.

use super::super::expr::short_name;
use super::super::operators::spelled;
use super::{list, suggest};
use crate::catalog::{OptionKind, ReducerDef};
use crate::codes::{E0101, E0107, E0108, E0206, E0301, E0304, E0305, E0401, E0402, E0403, E0406, E0409, E0508};
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::Span;
use crate::stages::STAGES;
use crate::syntax::ast::{self, Argument, Label, Name};
use crate::ty::{Kind, Type, spell};
use std::sync::Arc;

/// E0101
pub(in super::super) fn unknown_stage(span: Span, name: &str, near: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0101, span, format!("there is no stage called `{name}`"));
    if near.is_empty() {
        let names: Vec<&str> = STAGES.iter().map(|stage| stage.name).collect();
        return diagnostic.help(format!("stages are {}", list(&names, 8)));
    }
    suggest(diagnostic, span, near, str::to_string)
}

/// E0101: another language's word.
pub(in super::super) fn stage_alias(span: Span, name: &str, meant: &str) -> Diagnostic {
    Diagnostic::error(E0101, span, format!("there is no stage called `{name}`"))
        .saying(format!("Pipe calls this `{meant}`"))
        .fix(span, meant)
}

/// E0101: another language's stage, and what to do without it.
pub(in super::super) fn stage_advice(span: Span, name: &str, advice: &str) -> Diagnostic {
    Diagnostic::error(E0101, span, format!("there is no stage called `{name}`")).help(advice)
}

/// E0206: a name and `=` where nothing is named (where a comparison is meant, the parser says so).
pub(in super::super) fn names_nothing(who: &str, name: Span) -> Diagnostic {
    Diagnostic::error(E0206, name, format!("`{who}` names nothing"))
        .saying("what is this name for?")
        .help("`name = value` names a column in `derive`, `select` and `aggregate`; an option is `name: value`")
}

/// E0107
pub(in super::super) fn nothing_to_aggregate(span: Span, keys: &str) -> Diagnostic {
    let keys = if keys.is_empty() { "key" } else { keys };
    Diagnostic::error(E0107, span, "`aggregate` wants something to compute")
        .help(format!("such as `aggregate n = count() by {keys}`"))
}

/// E0108
pub(in super::super) fn sort_by(word: Span, first_key: Option<Span>) -> Diagnostic {
    let leave_out = Span { end: first_key.map_or(word.end, |key| key.start), ..word };
    Diagnostic::error(E0108, word, "`sort` takes its keys directly").fix(leave_out, "")
}

/// E0206: `sum qty by region`, for which there is `aggregate`.
pub(in super::super) fn reducer_by(def: &ReducerDef, stage: &ast::Stage, by: Span, keys: &[Argument]) -> Diagnostic {
    let (name, arguments) = (def.name, &stage.arguments);
    let diagnostic = Diagnostic::error(E0206, by, format!("as a stage, `{name}` gives one value, and takes no `by`"));
    let values: Vec<&ast::Expr> =
        arguments.iter().filter(|argument| argument.label == Label::None).filter_map(Argument::expr).collect();
    let (Some(called), true) = (stage.name.last(), (def.arity.0..=def.arity.1).contains(&values.len())) else {
        return diagnostic.help(format!("`aggregate name = {name}(…) by key` gives one for each group"));
    };
    // A result is named after its reducer and the column, if it is one.
    let has_name = values.is_empty() || values.len() == 1 && short_name(values[0]).is_some();
    let head = if has_name { "aggregate " } else { "aggregate result = " };
    let start = Span { end: called.span.start, ..called.span };
    let mut edits = vec![Edit { span: start, text: head.into() }];
    if let (false, end) = (stage.called, arguments.last().map_or(called.span.end, |last| last.span.end)) {
        let first = arguments.first().map_or(end, |first| first.span.start);
        edits.push(Edit { span: Span { start: called.span.end, end: first, ..start }, text: "(".into() });
        edits.push(Edit { span: Span { start: end, end, ..start }, text: ")".into() });
    }
    let shown = |expr: Option<&ast::Expr>| expr.and_then(spelled).unwrap_or("…".into());
    let list = |arguments: &[Argument]| {
        let shown: Vec<String> = arguments.iter().map(|argument| shown(argument.expr())).collect();
        shown.join(", ")
    };
    let form = format!("{head}{name}({}) by {}", list(arguments), list(keys));
    Diagnostic { edits, ..diagnostic.help(format!("one for each group: `{form}`")) }
}

/// E0206
pub(in super::super) fn option_type(span: Span, who: &str) -> Diagnostic {
    Diagnostic::error(E0206, span, format!("`{who}` takes no type"))
}

/// E0304
pub(in super::super) fn option_value(span: Span, name: &str, kind: OptionKind) -> Diagnostic {
    let what = match kind {
        OptionKind::Bool => "`true` or `false`",
        OptionKind::Int => "an int",
        OptionKind::String => "text",
        OptionKind::Strings => "a list of texts",
        OptionKind::Schema => "a record type, such as `{id: int, name: string?, ..}`",
    };
    Diagnostic::error(E0304, span, format!("the option `{name}` wants {what}"))
}

/// E0304
pub(in super::super) fn stage_after_value(span: Span, stage: &str, value: Span) -> Diagnostic {
    Diagnostic::error(E0304, span, format!("`{stage}` wants a stream, and this is one value"))
        .label(value, "a reducer as a stage gives one value")
        .help("to go on with rows, write `aggregate name = …`")
}

/// E0304
pub(in super::super) fn no_order(span: Span, found: &Type) -> Diagnostic {
    Diagnostic::error(E0304, span, format!("{found} cannot be a key"))
        .help("keys are numbers, text, dates, true and false")
}

/// E0304: a text in place of a column.
pub(in super::super) fn quoted_column(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(E0304, span, "a text in quotes is the same for all rows; a column stands without them")
        .fix(span, spell(name))
}

/// E0304: a key that is the same for all rows.
pub(in super::super) fn constant_key(span: Span) -> Diagnostic {
    Diagnostic::error(E0304, span, "this key is the same for all rows")
        .help("a key is a column, or is computed from columns")
}

/// E0304: all columns are keys, and one cannot be.
pub(in super::super) fn distinct_without_order(span: Span, column: &str, found: &Type) -> Diagnostic {
    Diagnostic::error(E0304, span, format!("the column `{column}` is {found}, which cannot be a key"))
        .help("say by what rows are the same: `distinct by key`; or leave the column out before: `drop column`")
}

/// E0305
pub(in super::super) fn pivot_without_key(span: Span, signature: &str) -> Diagnostic {
    Diagnostic::error(E0305, span, "`pivot` wants a key, whose values become columns").help(format!("`{signature}`"))
}

/// E0406
pub(in super::super) fn pivot_without_values(span: Span, key: Span, behind: Option<Span>) -> Diagnostic {
    let error = Diagnostic::error(E0406, span, "the columns of this `pivot` are not known before it runs")
        .label(key, "its values become columns");
    let error = match behind {
        Some(behind) => error.label(behind, "this wants to know them"),
        None => error.saying("they are wanted here"),
    };
    error.help("write them down: `values: [\"a\", \"b\"]`; `rows | select key | distinct` lists them")
}

/// The same of a `sort` by what the rows before the pivot have; the stages, where they stand side by side.
pub(in super::super) fn sort_before_pivot(
    mut error: Diagnostic,
    sort: &str,
    stages: Option<(Span, Span)>,
) -> Diagnostic {
    if let Some((pivot, sorting)) = stages {
        error.edits.push(Edit { span: Span { end: pivot.start, ..pivot }, text: format!("{sort} | ") });
        error.edits.push(Edit { span: Span { start: pivot.end, ..sorting }, text: String::new() });
    }
    error.help = vec![format!("sort before it, and rows and columns come in that order: `{sort} | pivot …`")];
    error
}

/// E0304
pub(in super::super) fn pivot_values(span: Span) -> Diagnostic {
    Diagnostic::error(E0304, span, "the values of a `pivot` are a list that is known before the script runs")
        .help("such as `values: [\"jan\", \"feb\"]` or `values: 2020..2024`")
}

/// E0301: a value that the key never has.
pub(in super::super) fn pivot_value(span: Span, found: &Type, key: Span, ty: &Type) -> Diagnostic {
    Diagnostic::error(E0301, span, format!("cannot compare {} with {}", ty.kind, found.kind))
        .saying(format!("this is {found}"))
        .label(key, format!("the key is {ty}"))
}

/// E0305
pub(in super::super) fn nest_without_by(span: Span) -> Diagnostic {
    Diagnostic::error(E0305, span, "`nest` wants keys, by which rows belong together").help("`nest by key`")
}

/// E0304
pub(in super::super) fn nest_name(span: Span) -> Diagnostic {
    Diagnostic::error(E0304, span, "the name of a column is written as text")
        .help("`nest name: \"orders\" by customer`")
}

/// E0305
pub(in super::super) fn describe_argument(span: Span) -> Diagnostic {
    Diagnostic::error(E0305, span, "`describe` takes nothing: it looks at all columns")
        .help("for some of them: `select column, other | describe`")
}

/// E0305: `distinct region`, as SQL and dplyr have it.
pub(in super::super) fn distinct_of(argument: Span) -> Diagnostic {
    Diagnostic::error(E0305, argument, "`distinct` compares whole rows, or what stands behind a `by`")
        .fix(Span { end: argument.start, ..argument }, "by ")
        .help("for the values of some columns alone: `select column | distinct`")
}

/// E0304
pub(in super::super) fn negative_count(span: Span, stage: &str, count: i64) -> Diagnostic {
    Diagnostic::error(E0304, span, format!("`{stage}` wants a number of rows")).saying(format!("{count} is below zero"))
}

/// E0304
pub(in super::super) fn wants_column(span: Span) -> Diagnostic {
    Diagnostic::error(E0304, span, "the name of a column is wanted here")
}

/// E0304
pub(in super::super) fn range_without_start(span: Span) -> Diagnostic {
    Diagnostic::error(E0304, span, "a range without a start is no stream").help("write where it starts: `0..n`")
}

/// E0304
pub(in super::super) fn reducer_type(span: Span, name: &str, takes: &str, found: &[Type]) -> Diagnostic {
    let is_condition = matches!(found, [Type { kind: Kind::Bool, .. }]);
    let found: Vec<String> = found.iter().map(Type::to_string).collect();
    let diagnostic = Diagnostic::error(E0304, span, format!("`{name}` takes {takes}"))
        .saying(format!("this is {}", found.join(", ")));
    match is_condition {
        true => diagnostic.help(format!("`count_if(condition)` counts; `{name}(int(condition))` takes true as 1")),
        false => diagnostic,
    }
}

/// E0304: an argument that is to be the same for all rows.
pub(in super::super) fn reducer_constant(span: Span, name: &str, takes: &str) -> Diagnostic {
    Diagnostic::error(E0304, span, format!("`{name}` wants {takes} here, known before the script runs"))
}

/// E0305
pub(in super::super) fn reducer_count(span: Span, name: &str, arity: (usize, usize), found: usize) -> Diagnostic {
    let wanted = match arity {
        (0, 0) => "no arguments".to_string(),
        (1, 1) => "one argument".to_string(),
        (least, most) if least == most => format!("{least} arguments"),
        (least, most) => format!("{least} to {most} arguments"),
    };
    let found = match found {
        0 => "there is none".to_string(),
        1 => "there is one".to_string(),
        found => format!("there are {found}"),
    };
    let example = match (name, arity.0) {
        ("string_join", _) => "string_join(name, \", \")".to_string(),
        ("quantile", _) => "quantile(x, 0.9)".to_string(),
        (_, 0) => format!("{name}()"),
        (_, 1) => format!("{name}(column)"),
        _ => format!("{name}(column, other)"),
    };
    Diagnostic::error(E0305, span, format!("`{name}` takes {wanted}"))
        .saying(found)
        .help(format!("such as `{example}`"))
}

/// E0304: `first 5`, as Nushell has it.
pub(in super::super) fn first_of_constant(name: Span, called: &str, count: i64) -> Diagnostic {
    let diagnostic =
        Diagnostic::error(E0304, name, format!("`{called}` gives one value, and {count} is the same for all rows"));
    match called {
        "first" => diagnostic.saying(format!("the first {count} rows are `take {count}`")).fix(name, "take"),
        _ => diagnostic.help(format!("`rows | {called} column`")),
    }
}

/// E0305
pub(in super::super) fn stage_arguments(span: Span, stage: &str, signature: &str, count: usize) -> Diagnostic {
    let message = match count {
        0 => format!("`{stage}` wants something after it"),
        _ => format!("`{stage}` takes one argument"),
    };
    Diagnostic::error(E0305, span, message).help(format!("`{signature}`"))
}

/// E0305: `sample 10`
pub(in super::super) fn sample_number(span: Span, option: &str) -> Diagnostic {
    Diagnostic::error(E0305, span, "`sample` is told a number of rows, or which fraction of them, by name")
        .fix(Span { end: span.start, ..span }, format!("{option}: "))
}

/// E0305
pub(in super::super) fn read_arguments(name: &str, span: Span) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0305, span, format!("`{name}` takes one path, then options"));
    if name == "lines" { diagnostic } else { diagnostic.help("`read(\"data.csv\", delimiter: \";\")`") }
}

/// E0409: a second use of what comes once, or one of a stream that is used more than once.
pub(in super::super) fn stream_twice(path: &str, span: Span, first: Option<Span>) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0409, span, format!("what comes by `{path}` can be read only once"));
    match first {
        Some(first) => diagnostic.label(first, "it is read here"),
        None => diagnostic.saying("what comes of it is used more than once, and each use reads it"),
    }
}

/// E0508: a file that the script writes itself, and that has other columns before.
pub(in super::super) fn written_with_other_columns(
    span: Span,
    path: &str,
    written: &[Arc<str>],
    write: Span,
) -> Diagnostic {
    let columns: Vec<String> = written.iter().map(|name| spell(name)).collect();
    let message = format!("`{path}` has other columns now than this script writes into it");
    written_here(Diagnostic::error(E0508, span, message).saying(format!("it will have {}", columns.join(", "))), write)
}

/// E0701 of a file that the script writes itself.
pub(in super::super) fn written_here(diagnostic: Diagnostic, write: Span) -> Diagnostic {
    diagnostic
        .label(write, "this script writes it, but only when it runs")
        .help(
            "what a script reads is looked at before it runs: give the rows a name, `let rows = …`, and use that twice",
        )
        .help("or read the file in a script of its own")
}

/// E0401: a reducer of so many values.
pub(in super::super) fn reducer_outside(span: Span, name: &str, stage: Option<&Name>, values: usize) -> Diagnostic {
    let diagnostic = match stage {
        Some(stage) => {
            let stage = &stage.text;
            Diagnostic::error(E0401, span, format!("`{name}` works on many rows, `{stage}` sees one at a time"))
        }
        None => Diagnostic::error(E0401, span, format!("`{name}` works on many rows, and there are none here")),
    };
    match (name, values) {
        ("max", 2..) => diagnostic.saying("of two values, `greatest` is the larger one").fix(span, "greatest"),
        ("min", 2..) => diagnostic.saying("of two values, `least` is the smaller one").fix(span, "least"),
        _ => {
            let diagnostic = match stage.filter(|stage| &*stage.text == "derive") {
                Some(stage) => {
                    diagnostic.saying("`window` keeps the rows and sees all of them").fix(stage.span, "window")
                }
                None => diagnostic,
            };
            match stage.filter(|stage| &*stage.text == "filter") {
                Some(_) => diagnostic
                    .help(format!("a value of all rows is `(rows | {name} …)`, as in `filter x > (rows | {name} x)`")),
                None => diagnostic
                    .help(format!("`rows | aggregate n = {name}(…) by key`, or over all rows `rows | {name} …`")),
            }
        }
    }
}

/// E0401: `lag` and the like.
pub(in super::super) fn window_function_outside(span: Span, name: &str, stage: Option<&Name>) -> Diagnostic {
    match stage {
        Some(stage) if &*stage.text == "derive" => {
            Diagnostic::error(E0401, span, format!("`{name}` looks at other rows, `derive` sees one at a time"))
                .saying("`window` sees all of them")
                .fix(stage.span, "window")
        }
        Some(stage) => {
            Diagnostic::error(E0401, span, format!("`{name}` looks at other rows, which `{}` does not", stage.text))
                .help(format!("it stands in a `window` of its own: `rows | window x = {name}(…)`"))
        }
        None => Diagnostic::error(E0401, span, format!("`{name}` looks at other rows, and there are none here"))
            .help(format!("it stands in `window`: `rows | window x = {name}(…)`")),
    }
}

/// E0206: a frame outside of a window.
pub(in super::super) fn frame_outside(span: Span, name: &str, option: &str, stage: Option<&Name>) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0206, span, format!("`{name}` has `{option}` only in `window`"))
        .saying("elsewhere it sees all rows, or all of the group");
    match stage.filter(|stage| &*stage.text == "aggregate") {
        Some(stage) => diagnostic.fix(stage.span, "window"),
        None => diagnostic.help(format!("a value for each row: `rows | window n = {name}(x, {option}: -2..0)`")),
    }
}

/// E0206
pub(in super::super) fn frame_of_function(span: Span, name: &str, option: &str) -> Diagnostic {
    Diagnostic::error(E0206, span, format!("`{name}` has no `{option}`")).saying("frames are for reducers")
}

/// E0206
pub(in super::super) fn two_frames(span: Span) -> Diagnostic {
    Diagnostic::error(E0206, span, "a frame is by `rows` or by `range`").saying("this is the second")
}

/// E0206
pub(in super::super) fn full_without_frame(span: Span) -> Diagnostic {
    Diagnostic::error(E0206, span, "`full` is of a frame, and there is none")
        .help("such as `rows: -6..0`: then the first six rows have no value")
}

/// E0206
pub(in super::super) fn range_without_on(span: Span) -> Diagnostic {
    Diagnostic::error(E0206, span, "`range` is of what stands behind `on`, and there is no `on`")
        .help("`window n = count(range: -10min..0min) on time`; or count rows: `rows: -6..0`")
}

/// E0305
pub(in super::super) fn window_on(word: Span) -> Diagnostic {
    Diagnostic::error(E0305, word, "`on` of a `window` takes one value")
        .help("the one that rows are sorted by: `on time`")
}

/// E0304
pub(in super::super) fn negative_distance(span: Span, name: &str, distance: i64) -> Diagnostic {
    let other = if name == "lag" { "lead" } else { "lag" };
    Diagnostic::error(E0304, span, format!("`{name}` wants how many rows away"))
        .saying(format!("{distance} is below zero"))
        .help(format!("in the other direction looks `{other}`"))
}

/// E0304: there is nothing to measure between two values of a type.
pub(in super::super) fn no_distance(span: Span, who: &str, found: &Type) -> Diagnostic {
    Diagnostic::error(E0304, span, format!("{who} wants times or numbers")).saying(format!("this is of {found}"))
}

/// E0304
pub(in super::super) fn wants_range(span: Span, option: &str, example: &str) -> Diagnostic {
    Diagnostic::error(E0304, span, format!("`{option}` wants a range"))
        .help(format!("such as `{option}: {example}`, seen from the row; `..0` is all up to the row"))
}

/// E0304
pub(in super::super) fn empty_frame(span: Span) -> Diagnostic {
    Diagnostic::error(E0304, span, "this frame never has a row").saying("its end stands before its start")
}

/// E0304
pub(in super::super) fn endless_bound(span: Span) -> Diagnostic {
    Diagnostic::error(E0304, span, "a bound of `range` is a number").help("leave it out for no bound: `..0`")
}

/// E0304
pub(in super::super) fn open_float_range(span: Span) -> Diagnostic {
    Diagnostic::error(E0304, span, "a range of floats has its end in it").help("write `..` in place of `..<`")
}

/// E0402
pub(in super::super) fn plain_column(span: Span, name: &str) -> Diagnostic {
    let spelled = if name == "it" { name.to_string() } else { spell(name) };
    let mut diagnostic = Diagnostic::error(E0402, span, format!("each group has many values of `{name}`"))
        .saying("which of them?")
        .help(format!("say which: `first({spelled})`, `max({spelled})`; or make it a key, behind `by`"));
    diagnostic.edits.push(Edit { span, text: format!("first({spelled})") });
    diagnostic
}

/// E0403
pub(in super::super) fn endless(span: Span, stage: &str, source: Span) -> Diagnostic {
    Diagnostic::error(E0403, span, format!("this `{stage}` never ends"))
        .saying("it needs all rows")
        .label(source, "this never ends")
        .help("end it before: `| take 1000`")
}
