//! Inputs that mean harm: no panic, no overflow of the stack, no long wait.

use super::{parse, tree};
use crate::syntax::nesting;
use std::time::{Duration, Instant};

/// Parses and drops; everything here is done in far less than the limit, which only catches what is not linear.
#[track_caller]
fn survives(text: &str) -> Vec<String> {
    let start = Instant::now();
    let (script, diagnostics) = parse(text);
    drop(script.clone());
    drop(script);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    diagnostics.iter().map(|diagnostic| diagnostic.code.to_string()).collect()
}

#[test]
fn nesting_is_bounded() {
    let deep = |piece: &str, count: usize| piece.repeat(count);
    for text in [
        deep("(", 1_000_000),
        deep("[", 100_000),
        deep("{", 100_000),
        deep("f(", 50_000),
        deep("f\"{", 50_000),
        deep("-", 300_000) + "1",
        deep("not ", 50_000) + "a",
        deep("1 + ", 50_000) + "1",
        deep("2 ** ", 50_000) + "2",
        deep("a.", 50_000) + "a",
        format!("a{}", deep("[0]", 50_000)),
        format!("a{}", deep(".f()", 50_000)),
        deep("if a { 1 } else ", 20_000) + "{ 1 }",
        deep("a ?? ", 100_000) + "a",
        deep("a..", 100_000),
        format!("f({}1)", deep("x => ", 100_000)),
        format!("type A = {}int", deep("map<", 100_000)),
        format!("type A = {}int", deep("fn() -> ", 100_000)),
        format!("let x = {}1{}", deep("(", 257), deep(")", 257)),
    ] {
        let codes = survives(&text);
        assert!(codes.contains(&"E0801".to_string()), "{:?}… {codes:?}", &text[..20]);
    }
}

#[test]
fn nesting_within_the_bound_is_read() {
    assert_eq!(tree(&format!("{}1{}", "(".repeat(250), ")".repeat(250))).len(), 501);
    assert!(tree(&format!("{}1", "1 + ".repeat(490))).len() > 1000);
    assert!(tree(&format!("x{}", " == 1 or x".repeat(400))).starts_with("(or "));
    tree(&format!("xs{}", " | take 1".repeat(20_000)));
    tree(&format!("[{}]", "1, ".repeat(50_000)));
    tree(&"let x = 1 + 2\n".repeat(20_000));
}

#[test]
fn nesting_counts_brackets_and_prefix_operators() {
    for (text, levels) in [
        ("1 + 2 * 3", 0),
        ("(1) + (2)", 1),
        ("-1 - -1", 1),
        ("- - - 1 + 1", 3),
        ("not not (-(1))", 5),
        ("f(- [x, -y])", 4),
        ("--1\n-1", 2),
    ] {
        assert_eq!(nesting(text), levels, "{text}");
    }
}

#[test]
fn everything_unclosed() {
    for text in [
        "",
        "\n",
        ";;;",
        "\u{feff}",
        "#",
        "\"",
        "f\"",
        "f\"{",
        "f\"{a:",
        "r\"",
        "`",
        "``",
        "'",
        "(",
        "a[",
        "{",
        "if",
        "if a",
        "if a {",
        "match",
        "match x",
        "match x {",
        "match x { 1 =>",
        "let",
        "let x",
        "let x =",
        "fn",
        "fn f",
        "fn f(",
        "fn f(x:",
        "fn f() ->",
        "fn f() {",
        "param",
        "param x",
        "param x:",
        "type",
        "type T =",
        "import",
        "import \"a\" as",
        "test",
        "test \"a\"",
        "test \"a\" {",
        "xs |",
        "| xs",
        "||",
        "xs | a::",
        "xs | a by",
        "xs | sort by",
        "a.",
        "a?.",
        "a ??",
        "not",
        "-",
        "..",
        "1..",
        "..1",
        "...",
        "x =>",
        "(a, b) =>",
        "@",
        "@2024",
        "0x",
        "1e",
        "{...",
        "{\"a\":",
        ")",
        "]",
        "}",
        "a ? b : c",
        "xs | filter f\"{x",
        "xs | f (",
        "xs | f (a,",
        "\0",
        "\r\n",
        "(\n;\n)",
        "{a: }",
        "{: 1}",
        "xs | sort desc",
        "select",
        "select from",
        "for",
        "while",
        "x =",
        "var x =",
        "f x y z (",
        "a b",
        "f [",
        "xs | order_by",
        "xs | sort by by",
        "not in",
        "a not in",
    ] {
        survives(text);
        survives(&text.repeat(300));
        survives(&format!("{text}\n").repeat(300));
        survives(&format!("xs | map {text} | take 3"));
        survives(&format!("f({text})"));
    }
}

#[test]
fn random_tokens_and_bytes() {
    let pieces = [
        "a",
        "f(",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "|",
        " | take ",
        "=",
        "==",
        "=>",
        ":",
        "::",
        ",",
        ".",
        "?.",
        "?",
        "??",
        "..",
        "..<",
        "...",
        "**",
        "-",
        " - ",
        "+",
        "<",
        "~",
        "\n",
        ";",
        "\"",
        "f\"",
        "r\"",
        "`",
        "'",
        "let ",
        "fn ",
        "if ",
        "else ",
        "match ",
        " in ",
        " and ",
        " not ",
        "null",
        " it ",
        " by ",
        " on ",
        "type ",
        "param ",
        "import ",
        "test ",
        "1",
        "1.5",
        "5min",
        "@2024-01-01",
        "#",
        "\\",
        "é",
        "“",
        " ",
        "  ",
        "sort by ",
        "filter a = ",
        "aggregate ",
        "&&",
        "\u{1F600}",
        "\0",
        "x desc",
        "a b",
        "{\"a\": ",
    ];
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for _ in 0..3_000 {
        let length = next(40);
        let text: String = (0..length).map(|_| pieces[next(pieces.len())]).collect();
        survives(&text);
        let bytes: Vec<u8> = (0..length).map(|_| next(256) as u8).collect();
        survives(&String::from_utf8_lossy(&bytes));
    }
    for _ in 0..20 {
        let text: String = (0..20_000).map(|_| pieces[next(pieces.len())]).collect();
        survives(&text);
    }
}

/// Run with `cargo test --release -p pipelang-lang --lib -- --ignored --nocapture parsing_speed`.
#[test]
#[ignore = "a measurement"]
fn parsing_speed() {
    let line = "orders | filter qty * price > 10.5 and region == \"north\" | aggregate n = count(), s = sum(qty) by region | sort -n\n";
    for (text, times) in [("1 + 2".to_string(), 1000), (line.repeat(1000), 5)] {
        let start = Instant::now();
        for _ in 0..times {
            assert!(parse(&text).1.is_empty());
        }
        eprintln!("{} bytes: {:?} each", text.len(), start.elapsed() / times);
    }
}
