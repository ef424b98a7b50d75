//! For the tests of the executors: random segments over random batches, and what they give, evaluated row by row with the
//! arithmetic of `lang::scalar`.

#![allow(missing_docs)]

use crate::batch::{Batch, Column};
use crate::builtins::{Function, Functions};
use crate::kernel::{Output, Segment, Step};
use pipelang_lang::calendar::DAY;
use pipelang_lang::catalog::{Effect, FunctionDef, FunctionId, Parameter, Pattern, ResultType};
use pipelang_lang::codes::E0604;
use pipelang_lang::ir::{ColumnId, Expr, ExprId, Plan, TypedExpr};
use pipelang_lang::scalar::{self, Arithmetic, Comparison, Fault, Scalar};
use pipelang_lang::source::{SourceId, Span};
use pipelang_lang::ty::{Kind, Type};
use std::collections::HashMap;
use std::sync::Arc;

/// Small random numbers, the same for the same seed.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % end as u64) as usize
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

pub const KINDS: [Kind; 7] =
    [Kind::Int, Kind::Float, Kind::Bool, Kind::Date, Kind::DateTime, Kind::Duration, Kind::String];

/// A segment with its plan.
pub struct Case {
    pub plan: Plan,
    pub segment: Segment,
    definitions: HashMap<ColumnId, ExprId>,
}

struct Generator<'a> {
    random: &'a mut Random,
    plan: Plan,
    columns: Vec<ColumnId>,
    kinds: &'a [Kind],
    /// Whether there may be text, functions and other things that machine code is not made of.
    machine_only: bool,
}

/// `div7(int) -> int?` is null for what 7 does not divide and fails for 13; `twice(string)` is total.
pub fn functions() -> Functions {
    let function = |name: &str, kind: Kind, may_be_null, effect, body: pipelang_lang::catalog::ScalarBody| Function {
        def: FunctionDef {
            name: name.into(),
            group: "test",
            doc: "".into(),
            parameters: vec![Parameter::new("x", Pattern::Is(kind.clone()))],
            variadic: false,
            result: ResultType::Is(Type::of(kind)),
            may_be_null,
            effect,
            examples: &[],
            body,
        },
        batch: None,
        words: None,
    };
    Functions(vec![
        function(
            "div7",
            Kind::Int,
            true,
            Effect::MayFail,
            Arc::new(|arguments| match arguments[0] {
                Scalar::Int(13) => Err(Fault::new(E0604, "13")),
                Scalar::Int(i) if i % 7 == 0 => Ok(Scalar::Int(i / 7)),
                _ => Ok(Scalar::Null),
            }),
        ),
        function(
            "twice",
            Kind::String,
            false,
            Effect::Total,
            Arc::new(|arguments| match &arguments[0] {
                Scalar::String(s) => Ok(Scalar::String(format!("{s}{s}").chars().take(20).collect::<String>().into())),
                _ => unreachable!("the argument is text"),
            }),
        ),
    ])
}

/// A random segment over two columns of each kind, the second of them nullable.
pub fn case(random: &mut Random, machine_only: bool) -> Case {
    case_over(random, if machine_only { &KINDS[..6] } else { &KINDS }, machine_only)
}

/// The same, but of all columns only those of some kinds are looked at, and go out.
pub fn case_over(random: &mut Random, kinds: &[Kind], machine_only: bool) -> Case {
    let mut generator = Generator { random, plan: Plan::default(), columns: Vec::new(), kinds, machine_only };
    let mut segment = Segment::default();
    for kind in KINDS {
        for nullable in [false, true] {
            let column =
                generator.plan.add_column(format!("{kind}_{nullable}"), Type::of(kind.clone()).or_null_if(nullable));
            segment.inputs.push(column);
            if kinds.contains(&kind) {
                generator.columns.push(column);
            }
        }
    }
    let mut definitions = HashMap::new();
    for _ in 0..generator.random.below(5) {
        let depth = 1 + generator.random.below(4);
        if generator.random.chance(35) {
            let predicate = generator.expr(&Kind::Bool, generator.random.0 & 4 == 0, depth);
            segment.steps.push(Step::Filter(predicate));
        } else {
            let kind = generator.kind();
            let expr = generator.expr(&kind, true, depth);
            let column = generator.plan.add_column("d", generator.plan.exprs.ty(expr).clone());
            segment.steps.push(Step::Define(vec![(column, expr)]));
            definitions.insert(column, expr);
            generator.columns.push(column);
        }
    }
    for _ in 0..1 + generator.random.below(4) {
        let (kind, depth) = (generator.kind(), generator.random.below(5));
        let expr = generator.expr(&kind, true, depth);
        segment.outputs.push(Output { expr, demanded: true });
    }
    Case { plan: generator.plan, segment, definitions }
}

impl Generator<'_> {
    fn kind(&mut self) -> Kind {
        self.random.pick(self.kinds)
    }

    fn add(&mut self, expr: Expr, ty: Type, may_fail: bool) -> ExprId {
        let site = may_fail.then(|| self.plan.add_site(Span::new(SourceId(0), 0, 0), None));
        let effect = if may_fail { Effect::MayFail } else { Effect::Total };
        self.plan.exprs.add(TypedExpr { expr, ty, site }, effect)
    }

    fn literal(&mut self, kind: &Kind) -> ExprId {
        let value = value(self.random, kind, true);
        self.plan.exprs.literal(value, Type::of(kind.clone()))
    }

    fn leaf(&mut self, kind: &Kind, nullable: bool) -> ExprId {
        let fits = |column: &ColumnId| {
            let ty = &self.plan.column(*column).ty;
            ty.kind == *kind && (nullable || !ty.nullable)
        };
        let columns: Vec<ColumnId> = self.columns.iter().copied().filter(fits).collect();
        if nullable && self.random.chance(5) {
            let ty = if self.random.chance(50) { Type::NULL } else { Type::of(kind.clone()).or_null() };
            return self.plan.exprs.literal(Scalar::Null, ty);
        }
        if columns.is_empty() || self.random.chance(25) {
            return self.literal(kind);
        }
        let column = self.random.pick(&columns);
        self.plan.column_expr(column)
    }

    fn expr(&mut self, kind: &Kind, nullable: bool, depth: usize) -> ExprId {
        if depth == 0 || self.random.chance(10) {
            return self.leaf(kind, nullable);
        }
        let depth = depth - 1;
        match self.random.below(10) {
            0 => {
                let condition = self.expr(&Kind::Bool, true, depth);
                let (then, otherwise) = (self.expr(kind, nullable, depth), self.expr(kind, nullable, depth));
                let ty = Type::of(kind.clone()).or_null_if(self.nullable(then) || self.nullable(otherwise));
                self.add(Expr::If(condition, then, otherwise), ty, false)
            }
            1 => {
                let (a, b) = (self.expr(kind, true, depth), self.expr(kind, nullable, depth));
                let ty = Type::of(kind.clone()).or_null_if(self.nullable(b));
                self.add(Expr::Coalesce(a, b), ty, false)
            }
            2 => self.guarded(kind, depth),
            _ => match kind {
                Kind::Int | Kind::Float => self.number(kind, nullable, depth),
                Kind::Bool => self.condition(depth),
                Kind::Date | Kind::DateTime | Kind::Duration => self.time(kind, nullable, depth),
                Kind::String if !self.machine_only => {
                    let a = self.expr(kind, nullable, depth);
                    let ty = Type::STRING.or_null_if(self.nullable(a));
                    self.add(Expr::Call(FunctionId(1), Box::new([a])), ty, false)
                }
                _ => self.leaf(kind, nullable),
            },
        }
    }

    /// `if x != null { x } else { literal }`
    fn guarded(&mut self, kind: &Kind, depth: usize) -> ExprId {
        let a = self.expr(kind, true, depth);
        let null = self.plan.exprs.literal(Scalar::Null, Type::NULL);
        let there = self.add(Expr::Compare(Comparison::NotEqual, a, null), Type::BOOL, false);
        let then = self.add(Expr::NonNull(a), Type::of(kind.clone()), false);
        let otherwise = self.literal(kind);
        self.add(Expr::If(there, then, otherwise), Type::of(kind.clone()), false)
    }

    fn nullable(&self, id: ExprId) -> bool {
        self.plan.exprs.ty(id).nullable
    }

    fn number(&mut self, kind: &Kind, nullable: bool, depth: usize) -> ExprId {
        use Arithmetic::*;
        let a = self.expr(kind, nullable, depth);
        let negate = self.random.chance(10);
        if negate {
            let ty = Type::of(kind.clone()).or_null_if(self.nullable(a));
            return self.add(Expr::Negate(a), ty, *kind == Kind::Int);
        }
        if *kind == Kind::Float && self.random.chance(20) {
            let a = self.expr(&Kind::Int, nullable, depth);
            let ty = Type::FLOAT.or_null_if(self.nullable(a));
            return self.add(Expr::ToFloat(a), ty, false);
        }
        if *kind == Kind::Int && nullable && !self.machine_only && self.random.chance(10) {
            return self.add(Expr::Call(FunctionId(0), Box::new([a])), Type::INT.or_null(), true);
        }
        if self.random.chance(10) {
            let op = if *kind == Kind::Int { FloorDivide } else { Divide };
            return self.arithmetic(op, &Kind::Duration, &Kind::Duration, nullable, depth);
        }
        let op = match (kind, self.machine_only) {
            (Kind::Int, true) => self.random.pick(&[Add, Subtract, Multiply, FloorDivide, Modulo]),
            (Kind::Int, false) => self.random.pick(&[Add, Subtract, Multiply, FloorDivide, Modulo, Power]),
            (_, true) => self.random.pick(&[Add, Subtract, Multiply, Divide, FloorDivide]),
            (_, false) => self.random.pick(&[Add, Subtract, Multiply, Divide, FloorDivide, Modulo, Power]),
        };
        let divides = matches!(op, FloorDivide | Modulo | Power) && self.random.chance(70);
        let b = if divides { self.literal(kind) } else { self.expr(kind, nullable, depth) };
        let ty = Type::of(kind.clone()).or_null_if(self.nullable(a) || self.nullable(b));
        self.add(Expr::Arithmetic(op, a, b), ty, *kind == Kind::Int)
    }

    /// Arithmetic of dates, times and durations that gives `kind`.
    fn time(&mut self, kind: &Kind, nullable: bool, depth: usize) -> ExprId {
        use Arithmetic::*;
        use Kind::{Date, DateTime, Duration, Int};
        if *kind == Duration && self.random.chance(10) {
            let a = self.expr(kind, nullable, depth);
            let ty = Type::DURATION.or_null_if(self.nullable(a));
            return self.add(Expr::Negate(a), ty, true);
        }
        let (op, left, right) = match kind {
            Date | DateTime => self.random.pick(&[
                (Add, kind.clone(), Duration),
                (Subtract, kind.clone(), Duration),
                (Add, Duration, kind.clone()),
            ]),
            _ => self.random.pick(&[
                (Subtract, Date, Date),
                (Subtract, DateTime, DateTime),
                (Add, Duration, Duration),
                (Subtract, Duration, Duration),
                (Modulo, Duration, Duration),
                (Multiply, Int, Duration),
                (Multiply, Duration, Int),
                (FloorDivide, Duration, Int),
            ]),
        };
        self.arithmetic(op, &left, &right, nullable, depth)
    }

    fn arithmetic(&mut self, op: Arithmetic, left: &Kind, right: &Kind, nullable: bool, depth: usize) -> ExprId {
        let (a, b) = (self.expr(left, nullable, depth), self.expr(right, nullable, depth));
        let kind = scalar::arithmetic_kind(op, left, right).expect("the caller knows what there is");
        let may_fail = kind != Kind::Float;
        let ty = Type::of(kind).or_null_if(self.nullable(a) || self.nullable(b));
        self.add(Expr::Arithmetic(op, a, b), ty, may_fail)
    }

    fn condition(&mut self, depth: usize) -> ExprId {
        use Comparison::*;
        let expr = match self.random.below(5) {
            0 => Expr::And(self.expr(&Kind::Bool, true, depth), self.expr(&Kind::Bool, true, depth)),
            1 => Expr::Or(self.expr(&Kind::Bool, true, depth), self.expr(&Kind::Bool, true, depth)),
            2 => Expr::Not(self.expr(&Kind::Bool, false, depth)),
            _ => {
                let kind = self.kind();
                let op = self.random.pick(&[Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual]);
                Expr::Compare(op, self.expr(&kind, true, depth), self.expr(&kind, true, depth))
            }
        };
        self.add(expr, Type::BOOL, false)
    }
}

fn value(random: &mut Random, kind: &Kind, tame: bool) -> Scalar {
    match kind {
        Kind::Int if tame => Scalar::Int(random.below(9) as i64 - 3),
        Kind::Int => Scalar::Int(random.pick(&[i64::MIN, i64::MAX, -1, 0, 1, 13, 1 << 40, -7, 3_037_000_500])),
        Kind::Float if tame && random.chance(80) => Scalar::Float((random.below(41) as f64 - 20.0) / 4.0),
        Kind::Float => Scalar::Float(random.pick(&[
            f64::NAN,
            f64::from_bits(0xfff8_0000_0000_0123),
            -0.0,
            0.0,
            f64::INFINITY,
            f64::NEG_INFINITY,
            1e300,
            f64::MIN_POSITIVE,
            9_007_199_254_740_993.0,
        ])),
        Kind::Bool => Scalar::Bool(random.chance(60)),
        Kind::Date if tame => Scalar::Date(random.below(40_000) as i32 - 10_000),
        Kind::DateTime if tame => Scalar::DateTime(random.below(1 << 50) as i64 - (1 << 48)),
        Kind::Duration if tame && random.chance(60) => Scalar::Duration((random.below(60) as i64 - 20) * DAY),
        Kind::Duration if tame => Scalar::Duration(random.below(1 << 40) as i64 - (1 << 38)),
        Kind::DateTime => Scalar::DateTime(random.pick(&[i64::MIN, i64::MAX, 0, -1, 1 << 50])),
        Kind::Duration => Scalar::Duration(random.pick(&[i64::MIN, i64::MAX, 0, -1, 1, DAY, -DAY, 1 << 40])),
        Kind::Date => Scalar::Date(random.pick(&[0, -1, 1, 19_000, i32::MAX, i32::MIN])),
        _ => Scalar::String(
            random.pick(&["", "a", "ab", "b", "Ä", "twelve bytes", "thirteen byte", "thirteen bytf"]).into(),
        ),
    }
}

/// A batch for the inputs of [`case`]: tame or with extremes, with nulls or without, at an odd offset or not.
pub fn batch(random: &mut Random) -> Batch {
    let rows = random.pick(&[0, 1, 3, 63, 64, 65, 1000, 1024, 1025, 2500]);
    let (tame, nulls, offset) = (random.chance(70), random.chance(70), random.pick(&[0, 0, 1, 64, 77]));
    let mut columns = Vec::new();
    for kind in KINDS {
        for nullable in [false, true] {
            if nullable && random.chance(4) {
                columns.push(Column::Null(rows));
                continue;
            }
            let tame = tame || random.chance(80);
            let mut one = || {
                let tame = tame || random.chance(93);
                if nullable && nulls && random.chance(25) { Scalar::Null } else { value(random, &kind, tame) }
            };
            let values: Vec<Scalar> = (0..rows + offset).map(|_| one()).collect();
            columns.push(Column::from_scalars(&kind, &values).slice(offset, rows));
        }
    }
    Batch::new(rows, columns)
}

/// The row that comes out of a row, if it is kept; or that it fails.
pub fn evaluate(case: &Case, functions: &Functions, batch: &Batch, row: usize) -> Result<Option<Vec<Scalar>>, ()> {
    let row = Row { case, functions, batch, row };
    for step in &case.segment.steps {
        if let Step::Filter(predicate) = step
            && row.value(*predicate)? != Scalar::Bool(true)
        {
            return Ok(None);
        }
    }
    case.segment.outputs.iter().map(|output| row.value(output.expr)).collect::<Result<_, _>>().map(Some)
}

struct Row<'a> {
    case: &'a Case,
    functions: &'a Functions,
    batch: &'a Batch,
    row: usize,
}

impl Row<'_> {
    fn value(&self, id: ExprId) -> Result<Scalar, ()> {
        let exprs = &self.case.plan.exprs;
        let truth = |id: ExprId| Ok::<bool, ()>(self.value(id)? == Scalar::Bool(true));
        Ok(match exprs.get(id) {
            Expr::Column(column) => match self.case.definitions.get(column) {
                Some(definition) => self.value(*definition)?,
                None => self.batch.columns[column.0 as usize].get(self.row),
            },
            Expr::Literal(literal) => exprs.constant(*literal).clone(),
            Expr::Arithmetic(op, a, b) => scalar::arithmetic(*op, &self.value(*a)?, &self.value(*b)?).map_err(drop)?,
            Expr::Negate(a) => scalar::negate(&self.value(*a)?).map_err(drop)?,
            Expr::Compare(op, a, b) => Scalar::Bool(scalar::compare(*op, &self.value(*a)?, &self.value(*b)?)),
            Expr::And(a, b) => Scalar::Bool(truth(*a)? && truth(*b)?),
            Expr::Or(a, b) => Scalar::Bool(truth(*a)? || truth(*b)?),
            Expr::Not(a) => Scalar::Bool(!truth(*a)?),
            Expr::If(condition, then, otherwise) => self.value(if truth(*condition)? { *then } else { *otherwise })?,
            Expr::Coalesce(a, b) => match self.value(*a)? {
                Scalar::Null => self.value(*b)?,
                value => value,
            },
            Expr::NonNull(a) => self.value(*a)?,
            Expr::ToFloat(a) => match self.value(*a)? {
                Scalar::Int(a) => Scalar::Float(a as f64),
                _ => Scalar::Null,
            },
            Expr::Narrow(_)
            | Expr::Widen(_)
            | Expr::Recurse(..)
            | Expr::List(_)
            | Expr::Record(..)
            | Expr::Map(..)
            | Expr::Field(..)
            | Expr::Index { .. }
            | Expr::Reduce(..)
            | Expr::Each { .. }
            | Expr::Fold { .. } => unreachable!("no sums, lists, records and calls of routines here"),
            Expr::Call(function, arguments) => {
                let values = arguments.iter().map(|a| self.value(*a)).collect::<Result<Vec<_>, _>>()?;
                match values.contains(&Scalar::Null) {
                    true => Scalar::Null,
                    false => (self.functions.get(*function).def.body)(&values).map_err(drop)?,
                }
            }
        })
    }
}

/// Whether two values are the same bits.
pub fn same(a: &Scalar, b: &Scalar) -> bool {
    match (a, b) {
        (Scalar::Float(a), Scalar::Float(b)) => a.to_bits() == b.to_bits(),
        _ => a == b,
    }
}
