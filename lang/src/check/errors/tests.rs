//! What is said of tests.

use crate::codes::{E0203, E0214, E0301};
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::Span;

/// E0203: an assertion that is in no test; the statement that it is can be put into one.
pub(in super::super) fn assertion_outside(name: Span, text: &str, statement: Option<Span>) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(E0203, name, format!("`{text}` stands in a test"))
        .help(format!("`test \"what holds\" {{ {text}(…) }}`, which `pipe test` runs"));
    if let Some(place) = statement {
        diagnostic.edits.push(Edit { span: Span { end: place.start, ..place }, text: "test \"it holds\" { ".into() });
        diagnostic.edits.push(Edit { span: place.at_end(), text: " }".into() });
    }
    diagnostic
}

/// E0214; `meant` is the assertion that it could be an argument of.
pub(in super::super) fn no_assertion(span: Span, meant: Option<&str>) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(E0214, span, "a test has `let`s and assertions only");
    match meant {
        Some(name) => {
            diagnostic.help.push(format!("write `{name}(…)` around it"));
            diagnostic.edits.push(Edit { span: Span { end: span.start, ..span }, text: format!("{name}(") });
            diagnostic.edits.push(Edit { span: span.at_end(), text: ")".into() });
            diagnostic
        }
        None => diagnostic.help("assertions are `assert(condition)` and `assert_eq(what_is, what_should_be)`"),
    }
}

/// E0301: `assert_eq` of values that cannot be equal.
pub(in super::super) fn never_equal(left: (Span, &str), right: (Span, &str)) -> Diagnostic {
    Diagnostic::error(E0301, right.0, "these are never equal")
        .saying(format!("this is {}", right.1))
        .label(left.0, format!("this is {}", left.1))
}
