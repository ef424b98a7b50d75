//! Each invariant: a plan that keeps it, and one that breaks it.

use super::super::testing::{catalog, plan};
use super::verify;
use crate::catalog::Effect;
use crate::ir::read::read;
use crate::ir::{Expr, Fields, NodeId, OutputField, Plan, Stage, TypedExpr};
use crate::scalar::{Arithmetic, Scalar};
use crate::ty::Type;

/// What is wrong with a plan that can be read.
fn errors(text: &str) -> String {
    let plan = read(text, &catalog()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    told(&plan)
}

fn told(plan: &Plan) -> String {
    verify(plan, &catalog()).err().unwrap_or_default().join("\n")
}

#[test]
fn violations_in_text() {
    let range = "table\n  range x = 1..5\n";
    for (stages, message) in [
        ("  | filter x\n", "node 1: the condition x is a int"),
        ("  | map y = x + 1\n", "`x + 1`: it may fail, but has no site"),
        ("  | map y = float!(x)\n", "`float!(x)`: it cannot fail, but has a site"),
        ("  | map y = x == 1.0\n", "`x == 1.0`: it does not take operands of type int, float"),
        ("  | map y = not (x ?? 1)\n", "does not take operands of type int"),
        ("  | map y = (x < 1):bool?\n", "its type is bool?, by its operands it is bool"),
        ("  | map y = null:int\n", "a null of type int"),
        ("  | map y = 1:float\n", "a constant int of type float"),
        ("  | map y = x:float\n", "its type is float, by its operands it is int"),
        ("  | map y = narrow!(x)\n", "does not take operands of type int"),
        ("  | map y = x, y#2 = x\n", ""),
        ("  | map y = x, z = x -> y, y = z\n", "two columns are called `y`"),
        ("  | aggregate s = sum(x, x)\n", "`sum` of 2 arguments"),
        ("  | aggregate s:int = sum(x)\n", "`sum` gives wide, its column is of type int"),
        ("  | aggregate s = sum(x)\n", "statement 0: `s` is an unchecked sum"),
        ("  | aggregate n = count() where x -> n, x\n", "comes from nowhere"),
        ("  | aggregate n = count() where x\n", "the condition x is a int"),
        ("  | aggregate s = sum(x)\n  | sort s -> ()\n", "a key of type wide"),
        ("  | number n by x +! 1\n  | aggregate s = sum(n)\n  | number m by s -> ()\n", "a key of type wide"),
    ] {
        let found = errors(&format!("{range}{stages}"));
        assert!(found.contains(message) && found.is_empty() == message.is_empty(), "{stages}{found}");
    }
    assert!(errors("scalar\n  values {a: int, b: int} (1, 2)\n").contains("single values of rows with 2 columns"));
    assert!(errors("table\n  values {a: int} (1, 2)\n").contains("a row has 2 values"));
    assert!(errors("table\n  values {a: int} (null)\n").contains("a value of type null in `a`: int"));
}

#[test]
fn violations_that_cannot_be_written() {
    let good = plan("table\n  scan a from bound t {a: int}\n  | filter a > 1\n");

    let mut plan = good.clone();
    plan.nodes.swap(0, 1);
    assert!(told(&plan).contains("node 0: its input does not precede it"));

    let mut plan = good.clone();
    plan.statements[0].node = NodeId(7);
    assert!(told(&plan).contains("a statement names no node"));

    let mut plan = good.clone();
    let Stage::Scan { columns, .. } = &mut plan.nodes[0].stage else { panic!() };
    columns[0].0 = 3;
    assert!(told(&plan).contains("is not what column 3 is"));

    let mut plan = good.clone();
    let stranger = plan.add_column("b", Type::INT);
    plan.nodes[1].output.push(OutputField { name: "b".into(), column: stranger });
    assert!(told(&plan).contains("the column `b` of its output comes from nowhere"));

    let mut plan = good.clone();
    plan.nodes[0].output = Fields::default();
    assert!(told(&plan).contains("`a` is not a column of its input"));

    let mut plan = good.clone();
    plan.nodes.push(plan.nodes[0].clone());
    assert!(told(&plan).contains("the column `a` is defined twice"));

    let mut plan = good.clone();
    let one = plan.exprs.literal(Scalar::Int(1), Type::INT);
    let site = Some(plan.add_site(plan.nodes[0].span, None));
    let sum = TypedExpr { expr: Expr::Arithmetic(Arithmetic::Add, one, one), ty: Type::INT, site };
    let sum = plan.exprs.add(sum, Effect::Total);
    let column = plan.add_column("s", Type::FLOAT);
    plan.nodes[1].stage = Stage::Map { input: NodeId(0), definitions: vec![(column, sum)] };
    let found = told(&plan);
    assert!(found.contains("its effect is understated"), "{found}");
    assert!(found.contains("`s` is of type float, its definition of type int"), "{found}");
}
