//! What editors and prompts need of the language: colours, completions, what stands at a place, how a text is laid out,
//! whether it is finished and what it defines. Pure functions over text: what is not finished or wrong is worth as much as
//! it says.

mod complete;
mod edits;
mod format;
mod hover;
mod items;
mod known;
mod parameters;
mod phases;
mod tokens;

pub use complete::{Completions, Item, ItemKind, complete};
pub use edits::{moved_here, moved_to, with_default, with_own_value, with_value};
pub use format::format;
pub use hover::{Hover, hover};
pub use known::{StageRows, stages};
pub use parameters::{ParameterHelp, ScriptHelp, script_help};
pub use phases::{Phases, phases, rules_text, tokens_text, tree_text};
pub use tokens::{Class, tokens};

use pipelang_lang::source::{SourceMap, Span};
use pipelang_lang::syntax::{self, ast::Statement};

/// Whether more must follow: a bracket is open, or the last line ends in a `|` or another operator.
///
/// ```
/// use pipelang::tools::is_unfinished;
/// assert!(is_unfinished("1..5 |") && is_unfinished("[1,\n2"));
/// assert!(!is_unfinished("1..5 | take 2"));
/// ```
pub fn is_unfinished(text: &str) -> bool {
    syntax::is_unfinished(text)
}

/// The names in `known` that `wanted` probably meant, at most three, best first.
pub fn did_you_mean<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    pipelang_lang::diagnostic::did_you_mean(wanted, known)
}

/// A statement of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it defines, if it is a definition: the name of a `let`, `fn`, `type` or `param`; `import g` of an import, and
    /// `test "what"` of a test. An expression defines nothing.
    pub defines: Option<String>,
    /// Among which names that one is: a function may be called like a value.
    pub namespace: Namespace,
    /// Its text; of a definition with the comments directly above it.
    pub text: String,
}

/// Names that are told apart from those of other kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace {
    /// Of `let` and `param`.
    Values,
    /// Of `fn`.
    Functions,
    /// Of `type`.
    Types,
    /// Of what says its kind itself, or has no name.
    Others,
}

impl Part {
    /// Whether the same name is defined by both.
    pub fn redefines(&self, other: &Part) -> bool {
        self.defines.is_some() && self.defines == other.defines && self.namespace == other.namespace
    }
}

/// The statements of a script in order. What cannot be parsed is left out; compiling says why.
pub fn parts(text: &str) -> Vec<Part> {
    let mut sources = SourceMap::default();
    let source = sources.add("", text);
    let (script, _) = syntax::parse(source, text);
    let part = |span: Span, namespace: Namespace, defines: Option<&str>| Part {
        defines: defines.map(str::to_string),
        namespace,
        text: match defines {
            Some(_) => text[start_with_comments(text, span.range().start)..span.range().end].to_string(),
            None => sources.snippet(span).to_string(),
        },
    };
    let parts = script.statements.iter().filter_map(|statement| match statement {
        Statement::Let(it) => Some(part(it.span, Namespace::Values, Some(&it.name.text))),
        Statement::Function(it) => Some(part(it.span, Namespace::Functions, Some(&it.name.text))),
        Statement::Parameter(it) => Some(part(it.span, Namespace::Values, Some(&it.name.text))),
        Statement::Type(it) => Some(part(it.span, Namespace::Types, Some(&it.name.text))),
        Statement::Import(it) => Some(part(it.span, Namespace::Others, Some(&format!("import {}", it.name().text)))),
        Statement::Test(it) => Some(part(it.span, Namespace::Others, Some(&format!("test {:?}", &*it.name)))),
        Statement::Expression(it) => Some(part(it.span, Namespace::Others, None)),
        Statement::Error(_) => None,
    });
    parts.collect()
}

/// Where the lines of comment directly above a statement begin.
fn start_with_comments(text: &str, mut start: usize) -> usize {
    while let Some(above) = text[..start].strip_suffix('\n') {
        let line = above.rfind('\n').map_or(0, |at| at + 1);
        if !above[line..].starts_with('#') {
            break;
        }
        start = line;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_script() {
        let parts = parts("let a = 1; a + 1\n\n# Of x.\nfn f(x: int) {\n  x\n}\n1..3\n| take a");
        let shown: Vec<(Option<&str>, &str)> = parts.iter().map(|it| (it.defines.as_deref(), &*it.text)).collect();
        let expected = [
            (Some("a"), "let a = 1"),
            (None, "a + 1"),
            (Some("f"), "# Of x.\nfn f(x: int) {\n  x\n}"),
            (None, "1..3\n| take a"),
        ];
        assert_eq!(shown, expected);
    }
}
