//! What editors and prompts need of the language: whether a text is finished, how it is laid out, and what it defines.

use crate::report::Report;
use pipelang_lang::codes::E0901;
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::source::{SourceId, SourceMap, Span};
use pipelang_lang::syntax::token::Token;
use pipelang_lang::syntax::{self, ast::Statement, lexer};
use std::ops::Range;
use std::sync::Arc;

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

/// The canonical layout of a script, as `pipe fmt` writes it: lines of at most 100 columns, every comment kept. A script
/// with errors of syntax is left alone; the report, which calls it `name`, says what they are.
///
/// ```
/// use pipelang::tools::format;
/// assert_eq!(format("a.pipe", "1..5|filter it>2  # large")?, "1..5 | filter it > 2 # large\n");
/// assert!(format("a.pipe", "let = 3").is_err());
/// # Ok::<(), pipelang::Report>(())
/// ```
pub fn format(name: &str, text: &str) -> Result<String, Report> {
    let mut sources = SourceMap::default();
    let source = sources.add(name, text);
    let formatted = match syntax::format(text) {
        Ok(formatted) => formatted,
        Err(diagnostics) => return Err(Report::new(diagnostics, Arc::new(sources))),
    };
    // Whatever else goes wrong, a script never means something else afterwards.
    let tree = |text: &str| syntax::tree::script(&syntax::parse(source, text).0);
    if tree(text) != tree(&formatted) {
        let bug = Diagnostic::outside(E0901, "this is a bug in Pipe, not in your script");
        return Err(Report::outside(bug.help("please report it with the script; it was not changed")));
    }
    Ok(formatted)
}

/// What a word of a script is, for colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// `let`, `and`, `by` …
    Reserved,
    /// The name of a stage: what stands behind a `|`.
    Stage,
    /// A number, text, date, `true` …
    Literal,
    /// From `#` to the end of the line.
    Comment,
    /// `|`
    Pipe,
}

/// The words of a script that are worth a colour, in order, with their bytes.
pub fn words(text: &str) -> Vec<(Range<usize>, Word)> {
    let lexed = lexer::lex(SourceId(0), text);
    let mut words: Vec<(Range<usize>, Word)> =
        lexed.comments.iter().map(|span| (span.range(), Word::Comment)).collect();
    let mut after_pipe = false;
    for (token, span) in &lexed.tokens {
        use Token::*;
        let word = match token {
            Pipe => Some(Word::Pipe),
            Let | Fn | If | Else | Match | In | And | Or | Not | NotIn | It | By | On => Some(Word::Reserved),
            True | False | Null | Int(_) | Float(_) | String(_) | RawString(_) | Date(_) | DateTime(_)
            | Duration(_) => Some(Word::Literal),
            FormatStart | FormatText(_) | FormatEnd => Some(Word::Literal),
            Name(_) if after_pipe => Some(Word::Stage),
            _ => None,
        };
        words.extend(word.map(|word| (span.range(), word)));
        after_pipe = *token == Pipe || (after_pipe && *token == Newline);
    }
    words.sort_by_key(|(range, _)| range.start);
    words
}

/// The names in `known` that `wanted` probably meant, at most three, best first.
pub fn did_you_mean<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    pipelang_lang::diagnostic::did_you_mean(wanted, known)
}

/// A statement of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it defines, if it is a definition: `let`, `fn`, `type`, `param`.
    pub defines: Option<String>,
    /// Its text.
    pub text: String,
}

/// The statements of a script in order. What cannot be parsed is left out; compiling says why.
pub fn parts(text: &str) -> Vec<Part> {
    let mut sources = SourceMap::default();
    let source = sources.add("", text);
    let (script, _) = syntax::parse(source, text);
    let part = |span: Span, defines: Option<&str>| Part {
        defines: defines.map(str::to_string),
        text: sources.snippet(span).to_string(),
    };
    let parts = script.statements.iter().filter_map(|statement| match statement {
        Statement::Let(it) => Some(part(it.span, Some(&it.name.text))),
        Statement::Function(it) => Some(part(it.span, Some(&it.name.text))),
        Statement::Parameter(it) => Some(part(it.span, Some(&it.name.text))),
        Statement::Type(it) => Some(part(it.span, Some(&it.name.text))),
        Statement::Import(it) => Some(part(it.span, None)),
        Statement::Test(it) => Some(part(it.span, None)),
        Statement::Expression(it) => Some(part(it.span, None)),
        Statement::Error(_) => None,
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_script() {
        let parts = parts("let a = 1; a + 1\nfn f(x: int) {\n  x\n}\n1..3\n| take a");
        let shown: Vec<(Option<&str>, &str)> = parts.iter().map(|it| (it.defines.as_deref(), &*it.text)).collect();
        let expected = [
            (Some("a"), "let a = 1"),
            (None, "a + 1"),
            (Some("f"), "fn f(x: int) {\n  x\n}"),
            (None, "1..3\n| take a"),
        ];
        assert_eq!(shown, expected);
    }
}
