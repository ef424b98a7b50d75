//! How long it takes to parse, to format and to check scripts of 1,000 to 100,000 lines, of several shapes.
//!
//! `cargo test --release -p pipelang-lang --lib -- --ignored --nocapture checking_speed`

use super::{Weather, catalog};
use crate::check::Parameters;
use crate::source::{SourceId, SourceMap};
use crate::syntax;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// A shape: its name, and the script of so many lines.
type Shape = (&'static str, fn(usize) -> String);

const SHAPES: [Shape; 8] = [
    ("statements", |lines| lines_of(lines, |_| "sales | filter qty * 2 > 10 and sku == \"a\" | take 3".into())),
    ("bindings", |lines| {
        lines_of(lines, |line| match line {
            0 => "let a0 = 1".into(),
            _ => format!("let a{line} = a{} + 1", line - 1),
        })
    }),
    ("functions", |lines| lines_of(lines, |line| format!("fn f{line}(x: int) -> int {{ x * {line} + 1 }}"))),
    ("calls", |lines| {
        lines_of(lines, |line| if line == 0 { "fn f(x: int) -> int { x + 1 }".into() } else { format!("f({line})") })
    }),
    ("stages", |lines| format!("sales\n{}", lines_of(lines, |_| "| filter qty > 1".into()))),
    ("columns", |lines| format!("sales\n{}", lines_of(lines, |line| format!("| derive c{line} = qty + {line}")))),
    ("a list", |lines| format!("[\n{}]", lines_of(lines, |line| format!("{line},")))),
    ("mistakes", |lines| lines_of(lines, |_| "sales | filter (qty = 1 | tke 3 | select \"a".into())),
];

fn lines_of(lines: usize, line: impl Fn(usize) -> String) -> String {
    (0..lines).fold(String::new(), |mut text, at| {
        let _ = writeln!(text, "{}", line(at));
        text
    })
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

#[test]
#[ignore = "a measurement"]
fn checking_speed() {
    let catalog = catalog();
    for (name, shape) in SHAPES {
        for lines in [1_000, 10_000, 100_000] {
            let text = shape(lines);
            let parsed = time(|| drop(syntax::parse(SourceId(0), &text)));
            let formatted = time(|| drop(syntax::format(&text)));
            let checked = time(|| {
                let mut sources = SourceMap::default();
                drop(crate::compile(&mut sources, "s", &text, &catalog, &Weather, &Parameters::default()));
            });
            eprintln!("{name:12} {lines:7} lines: parse {parsed:9.2?} format {formatted:9.2?} compile {checked:9.2?}");
            if checked > Duration::from_secs(10) {
                break;
            }
        }
    }
}
