//! The registers of a program while it runs over a chunk of a batch: views of the batch's columns, constants, and scratch
//! buffers that live as long as the worker.

use super::ir::{CHUNK, Place, Program, Register};
use super::ops::Lane;
use crate::batch::{Batch, Column, size_of_texts};
use crate::error::RunError;
use crate::machine::Stack;
use crate::memory::{Memory, Share};
use arrow_array::{Array, StringViewArray};
use pipelang_lang::fault::{self, Fault};
use pipelang_lang::scalar::Scalar;

/// The scratch buffers of a worker; any program may use them.
#[derive(Default)]
pub struct Scratch {
    ints: Vec<Vec<i64>>,
    floats: Vec<Vec<f64>>,
    dates: Vec<Vec<i32>>,
    words: Vec<Vec<u64>>,
    texts: Vec<Option<StringViewArray>>,
    wides: Vec<Vec<i128>>,
    values: Vec<Vec<Scalar>>,
    /// What loops store that are not cut in chunks.
    stored: Vec<Vec<u64>>,
    /// The registers of code that runs row by row.
    pub stack: Stack,
    /// How many buffers were allocated, those of the batches that went out included.
    pub allocated: u64,
    /// Why rows were left out, where the run goes on behind an error.
    pub rejected: Vec<RunError>,
}

impl Scratch {
    /// No buffers yet.
    pub fn new() -> Scratch {
        Scratch::default()
    }

    /// Lets go of texts and values; what is in buffers of plain words is used again.
    pub fn clear(&mut self) {
        self.texts.fill(None);
        self.values.iter_mut().for_each(|values| *values = Vec::new());
    }

    /// Room for so many rows of so many columns.
    pub fn stored(&mut self, columns: usize, rows: usize) -> &mut [Vec<u64>] {
        if self.stored.len() < columns {
            self.stored.resize(columns, Vec::new());
        }
        for words in self.stored[..columns].iter_mut().filter(|words| words.len() < rows) {
            words.resize(rows, 0);
        }
        &mut self.stored[..columns]
    }

    /// Makes room for a program.
    pub fn reserve(&mut self, program: &Program) {
        for lane in Lane::ALL {
            let wanted = program.slots[lane as usize];
            self.allocated += match lane {
                Lane::Int => grow(&mut self.ints, wanted, CHUNK),
                Lane::Float => grow(&mut self.floats, wanted, CHUNK),
                Lane::Date => grow(&mut self.dates, wanted, CHUNK),
                Lane::Bool => grow(&mut self.words, wanted, CHUNK / 64),
                Lane::Wide => grow(&mut self.wides, wanted, CHUNK),
                Lane::Text => {
                    self.texts.resize(self.texts.len().max(wanted), None);
                    0
                }
                Lane::Value => {
                    self.values.resize(self.values.len().max(wanted), Vec::new());
                    0
                }
            };
        }
    }
}

fn grow<T: Stored>(pool: &mut Vec<Vec<T>>, wanted: usize, length: usize) -> u64 {
    let missing = wanted.saturating_sub(pool.len());
    pool.resize_with(pool.len() + missing, || vec![T::ZERO; length]);
    missing as u64
}

/// A lane type that is kept in plain buffers; `u64` stands for 64 rows of a bitmap.
pub trait Stored: Copy + 'static {
    /// What stands where nothing is known.
    const ZERO: Self;
    /// The scratch buffers of this type.
    fn pool(scratch: &Scratch) -> &[Vec<Self>];
    /// The same, to write.
    fn pool_mut(scratch: &mut Scratch) -> &mut [Vec<Self>];
    /// The values of a column, if that is how it keeps them.
    fn of_column(column: &Column) -> Option<&[Self]>;
    /// The value of a constant.
    fn of_scalar(value: &Scalar) -> Self;
}

macro_rules! stored {
    ($type:ty, $pool:ident, $zero:expr, [$($column:pat => $values:expr),*], $scalar:pat => $value:expr) => {
        impl Stored for $type {
            const ZERO: $type = $zero;

            fn pool(scratch: &Scratch) -> &[Vec<$type>] {
                &scratch.$pool
            }

            fn pool_mut(scratch: &mut Scratch) -> &mut [Vec<$type>] {
                &mut scratch.$pool
            }

            fn of_column(column: &Column) -> Option<&[$type]> {
                match column {
                    $($column => Some($values),)*
                    _ => None,
                }
            }

            fn of_scalar(value: &Scalar) -> $type {
                if let $scalar = value { $value } else { unreachable!("a constant has the type of its lanes") }
            }
        }
    };
}

stored!(
    i64, ints, 0,
    [
        Column::Int(array) => array.values(),
        Column::DateTime(array) => array.values(),
        Column::Duration(array) => array.values()
    ],
    Scalar::Int(x) | Scalar::DateTime(x) | Scalar::Duration(x) => *x
);
stored!(f64, floats, 0.0, [Column::Float(array) => array.values()], Scalar::Float(x) => *x);
stored!(i32, dates, 0, [Column::Date(array) => array.values()], Scalar::Date(d) => *d);
stored!(i128, wides, 0, [Column::Wide(array) => array.values()], Scalar::Wide(w) => *w);
stored!(u64, words, 0, [], Scalar::Bool(b) => if *b { u64::MAX } else { 0 });

/// The lanes of a column that is null throughout.
static ZEROS: [u64; CHUNK] = [0; CHUNK];

/// The lanes of a register.
#[derive(Clone, Copy, Debug)]
pub enum Lanes<'a, T> {
    /// One for each row.
    Each(&'a [T]),
    /// One for all rows.
    All(T),
}

/// The lanes of a register of text.
#[derive(Clone, Copy)]
pub enum Texts<'a> {
    /// One for each row, from a row of an array on.
    Each(&'a StringViewArray, usize),
    /// One for all rows.
    All(&'a str),
}

impl<'a> Texts<'a> {
    /// The text of a row.
    pub fn get(self, row: usize) -> &'a str {
        match self {
            Texts::Each(array, start) => array.value(start + row),
            Texts::All(text) => text,
        }
    }
}

/// The lanes of a register of values.
#[derive(Clone, Copy)]
pub enum Scalars<'a> {
    /// One for each row.
    Each(&'a [Scalar]),
    /// One for all rows.
    All(&'a Scalar),
}

impl<'a> Scalars<'a> {
    /// The value of a row.
    pub fn get(self, row: usize) -> &'a Scalar {
        match self {
            Scalars::Each(values) => &values[row],
            Scalars::All(value) => value,
        }
    }
}

/// A program at work on some rows of a batch.
pub struct Frame<'a> {
    /// What is done.
    pub program: &'a Program,
    /// To what.
    pub batch: &'a Batch,
    /// Where registers live.
    pub scratch: &'a mut Scratch,
    /// The first row.
    pub start: usize,
    /// How many rows, at most [`CHUNK`].
    pub rows: usize,
    /// Whether anything failed.
    pub failed: bool,
    /// Why the run must end, if it must.
    pub stopped: Option<RunError>,
    /// An array without a value, for text columns that are null throughout.
    pub no_text: &'a StringViewArray,
    /// What its texts and values take, if that is counted.
    pub held: &'a mut Option<Held>,
}

/// What the texts and values in the registers of a program take.
pub struct Held {
    share: Share,
    texts: Vec<u64>,
    values: Vec<u64>,
}

impl Held {
    /// Nothing yet; none where nobody counts.
    pub fn of(memory: &Memory, program: &Program) -> Option<Held> {
        let sizes = |lane: Lane| vec![0; program.slots[lane as usize]];
        let held = || Held { share: memory.share(1), texts: sizes(Lane::Text), values: sizes(Lane::Value) };
        memory.counts_values().then(held)
    }

    fn set(&mut self, lane: Lane, slot: usize, bytes: u64) -> Result<(), RunError> {
        let sizes = if lane == Lane::Text { &mut self.texts } else { &mut self.values };
        let before = std::mem::replace(&mut sizes[slot], bytes);
        self.share.release(before);
        self.share.hold(bytes)
    }
}

impl Frame<'_> {
    /// How many words a bitmap of the chunk has. Bits behind the last row hold anything.
    pub fn words(&self) -> usize {
        self.rows.div_ceil(64)
    }

    /// The bits of word `word` that stand for rows.
    pub fn tail(&self, word: usize) -> u64 {
        let bits = self.rows - word * 64;
        if bits >= 64 { u64::MAX } else { (1 << bits) - 1 }
    }

    /// What a register holds. Bitmaps come as words, see [`Frame::words`].
    pub fn lanes<T: Stored>(&self, register: Register) -> Lanes<'_, T> {
        match self.program.place(register) {
            Place::Input(at) => match T::of_column(&self.batch.columns[at as usize]) {
                Some(values) => Lanes::Each(&values[self.start..self.start + self.rows]),
                None => Lanes::All(T::ZERO),
            },
            Place::Constant(at) => Lanes::All(T::of_scalar(&self.program.constants[at as usize])),
            Place::Slot(at) => Lanes::Each(&T::pool(self.scratch)[at as usize]),
            Place::Nowhere => unreachable!("a register that is read has a place"),
        }
    }

    /// What a register of text holds.
    pub fn texts(&self, register: Register) -> Texts<'_> {
        match self.program.place(register) {
            Place::Input(at) => match &self.batch.columns[at as usize] {
                Column::String(array) => Texts::Each(array, self.start),
                _ => Texts::All(""),
            },
            Place::Constant(at) => match &self.program.constants[at as usize] {
                Scalar::String(text) => Texts::All(text),
                _ => unreachable!("a constant has the type of its lanes"),
            },
            Place::Slot(at) => Texts::Each(self.scratch.texts[at as usize].as_ref().unwrap_or(self.no_text), 0),
            Place::Nowhere => unreachable!("a register that is read has a place"),
        }
    }

    /// What a register of values holds; where it is null, anything.
    pub fn scalars(&self, register: Register) -> Scalars<'_> {
        match self.program.place(register) {
            Place::Input(at) => match &self.batch.columns[at as usize] {
                Column::Values(values) => Scalars::Each(&values.as_slice()[self.start..self.start + self.rows]),
                _ => Scalars::All(&Scalar::Null),
            },
            Place::Constant(at) => Scalars::All(&self.program.constants[at as usize]),
            Place::Slot(at) => Scalars::Each(&self.scratch.values[at as usize]),
            Place::Nowhere => unreachable!("a register that is read has a place"),
        }
    }

    /// Sets a register of values.
    pub fn put_scalars(&mut self, register: Register, values: Vec<Scalar>) {
        debug_assert_eq!(values.len(), self.rows);
        let slot = self.slot(register);
        self.hold(Lane::Value, slot, || values.iter().map(Scalar::share).sum::<usize>() as u64);
        self.scratch.values[slot] = values;
    }

    /// The buffer of a register that is about to be written; give it back with [`Frame::put`]. A register that nobody
    /// reads has none.
    pub fn take<T: Stored>(&mut self, register: Register) -> Vec<T> {
        let slot = self.slot(register);
        std::mem::take(&mut T::pool_mut(self.scratch)[slot])
    }

    /// Puts the buffer of a register back.
    pub fn put<T: Stored>(&mut self, register: Register, buffer: Vec<T>) {
        let slot = self.slot(register);
        T::pool_mut(self.scratch)[slot] = buffer;
    }

    /// Sets a register of text.
    pub fn put_texts(&mut self, register: Register, texts: StringViewArray) {
        debug_assert_eq!(texts.len(), self.rows);
        let slot = self.slot(register);
        self.hold(Lane::Text, slot, || size_of_texts(&texts));
        self.scratch.texts[slot] = Some(texts);
    }

    fn hold(&mut self, lane: Lane, slot: usize, bytes: impl Fn() -> u64) {
        if let Some(held) = self.held
            && let Err(error) = held.set(lane, slot, bytes())
        {
            self.stopped.get_or_insert(error);
        }
    }

    fn slot(&self, register: Register) -> usize {
        match self.program.place(register) {
            Place::Slot(at) => at as usize,
            Place::Input(_) | Place::Constant(_) | Place::Nowhere => unreachable!("what is written has a slot"),
        }
    }

    /// Where the lanes of a register can be read: at least `rows` of them, of a bitmap at least [`Frame::words`] words.
    pub fn read_from(&self, register: Register) -> *const u8 {
        fn start<T: Stored>(lanes: Lanes<T>, length: usize) -> *const u8 {
            match lanes {
                Lanes::Each(lanes) => lanes[..length].as_ptr().cast(),
                Lanes::All(_) => ZEROS[..length].as_ptr().cast(),
            }
        }
        match self.program.lane(register) {
            Lane::Int => start(self.lanes::<i64>(register), self.rows),
            Lane::Float => start(self.lanes::<f64>(register), self.rows),
            Lane::Date => start(self.lanes::<i32>(register), self.rows),
            Lane::Bool => start(self.lanes::<u64>(register), self.words()),
            Lane::Text | Lane::Wide | Lane::Value => unreachable!("machine registers hold no such lanes"),
        }
    }

    /// Where the lanes of a register can be written, as many as [`Frame::read_from`] says.
    pub fn write_to(&mut self, register: Register) -> *mut u8 {
        fn start<T: Stored>(frame: &mut Frame, register: Register, length: usize) -> *mut u8 {
            let slot = frame.slot(register);
            T::pool_mut(frame.scratch)[slot][..length].as_mut_ptr().cast()
        }
        let (rows, words) = (self.rows, self.words());
        match self.program.lane(register) {
            Lane::Int => start::<i64>(self, register, rows),
            Lane::Float => start::<f64>(self, register, rows),
            Lane::Date => start::<i32>(self, register, rows),
            Lane::Bool => start::<u64>(self, register, words),
            Lane::Text | Lane::Wide | Lane::Value => unreachable!("machine registers hold no such lanes"),
        }
    }

    /// Fails the batch if both bitmaps are set anywhere.
    pub fn check(&mut self, fault: Register, active: Register) {
        let word = |lanes: Lanes<u64>, at: usize| match lanes {
            Lanes::Each(words) => words[at],
            Lanes::All(word) => word,
        };
        let (faults, mask) = (self.lanes::<u64>(fault), self.lanes::<u64>(active));
        let tail =
            |at: usize| self.tail(at) >> u32::from(fault::is(Fault::LastLaneUnchecked) && at + 1 == self.words());
        let failed = (0..self.words()).any(|at| word(faults, at) & word(mask, at) & tail(at) != 0);
        self.failed |= failed;
    }
}

/// Executes the leaves of one program: what differs between the executors.
pub trait Leaves: Sync {
    /// Executes leaf `number`, whose instructions are at `range`.
    fn run(&self, number: usize, range: std::ops::Range<usize>, frame: &mut Frame);
}
