//! The rows that go out: each chunk's kept rows are put behind those of the chunks before. A column that goes out as it
//! came in is not copied if all rows are kept, and else cut once, at the end.

use crate::batch::{self, Batch, Column, size_of_texts, wide_array};
use crate::error::RunError;
use crate::kernel::frame::{Frame, Lanes, Scratch, Stored, Texts};
use crate::kernel::ir::{Program, ProgramOutput, Register};
use crate::kernel::ops::Lane;
use crate::memory::{Memory, Share};
use arrow_array::{Array, BooleanArray, Date32Array, Decimal128Array, Float64Array, StringViewArray};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow_select::nullif::nullif;
use pipelang_lang::fault::{self, Fault};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Kind;

/// Bits, one after the other.
#[derive(Default)]
struct Bits {
    words: Vec<u64>,
    length: usize,
}

impl Bits {
    fn with_capacity(bits: usize) -> Bits {
        Bits { words: Vec::with_capacity(bits.div_ceil(64)), length: 0 }
    }

    /// Adds the lowest `count` bits of `word`; at most 64.
    fn push(&mut self, word: u64, count: usize) {
        if count == 0 {
            return;
        }
        let word = if count == 64 { word } else { word & ((1 << count) - 1) };
        let used = self.length % 64;
        match self.words.last_mut() {
            Some(last) if used > 0 => {
                *last |= word << used;
                if used + count > 64 {
                    self.words.push(word >> (64 - used));
                }
            }
            _ => self.words.push(word),
        }
        self.length += count;
    }

    fn finish(self) -> BooleanBuffer {
        BooleanBuffer::new(Buffer::from_vec(self.words), 0, self.length)
    }
}

/// The values of an output as they are gathered.
enum Values {
    /// A column of the batch, as it came.
    Input(usize),
    /// Null in every row.
    Null,
    Int(Vec<i64>, Kind),
    Float(Vec<f64>),
    Date(Vec<i32>),
    Wide(Vec<i128>),
    Bool(Bits),
    Text(Vec<StringViewArray>),
    Scalars(Vec<Scalar>),
}

struct Gathered {
    values: Values,
    valid: Option<Bits>,
}

/// The words of the rows of a chunk that are kept; none if all are.
fn kept(frame: &Frame) -> Option<Vec<u64>> {
    frame.program.keep.map(|keep| {
        let word = |at: usize| match frame.lanes::<u64>(keep) {
            Lanes::Each(words) => words[at],
            Lanes::All(word) => word,
        };
        let last = |at: usize| fault::is(Fault::LastLaneLost) && at + 1 == frame.words();
        (0..frame.words()).map(|at| word(at) & frame.tail(at) >> u32::from(last(at))).collect()
    })
}

/// Adds the rows of a chunk that are kept.
pub fn add_kept(frame: &Frame, rows: &mut Vec<u32>) {
    let first = frame.start as u32;
    let Some(words) = kept(frame) else { return rows.extend(first..first + frame.rows as u32) };
    for (at, word) in words.into_iter().enumerate() {
        let mut left = word;
        while left != 0 {
            rows.push(first + at as u32 * 64 + left.trailing_zeros());
            left &= left - 1;
        }
    }
}

/// Gathers the outputs of a program over the chunks of a batch.
pub struct Gather<'a> {
    program: &'a Program,
    batch: &'a Batch,
    keep: Option<Bits>,
    outputs: Vec<Gathered>,
    share: Share,
}

impl<'a> Gather<'a> {
    /// Nothing gathered yet; texts and values are counted as long as they are.
    pub fn new(program: &'a Program, batch: &'a Batch, memory: &Memory) -> Gather<'a> {
        let outputs = program.outputs.iter().zip(&program.kinds).map(|(output, kind)| match output {
            ProgramOutput::Input(at) => Gathered { values: Values::Input(*at as usize), valid: None },
            ProgramOutput::Null => Gathered { values: Values::Null, valid: None },
            ProgramOutput::Computed { lanes, valid } => Gathered {
                values: room(program.lane(*lanes), kind, batch.rows),
                valid: valid.map(|_| Bits::with_capacity(batch.rows)),
            },
        });
        let outputs = outputs.collect();
        let keep = program.keep.map(|_| Bits::with_capacity(batch.rows));
        Gather { program, batch, keep, outputs, share: memory.share(1) }
    }

    /// Adds the kept rows of a chunk; fails if that is too much.
    pub fn add(&mut self, frame: &Frame) -> Result<(), RunError> {
        let keep = kept(frame);
        if let (Some(bits), Some(words)) = (&mut self.keep, &keep) {
            let counts = (0..frame.words()).map(|at| 64.min(frame.rows - at * 64));
            words.iter().zip(counts).for_each(|(word, count)| bits.push(*word, count));
        }
        let keep = keep.as_deref();
        for (gathered, output) in self.outputs.iter_mut().zip(&self.program.outputs) {
            let ProgramOutput::Computed { lanes, valid } = *output else { continue };
            add_values(&mut gathered.values, frame, lanes, keep);
            if frame.held.is_some() {
                self.share.hold(size_of_last(&gathered.values, frame.rows))?;
            }
            if let (Some(bits), Some(valid)) = (&mut gathered.valid, valid) {
                add_bits(bits, frame, valid, keep);
            }
        }
        Ok(())
    }

    /// The batch of all that was gathered.
    pub fn finish(self, scratch: &mut Scratch) -> Batch {
        let keep = self.keep.map(|bits| BooleanArray::new(bits.finish(), None));
        let kept = keep.as_ref().map_or(self.batch.rows, BooleanArray::true_count);
        let all = kept == self.batch.rows;
        let columns = self.outputs.into_iter().map(|gathered| {
            scratch.allocated +=
                u64::from(!matches!(gathered.values, Values::Input(_))) + u64::from(gathered.valid.is_some());
            let nulls = gathered.valid.map(|bits| NullBuffer::new(bits.finish()));
            let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
            match (gathered.values, &keep) {
                (Values::Input(at), Some(keep)) if !all => self.batch.columns[at].filter(keep),
                (Values::Input(at), _) => self.batch.columns[at].clone(),
                (values, _) => column(values, nulls, kept),
            }
        });
        let columns = columns.collect();
        scratch.allocated += u64::from(keep.is_some());
        let origin = self.batch.origin.as_ref().map(|origin| match &keep {
            Some(keep) if !all => origin.kept(keep.values()),
            Some(_) | None => origin.clone(),
        });
        Batch { rows: kept, columns, faults: Vec::new(), origin }
    }
}

/// About how many bytes the last rows take, of which there are at most `rows`; nothing where they are plain.
fn size_of_last(values: &Values, rows: usize) -> u64 {
    match values {
        Values::Text(parts) => parts.last().map_or(0, size_of_texts),
        Values::Scalars(values) => {
            values[values.len().saturating_sub(rows)..].iter().map(Scalar::share).sum::<usize>() as u64
        }
        Values::Input(_) | Values::Null | Values::Int(..) | Values::Float(_) => 0,
        Values::Date(_) | Values::Wide(_) | Values::Bool(_) => 0,
    }
}

fn room(lane: Lane, kind: &Kind, rows: usize) -> Values {
    match lane {
        Lane::Int => Values::Int(Vec::with_capacity(rows), kind.clone()),
        Lane::Float => Values::Float(Vec::with_capacity(rows)),
        Lane::Date => Values::Date(Vec::with_capacity(rows)),
        Lane::Wide => Values::Wide(Vec::with_capacity(rows)),
        Lane::Bool => Values::Bool(Bits::with_capacity(rows)),
        Lane::Text => Values::Text(Vec::new()),
        Lane::Value => Values::Scalars(Vec::with_capacity(rows)),
    }
}

fn add_values(values: &mut Values, frame: &Frame, lanes: Register, keep: Option<&[u64]>) {
    match values {
        Values::Input(_) | Values::Null => {}
        Values::Int(values, _) => add_lanes(values, frame, lanes, keep),
        Values::Float(values) => add_lanes(values, frame, lanes, keep),
        Values::Date(values) => add_lanes(values, frame, lanes, keep),
        Values::Wide(values) => add_lanes(values, frame, lanes, keep),
        Values::Bool(bits) => add_bits(bits, frame, lanes, keep),
        Values::Text(parts) => parts.push(texts(frame, lanes, keep)),
        Values::Scalars(values) => add_scalars(values, frame, lanes, keep),
    }
}

fn add_lanes<T: Stored>(out: &mut Vec<T>, frame: &Frame, register: Register, keep: Option<&[u64]>) {
    let kept = keep.map_or(frame.rows, |words| words.iter().map(|word| word.count_ones() as usize).sum());
    let lanes = match frame.lanes::<T>(register) {
        Lanes::All(value) => return out.extend(std::iter::repeat_n(value, kept)),
        Lanes::Each(lanes) => &lanes[..frame.rows],
    };
    let Some(words) = keep.filter(|_| kept < frame.rows) else { return out.extend_from_slice(lanes) };
    for (word, block) in words.iter().zip(lanes.chunks(64)) {
        let mut left = *word;
        if left == u64::MAX {
            out.extend_from_slice(block);
            continue;
        }
        while left != 0 {
            out.push(block[left.trailing_zeros() as usize]);
            left &= left - 1;
        }
    }
}

fn add_bits(out: &mut Bits, frame: &Frame, register: Register, keep: Option<&[u64]>) {
    for at in 0..frame.words() {
        let word = match frame.lanes::<u64>(register) {
            Lanes::Each(words) => words[at],
            Lanes::All(word) => word,
        };
        let Some(mask) = keep.map(|words| words[at]).filter(|mask| *mask != frame.tail(at)) else {
            out.push(word, 64.min(frame.rows - at * 64));
            continue;
        };
        let (mut left, mut packed, mut count) = (mask, 0, 0);
        while left != 0 {
            packed |= (word >> left.trailing_zeros() & 1) << count;
            left &= left - 1;
            count += 1;
        }
        out.push(packed, count);
    }
}

fn add_scalars(out: &mut Vec<Scalar>, frame: &Frame, register: Register, keep: Option<&[u64]>) {
    let scalars = frame.scalars(register);
    let is_kept = |row: &usize| keep.is_none_or(|words| words[row / 64] >> (row % 64) & 1 != 0);
    out.extend((0..frame.rows).filter(is_kept).map(|row| scalars.get(row).clone()));
}

fn texts(frame: &Frame, register: Register, keep: Option<&[u64]>) -> StringViewArray {
    let texts = match frame.texts(register) {
        Texts::Each(array, start) => array.slice(start, frame.rows),
        Texts::All(text) => StringViewArray::from_iter_values(std::iter::repeat_n(text, frame.rows)),
    };
    let Some(words) = keep else { return texts };
    let mask = BooleanArray::new(BooleanBuffer::new(Buffer::from_slice_ref(words), 0, frame.rows), None);
    let kept = arrow_select::filter::filter(&texts, &mask).expect("the mask is as long as the texts");
    kept.as_any().downcast_ref::<StringViewArray>().expect("texts were filtered").clone()
}

fn column(values: Values, nulls: Option<NullBuffer>, rows: usize) -> Column {
    match values {
        Values::Input(_) => unreachable!("the caller has the batch"),
        Values::Null => Column::Null(rows),
        Values::Int(values, kind) => Column::of_ints(&kind, values.into(), nulls),
        Values::Float(values) => Column::Float(Float64Array::new(values.into(), nulls)),
        Values::Date(values) => Column::Date(Date32Array::new(values.into(), nulls)),
        Values::Wide(values) => Column::Wide(wide_array(Decimal128Array::new(values.into(), nulls))),
        Values::Bool(bits) => Column::Bool(BooleanArray::new(bits.finish(), nulls)),
        Values::Scalars(mut values) => {
            if let Some(nulls) = nulls {
                let absent = (0..rows).filter(|row| nulls.is_null(*row));
                absent.for_each(|row| values[row] = Scalar::Null);
            }
            Column::Values(batch::Values::new(values))
        }
        Values::Text(parts) => {
            let parts: Vec<&dyn Array> = parts.iter().map(|part| part as &dyn Array).collect();
            let joined = match parts.is_empty() {
                true => arrow_array::new_empty_array(&arrow_schema::DataType::Utf8View),
                false => arrow_select::concat::concat(&parts).expect("the parts have one type"),
            };
            // Where the parts have nulls of their own, the value is null or does not count.
            let joined = match nulls {
                Some(nulls) => nullif(&joined, &BooleanArray::new(!nulls.inner(), None)).expect("they are as long"),
                None => joined,
            };
            Column::String(joined.as_any().downcast_ref::<StringViewArray>().expect("texts were joined").clone())
        }
    }
}
