//! The batch interpreter against an evaluation row by row.

use super::random::{self, Case, Random};
use super::*;
use crate::batch::Column;
use crate::kernel::{Output, Segment, Step};
use crate::kernel::{lower, print};
use pipelang_lang::catalog::Effect;
use pipelang_lang::ir::{Expr, ExprId, Plan, TypedExpr};
use pipelang_lang::scalar::{Arithmetic, Comparison, Scalar};
use pipelang_lang::source::{SourceId, Span};
use pipelang_lang::ty::{Kind, Type};

/// What a program gives for a batch must be what the rows give one by one.
pub fn agrees(case: &Case, program: &Program, batch: &Batch, outcome: &Outcome, seed: u64) -> bool {
    let functions = random::functions();
    let rows: Result<Vec<_>, ()> = (0..batch.rows).map(|row| random::evaluate(case, &functions, batch, row)).collect();
    match (rows, outcome) {
        (Err(()), Outcome::Failed) => false,
        (Ok(rows), Outcome::Done(done)) => {
            let rows: Vec<Vec<Scalar>> = rows.into_iter().flatten().collect();
            assert_eq!(rows.len(), done.rows, "seed {seed}\n{}", print(program));
            for (at, row) in rows.iter().enumerate() {
                for (column, wanted) in row.iter().enumerate() {
                    let got = done.columns[column].get(at);
                    assert!(
                        random::same(wanted, &got),
                        "seed {seed}, row {at}, output {column}: {wanted:?} wanted, got {got:?}\n{}",
                        print(program)
                    );
                }
            }
            true
        }
        (rows, _) => panic!("seed {seed}: failed rows: {}\n{}", rows.is_err(), print(program)),
    }
}

/// Which inputs of a batch have nulls.
pub fn nullable(batch: &Batch) -> Vec<bool> {
    batch.columns.iter().map(|column| column.has_nulls()).collect()
}

#[test]
fn random_segments_agree_with_rows() {
    let (mut scratch, mut done) = (Scratch::new(), 0);
    const CASES: u64 = 1500;
    for seed in 0..CASES {
        let mut random = Random::new(seed);
        let (case, batch) = (random::case(&mut random, false), random::batch(&mut random));
        let program = lower(&case.segment, &case.plan, &nullable(&batch));
        let outcome =
            Task::new(&Interpreted, &program, &random::functions(), &Watch::default()).run(&batch, &mut scratch);
        done += u64::from(agrees(&case, &program, &batch, &outcome.expect("nobody stops it"), seed));
    }
    assert!((CASES / 2..CASES * 19 / 20).contains(&done), "{done} of {CASES} did not fail");
}

/// A chain of row-wise stages over an int column: `derive c = c * 3 % 1000 + 1`, so many times, and a filter after each.
fn chain(stages: usize) -> (Plan, Segment) {
    let mut plan = Plan::default();
    let mut column = plan.add_column("c", Type::INT);
    let mut segment = Segment { inputs: vec![column], ..Segment::default() };
    let site = Some(plan.add_site(Span::new(SourceId(0), 0, 0), None));
    let [three, thousand, one] = [3, 1000, 1].map(|i| plan.exprs.literal(Scalar::Int(i), Type::INT));
    for _ in 0..stages {
        let mut expr = plan.column_expr(column);
        for (op, by) in [(Arithmetic::Multiply, three), (Arithmetic::Modulo, thousand), (Arithmetic::Add, one)] {
            expr = plan
                .exprs
                .add(TypedExpr { expr: Expr::Arithmetic(op, expr, by), ty: Type::INT, site }, Effect::MayFail);
        }
        column = plan.add_column("c", Type::INT);
        segment.steps.push(Step::Define(vec![(column, expr)]));
        let compare = Expr::Compare(Comparison::NotEqual, plan.column_expr(column), one);
        let predicate = plan.exprs.add(TypedExpr { expr: compare, ty: Type::BOOL, site: None }, Effect::Total);
        segment.steps.push(Step::Filter(predicate));
    }
    let expr = plan.column_expr(column);
    segment.outputs.push(Output { expr, demanded: true });
    (plan, segment)
}

#[test]
fn buffers_do_not_grow_with_stages() {
    let values: Vec<Scalar> = (1..=100_000).map(Scalar::Int).collect();
    let batch = Batch::new(values.len(), vec![Column::from_scalars(&Kind::Int, &values)]);
    let allocated = [1, 5, 20].map(|stages| {
        let (plan, segment) = chain(stages);
        let (program, mut scratch) = (lower(&segment, &plan, &[false]), Scratch::new());
        let mut once = || {
            let outcome =
                Task::new(&Interpreted, &program, &Functions::default(), &Watch::default()).run(&batch, &mut scratch);
            assert!(matches!(outcome, Ok(Outcome::Done(_))));
            scratch.allocated
        };
        let first = once();
        (first, once() - first)
    });
    assert_eq!(allocated[0].1, 2, "a later batch costs its output and its mask");
    assert_eq!(allocated[0].1, allocated[2].1);
    assert!(allocated[2].0 <= allocated[1].0 + 2, "{allocated:?}: scratch is used again");
}

#[test]
fn what_is_kept_whole_is_not_copied_and_keeps_its_place() {
    let (plan, mut segment) = chain(1);
    segment.steps.clear();
    segment.outputs = segment
        .inputs
        .iter()
        .map(|column| {
            let id = (0..plan.exprs.len() as u32).map(ExprId).find(|id| *plan.exprs.get(*id) == Expr::Column(*column));
            Output { expr: id.expect("the chain begins with it"), demanded: false }
        })
        .collect();
    let program = lower(&segment, &plan, &[false]);
    let mut batch = Batch::new(1, vec![Column::from_scalars(&Kind::Int, &[Scalar::Int(5)])]);
    let origin = crate::batch::Origin { file: "f".into(), records: crate::batch::Records::Numbered([1].into()) };
    batch.origin = Some(origin);
    let outcome =
        Task::new(&Interpreted, &program, &Functions::default(), &Watch::default()).run(&batch, &mut Scratch::new());
    let Ok(Outcome::Done(done)) = outcome else { panic!("nothing can fail") };
    assert!(done.origin.is_some());
    let (Column::Int(a), Column::Int(b)) = (&batch.columns[0], &done.columns[0]) else { panic!("ints") };
    assert_eq!(a.values().as_ptr(), b.values().as_ptr());
}

#[test]
fn long_chains_of_stages_do_not_recurse() {
    let (plan, segment) = chain(5_000);
    let batch = Batch::new(3, vec![Column::from_scalars(&Kind::Int, &[1, 2, 3].map(Scalar::Int))]);
    let program = lower(&segment, &plan, &[false]);
    let outcome =
        Task::new(&Interpreted, &program, &Functions::default(), &Watch::default()).run(&batch, &mut Scratch::new());
    assert!(matches!(outcome, Ok(Outcome::Done(_))));
    assert!(program.slots.iter().sum::<usize>() < 10, "{:?}", program.slots);
}
