//! What could stand at the cursor.
//!
//! The word at the cursor is replaced by a name that nothing has, what stands behind it is cut away but for the definitions
//! of functions and types, and the text is checked: the checker says what is in sight where that name stands.

use super::items;
use super::known::Known;
use crate::engine::Engine;
use pipelang_lang::check::{Parameters, Place};
use pipelang_lang::codes::E0105;
use pipelang_lang::source::SourceId;
use pipelang_lang::stages::{self, Arguments};
use pipelang_lang::syntax::ast::{ExprKind, Statement, TypeExpr};
use pipelang_lang::syntax::nodes::Node;
use pipelang_lang::syntax::{self, lexer, token::Token};
use std::ops::Range;

/// What could stand at the cursor, and what it takes the place of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// The word that is there already, also what of it stands behind the cursor.
    pub replace: Range<usize>,
    /// What begins like it, the likeliest first.
    pub items: Vec<Item>,
}

/// Something that could stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is called.
    pub label: String,
    /// What it is.
    pub kind: ItemKind,
    /// Its type or how it is written; may be empty.
    pub detail: String,
    /// What it does, in a sentence; may be empty.
    pub doc: String,
    /// The text to insert.
    pub insert: String,
}

/// What an [`Item`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// A column of the rows at the cursor, or `it`.
    Column,
    /// A field of a record.
    Field,
    /// A stage.
    Stage,
    /// A function of many rows.
    Reducer,
    /// A function.
    Function,
    /// A `let`, a `param`, a parameter, or a table of the host.
    Name,
    /// An option of a stage or function.
    Option,
    /// A type.
    Type,
    /// A module.
    Module,
    /// A file.
    File,
    /// A reserved word.
    Keyword,
}

/// A name that no script has.
const MARKER: &str = "cursor_7f3a";

/// What could stand at `offset`, a byte of the text. `name` is that of the script, beside which its imports are. `files` gives the files whose paths begin with a text: the library
/// looks at no disk by itself.
///
/// ```
/// use pipelang::{Engine, tools::complete};
/// let text = "let xs = [{id: 1, price: 2.5}]\nxs | filter pr";
/// let found = complete(&Engine::default(), "", text, text.len(), &|_| Vec::new());
/// assert_eq!((&*found.items[0].label, &*found.items[0].detail), ("price", "float"));
/// ```
pub fn complete(
    engine: &Engine,
    name: &str,
    text: &str,
    offset: usize,
    files: &dyn Fn(&str) -> Vec<String>,
) -> Completions {
    let before = &text[..text.floor_char_boundary(offset)];
    let start = match place(before) {
        Written::Comment | Written::Text => return Completions::default(),
        Written::File(start) => {
            let found = files(&before[start..].replace("\\\"", "\"").replace("\\\\", "\\"));
            return Completions {
                replace: start..before.len() + rest_of_file(&text[before.len()..]),
                items: found.iter().map(|file| items::file(file)).collect(),
            };
        }
        Written::Word(start) => start,
    };
    let marked = marked(text, before, start);
    let known = Known::new(engine, name, &marked, &Parameters::default(), Some(start..start + MARKER.len()));
    let word = before[start..].trim_start_matches('`');
    let end = before.len() + rest_of_word(&before[start..], &text[before.len()..]);
    let mut items = items::like(word, candidates(&known, start));
    items.iter_mut().for_each(|item| leave_out_what_follows(item, &text[end..]));
    // A `?.` takes the place of the dot.
    if items.iter().any(|item| item.insert.starts_with(items::ASKED)) {
        let others = items.iter_mut().filter(|item| !item.insert.starts_with(items::ASKED));
        others.for_each(|item| item.insert.insert(0, '.'));
        return Completions { replace: start - 1..end, items };
    }
    Completions { replace: start..end, items }
}

/// How much of a word stands behind the cursor, before which it has begun.
fn rest_of_word(begun: &str, behind: &str) -> usize {
    if begun.is_empty() {
        return 0;
    }
    let end = behind.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(behind.len());
    end + usize::from(begun.starts_with('`') && behind[end..].starts_with('`'))
}

/// The same of the name of a file, if its text is closed; one that is not goes on with something else.
fn rest_of_file(behind: &str) -> usize {
    let end = behind.find(['"', '\n', '|', ',', '(', ')', '=']);
    end.filter(|end| behind[*end..].starts_with('"')).unwrap_or(0)
}

/// A bracket, colon or blank that stands behind the cursor already is not inserted.
fn leave_out_what_follows(item: &mut Item, behind: &str) {
    let follows = ["::", ": ", "(", " "].into_iter().find(|end| item.insert.ends_with(end) && behind.starts_with(end));
    if let Some(follows) = follows {
        item.insert.truncate(item.insert.len() - follows.len());
    }
}

/// What the text before the cursor ends in.
enum Written {
    Comment,
    Text,
    /// The path of a file, from there on.
    File(usize),
    /// A word, maybe an empty one, from there on.
    Word(usize),
}

fn place(before: &str) -> Written {
    let lexed = lexer::lex(SourceId(0), before);
    let end = before.len();
    if lexed.comments.last().is_some_and(|comment| comment.range().end == end) {
        return Written::Comment;
    }
    let mut tokens = lexed.tokens.as_slice();
    // What the lexer has closed at the end of the text stands nowhere.
    while let [rest @ .., (_, span)] = tokens
        && span.range().is_empty()
    {
        tokens = rest;
    }
    let Some(((last, span), rest)) = tokens.split_last().filter(|((_, span), _)| span.range().end == end) else {
        return Written::Word(end);
    };
    let start = span.range().start;
    let opened = |at: usize| {
        let unclosed = |diagnostic: &pipelang_lang::diagnostic::Diagnostic| {
            diagnostic.code == E0105 && diagnostic.primary.as_ref().is_some_and(|label| label.span.range().start == at)
        };
        lexed.diagnostics.iter().any(unclosed)
    };
    match last {
        Token::String(_) if opened(start) && takes_file(rest) => Written::File(start + 1),
        Token::String(_) | Token::RawString(_) | Token::FormatStart | Token::FormatText(_) | Token::HoleFormat(_) => {
            Written::Text
        }
        Token::FormatEnd
        | Token::Int(_)
        | Token::Float(_)
        | Token::Duration(_)
        | Token::Date(_)
        | Token::DateTime(_) => Written::Text,
        Token::Backtick(_) if opened(start) => Written::Word(start),
        word if word.is_name() || word.is_reserved() => Written::Word(start),
        _ => Written::Word(end),
    }
}

/// Whether a text behind these tokens is the name of a file.
fn takes_file(before: &[(Token, pipelang_lang::source::Span)]) -> bool {
    let before = match before {
        [before @ .., (Token::ParenOpen, _)] => before,
        all => all,
    };
    match before {
        [.., (Token::Name("read" | "lines" | "import"), _)] => true,
        [.., (Token::Name(name), _)] => {
            stages::named(name).is_some_and(|stage| stage.takes.arguments == Arguments::File)
        }
        _ => false,
    }
}

/// A bracket that is open at the cursor; the outermost stands for the text itself.
#[derive(Default)]
struct Open {
    /// What closes it.
    closer: &'static str,
    /// Whether arms of a `match` stand in it.
    is_match: bool,
    /// Whether the cursor stands in an arm before its `=>`.
    wants_arrow: bool,
    /// Whether there is a `match` in it whose arms are to come.
    expects_arms: bool,
}

impl Open {
    /// Takes note of a token that stands directly in it.
    fn see(&mut self, token: &Token) {
        match token {
            Token::Match => self.expects_arms = true,
            Token::FatArrow => self.wants_arrow = false,
            Token::Comma | Token::Newline | Token::End if self.is_match => self.wants_arrow = true,
            _ => {}
        }
    }
}

/// The text up to the word at the cursor, the marker, what closes the open brackets, and the definitions further down.
fn marked(text: &str, before: &str, start: usize) -> String {
    let mut marked = format!("{}{MARKER}", &before[..start]);
    let mut open: Vec<Open> = vec![Open::default()];
    let mut tokens = lexer::lex(SourceId(0), &before[..start]).tokens;
    // The lexer closes the holes that are open where the text ends.
    tokens.retain(|(_, span)| !span.range().is_empty());
    for (at, (token, _)) in tokens.iter().enumerate() {
        let is_head = matches!(&tokens[..at], [.., (Token::Fn, _), (name, _)] if name.is_name());
        let (closer, is_match) = match (token, open.last_mut()) {
            (Token::ParenOpen, _) if is_head => (") { null }", false),
            (Token::ParenOpen, _) => (")", false),
            (Token::BracketOpen, _) => ("]", false),
            (Token::BraceOpen, Some(around)) => ("}", std::mem::take(&mut around.expects_arms)),
            (Token::HoleOpen, _) => ("}\"", false),
            (token, _) if token.closes() => {
                open.truncate(open.len().saturating_sub(1).max(1));
                continue;
            }
            (token, Some(around)) => {
                around.see(token);
                continue;
            }
            (_, None) => continue,
        };
        open.push(Open { closer, wants_arrow: is_match, is_match, expects_arms: false });
    }
    if tokens.last().is_some_and(|(token, _)| *token == Token::Arrow) {
        marked.push_str(" { null }");
    }
    for open in open.into_iter().rev() {
        if open.wants_arrow {
            marked.push_str(" => null");
        }
        marked.push_str(open.closer);
    }
    marked.push('\n');
    for statement in syntax::parse(SourceId(0), text).0.statements {
        let span = statement.span().range();
        if matches!(statement, Statement::Function(_) | Statement::Type(_)) && span.start > before.len() {
            marked.push_str(&text[span]);
            marked.push('\n');
        }
    }
    marked
}

/// Everything that could stand where the marker does.
fn candidates(known: &Known, start: usize) -> Vec<Item> {
    if let Some(module) = module_before(&known.text[..start]) {
        return items::module(known, module);
    }
    let around = known.script().around(start as u32);
    let at_start = matches!(around.as_slice(), [Node::Statement(Statement::Expression(_)), ..])
        && around.first().is_some_and(|node| node.span().range().start == start);
    if let Some(Node::Type(TypeExpr::Named(..))) = around.last() {
        return items::types(known);
    }
    let in_window = around.iter().any(|node| match node {
        Node::Stage(stage) => stage.name.last().is_some_and(|name| &*name.text == "window"),
        _ => false,
    });
    let callee = callee(&around, start);
    let options = || callee.as_ref().map_or(Vec::new(), |callee| items::options(known, callee, in_window));
    // The check does not come to an operand where something else is due.
    let Some(sight) = &known.notes.sight else { return options() };
    match &sight.place {
        Place::Stage => items::stages(known, sight.row.as_ref()),
        Place::Member(what) => items::members(known, what.as_ref(), known.text[..start].ends_with(items::ASKED)),
        Place::Pattern(subject) => items::fields_of(subject.as_ref()),
        Place::Operand if callee.as_ref().is_some_and(Callee::takes_options_alone) => options(),
        Place::Operand => {
            let mut found = items::columns(sight);
            found.extend(options());
            found.extend(items::names(known, sight));
            found.extend(items::keywords(at_start));
            found
        }
    }
}

/// The name of the module in whose path the cursor stands: `geo` behind `geo::`.
fn module_before(before: &str) -> Option<&str> {
    let before = before.strip_suffix("::")?;
    Some(&before[before.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |at| at + 1)..])
}

/// What is called with the marker as an argument by itself, so that the name of an option may stand there.
pub(super) struct Callee<'a> {
    pub name: &'a str,
    /// Whether its first argument stands before it: the rows of a stage, or the value before the dot.
    pub has_first: bool,
    is_stage: bool,
}

impl Callee<'_> {
    /// Whether it is a stage all arguments of which are options.
    fn takes_options_alone(&self) -> bool {
        let begins_so = |signature: &str| signature.split(' ').nth(1).is_some_and(|word| word.ends_with(':'));
        self.is_stage && stages::named(self.name).is_some_and(|stage| begins_so(stage.signature))
    }
}

/// The stage or function of which the marker is an argument.
fn callee<'a>(around: &[Node<'a>], start: usize) -> Option<Callee<'a>> {
    let argument = around.iter().rposition(|node| match node {
        Node::Argument(argument) => argument.span.range() == (start..start + MARKER.len()),
        _ => false,
    })?;
    let (path, has_first, is_stage) = match around[argument.checked_sub(1)?] {
        Node::Stage(stage) => (&stage.name, true, true),
        Node::Expr(expr) => match &expr.kind {
            ExprKind::Call { function, .. } => (function, false, false),
            ExprKind::Method { function, .. } => (function, true, false),
            _ => return None,
        },
        _ => return None,
    };
    path.last().map(|name| Callee { name: &name.text, has_first, is_stage })
}
