//! Filters and what is computed behind them, over fields of a host's rows, as two loops: one over all rows, which load the numbers
//! that the filters look at where they lie and note which rows pass, and one over these, which stores what comes of them. No
//! column is made of what comes in. Neither loop has a branch that a processor could foretell wrongly, as one for each row would.

use super::{Code, Defined, build_all, define, emit};
use crate::kernel::ir::{Place, Program, ProgramOutput, Register, Work};
use crate::kernel::ops::{Lane, Op};
use crate::strided::{Layout, Strided};
use cranelift_frontend::FunctionBuilderContext;
use cranelift_module::Module;
use pipelang_lang::ty::Kind;
use std::sync::Arc;

/// The first row, where each output is stored, and how many rows (at least one): how many rows passed, or -1 if a check failed.
type FusedFunction = unsafe extern "C" fn(*const u8, *const *mut u64, i64) -> i64;

/// Such loops.
pub struct Fused {
    function: FusedFunction,
    /// How what comes in lies in the rows.
    inputs: Vec<Layout>,
    /// What goes out.
    pub outputs: Vec<Kind>,
    _code: Arc<Code>,
}

/// One of the two programs of such loops: the filters, or what is computed of the rows that pass.
#[derive(Clone, Copy)]
pub struct Half<'p> {
    /// What is done.
    pub program: &'p Program,
    /// Of each of its inputs, which input of the loops it is.
    pub columns: &'p [usize],
}

/// The loops over inputs that lie so, or why there are none.
pub fn compile(filters: Half, rest: Half, inputs: &[Layout]) -> Result<Fused, String> {
    let stride = inputs.first().map(|layout| layout.stride).filter(|stride| i32::try_from(*stride).is_ok());
    if inputs.iter().any(|layout| Some(layout.stride) != stride) || stride.is_none() {
        return Err("what comes in does not lie in rows, or in large ones".into());
    }
    let keep = filters.program.keep.filter(|keep| matches!(filters.program.place(*keep), Place::Slot(_)));
    let (Some(keep), None) = (keep, rest.program.keep) else { return Err("it does not begin with filters".into()) };
    for half in [filters, rest] {
        half.check()?;
        for (input, column) in half.program.inputs.iter().zip(half.columns) {
            if number(&input.kind) != Some(inputs[*column].number.lane()) {
                return Err("not all that comes in are numbers".into());
            }
        }
    }
    let stored = rest.stored()?;
    let built = build_all(|module| {
        let mut context = module.make_context();
        emit::fused((filters, keep), (rest, &stored), inputs, module, &mut context, &mut FunctionBuilderContext::new());
        let (id, bytes) = define(module, "fused", &mut context)?;
        Ok(vec![(id, Defined { inputs: Vec::new(), outputs: Vec::new(), bytes })])
    })?;
    // SAFETY: the function was declared with the signature of `FusedFunction` and its definition is finished.
    let function = unsafe { std::mem::transmute::<*const u8, FusedFunction>(built.functions[0].0) };
    Ok(Fused { function, inputs: inputs.to_vec(), outputs: rest.program.kinds.clone(), _code: built.code })
}

/// The lane of a number of 64 bits.
fn number(kind: &Kind) -> Option<Lane> {
    Lane::of(kind).filter(|lane| matches!(lane, Lane::Int | Lane::Float))
}

/// What is stored of a row that passes.
#[derive(Clone, Copy)]
pub enum Stored {
    /// An input of the program.
    Input(usize),
    /// What a register holds.
    Register(Register),
}

impl Half<'_> {
    /// Whether all of it is machine code over inputs without nulls.
    fn check(self) -> Result<(), String> {
        let Half { program, .. } = self;
        let is_plain = |work: &Work| match work {
            Work::Leaf(..) => true,
            Work::Primitive(_) => false,
            Work::Bind(range) => program.instructions[range.clone()].iter().all(|it| it.op != Op::Valid),
        };
        let is_all = program.work.iter().all(is_plain) && program.inputs.iter().all(|input| !input.nullable);
        if is_all { Ok(()) } else { Err("not all of it is machine code over numbers".into()) }
    }

    /// What its outputs are.
    fn stored(self) -> Result<Vec<Stored>, String> {
        let Half { program, .. } = self;
        let outputs = program.outputs.iter().zip(&program.kinds).map(|(output, kind)| match output {
            _ if number(kind).is_none() => None,
            ProgramOutput::Input(at) => Some(Stored::Input(*at as usize)),
            ProgramOutput::Computed { lanes, valid: None } => match program.place(*lanes) {
                Place::Slot(_) => Some(Stored::Register(*lanes)),
                Place::Input(at) => Some(Stored::Input(at as usize)),
                Place::Constant(_) | Place::Nowhere => None,
            },
            ProgramOutput::Computed { .. } | ProgramOutput::Null => None,
        });
        outputs.collect::<Option<_>>().ok_or_else(|| "not all that goes out are numbers".into())
    }
}

impl Fused {
    /// What comes of the first `rows` rows, in order: how many passed, and of each output as many words in `stored`. Nothing if
    /// a check failed, or if what comes in is not what it was made for.
    pub fn run(&self, inputs: &[Strided], rows: usize, stored: &mut [Vec<u64>]) -> Option<usize> {
        let start = inputs.first()?.start();
        let fit = |(input, layout): (&Strided, &Layout)| {
            input.layout() == *layout && input.start() == start && input.rows() >= rows
        };
        if rows == 0 || inputs.len() != self.inputs.len() || !inputs.iter().zip(&self.inputs).all(fit) {
            return None;
        }
        assert!(stored.len() == self.outputs.len() && stored.iter().all(|words| words.len() >= rows));
        let start = std::ptr::with_exposed_provenance(start);
        let stored: Vec<*mut u64> = stored.iter_mut().map(|words| words.as_mut_ptr()).collect();
        // SAFETY: the function loads such a number of each input in each of `rows` rows, which lie there as `Strided` says and as
        // long as it is borrowed; any bits are a number. It stores at most `rows` words of each output, for which there is
        // room; the outputs are distinct, and nobody else has them.
        let passed = unsafe { (self.function)(start, stored.as_ptr(), rows as i64) };
        usize::try_from(passed).ok()
    }
}
