//! 02xx: names, and parameters by name.

use super::super::forms::written;
use super::super::scope::Gone;
use super::{list, suggest};
use crate::aliases;
use crate::check::ParameterWay;
use crate::codes::{E0113, E0115, E0201, E0202, E0203, E0204, E0205, E0206, E0207, E0208, E0209, E0210, E0705};
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::Span;
use crate::syntax::ast::{self, Argument};
use crate::ty::{Kind, Type, spell};
use std::sync::Arc;

/// E0201: no column of that name, and no binding.
pub(in super::super) fn unknown_column(
    span: Span,
    name: &str,
    columns: &[&str],
    from: Span,
    near: &[&str],
) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0201, span, format!("there is no column `{name}` here"));
    let most = if near.is_empty() { 8 } else { 4 };
    let has_part = |known: &&&str| known.split([';', '\t', '|']).any(|part| part.trim_matches('"') == name);
    if let Some(one) = columns.iter().find(has_part).or(columns.first().filter(|_| columns.len() == 1))
        && let Some(delimiter) = [';', '\t', '|'].into_iter().find(|delimiter| one.contains(*delimiter))
    {
        let which = if columns.len() == 1 { "its only" } else { "a" };
        return diagnostic.label(from, format!("{which} column is {one:?}")).help(format!(
            "if that are several, say what stands between them: `read(…, delimiter: {:?})`",
            delimiter.to_string()
        ));
    }
    let diagnostic =
        if from == span { diagnostic } else { diagnostic.label(from, format!("its columns: {}", list(columns, most))) };
    if name.contains("${") {
        let text = name.replace("${", "{").replace('"', "\\\"");
        return diagnostic
            .saying("backticks are for names; a text with holes begins with `f\"`")
            .fix(span, format!("f\"{text}\""));
    }
    match literal_meant(name) {
        Some(literal) => suggest(diagnostic, span, &[literal], str::to_string),
        None => suggest(diagnostic, span, near, spell),
    }
}

/// E0201: `rename old = new`, the wrong way round.
pub(in super::super) fn rename_turned(
    behind: Span,
    (before, new): (&ast::Name, &str),
    whole: Span,
    from: Span,
) -> Diagnostic {
    Diagnostic::error(E0201, behind, format!("there is no column `{new}` here"))
        .label(from, format!("there is one called `{}`", before.text))
        .saying("the new name stands before the `=`")
        .fix(whole, format!("{} = {}", spell(new), spell(&before.text)))
}

/// E0201: the stage itself makes the column.
pub(in super::super) fn made_here(span: Span, name: &str, stage: &str, made: Span, edits: Vec<Edit>) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(E0201, span, format!("there is no column `{name}` before this `{stage}`"))
        .saying("all its values are computed from the rows before it")
        .label(made, "made here")
        .help(match edits.is_empty() {
            true => format!("compute with `{name}` in a stage behind this one"),
            false => "move it into a second stage, `| derive …`".to_string(),
        });
    diagnostic.edits = edits;
    diagnostic
}

/// E0207: the name of a column has a blank in it, and stands without backticks.
pub(in super::super) fn name_with_blank(span: Span, known: &str, from: Span) -> Diagnostic {
    Diagnostic::error(E0207, span, "a name with a blank in it stands in backticks")
        .label(from, format!("the file has a column `{known}`"))
        .fix(span, format!("`{known}`"))
}

/// E0207: the name of a column has a hyphen in it, and stands without backticks.
pub(in super::super) fn name_with_hyphen(span: Span, known: &str, from: Span) -> Diagnostic {
    Diagnostic::error(E0207, span, "a name with a hyphen in it stands in backticks")
        .label(from, format!("there is a column `{known}`"))
        .fix(span, format!("`{known}`"))
}

/// E0115: `len(rows)`, `sum(rows)`
pub(in super::super) fn rows_as_argument(span: Span, stage: &str, edits: Vec<Edit>) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(E0115, span, format!("`{stage}` of rows is a stage, behind a pipe"))
        .saying("calls are for values, pipes for streams")
        .help(format!("write `rows | {stage}`"));
    diagnostic.edits = edits;
    diagnostic
}

/// E0113: a function behind a dot, without parentheses.
pub(in super::super) fn method_without_parentheses(span: Span, meant: &str) -> Diagnostic {
    Diagnostic::error(E0113, span, "a call needs parentheses").fix(span, format!("{meant}()"))
}

/// E0115: `name.str.upper()`
pub(in super::super) fn accessor(dot: Span, name: &str) -> Diagnostic {
    Diagnostic::error(E0115, dot, format!("functions stand behind the value itself, without `.{name}`")).fix(dot, "")
}

/// E0210: the rows are single values, of a kind if it is known.
pub(in super::super) fn no_columns(span: Span, name: &str, from: Span, item: Option<&Kind>) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0210, span, "this stream has single values, not columns")
        .label(from, "its values come from here");
    match item {
        Some(Kind::Record(schema)) => {
            let known: Vec<&str> = schema.fields.iter().map(|field| &*field.name).collect();
            diagnostic.saying(format!("each value is a record with {}", list(&known, 8)))
        }
        Some(Kind::Json) => diagnostic.fix(span, format!("it.{}", spell(name))),
        _ => diagnostic.fix(span, "it"),
    }
}

/// E0210: what comes once was taken for lines, and the script knows columns of it.
pub(in super::super) fn no_columns_in_lines(span: Span, from: Span, source: &str) -> Diagnostic {
    Diagnostic::error(E0210, span, "this stream has single values, not columns")
        .label(from, "its first line has no delimiter, so it is read as lines")
        .help(format!("if that line names the column: `read({source}, format: \"csv\")`, or `--from csv`"))
        .help("a line is `it`")
}

/// E0210: single values that are records which may be null.
pub(in super::super) fn no_columns_of_null(span: Span, name: &str, from: Span) -> Diagnostic {
    Diagnostic::error(E0210, span, "this stream has single values, not columns")
        .label(from, "its values are records or null")
        .fix(span, format!("it?.{name}"))
        .help("behind `filter it != null` the fields are columns")
}

/// E0201: outside of stages there are no columns.
pub(in super::super) fn unknown_name(span: Span, name: &str, near: &[&str], is_function: bool) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0201, span, format!("there is nothing called `{name}` here"));
    if ["input", "inputs", "STDIN", "Stdin"].contains(&name) {
        return diagnostic.saying("what comes by a pipe of the shell is called `stdin`").fix(span, "stdin");
    }
    match (literal_meant(name), near.is_empty(), is_function) {
        (Some(literal), ..) => suggest(diagnostic, span, &[literal], str::to_string),
        (None, false, _) => suggest(diagnostic, span, near, spell),
        (None, true, true) => diagnostic.saying("a function of this name is called with parentheses"),
        (None, true, false) => diagnostic
            .saying("no `let`, no `param`, no table")
            .help("columns are known inside a stage: `rows | filter column > 1`"),
    }
}

/// What other languages call a literal.
fn literal_meant(name: &str) -> Option<&'static str> {
    match name {
        "None" | "nil" | "NULL" | "Null" | "undefined" | "NA" => Some("null"),
        "True" | "TRUE" => Some("true"),
        "False" | "FALSE" => Some("false"),
        _ => None,
    }
}

/// E0201: `it` where there is no row.
pub(in super::super) fn it_outside(span: Span) -> Diagnostic {
    Diagnostic::error(E0201, span, "there is no row here")
        .saying("`it` is the row of a stage")
        .help("a stage has one: `rows | filter it.column > 1`")
}

/// E0202
pub(in super::super) fn column_gone(span: Span, name: &str, gone: &Gone) -> Diagnostic {
    let kept: Vec<&str> = gone.kept.iter().map(|field| &*field.name).collect();
    let renamed = gone.renamed.iter().find(|(old, _)| &**old == name).map(|(_, new)| new);
    let diagnostic = Diagnostic::error(E0202, span, format!("`{name}` is gone by this point"));
    let stage = &gone.stage_name;
    match (renamed, gone.add_at) {
        (Some(new), _) => {
            diagnostic.label(gone.stage, format!("this `{stage}` called it `{new}`")).fix(span, spell(new))
        }
        (None, Some((at, before))) => {
            let mut diagnostic = diagnostic.label(gone.stage, format!("this `{stage}` kept only {}", list(&kept, 4)));
            let whose = if &**stage == "aggregate" { "the keys of the" } else { "the" };
            let text = format!("{before}{}", spell(name));
            diagnostic.help.push(format!("add `{name}` to {whose} `{stage}`"));
            diagnostic.edits.push(Edit { span: at, text });
            diagnostic
        }
        (None, None) => diagnostic.label(gone.stage, format!("this `{stage}` left it out")),
    }
}

/// E0203
pub(in super::super) fn unknown_function(span: Span, name: &str, near: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0203, span, format!("there is no function called `{name}`"));
    suggest(diagnostic, span, near, str::to_string)
}

/// E0203: another language's name for a function.
pub(in super::super) fn function_alias(span: Span, name: &str, meant: &str) -> Diagnostic {
    Diagnostic::error(E0203, span, format!("there is no function called `{name}`"))
        .saying(format!("Pipe calls this `{meant}`"))
        .fix(span, meant)
}

/// E0203: another language's function for what is no function here.
pub(in super::super) fn function_form(span: Span, name: &str, shown: &str, edits: Vec<Edit>) -> Diagnostic {
    let shown = shown.strip_prefix('(').and_then(|shown| shown.strip_suffix(')')).unwrap_or(shown);
    let diagnostic = Diagnostic::error(E0203, span, format!("there is no function called `{name}`"))
        .saying(format!("Pipe writes this `{shown}`"));
    if edits.is_empty() {
        return match crate::aliases::advice(name) {
            Some(advice) => diagnostic.help(advice),
            None => diagnostic.help(format!("write it as `{shown}`")),
        };
    }
    Diagnostic { edits, ..diagnostic.help(format!("replace with `{shown}`")) }
}

/// E0203: `col("name")`
pub(in super::super) fn column_by_text(span: Span, name: &str, call: Span, column: &str) -> Diagnostic {
    Diagnostic::error(E0203, span, format!("there is no function called `{name}`"))
        .saying("a column is written by its name alone")
        .fix(call, spell(column))
}

/// E0203: another language's function, and what to do without it.
pub(in super::super) fn function_advice(span: Span, name: &str, advice: &str) -> Diagnostic {
    Diagnostic::error(E0203, span, format!("there is no function called `{name}`")).help(advice)
}

/// E0203: a stage's name is called.
pub(in super::super) fn stage_as_function(
    span: Span,
    name: &str,
    receiver: Option<&ast::Expr>,
    arguments: &[Argument],
    call: Span,
) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0203, span, format!("`{name}` is a stage, not a function"));
    if receiver.is_some() {
        return diagnostic.saying("dots are for values, pipes for streams").help(format!("write `rows | {name} …`"));
    }
    let mut diagnostic = diagnostic.help(format!("a stage stands after a pipe: `rows | {name} …`"));
    if let [first, rest @ ..] = arguments {
        let (before, after) = (Span { end: first.span.start, ..call }, first.span.at_end());
        let (end, text) = match rest.first() {
            Some(second) => (second.span.start, format!(" | {name}(")),
            None => (call.end, format!(" | {name}")),
        };
        diagnostic.edits = vec![Edit { span: before, text: String::new() }, Edit { span: Span { end, ..after }, text }];
    }
    diagnostic
}

/// E0115: `rows.filter(…)`
pub(in super::super) fn dotted_stages(span: Span, name: &str, edits: Vec<Edit>) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(E0115, span, "a stage stands behind a pipe, not behind a dot")
        .saying("dots are for values, pipes for streams")
        .help(format!("write `{name}`"));
    diagnostic.edits = edits;
    diagnostic
}

/// E0115: `rows.column`
pub(in super::super) fn field_of_rows(span: Span, name: &str, in_stage: bool, edit: Edit) -> Diagnostic {
    let diagnostic = if in_stage {
        Diagnostic::error(E0115, span, "inside a stage a column stands without its table")
            .help(format!("replace with `{name}`"))
    } else {
        Diagnostic::error(E0115, span, "a stream has rows, not fields")
            .saying("dots are for values, pipes for streams")
            .help(format!("write `rows | select {name}`"))
    };
    Diagnostic { edits: vec![edit], ..diagnostic }
}

/// E0115: `rows[::-1]` and `rows[-3:]`, with what is said of the stage that others have for it.
pub(in super::super) fn rows_from_the_end(span: Span, stage: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0115, span, "rows are not counted from their end");
    aliases::stage_advice(stage).into_iter().fold(diagnostic, Diagnostic::help)
}

/// E0115: `rows[…]`
pub(in super::super) fn index_of_rows(span: Span, message: &str, form: &str, edits: Vec<Edit>) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(E0115, span, message).help(format!("write `{form}`"));
    diagnostic.edits = edits;
    diagnostic
}

/// E0204
pub(in super::super) fn column_and_binding(span: Span, name: &str, outer: Span) -> Diagnostic {
    Diagnostic::error(E0204, span, format!("`{name}` could be two things"))
        .saying("a column of this row")
        .label(outer, format!("or this `{name}`"))
        .fix(span, format!("it.{}", spell(name)))
        .help(format!("if the other one is meant, give that another name, such as `the_{name}`"))
}

/// E0204: where only rows will do.
pub(in super::super) fn column_and_table(span: Span, name: &str, ty: &Type, outer: Span) -> Diagnostic {
    Diagnostic::error(E0204, span, format!("`{name}` could be two things"))
        .saying(format!("a column of this row, {ty}, which has no rows for a pipe"))
        .label(outer, format!("or this `{name}`"))
        .help(format!("give what is defined outside another name, such as `the_{name}`"))
}

/// E0204
pub(in super::super) fn column_and_constant(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(E0204, span, format!("`{name}` could be two things"))
        .saying("a column of this row, or a constant of the host")
        .fix(span, format!("it.{}", spell(name)))
        .help(format!("if the constant is meant, bind it outside of the stage: let the_{name} = {name}"))
}

/// E0203: `math.sqrt(x)`
pub(in super::super) fn library(span: Span, edit: Edit) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(E0203, span, "functions stand alone, without the name of a library")
        .help("leave it out, with the dot");
    diagnostic.edits.push(edit);
    diagnostic
}

/// E0205
pub(in super::super) fn duplicate_column(span: Span, name: &str, other: Option<Span>) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0205, span, format!("two columns would be called `{name}`"))
        .saying("this is the second")
        .help("give one of them another name");
    match other {
        Some(other) => diagnostic.label(other, "the other one"),
        None => diagnostic,
    }
}

/// E0206
pub(in super::super) fn unknown_option(span: Span, who: &str, name: &str, near: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0206, span, format!("`{who}` has no option `{name}`"));
    suggest(diagnostic, span, near, str::to_string)
}

/// E0206
pub(in super::super) fn no_such_clause(word: Span, stage: &str, clause: &str) -> Diagnostic {
    Diagnostic::error(E0206, word, format!("`{stage}` takes no `{clause}`"))
}

/// E0206: `scan … by key`: the state goes through all rows.
pub(in super::super) fn scan_by(word: Span, key: Option<&ast::Expr>) -> Diagnostic {
    let key = key.and_then(written).unwrap_or("key".into());
    no_such_clause(word, "scan", "by")
        .saying("one state goes through all rows")
        .help(format!("a running total: `window total = sum(x, rows: ..0) by {key}`"))
        .help(format!("any other state: `nest by {key} | flat_map (rows | scan …)`"))
}

/// E0206: a `by` behind a stage that sees one row, whose arguments look at several.
pub(in super::super) fn by_of_rows(word: Span, stage: &ast::Name) -> Diagnostic {
    let diagnostic = no_such_clause(word, &stage.text, "by");
    match &*stage.text {
        "filter" => diagnostic
            .saying("each row is looked at by itself")
            .help("compute it before: `window m = mean(x) by key | filter x > m`"),
        _ => diagnostic.saying("`window` sees the rows of each group").fix(stage.span, "window"),
    }
}

/// E0206: `derive y: x`, where a column is named.
pub(in super::super) fn option_for_name(name: Span, text: &str, stage: &str, value: Span) -> Diagnostic {
    let colon = Span { start: name.end, end: value.start, ..name };
    unknown_option(name, stage, text, &[]).saying("a column is named with `=`").fix(colon, " = ")
}

/// E0206: `sort x, descending: true`; the key and the value, if there is one of each.
pub(in super::super) fn sort_option(name: Span, text: &str, key: Option<(Span, Span)>) -> Diagnostic {
    let mut diagnostic =
        unknown_option(name, "sort", text, &[]).help("a minus before a key sorts descending: `sort -key`");
    if let Some((key, value)) = key {
        diagnostic.edits = vec![
            Edit { span: Span { end: key.start, ..key }, text: "-".into() },
            Edit { span: Span { start: key.end, end: value.end, ..key }, text: String::new() },
        ];
    }
    diagnostic
}

/// E0206
pub(in super::super) fn unknown_type(span: Span, name: &str, near: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0206, span, format!("there is no type called `{name}`"));
    if near.is_empty() {
        return diagnostic.help("types are int, float, bool, string, date, and what `type Name = …` names");
    }
    suggest(diagnostic, span, near, str::to_string)
}

/// E0705
pub(in super::super) fn unknown_parameter(name: &str, way: ParameterWay, near: &[&str], known: &[&str]) -> Diagnostic {
    let dashes = if way == ParameterWay::Host { "" } else { "--" };
    let diagnostic = Diagnostic::outside(E0705, format!("this script has no parameter `{name}`"));
    match near.first() {
        Some(best) => diagnostic.help(format!("did you mean `{dashes}{best}`?")),
        None if known.is_empty() => diagnostic.help("it has none at all"),
        None => diagnostic.help(format!("its parameters: {}", list(known, 8))),
    }
}

/// E0207; `read` is the file whose names could be spelled as this one is.
pub(in super::super) fn header_surprise(
    span: Span,
    name: &str,
    known: &str,
    from: Span,
    read: Option<&str>,
) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0207, span, format!("there is no column `{name}` here"))
        .label(from, format!("the file spells it `{}`", known.escape_debug()))
        .fix(span, format!("`{known}`"));
    match read {
        Some(path) => diagnostic.help(format!("or have all its names so: read({path:?}, names: \"snake\")")),
        None => diagnostic,
    }
}

/// E0208
pub(in super::super) fn defined_twice(span: Span, name: &str, first: Span) -> Diagnostic {
    Diagnostic::error(E0208, span, format!("`{name}` is defined twice"))
        .label(first, "first here")
        .help("give one of them another name: what a name means never changes")
}

/// E0209
pub(in super::super) fn needs_name(span: Span, what: &str, example: Option<&str>) -> Diagnostic {
    let name = example.unwrap_or("name");
    Diagnostic::error(E0209, span, format!("{what} needs a name here"))
        .saying("this has none by itself")
        .fix(Span { end: span.start, ..span }, format!("{name} = "))
}

/// E0209: `derive a, b = pair`
pub(in super::super) fn several_names(place: Span, names: &[&str], value: &ast::Expr, is_list: bool) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0209, place, "one name stands before a `=`");
    let Some(text) = written(value).filter(|_| is_list) else {
        return diagnostic.help("give each column a value of its own: `derive a = …, b = …`");
    };
    let item = |(at, name): (usize, &&str)| format!("{} = {text}[{at}]", spell(name));
    let items: Vec<String> = names.iter().enumerate().map(item).collect();
    diagnostic.fix(place.to(value.span), items.join(", "))
}

/// E0209: `aggregate {total: sum(qty)}`, whose fields are the arguments.
pub(in super::super) fn record_of_arguments(span: Span, stage: &str, edits: Vec<Edit>) -> Diagnostic {
    let mut diagnostic =
        Diagnostic::error(E0209, span, format!("`{stage}` names its columns with `=`, without braces"))
            .help(format!("`{stage} name = value, other = value`"));
    diagnostic.edits = edits;
    diagnostic
}

/// E0209: `select qty > 2` is meant for `filter`.
pub(in super::super) fn select_condition(span: Span, stage: Span) -> Diagnostic {
    Diagnostic::error(E0209, span, "`select` keeps columns, `filter` keeps rows")
        .saying("this is true or false for each row")
        .fix(stage, "filter")
        .help("if a column is meant, give it a name: `select name = …`")
}

/// E0705: a parameter's text is of another type.
pub(in super::super) fn parameter_text(span: Span, name: &str, text: &str, ty: &Type) -> Diagnostic {
    let text: String = text.chars().take(60).collect();
    Diagnostic::error(E0705, span, format!("the parameter `{name}` wants {ty}"))
        .saying(format!("it was given {text:?}"))
}

/// E0705: `--carriers UA,DL`, which is one value of a list.
pub(in super::super) fn one_text_for_list(span: Span, name: &str, text: &str, way: &str) -> Diagnostic {
    let text: String = text.chars().take(60).collect();
    Diagnostic::error(E0705, span, format!("the parameter `{name}` is a list, and was given one text"))
        .saying(format!("it was given {text:?}"))
        .help(format!("give it each value by itself: {way}"))
}

/// E0705: a parameter of a host's type, of which no text is a value.
pub(in super::super) fn parameter_of_host(span: Span, name: &str, ty: &Type, given: Option<&str>) -> Diagnostic {
    let said = match given {
        Some(text) => format!("it was given {:?}", text.chars().take(60).collect::<String>()),
        None => "it has no value".to_string(),
    };
    Diagnostic::error(E0705, span, format!("the parameter `{name}` is of the host's type {ty}"))
        .saying(said)
        .help(format!("no text is such a value: the program gives it one, or the script: `param {name}: {ty} = …`"))
}

/// E0705: a parameter without a value.
pub(in super::super) fn parameter_missing(span: Span, name: &Arc<str>, ty: &Type, way: &str) -> Diagnostic {
    Diagnostic::error(E0705, span, format!("the parameter `{name}` has no value"))
        .saying(format!("it is required, and {ty}"))
        .help(format!("give it one: {way}, or a default: `param {name}: {ty} = …`"))
}
