//! What is wrong: which errors, where, with which fix, and what is read nevertheless.

use super::{described, fixed, parse, printed};

/// A script with one error: its code, the script after its fix, and what is read of it as it stands.
#[track_caller]
fn one(text: &str, code: &str, mended: &str, read: &str) {
    let (script, diagnostics) = parse(text);
    let told = described(text, &diagnostics);
    assert_eq!(diagnostics.len(), 1, "{text}\n{told}");
    assert_eq!(diagnostics[0].code.to_string(), code, "{text}\n{told}");
    assert_eq!(fixed(text, &diagnostics[0]), mended, "{text}\n{told}");
    assert_eq!(printed(&script), read, "{text}\n{told}");
    assert!(diagnostics[0].message.chars().count() <= 90, "{told}");
}

#[test]
fn mistakes_of_other_languages_are_mended() {
    one("w | filter a = 0", "E0104", "w | filter a == 0", "w | filter (== a 0)");
    one("w | filter a = 0 and b > 1", "E0104", "w | filter a == 0 and b > 1", "w | filter (and (== a 0) (> b 1))");
    one("w | filter (a = 0) or c", "E0104", "w | filter (a == 0) or c", "w | filter (or <(== a 0)> c)");
    one("w | filter(a = 0)", "E0104", "w | filter(a == 0)", "w | filter! (== a 0)");
    one("w | derive x = a = 0", "E0104", "w | derive x = a == 0", "w | derive x=(== a 0)");
    one("if x = 3 { 1 } else { 2 }", "E0104", "if x == 3 { 1 } else { 2 }", "(if (== x 3) {1} {2})");
    one("a && b", "E0106", "a and b", "(and a b)");
    one("a||b", "E0106", "a or b", "(or a b)");
    one("!a", "E0106", "not a", "(not a)");
    one("a <> b", "E0106", "a != b", "(!= a b)");
    one("a =~ r\"x\"", "E0106", "a ~ r\"x\"", "(~ a r\"x\")");
    one("a AND b", "E0106", "a and b", "(and a b)");
    one("w | aggregate by x", "E0107", "w | aggregate n = count() by x", "w | BROKEN aggregate by x");
    one("w | group_by x, y | take 1", "E0107", "w | take 1 by x, y", "w | take 1 by x y");
    one("w | sort by -t desc", "E0108", "w | sort -t", "w | sort (- t)");
    one("w | sort by x desc, y", "E0108", "w | sort -x, y", "w | sort (- x) y");
    one("w | sort x asc", "E0108", "w | sort x", "w | sort x");
    one("w | sort a + b desc", "E0108", "w | sort -(a + b)", "w | sort (- <(+ a b)>)");
    one("w | order_by x desc | take 3", "E0108", "w | sort -x | take 3", "w | sort (- x) | take 3");
    one("select a, b from t where c = 3", "E0109", "t | filter c == 3 | select a, b", "<error>");
    one("w | derive x = upper weather", "E0113", "w | derive x = upper(weather)", "w | derive x=(upper! weather)");
    one("w | derive x = round a.b 2", "E0113", "w | derive x = round(a.b, 2)", "w | derive x=(round! a.b 2)");
    one("w | filter len name > 3", "E0113", "w | filter len(name) > 3", "w | filter (> (len! name) 3)");
    one("let w = read \"a.csv\"", "E0113", "let w = read(\"a.csv\")", "(let w (read! \"a.csv\"))");
    one("w | derive x = upper (a)", "E0113", "w | derive x = upper(a)", "w | derive x=(upper! a)");
    one("w | derive x = a [0]", "E0130", "w | derive x = a[0]", "w | derive x=a[0]");
    one("{a: 1, b 2}", "E0130", "{a: 1, b: 2}", "{a:1 b:2}");
    one("w |> take 3", "E0106", "w | take 3", "w | take 3");
    one("fn f(x: int) { return x }", "E0114", "fn f(x: int) { x }", "(fn f [x: int] {x})");
    one("w | derive x = a ? b : c", "E0114", "w | derive x = if a { b } else { c }", "w | derive x=(if a {b} {c})");
    one("w | filter count(*) > 3", "E0114", "w | filter count() > 3", "w | filter (> (count! <error>) 3)");
    one("import geo", "E0130", "import \"geo.pipe\"", "<error>");
    one("w | select a b, c", "E0130", "w | select a, b, c", "w | select a b c");
    one("w | take 3, by: dept", "E0130", "w | take 3 by dept", "w | take 3 by dept");
}

#[test]
fn stages_that_are_missing_or_closed() {
    one("w | take 3 |", "E0110", "w | take 3 ", "w | take 3");
    one("w | | take 3", "E0110", "w  | take 3", "w | take 3");
    one("w |\nlet a = 3", "E0110", "w \nlet a = 3", "w\n(let a 3)");
    one("xs | sum(x) / 2", "E0120", "(xs | sum(x)) / 2", "xs | BROKEN sum! x");
    one("xs | count - 1", "E0120", "(xs | count) - 1", "xs | BROKEN count");
    one("xs | sort - x", "E0120", "xs | sort -x", "xs | BROKEN sort");
    one("xs | sort -a + b", "E0130", "xs | sort -(a + b)", "xs | sort (+ (- a) b)");
    one("xs | window r = rank(-a + b)", "E0130", "xs | window r = rank(-(a + b))", "xs | window r=(rank! (+ (- a) b))");
    one("1 + not a", "E0130", "1 + (not a)", "(+ 1 (not a))");
    one("1..2..3", "E0130", "1..2..3", "(.. (.. 1 2) 3)");
    one("xs | join b on x on y", "E0130", "xs | join b on x on y", "xs | join b on x");
    one("f({a: 1, \"b\": 2})", "E0130", "f({a: 1, \"b\": 2})", "(f! <error>)");
    one("{a + 1}", "E0130", "{value: a + 1}", "<error>");
    one("fn f(x: int) { let y = 1 }", "E0130", "fn f(x: int) { let y = 1 }", "(fn f [x: int] {(let y 1)})");
    one("f(xs | take 3)", "E0130", "f((xs | take 3))", "(f! <error>)");
}

#[test]
fn names_and_definitions() {
    one("let by = 3", "E0112", "let `by` = 3", "(let by 3)");
    one("w | derive on = 3", "E0112", "w | derive `on` = 3", "w | derive on=3");
    one("x = 5", "E0116", "let x = 5", "(let x 5)");
    one("var x = 5", "E0116", "let x = 5", "(let x 5)");
    one("let x = 1\nx = x + 1", "E0116", "let x = 1\nx = x + 1", "(let x 1)\n<error>");
    one("x += 1", "E0116", "x += 1", "<error>");
    one("for x in xs { print(x) }", "E0116", "for x in xs { print(x) }", "<error>");
    one("1 < x < 5", "E0117", "1 < x and x < 5", "(and (< 1 x) (< x 5))");
    one("1 < x < 5 < y", "E0117", "1 < x and x < 5 < y", "(and (and (< 1 x) (< x 5)) (< 5 y))");
    one("fn f(x) { x + 1 }", "E0118", "fn f(x: int) { x + 1 }", "(fn f [x: <error>] {(+ x 1)})");
    one("let f = x => x + 1", "E0119", "fn f(x: int) { x + 1 }", "(let f <error>)");
    one("let r = {a: x => x}", "E0119", "let r = {a: x => x}", "(let r {a:<error>})");
    one("if a { 1 }", "E0130", "if a { 1 } else { null }", "(if a {1})");
    assert!(parse("let sort = 3\nsort -1").1.is_empty(), "a name that is bound is no stage");
}

#[test]
fn characters_texts_and_numbers() {
    one("w | filter a == 'x'", "E0102", "w | filter a == \"x\"", "w | filter (== a \"x\")");
    one("w | filter a == “x”", "E0102", "w | filter a == \"x\"", "w | filter (== a \"x\")");
    one("größe + 1", "E0102", "`größe` + 1", "(+ größe 1)");
    one("a $$$ + 1", "E0102", "a  + 1", "(+ a 1)");
    one("f(\"abc)", "E0105", "f(\"abc)\"", "(f! \"abc)\")");
    one("f\"a{b", "E0105", "f\"a{b\"", "(f \"a\" {b})");
    one("1.2.3 + 1", "E0111", "1.2.3 + 1", "(+ <error> 1)");
    one("w | take 10k", "E0111", "w | take 10_000", "w | take <error>");
    one("99999999999999999999", "E0310", "99999999999999999999", "<error>");
    one("\"a\\d\"", "E0130", "\"a\\\\d\"", "\"a\\\\d\"");
    one("w | filter a like \"S%\"", "E0114", "w | filter a ~ r\"^S\"", "w | filter (~ a \"^S\")");
    one("w | filter a between 1 and 3", "E0114", "w | filter a in 1..3", "w | filter (in a (.. 1 3))");
}

#[test]
fn brackets() {
    one("w | filter (a > 2 | take 1", "E0103", "w | filter (a > 2) | take 1", "w | filter <(> a 2)> | take 1");
    one("let x = (1 + 2\nlet y = 3", "E0103", "let x = (1 + 2)\nlet y = 3", "(let x <(+ 1 2)>)\n(let y 3)");
    one("f(1, [2, 3)", "E0103", "f(1, [2, 3])", "(f! 1 [2 3])");
    one("f(1))", "E0103", "f(1)", "(f! 1)");
    one("f(1]", "E0103", "f(1)", "(f! 1)");
    one("fn f(x: int) {\n  x\nlet y = 3", "E0103", "fn f(x: int) {\n  x}\nlet y = 3", "(fn f [x: int] {x})\n(let y 3)");
    let (script, diagnostics) = parse("f(1, {a: 2\nw | take 3");
    assert_eq!(described("f(1, {a: 2\nw | take 3", &diagnostics).matches("E0103").count(), 2);
    assert_eq!(printed(&script), "(f! 1 {a:2})\nw | take 3");
}

#[test]
fn sentences_of_the_grammar() {
    let cases = [
        ("let = 3", "E0130:1 `=` a name should stand here, not `=`"),
        ("1 +", "E0130:1 `` a value is missing at the end"),
        ("w | select a,\nlet x = 3", "E0130:1 `` a value is missing at the end of this line"),
        ("f(1, * 2)", "E0130:1 `*` a value should stand here, not `*`"),
        ("w | 3", "E0130:1 `3` a stage should stand here, not `3`"),
        ("w | take )", "E0103:1 `)` this `)` closes nothing"),
        ("w | take 3 4", "E0130:1 `4` `4` cannot stand here"),
        ("let w read(1)", "E0130:1 `read` `=` is missing before this `read`"),
        ("type A = {a: int, b}", "E0130:1 `}` `:` is missing before this `}`"),
        ("match x { 1 -> a }", "E0130:1 `->` `=>` is missing before this `->`"),
    ];
    for (text, wanted) in cases {
        let (_, diagnostics) = parse(text);
        assert_eq!(described(text, &diagnostics).split(" (").next(), Some(wanted), "{text}");
    }
}

#[test]
fn the_six_errors_of_the_thread() {
    let text = "let w = read(\"seattle-weather.csv\")
w | filter precipitation = 0
w | derive x = upper weather
w | tke 3
w | filter wether == \"rain\"
w | filter weather > 5
w | sort by -temp_max desc
";
    let (script, diagnostics) = parse(text);
    let told = described(text, &diagnostics);
    assert_eq!(
        told,
        "E0104:2 `=` `=` names a value; to compare write `==`
E0113:3 `upper weather` a call needs parentheses
E0108:7 `by -temp_max desc` `sort` takes its keys directly, and `-` sorts descending"
    );
    assert_eq!(
        printed(&script),
        "(let w (read! \"seattle-weather.csv\"))
w | filter (== precipitation 0)
w | derive x=(upper! weather)
w | tke 3
w | filter (== wether \"rain\")
w | filter (> weather 5)
w | sort (- temp_max)"
    );
    let lines: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| {
            let mended = fixed(text, diagnostic);
            mended.lines().zip(text.lines()).find(|(after, before)| after != before).expect("a fix").0.to_string()
        })
        .collect();
    assert_eq!(lines, ["w | filter precipitation == 0", "w | derive x = upper(weather)", "w | sort -temp_max"]);
}

#[test]
fn one_run_reports_every_cause_once() {
    let text = "let a = (1 + 2\nw | filter * | take 3 | select , b\nfn f(x) { x + }\n'a'\nw | take 2 |";
    let (script, diagnostics) = parse(text);
    let codes: Vec<String> = diagnostics.iter().map(|diagnostic| diagnostic.code.to_string()).collect();
    let told = described(text, &diagnostics);
    assert_eq!(codes, ["E0103", "E0130", "E0130", "E0118", "E0130", "E0102", "E0110"], "{told}");
    let read = "(let a <(+ 1 2)>)
w | BROKEN filter | take 3 | BROKEN select
(fn f [x: <error>] {<error>})
\"a\"
w | take 2";
    assert_eq!(printed(&script), read, "{told}");
}
