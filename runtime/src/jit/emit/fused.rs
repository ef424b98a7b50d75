//! The loops of `jit/fused.rs`: over all rows for the filters, which leave the addresses of those that pass where the last
//! output goes; then over these for the rest, whose results are stored.

use super::{Emitter, arguments, fixed};
use crate::jit::fused::{Half, Stored};
use crate::kernel::ir::Register;
use crate::strided::{Layout, Number};
use cranelift_codegen::Context;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F32, F64, I8, I16, I32, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value};
use cranelift_frontend::FunctionBuilderContext;
use cranelift_jit::JITModule;
use cranelift_module::Module;
use std::collections::HashMap;

/// Fills `context` with the function of `jit/fused.rs`: filters with the register that says whether a row passes, and the rest with
/// what is stored.
pub fn fused(
    (filters, keep): (Half, Register),
    (rest, stored): (Half, &[Stored]),
    inputs: &[Layout],
    module: &JITModule,
    context: &mut Context,
    builder_context: &mut FunctionBuilderContext,
) {
    let pointer = module.target_config().pointer_type();
    let mut emitter = Emitter::new(filters.program, &[pointer, pointer, I64], module, context, builder_context);
    emitter.fused_function((filters, keep), (rest, stored), inputs);
    emitter.finish(module);
}

/// How inputs lie in a row.
pub(super) type Fields = HashMap<u32, Layout>;

/// The type of a number as it lies in memory.
fn memory_type(number: Number) -> Type {
    match number {
        Number::I8 | Number::U8 => I8,
        Number::I16 | Number::U16 => I16,
        Number::I32 | Number::U32 => I32,
        Number::F32 => F32,
        Number::I64 => I64,
        Number::F64 => F64,
    }
}

impl<'a> Emitter<'a> {
    fn fused_function(
        &mut self,
        (filters, keep): (Half<'a>, Register),
        (rest, stored): (Half<'a>, &[Stored]),
        inputs: &[Layout],
    ) {
        let entry = self.builder.create_block();
        self.builder.append_block_params_for_function_params(entry);
        self.builder.switch_to_block(entry);
        let parameters = self.builder.block_params(entry).to_vec();
        let outputs: Vec<Value> = (0..stored.len()).map(|at| self.pointer_at(parameters[1], at)).collect();
        let stride = inputs[0].stride as i64;
        let bytes = self.builder.ins().imul_imm_s(parameters[2], stride);
        let bytes = if self.pointer == I64 { bytes } else { self.builder.ins().ireduce(self.pointer, bytes) };
        let end = self.builder.ins().iadd(parameters[0], bytes);
        let first = self.begin(filters, inputs);
        let second = self.begin(rest, inputs);
        let [each, between, passing, done] = [(); 4].map(|()| self.builder.create_block());
        for (block, types) in [(each, &[self.pointer, I64, I8][..]), (passing, &[I64, I8]), (done, &[I8])] {
            types.iter().for_each(|ty| _ = self.builder.append_block_param(block, *ty));
        }
        let (zero, sound) = (self.builder.ins().iconst(I64, 0), self.bool(false));
        self.builder.ins().jump(each, &arguments(&[parameters[0], zero, sound]));

        // A row, how many passed, and whether anything failed. There is no branch: which rows pass is hard to foretell.
        self.builder.switch_to_block(each);
        let [row, passed, mut failed] = *self.builder.block_params(each) else { unreachable!("it has three") };
        self.half(filters, first, row, &mut failed);
        let keep = self.value(keep, row, zero);
        if let Some(last) = outputs.last() {
            let address = self.word_at(*last, passed);
            self.builder.ins().store(MemFlagsData::trusted(), row, address, 0);
        }
        let keep = self.builder.ins().uextend(I64, keep);
        let passed = self.builder.ins().iadd(passed, keep);
        let row = self.builder.ins().iadd_imm_s(row, stride);
        let more = self.builder.ins().icmp(IntCC::NotEqual, row, end);
        self.builder.ins().brif(more, each, &arguments(&[row, passed, failed]), between, &[]);

        self.builder.switch_to_block(between);
        let is_done = match outputs.last() {
            Some(_) => self.builder.ins().icmp_imm_s(IntCC::Equal, passed, 0),
            None => self.bool(true),
        };
        self.builder.ins().brif(is_done, done, &arguments(&[failed]), passing, &arguments(&[zero, failed]));

        // One that passes.
        self.builder.switch_to_block(passing);
        let [at, mut failed] = *self.builder.block_params(passing) else { unreachable!("it has two") };
        let row = match outputs.last() {
            Some(last) => {
                let address = self.word_at(*last, at);
                self.builder.ins().load(self.pointer, MemFlagsData::trusted(), address, 0)
            }
            None => parameters[0],
        };
        self.half(rest, second, row, &mut failed);
        for (stored, output) in stored.iter().zip(outputs) {
            let value = match *stored {
                Stored::Input(at) => self.input(at as u32, row),
                Stored::Register(register) => self.value(register, row, zero),
            };
            let address = self.word_at(output, at);
            self.builder.ins().store(MemFlagsData::trusted(), value, address, 0);
        }
        let at = self.builder.ins().iadd_imm_s(at, 1);
        let more = self.builder.ins().icmp(IntCC::NotEqual, at, passed);
        self.builder.ins().brif(more, passing, &arguments(&[at, failed]), done, &arguments(&[failed]));

        self.builder.switch_to_block(done);
        let failed = self.builder.block_params(done)[0];
        let none = self.builder.ins().iconst(I64, -1);
        let result = self.builder.ins().select(failed, none, passed);
        self.builder.ins().return_(&[result]);
    }

    /// The address of a word behind the first.
    fn word_at(&mut self, first: Value, at: Value) -> Value {
        let offset = self.builder.ins().ishl_imm_u(at, 3);
        let offset = if self.pointer == I64 { offset } else { self.builder.ins().ireduce(self.pointer, offset) };
        self.builder.ins().iadd(first, offset)
    }

    /// Makes the constants of a half, once for all rows.
    fn begin(&mut self, half: Half<'a>, inputs: &[Layout]) -> (HashMap<Register, Value>, Fields) {
        self.program = half.program;
        self.values.clear();
        half.program.leaves().for_each(|range| self.constants(&half.program.instructions[range]));
        let fields = half.columns.iter().enumerate().map(|(input, column)| (input as u32, inputs[*column]));
        (std::mem::take(&mut self.values), fields.collect())
    }

    /// A row's part in a half.
    fn half(
        &mut self,
        half: Half<'a>,
        (values, fields): (HashMap<Register, Value>, Fields),
        row: Value,
        failed: &mut Value,
    ) {
        (self.program, self.values, self.fields) = (half.program, values, fields);
        for instruction in half.program.leaves().flat_map(|range| &half.program.instructions[range]) {
            self.instruction(instruction, row, row, failed);
        }
    }

    /// The lane of an input that lies in a row.
    pub(super) fn input(&mut self, at: u32, row: Value) -> Value {
        let Layout { number, offset, .. } = self.fields[&at];
        let loaded = self.builder.ins().load(memory_type(number), fixed(), row, offset as i32);
        match number {
            Number::I64 | Number::F64 => loaded,
            Number::F32 => self.builder.ins().fpromote(F64, loaded),
            Number::I8 | Number::I16 | Number::I32 => self.builder.ins().sextend(I64, loaded),
            Number::U8 | Number::U16 | Number::U32 => self.builder.ins().uextend(I64, loaded),
        }
    }
}
