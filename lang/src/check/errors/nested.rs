//! Lists, records, maps and json: what is wrong with their parts.

use super::super::operators::spelled;
use super::{list, suggest, with_origin};
use crate::codes::{E0201, E0208, E0304, E0305, E0306, E0307, E0314};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{self, Name};
use crate::ty::{Kind, Type, spell};

/// E0201: no field of that name in a record that is a single value.
pub(in super::super) fn unknown_field(name: &Name, fields: &[&str], near: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0201, name.span, format!("this record has no field `{}`", name.text));
    match near {
        [] => diagnostic.saying(format!("its fields: {}", list(fields, 8))),
        _ => suggest(diagnostic, name.span, near, spell),
    }
}

/// E0201: no such key in a map that the script writes down.
pub(in super::super) fn unknown_key(span: Span, key: &str, keys: &[&str], near: &[&str]) -> Diagnostic {
    let quoted = |key: &str| format!("{key:?}");
    let diagnostic = Diagnostic::error(E0201, span, format!("this map has no key {}", quoted(key)));
    if near.is_empty() {
        let shown: Vec<String> = keys.iter().take(8).map(|key| quoted(key)).collect();
        return diagnostic
            .saying(format!("its keys: {}", shown.join(", ")))
            .help("with a `?` behind the `]` a key that is missing gives null");
    }
    suggest(diagnostic, span, near, quoted)
}

/// E0208
pub(in super::super) fn same_key(span: Span, key: &str, first: Span) -> Diagnostic {
    Diagnostic::error(E0208, span, format!("the key {key:?} stands twice in this map"))
        .label(first, "first here")
        .help("leave one of them out: a key has one value")
}

/// E0304: an index into something without parts.
pub(in super::super) fn not_indexed(span: Span, found: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0304, span, format!("{found} has no positions"));
    match found {
        "a stream" => diagnostic.help("rows are taken by stages: `rows | skip 2 | take 1`, `rows | filter id == 3`"),
        "a record" => diagnostic.help("a field is named with a dot: `record.name`"),
        "string" => diagnostic.help("lists, maps and json have; of a text, `slice(text, from, to)` gives a part"),
        _ => diagnostic.help("lists, maps and json have: `items[0]`, `prices[\"US\"]`"),
    }
}

/// E0304: a map has keys.
pub(in super::super) fn field_of_map(name: &Name, dot: Span) -> Diagnostic {
    let whole = Span { start: dot.start, ..name.span };
    Diagnostic::error(E0304, name.span, "a map has keys, not fields").fix(whole, format!("[{:?}]", &*name.text))
}

/// E0304: a list has items.
pub(in super::super) fn field_of_list(name: &Name, list: &ast::Expr) -> Diagnostic {
    let of = spelled(list).unwrap_or_else(|| "items".into());
    let name_text = spell(&name.text);
    Diagnostic::error(E0304, name.span, "a list has items, not fields")
        .help(format!("of each item: `{of}.map(x => x.{name_text})`; of the first one: `{of}[0].{name_text}`"))
}

/// E0304: a list has an end.
pub(in super::super) fn endless_list(span: Span) -> Diagnostic {
    Diagnostic::error(E0304, span, "a list has an end, and this range has none").help("write both ends: `0..n`")
}

/// E0304: a function on lists gets something else.
pub(in super::super) fn no_list(expr: &ast::Expr, function: &str, found: &Type) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0304, expr.span, format!("`{function}` works on a list here"));
    let diagnostic = if found.is_unknown() { diagnostic } else { diagnostic.saying(format!("this is {found}")) };
    match found.kind {
        Kind::Json => items_of_json(diagnostic, expr),
        _ => diagnostic.help(format!("on rows it is a stage: `rows | {function} …`")),
    }
}

/// Json where a list is wanted: how it becomes one.
pub(super) fn items_of_json(diagnostic: Diagnostic, expr: &ast::Expr) -> Diagnostic {
    let help = "`items(j)` is the list that json is, and an error where it is none; `items?(j)` is null there";
    let is_operand = matches!(
        expr.kind,
        ast::ExprKind::Name(_)
            | ast::ExprKind::It
            | ast::ExprKind::Path(_)
            | ast::ExprKind::Parenthesized(_)
            | ast::ExprKind::Call { .. }
            | ast::ExprKind::Method { .. }
            | ast::ExprKind::Field { .. }
            | ast::ExprKind::Index { .. }
    );
    match is_operand {
        true => diagnostic.fix(expr.span.at_end(), ".items()").help(help),
        false => diagnostic.help(help),
    }
}

/// E0305: a lambda with other parameters than it is given.
pub(in super::super) fn lambda_parameters(span: Span, function: &str, given: usize, example: &str) -> Diagnostic {
    let given = if given == 1 { "one value".to_string() } else { format!("{given} values") };
    Diagnostic::error(E0305, span, format!("`{function}` gives its function {given}"))
        .help(format!("such as `{example}`"))
}

/// E0306: an item that differs from those before it.
pub(in super::super) fn item_types((before, place): (Span, Span), first: &Type, other: &Type) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0306, place, "the items of a list have one type");
    if place == before {
        return diagnostic.saying(format!("{first} and {other} here"));
    }
    diagnostic.saying(format!("this is {other}")).label(before, format!("this is {first}"))
}

/// E0306
pub(in super::super) fn value_types(span: Span, first: &Type, other: &Type) -> Diagnostic {
    Diagnostic::error(E0306, span, "the values of a map have one type").saying(format!("{first} and {other} here"))
}

/// E0307: `.b` of a record that may be null.
pub(in super::super) fn null_record(
    name: &Name,
    dot: Span,
    record: &ast::Expr,
    found: &Type,
    origin: Option<(Span, String)>,
) -> Diagnostic {
    let what = spelled(record).map_or_else(|| "this record".to_string(), |text| format!("`{text}`"));
    let diagnostic = Diagnostic::error(E0307, name.span, format!("{what} can be null here"));
    let diagnostic = match found.kind {
        Kind::Record(_) => diagnostic.saying("and null has no fields"),
        _ => diagnostic,
    };
    with_origin(diagnostic, origin).fix(dot, "?.").help("`a?.b` is null where `a` is null")
}

/// E0314: a format in a text that does not fit.
pub(in super::super) fn text_format(span: Span, format: &str, why: &str) -> Diagnostic {
    Diagnostic::error(E0314, span, format!("`{format}` is not a format for this value")).saying(why)
}
