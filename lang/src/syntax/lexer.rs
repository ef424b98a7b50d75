//! Text to tokens with their places. Comments are kept beside the tokens, for the formatter.
//!
//! What is wrong is reported and replaced by what was probably meant (`&&` becomes `and`), so that one fault gives one
//! error. Newlines and brackets are not judged here (`layout.rs`, `brackets.rs`). The only state is the stack of
//! interpolated texts, whose holes hold ordinary tokens: no recursion, whatever the nesting.

use super::literal;
use super::token::Token;
use crate::codes::*;
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::{SourceId, Span};
use logos::Logos;

/// What a text consists of.
#[derive(Debug, Default)]
pub struct Lexed<'s> {
    /// The tokens; newlines in a row are one.
    pub tokens: Vec<(Token<'s>, Span)>,
    /// The comments, from `#` to the end of the line.
    pub comments: Vec<Span>,
    /// What was wrong.
    pub diagnostics: Vec<Diagnostic>,
}

/// Splits a text into tokens; it never fails.
pub fn lex(source: SourceId, text: &str) -> Lexed<'_> {
    let logos = Token::lexer(text);
    let mut lexer = Lexer { source, text, logos, out: Lexed::default(), holes: Vec::new() };
    if text.starts_with('\u{feff}') {
        lexer.logos.bump('\u{feff}'.len_utf8());
    }
    while let Some(token) = lexer.logos.next() {
        lexer.token(token.ok());
    }
    lexer.close_holes();
    lexer.out
}

/// A hole of an interpolated text that is still open.
struct Hole {
    /// The quote that opened the text.
    opener: Span,
    /// The position of its first token.
    at: usize,
    /// Open `{` in the hole.
    braces: u32,
    /// Open `(` and `[` in the hole.
    others: u32,
}

struct Lexer<'s> {
    source: SourceId,
    text: &'s str,
    logos: logos::Lexer<'s, Token<'s>>,
    out: Lexed<'s>,
    holes: Vec<Hole>,
}

impl<'s> Lexer<'s> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, start, end)
    }

    /// Where the next token starts.
    fn position(&self) -> usize {
        self.logos.span().end
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.out.diagnostics.push(diagnostic);
    }

    /// Adds what logos found.
    fn token(&mut self, token: Option<Token<'s>>) {
        let range = self.logos.span();
        let span = self.span(range.start, range.end);
        let slice = self.logos.slice();
        match token {
            Some(Token::DoubleSlash | Token::Slash | Token::Minus)
                if let Some((opener, end)) = self.foreign_comment(range.start) =>
            {
                self.report_comment(range.start, opener, end);
                self.logos.bump(end - range.end);
            }
            None => self.stray(span, slice),
            Some(Token::Comment) => self.out.comments.push(span),
            Some(Token::Number) => self.number(span, slice),
            Some(Token::At) => {
                let value = literal::date(slice);
                self.literal(span, value);
            }
            Some(Token::Quote) => self.string(span),
            Some(Token::RawQuote) => self.raw_string(span),
            Some(Token::FormatQuote) => {
                self.push(Token::FormatStart, span);
                self.format_text(span);
            }
            Some(Token::BacktickQuote) => self.backtick(span),
            Some(Token::ForeignQuote) => self.foreign_quote(span, slice),
            Some(Token::ForeignOperator) => self.foreign_operator(span, slice),
            Some(Token::ForeignName) => self.foreign_name(span, slice),
            Some(Token::Newline) => {
                self.close_holes();
                match self.out.tokens.last_mut() {
                    Some((Token::Newline, last)) => *last = last.to(span),
                    _ => self.push(Token::Newline, span),
                }
            }
            Some(token) if !self.holes.is_empty() => self.token_in_hole(token, span),
            Some(token) => self.push(token, span),
        }
    }

    /// Adds a token, joined with those before it where they make one: `not in`, `int?(`, a word behind a dot.
    fn push(&mut self, token: Token<'s>, span: Span) {
        let tokens = &mut self.out.tokens;
        let touches = |before: &Span| before.end == span.start;
        // A newline behind `not` and behind a dot is blank.
        let beside = match tokens.as_slice() {
            [before @ .., (Token::Newline, _)] => before,
            all => all,
        };
        match (&token, beside) {
            (Token::In, [.., (Token::Not, not)]) => {
                let span = not.to(span);
                tokens.truncate(beside.len() - 1);
                tokens.push((Token::NotIn, span));
            }
            (Token::ParenOpen, [.., (Token::Name(_), name), (Token::Question, mark)])
                if touches(mark) && name.end == mark.start =>
            {
                let joined = name.to(*mark);
                tokens.truncate(tokens.len() - 2);
                tokens.push((Token::Name(&self.text[joined.range()]), joined));
                tokens.push((token, span));
            }
            (word, [.., (Token::Dot | Token::QuestionDot, _)]) if word.is_reserved() => {
                tokens.push((Token::Name(&self.text[span.range()]), span));
            }
            _ => tokens.push((token, span)),
        }
    }

    fn stray(&mut self, span: Span, slice: &str) {
        let what = match slice.chars().next() {
            Some('\u{a0}' | '\u{2000}'..='\u{200b}' | '\u{202f}' | '\u{3000}') => {
                "this is not an ordinary blank".to_string()
            }
            Some(c) if c.is_control() || matches!(c, '\u{200c}'..='\u{206f}' | '\u{feff}') => {
                format!("this is an invisible character, U+{:04X}", c as u32)
            }
            _ => format!("`{}` means nothing in Pipe", slice.chars().take(20).collect::<String>()),
        };
        // A run of stray characters is one mistake.
        if let Some(last) = self.out.diagnostics.last_mut().and_then(|last| last.primary.as_mut())
            && ["leave it out", "a name stands for itself"].contains(&&*last.text)
            && last.span.end == span.start
        {
            last.span.end = span.end;
            self.out
                .diagnostics
                .last_mut()
                .into_iter()
                .flat_map(|last| &mut last.edits)
                .for_each(|edit| edit.span.end = span.end);
            return;
        }
        let mut diagnostic = Diagnostic::error(E0102, span, what).saying("leave it out").fix(span, "");
        if slice == "$" {
            diagnostic = diagnostic.saying("a name stands for itself");
        }
        self.report(diagnostic);
    }

    fn number(&mut self, span: Span, slice: &'s str) {
        if literal::is_beyond_by_one(slice)
            && let [before @ .., (Token::Minus, minus)] = self.out.tokens.as_slice()
            && minus.end == span.start
            && !before.last().is_some_and(|(token, _)| token.ends_operand())
        {
            let span = minus.to(span);
            self.out.tokens.pop();
            return self.push(Token::Int(i64::MIN), span);
        }
        if let Some(meant) = literal::meant(slice) {
            let error = Diagnostic::error(E0111, span, format!("`{slice}` is not a number"));
            self.report(error.fix(span, meant));
            return self.push(Token::Faulty, span);
        }
        self.literal(span, literal::number(slice));
    }

    fn literal(&mut self, span: Span, value: Result<Token<'s>, literal::Failure>) {
        let token = value.unwrap_or_else(|(code, message, help)| {
            self.report(Diagnostic::error(code, span, message).help(help));
            Token::Faulty
        });
        self.push(token, span);
    }

    /// The text up to the closing quote, escapes resolved; `None` where the line ends first. `hole` says whether a
    /// brace ends it too. Leaves logos behind what it read.
    fn quoted(&mut self, in_format: bool) -> (String, Option<char>) {
        let mut value = String::new();
        loop {
            let at = self.position();
            let rest = &self.text[at..];
            let plain = rest.find(['"', '\\', '\n', '{', '}']).unwrap_or(rest.len());
            value.push_str(&rest[..plain]);
            let Some(stop) = rest[plain..].chars().next().filter(|&stop| stop != '\n') else {
                self.logos.bump(plain);
                return (value, None);
            };
            let doubled = rest[plain + 1..].starts_with(stop);
            match stop {
                '"' => {
                    self.logos.bump(plain + 1);
                    return (value, Some('"'));
                }
                '\\' => {
                    self.logos.bump(plain + 1);
                    self.escape(&mut value, at + plain);
                }
                '{' if in_format && !doubled => {
                    self.logos.bump(plain + 1);
                    return (value, Some('{'));
                }
                brace => {
                    if in_format && !doubled {
                        let span = self.span(at + plain, at + plain + 1);
                        let message = "a `}` in an interpolated text is written `}}`";
                        self.report(Diagnostic::error(E0130, span, message).fix(span, "}}"));
                    }
                    value.push(brace);
                    self.logos.bump(plain + 1 + usize::from(in_format && doubled));
                }
            }
        }
    }

    fn escape(&mut self, value: &mut String, backslash: usize) {
        let after = &self.text[self.position()..];
        if let Some((meant, length)) = literal::escape(after) {
            value.push(meant);
            return self.logos.bump(length);
        }
        value.push('\\');
        let Some(next) = after.chars().next().filter(|&c| c != '\n') else { return };
        let span = self.span(backslash, backslash + 1 + next.len_utf8());
        let message = if next == 'u' {
            "after `\\u` stands a character's number in braces: `\\u{1F600}`".to_string()
        } else {
            format!("`\\{}` stands for nothing; a backslash is written `\\\\`", next.escape_default())
        };
        if ('1'..='9').contains(&next) {
            // A group of a regex, in what replaces its match.
            let message = format!("a group of a regex is written `${next}`, not `\\{next}`");
            let is_alone = !after[1..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            let fixed = if is_alone { format!("${next}") } else { format!("${{{next}}}") };
            return self.report(Diagnostic::error(E0130, span, message).fix(span, fixed));
        }
        let insertion = self.span(backslash, backslash);
        let mut diagnostic = Diagnostic::error(E0130, span, message).fix(insertion, "\\");
        diagnostic.help.push("in a raw text, `r\"…\"`, a backslash is only itself".to_string());
        self.report(diagnostic);
    }

    fn string(&mut self, quote: Span) {
        let (mut value, mut end) = self.quoted(false);
        if end.is_none() && self.holes.is_empty() && self.ends_on_next_line() {
            let line_break = self.span(self.position(), self.position() + 1);
            let error = Diagnostic::error(E0105, quote, "a text ends on the line that it begins on");
            let mut error = error.saying("opened here").fix(line_break, "\\n");
            error.help = vec!["a line break in a text is written `\\n`".into()];
            self.report(error);
            self.logos.bump(1);
            value.push('\n');
            let (rest, closed) = self.quoted(false);
            value.push_str(&rest);
            end = closed;
        }
        if end.is_none() && value.trim().is_empty() && !self.holes.is_empty() {
            return self.hole_before_quote(quote);
        }
        if end.is_none() {
            self.unclosed(quote, "\"");
        }
        let span = self.span(quote.start as usize, self.position());
        self.push(Token::String(value.into()), span);
    }

    /// Whether a text in which the line ends goes on in the next line: a quote there that looks like the end of one has no
    /// other that opens it.
    fn ends_on_next_line(&self) -> bool {
        let Some(next) = self.text[self.position()..].strip_prefix('\n') else { return false };
        let line = next.lines().next().unwrap_or("");
        let Some(quote) = line.find('"').filter(|_| line.matches('"').count() % 2 == 1) else { return false };
        let before = line[..quote].chars().next_back();
        before.is_some_and(|c| !c.is_whitespace() && !"([{,=:".contains(c))
    }

    /// `f"{x"`: the quote ends the text, and the hole before it is not closed.
    fn hole_before_quote(&mut self, quote: Span) {
        let Some(hole) = self.holes.pop() else { return };
        // What follows the value in it is text again.
        let goes_on = |pair: &[(Token, Span)]| {
            matches!(pair, [(last, a), (next, b)]
                if last.ends_operand() && next.starts_operand() && !next.opens() && a.end < b.start)
        };
        let end = self.out.tokens[hole.at..].windows(2).position(goes_on);
        let here = match end.map(|end| hole.at + end) {
            Some(last) => {
                self.out.tokens.truncate(last + 1);
                self.out.tokens[last].1.at_end()
            }
            None => self.span(quote.start as usize, quote.start as usize),
        };
        let diagnostic = Diagnostic::error(E0103, here, "this hole is never closed").label(hole.opener, "in this text");
        self.report(diagnostic.fix(here, "}"));
        self.push(Token::HoleClose, here);
        self.push(Token::FormatEnd, quote);
    }

    fn raw_string(&mut self, quote: Span) {
        let (length, closed) = self.until('"');
        let start = self.position();
        if !closed {
            self.unclosed(quote, "\"");
        }
        self.logos.bump(length + usize::from(closed));
        let span = self.span(quote.start as usize, self.position());
        self.push(Token::RawString(&self.text[start..start + length]), span);
    }

    fn backtick(&mut self, quote: Span) {
        let (length, closed) = self.until('`');
        let start = self.position();
        if !closed {
            let message = "this name never ends";
            let name =
                self.text[start..].find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(length).min(length);
            let end = self.span(start + name, start + name);
            let mut diagnostic = Diagnostic::error(E0105, quote, message).saying("opened here").fix(end, "`");
            diagnostic.help = vec!["close it with a backtick".into()];
            self.report(diagnostic);
        } else if length == 0 {
            let span = self.span(start - 1, start + 1);
            self.report(Diagnostic::error(E0102, span, "a name in backticks has at least one character"));
        }
        self.logos.bump(length + usize::from(closed));
        let span = self.span(quote.start as usize, self.position());
        self.push(Token::Backtick(&self.text[start..start + length]), span);
    }

    /// How many bytes come before `quote` or the end of the line, and whether it is the quote.
    fn until(&self, quote: char) -> (usize, bool) {
        let rest = &self.text[self.position()..];
        let length = rest.find([quote, '\n']).unwrap_or(rest.len());
        (length, rest[length..].starts_with(quote))
    }

    fn unclosed(&mut self, opener: Span, close: &str) {
        let line_start = opener.end as usize;
        let line = &self.text
            [line_start..line_start + self.text[line_start..].find('\n').unwrap_or(self.text.len() - line_start)];
        let end = line_start + line.trim_end().len();
        if let Some((Token::RawString(pattern), raw)) = self.out.tokens.last()
            && pattern.ends_with('\\')
        {
            // `r"\" "`: it ended at the first quote.
            let quote = Span { start: raw.end - 2, ..*raw };
            let error = Diagnostic::error(E0105, quote, "a raw text ends at the first `\"`, whatever is before it");
            return self.report(error.saying("in a regex `\\x22` stands for it").fix(quote, "\\x22"));
        }
        let diagnostic = Diagnostic::error(E0105, opener, "this text never ends").saying("opened here");
        // What looks like the next stage was hardly meant to be text.
        let pipe = line.find(" | ").map(|pipe| line_start + pipe);
        let end = pipe.unwrap_or(end);
        let diagnostic = match pipe {
            Some(pipe) => diagnostic.label(self.span(pipe + 1, pipe + 2), "it should end before this `|`"),
            None => diagnostic,
        };
        let insertion = self.span(end, end);
        self.report(diagnostic.fix(insertion, close));
    }

    /// The text of an interpolated text from here to its end or to its next hole.
    fn format_text(&mut self, opener: Span) {
        let start = self.position();
        let (value, end) = self.quoted(true);
        let stop = self.position();
        let text_end = stop - usize::from(end.is_some());
        if text_end > start {
            let span = self.span(start, text_end);
            self.push(Token::FormatText(value.into()), span);
        }
        let closer = self.span(text_end, stop);
        match end {
            Some('{') => {
                self.push(Token::HoleOpen, closer);
                let at = self.out.tokens.len();
                self.holes.push(Hole { opener, at, braces: 0, others: 0 });
            }
            Some(_) => self.push(Token::FormatEnd, closer),
            None => {
                self.unclosed(opener, "\"");
                self.push(Token::FormatEnd, closer);
            }
        }
    }

    /// A hole ends at the first `}` or `:` outside of brackets and texts.
    fn token_in_hole(&mut self, token: Token<'s>, span: Span) {
        let Some(hole) = self.holes.last_mut() else { return self.push(token, span) };
        match &token {
            Token::BraceOpen => hole.braces += 1,
            Token::BraceClose if hole.braces == 0 => return self.close_hole(span),
            Token::BraceClose => hole.braces -= 1,
            Token::ParenOpen | Token::BracketOpen => hole.others += 1,
            Token::ParenClose | Token::BracketClose => hole.others = hole.others.saturating_sub(1),
            Token::Colon if hole.braces == 0 && hole.others == 0 => return self.hole_format(),
            _ => {}
        }
        self.push(token, span);
    }

    fn close_hole(&mut self, brace: Span) {
        self.push(Token::HoleClose, brace);
        if let Some(hole) = self.holes.pop() {
            self.format_text(hole.opener);
        }
    }

    fn hole_format(&mut self) {
        let start = self.position();
        let rest = &self.text[start..];
        let length = rest.find(['}', '"', '\n']).unwrap_or(rest.len());
        let span = self.span(start, start + length);
        self.push(Token::HoleFormat(&rest[..length]), span);
        self.logos.bump(length);
        if rest[length..].starts_with('}') {
            self.logos.bump(1);
            let brace = self.span(start + length, start + length + 1);
            return self.close_hole(brace);
        }
        let here = self.span(start + length, start + length);
        self.push(Token::HoleClose, here);
        let Some(hole) = self.holes.pop() else { return };
        let diagnostic = Diagnostic::error(E0103, here, "this hole is never closed").label(hole.opener, "in this text");
        self.report(diagnostic.fix(here, "}"));
        self.format_text(hole.opener);
    }

    /// Ends the interpolated texts that are still open where the line ends.
    fn close_holes(&mut self) {
        let end = self.logos.span().start.max(self.out.tokens.last().map_or(0, |(_, span)| span.end as usize));
        let here = self.span(end, end);
        while let Some(hole) = self.holes.pop() {
            self.push(Token::HoleClose, here);
            self.push(Token::FormatEnd, here);
            // An unclosed text inside the hole has been reported: it is the same missing quote.
            let told =
                |last: &Diagnostic| last.code == E0105 && last.primary.as_ref().is_some_and(|p| p.span > hole.opener);
            if !self.out.diagnostics.last().is_some_and(told) {
                self.unclosed(hole.opener, "\"");
            }
        }
    }

    fn foreign_quote(&mut self, span: Span, slice: &str) {
        let closers: &[char] = match slice {
            "'" => &['\'', '\n'],
            "‘" | "’" | "‚" | "‛" => &['‘', '’', '‛', '\n'],
            _ => &['“', '”', '„', '‟', '«', '»', '"', '\n'],
        };
        let start = self.position();
        let rest = &self.text[start..];
        let length = rest.find(closers).unwrap_or(rest.len());
        let closer = rest[length..].chars().next().filter(|&c| c != '\n');
        let message = "this is not a quote that Pipe knows; write `\"`";
        let Some(closer) = closer else {
            return self.report(Diagnostic::error(E0102, span, message).fix(span, "\""));
        };
        self.logos.bump(length + closer.len_utf8());
        let whole = self.span(span.start as usize, self.position());
        let text = &rest[..length];
        let value = text.replace('\\', "\\\\").replace('"', "\\\"");
        // `f'…'` is one text.
        let prefix = self
            .out
            .tokens
            .pop_if(|(token, last)| last.end == whole.start && matches!(token, Token::Name("f" | "r" | "b")));
        let (whole, prefix) = match prefix {
            Some((token, place)) => {
                (place.to(whole), if token == Token::Name("b") { "" } else { &self.text[place.range()] })
            }
            None => (whole, ""),
        };
        self.report(Diagnostic::error(E0102, whole, message).fix(whole, format!("{prefix}\"{value}\"")));
        self.push(Token::String(text.into()), whole);
    }

    fn foreign_operator(&mut self, span: Span, slice: &str) {
        let (meant, token) = match slice {
            "&&" | "&" => ("and", Token::And),
            "||" => ("or", Token::Or),
            "!" => ("not", Token::Not),
            "===" => ("==", Token::Equal),
            "=~" => ("~", Token::Tilde),
            "|>" | "%>%" => ("|", Token::Pipe),
            "^" => ("**", Token::Power),
            _ => ("!=", Token::NotEqual),
        };
        // `!x` becomes `not x`.
        let before = self.out.tokens.last().is_some_and(|(_, last)| last.end == span.start && slice != "!");
        let after = self.text[span.end as usize..].starts_with(|c: char| !c.is_whitespace());
        let word = meant.starts_with(|c: char| c.is_alphabetic());
        let blank = |wanted: bool| if wanted && word { " " } else { "" };
        let message = format!("Pipe spells this `{meant}`");
        let fixed = format!("{}{meant}{}", blank(before), blank(after));
        self.report(Diagnostic::error(E0106, span, message).fix(span, fixed));
        self.push(token, span);
    }

    /// How long the sign of another language is that begins a comment here, and where that comment ends.
    fn foreign_comment(&self, start: usize) -> Option<(usize, usize)> {
        let rest = &self.text[start..];
        let (sign, after) = (rest.get(..2)?, rest.get(2..)?);
        // The line is looked for last: one with many signs has no end near.
        let line = || &rest[..rest.find('\n').unwrap_or(rest.len())];
        let is_comment = match sign {
            "/*" => {
                let length = rest.find("*/").map_or_else(|| line().len(), |close| close + 2);
                return self.holes.is_empty().then_some((2, start + length));
            }
            "--" => after.is_empty() || after.starts_with([' ', '\n']),
            // Behind other lines it may as well be a division.
            "//" if self.out.tokens.is_empty() => {
                let before = self.text[..start].rsplit('\n').next().unwrap_or("");
                before.trim().is_empty() && !line()[2..].trim().is_empty()
            }
            _ => false,
        };
        (is_comment && self.holes.is_empty()).then(|| (2, start + line().len()))
    }

    /// E0114: a comment of another language, with each of its lines as one of Pipe if nothing stands behind it.
    fn report_comment(&mut self, start: usize, opener: usize, end: usize) {
        let sign = self.span(start, start + opener);
        let mut error = Diagnostic::error(E0114, sign, "a comment begins with `#`, and ends with its line");
        let comment = &self.text[start..end];
        let behind = self.text[end..].lines().next().unwrap_or("");
        if comment.starts_with("/*") && !(comment.ends_with("*/") && behind.trim().is_empty()) {
            return self.report(error);
        }
        error = error.fix(sign, "#");
        for (line, _) in comment.match_indices('\n') {
            let here = self.span(start + line + 1, start + line + 1);
            error.edits.push(Edit { span: here, text: "#".into() });
        }
        if comment.starts_with("/*") {
            error.edits.push(Edit { span: self.span(end - 2, end), text: String::new() });
        }
        self.report(error);
    }

    fn foreign_name(&mut self, span: Span, slice: &'s str) {
        let message = "a name with such letters stands in backticks";
        self.report(Diagnostic::error(E0102, span, message).fix(span, format!("`{slice}`")));
        self.push(Token::Backtick(slice), span);
    }
}
