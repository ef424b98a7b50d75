//! E0114: windows as SQL writes them, `row_number() over (partition by k order by t)`. In Pipe the groups stand behind the
//! `by` of a `window`, and rows are sorted before it.

use super::{Tokens, end_of, slice};
use crate::codes::*;
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::Span;
use crate::syntax::token::Token;

type Slice<'a, 's> = &'a [(Token<'s>, Span)];

/// What looks at rows in their order, and needs no other frame where SQL gives an order.
const ORDERED: [&str; 3] = ["row_number", "lag", "lead"];
/// What takes the order as its arguments.
const RANKS: [&str; 2] = ["rank", "dense_rank"];

/// Mends the stages that have such a window in them.
pub(super) fn repair<'s>(text: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let mut out: Tokens<'s> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        out.push(tokens[at].clone());
        at += 1;
        if tokens[at - 1].0 != Token::Pipe {
            continue;
        }
        let end = end_of(&tokens, at, |token| matches!(token, Token::Pipe | Token::End));
        if let Some((stage, diagnostic)) = mended(text, &tokens[at..end]) {
            diagnostics.push(diagnostic);
            out.extend(stage);
            at = end;
        }
    }
    out
}

/// A window of SQL in a stage.
struct Over<'a, 's> {
    /// The positions of its word and of the bracket that closes it.
    start: usize,
    end: usize,
    keys: Slice<'a, 's>,
    order: Slice<'a, 's>,
    /// Whether nothing else is in it.
    is_whole: bool,
}

/// The stage as Pipe has it, as far as that is known, and what is said of it.
fn mended<'s>(text: &str, stage: Slice<'_, 's>) -> Option<(Tokens<'s>, Diagnostic)> {
    let over = over(stage)?;
    let (name, last) = (stage[0].1, stage[stage.len() - 1].1);
    let place = stage[over.start].1.to(stage[over.end].1);
    let between = |tokens: Slice| tokens.first().zip(tokens.last()).map_or("", |(a, b)| slice(text, a.1.to(b.1)));
    let order = order(text, over.order);
    let (order_tokens, written) = order.clone().unwrap_or_default();
    // A rank takes its order as arguments.
    let is_rank = matches!(function(stage, &over).as_deref(), Some("rank" | "dense_rank"));
    let (sort, arguments) = match written.as_str() {
        "" => (String::new(), ""),
        order if is_rank => (String::new(), order),
        order => (format!("sort {order} | "), ""),
    };
    let by = match over.keys {
        [] => String::new(),
        keys => format!(" by {}", between(keys)),
    };
    let mut tokens = vec![(Token::Name("window"), name)];
    tokens.extend_from_slice(&stage[1..over.start - 1]);
    tokens.extend(order_tokens.into_iter().filter(|_| is_rank));
    tokens.push(stage[over.start - 1].clone());
    tokens.extend_from_slice(&stage[over.end + 1..]);
    if !over.keys.is_empty() {
        tokens.push((Token::By, place));
        tokens.extend_from_slice(over.keys);
    }
    let called = between(&stage[1..over.start - 1]);
    let error = Diagnostic::error(E0114, place, "Pipe has no `over`; groups stand behind the `by` of `window`")
        .help(format!("write `{sort}window {called}{arguments}){by}`"));
    if !over.is_whole || order.is_none() || !is_known(stage, &over) {
        return Some((tokens, error));
    }
    let before = stage[over.start - 1].1;
    let edits = vec![
        Edit { span: name, text: format!("{sort}window") },
        Edit { span: Span { end: before.start, ..before }, text: arguments.to_string() },
        Edit { span: Span { start: before.end, ..place }, text: String::new() },
        Edit { span: last.at_end(), text: by },
    ];
    Some((tokens, Diagnostic { edits, ..error }))
}

/// The function that a window is of, whose parentheses end where the word of the window begins.
fn function(stage: Slice, over: &Over) -> Option<String> {
    let mut depth = 0usize;
    let open = (0..over.start).rev().find(|at| {
        let token = &stage[*at].0;
        depth += usize::from(token.closes());
        depth -= usize::from(token.opens() && depth > 0);
        depth == 0
    })?;
    stage.get(open.checked_sub(1)?)?.0.name().map(str::to_ascii_lowercase)
}

/// Whether the stage is one with this window alone, and what it calls means the same in Pipe.
fn is_known(stage: Slice, over: &Over) -> bool {
    let is_stage = matches!(stage[0].0, Token::Name("derive" | "window"));
    let alone = !stage.iter().enumerate().any(|(at, (token, _))| is_word(token, "over") && at != over.start);
    let is_clause = |(token, _): &(Token, Span)| matches!(token, Token::By | Token::On);
    let has_clause = stage[..over.start].iter().any(is_clause) || stage[over.end..].iter().any(is_clause);
    let means_it = function(stage, over).is_some_and(|name| match over.order {
        [] => !RANKS.contains(&&*name),
        _ => ORDERED.contains(&&*name) || RANKS.contains(&&*name),
    });
    is_stage && alone && !has_clause && means_it
}

/// The first window of a stage.
fn over<'a, 's>(stage: Slice<'a, 's>) -> Option<Over<'a, 's>> {
    let begins = |at: &usize| {
        let [(before, _), (word, _), (open, _), ..] = &stage[*at..] else { return false };
        *before == Token::ParenClose
            && is_word(word, "over")
            && matches!(open, Token::ParenOpen | Token::CallOpen | Token::WrapOpen)
    };
    let start = (0..stage.len()).find(begins)? + 1;
    let end = end_of(stage, start + 2, |_| false);
    stage.get(end)?;
    let inner = &stage[start + 2..end];
    let word = |word: &str| {
        let of = |at: &usize| is_word(&inner[*at].0, word) && matches!(inner.get(at + 1), Some((Token::By, _)));
        (0..inner.len()).find(of)
    };
    let (partition, order) = (word("partition"), word("order"));
    let keys =
        partition.map_or(&inner[..0], |at| &inner[at + 2..order.filter(|order| *order > at).unwrap_or(inner.len())]);
    let order_keys = order.map_or(&inner[..0], |at| &inner[at + 2..]);
    let starts = [partition, order].into_iter().flatten().min();
    let is_whole = inner.is_empty() || starts == Some(0);
    let has_frame = order_keys.iter().any(|(token, _)| is_word(token, "rows") || is_word(token, "range"));
    Some(Over { start, end, keys, order: order_keys, is_whole: is_whole && !has_frame })
}

/// The keys of `order by` as those of a `sort`: names, each with a minus where it is descending; as tokens, and as they are
/// written.
fn order<'s>(text: &str, keys: Slice<'_, 's>) -> Option<(Tokens<'s>, String)> {
    let (mut tokens, mut written) = (Vec::new(), Vec::new());
    for key in keys.split(|(token, _)| *token == Token::Comma).filter(|_| !keys.is_empty()) {
        let (name, is_down) = match key {
            [name] => (name, false),
            [name, (word, _)] if is_word(word, "asc") => (name, false),
            [name, (word, _)] if is_word(word, "desc") => (name, true),
            _ => return None,
        };
        if !name.0.is_name() {
            return None;
        }
        let here = Span { end: name.1.start, ..name.1 };
        tokens.extend(Some((Token::Comma, here)).filter(|_| !tokens.is_empty()));
        tokens.extend(is_down.then_some((Token::Minus, here)));
        tokens.push(name.clone());
        written.push(format!("{}{}", if is_down { "-" } else { "" }, slice(text, name.1)));
    }
    Some((tokens, written.join(", ")))
}

fn is_word(token: &Token, word: &str) -> bool {
    matches!(token, Token::Name(name) if name.eq_ignore_ascii_case(word))
}
