//! What can be wrong in the grammar, as data, and the sentence that says it. One constructor per diagnostic.

use super::{Tokens, evidence};
use crate::codes::*;
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::Span;
use crate::syntax::repair::ASSIGN_FOR_EQUAL;
use crate::syntax::token::Token;
use chumsky::DefaultExpected;
use chumsky::error::{Error, LabelError};
use chumsky::util::MaybeRef;

/// What may stand at a place, in the user's words; those named first are told first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Value,
    Type,
    Pattern,
    Stage,
    Name,
    Block,
    Arrow,
    Assign,
    Colon,
    Operator,
    Comma,
    Close,
    Pipe,
    End,
}

impl Class {
    const ALL: [Class; 14] = [
        Class::Value,
        Class::Type,
        Class::Pattern,
        Class::Stage,
        Class::Name,
        Class::Block,
        Class::Arrow,
        Class::Assign,
        Class::Colon,
        Class::Operator,
        Class::Comma,
        Class::Close,
        Class::Pipe,
        Class::End,
    ];

    fn words(self) -> &'static str {
        match self {
            Class::Value => "a value",
            Class::Type => "a type",
            Class::Pattern => "a pattern",
            Class::Stage => "a stage",
            Class::Name => "a name",
            Class::Block => "a block in braces",
            Class::Arrow => "`=>`",
            Class::Assign => "`=`",
            Class::Colon => "`:`",
            Class::Operator => "an operator",
            Class::Comma => "a comma",
            Class::Close => "a closing bracket",
            Class::Pipe => "a `|`",
            Class::End => "the end of the line",
        }
    }

    /// The class that a token belongs to where the grammar wants just that token.
    fn of(token: &Token) -> Option<Class> {
        Some(match token {
            Token::Pipe => Class::Pipe,
            Token::Comma => Class::Comma,
            Token::End => Class::End,
            Token::BlockOpen => Class::Block,
            Token::Assign => Class::Assign,
            Token::Colon => Class::Colon,
            Token::FatArrow => Class::Arrow,
            token if token.closes() => Class::Close,
            _ => return None,
        })
    }
}

/// A mistake that the grammar knows by name.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Problem {
    /// `a < b < c`: the place of `b`.
    ChainedComparison { middle: Span },
    /// `=` between two operands.
    AssignForEqual,
    /// `1..2..3`
    ChainedRange,
    /// A loose operator as the right operand of a tight one: `1 + not b`.
    Loose,
    /// A lambda that is no argument.
    LambdaValue,
    /// `let f = x => …`: name, parameters, body.
    LambdaLet { name: Span, parameters: Vec<Span>, body: Span },
    /// `xs | sum(x) / 2`, `xs | count - 1`: from the source to the end of the stage.
    AfterStage { pipeline: Span },
    /// `aggregate by k`, `group_by k`: the keys.
    NothingToAggregate { keys: Option<Span> },
    /// The same as `sort - x`.
    LooseMinus,
    /// `fn f(x)`
    NoParameterType,
    /// `if` without `else`.
    NoElse,
    /// A pipeline in a bracket that is not its own.
    BarePipeline,
    /// A leading minus in a sort key before more than a name.
    SortKey { operand: Span },
    /// `x.geo::f` without arguments.
    PathMember,
    /// Entries of a map beside fields of a record.
    MixedMap,
    /// `{a + 1}`
    UnnamedField,
    /// A value in a block that nobody sees.
    UnusedValue,
    /// A block without a value.
    NoValue,
    /// A second `by` or `on`.
    RepeatedClause,
}

/// An error of the grammar.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    span: Span,
    /// A bit for each class that may stand here.
    expected: u16,
    at_end: bool,
    /// Boxed, since most faults are only those of an alternative that was not taken.
    problem: Option<Box<Problem>>,
}

impl Fault {
    pub(super) fn new(span: Span, problem: Problem) -> Fault {
        Fault { span, expected: 0, at_end: false, problem: Some(Box::new(problem)) }
    }

    /// Nothing that is worth telling could stand here.
    pub(super) fn unexpected(span: Span) -> Fault {
        Fault { span, expected: 0, at_end: false, problem: None }
    }
}

impl<'t> Error<'t, Tokens<'t>> for Fault {
    fn merge(mut self, other: Self) -> Self {
        if self.problem.is_none() && other.problem.is_some() {
            return other;
        }
        self.expected |= other.expected;
        self
    }
}

impl<'t> LabelError<'t, Tokens<'t>, DefaultExpected<'t, Token<'t>>> for Fault {
    fn expected_found<E: IntoIterator<Item = DefaultExpected<'t, Token<'t>>>>(
        expected: E,
        found: Option<MaybeRef<'t, Token<'t>>>,
        span: Span,
    ) -> Self {
        let mut bits = 0;
        for item in expected {
            let class = match item {
                DefaultExpected::Token(token) => Class::of(&token),
                DefaultExpected::EndOfInput => Some(Class::End),
                _ => None,
            };
            bits |= class.map_or(0, |class| 1 << class as u16);
        }
        Fault { span, expected: bits, at_end: found.is_none(), problem: None }
    }
}

impl<'t> LabelError<'t, Tokens<'t>, Class> for Fault {
    fn expected_found<E: IntoIterator<Item = Class>>(
        expected: E,
        found: Option<MaybeRef<'t, Token<'t>>>,
        span: Span,
    ) -> Self {
        let expected = expected.into_iter().fold(0, |bits, class| bits | 1 << class as u16);
        Fault { span, expected, at_end: found.is_none(), problem: None }
    }

    fn label_with(&mut self, class: Class) {
        self.expected = 1 << class as u16;
    }
}

impl Fault {
    /// The sentence for it; `text` is the script.
    pub(super) fn into_diagnostic(self, text: &str) -> Diagnostic {
        let span = self.span;
        match &self.problem {
            None => self.unexpected_diagnostic(text),
            Some(problem) => problem.diagnostic(span, text),
        }
    }

    /// Something else should stand here: at most three classes are named.
    fn unexpected_diagnostic(&self, text: &str) -> Diagnostic {
        let wants = |class: Class| self.expected & (1 << class as u16) != 0;
        let mut classes: Vec<&str> = Class::ALL.into_iter().filter(|&class| wants(class)).map(Class::words).collect();
        let leads = [Class::Value, Class::Type, Class::Pattern, Class::Stage, Class::Name, Class::Block];
        let missing = leads.into_iter().find(|&class| wants(class));
        let signs = [Class::Arrow, Class::Assign, Class::Colon];
        let sign = signs.into_iter().find(|&class| self.expected == 1 << class as u16);
        let found = found(text, self.span, self.at_end);
        if let Some(foreign) = self.foreign(text) {
            return foreign;
        }
        if let (Some(class), Found::Token(token)) = (sign, &found) {
            let message = format!("{} is missing before this `{token}`", class.words());
            return Diagnostic::error(E0130, self.span, message);
        }
        if let Some(class) = missing {
            let what = class.words();
            let message = match &found {
                Found::End => format!("{what} is missing at the end"),
                Found::LineEnd => format!("{what} is missing at the end of this line"),
                Found::Token(token) if closes_or_separates(token) => format!("{what} is missing before this `{token}`"),
                Found::Token(token) => format!("{what} should stand here, not `{token}`"),
            };
            return Diagnostic::error(E0130, self.span, message);
        }
        classes.truncate(3);
        let message = match &found {
            Found::End => "something is missing at the end".to_string(),
            Found::LineEnd => "something is missing at the end of this line".to_string(),
            Found::Token(token) => format!("`{token}` cannot stand here"),
        };
        let diagnostic = Diagnostic::error(E0130, self.span, message);
        match classes.split_last() {
            None => diagnostic,
            Some((last, [])) => diagnostic.saying(format!("{last} can")),
            Some((last, rest)) => diagnostic.saying(format!("{} or {last} can", rest.join(", "))),
        }
    }
}

impl Fault {
    /// E0114: what other languages write here.
    fn foreign(&self, text: &str) -> Option<Diagnostic> {
        let before = text.get(..self.span.start as usize).unwrap_or("");
        match text.get(self.span.range()).unwrap_or("") {
            "?" => Some(
                Diagnostic::error(E0114, self.span, "Pipe has no `? :`; it writes `if`")
                    .help("`if x > 3 { a } else { b }`"),
            ),
            "*" if before.ends_with("count(") => {
                Some(Diagnostic::error(E0114, self.span, "Pipe counts rows with `count()`").fix(self.span, ""))
            }
            _ => None,
        }
    }
}

enum Found {
    End,
    LineEnd,
    Token(String),
}

/// What stands at `span`.
fn found(text: &str, span: Span, at_end: bool) -> Found {
    let slice = text.get(span.range()).unwrap_or("");
    if slice.trim_start().is_empty() || at_end {
        let rest = text.get(span.start as usize..).unwrap_or("");
        return if rest.trim().is_empty() { Found::End } else { Found::LineEnd };
    }
    let short: String = slice.chars().take_while(|&c| c != '\n').take(24).collect();
    Found::Token(if short.len() < slice.len() { format!("{short}…") } else { short })
}

fn closes_or_separates(token: &str) -> bool {
    matches!(token, ")" | "]" | "}" | "|" | "," | ";")
}

impl Problem {
    fn diagnostic(&self, span: Span, text: &str) -> Diagnostic {
        let slice = |span: Span| text.get(span.range()).unwrap_or("");
        let error = |code, message: &str| Diagnostic::error(code, span, message);
        match self {
            Problem::ChainedComparison { middle } => {
                let fixed = format!(" and {}", slice(*middle));
                let mut diagnostic = error(E0117, "a comparison has two sides");
                diagnostic.help.push(format!("insert `{}` before it, or write `x in a..b`", fixed.trim_start()));
                diagnostic.edits.push(Edit { span: middle.at_end(), text: fixed });
                diagnostic
            }
            Problem::AssignForEqual => error(E0104, ASSIGN_FOR_EQUAL).fix(span, "=="),
            Problem::ChainedRange => error(E0130, "a range has two ends"),
            Problem::Loose => {
                let fixed = format!("({})", slice(span));
                error(E0130, "this needs parentheses here").fix(span, fixed)
            }
            Problem::LambdaValue => error(E0119, "a lambda can only be an argument")
                .help("a function with a name is written `fn f(x: int) { … }`"),
            Problem::LambdaLet { name, parameters, body } => {
                let parameters: Vec<String> = parameters.iter().map(|p| format!("{}: int", slice(*p))).collect();
                let fixed = format!("fn {}({}) {{ {} }}", slice(*name), parameters.join(", "), slice(*body));
                error(E0119, "a lambda can only be an argument").fix(span, fixed)
            }
            Problem::AfterStage { pipeline } => after_stage(span, *pipeline, slice(*pipeline)),
            Problem::NothingToAggregate { keys } => {
                let keys = keys.map_or(String::new(), |keys| format!(" by {}", slice(keys)));
                let message = "`aggregate` wants something to compute";
                error(E0107, message).fix(span, format!("aggregate n = count(){keys}"))
            }
            Problem::LooseMinus => {
                let fixed = format!("-{}", slice(span).trim_start_matches('-').trim_start());
                error(E0120, "a minus that means descending touches its key").fix(span, fixed)
            }
            Problem::NoParameterType => {
                let error = error(E0118, "a parameter needs a type");
                match evidence::type_of(text, span) {
                    Some(ty) => error.fix(span.at_end(), format!(": {ty}")),
                    None => error.help("such as `: int`, `: float`, `: string`, `: bool`, `: date` or `: [int]`"),
                }
            }
            Problem::NoElse => error(E0130, "an `if` needs an `else`, since it always has a value")
                .fix(span.at_end(), " else { null }"),
            Problem::BarePipeline => {
                let fixed = format!("({})", slice(span));
                error(E0130, "a pipeline inside of an expression stands in parentheses").fix(span, fixed)
            }
            Problem::SortKey { operand } => {
                let before = text.get(..operand.start as usize).unwrap_or("").trim_end();
                let minus = before.strip_suffix('-').map_or(operand.start, |before| before.len() as u32);
                error(E0130, "the `-` of a sort key stands before a name or parentheses")
                    .fix(Span { start: minus, ..*operand }, format!("-({})", slice(*operand)))
            }
            Problem::PathMember => {
                error(E0130, "a function of another file is called with parentheses").fix(span.at_end(), "()")
            }
            Problem::MixedMap => error(E0130, "this is half a record and half a map")
                .help("the keys of a map are texts: `{\"US\": 1}`; the fields of a record are names: `{id: 1}`"),
            Problem::UnnamedField => {
                let insertion = Span { end: span.start, ..span };
                error(E0130, "this field needs a name").fix(insertion, "value: ")
            }
            Problem::UnusedValue => error(E0130, "nobody sees this value")
                .help("a block has `let`s and then one value; give this one a name with `let`"),
            Problem::NoValue => error(E0130, "this block has no value").help("its last line is its value"),
            Problem::RepeatedClause => {
                error(E0130, "a stage has one `by` and one `on`").help("put the keys behind the first one, with commas")
            }
        }
    }
}

/// E0120: the rest behind a closed stage belongs outside of parentheses around the pipeline.
fn after_stage(rest: Span, pipeline: Span, slice: &str) -> Diagnostic {
    let message = "after a stage with parentheses only `by`, `on` or `|` may follow";
    let mut diagnostic = Diagnostic::error(E0120, rest, message)
        .label(pipeline, "to compute with its result, put parentheses around this");
    if slice.contains('\n') {
        diagnostic.help.push("put the pipeline into parentheses".to_string());
    } else {
        diagnostic.help.push(format!("write `({slice})` in place of it"));
    }
    let start = Span { end: pipeline.start, ..pipeline };
    diagnostic.edits.push(Edit { span: start, text: "(".to_string() });
    diagnostic.edits.push(Edit { span: pipeline.at_end(), text: ")".to_string() });
    diagnostic
}
