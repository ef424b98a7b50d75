//! E0109: a query of SQL, with the same in Pipe where it is simple: one table, no joins, no nested queries.

use super::slice;
use crate::aliases;
use crate::codes::*;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::token::Token;

/// Words that begin a part of a query.
const CLAUSES: [&str; 8] = ["select", "from", "where", "group", "having", "order", "limit", "offset"];
/// Words that make a query more than simple.
const BEYOND: [&str; 8] = ["join", "union", "like", "between", "case", "over", "with", "is"];
/// Functions that work on many rows.
const REDUCERS: [&str; 5] = ["count", "sum", "min", "max", "mean"];

type Slice<'a, 's> = &'a [(Token<'s>, Span)];

/// Whether a query begins here: `select … from …`.
pub(super) fn begins(tokens: Slice) -> bool {
    let [(first, _), (second, _), ..] = tokens else { return false };
    is_word(first, "select")
        && (second.starts_operand() || *second == Token::Star)
        && query(tokens).iter().any(|(token, _)| is_word(token, "from"))
}

/// The position behind the query: it goes on over lines that begin with one of its words.
pub(super) fn end(tokens: Slice) -> usize {
    query(tokens).len()
}

fn query<'a, 's>(tokens: Slice<'a, 's>) -> Slice<'a, 's> {
    let ends = |at: &usize| {
        let goes_on = |(next, _): &(Token, Span)| CLAUSES[1..].iter().any(|word| is_word(next, word));
        tokens[*at].0 == Token::End && !tokens.get(at + 1).is_some_and(goes_on)
    };
    let end = (0..tokens.len()).find(|at| ends(at) || tokens[*at].0 == Token::Pipe).unwrap_or(tokens.len());
    &tokens[..end]
}

/// What is said of a query, with the same in Pipe if it is known.
pub(super) fn diagnostic(text: &str, tokens: Slice) -> Diagnostic {
    let query = query(tokens);
    let (first, last) = (query[0].1, query[query.len() - 1].1);
    let error = Diagnostic::error(E0109, first, "this looks like SQL; a pipeline begins with its table");
    match pipeline(text, query) {
        Some(pipeline) => error.fix(first.to(last), pipeline),
        None => error.help("for example `orders | filter qty > 3 | select id, qty`"),
    }
}

/// The query as a pipeline.
fn pipeline(text: &str, query: Slice) -> Option<String> {
    if query.iter().any(|(token, _)| BEYOND.iter().any(|word| is_word(token, word))) {
        return None;
    }
    let clause = |word| clause(query, word);
    let table = match clause("from")? {
        [(Token::Name(name), _)] => name.to_string(),
        [(Token::String(path), _)] => format!("read({path:?})"),
        _ => return None,
    };
    let mut stages = vec![table];
    if let Some(condition) = clause("where") {
        stages.push(format!("filter {}", written(text, condition)?));
    }
    let (distinct, columns) = match clause("select")? {
        [(word, _), rest @ ..] if is_word(word, "distinct") => (true, rest),
        columns => (false, columns),
    };
    let items: Vec<Item> = split(columns).into_iter().map(|item| Item::of(text, item)).collect::<Option<_>>()?;
    let keys = match clause("group") {
        Some(keys) => split(without_by(keys)?).into_iter().map(|key| written(text, key)).collect::<Option<_>>()?,
        None => Vec::new(),
    };
    let sort = match clause("order") {
        Some(keys) => Some(sort(without_by(keys)?)?),
        None => None,
    };
    let all = matches!(columns, [(Token::Star, _)]);
    if !keys.is_empty() || items.iter().any(|item| item.reduces) {
        stages.push(aggregate(&items, &keys));
        if let Some(condition) = clause("having") {
            let calls = condition.iter().any(|(token, _)| *token == Token::CallOpen);
            stages.push(format!("filter {}", written(text, condition).filter(|_| !calls)?));
        }
        stages.extend(sort);
    } else {
        // A key of `order by` may be a column that is not selected, or the new name of one that is.
        let renames = items.iter().any(|item| item.name.is_some());
        let select = (!all).then(|| format!("select {}", list(items.iter().map(Item::named))));
        let (before, after) = if renames { (None, sort) } else { (sort, None) };
        stages.extend(before.into_iter().chain(select).chain(after));
    }
    stages.extend(distinct.then(|| "distinct".to_string()));
    for (word, stage) in [("offset", "skip"), ("limit", "take")] {
        match clause(word) {
            Some([(Token::Int(count), _)]) => stages.push(format!("{stage} {count}")),
            Some(_) => return None,
            None => {}
        }
    }
    Some(stages.join(" | "))
}

/// The tokens of a part of the query, without its word.
fn clause<'a, 's>(query: Slice<'a, 's>, word: &str) -> Option<Slice<'a, 's>> {
    let mut depth = 0usize;
    let mut start = None;
    for (at, (token, _)) in query.iter().enumerate() {
        depth = if token.opens() { depth + 1 } else { depth.saturating_sub(usize::from(token.closes())) };
        let begins = depth == 0 && CLAUSES.iter().any(|word| is_word(token, word));
        match start {
            Some(start) if begins || *token == Token::End => return Some(&query[start..at]),
            None if begins && is_word(token, word) => start = Some(at + 1),
            Some(_) | None => {}
        }
    }
    start.map(|start| &query[start..])
}

/// A column that is selected.
struct Item {
    name: Option<String>,
    value: String,
    reduces: bool,
}

impl Item {
    fn of(text: &str, tokens: Slice) -> Option<Item> {
        let (value, name) = match tokens {
            [value @ .., (word, _), (Token::Name(name), _)] if is_word(word, "as") => (value, Some(name.to_string())),
            value => (value, None),
        };
        let calls = value.windows(2).filter(|pair| pair[1].0 == Token::CallOpen);
        let reduces = calls.filter_map(|pair| pair[0].0.name()).any(|name| REDUCERS.contains(&&*function(name)));
        let is_plain = matches!(value, [(Token::Name(_) | Token::Star, _)]);
        let call = matches!(value, [(Token::Name(_), _), (Token::CallOpen, _), .., (last, _)] if last.closes());
        let value = written(text, value)?;
        (name.is_some() || is_plain || call && reduces).then_some(Item { name, value, reduces })
    }

    fn named(&self) -> String {
        match &self.name {
            Some(name) if *name != self.value => format!("{name} = {}", self.value),
            Some(_) | None => self.value.clone(),
        }
    }
}

fn aggregate(items: &[Item], keys: &[String]) -> String {
    let results: Vec<String> = items.iter().filter(|item| !keys.contains(&item.value)).map(Item::named).collect();
    let results = if results.is_empty() { "n = count()".to_string() } else { results.join(", ") };
    match keys {
        [] => format!("aggregate {results}"),
        keys => format!("aggregate {results} by {}", keys.join(", ")),
    }
}

fn sort(keys: Slice) -> Option<String> {
    let key = |tokens: Slice| match tokens {
        [(Token::Name(name), _)] => Some(name.to_string()),
        [(Token::Name(name), _), (word, _)] if is_word(word, "desc") => Some(format!("-{name}")),
        [(Token::Name(name), _), (word, _)] if is_word(word, "asc") => Some(name.to_string()),
        _ => None,
    };
    let keys: Option<Vec<String>> = split(keys).into_iter().map(key).collect();
    Some(format!("sort {}", keys?.join(", ")))
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

fn without_by<'a, 's>(tokens: Slice<'a, 's>) -> Option<Slice<'a, 's>> {
    match tokens {
        [(by, _), rest @ ..] if *by == Token::By || is_word(by, "by") => Some(rest),
        _ => None,
    }
}

fn split<'a, 's>(tokens: Slice<'a, 's>) -> Vec<Slice<'a, 's>> {
    let mut depth = 0usize;
    tokens
        .split(|(token, _)| {
            depth = if token.opens() { depth + 1 } else { depth.saturating_sub(usize::from(token.closes())) };
            depth == 0 && *token == Token::Comma
        })
        .collect()
}

/// What Pipe calls a function.
fn function(name: &str) -> String {
    let lower = name.to_lowercase();
    let meant = aliases::function(&lower, 1).filter(|meant| aliases::places(meant).is_none());
    meant.map_or(lower, str::to_string)
}

/// An expression of SQL as Pipe writes it.
pub(super) fn written(text: &str, tokens: Slice) -> Option<String> {
    let (mut out, mut end) = (String::new(), None);
    for (at, (token, span)) in tokens.iter().enumerate() {
        if end.is_some_and(|end| end < span.start) {
            out.push(' ');
        }
        end = Some(span.end);
        let next = tokens.get(at + 1).map(|(token, _)| token);
        match token {
            Token::Assign => out.push_str("=="),
            Token::NotEqual => out.push_str("!="),
            Token::String(_) if slice(text, *span).starts_with('"') => out.push_str(slice(text, *span)),
            Token::String(value) => out.push_str(&format!("{value:?}")),
            Token::Star if at > 0 && tokens[at - 1].0 == Token::CallOpen => {}
            Token::Name(name) if next == Some(&Token::CallOpen) => out.push_str(&function(name)),
            Token::Name(name) => {
                let lower = name.to_lowercase();
                let word = ["and", "or", "not", "in", "null", "true", "false"].contains(&&*lower);
                out.push_str(if word { &lower } else { name });
            }
            Token::And => out.push_str("and"),
            Token::Or => out.push_str("or"),
            Token::Not => out.push_str("not"),
            Token::End => return None,
            _ => out.push_str(slice(text, *span)),
        }
    }
    (!out.is_empty()).then_some(out)
}

fn is_word(token: &Token, word: &str) -> bool {
    matches!(token, Token::Name(name) if name.eq_ignore_ascii_case(word))
}
