//! From expressions to code.
//!
//! An expression is evaluated once where it is sure to have been evaluated before: `known` has what was evaluated on
//! every way to the present place, and forgets it where ways part. What only some ways need is made on each of them,
//! which may be too much of a good thing; then the code gives every row up, and the oracle does the work.

use super::Machine;
use super::code::{Code, CodeId, Instruction, NEVER, Place, Value, Word, WordKind};
use pipelang_lang::ir::{ColumnId, Expr, ExprId, Plan, RoutineId};
use pipelang_lang::scalar::{Arithmetic, Comparison, Scalar};
use pipelang_lang::ty::{Kind, Type};
use std::collections::HashMap;

/// More instructions than this are not worth having.
const MOST_INSTRUCTIONS: usize = 50_000;

/// How an expression comes in that somebody else has evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// It is null in every row.
    Null,
    /// As a parameter.
    Parameter {
        /// Whether it may be null.
        nullable: bool,
    },
}

impl Machine {
    /// Code for an expression of which some parts are given.
    pub fn compile(&mut self, plan: &Plan, expr: ExprId, given: &[(ExprId, Given)]) -> CodeId {
        let mut compiler = Compiler::new(self, plan);
        for (part, how) in given {
            let place = match how {
                Given::Null => Place::Null,
                Given::Parameter { nullable } => compiler.code.new_place(&plan.exprs.ty(*part).kind, *nullable),
            };
            compiler.known.insert(*part, place);
            if *how != Given::Null {
                compiler.code.parameters.push(place);
            }
        }
        let ty = plan.exprs.ty(expr);
        // A null that goes in may come out where the type of the expression does not say so: the caller knows better.
        let result = compiler.code.new_place(&ty.kind, true);
        compiler.code.result = Some(result);
        let place = compiler.expr(expr);
        compiler.move_to(result, place);
        compiler.emit(Instruction::Return);
        let code = compiler.finish();
        self.codes.push(code);
        CodeId(self.codes.len() as u32 - 1)
    }

    /// The code of a routine, which is made when it is first asked for.
    pub(super) fn routine(&mut self, plan: &Plan, id: RoutineId) -> CodeId {
        if let Some(known) = self.routines.get(&id) {
            return *known;
        }
        let made = CodeId(self.codes.len() as u32);
        self.codes.push(Code::default());
        self.routines.insert(id, made);
        let routine = plan.routine(id);
        let mut compiler = Compiler::new(self, plan);
        compiler.begin_routine(id);
        for (column, place) in routine.parameters.iter().zip(compiler.code.parameters.clone()) {
            compiler.columns.insert(*column, place);
        }
        compiler.tail(routine.body);
        let code = compiler.finish();
        self.codes[made.0 as usize] = code;
        made
    }
}

/// Code in the making.
pub(super) struct Compiler<'a> {
    pub(super) plan: &'a Plan,
    pub(super) machine: &'a mut Machine,
    pub(super) code: Code,
    /// Where columns are that something around binds.
    pub(super) columns: HashMap<ColumnId, Place>,
    known: HashMap<ExprId, Place>,
    /// What was learned since the beginning, to be forgotten again.
    learned: Vec<ExprId>,
    words: HashMap<u64, Word>,
    /// The routine whose body this is.
    pub(super) routine: Option<RoutineId>,
    too_large: bool,
}

impl<'a> Compiler<'a> {
    fn new(machine: &'a mut Machine, plan: &'a Plan) -> Compiler<'a> {
        Compiler {
            plan,
            machine,
            code: Code { words: NEVER.0 + 1, constants: vec![(NEVER, 0)], ..Code::default() },
            columns: HashMap::new(),
            known: HashMap::new(),
            learned: Vec::new(),
            words: HashMap::from([(0, NEVER)]),
            routine: None,
            too_large: false,
        }
    }

    /// Makes the places that every caller of a routine knows by its signature.
    fn begin_routine(&mut self, id: RoutineId) {
        let (parameters, result) = super::call::signature(self.plan, id, &mut self.code);
        (self.code.parameters, self.code.result) = (parameters, Some(result));
        self.routine = Some(id);
    }

    fn finish(mut self) -> Code {
        if self.too_large {
            self.code.instructions = vec![Instruction::Fail];
        }
        self.code
    }

    /// Adds an instruction; the answer is its place.
    pub(super) fn emit(&mut self, instruction: Instruction) -> u32 {
        self.too_large |= self.code.instructions.len() >= MOST_INSTRUCTIONS;
        if !self.too_large {
            self.code.instructions.push(instruction);
        }
        self.code.instructions.len() as u32 - 1
    }

    /// The place of the next instruction.
    pub(super) fn here(&self) -> u32 {
        self.code.instructions.len() as u32
    }

    /// Makes jumps go on here.
    pub(super) fn land(&mut self, jumps: &[u32]) {
        let here = self.here();
        for jump in jumps {
            match &mut self.code.instructions[*jump as usize] {
                Instruction::Jump { target }
                | Instruction::JumpIf { target, .. }
                | Instruction::JumpUnless { target, .. }
                | Instruction::JumpUnlessInt { target, .. }
                | Instruction::JumpUnlessFloat { target, .. }
                | Instruction::Item { target, .. } => *target = here,
                other => debug_assert!(self.too_large, "{other:?} does not jump"),
            }
        }
    }

    /// A mark to go back to with [`Compiler::forget`].
    pub(super) fn mark(&self) -> usize {
        self.learned.len()
    }

    /// Forgets what was evaluated since a mark: it is not on every way to here.
    pub(super) fn forget(&mut self, mark: usize) {
        for expr in self.learned.split_off(mark) {
            self.known.remove(&expr);
        }
    }

    /// A word that holds these bits from the beginning.
    pub(super) fn word(&mut self, bits: u64) -> Word {
        if let Some(word) = self.words.get(&bits) {
            return *word;
        }
        let word = self.code.new_word();
        self.code.constants.push((word, bits));
        self.words.insert(bits, word);
        word
    }

    pub(super) fn ty(&self, expr: ExprId) -> &'a Type {
        self.plan.exprs.ty(expr)
    }

    /// A new place for values of a type.
    pub(super) fn place_for(&mut self, ty: &Type) -> Place {
        self.code.new_place(&ty.kind, ty.nullable)
    }

    /// Puts a value of the same type into a place.
    pub(super) fn move_to(&mut self, to: Place, from: Place) {
        match (to, from) {
            (Place::Null, _) => {}
            (Place::Word { null: NEVER, .. }, Place::Null) => {
                // The type says that this is never reached.
                self.emit(Instruction::Fail);
            }
            (Place::Word { null, .. }, Place::Null) => {
                let one = self.word(1);
                self.emit(Instruction::Copy { to: null, from: one });
            }
            (Place::Word { word, null }, Place::Word { word: from, null: is_null }) => {
                self.emit(Instruction::Copy { to: word, from });
                if null != NEVER {
                    self.emit(Instruction::Copy { to: null, from: is_null });
                }
            }
            (Place::Value(to), Place::Null) => {
                self.emit(Instruction::Null { to });
            }
            (Place::Value(to), Place::Value(from)) => {
                self.emit(Instruction::CopyValue { to, from });
            }
            (Place::Word { .. }, Place::Value(_)) | (Place::Value(_), Place::Word { .. }) => {
                unreachable!("both places have one type")
            }
        }
    }

    /// The value of a place, whose bits mean what the kind says.
    pub(super) fn boxed(&mut self, place: Place, kind: &Kind) -> Value {
        match (place, WordKind::of(kind)) {
            (Place::Value(value), _) => value,
            (Place::Word { word, null }, Some(kind)) => {
                let to = self.code.new_value();
                self.emit(Instruction::Wrap { kind, to, word, null });
                to
            }
            (Place::Null | Place::Word { .. }, _) => {
                let to = self.code.new_value();
                self.emit(Instruction::Null { to });
                to
            }
        }
    }

    /// The value of an expression.
    pub(super) fn value(&mut self, expr: ExprId) -> Value {
        let place = self.expr(expr);
        self.boxed(place, &self.ty(expr).kind)
    }

    /// The place for a value of a type that a value holds.
    pub(super) fn unboxed(&mut self, from: Value, ty: &Type) -> Place {
        match (WordKind::of(&ty.kind), &ty.kind) {
            (Some(_), _) => {
                let place = self.place_for(ty);
                if let Place::Word { word: to, null } = place {
                    self.emit(Instruction::Unwrap { to, null, from });
                }
                place
            }
            (None, Kind::Null | Kind::Unknown) => Place::Null,
            (None, _) => Place::Value(from),
        }
    }

    /// Whether an expression has been evaluated on every way to here.
    pub(super) fn is_known(&self, id: ExprId) -> bool {
        self.known.contains_key(&id)
    }

    /// Evaluates an expression.
    pub(super) fn expr(&mut self, id: ExprId) -> Place {
        if let Some(known) = self.known.get(&id) {
            return *known;
        }
        if self.too_large {
            return Place::Null;
        }
        // Chains of operators nest thousands deep.
        let place = stacker::maybe_grow(128 * 1024, 1024 * 1024, || self.operation(id));
        self.known.insert(id, place);
        self.learned.push(id);
        place
    }

    fn operation(&mut self, id: ExprId) -> Place {
        let (plan, ty) = (self.plan, self.ty(id));
        match plan.exprs.get(id) {
            Expr::Column(column) => {
                *self.columns.get(column).expect("what is not bound around an expression was given")
            }
            Expr::Literal(literal) => self.literal(plan.exprs.constant(*literal)),
            Expr::Arithmetic(op, a, b) => self.arithmetic(*op, *a, *b, ty),
            Expr::Negate(a) => self.negate(*a, ty),
            Expr::Compare(op, a, b) => self.compare(*op, *a, *b),
            Expr::And(..) | Expr::Or(..) => self.truth(id),
            Expr::Not(a) => match self.expr(*a) {
                Place::Word { word, null } => {
                    let to = self.code.new_word();
                    self.emit(Instruction::Not { to, a: word });
                    Place::Word { word: to, null }
                }
                other => other,
            },
            Expr::If(condition, then, otherwise) => self.choose(*condition, *then, *otherwise, ty),
            Expr::Coalesce(a, b) => self.coalesce(*a, *b, ty),
            Expr::NonNull(a) | Expr::Widen(a) => self.expr(*a),
            Expr::ToFloat(a) => match self.expr(*a) {
                Place::Word { word, null } => {
                    let to = self.code.new_word();
                    self.emit(Instruction::ToFloat { to, a: word });
                    Place::Word { word: to, null }
                }
                other => other,
            },
            Expr::Narrow(a) => {
                let (from, to) = (self.value(*a), self.code.new_value());
                self.emit(Instruction::Narrow { to, from });
                self.unboxed(to, ty)
            }
            Expr::Call(function, arguments) => {
                let operands = self.operands(arguments);
                let to = self.code.new_value();
                self.emit(Instruction::Function { function: *function, to, operands });
                self.unboxed(to, ty)
            }
            Expr::Recurse(routine, arguments) => self.call(*routine, arguments, ty),
            nested => self.nested(nested, ty),
        }
    }

    fn literal(&mut self, value: &Scalar) -> Place {
        match (value, super::code::unwrap(value)) {
            (Scalar::Null, _) => Place::Null,
            (_, Some(bits)) => Place::Word { word: self.word(bits), null: NEVER },
            (_, None) => {
                self.code.scalars.push(value.clone());
                let to = self.code.new_value();
                self.emit(Instruction::Constant { to, at: self.code.scalars.len() as u32 - 1 });
                Place::Value(to)
            }
        }
    }

    /// Whether either of two words is set.
    fn either(&mut self, a: Word, b: Word) -> Word {
        match (a, b) {
            (NEVER, one) | (one, NEVER) => one,
            (a, b) if a == b => a,
            (a, b) => {
                let to = self.code.new_word();
                self.emit(Instruction::Or { to, a, b });
                to
            }
        }
    }

    fn arithmetic(&mut self, op: Arithmetic, a: ExprId, b: ExprId, ty: &Type) -> Place {
        let (left, right) = (self.expr(a), self.expr(b));
        let (Place::Word { word: x, null: nx }, Place::Word { word: y, null: ny }) = (left, right) else {
            return Place::Null;
        };
        let (kind_a, kind_b) = (&self.ty(a).kind, &self.ty(b).kind);
        if [kind_a, kind_b].contains(&&Kind::Date) || (op == Arithmetic::Divide && *kind_a == Kind::Duration) {
            let (a, b) = (self.boxed(left, kind_a), self.boxed(right, kind_b));
            let to = self.code.new_value();
            self.emit(Instruction::Arithmetic { op, to, a, b });
            return self.unboxed(to, &ty.clone().or_null_if(nx != NEVER || ny != NEVER));
        }
        let (to, null) = (self.code.new_word(), self.either(nx, ny));
        if *kind_a == Kind::Float {
            self.emit(Instruction::Float { op, to, a: x, b: y });
            return Place::Word { word: to, null };
        }
        // Times and durations are microseconds, and their arithmetic is that of ints.
        let instruction = int_instruction(op, (to, x, y), self.plan.exprs.as_constant(b));
        self.unless_null(null, |compiler| {
            compiler.emit(instruction);
        });
        Place::Word { word: to, null }
    }

    /// What may fail, for what is not null.
    fn unless_null(&mut self, null: Word, emit: impl FnOnce(&mut Self)) {
        let skip = (null != NEVER).then(|| self.emit(Instruction::JumpIf { condition: null, target: 0 }));
        emit(self);
        self.land(skip.as_slice());
    }

    fn negate(&mut self, a: ExprId, ty: &Type) -> Place {
        let Place::Word { word: a, null } = self.expr(a) else { return Place::Null };
        let to = self.code.new_word();
        if ty.kind == Kind::Float {
            self.emit(Instruction::FloatNegate { to, a });
        } else {
            self.unless_null(null, |compiler| {
                compiler.emit(Instruction::IntNegate { to, a });
            });
        }
        Place::Word { word: to, null }
    }

    /// Two-valued, with null as `language.md` says.
    fn compare(&mut self, op: Comparison, a: ExprId, b: ExprId) -> Place {
        let (left, right) = (self.expr(a), self.expr(b));
        let to = self.code.new_word();
        let known = Place::Word { word: to, null: NEVER };
        match (op, left, right) {
            (Comparison::Equal, Place::Word { null, .. }, Place::Null)
            | (Comparison::Equal, Place::Null, Place::Word { null, .. }) => {
                return Place::Word { word: null, null: NEVER };
            }
            (Comparison::NotEqual, Place::Word { null, .. }, Place::Null)
            | (Comparison::NotEqual, Place::Null, Place::Word { null, .. }) => {
                self.emit(Instruction::Not { to, a: null });
            }
            (_, Place::Word { word: x, null: NEVER }, Place::Word { word: y, null: NEVER }) => {
                self.emit(match self.ty(a).kind {
                    Kind::Float => Instruction::CompareFloat { op, to, a: x, b: y },
                    _ => Instruction::CompareInt { op, to, a: x, b: y },
                });
            }
            _ => {
                let (a, b) = (self.boxed(left, &self.ty(a).kind), self.boxed(right, &self.ty(b).kind));
                self.emit(Instruction::CompareValue { op, to, a, b });
            }
        }
        known
    }

    /// A condition as a bool.
    fn truth(&mut self, id: ExprId) -> Place {
        let to = self.code.new_word();
        let (jumps, mark) = self.unless(id);
        let one = self.word(1);
        self.emit(Instruction::Copy { to, from: one });
        let end = self.emit(Instruction::Jump { target: 0 });
        self.forget(mark);
        self.land(&jumps);
        self.emit(Instruction::Copy { to, from: NEVER });
        self.land(&[end]);
        Place::Word { word: to, null: NEVER }
    }

    /// Goes on where a condition holds. Gives the jumps where it does not, and a mark behind what is evaluated in any case.
    pub(super) fn unless(&mut self, id: ExprId) -> (Vec<u32>, usize) {
        stacker::maybe_grow(128 * 1024, 1024 * 1024, || match self.plan.exprs.get(id) {
            _ if self.is_known(id) => self.unless_value(id),
            Expr::And(a, b) => {
                let (mut jumps, mark) = self.unless(*a);
                jumps.extend(self.unless(*b).0);
                (jumps, mark)
            }
            Expr::Or(a, b) => {
                let (not_yet, mark) = self.unless(*a);
                let yes = self.emit(Instruction::Jump { target: 0 });
                self.forget(mark);
                self.land(&not_yet);
                let (jumps, _) = self.unless(*b);
                self.forget(mark);
                self.land(&[yes]);
                (jumps, mark)
            }
            Expr::Compare(op, a, b) => self.unless_compared(id, *op, *a, *b),
            _ => self.unless_value(id),
        })
    }

    fn unless_compared(&mut self, id: ExprId, op: Comparison, a: ExprId, b: ExprId) -> (Vec<u32>, usize) {
        let (left, right) = (self.expr(a), self.expr(b));
        let (Place::Word { word: x, null: NEVER }, Place::Word { word: y, null: NEVER }) = (left, right) else {
            return self.unless_value(id);
        };
        let jump = self.emit(match self.ty(a).kind {
            Kind::Float => Instruction::JumpUnlessFloat { op, a: x, b: y, target: 0 },
            _ => Instruction::JumpUnlessInt { op, a: x, b: y, target: 0 },
        });
        (vec![jump], self.mark())
    }

    fn unless_value(&mut self, id: ExprId) -> (Vec<u32>, usize) {
        let place = self.expr(id);
        let mut jumps = Vec::new();
        match place {
            Place::Null | Place::Value(_) => jumps.push(self.emit(Instruction::Jump { target: 0 })),
            Place::Word { word, null } => {
                if null != NEVER {
                    jumps.push(self.emit(Instruction::JumpIf { condition: null, target: 0 }));
                }
                jumps.push(self.emit(Instruction::JumpUnless { condition: word, target: 0 }));
            }
        }
        (jumps, self.mark())
    }

    fn choose(&mut self, condition: ExprId, then: ExprId, otherwise: ExprId, ty: &Type) -> Place {
        let result = self.place_for(ty);
        let (jumps, mark) = self.unless(condition);
        let place = self.expr(then);
        self.move_to(result, place);
        let end = self.emit(Instruction::Jump { target: 0 });
        self.forget(mark);
        self.land(&jumps);
        let place = self.expr(otherwise);
        self.move_to(result, place);
        self.forget(mark);
        self.land(&[end]);
        result
    }

    /// Whether a place of a type is null, as a word; none if it never is.
    pub(super) fn is_null(&mut self, place: Place, ty: &Type) -> Option<Word> {
        match place {
            Place::Null => Some(self.word(1)),
            Place::Word { null, .. } => (null != NEVER).then_some(null),
            Place::Value(_) if !ty.nullable => None,
            Place::Value(value) => {
                let to = self.code.new_word();
                self.emit(Instruction::IsNull { to, value });
                Some(to)
            }
        }
    }

    fn coalesce(&mut self, a: ExprId, b: ExprId, ty: &Type) -> Place {
        let left = self.expr(a);
        if left == Place::Null {
            return self.expr(b);
        }
        let Some(null) = self.is_null(left, self.ty(a)) else { return left };
        let result = self.place_for(ty);
        self.move_to(result, left);
        let end = self.emit(Instruction::JumpUnless { condition: null, target: 0 });
        let mark = self.mark();
        let right = self.expr(b);
        self.move_to(result, right);
        self.forget(mark);
        self.land(&[end]);
        result
    }
}

/// Int arithmetic; by a power of two without a division.
fn int_instruction(op: Arithmetic, (to, a, b): (Word, Word, Word), right: Option<&Scalar>) -> Instruction {
    let power = match right {
        Some(Scalar::Int(by)) if *by > 0 && by.count_ones() == 1 => u32::try_from(*by).ok(),
        _ => None,
    };
    match (op, power) {
        (Arithmetic::FloorDivide, Some(by)) => Instruction::IntShift { to, a, by: by.trailing_zeros() },
        (Arithmetic::Modulo, Some(by)) => Instruction::IntMask { to, a, mask: by - 1 },
        (Arithmetic::Add, _) => Instruction::IntAdd { to, a, b },
        (Arithmetic::Subtract, _) => Instruction::IntSubtract { to, a, b },
        (Arithmetic::Multiply, _) => Instruction::IntMultiply { to, a, b },
        (Arithmetic::Modulo, _) => Instruction::IntModulo { to, a, b },
        (Arithmetic::Divide | Arithmetic::FloorDivide | Arithmetic::Power, _) => Instruction::Int { op, to, a, b },
    }
}
