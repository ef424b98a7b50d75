//! What is wrong where two tables come together, or lists become rows.

use super::super::operators::spelled;
use super::nested::items_of_json;
use super::{list, with_fix, with_origin};
use crate::codes::{E0205, E0206, E0304, E0314, E0404, E0407, E0801};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast;
use crate::ty::{Kind, Type};

/// E0407
pub(in super::super) fn join_without_on(span: Span, stage: &str, shared: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0407, span, format!("`{stage}` wants `on`"));
    let diagnostic = match shared {
        [] => diagnostic.help(format!("`{stage} table on left == right` says which rows match")),
        [one] => diagnostic.saying(format!("both tables have `{one}`")).fix(span.at_end(), format!(" on {one}")),
        many => diagnostic.saying(format!("both tables have {}", list(many, 6))),
    };
    if shared.is_empty() { diagnostic.help("`cross_join` puts each row beside every other") } else { diagnostic }
}

/// E0407
pub(in super::super) fn join_without_equal(span: Span, stage: &str) -> Diagnostic {
    Diagnostic::error(E0407, span, format!("`{stage}` wants a `==` among its conditions"))
        .saying("other comparisons stand beside one")
        .help("`cross_join` with a `filter` behind it compares every pair of rows")
}

/// E0407
pub(in super::super) fn no_join_condition(span: Span) -> Diagnostic {
    Diagnostic::error(E0407, span, "`on` takes columns and comparisons").help(
        "`on id`, or `on left == right`, where the left side sees the left row and the right side the other table",
    )
}

/// E0407: `on other == mine`
pub(in super::super) fn join_swapped(span: Span, a: &ast::Expr, b: &ast::Expr) -> Diagnostic {
    let (a, b) = (spelled(a).unwrap_or_default(), spelled(b).unwrap_or_default());
    Diagnostic::error(E0407, span, "the left side of a condition sees the left row, the right side the other table")
        .fix(span, format!("{b} == {a}"))
}

/// E0407
pub(in super::super) fn join_and(word: Span) -> Diagnostic {
    Diagnostic::error(E0407, word, "conditions of `on` stand side by side").saying("all of them hold").fix(word, ",")
}

/// E0407
pub(in super::super) fn join_assignment(name: Span, argument: Span) -> Diagnostic {
    let between = Span { start: name.end, ..argument };
    Diagnostic::error(E0407, between, "`on` compares with `==`").saying("one `=` names a column")
}

/// E0407
pub(in super::super) fn asof_without_time(span: Span) -> Diagnostic {
    Diagnostic::error(E0407, span, "`asof_join` wants one `left >= right` among its conditions")
        .saying("that finds the last row on the right that is not later")
        .help("`asof_join quotes on symbol, time >= quote_time`")
}

/// E0404
pub(in super::super) fn asof_order(span: Span, found: &Type) -> Diagnostic {
    Diagnostic::error(E0404, span, format!("`asof_join` wants times or numbers, not {found}"))
}

/// E0404
pub(in super::super) fn join_types(
    span: Span,
    left: &Type,
    right: &Type,
    labels: [Option<(Span, String)>; 2],
    fix: Option<(Span, String)>,
) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(E0404, span, format!("cannot join {} to {}", left.kind, right.kind))
        .saying(format!("{left} on the left, {right} on the right"));
    for label in labels {
        diagnostic = with_origin(diagnostic, label.filter(|(at, _)| *at != span));
    }
    if fix.is_none() {
        diagnostic = diagnostic.help("convert one side: `on string(id) == id`");
    }
    with_fix(diagnostic, fix)
}

/// E0404
pub(in super::super) fn union_types(
    span: Span,
    name: &str,
    types: &[Type; 2],
    labels: [Option<(Span, String)>; 2],
) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(E0404, span, format!("`{name}` is {} and {}", types[0], types[1]))
        .saying("a column has one type in both tables");
    for label in labels {
        diagnostic = with_origin(diagnostic, label.filter(|(at, _)| *at != span));
    }
    diagnostic.help("convert it in one of them before: `… | derive name = string(name)`")
}

/// E0404
pub(in super::super) fn union_columns(span: Span, not_there: &[String], not_here: &[String]) -> Diagnostic {
    let names = |names: &[String]| list(&names.iter().map(String::as_str).collect::<Vec<_>>(), 5);
    let diagnostic = Diagnostic::error(E0404, span, "the tables of a `union` have the same columns");
    let diagnostic = match (not_there, not_here) {
        (_, []) => diagnostic.saying(format!("this one has no {}", names(not_there))),
        ([], _) => diagnostic.saying(format!("only this one has {}", names(not_here))),
        _ => diagnostic.saying(format!("this one has no {}, but {}", names(not_there), names(not_here))),
    };
    diagnostic.fix(span.at_end(), ", fill: true")
}

/// E0205
pub(in super::super) fn join_collision(span: Span, table: Span, name: &str, unnamed: bool) -> Diagnostic {
    let diagnostic =
        Diagnostic::error(E0205, span, format!("two columns would be called `{name}`")).saying("both tables have it");
    if unnamed {
        let start = Span { end: table.start, ..table };
        diagnostic
            .help("a name makes one record of the right row, so that its columns are `other.…`")
            .fix(start, "other = ")
    } else {
        diagnostic.help("give the right row another name")
    }
}

/// E0304
pub(in super::super) fn in_table(span: Span, columns: usize) -> Diagnostic {
    Diagnostic::error(E0304, span, "`in` looks through one column")
        .saying(format!("this has {columns}"))
        .help("`x in (table | select column)`")
}

/// E0304
pub(in super::super) fn explode_of(expr: &ast::Expr, stage: &str, found: &Type) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0304, expr.span, format!("`{stage}` wants a list"));
    let diagnostic = diagnostic.saying(format!("this is {found}"));
    if found.kind == Kind::Json { items_of_json(diagnostic, expr) } else { diagnostic }
}

/// E0801
pub(in super::super) fn too_many_sources(span: Span, most: usize) -> Diagnostic {
    Diagnostic::error(E0801, span, format!("these rows come from more than {most} sources"))
        .saying("every use of a name is run by itself")
}

/// E0314
pub(in super::super) fn no_template(span: Span, message: &str) -> Diagnostic {
    Diagnostic::error(E0314, span, "this is no template").saying(message).help(
        "holes stand in braces, with a type if they are no text: `\"{ip} [{time}] {status:int}\"`; `{{` is a brace",
    )
}

/// E0314: a template that takes nothing.
pub(in super::super) fn no_hole(span: Span, is_regex: bool) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0314, span, "this template has no hole, so no column comes of it");
    match is_regex {
        true => diagnostic.help("a template is no regex; for one there is `extract(text, r\"…\")`"),
        false => diagnostic.help("a hole is a name in braces: `\"{ip} [{time}] {status:int}\"`"),
    }
}

/// E0304
pub(in super::super) fn no_such_policy(span: Span) -> Diagnostic {
    Diagnostic::error(E0304, span, "`on_error` is `\"fail\"`, `\"null\"` or `\"skip\"`")
}

/// E0404
pub(in super::super) fn unpivot_types(span: Span, name: &str, found: &Type, first: (&str, &Type)) -> Diagnostic {
    Diagnostic::error(E0404, span, format!("`{name}` is {found}, `{}` is {}", first.0, first.1))
        .saying("they become one column")
        .help("convert one of them before: `… | derive name = string(name)`")
}

/// E0206
pub(in super::super) fn stage_after_write(span: Span, stage: &str) -> Diagnostic {
    Diagnostic::error(E0206, span, format!("`{stage}` stands behind `write`, which ends a pipeline"))
        .help("`tee` writes the rows and lets them go on")
}

/// E0206
pub(in super::super) fn write_inside(span: Span) -> Diagnostic {
    Diagnostic::error(E0206, span, "`write` ends a statement of its own")
}

/// E0206
pub(in super::super) fn tee_inside(span: Span) -> Diagnostic {
    Diagnostic::error(E0206, span, "`tee` stands inside a stage, where nobody knows how often it would run")
        .help("give the stream a name before: `let name = … | tee \"file.csv\"`")
}

/// E0304
pub(in super::super) fn no_fraction(span: Span) -> Diagnostic {
    Diagnostic::error(E0304, span, "a fraction of the rows is from 0 to 1")
}
