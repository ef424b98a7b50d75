//! What is said of modules and of what they define.

use super::super::module::Use;
use super::{list, suggest};
use crate::codes::{E0101, E0201, E0203, E0206, E0208, E0212, E0213};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast;
use crate::ty::spell;

/// E0208: two imports of one name.
pub(in super::super) fn imported_twice(import: &ast::Import, name: &str, first: Span) -> Diagnostic {
    let other = spell(&format!("{name}_2"));
    let (span, (at, text)) = match &import.alias {
        Some(alias) => (alias.span, (alias.span, other)),
        None => (import.path_span, (import.path_span.at_end(), format!(" as {other}"))),
    };
    Diagnostic::error(E0208, span, format!("two modules are called `{name}`")).label(first, "first here").fix(at, text)
}

/// E0212
pub(in super::super) fn unknown_module(span: Span, name: &str, near: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0212, span, format!("there is no module called `{name}` here"));
    if near.is_empty() {
        return diagnostic.help(format!("a module is imported before it is used: `import \"{name}.pipe\"`"));
    }
    suggest(diagnostic, span, near, spell)
}

/// E0212: `qty::int`, as SQL converts.
pub(in super::super) fn conversion(span: Span, value: &str, function: &str) -> Diagnostic {
    Diagnostic::error(E0212, span, format!("there is no module called `{value}` here"))
        .saying("a conversion is a function named after its type")
        .fix(span, format!("{function}({})", spell(value)))
}

/// E0212: `geo::math::pi`.
pub(in super::super) fn private_import(span: Span, module: &str, name: &str) -> Diagnostic {
    Diagnostic::error(E0212, span, format!("what `{module}` imports is its own"))
        .saying(format!("`{name}` cannot be reached through it"))
        .help(format!("import it here too: `import \"{name}.pipe\"`"))
}

/// A path whose last name the module does not have; `is` says as what it has it. The code is that of a name without a
/// module.
pub(in super::super) fn unknown_member(
    span: Span,
    used: Use,
    (module, name): (&str, &str),
    is: Option<Use>,
    near: &[&str],
    known: &[&str],
) -> Diagnostic {
    let (code, what, plural) = match used {
        Use::Function => (E0203, "function", "functions"),
        Use::Stage => (E0101, "stage", "functions"),
        Use::Value => (E0201, "value", "values"),
        Use::Type => (E0206, "type", "types"),
    };
    let path = format!("{}::{}", spell(module), spell(name));
    let diagnostic = Diagnostic::error(code, span, format!("there is no {what} called `{path}`"));
    match is {
        Some(Use::Function | Use::Stage) if used == Use::Value => {
            diagnostic.saying("a function of this name is called with parentheses")
        }
        Some(Use::Function | Use::Stage) => diagnostic.saying("this is a function"),
        Some(Use::Value) => diagnostic.saying("this is a value"),
        Some(Use::Type) => diagnostic.saying("this is a type"),
        None if near.is_empty() => diagnostic.help(format!("its {plural}: {}", list(known, 8))),
        None => suggest(diagnostic, span, near, spell),
    }
}

/// E0213
pub(in super::super) fn parameter_of_module(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(E0213, span, "a module has no parameters")
        .saying("only the script that is run is given values")
        .help(format!("make `{name}` a parameter of the functions that use it"))
}

/// E0213, as a warning, at the first such expression.
pub(in super::super) fn expression_of_module(span: Span) -> Diagnostic {
    Diagnostic::error(E0213, span, "this is not run where the module is imported")
        .saying("of a module only `fn`, `type` and `let` are used")
        .as_warning()
}
