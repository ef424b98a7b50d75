//! What entries mean one behind the other, without a terminal.

use super::*;
use pipelang::{OutputFormat, RowFormat, RunSettings, Style, TableStyle, fs};

fn session() -> Session {
    Session::new(Engine::builder().grant(fs::read_everything()).build().expect("no functions are added"))
}

impl Session {
    /// What an entry prints, as lines of JSON, or its report; it is kept.
    fn enter(&mut self, text: &str) -> String {
        let entry = match self.compile(ENTRY, text) {
            Ok(entry) => entry,
            Err(report) => return report.render_short(pipelang::RenderOptions::default()),
        };
        let style = Style { format: OutputFormat::Rows(RowFormat::Jsonl), table: TableStyle::default() };
        let mut out = Vec::new();
        let (_, result) = entry.script.write(&mut out, &style, &RunSettings::default());
        let mut shown = String::from_utf8(out).expect("text");
        let has_run = result.is_ok();
        if let Err(report) = result {
            shown.push_str(&entry.report(report).render_short(pipelang::RenderOptions::default()));
        }
        self.keep(entry, has_run);
        shown
    }
}

/// Entries, one behind the other, and what each prints.
fn prints(entries: &[(&str, &str)]) -> Session {
    let mut session = session();
    for (entry, expected) in entries {
        assert_eq!(session.enter(entry).trim_end(), *expected, "{entry}");
    }
    session
}

#[test]
fn a_pipe_goes_on_with_the_last_result() {
    let session = prints(&[
        ("1..4", "1\n2\n3\n4"),
        ("| filter it > 2", "3\n4"),
        ("  | map it * 10", "30\n40"),
        ("let a = 3", ""),
        ("| take 1", "30"),
    ]);
    assert_eq!(session.last(), Some("1..4\n| filter it > 2\n| map it * 10\n| take 1"));
}

#[test]
fn the_last_result_has_a_name() {
    let session = prints(&[
        ("3", "3"),
        ("_ + 4", "7"),
        ("_ * _", "49"),
        ("let seven = _", ""),
        ("1", "1"),
        ("seven + _", "50"),
        ("[1] | map _ => _ + 1", "2"),
    ]);
    assert_eq!(session.definition("seven"), Some("let seven = (((3) + 4) * ((3) + 4))"));
}

#[test]
fn definitions_stay_and_are_replaced() {
    prints(&[
        ("let a = 2; fn double(x: int) { x * a }", ""),
        ("double(3)", "6"),
        ("let b = double(5)", ""),
        // What others are made with stands where it stood.
        ("let a = 3", ""),
        ("b", "15"),
        // What is made with others stands behind them.
        ("let c = b + 1", ""),
        ("fn double(x: int) { x + 1 }; double(1); c", "2\n7"),
        ("type Row = {id: int}\nparam most: int = 5", ""),
        ("fn ids(rows: stream<Row>) { rows | select id }\n[{id: 1}] | ids | filter id < most", "{\"id\":1}"),
        ("let b = 1; let d = b; d + c", "3"),
    ]);
}

#[test]
fn what_is_wrong_changes_nothing() {
    let session = prints(&[
        ("let a = 2", ""),
        ("[a, 5]", "2\n5"),
        (
            "let a = 3; nothing",
            "<prompt>:1:12: E0201: there is nothing called `nothing` here; no `let`, no `param`, no table",
        ),
        (
            "let b = \"x\" + a",
            "<prompt>:1:9: E0302: `+` cannot add string and int; string on the left, int on the right",
        ),
        ("a", "2"),
    ]);
    assert_eq!(session.names().collect::<Vec<_>>(), ["a"]);
}

#[test]
fn places_are_those_of_the_entry() {
    prints(&[
        ("let zero = 0\nlet xs = 1..3", ""),
        ("1..3\n| filter it > 1\n| map 1 // zero", "<prompt>:3:7: E0602: cannot divide by zero: 1 // 0"),
        // What has failed is no result.
        ("xs | take 1", "1"),
        ("| map it // zero", "<prompt>:2:7: E0602: cannot divide by zero: 1 // 0"),
        ("| map it + 1", "2"),
        ("_ | filter price > 1", "<prompt>:1:12: E0210: this stream has single values, not columns"),
    ]);
}

#[test]
fn parameters_have_values() {
    let mut session = prints(&[("param least: int", ""), ("param names: [string] = []", "")]);
    assert_eq!(session.missing_parameters(), ["least"]);
    let missing = session.compile(ENTRY, "least").err().expect("it has no value");
    assert!(missing.to_string().contains("give it one: `:set least …`"), "{missing}");
    assert!(session.enter("least").contains("E0705"));
    let set = |session: &mut Session, value: &str| {
        session
            .set_parameters(vec![("least".into(), ParameterValue::Text(value.to_string()))])
            .err()
            .and_then(|report| report.code())
    };
    assert_eq!(set(&mut session, "many").map(|code| code.to_string()).as_deref(), Some("E0705"));
    assert_eq!(set(&mut session, "7"), None);
    assert_eq!(session.enter("least + 1").trim_end(), "8");
}

#[test]
fn tests_run_when_they_are_entered() {
    let mut session = prints(&[("fn double(x: int) -> int { x * 2 }", "")]);
    let mut outcome = |text: &str| {
        let entry = session.compile(ENTRY, text).expect("it compiles");
        let tests = entry.tests.clone();
        session.keep(entry, true);
        let settings = RunSettings::default();
        let said = tests.iter().map(|test| match session.run_test(test, &settings) {
            Ok(name) => name.unwrap_or_default(),
            Err(report) => report.render_short(pipelang::RenderOptions::default()),
        });
        said.collect::<Vec<_>>().join("; ")
    };
    assert_eq!(
        outcome("test \"two\" { assert(double(1) == 2) }\ntest \"four\" { assert(double(2) == 4) }"),
        "two; four"
    );
    let failed = outcome("test \"two\" {\n  assert(double(1) == 3)\n}");
    assert!(failed.starts_with("<prompt>:2:10: E0605"), "{failed}");
    assert_eq!(outcome("param n: int\ntest \"n\" { assert(n > 2) }"), "");
}

#[test]
fn definitions_can_be_forgotten() {
    let mut session = prints(&[("let a = 1\nlet b = a + 1\nlet c = 3", "")]);
    let report = session.forget("a").expect_err("`b` is made with it");
    assert_eq!(report.code().map(|code| code.to_string()).as_deref(), Some("E0201"));
    assert!(session.forget("c").is_ok());
    assert_eq!(session.names().collect::<Vec<_>>(), ["a", "b"]);
    assert!(session.forget("").is_ok());
    assert_eq!(session.names().count(), 0);
}

#[test]
fn it_can_be_written_as_a_script() {
    let mut before = prints(&[
        ("# Twice.\nfn twice(x: int) { x * 2 }", ""),
        ("1..3", "1\n2\n3"),
        ("let firsts = _ | take 2", ""),
        ("firsts | map twice(it)", "2\n4"),
        ("| sum it", "6"),
    ]);
    let text = before.text();
    assert!(text.starts_with("# Twice.\nfn twice"), "{text}");
    let mut after = session();
    assert_eq!(after.enter(&text), before.enter("_"));
    assert_eq!(after.enter("firsts"), before.enter("firsts"));
}

#[test]
fn what_is_written_to_a_file_is_no_last_result() {
    let folder = tempfile::tempdir().expect("a folder");
    let grants = fs::write_below(folder.path());
    let mut session = Session::new(Engine::builder().grant(grants).build().expect("no functions are added"));
    session.enter("1..3");
    let file = folder.path().join("numbers.csv");
    assert_eq!(session.enter(&format!("| write {file:?}")), "");
    assert!(file.is_file());
    assert_eq!(session.enter("| take 1").trim_end(), "1");
}

#[test]
fn an_entry_does_not_go_on_with_a_definition() {
    let mut session = session();
    assert_eq!(session.enter("let x = 3 # three"), "");
    for entry in ["* 2", "?? 4", "== 3", ".abs()", "in [3]", "and true"] {
        let report = session.enter(entry);
        assert!(report.starts_with("<prompt>:1:1: E01"), "{entry}: {report}");
    }
    assert_eq!(session.enter("x").trim_end(), "3");
}

#[test]
fn functions_and_values_may_have_one_name() {
    prints(&[
        ("fn f(x: int) -> int { x + 1 }", ""),
        ("let f = 3", ""),
        ("f(f)", "4"),
        ("let f = 4", ""),
        ("f(f)", "5"),
    ]);
}

#[test]
fn a_value_may_be_made_of_the_one_that_had_its_name() {
    prints(&[
        ("let a = 1 + 1", ""),
        ("let a = a * 10", ""),
        ("a", "20"),
        ("let b = a + 1", ""),
        ("let a = [a, 0].sum()", ""),
        ("b", "21"),
        ("let w = 1..9", ""),
        ("w | take 3", "1\n2\n3"),
        ("let w = _", ""),
        ("w | skip 1", "2\n3"),
    ]);
    let report = session().enter("let a = a + 1");
    assert!(report.starts_with("<prompt>:1:9: E0201"), "{report}");
}

#[test]
fn parameters_say_what_they_are() {
    let mut session = prints(&[
        ("param n: int = 3", ""),
        ("# Who?\nparam who: string", ""),
        ("param days: [date]", ""),
        ("param big: bool?", ""),
    ]);
    let text = |text: &str| ParameterValue::Text(text.to_string());
    let values =
        |session: &Session| -> Vec<Option<String>> { session.parameters().into_iter().map(|it| it.value).collect() };
    assert_eq!(values(&session), [Some("3".to_string()), None, None, None]);
    assert_eq!(session.parameters()[1].doc, "Who?");
    let days = vec![("days".into(), text("2024-01-01")), ("days".into(), text("@2024-01-02"))];
    session.set_parameters(days).expect("they fit");
    session.set_parameters(vec![("who".into(), text("a \"b\""))]).expect("it fits");
    session.set_parameters(vec![("n".into(), text("many"))]).expect_err("it is no number");
    let expected = [Some("3"), Some("\"a \\\"b\\\"\""), Some("[@2024-01-01, @2024-01-02]"), None];
    assert_eq!(values(&session), expected.map(|value| value.map(str::to_string)));
}

#[test]
fn nothing_of_a_load_that_fails_stays() {
    let mut session = session();
    let text = |text: &str| ParameterValue::Text(text.to_string());
    let mut load = |script: &str, name: &str, value: &str| {
        session.begin_load(vec![(name.into(), text(value))]);
        let shown = session.enter(script);
        session.end_load();
        let missing = session.enter("param v: int");
        assert_eq!((missing.as_str(), session.missing_parameters()), ("", vec!["v".to_string()]), "{script}");
        session.forget("v").expect("nothing is made with it");
        shown
    };
    assert!(load("param v: int\nv +", "v", "7").contains("E0130"));
    assert!(load("1", "v", "7").contains("E0705"));
    let missing = load("param v: int\nv", "w", "7");
    assert!(missing.contains("E0705") && missing.contains("this script has no parameter `w`"), "{missing}");
    session.begin_load(vec![("v".into(), text("7"))]);
    assert_eq!(session.enter("param v: int\nv").trim_end(), "7");
    session.end_load();
    assert_eq!(session.enter("v + 1").trim_end(), "8");
}

#[test]
fn saved_parameters_keep_their_values() {
    let mut session = prints(&[("param lim: float = 30.0", ""), ("# Whom?\nparam who: string", "")]);
    let text = |text: &str| ParameterValue::Text(text.to_string());
    session.set_parameters(vec![("lim".into(), text("33")), ("who".into(), text("me"))]).expect("they fit");
    assert_eq!(session.enter("lim + 1.0").trim_end(), "34.0");
    let saved = "param lim: float = 33\n# Whom?\nparam who: string = \"me\"\n\nlim + 1.0\n";
    assert_eq!(session.text(), saved);
    let mut other = super::tests::session();
    assert_eq!(other.enter(saved).trim_end(), "34.0");
}
