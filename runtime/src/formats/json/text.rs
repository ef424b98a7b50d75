//! THE meaning of a JSON text: the grammar of RFC 8259, read the plainest way, with the place and the reason where it is
//! broken. The oracle reads by it; the fast scanner falls back on it and is tested against it.
//!
//! - Nesting deeper than [`DEEPEST`] is refused, as the functions of `json` do.
//! - Half a surrogate pair (`"\ud800"`) is no text, so a record with one is broken.
//! - Of equal keys the last counts; that is the affair of whoever looks for a key ([`Node::get`]).
//! - `NaN` and `Infinity` are no JSON.

use std::borrow::Cow;

/// How deep values may be nested.
pub const DEEPEST: usize = 127;

/// A value and the text that it was read from.
#[derive(Debug)]
pub struct Node<'a> {
    /// Where it begins in the text that was read.
    pub start: usize,
    /// Its text.
    pub raw: &'a str,
    /// What it is.
    pub value: Json<'a>,
}

/// What a JSON text says.
#[derive(Debug)]
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as it is spelled.
    Number(&'a str),
    /// A text.
    Text(Cow<'a, str>),
    /// `[…]`
    List(Vec<Node<'a>>),
    /// `{…}` with its keys in order, equal ones among them.
    Record(Vec<(Cow<'a, str>, Node<'a>)>),
}

/// Where a text is no JSON, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The first byte that cannot be right.
    pub at: usize,
    /// The byte at which that was seen.
    pub seen: usize,
    /// What is wrong there: ``expected `:`, found `1` ``.
    pub message: String,
}

impl Flaw {
    fn new(at: usize, message: &str) -> Flaw {
        Flaw { at, seen: at, message: message.to_string() }
    }
}

impl<'a> Node<'a> {
    /// The value of a key of a record; of equal keys the last.
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        match &self.value {
            Json::Record(fields) => fields.iter().rev().find(|(name, _)| name == key).map(|(_, node)| node),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::List(_) => None,
        }
    }

    /// What it is, in words.
    pub fn sort(&self) -> &'static str {
        match &self.value {
            Json::Null => "null",
            Json::Bool(_) => "a bool",
            Json::Number(_) => "a number",
            Json::Text(_) => "a text",
            Json::List(_) => "a list",
            Json::Record(_) => "an object",
        }
    }
}

/// The one value that a text is, blanks around it aside.
pub fn parse(text: &str) -> Result<Node<'_>, Flaw> {
    let node = value_at(text, 0)?;
    let end = skip_blanks(text, node.start + node.raw.len());
    if end < text.len() { Err(flaw(text, end, "expected the end")) } else { Ok(node) }
}

/// The value that stands at `start`, behind blanks.
pub fn value_at(text: &str, start: usize) -> Result<Node<'_>, Flaw> {
    let mut reader = Reader { text, at: start, depth: 0 };
    reader.node()
}

/// The first place from `at` where something other than a blank stands, or the end.
pub fn skip_blanks(text: &str, at: usize) -> usize {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    at + text.as_bytes()[at..].iter().take_while(|byte| blank(byte)).count()
}

/// What was expected at a place, and what stands there.
pub fn flaw(text: &str, at: usize, expected: &str) -> Flaw {
    let found = match text[at..].chars().next() {
        Some('\n') | None => "the end".to_string(),
        Some(character) if character.is_control() => format!("`{}`", character.escape_debug()),
        Some(character) => format!("`{character}`"),
    };
    Flaw::new(at, &format!("{expected}, found {found}"))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        self.at = skip_blanks(self.text, self.at);
    }

    fn broken<T>(&self, expected: &str) -> Result<T, Flaw> {
        Err(flaw(self.text, self.at, expected))
    }

    fn node(&mut self) -> Result<Node<'a>, Flaw> {
        self.skip_blanks();
        let start = self.at;
        let value = match self.peek() {
            Some(b'{') => self.nested(Reader::record)?,
            Some(b'[') => self.nested(Reader::list)?,
            Some(b'"') => Json::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => Json::Number(self.number()?),
            _ => self.word()?,
        };
        Ok(Node { start, raw: &self.text[start..self.at], value })
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Json<'a>, Flaw>) -> Result<Json<'a>, Flaw> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Flaw::new(self.at, &format!("it is nested more than {DEEPEST} deep")));
        }
        self.at += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn record(&mut self) -> Result<Json<'a>, Flaw> {
        let mut fields = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek() {
                Some(b'}') if fields.is_empty() => break,
                Some(b'"') => {}
                _ if fields.is_empty() => return self.broken("expected a key or `}`"),
                _ => return self.broken("expected a key"),
            }
            let key = self.string()?;
            self.skip_blanks();
            if self.peek() != Some(b':') {
                return self.broken("expected `:`");
            }
            self.at += 1;
            fields.push((key, self.node()?));
            self.skip_blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return self.broken("expected `,` or `}`"),
            }
        }
        self.at += 1;
        Ok(Json::Record(fields))
    }

    fn list(&mut self) -> Result<Json<'a>, Flaw> {
        let mut items = Vec::new();
        loop {
            self.skip_blanks();
            if items.is_empty() && self.peek() == Some(b']') {
                break;
            }
            items.push(self.node()?);
            self.skip_blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return self.broken("expected `,` or `]`"),
            }
        }
        self.at += 1;
        Ok(Json::List(items))
    }

    fn word(&mut self) -> Result<Json<'a>, Flaw> {
        let rest = &self.text[self.at..];
        let length = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let value = match &rest[..length] {
            "null" => Json::Null,
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            "" => return self.broken("expected a value"),
            word => {
                let word: String = word.chars().take(20).collect();
                return Err(Flaw::new(self.at, &format!("`{word}` is no JSON value")));
            }
        };
        self.at += length;
        Ok(value)
    }

    fn digits(&mut self) -> Result<(), Flaw> {
        let count = self.text.as_bytes()[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { self.broken("expected a digit") } else { Ok(()) }
    }

    fn number(&mut self) -> Result<&'a str, Flaw> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
            if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return Err(Flaw::new(self.at, "a number does not begin with a zero"));
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Flaw> {
        let opened = self.at;
        self.at += 1;
        let start = self.at;
        let mut unescaped: Option<String> = None;
        loop {
            let Some(character) = self.text[self.at..].chars().next() else {
                return Err(Flaw { seen: self.at, ..Flaw::new(opened, "this text never ends") });
            };
            match character {
                '"' => break,
                '\\' => {
                    let before = &self.text[start..self.at];
                    let so_far = unescaped.get_or_insert_with(|| before.to_string());
                    let escape = escape(self.text, self.at)?;
                    so_far.push(escape.0);
                    self.at = escape.1;
                }
                '\n' => return Err(Flaw { seen: self.at, ..Flaw::new(opened, "this text never ends") }),
                '\0'..='\u{1f}' => {
                    return Err(Flaw::new(self.at, "a control character stands in a text without an escape"));
                }
                _ => {
                    if let Some(so_far) = &mut unescaped {
                        so_far.push(character);
                    }
                    self.at += character.len_utf8();
                }
            }
        }
        let plain = &self.text[start..self.at];
        self.at += 1;
        Ok(unescaped.map_or(Cow::Borrowed(plain), Cow::Owned))
    }
}

/// The character that the escape at `at` means, and where it ends.
fn escape(text: &str, at: usize) -> Result<(char, usize), Flaw> {
    let character = match text.as_bytes().get(at + 1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode(text, at),
        _ => return Err(Flaw::new(at, "there is no such escape")),
    };
    Ok((character, at + 2))
}

fn unicode(text: &str, at: usize) -> Result<(char, usize), Flaw> {
    let unit = |at: usize| {
        let digits = text.as_bytes().get(at..at + 6)?.strip_prefix(b"\\u")?;
        let value = |byte: &u8| (*byte as char).to_digit(16);
        digits.iter().try_fold(0, |number, byte| Some(number * 16 + value(byte)?))
    };
    let wrong = |message: &str| Err(Flaw::new(at, message));
    let Some(first) = unit(at) else { return wrong("`\\u` wants four hexadecimal digits") };
    if let Some(character) = char::from_u32(first) {
        return Ok((character, at + 6));
    }
    let pair = unit(at + 6).filter(|second| (0xdc00..0xe000).contains(second) && first < 0xdc00);
    match pair.and_then(|second| char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))) {
        Some(character) => Ok((character, at + 12)),
        None => wrong("half a surrogate pair is no character"),
    }
}
