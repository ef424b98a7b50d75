//! Texts that are not UTF-8: the option `encoding` says what they are, and they are made UTF-8 while they are read.
//!
//! A byte order mark counts more than the option. What the encoding does not have becomes a byte that UTF-8 does not have
//! ([`BROKEN`]), so that the record around it is found to be broken, at its place and in its turn, as if the text had been
//! UTF-8 all along.

use super::on_error::Trouble;
use crate::error::RunError;
use encoding_rs::{Decoder, DecoderResult, UTF_8};
use pipelang_lang::catalog::{OptionDef, OptionKind, OptionValue};
use pipelang_lang::codes::{E0304, E0504};
use pipelang_lang::diagnostic::did_you_mean;
use pipelang_lang::scalar::Scalar;
use std::io::{self, Read};
use std::sync::Arc;

/// The option, for every format of text.
pub const OPTION: OptionDef = OptionDef {
    name: "encoding",
    kind: OptionKind::String,
    doc: "The encoding of the text, such as `utf-16` or `latin1`; UTF-8 where nothing is said.",
};

/// Names that are offered for one that is not known.
const NAMES: [&str; 9] =
    ["utf-8", "utf-16", "utf-16le", "utf-16be", "latin1", "windows-1252", "windows-1251", "shift_jis", "gbk"];

/// How much is decoded at once.
const BLOCK: usize = 64 << 10;

/// What stands for what is broken.
const BROKEN: u8 = 0xff;

/// The encoding of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextEncoding(&'static encoding_rs::Encoding);

impl Default for TextEncoding {
    fn default() -> TextEncoding {
        TextEncoding(UTF_8)
    }
}

impl TextEncoding {
    /// The encoding of a name.
    pub fn named(name: &str) -> Result<TextEncoding, Trouble> {
        if let Some(known) = encoding_rs::Encoding::for_label(name.as_bytes()) {
            return Ok(TextEncoding(known));
        }
        let help = match did_you_mean(&name.to_ascii_lowercase(), NAMES).first() {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {} and the others of the web", NAMES.join(", ")),
        };
        Err((E0304, format!("there is no encoding {name:?}"), Some(help)))
    }

    /// What the options of a `read` say, which are known to be right.
    pub fn of(options: &[(Arc<str>, OptionValue)]) -> TextEncoding {
        let named = options.iter().find_map(|(name, value)| match value {
            OptionValue::Scalar(Scalar::String(label)) if **name == *OPTION.name => TextEncoding::named(label).ok(),
            OptionValue::Scalar(_) | OptionValue::Strings(_) | OptionValue::Schema { .. } => None,
        });
        named.unwrap_or_default()
    }

    /// Whether texts are what they are read as.
    pub fn is_utf_8(self) -> bool {
        self == TextEncoding::default()
    }

    /// A text as UTF-8.
    pub fn decoded(self, text: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        if self.is_utf_8() {
            return text;
        }
        let (decoder, input, output) = (self.0.new_decoder(), vec![0; BLOCK], vec![0; BLOCK]);
        Box::new(Decoded {
            text,
            decoder,
            input,
            from: 0,
            to: 0,
            output,
            given: 0,
            made: 0,
            is_last: false,
            ended: false,
        })
    }

    /// An error that says which encoding it is that a record breaks.
    pub fn says(self, error: RunError) -> RunError {
        match error {
            RunError::Record { code: E0504, message, place } if !self.is_utf_8() => {
                RunError::Record { code: E0504, message: message.replace("UTF-8", self.0.name()), place }
            }
            error => error,
        }
    }
}

/// A text on its way.
struct Decoded {
    text: Box<dyn Read + Send>,
    decoder: Decoder,
    input: Vec<u8>,
    /// Which part of the input is not decoded yet.
    from: usize,
    to: usize,
    output: Vec<u8>,
    /// Which part of the output has not been given out.
    given: usize,
    made: usize,
    /// Whether the input is the last.
    is_last: bool,
    ended: bool,
}

impl Decoded {
    /// Makes more output, which may be none.
    fn decode(&mut self) -> io::Result<()> {
        if self.from == self.to && !self.is_last {
            (self.from, self.to) = (0, self.text.read(&mut self.input)?);
            self.is_last = self.to == 0;
        }
        // One place is kept for what is broken.
        let room = self.output.len() - 1;
        let input = &self.input[self.from..self.to];
        let (result, read, written) =
            self.decoder.decode_to_utf8_without_replacement(input, &mut self.output[..room], self.is_last);
        self.from += read;
        (self.given, self.made) = (0, written);
        match result {
            DecoderResult::Malformed(..) => {
                self.output[written] = BROKEN;
                self.made += 1;
            }
            DecoderResult::InputEmpty => self.ended = self.is_last,
            DecoderResult::OutputFull => {}
        }
        Ok(())
    }
}

impl Read for Decoded {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given == self.made {
            if self.ended {
                return Ok(0);
            }
            self.decode()?;
        }
        let count = into.len().min(self.made - self.given);
        into[..count].copy_from_slice(&self.output[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives some bytes at a time.
    struct Drops(Vec<u8>, usize);

    impl Read for Drops {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(into.len());
            into[..count].copy_from_slice(&self.0[..count]);
            self.0.drain(..count);
            Ok(count)
        }
    }

    fn decoded(name: &str, bytes: &[u8], at_once: usize) -> Vec<u8> {
        let mut text = Vec::new();
        let encoding = TextEncoding::named(name).expect("it is known");
        encoding.decoded(Box::new(Drops(bytes.to_vec(), at_once))).read_to_end(&mut text).expect("it can be read");
        text
    }

    #[test]
    fn texts_are_decoded_however_they_come() {
        let text = "id,größe\n1,𝄞\n".repeat(9000);
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        for at_once in [1, 3, 4096, 1 << 20] {
            assert_eq!(decoded("utf-16le", &little, at_once), text.as_bytes());
            assert_eq!(decoded("UTF-16", &big, at_once), text.as_bytes());
            assert_eq!(decoded("latin1", b"a\xe9\x80\n", at_once), "aé€\n".as_bytes());
            assert_eq!(decoded("utf-16le", b"a\0\0\xd8b\0c", at_once), b"a\xffb\xff");
            assert_eq!(decoded("shift_jis", b"\x82\xa0\x82", at_once), b"\xe3\x81\x82\xff");
        }
    }
}
