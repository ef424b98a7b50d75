//! How other languages begin a statement: assignments, loops, SQL.

use super::{Tokens, defined_functions, end_of, slice, sql};
use crate::aliases;
use crate::codes::*;
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::Span;
use crate::stages;
use crate::syntax::token::Token;

/// Words that begin a declaration elsewhere.
const DECLARATIONS: [&str; 6] = ["var", "const", "val", "mut", "auto", "set"];
/// Words that begin a loop elsewhere.
const LOOPS: [&str; 4] = ["for", "while", "loop", "foreach"];

/// E0109, E0114, E0116 and E0121, at the start of each statement.
pub(super) fn repair<'s>(text: &'s str, tokens: Tokens<'s>, diagnostics: &mut Vec<Diagnostic>) -> Tokens<'s> {
    let out: Tokens<'s> = Vec::with_capacity(tokens.len() + 4);
    let mut pass = Pass { tokens: &tokens, out, bound: defined_functions(&tokens), joined: None };
    let mut at = 0;
    while at < tokens.len() {
        let starts = pass.out.last().is_none_or(|(last, _)| matches!(last, Token::End | Token::BlockOpen));
        pass.binds(at + 1, tokens[at].0 == Token::Let);
        match starts.then(|| mistake(text, &tokens, at, &pass.bound)).flatten() {
            Some((Mend::Join, diagnostic)) => at = pass.join(at, diagnostic, diagnostics),
            Some((mend, diagnostic)) => {
                diagnostics.push(diagnostic);
                at = pass.mend(at, mend);
            }
            None => {
                pass.joined = pass.joined.filter(|_| !starts);
                pass.out.push(tokens[at].clone());
                at += 1;
            }
        }
    }
    pass.out
}

struct Pass<'a, 's> {
    tokens: &'a [(Token<'s>, Span)],
    out: Tokens<'s>,
    /// The names that mean something: functions, and what was bound so far.
    bound: Vec<&'s str>,
    /// The report of the stages that were joined to the statement before them, one after the other.
    joined: Option<usize>,
}

impl<'s> Pass<'_, 's> {
    fn binds(&mut self, at: usize, binds: bool) {
        if let (true, Some((Token::Name(name), _))) = (binds, self.tokens.get(at)) {
            self.bound.push(name);
        }
    }

    /// Mends what begins at `at`; gives the position behind it.
    fn mend(&mut self, at: usize, mend: Mend) -> usize {
        let (tokens, here) = (self.tokens, self.tokens[at].1);
        match mend {
            Mend::Declare { skip, insert } => {
                let name = if insert { at } else { at + skip };
                self.binds(name, true);
                self.out.extend([(Token::Let, here), tokens[name].clone()]);
                name + 1
            }
            Mend::Bind { name, assign } => {
                self.binds(name, true);
                self.out.extend([(Token::Let, here), tokens[name].clone(), (Token::Assign, tokens[assign].1)]);
                assign + 1
            }
            Mend::Leave => at + 1,
            Mend::Forget { end } => {
                self.out.push((Token::Faulty, here.to(tokens[end - 1].1)));
                end
            }
            Mend::Join => at,
        }
    }

    /// Makes the stage at `at` one of the statement before it, if there is one.
    fn join(&mut self, at: usize, diagnostic: Diagnostic, diagnostics: &mut Vec<Diagnostic>) -> usize {
        let (token, span) = &self.tokens[at];
        let insertion = Span { end: span.start, ..*span };
        let Some(text) = join(&mut self.out, insertion) else {
            let diagnostic = diagnostic.help("a pipeline begins with its rows: `read(\"data.csv\") | filter x > 1`");
            diagnostics
                .push(diagnostic.help("those of a pipe of the shell are called `stdin`: `stdin | filter x > 1`"));
            let end = end_of(self.tokens, at, |token| *token == Token::End).max(at + 1);
            return self.mend(at, Mend::Forget { end });
        };
        match self.joined {
            Some(told) => diagnostics[told].edits.push(Edit { span: insertion, text }),
            None => {
                self.joined = Some(diagnostics.len());
                diagnostics.push(diagnostic.fix(insertion, text));
            }
        }
        self.out.push((token.clone(), *span));
        at + 1
    }
}

enum Mend {
    /// It is a `let`: put one before, or in place of the first tokens.
    Declare { skip: usize, insert: bool },
    /// Leave out the first token.
    Leave,
    /// It is a `let` with its name here and its `=` there.
    Bind { name: usize, assign: usize },
    /// It is a stage of the statement before it.
    Join,
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
                (forget, new_name(text, name, *place, value))
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
            Some((Mend::Leave, error.fix(with_blank(text, *place), "")))
        }
        [(Token::Name("import"), _), (Token::Name(file), path), ..] => {
            let error = Diagnostic::error(E0130, *path, "the file of an import stands in quotes");
            Some((forget, error.fix(*path, format!("\"{file}.pipe\""))))
        }
        statement => foreign(text, tokens, at, statement, bound),
    }
}

/// What begins a statement in other languages only.
fn foreign<'s>(
    text: &str,
    tokens: &[(Token<'s>, Span)],
    at: usize,
    statement: &[(Token<'s>, Span)],
    bound: &[&'s str],
) -> Option<(Mend, Diagnostic)> {
    match statement {
        _ if sql::begins(&tokens[at..]) => {
            Some((Mend::Forget { end: at + sql::end(&tokens[at..]) }, sql::diagnostic(text, &tokens[at..])))
        }
        [(Token::Name(word), place), (Token::Name(_), _)]
        | [(Token::Name(word), place), (Token::Name(_), _), (Token::Pipe, _), ..]
            if word.eq_ignore_ascii_case("from") =>
        {
            let error = Diagnostic::error(E0109, *place, "a pipeline begins with its table, without `from`");
            Some((Mend::Leave, error.fix(with_blank(text, *place), "")))
        }
        [
            (Token::Let, _),
            (Token::Name("mut" | "var" | "const"), word),
            (Token::Name(_), _),
            (Token::Assign, _),
            ..,
        ] => {
            let error = Diagnostic::error(E0116, *word, "nothing changes here: a `let` keeps its value");
            Some((Mend::Bind { name: at + 2, assign: at + 3 }, error.fix(with_blank(text, *word), "")))
        }
        [(Token::Let, _), (Token::Name(_), name), (Token::Colon, colon), rest @ ..] => {
            let assign = rest.iter().position(|(token, _)| *token == Token::Assign)?;
            let ty = colon.to(rest[..assign].last().map_or(*colon, |(_, last)| *last));
            let error = Diagnostic::error(E0118, ty, "a `let` takes no type: its value has one");
            Some((Mend::Bind { name: at + 1, assign: at + 3 + assign }, error.fix(Span { start: name.end, ..ty }, "")))
        }
        [(Token::Name(_), name), (Token::Less, less), (Token::Minus, minus), ..]
            if less.end == minus.start && less.start > name.end =>
        {
            let insertion = Span { end: name.start, ..*name };
            let mut error = Diagnostic::error(E0116, less.to(*minus), "a name is bound with `let` and `=`");
            error = error.help(format!("write `let {} = …`", slice(text, *name)));
            error.edits.push(Edit { span: insertion, text: "let ".into() });
            error.edits.push(Edit { span: less.to(*minus), text: "=".into() });
            Some((Mend::Bind { name: at, assign: at + 2 }, error))
        }
        [(Token::Name(word), place), rest @ ..] if !bound.contains(word) && begins_stage(word, *place, rest) => {
            Some((Mend::Join, stage_without_rows(*place, word)))
        }
        _ => None,
    }
}

/// A place with the blanks behind it.
fn with_blank(text: &str, place: Span) -> Span {
    let rest = text.get(place.end as usize..).unwrap_or("");
    Span { end: place.end + (rest.len() - rest.trim_start_matches(' ').len()) as u32, ..place }
}

/// Whether a statement begins with a stage and its arguments, which `rest` begins with. `take - 1` is a difference, and
/// `assert x` a call without parentheses.
fn begins_stage(word: &str, place: Span, rest: &[(Token, Span)]) -> bool {
    let [(next, span), ..] = rest else { return false };
    let is_stage = stages::named(aliases::stage(word).unwrap_or(word)).is_some();
    let touches = rest.get(1).is_some_and(|(_, operand)| span.end == operand.start);
    let is_sign = *next == Token::Minus && place.end < span.start && touches;
    is_stage
        && word != "assert"
        && (next.starts_operand() && !matches!(next, Token::BraceOpen)
            || is_sign
            || matches!(next, Token::By | Token::Not))
}

/// E0121
fn stage_without_rows(place: Span, word: &str) -> Diagnostic {
    Diagnostic::error(E0121, place, format!("`{word}` is a stage, and no pipe feeds it"))
}

/// Makes what follows a stage of the statement before: what is inserted, if there is such a statement.
fn join(out: &mut Tokens, here: Span) -> Option<String> {
    let (last, before) = out.split_last()?;
    if last.0 != Token::End {
        return None;
    }
    let start = before.iter().rposition(|(token, _)| *token == Token::End).map_or(0, |end| end + 1);
    match &before[start..] {
        [(Token::Let, _), (Token::Name(name), _), (Token::Assign, _), ..] => {
            let (name, text) = (Token::Name(name), format!("{name} | "));
            out.push((name, here));
            out.push((Token::Pipe, here));
            Some(text)
        }
        [(Token::Let | Token::Fn | Token::Type | Token::Param | Token::Import | Token::Test, _), ..] | [] => None,
        _ => {
            out.pop();
            out.push((Token::Pipe, here));
            Some("| ".to_string())
        }
    }
}

fn no_change(place: Span) -> Diagnostic {
    Diagnostic::error(E0116, place, "nothing changes here: a name keeps its value")
        .help("give the new value a name of its own with `let`, or use `fold` or `scan`")
}

/// The same for `n = n + 1`, with the line that could stand there.
fn new_name(text: &str, name: &str, place: Span, value: &[(Token, Span)]) -> Diagnostic {
    let ([(_, first), ..], [.., (_, last)]) = (value, value) else { return no_change(place) };
    let value = slice(text, first.to(*last));
    if value.contains('\n') || value.len() > 60 {
        return no_change(place);
    }
    Diagnostic { help: Vec::new(), ..no_change(place) }
        .help(format!("give the new value a name of its own: `let new_{name} = {value}`"))
        .help("to go on with it row by row, use `fold` or `scan`")
}

fn begins_loop(next: &Token) -> bool {
    next.starts_operand() || matches!(next, Token::Not | Token::Let | Token::BlockOpen | Token::CallOpen)
}
