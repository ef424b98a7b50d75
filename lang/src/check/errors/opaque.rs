//! What cannot be done with values of the host: it takes what their methods give.

use super::{list, suggest};
use crate::codes::{E0301, E0304};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::Name;

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
    let message = format!("{format} has no place for `{column}`, which has values of the host's type `{name}`");
    with_methods(Diagnostic::error(E0301, span, message), "write", methods)
}

/// E0304: a field of a value that has none; a method is nearly called so, or one of its methods may do.
pub(in super::super) fn opaque_field(name: &Name, of: &str, near: &[&str], methods: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0304, name.span, format!("values of the host's type `{of}` have no fields"));
    match near {
        [] if methods.is_empty() => diagnostic,
        [] => diagnostic.help(format!("they have methods: {}", list(methods, 8))),
        near => suggest(diagnostic, name.span, near, |name| format!("{name}()")),
    }
}

/// With the methods that look into a value.
pub(in super::super) fn with_methods(diagnostic: Diagnostic, verb: &str, methods: &[&str]) -> Diagnostic {
    match methods {
        [] => diagnostic,
        methods => diagnostic.help(format!("{verb} what its methods give: {}", list(methods, 8))),
    }
}
