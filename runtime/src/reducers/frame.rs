//! Frames of rows that move: what a window asks of a reducer. A row comes in at the end, the oldest one goes, and the
//! value of those in between is wanted after every step, so that none of the three may look at all rows where it need
//! not.
//!
//! A frame has nothing but rows that count: a row for which `where:` does not hold neither comes nor goes.

use super::{Reducer, State};
use crate::batch::Column;
use pipelang_lang::scalar::{Fault, Scalar};
use pipelang_lang::ty::Type;
use std::collections::VecDeque;

/// The rows of a frame. What [`Frame::value`] gives is what the reducer's [`State`] gives for the same rows.
pub trait Frame: Send {
    /// Takes the arguments of a row that comes behind those that are there.
    fn push(&mut self, row: &[Scalar]);

    /// Lets the oldest row go, whose arguments are `row`.
    fn pop(&mut self, row: &[Scalar]);

    /// The value of the rows that are there.
    fn value(&self) -> Scalar;

    /// The same; it fails where that is larger than a value may be.
    fn checked_value(&self) -> Result<Scalar, Fault> {
        Ok(self.value())
    }
}

/// An empty frame for arguments of these types.
pub type StartFrame = fn(arguments: &[Type]) -> Box<dyn Frame>;

impl Reducer {
    /// An empty frame for arguments of these types.
    pub fn frame(&self, arguments: &[Type]) -> Box<dyn Frame> {
        match self.frame {
            Some(start) => start(arguments),
            None => Box::new(Kept { rows: VecDeque::new(), start: self.start, types: arguments.into() }),
        }
    }

    /// The value of some rows, whose arguments are given as columns; it fails where that is larger than a value may be.
    pub fn reduce(&self, types: &[Type], arguments: &[Column], rows: usize) -> Result<Scalar, Fault> {
        reduce(self.start, types, arguments, rows)
    }
}

/// The value of some rows, all of one group.
fn reduce(
    start: fn(&[Type]) -> Box<dyn State>,
    types: &[Type],
    arguments: &[Column],
    rows: usize,
) -> Result<Scalar, Fault> {
    let mut state = start(types);
    state.grow(1);
    let ordinals: Vec<u64> = (0..rows as u64).collect();
    state.update(arguments, &vec![0; rows], &ordinals, None);
    Ok(state.finish(&|| false)?.get(0))
}

/// The frame of a reducer whose value is about as large as the frame: it is made anew of the rows.
struct Kept {
    rows: VecDeque<Box<[Scalar]>>,
    start: fn(&[Type]) -> Box<dyn State>,
    types: Box<[Type]>,
}

impl Frame for Kept {
    fn push(&mut self, row: &[Scalar]) {
        self.rows.push_back(row.into());
    }

    fn pop(&mut self, _row: &[Scalar]) {
        self.rows.pop_front();
    }

    fn value(&self) -> Scalar {
        self.checked_value().unwrap_or(Scalar::Null)
    }

    fn checked_value(&self) -> Result<Scalar, Fault> {
        let column = |(at, ty): (usize, &Type)| {
            let values: Vec<Scalar> = self.rows.iter().map(|row| row[at].clone()).collect();
            Column::from_scalars(&ty.kind, &values)
        };
        let columns: Vec<Column> = self.types.iter().enumerate().map(column).collect();
        reduce(self.start, &self.types, &columns, self.rows.len())
    }
}
