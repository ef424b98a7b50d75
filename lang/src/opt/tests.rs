//! Each rule: where it fires, and where it refuses.

use super::{RULES, RuleSet, optimize};
use crate::ir::testing::{catalog, plan, printed};

/// The plan after one rule alone.
fn after(rule: &str, before: &str) -> String {
    printed(&optimize(plan(before), &catalog(), &RuleSet::only(rule).expect("a rule").verified()))
}

const TABLE: &str = "table\n  scan k, x, y, s from bound t {k: string?, x: int, y: float?, s: string}\n";
const CELLS: &str =
    "table\n  scan k, x, y, s from read(\"t.csv\", csv) {k: string?, x: int, y: float?, s: string}, may fail\n";

/// The rule makes the one of the other, behind a source.
fn fires(rule: &str, source: &str, before: &str, expected: &str) {
    let lines = |text: &str| text.split(" | ").map(|stage| format!("  | {stage}\n")).collect::<String>();
    assert_eq!(after(rule, &(source.to_string() + &lines(before))), source.to_string() + &lines(expected));
}

/// The rule leaves it alone.
fn refuses(rule: &str, source: &str, stages: &str) {
    fires(rule, source, stages, stages);
}

#[test]
fn constants_are_folded() {
    let folds = |before: &str, expected: &str| {
        fires("constant_folding", TABLE, &format!("map r = {before}"), &format!("map r = {expected}"));
    };
    folds("x +! (1 +! 2 *! 3)", "x +! 7");
    folds("float(7) / 2.0", "3.5");
    folds("-!(3) //! 2", "-2");
    folds("1 < 2", "true");
    folds("null == null", "true");
    folds("not (1 == 2)", "true");
    folds("null:int? +! 1", "null:int?");
    folds("1:int? +! 1", "2:int?");
    folds("upper(\"ab\")", "\"AB\"");
    folds("upper(null:string?)", "null:string?");
    folds("abs!(-4)", "4");
    folds("int?(\"x\")", "null:int?");
    folds("pi()", "3.0");
    folds("narrow!(7:wide)", "7");
    folds("if 1 < 2 { x } else { x +! 1 }", "x");
    folds("if null:bool? { 1 } else { null:int? }", "null:int?");
    folds("if true { 1 } else { null:int? }", "1:int?");
    folds("null:float? ?? y", "y");
    folds("x ?? 1", "x");
    folds("1.0:float? ?? y", "1.0:float?");
    folds("1.0:float? ?? 2.0", "1.0");
}

#[test]
fn conditions_are_decided() {
    let folds = |before: &str, expected: &str| {
        fires("constant_folding", TABLE, &format!("map r = {before}"), &format!("map r = {expected}"));
    };
    folds("true and x > 1", "x > 1");
    folds("false and x *! x > 1", "false");
    folds("x > 1 and true", "x > 1");
    folds("x > 1 and false", "false");
    folds("x > 1 and null:bool?", "false");
    folds("true:bool? or x *! x > 1", "true");
    folds("null:bool? or x > 1", "x > 1");
    folds("x > 1 or true", "true");
    let source = "table\n  values {b: bool?}\n";
    refuses("constant_folding", source, "map r = true and b");
    fires("constant_folding", source, "filter 2 > 1 | map r = b", "map r = b");
    fires("constant_folding", source, "map r = 1, q = b | filter true -> r", "map r = 1, q = b | map -> r");
}

#[test]
fn what_fails_is_not_folded() {
    for stages in [
        "map r = 9223372036854775807 +! 1",
        "map r = 1 //! 0",
        "map r = int!(\"x\")",
        "map r = x *! x > 1 and false",
        "map r = x *! x > 1 or true",
        "map r = now()",
        "map r = if x > 1 { 1 } else { 2 }",
        "map r = y + 1.0 + 2.0",
    ] {
        refuses("constant_folding", TABLE, stages);
    }
    refuses("constant_folding", CELLS, "map r = x > 1 and false");
    fires("constant_folding", CELLS, "map r = s == \"a\" and false", "map r = false");
    refuses("constant_folding", CELLS, "map z = y | map r = z > 1.0 and false");
    fires("constant_folding", CELLS, "filter 1 //! 0 == 1 and 1 < 2", "filter 1 //! 0 == 1");
}

#[test]
fn filters_pass_definitions() {
    let rule = "push_filter";
    fires(rule, CELLS, "map z = x *! x | filter z > 3", "filter x *! x > 3 | map z = x *! x");
    fires(
        rule,
        CELLS,
        "map z = x *! x -> z, k = s | filter k > \"a\"",
        "filter s > \"a\" | map z = x *! x -> z, k = s",
    );
    fires(
        rule,
        TABLE,
        "map x = x +! 1 | map x = x +! 1 | filter x > 3",
        "filter x +! 1 +! 1 > 3 | map x = x +! 1 | map x = x +! 1",
    );
    refuses(rule, TABLE, "map d = now() | filter d > @2024-01-01");
    fires(rule, TABLE, "map d = now() | filter x > 1", "filter x > 1 | map d = now()");
}

#[test]
fn conjuncts_go_alone_and_in_order() {
    let rule = "push_filter";
    fires(rule, TABLE, "filter x > 1 and y > 1.0 and s > \"\"", "filter x > 1 | filter y > 1.0 | filter s > \"\"");
    fires(
        rule,
        TABLE,
        "sort x | filter x > 1 and x *! x > 3 and y > 1.0",
        "filter x > 1 | sort x | filter x *! x > 3 | filter y > 1.0",
    );
    refuses(rule, TABLE, "filter x > 1 or y > 1.0");
    fires(
        rule,
        TABLE,
        "filter y != null | map z = nonnull(y) | filter z > 1.0",
        "filter y != null | filter nonnull(y) > 1.0 | map z = nonnull(y)",
    );
}

#[test]
fn filters_pass_sorts_that_cannot_fail() {
    let rule = "push_filter";
    fires(rule, TABLE, "sort x desc | filter y > 1.0", "filter y > 1.0 | sort x desc");
    refuses(rule, TABLE, "sort x | filter x *! x > 3");
    refuses(rule, TABLE, "sort x *! x | filter x > 3");
    refuses(rule, CELLS, "sort x | filter s > \"a\"");
    refuses(rule, CELLS, "sort s | filter x > 3");
    fires(rule, CELLS, "sort s | filter k > \"a\"", "filter k > \"a\" | sort s");
    refuses(rule, CELLS, "map z = x | sort k | filter z > 3");
}

#[test]
fn filters_pass_aggregates_by_their_keys() {
    let rule = "push_filter";
    fires(
        rule,
        CELLS,
        "aggregate n = count() by k | filter k != null and n > 3",
        "filter k != null | aggregate n = count() by k | filter n > 3",
    );
    fires(
        rule,
        TABLE,
        "aggregate n = count() by u = upper(s) | filter u > \"A\"",
        "filter upper(s) > \"A\" | aggregate n = count() by u = upper(s)",
    );
    refuses(rule, TABLE, "aggregate n = count() by k | filter n > 3");
    refuses(rule, TABLE, "aggregate n = count() by y | filter y > 3.0");
    refuses(rule, TABLE, "aggregate n = count(x *! x) by k | filter k == \"a\"");
    refuses(rule, CELLS, "aggregate m = min(x) by k | filter k == \"a\"");
    refuses(rule, TABLE, "aggregate n = count() by z = x *! x | filter z > 3");
    refuses(rule, TABLE, "aggregate n = count() | filter false");
    refuses(rule, TABLE, "aggregate partial n = count() by k | filter k == \"a\"");
}

#[test]
fn filters_do_not_pass_what_counts_rows() {
    refuses("push_filter", TABLE, "take 5 | filter x > 3");
    refuses("push_filter", TABLE, "top_k 5 by x | filter x > 3");
}

#[test]
fn a_sorted_slice_is_a_top_k() {
    let rule = "top_k";
    fires(rule, CELLS, "sort x desc | take 5", "top_k 5 by x desc");
    fires(rule, CELLS, "sort x | skip 3 take 5", "top_k 8 by x | skip 3");
    fires(rule, CELLS, "sort x | map z = y -> z | take 5", "top_k 5 by x | map z = y -> z");
    fires(rule, CELLS, "sort x | skip 3 take 5 | take 2", "top_k 5 by x | skip 3");
    fires(rule, CELLS, "sort x | skip 3 | map z = y | take 5", "top_k 8 by x | skip 3 | map z = y");
    fires(rule, CELLS, "sort x | take 7 | take 5", "top_k 5 by x");
    fires(rule, CELLS, "top_k 3 by x | take 5 -> s", "top_k 3 by x | map -> s");
    refuses(rule, CELLS, "sort x | skip 3");
    refuses(rule, CELLS, "sort x | filter x > 3 | take 5");
    refuses(rule, CELLS, "sort x | skip 18446744073709551615 take 5");
    refuses(rule, CELLS, "take 5 | sort x");
}

#[test]
fn columns_that_nobody_uses_go() {
    let scan = |columns: &str, rest: &str| CELLS.replace("scan k, x, y, s", &format!("scan {columns}")) + rest;
    for (before, expected) in [
        ("  | map -> s\n", scan("s", "")),
        ("  | map z = x *! x, w = y -> w\n", scan("y", "  | map w = y -> w\n")),
        ("  | filter x > 3 | map -> s\n", scan("x, s", "  | filter x > 3 -> s\n")),
        ("  | sort x | map -> s, q = s\n", scan("x, s", "  | sort x -> s\n  | map -> s, q = s\n")),
        ("  | map z = x | map z = 1 | map -> z\n", "".into()),
        ("  | aggregate n = count(), m = min(s) by k | map -> n\n", scan("k", "  | aggregate n = count() by k -> n\n")),
        (
            "  | aggregate n = count(), m = min(x) by k | map -> n\n",
            scan("k, x", "  | aggregate n = count(), m = min(x) by k -> n\n"),
        ),
        (
            "  | aggregate n = count(), m = count() where x > 1 | map -> n\n",
            scan("x", "  | aggregate n = count(), m = count() where x > 1 -> n\n"),
        ),
    ] {
        let found = after("dead_columns", &(CELLS.to_string() + &before.replace(" | map", "\n  | map")));
        if expected.is_empty() {
            assert!(found.contains("scan from") && found.ends_with("\n  | map z = 1\n"), "{found}");
        } else {
            assert_eq!(found, expected);
        }
    }
    let found = after("dead_columns", "table\n  values {a: int, b: int} (1, 2), (3, 4)\n  | map -> b\n");
    assert_eq!(found, "table\n  values {b: int} (2), (4)\n");
}

#[test]
fn columns_that_are_used_stay() {
    refuses("dead_columns", CELLS, "sort x");
    refuses("dead_columns", CELLS, "map -> a = k, x, y, s");
    refuses("dead_columns", "table\n  range x = 1..5\n", "map y = x -> y");
}

#[test]
fn all_rules_together() {
    let before = CELLS.to_string()
        + "  | map net = x *! 2, note = upper(s)\n  | sort k\n  | filter 1 < 2 and k != null\n  \
           | map -> k, net\n  | skip 0 take 3\n";
    let plan = optimize(plan(&before), &catalog(), &RuleSet::all());
    let expected = CELLS.replace("scan k, x, y, s", "scan k, x")
        + "  | filter k != null\n  | map net = x *! 2 -> k, net\n  | top_k 3 by k\n";
    assert_eq!(printed(&plan), expected);
}

#[test]
fn statements_do_not_disturb_each_other() {
    let mut shared = plan(&(TABLE.to_string() + "  | map z = x *! x\n  | sort z\n"));
    let first = shared.statements[0].clone();
    let filter = plan("table\n  values {} ()\n  | filter true\n").nodes[1].clone();
    let input = first.node;
    let one = shared.exprs.literal(crate::scalar::Scalar::Bool(true), crate::ty::Type::BOOL);
    let output = shared.node(input).output.clone();
    let stage = crate::ir::Stage::Filter { input, predicate: one, told: None };
    let node = shared.add_node(crate::ir::Node { stage, output, span: filter.span });
    shared.statements.push(crate::ir::Statement { node, ..first.clone() });
    shared.statements.push(first);
    let before = printed(&shared);
    let plan = optimize(shared, &catalog(), &RuleSet::all());
    assert_eq!(printed(&plan), before.replace("  | filter true\n", ""));
    assert_eq!(plan.nodes.len(), 9);
}

#[test]
fn rule_sets() {
    assert_eq!(RuleSet::only("nix"), None);
    assert_eq!(RuleSet::without("nix"), None);
    let text = TABLE.to_string() + "  | filter true and x > 1\n";
    assert_eq!(printed(&optimize(plan(&text), &catalog(), &RuleSet::none())), text);
    for rule in RULES {
        assert!(RuleSet::without(rule.name).is_some_and(|set| set != RuleSet::all()));
    }
}
