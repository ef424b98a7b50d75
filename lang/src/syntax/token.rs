//! The tokens of a script.
//!
//! One list serves three phases: logos makes the plain tokens, the lexer resolves literals, and the passes over the
//! tokens (`brackets.rs`, `layout.rs`) replace some by more telling ones, so that the grammar needs no look-around.
//! Which variants belong to which phase is said above each group.

use logos::Logos;
use std::sync::Arc;

/// A token; `'s` is the text of the script.
#[derive(Logos, Clone, Debug, PartialEq)]
#[logos(skip(r"[ \t\r]+"))]
pub enum Token<'s> {
    // Reserved words: the same list as `ty::RESERVED`.
    /// `let`
    #[token("let")]
    Let,
    /// `fn`
    #[token("fn")]
    Fn,
    /// `if`
    #[token("if")]
    If,
    /// `else`
    #[token("else")]
    Else,
    /// `match`
    #[token("match")]
    Match,
    /// `in`
    #[token("in")]
    In,
    /// `and`
    #[token("and")]
    And,
    /// `or`
    #[token("or")]
    Or,
    /// `not`
    #[token("not")]
    Not,
    /// `true`
    #[token("true")]
    True,
    /// `false`
    #[token("false")]
    False,
    /// `null`
    #[token("null")]
    Null,
    /// `it`
    #[token("it")]
    It,
    /// `by`
    #[token("by")]
    By,
    /// `on`
    #[token("on")]
    On,

    // Words.
    /// A name without backticks.
    #[regex("[A-Za-z_][A-Za-z0-9_]*", |lex| lex.slice())]
    Name(&'s str),

    // Operators and punctuation.
    /// `|`
    #[token("|")]
    Pipe,
    /// `=`
    #[token("=")]
    Assign,
    /// `=>`
    #[token("=>")]
    FatArrow,
    /// `->`
    #[token("->")]
    Arrow,
    /// `:`
    #[token(":")]
    Colon,
    /// `::`
    #[token("::")]
    PathSeparator,
    /// `,`
    #[token(",")]
    Comma,
    /// `.`
    #[token(".")]
    Dot,
    /// `?.`
    #[token("?.")]
    QuestionDot,
    /// `?`
    #[token("?")]
    Question,
    /// `??`
    #[token("??")]
    Coalesce,
    /// `..`
    #[token("..")]
    Range,
    /// `..<`
    #[token("..<")]
    RangeExclusive,
    /// `...`
    #[token("...")]
    Spread,
    /// `**`
    #[token("**")]
    Power,
    /// `*`
    #[token("*")]
    Star,
    /// `/`
    #[token("/")]
    Slash,
    /// `//`
    #[token("//")]
    DoubleSlash,
    /// `%`
    #[token("%")]
    Percent,
    /// `+`
    #[token("+")]
    Plus,
    /// `-`
    #[token("-")]
    Minus,
    /// `==`
    #[token("==")]
    Equal,
    /// `!=`
    #[token("!=")]
    NotEqual,
    /// `<`
    #[token("<")]
    Less,
    /// `<=`
    #[token("<=")]
    LessOrEqual,
    /// `>`
    #[token(">")]
    Greater,
    /// `>=`
    #[token(">=")]
    GreaterOrEqual,
    /// `~`
    #[token("~")]
    Tilde,
    /// `(` with a blank before it: it groups.
    #[token("(")]
    ParenOpen,
    /// `)`
    #[token(")")]
    ParenClose,
    /// `[` where an operand is due: a list.
    #[token("[")]
    BracketOpen,
    /// `]`
    #[token("]")]
    BracketClose,
    /// `{` where an operand is due: a record or a map.
    #[token("{")]
    BraceOpen,
    /// `}`
    #[token("}")]
    BraceClose,
    /// `;`, and from `layout.rs` on a newline that ends a statement.
    #[token(";")]
    End,
    /// Newlines, with the blank and comment lines between them; `layout.rs` drops them or makes them an end.
    #[token("\n")]
    Newline,

    // Made by logos, replaced or dropped by the lexer.
    /// `#` to the end of the line.
    #[regex("#[^\n]*", allow_greedy = true)]
    Comment,
    /// What begins with a digit.
    #[regex(r"[0-9][0-9A-Za-z_]*(\.[0-9][0-9A-Za-z_]*)*")]
    #[regex(r"[0-9][0-9_]*(\.[0-9][0-9_]*)?[eE][+-][0-9][0-9A-Za-z_]*")]
    Number,
    /// `@2024-03-01` and its like.
    #[regex(r"@[0-9A-Za-z_-]*")]
    #[regex(r"@[0-9]+-[0-9]+-[0-9]+[Tt]([0-9:]*[0-9])?(\.[0-9]+)?([Zz]|[+-][0-9:]*[0-9])?")]
    At,
    /// The quote that opens a text.
    #[token("\"")]
    Quote,
    /// The quote that opens a raw text.
    #[token("r\"")]
    RawQuote,
    /// The quote that opens an interpolated text.
    #[token("f\"")]
    FormatQuote,
    /// The backtick that opens a name.
    #[token("`")]
    BacktickQuote,
    /// A quote of another language.
    #[regex("['‘’‚‛“”„‟«»]")]
    ForeignQuote,
    /// An operator of another language.
    #[regex(r"&&|\|\||!|<>|=~|===|!==|&|\|>|%>%|\^")]
    ForeignOperator,
    /// A name with letters that only a name in backticks may have.
    #[regex(r"[\p{L}_][\p{L}\p{M}\p{N}_]*", priority = 1)]
    ForeignName,
    /// `+=` and its like.
    #[regex(r"\+=|-=|\*=|/=")]
    CompoundAssign,

    // Made by the lexer.
    /// A name in backticks, without them.
    Backtick(&'s str),
    /// An integer.
    Int(i64),
    /// A decimal number as it is written.
    Float(&'s str),
    /// A text, escapes resolved.
    String(Arc<str>),
    /// A raw text.
    RawString(&'s str),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01T00:00:00Z.
    DateTime(i64),
    /// Microseconds.
    Duration(i64),
    /// A literal that was reported already.
    Faulty,
    /// Begins an interpolated text.
    FormatStart,
    /// Text in it.
    FormatText(Arc<str>),
    /// Opens a hole in it.
    HoleOpen,
    /// The format of a hole.
    HoleFormat(&'s str),
    /// Closes a hole.
    HoleClose,
    /// Ends an interpolated text.
    FormatEnd,
    /// `not in`
    NotIn,

    // Made by `brackets.rs`.
    /// `(` that touches a name: the arguments of a call.
    CallOpen,
    /// `[` that touches an operand: an index.
    IndexOpen,
    /// `(` that begins the parameters of a lambda.
    LambdaOpen,
    /// `(` that wraps all arguments of a stage.
    WrapOpen,
    /// `{` of a block or of the arms of a `match`.
    BlockOpen,

    // Made by `layout.rs`.
    /// `type` at the start of a statement.
    Type,
    /// `param` at the start of a statement.
    Param,
    /// `import` at the start of a statement.
    Import,
    /// `test` at the start of a statement.
    Test,
    /// `as` in an import.
    As,
    /// A minus with a blank on both sides behind the name of a stage.
    LooseMinus,
}

impl Token<'_> {
    /// Whether an operand may end with it.
    pub(super) fn ends_operand(&self) -> bool {
        use Token::*;
        self.is_name()
            || matches!(self, True | False | Null | It | Int(_) | Float(_) | String(_) | RawString(_))
            || matches!(self, Date(_) | DateTime(_) | Duration(_) | Faulty | FormatEnd)
            || matches!(self, ParenClose | BracketClose | BraceClose | Question)
    }

    /// Whether an operand begins with it, signs aside.
    pub(super) fn starts_operand(&self) -> bool {
        use Token::*;
        self.is_name()
            || matches!(self, True | False | Null | It | Int(_) | Float(_) | String(_) | RawString(_))
            || matches!(self, Date(_) | DateTime(_) | Duration(_) | Faulty | FormatStart)
            || matches!(self, ParenOpen | LambdaOpen | WrapOpen | BracketOpen | BraceOpen | If | Match)
    }

    /// Whether it is a name, with or without backticks.
    pub fn is_name(&self) -> bool {
        matches!(self, Token::Name(_) | Token::Backtick(_))
    }

    /// The text of a name.
    pub fn name(&self) -> Option<&str> {
        match self {
            Token::Name(text) | Token::Backtick(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it opens a bracket.
    pub fn opens(&self) -> bool {
        use Token::*;
        matches!(self, ParenOpen | BracketOpen | BraceOpen | HoleOpen)
            || matches!(self, CallOpen | IndexOpen | LambdaOpen | WrapOpen | BlockOpen)
    }

    /// Whether it closes a bracket.
    pub fn closes(&self) -> bool {
        matches!(self, Token::ParenClose | Token::BracketClose | Token::BraceClose | Token::HoleClose)
    }

    /// Whether it is one of `ty::RESERVED`.
    pub fn is_reserved(&self) -> bool {
        use Token::*;
        matches!(self, Let | Fn | If | Else | Match | In | And | Or | Not | True | False | Null | It | By | On)
    }

    /// Whether a line that ends in it goes on (language.md, section 1).
    pub(super) fn continues_after(&self) -> bool {
        use Token::*;
        self.continues_before()
            || matches!(self, Comma | Minus)
            || matches!(self, Not | Assign | FatArrow | Arrow | Colon | PathSeparator | Spread | LooseMinus)
    }

    /// Whether a line that begins with it goes on from the line before.
    pub(super) fn continues_before(&self) -> bool {
        use Token::*;
        matches!(self, Pipe | By | On | Else | And | Or | In | NotIn | Coalesce | Dot | QuestionDot)
            || matches!(self, Power | Star | Slash | DoubleSlash | Percent | Plus)
            || matches!(self, Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual | Tilde)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words_are_those_of_the_language() {
        for word in crate::ty::RESERVED {
            let token = Token::lexer(word).next();
            assert!(matches!(&token, Some(Ok(token)) if token.is_reserved()), "{word}: {token:?}");
        }
        for word in ["type", "param", "import", "test", "as", "r", "f", "stream"] {
            assert_eq!(Token::lexer(word).next(), Some(Ok(Token::Name(word))));
        }
    }
}
