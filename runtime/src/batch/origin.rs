//! Where the rows of a batch stand in a file or an input of the host: errors say it of the row that they are of.

use super::Batch;
use crate::error::{At, Place};
use arrow_buffer::{BooleanBuffer, Buffer};
use std::sync::Arc;

/// Where the rows of a batch stand in a file or an input of the host.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The file or the input as the script names it.
    pub file: Arc<str>,
    /// The records of the rows.
    pub records: Records,
}

/// What rows were read from.
#[derive(Clone, Debug)]
pub enum Records {
    /// Text; rows know their line only when somebody asks.
    OfText {
        /// The line of the first byte of `text`, from 1.
        first_line: u64,
        /// What the rows were read from.
        text: Buffer,
        /// Where in `text` each row's record begins.
        starts: Arc<[u32]>,
    },
    /// Text that is not at hand any more: the line of each row, from 1.
    Lines(Arc<[u64]>),
    /// A file without lines: the number of each row in it, from 1.
    Numbered(Arc<[u64]>),
    /// Rows one behind the other: the number of the first, from 1.
    From(u64),
    /// Those of them that a filter kept.
    Kept(u64, BooleanBuffer),
    /// Rows that came back from disk: each from a place of its own, if it has one.
    Each(Arc<[Option<Place>]>),
}

impl Origin {
    /// Rows of these places; nothing if none has one.
    pub fn each(places: Vec<Option<Place>>) -> Option<Origin> {
        let file = places.iter().flatten().next()?.file.clone();
        Some(Origin { file, records: Records::Each(places.into()) })
    }

    /// The place of a row, if it has one.
    pub fn place(&self, row: usize) -> Option<Place> {
        let at = match &self.records {
            Records::OfText { first_line, text, starts } => {
                let before = &text.as_slice()[..starts[row] as usize];
                At::Line(first_line + memchr::memchr_iter(b'\n', before).count() as u64)
            }
            Records::Lines(lines) => At::Line(lines[row]),
            Records::Numbered(numbers) => At::Row(numbers[row]),
            Records::From(first) => At::Row(first + row as u64),
            Records::Kept(first, keep) => At::Row(first + keep.set_indices().nth(row)? as u64),
            Records::Each(places) => return places[row].clone(),
        };
        Some(Place { file: self.file.clone(), at })
    }

    /// The same with all places known: to ask for one after the other would look through all before for each.
    pub fn located(&self) -> Origin {
        let (first_line, text, starts) = match &self.records {
            Records::OfText { first_line, text, starts } => (first_line, text, starts),
            Records::Kept(_, keep) => return self.of_rows(0..keep.count_set_bits()),
            Records::Lines(_) | Records::Numbered(_) | Records::From(_) | Records::Each(_) => return self.clone(),
        };
        let (mut line, mut from) = (*first_line, 0);
        let lines = starts.iter().map(|start| {
            let start = *start as usize;
            if start < from {
                (line, from) = (*first_line, 0);
            }
            line += memchr::memchr_iter(b'\n', &text.as_slice()[from..start]).count() as u64;
            from = start;
            line
        });
        Origin { file: self.file.clone(), records: Records::Lines(lines.collect()) }
    }

    /// The places of the rows that a filter keeps.
    pub fn kept(&self, keep: &BooleanBuffer) -> Origin {
        match &self.records {
            // Few are ever asked for.
            Records::From(first) => Origin { file: self.file.clone(), records: Records::Kept(*first, keep.clone()) },
            Records::OfText { .. }
            | Records::Lines(_)
            | Records::Numbered(_)
            | Records::Kept(..)
            | Records::Each(_) => self.of_rows(keep.set_indices()),
        }
    }

    /// The places of all rows of the parts of one input.
    pub fn of_parts(parts: &[Batch]) -> Option<Origin> {
        let first = parts.first()?.origin.as_ref()?;
        if let Records::From(_) = first.records {
            return Some(first.clone());
        }
        let mut numbers = Vec::new();
        for part in parts {
            match part.origin.as_ref()?.located().records {
                Records::Lines(of_part) | Records::Numbered(of_part) => numbers.extend_from_slice(&of_part),
                Records::OfText { .. } | Records::From(_) | Records::Kept(..) | Records::Each(_) => return None,
            }
        }
        let have_lines = !matches!(first.records, Records::Numbered(_));
        let records = if have_lines { Records::Lines } else { Records::Numbered };
        Some(Origin { file: first.file.clone(), records: records(numbers.into()) })
    }

    /// The places of some of the rows, in that order.
    pub fn of_rows(&self, rows: impl Iterator<Item = usize>) -> Origin {
        let records = match &self.records {
            Records::OfText { first_line, text, starts } => {
                let starts = rows.map(|row| starts[row]).collect();
                Records::OfText { first_line: *first_line, text: text.clone(), starts }
            }
            Records::Lines(lines) => Records::Lines(rows.map(|row| lines[row]).collect()),
            Records::Numbered(numbers) => Records::Numbered(rows.map(|row| numbers[row]).collect()),
            Records::From(first) => Records::Numbered(rows.map(|row| first + row as u64).collect()),
            Records::Kept(first, keep) => {
                let kept: Vec<usize> = keep.set_indices().collect();
                Records::Numbered(rows.map(|row| first + kept[row] as u64).collect())
            }
            Records::Each(places) => Records::Each(rows.map(|row| places[row].clone()).collect()),
        };
        Origin { file: self.file.clone(), records }
    }
}

impl Batch {
    /// The same as rows of an input of the host, which its faults say too.
    pub fn of_input(mut self, file: Arc<str>, records: Records) -> Batch {
        let origin = Origin { file, records };
        for fault in &mut self.faults {
            Arc::make_mut(&mut fault.error).place = origin.place(fault.row as usize);
        }
        Batch { origin: Some(origin), ..self }
    }
}
