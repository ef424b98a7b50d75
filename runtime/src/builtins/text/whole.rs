//! Functions of a whole text: its length, its letters, its blanks, and texts made longer.

use crate::builtins::Function;
use crate::builtins::row::{gives, int, ints, made_texts, of, optional, shows, string, text, texts, total};
use pipelang_lang::catalog::Example;
use pipelang_lang::scalar::{Fault, Scalar, fits};
use pipelang_lang::ty::{Kind, Type};

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

/// The functions of this file.
pub(super) fn rows() -> Vec<Function> {
    let mut rows = letters();
    rows.extend(lengthened());
    rows
}

fn letters() -> Vec<Function> {
    let len = total(
        "len",
        vec![of("s", Kind::String)],
        gives(Type::INT),
        "How many characters (Unicode scalar values) a text has.",
        &[shows!("len(\"Zürich\")", "6")],
        |arguments| Ok(Scalar::Int(length(text(&arguments[0])))),
    )
    .over_columns(|arguments, rows, active| {
        let s = texts(&arguments[0], rows);
        ints(rows, active, |row| length(s(row)))
    });
    const TITLE: &[Example] = &[
        shows!("title(\"don't STOP, straße-ÉTÉ\")", "\"Don't Stop, Straße-Été\""),
        shows!("title(\"İSTANBUL ßa\")", "\"İstanbul Ssa\""),
    ];
    vec![
        len,
        of_text!("lower", "The text in small letters.", &[shows!("lower(\"ÀB\")", "\"àb\"")], str::to_lowercase),
        of_text!(
            "upper",
            "The text in capital letters.",
            &[shows!("upper(\"straße\")", "\"STRASSE\"")],
            str::to_uppercase
        ),
        of_text!("title", "The text with each word in small letters behind a capital one.", TITLE, title),
        of_text!("trim", "The text without blanks at either end.", &[shows!("trim(\"  a b \")", "\"a b\"")], str::trim),
        of_text!(
            "trim_start",
            "The text without blanks at its start.",
            &[shows!("trim_start(\" a \")", "\"a \"")],
            str::trim_start
        ),
        of_text!(
            "trim_end",
            "The text without blanks at its end.",
            &[shows!("trim_end(\" a \")", "\" a\"")],
            str::trim_end
        ),
        of_text!(
            "reverse",
            "The characters of a text from its end to its start.",
            &[shows!("reverse(\"abc\")", "\"cba\"")],
            reversed
        ),
    ]
}

fn lengthened() -> Vec<Function> {
    let mut concat = total(
        "concat",
        vec![of("s", Kind::String)],
        gives(Type::STRING),
        "Texts, one behind the other; `f\"{a}{b}\"` is mostly easier to read.",
        &[shows!("concat(\"a\", \"b\", \"c\")", "\"abc\"")],
        |arguments| {
            fits(arguments.iter().map(|part| text(part).len()).sum())?;
            Ok(string(arguments.iter().map(text).collect::<String>()))
        },
    );
    concat.def.variadic = true;
    let repeat = total(
        "repeat",
        vec![of("s", Kind::String), of("count", Kind::Int)],
        gives(Type::STRING),
        "A text so many times; nothing where that is less than once.",
        &[
            shows!("repeat(\"ab\", 3)", "\"ababab\""),
            shows!("repeat(\"ab\", -1)", "\"\""),
            shows!("repeat(\"ab\", 9000000000)", "E0801"),
        ],
        |arguments| {
            let (s, count) = (text(&arguments[0]), int(&arguments[1]).max(0));
            fits(s.len().saturating_mul(count as usize))?;
            // Nothing can be repeated as often as one likes.
            Ok(string(if s.is_empty() { String::new() } else { s.repeat(count as usize) }))
        },
    );
    let padded = |name, doc, examples, body| {
        let parameters =
            vec![of("s", Kind::String), of("width", Kind::Int), optional("with", Kind::String, string(" "))];
        total(name, parameters, gives(Type::STRING), doc, examples, body).failing()
    };
    let pad_left = padded(
        "pad_left",
        "The text behind as many blanks, or other characters, as it takes to be that long.",
        &[
            shows!("pad_left(\"7\", 3)", "\"  7\""),
            shows!("pad_left(\"7\", 3, \"0\")", "\"007\""),
            shows!("pad_left(\"Zürich\", 3)", "\"Zürich\""),
        ],
        |arguments| Ok(string(format!("{}{}", padding(arguments)?, text(&arguments[0])))),
    );
    let pad_right = padded(
        "pad_right",
        "The text before as many blanks, or other characters, as it takes to be that long.",
        &[shows!("pad_right(\"ab\", 5, \".-\")", "\"ab.-.\""), shows!("pad_right(\"ab\", 99000000)", "E0801")],
        |arguments| Ok(string(format!("{}{}", text(&arguments[0]), padding(arguments)?))),
    );
    vec![concat, repeat.failing(), pad_left, pad_right]
}

fn length(text: &str) -> i64 {
    text.chars().count() as i64
}

fn reversed(text: &str) -> String {
    text.chars().rev().collect()
}

/// What a text, a width and a filling lack to the width: the filling, as often as it takes, cut off at the end.
fn padding(arguments: &[Scalar]) -> Result<String, Fault> {
    let (s, width, with) = (text(&arguments[0]), int(&arguments[1]), text(&arguments[2]));
    let missing = width.saturating_sub(length(s)).max(0);
    if with.is_empty() {
        return Ok(String::new());
    }
    // No character has more than four bytes.
    fits((missing as usize).saturating_mul(4))?;
    Ok(with.chars().cycle().take(missing as usize).collect())
}

/// The words of a text in small letters behind a capital one, and what stands between them as it is. A letter or digit
/// begins a word where none stands before it, an apostrophe between them aside.
fn title(text: &str) -> String {
    let is_mark = |c: char| ('\u{300}'..='\u{36f}').contains(&c);
    let in_word = |c: char| c.is_alphanumeric() || is_mark(c) || matches!(c, '\'' | '’');
    let (mut made, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(start) = rest.find(char::is_alphanumeric) {
        let word = &rest[start..];
        let (word, behind) = word.split_at(word.find(|c| !in_word(c)).unwrap_or(word.len()));
        made.push_str(&rest[..start]);
        let first = word.chars().next().map_or("", |first| &word[..first.len_utf8()]);
        // As one text, since a sigma looks at what stands before it.
        let small = word.to_lowercase();
        let mut capital = first.to_uppercase();
        // A capital of several letters (`ß`) has one capital letter at the start of a word.
        let tail = capital.split_off(capital.chars().next().map_or(0, char::len_utf8));
        made += &capital;
        made += &tail.to_lowercase();
        made += &small[first.to_lowercase().len()..];
        rest = behind;
    }
    made + rest
}
