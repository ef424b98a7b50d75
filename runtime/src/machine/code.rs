//! The code: straight lines of instructions with jumps, over the registers of a frame.
//!
//! A frame has three files of registers: *words* (64 bits: a bool as 0 or 1, an int, the bits of a float, the days of a
//! date, the microseconds of a datetime or duration), *values* (any [`Scalar`]) and *lists* in the making. A word that
//! may be null has another word beside it that is 1 where it is; a value is null by itself.

use crate::reducers::Reducer;
use pipelang_lang::catalog::FunctionId;
use pipelang_lang::scalar::{Arithmetic, Comparison, Scalar};
use pipelang_lang::ty::{Kind, Type};
use std::sync::Arc;

/// Names a word of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Word(pub u32);

/// Names a value of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Value(pub u32);

/// Names a list in the making of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List(pub u32);

/// Names code of a [`Machine`](super::Machine).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CodeId(pub u32);

/// The word that is always 0: what stands beside a word that is never null.
pub const NEVER: Word = Word(0);

/// Where the value of an expression is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It is null.
    Null,
    /// In a word.
    Word {
        /// Its bits, which are anything where it is null.
        word: Word,
        /// 1 where it is null; [`NEVER`] if it cannot be.
        null: Word,
    },
    /// In a value.
    Value(Value),
}

/// What the bits of a word mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordKind {
    /// 0 or 1.
    Bool,
    /// An int.
    Int,
    /// The bits of a float.
    Float,
    /// Days.
    Date,
    /// Microseconds since 1970.
    DateTime,
    /// Microseconds.
    Duration,
}

impl WordKind {
    /// How a word holds values of a kind; none if none does.
    pub fn of(kind: &Kind) -> Option<WordKind> {
        match kind {
            Kind::Bool => Some(WordKind::Bool),
            Kind::Int => Some(WordKind::Int),
            Kind::Float => Some(WordKind::Float),
            Kind::Date => Some(WordKind::Date),
            Kind::DateTime => Some(WordKind::DateTime),
            Kind::Duration => Some(WordKind::Duration),
            Kind::String
            | Kind::Bytes
            | Kind::Wide
            | Kind::List(_)
            | Kind::Record(_)
            | Kind::Map(_)
            | Kind::Json
            | Kind::Opaque(_)
            | Kind::Null
            | Kind::Unknown => None,
        }
    }

    /// The value of a word.
    pub fn wrap(self, word: u64) -> Scalar {
        match self {
            WordKind::Bool => Scalar::Bool(word != 0),
            WordKind::Int => Scalar::Int(word as i64),
            WordKind::Float => Scalar::Float(f64::from_bits(word)),
            WordKind::Date => Scalar::Date(word as i32),
            WordKind::DateTime => Scalar::DateTime(word as i64),
            WordKind::Duration => Scalar::Duration(word as i64),
        }
    }
}

/// The word of a value that words hold; none of any other, null among them.
pub fn unwrap(value: &Scalar) -> Option<u64> {
    match value {
        Scalar::Bool(b) => Some(u64::from(*b)),
        Scalar::Int(i) | Scalar::DateTime(i) | Scalar::Duration(i) => Some(*i as u64),
        Scalar::Float(x) => Some(x.to_bits()),
        Scalar::Date(d) => Some(i64::from(*d) as u64),
        Scalar::Null
        | Scalar::String(_)
        | Scalar::Bytes(_)
        | Scalar::List(_)
        | Scalar::Record(_)
        | Scalar::Map(_)
        | Scalar::Json(_)
        | Scalar::Opaque(_)
        | Scalar::Wide(_) => None,
    }
}

/// An instruction. `to` is what it writes; `target` the instruction that it may go on with.
#[derive(Clone, Copy, Debug)]
pub enum Instruction {
    /// One word from another.
    Copy { to: Word, from: Word },
    /// Int arithmetic; what has no result fails.
    Int { op: Arithmetic, to: Word, a: Word, b: Word },
    /// `a + b`, the most frequent of all.
    IntAdd { to: Word, a: Word, b: Word },
    /// `a - b`
    IntSubtract { to: Word, a: Word, b: Word },
    /// `a * b`
    IntMultiply { to: Word, a: Word, b: Word },
    /// `a % b`
    IntModulo { to: Word, a: Word, b: Word },
    /// `a // 2 ** by`
    IntShift { to: Word, a: Word, by: u32 },
    /// `a % (mask + 1)`, for a power of two.
    IntMask { to: Word, a: Word, mask: u32 },
    /// `-a`, checked.
    IntNegate { to: Word, a: Word },
    /// Float arithmetic.
    Float { op: Arithmetic, to: Word, a: Word, b: Word },
    /// `-a`
    FloatNegate { to: Word, a: Word },
    /// An int as the nearest float.
    ToFloat { to: Word, a: Word },
    /// A comparison of words that are ordered as ints are: all but floats.
    CompareInt { op: Comparison, to: Word, a: Word, b: Word },
    /// A comparison of floats, by IEEE.
    CompareFloat { op: Comparison, to: Word, a: Word, b: Word },
    /// A comparison of values, null among them.
    CompareValue { op: Comparison, to: Word, a: Value, b: Value },
    /// Whether a bool is not set.
    Not { to: Word, a: Word },
    /// Whether both are set.
    And { to: Word, a: Word, b: Word },
    /// Whether either is set.
    Or { to: Word, a: Word, b: Word },
    /// Whether a value is null.
    IsNull { to: Word, value: Value },

    /// Goes on elsewhere.
    Jump { target: u32 },
    /// The same, backwards: now and then it is looked whether the run must stop.
    Loop { target: u32 },
    /// If a bool is set.
    JumpIf { condition: Word, target: u32 },
    /// If it is not.
    JumpUnless { condition: Word, target: u32 },
    /// Unless a comparison as of [`Instruction::CompareInt`] holds.
    JumpUnlessInt { op: Comparison, a: Word, b: Word, target: u32 },
    /// Unless a comparison of floats holds.
    JumpUnlessFloat { op: Comparison, a: Word, b: Word, target: u32 },
    /// Calls code: see [`Call`].
    Enter { call: u32 },
    /// The same in the place of this frame.
    Replace { call: u32 },
    /// Fails if no further call may nest.
    CheckDepth,
    /// Ends the frame; the result is in the place that the code says.
    Return,
    /// Gives the row up.
    Fail,

    /// One value from another.
    CopyValue { to: Value, from: Value },
    /// Null.
    Null { to: Value },
    /// A constant.
    Constant { to: Value, at: u32 },
    /// The value of a word.
    Wrap { kind: WordKind, to: Value, word: Word, null: Word },
    /// The word of a value, and whether that is null; `null` is [`NEVER`] where nobody asks.
    Unwrap { to: Word, null: Word, from: Value },
    /// Arithmetic of any kinds; null of null.
    Arithmetic { op: Arithmetic, to: Value, a: Value, b: Value },
    /// A sum of ints as an int; null of null.
    Narrow { to: Value, from: Value },
    /// A function of the catalog on some operands; null if one of them is.
    Function { function: FunctionId, to: Value, operands: u32 },
    /// What a reducer makes of lists: see [`Reduction`]. Null if a list is.
    Reduce { to: Value, reduction: u32 },
    /// A list of operands.
    List { to: Value, operands: u32 },
    /// A record of operands.
    Record { to: Value, operands: u32 },
    /// A map of some keys to operands.
    Map { to: Value, keys: u32, operands: u32 },
    /// A field; null of null.
    Field { to: Value, record: Value, at: u32 },
    /// An item of a list or value of a map; null if either is null.
    Index { to: Value, value: Value, index: Value, or_null: bool },
    /// The next item of a list, `at` counting; at its end goes on with `target`.
    Item { to: Value, list: Value, at: Word, target: u32 },
    /// The items of a list in the order of as many keys.
    Sort { to: Value, list: Value, keys: Value, descending: bool },
    /// The items before the one that was last had.
    Before { to: Value, list: Value, at: Word },
    /// The items from the one on that was last had.
    Since { to: Value, list: Value, at: Word },
    /// An empty list in the making.
    Begin { list: List },
    /// One item more.
    Push { list: List, item: Value },
    /// All items of a list, or none of a null.
    Extend { list: List, items: Value },
    /// The list that was made.
    Finish { to: Value, list: List },
}

/// A call of code: what goes into which places of the new frame, and where its result goes.
#[derive(Clone, Debug)]
pub struct Call {
    /// What is called.
    pub code: CodeId,
    /// From places of this frame to places of the new one.
    pub arguments: Vec<(Place, Place)>,
    /// From the new frame to this one.
    pub result: (Place, Place),
}

/// A reducer over lists: its start for arguments of some types, and the operands: a list for each argument, or, where
/// the flag is off, one value for all items.
#[derive(Clone, Debug)]
pub struct Reduction {
    /// The reducer.
    pub reducer: Reducer,
    /// The types of its arguments.
    pub types: Box<[Type]>,
    /// Where its operands are, and whether each is a list.
    pub operands: Box<[(Value, bool)]>,
}

/// Code with what its instructions refer to.
#[derive(Clone, Debug, Default)]
pub struct Code {
    /// What is done.
    pub instructions: Vec<Instruction>,
    /// How many words a frame has.
    pub words: u32,
    /// How many values a frame has.
    pub values: u32,
    /// How many lists in the making a frame has.
    pub lists: u32,
    /// Words that are there from the beginning.
    pub constants: Vec<(Word, u64)>,
    /// Constants that are no words.
    pub scalars: Vec<Scalar>,
    /// Lists of operands.
    pub operands: Vec<Box<[Value]>>,
    /// Reductions of lists.
    pub reductions: Vec<Reduction>,
    /// Keys of maps.
    pub keys: Vec<Box<[Arc<str>]>>,
    /// Calls.
    pub calls: Vec<Call>,
    /// Where the parameters are to be put.
    pub parameters: Vec<Place>,
    /// Where the result is at the end.
    pub result: Option<Place>,
}

impl Code {
    /// A word that nobody uses yet.
    pub fn new_word(&mut self) -> Word {
        self.words += 1;
        Word(self.words - 1)
    }

    /// A value that nobody uses yet.
    pub fn new_value(&mut self) -> Value {
        self.values += 1;
        Value(self.values - 1)
    }

    /// A list in the making that nobody uses yet.
    pub fn new_list(&mut self) -> List {
        self.lists += 1;
        List(self.lists - 1)
    }

    /// A place for values of a kind.
    pub fn new_place(&mut self, kind: &Kind, nullable: bool) -> Place {
        match (kind, WordKind::of(kind)) {
            (Kind::Null | Kind::Unknown, _) => Place::Null,
            (_, Some(_)) => {
                let word = self.new_word();
                Place::Word { word, null: if nullable { self.new_word() } else { NEVER } }
            }
            (_, None) => Place::Value(self.new_value()),
        }
    }
}
