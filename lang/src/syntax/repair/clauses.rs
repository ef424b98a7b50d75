//! E0130: `by` and `on` inside of parentheses, `take(3, by: k)` and `aggregate n = sum(qty, by: region)`. They are a part
//! of the stage and stand behind everything else of it.

use super::{Tokens, defined_functions, end_of, groups, slice};
use crate::aliases;
use crate::codes::*;
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::Span;
use crate::stages;
use crate::syntax::brackets::stage_name;
use crate::syntax::token::Token;

/// Puts each behind its stage.
pub(super) fn repair<'s>(text: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let mut pass = Pass {
        text,
        tokens: &tokens,
        own: defined_functions(&tokens),
        out: Vec::with_capacity(tokens.len()),
        open: Vec::new(),
        behind: Vec::new(),
        told: None,
    };
    let mut at = 0;
    while at < tokens.len() {
        pass.flush(at);
        match pass.clause(at) {
            Some(clause) => at = pass.mend(at, clause, diagnostics),
            None => {
                pass.copy(at);
                at += 1;
            }
        }
    }
    pass.flush(tokens.len());
    pass.out
}

/// What the position that was reached is in, the innermost last.
struct Open {
    /// Its position in the tokens, and in what was copied.
    at: usize,
    copied: usize,
    /// A pipe, and no bracket.
    is_pipe: bool,
}

struct Pass<'a, 's> {
    text: &'s str,
    tokens: &'a [(Token<'s>, Span)],
    /// The functions that the script defines.
    own: Vec<&'s str>,
    out: Tokens<'s>,
    open: Vec<Open>,
    /// Clauses to put before a position; the nearest is last.
    behind: Vec<(usize, Tokens<'s>)>,
    /// The parentheses in which one was told last.
    told: Option<usize>,
}

/// A clause inside of the parentheses of a call.
struct Clause {
    /// Where it begins with its comma, its word, its keys, and the position behind them.
    word: usize,
    keys: usize,
    end: usize,
    /// The parentheses that it is in, and the stage that these are in.
    call: usize,
    pipe: usize,
    pipe_copied: usize,
    /// The position behind the brackets of that stage that the clause is in, and the one behind the stage.
    closed: usize,
    stage_end: usize,
}

impl<'s> Pass<'_, 's> {
    fn flush(&mut self, at: usize) {
        while let Some((_, clause)) = self.behind.pop_if(|(before, _)| *before <= at) {
            self.out.extend(clause);
        }
    }

    fn copy(&mut self, at: usize) {
        let (token, _) = &self.tokens[at];
        let copied = self.out.len();
        if token.closes() {
            self.open.pop_if(|open| open.is_pipe);
            self.open.pop();
        } else if matches!(token, Token::Pipe | Token::End) {
            self.open.pop_if(|open| open.is_pipe);
        }
        if token.opens() || *token == Token::Pipe {
            self.open.push(Open { at, copied, is_pipe: *token == Token::Pipe });
        }
        self.out.push(self.tokens[at].clone());
    }

    /// The clause that begins at `at`, with the comma before it if there is one.
    fn clause(&self, at: usize) -> Option<Clause> {
        let is_clause = |at: usize| matches!(self.tokens.get(at), Some((Token::By | Token::On, _)));
        let word = at + usize::from(self.tokens[at].0 == Token::Comma);
        let call = self.open.last().filter(|open| is_clause(word) && self.told != Some(open.at))?;
        if !matches!(self.tokens[call.at].0, Token::CallOpen | Token::WrapOpen) {
            return None;
        }
        let keys = word + 1 + usize::from(matches!(self.tokens.get(word + 1)?.0, Token::Colon | Token::Assign));
        let pipe = self.open.iter().rfind(|open| open.is_pipe)?;
        let depth = self.open.len() - 1 - self.open.iter().rposition(|open| open.is_pipe)?;
        let close = end_of(self.tokens, keys, |_| false);
        // Another option may follow.
        let mut end = end_of(self.tokens, keys, |token| matches!(token, Token::Comma | Token::Pipe));
        while end < close && !matches!(&self.tokens[end..], [_, (Token::Name(_), _), (Token::Colon, _), ..]) {
            end = end_of(self.tokens, end + 1, |token| matches!(token, Token::Comma | Token::Pipe));
        }
        let mut closed = keys;
        for _ in 0..depth {
            closed = (end_of(self.tokens, closed, |_| false) + 1).min(self.tokens.len());
        }
        let stage_end = end_of(self.tokens, closed, |token| matches!(token, Token::Pipe | Token::End));
        let (call, (pipe, pipe_copied)) = (call.at, (pipe.at, pipe.copied));
        (end > keys).then_some(Clause { word, keys, end, call, pipe, pipe_copied, closed, stage_end })
    }

    /// Reports it and puts it behind its stage; gives the position behind it.
    fn mend(&mut self, at: usize, clause: Clause, diagnostics: &mut Vec<Diagnostic>) -> usize {
        self.told = Some(clause.call);
        let (word, place) = &self.tokens[clause.word];
        let called = slice(self.text, *place);
        let keys = groups::keys(&self.tokens[clause.keys..clause.end]);
        let written = groups::written(self.text, keys);
        let whole = place.to(self.tokens[clause.end - 1].1);
        let mut error =
            Diagnostic::error(E0130, whole, format!("`{called}` stands behind the parentheses, without a colon"));
        let mut tokens = vec![(word.clone(), *place)];
        tokens.extend(keys.iter().map(|(token, span)| (groups::named(self.text, token, *span), *span)));
        let same =
            |other: &Tokens| other.len() == tokens.len() && other.iter().zip(&tokens).all(|((a, _), (b, _))| a == b);
        let there = self.behind.iter().find(|(before, _)| *before == clause.stage_end);
        let is_told = there.is_some_and(|(_, other)| same(other));
        let has_another = there.is_some() || self.has_clause(&clause, word);
        let leave_out = Edit { span: self.with_comma(at, &clause), text: String::new() };
        match written {
            _ if is_told => {
                error.edits.push(leave_out);
                error.help.push("leave this out: the other one is for the whole stage".into());
            }
            Some(written) if !has_another => {
                let in_place = self.stage_in_place(&clause, *word == Token::By);
                let stage = in_place.as_ref().map_or_else(|| self.stage(&clause), |edit| edit.text.trim());
                error.help.push(format!("write `{stage} … {called} {written}`"));
                error.edits.extend(in_place);
                error.edits.push(leave_out);
                let last = self.tokens[clause.stage_end - 1].1;
                error.edits.push(Edit { span: last.at_end(), text: format!(" {called} {written}") });
                self.behind.push((clause.stage_end, tokens));
            }
            _ => error.help.push(format!("one `{called}` stands behind the whole stage")),
        }
        diagnostics.push(error);
        // Without a comma before it, the one behind it goes.
        let goes = at == clause.word && self.tokens.get(clause.end).is_some_and(|(next, _)| *next == Token::Comma);
        clause.end + usize::from(goes && self.tokens[at - 1].0.opens())
    }

    /// Whether the stage has one where it belongs.
    fn has_clause(&self, clause: &Clause, word: &Token) -> bool {
        let found = match word {
            Token::By => end_of(self.tokens, clause.closed, |token| *token == Token::By),
            _ => end_of(self.tokens, clause.closed, |token| *token == Token::On),
        };
        found < clause.stage_end
    }

    /// The name of the stage.
    fn stage(&self, clause: &Clause) -> &'s str {
        self.tokens.get(clause.pipe + 1).map_or("", |(_, name)| slice(self.text, *name))
    }

    /// What is left out: the clause with one comma.
    fn with_comma(&self, at: usize, clause: &Clause) -> Span {
        let last = self.tokens[clause.end - 1].1;
        match self.tokens.get(clause.end) {
            Some((Token::Comma, _)) if self.tokens[at - 1].0.opens() => {
                let behind = self.tokens.get(clause.end + 1).map_or(last.end, |(_, next)| next.start);
                Span { end: behind, ..self.tokens[at].1 }
            }
            _ => Span { start: self.tokens[at - 1].1.end, ..last },
        }
    }

    /// The stage that takes such a clause, where it is another one: a reducer over the groups is the matter of
    /// `aggregate`, one beside the columns of each row that of `window`.
    fn stage_in_place(&mut self, clause: &Clause, is_by: bool) -> Option<Edit> {
        let (Token::Name(stage), place) = self.tokens.get(clause.pipe + 1)? else { return None };
        let of_stage = stage_name(&self.tokens[..clause.call]).is_some();
        let known = stages::named(stage).is_some() || aliases::stage(stage).is_some() || self.own.contains(stage);
        if !is_by || known && (of_stage || *stage != "derive") {
            return None;
        }
        let name = clause.pipe_copied + 1;
        if known {
            self.out[name].0 = Token::Name("window");
            return Some(Edit { span: *place, text: "window".into() });
        }
        let here = Span { end: place.start, ..*place };
        let is_plain = matches!(&self.out[name + 1..], [_] | [_, (Token::Name(_), _)]);
        let mut head = vec![(Token::Name("aggregate"), here)];
        if !is_plain {
            head.extend([(Token::Name("result"), here), (Token::Assign, here)]);
        }
        self.out.splice(name..name, head);
        Some(Edit { span: here, text: if is_plain { "aggregate " } else { "aggregate result = " }.into() })
    }
}
