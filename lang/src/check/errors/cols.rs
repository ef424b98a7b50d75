//! `cols(…)`: the columns that it stands for, and where it may stand.

use super::{list, suggest};
use crate::codes::{E0201, E0206, E0304, E0305};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::ty::spell;

const FORMS: &str = "`cols(float)` are the columns of a type, `cols(r\"^20\")` those whose name a pattern matches";

/// E0305
pub(in super::super) fn cols_of_nothing(span: Span) -> Diagnostic {
    Diagnostic::error(E0305, span, "`cols` wants a pattern or a type").help(FORMS)
}

/// E0304
pub(in super::super) fn cols_argument(span: Span) -> Diagnostic {
    Diagnostic::error(E0304, span, "`cols` takes patterns, as text, and types").help(FORMS)
}

/// E0206: no type that a column can be chosen by.
pub(in super::super) fn cols_type(span: Span, name: &str, near: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0206, span, format!("there is no type called `{name}`"));
    if near.is_empty() { diagnostic.help(FORMS) } else { suggest(diagnostic, span, near, str::to_string) }
}

/// E0201: no column of that type.
pub(in super::super) fn cols_without_type(span: Span, name: &str, columns: &[&str], from: Span) -> Diagnostic {
    Diagnostic::error(E0201, span, format!("no column here is of type {name}"))
        .label(from, format!("its columns: {}", list(columns, 8)))
}

/// E0201: no column with such a name.
pub(in super::super) fn cols_without_name(
    span: Span,
    pattern: &str,
    columns: &[&str],
    from: Span,
    near: &[&str],
) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0201, span, format!("`{pattern}` matches the name of no column here"))
        .label(from, format!("its columns: {}", list(columns, 8)));
    match near {
        [] => diagnostic,
        [best, ..] => diagnostic.saying(format!("did you mean `{}`?", spell(best).trim_matches('`'))),
    }
}

/// E0201: no column for several choices.
pub(in super::super) fn cols_without_any(span: Span, columns: &[&str], from: Span) -> Diagnostic {
    Diagnostic::error(E0201, span, "none of these is the type or matches the name of a column here")
        .label(from, format!("its columns: {}", list(columns, 8)))
}

/// E0304: several columns where one value is wanted.
pub(in super::super) fn cols_as_value(span: Span) -> Diagnostic {
    Diagnostic::error(E0304, span, "`cols` stands for several columns, and one value is wanted here")
        .help("it stands in `select` and `drop`, and in a reducer: `aggregate mean(cols(float))`")
}

/// E0304: one name for several columns.
pub(in super::super) fn cols_named(name: Span, text: &str, example: &str) -> Diagnostic {
    Diagnostic::error(E0304, name, format!("`{text}` is one name, and `cols` stands for several columns"))
        .help(format!("without a name each has its own, such as `{example}`"))
}
