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
            let words: Vec<String> = scan(line).into_iter().map(|word| word.text).collect();
            assert_eq!(words, expected, "{line}");
        }
        assert_eq!(scan("a \"b c").pop(), Some(Word { start: 2, text: "b c".to_string(), open: Some('"') }));
    }
}
