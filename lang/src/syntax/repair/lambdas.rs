//! E0119: lambdas as Python writes them, `lambda x: x + 1`, and with steps in them, `x => { let n = x + 1  n * 2 }`: in
//! Pipe a lambda is one expression.

use super::{Tokens, end_of, slice};
use crate::codes::E0119;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::token::Token;

type Slice<'a, 's> = &'a [(Token<'s>, Span)];

/// Writes the heads with an arrow; a body of steps becomes a hole.
pub(super) fn repair<'s>(text: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len() + 4);
    let mut at = 0;
    while at < tokens.len() {
        if let Some((end, diagnostic)) = of_python(text, &tokens, at, &mut out) {
            diagnostics.push(diagnostic);
            at = end;
        } else if let [(Token::FatArrow, _), (Token::BraceOpen, open), (Token::Let, word), ..] = &tokens[at..] {
            let end = end_of(&tokens, at + 2, |_| false);
            let close = tokens.get(end).map_or(*word, |(_, close)| *close);
            diagnostics.push(of_steps(text, *word, open.to(close), parameters(&out)));
            out.extend([tokens[at].clone(), (Token::Faulty, open.to(close))]);
            at = end + 1;
        } else {
            out.push(tokens[at].clone());
            at += 1;
        }
    }
    out
}

/// The head of a lambda of Python, which is copied as one of Pipe; gives the position behind it.
fn of_python<'s>(text: &str, tokens: Slice<'_, 's>, at: usize, out: &mut Tokens<'s>) -> Option<(usize, Diagnostic)> {
    let [(Token::Name("lambda"), first), rest @ ..] = &tokens[at..] else { return None };
    let count = rest.iter().take_while(|(token, _)| matches!(token, Token::Name(_) | Token::Comma)).count();
    let (names, (Token::Colon, colon)) = (&rest[..count], rest.get(count)?) else { return None };
    let ([(_, start), ..], [.., (_, end)]) = (names, names) else { return None };
    let (whole, shown) = (first.to(*colon), slice(text, start.to(*end)));
    let several = names.len() > 1;
    let fixed = if several { format!("({shown}) =>") } else { format!("{shown} =>") };
    out.extend(several.then_some((Token::LambdaOpen, *first)));
    out.extend_from_slice(names);
    out.extend(several.then_some((Token::ParenClose, *end)));
    out.push((Token::FatArrow, *colon));
    let diagnostic = Diagnostic::error(E0119, whole, "Pipe writes a function `x => …`").fix(whole, fixed);
    Some((at + 2 + count, diagnostic))
}

/// The parameters of the lambda whose head these tokens end with.
fn parameters<'s>(head: Slice<'_, 's>) -> Vec<&'s str> {
    let start = match head {
        [.., (Token::ParenClose, _)] => head.iter().rposition(|(token, _)| *token == Token::LambdaOpen).unwrap_or(0),
        _ => head.len().saturating_sub(1),
    };
    let name = |(token, _): &(Token<'s>, Span)| match token {
        Token::Name(name) => Some(*name),
        _ => None,
    };
    head[start..].iter().filter_map(name).collect()
}

fn of_steps(text: &str, word: Span, body: Span, parameters: Vec<&str>) -> Diagnostic {
    let typed: Vec<String> = parameters.iter().map(|name| format!("{name}: int")).collect();
    let lines: Vec<&str> = slice(text, body).lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let steps = lines.join("; ").replace("{; ", "{ ").replace("; }", " }");
    let steps = if steps.len() > 60 || steps.contains('#') { "{ … }" } else { &steps };
    Diagnostic::error(E0119, word, "a lambda is one expression")
        .saying("steps go into a function")
        .help(format!("with the types that they have: `fn step({}) {steps}`", typed.join(", ")))
        .help(format!("and in place of the braces: `step({})`", parameters.join(", ")))
}
