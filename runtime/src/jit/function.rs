//! Machine code for a function of a few numbers: its arguments come in registers of the processor, and nothing lies in memory
//! but its result.

use super::{Code, Defined, build_all, define, emit};
use crate::kernel::ir::{Program, Register};
use cranelift_frontend::FunctionBuilderContext;
use cranelift_module::Module;
use std::ops::Range;
use std::sync::Arc;

/// The most arguments of such a function.
pub const ARGUMENTS: usize = 4;

/// The words of the arguments (of those that it lacks, any), and where the word of the result is stored; not 0 if it is null or a
/// check failed.
type NumberFunction = unsafe extern "C" fn(u64, u64, u64, u64, *mut u64) -> i64;

/// Such a function.
pub struct CompiledFunction {
    function: NumberFunction,
    _code: Arc<Code>,
}

/// What of a program such a function is.
pub struct Body {
    /// Its leaf.
    pub leaf: Range<usize>,
    /// The registers of inputs, and which argument each is.
    pub arguments: Vec<(Register, usize)>,
    /// The register of the result.
    pub result: Register,
    /// The one that says whether there is a result.
    pub valid: Option<Register>,
}

/// The leaf of a program as a function, or why it is none.
pub fn compile(program: &Program, body: &Body) -> Result<CompiledFunction, String> {
    if body.arguments.iter().any(|(_, argument)| *argument >= ARGUMENTS) {
        return Err("there are too many arguments".into());
    }
    let built = build_all(|module| {
        let mut context = module.make_context();
        emit::function(program, body, module, &mut context, &mut FunctionBuilderContext::new());
        let (id, bytes) = define(module, "function", &mut context)?;
        Ok(vec![(id, Defined { inputs: Vec::new(), outputs: Vec::new(), bytes })])
    })?;
    // SAFETY: the function was declared with the signature of `NumberFunction` and its definition is finished.
    let function = unsafe { std::mem::transmute::<*const u8, NumberFunction>(built.functions[0].0) };
    Ok(CompiledFunction { function, _code: built.code })
}

impl CompiledFunction {
    /// The word of the result; none if it is null, or if a check failed.
    #[inline]
    pub fn call(&self, [a, b, c, d]: [u64; ARGUMENTS]) -> Option<u64> {
        let mut result = 0;
        // SAFETY: the function reads its arguments, any words of which are numbers, and stores one word at the address.
        let status = unsafe { (self.function)(a, b, c, d, &mut result) };
        (status == 0).then_some(result)
    }
}
