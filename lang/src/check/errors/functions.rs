//! 03xx: functions of the user.

use crate::codes::E0313;
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
