//! The tokens of a script and what each of them is, for colours.
//!
//! What a name is follows from its place among the tokens, so that it is known while the line is still being typed; only
//! types are looked up in the tree.

use pipelang_lang::source::{SourceId, Span};
use pipelang_lang::syntax::ast::TypeExpr;
use pipelang_lang::syntax::nodes::Node;
use pipelang_lang::syntax::{self, token::Token};
use std::collections::HashMap;
use std::ops::Range;

/// What a token of a script is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// From `#` to the end of the line.
    Comment,
    /// `let`, `by`, `and` …, and `type`, `param`, `import`, `test` where they are keywords.
    Keyword,
    /// `true`, `false`, `null`
    Constant,
    /// A number, date or duration.
    Number,
    /// A text, or a piece of one with holes.
    Text,
    /// The format of a hole: the `.2` of `f"{x:.2}"`.
    Format,
    /// `|`
    Pipe,
    /// Any other operator.
    Operator,
    /// A bracket.
    Bracket,
    /// `,` `.` `:` and the like.
    Punctuation,
    /// The name of a stage: what stands behind a `|`.
    Stage,
    /// The name of a function where it is called or defined.
    Function,
    /// The name of an option: `where:`.
    Option,
    /// The name of a column or field where it is given: `total = …`, `{total: …}`.
    Column,
    /// The name of a type.
    Type,
    /// Any other name.
    Name,
}

/// The tokens of a script in order, with their bytes.
///
/// ```
/// use pipelang::tools::{Class, tokens};
/// let classes: Vec<Class> = tokens("xs | take 2").into_iter().map(|(_, class)| class).collect();
/// assert_eq!(classes, [Class::Name, Class::Pipe, Class::Stage, Class::Number]);
/// ```
pub fn tokens(text: &str) -> Vec<(Range<usize>, Class)> {
    let lexed = syntax::tokens(SourceId(0), text);
    let told = told_by_the_tree(text);
    let mut found: Vec<(Range<usize>, Class)> =
        lexed.comments.iter().map(|span| (span.range(), Class::Comment)).collect();
    let mut open: Vec<&Token> = Vec::new();
    for (at, (token, span)) in lexed.tokens.iter().enumerate() {
        if token.opens() {
            open.push(token);
        } else if token.closes() {
            open.pop();
        }
        let class = match class(token) {
            Some(Class::Name) => told.get(&span.range().start).copied().or_else(|| {
                let (before, after) = (&lexed.tokens[..at], lexed.tokens.get(at + 1));
                Some(name_class(before, after.map(|(next, _)| next), open.last().copied()))
            }),
            class => class,
        };
        found.extend(class.filter(|_| !span.range().is_empty()).map(|class| (span.range(), class)));
    }
    found.sort_by_key(|(range, _)| range.start);
    found
}

/// What a token is by itself; `None` if it is not to be seen.
fn class(token: &Token) -> Option<Class> {
    use Token::*;
    Some(match token {
        Let | Fn | If | Else | Match | In | NotIn | And | Or | Not | It | By | On => Class::Keyword,
        Type | Param | Import | Test | As => Class::Keyword,
        True | False | Null => Class::Constant,
        Int(_) | Float(_) | Date(_) | DateTime(_) | Duration(_) => Class::Number,
        String(_) | RawString(_) | FormatStart | FormatText(_) | FormatEnd => Class::Text,
        HoleFormat(_) => Class::Format,
        Name(_) | Backtick(_) => Class::Name,
        Pipe => Class::Pipe,
        Assign | FatArrow | Arrow | Coalesce | Range | RangeExclusive | Spread => Class::Operator,
        Power | Star | Slash | DoubleSlash | Percent | Plus | Minus | LooseMinus => Class::Operator,
        Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual | Tilde | Question => Class::Operator,
        ParenOpen | ParenClose | BracketOpen | BracketClose | BraceOpen | BraceClose => Class::Bracket,
        CallOpen | IndexOpen | LambdaOpen | WrapOpen | BlockOpen | HoleOpen | HoleClose => Class::Bracket,
        Colon | PathSeparator | Comma | Dot | QuestionDot => Class::Punctuation,
        End | Newline | Faulty => return None,
        // The lexer has replaced these.
        Comment | Number | At | Quote | RawQuote | FormatQuote | BacktickQuote => return None,
        ForeignQuote | ForeignOperator | ForeignName | CompoundAssign => return None,
    })
}

/// What a name is between the tokens before it and the one after it, in the bracket `open`.
fn name_class(before: &[(Token, Span)], next: Option<&Token>, open: Option<&Token>) -> Class {
    let mut head = before;
    while let [earlier @ .., (Token::Name(_), _), (Token::PathSeparator, _)] = head {
        head = earlier;
    }
    match (head.last().map(|(token, _)| token), next) {
        (Some(Token::Pipe), _) => Class::Stage,
        (Some(Token::Fn), _) | (_, Some(Token::CallOpen)) => Class::Function,
        (Some(Token::Type), _) => Class::Type,
        (Some(Token::Let | Token::Param), _) => Class::Name,
        (_, Some(Token::Colon)) if open == Some(&Token::BraceOpen) => Class::Column,
        (_, Some(Token::Colon)) => Class::Option,
        (_, Some(Token::Assign)) => Class::Column,
        (_, _) => Class::Name,
    }
}

/// The names, by where they begin, that only the tree tells apart: types, and parameters, which look like options.
fn told_by_the_tree(text: &str) -> HashMap<usize, Class> {
    let (script, _) = syntax::parse(SourceId(0), text);
    let mut told = HashMap::new();
    script.walk(&mut |node| match node {
        Node::Type(TypeExpr::Named(names, _)) => {
            told.extend(names.iter().map(|name| (name.span.range().start, Class::Type)));
        }
        Node::Type(TypeExpr::Generic(name, _, _)) => {
            told.insert(name.span.range().start, Class::Type);
        }
        Node::Parameter(parameter) => {
            told.insert(parameter.name.span.range().start, Class::Name);
        }
        _ => {}
    });
    told
}
