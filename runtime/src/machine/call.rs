//! Calls of routines. A call in tail position takes the place of its caller; one of the same routine is a jump.

use super::code::{Call, Code, Instruction, NEVER, Place, Word};
use super::compile::Compiler;
use pipelang_lang::ir::{Expr, ExprId, Plan, RoutineId};
use pipelang_lang::ty::Type;

/// The places of the parameters and of the result of a routine, which its callers know without its code.
pub(super) fn signature(plan: &Plan, id: RoutineId, code: &mut Code) -> (Vec<Place>, Place) {
    let routine = plan.routine(id);
    let types = routine.parameters.iter().map(|column| &plan.column(*column).ty);
    let parameters = types.map(|ty| code.new_place(&ty.kind, ty.nullable)).collect();
    // A parameter that takes no null makes the result null, whatever its type.
    (parameters, code.new_place(&routine.result.kind, true))
}

impl Compiler<'_> {
    /// A call that is not in tail position.
    pub(super) fn call(&mut self, routine: RoutineId, arguments: &[ExprId], ty: &Type) -> Place {
        let (places, nulls) = self.arguments(routine, arguments);
        let result = self.code.new_place(&ty.kind, true);
        let mut skips = Vec::new();
        if !nulls.is_empty() {
            self.move_to(result, Place::Null);
            self.emit(Instruction::CheckDepth);
            skips.extend(nulls.iter().map(|null| self.emit(Instruction::JumpIf { condition: *null, target: 0 })));
        }
        let call = self.add_call(routine, &places, result);
        self.emit(Instruction::Enter { call });
        self.land(&skips);
        result
    }

    /// An expression whose value is that of the routine that it ends.
    pub(super) fn tail(&mut self, id: ExprId) {
        stacker::maybe_grow(128 * 1024, 1024 * 1024, || match self.plan.exprs.get(id) {
            _ if self.is_known(id) => self.end(id),
            Expr::If(condition, then, otherwise) => {
                let (jumps, mark) = self.unless(*condition);
                self.tail(*then);
                self.forget(mark);
                self.land(&jumps);
                self.tail(*otherwise);
                self.forget(mark);
            }
            Expr::Coalesce(a, b) => {
                let left = self.expr(*a);
                if let Some(null) = self.is_null(left, self.ty(*a)) {
                    let there = self.emit(Instruction::JumpUnless { condition: null, target: 0 });
                    let mark = self.mark();
                    self.tail(*b);
                    self.forget(mark);
                    self.land(&[there]);
                }
                self.end(*a);
            }
            Expr::Widen(a) => self.tail(*a),
            Expr::Recurse(routine, arguments) => self.tail_call(*routine, arguments),
            _value => self.end(id),
        });
    }

    /// Ends the routine with the value of an expression.
    fn end(&mut self, id: ExprId) {
        let place = self.expr(id);
        self.give(place);
    }

    fn give(&mut self, place: Place) {
        if let Some(result) = self.code.result {
            self.move_to(result, place);
        }
        self.emit(Instruction::Return);
    }

    fn tail_call(&mut self, routine: RoutineId, arguments: &[ExprId]) {
        let (places, nulls) = self.arguments(routine, arguments);
        let skips: Vec<u32> =
            nulls.iter().map(|null| self.emit(Instruction::JumpIf { condition: *null, target: 0 })).collect();
        if self.routine == Some(routine) {
            self.assign_parameters(&places);
            self.emit(Instruction::Loop { target: 0 });
        } else {
            let call = self.add_call(routine, &places, Place::Null);
            self.emit(Instruction::Replace { call });
        }
        if !skips.is_empty() {
            self.land(&skips);
            self.give(Place::Null);
        }
    }

    /// The arguments, and the words that are set where one is null that must not be.
    fn arguments(&mut self, routine: RoutineId, arguments: &[ExprId]) -> (Vec<Place>, Vec<Word>) {
        let places: Vec<Place> = arguments.iter().map(|argument| self.expr(*argument)).collect();
        let parameters = self.plan.routine(routine).parameters.iter();
        let mut nulls = Vec::new();
        for ((place, argument), parameter) in places.iter().zip(arguments).zip(parameters) {
            if !self.plan.column(*parameter).ty.nullable {
                nulls.extend(self.is_null(*place, self.ty(*argument)));
            }
        }
        (places, nulls)
    }

    fn add_call(&mut self, routine: RoutineId, arguments: &[Place], result: Place) -> u32 {
        let code = self.machine.routine(self.plan, routine);
        let (parameters, from) = signature(self.plan, routine, &mut Code { words: NEVER.0 + 1, ..Code::default() });
        let arguments = arguments.iter().copied().zip(parameters).collect();
        self.code.calls.push(Call { code, arguments, result: (from, result) });
        self.code.calls.len() as u32 - 1
    }

    /// Gives all parameters new values at once: what is still in a parameter is saved first.
    fn assign_parameters(&mut self, places: &[Place]) {
        let parameters = self.code.parameters.clone();
        let moves: Vec<(Place, Place)> = parameters.iter().copied().zip(places.iter().copied()).collect();
        let moves = moves.into_iter().filter(|(parameter, place)| parameter != place);
        let saved: Vec<(Place, Place)> = moves
            .map(|(parameter, place)| {
                if !parameters.iter().any(|other| overlap(*other, place)) {
                    return (parameter, place);
                }
                let copy = match place {
                    Place::Null => Place::Null,
                    Place::Word { .. } => Place::Word { word: self.code.new_word(), null: self.code.new_word() },
                    Place::Value(_) => Place::Value(self.code.new_value()),
                };
                self.move_to(copy, place);
                (parameter, copy)
            })
            .collect();
        for (parameter, place) in saved {
            self.move_to(parameter, place);
        }
    }
}

/// Whether two places share a register that is written.
fn overlap(a: Place, b: Place) -> bool {
    match (a, b) {
        (Place::Word { word, null }, Place::Word { word: other, null: other_null }) => {
            [word, null].iter().any(|one| *one != NEVER && [other, other_null].contains(one))
        }
        (Place::Value(a), Place::Value(b)) => a == b,
        (Place::Null | Place::Word { .. } | Place::Value(_), _) => false,
    }
}
