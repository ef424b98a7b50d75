//! Nasty pieces of syntax, and how each is read: `tests/snippets.txt`. `BLESS=1 cargo test snippets` writes the readings
//! anew; the diff is what there is to judge.

use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::source::SourceMap;
use pipelang_lang::syntax;
use std::fmt::Write as _;
use std::fs;

const FILE: &str = "tests/snippets.txt";

/// Begins a snippet; its title follows.
const TITLE: &str = "== ";
/// Separates a snippet from its reading.
const READING: &str = "--\n";

/// Characters that a text file had better not have, as the file writes them.
const WRITTEN: [(&str, &str); 4] = [("<CR>", "\r"), ("<BEL>", "\u{7}"), ("<BOM>", "\u{feff}"), ("<RLO>", "\u{202e}")];

/// The file, read as its snippets are now.
fn read_anew(file: &str) -> String {
    let title_line = format!("\n{TITLE}");
    let mut parts = file.split(&title_line);
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let (title, rest) = part.split_once('\n').expect("a snippet stands below its title");
        let (snippet, _) = rest.split_once(READING).expect("a reading stands behind each snippet");
        let _ = write!(out, "\n{TITLE}{title}\n{snippet}{READING}{}", reading(snippet));
    }
    out
}

/// How a snippet is read: what is wrong with it, and its tree.
fn reading(snippet: &str) -> String {
    let mut text = snippet.strip_suffix('\n').unwrap_or(snippet).to_string();
    for (written, meant) in WRITTEN {
        text = text.replace(written, meant);
    }
    let mut sources = SourceMap::default();
    let source = sources.add("snippet", text.as_str());
    let (script, diagnostics) = syntax::parse(source, &text);
    let mut out = String::new();
    for diagnostic in &diagnostics {
        let _ = writeln!(out, "{}", error(diagnostic, &sources));
    }
    let tree = syntax::tree::script(&script);
    let _ = writeln!(out, "{tree}");
    for (written, meant) in WRITTEN {
        out = out.replace(meant, written);
    }
    out
}

/// `! E0130 1:5-1:8 a value is missing`
fn error(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let Some(primary) = &diagnostic.primary else { return format!("! {} {}", diagnostic.code, diagnostic.message) };
    let file = sources.get(primary.span.source);
    let (line, column) = file.line_column(primary.span.start as usize);
    let (last_line, last_column) = file.line_column(primary.span.end as usize);
    let end = if line == last_line { last_column.to_string() } else { format!("{last_line}:{last_column}") };
    format!("! {} {line}:{column}-{end} {}", diagnostic.code, diagnostic.message)
}

#[test]
fn snippets_are_read_as_they_were() {
    let file = fs::read_to_string(FILE).expect("tests/snippets.txt is there");
    let anew = read_anew(&file);
    let count = file.matches(&format!("\n{TITLE}")).count();
    assert!(count >= 60, "only {count} snippets");
    if std::env::var("BLESS").is_ok_and(|value| value == "1") {
        return fs::write(FILE, anew).expect("the file can be written");
    }
    let titles = |text: &str| text.split(&format!("\n{TITLE}")).map(str::to_string).collect::<Vec<_>>();
    for (expected, is) in titles(&file).iter().zip(titles(&anew)) {
        assert_eq!(*expected, is, "a snippet is read in another way");
    }
    assert_eq!(file, anew);
}
