//! The printed form of a kernel, and what the verifier refuses.

use super::ops::{Lane, Op};
use super::*;
use pipelang_lang::catalog::Effect;
use pipelang_lang::ir::{Expr, ExprId, Plan, TypedExpr};
use pipelang_lang::scalar::{Arithmetic, Comparison, Scalar};
use pipelang_lang::source::{SourceId, Span};
use pipelang_lang::ty::Type;

/// `filter qty > 0 | derive total = float(qty // 2) * price`, over an int and a `float?`.
fn example() -> (Plan, Segment) {
    let mut plan = Plan::default();
    let add = |plan: &mut Plan, expr, ty, site| plan.exprs.add(TypedExpr { expr, ty, site }, Effect::Total);
    let (qty, price) = (plan.add_column("qty", Type::INT), plan.add_column("price", Type::FLOAT.or_null()));
    let site = plan.add_site(Span::new(SourceId(0), 0, 0), None);
    let [zero, two] = [0, 2].map(|i| plan.exprs.literal(Scalar::Int(i), Type::INT));
    let (qty_expr, price_expr) = (plan.column_expr(qty), plan.column_expr(price));
    let predicate = add(&mut plan, Expr::Compare(Comparison::Greater, qty_expr, zero), Type::BOOL, None);
    let half = Expr::Arithmetic(Arithmetic::FloorDivide, qty_expr, two);
    let half = add(&mut plan, half, Type::INT, Some(site));
    let half: ExprId = add(&mut plan, Expr::ToFloat(half), Type::FLOAT, None);
    let product = Expr::Arithmetic(Arithmetic::Multiply, half, price_expr);
    let product = add(&mut plan, product, Type::FLOAT.or_null(), None);
    let total = plan.add_column("total", Type::FLOAT.or_null());
    let total_expr = plan.column_expr(total);
    let segment = Segment {
        inputs: vec![qty, price],
        steps: vec![Step::Filter(predicate), Step::Define(vec![(total, product)])],
        outputs: [qty_expr, total_expr].map(|expr| Output { expr, demanded: true }).to_vec(),
        ..Segment::default()
    };
    (plan, segment)
}

#[test]
fn kernels_print() {
    let (plan, segment) = example();
    let nullable = "  v0: int = input qty
  v1: int = constant 0
  v2: int = constant 2
  v3: float = input price
  v4: bool = valid price
leaf 0
  v5: bool = less v1, v0
  v6: int, v7: bool = int.floor_divide v0, v2
  v8: float = to_float v6
  v9: float = float.multiply v8, v3
  v10: float = float.canonical v9
keep v5
output qty
output v10 where v4
";
    assert_eq!(print(&lower(&segment, &plan, &[false, true])), nullable);
    let without = print(&lower(&segment, &plan, &[false, false]));
    assert!(!without.contains("valid") && !without.contains("where"), "{without}");
}

#[test]
fn unsound_kernels_are_refused() {
    let (plan, segment) = example();
    let sound = lower(&segment, &plan, &[false, false]);
    assert_eq!(verify(&sound), Ok(()));
    let at = |op| sound.instructions.iter().position(|instruction| instruction.op == op).expect("it is there");

    let mut early = sound.clone();
    early.instructions.swap(at(Op::IntFloorDivide), at(Op::ToFloat));
    assert!(verify(&early).is_err_and(|why| why.contains("before it is written")));

    let mut mistyped = sound.clone();
    mistyped.instructions[at(Op::Less)].operands[0] = sound.instructions[at(Op::ToFloat)].operands[0];
    let result = sound.instructions[at(Op::Less)].results[0];
    mistyped.registers[result.0 as usize] = Lane::Int;
    assert!(verify(&mistyped).is_err());

    let mut twice = sound.clone();
    twice.instructions.push(sound.instructions[0].clone());
    assert!(verify(&twice).is_err_and(|why| why.contains("twice")));
}
