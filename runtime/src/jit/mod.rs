//! Machine code for kernels, made by Cranelift: each leaf of a program becomes one function without calls and without
//! traps, which loops over the rows of a chunk. Everything else of a program stays with the batch interpreter, whose
//! `run` takes a [`Compiled`] in place of its own leaves; the results are the same bits.
//!
//! What it does not do yet: vector instructions (a row at a time), compiling in the background.
//!
//! A failure is a status, never a trap: nothing could catch one here.

mod emit;
pub mod function;
pub mod fused;
pub mod one_row;
#[cfg(test)]
mod tests;

use crate::kernel::frame::{Frame, Leaves};
use crate::kernel::ir::{CHUNK, Place, Program, Register};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{Context, isa};
use cranelift_frontend::FunctionBuilderContext;
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Linkage, Module, default_libcall_names};
use std::collections::HashSet;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A leaf: pointers to what it reads, pointers to what it writes, how many rows (at least one); not 0 if a check failed.
type LeafFunction = unsafe extern "C" fn(*const *const u8, *const *mut u8, i64) -> i64;

/// A program whose leaves are machine code. Clones share it.
#[derive(Clone)]
pub struct Compiled {
    program: Arc<Program>,
    leaves: Arc<[Leaf]>,
    _code: Arc<Code>,
}

/// The machine code of a leaf.
struct Leaf {
    function: LeafFunction,
    inputs: Vec<Register>,
    outputs: Vec<Register>,
    bytes: usize,
}

/// The memory that machine code lies in, and how much of it is code. A module that is dropped leaks it, so it is freed by hand.
struct Code(Mutex<Option<JITModule>>, usize);

/// Bytes of machine code that is there.
static LIVE: AtomicUsize = AtomicUsize::new(0);

/// How many bytes of machine code there are now in this process, for tests: what is dropped is gone.
pub fn live_code_bytes() -> usize {
    LIVE.load(Ordering::Relaxed)
}

impl Drop for Code {
    fn drop(&mut self) {
        let module = self.0.get_mut().map_or(None, Option::take);
        if let Some(module) = module {
            // SAFETY: the functions of the module are called through `Compiled` only, which holds this until they return.
            unsafe { module.free_memory() };
            LIVE.fetch_sub(self.1, Ordering::Relaxed);
        }
    }
}

/// Machine code for all leaves of a program, or why there is none: nothing to compile, or a machine that is not supported.
pub fn compile(program: &Arc<Program>) -> Result<Compiled, String> {
    let Built { functions, code } = build(program, emit::leaf)?;
    let leaves = functions.into_iter().map(|(address, leaf)| {
        // SAFETY: the function was declared with the signature of `LeafFunction` and its definition is finished.
        let function = unsafe { std::mem::transmute::<*const u8, LeafFunction>(address) };
        Leaf { function, inputs: leaf.inputs, outputs: leaf.outputs, bytes: leaf.bytes }
    });
    Ok(Compiled { program: program.clone(), leaves: leaves.collect(), _code: code })
}

/// Fills a context with the function of a leaf.
type Emit = fn(&Program, Range<usize>, &[Register], &[Register], &JITModule, &mut Context, &mut FunctionBuilderContext);

/// The functions of all leaves, finished, and the memory that they lie in.
struct Built {
    functions: Vec<(*const u8, Defined)>,
    code: Arc<Code>,
}

/// Makes the functions of all leaves.
fn build(program: &Program, emit: Emit) -> Result<Built, String> {
    if program.leaves().next().is_none() {
        return Err("nothing to compile".into());
    }
    build_all(|module| define_all(program, module, emit))
}

/// Makes the functions that `define` defines.
fn build_all(define: impl FnOnce(&mut JITModule) -> Result<Vec<(FuncId, Defined)>, String>) -> Result<Built, String> {
    let mut module = new_module()?;
    let made = define(&mut module);
    let bytes = made.iter().flatten().map(|(_, leaf)| leaf.bytes).sum();
    let keep = |module: JITModule| {
        LIVE.fetch_add(bytes, Ordering::Relaxed);
        Arc::new(Code(Mutex::new(Some(module)), bytes))
    };
    match made.and_then(|defined| module.finalize_definitions().map(|()| defined).map_err(text)) {
        Ok(defined) => {
            let finished = |(id, leaf)| (module.get_finalized_function(id), leaf);
            let functions = defined.into_iter().map(finished).collect();
            Ok(Built { functions, code: keep(module) })
        }
        Err(why) => {
            drop(keep(module));
            Err(why)
        }
    }
}

impl Compiled {
    /// The program; only it can be run with this.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// How many bytes of machine code each leaf has, in order: all leaves of the program are compiled.
    pub fn code_bytes(&self) -> Vec<usize> {
        self.leaves.iter().map(|leaf| leaf.bytes).collect()
    }
}

impl Leaves for Compiled {
    fn run(&self, number: usize, _range: Range<usize>, frame: &mut Frame) {
        assert!(std::ptr::eq(frame.program, &*self.program), "the machine code belongs to another program");
        assert!((1..=CHUNK).contains(&frame.rows));
        let leaf = &self.leaves[number];
        let inputs: Vec<*const u8> = leaf.inputs.iter().map(|register| frame.read_from(*register)).collect();
        let outputs: Vec<*mut u8> = leaf.outputs.iter().map(|register| frame.write_to(*register)).collect();
        // SAFETY: `read_from` and `write_to` give buffers of at least `rows` lanes (bitmaps: as many words as those take)
        // of the registers' lane types, which is what the function was made for; they live in the batch, in statics and in
        // the scratch of the frame, all of which outlive the call. The places of what a leaf reads and of what it writes
        // are distinct, since what goes into a leaf is kept until its end. Inputs are never written.
        let status = unsafe { (leaf.function)(inputs.as_ptr(), outputs.as_ptr(), frame.rows as i64) };
        frame.failed |= status != 0;
    }
}

/// What a leaf was defined with.
struct Defined {
    inputs: Vec<Register>,
    outputs: Vec<Register>,
    bytes: usize,
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Whether there is machine code for this machine; the error says why not.
pub fn supported() -> Result<(), String> {
    native().map(|_| ())
}

fn new_module() -> Result<JITModule, String> {
    Ok(JITModule::new(JITBuilder::with_isa(native()?, default_libcall_names())))
}

/// This machine, as code is made for it.
fn native() -> Result<isa::OwnedTargetIsa, String> {
    let mut flags = settings::builder();
    let verify = if cfg!(debug_assertions) { "true" } else { "false" };
    for (name, value) in
        [("opt_level", "speed"), ("enable_verifier", verify), ("unwind_info", "false"), ("is_pic", "false")]
    {
        flags.set(name, value).map_err(text)?;
    }
    let isa = cranelift_native::builder()?.finish(settings::Flags::new(flags)).map_err(text)?;
    if rounds_by_call(&*isa) {
        return Err("this processor cannot round floats without a call".into());
    }
    Ok(isa)
}

/// Old x86 processors have no instruction for `floor`; Cranelift would call the C library.
fn rounds_by_call(isa: &dyn isa::TargetIsa) -> bool {
    isa.isa_flags().iter().any(|flag| flag.name == "has_sse41" && flag.as_bool() == Some(false))
}

fn define_all(program: &Program, module: &mut JITModule, emit: Emit) -> Result<Vec<(FuncId, Defined)>, String> {
    let (mut context, mut builder_context) = (module.make_context(), FunctionBuilderContext::new());
    let mut defined = Vec::new();
    for (number, range) in program.leaves().enumerate() {
        let (inputs, outputs) = border(program, &range);
        emit(program, range, &inputs, &outputs, module, &mut context, &mut builder_context);
        let (id, bytes) = define(module, &format!("leaf{number}"), &mut context)?;
        defined.push((id, Defined { inputs, outputs, bytes }));
    }
    Ok(defined)
}

/// Defines the function in a context, which is empty then; gives also the bytes of its code.
fn define(module: &mut JITModule, name: &str, context: &mut Context) -> Result<(FuncId, usize), String> {
    let id = module.declare_function(name, Linkage::Export, &context.func.signature).map_err(text)?;
    module.define_function(id, context).map_err(|error| format!("{error}: {error:?}"))?;
    let bytes = context.compiled_code().map_or(0, |code| code.code_buffer().len());
    module.clear_context(context);
    Ok((id, bytes))
}

/// The registers that a leaf reads from elsewhere (constants are part of the code) and those that others read from it.
fn border(program: &Program, range: &Range<usize>) -> (Vec<Register>, Vec<Register>) {
    let instructions = &program.instructions[range.clone()];
    let made: HashSet<Register> = instructions.iter().flat_map(|instruction| &instruction.results).copied().collect();
    let (mut inputs, mut seen) = (Vec::new(), HashSet::new());
    for operand in instructions.iter().flat_map(|instruction| &instruction.operands) {
        let constant = matches!(program.place(*operand), Place::Constant(_));
        if !constant && !made.contains(operand) && seen.insert(*operand) {
            inputs.push(*operand);
        }
    }
    let others = program.instructions[..range.start].iter().chain(&program.instructions[range.end..]);
    let wanted: HashSet<Register> =
        others.flat_map(|instruction| instruction.operands.iter().copied()).chain(program.results()).collect();
    let results = instructions.iter().flat_map(|instruction| &instruction.results).copied();
    (inputs, results.filter(|result| wanted.contains(result)).collect())
}
