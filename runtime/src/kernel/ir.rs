//! The kernel IR: a topologically ordered list of typed operations over registers, each of which holds a lane for every
//! row. Straight-line, predicated, no loops, no calls back: addressing, loops and tails belong to the executors. Every
//! register is written once.
//!
//! A nullable value is two registers, its lanes and its validity. A failure is a bit of a `fault` register; `check` says
//! where it counts. Kernels say only *that* a batch failed: who and why is found by replaying it.

use super::ops::{Class, Lane, Op};
use crate::machine::{CodeId, Machine};
use pipelang_lang::catalog::FunctionId;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Kind;
use std::ops::Range;
use std::sync::Arc;

/// How many rows the executors take at a time.
pub const CHUNK: usize = 1024;

/// Names a register of one program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Register(pub u32);

/// What an operation takes besides registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Immediate {
    /// Nothing.
    None,
    /// An input of the program.
    Input(u32),
    /// A constant of the program.
    Constant(u32),
    /// A call of the program.
    Call(u32),
    /// An operation on rows of the program.
    Row(u32),
}

/// An operation with its registers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Instruction {
    /// What is done.
    pub op: Op,
    /// What it reads.
    pub operands: Vec<Register>,
    /// What it takes besides.
    pub immediate: Immediate,
    /// What it writes.
    pub results: Vec<Register>,
}

/// A column that comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its name, for print.
    pub name: Arc<str>,
    /// Its kind.
    pub kind: Kind,
    /// Whether this program reckons with nulls in it.
    pub nullable: bool,
}

/// A function that is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which.
    pub function: FunctionId,
    /// The kinds of its arguments.
    pub arguments: Vec<Kind>,
    /// The kind of its result.
    pub result: Kind,
    /// Whether it may fail.
    pub may_fail: bool,
}

/// An expression that is no loop over lanes, as code that runs for one row.
#[derive(Clone, Debug)]
pub struct RowOperation {
    /// What it does, for print.
    pub name: &'static str,
    /// The code, whose parameters are the operands behind the mask: each its lanes, then its validity if the code
    /// reckons with nulls.
    pub code: CodeId,
    /// Of each parameter, whether its validity is an operand.
    pub nullable: Vec<bool>,
    /// The kind of its result.
    pub result: Kind,
    /// Whether it may fail.
    pub may_fail: bool,
}

/// A column that goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramOutput {
    /// An input, as it came.
    Input(u32),
    /// Null in every row.
    Null,
    /// What registers hold.
    Computed {
        /// The values.
        lanes: Register,
        /// Where they are not null; none if they nowhere are.
        valid: Option<Register>,
    },
}

impl ProgramOutput {
    /// The registers that it needs.
    pub fn registers(self) -> impl Iterator<Item = Register> {
        let (lanes, valid) = match self {
            ProgramOutput::Computed { lanes, valid } => (Some(lanes), valid),
            ProgramOutput::Input(_) | ProgramOutput::Null => (None, None),
        };
        lanes.into_iter().chain(valid)
    }
}

/// Where a register lives while a program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a column of the batch.
    Input(u32),
    /// It is a constant.
    Constant(u32),
    /// In a scratch buffer of its lane type.
    Slot(u32),
    /// Nobody reads it.
    Nowhere,
}

/// What is done at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Instructions that bind registers.
    Bind(Range<usize>),
    /// A maximal run of instructions that machine code can be made of; the number counts such runs.
    Leaf(usize, Range<usize>),
    /// One primitive.
    Primitive(usize),
}

/// A kernel: what a segment does to a batch whose columns have nulls only where `inputs` says so.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The columns that come in.
    pub inputs: Vec<Input>,
    /// The lanes of each register.
    pub registers: Vec<Lane>,
    /// What is done, in order.
    pub instructions: Vec<Instruction>,
    /// The constants.
    pub constants: Vec<Scalar>,
    /// The calls.
    pub calls: Vec<Call>,
    /// The operations on rows.
    pub row_operations: Vec<RowOperation>,
    /// Their code.
    pub machine: Machine,
    /// Which rows go out; none: all.
    pub keep: Option<Register>,
    /// The columns that go out.
    pub outputs: Vec<ProgramOutput>,
    /// Of what kinds they are.
    pub kinds: Vec<Kind>,
    /// Where each register lives.
    pub places: Vec<Place>,
    /// How many scratch buffers of each lane type are needed, in the order of [`Lane::ALL`].
    pub slots: [usize; Lane::ALL.len()],
    /// The instructions cut into work.
    pub work: Vec<Work>,
}

impl Instruction {
    /// Whether machine code can be made of it.
    pub fn is_compilable(&self, registers: &[Lane]) -> bool {
        let lanes = self.operands.iter().chain(&self.results).all(|r| registers[r.0 as usize].is_machine());
        self.op.info().class == Class::Compiled && lanes
    }
}

impl Program {
    /// The lanes of a register.
    pub fn lane(&self, register: Register) -> Lane {
        self.registers[register.0 as usize]
    }

    /// Where a register lives.
    pub fn place(&self, register: Register) -> Place {
        self.places[register.0 as usize]
    }

    /// The runs of instructions that machine code can be made of.
    pub fn leaves(&self) -> impl Iterator<Item = Range<usize>> {
        self.work.iter().filter_map(|work| match work {
            Work::Leaf(_, range) => Some(range.clone()),
            Work::Bind(_) | Work::Primitive(_) => None,
        })
    }

    /// The registers that must be there when all is done.
    pub fn results(&self) -> impl Iterator<Item = Register> {
        self.outputs.iter().flat_map(|output| output.registers()).chain(self.keep)
    }
}
