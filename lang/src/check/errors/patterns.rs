//! 03xx: the patterns of `match`.

use super::with_fix;
use crate::codes::{E0301, E0306, E0309, E0312};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::ty::Type;

/// E0301: a literal of another type than the subject.
pub(in super::super) fn pattern_type(
    span: Span,
    pattern: &Type,
    subject: Span,
    found: &Type,
    fix: Option<(Span, String)>,
) -> Diagnostic {
    let message = format!("a pattern of type {} for a value of type {}", pattern.kind, found.kind);
    let diagnostic = Diagnostic::error(E0301, span, message)
        .saying(format!("this is {pattern}"))
        .label(subject, format!("this is {found}"));
    with_fix(diagnostic, fix)
}

/// E0301: a record pattern for what is none.
pub(in super::super) fn record_pattern(span: Span, subject: Span, found: &Type) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0301, span, "a pattern in braces is for records");
    if found.is_unknown() { diagnostic } else { diagnostic.label(subject, format!("this is {found}")) }
}

/// E0301: elsewhere a raw string is a pattern of another kind.
pub(in super::super) fn pattern_of_text(span: Span) -> Diagnostic {
    Diagnostic::error(E0301, span, "a raw string in a pattern")
        .saying("elsewhere this is a regex, and patterns have none")
        .help("write `\"…\"` for the text itself, or test it behind `if`: `text if text ~ r\"…\" => …`")
}

/// E0306: the sides of an `or` bind other names.
pub(in super::super) fn bound_on_one_side(span: Span, name: &str, pattern: Span) -> Diagnostic {
    Diagnostic::error(E0306, span, format!("`{name}` is not bound on every side of `or`"))
        .saying("bound here")
        .label(pattern, "each side binds the same names")
}

/// E0309
pub(in super::super) fn not_covered(span: Span, found: &[String], guarded: bool) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0309, span, "this `match` does not cover all values");
    let shown: Vec<String> = found.iter().take(3).map(|example| format!("`{example}`")).collect();
    let more = if found.len() > 3 { " and others" } else { "" };
    let diagnostic = match shown.split_last() {
        None => return diagnostic.help("end it with `_ => …`: its patterns are too many to tell what is left"),
        Some((last, [])) => diagnostic.saying(format!("{last} is not covered")),
        Some((_, _)) if !more.is_empty() => diagnostic.saying(format!("{}{more} are not covered", shown.join(", "))),
        Some((last, others)) => diagnostic.saying(format!("{} and {last} are not covered", others.join(", "))),
    };
    let diagnostic = diagnostic.help("add arms for them, or `_ => …` for all that is left");
    if guarded { diagnostic.help("an arm with a guard covers nothing for sure") } else { diagnostic }
}

/// E0312
pub(in super::super) fn unreachable_arm(span: Span, is_empty: bool) -> Diagnostic {
    let why = if is_empty { "there are no such values" } else { "what is above covers these values" };
    let diagnostic = Diagnostic::error(E0312, span, "this is never reached").saying(why);
    let help = if is_empty { "a range never counts down: `1..5`" } else { "put the narrower pattern first" };
    diagnostic.help(help).as_warning()
}
