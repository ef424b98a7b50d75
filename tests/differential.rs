//! Readers against those of others: random CSV against the crate `csv`, over dialects, and random JSON against `serde_json`.
//! (Parquet and Arrow: `tests/data/columnar` has files that other programs wrote, beside what they read in them.)

use crate::cli;
use crate::harness::{Config, Script};
use crate::hostile_files::Chance;
use pipelang_lang::opt::RuleSet;
use pipelang_runtime::exec::Executor;
use pipelang_runtime::formats::write::OutputFormat;
use serde_json::Value;
use std::fs;

/// What a script gives, the same with small pieces and with large ones.
fn run(script: &str) -> (String, String) {
    let script = Script {
        name: "differential.pipe",
        text: script,
        format: OutputFormat::JSONL,
        parameters: Vec::new(),
        stdin: None,
    };
    let ready = match script.compile() {
        Ok(ready) => ready,
        Err(err) => return (String::new(), err),
    };
    let run = |morsel_rows| {
        let config =
            Config { executor: Executor::Vector, rules: RuleSet::all(), threads: 1, morsel_rows, memory: None };
        let outcome = ready.run(&config);
        (outcome.out, outcome.err)
    };
    let whole = run(None);
    assert_eq!(run(Some(2)), whole, "{}", script.text);
    whole
}

/// How a file of CSV is written.
#[derive(Debug)]
struct Dialect {
    delimiter: char,
    quote: char,
    comment: Option<char>,
    newline: &'static str,
}

impl Dialect {
    fn random(chance: &mut Chance) -> Dialect {
        Dialect {
            delimiter: [',', ';', '\t', '|'][chance.below(4)],
            quote: ['"', '\''][chance.below(2)],
            comment: [None, Some('#')][chance.below(2)],
            newline: ["\n", "\r\n"][chance.below(2)],
        }
    }

    /// Records with fields of all sorts; now and then one is broken.
    fn text(&self, chance: &mut Chance) -> String {
        let (mut text, columns) = (String::new(), 2 + chance.below(3));
        for _ in 0..chance.below(9) {
            if chance.below(12) == 0 {
                text.push_str(self.newline);
            }
            if let (Some(comment), 0) = (self.comment, chance.below(10)) {
                text.push_str(&format!("{comment} a {} line{}", self.quote, self.newline));
            }
            let fields = if chance.below(25) == 0 { columns + 1 - 2 * chance.below(2) } else { columns };
            for at in 0..fields {
                if at > 0 {
                    text.push(self.delimiter);
                }
                self.field(chance, at == 0, &mut text);
            }
            text.push_str(self.newline);
        }
        if chance.below(4) == 0 {
            text.truncate(text.trim_end_matches(['\n', '\r']).len());
        }
        text
    }

    fn field(&self, chance: &mut Chance, is_first: bool, text: &mut String) {
        let plain = ["", "1", "-2.50", "x y", " ", "é", "#", "NA", "a\"b", "it's", "\u{feff}"];
        let (quote, pick) = (self.quote, chance.below(plain.len() + 8));
        match plain.get(pick) {
            // What begins like a comment is one, and what begins with a quote is quoted.
            Some(word) if is_first && (word.starts_with('#') || word.is_empty()) => text.push('z'),
            Some(word) => text.push_str(word),
            None => {
                let inner = ["", "a", "\n", "\r\n", "x y", ",;\t|", "\u{0}", "#"][chance.below(8)];
                let doubled = if chance.below(2) == 0 { format!("{quote}{quote}") } else { String::new() };
                let behind = if chance.below(8) == 0 { "tail" } else { "" };
                let end = if chance.below(40) == 0 { String::new() } else { quote.to_string() };
                text.push_str(&format!("{quote}{inner}{doubled}{inner}{end}{behind}"));
            }
        }
    }

    /// The records of the other reader, and whether it finds one with another number of fields.
    fn others(&self, text: &str) -> (Vec<Vec<String>>, bool) {
        let mut builder = csv::ReaderBuilder::new();
        builder.has_headers(false).delimiter(self.delimiter as u8).quote(self.quote as u8);
        builder.comment(self.comment.map(|comment| comment as u8));
        let mut records = Vec::new();
        for record in builder.from_reader(text.as_bytes()).records() {
            match record {
                Ok(record) => records.push(record.iter().map(str::to_string).collect()),
                Err(_) => return (records, true),
            }
        }
        (records, false)
    }

    fn options(&self, columns: usize) -> String {
        let fields: Vec<String> = (0..columns).map(|at| format!("c{at}: string")).collect();
        let comment = self.comment.map_or(String::new(), |comment| format!(", comment: \"{comment}\""));
        let (delimiter, quote) = (self.delimiter.escape_default(), self.quote.to_string());
        let schema = fields.join(", ");
        format!("header: false, delimiter: \"{delimiter}\", quote: {quote:?}{comment}, schema: {{{schema}}}")
    }
}

fn csv_agrees(documents: u64) -> (usize, usize) {
    let folder = cli::folder(&[]);
    let path = cli::path(folder.path(), "a.csv");
    let (mut compared, mut broken) = (0, 0);
    for seed in 0..documents {
        let mut chance = Chance(seed * 7919 + 5);
        let dialect = Dialect::random(&mut chance);
        let text = dialect.text(&mut chance);
        let (records, is_ragged) = dialect.others(&text);
        let Some(columns) = records.first().map(Vec::len).filter(|columns| *columns > 1) else { continue };
        fs::write(&path, &text).expect("the folder is ours");
        let (out, err) = run(&format!("read({path:?}, {})", dialect.options(columns)));
        let row = |line: &str| match serde_json::from_str(line) {
            Ok(Value::Object(row)) => row.values().map(|cell| cell.as_str().unwrap_or("?").to_string()).collect(),
            other => panic!("{other:?}"),
        };
        let rows: Vec<Vec<String>> = out.lines().map(row).collect();
        let about = format!("seed {seed}, {dialect:?}: {text:?}\n{err}");
        if err.contains("E0503") {
            // The other reader takes the end of the file for the end of the quote.
            assert!(records.starts_with(&rows) && rows.len() + 1 >= records.len(), "{about}");
        } else {
            assert_eq!((rows, err.contains("E0502")), (records, is_ragged), "{about}");
        }
        compared += 1;
        broken += usize::from(!err.is_empty());
    }
    (compared, broken)
}

#[test]
fn csv_is_read_as_the_crate_reads_it() {
    let (compared, broken) = csv_agrees(2000);
    assert!(compared > 1200 && broken > 200 && broken < compared, "{compared} compared, {broken} broken");
}

#[test]
#[ignore = "takes minutes"]
fn csv_is_read_as_the_crate_reads_it_at_length() {
    let (compared, broken) = csv_agrees(100_000);
    println!("{compared} files compared, {broken} of them broken");
}

/// A random value, and a text of it with blanks and escapes.
fn json(chance: &mut Chance, depth: usize, text: &mut String) -> Value {
    let blank = [" ", "", "", "\t"][chance.below(4)];
    text.push_str(blank);
    let value = match chance.below(if depth == 0 { 7 } else { 9 }) {
        0 => Value::Null,
        1 => Value::Bool(chance.below(2) == 0),
        2 => Value::from(chance.below(1 << 30) as i64 - (1 << 29)),
        3 => Value::from([i64::MIN, i64::MAX, 0, -1][chance.below(4)]),
        4 => Value::from([0.5, -1.25e-7, 1e300, 123456.75, 5e-324][chance.below(5)]),
        5 | 6 => {
            let pieces =
                ["a", "é", "😀", "\"", "\\", "/", "\n", "\u{1}", "{", "]", ",", "\u{2028}", "long enough a text"];
            let content: String = (0..chance.below(5)).map(|_| pieces[chance.below(pieces.len())]).collect();
            Value::from(content)
        }
        7 => {
            text.push('[');
            let items = (0..chance.below(4)).map(|at| {
                text.push_str(if at > 0 { "," } else { "" });
                json(chance, depth - 1, text)
            });
            let items = Value::Array(items.collect());
            text.push(']');
            return items;
        }
        _ => {
            text.push('{');
            let fields = (0..chance.below(4)).map(|at| {
                let key = format!("k{at}{}", ["", "é", "\"", " "][chance.below(4)]);
                text.push_str(&format!("{}{}{blank}:", if at > 0 { "," } else { "" }, Value::from(key.as_str())));
                (key, json(chance, depth - 1, text))
            });
            let fields = Value::Object(fields.collect());
            text.push('}');
            return fields;
        }
    };
    let spelled = value.to_string();
    let escaped = chance.below(4) == 0 && value.is_string();
    if escaped {
        let unit = |unit: u16| format!("\\u{unit:04x}");
        let content = value.as_str().unwrap_or_default();
        text.push_str(&format!("\"{}\"", content.encode_utf16().map(unit).collect::<String>()));
    } else {
        text.push_str(&spelled);
    }
    text.push_str(blank);
    value
}

#[test]
fn json_is_read_as_the_crate_reads_it() {
    let folder = cli::folder(&[]);
    for seed in 0..400 {
        let mut chance = Chance(seed * 7919 + 9);
        let (mut lines, mut document, mut values) = (String::new(), String::from("["), Vec::new());
        for at in 0..1 + chance.below(12) {
            let mut text = String::new();
            let value = json(&mut chance, 4, &mut text);
            lines.push_str(&format!("{{\"v\":{text}}}\n"));
            document.push_str(&format!("{}{{\"v\":{text}}}", if at > 0 { "," } else { "" }));
            values.push(value);
        }
        document.push(']');
        for (name, text) in [("a.jsonl", &lines), ("a.json", &document)] {
            let path = cli::path(folder.path(), name);
            fs::write(&path, text).expect("the folder is ours");
            for schema in ["", ", schema: {v: json?}"] {
                let (out, err) = run(&format!("read({path:?}{schema})"));
                assert_eq!(err, "", "seed {seed}: {text}");
                let value = |line: &str| match serde_json::from_str::<Value>(line) {
                    Ok(Value::Object(mut row)) => row.remove("v").expect("the column"),
                    other => panic!("{other:?}: {line}"),
                };
                let found: Vec<Value> = out.lines().map(value).collect();
                // Inferred records have all their keys, and numbers of one column one type.
                let is_as_it_was = if schema.is_empty() { found.len() == values.len() } else { found == values };
                assert!(is_as_it_was, "seed {seed}{schema}: {text}\n{found:?}");
            }
        }
    }
}
