//! Reading back what was printed, and refusing everything else.

use super::super::testing::{catalog, plan, printed};
use super::read;
use crate::ir::print::{print, print_expr};
use crate::ir::verify::verify;
use crate::ir::{Expr, Plan, TypedExpr};
use crate::scalar::{Arithmetic, Scalar};
use crate::ty::{Kind, Type};

const SALES: &str = r#"table
  scan region, qty, price from read("sales.csv", csv, delimiter: ";", nulls: ["NA", "-"], header: true) {region: string?, `Order Date`: date?, qty: int?, price: float}, inferred, may fail
  | filter qty != null and nonnull(qty) >= 3
  | map net = float(nonnull(qty)) * price, twice = nonnull(qty) *! 2 -> region, net, twice
  | aggregate total = sum(twice) where net > 1.5, n = count() by r = region
  | map total = narrow!(total)
  | sort total desc, r
  | take 20

scalar
  values {} ()
  | map value = 1 +! 2 *! -3

values
  range `it#` = 1..
  | filter `it#` %! 2 == 1
  | skip 3 take 4
"#;

/// Prints as it was written.
fn stays(text: &str) {
    assert_eq!(printed(&plan(text)), text);
}

#[test]
fn a_plan_reads_back() {
    stays(SALES);
    stays(
        r#"table
  scan a from read("a*.jsonl", jsonl, on_error: "null") of "a1.jsonl" (a, b) checking (a) telling (a, b) {a: int?, b: {c: int?}?}, inferred, may fail
"#,
    );
}

#[test]
fn assertions_read_back() {
    stays(
        r#"table
  range it = 1..
  | map a = it -> a
  | assert a < 9, "a" showing b = a, a
  | assert true
"#,
    );
}

#[test]
fn numbers_read_back() {
    stays(
        r#"table
  range it = 1..
  | map a = it %! 3 -> a
  | number n by a, a +! 1
  | number a
  | filter n < 2 and a < 9 -> n
"#,
    );
}

const NESTED: &str = r#"routine $gcd(a: int, b: int) -> int = if b == 0 { a } else { $gcd!(b, a %! b) }
routine $long(n: int?) -> [int?] = #widen([1, 2]):[int?]

values
  range it = 1..9
  | map value = #fold(#filter([it, 2], x => x > it), it, (s, x#2) => s +! x#2) -> value
      with x: int
      with s: int
      with x#2: int

table
  values {} ()
  | map a = {b: 1, c: [null:int?, 2]}, d = #map{"k": 1.5}, e = #const {x: int, y: [string?]}? {1, ["q", null]}
  | map f = a.c[0]!, g = d["k"]?, h = #filter(e.y, y => y == "q"), i = #duration 300000000 -! #duration -1
      with y: string?
  | map j = $gcd!(12, 18), k = #json "{\"a\":1}", l = #const map<[int]> {"a": [], "b": [1]}
"#;

#[test]
fn nested_values_and_routines_read_back() {
    stays(NESTED);
}

#[test]
fn expressions_read_back() {
    for text in [
        "-!(a +! 1)",
        "-!(-!a)",
        "1 -! (2 -! 3)",
        "1 -! 2 -! 3",
        "(1 **! 2) **! 3",
        "1 **! 2 **! 3",
        "-!(5)",
        "-5",
        "-!(-5)",
        "(-5) **! 2",
        "-!a **! 2",
        "(-!a) **! 2",
        "x ** (-inf)",
        "-(inf)",
        "-x",
        "nan",
        "1e300 * 1e-7 // 0.1 % 3.0",
        "not (b or b and not b)",
        "(b or b) and b",
        "(a < 1) == (x < 1.0)",
        "s ?? (s ?? \"x\\\"\\n\\u{0}ö\\\\\")",
        "if b { a } else { if b { 1 } else { 2 } }",
        "@2024-02-29 < @1969-12-31",
        "@days 9999999 == @0000-01-01",
        "int!(upper(t)) +! abs!(a)",
        "int?(t) ?? a",
        "int?(t)",
        "float(a) + float@1!(t)",
        "abs(pi())",
        "now() == @2024-01-01",
        "null",
        "null:int?",
        "s == null and null != a",
        "null == null",
        "null:int? == null:null",
        "1:int?",
        "null:[{a: int, `b c`: map<float?>?}]?",
    ] {
        let head = "table\n  values {a: int, x: float, b: bool, s: string?, t: string}";
        stays(&format!("{head}\n  | map out = {text}\n"));
    }
}

#[test]
fn names_clash_only_where_both_columns_go_on() {
    stays("table\n  range x = 1..5\n  | map x = x +! 1\n  | filter x > 2\n");
    stays("table\n  range x = 1..5\n  | map x#2 = x +! 1 -> x = x#2, old = x\n  | filter x > old\n");
    stays("table\n  range x = 1..5\n  | aggregate x#2 = count() by x -> x\n");
    stays("table\n  scan b = a, `from`, `a\\`\\\\` from bound t {a: int, `from`: int, `a\\`\\\\`: bool}\n");
}

#[test]
fn rows_without_columns() {
    stays("table\n  scan from bound input {a: int}\n  | map b = 1 -> ()\n  | aggregate n = count()\n");
    stays("table\n  values {a: int?, b: string} (1, \"x\"), (null, \"y\")\n  | top_k 3 by a desc -> b\n");
    stays("table\n  values {} (), ()\n  | skip 0\n");
}

#[test]
fn what_is_shared_is_printed_once() {
    let (mut plan, catalog) = (plan("table\n  range x = 1..5\n  | map y = x +! 1\n"), catalog());
    let crate::ir::Stage::Map { definitions, .. } = &mut plan.nodes[1].stage else { panic!() };
    for _ in 0..100 {
        let last = definitions[0].1;
        let site = Some(crate::ir::SiteId(0));
        let sum = TypedExpr { expr: Expr::Arithmetic(Arithmetic::Add, last, last), ty: Type::INT, site };
        definitions[0].1 = plan.exprs.add(sum, crate::catalog::Effect::MayFail);
    }
    let root = definitions[0].1;
    let text = printed(&plan);
    assert!(text.contains("where $2 = $1 +! $1\n"), "{text}");
    assert!(text.len() < 5000);
    assert_eq!(print_expr(&plan, &catalog, root), "… +! …");
}

#[test]
fn long_chains_are_cut() {
    let sum = vec!["x"; 5000].join(" +! ");
    let plan = plan(&format!("table\n  range x = 1..5\n  | map y = {sum}\n"));
    let text = printed(&plan);
    assert!(text.lines().all(|line| line.len() < 300), "{text}");
}

#[test]
fn sums_are_told_from_ints() {
    let mut plan = Plan::default();
    let wide = plan.exprs.literal(Scalar::Wide(-7), Type::of(Kind::Wide));
    assert_eq!(print_expr(&plan, &catalog(), wide), "-7:wide");
    let text = "table\n  values {a: int}\n  | map b = narrow!(-7:wide), c = narrow!(-7:wide?), d = narrow!(99999999999999999999:wide)\n";
    stays(text);
}

#[test]
fn what_is_no_plan_is_told() {
    let catalog = catalog();
    for (text, line, message) in [
        ("  scan\n", 1, "a statement starts with"),
        ("tables\n", 1, "`tables` is no shape"),
        ("table\n", 1, "no stages"),
        ("table\n  filter true\n", 2, "a statement starts with `scan`"),
        ("table\n  range x = 1..2\n  | filter y > 1\n", 3, "there is no column `y`"),
        ("table\n  range x = 1..2\n  | filter x + 1.0 > 1\n", 3, "not of one kind"),
        ("table\n  range x = 1..2\n  | filter x > 1 1\n", 3, "expected nothing more, found `1`"),
        ("table\n  range x = 1..2\n  | map y = nix(x)\n", 3, "no function `nix`"),
        ("table\n  range x = 1..2\n  | map y = $1\n      where $2 = x\n", 4, "out of order"),
        ("table\n  range x = 1..2\n  | aggregate nix()\n", 3, "expected `=`"),
    ] {
        let error = read(text, &catalog).expect_err(text);
        assert_eq!(error.line, line, "{error}");
        assert!(error.message.contains(message), "{error}");
    }
    let deep = format!("table\n  range x = 1..2\n  | map y = {}\n", "(".repeat(100_000));
    assert!(read(&deep, &catalog).expect_err("deep").message.contains("too deeply"));
    let deep = format!("table\n  range x = 1..2\n  | map y = {}x\n", "not -".repeat(100_000));
    assert!(read(&deep, &catalog).expect_err("deep").message.contains("too deeply"));
    let deep = format!("table\n  values {{x: {}\n", "[".repeat(100_000));
    assert!(read(&deep, &catalog).expect_err("deep").message.contains("too deeply"));
}

/// Every prefix of a plan, and every plan with a character changed, is read or refused, verified or refused, and
/// printed, without a panic.
#[test]
fn damaged_plans_do_not_panic() {
    let catalog = catalog();
    let mut damaged: Vec<String> = SALES.char_indices().map(|(at, _)| SALES[..at].to_string()).collect();
    for (at, c) in SALES.char_indices() {
        for new in ["", "`", "\"", "0", "(", "$", "#", "@", "!", "-", "\\", "ö", ":", "{", "?"] {
            damaged.push(format!("{}{new}{}", &SALES[..at], &SALES[at + c.len_utf8()..]));
        }
    }
    for text in damaged {
        if let Ok(plan) = read(&text, &catalog) {
            let _ = verify(&plan, &catalog);
            let once = print(&plan, &catalog);
            let again = read(&once, &catalog).unwrap_or_else(|error| panic!("{error}\n{text}\n{once}"));
            assert_eq!(print(&again, &catalog), once, "{text}");
        }
    }
}
