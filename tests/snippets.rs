//! Nasty pieces of syntax, and how each is read: `tests/snippets.txt`. `BLESS=1 cargo test snippets` writes the readings
//! anew; the diff is what there is to judge. Other tests have files of the same form.

use pipelang_lang::diagnostic::Diagnostic;
use pipelang_lang::source::SourceMap;
use pipelang_lang::syntax;
use std::fmt::Write as _;
use std::fs;

/// Begins a snippet; its title follows.
const TITLE: &str = "\n== ";
/// Separates a snippet from its reading.
const READING: &str = "\n--\n";

/// Characters that a text file had better not have, as the file writes them.
const WRITTEN: [(&str, &str); 4] = [("<CR>", "\r"), ("<BEL>", "\u{7}"), ("<BOM>", "\u{feff}"), ("<RLO>", "\u{202e}")];

/// The snippets of a file with their titles.
pub fn all(file: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let snippet = |part: &str| {
        let (title, rest) = part.split_once('\n').expect("a snippet stands below its title");
        let (written, _) = rest.split_once(READING).expect("a reading stands behind each snippet");
        let meant = WRITTEN.iter().fold(written.to_string(), |text, (written, meant)| text.replace(written, meant));
        (title.to_string(), meant)
    };
    text.split(TITLE).skip(1).map(snippet).collect()
}

/// Holds a file of snippets to how `read` reads them; under `BLESS=1` the file is written anew.
pub fn hold(file: &str, read: impl Fn(&str) -> String) {
    let expected = fs::read_to_string(file).unwrap_or_default();
    let mut anew = expected.split(TITLE).next().unwrap_or_default().to_string();
    let write =
        |text: &str| WRITTEN.iter().fold(text.to_string(), |text, (written, meant)| text.replace(meant, written));
    for (title, snippet) in all(file) {
        let _ = write!(anew, "{TITLE}{title}\n{}{READING}{}", write(&snippet), write(&read(&snippet)));
    }
    if std::env::var("BLESS").is_ok_and(|value| value == "1") {
        return fs::write(file, anew).expect("the file can be written");
    }
    for (expected, is) in expected.split(TITLE).zip(anew.split(TITLE)) {
        assert_eq!(expected, is, "{file}: a snippet is read in another way");
    }
    assert_eq!(expected, anew);
}

/// How a snippet is read: what is wrong with it, and its tree.
fn reading(snippet: &str) -> String {
    let mut sources = SourceMap::default();
    let source = sources.add("snippet", snippet);
    let (script, diagnostics) = syntax::parse(source, snippet);
    let errors: String = diagnostics.iter().map(|diagnostic| error(diagnostic, &sources) + "\n").collect();
    format!("{errors}{}\n", syntax::tree::script(&script))
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
    const FILE: &str = "tests/snippets.txt";
    assert!(all(FILE).len() >= 60, "only {} snippets", all(FILE).len());
    hold(FILE, reading);
}
