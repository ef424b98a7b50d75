//! The tree of a script: syntax only, every node with its span. It has all of sections 1, 2 and 4 of the language; what
//! the checker does not know yet it reports by name.

use crate::source::Span;
use std::sync::Arc;

/// A name and where it stands (without its backticks).
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// The text.
    pub text: Arc<str>,
    /// Where.
    pub span: Span,
}

/// A whole script.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// Its statements in order.
    pub statements: Vec<Statement>,
    /// Its comments in order, each from `#` to the end of its line.
    pub comments: Vec<Span>,
}

impl Script {
    /// A script of which nothing could be read.
    pub(super) fn unread(whole: Span) -> Script {
        Script { statements: vec![Statement::Error(whole)], comments: Vec::new() }
    }
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// `let name = value`
    Let(Let),
    /// `fn name(…) -> T { … }`
    Function(Function),
    /// `param name: type = default`
    Parameter(ScriptParameter),
    /// `type Name = …`
    Type(TypeAlias),
    /// `import "path" as name`
    Import(Import),
    /// `test "name" { … }`
    Test(Test),
    /// An expression, shown unless it ends in a sink.
    Expression(Expr),
    /// What could not be parsed; reported already.
    Error(Span),
}

impl Statement {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Statement::Let(definition) => definition.span,
            Statement::Function(function) => function.span,
            Statement::Parameter(parameter) => parameter.span,
            Statement::Type(alias) => alias.span,
            Statement::Import(import) => import.span,
            Statement::Test(test) => test.span,
            Statement::Expression(expr) => expr.span,
            Statement::Error(span) => *span,
        }
    }
}

/// `let name = value`
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    /// The name.
    pub name: Name,
    /// Its value.
    pub value: Expr,
    /// The whole statement.
    pub span: Span,
}

/// `fn name(parameters) -> result { body }`
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// The name.
    pub name: Name,
    /// The parameters.
    pub parameters: Vec<FunctionParameter>,
    /// The declared result.
    pub result: Option<TypeExpr>,
    /// The body.
    pub body: Block,
    /// The whole definition.
    pub span: Span,
}

/// `name: type = default`
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionParameter {
    /// The name.
    pub name: Name,
    /// The type; missing is E0118, reported by the parser, and then `TypeExpr::Error`.
    pub ty: TypeExpr,
    /// The default.
    pub default: Option<Expr>,
}

/// `param name: type = default`
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptParameter {
    /// The name, also of the flag.
    pub name: Name,
    /// The type.
    pub ty: TypeExpr,
    /// The default; without one it is required.
    pub default: Option<Expr>,
    /// The comment above it, for `--help`.
    pub doc: Option<String>,
    /// The whole statement.
    pub span: Span,
}

/// `type Name = type`
#[derive(Clone, Debug, PartialEq)]
pub struct TypeAlias {
    /// The name.
    pub name: Name,
    /// What it stands for.
    pub ty: TypeExpr,
    /// The whole statement.
    pub span: Span,
}

/// `import "path" as alias`
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// The path.
    pub path: Arc<str>,
    /// Where the path stands, with its quotes.
    pub path_span: Span,
    /// The name given.
    pub alias: Option<Name>,
    /// The whole statement.
    pub span: Span,
}

impl Import {
    /// The name that its module has here: the given one, or the stem of the file.
    pub fn name(&self) -> Name {
        let file = self.path.rsplit(['/', '\\']).next().unwrap_or(&self.path);
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        self.alias.clone().unwrap_or_else(|| Name { text: stem.into(), span: self.path_span })
    }
}

/// `test "name" { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// What is tested.
    pub name: Arc<str>,
    /// Where that stands, with its quotes.
    pub name_span: Span,
    /// The body.
    pub body: Block,
    /// The whole statement.
    pub span: Span,
}

/// `{ let a = …; expression }`
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// `let`s and, in tests, assertions.
    pub statements: Vec<Statement>,
    /// The value; `None` only in a test, or after an error.
    pub value: Option<Box<Expr>>,
    /// With its braces.
    pub span: Span,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeExpr {
    /// `int`, `Sale`, `geo::Point`
    Named(Vec<Name>, Span),
    /// `T?`
    Nullable(Box<TypeExpr>, Span),
    /// `[T]`
    List(Box<TypeExpr>, Span),
    /// `{a: T, ..}`
    Record {
        /// The fields.
        fields: Vec<(Name, TypeExpr)>,
        /// Whether `..` ends it.
        open: bool,
        /// With its braces.
        span: Span,
    },
    /// `map<T>`, `stream<T>`
    Generic(Name, Box<TypeExpr>, Span),
    /// `fn(T) -> U`
    Function(Vec<TypeExpr>, Box<TypeExpr>, Span),
    /// Reported already.
    Error(Span),
}

impl TypeExpr {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            TypeExpr::Named(_, span)
            | TypeExpr::Nullable(_, span)
            | TypeExpr::List(_, span)
            | TypeExpr::Record { span, .. }
            | TypeExpr::Generic(_, _, span)
            | TypeExpr::Function(_, _, span)
            | TypeExpr::Error(span) => *span,
        }
    }
}

/// An expression with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands; parentheses belong to the inner expression's node `Parenthesized`.
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `42`
    Int(i64),
    /// `3.14`, with the text as written (decimal literals are folded exactly)
    Float(f64, Arc<str>),
    /// `true`
    Bool(bool),
    /// `null`
    Null,
    /// `"text"`, escapes resolved
    String(Arc<str>),
    /// `r"\d+"`: a pattern
    RawString(Arc<str>),
    /// `f"{x:.2}"`
    Interpolated(Vec<Fragment>),
    /// `@2024-03-01`: days since 1970-01-01
    Date(i32),
    /// `@2024-03-01T10:00:00Z`: microseconds since 1970-01-01T00:00:00Z
    DateTime(i64),
    /// `5min`: microseconds
    Duration(i64),
    /// A column, binding or parameter.
    Name(Arc<str>),
    /// `it`
    It,
    /// `geo::origin`: a value of an imported module
    Path(Vec<Name>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{id: 1, name, ...it}`
    Record(Vec<RecordItem>),
    /// `{"US": 1}`
    Map(Vec<(Expr, Expr)>),
    /// `(e)`; a pipeline in parentheses has a `Pipeline` inside
    Parenthesized(Box<Expr>),
    /// `-a`, `not a`
    Unary(UnaryOperator, Box<Expr>),
    /// `a + b`; the span is the operator's
    Binary(BinaryOperator, Span, Box<Expr>, Box<Expr>),
    /// `a..b`, `a..<b`, `..b`, `a..`
    Range {
        /// First.
        start: Option<Box<Expr>>,
        /// Last.
        end: Option<Box<Expr>>,
        /// Whether the end belongs to it.
        inclusive: bool,
    },
    /// `f(a, steps: 1)`; `geo::f(a)` has two names
    Call {
        /// The function.
        function: Vec<Name>,
        /// Its arguments.
        arguments: Vec<Argument>,
    },
    /// `x.f(a)`, `x?.f(a)`
    Method {
        /// What it is called on.
        receiver: Box<Expr>,
        /// The function.
        function: Vec<Name>,
        /// The other arguments.
        arguments: Vec<Argument>,
        /// Whether it was `?.`.
        null_safe: bool,
    },
    /// `a.b`, `a?.b`
    Field {
        /// The record.
        record: Box<Expr>,
        /// The field.
        name: Name,
        /// Whether it was `?.`.
        null_safe: bool,
    },
    /// `a[i]`, `a[i]?`
    Index {
        /// The list, map or text.
        value: Box<Expr>,
        /// The position or key.
        index: Box<Expr>,
        /// Whether a `?` follows.
        null_safe: bool,
    },
    /// `x => e`, `(a, b) => e`
    Lambda {
        /// The parameters.
        parameters: Vec<Name>,
        /// The body.
        body: Box<Expr>,
    },
    /// `if c { a } else { b }`; `else if` is a block with one `if`
    If {
        /// The condition.
        condition: Box<Expr>,
        /// Where it holds.
        then: Block,
        /// Where it does not; missing is an error, reported by the parser.
        otherwise: Option<Block>,
    },
    /// `match x { … }`
    Match {
        /// What is matched.
        subject: Box<Expr>,
        /// The arms in order.
        arms: Vec<Arm>,
    },
    /// `source | stage | stage`
    Pipeline {
        /// Where the rows come from.
        source: Box<Expr>,
        /// The stages in order.
        stages: Vec<Stage>,
    },
    /// Reported already.
    Error,
}

/// A piece of an interpolated text.
#[derive(Clone, Debug, PartialEq)]
pub enum Fragment {
    /// Text as it is.
    Text(Arc<str>),
    /// `{value:format}`
    Hole {
        /// The value.
        value: Expr,
        /// What stands after the colon, with its place.
        format: Option<Name>,
    },
}

/// An item of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordItem {
    /// `name: value`
    Field(Name, Expr),
    /// `name` or `a.b` (named `b`)
    Short(Expr),
    /// `...value`
    Spread(Expr),
}

/// An arm of a `match`.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// The pattern.
    pub pattern: Pattern,
    /// `if guard`
    pub guard: Option<Expr>,
    /// The value.
    pub value: Expr,
    /// The whole arm.
    pub span: Span,
}

/// A pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// `_`
    Anything(Span),
    /// A name: binds.
    Name(Name),
    /// A literal or a range of literals, `null` included.
    Value(Expr),
    /// `{a, b: pattern}`
    Record(Vec<(Name, Option<Pattern>)>, Span),
    /// `p or q`
    Either(Vec<Pattern>, Span),
}

impl Pattern {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Pattern::Anything(span) | Pattern::Record(_, span) | Pattern::Either(_, span) => *span,
            Pattern::Name(name) => name.span,
            Pattern::Value(value) => value.span,
        }
    }
}

/// The unary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOperator {
    /// `-a`
    Negate,
    /// `not a`
    Not,
}

/// The binary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOperator {
    /// `+ - * / // % **`
    Arithmetic(crate::scalar::Arithmetic),
    /// `== != < <= > >=`
    Comparison(crate::scalar::Comparison),
    /// `~`
    Matches,
    /// `in`
    In,
    /// `not in`
    NotIn,
    /// `and`
    And,
    /// `or`
    Or,
    /// `??`
    Coalesce,
}

impl BinaryOperator {
    /// As scripts write it.
    pub fn text(self) -> &'static str {
        match self {
            BinaryOperator::Arithmetic(operator) => operator.symbol(),
            BinaryOperator::Comparison(operator) => operator.symbol(),
            BinaryOperator::Matches => "~",
            BinaryOperator::In => "in",
            BinaryOperator::NotIn => "not in",
            BinaryOperator::And => "and",
            BinaryOperator::Or => "or",
            BinaryOperator::Coalesce => "??",
        }
    }
}

/// A step of a pipeline: `NAME args by args on args`.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// `filter`, `geo::near`
    pub name: Vec<Name>,
    /// What follows the name.
    pub arguments: Vec<Argument>,
    /// Whether the arguments stood in parentheses that touch the name.
    pub called: bool,
    /// After `by`, with the span of the word.
    pub by: Option<(Span, Vec<Argument>)>,
    /// After `on`, with the span of the word.
    pub on: Option<(Span, Vec<Argument>)>,
    /// From the name to the last argument.
    pub span: Span,
    /// The `|` before it.
    pub pipe: Span,
    /// Whether a fault inside it has been reported: the checker then knows no schema after it.
    pub broken: bool,
}

/// An argument of a stage or call.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// What stands before `=` or `:`.
    pub label: Label,
    /// The value.
    pub value: ArgumentValue,
    /// The whole argument.
    pub span: Span,
}

/// How an argument is labelled.
#[derive(Clone, Debug, PartialEq)]
pub enum Label {
    /// `value`
    None,
    /// `name = value`: a column or a table
    Column(Name),
    /// `name: value`: an option
    Option(Name),
}

/// The value of an argument.
#[derive(Clone, Debug, PartialEq)]
pub enum ArgumentValue {
    /// An expression.
    Expr(Expr),
    /// The value of the option `schema`.
    Type(TypeExpr),
}

impl Argument {
    /// The expression, if it is one.
    pub fn expr(&self) -> Option<&Expr> {
        match &self.value {
            ArgumentValue::Expr(expr) => Some(expr),
            ArgumentValue::Type(_) => None,
        }
    }
}
