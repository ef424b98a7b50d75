//! Holds `grammar/pipe.ebnf` and `lang/src/syntax` to one another: words, operators and productions.

use pipelang_lang::source::SourceId;
use pipelang_lang::syntax::lexer;
use pipelang_lang::syntax::token::Token;
use pipelang_lang::ty::RESERVED;
use std::collections::BTreeSet;
use std::fs;

const FOLDER: &str = "lang/src/syntax/parser";
/// The files of the parser; `faults.rs` has no production.
const FILES: [&str; 6] = ["mod.rs", "statement.rs", "stage.rs", "expr.rs", "pattern.rs", "types.rs"];

/// Productions without a function of their own, each with the reason.
const WITHOUT_FUNCTION: &[(&str, &str)] = &[("not_expr", "a row of the table in `operators`")];

/// Functions that make a rule and are no production, each with the reason.
const WITHOUT_PRODUCTION: &[(&str, &str)] = &[
    ("name", "the token NAME"),
    ("name_before", "NAME with the token behind it"),
    ("place", "a token with its place"),
    ("before", "looks ahead"),
    ("skip_until", "recovers"),
    ("recovered", "recovers"),
    ("broken_stage", "recovers"),
    ("operators", "all productions from `or_expr` to `power`, by precedence"),
    ("name_or_call", "two alternatives of `operand` that begin alike"),
    ("parenthesized", "an alternative of `operand`"),
    ("lambda_value", "an error"),
    ("inner", "`expr`, with an error of its own for a pipeline"),
    ("stage_path", "`path`, with its own word in messages"),
    ("clauses", "`by` and `on` of a `stage`"),
    ("wrapped", "`call_arguments` and the parentheses around all arguments of a stage"),
    ("block_of", "`block` and the body of a `test`"),
];

fn grammar() -> String {
    fs::read_to_string("grammar/pipe.ebnf").expect("grammar/pipe.ebnf is there")
}

/// The lines of the productions, from section 3 on, without comments.
fn productions_text(grammar: &str) -> String {
    let (_, rest) = grammar.split_once("# 3 Statements").expect("section 3 has the statements");
    rest.lines().map(|line| format!("{}\n", line.split(" #").next().unwrap_or(line))).collect()
}

/// The names of the productions.
fn productions(grammar: &str) -> BTreeSet<String> {
    let name = |line: &str| {
        let (name, _) = line.split_once('=')?;
        let name = name.trim_end();
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        plain.then(|| name.to_string())
    };
    productions_text(grammar).lines().filter_map(name).collect()
}

/// The texts in double quotes.
fn terminals(grammar: &str) -> BTreeSet<String> {
    let text = productions_text(grammar);
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(|line| line.split('"').skip(1).step_by(2).map(str::to_string))
        .collect()
}

/// The functions of the parser, and whether each makes a rule.
fn functions() -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for file in FILES {
        let text = fs::read_to_string(format!("{FOLDER}/{file}")).expect("the parser's files are there");
        for part in text.split("\nfn ").skip(1).chain(text.split("\npub(super) fn ").skip(1)) {
            let name = part.split(['<', '(']).next().unwrap_or("").trim_start_matches("r#").to_string();
            let head = part.split('{').next().unwrap_or("");
            found.push((name, head.contains("-> Rule<")));
        }
    }
    found
}

#[test]
fn every_production_is_a_function_and_every_function_a_production() {
    let productions = productions(&grammar());
    assert!(productions.len() > 40, "{productions:?}");
    let functions = functions();
    let mut faults = Vec::new();
    for production in &productions {
        let has = functions.iter().any(|(name, _)| name == production);
        let excused = WITHOUT_FUNCTION.iter().any(|(name, _)| name == production);
        if has == excused {
            faults.push(format!("`{production}` of grammar/pipe.ebnf: function {has}, in WITHOUT_FUNCTION {excused}"));
        }
    }
    for (name, _) in functions.iter().filter(|(_, is_rule)| *is_rule) {
        let excused = WITHOUT_PRODUCTION.iter().any(|(excused, _)| excused == name);
        if productions.contains(name) == excused {
            faults.push(format!("`{name}` of {FOLDER}: no production, or needlessly in WITHOUT_PRODUCTION"));
        }
    }
    for (name, _) in WITHOUT_PRODUCTION {
        if !functions.iter().any(|(function, _)| function == name) {
            faults.push(format!("WITHOUT_PRODUCTION names `{name}`, which {FOLDER} does not have"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_grammar_uses_exactly_the_reserved_words() {
    let grammar = grammar();
    let contextual = ["type", "param", "import", "test", "as", "schema", "_"];
    let is_word = |terminal: &String| terminal.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    let used: BTreeSet<String> = terminals(&grammar).into_iter().filter(is_word).collect();
    let known: BTreeSet<String> = RESERVED.iter().chain(&contextual).map(|word| word.to_string()).collect();
    assert_eq!(used, known);
    let (_, listed) = grammar.split_once("# The reserved words:\n#   ").expect("the grammar lists the reserved words");
    let listed: Vec<&str> = listed.lines().next().unwrap_or("").split(' ').collect();
    assert_eq!(listed, RESERVED);
}

/// Each text in quotes is one token of the lexer, or two that it names apart.
#[test]
fn every_terminal_is_a_token() {
    for terminal in terminals(&grammar()) {
        let tokens = lexer::lex(SourceId(0), &terminal).tokens;
        assert_eq!(tokens.len(), 1, "`{terminal}` of grammar/pipe.ebnf: {tokens:?}");
        let foreign = matches!(tokens[0].0, Token::ForeignOperator | Token::ForeignName | Token::Faulty);
        assert!(!foreign, "`{terminal}` of grammar/pipe.ebnf is {:?}", tokens[0].0);
    }
}
