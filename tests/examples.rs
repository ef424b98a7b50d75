//! The embedding programs: each writes what stands at its top. `BLESS=1` writes that; then the diff is read.

#[path = "../examples/embed/main.rs"]
#[expect(dead_code, reason = "its `main` is another program's")]
mod embed;

use std::fs;

const START: &str = "//! ```text\n";
const END: &str = "//! ```\n";

/// The parts of a file before, in and behind the block of what it prints.
fn parts(text: &str) -> (&str, &str, &str) {
    let start = text.find(START).expect("a program says what it prints") + START.len();
    let end = start + text[start..].find(END).expect("a block has an end");
    (&text[..start], &text[start..end], &text[end..])
}

#[test]
fn embedding_programs_write_what_they_say() {
    for (name, run) in embed::EXAMPLES.iter().copied() {
        let mut out = Vec::new();
        run(&mut out).unwrap_or_else(|error| panic!("{name}: {error}"));
        let out = String::from_utf8(out).expect("programs write text");
        let lines: String = out.lines().map(|line| format!("//! {line}").trim_end().to_string() + "\n").collect();
        let file = format!("examples/embed/{name}.rs");
        let text = fs::read_to_string(&file).expect("each program is a file of its name");
        let (before, expected, behind) = parts(&text);
        if std::env::var("BLESS").is_ok_and(|value| value == "1") {
            fs::write(&file, format!("{before}{lines}{behind}")).expect("a file can be written");
        } else {
            assert_eq!(lines, expected, "{file}");
        }
    }
}

#[test]
fn the_rule_server_finds_the_same_on_any_number_of_threads() {
    let expected = (0..20_000).filter(|number| (number % 40 == 0 || number % 1000 > 900) && number % 5 != 2).count();
    for threads in [1, 3] {
        assert_eq!(embed::rule_server::serve(20_000, threads).expect("no event fails"), expected);
    }
}
