//! One constructor for each thing that the checker says: by code, in the order of `codes.rs`. No logic but wording.

mod cols;
mod functions;
mod modules;
mod names;
mod nested;
mod opaque;
mod patterns;
mod stages;
mod tables;
mod tests;
mod types;

pub(super) use cols::*;
pub(super) use functions::*;
pub(super) use modules::*;
pub(super) use names::*;
pub(super) use nested::*;
pub(super) use opaque::*;
pub(super) use patterns::*;
pub(super) use stages::*;
pub(super) use tables::*;
pub(super) use tests::*;
pub(super) use types::*;

use super::operators::spelled;
use crate::codes::{E0405, E0801, E0902};
use crate::diagnostic::Diagnostic;
use crate::scalar::Fault;
use crate::source::Span;
use crate::syntax::ast;

/// A list of names, the first few of them.
fn list(names: &[&str], most: usize) -> String {
    let shown: Vec<String> = names.iter().take(most).map(|name| crate::ty::spell(name)).collect();
    match names.len().saturating_sub(most) {
        0 if names.is_empty() => "none".into(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Did you mean one of these: said at the primary span, and the best as an edit.
fn suggest(diagnostic: Diagnostic, span: Span, near: &[&str], spell: impl Fn(&str) -> String) -> Diagnostic {
    let Some(best) = near.first() else { return diagnostic };
    let quoted = |name: String| if name.starts_with('`') { name } else { format!("`{name}`") };
    let all: Vec<String> = near.iter().map(|name| quoted(spell(name))).collect();
    diagnostic.saying(format!("did you mean {}?", all.join(" or "))).fix(span, spell(best))
}

/// The same without its advice, in place of which a better one comes.
pub(super) fn without_help(diagnostic: Diagnostic) -> Diagnostic {
    Diagnostic { help: Vec::new(), ..diagnostic }
}

/// An edit that wraps or replaces, with the line of help that says it; none if there is none.
fn with_fix(diagnostic: Diagnostic, fix: Option<(Span, String)>) -> Diagnostic {
    match fix {
        Some((span, text)) => diagnostic.fix(span, text),
        None => diagnostic,
    }
}

/// A second label, if there is one elsewhere.
fn with_origin(diagnostic: Diagnostic, origin: Option<(Span, String)>) -> Diagnostic {
    match origin {
        Some((span, text)) => diagnostic.label(span, text),
        None => diagnostic,
    }
}

/// E0405: a `stdin` and the like without a grant are the host's; what the checker says itself is about constants.
pub(super) fn path_constant(name: &str, path: &ast::Expr, found: &crate::ty::Type) -> Diagnostic {
    if found.kind != crate::ty::Kind::String {
        return wanted(path.span, &format!("the path of a `{name}`"), &crate::ty::Type::STRING, found);
    }
    let message = format!("the path of a `{name}` is known before the script runs");
    let diagnostic = Diagnostic::error(E0405, path.span, message).saying("this is computed from rows");
    match spelled(path).filter(|_| name == "lines") {
        Some(text) => diagnostic.help(format!("the lines of a text are `{text}.lines()`")),
        None => diagnostic.help("write the path as text, or pass it in: `param file: string`"),
    }
}

/// E0405: a function that asks for what the host has not granted.
pub(super) fn not_granted(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(E0405, span, format!("this program may not look at the {what}"))
        .help(format!("the host of this script grants no {what}"))
}

/// E0405: a function that asks when the run begins, of a row.
pub(super) fn asked_of_rows(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(E0405, span, format!("what `{name}` is asked is known before the script runs"))
        .saying("this is computed from rows")
}

/// E0601 and its like, of a constant.
pub(super) fn constant_fault(span: Span, fault: Fault) -> Diagnostic {
    let message = fault.headline.unwrap_or("this constant has no value");
    Diagnostic::error(fault.code, span, message).saying(fault.detail)
}

/// E0801
pub(super) fn too_many_expressions(span: Span, most: usize) -> Diagnostic {
    Diagnostic::error(E0801, span, format!("this script has more than {most} expressions"))
        .saying("the limit is reached here")
        .help("a function that is called in several places of another one is there once for each of them")
}

/// E0801
pub(super) fn too_many_subqueries(span: Span, most: usize) -> Diagnostic {
    Diagnostic::error(E0801, span, format!("this script has more than {most} values of streams inside stages"))
        .saying("the limit is reached here")
}

/// E0801
pub(super) fn type_too_large(span: Span, name: &str, most: usize) -> Diagnostic {
    Diagnostic::error(E0801, span, format!("the type `{name}` has more than {most} fields"))
        .saying("those of the types in it included")
}

/// E0801
pub(super) fn value_too_large(span: Span, what: &str, most: usize) -> Diagnostic {
    Diagnostic::error(E0801, span, format!("this {what} has more than {most} parts"))
        .saying("those of the lists and records in it included")
}

/// E0801
pub(super) fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error(E0801, span, "this is nested too deeply").help("give parts of it names, as columns of a `derive`")
}

/// E0801
pub(super) fn inlined_too_deep(span: Span, most: usize) -> Diagnostic {
    Diagnostic::error(E0801, span, format!("functions call each other more than {most} deep"))
}

/// E0902
pub(super) fn not_yet(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(E0902, span, format!("{what} is not there yet"))
        .saying("the language has this, but this version of Pipe does not")
}
