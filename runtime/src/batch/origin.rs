//! Where the rows of a batch stand in a file: errors say it of the row that they are of.

use crate::error::{At, Place};
use arrow_buffer::Buffer;
use std::sync::Arc;

/// Where the rows of a batch stand in a file.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The file as the script names it.
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
    /// A file without lines: the number of each row in it, from 1.
    Numbered(Arc<[u64]>),
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
            Records::Numbered(numbers) => At::Row(numbers[row]),
            Records::Each(places) => return places[row].clone(),
        };
        Some(Place { file: self.file.clone(), at })
    }

    /// The same with all places known: to ask for one after the other would look through the text for each.
    pub fn located(&self) -> Origin {
        let Records::OfText { first_line, text, starts } = &self.records else { return self.clone() };
        let (mut line, mut from) = (*first_line, 0);
        let places = starts.iter().map(|start| {
            let start = *start as usize;
            if start < from {
                (line, from) = (*first_line, 0);
            }
            line += memchr::memchr_iter(b'\n', &text.as_slice()[from..start]).count() as u64;
            from = start;
            Some(Place { file: self.file.clone(), at: At::Line(line) })
        });
        Origin { file: self.file.clone(), records: Records::Each(places.collect()) }
    }

    /// The places of some of the rows, in that order.
    pub fn of_rows(&self, rows: impl Iterator<Item = usize>) -> Origin {
        let records = match &self.records {
            Records::OfText { first_line, text, starts } => {
                let starts = rows.map(|row| starts[row]).collect();
                Records::OfText { first_line: *first_line, text: text.clone(), starts }
            }
            Records::Numbered(numbers) => Records::Numbered(rows.map(|row| numbers[row]).collect()),
            Records::Each(places) => Records::Each(rows.map(|row| places[row].clone()).collect()),
        };
        Origin { file: self.file.clone(), records }
    }
}
