//! The words behind a command, as a shell has them: blanks stand between them, and in those that stand in quotes.

use std::iter::Peekable;
use std::str::CharIndices;

/// A word of a line.
#[derive(Debug, PartialEq, Eq)]
pub struct Word {
    /// The byte at which it begins, with its quote.
    pub start: usize,
    /// What it means.
    pub text: String,
    /// The quote that is not closed.
    pub open: Option<char>,
}

/// The words of a line.
pub fn scan(line: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut chars = line.char_indices().peekable();
    loop {
        while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {}
        let Some((start, _)) = chars.peek() else { return words };
        words.push(word(*start, &mut chars));
    }
}

fn word(start: usize, chars: &mut Peekable<CharIndices>) -> Word {
    let mut word = Word { start, text: String::new(), open: None };
    while let Some((_, c)) = chars.next_if(|(_, c)| word.open.is_some() || !c.is_whitespace()) {
        match (c, word.open) {
            ('"' | '\'', None) => word.open = Some(c),
            (c, Some(quote)) if c == quote => word.open = None,
            ('\\', Some('"')) => {
                let escaped = chars.next_if(|(_, c)| matches!(c, '"' | '\\'));
                word.text.push(escaped.map_or('\\', |(_, c)| c));
            }
            (c, _) => word.text.push(c),
        }
    }
    word
}

/// What the words of a line mean; the error says which quote is missing.
pub fn words(line: &str) -> Result<Vec<String>, String> {
    let words = scan(line);
    match words.last().and_then(|last| last.open) {
        Some(quote) => Err(format!("the quote `{quote}` is not closed")),
        None => Ok(words.into_iter().map(|word| word.text).collect()),
    }
}

/// A word as it is to be written: in quotes where it has to be.
pub fn spelled(word: &str) -> String {
    let is_plain = !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
    if is_plain { word.to_string() } else { format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_blanks() {
        for (line, expected) in [
            ("a.pipe --n 3", vec!["a.pipe", "--n", "3"]),
            ("\"my script.pipe\" --name 'a b'", vec!["my script.pipe", "--name", "a b"]),
            ("--name=\"a b\"c ''", vec!["--name=a bc", ""]),
            (r#"C:\data\a.csv "quo\"te \\ \x""#, vec![r"C:\data\a.csv", r#"quo"te \ \x"#]),
            ("  ", vec![]),
        ] {
            assert_eq!(words(line).expect("all are closed"), expected, "{line}");
        }
        assert!(words("'a b").is_err());
        assert_eq!(scan("a \"b c").pop(), Some(Word { start: 2, text: "b c".to_string(), open: Some('"') }));
    }

    #[test]
    fn what_is_spelled_is_one_word() {
        for word in ["a.csv", "a b.csv", "quo\"te", "it's", "", r"C:\a b"] {
            assert_eq!(words(&spelled(word)), Ok(vec![word.to_string()]));
        }
    }
}
