//! Frames of rows that move: what a window asks of a reducer. A row comes in at the end, the oldest one goes, and the
//! value of those in between is wanted after every step.

use super::{Reducer, State};
use crate::batch::Column;
use pipelang_lang::scalar::Scalar;
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
}

impl Reducer {
    /// An empty frame for arguments of these types.
    pub fn frame(&self, arguments: &[Type]) -> Box<dyn Frame> {
        Box::new(Kept { rows: VecDeque::new(), start: self.start, types: arguments.into() })
    }
}

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
        let column = |(at, ty): (usize, &Type)| {
            let values: Vec<Scalar> = self.rows.iter().map(|row| row[at].clone()).collect();
            Column::from_scalars(&ty.kind, &values)
        };
        let columns: Vec<Column> = self.types.iter().enumerate().map(column).collect();
        let mut state = (self.start)(&self.types);
        state.grow(1);
        let ordinals: Vec<u64> = (0..self.rows.len() as u64).collect();
        state.update(&columns, &vec![0; self.rows.len()], &ordinals, None);
        state.finish().get(0)
    }
}
