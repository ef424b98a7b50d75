//! The function of `jit/function.rs`: the work of a leaf for one row, whose inputs are parameters.

use super::Emitter;
use crate::jit::function::{ARGUMENTS, Body};
use crate::kernel::ir::Program;
use crate::kernel::ops::Lane;
use cranelift_codegen::Context;
use cranelift_codegen::ir::types::{F64, I8, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData};
use cranelift_frontend::FunctionBuilderContext;
use cranelift_jit::JITModule;
use cranelift_module::Module;

/// Fills `context` with the function of `jit/function.rs`.
pub fn function(
    program: &Program,
    body: &Body,
    module: &JITModule,
    context: &mut Context,
    builder_context: &mut FunctionBuilderContext,
) {
    let mut parameters = vec![I64; ARGUMENTS];
    parameters.push(module.target_config().pointer_type());
    let mut emitter = Emitter::new(program, &parameters, module, context, builder_context);
    emitter.function_of_numbers(body);
    emitter.finish(module);
}

impl Emitter<'_> {
    fn function_of_numbers(&mut self, body: &Body) {
        let entry = self.builder.create_block();
        self.builder.append_block_params_for_function_params(entry);
        self.builder.switch_to_block(entry);
        let parameters = self.builder.block_params(entry).to_vec();
        let instructions = &self.program.instructions[body.leaf.clone()];
        self.constants(instructions);
        for (input, argument) in &body.arguments {
            let (lane, mut word) = (self.lane(*input), parameters[*argument]);
            if lane == Lane::Float {
                word = self.builder.ins().bitcast(F64, MemFlagsData::new(), word);
            }
            let value = self.lane_in(lane, word);
            self.values.insert(*input, value);
        }
        let (zero, mut failed) = (self.builder.ins().iconst(I64, 0), self.builder.ins().iconst(I8, 0));
        for instruction in instructions {
            self.instruction(instruction, zero, zero, &mut failed);
        }
        let result = self.word_of(body.result);
        self.builder.ins().store(MemFlagsData::trusted(), result, parameters[ARGUMENTS], 0);
        if let Some(valid) = body.valid {
            let null = self.builder.ins().bxor_imm_u(self.values[&valid], 1);
            failed = self.builder.ins().bor(failed, null);
        }
        let status = self.builder.ins().uextend(I64, failed);
        self.builder.ins().return_(&[status]);
    }
}
