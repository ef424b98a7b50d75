//! 03xx: functions of the user.

use crate::codes::{E0304, E0305, E0313};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::ty::Type;

/// E0313: no declared result. `body` begins where it is to be inserted.
pub(in super::super) fn recursive_result(span: Span, name: &str, body: Span, guess: Option<&Type>) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0313, span, format!("`{name}` calls itself, so its result needs a type"));
    match guess {
        Some(ty) => diagnostic.fix(Span { end: body.start, ..body }, format!("-> {ty} ")),
        None => diagnostic.help(format!("write it behind the parameters: `fn {name}(…) -> int {{ … }}`")),
    }
}

/// E0313: a parameter or result that is a stream, a function or of any type.
pub(in super::super) fn recursive_parameter(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(E0313, span, format!("`{name}` calls itself, so it has single values and records"))
        .saying("this is neither")
        .help("take what the stream or function gives as a value, and call this function inside a stage")
}

/// E0304: two arguments give one letter two types.
pub(in super::super) fn letter_conflict(
    span: Span,
    function: &str,
    letter: &str,
    found: &Type,
    first: (Type, Span),
) -> Diagnostic {
    Diagnostic::error(E0304, span, format!("`{function}` wants one type for `{letter}`"))
        .saying(format!("this makes it {found}"))
        .label(first.1, format!("this makes it {}", first.0))
}

/// E0305: a lambda with more or fewer parameters than the function that is wanted.
pub(in super::super) fn other_parameters(
    span: Span,
    found: usize,
    parameter: Span,
    name: &str,
    wanted: usize,
) -> Diagnostic {
    let count = |count: usize| if count == 1 { "one parameter".to_string() } else { format!("{count} parameters") };
    Diagnostic::error(E0305, span, format!("`{name}` is a function with {}", count(wanted)))
        .saying(format!("this has {}", count(found)))
        .label(parameter, "declared here")
}
