//! Small plans by hand: what is demanded, in which order, and what comes before an error.

use super::*;
use pipelang_lang::catalog::{Effect, ReducerDef, ReducerId};
use pipelang_lang::codes::{Code, E0602};
use pipelang_lang::ir::{
    ColumnId, Expr, ExprId, Node, NodeId, OutputField, Phase, Reduction, SortKey, Stage, TypedExpr,
};
use pipelang_lang::scalar::{Arithmetic, Comparison};
use pipelang_lang::source::{SourceId, Span};
use pipelang_lang::ty::Type;

const SPAN: Span = Span { source: SourceId(0), start: 0, end: 0 };

/// A plan over the ints from 1 to 6, in the column `it`.
struct Builder {
    plan: Plan,
    it: ColumnId,
    top: NodeId,
}

impl Builder {
    fn new() -> Builder {
        let mut plan = Plan::default();
        let it = plan.add_column("it", Type::INT);
        let stage = Stage::Range { start: 1, end: Some(6), column: it };
        let output = vec![OutputField { name: "it".into(), column: it }];
        let top = plan.add_node(Node { stage, output: output.into(), span: SPAN });
        Builder { plan, it, top }
    }

    fn int(&mut self, value: i64) -> ExprId {
        self.plan.exprs.literal(Scalar::Int(value), Type::INT)
    }

    fn add(&mut self, expr: Expr, ty: Type) -> ExprId {
        let site = Some(self.plan.add_site(SPAN, None));
        self.plan.exprs.add(TypedExpr { expr, ty, site }, Effect::MayFail)
    }

    fn column(&mut self, column: ColumnId) -> ExprId {
        self.add(Expr::Column(column), Type::INT)
    }

    /// `60 // (column - zero)`: fails where the column is `zero`.
    fn fails_at(&mut self, column: ColumnId, zero: i64) -> ExprId {
        let (column, zero, dividend) = (self.column(column), self.int(zero), self.int(60));
        let divisor = self.add(Expr::Arithmetic(Arithmetic::Subtract, column, zero), Type::INT);
        self.add(Expr::Arithmetic(Arithmetic::FloorDivide, dividend, divisor), Type::INT)
    }

    fn stage(&mut self, stage: Stage, columns: &[ColumnId]) {
        let output = columns.iter().map(|column| OutputField { name: "x".into(), column: *column }).collect();
        self.top = self.plan.add_node(Node { stage, output, span: SPAN });
    }

    fn derive(&mut self, expr: ExprId) -> ColumnId {
        let column = self.plan.add_column("x", Type::INT);
        let columns = [self.it, column];
        self.stage(Stage::Map { input: self.top, definitions: vec![(column, expr)] }, &columns);
        column
    }

    fn filter(&mut self, op: Comparison, a: ExprId, b: ExprId) {
        let predicate = self.add(Expr::Compare(op, a, b), Type::BOOL);
        let columns: Vec<ColumnId> = self.plan.node(self.top).output.iter().map(|field| field.column).collect();
        self.stage(Stage::Filter { input: self.top, predicate, told: None }, &columns);
    }

    /// The rows that come out and how it ends.
    fn run(&self) -> (Vec<Vec<i64>>, Option<Code>) {
        let reducer = |name| ReducerDef { name, arity: (0, 1), ..ReducerDef::PLAIN };
        let oracle = Oracle {
            plan: &self.plan,
            functions: &Functions::default(),
            catalog: &Catalog::new(Vec::new(), vec![reducer("count"), reducer("max")], Vec::new()),
            tables: &|_| None,
            streams: &Streams::default(),
            watch: &Watch::default(),
            tally: &Default::default(),
            tees: &Tees::default(),
        };
        let mut rows = Vec::new();
        let ended = oracle.run(self.top, &mut |row| {
            let int = |value: &Scalar| if let Scalar::Int(value) = value { *value } else { -1 };
            rows.push(row.iter().map(int).collect());
            Ok(())
        });
        (rows, ended.err().map(|error| error.code()))
    }
}

#[test]
fn what_precedes_an_error_comes_out() {
    let mut b = Builder::new();
    let fails = b.fails_at(b.it, 3);
    b.derive(fails);
    assert_eq!(b.run(), (vec![vec![1, -30], vec![2, -60]], Some(E0602)));
}

#[test]
fn a_column_that_nobody_asks_for_cannot_fail() {
    let mut b = Builder::new();
    let fails = b.fails_at(b.it, 3);
    b.derive(fails);
    let it = b.it;
    let (a, four) = (b.column(it), b.int(4));
    b.filter(Comparison::GreaterOrEqual, a, four);
    assert_eq!(b.run(), (vec![vec![4, 60], vec![5, 30], vec![6, 20]], None));
}

#[test]
fn take_pulls_no_row_after_the_last() {
    let mut b = Builder::new();
    let fails = b.fails_at(b.it, 3);
    let one = b.int(1);
    b.filter(Comparison::NotEqual, fails, one);
    let it = b.it;
    b.stage(Stage::Slice { input: b.top, skip: 1, take: Some(1) }, &[it]);
    assert_eq!(b.run(), (vec![vec![2]], None));
    b.stage(Stage::Slice { input: b.top, skip: 0, take: Some(5) }, &[it]);
    assert_eq!(b.run(), (vec![vec![2]], None));
}

#[test]
fn a_breaker_reads_all_its_input_though_nobody_pulls() {
    let mut b = Builder::new();
    let expr = b.fails_at(b.it, 6);
    let it = b.it;
    b.stage(Stage::Sort { input: b.top, keys: vec![SortKey { expr, descending: false }] }, &[it]);
    b.stage(Stage::Slice { input: b.top, skip: 0, take: Some(0) }, &[it]);
    assert_eq!(b.run(), (vec![], Some(E0602)));
}

#[test]
fn sorts_are_stable_and_carry_what_was_not_evaluated() {
    let mut b = Builder::new();
    let fails = b.fails_at(b.it, 5);
    b.derive(fails);
    let it = b.it;
    let (column, two) = (b.column(it), b.int(2));
    let expr = b.add(Expr::Arithmetic(Arithmetic::Modulo, column, two), Type::INT);
    let key = SortKey { expr, descending: true };
    b.stage(Stage::TopK { input: b.top, keys: vec![key], count: 4 }, &[it]);
    assert_eq!(b.run(), (vec![vec![1], vec![3], vec![5], vec![2]], None));
}

#[test]
fn groups_come_in_the_order_of_their_first_rows() {
    let mut b = Builder::new();
    let it = b.it;
    let (column, three) = (b.column(it), b.int(3));
    let by = b.add(Expr::Arithmetic(Arithmetic::Modulo, column, three), Type::INT);
    let condition = Some(b.add(Expr::Compare(Comparison::Less, column, three), Type::BOOL));
    let (key, count, max) =
        (b.plan.add_column("k", Type::INT), b.plan.add_column("n", Type::INT), b.plan.add_column("m", Type::INT));
    let reductions = vec![
        Reduction { column: count, reducer: ReducerId(0), arguments: vec![], condition },
        Reduction { column: max, reducer: ReducerId(1), arguments: vec![column], condition: None },
    ];
    let stage = Stage::Aggregate { input: b.top, keys: vec![(key, by)], reductions, phase: Phase::Single };
    b.stage(stage, &[key, count, max]);
    assert_eq!(b.run(), (vec![vec![1, 1, 4], vec![2, 1, 5], vec![0, 0, 6]], None));
}
