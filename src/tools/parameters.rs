//! What a script says of itself and of its parameters: for its `--help`, and for reading its flags.

use pipelang_lang::source::SourceMap;
use pipelang_lang::syntax::{self, ast::Statement};

/// A script as its user sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScriptHelp {
    /// The comment that it begins with, if that does not belong to a parameter.
    pub about: String,
    /// Its parameters in order.
    pub parameters: Vec<ParameterHelp>,
}

/// A parameter of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterHelp {
    /// Its name, and that of its flag.
    pub name: String,
    /// Its type as it is written.
    pub ty: String,
    /// Its default as it is written; without one it is required.
    pub default: Option<String>,
    /// The comment above it; may be empty.
    pub doc: String,
}

/// The help of a script.
///
/// ```
/// let help = pipelang::tools::script_help("# Sales.\n\n# Of which year?\nparam year: int = 2024\n");
/// assert_eq!((&*help.about, &*help.parameters[0].doc), ("Sales.", "Of which year?"));
/// ```
pub fn script_help(text: &str) -> ScriptHelp {
    let mut sources = SourceMap::default();
    let source = sources.add("", text);
    let (script, _) = syntax::parse(source, text);
    let parameters = script.statements.iter().filter_map(|statement| match statement {
        Statement::Parameter(parameter) => Some(ParameterHelp {
            name: parameter.name.text.to_string(),
            ty: sources.snippet(parameter.ty.span()).to_string(),
            default: parameter.default.as_ref().map(|default| sources.snippet(default.span).to_string()),
            doc: parameter.doc.clone().unwrap_or_default(),
        }),
        _ => None,
    });
    ScriptHelp { about: first_comment(text), parameters: parameters.collect() }
}

/// The comment lines at the top, unless a `param` stands directly below them.
fn first_comment(text: &str) -> String {
    let mut lines = text.lines().skip_while(|line| line.starts_with("#!") || line.trim().is_empty()).peekable();
    let mut comment = Vec::new();
    while let Some(line) = lines.next_if(|line| line.starts_with('#')) {
        comment.push(line.trim_start_matches('#').trim());
    }
    match lines.peek() {
        Some(next) if next.starts_with("param ") => String::new(),
        Some(_) | None => comment.join("\n"),
    }
}
