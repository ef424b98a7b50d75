//! What scripts become.

use super::*;

/// The stages of the printed plan of one statement over the bound table, without the scan.
fn sales(script: &str) -> String {
    let printed = plan(script);
    let lines: Vec<&str> = printed.lines().skip(2).map(|line| line.trim().trim_start_matches("| ")).collect();
    lines.join("\n")
}

#[test]
fn scalars_are_one_row() {
    assert_eq!(plan("1 + 2"), "scalar\n  values {} ()\n  | map value = 1 +! 2\n");
    assert_eq!(plan("{a: 1, b: 2}"), "table\n  values {a: int, b: int} (1, 2)\n");
    assert_eq!(plan("let x = -5\nx // 2"), "scalar\n  values {} ()\n  | map value = -5 //! 2\n");
}

#[test]
fn decimal_literals_are_exact() {
    assert!(plan("0.06 + 0.01").contains("value = 0.07\n"));
    assert!(plan("0.1 + 0.2 * 3 - (0.3)").contains("value = 0.4\n"));
    assert!(plan("1 - 0.9").contains("value = 0.1\n"));
    assert!(plan("1 + 2").contains("1 +! 2"), "ints are checked where they run");
}

#[test]
fn sources() {
    assert_eq!(plan("1.. | take 3"), "values\n  range value = 1..\n  | take 3\n");
    assert_eq!(plan("1..<4"), "values\n  range value = 1..3\n");
    assert_eq!(plan("[1, 2.5, null]"), "values\n  values {value: float?} (1.0), (2.5), (null:float?)\n");
    let rows = "table\n  values {a: int?, b: string} (1, \"x\"), (null:int?, \"y\")\n";
    assert_eq!(plan("[{a: 1, b: \"x\"}, {b: \"y\", a: null}]"), rows);
    let scan = "scan a from read(\"w.csv\", csv, delimiter: \";\", schema: {a: int, ..})";
    let printed = plan("type T = {a: int, ..}\nread(\"w.csv\", delimiter: \";\", schema: T) | select wind");
    assert!(printed.contains(&scan.replace("scan a", "scan date, precipitation, temp_max, temp_min, wind, weather")));
}

#[test]
fn row_wise_stages() {
    assert_eq!(
        sales("sales | filter qty in 1..5 | derive k = note ?? \"none\""),
        "filter qty >= 1 and qty <= 5\nmap k = note ?? \"none\""
    );
    assert_eq!(
        sales("sales | derive qty = qty + 1, n = qty"),
        "map qty#2 = qty +! 1 -> sku, qty = qty#2, note, n = qty"
    );
    assert_eq!(sales("sales | rename amount = qty | drop note"), "map -> sku, amount = qty, note\nmap -> sku, amount");
    assert_eq!(sales("sales | map {sku, q: qty}"), "map -> sku, q = qty");
    assert_eq!(sales("sales | map o => {...o, double: o.qty * 2}"), "map double = qty *! 2");
    assert_eq!(sales("sales | map qty * 2 | sort -it"), "map value = qty *! 2 -> value\nsort value desc");
    assert_eq!(sales("sales | select it.sku, half = qty / 2"), "map half = float(qty) / 2.0 -> sku, half");
    assert_eq!(sales("sales | sort -(qty + 1), sku | skip 2 | take 2 * 5"), "sort qty +! 1 desc, sku\nskip 2\ntake 10");
    assert_eq!(sales("sales | filter sku not in [\"a\", \"b\"]"), "filter not (sku == \"a\" or sku == \"b\")");
    assert_eq!(sales("sales | filter note in [note, \"b\"]"), "filter note != null and note == note or note == \"b\"");
}

#[test]
fn reducers() {
    assert_eq!(
        sales("sales | aggregate total = sum(qty), count(), avg = sum(qty) / count(), max(qty) by sku"),
        "aggregate sum = sum(qty), count = count(), max_qty = max(qty) by sku\n\
         map total = narrow!(sum), avg = float(narrow!(sum)) / float(count) -> sku, total, count, avg, max_qty"
    );
    assert_eq!(
        sales("sales | aggregate n = count() by k = qty // 10, sku"),
        "aggregate n = count() by k = qty //! 10, sku",
        "no `Map` where the reductions are the results"
    );
    assert_eq!(
        sales("sales | aggregate x = max(qty) + k by k = qty // 10"),
        "aggregate max = max(qty) by k = qty //! 10\nmap x = max +! k -> k, x"
    );
    assert_eq!(
        sales("sales | aggregate n = max(upper(note), where: note != null)"),
        "aggregate n = max(if note != null { upper(nonnull(note)) } else { null:string? }) \
         where note != null"
    );
    let value = "scalar\n  range value = 1..5\n  | aggregate sum = sum(value)\n  | map value = narrow!(sum) -> value\n";
    assert_eq!(plan("1..5 | sum"), value);
    assert_eq!(plan("1..5 | sum it"), value);
    assert_eq!(sales("sales | count"), "aggregate value = count()");
}

#[test]
fn values_of_streams_in_expressions() {
    assert_eq!(sales("(sales | count) / 2"), "aggregate value = count()\nmap value = float(value) / 2.0");
    assert_eq!(
        sales("let t = (sales | count) + 1\nt * 2"),
        "aggregate value = count()\nmap t = value +! 1 -> t\nmap value = t *! 2 -> value"
    );
}

#[test]
fn null_rules() {
    assert_eq!(
        sales("sales | filter note != null and upper(note) == \"A\" | derive n = upper(note)"),
        "filter note != null and upper(nonnull(note)) == \"A\"\nmap n = upper(nonnull(note))"
    );
    let compiled = |text: &str| {
        let plan = compile_with(text, &Parameters::default()).expect("it is right").plan;
        plan.schema(plan.statements[0].node).fields.last().expect("there is one").ty.clone()
    };
    assert_eq!(compiled("sales | derive x = upper(note)"), Type::STRING.or_null());
    assert_eq!(
        compiled("sales | filter note == null or upper(note) > \"A\" | derive x = upper(note)"),
        Type::STRING.or_null()
    );
    assert_eq!(compiled("sales | filter not (note == null) | derive x = upper(note)"), Type::STRING);
    assert_eq!(compiled("sales | derive x = if note == null { \"\" } else { note }"), Type::STRING);
    assert_eq!(compiled("sales | derive x = note < \"a\""), Type::BOOL);
    assert_eq!(compiled("sales | derive x = int?(sku) + 1"), Type::INT.or_null());
    assert_eq!(compiled("sales | derive x = int?(sku) ?? 1.5"), Type::FLOAT);
    let redefined =
        "sales | filter note != null | derive note = if qty > 1 { note } else { null } | derive x = upper(note)";
    assert_eq!(compiled(redefined), Type::STRING.or_null());
}

#[test]
fn calls_find_their_overload() {
    assert_eq!(
        sales("sales | select r = round(qty), a = abs(qty), l = least(qty, 2.5), n = int(sku), m = int(2.5)"),
        "map r = round(float(qty), 0), a = abs!(qty), l = least(float(qty), 2.5), n = int!(sku), m = int!(2.5) \
         -> r, a, l, n, m"
    );
    assert_eq!(sales("sales | map round(digits: 2, x: 1.5)"), "map value = round(1.5, 2) -> value");
    assert_eq!(sales("sales | map sku.upper()"), "map value = upper(sku) -> value");
}

#[test]
fn functions_are_inlined() {
    assert_eq!(
        sales("fn f(a: int, b: float) -> float { a * b }\nsales | map f(qty, qty)"),
        "map value = float(qty) * float(qty) -> value"
    );
    assert_eq!(
        sales("fn f(a: string) { upper(a) }\nsales | map f(note)"),
        "map value = if note == null { null:string? } else { upper(nonnull(note)) } -> value"
    );
    assert_eq!(
        sales("fn f(a: int, b: int = 3) { let c = a + b\n c * c }\nsales | map f(qty)"),
        "map value = (qty +! 3) *! (qty +! 3) -> value"
    );
    assert_eq!(
        sales("fn key(r: {sku: string, qty: int}) { {k: r.sku, q: r.qty} }\nsales | map key(it)"),
        "map -> k = sku, q = qty"
    );
    let sites = |text: &str| compile_with(text, &Parameters::default()).expect("it is right").plan.sites;
    let sites = sites("fn f(x: int) { x + 1 }\nfn g(x: int) { f(x) }\ng(1)");
    let innermost = sites.iter().rev().find(|site| site.caller.is_some()).expect("the sum has a caller");
    let caller = sites[innermost.caller.expect("just found").0 as usize];
    assert!(caller.caller.is_some(), "g calls f, and the script calls g");
}

/// All arguments are evaluated, in order, before null is looked at.
#[test]
fn arguments_are_evaluated() {
    let branch = "fn f(a: int, b: int) { if a > 0 { b } else { 0 } }\n";
    let body = "if qty > 0 { qty //! 2 } else { 0 }";
    assert_eq!(
        sales(&format!("{branch}sales | map f(qty, qty // 2)")),
        format!("map value = if qty //! 2 == null {{ {body} }} else {{ {body} }} -> value")
    );
    assert_eq!(sales(&format!("{branch}sales | map f(qty, 2)")), "map value = if qty > 0 { 2 } else { 0 } -> value");
    let swapped = "fn f(a: int, b: int) { b - a }\nsales | map f(1 // qty, 2 // qty)";
    assert!(sales(swapped).starts_with("map value = if (not 1 //! qty == null) <= (2 //! qty == null) {"));
    let in_order = "fn f(a: int, b: int) { a - b }\nsales | map f(1 // qty, 2 // qty)";
    assert_eq!(sales(in_order), "map value = 1 //! qty -! 2 //! qty -> value");
}

#[test]
fn functions_over_streams() {
    let big = "fn big(xs: stream<{qty: int, ..}>, n: int = 2) { xs | filter qty > n | derive q2 = qty * 2 }\n";
    assert_eq!(
        sales(&format!("{big}sales | big 7 | select sku, q2")),
        "filter qty > 7\nmap q2 = qty *! 2\nmap -> sku, q2"
    );
    assert_eq!(sales(&format!("{big}big(sales) | take 1")), "filter qty > 2\nmap q2 = qty *! 2\ntake 1");
    let hidden = "fn f(xs: stream<{qty: int, ..}>) { xs | filter sku == \"a\" }\nsales | f";
    assert!(errors(hidden)[0].starts_with("E0201"), "an undeclared column is not in sight");
    let by = "fn by(xs: stream<{qty: int, ..}>, key: fn({..}) -> int) { xs | sort -key(it) }\n".replace("by", "keyed");
    assert_eq!(sales(&format!("{by}sales | keyed qty * 2")), "sort qty *! 2 desc");
    compile_with(&format!("{by}1"), &Parameters::default()).expect("a function that nobody calls");
    let each = "fn each(xs: stream<{qty: int, ..}>, f: fn(int) -> int) { xs | map f(qty) }\n";
    assert_eq!(sales(&format!("{each}sales | each x => x + 1")), "map value = qty +! 1 -> value");
}

#[test]
fn parameters() {
    let take = |value: Option<ParameterValue>| {
        let values = value.map(|value| ("n".into(), value)).into_iter().collect();
        let compiled = compile_with("param n: int = 5\n1..9 | take n", &Parameters { values, ..Parameters::default() });
        compiled.map(|c| crate::ir::print::print(&c.plan, &catalog()).lines().last().map(str::to_string))
    };
    assert_eq!(take(None).expect("default"), Some("  | take 5".into()));
    assert_eq!(take(Some(ParameterValue::Text("7".into()))).expect("text"), Some("  | take 7".into()));
    assert_eq!(take(Some(ParameterValue::Scalar(Scalar::Int(8)))).expect("scalar"), Some("  | take 8".into()));
    assert_eq!(
        take(Some(ParameterValue::Text("x".into()))).expect_err("no int")[0].message,
        "the parameter `n` wants int"
    );
    let date: Parameters = [("d", "1970-02-01".to_string())].into_iter().collect();
    let compiled = compile_with("param d: date\nread(\"w.csv\") | filter date >= d", &date).expect("a date");
    assert!(crate::ir::print::print(&compiled.plan, &catalog()).contains("@1970-02-01"));
}
