//! The loop of `jit/fused.rs`: for each row the filters, and if it passes the rest, whose results are stored.

use super::{Emitter, arguments, fixed};
use crate::jit::fused::{Half, Stored};
use crate::kernel::ir::Register;
use crate::strided::Number;
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
    numbers: &[Number],
    module: &JITModule,
    context: &mut Context,
    builder_context: &mut FunctionBuilderContext,
) {
    let pointer = module.target_config().pointer_type();
    let mut emitter = Emitter::new(filters.program, &[pointer, pointer, I64], module, context, builder_context);
    emitter.fused_function((filters, keep), (rest, stored), numbers);
    emitter.finish(module);
}

/// Where the inputs lie: the first of each, how far apart they are, and how each lies there.
pub(super) type Fields = HashMap<u32, (Value, Value, Number)>;

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
        numbers: &[Number],
    ) {
        let entry = self.builder.create_block();
        self.builder.append_block_params_for_function_params(entry);
        self.builder.switch_to_block(entry);
        let parameters = self.builder.block_params(entry).to_vec();
        let outputs: Vec<Value> = (0..stored.len()).map(|at| self.pointer_at(parameters[1], at)).collect();
        let first = self.begin(filters, parameters[0], numbers);
        let second = self.begin(rest, parameters[0], numbers);
        let (each, passes, next, done) = (
            self.builder.create_block(),
            self.builder.create_block(),
            self.builder.create_block(),
            self.builder.create_block(),
        );
        // The row, how many passed, and whether anything failed.
        for (block, types) in [(each, &[I64, I64, I8][..]), (next, &[I64, I8])] {
            for ty in types {
                self.builder.append_block_param(block, *ty);
            }
        }
        let (zero, sound) = (self.builder.ins().iconst(I64, 0), self.bool(false));
        self.builder.ins().jump(each, &arguments(&[zero, zero, sound]));

        self.builder.switch_to_block(each);
        let [row, passed, mut failed] = *self.builder.block_params(each) else { unreachable!("it has three") };
        self.half(filters, first, row, &mut failed);
        let keep = self.value(keep, row, zero);
        self.builder.ins().brif(keep, passes, &[], next, &arguments(&[passed, failed]));

        self.builder.switch_to_block(passes);
        self.half(rest, second, row, &mut failed);
        let offset = self.builder.ins().ishl_imm_u(passed, 3);
        for (stored, output) in stored.iter().zip(outputs) {
            let value = match *stored {
                Stored::Input(at) => self.input(at as u32, row),
                Stored::Register(register) => self.value(register, row, zero),
            };
            let offset = if self.pointer == I64 { offset } else { self.builder.ins().ireduce(self.pointer, offset) };
            let address = self.builder.ins().iadd(output, offset);
            self.builder.ins().store(MemFlagsData::trusted(), value, address, 0);
        }
        let one_more = self.builder.ins().iadd_imm_s(passed, 1);
        self.builder.ins().jump(next, &arguments(&[one_more, failed]));

        self.builder.switch_to_block(next);
        let [passed, failed] = *self.builder.block_params(next) else { unreachable!("it has two") };
        let row = self.builder.ins().iadd_imm_s(row, 1);
        let more = self.builder.ins().icmp(IntCC::SignedLessThan, row, parameters[2]);
        self.builder.ins().brif(more, each, &arguments(&[row, passed, failed]), done, &[]);

        self.builder.switch_to_block(done);
        let none = self.builder.ins().iconst(I64, -1);
        let result = self.builder.ins().select(failed, none, passed);
        self.builder.ins().return_(&[result]);
    }

    /// Makes the constants of a half and loads where its inputs lie, once for all rows.
    fn begin(&mut self, half: Half<'a>, places: Value, numbers: &[Number]) -> (HashMap<Register, Value>, Fields) {
        self.program = half.program;
        self.values.clear();
        half.program.leaves().for_each(|range| self.constants(&half.program.instructions[range]));
        let fields = half.columns.iter().enumerate().map(|(input, column)| {
            let (first, apart) = (self.pointer_at(places, column * 2), self.pointer_at(places, column * 2 + 1));
            (input as u32, (first, apart, numbers[*column]))
        });
        let fields = fields.collect();
        (std::mem::take(&mut self.values), fields)
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

    /// The lane of an input whose lanes do not lie side by side.
    pub(super) fn input(&mut self, at: u32, row: Value) -> Value {
        let (first, apart, number) = self.fields[&at];
        let row = if self.pointer == I64 { row } else { self.builder.ins().ireduce(self.pointer, row) };
        let offset = self.builder.ins().imul(row, apart);
        let address = self.builder.ins().iadd(first, offset);
        let loaded = self.builder.ins().load(memory_type(number), fixed(), address, 0);
        match number {
            Number::I64 | Number::F64 => loaded,
            Number::F32 => self.builder.ins().fpromote(F64, loaded),
            Number::I8 | Number::I16 | Number::I32 => self.builder.ins().sextend(I64, loaded),
            Number::U8 | Number::U16 | Number::U32 => self.builder.ins().uextend(I64, loaded),
        }
    }
}
