//! Makes the instructions of a program, each pure one only once, and simplifies masks a little.

use super::ir::{Call, Immediate, Instruction, Program, Register, RowOperation};
use super::ops::{Lane, Op, Slot};
use pipelang_lang::catalog::FunctionId;
use pipelang_lang::ir::LiteralId;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Kind;
use std::collections::{HashMap, HashSet};

/// A program in the making.
#[derive(Default)]
pub struct Builder {
    /// What there is of it.
    pub program: Program,
    made: HashMap<(Op, Vec<Register>, Immediate), Vec<Register>>,
    literals: HashMap<LiteralId, u32>,
    bools: [Option<Register>; 2],
    calls: HashMap<(FunctionId, Vec<Kind>, Kind), u32>,
    ints: HashMap<i64, Register>,
    /// Float registers that may hold a NaN of any bits.
    unclean: HashSet<Register>,
}

impl Builder {
    /// The first result of an operation; see [`Builder::all`].
    pub fn one(&mut self, op: Op, operands: &[Register]) -> Register {
        self.all(op, operands, Immediate::None, None)[0]
    }

    /// The results of an operation that is done now or was done before. `lane` is that of results that can be any, if the
    /// operands do not tell it.
    pub fn all(&mut self, op: Op, operands: &[Register], immediate: Immediate, lane: Option<Lane>) -> Vec<Register> {
        let key = (op, operands.to_vec(), immediate);
        if let Some(results) = self.made.get(&key) {
            return results.clone();
        }
        let info = op.info();
        let of_operand = || {
            let at = info.operands.iter().position(|slot| *slot == Slot::Same)?;
            Some(self.program.lane(operands[at]))
        };
        let same = lane.or_else(of_operand);
        let mut results = Vec::with_capacity(info.results.len());
        for slot in info.results {
            let lane = match slot {
                Slot::Is(lane) => *lane,
                Slot::Same => same.expect("an operand or the caller tells the lanes"),
            };
            self.program.registers.push(lane);
            results.push(Register(self.program.registers.len() as u32 - 1));
        }
        let operands = operands.to_vec();
        self.program.instructions.push(Instruction { op, operands, immediate, results: results.clone() });
        self.made.insert(key, results.clone());
        results
    }

    /// A float operation, whose NaN may have any bits.
    pub fn float(&mut self, op: Op, operands: &[Register]) -> Register {
        let result = self.one(op, operands);
        self.unclean.insert(result);
        result
    }

    /// The same value with a NaN that arithmetic has made turned into the one that can be seen. Arithmetic and comparisons
    /// need not care; what copies bits must ask.
    pub fn clean(&mut self, register: Register) -> Register {
        if self.unclean.contains(&register) { self.one(Op::Canonical, &[register]) } else { register }
    }

    /// A constant of the plan, not null.
    pub fn literal(&mut self, id: LiteralId, value: &Scalar) -> Register {
        let lane = match value {
            Scalar::Bool(b) => return self.bool(*b),
            Scalar::Null => unreachable!("null has no lanes"),
            Scalar::Int(_) | Scalar::DateTime(_) | Scalar::Duration(_) => Lane::Int,
            Scalar::Float(_) => Lane::Float,
            Scalar::String(_) => Lane::Text,
            Scalar::Date(_) => Lane::Date,
            Scalar::Wide(_) => Lane::Wide,
            Scalar::Bytes(_) | Scalar::List(_) | Scalar::Record(_) | Scalar::Map(_) => Lane::Value,
            Scalar::Json(_) | Scalar::Opaque(_) => Lane::Value,
        };
        let constants = &mut self.program.constants;
        let at = *self.literals.entry(id).or_insert_with(|| {
            constants.push(value.clone());
            constants.len() as u32 - 1
        });
        self.all(Op::Constant, &[], Immediate::Constant(at), Some(lane))[0]
    }

    /// An int that no script wrote.
    pub fn int(&mut self, value: i64) -> Register {
        if let Some(register) = self.ints.get(&value) {
            return *register;
        }
        self.program.constants.push(Scalar::Int(value));
        let at = self.program.constants.len() as u32 - 1;
        let register = self.all(Op::Constant, &[], Immediate::Constant(at), Some(Lane::Int))[0];
        self.ints.insert(value, register);
        register
    }

    /// All rows or none.
    pub fn bool(&mut self, value: bool) -> Register {
        if let Some(register) = self.bools[usize::from(value)] {
            return register;
        }
        self.program.constants.push(Scalar::Bool(value));
        let at = self.program.constants.len() as u32 - 1;
        let register = self.all(Op::Constant, &[], Immediate::Constant(at), Some(Lane::Bool))[0];
        self.bools[usize::from(value)] = Some(register);
        register
    }

    fn known(&self, register: Register) -> Option<bool> {
        self.bools.iter().position(|known| *known == Some(register)).map(|value| value == 1)
    }

    /// `a and b`
    pub fn and(&mut self, a: Register, b: Register) -> Register {
        match (self.known(a), self.known(b)) {
            (Some(true), _) => b,
            (_, Some(true)) => a,
            (Some(false), _) | (_, Some(false)) => self.bool(false),
            (None, None) if a == b => a,
            (None, None) => self.one(Op::And, &[a.min(b), a.max(b)]),
        }
    }

    /// `a or b`
    pub fn or(&mut self, a: Register, b: Register) -> Register {
        match (self.known(a), self.known(b)) {
            (Some(false), _) => b,
            (_, Some(false)) => a,
            (Some(true), _) | (_, Some(true)) => self.bool(true),
            (None, None) if a == b => a,
            (None, None) => self.one(Op::Or, &[a.min(b), a.max(b)]),
        }
    }

    /// `not a`
    pub fn not(&mut self, a: Register) -> Register {
        match self.known(a) {
            Some(value) => self.bool(!value),
            None => self.one(Op::Not, &[a]),
        }
    }

    /// `a and not b`
    pub fn and_not(&mut self, a: Register, b: Register) -> Register {
        match (self.known(a), self.known(b)) {
            (_, Some(false)) => a,
            (Some(true), _) => self.not(b),
            (Some(false), _) | (_, Some(true)) => self.bool(false),
            (None, None) if a == b => self.bool(false),
            (None, None) => self.one(Op::AndNot, &[a, b]),
        }
    }

    /// `then` where `mask` is set, else `otherwise`; both of one lane type.
    pub fn select(&mut self, mask: Register, then: Register, otherwise: Register) -> Register {
        match self.known(mask) {
            Some(true) => then,
            Some(false) => otherwise,
            None if then == otherwise => then,
            None => self.one(Op::Select, &[mask, then, otherwise]),
        }
    }

    /// Fails the batch where `fault` is set and all of `active` are.
    pub fn check(&mut self, fault: Register, active: &[Register]) {
        let all = self.bool(true);
        let active = active.iter().fold(all, |mask, register| self.and(mask, *register));
        if self.known(active) != Some(false) {
            self.all(Op::Check, &[fault, active], Immediate::None, None);
        }
    }

    /// An operation on the rows of `active`: its values and where they are not null.
    pub fn row(&mut self, operation: RowOperation, active: Register, operands: &[Register]) -> (Register, Register) {
        // A result that is null in every row has lanes all the same: it may fail.
        let lane = Lane::of(&operation.result).unwrap_or(Lane::Value);
        self.program.row_operations.push(operation);
        let at = self.program.row_operations.len() as u32 - 1;
        let operands = [&[active], operands].concat();
        let results = self.all(Op::Row, &operands, Immediate::Row(at), Some(lane));
        (results[0], results[1])
    }

    /// A call for the rows of `active`: its values and where they are not null.
    pub fn call(
        &mut self,
        function: FunctionId,
        result: Kind,
        may_fail: bool,
        active: Register,
        arguments: &[(Register, Kind)],
    ) -> (Register, Register) {
        let lane = Lane::of(&result).expect("a call that gives only null is not made");
        let calls = &mut self.program.calls;
        let kinds: Vec<Kind> = arguments.iter().map(|(_, kind)| kind.clone()).collect();
        let at = *self.calls.entry((function, kinds.clone(), result.clone())).or_insert_with(|| {
            calls.push(Call { function, arguments: kinds, result, may_fail });
            calls.len() as u32 - 1
        });
        calls[at as usize].may_fail |= may_fail;
        let mut operands = vec![active];
        operands.extend(arguments.iter().map(|(register, _)| *register));
        let results = self.all(Op::Call, &operands, Immediate::Call(at), Some(lane));
        (results[0], results[1])
    }
}
