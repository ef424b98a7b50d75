//! A place in one line of a plan: names, numbers, texts and types, with blanks skipped before each.

use super::{Label, Parsed};
use crate::ir::print::WORDS;
use crate::ty::{Field, Kind, Schema, Type};
use std::str::FromStr;
use std::sync::Arc;

/// How deep types and expressions may nest.
pub const MOST_DEPTH: u32 = 150;

/// A place in one line.
pub struct Cursor<'a> {
    rest: &'a str,
    /// How deep what is being read nests.
    pub depth: u32,
}

impl<'a> Cursor<'a> {
    pub fn new(line: &'a str) -> Self {
        Cursor { rest: line, depth: 0 }
    }

    /// What is left, without blanks before it.
    pub fn rest(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        self.rest
    }

    /// What is left, as it stands.
    pub fn touching(&self) -> &'a str {
        self.rest
    }

    /// Takes a piece of text if it stands here.
    pub fn eat(&mut self, text: &str) -> bool {
        match self.rest().strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Takes a piece of text if it stands here without a blank before it.
    pub fn eat_touching(&mut self, text: &str) -> bool {
        !self.rest.starts_with(char::is_whitespace) && self.eat(text)
    }

    /// Takes a piece of text that must stand here.
    pub fn expect(&mut self, text: &str) -> Parsed<()> {
        if self.eat(text) { Ok(()) } else { Err(format!("expected `{text}`, found {}", self.found())) }
    }

    /// The line must be over.
    pub fn end(&mut self) -> Parsed<()> {
        if self.rest().is_empty() { Ok(()) } else { Err(format!("expected nothing more, found {}", self.found())) }
    }

    /// What stands here, for messages.
    pub fn found(&mut self) -> String {
        match self.rest().split_whitespace().next() {
            Some(word) => format!("`{}`", word.chars().take(40).collect::<String>()),
            None => "the end of the line".into(),
        }
    }

    /// The bare word that stands here, not taken yet.
    pub fn peek_word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        if rest.starts_with(|c: char| c.is_ascii_digit()) { "" } else { &rest[..end] }
    }

    /// Takes that bare word if it stands here.
    pub fn eat_word(&mut self, word: &str) -> bool {
        self.peek_word() == word && self.eat(word)
    }

    /// Takes that bare word, which must stand here.
    pub fn word(&mut self, word: &str) -> Parsed<()> {
        if self.eat_word(word) { Ok(()) } else { Err(format!("expected `{word}`, found {}", self.found())) }
    }

    /// A name, bare or in backticks.
    pub fn name(&mut self) -> Parsed<Arc<str>> {
        if self.rest().starts_with('`') {
            return self.quoted('`').map(Arc::from);
        }
        let word = self.peek_word();
        if word.is_empty() || WORDS.contains(&word) {
            return Err(format!("expected a name, found {}", self.found()));
        }
        self.eat(word);
        Ok(word.into())
    }

    /// A name with its `#2`.
    pub fn label(&mut self) -> Parsed<Label> {
        let name = self.name()?;
        let number = if self.eat_touching("#") { self.number()? } else { 1 };
        Ok(Label { name, number })
    }

    /// A number without a sign or with a minus.
    pub fn number<T: FromStr>(&mut self) -> Parsed<T> {
        let rest = self.rest();
        let digits = rest.strip_prefix('-').unwrap_or(rest);
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len()) + (rest.len() - digits.len());
        let number = rest[..end].parse().map_err(|_| format!("expected a number, found {}", self.found()))?;
        self.rest = &rest[end..];
        Ok(number)
    }

    /// A text in quotes.
    pub fn string(&mut self) -> Parsed<String> {
        self.quoted('"')
    }

    fn quoted(&mut self, quote: char) -> Parsed<String> {
        let mut text = String::new();
        let mut chars = self.rest().char_indices();
        if chars.next().is_none_or(|(_, c)| c != quote) {
            return Err(format!("expected {quote}…{quote}, found {}", self.found()));
        }
        while let Some((at, c)) = chars.next() {
            if c == quote {
                self.rest = &self.rest[at + quote.len_utf8()..];
                return Ok(text);
            }
            if c != '\\' {
                text.push(c);
                continue;
            }
            text.push(match chars.next() {
                Some((_, 'n')) => '\n',
                Some((_, 't')) => '\t',
                Some((_, 'r')) => '\r',
                Some((_, 'u')) => {
                    let code: String = chars
                        .by_ref()
                        .map(|(_, c)| c)
                        .skip_while(|c| *c == '{')
                        .take_while(|c| *c != '}')
                        .take(8)
                        .collect();
                    let code = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
                    code.ok_or("`\\u{…}` names no character")?
                }
                Some((_, c)) if c == '\\' || c == quote => c,
                Some((_, c)) => return Err(format!("`\\{c}` means nothing")),
                None => break,
            });
        }
        Err(format!("{quote} is not closed"))
    }

    /// A type.
    pub fn ty(&mut self) -> Parsed<Type> {
        self.deeper()?;
        let kind = if self.eat("[") {
            let item = self.ty()?;
            self.expect("]")?;
            Kind::List(Arc::new(item))
        } else if self.rest().starts_with('{') {
            Kind::Record(Arc::new(self.schema()?.0))
        } else {
            self.simple_kind()?
        };
        self.depth -= 1;
        let nullable = self.eat_touching("?") || kind == Kind::Null;
        Ok(Type { kind, nullable })
    }

    fn simple_kind(&mut self) -> Parsed<Kind> {
        let word = self.peek_word();
        let kind = match word {
            "bool" => Kind::Bool,
            "int" => Kind::Int,
            "float" => Kind::Float,
            "string" => Kind::String,
            "bytes" => Kind::Bytes,
            "date" => Kind::Date,
            "datetime" => Kind::DateTime,
            "duration" => Kind::Duration,
            "wide" => Kind::Wide,
            "json" => Kind::Json,
            "null" => Kind::Null,
            "unknown" => Kind::Unknown,
            "host" => {
                self.eat("host");
                return Ok(Kind::Opaque(self.name()?));
            }
            "map" => {
                self.eat("map");
                self.expect("<")?;
                let value = self.ty()?;
                self.expect(">")?;
                return Ok(Kind::Map(Arc::new(value)));
            }
            _ => return Err(format!("expected a type, found {}", self.found())),
        };
        self.eat(word);
        Ok(kind)
    }

    /// A schema, and whether it ends in `..`.
    pub fn schema(&mut self) -> Parsed<(Schema, bool)> {
        let mut schema = Schema::default();
        self.expect("{")?;
        while !self.eat("}") {
            if !schema.fields.is_empty() {
                self.expect(",")?;
            }
            if self.eat("..") {
                self.expect("}")?;
                return Ok((schema, true));
            }
            let name = self.name()?;
            self.expect(":")?;
            schema.fields.push(Field { name, ty: self.ty()? });
        }
        Ok((schema, false))
    }

    /// Goes a level deeper, unless that is too deep; the caller comes back by `depth -= 1`.
    pub fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > MOST_DEPTH { Err("this is nested too deeply".into()) } else { Ok(()) }
    }
}
