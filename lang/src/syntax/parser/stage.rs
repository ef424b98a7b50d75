//! Pipelines, stages, their arguments, and those of calls.

use super::faults::{Class, Fault, Problem};
use super::{Rule, before, ends_stage, expr, hole, name, name_before, path, place, recovered, skip_until, types};
use crate::source::Span;
use crate::syntax::ast::{Argument, ArgumentValue, Expr, ExprKind, Label, Name, Stage, UnaryOperator};
use crate::syntax::token::Token;
use chumsky::prelude::*;

/// `pipeline = expr { "|" stage }`
pub(super) fn pipeline<'t>(expr: Rule<'t, Expr>) -> Rule<'t, Expr> {
    let source = expr
        .clone()
        .then_ignore(before(Class::Pipe, ends_stage))
        .recover_with(via_parser(skip_until(ends_stage).map(hole)));
    source
        .then(stage(expr).repeated().collect::<Vec<_>>())
        .validate(|(source, parsed), e, emitter| {
            let span: Span = e.span();
            if parsed.is_empty() {
                return source;
            }
            let mut stages = Vec::with_capacity(parsed.len());
            for Parsed { stage, after } in parsed {
                let pipeline = source.span.to(stage.span);
                emitter_after(&stage, after, pipeline).into_iter().for_each(|fault| emitter.emit(fault));
                stages.push(stage);
            }
            Expr { kind: ExprKind::Pipeline { source: Box::new(source), stages }, span }
        })
        .boxed()
}

/// A stage, and what stands behind it where nothing may.
struct Parsed {
    stage: Stage,
    after: Option<After>,
}

enum After {
    /// Something behind the parentheses of a stage: those, and that.
    Call(Span, Span),
    /// A minus with blanks around it behind the name.
    Minus(Span),
}

fn emitter_after(stage: &Stage, after: Option<After>, pipeline: Span) -> Option<Fault> {
    let sorts = stage.name.last().is_some_and(|name| &*name.text == "sort");
    Some(match after? {
        After::Minus(span) if sorts => Fault::new(span, Problem::LooseMinus),
        After::Minus(span) | After::Call(_, span) => Fault::new(span, Problem::AfterStage { pipeline }),
    })
}

/// `by` or `on`: the place of the word, and its arguments.
type Clause = (Span, Vec<Argument>);

/// What follows the name of a stage, before `by` and `on`.
struct Head {
    arguments: Vec<Argument>,
    called: bool,
    after: Option<After>,
}

/// `stage = path [ stage_arguments ] { "by" arguments | "on" arguments }`, with the pipe before it.
fn stage<'t>(expr: Rule<'t, Expr>) -> Rule<'t, Parsed> {
    let body = stage_path()
        .then(stage_arguments(expr.clone()))
        .then(clauses(expr))
        .then_ignore(before(Class::Pipe, ends_stage))
        .map_with(|((name, head), clauses), e| (name, head, clauses, e.span()));
    let whole = place(Token::Pipe).then(body).validate(|(pipe, (name, head, clauses, span)), _, emitter| {
        let (mut by, mut on) = (None, None);
        for (is_by, word, arguments) in clauses {
            let slot = if is_by { &mut by } else { &mut on };
            match slot {
                None => *slot = Some((word, arguments)),
                Some(_) => emitter.emit(Fault::new(word, Problem::RepeatedClause)),
            }
        }
        let nothing = nothing_to_aggregate(&name, &head, &by, span);
        let names = name.first().zip(name.last()).map_or(span, |(first, last)| first.span.to(last.span));
        let span = match &head.after {
            None => span,
            Some(After::Call(closed, _)) => names.to(*closed),
            Some(After::Minus(_)) => names,
        };
        let broken = head.after.is_some() || nothing.is_some();
        nothing.into_iter().for_each(|fault| emitter.emit(fault));
        let stage = Stage { name, arguments: head.arguments, called: head.called, by, on, span, pipe, broken };
        if matches!(stage.name.as_slice(), [name] if &*name.text == "sort") {
            check_sort_keys(&stage.arguments).into_iter().for_each(|fault| emitter.emit(fault));
        }
        Parsed { stage, after: head.after }
    });
    whole.recover_with(via_parser(broken_stage())).boxed()
}

/// E0107: `aggregate` without a reducer.
fn nothing_to_aggregate(name: &[Name], head: &Head, by: &Option<Clause>, span: Span) -> Option<Fault> {
    let [Name { text, .. }] = name else { return None };
    let first_and_last =
        |keys: &[Argument]| keys.first().zip(keys.last()).map(|(first, last)| first.span.to(last.span));
    let keys = match &**text {
        "aggregate" if head.arguments.is_empty() && head.after.is_none() => by.as_ref().map(|(_, keys)| keys),
        _ => return None,
    };
    Some(Fault::new(span, Problem::NothingToAggregate { keys: keys.and_then(|keys| first_and_last(keys)) }))
}

/// What remains of a stage with a fault in it: its name, up to the next pipe.
fn broken_stage<'t>() -> Rule<'t, Parsed> {
    place(Token::Pipe)
        .then(path().or_not())
        .then(skip_until(ends_stage).or_not())
        .map_with(|((pipe, name), rest), e| {
            let whole: Span = e.span();
            let nowhere = pipe.at_end();
            let name = name.unwrap_or_else(|| vec![Name { text: "".into(), span: rest.unwrap_or(nowhere) }]);
            let span = name.first().map_or(nowhere, |first| first.span.to(whole.at_end()));
            let stage =
                Stage { name, arguments: Vec::new(), called: false, by: None, on: None, span, pipe, broken: true };
            Parsed { stage, after: None }
        })
        .boxed()
}

fn stage_path<'t>() -> Rule<'t, Vec<Name>> {
    path().labelled(Class::Stage).boxed()
}

/// `[ stage_arguments ]`: in parentheses that touch the name, in spaced ones around all, or bare.
fn stage_arguments<'t>(expr: Rule<'t, Expr>) -> Rule<'t, Head> {
    let rest = any()
        .filter(|token: &Token| !ends_stage(token) && !matches!(token, Token::By | Token::On))
        .rewind()
        .ignore_then(skip_until(ends_stage))
        .or_not();
    let called = call_arguments(expr.clone()).map(|arguments| (arguments, true));
    let wrapped = wrapped(expr.clone(), Token::WrapOpen).map(|arguments| (arguments, false));
    let closed = choice((called, wrapped)).map_with(|arguments, e| (arguments, e.span())).then(rest);
    let closed = closed.map(|(((arguments, called), span), rest)| Head {
        arguments,
        called,
        after: rest.map(|rest| After::Call(span, rest)),
    });
    let minus = just(Token::LooseMinus).rewind().ignore_then(skip_until(ends_stage)).map(|span| Head {
        arguments: Vec::new(),
        called: false,
        after: Some(After::Minus(span)),
    });
    let bare = arguments(expr).map(|arguments| Head { arguments, called: false, after: None });
    let none = empty().map(|()| Head { arguments: Vec::new(), called: false, after: None });
    choice((closed, minus, bare, none)).boxed()
}

/// `{ "by" arguments | "on" arguments }`: whether it is `by`, its place, the arguments.
fn clauses<'t>(expr: Rule<'t, Expr>) -> Rule<'t, Vec<(bool, Span, Vec<Argument>)>> {
    let word = select! { Token::By = e => (true, e.span()), Token::On = e => (false, e.span()) };
    word.labelled(Class::Operator)
        .then(arguments(expr))
        .map(|((is_by, word), arguments)| (is_by, word, arguments))
        .repeated()
        .collect()
        .boxed()
}

/// `arguments = argument { "," argument }`
fn arguments<'t>(expr: Rule<'t, Expr>) -> Rule<'t, Vec<Argument>> {
    argument(expr.clone(), expr).separated_by(just(Token::Comma)).at_least(1).collect().boxed()
}

/// `call_arguments = "(" [ arguments [ "," ] ] ")"`, the parenthesis touching the name before it.
pub(super) fn call_arguments<'t>(expr: Rule<'t, Expr>) -> Rule<'t, Vec<Argument>> {
    wrapped(expr, Token::CallOpen)
}

fn wrapped<'t>(expr: Rule<'t, Expr>, open: Token<'t>) -> Rule<'t, Vec<Argument>> {
    let faulty = |span| Argument { label: Label::None, value: ArgumentValue::Expr(hole(span)), span };
    recovered(argument(expr.clone(), expr::inner(expr)), faulty)
        .separated_by(just(Token::Comma))
        .allow_trailing()
        .collect()
        .delimited_by(just(open), just(Token::ParenClose))
        .boxed()
}

/// `argument = "schema" ":" type | [ NAME "=" | NAME ":" ] ( lambda | expr )`
fn argument<'t>(expr: Rule<'t, Expr>, value: Rule<'t, Expr>) -> Rule<'t, Argument> {
    let make = |label, value, span| Argument { label, value, span };
    let value = choice((lambda(expr), value)).map(ArgumentValue::Expr).boxed();
    let schema = select! { Token::Name("schema") = e => Name { text: "schema".into(), span: e.span() } }
        .then_ignore(just(Token::Colon).labelled(Class::Operator))
        .then(types::r#type())
        .map_with(move |(name, ty), e| make(Label::Option(name), ArgumentValue::Type(ty), e.span()));
    let label = choice((
        name_before(Token::Assign).map(Label::Column),
        name_before(Token::Colon).map(Label::Option),
        empty().to(Label::None),
    ));
    let labelled = label.then(value).map_with(move |(label, value), e| make(label, value, e.span()));
    choice((schema, labelled)).boxed()
}

/// `lambda = ( NAME | "(" [ NAME { "," NAME } [ "," ] ] ")" ) "=>" expr`
pub(super) fn lambda<'t>(expr: Rule<'t, Expr>) -> Rule<'t, Expr> {
    let several = name()
        .separated_by(just(Token::Comma))
        .allow_trailing()
        .collect()
        .delimited_by(just(Token::LambdaOpen), just(Token::ParenClose));
    let several = several.then_ignore(just(Token::FatArrow));
    let one = name_before(Token::FatArrow).map(|name| vec![name]);
    choice((several, one))
        .then(expr)
        .map_with(|(parameters, body), e| Expr {
            kind: ExprKind::Lambda { parameters, body: Box::new(body) },
            span: e.span(),
        })
        .boxed()
}

/// A leading minus in a sort key ends with what it stands before: a name, a call or parentheses.
pub(super) fn check_sort_keys(arguments: &[Argument]) -> Vec<Fault> {
    let keys = arguments.iter().filter(|key| key.label == Label::None).filter_map(Argument::expr);
    keys.filter_map(|key| {
        let key = without_parentheses(key);
        let minus = leading_minus(key)?;
        let operand = match &minus.kind {
            ExprKind::Unary(UnaryOperator::Negate, operand) if minus.span == key.span => operand,
            _ => {
                let operand = Span { start: minus.span.start + 1, ..key.span };
                return Some(Fault::new(minus.span, Problem::SortKey { operand }));
            }
        };
        let is_loose = matches!(operand.kind, ExprKind::Binary(..) | ExprKind::Unary(..) | ExprKind::Range { .. });
        is_loose.then(|| Fault::new(minus.span, Problem::SortKey { operand: operand.span }))
    })
    .collect()
}

fn without_parentheses(mut key: &Expr) -> &Expr {
    while let ExprKind::Parenthesized(inner) = &key.kind {
        key = inner;
    }
    key
}

/// The negation that an expression begins with.
fn leading_minus(key: &Expr) -> Option<&Expr> {
    match &key.kind {
        ExprKind::Unary(UnaryOperator::Negate, _) => Some(key),
        ExprKind::Binary(_, _, left, _) => leading_minus(left),
        ExprKind::Range { start: Some(start), .. } => leading_minus(start),
        _ => None,
    }
}
