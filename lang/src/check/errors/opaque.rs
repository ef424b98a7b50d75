//! What cannot be done with values of the host: it takes what their methods give.

use super::list;
use crate::codes::E0301;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// E0301
pub(in super::super) fn opaque_compared(span: Span, name: &str, methods: &[&str]) -> Diagnostic {
    let message = format!("values of the host's type `{name}` cannot be compared");
    let diagnostic = Diagnostic::error(E0301, span, message).saying("only the host knows what is in them");
    with_methods(diagnostic, "compare", methods)
}

/// E0301
pub(in super::super) fn opaque_spelled(span: Span, name: &str, methods: &[&str]) -> Diagnostic {
    let message = format!("values of the host's type `{name}` have no text");
    with_methods(Diagnostic::error(E0301, span, message).saying(format!("there is a {name} in this")), "use", methods)
}

/// E0301
pub(in super::super) fn opaque_written(
    span: Span,
    column: &str,
    format: &str,
    name: &str,
    methods: &[&str],
) -> Diagnostic {
    let message = format!("{format} has no place for `{column}`, which is of the host's type `{name}`");
    with_methods(Diagnostic::error(E0301, span, message), "write", methods)
}

fn with_methods(diagnostic: Diagnostic, verb: &str, methods: &[&str]) -> Diagnostic {
    match methods {
        [] => diagnostic,
        methods => diagnostic.help(format!("{verb} what its methods give: {}", list(methods, 8))),
    }
}
