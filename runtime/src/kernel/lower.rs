//! From a segment to a kernel: depth first, left to right, with the rules for null of `language.md`, section 5, spelled
//! out over validity registers, and `check`s where a fault counts.
//!
//! Values are computed for all rows; only functions and operations on rows are given the mask of the rows that count,
//! since they are dear. A
//! fault counts in the rows of the mask under which the expression is demanded: those that the filters so far let through,
//! narrowed by the conditions of `and`, `or`, `if` and `??`. The kernel does not keep the order of evaluation: who
//! fails first is found by replay.

mod row;

use super::builder::Builder;
use super::finish::finish;
use super::ir::{Immediate, Input, Program, ProgramOutput, Register};
use super::ops::{Lane, Op};
use super::segment::{Output, Segment, Step};
use pipelang_lang::calendar::DAY;
use pipelang_lang::catalog::FunctionId;
use pipelang_lang::fault::{self, Fault};
use pipelang_lang::ir::{ColumnId, Expr, ExprId, Plan};
use pipelang_lang::scalar::{Arithmetic, Comparison, Scalar};
use pipelang_lang::ty::Kind;
use std::collections::{HashMap, HashSet};

/// The kernel of a segment for batches whose columns have nulls only where `nullable` says so.
pub fn lower(segment: &Segment, plan: &Plan, nullable: &[bool]) -> Program {
    let mut lowering = Lowering::new(segment, plan, nullable);
    let mut mask = ALL;
    for step in &segment.steps {
        match step {
            Step::Filter(predicate) => {
                let value = lowering.demand(*predicate, mask);
                let condition = lowering.truth(value);
                mask = lowering.narrow(mask, condition);
            }
            Step::Assert(assertion) => {
                let value = lowering.demand(assertion.predicate, mask);
                let condition = lowering.truth(value);
                let broken = lowering.builder.not(condition);
                lowering.check(broken, mask, None);
            }
            Step::Define(_) => {}
        }
    }
    for Output { expr, .. } in &segment.outputs {
        let value = lowering.demand(*expr, mask);
        let output = match value {
            Value::Null => ProgramOutput::Null,
            Value::Of { lanes, valid } => match lowering.columns.get(&(lanes, valid)) {
                Some(input) => ProgramOutput::Input(*input),
                None => ProgramOutput::Computed { lanes: lowering.builder.clean(lanes), valid },
            },
        };
        lowering.builder.program.outputs.push(output);
        lowering.builder.program.kinds.push(plan.exprs.ty(*expr).kind.clone());
    }
    lowering.builder.program.keep = lowering.masks[mask].register;
    let mut program = lowering.builder.program;
    finish(&mut program);
    debug_assert_eq!(super::verify::verify(&program), Ok(()), "{}", super::print::print(&program));
    program
}

/// Which rows an expression is demanded for: an index of [`Lowering::masks`].
type MaskId = usize;

/// Every row.
const ALL: MaskId = 0;

#[derive(Clone, Copy)]
struct Mask {
    /// None for all rows.
    register: Option<Register>,
    /// The mask that this one was narrowed from; its own for [`ALL`].
    outer: MaskId,
    /// How often it was narrowed.
    depth: usize,
    /// A mask further out, by which the way to any outer one is logarithmic: after two jumps of one length, a jump of
    /// both together (Myers, "An applicative random-access stack").
    jump: MaskId,
}

/// A value in the making.
#[derive(Clone, Copy)]
enum Value {
    /// Null in every row.
    Null,
    /// Lanes, and where they are not null if they anywhere are.
    Of { lanes: Register, valid: Option<Register> },
}

struct Lowering<'a> {
    plan: &'a Plan,
    builder: Builder,
    /// Each with its place in the order of the stages.
    definitions: HashMap<ColumnId, (usize, ExprId)>,
    inputs: HashMap<ColumnId, usize>,
    /// The registers of inputs that were read.
    columns: HashMap<(Register, Option<Register>), u32>,
    masks: Vec<Mask>,
    narrowed: HashMap<(MaskId, Register), MaskId>,
    values: HashMap<ExprId, Vec<(MaskId, Value)>>,
    /// Whether it matters for which rows an expression is evaluated: it may fail, calls a function or is an operation on rows.
    selective: HashMap<ExprId, bool>,
}

impl<'a> Lowering<'a> {
    fn new(segment: &Segment, plan: &'a Plan, nullable: &[bool]) -> Lowering<'a> {
        let (mut definitions, mut order) = (HashMap::new(), Vec::new());
        for step in &segment.steps {
            if let Step::Define(columns) = step {
                for (column, definition) in columns {
                    definitions.insert(*column, (definitions.len(), *definition));
                    order.push(*definition);
                }
            }
        }
        let mut builder = Builder::default();
        builder.program.inputs = (segment.inputs.iter().enumerate())
            .map(|(at, column)| {
                let def = plan.column(*column);
                Input { name: def.name.clone(), kind: def.ty.kind.clone(), nullable: nullable[at] }
            })
            .collect();
        let mut lowering = Lowering {
            plan,
            builder,
            definitions,
            inputs: segment.inputs.iter().enumerate().map(|(at, column)| (*column, at)).collect(),
            columns: HashMap::new(),
            masks: vec![Mask { register: None, outer: ALL, depth: 0, jump: ALL }],
            narrowed: HashMap::new(),
            values: HashMap::new(),
            selective: HashMap::new(),
        };
        // In order, so that none of them recurses into the one before.
        for definition in order {
            lowering.is_selective(definition);
        }
        lowering
    }

    fn is_selective(&mut self, id: ExprId) -> bool {
        if let Some(known) = self.selective.get(&id) {
            return *known;
        }
        let expr = self.plan.exprs.get(id);
        let own = self.plan.exprs.site(id).is_some() || matches!(expr, Expr::Call(..)) || row::is_row_operation(expr);
        let definition = match expr {
            Expr::Column(column) => self.definitions.get(column).map(|(_, definition)| *definition),
            _ => None,
        };
        let selective = own || expr.operands().into_iter().chain(definition).any(|operand| self.is_selective(operand));
        self.selective.insert(id, selective);
        selective
    }

    /// The mask of the rows of `mask` for which `condition` is set.
    fn narrow(&mut self, mask: MaskId, condition: Register) -> MaskId {
        if let Some(known) = self.narrowed.get(&(mask, condition)) {
            return *known;
        }
        let register = match self.masks[mask].register {
            Some(outer) => self.builder.and(outer, condition),
            None => condition,
        };
        let (outer, jump) = (self.masks[mask], self.masks[self.masks[mask].jump]);
        let twice = outer.depth - jump.depth == jump.depth - self.masks[jump.jump].depth;
        let jump = if twice { jump.jump } else { mask };
        self.masks.push(Mask { register: Some(register), outer: mask, depth: outer.depth + 1, jump });
        self.narrowed.insert((mask, condition), self.masks.len() - 1);
        self.masks.len() - 1
    }

    /// [`Lowering::value`] of what a stage demands. The definitions that it needs in any case are taken in their order
    /// first, so that a long chain of stages does not become a deep recursion.
    fn demand(&mut self, id: ExprId, mask: MaskId) -> Value {
        let (mut needed, mut seen, mut stack) = (Vec::new(), HashSet::new(), vec![id]);
        while let Some(id) = stack.pop() {
            if !seen.insert(id) || self.known(id, mask).is_some() {
                continue;
            }
            match self.plan.exprs.get(id) {
                Expr::Column(column) => {
                    if let Some((order, definition)) = self.definitions.get(column) {
                        needed.push((*order, *definition));
                        stack.push(*definition);
                    }
                }
                Expr::And(a, _) | Expr::Or(a, _) | Expr::If(a, _, _) | Expr::Coalesce(a, _) => stack.push(*a),
                expr => stack.extend(expr.operands()),
            }
        }
        needed.sort_unstable();
        for (_, definition) in needed {
            self.value(definition, mask);
        }
        self.value(id, mask)
    }

    /// The value of an expression, if it was made for these rows or more.
    fn known(&mut self, id: ExprId, mask: MaskId) -> Option<Value> {
        let mask = if self.is_selective(id) { mask } else { ALL };
        let made = self.values.get(&id)?;
        made.iter().find(|(at, _)| self.lies_in(mask, *at)).map(|(_, value)| *value)
    }

    /// Whether a mask was narrowed from another one.
    fn lies_in(&self, mut mask: MaskId, outer: MaskId) -> bool {
        let depth = self.masks[outer].depth;
        while self.masks[mask].depth > depth {
            let Mask { outer: next, jump, .. } = self.masks[mask];
            mask = if self.masks[jump].depth >= depth { jump } else { next };
        }
        mask == outer
    }

    /// The value of an expression, checked for the rows of `mask`.
    fn value(&mut self, id: ExprId, mask: MaskId) -> Value {
        let mask = if self.is_selective(id) { mask } else { ALL };
        if let Some(value) = self.known(id, mask) {
            return value;
        }
        let value = self.compute(id, mask);
        self.values.entry(id).or_default().push((mask, value));
        value
    }

    fn compute(&mut self, id: ExprId, mask: MaskId) -> Value {
        let plan = self.plan;
        match plan.exprs.get(id) {
            Expr::Column(column) => self.column(*column, mask),
            Expr::Literal(literal) => match plan.exprs.constant(*literal) {
                Scalar::Null => Value::Null,
                value => Value::Of { lanes: self.builder.literal(*literal, value), valid: None },
            },
            Expr::Arithmetic(op, a, b) => self.arithmetic(*op, *a, *b, mask),
            Expr::Compare(op, a, b) => {
                let (a, b) = (self.value(*a, mask), self.value(*b, mask));
                Value::Of { lanes: self.compare(*op, a, b), valid: None }
            }
            Expr::And(a, b) => {
                let left = self.condition(*a, mask);
                let inner = self.narrow(mask, left);
                let right = self.condition(*b, inner);
                Value::Of { lanes: self.builder.and(left, right), valid: None }
            }
            Expr::Or(a, b) => {
                let left = self.condition(*a, mask);
                let rest = self.builder.not(left);
                let inner = self.narrow(mask, rest);
                let right = self.condition(*b, inner);
                Value::Of { lanes: self.builder.or(left, right), valid: None }
            }
            Expr::If(condition, then, otherwise) => {
                let condition = self.condition(*condition, mask);
                let rest = self.builder.not(condition);
                let (inner, outer) = (self.narrow(mask, condition), self.narrow(mask, rest));
                let (inner, outer) = if fault::is(Fault::BranchesSwapped) { (outer, inner) } else { (inner, outer) };
                let then = self.value(*then, inner);
                let otherwise = self.value(*otherwise, outer);
                self.select(condition, then, otherwise)
            }
            Expr::Coalesce(a, b) => self.coalesce(*a, *b, mask),
            Expr::NonNull(a) => match self.value(*a, mask) {
                Value::Null => Value::Null,
                Value::Of { lanes, .. } => Value::Of { lanes, valid: None },
            },
            Expr::Negate(a) | Expr::Not(a) | Expr::ToFloat(a) | Expr::Narrow(a) => {
                let a = self.value(*a, mask);
                self.unary(plan.exprs.get(id), a, mask)
            }
            Expr::Call(function, arguments) => {
                let kind = &plan.exprs.ty(id).kind;
                let may_fail = plan.exprs.site(id).is_some();
                self.call(*function, arguments, kind, may_fail, mask)
            }
            Expr::Widen(a) => self.value(*a, mask),
            Expr::List(_) => self.row(id, "list", mask),
            Expr::Record(..) => self.row(id, "record", mask),
            Expr::Map(..) => self.row(id, "map", mask),
            Expr::Field(..) => self.row(id, "field", mask),
            Expr::Index { .. } => self.row(id, "index", mask),
            Expr::Reduce(..) => self.row(id, "reduce", mask),
            Expr::Each { .. } => self.row(id, "each", mask),
            Expr::Fold { .. } => self.row(id, "fold", mask),
            Expr::Recurse(..) => self.row(id, "routine", mask),
        }
    }

    fn column(&mut self, column: ColumnId, mask: MaskId) -> Value {
        if let Some((_, definition)) = self.definitions.get(&column) {
            return self.value(*definition, mask);
        }
        let at = *self.inputs.get(&column).expect("a segment's expressions mention its inputs and definitions only");
        let input = &self.builder.program.inputs[at];
        let (nullable, lane) = (input.nullable, Lane::of(&input.kind));
        let Some(lane) = lane else { return Value::Null };
        let immediate = Immediate::Input(at as u32);
        let lanes = self.builder.all(Op::Input, &[], immediate, Some(lane))[0];
        let valid = nullable.then(|| self.builder.all(Op::Valid, &[], immediate, None)[0]);
        self.columns.insert((lanes, valid), at as u32);
        Value::Of { lanes, valid }
    }

    /// Null counts as false.
    fn truth(&mut self, value: Value) -> Register {
        match value {
            Value::Null => self.builder.bool(false),
            Value::Of { lanes, valid: None } => lanes,
            Value::Of { lanes, valid: Some(valid) } => self.builder.and(lanes, valid),
        }
    }

    fn condition(&mut self, id: ExprId, mask: MaskId) -> Register {
        let value = self.value(id, mask);
        self.truth(value)
    }

    /// Where both are there; none if everywhere.
    fn both(&mut self, a: Option<Register>, b: Option<Register>) -> Option<Register> {
        match (a, b) {
            (Some(a), Some(b)) => Some(self.builder.and(a, b)),
            (one, None) | (None, one) => one,
        }
    }

    fn check(&mut self, fault: Register, mask: MaskId, valid: Option<Register>) {
        let active: Vec<Register> = self.masks[mask].register.into_iter().chain(valid).collect();
        self.builder.check(fault, &active);
    }

    fn arithmetic(&mut self, op: Arithmetic, a: ExprId, b: ExprId, mask: MaskId) -> Value {
        let kinds = [a, b].map(|id| self.plan.exprs.ty(id).kind.clone());
        let divisor = self.plan.exprs.as_constant(b).cloned();
        let (a, b) = (self.value(a, mask), self.value(b, mask));
        let (Value::Of { lanes: a, valid: va }, Value::Of { lanes: b, valid: vb }) = (a, b) else { return Value::Null };
        let valid = self.both(va, vb).filter(|_| !fault::is(Fault::NullMaskOff));
        let lanes = match kinds {
            [Kind::Float, _] => self.builder.float(float_op(op), &[a, b]),
            [Kind::Duration, Kind::Duration] if op == Arithmetic::Divide => {
                let floats = [a, b].map(|lanes| self.builder.one(Op::ToFloat, &[lanes]));
                self.builder.float(Op::FloatDivide, &floats)
            }
            [Kind::Date, Kind::Date] => {
                let days = [a, b].map(|lanes| self.builder.one(Op::DateToInt, &[lanes]));
                let between = self.builder.all(Op::IntSubtract, &days, Immediate::None, None)[0];
                let day = self.builder.int(DAY);
                self.checked(Op::IntMultiply, &[between, day], mask, valid)
            }
            [Kind::Date, _] => self.shifted(op, (a, b), mask, valid),
            [_, Kind::Date] => self.shifted(op, (b, a), mask, valid),
            _ => self.int_arithmetic(op, (a, b), divisor, mask, valid),
        };
        Value::Of { lanes, valid }
    }

    /// Arithmetic of ints, and that of datetimes and durations which is the same.
    fn int_arithmetic(
        &mut self,
        op: Arithmetic,
        (a, b): (Register, Register),
        divisor: Option<Scalar>,
        mask: MaskId,
        valid: Option<Register>,
    ) -> Register {
        let square = op == Arithmetic::Power && divisor == Some(Scalar::Int(2));
        let (op, b) = if square { (Op::IntMultiply, a) } else { (int_op(op), b) };
        let never = match (op, divisor) {
            (Op::IntModulo, Some(Scalar::Int(by) | Scalar::Duration(by))) => by != 0,
            (Op::IntFloorDivide, Some(Scalar::Int(by) | Scalar::Duration(by))) => by != 0 && by != -1,
            (Op::IntFloorDivide | Op::IntModulo, _) => fault::is(Fault::ZeroDivisorUnchecked),
            _ => false,
        };
        if never { self.builder.one(op, &[a, b]) } else { self.checked(op, &[a, b], mask, valid) }
    }

    /// The first result of an operation whose second one says where it fails.
    fn checked(&mut self, op: Op, operands: &[Register], mask: MaskId, valid: Option<Register>) -> Register {
        let results = self.builder.all(op, operands, Immediate::None, None);
        self.check(results[1], mask, valid);
        results[0]
    }

    /// A date moved by a duration, which must be of whole days.
    fn shifted(
        &mut self,
        op: Arithmetic,
        (date, length): (Register, Register),
        mask: MaskId,
        valid: Option<Register>,
    ) -> Register {
        let (day, zero) = (self.builder.int(DAY), self.builder.int(0));
        let rest = self.builder.one(Op::IntModulo, &[length, day]);
        let whole = self.builder.one(Op::Equal, &[rest, zero]);
        let broken = self.builder.not(whole);
        self.check(broken, mask, valid);
        let days = self.builder.one(Op::IntFloorDivide, &[length, day]);
        let date = self.builder.one(Op::DateToInt, &[date]);
        // Of days, so that it cannot overflow.
        let moved = self.builder.one(int_op(op), &[date, days]);
        self.checked(Op::IntToDate, &[moved], mask, valid)
    }

    fn unary(&mut self, expr: &Expr, a: Value, mask: MaskId) -> Value {
        let Value::Of { lanes: a, valid } = a else { return Value::Null };
        let float = self.builder.program.lane(a) == Lane::Float;
        let lanes = match expr {
            Expr::Not(_) => self.builder.not(a),
            Expr::ToFloat(_) => self.builder.one(Op::ToFloat, &[a]),
            Expr::Negate(_) if float => self.builder.float(Op::FloatNegate, &[a]),
            Expr::Narrow(_) | Expr::Negate(_) => {
                let op = if matches!(expr, Expr::Narrow(_)) { Op::Narrow } else { Op::IntNegate };
                let results = self.builder.all(op, &[a], Immediate::None, None);
                if !(op == Op::Narrow && fault::is(Fault::SumUnchecked)) {
                    self.check(results[1], mask, valid);
                }
                results[0]
            }
            _ => unreachable!("the caller gives operators of one operand"),
        };
        Value::Of { lanes, valid }
    }

    /// Two-valued: `==` and `!=` know null, the others are false with it.
    fn compare(&mut self, op: Comparison, a: Value, b: Value) -> Register {
        let equal = match op {
            Comparison::Equal => true,
            Comparison::NotEqual => {
                let equal = self.compare(Comparison::Equal, a, b);
                return self.builder.not(equal);
            }
            Comparison::Less | Comparison::LessOrEqual | Comparison::Greater | Comparison::GreaterOrEqual => false,
        };
        let (va, vb) = (self.valid(a), self.valid(b));
        let there = self.builder.and(va, vb);
        let both = match (a, b) {
            (Value::Of { lanes: a, .. }, Value::Of { lanes: b, .. }) => match op {
                Comparison::Equal | Comparison::NotEqual => self.builder.one(Op::Equal, &[a, b]),
                Comparison::Less => self.builder.one(Op::Less, &[a, b]),
                Comparison::LessOrEqual => self.builder.one(Op::LessOrEqual, &[a, b]),
                Comparison::Greater => self.builder.one(Op::Less, &[b, a]),
                Comparison::GreaterOrEqual if fault::is(Fault::NanOrdered) => {
                    let less = self.builder.one(Op::Less, &[a, b]);
                    self.builder.not(less)
                }
                Comparison::GreaterOrEqual => self.builder.one(Op::LessOrEqual, &[b, a]),
            },
            (Value::Null, _) | (_, Value::Null) => self.builder.bool(false),
        };
        let both = self.builder.and(both, there);
        if !equal || fault::is(Fault::NullsUnequal) {
            return both;
        }
        let either = self.builder.or(va, vb);
        let neither = self.builder.not(either);
        self.builder.or(both, neither)
    }

    /// Where a value is not null.
    fn valid(&mut self, value: Value) -> Register {
        match value {
            Value::Null => self.builder.bool(false),
            Value::Of { valid: None, .. } => self.builder.bool(true),
            Value::Of { valid: Some(valid), .. } => valid,
        }
    }

    fn select(&mut self, mask: Register, then: Value, otherwise: Value) -> Value {
        let (a, b) = match (then, otherwise) {
            (Value::Null, Value::Null) => return Value::Null,
            (Value::Of { lanes: a, .. }, Value::Of { lanes: b, .. }) => (a, b),
            (Value::Of { lanes, .. }, Value::Null) | (Value::Null, Value::Of { lanes, .. }) => (lanes, lanes),
        };
        let lanes = if a == b {
            a
        } else {
            let (a, b) = (self.builder.clean(a), self.builder.clean(b));
            self.builder.select(mask, a, b)
        };
        let (va, vb) = (self.valid(then), self.valid(otherwise));
        let (yes, no) = (self.builder.and(mask, va), self.builder.and_not(vb, mask));
        let never_null = va == vb && va == self.builder.bool(true);
        let valid = if never_null { None } else { Some(self.builder.or(yes, no)) };
        Value::Of { lanes, valid }
    }

    fn coalesce(&mut self, a: ExprId, b: ExprId, mask: MaskId) -> Value {
        let left = self.value(a, mask);
        match left {
            Value::Of { valid: None, .. } => left,
            Value::Null => self.value(b, mask),
            Value::Of { valid: Some(valid), .. } => {
                let missing = self.builder.not(valid);
                let inner = self.narrow(mask, missing);
                let right = self.value(b, inner);
                let Value::Of { valid: there, .. } = right else { return left };
                let Value::Of { lanes, .. } = self.select(valid, left, right) else { return left };
                let valid = there.map(|there| self.builder.or(valid, there));
                Value::Of { lanes, valid }
            }
        }
    }

    fn call(&mut self, function: FunctionId, arguments: &[ExprId], kind: &Kind, may_fail: bool, mask: MaskId) -> Value {
        let (mut lanes, mut valid, mut null) = (Vec::new(), None, *kind == Kind::Null);
        for argument in arguments {
            match self.value(*argument, mask) {
                Value::Null => null = true,
                Value::Of { lanes: given, valid: there } => {
                    lanes.push((self.builder.clean(given), self.plan.exprs.ty(*argument).kind.clone()));
                    valid = self.both(valid, there);
                }
            }
        }
        if null {
            return Value::Null;
        }
        let all = self.builder.bool(true);
        let active = self.masks[mask].register.into_iter().chain(valid);
        let active = active.fold(all, |mask, register| self.builder.and(mask, register));
        let (lanes, there) = self.builder.call(function, kind.clone(), may_fail, active, &lanes);
        let valid = self.both(valid, Some(there));
        Value::Of { lanes, valid }
    }
}

fn int_op(op: Arithmetic) -> Op {
    match op {
        Arithmetic::Add => Op::IntAdd,
        Arithmetic::Subtract => Op::IntSubtract,
        Arithmetic::Multiply => Op::IntMultiply,
        Arithmetic::Divide => unreachable!("the checker turns `/` into float division"),
        Arithmetic::FloorDivide => Op::IntFloorDivide,
        Arithmetic::Modulo => Op::IntModulo,
        Arithmetic::Power => Op::IntPower,
    }
}

fn float_op(op: Arithmetic) -> Op {
    match op {
        Arithmetic::Add => Op::FloatAdd,
        Arithmetic::Subtract => Op::FloatSubtract,
        Arithmetic::Multiply => Op::FloatMultiply,
        Arithmetic::Divide => Op::FloatDivide,
        Arithmetic::FloorDivide => Op::FloatFloorDivide,
        Arithmetic::Modulo => Op::FloatModulo,
        Arithmetic::Power => Op::FloatPower,
    }
}
