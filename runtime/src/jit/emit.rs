//! The machine code of one leaf, in Cranelift's IR: for each 64 rows the words of the bitmaps that come in are loaded,
//! then a loop computes the rows one by one and collects the bits that go out, which are stored as words.
//!
//! Bools are 0 or 1 in an 8-bit register. Division is guarded, so that it cannot trap. A float is selected through its
//! bits, since a select of floats would become a branch.

mod function;
mod fused;

use crate::kernel::ir::{Instruction, Place, Program, Register};
use crate::kernel::ops::{Lane, Op};
use cranelift_codegen::Context;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F64, I8, I32, I64};
use cranelift_codegen::ir::{AbiParam, Block, BlockArg, InstBuilder, MemFlagsData, Type, Value};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_jit::JITModule;
use cranelift_module::Module;
use pipelang_lang::fault::{self, Fault};
use pipelang_lang::scalar::{Scalar, canonical};
use std::collections::HashMap;
use std::ops::Range;

pub use function::function;
pub use fused::fused;

/// Fills `context` with the function of a leaf.
pub fn leaf(
    program: &Program,
    range: Range<usize>,
    inputs: &[Register],
    outputs: &[Register],
    module: &JITModule,
    context: &mut Context,
    builder_context: &mut FunctionBuilderContext,
) {
    let pointer = module.target_config().pointer_type();
    let mut emitter = Emitter::new(program, &[pointer, pointer, I64], module, context, builder_context);
    emitter.function(&program.instructions[range], inputs, outputs);
    emitter.finish(module);
}

/// Fills `context` with the function of a leaf for one row by itself: the lane of each register lies in a word, at the place
/// of its number.
pub fn one_row(
    program: &Program,
    range: Range<usize>,
    inputs: &[Register],
    outputs: &[Register],
    module: &JITModule,
    context: &mut Context,
    builder_context: &mut FunctionBuilderContext,
) {
    let pointer = module.target_config().pointer_type();
    let mut emitter = Emitter::new(program, &[pointer], module, context, builder_context);
    emitter.function_of_one_row(&program.instructions[range], inputs, outputs);
    emitter.finish(module);
}

/// Loads of what does not change while the function runs.
fn fixed() -> MemFlagsData {
    MemFlagsData::new().with_notrap().with_readonly().with_can_move()
}

/// Bytes of a word.
const WORD: i32 = 8;

/// What a lane is in a register of the machine.
fn type_of(lane: Lane) -> Type {
    match lane {
        Lane::Float => F64,
        Lane::Date => I32,
        Lane::Bool => I8,
        Lane::Int | Lane::Text | Lane::Wide | Lane::Value => I64,
    }
}

struct Emitter<'a> {
    builder: FunctionBuilder<'a>,
    program: &'a Program,
    pointer: Type,
    /// Where the lanes of a register begin.
    addresses: HashMap<Register, Value>,
    /// The lane of the current row.
    values: HashMap<Register, Value>,
    /// The current word of a bitmap that comes in.
    words: HashMap<Register, Value>,
    /// Of an input whose lanes lie in rows, how.
    fields: fused::Fields,
}

/// Blocks take their parameters as such.
fn arguments(values: &[Value]) -> Vec<BlockArg> {
    values.iter().map(|value| BlockArg::Value(*value)).collect()
}

impl<'a> Emitter<'a> {
    /// Begins a function of these parameters, which says in a word how it went.
    fn new(
        program: &'a Program,
        parameters: &[Type],
        module: &JITModule,
        context: &'a mut Context,
        builder_context: &'a mut FunctionBuilderContext,
    ) -> Emitter<'a> {
        let mut signature = module.make_signature();
        signature.params.extend(parameters.iter().copied().map(AbiParam::new));
        signature.returns.push(AbiParam::new(I64));
        context.func.signature = signature;
        Emitter {
            builder: FunctionBuilder::new(&mut context.func, builder_context),
            program,
            pointer: module.target_config().pointer_type(),
            addresses: HashMap::new(),
            values: HashMap::new(),
            words: HashMap::new(),
            fields: HashMap::new(),
        }
    }

    /// Ends it.
    fn finish(mut self, module: &JITModule) {
        self.builder.seal_all_blocks();
        self.builder.finalize(module.target_config());
    }

    fn lane(&self, register: Register) -> Lane {
        self.program.lane(register)
    }

    fn function(&mut self, instructions: &[Instruction], inputs: &[Register], outputs: &[Register]) {
        let entry = self.builder.create_block();
        self.builder.append_block_params_for_function_params(entry);
        self.builder.switch_to_block(entry);
        let rows = self.entry(entry, instructions, inputs, outputs);
        let bitmaps: Vec<Register> = outputs.iter().copied().filter(|out| self.lane(*out) == Lane::Bool).collect();

        let (outer, done) = (self.builder.create_block(), self.builder.create_block());
        let zero = self.builder.ins().iconst(I64, 0);
        let none = self.builder.ins().iconst(I8, 0);
        self.builder.ins().jump(outer, &arguments(&[zero, none]));
        self.builder.append_block_param(outer, I64);
        self.builder.append_block_param(outer, I8);
        self.builder.append_block_param(done, I8);

        self.builder.switch_to_block(outer);
        let (first, failed) = (self.builder.block_params(outer)[0], self.builder.block_params(outer)[1]);
        let left = self.builder.ins().isub(rows, first);
        let full = self.builder.ins().iconst(I64, 64);
        let count = self.builder.ins().umin(left, full);
        let offset = self.builder.ins().ushr_imm_u(first, 3);
        for input in inputs.iter().filter(|input| self.program.lane(**input) == Lane::Bool) {
            let word = self.at(*input, offset);
            let word = self.builder.ins().load(I64, fixed(), word, 0);
            self.words.insert(*input, word);
        }
        let tail = self.rows(instructions, outputs, &bitmaps, first, count, failed);

        self.builder.switch_to_block(tail);
        let collected = self.builder.block_params(tail).to_vec();
        for (bitmap, word) in bitmaps.iter().zip(&collected[1..]) {
            let address = self.at(*bitmap, offset);
            self.builder.ins().store(MemFlagsData::trusted(), *word, address, 0);
        }
        let next = self.builder.ins().iadd_imm_s(first, 64);
        let more = self.builder.ins().icmp(IntCC::SignedLessThan, next, rows);
        let (again, end) = (arguments(&[next, collected[0]]), arguments(&collected[..1]));
        self.builder.ins().brif(more, outer, &again, done, &end);

        self.builder.switch_to_block(done);
        let failed = self.builder.block_params(done)[0];
        let status = self.builder.ins().uextend(I64, failed);
        self.builder.ins().return_(&[status]);
    }

    /// A pointer, or what is as wide, in a table of them.
    fn pointer_at(&mut self, table: Value, at: usize) -> Value {
        self.builder.ins().load(self.pointer, fixed(), table, at as i32 * self.pointer.bytes() as i32)
    }

    fn function_of_one_row(&mut self, instructions: &[Instruction], inputs: &[Register], outputs: &[Register]) {
        let entry = self.builder.create_block();
        self.builder.append_block_params_for_function_params(entry);
        self.builder.switch_to_block(entry);
        let words = self.builder.block_params(entry)[0];
        self.constants(instructions);
        for input in inputs {
            let lane = self.lane(*input);
            let as_stored = if lane == Lane::Float { F64 } else { I64 };
            let word = self.builder.ins().load(as_stored, fixed(), words, input.0 as i32 * WORD);
            let value = self.lane_in(lane, word);
            self.values.insert(*input, value);
        }
        let (zero, mut failed) = (self.builder.ins().iconst(I64, 0), self.builder.ins().iconst(I8, 0));
        for instruction in instructions {
            self.instruction(instruction, zero, zero, &mut failed);
        }
        for output in outputs {
            let value = self.word_of(*output);
            self.builder.ins().store(MemFlagsData::trusted(), value, words, output.0 as i32 * WORD);
        }
        let status = self.builder.ins().uextend(I64, failed);
        self.builder.ins().return_(&[status]);
    }

    /// The lane that lies in a word (a float comes as one): a bool is 0 or 1, and a date the low half.
    fn lane_in(&mut self, lane: Lane, word: Value) -> Value {
        match lane {
            Lane::Bool | Lane::Date => self.builder.ins().ireduce(type_of(lane), word),
            Lane::Int | Lane::Float | Lane::Text | Lane::Wide | Lane::Value => word,
        }
    }

    /// What is as wide as a word and holds the lane of a register.
    fn word_of(&mut self, register: Register) -> Value {
        let value = self.values[&register];
        match self.lane(register) {
            Lane::Bool => self.builder.ins().uextend(I64, value),
            Lane::Date => self.builder.ins().sextend(I64, value),
            Lane::Int | Lane::Float | Lane::Text | Lane::Wide | Lane::Value => value,
        }
    }

    /// Loads the addresses and makes the constants; gives the number of rows.
    fn entry(
        &mut self,
        entry: Block,
        instructions: &[Instruction],
        inputs: &[Register],
        outputs: &[Register],
    ) -> Value {
        let parameters = self.builder.block_params(entry).to_vec();
        for (table, registers) in [(parameters[0], inputs), (parameters[1], outputs)] {
            for (at, register) in registers.iter().enumerate() {
                let address = self.pointer_at(table, at);
                self.addresses.insert(*register, address);
            }
        }
        self.constants(instructions);
        parameters[2]
    }

    fn constants(&mut self, instructions: &[Instruction]) {
        for operand in instructions.iter().flat_map(|instruction| &instruction.operands) {
            if let (Place::Constant(at), false) = (self.program.place(*operand), self.values.contains_key(operand)) {
                let value = match &self.program.constants[at as usize] {
                    Scalar::Int(i) => self.builder.ins().iconst(I64, *i),
                    Scalar::Float(x) => self.builder.ins().f64const(*x),
                    Scalar::Date(d) => self.builder.ins().iconst(I32, i64::from(*d)),
                    Scalar::Bool(b) => self.builder.ins().iconst(I8, i64::from(*b)),
                    Scalar::DateTime(us) | Scalar::Duration(us) => self.builder.ins().iconst(I64, *us),
                    Scalar::Null
                    | Scalar::String(_)
                    | Scalar::Bytes(_)
                    | Scalar::Wide(_)
                    | Scalar::List(_)
                    | Scalar::Record(_)
                    | Scalar::Map(_)
                    | Scalar::Json(_)
                    | Scalar::Opaque(_) => {
                        unreachable!("machine registers hold no such constants")
                    }
                };
                self.values.insert(*operand, value);
            }
        }
    }

    fn at(&mut self, register: Register, offset: Value) -> Value {
        let offset = if self.pointer == I64 { offset } else { self.builder.ins().ireduce(self.pointer, offset) };
        self.builder.ins().iadd(self.addresses[&register], offset)
    }

    /// The loop over at most 64 rows; gives the block behind it, whose parameters are whether anything failed and the words
    /// of `bitmaps`.
    fn rows(
        &mut self,
        instructions: &[Instruction],
        outputs: &[Register],
        bitmaps: &[Register],
        first: Value,
        count: Value,
        failed: Value,
    ) -> Block {
        let (inner, tail) = (self.builder.create_block(), self.builder.create_block());
        let zero = self.builder.ins().iconst(I64, 0);
        let mut start = vec![zero, failed];
        start.extend(bitmaps.iter().map(|_| zero));
        self.builder.ins().jump(inner, &arguments(&start));
        self.builder.append_block_param(inner, I64);
        self.builder.append_block_param(inner, I8);
        self.builder.append_block_param(tail, I8);
        for _ in bitmaps {
            self.builder.append_block_param(inner, I64);
            self.builder.append_block_param(tail, I64);
        }

        self.builder.switch_to_block(inner);
        let state = self.builder.block_params(inner).to_vec();
        let (lane, mut failed) = (state[0], state[1]);
        let row = self.builder.ins().iadd(first, lane);
        for instruction in instructions {
            self.instruction(instruction, row, lane, &mut failed);
        }
        for output in outputs.iter().filter(|output| self.program.lane(**output) != Lane::Bool) {
            let address = self.row_address(*output, row);
            self.builder.ins().store(MemFlagsData::trusted(), self.values[output], address, 0);
        }
        let next = self.builder.ins().iadd_imm_s(lane, 1);
        let mut after = vec![failed];
        for (bitmap, word) in bitmaps.iter().zip(&state[2..]) {
            let bit = self.builder.ins().uextend(I64, self.values[bitmap]);
            let bit = self.builder.ins().ishl(bit, lane);
            after.push(self.builder.ins().bor(*word, bit));
        }
        let mut again = vec![next];
        again.extend(&after);
        let more = self.builder.ins().icmp(IntCC::SignedLessThan, next, count);
        self.builder.ins().brif(more, inner, &arguments(&again), tail, &arguments(&after));
        tail
    }

    fn row_address(&mut self, register: Register, row: Value) -> Value {
        let shift = if self.lane(register) == Lane::Date { 2 } else { 3 };
        let offset = self.builder.ins().ishl_imm_u(row, shift);
        self.at(register, offset)
    }

    /// The lane of a register in the current row.
    fn value(&mut self, register: Register, row: Value, lane: Value) -> Value {
        if let Some(value) = self.values.get(&register) {
            return *value;
        }
        let value = match self.lane(register) {
            Lane::Bool => {
                let word = self.builder.ins().ushr(self.words[&register], lane);
                let byte = self.builder.ins().ireduce(I8, word);
                self.builder.ins().band_imm_u(byte, 1)
            }
            lane => match self.program.place(register) {
                Place::Input(at) if self.fields.contains_key(&at) => self.input(at, row),
                _ => {
                    let address = self.row_address(register, row);
                    self.builder.ins().load(type_of(lane), fixed(), address, 0)
                }
            },
        };
        self.values.insert(register, value);
        value
    }

    fn constant_int(&self, register: Register) -> Option<i64> {
        match self.program.place(register) {
            Place::Constant(at) => match self.program.constants[at as usize] {
                Scalar::Int(i) | Scalar::Duration(i) => Some(i),
                _ => None,
            },
            Place::Input(_) | Place::Slot(_) | Place::Nowhere => None,
        }
    }

    fn instruction(&mut self, instruction: &Instruction, row: Value, lane: Value, failed: &mut Value) {
        let operands: Vec<Value> = instruction.operands.iter().map(|r| self.value(*r, row, lane)).collect();
        let (a, b) = (operands[0], operands.get(1).copied().unwrap_or(operands[0]));
        let divisor = instruction.operands.get(1).and_then(|register| self.constant_int(*register));
        let mut fault = None;
        let value = match instruction.op {
            Op::Check => {
                let bad = self.builder.ins().band(a, b);
                *failed = self.builder.ins().bor(*failed, bad);
                return;
            }
            Op::IntAdd => self.flagged(&mut fault, |e| e.builder.ins().sadd_overflow(a, b)),
            Op::IntSubtract => self.flagged(&mut fault, |e| e.builder.ins().ssub_overflow(a, b)),
            Op::IntMultiply => self.flagged(&mut fault, |e| e.builder.ins().smul_overflow(a, b)),
            Op::IntNegate => self.flagged(&mut fault, |e| {
                let value = e.builder.ins().ineg(a);
                (value, e.builder.ins().icmp_imm_s(IntCC::Equal, a, i64::MIN))
            }),
            Op::IntFloorDivide => self.flagged(&mut fault, |e| e.floor_divide(a, b, divisor)),
            Op::IntModulo => self.flagged(&mut fault, |e| e.modulo(a, b, divisor)),
            Op::Equal | Op::Less | Op::LessOrEqual => self.compare(instruction, a, b),
            Op::Select => self.select(self.lane(instruction.results[0]), a, b, operands[2]),
            Op::FloatAdd => self.builder.ins().fadd(a, b),
            Op::FloatSubtract => self.builder.ins().fsub(a, b),
            Op::FloatMultiply => self.builder.ins().fmul(a, b),
            Op::FloatDivide => self.builder.ins().fdiv(a, b),
            Op::FloatFloorDivide => {
                let quotient = self.builder.ins().fdiv(a, b);
                self.builder.ins().floor(quotient)
            }
            Op::FloatNegate => self.builder.ins().fneg(a),
            Op::Canonical => {
                let nan = self.builder.ins().fcmp(FloatCC::Unordered, a, a);
                let one = self.builder.ins().f64const(canonical(f64::NAN));
                self.select(Lane::Float, nan, one, a)
            }
            Op::DateToInt => self.builder.ins().sextend(I64, a),
            Op::IntToDate => self.flagged(&mut fault, |e| {
                let date = e.builder.ins().ireduce(I32, a);
                let back = e.builder.ins().sextend(I64, date);
                (date, e.builder.ins().icmp(IntCC::NotEqual, back, a))
            }),
            Op::ToFloat => self.builder.ins().fcvt_from_sint(F64, a),
            Op::And => self.builder.ins().band(a, b),
            Op::Or => self.builder.ins().bor(a, b),
            Op::Not => self.builder.ins().bxor_imm_u(a, 1),
            Op::AndNot => {
                let not = self.builder.ins().bxor_imm_u(b, 1);
                self.builder.ins().band(a, not)
            }
            Op::Input
            | Op::Valid
            | Op::Constant
            | Op::IntPower
            | Op::Narrow
            | Op::FloatModulo
            | Op::FloatPower
            | Op::Call
            | Op::Row => unreachable!("the table says that {} is not compiled", instruction.op.info().name),
        };
        let values = std::iter::once(value).chain(fault);
        self.values.extend(instruction.results.iter().copied().zip(values));
    }

    fn flagged(&mut self, fault: &mut Option<Value>, make: impl FnOnce(&mut Self) -> (Value, Value)) -> Value {
        let (value, flag) = make(self);
        *fault = Some(if fault::is(Fault::JitOverflowUnchecked) { self.bool(false) } else { flag });
        value
    }

    fn compare(&mut self, instruction: &Instruction, a: Value, b: Value) -> Value {
        let (int, float) = match instruction.op {
            Op::Equal => (IntCC::Equal, FloatCC::Equal),
            Op::Less => (IntCC::SignedLessThan, FloatCC::LessThan),
            _ => (IntCC::SignedLessThanOrEqual, FloatCC::LessThanOrEqual),
        };
        match self.lane(instruction.operands[0]) {
            Lane::Float => self.builder.ins().fcmp(float, a, b),
            Lane::Int | Lane::Date | Lane::Bool | Lane::Text | Lane::Wide | Lane::Value => {
                self.builder.ins().icmp(int, a, b)
            }
        }
    }

    fn select(&mut self, lane: Lane, mask: Value, yes: Value, no: Value) -> Value {
        if lane != Lane::Float {
            return self.builder.ins().select(mask, yes, no);
        }
        let plain = MemFlagsData::new();
        let yes = self.builder.ins().bitcast(I64, plain, yes);
        let no = self.builder.ins().bitcast(I64, plain, no);
        let bits = self.builder.ins().select(mask, yes, no);
        self.builder.ins().bitcast(F64, plain, bits)
    }

    fn bool(&mut self, value: bool) -> Value {
        self.builder.ins().iconst(I8, i64::from(value))
    }

    /// The quotient rounded down, and whether there is none.
    fn floor_divide(&mut self, a: Value, b: Value, constant: Option<i64>) -> (Value, Value) {
        let none = self.bool(false);
        if let Some(by) = constant.filter(|by| *by > 0 && by.count_ones() == 1) {
            return (self.builder.ins().sshr_imm_u(a, i64::from(by.trailing_zeros())), none);
        }
        if constant.is_some_and(|by| by != 0 && by != -1) {
            return (self.floor_divide_guarded(a, b), none);
        }
        let zero = self.builder.ins().icmp_imm_s(IntCC::Equal, b, 0);
        let minus_one = self.builder.ins().icmp_imm_s(IntCC::Equal, b, -1);
        let least = self.builder.ins().icmp_imm_s(IntCC::Equal, a, i64::MIN);
        let overflow = self.builder.ins().band(minus_one, least);
        let bad = self.builder.ins().bor(zero, overflow);
        let one = self.builder.ins().iconst(I64, 1);
        let divisor = self.builder.ins().select(bad, one, b);
        let quotient = self.floor_divide_guarded(a, divisor);
        let nothing = self.builder.ins().iconst(I64, 0);
        (self.builder.ins().select(bad, nothing, quotient), bad)
    }

    /// `b` is not 0, nor -1 where `a` is the least int.
    fn floor_divide_guarded(&mut self, a: Value, b: Value) -> Value {
        let quotient = self.builder.ins().sdiv(a, b);
        let product = self.builder.ins().imul(quotient, b);
        let rest = self.builder.ins().isub(a, product);
        let below = if fault::is(Fault::JitTruncates) { self.bool(false) } else { self.is_below(rest, b) };
        let below = self.builder.ins().uextend(I64, below);
        self.builder.ins().isub(quotient, below)
    }

    /// Whether a remainder has another sign than the divisor.
    fn is_below(&mut self, rest: Value, b: Value) -> Value {
        let some = self.builder.ins().icmp_imm_s(IntCC::NotEqual, rest, 0);
        let signs = self.builder.ins().bxor(rest, b);
        let differ = self.builder.ins().icmp_imm_s(IntCC::SignedLessThan, signs, 0);
        self.builder.ins().band(some, differ)
    }

    /// The remainder with the sign of the divisor, and whether that is zero.
    fn modulo(&mut self, a: Value, b: Value, constant: Option<i64>) -> (Value, Value) {
        let none = self.bool(false);
        if let Some(by) = constant.filter(|by| *by > 0 && by.count_ones() == 1) {
            return (self.builder.ins().band_imm_u(a, by - 1), none);
        }
        let guard = constant.is_none_or(|by| by == 0 || by == -1);
        let (divisor, bad) = if guard {
            let zero = self.builder.ins().icmp_imm_s(IntCC::Equal, b, 0);
            let minus_one = self.builder.ins().icmp_imm_s(IntCC::Equal, b, -1);
            let trivial = self.builder.ins().bor(zero, minus_one);
            let one = self.builder.ins().iconst(I64, 1);
            // The remainder by 1 is the one by -1, and 0 where there is none.
            (self.builder.ins().select(trivial, one, b), zero)
        } else {
            (b, none)
        };
        let rest = self.builder.ins().srem(a, divisor);
        let below = self.is_below(rest, divisor);
        let moved = self.builder.ins().iadd(rest, divisor);
        (self.builder.ins().select(below, moved, rest), bad)
    }
}
