//! How other languages begin a statement: assignments, loops, SQL.

use super::{Tokens, end_of, slice};
use crate::codes::*;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::token::Token;

/// Words that begin a declaration elsewhere.
const DECLARATIONS: [&str; 6] = ["var", "const", "val", "mut", "auto", "set"];
/// Words that begin a loop elsewhere.
const LOOPS: [&str; 4] = ["for", "while", "loop", "foreach"];

/// E0109, E0114 and E0116, at the start of each statement.
pub(super) fn repair<'s>(text: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len() + 4);
    let mut bound: Vec<&'s str> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let starts = out.last().is_none_or(|(last, _)| matches!(last, Token::End | Token::BlockOpen));
        if let [(Token::Let, _), (Token::Name(name), _), ..] = &tokens[at..] {
            bound.push(name);
        }
        match starts.then(|| mistake(text, &tokens, at, &bound)).flatten() {
            Some((Mend::Declare { skip, insert }, diagnostic)) => {
                diagnostics.push(diagnostic);
                out.push((Token::Let, tokens[at].1));
                if !insert {
                    at += skip;
                }
                if let (Token::Name(name), _) = &tokens[at] {
                    bound.push(name);
                }
            }
            Some((Mend::Forget { end }, diagnostic)) => {
                diagnostics.push(diagnostic);
                let span = tokens[at].1.to(tokens[end - 1].1);
                out.push((Token::Faulty, span));
                at = end;
                continue;
            }
            Some((Mend::Leave, diagnostic)) => {
                diagnostics.push(diagnostic);
                at += 1;
                continue;
            }
            None => {}
        }
        out.push(tokens[at].clone());
        at += 1;
    }
    out
}

enum Mend {
    /// It is a `let`: put one before, or in place of the first tokens.
    Declare { skip: usize, insert: bool },
    /// Leave out the first token.
    Leave,
    /// It means nothing in Pipe: leave a hole in place of it.
    Forget { end: usize },
}

fn mistake<'s>(text: &str, tokens: &[(Token<'s>, Span)], at: usize, bound: &[&'s str]) -> Option<(Mend, Diagnostic)> {
    let end = end_of(tokens, at, |token| *token == Token::End).max(at + 1);
    let forget = Mend::Forget { end };
    match &tokens[at..end] {
        [(Token::Name(name), place), (Token::Assign, _), value @ ..] => {
            let changes = bound.contains(name) || value.iter().any(|(token, _)| token == &Token::Name(name));
            let insertion = Span { end: place.start, ..*place };
            let error = Diagnostic::error(E0116, *place, "a name is bound with `let`");
            Some(if changes {
                (forget, no_change(*place))
            } else {
                (Mend::Declare { skip: 0, insert: true }, error.fix(insertion, "let "))
            })
        }
        [(Token::Name(_), place), (Token::CompoundAssign, operator), ..] => {
            Some((forget, no_change(place.to(*operator))))
        }
        [(Token::Name(word), place), (Token::Name(_), _), (Token::Assign, _), ..] if DECLARATIONS.contains(word) => {
            let error = Diagnostic::error(E0116, *place, "a name is bound with `let`").fix(*place, "let");
            Some((Mend::Declare { skip: 1, insert: false }, error))
        }
        [(Token::Name(word), place), (next, _), ..] if LOOPS.contains(word) && begins_loop(next) => {
            let error = Diagnostic::error(E0116, *place, "there are no loops; a stage works on all rows by itself")
                .help("`fold` and `scan` carry a state through a stream: `1..10 | fold 0, (s, x) => s + x`");
            Some((forget, error))
        }
        [(Token::Name("return"), place), (next, _), ..] if next.starts_operand() || *next == Token::Minus => {
            let error = Diagnostic::error(E0114, *place, "Pipe has no `return`: the last line of a block is its value");
            Some((Mend::Leave, error.fix(*place, "")))
        }
        [(Token::Name("import"), _), (Token::Name(file), path), ..] => {
            let error = Diagnostic::error(E0130, *path, "the file of an import stands in quotes");
            Some((forget, error.fix(*path, format!("\"{file}.pipe\""))))
        }
        [(Token::Name(word), place), rest @ ..] if word.eq_ignore_ascii_case("select") && begins_sql(rest) => {
            Some((forget, sql(text, *place, rest)))
        }
        _ => None,
    }
}

fn no_change(place: Span) -> Diagnostic {
    Diagnostic::error(E0116, place, "nothing changes here: a name keeps its value")
        .help("give the new value a name of its own with `let`, or use `fold` or `scan`")
}

fn begins_loop(next: &Token) -> bool {
    next.starts_operand() || matches!(next, Token::Not | Token::Let | Token::BlockOpen | Token::CallOpen)
}

fn is_word(token: &Token, word: &str) -> bool {
    matches!(token, Token::Name(name) if name.eq_ignore_ascii_case(word))
}

fn begins_sql(rest: &[(Token, Span)]) -> bool {
    rest.first().is_some_and(|(token, _)| token.is_name() || *token == Token::Star)
        && rest.iter().any(|(token, _)| is_word(token, "from"))
}

/// E0109: the same query in Pipe, where it is `select … from … [where …]`.
fn sql(text: &str, place: Span, rest: &[(Token, Span)]) -> Diagnostic {
    let error = Diagnostic::error(E0109, place, "this looks like SQL; a pipeline begins with its table");
    let from = rest.iter().position(|(token, _)| is_word(token, "from")).unwrap_or(0);
    let (columns, tail) = (&rest[..from], rest.get(from + 1..).unwrap_or(&[]));
    let all = matches!(columns, [(Token::Star, _)]);
    let table = match tail {
        [(Token::Name(table), _)] => table,
        [(Token::Name(table), _), (filter, _), ..] if is_word(filter, "where") => table,
        _ => return error.help("for example `orders | filter qty > 3 | select id, qty`"),
    };
    let whole = |tokens: &[(Token, Span)]| match (tokens.first(), tokens.last()) {
        (Some((_, first)), Some((_, last))) => slice(text, first.to(*last)).to_string(),
        _ => String::new(),
    };
    let condition = tail.get(2..).unwrap_or(&[]);
    let simple = |(token, _): &(Token, Span)| !matches!(token, Token::Name(_)) || !is_clause(token);
    if !condition.iter().all(simple) || (tail.len() > 1 && condition.is_empty()) {
        return error.help("for example `orders | filter qty > 3 | select id, qty`");
    }
    let filter = if condition.is_empty() { String::new() } else { format!(" | filter {}", whole(condition)) };
    let filter = filter.replace(" = ", " == ").replace(" <> ", " != ");
    let select = if all { String::new() } else { format!(" | select {}", whole(columns)) };
    let end = rest.last().map_or(place, |(_, span)| *span);
    error.fix(place.to(end), format!("{table}{filter}{select}"))
}

fn is_clause(token: &Token) -> bool {
    ["group", "order", "limit", "having", "join", "union", "like", "between"].iter().any(|word| is_word(token, word))
}
