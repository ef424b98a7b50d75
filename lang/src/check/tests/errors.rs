//! What scripts are told.

use super::*;

/// The only error of a script.
fn error(text: &str) -> String {
    let errors = errors(text);
    assert_eq!(errors.len(), 1, "{text}\n{errors:#?}");
    errors[0].clone()
}

#[test]
fn several_at_once() {
    let script = "let w = read(\"w.csv\")\nw | filter precipitation = 0\nw | tke 3\nw | filter wether == \"rain\"\n\
                  w | filter weather > 5\nw | select date | filter wind > 1";
    assert_eq!(
        errors(script),
        [
            "E0104: `=` names a value; to compare write `==`",
            "E0101: there is no stage called `tke`",
            "E0201: there is no column `wether` here",
            "E0301: cannot compare string with int",
            "E0202: `wind` is gone by this point",
        ]
    );
}

#[test]
fn one_cause_one_error() {
    error("sales | derive x = nope(qty) | filter x > 2 | select y = x + 1");
    error("sales | tke 3 | filter a > b | derive c = d | aggregate e = sum(f)");
    error("let w = sales | filter nope > 1 | derive z = 1\nw | filter z > 0\nw | sort qty");
    error("fn f(n: int) { nn + 1 }\nf(1)\nf(2)");
    error("fn f(n: int) { nn + 1 }");
    error("let x = y\nx + 1\nsales | filter x > qty");
    error("let s: int = 3").as_str().split_once(':').expect("a code");
    error("sales | filter qty + nope > 1 and qty > 0");
}

#[test]
fn edits_mend_the_script() {
    let pairs = [
        ("sales | filter qty = 3", "sales | filter qty == 3"),
        ("sales | tke 3", "sales | take 3"),
        ("sales | where qty > 1", "sales | filter qty > 1"),
        ("sales | filter qyt > 1", "sales | filter qty > 1"),
        ("sales | filter Sku == \"a\"", "sales | filter sku == \"a\""),
        ("sales | filter sku > 5", "sales | filter int(sku) > 5"),
        ("sales | filter 1.5 < sku", "sales | filter 1.5 < float(sku)"),
        ("sales | filter qty > \"5\"", "sales | filter qty > 5"),
        ("read(\"w.csv\") | filter date == \"2024-01-31\"", "read(\"w.csv\") | filter date == @2024-01-31"),
        ("sales | select sku | filter qty > 1", "sales | select sku, qty | filter qty > 1"),
        ("sales | rename n = qty | filter qty > 1", "sales | rename n = qty | filter n > 1"),
        ("sales | aggregate n = count() by sku | sort qty", "sales | aggregate n = count() by sku, qty | sort qty"),
        ("let qty = 5\nsales | filter qty > 1", "let qty = 5\nsales | filter it.qty > 1"),
        ("sales | map upper(qty)", "sales | map upper(string(qty))"),
        ("sales | map sqtr(qty)", "sales | map sqrt(qty)"),
        ("sales | derive qty * 2", "sales | derive name = qty * 2"),
        ("sales | filter note == None", "sales | filter note == null"),
        ("read(\"w.csv\", delimeter: \";\")", "read(\"w.csv\", delimiter: \";\")"),
    ];
    for (wrong, right) in pairs {
        assert_eq!(mended(wrong), right);
        if !right.contains("count()") {
            compile_with(right, &Parameters::default()).unwrap_or_else(|e| panic!("{right}\n{e:#?}"));
        }
    }
    let text = "sales | derive b = if qty > 1 { true } else { null } | filter not b";
    assert!(mended(text).ends_with("filter not (b ?? false)"));
}

#[test]
fn labels_say_where_it_came_from() {
    let script = "let w = read(\"w.csv\")\nw | filter wether == \"rain\"\nw | filter weather > 5";
    let found = found(script);
    let labels =
        |at: usize| found[at].labels.iter().map(|l| (&script[l.span.range()], l.text.as_str())).collect::<Vec<_>>();
    assert_eq!(labels(0), [("read(\"w.csv\")", "its columns: date, precipitation, temp_max, temp_min and 2 more")]);
    assert_eq!(labels(1), [("read(\"w.csv\")", "`weather` is string? in this file, as its sample says")]);
}

#[test]
fn names() {
    assert_eq!(error("nope"), "E0201: there is nothing called `nope` here");
    assert_eq!(error("it + 1"), "E0201: there is no row here");
    assert_eq!(error("sales | select sku, sku"), "E0205: two columns would be called `sku`");
    assert_eq!(error("sales | take 3, fill: true"), "E0206: `take` has no option `fill`");
    assert_eq!(error("sales | filter qty > 1 by sku"), "E0206: `filter` takes no `by`");
    assert_eq!(error("param n: intt = 1"), "E0206: there is no type called `intt`");
    assert_eq!(error("let a = 1\nlet a = 2"), "E0208: `a` is defined twice");
    assert_eq!(error("sales.filter(qty > 1)"), "E0115: a stage stands behind a pipe, not behind a dot");
    assert_eq!(error("1..5 | derive it * 2"), "E0209: a column of `derive` needs a name here");
    let value = plan("let value = 3\n1..5 | filter it > value");
    assert!(value.contains("filter value > 3"), "the column of single values has no name that could clash");
}

#[test]
fn types() {
    assert_eq!(error("sales | map sku + qty"), "E0302: `+` cannot add string and int");
    assert_eq!(error("true * 2"), "E0302: `*` cannot multiply bool and int");
    assert_eq!(error("sales | filter not note"), "E0303: `not` needs true or false");
    assert_eq!(error("if qty { 1 } else { 2 }").split(':').next(), Some("E0201"));
    assert_eq!(error("if 1 { 1 } else { 2 }"), "E0303: `if` needs true or false");
    assert_eq!(error("sales | map sqrt(sku)"), "E0304: `sqrt` wants float");
    assert_eq!(error("sales | map least(sku, qty)"), "E0304: `least` wants a value with an order");
    assert_eq!(error("sqrt(1.0, 2.0)"), "E0305: `sqrt` does not take 2 arguments like this");
    assert_eq!(error("round(1.5, digts: 2)"), "E0206: `round` has no option `digts`");
    assert_eq!(error("if true { 1 } else { \"a\" }"), "E0306: the results of `if` differ");
    assert_eq!(error("[1, \"a\"] | take 1"), "E0306: the items of a list have one type");
    assert_eq!(
        error("fn f(s: string?) -> string { s }\nf(\"a\")\nsales | map f(note)").split(':').next(),
        Some("E0307")
    );
    assert_eq!(error("fn f(a: int) { a }\nf(\"x\")"), "E0304: `f` wants int");
    assert_eq!(error("fn f(a: int) { a }\nf()"), "E0305: `f` does not take 0 arguments like this");
    assert_eq!(error("5 | take 1"), "E0304: a pipe wants a stream before it");
    assert_eq!(error("sales | take -1"), "E0304: `take` wants a number of rows");
    assert_eq!(error("sales | take qty").split(':').next(), Some("E0201"));
    assert_eq!(error("sales | count | take 3"), "E0304: `take` wants a stream, and this is one value");
}

#[test]
fn stages() {
    assert_eq!(error("sales | derive s = sum(qty)"), "E0401: `sum` works on many rows, `derive` sees one at a time");
    assert_eq!(error("sum(1)"), "E0401: `sum` works on many rows, and there are none here");
    let nested = "E0401: `max` works on many rows, `sum` sees one at a time";
    assert_eq!(error("sales | aggregate s = sum(max(qty))"), nested);
    assert_eq!(error("sales | aggregate s = qty by sku"), "E0402: each group has many values of `qty`");
    assert_eq!(error("sales | aggregate sum(sku)"), "E0304: `sum` takes a number");
    assert_eq!(error("sales | aggregate sum(qty) / 2 by sku"), "E0209: a result of `aggregate` needs a name here");
    assert_eq!(error("1.. | sort it"), "E0403: this `sort` never ends");
    assert_eq!(error("1.. | filter it > 2 | sum"), "E0403: this `sum` never ends");
    assert_eq!(error("sales | sort -qty * 2").split(':').next(), Some("E0130"));
    assert_eq!(error("sales | map ([qty] | take 1 by it)"), "E0902: `by` and `on` over a list is not there yet");
    let shown = compile_with("sales | derive n = (sales | count)", &Parameters::default());
    assert!(shown.is_ok(), "{shown:?}");
    let no_files = crate::compile(
        &mut SourceMap::default(),
        "t",
        "read(\"a.csv\") | take 1",
        &catalog(),
        &crate::catalog::NoSources,
        &Parameters::default(),
    );
    assert_eq!(no_files.expect_err("no grant")[0].code, crate::codes::E0405);
}

#[test]
fn a_match_that_is_never_closed_misses_no_arms() {
    assert_eq!(errors("match 1 {\n  1 => 2\nlet y = 3"), ["E0103: this `{` is never closed"]);
    assert_eq!(error("match 1 {\n  1 => 2\n}"), "E0309: this `match` does not cover all values");
}

#[test]
fn a_body_that_is_set_in_behind_a_colon_is_read_as_one() {
    for body in ["x / 2", "(x - 1) / 2", "let y = x\n  y / 2"] {
        let script = format!("fn f(x: float) -> float:\n  {body}\n\nf(1.0)");
        assert_eq!(errors(&script), ["E0130: the body of a function stands in braces"]);
        assert_eq!(mended(&script), format!("fn f(x: float) -> float {{\n  {body}\n}}\n\nf(1.0)"));
    }
}

/// Whatever is repeated or nested, there is an answer in time, and the stack holds.
#[test]
fn budgets() {
    let doubling: String =
        (1..40).map(|n| format!("fn f{n}(x: int) {{ f{}(x) + f{}(x + 1) }}\n", n - 1, n - 1)).collect();
    assert_eq!(
        error(&format!("fn f0(x: int) {{ x }}\n{doubling}f39(1)")),
        "E0801: this script has more than 1000000 expressions"
    );
    let chain: String = (1..400).map(|n| format!("fn f{n}(x: int) {{ f{}(x + 1) }}\n", n - 1)).collect();
    assert_eq!(error(&format!("fn f0(x: int) {{ x }}\n{chain}f399(1)")).split(':').next(), Some("E0801"));
    let nested: String = (1..200)
        .map(|n| format!("fn f{n}(x: int) {{ {}f{}(x){} }}\n", "(".repeat(100), n - 1, ")".repeat(100)))
        .collect();
    assert_eq!(error(&format!("fn f0(x: int) {{ x }}\n{nested}f199(1)")).split(':').next(), Some("E0801"));
    assert_eq!(error(&format!("1{}", " + 1".repeat(20_000))).split(':').next(), Some("E0801"));
    compile_with(&format!("1{}", " + 1".repeat(400)), &Parameters::default()).expect("a long sum");
    let items: Vec<String> = (0..20_000).map(|n| n.to_string()).collect();
    compile_with(&format!("1..5 | filter it in [{}]", items.join(", ")), &Parameters::default()).expect("a long list");
}

#[test]
fn what_a_match_of_many_fields_covers_is_told_soon() {
    let fields: Vec<String> = (0..40).map(|n| format!("f{n}: bool")).collect();
    let arm = |n: usize| format!("{{f{n}: true, f{}: false}} => {n}", n + 1);
    let arms: Vec<String> = (0..39).map(arm).collect();
    let text = format!("fn f(r: {{{}}}) {{ match r {{ {} }} }}", fields.join(", "), arms.join(", "));
    assert_eq!(errors(&text), ["E0309: this `match` does not cover all values"]);
}
