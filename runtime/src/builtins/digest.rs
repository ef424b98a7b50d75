//! Values as numbers and texts that stand for them: hashes, and base64.

use super::Function;
use super::convert::{fault, quoted, spell_float};
use super::row::{gives, like, made_texts, of, shows, string, text, texts, total};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use pipelang_lang::calendar;
use pipelang_lang::catalog::{Example, Pattern};
use pipelang_lang::scalar::{Fault, Scalar};
use pipelang_lang::ty::{Kind, Type};
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// A row of a function from a text to a text: its scalar body and the same over columns.
macro_rules! of_text {
    ($name:literal, $doc:literal, $examples:expr, $f:expr) => {
        total($name, vec![of("s", Kind::String)], gives(Type::STRING), $doc, $examples, |arguments| {
            Ok(string($f(text(&arguments[0]))))
        })
        .over_columns(|arguments, rows, active| {
            let s = texts(&arguments[0], rows);
            made_texts(rows, active, |row| Ok($f(s(row))))
        })
    };
}

/// The functions of this group.
pub(super) fn rows() -> Vec<Function> {
    const MD5: &[Example] = &[shows!("md5(\"abc\")", "\"900150983cd24fb0d6963f7d28e17f72\"")];
    const SHA256: &[Example] =
        &[shows!("sha256(\"abc\")", "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"")];
    const BASE64: &[Example] = &[shows!("base64(\"Zürich\")", "\"WsO8cmljaA==\"")];
    let mut rows = vec![
        total(
            "hash",
            vec![like("x", Pattern::Ordered)],
            gives(Type::INT),
            "A number that is the same for equal values of a type, each time and everywhere: XXH64 of the value as text.",
            &[shows!("hash(\"abc\")", "4952883123889572249"), shows!("hash(-0.0)", "-9065698113272891957")],
            |arguments| Ok(Scalar::Int(xxh64(spelled(&arguments[0]).as_bytes()) as i64)),
        ),
        of_text!("md5", "The MD5 of a text in hexadecimal: to compare with, not to be safe.", MD5, |s: &str| {
            hexadecimal(&Md5::digest(s))
        }),
        of_text!("sha256", "The SHA-256 of a text in hexadecimal.", SHA256, |s: &str| hexadecimal(&Sha256::digest(s))),
        of_text!("base64", "A text (its UTF-8) in base64.", BASE64, |s: &str| STANDARD.encode(s)),
    ];
    rows.extend(
        total(
            "from_base64",
            vec![of("s", Kind::String)],
            gives(Type::STRING),
            "The text that a text in base64 stands for.",
            &[shows!("from_base64(\"WsO8cmljaA==\")", "\"Zürich\""), shows!("from_base64(\"Zür\")", "E0604")],
            |arguments| from_base64(text(&arguments[0])).map(string),
        )
        .and_or_null(&[shows!("from_base64?(\"/w==\")", "null"), shows!("from_base64?(\"\")", "\"\"")]),
    );
    rows
}

fn from_base64(s: &str) -> Result<String, Fault> {
    let bytes = STANDARD.decode(s).map_err(|_| fault(quoted(s), "base64"))?;
    String::from_utf8(bytes).map_err(|_| fault(quoted(s), "a text in base64: these bytes are not UTF-8"))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A value with an order as it is written to files; zeros are one, since they are equal.
fn spelled(value: &Scalar) -> Cow<'_, str> {
    Cow::Owned(match value {
        Scalar::String(s) => return Cow::Borrowed(s),
        Scalar::Int(i) => i.to_string(),
        Scalar::Float(x) => spell_float(if *x == 0.0 { 0.0 } else { *x }),
        Scalar::Bool(b) => b.to_string(),
        Scalar::Date(day) => calendar::spell_date(*day),
        Scalar::DateTime(time) => calendar::spell_datetime(*time),
        Scalar::Duration(length) => calendar::spell_duration(*length),
        other => unreachable!("the checker gives what has an order, not {other:?}"),
    })
}

const PRIMES: [u64; 5] =
    [0x9e37_79b1_85eb_ca87, 0xc2b2_ae3d_27d4_eb4f, 0x1656_67b1_9e37_79f9, 0x85eb_ca77_c2b2_ae63, 0x27d4_eb2f_1656_67c5];

/// XXH64 with the seed 0, by the specification of Yann Collet's xxHash.
fn xxh64(bytes: &[u8]) -> u64 {
    let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("a word has eight bytes"));
    let round =
        |lane: u64, word: u64| lane.wrapping_add(word.wrapping_mul(PRIMES[1])).rotate_left(31).wrapping_mul(PRIMES[0]);
    let mut stripes = bytes.chunks_exact(32);
    let mut lanes = [PRIMES[0].wrapping_add(PRIMES[1]), PRIMES[1], 0, PRIMES[0].wrapping_neg()];
    for stripe in &mut stripes {
        lanes.iter_mut().zip(stripe.chunks_exact(8)).for_each(|(lane, bytes)| *lane = round(*lane, word(bytes)));
    }
    let mut hash = PRIMES[4];
    if bytes.len() >= 32 {
        hash = lanes.iter().zip([1, 7, 12, 18]).fold(0, |sum, (lane, by)| sum.wrapping_add(lane.rotate_left(by)));
        for lane in lanes {
            hash = (hash ^ round(0, lane)).wrapping_mul(PRIMES[0]).wrapping_add(PRIMES[3]);
        }
    }
    hash = hash.wrapping_add(bytes.len() as u64);
    let mut words = stripes.remainder().chunks_exact(8);
    for bytes in &mut words {
        hash = (hash ^ round(0, word(bytes))).rotate_left(27).wrapping_mul(PRIMES[0]).wrapping_add(PRIMES[3]);
    }
    let mut rest = words.remainder();
    if let Some((half, behind)) = rest.split_first_chunk::<4>() {
        let half = u64::from(u32::from_le_bytes(*half));
        hash = (hash ^ half.wrapping_mul(PRIMES[0])).rotate_left(23).wrapping_mul(PRIMES[1]).wrapping_add(PRIMES[2]);
        rest = behind;
    }
    for byte in rest {
        hash = (hash ^ u64::from(*byte).wrapping_mul(PRIMES[4])).rotate_left(11).wrapping_mul(PRIMES[0]);
    }
    hash = (hash ^ hash >> 33).wrapping_mul(PRIMES[1]);
    hash = (hash ^ hash >> 29).wrapping_mul(PRIMES[2]);
    hash ^ hash >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the reference implementation gives.
    #[test]
    fn it_is_xxh64() {
        for (text, hash) in [
            ("", 0xef46_db37_51d8_e999),
            ("a", 0xd24e_c4f1_a98c_6e5b),
            ("abc", 0x44bc_2cf5_ad77_0999),
            ("xxhash", 0x32dd_3895_2c4b_c720),
            (&"x".repeat(77), 0x9d36_5b05_21d7_e52a),
            ("Nobody inspects the spammish repetition", 0xfbce_a83c_8a37_8bf1),
        ] {
            assert_eq!(xxh64(text.as_bytes()), hash, "{text}");
        }
    }
}
