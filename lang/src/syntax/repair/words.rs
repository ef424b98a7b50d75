//! E0114: words of other languages between operands (`like`, `between`, `is null`, `mod`) and in calls
//! (`cast(x as int)`, `count(distinct x)`, `in (1, 2)`).

use super::{Tokens, end_of, item_start, slice};
use crate::aliases;
use crate::codes::*;
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::Span;
use crate::syntax::brackets::stage_name;
use crate::syntax::token::Token;
use std::sync::Arc;

/// Words for an operator.
const OPERATORS: [(&str, &str, Token); 11] = [
    ("eq", "==", Token::Equal),
    ("equals", "==", Token::Equal),
    ("ne", "!=", Token::NotEqual),
    ("lt", "<", Token::Less),
    ("le", "<=", Token::LessOrEqual),
    ("gt", ">", Token::Greater),
    ("ge", ">=", Token::GreaterOrEqual),
    ("div", "//", Token::DoubleSlash),
    ("mod", "%", Token::Percent),
    ("rlike", "~", Token::Tilde),
    ("matches", "~", Token::Tilde),
];
/// Parts of dates and times that SQL extracts.
const PARTS: [&str; 8] = ["year", "quarter", "month", "week", "day", "hour", "minute", "second"];
/// Words for a function behind a dot.
const METHODS: [(&str, &str); 6] = [
    ("contains", "contains"),
    ("has", "contains"),
    ("startswith", "starts_with"),
    ("starts_with", "starts_with"),
    ("endswith", "ends_with"),
    ("ends_with", "ends_with"),
];

/// Mends words between operands, and calls with words in them.
pub(super) fn repair<'s>(text: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len() + 4);
    let mut at = 0;
    while at < tokens.len() {
        let mended = in_call(text, &tokens, at).or_else(|| between_operands(text, &tokens, at, &out));
        match mended {
            Some(mended) => {
                diagnostics.push(mended.diagnostic);
                if let Some((position, tokens)) = mended.before {
                    out.splice(position..position, tokens);
                }
                out.extend(mended.tokens);
                at = mended.end;
            }
            None => {
                out.push(tokens[at].clone());
                at += 1;
            }
        }
    }
    out
}

struct Mended<'s> {
    diagnostic: Diagnostic,
    /// Tokens to put in at a position of what stands before.
    before: Option<(usize, Tokens<'s>)>,
    tokens: Tokens<'s>,
    /// The position behind what they replace.
    end: usize,
}

impl<'s> Mended<'s> {
    fn new(diagnostic: Diagnostic, tokens: Tokens<'s>, end: usize) -> Option<Mended<'s>> {
        Some(Mended { diagnostic, before: None, tokens, end })
    }
}

fn no_word(word: &str, instead: &str, span: Span) -> Diagnostic {
    Diagnostic::error(E0114, span, format!("Pipe has no `{word}`; it writes `{instead}`"))
}

fn between_operands<'s>(
    text: &'s str,
    tokens: &[(Token<'s>, Span)],
    at: usize,
    out: &[(Token<'s>, Span)],
) -> Option<Mended<'s>> {
    let (Token::Name(word), span) = &tokens[at] else { return None };
    let (next, next_span) = tokens.get(at + 1)?;
    let (last, last_span) = out.last()?;
    let follows_operand = (last.ends_operand() || *last == Token::Not) && stage_name(out).is_none();
    if !follows_operand || !(next.starts_operand() || matches!(next, Token::Minus | Token::Not)) {
        return None;
    }
    let lower = word.to_ascii_lowercase();
    let connective = match &*lower {
        "and" => Some((Token::And, "and")),
        "or" => Some((Token::Or, "or")),
        "in" => Some((Token::In, "in")),
        _ => None,
    };
    if let Some((token, meant)) = connective {
        let error = Diagnostic::error(E0106, *span, format!("Pipe spells this `{meant}`")).fix(*span, meant);
        return Mended::new(error, vec![(token, *span)], at + 1);
    }
    if let Some((_, symbol, token)) = OPERATORS.iter().find(|(word, ..)| *word == lower) {
        return Mended::new(no_word(word, symbol, *span).fix(*span, *symbol), vec![(token.clone(), *span)], at + 1);
    }
    if let Some((_, method)) = METHODS.iter().find(|(word, _)| *word == lower) {
        let before =
            Edit { span: Span { start: last_span.end, end: next_span.start, ..*span }, text: format!(".{method}(") };
        let mut diagnostic = no_word(word, &format!(".{method}()"), *span)
            .help(format!("write `.{method}({})`", slice(text, *next_span)));
        diagnostic.edits = vec![before, Edit { span: next_span.at_end(), text: ")".into() }];
        let tokens = vec![
            (Token::Dot, *span),
            (Token::Name(method), *span),
            (Token::CallOpen, *span),
            (next.clone(), *next_span),
            (Token::ParenClose, next_span.at_end()),
        ];
        return Mended::new(diagnostic, tokens, at + 2);
    }
    match (&*lower, next) {
        ("like" | "ilike", _) => like(word, &lower, *span, next, *next_span, *last == Token::Not, at),
        ("is", _) => is(tokens, at, *span),
        ("between", _) => between(tokens, at, *span),
        ("using", Token::ParenOpen | Token::CallOpen) if is_in_stage(out) => {
            let error = no_word(word, "on", *span).fix(*span, "on");
            Mended::new(error, vec![(Token::On, *span), (Token::ParenOpen, *next_span)], at + 2)
        }
        ("as", Token::Name(name)) => named(text, out, name, span.to(*next_span), at),
        ("having", _) if is_in_stage(out) => {
            let diagnostic = no_word(word, "| filter", *span).fix(*span, "| filter");
            Mended::new(diagnostic, vec![(Token::Pipe, *span), (Token::Name("filter"), *span)], at + 1)
        }
        ("then", _) => {
            let diagnostic = no_word(word, "{ }", *span).help("`if x > 3 { 1 } else { 2 }`");
            Mended::new(diagnostic, vec![(Token::Comma, *span)], at + 1)
        }
        _ => None,
    }
}

/// Whether what follows these tokens stands in a stage and in no bracket of it.
fn is_in_stage(tokens: &[(Token, Span)]) -> bool {
    let mut depth = 0usize;
    for (token, _) in tokens.iter().rev() {
        match token {
            Token::Pipe if depth == 0 => return true,
            Token::End if depth == 0 => return false,
            _ if token.closes() => depth += 1,
            _ if token.opens() && depth == 0 => return false,
            _ if token.opens() => depth -= 1,
            _ => {}
        }
    }
    false
}

/// `name like "n%"`: a pattern of SQL as a regex.
fn like<'s>(
    word: &str,
    lower: &str,
    span: Span,
    next: &Token<'s>,
    next_span: Span,
    negated: bool,
    at: usize,
) -> Option<Mended<'s>> {
    let error = no_word(word, "~", span);
    let (Token::String(pattern), false) = (next, negated) else {
        let diagnostic = error.help("`name ~ r\"^S\"` matches what begins with S");
        let tokens = vec![(if negated { Token::In } else { Token::Tilde }, span), (Token::Faulty, next_span)];
        return Mended::new(diagnostic, tokens, at + 2);
    };
    let regex = format!("{}{}", if lower == "ilike" { "(?i)" } else { "" }, regex_of(pattern));
    let diagnostic = error.fix(span.to(next_span), format!("~ r\"{regex}\""));
    Mended::new(diagnostic, vec![(Token::Tilde, span), (Token::String(regex.into()), next_span)], at + 2)
}

/// The regex that a pattern of `like` is.
fn regex_of(pattern: &Arc<str>) -> String {
    let inner = pattern.trim_matches('%');
    let start = if pattern.starts_with('%') { "" } else { "^" };
    let end = if pattern.ends_with('%') { "" } else { "$" };
    let mut regex = String::from(start);
    for c in inner.chars() {
        match c {
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            '.' | '(' | ')' | '[' | ']' | '{' | '}' | '+' | '*' | '?' | '^' | '$' | '|' | '\\' => {
                regex.extend(['\\', c])
            }
            c => regex.push(c),
        }
    }
    regex + end
}

/// `x is null`, `x is not null`, `x is None`.
fn is<'s>(tokens: &[(Token<'s>, Span)], at: usize, span: Span) -> Option<Mended<'s>> {
    let (symbol, token, end, whole) = match tokens.get(at + 1) {
        Some((Token::Not, not)) => ("!=", Token::NotEqual, at + 2, span.to(*not)),
        _ => ("==", Token::Equal, at + 1, span),
    };
    let word = if end == at + 2 { "is not" } else { "is" };
    Mended::new(no_word(word, symbol, whole).fix(whole, symbol), vec![(token, whole)], end)
}

/// `x between a and b`
fn between<'s>(tokens: &[(Token<'s>, Span)], at: usize, span: Span) -> Option<Mended<'s>> {
    let stops = |token: &Token| matches!(token, Token::Pipe | Token::End | Token::Comma | Token::And);
    let and = end_of(tokens, at + 1, stops);
    let error = no_word("between", "in", span);
    let (Some((Token::And, _)), Some((_, after))) = (tokens.get(and), tokens.get(and + 1)) else {
        return Mended::new(error.help("`x in 2..4` holds from 2 to 4"), vec![(Token::In, span)], at + 1);
    };
    let gap = Span { start: tokens[and - 1].1.end, end: after.start, ..span };
    let mut diagnostic = error.fix(span, "in").help("`x in 2..4` holds from 2 to 4");
    diagnostic.edits.push(Edit { span: gap, text: "..".into() });
    let mut mended = vec![(Token::In, span)];
    mended.extend_from_slice(&tokens[at + 1..and]);
    mended.push((Token::Range, gap));
    Mended::new(diagnostic, mended, and + 1)
}

/// `select qty * price as total`: the name stands before its value.
fn named<'s>(text: &'s str, out: &[(Token<'s>, Span)], name: &'s str, whole: Span, at: usize) -> Option<Mended<'s>> {
    let error = no_word("as", "=", Span { end: whole.start + 2, ..whole });
    let start = item_start(out);
    let (_, first) = out.get(start)?;
    let is_item = start > 0
        && (stage_name(&out[..start]).is_some()
            || matches!(out[start - 1].0, Token::Comma | Token::By | Token::CallOpen | Token::WrapOpen));
    if !is_item {
        return Mended::new(error.help("`derive total = qty * price` names a column"), Vec::new(), at + 2);
    }
    let value = slice(text, first.to(out.last()?.1));
    let mut diagnostic = error.help(format!("replace with `{name} = {value}`"));
    let here = Span { end: first.start, ..*first };
    diagnostic.edits.push(Edit { span: here, text: format!("{name} = ") });
    diagnostic.edits.push(Edit { span: Span { start: out.last()?.1.end, ..whole }, text: String::new() });
    let label = vec![(Token::Name(name), here), (Token::Assign, here)];
    Some(Mended { diagnostic, before: Some((start, label)), tokens: Vec::new(), end: at + 2 })
}

fn in_call<'s>(text: &'s str, tokens: &[(Token<'s>, Span)], at: usize) -> Option<Mended<'s>> {
    match &tokens[at..] {
        [(Token::Name(name), start), (Token::CallOpen, open), (Token::Name(word), distinct), (next, value), ..]
            if name.eq_ignore_ascii_case("count") && word.eq_ignore_ascii_case("distinct") && next.starts_operand() =>
        {
            let span = start.to(*distinct);
            let diagnostic = Diagnostic::error(E0114, span, "Pipe counts what is distinct with `count_distinct(…)`");
            let edit = Span { end: value.start, ..span };
            Mended::new(
                diagnostic.fix(edit, "count_distinct("),
                vec![(Token::Name("count_distinct"), *start), (Token::CallOpen, *open)],
                at + 3,
            )
        }
        [
            (Token::Name(name), start),
            (Token::CallOpen, open),
            (Token::Name(part), place),
            (Token::Name(word), from),
            (next, value),
            ..,
        ] if name.eq_ignore_ascii_case("extract") && word.eq_ignore_ascii_case("from") && next.starts_operand() => {
            let part = PARTS.into_iter().find(|known| known.eq_ignore_ascii_case(part))?;
            let message = "a part of a date is a function named after it";
            let diagnostic = Diagnostic::error(E0114, place.to(*from), message);
            let edit = Span { end: value.start, ..*start };
            let tokens = vec![(Token::Name(part), *place), (Token::CallOpen, *open)];
            Mended::new(diagnostic.fix(edit, format!("{part}(")), tokens, at + 4)
        }
        [(Token::Name(name), start), (Token::CallOpen, open), ..] if is_cast(name) => {
            let end = end_of(tokens, at + 2, |_| false);
            let [value @ .., (Token::Name(word), _), (Token::Name(ty), _)] = tokens.get(at + 2..end)? else {
                return None;
            };
            let ([(_, first), ..], [.., (_, last)], true) = (value, value, word.eq_ignore_ascii_case("as")) else {
                return None;
            };
            let function = conversion(ty)?;
            let whole = start.to(tokens.get(end)?.1);
            let message = format!("Pipe has no `{name}`; a conversion is named after its type");
            let fixed = format!("{function}({})", slice(text, first.to(*last)));
            let mut mended = vec![(Token::Name(function), *start), (Token::CallOpen, *open)];
            mended.extend_from_slice(value);
            Mended::new(Diagnostic::error(E0114, whole, message).fix(whole, fixed), mended, end)
        }
        [(token @ (Token::In | Token::NotIn), span), (Token::ParenOpen, open), ..] => {
            let end = end_of(tokens, at + 2, |_| false);
            let commas = end_of(tokens, at + 2, |token| matches!(token, Token::Comma | Token::Pipe));
            let (Some((Token::Comma, _)), Some((_, close))) = (tokens.get(commas), tokens.get(end)) else {
                return None;
            };
            let mut diagnostic = Diagnostic::error(E0114, open.to(*close), "a list stands in brackets: `[1, 2]`");
            diagnostic.help.push("write `[` and `]` around it".into());
            diagnostic.edits = vec![Edit { span: *open, text: "[".into() }, Edit { span: *close, text: "]".into() }];
            let mut mended = vec![(token.clone(), *span), (Token::BracketOpen, *open)];
            mended.extend_from_slice(&tokens[at + 2..end]);
            mended.push((Token::BracketClose, *close));
            Mended::new(diagnostic, mended, end + 1)
        }
        _ => None,
    }
}

fn is_cast(name: &str) -> bool {
    ["cast", "try_cast", "safe_cast"].iter().any(|cast| name.eq_ignore_ascii_case(cast))
}

/// The function that converts to a type of SQL.
fn conversion(ty: &str) -> Option<&'static str> {
    let plain = ["int", "float", "string", "bool", "date", "datetime"];
    plain.into_iter().find(|name| name.eq_ignore_ascii_case(ty)).or_else(|| aliases::type_name(ty))
}
