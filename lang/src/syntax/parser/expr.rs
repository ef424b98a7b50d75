//! Expressions: operators by precedence, postfix chains, operands.

use super::faults::{Class, Fault, Problem};
use super::{
    Extra, Fold, Rule, Tokens, before, ends_item, hole, name, name_before, path, pattern, place, recovered, skip_until,
    stage, statement,
};
use crate::scalar::{Arithmetic, Comparison};
use crate::source::Span;
use crate::syntax::ast::{Arm, BinaryOperator, Block, Expr, ExprKind, Fragment, Name, RecordItem, UnaryOperator};
use crate::syntax::literal;
use crate::syntax::token::Token;
use chumsky::pratt::{infix, left, postfix, prefix, right};
use chumsky::prelude::*;

fn make(kind: ExprKind, span: Span) -> Expr {
    Expr { kind, span }
}

/// `expr`: everything but a pipeline.
pub(super) fn expr<'t>() -> Rule<'t, Expr> {
    recursive(|expr| {
        let expr = expr.boxed();
        // Behind a guard stands the `=>` of its arm, so a name or parentheses at its end begin no lambda.
        let guard = recursive(|guard| {
            let last = parenthesized(expr.clone(), Token::LambdaOpen);
            let value = choice((last, operand(expr.clone(), guard.boxed())));
            operators(postfix_chain(value.labelled(Class::Value).boxed(), expr.clone()))
        });
        let value = choice((lambda_value(expr.clone()), operand(expr.clone(), guard.boxed())));
        operators(postfix_chain(value.labelled(Class::Value).boxed(), expr))
    })
    .boxed()
}

/// `or_expr` and all that binds tighter, down to `power`: a row for each production.
fn operators<'t>(operand: Rule<'t, Expr>) -> Rule<'t, Expr> {
    let open_end = any_ref().filter(|token: &&Token| token.starts_operand() || **token == Token::Minus).not();
    operand
        .pratt((
            infix(right(10), operator(power), binary),
            prefix(9, place(Token::Minus).labelled(Class::Value), |minus: Span, of: Expr, e: &mut Fold| {
                unary(UnaryOperator::Negate, minus, of, e)
            }),
            infix(left(8), operator(product), binary),
            infix(left(7), operator(sum), binary),
            postfix(6, range().then_ignore(open_end), |start: Expr, (inclusive, dots): (bool, Span), _: &mut Fold| {
                let span = start.span.to(dots);
                make(ExprKind::Range { start: Some(Box::new(start)), end: None, inclusive }, span)
            }),
            infix(left(6), range(), |start: Expr, range: (bool, Span), end: Expr, e: &mut Fold| {
                closed_range(Some(start), range, end, e)
            }),
            prefix(6, range(), |range: (bool, Span), end: Expr, e: &mut Fold| closed_range(None, range, end, e)),
            infix(left(5), operator(coalesce), binary),
            infix(left(4), operator(comparison), binary),
            infix(
                left(4),
                place(Token::Assign).labelled(Class::Operator),
                |left: Expr, assign: Span, right: Expr, e: &mut Fold| {
                    e.emit(Fault::new(assign, Problem::AssignForEqual));
                    binary(left, (BinaryOperator::Comparison(Comparison::Equal), assign), right, e)
                },
            ),
            prefix(3, place(Token::Not).labelled(Class::Value), |not: Span, of: Expr, e: &mut Fold| {
                unary(UnaryOperator::Not, not, of, e)
            }),
            infix(left(2), operator(and_expr), binary),
            infix(left(1), operator(or_expr).labelled(Class::Operator), binary),
        ))
        .boxed()
}

/// An operator with its place. Not labelled and not boxed: most tries of an operator fail, and this is where.
fn operator<'t>(
    which: fn(&Token<'t>) -> Option<BinaryOperator>,
) -> impl Parser<'t, Tokens<'t>, (BinaryOperator, Span), Extra<'t>> + Clone {
    any_ref().try_map(move |token, span| which(token).map(|operator| (operator, span)).ok_or(Fault::unexpected(span)))
}

fn power(token: &Token) -> Option<BinaryOperator> {
    (*token == Token::Power).then_some(BinaryOperator::Arithmetic(Arithmetic::Power))
}

fn product(token: &Token) -> Option<BinaryOperator> {
    Some(BinaryOperator::Arithmetic(match token {
        Token::Star => Arithmetic::Multiply,
        Token::Slash => Arithmetic::Divide,
        Token::DoubleSlash => Arithmetic::FloorDivide,
        Token::Percent => Arithmetic::Modulo,
        _ => return None,
    }))
}

fn sum(token: &Token) -> Option<BinaryOperator> {
    Some(BinaryOperator::Arithmetic(match token {
        Token::Plus => Arithmetic::Add,
        Token::Minus => Arithmetic::Subtract,
        _ => return None,
    }))
}

fn comparison(token: &Token) -> Option<BinaryOperator> {
    Some(match token {
        Token::Equal => BinaryOperator::Comparison(Comparison::Equal),
        Token::NotEqual => BinaryOperator::Comparison(Comparison::NotEqual),
        Token::Less => BinaryOperator::Comparison(Comparison::Less),
        Token::LessOrEqual => BinaryOperator::Comparison(Comparison::LessOrEqual),
        Token::Greater => BinaryOperator::Comparison(Comparison::Greater),
        Token::GreaterOrEqual => BinaryOperator::Comparison(Comparison::GreaterOrEqual),
        Token::Tilde => BinaryOperator::Matches,
        Token::In => BinaryOperator::In,
        Token::NotIn => BinaryOperator::NotIn,
        _ => return None,
    })
}

fn coalesce(token: &Token) -> Option<BinaryOperator> {
    (*token == Token::Coalesce).then_some(BinaryOperator::Coalesce)
}

fn and_expr(token: &Token) -> Option<BinaryOperator> {
    (*token == Token::And).then_some(BinaryOperator::And)
}

fn or_expr(token: &Token) -> Option<BinaryOperator> {
    (*token == Token::Or).then_some(BinaryOperator::Or)
}

/// The dots of a `range`, and whether its end belongs to it.
fn range<'t>() -> Rule<'t, (bool, Span)> {
    select! { Token::Range = e => (true, e.span()), Token::RangeExclusive = e => (false, e.span()) }.boxed()
}

fn compares(operator: BinaryOperator) -> bool {
    use BinaryOperator::{And, Arithmetic, Coalesce, Comparison, In, Matches, NotIn, Or};
    match operator {
        Comparison(_) | Matches | In | NotIn => true,
        Arithmetic(_) | And | Or | Coalesce => false,
    }
}

fn binary<'t>(left: Expr, (operator, place): (BinaryOperator, Span), right: Expr, e: &mut Fold<'t, '_>) -> Expr {
    for operand in [&left, &right] {
        if is_loose_in(operator, operand) {
            e.emit(Fault::new(operand.span, Problem::Loose));
        }
    }
    if compares(operator)
        && let Some(middle) = chained(&left)
    {
        // `a < b < c` is read as `a < b and b < c`; of a longer chain only the first link is reported.
        if matches!(left.kind, ExprKind::Binary(inner, ..) if compares(inner)) {
            e.emit(Fault::new(place, Problem::ChainedComparison { middle: middle.span }));
        }
        let span = left.span.to(right.span);
        let link = middle.span.to(right.span);
        let second = make(ExprKind::Binary(operator, place, Box::new(middle.clone()), Box::new(right)), link);
        return make(ExprKind::Binary(BinaryOperator::And, place, Box::new(left), Box::new(second)), span);
    }
    let span = left.span.to(right.span);
    make(ExprKind::Binary(operator, place, Box::new(left), Box::new(right)), span)
}

/// Whether an operand stands, without parentheses, where a looser operator may not stand.
fn is_loose_in(operator: BinaryOperator, operand: &Expr) -> bool {
    match (&operand.kind, operator) {
        (_, BinaryOperator::And | BinaryOperator::Or) => false,
        (ExprKind::Unary(UnaryOperator::Not, _), _) => true,
        (ExprKind::Range { .. }, BinaryOperator::Arithmetic(_)) => true,
        _ => false,
    }
}

/// The last operand of a comparison that stands, without parentheses, on the left of another one.
fn chained(left: &Expr) -> Option<&Expr> {
    match &left.kind {
        ExprKind::Binary(operator, _, _, last) if compares(*operator) => Some(last),
        ExprKind::Binary(BinaryOperator::And, _, _, last) => chained(last),
        _ => None,
    }
}

fn unary<'t>(operator: UnaryOperator, place: Span, of: Expr, e: &mut Fold<'t, '_>) -> Expr {
    let is_loose = matches!(of.kind, ExprKind::Unary(UnaryOperator::Not, _) | ExprKind::Range { .. });
    if operator == UnaryOperator::Negate && is_loose {
        e.emit(Fault::new(of.span, Problem::Loose));
    }
    let span = place.to(of.span);
    make(ExprKind::Unary(operator, Box::new(of)), span)
}

fn closed_range<'t>(start: Option<Expr>, (inclusive, dots): (bool, Span), end: Expr, e: &mut Fold<'t, '_>) -> Expr {
    let is_range = |side: &Expr| matches!(side.kind, ExprKind::Range { .. });
    if start.as_ref().is_some_and(is_range) || is_range(&end) {
        e.emit(Fault::new(dots, Problem::ChainedRange));
    } else if matches!(end.kind, ExprKind::Unary(UnaryOperator::Not, _)) {
        e.emit(Fault::new(end.span, Problem::Loose));
    }
    let span = start.as_ref().map_or(dots, |start| start.span).to(end.span);
    make(ExprKind::Range { start: start.map(Box::new), end: Some(Box::new(end)), inclusive }, span)
}

/// A link of a postfix chain.
enum Link {
    Member { name: Vec<Name>, arguments: Option<Vec<crate::syntax::ast::Argument>>, null_safe: bool },
    Index { index: Expr, null_safe: bool },
}

/// `postfix_chain = operand { ( "." | "?." ) path [ call_arguments ] | "[" expr "]" [ "?" ] }`
fn postfix_chain<'t>(operand: Rule<'t, Expr>, expr: Rule<'t, Expr>) -> Rule<'t, Expr> {
    let dot = select! { Token::Dot => false, Token::QuestionDot => true }.labelled(Class::Operator);
    let member = dot.then(path()).then(stage::call_arguments(expr.clone()).or_not()).validate(
        |((null_safe, name), arguments), e, emitter| {
            if name.len() > 1 && arguments.is_none() {
                emitter.emit(Fault::new(e.span(), Problem::PathMember));
            }
            Link::Member { name, arguments, null_safe }
        },
    );
    let question =
        choice((just(Token::Question).to(true), just(Token::QuestionDot).rewind().to(true), empty().to(false)));
    let index = inner(expr)
        .delimited_by(just(Token::IndexOpen), just(Token::BracketClose))
        .then(question)
        .map(|(index, null_safe)| Link::Index { index, null_safe });
    operand.foldl_with(choice((member, index)).repeated(), |of, link, e| link.apply(of, e.span())).boxed()
}

impl Link {
    fn apply(self, of: Expr, span: Span) -> Expr {
        // The `?` of an index makes what follows null-safe, also where a blank stands between it and the dot.
        let follows_question = matches!(of.kind, ExprKind::Index { null_safe: true, .. });
        let of_box = Box::new(of);
        let kind = match self {
            Link::Index { index, null_safe } => ExprKind::Index { value: of_box, index: Box::new(index), null_safe },
            Link::Member { name: function, arguments: Some(arguments), null_safe } => {
                ExprKind::Method { receiver: of_box, function, arguments, null_safe: null_safe || follows_question }
            }
            Link::Member { mut name, arguments: None, null_safe } => match (name.pop(), name.is_empty()) {
                (Some(name), true) => {
                    ExprKind::Field { record: of_box, name, null_safe: null_safe || follows_question }
                }
                (Some(_) | None, _) => ExprKind::Error,
            },
        };
        make(kind, span)
    }
}

/// `operand = literal | path call_arguments | NAME | "(" pipeline ")" | list | record | map | interpolated | if_expr |
/// match_expr`
fn operand<'t>(expr: Rule<'t, Expr>, guard: Rule<'t, Expr>) -> Rule<'t, Expr> {
    choice((
        literal(),
        name_or_call(expr.clone()),
        parenthesized(expr.clone(), Token::ParenOpen),
        list(expr.clone()),
        record(expr.clone()),
        interpolated(expr.clone()),
        if_expr(expr.clone()),
        match_expr(expr, guard),
    ))
    .labelled(Class::Value)
    .boxed()
}

/// A lambda where a value is due: reported.
fn lambda_value<'t>(expr: Rule<'t, Expr>) -> Rule<'t, Expr> {
    let lambda = stage::lambda(expr).validate(|lambda, e, emitter| {
        emitter.emit(Fault::new(e.span(), Problem::LambdaValue));
        hole(lambda.span)
    });
    lambda.boxed()
}

/// `literal = INT | FLOAT | … | "null" | "it"`
pub(super) fn literal<'t>() -> Rule<'t, Expr> {
    select! {
        Token::Int(value) => ExprKind::Int(value),
        Token::Float(text) => ExprKind::Float(literal::float(text).unwrap_or(f64::NAN), text.into()),
        Token::String(text) => ExprKind::String(text),
        Token::RawString(text) => ExprKind::RawString(text.into()),
        Token::Date(days) => ExprKind::Date(days),
        Token::DateTime(at) => ExprKind::DateTime(at),
        Token::Duration(length) => ExprKind::Duration(length),
        Token::True => ExprKind::Bool(true),
        Token::False => ExprKind::Bool(false),
        Token::Null => ExprKind::Null,
        Token::It => ExprKind::It,
        Token::Faulty => ExprKind::Error,
    }
    .map_with(|kind, e| make(kind, e.span()))
    .labelled(Class::Value)
    .boxed()
}

/// Functions whose arguments are sort keys.
const RANKS: [&str; 2] = ["rank", "dense_rank"];

/// `path call_arguments | NAME`
fn name_or_call<'t>(expr: Rule<'t, Expr>) -> Rule<'t, Expr> {
    let further = just(Token::PathSeparator).ignore_then(name()).repeated().collect::<Vec<_>>();
    name()
        .then(further)
        .then(stage::call_arguments(expr).or_not())
        .validate(|((first, further), arguments), e, emitter| {
            let span: Span = e.span();
            if arguments.is_none() && further.is_empty() {
                return make(ExprKind::Name(first.text), span);
            }
            let mut function = vec![first];
            function.extend(further);
            let Some(arguments) = arguments else { return make(ExprKind::Path(function), span) };
            if matches!(function.as_slice(), [name] if RANKS.contains(&&*name.text)) {
                stage::check_sort_keys(&arguments).into_iter().for_each(|fault| emitter.emit(fault));
            }
            make(ExprKind::Call { function, arguments }, span)
        })
        .boxed()
}

/// `"(" pipeline ")"`
fn parenthesized<'t>(expr: Rule<'t, Expr>, open: Token<'t>) -> Rule<'t, Expr> {
    let broken = skip_until(|_| false).map(hole);
    let inside =
        stage::pipeline(expr).then_ignore(before(Class::Close, Token::closes)).recover_with(via_parser(broken));
    inside
        .delimited_by(just(open), just(Token::ParenClose))
        .map_with(|inner, e| make(ExprKind::Parenthesized(Box::new(inner)), e.span()))
        .boxed()
}

/// `list = "[" [ expr { "," expr } [ "," ] ] "]"`
fn list<'t>(expr: Rule<'t, Expr>) -> Rule<'t, Expr> {
    recovered(inner(expr), hole)
        .separated_by(just(Token::Comma))
        .allow_trailing()
        .collect()
        .delimited_by(just(Token::BracketOpen), just(Token::BracketClose))
        .map_with(|items, e| make(ExprKind::List(items), e.span()))
        .boxed()
}

/// An expression in a bracket. A pipeline there wants parentheses of its own: reported, and left as a hole.
pub(super) fn inner<'t>(expr: Rule<'t, Expr>) -> Rule<'t, Expr> {
    let bare = just(Token::Pipe).ignore_then(skip_until(ends_item));
    expr.then(bare.or_not())
        .validate(|(value, bare), e, emitter| {
            let Some(rest) = bare else { return value };
            let _: Span = e.span();
            let whole = value.span.to(rest);
            emitter.emit(Fault::new(whole, Problem::BarePipeline));
            hole(whole)
        })
        .boxed()
}

/// An item between braces that hold a record or a map.
enum Item {
    Record(RecordItem),
    Entry(Expr, Expr),
    /// Reported already.
    Fault,
}

/// `record = "{" [ field { "," field } [ "," ] ] "}"`, and a `map`, which begins alike.
fn record<'t>(expr: Rule<'t, Expr>) -> Rule<'t, Expr> {
    let item = choice((map(inner(expr.clone())), field(expr))).boxed();
    recovered(item, |_| Item::Fault)
        .separated_by(just(Token::Comma))
        .allow_trailing()
        .collect::<Vec<Item>>()
        .delimited_by(just(Token::BraceOpen), just(Token::BraceClose))
        .validate(|items, e, emitter| {
            let span = e.span();
            gather(items).unwrap_or_else(|problem| {
                if let Some(problem) = problem {
                    emitter.emit(Fault::new(span, problem));
                }
                ExprKind::Error
            })
        })
        .map_with(|kind, e| make(kind, e.span()))
        .boxed()
}

/// An entry of a `map`: `STRING ":" expr`
fn map<'t>(value: Rule<'t, Expr>) -> Rule<'t, Item> {
    select! { Token::String(text) = e => make(ExprKind::String(text), e.span()) }
        .then_ignore(just(Token::Colon))
        .then(value)
        .map(|(key, value)| Item::Entry(key, value))
        .boxed()
}

/// `field = "..." expr | NAME ":" expr | short_field`
fn field<'t>(expr: Rule<'t, Expr>) -> Rule<'t, Item> {
    let value = inner(expr.clone());
    let spread = just(Token::Spread).ignore_then(value.clone()).map(|value| Item::Record(RecordItem::Spread(value)));
    let named = name_before(Token::Colon).then(value).map(|(name, value)| Item::Record(RecordItem::Field(name, value)));
    choice((spread, named, short_field(expr))).boxed()
}

/// `short_field = NAME | postfix_chain ( "." | "?." ) NAME`
fn short_field<'t>(expr: Rule<'t, Expr>) -> Rule<'t, Item> {
    expr.validate(|value, _, emitter| {
        if !names_itself(&value) {
            emitter.emit(Fault::new(value.span, Problem::UnnamedField));
            return Item::Fault;
        }
        Item::Record(RecordItem::Short(value))
    })
    .boxed()
}

/// Whether a short field has a name: `name`, `a.b`.
fn names_itself(value: &Expr) -> bool {
    matches!(value.kind, ExprKind::Name(_) | ExprKind::Field { .. } | ExprKind::Error)
}

/// The record or map of these items; a faulty one leaves a hole of all, so that no field is missed later.
fn gather(items: Vec<Item>) -> Result<ExprKind, Option<Problem>> {
    let (mut fields, mut entries) = (Vec::new(), Vec::new());
    for item in items {
        match item {
            Item::Record(item) => fields.push(item),
            Item::Entry(key, value) => entries.push((key, value)),
            Item::Fault => return Err(None),
        }
    }
    match (fields.is_empty(), entries.is_empty()) {
        (_, true) => Ok(ExprKind::Record(fields)),
        (true, false) => Ok(ExprKind::Map(entries)),
        (false, false) => Err(Some(Problem::MixedMap)),
    }
}

/// `interpolated = FORMAT_START { FORMAT_TEXT | "{" expr [ FORMAT ] "}" } FORMAT_END`
fn interpolated<'t>(expr: Rule<'t, Expr>) -> Rule<'t, Expr> {
    let text = select! { Token::FormatText(text) => Fragment::Text(text) };
    let format = select! { Token::HoleFormat(text) = e => Name { text: text.into(), span: e.span() } };
    let piece = recovered(inner(expr), hole)
        .then(format.or_not())
        .delimited_by(just(Token::HoleOpen), just(Token::HoleClose))
        .map(|(value, format)| Fragment::Hole { value, format });
    choice((text, piece))
        .repeated()
        .collect()
        .delimited_by(just(Token::FormatStart), just(Token::FormatEnd))
        .map_with(|fragments, e| make(ExprKind::Interpolated(fragments), e.span()))
        .boxed()
}

/// `if_expr = "if" expr block "else" ( block | if_expr )`
fn if_expr<'t>(expr: Rule<'t, Expr>) -> Rule<'t, Expr> {
    let block = statement::block(expr.clone());
    recursive(|again| {
        let nested = again.map(|nested: Expr| {
            let span = nested.span;
            Block { statements: Vec::new(), value: Some(Box::new(nested)), span }
        });
        just(Token::If)
            .ignore_then(expr)
            .then(block.clone())
            .then(just(Token::Else).ignore_then(choice((nested, block))).or_not())
            .validate(|((condition, then), otherwise), e, emitter| {
                let span: Span = e.span();
                if otherwise.is_none() {
                    emitter.emit(Fault::new(span, Problem::NoElse));
                }
                make(ExprKind::If { condition: Box::new(condition), then, otherwise }, span)
            })
    })
    .boxed()
}

/// `match_expr = "match" expr "{" [ arm { ( "," | END ) arm } [ "," | END ] ] "}"`
fn match_expr<'t>(expr: Rule<'t, Expr>, guard: Rule<'t, Expr>) -> Rule<'t, Expr> {
    let faulty =
        |span| Arm { pattern: crate::syntax::ast::Pattern::Anything(span), guard: None, value: hole(span), span };
    let separator = choice((just(Token::Comma).ignored(), just(Token::End).repeated().at_least(1)));
    let arms =
        recovered(arm(expr.clone(), guard), faulty).separated_by(separator).allow_trailing().collect::<Vec<Arm>>();
    just(Token::Match)
        .ignore_then(expr)
        .then(arms.delimited_by(just(Token::BlockOpen), just(Token::BraceClose)))
        .map_with(|(subject, arms), e| make(ExprKind::Match { subject: Box::new(subject), arms }, e.span()))
        .boxed()
}

/// `arm = pattern [ "if" expr ] "=>" expr`
fn arm<'t>(expr: Rule<'t, Expr>, guard: Rule<'t, Expr>) -> Rule<'t, Arm> {
    pattern::pattern()
        .then(just(Token::If).ignore_then(guard).or_not())
        .then_ignore(just(Token::FatArrow))
        .then(inner(expr))
        .map_with(|((pattern, guard), value), e| Arm { pattern, guard, value, span: e.span() })
        .boxed()
}
