//! 03xx: types, and what has none.

use super::super::operators::{Operand, spelled};
use super::{list, suggest, with_fix, with_origin, without_help};
use crate::catalog::{Pattern, Unfit};
use crate::codes::{E0119, E0301, E0302, E0303, E0304, E0305, E0306, E0307, E0308, E0311};
use crate::diagnostic::{Diagnostic, Edit};
use crate::scalar::{Arithmetic, Comparison};
use crate::source::Span;
use crate::syntax::ast;
use crate::ty::{Kind, Type, spell};
use std::sync::Arc;

type Origin = Option<(Span, String)>;

/// E0119
pub(in super::super) fn lambda_as_value(span: Span) -> Diagnostic {
    Diagnostic::error(E0119, span, "a lambda is an argument only")
        .help("a function with a name is written `fn name(x: int) { … }`")
}

/// E0301
pub(in super::super) fn compare_types(
    a: (Operand, &Type),
    b: (Operand, &Type),
    labels: [Origin; 2],
    fix: Option<(Span, String)>,
) -> Diagnostic {
    let message = format!("cannot compare {} with {}", a.1.kind, b.1.kind);
    let mut diagnostic = Diagnostic::error(E0301, a.0.ast.span.to(b.0.ast.span), message);
    diagnostic = diagnostic.saying(format!("{} on the left, {} on the right", a.1, b.1));
    diagnostic = with_origins(diagnostic, labels);
    if fix.is_none() {
        diagnostic = diagnostic.help("convert one side, for nothing but int to float happens by itself");
    }
    with_fix(diagnostic, fix)
}

/// E0301: what has no order can only be equal or not.
pub(in super::super) fn no_order_of(span: Span, op: Comparison, found: &Type) -> Diagnostic {
    Diagnostic::error(E0301, span, format!("`{}` compares what has an order", op.symbol()))
        .saying(format!("and {found} has none"))
        .help("`==` and `!=` compare anything")
}

/// Where both operands come from; what comes from one place is said there once.
fn with_origins(diagnostic: Diagnostic, origins: [Origin; 2]) -> Diagnostic {
    let [a, b] = origins;
    match (a, b) {
        (Some((span, a)), Some((other, b))) if span == other && a == b => diagnostic.label(span, a),
        (Some((span, a)), Some((other, b))) if span == other => {
            // `x` is int? in this file, `y` is float? in this file
            let short = a.split(" in this").next().unwrap_or(&a).to_string();
            diagnostic.label(span, format!("{short}, {b}"))
        }
        (a, b) => with_origin(with_origin(diagnostic, a), b),
    }
}

/// E0301
pub(in super::super) fn in_what(span: Span, is_map: bool) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0301, span, "`in` wants a range or a list on its right");
    match is_map {
        true => diagnostic.help("the keys of a map are a list: `key in keys(map)`, or `get(map, key) != null`"),
        false => diagnostic.help("write `x in 1..5` or `x in [\"a\", \"b\"]`"),
    }
}

/// E0302
pub(in super::super) fn arithmetic_types(
    op: Arithmetic,
    a: (Operand, &Type),
    b: (Operand, &Type),
    labels: [Origin; 2],
    fix: Option<(Span, String)>,
) -> Diagnostic {
    let (symbol, verb) = (op.symbol(), verb(op));
    let message = format!("`{symbol}` cannot {verb} {} and {}", a.1.kind, b.1.kind);
    let span = a.0.ast.span.to(b.0.ast.span);
    let mut diagnostic =
        Diagnostic::error(E0302, span, message).saying(format!("{} on the left, {} on the right", a.1, b.1));
    diagnostic = with_origins(diagnostic, labels);
    let text = a.1.kind == Kind::String || b.1.kind == Kind::String;
    match (op, spelled(a.0.ast), spelled(b.0.ast)) {
        (Arithmetic::Add, Some(a), Some(b)) if text => diagnostic.fix(span, format!("f\"{{{a}}}{{{b}}}\"")),
        _ if text && op == Arithmetic::Add => diagnostic.help("texts are put together with `f\"{a}{b}\"`"),
        _ if fix.is_some() => with_fix(diagnostic, fix),
        _ if is_temporal(&a.1.kind) || is_temporal(&b.1.kind) => {
            diagnostic.help(temporal_help(op, &a.1.kind, &b.1.kind))
        }
        (Arithmetic::Add, ..) if matches!(a.1.kind, Kind::List(_)) => {
            diagnostic.help("lists are put together with `concat(xs, ys)`")
        }
        _ if a.1.kind.opaque().or(b.1.kind.opaque()).is_some() => diagnostic.help("arithmetic is for numbers"),
        _ => diagnostic.help("arithmetic is for numbers: convert with `int(…)` or `float(…)`"),
    }
}

fn is_temporal(kind: &Kind) -> bool {
    matches!(kind, Kind::Date | Kind::DateTime | Kind::Duration)
}

/// What can be done instead with dates, times and durations.
fn temporal_help(op: Arithmetic, a: &Kind, b: &Kind) -> &'static str {
    match (op, a, b) {
        (Arithmetic::Add, Kind::Date | Kind::DateTime, Kind::Date | Kind::DateTime) => {
            "the time between two of them is `a - b`; a later one is `a + 7d`"
        }
        (Arithmetic::Multiply | Arithmetic::Divide, Kind::Duration | Kind::Float, Kind::Duration | Kind::Float) => {
            "durations are exact: write `90min` for `1.5 * 1h`, or `d * 3 // 2`"
        }
        (Arithmetic::Divide, Kind::Duration, Kind::Int) => "a part of a duration is `d // n`, rounded down",
        _ => "dates and times are moved by durations such as `7d`, durations are multiplied by ints",
    }
}

/// E0302: a date that would have a time of day.
pub(in super::super) fn parts_of_days(
    op: Arithmetic,
    (date, length): (Operand, Operand),
    microseconds: i64,
    fix: Option<(Span, String)>,
) -> Diagnostic {
    let verb = if op == Arithmetic::Subtract { "back" } else { "on" };
    let diagnostic =
        Diagnostic::error(E0302, length.ast.span, format!("a date can only be moved {verb} by whole days"))
            .saying(format!("this is {}", crate::calendar::spell_duration(microseconds)))
            .label(date.ast.span, "this is a date");
    match fix {
        Some(_) => with_fix(diagnostic, fix),
        None => diagnostic.help("`datetime(d)` is the date's midnight and has a time of day"),
    }
}

fn verb(op: Arithmetic) -> &'static str {
    match op {
        Arithmetic::Add => "add",
        Arithmetic::Subtract => "subtract",
        Arithmetic::Multiply => "multiply",
        Arithmetic::Divide | Arithmetic::FloorDivide | Arithmetic::Modulo => "divide",
        Arithmetic::Power => "raise",
    }
}

/// E0302
pub(in super::super) fn negate_type(span: Span, found: &Type) -> Diagnostic {
    Diagnostic::error(E0302, span, format!("`-` cannot negate {found}")).help("a minus is for numbers")
}

/// E0303
pub(in super::super) fn condition_type(who: &str, ast: &ast::Expr, found: &Type, origin: Origin) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0303, ast.span, format!("`{who}` needs true or false"));
    let diagnostic = with_origin(diagnostic.saying(format!("this is {found}")), origin);
    let text = spelled(ast);
    let shown = text.as_deref().unwrap_or("…");
    match found.kind {
        Kind::Int | Kind::Float => diagnostic.help(format!("compare it with something: `{shown} > 0`")),
        Kind::String => diagnostic.help(format!("compare it with something: `{shown} != \"\"`")),
        Kind::Json => match text {
            Some(text) => diagnostic.fix(ast.span, format!("bool({text})")),
            None => diagnostic.help("a value of json is made true or false with `bool(…)`"),
        },
        _ if found.nullable => match text {
            Some(text) => diagnostic.fix(ast.span, format!("{text} != null")),
            None => diagnostic.help("compare it with something: `… != null`"),
        },
        _ => diagnostic.help("compare it with something"),
    }
}

/// E0303: `x or 0` of two values of one type, none of them true or false.
pub(in super::super) fn either_value(
    span: Span,
    between: Span,
    left: &Type,
    (a, b): (&ast::Expr, &ast::Expr),
) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0303, span, "`or` needs true or false");
    let is_text = left.kind == Kind::String;
    let (a_text, b_text) = (spelled(a).unwrap_or("a".into()), spelled(b).unwrap_or("b".into()));
    if left.nullable && (!is_text || matches!(b.kind, ast::ExprKind::String(_))) {
        return diagnostic.saying("a value in place of null stands behind `??`").fix(between, " ?? ");
    }
    let diagnostic = diagnostic.saying(format!("this is {left}"));
    let diagnostic = match is_text {
        true => diagnostic.help(format!("texts are put together with `f\"{{{a_text}}}{{{b_text}}}\"`")),
        false => diagnostic.help("compare it with something"),
    };
    match left.nullable {
        true => diagnostic.help(format!("`{a_text} ?? {b_text}` is the first of them that is not null")),
        false => diagnostic,
    }
}

/// E0304: what `who` wants and what it got.
pub(in super::super) fn wanted(span: Span, who: &str, wanted: &Type, found: &Type) -> Diagnostic {
    let lacks_null = found.kind == wanted.kind && found.nullable && !wanted.nullable;
    let code = if lacks_null { E0307 } else { E0304 };
    let diagnostic = Diagnostic::error(code, span, format!("{who} wants {wanted}")).saying(format!("this is {found}"));
    match record_of_nulls(wanted) {
        _ if !lacks_null => diagnostic,
        Some(record) => diagnostic.help(format!("give a value for null: `… ?? {record}`")),
        None => diagnostic.help("give a value for null: `… ?? value`"),
    }
}

/// The record with these fields of which nothing is known, as a script writes it down.
fn record_of_nulls(ty: &Type) -> Option<String> {
    let Kind::Record(schema) = &ty.kind else { return None };
    let fields: Vec<String> = schema.fields.iter().map(|field| format!("{}: null", spell(&field.name))).collect();
    Some(format!("{{{}}}", fields.join(", ")))
}

/// E0304: an argument of a function of the catalog.
pub(in super::super) fn argument_type(
    span: Span,
    function: &str,
    (pattern, found, signatures): (&Pattern, &Type, &[String]),
    origin: Origin,
    fix: Option<(Span, String)>,
) -> Diagnostic {
    let what = match pattern {
        Pattern::Is(kind) => kind.to_string(),
        Pattern::Number => "a number".into(),
        Pattern::Ordered => "a value with an order".into(),
        Pattern::Any => "another type".into(),
        Pattern::Plain => "a value that is not the host's alone".into(),
        Pattern::List(items) => match &**items {
            Pattern::Ordered => "a list of values with an order".into(),
            Pattern::Number => "a list of numbers".into(),
            Pattern::Plain => "a list of values that can be compared".into(),
            _ => "a list".into(),
        },
        Pattern::AnyList => "a list".into(),
        Pattern::Item => "an item of its list".into(),
        Pattern::Map => "a map".into(),
    };
    let diagnostic =
        Diagnostic::error(E0304, span, format!("`{function}` wants {what}")).saying(format!("this is {found}"));
    let dates = fix.as_ref().is_some_and(|(_, text)| text.starts_with("date"));
    let mut diagnostic = with_fix(with_origin(diagnostic, origin), fix);
    if dates && found.kind == Kind::String {
        diagnostic = diagnostic.help("in another form than `2024-03-31` with a format: `date(text, \"%d/%m/%Y\")`");
    }
    signatures.iter().take(4).fold(diagnostic, |diagnostic, signature| diagnostic.help(format!("`{signature}`")))
}

/// The same of a function of times: a number counts from 1970, a duration is divided.
pub(in super::super) fn in_time_form(
    diagnostic: Diagnostic,
    function: &str,
    (edits, shown): (Vec<Edit>, String),
) -> Diagnostic {
    let shown = shown.strip_prefix('(').and_then(|shown| shown.strip_suffix(')')).unwrap_or(&shown);
    match function {
        "datetime" => Diagnostic { edits, ..diagnostic.help(format!("replace with `{shown}`")) }
            .help("other units: `from_epoch(n, unit: \"ms\")`"),
        // A number may as well spell the date.
        "date" => diagnostic
            .help(format!("of seconds since 1970: `{shown}`"))
            .help("of numbers such as 20240301: `date(string(n), \"%Y%m%d\")`"),
        _ => Diagnostic { edits, ..diagnostic.help(format!("replace with `{shown}`")) },
    }
}

/// E0304: a constant text that an argument cannot be.
pub(in super::super) fn unfit_argument(span: Span, unfit: &Unfit) -> Diagnostic {
    let near: Vec<&str> = unfit.near.iter().map(|near| &**near).collect();
    let mut diagnostic = Diagnostic::error(E0304, span, &*unfit.message);
    if let Some(why) = &unfit.why {
        diagnostic = diagnostic.saying(why.clone());
    }
    suggest(diagnostic, span, &near, |name| format!("{name:?}"))
}

/// E0304: something that is not a single value.
pub(in super::super) fn not_single(span: Span, found: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0304, span, "a single value is wanted here").saying(format!("this is {found}"));
    match found {
        "a stream" => diagnostic.help("a reducer makes one value of a stream: `(rows | sum x)`"),
        "a record" => diagnostic.help("take a field of it: `it.name`"),
        _ => diagnostic,
    }
}

/// E0304
pub(in super::super) fn not_a_stream(span: Span, found: &Type) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0304, span, "a pipe wants a stream before it");
    let diagnostic = match &found.kind {
        Kind::Unknown => diagnostic,
        Kind::Record(_) => diagnostic.saying("this is a record"),
        _ => diagnostic.saying(format!("this is one {found}")),
    };
    diagnostic.help("streams are `read(…)`, ranges `1..5`, lists `[1, 2]` and what stages make of them")
}

/// E0304
pub(in super::super) fn no_record(span: Span, what: &str, found: &Type) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0304, span, format!("{what} wants a record"));
    if found.is_unknown() { diagnostic.saying("this is none") } else { diagnostic.saying(format!("this is {found}")) }
}

/// E0304
pub(in super::super) fn no_record_argument(span: Span, function: &str, found: &Type) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0304, span, format!("`{function}` wants a record here"));
    if found.is_unknown() { diagnostic } else { diagnostic.saying(format!("this is {found}")) }
}

/// E0304
pub(in super::super) fn missing_field(span: Span, function: &str, field: &str, given: &[&str]) -> Diagnostic {
    Diagnostic::error(E0304, span, format!("`{function}` wants a field `{field}`"))
        .saying(format!("this has {}", list(given, 8)))
}

/// E0304
pub(in super::super) fn stream_of(span: Span, function: &str, ty: &Type) -> Diagnostic {
    Diagnostic::error(E0304, span, format!("`{function}` wants a stream of {ty}"))
        .help("`map` makes a stream of single values: `rows | map column`")
}

/// E0304
pub(in super::super) fn not_constant(span: Span, who: &str) -> Diagnostic {
    Diagnostic::error(E0304, span, format!("{who} wants a number that is known before the script runs"))
        .help("write it as a number, or pass it in: `param n: int = 10`")
}

/// E0304
pub(in super::super) fn lambda_without_row(span: Span) -> Diagnostic {
    Diagnostic::error(E0304, span, "this function wants a row, and there is none here")
        .help("call it inside a stage, with `it`")
}

/// E0305
pub(in super::super) fn argument_count(span: Span, name: &str, count: usize, signatures: &[String]) -> Diagnostic {
    let diagnostic = unfit_count(span, name, count);
    signatures.iter().take(4).fold(diagnostic, |diagnostic, signature| diagnostic.help(format!("`{signature}`")))
}

/// E0305: so many arguments are what something else takes.
pub(in super::super) fn argument_form(
    span: Span,
    name: &str,
    count: usize,
    shown: &str,
    edits: Vec<Edit>,
) -> Diagnostic {
    let shown = shown.strip_prefix('(').and_then(|shown| shown.strip_suffix(')')).unwrap_or(shown);
    let diagnostic = unfit_count(span, name, count).help(format!("replace with `{shown}`"));
    Diagnostic { edits, ..diagnostic }
}

fn unfit_count(span: Span, name: &str, count: usize) -> Diagnostic {
    let arguments = if count == 1 { "one argument".to_string() } else { format!("{count} arguments") };
    Diagnostic::error(E0305, span, format!("`{name}` does not take {arguments} like this"))
}

/// E0306
pub(in super::super) fn branches(what: &str, a: (Span, &Type), b: (Span, &Type)) -> Diagnostic {
    let message = match what {
        "??" => "the two sides of `??` differ".to_string(),
        _ => format!("the results of `{what}` differ"),
    };
    let diagnostic = Diagnostic::error(E0306, b.0, message).saying(format!("this is {}", b.1));
    let diagnostic = diagnostic.label(a.0, format!("this is {}", a.1));
    match (what, record_of_nulls(a.1), &b.1.kind) {
        ("??", Some(record), Kind::Record(given)) if given.fields.is_empty() => diagnostic.fix(b.0, record),
        ("??", Some(_), Kind::Record(_)) => diagnostic.help("a record that stands for another one has the same fields"),
        _ => diagnostic,
    }
}

/// E0306: what gives the next state gives another type.
pub(in super::super) fn state_type(next: Span, found: &Type, init: Span, state: &Type) -> Diagnostic {
    Diagnostic::error(E0306, next, format!("the state is {state}, and the next one would be {found}"))
        .saying(format!("this gives {found}"))
        .label(init, format!("the state begins as {state}"))
}

/// E0304: a function is wanted.
pub(in super::super) fn wants_lambda(span: Span, signature: &str) -> Diagnostic {
    Diagnostic::error(E0304, span, "a function is wanted here").help(format!("`{signature}`"))
}

/// E0304: a name where a function is wanted.
pub(in super::super) fn no_named_function(span: Span, signature: &str, near: &[&str]) -> Diagnostic {
    match near {
        [] => wants_lambda(span, signature),
        near => suggest(without_help(wants_lambda(span, signature)), span, near, str::to_string),
    }
}

/// E0306
pub(in super::super) fn items_differ(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(E0306, span, format!("the items of a list have {what}"))
}

/// E0306: item number `at` has not the fields of the first.
pub(in super::super) fn fields_differ(span: Span, at: usize, first: &[Arc<str>], other: &[Arc<str>]) -> Diagnostic {
    let lacks = |from: &[Arc<str>], names: &[Arc<str>]| from.iter().find(|name| !names.contains(name)).cloned();
    let (missing, here, there) = match lacks(first, other) {
        Some(missing) => (missing, format!("item {}", at + 1), "the first item"),
        None => (lacks(other, first).unwrap_or_else(|| "".into()), "the first item".to_string(), "another item"),
    };
    items_differ(span, "the same fields")
        .help(format!("{here} lacks `{missing}`, which {there} has: give it `{missing}: null`"))
}

/// E0311
pub(in super::super) fn recursive_type(span: Span, name: &str, definition: Span) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0311, span, format!("the type `{name}` would hold itself"));
    let diagnostic = if definition.to(span) == definition {
        diagnostic
    } else {
        diagnostic.label(definition, format!("`{name}` is defined here"))
    };
    diagnostic.help("values have a fixed depth; what has any depth is `json`")
}

/// E0307: `not` of a `bool?`.
pub(in super::super) fn null_for_not(ast: &ast::Expr, origin: Origin) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0307, ast.span, "`not` of a value that can be null")
        .saying("this is bool?")
        .help("say what null counts as: with `?? false`, `not` makes it true");
    let mut diagnostic = with_origin(diagnostic, origin);
    if let Some(text) = spelled(ast) {
        let text = format!("({text} ?? false)");
        diagnostic.help[0] = format!("say what null counts as: `not {text}`");
        diagnostic.edits.push(crate::diagnostic::Edit { span: ast.span, text });
    }
    diagnostic
}

/// E0307
pub(in super::super) fn null_for_stream(span: Span) -> Diagnostic {
    Diagnostic::error(E0307, span, "a value that can be null, for a function that gives a stream")
        .help("give a value for null: `… ?? value`")
}

/// E0308: `not (x < 3)` of what may be null.
pub(in super::super) fn negated_comparison(span: Span, fix: Option<String>, origin: Origin) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0308, span, "this keeps the rows where the value is null")
        .saying("a comparison with null is false, so `not` makes it true")
        .as_warning();
    let diagnostic = with_origin(diagnostic, origin);
    match fix {
        Some(text) => diagnostic.fix(span, text).help("to keep null, say so: `… or x == null`"),
        None => diagnostic.help("turn the comparison round, or say that null is kept: `… or x == null`"),
    }
}
