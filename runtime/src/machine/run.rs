//! Runs code for one row after the other. Calls are frames on a stack of its own, so that scripts cannot exhaust that of
//! the thread.

use super::Machine;
use super::code::{Call, Code, CodeId, Instruction, Place, Value, Word, WordKind};
use super::values;
use crate::builtins::Functions;
use crate::error::RunError;
use crate::limits::Watch;
use pipelang_lang::ir::DEEPEST_CALL;
use pipelang_lang::scalar::{
    Arithmetic, Comparison, Items, Scalar, canonical, float_arithmetic, floor_modulo, int_arithmetic,
};
use pipelang_lang::ty::Kind;

/// How often the code may go back or call before it is looked whether the run must stop.
const PATIENCE: u32 = 1024;

/// Values are counted whenever a part of the memory of a run was made of them, this one.
const COUNTED_IN: u64 = 8;

/// Why code ended early.
#[derive(Debug)]
pub enum Stop {
    /// The row failed, or may have: replay the batch.
    Failed,
    /// The run must end.
    Ended(RunError),
}

/// The registers of all frames.
#[derive(Default)]
pub struct Stack {
    pub(super) words: Vec<u64>,
    pub(super) values: Vec<Scalar>,
    pub(super) lists: Vec<Items>,
    frames: Vec<Frame>,
    patience: u32,
    /// How many bytes values were made of since they were last counted, and after how many they are.
    made: u64,
    most: u64,
}

/// Where the registers of a frame begin, and where its code goes on.
#[derive(Clone, Copy, Default)]
struct Frame {
    code: u32,
    next: u32,
    words: usize,
    values: usize,
    lists: usize,
    /// The call that made it.
    call: u32,
}

impl Stack {
    /// Gets ready to run some code many times.
    pub fn begin(&mut self, code: &Code) {
        self.enter(code, Frame::default());
    }

    /// Puts a parameter into its place; it is no value.
    pub fn set_word(&mut self, place: Place, bits: u64, is_null: bool) {
        if let Place::Word { word, null } = place {
            self.words[word.0 as usize] = if is_null { 0 } else { bits };
            if null != super::code::NEVER {
                self.words[null.0 as usize] = u64::from(is_null);
            }
        }
    }

    /// Puts a parameter into its place; it is a value.
    pub fn set_value(&mut self, place: Place, value: Scalar) {
        if let Place::Value(at) = place {
            self.values[at.0 as usize] = value;
        }
    }

    /// Puts a parameter into its place, whatever it is.
    pub fn set(&mut self, place: Place, value: &Scalar) {
        match super::code::unwrap(value) {
            Some(bits) => self.set_word(place, bits, false),
            None if matches!(place, Place::Word { .. }) => self.set_word(place, 0, true),
            None => self.set_value(place, value.clone()),
        }
    }

    /// A result of a kind, whatever it is.
    pub fn get(&mut self, place: Place, kind: &Kind) -> Scalar {
        match (place, WordKind::of(kind)) {
            (Place::Word { word, null }, Some(kind)) => match self.word(word, null) {
                (bits, false) => kind.wrap(bits),
                (_, true) => Scalar::Null,
            },
            (Place::Value(at), _) => self.value(at),
            (Place::Null | Place::Word { .. }, _) => Scalar::Null,
        }
    }

    /// The bits of a result that is a word, and whether it is null.
    pub fn word(&self, word: Word, null: Word) -> (u64, bool) {
        (self.words[word.0 as usize], self.words[null.0 as usize] != 0)
    }

    /// A result that is a value.
    pub fn value(&mut self, value: Value) -> Scalar {
        std::mem::replace(&mut self.values[value.0 as usize], Scalar::Null)
    }

    /// How many bytes a result takes.
    pub fn size(&self, place: Place) -> u64 {
        if let Place::Value(at) = place { self.values[at.0 as usize].size() as u64 } else { 0 }
    }

    /// Fails if what is there is too much for the memory of the run.
    #[cold]
    fn count(&mut self, watch: &Watch) -> Result<(), Stop> {
        self.made = 0;
        let values: usize = self.values.iter().map(Scalar::share).sum();
        let lists: usize = self.lists.iter().map(Items::size).sum();
        watch.memory.check_room((values + lists) as u64).map_err(Stop::Ended)
    }

    /// Lets go of all values.
    pub fn clear(&mut self) {
        self.values.clear();
        self.lists.clear();
        self.frames.clear();
    }

    /// Makes the registers of a frame.
    fn enter(&mut self, code: &Code, frame: Frame) {
        fn grow<T: Default>(file: &mut Vec<T>, length: usize) {
            if file.len() < length {
                file.resize_with(length, T::default);
            }
        }
        grow(&mut self.words, frame.words + code.words as usize);
        let values = frame.values + code.values as usize;
        if self.values.len() < values {
            self.values.resize(values, Scalar::Null);
        }
        grow(&mut self.lists, frame.lists + code.lists as usize);
        for (word, bits) in &code.constants {
            self.words[frame.words + word.0 as usize] = *bits;
        }
    }

    /// Moves what goes into a frame or comes out of it.
    fn transfer(&mut self, from: (&Frame, Place), to: (&Frame, Place)) {
        match (from.1, to.1) {
            (Place::Word { word, null }, Place::Word { word: to_word, null: to_null }) => {
                self.words[to.0.words + to_word.0 as usize] = self.words[from.0.words + word.0 as usize];
                if to_null != super::code::NEVER {
                    self.words[to.0.words + to_null.0 as usize] = self.words[from.0.words + null.0 as usize];
                }
            }
            (Place::Null, Place::Word { null, .. }) => self.words[to.0.words + null.0 as usize] = 1,
            (Place::Value(value), Place::Value(to_value)) => {
                self.values[to.0.values + to_value.0 as usize] = self.values[from.0.values + value.0 as usize].clone();
            }
            (Place::Null, Place::Value(value)) => self.values[to.0.values + value.0 as usize] = Scalar::Null,
            (_, Place::Null) => {}
            (Place::Word { .. } | Place::Value(_), _) => unreachable!("both places have one type"),
        }
    }
}

impl Machine {
    /// Runs code that [`Stack::begin`] has made ready and whose parameters are in their places.
    pub fn run(&self, id: CodeId, stack: &mut Stack, functions: &Functions, watch: &Watch) -> Result<(), Stop> {
        stack.frames.clear();
        stack.most = watch.memory.limit().map_or(u64::MAX, |limit| limit / COUNTED_IN);
        let mut frame = Frame { code: id.0, ..Frame::default() };
        loop {
            let code = &self.codes[frame.code as usize];
            match run_frame(code, &mut frame, stack, functions, watch)? {
                Exit::Enter(call) => {
                    if stack.frames.len() >= DEEPEST_CALL as usize {
                        return Err(Stop::Failed);
                    }
                    frame = self.enter(code, call, frame, stack);
                }
                Exit::Replace(call) => frame = self.replace(code, call, frame, stack),
                Exit::Count => stack.count(watch)?,
                Exit::Return => {
                    let Some(caller) = stack.frames.pop() else { return Ok(()) };
                    let result = self.codes[caller.code as usize].calls[frame.call as usize].result;
                    stack.transfer((&frame, result.0), (&caller, result.1));
                    frame = caller;
                }
            }
        }
    }

    fn enter(&self, code: &Code, number: u32, caller: Frame, stack: &mut Stack) -> Frame {
        let call = &code.calls[number as usize];
        let callee = Frame {
            code: call.code.0,
            next: 0,
            words: caller.words + code.words as usize,
            values: caller.values + code.values as usize,
            lists: caller.lists + code.lists as usize,
            call: number,
        };
        stack.enter(&self.codes[call.code.0 as usize], callee);
        for (from, to) in &call.arguments {
            stack.transfer((&caller, *from), (&callee, *to));
        }
        stack.frames.push(caller);
        callee
    }

    /// A call whose frame takes the place of this one. Its arguments go by way of the place behind both.
    fn replace(&self, code: &Code, number: u32, frame: Frame, stack: &mut Stack) -> Frame {
        let call: &Call = &code.calls[number as usize];
        let next = &self.codes[call.code.0 as usize];
        let replaced = Frame { code: call.code.0, next: 0, ..frame };
        let beside = Frame {
            words: frame.words + code.words.max(next.words) as usize,
            values: frame.values + code.values.max(next.values) as usize,
            ..replaced
        };
        stack.enter(next, beside);
        for (from, to) in &call.arguments {
            stack.transfer((&frame, *from), (&beside, *to));
        }
        stack.enter(next, replaced);
        for (_, to) in &call.arguments {
            stack.transfer((&beside, *to), (&replaced, *to));
        }
        replaced
    }
}

/// How a frame is left.
enum Exit {
    Enter(u32),
    Replace(u32),
    Return,
    /// So much was made that it is to be counted; then the frame goes on.
    Count,
}

/// Runs a frame until it is left; `frame.next` is where it goes on.
fn run_frame(
    code: &Code,
    frame: &mut Frame,
    stack: &mut Stack,
    functions: &Functions,
    watch: &Watch,
) -> Result<Exit, Stop> {
    let mut next = frame.next as usize;
    let mut patience = stack.patience;
    let (depth, most) = (stack.frames.len(), stack.most);
    let words = &mut stack.words[frame.words..frame.words + code.words as usize];
    let mut values = values::Values {
        code,
        functions,
        values: &mut stack.values[frame.values..frame.values + code.values as usize],
        lists: &mut stack.lists[frame.lists..frame.lists + code.lists as usize],
        made: &mut stack.made,
    };
    let exit = loop {
        let instruction = code.instructions[next];
        next += 1;
        match instruction {
            Instruction::Jump { target } => next = target as usize,
            Instruction::Loop { target } => {
                next = target as usize;
                patience = look(patience, watch)?;
            }
            Instruction::JumpIf { condition, target } => {
                if words[condition.0 as usize] != 0 {
                    next = target as usize;
                }
            }
            Instruction::JumpUnless { condition, target } => {
                if words[condition.0 as usize] == 0 {
                    next = target as usize;
                }
            }
            Instruction::JumpUnlessInt { op, a, b, target } => {
                if !compares(op, words[a.0 as usize] as i64, words[b.0 as usize] as i64) {
                    next = target as usize;
                }
            }
            Instruction::JumpUnlessFloat { op, a, b, target } => {
                if !compares(op, float(words, a), float(words, b)) {
                    next = target as usize;
                }
            }
            Instruction::Item { to, list, at, target } => {
                if !values.item(to, list, &mut words[at.0 as usize]) {
                    next = target as usize;
                }
            }
            Instruction::CheckDepth if depth >= DEEPEST_CALL as usize => return Err(Stop::Failed),
            Instruction::CheckDepth => {}
            Instruction::Fail => return Err(Stop::Failed),
            Instruction::Enter { call } => break Exit::Enter(call),
            Instruction::Replace { call } => break Exit::Replace(call),
            Instruction::Return => break Exit::Return,
            operation => match on_words(operation, words) {
                Some(true) => {}
                Some(false) => return Err(Stop::Failed),
                None if values.run(operation, words) => {
                    if *values.made > most {
                        break Exit::Count;
                    }
                }
                None => return Err(Stop::Failed),
            },
        }
    };
    frame.next = next as u32;
    stack.patience = look(patience, watch)?;
    Ok(exit)
}

/// Counts down, and looks whether the run must stop when it is time.
#[inline(always)]
fn look(patience: u32, watch: &Watch) -> Result<u32, Stop> {
    match patience.checked_sub(1) {
        Some(rest) => Ok(rest),
        None => watch.spend(PATIENCE.into()).map(|()| PATIENCE).map_err(Stop::Ended),
    }
}

#[inline(always)]
fn float(words: &[u64], word: Word) -> f64 {
    f64::from_bits(words[word.0 as usize])
}

#[inline(always)]
fn compares<T: PartialOrd>(op: Comparison, a: T, b: T) -> bool {
    match op {
        Comparison::Equal => a == b,
        Comparison::NotEqual => a != b,
        Comparison::Less => a < b,
        Comparison::LessOrEqual => a <= b,
        Comparison::Greater => a > b,
        Comparison::GreaterOrEqual => a >= b,
    }
}

/// Does an operation on words; false if it has no result, none if it is not on words alone.
#[inline(always)]
fn on_words(instruction: Instruction, words: &mut [u64]) -> Option<bool> {
    let int = |word: Word| words[word.0 as usize] as i64;
    let (to, result) = match instruction {
        Instruction::Copy { to, from } => (to, Some(int(from))),
        Instruction::IntAdd { to, a, b } => (to, int(a).checked_add(int(b))),
        Instruction::IntSubtract { to, a, b } => (to, int(a).checked_sub(int(b))),
        Instruction::IntMultiply { to, a, b } => (to, int(a).checked_mul(int(b))),
        Instruction::IntModulo { to, a, b } => (to, (int(b) != 0).then(|| floor_modulo(int(a), int(b)))),
        Instruction::IntShift { to, a, by } => (to, Some(int(a) >> by)),
        Instruction::IntMask { to, a, mask } => (to, Some(int(a) & i64::from(mask))),
        Instruction::Int { op, to, a, b } => (to, int_result(op, int(a), int(b))),
        Instruction::IntNegate { to, a } => (to, int(a).checked_neg()),
        Instruction::Float { op, to, a, b } => {
            (to, Some(float_arithmetic(op, float(words, a), float(words, b)).to_bits() as i64))
        }
        Instruction::FloatNegate { to, a } => (to, Some(canonical(-float(words, a)).to_bits() as i64)),
        Instruction::ToFloat { to, a } => (to, Some((int(a) as f64).to_bits() as i64)),
        Instruction::CompareInt { op, to, a, b } => (to, Some(i64::from(compares(op, int(a), int(b))))),
        Instruction::CompareFloat { op, to, a, b } => {
            (to, Some(i64::from(compares(op, float(words, a), float(words, b)))))
        }
        Instruction::Not { to, a } => (to, Some(i64::from(int(a) == 0))),
        Instruction::And { to, a, b } => (to, Some(int(a) & int(b))),
        Instruction::Or { to, a, b } => (to, Some(int(a) | int(b))),
        _ => return None,
    };
    if let Some(result) = result {
        words[to.0 as usize] = result as u64;
    }
    Some(result.is_some())
}

/// What is rare enough to make an error text for.
#[inline(never)]
fn int_result(op: Arithmetic, a: i64, b: i64) -> Option<i64> {
    int_arithmetic(op, a, b).ok()
}
