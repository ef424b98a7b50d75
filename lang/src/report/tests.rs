//! Reports as they are drawn, and spans that nobody should make.

use super::*;
use crate::codes::{E0101, E0201, E0501, E0601};
use crate::source::Span;

const PLAIN: RenderOptions = RenderOptions { color: false, width: 100, ascii: false, program: "pipe" };

fn script(text: &str) -> (SourceMap, SourceId) {
    let mut sources = SourceMap::default();
    let id = sources.add("report.pipe", text);
    (sources, id)
}

fn span_of(sources: &SourceMap, id: SourceId, text: &str) -> Span {
    let start = sources.get(id).text.find(text).expect("the text is there");
    Span::new(id, start, start + text.len())
}

fn unknown_column() -> (SourceMap, Diagnostic) {
    let (sources, id) = script("read(\"orders.csv\")\n| filter amont > 10\n");
    let place = span_of(&sources, id, "amont");
    let diagnostic = Diagnostic::error(E0201, place, "there is no column `amont` here")
        .saying("did you mean `amount`?")
        .label(span_of(&sources, id, "\"orders.csv\""), "its columns: id, region, amount, qty and 4 more")
        .fix(place, "amount");
    (sources, diagnostic)
}

#[test]
fn an_error_of_a_script() {
    let (sources, diagnostic) = unknown_column();
    let expected = "\
error[E0201]: there is no column `amont` here
   ╭─[ report.pipe:2:10 ]
 1 │ read(\"orders.csv\")
   │      ──────┬───── its columns: id, region, amount, qty and 4 more
 2 │ | filter amont > 10
   │          ──┬── did you mean `amount`?
───╯ fix: replace with `amount`     more: pipe explain E0201
";
    assert_eq!(render(std::slice::from_ref(&diagnostic), &sources, PLAIN), expected);
    let short = render_short(&[diagnostic], &sources, PLAIN);
    assert_eq!(short, "report.pipe:2:10: E0201: there is no column `amont` here; did you mean `amount`?\n");
}

#[test]
fn ascii_and_color() {
    let (sources, diagnostic) = unknown_column();
    let ascii = render(std::slice::from_ref(&diagnostic), &sources, RenderOptions { ascii: true, ..PLAIN });
    assert!(ascii.is_ascii(), "{ascii}");
    assert!(ascii.contains("^^|^^ did you mean `amount`?"), "{ascii}");
    let color = render(std::slice::from_ref(&diagnostic), &sources, RenderOptions { color: true, ..PLAIN });
    assert!(color.contains("\x1b["));
    assert_eq!(plain(&color), render(&[diagnostic], &sources, PLAIN));
}

#[test]
fn two_labels_on_a_line_hang_below_each_other() {
    let (sources, id) = script("1..5 | filter it == \"a\"");
    let diagnostic = Diagnostic::error(E0101, span_of(&sources, id, "=="), "cannot compare int with string")
        .label(span_of(&sources, id, "it ==").at_end(), "")
        .label(span_of(&sources, id, "\"a\""), "string");
    let text = render(&[diagnostic], &sources, PLAIN);
    assert!(text.contains("string\n") && text.contains("here\n"), "{text}");
    assert!(text.ends_with("───╯ more: pipe explain E0101\n"), "{text}");
}

#[test]
fn an_error_in_a_data_file() {
    let mut diagnostic =
        Diagnostic::outside(E0501, "people.csv:5649: `birth_date` should be a date").help("read it as text");
    diagnostic.data = Some(DataPlace {
        file: "people.csv".into(),
        line: 5649,
        counts_rows: false,
        column: Some("birth_date".into()),
        excerpt: Some("Pedro,The\x1b 90s\nnext".into()),
        cell: Some(6..13),
    });
    let expected = "\
error[E0501]: people.csv:5649: `birth_date` should be a date
  5649 │ Pedro,The\\x1b 90s
       │       ~~~~~~~~~~
  help: read it as text     more: pipe explain E0501
";
    assert_eq!(render(std::slice::from_ref(&diagnostic), &SourceMap::default(), PLAIN), expected);
    let json = render_json(&[diagnostic], &SourceMap::default());
    assert!(json.contains(
        r#""primary":null,"labels":[],"help":["read it as text"],"edits":[],"data":{"file":"people.csv","line":5649,"#
    ));
}

#[test]
fn a_failing_row_names_its_line() {
    let (sources, id) = script("read(\"orders.csv\") | derive x = qty * cents");
    let mut diagnostic = Diagnostic::error(E0601, span_of(&sources, id, "qty * cents"), "integer overflow")
        .saying("9 * 9 does not fit into int (64 bits)");
    diagnostic.data = Some(DataPlace {
        file: "orders.csv".into(),
        line: 73113,
        counts_rows: false,
        column: None,
        excerpt: None,
        cell: None,
    });
    let text = render(std::slice::from_ref(&diagnostic), &sources, PLAIN);
    assert!(text.ends_with("───╯ in orders.csv:73113     more: pipe explain E0601\n"), "{text}");
    diagnostic.stage = Some("derive".into());
    let json = render_json(std::slice::from_ref(&diagnostic), &sources);
    assert!(
        json.ends_with(",\"stage\":\"derive\",\"data\":{\"file\":\"orders.csv\",\"line\":73113,\"column\":null}}\n"),
        "{json}"
    );
    let place = diagnostic.data.as_mut().expect("it was put there");
    (place.file, place.counts_rows) = ("orders.parquet".into(), true);
    let json = render_json(&[diagnostic], &sources);
    assert!(json.ends_with("\"data\":{\"file\":\"orders.parquet\",\"row\":73113,\"column\":null}}\n"), "{json}");
}

#[test]
fn many_are_counted() {
    let (sources, id) = script("x");
    let many: Vec<Diagnostic> =
        (0..51).map(|_| Diagnostic::error(E0101, Span::new(id, 0, 1), "there is no stage called `x`")).collect();
    let text = render(&many, &sources, PLAIN);
    assert_eq!(text.matches("error[E0101]").count(), 20);
    assert!(text.ends_with("\n… and 31 more\n"));
    assert_eq!(render_short(&many, &sources, PLAIN).lines().count(), 21);
    assert_eq!(render_json(&many, &sources).lines().count(), 51);
}

#[test]
fn json_has_places_and_edits() {
    let (sources, diagnostic) = unknown_column();
    assert_eq!(
        render_json(&[diagnostic], &sources),
        concat!(
            r#"{"code":"E0201","severity":"error","message":"there is no column `amont` here","#,
            r#""primary":{"file":"report.pipe","line":2,"column":10,"end_line":2,"end_column":15,"start":28,"end":33,"#,
            r#""text":"did you mean `amount`?"},"#,
            r#""labels":[{"file":"report.pipe","line":1,"column":6,"end_line":1,"end_column":18,"start":5,"end":17,"#,
            r#""text":"its columns: id, region, amount, qty and 4 more"}],"#,
            r#""help":["replace with `amount`"],"edits":[{"start":28,"end":33,"text":"amount"}]}"#,
            "\n"
        )
    );
}

#[test]
fn a_label_without_text_is_a_plain_line() {
    let (sources, id) = script("1..5 | tke 3");
    let diagnostic = Diagnostic::error(E0101, span_of(&sources, id, "tke"), "there is no stage called `tke`");
    let text = render(std::slice::from_ref(&diagnostic), &sources, PLAIN);
    assert!(text.contains("\n   │        ───\n"), "{text}");
    let ascii = render(&[diagnostic], &sources, RenderOptions { ascii: true, ..PLAIN });
    assert!(ascii.contains("\n   |        ^^^\n"), "{ascii}");
}

#[test]
fn a_long_line_is_cut_to_a_window() {
    let text = format!("{} | tke 3 | {}", "1 + ".repeat(400), "x | ".repeat(400));
    let (sources, id) = script(&text);
    let diagnostic = Diagnostic::error(E0101, span_of(&sources, id, "tke"), "there is no stage called `tke`");
    let drawn = render(&[diagnostic.saying("here")], &sources, PLAIN);
    assert!(drawn.lines().all(|line| line.chars().count() <= 100), "{drawn}");
    let lines: Vec<&str> = drawn.lines().collect();
    assert!(lines[1].contains("report.pipe:1:1604"), "{drawn}");
    let column = |line: &str, what: &str| line.find(what).map(|at| line[..at].chars().count());
    assert_eq!(column(lines[2], "tke"), column(lines[3], "─┬─ here"), "{drawn}");
    assert!(lines[2].contains('…') && lines[2].ends_with('…'), "{drawn}");
}

#[test]
fn what_hides_is_spelled_out() {
    let (sources, id) = script("let a\u{202e} = \"\u{1b}[31m\"\t\u{e000}");
    let diagnostic = Diagnostic::error(E0101, Span::new(id, 5, 8), "the name \u{1b}[2J hides").saying("\u{200b}x");
    let drawn = render(&[diagnostic], &sources, PLAIN);
    assert!(drawn.contains(r#"let a\u{202e} = "\x1b[31m"    \u{e000}"#), "{drawn}");
    assert!(drawn.contains(r"the name \x1b[2J hides") && drawn.contains(r"\u{200b}x"), "{drawn}");
    assert!(!drawn.contains(['\u{1b}', '\u{202e}', '\u{200b}', '\u{e000}', '\u{e001}']));
}

#[test]
fn hostile_spans_are_drawn() {
    let texts = ["", "a", "ä€\n\r\n日本 x\ty\n", "\n\n", "a\r\nb\u{2028}c\u{85}\u{c}\rd\n", &"é".repeat(900)];
    for text in texts {
        let (mut sources, id) = script(text);
        let other = sources.add("other.pipe", "b");
        let mut edges: Vec<u32> = (0..=text.len().min(24) as u32 + 2).collect();
        edges.extend([1700, 1801, u32::MAX - 1, u32::MAX]);
        for &start in &edges {
            for &end in &edges {
                let span = Span { source: id, start, end };
                let diagnostic = Diagnostic::error(E0101, span, "x")
                    .saying("here")
                    .label(Span { source: id, start: end, end: start }, "there\nand there")
                    .label(Span { source: other, start, end }, "elsewhere");
                let all = [diagnostic];
                let drawn = render(&all, &sources, RenderOptions { width: 0, ascii: start % 2 == 0, ..PLAIN });
                for text in ["here", r"there\nand there", "elsewhere"] {
                    assert!(drawn.contains(text), "{start}..{end}: {drawn}");
                }
                assert_eq!(render_short(&all, &sources, PLAIN).lines().count(), 1);
                assert_eq!(render_json(&all, &sources).lines().count(), 1);
            }
        }
    }
}
