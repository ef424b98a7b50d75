//! The scanner against the plain reader, that against `serde_json`, and columns against the meaning of single values.

use super::options::JsonOptions;
use super::parse::{JsonParse, Layout, Wanted};
use super::{fit, scan, text};
use crate::error::RowFault;
use crate::formats::{Chunk, Parse};
use arrow_buffer::Buffer;
use pipelang_lang::ty::{Field, Schema, Type};
use std::fmt::Write;

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn blanks(&mut self, out: &mut String) {
        if self.below(6) == 0 {
            out.push_str(self.pick(&[" ", "\t", "  ", " \r"]));
        }
    }

    fn value(&mut self, depth: usize, out: &mut String) {
        match self.below(if depth == 0 { 6 } else { 9 }) {
            0 => out.push_str(self.pick(&["null", "true", "false"])),
            1 | 2 => out.push_str(self.pick(&[
                "0",
                "-0",
                "1",
                "-12",
                "007",
                "1.5",
                "-0.25e3",
                "1E+2",
                "1e999",
                "9223372036854775808",
                "-9223372036854775808",
                "0.1",
                "123456789.123456789",
                "1e-400",
                "-",
                "1.",
                ".5",
                "0x1",
            ])),
            3..=5 => self.text(out),
            6 => self.list(depth, out),
            _ => self.record(depth, out),
        }
    }

    fn text(&mut self, out: &mut String) {
        out.push('"');
        for _ in 0..self.below(4) {
            out.push_str(self.pick(&[
                "a",
                "2024-03-01",
                "é",
                "😀",
                "\\n",
                "\\\"",
                "\\u0041",
                "\\ud83d\\ude00",
                "\\ud83d",
                "\\x",
                "\u{1}",
                "{",
                "]",
                ",",
                "a longer piece of text",
            ]));
        }
        out.push('"');
    }

    fn list(&mut self, depth: usize, out: &mut String) {
        out.push('[');
        for at in 0..self.below(4) {
            if at > 0 {
                out.push(',');
            }
            self.blanks(out);
            self.value(depth - 1, out);
        }
        out.push(']');
    }

    fn record(&mut self, depth: usize, out: &mut String) {
        out.push('{');
        for at in 0..self.below(5) {
            if at > 0 {
                out.push(',');
            }
            self.blanks(out);
            let key = self.pick(&["a", "b", "c", "d", "\\u0061", "long key", "x"]);
            let _ = write!(out, "\"{key}\"");
            self.blanks(out);
            out.push(':');
            self.blanks(out);
            self.value(depth - 1, out);
        }
        out.push('}');
    }

    /// A text with a byte dropped, doubled or replaced.
    fn mutated(&mut self, text: &str) -> String {
        let mut characters: Vec<char> = text.chars().collect();
        if !characters.is_empty() && self.below(3) == 0 {
            let at = self.below(characters.len());
            match self.below(3) {
                0 => drop(characters.remove(at)),
                1 => characters.insert(at, characters[at]),
                _ => characters[at] = ['"', '{', '}', '[', ']', ',', ':', '\\', '0', 'e'][self.below(10)],
            }
        }
        characters.into_iter().collect()
    }
}

#[test]
fn what_is_json_is_json_to_others() {
    let mut random = Random(7);
    let (mut good, mut bad) = (0, 0);
    for _ in 0..60_000 {
        let mut line = String::new();
        random.value(4, &mut line);
        let line = random.mutated(&line);
        let ours = text::parse(&line);
        let quick = scan::value(line.as_bytes(), text::skip_blanks(&line, 0), 0);
        match (&ours, serde_json::from_str::<serde_json::Value>(&line)) {
            (Ok(node), Ok(value)) => {
                assert_eq!(crate::json::read(node.raw).ok().map(|_| ()), Some(()), "{value}");
                good += 1;
            }
            (Err(_), Err(_)) => bad += 1,
            (Ok(_), Err(error)) => assert!(error.to_string().contains("out of range"), "{line}: {error}"),
            (Err(flaw), Ok(_)) => panic!("{line}: {flaw:?}"),
        }
        match (quick, text::value_at(&line, 0)) {
            (Some(end), Ok(node)) => assert_eq!(end, node.start + node.raw.len(), "{line}"),
            (Some(_), Err(flaw)) => panic!("{line}: {flaw:?}"),
            (None, Ok(_)) => assert!(line.contains("\\ud8"), "given up: {line}"),
            (None, Err(_)) => {}
        }
    }
    assert!(good > 10_000 && bad > 10_000, "{good} {bad}");
}

#[test]
fn nesting_has_a_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for (depth, is_read) in [(1, true), (127, true), (128, false), (100_000, false)] {
        let text = nested(depth);
        assert_eq!(text::parse(&text).is_ok(), is_read, "{depth}");
        assert_eq!(scan::value(text.as_bytes(), 0, 0).is_some(), is_read, "{depth}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), is_read, "{depth}");
    }
}

/// Columns of many types under the keys that the records have.
fn wanted() -> Vec<Wanted> {
    let field = |name: &str, ty: Type| Field { name: name.into(), ty };
    let record =
        Type::record(Schema { fields: vec![field("b", Type::INT.or_null()), field("x", Type::JSON.or_null())] });
    let types = [
        ("a", Type::INT.or_null()),
        ("b", Type::FLOAT),
        ("c", Type::STRING.or_null()),
        ("d", Type::DATE.or_null()),
        ("long key", record.or_null()),
        ("x", Type::list(Type::JSON.or_null())),
        ("nowhere", Type::BOOL.or_null()),
        ("a ", Type::map(Type::STRING).or_null()),
    ];
    types.into_iter().map(|(name, ty)| Wanted { name: name.into(), ty, inferred: true }).collect()
}

#[test]
fn columns_are_what_single_values_mean() {
    let mut random = Random(11);
    for round in 0..3_000 {
        let mut lines = String::new();
        for _ in 0..random.below(6) {
            let mut line = String::new();
            random.record(3, &mut line);
            lines.push_str(&random.mutated(&line));
            lines.push('\n');
        }
        let columns = wanted();
        let parse = JsonParse::new("x.jsonl".into(), true, Layout::Lines, columns.clone(), &JsonOptions::default());
        let parsed = parse.parse(&Chunk { text: Buffer::from(lines.as_bytes()), first_line: 5 });
        let mut row = 0;
        for (line, number) in lines.lines().zip(5..) {
            let Some(record) = text::parse(line).ok().filter(|node| line.starts_with('{') && node.start == 0) else {
                let error = parsed.error.as_ref().unwrap_or_else(|| panic!("round {round}: {line} is broken"));
                assert!(error.to_string().starts_with(&format!("x.jsonl:{number}: ")), "{error}");
                break;
            };
            for (at, wanted) in columns.iter().enumerate() {
                let fault = parsed.batch.fault(row, at).map(|error| error.fault.clone());
                match fit::field(record.get(&wanted.name), &wanted.ty) {
                    Ok(value) => assert_eq!((fault, parsed.batch.columns[at].get(row)), (None, value), "{line}"),
                    Err(misfit) => {
                        let cell = misfit.of_column(&wanted.name, true);
                        assert_eq!(fault, Some(RowFault::Cell(cell)), "{line}");
                    }
                }
            }
            row += 1;
        }
        assert_eq!(parsed.batch.rows, row, "{lines}");
    }
}
