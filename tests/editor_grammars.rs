//! The grammars for editors: every script that Pipe can parse is parsed by tree-sitter without a fault and into tokens of
//! the same classes; the words of the TextMate grammar are those of the language.

use crate::harness::registry;
use crate::random::program::program;
use crate::tidy::walk;
use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::source::SourceId;
use pipelang_lang::syntax::{self, token::Token};
use pipelang_lang::ty::RESERVED;
use serde_json::Value;
use std::fs;
use std::path::Path;
use tree_sitter::{Node, Parser, Query, Tree};

/// What is easily read wrongly: newlines, brackets, words, texts. All of it is right.
const NASTY: &[&str] = &[
    "xs\n\n# a comment\n| take 1\n  # another\n  | take 2\ny",
    "a\n- b\na -\nb\na\n+ b",
    "xs\n  .len()\n  ?.abs()\n?? 3\n..5\n1..\n2..<3",
    "a\nnot in b\nnot b\nc\nin d\nand e\nor\nf",
    "xs | window a = sum(b)\n  by c\n  on d\nlet by_hand = 1; on_time",
    ";; let a = 1;\n;b;",
    "xs | sort (a) | sort(a, -b) | take (n + 1) | sum (a, where: b) | join (c = d)\non e | map (a, b) => a",
    "xs | map (a | sum (b, where: c) | take 1) | f ({a: 1}, 2) | g (f\"{x:>3}, {\"a, b\"}\") | h (\"a, b\") | i (r\"\\\", b)",
    "xs | map {a: 1, in: 2, by: 2, if: 3, true: 4, not: 5, it: it, `a b`: 6, c.d, ...it, schema: 1}",
    "{}\n[]\n{\"a\": 1, \"b c\": {}}\n{...a}\n{a.by, it.in}",
    "if a == {b: 1} { {c: 1} } else if b { 1 } else {\n 2 }\nmatch 1.. { _ => {} }",
    "match r { 1 or 2 => a, -1..<5 if b > 0 => c\n\"x\" => d\n{a, b: null, by: _} => {e: 1}, null => f,\n x => x\n}",
    "fn f(a: int, b: stream<{c: int?, ..}> = 3, k: fn({..}, [T]) -> map<int>?,) -> {a: int} {\n let x = 1\n\n x\n}",
    "type\ntype | take 1\nparam + 1\nimport.test\ntest(1) | sum\nimport \"a\" as b\ntest \"x\" {\n assert(a)\n let b = 1\n}",
    "type A = {}\nparam p: [int?] = [1]\ntype B = {a: int, ..}\ntype C = {..}\nlet schema = 1\nschema + 1\nschema.schema",
    "read(\"a\", schema: {a: int?}, names: \"snake\") | read(schema: A) | select schema, x = schema",
    "int?(s) ?? a.float?(1) ?? geo::int?(b)?.c[0]?.d[1]?[2] ?? x?.geo::y(z)",
    "2 ** -1 ** 2 * -a.b(c) // 3 % not_in - 1e9 + 0x1F + 1_0.5e-3 + 250ms + 1d + 5min",
    "@2024-03-01 < @2024-03-01T10:00:00.5Z and a ~ r\"\\d\\\" or not not b",
    "f\"{x:.2} of {n:,} {m:02} {{\\n\\u{1F600}}} {s.replace(\"a\", \"b\")} {f\"{a}{b:x}\"} {{a: {b: 1}.b}} # no comment\"",
    "f\"\"\nf\" {a} \"\nf\"{ {a: 1}.a : >5}\"\nr\"\"\n\"# \\\" '\" # a comment\n`a # b`",
    "xs | f x => x + 1, (a, b) => a, () => 1, n: y => y, z = (a) => a | iterate(0, (s, # c\n t) => s)",
    "(xs\n | take 1\n - 1)\n[1,\n 2\n - 3,\n]\nf(\n a,\n  (b)\n)",
    "xs | geo::near 5\n  | geo::near(5, b) by geo::x(a), c",
    "(a\n)\nlet f = (x)\nr == f\nx.r\nx.f",
];

/// Scripts with where they are from: cases, snippets, examples, blocks of documents, the pages of errors, random programs.
pub fn scripts() -> Vec<(String, String)> {
    let mut scripts: Vec<(String, String)> = NASTY.iter().map(|text| ("nasty".to_string(), text.to_string())).collect();
    for folder in ["tests", "examples", "docs", "README.md"] {
        let files = if Path::new(folder).is_dir() { walk(Path::new(folder)) } else { vec![folder.into()] };
        for path in files {
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let name = path.display().to_string();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("pipe") => scripts.push((name, text)),
                Some("md") => scripts.extend(blocks(&text).into_iter().map(|block| (name.clone(), block))),
                _ => {}
            }
        }
    }
    scripts.extend(pipelang_lang::codes::CODES.iter().map(|info| (info.code.to_string(), info.example.to_string())));
    let snippets = fs::read_to_string("tests/snippets.txt").expect("the snippets are there");
    let snippet = |part: &str| Some(part.split_once('\n')?.1.split_once("--\n")?.0.to_string());
    scripts.extend(snippets.split("\n== ").filter_map(snippet).map(|text| ("a snippet".to_string(), text)));
    let catalog = &registry().catalog;
    let random = |seed| (format!("random program {seed}"), program(seed, catalog).script("data"));
    scripts.extend((0..200).map(random));
    scripts
}

/// The blocks of a document that are scripts, or may be.
fn blocks(document: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut fences = document.split("\n```");
    fences.next();
    while let (Some(block), _) = (fences.next(), fences.next()) {
        let (language, text) = block.split_once('\n').unwrap_or((block, ""));
        if language.is_empty() || language.starts_with("pipe") {
            blocks.push(text.to_string());
        }
    }
    blocks
}

fn parser() -> Parser {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_pipe::LANGUAGE.into()).expect("the generated parser fits the library");
    parser
}

fn is_right(text: &str) -> bool {
    !syntax::parse(SourceId(0), text).1.iter().any(Diagnostic::is_error)
}

#[test]
fn nasty_scripts_are_right() {
    for text in NASTY {
        assert!(is_right(text), "{text}\n{:#?}", syntax::parse(SourceId(0), text).1);
    }
}

#[test]
fn tree_sitter_agrees_with_the_lexer() {
    let mut parser = parser();
    let mut faults = Vec::new();
    let mut parsed = 0;
    for (name, text) in scripts() {
        if !is_right(&text) {
            continue;
        }
        parsed += 1;
        let tree = parser.parse(&text, None).expect("parsing is not cancelled");
        if let Some(node) = first_fault(tree.root_node()) {
            faults.push(format!("{name}: tree-sitter cannot parse {:?} in\n{text}", &text[node.byte_range()]));
            continue;
        }
        let (ours, theirs) = statement_starts(&tree, &text);
        if ours != theirs {
            faults.push(format!("{name}: statements begin at {ours:?}, for tree-sitter at {theirs:?} in\n{text}"));
        }
        faults.extend(differing_tokens(&tree, &text).into_iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(parsed > 300, "only {parsed} scripts are right");
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

fn first_fault(node: Node) -> Option<Node> {
    if node.is_error() || node.is_missing() {
        return Some(node);
    }
    let mut cursor = node.walk();
    node.children(&mut cursor).filter(|child| child.has_error()).find_map(first_fault)
}

/// Tokens of Pipe that are no tokens, or others, for tree-sitter.
fn differing_tokens(tree: &Tree, text: &str) -> Vec<String> {
    let lexed = syntax::tokens(SourceId(0), text);
    let comments = lexed.comments.iter().map(|span| (span.range(), "comment".to_string()));
    let tokens =
        lexed.tokens.iter().filter_map(|(token, span)| Some((span.range(), class(token, &text[span.range()])?)));
    let mut faults = Vec::new();
    for (range, class) in comments.chain(tokens) {
        let smallest = tree.root_node().descendant_for_byte_range(range.start, range.end);
        let mut here = std::iter::successors(smallest, Node::parent).take_while(|node| node.byte_range() == range);
        if !here.any(|node| node.kind() == class) {
            let found = smallest.map_or((0..0, ""), |node| (node.byte_range(), node.kind()));
            faults.push(format!("{class} {:?} at {range:?} is {found:?}", &text[range.clone()]));
        }
    }
    for (token, span) in lexed.tokens.iter().filter(|(_, span)| !span.range().is_empty()) {
        let node = tree.root_node().descendant_for_byte_range(span.range().start, span.range().end);
        let owner = node.and_then(|node| node.parent()).map_or("", |owner| owner.kind());
        if owners(token).is_some_and(|owners| !owners.contains(&owner)) {
            faults.push(format!("{token:?} at {:?} belongs to a {owner}", span.range()));
        }
    }
    faults
}

/// What a bracket may belong to.
fn owners(token: &Token) -> Option<&'static [&'static str]> {
    match token {
        Token::CallOpen => Some(&["call_arguments", "function"]),
        Token::WrapOpen => Some(&["wrapped_arguments"]),
        // In a guard the `=>` behind it is that of the arm.
        Token::LambdaOpen => Some(&["lambda_parameters", "parenthesized"]),
        Token::ParenOpen => Some(&["parenthesized", "function_type"]),
        Token::IndexOpen => Some(&["index_expression"]),
        Token::BracketOpen => Some(&["list", "list_type"]),
        Token::BlockOpen => Some(&["block", "match_expression"]),
        Token::BraceOpen => Some(&["record", "map", "record_type", "record_pattern"]),
        Token::HoleOpen => Some(&["hole"]),
        _ => None,
    }
}

/// Where the statements of a script begin: for Pipe, and for tree-sitter.
fn statement_starts(tree: &Tree, text: &str) -> (Vec<usize>, Vec<usize>) {
    let ours = syntax::parse(SourceId(0), text).0.statements.iter().map(|it| it.span().range().start).collect();
    let root = tree.root_node();
    let mut cursor = root.walk();
    let statements = root.named_children(&mut cursor).filter(|node| node.kind() != "comment");
    (ours, statements.map(|node| node.start_byte()).collect())
}

/// What tree-sitter calls a token; `None` if it has no place in the tree.
fn class(token: &Token, text: &str) -> Option<String> {
    use Token::*;
    Some(match token {
        End | Newline => return None,
        // Where the smallest int is one literal, tree-sitter sees a minus and a number.
        Int(i64::MIN) => return None,
        Name(name) if name.ends_with('?') => "safe_name",
        Name(_) => "identifier",
        Backtick(_) => "quoted_identifier",
        Int(_) => "integer",
        Float(_) => "float",
        String(_) => "string",
        RawString(_) => "raw_string",
        Date(_) => "date",
        DateTime(_) => "datetime",
        Duration(_) => "duration",
        FormatText(_) => "format_text",
        HoleFormat(_) => "format",
        NotIn => "not_in",
        // Words and signs are called what they are.
        _ => text,
    })
    .filter(|_| !text.is_empty())
    .map(str::to_string)
}

#[test]
fn tree_sitter_has_colours() {
    let language = tree_sitter_pipe::LANGUAGE.into();
    let query = Query::new(&language, tree_sitter_pipe::HIGHLIGHTS).expect("the query names what the grammar has");
    assert!(query.capture_names().contains(&"function.builtin"));
}

fn textmate() -> Value {
    let text = fs::read_to_string("grammar/textmate/pipe.tmLanguage.json").expect("the grammar is there");
    serde_json::from_str(&text).expect("the grammar is JSON")
}

/// All values of a key, wherever it is.
fn all<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get(key).and_then(Value::as_str));
            map.values().for_each(|inner| all(inner, key, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| all(inner, key, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn textmate_has_the_words_of_the_language() {
    let grammar = textmate();
    let mut patterns = Vec::new();
    all(&grammar["repository"]["word"], "match", &mut patterns);
    // Each pattern has its words in the last group before `\b`.
    let words = patterns.iter().filter_map(|pattern| {
        let (before, _) = pattern.rsplit_once(r")\b")?;
        Some(before.rsplit_once("(?:")?.1.split('|'))
    });
    let mut words: Vec<&str> = words.flatten().collect();
    let mut reserved = RESERVED.to_vec();
    words.sort_unstable();
    reserved.sort_unstable();
    assert_eq!(words, reserved);
    let mut patterns = Vec::new();
    all(&grammar["repository"]["statement"], "match", &mut patterns);
    for word in ["type", "param", "import", "test", "as"] {
        assert!(patterns.iter().any(|pattern| pattern.contains(&format!("({word})"))), "{word}");
    }
}

#[test]
fn textmate_refers_to_what_there_is() {
    let grammar = textmate();
    let mut names = Vec::new();
    all(&grammar, "include", &mut names);
    for name in names {
        let known = name.strip_prefix('#').map_or(name == "$self", |name| grammar["repository"].get(name).is_some());
        assert!(known, "{name}");
    }
}

#[test]
fn tree_sitter_has_the_reserved_words() {
    let grammar = fs::read_to_string("grammar/tree-sitter-pipe/grammar.js").expect("the grammar is there");
    let list = grammar.split_once("const RESERVED = [").and_then(|(_, rest)| rest.split_once(']'));
    let words: Vec<&str> = list.map_or(Vec::new(), |(list, _)| list.split('\'').skip(1).step_by(2).collect());
    assert_eq!(words, RESERVED);
    let scanner = fs::read_to_string("grammar/tree-sitter-pipe/src/scanner.c").expect("the scanner is there");
    let missing = RESERVED.iter().find(|word| !scanner.contains(&format!("\"{word}\"")));
    assert_eq!(missing, None, "the scanner does not know it");
}

/// Where it is recorded which `grammar.js` the parser was generated from.
const GENERATED_FROM: &str = "grammar/tree-sitter-pipe/src/generated_from.txt";

#[test]
fn the_parser_is_generated_from_the_grammar() {
    let read = |path: &str| fs::read_to_string(path).expect("the grammar is there");
    let sum = format!("grammar.js {:016x}\n", checksum(read("grammar/tree-sitter-pipe/grammar.js").as_bytes()));
    if std::env::var_os("BLESS").is_some() {
        fs::write(GENERATED_FROM, &sum).expect("it can be written");
    }
    let message = "grammar.js has changed: run `tree-sitter generate` beside it, then this test with BLESS=1";
    assert_eq!(read(GENERATED_FROM), sum, "{message}");
}

/// FNV-1a.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}
