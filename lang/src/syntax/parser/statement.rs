//! Statements and blocks.

use super::faults::{Class, Fault, Problem};
use super::{Rule, expr, hole, name, recovered, skip_until, stage, types};
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::token::Token;
use chumsky::prelude::*;

/// `statement = let_statement | function | parameter | type_alias | import | test | pipeline`
pub(super) fn statement<'t>(docs: Docs) -> Rule<'t, Statement> {
    let expr = expr::expr();
    choice((
        let_statement(expr.clone()).map(Statement::Let),
        function(expr.clone()).map(Statement::Function),
        parameter(expr.clone(), docs).map(Statement::Parameter),
        type_alias().map(Statement::Type),
        import().map(Statement::Import),
        test(expr.clone()).map(Statement::Test),
        stage::pipeline(expr).map(Statement::Expression),
    ))
    .then_ignore(end())
    .boxed()
}

/// `let_statement = "let" NAME "=" pipeline`. A faulty value leaves a hole, so that the name is known nevertheless.
fn let_statement<'t>(expr: Rule<'t, Expr>) -> Rule<'t, Let> {
    let rest = || skip_until(|token| *token == Token::End);
    let lambda = stage::lambda(expr.clone());
    let value = choice((lambda, stage::pipeline(expr)))
        .then_ignore(super::before(Class::Pipe, |token| *token == Token::End || token.closes()))
        .recover_with(via_parser(rest().map(hole)));
    let whole = just(Token::Let).ignore_then(name()).then_ignore(just(Token::Assign)).then(value).validate(
        |(name, value), e, emitter| {
            let span: Span = e.span();
            let value = match value {
                Expr { kind: ExprKind::Lambda { parameters, body }, span: place } => {
                    let parameters = parameters.iter().map(|parameter| parameter.span).collect();
                    let problem = Problem::LambdaLet { name: name.span, parameters, body: body.span };
                    emitter.emit(Fault::new(span, problem));
                    hole(place)
                }
                value => value,
            };
            Let { name, value, span }
        },
    );
    let nothing = just(Token::Let).ignore_then(name()).then(rest().or_not()).map_with(|(name, rest), e| {
        let value = hole(rest.unwrap_or(name.span.at_end()));
        Let { name, value, span: e.span() }
    });
    whole.recover_with(via_parser(nothing)).boxed()
}

/// `function = "fn" NAME "(" [ function_parameter { "," function_parameter } [ "," ] ] ")" [ "->" type ] block`
fn function<'t>(expr: Rule<'t, Expr>) -> Rule<'t, Function> {
    let open = choice((just(Token::CallOpen), just(Token::ParenOpen)));
    just(Token::Fn)
        .ignore_then(name())
        .then(
            function_parameter(expr.clone())
                .separated_by(just(Token::Comma))
                .allow_trailing()
                .collect::<Vec<_>>()
                .delimited_by(open, just(Token::ParenClose)),
        )
        .then(just(Token::Arrow).ignore_then(types::r#type()).or_not())
        .then(block(expr))
        .map_with(|(((name, parameters), result), body), e| Function { name, parameters, result, body, span: e.span() })
        .boxed()
}

/// `function_parameter = NAME ":" type [ "=" expr ]`
fn function_parameter<'t>(expr: Rule<'t, Expr>) -> Rule<'t, FunctionParameter> {
    let parameter = name()
        .then(just(Token::Colon).ignore_then(types::r#type()).or_not())
        .then(just(Token::Assign).ignore_then(expr).or_not())
        .validate(|((name, ty), default), _, emitter| {
            let ty = ty.unwrap_or_else(|| {
                emitter.emit(Fault::new(name.span, Problem::NoParameterType));
                TypeExpr::Error(name.span)
            });
            FunctionParameter { name, ty, default }
        });
    let faulty =
        |span| FunctionParameter { name: Name { text: "".into(), span }, ty: TypeExpr::Error(span), default: None };
    recovered(parameter.boxed(), faulty)
}

/// `parameter = "param" NAME ":" type [ "=" expr ]`
fn parameter<'t>(expr: Rule<'t, Expr>, docs: Docs) -> Rule<'t, ScriptParameter> {
    just(Token::Param)
        .ignore_then(name())
        .then(just(Token::Colon).ignore_then(types::r#type()).or_not())
        .then(just(Token::Assign).ignore_then(expr).or_not())
        .validate(move |((name, ty), default), e, emitter| {
            let span: Span = e.span();
            let ty = ty.unwrap_or_else(|| {
                emitter.emit(Fault::new(name.span, Problem::NoParameterType));
                TypeExpr::Error(name.span)
            });
            let doc = docs.binary_search_by_key(&span.start, |(start, _)| *start).ok().map(|at| docs[at].1.clone());
            ScriptParameter { name, ty, default, doc, span }
        })
        .boxed()
}

/// Comment lines that stand directly above something, by the byte where that begins.
type Docs = Vec<(u32, String)>;

/// The comments that are help texts if a parameter stands below them. `#!` in the first line is none.
pub(super) fn docs(text: &str, comments: &[Span]) -> Docs {
    let mut docs: Docs = Vec::new();
    for span in comments {
        let (before, rest) =
            (text.get(..span.start as usize).unwrap_or(""), text.get(span.end as usize..).unwrap_or(""));
        let line = before.trim_end_matches([' ', '\t']);
        let own_line = line.is_empty() || line.ends_with(['\n', '\u{feff}']);
        let comment = text.get(span.range()).unwrap_or("").strip_prefix('#').unwrap_or("").trim();
        let below = rest.strip_prefix('\n').unwrap_or(rest).trim_start_matches([' ', '\t']);
        let is_shebang = span.start == 0 && text.starts_with("#!");
        if !own_line || is_shebang {
            continue;
        }
        let below = (text.len() - below.len()) as u32;
        match docs.last_mut() {
            Some((at, above)) if *at == span.start => {
                above.push('\n');
                above.push_str(comment);
                *at = below;
            }
            _ => docs.push((below, comment.to_string())),
        }
    }
    docs
}

/// `type_alias = "type" NAME "=" type`
fn type_alias<'t>() -> Rule<'t, TypeAlias> {
    just(Token::Type)
        .ignore_then(name())
        .then_ignore(just(Token::Assign))
        .then(types::r#type())
        .map_with(|(name, ty), e| TypeAlias { name, ty, span: e.span() })
        .boxed()
}

/// `import = "import" STRING [ "as" NAME ]`
fn import<'t>() -> Rule<'t, Import> {
    just(Token::Import)
        .ignore_then(select! { Token::String(path) = e => (path, e.span()) })
        .then(just(Token::As).ignore_then(name()).or_not())
        .map_with(|((path, path_span), alias), e| Import { path, path_span, alias, span: e.span() })
        .boxed()
}

/// `test = "test" STRING "{" [ test_statement { END test_statement } ] "}"`
fn test<'t>(expr: Rule<'t, Expr>) -> Rule<'t, Test> {
    let body = block_of(expr, |statements, span, _| Block { statements, value: None, span });
    just(Token::Test)
        .ignore_then(select! { Token::String(name) = e => (name, e.span()) })
        .then(body)
        .map_with(|((name, name_span), body), e| Test { name, name_span, body, span: e.span() })
        .boxed()
}

/// `block = "{" { let_statement END } pipeline "}"`
pub(super) fn block<'t>(expr: Rule<'t, Expr>) -> Rule<'t, Block> {
    block_of(expr, |mut statements, span, faults| {
        let value = match statements.pop() {
            Some(Statement::Expression(value)) => Some(Box::new(value)),
            Some(broken @ Statement::Error(_)) => {
                statements.push(broken);
                None
            }
            other => {
                faults.push(Fault::new(Span { start: span.end.saturating_sub(1), ..span }, Problem::NoValue));
                statements.extend(other);
                None
            }
        };
        for statement in &statements {
            if let Statement::Expression(Expr { kind, span }) = statement
                && *kind != ExprKind::Error
            {
                faults.push(Fault::new(*span, Problem::UnusedValue));
            }
        }
        Block { statements, value, span }
    })
}

/// Statements between braces, made a block by `finish`.
fn block_of<'t>(expr: Rule<'t, Expr>, finish: fn(Vec<Statement>, Span, &mut Vec<Fault>) -> Block) -> Rule<'t, Block> {
    let ends = just(Token::End).repeated();
    ends.ignore_then(
        test_statement(expr).separated_by(just(Token::End).repeated().at_least(1)).allow_trailing().collect::<Vec<_>>(),
    )
    .delimited_by(just(Token::BlockOpen), just(Token::BraceClose))
    .validate(move |statements, e, emitter| {
        let mut faults = Vec::new();
        let block = finish(statements, e.span(), &mut faults);
        faults.into_iter().for_each(|fault| emitter.emit(fault));
        block
    })
    .labelled(Class::Block)
    .boxed()
}

/// `test_statement = let_statement | pipeline`: what stands in any block.
fn test_statement<'t>(expr: Rule<'t, Expr>) -> Rule<'t, Statement> {
    let ends = |token: &Token| *token == Token::End;
    choice((let_statement(expr.clone()).map(Statement::Let), stage::pipeline(expr).map(Statement::Expression)))
        .then_ignore(super::before(Class::End, |token| *token == Token::End || token.closes()))
        .recover_with(via_parser(skip_until(ends).map(Statement::Error)))
        .boxed()
}
